"""Reversals and corrections: linked to their original, line by line, and with the very units that came."""

from __future__ import annotations

import pytest

from tanshu.base.clock import NS
from tanshu.base.refusal import need
from tanshu.book import serials
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.registry import queries as registry
from tests.support.judged import findings
from tests.support.market import Market
from tests.support.orders import documents

_DAY = 24 * 3600 * NS
PAYERS = ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1")


@pytest.fixture
def paid(market: Market) -> tuple[Market, list[str]]:
    """Plant-a surrenders twice, plant-b in between: 100, 70, 50 tonnes."""
    for plant in (market.plant_a, market.plant_b):
        market.give(plant, 1_000)
        market.emit(plant, 900)
    ids = []
    for plant, name, quantity in (
        (market.plant_a, "plant-a", 100),
        (market.plant_b, "plant-b", 70),
        (market.plant_a, "plant-a", 50),
    ):
        id = market.accepted(market.surrender(f"{name}-maker-1", plant, quantity))["id"]
        for person in (f"{name}-checker-1", "hubei-checker-1", "registry-checker-1"):
            market.accepted(market.approve(person, id))
        ids.append(id)
    return market, ids


def ranges(
    market: Market, handle: str, kind: AccountKind = AccountKind.REGISTRATION
) -> list[tuple[int, int]]:
    with serials.reading(market.book) as conn:
        account = need(parties.account(conn, market.account(handle, kind))).number
        instrument = need(registry.instrument(conn, "CEA22")).number
        return [(one.start, one.end) for one in serials.ranges(conn, market.book.log, account, instrument)]


def reverse(market: Market, name: str, original: str, *lines, **more):
    details = {"original": original, "documents": documents("撤销申请")}
    return market.propose(f"{name}-maker-1", "surrender-reversal", *lines, details=details, **more)


def approved(market: Market, name: str, outcome) -> str:
    id = market.accepted(outcome)["id"]
    for person in (f"{name}-checker-1", "hubei-checker-1", "registry-checker-1"):
        market.accepted(market.approve(person, id))
    return id


def test_a_reversal_brings_back_the_very_units_that_were_surrendered(paid):
    market, (_, second, _) = paid
    assert ranges(market, market.plant_b) == [(1_071, 2_000)]
    approved(market, "plant-b", reverse(market, "plant-b", second))
    assert ranges(market, market.plant_b) == [(1_001, 2_000)]
    assert ranges(market, "registry", AccountKind.SURRENDER) == [(1, 150)]
    assert findings(market) == []


def test_a_surrender_is_reversed_in_parts_each_with_its_own_units(paid):
    market, (first, second, third) = paid
    sink, a = market.account("registry", AccountKind.SURRENDER), market.account(market.plant_a)
    approved(market, "plant-a", reverse(market, "plant-a", first, ("CEA22", 30, sink, a)))
    approved(market, "plant-b", reverse(market, "plant-b", second))
    approved(market, "plant-a", reverse(market, "plant-a", third))
    assert ranges(market, "registry", AccountKind.SURRENDER) == [(31, 100)]
    market.refuses("REG-4306", lambda: reverse(market, "plant-a", first, ("CEA22", 71, sink, a)))
    approved(market, "plant-a", reverse(market, "plant-a", first, ("CEA22", 70, sink, a)))
    assert ranges(market, "registry", AccountKind.SURRENDER) == []
    assert findings(market) == []


def test_a_reversal_names_an_effected_surrender_of_its_own_subject_in_its_term(paid):
    market, (first, *_) = paid
    sink = market.account("registry", AccountKind.SURRENDER)
    b = market.account(market.plant_b)
    market.refuses("REG-4301", lambda: reverse(market, "plant-a", ""))
    market.refuses("REG-4305", lambda: reverse(market, "plant-a", first, ("CEA22", 5, sink, b)))
    with market.database.read() as conn:
        issued = registry.transactions(conn, type="issuance")[0].id
    market.refuses("REG-4302", lambda: reverse(market, "plant-a", issued))
    bare = {"original": first}
    market.refuses("REG-4307", lambda: market.propose("plant-a-maker-1", "surrender-reversal", details=bare))
    market.clock.set(market.clock.now_ns + 15 * _DAY)
    market.refuses("REG-4304", lambda: reverse(market, "plant-a", first))


def test_a_correction_undoes_part_of_a_wrong_entry_and_says_why(paid):
    market, _ = paid
    a, trading = market.account(market.plant_a), market.account(market.plant_a, AccountKind.TRADING)
    wrong = market.accepted(market.propose("plant-a-maker-1", "position-transfer", ("CEA22", 40, a, trading)))
    details = {"original": wrong["id"], "documents": documents("差错说明")}
    line = ("CEA22", 15, trading, a)

    def correct(reason: str):
        from tanshu.registry import service
        from tanshu.registry.model import Propose, ProposedLine

        body = Propose("correction", (ProposedLine(*line),), details=details)
        return service.propose(market.ctx("registry-maker-1", reason=reason), body)

    market.refuses("REG-4308", lambda: correct(" "))
    id = market.accepted(correct("数量录入有误"))["id"]
    market.refuses("REG-3101", lambda: market.approve("registry-maker-1", id))
    market.accepted(market.approve("registry-checker-1", id))
    assert market.has(market.plant_a, "CEA22", AccountKind.TRADING) == (25, 0)
    with market.database.read() as conn:
        assert [one.id for one in registry.linked(conn, wrong["id"])] == [id]
    assert findings(market) == []
