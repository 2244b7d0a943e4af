"""Numbered refusals between the book and a market: EXC-8xxx."""

from tanshu.base.refusal import refusal

MARKET_NAME = refusal(
    "EXC-8001",
    "市场名称“{name}”须由小写字母开头,由小写字母、数字和连字符组成,最长 24 位。",
    "A market's name begins with a small letter and has small letters, digits and hyphens, 24 at most: “{name}”.",
)
MARKET_EXISTS = refusal("EXC-8002", "市场 {name} 已经设立。", "The market {name} is there already.")
ADMITTED = refusal(
    "EXC-8003",
    "{handle} 已是市场 {market} 的参与人(编号 {number})。",
    "{handle} is a participant of the market {market} already (number {number}).",
)
NO_ACCOUNTS = refusal(
    "EXC-8004",
    "{handle} 须先开立{kinds}账户才能参与交易。",
    "{handle} needs its accounts open before it can trade: {kinds}.",
)
NOT_A_TRADER = refusal(
    "EXC-8005",
    "{person} 不是 {handle} 的在岗交易员。请先由登记机构任命并复核(权限 trader)。",
    "{person} is no active trader of {handle}. The registry appoints and confirms one first (right: trader).",
)
OPERATOR_TWICE = refusal(
    "EXC-8006",
    "{person} 在市场 {market} 已有操作员代码,或被列了两次。",
    "{person} has an operator code on the market {market} already, or is named twice.",
)
LISTED = refusal(
    "EXC-8007",
    "{instrument} 已在市场 {market} 挂牌交易。",
    "{instrument} is listed on the market {market} already.",
)
NO_OPERATORS = refusal("EXC-8008", "至少须有一名操作员。", "At least one operator is needed.")
NOT_TODAY = refusal(
    "EXC-8009",
    "只能开立当日({today});收到 {day}。",
    "Only today ({today}) can be opened; {day} was given.",
)
DAY_STILL_OPEN = refusal(
    "EXC-8010",
    "市场 {market} 的交易日 {day} 尚未收市。",
    "The trading day {day} of the market {market} is still open.",
)
DAY_OVER = refusal(
    "EXC-8011",
    "市场 {market} 的交易日 {day} 已经开过,不能再开。",
    "The trading day {day} of the market {market} was held already and is not opened again.",
)
DAY_UNSETTLED = refusal(
    "EXC-8012",
    "市场 {market} 的交易日 {day} 尚未交收完毕。请先办结交收(settle)。",
    "The trading day {day} of the market {market} is not settled. Settle it first.",
)
NOTHING_LISTED = refusal(
    "EXC-8013",
    "市场 {market} 还没有挂牌产品。",
    "The market {market} lists nothing yet.",
)
DAY_NOT_OPEN = refusal(
    "EXC-8014",
    "市场 {market} 没有开市的交易日 {day}。",
    "The market {market} has no open trading day {day}.",
)
DAY_NOT_CLOSED = refusal(
    "EXC-8015",
    "市场 {market} 没有已收市的交易日 {day}。",
    "The market {market} has no closed trading day {day}.",
)
NO_SUCH_TRADE = refusal(
    "EXC-8016",
    "市场 {market} 在 {day} 没有第 {trade} 号成交,或业务明细与该成交不符。",
    "The market {market} had no trade number {trade} on {day}, or the lines are not that trade's.",
)
TRADE_DELIVERED = refusal(
    "EXC-8017",
    "市场 {market} {day} 第 {trade} 号成交已由业务 {transaction} 交收。",
    "Trade number {trade} of the market {market} on {day} is settled by the transaction {transaction}.",
)
NOT_ARRIVED = refusal(
    "EXC-8018",
    "{day} 第 {trade} 号成交须等待在前的成交交收生效后才能交收:账户 {account} 现有 {there},需 {needed}。",
    "Trade number {trade} of {day} waits for earlier ones to take effect: account {account} has {there} of {needed}.",
)
NOTHING_LEFT = refusal(
    "EXC-8019",
    "市场 {market} 的交易日 {day} 没有尚未办理交收的成交。",
    "Every trade of the market {market} on {day} has its settlement.",
)
OTHER_FREEZE_RULE = refusal(
    "EXC-8020",
    "市场 {market} 的规则对盘中司法冻结另有规定({rule}),本系统不办理。请在收市后办理。",
    "The market {market} has another rule for freezes in the day ({rule}), which is not carried out here. "
    "Do it after the close.",
)
WHY_NEEDED = refusal("EXC-8021", "请说明理由(--reason)。", "Say why (--reason).")
SUSPENDED_ALREADY = refusal("EXC-8022", "{handle} 已被暂停交易。", "{handle} is suspended already.")
NOT_SUSPENDED = refusal("EXC-8023", "{handle} 没有被暂停交易。", "{handle} is not suspended.")
LIFTED_BY_SELF = refusal(
    "EXC-8024",
    "{person} 已提出解除申请,须由另一人批准。",
    "{person} asked for it; somebody else has to grant it.",
)
HALTED_ALREADY = refusal("EXC-8025", "这一范围已经停牌。", "That is halted already.")
NOT_HALTED = refusal("EXC-8026", "这一范围没有停牌。", "That is not halted.")
NO_SUCH_MODE = refusal(
    "EXC-8027", "没有交易方式“{mode}”,可用:{known}。", "There is no mode “{mode}”; known are {known}."
)
TRADE_LIMIT = refusal(
    "EXC-8028", "一次办理 1 至 {limit} 笔交收。", "One command settles 1 to {limit} trades."
)
STILL_STOPPED = refusal(
    "EXC-8030",
    "{handle} 的账户 {account} 处于{state}状态,不能解除暂停交易。请先由登记机构恢复账户。",
    "The account {account} of {handle} is {state}; its suspension is not lifted before the registry restores it.",
)
ACCOUNT_IN_DAY = refusal(
    "EXC-8031",
    "账户 {account} 参与市场 {market} 的交易日 {day},该日尚未收市并交收完毕,不能销户。",
    "The account {account} takes part in the trading day {day} of the market {market}, which is not closed and "
    "settled; it is not closed before.",
)
REFERENCE = refusal(
    "EXC-8029",
    "首日基准价须为每吨 1 分至 {most} 分;收到 {price}。",
    "A first reference price is from 1 to {most} fen a tonne; {price} was given.",
)
