"""Changes of what is registered: one asks, another decides; the yearly review, by two."""

from __future__ import annotations

from datetime import date

import pytest

from tanshu.base.refusal import Refusal
from tanshu.parties import queries, requests
from tanshu.parties.changes import ask_change, decide_change, details
from tanshu.parties.model import (
    AccountKind,
    AccountState,
    Appoint,
    AskChange,
    ConfirmPerson,
    DecideChange,
    NewPerson,
    OpenAccount,
    Register,
    Rename,
    SetState,
)
from tanshu.parties.onboarding import law, yearly
from tanshu.parties.onboarding.model import FinishYearReview, RecordFindings, StartYearReview
from tanshu.parties.service import appoint, confirm_person, open_account, register, rename, set_state
from tests.support.market import Market, credit_code
from tests.support.onboarding import CHECKER, CHECKER_2, MAKER, bank, findings, hashed, paper, staff

WHY = {"reason": "court order 1"}


def needed(found):
    assert not isinstance(found, Refusal), found
    return found


def asked_state(market: Market, account: str, state: str, actor: str = MAKER) -> str:
    body = SetState(account, state, (paper("court_order"),))
    return market.accepted(set_state(market.ctx(actor, **WHY), body))["change"]


def decide(market: Market, change: str, actor: str = CHECKER, **more):
    return decide_change(market.ctx(actor), DecideChange(change, **more))


def ask(market: Market, kind: str, handle: str = "", actor: str = MAKER, **more):
    return ask_change(market.ctx(actor), AskChange(handle or market.plant_a, kind, **more))


def state_of(market: Market, account: str) -> AccountState:
    with market.database.read() as conn:
        return needed(queries.account(conn, account)).state


def test_a_restriction_holds_from_the_second_persons_word(market: Market):
    account = market.account(market.plant_a)
    change = asked_state(market, account, "restricted")
    assert state_of(market, account) == "open"
    answer = market.accepted(decide(market, change))
    assert (answer["state"], answer["asked_by"], state_of(market, account)) == ("done", MAKER, "restricted")
    with market.database.read() as conn:
        told = needed(requests.change(conn, change))
    assert (told.reason, told.asked["documents"][0]["sha256"]) == ("court order 1", hashed("court_order"))
    market.accepted(decide(market, asked_state(market, account, "open")))
    assert state_of(market, account) == "open"


def test_a_declined_change_changes_nothing(market: Market):
    account = market.account(market.plant_a)
    change = asked_state(market, account, "closed")
    market.refuses("PAR-5210", lambda: decide(market, change, accept=False))
    market.accepted(decide(market, change, accept=False, comment="not yet"))
    assert state_of(market, account) == "open"
    market.refuses("PAR-5203", lambda: decide(market, change))
    asked_state(market, account, "closed")


def test_what_is_asked_of_an_account(market: Market):
    account = market.account(market.plant_a)
    body = SetState(account, "restricted")
    market.refuses("PAR-5204", lambda: set_state(market.ctx(MAKER), body))
    change = asked_state(market, account, "restricted")
    market.refuses("PAR-5201", lambda: set_state(market.ctx(MAKER, **WHY), SetState(account, "closed")))
    asked_state(market, market.account(market.plant_a, AccountKind.CASH), "closed")
    market.refuses("PAR-5202", lambda: decide(market, "CHG-none"))
    market.refuses("PAR-3003", lambda: decide(market, change, MAKER))
    market.refuses("PAR-3002", lambda: decide(market, change, "hubei-checker-1"))


def test_who_asks_does_not_decide(market: Market):
    staff(market, NewPerson("registry-both-1", ("maker", "checker")))
    change = asked_state(market, market.account(market.plant_a), "restricted", "registry-both-1")
    market.refuses("PAR-5205", lambda: decide(market, change, "registry-both-1"))
    market.accepted(decide(market, change))


def test_what_was_good_when_it_was_asked_is_looked_at_again(market: Market):
    account = market.account(market.plant_a)
    change = asked_state(market, account, "closed")
    market.give(market.plant_a, 1)
    market.refuses("PAR-2005", lambda: decide(market, change))


def test_a_new_name_waits_for_a_second_person(market: Market):
    market.today(date(2024, 6, 1))
    body = Rename(market.plant_a, " 甲能源公司 ", date(2024, 6, 1))
    asked = market.accepted(rename(market.ctx(MAKER), body))
    market.refuses("PAR-5201", lambda: rename(market.ctx(MAKER), body))
    market.accepted(decide(market, asked["change"]))
    with market.database.read() as conn:
        assert needed(queries.subject(conn, market.plant_a)).name == "甲能源公司"


