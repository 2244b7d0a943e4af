"""信息公开: what the public is told of a compliance year: what the jurisdiction's pack names, nothing else.

The registry pack names the fields and the day from which each is public (`[disclosure.*]`). There is no
default: where the pack has no such table nothing is published, and a field that no table names is never
shown. A natural person's name is not published at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, cast

from sqlalchemy import Connection, func, select

from tanshu.base.canonical import plain
from tanshu.base.clock import business_date, end_of_day_ns
from tanshu.base.refusal import Refusal, refusal
from tanshu.base.text import Text
from tanshu.book.commit import Book
from tanshu.book.state import State
from tanshu.compliance import obligations, packs
from tanshu.compliance.obligations import Owed
from tanshu.log import store
from tanshu.mrv import queries as mrv
from tanshu.mrv.queries import Listed
from tanshu.parties import queries as parties
from tanshu.parties.model import ACCOUNT_TYPES, Subject, SubjectKind
from tanshu.parties.tables import SUBJECT_NAME
from tanshu.registry import queries as registry
from tanshu.registry.model import Transaction, TransactionState
from tanshu.registry.types import InstrumentKind
from tanshu.rules import registry_pack

NOT_CONFIGURED = refusal(
    "INS-2101",
    "规则包 {pack} 没有 [disclosure.*] 表,不知道可以公开什么,因此什么也不公开。"
    "请在该包写明字段(fields)、起算日(counted_from)与天数(after_days)。",
    "The pack {pack} has no [disclosure.*] table: nobody has said what is public, so nothing is published. "
    "Write its fields, counted_from and after_days into that pack.",
)
NOT_YET = refusal(
    "INS-2102",
    "{year} 年度的信息最早于 {first} 公开,账簿现在是 {today}。",
    "Nothing of {year} is public before {first}; the book stands at {today}.",
)
NO_LIST = refusal(
    "INS-2103",
    "{year} 年度没有名录。",
    "There is no list of {year}.",
)

ENTITY_FIELDS = (
    *("name", "code", "region", "sector", "status", "verified", "approved"),
    *("obligation", "surrendered", "offset", "due"),
)
"""What can be said of each entity, in the order of a table."""
TOTALS, CANCELLATIONS, CHANGES = "totals", "cancellations", "changes"
CANCELLING = ("voluntary-cancellation", "surplus-cancellation")
CHANGING = ("merger", "split")
NAMELESS = Text("自然人(不公开姓名)", "a natural person, not named")


@dataclass(frozen=True, slots=True)
class Entity:
    """One listed entity; what is not public is None."""

    name: str | None
    code: str | None
    region: str | None
    sector: str | None
    excluded: bool | None
    status: str | None
    status_at_deadline: str | None
    verified: int | None
    approved: int | None
    obligation: int | None
    surrendered: int | None
    offset: int | None
    due: int | None


@dataclass(frozen=True, slots=True)
class Total:
    """What all holders together have of an instrument, in its minor unit."""

    instrument: str
    scale: int
    held: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """One voluntary cancellation that took effect in the year. name: None for a natural person."""

    transaction: str
    day: date
    name: str | None
    instrument: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A subject that changed in the year. what: rename, merger, split."""

    what: str
    day: date
    code: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Everything that is public of a year at a day, and from when the rest will be.

    public: the fields shown; later: fields that become public, by day.
    """

    book: str
    seq: int
    time_ns: int
    hash: str
    day: date
    year: int
    public: tuple[str, ...]
    later: Mapping[str, date]
    sources: tuple[str, ...]
    entities: tuple[Entity, ...]
    totals: tuple[Total, ...] = ()
    cancellations: tuple[Cancelled, ...] = ()
    changes: tuple[Changed, ...] = ()

    @property
    def entity_fields(self) -> tuple[str, ...]:
        return tuple(one for one in ENTITY_FIELDS if one in self.public)

    def as_json(self) -> Mapping[str, object]:
        said = cast(dict[str, Any], plain(self))
        shown = set(self.entity_fields)
        if "status" in shown:  # which says who is outside allocation, too
            shown |= {"status_at_deadline", "excluded"}
        entities = [{name: value for name, value in one.items() if name in shown} for one in said["entities"]]
        sections = {TOTALS: "totals", CANCELLATIONS: "cancellations", CHANGES: "changes"}
        hidden = {key for field, key in sections.items() if field not in self.public}
        return {name: value for name, value in said.items() if name not in hidden} | {"entities": entities}


def disclose(
    conn: Connection, book: Book, state: State, year: int, *, today: date | None = None
) -> Disclosure | Refusal:
    """What is public of a year at the newest entry; `state` is the book's, caught up on `conn`.

    today: None for the day of that entry. Refuses with INS-2101 to 2103, or RULE-3xxx (no deadline known).
    """
    tail = book.tail
    day = today or business_date(tail.time_ns)
    public = _public_from(conn, year)
    if isinstance(public, Refusal):
        return public
    since, sources = public
    if day < min(since.values()):
        return NOT_YET(field="year", year=year, first=min(since.values()), today=day)
    listed = mrv.listed(conn, year)
    if not listed:
        return NO_LIST(field="year", year=year)
    shown = {field for field, first in since.items() if first <= day}
    made = Disclosure(
        store.book_name(conn, book.log) or "",
        tail.seq,
        tail.time_ns,
        tail.hash.hex(),
        day,
        year,
        tuple(field for field in since if field in shown),
        {field: first for field, first in since.items() if first > day},
        sources,
        _entities(conn, year, listed, shown, day),
    )
    return replace(
        made,
        totals=_totals(conn, state) if TOTALS in shown else (),
        cancellations=_cancellations(conn, year) if CANCELLATIONS in shown else (),
        changes=_changes(conn, year) if CHANGES in shown else (),
    )


def _public_from(conn: Connection, year: int) -> tuple[dict[str, date], tuple[str, ...]] | Refusal:
    """From which day each field of a year is public, and by which documents."""
    pack = packs.registry(conn)
    groups = registry_pack.disclosure(pack)
    if not groups:
        return NOT_CONFIGURED(field="disclosure", pack=pack.name)
    since: dict[str, date] = {}
    for group in groups:
        begin = date(year, 12, 31) if group.counted_from == "year_end" else packs.deadline(conn, year)
        first = begin + timedelta(days=group.after_days)
        for field in group.fields:
            since[field] = min(first, since.get(field, first))
    return since, tuple(dict.fromkeys(f"{one.source.document}({one.source.evidence})" for one in groups))


# -- sections ----------------------------------------------------------------------------------------------


def _entities(
    conn: Connection, year: int, listed: Mapping[str, Listed], shown: set[str], day: date
) -> tuple[Entity, ...]:
    if not shown.intersection(ENTITY_FIELDS):
        return ()
    board = obligations.board(conn, year, today=day)
    return tuple(_entity(one, listed[one.subject.id], shown) for one in board)


def _entity(owed: Owed, listed: Listed, shown: set[str]) -> Entity:
    subject = owed.subject
    at_deadline = str(owed.status_at_deadline) if owed.status_at_deadline else None
    full = Entity(
        name=_public_name(subject),
        code=subject.uscc or subject.handle,
        region=subject.region,
        sector=listed.sector,
        excluded=listed.excluded,
        status=str(owed.status),
        status_at_deadline=at_deadline,
        verified=owed.verified_t,
        approved=owed.approved_t,
        obligation=owed.obligation_t,
        surrendered=owed.surrendered_t,
        offset=owed.offset_t,
        due=owed.due_t,
    )
    hidden = dict.fromkeys(name for name in ENTITY_FIELDS if name not in shown)
    if "status" in hidden:
        hidden |= {"status_at_deadline": None, "excluded": None}
    return replace(full, **hidden)


def _public_name(subject: Subject) -> str | None:
    return None if subject.kind is SubjectKind.INDIVIDUAL else subject.name


def _totals(conn: Connection, state: State) -> tuple[Total, ...]:
    """Of units, not of money: what is with holders; what the sinks have is gone."""
    ours = {one.number for one in parties.accounts(conn) if not ACCOUNT_TYPES[one.kind].is_system}
    held: dict[int, int] = {}
    for cell in state.cells():
        if cell.account in ours:
            held[cell.instrument] = held.get(cell.instrument, 0) + cell.available + cell.held
    return tuple(
        Total(one.code, one.scale, held.get(one.number, 0))
        for one in registry.instruments(conn)
        if one.kind is not InstrumentKind.CASH
    )


def _cancellations(conn: Connection, year: int) -> tuple[Cancelled, ...]:
    codes = {one.number: one.code for one in registry.instruments(conn)}
    made = list(_effected_in(conn, year, CANCELLING))
    who = parties.subjects_with_ids(conn, {one.subject_id for one in made})
    return tuple(
        Cancelled(one.id, _day(one), _public_name(who[one.subject_id]), codes[line.instrument], line.quantity)
        for one in made
        for line in one.lines
    )


def _changes(conn: Connection, year: int) -> tuple[Changed, ...]:
    """New names, mergers and splits of the year, by day."""
    found = [*_renamed(conn, year), *_merged(conn, year)]
    return tuple(sorted(found, key=lambda one: (one.day, one.code, one.what)))


def _renamed(conn: Connection, year: int) -> Iterator[Changed]:
    t = SUBJECT_NAME.c
    several = select(t.subject_id).group_by(t.subject_id).having(func.count() > 1)
    names: dict[str, list[tuple[date, str]]] = defaultdict(list)
    query = select(t.subject_id, t.since, t.name).where(t.subject_id.in_(several))
    for row in conn.execute(query.order_by(t.subject_id, t.since)):
        names[row.subject_id].append((row.since, row.name))
    for id, subject in parties.subjects_with_ids(conn, names).items():
        for (_, old), (since, new) in pairwise(names[id]):
            if since.year == year and subject.kind is not SubjectKind.INDIVIDUAL:
                yield Changed("rename", since, subject.uscc or subject.handle, old, new)


def _merged(conn: Connection, year: int) -> Iterator[Changed]:
    """Who gave all or a part of its units to whom: each pair of subjects once."""
    made = list(_effected_in(conn, year, CHANGING))
    numbers = {number for one in made for line in one.lines for number in (line.debit, line.credit)}
    owner = {n: one.subject_id for n, one in parties.accounts_numbered(conn, sorted(numbers)).items()}
    who = parties.subjects_with_ids(conn, set(owner.values()))
    for one in made:
        for giver, taker in dict.fromkeys((owner[line.debit], owner[line.credit]) for line in one.lines):
            before, after = who[giver], who[taker]
            yield Changed(one.type.code, _day(one), before.uscc or before.handle, before.name, after.name)


def _effected_in(conn: Connection, year: int, types: Iterable[str]) -> Iterator[Transaction]:
    """Transactions of these types that took effect in a calendar year, Shanghai time."""
    first, last = end_of_day_ns(date(year - 1, 12, 31)), end_of_day_ns(date(year, 12, 31))
    for code in types:
        for one in registry.transactions(conn, type=code, state=TransactionState.EFFECTED):
            if one.ended_ns is not None and first < one.ended_ns <= last:
                yield one


def _day(transaction: Transaction) -> date:
    assert transaction.ended_ns is not None, "an effected transaction has ended"
    return business_date(transaction.ended_ns)
