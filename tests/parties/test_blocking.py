"""Blocking: one auditor stops an account at once, two people of the registry let it go on."""

from __future__ import annotations

from sqlalchemy import select

from tanshu.base.refusal import need
from tanshu.book.records import AccountFlag
from tanshu.parties import queries
from tanshu.parties.blocking import block, blocks, unblock
from tanshu.parties.model import (
    AccountKind,
    AccountState,
    Appoint,
    Block,
    ConfirmPerson,
    Dismiss,
    NewPerson,
    SetState,
    Unblock,
)
from tanshu.parties.service import appoint, confirm_person, dismiss, set_state
from tanshu.parties.tables import ACCOUNT_BLOCK
from tanshu.registry import service
from tanshu.registry.model import Decide
from tests.support.auditors import AUDITOR, CLERK, REVIEWER, with_auditor
from tests.support.market import Market


def stop(market: Market, account: str, *, by: str = AUDITOR, **more):
    return block(market.ctx(by), Block(account, "AUD-6003", 7, "the balance disagrees", **more))


def let_go(market: Market, account: str, by: str, reason: str = ""):
    return unblock(market.ctx(by, reason=reason), Unblock(account))


def state_of(market: Market, code: str) -> tuple[AccountState, str, int]:
    """(state, finding, flags in the book)."""
    with market.database.read() as conn:
        account = need(queries.account(conn, code))
        return account.state, account.finding, market.book.catch_up(conn).flags(account.number)


BOTH = int(AccountFlag.NO_DEBIT | AccountFlag.NO_CREDIT)


def test_an_auditor_needs_a_second_persons_word_and_has_no_other_right(market: Market):
    unconfirmed = Appoint("registry", NewPerson(AUDITOR, ("auditor",)))
    market.accepted(appoint(market.ctx(CLERK), unconfirmed))
    own = market.account(market.plant_a)
    market.refuses("PAR-3005", lambda: stop(market, own))
    for subject, rights in (
        ("registry", ("auditor", "checker")),
        ("hubei", ("maker", "auditor")),
        ("exchange", ("auditor",)),
        (market.plant_a, ("auditor",)),
    ):
        body = Appoint(subject, NewPerson("auditor-9", rights))
        market.refuses("PAR-3009", lambda body=body: appoint(market.ctx(CLERK), body))
    market.refuses("PAR-3003", lambda: stop(market, own, by=REVIEWER))


def test_an_authoritys_auditor_is_confirmed_too_and_stops_only_its_own_region(market: Market):
    with_auditor(market, "hubei", "hubei-auditor-1")
    with_auditor(market, "ministry", "ministry-auditor-1")
    market.refuses("PAR-3010", lambda: stop(market, market.account(market.stranger), by="hubei-auditor-1"))
    market.accepted(stop(market, market.account(market.plant_a), by="hubei-auditor-1"))
    market.accepted(stop(market, market.account(market.stranger), by="ministry-auditor-1"))


def test_a_blocked_account_neither_gives_nor_receives_and_the_refusal_names_the_finding(market: Market):
    market.give(market.plant_a, 1_000)
    market.give(market.plant_b, 1_000)
    with_auditor(market)
    own, trading = market.account(market.plant_a), market.account(market.plant_a, AccountKind.TRADING)
    line = ("CEA22", 10, own, trading)
    market.accepted(stop(market, own))
    assert state_of(market, own) == (AccountState.BLOCKED, "AUD-6003", BOTH)
    refused = market.refuses("PAR-2012", lambda: market.propose("plant-a-maker-1", "position-transfer", line))
    assert "AUD-6003" in refused.sentence("zh") and "AUD-6003" in refused.sentence("en")
    back = ("CEA22", 10, trading, own)
    market.refuses("PAR-2012", lambda: market.propose("plant-a-maker-1", "position-transfer", back))
    market.refuses("PAR-2008", lambda: set_state(market.ctx(CLERK), SetState(own, "open")))
    others = (
        "CEA22",
        10,
        market.account(market.plant_b),
        market.account(market.plant_b, AccountKind.TRADING),
    )
    market.accepted(market.propose("plant-b-maker-1", "position-transfer", others))


def test_a_pending_transaction_of_a_blocked_account_is_not_approved_but_can_be_rejected(market: Market):
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 800)
    with_auditor(market)
    pending = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 600))["id"]
    again = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 100))["id"]
    market.accepted(stop(market, market.account(market.plant_a)))
    market.refuses("PAR-2012", lambda: market.approve("plant-a-checker-1", pending))
    market.accepted(service.reject(market.ctx("plant-a-checker-1"), Decide(pending)))
    market.accepted(service.withdraw(market.ctx("plant-a-maker-1"), Decide(again)))
    assert market.has(market.plant_a, "CEA22") == (1_000, 0)


