"""What a break is called, and the sentence that says where it comes from."""

from __future__ import annotations

from tanshu.base.text import Text
from tanshu.shadow.model import Kind

LABELS: dict[Kind, Text] = {
    Kind.AMOUNT: Text("成交金额有误", "amount of a trade"),
    Kind.FEE: Text("费用与费率不符", "fee off its rate"),
    Kind.TWICE: Text("成交重复列示", "trade listed twice"),
    Kind.GAP: Text("成交编号缺号", "gap in trade numbers"),
    Kind.UNLISTED_TRADE: Text("成交未列示", "trade not listed"),
    Kind.UNITS_NOT_MOVED: Text("付款未交券", "money without units"),
    Kind.CASH_NOT_MOVED: Text("交券未付款", "units without money"),
    Kind.ONE_SIDE: Text("只记了一方", "one side only"),
    Kind.NOT_SETTLED: Text("成交未交收", "trade not settled"),
    Kind.SETTLED_TWICE: Text("重复交收", "settled twice"),
    Kind.EXCHANGED: Text("买卖方颠倒", "buyer and seller exchanged"),
    Kind.INSTRUMENT: Text("交付品种有误", "wrong instrument delivered"),
    Kind.QUANTITY: Text("交付数量有误", "wrong quantity delivered"),
    Kind.CASH_AMOUNT: Text("收付金额有误", "wrong amount paid"),
    Kind.WRONG_SUBJECT: Text("交付对象有误", "delivered to another"),
    Kind.NETTED: Text("应全额而轧差", "netted instead of gross"),
    Kind.FEE_BOOKED: Text("费用记账有误", "fee booked otherwise"),
    Kind.CASH_COLUMN: Text("买卖金额记账有误", "buys or sells booked otherwise"),
    Kind.CASH_UNKNOWN: Text("出入金无依据", "cash in or out unfounded"),
    Kind.MOVE_NOT_DONE: Text("变动未执行", "movement not made"),
    Kind.MOVE_TWICE: Text("变动重复执行", "movement made twice"),
    Kind.UNLISTED_MOVE: Text("划转无依据", "transfer unfounded"),
    Kind.OPENING: Text("期初与上日期末不符", "opening is not the last closing"),
    Kind.CLOSING: Text("期末计算有误", "closing does not add up"),
    Kind.CASH_MISSING: Text("缺资金记录", "no cash row"),
    Kind.CONSERVATION: Text("数量凭空增减", "units from or to nowhere"),
    Kind.FROZEN: Text("冻结数量不符", "frozen units differ"),
    Kind.SAME_DAY: Text("当日买入当日卖出", "bought and sold the same day"),
    Kind.FROZEN_SOLD: Text("卖出已冻结数量", "frozen units sold"),
    Kind.NEGATIVE: Text("可用不足", "below zero"),
    Kind.CLOSED_DAY: Text("休市日成交", "trade on a closed day"),
    Kind.BAND: Text("价格超出涨跌幅", "price outside its band"),
    Kind.UNKNOWN_SUBJECT: Text("主体不明", "unknown subject"),
    Kind.UNKNOWN_INSTRUMENT: Text("品种不明", "unknown instrument"),
}

