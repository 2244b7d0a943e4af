"""Differences that a bank caused and nobody in the house: two people explain them, and the day is sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from tanshu.base.refusal import Refusal, need
from tanshu.clearing import queries as days
from tanshu.clearing.bank import queries
from tanshu.clearing.bank.gateway import LineKind, Statement, StatementLine
from tanshu.clearing.bank.model import ImportStatement
from tanshu.clearing.bank.position import of_day
from tanshu.clearing.bank.reconcile import BankPosition, SubLedgerPosition, compare, in_transit, lasting
from tanshu.clearing.bank.service import import_statement
from tanshu.clearing.driving import Driven, run
from tanshu.clearing.explaining import end_explanation, explain_difference, grant_explanation
from tanshu.clearing.model import (
    DayState,
    EndExplanation,
    ExplainDifference,
    ExplanationState,
    GrantExplanation,
)
from tests.clearing.support import CLERK, PEOPLE, House, Role, desk

ON, NEXT, LATER = date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 4)
FIRST = PEOPLE[Role.FIRST]
FEE = (LineKind.FEE, "F1", "", "", -1_000)
STRAY = (LineKind.DEPOSIT, "D1", "NOBODY", "路人", 5_000)
Line = tuple[str, str, str, str, int]


class Explaining:
    """A house whose bank has lines of its own on its statements."""

    def __init__(self, house: House):
        self.house, self.book, self.trading = house, house.book, house.trading

    def day(self, day: date, *lines: Line) -> Driven:
        """A day as far as it goes. lines: kind, reference, account, name, fen: on top of what is right."""
        self.trading.clock.set_day(day, time(15, 30))
        run(self.book, day, desk(on=day), before="reconcile")
        self.house.bank_works(day)
        if lines:
            self.says(day, *lines)
        return self.again(day)

    def again(self, day: date) -> Driven:
        return run(self.book, day, desk(on=day))

    def says(self, day: date, *lines: Line) -> None:
        """The bank's statement, with these lines more."""
        with self.house.database.read() as conn:
            right = need(queries.newest_statement(conn, queries.banks(conn)[0], day))
        more: list[StatementLine] = []
        at, first = right.closing, len(right.lines) + 1
        for n, (kind, reference, account, name, fen) in enumerate(lines, start=first):
            at += fen
            more.append(StatementLine(n, kind, reference, "", account, name, fen, at))
        said = replace(right, lines=(*right.lines, *more), closing=at)
        self.trading.done(import_statement(self.trading.ctx(CLERK), ImportStatement(said)))

    # -- by people -----------------------------------------------------------------------------------------

    def asks(self, about: str, day: date = ON, person: str = CLERK, reason: str = "银行更正函", **more: Any):
        ctx = self.trading.ctx(person, reason=reason)
        return explain_difference(ctx, ExplainDifference(day, about, **more))

    def grants(self, id: str, person: str = FIRST, *, accept: bool = True, comment: str = ""):
        return grant_explanation(self.trading.ctx(person), GrantExplanation(id, accept, comment))

    def ends(self, id: str, on: date, reference: str = "", reason: str = "已退回"):
        ctx = self.trading.ctx(CLERK, reason=reason)
        return end_explanation(ctx, EndExplanation(id, on, reference))

    def explained(self, about: str, day: date = ON) -> str:
        """Asked by one, granted by another."""
        id = self.trading.done(self.asks(about, day)).data["explanation"]
        assert self.trading.done(self.grants(id)).data["state"] == ExplanationState.GRANTED
        return id

    def refuses(self, code: str, outcome: object) -> None:
        assert isinstance(outcome, Refusal), outcome
        assert outcome.code == code

    def breaks(self, day: date) -> list[tuple[str, str, int, int]]:
        with self.house.database.read() as conn:
            return [(one.kind, one.about, one.ours, one.theirs) for one in days.breaks(conn, day)]


@pytest.fixture
def house_explaining(house: House) -> Explaining:
    return Explaining(house)


@pytest.fixture
def differing(house_explaining: Explaining) -> Explaining:
    """A day with a charge of the bank and a deposit for nobody."""
    driven = house_explaining.day(ON, FEE, STRAY)
    assert driven.halt is not None
    assert (driven.state, driven.halt.differences) == (DayState.EFFECTED, 2)
    return house_explaining


def is_sealed(driven: Driven) -> bool:
    return (driven.state, driven.halt) == (DayState.SEALED, None)


def test_what_two_people_explained_keeps_no_day_open_and_is_expected_from_then_on(differing: Explaining):
    differing.explained("F1")
    halt = differing.again(ON).halt
    assert halt is not None and halt.differences == 1, "the other one is still there"
    differing.explained("D1")
    assert is_sealed(differing.again(ON))
    assert differing.house.row().differences == 0
    with differing.house.database.read() as conn:
        told = [(one.about, one.theirs, one.granted_by) for one in days.granted_explanations(conn, ON)]
    assert told == [("F1", -1_000, FIRST), ("D1", 5_000, FIRST)]
    assert is_sealed(differing.day(NEXT)), "the bank still has 4,000 fen more"
    assert differing.breaks(NEXT) == []
    with differing.house.database.read() as conn:
        assert days.granted_explanations(conn, NEXT) == []


