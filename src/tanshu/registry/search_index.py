"""By which words a subject is found: an index that follows the log and can be built anew from it.

Every subject has a number in the order of registration (`subject_order`), and a row of `subject_term` for
each term it can be looked for by: every two neighbouring characters of its names, the first character of each
name, the first two, four and six digits of its region, its kind, and the states of its accounts other than
open. The rows of a term lie together, in the subjects' order. So a page of what has all of several terms is
read from where the page before ended, without looking at the rest; and it is the same table and the same
statement on SQLite and on PostgreSQL (docs/decisions/0021).

Terms are only ever added. A subject that moved to another region keeps the old term, too: whoever asks looks
at the rows themselves before he answers.
"""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple, TypeVar

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
)

from tanshu.base.database import driver, metadata
from tanshu.book import projections
from tanshu.book.projections import Progress, Projection
from tanshu.book.rows import INSERT
from tanshu.log import store
from tanshu.log.entry import Entry
from tanshu.parties.model import AccountState
from tanshu.parties.tables import ACCOUNT, SUBJECT, SUBJECT_NAME

SUBJECT_ORDER = Table(
    "subject_order",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="in the order of registration"),
    Column("subject_id", Text, nullable=False),
    UniqueConstraint("log", "subject_id"),
    comment="Every subject's place in lists.",
    info={"derived": True},
)
SUBJECT_TERM = Table(
    "subject_term",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("term", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    comment="What each subject is found by: parts of its names, its region, kind and states.",
    info={"derived": True},
    sqlite_with_rowid=False,
)

START = "^"
"""Stands before a name's first character: what begins with something is found, too."""
_WATCHED = tuple(table.name for table in (SUBJECT, SUBJECT_NAME, ACCOUNT))
_MARKS = tuple(f'"{name}"'.encode() for name in _WATCHED)
_NO_ACCOUNT = 2**31
_SOME = 5_000
"""Values that one statement asks about."""
T = TypeVar("T")


class Known(NamedTuple):
    """What the tables say of a subject, as far as it is looked for by it. first: its oldest account."""

    id: str
    seq: int
    first: int
    kind: str
    region: str
    names: tuple[str, ...]
    states: tuple[str, ...]


# -- terms -------------------------------------------------------------------------------------------------


def folded(text: str) -> str:
    """A name as it is compared: full and half width, capitals and blanks make no difference."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def name_terms(name: str) -> set[str]:
    """What a whole name is found by."""
    text = START + folded(name)
    return {f"n:{a}{b}" for a, b in pairwise(text)}


def part_terms(part: str, *, at_start: bool) -> set[str]:
    """What every name with this part has; none where the part is a single character within the name."""
    text = (START if at_start else "") + folded(part)
    return {f"n:{a}{b}" for a, b in pairwise(text)}


def region_terms(region: str) -> set[str]:
    """420106 is found by 42, 4201 and 420106."""
    return {f"r:{region[:width]}" for width in (2, 4, 6) if len(region) >= width}


def region_term(region: str) -> str:
    """The term of a region or of all below it: 420000 and 42 mean the province."""
    while len(region) > 2 and region.endswith("00"):
        region = region[:-2]
    return f"r:{region}"


def kind_term(kind: str) -> str:
    return f"k:{kind}"


def state_term(state: str) -> str:
    return f"s:{state}"


def terms(known: Known) -> set[str]:
    """Everything a subject is found by."""
    found = {kind_term(known.kind)} | region_terms(known.region)
    found |= {state_term(state) for state in known.states if state != AccountState.OPEN}
    return found.union(*map(name_terms, known.names))


# -- following ---------------------------------------------------------------------------------------------


class SubjectIndex(Projection):
    """The tables `subject_order` and `subject_term` of one log."""

    name: ClassVar[str] = "subjects"
    tables: ClassVar[tuple[Table, ...]] = (SUBJECT_ORDER, SUBJECT_TERM)

    def load(self, conn: Connection) -> None:
        """Nothing: what is needed of the rows is asked for."""

    def follow(self, conn: Connection, entries: Sequence[Entry]) -> None:
        touched = _touched(conn, self.log, entries[0].seq - 1, entries[-1].seq)
        known = sorted(_known(conn, touched), key=lambda one: (one.seq, one.first, one.id))
        numbers = _numbers(conn, self.log, [one.id for one in known])
        first = _next_number(conn, self.log)
        new = [one for one in known if one.id not in numbers]
        for number, one in enumerate(new, first):
            numbers[one.id] = number
        if new:
            rows = [{"log": self.log, "number": numbers[one.id], "subject_id": one.id} for one in new]
            conn.execute(insert(SUBJECT_ORDER), rows)
        _add_new(conn, _sorted_rows(self.log, new, numbers))
        _add_missing(conn, _sorted_rows(self.log, [one for one in known if numbers[one.id] < first], numbers))


def _sorted_rows(
    log: int, known: Iterable[Known], numbers: Mapping[str, int]
) -> Iterator[tuple[int, str, int]]:
    """A row for each term of each subject, in the order in which they will lie."""
    by_term: dict[str, list[int]] = defaultdict(list)
    for one in known:
        for term in terms(one):
            by_term[term].append(numbers[one.id])
    for term in sorted(by_term):
        for number in sorted(by_term[term]):
            yield log, term, number


def catch_up(database: Any, log: int = store.REGISTRY_LOG, progress: Progress | None = None) -> None:
    """Bring the index to the newest entry; nothing is written where it is there already."""
    projections.catch_up(database, SubjectIndex, log, progress=progress)


def _touched(conn: Connection, log: int, after: int, upto: int) -> set[str]:
    """The subjects of which entries after < seq ≤ upto told something that they are found by."""
    subjects: set[str] = set()
    accounts: set[int] = set()
    for _, told in store.rows(conn, log, after, upto):
        if not any(mark in told for mark in _MARKS):
            continue  # most entries move units or lines of transactions
        for kind, table, where, values in json.loads(told):
            if table not in _WATCHED:
                continue
            said: Mapping[str, Any] = values if kind == INSERT else where
            if id := said.get("subject_id") or (said.get("id") if table == SUBJECT.name else None):
                subjects.add(id)
            elif table == ACCOUNT.name and "number" in said:
                accounts.add(said["number"])
            else:
                subjects.update(_meant(conn, metadata.tables[table], said))
    for some in _parts(sorted(accounts)):
        query = select(ACCOUNT.c.subject_id).where(ACCOUNT.c.number.in_(some))
        subjects.update(conn.execute(query).scalars())
    return subjects


def _meant(conn: Connection, table: Table, where: Mapping[str, Any]) -> Iterable[str]:
    """The subjects of rows that were named by something else than whose they are: by an account's code."""
    whose = table.c.id if table is SUBJECT else table.c.subject_id
    same = [table.c[name] == value for name, value in where.items()]
    return conn.execute(select(whose).where(*same)).scalars()


def _known(conn: Connection, ids: Iterable[str]) -> Iterator[Known]:
    for some in _parts(sorted(ids)):
        names: dict[str, list[str]] = defaultdict(list)
        states: dict[str, set[str]] = defaultdict(set)
        for id, name in conn.execute(
            select(SUBJECT_NAME.c.subject_id, SUBJECT_NAME.c.name).where(SUBJECT_NAME.c.subject_id.in_(some))
        ):
            names[id].append(name)
        first: dict[str, int] = {}
        theirs = select(ACCOUNT.c.subject_id, ACCOUNT.c.state, ACCOUNT.c.number)
        for id, state, number in conn.execute(theirs.where(ACCOUNT.c.subject_id.in_(some))):
            states[id].add(state)
            first[id] = min(number, first.get(id, number))
        for row in conn.execute(select(SUBJECT).where(SUBJECT.c.id.in_(some))):
            oldest = first.get(row.id, _NO_ACCOUNT)
            known = tuple(names[row.id]), tuple(states[row.id])
            yield Known(row.id, row.seq, oldest, row.kind, row.region, *known)


def _numbers(conn: Connection, log: int, ids: Sequence[str]) -> dict[str, int]:
    """The numbers of those that have one."""
    found: dict[str, int] = {}
    for some in _parts(ids):
        query = select(SUBJECT_ORDER.c.subject_id, SUBJECT_ORDER.c.number)
        query = query.where(SUBJECT_ORDER.c.log == log, SUBJECT_ORDER.c.subject_id.in_(some))
        found.update((row.subject_id, row.number) for row in conn.execute(query))
    return found


def _next_number(conn: Connection, log: int) -> int:
    newest = conn.execute(select(func.max(SUBJECT_ORDER.c.number)).where(SUBJECT_ORDER.c.log == log)).scalar()
    return 0 if newest is None else newest + 1


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _SOME):
        yield values[start : start + _SOME]


# -- the raw connection ------------------------------------------------------------------------------------


def _add_new(conn: Connection, rows: Iterable[tuple[int, str, int]]) -> None:
    """Terms of subjects that had none: many at once, as each database likes it best."""
    if conn.dialect.name == "sqlite":
        driver(conn).executemany("INSERT INTO subject_term (log, term, number) VALUES (?, ?, ?)", rows)
        return
    copying = "COPY subject_term (log, term, number) FROM STDIN"
    with driver(conn).cursor() as cursor, cursor.copy(copying) as copy:
        for row in rows:
            copy.write_row(row)


def _add_missing(conn: Connection, rows: Iterable[tuple[int, str, int]]) -> None:
    mark = "?" if conn.dialect.name == "sqlite" else "%s"
    sql = f"INSERT INTO subject_term (log, term, number) VALUES ({mark}, {mark}, {mark})"
    driver(conn).cursor().executemany(f"{sql} ON CONFLICT DO NOTHING", list(rows))
