"""Numbered refusals of statements: CLR-5xxx."""

from tanshu.base.refusal import refusal

UNEQUAL = refusal(
    "CLR-5001",
    "{day} 有 {count} 个主体的资金不平,首个为 {subject}:按本日各项应为 {expected} 元,账上为 {closing} 元。"
    "请先查明差额来源,再出结算单。",
    "The cash of {count} subjects does not add up on {day}; the first is {subject}: {expected} yuan by what "
    "happened, {closing} yuan in the book. Find where the difference is from, then make the statements.",
)
NOT_THE_MARKET = refusal(
    "CLR-5002",
    "{day} 全部结算单之和与市场结算报告不符:{what},结算单合计 {ours},市场 {theirs}。",
    "The statements of {day} do not sum to the market's report: {what} is {ours} by the statements, {theirs} by "
    "the market.",
)
CURRENCIES = refusal(
    "CLR-5003",
    "{day} 不能出结算单:各市场以 {count} 种货币结算,结算日须恰用一种货币。",
    "No statements for {day}: the markets settle in {count} currencies; a settlement day has exactly one.",
)
NOT_STATED = refusal(
    "CLR-5004",
    "{day} 尚未出结算单。请先完成该日的结算(tanshu day run {day})。",
    "No statements were made for {day} yet. Finish its settlement first (tanshu day run {day}).",
)
NO_STATEMENT = refusal(
    "CLR-5005",
    "{handle} 在 {day} 没有结算单:当日不是任何市场的参与人。",
    "{handle} has no statement of {day}: it took part in no market by then.",
)
