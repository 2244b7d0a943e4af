"""The public log: a checkpoint and its tiles as plain files, for anybody to mirror and hold us to.

The layout is C2SP tlog-tiles: `checkpoint`, `tile/<level>/<n>`, `tile/<level>/<n>.p/<width>`. Leaves are
salted hashes: nothing is disclosed but how many entries there are. Entries are not served. A folder
is brought up to date in place; the checkpoint is written last, so what it promises is there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from tanshu.base.refusal import Refused
from tanshu.book import checkpoints, proof_checks, trees
from tanshu.log import checkpoint, note, tiles
from tanshu.log.note import Note

README = """\
Transparency log {origin}: C2SP tlog-tiles (c2sp.org/tlog-tiles), salted leaf hashes only, no entries.
Check it with: tanshu verify FOLDER --key VERIFIER-KEY
"""


class Exported(NamedTuple):
    """How many tiles there are, and how many of them were written now."""

    tiles: int
    written: int


def export(conn: Connection, log: int, signed: Note, folder: Path) -> Exported:
    """Bring `folder` to the checkpoint; tiles that are there and full are left alone.

    Raises Refused PROOF-2010 where the folder holds another log, or a newer checkpoint of this one; what
    `checkpoints.must_agree` raises; OSError.
    """
    found = checkpoints.must_agree(conn, log, signed)
    _must_be_ours(conn, log, found, folder)
    chosen = trees.salted(conn, log).suite
    count = written = 0
    for level, n, width in tiles.tiles(found.size):
        count += 1
        path = folder / tiles.path(level, n, width)
        length = width * chosen.hash_bytes
        if path.exists() and path.stat().st_size == length:
            continue
        _write(path, trees.tile(conn, log, level, n)[:length])
        written += 1
        if width == tiles.WIDTH:
            _drop_partial(folder, level, n)
    _write(folder / "README", README.format(origin=found.origin).encode())
    _write(folder / "checkpoint", str(signed).encode())
    return Exported(count, written)


def _must_be_ours(conn: Connection, log: int, found: checkpoint.Checkpoint, folder: Path) -> None:
    """The folder is empty, or what it holds is how this log began."""
    known = folder / "checkpoint"
    if not known.exists():
        return
    try:
        before = checkpoints.must_agree(conn, log, note.parse(known.read_bytes().decode(errors="replace")))
    except Refused:
        raise Refused(proof_checks.OTHER_EXPORT(field="folder", path=folder)) from None
    if before.size > found.size:
        raise Refused(proof_checks.OTHER_EXPORT(field="folder", path=folder))


def _drop_partial(folder: Path, level: int, n: int) -> None:
    """A tile that is full takes the place of its partial ones."""
    partial = folder / f"{tiles.path(level, n)}.p"
    if partial.is_dir():
        for one in partial.iterdir():
            one.unlink()
        partial.rmdir()


def _write(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
