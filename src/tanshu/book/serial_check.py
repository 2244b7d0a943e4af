"""Do the serial numbers and the book agree? The amounts of every place, and each number once.

The numbers follow from the log alone, as the state does, by other rules: so each checks the other.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, refusal
from tanshu.book.records import AccountFlag
from tanshu.book.serial_queues import AVAILABLE
from tanshu.book.serial_rows import SERIAL_INSTRUMENT, SERIAL_RANGE
from tanshu.book.state import State

CELL_DIFFERS = refusal(
    "BOOK-1203",
    "账户 {account} 的产品 {instrument}:账簿可用 {available},序列号可用 {numbered}。",
    "Account {account}, instrument {instrument}: the book has {available} available, "
    "serial numbers {numbered}.",
)
HOLD_DIFFERS = refusal(
    "BOOK-1204",
    "账户 {account} 的产品 {instrument}:冻结 {hold} 在账簿中为 {remaining},序列号为 {numbered}。",
    "Account {account}, instrument {instrument}: hold {hold} has {remaining} in the book, "
    "serial numbers {numbered}.",
)
NOT_ONCE = refusal(
    "BOOK-1205",
    "产品 {instrument}:序列号 {expected} 之处为 {found},每个号码应恰好在一处。",
    "Instrument {instrument}: number {expected} is expected where {found} stands; each is in one place.",
)

Place = tuple[int, int, int]
"""(account, instrument, hold)."""


class Checked(NamedTuple):
    """What was compared, and what disagrees."""

    instruments: int
    places: int
    ranges: int
    units: int
    findings: list[Refusal]


def check(conn: Connection, log: int, state: State) -> Checked:
    """Compare with the state of the entry up to which serial numbers are known."""
    last = _last_numbers(conn, log)
    t = SERIAL_RANGE
    query = select(t.c.account, t.c.instrument, t.c.hold, t.c.start, t.c.end).where(
        t.c.log == log, t.c.until.is_(None)
    )
    amounts: Counter[Place] = Counter()
    next_number = dict.fromkeys(last, 1)
    findings: list[Refusal] = []
    ranges = 0
    for account, instrument, hold, start, end in conn.execute(query.order_by(t.c.instrument, t.c.start)):
        ranges += 1
        amounts[account, instrument, hold] += end - start + 1
        expected = next_number.get(instrument, 1)
        if start != expected:
            findings.append(NOT_ONCE(instrument=instrument, expected=expected, found=start))
        next_number[instrument] = end + 1
    for instrument, number in last.items():
        if next_number[instrument] != number + 1:
            findings.append(
                NOT_ONCE(instrument=instrument, expected=next_number[instrument], found=number + 1)
            )
    findings += [*_cells(state, amounts, last), *_holds(state, amounts, last)]
    return Checked(len(last), len(amounts), ranges, sum(amounts.values()), findings)


def _last_numbers(conn: Connection, log: int) -> dict[int, int]:
    """Serialised instrument → the last number made."""
    t = SERIAL_INSTRUMENT
    rows = conn.execute(select(t.c.instrument, t.c.last).where(t.c.log == log))
    return {row.instrument: row.last for row in rows}


def _cells(state: State, amounts: Counter[Place], last: dict[int, int]) -> list[Refusal]:
    """An ordinary account has as many numbers as units; one that may go below zero, at least as many."""
    available = {(c.account, c.instrument): c.available for c in state.cells() if c.instrument in last}
    numbered = {(account, instrument) for account, instrument, hold in amounts if hold == AVAILABLE}
    found: list[Refusal] = []
    for account, instrument in sorted(available.keys() | numbered):
        wanted = available.get((account, instrument), 0)
        there = amounts[account, instrument, AVAILABLE]
        may_have_more = AccountFlag(state.flags(account)) & AccountFlag.OVERDRAFT
        if there < max(0, wanted) if may_have_more else there != wanted:
            found.append(
                CELL_DIFFERS(account=account, instrument=instrument, available=wanted, numbered=there)
            )
    return found


def _holds(state: State, amounts: Counter[Place], last: dict[int, int]) -> list[Refusal]:
    remaining = {
        (one.account, one.instrument, one.position): one.remaining
        for one in state.holds()
        if one.instrument in last
    }
    numbered = {place for place in amounts if place[2] != AVAILABLE}
    return [
        HOLD_DIFFERS(
            account=place[0],
            instrument=place[1],
            hold=place[2],
            remaining=remaining.get(place, 0),
            numbered=amounts[place],
        )
        for place in sorted(remaining.keys() | numbered)
        if amounts[place] != remaining.get(place, 0)
    ]
