"""One tonne and one fen are followed through every layer, wherever one begins; each step can be looked up."""

from __future__ import annotations

import shlex
from datetime import time
from typing import Any

import pytest

from tanshu.base.refusal import Refusal, need
from tanshu.book import serials
from tanshu.clearing import fens, queries, trace_start, tracing
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.tracing import Layer, Trace
from tanshu.parties.model import AccountKind
from tanshu.registry import queries as registry
from tests.clearing.support import House
from tests.cli.conftest import in_process
from tests.exchange.bridge.support import DAY, MONEY, NEXT, TRADING, Trading

PAID, PRICE, TONNES = 50_000_00, 8_000, 1_000
PROCEEDS = TONNES * PRICE


class Walked:
    """A pays in, sells to B; the day is sealed; A takes all its money out; the bank has done it."""

    def __init__(self, trading: Trading):
        self.house, self.trading = House(trading), trading
        market, a = trading.market, trading.a
        cash = market.account(trading.b, MONEY)
        told = {"bank_reference": "BOC-77", "bank_day": DAY.isoformat(), "bank": "bank", "bank_notice": 1}
        line = ("CNY", PAID, "", cash)
        by = ("registry-checker-1",)
        self.deposit = market.done("bank-maker-1", "cash-deposit", line, by=by, details=told)
        trading.sell(a, TONNES, PRICE)
        trading.buy(trading.b, TONNES, PRICE)
        self.house.after_the_close()
        self.house.settles()
        trading.clock.set_day(NEXT, time(10))
        everything = sum(trading.has(a, MONEY, "CNY"))
        line = ("CNY", everything, market.account(a, MONEY))
        self.withdrawal = market.done(trading.maker(a), "cash-withdrawal", line, by=by)
        self.house.bank_works(NEXT)

    def instruction(self) -> str:
        with self.house.database.read() as conn:
            (row,) = [one for one in banks.instructions(conn) if one.transaction_id == self.withdrawal]
        return str(row.id)

    def begins(self, asked: str, instrument: str = "", *, money: bool = False) -> Any:
        book = self.house.book
        with serials.reading(book) as conn:
            return trace_start.start(conn, book.log, asked, instrument, money=money)

    def follows(self, asked: str, instrument: str = "", *, money: bool = False) -> Trace:
        book = self.house.book
        with serials.reading(book) as conn:
            begins = need(trace_start.start(conn, book.log, asked, instrument, money=money))
            return tracing.follow(conn, book.log, begins.instrument, begins.number)


@pytest.fixture
def walked(trading: Trading) -> Walked:
    return Walked(trading)


def layers(found: Trace) -> list[Layer]:
    return [step.layer for step in found.steps]


def test_a_tonne_is_followed_from_its_issue_through_order_trade_and_delivery_to_its_holder(
    walked: Walked,
) -> None:
    found = walked.follows("cea 2024-01-02 #1")
    assert layers(found)[-8:] == [
        Layer.HOLD,
        Layer.ORDER,
        Layer.ORDER,
        Layer.TRADE,
        Layer.DELIVERY,
        Layer.STATEMENT,
        Layer.SEAL,
        Layer.NOW,
    ]
    assert [step.facts["type"] for step in found.steps if step.layer is Layer.TRANSACTION] == [
        "issuance",
        "final-allocation",
        "position-transfer",
    ]
    delivery = next(step for step in found.steps if step.layer is Layer.DELIVERY)
    assert delivery.facts["trade"] == "cea 2024-01-02 #1" and delivery.facts["chain"] == 0
    with walked.house.database.read() as conn:
        (block,) = queries.blocks(conn, DAY, walked.trading.exchange.log)
    assert delivery.entry == block.seq
    where = walked.trading.market.account(walked.trading.b, TRADING)
    assert found.steps[-1].facts == {"account": where, "held": False}


def test_a_fen_is_followed_from_the_banks_line_to_the_banks_line(walked: Walked) -> None:
    found = walked.follows("cea 2024-01-02 #1", money=True)
    of_market = [Layer.ORDER, Layer.ORDER, Layer.TRADE, Layer.DELIVERY, Layer.STATEMENT, Layer.SEAL]
    out = [Layer.HOLD, Layer.TRANSACTION, Layer.INSTRUCTION, Layer.BANK, Layer.NOW]
    shown = layers(found)
    assert shown[0] is Layer.TRANSACTION and shown[-11:-5] == of_market
    assert shown[-5:] == out
    assert found.steps[-2].facts["reference"] == f"R-{walked.instruction()}"
    account = walked.trading.market.account("bank", AccountKind.BANK)
    assert found.steps[-1].facts["account"] == account


