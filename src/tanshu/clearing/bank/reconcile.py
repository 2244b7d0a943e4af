"""对账: what the house says of a bank's day against what the bank's statement says.

A pure comparison. What is on its way is no difference: a movement that the bank has not confirmed may be on
the statement or not, and the balance is expected accordingly. One error gives one difference: a balance that
is off by exactly what the lines told already is not told again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from tanshu.base.text import Text
from tanshu.clearing.bank.gateway import LineKind, Statement, StatementLine

SUMS_MAX = 4096
"""Of so many combinations of differences at most, one may explain a balance; beyond, only none or all."""

RECEIVED = (LineKind.DEPOSIT, LineKind.INTEREST)
"""Lines by which money comes to a sub-ledger from outside."""


class Where(StrEnum):
    """How far a movement is, as of the day."""

    DONE = "done"
    """Booked, and done by the bank on this day: its line must be there."""
    WAITING = "waiting"
    """Booked; the bank has not said that it is done: its line may be there."""
    OUTSIDE = "outside"
    """Booked, and not at the bank on this day: it has no line."""
    AHEAD = "ahead"
    """The bank told of it on this day, the register has not booked it yet: its line must be there."""
    OLDER = "older"
    """The bank told of it before; the register has still not booked it."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement as the house knows it. id: its instruction or transaction. reference: the bank's.

    account: the sub-ledger it concerns, "" for positions. amount: fen, what comes in above zero. explained:
    it is what an explained difference left behind.
    """

    id: str
    kind: LineKind
    account: str
    amount: int
    where: Where
    reference: str = ""
    explained: bool = False


@dataclass(frozen=True, slots=True)
class SubLedgerPosition:
    """What the book says of a sub-ledger, less what the bank was not told of settlement; whose it is."""

    name: str
    balance: int


@dataclass(frozen=True, slots=True)
class BankPosition:
    """A bank's day as the house says it: fen.

    balance: what the bank must keep once everything is through: minus the book's cell of the bank's account.
    """

    bank: str
    day: date
    balance: int
    movements: tuple[Movement, ...] = ()
    subs: Mapping[str, SubLedgerPosition] = field(default_factory=dict)


class Break(NamedTuple):
    """A difference. side: who is in error as far as can be seen. cause: a key of CAUSES. Amounts in fen."""

    kind: str
    side: str
    about: str
    ours: int
    theirs: int
    cause: str


BREAKS = {
    "missing_at_bank": Text("银行无此笔", "not on the bank's statement"),
    "missing_in_book": Text("本方无此笔", "not in the book"),
    "unmatched": Text("无法归属", "nobody's"),
    "amount": Text("金额不符", "another amount"),
    "wrong_direction": Text("方向相反", "the other direction"),
    "wrong_account": Text("户不符", "another sub-ledger"),
    "twice": Text("重复入账", "booked twice"),
    "balance": Text("余额不符", "another balance"),
    "sub_ledger": Text("分账余额不符", "another sub-ledger balance"),
}
CAUSES = {
    "missing_at_bank": Text(
        "银行已回执办结(或已通知到账),对账单上却没有这一笔",
        "the bank said that it was done, or told of it, and its statement lacks it",
    ),
    "no_instruction": Text(
        "银行动用了资金,本方没有相应指令", "the bank moved money, and nobody here told it to"
    ),
    "not_taken": Text(
        "银行已收款,本方未收到通知、未申报或已驳回",
        "the bank received it; here the notice was not taken, or its deposit was turned down",
    ),
    "unmatched": Text(
        "分账编号不存在,或户名与登记名称不符",
        "there is no such sub-ledger, or it is somebody else's name",
    ),
    "amount": Text(
        "银行执行或记载的金额与指令、通知不同", "the bank executed or wrote another amount than agreed"
    ),
    "wrong_direction": Text("银行把收付方向记反了", "the bank wrote it with the other sign"),
    "wrong_account": Text("银行记入了另一分账", "the bank booked it to another sub-ledger"),
    "twice": Text("同一笔在对账单上出现多次", "one movement is on the statement more than once"),
    "balance": Text(
        "专用账户余额与账簿及在途款项之和不符,逐笔均无差异",
        "the special account's balance is not the book's with what is in transit; the lines do not say why",
    ),
    "opening": Text(
        "对账单的期初、逐笔与期末不能勾稽", "the statement's opening and lines do not add up to its closing"
    ),
    "sub_ledger": Text(
        "该分账余额与账簿不符,逐笔均无差异",
        "this sub-ledger's balance is not the book's; the lines do not say why",
    ),
}
"""Why, in words."""


def compare(ours: BankPosition, statement: Statement) -> list[Break]:
    """The differences: lines in the statement's order, then what it lacks, then balances."""
    matched = _match(ours, statement)
    return matched.breaks + _balances(ours, statement, matched)


