"""The report's tables as rows of plain values: the same for the workbook, the CSV files and the page.

A cell is text, a whole number of tonnes, an exact Decimal, a date or None. Headings are in one language.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from sqlalchemy import Connection

from tanshu.base.clock import business_date, shanghai_text
from tanshu.base.text import Lang, Text
from tanshu.book.state import State
from tanshu.compliance.obligations import STATUS_LABELS, Status
from tanshu.insight import figures as sums
from tanshu.insight import flows
from tanshu.insight.chart_market import MODES
from tanshu.insight.figures import EntityYear, YearFigures
from tanshu.mrv import queries as mrv
from tanshu.parties import queries as parties
from tanshu.parties.model import ACCOUNT_TYPES
from tanshu.registry import queries as registry
from tanshu.registry.model import TRANSACTION_STATE_LABELS, Line, Transaction
from tanshu.registry.types import InstrumentKind

NOTE = Text("说明", "note")
SHORT_STAMP = Text(
    "虚构的模型数据,不代表任何企业的真实情况。", "Fictional, modelled data; it describes no real company."
)
"""What every row of a CSV file says where the report has a stamp: a row is easily cut from its file."""

Cell = str | int | Decimal | date | None
Kind = Literal["text", "whole", "money", "percent", "day"]


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, what its cells are, and a width in characters."""

    heading: Text
    kind: Kind = "text"
    width: int = 14


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table by name; key is its file name without ending."""

    key: str
    name: Text
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def all_sheets(conn: Connection, state: State, figures: YearFigures, lang: Lang) -> dict[str, Sheet]:
    """Every sheet of a year by key. Words in cells are in `lang`."""
    made = (
        summary(figures, lang),
        entities(figures, lang),
        trades(conn, figures, lang),
        transactions(conn, figures, lang),
        holdings(conn, state, figures, lang),
    )
    return {sheet.key: sheet for sheet in made}


def summary(figures: YearFigures, lang: Lang) -> Sheet:
    """One figure a row."""
    unit = Text("吨", "t").in_(lang)
    rows: list[tuple[Cell, ...]] = [
        (Text("履约年度", "compliance year").in_(lang), figures.year, ""),
        (Text("清缴截止日", "deadline").in_(lang), figures.deadline, ""),
        (Text("重点排放单位", "covered entities").in_(lang), figures.entities, ""),
        (Text("已履约", "compliant").in_(lang), figures.compliant, ""),
    ]
    tonnes = (
        (Text("核查排放量", "verified emissions"), figures.verified_t),
        (Text("预分配", "pre-allocated"), figures.pre_allocated_t),
        (Text("核定配额", "approved"), figures.approved_t),
        (Text("已分配", "allocated"), figures.allocated_t),
        (Text("期初持仓", "opening stock"), figures.opening_t),
        (Text("买入", "bought"), figures.bought_t),
        (Text("卖出", "sold"), figures.sold_t),
        (Text("成交量", "traded"), figures.traded_t),
        (Text("应清缴", "obligation"), figures.obligation_t),
        (Text("清缴", "surrendered"), figures.surrendered_t),
        *((Text(f"其中 {code}", f"of it {code}"), value) for code, value in figures.surrendered.items()),
        (Text("抵销", "offset"), figures.offset_t),
        (Text("尚欠", "short"), figures.short_t),
        (Text("结余", "left"), figures.left_t),
        (Text("可结转(估算)", "carry-over (estimate)"), figures.carry_over_t),
    )
    rows += [(name.in_(lang), value, unit) for name, value in tonnes]
    rows += [
        (Text("成交笔数", "trades").in_(lang), figures.trades, ""),
        (Text("成交额", "amount").in_(lang), sums.yuan(figures.amount_fen), Text("元", "CNY").in_(lang)),
        (Text("均价", "average price").in_(lang), figures.average_price, Text("元/吨", "CNY/t").in_(lang)),
    ]
    balance = Text("守恒检查 {code}", "conservation {code}")
    rows += [(balance.format(code=code).in_(lang), value, "") for code, value in figures.conservation.items()]
    rows += [
        (Text("登记簿条目", "log entry").in_(lang), figures.seq, ""),
        (Text("条目哈希", "entry hash").in_(lang), figures.hash, ""),
    ]
    columns = (
        Column(Text("指标", "figure"), width=24),
        Column(Text("数值", "value"), "whole", 22),
        Column(Text("单位", "unit"), width=10),
    )
    return Sheet("summary", Text("汇总", "summary"), columns, rows)


def entities(figures: YearFigures, lang: Lang) -> Sheet:
    codes = tuple(figures.surrendered)
    columns = (
        Column(Text("名称", "name"), width=34),
        Column(Text("代码", "code"), width=21),
        Column(Text("地区", "place"), width=12),
        Column(Text("虚构主体", "fictional"), width=9),
        Column(Text("核查排放量", "verified t"), "whole"),
        Column(Text("预分配", "pre-allocated t"), "whole"),
        Column(Text("核定配额", "approved t"), "whole"),
        Column(Text("缺口(−)或盈余(+)", "gap t"), "whole", 17),
        Column(Text("缺口率(%)", "gap %"), "percent", 11),
        Column(Text("期初持仓", "opening t"), "whole"),
        Column(Text("买入", "bought t"), "whole"),
        Column(Text("卖出", "sold t"), "whole"),
        Column(Text("清缴", "surrendered t"), "whole"),
        *(Column(Text(f"清缴 {code}", f"surrendered {code} t"), "whole", 16) for code in codes),
        Column(Text("抵销", "offset t"), "whole"),
        Column(Text("尚欠", "due t"), "whole"),
        Column(Text("结余", "left t"), "whole"),
        Column(Text("状态", "status"), width=14),
        Column(Text("截止日状态", "status at the deadline"), width=14),
        Column(Text("可结转(估算)", "carry-over estimate t"), "whole", 16),
    )
    return Sheet(
        "entities",
        Text("重点排放单位", "entities"),
        columns,
        [_entity(row, codes, lang) for row in figures.rows],
    )


def _entity(row: EntityYear, codes: Iterable[str], lang: Lang) -> tuple[Cell, ...]:
    return (
        row.name,
        row.code,
        row.place.in_(lang),
        Text("是" if row.fictional else "", "yes" if row.fictional else "").in_(lang),
        row.verified_t,
        row.pre_allocated_t,
        row.approved_t,
        row.gap_t,
        row.gap_rate,
        row.opening_t,
        row.bought_t,
        row.sold_t,
        row.surrendered_t,
        *(row.surrendered.get(code, 0) for code in codes),
        row.offset_t,
        row.due_t,
        row.left_t,
        _status(row.status, lang),
        _status(row.status_at_deadline, lang),
        row.carry_over_t,
    )


def trades(conn: Connection, figures: YearFigures, lang: Lang) -> Sheet:
    """Every trade that counts for the year, once."""
    names = {one.id: one.name for one in parties.subjects(conn)}
    ids = set(mrv.listed(conn, figures.year))
    found = flows.trades_of(conn, ids, flows.window(conn, figures.year))
    columns = (
        Column(Text("成交日", "day"), "day", 12),
        Column(Text("方式", "mode"), width=12),
        Column(Text("产品", "instrument"), width=11),
        Column(Text("卖方", "seller"), width=34),
        Column(Text("买方", "buyer"), width=34),
        Column(Text("数量(吨)", "quantity t"), "whole"),
        Column(Text("价格(元/吨)", "price CNY/t"), "money", 12),
        Column(Text("金额(元)", "amount CNY"), "money", 18),
        Column(Text("业务编号", "transaction"), width=21),
    )
    rows = [
        (
            trade.day,
            mode_name(trade.mode, lang),
            trade.instrument,
            names[trade.seller_id],
            names[trade.buyer_id],
            trade.quantity,
            sums.yuan(trade.price_fen),
            sums.yuan(trade.amount_fen),
            trade.transaction,
        )
        for trade in found
    ]
    return Sheet("trades", Text("交易", "trades"), columns, rows)


def transactions(conn: Connection, figures: YearFigures, lang: Lang) -> Sheet:
    """Every line of the year's registrations: those for the year, and those of its entities in its window."""
    listed, window = set(mrv.listed(conn, figures.year)), flows.window(conn, figures.year)
    accounts = {one.number: one for one in parties.accounts(conn)}
    known = {one.number: one for one in registry.instruments(conn)}
    names = {one.id: one.name for one in parties.subjects(conn)}

    def belongs(one: Transaction) -> bool:
        if one.year is not None:
            return one.year == figures.year
        return one.subject_id in listed and window.holds(business_date(one.proposed_ns))

    def cells(one: Transaction, line: Line) -> tuple[Cell, ...]:
        cash = known[line.instrument].kind is InstrumentKind.CASH
        return (
            one.id,
            one.type.name.in_(lang),
            TRANSACTION_STATE_LABELS[one.state].in_(lang),
            names[one.subject_id],
            known[line.instrument].code,
            sums.yuan(line.quantity) if cash else line.quantity,
            accounts[line.debit].code,
            accounts[line.credit].code,
            shanghai_text(one.proposed_ns),
            shanghai_text(one.ended_ns) if one.ended_ns else "",
            one.ended_seq,
        )

    columns = (
        Column(Text("业务编号", "transaction"), width=21),
        Column(Text("类型", "type"), width=14),
        Column(Text("状态", "state"), width=10),
        Column(Text("主体", "subject"), width=34),
        Column(Text("产品", "instrument"), width=11),
        Column(Text("数量(吨;资金为元)", "quantity (t; cash: CNY)"), "whole", 20),
        Column(Text("转出账户", "from"), width=18),
        Column(Text("转入账户", "to"), width=18),
        Column(Text("申请时间(上海)", "proposed (Shanghai)"), width=20),
        Column(Text("生效时间(上海)", "effective (Shanghai)"), width=20),
        Column(Text("条目", "entry"), "whole", 8),
    )
    rows = [cells(one, line) for one in registry.transactions(conn) if belongs(one) for line in one.lines]
    return Sheet("transactions", Text("登记业务", "transactions"), columns, rows)