def test_bank_and_contact_change_by_their_hashes(market: Market):
    new = bank("甲电厂", last4="9999", sealed=hashed("new bank"))
    first = market.accepted(ask(market, "bank", bank=new, documents=(paper("bank_account_proof"),)))
    second = market.accepted(ask(market, "contact", contact=hashed("new phone")))
    for one in (first, second):
        market.accepted(decide(market, one["change"]))
    with market.database.read() as conn:
        found = details(conn, needed(queries.subject(conn, market.plant_a)).id)
    assert (found["bank"]["last4"], found["bank"]["sha256"]) == ("9999", hashed("new bank"))
    assert found["contact"]["sha256"] == hashed("new phone")


def test_people_come_and_go_together(market: Market):
    new = NewPerson("plant-a-maker-9", ("maker",))
    asked = market.accepted(ask(market, "people", appoint=(new,), dismiss=("plant-a-maker-1",)))
    with market.database.read() as conn:
        assert isinstance(queries.person(conn, "plant-a-maker-9"), Refusal)
    market.accepted(decide(market, asked["change"]))
    with market.database.read() as conn:
        old, made = (needed(queries.person(conn, f"plant-a-maker-{n}")) for n in (1, 9))
    assert (old.active, old.dismissed, made.active) == (False, True, True)


NOT_ASKED = [
    ("state", {}, "PAR-5211"),
    ("hat", {}, "PAR-5211"),
    ("bank", {}, "PAR-5206"),
    ("contact", {}, "PAR-5206"),
    ("people", {}, "PAR-5206"),
    ("bank", {"bank": bank("乙电厂")}, "PAR-5101"),
    ("bank", {"bank": bank("甲电厂", last4="")}, "PAR-5102"),
    ("contact", {"contact": "a@b.cn"}, "PAR-5103"),
    ("contact", {"contact": hashed("c"), "documents": (paper(" "),)}, "PAR-5103"),
    ("people", {"appoint": (NewPerson("x-1", ("auditor",)),)}, "PAR-5207"),
    ("people", {"handle": "registry", "dismiss": ("registry-checker-2",)}, "PAR-5207"),
    ("people", {"dismiss": ("plant-b-maker-1",)}, "PAR-5208"),
    ("people", {"appoint": (NewPerson("plant-b-maker-1", ("maker",)),)}, "PAR-3004"),
    ("people", {"appoint": (NewPerson("x-1", ("king",)),)}, "PAR-3006"),
    ("people", {"appoint": (NewPerson("x-1", ("maker",)),) * 2}, "PAR-3004"),
    ("people", {"dismiss": ("plant-a-maker-1", "plant-a-both-1")}, "PAR-5209"),
    ("people", {"handle": "nobody"}, "PAR-1004"),
]


def test_changes_that_cannot_be_asked_for(market: Market):
    for kind, more, code in NOT_ASKED:
        market.refuses(code, lambda kind=kind, more=more: ask(market, kind, **more))


