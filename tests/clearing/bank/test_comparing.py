"""对账: a perfect bank gives no difference; one error gives exactly the difference that it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.clearing.bank.gateway import LineKind, Statement, StatementLine
from tanshu.clearing.bank.reconcile import (
    BREAKS,
    CAUSES,
    BankPosition,
    Movement,
    SubLedgerPosition,
    Where,
    compare,
    in_transit,
)

DAY = date(2024, 11, 4)
ACCOUNTS: tuple[str, ...] = ("C-1", "C-2", "C-3")
NAMES: dict[str, str] = dict(zip(ACCOUNTS, ("甲", "乙", "丙"), strict=True))
SIGNS = {LineKind.DEPOSIT: 1, LineKind.INTEREST: 1, LineKind.PAYOUT: -1}
POSITIONS = {LineKind.POSITION_IN: 1, LineKind.POSITION_OUT: -1}


class Day(NamedTuple):
    """What the house says, and what a perfect bank says of the same day."""

    ours: BankPosition
    statement: Statement


@st.composite
def days(draw: st.DrawFn, *, lines: int = 0) -> Day:
    """A day with at least so many lines: everything there is, some of it on its way."""
    opening = {account: draw(st.integers(10**6, 10**8)) for account in ACCOUNTS}
    movements: list[Movement] = []
    there: list[Movement] = []
    for n in range(draw(st.integers(lines, 8))):
        kind = draw(st.sampled_from((*SIGNS, *POSITIONS)))
        where = Where.DONE if n < lines else draw(st.sampled_from(Where))
        told_first = where in (Where.AHEAD, Where.OLDER)
        kind = LineKind.DEPOSIT if told_first else kind
        account = "" if kind in POSITIONS else draw(st.sampled_from(ACCOUNTS))
        amount = (SIGNS | POSITIONS)[kind] * draw(st.integers(1, 10**5))
        reference = f"R{n}" if kind in (LineKind.DEPOSIT, LineKind.INTEREST) else ""
        movements.append(Movement(f"M{n}", kind, account, amount, where, reference))
        seen = where in (Where.DONE, Where.AHEAD) or (where is Where.WAITING and draw(st.booleans()))
        there += [movements[-1]] if seen else []
    return Day(_ours(opening, movements), _statement(opening, movements, there))


def _ours(opening: dict[str, int], movements: list[Movement]) -> BankPosition:
    """The book has everything but what only the bank knows yet."""
    booked = [one for one in movements if one.where not in (Where.AHEAD, Where.OLDER)]
    total = sum(opening.values()) + sum(one.amount for one in booked)
    subs = {
        account: SubLedgerPosition(
            NAMES[account], fen + sum(one.amount for one in booked if one.account == account)
        )
        for account, fen in opening.items()
    }
    return BankPosition("bank", DAY, total, tuple(movements), subs)


def _statement(opening: dict[str, int], movements: list[Movement], there: list[Movement]) -> Statement:
    """The bank has what is on its statement, and what it told of before."""
    before = [one for one in movements if one.where is Where.OLDER]
    balance = first = sum(opening.values()) + sum(one.amount for one in before)
    lines: list[StatementLine] = []
    for n, one in enumerate(there, 1):
        balance += one.amount
        facts = (one.reference or f"B-{one.id}", "" if one.reference else one.id, one.account)
        lines.append(StatementLine(n, one.kind, *facts, NAMES.get(one.account, ""), one.amount, balance))
    subs = {
        account: fen + sum(one.amount for one in (*before, *there) if one.account == account)
        for account, fen in opening.items()
    }
    return Statement("bank", DAY, first, balance, tuple(lines), subs)


def kinds(day: Day) -> list[str]:
    found = compare(*day)
    assert all(one.kind in BREAKS and one.cause in CAUSES for one in found)
    return [one.kind for one in found]


@given(days())
def test_a_perfect_bank_gives_no_difference_whatever_is_on_its_way(day: Day):
    assert compare(*day) == []


@given(days())
def test_what_is_on_its_way_is_the_gap_between_book_and_bank(day: Day):
    gap = sum(
        one.amount if one.where in (Where.AHEAD, Where.OLDER) else -one.amount for one in in_transit(*day)
    )
    assert day.statement.closing == day.ours.balance + gap


# -- one error ---------------------------------------------------------------------------------------------


def _executed(day: Day, line: StatementLine, lines: tuple[StatementLine, ...], fen: int) -> Day:
    """The bank really did it so: its balances are off by as much."""
    said, subs = day.statement, dict(day.statement.subs)
    if line.account:
        subs[line.account] = subs.get(line.account, 0) + fen
    return Day(day.ours, replace(said, lines=lines, closing=said.closing + fen, subs=subs))


def _printed(day: Day, lines: tuple[StatementLine, ...]) -> Day:
    """Only the paper is wrong."""
    return Day(day.ours, replace(day.statement, lines=lines))


def _first(day: Day, **changes: Any) -> tuple[StatementLine, ...]:
    lines = day.statement.lines
    return (replace(lines[0], **changes), *lines[1:])


@given(days(lines=1), st.integers(1, 10**4), st.booleans())
def test_a_wrong_amount_is_one_difference(day: Day, more: int, executed: bool):
    line = day.statement.lines[0]
    more = more if line.amount > 0 else -more
    lines = _first(day, amount=line.amount + more)
    wrong = _executed(day, line, lines, more) if executed else _printed(day, lines)
    (found,) = compare(*wrong)
    assert (found.kind, found.ours, found.theirs) == ("amount", line.amount, line.amount + more)


@given(days(lines=1), st.booleans())
def test_a_movement_that_the_statement_lacks_is_one_difference(day: Day, executed: bool):
    line, *rest = day.statement.lines
    wrong = _executed(day, line, tuple(rest), -line.amount) if executed else _printed(day, tuple(rest))
    assert kinds(wrong) == ["missing_at_bank"]


@given(days(lines=1), st.booleans())
def test_a_movement_booked_twice_is_one_difference(day: Day, executed: bool):
    line = day.statement.lines[0]
    lines = (line, *day.statement.lines)
    wrong = _executed(day, line, lines, line.amount) if executed else _printed(day, lines)
    assert kinds(wrong) == ["twice"]


@given(days(lines=1), st.booleans())
def test_a_movement_in_the_other_direction_is_one_difference(day: Day, executed: bool):
    line = day.statement.lines[0]
    lines = _first(day, amount=-line.amount)
    wrong = _executed(day, line, lines, -2 * line.amount) if executed else _printed(day, lines)
    assert kinds(wrong) == ["wrong_direction"]


@given(days(lines=1), st.integers(1, 10**4))
def test_money_that_the_bank_moved_by_itself_is_one_difference(day: Day, fen: int):
    line = StatementLine(99, LineKind.FEE, "FEE-1", "", "C-1", "甲", -fen, 0)
    wrong = _executed(day, line, (*day.statement.lines, line), -fen)
    (found,) = compare(*wrong)
    assert (found.kind, found.about, found.cause) == ("missing_in_book", "FEE-1", "no_instruction")


@given(days(), st.integers(1, 10**4))
def test_a_deposit_for_nobody_is_one_difference(day: Day, fen: int):
    line = StatementLine(99, LineKind.DEPOSIT, "R-99", "", "C-1", "甲公司(筹)", fen, 0)
    wrong = _executed(day, line, (*day.statement.lines, line), fen)
    (found,) = compare(*wrong)
    assert (found.kind, found.about) == ("unmatched", "R-99")


@given(days(), st.integers(1, 10**4))
def test_a_deposit_that_nobody_took_is_one_difference(day: Day, fen: int):
    line = StatementLine(99, LineKind.DEPOSIT, "R-99", "", "C-1", "甲", fen, 0)
    wrong = _executed(day, line, (*day.statement.lines, line), fen)
    (found,) = compare(*wrong)
    assert (found.kind, found.side, found.cause) == ("missing_in_book", "book", "not_taken")


@given(days(lines=1))
def test_a_deposit_to_another_sub_ledger_is_one_difference(day: Day):
    line = day.statement.lines[0]
    if not line.account:
        return
    other = next(account for account in ACCOUNTS if account != line.account)
    subs = dict(day.statement.subs)
    subs[line.account] -= line.amount
    subs[other] += line.amount
    said = replace(day.statement, lines=_first(day, account=other, name=NAMES[other]), subs=subs)
    assert kinds(Day(day.ours, said)) == ["wrong_account"]


@given(days(), st.integers(1, 10**5))
def test_a_short_balance_is_one_difference(day: Day, fen: int):
    wrong = Day(day.ours, replace(day.statement, closing=day.statement.closing - fen))
    (found,) = compare(*wrong)
    assert (found.kind, found.about, found.ours - found.theirs) == ("balance", "bank", fen)


@given(days(), st.integers(1, 10**5))
def test_a_statement_that_does_not_add_up_is_one_difference(day: Day, fen: int):
    wrong = Day(day.ours, replace(day.statement, opening=day.statement.opening + fen))
    (found,) = compare(*wrong)
    assert (found.kind, found.cause) == ("balance", "opening")


@given(days(), st.integers(1, 10**5), st.sampled_from(ACCOUNTS))
def test_a_sub_ledger_that_is_short_is_one_difference(day: Day, fen: int, account: str):
    subs = dict(day.statement.subs)
    subs[account] -= fen
    (found,) = compare(day.ours, replace(day.statement, subs=subs))
    assert (found.kind, found.about, found.ours - found.theirs) == ("sub_ledger", account, fen)


# -- by hand -----------------------------------------------------------------------------------------------


def test_an_instruction_that_the_bank_refused_and_did_all_the_same_is_a_difference():
    opening: dict[str, int] = dict.fromkeys(ACCOUNTS, 1_000)
    refused = Movement("M0", LineKind.PAYOUT, "C-1", -300, Where.OUTSIDE)
    said = _statement(opening, [refused], [refused])
    (found,) = compare(_ours(opening, [refused]), said)
    assert (found.kind, found.theirs, found.cause) == ("missing_in_book", -300, "no_instruction")


def test_a_bank_that_tells_no_sub_ledgers_is_asked_for_none():
    opening: dict[str, int] = dict.fromkeys(ACCOUNTS, 1_000)
    said = replace(_statement(opening, [], []), subs={})
    assert compare(_ours(opening, []), said) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_difference_has_its_words(lang: Any):
    assert all(text.in_(lang) for text in (*BREAKS.values(), *CAUSES.values()))
