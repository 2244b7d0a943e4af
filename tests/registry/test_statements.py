"""Statements of account: they add up, they name who and what, and those of the past never change."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tanshu.base.documents import html
from tanshu.base.refusal import Refusal, Refused
from tanshu.book import projections
from tanshu.book.movements import Movements
from tanshu.parties import service as parties_service
from tanshu.parties.model import AccountKind, Rename
from tanshu.registry import queries, service, statement_views, statements
from tanshu.registry.model import Decide
from tanshu.registry.statements import Statement
from tests.support import policies
from tests.support.market import Market
from tests.support.orders import Court, pledge, pledging

CHAIN = ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1")


@pytest.fixture
def first_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policies.decide(tmp_path / "packs", monkeypatch)


def told(market: Market, account: str, **span: Any) -> Statement:
    with statements.reading(market.book) as conn:
        found = statements.statement(conn, market.book, account, **span)
    assert isinstance(found, Statement), found
    return found


def traded(market: Market) -> str:
    """plant-a has moved 100 CEA22 to its trading account and sold them to plant-b: the settlement's id."""
    own, trading = (
        market.account(market.plant_a, kind) for kind in (AccountKind.REGISTRATION, AccountKind.TRADING)
    )
    cash = market.account(market.plant_b, AccountKind.CASH)
    market.accepted(market.propose("plant-a-maker-1", "position-transfer", ("CEA22", 100, own, trading)))
    market.done("bank-maker-1", "cash-deposit", ("CNY", 2_000_000, "", cash), by=("registry-checker-1",))
    return market.done(
        "exchange-maker-1",
        "trade-settlement",
        ("CEA22", 100, trading, market.account(market.plant_b, AccountKind.TRADING)),
        ("CNY", 975_000, cash, market.account(market.plant_a, AccountKind.CASH)),
        by=("registry-checker-1", "registry-checker-2"),
        details={"trade": 1, "mode": "listing", "price_fen": 9_750, "traded_on": "2024-01-02"},
    )


@pytest.fixture
def moved(market: Market) -> Market:
    """plant-a: 1,000 given, 600 surrendered, 150 proposed for surrender and given back, 100 sold."""
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 900)
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 600))["id"]
    for person in CHAIN:
        market.accepted(market.approve(person, id))
    second = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 150))["id"]
    market.accepted(service.withdraw(market.ctx("plant-a-maker-1"), Decide(second)))
    traded(market)
    return market


def test_it_tells_each_movement_with_its_transaction_and_the_balance_after_it(moved: Market) -> None:
    found = told(moved, moved.account(moved.plant_a))
    shown = [
        (
            line.type,
            line.operation.name.lower(),
            line.available_change,
            line.held_change,
            line.available,
            line.held,
        )
        for line in found.lines
    ]
    assert shown == [
        ("final-allocation", "capture", 1_000, 0, 1_000, 0),
        ("surrender", "hold", -600, 600, 400, 600),
        ("surrender", "capture", 0, -600, 400, 0),
        ("surrender", "hold", -150, 150, 250, 150),
        ("surrender", "release", 150, -150, 400, 0),
        ("position-transfer", "transfer", -100, 0, 300, 0),
    ]
    with moved.database.read() as conn:
        for line in found.lines:
            assert line.transaction is not None
            its = queries.transaction(conn, line.transaction)
            assert not isinstance(its, Refusal) and its.type.code == line.type
            assert line.seq in (its.proposed_seq, its.ended_seq)


def test_opening_and_movements_lead_to_closing_in_any_span(moved: Market) -> None:
    account = moved.account(moved.plant_a)
    whole = told(moved, account)
    seqs = [line.seq for line in whole.lines]
    for after in (-1, *seqs[:-1]):
        for upto in (seq for seq in (*seqs, whole.closed.seq) if seq > after):
            found = told(moved, account, after=after, upto=upto)
            opening = {one.instrument.code: (one.available, one.held) for one in found.opening}
            for line in found.lines:
                before = opening.get(line.instrument.code, (0, 0))
                after_it = (before[0] + line.available_change, before[1] + line.held_change)
                assert after_it == (line.available, line.held)
                opening[line.instrument.code] = after_it
            closing = {one.instrument.code: (one.available, one.held) for one in found.closing}
            assert closing == {code: has for code, has in opening.items() if has != (0, 0)}


def test_other_holders_are_shown_by_account_only_unless_the_registry_asks(moved: Market) -> None:
    trading = moved.account(moved.plant_a, AccountKind.TRADING)
    buyer = moved.account(moved.plant_b, AccountKind.TRADING)
    for names, expected in ((False, None), (True, "乙电厂")):
        sale = told(moved, trading, names=names).lines[-1]
        assert sale.counterparty is not None
        assert (sale.counterparty.account, sale.counterparty.name) == (buyer, expected)
    own = told(moved, trading).lines[0].counterparty
    assert own is not None and own.name == "甲电厂", "one's own other account has its name"
    given = told(moved, moved.account(moved.plant_a)).lines[0].counterparty
    assert given is not None and given.name and "湖北" in given.name, "an authority is no secret"


