"""One byte of one stored column of one entry is altered: the audit names that entry."""

from __future__ import annotations

import random
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from tanshu import audit
from tanshu.base.database import Database, driver
from tanshu.base.refusal import Refused
from tanshu.book.commit import Book
from tanshu.log.store import LOG_ENTRY

WIDTHS = {"log": 2, "seq": 8, "time_ns": 8, "engine": 2, "era": 2}
TEXTS = ("actor", "command")
COLUMNS = [column.name for column in LOG_ENTRY.columns]


def alter(value: Any, column: str, dice: random.Random) -> Any:
    """The value with one byte changed. PostgreSQL keeps no broken text, so text stays ASCII there."""
    if column in WIDTHS:
        width = WIDTHS[column]
        raw = bytearray(int(value).to_bytes(width, "little", signed=True))
        raw[dice.randrange(width)] ^= dice.randrange(1, 256)
        return int.from_bytes(raw, "little", signed=True)
    raw = bytearray(value.encode() if isinstance(value, str) else bytes(value))
    at = dice.randrange(len(raw))
    raw[at] = dice.choice([b for b in (range(33, 127) if column in TEXTS else range(256)) if b != raw[at]])
    return raw.decode(errors="replace") if column in TEXTS else bytes(raw)


def store_altered(database: Database, seq: int, column: str, dice: random.Random) -> None:
    """UPDATE one value; tries again where the database itself refuses the change (a number already taken)."""
    mark = "?" if database.is_sqlite else "%s"
    while True:
        try:
            with database.write() as conn:
                raw = driver(conn)
                where = f"WHERE seq = {mark} AND log = 1"
                (old,) = raw.execute(f"SELECT {column} FROM log_entry {where}", (seq,)).fetchone()
                new = alter(old, column, dice)
                raw.execute(f"UPDATE log_entry SET {column} = {mark} {where}", (new, seq))
                return
        except (sqlite3.IntegrityError, IntegrityError):
            continue
        except Exception as error:
            if type(error).__name__ != "UniqueViolation":
                raise


@pytest.mark.parametrize("column", COLUMNS)
def test_one_altered_byte_is_found_and_its_entry_named(busy_book: Book, column: str):
    dice = random.Random(f"altered {column}")
    database = busy_book.database
    mark = "?" if database.is_sqlite else "%s"
    for seq in range(8):
        with database.read() as conn:
            kept = driver(conn).execute("SELECT * FROM log_entry WHERE seq = " + mark, (seq,)).fetchone()
        if column in ("records", "results", "rows") and not kept[COLUMNS.index(column)]:
            continue  # nothing is stored here that could be altered
        store_altered(database, seq, column, dice)

        report = audit.run(database)

        assert report.first_bad, f"{column} of entry {seq} was altered unnoticed"
        expected = {seq} if (column, seq) != ("log", 7) else {None}  # the tail moved to another log
        assert report.first_bad.seq in expected, report.first_bad

        with database.write() as conn:
            raw = driver(conn)
            key = "hash" if column != "hash" else "key"
            raw.execute(f"DELETE FROM log_entry WHERE {key} = {mark}", (kept[COLUMNS.index(key)],))
            marks = ", ".join([mark] * len(COLUMNS))
            raw.execute(f"INSERT INTO log_entry VALUES ({marks})", kept)
        assert audit.run(database).ok


# -- below SQL: the file itself ----------------------------------------------------------------------------

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


PAGE = 4096


def found_at(data: bytes, wanted: bytes) -> list[int]:
    """Where these bytes are: an entry's key is in the table and in the index that keeps it unique."""
    return [match.start() for match in re.finditer(re.escape(wanted), data)]


def closed_file(book: Book, database_url: str) -> Path:
    """The book's file after its last connection closed: everything is in it, no write-ahead log beside it."""
    book.database.close()
    return Path(database_url.removeprefix("sqlite:///"))


@on_sqlite
def test_a_byte_flipped_in_the_file_within_a_records_column_is_found(busy_book: Book, database_url: str):
    with busy_book.database.read() as conn:
        (records,) = driver(conn).execute("SELECT records FROM log_entry WHERE seq = 3").fetchone()
    path = closed_file(busy_book, database_url)
    data = bytearray(path.read_bytes())
    start = data.index(records)
    # The first byte says how the others are packed.
    for at, code in (
        (start, "AUD-1008"),
        (start + len(records) // 2, "AUD-1004"),
        (start + len(records) - 1, "AUD-1004"),
    ):
        data[at] ^= 0x10
        path.write_bytes(data)
        report = audit.run(Database.open(database_url))
        assert [(f.seq, f.what.code) for f in report.findings] == [(3, code)]
        data[at] ^= 0x10
    path.write_bytes(data)
    assert audit.run(Database.open(database_url)).ok


@on_sqlite
def test_no_damage_to_the_file_crashes_the_audit_or_alters_the_log_unnoticed(
    busy_book: Book, database_url: str
):
    """Flip 300 bytes, one at a time, anywhere in the pages of the table and its indexes. Some bytes carry
    nothing: then the rows read as before and the audit may be content."""
    with busy_book.database.read() as conn:
        before = driver(conn).execute("SELECT * FROM log_entry ORDER BY seq").fetchall()
    path = closed_file(busy_book, database_url)
    whole = path.read_bytes()
    pages = {at // PAGE for row in before for at in found_at(whole, row[COLUMNS.index("key")])}
    dice = random.Random("damage")
    found = 0
    for _ in range(300):
        at = dice.choice(sorted(pages)) * PAGE + dice.randrange(PAGE)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << dice.randrange(8))]) + whole[at + 1 :])
        try:
            database = Database.open(database_url)
        except Refused:  # not even its list of tables can be read
            continue
        report = audit.run(database)
        if report.ok:
            with database.read() as conn:
                assert driver(conn).execute("SELECT * FROM log_entry ORDER BY seq").fetchall() == before
        else:
            found += 1
        database.close()
    assert found > 20


WRONG = [
    ("time_ns", "1.5"),
    ("actor", "x'ff'"),
    ("records", "'text'"),
    ("key", "CAST(key || x'00' AS BLOB)"),
    ("hash", "x'00'"),
]


@on_sqlite
def test_a_value_of_another_kind_or_width_is_named_with_its_column(busy_book: Book):
    for column, wrong in (
        ("time_ns", "1.5"),
        ("actor", "x'ff'"),
        ("records", "'text'"),
        ("key", "key || x'00'"),
    ):
        with busy_book.database.write() as conn:
            raw = driver(conn)
            (kept,) = raw.execute(f"SELECT {column} FROM log_entry WHERE seq = 4").fetchone()
            raw.execute(f"UPDATE log_entry SET {column} = {wrong} WHERE seq = 4")
        (finding,) = audit.run(busy_book.database).findings
        assert (finding.seq, finding.what.code, finding.what.facts["column"]) == (4, "AUD-1008", column)
        with busy_book.database.write() as conn:
            driver(conn).execute(f"UPDATE log_entry SET {column} = ? WHERE seq = 4", (kept,))


@on_sqlite
def test_text_that_is_no_text_is_judged_by_the_hash(busy_book: Book):
    with busy_book.database.write() as conn:
        driver(conn).execute("UPDATE log_entry SET actor = CAST(x'fffe41' AS TEXT) WHERE seq = 5")
    assert [(f.seq, f.what.code) for f in audit.run(busy_book.database).findings] == [(5, "AUD-1004")]
