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
UNFINISHED_BEFORE = refusal(
    "CLR-1005",
    "市场 {market} 在 {before} 的成交尚未结算,不能先结算 {day}。请先结算 {before}。",
    "The trades of {before} on the market {market} are not settled; {day} has to wait. Settle {before} first.",
)
PARTLY_SETTLED = refusal(
    "CLR-1006",
    "市场 {market} 在 {day} 的成交已由交易机构逐笔提交交收({transaction}),不能再由清算归集。请按原途径办完。",
    "The exchange itself has begun to settle {day} on the market {market} ({transaction}); the house cannot "
    "collect it. Finish it that way.",
)
OTHER_TOTALS = refusal(
    "CLR-1007",
    "交易机构确认的合计与清算不符:{trades} 笔、{tonnes} 吨、{amount} 分;清算为 {our_trades} 笔、{our_tonnes} 吨、"
    "{our_amount} 分。请双方核对成交记录后再确认。",
    "The exchange's totals are not those cleared: {trades} trades, {tonnes} t, {amount} fen; cleared were "
    "{our_trades} trades, {our_tonnes} t, {our_amount} fen. Compare the trades before confirming.",
)
SAME_HANDS = refusal(
    "CLR-1008",
    "{person} 已经办理过本结算日的“{step}”,初审与复审须由不同的人办理。",
    "{person} has had a hand in this settlement day already (“{step}”); each review needs somebody else.",
)
REASON_NEEDED = refusal(
    "CLR-1009",
    "退回清算须说明原因(--comment)。",
    "Sending a day back needs its reason (--comment).",
)
IN_FUTURE = refusal(
    "CLR-1010", "{day} 尚未到来,今天是 {today}。", "{day} is still to come; today is {today}."
)
DAY_UNSEALED = refusal(
    "CLR-1011",
    "结算日 {day} 尚未封账,市场 {market} 不能开市。请先完成结算(tanshu day resume {day})。",
    "The settlement day {day} is not sealed, so the market {market} cannot open. "
    "Finish it first (tanshu day resume {day}).",
)
STILL_DIFFERENT = refusal(
    "CLR-1012",
    "{day} 尚有 {differences} 处差异,不能封账。请先处理差异并重新对账(tanshu day explain {day})。",
    "{day} has {differences} differences and cannot be sealed. "
    "Clear them up and reconcile again (tanshu day explain {day}).",
)
INVARIANT = refusal(
    "CLR-1013",
    "封账核对不通过:{what}。账簿未作任何改动。请立即稽核(tanshu book audit)。",
    "The seal's check fails: {what}. Nothing was changed. Audit the book at once (tanshu book audit).",
)
BEGUN = refusal(
    "CLR-1014",
    "{day} 的结算已经开始或已过:最近的结算日是 {last}({state})。",
    "{day} was begun already, or is past: the newest settlement day is {last} ({state}).",
)
DAY_GONE = refusal(
    "CLR-1015",
    "清算机构已经办理 {last} 的结算,市场 {market} 不能再于 {day} 开市。请在下一交易日开市。",
    "The house has begun the settlement of {last} already, so the market {market} cannot open on {day}. "
    "Open it on the next trading day.",
)
DISAGREES = refusal(
    "CLR-2001",
    "市场 {market} 在 {day} 的清算与交易主机不符:{account} 的 {what} 应为 {ours},交易主机记为 {theirs}。",
    "Cleared and traded disagree on the market {market}, {day}: {what} of {account} comes to {ours}, the "
    "market's engine has {theirs}.",
)
OTHER_BLOCK = refusal(
    "CLR-2002",
    "市场 {market} 在 {day} 的下一批交收是第 {next} 批,不是第 {block} 批。",
    "The next block of {market}, {day}, is number {next}, not {block}.",
)
NO_FEE_ACCOUNT = refusal(
    "CLR-2003",
    "{handle} 没有费用账户,不能收取 {fen} 分费用。请先开立(tanshu account open {handle} --kind fees)。",
    "{handle} has no fees account, so fees of {fen} fen cannot be taken. "
    "Open one first (tanshu account open {handle} --kind fees).",
)
UNDER_WAY = refusal(
    "CLR-2004",
    "账户 {account} 正在交收 {session},交收登记完成后再办理(tanshu day resume)。",
    "{session} is being delivered from the account {account}; ask again when that is registered "
    "(tanshu day resume).",
)
NOTHING_LEFT = refusal(
    "CLR-2005",
    "市场 {market} 在 {day} 的成交已全部交收。",
    "All trades of {market}, {day}, are delivered.",
)
ALL_OR_NOTHING = refusal(
    "CLR-2006",
    "净额交收须一次完成,{day} 市场 {market} 需要 {count} 项划转,超过一条日志的上限 {limit}。请改用逐笔全额。",
    "A net delivery is one entry; {market}, {day}, needs {count} movements, more than the {limit} one entry "
    "carries. Settle it gross.",
)
NO_POOL = refusal(
    "CLR-2007",
    "市场 {market} 按净额交收,须先开立交收过渡账户(tanshu account open registry --kind pool)。",
    "The market {market} settles net and needs the delivery pool; open it first "
    "(tanshu account open registry --kind pool).",
)
NET_STOPPED = refusal(
    "CLR-2008",
    "账户 {account} 在 {day} 市场 {market} 的净额交收开始后被停用,净额须整体完成。请先恢复该账户再继续。",
    "The account {account} was stopped after the net delivery of {market}, {day}, had begun; it goes as a "
    "whole. Restore the account, then resume.",
)
BEGUN_ALREADY = refusal(
    "CLR-2101",
    "{day} 的交收已经开始,此前未交收的成交须在其首批之前补交收。请在下一结算日办理。",
    "The delivery of {day} has begun; what failed before is delivered ahead of its first block. "
    "Deliver it within the next settlement day.",
)
NOTHING_WAITS = refusal(
    "CLR-2102",
    "{day} 之前没有符合条件的待补交收成交。",
    "No failed trade of a day before {day} waits that is the one asked for.",
)
NOT_WAITING = refusal(
    "CLR-2103",
    "市场 {market} 在 {day} 的成交 {trade} 不是待补交收的成交。",
    "Trade {trade} of {market}, {day}, is not one that failed and waits.",
)
UNWINDING_REASON = refusal(
    "CLR-2104",
    "放弃交收或不同意放弃均须说明理由。",
    "Say why the trade is to be given up, or why not.",
)
UNWINDING_WAITS = refusal(
    "CLR-2105",
    "{person} 已申请放弃成交 {trade},待另一人决定。",
    "{person} has asked to give up trade {trade} already; somebody else decides it.",
)
UNWINDING_UNASKED = refusal(
    "CLR-2106",
    "无人申请放弃成交 {trade}。请先由经办人申请并说明理由。",
    "Nobody asked to give up trade {trade}. A clerk asks first and says why.",
)
UNWINDING_HANDS = refusal(
    "CLR-2107",
    "放弃交收须由申请人以外的人决定,{person} 是申请人。",
    "Whoever asked does not decide; {person} asked.",
)
NOT_OPEN = refusal(
    "CLR-1501",
    "{day} 的对账没有关于“{about}”的未决差异({kind})。见 tanshu day explain {day};对账单有变的,请先重新对账。",
    "{day} has no open difference about “{about}” ({kind}). See tanshu day explain {day}; if a statement changed, "
    "reconcile again first.",
)
SEVERAL_OPEN = refusal(
    "CLR-1502",
    "{day} 关于“{about}”的差异有多种({kinds}),请用 --kind 指明。",
    "{day} has several differences about “{about}” ({kinds}). Name one with --kind.",
)
NOT_EXPLAINABLE = refusal(
    "CLR-1503",
    "差异“{kind}”不能以说明了结:市场与账簿的差异须稽核更正,缺少的对账单须补齐。",
    "A difference of the kind {kind} is not settled by an explanation: what market and book disagree on is audited "
    "and put right, a missing statement is brought.",
)
EXPLANATION_REASON = refusal(
    "CLR-1504",
    "说明差异、终止说明或不同意均须写明理由。",
    "Say why: what caused the difference, why its explanation ends, or why it is declined.",
)
EXPLAINED_ALREADY = refusal(
    "CLR-1505",
    "该差异已有说明 {id}。",
    "This difference has its explanation already: {id}.",
)
NO_SUCH_EXPLANATION = refusal("CLR-1506", "没有编号为 {id} 的差异说明。", "There is no explanation {id}.")
NOTHING_ASKED = refusal(
    "CLR-1507",
    "差异说明 {id} 处于“{state}”,没有待复核的事项。",
    "The explanation {id} is “{state}”; nothing about it waits for a second person.",
)
EXPLANATION_HANDS = refusal(
    "CLR-1508",
    "{person} 是申请人或该结算日的经办,不能复核差异说明 {id}。",
    "{person} asked for it or ran that settlement day, and does not decide on the explanation {id}.",
)
NOT_IN_FORCE = refusal(
    "CLR-1509",
    "差异说明 {id} 处于“{state}”,不能申请终止。",
    "The explanation {id} is “{state}”; only one in force can end.",
)
ENDS_WHEN = refusal(
    "CLR-1510",
    "差异说明 {id} 不能自 {on} 起终止:须晚于 {day}、不晚于今日,且该日尚未封账。",
    "The explanation {id} cannot end on {on}: the day comes after {day}, is not to come, and is not sealed.",
)
NO_HASH = refusal(
    "CLR-1511",
    "“{value}”不是 SHA-256(64 位小写十六进制)。",
    "“{value}” is no SHA-256 (64 hexadecimal digits, lower case).",
)
