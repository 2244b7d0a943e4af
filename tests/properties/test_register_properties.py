"""The register under random sequences of all its types: chains, queues, accounts and the past hold.

A machine proposes, approves, rejects, withdraws, expires, freezes, pledges, releases, deducts, reverses and
corrects at random, by people chosen at random, under a policy chosen at random. Most of it is refused. After
every step its promises are looked at from outside; at the end the second opinion reads the log.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from tanshu.base.clock import NS, business_date
from tanshu.base.refusal import Refusal
from tanshu.book.commit import Answer, Outcome
from tanshu.parties.changes import DecideChange, decide_change
from tanshu.parties.model import AccountKind, AccountState, SetState
from tanshu.parties.service import set_state
from tanshu.parties.tables import ACCOUNT
from tanshu.registry import queries, service, statement_views, statements
from tanshu.registry.encumbrances.tables import CLAIM, CLAIM_HOLD
from tanshu.registry.model import Decide, Expire, Propose, ProposedLine, Transaction, TransactionState
from tanshu.registry.tables import TRANSACTION
from tanshu.registry.types import TYPES
from tests.support.copies import Copies
from tests.support.judged import findings
from tests.support.market import Market
from tests.support.orders import documents
from tests.support.policies import decide

ORDERS: tuple[tuple[str, ...] | None, ...] = (
    None,
    (),
    ("duty", "court", "pledge"),
    ("court", "pledge", "duty"),
    ("pledge", "duty", "court"),
)
"""The pack's rule: silent, first come, or by class."""
_HOUSES = ("plant-a", "plant-b", "hubei", "registry", "bank")
PEOPLE = (
    *(f"{who}-{right}-1" for who in _HOUSES for right in ("maker", "checker")),
    *("registry-checker-2", "plant-a-both-1", "plant-b-both-1"),
)
INSTRUMENTS = ("CEA22", "CEA19-20")
QUANTITIES = st.sampled_from((1, 40, 100, 250, 600))
DECISIONS = ("approve", "approve", "approve", "reject", "withdraw")
PLANTS = st.sampled_from(("a", "b"))


