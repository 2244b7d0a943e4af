"""Orders about claims: a freeze, its renewal, release and deduction; a pledge and what becomes of it.

A transaction registers claims (one for each line), or acts on those of its original. Facts stand in its
details:

* freeze: `court`, `document`, `until` (its last day; the pack's term if blank), `follows` (true: later
  arrivals too, up to the ordered amount);
* renewal: `court`, `document`, `until`;
* pledge: `pledgee` (handle), `registration_number` and `registered_at` of the public registration;
* substitution: `releases`, each with `account`, `instrument`, `quantity`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeGuard

from sqlalchemy import Connection

from tanshu.base.quantity import check_quantity
from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.book.commit import Act
from tanshu.book.records import Row
from tanshu.parties import queries as parties
from tanshu.parties.model import SubjectKind
from tanshu.registry import queries
from tanshu.registry.encumbrances import checks, queue
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.encumbrances.model import Claim, Wanted
from tanshu.registry.model import Proposed, SidedLine, Transaction, TransactionState
from tanshu.registry.types import ClaimClass, Effect
from tanshu.rules import packs, registry_pack

PLEDGEES = (SubjectKind.BANK, SubjectKind.INSTITUTION)


# -- checks ------------------------------------------------------------------------------------------------


def check_order(act: Act, proposed: Proposed) -> Refusal | None:
    """A court's order names its court and document; a freeze has a term, and each document freezes once."""
    court, document = (proposed.details.get(name) for name in ("court", "document"))
    kind = proposed.type
    dated = kind.effect is Effect.RENEW
    if not _is_text(court) or not _is_text(document):
        return checks.COURT_FACTS(field="details", until=_UNTIL if dated else Text("", ""))
    refused = one_line_a_cell(proposed)
    if refused or kind.effect not in (Effect.ENCUMBER, Effect.RENEW):
        return refused
    until = _until(act, proposed)
    if isinstance(until, Refusal):
        return until
    if kind.effect is Effect.RENEW:
        return _longer(act, proposed, until)
    for other in queries.transactions(act.conn, type=kind.code, subject_id=proposed.subject.id):
        same = _written(other, "court") == court.strip() and _written(other, "document") == document.strip()
        if same and other.id != proposed.id and other.state in _OPEN:
            return checks.FREEZE_TWICE(field="document", court=court, document=document, transaction=other.id)
    return None


def check_pledge(act: Act, proposed: Proposed) -> Refusal | None:
    """A pledge names its pledgee and its public registration, which serves one pledge."""
    details = proposed.details
    number, at = details.get("registration_number"), details.get("registered_at")
    if not _is_text(details.get("pledgee")) or not _is_text(number):
        return checks.PLEDGE_FACTS(field="details")
    try:
        registered = date.fromisoformat(str(at)[:10])
    except ValueError:
        return checks.PLEDGE_FACTS(field="registered_at")
    if registered > act.today:
        return checks.PLEDGE_FACTS(field="registered_at")
    pledgee = parties.subject(act.conn, str(details["pledgee"]))
    if isinstance(pledgee, Refusal):
        return pledgee
    if pledgee.kind not in PLEDGEES or pledgee.id == proposed.subject.id:
        return checks.PLEDGEE_KIND(field="pledgee", name=pledgee.name)
    for other in queries.transactions(act.conn, type=proposed.type.code):
        if (
            other.id != proposed.id
            and other.state in _OPEN
            and _written(other, "registration_number") == number.strip()
        ):
            return checks.PLEDGE_TWICE(field="registration_number", number=number, transaction=other.id)
    return one_line_a_cell(proposed)


def check_swap(act: Act, proposed: Proposed) -> Refusal | None:
    """What a substitution releases is under the pledge; what it puts in is not yet."""
    assert proposed.original is not None
    releases = read_releases(act.conn, proposed.details)
    if isinstance(releases, Refusal):
        return releases
    refused = _each_once(act.conn, releases)
    if refused:
        return refused
    for account, instrument, quantity in releases:
        claim = claims.of_root_in_cell(act.conn, proposed.original.id, account, instrument, but=proposed.id)
        refused = _releasable(act.conn, proposed.original, claim, account, instrument, quantity)
        if refused:
            return refused
    for line in proposed.lines:
        cell = (line.debit.number, line.instrument.number)
        if claims.of_root_in_cell(act.conn, proposed.original.id, *cell, but=proposed.id):
            facts = {"account": line.debit.code, "instrument": line.instrument.code}
            return checks.CELL_TWICE(field="lines", **facts)
    return one_line_a_cell(proposed)


