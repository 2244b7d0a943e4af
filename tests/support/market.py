"""A small market to test on: one province, a neighbour, two plants, an exchange, a bank."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from copy import copy
from datetime import date
from decimal import Decimal
from typing import Any, Self

from tanshu import app
from tanshu.base.canonical import digest
from tanshu.base.refusal import Refusal
from tanshu.book.commit import Answer, Context, Outcome
from tanshu.compliance.allocation import Allocate, allocate
from tanshu.mrv import service as mrv
from tanshu.parties import queries as parties
from tanshu.parties.changes import decide_change
from tanshu.parties.codes import account_code
from tanshu.parties.credit_code import check_character, organisation_check_character
from tanshu.parties.model import AccountKind, DecideChange, NewPerson, Register, SetState, SubjectKind
from tanshu.parties.service import register, set_state
from tanshu.registry import queries as registry
from tanshu.registry import service
from tanshu.registry.model import Decide, DefineInstrument, Propose, ProposedLine
from tanshu.rules.activity import UnitYear
from tests.support.clock import Ticker
from tests.support.databases import row_counts

HOLDER = (AccountKind.REGISTRATION, AccountKind.TRADING, AccountKind.CASH)
YEAR = 2023


def credit_code(n: int, division: str = "420100") -> str:
    """A well-formed credit code; the organisation number is counted, not anybody's."""
    body = f"TEST{n:04d}".replace("S", "5")
    first = f"91{division}{body}{organisation_check_character(body)}"
    return first + check_character(first)


