"""A right handed to a colleague: for whom it holds, when, and that nobody gets two hands by it."""

from __future__ import annotations

from datetime import date

import pytest

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Outcome
from tanshu.parties import queries
from tanshu.parties.authority import may, may_for_kind
from tanshu.parties.changes import ask_change, decide_change
from tanshu.parties.delegation import (
    Delegate,
    EndDelegation,
    acting_for,
    delegate,
    delegations,
    end_delegation,
    hands_in,
)
from tanshu.parties.model import (
    Appoint,
    AskChange,
    ConfirmPerson,
    DecideChange,
    Dismiss,
    NewPerson,
    Person,
    Right,
    SubjectKind,
)
from tanshu.parties.service import appoint, confirm_person, dismiss
from tests.support.auditors import with_auditor
from tests.support.market import Market
from tests.support.onboarding import (
    CHECKER,
    CHECKER_2,
    MAKER,
    MAKER_2,
    applied,
    findings,
    hashed,
    review,
    staff,
)

FIRST, LAST = date(2024, 1, 2), date(2024, 1, 12)
A_MAKER, A_CHECKER, A_BOTH = "plant-a-maker-1", "plant-a-checker-1", "plant-a-both-1"


def hand(
    market: Market,
    giver: str,
    substitute: str,
    right: str = "checker",
    since: date = FIRST,
    until: date | None = LAST,
) -> Outcome:
    return delegate(market.ctx(giver), Delegate(substitute, right, since, until))


def handed(market: Market, giver: str, substitute: str, right: str = "checker", **span) -> str:
    return market.accepted(hand(market, giver, substitute, right, **span))["delegation"]


def end(market: Market, actor: str, id: str) -> Outcome:
    return end_delegation(market.ctx(actor), EndDelegation(id))


def asked(market: Market, handle: str, right: Right, day: date | None) -> Person | Refusal:
    with market.database.read() as conn:
        own = queries.person(conn, handle)
        assert not isinstance(own, Refusal)
        return may(conn, handle, right, own.subject_id, day=day)


def test_a_substitute_may_on_the_days_of_the_delegation(market: Market):
    """
    | day         | plant-a-maker-1 as a checker       |
    | the day before | no                              |
    | first, last | yes, for plant-a-checker-1         |
    | the day after | no                               |
    | no day said | no                                 |
    """
    handed(market, A_CHECKER, A_MAKER, since=date(2024, 1, 3))
    for day, giver in (
        (date(2024, 1, 2), None),
        (date(2024, 1, 3), A_CHECKER),
        (LAST, A_CHECKER),
        (date(2024, 1, 13), None),
        (None, None),
    ):
        found = asked(market, A_MAKER, Right.CHECKER, day)
        if giver is None:
            assert isinstance(found, Refusal) and found.code == "PAR-3003", day
        else:
            assert isinstance(found, Person) and found.hands == {A_MAKER, A_CHECKER}, day
    own = asked(market, A_MAKER, Right.MAKER, LAST)
    assert isinstance(own, Person) and own.hands == {A_MAKER}


def test_a_standing_substitute_may_until_it_is_ended(market: Market):
    id = handed(market, A_CHECKER, A_MAKER, until=None)
    far = date(2030, 1, 1)
    assert isinstance(asked(market, A_MAKER, Right.CHECKER, far), Person)
    market.accepted(end(market, A_CHECKER, id))
    assert isinstance(asked(market, A_MAKER, Right.CHECKER, far), Refusal)
    market.refuses("PAR-5409", lambda: end(market, A_CHECKER, id))


@pytest.mark.parametrize("who", [A_CHECKER, A_MAKER, MAKER])
def test_who_may_end_a_delegation(market: Market, who: str):
    id = handed(market, A_CHECKER, A_MAKER)
    market.refuses("PAR-5410", lambda: end(market, A_BOTH, id))
    market.refuses("PAR-5410", lambda: end(market, "registry-checker-1", id))
    market.accepted(end(market, who, id))


def test_a_delegation_that_ran_out_is_not_ended(market: Market):
    id = handed(market, A_CHECKER, A_MAKER)
    market.today(date(2024, 1, 13))
    market.refuses("PAR-5409", lambda: end(market, A_CHECKER, id))
    market.refuses("PAR-5408", lambda: end(market, A_CHECKER, "DLG-none"))


