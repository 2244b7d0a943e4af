"""Numbered refusals about settlement banks: CLR-3xxx."""

from tanshu.base.refusal import refusal

BANK_UNBOUND = refusal(
    "CLR-3001",
    "主体 {subject} 尚未绑定结算银行,而本系统有 {count} 家。请先办理 tanshu bank bind。",
    "{subject} is bound to none of the {count} settlement banks. Bind it first: tanshu bank bind.",
)
NO_BANK = refusal(
    "CLR-3002",
    "尚无结算银行(有“结算银行”账户的银行主体)。请先登记一家。",
    "There is no settlement bank (a bank with an account of kind bank). Register one first.",
)
NOT_A_BANK = refusal(
    "CLR-3003",
    "{bank} 不是结算银行:须为银行主体并有“结算银行”账户。",
    "{bank} is no settlement bank: it has to be a bank with an account of kind bank.",
)
OTHER_NAME = refusal(
    "CLR-3004",
    "银行账户户名“{given}”与登记名称“{name}”不一致,不能绑定。",
    "The bank account's name “{given}” is not the registered name “{name}”.",
)
BOUND_ALREADY = refusal("CLR-3005", "{subject} 已绑定 {bank}。", "{subject} is bound to {bank} already.")
MONEY_ELSEWHERE = refusal(
    "CLR-3006",
    "{subject} 在 {bank} 还有资金或在途款项(账户 {account}),不能改绑。请先出金并等待银行办结。",
    "{subject} still has money at {bank} or on its way there (account {account}). Withdraw it, and wait for "
    "the bank.",
)
OTHER_BANK = refusal(
    "CLR-3007",
    "{subject} 的资金在 {bank},本次出入金却写了 {named}。请改用其绑定银行。",
    "The money of {subject} is at {bank}; this transaction names {named}. Use the bank that it is bound to.",
)
NOT_HELD = refusal(
    "CLR-3008",
    "{subject} 没有资金类账户,无须绑定银行。",
    "{subject} has no account for money: nothing to bind.",
)
BANK_DAY = refusal(
    "CLR-3009",
    "入金明细中的“{name}”不能是“{value}”:银行日期须为 YYYY-MM-DD 且不晚于 {latest},通知序号须为正整数。",
    "“{name}” in a deposit's details cannot be “{value}”: the bank's day is YYYY-MM-DD and no later than {latest}, "
    "the notice's number a whole number above zero.",
)
NO_SUCH_INSTRUCTION = refusal(
    "CLR-3101", "没有编号为 {id} 的银行指令。", "There is no bank instruction {id}."
)
ANSWER_UNKNOWN = refusal(
    "CLR-3102",
    "“{value}”不是银行回执状态。可用:done、refused、unknown。",
    "“{value}” is no answer of a bank. Known: done, refused, unknown.",
)
ANSWER_INCOMPLETE = refusal(
    "CLR-3103",
    "指令 {id} 的“已办”回执缺少银行流水号或日期。",
    "The answer to {id} says done, without the bank's reference or day.",
)
ANSWERED_OTHERWISE = refusal(
    "CLR-3104",
    "指令 {id} 此前已回执为“{state}”,与本次不符。请与银行核实,不能改写。",
    "The bank answered {id} before, with “{state}”. Clear it up with the bank; it is not written over.",
)
ANSWERS_NONE = refusal("CLR-3105", "没有任何回执。", "There is no answer to record.")
NOT_REFUSED = refusal(
    "CLR-3106",
    "银行没有拒绝指令 {id}(状态“{state}”),不能退回。",
    "The bank has not refused {id} (it is “{state}”); there is nothing to give back.",
)
RETURN_DIFFERS = refusal(
    "CLR-3107",
    "退回与指令 {id} 不符:应为账户 {account}、{amount} 分。",
    "The return does not fit {id}: account {account}, {amount} fen.",
)
STATEMENT_ROW = refusal(
    "CLR-3201",
    "对账单第 {line} 行有误:{why}。",
    "Line {line} of the statement is wrong: {why}.",
)
STATEMENT_SHAPE = refusal(
    "CLR-3202",
    "对账单须恰有一行 opening 和一行 closing;本文件 opening {opening} 行,closing {closing} 行。",
    "A statement has one row `opening` and one row `closing`; this file has {opening} and {closing}.",
)
STATEMENT_SAME = refusal(
    "CLR-3203",
    "{bank} {day} 的同一份对账单已导入(第 {round} 次)。",
    "This very statement of {bank} for {day} is here already (round {round}).",
)
NO_STATEMENT = refusal(
    "CLR-3204",
    "还没有 {bank} {day} 的对账单。请先导入。",
    "There is no statement of {bank} for {day} yet. Import it first.",
)
NO_MONEY = refusal("CLR-3205", "尚未定义资金品种。", "No instrument of kind cash is defined.")
GATEWAY_MISSING = refusal(
    "CLR-3301",
    "没有 {bank} 的连接地址。用 --at {bank}=http://… 给出。",
    "There is no address for {bank}. Give it: --at {bank}=http://….",
)
BANK_SILENT = refusal(
    "CLR-3302",
    "{bank} 没有回应:{why}。稍后重试。",
    "{bank} does not answer: {why}. Try again later.",
)
SIMULATOR_FAULT = refusal(
    "CLR-3303",
    "银行模拟器没有名为“{value}”的故障。可用:{known}。",
    "The bank simulator knows no fault “{value}”. Known: {known}.",
)
SIMULATOR_DOWN = refusal(
    "CLR-3304",
    "银行模拟器没有启动:{why}。",
    "The bank simulator did not start: {why}.",
)
NOT_RETURNED = refusal(
    "CLR-3108",
    "入金 {transaction} 中可由银行退回、记入账户 {account} 的尚有 {there} 分,不能办理 {amount} 分。请核对银行的退回通知。",
    "Of the deposit {transaction} {there} fen to the account {account} can have been taken back by its bank; {amount} "
    "are too much. Compare the bank's notice.",
)
BY_HAND = refusal(
    "CLR-3109",
    "手工登记指令 {id} 的回执,须为 done 或 refused,并写明依据(--why)。",
    "An answer to {id} by hand is done or refused, and says from where it is known (--why).",
)
DONE_AHEAD = refusal(
    "CLR-3110",
    "银行日期 {on} 尚未到来,今天是 {today}。",
    "The bank's day {on} is still to come; today is {today}.",
)
