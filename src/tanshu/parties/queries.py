"""Questions to parties. Every list is ordered by book number or sequence, never by a collation."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from tanshu.base.refusal import Refusal
from tanshu.parties import checks
from tanshu.parties.codes import account_code_is_good, looks_like_account_code
from tanshu.parties.model import Account, AccountKind, AccountState, Person, Right, Subject, SubjectKind
from tanshu.parties.tables import ACCOUNT, PERSON, SETTING, SUBJECT, SUBJECT_NAME


def setting(conn: Connection, name: str) -> str | None:
    return conn.execute(select(SETTING.c.value).where(SETTING.c.name == name)).scalar()


def jurisdiction(conn: Connection) -> str:
    """The jurisdiction whose rule packs apply, such as `cn`."""
    value = setting(conn, "jurisdiction")
    assert value is not None, "an open installation is established"
    return value


def subject(conn: Connection, handle: str, *, on: date | None = None) -> Subject | Refusal:
    """The subject by handle or credit code; its name as of `on` (default: the newest)."""
    found = _subject(conn, select(SUBJECT).where(SUBJECT.c.handle == handle.strip()), on)
    return found or checks.SUBJECT_UNKNOWN(field="subject", handle=handle)


def subject_by_id(conn: Connection, subject_id: str, *, on: date | None = None) -> Subject:
    found = _subject(conn, select(SUBJECT).where(SUBJECT.c.id == subject_id), on)
    assert found is not None, subject_id
    return found


def subjects(conn: Connection, *, kind: SubjectKind | None = None) -> list[Subject]:
    query = select(SUBJECT).order_by(SUBJECT.c.seq, SUBJECT.c.id)
    if kind:
        query = query.where(SUBJECT.c.kind == kind)
    names = _newest_names(conn)
    return [_to_subject(row, names[row.id]) for row in conn.execute(query)]


def authority_of(conn: Connection, region: str) -> Subject | None:
    """The provincial authority in charge of a region (its first two digits), or None."""
    query = select(SUBJECT).where(
        SUBJECT.c.kind == SubjectKind.AUTHORITY, SUBJECT.c.region == region[:2] + "0000"
    )
    return _subject(conn, query, None)


def only_of_kind(conn: Connection, kind: SubjectKind) -> Subject | None:
    """The first registered subject of a kind: the registry, the exchange."""
    query = select(SUBJECT).where(SUBJECT.c.kind == kind).order_by(SUBJECT.c.seq).limit(1)
    return _subject(conn, query, None)


def account(conn: Connection, code: str) -> Account | Refusal:
    """The account with this code. A wrong check digit is told apart from an unknown number."""
    code = code.strip().upper()
    row = conn.execute(select(ACCOUNT).where(ACCOUNT.c.code == code)).first()
    if row:
        return _to_account(row)
    if looks_like_account_code(code) and not account_code_is_good(code):
        return checks.ACCOUNT_CHECK(field="account", account=code)
    return checks.ACCOUNT_UNKNOWN(field="account", account=code)


def account_of(conn: Connection, subject_id: str, kind: AccountKind) -> Account | None:
    query = select(ACCOUNT).where(ACCOUNT.c.subject_id == subject_id, ACCOUNT.c.kind == kind)
    row = conn.execute(query).first()
    return _to_account(row) if row else None


def accounts_of(conn: Connection, subject_id: str) -> list[Account]:
    query = select(ACCOUNT).where(ACCOUNT.c.subject_id == subject_id).order_by(ACCOUNT.c.number)
    return [_to_account(row) for row in conn.execute(query)]


def accounts(conn: Connection) -> list[Account]:
    return [_to_account(row) for row in conn.execute(select(ACCOUNT).order_by(ACCOUNT.c.number))]


def account_by_number(conn: Connection, number: int) -> Account:
    return _to_account(conn.execute(select(ACCOUNT).where(ACCOUNT.c.number == number)).one())


def person(conn: Connection, handle: str) -> Person | Refusal:
    row = conn.execute(select(PERSON).where(PERSON.c.handle == handle)).first()
    if row is None:
        return checks.PERSON_UNKNOWN(field="as", person=handle)
    rights = tuple(Right(right) for right in row.rights.split(","))
    return Person(row.handle, row.subject_id, rights, row.active)


def people_of(conn: Connection, subject_id: str) -> list[Person]:
    query = select(PERSON.c.handle).where(PERSON.c.subject_id == subject_id)
    found = [person(conn, row.handle) for row in conn.execute(query.order_by(PERSON.c.seq, PERSON.c.handle))]
    return [one for one in found if isinstance(one, Person)]


def _subject(conn: Connection, query: Select[Any], on: date | None) -> Subject | None:
    row = conn.execute(query).first()
    if row is None:
        return None
    names = select(SUBJECT_NAME.c.name).where(SUBJECT_NAME.c.subject_id == row.id)
    newest = names.order_by(SUBJECT_NAME.c.since.desc()).limit(1)
    then = newest.where(SUBJECT_NAME.c.since <= on) if on else newest
    name = conn.execute(then).scalar() or conn.execute(newest).scalar() or ""
    return _to_subject(row, name)


def _newest_names(conn: Connection) -> dict[str, str]:
    query = select(SUBJECT_NAME).order_by(SUBJECT_NAME.c.subject_id, SUBJECT_NAME.c.since)
    return {row.subject_id: row.name for row in conn.execute(query)}


def _to_subject(row: Row[Any], name: str) -> Subject:
    return Subject(row.id, row.handle, SubjectKind(row.kind), name, row.uscc, row.region, bool(row.fictional))


def _to_account(row: Row[Any]) -> Account:
    return Account(row.number, row.code, row.subject_id, AccountKind(row.kind), AccountState(row.state))
