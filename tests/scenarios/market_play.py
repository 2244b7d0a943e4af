"""Plays a scenario of a market: orders, days, auctions, and what must be so on the floor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from tanshu.base.clock import business_date
from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.commit import Answer
from tanshu.clearing import queries as clearing
from tanshu.clearing.statements.tables import CLEARING_STATEMENT
from tanshu.exchange import market as markets
from tanshu.exchange import service as orders
from tanshu.exchange import timetable
from tanshu.exchange.auctions import queries as auctions
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.ledger import phase_of, withdrawable
from tanshu.exchange.engine.records import Side
from tanshu.exchange.engine.state import BOUGHT, FREE, HELD, REFERENCE, SOLD
from tanshu.exchange.figures import depth, of_market, queries, quotes
from tanshu.exchange.figures.of_market import Followed
from tanshu.exchange.figures.tables import MARKET_ORDER
from tanshu.exchange.figures.words import State
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.scenario.story import market_acts
from tanshu.scenario.story.house_sentences import DayIs, OpensAccount, StatementIs
from tanshu.scenario.story.market_sentences import (
    AuctionIs,
    Charged,
    Clock,
    DepthIs,
    HasMoney,
    HasUnits,
    InMarket,
    MarketAct,
    OrderIs,
    PhaseIs,
    PriceIs,
    TradesAre,
)
from tanshu.scenario.story.sentences import Told
from tests.scenarios.play import Play

CEA = "cea"
_ID = re.compile(r"[\d-]+")


class MarketPlay(Play):
    """One scenario under way on the floor. It says what words mean (`market_acts.Words`)."""

    market_name = CEA

    # -- words ---------------------------------------------------------------------------------------------

    def handle(self, word: str) -> str:
        return self._handle(word)

    def person(self, word: str) -> str:
        return self._person(word)

    def order(self, name: str) -> str:
        """An order of the scenario, or a number as it stands."""
        known = self.ids.get(name)
        return known or (name if _ID.fullmatch(name) else self._nobody(name, Text("委托", "order")))

    def auction(self, name: str) -> int:
        return int(self.order(name))

    def proposed(self) -> Sequence[str]:
        return self.proposals

    @property
    def today(self) -> date:
        return business_date(self.market.clock.now_ns)

    proposals: Sequence[str] = ()

    # -- doing ---------------------------------------------------------------------------------------------

    def _do(self, said: Any) -> None:
        match said:
            case Clock():
                self.market.clock.set_day(self.today, said.at)
                self._keep()
            case InMarket():
                self.market_name = said.market
            case _ if isinstance(said, MarketAct) and not isinstance(said, OpensAccount):
                self._perform(said)
            case _:
                super()._do(said)

    def _perform(self, said: Any) -> None:
        ctx = self._ctx(said.who)
        if market_acts.is_of_market(said):
            ctx = orders.at(ctx, self._exchange())
        self.outcome = market_acts.perform(ctx, said, self)
        if isinstance(self.outcome, Answer):
            data = self.outcome.data
            self.market_name = getattr(said, "market", self.market_name)
            self.proposals = data.get("proposed", self.proposals)
            name = getattr(said, "name", "")
            if name:
                self.ids[name] = str(data.get("order") or data["auction"])

    def _tail(self) -> object:
        """Both logs and the engine, the due steps taken."""
        self._keep()
        with self.market.database.read() as conn:
            exchange = markets.by_name(self.market.book, conn, self.market_name)
            if isinstance(exchange, Refusal):
                return super()._tail()
            return store.tail(conn, exchange.log), exchange.catch_up(conn).state_hash(), super()._tail()

    def _keep(self) -> None:
        with self.market.database.read() as conn:
            exchange = markets.by_name(self.market.book, conn, self.market_name)
        if not isinstance(exchange, Refusal):
            timetable.keep(exchange, self.market.clock())

    # -- what must be so -----------------------------------------------------------------------------------

    def _holds(self, told: Told) -> None:
        match told.said:
            case PriceIs() as said:
                self._is(told, said.fen, self._price(said))
            case TradesAre() as said:
                self._is(told, said.trades, self._trades(said))
            case DepthIs() as said:
                self._is(told, list(said.levels), self._depth(said))
            case HasUnits() as said:
                self._is(told, (said.free, said.held, said.bought, said.sold), self._units(said))
            case HasMoney() as said:
                free, held, leaves = self._money(said)
                self._is(told, (said.free, said.held), (free, held))
                assert said.leaves in (None, leaves), f"{told.text}: {leaves}"
            case Charged() as said:
                self._is(told, (said.trading, said.settlement), self._fees(said))
            case OrderIs() as said:
                self._is(told, (said.state, said.left), self._order(said))
            case PhaseIs() as said:
                self._is(told, said.phase, phase_of(self._engine().arrays, 0, said.mode))
            case AuctionIs() as said:
                self._is(told, (said.outcome, said.sold, said.price_fen), self._result(said))
            case DayIs() as said:
                self._is(told, (said.state, said.trades, said.failed, said.differences), self._day(said))
            case StatementIs() as said:
                self._is(told, (said.closing, said.bought_t, said.sold_t), self._statement(said))
            case _:
                super()._holds(told)

    def _day(self, said: DayIs) -> tuple[Any, ...]:
        """How far a settlement day is; of what is not told, None."""
        with self.market.database.read() as conn:
            row = need(clearing.day(conn, said.day or self.today))
            markets = clearing.markets(conn, row.day)
        counted = (sum(one.trades for one in markets), sum(one.failed for one in markets), row.differences)
        told = (said.trades, said.failed, said.differences)
        return row.state, *(None if one is None else real for one, real in zip(told, counted, strict=True))

    def _statement(self, said: StatementIs) -> tuple[Any, ...]:
        with self.market.database.read() as conn:
            subject = need(parties.subject(conn, self._handle(said.subject)))
            t = CLEARING_STATEMENT.c
            here = (t.day == (said.day or self.today), t.subject_id == subject.id)
            row = conn.execute(select(CLEARING_STATEMENT).where(*here)).one()
        tonnes = ((said.bought_t, row.bought_t), (said.sold_t, row.sold_t))
        return row.closing, *(None if told is None else real for told, real in tonnes)

    def _price(self, said: PriceIs) -> int | None:
        if said.what == "previous":
            with self.market.database.read() as conn:
                number = self._exchange().names(conn).instrument_of[said.instrument]
            return int(self._engine().arrays.instruments[number, REFERENCE])
        with of_market.followed(self.market.book, self.market_name) as floor:
            number, day = floor.instrument(said.instrument), floor.day(None)
            mine = next(
                one for one in quotes.quotes(floor.conn, floor.log, day, day) if one.instrument == number
            )
            if said.what == "close":
                return mine.close
            which = queries.Which(day, day, number, floor.priced_mode())
            last = queries.trades(floor.conn, floor.log, which, limit=1)
            return last[-1].price if last else mine.previous

    def _trades(self, said: TradesAre) -> tuple[Any, ...]:
        with of_market.followed(self.market.book, self.market_name) as floor:
            which = self._which(floor)._replace(instrument=floor.instrument(said.instrument), mode=said.mode)
            found = queries.trades(floor.conn, floor.log, which)
            names = {
                floor.party(handle): word
                for word, (handle, _) in self.cast.subjects.items()
                if handle in floor.names.party_of
            }
        return (
            tuple(
                type(told)(
                    names[one.seller] if told.seller else "",
                    names[one.buyer] if told.buyer else "",
                    one.quantity,
                    one.price,
                )
                for one, told in zip(found, said.trades, strict=False)
            )
            if len(found) == len(said.trades)
            else tuple(map(tuple, found))
        )

    def _depth(self, said: DepthIs) -> list[tuple[int, int]]:
        with of_market.followed(self.market.book, self.market_name) as floor:
            day, number = quotes.number_of(floor.day(None)), floor.instrument(said.instrument)
            mode = floor.priced_mode()
            found = depth.of_log(floor.conn, floor.log, day, number, mode)
        assert found == depth.of_engine(self._engine().arrays, number, mode), "tables and engine agree"
        side = found.buy if said.side is Side.BUY else found.sell
        return [(level.price, level.quantity) for level in side]

    def _units(self, said: HasUnits) -> tuple[int, ...]:
        with self.market.database.read() as conn:
            names = self._exchange().names(conn)
        mine = self._engine().arrays.units[
            names.instrument_of[said.instrument], names.party_of[self._handle(said.subject)]
        ]
        return tuple(int(mine[n]) for n in (FREE, HELD, BOUGHT, SOLD))

    def _money(self, said: HasMoney) -> tuple[int, int, int]:
        with self.market.database.read() as conn:
            party = self._exchange().names(conn).party_of[self._handle(said.subject)]
        a = self._engine().arrays
        return int(a.cash[party, FREE]), int(a.cash[party, HELD]), int(withdrawable(a, party))

    def _fees(self, said: Charged) -> tuple[int, int]:
        with of_market.followed(self.market.book, self.market_name) as floor:
            party = floor.party(self._handle(said.subject))
            found = queries.trades(floor.conn, floor.log, self._which(floor)._replace(party=party))
        bought = [one for one in found if one.buyer == party]
        sold = [one for one in found if one.seller == party]
        trading = sum(one.buyer_trading_fee for one in bought) + sum(one.seller_trading_fee for one in sold)
        settlement = sum(one.buyer_settlement_fee for one in bought)
        return trading, settlement + sum(one.seller_settlement_fee for one in sold)

    def _order(self, said: OrderIs) -> tuple[str, int | None]:
        day, _, number = self.order(said.name).partition("-")
        with of_market.followed(self.market.book, self.market_name) as floor:
            t = MARKET_ORDER.c
            here = (t.log == floor.log, t.day == int(day), t.number == int(number))
            mine = floor.conn.execute(select(MARKET_ORDER).where(*here)).one()
        left = None if said.left is None else mine.remaining
        return State(mine.state).name.lower(), left

    def _result(self, said: AuctionIs) -> tuple[str, int, int]:
        with self.market.database.read() as conn:
            result = auctions.result(conn, self._exchange().log, self.auction(said.name))
        assert result, f"{said.name}: no result"
        return result.outcome.name.lower(), result.sold_t, result.clearing_fen

    # -- the market ----------------------------------------------------------------------------------------

    def _exchange(self) -> markets.Market:
        with self.market.database.read() as conn:
            return need(markets.by_name(self.market.book, conn, self.market_name))

    def _engine(self) -> Engine:
        self._keep()
        with self.market.database.read() as conn:
            return self._exchange().catch_up(conn)

    @staticmethod
    def _which(floor: Followed) -> queries.Which:
        day = floor.day(None)
        return queries.Which(day, day)
