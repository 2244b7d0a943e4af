"""Certificates of the register: of one transaction that took effect, of what a subject holds.

A certificate repeats what the log holds and names its place in it, so that whoever has the book can check it;
who has its proof file checks it without the book.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from tanshu.base.clock import business_date, shanghai_text
from tanshu.base.documents import Facts, Paper, Row, Table, Words, html
from tanshu.base.quantity import yuan
from tanshu.base.refusal import Refusal, refusal
from tanshu.base.text import Lang, Text
from tanshu.book import serials as book_serials
from tanshu.book.commit import Book
from tanshu.book.state import Cell, State
from tanshu.parties import queries as parties
from tanshu.parties.model import Subject
from tanshu.registry import papers, queries, serials
from tanshu.registry.model import (
    TRANSACTION_STATE_LABELS,
    Instrument,
    Step,
    Transaction,
    TransactionState,
)
from tanshu.registry.papers import amount
from tanshu.registry.serials import Numbers
from tanshu.registry.types import InstrumentKind
from tanshu.rules.terms import ACTS, ORGANISATIONS

NOT_EFFECTED = refusal(
    "REG-4001",
    "业务 {id} 的状态是“{state_zh}”,只有已生效的业务才有证明。",
    "The transaction {id} is {state_en}; only one that took effect has a certificate.",
)
NOT_THAT_KIND = refusal(
    "REG-6001",
    "业务 {id} 是“{type}”,不能出具{certificate};可出具:{known}。",
    "The transaction {id} is a {type}; no {certificate} is made of it. One is made of: {known}.",
)
LETTERS = {
    **dict.fromkeys(("surrender", "credit-surrender", "forced-surrender", "helping-surrender"), "S"),
    "offset": "O",
    "voluntary-cancellation": "C",
}
"""By what a certificate's number begins that says more than that it was registered, which begins with R."""
HOLDING, REGISTRATION = "H", "R"
CANCELLATION = Text("自愿注销证明", "certificate of voluntary cancellation")
CANCELLATIONS = ("voluntary-cancellation",)


def certificate(
    conn: Connection, book: Book, transaction_id: str, lang: Lang, *, stamp: Text | None = None
) -> str | Refusal:
    """The certificate of a transaction that took effect, as one HTML page; see `transaction_paper`."""
    paper = transaction_paper(conn, book, transaction_id, stamp=stamp)
    return paper if isinstance(paper, Refusal) else html(paper, lang)


def holding_certificate(
    conn: Connection, book: Book, state: State, subject_handle: str, lang: Lang, *, stamp: Text | None = None
) -> str | Refusal:
    """What a subject holds at the book's newest entry, as one HTML page; `state` is the book's, caught up."""
    paper = holding_paper(conn, book, subject_handle, book.tail.seq, state.cells(), stamp=stamp)
    return paper if isinstance(paper, Refusal) else html(paper, lang)


def transaction_paper(
    conn: Connection,
    book: Book,
    transaction_id: str,
    *,
    title: Text | None = None,
    lead: Text | None = None,
    extra_rows: Sequence[Row] = (),
    extra_tables: Sequence[Table] = (),
    as_of: int | None = None,
    stamp: Text | None = None,
) -> Paper | Refusal:
    """The certificate of a transaction that took effect.

    title, lead and the extras let the room that owns the type say more; as_of: the entry up to which they
    are told, where that is not the transaction's own. Papers that differ have different numbers.

    Refuses with REG-3105 (no such transaction), REG-4001 (it has not taken effect) or BOOK-1202 (serial
    numbers were not followed so far: read with `serials.reading`).
    """
    transaction = queries.transaction(conn, transaction_id)
    if isinstance(transaction, Refusal):
        return transaction
    if transaction.state is not TransactionState.EFFECTED:
        return not_effected(transaction)
    assert transaction.ended_seq is not None, "an effected transaction has ended"
    numbers = serials.moved(conn, book.log, transaction)
    if isinstance(numbers, Refusal):
        return numbers
    position = papers.position_of(conn, book, transaction.ended_seq)
    subject = papers.subject_at(conn, transaction.subject_id, position.seq)
    name = transaction.type.name
    stamped = papers.stamps(conn, [subject], stamp)
    letter = LETTERS.get(transaction.type.code, REGISTRATION) if title else REGISTRATION
    about = transaction.id if as_of is None else f"{transaction.id} {as_of}"
    return papers.composed(
        conn,
        position,
        papers.number(letter, position, about),
        stamped,
        title=title or Text(f"登记证明 · {name.zh}", f"Certificate of registration · {name.en}"),
        lead=lead or _lead(subject, transaction),
        parts=(
            Facts((*papers.subject_rows(subject), *_transaction_rows(conn, transaction), *extra_rows)),
            _line_table(conn, transaction, position.seq),
            *_moved_table(conn, transaction.id, numbers),
            *extra_tables,
            _chain_table(queries.steps(conn, transaction.id)),
        ),
    )


