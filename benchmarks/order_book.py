"""The order book beside other matching engines: same orders, same trades, CPU time; see `make bench-peers`.

200,000 operations from a seed: 139,934 limit orders of 1 to 100, on 200 prices, reaching up to 20 ticks over
the middle, and 60,066 cancels of orders that rest. Every engine's trades (price, quantity, who met whom) are
held against those of a list that is searched and sorted in the plainest way. What is wrong, hangs, or cannot
be installed is named.

The others match, and that is all. Ours is run as a market runs it: 500 records at a time, each order checked
(operator, participant, band, tick, lot, size, worth, cash with fees or units, holding limit), what it needs
held, cash and units moved, fees counted, self-trades prevented, and every step told in a record.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from bisect import bisect_left, insort
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.matchers import BUY, CANCEL, LIMIT, MATCHERS, SELL, Step, Trades
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.order_book import OrderBookDesk
from tanshu.exchange.engine.records import Mode, Op, Phase, Records, encode, outputs, row
from tanshu.exchange.engine.terms import SelfTrade, Term

LIMITS, CANCELS = 139_934, 60_066
MIDDLE, REACH, DEPTH = 10_000, 20, 100
BATCH = 500
PARTIES = 1_000
TURNS = 5
SECONDS_MAX = 120
"""An engine that has not come back by then hangs."""
OURS = "Tanshu"
TERMS = {
    Term.TICK: 1,
    Term.LOT: 1,
    Term.QUANTITY_MAX: 99_999,
    Term.PRICE_LOW: MIDDLE - 1_000,
    Term.PRICE_HIGH: MIDDLE + 1_000,
    Term.AMOUNT_MAX: 10**12,
    Term.FEE_BUY_TRADING: 300,
    Term.FEE_SELL_TRADING: 300,
    Term.SELF_TRADE: SelfTrade.CANCEL_RESTING,
    Term.SETTLE_DAYS: 1,
}


class Row(NamedTuple):
    """rate: operations per CPU second, median; times: ours over it, median of the turns' ratios."""

    engine: str
    rate: float
    times: float
    trades: str

    @property
    def right(self) -> bool:
        return self.trades == "right"


# -- the stream, and what it must come to ------------------------------------------------------------------


def stream(seed: int = 1, limits: int = LIMITS, cancels: int = CANCELS) -> tuple[list[Step], Trades]:
    """The operations, and their trades: sides as sorted lists, best price first, then oldest."""
    dice = random.Random(seed)
    steps: list[Step] = []
    trades: Trades = []
    sides: tuple[list[Any], list[Any]] = ([], [])
    live: list[list[int]] = []
    number = 0
    while limits or cancels:
        if dice.randrange(limits + cancels) >= limits and (sides[BUY] or sides[SELL]):
            order = _any(live, dice)
            steps.append(Step(CANCEL, *order))
            side = sides[order[1]]
            del side[bisect_left(side, (_rank(order), order[0]))]
            order[3] = 0
            cancels -= 1
            continue
        number, limits, side = number + 1, limits - 1, dice.randrange(2)
        away = dice.randint(-REACH, DEPTH - 1)
        price = MIDDLE - away if side == BUY else MIDDLE + away
        order = [number, side, price, dice.randint(1, 100)]
        steps.append(Step(LIMIT, *order))
        _trade(order, sides[1 - side], trades)
        if order[3]:
            insort(sides[side], (_rank(order), number, order))
            live.append(order)
    return steps, trades


def _any(live: list[list[int]], dice: random.Random) -> list[int]:
    """One of the orders that rest; those that do not any more are forgotten on the way."""
    while True:
        at = dice.randrange(len(live))
        live[at], live[-1] = live[-1], live[at]
        order = live.pop()
        if order[3]:
            return order


def _rank(order: list[int]) -> int:
    return -order[2] if order[1] == BUY else order[2]


def _trade(order: list[int], others: list[Any], trades: Trades) -> None:
    while order[3] and others:
        resting = others[0][2]
        if (resting[2] > order[2]) if order[1] == BUY else (resting[2] < order[2]):
            return
        quantity = min(order[3], resting[3])
        trades.append((resting[2], quantity, order[0], resting[0]))
        order[3] -= quantity
        resting[3] -= quantity
        if not resting[3]:
            others.pop(0)


# -- ours --------------------------------------------------------------------------------------------------


def run(steps: list[Step], listen: bool) -> tuple[float, Trades]:
    """CPU seconds of a second day on one market, and the trades of that day."""
    batches = as_records(steps)
    engine = opened()
    _day(engine, batches, 1)
    said: list[Records] = []
    taken = _day(engine, batches, 2, said if listen else None)
    told = [outputs(one) for one in said]
    trades = np.concatenate(told) if told else encode([])
    trades = trades[trades["op"] == Op.TRADE]
    pairs = np.stack([trades["order"], trades["other"]]).astype(np.int64)
    columns = (trades["price"], trades["quantity"], pairs.max(0), pairs.min(0)) if len(trades) else ()
    return taken, list(zip(*(column.tolist() for column in columns), strict=True))


def _day(engine: Engine, batches: list[Records], day: int, said: list[Records] | None = None) -> float:
    assert not engine.apply(morning(day)).codes.any()
    taken, refused = 0.0, 0
    started = time.process_time()
    for batch in batches:
        applied = engine.apply(batch)
        refused += int(np.count_nonzero(applied.codes))
        if said is not None:
            said.append(applied.outputs)
    taken = time.process_time() - started
    assert refused == 0, "every order is sound, and every cancel finds its order"
    assert not engine.apply(encode([row(Op.CLOSE_DAY)])).codes.any()
    return taken


