"""Auditors of the small market: named, confirmed, and what they stop let go again."""

from __future__ import annotations

from tanshu.parties.blocking import unblock
from tanshu.parties.model import Appoint, ConfirmPerson, NewPerson, Unblock
from tanshu.parties.service import appoint, confirm_person
from tests.support.market import Market

CLERK, REVIEWER, AUDITOR = "registry-maker-1", "registry-checker-1", "auditor-1"


def with_auditor(market: Market, subject: str = "registry", handle: str = AUDITOR) -> str:
    """Name an auditor, and have them confirmed."""
    body = Appoint(subject, NewPerson(handle, ("auditor",)))
    assert market.accepted(appoint(market.ctx(CLERK), body))["active"] is False
    market.accepted(confirm_person(market.ctx(REVIEWER), ConfirmPerson(handle)))
    return handle


def let_go(market: Market, account: str) -> None:
    """End a block: one asks, another grants."""
    for person in (CLERK, REVIEWER):
        market.accepted(unblock(market.ctx(person, reason="cleared up"), Unblock(account)))
