"""Numbered refusals of the market: EXC-1xxx market, day and phase; EXC-2xxx the form of an order; EXC-3xxx means
and people; EXC-4xxx board, block and order book; EXC-5xxx auctions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import TYPE_CHECKING

from tanshu.base.quantity import yuan
from tanshu.base.refusal import Refusal, RefusalKind, refusal
from tanshu.base.text import Text
from tanshu.exchange.engine.auction import desk_of
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.ledger import buyer_needs, phase_of, withdrawable
from tanshu.exchange.engine.records import AMOUNT_MAX, Mode, Op, Phase, Side
from tanshu.exchange.engine.state import (
    BOUGHT,
    DAY,
    FREE,
    HELD,
    INSIDE,
    INSTRUMENTS,
    LIMIT,
    O_INSTRUMENT,
    O_MODE,
    ORDERS,
    OUTSIDE,
    PARTIES,
    Arrays,
)
from tanshu.exchange.engine.terms import Term

if TYPE_CHECKING:
    from tanshu.exchange.engine.engine import Engine
    from tanshu.exchange.market import Names

NO_MARKET = refusal(
    "EXC-1001",
    "没有名为“{name}”的市场;现有:{known}。",
    "There is no market “{name}”; there are: {known}.",
)
NOT_OPERATOR = refusal(
    "EXC-3001",
    "{person} 不是市场 {market} 的交易员。请先由交易机构登记操作员代码(tanshu market admit)。",
    "{person} is no operator of the market {market}. The exchange gives operator codes (tanshu market admit).",
)
NO_PARTY = refusal(
    "EXC-3002",
    "{handle} 不是市场 {market} 的参与人。请先由交易机构接纳(tanshu market admit)。",
    "{handle} is no participant of the market {market}. The exchange admits it first (tanshu market admit).",
)
NO_INSTRUMENT = refusal(
    "EXC-2001",
    "市场 {market} 不交易 {code};交易:{known}。",
    "The market {market} does not trade {code}; it trades {known}.",
)
BAD_SIDE = refusal(
    "EXC-2013",
    "方向“{side}”须为 buy(买入)或 sell(卖出)。",
    "The side “{side}” has to be buy or sell.",
)
BAD_KIND = refusal(
    "EXC-2014",
    "没有“{kind}”这种委托;有:{known}。",
    "There is no kind of order “{kind}”; there are {known}.",
)
NOT_WHOLE = refusal(
    "EXC-2015",
    "“{value}”须为不小于零的整数(价格以分计)。",
    "“{value}” has to be a whole number, zero or more (prices in fen).",
)
BATCH_SIZE = refusal(
    "EXC-1011",
    "一批须有 1 至 {limit} 笔,收到 {count} 笔。请分批提交。",
    "A batch has 1 to {limit} orders; {count} were sent. Send them in parts.",
)
BAD_ORDER_ID = refusal(
    "EXC-4001",
    "无法识别委托号“{id}”。写法:YYYYMMDD-序号,例如 20241112-17。",
    "Cannot read the order number “{id}”. Write YYYYMMDD-number, as 20241112-17.",
)
OTHER_DAY = refusal(
    "EXC-4002",
    "委托 {id} 不是今天({day})的;当日委托收市即失效。",
    "Order {id} is not of today ({day}); orders lapse at the close of their day.",
)
STEP_DUE = refusal(
    "EXC-1013",
    "申报到达时,市场时间表的下一步已到({at})。请用同一幂等键重新提交。",
    "A step of the market's timetable was due ({at}) when this arrived. Send it again under the same key.",
)

MODE_WORDS = {
    Mode.NONE: Text("市场", "the market"),
    Mode.LISTING: Text("挂牌协议", "listing"),
    Mode.BLOCK: Text("大宗协议", "block"),
    Mode.AUCTION: Text("单向竞价", "auction"),
    Mode.ORDER_BOOK: Text("连续竞价", "order book"),
}
PHASE_WORDS = {
    Phase.CLOSED: Text("已闭市", "closed"),
    Phase.PRE_OPEN: Text("开市前", "before the open"),
    Phase.OPEN: Text("交易中", "open"),
    Phase.BREAK: Text("休市", "in a break"),
    Phase.CLOSING: Text("收盘集合", "in the closing call"),
    Phase.HALTED: Text("已暂停", "halted"),
}

UNKNOWN_OP = refusal(
    "EXC-1002",
    "市场不认识指令 {op}。",
    "The market does not know the instruction {op}.",
)
NO_DAY = refusal(
    "EXC-1003",
    "没有开市的交易日;上一交易日 {day}。请等待开市。",
    "No trading day is open; the last one was {day}. Wait for the open.",
)
NOT_OPEN = refusal(
    "EXC-1004",
    "{mode}现在{phase},不能申报或成交。",
    "{mode} is {phase} now: nothing can be entered or traded.",
)
UNKNOWN_PARTY = refusal(
    "EXC-3003",
    "没有编号 {party} 的参与人;共 {parties} 个。",
    "There is no participant number {party}; there are {parties}.",
)
UNKNOWN_OPERATOR = refusal(
    "EXC-3004",
    "操作员代码 {operator} 不属于参与人 {who}。",
    "Operator code {operator} is not of the participant {who}.",
)
UNKNOWN_INSTRUMENT = refusal(
    "EXC-2002",
    "没有编号 {instrument} 的产品;共 {instruments} 个。",
    "There is no product number {instrument}; there are {instruments}.",
)
SUSPENDED = refusal(
    "EXC-3005",
    "参与人 {who} 已被暂停交易。解除须交易机构两人办理。",
    "The participant {who} is suspended. Two people of the exchange can lift that.",
)
NOT_TRADED_SO = refusal(
    "EXC-2003",
    "{what} 今天不以{mode}方式交易。",
    "{what} is not traded by {mode} today.",
)
BAD_QUANTITY = refusal(
    "EXC-2004",
    "数量须为正整数吨;收到 {quantity}。",
    "A quantity is a positive number of whole tonnes; {quantity} was given.",
)
TOO_SMALL = refusal(
    "EXC-2005",
    "{mode}每笔不少于 {least} 吨;申报 {quantity} 吨。",
    "{mode} takes no less than {least} t an order; this one is {quantity} t.",
)
TOO_LARGE = refusal(
    "EXC-2006",
    "{mode}每笔不超过 {most} 吨;申报 {quantity} 吨。",
    "{mode} takes no more than {most} t an order; this one is {quantity} t.",
)
NOT_A_LOT = refusal(
    "EXC-2007",
    "数量须为 {lot} 吨的整数倍;申报 {quantity} 吨。",
    "Quantities are multiples of {lot} t; this one is {quantity} t.",
)
BAD_PRICE = refusal(
    "EXC-2008",
    "价格须为正;收到每吨 {price} 元。",
    "A price is above zero; {price} CNY per tonne was given.",
)
NOT_A_TICK = refusal(
    "EXC-2009",
    "价格须为 {tick} 元的整数倍;申报 {price} 元。",
    "Prices are multiples of {tick} CNY; this one is {price}.",
)
BELOW_BAND = refusal(
    "EXC-2010",
    "{what} 今日{mode}价格区间为 {low} 至 {high} 元;申报 {price} 元低于下限。",
    "Today {what} trades by {mode} from {low} to {high} CNY; {price} is below.",
)
ABOVE_BAND = refusal(
    "EXC-2011",
    "{what} 今日{mode}价格区间为 {low} 至 {high} 元;申报 {price} 元高于上限。",
    "Today {what} trades by {mode} from {low} to {high} CNY; {price} is above.",
)
AMOUNT_TOO_LARGE = refusal(
    "EXC-2012",
    "单笔金额不得超过 {worth} 元;{quantity} 吨 × {price} 元超过此限。请核对数量与价格,或分笔申报。",
    "One order is worth at most {worth} CNY; {quantity} t at {price} is more. Look at both figures, or split it.",
)
NO_CASH = refusal(
    "EXC-3006",
    "{who} 可用资金 {cash} 元,此笔需 {needed} 元(含最高费用)。",
    "{who} has {cash} CNY free; this needs {needed} CNY, the highest fees included.",
)
NO_UNITS = refusal(
    "EXC-3007",
    "{who} 的 {what} 交易可用 {units} 吨,不足 {quantity} 吨(已被委托占用 {held} 吨)。",
    "{who} has {units} t of {what} free on the market, not {quantity} t ({held} t are held by orders).",
)
BOUGHT_TODAY = refusal(
    "EXC-3008",
    "{who} 的 {what} 交易可用 {units} 吨;当日买入的 {bought} 吨在交收完成前不能卖出、转出或清缴。",
    "{who} has {units} t of {what} free; the {bought} t bought today cannot be sold, moved or surrendered before they are settled.",
)
HOLDING_LIMIT = refusal(
    "EXC-3009",
    "{who} 最大持仓量为 {limit} 吨;现有及在途 {holding} 吨,再买 {quantity} 吨将超限。",
    "{who} may hold {limit} t at most; with {holding} t held and on order, {quantity} t more would pass that.",
)
UNKNOWN_ORDER = refusal(
    "EXC-4003",
    "今天没有委托 {order}。",
    "There is no order {order} today.",
)
NOT_YOURS = refusal(
    "EXC-4004",
    "委托 {order} 不是 {who} 的。",
    "Order {order} is not {who}'s.",
)
ORDER_OVER = refusal(
    "EXC-4005",
    "委托 {order} 已成交、已撤销或已失效。",
    "Order {order} is over: filled, cancelled or lapsed.",
)
SELF_TRADE = refusal(
    "EXC-4006",
    "{who} 会与自己成交;自成交被禁止。",
    "{who} would trade with itself, which is not allowed.",
)
NOT_FILLED = refusal(
    "EXC-4007",
    "全部成交否则撤销的 {quantity} 吨现在不能全部成交;没有成交,也没有留下委托。",
    "{quantity} t cannot be filled at once; nothing was traded and nothing stays.",
)
NOTHING_THERE = refusal(
    "EXC-4008",
    "{what} 没有可摘的对手挂牌:可见的最优五档内没有满足价格的挂牌。",
    "Nobody offers the other side of {what} within the visible levels and the price.",
)
BEYOND_LEVELS = refusal(
    "EXC-4009",
    "挂牌 {order} 不在可摘范围:须在对手方最优五档内,并按价格优先。",
    "Offer {order} is out of reach: it must be among the best levels, the better price first.",
)
MAKER_TOO_SMALL = refusal(
    "EXC-4010",
    "挂牌 {order} 的剩余数量不足 {quantity} 吨。",
    "Offer {order} has less left than {quantity} t.",
)
NOT_FOR_YOU = refusal(
    "EXC-4011",
    "大宗申报 {order} 不是向 {who} 发出的,或是其本人的。",
    "Block quote {order} was not made to {who}, or is its own.",
)
NOT_YOUR_TURN = refusal(
    "EXC-4012",
    "大宗申报 {order} 应由对方答复。",
    "It is for the other side to answer block quote {order}.",
)
ALREADY = refusal(
    "EXC-1005",
    "已是这个状态,没有变化。",
    "It is so already; nothing changed.",
)
NO_CHOICE = refusal(
    "EXC-4013",
    "{mode}不能指定挂牌方:按价格优先、时间优先成交。",
    "Makers are not chosen by {mode} here: the best price comes first, and at it the oldest offer.",
)
TERMS_STAND = refusal(
    "EXC-1012",
    "已有委托,当日交易条件不能再改。",
    "There are orders already; the terms of the day stand.",
)
UNKNOWN_AUCTION = refusal(
    "EXC-5001",
    "没有编号 {order} 的竞价。",
    "There is no auction number {order}.",
)
NOT_QUALIFIED = refusal(
    "EXC-5002",
    "{who} 没有竞价 {order} 的资格。",
    "{who} is not qualified for auction {order}.",
)
BELOW_RESERVE = refusal(
    "EXC-5003",
    "报价 {price} 元不满足竞价 {order} 的保留价。",
    "{price} CNY does not meet the reserve price of auction {order}.",
)
ABOVE_CAP = refusal(
    "EXC-5004",
    "{who} 在竞价 {order} 的申报合计将超过其上限。",
    "{who} would bid for more in auction {order} than its cap.",
)
DEPOSIT_SHORT = refusal(
    "EXC-5005",
    "{who} 可用资金 {cash} 元,不足竞价 {order} 的保证金。",
    "{who} has {cash} CNY free, less than the deposit of auction {order}.",
)
BINDS = refusal(
    "EXC-5006",
    "竞价的这笔申报不可撤销,也不可改差;发起方的申报和保证金不能撤销。",
    "A bid of this auction binds: it is not cancelled, and replaced only by a better one. Neither what is offered nor a deposit is cancelled.",
)
AUCTION_OVER = refusal(
    "EXC-5007",
    "竞价 {order} 已经结束。",
    "Auction {order} is over.",
)
WINDOW_SHUT = refusal(
    "EXC-5008",
    "竞价 {order} 的申报时段没有开始,或发起方的申报已被撤出。",
    "The window of auction {order} has not opened, or what was offered was withdrawn.",
)
BAD_PHASE = refusal(
    "EXC-1006",
    "{mode}现在{phase},不能转入所要求的阶段。",
    "{mode} is {phase} now, which does not lead to the phase that was asked for.",
)
OUT_OF_ORDER = refusal(
    "EXC-1007",
    "编号须依次给出,交易日须在上一交易日({day})之后。",
    "Numbers are given in order, and a day comes after the last one ({day}).",
)
BAD_VALUE = refusal(
    "EXC-1008",
    "数值 {quantity} 不在允许范围内。",
    "The value {quantity} is out of range.",
)
NO_WITHDRAWAL = refusal(
    "EXC-3010",
    "{who} 现可转出 {withdrawable} 元;当日卖出所得可用于买入,日终封存前不能转出。",
    "{who} can take out {withdrawable} CNY now; what it earned today may buy, and leaves after the day is sealed.",
)
FULL = refusal(
    "EXC-1010",
    "委托已达上限。请先撤单,或稍后再报。",
    "There are as many orders as there can be. Cancel some, or send this one later.",
)

_KINDS: Mapping[Code, tuple[RefusalKind, str]] = {
    Code.UNKNOWN_OP: (UNKNOWN_OP, "op"),
    Code.NO_DAY: (NO_DAY, "day"),
    Code.NOT_OPEN: (NOT_OPEN, "phase"),
    Code.UNKNOWN_PARTY: (UNKNOWN_PARTY, "party"),
    Code.UNKNOWN_OPERATOR: (UNKNOWN_OPERATOR, "operator"),
    Code.UNKNOWN_INSTRUMENT: (UNKNOWN_INSTRUMENT, "instrument"),
    Code.SUSPENDED: (SUSPENDED, "party"),
    Code.NOT_TRADED_SO: (NOT_TRADED_SO, "mode"),
    Code.BAD_QUANTITY: (BAD_QUANTITY, "quantity"),
    Code.TOO_SMALL: (TOO_SMALL, "quantity"),
    Code.TOO_LARGE: (TOO_LARGE, "quantity"),
    Code.NOT_A_LOT: (NOT_A_LOT, "quantity"),
    Code.BAD_PRICE: (BAD_PRICE, "price"),
    Code.NOT_A_TICK: (NOT_A_TICK, "price"),
    Code.BELOW_BAND: (BELOW_BAND, "price"),
    Code.ABOVE_BAND: (ABOVE_BAND, "price"),
    Code.AMOUNT_TOO_LARGE: (AMOUNT_TOO_LARGE, "quantity"),
    Code.NO_CASH: (NO_CASH, "quantity"),
    Code.NO_UNITS: (NO_UNITS, "quantity"),
    Code.BOUGHT_TODAY: (BOUGHT_TODAY, "quantity"),
    Code.HOLDING_LIMIT: (HOLDING_LIMIT, "quantity"),
    Code.UNKNOWN_ORDER: (UNKNOWN_ORDER, "order"),
    Code.NOT_YOURS: (NOT_YOURS, "order"),
    Code.ORDER_OVER: (ORDER_OVER, "order"),
    Code.SELF_TRADE: (SELF_TRADE, "order"),
    Code.NOT_FILLED: (NOT_FILLED, "quantity"),
    Code.NOTHING_THERE: (NOTHING_THERE, "price"),
    Code.BEYOND_LEVELS: (BEYOND_LEVELS, "order"),
    Code.MAKER_TOO_SMALL: (MAKER_TOO_SMALL, "quantity"),
    Code.NOT_FOR_YOU: (NOT_FOR_YOU, "order"),
    Code.NOT_YOUR_TURN: (NOT_YOUR_TURN, "order"),
    Code.ALREADY: (ALREADY, "phase"),
    Code.NO_CHOICE: (NO_CHOICE, "order"),
    Code.TERMS_STAND: (TERMS_STAND, "day"),
    Code.UNKNOWN_AUCTION: (UNKNOWN_AUCTION, "auction"),
    Code.NOT_QUALIFIED: (NOT_QUALIFIED, "party"),
    Code.BELOW_RESERVE: (BELOW_RESERVE, "price"),
    Code.ABOVE_CAP: (ABOVE_CAP, "quantity"),
    Code.DEPOSIT_SHORT: (DEPOSIT_SHORT, "quantity"),
    Code.BINDS: (BINDS, "order"),
    Code.AUCTION_OVER: (AUCTION_OVER, "auction"),
    Code.WINDOW_SHUT: (WINDOW_SHUT, "auction"),
    Code.BAD_PHASE: (BAD_PHASE, "phase"),
    Code.OUT_OF_ORDER: (OUT_OF_ORDER, "number"),
    Code.BAD_VALUE: (BAD_VALUE, "value"),
    Code.NO_WITHDRAWAL: (NO_WITHDRAWAL, "quantity"),
    Code.FULL: (FULL, "order"),
}
"""What the engine's codes are called, and the field each is about."""


