"""A statement of a settlement day as people and programs take it: a paper, a table, a JSON object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from tanshu.base.bridge import Step
from tanshu.base.clock import shanghai_text
from tanshu.base.documents import Bridge, Facts, Paper, Paragraphs, Part, Table, Words
from tanshu.base.quantity import yuan
from tanshu.base.tabular import Cell, Column, Kind, Sheet
from tanshu.base.text import Text
from tanshu.clearing.model import DAY_LABELS, DayState
from tanshu.clearing.statements.customer import CustomerStatement, Failed, Holding, Traded
from tanshu.exchange.figures.words import SIDES
from tanshu.parties.model import ACCOUNT_TYPES
from tanshu.registry import papers
from tanshu.rules.clearing_pack import ClearingRules

LETTER = "J"
TITLE = Text("结算单", "Settlement statement")
FIELDS: tuple[tuple[str, Text], ...] = (
    ("opening", Text("期初资金", "Opening cash")),
    ("cash_in", Text("入金", "Cash in")),
    ("cash_out", Text("出金", "Cash out")),
    ("other", Text("其他收付(结息、垫付、更正等)", "Other (interest, covers, corrections)")),
    ("buys", Text("买入金额", "Buys")),
    ("buy_fee", Text("买入交易手续费", "Trading fee of buys")),
    ("sells", Text("卖出金额", "Sells")),
    ("sell_fee", Text("卖出交易手续费", "Trading fee of sells")),
    ("settlement_fee", Text("结算手续费", "Settlement fee")),
    ("failed_buys", Text("其中未交收:买入金额", "Not delivered: buys")),
    ("failed_sells", Text("其中未交收:卖出金额", "Not delivered: sells")),
    ("failed_fees", Text("其中未交收:费用", "Not delivered: fees")),
    ("late_buys", Text("补交收:买入金额", "Delivered late: buys")),
    ("late_sells", Text("补交收:卖出金额", "Delivered late: sells")),
    ("late_fees", Text("补交收:费用", "Delivered late: fees")),
    ("closing", Text("期末资金", "Closing cash")),
    ("available", Text("可用资金", "Available")),
    ("held", Text("冻结资金", "Held")),
)
"""The money of a statement, in the order in which it is read."""
SELDOM = frozenset(name for name, _ in FIELDS if name.startswith(("failed", "late"))) | {"other"}
"""Left out where it is zero."""
TONNES: tuple[tuple[str, Text], ...] = (
    ("bought_t", Text("买入(吨)", "Bought, t")),
    ("sold_t", Text("卖出(吨)", "Sold, t")),
    ("failed_bought_t", Text("未交收买入(吨)", "Bought and not delivered, t")),
    ("failed_sold_t", Text("未交收卖出(吨)", "Sold and not delivered, t")),
    ("late_bought_t", Text("补交收买入(吨)", "Bought, delivered late, t")),
    ("late_sold_t", Text("补交收卖出(吨)", "Sold, delivered late, t")),
)
WHY = {
    "stopped": Text("账户被限制", "an account is stopped"),
    "short": Text("头寸不足", "short"),
    "depends": Text("取决于未交收的成交", "waits for another that failed"),
}
_INTEGER = Kind.INTEGER
COLUMNS = (
    Column("row", Text("行", "row")),
    Column("item", Text("项目", "item")),
    Column("market", Text("市场", "market")),
    Column("traded_on", Text("成交日", "traded on"), Kind.DAY),
    Column("number", Text("成交编号", "number"), _INTEGER),
    Column("mode", Text("交易方式", "mode")),
    Column("side", Text("方向", "side")),
    Column("instrument", Text("产品", "instrument")),
    Column("quantity_t", Text("数量(吨)", "quantity, t"), _INTEGER),
    Column("price_fen", Text("价格(分/吨)", "price, fen/t"), _INTEGER),
    Column("amount_fen", Text("金额(分)", "amount, fen"), _INTEGER),
    Column("trading_fee_fen", Text("交易手续费(分)", "trading fee, fen"), _INTEGER),
    Column("settlement_fee_fen", Text("结算手续费(分)", "settlement fee, fen"), _INTEGER),
    Column("trading_available_t", Text("交易可用(吨)", "trading, available"), _INTEGER),
    Column("trading_held_t", Text("交易冻结(吨)", "trading, held"), _INTEGER),
    Column("registration_available_t", Text("登记可用(吨)", "registration, available"), _INTEGER),
    Column("registration_held_t", Text("登记冻结(吨)", "registration, held"), _INTEGER),
    Column("counterparty", Text("对手方", "counterparty")),
    Column("note", Text("备注", "note")),
)


def number(found: CustomerStatement) -> str:
    """With the other side's names it is another paper than without, before the seal another than after it."""
    names = " names" if found.names else ""
    return papers.number(LETTER, found.stated, f"{found.day} {found.subject.id} {found.state}{names}")