class Register(RuleBasedStateMachine):
    """A market, and what was true of its past."""

    copied: Copies[Market]
    folder: Path
    patch: pytest.MonkeyPatch
    drawn = 0

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        Register.drawn += 1
        here = self.folder / str(Register.drawn)
        here.mkdir()
        self.here = here
        self.market = self.stack.enter_context(self.copied(here))
        self.orders = 0
        self.accepted: Counter[str] = Counter()
        self.past: dict[int, dict[tuple[int, int], tuple[int, int]]] = {}
        self.papers: dict[tuple[str, int], dict[str, object]] = {}

    @initialize(order=st.sampled_from(ORDERS))
    def begin(self, order: tuple[str, ...] | None) -> None:
        self.patch.delenv("TANSHU_PACKS", raising=False)
        if order is not None:
            decide(self.here / "packs", self.patch, *order)
        for plant in ("a", "b"):
            self.market.give(self.plant(plant), 500)
            self.market.emit(self.plant(plant), 900)

    # -- what happens --------------------------------------------------------------------------------------

    @rule(plant=PLANTS, quantity=QUANTITIES, instrument=st.sampled_from(INSTRUMENTS))
    def arrive(self, plant: str, quantity: int, instrument: str) -> None:
        self.market.give(self.plant(plant), quantity, instrument)

    @rule(
        plant=PLANTS,
        kind=st.sampled_from(
            ("surrender", "voluntary-cancellation", "position-transfer", "return-of-excess")
        ),
        quantity=QUANTITIES,
        instrument=st.sampled_from(INSTRUMENTS),
    )
    def ask(self, plant: str, kind: str, quantity: int, instrument: str) -> None:
        credit = self.account(plant, AccountKind.TRADING) if kind == "position-transfer" else ""
        line = (instrument, quantity, self.account(plant), credit)
        self.propose(f"plant-{plant}-maker-1", kind, line, year=2023)

    @rule(
        plant=PLANTS,
        kind=st.sampled_from(("merger", "split", "succession", "court-transfer", "closing-transfer")),
        quantity=QUANTITIES,
    )
    def pass_on(self, plant: str, kind: str, quantity: int) -> None:
        other = "b" if plant == "a" else "a"
        line = ("CEA22", quantity, self.account(plant), self.account(other))
        for actor in ("registry-maker-1", f"plant-{plant}-maker-1", f"plant-{other}-maker-1"):
            self.propose(actor, kind, line, **self.order())

    @rule(plant=PLANTS, quantity=QUANTITIES, follows=st.booleans(), days=st.integers(3, 40))
    def freeze(self, plant: str, quantity: int, follows: bool, days: int) -> None:
        facts = {"follows": follows, "until": self.day(days)}
        line = ("CEA22", quantity, self.account(plant))
        id = self.propose("registry-maker-1", "judicial-freeze", line, **self.order(**facts))
        if id:
            self.approve("registry-checker-1", id)

    @rule(plant=PLANTS, quantity=QUANTITIES, instrument=st.sampled_from(INSTRUMENTS))
    def pledge(self, plant: str, quantity: int, instrument: str) -> None:
        self.orders += 1
        facts = {"pledgee": "bank", "registration_number": f"Z-{self.orders}", "registered_at": "2023-01-01"}
        line = (instrument, quantity, self.account(plant))
        actor = f"plant-{plant}-maker-1"
        id = self.propose(actor, "pledge", line, details={**facts, "documents": documents()})
        if id and self.orders % 3:
            for person in (
                f"plant-{plant}-checker-1",
                "bank-checker-1",
                "registry-checker-1",
                "registry-checker-2",
            ):
                self.approve(person, id)

    @rule(
        data=st.data(),
        kind=st.sampled_from(
            (
                *("judicial-release", "judicial-renewal", "judicial-deduction", "pledge-release"),
                *("pledge-enforcement", "pledge-substitution", "surrender-reversal", "correction"),
            )
        ),
        quantity=QUANTITIES,
        whole=st.booleans(),
    )
    def go_on_from(self, data: st.DataObject, kind: str, quantity: int, whole: bool) -> None:
        before = self.some(data, TransactionState.EFFECTED, self.about(kind))
        if before is None:
            return
        names = {one.number: one for one in self.numbered()}
        line = before.lines[0]
        instrument = "CEA22" if kind != "pledge-substitution" else "CEA19-20"
        sides = {
            "judicial-deduction": (names[line.debit].code, self.account("b")),
            "pledge-enforcement": (names[line.debit].code, self.account("b")),
            "surrender-reversal": (names[line.credit].code, names[line.debit].code),
            "correction": (names[line.credit].code, names[line.debit].code),
        }.get(kind, (names[line.debit].code, ""))
        lines = (
            ()
            if whole and kind not in ("judicial-deduction", "pledge-enforcement")
            else ((instrument, quantity, *sides),)
        )
        facts: dict[str, Any] = {"original": before.id, "until": self.day(60)}
        facts["releases"] = [{"account": sides[0], "instrument": "CEA22", "quantity": quantity}]
        for actor in ("registry-maker-1", "bank-maker-1", "plant-a-maker-1", "plant-b-maker-1"):
            id = self.propose(actor, kind, *lines, **self.order(**facts))
            if id:
                self.approve("registry-checker-1", id)
                self.approve("bank-checker-1", id)
                return

    @rule(
        data=st.data(),
        person=st.sampled_from(PEOPLE),
        act=st.sampled_from(("approve",) * 6 + ("reject", "withdraw")),
    )
    def decide(self, data: st.DataObject, person: str, act: str) -> None:
        waiting = self.some(data, TransactionState.PENDING)
        if waiting is not None:
            self.kept(getattr(service, act)(self.market.ctx(person), Decide(waiting.id)))

    @rule(data=st.data())
    def approve_to_the_end(self, data: st.DataObject) -> None:
        waiting = self.some(data, TransactionState.PENDING)
        if waiting is not None:
            for person in PEOPLE:
                self.approve(person, waiting.id)

    @rule(
        data=st.data(),
        kind=st.sampled_from(tuple(TYPES)),
        quantity=QUANTITIES,
        person=st.sampled_from(PEOPLE),
    )
    def anything(self, data: st.DataObject, kind: str, quantity: int, person: str) -> None:
        """Any type, by anybody, between any accounts, about anything: mostly refused."""
        codes = st.sampled_from([one.code for one in self.numbered()])
        before = self.some(data, TransactionState.EFFECTED)
        original = before.id if before else ""
        facts: dict[str, Any] = {"original": original, "pledgee": "bank", "until": self.day(30)}
        facts |= {"registration_number": f"Z-{self.orders}", "registered_at": "2023-01-01", "opening": False}
        facts["claims"] = [
            {
                "number": f"C-{self.orders}",
                "quantity": quantity,
                "project": "P",
                "registered_on": "2023-01-01",
            }
        ]
        instrument = data.draw(st.sampled_from((*INSTRUMENTS, "CCER", "CNY")))
        line = (instrument, quantity, data.draw(codes), data.draw(codes))
        id = self.propose(person, kind, line, year=2023, **self.order(**facts))
        if id:
            for one in PEOPLE:
                self.approve(one, id)

    @rule(plant=PLANTS, state=st.sampled_from(("closed", "restricted", "open")))
    def set_state(self, plant: str, state: str) -> None:
        ctx = self.market.ctx("registry-maker-1", reason="随机")
        kind = AccountKind.TRADING if state == "closed" else AccountKind.REGISTRATION
        asked = self.kept(set_state(ctx, SetState(self.account(plant, kind), state)))
        if isinstance(asked, Answer):
            body = DecideChange(asked["change"])
            self.kept(decide_change(self.market.ctx("registry-checker-1"), body))

    @rule(days=st.integers(1, 45))
    def time_passes(self, days: int) -> None:
        self.market.clock.set(self.market.clock.now_ns + days * 24 * 3600 * NS)
        self.kept(service.expire(self.market.ctx("registry-maker-1"), Expire()))

    @rule(plant=PLANTS)
    def look_back(self, plant: str) -> None:
        seq = self.market.book.tail.seq
        self.past[seq] = self.holdings(seq)
        self.papers[self.account(plant), seq] = self.statement(self.account(plant), seq)

    # -- what always holds ---------------------------------------------------------------------------------

    @invariant()
    def claims_are_what_is_held(self) -> None:
        held: Counter[tuple[int, int]] = Counter()
        portions: Counter[str] = Counter()
        with self.market.database.read() as conn:
            state = self.market.book.catch_up(conn)
            for row in conn.execute(select(CLAIM_HOLD)):
                portions[row.claim_id] += row.quantity
            for row in conn.execute(select(CLAIM)):
                held[row.account, row.instrument] += row.held
                assert row.held == portions[row.id]
                assert 0 <= row.held <= row.reach <= row.ordered
                expected = "ended" if row.ended_seq else "in-force" if row.held else "waiting"
                assert row.state == expected
            book = {(cell.account, cell.instrument): cell.held for cell in state.cells() if cell.held}
        assert {cell: quantity for cell, quantity in held.items() if quantity} == book

    @invariant()
    def chains_are_whole_and_nobody_acts_twice(self) -> None:
        with self.market.database.read() as conn:
            newest = conn.execute(
                select(TRANSACTION.c.id).order_by(TRANSACTION.c.proposed_seq.desc()).limit(6)
            )
            for id in newest.scalars().all():
                transaction, steps = queries.transaction(conn, id), queries.steps(conn, id)
                assert isinstance(transaction, Transaction)
                people = [step.person for step in steps]
                assert len(people) == len(set(people))
                agreed = [step for step in steps if step.decision in ("made", "approved")]
                if transaction.state is TransactionState.EFFECTED:
                    assert len(agreed) == len(transaction.chain)
                else:
                    assert len(agreed) < len(transaction.chain)

    @invariant()
    def units_are_conserved_and_closed_accounts_empty(self) -> None:
        sums: dict[int, int] = defaultdict(int)
        with self.market.database.read() as conn:
            state = self.market.book.catch_up(conn)
            for cell in state.cells():
                sums[cell.instrument] += cell.available + cell.held
            closed = select(ACCOUNT.c.number).where(ACCOUNT.c.state == AccountState.CLOSED)
            assert all(state.is_empty(number) for number in conn.execute(closed).scalars())
        assert not any(sums.values())

    def teardown(self) -> None:
        try:
            for seq, was in self.past.items():
                assert self.holdings(seq) == was
            for (code, seq), said in self.papers.items():
                assert self.statement(code, seq) == said
            assert findings(self.market) == []
        finally:
            self.stack.close()

    # -- words ---------------------------------------------------------------------------------------------

    def plant(self, name: str) -> str:
        return self.market.plant_a if name == "a" else self.market.plant_b

    def account(self, plant: str, kind: AccountKind = AccountKind.REGISTRATION) -> str:
        return self.market.account(self.plant(plant), kind)

    def numbered(self) -> list[Any]:
        with self.market.database.read() as conn:
            return list(conn.execute(select(ACCOUNT.c.number, ACCOUNT.c.code)))

    def day(self, days: int) -> str:
        return business_date(self.market.clock.now_ns + days * 24 * 3600 * NS).isoformat()

    def order(self, **facts: Any) -> dict[str, Any]:
        self.orders += 1
        details = {"court": "甲法院", "document": f"{self.orders}号", "documents": documents(), **facts}
        return {"details": details}

    def about(self, kind: str) -> tuple[str, ...]:
        return TYPES[kind].about

    def some(
        self, data: st.DataObject, state: TransactionState, types: tuple[str, ...] = ()
    ) -> Transaction | None:
        with self.market.database.read() as conn:
            found = [
                one
                for one in queries.transactions(conn, state=state)
                if (not types or one.type.code in types) and one.details.get("opening") is not True
            ]
        return data.draw(st.sampled_from(found)) if found else None

    def propose(self, actor: str, kind: str, *lines: tuple[Any, ...], **more: Any) -> str | None:
        body = Propose(kind, tuple(ProposedLine(*line) for line in lines), **more)
        outcome = self.kept(service.propose(self.market.ctx(actor, reason="随机"), body))
        if isinstance(outcome, Answer):
            self.accepted[kind] += 1
            return outcome["id"]
        return None

    def approve(self, person: str, id: str) -> None:
        self.kept(service.approve(self.market.ctx(person), Decide(id)))

    def kept(self, outcome: Outcome) -> Outcome:
        """Accepted, or refused in both languages."""
        if isinstance(outcome, Refusal):
            assert outcome.sentence("zh") and outcome.sentence("en")
        return outcome

    def holdings(self, seq: int) -> dict[tuple[int, int], tuple[int, int]]:
        with self.market.database.read() as conn:
            state = self.market.book.as_of(conn, seq)
            return {
                (c.account, c.instrument): (c.available, c.held)
                for c in state.cells()
                if c.available or c.held
            }

    def statement(self, code: str, seq: int) -> dict[str, object]:
        with statements.reading(self.market.book) as conn:
            found = statements.statement(conn, self.market.book, code, upto=seq)
        assert not isinstance(found, Refusal)
        return statement_views.as_json(found)


def run(
    request: pytest.FixtureRequest,
    kind: str,
    folder: Path,
    patch: pytest.MonkeyPatch,
    examples: int,
    steps: int,
) -> None:
    Register.copied = staticmethod(request.getfixturevalue(f"{kind}_markets"))
    Register.folder, Register.patch = folder, patch
    run_state_machine_as_test(
        Register,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a long story takes too long to shrink
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_register_keeps_its_promises(request, kind, tmp_path, monkeypatch):
    examples = {"sqlite": 12, "postgresql": 5}[kind]
    run(request, kind, tmp_path, monkeypatch, examples=examples, steps=25)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_register_keeps_its_promises_for_long(request, kind, tmp_path, monkeypatch):
    run(request, kind, tmp_path, monkeypatch, examples=300, steps=60)
