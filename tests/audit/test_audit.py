"""A sound log passes; whatever is altered is found and named."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import text

from tanshu import audit
from tanshu.audit import walk
from tanshu.base.canonical import digest
from tanshu.base.database import Database
from tanshu.book import records
from tanshu.book.commit import Book
from tanshu.book.records import encode
from tanshu.log import store
from tanshu.log.entry import Draft, Entry, genesis, seal
from tests.support.clock import START_NS
from tests.support.commands import CEA, MAKER, TAKER


def test_a_sound_book_is_ok_and_counted(busy_book: Book):
    heard: list[int] = []
    report = audit.run(busy_book.database, progress=heard.append)
    assert report.findings == ()
    assert report.ok and report.first_bad is None
    assert (report.entries, report.records) == (8, 14)
    assert (report.accounts, report.instruments, report.cells, report.holds) == (4, 2, 7, 1)
    assert report.conservation == {0: 0, 1: 0}
    with busy_book.database.read() as conn:
        busy_book.catch_up(conn)
    assert (report.log_seq, report.log_hash) == (busy_book.tail.seq, busy_book.tail.hash.hex())
    assert heard == [8]
    assert json.loads(json.dumps(report.as_json()))["conservation"] == {"0": 0, "1": 0}


def test_an_empty_log_has_no_genesis(database: Database):
    report = audit.run(database)
    assert [finding.what.code for finding in report.findings] == ["AUD-1001"]


def test_a_database_without_tables_is_a_finding_not_a_crash(database: Database):
    with database.write() as conn:
        conn.execute(text("DROP TABLE log_entry"))
    report = audit.run(database)
    assert report.first_bad and report.first_bad.what.code == "AUD-3001"


# -- forged entries: every hash is right, the story is not -------------------------------------------------


def forged(seq: int, before: Entry, *, answer: bytes = b"{}", **changes) -> store.Written:
    draft = Draft(
        before.time_ns + 1, bytes([seq] * 16), bytes(32), digest(answer), "registry-maker-1", "forge"
    )
    return store.Written(seal(replace(draft, **changes), seq, before.hash), answer)


def first_code(database: Database, entries: list[store.Written]) -> tuple[int | None, str]:
    with database.write() as conn:
        store.append(conn, store.REGISTRY_LOG, entries)
    found = audit.run(database).first_bad
    assert found
    return found.seq, found.what.code


def rows(*wanted) -> dict[str, bytes]:
    return {"records": encode(list(wanted)).tobytes(), "results": bytes(len(wanted))}


START = genesis("test", START_NS)
FORGERIES = {
    "a sequence number is left out": ([forged(2, START[0])], (1, "AUD-1002")),
    "the time stands still": ([forged(1, START[0], time_ns=START_NS)], (1, "AUD-1005")),
    "a half record": ([forged(1, START[0], records=bytes(47), results=b"\0")], (1, "AUD-1009")),
    "a result code without a record": ([forged(1, START[0], results=b"\0")], (1, "AUD-1009")),
    "money from nowhere": (
        [forged(1, START[0], **rows(records.transfer(MAKER, TAKER, CEA, 5)))],
        (1, "AUD-1010"),
    ),
    "a success told as a failure": (
        [forged(1, START[0], records=encode([records.open_account(0)]).tobytes(), results=b"\7")],
        (1, "AUD-1010"),
    ),
    "an unlinked entry": (
        [forged(1, replace(START[0], hash=digest(b"another chain")))],
        (1, "AUD-1003"),
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_entry_with_good_hashes_is_named(book: Book, name: str):
    entries, expected = FORGERIES[name]
    assert first_code(book.database, entries) == expected


def test_a_genesis_that_does_not_follow_from_its_facts_is_named(database: Database):
    entry, facts = genesis("test", START_NS)
    draft = Draft(entry.time_ns, entry.key, entry.body_hash, digest(facts + b" "), "tanshu", "genesis")
    assert first_code(database, [store.Written(seal(draft, 0, bytes(32)), facts + b" ")]) == (0, "AUD-1007")


def test_an_unknown_engine_is_named(book: Book):
    with book.database.write() as conn:
        conn.execute(text("UPDATE log_entry SET era = 1"))
    found = audit.run(book.database).findings
    assert [(f.seq, f.what.code) for f in found] == [(0, "AUD-1004"), (0, "AUD-1012"), (0, "AUD-1007")]


def test_a_key_used_twice_is_named_with_both_entries(book: Book):
    one = forged(1, START[0], key=b"k" * 16)
    two = forged(2, one[0], key=b"k" * 16)
    with book.database.write() as conn:
        conn.execute(text("CREATE TABLE other AS SELECT * FROM log_entry"))
        conn.execute(text("DROP TABLE log_entry"))
        conn.execute(text("ALTER TABLE other RENAME TO log_entry"))
    assert first_code(book.database, [one, two]) == (2, "AUD-1011")


def test_entries_of_another_log_without_their_beginning_are_named(book: Book):
    with book.database.write() as conn:
        store.append(conn, 9, [forged(3, START[0])])
    found = audit.run(book.database).findings
    assert [(f.seq, f.what.code) for f in found] == [(None, "AUD-1013")]
    assert found[0].what.facts["log"] == 9


# -- the state ---------------------------------------------------------------------------------------------


def test_a_kernel_that_strays_is_caught_cell_by_cell(busy_book: Book, monkeypatch: pytest.MonkeyPatch):
    def stray(entries, state, tail):
        done = honest(entries, state, tail)
        state.arrays.cells[state.arrays.cells[:, 1].argmax(), 1] += 1
        state.arrays.account_flags[MAKER] = 1
        return done

    honest = walk.replay
    monkeypatch.setattr(walk, "replay", stray)
    report = audit.run(busy_book.database)
    assert [(f.seq, f.what.code) for f in report.findings] == [(7, "AUD-2001"), (7, "AUD-2003")]


def test_every_finding_speaks_both_languages(busy_book: Book):
    with busy_book.database.write() as conn:
        conn.execute(text("UPDATE log_entry SET time_ns = time_ns - 5000000000, era = 3"))
    report = audit.run(busy_book.database)
    assert len(report.findings) > 8
    for finding in report.findings:
        assert "{" not in finding.what.sentence("zh") + finding.what.sentence("en")
