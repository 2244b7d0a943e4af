"""Market data in the words of clients: modes, sides, the states of an order, why it left."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from tanshu.base.text import Text
from tanshu.exchange.engine.records import AuctionOrder, Gone, Mode, OrderKind, Side
from tanshu.exchange.model import STATE_WORDS


class State(IntEnum):
    """What a client sees of an order. A part that was filled before it left shows in its quantities."""

    RESTING = 1
    PART = 2
    FILLED = 3
    CANCELLED = 4
    """By its client."""
    WITHDRAWN = 5
    """By the system: the day closed, a court froze, a rest found nobody."""


OVER = (State.FILLED, State.CANCELLED, State.WITHDRAWN)
BY_CLIENT = (Gone.CANCELLED, Gone.REPLACED)

STATES: Mapping[State, Text] = {state: STATE_WORDS[state.name.lower()] for state in State}
WHYS: Mapping[Gone, Text] = {
    Gone.CANCELLED: Text("客户撤单", "cancelled by its client"),
    Gone.LAPSED: Text("收市失效", "the day closed"),
    Gone.REST: Text("剩余自动撤销", "the rest found nobody"),
    Gone.SELF_TRADE: Text("自成交防范", "self-trade prevention"),
    Gone.SUSPENDED: Text("暂停交易", "its client was suspended"),
    Gone.FROZEN: Text("司法冻结", "frozen by a court"),
    Gone.REPLACED: Text("改单或还价替代", "replaced by another"),
    Gone.DECLINED: Text("对方谢绝", "declined"),
    Gone.LOST: Text("未中标", "not accepted"),
    Gone.RETURNED: Text("保证金退还", "a deposit, given back"),
    Gone.CALLED_OFF: Text("竞价取消", "its auction was called off"),
}
MODES: Mapping[Mode, Text] = {
    Mode.NONE: Text("合计", "total"),
    Mode.LISTING: Text("挂牌协议", "listing"),
    Mode.BLOCK: Text("大宗协议", "block"),
    Mode.AUCTION: Text("单向竞价", "auction"),
    Mode.ORDER_BOOK: Text("连续竞价", "order book"),
}
MODE_NAMES: Mapping[str, Mode] = {
    "listing": Mode.LISTING,
    "block": Mode.BLOCK,
    "auction": Mode.AUCTION,
    "order_book": Mode.ORDER_BOOK,
}
SIDES: Mapping[Side, Text] = {
    Side.BUY: Text("买", "buy"),
    Side.SELL: Text("卖", "sell"),
    Side.NONE: Text("—", "—"),
}
KINDS: Mapping[OrderKind, Text] = {
    OrderKind.LIMIT: Text("限价", "limit"),
    OrderKind.MARKET: Text("市价", "market"),
    OrderKind.IOC: Text("即成余撤", "IOC"),
    OrderKind.FOK: Text("全成或撤", "FOK"),
}
AUCTION_KINDS: Mapping[AuctionOrder, Text] = {
    AuctionOrder.BID: Text("竞价申报", "bid"),
    AuctionOrder.OFFERED: Text("投放", "offered"),
    AuctionOrder.DEPOSIT: Text("保证金", "deposit"),
}


def mode_name(mode: int) -> str:
    """A mode as programs name it: listing, block, auction, order_book; total for all."""
    return next((name for name, one in MODE_NAMES.items() if one == mode), "total")


def kind_of(mode: int, kind: int) -> tuple[str, Text]:
    """What an order is, for programs and for people. A deposit of an auction stands among orders, too."""
    if mode == Mode.AUCTION:
        return AuctionOrder(kind).name.lower(), AUCTION_KINDS[AuctionOrder(kind)]
    return OrderKind(kind).name.lower(), KINDS[OrderKind(kind)]


def state_of(remaining: int, filled: int, why: int) -> State:
    """The state of an order: what is left of it, what it has traded, why it left (0: it did not)."""
    if why:
        return State.CANCELLED if why in BY_CLIENT else State.WITHDRAWN
    if not filled:
        return State.RESTING
    return State.PART if remaining else State.FILLED
