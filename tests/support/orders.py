"""Short words for courts, pledges and what undoes what: a market in which claims meet."""

from __future__ import annotations

from typing import Any

from tanshu.base.canonical import digest
from tanshu.base.refusal import need
from tanshu.book.commit import Outcome
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.registry import queries as registry
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.encumbrances.model import Claim
from tests.support.market import Market

CLERK, REVIEWER, SECOND_REVIEWER = "registry-maker-1", "registry-checker-1", "registry-checker-2"


def documents(title: str = "法律文书") -> list[dict[str, str]]:
    """Evidence as a proposal states it."""
    return [{"title": title, "sha256": digest(title.encode()).hex()}]


class Court:
    """A court that sends its orders to a register."""

    def __init__(self, market: Market, name: str = "甲法院"):
        self.market, self.name = market, name
        self._sent = 0

    def order(self, kind: str, *lines: tuple[Any, ...], **details: Any) -> Outcome:
        """Propose what it orders; details: until, follows, original, …"""
        self._sent += 1
        facts = {"court": self.name, "document": f"({self._sent})号", "documents": documents(), **details}
        subject = facts.pop("subject", "")
        return self.market.propose(CLERK, kind, *lines, details=facts, subject=subject)

    def done(self, kind: str, *lines: tuple[Any, ...], **details: Any) -> str:
        """The same, reviewed: the transaction's id."""
        id = self.market.accepted(self.order(kind, *lines, **details))["id"]
        self.market.accepted(self.market.approve(REVIEWER, id))
        return id

    def freeze(self, plant: str, quantity: int, instrument: str = "CEA22", **details: Any) -> str:
        return self.done("judicial-freeze", (instrument, quantity), subject=plant, **details)


def pledging(market: Market, plant: str, quantity: int, number: str, instrument: str = "CEA22") -> Outcome:
    """Plant-a asks for a pledge to the bank."""
    details = {
        "pledgee": "bank",
        "registration_number": number,
        "registered_at": "2023-01-01",
        "documents": documents(),
    }
    line = (instrument, quantity, market.account(plant))
    return market.propose("plant-a-maker-1", "pledge", line, details=details)


def pledge(market: Market, plant: str, quantity: int, number: str, instrument: str = "CEA22") -> str:
    """The same, registered: the transaction's id."""
    outcome = market.accepted(pledging(market, plant, quantity, number, instrument))
    for person in ("plant-a-checker-1", "bank-checker-1", REVIEWER, SECOND_REVIEWER):
        market.accepted(market.approve(person, outcome["id"]))
    return outcome["id"]


def queue(market: Market, plant: str, instrument: str = "CEA22") -> list[Claim]:
    """The standing claims on a plant's registered units."""
    with market.database.read() as conn:
        account = need(parties.account(conn, market.account(plant, AccountKind.REGISTRATION)))
        return claims.of_cell(conn, account.number, need(registry.instrument(conn, instrument)).number)


def held(market: Market, plant: str, instrument: str = "CEA22") -> list[tuple[int, int]]:
    """(held, ordered) of each standing claim, in the order of the queue."""
    return [(one.held, one.ordered) for one in queue(market, plant, instrument)]
