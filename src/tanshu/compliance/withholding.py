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
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from tanshu.base.canonical import canonical
from tanshu.base.quantity import check_quantity, check_year
from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.commit import Act, Decision, verb
from tanshu.compliance import checks, duty_checks, obligations, packs
from tanshu.compliance.duty_tables import WITHHELD, WITHHOLDING
from tanshu.compliance.surrender import check_surrender
from tanshu.compliance.tables import ALLOCATION
from tanshu.mrv import queries as mrv
from tanshu.parties import queries as parties
from tanshu.parties.authority import may
from tanshu.parties.model import Account, AccountKind, Right, Subject
from tanshu.registry import checks as registry_checks
from tanshu.registry import queries as registry
from tanshu.registry.encumbrances import queries as encumbrances
from tanshu.registry.encumbrances import queue
from tanshu.registry.encumbrances.model import Wanted
from tanshu.registry.model import Instrument, Propose, Proposed, ProposedLine, TransactionState
from tanshu.registry.service import decide_proposal
from tanshu.registry.types import TYPES, ClaimClass

FORCED, RELEASE = "forced-surrender", "withheld-release"
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


class Withheld(NamedTuple):
    """What is withheld for an entity and a year. left_t: neither gone nor applied for."""

    id: str
    subject_id: str
    year: int
    account: int
    instrument: int
    quantity: int
    forced_t: int
    released_t: int
    pending_t: int

    @property
    def left_t(self) -> int:
        return self.quantity - self.forced_t - self.released_t - self.pending_t


# -- the decision ------------------------------------------------------------------------------------------


@verb("compliance.withhold")
def withhold(act: Act, command: Withhold) -> Decision:
    """Decide to withhold an entity's final allocation of a year, before it is made.

    By a maker of the province. Refuses with CMP-71xx, CMP-1002 (not covered), PAR-3xxx (people).
    """
    need(check_year(command.year))
    subject = need(parties.subject(act.conn, command.subject))
    need(may(act.conn, act.actor, Right.MAKER, need(_province(act, subject)).id))
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
    need(may(act.conn, act.actor, Right.CHECKER, need(_province(act, subject)).id))
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


# -- the final allocation of an entity that is subject to it -------------------------------------------------


def applies(conn: Connection, subject_id: str, year: int, stage: str = "final") -> bool:
    """Does what a stage issues to this entity stay in the provincial account? Only the final one may."""
    row = decision(conn, subject_id, year) if stage == "final" else None
    return bool(row and row.in_force)


def keep(act: Act, subject: Subject, year: int, quantity: int) -> Refusal | None:
    """Hold the units of a final allocation for the entity, in the provincial account.

    Refuses with REG-2005 where they are not free there.
    """
    row = decision(act.conn, subject.id, year)
    assert row and row.in_force
    account = need(_provincial(act, subject))
    instrument = need(registry.instrument(act.conn, packs.instrument(act.conn, year)))
    free = queue.available(act, account.number, instrument.number)
    if free < quantity:
        return registry_checks.INSUFFICIENT(
            field="quantity",
            account=account.code,
            instrument=instrument.code,
            available=free,
            needed=quantity,
        )
    act.insert(
        WITHHELD,
        {
            "withholding_id": row.id,
            "subject_id": subject.id,
            "year": year,
            "account": account.number,
            "instrument": instrument.number,
            "quantity": quantity,
            "seq": act.seq,
        },
    )
    _claim(act, row.id, subject.id, account.number, instrument.number, quantity)
    return None


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
    if owed.due_t or owed.pending_t or owed.return_due_t:
        return duty_checks.OBLIGATION_OPEN(
            field="year",
            subject=proposed.subject.name,
            year=proposed.year,
            due=owed.due_t + owed.return_due_t,
            pending=owed.pending_t,
        )
    return None


def hold_the_rest(act: Act, proposed: Proposed) -> None:
    """While a proposal waits it holds its units itself; dropped, it gives them back to the withholding."""
    found = _of(act.conn, proposed)
    assert found
    freed = _hold_exactly(act, found, found.left_t)
    queue.pass_on(act, found.account, found.instrument, freed)


