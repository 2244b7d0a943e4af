"""Numbered refusals of the clearing house: CLR-1xxx the day, CLR-2xxx delivery."""

from tanshu.base.refusal import refusal

NO_SUCH_DAY = refusal(
    "CLR-1001",
    "{day} 尚未开始结算。请先运行 tanshu day run {day}。",
    "The settlement of {day} has not begun. Run tanshu day run {day} first.",
)
WRONG_STATE = refusal(
    "CLR-1002",
    "{day} 的结算处于“{state}”,此步骤须在“{needed}”之后进行一次。",
    "The settlement of {day} stands at “{state}”; this step is taken once, after “{needed}”.",
)
DAY_BEFORE = refusal(
    "CLR-1003",
    "前一结算日 {before} 尚未封账,不能办理 {day} 的结算。请先完成 {before}。",
    "The settlement day before, {before}, is not sealed; {day} has to wait. Finish {before} first.",
)
NOT_CLOSED = refusal(
    "CLR-1004",
    "市场 {market} 的 {day} 尚未闭市,不能归集成交。请先闭市。",
    "The day {day} of the market {market} is not closed; its trades cannot be collected. Close it first.",
)
