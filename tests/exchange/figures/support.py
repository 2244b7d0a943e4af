"""Logs of markets made by hand: the engine's ledger moves units and money, a log is sealed of what it says.

No desk decides here who trades with whom, so orders and trades of every mode come in any mixture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from random import Random

import numpy as np

from tanshu.base.canonical import digest
from tanshu.base.clock import NS, shanghai_ns
from tanshu.base.database import Database, metadata
from tanshu.exchange.engine import ledger
from tanshu.exchange.engine.desk import Desk, Told
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import MODES, Gone, Mode, Op, Row, Side, encode, row
from tanshu.exchange.engine.state import O_LEFT, O_STATE, ORDERS, RESTING
from tanshu.exchange.engine.terms import Term
from tanshu.exchange.figures.tables import TABLES
from tanshu.log import store
from tanshu.log.entry import Draft, genesis, seal
from tanshu.log.store import Written

LOG = 100
FIRST = date(2024, 11, 4)
FEES: Mapping[Term, int] = {
    Term.FEE_BUY_TRADING: 300,
    Term.FEE_SELL_TRADING: 150,
    Term.FEE_SELL_SETTLEMENT: 50,
}
Block = tuple[int, Sequence[Row], Sequence[Row]]
"""When, what went in, what came of it."""
Said = tuple[Sequence[Row], bytes, Sequence[Row]]
"""What went in, its codes, what came of it."""


class Hand:
    """A market run by hand. Every step becomes an entry at the time given, `blocks`."""

    def __init__(self, parties: int = 4, references: Sequence[int] = (5000,)):
        self.engine = Engine()
        self.engine.desks = {int(mode): Desk() for mode in MODES}  # they keep nothing in mind
        self.parties = parties
        self.blocks: list[Block] = []
        people = [row(Op.PARTY, party=n) for n in range(1, parties + 1)]
        people += [row(Op.OPERATOR, party=n, other=n) for n in range(1, parties + 1)]
        kinds = enumerate(references, 1)
        listed = [row(Op.INSTRUMENT, instrument=n, quantity=2022 + n, price=fen) for n, fen in kinds]
        self.instruments = range(1, len(references) + 1)
        self._apply(shanghai_ns(FIRST, time(8)), [*people, *listed])

    def open(
        self, day: date, fees: Mapping[Term, int] = FEES, counted: Iterable[Mode] = (Mode.LISTING,)
    ) -> None:
        """Open a day with much to trade with."""
        terms = [row(Op.TERM, mode=mode, kind=Term.IN_CLOSE, quantity=1) for mode in counted]
        for mode in (Mode.LISTING, Mode.BLOCK, Mode.AUCTION, Mode.ORDER_BOOK):
            terms += [row(Op.TERM, mode=mode, kind=kind, quantity=ppm) for kind, ppm in fees.items()]
        means: list[Row] = []
        for n in range(1, self.parties + 1):
            means.append(row(Op.CASH_IN, party=n, quantity=10**16))
            means += [row(Op.UNITS_IN, party=n, instrument=i, quantity=10**12) for i in self.instruments]
        number = day.year * 10_000 + day.month * 100 + day.day
        self._apply(shanghai_ns(day, time(9)), [row(Op.DAY, quantity=number), *terms, *means])

    def enter(
        self, at: int, side: Side, quantity: int, price: int, *, party: int = 1, instrument: int = 1,
        mode: Mode = Mode.LISTING,
    ) -> int:  # fmt: skip
        """An order; returns its number."""
        self._make_room()
        a, told = self.engine.arrays, Told()
        number = ledger.enter(
            a, told.out, told.n, mode, side, 0, instrument, party, party, 0, quantity, price, 0, 7
        )
        self._tell(at, told)
        return int(number)

    def fill(
        self, at: int, buy: int, sell: int, quantity: int, price: int, aggressor: Side = Side.BUY
    ) -> None:
        told = Told()
        ledger.fill(self.engine.arrays, told.out, told.n, buy, sell, quantity, price, aggressor)
        self._tell(at, told)

    def leave(self, at: int, number: int, why: Gone = Gone.CANCELLED) -> None:
        told = Told()
        ledger.leave(self.engine.arrays, told.out, told.n, number, why)
        self._tell(at, told)

    def trade(
        self, at: int, quantity: int, price: int, *, instrument: int = 1, mode: Mode = Mode.LISTING
    ) -> None:
        """Two orders that meet wholly, in one entry."""
        self._make_room()
        a, told = self.engine.arrays, Told()
        rest = (0, instrument)
        sell = ledger.enter(a, told.out, told.n, mode, Side.SELL, *rest, 1, 1, 0, quantity, price, 0, 0)
        buy = ledger.enter(a, told.out, told.n, mode, Side.BUY, *rest, 2, 2, 0, quantity, price, 0, 0)
        ledger.fill(a, told.out, told.n, buy, sell, quantity, price, Side.BUY)
        self._tell(at, told)

    def close(self, at: int) -> None:
        self._apply(at, [row(Op.CLOSE_DAY)])

    def resting(self) -> list[int]:
        orders = self.engine.arrays.orders[: int(self.engine.arrays.day[ORDERS]) + 1]
        return [int(n) for n in np.flatnonzero(orders[:, O_STATE] == RESTING)]

    def _apply(self, at: int, records: Sequence[Row]) -> None:
        done = self.engine.apply(encode(records))
        assert not done.codes.any()
        self.blocks.append((at, records, done.outputs.tolist()))

    def _tell(self, at: int, told: Told) -> None:
        self.blocks.append((at, (), told.since().tolist()))

    def _make_room(self) -> None:
        self.engine._make_room(encode([row(Op.OFFER)] * 2))


def played(
    hand: Hand,
    seed: int,
    day: date,
    steps: int,
    *,
    modes: Sequence[Mode] = (Mode.LISTING,),
    close: bool = True,
) -> None:
    """A day of random orders, trades and cancellations, some seconds apart."""
    chance = Random(seed)
    hand.open(day)
    at = shanghai_ns(day, time(9, 30))
    for _ in range(steps):
        at += chance.randrange(1, 4 * NS)
        mode, instrument = chance.choice(modes), chance.choice(hand.instruments)
        fate = chance.random()
        if fate < 0.5:
            side, quantity = chance.choice((Side.BUY, Side.SELL)), chance.randrange(1, 5_000)
            price, party = chance.randrange(4_800, 5_200), chance.randrange(1, hand.parties + 1)
            hand.enter(at, side, quantity, price, party=party, instrument=instrument, mode=mode)
        elif fate < 0.85:
            _meet(hand, chance, at, mode, instrument)
        elif rest := hand.resting():
            hand.leave(at, chance.choice(rest), chance.choice((Gone.CANCELLED, Gone.FROZEN, Gone.REST)))
    if close:
        hand.close(max(shanghai_ns(day, time(15)), at + 1))


def _meet(hand: Hand, chance: Random, at: int, mode: Mode, instrument: int) -> None:
    """Some buyer and some seller agree, where the buyer's price is not below the seller's."""
    orders = hand.engine.arrays.orders
    mine = [n for n in hand.resting() if (orders[n, 0], orders[n, 3]) == (mode, instrument)]
    buys = [n for n in mine if orders[n, 1] == Side.BUY]
    sells = [n for n in mine if orders[n, 1] == Side.SELL]
    if buys and sells:
        buy, sell = chance.choice(buys), chance.choice(sells)
        if orders[buy, 7] >= orders[sell, 7]:
            most = int(min(orders[buy, O_LEFT], orders[sell, O_LEFT]))
            price = chance.randrange(int(orders[sell, 7]), int(orders[buy, 7]) + 1)
            hand.fill(
                at, buy, sell, chance.randrange(1, most + 1), price, chance.choice((Side.BUY, Side.SELL))
            )


def sealed(blocks: Sequence[Block], per_entry: int = 1, log: int = LOG) -> list[Written]:
    """A log of these steps. Of several in an entry, what went in stands before what came of it."""
    said: list[Said] = []
    for group in grouped(blocks, per_entry):
        went_in = [record for _, inputs, _ in group for record in inputs]
        came_out = [record for _, _, outputs in group for record in outputs]
        said.append((went_in, bytes(len(went_in)), came_out))
    times = [group[0][0] for group in grouped(blocks, per_entry)]
    return chained(said, times, log)


def chained(said: Sequence[Said], times: Sequence[int] | None = None, log: int = LOG) -> list[Written]:
    """A log of (what went in, its codes, what came out), an entry each; a second apart where no times are."""
    times = times or [shanghai_ns(FIRST, time(9)) + n * NS for n in range(len(said))]
    first, facts = genesis("market", times[0] - NS)
    entries, known = [Written(first, facts)], first
    for seq, (went_in, codes, came_out) in enumerate(said, 1):
        time_ns = max(times[seq - 1], known.time_ns + 1)
        key, empty = digest(f"{log} {seq}".encode())[:16], digest(b"")
        records = encode([*went_in, *came_out]).tobytes()
        results = codes + bytes(len(came_out))
        known = seal(
            Draft(time_ns, key, empty, empty, "test", "market.test", records, results), seq, known.hash
        )
        entries.append(Written(known, b""))
    return entries


def resealed(one: Written, results: bytes) -> Written:
    """The same entry with other result codes."""
    e = one.entry
    draft = Draft(
        e.time_ns, e.key, e.body_hash, e.answer_hash, e.actor, e.command, e.records, results, e.rows_hash
    )
    return one._replace(entry=seal(draft, e.seq, e.prev_hash))


def grouped(blocks: Sequence[Block], per_entry: int) -> list[list[Block]]:
    """Neighbours together, but nothing across the opening or the close of a day."""
    groups: list[list[Block]] = []
    for block in blocks:
        alone = bool(block[1])
        if alone or not groups or len(groups[-1]) >= per_entry or groups[-1][0][1]:
            groups.append([])
        groups[-1].append(block)
    return groups


def written(database: Database, blocks: Sequence[Block], per_entry: int = 1, log: int = LOG) -> None:
    """Put a log of these steps on a database (whose tables may be older than this room's)."""
    with database.write() as conn:
        metadata.create_all(conn, tables=TABLES)
        store.append(conn, log, sealed(blocks, per_entry, log))
