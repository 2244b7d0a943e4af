"""What needs a second person: with the register's own checks switched off, the judge still finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest

from tanshu.audit import rows
from tanshu.audit.business import seconds
from tanshu.audit.judge import Judge
from tanshu.base.refusal import RefusalKind
from tanshu.parties import changes, delegation, queries
from tanshu.parties.changes import ask_change, decide_change
from tanshu.parties.delegation import Delegate, delegate
from tanshu.parties.model import AccountState, AskChange, DecideChange, NewPerson, Person, Right, SetState
from tanshu.parties.onboarding import service, yearly
from tanshu.parties.onboarding.model import (
    ApplicationState,
    FinishYearReview,
    RecordFindings,
    Stage,
    StartYearReview,
)
from tanshu.parties.service import set_state
from tanshu.parties.tables import ACCOUNT, DELEGATION
from tests.support.market import Market
from tests.support.onboarding import CHECKER, MAKER, MAKER_2, applied, hashed, review, staff

Patch = pytest.MonkeyPatch
BOTH, A_MAKER, A_CHECKER = "registry-both-1", "plant-a-maker-1", "plant-a-checker-1"
DAY = date(2024, 1, 2)


@pytest.fixture
def market(database_url: str) -> Iterator[Market]:
    made = Market(database_url)
    staff(made, NewPerson(BOTH, ("maker", "checker")), NewPerson(MAKER_2, ("maker",)))
    yield made
    made.close()


def contact(market: Market, actor: str) -> str:
    body = AskChange(market.plant_a, "contact", contact=hashed(actor))
    return market.accepted(ask_change(market.ctx(actor), body))["change"]


def decide(market: Market, actor: str, change: str) -> None:
    market.accepted(decide_change(market.ctx(actor), DecideChange(change)))


def no_hands(patch: Patch) -> None:
    patch.setattr(Person, "hands", property(lambda _self: frozenset()))


def one_person_decides_their_own_change(market: Market, patch: Patch) -> None:
    no_hands(patch)
    decide(market, BOTH, contact(market, BOTH))


def a_borrowed_right_decides_for_its_lender(market: Market, patch: Patch) -> None:
    """BOTH asks, lends the checker right to a maker, who decides."""
    no_hands(patch)
    change = contact(market, BOTH)
    market.accepted(delegate(market.ctx(BOTH), Delegate(MAKER_2, "checker", DAY)))
    decide(market, MAKER_2, change)


def a_lapsed_right_decides(market: Market, patch: Patch) -> None:
    change = contact(market, MAKER)
    market.accepted(delegate(market.ctx(CHECKER), Delegate(MAKER_2, "checker", DAY, DAY)))
    market.today(date(2024, 1, 3))
    patch.setattr(delegation.Delegation, "holds", lambda *_: True)
    decide(market, MAKER_2, change)


def one_person_reviews_twice(market: Market, patch: Patch) -> None:
    no_hands(patch)
    id = applied(market)
    market.accepted(review(market, BOTH, id, "first"))
    market.accepted(review(market, BOTH, id, "second"))


def an_application_skips_its_first_review(market: Market, patch: Patch) -> None:
    patch.setitem(service.STAGE_OF, ApplicationState.SUBMITTED, Stage.SECOND)
    market.accepted(review(market, CHECKER, applied(market), "second"))


def an_application_is_opened_at_its_first_review(market: Market, patch: Patch) -> None:
    patch.setattr(
        service, "_passed", lambda act, application, _stage, by: service._open(act, application, by)
    )
    patch.setattr(service, "_AFTER", {"pass": service._passed})
    market.accepted(review(market, MAKER, applied(market), "first"))


def a_review_is_finished_by_its_finder(market: Market, patch: Patch) -> None:
    no_hands(patch)
    plant = market.plant_a
    market.accepted(yearly.start(market.ctx(MAKER), StartYearReview(plant, 2024, DAY)))
    market.accepted(yearly.record_findings(market.ctx(BOTH), RecordFindings(plant, 2024, "nothing")))
    market.accepted(yearly.finish(market.ctx(BOTH), FinishYearReview(plant, 2024)))


def another_state_than_was_asked_for(market: Market, patch: Patch) -> None:
    def put(act, account, _new) -> None:
        act.update(ACCOUNT, {"number": account.number}, state=AccountState.RESTRICTED)

    account = market.account(market.plant_a)
    body = SetState(account, "closed")
    asked = market.accepted(set_state(market.ctx(MAKER, reason="closing"), body))
    patch.setattr(changes.service, "put_state", put)
    decide(market, CHECKER, asked["change"])


def lent(market: Market, actor: str, person: str, substitute: str, handed: str) -> None:
    """Write a delegation behind the register's back."""

    def decided(act, _command):
        giver = queries.person(act.conn, person)
        assert isinstance(giver, Person)
        act.insert(
            DELEGATION,
            {
                "id": "DLG-1",
                "subject_id": giver.subject_id,
                "person": person,
                "substitute": substitute,
                "handed": handed,
                "since": act.today,
                "reason": "",
                "seq": act.seq,
            },
        )
        return {}

    market.accepted(market.ctx(actor).commit("parties.delegate", {"to": substitute}, decided))


def a_right_is_lent_in_anothers_name(market: Market, _patch: Patch) -> None:
    lent(market, A_MAKER, A_CHECKER, A_MAKER, Right.CHECKER)


def a_right_is_lent_by_who_has_it_not(market: Market, _patch: Patch) -> None:
    lent(market, A_MAKER, A_MAKER, A_CHECKER, Right.CHECKER)


def a_right_is_lent_to_another_house(market: Market, _patch: Patch) -> None:
    lent(market, A_CHECKER, A_CHECKER, "plant-b-maker-1", Right.CHECKER)


Fault = Callable[[Market, Patch], None]
FAULTS: dict[Fault, str] = {
    one_person_decides_their_own_change: "AUD-5307",
    a_borrowed_right_decides_for_its_lender: "AUD-5307",
    a_lapsed_right_decides: "AUD-5006 AUD-5307",
    one_person_reviews_twice: "AUD-5307",
    an_application_skips_its_first_review: "AUD-5307",
    an_application_is_opened_at_its_first_review: "AUD-5307",
    a_review_is_finished_by_its_finder: "AUD-5307",
    another_state_than_was_asked_for: "AUD-5308",
    a_right_is_lent_in_anothers_name: "AUD-5309",
    a_right_is_lent_by_who_has_it_not: "AUD-5309",
    a_right_is_lent_to_another_house: "AUD-5309",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_missing_second_person_is_found_by_its_number(market: Market, monkeypatch: Patch, fault: Fault):
    fault(market, monkeypatch)
    monkeypatch.undo()
    judge = Judge()
    with market.database.read() as conn:
        found = [
            finding
            for chunk in rows.chunks(conn, market.book.log, -1)
            for stored in chunk
            for finding in judge.look_at(stored)
        ]
    assert {finding.what.code for finding in found} == set(FAULTS[fault].split())
    for finding in found:
        assert finding.sentence("zh") and finding.sentence("en") and finding.seq == market.book.tail.seq


def test_every_one_of_these_checks_has_a_fault_that_it_finds():
    numbers = {kind.code for kind in vars(seconds).values() if isinstance(kind, RefusalKind)}
    assert numbers <= {code for found in FAULTS.values() for code in found.split()}
