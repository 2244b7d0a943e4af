"""Numbered refusals of objections to a settlement: CLR-6xxx."""

from tanshu.base.refusal import refusal

UNKNOWN = refusal("CLR-6001", "没有编号为 {id} 的结算异议。", "There is no objection {id} to a settlement.")
NO_STATEMENT = refusal(
    "CLR-6002",
    "{day} 没有 {handle} 的结算单,无从提出异议。",
    "There is no statement of {day} for {handle} to object to.",
)
TOO_LATE = refusal(
    "CLR-6003",
    "对 {day} 结算结果的异议须在下一交易日开市前书面提出;市场 {market} 已于 {opened} 开市,逾期视为认可。",
    "Whoever objects to the settlement of {day} does so before the next market opening; {market} opened on {opened}. "
    "Silence until then accepts.",
)
GROUNDS_NEEDED = refusal("CLR-6004", "请写明异议的理由。", "Say in writing what the objection rests on.")
OBJECTED_ALREADY = refusal(
    "CLR-6005",
    "{handle} 对 {day} 已提出异议 {id}。",
    "{handle} has objected to {day} already ({id}).",
)
WRONG_STATE = refusal(
    "CLR-6006",
    "异议 {id} 处于“{state}”,不能办理此项。",
    "The objection {id} is {state}; this cannot be done with it.",
)
OPINION_NEEDED = refusal("CLR-6007", "请写明处理意见。", "Give an opinion with the decision.")
SAME_PERSON = refusal(
    "CLR-6008",
    "{person} 已提出处理意见,须由另一人复核。",
    "{person} proposed this decision; somebody else confirms it.",
)
NOT_NAMED = refusal(
    "CLR-6009",
    "结算更正须在明细中写明结算日(day),以及异议编号(objection)或自行发现的差错原因(reason)。",
    "A correction of a settlement names the settlement day in its details (day), and its objection (objection), or "
    "what the house itself found wrong (reason).",
)
OTHER_DAY = refusal(
    "CLR-6010",
    "异议 {id} 针对 {day} 的结算,不是 {given}。",
    "The objection {id} is one to the settlement of {day}, not of {given}.",
)
NOT_THEIRS = refusal(
    "CLR-6011",
    "更正的每项明细须涉及异议人 {handle} 的账户。",
    "Every line of a correction concerns an account of {handle}, who objected.",
)
WHY_NEEDED = refusal(
    "CLR-6012",
    "结算机构自行发现的差错,更正时须在明细中写明原因(reason)。",
    "A correction of an error that the house found itself says in its details what was wrong (reason).",
)
NOT_SEALED = refusal(
    "CLR-6013",
    "明细中的结算日(day){day} 不是已封账的结算日。当日差错请退回重新清算。",
    "The day {day} in the details is no sealed settlement day. An error of a day that is not sealed is cleared again.",
)
BOUNDS_NEEDED = refusal(
    "CLR-6014",
    "认定异议成立的,须写明更正的数量(吨)和金额(分),均不小于零且不同时为零;不成立的不写。现为 {quantity} 吨、{amount} 分。",
    "Who upholds says how many tonnes and fen the correction moves: neither below zero, not both zero. Who dismisses "
    "states none. Given: {quantity} t, {amount} fen.",
)
NOT_AS_DECIDED = refusal(
    "CLR-6015",
    "异议 {id} 认定更正 {quantity} 吨、{amount} 分,不是 {given_t} 吨、{given_fen} 分。",
    "The objection {id} was upheld for {quantity} t and {amount} fen, not for {given_t} t and {given_fen} fen.",
)
NO_PART = refusal(
    "CLR-6016",
    "{handle} 没有 {day} 的结算单,其账户不能列入该日的更正。",
    "{handle} has no statement of {day}: its accounts take no part in a correction of that day.",
)
