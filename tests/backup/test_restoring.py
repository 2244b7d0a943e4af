"""A restored database is what the first one was after that entry, row by row; half a one is never used."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from tanshu import app, audit, migrations
from tanshu.backup import Restored, back_up, restore, stands
from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.book.commit import Book
from tanshu.log import store
from tests.backup.conftest import History, picture
from tests.support.commands import accepted, opening, send


def at(url: str, do: Callable[[Database], object]) -> object:
    database = Database.open(url)
    try:
        return do(database)
    finally:
        database.close()


def entry_of(url: str, seq: int) -> bytes:
    def look(database: Database) -> bytes | None:
        with database.read() as conn:
            return store.hash_at(conn, store.REGISTRY_LOG, seq)

    found = at(url, look)
    assert isinstance(found, bytes)
    return found


# -- to any entry ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, 1, 2, 4])
def test_a_restored_database_is_what_the_first_one_was_then(bare_url: str, history: History, which: int):
    seq = sorted(history.pictures)[which]
    done = restore(history.folder, bare_url, to=f"seq:{seq}")

    assert (done.seq, done.entries, done.left_out) == (seq, seq + 1, history.newest - seq)
    assert done.hash == entry_of(history.url, seq)
    assert at(bare_url, picture) == history.pictures[seq]
    assert done.state == history.pictures[seq][0]
    report = at(bare_url, audit.run)
    assert isinstance(report, audit.AuditReport)
    assert (report.ok, report.entries) == (True, seq + 1)
    assert at(bare_url, lambda database: stands(history.folder, database).how) == (
        "same" if seq == history.newest else "behind"
    )


def test_what_was_restored_goes_on_like_any_book_and_can_be_backed_up(
    bare_url: str, history: History, tmp_path: Path
):
    kept = shutil.copytree(history.folder, tmp_path / "kept")
    restore(kept, bare_url)
    installation = app.open_installation(bare_url)
    ctx = installation.context("registry-maker-1", bytes(16))
    assert accepted(send(ctx)).seq == history.newest + 1
    assert back_up(installation.database, kept).entries == 1
    installation.close()


def test_the_genesis_alone_is_a_book_without_a_register(bare_url: str, history: History):
    assert restore(history.folder, bare_url, to="seq:0").tables == {}
    assert at(bare_url, lambda database: audit.run(database).ok)


def test_to_a_hash_or_a_date(tmp_path: Path, history: History):
    wanted = entry_of(history.url, 20)
    done = restore(history.folder, f"sqlite:///{tmp_path}/a.db", to_hash=wanted.hex().upper())
    assert (done.seq, done.hash) == (20, wanted)
    assert restore(history.folder, f"sqlite:///{tmp_path}/b.db", to="2024-01-02").seq == history.newest
    assert restore(history.folder, f"sqlite:///{tmp_path}/c.db", to=" 2030-12-31").left_out == 0


NO_MOMENT = {
    "seq:34": "BOOK-1102",
    "2024-01-01": "BOOK-1102",
    "yesterday": "BOOK-1101",
    "seq:-1": "BOOK-1101",
    "2024-02-30": "BOOK-1101",
}


@pytest.mark.parametrize("moment", NO_MOMENT)
def test_a_moment_that_is_not_in_the_backup_makes_no_database(history: History, tmp_path: Path, moment: str):
    with pytest.raises(Refused, match=NO_MOMENT[moment]):
        restore(history.folder, f"sqlite:///{tmp_path}/a.db", to=moment)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("to", "to_hash", "code"),
    [(None, "00" * 32, "BAK-3004"), (None, "abc", "BAK-3004"), ("seq:1", "x", "BAK-3005")],
)
def test_a_hash_that_is_not_in_the_backup_makes_no_database(
    history: History, tmp_path: Path, to: str | None, to_hash: str, code: str
):
    with pytest.raises(Refused, match=code):
        restore(history.folder, f"sqlite:///{tmp_path}/a.db", to=to, to_hash=to_hash)
    assert list(tmp_path.iterdir()) == []


# -- into an empty database only ---------------------------------------------------------------------------


def test_a_database_with_tables_and_nothing_in_them_is_empty(database_url: str, history: History):
    assert restore(history.folder, database_url).seq == history.newest


def test_a_database_that_holds_a_book_is_left_alone(book: Book, context, history: History):
    send(context(), *opening())
    with pytest.raises(Refused, match="BAK-3001"):
        restore(history.folder, book.database.url)
    assert audit.run(book.database).entries == 2


def test_a_restored_database_is_not_restored_into_again(bare_url: str, history: History):
    restore(history.folder, bare_url)
    with pytest.raises(Refused, match="BAK-3001"):
        restore(history.folder, bare_url)


def test_somebody_elses_tables_are_left_alone(bare_url: str, history: History):
    database = Database.open(bare_url, create=True)
    with database.write() as conn:
        conn.execute(text("CREATE TABLE diary (n INTEGER)"))
    with pytest.raises(Refused, match=r"BAK-3001.*diary"):
        restore(history.folder, bare_url)
    database.close()


def test_tables_of_another_version_are_left_alone(database: Database, history: History):
    with database.write() as conn:
        migrations.mark(conn, "0000")
    with pytest.raises(Refused, match="APP-1001"):
        restore(history.folder, database.url)


# -- killed on the way -------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here."""


