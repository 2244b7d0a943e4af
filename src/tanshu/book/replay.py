"""Replay: from entries back to a state, believing nothing.

Every link, hash and result code must come out again; the first that does not is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from tanshu.base.refusal import Refused
from tanshu.book.records import RECORD, decode, positions
from tanshu.book.state import State
from tanshu.log import checks
from tanshu.log.entry import NO_HASH, Entry, is_intact

_CHUNK_ENTRIES = 2_000
_CHUNK_RECORDS = 100_000
"""A chunk ends at whichever comes first: the kernel's undo journal needs 240 bytes per record."""


class Tail:
    """Where a replay stands: the newest entry's sequence number, time and hash."""

    __slots__ = ("hash", "seq", "time_ns")

    def __init__(self, seq: int = -1, time_ns: int = 0, hash: bytes = NO_HASH):
        self.seq, self.time_ns, self.hash = seq, time_ns, hash

    def follow(self, entry: Entry) -> None:
        """Step to the next entry. Raises Refused LOG-1003 when it does not follow."""
        if entry.seq != self.seq + 1:
            raise broken(self.seq + 1, f"entry missing, found {entry.seq}")
        if entry.prev_hash != self.hash:
            raise broken(entry.seq, "previous hash does not match")
        if not is_intact(entry):
            raise broken(entry.seq, "hash does not match its bytes")
        if entry.seq and entry.time_ns <= self.time_ns:
            raise broken(entry.seq, "time does not grow")
        if len(entry.records) % RECORD.itemsize or len(entry.records) // RECORD.itemsize != len(
            entry.results
        ):
            raise broken(entry.seq, "records and results do not match in number")
        self.seq, self.time_ns, self.hash = entry.seq, entry.time_ns, entry.hash


def broken(seq: int, why: str) -> Refused:
    return Refused(checks.BROKEN(seq=seq, why=why))


def replay(entries: Iterable[Entry], state: State, tail: Tail) -> int:
    """Apply entries to `state` and move `tail` along; return how many records were applied."""
    done = 0
    for chunk in _chunks(entries):
        for entry in chunk:
            tail.follow(entry)
        done += _apply(chunk, state)
    return done


def _apply(chunk: list[Entry], state: State) -> int:
    with_records = [entry for entry in chunk if entry.records]
    if not with_records:
        return 0
    records = decode(b"".join(entry.records for entry in with_records))
    names = np.concatenate([positions(entry.seq, len(entry.results)) for entry in with_records])
    stored = np.frombuffer(b"".join(entry.results for entry in with_records), np.uint8)
    results = state.apply_at(names, records).results
    wrong = np.flatnonzero(results != stored)
    if len(wrong):
        k = int(wrong[0])
        raise broken(
            int(names[k]) >> 16, f"replay answers {int(results[k])} where {int(stored[k])} is stored"
        )
    return len(records)


def _chunks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    chunk: list[Entry] = []
    records = 0
    for entry in entries:
        chunk.append(entry)
        records += len(entry.results)
        if len(chunk) == _CHUNK_ENTRIES or records >= _CHUNK_RECORDS:
            yield chunk
            chunk, records = [], 0
    if chunk:
        yield chunk