REFUSED = [
    ("nobody", A_MAKER, "checker", {}, "PAR-3001"),
    (A_CHECKER, "nobody", "checker", {}, "PAR-3001"),
    (A_CHECKER, "plant-b-maker-1", "checker", {}, "PAR-5401"),
    (A_CHECKER, A_CHECKER, "checker", {}, "PAR-5402"),
    (A_CHECKER, A_BOTH, "checker", {}, "PAR-5403"),
    (A_CHECKER, A_MAKER, "auditor", {}, "PAR-5404"),
    (A_CHECKER, A_MAKER, "king", {}, "PAR-3006"),
    (A_CHECKER, A_MAKER, "maker", {}, "PAR-3003"),
    (A_CHECKER, A_MAKER, "checker", {"since": date(2024, 1, 1)}, "PAR-5405"),
    (A_CHECKER, A_MAKER, "checker", {"until": date(2024, 1, 1)}, "PAR-5406"),
]


def test_delegations_that_are_refused(market: Market):
    for giver, substitute, right, span, code in REFUSED:
        market.refuses(code, lambda a=(giver, substitute, right), more=span: hand(market, *a, **more))


def test_a_borrowed_right_is_not_lent_again(market: Market):
    market.accepted(
        appoint(market.ctx(MAKER), Appoint(market.plant_a, NewPerson("plant-a-maker-2", ("maker",))))
    )
    handed(market, A_CHECKER, A_MAKER)
    market.refuses("PAR-3003", lambda: hand(market, A_MAKER, "plant-a-maker-2"))


def test_auditors_stand_in_for_nobody(market: Market):
    auditor = with_auditor(market)
    market.refuses("PAR-5404", lambda: hand(market, CHECKER, auditor))


@pytest.mark.parametrize(
    ("since", "until", "code"),
    [
        (LAST, None, "PAR-5407"),
        (date(2024, 1, 5), date(2024, 1, 6), "PAR-5407"),
        (date(2024, 1, 13), date(2024, 1, 20), None),
    ],
)
def test_two_delegations_between_two_people_do_not_overlap(market: Market, since, until, code):
    handed(market, A_CHECKER, A_MAKER)
    again = {"since": since, "until": until}
    if code:
        market.refuses(code, lambda: hand(market, A_CHECKER, A_MAKER, **again))
    else:
        handed(market, A_CHECKER, A_MAKER, **again)


@pytest.mark.parametrize("leaver", [A_CHECKER, A_MAKER])
def test_a_delegation_ends_with_either_person(market: Market, leaver: str):
    handed(market, A_CHECKER, A_MAKER)
    market.accepted(dismiss(market.ctx(MAKER), Dismiss(leaver)))
    found = asked(market, A_MAKER, Right.CHECKER, FIRST)
    assert isinstance(found, Refusal)
    assert found.code == ("PAR-3005" if leaver == A_MAKER else "PAR-3003")
    market.refuses("PAR-3005", lambda: hand(market, leaver, A_BOTH, since=LAST))
    other = A_CHECKER if leaver == A_MAKER else A_BOTH
    market.refuses("PAR-3005", lambda: hand(market, other, leaver, since=LAST, right="checker"))


def test_whose_hands_somebody_has(market: Market):
    """As a checker the clerk acts for both checkers; as a maker for nobody but themselves."""
    both = handed(market, A_BOTH, A_MAKER)
    handed(market, A_CHECKER, A_MAKER)
    with market.database.read() as conn:
        assert acting_for(conn, A_MAKER, FIRST) == {A_MAKER, A_CHECKER, A_BOTH}
        assert acting_for(conn, A_MAKER, FIRST, right=Right.CHECKER) == {A_MAKER, A_CHECKER, A_BOTH}
        assert acting_for(conn, A_MAKER, FIRST, right=Right.MAKER) == {A_MAKER}
        assert acting_for(conn, A_MAKER, date(2024, 2, 1)) == {A_MAKER}
        assert acting_for(conn, "nobody", FIRST) == {"nobody"}
        seq = market.book.tail.seq
    market.accepted(end(market, A_BOTH, both))
    with market.database.read() as conn:
        assert acting_for(conn, A_MAKER, FIRST) == {A_MAKER, A_CHECKER}
        assert acting_for(conn, A_MAKER, FIRST, at_seq=seq) == {A_MAKER, A_CHECKER, A_BOTH}
        assert acting_for(conn, A_MAKER, FIRST, at_seq=seq - 1) == {A_MAKER, A_BOTH}


