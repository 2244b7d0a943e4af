"""Applications for an account: complete papers, two reviews by two people, then everything at once."""

from __future__ import annotations

import json
from datetime import date

import pytest

from tanshu.base.refusal import Refusal
from tanshu.book import rows
from tanshu.book.rows import Change
from tanshu.log import store
from tanshu.parties import changes, queries
from tanshu.parties.model import Appoint, NewPerson
from tanshu.parties.onboarding import queries as applications
from tanshu.parties.onboarding import service
from tanshu.parties.onboarding.model import ApplicationState, Withdraw
from tanshu.parties.service import appoint
from tanshu.rules.pack_model import Pack
from tests.support.market import Market, credit_code
from tests.support.onboarding import (
    CHECKER,
    CHECKER_2,
    MAKER,
    PAPERS,
    USCC,
    applied,
    apply,
    bank,
    findings,
    hashed,
    opened,
    paper,
    resubmit,
    review,
    staff,
)


def state(market: Market, id: str) -> str:
    with market.database.read() as conn:
        found = applications.application(conn, id)
        assert not isinstance(found, Refusal)
        return found.state


def test_two_reviews_open_the_accounts_in_one_entry(market: Market):
    """
    | who                | does              | the application          |
    | registry-maker-1   | enters it         | waits for a first review |
    | registry-maker-1   | passes it         | waits for a second       |
    | registry-checker-1 | passes it         | opened                   |
    """
    first = market.accepted(apply(market))
    assert (first["state"], first["applicant"], first["due_on"]) == ("submitted", USCC, "2024-01-09")
    id = first["application"]
    assert market.accepted(review(market, MAKER, id, "first"))["state"] == "reviewed"
    answer = market.accepted(review(market, CHECKER, id, "second"))
    assert (answer["state"], answer["subject"]) == ("opened", USCC)
    with market.database.read() as conn:
        subject = queries.subject(conn, USCC)
        assert not isinstance(subject, Refusal)
        assert {one.kind: one.code for one in queries.accounts_of(conn, subject.id)} == answer["accounts"]
        people = [(one.handle, one.active) for one in queries.people_of(conn, subject.id)]
        found = changes.details(conn, subject.id)
        steps = applications.steps(conn, needed(applications.application(conn, id)))
    assert people == [("plant-c-checker-1", True), ("plant-c-maker-1", True)]
    assert (found["bank"]["bank"], found["bank"]["last4"]) == ("结算银行", "1234")
    assert found["contact"]["sha256"] == hashed("contact")
    assert {one["seq"] for one in found.values()} == {answer.seq}
    assert [(one.stage, one.person) for one in steps] == [("first", MAKER), ("second", CHECKER)]


def needed(found):
    assert not isinstance(found, Refusal), found
    return found


NOT_TAKEN = [
    ({"kind": "authority"}, "PAR-5001"),
    ({"kind": "club"}, "PAR-1006"),
    ({"name": " "}, "PAR-1007"),
    ({"uscc": ""}, "PAR-1005"),
    ({"uscc": credit_code(1)}, "PAR-1003"),
    ({"accounts": ("trading",)}, "PAR-5002"),
    ({"accounts": ("registration", "registration")}, "PAR-1015"),
    ({"accounts": ("registration", "national")}, "PAR-2007"),
    ({"people": ()}, "PAR-5003"),
    ({"people": (NewPerson("c-1", ("maker", "checker")),)}, "PAR-5003"),
    ({"people": (NewPerson("c-1", ("maker",)), NewPerson("c-2", ("maker",)))}, "PAR-5003"),
    ({"people": (NewPerson("c-1", ("maker",)), NewPerson("c-1", ("checker",)))}, "PAR-3004"),
    ({"people": (NewPerson("plant-a-maker-1", ("maker",)),)}, "PAR-3004"),
    ({"people": (NewPerson("c-1", ("auditor",)),)}, "PAR-3009"),
    ({"bank": bank("别的公司")}, "PAR-5101"),
    ({"bank": bank(last4="12345")}, "PAR-5102"),
    ({"bank": bank(bank=" ")}, "PAR-5102"),
    ({"bank": bank(sealed="secret")}, "PAR-5102"),
    ({"documents": (paper("application_form"),)}, "PAR-5104"),
    ({"documents": tuple(paper(kind) for kind in PAPERS[1:])}, "PAR-5104"),
    ({"documents": (paper(""),)}, "PAR-5103"),
    ({"contact": "13800000000"}, "PAR-5103"),
    ({"not_barred": False}, "PAR-5105"),
    ({"listed_year": None}, "PAR-5106"),
    ({"voluntary": True}, "PAR-5106"),
    ({"listed_year": 99}, "BASE-1004"),
]


