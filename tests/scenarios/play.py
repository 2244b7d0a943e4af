"""Plays a clerk's scenario on a small market: every sentence is a command, or something that must be so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tanshu.base.refusal import Refusal, Refused, need
from tanshu.base.text import Text
from tanshu.book.commit import Answer, Outcome
from tanshu.compliance import carry_over, obligations, withheld
from tanshu.compliance.allocation import Allocate, Confirm, allocate, confirm_allocation
from tanshu.compliance.carry_over_service import IssueCarriedOver, Notices, confirm, draw_up, issue
from tanshu.compliance.closing import CloseYear, close_year
from tanshu.compliance.withholding import (
    ConfirmWithholding,
    FromWithheld,
    Withhold,
    confirm_withholding,
    force_surrender,
    release_withheld,
    withhold,
)
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, OpenAccount, Register, SetState, Subject, SubjectKind
from tanshu.parties.service import open_account, register, set_state
from tanshu.registry import queries, service
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.model import Decide, DefineInstrument, Expire, Propose, ProposedLine
from tanshu.scenario import checks
from tanshu.scenario.story.house_sentences import OpensAccount
from tanshu.scenario.story.language import BATCHES
from tanshu.scenario.story.sentences import (
    EXPECTATIONS,
    Asks,
    Became,
    ClosesYear,
    Day,
    Decides,
    Defines,
    Emits,
    Enables,
    Handles,
    Left,
    Owes,
    Queue,
    Ranks,
    Scenario,
    SetsState,
    Stock,
    Sweeps,
    Told,
)
from tanshu.scenario.story.words import Cast
from tests.support.market import Market, coal_unit
from tests.support.policies import Operator

SECOND_BANK = "bank-2"
STAGES = {"pre-allocation": "pre", "final-allocation": "final"}


def cast(market: Market) -> Cast:
    return Cast(
        {
            "甲电厂": (market.plant_a, "plant-a"),
            "乙电厂": (market.plant_b, "plant-b"),
            "外省电厂": (market.stranger, "stranger"),
            "湖北": ("hubei", "hubei"),
            "邻省": ("henan", "henan"),
            "国家": ("ministry", "ministry"),
            "银行": ("bank", "bank"),
            "银行二": (SECOND_BANK, SECOND_BANK),
            "交易所": ("exchange", "exchange"),
            "登记": ("registry", "registry"),
        }
    )


class Play:
    """One scenario under way. file: what a refusal names when a line does not go as told."""

    def __init__(self, market: Market, operator: Operator, file: str = "story"):
        self.market, self.operator, self.file = market, operator, file
        self.cast = cast(market)
        self.ids: dict[str, str] = {}
        self.last = ""
        self.line = 0
        self.outcome: Outcome | None = None

    def play(self, scenario: Scenario) -> None:
        """Raises Refused SCN-3102 (nobody of that name), SCN-3103 (not refused as told); AssertionError."""
        for n, one in enumerate(scenario.told):
            after = scenario.told[n + 1].said if n + 1 < len(scenario.told) else None
            if isinstance(after, Became) and after.refused:
                before = self._tail()
                self.say(one)
                self._refused(one, after.refused)
                assert self._tail() == before, f"{one.line}: {one.text}: refused, and something was written"
            else:
                self.say(one)
                assert not isinstance(self.outcome, Refusal), f"{one.line}: {one.text}: {self.outcome}"

    def say(self, told: Told) -> None:
        self.line, said = told.line, told.said
        if isinstance(said, EXPECTATIONS):
            self._holds(told)
        else:
            self.outcome = None
            self._do(said)

    # -- what somebody does --------------------------------------------------------------------------------

    def _do(self, said: Any) -> None:
        match said:
            case Day():
                self.market.today(said.day)
            case Enables():
                self.operator.enables(*said.types)
            case Ranks():
                self.operator.ranks(*said.order)
            case Defines():
                body = DefineInstrument(said.code, "allowance", said.code, said.code, said.year)
                self.outcome = service.define_instrument(self._ctx(said.who), body)
            case Stock():
                given = (self._handle(said.subject), said.quantity, said.instrument)
                self.market.give(*given, province=self._province(said.subject))
            case Emits():
                self._emits(said)
            case Asks():
                self._asks(said)
            case Decides():
                self._decides(said)
            case Handles():
                self._handles(said)
            case ClosesYear():
                region = "420000" if said.who.startswith("湖北") else "410000"
                self.outcome = close_year(self._ctx(said.who), CloseYear(region, said.year))
            case Sweeps():
                self.outcome = service.expire(self._ctx(said.who), Expire())
            case SetsState():
                self._sets_state(said)
            case OpensAccount():
                self._opens_account(said)

    def _emits(self, said: Emits) -> None:
        handle, province = self._handle(said.subject), self._province(said.subject)
        self.market.emit(handle, said.quantity, said.year, province)
        if said.generation_mwh is not None:
            mwh = Decimal(said.generation_mwh)
            facts: dict[str, Any] = {
                "generation_mwh": mwh,
                "running_hours": mwh * 3 / 800,
            }  # F = 2/3 at 400 MW
            unit = coal_unit(verified_t=said.quantity, year=said.year, **facts)
            self.market.generate(handle, unit, province=province)

    def _asks(self, said: Asks) -> None:
        lines = tuple(
            ProposedLine(one.instrument, one.quantity, self._code(one.debit), self._code(one.credit))
            for one in said.lines
        )
        subject = self._handle(said.subject) if said.subject else ""
        body = Propose(said.type, lines, subject, said.year, "", self._details(said.details))
        self.outcome = service.propose(self._ctx(said.who, reason=said.reason), body)
        self._remember(said.name)

    def _decides(self, said: Decides) -> None:
        if said.name:
            self.last = self._id(said.name)
        self.outcome = getattr(service, said.verb)(self._ctx(said.who), Decide(self.last, "意见"))

    def _handles(self, said: Handles) -> None:
        self.outcome = self._office(said)
        self._remember(said.name)

    def _office(self, said: Handles) -> Outcome:
        ctx, year = self._ctx(said.who), said.year or 0
        if said.matter == "issue-carried-over":
            word = said.subjects[0]
            return issue(ctx, IssueCarriedOver(BATCHES.get(word, word)))
        handles = tuple(map(self._handle, said.subjects))
        notices, first = Notices(handles), handles[0]
        documents = tuple(said.details.get("documents", ()))
        own = FromWithheld(first, year, said.quantity or 0, documents)
        done: Mapping[str, Callable[[], Outcome]] = {
            "allocate": lambda: allocate(ctx, Allocate(first, year, STAGES[said.type])),
            "confirm-allocation": lambda: confirm_allocation(ctx, Confirm(first, year)),
            "drop-allocation": lambda: confirm_allocation(ctx, Confirm(first, year, accept=False)),
            "withhold": lambda: withhold(ctx, _decision(first, year, said.details)),
            "confirm-withholding": lambda: confirm_withholding(ctx, ConfirmWithholding(first, year)),
            "drop-withholding": lambda: confirm_withholding(ctx, ConfirmWithholding(first, year, False)),
            "force-surrender": lambda: force_surrender(ctx, own),
            "release-withheld": lambda: release_withheld(ctx, own),
            "draw-up-notices": lambda: draw_up(ctx, notices),
            "confirm-notices": lambda: confirm(ctx, notices),
        }
        return done[said.matter]()

    def _sets_state(self, said: SetsState) -> None:
        change = SetState(self._code(said.account), said.state)
        self.outcome = set_state(self._ctx(said.who, reason="情况"), change)
        if isinstance(self.outcome, Answer):
            self.market.decide(self.outcome)

    def _opens_account(self, said: OpensAccount) -> None:
        """Of the second bank, too, which is not there before it has an account."""
        handle, kind = self._account(said.account)
        if handle == SECOND_BANK:
            register_second = Register(SubjectKind.BANK, "银行二", SECOND_BANK)
            self.market.accepted(register(self.market.ctx("registry-maker-1"), register_second))
        self.outcome = open_account(self._ctx(said.who), OpenAccount(handle, kind))

    def _remember(self, name: str) -> None:
        if not isinstance(self.outcome, Answer):
            return
        answer = dict(self.outcome.data)
        many = answer.get("transactions")
        id = answer.get("transaction") or (many[0] if many else answer.get("id"))
        if isinstance(id, str) and id.startswith("TX-"):
            self.last = id
            if name:
                self.ids[name] = id

    # -- what must be so -----------------------------------------------------------------------------------

    def _refused(self, told: Told, number: str) -> None:
        if not isinstance(self.outcome, Refusal) or self.outcome.code != number:
            found = self.outcome
            words = Text(found.sentence("zh"), found.sentence("en")) if isinstance(found, Refusal) else "-"
            raise Refused(checks.NOT_AS_TOLD(file=self.file, line=told.line, expected=number, found=words))
        assert self.outcome.sentence("zh") and self.outcome.sentence("en")
        self.outcome = None

    def _holds(self, told: Told) -> None:
        match told.said:
            case Became(refused=""):
                self._is(told, told.said.state, self._state(told.said))
            case Left() as said:
                handle, kind = self._account(said.account)
                found = self.market.has(handle, said.instrument, kind)
                self._is(told, (said.available, said.held), found)
            case Queue() as said:
                self._is(told, list(said.claims), self._claims(said))
            case Owes() as said:
                self._is(told, said.quantity, self._tonnes(said))
            case _:
                pass

    def _is(self, told: Told, expected: object, found: object) -> None:
        assert expected == found, f"{self.file}:{told.line}: {told.text}: {found}"

    def _state(self, said: Became) -> str:
        with self.market.database.read() as conn:
            return need(queries.transaction(conn, self._id(said.name) if said.name else self.last)).state

    def _claims(self, said: Queue) -> list[tuple[str, int, int]]:
        with self.market.database.read() as conn:
            account = need(parties.account(conn, self._code(said.account))).number
            instrument = need(queries.instrument(conn, said.instrument)).number
            return [
                (one.cls.value, one.held, one.ordered) for one in claims.of_cell(conn, account, instrument)
            ]

    def _tonnes(self, said: Owes) -> int:
        with self.market.database.read() as conn:
            subject: Subject = need(parties.subject(conn, self._handle(said.subject)))
            if said.what == "carryable":
                notice = carry_over.notice(conn, carry_over.Terms.of(conn), subject.id)
                return notice.carryable_t if notice else 0
            assert said.year is not None
            if said.what == "due":
                return need(obligations.owed(conn, subject, said.year)).due_t
            kept = withheld.kept_for(conn, subject.id, said.year)
            return kept.left_t if kept else 0

    def _tail(self) -> object:
        with self.market.database.read() as conn:
            return store.tail(conn, store.REGISTRY_LOG)

    # -- words ---------------------------------------------------------------------------------------------

    def _ctx(self, word: str, **more: Any):
        return self.market.ctx(self._person(word), **more)

    def _details(self, told: Mapping[str, Any]) -> dict[str, Any]:
        details = dict(told)
        if "original" in details:
            details["original"] = self.ids.get(details["original"], details["original"])
        if "pledgee" in details:
            details["pledgee"] = self.cast.handle(details["pledgee"]) or details["pledgee"]
        if "releases" in details:
            details["releases"] = [
                {**one, "account": self._code(one["account"])} for one in details["releases"]
            ]
        return details

    def _province(self, subject: str) -> str:
        return "henan" if subject == "外省电厂" else "hubei"

    def _handle(self, word: str) -> str:
        return self.cast.handle(word) or self._nobody(word, Text("主体", "subject"))

    def _person(self, word: str) -> str:
        return self.cast.person(word) or self._nobody(word, Text("经办人", "role holder"))

    def _account(self, word: str) -> tuple[str, AccountKind]:
        return self.cast.account(word) or self._nobody(word, Text("账户", "account"))

    def _id(self, name: str) -> str:
        return self.ids.get(name) or self._nobody(name, Text("业务", "transaction"))

    def _code(self, word: str) -> str:
        return self.market.account(*self._account(word)) if word and not word.isascii() else word

    def _nobody(self, word: str, what: Text) -> Any:
        raise Refused(checks.NOBODY_MEANT(file=self.file, line=self.line, word=word, what=what))


def _decision(subject: str, year: int, details: Mapping[str, Any]) -> Withhold:
    """The paper is the first document, with the number told beside it."""
    papers = details.get("documents", [])
    number = details.get("number", "鄂环函〔2024〕1号")
    paper = {**papers[0], "number": number, "date": "2024-01-02"} if papers else {}
    return Withhold(subject, year, details.get("ground", ""), paper)
