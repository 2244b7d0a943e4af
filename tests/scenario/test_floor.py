"""The orders of every day, on an engine alone: none is refused, and the planned trades come of them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tanshu.base.refusal import Refusal
from tanshu.exchange import day_terms
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import AuctionRule, Gone, Mode, Op, Phase, Records, Row, Side, encode, row
from tanshu.exchange.engine.state import CLOSE, REFERENCE
from tanshu.exchange.model import Asked, Bid, Cancel, Confirm, Offer, Quote, Take
from tanshu.exchange.model import Counter as CounterOffer
from tanshu.rules import packs
from tanshu.rules.market_pack import MarketRules, market_rules
from tanshu.scenario import facts as facts_module
from tanshu.scenario import floor, model
from tanshu.scenario.facts import ScenarioFacts
from tanshu.scenario.floor import FloorDay
from tanshu.scenario.model import Year

FOLDER = Path(__file__).resolve().parents[2] / "scenarios" / "hubei-power-2023"
IN_MODE = {
    Offer: Mode.LISTING,
    Take: Mode.LISTING,
    Quote: Mode.BLOCK,
    CounterOffer: Mode.BLOCK,
    Confirm: Mode.BLOCK,
    Bid: Mode.AUCTION,
}
MODES = {Mode.LISTING: "listing", Mode.BLOCK: "block", Mode.AUCTION: "auction"}


@pytest.fixture(scope="module")
def facts() -> ScenarioFacts:
    return facts_module.load(FOLDER)


@pytest.fixture(scope="module")
def year(facts: ScenarioFacts) -> Year:
    return model.build(facts)


@pytest.fixture(scope="module")
def rules() -> Iterator[MarketRules]:
    with packs.searching(FOLDER / "packs"):
        found = market_rules("cn.cea")
    assert not isinstance(found, Refusal)
    yield found


class Market:
    """An engine with the year's participants, and what they have."""

    def __init__(self, facts: ScenarioFacts, year: Year, rules: MarketRules):
        self.facts, self.year, self.rules, self.engine = facts, year, rules, Engine()
        traders = sorted({who for trade in year.trades for who in (trade.seller, trade.buyer)})
        self.numbers = {who: number for number, who in enumerate(traders, 1)}
        self.names = {number: who for who, number in self.numbers.items()}
        self.cash = dict(year.deposits_fen)
        self.units = Counter[str]()
        for trade in year.trades:
            self.units[trade.seller] += trade.quantity
        for number in self.numbers.values():
            self.said(row(Op.PARTY, party=number), row(Op.OPERATOR, party=number, other=number))
        self.said(row(Op.INSTRUMENT, instrument=1, quantity=2023, price=10_503))
        if held := year.auction:
            self.said(
                row(
                    Op.AUCTION,
                    mode=Mode.AUCTION,
                    side=Side.SELL,
                    instrument=1,
                    party=self.numbers[held.seller],
                    quantity=held.quantity,
                    price=held.reserve_fen,
                    order=1,
                    extra=AuctionRule.SEALED,
                )
            )

    def said(self, *rows: Row) -> Records:
        """Every record has to be accepted."""
        done = self.engine.apply(encode(rows))
        assert not done.codes.any(), [Code(int(code)).name for code in done.codes]
        return done.outputs

    def day(self, planned: FloorDay) -> list[Records]:
        """What comes of a day, record by record; afterwards its trades are settled."""
        day = planned.day
        reference = int(self.engine.arrays.instruments[1, REFERENCE])
        opening = [row(Op.DAY, quantity=day.year * 10_000 + day.month * 100 + day.day)]
        opening += day_terms.day_records(self.rules, [(1, 2023, reference)])
        for who, number in self.numbers.items():
            if self.units[who]:
                opening.append(row(Op.UNITS_IN, instrument=1, party=number, quantity=self.units[who]))
            if self.cash.get(who):
                opening.append(row(Op.CASH_IN, party=number, quantity=self.cash[who]))
        self.said(*opening)
        told = [self.said(one) for _, one in sorted(self._records(planned), key=lambda pair: pair[0])]
        for trade in trades_of(told):
            self.units[self.names[trade.seller]] -= trade.quantity
            self.cash[self.names[trade.buyer]] -= trade.quantity * trade.price
        return [*told, self.said(row(Op.CLOSE_DAY))]

    def _records(self, planned: FloorDay) -> Iterator[tuple[time, Row]]:
        """The timetable's and the participants', each with its time; the engine is asked in this order."""
        for step in day_terms.timetable(self.rules, planned.day):
            yield step.at, row(Op.PHASE, mode=step.mode, kind=step.phase)
        if planned.auction:
            terms = self.facts.auction
            for text, phase in ((terms.opens, Phase.OPEN), (terms.closes, Phase.CLOSED)):
                window = row(Op.AUCTION_PHASE, mode=Mode.AUCTION, kind=phase, order=1)
                yield time.fromisoformat(text), window
        for one in planned.qualified:
            deposit = one.tonnes * self.facts.auction.reserve_fen // 10
            number = self.numbers[one.who]
            yield (
                one.at,
                row(Op.QUALIFY, mode=Mode.AUCTION, party=number, quantity=one.tonnes, price=deposit, order=1),
            )
        for said in planned.said:
            yield said.at, self._row(self.numbers[said.who], said.asked)

    def _row(self, me: int, asked: Asked) -> Row:
        """What a participant asks, as a record; an order goes by the number at the end of its name."""
        said = dataclasses.asdict(asked)
        order = said.get("order") or said.get("offer") or ""
        sided = "side" in said
        return row(
            Op[type(asked).__name__.upper()],
            mode=IN_MODE.get(type(asked), Mode.NONE),
            side=Side[said["side"].upper()] if sided else 0,
            instrument=1 if sided else 0,
            party=me,
            counter=self.numbers[said["to"]] if said.get("to") else 0,
            quantity=said.get("quantity", 0),
            price=said.get("price_fen", 0),
            order=int(order.rpartition("-")[2]) if order else said.get("auction", 0),
            other=me,
            extra=said["ref"],
        )


