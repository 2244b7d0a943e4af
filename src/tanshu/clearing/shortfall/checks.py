"""Numbered refusals of shortfalls: CLR-4xxx."""

from tanshu.base.refusal import refusal

UNKNOWN = refusal("CLR-4001", "没有编号为 {id} 的资金不足记录。", "There is no shortfall {id}.")
NO_CASH_ACCOUNT = refusal(
    "CLR-4002",
    "{handle} 没有资金账户,不能记录资金不足。",
    "{handle} has no cash account, so it can be short of nothing there.",
)
PERIOD_NEEDED = refusal(
    "CLR-4003",
    "规则包“{pack}”没有给出补足期限,须在通知中写明(分钟,大于零,至多一年),或写入 {pack}.figures。",
    "Rule pack “{pack}” does not say how long a shortfall may be made good: state it with the notice (minutes, above "
    "zero, a year at most), or write it into {pack}.figures.",
)
PERIOD_SETTLED = refusal(
    "CLR-4004",
    "补足期限由规则包“{pack}”规定为 {minutes} 分钟,通知中不能另定。",
    "Rule pack “{pack}” sets the period, {minutes} minutes; a notice cannot set another.",
)
REASON_NEEDED = refusal("CLR-4005", "请说明理由(--reason)。", "Say why (--reason).")
CAUSE_UNKNOWN = refusal(
    "CLR-4006", "没有原因“{cause}”,可用:{known}。", "There is no cause “{cause}”; known are {known}."
)
IN_FUTURE = refusal(
    "CLR-4007", "{day} 尚未到来,今天是 {today}。", "{day} is still to come; today is {today}."
)
WRONG_STATE = refusal(
    "CLR-4008",
    "资金不足 {id} 处于“{state}”,不能办理此项。",
    "The shortfall {id} is {state}; this cannot be done with it.",
)
NOT_NAMED = refusal(
    "CLR-4010",
    "业务“{name}”须在明细中写明所属的资金不足编号(shortfall)。",
    "A {name} names its shortfall in its details (shortfall).",
)
TOO_EARLY = refusal(
    "CLR-4011",
    "资金不足 {id} 的补足期限至 {until},期限届满后才能垫付。",
    "The shortfall {id} may be made good until {until}; the house covers it after that.",
)
OTHER_ACCOUNT = refusal(
    "CLR-4012",
    "资金不足 {id} 涉及账户 {account},不能用于账户 {given}。",
    "The shortfall {id} is one of the account {account}, not of {given}.",
)
MORE_THAN_LEFT = refusal(
    "CLR-4013",
    "资金不足 {id} 尚余 {left} 分,不能办理 {amount} 分。",
    "Of the shortfall {id} {left} fen are left; {amount} fen are too much.",
)
FUND_ORDER = refusal(
    "CLR-4014",
    "垫付须先动用{first},其可用余额还有 {left} 分。",
    "The {first} covers first: {left} fen of it are free.",
)
NOT_THE_FUND = refusal(
    "CLR-4015",
    "{fund}在资金不足 {id} 中尚未收回的垫付为 {left} 分,不能收回 {amount} 分。",
    "Of what the {fund} gave for the shortfall {id} {left} fen are outstanding; {amount} fen are too much.",
)
NOT_A_DEPOSIT = refusal(
    "CLR-4016",
    "业务 {transaction} 不是通知之后到账、尚未用于补足的入金(账户 {account})。",
    "{transaction} is no deposit to {account} since the notice that is still free to make a shortfall good.",
)
FUNDS_LACK = refusal(
    "CLR-4017",
    "风险准备金与自有资金可用合计 {there} 分,不足以垫付 {needed} 分。请先充实准备金。不得以配额垫付。",
    "The reserve and the own funds have {there} fen free, which do not cover {needed}. Add money first; units never "
    "cover anything.",
)
NO_MONEY_OUT = refusal(
    "CLR-4020",
    "账户 {account} 有未了结的资金不足 {id}({left} 分),了结之前不能出金。",
    "The account {account} has a shortfall that is not settled ({id}, {left} fen); nothing is paid out before.",
)
NOT_LIFTED = refusal(
    "CLR-4021",
    "资金不足 {id} 尚未了结({left} 分),不能解除暂停交易。",
    "The shortfall {id} is not settled ({left} fen are left); the suspension is not lifted before.",
)
SAME_PERSON = refusal(
    "CLR-4022",
    "资金不足 {id} 由 {person} 提出,须由另一人复核或撤回。",
    "{person} stated the shortfall {id}; somebody else confirms it, or withdraws it.",
)
COVERED_ALREADY = refusal(
    "CLR-4023",
    "资金不足 {id} 已垫付 {covered} 分,不能撤回。",
    "Of the shortfall {id} {covered} fen are covered already; it is not withdrawn any more.",
)
