"""`tanshu market status`: how a market stands at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.door import Door, command
from tanshu.cli.market_asked import MODE, PRODUCT, VOLUME, MarketOption, mode_called, mode_text
from tanshu.cli.market_session import ALL, YES
from tanshu.cli.output import (
    BAD,
    GOOD,
    Chip,
    Facts,
    Fen,
    Notice,
    Part,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.stamps import notices, short_stamp

if TYPE_CHECKING:
    from tanshu.exchange.engine.records import Phase
    from tanshu.exchange.figures.depth import Level
    from tanshu.exchange.status import ModeNow, ProductNow, Status

PHASES = (MODE, text_column("阶段", "phase"), text_column("停牌", "halted"))
PRODUCTS = (
    PRODUCT,
    MODE,
    number_column("买一(元/吨)", "best buy"),
    number_column("数量(吨)", "tonnes"),
    number_column("卖一(元/吨)", "best sell"),
    number_column("数量(吨)", "tonnes"),
    number_column("最新价", "last"),
    VOLUME,
    number_column("前收盘价", "previous"),
    number_column("收盘价", "close"),
)
SUSPENDED = (
    text_column("参与人", "participant"),
    text_column("暂停人", "by"),
    text_column("事由", "why", fold=True),
    text_column("申请解除", "lifting asked by"),
)
HALTS = (
    MODE,
    PRODUCT,
    text_column("紧急措施", "emergency"),
    text_column("停牌人", "by"),
    text_column("事由", "why", fold=True),
)
STATES = {
    "": Text("尚未开市", "no day yet"),
    "open": Text("开市", "open"),
    "closed": Text("已收市", "closed"),
    "clearing": Text("清算交收中", "being cleared"),
    "settled": Text("已交收", "settled"),
}


def add_to(market: typer.Typer) -> None:
    """Into the group `tanshu market`."""
    command(market, "status", "市场现状:阶段、下一步、停牌、暂停 · how the market stands now")(status)


def status(door: Door, market: MarketOption = "cea") -> Reply:
    """What an order would find at this moment; nothing is written."""
    from tanshu.base.clock import system_clock
    from tanshu.exchange import market as markets
    from tanshu.exchange import status as statuses

    with door.reading() as (conn, book):
        found = need(markets.by_name(book, conn, market))
        seen = statuses.status(conn, found, system_clock())
        stamp = notices(short_stamp(conn))
    return Reply(_json(seen), (*stamp, *map(Notice, seen.watermarks), *_shown(seen)))


def _shown(seen: Status) -> list[Part]:
    style = GOOD if seen.state == "open" else "yellow"
    facts: list[tuple[Text, object]] = [
        (Text("市场", "market"), f"{seen.market} ({seen.pack})"),
        (Text("交易日", "day"), seen.day.isoformat() if seen.day else ""),
        (Text("状态", "state"), Chip(STATES[seen.state], style)),
        (Text("下一步", "next step"), _next(seen)),
        (Text("有效委托(笔)", "orders resting"), seen.resting),
    ]
    if seen.state == "closed":
        facts.append((Text("交收", "settlement"), _settled(seen)))
    phases = [(mode_text(one.mode), _phase(one), ", ".join(one.halted)) for one in seen.modes]
    parts: list[Part] = [Facts(facts), Table(PHASES, phases)]
    if seen.products:
        parts.append(Table(PRODUCTS, [_product(one) for one in seen.products]))
    if seen.suspended:
        rows = [(one.handle, one.person, one.why, one.asked_by) for one in seen.suspended]
        parts.append(Table(SUSPENDED, rows, Text("暂停交易的参与人", "suspended")))
    if seen.halts:
        halts = [
            (
                mode_called(one.mode) if one.mode else ALL, one.instrument or ALL,
                YES if one.emergency else "", one.person, one.why,
            )
            for one in seen.halts
        ]  # fmt: skip
        parts.append(Table(HALTS, halts, Text("停牌", "halts")))
    return parts


def _next(seen: Status) -> object:
    if seen.next is None:
        return ""
    mode, phase = mode_called(seen.next.mode), _called(_phase_named(seen.next.phase))
    number = f" {seen.next.auction}" if seen.next.auction else ""
    at = f"{seen.next.at:%H:%M}"
    return Text(f"{at} {mode.zh}{number} {phase.zh}", f"{at} {mode.en}{number} {phase.en}")


def _settled(seen: Status) -> Chip:
    return Chip(Text("已完成", "done"), GOOD) if seen.settled else Chip(Text("未完成", "open"), "yellow")


def _phase(one: ModeNow) -> Chip:
    from tanshu.exchange.engine.records import Phase

    phase = Phase.HALTED if one.all else one.phase
    return Chip(_called(phase), {Phase.OPEN: GOOD, Phase.HALTED: BAD}.get(phase, "yellow"))


def _called(phase: Phase) -> Text:
    from tanshu.exchange.checks import PHASE_WORDS

    return PHASE_WORDS[phase]


def _phase_named(name: str) -> Phase:
    from tanshu.exchange.engine.records import Phase

    return Phase[name.upper()]


def _product(one: ProductNow) -> tuple[object, ...]:
    buy = (Fen(one.buy.price), one.buy.quantity) if one.buy else (None, None)
    sell = (Fen(one.sell.price), one.sell.quantity) if one.sell else (None, None)
    prices = [Fen(price) if price else None for price in (one.last, one.previous, one.close)]
    return (one.instrument, mode_text(one.mode), *buy, *sell, prices[0], one.volume, prices[1], prices[2])


def _json(seen: Status) -> dict[str, object]:
    from tanshu.exchange.figures.words import mode_name

    step = seen.next
    return {
        "market": seen.market,
        "watermarks": seen.watermarks,
        "pack": seen.pack,
        "day": seen.day,
        "state": seen.state or None,
        "settled": seen.settled,
        "next": step
        and {
            "at": f"{step.day} {step.at:%H:%M:%S}",
            "at_ns": seen.next_at_ns,
            "mode": step.mode,
            "phase": step.phase,
            "auction": step.auction or None,
        },
        "resting": seen.resting,
        "modes": [
            {
                "mode": mode_name(one.mode),
                "phase": "halted" if one.all else one.phase.name.lower(),
                "halted": list(one.halted),
            }
            for one in seen.modes
        ],
        "products": [_product_json(one) for one in seen.products],
        "suspended": [
            {"participant": one.handle, "by": one.person, "why": one.why, "asked_by": one.asked_by or None}
            for one in seen.suspended
        ],
        "halts": [
            {
                "mode": one.mode or None,
                "instrument": one.instrument or None,
                "emergency": one.emergency,
                "by": one.person,
                "why": one.why,
            }
            for one in seen.halts
        ],
    }


def _product_json(one: ProductNow) -> dict[str, object]:
    from tanshu.exchange.figures.words import mode_name

    return {
        "instrument": one.instrument,
        "mode": mode_name(one.mode),
        "buy": _level(one.buy),
        "sell": _level(one.sell),
        "last_fen": one.last or None,
        "volume": one.volume,
        "previous_fen": one.previous or None,
        "close_fen": one.close or None,
    }


def _level(level: Level | None) -> dict[str, int] | None:
    return level and {"price_fen": level.price, "quantity": level.quantity, "orders": level.orders}
