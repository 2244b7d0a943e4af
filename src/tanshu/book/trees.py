"""The tree over the log, kept in tiles: one leaf for each entry, itself over the entry's records and rows.

It follows the log off the commit path. A leaf is a salted hash, so tiles disclose nothing and can be
published as they are. The serial numbers that a record moved stand in its leaf: so `Serials` goes before.

The salts follow from a secret of 32 bytes, drawn once for each installation. It never enters the log, nor any
proof or export; whoever rebuilds a database from the log alone gets another secret, hence other roots, and
the checkpoints signed before say so by their salt id.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    SmallInteger,
    Table,
    bindparam,
    delete,
    insert,
    select,
)

from tanshu.base.canonical import digest
from tanshu.base.database import Database, metadata
from tanshu.book import leaves, projections, serials
from tanshu.book.projections import Progress, Projection
from tanshu.book.records import decode, position
from tanshu.book.replay import broken
from tanshu.book.serials import Moved, Serials
from tanshu.log import merkle, store, suite, tiles
from tanshu.log.checkpoint import salt_id
from tanshu.log.entry import NO_ROWS, Entry
from tanshu.log.merkle import Tree
from tanshu.log.suite import SALT_BYTES, HashSuite, Salter

LOG_TILE = Table(
    "log_tile",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False, comment="256 of them; fewer in the last tile of a level"),
    comment="The tree over the log, as C2SP tlog-tiles cuts it.",
    info={"derived": True},
)
PROOF_SECRET = Table(
    "proof_secret",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("secret", LargeBinary, nullable=False),
    comment="What salts the leaves. It goes into backups of the database, and nowhere else.",
    info={"derived": True, "keep": "secret"},
)

_FIELDS = ("op", "debit", "credit", "instrument", "amount", "hold", "tag")


class Salted(NamedTuple):
    """How leaves of this log are hashed: its suite, and its salts by position."""

    suite: HashSuite
    salt: Salter
    salt_id: str


class Inside(NamedTuple):
    """An entry opened: the leaves of its records and rows, and the trees over them."""

    leaf: bytes
    records: list[bytes]
    rows: list[bytes]
    record_tree: Tree
    row_tree: Tree


class Trees(Projection):
    """The projection. In memory it keeps the last tile of each level, as far as it is not full."""

    name: ClassVar[str] = "trees"
    version: ClassVar[int] = 1
    tables: ClassVar[tuple[Table, ...]] = (LOG_TILE,)

    def __init__(self, log: int):
        super().__init__(log)
        self._salted: Salted | None = None
        self._edge: list[tuple[int, bytearray]] = []

    def load(self, conn: Connection) -> None:
        self._salted = salted(conn, self.log, may_draw=True)
        mark = projections.watermark(conn, self.name, self.log)
        size = mark.tail.seq + 1 if mark else 0
        self._edge = []
        for level, hashes in tiles.widths(size):
            n, width = divmod(hashes, tiles.WIDTH)
            kept = tile(conn, self.log, level, n) if width else b""
            self._edge.append((n, bytearray(kept)))

    def follow(self, conn: Connection, entries: Sequence[Entry]) -> None:
        assert self._salted is not None, "loaded before it follows"
        first, last = entries[0].seq, entries[-1].seq
        # Nobody may drop and rebuild the numbers between the question and the reading.
        projections.lock(conn, serials.Serials.name, self.log)
        serials.need_standing(conn, self.log, last)
        moved = serials.moved(conn, self.log, first - 1, last)
        told = dict(store.rows(conn, self.log, first - 1, last))
        hash_leaf, salt = self._salted.suite.leaf, self._salted.salt
        hashes = [
            hash_leaf(salt(leaves.entry_position(entry.seq)) + _leaf(self._salted, entry, told, moved))
            for entry in entries
        ]
        self._append(conn, hashes)

    def _append(self, conn: Connection, hashes: Iterable[bytes]) -> None:
        """Put leaf hashes at the end of the tree and write the tiles that changed."""
        changed: dict[tuple[int, int], bytes] = {}
        partial = {(level, n) for level, (n, kept) in enumerate(self._edge) if kept}
        full = tiles.WIDTH * self._salted_suite.hash_bytes
        level = 0
        new = list(hashes)
        while new:
            if level == len(self._edge):
                self._edge.append((0, bytearray()))
            n, kept = self._edge[level]
            above: list[bytes] = []
            for one in new:
                kept += one
                if len(kept) == full:
                    changed[level, n] = bytes(kept)
                    above.append(tiles.tile_root(self._salted_suite, bytes(kept)))
                    n, kept = n + 1, bytearray()
            self._edge[level] = (n, kept)
            if kept:
                changed[level, n] = bytes(kept)
            new, level = above, level + 1
        _write(conn, self.log, changed, partial & changed.keys())

    @property
    def _salted_suite(self) -> HashSuite:
        assert self._salted is not None
        return self._salted.suite


def catch_up(database: Database, log: int = store.REGISTRY_LOG, *, progress: Progress | None = None) -> int:
    """Bring serial numbers and tree to the newest entry; returns its sequence number, −1 before genesis."""
    with database.read() as conn:
        newest = store.tail(conn, log)
    if newest is None:
        return -1
    projections.catch_up(database, Serials, log, upto=newest[0])
    projections.catch_up(database, Trees, log, upto=newest[0], progress=progress)
    return newest[0]


def salted(conn: Connection, log: int, *, may_draw: bool = False) -> Salted:
    """The suite that the log's genesis names, and its salts. may_draw: make the secret if there is none.

    Raises Refused PROOF-1005 (a suite this program does not know).
    """
    chosen = suite.by_name(_genesis(conn, log)["hash_suite"])
    secret = conn.execute(select(PROOF_SECRET.c.secret).where(PROOF_SECRET.c.log == log)).scalar()
    if secret is None:
        assert may_draw, "a tree that stands has a secret"
        secret = os.urandom(SALT_BYTES)
        conn.execute(insert(PROOF_SECRET).values(log=log, secret=secret))
    secret = bytes(secret)
    return Salted(chosen, chosen.salter(secret), salt_id(chosen, secret))


def nodes(conn: Connection, log: int, chosen: HashSuite) -> tiles.Nodes:
    """Any node of the log's tree, read from its tiles."""
    return tiles.Nodes(chosen, lambda level, n: tile(conn, log, level, n))


