"""履约证明: the certificate of a surrender or an offset, with what the entity owed and owes for the year."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from tanshu.base.clock import business_date
from tanshu.base.documents import Paper, Row, Table, html
from tanshu.base.refusal import Refusal, refusal
from tanshu.base.text import Lang, Text
from tanshu.book.commit import Book
from tanshu.compliance import obligations, packs
from tanshu.compliance.obligations import STATUS_LABELS, Owed
from tanshu.compliance.surrender import read_claims
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.registry import papers
from tanshu.registry import queries as registry
from tanshu.registry.certificate import not_effected, transaction_paper
from tanshu.registry.model import Transaction, TransactionState
from tanshu.rules import registry_pack

NOT_A_PAYMENT = refusal(
    "CMP-4001",
    "业务 {id} 不是配额清缴或减排量抵销({type}),没有履约证明。",
    "The transaction {id} ({type}) is neither a surrender nor an offset and has no compliance certificate.",
)
PAYMENTS = ("surrender", "forced-surrender", "helping-surrender", "offset")
TITLES = {
    "surrender": Text("履约证明 · 配额清缴", "Compliance certificate · surrender"),
    "forced-surrender": Text("履约证明 · 强制履约", "Compliance certificate · forced surrender"),
    "helping-surrender": Text("履约证明 · 代为清缴", "Compliance certificate · surrender by another"),
    "offset": Text("履约证明 · 减排量抵销", "Compliance certificate · offset"),
}


def surrender_certificate(
    conn: Connection,
    book: Book,
    transaction_id: str,
    lang: Lang,
    stamp: Text | None = None,
    *,
    owed: Owed | None = None,
) -> str | Refusal:
    """The compliance certificate as one HTML page; see `surrender_paper`."""
    paper = surrender_paper(conn, book, transaction_id, stamp, owed=owed)
    return paper if isinstance(paper, Refusal) else html(paper, lang)


def surrender_paper(
    conn: Connection,
    book: Book,
    transaction_id: str,
    stamp: Text | None = None,
    *,
    owed: Owed | None = None,
) -> Paper | Refusal:
    """The compliance certificate of an effected surrender or offset.

    owed: the entity's year, where the caller has it already. Refuses with REG-3105 (no such transaction),
    CMP-4001 (another type), REG-4001 (not effected), BOOK-1202 (serial numbers were not followed so far) or
    what `obligations.owed` refuses with.
    """
    transaction = registry.transaction(conn, transaction_id)
    if isinstance(transaction, Refusal):
        return transaction
    if transaction.type.code not in PAYMENTS or transaction.year is None:
        return NOT_A_PAYMENT(field="transaction", id=transaction.id, type=transaction.type.code)
    if transaction.state is not TransactionState.EFFECTED:
        return not_effected(transaction)
    subject = parties.subject_by_id(conn, transaction.subject_id)
    found = owed or obligations.owed(conn, subject, transaction.year)
    if isinstance(found, Refusal):
        return found
    assert transaction.ended_seq is not None, "an effected transaction has ended"
    name = papers.subject_at(conn, subject.id, transaction.ended_seq).name
    tail = store.tail(conn, store.REGISTRY_LOG)
    assert tail is not None, "an open book has a genesis entry"
    late = is_late(conn, transaction, found.deadline)
    taken_back = obligations.undone(conn, original_id=transaction.id).get(transaction.id, 0)
    return transaction_paper(
        conn,
        book,
        transaction.id,
        title=TITLES[transaction.type.code],
        lead=_lead(transaction, name, found, late, taken_back),
        extra_rows=_rows(found, late, tail[0]),
        extra_tables=_claims(transaction),
        as_of=tail[0],
        stamp=stamp,
    )


def is_late(conn: Connection, transaction: Transaction, deadline: date) -> bool:
    """Made after the deadline (补缴), by the day that the registry pack says counts."""
    by_submission = registry_pack.surrender_date(packs.registry(conn)) == "submission"
    time_ns = transaction.proposed_ns if by_submission else transaction.ended_ns
    assert time_ns is not None, "an effected transaction has ended"
    return business_date(time_ns) > deadline


def _lead(transaction: Transaction, name: str, owed: Owed, late: bool, taken_back: int) -> Text:
    """What is certified. name: the entity's then. taken_back: tonnes reversed or corrected since."""
    quantity = f"{transaction.quantity:,}"
    kind = transaction.type.name
    zh_late, en_late = ("补缴", "late, ") if late else ("", "")
    lead = Text(
        f"兹证明:{name} 为 {owed.year} 年度{zh_late}{kind.zh} {quantity} 吨,已经登记生效。",
        f"For the compliance year {owed.year}, the {en_late}{kind.en} of {quantity} t by {name} "
        "has been registered and has taken effect.",
    )
    if not taken_back:
        return lead
    left = f"{transaction.quantity - taken_back:,}"
    return Text(
        f"{lead.zh}其后撤销或更正 {taken_back:,} 吨,现仅 {left} 吨有效。",
        f"{lead.en} Since then {taken_back:,} t of it were reversed or corrected: {left} t stand.",
    )


def _rows(owed: Owed, late: bool, newest: int) -> tuple[Row, ...]:
    """newest: the entry as of which these figures are told."""
    rows: list[Row] = [
        (Text("履约年度", "Compliance year"), str(owed.year)),
        (Text("应清缴", "Obligation"), _tonnes(owed.obligation_t)),
        (Text("累计清缴配额", "Surrendered so far"), _tonnes(owed.surrendered_t)),
        (Text("累计抵销", "Offset so far"), _tonnes(owed.offset_t)),
        (Text("尚欠", "Still due"), _tonnes(owed.due_t)),
        (Text("清缴截止日", "Deadline"), owed.deadline.isoformat()),
        (Text("当前状态", "Status now"), STATUS_LABELS[owed.status]),
    ]
    if owed.status_at_deadline is not None:
        rows.append((Text("截止日状态", "Status at the deadline"), STATUS_LABELS[owed.status_at_deadline]))
    if late:
        note = Text(
            "补缴:在截止日之后办理,截止日状态不变", "late: made after the deadline, whose status stays"
        )
        rows.append((Text("备注", "Note"), note))
    as_of = Text(f"登记簿第 {newest} 条", f"entry {newest} of the log")
    rows.append((Text("履约数据截至", "Year's figures as of"), as_of))
    return tuple(rows)


def _claims(transaction: Transaction) -> tuple[Table, ...]:
    """Of an offset: which cancellations in the credits' own registry it uses."""
    claims = read_claims(transaction.details)
    if isinstance(claims, Refusal):
        return ()
    columns = (
        Text("减排量注销编号", "Cancellation number"),
        Text("项目", "Project"),
        Text("登记日期", "Registered on"),
        Text("数量", "Quantity"),
    )
    rows = tuple((one.number, one.project, str(one.registered_on), _tonnes(one.quantity)) for one in claims)
    return (Table(Text("使用的减排量", "Reductions used"), columns, rows, frozenset({3})),)


def _tonnes(quantity: int) -> Text:
    return Text(f"{quantity:,} 吨", f"{quantity:,} t")
