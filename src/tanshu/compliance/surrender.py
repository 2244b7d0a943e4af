"""What the register asks of this room when allowances are surrendered, or credits offset what is owed.

Vintages: own year or earlier, as the year's pack permits. Offset: at most the pack's share of the obligation,
each cancellation number once for ever. A surrender after the deadline is accepted (补缴): the province
approves it like any other, the status at the deadline stays what it was.
Sources: 国务院令第775号; 生态环境部令第19号 art. 29; 国环规气候〔2024〕1号.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from tanshu.base.clock import business_date
from tanshu.base.quantity import check_quantity
from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act
from tanshu.compliance import checks, duty_checks, obligations, packs
from tanshu.compliance.tables import OFFSET_CLAIM
from tanshu.registry.model import Proposed
from tanshu.rules import allocation_terms, registry_pack


@dataclass(frozen=True, slots=True)
class Claim:
    """One cancellation of credits in their own registry, as its certificate states it."""

    number: str
    quantity: int
    project: str
    registered_on: date


def check_surrender(act: Act, proposed: Proposed) -> Refusal | None:
    """Vintages permitted for the year, and no more than is still owed."""
    year = proposed.year
    if year is None:
        return checks.YEAR_NEEDED(field="year")
    pack = packs.allocation(act.conn, year, allow_draft=act.ctx.allow_draft)
    permitted = allocation_terms.permitted_vintages(pack)
    for line in proposed.lines:
        if line.instrument.code not in permitted:
            return checks.WRONG_VINTAGE(
                field="instrument",
                instrument=line.instrument.code,
                year=year,
                permitted=", ".join(permitted),
            )
    return _within_obligation(act, proposed, year)


def check_helping(act: Act, proposed: Proposed) -> Refusal | None:
    """Another firm's allowances, of the debtor's vintages, for what the debtor owes (代为清缴)."""
    if any(line.debit.subject_id == proposed.subject.id for line in proposed.lines):
        return duty_checks.HELPS_ITSELF(field="subject", subject=proposed.subject.name)
    return check_surrender(act, proposed)


def check_offset(act: Act, proposed: Proposed) -> Refusal | None:
    """Claims complete and unique, their date permitted, the total within the limit and what is owed."""
    year = proposed.year
    if year is None:
        return checks.YEAR_NEEDED(field="year")
    claims = read_claims(proposed.details)
    if isinstance(claims, Refusal):
        return claims
    claimed = sum(claim.quantity for claim in claims)
    if claimed != proposed.quantity:
        return checks.CLAIMS_SUM(field="claims", claimed=claimed, quantity=proposed.quantity)
    pack = packs.allocation(act.conn, year, allow_draft=act.ctx.allow_draft)
    used_on = _used_on(act, proposed)
    for claim in claims:
        if claim.registered_on > used_on:
            return checks.CLAIMS_NEEDED(field="claims")
        refused = _unused(act, proposed, claim) or allocation_terms.check_offset_credit(
            pack, claim.registered_on, used_on
        )
        if refused:
            return refused
    return _within_limit(act, proposed, year, pack) or _within_obligation(act, proposed, year)


def keep_claims(act: Act, proposed: Proposed) -> None:
    """From the proposal on, nobody else can use these cancellation numbers."""
    claims = read_claims(proposed.details)
    assert not isinstance(claims, Refusal)
    rows = [
        {
            "number": claim.number,
            "transaction_id": proposed.id,
            "subject_id": proposed.subject.id,
            "year": proposed.year,
            "quantity": claim.quantity,
            "project": claim.project,
            "registered_on": claim.registered_on,
        }
        for claim in claims
    ]
    act.insert(OFFSET_CLAIM, *rows)


def free_claims(act: Act, proposed: Proposed) -> None:
    """A dropped offset frees its numbers."""
    act.delete(OFFSET_CLAIM, {"transaction_id": proposed.id})


def read_claims(details: Mapping[str, Any]) -> tuple[Claim, ...] | Refusal:
    """The claims in a proposal's details: a list of number, quantity, project, registered_on."""
    raw = details.get("claims")
    if not isinstance(raw, list | tuple) or not raw:
        return checks.CLAIMS_NEEDED(field="claims")
    found: list[Claim] = []
    for item in raw:
        claim = _claim(item)
        if isinstance(claim, Refusal):
            return claim
        if any(claim.number == other.number for other in found):
            return checks.CLAIM_TWICE(field="claims", number=claim.number)
        found.append(claim)
    return tuple(found)


def _used_on(act: Act, proposed: Proposed) -> date:
    """The day that counts: of submission or of effect, as for surrender."""
    if registry_pack.surrender_date(packs.registry(act.conn)) == "submission":
        return business_date(proposed.proposed_ns)
    return act.today


def _written(value: object) -> str:
    """A certificate number or project as it is compared: width, case and blanks do not make another one."""
    return "".join(unicodedata.normalize("NFKC", value).upper().split()) if isinstance(value, str) else ""


def _claim(item: Any) -> Claim | Refusal:
    if not isinstance(item, Mapping):
        return checks.CLAIMS_NEEDED(field="claims")
    number, project = _written(item.get("number")), item.get("project")
    quantity = check_quantity(item.get("quantity"), "claims")
    if isinstance(quantity, Refusal):
        return quantity
    try:
        registered_on = date.fromisoformat(str(item.get("registered_on", "")))
    except ValueError:
        return checks.CLAIMS_NEEDED(field="claims")
    if not number or not isinstance(project, str) or not project.strip():
        return checks.CLAIMS_NEEDED(field="claims")
    return Claim(number, quantity, project.strip(), registered_on)


def _unused(act: Act, proposed: Proposed, claim: Claim) -> Refusal | None:
    query = select(OFFSET_CLAIM.c.transaction_id).where(OFFSET_CLAIM.c.number == claim.number)
    taken = act.conn.execute(query).scalar()
    if taken is not None and taken != proposed.id:
        return checks.CLAIM_TWICE(field="claims", number=claim.number)
    return None


def _within_limit(act: Act, proposed: Proposed, year: int, pack: packs.Pack) -> Refusal | None:
    owed = obligations.owed(act.conn, proposed.subject, year)
    if isinstance(owed, Refusal):
        return owed
    limit = allocation_terms.offset_limit(pack, owed.obligation_t)
    used = owed.offset_t + owed.offset_pending_t
    if not proposed.at_proposal:
        used -= proposed.quantity  # itself pending
    if used + proposed.quantity > limit:
        return checks.OFFSET_LIMIT(
            field="quantity",
            quantity=proposed.quantity,
            year=year,
            obligation=owed.obligation_t,
            limit=limit,
            used=used,
        )
    return None


def _within_obligation(act: Act, proposed: Proposed, year: int) -> Refusal | None:
    """No more than is still owed when everything that waits has taken effect.

    What another firm offers does not count against the entity's own: or strangers could keep it from paying.
    """
    owed = obligations.owed(act.conn, proposed.subject, year)
    if isinstance(owed, Refusal):
        return owed
    due = owed.due_t - owed.pending_t
    if proposed.type.code != "helping-surrender":
        due += owed.helping_pending_t
    if not proposed.at_proposal:
        due += proposed.quantity  # itself pending
    if proposed.quantity > due:
        return checks.BEYOND_OBLIGATION(
            field="quantity",
            subject=proposed.subject.name,
            year=year,
            due=max(0, due),
            quantity=proposed.quantity,
        )
    return None