def opened() -> Engine:
    """A market with its participants and one product; no day yet."""
    engine = Engine()
    desk = engine.desks[Mode.ORDER_BOOK]
    assert isinstance(desk, OrderBookDesk)
    desk.compiled = True
    everyone = range(1, PARTIES + 1)
    rows = [row(Op.PARTY, party=n) for n in everyone] + [row(Op.OPERATOR, party=n, other=n) for n in everyone]
    rows.append(row(Op.INSTRUMENT, instrument=1, quantity=2024, price=MIDDLE))
    assert not engine.apply(encode(rows)).codes.any()
    return engine


def morning(day: int) -> Records:
    """A day opens: terms, what everybody brings and may hold, trading begins."""
    rows = [row(Op.DAY, quantity=20_240_100 + day)]
    rows += [row(Op.TERM, mode=Mode.ORDER_BOOK, kind=term, quantity=value) for term, value in TERMS.items()]
    for n in range(1, PARTIES + 1):
        rows.append(row(Op.HOLDING, party=n, price=10**10))
        rows.append(row(Op.UNITS_IN, instrument=1, party=n, quantity=10**8))
        rows.append(row(Op.CASH_IN, party=n, quantity=10**14))
    rows.append(row(Op.PHASE, mode=Mode.ORDER_BOOK, kind=Phase.OPEN))
    return encode(rows)


def as_records(steps: list[Step], size: int = BATCH) -> list[Records]:
    """Buyers and sellers are different participants: the others know none, and would trade."""
    dice = random.Random(7)
    who: dict[int, int] = {}
    rows = []
    for op, number, side, price, quantity in steps:
        if op == LIMIT:
            who[number] = 2 * dice.randint(1, PARTIES // 2) - side
        party = who[number]
        if op == CANCEL:
            rows.append(row(Op.CANCEL, party=party, other=party, order=number))
        else:
            rows.append(
                row(
                    Op.ORDER, mode=Mode.ORDER_BOOK, side=side, instrument=1, party=party, other=party,
                    quantity=quantity, price=price,
                )
            )  # fmt: skip
    records = encode(rows)
    return [records[at : at + size] for at in range(0, len(records), size)]


# -- all of them -------------------------------------------------------------------------------------------


def measure(folder: Path) -> list[Row]:
    """Every engine once a turn, each in a process of its own; the fastest first."""
    steps, should = stream()
    np.save(folder / "stream.npy", np.array(steps, np.int64))
    run(steps[:BATCH], listen=False)  # compiled once, and kept for the processes to come
    rates: dict[str, list[float]] = {name: [] for name in MATCHERS}
    faults: dict[str, str] = {}
    for _ in range(TURNS):
        for name in MATCHERS:
            if name not in faults:
                found = _run(name, folder, should)
                if isinstance(found, str):
                    faults[name] = found
                else:
                    rates[name].append(len(steps) / found)
            elif rates[name]:
                rates[name].append(len(steps) / float(_run(name, folder, None)))
    ours = rates[OURS]
    rows = []
    for name, mine in rates.items():
        trades = faults.get(name, "right")
        rate = statistics.median(mine) if mine else 0.0
        times = statistics.median(a / b for a, b in zip(ours, mine, strict=False)) if mine else 0.0
        rows.append(Row(name, rate, times, trades))
    return sorted(rows, key=lambda one: (not one.right, -one.rate))


def _run(name: str, folder: Path, should: Trades | None) -> float | str:
    """CPU seconds, or what is wrong."""
    command = [sys.executable, "-m", "benchmarks.matchers", name, str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        return f"hangs: no answer in {SECONDS_MAX} s"
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
        return f"fails: {last[:100]}"
    if should is not None:
        wrong = _difference([tuple(one) for one in np.load(folder / f"{name}.npy").tolist()], should)
        if wrong:
            return wrong
    return float(done.stdout.split()[-1])


def _difference(found: list[Any], should: Trades) -> str:
    """The first trade that is another than it should be, "" where none is."""
    for n, (mine, right) in enumerate(zip(found, should, strict=False), 1):
        if mine != right:
            words = ("{1} at {0}, order {2} meets {3}".format(*one) for one in (mine, right))
            return "**wrong**: trade {} is {}; should be {}".format(n, *words)
    return "" if len(found) == len(should) else f"**wrong**: {len(found)} trades; should be {len(should)}"


def as_markdown(rows: list[Row]) -> str:
    lines = [
        f"{LIMITS + CANCELS:,} operations, {BATCH} at a time into ours, with checks before a trade, holds, "
        "fees and self-trade prevention; one by one into the others, which take no more and only match.",
        "",
        "| matching engine | operations per CPU second | ours ÷ it | its trades |",
        "|---|---:|---:|---|",
    ]
    for one in rows:
        rate = f"{float(f'{one.rate:.3g}'):,.0f}" if one.rate else ""
        times = f"{one.times:.3g}" if one.rate and one.engine != OURS else ""
        lines.append(f"| {one.engine} | {rate} | {times} | {one.trades} |")
    return "\n".join(lines)


def main() -> None:
    from benchmarks.common import scratch

    with scratch() as folder:
        print(as_markdown(measure(folder)))


if __name__ == "__main__":
    main()