def test_people_wait_for_a_second_person_where_the_pack_wants_it(
    market: Market, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tanshu.parties.forms.people_are_confirmed", lambda conn: conn is not None)
    body = Appoint(market.plant_a, NewPerson("plant-a-maker-2", ("maker",)))
    assert market.accepted(appoint(market.ctx(MAKER), body))["active"] is False
    new = Register(
        "enterprise", "丙电厂", uscc=credit_code(7), region="420100", people=(NewPerson("c-1", ("maker",)),)
    )
    market.accepted(register(market.ctx(MAKER), new))
    for handle in ("plant-a-maker-2", "c-1"):
        with market.database.read() as conn:
            assert not needed(queries.person(conn, handle)).active
        market.accepted(confirm_person(market.ctx(CHECKER), ConfirmPerson(handle)))


# -- the yearly review -------------------------------------------------------------------------------------


def start(market: Market, subject: str, year: int = 2024, due: date | None = None, actor: str = MAKER):
    return yearly.start(market.ctx(actor), StartYearReview(subject, year, due))


def record(market: Market, subject: str, actor: str = MAKER, findings: str = "nothing", year: int = 2024):
    return yearly.record_findings(market.ctx(actor), RecordFindings(subject, year, findings))


def finish(market: Market, subject: str, actor: str = CHECKER, year: int = 2024, **more):
    return yearly.finish(market.ctx(actor), FinishYearReview(subject, year, **more))


DUE = date(2024, 6, 30)


def test_a_yearly_review_takes_two_people(market: Market):
    plant = market.plant_a
    market.refuses("PAR-5306", lambda: start(market, plant))
    assert market.accepted(start(market, plant, due=DUE))["state"] == "started"
    market.refuses("PAR-5301", lambda: start(market, plant, due=DUE))
    market.refuses("PAR-5303", lambda: finish(market, plant))
    market.refuses("PAR-5305", lambda: record(market, plant, findings=" "))
    market.refuses("PAR-5302", lambda: record(market, market.plant_b))
    market.accepted(record(market, plant, findings="the licence has expired"))
    market.refuses("PAR-5303", lambda: record(market, plant))
    market.refuses("PAR-3003", lambda: finish(market, plant, MAKER))
    assert market.accepted(finish(market, plant, accept=False))["state"] == "started"
    market.accepted(record(market, plant, findings="renewed"))
    assert market.accepted(finish(market, plant, CHECKER_2))["state"] == "done"
    market.refuses("PAR-5303", lambda: finish(market, plant, CHECKER_2))


def test_who_found_it_does_not_finish_it(market: Market):
    staff(market, NewPerson("registry-both-1", ("maker", "checker")))
    for starter, finder in (("registry-both-1", MAKER), (MAKER, "registry-both-1")):
        year = 2024 if starter == MAKER else 2025
        market.accepted(start(market, market.plant_a, year, DUE, starter))
        market.accepted(record(market, market.plant_a, finder, year=year))
        market.refuses("PAR-5304", lambda y=year: finish(market, market.plant_a, "registry-both-1", y))


@pytest.mark.parametrize(
    ("subject", "year", "code"),
    [("hubei", 2024, "PAR-5308"), ("nobody", 2024, "PAR-1004"), ("", 7, "BASE-1004")],
)
def test_reviews_that_cannot_begin(market: Market, subject: str, year: int, code: str):
    market.refuses(code, lambda: start(market, subject or market.plant_a, year, DUE))


def test_the_packs_day_is_not_moved(market: Market, monkeypatch: pytest.MonkeyPatch):
    known = law.Law(("application_form",), 5, "02-29", None)
    monkeypatch.setattr(law, "of", lambda conn: known if conn is not None else None)
    market.refuses("PAR-5307", lambda: start(market, market.plant_a, due=DUE))
    assert market.accepted(start(market, market.plant_a))["due_on"] == "2024-02-29"
    assert market.accepted(start(market, market.plant_a, 2025))["due_on"] == "2025-02-28"


def test_who_is_late_with_a_year(market: Market):
    """Registered in 2024: nothing is due for 2024, and for 2025 only what somebody began has a day."""
    market.accepted(start(market, market.plant_a, 2025, date(2025, 3, 31)))
    with market.database.read() as conn:
        log = market.book.log
        assert yearly.standings(conn, log, 2024, date(2024, 12, 31)) == []
        by_day = {
            day: {one.handle: (one.state, one.overdue) for one in yearly.standings(conn, log, 2025, day)}
            for day in (date(2025, 3, 31), date(2025, 4, 1))
        }
    late = {market.plant_a: ("started", True), market.plant_b: (None, False), market.stranger: (None, False)}
    assert by_day[date(2025, 4, 1)] == late
    assert by_day[date(2025, 3, 31)] == {**late, market.plant_a: ("started", False)}
    market.accepted(record(market, market.plant_a, year=2025))
    market.accepted(finish(market, market.plant_a, year=2025))
    with market.database.read() as conn:
        assert not any(one.overdue for one in yearly.standings(conn, log, 2025, date(2026, 1, 1)))


def test_the_audit_agrees_with_changes_and_reviews(market: Market):
    account = market.account(market.plant_a)
    for state in ("restricted", "open"):
        market.set_state(account, state)
    extra = market.accepted(
        register(market.ctx(MAKER), Register("enterprise", "丁", uscc=credit_code(9), region="420100"))
    )
    market.accepted(open_account(market.ctx(MAKER), OpenAccount(extra["subject"], "registration")))
    market.set_state(market.account(extra["subject"]), "closed")
    new = NewPerson("plant-a-maker-9", ("maker",))
    for asked in (
        ask(market, "people", appoint=(new,), dismiss=("plant-a-maker-1",)),
        ask(market, "bank", bank=bank("甲电厂")),
    ):
        market.decide(market.accepted(asked))
    market.accepted(start(market, market.plant_a, due=DUE))
    market.accepted(record(market, market.plant_a))
    market.accepted(finish(market, market.plant_a))
    assert findings(market) == []
