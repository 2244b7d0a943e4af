"""Who is told what: every notice that goes out with what a transaction, or a queue of claims, does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tanshu.base.clock import NS, business_date
from tanshu.base.documents import html
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.registry import notices, service
from tanshu.registry.model import Decide, Expire
from tanshu.registry.notice_texts import KINDS, body
from tests.support.judged import findings
from tests.support.market import Market
from tests.support.orders import CLERK, REVIEWER, SECOND_REVIEWER, Court, documents, pledge, queue
from tests.support.policies import decide

_DAY = 24 * 3600 * NS
Told = tuple[str, str, dict[str, Any]]


@pytest.fixture
def stocked(market: Market, monkeypatch: pytest.MonkeyPatch) -> Iterator[Market]:
    """Plant A holds 1,000 CEA22; whatever is told, the second opinion has nothing against it.

    The pack that a test put in force is still the law when its log is judged.
    """
    assert monkeypatch
    market.give(market.plant_a, 1_000)
    yield market
    assert findings(market) == []


def told(market: Market, about: str) -> list[Told]:
    """(name, kind, facts) of every notice about something, by entry and name."""
    with market.database.read() as conn:
        found = [
            (one.issued_seq, parties.subject_by_id(conn, one.subject_id).name, one.kind.code, dict(one.facts))
            for one in notices.of(conn, about=about)
        ]
    return [one[1:] for one in sorted(found, key=lambda one: one[:3])]


def all_told(market: Market) -> list[tuple[str, str]]:
    with market.database.read() as conn:
        return [(parties.subject_by_id(conn, one.subject_id).name, one.kind.code) for one in notices.of(conn)]


def test_a_freeze_tells_what_it_holds_and_one_that_waits_its_rank(stocked: Market) -> None:
    court, other = Court(stocked, "甲法院"), Court(stocked, "乙法院")
    first = court.freeze(stocked.plant_a, 1_200, until="2090-01-01")
    second = other.freeze(stocked.plant_a, 500)
    cell = {"account": stocked.account(stocked.plant_a), "instrument": "CEA22"}
    frozen = {"court": "甲法院", "document": "(1)号", "ordered": 1_200, "held": 1_000}
    waiting = {"court": "乙法院", "document": "(1)号", "ordered": 500, "rank": 2}
    assert told(stocked, first) == [("甲电厂", "freeze", cell | frozen | {"expires_on": "2090-01-01"})]
    assert told(stocked, second) == [("甲电厂", "waiting-freeze", cell | waiting)]


def test_renewal_release_deduction_and_promotion_are_told_in_the_entry_that_does_them(
    stocked: Market,
) -> None:
    court, other = Court(stocked, "甲法院"), Court(stocked, "乙法院")
    first, second = court.freeze(stocked.plant_a, 1_000), other.freeze(stocked.plant_a, 500)
    renewed = court.done("judicial-renewal", original=first, until="2090-01-01")
    assert told(stocked, renewed)[0][1:] == (
        "freeze-renewed",
        told(stocked, renewed)[0][2] | {"expires_on": "2090-01-01", "document": "(2)号"},
    )
    a, b = stocked.account(stocked.plant_a), stocked.account(stocked.plant_b)
    taken = court.done("judicial-deduction", ("CEA22", 100, a, b), original=first)
    assert [(one[0], one[1], one[2]["quantity"], one[2]["taker"]) for one in told(stocked, taken)] == [
        ("甲电厂", "deduction", 100, "乙电厂")
    ]
    (_, waited) = queue(stocked, stocked.plant_a)
    released = court.done("judicial-release", ("CEA22", 300, a), original=first)
    assert [(one[1], one[2]["quantity"], one[2]["document"]) for one in told(stocked, released)] == [
        ("freeze-ended", 300, "甲法院 (1)号")
    ]
    assert [(one[0], one[1], one[2]["held"]) for one in told(stocked, waited.id)] == [
        ("甲电厂", "promotion", 300)
    ]
    court.done("judicial-release", original=first)
    assert len(told(stocked, waited.id)) == 1, "a freeze that has begun is not told of every unit"
    assert waited.transaction_id == second


def test_a_claim_that_gives_way_is_told_and_again_when_it_is_whole(
    stocked: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(tmp_path, monkeypatch, "court", "duty", "pledge")
    pledge(stocked, stocked.plant_a, 600, "Z-1")
    (pledged,) = queue(stocked, stocked.plant_a)
    freeze = Court(stocked).freeze(stocked.plant_a, 700)
    (frozen,) = (one for one in queue(stocked, stocked.plant_a) if one.transaction_id == freeze)
    assert [(one[0], one[1]) for one in told(stocked, pledged.id)] == [("结算银行", "displacement")]
    facts = told(stocked, pledged.id)[0][2]
    assert (facts["by"], facts["quantity"], facts["held"]) == (frozen.id, 300, 300)
    stocked.give(stocked.plant_a, 200)
    stocked.give(stocked.plant_a, 100)
    assert [(one[1], one[2]["held"]) for one in told(stocked, pledged.id)] == [
        ("displacement", 300),
        ("promotion", 600),
    ]


def test_a_holder_whose_proposal_lost_its_units_is_told(
    stocked: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(tmp_path, monkeypatch, "court", "duty", "pledge")
    stocked.emit(stocked.plant_a, 5_000)
    stocked.accepted(stocked.surrender("plant-a-maker-1", stocked.plant_a, 600))
    (due,) = queue(stocked, stocked.plant_a)
    Court(stocked).freeze(stocked.plant_a, 1_000)
    ((name, kind, facts),) = told(stocked, due.id)
    assert (name, kind, facts["quantity"], facts["held"]) == ("甲电厂", "displacement", 600, 0)


def test_pledgor_and_pledgee_are_told_of_a_pledge_and_its_end(stocked: Market) -> None:
    id = pledge(stocked, stocked.plant_a, 400, "Z-1")
    both = [("甲电厂", "pledge"), ("结算银行", "pledge")]
    assert [one[:2] for one in told(stocked, id)] == both
    a, b = stocked.account(stocked.plant_a), stocked.account(stocked.plant_b)
    stocked.give(stocked.plant_a, 500, "CEA19-20")
    swap = stocked.done(
        "plant-a-maker-1",
        "pledge-substitution",
        ("CEA19-20", 260, a),
        by=("plant-a-checker-1", "bank-checker-1", REVIEWER),
        details={
            "original": id,
            "releases": [{"account": a, "instrument": "CEA22", "quantity": 250}],
        },
    )
    assert [(*one[:2], one[2]["instrument"], one[2]["quantity"]) for one in told(stocked, swap)] == [
        (name, *rest)
        for name in ("甲电厂", "结算银行")
        for rest in (("pledge", "CEA19-20", 260), ("pledge-ended", "CEA22", 250))
    ]
    freed = stocked.done(
        "bank-maker-1",
        "pledge-release",
        ("CEA22", 50, a),
        by=("bank-checker-1", REVIEWER),
        details={"original": id},
    )
    assert {one[:2] for one in told(stocked, freed)} == {
        ("甲电厂", "pledge-ended"),
        ("结算银行", "pledge-ended"),
    }
    taken = stocked.done(
        "bank-maker-1",
        "pledge-enforcement",
        ("CEA22", 100, a, b),
        by=("bank-checker-1", REVIEWER, SECOND_REVIEWER),
        details={"original": id, "documents": documents()},
    )
    assert {(one[0], one[1], one[2]["taker"]) for one in told(stocked, taken)} == {
        ("甲电厂", "pledge-enforced", "乙电厂"),
        ("结算银行", "pledge-enforced", "乙电厂"),
    }


def test_a_dropped_proposal_tells_nobody_one_that_ran_out_its_subject(stocked: Market) -> None:
    line = ("CEA22", 10, stocked.account(stocked.plant_a))
    dropped, ran_out = (
        stocked.accepted(stocked.propose("plant-a-maker-1", "voluntary-cancellation", line))["id"]
        for _ in range(2)
    )
    stocked.accepted(service.reject(stocked.ctx("plant-a-checker-1"), Decide(dropped, "误")))
    before = business_date(stocked.clock.now_ns)
    ends = (before + timedelta(days=5)).isoformat()
    freeze = Court(stocked).freeze(stocked.plant_a, 100, until=ends)
    stocked.clock.set(stocked.clock.now_ns + 40 * _DAY)
    stocked.accepted(service.expire(stocked.ctx(CLERK), Expire()))
    assert told(stocked, dropped) == []
    ((name, kind, facts),) = told(stocked, ran_out)
    assert (name, kind, facts["quantity"]) == ("甲电厂", "expiry", 10)
    assert facts["expired"] == (before + timedelta(days=30)).isoformat()
    assert [(one[1], one[2].get("expires_on")) for one in told(stocked, freeze)][1] == ("freeze-lapsed", ends)


def test_a_reversed_surrender_is_told_with_its_reason(stocked: Market) -> None:
    stocked.emit(stocked.plant_a, 5_000)
    id = stocked.accepted(stocked.surrender("plant-a-maker-1", stocked.plant_a, 600))["id"]
    for person in ("plant-a-checker-1", "hubei-checker-1", REVIEWER):
        stocked.accepted(stocked.approve(person, id))
    assert told(stocked, id) == [], "a surrender has its certificate"
    body = service.Propose("surrender-reversal", (), details={"original": id, "documents": documents()})
    proposed = service.propose(stocked.ctx("plant-a-maker-1", reason="数量有误"), body)
    undone = stocked.accepted(proposed)["id"]
    while stocked.accepted(stocked.approve(_next(stocked, undone), undone))["state"] == "pending":
        pass
    ((name, kind, facts),) = told(stocked, undone)
    assert (name, kind) == ("甲电厂", "reversal")
    assert facts == {"original": id, "transaction": undone, "quantity": 600, "reason": "数量有误"}


def _next(market: Market, id: str) -> str:
    """Somebody who can take the next step: a checker of whoever it waits for."""
    from tanshu.registry import chains, queries

    with market.database.read() as conn:
        found = queries.transaction(conn, id)
        assert not isinstance(found, notices.Refusal)
        people = [
            *("plant-a-checker-1", "bank-checker-1", "hubei-checker-1", "ministry-checker-1"),
            *("plant-b-checker-1", REVIEWER, SECOND_REVIEWER, CLERK),
        ]
        day = business_date(market.clock.now_ns)
        return next(one for one in people if list(chains.waiting_for(conn, one, [found], day)))


def test_a_correction_is_told_to_every_holder_it_touches(stocked: Market) -> None:
    a, b = stocked.account(stocked.plant_a), stocked.account(stocked.plant_b)
    moved = Court(stocked).done("court-transfer", ("CEA22", 40, a, b))
    assert [(one[0], one[1], one[2]["taker"]) for one in told(stocked, moved)] == [
        ("甲电厂", "court-transfer", "乙电厂")
    ]
    command = service.Propose("correction", (), details={"original": moved, "documents": documents()})
    id = stocked.accepted(service.propose(stocked.ctx(CLERK, reason="文书有误"), command))["id"]
    while stocked.accepted(stocked.approve(_next(stocked, id), id))["state"] == "pending":
        pass
    assert sorted(one[:2] for one in told(stocked, id)) == [
        ("乙电厂", "correction"),
        ("甲电厂", "correction"),
    ]


@pytest.mark.parametrize("kind", ["merger", "split", "succession"])
def test_a_change_of_entities_is_announced_and_handed_to_both(stocked: Market, kind: str) -> None:
    a, b = stocked.account(stocked.plant_a), stocked.account(stocked.plant_b)
    details = {"documents": documents()}
    id = _proposed_by_anybody(stocked, kind, ("CEA22", 700, a, b), details)
    while stocked.accepted(stocked.approve(_next(stocked, id), id))["state"] == "pending":
        pass
    facts = {"giver": "甲电厂", "taker": "乙电厂", "quantity": 700}
    assert told(stocked, id) == [("乙电厂", kind, facts), ("甲电厂", kind, facts)]
    with stocked.database.read() as conn:
        page = html(notices.notice_paper(conn, stocked.book, notices.of(conn, about=id)[0]), "zh")
    assert "公告:" in page and "甲电厂" in page and KINDS[kind].public


def _proposed_by_anybody(market: Market, kind: str, line: tuple[Any, ...], details: dict[str, Any]) -> str:
    for actor in ("plant-a-maker-1", "plant-b-maker-1", "hubei-maker-1", CLERK):
        outcome = market.propose(actor, kind, line, details=details)
        if not isinstance(outcome, notices.Refusal):
            return outcome["id"]
    raise AssertionError(f"nobody may propose {kind}")


def test_registrations_of_everyday_issue_no_notices(stocked: Market) -> None:
    a, trading = (
        stocked.account(stocked.plant_a),
        stocked.account(stocked.plant_a, AccountKind.TRADING),
    )
    stocked.propose("plant-a-maker-1", "position-transfer", ("CEA22", 5, a, trading))
    assert all_told(stocked) == []


def test_codes_among_the_facts_are_worded() -> None:
    facts = {"year": 2023, "decision": "dismissed", "reason": "复核无误"}
    said = body(KINDS["objection-decision"], facts)[0]
    assert "驳回" in said.zh and "dismissed" in said.en
