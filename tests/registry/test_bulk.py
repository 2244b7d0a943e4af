"""Many registrations in one entry: each line checked like a single one, all or none, if the pack says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from tanshu import app
from tanshu.base.canonical import digest
from tanshu.base.quantity import QUANTITY_MAX
from tanshu.base.refusal import Refusal
from tanshu.book.commit import Answer, Outcome
from tanshu.book.records import decode
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.parties.bulk import Enrol, enrol
from tanshu.parties.changes import decide_change
from tanshu.parties.model import AccountKind, DecideChange, Register, SetState, SubjectKind
from tanshu.parties.service import set_state
from tanshu.registry import queries
from tanshu.registry.bulk import LINES_MAX, DefineInstruments, Record, RecordLine, define, record
from tanshu.registry.model import DefineInstrument, TransactionState
from tests.support.clock import Ticker
from tests.support.databases import row_counts
from tests.support.market import Market

R, N = AccountKind.REGISTRATION, AccountKind.NATIONAL
CLERK = "registry-maker-1"
Side = tuple[str, AccountKind] | str
"""An account: whose and of which kind, or a code as it stands."""
Asked = tuple[Side, Side, str, object]


class Batches:
    """A register of a jurisdiction that records in batches, with short words for what tests do."""

    def __init__(self, url: str):
        self.clock = Ticker()
        self.installation = app.found(url, name="test", jurisdiction="uk", clock=self.clock)
        self._drawn = 0
        works = tuple(
            Register(SubjectKind.ENTERPRISE, f"Works {n}", str(n), region="EA0000", accounts=(R,))
            for n in (1, 2, 3)
        )
        authority = Register(SubjectKind.AUTHORITY, "Authority", "authority", region="UK0000", accounts=(N,))
        self.ok(self.do(enrol, Enrol((authority, *works))))
        instruments = (
            DefineInstrument("UKA", "allowance", "UKA", "UKA"),
            DefineInstrument("OFF-1", "credit", "OFF-1", "OFF-1"),
        )
        self.ok(self.do(define, DefineInstruments(instruments)))
        with self.installation.database.read() as conn:
            self.codes = parties.account_codes(conn)

    def do(self, verb, command: object, actor: str = CLERK, *, reason: str = "") -> Outcome:
        self._drawn += 1
        key = digest(f"draw {self._drawn}".encode())[:16]
        return verb(self.installation.context(actor, key, clock=self.clock, reason=reason), command)

    def record(self, type: str, *lines: Asked, actor: str = CLERK, **more) -> Outcome:
        return self.do(record, Record(type, tuple(self.line(*one) for one in lines), **more), actor)

    def line(self, debit: Side, credit: Side, instrument: str, quantity: object) -> RecordLine:
        one, other = (side if isinstance(side, str) else self.codes[side] for side in (debit, credit))
        return RecordLine(one, other, instrument, quantity)  # type: ignore[arg-type]

    @staticmethod
    def ok(outcome: Outcome) -> Answer:
        assert isinstance(outcome, Answer), outcome
        return outcome

    def refuses(self, code: str, field: str | None, call: Callable[[], Outcome]) -> None:
        before = self._everything()
        outcome = call()
        assert isinstance(outcome, Refusal), outcome
        assert (outcome.code, outcome.field) == (code, field)
        assert outcome.sentence("zh") and outcome.sentence("en")
        assert self._everything() == before

    def has(self, handle: str, instrument: str = "UKA", kind: AccountKind = R) -> int:
        with self.installation.database.read() as conn:
            account = parties.account(conn, self.codes[handle, kind])
            found = queries.instrument(conn, instrument)
            assert not isinstance(account, Refusal) and not isinstance(found, Refusal)
            return self.installation.book.catch_up(conn).cell(account.number, found.number).available

    def _everything(self) -> object:
        with self.installation.database.read() as conn:
            return row_counts(conn), self.installation.book.catch_up(conn).digest()


SOURCE, STOCK = ("registry", AccountKind.ISSUANCE), ("authority", N)


@pytest.fixture
def batches(database_url: str) -> Iterator[Batches]:
    made = Batches(database_url)
    made.ok(made.record("issuance", (SOURCE, STOCK, "UKA", 1_000)))
    yield made
    made.installation.close()


def test_a_batch_is_one_entry_one_transaction_and_a_line_for_each(batches: Batches):
    lines = (
        (STOCK, ("1", R), "UKA", 600),
        (STOCK, ("2", R), "UKA", 400),
    )
    details = {"label": "as published", "synthetic": False}
    answer = batches.ok(batches.record("final-allocation", *lines, year=2021, batch="b", details=details))
    assert (answer["state"], answer["lines"], answer["quantity"]) == ("effected", 2, 1_000)
    assert (batches.has("1"), batches.has("2"), batches.has("authority", kind=N)) == (600, 400, 0)
    with batches.installation.database.read() as conn:
        found = queries.transaction(conn, answer["id"])
        assert not isinstance(found, Refusal)
        assert (found.state, found.year, found.batch) == (TransactionState.EFFECTED, 2021, "b")
        assert found.details == details and [line.quantity for line in found.lines] == [600, 400]
        assert [(s.by, s.act, s.person) for s in queries.steps(conn, found.id)] == [
            ("registry", "make", CLERK)
        ]
        entry = next(iter(store.read(conn, store.REGISTRY_LOG, after=answer.seq - 1)))
    block = decode(entry.records)
    assert np.array_equal(block["amount"], [600, 400]) and set(block["tag"]) == {3}


def test_a_line_can_give_what_an_earlier_one_of_the_batch_brought(batches: Batches):
    batches.ok(batches.record("auction", (STOCK, ("1", R), "UKA", 10)))
    batches.ok(
        batches.record("free-transfer", (("1", R), ("2", R), "UKA", 10), (("2", R), ("3", R), "UKA", 10))
    )
    assert (batches.has("1"), batches.has("2"), batches.has("3")) == (0, 0, 10)
    backwards = ((("1", R), ("2", R), "UKA", 10), (("3", R), ("1", R), "UKA", 10))
    batches.refuses("REG-2005", "lines[0].quantity", lambda: batches.record("free-transfer", *backwards))


def test_a_repeated_batch_is_answered_again(batches: Batches):
    line = batches.line(STOCK, ("1", R), "UKA", 5)
    ctx = batches.installation.context(CLERK, b"0123456789abcdef", clock=batches.clock)
    first, again = (batches.ok(record(ctx, Record("auction", (line,)))) for _ in range(2))
    assert again.repeated and again.data == first.data
    assert batches.has("1") == 5


REFUSED: list[tuple[str, str, tuple[Asked, ...], str, str | None]] = [
    ("no lines", "auction", (), "REG-1004", "lines"),
    ("unknown type", "gift", ((STOCK, ("1", R), "UKA", 1),), "REG-1001", "type"),
    ("not in this jurisdiction", "offset", ((STOCK, ("1", R), "UKA", 1),), "REG-1002", "type"),
    ("not in batches", "voluntary-cancellation", ((("1", R), STOCK, "UKA", 1),), "REG-1101", "type"),
    ("zero", "auction", ((STOCK, ("1", R), "UKA", 0),), "BASE-1002", "lines[0].quantity"),
    ("negative", "auction", ((STOCK, ("1", R), "UKA", -1),), "BASE-1002", "lines[0].quantity"),
    (
        "the second beyond the book",
        "auction",
        ((STOCK, ("1", R), "UKA", 1), (STOCK, ("1", R), "UKA", QUANTITY_MAX + 1)),
        "BASE-1003",
        "lines[1].quantity",
    ),
    ("no such giver", "auction", (("UK-N-000999-11", ("1", R), "UKA", 1),), "PAR-2001", "lines[0].debit"),
    ("no such taker", "auction", ((STOCK, "nobody", "UKA", 1),), "PAR-2001", "lines[0].credit"),
    ("no such instrument", "auction", ((STOCK, ("1", R), "EUA", 1),), "REG-1003", "lines[0].instrument"),
    ("another kind of unit", "auction", ((STOCK, ("1", R), "OFF-1", 1),), "REG-2004", "lines[0].instrument"),
    ("a holder as source", "issuance", ((("1", R), STOCK, "UKA", 1),), "REG-2001", "lines[0].debit"),
    ("a holder as sink", "surrender", ((("1", R), ("2", R), "UKA", 1),), "REG-2001", "lines[0].credit"),
    ("to oneself", "free-transfer", ((("1", R), ("1", R), "UKA", 1),), "REG-2008", "lines[0].credit"),
    (
        "the third is not covered",
        "auction",
        tuple((STOCK, (str(n), R), "UKA", 400) for n in (1, 2, 3)),
        "REG-2005",
        "lines[2].quantity",
    ),
]


@pytest.mark.parametrize(
    ("type", "lines", "code", "field"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_one_bad_line_refuses_the_whole_batch(
    batches: Batches, type: str, lines: tuple[Asked, ...], code: str, field: str | None
):
    batches.refuses(code, field, lambda: batches.record(type, *lines))


def test_only_the_registrys_makers_record_and_define(batches: Batches):
    line: Asked = (STOCK, ("1", R), "UKA", 1)
    batches.refuses("PAR-3003", "as", lambda: batches.record("auction", line, actor="registry-checker-1"))
    batches.refuses("PAR-3001", "as", lambda: batches.record("auction", line, actor="nobody"))
    one = DefineInstruments((DefineInstrument("NEW", "credit", "新", "new"),))
    batches.refuses("PAR-3003", "as", lambda: batches.do(define, one, "registry-checker-1"))


def test_a_batch_is_as_long_as_its_lines_can_be_numbered(batches: Batches):
    lines = tuple((STOCK, ("1", R), "UKA", 1) for _ in range(LINES_MAX + 1))
    batches.refuses("REG-1005", "lines", lambda: batches.record("auction", *lines))


@pytest.mark.parametrize(("state", "code"), [("restricted", "PAR-2004"), ("closed", "PAR-2003")])
def test_an_account_that_is_not_open_refuses_the_batch(batches: Batches, state: str, code: str):
    body = SetState(batches.codes["2", R], state)
    asked = batches.ok(batches.do(set_state, body, reason="test"))
    batches.ok(batches.do(decide_change, DecideChange(asked["change"]), "registry-checker-1"))
    lines: tuple[Asked, ...] = ((STOCK, ("1", R), "UKA", 1), (STOCK, ("2", R), "UKA", 1))
    batches.refuses(code, "lines[1].account", lambda: batches.record("auction", *lines))


def test_the_national_register_records_nothing_in_batches(market: Market):
    own = market.account("hubei", AccountKind.PROVINCIAL)
    source = market.account("registry", AccountKind.ISSUANCE)
    body = Record("issuance", (RecordLine(source, own, "CEA22", 5),))
    market.refuses("REG-1101", lambda: record(market.ctx(CLERK), body))


@pytest.mark.parametrize(
    ("instruments", "code", "field"),
    [
        ((), "REG-1102", "instruments"),
        ((("A-1", "credit"), ("A-1", "credit")), "REG-1006", "instruments[1].code"),
        ((("A-1", "credit"), ("UKA", "allowance")), "REG-1006", "instruments[1].code"),
        ((("A-1", "credit"), ("b-2", "credit")), "REG-1012", "instruments[1].code"),
        ((("A-1", "wine"),), "REG-1007", "instruments[0].kind"),
        ((("A-1", "cash"),), "REG-1013", "instruments[0].scale"),
    ],
)
def test_one_bad_definition_refuses_them_all(
    batches: Batches, instruments: tuple[tuple[str, str], ...], code: str, field: str
):
    body = DefineInstruments(tuple(DefineInstrument(name, kind, name, name) for name, kind in instruments))
    batches.refuses(code, field, lambda: batches.do(define, body))


def test_definitions_are_numbered_in_their_order(batches: Batches):
    codes = [f"OFF-{n}" for n in range(10, 60)]
    body = DefineInstruments(tuple(DefineInstrument(code, "credit", code, code) for code in codes))
    assert batches.ok(batches.do(define, body))["instruments"] == 50
    with batches.installation.database.read() as conn:
        assert [one.code for one in queries.instruments(conn)] == ["UKA", "OFF-1", *codes]