def test_what_lies_in_a_strange_sub_ledger_is_expected_there(differing: Explaining):
    differing.explained("F1")
    differing.explained("D1")
    with differing.book.reading() as (conn, state):
        bank = queries.banks(conn)[0]
        ours = of_day(conn, state, bank, NEXT)
    held = {code: one.balance for code, one in ours.subs.items()}

    def kinds(**subs: int) -> list[str]:
        said = Statement("bank", NEXT, ours.balance + 4_000, ours.balance + 4_000, (), held | subs)
        return [one.kind for one in compare(ours, said)]

    assert (kinds(NOBODY=5_000), kinds(NOBODY=4_999)) == ([], ["sub_ledger"])
    assert in_transit(ours, Statement("bank", NEXT, 0, 0)) == [], "it is not on its way"


def test_the_bank_gives_a_charge_back_and_its_explanation_ends_with_that_line(differing: Explaining):
    fee = differing.explained("F1")
    differing.explained("D1")
    assert is_sealed(differing.again(ON))
    back = (LineKind.FEE, "F1-back", "", "", 1_000)
    differing.day(NEXT, back)
    assert differing.breaks(NEXT) == [("missing_in_book", "F1-back", 0, 1_000)], "the other sign"
    differing.trading.done(differing.ends(fee, NEXT, "F1-back"))
    halt = differing.again(NEXT).halt
    assert halt is not None and halt.differences == 1, "one person ends nothing"
    assert differing.trading.done(differing.grants(fee)).data["state"] == ExplanationState.ENDED
    assert is_sealed(differing.again(NEXT))
    assert is_sealed(differing.day(LATER)), "only the deposit is still expected"
    differing.refuses("CLR-1509", differing.ends(fee, LATER))


def test_the_bank_takes_a_stray_deposit_back_and_that_is_explained_in_its_turn(differing: Explaining):
    differing.explained("F1")
    differing.explained("D1")
    assert is_sealed(differing.again(ON))
    differing.day(NEXT, (LineKind.DEPOSIT, "D1", "NOBODY", "路人", -5_000))
    assert [one[2:] for one in differing.breaks(NEXT)] == [(0, -5_000)]
    differing.explained("D1", NEXT)
    assert is_sealed(differing.again(NEXT))
    assert is_sealed(differing.day(LATER))


def test_an_end_without_a_line_is_one_where_the_bank_has_no_more_than_the_book(differing: Explaining):
    fee = differing.explained("F1")
    differing.explained("D1")
    assert is_sealed(differing.again(ON))
    differing.day(NEXT, (LineKind.FEE, "X", "", "", 7))
    differing.trading.done(differing.ends(fee, NEXT))
    differing.trading.done(differing.grants(fee))
    differing.says(NEXT, (LineKind.FEE, "X", "", "", 1))
    differing.again(NEXT)
    kinds = sorted(one[0] for one in differing.breaks(NEXT))
    assert "balance" in kinds, "the bank still lacks the 1,000 fen"


def test_another_amount_is_a_new_difference(differing: Explaining):
    fee = differing.explained("F1")
    differing.explained("D1")
    differing.house.bank_works(ON)
    differing.says(ON, (*FEE[:4], -1_001), STRAY)
    driven = differing.again(ON)
    assert driven.halt is not None and driven.halt.differences == 1
    assert differing.breaks(ON) == [("missing_in_book", "F1", 0, -1_001)]
    differing.explained("F1")
    assert is_sealed(differing.again(ON))
    differing.trading.clock.set_day(NEXT, time(15, 30))
    differing.trading.done(differing.ends(fee, NEXT, reason="对账单已更正"))
    differing.trading.done(differing.grants(fee))
    assert is_sealed(differing.day(NEXT)), "what is not so any more is not expected"


def test_a_charge_that_a_later_statement_tells_before_the_seal_is_explained_too(house_explaining: Explaining):
    it = house_explaining
    it.trading.clock.set_day(ON, time(15, 30))
    run(it.book, ON, desk(), before="reconcile")
    it.house.takes("reconcile", "state")
    it.says(ON, FEE)
    halt = it.again(ON).halt
    assert halt is not None and halt.refused is not None
    assert halt.refused.code == "CLR-1012"
    it.explained("F1")
    assert is_sealed(it.again(ON))


# -- who and what ------------------------------------------------------------------------------------------


def test_nobody_explains_alone_CLR_1508(differing: Explaining):
    id = differing.trading.done(differing.asks("F1")).data["explanation"]
    for person in (CLERK, PEOPLE[Role.CONFIRMER], "bank-maker-1"):
        outcome = differing.grants(id, person)
        assert isinstance(outcome, Refusal) and outcome.code.startswith("PAR-3"), person
    for person in (FIRST, "bank-maker-1"):
        outcome = differing.asks("D1", person=person)
        assert isinstance(outcome, Refusal) and outcome.code.startswith("PAR-3"), person
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tanshu.clearing.explaining._clerks", lambda *_: {FIRST})
        differing.refuses("CLR-1508", differing.grants(id))
    halt = differing.again(ON).halt
    assert halt is not None and halt.differences == 2