def test_lists_of_delegations(market: Market):
    id = handed(market, A_CHECKER, A_MAKER)
    other = handed(market, "plant-b-checker-1", "plant-b-maker-1", until=None)
    with market.database.read() as conn:
        subject = queries.subject(conn, market.plant_b)
        assert not isinstance(subject, Refusal)
        assert [one.id for one in delegations(conn)] == [id, other]
        assert [one.id for one in delegations(conn, person=A_MAKER)] == [id]
        assert [one.id for one in delegations(conn, subject_id=subject.id)] == [other]
        assert [one.id for one in delegations(conn, on=date(2024, 2, 1))] == [other]


# -- nobody gets two hands ---------------------------------------------------------------------------------


def asked_contact(market: Market, actor: str) -> str:
    body = AskChange(market.plant_a, "contact", contact=hashed(actor))
    return market.accepted(ask_change(market.ctx(actor), body))["change"]


def test_a_maker_does_not_decide_their_own_change_with_a_borrowed_right(market: Market):
    """
    | who                | does                                                   | answer   |
    | registry-checker-1 | hands the checker right to registry-maker-1            |          |
    | registry-maker-1   | asks for a change, and decides it                      | PAR-5205 |
    | registry-maker-2   | asks for another                                       |          |
    | registry-maker-1   | decides that one, for registry-checker-1               | done     |
    """
    staff(market, NewPerson(MAKER_2, ("maker",)))
    own = asked_contact(market, MAKER)
    handed(market, CHECKER, MAKER)
    market.refuses("PAR-5205", lambda: decide_change(market.ctx(MAKER), DecideChange(own)))
    market.accepted(decide_change(market.ctx(CHECKER_2), DecideChange(own)))
    other = asked_contact(market, MAKER_2)
    answer = market.accepted(decide_change(market.ctx(MAKER), DecideChange(other)))
    assert (answer["state"], answer["acting_for"]) == ("done", CHECKER)
    assert findings(market) == []


def test_whoever_lent_the_right_to_somebody_has_a_hand_in_it(market: Market):
    """registry-both-1 asks; a maker who borrowed from them, too, does not decide with another's right."""
    staff(market, NewPerson("registry-both-1", ("maker", "checker")))
    handed(market, CHECKER, MAKER)
    handed(market, "registry-both-1", MAKER)
    change = asked_contact(market, "registry-both-1")
    market.refuses("PAR-5205", lambda: decide_change(market.ctx(MAKER), DecideChange(change)))
    with market.database.read() as conn:
        taken = [(MAKER, Right.CHECKER, FIRST, market.book.tail.seq), (MAKER, Right.MAKER, FIRST, 1)]
        assert hands_in(conn, taken) == {MAKER, CHECKER, "registry-both-1"}
        assert hands_in(conn, taken[1:]) == {MAKER}


def test_what_a_substitute_reviewed_is_not_reviewed_by_whom_they_stood_in_for(market: Market):
    """registry-both-1 lends the maker right to registry-checker-2, who uses it: both are out of the next."""
    both = "registry-both-1"
    staff(market, NewPerson(both, ("maker", "checker")))
    handed(market, both, CHECKER_2, "maker")
    id = applied(market)
    answer = market.accepted(review(market, CHECKER_2, id, "first"))
    assert answer["acting_for"] == both
    for person in (both, CHECKER_2):
        market.refuses("PAR-5009", lambda p=person: review(market, p, id, "second"))
    market.accepted(review(market, CHECKER, id, "second"))
    assert findings(market) == []


def test_naming_people_is_not_done_by_substitutes(market: Market):
    handed(market, CHECKER, MAKER)
    new = Appoint("registry", NewPerson("registry-checker-9", ("checker",)))
    market.accepted(appoint(market.ctx(MAKER), new))
    confirm = ConfirmPerson("registry-checker-9")
    market.refuses("PAR-3003", lambda: confirm_person(market.ctx(MAKER), confirm))
    with market.database.read() as conn:
        lent = may_for_kind(conn, MAKER, Right.CHECKER, SubjectKind.REGISTRY, day=FIRST)
    assert isinstance(lent, Person) and lent.acting_for == CHECKER
