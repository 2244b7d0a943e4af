"""The register as tables for other programs: what there is, as of an entry, row by row.

Quantities are whole minor units (1 t; 1 fen; `scale` says how many decimals). Columns that tell of a state
which the register keeps only as it is now are empty when a past moment is asked for; the table says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, Row, and_, func, literal_column, or_, select

from tanshu.base.clock import shanghai_text
from tanshu.base.refusal import Refusal, refusal
from tanshu.base.tabular import Cell, Column, Kind, Sheet
from tanshu.base.text import Text
from tanshu.book.movements import HOLDING, MOVEMENT
from tanshu.book.records import POSITION_BITS, RECORDS_MAX, Op, position
from tanshu.log import store
from tanshu.log.store import LOG_ENTRY
from tanshu.parties import queries as parties
from tanshu.parties.model import Subject
from tanshu.parties.tables import ACCOUNT, SUBJECT, SUBJECT_NAME
from tanshu.registry import papers, past_claims, settled
from tanshu.registry.encumbrances.tables import CLAIM
from tanshu.registry.notice_tables import NOTICE
from tanshu.registry.papers import Position
from tanshu.registry.tables import INSTRUMENT, TRANSACTION, TRANSACTION_LINE
from tanshu.registry.types import BY_NUMBER
from tanshu.rules import packs
from tanshu.rules.terms import STATUSES

EXPORT_UNKNOWN = refusal(
    "REG-6301",
    "没有“{value}”这一导出,可用:{known}。",
    "There is no export “{value}”; known are {known}.",
)
FETCH = 2_000
"""Rows fetched together: what an export holds in memory."""
_BITS: ColumnElement[int] = literal_column(str(POSITION_BITS))
PENDING = "pending"
ENDED = "ended"
NOW_ONLY = Text(
    "指明过去时点时,账户的 state 列留空(只记现时状态)。",
    "As of a past moment an account's state, which is kept only as it is now, is empty.",
)


@dataclass(frozen=True, slots=True)
class Moment:
    """As of which entry of which log; is_now: it is the newest."""

    log: int
    seq: int
    is_now: bool


Rows = Callable[[Connection, Moment], Iterator[Sequence[Cell]]]


@dataclass(frozen=True, slots=True)
class Export:
    """One table: its columns, and how its rows are read."""

    title: Text
    columns: tuple[Column, ...]
    rows: Rows


def export_named(value: str) -> Export | Refusal:
    """Refuses with REG-6301."""
    found = EXPORTS.get(value)
    return found or EXPORT_UNKNOWN(field="what", value=value, known=", ".join(EXPORTS))


def sheet(conn: Connection, export: Export, moment: Moment, at: Position, stamp: Text | None = None) -> Sheet:
    """The table, to be written while `conn` is open. stamp: what nobody may overlook."""
    return Sheet(export.title, export.columns, export.rows(conn, moment), about(conn, at, stamp), at.time_ns)


def about(
    conn: Connection,
    at: Position,
    stamp: Text | None,
    subjects: Sequence[Subject] = (),
    rules: Iterable[str] = (),
) -> tuple[tuple[Text, Text | str], ...]:
    """Where a table is from: the book, the entry with its hash, and which rules were in what state.

    stamp, subjects, rules: as for a paper, what nobody may overlook.
    """
    jurisdiction = parties.jurisdiction(conn)
    lines = papers.stamps(conn, subjects, stamp, rules).lines
    return (
        *((Text(f"提示 {n}", f"Notice {n}"), line) for n, line in enumerate(lines, start=1)),
        (Text("账簿", "Book"), at.book),
        (Text("截至条目", "As of entry"), str(at.seq)),
        (Text("时间(上海)", "Time (Shanghai)"), shanghai_text(at.time_ns)),
        (Text("条目哈希(SHA-256)", "Entry hash (SHA-256)"), at.hash),
        (Text("数量单位", "Quantities"), Text("最小单位:1 吨;1 分", "minor units: 1 t; 1 fen")),
        (Text("说明", "Remark"), NOW_ONLY),
        *_pack_states(jurisdiction),
    )


def _pack_states(jurisdiction: str) -> Iterator[tuple[Text, Text]]:
    for one in packs.summaries():
        name = str(one["name"])
        if name.startswith(f"{jurisdiction}.") and "status" in one:
            yield Text(f"规则包 {name}", f"Rule pack {name}"), STATUSES[str(one["status"])]


# -- columns -----------------------------------------------------------------------------------------------


def _text(name: str, zh: str) -> Column:
    return Column(name, Text(zh, name.replace("_", " ")))


def _whole(name: str, zh: str) -> Column:
    return Column(name, Text(zh, name.replace("_", " ")), Kind.INTEGER)


def _day(name: str, zh: str) -> Column:
    return Column(name, Text(zh, name.replace("_", " ")), Kind.DAY)


_OWNER = (_text("subject", "主体代号"), _text("name", "主体名称"), _text("region", "行政区划"))
_WHAT = (_text("instrument", "产品"), _whole("scale", "小数位"))
_ACCOUNTS = (
    _whole("number", "账簿编号"),
    _text("account", "账户"),
    _text("kind", "账户类别"),
    _text("state", "状态"),
    *_OWNER,
    _text("subject_kind", "主体类型"),
    _text("credit_code", "统一社会信用代码"),
    _whole("opened_entry", "开立条目"),
)
_HOLDINGS = (
    _text("account", "账户"),
    _text("kind", "账户类别"),
    *_OWNER,
    *_WHAT,
    _whole("available", "可用"),
    _whole("held", "冻结"),
)
_TRANSACTIONS = (
    _text("transaction", "业务编号"),
    _text("type", "业务类型"),
    _text("state", "状态"),
    _text("subject", "主体代号"),
    _whole("year", "履约年度"),
    _text("batch", "批次"),
    _whole("line", "明细"),
    _text("debit", "转出账户"),
    _text("credit", "转入账户"),
    *_WHAT,
    _whole("quantity", "数量"),
    _whole("proposed_entry", "申请条目"),
    _text("proposed", "申请时间(上海)"),
    _whole("ended_entry", "结束条目"),
    _text("ended", "结束时间(上海)"),
    _text("reason", "事由"),
)
_MOVEMENTS = (
    _whole("entry", "条目"),
    _whole("record", "笔"),
    _text("time", "时间(上海)"),
    _text("account", "账户"),
    *_WHAT,
    _text("operation", "记账操作"),
    _text("type", "业务类型"),
    _text("counterparty", "对方账户"),
    _whole("available_change", "可用变动"),
    _whole("held_change", "冻结变动"),
    _whole("available", "可用"),
    _whole("held", "冻结"),
)
_CLAIMS = (
    _text("claim", "权利编号"),
    _text("class", "类别"),
    _text("account", "账户"),
    *_WHAT,
    _whole("ordered", "裁定或登记数量"),
    _whole("held", "实际占用"),
    _text("state", "状态"),
    _text("transaction", "业务编号"),
    _text("beneficiary", "权利人代号"),
    _text("document", "文书"),
    _day("expires_on", "到期日"),
    _whole("registered_entry", "登记条目"),
    _whole("ended_entry", "终止条目"),
)
_NOTICES = (
    _text("notice", "通知书编号"),
    _text("kind", "类别"),
    _text("subject", "主体代号"),
    _text("name", "主体名称"),
    _text("about", "事项编号"),
    _whole("issued_entry", "签发条目"),
    _text("issued", "签发时间(上海)"),
    _day("served_on", "送达日"),
    _text("served_by", "登记人"),
)
_TRADES = (
    _text("trade", "业务编号或成交"),
    _day("traded_on", "成交日"),
    _text("mode", "交易方式"),
    _text("instrument", "产品"),
    _text("seller", "卖方代号"),
    _text("buyer", "买方代号"),
    _whole("quantity", "数量"),
    _whole("price_fen", "价格(分/吨)"),
    _whole("amount_fen", "金额(分)"),
    _whole("settled_entry", "交收条目"),
)


# -- rows --------------------------------------------------------------------------------------------------


def _accounts(conn: Connection, moment: Moment) -> Iterator[Sequence[Cell]]:
    s = SUBJECT.c
    query = (
        select(ACCOUNT, s.handle, s.kind.label("subject_kind"), s.uscc, s.region, _name(moment))
        .join(SUBJECT, s.id == ACCOUNT.c.subject_id)
        .where(ACCOUNT.c.seq <= moment.seq)
        .order_by(ACCOUNT.c.number)
    )
    for row in _stream(conn, query):
        state = row.state if moment.is_now else None
        owner = (row.handle, row.name, row.region)
        yield (row.number, row.code, row.kind, state, *owner, row.subject_kind, row.uscc, row.seq)


def _holdings(conn: Connection, moment: Moment) -> Iterator[Sequence[Cell]]:
    cells = HOLDING.c if moment.is_now else _last(moment).c
    s, i = SUBJECT.c, INSTRUMENT.c
    query = (
        select(
            ACCOUNT.c.code, ACCOUNT.c.kind, s.handle, _name(moment), s.region,
            i.code.label("instrument"), i.scale, cells.available, cells.held,
        )
        .join(ACCOUNT, ACCOUNT.c.number == cells.account)
        .join(SUBJECT, s.id == ACCOUNT.c.subject_id)
        .join(INSTRUMENT, i.number == cells.instrument)
        .where(cells.log == moment.log, or_(cells.available != 0, cells.held != 0))
        .order_by(cells.account, cells.instrument)
    )  # fmt: skip
    yield from map(tuple, _stream(conn, query))


def _last(moment: Moment) -> Any:
    """The last movement of every cell up to the moment."""
    t = MOVEMENT.c
    newest = (
        select(t.account, t.instrument, func.max(t.position).label("position"))
        .where(t.log == moment.log, t.position < position(moment.seq + 1, 0))
        .group_by(t.account, t.instrument)
        .subquery()
    )
    same = and_(
        t.account == newest.c.account, t.instrument == newest.c.instrument, t.position == newest.c.position
    )
    found = select(t.log, t.account, t.instrument, t.available, t.held)
    return found.join(newest, same).where(t.log == moment.log).subquery()


def _transactions(conn: Connection, moment: Moment) -> Iterator[Sequence[Cell]]:
    t, line, i = TRANSACTION.c, TRANSACTION_LINE.c, INSTRUMENT.c
    debit, credit = ACCOUNT.alias("debit"), ACCOUNT.alias("credit")
    query = (
        select(
            TRANSACTION, line.n, line.quantity, i.code.label("instrument"), i.scale, SUBJECT.c.handle,
            debit.c.code.label("debit_code"), credit.c.code.label("credit_code"),
        )
        .join(TRANSACTION_LINE, line.transaction_id == t.id)
        .join(SUBJECT, SUBJECT.c.id == t.subject_id)
        .join(INSTRUMENT, i.number == line.instrument)
        .join(debit, debit.c.number == line.debit)
        .join(credit, credit.c.number == line.credit)
        .where(t.proposed_seq <= moment.seq)
        .order_by(t.proposed_seq, t.id, line.n)
    )  # fmt: skip
    for row in _stream(conn, query):
        ended = row.ended_seq is not None and row.ended_seq <= moment.seq
        yield (
            row.id, row.type, row.state if ended else PENDING, row.handle, row.year, row.batch, row.n + 1,
            row.debit_code, row.credit_code, row.instrument, row.scale, row.quantity,
            row.proposed_seq, shanghai_text(row.proposed_ns),
            row.ended_seq if ended else None, shanghai_text(row.ended_ns) if ended else None, row.reason,
        )  # fmt: skip


def _trades(conn: Connection, moment: Moment) -> Iterator[Sequence[Cell]]:
    """Trades that were settled, whoever did it: by transactions of their own, or by a clearing house."""
    handles = {one.id: one.handle for one in parties.subjects(conn)}
    for seq, one in settled.in_order(conn):
        if seq <= moment.seq:
            who, what = (handles[one.seller_id], handles[one.buyer_id]), (one.quantity, one.price_fen)
            yield (one.transaction, one.day, one.mode, one.instrument, *who, *what, one.amount_fen, seq)


def _movements(conn: Connection, moment: Moment) -> Iterator[Sequence[Cell]]:
    t, i = MOVEMENT.c, INSTRUMENT.c
    counter = ACCOUNT.alias("counter_account")
    its_entry = and_(LOG_ENTRY.c.log == t.log, LOG_ENTRY.c.seq == t.position.op(">>")(_BITS))
    query = (
        select(
            MOVEMENT, LOG_ENTRY.c.time_ns, ACCOUNT.c.code, i.code.label("instrument_code"), i.scale,
            counter.c.code.label("counter_code"),
        )
        .select_from(MOVEMENT)
        .join(LOG_ENTRY, its_entry)
        .join(ACCOUNT, ACCOUNT.c.number == t.account)
        .join(INSTRUMENT, i.number == t.instrument)
        .outerjoin(counter, counter.c.number == t.counter)
        .where(t.log == moment.log, t.position < position(moment.seq + 1, 0))
        .order_by(t.account, t.instrument, t.position)
    )  # fmt: skip
    for row in _stream(conn, query):
        kind = BY_NUMBER.get(row.tag)
        yield (
            row.position >> POSITION_BITS, row.position & (RECORDS_MAX - 1), shanghai_text(row.time_ns),
            row.code, row.instrument_code, row.scale, Op(row.op).name.lower(), kind.code if kind else None,
            row.counter_code, row.available_change, row.held_change, row.available, row.held,
        )  # fmt: skip


def _claims(conn: Connection, moment: Moment) -> Iterator[Sequence[Cell]]:
    c, i = CLAIM.c, INSTRUMENT.c
    query = (
        select(CLAIM, ACCOUNT.c.code, i.code.label("instrument_code"), i.scale, SUBJECT.c.handle)
        .join(ACCOUNT, ACCOUNT.c.number == c.account)
        .join(INSTRUMENT, i.number == c.instrument)
        .outerjoin(SUBJECT, SUBJECT.c.id == c.beneficiary_id)
        .where(c.seq <= moment.seq)
        .order_by(c.seq, c.n)
    )
    past = (
        {} if moment.is_now else {one.id: one for one in past_claims.standing(conn, moment.log, moment.seq)}
    )
    for row in _stream(conn, query):
        then = past.get(row.id) or (row if moment.is_now else None)
        ended = row.ended_seq is not None and row.ended_seq <= moment.seq
        yield (
            row.id, row.cls, row.code, row.instrument_code, row.scale, (then or row).ordered,
            then.held if then else 0, then.state if then else ENDED, row.transaction_id, row.handle,
            (then or row).document, (then or row).expires_on, row.seq, row.ended_seq if ended else None,
        )  # fmt: skip


def _notices(conn: Connection, moment: Moment) -> Iterator[Sequence[Cell]]:
    t = NOTICE.c
    query = (
        select(NOTICE, SUBJECT.c.handle, _name(moment))
        .join(SUBJECT, SUBJECT.c.id == t.subject_id)
        .where(t.issued_seq <= moment.seq)
        .order_by(t.issued_seq, t.id)
    )
    for row in _stream(conn, query):
        known = row.served_seq is not None and row.served_seq <= moment.seq
        yield (
            row.id, row.kind, row.handle, row.name, row.about, row.issued_seq, shanghai_text(row.issued_ns),
            row.served_on if known else None, row.served_by if known else None,
        )  # fmt: skip


def _name(moment: Moment) -> ColumnElement[str]:
    """The subject's newest name as it was known then."""
    n = SUBJECT_NAME.c
    known = select(n.name).where(n.subject_id == SUBJECT.c.id, n.seq <= moment.seq)
    return known.order_by(n.since.desc()).limit(1).scalar_subquery().label("name")


def _stream(conn: Connection, query: Executable) -> Iterator[Row[Any]]:
    """The rows, a few thousand at a time: an export of everything needs no more memory than one of little."""
    yield from conn.execute(query.execution_options(yield_per=FETCH))


def moment_at(conn: Connection, log: int, seq: int, newest: int) -> Moment:
    """As of entry `seq`, which movements are followed to; newest: how far they are."""
    tail = store.tail(conn, log)
    return Moment(log, seq, is_now=seq == newest == (tail[0] if tail else -1))


EXPORTS: Mapping[str, Export] = {
    "accounts": Export(Text("账户", "Accounts"), _ACCOUNTS, _accounts),
    "holdings": Export(Text("持仓", "Holdings"), _HOLDINGS, _holdings),
    "transactions": Export(Text("业务", "Transactions"), _TRANSACTIONS, _transactions),
    "trades": Export(Text("已交收成交", "Settled trades"), _TRADES, _trades),
    "movements": Export(Text("变动明细", "Movements"), _MOVEMENTS, _movements),
    "claims": Export(Text("权利负担", "Claims"), _CLAIMS, _claims),
    "notices": Export(Text("通知书", "Notices"), _NOTICES, _notices),
}
