"""Questions to parties. Every list is ordered by book number or sequence, never by a collation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Date, Row, Select, bindparam, func, select

from tanshu.base.memo import remembered
from tanshu.base.refusal import Refusal
from tanshu.parties import checks
from tanshu.parties.codes import account_code_is_good, looks_like_account_code
from tanshu.parties.model import Account, AccountKind, AccountState, Person, Right, Subject, SubjectKind
from tanshu.parties.tables import ACCOUNT, PERSON, SETTING, SUBJECT, SUBJECT_NAME

T = TypeVar("T")
BATCH = 5_000
"""Values that one statement asks about: below what every database takes."""

# What every command asks is built once: putting a statement together costs more than running it.
_SETTING = select(SETTING.c.value).where(SETTING.c.name == bindparam("name"))
_ACCOUNT_CODED = select(ACCOUNT).where(ACCOUNT.c.code == bindparam("code"))
_ACCOUNT_NUMBERED = select(ACCOUNT).where(ACCOUNT.c.number == bindparam("number"))
_ACCOUNT_OF = select(ACCOUNT).where(
    ACCOUNT.c.subject_id == bindparam("subject"), ACCOUNT.c.kind == bindparam("kind")
)
_PERSON = select(PERSON).where(PERSON.c.handle == bindparam("handle"))


@remembered
def setting(conn: Connection, name: str) -> str | None:
    return conn.execute(_SETTING, {"name": name}).scalar()


def jurisdiction(conn: Connection) -> str:
    """The jurisdiction whose rule packs apply, such as `cn`."""
    value = setting(conn, "jurisdiction")
    assert value is not None, "an open installation is established"
    return value


@remembered
def subject(conn: Connection, handle: str, *, on: date | None = None) -> Subject | Refusal:
    """The subject by handle or credit code; its name as of `on` (default: the newest)."""
    found = _subject(conn, on, handle=handle.strip())
    return found or checks.SUBJECT_UNKNOWN(field="subject", handle=handle)


@remembered
def subject_by_id(conn: Connection, subject_id: str, *, on: date | None = None) -> Subject:
    found = _subject(conn, on, id=subject_id)
    assert found is not None, subject_id
    return found


def subjects(conn: Connection, *, kind: SubjectKind | None = None) -> list[Subject]:
    query = select(SUBJECT).order_by(SUBJECT.c.seq, SUBJECT.c.id)
    if kind:
        query = query.where(SUBJECT.c.kind == kind)
    names = _newest_names(conn)
    return [_to_subject(row, names[row.id]) for row in conn.execute(query)]


def subjects_named(conn: Connection, handles: Iterable[str]) -> dict[str, Subject]:
    """Many subjects by handle, with their newest names; those that are not registered are not there."""
    found: dict[str, Subject] = {}
    for some in _batches(handles):
        for row in conn.execute(_NAMED.where(SUBJECT.c.handle.in_(some))):
            found[row.handle] = _to_subject(row, row.name)
    return found


def subjects_with_ids(conn: Connection, ids: Iterable[str]) -> dict[str, Subject]:
    """Many subjects by id, with their newest names."""
    found: dict[str, Subject] = {}
    for some in _batches(ids):
        for row in conn.execute(_NAMED.where(SUBJECT.c.id.in_(some))):
            found[row.id] = _to_subject(row, row.name)
    return found


def subjects_coded(conn: Connection, codes: Iterable[str]) -> dict[str, Subject]:
    """Many subjects by credit code, with their newest names; those that are not registered are not there."""
    found: dict[str, Subject] = {}
    for some in _batches(codes):
        for row in conn.execute(_NAMED.where(SUBJECT.c.uscc.in_(some))):
            found[row.uscc] = _to_subject(row, row.name)
    return found


def subjects_by_id(conn: Connection, ids: Iterable[str]) -> dict[str, Subject]:
    """Many subjects by id, with their newest names."""
    found: dict[str, Subject] = {}
    for some in _batches(ids):
        for row in conn.execute(_NAMED.where(SUBJECT.c.id.in_(some))):
            found[row.id] = _to_subject(row, row.name)
    return found


def taken_names(conn: Connection, names: Iterable[str]) -> set[str]:
    """Which of these are somebody's handle or credit code."""
    taken: set[str] = set()
    for some in _batches(names):
        for column in (SUBJECT.c.handle, SUBJECT.c.uscc):
            taken.update(conn.execute(select(column).where(column.in_(some))).scalars())
    return taken