SAID: dict[str, Text] = {
    "amount": Text(
        "成交 {trade}:{quantity} 吨 × {price} 元 = {worth} 元,文件记为 {amount} 元。",
        "Trade {trade}: {quantity} t × {price} CNY is {worth} CNY; the file says {amount} CNY.",
    ),
    "fee": Text(
        "成交 {trade}:{who}的{what}按费率应为 {ours} 元,文件记为 {theirs} 元。",
        "Trade {trade}: the {who}'s {what} is {ours} CNY by its rate; the file says {theirs} CNY.",
    ),
    "twice": Text(
        "成交 {trade} 已在第 {first} 行列示,本行完全相同。",
        "Trade {trade} stands in line {first} already, word for word.",
    ),
    "number": Text(
        "成交编号 {trade} 已用于第 {first} 行的另一笔成交。",
        "The number {trade} is that of another trade, in line {first}.",
    ),
    "gap": Text(
        "成交编号从 {before} 跳到 {after},缺 {missing};持有与资金中没有与之对应的变动:只是编号缺失。",
        "Numbers go from {before} to {after}; {missing} is missing. No holding and no money moved for it: only a "
        "number was left out.",
    ),
    "unlisted-trade": Text(
        "有一笔未列示的成交已交收:{seller} 卖给 {buyer} {instrument} {quantity} 吨,{amount} 元。",
        "A trade that is not listed was settled: {seller} sold {buyer} {quantity} t of {instrument} for {amount} "
        "CNY.",
    ),
    "units-not-moved": Text(
        "成交 {trade}:资金已收付,{instrument} {quantity} 吨未从 {seller} 交付给 {buyer}。",
        "Trade {trade}: the money moved, but {quantity} t of {instrument} did not go from {seller} to {buyer}.",
    ),
    "cash-not-moved": Text(
        "成交 {trade}:{instrument} 已交付,{buyer} 应付 {seller} 的 {worth} 元未收付。",
        "Trade {trade}: the units moved, but {buyer} did not pay {seller} the {worth} CNY.",
    ),
    "buyer-units": Text(
        "成交 {trade}:{seller} 已交出 {quantity} 吨 {instrument},{buyer} 未收到。",
        "Trade {trade}: {seller} gave {quantity} t of {instrument}; {buyer} did not get them.",
    ),
    "seller-units": Text(
        "成交 {trade}:{buyer} 已收到 {quantity} 吨 {instrument},{seller} 未减少。",
        "Trade {trade}: {buyer} got {quantity} t of {instrument}; {seller} still has them.",
    ),
    "buyer-cash": Text(
        "成交 {trade}:{seller} 已收款 {worth} 元,{buyer} 未付款。",
        "Trade {trade}: {seller} was credited {worth} CNY; {buyer} was not charged.",
    ),
    "seller-cash": Text(
        "成交 {trade}:{buyer} 已付款 {worth} 元,{seller} 未收到。",
        "Trade {trade}: {buyer} was charged {worth} CNY; {seller} did not get it.",
    ),
    "not-settled": Text(
        "成交 {trade} 已列示,但 {buyer} 与 {seller} 的持有和资金均未变动。",
        "Trade {trade} is listed, but neither units nor money of {buyer} and {seller} moved.",
    ),
    "settled-twice": Text(
        "成交 {trade} 只列示一次,{buyer} 与 {seller} 之间却交收了两次。",
        "Trade {trade} is listed once, but was settled twice between {buyer} and {seller}.",
    ),
    "exchanged": Text(
        "成交 {trade} 交收时买卖方颠倒:{buyer} 应为买方,却按卖方记账。",
        "Trade {trade} was settled the wrong way round: {buyer} is the buyer and was booked as the seller.",
    ),
    "instrument": Text(
        "成交 {trade} 应交付 {instrument} {quantity} 吨,实际交付的是 {other}。",
        "Trade {trade} is of {quantity} t of {instrument}; what was delivered is {other}.",
    ),
    "quantity": Text(
        "成交 {trade} 应交付 {quantity} 吨,实际交付 {delivered} 吨。",
        "Trade {trade} is of {quantity} t; {delivered} t were delivered.",
    ),
    "cash-amount": Text(
        "成交 {trade} 应收付 {worth} 元,实际收付 {paid} 元。",
        "Trade {trade} costs {worth} CNY; {paid} CNY were paid.",
    ),
    "wrong-subject": Text(
        "成交 {trade} 的 {quantity} 吨应交付给 {buyer},却交付给了 {other}。",
        "The {quantity} t of trade {trade} belong to {buyer}; they were delivered to {other}.",
    ),
    "netted": Text(
        "{subject} 的买入与卖出被轧差 {amount} 元;本市场逐笔全额结算。",
        "Buys and sells of {subject} were set off by {amount} CNY; this market settles gross.",
    ),
    "fee-booked": Text(
        "{subject} 的{column}与其成交应收之和相差 {difference} 元。",
        "The {column} of {subject} is off what its trades come to by {difference} CNY.",
    ),
    "cash-column": Text(
        "{subject} 的{column}与其成交金额之和相差 {difference} 元,没有单笔成交可以解释。",
        "The {column} of {subject} is off the sum of its trades by {difference} CNY; no single trade explains it.",
    ),
    "cash-unknown": Text(
        "{subject} 的{column}比出入金清单多 {difference} 元:清单中没有这笔款项。",
        "The {column} of {subject} is {difference} CNY off the movements listed: no such movement is there.",
    ),
    "move-not-done": Text(
        "变动 {number}({subject},{amount})已列示,但没有执行。",
        "Movement {number} ({subject}, {amount}) is listed, but was not made.",
    ),
    "move-twice": Text(
        "变动 {number}({subject},{amount})只列示一次,却执行了两次。",
        "Movement {number} ({subject}, {amount}) is listed once, but was made twice.",
    ),
    "unlisted-move": Text(
        "{instrument} {quantity} 吨从 {giver} 到了 {taker},成交与变动清单中均无依据。",
        "{quantity} t of {instrument} went from {giver} to {taker}; neither trades nor movements say so.",
    ),
    "opening": Text(
        "{subject} 的期初余额 {theirs} 元,不是上一日的期末余额 {ours} 元。",
        "{subject} opens with {theirs} CNY, which is not the closing balance of the day before, {ours} CNY.",
    ),
    "closing": Text(
        "{subject} 的期初与当日各项合计为 {ours} 元,期末却记为 {theirs} 元。",
        "Opening and flows of {subject} come to {ours} CNY; the closing balance says {theirs} CNY.",
    ),
    "cash-missing": Text(
        "{subject} 有资金 {ours} 元,资金文件中却没有这一行。",
        "{subject} has {ours} CNY, but no row in the cash file.",
    ),
    "conservation": Text(
        "{subject} 的 {instrument} 凭空{direction} {quantity} 吨:没有对手方、发放或清缴,总量不再守恒。",
        "{subject} {direction} {quantity} t of {instrument} without a counterparty, an issue or a surrender: the "
        "total is no longer conserved.",
    ),
    "frozen": Text(
        "{subject} 的 {instrument} 冻结数量与冻结、解冻清单不符。",
        "The frozen {instrument} of {subject} are not what freezes and releases come to.",
    ),
    "same-day": Text(
        "成交 {trade}:{seller} 卖出 {quantity} 吨,其中 {short} 吨是当日买入的,当日不得卖出。",
        "Trade {trade}: of the {quantity} t that {seller} sold, {short} t were bought the same day and could not be "
        "sold on it.",
    ),
    "frozen-sold": Text(
        "成交 {trade}:{seller} 卖出 {quantity} 吨,其中 {short} 吨已被冻结。",
        "Trade {trade}: of the {quantity} t that {seller} sold, {short} t are frozen.",
    ),
    "oversold": Text(
        "成交 {trade}:{seller} 卖出 {quantity} 吨,缺 {short} 吨。",
        "Trade {trade}: {seller} sold {quantity} t and lacks {short} t of them.",
    ),
    "overmoved": Text(
        "变动 {number}:{subject} 缺 {short} 吨 {instrument}。",
        "Movement {number}: {subject} lacks {short} t of {instrument}.",
    ),
    "overdrawn": Text(
        "{subject} 的资金不足以支付当日的买入、费用与出金,缺 {short} 元。",
        "The money of {subject} does not pay for the day's buys, fees and withdrawals; {short} CNY are lacking.",
    ),
    "closed-day": Text(
        "{day} 不是交易日,却有 {count} 笔成交。",
        "{day} is no trading day, yet there are {count} trades.",
    ),
    "band": Text(
        "成交 {trade} 的价格 {price} 元超出 {low} 至 {high} 元的范围(上一交易日收盘价 {base} 元)。",
        "Trade {trade} is at {price} CNY, outside {low} to {high} CNY (the close of the day before is {base} CNY).",
    ),
    "unknown-subject": Text(
        "主体 {subject} 不在主体清单中。", "The subject {subject} is not in the list of subjects."
    ),
    "unknown-instrument": Text(
        "品种 {instrument} 不在品种清单中。",
        "The instrument {instrument} is not in the list of instruments.",
    ),
}

COLUMNS: dict[str, Text] = {
    "paid_in": Text("入金", "cash in"),
    "paid_out": Text("出金", "cash out"),
    "buys": Text("买入金额", "buys"),
    "buy_fee": Text("买入手续费", "buy fee"),
    "sells": Text("卖出金额", "sells"),
    "sell_fee": Text("卖出手续费", "sell fee"),
    "settlement_fee": Text("结算费", "settlement fee"),
}
GAINED, LOST = Text("增加", "gained"), Text("减少", "lost")


def say(name: str, **facts: object) -> Text:
    """The sentence of a cause; facts that are texts speak the reader's language."""
    pattern = SAID[name]

    def words(zh: bool) -> dict[str, object]:
        return {
            key: (value.zh if zh else value.en) if isinstance(value, Text) else value
            for key, value in facts.items()
        }

    return Text(pattern.zh.format(**words(True)), pattern.en.format(**words(False)))


assert set(LABELS) == set(Kind)
