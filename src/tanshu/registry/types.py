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
    """What happens when the chain has ended."""

    MOVE = "move"
    """Each line moves; all lines or none."""
    DELIVERY_VERSUS_PAYMENT = "dvp"
    """Units one way, cash the other, in one chain: both or neither."""
    ENCUMBER = "encumber"
    """Each line takes its place in the queue of claims of its cell."""
    RENEW = "renew"
    """The claims of the original get a later last day."""
    RELEASE = "release"
    """The claims of the original end, or shrink by the lines' quantities."""
    DELIVER = "deliver"
    """Each line moves what the original's claim holds: nobody else's units."""
    SUBSTITUTE = "substitute"
    """The lines join the original's claims, and others of them are released in exchange."""

    @property
    def stays(self) -> bool:
        """Whether the lines name one account only: nothing changes hands."""
        return self in (Effect.ENCUMBER, Effect.RENEW, Effect.RELEASE, Effect.SUBSTITUTE)


class Whose(StrEnum):
    """Which subject a transaction is of."""

    HOLDER = "holder"
    """The holder that gives, else the one that receives, else the authority."""
    TAKER = "taker"
    NAMED = "named"
    """The one for whom somebody else gives."""
    ORIGINAL = "original"
    """The one whose transaction is undone."""


class ClaimClass(StrEnum):
    """Why units are held. Between the first three a rule pack decides; the others come as they come."""

    COURT = "court"
    DUTY = "duty"
    PLEDGE = "pledge"
    SESSION = "session"
    HOLDER = "holder"


@dataclass(frozen=True, slots=True)
class TransactionType:
    """One row.

    number: the tag its book records carry, stable for ever. debit/credit: account kinds that may give and
    receive (states: open; restricted too where `while_restricted`). chain: key of the approval chain in the
    jurisdiction's registry pack. room: whose checks run at proposal and, if `revalidated`, at each approval.
    held: its units are held while it waits. expiry_days: calendar days a proposal waits, None for ever.
    reversible_days: calendar days in which a reversal may be proposed, 0 never. claim: the class of the claims
    that it makes, while it waits or by its effect. about: the types whose effected transaction its `original`
    may name; empty where it has none. evidence: it needs documents. whose: which subject it is of.
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
    claim: ClaimClass
    about: tuple[str, ...]
    evidence: bool
    whose: Whose


_ISSUER, _ADMIN, _HOLDER = (A.ISSUANCE,), (A.PROVINCIAL, A.NATIONAL), (A.REGISTRATION,)
_OWN, _MARKET = (A.REGISTRATION, A.TRADING), (A.TRADING, A.CASH)
_SELLERS = (*_MARKET, A.PROVINCIAL)
_ALL_HELD = (A.REGISTRATION, A.PROVINCIAL, A.NATIONAL)
_SINK, _DROPPED, _OFFSET, _OUTSIDE = (A.SURRENDER,), (A.CANCELLATION,), (A.OFFSET,), (A.EXTERNAL,)
_BANK, _CASH_SIDE, _RECALL = (A.BANK,), (A.CASH,), (A.RECALL,)
_FEES, _COVER = (A.FEES,), (A.RESERVE, A.OWN_FUNDS)
_SHORT = (*_CASH_SIDE, *_BANK)
"""Where money can be missing: with a client, or in a bank's special account itself."""
_ALL_CASH = (*_CASH_SIDE, *_FEES, *_COVER)
_STAGED = (A.PROVINCIAL,)
_UNDONE = (*_OWN, *_ADMIN, *_SINK, *_DROPPED, *_RECALL)
_CEA, _CREDIT, _MONEY = (InstrumentKind.ALLOWANCE,), (InstrumentKind.CREDIT,), (InstrumentKind.CASH,)
_UNITS, _DVP = (*_CEA, *_CREDIT), (*_CEA, *_CREDIT, *_MONEY)
_ANY, _SAME = Between.ANY, Between.SAME_SUBJECT
_TWO, _AUTH = Between.DIFFERENT_SUBJECTS, Between.WITH_AUTHORITY
_MOVE, _BOTH, _CLAIM, _RENEW = Effect.MOVE, Effect.DELIVERY_VERSUS_PAYMENT, Effect.ENCUMBER, Effect.RENEW
_FREE, _DELIVER, _SWAP = Effect.RELEASE, Effect.DELIVER, Effect.SUBSTITUTE
_COURT, _DUTY, _PLEDGE, _OTHER = ClaimClass.COURT, ClaimClass.DUTY, ClaimClass.PLEDGE, ClaimClass.HOLDER
_H, _T, _N, _O = Whose.HOLDER, Whose.TAKER, Whose.NAMED, Whose.ORIGINAL
_PAID = ("surrender", "credit-surrender", "helping-surrender")
"""What its payer can take back. A forced surrender is the province's act: only a correction undoes it."""
_FREEZE, _PLEDGED, _RECALLED = ("judicial-freeze",), ("pledge",), ("carry-over",)
_MOVED = (
    *("pre-allocation", "final-allocation", "return-of-excess", "administrative-adjustment"),
    *("position-transfer", "free-transfer", "merger", "split", "succession", "court-transfer"),
    *("voluntary-cancellation", "carry-over", "surplus-cancellation", "withheld-release"),
    *("closing-transfer", "forced-surrender"),
    *_PAID,
)
"""What a correction can undo. What a court or a pledgee took is given back by their own order: it would come
back free of the claim it was taken under."""


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
    claim: ClaimClass,
    about: tuple[str, ...],
    evidence: bool,
    whose: Whose,
) -> TransactionType:
    return TransactionType(
        number, code, Text(zh, en), gives, receives, what, between, chain, room,
        held, while_restricted, revalidated, expiry_days, reversible_days, effect, claim, about, evidence, whose,
    )  # fmt: skip


