"""A long walk of random delegations and changes: the register and the second opinion never disagree."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from tanshu.base.clock import business_date
from tanshu.base.refusal import Refusal
from tanshu.book.commit import Outcome
from tanshu.parties import requests
from tanshu.parties.changes import ask_change, decide_change
from tanshu.parties.delegation import Delegate, EndDelegation, delegate, delegations, end_delegation
from tanshu.parties.model import AskChange, DecideChange, NewPerson
from tanshu.parties.requests import ChangeState
from tests.support.market import Market
from tests.support.onboarding import CHECKER, CHECKER_2, MAKER, MAKER_2, findings, hashed, staff

BOTH = "registry-both-1"
PEOPLE = (MAKER, MAKER_2, CHECKER, CHECKER_2, BOTH)
LENDERS, BORROWERS, ASKERS = (CHECKER, CHECKER_2, BOTH), (MAKER, MAKER_2), (MAKER, MAKER_2, BOTH)
STEPS = 120


@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_gets_two_hands_however_rights_are_lent(market: Market, seed: int):
    staff(market, NewPerson(BOTH, ("maker", "checker")), NewPerson(MAKER_2, ("maker",)))
    random = Random(seed)
    outcomes: dict[str, list[str]] = {}
    for n in range(STEPS):
        outcome = _step(market, random, n)
        outcomes.setdefault(outcome.code if isinstance(outcome, Refusal) else "done", []).append(str(n))
    assert findings(market) == []
    with market.database.read() as conn:
        decided = requests.changes(conn, state=ChangeState.DONE)
    assert all(one.asked_by not in (one.decided_by, one.decided_for) for one in decided)
    # The walk went through what matters: borrowed rights were used, and refused to those who had asked.
    assert any(one.decided_for for one in decided) and "PAR-5205" in outcomes, outcomes


def _step(market: Market, random: Random, n: int) -> Outcome:
    """One command of somebody, sensible or not; now and then a day passes."""
    if random.random() < 0.05:
        market.today(_day(market) + timedelta(days=1))
    day = _day(market)
    with market.database.read() as conn:
        waiting = [one.id for one in requests.changes(conn, state=ChangeState.WAITING)]
        lent = [one.id for one in delegations(conn, on=day)]
    match random.choice(("ask", "ask", "decide", "decide", "decide", "lend", "end")):
        case "ask":
            subject = random.choice((market.plant_a, market.plant_b))
            body = AskChange(subject, "contact", contact=hashed(f"{n}"))
            return ask_change(market.ctx(random.choice(ASKERS)), body)
        case "decide" if waiting:
            return decide_change(market.ctx(random.choice(PEOPLE)), DecideChange(random.choice(waiting)))
        case "end" if lent:
            return end_delegation(market.ctx(random.choice(PEOPLE)), EndDelegation(random.choice(lent)))
        case _:
            until = random.choice((None, day, day + timedelta(days=2)))
            lender, borrower = random.choice(LENDERS), random.choice(BORROWERS)
            return delegate(market.ctx(lender), Delegate(borrower, "checker", day, until))


def _day(market: Market):
    return business_date(market.clock.now_ns)
