"""A market with three participants, their units and money, and its first day open; short words for a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import date, time
from pathlib import Path
from typing import Any, Self

from tanshu.audit import rows
from tanshu.audit.judge import Judge
from tanshu.audit.report import Finding
from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Answer, Context, Outcome
from tanshu.exchange import market as markets
from tanshu.exchange import service as orders
from tanshu.exchange.bridge import delivery, sessions
from tanshu.exchange.bridge.days import close_day, open_day
from tanshu.exchange.bridge.founding import admit, found_market, list_instrument
from tanshu.exchange.bridge.model import Admit, CloseDay, FoundMarket, ListInstrument, OpenDay, Settle
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Op, Side, decode
from tanshu.exchange.engine.state import BOUGHT, FREE, HELD, OWN, SOLD
from tanshu.exchange.model import Asked, Offer, Take
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, Appoint, NewPerson
from tanshu.parties.service import appoint
from tanshu.registry import queries as registry
from tanshu.registry.batches import DecideMany, approve_many
from tanshu.rules import packs
from tests.support.market import Market

FIGURES = Path(__file__).parent / "packs"
EXCHANGE, CHECKER = "exchange-maker-1", "exchange-checker-1"
CEA = "cea"
"""The market's name."""
DAY, NEXT = date(2024, 1, 2), date(2024, 1, 3)
UNITS, OUTSIDE, CASH = 60_000, 40_000, 10_000_000_00
"""Tonnes of CEA22 that each has on the trading side and on the registration side; fen."""
TRADING, MONEY = AccountKind.TRADING, AccountKind.CASH


@contextmanager
def figures() -> Iterator[None]:
    """The market's operator has given its figures."""
    with packs.searching(FIGURES):
        yield


