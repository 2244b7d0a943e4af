"""How records and result codes are stored: column by column, each as narrow as what it holds.

    stored = b""                                   nothing
           | 0 ‖ the bytes as they are             few records, or what columns would not make shorter
           | 1 ‖ count (4 bytes) ‖ shape of each field (1 byte) ‖ base and planes of each field

A field's base is the smallest value it holds, in as few bytes as that takes. What each record has above it
is kept in planes: the lowest byte of every record first, then the next, as many as the largest takes; a field
that is the same in all records has none. shape = bytes of the base << 4 | planes. Little-endian, unsigned.

Packing changes what is stored, never what is meant: hashes are over the bytes that went in.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RECORD = (2, 2, 4, 4, 4, 8, 8, 4, 4, 8)
"""Bytes of each field of a record; what the fields mean is the book's."""
RESULT = (1,)

COLUMNS_FROM = 32
"""So few records are not worth the time it takes to find out how narrow they are."""
COUNT_MAX = 1 << 20
"""More than an entry carries: a damaged count must not ask for all memory."""

_RAW, _COLUMNS = 0, 1
_HEAD = struct.Struct("<BI")
_BASE_BITS = 4
_WIDTH_MASK = (1 << _BASE_BITS) - 1


class Damaged(ValueError):
    """Stored bytes that no packing can have made."""


def pack(data: bytes, widths: Sequence[int]) -> bytes:
    """`data`, rows of fields of these widths, as it is stored. Any bytes at all can be packed."""
    if not data:
        return b""
    count, rest = divmod(len(data), sum(widths))
    if rest or not COLUMNS_FROM <= count <= COUNT_MAX:
        return bytes([_RAW]) + data
    packed = _in_columns(data, count, widths)
    return packed if len(packed) <= len(data) else bytes([_RAW]) + data


def unpack(stored: bytes, widths: Sequence[int]) -> bytes:
    """The bytes that were packed. Raises Damaged where `stored` cannot have come from `pack`."""
    if not stored:
        return b""
    if stored[0] == _RAW and len(stored) > 1:
        return stored[1:]
    if stored[0] == _COLUMNS and len(stored) >= _HEAD.size + len(widths):
        return _from_columns(stored, widths)
    raise Damaged("neither columns nor bytes as they are")


def _in_columns(data: bytes, count: int, widths: Sequence[int]) -> bytes:
    rows = np.frombuffer(data, _fields(widths))
    columns = np.empty((len(widths), count), "<u8")
    for i, name in enumerate(rows.dtype.names or ()):
        columns[i] = rows[name]
    bases = columns.min(axis=1)
    planes = [_bytes_for(spread) for spread in (columns.max(axis=1) - bases).tolist()]
    shapes = bytearray()
    parts: list[bytes] = []
    for column, base, width in zip(columns, bases, planes, strict=True):
        low = int(base)
        size = _bytes_for(low)
        shapes.append(size << _BASE_BITS | width)
        parts.append(low.to_bytes(size, "little"))
        if width:
            column -= base
            each = column.view(np.uint8).reshape(count, 8)
            parts += [each[:, k].tobytes() for k in range(width)]
    return b"".join((_HEAD.pack(_COLUMNS, count), shapes, *parts))


def _from_columns(stored: bytes, widths: Sequence[int]) -> bytes:
    _, count = _HEAD.unpack_from(stored)
    at = _HEAD.size + len(widths)
    shapes = [(shape >> _BASE_BITS, shape & _WIDTH_MASK) for shape in stored[_HEAD.size : at]]
    if not COLUMNS_FROM <= count <= COUNT_MAX:
        raise Damaged(f"a count of {count}")
    if any(max(shape) > width for shape, width in zip(shapes, widths, strict=True)):
        raise Damaged("a field wider than its place")
    if len(stored) != at + sum(size + planes * count for size, planes in shapes):
        raise Damaged("of another length than its fields have")
    rows = np.empty(count, _fields(widths))
    for name, (size, planes) in zip(rows.dtype.names or (), shapes, strict=True):
        base = int.from_bytes(stored[at : at + size], "little")
        at += size
        rows[name] = _column(stored, at, count, planes, base) if planes else base
        at += planes * count
    return rows.tobytes()


def _column(stored: bytes, at: int, count: int, planes: int, base: int) -> NDArray[np.uint64]:
    column = np.zeros(count, "<u8")
    each = column.view(np.uint8).reshape(count, 8)
    for k in range(planes):
        each[:, k] = np.frombuffer(stored, np.uint8, count, at + k * count)
    column += np.uint64(base)
    return column


def _fields(widths: Sequence[int]) -> np.dtype[np.void]:
    return np.dtype([(f"f{i}", f"<u{width}") for i, width in enumerate(widths)])


def _bytes_for(value: int) -> int:
    return (value.bit_length() + 7) // 8
