"""`tanshu market offer|take|quote|…`: what operators do. Prices are yuan per tonne, as people write them."""

from __future__ import annotations

import json
import re
from collections import Counter as Counted
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.quantity import yuan
from tanshu.base.refusal import Refusal, Refused, need
from tanshu.base.text import Text
from tanshu.cli.border import complain
from tanshu.cli.door import Door, command
from tanshu.cli.output import Facts, Reply, Table, number_column, text_column

if TYPE_CHECKING:
    from tanshu.exchange.model import Asked

MarketOption = Annotated[str, typer.Option("--market", metavar="NAME", help="市场 · the market")]
What = Annotated[str, typer.Argument(metavar="INSTRUMENT", help="产品,如 CEA23 · product")]
Side = Annotated[str, typer.Argument(metavar="SIDE", help="buy 买入 · sell 卖出")]
Tonnes = Annotated[str, typer.Argument(metavar="TONNES", help="数量(吨) · quantity in tonnes")]
Yuan = Annotated[str, typer.Argument(metavar="YUAN", help="每吨价格(元) · price in yuan per tonne")]
OrderId = Annotated[str, typer.Argument(metavar="ORDER", help="委托号,如 20241112-17 · the order's number")]

YUAN = re.compile(r"(\d{1,3}(,\d{3})+|\d{1,15})(\.\d{1,2}0*)?", re.ASCII)
"""Yuan with up to two decimals; commas, where there are any, between thousands."""
REFUSED = (
    text_column("编号", "number"),
    number_column("笔数", "orders"),
    text_column("首个行", "first line"),
)
TRADES = (
    text_column("成交号", "trade"),
    text_column("产品", "product"),
    number_column("数量(吨)", "tonnes"),
    number_column("价格(元/吨)", "price (CNY/t)"),
    text_column("买方委托", "buy order"),
    text_column("卖方委托", "sell order"),
)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the group."""

    @command(app, "offer", "挂牌 · post an offer on the board", writes=True)
    def offer(
        door: Door, side: Side, instrument: What, tonnes: Tonnes, price: Yuan, market: MarketOption = "cea"
    ) -> Reply:
        """It waits for a taker until the day closes. Refuses EXC-2xxx (form), EXC-3xxx (means)."""
        from tanshu.exchange.model import Offer

        return _ask(door, market, Offer(instrument, side, whole(door, tonnes), fen(door, price)))

    @command(app, "take", "摘牌 · take what is offered", writes=True)
    def take(
        door: Door,
        side: Side,
        instrument: What,
        tonnes: Tonnes,
        price: Annotated[
            str, typer.Option("--price", help="最差可接受价格(元) · the worst price accepted, yuan")
        ] = "",
        offer: Annotated[str, typer.Option("--offer", help="指定挂牌 · one offer by its number")] = "",
        market: MarketOption = "cea",
    ) -> Reply:
        """The best price first, within the visible levels. SIDE is yours: to buy is to take sell offers."""
        from tanshu.exchange.model import Take

        worst = fen(door, price) if price else 0
        return _ask(door, market, Take(instrument, side, whole(door, tonnes), worst, offer))

    @command(app, "order", "委托(连续竞价) · an order of the order book", writes=True)
    def order(
        door: Door,
        side: Side,
        instrument: What,
        tonnes: Tonnes,
        price: Annotated[str, typer.Argument(metavar="YUAN", help="价格(元) · price, yuan")] = "0",
        kind: Annotated[str, typer.Option(help="limit · market · ioc · fok")] = "limit",
        market: MarketOption = "clob",
    ) -> Reply:
        """By price, then by time."""
        from tanshu.exchange.model import Order

        return _ask(door, market, Order(instrument, side, whole(door, tonnes), fen(door, price), kind))

    @command(app, "quote", "大宗申报 · a block quote", writes=True)
    def quote(
        door: Door,
        side: Side,
        instrument: What,
        tonnes: Tonnes,
        price: Yuan,
        to: Annotated[str, typer.Option("--to", metavar="HANDLE", help="只向一方 · to one participant")] = "",
        market: MarketOption = "cea",
    ) -> Reply:
        """To everybody, or to one participant."""
        from tanshu.exchange.model import Quote

        return _ask(door, market, Quote(instrument, side, whole(door, tonnes), fen(door, price), to))

    @command(app, "counter", "还价 · answer a block quote with other terms", writes=True)
    def counter(
        door: Door, order: OrderId, tonnes: Tonnes, price: Yuan, market: MarketOption = "cea"
    ) -> Reply:
        from tanshu.exchange.model import Counter

        return _ask(door, market, Counter(order, whole(door, tonnes), fen(door, price)))

    @command(app, "confirm", "确认大宗 · agree to a block quote", writes=True)
    def confirm(door: Door, order: OrderId, market: MarketOption = "cea") -> Reply:
        from tanshu.exchange.model import Confirm

        return _ask(door, market, Confirm(order))

    @command(app, "decline", "拒绝大宗 · decline a block quote", writes=True)
    def decline(door: Door, order: OrderId, market: MarketOption = "cea") -> Reply:
        from tanshu.exchange.model import Decline

        return _ask(door, market, Decline(order))

    @command(app, "bid", "竞价申报 · bid in an auction", writes=True)
    def bid(
        door: Door,
        auction: Annotated[int, typer.Argument(metavar="AUCTION", help="竞价编号 · the auction's number")],
        tonnes: Tonnes,
        price: Yuan,
        market: MarketOption = "cea",
    ) -> Reply:
        from tanshu.exchange.model import Bid

        return _ask(door, market, Bid(auction, whole(door, tonnes), fen(door, price)))

    @command(app, "amend", "改单 · change an order", writes=True)
    def amend(
        door: Door, order: OrderId, tonnes: Tonnes, price: Yuan, market: MarketOption = "clob"
    ) -> Reply:
        from tanshu.exchange.model import Amend

        return _ask(door, market, Amend(order, whole(door, tonnes), fen(door, price)))

    @command(app, "cancel", "撤单 · cancel an order", writes=True)
    def cancel(door: Door, order: OrderId, market: MarketOption = "cea") -> Reply:
        from tanshu.exchange.model import Cancel

        return _ask(door, market, Cancel(order))

    @command(app, "batch", "成批申报 · many orders from a file", writes=True)
    def batch(
        door: Door,
        file: Annotated[
            Path, typer.Argument(metavar="FILE", help="每行一个 JSON 对象 · one JSON object a line")
        ],
        market: MarketOption = "clob",
    ) -> Reply:
        """Each line says what it is by `do` (order, offer, take, quote, amend, cancel) and its fields;
        `price_fen` is in fen. Each stands for itself; all are durable together."""
        from tanshu.exchange import service
        from tanshu.exchange.model import Batch

        asked = dict(_lines(door, file))
        key = door.key_for()
        said = Batch(tuple(asked.values()))
        answer = _at(door, market, key, lambda ctx: service.submit_many(ctx, said))
        codes = answer["codes"]
        facts = [
            (Text("接受", "accepted"), codes.count(0)),
            (Text("拒绝", "refused"), len(codes) - codes.count(0)),
            (Text("成交笔数", "trades"), answer["trades"]),
            (Text("成交量(吨)", "traded (t)"), answer["traded_t"]),
        ]
        refused = _refused(codes, list(asked))
        parts: list[Facts | Table] = [Facts(facts)]
        if refused:
            rows = [(one["code"], one["orders"], one["first_line"]) for one in refused]
            parts.append(Table(REFUSED, rows, Text("拒绝的申报", "refused orders")))
        return Reply({**answer, "refused": refused, "key": key.hex()}, tuple(parts))

    @command(app, "replay", "重放市场日志 · replay the market's log")
    def replay(door: Door, market: MarketOption = "cea") -> Reply:
        """From its first entry on, believing nothing: codes, outputs and, at each close, the state hash."""
        return _replay(door, market)


def fen(door: Door, text: str) -> int:
    """Yuan as people write them, in fen; more than two decimals are refused, and a comma for a point is."""
    if not YUAN.fullmatch(text.strip()):
        raise complain(
            door.lang,
            f"价格“{text}”须为至多两位小数的元",
            f"the price “{text}” is yuan with up to two decimals",
        )
    return int(Decimal(text.strip().replace(",", "")) * 100)


def whole(door: Door, text: str) -> int:
    """Whole tonnes. Raises Refused BASE-1001…1003."""
    from tanshu.base.quantity import check_quantity

    del door
    return need(check_quantity(text))


def _ask(door: Door, market: str, asked: Asked) -> Reply:
    from tanshu.exchange import service
    from tanshu.exchange.model import STATE_WORDS

    key = door.key_for()
    answer = _at(door, market, key, lambda ctx: service.submit(ctx, asked))
    facts: list[tuple[Text, object]] = []
    if "order" in answer:
        facts.append((Text("委托号", "order"), answer["order"]))
    if "state" in answer:
        facts += [
            (Text("状态", "state"), STATE_WORDS[answer["state"]]),
            (Text("已成交(吨)", "filled (t)"), answer["filled"]),
            (Text("剩余(吨)", "left (t)"), answer["left"]),
        ]
    parts: list[Facts | Table] = [Facts(facts)]
    if answer.get("trades"):
        rows = [trade_row(one) for one in answer["trades"]]
        parts.append(Table(TRADES, rows, Text("成交", "trades")))
    return Reply({**answer, "key": key.hex()}, tuple(parts))


def trade_row(one: Mapping[str, Any]) -> tuple[object, ...]:
    """A trade as the table shows it."""
    price = yuan(one["price_fen"])
    return one["trade"], one["instrument"], one["quantity"], price, one["buy_order"], one["sell_order"]


def _at(door: Door, name: str, key: bytes, ask: Any) -> Any:
    """Ask the market of this name; its answer with what every answer says."""
    from tanshu.exchange import market as markets
    from tanshu.exchange import service

    with door.installation() as installation:
        with installation.database.read() as conn:
            market = need(markets.by_name(installation.book, conn, name))
        outcome = ask(service.at(door.context(installation, key), market))
        market.keep_snapshot()
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    return {"market": name, "market_seq": outcome.seq, **outcome.data}


def _lines(door: Door, file: Path) -> Iterator[tuple[int, Asked]]:
    """What each line asks, by its number; blank ones ask nothing."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        at = error.start
        raise complain(
            door.lang, f"文件不是 UTF-8 编码(第 {at} 字节)", f"the file is not UTF-8 (byte {at})"
        ) from None
    for n, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield n, _line(door, n, line)