@pytest.mark.usefixtures("first_come")
def test_what_is_held_is_told_claim_by_claim_with_its_document(market: Market) -> None:
    market.give(market.plant_a, 1_000)
    pledge(market, market.plant_a, 300, "Z-1")
    freeze = Court(market).freeze(market.plant_a, 5_000)
    found = told(market, market.account(market.plant_a))
    held = [(one.quantity, one.what.zh, one.document) for one in found.held]
    assert held == [(300, "质押 · 质押登记", "Z-1"), (700, "司法冻结", "甲法院 (1)号")]
    assert found.held[1].transaction == freeze and found.held[1].claim
    assert sum(one.quantity for one in found.held) == found.closing[0].held == 1_000
    assert sum(one.units for one in found.numbers if one.hold) == 1_000


@pytest.mark.usefixtures("first_come")
def test_statements_of_every_past_moment_stay_as_they_were(market: Market) -> None:
    """At each step every account's statement so far is kept; at the end all of them are asked for again."""
    kept: dict[tuple[str, int], dict[str, object]] = {}
    accounts = [market.account(market.plant_a), market.account(market.plant_a, AccountKind.TRADING)]

    def step(_done: object) -> None:
        with statements.reading(market.book) as conn:
            seq = statements.newest(conn, market.book.log)
            for account in accounts:
                found = statements.statement(conn, market.book, account, names=True)
                assert isinstance(found, Statement)
                kept[account, seq] = statement_views.as_json(found)

    step(market.give(market.plant_a, 1_000))
    step(market.emit(market.plant_a, 900))
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 200))["id"]
    step(id)
    for person in CHAIN:
        step(market.accepted(market.approve(person, id)))
    waiting = market.accepted(pledging(market, market.plant_a, 300, "Z-1"))["id"]
    step(waiting)
    court = Court(market)
    freeze = court.freeze(market.plant_a, 900, follows=True)
    step(freeze)
    for person in ("plant-a-checker-1", "bank-checker-1", "registry-checker-1", "registry-checker-2"):
        step(market.accepted(market.approve(person, waiting)))
    step(market.give(market.plant_a, 50))
    step(court.done("judicial-release", original=freeze))
    step(traded(market))
    today = date(2024, 1, 5)
    market.today(today)
    rename = Rename(market.plant_a, "新甲电厂", today)
    market.decide(
        market.accepted(parties_service.rename(market.ctx("registry-maker-1", reason="更名"), rename))
    )
    assert len(kept) > 20
    for (account, seq), before in kept.items():
        assert statement_views.as_json(told(market, account, upto=seq, names=True)) == before
    assert told(market, accounts[0]).subject.name == "新甲电厂"


def test_paper_table_and_json_say_the_same(moved: Market) -> None:
    account = moved.account(moved.plant_a)
    with statements.reading(moved.book) as conn:
        found = statements.statement(conn, moved.book, account)
        assert isinstance(found, Statement)
        page = html(statement_views.paper(conn, found), "zh")
        sheet = statement_views.sheet(found, ())
        rows = list(sheet.rows)
    data = statement_views.as_json(found)
    assert all(str(line.transaction) in page for line in found.lines)
    assert found.closed.hash in page and statement_views.number(found) in page
    assert "-600" in page and "+1,000" in page and "CEA22-751-900" not in page
    names = [column.name for column in sheet.columns]
    movements = [dict(zip(names, row, strict=True)) for row in rows if row[0] == "movement"]
    assert [one["available"] for one in movements] == [one["available"] for one in data["movements"]]  # type: ignore[index,attr-defined]
    assert [row[0] for row in rows].count("closing") == len(found.closing) == 1
    assert data["seq"] == found.closed.seq


@pytest.mark.parametrize(
    ("span", "code"),
    [
        ({"after": 20, "upto": 20}, "REG-6201"),
        ({"after": 25, "upto": 20}, "REG-6201"),
        ({"upto": 0}, "REG-6202"),
    ],
)
def test_spans_that_cannot_be(moved: Market, span: dict[str, Any], code: str) -> None:
    with statements.reading(moved.book) as conn:
        found = statements.statement(conn, moved.book, moved.account(moved.plant_a), **span)
    assert isinstance(found, Refusal) and found.code == code


def test_of_an_account_that_is_not_there(moved: Market) -> None:
    with statements.reading(moved.book) as conn:
        found = statements.statement(conn, moved.book, moved.unknown_account())
    assert isinstance(found, Refusal) and found.code == "PAR-2001"


def test_movements_that_were_not_followed_yet_are_refused_BOOK_1404(moved: Market) -> None:
    account = moved.account(moved.plant_a)
    projections.catch_up(moved.database, Movements)
    moved.give(moved.plant_a, 5)
    with moved.database.read() as conn, pytest.raises(Refused) as error:
        statements.statement(conn, moved.book, account, upto=moved.book.tail.seq)
    assert error.value.refusal.code == "BOOK-1404"
