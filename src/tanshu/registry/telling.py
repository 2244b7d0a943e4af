"""Who is told what when a transaction ends: notices of freezes, pledges, reversals, changes of entities.

What the queues of claims do to others they tell themselves (`encumbrances.told`); rooms above tell what they
decide. A type that stands in none of the tables below is told by its certificate, to whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act
from tanshu.parties import queries as parties
from tanshu.parties.model import HOLDERS
from tanshu.registry import notices, queries
from tanshu.registry.encumbrances import orders, queue
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.encumbrances.model import Claim
from tanshu.registry.model import Proposed, SidedLine, Transaction
from tanshu.registry.notice_texts import Fact
from tanshu.registry.types import InstrumentKind


def effected(act: Act, proposed: Proposed) -> None:
    """Tell whom it concerns that a transaction took effect, in the same entry."""
    tell = _TELLS.get(proposed.type.code)
    if tell:
        tell(act, proposed)


def expired(act: Act, transaction: Transaction) -> None:
    """Tell the subject that a proposal ran out; before what it holds is given back."""
    assert transaction.expires_on is not None
    instruments = {line.instrument for line in transaction.lines}
    tonnes = {number for number in instruments if not _is_cash(act, number)}
    standing = claims.of_transaction(act.conn, transaction.id)
    facts: dict[str, Fact] = {
        "transaction": transaction.id,
        "expired": transaction.expires_on,
        "quantity": sum(one.held for one in standing if one.instrument in tonnes),
    }
    notices.issue(act, transaction.subject_id, "expiry", transaction.id, facts)


def lapsed(act: Act, freezes: Iterable[Claim]) -> None:
    """Tell the holders that the terms of these freezes are over; the claims as they stood before."""
    for claim in freezes:
        assert claim.expires_on is not None
        account = parties.account_by_number(act.conn, claim.account)
        facts: dict[str, Fact] = {
            "account": account.code,
            "instrument": queries.instrument_by_number(act.conn, claim.instrument).code,
            "document": claim.document,
            "expires_on": claim.expires_on,
            "quantity": claim.ordered,
        }
        notices.issue(act, account.subject_id, "freeze-lapsed", claim.transaction_id, facts)


# -- courts ------------------------------------------------------------------------------------------------


def _frozen(act: Act, proposed: Proposed) -> None:
    """The holder learns what is held, or at which rank the freeze waits."""
    for claim in claims.of_transaction(act.conn, proposed.id):
        line = proposed.lines[claim.line]
        facts = _cell(line) | _order(proposed.details) | {"ordered": claim.ordered}
        if claim.held:
            assert claim.expires_on is not None, "a freeze has a term"
            kind, more = "freeze", {"held": claim.held, "expires_on": claim.expires_on}
        else:
            kind, more = "waiting-freeze", {"rank": _rank(act, claim)}
        notices.issue(act, line.debit.subject_id, kind, proposed.id, facts | more)


def _renewed(act: Act, proposed: Proposed) -> None:
    for line in proposed.lines:
        facts = _cell(line) | _order(proposed.details) | {"expires_on": str(proposed.details["until"])}
        notices.issue(act, line.debit.subject_id, "freeze-renewed", proposed.id, facts)


def _freed(act: Act, proposed: Proposed) -> None:
    assert proposed.original is not None
    frozen_by = _order(proposed.original.details)
    for line in proposed.lines:
        facts = _cell(line) | {
            "document": f"{frozen_by['court']} {frozen_by['document']}",
            "quantity": line.quantity,
        }
        notices.issue(act, line.debit.subject_id, "freeze-ended", proposed.id, facts)


def _taken(kind: str) -> Callable[[Act, Proposed], None]:
    def tell(act: Act, proposed: Proposed) -> None:
        for line in proposed.lines:
            taker = parties.subject_by_id(act.conn, line.credit.subject_id).name
            facts = _cell(line) | _order(proposed.details) | {"quantity": line.quantity, "taker": taker}
            notices.issue(act, line.debit.subject_id, kind, proposed.id, facts)

    return tell


# -- pledges -----------------------------------------------------------------------------------------------


def _pledged(act: Act, proposed: Proposed) -> None:
    """Pledgor and pledgee learn of every line."""
    pledgee = _pledgee(act, proposed)
    name = parties.subject_by_id(act.conn, pledgee).name
    for line in proposed.lines:
        facts = _cell(line) | {"quantity": line.quantity, "pledgee": name}
        _to_both(act, proposed, pledgee, "pledge", facts)


def _unpledged(act: Act, proposed: Proposed) -> None:
    for line in proposed.lines:
        _let_go(act, proposed, line.debit.code, line.instrument.code, line.quantity)


def _swapped(act: Act, proposed: Proposed) -> None:
    """What came under the pledge, and what left it in exchange."""
    _pledged(act, proposed)
    releases = orders.read_releases(act.conn, proposed.details)
    assert not isinstance(releases, Refusal), "checked before"
    for account, instrument, quantity in releases:
        code = parties.account_by_number(act.conn, account).code
        _let_go(act, proposed, code, queries.instrument_by_number(act.conn, instrument).code, quantity)


def _let_go(act: Act, proposed: Proposed, account: str, instrument: str, quantity: int) -> None:
    assert proposed.original is not None
    facts: dict[str, Fact] = {"account": account, "instrument": instrument, "quantity": quantity}
    facts["claim"] = proposed.original.id
    _to_both(act, proposed, _pledgee(act, proposed), "pledge-ended", facts)


def _enforced(act: Act, proposed: Proposed) -> None:
    assert proposed.original is not None
    for line in proposed.lines:
        taker = parties.subject_by_id(act.conn, line.credit.subject_id).name
        facts = _cell(line) | {"quantity": line.quantity, "taker": taker, "claim": proposed.original.id}
        _to_both(act, proposed, _pledgee(act, proposed), "pledge-enforced", facts)


def _pledgee(act: Act, proposed: Proposed) -> str:
    found = orders.pledgee_of(act.conn, proposed.details, proposed.original)
    assert found is not None, "checked before"
    return found


def _to_both(act: Act, proposed: Proposed, pledgee: str, kind: str, facts: Mapping[str, Fact]) -> None:
    for subject_id in (proposed.subject.id, pledgee):
        notices.issue(act, subject_id, kind, proposed.id, facts)


# -- what is undone, and who is no more --------------------------------------------------------------------


def _reversed(act: Act, proposed: Proposed) -> None:
    notices.issue(act, proposed.subject.id, "reversal", proposed.id, _undone(act, proposed))


def _corrected(act: Act, proposed: Proposed) -> None:
    """The subject, and every other holder whose account the correction touches."""
    owners = {side.subject_id for line in proposed.lines for side in (line.debit, line.credit)}
    concerned = [parties.subject_by_id(act.conn, id) for id in sorted(owners - {proposed.subject.id})]
    others = [one.id for one in concerned if one.kind in HOLDERS]
    for subject_id in (proposed.subject.id, *others):
        notices.issue(act, subject_id, "correction", proposed.id, _undone(act, proposed))


def _undone(act: Act, proposed: Proposed) -> dict[str, Fact]:
    assert proposed.original is not None
    stored = queries.transaction(act.conn, proposed.id)
    assert not isinstance(stored, Refusal), "it has just taken effect"
    return {
        "original": proposed.original.id,
        "transaction": proposed.id,
        "quantity": proposed.quantity,
        "reason": stored.reason or "—",
    }


def _changed(act: Act, proposed: Proposed) -> None:
    """A public notice, handed to both: who gives everything, or a part, to whom."""
    giver, taker = proposed.lines[0].debit.subject_id, proposed.lines[0].credit.subject_id
    facts: dict[str, Fact] = {
        "giver": parties.subject_by_id(act.conn, giver).name,
        "taker": parties.subject_by_id(act.conn, taker).name,
        "quantity": proposed.quantity,
    }
    for subject_id in (giver, taker):
        notices.issue(act, subject_id, proposed.type.code, proposed.id, facts)


_TELLS: Mapping[str, Callable[[Act, Proposed], None]] = {
    "judicial-freeze": _frozen,
    "judicial-renewal": _renewed,
    "judicial-release": _freed,
    "judicial-deduction": _taken("deduction"),
    "court-transfer": _taken("court-transfer"),
    "pledge": _pledged,
    "pledge-release": _unpledged,
    "pledge-substitution": _swapped,
    "pledge-enforcement": _enforced,
    "surrender-reversal": _reversed,
    "correction": _corrected,
    **dict.fromkeys(("merger", "split", "succession"), _changed),
}
"""By the code of the type that took effect."""


# -- facts -------------------------------------------------------------------------------------------------


def _cell(line: SidedLine) -> dict[str, Fact]:
    return {"account": line.debit.code, "instrument": line.instrument.code}


def _order(details: Mapping[str, object]) -> dict[str, Fact]:
    """Whose order it is, and its number."""
    return {name: str(details[name]).strip() for name in ("court", "document")}


def _rank(act: Act, claim: Claim) -> int:
    """Its place among the claims of its class, from 1."""
    standing: Sequence[Claim] = claims.of_cell(act.conn, claim.account, claim.instrument, queue.policy(act))
    return 1 + [one.id for one in standing if one.cls is claim.cls].index(claim.id)


def _is_cash(act: Act, number: int) -> bool:
    return queries.instrument_by_number(act.conn, number).kind is InstrumentKind.CASH