@remembered
def authority_of(conn: Connection, region: str) -> Subject | None:
    """The provincial authority in charge of a region (its first two digits), or None."""
    return _subject(conn, kind=SubjectKind.AUTHORITY, region=region[:2] + "0000")


@remembered
def only_of_kind(conn: Connection, kind: SubjectKind) -> Subject | None:
    """The first registered subject of a kind: the registry, the exchange."""
    return _subject(conn, kind=kind)


def account(conn: Connection, code: str) -> Account | Refusal:
    """The account with this code. A wrong check digit is told apart from an unknown number."""
    code = code.strip().upper()
    row = conn.execute(_ACCOUNT_CODED, {"code": code}).first()
    if row:
        return _to_account(row)
    if looks_like_account_code(code) and not account_code_is_good(code):
        return checks.ACCOUNT_CHECK(field="account", account=code)
    return checks.ACCOUNT_UNKNOWN(field="account", account=code)


def accounts_coded(conn: Connection, codes: Iterable[str]) -> dict[str, Account]:
    """Many accounts by code; those that do not exist are not there."""
    found: dict[str, Account] = {}
    for some in _batches(codes):
        for row in conn.execute(select(ACCOUNT).where(ACCOUNT.c.code.in_(some))):
            found[row.code] = _to_account(row)
    return found


def account_codes(conn: Connection) -> dict[tuple[str, AccountKind], str]:
    """Every account's code by its subject's handle and its kind."""
    query = select(SUBJECT.c.handle, ACCOUNT.c.kind, ACCOUNT.c.code)
    query = query.join(SUBJECT, SUBJECT.c.id == ACCOUNT.c.subject_id)
    return {(handle, AccountKind(kind)): code for handle, kind, code in conn.execute(query)}


@remembered
def account_of(conn: Connection, subject_id: str, kind: AccountKind) -> Account | None:
    row = conn.execute(_ACCOUNT_OF, {"subject": subject_id, "kind": kind}).first()
    return _to_account(row) if row else None


def accounts_of(conn: Connection, subject_id: str) -> list[Account]:
    query = select(ACCOUNT).where(ACCOUNT.c.subject_id == subject_id).order_by(ACCOUNT.c.number)
    return [_to_account(row) for row in conn.execute(query)]


def accounts_of_all(conn: Connection, subject_ids: Iterable[str]) -> dict[str, list[Account]]:
    """The accounts of many subjects, by subject id; those without any are not there."""
    found: dict[str, list[Account]] = {}
    for some in _batches(subject_ids):
        query = select(ACCOUNT).where(ACCOUNT.c.subject_id.in_(some)).order_by(ACCOUNT.c.number)
        for row in conn.execute(query):
            found.setdefault(row.subject_id, []).append(_to_account(row))
    return found


def accounts_numbered(conn: Connection, numbers: Iterable[int]) -> dict[int, Account]:
    """Many accounts by book number."""
    found: dict[int, Account] = {}
    for some in _batches(numbers):
        for row in conn.execute(select(ACCOUNT).where(ACCOUNT.c.number.in_(some))):
            found[row.number] = _to_account(row)
    return found