# -- questions ---------------------------------------------------------------------------------------------


def decision(conn: Connection, subject_id: str, year: int) -> Any | None:
    """The decision on an entity's year, confirmed or not."""
    query = select(WITHHOLDING).where(WITHHOLDING.c.subject_id == subject_id, WITHHOLDING.c.year == year)
    return conn.execute(query).first()


def decisions(conn: Connection, year: int) -> list[Any]:
    """The decisions of a year, oldest first."""
    query = select(WITHHOLDING).where(WITHHOLDING.c.year == year)
    return list(conn.execute(query.order_by(WITHHOLDING.c.seq)))


def withheld(conn: Connection, subject_id: str, year: int) -> Withheld | None:
    """What is withheld for an entity and a year, and what became of it."""
    query = select(WITHHELD).where(WITHHELD.c.subject_id == subject_id, WITHHELD.c.year == year)
    row = conn.execute(query).first()
    if row is None:
        return None
    gone = {FORCED: 0, RELEASE: 0}
    pending = 0
    taken_back = obligations.undone(conn, subject_id=subject_id)
    for made in registry.transactions(conn, subject_id=subject_id, year=year):
        if made.type.code in gone and made.state is TransactionState.EFFECTED:
            gone[made.type.code] += made.quantity - taken_back.get(made.id, 0)
        elif made.type.code in gone and made.state is TransactionState.PENDING:
            pending += made.quantity
    where = (row.account, row.instrument, row.quantity)
    return Withheld(row.withholding_id, subject_id, year, *where, gone[FORCED], gone[RELEASE], pending)


# -- steps -------------------------------------------------------------------------------------------------


def _leave(act: Act, command: FromWithheld, type: str) -> Decision:
    """Free the units that are withheld and propose their transaction, in one entry."""
    need(check_year(command.year))
    quantity = need(check_quantity(command.quantity))
    subject = need(parties.subject(act.conn, command.subject))
    need(may(act.conn, act.actor, Right.MAKER, need(_province(act, subject)).id))
    found = withheld(act.conn, subject.id, command.year)
    if found is None:
        account = need(_provincial(act, subject))
        instrument = packs.instrument(act.conn, command.year)
        return _nothing(account, instrument, subject, command.year)
    instrument = registry.instrument_by_number(act.conn, found.instrument)
    if quantity > found.left_t:
        return _beyond(found, instrument, subject, quantity)
    _hold_exactly(act, found, found.left_t - quantity)
    account = parties.account_by_number(act.conn, found.account)
    return decide_proposal(
        act,
        Propose(
            type,
            (ProposedLine(instrument.code, quantity, debit=account.code),),
            subject=subject.handle,
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
    return withheld(conn, proposed.subject.id, proposed.year)


def _hold_exactly(act: Act, found: Withheld, quantity: int) -> int:
    """Let the claims of a withholding hold so much; what is missing is claimed. Returns what was freed."""
    standing = encumbrances.of_root(act.conn, found.id)
    beyond = sum(one.held for one in standing) - quantity
    if beyond < 0:
        _claim(act, found.id, found.subject_id, found.account, found.instrument, -beyond)
    freed = 0
    for one in reversed(standing):
        if freed < beyond:
            freed += queue.shrink(act, one, min(one.ordered, beyond - freed))
    return freed


def _claim(act: Act, id: str, subject_id: str, account: int, instrument: int, quantity: int) -> None:
    wanted = Wanted(
        ClaimClass.HOLDER,
        account,
        instrument,
        quantity,
        id,
        0,
        TYPES[RELEASE].number,
        follows=False,
        beneficiary_id=subject_id,
    )
    queue.enter(act, wanted)


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


def _province(act: Act, subject: Subject) -> Subject | Refusal:
    authority = parties.authority_of(act.conn, subject.region)
    return authority or checks.NO_AUTHORITY(field="subject", region=subject.region)


def _provincial(act: Act, subject: Subject) -> Account | Refusal:
    authority = need(_province(act, subject))
    account = parties.account_of(act.conn, authority.id, AccountKind.PROVINCIAL)
    return account or checks.NO_AUTHORITY(field="subject", region=subject.region)


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
