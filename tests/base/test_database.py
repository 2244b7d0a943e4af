"""Opening, snapshots and transactions on both kinds of database."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from tanshu.base.database import Database, driver
from tanshu.base.refusal import Refused

ADD = text("INSERT INTO note VALUES (:n)")
COUNT = text("SELECT count(*) FROM note")


@pytest.fixture
def notes(database: Database) -> Database:
    with database.write() as conn:
        conn.execute(text("CREATE TABLE note (n INTEGER PRIMARY KEY)"))
    return database


def count(database: Database) -> int:
    with database.read() as conn:
        return conn.execute(COUNT).scalar_one()


def code_of_opening(url: str) -> str:
    with pytest.raises(Refused) as caught:
        Database.open(url)
    return caught.value.refusal.code


def test_what_is_written_stays(notes: Database):
    with notes.write() as conn:
        conn.execute(ADD, {"n": 1})
    assert count(notes) == 1


def test_an_exception_takes_everything_back(notes: Database):
    with pytest.raises(ZeroDivisionError), notes.write() as conn:
        conn.execute(ADD, {"n": 1})
        raise ZeroDivisionError
    assert count(notes) == 0


def test_the_raw_driver_writes_in_the_same_transaction(notes: Database):
    with pytest.raises(ZeroDivisionError), notes.write() as conn:
        driver(conn).execute("INSERT INTO note VALUES (1)")
        assert conn.execute(COUNT).scalar_one() == 1
        raise ZeroDivisionError
    assert count(notes) == 0


def test_a_savepoint_takes_back_only_its_own_rows(notes: Database):
    with notes.write() as conn:
        conn.execute(ADD, {"n": 1})
        savepoint = conn.begin_nested()
        conn.execute(ADD, {"n": 2})
        savepoint.rollback()
        conn.execute(ADD, {"n": 3})
    assert count(notes) == 2


def test_a_reader_sees_one_snapshot_however_long_it_looks(notes: Database):
    with notes.read() as conn:
        assert conn.execute(COUNT).scalar_one() == 0
        with notes.write() as other:
            other.execute(ADD, {"n": 1})
        assert conn.execute(COUNT).scalar_one() == 0
    assert count(notes) == 1


def test_what_is_answered_is_on_disk(database: Database):
    with database.read() as conn:
        if database.is_sqlite:
            pragma = {
                name: conn.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous")
            }
            assert pragma == {"journal_mode": "wal", "synchronous": 2}
        else:
            assert conn.execute(text("SHOW synchronous_commit")).scalar() == "on"


def test_no_database_there_is_refused_with_BASE_1101(tmp_path: Path):
    assert code_of_opening(f"sqlite:///{tmp_path}/absent.db") == "BASE-1101"
    assert not (tmp_path / "absent.db").exists()


@pytest.mark.parametrize("url", ["", "tanshu.db", "mysql://host/name", "postgres:/x"])
def test_no_address_is_refused_with_BASE_1102(url: str):
    assert code_of_opening(url) == "BASE-1102"


def test_no_server_there_is_refused_with_BASE_1103(tmp_path: Path):
    assert code_of_opening(f"postgresql://postgres@/none?host={tmp_path}") == "BASE-1103"


def test_a_file_that_is_no_database_is_refused_with_BASE_1106(tmp_path: Path):
    path = tmp_path / "letter.db"
    path.write_text("dear registry, " * 500)
    assert code_of_opening(f"sqlite:///{path}") == "BASE-1106"


def test_a_folder_that_cannot_be_written_is_refused_with_BASE_1103(tmp_path: Path):
    with pytest.raises(Refused) as caught:
        Database.open(f"sqlite:///{tmp_path}/no/such/folder.db", create=True)
    assert caught.value.refusal.code == "BASE-1103"
