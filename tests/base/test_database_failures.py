"""What a driver says, as the refusal a person can act on; and whether a failed commit may have been one."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from tanshu.base.database import failure, is_uncertain

URL = "postgresql://clerk:secret@db/tanshu"


def postgres(code: str, said: str = "something") -> Exception:
    return psycopg.errors.lookup(code)(said)


def sqlite(name: str, said: str = "something") -> Exception:
    error = sqlite3.OperationalError(said)
    error.sqlite_errorname = name
    return error


CASES = {
    "SQLite: another writer": (sqlite("SQLITE_BUSY", "database is locked"), "BASE-1104", False),
    "SQLite: no room": (sqlite("SQLITE_FULL", "database or disk is full"), "BASE-1109", False),
    "SQLite: writing failed": (sqlite("SQLITE_IOERR_WRITE", "disk I/O error"), "BASE-1109", False),
    "SQLite: flushing failed": (sqlite("SQLITE_IOERR_FSYNC", "disk I/O error"), "BASE-1105", True),
    "SQLite: damaged": (sqlite("SQLITE_CORRUPT", "database disk image is malformed"), "BASE-1106", True),
    "SQLite: no database": (sqlite("SQLITE_NOTADB", "file is not a database"), "BASE-1106", True),
    "SQLite: cut short": (sqlite("SQLITE_IOERR_SHORT_READ", "disk I/O error"), "BASE-1106", True),
    "PostgreSQL: waited too long": (postgres("55P03"), "BASE-1104", False),
    "PostgreSQL: statement timeout": (postgres("57014"), "BASE-1104", False),
    "PostgreSQL: no room": (postgres("53100"), "BASE-1109", False),
    "PostgreSQL: file limit": (
        postgres("58030", "cannot extend: File too large"),
        "BASE-1109",
        False,
    ),
    "PostgreSQL: damaged": (postgres("XX001"), "BASE-1106", False),
    "PostgreSQL: ended by an administrator": (postgres("57P01"), "BASE-1107", True),
    "PostgreSQL: it crashes": (postgres("57P02"), "BASE-1107", True),
    "PostgreSQL: it starts": (postgres("57P03"), "BASE-1107", True),
    "PostgreSQL: idle for too long": (postgres("25P03"), "BASE-1107", True),
    "PostgreSQL: the line is dead": (psycopg.OperationalError("the connection is lost"), "BASE-1107", True),
    "PostgreSQL: a wrong statement": (postgres("42601"), "BASE-1105", False),
    "PostgreSQL: a key twice": (postgres("23505"), "BASE-1105", False),
}


@pytest.mark.parametrize("name", CASES)
def test_a_failure_is_called_by_what_can_be_done_about_it(name: str):
    error, code, uncertain = CASES[name]
    wrapped = DBAPIError("SELECT 1", None, error)
    for one in (error, wrapped):
        refusal = failure(one, URL)
        assert refusal
        assert (refusal.code, is_uncertain(one)) == (code, uncertain)
        assert "secret" not in refusal.sentence("zh") + refusal.sentence("en")


def test_what_is_no_failure_of_a_database_is_none():
    assert failure(ValueError("locked"), URL) is None
    assert not is_uncertain(ValueError("the connection is lost"))
