"""What was changed, cut or taken from a backup is found, whoever did it, with no database at all."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tanshu.backup import segment, stands, verify
from tanshu.backup.folder import Folder
from tanshu.base.canonical import canonical, digest
from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.book.rows import INSERT, Change, encode
from tanshu.log.entry import Entry, entry_hash, genesis
from tanshu.log.store import Written
from tests.backup.conftest import History

FLIPS = 300


@pytest.fixture
def kept(history: History, tmp_path: Path) -> Path:
    """A copy of the backup, to be spoilt."""
    return shutil.copytree(history.folder, tmp_path / "kept")


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.seg"))


def test_a_sound_backup_is_verified_without_a_database(history: History, kept: Path):
    found = verify(kept)
    assert (found.seq, found.entries, found.book) == (history.newest, history.newest + 1, "test")
    assert found.state == history.pictures[history.newest][0]
    rows = {name: len(rows) for name, rows in history.pictures[history.newest][1].items() if rows}
    assert found.tables == rows


def test_any_changed_bit_of_a_segment_is_found(kept: Path):
    dice = random.Random(7)
    victims = segments(kept)
    for _ in range(FLIPS):
        victim = dice.choice(victims)
        whole = victim.read_bytes()
        changed = bytearray(whole)
        changed[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
        with pytest.raises(Refused, match=f"BAK-2004.*{victim.name}"):
            segment.decode(victim.name, bytes(changed))


@pytest.mark.parametrize("left", [0, 1, 15, 16, 20, 60, 200, -33, -32, -1])
def test_a_segment_cut_short_is_found(kept: Path, left: int):
    victim = segments(kept)[2]
    victim.write_bytes(victim.read_bytes()[:left])
    with pytest.raises(Refused, match=f"BAK-2004.*{victim.name}"):
        verify(kept)


def take_the_first(folder: Path) -> None:
    segments(folder)[0].unlink()


def take_one_from_the_middle(folder: Path) -> None:
    segments(folder)[2].unlink()


def take_all(folder: Path) -> None:
    for one in segments(folder):
        one.unlink()


def swap_two(folder: Path) -> None:
    one, other = segments(folder)[1:3]
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)


def overlap(folder: Path) -> None:
    one = segments(folder)[1]
    shutil.copyfile(one, folder / "000000000007-000000000009.seg")


def take_the_facts(folder: Path) -> None:
    (folder / "backup.json").unlink()


def no_json(folder: Path) -> None:
    (folder / "backup.json").write_text("{")


def other_facts(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "backup.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


HARM = {
    "the first segment taken": (take_the_first, "BAK-2003.*0 to 4"),
    "one from the middle taken": (take_one_from_the_middle, "BAK-2003.*10 to 14"),
    "all taken": (take_all, "BAK-2001"),
    "two swapped": (swap_two, "BAK-2004"),
    "one too many": (overlap, "BAK-2003"),
    "backup.json taken": (take_the_facts, "BAK-2001"),
    "backup.json cut": (no_json, "BAK-2001"),
    "another format": (other_facts(format=2), "BAK-2002"),
    "another hash suite": (other_facts(hash_suite="sm3+sm2"), "BAK-2002"),
    "another book": (other_facts(book="other"), "BAK-2006"),
    "another genesis": (other_facts(genesis="00" * 32), "BAK-2006"),
}


@pytest.mark.parametrize("name", HARM)
def test_a_backup_that_is_not_whole_is_refused(kept: Path, name: str):
    harm, said = HARM[name]
    harm(kept)
    with pytest.raises(Refused, match=said):
        verify(kept)


# -- somebody who knows the format, and makes every file's own hash right ----------------------------------


def resealed(written: Written, **changes: object) -> Written:
    """The entry with other fields, and the hash that fits them."""
    entry = replace(written.entry, **changes)
    return written._replace(entry=replace(entry, hash=entry_hash(entry, entry.seq, entry.prev_hash)))


def other_answer(written: Written) -> Written:
    return written._replace(answer=written.answer + b" ")


def other_rows(written: Written) -> Written:
    return written._replace(rows=b"[]")


def other_actor(written: Written) -> Written:
    return written._replace(entry=replace(written.entry, actor="nobody"))


def other_actor_with_its_hash(written: Written) -> Written:
    return resealed(written, actor="nobody")


def unknown_table(written: Written) -> Written:
    rows = encode([Change(INSERT, "scroll", {}, {"n": 1})])
    return resealed(written._replace(rows=rows), rows_hash=digest(rows))


def another_genesis(_written: Written) -> Written:
    return Written(*genesis("other", 1))


FORGED = {
    "an answer": (22, other_answer, "BAK-2005.* 22 "),
    "row changes": (22, other_rows, "BAK-2005.* 22 "),
    "an actor": (22, other_actor, "LOG-1003.* 22"),
    "an actor, hashed anew": (22, other_actor_with_its_hash, "LOG-1003.* 23"),
    "a table nobody knows": (33, unknown_table, "BAK-2007.*scroll"),
    "the genesis": (0, another_genesis, "BAK-2006"),
}


def forge(kept: Path, seq: int, forged: Callable[[Written], Written]) -> None:
    """Put another entry in the place of one; its segment gets a name and a seal that fit."""
    folder = Folder.open(kept)
    span = next(span for span in folder.spans() if span.first <= seq <= span.last)
    written = [forged(one) if one.entry.seq == seq else one for one in folder.read(span)[1]]
    (kept / span.name).unlink()
    folder.add(written)


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_entry_is_named_though_its_file_is_sealed(kept: Path, name: str):
    seq, forged, said = FORGED[name]
    forge(kept, seq, forged)
    with pytest.raises(Refused, match=said):
        verify(kept)


def test_the_newest_entry_forged_with_its_hash_shows_beside_the_database_only(kept: Path, history: History):
    forge(kept, history.newest, other_actor_with_its_hash)
    assert verify(kept).seq == history.newest  # nothing comes after it that names its hash
    database = Database.open(history.url)
    standing = stands(kept, database)
    database.close()
    assert (standing.how, standing.common) == ("forked", history.newest - 1)


def test_a_segment_that_holds_less_than_its_header_names_is_found(kept: Path):
    folder = Folder.open(kept)
    span = folder.spans()[-1]
    written = list(folder.read(span)[1])
    facts, _ = segment.unpack(span.name, (kept / span.name).read_bytes())
    _, body = segment.unpack("shorter", segment.encode(written[:-1]))
    (kept / span.name).write_bytes(segment.pack(facts, body))
    with pytest.raises(Refused, match="BAK-2004"):
        verify(kept)


# -- the bytes themselves ----------------------------------------------------------------------------------


def test_what_goes_into_a_segment_comes_out():
    one, two, three, four, five = (bytes([n]) * 32 for n in range(5))
    first = Entry(7, 8, b"k" * 16, one, two, three, "登记员\udcff", "c", four, b"r", b"", five)
    last = replace(first, seq=8, actor="", records=b"\x00" * 100, results=b"\x01", engine=3, era=2)
    written = [Written(first, b"{}", b""), Written(last, b"", b"[1]")]
    data = segment.encode(written)
    header, found = segment.decode("000000000007-000000000008.seg", data)
    assert list(found) == written
    assert (header.first, header.last, header.prev_hash, header.hash) == (7, 8, four, five)


def test_a_sealed_file_whose_body_is_no_entries_is_damaged():
    header = {"first": 0, "last": 0, "first_ns": 0, "last_ns": 0, "prev_hash": "", "hash": ""}
    for facts, body in ((header, b"x" * 300), (header, b"x"), ({}, b""), (header | {"hash": 3}, b"")):
        with pytest.raises(Refused, match="BAK-2004"):
            list(segment.decode("000000000000-000000000000.seg", segment.pack(facts, body))[1])
    data = segment.pack(header, b"")
    cut = data[: -32 - 3]
    with pytest.raises(Refused, match="BAK-2004"):
        segment.unpack("cut", cut + digest(cut))
    assert segment.unpack("whole", data) == (json.loads(canonical(header)), b"")
