"""One entry of the log: its header, its bytes, its hash.

    hash = SHA-256(previous hash ‖ header without the hashes of the chain ‖ records ‖ result codes)

The header carries the hashes of what lies beside the records: the command's body, its answer, and the rows it
changed in the tables of the rooms.

The header's byte layout is little-endian, fixed first, then the two texts with their lengths, so that no two
different headers share bytes. Records and result codes are opaque here; the book gives them meaning.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tanshu.base.canonical import canonical, digest

HASH_SUITE = "sha-256+ed25519"
"""How this log is hashed and its checkpoints signed; chosen at genesis, for good."""
FORMAT = 1
ENGINE = 1
"""The version of the book's semantics; a change of meaning starts a new era."""
ERA = 0
NO_HASH = bytes(32)
GENESIS_COMMAND = "genesis"

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
    )


def entry_hash(
    e: Draft | Entry, seq: int, prev_hash: bytes, *, engine: int = ENGINE, era: int = ERA
) -> bytes:
    actor, command = (text.encode(errors="surrogateescape") for text in (e.actor, e.command))
    header = _FIXED.pack(
        FORMAT,
        engine,
        era,
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
        return entry.hash == entry_hash(entry, entry.seq, entry.prev_hash, engine=entry.engine, era=entry.era)
    except struct.error:  # a field was altered beyond its width
        return False


def genesis(book: str, time_ns: int) -> tuple[Entry, bytes]:
    """Entry 0 and its answer: book name, hash suite and engine version; nothing random."""
    facts = canonical({"book": book, "hash_suite": HASH_SUITE, "engine": ENGINE, "format": FORMAT})
    key = digest(b"genesis" + facts)[:16]
    draft = Draft(time_ns, key, digest(facts), digest(facts), "tanshu", GENESIS_COMMAND)
    return seal(draft, 0, NO_HASH), facts
