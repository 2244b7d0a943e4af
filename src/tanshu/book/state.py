"""The state of a book in memory: the kernel's arrays, grown and compacted as needed, with a digest to compare
by.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tanshu.base.canonical import digest
from tanshu.book import effects, kernel
from tanshu.book.kernel import Ints
from tanshu.book.records import Records, positions

COMPILE_FROM = 1_000
"""Batches of at least this many records run on the compiled kernel, where it is loaded."""
COMPILE_AFTER = 50_000
"""Records applied in such batches before loading it pays: a second from its cache, more the first time."""
SMALLEST = 256
"""Slots of a table, and places of a column, below which nothing shrinks."""
COMPACT_FROM = 1_024
"""Holds or cells below which nobody asks how many of them are still of use."""


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
    """What a batch did: one code per record, and the journal that takes it back, which is good as long as
    the state was not compacted."""

    results: NDArray[np.uint8]
    undo: Ints
    journal: int
    compactions: int = 0

    @property
    def all_ok(self) -> bool:
        return self.results.tobytes().count(0) == len(self.results)  # any() takes longer to get going


NOTHING = Applied(np.zeros(0, np.uint8), np.empty((0, 3), np.int64), 0)
"""What an empty batch does."""


class State:
    """Accounts, instruments, cells and holds. Not thread-safe; the book's lock guards it."""

    def __init__(self) -> None:
        def zeros(n: int) -> Ints:
            return np.zeros(n, np.int64)

        self.arrays = kernel.Arrays(
            counts=zeros(4),
            account_flags=zeros(SMALLEST),
            account_cells=zeros(SMALLEST),
            instrument_cap=zeros(16),
            instrument_scale=zeros(16),
            instrument_serialised=zeros(16),
            instrument_outstanding=zeros(16),
            cells=_free_cells(SMALLEST),
            hold_position=zeros(SMALLEST),
            hold_cell_key=zeros(SMALLEST),
            hold_remaining=zeros(SMALLEST),
        )
        self._in_big_batches = 0
        self._compactions = 0
        self._compact_cells_at = self._compact_holds_at = COMPACT_FROM

    @classmethod
    def of(cls, flags: Ints, instruments: Sequence[Ints], cells: Ints, holds: Ints) -> State:
        """The state that has these accounts (flags by number), instruments (columns: cap, scale, serialised),
        `cell_rows` and `hold_rows`; what follows from them is counted anew.

        Raises ValueError where a row names what is not there, or stands twice or out of order.
        """
        limits = (len(flags), len(instruments[0]))
        account, instrument = _names(cells[:, kernel.KEY], limits)
        held_account, held_instrument = holds[:, 1], holds[:, 2]
        _names(held_account << kernel.INSTRUMENT_BITS | held_instrument, limits)
        if (np.diff(cells[:, kernel.KEY]) <= 0).any() or (np.diff(holds[:, 0]) <= 0).any():
            raise ValueError("cells or holds out of order")
        overdrawn = np.where(flags[account] & kernel.OVERDRAFT, np.maximum(0, -cells[:, kernel.AVAILABLE]), 0)
        outstanding = np.zeros(limits[1], np.int64)
        np.add.at(outstanding, instrument, overdrawn)
        state = cls()
        state.arrays = kernel.Arrays(
            counts=np.array([*limits, len(cells), len(holds)], np.int64),
            account_flags=_roomy(flags),
            account_cells=_roomy(np.bincount(account, minlength=limits[0])),
            instrument_cap=_roomy(instruments[0]),
            instrument_scale=_roomy(instruments[1]),
            instrument_serialised=_roomy(instruments[2]),
            instrument_outstanding=_roomy(outstanding),
            cells=_free_cells(SMALLEST),
            hold_position=_roomy(holds[:, 0]),
            hold_cell_key=_roomy(held_account << kernel.INSTRUMENT_BITS | held_instrument),
            hold_remaining=_roomy(holds[:, 3]),
        )
        state._put(cells, _power_of_two(max(SMALLEST, 4 * len(cells))))
        return state

    # -- changing ------------------------------------------------------------------------------------------

    def apply(self, seq: int, records: Records, *, compiled: bool | None = None) -> Applied:
        """Apply one entry's records; their positions are (seq, 0), (seq, 1), …"""
        return self.apply_at(positions(seq, len(records)), records, compiled=compiled)

    def apply_at(self, position: Ints, records: Records, *, compiled: bool | None = None) -> Applied:
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
        unused = records["reserved"] | records["extra"]
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
        return Applied(results, undo, int(journal), self._compactions)

    def take_effect(
        self,
        position: Ints,
        records: Records,
        results: NDArray[np.uint8],
        *,
        compiled: bool | None = None,
    ) -> int:
        """Let records of an older engine take effect, by their stored codes (book/effects.py).

        Returns −1, or the index of a record that cannot have been accepted; the state is then of no use.
        """
        if len(records) == 0:
            return -1
        self._reserve(records)
        run = effects.compiled() if self._is_worth_compiling(len(records), compiled) else effects.take_effect
        records = records.view()
        records.flags.writeable = False
        scratch = np.empty((kernel.UNDO_PER_RECORD, 3), np.int64)
        return int(
            run(
                position,
                records["op"],
                records["instrument"],
                records["debit"],
                records["credit"],
                records["amount"],
                records["hold"],
                results,
                self.arrays,
                scratch,
            )
        )

    def _is_worth_compiling(self, n: int, asked: bool | None) -> bool:
        if asked is not None or n < COMPILE_FROM:
            return bool(asked)
        self._in_big_batches += n
        return kernel.is_compiled() or self._in_big_batches >= COMPILE_AFTER

    def take_back(self, applied: Applied) -> None:
        """Undo a batch. Batches are taken back newest first."""
        assert not applied.journal or applied.compactions == self._compactions, "its journal is out of date"
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
        for key, available, held in self.cell_rows().tolist():
            yield Cell(key >> kernel.INSTRUMENT_BITS, key & kernel.INSTRUMENT_MASK, available, held)

    def cell_rows(self) -> Ints:
        """Rows [key, available, held] of every non-zero cell, by key."""
        cells = self.arrays.cells
        used = cells[_is_filled(cells)]
        return used[np.argsort(used[:, kernel.KEY])]

    def holds(self) -> Iterator[Hold]:
        """Every open hold, oldest first."""
        for row in self.hold_rows().tolist():
            yield Hold(*row)

    def hold_rows(self) -> Ints:
        """Rows [position, account, instrument, remaining] of every open hold, oldest first."""
        a = self.arrays
        k = np.flatnonzero(a.hold_remaining[: int(a.counts[3])])
        key = a.hold_cell_key[k]
        account, instrument = key >> kernel.INSTRUMENT_BITS, key & kernel.INSTRUMENT_MASK
        return np.column_stack((a.hold_position[k], account, instrument, a.hold_remaining[k]))

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
            self.cell_rows().astype("<i8").tobytes(),
            self.hold_rows().astype("<i8").tobytes(),
        ]
        return digest(b"".join(len(part).to_bytes(8, "little") + part for part in parts))

    # -- room ----------------------------------------------------------------------------------------------

    def compact(self) -> None:
        """Forget closed holds, and empty cells, where that frees half of them or more.

        Only where no batch will be taken back any more: what an undo journal names may be gone. So memory
        grows with what is open. Asking costs nothing until there is twice as much as when last asked.
        """
        holds, cells = int(self.arrays.counts[3]), int(self.arrays.counts[2])
        if holds >= self._compact_holds_at:
            self._compact_holds(holds)
        if cells >= self._compact_cells_at:
            self._compact_cells(cells)

    def _compact_holds(self, used: int) -> None:
        a = self.arrays
        still = np.flatnonzero(a.hold_remaining[:used])
        if 2 * len(still) <= used:
            columns = (a.hold_position, a.hold_cell_key, a.hold_remaining)
            position, key, remaining = (_roomy(column[still]) for column in columns)
            self.arrays = a._replace(hold_position=position, hold_cell_key=key, hold_remaining=remaining)
            a.counts[3] = used = len(still)
            self._compactions += 1
        self._compact_holds_at = max(COMPACT_FROM, 2 * used)

    def _compact_cells(self, used: int) -> None:
        cells = self.arrays.cells
        filled = cells[_is_filled(cells)]
        if 2 * len(filled) <= used:
            self._put(filled, _power_of_two(max(SMALLEST, 4 * len(filled))))
            self.arrays.counts[2] = used = len(filled)
            self._compactions += 1
        self._compact_cells_at = max(COMPACT_FROM, 2 * used)

    def _reserve(self, batch: Records) -> None:
        """Make room for a batch: every record may open an account, make two cells or one hold."""
        a, n = self.arrays, len(batch)
        accounts, instruments, cells, holds = a.counts.tolist()
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
            self._put(old[old[:, kernel.KEY] >= 0], _power_of_two(2 * cells))

    def _put(self, rows: Ints, slots: int) -> None:
        """Put cells into a new table of so many slots, each where `kernel._slot` will look for it.

        In the order of where they want to be, every cell gets the first slot from there on that the ones
        before it left free; those that run over the table's end begin again at its start, one by one.
        """
        table = _free_cells(slots)
        self.arrays = self.arrays._replace(cells=table)
        wanted = kernel.home(rows[:, kernel.KEY]) & (slots - 1)
        order = np.argsort(wanted, kind="stable")
        count = np.arange(len(rows))
        place = np.maximum.accumulate(wanted[order] - count) + count
        fits = int(np.searchsorted(place, slots))
        table[place[:fits]] = rows[order[:fits]]
        for row in rows[order[fits:]]:
            table[kernel._slot(self.arrays, int(row[kernel.KEY]))] = row

    def _lengthen(self, prefix: str, wanted: int) -> None:
        """Copy the columns of this prefix into longer ones."""
        grown: dict[str, Ints] = {}
        for name in self.arrays._fields:
            if name.startswith(prefix):
                column: Ints = getattr(self.arrays, name)
                grown[name] = np.zeros(_power_of_two(wanted), np.int64)
                grown[name][: len(column)] = column
        self.arrays = self.arrays._replace(**grown)


def _is_filled(cells: Ints) -> NDArray[np.bool_]:
    return (cells[:, kernel.AVAILABLE] != 0) | (cells[:, kernel.HELD] != 0)


def _names(keys: Ints, limits: tuple[int, int]) -> tuple[Ints, Ints]:
    """(accounts, instruments) that cells are named by. Raises ValueError where one is not there."""
    account, instrument = keys >> kernel.INSTRUMENT_BITS, keys & kernel.INSTRUMENT_MASK
    if len(keys) and (account.min() < 0 or account.max() >= limits[0] or instrument.max() >= limits[1]):
        raise ValueError("a cell of no account, or of no instrument")
    return account, instrument


def _roomy(column: Ints) -> Ints:
    """A column with room for as much again."""
    made = np.zeros(_power_of_two(max(SMALLEST, 2 * len(column))), np.int64)
    made[: len(column)] = column
    return made


def _free_cells(slots: int) -> Ints:
    """An empty table; the number of slots is a power of two."""
    cells = np.zeros((slots, 3), np.int64)
    cells[:, kernel.KEY] = -1
    return cells


def _power_of_two(at_least: int) -> int:
    return 1 << max(at_least - 1, 1).bit_length()
