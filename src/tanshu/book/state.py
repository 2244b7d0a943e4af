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
"""Batches of at least this many records run on the compiled kernel, where it is loaded."""
COMPILE_AFTER = 50_000
"""Records applied in such batches before loading it pays: a second from its cache, more the first time."""
COMPILED_MOVE_FROM = 1 << 16
"""Tables of more slots than this are moved by compiled code when they are outgrown."""


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


NOTHING = Applied(np.zeros(0, np.uint8), np.empty((0, 3), np.int64), 0)
"""What an empty batch does."""


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
            cells=_free_cells(256),
            hold_position=zeros(256),
            hold_cell_key=zeros(256),
            hold_remaining=zeros(256),
        )
        self._in_big_batches = 0

    # -- changing ------------------------------------------------------------------------------------------

    def apply(self, seq: int, records: Records, *, compiled: bool | None = None) -> Applied:
        """Apply one entry's records; their positions are (seq, 0), (seq, 1), …"""
        return self.apply_at(positions(seq, len(records)), records, compiled=compiled)

    def apply_at(
        self, position: NDArray[np.int64], records: Records, *, compiled: bool | None = None
    ) -> Applied:
        """Apply records of one or more entries, in order; `position` says which record is whose.

        compiled: run the compiled kernel or the plain one; None lets the work so far decide.
        """
        n = len(records)
        if n == 0:
            return NOTHING
        self._reserve(records)
        undo = np.empty((n * kernel.UNDO_PER_RECORD, 3), np.int64)
        results = np.zeros(n, np.uint8)
        run = kernel.compiled() if self._is_worth_compiling(n, compiled) else kernel.apply
        records = records.view()
        records.flags.writeable = False  # of one kind wherever they come from: Numba compiles for each kind
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

    def _is_worth_compiling(self, n: int, asked: bool | None) -> bool:
        if asked is not None or n < COMPILE_FROM:
            return bool(asked)
        self._in_big_batches += n
        return kernel.is_compiled() or self._in_big_batches >= COMPILE_AFTER

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
        cells = self.arrays.cells
        row = cells[kernel._slot(self.arrays, account << kernel.INSTRUMENT_BITS | instrument)]
        return Cell(account, instrument, int(row[kernel.AVAILABLE]), int(row[kernel.HELD]))

    def cells(self) -> Iterator[Cell]:
        """Every non-zero cell, by account and instrument."""
        for key, available, held in self._cell_rows().tolist():
            yield Cell(key >> kernel.INSTRUMENT_BITS, key & kernel.INSTRUMENT_MASK, available, held)

    def _cell_rows(self) -> NDArray[np.int64]:
        """Rows [key, available, held] of every non-zero cell, by key."""
        cells = self.arrays.cells
        used = cells[(cells[:, kernel.AVAILABLE] != 0) | (cells[:, kernel.HELD] != 0)]
        return used[np.argsort(used[:, kernel.KEY])]

    def holds(self) -> Iterator[Hold]:
        """Every open hold, oldest first."""
        a = self.arrays
        for k in np.flatnonzero(a.hold_remaining[: int(a.counts[3])]):
            key = int(a.hold_cell_key[k])
            yield Hold(
                int(a.hold_position[k]),
                key >> kernel.INSTRUMENT_BITS,
                key & kernel.INSTRUMENT_MASK,
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
            self._cell_rows().astype("<i8").tobytes(),
            np.array(list(self.holds()), "<i8").tobytes(),
        ]
        return digest(b"".join(len(part).to_bytes(8, "little") + part for part in parts))

    # -- room ----------------------------------------------------------------------------------------------

    def _reserve(self, batch: Records) -> None:
        """Make room for a batch: every record may open an account, make two cells or one hold."""
        a, n = self.arrays, len(batch)
        accounts, instruments, cells, holds = (int(used) for used in a.counts)
        if accounts + n > len(a.account_flags):
            self._lengthen("account_", accounts + n)
        if instruments + n > len(a.instrument_cap):
            self._lengthen("instrument_", instruments + n)
        if holds + n > len(a.hold_position):
            self._lengthen("hold_", holds + n)
        if 2 * (cells + 2 * n) > len(a.cells):  # never more than half full
            self._widen(min(cells + 2 * n, self._cells_possible(batch)))

    def _cells_possible(self, batch: Records) -> int:
        """Every account with every instrument: a table larger than that would only be slower."""
        opened = int(np.count_nonzero(batch["op"] == kernel.OPEN_ACCOUNT))
        defined = int(np.count_nonzero(batch["op"] == kernel.DEFINE_INSTRUMENT))
        return (self.accounts + opened) * (self.instruments + defined)

    def _widen(self, cells: int) -> None:
        """Move to a table for at least so many cells, if this one is too small."""
        old = self.arrays.cells
        if 2 * cells > len(old):
            self.arrays = self.arrays._replace(cells=_free_cells(_power_of_two(2 * cells)))
            many = len(old) > COMPILED_MOVE_FROM
            (kernel.compiled_move_cells() if many else kernel.move_cells)(old, self.arrays)

    def _lengthen(self, prefix: str, wanted: int) -> None:
        """Copy the columns of this prefix into longer ones."""
        grown: dict[str, NDArray[np.int64]] = {}
        for name in self.arrays._fields:
            if name.startswith(prefix):
                column: NDArray[np.int64] = getattr(self.arrays, name)
                grown[name] = np.zeros(_power_of_two(wanted), np.int64)
                grown[name][: len(column)] = column
        self.arrays = self.arrays._replace(**grown)


def _free_cells(slots: int) -> NDArray[np.int64]:
    """An empty table; the number of slots is a power of two."""
    cells = np.zeros((slots, 3), np.int64)
    cells[:, kernel.KEY] = -1
    return cells


def _power_of_two(at_least: int) -> int:
    return 1 << max(at_least - 1, 1).bit_length()