def paper(
    conn: Connection,
    found: CustomerStatement,
    *,
    stamp: Text | None = None,
    rules: ClearingRules | None = None,
) -> Paper:
    """The statement as a paper. rules: by which it was cleared: how to object, if they say so."""
    stamped = papers.stamps(conn, [found.subject], stamp, found.packs)
    parts: list[Part] = [
        Facts(facts(found)),
        Bridge(steps(found), Text("资金变动", "How the cash changed")),
        _money(found),
        _holdings(found.holdings),
        _trades(found),
        *_fails(found.fails),
        *_cash(found),
        *_objecting(rules),
    ]
    lead = Text(
        f"{found.subject.name} {found.day} 的成交、资金与持仓如下。",
        f"Trades, cash and holdings of {found.subject.name} on {found.day}.",
    )
    return papers.composed(conn, found.stated, number(found), stamped, title=TITLE, lead=lead, parts=parts)


def sheet(found: CustomerStatement, about: Sequence[tuple[Text, Text | str]]) -> Sheet:
    """The statement as a table: money, holdings, trades, fails, payments, each row saying which it is."""
    said = [*facts(found), (Text("编号", "Number"), number(found)), *about]
    return Sheet(TITLE, COLUMNS, _sheet_rows(found), said, found.stated.time_ns)


def as_json(found: CustomerStatement) -> dict[str, object]:
    return {
        "number": number(found),
        "day": found.day,
        "state": found.state,
        "subject": found.subject.handle,
        "name": found.subject.name,
        "seq": found.stated.seq,
        "time": shanghai_text(found.stated.time_ns),
        "hash": found.stated.hash,
        **{name: getattr(found.money, name) for name, _ in (*FIELDS, *TONNES)},
        "holdings": [_holding_json(one) for one in found.holdings],
        "trades": [_trade_json(one) for one in found.trades],
        "fails": [_fail_json(one) for one in found.fails],
        "cash": [
            {
                "transaction": one.transaction,
                "type": one.type,
                "time": shanghai_text(one.time_ns),
                "amount": one.amount,
            }
            for one in found.cash
        ],
    }


def facts(found: CustomerStatement) -> tuple[tuple[Text, Words], ...]:
    """Whose it is, of which day, and how far that day is."""
    accounts = [(ACCOUNT_TYPES[one.kind].label, one.code) for one in found.accounts]
    return (
        *papers.subject_rows(found.subject),
        *((Text(f"{label.zh}账户", f"Account: {label.en}"), code) for label, code in accounts),
        (Text("结算日", "Settlement day"), found.day.isoformat()),
        (Text("状态", "State"), DAY_LABELS[DayState(found.state)]),
    )


def steps(found: CustomerStatement) -> list[Step]:
    """From what there was to what there is; what is zero is left out."""
    m = found.money
    fees = m.buy_fee + m.sell_fee + m.settlement_fee - m.failed_fees + m.late_fees
    moves = (
        (Text("入金", "Cash in"), m.cash_in),
        (Text("出金", "Cash out"), -m.cash_out),
        (Text("其他收付", "Other"), m.other),
        (Text("卖出收款", "Sells"), m.sells - m.failed_sells + m.late_sells),
        (Text("买入付款", "Buys"), -(m.buys - m.failed_buys + m.late_buys)),
        (Text("交易与结算费用", "Fees"), -fees),
    )
    return [
        Step(Text("期初资金", "Opening cash"), m.opening, total=True),
        *(Step(label, fen) for label, fen in moves if fen),
        Step(Text("期末资金", "Closing cash"), m.closing, total=True),
    ]


