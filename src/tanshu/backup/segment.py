"""One file of a backup: a run of entries with what lies beside them.

    magic │ length of the header │ header, canonical JSON │ body, deflated │ SHA-256 of everything before

The body holds the entries one after the other: fixed fields first, then the six that vary, whose lengths are
among the fixed ones. All integers are little-endian.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tanshu.backup import checks
from tanshu.base.canonical import canonical, digest
from tanshu.base.refusal import Refused
from tanshu.log.entry import Entry
from tanshu.log.store import Written

FORMAT = 1
_MAGIC = b"TANSHU-BACKUP\x00\x01\n"
_HASH = 32
_LENGTH = struct.Struct("<I")
# seq, time, engine, era, key, five hashes, and the lengths of actor, command, records, results, answer, rows
_FIXED = struct.Struct("<qqHI16s32s32s32s32s32sHHIIII")
_BODY_MAX = 2**31
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment says of itself. Times are UTC nanoseconds; prev_hash: the hash before entry `first`."""

    first: int
    last: int
    first_ns: int
    last_ns: int
    prev_hash: bytes
    hash: bytes

    @property
    def name(self) -> str:
        return f"{self.first:012}-{self.last:012}.seg"

    @classmethod
    def of(cls, written: Sequence[Written]) -> Header:
        first, last = written[0].entry, written[-1].entry
        return cls(first.seq, last.seq, first.time_ns, last.time_ns, first.prev_hash, last.hash)


def encode(written: Sequence[Written]) -> bytes:
    """The bytes of a segment's file."""
    body = b"".join(part for one in written for part in _parts(one))
    return pack(_as_json(Header.of(written)), body)


def decode(name: str, data: bytes) -> tuple[Header, Iterator[Written]]:
    """What a segment's file holds. Raises Refused BAK-2004 where its bytes are not what was written."""
    facts, body = unpack(name, data)
    try:
        header = _header(facts)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(name, f"header: {error}") from None
    if header.name != name:
        raise damaged(name, f"it is the segment {header.name}")
    return header, _entries(name, body)


def pack(header: Mapping[str, Any], body: bytes) -> bytes:
    """A file of a backup: header and body, deflated and sealed."""
    head = canonical(header)
    data = b"".join((_MAGIC, _LENGTH.pack(len(head)), head, zlib.compress(body, _LEVEL)))
    return data + digest(data)


def unpack(name: str, data: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and body of a file. Raises Refused BAK-2004 where a bit of it was changed or cut."""
    if data[: len(_MAGIC)] != _MAGIC or len(data) < len(_MAGIC) + _LENGTH.size + _HASH:
        raise damaged(name, "it does not begin like one")
    if digest(data[:-_HASH]) != data[-_HASH:]:
        raise damaged(name, "its bytes do not match its hash")
    start = len(_MAGIC) + _LENGTH.size
    end = start + _LENGTH.unpack_from(data, len(_MAGIC))[0]
    try:
        inflate = zlib.decompressobj()
        body = inflate.decompress(data[end:-_HASH], _BODY_MAX)
        if not inflate.eof:
            raise zlib.error("it does not end")
        return json.loads(data[start:end]), body
    except (ValueError, zlib.error) as error:
        raise damaged(name, str(error)) from None


def damaged(name: str, why: str) -> Refused:
    return Refused(checks.DAMAGED(name=name, why=why))


def _as_json(header: Header) -> dict[str, Any]:
    return {
        "first": header.first,
        "last": header.last,
        "first_ns": header.first_ns,
        "last_ns": header.last_ns,
        "prev_hash": header.prev_hash,
        "hash": header.hash,
    }


def _header(facts: Mapping[str, Any]) -> Header:
    return Header(
        int(facts["first"]),
        int(facts["last"]),
        int(facts["first_ns"]),
        int(facts["last_ns"]),
        bytes.fromhex(facts["prev_hash"]),
        bytes.fromhex(facts["hash"]),
    )


def _parts(written: Written) -> tuple[bytes, ...]:
    e, answer, rows = written
    actor, command = (text.encode(errors="surrogateescape") for text in (e.actor, e.command))
    fixed = _FIXED.pack(
        e.seq,
        e.time_ns,
        e.engine,
        e.era,
        e.key,
        e.body_hash,
        e.answer_hash,
        e.rows_hash,
        e.prev_hash,
        e.hash,
        *map(len, (actor, command, e.records, e.results, answer, rows)),
    )
    return (fixed, actor, command, e.records, e.results, answer, rows)


def _entries(name: str, body: bytes) -> Iterator[Written]:
    at = 0
    while at < len(body):
        if len(body) - at < _FIXED.size:
            raise damaged(name, "an entry is cut")
        seq, time_ns, engine, era, key, asked, answered, changed, before, own, *lengths = _FIXED.unpack_from(
            body, at
        )
        at += _FIXED.size
        if len(body) - at < sum(lengths):
            raise damaged(name, f"entry {seq} is cut")
        fields: list[bytes] = []
        for length in lengths:
            fields.append(body[at : at + length])
            at += length
        actor, command, records, results, answer, rows = fields
        entry = Entry(
            seq,
            time_ns,
            key,
            asked,
            answered,
            changed,
            actor.decode(errors="surrogateescape"),
            command.decode(errors="surrogateescape"),
            before,
            records,
            results,
            own,
            engine,
            era,
        )
        yield Written(entry, answer, rows)
