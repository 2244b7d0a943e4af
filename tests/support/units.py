"""Serialised units, the obvious way: one list entry for each unit. And logs to follow, written by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tanshu.base.canonical import digest
from tanshu.base.database import Database
from tanshu.book import records
from tanshu.book.records import AccountFlag, Op, Row, encode, position
from tanshu.book.state import State
from tanshu.log import store
from tanshu.log.entry import Draft, genesis, seal
from tanshu.log.store import Written
from tests.support.clock import START_NS

ISSUER, MAKER, TAKER, OTHER, SINK = range(5)
CEA, CCER, CNY = range(3)
"""CNY is the one whose units have no numbers."""
ORDINARY, OVERDRAFT = (MAKER, TAKER, OTHER), (ISSUER, SINK)
OPENING = [
    records.open_account(ISSUER, AccountFlag.OVERDRAFT),
    *(records.open_account(number) for number in ORDINARY),
    records.open_account(SINK, AccountFlag.OVERDRAFT),
    records.define_instrument(CEA, cap=400, serialised=True),
    records.define_instrument(CCER, serialised=True),
    records.define_instrument(CNY, scale=2),
    records.transfer(ISSUER, MAKER, CEA, 100),
    records.transfer(ISSUER, TAKER, CEA, 80),
    records.transfer(ISSUER, OTHER, CCER, 40),
    records.transfer(ISSUER, TAKER, CNY, 500),
]

Place = tuple[int, int, int]
"""(account, instrument, hold); hold 0 for what is available."""


class UnitBook:
    """places: place → its units as (acquired, number), in the order in which they are given away.

    lives: (instrument, number) → [(account, hold, since)], one for each place it came to.
    """

    def __init__(self) -> None:
        self.places: dict[Place, list[tuple[int, int]]] = defaultdict(list)
        self.lives: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
        self.balance: dict[tuple[int, int], int] = defaultdict(int)
        self.serialised: set[int] = set()
        self.numbers: dict[int, int] = defaultdict(int)

    def apply(self, seq: int, rows: Sequence[Row], results: Iterable[int]) -> None:
        for i, (row, result) in enumerate(zip(rows, results, strict=True)):
            if not result:
                self._record(position(seq, i), row)

    def _record(self, now: int, row: Row) -> None:
        op, _, instrument, debit, credit, amount, hold, *_ = row
        if op == Op.DEFINE_INSTRUMENT and credit:
            self.serialised.add(instrument)
        if instrument not in self.serialised or op not in (Op.TRANSFER, Op.HOLD, Op.CAPTURE, Op.RELEASE):
            return
        if op == Op.TRANSFER:
            units = [self._next_of(debit, instrument, now) for _ in range(amount)]
            self._put(now, units, (credit, instrument, 0), acquired=now)
        elif op == Op.HOLD:
            units = [self.places[debit, instrument, 0].pop(0) for _ in range(amount)]
            self.balance[debit, instrument] -= amount
            self._put(now, units, (debit, instrument, now))
        elif op == Op.CAPTURE:
            units = [self.places[debit, instrument, hold].pop(0) for _ in range(amount)]
            self._put(now, units, (credit, instrument, 0), acquired=now)
        else:
            units = [self.places[debit, instrument, hold].pop() for _ in range(amount)]
            self._put(now, units, (debit, instrument, 0))

    def _next_of(self, account: int, instrument: int, now: int) -> tuple[int, int]:
        """The unit that an account gives next: its oldest, or, with nothing available, a new one."""
        balance = self.balance[account, instrument]
        self.balance[account, instrument] -= 1
        if balance > 0:
            return self.places[account, instrument, 0].pop(0)
        self.numbers[instrument] += 1
        return now, self.numbers[instrument]

    def _put(self, now: int, units: list[tuple[int, int]], place: Place, acquired: int | None = None) -> None:
        account, instrument, hold = place
        for was, number in units:
            self.places[place].append((was if acquired is None else acquired, number))
            self.lives.setdefault((instrument, number), []).append((account, hold, now))
        self.places[place].sort()
        if not hold:
            self.balance[account, instrument] += len(units)

    # -- comparing -----------------------------------------------------------------------------------------

    def where(self) -> dict[Place, list[int]]:
        """Place → the numbers there, sorted."""
        return {place: sorted(n for _, n in units) for place, units in self.places.items() if units}

    def moved(self) -> dict[int, list[tuple[int, int]]]:
        """Position of a record → (instrument, number) of everything that it moved."""
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for unit, life in sorted(self.lives.items()):
            for _, _, since in life:
                found[since].append(unit)
        return dict(found)


# -- worlds ------------------------------------------------------------------------------------------------

_OPS = (*[Op.TRANSFER] * 6, *[Op.HOLD] * 4, *[Op.CAPTURE] * 3, *[Op.RELEASE] * 3)
_AMOUNTS = (1, 1, 2, 2, 3, 4, 5, 5, 7, 8, 10, 13, 20, 30, 60, 120)
_WHO = (MAKER, TAKER, OTHER, MAKER, TAKER, ISSUER, SINK, ISSUER)
RECORD_BYTES = 3


def worlds(records: int = 40) -> st.SearchStrategy[bytes]:
    """Bytes for so many records; read them with `entries_of`."""
    return st.binary(min_size=RECORD_BYTES * records, max_size=RECORD_BYTES * records)


def entries_of(data: bytes) -> list[list[Row]]:
    """The opening, and the entries that these bytes mean; many of the records are refused."""
    made: list[list[Row]] = [list(OPENING), []]
    holds: list[tuple[int, int, int]] = []
    for start in range(0, len(data), RECORD_BYTES):
        what, who, which = data[start : start + RECORD_BYTES]
        op, amount = _OPS[what & 15], _AMOUNTS[what >> 4]
        debit, credit, instrument = _WHO[who & 7], _WHO[who >> 3 & 7], (CEA, CEA, CCER, CNY)[who >> 6]
        linked = which & 31 == 31
        hold = 0
        if op in (Op.CAPTURE, Op.RELEASE) and holds:
            hold, debit, instrument = holds[-1 - (which >> 3) % min(len(holds), 6)]
        if op == Op.HOLD:
            debit = ORDINARY[who % 3]
            holds.append((position(len(made), len(made[-1])), debit, instrument))
        receives = credit if op in (Op.TRANSFER, Op.CAPTURE) else 0
        made[-1].append((op, int(linked), instrument, debit, receives, amount, hold, 0, 0, 0))
        if which & 3 == 0:
            made.append([])
    return [rows for rows in made if rows]


@dataclass(frozen=True, slots=True)
class Told:
    """A world as it went: each entry's records with their results, the state at its end."""

    entries: list[tuple[list[Row], list[int]]]
    state: State


def tell(entries: Iterable[Sequence[Row]]) -> Told:
    """Let the kernel judge every record."""
    state = State()
    told: list[tuple[list[Row], list[int]]] = []
    for seq, rows in enumerate(entries, start=1):
        told.append((list(rows), state.apply(seq, encode(rows)).results.tolist()))
    return Told(told, state)


def write(database: Database, log: int, told: Told) -> None:
    """Put a world into the log as entries 1, 2, …, after a genesis, refused records and all."""
    with database.write() as conn:
        known = store.tail(conn, log)
        if known is None:
            first = Written(*genesis("units", START_NS))
            store.append(conn, log, [first])
            seq, time_ns, last = 0, START_NS, first.entry.hash
        else:
            seq, time_ns, last = known
        for rows, results in told.entries[seq:]:
            seq, time_ns = seq + 1, time_ns + 1
            key = digest(f"{log} {seq}".encode())[:16]
            bytes_of = (encode(rows).tobytes(), bytes(results))
            entry = seal(Draft(time_ns, key, digest(b""), digest(b""), "test", "test", *bytes_of), seq, last)
            store.append(conn, log, [Written(entry, b"{}")])
            last = entry.hash
