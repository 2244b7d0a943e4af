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

_SENTENCES: Mapping[Code, tuple[str, str, str, str]] = {
    Code.UNKNOWN_OP: (
        "EXC-1002", "op",
        "市场不认识指令 {op}。",
        "The market does not know the instruction {op}.",
    ),
    Code.NO_DAY: (
        "EXC-1003", "day",
        "没有开市的交易日;上一交易日 {day}。请等待开市。",
        "No trading day is open; the last one was {day}. Wait for the open.",
    ),
    Code.NOT_OPEN: (
        "EXC-1004", "phase",
        "{mode}现在{phase},不能申报或成交。",
        "{mode} is {phase} now: nothing can be entered or traded.",
    ),
    Code.UNKNOWN_PARTY: (
        "EXC-3003", "party",
        "没有编号 {party} 的参与人;共 {parties} 个。",
        "There is no participant number {party}; there are {parties}.",
    ),
    Code.UNKNOWN_OPERATOR: (
        "EXC-3004", "operator",
        "操作员代码 {operator} 不属于参与人 {who}。",
        "Operator code {operator} is not of the participant {who}.",
    ),
    Code.UNKNOWN_INSTRUMENT: (
        "EXC-2002", "instrument",
        "没有编号 {instrument} 的产品;共 {instruments} 个。",
        "There is no product number {instrument}; there are {instruments}.",
    ),
    Code.SUSPENDED: (
        "EXC-3005", "party",
        "参与人 {who} 已被暂停交易。解除须交易机构两人办理。",
        "The participant {who} is suspended. Two people of the exchange can lift that.",
    ),
    Code.NOT_TRADED_SO: (
        "EXC-2003", "mode",
        "{what} 今天不以{mode}方式交易。",
        "{what} is not traded by {mode} today.",
    ),
    Code.BAD_QUANTITY: (
        "EXC-2004", "quantity",
        "数量须为正整数吨;收到 {quantity}。",
        "A quantity is a positive number of whole tonnes; {quantity} was given.",
    ),
    Code.TOO_SMALL: (
        "EXC-2005", "quantity",
        "{mode}每笔不少于 {least} 吨;申报 {quantity} 吨。",
        "{mode} takes no less than {least} t an order; this one is {quantity} t.",
    ),
    Code.TOO_LARGE: (
        "EXC-2006", "quantity",
        "{mode}每笔不超过 {most} 吨;申报 {quantity} 吨。",
        "{mode} takes no more than {most} t an order; this one is {quantity} t.",
    ),
    Code.NOT_A_LOT: (
        "EXC-2007", "quantity",
        "数量须为 {lot} 吨的整数倍;申报 {quantity} 吨。",
        "Quantities are multiples of {lot} t; this one is {quantity} t.",
    ),
    Code.BAD_PRICE: (
        "EXC-2008", "price",
        "价格须为正;收到每吨 {price} 元。",
        "A price is above zero; {price} CNY per tonne was given.",
    ),
    Code.NOT_A_TICK: (
        "EXC-2009", "price",
        "价格须为 {tick} 元的整数倍;申报 {price} 元。",
        "Prices are multiples of {tick} CNY; this one is {price}.",
    ),
    Code.BELOW_BAND: (
        "EXC-2010", "price",
        "{what} 今日{mode}价格区间为 {low} 至 {high} 元;申报 {price} 元低于下限。",
        "Today {what} trades by {mode} from {low} to {high} CNY; {price} is below.",
    ),
    Code.ABOVE_BAND: (
        "EXC-2011", "price",
        "{what} 今日{mode}价格区间为 {low} 至 {high} 元;申报 {price} 元高于上限。",
        "Today {what} trades by {mode} from {low} to {high} CNY; {price} is above.",
    ),
    Code.AMOUNT_TOO_LARGE: (
        "EXC-2012", "quantity",
        "单笔金额不得超过 {worth} 元;{quantity} 吨 × {price} 元超过此限。请核对数量与价格,或分笔申报。",
        "One order is worth at most {worth} CNY; {quantity} t at {price} is more. Look at both figures, or split it.",
    ),
    Code.NO_CASH: (
        "EXC-3006", "quantity",
        "{who} 可用资金 {cash} 元,此笔需 {needed} 元(含最高费用)。",
        "{who} has {cash} CNY free; this needs {needed} CNY, the highest fees included.",
    ),
    Code.NO_UNITS: (
        "EXC-3007", "quantity",
        "{who} 的 {what} 交易可用 {units} 吨,不足 {quantity} 吨(已被委托占用 {held} 吨)。",
        "{who} has {units} t of {what} free on the market, not {quantity} t ({held} t are held by orders).",
    ),
    Code.BOUGHT_TODAY: (
        "EXC-3008", "quantity",
        "{who} 的 {what} 交易可用 {units} 吨;当日买入的 {bought} 吨在交收完成前不能卖出、转出或清缴。",
        "{who} has {units} t of {what} free; the {bought} t bought today cannot be sold, moved or surrendered before "
        "they are settled.",
    ),
    Code.HOLDING_LIMIT: (
        "EXC-3009", "quantity",
        "{who} 最大持仓量为 {limit} 吨;现有及在途 {holding} 吨,再买 {quantity} 吨将超限。",
        "{who} may hold {limit} t at most; with {holding} t held and on order, {quantity} t more would pass that.",
    ),
    Code.UNKNOWN_ORDER: (
        "EXC-4003", "order",
        "今天没有委托 {order}。",
        "There is no order {order} today.",
    ),
    Code.NOT_YOURS: (
        "EXC-4004", "order",
        "委托 {order} 不是 {who} 的。",
        "Order {order} is not {who}'s.",
    ),
    Code.ORDER_OVER: (
        "EXC-4005", "order",
        "委托 {order} 已成交、已撤销或已失效。",
        "Order {order} is over: filled, cancelled or lapsed.",
    ),
    Code.SELF_TRADE: (
        "EXC-4006", "order",
        "{who} 会与自己成交;自成交被禁止。",
        "{who} would trade with itself, which is not allowed.",
    ),
    Code.NOT_FILLED: (
        "EXC-4007", "quantity",
        "全部成交否则撤销的 {quantity} 吨现在不能全部成交;没有成交,也没有留下委托。",
        "{quantity} t cannot be filled at once; nothing was traded and nothing stays.",
    ),
    Code.NOTHING_THERE: (
        "EXC-4008", "price",
        "{what} 没有可摘的对手挂牌:可见的最优五档内没有满足价格的挂牌。",
        "Nobody offers the other side of {what} within the visible levels and the price.",
    ),
    Code.BEYOND_LEVELS: (
        "EXC-4009", "order",
        "挂牌 {order} 不在可摘范围:须在对手方最优五档内,并按价格优先。",
        "Offer {order} is out of reach: it must be among the best levels, the better price first.",
    ),
    Code.MAKER_TOO_SMALL: (
        "EXC-4010", "quantity",
        "挂牌 {order} 的剩余数量不足 {quantity} 吨。",
        "Offer {order} has less left than {quantity} t.",
    ),
    Code.NOT_FOR_YOU: (
        "EXC-4011", "order",
        "大宗申报 {order} 不是向 {who} 发出的,或是其本人的。",
        "Block quote {order} was not made to {who}, or is its own.",
    ),
    Code.NOT_YOUR_TURN: (
        "EXC-4012", "order",
        "大宗申报 {order} 应由对方答复。",
        "It is for the other side to answer block quote {order}.",
    ),
    Code.ALREADY: (
        "EXC-1005", "phase",
        "已是这个状态,没有变化。",
        "It is so already; nothing changed.",
    ),
    Code.NO_CHOICE: (
        "EXC-4013",
        "order",
        "{mode}不能指定挂牌方:按价格优先、时间优先成交。",
        "Makers are not chosen by {mode} here: the best price comes first, and at it the oldest offer.",
    ),
    Code.TERMS_STAND: (
        "EXC-1012",
        "day",
        "已有委托,当日交易条件不能再改。",
        "There are orders already; the terms of the day stand.",
    ),
    Code.UNKNOWN_AUCTION: (
        "EXC-5001", "auction",
        "没有编号 {order} 的竞价。",
        "There is no auction number {order}.",
    ),
    Code.NOT_QUALIFIED: (
        "EXC-5002", "party",
        "{who} 没有竞价 {order} 的资格。",
        "{who} is not qualified for auction {order}.",
    ),
    Code.BELOW_RESERVE: (
        "EXC-5003", "price",
        "报价 {price} 元不满足竞价 {order} 的保留价。",
        "{price} CNY does not meet the reserve price of auction {order}.",
    ),
    Code.ABOVE_CAP: (
        "EXC-5004", "quantity",
        "{who} 在竞价 {order} 的申报合计将超过其上限。",
        "{who} would bid for more in auction {order} than its cap.",
    ),
    Code.DEPOSIT_SHORT: (
        "EXC-5005", "quantity",
        "{who} 可用资金 {cash} 元,不足竞价 {order} 的保证金。",
        "{who} has {cash} CNY free, less than the deposit of auction {order}.",
    ),
    Code.BINDS: (
        "EXC-5006", "order",
        "竞价的这笔申报不可撤销,也不可改差;发起方的申报和保证金不能撤销。",
        "A bid of this auction binds: it is not cancelled, and replaced only by a better one. Neither what is offered "
        "nor a deposit is cancelled.",
    ),
    Code.AUCTION_OVER: (
        "EXC-5007", "auction",
        "竞价 {order} 已经结束。",
        "Auction {order} is over.",
    ),
    Code.WINDOW_SHUT: (
        "EXC-5008", "auction",
        "竞价 {order} 的申报时段没有开始,或发起方的申报已被撤出。",
        "The window of auction {order} has not opened, or what was offered was withdrawn.",
    ),
    Code.BAD_PHASE: (
        "EXC-1006", "phase",
        "{mode}现在{phase},不能转入所要求的阶段。",
        "{mode} is {phase} now, which does not lead to the phase that was asked for.",
    ),
    Code.OUT_OF_ORDER: (
        "EXC-1007", "number",
        "编号须依次给出,交易日须在上一交易日({day})之后。",
        "Numbers are given in order, and a day comes after the last one ({day}).",
    ),
    Code.BAD_VALUE: (
        "EXC-1008", "value",
        "数值 {quantity} 不在允许范围内。",
        "The value {quantity} is out of range.",
    ),
    Code.NO_WITHDRAWAL: (
        "EXC-3010", "quantity",
        "{who} 现可转出 {withdrawable} 元;当日卖出所得可用于买入,日终封存前不能转出。",
        "{who} can take out {withdrawable} CNY now; what it earned today may buy, and leaves after the day is sealed.",
    ),
    Code.NOT_SETTLED: (
        "EXC-1009", "day",
        "交易日 {day} 尚未交收完毕。",
        "The trading day {day} is not settled yet.",
    ),
    Code.FULL: (
        "EXC-1010", "order",
        "委托已达上限。请先撤单,或稍后再报。",
        "There are as many orders as there can be. Cancel some, or send this one later.",
    ),
}  # fmt: skip

_KINDS: dict[Code, tuple[RefusalKind, str]] = {
    code: (refusal(number, zh, en), field) for code, (number, field, zh, en) in _SENTENCES.items()
}


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
