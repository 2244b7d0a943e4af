"""The market's settlement report as programs take it: a table, a JSON object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tanshu.base.clock import shanghai_text
from tanshu.base.tabular import Cell, Column, Kind, Sheet
from tanshu.base.text import Text
from tanshu.clearing.statements.computing import Money
from tanshu.clearing.statements.customer_views import FIELDS, TONNES
from tanshu.clearing.statements.market_report import MarketReport, columns_of
from tanshu.clearing.statements.market_report_views import TITLE, facts, number

_NUMBERS: tuple[tuple[str, Text], ...] = (
    ("trades", Text("成交(笔,按边)", "trades (sides)")),
    *TONNES,
    *((name, Text(f"{label.zh}(分)", f"{label.en}, fen")) for name, label in FIELDS),
)
COLUMNS = (
    Column("row", Text("行", "row")),
    Column("market", Text("市场", "market")),
    Column("instrument", Text("产品", "instrument")),
    Column("mode", Text("交易方式", "mode")),
    Column("subject", Text("主体", "subject")),
    Column("name", Text("名称", "name")),
    Column("tonnes", Text("数量(吨)", "tonnes"), Kind.INTEGER),
    Column("amount_fen", Text("金额(分)", "amount, fen"), Kind.INTEGER),
    Column("trading_fees_fen", Text("交易手续费(分)", "trading fees, fen"), Kind.INTEGER),
    Column("settlement_fees_fen", Text("结算手续费(分)", "settlement fees, fen"), Kind.INTEGER),
    *(Column(name, label, Kind.INTEGER) for name, label in _NUMBERS),
    Column("note", Text("备注", "note")),
)


def sheet(found: MarketReport, about: Sequence[tuple[Text, Text | str]]) -> Sheet:
    """The report as a table: products and modes, everybody's statement, money, fails, differences."""
    said = [*facts(found), (Text("编号", "Number"), number(found)), *about]
    return Sheet(TITLE, COLUMNS, _sheet_rows(found), said, found.stated.time_ns)


def as_json(found: MarketReport) -> dict[str, object]:
    return {
        "number": number(found),
        "day": found.day.day,
        "state": found.day.state,
        "seq": found.stated.seq,
        "time": shanghai_text(found.stated.time_ns),
        "hash": found.stated.hash,
        "statements": len(found.statements),
        "statements_hash": found.day.statements_hash,
        "differences": found.day.differences,
        "markets": [{name: getattr(one, name) for name in _MARKET} for one in found.markets],
        "traded": [
            {
                "market": one.market,
                "instrument": one.instrument,
                "mode": one.mode.name.lower(),
                "trades": one.trades,
                "tonnes": one.tonnes,
                "amount": one.amount,
                "trading_fees": one.trading_fees,
                "settlement_fees": one.settlement_fees,
            }
            for one in found.lines
        ],
        "totals": found.theirs._asdict(),
        "sum_of_statements": found.ours._asdict(),
        "agrees": found.agrees,
        "opening": found.opening,
        "closing": found.closing,
        "house": [
            {"account": one.account.code, "kind": one.account.kind, "owner": one.owner, "amount": one.amount}
            for one in found.house
        ],
        "holdings": [
            {
                "instrument": one.instrument,
                "trading_available": one.trading_available,
                "trading_held": one.trading_held,
                "registration_available": one.registration_available,
                "registration_held": one.registration_held,
            }
            for one in found.holdings
        ],
        "fails": [
            {
                "market": one.market,
                "trade": one.trade,
                "quantity": one.quantity,
                "amount": one.amount,
                "account": one.account,
                "why": one.why,
                "state": one.state,
            }
            for one in found.fails
        ],
        "breaks": [{name: getattr(one, name) for name in _BREAK} for one in found.breaks],
        "explained": [{name: getattr(one, name) for name in _EXPLAINED} for one in found.explained],
        "seal": {
            name: getattr(found.day, name) for name in ("sealed_seq", "log_seq", "log_hash", "state_hash")
        },
    }


_MARKET = (
    *("market", "pack", "model", "trades", "tonnes", "amount", "trading_fees", "settlement_fees"),
    *("delivered", "failed", "trades_hash"),
)
_BREAK = ("kind", "side", "about", "ours", "theirs", "cause")
_EXPLAINED = ("id", *_BREAK, "reason", "document", "state", "asked_by", "granted_by", "ended_on")


# -- the table ---------------------------------------------------------------------------------------------

_EMPTY: dict[str, Cell] = dict.fromkeys(column.name for column in COLUMNS)


def _row(**cells: Cell) -> Sequence[Cell]:
    return tuple({**_EMPTY, **cells}.values())


def _sheet_rows(found: MarketReport) -> Iterator[Sequence[Cell]]:
    for one in found.lines:
        yield _row(
            row="traded",
            market=one.market,
            instrument=one.instrument,
            mode=one.mode.name.lower(),
            trades=one.trades,
            tonnes=one.tonnes,
            amount_fen=one.amount,
            trading_fees_fen=one.trading_fees,
            settlement_fees_fen=one.settlement_fees,
        )
    for subject, row in zip(found.people, found.statements, strict=True):
        yield _row(row="statement", subject=subject.handle, name=subject.name, **columns_of(row))
    yield _row(row="sum-of-statements", **_sum(found))
    for one in found.house:
        yield _row(
            row="house",
            subject=one.account.code,
            name=one.owner,
            amount_fen=one.amount,
            note=one.account.kind,
        )
    for one in found.fails:
        yield _row(
            row="failed",
            market=one.market,
            trades=one.trade,
            tonnes=one.quantity,
            amount_fen=one.amount,
            subject=one.account,
            note=one.why,
        )
    for one in found.breaks:
        yield _row(row="difference", subject=one.about, amount_fen=one.ours - one.theirs, note=one.cause)


def _sum(found: MarketReport) -> dict[str, int]:
    rows = [columns_of(row) for row in found.statements]
    return {name: sum(row[name] for row in rows) for name in Money._fields}
