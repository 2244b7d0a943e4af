"""Certificates of the register: of one transaction that took effect, of what a subject holds.

A certificate repeats what the log holds and names its place in it, so that whoever has the book can check it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from tanshu.base.clock import business_date, shanghai_text
from tanshu.base.documents import render
from tanshu.base.quantity import yuan
from tanshu.base.refusal import Refusal, refusal
from tanshu.base.text import Lang, Text
from tanshu.book import serials as book_serials
from tanshu.book.commit import Book
from tanshu.book.state import Cell, State
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.parties.model import ACCOUNT_TYPES, Subject, SubjectKind
from tanshu.registry import queries, serials
from tanshu.registry.model import (
    TRANSACTION_STATE_LABELS,
    Instrument,
    Step,
    Transaction,
    TransactionState,
)
from tanshu.registry.serials import Numbers
from tanshu.registry.types import InstrumentKind
from tanshu.rules.terms import ACTS, ORGANISATIONS

NOT_EFFECTED = refusal(
    "REG-4001",
    "业务 {id} 的状态是“{state_zh}”,只有已生效的业务才有证明。",
    "The transaction {id} is {state_en}; only one that took effect has a certificate.",
)
FICTIONAL = Text(
    "虚构主体:仅供演示,不是真实企业。", "A fictional subject, for demonstration: no real company."
)
RANGES_SHOWN = 50
"""A certificate lists so many ranges of serial numbers; of more it names the whole list's hash."""

Cells = Sequence[Text | str]
Row = tuple[Text, Text | str]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the log; hash is hexadecimal."""

    book: str
    seq: int
    time_ns: int
    hash: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table on a certificate.

    numbers: the indexes of its right-aligned columns. note: what stands below it.
    """

    title: Text
    columns: Sequence[Text]
    rows: Sequence[Cells]
    numbers: frozenset[int] = frozenset()
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything a certificate says, before it is in one language."""

    title: Text
    number: str
    registry: str
    lead: Text
    rows: Sequence[Row]
    tables: Sequence[Table]
    position: Position
    check: Text
    stamp: Text | None = None


def certificate(
    conn: Connection,
    book: Book,
    transaction_id: str,
    lang: Lang,
    *,
    title: Text | None = None,
    lead: Text | None = None,
    extra_rows: Sequence[Row] = (),
    extra_tables: Sequence[Table] = (),
    stamp: Text | None = None,
) -> str | Refusal:
    """The certificate of a transaction that took effect, as one HTML page.

    title, lead and the extras let the room that owns the type say more. Refuses with REG-3105 (no such
    transaction), REG-4001 (it has not taken effect) or BOOK-1202 (serial numbers were not followed so far:
    read with `serials.reading`).
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
    subject = parties.subject_by_id(conn, transaction.subject_id)
    name = transaction.type.name
    position = position_of(conn, book, transaction.ended_seq)
    paper = Paper(
        title=title or Text(f"登记证明 · {name.zh}", f"Certificate of registration · {name.en}"),
        number=transaction.id,
        registry=_registry_name(conn),
        lead=lead or _lead(subject, transaction),
        rows=(*_subject_rows(subject), *_transaction_rows(conn, transaction), *extra_rows),
        tables=(
            _line_table(conn, transaction),
            *_moved_table(conn, transaction.id, numbers),
            *extra_tables,
            _chain_table(queries.steps(conn, transaction.id)),
        ),
        position=position,
        check=how_to_check(position),
        stamp=stamp or (FICTIONAL if subject.fictional else None),
    )
    return render("tanshu.registry", "certificate.html", lang, paper=paper)