Y, N, __ = True, False, ()
# fmt: off
_TABLE = (
    # no  code                         zh           en                           gives      receives    what      between  chain                     room        held restr again expiry rev effect   claim    about      evid whose
    _row(1, "issuance",                  "配额发行",   "issuance",                  _ISSUER,   _ADMIN,     _CEA,     _ANY,   "issuance",               "registry",   N,  Y,   Y,    30,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(2, "pre-allocation",            "预分配",     "pre-allocation",            _ADMIN,    _HOLDER,    _CEA,     _TWO,   "allocation",             "compliance", Y,  Y,   Y,    30,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(3, "final-allocation",          "核定分配",   "final allocation",          _ADMIN,    _HOLDER,    _CEA,     _TWO,   "allocation",             "compliance", Y,  Y,   Y,    30,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(4, "return-of-excess",          "多退",       "return of excess",          _HOLDER,   _ADMIN,     _CEA,     _TWO,   "return_of_excess",       "compliance", Y,  Y,   Y,    30,   0, _MOVE,    _DUTY,   __,        N,  _H),
    _row(5, "cash-deposit",              "入金",       "cash deposit",              _BANK,     _ALL_CASH,  _MONEY,   _TWO,   "cash_deposit",           "registry",   N,  N,   Y,     5,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(6, "position-transfer",         "持仓划转",   "position transfer",         _OWN,      _OWN,       _UNITS,   _SAME,  "position_transfer",      "registry",   Y,  N,   Y,     5,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(7, "trade-settlement",          "交易交收",   "trade settlement",          _SELLERS,  _MARKET,    _DVP,     _TWO,   "trade_settlement",       "registry",   Y,  N,   Y,     2,   0, _BOTH,    _OTHER,  __,        N,  _H),
    _row(8, "surrender",                 "配额清缴",   "surrender",                 _HOLDER,   _SINK,      _CEA,     _ANY,   "surrender",              "compliance", Y,  Y,   Y,    60,  14, _MOVE,    _DUTY,   __,        N,  _H),
    _row(9, "offset",                    "减排量抵销", "offset",                    _OUTSIDE,  _OFFSET,    _CREDIT,  _SAME,  "offset",                 "compliance", N,  Y,   Y,    60,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(10, "voluntary-cancellation",   "自愿注销",   "voluntary cancellation",    _HOLDER,   _DROPPED,   _UNITS,   _ANY,   "voluntary_cancellation", "registry",   Y,  N,   Y,    30,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(11, "administrative-adjustment", "配额调整",  "administrative adjustment", _ALL_HELD, _ALL_HELD,  _CEA,     _AUTH,  "adjustment",             "registry",   Y,  Y,   Y,    30,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(12, "free-transfer",            "自由转让",   "free transfer",             _HOLDER,   _HOLDER,    _UNITS,   _TWO,   "free_transfer",          "registry",   Y,  N,   Y,    10,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(13, "credit-issuance",          "减排量签发", "credit issuance",           _ISSUER,   _HOLDER,    _CREDIT,  _ANY,   "credit_issuance",        "registry",   N,  N,   Y,    30,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(14, "credit-surrender",         "减排量清缴", "credit surrender",          _HOLDER,   _SINK,      _CREDIT,  _ANY,   "surrender",              "registry",   Y,  Y,   Y,    60,   0, _MOVE,    _DUTY,   __,        N,  _H),
    _row(15, "auction",                  "有偿发放",   "auction",                   _ADMIN,    _HOLDER,    _CEA,     _TWO,   "auction",                "registry",   Y,  N,   Y,    30,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(16, "surrender-reversal",       "清缴撤销",   "reversal of surrender",     _SINK,     _HOLDER,    _UNITS,   _ANY,   "surrender_reversal",     "compliance", N,  Y,   Y,    14,   0, _MOVE,    _OTHER,  _PAID,     Y,  _O),
    _row(17, "carry-over",               "配额结转",   "carry-over",                _HOLDER,   _RECALL,    _CEA,     _ANY,   "carry_over",             "compliance", Y,  Y,   Y,    30,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(18, "carry-over-issuance",      "结转发放",   "carry-over issuance",       _ISSUER,   _HOLDER,    _CEA,     _ANY,   "carry_over_issuance",    "compliance", N,  Y,   Y,    30,   0, _MOVE,    _OTHER,  _RECALLED, N,  _H),
    _row(19, "forced-surrender",         "强制履约",   "forced surrender",          _STAGED,   _SINK,      _CEA,     _ANY,   "forced_surrender",       "compliance", Y,  Y,   Y,    60,   0, _MOVE,    _DUTY,   __,        Y,  _N),
    _row(20, "withheld-release",         "差异化发放", "release of withheld units", _STAGED,   _HOLDER,    _CEA,     _TWO,   "allocation",             "compliance", Y,  Y,   Y,    30,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(21, "helping-surrender",        "代为清缴",   "surrender for another",     _HOLDER,   _SINK,      _CEA,     _ANY,   "helping_surrender",      "compliance", Y,  N,   Y,    60,  14, _MOVE,    _OTHER,  __,        Y,  _N),
    _row(22, "merger",                   "合并变更",   "merger",                    _OWN,      _HOLDER,    _UNITS,   _TWO,   "entity_change",          "registry",   Y,  Y,   Y,    60,   0, _MOVE,    _OTHER,  __,        Y,  _T),
    _row(23, "split",                    "分立变更",   "split",                     _OWN,      _HOLDER,    _UNITS,   _TWO,   "entity_change",          "registry",   Y,  Y,   Y,    60,   0, _MOVE,    _OTHER,  __,        Y,  _H),
    _row(24, "succession",               "承继或继承", "succession",                _OWN,      _HOLDER,    _UNITS,   _TWO,   "succession",             "registry",   Y,  Y,   Y,    60,   0, _MOVE,    _OTHER,  __,        Y,  _T),
    _row(25, "court-transfer",           "强制执行",   "transfer by court order",   _OWN,      _ALL_HELD,  _UNITS,   _TWO,   "court_order",            "registry",   Y,  Y,   Y,    30,   0, _MOVE,    _COURT,  __,        Y,  _H),
    _row(26, "correction",               "更正登记",   "correction",                _UNDONE,   _UNDONE,    _UNITS,   _ANY,   "correction",             "registry",   N,  Y,   Y,    30,   0, _MOVE,    _OTHER,  _MOVED,    Y,  _O),
    _row(27, "judicial-freeze",          "司法冻结",   "judicial freeze",           _OWN,      __,         _UNITS,   _SAME,  "court_order",            "registry",   N,  Y,   Y,     5,   0, _CLAIM,   _COURT,  __,        Y,  _H),
    _row(28, "judicial-renewal",         "续行冻结",   "renewal of a freeze",       _OWN,      __,         _UNITS,   _SAME,  "court_order",            "registry",   N,  Y,   Y,     5,   0, _RENEW,   _COURT,  _FREEZE,   Y,  _H),
    _row(29, "judicial-release",         "解除冻结",   "release of a freeze",       _OWN,      __,         _UNITS,   _SAME,  "court_order",            "registry",   N,  Y,   Y,     5,   0, _FREE,    _COURT,  _FREEZE,   Y,  _H),
    _row(30, "judicial-deduction",       "司法扣划",   "judicial deduction",        _OWN,      _ALL_HELD,  _UNITS,   _TWO,   "court_order",            "registry",   N,  Y,   Y,     5,   0, _DELIVER, _COURT,  _FREEZE,   Y,  _H),
    _row(31, "pledge",                   "质押登记",   "pledge",                    _HOLDER,   __,         _UNITS,   _SAME,  "pledge",                 "registry",   Y,  N,   Y,    30,   0, _CLAIM,   _PLEDGE, __,        Y,  _H),
    _row(32, "pledge-release",           "质押解除",   "release of a pledge",       _HOLDER,   __,         _UNITS,   _SAME,  "pledge_release",         "registry",   N,  Y,   Y,    30,   0, _FREE,    _PLEDGE, _PLEDGED,  N,  _H),
    _row(33, "pledge-substitution",      "质押置换",   "substitution of a pledge",  _HOLDER,   __,         _UNITS,   _SAME,  "pledge_substitution",    "registry",   Y,  N,   Y,    30,   0, _SWAP,    _PLEDGE, _PLEDGED,  N,  _H),
    _row(34, "pledge-enforcement",       "质权实现",   "enforcement of a pledge",   _HOLDER,   _HOLDER,    _UNITS,   _TWO,   "pledge_enforcement",     "registry",   N,  Y,   Y,    30,   0, _DELIVER, _PLEDGE, _PLEDGED,  Y,  _H),
    _row(35, "surplus-cancellation",     "未交易注销", "cancellation of surplus",   _HOLDER,   _DROPPED,   _CEA,     _ANY,   "surplus_cancellation",   "compliance", Y,  Y,   Y,    30,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(36, "closing-transfer",         "销户划转",   "closing transfer",          _OWN,      _HOLDER,    _UNITS,   _TWO,   "closing",                "registry",   Y,  Y,   Y,    30,   0, _MOVE,    _OTHER,  __,        Y,  _H),
    _row(37, "cash-withdrawal",           "出金",       "cash withdrawal",           _ALL_CASH, _BANK,     _MONEY,   _TWO,   "cash_withdrawal",        "registry",   Y,  N,   Y,     5,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(38, "bank-position",             "头寸划拨",   "bank position transfer",    _BANK,     _BANK,     _MONEY,   _TWO,   "bank_position",          "registry",   N,  Y,   Y,     5,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(39, "interest",                  "结息",       "interest",                  _BANK,     _ALL_CASH, _MONEY,   _TWO,   "interest",               "registry",   N,  Y,   Y,     5,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(40, "settlement-fee",            "交易与结算费", "fees of trading and settlement", _CASH_SIDE, _FEES, _MONEY,  _TWO,   "settlement_fee",         "registry",   Y,  Y,   Y,     5,   0, _MOVE,    _OTHER,  __,        N,  _H),
    _row(41, "shortfall-cover",           "准备金垫付", "cover of a shortfall",      _COVER,    _SHORT,     _MONEY,  _TWO,   "shortfall",              "registry",   Y,  Y,   Y,     5,   0, _MOVE,    _OTHER,  __,        Y,  _T),
    _row(42, "shortfall-recovery",        "垫付追偿",   "recovery of a shortfall",   _SHORT,    _COVER,    _MONEY,   _TWO,   "shortfall",              "registry",   Y,  Y,   Y,     5,   0, _MOVE,    _OTHER,  __,        Y,  _H),
    _row(43, "settlement-correction",     "结算更正",   "correction of a settlement", (*_MARKET, *_FEES), _MARKET,  _DVP,     _TWO,   "settlement_correction",  "registry",   Y,  Y,   Y,    30,   0, _MOVE,    _OTHER,  __,        Y,  _H),
)
# fmt: on

TYPES: Mapping[str, TransactionType] = {row.code: row for row in _TABLE}
BY_NUMBER: Mapping[int, TransactionType] = {row.number: row for row in _TABLE}