def killed_after(entries: int) -> Callable[[int, int], None]:
    def tick(seq: int, _wanted: int) -> None:
        if seq >= entries:
            raise Killed

    return tick


def begun(history: History, url: str, entries: int, to: str | None = None) -> None:
    with pytest.raises(Killed):
        restore(history.folder, url, to=to, progress=killed_after(entries))


@pytest.mark.parametrize("entries", [0, 15, 32], ids=["soon", "half-way", "before the last look"])
def test_a_killed_restore_is_not_used_and_goes_on_where_it_stopped(
    bare_url: str, history: History, entries: int
):
    begun(history, bare_url, entries)
    for use in (app.open_installation, app.found):
        with pytest.raises(Refused, match="MIG-1001"):
            use(bare_url)

    done = restore(history.folder, bare_url)

    assert 0 <= done.entries < history.newest + 1
    assert at(bare_url, picture) == history.pictures[history.newest]
    app.open_installation(bare_url).close()


def test_an_unfinished_restore_is_finished_from_the_same_log_only(history: History, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/a.db"
    begun(history, url, 10)
    other = f"sqlite:///{tmp_path}/other.db"
    book = Book(Database.open(other, create=True))
    migrations.upgrade(book.database)
    app.found(other, name="test").close()
    for n in range(30):
        send(app.Installation(book.database, book).context("somebody", n.to_bytes(16)))
    back_up(book.database, tmp_path / "other")
    book.database.close()
    with pytest.raises(Refused, match="BAK-3003"):
        restore(tmp_path / "other", url)
    assert restore(history.folder, url).seq == history.newest


def test_an_unfinished_restore_that_has_gone_further_is_refused(history: History, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/a.db"
    begun(history, url, 20)
    with pytest.raises(Refused, match="BAK-3002"):
        restore(history.folder, url, to="seq:3")


def test_somebody_who_writes_in_between_stops_the_restore(bare_url: str, history: History):
    def write(seq: int, _wanted: int) -> None:
        if seq == 9:
            book = Book(Database.open(bare_url))
            send(app.Installation(book.database, book).context("somebody", bytes(16)))
            book.database.close()

    with pytest.raises(Refused, match="BAK-3007"):
        restore(history.folder, bare_url, progress=write)
    with pytest.raises(Refused, match="MIG-1001"):
        app.open_installation(bare_url)


def test_what_was_altered_on_the_way_is_found_and_not_put_to_use(bare_url: str, history: History):
    def alter(seq: int, wanted: int) -> None:
        if seq == wanted:
            database = Database.open(bare_url)
            with database.write() as conn:
                conn.execute(text("UPDATE subject SET region = '000000' WHERE handle = 'exchange'"))
            database.close()

    with pytest.raises(Refused, match=r"BAK-3006.*subject.*region"):
        restore(history.folder, bare_url, progress=alter)
    with pytest.raises(Refused, match="MIG-1001"):
        app.open_installation(bare_url)


def test_a_damaged_backup_restores_nothing_that_can_be_used(history: History, tmp_path: Path):
    kept = shutil.copytree(history.folder, tmp_path / "kept")
    victim = sorted(kept.glob("*.seg"))[4]
    victim.write_bytes(victim.read_bytes()[:-1])
    url = f"sqlite:///{tmp_path}/a.db"
    with pytest.raises(Refused, match="BAK-2004"):
        restore(kept, url)
    with pytest.raises(Refused, match="MIG-1001"):
        app.open_installation(url)
    # With a good copy of the file it goes on.
    shutil.copyfile(history.folder / victim.name, victim)
    assert isinstance(restore(kept, url), Restored)
