"""A statement of account as people and programs take it: a paper, a table, a JSON object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from tanshu.base.clock import business_date, shanghai_text
from tanshu.base.documents import Facts, Paper, Table, Words
from tanshu.base.quantity import yuan
from tanshu.base.tabular import Cell, Column, Kind, Sheet
from tanshu.base.text import Text
from tanshu.registry import papers, serials
from tanshu.registry.papers import amount
from tanshu.registry.statements import (
    OTHER_HOLDER,
    Balance,
    Counterparty,
    HeldFor,
    Line,
    Statement,
    account_label,
)

LETTER = "A"
TITLE = Text("账户对账单", "Statement of account")
_INTEGER = Kind.INTEGER
COLUMNS = (
    Column("row", Text("行", "row")),
    Column("time", Text("时间(上海)", "time (Shanghai)")),
    Column("entry", Text("条目", "entry"), _INTEGER),
    Column("type", Text("业务类型", "type")),
    Column("operation", Text("记账操作", "operation")),
    Column("transaction", Text("业务编号", "transaction")),
    Column("counterparty", Text("对方账户", "counterparty")),
    Column("counterparty_name", Text("对方名称", "counterparty's name")),
    Column("instrument", Text("产品", "instrument")),
    Column("scale", Text("小数位", "scale"), _INTEGER),
    Column("available_change", Text("可用变动", "available, change"), _INTEGER),
    Column("held_change", Text("冻结变动", "held, change"), _INTEGER),
    Column("available", Text("可用", "available"), _INTEGER),
    Column("held", Text("冻结", "held"), _INTEGER),
    Column("trade", Text("成交", "trade")),
    Column("price_fen", Text("成交价(分/吨)", "price, fen per tonne"), _INTEGER),
)


def number(found: Statement) -> str:
    """With other holders' names it is another paper than without, and has another number."""
    names = " names" if found.names else ""
    return papers.number(LETTER, found.closed, f"{found.account.code} {found.after}{names}")


def paper(conn: Connection, found: Statement, *, stamp: Text | None = None) -> Paper:
    """The statement as a paper, as of its last entry."""
    stamped = papers.stamps(conn, [found.subject], stamp)
    name = found.subject.name
    return papers.composed(
        conn,
        found.closed,
        number(found),
        stamped,
        title=TITLE,
        lead=_lead(found, name),
        parts=(
            Facts(_account_rows(found)),
            _balances(Text("期初", "Opening"), found.opening),
            _movements(found.lines),
            _balances(Text("期末", "Closing"), found.closing),
            *_held(found.held),
            *_numbers(found),
        ),
    )


def sheet(found: Statement, about: Sequence[tuple[Text, Text | str]]) -> Sheet:
    """The statement as a table: opening balances, movements, closing balances, in minor units."""
    said = [*_account_rows(found), (Text("编号", "Number"), number(found)), *about]
    return Sheet(TITLE, COLUMNS, _sheet_rows(found), said, found.closed.time_ns)


def as_json(found: Statement) -> dict[str, object]:
    return {
        "number": number(found),
        "account": found.account.code,
        "kind": found.account.kind,
        "subject": found.subject.handle,
        "name": found.subject.name,
        "after_seq": found.after,
        "seq": found.closed.seq,
        "time": shanghai_text(found.closed.time_ns),
        "hash": found.closed.hash,
        "opening": [_balance_json(one) for one in found.opening],
        "movements": [_line_json(one) for one in found.lines],
        "closing": [_balance_json(one) for one in found.closing],
        "held_for": [_held_json(one) for one in found.held],
        "serials": [
            {"range": str(one), "units": one.units, "state": "held" if one.hold else "available"}
            for one in found.numbers
        ],
    }


def counterparty(one: Counterparty | None) -> Words:
    """The account; its holder's name, where the reader may know it."""
    if one is None:
        return ""
    if one.name is None:
        return Text(f"{one.account} {OTHER_HOLDER.zh}", f"{one.account} {OTHER_HOLDER.en}")
    return f"{one.account} {one.name}"


# -- the paper ---------------------------------------------------------------------------------------------


def _lead(found: Statement, name: str) -> Text:
    day = business_date(found.closed.time_ns)
    return Text(
        f"{name} 的账户 {found.account.code},截至 {day}(登记簿第 {found.closed.seq} 条)的变动与余额如下。",
        f"The movements and balances of account {found.account.code} of {name}, up to {day} (entry "
        f"{found.closed.seq} of the log).",
    )


def _account_rows(found: Statement) -> tuple[tuple[Text, Words], ...]:
    first = Text(f"第 {found.after + 1} 条", f"entry {found.after + 1}")
    at = shanghai_text(found.closed.time_ns)
    last = Text(f"第 {found.closed.seq} 条,{at}(上海时间)", f"entry {found.closed.seq}, {at} (Shanghai)")
    return (
        *papers.subject_rows(found.subject),
        (Text("账户", "Account"), found.account.code),
        (Text("账户类别", "Kind"), account_label(found.account)),
        (Text("自", "From"), first),
        (Text("至", "To"), last),
    )


def _balances(title: Text, balances: Sequence[Balance]) -> Table:
    columns = (
        Text("产品", "Instrument"),
        Text("可用", "Available"),
        Text("冻结", "Held"),
        Text("合计", "Total"),
    )
    rows = [
        (
            papers.instrument_label(one.instrument),
            *(amount(one.instrument, n) for n in (one.available, one.held, one.available + one.held)),
        )
        for one in balances
    ]
    return Table(title, columns, rows, frozenset({1, 2, 3}))


