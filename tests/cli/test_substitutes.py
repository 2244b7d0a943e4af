"""A substitute at the terminal: what waits for them, and on whose behalf they took a step."""

from __future__ import annotations

from datetime import date

import pytest

from tanshu.base.clock import system_clock
from tanshu.base.refusal import need
from tanshu.parties.delegation import Delegate, delegate
from tanshu.registry import chains, queries
from tests.cli.conftest import in_process
from tests.support.market import Market

MAKER, CHECKER, BOTH = "plant-a-maker-1", "plant-a-checker-1", "plant-a-both-1"
FIRST, LAST = date(2024, 1, 2), date(2024, 1, 12)


@pytest.fixture
def handed(market: Market) -> Market:
    """The checker hands over to the maker, who stands in until further notice."""
    market.give(market.plant_a, 1_000)
    market.accepted(delegate(market.ctx(CHECKER), Delegate(MAKER, "checker", FIRST)))
    return market


def proposed(market: Market, by: str) -> str:
    line = ("CEA22", 10, market.account(market.plant_a))
    return market.accepted(market.propose(by, "voluntary-cancellation", line))["id"]


def waits(market: Market, person: str, id: str, day: date = FIRST) -> bool:
    with market.database.read() as conn:
        found = need(queries.transaction(conn, id))
        return list(chains.waiting_for(conn, person, [found], day)) == [found]


def test_what_waits_for_a_colleague_waits_for_the_substitute(handed: Market):
    handed.clock.set(system_clock())  # the clock of the command line
    id = proposed(handed, BOTH)
    listed = in_process("tx", "list", "--mine", MAKER, "--json", "--db", handed.database.url).ok().json
    assert [one["id"] for one in listed["transactions"]] == [id]
    done = in_process(
        *("tx", "approve", "--type", "voluntary-cancellation", "--as", MAKER, "--json"),
        *("--db", handed.database.url),
    )
    assert done.ok().json["accepted"] == 1
    assert not waits(handed, MAKER, id), "it waits for the registry"


@pytest.mark.parametrize(("day", "does"), [(date(2024, 1, 1), False), (FIRST, True), (LAST, True)])
def test_only_on_the_days_of_the_delegation(market: Market, day: date, does: bool):
    market.give(market.plant_a, 1_000)
    market.accepted(delegate(market.ctx(CHECKER), Delegate(MAKER, "checker", FIRST, LAST)))
    id = proposed(market, BOTH)
    assert waits(market, MAKER, id, day) is does
    assert not waits(market, MAKER, id, date(2024, 1, 13))
    assert waits(market, CHECKER, id, day)


def test_nobody_is_offered_a_second_step_by_a_right_that_was_lent(handed: Market):
    own = proposed(handed, MAKER)
    assert not waits(handed, MAKER, own), "it is the maker's own proposal"
    assert waits(handed, CHECKER, own)


def test_the_chain_says_on_whose_behalf_a_step_was_taken(handed: Market):
    id = proposed(handed, BOTH)
    handed.accepted(handed.approve(MAKER, id))
    shown = in_process("tx", "show", id, "--json", "--db", handed.database.url).ok().json
    assert [(step["person"], step["for"]) for step in shown["steps"]] == [(BOTH, []), (MAKER, [CHECKER])]
    for lang, words in (("zh", f"{MAKER}(代 {CHECKER})"), ("en", f"{MAKER} (for {CHECKER})")):
        page = in_process("tx", "show", id, "--lang", lang, "--db", handed.database.url).ok().out
        assert words in page