def one_line_a_cell(proposed: Proposed) -> Refusal | None:
    """So that a line and its claim are one."""
    seen: set[tuple[int, int]] = set()
    for line in proposed.lines:
        cell = (line.debit.number, line.instrument.number)
        if cell in seen:
            return checks.CELL_TWICE(field="lines", account=line.debit.code, instrument=line.instrument.code)
        seen.add(cell)
    return None


def covered(act: Act, proposed: Proposed) -> Refusal | None:
    """Is there a claim for each line, and does it hold, or is it for, as much as the line says?

    A freeze past its last day is over, whether it was swept or not: it is neither renewed nor deducted from.
    """
    before = proposed.original
    assert before is not None
    for line in proposed.lines:
        account, instrument = line.debit.number, line.instrument.number
        claim = claims.of_root_in_cell(act.conn, before.id, account, instrument)
        if claim and claim.is_over(act.today) and proposed.type.effect is not Effect.RELEASE:
            claim = None
        refused = _releasable(act.conn, before, claim, account, instrument, line.quantity)
        if refused:
            return refused
        if proposed.type.effect is Effect.DELIVER and claim and claim.held < line.quantity:
            return checks.CLAIM_SHORT(
                field="quantity",
                account=line.debit.code,
                instrument=line.instrument.code,
                held=claim.held,
                needed=line.quantity,
            )
    return None


# -- effects -----------------------------------------------------------------------------------------------


def encumber(act: Act, proposed: Proposed) -> None:
    """A pledge's claims stand since it was asked for; a freeze enters its queue now."""
    standing = claims.of_transaction(act.conn, proposed.id)
    for claim in standing:
        queue.renew(act, claim, document=str(proposed.details.get("registration_number", "")))
    if standing:
        return
    until = _until(act, proposed)
    assert isinstance(until, date)
    rules = queue.policy(act)
    for n, line in enumerate(proposed.lines):
        wanted = Wanted(
            proposed.type.claim,
            line.debit.number,
            line.instrument.number,
            line.quantity,
            proposed.id,
            n,
            proposed.type.number,
            follows=proposed.details.get("follows") is True,
            document=f"{proposed.details['court']} {proposed.details['document']}",
            expires_on=until,
        )
        queue.enter(act, wanted, rules)


def renew(act: Act, proposed: Proposed) -> None:
    until = _until(act, proposed)
    assert isinstance(until, date)
    for line in proposed.lines:
        queue.renew(act, _claim(act, proposed, line), expires_on=until)


def release(act: Act, proposed: Proposed) -> None:
    """Claims end or shrink; what they gave back goes to those that wait."""
    theirs = [(_claim(act, proposed, line), line.quantity) for line in proposed.lines]
    freed = [(claim, queue.shrink(act, claim, quantity)) for claim, quantity in theirs]
    for claim, quantity in freed:
        queue.pass_on(act, claim.account, claim.instrument, quantity, claim)


def delivery(act: Act, proposed: Proposed) -> list[Row]:
    """The movements that take from each line's own claim."""
    rows: list[Row] = []
    for line in proposed.lines:
        claim = _claim(act, proposed, line)
        rows += queue.deliver(act, claim, line.credit.number, line.quantity, proposed.type.number)
    return rows


def substitute(act: Act, proposed: Proposed) -> None:
    """The new units, held since the proposal, join the pledge; then the others are released."""
    before = proposed.original
    assert before is not None
    for claim in claims.of_transaction(act.conn, proposed.id):
        queue.renew(act, claim, root_id=before.id, document=_document(before))
    releases = read_releases(act.conn, proposed.details)
    assert not isinstance(releases, Refusal)
    for account, instrument, quantity in releases:
        claim = claims.of_root_in_cell(act.conn, before.id, account, instrument, but=proposed.id)
        assert claim is not None
        freed = queue.shrink(act, claim, quantity)
        queue.pass_on(act, account, instrument, freed, claim)


def lapse(act: Act, lapsed: Sequence[Claim]) -> None:
    """Freezes whose term is over end."""
    freed = [(claim, queue.end(act, claim)) for claim in lapsed]
    for claim, quantity in freed:
        queue.pass_on(act, claim.account, claim.instrument, quantity, claim)


def pledgee_id(conn: Connection, proposed: Proposed) -> str | None:
    """The subject for whom a pledge is, by id; None for everything else."""
    if proposed.type.claim is not ClaimClass.PLEDGE:
        return None
    return pledgee_of(conn, proposed.details, proposed.original)


