"""The tree over the state: one leaf for each cell that is not zero, as of an entry.

A holding is proven from here. The leaf says it in the words of people: whose account, of what, how much,
which serial numbers. Who an account belongs to is not the book's business: `Names` tells it, as of the entry.
Leaves are salted for their checkpoint, so the trees of two checkpoints share nothing, moved or not.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, select

from tanshu.base.canonical import canonical
from tanshu.base.refusal import Refused
from tanshu.book import leaves, proof_checks, serials
from tanshu.book.records import AccountFlag, position
from tanshu.book.serial_queues import joined
from tanshu.book.serial_rows import SERIAL_RANGE
from tanshu.book.state import Cell, State
from tanshu.book.trees import Salted
from tanshu.log.merkle import Tree


class AccountName(NamedTuple):
    """What people call an account: its code, its holder's handle, the holder's name."""

    code: str
    holder: str
    name: str


class Names(Protocol):
    """What people call the book's numbers, as of an entry; None where nobody has named them."""

    def account(self, number: int, /) -> AccountName | None: ...

    def instrument(self, number: int, /) -> str | None: ...


class Nameless:
    """A book without a register: numbers are all there is."""

    def account(self, _number: int, /) -> AccountName | None:
        return None

    def instrument(self, _number: int, /) -> str | None:
        return None


NamesAt = Callable[[Connection, int], Names]
"""The names as of an entry."""


def nameless(_conn: Connection, _seq: int) -> Names:
    return Nameless()


class Numbers(NamedTuple):
    """The serial numbers of a cell: first and last of each range, in order."""

    available: list[tuple[int, int]]
    held: list[tuple[int, int]]

    def as_json(self) -> dict[str, object]:
        return leaves.serials(self.available, self.held)


@dataclass(frozen=True, slots=True)
class StateTree:
    """The cells of a checkpoint in order, with their leaves and the tree over them. Built when needed."""

    cells: Sequence[Cell]
    leaves: Sequence[bytes]
    tree: Tree

    def index(self, account: int, instrument: int) -> int | None:
        """Where a cell stands; None where it is zero."""
        wanted = (account, instrument)
        n = bisect_left(self.cells, wanted, key=lambda cell: (cell.account, cell.instrument))
        return n if n < len(self.cells) and self.cells[n][:2] == wanted else None


def build(conn: Connection, log: int, state: State, seq: int, names: Names, how: Salted) -> StateTree:
    """The tree over the cells of a state as of entry `seq`. Raises Refused PROOF-2007."""
    account_names = cache(lambda number: _account_in_json(names.account(number), number))
    instrument_names = cache(lambda number: leaves.text(names.instrument(number) or f"#{number}"))
    facts = [state.instrument_facts(number) for number in range(state.instruments)]
    numbers = _numbers(conn, log, seq)
    nothing = Numbers([], [])
    cells = list(state.cells())
    written: list[bytes] = []
    for cell in cells:
        _, scale, is_serialised, _ = facts[cell.instrument]
        serial_hash = "null"
        if is_serialised:
            theirs = numbers.get((cell.account, cell.instrument), nothing)
            if not AccountFlag.OVERDRAFT & state.flags(cell.account):
                _must_add_up(cell, theirs)
            serial_hash = f'"{how.suite.digest(canonical(theirs.as_json())).hex()}"'
        code, holder, name = account_names(cell.account)
        instrument = instrument_names(cell.instrument)
        written.append(
            leaves.cell(code, holder, name, instrument, scale, cell.available, cell.held, serial_hash)
        )
    hash_leaf, salt = how.suite.leaf, how.salt
    hashes = (
        hash_leaf(salt(leaves.cell_position(seq, cell.account, cell.instrument)) + leaf)
        for cell, leaf in zip(cells, written, strict=True)
    )
    return StateTree(cells, written, Tree(how.suite, hashes))


def numbers_of(conn: Connection, log: int, account: int, instrument: int, seq: int) -> Numbers:
    """The serial numbers an account has of an instrument after entry `seq`."""
    found = serials.ranges(conn, log, account, instrument, at=seq)
    return _split((one.hold, one.start, one.end) for one in found)


def _numbers(conn: Connection, log: int, seq: int) -> dict[tuple[int, int], Numbers]:
    """(account, instrument) → its serial numbers after entry `seq`, for every cell that has any."""
    serials.need_standing(conn, log, seq)
    t, after = SERIAL_RANGE.c, position(seq + 1, 0)
    query = select(t.account, t.instrument, t.hold, t.start, t.end).where(
        t.log == log, t.since < after, t.until.is_(None) | (t.until >= after)
    )
    found: dict[tuple[int, int], list[tuple[int, int, int]]] = defaultdict(list)
    for account, instrument, hold, start, end in conn.execute(query):
        found[account, instrument].append((hold, start, end))
    return {cell: _split(ranges) for cell, ranges in found.items()}


def _split(ranges: Iterable[tuple[int, int, int]]) -> Numbers:
    """Ranges (hold, first, last) as what is available and what is held, by whichever hold."""
    both: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for is_held, start, end in joined((int(hold != 0), start, end) for hold, start, end in ranges):
        both[is_held].append((start, end))
    return Numbers(*both)


def _must_add_up(cell: Cell, numbers: Numbers) -> None:
    for ranges, booked in ((numbers.available, cell.available), (numbers.held, cell.held)):
        numbered = sum(last - first + 1 for first, last in ranges)
        if numbered != booked:
            raise Refused(
                proof_checks.SERIALS_DISAGREE(
                    account=cell.account, instrument=cell.instrument, numbered=numbered, booked=booked
                )
            )


def _account_in_json(name: AccountName | None, number: int) -> tuple[str, str, str]:
    known = name or AccountName(f"#{number}", "", "")
    return leaves.text(known.code), leaves.text(known.holder), leaves.text(known.name)
