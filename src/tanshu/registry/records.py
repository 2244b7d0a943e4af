"""What the register keeps, since when, and until when at least; nothing of it may be deleted earlier.

Entries of the log are never deleted. Documents lie in a vault outside it; they may be forgotten when the term
of the rule pack is over, and not before. Source of the term: the pack's table `records`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, or_, select

from tanshu.base.clock import business_date
from tanshu.base.refusal import Refusal, need, refusal
from tanshu.base.text import Text
from tanshu.base.vault import Vault
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.parties.onboarding.tables import APPLICATION_DOCUMENT, APPLICATION_FORM
from tanshu.parties.tables import CHANGE_REQUEST
from tanshu.registry.inquiry_tables import INQUIRY
from tanshu.registry.notice_tables import NOTICE
from tanshu.registry.tables import TRANSACTION
from tanshu.rules import packs, registry_pack

KEPT_STILL = refusal(
    "REG-6401",
    "文件 {sha256} 于 {recorded} 归档,至少保存 {years} 年,{until} 之前不得删除。",
    "The document {sha256} was filed on {recorded}; it is kept for {years} years at least and may not be "
    "deleted before {until}.",
)
TERM_UNKNOWN = refusal(
    "REG-6402",
    "规则包 {pack} 没有写明保存年限(records.keep_years),不得删除任何文件。",
    "The pack {pack} does not say how long records are kept (records.keep_years); nothing may be deleted.",
)
NOT_FILED = refusal(
    "REG-6403",
    "登记簿没有记载文件 {sha256},不能按登记档案处理。",
    "The register knows nothing of the document {sha256}; it is none of its records.",
)


_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind of record. first, last: days, None where there is none. until: the day up to which the newest
    is kept at least; None for ever.
    """

    name: str
    label: Text
    count: int
    first: date | None
    last: date | None
    until: date | None


def keep_years(conn: Connection) -> int | Refusal:
    """How many years documents are kept at least. Refuses with REG-6402 where the pack does not say."""
    pack = need(packs.load(f"{parties.jurisdiction(conn)}.registry", allow_draft=True))
    if "records" not in pack.tables:
        return TERM_UNKNOWN(field="pack", pack=pack.name)
    return registry_pack.keep_years(pack)


def kept(conn: Connection, log: int) -> list[Kept]:
    """Every kind of record, with how many there are."""
    years = keep_years(conn)
    documents = _documents(conn)
    last = documents.last
    until = None if last is None or isinstance(years, Refusal) else later(last, years)
    return [
        _of_log(conn, log, "entries", Text("日志条目", "entries of the log")),
        _table(conn, "transactions", Text("登记业务", "transactions")),
        _table(conn, "notices", Text("通知书", "notices")),
        Kept("documents", documents.label, documents.count, documents.first, last, until),
    ]


def forget(conn: Connection, vault: Vault, sha256: str, today: date) -> Refusal | bool:
    """Delete a document's bytes once its term is over; was it there?

    Refuses with REG-6401 (its term runs), REG-6402 (no term is known), REG-6403 (none of the register's).
    """
    years = keep_years(conn)
    if isinstance(years, Refusal):
        return years
    recorded = _filed_on(conn, sha256)
    if recorded is None:
        return NOT_FILED(field="sha256", sha256=sha256)
    until = later(recorded, years)
    if today < until:
        return KEPT_STILL(field="sha256", sha256=sha256, recorded=recorded, years=years, until=until)
    return vault.forget(sha256)


def later(day: date, years: int) -> date:
    """The same day so many years later; of 29 February 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _filed_on(conn: Connection, sha256: str) -> date | None:
    """The last day on which this document was handed in: with an application, for a change, as a letter."""
    if not _SHA256.fullmatch(sha256):
        return None
    document, form, change = APPLICATION_DOCUMENT.c, APPLICATION_FORM.c, CHANGE_REQUEST.c
    same = (form.application_id == document.application_id) & (form.round == document.round)
    papers = select(func.max(form.submitted_on)).select_from(
        APPLICATION_DOCUMENT.join(APPLICATION_FORM, same)
    )
    sealed = or_(form.bank_sha256 == sha256, form.contact_sha256 == sha256)
    named = f'%"{sha256}"%'  # hexadecimal digits: nothing in it stands for anything else
    days = [
        conn.execute(papers.where(document.sha256 == sha256)).scalar(),
        conn.execute(select(func.max(form.submitted_on)).where(sealed)).scalar(),
        conn.execute(select(func.max(change.asked_on)).where(change.asked.like(named))).scalar(),
    ]
    t, n = TRANSACTION.c, INQUIRY.c
    days.append(_day(conn.execute(select(func.max(t.proposed_ns)).where(t.details.like(named))).scalar()))
    letter = conn.execute(select(func.max(n.requested_seq)).where(n.document_sha256 == sha256)).scalar()
    if letter is not None:
        entry = next(store.read(conn, store.REGISTRY_LOG, letter - 1, letter))
        days.append(business_date(entry.time_ns))
    return max((day for day in days if day is not None), default=None)


def _documents(conn: Connection) -> Kept:
    document, form = APPLICATION_DOCUMENT.c, APPLICATION_FORM.c
    same = (form.application_id == document.application_id) & (form.round == document.round)
    query = select(func.count(), func.min(form.submitted_on), func.max(form.submitted_on))
    count, first, last = conn.execute(
        query.select_from(APPLICATION_DOCUMENT.join(APPLICATION_FORM, same))
    ).one()
    return Kept(
        "documents", Text("开户资料(资料库)", "documents of applications (vault)"), count, first, last, None
    )


def _of_log(conn: Connection, log: int, name: str, label: Text) -> Kept:
    tail = store.tail(conn, log)
    genesis = next(store.read(conn, log, upto=0), None)
    count = 0 if tail is None else tail[0] + 1
    return Kept(
        name, label, count, _day(genesis.time_ns if genesis else None), _day(tail[1] if tail else None), None
    )


def _table(conn: Connection, name: str, label: Text) -> Kept:
    time = {"transactions": TRANSACTION.c.proposed_ns, "notices": NOTICE.c.issued_ns}[name]
    count, first, last = conn.execute(select(func.count(), func.min(time), func.max(time))).one()
    return Kept(name, label, count, _day(first), _day(last), None)


def _day(time_ns: int | None) -> date | None:
    return None if time_ns is None else business_date(time_ns)
