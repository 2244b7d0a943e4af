"""What no entry tells and nobody can build again: signed checkpoints always, the secret when asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert, select

from tanshu.backup import back_up, restore, segment, verify
from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.book.checkpoints import CHECKPOINT
from tanshu.book.commit import Book
from tanshu.book.rows import INSERT, Change, encode
from tanshu.book.trees import PROOF_SECRET
from tests.support.commands import accepted, opening, send

SECRET = bytes(range(32))


@pytest.fixture
def signed(book: Book, context) -> Book:
    """A book with two signed checkpoints and a secret."""
    accepted(send(context(), *opening()))
    with book.database.write() as conn:
        for seq, note in ((0, "genesis"), (1, "opening")):
            conn.execute(insert(CHECKPOINT).values(log=book.log, seq=seq, note=note))
        conn.execute(insert(PROOF_SECRET).values(log=book.log, secret=SECRET))
    return book


def kept(url: str) -> tuple[dict[int, str], list[bytes]]:
    """The checkpoints by entry, and the secrets."""
    database = Database.open(url)
    with database.read() as conn:
        notes = {row.seq: row.note for row in conn.execute(select(CHECKPOINT))}
        secrets = [bytes(secret) for secret in conn.execute(select(PROOF_SECRET.c.secret)).scalars()]
    database.close()
    return notes, secrets


def test_checkpoints_are_always_kept_the_secret_only_when_asked_for(signed: Book, tmp_path: Path):
    made = back_up(signed.database, tmp_path / "b")
    assert made.kept == {"public": 2, "secret": 0}
    assert not (tmp_path / "b" / "secret.rows").exists()

    restore(tmp_path / "b", open_ := f"sqlite:///{tmp_path}/open.db")
    back_up(signed.database, tmp_path / "b", secrets=True)
    restore(tmp_path / "b", secret := f"sqlite:///{tmp_path}/secret.db")

    assert kept(open_) == ({}, [])  # nothing can be proven under them without the secret
    assert kept(secret) == ({0: "genesis", 1: "opening"}, [SECRET])


def test_a_checkpoint_signed_once_more_is_kept_as_it_is_now(signed: Book, tmp_path: Path):
    back_up(signed.database, tmp_path / "b", secrets=True)
    with signed.database.write() as conn:
        conn.execute(CHECKPOINT.update().where(CHECKPOINT.c.seq == 1).values(note="opening, witnessed"))
    assert back_up(signed.database, tmp_path / "b").kept["public"] == 2
    restore(tmp_path / "b", url := f"sqlite:///{tmp_path}/r.db")
    assert kept(url)[0] == {0: "genesis", 1: "opening, witnessed"}


def test_a_checkpoint_that_vanished_from_the_database_stays_in_the_backup(signed: Book, tmp_path: Path):
    back_up(signed.database, tmp_path / "b", secrets=True)
    with signed.database.write() as conn:
        for table in (CHECKPOINT, PROOF_SECRET):
            conn.execute(table.delete())
    assert back_up(signed.database, tmp_path / "b", secrets=True).kept == {"public": 2, "secret": 1}
    restore(tmp_path / "b", url := f"sqlite:///{tmp_path}/r.db")
    assert kept(url) == ({0: "genesis", 1: "opening"}, [SECRET])


def test_a_checkpoint_of_an_entry_that_is_left_out_is_left_out(signed: Book, tmp_path: Path):
    back_up(signed.database, tmp_path / "b", secrets=True)
    done = restore(tmp_path / "b", url := f"sqlite:///{tmp_path}/r.db", to="seq:0")
    assert (done.kept, done.not_put_back) == ({"public": 1, "secret": 1}, 1)
    assert kept(url)[0] == {0: "genesis"}


def test_damaged_kept_rows_are_found(signed: Book, tmp_path: Path):
    back_up(signed.database, tmp_path / "b")
    path = tmp_path / "b" / "public.rows"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Refused, match=r"BAK-2004.*public\.rows"):
        verify(tmp_path / "b")
    with pytest.raises(Refused, match=r"BAK-2004.*public\.rows"):
        restore(tmp_path / "b", f"sqlite:///{tmp_path}/r.db")
    with pytest.raises(Refused, match=r"BAK-2004.*public\.rows"):
        back_up(signed.database, tmp_path / "b")


def test_kept_rows_of_a_later_version_are_refused(signed: Book, tmp_path: Path):
    back_up(signed.database, tmp_path / "b")
    unknown = encode([Change(INSERT, "seal", {}, {"n": 1})])
    (tmp_path / "b" / "public.rows").write_bytes(segment.pack({"kind": "public", "rows": 1}, unknown))
    with pytest.raises(Refused, match=r"BAK-2008.*seal"):
        verify(tmp_path / "b")
