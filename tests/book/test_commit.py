"""How a command becomes durable: once, whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import text

from tanshu import audit
from tanshu.base.clock import NS
from tanshu.base.database import Database
from tanshu.base.ids import derived_id
from tanshu.base.refusal import Refusal, Refused
from tanshu.book import records
from tanshu.book.commit import Act, Answer, Book, Request, verb
from tanshu.book.records import AccountFlag, Row
from tanshu.log import store
from tests.support.clock import START_NS, Ticker
from tests.support.commands import (
    CEA,
    MAKER,
    NO,
    TAKER,
    accepted,
    opening,
    recording,
    refused,
    refusing,
    request,
    send,
)

pytestmark = pytest.mark.usefixtures("domain")

GIVE = records.transfer(MAKER, TAKER, CEA, 100)
TOO_MUCH = records.transfer(MAKER, TAKER, CEA, 5_000)


@pytest.fixture
def opened(book: Book, context) -> Book:
    """A book whose entry 1 opened accounts and instruments."""
    accepted(send(context(), *opening()))
    return book


@pytest.fixture
def domain(database: Database) -> None:
    """A domain table, as a room would have."""
    with database.write() as conn:
        conn.execute(text("CREATE TABLE note (n INTEGER PRIMARY KEY, word TEXT)"))


def entries(book: Book) -> int:
    with book.database.read() as conn:
        return len(list(store.read(conn, book.log)))


def notes(book: Book) -> list[int]:
    with book.database.read() as conn:
        return [row[0] for row in conn.execute(text("SELECT n FROM note ORDER BY n"))]


def noting(n: int, *rows: Row, then: Callable | None = None) -> Callable:
    """A decision that writes a domain row and records; `then` may raise or refuse afterwards."""

    def decide(act: Act, _command):
        act.conn.execute(text("INSERT INTO note VALUES (:n, 'x')"), {"n": n})
        for row in rows:
            act.record(row)
        return (then() if then else None) or {"n": n}

    return decide


# -- one command -------------------------------------------------------------------------------------------


def test_an_accepted_command_is_one_entry_and_moves_the_book(opened: Book, context, ticker: Ticker):
    answer = accepted(send(context(), GIVE))
    assert (answer.seq, answer.repeated, answer["positions"]) == (2, False, [2 << 16])
    with opened.database.read() as conn:
        *_, entry = store.read(conn, opened.log)
        assert opened.catch_up(conn).cell(TAKER, CEA).available == 100
    assert (entry.seq, entry.actor, entry.command) == (2, "registry-maker-1", "record")
    assert entry.time_ns == ticker.now_ns == opened.tail.time_ns
    assert entry.records == records.encode([GIVE]).tobytes()
    assert (entry.results, entry.hash) == (b"\0", opened.tail.hash)


def test_a_command_without_records_is_an_entry_all_the_same(opened: Book, context):
    answer = accepted(context().commit("note", {}, noting(1)))
    assert (answer.seq, answer.data) == (2, {"n": 1})
    assert notes(opened) == [1]


def test_a_refused_command_writes_nothing_and_keeps_its_key(opened: Book, context):
    before = opened._state.digest()
    ctx = context(n=1)
    assert refused(ctx.commit("note", {}, noting(1, GIVE, then=NO))) == "TEST-1001"
    assert (entries(opened), notes(opened)) == (2, [])
    assert opened._state.digest() == before
    assert accepted(ctx.commit("note", {"other": "body"}, noting(1, GIVE))).seq == 2


def test_a_raised_refusal_counts_like_a_returned_one(opened: Book, context):
    def say_no():
        raise Refused(NO())

    assert refused(context().commit("note", {}, noting(1, then=say_no))) == "TEST-1001"
    assert (entries(opened), notes(opened)) == (2, [])


def test_the_kernel_refuses_with_the_number_of_its_code(opened: Book, context):
    before = opened._state.digest()
    assert refused(context().commit("note", {}, noting(1, GIVE, TOO_MUCH))) == "BOOK-2022"
    assert (entries(opened), notes(opened)) == (2, [])
    assert opened._state.digest() == before


@pytest.mark.usefixtures("opened")
def test_the_record_that_failed_by_itself_is_named_not_its_chain(context):
    linked = records.transfer(MAKER, TAKER, CEA, 1, linked=True)
    outcome = send(context(), linked, linked, TOO_MUCH)
    assert isinstance(outcome, Refusal)
    assert (outcome.code, outcome.facts["record"]) == ("BOOK-2022", 2)


@pytest.mark.usefixtures("opened")
def test_more_records_than_an_entry_carries_are_refused(context):
    row = records.transfer(MAKER, TAKER, CEA, 1)

    def decide(act: Act, _command):
        act.rows = [row] * (records.RECORDS_MAX + 1)
        return {}

    assert refused(context().commit("big", {}, decide)) == "BOOK-1001"


# -- keys --------------------------------------------------------------------------------------------------


def test_the_same_key_and_body_give_the_first_answer_again(opened: Book, context):
    first = accepted(send(context(n=1), GIVE))
    again = accepted(send(context(n=1), GIVE))
    assert again == Answer(first.seq, first.data, repeated=True)
    assert entries(opened) == 3


@pytest.mark.parametrize("what", ["body", "command", "actor", "reason"])
def test_the_same_key_with_another_body_is_refused_with_LOG_1001(opened: Book, context, what: str):
    ctx = context(n=1)
    send(ctx, GIVE)
    other = {
        "body": lambda: send(ctx, TOO_MUCH),
        "command": lambda: send(ctx, GIVE, name="other"),
        "actor": lambda: send(ctx.with_(actor="hubei-1"), GIVE),
        "reason": lambda: send(ctx.with_(reason="second thoughts"), GIVE),
    }[what]()
    assert isinstance(other, Refusal)
    assert (other.code, other.facts["seq"]) == ("LOG-1001", 2)
    assert entries(opened) == 3


def test_a_repeated_key_is_not_decided_again(opened: Book, context):
    context(n=1).commit("note", {}, noting(1))
    again = accepted(context(n=1).commit("note", {}, noting(1)))
    assert again.repeated and notes(opened) == [1]


# -- what a decision may ask -------------------------------------------------------------------------------


def test_numbers_and_ids_follow_from_state_and_key(opened: Book, context):
    ctx = context(n=1)

    def decide(act: Act, _command):
        return {
            "accounts": [act.open_account(), act.open_account(AccountFlag.OVERDRAFT)],
            "instrument": act.define_instrument(cap=5, scale=3, serialised=True),
            "ids": [act.id("TX"), act.id("TX"), act.id("HOLD")],
            "day": act.today,
            "available": act.cell(MAKER, CEA).available,
            "who": act.actor,
        }

    answer = accepted(ctx.commit("open", {}, decide))
    assert answer.data == {
        "accounts": [4, 5],
        "instrument": 2,
        "ids": [derived_id("TX", ctx.key, 0), derived_id("TX", ctx.key, 1), derived_id("HOLD", ctx.key)],
        "day": date(2024, 1, 2).isoformat(),
        "available": 1_000,
        "who": "registry-maker-1",
    }
    assert opened._state.instrument_facts(2) == (5, 3, 1, 0)


def test_a_verb_is_a_decision_with_a_name(opened: Book, context):
    @verb("give")
    def give(act: Act, command: int):
        return {"at": act.record(records.transfer(MAKER, TAKER, CEA, command))}

    assert accepted(give(context(), 5)).data == {"at": 2 << 16}
    assert opened._state.cell(TAKER, CEA).available == 5


def test_many_records_at_once_lie_between_those_before_and_after(opened: Book, context):
    block = records.encode([GIVE, records.hold(TAKER, CEA, 7), GIVE])

    def decide(act: Act, _command):
        return {"at": [act.record(GIVE), act.record_all(block), act.record(GIVE), act.record_all(block[:1])]}

    assert accepted(context().commit("many", {}, decide))["at"] == [2 << 16 | i for i in (0, 1, 4, 5)]
    with opened.database.read() as conn:
        *_, entry = store.read(conn, opened.log)
    hold = records.hold(TAKER, CEA, 7)
    assert entry.records == records.encode([GIVE, GIVE, hold, GIVE, GIVE, GIVE]).tobytes()
    assert [hold.position for hold in opened._state.holds()] == [2 << 16 | 2]
    assert audit.run(opened.database).ok


@pytest.mark.parametrize("clock_ns", [0, START_NS, 2**62])
def test_time_grows_even_when_the_clock_does_not(opened: Book, context, clock_ns: int):
    before = opened.tail.time_ns
    send(context(clock=lambda: clock_ns), GIVE)
    after = opened.tail.time_ns
    assert after == max(clock_ns, before + 1)


def test_rows_that_go_with_the_entry_are_written_with_it(opened: Book, context):
    def also(act):
        act.conn.execute(text("INSERT INTO note VALUES (9, 'done')"))

    assert refused(send(context(also=also), TOO_MUCH)) == "BOOK-2022"
    assert notes(opened) == []
    accepted(send(context(also=also), GIVE))
    assert notes(opened) == [9]


# -- books -------------------------------------------------------------------------------------------------


def test_without_genesis_there_is_no_book(database: Database, ticker: Ticker):
    empty = Book(database)
    with pytest.raises(Refused) as caught:
        empty.commit([request(empty, 1, ticker=ticker)])
    assert caught.value.refusal.code == "LOG-1002"


def test_creating_a_book_twice_leaves_the_first(opened: Book):
    opened.create("another", START_NS + NS)
    assert entries(opened) == 2
    assert audit.run(opened.database).ok


# -- many at once ------------------------------------------------------------------------------------------


def test_a_group_gives_the_same_entries_as_its_commands_one_by_one(database: Database):
    alone, group = Book(database, log=7), Book(database, log=8)
    work = [opening(), [GIVE], [TOO_MUCH], [records.hold(MAKER, CEA, 10)], [], [records.open_account(4)]]

    def asked(book: Book) -> list[Request]:
        book.create("test", START_NS)
        clock = Ticker()
        return [request(book, n, *rows, ticker=clock) for n, rows in enumerate(work)]

    one_by_one = [alone.commit([ask])[0] for ask in asked(alone)]
    together = group.commit(asked(group))

    assert together == one_by_one
    assert [type(outcome) for outcome in together].count(Answer) == 5
    assert group.tail.hash == alone.tail.hash
    assert group._state.digest() == alone._state.digest()


def test_a_refusal_inside_a_group_leaves_the_others(opened: Book, context):
    def ask(n: int, *rows: Row, then: Callable | None = None) -> Request:
        return Request(context(n=n), "note", {"n": n}, noting(n, *rows, then=then))

    outcomes = opened.commit([ask(1, GIVE), ask(2, GIVE, then=NO), ask(3, TOO_MUCH), ask(4, GIVE)])
    codes = [outcome.seq if isinstance(outcome, Answer) else outcome.code for outcome in outcomes]
    assert codes == [2, "TEST-1001", "BOOK-2022", 3]
    assert notes(opened) == [1, 4]
    assert opened._state.cell(TAKER, CEA).available == 200
    assert audit.run(opened.database).ok


def test_a_command_that_cannot_be_hashed_is_refused_alone(opened: Book, context):
    def ask(n: int, command: object) -> Request:
        return Request(context(n=n), "note", command, noting(n, GIVE))

    outcomes = opened.commit([ask(1, {"t": 1}), ask(2, {"t": 1.5}), ask(3, {"t": 2})])
    assert [refused(o) if isinstance(o, Refusal) else o.seq for o in outcomes] == [2, "BASE-1301", 3]
    assert refused(context().commit("note", {"t": 0.5}, noting(4, GIVE))) == "BASE-1301"
    assert (notes(opened), entries(opened)) == ([1, 3], 4)


def test_a_key_repeated_inside_a_group_is_answered_from_the_group(opened: Book, ticker: Ticker):
    first, again, other = (
        request(opened, 1, GIVE, ticker=ticker),
        request(opened, 1, GIVE, ticker=ticker),
        request(opened, 1, TOO_MUCH, ticker=ticker),
    )
    outcomes = opened.commit([first, again, other])
    assert [accepted(o).repeated for o in outcomes[:2]] == [False, True]
    assert refused(outcomes[2]) == "LOG-1001"
    assert entries(opened) == 3


def test_a_later_command_of_a_group_sees_what_the_earlier_did(opened: Book, ticker: Ticker):
    half = records.transfer(MAKER, TAKER, CEA, 600)
    outcomes = opened.commit([request(opened, n, half, ticker=ticker) for n in range(2)])
    assert accepted(outcomes[0]).seq == 2
    assert refused(outcomes[1]) == "BOOK-2022"


def test_an_empty_group_is_no_entry(opened: Book):
    assert opened.commit([]) == []
    assert entries(opened) == 2


def test_a_group_of_refusals_is_no_entry(opened: Book, ticker: Ticker):
    asked = [request(opened, n, TOO_MUCH, ticker=ticker) for n in range(3)]
    assert {refused(outcome) for outcome in opened.commit(asked)} == {"BOOK-2022"}
    assert entries(opened) == 2


@pytest.mark.usefixtures("opened")
def test_refusing_leaves_no_trace_of_accounts_it_opened(context):
    assert refused(context().commit("open", {}, refusing)) == "TEST-1001"
    assert accepted(context().commit("open", {}, recording(records.open_account(4)))).seq == 2