def account_page(
    conn: Connection,
    *,
    kind: str | None = None,
    state: str | None = None,
    after: int = -1,
    limit: int | None = None,
) -> list[Account]:
    """Accounts with book numbers beyond `after`, in that order: at most `limit` of them."""
    query = select(ACCOUNT).where(ACCOUNT.c.number > after)
    if kind is not None:
        query = query.where(ACCOUNT.c.kind == kind)
    if state is not None:
        query = query.where(ACCOUNT.c.state == state)
    return [_to_account(row) for row in conn.execute(query.order_by(ACCOUNT.c.number).limit(limit))]


def count_accounts(conn: Connection, *, kind: str | None = None, state: str | None = None) -> int:
    wanted = (("kind", kind), ("state", state))
    conditions = [ACCOUNT.c[name] == value for name, value in wanted if value is not None]
    return conn.execute(select(func.count()).select_from(ACCOUNT).where(*conditions)).scalar_one()


def accounts(conn: Connection) -> list[Account]:
    return [_to_account(row) for row in conn.execute(select(ACCOUNT).order_by(ACCOUNT.c.number))]


@remembered
def account_by_number(conn: Connection, number: int) -> Account:
    return _to_account(conn.execute(_ACCOUNT_NUMBERED, {"number": number}).one())


@remembered
def person(conn: Connection, handle: str) -> Person | Refusal:
    row = conn.execute(_PERSON, {"handle": handle}).first()
    if row is None:
        return checks.PERSON_UNKNOWN(field="as", person=handle)
    rights = tuple(Right(right) for right in row.rights.split(","))
    return Person(row.handle, row.subject_id, rights, bool(row.active), bool(row.dismissed), row.named_by)


def people_of(conn: Connection, subject_id: str) -> list[Person]:
    query = select(PERSON.c.handle).where(PERSON.c.subject_id == subject_id)
    found = [person(conn, row.handle) for row in conn.execute(query.order_by(PERSON.c.seq, PERSON.c.handle))]
    return [one for one in found if isinstance(one, Person)]


_NEWEST = (
    select(SUBJECT_NAME.c.name)
    .where(SUBJECT_NAME.c.subject_id == SUBJECT.c.id)
    .order_by(SUBJECT_NAME.c.since.desc())
    .limit(1)
)
_NAME = _NEWEST.scalar_subquery()
_NAMED = select(SUBJECT, _NAME.label("name"))
_NAMED_ON = select(
    SUBJECT,
    func.coalesce(
        _NEWEST.where(SUBJECT_NAME.c.since <= bindparam("on", type_=Date)).scalar_subquery(), _NAME
    ).label("name"),
)


def _subject(conn: Connection, on: date | None = None, **facts: str) -> Subject | None:
    """The first registered subject with these facts, its name as of `on`, else the newest."""
    row = conn.execute(_first_with(on is not None, *facts), {**facts, "on": on} if on else facts).first()
    return _to_subject(row, row.name) if row else None


@cache
def _first_with(dated: bool, *columns: str) -> Select[Any]:
    """The first registered subject by these columns."""
    query = _NAMED_ON if dated else _NAMED
    facts = [SUBJECT.c[name] == bindparam(name) for name in columns]
    return query.where(*facts).order_by(SUBJECT.c.seq).limit(1)


def _newest_names(conn: Connection) -> dict[str, str]:
    query = select(SUBJECT_NAME).order_by(SUBJECT_NAME.c.subject_id, SUBJECT_NAME.c.since)
    return {row.subject_id: row.name for row in conn.execute(query)}


def _to_subject(row: Row[Any], name: str) -> Subject:
    return Subject(row.id, row.handle, SubjectKind(row.kind), name, row.uscc, row.region, bool(row.fictional))


def _to_account(row: Row[Any]) -> Account:
    return Account(
        row.number,
        row.code,
        row.subject_id,
        AccountKind(row.kind),
        AccountState(row.state),
        row.finding or "",
    )


def _batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Values in lists that one statement can carry."""
    rest = iter(values)
    while some := list(islice(rest, BATCH)):
        yield some
