"""The ministry's report: allowances issued, held, frozen, pledged and surrendered, by province and sector.

As of any entry: holdings come from the book's state then, claims from what the entries up to it told, the
year's list, emissions and payments from rows that carry their entry. All quantities are whole tonnes of
allowances, whatever the vintage; the table by instrument has credits and money as well, each in its minor
unit, and shows for each that everything adds up to zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, select

from tanshu.base.canonical import plain
from tanshu.base.clock import business_date
from tanshu.base.refusal import Refusal, refusal
from tanshu.book.commit import Book
from tanshu.book.state import State
from tanshu.compliance.obligations import SURRENDERS, UNDOING
from tanshu.insight import past_duties
from tanshu.log import store
from tanshu.mrv.tables import COVERED_ENTITY, VERIFIED_EMISSIONS
from tanshu.parties.model import HOLDERS, AccountKind
from tanshu.parties.tables import ACCOUNT, SUBJECT
from tanshu.registry import past_claims, queries
from tanshu.registry.encumbrances.model import ClaimClass
from tanshu.registry.model import Instrument, TransactionState
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE
from tanshu.registry.types import TYPES, InstrumentKind

NO_LIST = refusal(
    "INS-2001",
    "登记簿截至第 {seq} 条时,{year} 年度还没有名录。",
    "At entry {seq} of the log there was no list of {year} yet.",
)
NO_LISTS = refusal(
    "INS-2002",
    "登记簿截至第 {seq} 条时还没有任何年度的名录,缺口无从计算。",
    "At entry {seq} of the log no year had a list: there is no gap to speak of.",
)

OWN = (AccountKind.REGISTRATION, AccountKind.TRADING)
STAGING = (AccountKind.PROVINCIAL, AccountKind.NATIONAL)
ISSUING = tuple(code for code, kind in TYPES.items() if kind.debit == (AccountKind.ISSUANCE,))
NATIONAL = "00"
Group = tuple[str, str]
"""Province (the first two digits of its division, "00" for none) and sector ("" where no list says)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One province and sector, in tonnes of allowances.

    issued_t: brought into the accounts of this group; staged_t: in authorities' accounts; held_t: in
    holders'. Of what is held, frozen_t is for courts, pledged_t for pledgees, pending_t for anything else
    that waits to be done; waiting_t is what courts and pledgees still wait for, beyond it. Of the year:
    obligation_t, surrendered_t, offset_t, and gap_t, the sum of what each entity is still short of.
    """

    province: str
    sector: str
    holders: int = 0
    listed: int = 0
    issued_t: int = 0
    staged_t: int = 0
    held_t: int = 0
    frozen_t: int = 0
    pledged_t: int = 0
    pending_t: int = 0
    waiting_t: int = 0
    obligation_t: int = 0
    surrendered_t: int = 0
    offset_t: int = 0
    gap_t: int = 0


COUNTED = tuple(one.name for one in fields(Row))[2:]


@dataclass(frozen=True, slots=True)
class Balance:
    """One instrument: what every kind of account has of it, in its minor unit; conservation is their sum."""

    instrument: str
    kind: InstrumentKind
    scale: int
    by_kind: Mapping[str, int]

    @property
    def issued(self) -> int:
        """Out of the sources, less what went back."""
        sources = (AccountKind.ISSUANCE, AccountKind.EXTERNAL, AccountKind.BANK)
        return -sum(self.by_kind.get(kind, 0) for kind in sources)

    @property
    def conservation(self) -> int:
        return sum(self.by_kind.values())


@dataclass(frozen=True, slots=True)
class MinistryReport:
    """Everything the report says. day: the Shanghai date of its entry."""

    book: str
    seq: int
    time_ns: int
    hash: str
    day: date
    year: int
    rows: tuple[Row, ...]
    balances: tuple[Balance, ...]

    @property
    def total(self) -> Row:
        return summed("", "", self.rows)

    @property
    def by_province(self) -> tuple[Row, ...]:
        return tuple(
            summed(one, "", (row for row in self.rows if row.province == one))
            for one in sorted({row.province for row in self.rows})
        )

    @property
    def by_sector(self) -> tuple[Row, ...]:
        return tuple(
            summed("", one, (row for row in self.rows if row.sector == one))
            for one in sorted({row.sector for row in self.rows})
        )

    @property
    def agrees(self) -> bool:
        """Does every instrument add up to zero, and do the rows have what the instruments say?"""
        allowances = [one for one in self.balances if one.kind is InstrumentKind.ALLOWANCE]
        held = sum(one.by_kind.get(kind, 0) for one in allowances for kind in OWN)
        staged = sum(one.by_kind.get(kind, 0) for one in allowances for kind in STAGING)
        total = self.total
        whole = (total.held_t, total.staged_t) == (held, staged)
        return whole and all(one.conservation == 0 for one in self.balances)

    def as_json(self) -> dict[str, object]:
        return {
            "book": self.book,
            "as_of_seq": self.seq,
            "as_of_time_ns": self.time_ns,
            "hash": self.hash,
            "day": self.day.isoformat(),
            "year": self.year,
            "rows": [plain(row) for row in self.rows],
            "by_province": [plain(row) for row in self.by_province],
            "by_sector": [plain(row) for row in self.by_sector],
            "total": plain(self.total),
            "instruments": [
                {**_plain(one), "issued": one.issued, "conservation": one.conservation}
                for one in self.balances
            ],
            "agrees": self.agrees,
        }


class _Owner(NamedTuple):
    """Whose an account is: its group, its subject, its kind."""

    group: Group
    subject_id: str
    kind: AccountKind


def report(
    conn: Connection, book: Book, seq: int, state: State, year: int | None = None
) -> MinistryReport | Refusal:
    """The report as of entry `seq`, of which `state` is the book's state. year: None for the newest list's.

    Refuses with INS-2001 or 2002 where there was no list.
    """
    listed = _sectors(conn, seq, year)
    if isinstance(listed, Refusal):
        return listed
    year, sectors = listed
    entry = next(store.read(conn, book.log, after=seq - 1, upto=seq))
    owners = _owners(conn, seq, {id: sector for id, (sector, _) in sectors.items()})
    instruments = {one.number: one for one in queries.instruments(conn) if one.number < state.instruments}
    allowances = {n for n, one in instruments.items() if one.kind is InstrumentKind.ALLOWANCE}
    sums = _Sums()
    sums.add("holders", _holders(owners))
    sums.add("issued_t", _issued(conn, seq, owners, allowances))
    by_kind = _held(state, owners, instruments, sums)
    _claimed(conn, book.log, seq, owners, allowances, sums)
    _owed(conn, book.log, seq, year, owners, sectors, sums)
    return MinistryReport(
        store.book_name(conn, book.log) or "",
        entry.seq,
        entry.time_ns,
        entry.hash.hex(),
        business_date(entry.time_ns),
        year,
        sums.rows(),
        tuple(
            Balance(one.code, one.kind, one.scale, dict(sorted(by_kind[n].items())))
            for n, one in instruments.items()
        ),
    )


def summed(province: str, sector: str, rows: Iterable[Row]) -> Row:
    """Rows added up."""
    totals = dict.fromkeys(COUNTED, 0)
    for row in rows:
        for name in COUNTED:
            totals[name] += getattr(row, name)
    return Row(province, sector, **totals)


class _Sums:
    """Figures by group, as they come."""

    def __init__(self) -> None:
        self._of: dict[Group, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTED, 0))

    def add(self, name: str, found: Iterable[tuple[Group, int]]) -> None:
        for group, quantity in found:
            self._of[group][name] += quantity

    def rows(self) -> tuple[Row, ...]:
        """A row for every group that has anything."""
        found = sorted(self._of.items())
        return tuple(Row(*group, **figures) for group, figures in found if any(figures.values()))


# -- who ---------------------------------------------------------------------------------------------------


def _sectors(
    conn: Connection, seq: int, year: int | None
) -> tuple[int, dict[str, tuple[str, bool]]] | Refusal:
    """The year, and of every entity on its list by then: its sector, and whether it is excluded."""
    t = COVERED_ENTITY.c
    if year is None:
        year = conn.execute(select(func.max(t.year)).where(t.seq <= seq)).scalar()
        if year is None:
            return NO_LISTS(field="at", seq=seq)
    query = select(t.subject_id, t.sector, t.excluded).where(t.year == year, t.seq <= seq)
    found = {
        row.subject_id: (row.sector, bool(row.excluded)) for row in conn.execute(query.order_by(t.seq, t.n))
    }
    return (year, found) if found else NO_LIST(field="year", year=year, seq=seq)


def _owners(conn: Connection, seq: int, sectors: Mapping[str, str]) -> dict[int, _Owner]:
    """Whose every account is that was open by then, by book number."""
    query = (
        select(ACCOUNT.c.number, ACCOUNT.c.subject_id, ACCOUNT.c.kind, SUBJECT.c.region)
        .join(SUBJECT, SUBJECT.c.id == ACCOUNT.c.subject_id)
        .where(ACCOUNT.c.seq <= seq)
    )
    kinds = {str(kind): kind for kind in AccountKind}
    return {
        number: _Owner((region[:2] or NATIONAL, sectors.get(id, "")), id, kinds[kind])
        for number, id, kind, region in conn.execute(query)
    }


def _holders(owners: Mapping[int, _Owner]) -> Iterator[tuple[Group, int]]:
    """One for every subject with an account of its own."""
    seen: set[str] = set()
    for owner in owners.values():
        if owner.kind in OWN and owner.subject_id not in seen:
            seen.add(owner.subject_id)
            yield owner.group, 1


# -- what they have ----------------------------------------------------------------------------------------


def _issued(
    conn: Connection, seq: int, owners: Mapping[int, _Owner], allowances: set[int]
) -> Iterator[tuple[Group, int]]:
    t, line = TRANSACTION.c, TRANSACTION_LINE.c
    query = _effected(t.type.in_(ISSUING), t.ended_seq <= seq)
    query = query.add_columns(line.credit, line.instrument, func.sum(line.quantity))
    for account, instrument, quantity in conn.execute(query.group_by(line.credit, line.instrument)):
        if instrument in allowances:
            yield owners[account].group, int(quantity)


def _held(
    state: State, owners: Mapping[int, _Owner], instruments: Mapping[int, Instrument], sums: _Sums
) -> dict[int, dict[str, int]]:
    """Add what is held and staged; by instrument, what each kind of account has."""
    by_kind: dict[int, dict[str, int]] = {number: defaultdict(int) for number in instruments}
    held: dict[Group, int] = defaultdict(int)
    staged: dict[Group, int] = defaultdict(int)
    pending: dict[Group, int] = defaultdict(int)
    for account, instrument, available, in_holds in state.cells():
        owner = owners[account]
        by_kind[instrument][owner.kind] += available + in_holds
        if instruments[instrument].kind is not InstrumentKind.ALLOWANCE:
            continue
        if owner.kind in OWN:
            held[owner.group] += available + in_holds
            pending[owner.group] += in_holds
        elif owner.kind in STAGING:
            staged[owner.group] += available + in_holds
    sums.add("held_t", held.items())
    sums.add("staged_t", staged.items())
    sums.add("pending_t", pending.items())
    return by_kind


def _claimed(
    conn: Connection,
    log: int,
    seq: int,
    owners: Mapping[int, _Owner],
    allowances: set[int],
    sums: _Sums,
) -> None:
    """Of what is held for something: how much for courts and pledgees; and what these still wait for."""
    names = {ClaimClass.COURT: "frozen_t", ClaimClass.PLEDGE: "pledged_t"}
    for claim in past_claims.standing(conn, log, seq):
        owner, name = owners[claim.account], names.get(ClaimClass(claim.cls))
        if name is None or claim.instrument not in allowances or owner.kind not in OWN:
            continue
        sums.add(name, [(owner.group, claim.held)])
        sums.add("pending_t", [(owner.group, -claim.held)])
        sums.add("waiting_t", [(owner.group, claim.waiting)])


# -- what they owe -----------------------------------------------------------------------------------------


def _owed(
    conn: Connection,
    log: int,
    seq: int,
    year: int,
    owners: Mapping[int, _Owner],
    sectors: Mapping[str, tuple[str, bool]],
    sums: _Sums,
) -> None:
    """The year's obligations and payments. A gap is each entity's own: another's surplus does not fill it."""
    groups = {owner.subject_id: owner.group for owner in owners.values()}
    for id in sectors.keys() - groups.keys():
        groups[id] = _group_of(conn, id, sectors[id][0])
    obligations = _obligations(conn, log, seq, year)
    surrendered = _paid(conn, seq, year, SURRENDERS, owners)
    offset = _paid(conn, seq, year, ("offset",), owners)
    for id, (_, excluded) in sectors.items():
        owes = 0 if excluded else obligations.get(id, 0)
        short = max(0, owes - surrendered.get(id, 0) - offset.get(id, 0))
        sums.add("listed", [(groups[id], 1)])
        sums.add("obligation_t", [(groups[id], owes)])
        sums.add("gap_t", [(groups[id], short)])
    sums.add("surrendered_t", ((groups[id], quantity) for id, quantity in surrendered.items()))
    sums.add("offset_t", ((groups[id], quantity) for id, quantity in offset.items()))