def holdings(conn: Connection, state: State, figures: YearFigures, lang: Lang) -> Sheet:
    """What the entities' accounts hold now, cell by cell, cash included."""
    listed = mrv.listed(conn, figures.year)
    subjects = {one.id: one for one in parties.subjects(conn)}
    accounts = {one.number: one for one in parties.accounts(conn) if one.subject_id in listed}
    known = {one.number: one for one in registry.instruments(conn)}
    columns = (
        Column(Text("名称", "name"), width=34),
        Column(Text("代码", "code"), width=21),
        Column(Text("账户", "account"), width=18),
        Column(Text("账户类型", "kind"), width=13),
        Column(Text("产品", "instrument"), width=11),
        Column(Text("可用(吨;资金为元)", "available (t; cash: CNY)"), "whole", 20),
        Column(Text("冻结(吨;资金为元)", "held (t; cash: CNY)"), "whole", 20),
    )
    rows: list[tuple[Cell, ...]] = []
    for cell in state.cells():
        account = accounts.get(cell.account)
        if account is None:
            continue
        owner, instrument = subjects[account.subject_id], known[cell.instrument]
        cash = instrument.kind is InstrumentKind.CASH
        rows.append(
            (
                owner.name,
                owner.handle,
                account.code,
                ACCOUNT_TYPES[account.kind].label.in_(lang),
                instrument.code,
                sums.yuan(cell.available) if cash else cell.available,
                sums.yuan(cell.held) if cash else cell.held,
            )
        )
    return Sheet("holdings", Text("持仓", "holdings"), columns, rows)


def mode_name(mode: str, lang: Lang) -> str:
    """A trading mode in words; an unknown one stays as it is."""
    return MODES[mode].in_(lang) if mode in MODES else mode


def to_csv(sheet: Sheet, lang: Lang, stamp: Text | None = None) -> bytes:
    """UTF-8 with a byte-order mark, so that Excel reads Chinese; numbers without thousands commas.

    stamp: said on every row, in a last column.
    """
    heading, last = ([NOTE.in_(lang)], [stamp.in_(lang)]) if stamp else ([], [])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.heading.in_(lang) for column in sheet.columns] + heading)
    writer.writerows([[_csv(cell) for cell in row] + last for row in sheet.rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _csv(cell: Cell) -> str:
    """Text that a spreadsheet would take for a formula is quoted with an apostrophe."""
    if isinstance(cell, str):
        return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell
    return "" if cell is None else str(cell)


def _status(status: Status | None, lang: Lang) -> str:
    return STATUS_LABELS[status].in_(lang) if status else ""