def test_a_block_ends_by_two_people_of_the_registry_one_asking_with_a_reason_another_granting(market: Market):
    market.give(market.plant_a, 1_000)
    with_auditor(market)
    own = market.account(market.plant_a)
    market.refuses("PAR-2014", lambda: let_go(market, own, CLERK, "nothing to end"))
    market.accepted(stop(market, own))
    market.refuses("PAR-2013", lambda: stop(market, own))
    market.refuses("PAR-3003", lambda: let_go(market, own, AUDITOR, "I was wrong"))
    market.refuses("PAR-3002", lambda: let_go(market, own, "hubei-maker-1", "please"))
    market.refuses("PAR-3012", lambda: let_go(market, own, CLERK, "  "))
    asked = market.accepted(let_go(market, own, CLERK, "the projection was rebuilt"))
    assert asked["state"] == "blocked" and state_of(market, own)[0] is AccountState.BLOCKED
    market.refuses("PAR-3003", lambda: let_go(market, own, CLERK, "again"))
    market.accepted(let_go(market, own, REVIEWER))
    assert state_of(market, own) == (AccountState.OPEN, "", 0)
    line = ("CEA22", 10, own, market.account(market.plant_a, AccountKind.TRADING))
    market.accepted(market.propose("plant-a-maker-1", "position-transfer", line))
    with market.database.read() as conn:
        assert blocks(conn) == []
        (ended,) = blocks(conn, ended=True)
    assert (ended.finding, ended.finding_seq, ended.person) == ("AUD-6003", 7, AUDITOR)
    assert (ended.asked_by, ended.asked_why) == (CLERK, "the projection was rebuilt")
    assert ended.ended_by == REVIEWER and ended.seq < ended.asked_seq < ended.ended_seq


def test_whoever_asked_for_the_end_does_not_grant_it(market: Market):
    with_auditor(market)
    own = market.account(market.plant_a)
    both = Appoint("registry", NewPerson("registry-both-1", ("maker", "checker")))
    market.accepted(appoint(market.ctx(CLERK), both))
    market.accepted(confirm_person(market.ctx(REVIEWER), ConfirmPerson("registry-both-1")))
    market.accepted(stop(market, own))
    market.accepted(let_go(market, own, "registry-both-1", "cleared up"))
    market.refuses("PAR-3011", lambda: let_go(market, own, "registry-both-1"))


def test_a_restricted_account_returns_to_being_restricted(market: Market):
    with_auditor(market)
    own = market.account(market.plant_a)
    market.set_state(own, "restricted")
    market.accepted(stop(market, own))
    market.accepted(let_go(market, own, CLERK, "cleared up"))
    market.accepted(let_go(market, own, REVIEWER))
    assert state_of(market, own)[0] is AccountState.RESTRICTED


def test_a_source_or_sink_is_blocked_only_when_that_is_said(market: Market):
    with_auditor(market)
    source = market.account("registry", AccountKind.ISSUANCE)
    market.refuses("PAR-2016", lambda: stop(market, source))
    market.accepted(stop(market, source, system=True))
    assert state_of(market, source)[2] == BOTH | AccountFlag.OVERDRAFT
    market.accepted(let_go(market, source, CLERK, "cleared up"))
    market.accepted(let_go(market, source, REVIEWER))
    assert state_of(market, source) == (AccountState.OPEN, "", int(AccountFlag.OVERDRAFT))
    market.give(market.plant_a, 5)


def test_what_is_no_finding_or_no_account_is_not_blocked(market: Market):
    with_auditor(market)
    own = market.account(market.plant_a)
    market.refuses("PAR-2015", lambda: block(market.ctx(AUDITOR), Block(own, "REG-2005")))
    market.refuses("PAR-2001", lambda: stop(market, market.unknown_account()))
    market.set_state(own, "closed")
    market.refuses("PAR-2003", lambda: stop(market, own))
    market.accepted(dismiss(market.ctx(CLERK), Dismiss(AUDITOR)))
    market.refuses("PAR-3005", lambda: stop(market, market.account(market.plant_b)))


def test_the_block_and_its_end_are_told_with_their_entries(market: Market):
    with_auditor(market)
    own = market.account(market.plant_a)
    at = market.accepted(stop(market, own)).seq
    with market.database.read() as conn:
        row = conn.execute(select(ACCOUNT_BLOCK)).one()
    assert (row.seq, row.state_before, row.note) == (at, "open", "the balance disagrees")