def pledgee_of(conn: Connection, details: Mapping[str, Any], original: Transaction | None) -> str | None:
    """The pledgee that a proposal, or the pledge it is about, names."""
    named = (original.details if original else details).get("pledgee")
    found = parties.subject(conn, str(named)) if named else None
    return None if found is None or isinstance(found, Refusal) else found.id


# -- steps -------------------------------------------------------------------------------------------------

_OPEN = (TransactionState.PENDING, TransactionState.EFFECTED)
_UNTIL = Text("以及新的期限(until)", " and the new last day (until)")


def read_releases(conn: Connection, details: Mapping[str, Any]) -> list[tuple[int, int, int]] | Refusal:
    """What a substitution releases: account, instrument, quantity."""
    raw = details.get("releases")
    if not isinstance(raw, list | tuple) or not raw:
        return checks.SWAP_FACTS(field="releases")
    found: list[tuple[int, int, int]] = []
    for item in raw:
        if not isinstance(item, Mapping):
            return checks.SWAP_FACTS(field="releases")
        quantity = check_quantity(item.get("quantity"), "releases")
        account = parties.account(conn, str(item.get("account", "")))
        instrument = queries.instrument(conn, str(item.get("instrument", "")))
        for part in (quantity, account, instrument):
            if isinstance(part, Refusal):
                return part
        assert not isinstance(quantity, Refusal) and not isinstance(account, Refusal)
        assert not isinstance(instrument, Refusal)
        found.append((account.number, instrument.number, quantity))
    return found


def _each_once(conn: Connection, releases: Sequence[tuple[int, int, int]]) -> Refusal | None:
    """Two releases of one cell would each be measured by the whole of its claim."""
    seen: set[tuple[int, int]] = set()
    for account, instrument, _ in releases:
        if (account, instrument) in seen:
            return checks.CELL_TWICE(field="releases", **_cell(conn, account, instrument))
        seen.add((account, instrument))
    return None


def _until(act: Act, proposed: Proposed) -> date | Refusal:
    """The last day of a freeze: as ordered, else the pack's term from its proposal on."""
    given = proposed.details.get("until")
    pack = packs.load(f"{parties.jurisdiction(act.conn)}.registry", allow_draft=act.ctx.allow_draft)
    if isinstance(pack, Refusal):
        return pack
    if given is None:
        if proposed.type.effect is Effect.RENEW:
            return checks.COURT_FACTS(field="until", until=_UNTIL)
        return act.today + timedelta(days=registry_pack.freeze_periods(pack).default_days)
    try:
        until = date.fromisoformat(str(given))
    except ValueError:
        return checks.FREEZE_TERM(field="until", until=given, today=act.today)
    if until <= act.today:
        return checks.FREEZE_TERM(field="until", until=until, today=act.today)
    return until


def _longer(act: Act, proposed: Proposed, until: date) -> Refusal | None:
    for line in proposed.lines:
        assert proposed.original is not None
        claim = claims.of_root_in_cell(
            act.conn, proposed.original.id, line.debit.number, line.instrument.number
        )
        if claim and claim.expires_on and until <= claim.expires_on:
            return checks.FREEZE_SHRINKS(field="until", until=until, now=claim.expires_on)
    return None


def _releasable(
    conn: Connection,
    before: Transaction,
    claim: Claim | None,
    account: int,
    instrument: int,
    quantity: int,
) -> Refusal | None:
    facts = _cell(conn, account, instrument)
    if claim is None:
        return checks.NOT_CLAIMED(field="lines", original=before.id, **facts)
    if quantity > claim.ordered:
        return checks.BEYOND_CLAIM(field="quantity", ordered=claim.ordered, quantity=quantity, **facts)
    return None


def _cell(conn: Connection, account: int, instrument: int) -> dict[str, str]:
    """A cell as a refusal names it."""
    return {
        "account": parties.account_by_number(conn, account).code,
        "instrument": queries.instrument_by_number(conn, instrument).code,
    }


def _claim(act: Act, proposed: Proposed, line: SidedLine) -> Claim:
    assert proposed.original is not None
    found = claims.of_root_in_cell(act.conn, proposed.original.id, line.debit.number, line.instrument.number)
    assert found is not None, "checked before"
    return found


def _document(pledge: Transaction) -> str:
    return str(pledge.details.get("registration_number", ""))


def _written(transaction: Transaction, fact: str) -> str:
    """A fact as it is compared: blanks around it do not make another one."""
    return str(transaction.details.get(fact, "")).strip()


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())