def log_root(conn: Connection, log: int, chosen: HashSuite, size: int) -> bytes:
    """The root over the first `size` entries."""
    return merkle.root(chosen, size, nodes(conn, log, chosen))


def opened(conn: Connection, log: int, how: Salted, seq: int) -> Inside | None:
    """An entry with every leaf under it; None where there is no such entry."""
    entry = next(iter(store.read(conn, log, after=seq - 1, upto=seq)), None)
    if entry is None:
        return None
    told = dict(store.rows(conn, log, seq - 1, seq))
    return _opened(how, entry, told, serials.moved(conn, log, seq - 1, seq))


def _genesis(conn: Connection, log: int) -> dict[str, str]:
    """What the genesis entry says of its book. Raises Refused LOG-1003 where that is not what it hashed."""
    entry = next(store.read(conn, log, upto=0), None)
    answer = store.answers(conn, log, -1, 0).get(0)
    if entry is None or answer is None or digest(answer) != entry.answer_hash:
        raise broken(0, "the genesis entry does not match its hash")
    return json.loads(answer)


# -- one entry ---------------------------------------------------------------------------------------------


def _leaf(how: Salted, entry: Entry, told: Mapping[int, bytes], moved: Mapping[int, list[Moved]]) -> bytes:
    if entry.records or entry.rows_hash != NO_ROWS:
        return _opened(how, entry, told, moved).leaf
    nothing = how.suite.digest(b"")
    return leaves.entry(entry.seq, entry.time_ns, entry.hash, 0, nothing, 0, nothing)


def _opened(how: Salted, entry: Entry, told: Mapping[int, bytes], moved: Mapping[int, list[Moved]]) -> Inside:
    records, rows = _records(entry, moved), _rows(entry, told)
    hash_leaf, salt, seq = how.suite.leaf, how.salt, entry.seq
    record_tree = Tree(
        how.suite,
        [hash_leaf(salt(leaves.record_position(seq, i)) + leaf) for i, leaf in enumerate(records)],
    )
    row_tree = Tree(
        how.suite, [hash_leaf(salt(leaves.row_position(seq, i)) + leaf) for i, leaf in enumerate(rows)]
    )
    leaf = leaves.entry(
        seq, entry.time_ns, entry.hash, len(records), record_tree.root, len(rows), row_tree.root
    )
    return Inside(leaf, records, rows, record_tree, row_tree)


def _records(entry: Entry, moved: Mapping[int, list[Moved]]) -> list[bytes]:
    """The leaves of an entry's records, in order."""
    records = decode(entry.records)
    columns = (records[name].tolist() for name in _FIELDS)
    write, first = leaves.record, position(entry.seq, 0)
    if not moved:
        return [write(i, *fields) for i, fields in enumerate(zip(*columns, entry.results, strict=True))]
    return [
        write(i, *fields, serials=_numbers(moved.get(first + i, ())))
        for i, fields in enumerate(zip(*columns, entry.results, strict=True))
    ]


def _numbers(moved: Sequence[Moved]) -> str:
    return f"[{','.join(f'[{one.start},{one.end}]' for one in moved)}]"


def _rows(entry: Entry, told: Mapping[int, bytes]) -> list[bytes]:
    """The leaves of an entry's row changes. Raises Refused LOG-1003 where they are not those it names."""
    if entry.rows_hash == NO_ROWS:
        return []
    data = told.get(entry.seq, b"")
    if digest(data) != entry.rows_hash:
        raise broken(entry.seq, "rows do not match their hash")
    return [leaves.row(i, change) for i, change in enumerate(json.loads(data))]


# -- tiles in the database ---------------------------------------------------------------------------------

_THIS = (
    LOG_TILE.c.log == bindparam("of"),
    LOG_TILE.c.level == bindparam("at"),
    LOG_TILE.c.n == bindparam("place"),
)
_READ = select(LOG_TILE.c.hashes).where(*_THIS)


def tile(conn: Connection, log: int, level: int, n: int) -> bytes:
    """The hashes of a tile."""
    return bytes(conn.execute(_READ, {"of": log, "at": level, "place": n}).scalar_one())


def _write(
    conn: Connection,
    log: int,
    changed: Mapping[tuple[int, int], bytes],
    replaced: Iterable[tuple[int, int]],
) -> None:
    """Write tiles; those `replaced` are there already, with fewer hashes."""
    old = [{"of": log, "at": level, "place": n} for level, n in sorted(replaced)]
    if old:
        conn.execute(delete(LOG_TILE).where(*_THIS), old)
    new = [
        {"log": log, "level": level, "n": n, "hashes": hashes}
        for (level, n), hashes in sorted(changed.items())
    ]
    if new:
        conn.execute(insert(LOG_TILE), new)
