"""Withheld allocation 差异化: an entity's final allocation stays in the provincial account until it has paid.

    decide (province) → confirm (another person) → final allocation, kept → forced surrender → release

The province decides so where courts froze the entity's units, where it is an obvious risk, or where it has
not paid for an earlier year. What is withheld is held for the entity in the provincial account: nobody uses
it for anything else. It leaves by forced surrender 强制履约, and by release when the entity's year is paid.
Source: 国环规气候〔2024〕1号.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.canonical import canonical
from tanshu.base.quantity import check_year
from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.commit import Act, Decision, verb
from tanshu.compliance import checks, duty_checks, obligations, packs
from tanshu.compliance.duty_tables import WITHHOLDING
from tanshu.compliance.surrender import check_surrender
from tanshu.compliance.tables import ALLOCATION
from tanshu.compliance.withheld import (
    FORCED,
    RELEASE,
    Withheld,
    decision,
    hold_exactly,
    kept_for,
    province_of,
)
from tanshu.mrv import queries as mrv
from tanshu.parties import queries as parties
from tanshu.parties.authority import may
from tanshu.parties.model import Account, Right, Subject
from tanshu.registry.encumbrances import queue
from tanshu.registry.model import Instrument, Propose, Proposed, ProposedLine
from tanshu.registry.service import decide_proposal

_SHA256 = re.compile(r"^[0-9a-f]{64}$")


class Ground(StrEnum):
    JUDICIAL_FREEZE = "judicial-freeze"
    RISK = "risk"
    UNPAID = "unpaid"


GROUND_LABELS = {
    Ground.JUDICIAL_FREEZE: Text("司法冻结", "frozen by a court"),
    Ground.RISK: Text("存在明显履约风险", "an obvious risk of not paying"),
    Ground.UNPAID: Text("以前年度未足额清缴", "an earlier year is not paid"),
}


@dataclass(frozen=True, slots=True)
class Withhold:
    """The province's decision. document: title, number, date, sha256 of the paper it rests on."""

    subject: str
    year: int
    ground: str
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConfirmWithholding:
    """A checker's word on it; `accept` False drops it."""

    subject: str
    year: int
    accept: bool = True


@dataclass(frozen=True, slots=True)
class FromWithheld:
    """Take so many tonnes from what is withheld. documents: evidence, where the type needs it."""

    subject: str
    year: int
    quantity: int | str
    documents: tuple[Mapping[str, Any], ...] = ()


# -- the decision ------------------------------------------------------------------------------------------


@verb("compliance.withhold")
def withhold(act: Act, command: Withhold) -> Decision:
    """Decide to withhold an entity's final allocation of a year, before it is made.

    By a maker of the province. Refuses with CMP-71xx, CMP-1002 (not covered), PAR-3xxx (people).
    """
    need(check_year(command.year))
    subject = need(parties.subject(act.conn, command.subject))
    need(may(act.conn, act.actor, Right.MAKER, need(province_of(act, subject)).id))
    if command.ground not in tuple(Ground):
        known = ", ".join(Ground)
        return duty_checks.GROUND_UNKNOWN(field="ground", value=command.ground, known=known)
    document = need(_document(command.document))
    listed = mrv.listed_as(act.conn, subject.id, command.year)
    if listed is None or listed.excluded:
        return checks.NOT_COVERED(field="subject", subject=subject.name, year=command.year)
    refused = _undecided(act, subject, command.year)
    if refused:
        return refused
    row = {
        "id": act.id("WH"),
        "subject_id": subject.id,
        "year": command.year,
        "ground": command.ground,
        "document": canonical(document).decode(),
        "maker": act.actor,
        "confirmed_by": None,
        "in_force": False,
        "seq": act.seq,
    }
    act.insert(WITHHOLDING, row)
    return {"id": row["id"], "subject": subject.handle, "year": command.year, "ground": command.ground}


@verb("compliance.confirm-withholding")
def confirm_withholding(act: Act, command: ConfirmWithholding) -> Decision:
    """Put the decision in force, or drop it: by a checker of the province who did not make it."""
    subject = need(parties.subject(act.conn, command.subject))
    need(may(act.conn, act.actor, Right.CHECKER, need(province_of(act, subject)).id))
    row = decision(act.conn, subject.id, command.year)
    if row is None or row.in_force:
        return duty_checks.NO_WITHHOLDING(field="subject", subject=subject.name, year=command.year)
    if row.maker == act.actor:
        return duty_checks.WITHHOLDING_SAME_PERSON(field="as", person=act.actor)
    if not command.accept:
        act.delete(WITHHOLDING, {"id": row.id})
        return {"id": row.id, "subject": subject.handle, "year": command.year, "in_force": False}
    if _final(act.conn, subject.id, command.year):
        return duty_checks.FINAL_MADE(field="year", subject=subject.name, year=command.year)
    act.update(WITHHOLDING, {"id": row.id}, in_force=True, confirmed_by=act.actor)
    return {"id": row.id, "subject": subject.handle, "year": command.year, "in_force": True}


def check_not_withheld(act: Act, proposed: Proposed) -> Refusal | None:
    """No final allocation is delivered to an entity for which it is withheld."""
    if proposed.year is None:
        return None
    row = decision(act.conn, proposed.subject.id, proposed.year)
    if row is None or not row.in_force:
        return None
    return duty_checks.ALLOCATION_WITHHELD(
        field="subject", subject=proposed.subject.name, year=proposed.year, id=row.id
    )


