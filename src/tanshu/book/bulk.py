"""Many records at once: a stream of blocks, each one entry, resumable at any of them.

Blocks number accounts and instruments their own way: from 0, in the order in which they open and define them.
The book's numbers are put in under the lock. So a stream can be prepared without the book, added to a book
that holds other things already, and begun again after a crash: what is there is found by its key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tanshu.base.canonical import digest
from tanshu.base.refusal import Refusal
from tanshu.book.checks import BLOCK_NAMES, BLOCK_OPERATIONS
from tanshu.book.commit import Act, Context, Decision
from tanshu.book.records import AMOUNT_MAX, AccountFlag, Op, Records

COMMAND = "bulk.load"
_GROW = 1_024


class NewInstrument(NamedTuple):
    cap: int = AMOUNT_MAX
    scale: int = 0
    serialised: bool = False


class Block(NamedTuple):
    """One entry: what it opens and defines, then its transfers, in the stream's own numbers.

    about: where it comes from, in words and whole numbers (file, first line); part of the command's body.
    """

    transfers: Records
    accounts: Sequence[AccountFlag] = ()
    instruments: Sequence[NewInstrument] = ()
    about: Mapping[str, object] = {}


@dataclass
class Loaded:
    """What became of a stream. repeated: entries that were there already.

    accounts, instruments: the book's number of each, by the stream's.
    """

    entries: int = 0
    repeated: int = 0
    transfers: int = 0
    _accounts: _Numbers = field(default_factory=lambda: _Numbers())
    _instruments: _Numbers = field(default_factory=lambda: _Numbers())

    @property
    def accounts(self) -> NDArray[np.uint32]:
        return self._accounts.all()

    @property
    def instruments(self) -> NDArray[np.uint32]:
        return self._instruments.all()


def load(
    context: Callable[[int], Context],
    blocks: Iterable[Block],
    progress: Callable[[int], None] | None = None,
) -> Loaded | Refusal:
    """Record blocks in order, each durable before the next one is asked for.

    context: who asks for the n-th block, with a key of its own, the same whenever the stream is loaded.
    progress: told how many transfers are in the book. Memory: one block, and the numbers of the accounts.
    A refusal says which block it was; the blocks before it stay, and the stream can be taken up again.
    """
    loaded = Loaded()
    for n, block in enumerate(blocks):
        outcome = context(n).commit(COMMAND, _body(block), _recording(block, loaded))
        if isinstance(outcome, Refusal):
            return Refusal(outcome.kind, f"blocks[{n}]", outcome.facts)
        loaded._accounts.add(outcome["accounts"], len(block.accounts))
        loaded._instruments.add(outcome["instruments"], len(block.instruments))
        loaded.entries += 1
        loaded.repeated += outcome.repeated
        loaded.transfers += len(block.transfers)
        if progress:
            progress(loaded.transfers)
    return loaded


def _body(block: Block) -> Mapping[str, object]:
    return {
        "about": block.about,
        "accounts": [int(flags) for flags in block.accounts],
        "instruments": [list(one) for one in block.instruments],
        "transfers": digest(block.transfers.tobytes()),
    }


def _recording(block: Block, loaded: Loaded) -> Callable[[Act, object], Decision]:
    def decide(act: Act, _body: object) -> Decision:
        accounts = [act.open_account(flags) for flags in block.accounts]
        instruments = [act.define_instrument(**one._asdict()) for one in block.instruments]
        transfers = block.transfers
        if (transfers["op"] != Op.TRANSFER).any():
            return BLOCK_OPERATIONS()
        numbered = transfers.copy()
        for name, numbers, new in (
            ("debit", loaded._accounts, accounts),
            ("credit", loaded._accounts, accounts),
            ("instrument", loaded._instruments, instruments),
        ):
            known = numbers.with_new(new)
            if len(transfers) and int(transfers[name].max()) >= len(known):
                return BLOCK_NAMES(column=name, number=int(transfers[name].max()), known=len(known))
            numbered[name] = known[transfers[name]]
        act.record_all(numbered)
        first: dict[str, Any] = {
            "accounts": accounts[0] if accounts else 0,
            "instruments": instruments[0] if instruments else 0,
        }
        return {**first, "transfers": len(transfers)}

    return decide


class _Numbers:
    """The book's numbers, by the stream's; a block's are consecutive in both."""

    def __init__(self) -> None:
        self._known = np.zeros(_GROW, np.uint32)
        self._count = 0

    def all(self) -> NDArray[np.uint32]:
        return self._known[: self._count]

    def with_new(self, new: Sequence[int]) -> NDArray[np.uint32]:
        """All, and those of a block that is being decided."""
        return np.concatenate([self.all(), np.array(new, np.uint32)]) if new else self.all()

    def add(self, first: int, count: int) -> None:
        if self._count + count > len(self._known):
            longer = np.zeros(2 * (self._count + count), np.uint32)
            longer[: self._count] = self.all()
            self._known = longer
        self._known[self._count : self._count + count] = np.arange(first, first + count)
        self._count += count
