"""Replay: from entries back to a state, believing nothing.

Every link, hash and result code must come out again; the first that does not is named. Entries of an older
engine take effect by their stored codes instead, and the state that the next era began with must come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tanshu.base.refusal import Refused
from tanshu.book import eras
from tanshu.book.records import POSITION_BITS, RECORD, Records, decode, positions
from tanshu.book.state import State
from tanshu.log import checks
from tanshu.log import entry as log_entry
from tanshu.log.entry import NO_HASH, Entry, begins_era, is_intact, may_follow

_CHUNK_ENTRIES = 2_000
_CHUNK_RECORDS = 100_000
"""A chunk ends at whichever comes first: the kernel's undo journal needs 240 bytes per record."""


class Tail:
    """Where a replay stands: the newest entry's sequence number, time, hash, engine and era.

    engine and era are None where nobody noted them: before genesis, or at a projection's watermark.
    """

    __slots__ = ("engine", "era", "hash", "seq", "time_ns")

    def __init__(
        self,
        seq: int = -1,
        time_ns: int = 0,
        hash: bytes = NO_HASH,
        engine: int | None = None,
        era: int | None = None,
    ):
        self.seq, self.time_ns, self.hash = seq, time_ns, hash
        self.engine, self.era = engine, era

    @classmethod
    def at(cls, entry: Entry) -> Tail:
        return cls(entry.seq, entry.time_ns, entry.hash, entry.engine, entry.era)

    def copy(self) -> Tail:
        return Tail(self.seq, self.time_ns, self.hash, self.engine, self.era)

    def follow(self, entry: Entry) -> None:
        """Step to the next entry. Raises Refused LOG-1003 when it does not follow, LOG-1004 when it is of an
        engine that this program does not know."""
        if entry.seq != self.seq + 1:
            raise broken(self.seq + 1, f"entry missing, found {entry.seq}")
        if entry.prev_hash != self.hash:
            raise broken(entry.seq, "previous hash does not match")
        if not is_intact(entry):
            raise broken(entry.seq, "hash does not match its bytes")
        if entry.engine > log_entry.ENGINE:
            raise Refused(eras.newer_engine(entry.seq, entry.engine))
        if entry.seq and entry.time_ns <= self.time_ns:
            raise broken(entry.seq, "time does not grow")
        if not self._is_of_era(entry):
            raise broken(entry.seq, f"engine {entry.engine}, era {entry.era} does not follow")
        if len(entry.records) % RECORD.itemsize or len(entry.records) // RECORD.itemsize != len(
            entry.results
        ):
            raise broken(entry.seq, "records and results do not match in number")
        self.seq, self.time_ns, self.hash = entry.seq, entry.time_ns, entry.hash
        self.engine, self.era = entry.engine, entry.era

    def _is_of_era(self, entry: Entry) -> bool:
        if entry.seq == 0:
            return entry.era == log_entry.ERA
        return self.engine is None or self.era is None or may_follow(entry, self.engine, self.era)


def broken(seq: int, why: str) -> Refused:
    return Refused(checks.BROKEN(seq=seq, why=why))


def replay(entries: Iterable[Entry], state: State, tail: Tail) -> int:
    """Apply entries to `state` and move `tail` along; return how many records were applied.

    What was applied before can no longer be taken back: the state is compacted on the way.
    """
    done = 0
    for chunk in _chunks(entries):
        for entry in chunk:
            tail.follow(entry)
        state.compact()
        if begins_era(chunk[0]) and not eras.tells(chunk[0], state):
            raise broken(chunk[0].seq, "the state is not the one the era began with")
        done += _apply(chunk, state)
    return done


class Gathered(NamedTuple):
    """The records of several entries side by side, each with its position and its stored result code."""

    positions: NDArray[np.int64]
    records: Records
    results: NDArray[np.uint8]


def gather(entries: Sequence[Entry]) -> Gathered:
    full = [entry for entry in entries if entry.records]
    names = [positions(entry.seq, len(entry.results)) for entry in full]
    return Gathered(
        np.concatenate(names) if names else np.zeros(0, np.int64),
        decode(b"".join(entry.records for entry in full)),
        np.frombuffer(b"".join(entry.results for entry in full), np.uint8),
    )


def _apply(chunk: Sequence[Entry], state: State) -> int:
    """Apply entries of one engine: recomputed where it is this program's, else by their stored codes."""
    names, records, stored = gather(chunk)
    if chunk[0].engine != log_entry.ENGINE:
        impossible = state.take_effect(names, records, stored)
        if impossible >= 0:
            raise broken(
                int(names[impossible]) >> POSITION_BITS, "a record that was accepted names what is not there"
            )
        return len(records)
    results = state.apply_at(names, records).results
    wrong = np.flatnonzero(results != stored)
    if len(wrong):
        k = int(wrong[0])
        raise broken(
            int(names[k]) >> POSITION_BITS,
            f"replay answers {int(results[k])} where {int(stored[k])} is stored",
        )
    return len(records)


def _chunks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Entries in chunks; an era's own entry begins one."""
    chunk: list[Entry] = []
    records = 0
    for entry in entries:
        if chunk and (
            len(chunk) == _CHUNK_ENTRIES
            or records >= _CHUNK_RECORDS
            or begins_era(entry)
            or entry.engine != chunk[0].engine
        ):
            yield chunk
            chunk, records = [], 0
        chunk.append(entry)
        records += len(entry.results)
    if chunk:
        yield chunk