def from_code(engine: Engine, row: Sequence[int], code: int, names: Names) -> Refusal:
    """The refusal that says why the engine answered `code` to a record, with the figures that decided it."""
    kind, field = _KINDS[Code(code)]
    facts = _facts(engine.arrays, _of_its_auction(engine, row), names)
    said = {name for _, name, _, _ in Formatter().parse(kind.text.zh) if name}
    return kind(field=field, **{name: facts[name] for name in sorted(said)})  # nothing of others' orders


def number_of(code: int) -> str:
    """The number of the refusal that says a code of the engine's."""
    return _KINDS[Code(code)][0].code


def _of_its_auction(engine: Engine, row: Sequence[int]) -> Sequence[int]:
    """A record about an auction names its number where others name an order: what it is about is filled in."""
    op, mode, side, kind, _instrument, *rest = row
    auction = desk_of(engine).auctions.all.get(rest[_AUCTION])
    if auction is None or op not in (Op.QUALIFY, Op.BID, Op.AUCTION_PHASE):
        return row
    return (op, mode, auction.bids_side if op == Op.BID else side, kind, auction.instrument, *rest)


def _facts(a: Arrays, row: Sequence[int], names: Names) -> dict[str, object]:
    """Every figure a sentence may need, as far as there is one."""
    op, mode, side, _kind, instrument, party, _counter, quantity, price, order, other, _extra = row
    if 0 < order <= a.day[ORDERS] and not instrument:
        instrument, mode = int(a.orders[order, O_INSTRUMENT]), mode or int(a.orders[order, O_MODE])
    named = 0 < instrument <= a.day[INSTRUMENTS]
    known = 0 < party <= a.day[PARTIES]
    mode = mode if mode in MODE_WORDS else 0
    terms = a.terms[instrument if named else 0, mode]
    units = a.units[instrument if named else 0, party if known else 0]
    me = a.parties[party if known else 0]
    cash = a.cash[party if known else 0]
    amount = max(0, min(quantity, AMOUNT_MAX // max(1, price))) * max(0, price)
    buys = side == Side.BUY and named and op not in (Op.CASH_OUT, Op.CASH_IN)
    needed = buyer_needs(a, instrument, mode, amount, 0) if buys else quantity
    return {
        "op": op,
        "day": day_text(int(a.day[DAY])),
        "mode": MODE_WORDS[Mode(mode)],
        "phase": PHASE_WORDS[Phase(int(phase_of(a, instrument if named else 0, mode)))],
        "party": party,
        "parties": int(a.day[PARTIES]),
        "who": names.parties.get(party, str(party)),
        "operator": other,
        "instrument": instrument,
        "instruments": int(a.day[INSTRUMENTS]),
        "what": names.instruments.get(instrument, str(instrument)),
        "quantity": quantity,
        "price": yuan(price),
        "least": int(terms[Term.QUANTITY_MIN]),
        "most": int(terms[Term.QUANTITY_MAX]),
        "lot": int(terms[Term.LOT]),
        "tick": yuan(int(terms[Term.TICK])),
        "low": yuan(int(terms[Term.PRICE_LOW])),
        "high": yuan(int(terms[Term.PRICE_HIGH])) if terms[Term.PRICE_HIGH] else "∞",
        "worth": yuan(int(terms[Term.AMOUNT_MAX]) or AMOUNT_MAX),
        "cash": yuan(int(cash[FREE])),
        "needed": yuan(int(needed)),
        "units": int(units[FREE]),
        "held": int(units[HELD]),
        "bought": int(units[BOUGHT]),
        "limit": int(me[LIMIT]),
        "holding": int(me[OUTSIDE] + me[INSIDE]),
        "order": order,
        "withdrawable": yuan(int(withdrawable(a, party if known else 0))),
    }


def day_text(yyyymmdd: int) -> str:
    """A day's number as people write it; “—” for none."""
    text = f"{yyyymmdd:08}"
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if yyyymmdd else "—"


_AUCTION = 4
"""Where the auction's number stands in a record, after the instrument."""