def in_transit(ours: BankPosition, statement: Statement) -> list[Movement]:
    """在途: booked and not at the bank, or at the bank and not booked; no differences."""
    there = _match(ours, statement).found
    return [
        one
        for one in ours.movements
        if not one.explained
        and (
            one.where in (Where.OUTSIDE, Where.AHEAD, Where.OLDER)
            or (one.where is Where.WAITING and one.id not in there)
        )
    ]


def lasting(ours: BankPosition, statement: Statement) -> list[tuple[Break, dict[str, int]]]:
    """The differences of `compare`, each with what it leaves behind: fen that the bank has more than the
    book, by sub-ledger, and in all under "".

    Together they are what the balances are off by: a line that the bank did not count leaves nothing.
    """
    matched = _match(ours, statement)
    moved = _on_the_way(ours, matched.found)
    off = {"": statement.closing - ours.balance - moved[""]}
    for account in {*ours.subs, *statement.subs} if statement.subs else ():
        here = ours.subs[account].balance if account in ours.subs else 0
        off[account] = statement.subs.get(account, 0) - here - moved[account]
    left: list[dict[str, int]] = [{} for _ in matched.breaks]
    rest: dict[str, int] = {}
    for place in {*off, *(account for effect in matched.effects for account, _ in effect)}:
        told = [(n, fen) for n, effect in enumerate(matched.effects) for at, fen in effect if at == place]
        total = sum(fen for _, fen in told)
        counted = _counted(off.get(place, total), [fen for _, fen in told])
        rest[place] = 0 if counted is not None else off[place] - total
        for k, (n, fen) in enumerate(told):
            if counted is None or k in counted:
                left[n][place] = left[n].get(place, 0) + fen
    found = list(zip(matched.breaks, left, strict=True))
    for one in _balances(ours, statement, matched):
        place = one.about if one.kind == "sub_ledger" else ""
        found.append((one, {place: rest[place]} if one.cause != "opening" else {}))
    return found


# -- lines -------------------------------------------------------------------------------------------------


class _Matched(NamedTuple):
    """found: movements whose line is there. effects: what each difference by itself does to the balances:
    sub-ledger ("" for the whole) and fen.
    """

    breaks: list[Break]
    found: set[str]
    effects: list[tuple[tuple[str, int], ...]]


def _match(ours: BankPosition, statement: Statement) -> _Matched:
    may = (Where.DONE, Where.WAITING, Where.AHEAD)
    expected = [one for one in ours.movements if one.where in may]
    by_id = {one.id: one for one in expected}
    by_reference = {one.reference: one for one in expected if one.reference}
    # What is taken back may bear the reference under which it came.
    by_sign = {(one.reference, one.amount > 0): one for one in expected if one.reference}
    matched = _Matched([], set(), [])
    for line in statement.lines:
        one = by_id.get(line.request) or by_sign.get((line.reference, line.amount > 0))
        one = one or by_reference.get(line.reference) or by_id.get(line.reference)
        one = one or _entered_by_hand(ours, expected, matched.found, line)
        if one is None:
            _differs(matched, _strange(ours, line), (line.account, line.amount))
        elif one.id in matched.found:
            times = Break("twice", "bank", one.id, one.amount, one.amount + line.amount, "twice")
            _differs(matched, times, (line.account, line.amount))
        else:
            matched.found.add(one.id)
            _held_against(matched, one, line)
    for one in expected:
        if one.where is not Where.WAITING and one.id not in matched.found:
            missing = Break("missing_at_bank", "bank", one.id, one.amount, 0, "missing_at_bank")
            _differs(matched, missing, (one.account, -one.amount))
    return matched


