"""What a queue tells those who stand in it: that they gave way, and that what they waited for is theirs.

Who is told: the one for whom a claim is, else the owner of the account. Cash is nobody's notice.
"""

from __future__ import annotations

from tanshu.book.commit import Act
from tanshu.parties import queries as parties
from tanshu.registry import notices, queries
from tanshu.registry.encumbrances.model import Claim, ClaimClass, ClaimState
from tanshu.registry.notice_texts import Fact
from tanshu.registry.types import InstrumentKind


def gave_way(act: Act, claim: Claim, by: str, lost: int) -> None:
    """A claim that goes first (id `by`) took units of this one, which is as it was before that."""
    _tell(act, "displacement", claim, {"by": by, "quantity": lost, "held": claim.held - lost})


def moved_up(act: Act, claim: Claim, more: int) -> None:
    """A claim, as it was before, holds so much more: said once it holds something, or lacks nothing again.

    A freeze that takes what arrives is not told of every arrival.
    """
    whole = claim.short == more and claim.cls is not ClaimClass.COURT
    if claim.state is ClaimState.WAITING or whole:
        _tell(act, "promotion", claim, {"held": claim.held + more})


def _tell(act: Act, kind: str, claim: Claim, facts: dict[str, Fact]) -> None:
    instrument = queries.instrument_by_number(act.conn, claim.instrument)
    if instrument.kind is InstrumentKind.CASH:
        return
    account = parties.account_by_number(act.conn, claim.account)
    cell: dict[str, Fact] = {"account": account.code, "instrument": instrument.code, "claim": claim.id}
    notices.issue(act, claim.beneficiary_id or account.subject_id, kind, claim.id, cell | facts)
