"""What the audit would say of damage that no ordinary test leaves behind: each finding is provoked once."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tanshu import audit
from tanshu.audit import compare, walk
from tanshu.base.refusal import Refused
from tanshu.book import records
from tanshu.book.commit import Book
from tanshu.log.checks import NOT_INITIALISED
from tests.audit.house import House
from tests.audit.test_audit import START, first_code, forged
from tests.support.commands import CEA


def found(book: Book) -> list[tuple[int | None, str]]:
    return [(one.seq, one.what.code) for one in audit.run(book.database).findings]


@pytest.mark.parametrize(("column", "code"), [("answer", "AUD-1006"), ("rows", "AUD-1014")])
def test_an_answer_or_rows_exchanged_for_others_are_told_apart_by_their_hash(
    house: House, column: str, code: str
):
    """The bytes of another entry: well formed, but not what this entry's header names."""
    with house.market.database.write() as conn:
        filled = f"SELECT seq FROM log_entry WHERE length({column}) > 2 AND seq > 0 ORDER BY seq LIMIT 2"
        first, second = conn.execute(text(filled)).scalars()
        other = f"(SELECT {column} FROM log_entry WHERE seq = {second})"
        conn.execute(text(f"UPDATE log_entry SET {column} = {other} WHERE seq = {first}"))
    assert (first, code) in found(house.market.book)


def test_an_entry_of_an_era_that_nobody_began(book: Book):
    assert first_code(book.database, [forged(1, START[0], era=START[0].era + 1)]) == (1, "AUD-1015")


def test_a_kernel_that_strays_in_an_instrument_and_in_a_hold(
    busy_book: Book, monkeypatch: pytest.MonkeyPatch
):
    def stray(entries, state, tail):
        done = honest(entries, state, tail)
        state.arrays.instrument_outstanding[CEA] += 1
        state.arrays.hold_remaining[0] += 1
        return done

    honest = walk.replay
    monkeypatch.setattr(walk, "replay", stray)
    assert found(busy_book) == [(7, "AUD-2002"), (7, "AUD-2004")]


def test_a_sum_over_all_accounts_that_is_not_zero(busy_book: Book, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compare, "conservation", lambda _: {CEA: 5})
    assert found(busy_book) == [(7, "AUD-2005")]


def test_a_fast_kernel_that_stops(busy_book: Book, monkeypatch: pytest.MonkeyPatch):
    def stop(*_):
        raise Refused(NOT_INITIALISED())

    monkeypatch.setattr(walk, "replay", stop)
    assert (0, "AUD-2006") in found(busy_book)


def test_what_the_database_says_of_itself_is_passed_on(busy_book: Book, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(walk.rows, "integrity", lambda _: ["row 3 missing from index"])
    (one,) = audit.run(busy_book.database).findings
    assert one.what.code == "AUD-3002" and "row 3" in one.sentence("zh")


def test_units_held_for_no_transaction_that_waits(house: House):
    own, cea = house.account(house.market.plant_a), house.instrument("CEA22")
    house.behind(
        "registry-maker-1", "registry.propose", lambda act: act.record(records.hold(own.number, cea, 7))
    )
    assert "AUD-6006" in {code for _, code in found(house.market.book)}
