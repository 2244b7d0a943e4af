"""The state of a book in memory: the kernel's arrays, grown as needed, with a digest to compare by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tanshu.base.canonical import digest
from tanshu.book import kernel
from tanshu.book.records import Records, positions

COMPILE_FROM = 1_000
"""Batches of at least this many records are worth the compiled kernel's start-up (seconds, once)."""


class Cell(NamedTuple):
    """What an account has of an instrument, in the instrument's minor unit."""

    account: int
    instrument: int
    available: int
    held: int


class Hold(NamedTuple):
    """An open hold: its name, where it sits, what is left of it."""

    position: int
    account: int
    instrument: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch did: one code per record, and the journal that takes it back."""

    results: NDArray[np.uint8]
    undo: NDArray[np.int64]
    journal: int

    @property
    def all_ok(self) -> bool:
        return not self.results.any()


class State:
    """Accounts, instruments, cells and holds. Not thread-safe; the book's lock guards it."""

    def __init__(self) -> None:
        def zeros(n: int) -> NDArray[np.int64]:
            return np.zeros(n, np.int64)

        self.arrays = kernel.Arrays(
            counts=zeros(4),
            account_flags=zeros(256),
            account_cells=zeros(256),
            instrument_cap=zeros(16),
            instrument_scale=zeros(16),
            instrument_serialised=zeros(16),
            instrument_outstanding=zeros(16),
            cell_key=np.full(1024, -1, np.int64),
            cell_available=zeros(1024),
            cell_held=zeros(1024),
            hold_position=zeros(256),
            hold_cell_key=zeros(256),
            hold_remaining=zeros(256),
        )

    # -- changing ------------------------------------------------------------------------------------------

    def apply(self, seq: int, records: Records, *, compiled: bool | None = None) -> Applied:
        """Apply one entry's records; their positions are (seq, 0), (seq, 1), …"""
        return self.apply_at(positions(seq, len(records)), records, compiled=compiled)

    def apply_at(
        self, position: NDArray[np.int64], records: Records, *, compiled: bool | None = None
    ) -> Applied:
        """Apply records of one or more entries, in order; `position` says which record is whose.

        compiled: run the compiled kernel or the plain one; None lets the size of the batch decide.
        """
        n = len(records)
        self._reserve(n)
        undo = np.empty((n * kernel.UNDO_PER_RECORD, 3), np.int64)
        results = np.zeros(n, np.uint8)
        if n == 0:
            return Applied(results, undo, 0)
        fast = n >= COMPILE_FROM if compiled is None else compiled
        run = kernel.compiled() if fast else kernel.apply
        unused = (records["reserved"] != 0) | (records["extra"] != 0)
        journal = run(
            position,
            records["op"],
            records["flags"],
            records["instrument"],
            records["debit"],
            records["credit"],
            records["amount"],
            records["hold"],
            unused,
            self.arrays,
            undo,
            results,
        )
        return Applied(results, undo, int(journal))

    def take_back(self, applied: Applied) -> None:
        """Undo a batch. Batches are taken back newest first."""
        kernel.take_back(self.arrays, applied.undo, applied.journal)

    # -- asking --------------------------------------------------------------------------------------------

    @property
    def accounts(self) -> int:
        return int(self.arrays.counts[0])

    @property
    def instruments(self) -> int:
        return int(self.arrays.counts[1])

    def flags(self, account: int) -> int:
        return int(self.arrays.account_flags[account])

    def is_empty(self, account: int) -> bool:
        """No cell of the account has anything available or held."""
        return int(self.arrays.account_cells[account]) == 0

    def cell(self, account: int, instrument: int) -> Cell:
        """The cell, zero where nothing was ever moved."""
        slot = kernel._slot(self.arrays, account, instrument)
        if int(self.arrays.cell_key[slot]) < 0:
            return Cell(account, instrument, 0, 0)
        return Cell(
            account,
            instrument,
            int(self.arrays.cell_available[slot]),
            int(self.arrays.cell_held[slot]),
        )

    def cells(self) -> Iterator[Cell]:
        """Every non-zero cell, by account and instrument."""
        a = self.arrays
        used = np.flatnonzero((a.cell_key >= 0) & ((a.cell_available != 0) | (a.cell_held != 0)))
        mask = (1 << kernel.INSTRUMENT_BITS) - 1
        for slot in used[np.argsort(a.cell_key[used])]:
            key = int(a.cell_key[slot])
            yield Cell(
                key >> kernel.INSTRUMENT_BITS,
                key & mask,
                int(a.cell_available[slot]),
                int(a.cell_held[slot]),
            )

    def holds(self) -> Iterator[Hold]:
        """Every open hold, oldest first."""
        a = self.arrays
        mask = (1 << kernel.INSTRUMENT_BITS) - 1
        for k in np.flatnonzero(a.hold_remaining[: int(a.counts[3])]):
            key = int(a.hold_cell_key[k])
            yield Hold(
                int(a.hold_position[k]),
                key >> kernel.INSTRUMENT_BITS,
                key & mask,
                int(a.hold_remaining[k]),
            )

    def instrument_facts(self, instrument: int) -> tuple[int, int, int, int]:
        """(cap, scale, serialised, outstanding)."""
        a = self.arrays
        return (
            int(a.instrument_cap[instrument]),
            int(a.instrument_scale[instrument]),
            int(a.instrument_serialised[instrument]),
            int(a.instrument_outstanding[instrument]),
        )

    def sums(self) -> dict[int, int]:
        """Σ(available + held) per instrument over all cells: zero, always."""
        totals = dict.fromkeys(range(self.instruments), 0)
        for cell in self.cells():
            totals[cell.instrument] += cell.available + cell.held
        return totals

    def digest(self) -> bytes:
        """A hash of everything that counts: equal states have equal digests, however they came about."""
        a = self.arrays
        parts = [
            a.account_flags[: self.accounts].astype("<i8").tobytes(),
            *(
                column[: self.instruments].astype("<i8").tobytes()
                for column in (a.instrument_cap, a.instrument_scale, a.instrument_serialised)
            ),
            np.array(list(self.cells()), "<i8").tobytes(),
            np.array(list(self.holds()), "<i8").tobytes(),
        ]
        return digest(b"".join(len(part).to_bytes(8, "little") + part for part in parts))

    # -- room ----------------------------------------------------------------------------------------------

    def _reserve(self, records: int) -> None:
        """Make room for a batch: every record may open an account, make two cells or one hold."""
        a = self.arrays
        grown: dict[str, NDArray[np.int64]] = {}
        groups = (("account_", a.counts[0]), ("instrument_", a.counts[1]), ("hold_", a.counts[3]))
        for prefix, used in groups:
            for name in a._fields:
                column: NDArray[np.int64] = getattr(a, name)
                if name.startswith(prefix) and len(column) < int(used) + records:
                    bigger = np.zeros(_power_of_two(int(used) + records), np.int64)
                    bigger[: len(column)] = column
                    grown[name] = bigger
        if grown:
            self.arrays = a._replace(**grown)
        if (int(a.counts[2]) + 2 * records) * 2 > len(a.cell_key):
            self._rehash(_power_of_two((int(a.counts[2]) + 2 * records) * 2))

    def _rehash(self, size: int) -> None:
        old = self.arrays
        self.arrays = old._replace(
            cell_key=np.full(size, -1, np.int64),
            cell_available=np.zeros(size, np.int64),
            cell_held=np.zeros(size, np.int64),
        )
        new = self.arrays
        mask = (1 << kernel.INSTRUMENT_BITS) - 1
        for slot in np.flatnonzero(old.cell_key >= 0):
            key = int(old.cell_key[slot])
            target = kernel._slot(new, key >> kernel.INSTRUMENT_BITS, key & mask)
            new.cell_key[target] = key
            new.cell_available[target] = old.cell_available[slot]
            new.cell_held[target] = old.cell_held[slot]


def _power_of_two(at_least: int) -> int:
    return 1 << max(at_least - 1, 1).bit_length()
