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
    effect: Effect


_ISSUER, _ADMIN, _HOLDER = (A.ISSUANCE,), (A.PROVINCIAL, A.NATIONAL), (A.REGISTRATION,)
_OWN, _MARKET = (A.REGISTRATION, A.TRADING), (A.TRADING, A.CASH)
_ALL_HELD = (A.REGISTRATION, A.PROVINCIAL, A.NATIONAL)
_SINK, _DROPPED, _OFFSET, _OUTSIDE = (A.SURRENDER,), (A.CANCELLATION,), (A.OFFSET,), (A.EXTERNAL,)
_BANK, _CASH_SIDE = (A.BANK,), (A.CASH,)
_CEA, _CREDIT, _MONEY = (InstrumentKind.ALLOWANCE,), (InstrumentKind.CREDIT,), (InstrumentKind.CASH,)
_UNITS, _DVP = (*_CEA, *_CREDIT), (*_CEA, *_CREDIT, *_MONEY)
_ANY, _SAME = Between.ANY, Between.SAME_SUBJECT
_TWO, _AUTH = Between.DIFFERENT_SUBJECTS, Between.WITH_AUTHORITY
_MOVE, _BOTH = Effect.MOVE, Effect.DELIVERY_VERSUS_PAYMENT


def _row(
    number: int,
    code: str,
    zh: str,
    en: str,
    gives: tuple[A, ...],
    receives: tuple[A, ...],
    what: tuple[InstrumentKind, ...],
    between: Between,
    chain: str,
    room: str,
    held: bool,
    while_restricted: bool,
    revalidated: bool,
    expiry_days: int | None,
    reversible_days: int,
    effect: Effect,
) -> TransactionType:
    return TransactionType(
        number, code, Text(zh, en), gives, receives, what, between, chain, room,
        held, while_restricted, revalidated, expiry_days, reversible_days, effect,
    )  # fmt: skip


Y, N = True, False
# fmt: off
_TABLE = (
    # no  code                         zh           en                           gives      receives    what      between  chain                     room        held restr again expiry rev effect
    _row(1, "issuance",                  "配额发行",   "issuance",                  _ISSUER,   _ADMIN,     _CEA,     _ANY,   "issuance",               "registry",   N,  Y,   Y,    30,   0, _MOVE),
    _row(2, "pre-allocation",            "预分配",     "pre-allocation",            _ADMIN,    _HOLDER,    _CEA,     _TWO,   "allocation",             "compliance", Y,  Y,   Y,    30,   0, _MOVE),
    _row(3, "final-allocation",          "核定分配",   "final allocation",          _ADMIN,    _HOLDER,    _CEA,     _TWO,   "allocation",             "compliance", Y,  Y,   Y,    30,   0, _MOVE),
    _row(4, "return-of-excess",          "多退",       "return of excess",          _HOLDER,   _ADMIN,     _CEA,     _TWO,   "return_of_excess",       "compliance", Y,  Y,   Y,    30,   0, _MOVE),
    _row(5, "cash-deposit",              "入金",       "cash deposit",              _BANK,     _CASH_SIDE, _MONEY,   _TWO,   "cash_deposit",           "registry",   N,  N,   Y,     5,   0, _MOVE),
    _row(6, "position-transfer",         "持仓划转",   "position transfer",         _OWN,      _OWN,       _UNITS,   _SAME,  "position_transfer",      "registry",   Y,  N,   Y,     5,   0, _MOVE),
    _row(7, "trade-settlement",          "交易交收",   "trade settlement",          _MARKET,   _MARKET,    _DVP,     _TWO,   "trade_settlement",       "registry",   Y,  N,   Y,     2,   0, _BOTH),
    _row(8, "surrender",                 "配额清缴",   "surrender",                 _HOLDER,   _SINK,      _CEA,     _ANY,   "surrender",              "compliance", Y,  Y,   Y,    60,  14, _MOVE),
    _row(9, "offset",                    "减排量抵销", "offset",                    _OUTSIDE,  _OFFSET,    _CREDIT,  _SAME,  "offset",                 "compliance", N,  Y,   Y,    60,   0, _MOVE),
    _row(10, "voluntary-cancellation",   "自愿注销",   "voluntary cancellation",    _HOLDER,   _DROPPED,   _UNITS,   _ANY,   "voluntary_cancellation", "registry",   Y,  N,   Y,    30,   0, _MOVE),
    _row(11, "administrative-adjustment", "配额调整",  "administrative adjustment", _ALL_HELD, _ALL_HELD,  _CEA,     _AUTH,  "adjustment",             "registry",   Y,  Y,   Y,    30,   0, _MOVE),
    _row(12, "free-transfer",            "自由转让",   "free transfer",             _HOLDER,   _HOLDER,    _UNITS,   _TWO,   "free_transfer",          "registry",   Y,  N,   Y,    10,   0, _MOVE),
    _row(13, "credit-issuance",          "减排量签发", "credit issuance",           _ISSUER,   _HOLDER,    _CREDIT,  _ANY,   "credit_issuance",        "registry",   N,  N,   Y,    30,   0, _MOVE),
    _row(14, "credit-surrender",         "减排量清缴", "credit surrender",          _HOLDER,   _SINK,      _CREDIT,  _ANY,   "surrender",              "registry",   Y,  Y,   Y,    60,   0, _MOVE),
    _row(15, "auction",                  "有偿发放",   "auction",                   _ADMIN,    _HOLDER,    _CEA,     _TWO,   "auction",                "registry",   Y,  N,   Y,    30,   0, _MOVE),
)
# fmt: on

TYPES: Mapping[str, TransactionType] = {row.code: row for row in _TABLE}
BY_NUMBER: Mapping[int, TransactionType] = {row.number: row for row in _TABLE}
