"""The book beside other ledgers, and the order book beside other matching engines, in one run: `make
bench-peers`, or `python -m benchmarks.peers [--write] [--only ledgers|matchers]`.

Seeded transfers among the same number of accounts go to each, 1, 100 and 1,000 at a time, in turns. What each
ledger says its accounts have at the end is held against the transfers that were sent. See ledgers.py for what
each does with a transfer, and order_book.py for the matching engines.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks import order_book
from benchmarks.__main__ import DOCUMENT, machine, rounded
from benchmarks.common import SEED, open_log, postgresql, scratch, seconds
from benchmarks.ledgers import (
    ACCOUNTS,
    DjangoLedger,
    Hordak,
    Ledger,
    Move,
    Tanshu,
    TigerBeetle,
    Vaulteq,
    opened,
    set_up_django,
)
from tanshu.book.commit import Book

PLACES = {
    "ledgers": ("<!-- peers: begin -->", "<!-- peers: end -->"),
    "matchers": ("<!-- matchers: begin -->", "<!-- matchers: end -->"),
}
"""Where the tables stand in the document."""
BATCHES = {1: 30, 100: 3, 1_000: 1}
"""Batch size → how many of them per turn."""
TURNS = 5
OURS = ("Tanshu's book on SQLite", "Tanshu's book on PostgreSQL")


class Row(NamedTuple):
    """rate: transfers per second, median. times: how many times that our two books reach, median ratios."""

    ledger: str
    batch: int
    rate: float
    times: tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT.name}")
    parser.add_argument("--only", choices=PLACES, help="one of the two comparisons")
    wants = parser.parse_args()
    for name, compare in (("ledgers", compare_ledgers), ("matchers", compare_matchers)):
        if wants.only in (None, name):
            text = compare()
            print(text, end="\n\n", flush=True)
            if wants.write:
                _write(text, *PLACES[name])


def compare_ledgers() -> str:
    with scratch() as folder, postgresql() as server:
        ledgers = [opened(make, name) for name, make in _makers(folder, server).items()]
        there = [one for one in ledgers if isinstance(one, Ledger)]
        rows = measure(there)
        for ledger in there:
            ledger.close()
    return as_markdown(rows, there, [one for one in ledgers if isinstance(one, str)])


def compare_matchers() -> str:
    with scratch() as folder:
        return f"{machine()}. {order_book.as_markdown(order_book.measure(folder))}"


def _write(text: str, begin: str, end: str) -> None:
    before, _, rest = DOCUMENT.read_text().partition(begin)
    _, _, after = rest.partition(end)
    DOCUMENT.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def _makers(folder: Path, server: str):
    set_up_django(server)
    return {
        OURS[0]: lambda: Tanshu(OURS[0], Book(open_log(f"sqlite:///{folder}/peers.db"))),
        OURS[1]: lambda: Tanshu(OURS[1], Book(open_log(server))),
        "TigerBeetle": lambda: TigerBeetle(folder),
        "vaulteq": lambda: Vaulteq(folder),
        "django-hordak": Hordak,
        "django-ledger": DjangoLedger,
    }


def measure(ledgers: list[Ledger]) -> list[Row]:
    """Every ledger once per turn and batch size; then its balances are checked."""
    sent = {ledger.name: Counter[int]() for ledger in ledgers}
    rows: list[Row] = []
    for batch, count in BATCHES.items():
        rates: dict[str, list[float]] = {ledger.name: [] for ledger in ledgers}
        moves = _moves(batch)
        for ledger in ledgers:  # not counted: connections open, statements get prepared
            _send(ledger, [next(moves)], sent)
        for _ in range(TURNS):
            for ledger in ledgers:
                work = [next(moves) for _ in range(count * (10 if ledger.quick else 1))]
                taken = seconds(lambda ledger=ledger, work=work: _send(ledger, work, sent))
                rates[ledger.name].append(batch * len(work) / taken)
        for ledger in ledgers:
            theirs = rates[ledger.name]
            times = tuple(
                statistics.median(a / b for a, b in zip(rates[ours], theirs, strict=True)) for ours in OURS
            )
            rows.append(Row(ledger.name, batch, statistics.median(theirs), (times[0], times[1])))
    for ledger in ledgers:
        found = {account: amount for account, amount in ledger.net().items() if amount}
        assert found == {n: amount for n, amount in sent[ledger.name].items() if amount}, ledger.name
    return rows


def _send(ledger: Ledger, batches: list[list[Move]], sent: dict[str, Counter[int]]) -> None:
    for moves in batches:
        ledger.post(moves)
        for move in moves:
            sent[ledger.name][move.giver] -= move.amount
            sent[ledger.name][move.taker] += move.amount


def _moves(batch: int) -> Iterator[list[Move]]:
    dice = random.Random(SEED + batch)
    while True:
        pairs = [dice.sample(range(ACCOUNTS), 2) for _ in range(batch)]
        yield [Move(giver, taker, dice.randint(1, 100)) for giver, taker in pairs]


def as_markdown(rows: list[Row], ledgers: list[Ledger], missing: list[str]) -> str:
    lines = [
        f"{machine()}. Every ledger's balances at the end were those of the transfers it was sent.",
        "",
        "| ledger | transfers at a time | transfers/s | our SQLite ÷ it | our PostgreSQL ÷ it |",
        "|---|---:|---:|---:|---:|",
    ]
    for ledger in ledgers:
        for row in (one for one in rows if one.ledger == ledger.name):
            sqlite, postgres = (f"{times:.3g}" for times in row.times)
            lines.append(f"| {row.ledger} | {row.batch:,} | {rounded(row.rate)} | {sqlite} | {postgres} |")
    lines += [f"| TigerBeetle | | | {why} | |" for why in missing]
    lines += ["", "What each does for it, all of them with `fsync` on:", ""]
    lines += [f"* **{ledger.name}**: {ledger.does}." for ledger in ledgers]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
