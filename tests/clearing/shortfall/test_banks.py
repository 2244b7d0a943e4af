"""A bank is short by itself, or takes a deposit back: the books and its statement agree again, to the fen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tanshu.base.refusal import need
from tanshu.book.commit import Outcome
from tanshu.clearing import sealing
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.bank.gateway import LineKind, Statement, StatementLine
from tanshu.clearing.bank.position import of_day
from tanshu.clearing.bank.reconcile import compare
from tanshu.clearing.shortfall.model import COVER, NAMED, RECOVERY, State
from tanshu.parties.model import AccountKind
from tests.clearing.shortfall.support import CLERK, FIRST, PAPER, RESERVE, House
from tests.clearing.support import House as Clearing
from tests.exchange.bridge.support import DAY

LOST = 500_00
REFERENCE = {"bank_reference": "B-77", "bank_day": "2024-01-02"}


class Bank:
    """The one bank of a house, and what its statement says."""

    def __init__(self, house: House):
        self.house, self.clearing = house, Clearing(house.trading, accounts=())
        self.code = house.code("bank", AccountKind.BANK)

    def statement(self) -> Statement:
        """One without a fault, as things stand."""
        with self.house.trading.book.reading() as (conn, state):
            return self.clearing.statement(conn, state, need(banks.bank_named(conn, "bank")), DAY)

    def kinds(self, said: Statement) -> list[str]:
        with self.house.trading.book.reading() as (conn, state):
            assert sealing.holds(conn, state) is None
            ours = of_day(conn, state, need(banks.bank_named(conn, "bank")), DAY)
            return [one.kind for one in compare(ours, said)]

    def line(self, said: Statement, kind: LineKind, fen: int, reference: str, account: str = "") -> Statement:
        closing = said.closing + fen
        one = StatementLine(len(said.lines) + 1, kind, reference, "", account, "", fen, closing)
        return replace(said, closing=closing, lines=(*said.lines, one))

    def unposted(self) -> dict[int, int]:
        with self.house.trading.book.reading() as (conn, state):
            return banks.unposted(conn, state, need(banks.money(conn)).number)

    def moves(self, kind: str, fen: int, giver: str, taker: str, **details: object) -> Outcome:
        told = {"documents": list(PAPER), **details}
        line = ("CNY", fen, giver, taker)
        return self.house.trading.market.propose(CLERK, kind, line, details=told, subject="bank")


@pytest.fixture
def bank(house: House) -> Bank:
    return Bank(house)


def worse(said: Statement, fen: int) -> Statement:
    """Money is missing, and no line says why."""
    return replace(said, opening=said.opening - fen, closing=said.closing - fen)


def short(bank: Bank) -> str:
    return bank.house.noticed(LOST, subject="bank", cause="bank-short")


def test_what_a_bank_lost_the_house_makes_good_until_the_bank_does(bank: Bank) -> None:
    house, true = bank.house, bank.statement()
    said = worse(true, LOST)
    assert bank.kinds(said) == ["balance"]
    id = short(bank)
    assert house.explained(id)["account"] == bank.code
    house.covered(id)
    assert (house.row(id).state, bank.kinds(said)) == (State.COVERED, [])
    assert list(bank.unposted().values()) == [-LOST], "the bank hears of it with the next ledger file"
    house.decided(bank.moves(RECOVERY, LOST, bank.code, house.reserve, **{NAMED: id}))
    assert (house.row(id).state, bank.kinds(true)) == (State.RECOVERED, [])
    assert house.money()[0] == RESERVE
    assert bank.unposted() == {}
    assert house.trading.findings() == []


def test_lines_that_tell_of_the_loss_and_its_return_are_known_by_their_references(bank: Bank) -> None:
    house = bank.house
    said = bank.line(bank.statement(), LineKind.FEE, -LOST, "B-77")
    assert bank.kinds(said) == ["missing_in_book"]
    id = short(bank)
    house.decided(bank.moves(COVER, LOST, house.reserve, bank.code, **{NAMED: id}, **REFERENCE))
    assert bank.kinds(said) == []
    said = bank.line(said, LineKind.FEE, LOST, "B-78")
    assert bank.kinds(said) == ["missing_in_book"]
    back = {**REFERENCE, "bank_reference": "B-78"}
    asked = bank.moves(RECOVERY, LOST, bank.code, house.reserve, **{NAMED: id}, **back)
    assert bank.kinds(said) == [], "on its way: the bank has it, the book not yet"
    house.decided(asked)
    assert bank.kinds(said) == []
    assert house.trading.findings() == []


def test_only_a_bank_that_is_short_by_itself_has_a_shortfall_in_its_account(bank: Bank) -> None:
    house = bank.house
    house.trading.refuses("CLR-4002", lambda: house.notice(subject="bank"))
    id = short(bank)
    house.trading.refuses("CLR-4012", lambda: house.cover(id, LOST, house.reserve))


def deposited(bank: Bank, fen: int = LOST) -> str:
    """A deposit of which the bank told by its reference."""
    house = bank.house
    line = ("CNY", fen, bank.code, house.cash)
    details = {"bank_reference": "D-1", "bank_day": "2024-01-02"}
    return house.trading.market.done("bank-maker-1", "cash-deposit", line, by=(FIRST,), details=details)


def returns(bank: Bank, deposit: str, fen: int = LOST, **details: object) -> Outcome:
    house = bank.house
    maker = house.trading.maker(house.who)
    line = ("CNY", fen, house.cash, bank.code)
    told = {"returned": deposit, **details}
    return house.trading.market.propose(maker, "cash-withdrawal", line, details=told)


@pytest.mark.parametrize("reference", ["", "D-2"], ids=["the deposit's reference", "one of its own"])
def test_a_deposit_that_its_bank_takes_back_is_booked_though_a_shortfall_stands(
    bank: Bank, reference: str
) -> None:
    house, t = bank.house, bank.house.trading
    deposit = deposited(bank)
    before = bank.statement()
    said = bank.line(before, LineKind.DEPOSIT, -LOST, reference or "D-1", house.cash)
    assert bank.kinds(said) != []
    house.noticed(LOST)
    fen = house.money()[2]
    own: dict[str, Any] = {"bank_reference": reference, "bank_day": "2024-01-02"} if reference else {}
    asked = t.done(returns(bank, deposit, **own))["id"]
    if reference:
        assert bank.kinds(said) == [], "the bank has it already, the book not yet"
    t.done(t.market.approve(FIRST, asked))
    assert (bank.kinds(said), house.money()[2]) == ([], fen - LOST)
    with t.market.database.read() as conn:
        assert banks.instructions(conn) == [], "nobody asks the bank to pay it once more"
    t.refuses("CLR-4020", lambda: t.pays_out(house.who, 1))
    assert t.findings() == []


def test_no_more_is_taken_back_than_came(bank: Bank) -> None:
    t, deposit = bank.house.trading, deposited(bank)
    t.refuses("CLR-3108", lambda: returns(bank, deposit, LOST + 1))
    t.refuses("CLR-3108", lambda: returns(bank, "TX-none"))
    t.refuses("CLR-3009", lambda: returns(bank, deposit, bank_day="soon"))
    first, second = (t.done(returns(bank, deposit))["id"] for _ in range(2))
    t.done(t.market.approve(FIRST, first))
    t.refuses("CLR-3108", lambda: t.market.approve(FIRST, second))
