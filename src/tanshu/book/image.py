"""A state as bytes: what its digest is over, column by column, deflated. A snapshot keeps it."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from tanshu.book import kernel
from tanshu.book.state import State

VERSION = b"\x01"
"""The first byte, which says how to read the others."""
_HEAD = struct.Struct("<4q")
"""How many accounts, instruments, cells, holds."""
_LEVEL = 1
"""The quickest: trying harder takes several times as long for a few bytes in a hundred."""


def encode(state: State) -> bytes:
    """The bytes of a state. Closed holds and empty cells are left out, and what follows from the rest."""
    a, cells, holds = state.arrays, state.cell_rows(), state.hold_rows()
    instruments = slice(state.instruments)
    columns = (
        a.account_flags[: state.accounts],
        a.instrument_cap[instruments],
        a.instrument_scale[instruments],
        a.instrument_serialised[instruments],
        np.diff(cells[:, kernel.KEY], prepend=0),  # sorted: the steps are small numbers
        cells[:, kernel.AVAILABLE],
        cells[:, kernel.HELD],
        np.diff(holds[:, 0], prepend=0),
        *holds.T[1:],
    )
    head = _HEAD.pack(state.accounts, state.instruments, len(cells), len(holds))
    return VERSION + zlib.compress(head + b"".join(c.astype("<i8").tobytes() for c in columns), _LEVEL)


def decode(data: bytes) -> State:
    """The state that these bytes tell of. Raises ValueError where they tell of none."""
    if data[:1] != VERSION:
        raise ValueError("bytes of another version")
    try:
        body = zlib.decompress(data[1:])
        accounts, instruments, cells, holds = _HEAD.unpack_from(body)
    except (zlib.error, struct.error) as error:
        raise ValueError(str(error)) from error
    lengths = [accounts, *[instruments] * 3, *[cells] * 3, *[holds] * 4]
    if min(lengths) < 0 or len(body) != _HEAD.size + 8 * sum(lengths):
        raise ValueError("the lengths do not agree")
    numbers = np.frombuffer(body, "<i8", offset=_HEAD.size).astype(np.int64)
    columns = np.split(numbers, np.cumsum(lengths)[:-1])
    return State.of(
        columns[0],
        columns[1:4],
        np.column_stack((np.cumsum(columns[4]), *columns[5:7])),
        np.column_stack((np.cumsum(columns[7]), *columns[8:])),
    )