def money_rows(found: CustomerStatement) -> list[tuple[Text, int]]:
    """The money of the statement, fen, without what is seldom and zero."""
    values = [(name, label, getattr(found.money, name)) for name, label in FIELDS]
    return [(label, fen) for name, label, fen in values if fen or name not in SELDOM]


# -- the paper ---------------------------------------------------------------------------------------------


def _money(found: CustomerStatement) -> Table:
    columns = (Text("项目", "Item"), Text("金额(元)", "Yuan"))
    rows = [(label, yuan(fen)) for label, fen in money_rows(found)]
    return Table(Text("资金", "Cash"), columns, rows, frozenset({1}))


def _holdings(holdings: Sequence[Holding]) -> Table:
    columns = (
        Text("产品", "Instrument"),
        Text("交易可用(吨)", "Trading, available"),
        Text("交易冻结", "Trading, held"),
        Text("登记可用", "Registration, available"),
        Text("登记冻结", "Registration, held"),
        Text("合计", "Total, t"),
    )
    rows = [
        (
            one.instrument.code,
            *(
                f"{amount:,}"
                for amount in (
                    one.trading_available,
                    one.trading_held,
                    one.registration_available,
                    one.registration_held,
                    one.total,
                )
            ),
        )
        for one in holdings
    ]
    title = Text("分年度持仓", "Holdings by vintage")
    return Table(title, columns, rows, frozenset(range(1, 6)))


def _trades(found: CustomerStatement) -> Table:
    columns = (
        Text("成交编号", "No."),
        Text("市场", "Market"),
        Text("方式", "Mode"),
        Text("产品", "Instrument"),
        Text("方向", "Side"),
        Text("吨", "t"),
        Text("元/吨", "Yuan/t"),
        Text("金额(元)", "Amount"),
        Text("交易手续费", "Trading fee"),
        Text("结算手续费", "Settlement fee"),
        *((Text("对手方", "Counterparty"),) if found.names else ()),
    )
    rows = [
        (
            str(one.number),
            one.market,
            one.words,
            one.instrument,
            SIDES[one.side],
            f"{one.quantity:,}",
            *(yuan(fen) for fen in (one.price, one.amount, one.trading_fee, one.settlement_fee)),
            *((one.other or "",) if found.names else ()),
        )
        for one in found.trades
    ]
    note = None if found.names else Text("对手方不予披露。", "Counterparties are withheld.")
    return Table(Text("当日成交", "Trades of the day"), columns, rows, frozenset(range(5, 10)), note)


def _fails(fails: Sequence[Failed]) -> tuple[Table, ...]:
    if not fails:
        return ()
    columns = (
        Text("成交日", "Traded on"),
        Text("成交编号", "No."),
        Text("市场", "Market"),
        Text("产品", "Instrument"),
        Text("方向", "Side"),
        Text("吨", "t"),
        Text("金额(元)", "Amount"),
        Text("情况", "What happened"),
    )
    rows = [
        (
            one.traded_on.isoformat(),
            str(one.number),
            one.market,
            one.instrument,
            SIDES[one.side],
            f"{one.quantity:,}",
            yuan(one.amount),
            said(one),
        )
        for one in fails
    ]
    return (Table(Text("未交收与补交收", "Not delivered; delivered late"), columns, rows, frozenset({5, 6})),)


def said(one: Failed) -> Text:
    """What became of a trade that was not delivered on its day."""
    if one.late:
        return Text("已补交收", "delivered now")
    why = WHY.get(one.why, Text(one.why, one.why))
    return Text(f"未交收:{why.zh}", f"not delivered: {why.en}")