def _movements(lines: Sequence[Line]) -> Table:
    columns = (
        Text("时间(上海)", "Time (Shanghai)"),
        Text("条目", "Entry"),
        Text("业务", "Transaction"),
        Text("对方账户", "Counterparty"),
        Text("产品", "Instrument"),
        Text("可用变动", "Available ±"),
        Text("冻结变动", "Held ±"),
        Text("可用余额", "Available"),
        Text("冻结余额", "Held"),
    )
    return Table(
        Text("变动明细", "Movements"), columns, [_movement(one) for one in lines], frozenset({1, 5, 6, 7, 8})
    )


def _movement(one: Line) -> tuple[Words, ...]:
    what = one.what
    said = Text(*(f"{done}\n{one.reference or ''}".strip() for done in (what.zh, what.en)))
    if one.trade and one.trade.price_fen:
        price = yuan(one.trade.price_fen)
        said = Text(f"{said.zh} · {price} 元/吨", f"{said.en} · {price} yuan/t")
    return (
        shanghai_text(one.time_ns),
        str(one.seq),
        said,
        counterparty(one.counterparty),
        one.instrument.code,
        *(_signed(one, n) for n in (one.available_change, one.held_change)),
        *(_plain(one, n) for n in (one.available, one.held)),
    )


def _signed(one: Line, quantity: int) -> str:
    return "" if quantity == 0 else f"{'+' if quantity > 0 else ''}{_plain(one, quantity)}"


def _plain(one: Line, quantity: int) -> str:
    """A quantity without its unit, which the instrument's column says."""
    return amount(one.instrument, quantity).zh.rsplit(" ", 1)[0]


def _held(held: Sequence[HeldFor]) -> tuple[Table, ...]:
    if not held:
        return ()
    columns = (
        Text("产品", "Instrument"),
        Text("用途", "For"),
        Text("数量", "Quantity"),
        Text("业务", "Transaction"),
        Text("文书", "Document"),
        Text("自条目", "Since entry"),
    )
    rows = [
        (
            one.instrument.code,
            one.what,
            amount(one.instrument, one.quantity),
            one.claim or one.transaction or "",
            one.document,
            str(one.since),
        )
        for one in held
    ]
    return (Table(Text("冻结明细", "What is held, and for what"), columns, rows, frozenset({2, 5})),)


def _numbers(found: Statement) -> tuple[Table, ...]:
    code = found.account.code
    held, free = Text("冻结", "held"), Text("可用", "available")
    shown = [
        (str(one), amount(one.instrument, one.units), held if one.hold else free)
        for one in found.numbers[: papers.RANGES_SHOWN]
    ]
    lines = [serials.line(code, one) for one in found.numbers]
    how = f"tanshu serial list {code} --as-of seq:{found.closed.seq} --plain"
    return papers.numbers_table(shown, Text("状态", "State"), lines, how)


# -- the table ---------------------------------------------------------------------------------------------


def _sheet_rows(found: Statement) -> Iterator[Sequence[Cell]]:
    for one in found.opening:
        yield _balance_row("opening", found.after, one)
    for line in found.lines:
        other = line.counterparty
        yield (
            "movement",
            shanghai_text(line.time_ns),
            line.seq,
            line.type,
            line.operation.name.lower(),
            line.transaction,
            other.account if other else None,
            other.name if other else None,
            line.instrument.code,
            line.instrument.scale,
            line.available_change,
            line.held_change,
            line.available,
            line.held,
            *_trade(line),
        )
    for one in found.closing:
        yield _balance_row("closing", found.closed.seq, one)


def _balance_row(row: str, seq: int, one: Balance) -> Sequence[Cell]:
    nothing = (None,) * 5
    what = (one.instrument.code, one.instrument.scale)
    return (row, None, seq, *nothing, *what, None, None, one.available, one.held, None, None)


def _trade(line: Line) -> tuple[str | None, int | None]:
    """The trade that a movement delivered or paid, and its price; nothing where a transaction did."""
    trade = line.trade
    return (str(trade), trade.price_fen or None) if trade else (None, None)


# -- JSON --------------------------------------------------------------------------------------------------


def _balance_json(one: Balance) -> dict[str, object]:
    return {
        "instrument": one.instrument.code,
        "scale": one.instrument.scale,
        "available": one.available,
        "held": one.held,
    }


def _line_json(one: Line) -> dict[str, object]:
    other = one.counterparty
    trade, price_fen = _trade(one)
    return {
        "entry": one.seq,
        "time": shanghai_text(one.time_ns),
        "type": one.type,
        "operation": one.operation.name.lower(),
        "transaction": one.transaction,
        "counterparty": other.account if other else None,
        "counterparty_name": other.name if other else None,
        "instrument": one.instrument.code,
        "scale": one.instrument.scale,
        "available_change": one.available_change,
        "held_change": one.held_change,
        "available": one.available,
        "held": one.held,
        "trade": trade,
        "price_fen": price_fen,
    }


def _held_json(one: HeldFor) -> dict[str, object]:
    return {
        "instrument": one.instrument.code,
        "quantity": one.quantity,
        "for": one.what,
        "transaction": one.transaction,
        "claim": one.claim,
        "document": one.document,
        "since_seq": one.since,
    }