def cancellation_paper(
    conn: Connection, book: Book, transaction_id: str, *, stamp: Text | None = None
) -> Paper | Refusal:
    """自愿注销证明: units that are gone for good, by their numbers.

    Refuses with REG-6001 (not a voluntary cancellation) and as `transaction_paper` does. Source:
    碳排放权交易管理办法(试行), art. 19.
    """
    transaction = queries.transaction(conn, transaction_id)
    if isinstance(transaction, Refusal):
        return transaction
    if transaction.type.code not in CANCELLATIONS:
        return not_that_kind(transaction, CANCELLATION, CANCELLATIONS)
    name = parties.subject_by_id(conn, transaction.subject_id).name
    if transaction.ended_seq is not None:
        name = papers.subject_at(conn, transaction.subject_id, transaction.ended_seq).name
    total = _total(conn, transaction)
    return transaction_paper(
        conn,
        book,
        transaction_id,
        title=Text("自愿注销证明", "Certificate of voluntary cancellation"),
        lead=Text(
            f"兹证明:{name} 自愿注销 {total.zh},已经登记生效。注销的数量不再流通,也不得恢复。",
            f"{name} has voluntarily cancelled {total.en}. They are out of circulation for good.",
        ),
        stamp=stamp,
    )


def holding_paper(
    conn: Connection,
    book: Book,
    subject_handle: str,
    seq: int,
    cells: Iterable[Cell],
    *,
    stamp: Text | None = None,
) -> Paper | Refusal:
    """持有证明: what a subject's accounts held after entry `seq`. cells: the book's then, others' too.

    Refuses with PAR-1004 (no such subject) or BOOK-1202 (serial numbers were not followed so far: read with
    `serials.reading`).
    """
    found = parties.subject(conn, subject_handle)
    if isinstance(found, Refusal):
        return found
    if refused := book_serials.behind(conn, book.log, seq):
        return refused
    subject = papers.subject_at(conn, found.id, seq)
    position = papers.position_of(conn, book, seq)
    day = business_date(position.time_ns)
    codes = {one.number: one.code for one in parties.accounts_of(conn, subject.id)}
    tables, _ = papers.held_table(conn, book.log, codes, seq, subject.handle)
    stamped = papers.stamps(conn, [subject], stamp)
    return papers.composed(
        conn,
        position,
        papers.number(HOLDING, position, subject.id),
        stamped,
        title=Text("持有证明", "Certificate of holdings"),
        lead=Text(
            f"兹证明:截至 {day}(登记簿第 {position.seq} 条),{subject.name} 的账户持有情况如下。",
            f"At {day} (entry {position.seq} of the log) the accounts of {subject.name} hold the following.",
        ),
        parts=(
            Facts(papers.subject_rows(subject)),
            _holding_table(conn, cells, subject, seq),
            *tables,
        ),
    )


def not_effected(transaction: Transaction) -> Refusal:
    state = TRANSACTION_STATE_LABELS[transaction.state]
    return NOT_EFFECTED(field="transaction", id=transaction.id, state_zh=state.zh, state_en=state.en)


def not_that_kind(transaction: Transaction, certificate: Text, known: Sequence[str]) -> Refusal:
    return NOT_THAT_KIND(
        field="transaction",
        id=transaction.id,
        type=transaction.type.name,
        certificate=certificate,
        known=", ".join(known),
    )


# -- what it says ------------------------------------------------------------------------------------------


def _lead(subject: Subject, transaction: Transaction) -> Text:
    name = transaction.type.name
    return Text(
        f"兹证明:{subject.name} 的“{name.zh}”业务已经登记生效。",
        f"The {name.en} of {subject.name} has been registered and has taken effect.",
    )


