"""A queue in words: who stands where, what each holds, and why somebody holds less than they ask for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection

from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.book.state import State
from tanshu.parties import queries as parties
from tanshu.parties.model import Account
from tanshu.registry import queries as registry
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.encumbrances.model import CLASS_LABELS, Claim, ClaimClass
from tanshu.registry.model import Instrument, Transaction
from tanshu.rules.registry_pack import ClaimsPolicy


@dataclass(frozen=True, slots=True)
class Place:
    """One claim in its queue. place: among all; rank: among those of its class, both from 1."""

    place: int
    rank: int
    claim: Claim
    transaction: Transaction | None
    whose: str
    why: Text


@dataclass(frozen=True, slots=True)
class Queue:
    """A cell: what is free, what is held, and for whom. Quantities in the instrument's minor unit."""

    account: Account
    instrument: Instrument
    available: int
    held: int
    places: tuple[Place, ...]

    @property
    def adds_up(self) -> bool:
        """Is what the book holds the sum of what the claims hold?"""
        return self.held == sum(place.claim.held for place in self.places)

    def conservation(self) -> Text:
        """The line that closes the account: free + held by each class = all there is."""
        held: Counter[ClaimClass] = Counter()
        for place in self.places:
            held[place.claim.cls] += place.claim.held
        parts = [(CLASS_LABELS[cls], quantity) for cls, quantity in held.items() if quantity]
        zh = "".join(f" + {label.zh} {quantity:,}" for label, quantity in parts)
        en = "".join(f" + {label.en} {quantity:,}" for label, quantity in parts)
        total = self.available + self.held
        return Text(
            f"可用 {self.available:,}{zh} = 持有 {total:,}",
            f"free {self.available:,}{en} = holding {total:,}",
        )


def queue(
    conn: Connection,
    state: State,
    account: Account,
    instrument: Instrument,
    policy: ClaimsPolicy | None = None,
) -> Queue:
    """The queue of one cell, the first first."""
    cell = state.cell(account.number, instrument.number)
    standing = claims.of_cell(conn, account.number, instrument.number, policy)
    ranks: Counter[ClaimClass] = Counter()
    places: list[Place] = []
    for n, claim in enumerate(standing, start=1):
        ranks[claim.cls] += 1
        made = registry.transaction(conn, claim.transaction_id)
        transaction = None if isinstance(made, Refusal) else made
        whose = parties.subject_by_id(conn, claim.beneficiary_id).name if claim.beneficiary_id else ""
        places.append(Place(n, ranks[claim.cls], claim, transaction, whose, _why(claim, standing[: n - 1])))
    return Queue(account, instrument, cell.available, cell.held, tuple(places))


def _why(claim: Claim, before: list[Claim]) -> Text:
    """What a claim holds, what it lacks, and whom it waits for."""
    if claim.held == claim.ordered:
        return Text("足额占用", "holds all it is for")
    ahead = [one for one in before if one.held]
    lacking = claim.ordered - claim.held
    unreached = claim.ordered - claim.reach
    if unreached == lacking:
        return Text(
            f"占用登记时存在的全部 {claim.held:,};未要求及于后到数量,尚差 {lacking:,}",
            f"holds all there was, {claim.held:,}; not ordered to take later arrivals; {lacking:,} short",
        )
    zh = f"占用 {claim.held:,},轮候 {claim.short:,}" if claim.held else f"轮候 {claim.short:,},现无占用"
    en = f"holds {claim.held:,}, waits for {claim.short:,}" if claim.held else f"waits for {claim.short:,}"
    if ahead:
        zh += f";在前有 {len(ahead)} 项"
        en += f"; {len(ahead)} before it"
    if claim.follows:
        return Text(f"{zh};后到数量及于本项", f"{en}; takes later arrivals")
    return Text(f"{zh};待在前者终止", f"{en}; until one before it ends")
