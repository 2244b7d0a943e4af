"""Serial numbers: which units move, told as a registry clerk would; following, rebuilding, checking."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from sqlalchemy import delete, select, update

from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.book import projections, records, serial_check, serial_rows, serials
from tanshu.book.commit import Book
from tanshu.book.records import Op, Row, position
from tanshu.book.serial_queues import NUMBER_MAX, Queues
from tanshu.book.serial_rows import SERIAL_RANGE
from tanshu.book.serials import Moved, Range, Serials, Stay
from tests.conftest import MakeContext
from tests.support.commands import CEA, CNY, ISSUER, MAKER, SINK, TAKER, accepted, opening, send
from tests.support.units import tell, write

ACCOUNTS = {"issuer": ISSUER, "maker": MAKER, "taker": TAKER, "sink": SINK}
HELD = position(7, 0)
"""The hold that entry 7 of the story makes."""

# Entry 1 issued 1-1000 to maker; each line is one entry more. A hold goes by its entry's number.
STORY = """
| entry: what happens      | maker has       | maker's held         | taker has     | sink has      |
|  2: maker gives 100 taker| 101-1000        |                      | 1-100         |               |
|  3: issuer gives 50 maker| 101-1050        |                      | 1-100         |               |
|  4: taker gives 30 maker | 1-30 101-1050   |                      | 31-100        |               |
|  5: maker gives 900 taker| 1-30 1001-1050  |                      | 31-1000       |               |
|  6: maker gives 40 taker | 1-30 1041-1050  |                      | 31-1040       |               |
|  7: maker holds 25       | 16-30           | 1-15 1041-1050       | 31-1040       |               |
|  8: issuer gives 5 maker | 16-30 1051-1055 | 1-15 1041-1050       | 31-1040       |               |
|  9: maker holds 17       | 1053-1055       | 1-30 1041-1052       | 31-1040       |               |
| 10: sink takes 12 of 7   | 1053-1055       | 3-30 1051-1052       | 31-1040       | 1-2 1041-1050 |
| 11: back go 5 of 7       | 11-15 1053-1055 | 3-10 16-30 1051-1052 | 31-1040       | 1-2 1041-1050 |
| 12: maker gives 4 taker  | 15 1053-1055    | 3-10 16-30 1051-1052 | 11-14 31-1040 | 1-2 1041-1050 |
| 13: back go 17 of 9      | 15-30 1051-1055 | 3-10                 | 11-14 31-1040 | 1-2 1041-1050 |
| 14: sink takes 8 of 7    | 15-30 1051-1055 |                      | 11-14 31-1040 | 1-10 1041-1050|
"""
_LINE = re.compile(r"(\d+): (\w+) (gives|holds|takes|go) (\d+)(?: (?:of )?(\w+))?")


class Told(NamedTuple):
    """One line of the story: its record, and what everybody has after it."""

    entry: int
    what: str
    row: Row
    has: tuple[str, ...]


def _told(line: str) -> Told:
    what, *has = (cell.strip() for cell in line.strip("|").split("|"))
    match = _LINE.fullmatch(what)
    assert match, what
    entry, who, verb, amount, more = match.groups()
    units = int(amount)
    if verb == "gives":
        row = gives(ACCOUNTS[who], ACCOUNTS[more], units)
    elif verb == "holds":
        row = records.hold(ACCOUNTS[who], CEA, units)
    elif verb == "takes":
        row = records.capture(position(int(more), 0), MAKER, ACCOUNTS[who], CEA, units)
    else:
        row = records.release(position(int(more), 0), MAKER, CEA, units)
    return Told(int(entry), what, row, tuple(has))


def gives(debit: int, credit: int, amount: int) -> Row:
    return records.transfer(debit, credit, CEA, amount)


LINES = [_told(line) for line in STORY.strip().splitlines()[1:]]


@pytest.fixture
def opened(book: Book, context: MakeContext) -> Book:
    """MAKER has CEA 1-1000 since entry 1."""
    accepted(send(context(), *opening()))
    return book


@pytest.fixture
def told(opened: Book, context: MakeContext) -> Book:
    """The whole story."""
    for line in LINES:
        assert accepted(send(context(), line.row)).seq == line.entry
    return opened


def shown(found: list[Range], *, held: bool) -> str:
    """`1-30 41`: the ranges as a clerk writes them, by number."""
    chosen = sorted((one.start, one.end) for one in found if bool(one.hold) == held)
    joined: list[list[int]] = []
    for start, end in chosen:
        if joined and joined[-1][1] + 1 == start:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    return " ".join(str(start) if start == end else f"{start}-{end}" for start, end in joined)


def has(book: Book, account: int, *, held: bool = False, at: int | None = None) -> str:
    with serials.reading(book) as conn:
        return shown(serials.ranges(conn, book.log, account, CEA, at), held=held)


def everybody(book: Book, at: int | None = None) -> tuple[str, ...]:
    """What the columns of the story say."""
    return (
        has(book, MAKER, at=at),
        has(book, MAKER, held=True, at=at),
        has(book, TAKER, at=at),
        has(book, SINK, at=at),
    )


def test_the_story_told_entry_by_entry(opened: Book, context: MakeContext) -> None:
    assert everybody(opened) == ("1-1000", "", "", "")
    for line in LINES:
        accepted(send(context(), line.row))
        assert everybody(opened) == line.has, line.what


def test_every_moment_of_the_story_can_be_seen_afterwards(told: Book) -> None:
    assert everybody(told, at=0) == ("", "", "", "")
    assert everybody(told, at=1) == ("1-1000", "", "", "")
    for line in LINES:
        assert everybody(told, at=line.entry) == line.has, line.what


def test_the_life_of_a_unit(told: Book) -> None:
    """1045: issued to maker, held, captured to the sink."""
    with serials.reading(told) as conn:
        life = serials.life(conn, told.log, CEA, 1045)
    issued, held, captured = position(3, 0), HELD, position(10, 0)
    assert life == [
        Stay(MAKER, 0, issued, held, issued, 1041, 1050),
        Stay(MAKER, HELD, held, captured, issued, 1041, 1050),
        Stay(SINK, 0, captured, None, captured, 1041, 1050),
    ]


@pytest.mark.parametrize("number", [0, -1, 1_056, 2**63 - 1, 2**63, 2**80])
def test_a_unit_that_was_never_issued_has_no_life(told: Book, number: int) -> None:
    with serials.reading(told) as conn:
        assert serials.life(conn, told.log, CEA, number) == []


def test_what_each_record_moved_stays_known_whatever_became_of_it(told: Book) -> None:
    with serials.reading(told) as conn:
        every = serials.moved(conn, told.log, 0, 14)
        assert serials.moved(conn, told.log, 9, 10) == {position(10, 0): every[position(10, 0)]}
        few = serials.moved_by(conn, told.log, [position(2, 0), position(5, 0), position(99, 0)])
        assert serials.moved_by(conn, told.log, []) == {}
    assert every[position(1, 6)] == [Moved(CEA, 1, 1_000)]
    assert every[position(5, 0)] == [Moved(CEA, 101, 1_000)]
    assert every[HELD] == [Moved(CEA, 1, 15), Moved(CEA, 1041, 1050)]
    assert every[position(11, 0)] == [Moved(CEA, 11, 15)]
    assert few == {position(2, 0): every[position(2, 0)], position(5, 0): every[position(5, 0)]}
    assert position(1, 7) not in every, "money has no numbers"


def test_what_comes_back_to_an_issuer_is_never_issued_again(opened: Book, context: MakeContext) -> None:
    for row in (gives(MAKER, ISSUER, 300), gives(ISSUER, TAKER, 200)):
        accepted(send(context(), row))
    assert (has(opened, ISSUER), has(opened, TAKER)) == ("1-300", "1001-1200")
    with serials.reading(opened) as conn:
        assert serials.last_number(conn, opened.log, CEA) == 1_200
        assert serials.last_number(conn, opened.log, CNY) is None


def test_an_overdraft_account_with_something_available_gives_that_first(
    opened: Book, context: MakeContext
) -> None:
    """SINK never issued: what it took it gives back, and only beyond that makes new numbers."""
    for row in (gives(MAKER, SINK, 40), gives(SINK, TAKER, 10), gives(SINK, TAKER, 50)):
        accepted(send(context(), row))
    assert (has(opened, SINK), has(opened, TAKER)) == ("", "1-40 1001-1020")


def test_what_was_refused_moved_nothing(database: Database) -> None:
    """Books hold only what was accepted; the stored codes are believed all the same."""
    bad = [gives(MAKER, TAKER, 7), gives(TAKER, MAKER, 900), gives(MAKER, TAKER, 3)]
    write(database, 7, tell([opening(), bad]))
    projections.catch_up(database, Serials, 7)
    with database.read() as conn:
        assert shown(serials.ranges(conn, 7, TAKER, CEA), held=False) == "1-10"


def test_numbers_run_out_with_a_refusal_and_not_with_a_wrong_number() -> None:
    queues = Queues()
    queues.define(CEA)
    queues.last[CEA] = NUMBER_MAX - 10
    queues.apply(1, Op.TRANSFER, CEA, ISSUER, MAKER, 10, 0)
    assert queues.last[CEA] == NUMBER_MAX
    with pytest.raises(Refused, match="BOOK-1201"):
        queues.apply(2, Op.TRANSFER, CEA, ISSUER, MAKER, 1, 0)


# -- following ---------------------------------------------------------------------------------------------


def contents(database: Database, log: int) -> list[list[tuple[object, ...]]]:
    with database.read() as conn:
        return [
            sorted((tuple(row) for row in conn.execute(select(t).where(t.c.log == log))), key=repr)
            for t in Serials.tables
        ]


def test_dropped_and_built_again_it_is_the_same(told: Book, context: MakeContext) -> None:
    serials.catch_up_for(told)
    before = contents(told.database, told.log)
    assert any(before[0])
    projections.rebuild(told.database, Serials, told.log)
    assert contents(told.database, told.log) == before
    accepted(send(context(), gives(MAKER, TAKER, 1)))
    assert has(told, TAKER) == "11-15 31-1040", "and it goes on from there"


def test_many_rows_at_once_are_the_same_rows(told: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    serials.catch_up_for(told)
    before = contents(told.database, told.log)
    monkeypatch.setattr(serial_rows, "_BULK", 1)
    projections.rebuild(told.database, Serials, told.log)
    assert contents(told.database, told.log) == before


def test_followers_at_once_do_the_work_once(told: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four followers with connections of their own, a few entries at a time."""
    serials.catch_up_for(told)
    alone = contents(told.database, told.log)
    with told.database.write() as conn:
        Serials(told.log).drop(conn)
        conn.execute(delete(projections.PROJECTION))
    monkeypatch.setattr(projections, "CHUNK_ENTRIES", 2)
    failures: list[BaseException] = []
    together = threading.Barrier(4)

    def follow() -> None:
        database = Database.open(told.database.engine.url.render_as_string(hide_password=False))
        try:
            together.wait()
            projections.catch_up(database, Serials, told.log)
        except BaseException as error:
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=follow) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not failures
    assert contents(told.database, told.log) == alone