def test_what_is_explained_is_open_named_and_has_its_reason(differing: Explaining):
    differing.refuses("CLR-1501", differing.asks("F2"))
    differing.refuses("CLR-1501", differing.asks("F1", kind="balance"))
    differing.refuses("CLR-1504", differing.asks("F1", reason=" "))
    differing.refuses("CLR-1511", differing.asks("F1", document="letter.pdf"))
    differing.refuses("CLR-1001", differing.asks("F1", NEXT))
    id = differing.trading.done(differing.asks("F1", document="0" * 64)).data["explanation"]
    differing.refuses("CLR-1505", differing.asks("F1"))
    differing.refuses("CLR-1506", differing.grants("CX-none"))
    differing.refuses("CLR-1504", differing.grants(id, accept=False))
    done = differing.trading.done(differing.grants(id, accept=False, comment="无凭证"))
    assert done.data["state"] == ExplanationState.DECLINED
    differing.refuses("CLR-1507", differing.grants(id))
    halt = differing.again(ON).halt
    assert halt is not None and halt.differences == 2, "a declined one explains nothing"
    differing.explained("F1")


def test_one_of_two_about_the_same_is_named_CLR_1502(house_explaining: Explaining):
    house_explaining.day(ON, FEE, (*FEE[:4], -2_000))
    house_explaining.refuses("CLR-1502", house_explaining.asks("F1"))


def test_what_is_gone_is_not_granted_CLR_1501(differing: Explaining):
    id = differing.trading.done(differing.asks("F1")).data["explanation"]
    differing.house.bank_works(ON)
    differing.refuses("CLR-1501", differing.grants(id))
    assert is_sealed(differing.again(ON))
    differing.refuses("CLR-1002", differing.grants(id))


def test_a_missing_statement_is_brought_and_not_explained_CLR_1503(house_explaining: Explaining):
    it = house_explaining
    it.trading.clock.set_day(ON, time(15, 30))
    assert run(it.book, ON, desk()).halt is not None
    it.refuses("CLR-1503", it.asks("bank"))


def test_what_market_and_book_disagree_on_is_not_explained_CLR_1503(house_explaining: Explaining):
    it = house_explaining
    with pytest.MonkeyPatch.context() as patch:
        from tanshu.clearing import reconciling
        from tanshu.clearing.bank.reconcile import Break

        wrong = Break("delivered", "book", "A #1", 1, 2, "delivered")
        patch.setattr(reconciling, "_late_and_book", lambda *_: iter([wrong]))
        it.day(ON)
    it.refuses("CLR-1503", it.asks("A #1"))


@pytest.mark.parametrize("on", [ON, date(2023, 12, 29), date(2024, 1, 5)], ids=str)
def test_an_explanation_ends_after_its_day_and_not_on_a_sealed_or_a_later_one_CLR_1510(
    differing: Explaining, on: date
):
    fee = differing.explained("F1")
    differing.explained("D1")
    assert is_sealed(differing.again(ON))
    differing.trading.clock.set_day(NEXT, time(15, 30))
    differing.refuses("CLR-1510", differing.ends(fee, on))
    differing.refuses("CLR-1504", differing.ends(fee, NEXT, reason=""))
    differing.trading.done(differing.ends(fee, NEXT))
    differing.refuses("CLR-1509", differing.ends(fee, NEXT))
    differing.trading.done(differing.grants(fee, accept=False, comment="尚未退回"))
    assert is_sealed(differing.day(NEXT)), "it is still in force"


# -- what is left behind -----------------------------------------------------------------------------------


def statement(closing: int, subs: dict[str, int], *lines: Line) -> Statement:
    made = [
        StatementLine(n, kind, reference, "", account, name, fen, 0)
        for n, (kind, reference, account, name, fen) in enumerate(lines, start=1)
    ]
    opening = closing - sum(line.amount for line in made)
    return Statement("bank", ON, opening, closing, tuple(made), subs)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (statement(4_000, {}, FEE, STRAY), [{"": -1_000}, {"": 5_000, "NOBODY": 5_000}]),
        (statement(0, {}, FEE), [{}]),
        (statement(5_000, {}, FEE, STRAY), [{}, {"": 5_000, "NOBODY": 5_000}]),
        (statement(-1_007, {}, FEE), [{"": -1_000}, {"": -7}]),
        (statement(0, {"A": 70}), [{"A": 70}]),
        (statement(5_000, {"NOBODY": 5_000, "A": 0}, STRAY), [{"": 5_000, "NOBODY": 5_000}]),
    ],
    ids=["both", "a line that was not counted", "one of two", "more than the lines", "sub-ledger", "stray"],
)
def test_together_they_are_what_the_balances_are_off_by(said: Statement, left: Sequence[dict[str, int]]):
    ours = BankPosition("bank", ON, 0, subs={"A": SubLedgerPosition("甲", 0)})
    found = lasting(ours, said)
    assert [one for one, _ in found] == compare(ours, said)
    assert [{place: fen for place, fen in places.items() if fen} for _, places in found] == list(left)