def _group_of(conn: Connection, subject_id: str, sector: str) -> Group:
    """Of an entity on the list that has no account yet."""
    region = conn.execute(select(SUBJECT.c.region).where(SUBJECT.c.id == subject_id)).scalar_one()
    return region[:2] or NATIONAL, sector


def _obligations(conn: Connection, log: int, seq: int, year: int) -> dict[str, int]:
    """Tonnes owed by subject: what the final decision in force said, as adjusted; else what was verified."""
    v = VERIFIED_EMISSIONS.c
    verified = select(v.subject_id, v.verified_t).where(v.year == year, v.seq <= seq).order_by(v.seq)
    found = {row.subject_id: row.verified_t for row in conn.execute(verified)}
    return found | past_duties.obligations(conn, log, seq, year)


def _paid(
    conn: Connection, seq: int, year: int, types: tuple[str, ...], owners: Mapping[int, _Owner]
) -> dict[str, int]:
    """Tonnes handed over for a year by subject, less what reversals and corrections took back.

    Of a transaction that the registry made for many, each line is its giver's.
    """
    t, line = TRANSACTION.c, TRANSACTION_LINE.c
    query = _effected(t.type.in_(types), t.year == year, t.ended_seq <= seq, SUBJECT.c.id == t.subject_id)
    query = query.add_columns(t.subject_id, SUBJECT.c.kind, line.debit, func.sum(line.quantity))
    found: dict[str, int] = defaultdict(int)
    for id, kind, debit, quantity in conn.execute(query.group_by(t.subject_id, SUBJECT.c.kind, line.debit)):
        found[id if kind in HOLDERS else owners[debit].subject_id] += int(quantity)
    original = TRANSACTION.alias("original")
    query = _effected(t.type.in_(UNDOING), t.ended_seq <= seq, original.c.id == t.original_id)
    query = query.where(original.c.type.in_(types), original.c.year == year)
    query = query.add_columns(t.subject_id, func.sum(line.quantity)).group_by(t.subject_id)
    for id, quantity in conn.execute(query):
        found[id] -= int(quantity)
    return found


def _effected(*conditions: ColumnElement[bool]) -> Select[Any]:
    """No column yet of the lines of effected transactions, found by the transactions' index."""
    t, line = TRANSACTION.c, TRANSACTION_LINE.c
    return select().where(line.transaction_id == t.id, t.state == TransactionState.EFFECTED, *conditions)


def _plain(one: Balance) -> Mapping[str, Any]:
    found = plain(one)
    assert isinstance(found, dict)
    return found
