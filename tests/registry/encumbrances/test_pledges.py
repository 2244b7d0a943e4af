"""Pledges: registration, partial release by vintage, substitution, enforcement."""

from __future__ import annotations

import pytest

from tests.support.market import Market
from tests.support.orders import REVIEWER, SECOND_REVIEWER, documents, held, pledge, pledging, queue


@pytest.fixture
def stocked(market: Market) -> Market:
    market.give(market.plant_a, 1_000)
    market.give(market.plant_a, 500, "CEA19-20")
    return market


def by_the_bank(
    market: Market, kind: str, *lines, original: str, registry: tuple[str, ...], **details
) -> str:
    details = {"original": original, **details}
    id = market.accepted(market.propose("bank-maker-1", kind, *lines, details=details))["id"]
    for person in ("bank-checker-1", *registry):
        market.accepted(market.approve(person, id))
    return id


def test_units_are_held_from_the_application_on_and_stay_when_it_is_registered(stocked: Market):
    id = stocked.accepted(pledging(stocked, stocked.plant_a, 300, "Z-1"))["id"]
    assert held(stocked, stocked.plant_a) == [(300, 300)]
    for person in ("plant-a-checker-1", "bank-checker-1", REVIEWER, SECOND_REVIEWER):
        stocked.accepted(stocked.approve(person, id))
    (claim,) = queue(stocked, stocked.plant_a)
    assert (claim.held, claim.document, claim.transaction_id) == (300, "Z-1", id)
    assert claim.beneficiary_id


def test_a_pledge_the_bank_does_not_agree_to_holds_nothing(stocked: Market):
    from tanshu.registry import service
    from tanshu.registry.model import Decide

    id = stocked.accepted(pledging(stocked, stocked.plant_a, 300, "Z-1"))["id"]
    stocked.accepted(stocked.approve("plant-a-checker-1", id))
    stocked.accepted(service.reject(stocked.ctx("bank-checker-1"), Decide(id, "授信未批")))
    assert held(stocked, stocked.plant_a) == []


def test_a_part_of_one_vintage_is_released(stocked: Market):
    a = stocked.account(stocked.plant_a)
    details = {
        "pledgee": "bank",
        "registration_number": "Z-2",
        "registered_at": "2023-01-01T09:00:00",
        "documents": documents(),
    }
    lines = (("CEA22", 400, a), ("CEA19-20", 300, a))
    id = stocked.done(
        "plant-a-maker-1",
        "pledge",
        *lines,
        by=("plant-a-checker-1", "bank-checker-1", REVIEWER, SECOND_REVIEWER),
        details=details,
    )
    by_the_bank(stocked, "pledge-release", ("CEA19-20", 100, a), original=id, registry=(REVIEWER,))
    assert held(stocked, stocked.plant_a) == [(400, 400)]
    assert held(stocked, stocked.plant_a, "CEA19-20") == [(200, 200)]
    by_the_bank(stocked, "pledge-release", original=id, registry=(REVIEWER,))
    assert held(stocked, stocked.plant_a) == held(stocked, stocked.plant_a, "CEA19-20") == []


def test_other_units_stand_in_for_pledged_ones(stocked: Market):
    a = stocked.account(stocked.plant_a)
    id = pledge(stocked, stocked.plant_a, 400, "Z-1")
    details = {"original": id, "releases": [{"account": a, "instrument": "CEA22", "quantity": 250}]}
    swap = stocked.done(
        "plant-a-maker-1",
        "pledge-substitution",
        ("CEA19-20", 260, a),
        by=("plant-a-checker-1", "bank-checker-1", REVIEWER),
        details=details,
    )
    assert held(stocked, stocked.plant_a) == [(150, 150)]
    (new,) = queue(stocked, stocked.plant_a, "CEA19-20")
    assert (new.held, new.root_id, new.transaction_id) == (260, id, swap)
    by_the_bank(stocked, "pledge-release", original=id, registry=(REVIEWER,))
    assert held(stocked, stocked.plant_a, "CEA19-20") == []