class Trading:
    """The small register with a market: `a`, `b`, `c` are the participants 1, 2, 3, each with a trader."""

    def __init__(self, url: str):
        self.market = Market(url)
        self._link()
        with figures():
            self._found()

    def _link(self) -> None:
        self.book, self.clock = self.market.book, self.market.clock
        self.a, self.b, self.c = self.market.plant_a, self.market.plant_b, self.market.stranger
        self.traders = {self.a: "plant-a-trader-1", self.b: "plant-b-trader-1", self.c: "stranger-trader-1"}

    def moved_to(self, url: str) -> Self:
        """The same on a copy of its database."""
        trading = copy(self)
        trading.market = self.market.moved_to(url)
        trading._link()
        return trading

    def close(self) -> None:
        self.market.close()

    # -- asking --------------------------------------------------------------------------------------------

    @property
    def exchange(self) -> markets.Market:
        with self.market.database.read() as conn:
            return need(markets.by_name(self.book, conn, CEA))

    def engine(self) -> Engine:
        with self.market.database.read() as conn:
            return self.exchange.catch_up(conn)

    def has(self, handle: str, kind: AccountKind = TRADING, what: str = "CEA22") -> tuple[int, int]:
        """(available, held) in the book."""
        return self.market.has(handle, what, kind)

    def party(self, handle: str) -> int:
        return [self.a, self.b, self.c].index(handle) + 1

    def units(self, handle: str) -> tuple[int, int, int, int]:
        """(free, held, sold, bought today) in the engine."""
        mine = self.engine().arrays.units[1, self.party(handle)]
        return tuple(int(mine[n]) for n in (FREE, HELD, SOLD, BOUGHT))  # type: ignore[return-value]

    def cash(self, handle: str) -> tuple[int, int, int]:
        """(free, held, own) in the engine."""
        mine = self.engine().arrays.cash[self.party(handle)]
        return tuple(int(mine[n]) for n in (FREE, HELD, OWN))  # type: ignore[return-value]

    def claimed(self, handle: str, kind: AccountKind = TRADING, what: str = "CEA22") -> int:
        """What the book holds for the newest session in a cell."""
        with self.market.database.read() as conn:
            account = need(parties.account(conn, self.market.account(handle, kind)))
            instrument = need(registry.instrument(conn, what)).number
            stakes = sessions.stakes(conn, account, instrument)
            return sum(sessions.held(conn, stake) for stake in stakes)

    def tails(self) -> tuple[Any, Any]:
        """The newest entries of both logs."""
        with self.market.database.read() as conn:
            return tuple(store.tail(conn, log) for log in (self.book.log, self.exchange.log))  # type: ignore[return-value]

    def check(self) -> None:
        """What the book holds for an open session is what the engine has, cell by cell."""
        for handle in (self.a, self.b, self.c):
            free, held, sold, _ = self.units(handle)
            assert self.claimed(handle) == free + held + sold, handle
            _, _, own = self.cash(handle)
            assert self.claimed(handle, MONEY, "CNY") == own + self.spent(handle), handle

    def spent(self, handle: str) -> int:
        """Fen that its purchases of the day cost, fees and all."""
        who, total = self.party(handle), 0
        with self.market.database.read() as conn:
            newest = store.tail(conn, self.exchange.log)
            assert newest
            for entry in store.read(conn, self.exchange.log, after=self.opened - 1):
                records = decode(entry.records)
                mine = records[records["party"] == who]
                for one in mine[mine["op"] == Op.TRADE]:
                    total += int(one["quantity"]) * int(one["price"])
                for one in mine[(mine["op"] == Op.FEE) & (mine["side"] == Side.BUY)]:
                    total += int(one["quantity"]) + int(one["price"])
        return total

    def findings(self) -> list[Finding]:
        """What the second opinion has against the register's log."""
        judge, found = Judge(), list[Finding]()
        with self.market.database.read() as conn:
            for chunk in rows.chunks(conn, self.book.log, -1):
                for stored in chunk:
                    found += judge.look_at(stored)
        return found

    # -- doing ---------------------------------------------------------------------------------------------

    def ctx(self, actor: str, **more: Any) -> Context:
        return self.market.ctx(actor, **more)

    def done(self, outcome: Outcome) -> Answer:
        return self.market.accepted(outcome)

    def orders(self, handle: str, asked: Asked) -> Outcome:
        """An order of a participant's, by its trader."""
        return orders.submit(orders.at(self.ctx(self.traders[handle]), self.exchange), asked)

    def sell(self, handle: str, tonnes: int, price: int = 8000) -> Mapping[str, Any]:
        """An offer that waits."""
        return self.done(self.orders(handle, Offer("CEA22", "sell", tonnes, price))).data

    def buy(self, handle: str, tonnes: int, price: int = 8000) -> Mapping[str, Any]:
        """Take what is offered."""
        return self.done(self.orders(handle, Take("CEA22", "buy", tonnes, price))).data

    def opens(self, day: date, **more: Any) -> Outcome:
        return open_day(self.ctx(EXCHANGE, **more), OpenDay(CEA, day))

    def closes(self, day: date = DAY) -> Outcome:
        return close_day(self.ctx(EXCHANGE), CloseDay(CEA, day))

    def settles(self, day: date = DAY, limit: int = 200) -> Outcome:
        return delivery.settle(self.ctx(EXCHANGE), Settle(CEA, day, limit))

    def delivers(self, day: date = DAY) -> list[str]:
        """Settle all of a day, to the end of every chain. Returns the transactions."""
        done: list[str] = []
        left = 1
        while left:
            told = self.done(self.settles(day))
            left = told["left"]
            for person in ("registry-checker-1", "registry-checker-2"):
                many = DecideMany(tuple(told["proposed"]))
                self.done(approve_many(self.ctx(person), many))
            done += told["proposed"]
        return done

    def moves(self, handle: str, tonnes: int, *, into: bool) -> Outcome:
        """A holder moves units to its trading account, or out of it."""
        sides = [self.market.account(handle), self.market.account(handle, TRADING)]
        return self.market.propose(
            self.maker(handle), "position-transfer", ("CEA22", tonnes, *(sides if into else sides[::-1]))
        )

    def pays_in(self, handle: str, fen: int) -> str:
        line = ("CNY", fen, "", self.market.account(handle, MONEY))
        return self.market.done("bank-maker-1", "cash-deposit", line, by=("registry-checker-1",))

    def pays_out(self, handle: str, fen: int) -> Outcome:
        line = ("CNY", fen, self.market.account(handle, MONEY))
        return self.market.propose(self.maker(handle), "cash-withdrawal", line)

    def maker(self, handle: str) -> str:
        return self.traders[handle].replace("trader", "maker")

    @contextmanager
    def nothing_written(self) -> Iterator[None]:
        """Neither log, nor any table, nor the engine changes."""
        state = self.engine().state_hash()
        with self.market.nothing_written():
            yield
        assert self.engine().state_hash() == state

    def refuses(self, code: str, outcome: Any) -> Refusal:
        """outcome: what to call. It is refused with this code, and nothing is written."""
        with self.nothing_written():
            refused = outcome()
        assert isinstance(refused, Refusal), refused
        assert refused.code == code, refused
        assert refused.sentence("zh") and refused.sentence("en")
        return refused

    # -- founding ------------------------------------------------------------------------------------------

    def _found(self) -> None:
        market = self.market
        self.done(found_market(self.ctx(EXCHANGE), FoundMarket(CEA, "cn.cea")))
        for handle, province in ((self.a, "hubei"), (self.b, "hubei"), (self.c, "henan")):
            trader = self.traders[handle]
            body = Appoint(handle, NewPerson(trader, ("trader",)))
            self.done(appoint(self.ctx("registry-maker-1"), body))
            market.give(handle, UNITS + OUTSIDE, province=province)
            self.done(self.moves(handle, UNITS, into=True))
            self.pays_in(handle, CASH)
            self.done(admit(self.ctx(EXCHANGE), Admit(CEA, handle, (trader,))))
        self.done(list_instrument(self.ctx(EXCHANGE), ListInstrument(CEA, "CEA22")))
        self.clock.set_day(DAY, time(9, 5))
        opened = self.done(self.opens(DAY))
        self.opened, self.opened_at = opened["seq"], opened.seq
        self.clock.set_day(DAY, time(10))