def _transaction_rows(conn: Connection, transaction: Transaction) -> tuple[Row, ...]:
    assert transaction.ended_ns is not None
    rows: list[Row] = [
        (Text("业务类型", "Transaction"), transaction.type.name),
        (Text("业务编号", "Number"), transaction.id),
        (Text("合计", "Total"), _total(conn, transaction)),
        (Text("申请时间", "Proposed"), papers.when(transaction.proposed_ns)),
        (Text("生效时间", "Took effect"), papers.when(transaction.ended_ns)),
    ]
    if "price_fen" in transaction.details:
        price = yuan(int(transaction.details["price_fen"]))
        rows.append((Text("成交价", "Price"), Text(f"{price} 元/吨", f"{price} CNY/t")))
    if transaction.batch:
        rows.append((Text("批次", "Batch"), transaction.batch))
    return tuple(rows)


def _total(conn: Connection, transaction: Transaction) -> Text:
    """The sum of its units; cash beside them, where both move, is the table's to show."""
    known = {one.number: one for one in queries.instruments(conn)}
    units = [one for one in transaction.lines if known[one.instrument].kind is not InstrumentKind.CASH]
    lines = units or transaction.lines
    return amount(known[lines[0].instrument], sum(line.quantity for line in lines))


def _line_table(conn: Connection, transaction: Transaction, seq: int) -> Table:
    known = {one.number: one for one in queries.instruments(conn)}
    return Table(
        Text("明细", "Lines"),
        (Text("产品", "Instrument"), Text("转出", "From"), Text("转入", "To"), Text("数量", "Quantity")),
        tuple(
            (
                papers.instrument_label(known[line.instrument]),
                papers.account_label(conn, line.debit, transaction.subject_id, seq),
                papers.account_label(conn, line.credit, transaction.subject_id, seq),
                amount(known[line.instrument], line.quantity),
            )
            for line in transaction.lines
        ),
        frozenset({3}),
    )


def _moved_table(conn: Connection, id: str, numbers: Sequence[Numbers]) -> tuple[Table, ...]:
    """The numbers that a transaction moved; no table where units have none."""
    shown = numbers[: papers.RANGES_SHOWN]
    codes = {one.account: parties.account_by_number(conn, one.account).code for one in shown}
    rows = [(str(one), amount(one.instrument, one.units), codes[one.account]) for one in shown]
    how = f"tanshu serial moved {id} --plain"
    return papers.numbers_table(rows, Text("转入", "To"), [str(one) for one in numbers], how)


def _chain_table(steps: Sequence[Step]) -> Table:
    return Table(
        Text("审批过程", "Approvals, as taken"),
        (
            Text("步骤", "Step"),
            Text("机构", "Organisation"),
            Text("办理", "Act"),
            Text("经办人", "Person"),
            Text("时间(上海)", "Time (Shanghai)"),
            Text("条目", "Entry"),
        ),
        tuple(
            (
                str(number),
                ORGANISATIONS.get(step.by) or step.by,
                ACTS.get(step.act) or step.act,
                step.person,
                shanghai_text(step.time_ns),
                str(step.seq),
            )
            for number, step in enumerate(steps, start=1)
        ),
        frozenset({5}),
    )


def _holding_table(conn: Connection, cells: Iterable[Cell], subject: Subject, seq: int) -> Table:
    known = {one.number: one for one in queries.instruments(conn)}
    accounts = {
        one.number: papers.account_label(conn, one.number, subject.id, seq)
        for one in parties.accounts_of(conn, subject.id)
    }
    theirs = [cell for cell in cells if cell.account in accounts]
    return Table(
        Text("持有", "Holdings"),
        (
            Text("账户", "Account"),
            Text("产品", "Instrument"),
            Text("可用", "Available"),
            Text("冻结", "Held"),
            Text("合计", "Total"),
        ),
        tuple(_holding_cells(accounts[cell.account], known[cell.instrument], cell) for cell in theirs),
        frozenset({2, 3, 4}),
    )


def _holding_cells(account: Text, instrument: Instrument, cell: Cell) -> Sequence[Words]:
    quantities = (cell.available, cell.held, cell.available + cell.held)
    return (
        account,
        papers.instrument_label(instrument),
        *(amount(instrument, one) for one in quantities),
    )
