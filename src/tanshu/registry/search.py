"""Searching the register: subjects by parts of what is known of them, transactions by theirs; page by page.

A page begins where the one before ended, by the key of its last row: so the thousandth costs what the first
does, and nothing is left out or told twice where rows are added in between. Every search goes through an
index; a test reads the databases' plans.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    true,
    tuple_,
)

from tanshu.base.refusal import Refusal, refusal
from tanshu.book.movements import MOVEMENT
from tanshu.book.records import POSITION_BITS, Op, decode, position
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.parties.codes import looks_like_account_code
from tanshu.parties.model import Account, Subject
from tanshu.parties.tables import ACCOUNT, SUBJECT, SUBJECT_NAME
from tanshu.registry import queries, search_index, settled
from tanshu.registry.model import Line, Transaction, TransactionState
from tanshu.registry.search_index import SUBJECT_ORDER, SUBJECT_TERM
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE
from tanshu.registry.types import BY_NUMBER

PART_SHORT = refusal(
    "REG-7101",
    "名称片段“{value}”太短:至少两个字;只知道开头时可用一个字并加 --starts。",
    "The part of a name “{value}” is too short: give two characters, or one with --starts.",
)
REGION_FORM = refusal(
    "REG-7102",
    "地区“{value}”应为行政区划代码的前两位、前四位或六位,如 42、4201、420106。",
    "The region “{value}” is no division code: its first two, four or all six digits, as 42, 4201, 420106.",
)
LIMIT_RANGE = refusal(
    "REG-7103",
    "每页 {value} 条超出范围,应为 1 到 {most}。",
    "A page of {value} is out of range: 1 to {most}.",
)
LIMIT_MAX = 1_000
PAGE = 50
_COUNTED = 2_000
"""Rows of a term beyond which nobody counts on: such a term is common."""
_READ = 2_000
"""Rows read at once, at most, where most of them turn out not to match."""
_REGION = re.compile(r"\d{2}(\d{2}){0,2}")
_AFTER = bindparam("after", type_=Integer)
_ASKED_AT_ONCE = 5_000
"""Lines that one statement asks for by number; of more, all are looked through."""
_SMALL = 200
"""Lines of a transaction up to which all are looked through for a subject's."""
_GIVING = (Op.TRANSFER, Op.CAPTURE)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a subject must be like; what is blank does not matter.

    name: a part of one of its names, at_start: how one begins. region: of its division code the first 2, 4 or
    6 digits. account_kind and state: it has an account of this kind, in this state.
    """

    name: str = ""
    at_start: bool = False
    region: str = ""
    kind: str = ""
    account_kind: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A subject, its place in lists, those of its accounts that were asked for."""

    number: int
    subject: Subject
    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of what matches, in order. next: where the next page begins, None where nothing follows."""

    rows: tuple[T, ...]
    next: int | None = None


@dataclass(frozen=True, slots=True)
class WantedTransactions:
    """Which transactions; what is None does not matter. Entries: after < proposed_seq ≤ upto."""

    type: str | None = None
    state: TransactionState | None = None
    subject_id: str | None = None
    year: int | None = None
    batch: str | None = None
    after: int | None = None
    upto: int | None = None


class Touching(NamedTuple):
    """Lines of one effected transaction in which a subject's accounts gave or received.

    Or of a trade that a clearing house settled, or of fees and positions that it booked: those have no
    transaction, and trade says which trade it is.
    """

    seq: int
    time_ns: int
    transaction: str | None
    type: str
    lines: tuple[Line, ...]
    trade: str | None = None


# -- subjects ----------------------------------------------------------------------------------------------


def by_code(conn: Connection, log: int, code: str) -> Found | Refusal:
    """The one subject with this handle or credit code, or whose account has this code; with its accounts."""
    account = parties.account(conn, code)
    if isinstance(account, Account):
        subject = parties.subject_by_id(conn, account.subject_id)
    else:
        named = parties.subject(conn, code)
        if isinstance(named, Refusal):
            return account if looks_like_account_code(code.strip().upper()) else named
        subject = named
    place = select(SUBJECT_ORDER.c.number).where(
        SUBJECT_ORDER.c.log == log, SUBJECT_ORDER.c.subject_id == subject.id
    )
    return Found(conn.execute(place).scalar_one(), subject, tuple(parties.accounts_of(conn, subject.id)))


def subjects(
    conn: Connection, log: int, wanted: Wanted, *, after: int = -1, limit: int = PAGE
) -> Page[Found] | Refusal:
    """The subjects that match, in the order of registration, numbered beyond `after`.

    The index must have been caught up (`search_index.catch_up`). Refuses with REG-7101 to 7103.
    """
    if not 1 <= limit <= LIMIT_MAX:
        return LIMIT_RANGE(field="limit", value=limit, most=LIMIT_MAX)
    asked = _terms(wanted)
    if isinstance(asked, Refusal):
        return asked
    statement = subject_statement(log, _rarest_first(conn, log, asked), wanted)
    found: list[tuple[int, str]] = []
    size = limit + 1  # one more than asked for tells whether anything follows
    while len(found) <= limit:
        rows = conn.execute(statement.limit(size), {"after": after}).all()
        found += _really(conn, rows, wanted)
        if len(rows) < size:
            break
        after, size = rows[-1].number, min(4 * size, _READ)
    shown = found[:limit]
    following = shown[-1][0] if len(found) > limit else None
    return Page(_with_accounts(conn, shown, wanted), following)


def subject_statement(log: int, terms: Sequence[str], wanted: Wanted) -> Select[Any, Any]:
    """(number, subject id) of those that have every term, beyond the parameter `after`, in order.

    The first term leads; of every other one the database looks up a single row of its index.
    """
    order = SUBJECT_ORDER.alias("o")
    lead = SUBJECT_TERM.alias("t") if terms else order
    query = select(lead.c.number, order.c.subject_id).select_from(lead)
    if terms:
        here = and_(order.c.log == lead.c.log, order.c.number == lead.c.number)
        query = query.join(order, here).where(lead.c.term == terms[0])
    for n, term in enumerate(terms[1:]):
        other = SUBJECT_TERM.alias(f"t{n}")
        has_it = and_(other.c.log == log, other.c.term == term, other.c.number == lead.c.number)
        query = query.where(exists().where(has_it))
    query = query.where(lead.c.log == log, lead.c.number > _AFTER, *_stands(order.c.subject_id, wanted))
    return query.order_by(lead.c.number)


def _terms(wanted: Wanted) -> list[str] | Refusal:
    found: set[str] = set()
    if wanted.name.strip():
        found |= search_index.part_terms(wanted.name, at_start=wanted.at_start)
        if not found:
            return PART_SHORT(field="name", value=wanted.name)
    if wanted.region:
        if not _REGION.fullmatch(wanted.region):
            return REGION_FORM(field="region", value=wanted.region)
        found.add(search_index.region_term(wanted.region))
    if wanted.kind:
        found.add(search_index.kind_term(wanted.kind))
    if wanted.state and wanted.state != "open":
        found.add(search_index.state_term(wanted.state))
    return sorted(found)


def _rarest_first(conn: Connection, log: int, terms: Sequence[str]) -> list[str]:
    """The terms, the one with the fewest subjects first; how many a common one has does not matter."""

    def count(term: str) -> int:
        some = select(SUBJECT_TERM.c.number).where(SUBJECT_TERM.c.log == log, SUBJECT_TERM.c.term == term)
        return conn.execute(select(func.count()).select_from(some.limit(_COUNTED).subquery())).scalar_one()

    return sorted(terms, key=lambda term: (count(term), term)) if len(terms) > 1 else list(terms)


def _stands(subject_id: ColumnElement[str], wanted: Wanted) -> list[ColumnElement[bool]]:
    """What the rows themselves must say: terms are only ever added, so one may be out of date."""
    conditions: list[ColumnElement[bool]] = []
    itself: list[ColumnElement[bool]] = []
    if wanted.kind:
        itself.append(SUBJECT.c.kind == wanted.kind)
    if wanted.region:
        prefix = search_index.region_term(wanted.region)[2:]
        itself.append(SUBJECT.c.region.like(f"{prefix}%"))
    if itself:
        conditions.append(exists().where(SUBJECT.c.id == subject_id, *itself))
    if wanted.account_kind or wanted.state:
        conditions.append(exists().where(ACCOUNT.c.subject_id == subject_id, *_of_accounts(wanted)))
    return conditions


def _of_accounts(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.account_kind:
        conditions.append(ACCOUNT.c.kind == wanted.account_kind)
    if wanted.state:
        conditions.append(ACCOUNT.c.state == wanted.state)
    return conditions


def _really(conn: Connection, rows: Sequence[Any], wanted: Wanted) -> list[tuple[int, str]]:
    """Those whose name has the part as a whole, not only each two characters of it."""
    part = search_index.folded(wanted.name)
    if not part:
        return [(row.number, row.subject_id) for row in rows]
    names = select(SUBJECT_NAME.c.subject_id, SUBJECT_NAME.c.name)
    names = names.where(SUBJECT_NAME.c.subject_id.in_([row.subject_id for row in rows]))
    fits = (lambda name: name.startswith(part)) if wanted.at_start else (lambda name: part in name)
    have = {id for id, name in conn.execute(names) if fits(search_index.folded(name))}
    return [(row.number, row.subject_id) for row in rows if row.subject_id in have]


def _with_accounts(conn: Connection, found: Sequence[tuple[int, str]], wanted: Wanted) -> tuple[Found, ...]:
    ids = [id for _, id in found]
    known = parties.subjects_with_ids(conn, ids)
    theirs = parties.accounts_of_all(conn, ids)

    def asked_for(account: Account) -> bool:
        kind, state = wanted.account_kind, wanted.state
        return (not kind or account.kind == kind) and (not state or account.state == state)

    return tuple(
        Found(number, known[id], tuple(one for one in theirs.get(id, ()) if asked_for(one)))
        for number, id in found
    )


# -- transactions ------------------------------------------------------------------------------------------


def transactions(
    conn: Connection,
    wanted: WantedTransactions,
    *,
    before: tuple[int, str] | None = None,
    limit: int | None = PAGE,
) -> list[Transaction]:
    """The newest that match and were proposed before (entry, id): at most `limit`, oldest first."""
    ids = conn.execute(transaction_statement(wanted, before).limit(limit)).all()
    return queries.transactions_with_ids(conn, [row.id for row in reversed(ids)])


def transaction_statement(
    wanted: WantedTransactions, before: tuple[int, str] | None = None
) -> Select[tuple[str]]:
    t = TRANSACTION.c
    query = select(t.id).where(*_conditions(wanted))
    if before is not None:
        # The first of the two conditions bounds the index; the second settles entries with several.
        query = query.where(t.proposed_seq <= before[0], tuple_(t.proposed_seq, t.id) < before)
    return query.order_by(t.proposed_seq.desc(), t.id.desc())


def count(conn: Connection, wanted: WantedTransactions) -> int:
    """How many match, from the index alone."""
    return conn.execute(
        select(func.count()).select_from(TRANSACTION).where(*_conditions(wanted))
    ).scalar_one()


def _conditions(wanted: WantedTransactions) -> list[ColumnElement[bool]]:
    t = TRANSACTION.c
    equal = (
        (t.type, wanted.type),
        (t.state, wanted.state),
        (t.subject_id, wanted.subject_id),
        (t.year, wanted.year),
        (t.batch, wanted.batch),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if wanted.after is not None:
        conditions.append(t.proposed_seq > wanted.after)
    if wanted.upto is not None:
        conditions.append(t.proposed_seq <= wanted.upto)
    return conditions or [true()]


def touching(
    conn: Connection,
    log: int,
    subject_id: str,
    *,
    before: int | None = None,
    limit: int = PAGE,
) -> Page[Touching] | Refusal:
    """Effected transactions in which a subject gave or received, whoever proposed them, and trades that a
    clearing house settled: newest first, from entries before `before`. Of a batch only the subject's lines.

    Found by the movements of its accounts, which must have been caught up: a batch of many thousand lines
    needs no index of its own for that. Refuses with REG-7103.
    """
    if not 1 <= limit <= LIMIT_MAX:
        return LIMIT_RANGE(field="limit", value=limit, most=LIMIT_MAX)
    numbers = {one.number for one in parties.accounts_of(conn, subject_id)}
    cells = [(number, instrument) for number in numbers for instrument in _moved(conn, log, number)]
    entries = {seq for cell in cells for seq in _entries(conn, log, cell, before, limit + 1)}
    seqs = sorted(entries, reverse=True)[: limit + 1]
    following = seqs[limit - 1] if len(seqs) > limit else None
    shown = seqs[:limit]
    by_seq = _ended_at(conn, shown)
    found: list[Touching] = []
    for seq in shown:
        if seq not in by_seq:
            found += _without_transactions(conn, log, seq, cells)
        for row in by_seq.get(seq, ()):
            lines = _lines(conn, log, row, numbers, cells)
            if lines:
                found.append(Touching(seq, row.ended_ns, row.id, row.type, lines))
    return Page(tuple(found), following)


def _entries(conn: Connection, log: int, cell: tuple[int, int], before: int | None, wanted: int) -> list[int]:
    """The newest entries, as many as wanted, with a transfer of this (account, instrument).

    One entry may have more transfers of it than a page has rows: what is read then is where it ends.
    """
    t = MOVEMENT.c
    transfers = select(t.position).where(
        t.log == log, t.account == cell[0], t.instrument == cell[1], t.counter.is_not(None)
    )
    found: list[int] = []
    while len(found) < wanted:
        query = transfers if before is None else transfers.where(t.position < position(before, 0))
        places = conn.execute(query.order_by(t.position.desc()).limit(wanted)).scalars().all()
        found += dict.fromkeys(place >> POSITION_BITS for place in places)
        if len(places) < wanted:
            break
        before = found[-1]
    return found[:wanted]


def _places(conn: Connection, log: int, cells: Sequence[tuple[int, int]], seq: int) -> list[int]:
    """Which records of an entry moved these (account, instrument)."""
    t = MOVEMENT.c
    here = (t.log == log, t.position >= position(seq, 0), t.position < position(seq + 1, 0))
    found: list[int] = []
    for account, instrument in cells:
        query = select(t.position).where(*here, t.account == account, t.instrument == instrument)
        found += (place & (1 << POSITION_BITS) - 1 for place in conn.execute(query).scalars())
    return found


def _without_transactions(
    conn: Connection, log: int, seq: int, cells: Sequence[tuple[int, int]]
) -> Iterator[Touching]:
    """What an entry without transactions gave to these (account, instrument) or took, trade by trade."""
    entry = next(store.read(conn, log, after=seq - 1, upto=seq))
    records = decode(entry.records)
    places = sorted({place for place in _places(conn, log, cells, seq) if records[place]["op"] in _GIVING})
    names = settled.named(conn, [position(seq, place) for place in places])
    together: dict[tuple[str, str | None], list[Line]] = {}
    for place in places:
        _, _, instrument, debit, credit, amount, hold, tag, *_ = records[place].tolist()
        trade = names.get(position(seq, place))
        if tag in BY_NUMBER:
            line = Line(debit, credit, instrument, amount, hold or None)
            key = (BY_NUMBER[tag].code, str(trade) if trade else None)
            together.setdefault(key, []).append(line)
    for (type, trade), lines in together.items():
        yield Touching(seq, entry.time_ns, None, type, tuple(lines), trade)


def _moved(conn: Connection, log: int, account: int) -> list[int]:
    """The instruments that an account ever had, each found by one step through the index."""
    t = MOVEMENT.c
    found: list[int] = []
    last = -1
    while True:
        query = select(func.min(t.instrument)).where(t.log == log, t.account == account, t.instrument > last)
        following = conn.execute(query).scalar()
        if following is None:
            return found
        found.append(following)
        last = following


def _ended_at(conn: Connection, seqs: Sequence[int]) -> dict[int, list[Any]]:
    t = TRANSACTION.c
    query = select(t.id, t.type, t.ended_seq, t.ended_ns)
    query = query.where(t.ended_seq.in_(seqs), t.state == TransactionState.EFFECTED)
    found: dict[int, list[Any]] = {}
    for row in conn.execute(query.order_by(t.id)):
        found.setdefault(row.ended_seq, []).append(row)
    return found


def _lines(
    conn: Connection, log: int, row: Any, accounts: set[int], cells: Sequence[tuple[int, int]]
) -> tuple[Line, ...]:
    """Lines of a transaction in which one of these accounts has a side; of these (account, instrument).

    In a batch, record i is line i: where the accounts have few of its lines, nothing else is read.
    """
    t = TRANSACTION_LINE.c
    query = select(TRANSACTION_LINE).where(t.transaction_id == row.id)
    last = conn.execute(select(func.max(t.n)).where(t.transaction_id == row.id)).scalar_one()
    own = _places(conn, log, cells, row.ended_seq) if last >= _SMALL else []
    query = query.where(t.n.in_(own)) if 0 < len(own) <= _ASKED_AT_ONCE else query
    query = query.where(or_(t.debit.in_(accounts), t.credit.in_(accounts)))
    return tuple(
        Line(row.debit, row.credit, row.instrument, row.quantity, row.hold)
        for row in conn.execute(query.order_by(t.n))
    )