def _cash(found: CustomerStatement) -> tuple[Table, ...]:
    if not found.cash:
        return ()
    columns = (
        Text("时间(上海)", "Time (Shanghai)"),
        Text("业务", "Type"),
        Text("业务编号", "Transaction"),
        Text("金额(元)", "Yuan"),
    )
    rows = [(shanghai_text(one.time_ns), one.words, one.transaction, yuan(one.amount)) for one in found.cash]
    return (Table(Text("出入金及其他收付", "Payments"), columns, rows, frozenset({3})),)


def _objecting(rules: ClearingRules | None) -> tuple[Paragraphs, ...]:
    if rules is None or rules.objections_until != "next_opening":
        return ()
    silence = rules.silence == "accepted"
    line = Text(
        "对本结算单有异议的,应于下一交易日开市前以书面形式提出"
        + (";逾期未提出的,视为认可。" if silence else "。"),
        "Object in writing before the next trading day opens"
        + ("; silence is acceptance." if silence else "."),
    )
    return (Paragraphs([line], Text("异议", "Objections")),)


# -- the table ---------------------------------------------------------------------------------------------

_EMPTY: dict[str, Cell] = dict.fromkeys(column.name for column in COLUMNS)


def _row(**cells: Cell) -> Sequence[Cell]:
    return tuple({**_EMPTY, **cells}.values())


def _sheet_rows(found: CustomerStatement) -> Iterator[Sequence[Cell]]:
    for name, _ in FIELDS:
        yield _row(row="cash", item=name, amount_fen=getattr(found.money, name))
    for name, _ in TONNES:
        yield _row(row="units", item=name, quantity_t=getattr(found.money, name))
    for one in found.holdings:
        yield _row(
            row="holding",
            instrument=one.instrument.code,
            quantity_t=one.total,
            trading_available_t=one.trading_available,
            trading_held_t=one.trading_held,
            registration_available_t=one.registration_available,
            registration_held_t=one.registration_held,
        )
    for one in found.trades:
        yield _row(
            row="trade",
            market=one.market,
            traded_on=found.day,
            number=one.number,
            mode=one.mode.name.lower(),
            side=one.side.name.lower(),
            instrument=one.instrument,
            quantity_t=one.quantity,
            price_fen=one.price,
            amount_fen=one.amount,
            trading_fee_fen=one.trading_fee,
            settlement_fee_fen=one.settlement_fee,
            counterparty=one.other,
        )
    for one in found.fails:
        yield _row(
            row="late" if one.late else "failed",
            market=one.market,
            traded_on=one.traded_on,
            number=one.number,
            side=one.side.name.lower(),
            instrument=one.instrument,
            quantity_t=one.quantity,
            amount_fen=one.amount,
            note=one.why,
        )
    for one in found.cash:
        yield _row(row="payment", item=one.type, amount_fen=one.amount, note=one.transaction)


# -- JSON --------------------------------------------------------------------------------------------------


def _holding_json(one: Holding) -> dict[str, object]:
    return {
        "instrument": one.instrument.code,
        "trading_available": one.trading_available,
        "trading_held": one.trading_held,
        "registration_available": one.registration_available,
        "registration_held": one.registration_held,
    }


def _trade_json(one: Traded) -> dict[str, object]:
    return {
        "market": one.market,
        "number": one.number,
        "mode": one.mode.name.lower(),
        "side": one.side.name.lower(),
        "instrument": one.instrument,
        "quantity": one.quantity,
        "price": one.price,
        "amount": one.amount,
        "trading_fee": one.trading_fee,
        "settlement_fee": one.settlement_fee,
        "counterparty": one.other,
    }


def _fail_json(one: Failed) -> dict[str, object]:
    return {
        "market": one.market,
        "traded_on": one.traded_on,
        "number": one.number,
        "side": one.side.name.lower(),
        "instrument": one.instrument,
        "quantity": one.quantity,
        "amount": one.amount,
        "why": one.why,
        "late": one.late,
    }
