"""Approval chains, in the words of the rules: who makes, checks and approves, and in which order."""

from __future__ import annotations

from datetime import date

import pytest

from tanshu import app
from tanshu.base.refusal import Refusal
from tanshu.parties.model import AccountKind
from tanshu.registry import queries, service
from tanshu.registry.model import Decide, TransactionState
from tanshu.registry.rooms import registered
from tanshu.registry.types import BY_NUMBER, TYPES, Effect
from tanshu.rules import packs, registry_pack
from tests.support.market import Market

# who, does, available and held of plant-a afterwards, the answer. 1,000 CEA22 held at the start.
SURRENDER_CHAIN = (
    ("plant-a-maker-1", "propose", 400, 600, "waits for the checker of the plant"),
    ("plant-a-maker-1", "approve", 400, 600, "REG-3101"),
    ("hubei-checker-1", "approve", 400, 600, "REG-3102"),
    ("registry-checker-1", "approve", 400, 600, "REG-3102"),
    ("plant-b-checker-1", "approve", 400, 600, "PAR-3002"),
    ("plant-a-checker-1", "approve", 400, 600, "waits for the province"),
    ("plant-a-checker-1", "approve", 400, 600, "REG-3101"),
    ("hubei-maker-1", "approve", 400, 600, "PAR-3003"),
    ("hubei-checker-1", "approve", 400, 600, "waits for the registry"),
    ("nobody-1", "approve", 400, 600, "PAR-3001"),
    ("registry-checker-1", "approve", 400, 0, "effected"),
    ("registry-checker-2", "approve", 400, 0, "REG-3103"),
)


def test_surrender_passes_the_plant_the_province_and_the_registry_and_nobody_acts_twice(market: Market):
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 5_000)
    id = ""
    for who, does, available, held, answer in SURRENDER_CHAIN:
        if does == "propose":
            id = market.accepted(market.surrender(who, market.plant_a, 600))["id"]
        elif answer[:4] in ("REG-", "PAR-"):
            market.refuses(answer, lambda who=who, id=id: market.approve(who, id))
        else:
            outcome = market.accepted(market.approve(who, id))
            assert outcome["state"] == ("effected" if answer == "effected" else "pending")
        assert market.has(market.plant_a, "CEA22") == (available, held), (who, answer)
    assert market.has("registry", "CEA22", AccountKind.SURRENDER) == (600, 0)
    with market.database.read() as conn:
        taken = [(step.by, step.act, step.person) for step in queries.steps(conn, id)]
    assert taken == [
        ("holder", "make", "plant-a-maker-1"),
        ("holder", "check", "plant-a-checker-1"),
        ("province", "approve", "hubei-checker-1"),
        ("registry", "approve", "registry-checker-1"),
    ]


@pytest.mark.parametrize(
    ("verb", "actor", "state"),
    [(service.reject, "plant-a-checker-1", "rejected"), (service.withdraw, "plant-a-maker-1", "withdrawn")],
)
def test_a_dropped_proposal_releases_what_it_held(market: Market, verb, actor, state):
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 5_000)
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 600))["id"]
    assert market.has(market.plant_a, "CEA22") == (400, 600)
    assert market.accepted(verb(market.ctx(actor), Decide(id, "looked wrong")))["state"] == state
    assert market.has(market.plant_a, "CEA22") == (1_000, 0)
    market.refuses("REG-3103", lambda: market.approve("hubei-checker-1", id))


def test_only_the_proposer_withdraws(market: Market):
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 5_000)
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 600))["id"]
    market.refuses("REG-3107", lambda: service.withdraw(market.ctx("plant-b-maker-1"), Decide(id)))


def test_an_expired_proposal_takes_no_approval_but_can_be_withdrawn(market: Market):
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 5_000)
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 600))["id"]
    market.today(date(2024, 6, 3))
    market.refuses("REG-3104", lambda: market.approve("plant-a-checker-1", id))
    market.accepted(service.withdraw(market.ctx("plant-a-maker-1"), Decide(id)))
    assert market.has(market.plant_a, "CEA22") == (1_000, 0)


def test_an_account_restricted_between_proposal_and_approval_stops_the_cancellation(market: Market):
    market.give(market.plant_a, 1_000)
    line = ("CEA22", 100, market.account(market.plant_a))
    id = market.accepted(market.propose("plant-a-maker-1", "voluntary-cancellation", line))["id"]
    market.set_state(market.account(market.plant_a), "restricted")
    market.refuses("PAR-2004", lambda: market.approve("plant-a-checker-1", id))
    market.set_state(market.account(market.plant_a), "open")
    market.accepted(market.approve("plant-a-checker-1", id))
    market.accepted(market.approve("registry-checker-1", id))
    assert market.has(market.plant_a, "CEA22") == (900, 0)
    assert market.has("registry", "CEA22", AccountKind.CANCELLATION) == (100, 0)


def test_emissions_corrected_between_proposal_and_approval_stop_a_surrender_beyond_them(market: Market):
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 600)
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 600))["id"]
    market.emit(market.plant_a, 599)
    market.refuses("CMP-2003", lambda: market.approve("plant-a-checker-1", id))


def test_a_chain_of_one_takes_effect_at_once(market: Market):
    market.give(market.plant_a, 1_000)
    line = (
        "CEA22",
        300,
        market.account(market.plant_a),
        market.account(market.plant_a, AccountKind.TRADING),
    )
    outcome = market.accepted(market.propose("plant-a-maker-1", "position-transfer", line))
    assert outcome["state"] == TransactionState.EFFECTED
    assert market.has(market.plant_a, "CEA22", AccountKind.TRADING) == (300, 0)


def test_restricted_holders_still_receive_allocations_and_surrender(market: Market):
    market.set_state(market.account(market.plant_a), "restricted")
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 5_000)
    market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 1_000))
    line = ("CEA22", 1, market.account(market.plant_a))
    market.refuses("PAR-2004", lambda: market.propose("plant-a-maker-1", "voluntary-cancellation", line))


def test_every_type_has_its_room_and_every_enabled_type_its_chain():
    app.wire()
    pack = packs.load("cn.registry")
    assert not isinstance(pack, Refusal)
    chains = registry_pack.chains(pack)
    for code in registry_pack.enabled_types(pack):
        assert TYPES[code].chain in chains, code
    assert {row.room for row in TYPES.values()} <= set(registered())
    assert len(BY_NUMBER) == len(TYPES)
    enabled = {TYPES[code].chain for code in registry_pack.enabled_types(pack)}
    assert set(chains) - enabled == {"surplus_cancellation"}, "at hand for who enables the type"
    assert [row.code for row in TYPES.values() if row.effect is Effect.DELIVERY_VERSUS_PAYMENT] == [
        "trade-settlement"
    ]