def test_applications_that_are_not_taken(market: Market):
    for form, code in NOT_TAKEN:
        market.refuses(code, lambda form=form: apply(market, **form))


@pytest.mark.parametrize(
    ("actor", "code"), [("nobody", "PAR-3001"), ("hubei-maker-1", "PAR-3002"), (CHECKER, "PAR-3003")]
)
def test_only_the_registrys_makers_enter_applications(market: Market, actor: str, code: str):
    market.refuses(code, lambda: apply(market, actor))


@pytest.mark.parametrize("name", ["丙电厂 ", "丙 电厂"])
def test_a_bank_account_may_be_spelt_with_other_blanks(market: Market, name: str):
    market.accepted(apply(market, bank=bank(name)))


def test_full_width_brackets_are_brackets(market: Market):
    market.accepted(apply(market, name="丙(武汉)电厂", bank=bank("丙(武汉)电厂")))


def test_an_applicant_has_one_application_under_way(market: Market):
    id = applied(market)
    market.refuses("PAR-5004", lambda: apply(market))
    market.accepted(service.withdraw(market.ctx(MAKER), Withdraw(id)))
    assert state(market, id) == "withdrawn"
    opened(market)
    market.refuses("PAR-1003", lambda: apply(market))


def test_who_reviews_and_when(market: Market):
    staff(market, NewPerson("registry-both-1", ("maker", "checker")))
    id = applied(market)
    cases = (
        (CHECKER, "first", "pass", "", "PAR-3003"),
        (CHECKER, "second", "pass", "", "PAR-5008"),
        ("hubei-maker-1", "first", "pass", "", "PAR-3002"),
        (MAKER, "first", "perhaps", "", "PAR-5011"),
        (MAKER, "first", "refuse", " ", "PAR-5010"),
        (MAKER, "first", "return", "", "PAR-5010"),
    )
    for actor, stage, verdict, comment, code in cases:
        market.refuses(code, lambda a=(actor, id, stage, verdict, comment): review(market, *a))
    market.accepted(review(market, "registry-both-1", id, "first"))
    market.refuses("PAR-5009", lambda: review(market, "registry-both-1", id, "second"))
    market.refuses("PAR-3003", lambda: review(market, MAKER, id, "second"))
    market.refuses("PAR-5005", lambda: review(market, MAKER, "APP-none", "second"))
    market.accepted(review(market, CHECKER, id, "second"))
    market.refuses("PAR-5007", lambda: review(market, CHECKER_2, id, "second"))
    market.refuses("PAR-5013", lambda: service.withdraw(market.ctx(MAKER), Withdraw(id)))


def test_who_entered_an_application_does_not_review_it_last(market: Market):
    staff(market, NewPerson("registry-both-1", ("maker", "checker")))
    id = market.accepted(apply(market, "registry-both-1"))["application"]
    market.accepted(review(market, MAKER, id, "first"))
    market.refuses("PAR-5009", lambda: review(market, "registry-both-1", id, "second"))


@pytest.mark.parametrize("stage", ["first", "second"])
def test_a_returned_application_begins_anew_as_another_round(market: Market, stage: str):
    id = applied(market)
    market.refuses("PAR-5006", lambda: resubmit(market, id))
    if stage == "second":
        market.accepted(review(market, MAKER, id, "first"))
    reviewer = MAKER if stage == "first" else CHECKER
    market.accepted(review(market, reviewer, id, stage, "return", "licence unreadable"))
    market.today(date(2024, 1, 8))
    market.refuses("PAR-5012", lambda: resubmit(market, id, uscc=credit_code(8)))
    market.refuses("PAR-5104", lambda: resubmit(market, id, documents=()))
    again = market.accepted(resubmit(market, id, region="420500"))
    assert (again["state"], again["round"], again["due_on"]) == ("submitted", 2, "2024-01-15")
    market.accepted(review(market, MAKER, id, "first"))
    market.accepted(review(market, CHECKER, id, "second"))
    with market.database.read() as conn:
        application = needed(applications.application(conn, id))
        regions = [applications.form(conn, application, n).region for n in (1, 2)]
        papers = [len(applications.documents(conn, application, n)) for n in (1, 2)]
        subject = needed(queries.subject(conn, USCC))
    assert regions == ["420100", "420500"] and papers == [len(PAPERS)] * 2
    assert subject.region == "420500"


