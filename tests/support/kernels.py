"""The three ways to apply records, behind one face: obvious, plain, compiled."""

from __future__ import annotations

from collections.abc import Sequence

from tanshu.book.records import Row, encode
from tanshu.book.reference import ReferenceBook
from tanshu.book.state import State


class Reference:
    """The reference kernel."""

    def __init__(self) -> None:
        self.book = ReferenceBook()

    def apply(self, seq: int, rows: Sequence[Row]) -> list[int]:
        return self.book.apply(seq, encode(rows).tolist())

    def cell(self, account: int, instrument: int) -> tuple[int, int]:
        key = (account, instrument)
        return self.book.available.get(key, 0), self.book.held.get(key, 0)

    def cells(self) -> list[tuple[int, int, int, int]]:
        return self.book.cells()

    def holds(self) -> list[tuple[int, int, int, int]]:
        return self.book.open_holds()

    def flags(self) -> list[int]:
        return [flags for _, flags in sorted(self.book.accounts.items())]


class Fast:
    """The kernel, plain or compiled."""

    def __init__(self, compiled: bool) -> None:
        self.state = State()
        self.compiled = compiled

    def apply(self, seq: int, rows: Sequence[Row]) -> list[int]:
        return self.state.apply(seq, encode(rows), compiled=self.compiled).results.tolist()

    def cell(self, account: int, instrument: int) -> tuple[int, int]:
        found = self.state.cell(account, instrument)
        return found.available, found.held

    def cells(self) -> list[tuple[int, int, int, int]]:
        return [(c.account, c.instrument, c.available, c.held) for c in self.state.cells()]

    def holds(self) -> list[tuple[int, int, int, int]]:
        return [(h.position, h.account, h.instrument, h.remaining) for h in self.state.holds()]

    def flags(self) -> list[int]:
        return [self.state.flags(account) for account in range(self.state.accounts)]


KERNELS = {
    "reference": Reference,
    "plain": lambda: Fast(compiled=False),
    "compiled": lambda: Fast(compiled=True),
}
