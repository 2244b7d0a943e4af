"""One entry of the log: its header, its bytes, its hash.

    hash = SHA-256(previous hash ‖ header without the hashes of the chain ‖ records ‖ result codes)

The header carries the hashes of what lies beside the records: the command's body, its answer, and the rows it
changed in the tables of the rooms.

The header's byte layout is little-endian, fixed first, then the two texts with their lengths, so that no two
different headers share bytes. Records and result codes are opaque here; the book gives them meaning.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass

from tanshu.base.canonical import canonical, digest

HASH_SUITE = "sha-256+ed25519"
"""How this log is hashed and its checkpoints signed; chosen at genesis, for good."""
FORMAT = 1
ENGINE = 1
"""The version of the book's semantics; a change of meaning starts a new era."""
ENGINES = {1: "0.0.1"}
"""The first release that speaks each engine version."""
ERA = 0
"""The era a log begins with."""
NO_HASH = bytes(32)
GENESIS_COMMAND = "genesis"
ERA_COMMAND = "era"
"""The one command that begins a new era."""

_FIXED = struct.Struct("<HHIqq16s32s32s32sIIHH")
_WIDTHS = (16, 32, 32, 32, 32)
"""Bytes of key, body hash, answer hash, rows hash and previous hash."""
NO_ROWS = digest(b"")
"""The rows hash of a command that changed no table."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One command as the log keeps it.

    seq counts from 0 (genesis); time_ns is UTC nanoseconds and grows strictly. body_hash is SHA-256 over
    canonical JSON of command, actor, reason and fields; answer_hash over the answer given; rows_hash over the
    rows changed (book/rows.py). records and results are the book's bytes (48 and 1 bytes each).
    """

    seq: int
    time_ns: int
    key: bytes
    body_hash: bytes
    answer_hash: bytes
    rows_hash: bytes
    actor: str
    command: str
    prev_hash: bytes
    records: bytes
    results: bytes
    hash: bytes
    engine: int = ENGINE
    era: int = ERA


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before the chain gives it a place."""

    time_ns: int
    key: bytes
    body_hash: bytes
    answer_hash: bytes
    actor: str
    command: str
    records: bytes = b""
    results: bytes = b""
    rows_hash: bytes = NO_ROWS
    engine: int = ENGINE
    era: int = ERA


def seal(draft: Draft, seq: int, prev_hash: bytes) -> Entry:
    """Give a draft its place in the chain."""
    return Entry(
        seq,
        draft.time_ns,
        draft.key,
        draft.body_hash,
        draft.answer_hash,
        draft.rows_hash,
        draft.actor,
        draft.command,
        prev_hash,
        draft.records,
        draft.results,
        entry_hash(draft, seq, prev_hash),
        draft.engine,
        draft.era,
    )


def entry_hash(e: Draft | Entry, seq: int, prev_hash: bytes) -> bytes:
    actor, command = e.actor.encode(errors="surrogateescape"), e.command.encode(errors="surrogateescape")
    header = _FIXED.pack(
        FORMAT,
        e.engine,
        e.era,
        seq,
        e.time_ns,
        e.key,
        e.body_hash,
        e.answer_hash,
        e.rows_hash,
        len(e.records),
        len(e.results),
        len(actor),
        len(command),
    )
    return digest(b"".join((prev_hash, header, actor, command, e.records, e.results)))


def is_intact(entry: Entry) -> bool:
    """Does the entry's hash follow from its own bytes?"""
    widths = tuple(
        map(len, (entry.key, entry.body_hash, entry.answer_hash, entry.rows_hash, entry.prev_hash))
    )
    if widths != _WIDTHS:  # struct would cut or pad them in silence
        return False
    try:
        return entry.hash == entry_hash(entry, entry.seq, entry.prev_hash)
    except struct.error:  # a field was altered beyond its width
        return False


def begins_era(entry: Entry) -> bool:
    """Is this the entry with which a new era begins?"""
    return entry.command == ERA_COMMAND


def may_follow(entry: Entry, engine: int, era: int) -> bool:
    """May this entry come after one of that engine and era? Only an era's own entry changes them, both
    upwards; no other entry does."""
    if begins_era(entry):
        return entry.era == era + 1 and entry.engine > engine
    return (entry.engine, entry.era) == (engine, era)


def genesis(book: str, time_ns: int, engine: int | None = None) -> tuple[Entry, bytes]:
    """Entry 0 and its answer: book name, hash suite and engine version; nothing random.

    engine: the one the log is born with; None for this program's.
    """
    engine = ENGINE if engine is None else engine
    facts = canonical({"book": book, "hash_suite": HASH_SUITE, "engine": engine, "format": FORMAT})
    key = digest(b"genesis" + facts)[:16]
    draft = Draft(time_ns, key, digest(facts), digest(facts), "tanshu", GENESIS_COMMAND, engine=engine)
    return seal(draft, 0, NO_HASH), facts


def is_genesis(entry: Entry, answer: bytes) -> bool:
    """Does entry 0 follow from the facts that its answer states?"""
    try:
        facts = json.loads(answer)
        return (entry, answer) == genesis(str(facts["book"]), entry.time_ns, int(facts["engine"]))
    except (ValueError, KeyError, TypeError, struct.error):
        return False