class Market:
    """The market, with short words for what tests do. Every call is one durable command."""

    def __init__(self, url: str):
        self.clock = Ticker()
        self.installation = app.found(url, name="test", clock=self.clock)
        self.database, self.book = self.installation.database, self.installation.book
        self.plant_a, self.plant_b, self.stranger = (
            credit_code(1),
            credit_code(2),
            credit_code(3, "410000"),
        )
        self._drawn = 0
        self._found()

    def moved_to(self, url: str) -> Self:
        """The same market on a copy of its database."""
        market = copy(self)
        market.clock = copy(self.clock)
        market.installation = app.open_installation(url)
        market.database, market.book = market.installation.database, market.installation.book
        return market

    # -- doing ---------------------------------------------------------------------------------------------

    def ctx(self, actor: str, key: str | None = None, **more: Any) -> Context:
        self._drawn += 1
        drawn = digest((key or f"draw {self._drawn}").encode())[:16]
        return Context(self.book, actor, drawn, clock=self.clock, **more)

    def propose(self, actor: str, kind: str, *lines: tuple[Any, ...], **more: Any) -> Outcome:
        """lines: (instrument, quantity[, debit[, credit]]); accounts by code."""
        body = Propose(kind, tuple(ProposedLine(*line) for line in lines), **more)
        return service.propose(self.ctx(actor), body)

    def approve(self, actor: str, id: str) -> Outcome:
        return service.approve(self.ctx(actor), Decide(id))

    def done(self, actor: str, kind: str, *lines: tuple[Any, ...], by: tuple[str, ...], **more: Any) -> str:
        """Propose and approve to the end; the transaction's id."""
        outcome = self.accepted(self.propose(actor, kind, *lines, **more))
        id = outcome["id"]
        for checker in by:
            outcome = self.accepted(self.approve(checker, id))
        assert outcome["state"] == "effected"
        return id

    @staticmethod
    def accepted(outcome: Outcome) -> Answer:
        assert isinstance(outcome, Answer), outcome
        return outcome

    # -- asking --------------------------------------------------------------------------------------------

    def account(self, handle: str, kind: AccountKind = AccountKind.REGISTRATION) -> str:
        with self.database.read() as conn:
            subject = parties.subject(conn, handle)
            assert not isinstance(subject, Refusal)
            account = parties.account_of(conn, subject.id, kind)
            assert account
            return account.code

    def has(
        self, handle: str, instrument: str, kind: AccountKind = AccountKind.REGISTRATION
    ) -> tuple[int, int]:
        """(available, held)."""
        with self.database.read() as conn:
            state = self.book.catch_up(conn)
            account = parties.account(conn, self.account(handle, kind))
            found = registry.instrument(conn, instrument)
            assert not isinstance(account, Refusal) and not isinstance(found, Refusal)
            cell = state.cell(account.number, found.number)
            return cell.available, cell.held

    def rows(self) -> dict[str, int]:
        """How many rows every table has: what "nothing was written" is measured by."""
        with self.database.read() as conn:
            return row_counts(conn)

    @contextmanager
    def nothing_written(self):
        rows, digest_before = self.rows(), self._digest()
        yield
        assert self.rows() == rows
        assert self._digest() == digest_before

    def refuses(self, code: str, call: Callable[[], Outcome]) -> Refusal:
        """The call is refused with this code, speaks both languages, and writes nothing."""
        with self.nothing_written():
            outcome = call()
        assert isinstance(outcome, Refusal), outcome
        assert outcome.code == code, outcome
        assert outcome.sentence("zh") and outcome.sentence("en")
        return outcome

    def unknown_account(self) -> str:
        return account_code("cn", "R", 99_999)

    def close(self) -> None:
        self.installation.close()

    # -- common turns --------------------------------------------------------------------------------------

    def give(self, handle: str, quantity: int, instrument: str = "CEA22", province: str = "hubei") -> None:
        """Opening stock of a finished year, through issuance and allocation."""
        own = self.account(province, AccountKind.PROVINCIAL)
        self.done("registry-maker-1", "issuance", (instrument, quantity, "", own), by=("registry-checker-1",))
        self.done(
            f"{province}-maker-1",
            "final-allocation",
            (instrument, quantity, own, self.account(handle)),
            by=(f"{province}-checker-1", "registry-checker-1"),
            details={"opening": True},
        )

    def emit(self, handle: str, verified_t: int, year: int = YEAR, province: str = "hubei") -> None:
        """Put a plant on the year's list, with verified emissions."""
        maker = f"{province}-maker-1"
        self.accepted(mrv.list_entities(self.ctx(maker), mrv.ListEntities(year, (mrv.ListedEntity(handle),))))
        self.accepted(
            mrv.import_emissions(
                self.ctx(maker),
                mrv.ImportEmissions(year, (mrv.EntityEmissions(handle, verified_t),)),
            )
        )

    def generate(self, handle: str, *units: UnitYear, province: str = "hubei") -> None:
        """The year of these units, all of one year."""
        years = {unit.year for unit in units}
        assert len(years) == 1, years
        told = mrv.ImportActivity(years.pop(), (mrv.EntityUnits(handle, units),))
        self.accepted(mrv.import_activity(self.ctx(f"{province}-maker-1"), told))

    def allocate(self, handle: str, stage: str, **more: Any) -> Outcome:
        return allocate(self.ctx("hubei-maker-1", **more), Allocate(handle, YEAR, stage))

    def surrender(self, maker: str, handle: str, quantity: object, instrument: str = "CEA22") -> Outcome:
        line = (instrument, quantity, self.account(handle))
        return self.propose(maker, "surrender", line, year=YEAR)

    def set_state(self, account: str, state: str) -> Answer:
        """Asked for by one person of the registry, decided by another."""
        ctx = self.ctx("registry-maker-1", reason="test")
        return self.decide(self.accepted(set_state(ctx, SetState(account, state))))

    def decide(self, asked: Answer) -> Answer:
        """A second person of the registry puts a change into effect."""
        return self.accepted(decide_change(self.ctx("registry-checker-1"), DecideChange(asked["change"])))

    def today(self, day: date) -> None:
        self.clock.set_day(day)

    # -- founding ------------------------------------------------------------------------------------------

    def _found(self) -> None:
        authority, enterprise = SubjectKind.AUTHORITY, SubjectKind.ENTERPRISE
        subjects = (
            Register(authority, "湖北省生态环境厅", "hubei", region="420000", accounts=("provincial",)),
            Register(authority, "邻省主管部门", "henan", region="410000", accounts=("provincial",)),
            Register(authority, "国家主管部门", "ministry", region="000000", accounts=("national",)),
            Register(SubjectKind.EXCHANGE, "交易机构", "exchange"),
            Register(SubjectKind.BANK, "结算银行", "bank", accounts=("bank",)),
            Register(enterprise, "甲电厂", uscc=self.plant_a, region="420100", accounts=HOLDER),
            Register(enterprise, "乙电厂", uscc=self.plant_b, region="420500", accounts=HOLDER),
            Register(enterprise, "外省电厂", uscc=self.stranger, region="410100", accounts=HOLDER),
        )
        names = ("hubei", "henan", "ministry", "exchange", "bank", "plant-a", "plant-b", "stranger")
        for subject, name in zip(subjects, names, strict=True):
            people = (
                NewPerson(f"{name}-maker-1", ("maker",)),
                NewPerson(f"{name}-checker-1", ("checker",)),
                NewPerson(f"{name}-both-1", ("maker", "checker")),
            )
            with_people = Register(**{**_fields(subject), "people": people})
            self.accepted(register(self.ctx("registry-maker-1"), with_people))
        for code, kind, vintage in (
            ("CEA19-20", "allowance", 2020),
            ("CEA22", "allowance", 2022),
            ("CEA23", "allowance", 2023),
            ("CEA24", "allowance", 2024),
            ("CCER", "credit", None),
            ("CNY", "cash", None),
        ):
            body = DefineInstrument(code, kind, code, code, vintage, 2 if kind == "cash" else 0)
            self.accepted(service.define_instrument(self.ctx("registry-maker-1"), body))

    def _digest(self) -> bytes:
        with self.database.read() as conn:
            return self.book.catch_up(conn).digest()


def coal_unit(name: str = "1", verified_t: int = 1_000_000, **changes: Any) -> UnitYear:
    """A class I unit: 400 MW, 1.2 TWh in 4,500 hours (F = 0.667), no heat."""
    facts: dict[str, Any] = {
        "unit": name,
        "year": YEAR,
        "unit_class": "I",
        "capacity_mw": Decimal(400),
        "generation_mwh": Decimal(1_200_000),
        "heat_gj": Decimal(0),
        "running_hours": Decimal(4_500),
        "verified_t": verified_t,
    }
    return UnitYear(**{**facts, **changes})


def _fields(subject: Register) -> dict[str, Any]:
    return {name: getattr(subject, name) for name in Register.__dataclass_fields__}
