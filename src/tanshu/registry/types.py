"""Every transaction type, in one declarative table. To add a type, add a row.

How to read a row: who gives, who receives, of what; whose people approve it (a key of the rule pack's
chains); which room checks it; what happens while it waits and when it takes effect. Nothing else in the code names a
type to decide what is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tanshu.base.text import Text
from tanshu.parties.model import AccountKind as A


class InstrumentKind(StrEnum):
    ALLOWANCE = "allowance"
    CREDIT = "credit"
    CASH = "cash"


class Between(StrEnum):
    """Whose accounts the two sides may be."""

    ANY = "any"
    SAME_SUBJECT = "same"
    DIFFERENT_SUBJECTS = "different"
    WITH_AUTHORITY = "authority"
    """Two subjects, at least one of them an authority: nothing passes from holder to holder."""


class Effect(StrEnum):
    MOVE = "move"
    """Each line moves; all lines or none."""
    DELIVERY_VERSUS_PAYMENT = "dvp"
    """Units one way, cash the other, in one chain: both or neither."""


@dataclass(frozen=True, slots=True)
class TransactionType:
    """One row.

    number: the tag its book records carry, stable for ever. debit/credit: account kinds that may give and
    receive (states: open; restricted too where `while_restricted`). chain: key of the approval chain in the
    jurisdiction's registry pack. room: whose checks run at proposal and, if `revalidated`, at each approval.
    held: its units are held while it waits. expiry_days: calendar days a proposal waits, None for ever.
    reversible_days: calendar days in which a reversal may be proposed, 0 never.
    """

    number: int
    code: str
    name: Text
    debit: tuple[A, ...]
    credit: tuple[A, ...]
    instruments: tuple[InstrumentKind, ...]
    between: Between
    chain: str
    room: str
    held: bool
    while_restricted: bool
    revalidated: bool
    expiry_days: int | None
    reversible_days: int
    effect: Effect = Effect.MOVE


_ALLOWANCE = (InstrumentKind.ALLOWANCE,)
_CREDIT = (InstrumentKind.CREDIT,)
_CASH = (InstrumentKind.CASH,)
_ADMIN = (A.PROVINCIAL, A.NATIONAL)
_OWN = (A.REGISTRATION, A.TRADING)

# fmt: off
_TABLE = (
    #               no  code                        names                                            gives             receives          of what      between                     chain                    room          held   restr. reval. expiry rev.
    TransactionType(1,  "issuance",                 Text("配额发行", "issuance"),                     (A.ISSUANCE,),    _ADMIN,           _ALLOWANCE,  Between.ANY,                "issuance",              "registry",   False, True,  True,  30,    0),
    TransactionType(2,  "pre-allocation",           Text("预分配", "pre-allocation"),                 _ADMIN,           (A.REGISTRATION,), _ALLOWANCE, Between.DIFFERENT_SUBJECTS, "allocation",            "compliance", True,  True,  True,  30,    0),
    TransactionType(3,  "final-allocation",         Text("核定分配", "final allocation"),             _ADMIN,           (A.REGISTRATION,), _ALLOWANCE, Between.DIFFERENT_SUBJECTS, "allocation",            "compliance", True,  True,  True,  30,    0),
    TransactionType(4,  "return-of-excess",         Text("多退", "return of excess"),                 (A.REGISTRATION,), _ADMIN,          _ALLOWANCE,  Between.DIFFERENT_SUBJECTS, "return_of_excess",      "compliance", True,  True,  True,  30,    0),
    TransactionType(5,  "cash-deposit",             Text("入金", "cash deposit"),                     (A.BANK,),        (A.CASH,),        _CASH,       Between.DIFFERENT_SUBJECTS, "cash_deposit",          "registry",   False, False, True,  5,     0),
    TransactionType(6,  "position-transfer",        Text("持仓划转", "position transfer"),            _OWN,             _OWN,             (*_ALLOWANCE, *_CREDIT), Between.SAME_SUBJECT, "position_transfer", "registry",  True,  False, True,  5,     0),
    TransactionType(7,  "trade-settlement",         Text("交易交收", "trade settlement"),             (A.TRADING, A.CASH), (A.TRADING, A.CASH), (*_ALLOWANCE, *_CREDIT, *_CASH), Between.DIFFERENT_SUBJECTS, "trade_settlement", "registry", True, False, True, 2, 0, Effect.DELIVERY_VERSUS_PAYMENT),
    TransactionType(8,  "surrender",                Text("配额清缴", "surrender"),                    (A.REGISTRATION,), (A.SURRENDER,),  _ALLOWANCE,  Between.ANY,                "surrender",             "compliance", True,  True,  True,  60,    14),
    TransactionType(9,  "offset",                   Text("减排量抵销", "offset"),                     (A.EXTERNAL,),    (A.OFFSET,),      _CREDIT,     Between.SAME_SUBJECT,       "offset",                "compliance", False, True,  True,  60,    0),
    TransactionType(10, "voluntary-cancellation",   Text("自愿注销", "voluntary cancellation"),       (A.REGISTRATION,), (A.CANCELLATION,), (*_ALLOWANCE, *_CREDIT), Between.ANY, "voluntary_cancellation", "registry", True,  False, True,  30,    0),
    TransactionType(11, "administrative-adjustment", Text("配额调整", "administrative adjustment"),   (A.REGISTRATION, *_ADMIN), (A.REGISTRATION, *_ADMIN), _ALLOWANCE, Between.WITH_AUTHORITY, "adjustment", "registry", True, True, True, 30,   0),
    TransactionType(12, "free-transfer",            Text("自由转让", "free transfer"),                (A.REGISTRATION,), (A.REGISTRATION,), (*_ALLOWANCE, *_CREDIT), Between.DIFFERENT_SUBJECTS, "free_transfer", "registry", True, False, True, 10,  0),
)
# fmt: on

TYPES: Mapping[str, TransactionType] = {row.code: row for row in _TABLE}
BY_NUMBER: Mapping[int, TransactionType] = {row.number: row for row in _TABLE}