# -- what is withheld leaves -------------------------------------------------------------------------------


@verb("compliance.force-surrender")
def force_surrender(act: Act, command: FromWithheld) -> Decision:
    """Propose a forced surrender: the province entrusts the registry to pay with what is withheld.

    By a maker of the province; the chain of the type follows. Refuses with CMP-71xx, CMP-2xxx, REG-xxxx.
    """
    return _leave(act, command, FORCED)


@verb("compliance.release-withheld")
def release_withheld(act: Act, command: FromWithheld) -> Decision:
    """Propose to release what is left to the entity, when its year is paid. By a maker of the province."""
    return _leave(act, command, RELEASE)


def take_out(act: Act, proposed: Proposed) -> Refusal | None:
    """Before a proposal's units are looked for: what is withheld lets go of so many, if they are its own."""
    refused = _within_withheld(act, proposed)
    if refused:
        return refused
    found = _of(act.conn, proposed)
    assert found
    hold_exactly(act, found, found.left_t - proposed.quantity)
    return None


def check_forced(act: Act, proposed: Proposed) -> Refusal | None:
    """From what is withheld for the entity, of the year's vintages, and no more than it owes."""
    return _within_withheld(act, proposed) or check_surrender(act, proposed)


def check_release(act: Act, proposed: Proposed) -> Refusal | None:
    """What is left goes to the entity when nothing is owed for the year and no payment waits."""
    refused = _within_withheld(act, proposed)
    if refused:
        return refused
    assert proposed.year is not None
    owed = need(obligations.owed(act.conn, proposed.subject, proposed.year))
    pending = owed.pending_t - owed.helping_pending_t  # with nothing due, an offer comes to nothing
    if owed.due_t or pending or owed.return_due_t:
        return duty_checks.OBLIGATION_OPEN(
            field="year",
            subject=proposed.subject.name,
            year=proposed.year,
            due=owed.due_t + owed.return_due_t,
            pending=pending,
        )
    return None


def hold_again(act: Act, proposed: Proposed) -> None:
    """A proposal that was dropped, or what was corrected, gives its units back to the withholding."""
    about = proposed.original or proposed
    assert about.year is not None
    found = kept_for(act.conn, proposed.subject.id, about.year)
    assert found
    freed = hold_exactly(act, found, found.left_t)
    queue.pass_on(act, found.account, found.instrument, freed)


# -- steps -------------------------------------------------------------------------------------------------


def _leave(act: Act, command: FromWithheld, type: str) -> Decision:
    """Propose it: from the province's account, in the year's vintage."""
    need(check_year(command.year))
    return decide_proposal(
        act,
        Propose(
            type,
            (ProposedLine(packs.instrument(act.conn, command.year), command.quantity),),
            subject=command.subject,
            year=command.year,
            details={"documents": list(command.documents)} if command.documents else {},
        ),
    )


def _within_withheld(act: Act, proposed: Proposed) -> Refusal | None:
    if proposed.year is None:
        return checks.YEAR_NEEDED(field="year")
    found = _of(act.conn, proposed)
    for line in proposed.lines:
        if found is None or (line.debit.number, line.instrument.number) != (found.account, found.instrument):
            return _nothing(line.debit, line.instrument.code, proposed.subject, proposed.year)
    assert found
    left = found.left_t + (0 if proposed.at_proposal else proposed.quantity)  # itself pending
    if proposed.quantity > left:
        return _beyond(found, proposed.lines[0].instrument, proposed.subject, proposed.quantity)
    return None


def _of(conn: Connection, proposed: Proposed) -> Withheld | None:
    assert proposed.year is not None
    return kept_for(conn, proposed.subject.id, proposed.year)


def _undecided(act: Act, subject: Subject, year: int) -> Refusal | None:
    row = decision(act.conn, subject.id, year)
    if row:
        return duty_checks.WITHHOLDING_EXISTS(field="year", subject=subject.name, year=year, id=row.id)
    if _final(act.conn, subject.id, year):
        return duty_checks.FINAL_MADE(field="year", subject=subject.name, year=year)
    return None


def _final(conn: Connection, subject_id: str, year: int) -> bool:
    """Is there a final allocation, in force or waiting?"""
    this = (ALLOCATION.c.subject_id == subject_id, ALLOCATION.c.year == year, ALLOCATION.c.stage == "final")
    return conn.execute(select(ALLOCATION.c.seq).where(*this)).first() is not None


def _document(given: Mapping[str, Any]) -> dict[str, str] | Refusal:
    """The four facts of a paper. The paper itself is kept elsewhere; its hash is kept here."""
    found = {name: str(given.get(name, "")).strip() for name in ("title", "number", "date", "sha256")}
    try:
        date.fromisoformat(found["date"])
    except ValueError:
        return duty_checks.DOCUMENT_NEEDED(field="document")
    if not found["title"] or not found["number"] or not _SHA256.fullmatch(found["sha256"]):
        return duty_checks.DOCUMENT_NEEDED(field="document")
    return found


def _nothing(account: Account, instrument: str, subject: Subject, year: int) -> Refusal:
    return duty_checks.NOTHING_WITHHELD(
        field="subject", account=account.code, instrument=instrument, subject=subject.name, year=year
    )


def _beyond(found: Withheld, instrument: Instrument, subject: Subject, quantity: int) -> Refusal:
    return duty_checks.BEYOND_WITHHELD(
        field="quantity",
        instrument=instrument.code,
        subject=subject.name,
        left=found.left_t,
        quantity=quantity,
    )
