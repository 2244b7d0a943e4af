"""Orders of a market made durable: one at a time and in batches, through the whole service verb.

Each is looked up by name, checked (band, tick, size, worth, cash with fees, units, holding limit), matched,
appended and committed before it is answered.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator
from datetime import date, time
from itertools import count
from pathlib import Path

from benchmarks import raw
from benchmarks.common import Figure, in_turns, ratio, seconds
from benchmarks.verbs import fresh_postgresql
from tanshu import app
from tanshu.base.canonical import digest
from tanshu.base.clock import shanghai_ns
from tanshu.base.refusal import need
from tanshu.book.commit import Context
from tanshu.exchange import market as markets
from tanshu.exchange import service
from tanshu.exchange.bridge.days import open_day
from tanshu.exchange.bridge.founding import admit, found_market, list_instrument
from tanshu.exchange.bridge.model import Admit, FoundMarket, ListInstrument, OpenDay
from tanshu.exchange.model import Batch, Order
from tanshu.parties.model import NewPerson, Register
from tanshu.parties.service import register
from tanshu.registry.model import Decide, DefineInstrument, Propose, ProposedLine
from tanshu.registry.service import approve, define_instrument, propose

DAY = date(2024, 11, 11)
FIRMS = 2
STOCK, CASH = 4_000_000, 90_000_000_000_00
SINGLES = 200
RUNS = 5
SIZES = {500: 40, 5_000: 8}
"""Orders in a batch → batches a run."""
SYNC = "fdatasync"


class Bench:
    """A simulated order-book market whose day is open, with one trader who gives all the orders it can."""

    def __init__(self, url: str):
        self._n = count(1)
        self._now = shanghai_ns(DAY, time(9))
        self.running = app.found(url, clock=self._clock)
        self._found()
        with self.running.database.read() as conn:
            self.market = need(markets.by_name(self.running.book, conn, "sim"))
        self._now = shanghai_ns(DAY, time(10))
        self._chance = random.Random(7)

    def _clock(self) -> int:
        self._now += 1_000
        return self._now

    def ctx(self, actor: str) -> Context:
        return self.running.context(actor, digest(b"%d" % next(self._n))[:16], clock=self._clock)

    def order(self) -> Order:
        """One order about the last close: some cross, some rest."""
        side, price = self._chance.choice(("buy", "sell")), 10_000 + self._chance.randrange(-20, 21)
        return Order("SIM", side, self._chance.randrange(1, 20), price)

    def one(self) -> None:
        """One durable order, to its answer."""
        ctx = service.at(self.ctx(f"firm-{self._chance.randrange(FIRMS)}-trader-1"), self.market)
        need(service.submit(ctx, self.order()))

    def many(self, size: int) -> None:
        """One durable batch."""
        asked = tuple(self.order() for _ in range(size))
        ctx = service.at(self.ctx(f"firm-{self._chance.randrange(FIRMS)}-trader-1"), self.market)
        need(service.submit_many(ctx, Batch(asked)))

    # -- founding ------------------------------------------------------------------------------------------

    def _found(self) -> None:
        clerk = "registry-maker-1"
        need(define_instrument(self.ctx(clerk), DefineInstrument("CNY", "cash", "CNY", "CNY", scale=2)))
        need(define_instrument(self.ctx(clerk), DefineInstrument("SIM", "allowance", "SIM", "SIM")))
        province = self._register("authority", "province", ("provincial",))
        bank = self._register("bank", "bank", ("bank",))
        self._register("exchange", "exchange", ())
        need(found_market(self.ctx("exchange-maker-1"), FoundMarket("sim", "sim.clob")))
        for n, firm in enumerate(self._firms()):
            people = [NewPerson(f"firm-{n}-{right}-1", (right,)) for right in ("maker", "trader")]
            body = Register(
                "enterprise", f"firm {n}", uscc=firm, region="990100", fictional=True,
                accounts=("registration", "trading", "cash"), people=tuple(people),
            )  # fmt: skip
            theirs = need(register(self.ctx(clerk), body))["accounts"]
            self._move("registry", "issuance", ProposedLine("SIM", STOCK, "", province["provincial"]))
            line = ProposedLine("SIM", STOCK, province["provincial"], theirs["registration"])
            self._move("province", "administrative-adjustment", line, "province-checker-1")
            line = ProposedLine("SIM", STOCK, theirs["registration"], theirs["trading"])
            need(propose(self.ctx(f"firm-{n}-maker-1"), Propose("position-transfer", (line,))))
            self._move("bank", "cash-deposit", ProposedLine("CNY", CASH, bank["bank"], theirs["cash"]))
            need(admit(self.ctx("exchange-maker-1"), Admit("sim", firm, (f"firm-{n}-trader-1",))))
        need(list_instrument(self.ctx("exchange-maker-1"), ListInstrument("sim", "SIM")))
        need(open_day(self.ctx("exchange-maker-1"), OpenDay("sim", DAY)))

    def _firms(self) -> Iterator[str]:
        yield from ("91999999XN9000019U", "91999999XN0000012E")

    def _register(self, kind: str, handle: str, accounts: tuple[str, ...]) -> dict[str, str]:
        people = tuple(NewPerson(f"{handle}-{right}-1", (right,)) for right in ("maker", "checker"))
        region = "990000" if kind == "authority" else ""
        body = Register(kind, handle, handle, region=region, accounts=accounts, people=people)
        return need(register(self.ctx("registry-maker-1"), body))["accounts"]

    def _move(self, who: str, kind: str, line: ProposedLine, *others: str) -> None:
        id = need(propose(self.ctx(f"{who}-maker-1"), Propose(kind, (line,))))["id"]
        for checker in (*others, "registry-checker-1"):
            need(approve(self.ctx(checker), Decide(id)))


def figures(folder: Path, postgres: str) -> list[Figure]:
    journal = raw.Journal(folder, 2**20)
    found: list[Figure] = []
    places = {"SQLite": f"sqlite:///{folder}/orders.db", "PostgreSQL": fresh_postgresql(postgres, "orders")}
    for place, url in places.items():
        bench = Bench(url)
        found += _singles(place, bench, journal)
        found += _batches(place, bench)
        bench.running.close()
    journal.close()
    return found


def _singles(place: str, bench: Bench, journal: raw.Journal) -> list[Figure]:
    taken: dict[str, list[float]] = {"p50": [], "p99": []}

    def run() -> float:
        each = sorted(seconds(bench.one) * 1_000 for _ in range(SINGLES))
        taken["p99"].append(each[int(0.99 * len(each))])
        return statistics.median(each)

    turns = in_turns({"p50": run, SYNC: lambda: raw.fdatasync_ms(journal)}, RUNS)
    name = f"one order, durable, {place}"
    p99 = statistics.median(taken["p99"])
    against = statistics.median(turns[SYNC])
    return [
        Figure(
            f"{name}, p50", statistics.median(turns["p50"]), "ms", ratio(turns, "p50", SYNC), "one fdatasync"
        ),
        Figure(f"{name}, p99", p99, "ms", p99 / against, "one fdatasync"),
    ]


def _batches(place: str, bench: Bench) -> list[Figure]:
    found = []
    for size, times in SIZES.items():
        rate = _rate(lambda size=size: bench.many(size), size, times)
        found.append(Figure(f"orders, durable, {place}, batch {size:,}", rate, "orders/s"))
    return found


def _rate(work: Callable[[], None], size: int, times: int) -> float:
    work()
    runs = [size * times / seconds(lambda: [work() for _ in range(times)]) for _ in range(RUNS)]
    return statistics.median(runs)