def test_a_deposit_is_found_by_the_banks_reference(walked: Walked) -> None:
    found = walked.follows("BOC-77")
    assert found == walked.follows(walked.deposit)
    assert layers(found)[:2] == [Layer.BANK, Layer.TRANSACTION]
    assert found.steps[0].facts["reference"] == "BOC-77"
    assert found.steps[1].facts["transaction"] == walked.deposit


def test_wherever_one_begins_the_same_is_followed(walked: Walked) -> None:
    market, b = walked.trading.market, walked.trading.b
    of_trade = walked.follows("cea 2024-01-02 #1")
    for asked in ("cea 20240102-T1", "cea/2024-01-02#1", "cea 20240102-1", "cea 20240102-2", of_trade.name):
        assert walked.follows(asked) == of_trade, asked
    assert walked.follows(market.account(b, TRADING), "CEA22").name == "CEA22-1"
    paid = walked.follows("cea 2024-01-02 #1", money=True)
    assert walked.follows(paid.name) == paid
    out = walked.follows(walked.withdrawal)
    reference = f"R-{walked.instruction()}"
    assert out == walked.follows(walked.instruction()) == walked.follows(reference)


def test_what_is_not_there_is_refused_in_words(walked: Walked) -> None:
    market = walked.trading.market
    empty = market.account(walked.trading.a, MONEY)
    with walked.house.database.read() as conn:
        ledger = next(one.id for one in banks.instructions(conn) if one.transaction_id is None)
    maker, line = walked.trading.maker(walked.trading.b), ("CNY", 1, market.account(walked.trading.b, MONEY))
    waits = market.accepted(market.propose(maker, "cash-withdrawal", line))["id"]
    for code, asked in {
        "CLR-7001": ("nothing-of-this-name",),
        "CLR-7003": (waits,),
        "CLR-7004": (ledger,),
        "CLR-7005": ("CNY-999999999999999",),
        "CLR-7006": (empty, "CNY"),
        "CLR-7007": ("cea 2024-01-02 #2",),
        "CLR-7008": (empty,),
        "REG-4103": ("CEA22-999999999",),
    }.items():
        refused = walked.begins(*asked)
        assert isinstance(refused, Refusal) and refused.code == code, (code, refused)
        assert refused.sentence("zh") and refused.sentence("en")
    for asked in ("cea 2024-01-09 #1", "other 2024-01-02 #1", "cea 20240102-9", "cea 20240109-1"):
        assert walked.begins(asked).code == "CLR-7007", asked
    assert walked.begins("cea 2024-13-45 #1").code == "CLR-7001"


def test_a_trade_that_is_not_delivered_yet_is_refused_with_CLR_7002(house: House) -> None:
    trading = house.trading
    trading.sell(trading.a, 100)
    trading.buy(trading.b, 100)
    house.after_the_close()
    house.takes("close", "collect")
    with serials.reading(house.book) as conn:
        refused = trace_start.start(conn, house.book.log, "cea 2024-01-02 #1")
    assert isinstance(refused, Refusal) and refused.code == "CLR-7002"


def test_money_is_numbered_by_what_came_first(walked: Walked) -> None:
    """B's deposits are 10,000,000.00 and 50,000.00; it pays from the first; the second stays."""
    book = walked.house.book
    with walked.house.database.read() as conn:
        money = need(registry.instrument(conn, "CNY")).number
        first = walked.follows("cea 2024-01-02 #1", money=True).number
        second = walked.follows("BOC-77").number
        assert first < second
        stays = fens.life(conn, book.log, money, first)
        assert [stay.until for stay in stays[:-1]] == [stay.since for stay in stays[1:]]
        assert stays[-1].until is None
        assert fens.life(conn, book.log, money, second + PAID) == []
        assert fens.life(conn, book.log, money, second + PAID - 1) != []


def test_every_step_names_a_command_that_shows_it(walked: Walked) -> None:
    env = {"TANSHU_DB": walked.house.database.url, "TANSHU_LANG": "en"}
    for what in (["cea 2024-01-02 #1"], ["cea 2024-01-02 #1", "--money"], ["BOC-77"]):
        told = in_process("trace", *what, "--json", env=env)
        assert told.code == 0, told.err
        for step in told.json["steps"]:
            shown = in_process(*shlex.split(step["command"].removeprefix("tanshu ")), env=env)
            assert shown.code == 0, (step, shown.err)
    text = in_process("trace", "cea 2024-01-02 #1", "--lang", "zh", env=env)
    assert text.code == 0 and "货银对付" in text.out