def test_a_follower_that_is_overtaken_goes_on_from_where_the_other_left(
    told: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    serials.catch_up_for(told)
    alone = contents(told.database, told.log)
    monkeypatch.setattr(projections, "CHUNK_ENTRIES", 2)
    turns: list[int] = []

    def overtake(reached: int, _wanted: int) -> None:
        turns.append(reached)
        projections.catch_up(told.database, Serials, told.log, upto=reached + 1)

    with told.database.write() as conn:
        Serials(told.log).drop(conn)
        conn.execute(delete(projections.PROJECTION))
    projections.catch_up(told.database, Serials, told.log, progress=overtake)
    assert turns == [1, 4, 7, 10, 13, 14]
    assert contents(told.database, told.log) == alone


def test_a_reader_sees_the_numbers_of_all_that_it_sees(
    opened: Book, context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes between the following and the reading: it is followed once more."""
    writes = iter([gives(MAKER, TAKER, 1)] * 3)

    def and_then_somebody_writes(book: Book, _progress: object) -> None:
        projections.catch_up(book.database, Serials, book.log)
        for row in writes:
            accepted(send(context(), row))
            break

    monkeypatch.setattr(serials, "catch_up_for", and_then_somebody_writes)
    with serials.reading(opened) as conn:
        assert serials.standing(conn, opened.log) == 4
        assert shown(serials.ranges(conn, opened.log, TAKER, CEA), held=False) == "1-3"


def test_where_others_write_without_end_it_is_refused_BOOK_1202(
    opened: Book, context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serials, "_CHANCES", 2)
    monkeypatch.setattr(serials, "catch_up_for", lambda *_: accepted(send(context(), gives(MAKER, TAKER, 1))))
    with pytest.raises(Refused, match="BOOK-1202"), serials.reading(opened):
        pass


def test_what_is_not_followed_yet_is_refused_BOOK_1202(opened: Book) -> None:
    with opened.database.read() as conn:
        assert serials.standing(conn, opened.log) == -1
        with pytest.raises(Refused, match="BOOK-1202"):
            serials.need_standing(conn, opened.log, 1)
    with serials.reading(opened) as conn:
        serials.need_standing(conn, opened.log, 1)
        assert serials.behind(conn, opened.log, 2) is not None


# -- checking ----------------------------------------------------------------------------------------------


def findings(book: Book) -> Iterator[str]:
    with serials.reading(book) as conn:
        found = serial_check.check(conn, book.log, book.catch_up(conn))
    for one in found.findings:
        assert one.sentence("zh") and one.sentence("en")
        yield one.code


def test_numbers_and_book_agree(told: Book) -> None:
    assert list(findings(told)) == []
    with serials.reading(told) as conn:
        found = serial_check.check(conn, told.log, told.catch_up(conn))
    assert (found.instruments, found.units) == (1, 1_055)


@pytest.mark.parametrize(
    ("what", "where", "change", "codes"),
    [
        ("a range went to another account", {"account": SINK}, {"account": TAKER}, {"BOOK-1203"}),
        ("a range grew", {"account": TAKER, "start": 101}, {"end": 1001}, {"BOOK-1203", "BOOK-1205"}),
        ("a range began later", {"account": TAKER, "start": 101}, {"start": 102}, {"BOOK-1203", "BOOK-1205"}),
        ("a hold lost its units", {"hold": HELD}, {"hold": 0}, {"BOOK-1203", "BOOK-1204"}),
    ],
)
def test_an_altered_range_is_found(
    opened: Book,
    context: MakeContext,
    what: str,
    where: dict[str, int],
    change: dict[str, int],
    codes: set[str],
) -> None:
    for line in LINES[:6]:
        accepted(send(context(), line.row))
    accepted(send(context(), gives(TAKER, SINK, 20)))
    serials.catch_up_for(opened)
    same = [SERIAL_RANGE.c[name] == value for name, value in where.items()]
    with opened.database.write() as conn:
        these = update(SERIAL_RANGE).where(*same, SERIAL_RANGE.c.until.is_(None))
        changed = conn.execute(these.values(**change))
    assert changed.rowcount, what
    assert set(findings(opened)) == codes, what
