"""A closed market day of any size: trades between thousands of participants, through the real engine.

For tests of clearing and for the benchmark of a million trades. Everything is a command of the house: the
participants are enrolled and stocked in batches, each is admitted with a trader, the day is opened, orders
come in batches to the order book of the simulated market, and the day is closed.

Sellers come in groups and spread their orders over some prices; buyers after them take what stands there, so
that everybody trades with many. Orders are of all sizes: most are filled by several trades. One participant
in some has hardly any money: it buys with what it sold that day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from tanshu import app
from tanshu.base.canonical import digest
from tanshu.base.clock import shanghai_ns
from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Answer, Context
from tanshu.book.writer import Request
from tanshu.exchange import market as markets
from tanshu.exchange import service
from tanshu.exchange.bridge.days import close_day, open_day
from tanshu.exchange.bridge.founding import admit, found_market, list_instrument
from tanshu.exchange.bridge.model import Admit, CloseDay, FoundMarket, ListInstrument, OpenDay
from tanshu.exchange.model import Batch, Order
from tanshu.parties import queries as parties
from tanshu.parties.bulk import Enrol, enrol
from tanshu.parties.model import Appoint, NewPerson, OpenAccount, Register
from tanshu.parties.service import appoint, open_account, register
from tanshu.registry.bulk import Record, RecordLine, record
from tanshu.registry.model import DefineInstrument
from tanshu.registry.service import define_instrument
from tests.support.crowd import batches_allowed, region, uscc

EVE, DAY = date(2024, 11, 8), date(2024, 11, 11)
"""The register is stocked on the one, and trades on the other, the next working day."""
MARKET, PACK, UNITS, MONEY = "sim", "sim.clob", "SIM", "CNY"
BULK = ("issuance", "final-allocation", "position-transfer", "cash-deposit")
KINDS = ("registration", "trading", "cash")
LEVELS = 20
"""Prices, a fen apart, over which sellers spread their orders."""
GROUP = 20
"""So many sellers, then so many buyers."""
SIZE_MOST, PRICE = 20, 10_000
"""Tonnes of the largest order; fen per tonne of the cheapest."""
POOR_EVERY = 50
ENROLLED_AT_ONCE, COMMANDS_AT_ONCE = 2_000, 500


@dataclass(frozen=True, slots=True)
class Made:
    """What came of the day: what its clearing is measured by."""

    participants: int
    orders: int
    refused: int
    trades: int
    tonnes: int


def make(url: str, folder: Path, participants: int, orders: int, seed: int = 7) -> Made:
    """A register at `url` with one closed day of about as many trades as orders were given.

    folder: for a rule pack of its own while the register is stocked.
    """
    floor = Floor(url, participants, seed)
    each = -(-orders // (2 * participants))
    with batches_allowed(folder, BULK):
        floor.found(most=each * SIZE_MOST)
    made = floor.trade(orders)
    floor.close()
    return made


class Floor:
    """The market, and everybody in it."""

    def __init__(self, url: str, participants: int, seed: int = 7):
        self.participants = participants
        self._chance = np.random.default_rng(seed)
        self._drawn = count()
        self._now = shanghai_ns(EVE, time(8))
        self.installation = app.found(url, name="floor", clock=self._clock)
        self.book, self.database = self.installation.book, self.installation.database

    def ctx(self, actor: str) -> Context:
        key = digest(b"floor %d" % next(self._drawn))[:16]
        return Context(self.book, actor, key, clock=self._clock)

    def close(self) -> None:
        self.installation.close()

    # -- the register --------------------------------------------------------------------------------------

    def found(self, most: int) -> None:
        """Everybody is enrolled, stocked and admitted. most: tonnes that one of them may come to trade."""
        for code, kind in ((MONEY, "cash"), (UNITS, "allowance")):
            self._send(
                define_instrument, DefineInstrument(code, kind, code, code, scale=2 * (kind == "cash"))
            )
        self._institution("authority", "province", ("provincial",), region="990000")
        self._institution("bank", "bank", ("bank",))
        self._institution("exchange", "exchange", ("fees",))
        for kind in ("fees", "pool"):
            self._send(open_account, OpenAccount("registry", kind))
        for some in _in_parts(range(self.participants), ENROLLED_AT_ONCE):
            self._send(enrol, Enrol(tuple(map(_participant, some))))
        self._stock(most)
        self._send(found_market, FoundMarket(MARKET, PACK), "exchange-maker-1")
        self._send(list_instrument, ListInstrument(MARKET, UNITS), "exchange-maker-1")
        people = [Appoint(uscc(n), NewPerson(trader(n), ("trader",))) for n in range(self.participants)]
        self._send_all(appoint, "parties.appoint", people, "registry-maker-1")
        asked = [Admit(MARKET, uscc(n), (trader(n),)) for n in range(self.participants)]
        self._send_all(admit, "exchange.admit", asked, "exchange-maker-1")

    def _institution(self, kind: str, handle: str, accounts: tuple[str, ...], **more: Any) -> None:
        people = tuple(NewPerson(f"{handle}-{right}-1", (right,)) for right in ("maker", "checker"))
        self._send(register, Register(kind, handle, handle, accounts=accounts, people=people, **more))

    def _stock(self, most: int) -> None:
        """Units into the trading accounts, money into the cash accounts: twice what anybody can need."""
        with self.database.read() as conn:
            codes = {
                (handle, str(kind)): code for (handle, kind), code in parties.account_codes(conn).items()
            }
        of, tonnes = codes.__getitem__, 2 * most
        own, everybody = of(("province", "provincial")), range(self.participants)
        issued = RecordLine(of(("registry", "issuance")), own, UNITS, tonnes * self.participants)
        self._record("issuance", [issued])
        given = [RecordLine(own, of((uscc(n), "registration")), UNITS, tonnes) for n in everybody]
        self._record("final-allocation", given)
        moved = [
            RecordLine(of((uscc(n), "registration")), of((uscc(n), "trading")), UNITS, tonnes)
            for n in everybody
        ]
        self._record("position-transfer", moved)
        bank, enough = of(("bank", "bank")), 3 * most * PRICE
        paid = [
            RecordLine(bank, of((uscc(n), "cash")), MONEY, enough // 100 if n % POOR_EVERY == 0 else enough)
            for n in everybody
        ]
        self._record("cash-deposit", paid)

    def _record(self, kind: str, lines: Sequence[RecordLine]) -> None:
        for some in _in_parts(lines, 10_000):
            self._send(record, Record(kind, tuple(some)))

    # -- the day -------------------------------------------------------------------------------------------

    def trade(self, orders: int) -> Made:
        """Open the day, let everybody sell and buy, close it."""
        self._now = shanghai_ns(DAY, time(9))
        self._send(open_day, OpenDay(MARKET, DAY), "exchange-maker-1")
        self._now = shanghai_ns(DAY, time(10))
        with self.database.read() as conn:
            market = need(markets.by_name(self.book, conn, MARKET))
        refused = trades = tonnes = 0
        for who, side, each in self._turns(orders):
            ctx = service.at(self.ctx(trader(who)), market)
            answer = service.submit_many(ctx, Batch(tuple(self._orders(side, each))))
            if isinstance(answer, Refusal):  # of a single order
                refused += 1
                continue
            refused += sum(code != 0 for code in answer["codes"])
            trades += answer["trades"]
            tonnes += answer["traded_t"]
        self._now = shanghai_ns(DAY, time(15, 30))
        self._send(close_day, CloseDay(MARKET, DAY), "exchange-maker-1")
        return Made(self.participants, orders, refused, trades, tonnes)

    def _turns(self, orders: int) -> Iterator[tuple[int, str, int]]:
        """Who comes next, on which side, with how many orders: each once on either side."""
        each = np.full(2 * self.participants, orders // (2 * self.participants))
        each[: orders % (2 * self.participants)] += 1
        many = iter(each[each > 0].tolist())
        sellers, buyers = (self._chance.permutation(self.participants).tolist() for _ in range(2))
        for start in range(0, self.participants, GROUP):
            for side, people in (("sell", sellers), ("buy", buyers)):
                for who in people[start : start + GROUP]:
                    yield who, side, next(many)

    def _orders(self, side: str, many: int) -> Iterator[Order]:
        sizes = self._chance.integers(1, SIZE_MOST + 1, many).tolist()
        levels = self._chance.integers(0, LEVELS, many).tolist() if side == "sell" else [LEVELS] * many
        for size, level in zip(sizes, levels, strict=True):
            yield Order(UNITS, side, size, PRICE + level)

    # -- sending -------------------------------------------------------------------------------------------

    def _clock(self) -> int:
        self._now += 1_000
        return self._now

    def _send(self, verb: Any, body: object, actor: str = "registry-maker-1") -> Answer:
        return need(verb(self.ctx(actor), body))

    def _send_all(self, verb: Any, name: str, bodies: Sequence[object], actor: str) -> None:
        """Many commands of one kind, some hundred made durable together: each is an entry of its own."""
        for some in _in_parts(bodies, COMMANDS_AT_ONCE):
            asked = [Request(self.ctx(actor), name, body, verb.decide) for body in some]
            for outcome in self.book.commit(asked):
                assert not isinstance(outcome, Refusal), outcome


def trader(n: int) -> str:
    """The person who gives a participant's orders."""
    return f"trader-{n}"


def _participant(n: int) -> Register:
    return Register(
        "enterprise",
        f"participant {n}",
        uscc=uscc(n),
        region=region(n),
        fictional=True,
        accounts=KINDS,
    )


def _in_parts(all_of_them: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(all_of_them), size):
        yield all_of_them[start : start + size]