def trades_of(told: list[Records]) -> list[Any]:
    found = [one for records in told for one in records[records["op"] == Op.TRADE]]
    return [
        SimpleNamespace(
            mode=MODES[Mode(int(one["mode"]))],
            buyer=int(one["party"]),
            seller=int(one["counter"]),
            quantity=int(one["quantity"]),
            price=int(one["price"]),
        )
        for one in found
    ]


@pytest.mark.parametrize("seed", ["", "another", "a third"])
def test_every_planned_order_is_accepted_and_the_planned_trades_come_of_them(
    facts: ScenarioFacts, year: Year, rules: MarketRules, seed: str
):
    if seed:
        facts = dataclasses.replace(facts, seed=seed)
        year = model.build(facts)
    market = Market(facts, year, rules)
    for planned in floor.floor_days(facts, year):
        made = trades_of(market.day(planned))
        assert len(made) == planned.trades
        came, meant = Counter[tuple[str, str, str, int]](), Counter[tuple[str, str, str, int]]()
        for one in made:
            seller, buyer = (market.names[number] for number in (one.seller, one.buyer))
            came[one.mode, seller, buyer, one.price] += one.quantity
        for trade in (trade for trade in year.trades if trade.day == planned.day):
            meant[trade.mode, trade.seller, trade.buyer, trade.price_fen] += trade.quantity
        assert came == meant, planned.day
        if any(trade.mode == "listing" for trade in made):
            close = int(market.engine.arrays.instruments[1, CLOSE])
            assert abs(close - facts.closes_fen[planned.day]) <= 1
    assert not any(market.units.values()), "everything that came to be sold is sold"
    assert min(market.cash.values()) >= 0


def test_every_way_of_trading_occurs(facts: ScenarioFacts, year: Year, rules: MarketRules):
    days = floor.floor_days(facts, year)
    asked = [said.asked for day in days for said in day.said]
    takes = [one for one in asked if isinstance(one, Take)]
    assert any(one.offer for one in takes) and any(not one.offer for one in takes)
    assert {one.side for one in asked if isinstance(one, Offer)} == {"buy", "sell"}
    quotes = [one for one in asked if isinstance(one, Quote)]
    assert any(one.to for one in quotes) and any(not one.to for one in quotes)
    assert {CounterOffer, Cancel} <= {type(one) for one in asked}
    assert max(Counter(one.ref for one in takes).values()) == 2, "an offer taken in two parts"
    planned = {trade.number: trade for trade in year.trades}
    assert any(one.quantity > planned[one.ref].quantity for one in takes), "one taking of two offers"
    market = Market(facts, year, rules)
    gone = Counter[int]()
    for day in days:
        for told in market.day(day):
            gone.update(int(one["kind"]) for one in told[told["op"] == Op.GONE])
    assert gone[Gone.CANCELLED] and gone[Gone.LAPSED] and gone[Gone.LOST] == facts.auction.losers
    assert gone[Gone.RETURNED] == len(days[2].qualified), "deposits go back"


def test_what_is_said_lies_in_the_hours_of_its_mode(facts: ScenarioFacts, year: Year):
    for day in floor.floor_days(facts, year):
        assert [said.at for said in day.said] == sorted(said.at for said in day.said)
        for said in day.said:
            afternoon = time(13) <= said.at < time(15)
            if isinstance(said.asked, Cancel):
                assert time(11, 30) <= said.at < time(13), "in the break"
            elif isinstance(said.asked, Offer | Take):
                assert afternoon or time(9, 30) <= said.at < time(11, 30)
            else:
                assert afternoon or (day.day == date(2024, 11, 20) and time(10) < said.at < time(10, 30))


def test_the_same_facts_give_the_same_orders(facts: ScenarioFacts, year: Year):
    assert floor.floor_days(facts, year) == floor.floor_days(facts, year)
    other = floor.floor_days(dataclasses.replace(facts, seed="another"), year)
    assert other != floor.floor_days(facts, year)
