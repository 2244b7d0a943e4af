"""`tanshu market trades|orders|depth`: what was traded and ordered, what rests now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.text import Text
from tanshu.cli.door import Door, command
from tanshu.cli.market_asked import (
    MODE,
    PRICE,
    PRODUCT,
    TIME,
    TONNES,
    DayOption,
    FromOption,
    MarketOption,
    ModeOption,
    ProductNeeded,
    ProductOption,
    ToOption,
    about,
    asked_for,
    followed,
    mode_called,
    mode_of,
    mode_text,
)
from tanshu.cli.output import Fen, Reply, Table, number_column, text_column

if TYPE_CHECKING:
    from tanshu.exchange.figures.depth import Depth
    from tanshu.exchange.figures.of_market import Followed

LAST = 50
TAPE = 10
TRADES = (
    text_column("成交号", "trade"),
    TIME,
    PRODUCT,
    MODE,
    PRICE,
    TONNES,
    text_column("买方", "buyer"),
    text_column("卖方", "seller"),
    text_column("主动方", "aggressor"),
)
ORDERS = (
    text_column("委托号", "order"),
    TIME,
    text_column("参与人", "participant"),
    PRODUCT,
    MODE,
    text_column("类型", "kind"),
    text_column("方向", "side"),
    PRICE,
    TONNES,
    number_column("已成交(吨)", "filled (t)"),
    number_column("剩余(吨)", "left (t)"),
    text_column("状态", "state"),
    text_column("原因", "why"),
)
LEVELS = (text_column("档位", "level"), PRICE, TONNES, number_column("委托笔数", "orders"))
PartyOption = Annotated[str, typer.Option("--party", metavar="HANDLE", help="参与人 · one participant")]
LastOption = Annotated[
    int, typer.Option("--last", min=1, max=1_000_000, help="最近多少条 · the newest so many")
]


def add_to(market: typer.Typer) -> None:
    """Into the group `tanshu market`."""
    command(market, "trades", "成交明细 · trades")(trades)
    command(market, "orders", "委托与状态 · orders and their states")(orders)
    command(market, "depth", "五档行情与最近成交 · the best five levels, the last trades")(depth)


def trades(
    door: Door,
    market: MarketOption = "cea",
    day: DayOption = "",
    first: FromOption = "",
    last_day: ToOption = "",
    instrument: ProductOption = "",
    mode: ModeOption = "",
    party: PartyOption = "",
    last: LastOption = LAST,
) -> Reply:
    """Of the newest day, or of the days asked for; of more than --last the newest, oldest first."""
    from tanshu.exchange.figures import queries

    with followed(door, market) as (found, stamp):
        rows = [
            _trade(found, row)
            for row in queries.trades(
                found.conn,
                found.log,
                asked_for(door, found, day, first, last_day, instrument, mode, party),
                last,
            )
        ]
    return Reply({**about(found), "trades": rows}, (*stamp, _tape(rows)))


def orders(
    door: Door,
    market: MarketOption = "cea",
    day: DayOption = "",
    first: FromOption = "",
    last_day: ToOption = "",
    instrument: ProductOption = "",
    mode: ModeOption = "",
    party: PartyOption = "",
    last: LastOption = LAST,
) -> Reply:
    """As their clients know them (已申报, 部分成交, 已成交, 已撤单, 系统撤单); of many the newest --last."""
    from tanshu.exchange.engine.records import Gone, Side
    from tanshu.exchange.figures import queries
    from tanshu.exchange.figures.words import SIDES, STATES, WHYS, State, kind_of

    with followed(door, market) as (found, stamp):
        which = asked_for(door, found, day, first, last_day, instrument, mode, party)
        rows = [(row, _order(found, row)) for row in queries.orders(found.conn, found.log, which, last)]
    table = [
        (
            one["order"], one["time"], one["participant"], one["instrument"], mode_text(row.mode),
            kind_of(row.mode, row.kind)[1], SIDES[Side(row.side)], Fen(row.price), row.quantity, row.filled,
            row.remaining, STATES[State(row.state)], WHYS[Gone(row.why)] if row.why else "",
        )
        for row, one in rows
    ]  # fmt: skip
    return Reply({**about(found), "orders": [one for _, one in rows]}, (*stamp, Table(ORDERS, table)))


def _trade(found: Followed, row: Any) -> dict[str, object]:
    from tanshu.base.clock import shanghai_text
    from tanshu.exchange.engine.records import Side
    from tanshu.exchange.figures.words import mode_name

    names = found.names
    return {
        "trade": f"{row.day}-{row.number}",
        "time": shanghai_text(row.time_ns),
        "time_ns": row.time_ns,
        "seq": row.seq,
        "instrument": names.instruments.get(row.instrument),
        "mode": mode_name(row.mode),
        "price_fen": row.price,
        "quantity": row.quantity,
        "amount_fen": row.price * row.quantity,
        "buyer": names.parties.get(row.buyer),
        "seller": names.parties.get(row.seller),
        "buy_order": f"{row.day}-{row.buy_order}",
        "sell_order": f"{row.day}-{row.sell_order}",
        "aggressor": {Side.BUY: "buy", Side.SELL: "sell"}.get(Side(row.aggressor)),
        "fees_fen": {
            "buyer_trading": row.buyer_trading_fee,
            "buyer_settlement": row.buyer_settlement_fee,
            "seller_trading": row.seller_trading_fee,
            "seller_settlement": row.seller_settlement_fee,
        },
    }


def _order(found: Followed, row: Any) -> dict[str, object]:
    from tanshu.base.clock import shanghai_text
    from tanshu.exchange.engine.records import Gone, Side
    from tanshu.exchange.figures.words import State, kind_of, mode_name

    names = found.names
    return {
        "order": f"{row.day}-{row.number}",
        "time": shanghai_text(row.time_ns),
        "time_ns": row.time_ns,
        "seq": row.seq,
        "participant": names.parties.get(row.party),
        "operator": names.people.get(row.operator),
        "instrument": names.instruments.get(row.instrument),
        "mode": mode_name(row.mode),
        "kind": kind_of(row.mode, row.kind)[0],
        "side": Side(row.side).name.lower(),
        "price_fen": row.price,
        "quantity": row.quantity,
        "filled": row.filled,
        "left": row.remaining,
        "amount_fen": row.amount,
        "state": State(row.state).name.lower(),
        "why": Gone(row.why).name.lower() if row.why else None,
        "ended": None if row.ended_ns is None else shanghai_text(row.ended_ns),
        "ref": row.ref,
    }


def _tape(rows: Sequence[Mapping[str, Any]], title: Text | None = None) -> Table:
    sides = {"buy": Text("买", "buy"), "sell": Text("卖", "sell"), None: ""}
    table = [
        (
            one["trade"], one["time"], one["instrument"], mode_called(one["mode"]), Fen(one["price_fen"]),
            one["quantity"], one["buyer"], one["seller"], sides[one["aggressor"]],
        )
        for one in rows
    ]  # fmt: skip
    return Table(TRADES, table, title)


# -- depth -------------------------------------------------------------------------------------------------


def depth(
    door: Door,
    instrument: ProductNeeded,
    market: MarketOption = "cea",
    mode: ModeOption = "",
    levels: Annotated[int, typer.Option("--levels", min=1, max=1_000, help="档数 · levels of each side")] = 5,
) -> Reply:
    """What rests now on the newest day: sellers from the dearest to the cheapest, below them the buyers."""
    from tanshu.exchange.figures import queries
    from tanshu.exchange.figures.depth import SHOWN, of_log
    from tanshu.exchange.figures.quotes import number_of
    from tanshu.exchange.figures.words import mode_name

    asked = mode_of(door, mode, [mode_name(one) for one in SHOWN])
    with followed(door, market) as (found, stamp):
        number, today = found.instrument(instrument), found.day(None)
        asked = asked or found.priced_mode()
        seen = of_log(found.conn, found.log, number_of(today), number, asked, levels)
        which = queries.Which(today, today, number, asked)
        tape = [_trade(found, row) for row in queries.trades(found.conn, found.log, which, TAPE)]
    data = {
        **about(found),
        "day": today,
        "instrument": instrument,
        "mode": mode_name(asked),
        "buy": [_level(level) for level in seen.buy],
        "sell": [_level(level) for level in seen.sell],
        "trades": tape,
    }
    title = Text(f"{instrument} {today}", f"{instrument} {today}")
    last = _tape(tape, Text("最近成交", "last trades"))
    return Reply(data, (*stamp, Table(LEVELS, _ladder(seen), title), last))


def _level(level: Any) -> dict[str, int]:
    return {"price_fen": level.price, "quantity": level.quantity, "orders": level.orders}


def _ladder(seen: Depth) -> list[tuple[object, ...]]:
    sell = [
        (Text(f"卖{n}", f"sell {n}"), Fen(one.price), one.quantity, one.orders)
        for n, one in enumerate(seen.sell, 1)
    ]
    buy = [
        (Text(f"买{n}", f"buy {n}"), Fen(one.price), one.quantity, one.orders)
        for n, one in enumerate(seen.buy, 1)
    ]
    return [*sell[::-1], *buy]