def holding_certificate(
    conn: Connection, book: Book, state: State, subject_handle: str, lang: Lang, *, stamp: Text | None = None
) -> str | Refusal:
    """What a subject's accounts hold at the book's newest entry; `state` is the book's, caught up.

    Refuses with PAR-1004 (no such subject) or BOOK-1202 (serial numbers were not followed so far: read with
    `serials.reading`).
    """
    subject = parties.subject(conn, subject_handle)
    if isinstance(subject, Refusal):
        return subject
    if refused := book_serials.behind(conn, book.log, book.tail.seq):
        return refused
    position = position_of(conn, book, book.tail.seq)
    day = business_date(position.time_ns)
    paper = Paper(
        title=Text("持有证明", "Certificate of holdings"),
        number=subject.handle,
        registry=_registry_name(conn),
        lead=Text(
            f"兹证明:截至 {day}(登记簿第 {position.seq} 条),{subject.name} 的账户持有情况如下。",
            f"At {day} (entry {position.seq} of the log) the accounts of {subject.name} hold the following.",
        ),
        rows=_subject_rows(subject),
        tables=(_holding_table(conn, state, subject), *_held_table(conn, book.log, subject, position.seq)),
        position=position,
        check=how_to_check(position),
        stamp=stamp or (FICTIONAL if subject.fictional else None),
    )
    return render("tanshu.registry", "certificate.html", lang, paper=paper)


def not_effected(transaction: Transaction) -> Refusal:
    state = TRANSACTION_STATE_LABELS[transaction.state]
    return NOT_EFFECTED(field="transaction", id=transaction.id, state_zh=state.zh, state_en=state.en)


def position_of(conn: Connection, book: Book, seq: int) -> Position:
    """The place of an entry that is in the log."""
    entry = next(store.read(conn, book.log, after=seq - 1, upto=seq))
    return Position(store.book_name(conn, book.log) or "", entry.seq, entry.time_ns, entry.hash.hex())


def how_to_check(position: Position) -> Text:
    """How somebody who has the book checks a paper that names this position."""
    return Text(
        f"核验:对本账簿运行 tanshu book audit,它从第 0 条起重算整条哈希链与全部余额;第 {position.seq} "
        "条的哈希须与上文逐字一致。改动任何一条历史记录,其后的全部哈希都会改变。",
        f"To check: run tanshu book audit on this book. It recomputes the whole hash chain and every balance "
        f"from entry 0; the hash of entry {position.seq} must be the one above, to the letter. "
        "Changing any record of the past changes every hash after it.",
    )


def amount(instrument: Instrument, quantity: int) -> Text:
    """A quantity with its unit: tonnes, or yuan for cash."""
    if instrument.kind is InstrumentKind.CASH:
        return Text(f"{yuan(quantity)} 元", f"{yuan(quantity)} {instrument.code}")
    return Text(f"{quantity:,} 吨", f"{quantity:,} t")


# -- what it says ------------------------------------------------------------------------------------------


def _registry_name(conn: Connection) -> str:
    registry = parties.only_of_kind(conn, SubjectKind.REGISTRY)
    return registry.name if registry else ""


def _lead(subject: Subject, transaction: Transaction) -> Text:
    name = transaction.type.name
    return Text(
        f"兹证明:{subject.name} 的“{name.zh}”业务已经登记生效。",
        f"The {name.en} of {subject.name} has been registered and has taken effect.",
    )


def _subject_rows(subject: Subject) -> tuple[Row, ...]:
    code = Text("统一社会信用代码", "Credit code") if subject.uscc else Text("主体代号", "Handle")
    return (
        (Text("主体", "Subject"), subject.name),
        (code, subject.uscc or subject.handle),
    )