def _refused(codes: Sequence[int], lines: Sequence[int]) -> list[dict[str, object]]:
    """What was refused by number: how many, and the first line of them."""
    from tanshu.exchange import checks

    numbers = [(checks.number_of(code), line) for code, line in zip(codes, lines, strict=True) if code]
    counts = Counted(number for number, _ in numbers)
    first = dict(reversed(numbers))
    return [{"code": one, "orders": counts[one], "first_line": first[one]} for one in sorted(counts)]


def _line(door: Door, n: int, line: str) -> Asked:
    from tanshu.exchange import model

    kinds = {kind.__name__.lower(): kind for kind in model.Asked.__args__}
    try:
        given = json.loads(line)
        return kinds[given.pop("do")](**given)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise complain(door.lang, f"第 {n} 行无法识别:{error}", f"line {n} cannot be read: {error}") from None


def _replay(door: Door, name: str) -> Reply:
    from collections import deque

    from tanshu.exchange import market as markets

    with door.reading() as (conn, book):
        market = need(markets.by_name(book, conn, name))
        last = deque(markets.replayed(conn, market.log), maxlen=1)
    entry, engine = last[0]
    data = {
        "market": name,
        "entries": entry.seq + 1,
        "log_hash": entry.hash.hex(),
        "state_hash": engine.state_hash(),
    }
    words = (("条目", "entries"), ("日志哈希", "log hash"), ("状态哈希", "state hash"))
    keys = ("entries", "log_hash", "state_hash")
    return Reply(data, (Facts([(Text(*w), data[k]) for w, k in zip(words, keys, strict=True)]),))
