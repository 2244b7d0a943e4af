"""The tree over the log: equal to a naive one, however it was followed; disclosing nothing."""

from __future__ import annotations

import hashlib
import hmac
import json

from sqlalchemy import delete, select

from tanshu.base.canonical import canonical
from tanshu.base.database import Database
from tanshu.book import leaves, projections, records, serials, trees
from tanshu.book.commit import Book
from tanshu.book.records import POSITION_BITS, Op, decode
from tanshu.book.serials import Serials
from tanshu.book.trees import LOG_TILE, PROOF_SECRET, Trees
from tanshu.log import merkle, store
from tanshu.log.suite import SHA256_ED25519 as SUITE
from tests.conftest import MakeContext
from tests.support.commands import CEA, MAKER, TAKER, accepted, opening, request, send
from tests.support.proofs import refused

LOG = store.REGISTRY_LOG


def grow(book: Book, first: int, count: int) -> None:
    """So many entries of one transfer each, in one transaction."""
    rows = (records.transfer(MAKER, TAKER, CEA, 1), records.transfer(TAKER, MAKER, CEA, 1))
    book.commit([request(book, n, rows[n % 2]) for n in range(first, first + count)])


def naive_root(database: Database, size: int) -> bytes:
    """The root as the documents define it, with nothing of the projection's code."""
    with database.read() as conn:
        secret = bytes(conn.execute(select(PROOF_SECRET.c.secret)).scalar_one())
        hashes = [
            _leaf(secret, leaves.entry_position(entry.seq), _entry(secret, conn, entry))
            for entry in store.read(conn, LOG, upto=size - 1)
        ]
    return merkle.Tree(SUITE, hashes).root


def _entry(secret, conn, entry) -> dict[str, object]:
    moved = serials.moved(conn, LOG, entry.seq - 1, entry.seq)
    told = dict(store.rows(conn, LOG, entry.seq - 1, entry.seq))
    record_hashes = [
        _leaf(secret, leaves.record_position(entry.seq, i), _record(entry, i, row, moved))
        for i, row in enumerate(decode(entry.records))
    ]
    changes = json.loads(told.get(entry.seq, b"[]"))
    row_hashes = [
        _leaf(secret, leaves.row_position(entry.seq, i), {"change": change, "i": i})
        for i, change in enumerate(changes)
    ]
    return {
        "hash": entry.hash.hex(),
        "records": len(record_hashes),
        "records_root": merkle.Tree(SUITE, record_hashes).root.hex(),
        "rows": len(row_hashes),
        "rows_root": merkle.Tree(SUITE, row_hashes).root.hex(),
        "seq": entry.seq,
        "time_ns": entry.time_ns,
    }


def _record(entry, i, row, moved) -> dict[str, object]:
    hold = int(row["hold"])
    place = entry.seq << POSITION_BITS | i
    return {
        "amount": int(row["amount"]),
        "credit": int(row["credit"]),
        "debit": int(row["debit"]),
        "hold": f"{hold >> POSITION_BITS}/{hold % (1 << POSITION_BITS)}" if hold else None,
        "i": i,
        "instrument": int(row["instrument"]),
        "operation": Op(row["op"]).name.lower(),
        "result": "ok" if entry.results[i] == 0 else str(entry.results[i]),
        "serials": [[one.start, one.end] for one in moved.get(place, [])],
        "tag": int(row["tag"]),
    }


def _leaf(secret: bytes, place: bytes, value: object) -> bytes:
    salt = hmac.new(secret, place, "sha256").digest()
    return hashlib.sha256(b"\0" + salt + canonical(value)).digest()


def root(database: Database, size: int) -> bytes:
    with database.read() as conn:
        return trees.log_root(conn, LOG, SUITE, size)


def tiles_of(database: Database) -> list[tuple[int, int, bytes]]:
    with database.read() as conn:
        rows = conn.execute(select(LOG_TILE).order_by(LOG_TILE.c.level, LOG_TILE.c.n))
        return [(row.level, row.n, bytes(row.hashes)) for row in rows]


def test_the_tree_is_the_documented_one_whatever_its_size(book: Book, context: MakeContext):
    database = book.database
    accepted(send(context(), *opening()))
    hold = accepted(send(context(), records.hold(MAKER, CEA, 300)))["positions"][0]
    accepted(send(context(), records.capture(hold, MAKER, TAKER, CEA, 100, tag=8)))
    assert trees.catch_up(database) == 3
    for size in (1, 2, 3, 4):
        assert root(database, size) == naive_root(database, size)
    grow(book, 0, 250)
    trees.catch_up(database)
    grow(book, 250, 260)  # over the end of a tile, in another chunk
    assert trees.catch_up(database) == 513
    for size in (254, 257, 512, 514):
        assert root(database, size) == naive_root(database, size)


def test_followed_entry_by_entry_or_built_anew_it_is_the_same(book: Book, context: MakeContext):
    database = book.database
    accepted(send(context(), *opening()))
    for n in range(0, 270, 90):
        grow(book, n, 90)
        trees.catch_up(database)
    before = tiles_of(database)
    assert [(level, n, len(hashes) // 32) for level, n, hashes in before] == [
        (0, 0, 256),
        (0, 1, 16),
        (1, 0, 1),
    ]
    projections.rebuild(database, Trees)
    assert tiles_of(database) == before


def test_another_secret_gives_another_tree(book: Book, context: MakeContext):
    database = book.database
    accepted(send(context(), *opening()))
    trees.catch_up(database)
    with database.read() as conn:
        before = trees.log_root(conn, LOG, SUITE, 2), trees.salted(conn, LOG).salt_id
    with database.write() as conn:
        conn.execute(delete(PROOF_SECRET))
    projections.rebuild(database, Trees)
    with database.read() as conn:
        after = trees.log_root(conn, LOG, SUITE, 2), trees.salted(conn, LOG).salt_id
    assert before[0] != after[0] and before[1] != after[1]


def test_tiles_cannot_be_guessed_at_without_the_secret(book: Book, context: MakeContext):
    """Whoever knows every byte of the log still cannot tell which leaf is which."""
    database = book.database
    accepted(send(context(), *opening()))
    trees.catch_up(database)
    _, _, hashes = tiles_of(database)[0]
    with database.read() as conn:
        for entry in store.read(conn, LOG):
            inside = trees.opened(conn, LOG, trees.salted(conn, LOG), entry.seq)
            assert inside is not None
            for known in (inside.leaf, bytes(32) + inside.leaf, entry.hash):
                assert SUITE.leaf(known) not in hashes


def test_the_tree_does_not_run_ahead_of_the_serial_numbers(book: Book, context: MakeContext):
    accepted(send(context(), *opening()))
    assert refused(projections.catch_up, book.database, Trees).code == "BOOK-1202"
    projections.catch_up(book.database, Serials)
    projections.catch_up(book.database, Trees)


def test_an_empty_log_has_no_tree(database: Database):
    assert trees.catch_up(database) == -1