def test_the_bank_sells_what_is_pledged_to_it_and_no_more(stocked: Market):
    a, b = stocked.account(stocked.plant_a), stocked.account(stocked.plant_b)
    id = pledge(stocked, stocked.plant_a, 400, "Z-1")
    details = {"original": id, "documents": documents("处置协议")}
    over = lambda: stocked.propose(  # noqa: E731
        "bank-maker-1", "pledge-enforcement", ("CEA22", 401, a, b), details=details
    )
    stocked.refuses("REG-5006", over)
    line = ("CEA22", 380, a, b)
    registry = (REVIEWER, SECOND_REVIEWER)
    by_the_bank(
        stocked, "pledge-enforcement", line, original=id, registry=registry, documents=documents("处置协议")
    )
    assert held(stocked, stocked.plant_a) == [(20, 20)]
    assert stocked.has(stocked.plant_b, "CEA22") == (380, 0)


def test_only_the_bank_lets_go(stocked: Market):
    id = pledge(stocked, stocked.plant_a, 400, "Z-1")
    stocked.refuses(
        "PAR-3002", lambda: stocked.propose("plant-a-maker-1", "pledge-release", details={"original": id})
    )


FACTS = {
    "pledgee": "bank",
    "registration_number": "Z-9",
    "registered_at": "2023-01-01",
    "documents": documents(),
}
LACKING = [
    ({"pledgee": ""}, "REG-5010"),
    ({"registration_number": " "}, "REG-5010"),
    ({"registered_at": "yesterday"}, "REG-5010"),
    ({"registered_at": "2099-01-01"}, "REG-5010"),
    ({"pledgee": "nobody"}, "PAR-1004"),
    ({"pledgee": "exchange"}, "REG-5011"),
    ({"documents": None}, "REG-4307"),
]


@pytest.mark.parametrize(("changes", "code"), LACKING)
def test_a_pledge_that_lacks_something_is_refused(stocked: Market, changes, code):
    line = ("CEA22", 1, stocked.account(stocked.plant_a))
    details = {**FACTS, **changes}
    stocked.refuses(code, lambda: stocked.propose("plant-a-maker-1", "pledge", line, details=details))


def test_a_public_registration_serves_one_pledge(stocked: Market):
    pledge(stocked, stocked.plant_a, 10, "Z-1")
    stocked.refuses("REG-5012", lambda: pledging(stocked, stocked.plant_a, 10, "Z-1"))


SWAPS = [
    (None, "REG-5013"),
    ([], "REG-5013"),
    (["x"], "REG-5013"),
    ([{"account": "?", "instrument": "CEA22", "quantity": 1}], "PAR-2001"),
    ([{"instrument": "CEA19-20", "quantity": 1}], "REG-5005"),
    ([{"instrument": "CEA22", "quantity": 401}], "REG-5006"),
]


@pytest.mark.parametrize(("releases", "code"), SWAPS)
def test_a_substitution_that_does_not_fit_is_refused(stocked: Market, releases, code):
    a = stocked.account(stocked.plant_a)
    id = pledge(stocked, stocked.plant_a, 400, "Z-1")
    if releases and isinstance(releases[0], dict):
        releases = [{"account": a, **releases[0]}]
    details = {"original": id, "releases": releases}
    line = ("CEA19-20", 10, a)
    stocked.refuses(
        code, lambda: stocked.propose("plant-a-maker-1", "pledge-substitution", line, details=details)
    )


def test_a_substitution_brings_units_of_a_cell_that_is_not_pledged_yet(stocked: Market):
    a = stocked.account(stocked.plant_a)
    id = pledge(stocked, stocked.plant_a, 400, "Z-1")
    releases = [{"account": a, "instrument": "CEA22", "quantity": 1}]
    details = {"original": id, "releases": releases}
    stocked.refuses(
        "REG-5007",
        lambda: stocked.propose("plant-a-maker-1", "pledge-substitution", ("CEA22", 10, a), details=details),
    )