def _transaction_rows(conn: Connection, transaction: Transaction) -> tuple[Row, ...]:
    assert transaction.ended_ns is not None
    rows: list[Row] = [
        (Text("业务类型", "Transaction"), transaction.type.name),
        (Text("业务编号", "Number"), transaction.id),
        (Text("合计", "Total"), _total(conn, transaction)),
        (Text("申请时间", "Proposed"), _when(transaction.proposed_ns)),
        (Text("生效时间", "Took effect"), _when(transaction.ended_ns)),
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


def _line_table(conn: Connection, transaction: Transaction) -> Table:
    known = {one.number: one for one in queries.instruments(conn)}
    return Table(
        Text("明细", "Lines"),
        (Text("产品", "Instrument"), Text("转出", "From"), Text("转入", "To"), Text("数量", "Quantity")),
        tuple(
            (
                _instrument(known[line.instrument]),
                _account(conn, line.debit, transaction.subject_id),
                _account(conn, line.credit, transaction.subject_id),
                amount(known[line.instrument], line.quantity),
            )
            for line in transaction.lines
        ),
        frozenset({3}),
    )


def _instrument(instrument: Instrument) -> Text:
    """Title and code; a title that names the code is enough."""
    code, title = instrument.code, instrument.title
    if code in title.zh and code in title.en:
        return title
    return Text(f"{title.zh} {code}", f"{title.en} {code}")


def _account(conn: Connection, number: int, of: str) -> Text:
    """An account by code and kind; whose it is, unless it is the subject's own or the register's."""
    account = parties.account_by_number(conn, number)
    label = ACCOUNT_TYPES[account.kind].label
    owner = parties.subject_by_id(conn, account.subject_id)
    name = "" if owner.id == of or owner.kind is SubjectKind.REGISTRY else owner.name
    return Text(f"{account.code}({label.zh}){name}", f"{account.code} ({label.en}) {name}".strip())


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


def _holding_table(conn: Connection, state: State, subject: Subject) -> Table:
    known = {one.number: one for one in queries.instruments(conn)}
    accounts = {
        one.number: _account(conn, one.number, subject.id) for one in parties.accounts_of(conn, subject.id)
    }
    cells = [cell for cell in state.cells() if cell.account in accounts]
    return Table(
        Text("持有", "Holdings"),
        (
            Text("账户", "Account"),
            Text("产品", "Instrument"),
            Text("可用", "Available"),
            Text("冻结", "Held"),
            Text("合计", "Total"),
        ),
        tuple(_holding_cells(accounts[cell.account], known[cell.instrument], cell) for cell in cells),
        frozenset({2, 3, 4}),
    )


def _holding_cells(account: Text, instrument: Instrument, cell: Cell) -> Cells:
    quantities = (cell.available, cell.held, cell.available + cell.held)
    return (account, _instrument(instrument), *(amount(instrument, one) for one in quantities))


# -- serial numbers ----------------------------------------------------------------------------------------


def _moved_table(conn: Connection, id: str, numbers: Sequence[Numbers]) -> tuple[Table, ...]:
    """The numbers that a transaction moved; no table where units have none."""
    shown = numbers[:RANGES_SHOWN]
    codes = {one.account: parties.account_by_number(conn, one.account).code for one in shown}
    rows = [(str(one), amount(one.instrument, one.units), codes[one.account]) for one in shown]
    how = f"tanshu serial moved {id} --plain"
    return _numbers_table(rows, Text("转入", "To"), [str(one) for one in numbers], how)


def _held_table(conn: Connection, log: int, subject: Subject, seq: int) -> tuple[Table, ...]:
    """The numbers of what a subject's accounts have after entry `seq`."""
    codes = {one.number: one.code for one in parties.accounts_of(conn, subject.id)}
    numbers = serials.held(conn, log, codes, serials.serialised(conn, log).values(), seq)
    rows = [
        (str(one), amount(one.instrument, one.units), _place(codes[one.account], one))
        for one in numbers[:RANGES_SHOWN]
    ]
    lines = [serials.line(codes[one.account], one) for one in numbers]
    how = f"tanshu serial list {subject.handle} --as-of seq:{seq} --plain"
    return _numbers_table(rows, Text("账户", "Account"), lines, how)


def _place(account: str, one: Numbers) -> Text:
    state = Text("冻结", "held") if one.hold else Text("可用", "available")
    return Text(f"{account} {state.zh}", f"{account} {state.en}")


def _numbers_table(shown: Sequence[Cells], where: Text, lines: Sequence[str], how: str) -> tuple[Table, ...]:
    """lines: the whole list, as `how` prints it; the table shows the first of them."""
    if not lines:
        return ()
    columns = (Text("序列号", "Serial numbers"), Text("数量", "Quantity"), where)
    note = None
    if len(lines) > len(shown):
        list_hash, more = serials.list_hash(lines), len(lines) - len(shown)
        note = Text(
            f"共 {len(lines):,} 段,此处列出前 {len(shown)} 段,另有 {more:,} 段。"
            f"完整清单由 {how} 给出,其 SHA-256 为 {list_hash}。",
            f"The first {len(shown)} of {len(lines):,} ranges; {more:,} more are not shown. "
            f"The whole list is what {how} prints; its SHA-256 is {list_hash}.",
        )
    return (Table(Text("序列号", "Serial numbers"), columns, shown, frozenset({1}), note),)


def _when(time_ns: int) -> Text:
    text = shanghai_text(time_ns)
    return Text(f"{text}(上海时间)", f"{text} (Shanghai)")