def test_a_refused_application_ends_and_a_new_one_may_follow(market: Market):
    id = applied(market)
    answer = market.accepted(review(market, MAKER, id, "first", "refuse", "barred"))
    assert answer["state"] == state(market, id) == "refused"
    market.refuses("PAR-5007", lambda: review(market, CHECKER, id, "second"))
    assert applied(market) != id


def test_what_changed_meanwhile_stops_the_opening(market: Market):
    """The handle of a role holder was taken while the application waited."""
    id = applied(market)
    market.accepted(review(market, MAKER, id, "first"))
    taken = Appoint(market.plant_a, NewPerson("plant-c-maker-1", ("maker",)))
    market.accepted(appoint(market.ctx(MAKER), taken))
    market.refuses("PAR-3004", lambda: review(market, CHECKER, id, "second"))
    assert state(market, id) == "reviewed"


@pytest.mark.parametrize(
    ("entered", "due"),
    [
        (date(2024, 1, 2), "2024-01-09"),
        (date(2024, 2, 8), "2024-02-21"),  # the Spring Festival: 02-10 to 02-17 off, Sunday 02-18 worked
        (date(2026, 12, 31), None),  # the calendar of 2027 is not there: nobody guesses it
    ],
)
def test_the_days_for_a_review_are_working_days(market: Market, entered: date, due: str | None):
    market.today(entered)
    if due is None:
        market.refuses("RULE-3001", lambda: apply(market))
        return
    assert market.accepted(apply(market))["due_on"] == due


def test_reviews_that_are_late_are_listed(market: Market):
    late = applied(market)
    market.today(date(2024, 1, 8))
    in_time = applied(market, uscc=credit_code(8), people=_others("d"))
    returned = applied(market, uscc=credit_code(9), people=_others("e"))
    market.accepted(review(market, MAKER, returned, "first", "return", "why"))
    with market.database.read() as conn:
        for day, expected in (
            (date(2024, 1, 9), []),
            (date(2024, 1, 10), [late]),
            (date(2024, 1, 16), [late, in_time]),
        ):
            assert [one.id for one in applications.overdue(conn, day)] == expected
        waiting = applications.applications(conn, states=[ApplicationState.SUBMITTED])
        assert [one.id for one in waiting] == [late, in_time]


def _others(name: str) -> tuple[NewPerson, ...]:
    return NewPerson(f"{name}-1", ("maker",)), NewPerson(f"{name}-2", ("checker",))


def test_an_individual_needs_other_papers_and_is_not_named_in_the_log(market: Market):
    person = {
        "kind": "individual",
        "name": "张三丰",
        "bank": bank("张三丰"),
        "uscc": "",
        "handle": "individual-1",
        "listed_year": None,
        "voluntary": True,
        "documents": tuple(paper(one) for one in ("application_form", "agent_id", "bank_account_proof")),
    }
    market.refuses("PAR-5101", lambda: apply(market, **{**person, "bank": bank("李四")}))
    opened(market, **person)
    with market.database.read() as conn:
        assert needed(queries.subject(conn, "individual-1")).name == "张**"
    assert not _told(market, "三丰")


def test_the_log_holds_no_more_of_the_bank_account_than_its_end(market: Market):
    """The account's name is compared and dropped; the number never comes here at all."""
    opened(market, bank=bank("丙　电厂"))
    told = [(table, values) for _, table, _, values in _told(market, "1234")]
    assert [table for table, _ in told] == ["application_form", "subject_detail"]
    assert not _told(market, "丙　电厂")


def _told(market: Market, words: str) -> list[Change]:
    """The row changes of the log that hold these words."""
    with market.database.read() as conn:
        told = [change for _, data in store.rows(conn, market.book.log) for change in rows.decode(data)]
    return [one for one in told if words in json.dumps(one, ensure_ascii=False, default=str)]


def test_without_the_procedure_in_the_pack_nobody_applies(market: Market, monkeypatch: pytest.MonkeyPatch):
    whole = Pack.table

    def without(pack: Pack, name: str):
        return whole(pack, "none" if name == "onboarding" else name)

    monkeypatch.setattr(Pack, "table", without)
    market.refuses("RULE-1202", lambda: apply(market))


def test_the_audit_agrees_with_all_of_it(market: Market):
    opened(market)
    id = applied(market, uscc=credit_code(8), people=_others("d"))
    market.accepted(review(market, MAKER, id, "first", "return", "why"))
    market.accepted(resubmit(market, id, uscc=credit_code(8), people=_others("d")))
    market.accepted(review(market, MAKER, id, "first"))
    market.accepted(review(market, CHECKER, id, "second", "refuse", "why"))
    assert findings(market) == []
