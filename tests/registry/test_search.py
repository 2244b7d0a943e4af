"""Finding subjects and transactions: what is found, page by page, and through which index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from tanshu.base.refusal import Refusal, need
from tanshu.book import movements, projections
from tanshu.book.commit import Act, Answer
from tanshu.book.movements import Movements
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, Register
from tanshu.parties.service import register
from tanshu.parties.tables import ACCOUNT
from tanshu.registry import queries as registry
from tanshu.registry import search, search_index
from tanshu.registry.model import TransactionState
from tanshu.registry.search import Found, Wanted, WantedTransactions
from tests.support import crowd
from tests.support.clock import Ticker
from tests.support.crowd import Crowd, batches_allowed, region, uscc
from tests.support.databases import PostgresServer, SqliteTemplate
from tests.support.market import Market, credit_code

HOLDERS = 240
LOG = 1


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def many(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: PostgresServer,
    sqlite_template: SqliteTemplate,
) -> Iterator[Crowd]:
    """A crowd that nobody changes."""
    folder = tmp_path_factory.mktemp("crowd")
    fresh = sqlite_template.fresh(folder) if request.param == "sqlite" else postgres_server.fresh()
    with fresh as url, batches_allowed(folder / "packs"):
        made = Crowd(url, Ticker())
        made.grow(HOLDERS)
        made.stock()
        made.list_year()
        made.surrender()
        search_index.catch_up(made.database)
        projections.catch_up(made.database, Movements)
        yield made
        made.close()


@pytest.fixture
def conn(many: Crowd) -> Iterator[Connection]:
    with many.database.read() as conn:
        yield conn


def everything(conn: Connection, wanted: Wanted, limit: int = 7) -> list[Found]:
    """All pages, one after the other."""
    found: list[Found] = []
    after = -1
    while True:
        page = need(search.subjects(conn, LOG, wanted, after=after, limit=limit))
        assert len(page.rows) <= limit
        found += page.rows
        if page.next is None:
            return found
        assert len(page.rows) == limit and page.next == page.rows[-1].number
        after = page.next


# -- subjects ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(name="热电"), lambda n: "热电" in crowd.name(n)),
        (Wanted(name="第1"), lambda n: "第1" in crowd.name(n)),
        (Wanted(name="长江第3"), lambda n: "长江第3" in crowd.name(n)),
        (Wanted(name="江", at_start=True), lambda n: crowd.name(n).startswith("江")),
        (Wanted(name="江城长江", at_start=True), lambda n: crowd.name(n).startswith("江城长江")),
        (Wanted(region="42"), lambda n: region(n).startswith("42")),
        (Wanted(region="4205"), lambda n: region(n).startswith("4205")),
        (Wanted(region="420500"), lambda n: region(n) == "420500"),
        (Wanted(name="钢铁", region="44"), lambda n: "钢铁" in crowd.name(n) and region(n)[:2] == "44"),
        (Wanted(kind="enterprise", account_kind="trading"), lambda n: True),  # noqa: ARG005
        (Wanted(kind="enterprise", account_kind="cash"), lambda n: False),  # noqa: ARG005
        (Wanted(name="司有"), lambda n: False),  # noqa: ARG005
        (Wanted(state="closed"), lambda n: False),  # noqa: ARG005
    ],
)
def test_those_that_match_are_found_in_order_and_no_others(conn: Connection, wanted: Wanted, fits):
    found = everything(conn, replace(wanted, kind="enterprise"))
    assert [one.subject.uscc for one in found] == [uscc(n) for n in range(HOLDERS) if fits(n)]


def test_widths_capitals_and_blanks_make_no_difference():
    assert search_index.folded("ＡＢ（中国） 电力") == search_index.folded("ab(中国)电力")


def test_a_subject_is_found_by_code_credit_code_and_account(conn: Connection):
    account = parties.account_codes(conn)[uscc(5), AccountKind.TRADING]
    for code in (uscc(5), account, account.lower()):
        found = need(search.by_code(conn, LOG, code))
        assert (found.subject.uscc, len(found.accounts)) == (uscc(5), 2)
    for code, refused in (("nobody", "PAR-1004"), (account[:-2] + "00", "PAR-2006")):
        answer = search.by_code(conn, LOG, code)
        assert isinstance(answer, Refusal) and answer.code == refused


@pytest.mark.parametrize(
    ("wanted", "limit", "code"),
    [
        (Wanted(name="电"), 10, "REG-7101"),
        (Wanted(region="湖北"), 10, "REG-7102"),
        (Wanted(region="421"), 10, "REG-7102"),
        (Wanted(), 0, "REG-7103"),
        (Wanted(), search.LIMIT_MAX + 1, "REG-7103"),
    ],
)
def test_what_cannot_be_looked_for_is_refused(conn: Connection, wanted: Wanted, limit: int, code: str):
    refused = search.subjects(conn, LOG, wanted, limit=limit)
    assert isinstance(refused, Refusal) and refused.code == code
    assert refused.sentence("zh") and refused.sentence("en")


def test_new_names_and_states_are_found_old_names_stay_old_states_do_not(market: Market):
    search_index.catch_up(market.database)
    fresh = Register(
        "institution",
        "新 能源（北京）研究所",
        uscc=credit_code(77, "110000"),
        region="110000",
        accounts=("trading",),
    )
    answer = register(market.ctx("registry-maker-1"), fresh)
    assert isinstance(answer, Answer), answer
    assert _named(market, "能源(北京)") == ["新 能源（北京）研究所"]
    code = market.account(market.plant_a)
    assert _in_state(market, "restricted") == []
    _put_state(market, code, "restricted")
    assert _in_state(market, "restricted") == ["甲电厂"]
    _put_state(market, code, "open")
    assert _in_state(market, "restricted") == []
    with market.database.read() as conn:
        before = _rows(conn)
    projections.rebuild(market.database, search_index.SubjectIndex)
    with market.database.read() as conn:
        assert {number for _, number in before} == {number for _, number in _rows(conn)}
        assert _rows(conn) <= before  # only a term that no longer holds is gone


def _named(market: Market, part: str) -> list[str]:
    search_index.catch_up(market.database)
    with market.database.read() as conn:
        return [one.subject.name for one in everything(conn, Wanted(name=part))]


def _in_state(market: Market, state: str) -> list[str]:
    search_index.catch_up(market.database)
    with market.database.read() as conn:
        return [one.subject.name for one in everything(conn, Wanted(state=state))]


def _put_state(market: Market, account: str, state: str) -> None:
    """However many people it takes."""

    def decide(act: Act, body: dict[str, str]) -> dict[str, str]:
        act.update(ACCOUNT, {"code": account}, state=state)
        return body

    outcome = market.ctx("registry-maker-1").commit("parties.set-state", {"to": state}, decide)
    assert isinstance(outcome, Answer)


def _rows(conn: Connection) -> set[tuple[str, int]]:
    return {(row.term, row.number) for row in conn.execute(text("SELECT term, number FROM subject_term"))}


# -- transactions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        WantedTransactions(),
        WantedTransactions(type="final-allocation"),
        WantedTransactions(type="final-allocation", state=TransactionState.EFFECTED),
        WantedTransactions(state=TransactionState.EFFECTED),
        WantedTransactions(state=TransactionState.PENDING),
        WantedTransactions(year=2023),
        WantedTransactions(batch=""),
    ],
)
def test_pages_of_transactions_are_the_whole_list(conn: Connection, wanted: WantedTransactions):
    whole = [
        one.id
        for one in registry.transactions(
            conn, type=wanted.type, state=wanted.state, year=wanted.year, batch=wanted.batch
        )
    ]
    pages: list[list[str]] = []
    before = None
    while page := search.transactions(conn, wanted, before=before, limit=2):
        pages.insert(0, [one.id for one in page])
        before = (page[0].proposed_seq, page[0].id)
    assert sorted(id for page in pages for id in page) == sorted(whole)
    assert search.count(conn, wanted) == len(whole)


def test_of_a_batch_a_subjects_own_lines_are_found(conn: Connection, many: Crowd):
    n = crowd.LISTED_EVERY  # on the list, so it surrendered, too
    owner = need(parties.subject(conn, uscc(n)))
    found = need(search.touching(conn, LOG, owner.id))
    assert [(one.type, len(one.lines)) for one in found.rows] == [
        ("surrender", 1),
        ("final-allocation", 1),
        ("final-allocation", 1),
    ]
    numbers = {one.number for one in parties.accounts_of(conn, owner.id)}
    assert all({line.debit, line.credit} & numbers for one in found.rows for line in one.lines)
    first = need(search.touching(conn, LOG, owner.id, limit=1))
    assert first.next == first.rows[0].seq
    second = need(search.touching(conn, LOG, owner.id, before=first.next, limit=10))
    assert (*first.rows, *second.rows) == found.rows and second.next is None
    assert many.holders > search._SMALL  # so a line of the batch was looked up by its number


def test_pages_of_movements_are_of_a_sensible_size(conn: Connection):
    refused = search.touching(conn, LOG, "SUB-none", limit=0)
    assert isinstance(refused, Refusal) and refused.code == "REG-7103"


# -- how it is found ---------------------------------------------------------------------------------------

SMALL = ("instrument", "setting", "CONSTANT ROW", "(subquery", "anon_")
"""What may be read through: there are a few instruments, and pages of what was found."""


class Plans:
    """What is asked of SQLite, and where its plan reads a table or an index through."""

    def __init__(self, conn: Connection):
        self.scans: list[str] = []
        event.listen(conn, "before_cursor_execute", self._explain)

    def _explain(self, _conn: Any, cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith("SELECT"):
            return
        for _, _, _, detail in cursor.connection.execute(
            f"EXPLAIN QUERY PLAN {statement}", values
        ).fetchall():
            what, _, name = str(detail).partition(" ")
            through = what == "SCAN" or name.endswith("(log=?)")  # every row is of the one log
            if through and not name.startswith(SMALL):
                self.scans.append(f"{detail}: {statement}")


@pytest.fixture
def watched(many: Crowd) -> Iterator[tuple[Connection, Plans]]:
    with many.database.read() as conn:
        yield conn, Plans(conn)


EFFECTED = TransactionState.EFFECTED
ASKED = {
    "name": lambda conn: search.subjects(conn, LOG, Wanted(name="热电有限")),
    "start": lambda conn: search.subjects(conn, LOG, Wanted(name="江", at_start=True)),
    "region and kind": lambda conn: search.subjects(conn, LOG, Wanted(region="42", kind="enterprise")),
    "state": lambda conn: search.subjects(conn, LOG, Wanted(state="blocked")),
    "account kind": lambda conn: search.subjects(conn, LOG, Wanted("电", at_start=True, account_kind="cash")),
    "all subjects": lambda conn: search.subjects(conn, LOG, Wanted(), after=100),
    "code": lambda conn: search.by_code(conn, LOG, uscc(3)),
    "accounts": lambda conn: parties.account_page(conn, after=50, limit=20),
    "accounts of a kind": lambda conn: parties.account_page(conn, kind="trading", after=50, limit=20),
    "accounts in a state": lambda conn: parties.account_page(conn, state="closed", after=50, limit=20),
    "authority": lambda conn: parties.authority_of(conn, "420500"),
    "transactions": lambda conn: search.transactions(conn, WantedTransactions(), before=(9, "TX"), limit=5),
    "by type": lambda conn: search.transactions(
        conn, WantedTransactions(type="surrender", state=TransactionState.EFFECTED)
    ),
    "by state": lambda conn: search.transactions(conn, WantedTransactions(state=TransactionState.PENDING)),
    "by subject": lambda conn: search.transactions(conn, WantedTransactions(subject_id="SUB-1")),
    "by batch": lambda conn: search.transactions(conn, WantedTransactions(batch="x")),
    "by year": lambda conn: search.transactions(conn, WantedTransactions(year=2023)),
    "by date": lambda conn: search.transactions(conn, WantedTransactions(after=3, upto=9)),
    "lines": lambda conn: search.touching(conn, LOG, need(parties.subject(conn, uscc(0))).id),
    "holdings": lambda conn: movements.holdings_at(conn, LOG, 1, 12),
    "movements": lambda conn: movements.movements(conn, LOG, 12, upto=1),
    "count": lambda conn: search.count(conn, WantedTransactions(type="surrender")),
}


ON_SQLITE = pytest.mark.parametrize("many", ["sqlite"], indirect=True)
"""Plans are read on SQLite; the indexes are the same on both."""


@ON_SQLITE
@pytest.mark.parametrize("asked", ASKED)
def test_no_search_reads_a_big_table_through(watched: tuple[Connection, Plans], asked: str):
    conn, plans = watched
    ASKED[asked](conn)
    assert plans.scans == []


@ON_SQLITE
def test_the_watch_sees_a_table_read_through(watched: tuple[Connection, Plans]):
    conn, plans = watched
    conn.execute(text("SELECT count(*) FROM subject_name WHERE name LIKE '%x%'"))
    assert len(plans.scans) == 1
