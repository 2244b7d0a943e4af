"""What commands about a market's own figures ask alike: market, days, products, modes; and how sums look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.text import Text
from tanshu.cli.border import complain
from tanshu.cli.door import Door
from tanshu.cli.output import Fen, Notice, Part, number_column, text_column
from tanshu.cli.progress import progress
from tanshu.cli.stamps import notices, short_stamp

if TYPE_CHECKING:
    from tanshu.exchange.engine.records import Mode
    from tanshu.exchange.figures.bars import Period
    from tanshu.exchange.figures.of_market import Followed
    from tanshu.exchange.figures.quotes import Sum

MODES = ("listing", "block", "auction", "order_book")
PERIODS = ("1m", "5m", "15m", "30m", "60m", "day", "week", "month")
PRODUCT, MODE = text_column("产品", "product"), text_column("方式", "mode")
PRICE, TONNES = number_column("价格(元/吨)", "price (CNY/t)"), number_column("数量(吨)", "tonnes")
VOLUME, AMOUNT = number_column("成交量(吨)", "volume (t)"), number_column("成交额(元)", "amount (CNY)")
COUNT = number_column("笔数", "trades")
TIME = text_column("时间", "time")

MarketOption = Annotated[str, typer.Option("--market", metavar="NAME", help="市场 · the market")]
DayOption = Annotated[
    str, typer.Option("--day", metavar="YYYY-MM-DD", help="交易日,默认最近一日 · default: the newest")
]
FromOption = Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="自该日起 · from this day on")]
ToOption = Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="至该日止 · up to this day")]
ProductOption = Annotated[str, typer.Option("--instrument", metavar="CODE", help="产品 · one product")]
ProductNeeded = Annotated[str, typer.Option("--instrument", metavar="CODE", help="产品 · the product")]
ModeOption = Annotated[str, typer.Option("--mode", metavar="MODE", help=" · ".join(MODES))]


@contextmanager
def followed(door: Door, market: str) -> Iterator[tuple[Followed, list[Part]]]:
    """The market with its figures up to date, and what has to stand above them."""
    from tanshu.exchange.figures.of_market import followed

    title = Text("整理行情", "following the market").in_(door.lang)
    with (
        door.reading() as (conn, book),
        progress(title) as tick,
        followed(book, market, lambda done, _of: tick(done)) as found,
    ):
        yield found, [*notices(short_stamp(conn)), *map(Notice, found.watermarks)]


def about(found: Followed) -> dict[str, object]:
    """What every answer says first."""
    return {"market": found.name, "watermarks": found.watermarks}


def asked_for(
    door: Door, found: Followed, day: str, first: str, last: str, instrument: str, mode: str, party: str
) -> Any:
    """The newest day, where no days are named."""
    from tanshu.exchange.figures.queries import Which

    begin, end = date_of(door, first), date_of(door, last)
    if day or not (first or last):
        begin = end = found.day(date_of(door, day))
    return Which(
        begin or date.min,
        end or date.max,
        found.instrument(instrument) if instrument else 0,
        mode_of(door, mode, MODES),
        found.party(party) if party else 0,
    )


def date_of(door: Door, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise complain(
            door.lang, f"“{text}”不是日期,写法:2024-11-12", f"“{text}” is not a day; write 2024-11-12"
        ) from None


def mode_of(door: Door, text: str, known: Sequence[str]) -> Mode:
    from tanshu.exchange.engine.records import Mode
    from tanshu.exchange.figures.words import MODE_NAMES

    if not text:
        return Mode.NONE
    if text not in known:
        names = ", ".join(known)
        raise complain(door.lang, f"方式“{text}”未知;可为 {names}", f"“{text}” is none of {names}")
    return MODE_NAMES[text]


def period_of(door: Door, text: str) -> Period:
    from tanshu.exchange.figures.bars import Period

    if text not in PERIODS:
        names = ", ".join(PERIODS)
        raise complain(door.lang, f"周期“{text}”未知;可为 {names}", f"“{text}” is none of {names}")
    return Period(text)


def mode_text(mode: int) -> Text:
    from tanshu.exchange.engine.records import Mode
    from tanshu.exchange.figures.words import MODES as CALLED

    return CALLED[Mode(mode)]


def mode_called(name: str) -> Text:
    from tanshu.exchange.figures.words import MODE_NAMES

    return mode_text(MODE_NAMES[name])


def modes_json(modes: Mapping[Mode, Sum]) -> dict[str, object]:
    from tanshu.exchange.figures.words import mode_name

    return {mode_name(mode): sum_json(sum_) for mode, sum_ in modes.items()}


def sum_json(sum_: Sum) -> dict[str, object]:
    return {
        "volume": sum_.volume,
        "amount_fen": sum_.amount,
        "trades": sum_.trades,
        "average_fen": sum_.average,
    }


def fen(value: int | None) -> Fen | None:
    return None if value is None else Fen(value)
