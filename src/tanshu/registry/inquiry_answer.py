"""What an inquiry is answered: facts that follow from the log as of its moment, and the paper that says them.

`facts` gives the same bytes today and in ten years, on either database: only what is known by the entry
asked about goes in. So the hash kept with the answer can be checked at any later time (`same_again`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.canonical import canonical, digest
from tanshu.base.clock import shanghai_text
from tanshu.base.documents import Facts, Paper, Paragraphs, Part, Table
from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.book import movements
from tanshu.book.commit import Book
from tanshu.book.records import Op
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.parties.model import ACCOUNT_TYPES, AccountKind
from tanshu.parties.tables import ACCOUNT, SUBJECT_NAME
from tanshu.registry import inquiry_checks as checks
from tanshu.registry import papers, past_claims, queries
from tanshu.registry.encumbrances.model import CLAIM_STATE_LABELS, CLASS_LABELS, ClaimClass, ClaimState
from tanshu.registry.inquiry import CLAIMS, HISTORY, HOLDINGS, WHAT, Inquiry
from tanshu.registry.model import Instrument

OPERATIONS = {
    Op.TRANSFER: Text("划转", "transfer"),
    Op.HOLD: Text("冻结", "held"),
    Op.CAPTURE: Text("冻结转出", "taken from what was held"),
    Op.RELEASE: Text("解冻", "released"),
}
_CELL = (Text("账户", "Account"), Text("产品", "Instrument"))


def facts(conn: Connection, book: Book, inquiry: Inquiry) -> dict[str, Any]:
    """What the answer says: plain values, quantities in the instrument's minor unit.

    Raises Refused BOOK-1404 where movements were not followed as far as the moment asked about.
    """
    position = papers.position_of(conn, book, inquiry.as_of_seq)
    subject = papers.subject_at(conn, inquiry.subject_id, position.seq)
    accounts = _accounts(conn, subject.id, position.seq)
    found: dict[str, Any] = {
        "book": position.book,
        "as_of": {"seq": position.seq, "time_ns": position.time_ns, "hash": position.hash},
        "asked": {"authority": inquiry.authority, "document": inquiry.document, "what": list(inquiry.what)},
        "subject": {
            "id": subject.id,
            "handle": subject.handle,
            "name": subject.name,
            "credit_code": subject.uscc,
            "names": _names(conn, subject.id, position.seq),
        },
        "accounts": accounts,
    }
    codes = {one["number"]: one["account"] for one in accounts}
    instruments = {one.number: one for one in queries.instruments(conn)}
    if HOLDINGS in inquiry.what:
        found[HOLDINGS] = _holdings(conn, book.log, codes, instruments, position.seq)
    if HISTORY in inquiry.what:
        found[HISTORY] = _history(conn, book.log, codes, instruments, inquiry)
    if CLAIMS in inquiry.what:
        found[CLAIMS] = _claims(conn, book.log, codes, instruments, position.seq)
    return found


def sha256(said: dict[str, Any]) -> str:
    """The hash that is kept of an answer."""
    return digest(canonical(said)).hex()


def same_again(conn: Connection, book: Book, inquiry: Inquiry) -> dict[str, Any] | Refusal:
    """The facts of an answer that was given, made again. Refuses with REG-7010 where they differ."""
    said = facts(conn, book, inquiry)
    now = sha256(said)
    if now != inquiry.answer_sha256:
        return checks.ANSWER_DIFFERS(field="inquiry", found=now, given=inquiry.answer_sha256)
    return said


# -- facts -------------------------------------------------------------------------------------------------


def _names(conn: Connection, subject_id: str, seq: int) -> list[dict[str, Any]]:
    t = SUBJECT_NAME.c
    query = select(t.since, t.name).where(t.subject_id == subject_id, t.seq <= seq).order_by(t.since)
    return [{"since": row.since.isoformat(), "name": row.name} for row in conn.execute(query)]


def _accounts(conn: Connection, subject_id: str, seq: int) -> list[dict[str, Any]]:
    t = ACCOUNT.c
    query = select(t.number, t.code, t.kind, t.seq).where(t.subject_id == subject_id, t.seq <= seq)
    return [
        {"number": row.number, "account": row.code, "kind": row.kind, "opened_seq": row.seq}
        for row in conn.execute(query.order_by(t.number))
    ]


def _holdings(
    conn: Connection, log: int, codes: dict[int, str], instruments: dict[int, Instrument], seq: int
) -> list[dict[str, Any]]:
    return [
        {
            "account": codes[number],
            "instrument": instruments[cell.instrument].code,
            "available": cell.available,
            "held": cell.held,
        }
        for number in codes
        for cell in movements.holdings_at(conn, log, seq, number)
    ]


def _history(
    conn: Connection,
    log: int,
    codes: dict[int, str],
    instruments: dict[int, Instrument],
    inquiry: Inquiry,
) -> list[dict[str, Any]]:
    moved = [
        one
        for number in codes
        for one in movements.movements(conn, log, number, after=inquiry.from_seq, upto=inquiry.as_of_seq)
    ]
    moved.sort(key=lambda one: (one.position, one.account, one.instrument))
    others = parties.accounts_numbered(
        conn, sorted({one.counter for one in moved if one.counter is not None})
    )
    return [
        {
            "seq": one.seq,
            "time_ns": one.time_ns,
            "account": codes[one.account],
            "instrument": instruments[one.instrument].code,
            "operation": Op(one.op).name.lower(),
            "available_change": one.available_change,
            "held_change": one.held_change,
            "available": one.available,
            "held": one.held,
            "other_account": None if one.counter is None else others[one.counter].code,
        }
        for one in moved
    ]


def _claims(
    conn: Connection, log: int, codes: dict[int, str], instruments: dict[int, Instrument], seq: int
) -> list[dict[str, Any]]:
    return [
        {
            "claim": one.id,
            "class": one.cls,
            "account": codes[one.account],
            "instrument": instruments[one.instrument].code,
            "ordered": one.ordered,
            "held": one.held,
            "waiting": one.waiting,
            "state": one.state,
            "seq": one.seq,
            "document": one.document,
            "expires_on": None if one.expires_on is None else one.expires_on.isoformat(),
        }
        for one in past_claims.standing(conn, log, seq, codes)
    ]


# -- paper -------------------------------------------------------------------------------------------------


def paper(conn: Connection, book: Book, inquiry: Inquiry, said: dict[str, Any]) -> Paper:
    """The answer as a document: `said` is what `facts` gave, of an inquiry that is answered."""
    assert inquiry.number is not None and inquiry.answered_seq is not None, "an answer has its number"
    position = papers.position_of(conn, book, inquiry.as_of_seq)
    given = next(store.read(conn, book.log, inquiry.answered_seq - 1, inquiry.answered_seq))
    subject = papers.subject_at(conn, inquiry.subject_id, position.seq)
    stamps = papers.stamps(conn, [subject])
    instruments = {one.code: one for one in queries.instruments(conn)}
    return Paper(
        title=Text("协助查询答复", "Answer to an inquiry"),
        number=inquiry.answer_number,
        issuer=papers.registry_name(conn, inquiry.answered_seq),
        lead=Text(
            f"{inquiry.authority}:你单位 {inquiry.document} 收悉。截至登记簿第 {position.seq} 条,"
            f"{subject.name} 的登记情况如下。",
            f"To {inquiry.authority}, on its letter {inquiry.document}: at entry {position.seq} of the log, "
            f"the register says the following of {subject.name}.",
        ),
        parts=(
            Facts((*papers.subject_rows(subject), *_rows(inquiry))),
            _account_table(said),
            *_tables(said, instruments),
            papers.position_facts(position),
            Paragraphs((_hash_line(inquiry),)),
        ),
        check=papers.how_to_check(position),
        made_ns=given.time_ns,
        stamps=stamps.lines,
        mark=stamps.mark,
    )


def _rows(inquiry: Inquiry) -> tuple[tuple[Text, Text | str], ...]:
    asked = [WHAT[one] for one in inquiry.what]
    return (
        (Text("承办人职务", "Asked by (role)"), inquiry.officer_role),
        (
            Text("查询内容", "Asked about"),
            Text("、".join(one.zh for one in asked), ", ".join(one.en for one in asked)),
        ),
    )


def _hash_line(inquiry: Inquiry) -> Text:
    return Text(
        f"本答复内容的 SHA-256:{inquiry.answer_sha256},已记入登记簿第 {inquiry.answered_seq} 条。",
        f"The SHA-256 of what this answer says is {inquiry.answer_sha256}; "
        f"entry {inquiry.answered_seq} keeps it.",
    )


def _account_table(said: dict[str, Any]) -> Table:
    rows = [
        (one["account"], ACCOUNT_TYPES[AccountKind(one["kind"])].label, str(one["opened_seq"]))
        for one in said["accounts"]
    ]
    columns = (Text("账户", "Account"), Text("类别", "Kind"), Text("开立条目", "Opened by entry"))
    return Table(Text("账户", "Accounts"), columns, rows, frozenset({2}))


def _tables(said: dict[str, Any], instruments: dict[str, Instrument]) -> list[Part]:
    made: list[Part] = []
    if HOLDINGS in said:
        made.append(_holding_table(said, instruments))
    if CLAIMS in said:
        made.append(_claim_table(said, instruments))
    if HISTORY in said:
        made.append(_history_table(said, instruments))
    return made


def _holding_table(said: dict[str, Any], instruments: dict[str, Instrument]) -> Table:
    rows = [
        (
            one["account"],
            one["instrument"],
            papers.amount(instruments[one["instrument"]], one["available"]),
            papers.amount(instruments[one["instrument"]], one["held"]),
        )
        for one in said[HOLDINGS]
    ]
    columns = (*_CELL, Text("可用", "Available"), Text("冻结", "Held"))
    return Table(Text("持有", "Holdings"), columns, rows, frozenset({2, 3}), _none(rows))


def _claim_table(said: dict[str, Any], instruments: dict[str, Instrument]) -> Table:
    rows = [
        (
            one["claim"],
            CLASS_LABELS[ClaimClass(one["class"])],
            f"{one['account']} {one['instrument']}",
            papers.amount(instruments[one["instrument"]], one["ordered"]),
            papers.amount(instruments[one["instrument"]], one["held"]),
            CLAIM_STATE_LABELS[ClaimState(one["state"])],
            one["document"],
            one["expires_on"] or "",
        )
        for one in said[CLAIMS]
    ]
    columns = (
        Text("编号", "Number"),
        Text("种类", "Kind"),
        Text("账户与产品", "Account, instrument"),
        Text("数量", "Quantity"),
        Text("已占用", "Held"),
        Text("状态", "State"),
        Text("文书", "Document"),
        Text("到期", "Until"),
    )
    return Table(Text("权利负担", "Claims"), columns, rows, frozenset({3, 4}), _none(rows))


def _history_table(said: dict[str, Any], instruments: dict[str, Instrument]) -> Table:
    rows = [
        (
            str(one["seq"]),
            shanghai_text(one["time_ns"]),
            f"{one['account']} {one['instrument']}",
            OPERATIONS[Op[one["operation"].upper()]],
            papers.amount(instruments[one["instrument"]], one["available_change"]),
            papers.amount(instruments[one["instrument"]], one["available"]),
            papers.amount(instruments[one["instrument"]], one["held"]),
            one["other_account"] or "",
        )
        for one in said[HISTORY]
    ]
    columns = (
        Text("条目", "Entry"),
        Text("时间(上海)", "Time (Shanghai)"),
        Text("账户与产品", "Account, instrument"),
        Text("变动", "Change"),
        Text("可用变动", "Change of available"),
        Text("变动后可用", "Available after it"),
        Text("变动后冻结", "Held after it"),
        Text("对方账户", "Other account"),
    )
    return Table(Text("变动明细", "History"), columns, rows, frozenset({0, 4, 5, 6}), _none(rows))


def _none(rows: list[Any]) -> Text | None:
    return None if rows else Text("无", "none")