def _entered_by_hand(
    ours: BankPosition, expected: Iterable[Movement], found: set[str], line: StatementLine
) -> Movement | None:
    """A deposit of which the bank's people did not write the reference: by kind, whose it is and how much."""
    whose = ours.subs.get(line.account)
    if line.kind not in RECEIVED or whose is None or whose.name != line.name:
        return None
    same, free = (line.kind, line.account, line.amount), (one for one in expected if not one.reference)
    mine = (one for one in free if one.id not in found and (one.kind, one.account, one.amount) == same)
    return next(mine, None)


def _strange(ours: BankPosition, line: StatementLine) -> Break:
    """A line of which the house knows nothing."""
    about = line.reference or line.request
    if line.kind not in RECEIVED:
        return Break("missing_in_book", "bank", about, 0, line.amount, "no_instruction")
    whose = ours.subs.get(line.account)
    if whose is None or whose.name != line.name:
        return Break("unmatched", "bank", about, 0, line.amount, "unmatched")
    return Break("missing_in_book", "book", about, 0, line.amount, "not_taken")


def _held_against(matched: _Matched, one: Movement, line: StatementLine) -> None:
    if line.amount != one.amount:
        kind = "wrong_direction" if line.amount == -one.amount else "amount"
        found = Break(kind, "bank", one.id, one.amount, line.amount, kind)
        _differs(matched, found, (one.account, line.amount - one.amount))
    elif one.account and line.account != one.account:
        found = Break("wrong_account", "bank", one.id, one.amount, line.amount, "wrong_account")
        matched.breaks.append(found)
        matched.effects.append(((one.account, -one.amount), (line.account, line.amount)))


def _differs(matched: _Matched, found: Break, effect: tuple[str, int]) -> None:
    account, fen = effect
    matched.breaks.append(found)
    matched.effects.append((("", fen), (account, fen)) if account else (("", fen),))


# -- balances ----------------------------------------------------------------------------------------------


def _balances(ours: BankPosition, statement: Statement, matched: _Matched) -> list[Break]:
    moved = _on_the_way(ours, matched.found)
    told: dict[str, list[int]] = defaultdict(list)
    for effect in matched.effects:
        for account, fen in effect:
            told[account].append(fen)
    expected = ours.balance + moved[""]
    breaks: list[Break] = []
    if not _explained(statement.closing - expected, told[""]):
        breaks.append(Break("balance", "bank", ours.bank, expected, statement.closing, "balance"))
    breaks += _sub_ledgers(ours, statement, moved, told)
    said = statement.opening + sum(line.amount for line in statement.lines)
    if not matched.breaks and not breaks and said != statement.closing:
        breaks.append(Break("balance", "bank", ours.bank, statement.closing, said, "opening"))
    return breaks


def _on_the_way(ours: BankPosition, found: set[str]) -> Counter[str]:
    """What the bank has more than the book says, of each sub-ledger and ("") in all."""
    moved: Counter[str] = Counter()
    for one in ours.movements:
        fen = 0
        if one.where in (Where.AHEAD, Where.OLDER):
            fen = one.amount
        elif one.where is Where.OUTSIDE or (one.where is Where.WAITING and one.id not in found):
            fen = -one.amount
        for place in {"", one.account}:
            moved[place] += fen
    return moved


def _sub_ledgers(
    ours: BankPosition, statement: Statement, moved: Counter[str], told: Mapping[str, list[int]]
) -> list[Break]:
    """A bank that tells no sub-ledger balances at all is asked for none."""
    if not statement.subs:
        return []
    breaks: list[Break] = []
    for account in sorted({*ours.subs, *statement.subs}):
        here = ours.subs[account].balance if account in ours.subs else 0
        expected, there = here + moved[account], statement.subs.get(account, 0)
        if not _explained(there - expected, told.get(account, [])):
            breaks.append(Break("sub_ledger", "bank", account, expected, there, "sub_ledger"))
    return breaks


def _explained(difference: int, effects: Sequence[int]) -> bool:
    """Whether some of what the lines told comes to just this difference."""
    return difference == 0 or _counted(difference, effects) is not None


def _counted(difference: int, effects: Sequence[int]) -> tuple[int, ...] | None:
    """Which of these come to just this difference: all if they do, else some; None where none do."""
    if difference == sum(effects):
        return tuple(range(len(effects)))
    sums: dict[int, tuple[int, ...]] = {0: ()}
    for n, fen in enumerate(effects):
        sums = {one + fen: (*which, n) for one, which in sums.items()} | sums
        if len(sums) > SUMS_MAX:
            return () if difference == 0 else None
    return sums.get(difference)
