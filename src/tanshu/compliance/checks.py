"""Numbered refusals of compliance: allocation 1xxx, surrender and offset 2xxx, penalties 3xxx."""

from tanshu.base.refusal import refusal

STAGE_UNKNOWN = refusal(
    "CMP-1001", "分配阶段“{value}”无效,应为 pre 或 final。", "The stage “{value}” is neither pre nor final."
)
NOT_COVERED = refusal(
    "CMP-1002",
    "{subject} 不在 {year} 年度重点排放单位名录内。",
    "{subject} is not on the {year} list of covered entities.",
)
EXCLUDED = refusal(
    "CMP-1003",
    "{subject} 在 {year} 年度不纳入配额分配。",
    "{subject} is outside allocation for {year}.",
)
ALLOCATED = refusal(
    "CMP-1004",
    "{subject} {year} 年度的{stage}已经作出。",
    "The {stage} of {subject} for {year} has been made.",
)
NO_EMISSIONS = refusal(
    "CMP-1005",
    "{subject} 没有 {year} 年度核查排放量。先用 tanshu import emissions 导入。",
    "{subject} has no verified emissions for {year}. Import them first with `tanshu import emissions`.",
)
NO_ACTIVITY = refusal(
    "CMP-1006",
    "{subject} 没有 {year} 年度机组数据。先用 tanshu import activity 导入。",
    "{subject} has no unit activity for {year}. Import it first with `tanshu import activity`.",
)
NOT_DECIDED = refusal(
    "CMP-1007",
    "没有与此业务相符的分配决定({year} 年度,{quantity} 吨)。分配须先由 allocate 计算。",
    "No allocation decision matches this transaction ({year}, {quantity} t). `allocate` computes it first.",
)
OPENING_TOO_YOUNG = refusal(
    "CMP-1008",
    "期初登记只适用于清缴期限已过的年度,{instrument} 不适用。",
    "Opening stock is for vintages whose deadline has passed; {instrument} is not one.",
)
RETURN_NOT_DUE = refusal(
    "CMP-1009",
    "{subject} {year} 年度应缴回 {due} 吨,申请为 {quantity} 吨。",
    "{subject} has {due} t to return for {year}; {quantity} t are proposed.",
)
MISMATCH = refusal(
    "CMP-1010",
    "{subject} {year} 年度机组核查排放量合计 {units} 吨,与单位核查排放量 {entity} 吨不符。",
    "The units of {subject} sum to {units} t for {year}; its verified emissions are {entity} t.",
)

PRE_PENDING = refusal(
    "CMP-1011",
    "{subject} 的预分配业务 {transaction} 尚未生效,不能核定。",
    "The pre-allocation {transaction} of {subject} has not taken effect; the final one must wait.",
)

GROUND_CHANGED = refusal(
    "CMP-1012",
    "{subject} {year} 年度分配所依据的名录或数据已变更。请驳回后重新核算。",
    "The list or the data that the {year} allocation of {subject} rests on have changed. Reject it and allocate anew.",
)
OPENING_TOO_LATE = refusal(
    "CMP-1013",
    "期初登记只能在首次分配之前办理。",
    "Opening stock is entered before the register's first allocation.",
)
NOTHING_TO_CONFIRM = refusal(
    "CMP-1014",
    "{subject} {year} 年度没有待复核的核定结果。需要发放的核定由业务审批链复核。",
    "{subject} has no final allocation of {year} to confirm. One that issues something passes its chain.",
)
SAME_PERSON = refusal(
    "CMP-1015",
    "{person} 作出了该核定,不能由同一人复核。",
    "{person} made this decision; somebody else confirms it.",
)

SHARE_FORM = refusal(
    "CMP-1016",
    "“{value}”不是比例,写法如 0.5。",
    "“{value}” is not a share; write it like 0.5.",
)

YEAR_NEEDED = refusal("CMP-2001", "必须指明履约年度。", "Name the compliance year.")
WRONG_VINTAGE = refusal(
    "CMP-2002",
    "{instrument} 不能用于 {year} 年度,可用:{permitted}。",
    "{instrument} cannot serve {year}; permitted are {permitted}.",
)
BEYOND_OBLIGATION = refusal(
    "CMP-2003",
    "{subject} {year} 年度尚应清缴 {due} 吨,申请 {quantity} 吨超出。",
    "{subject} still owes {due} t for {year}; {quantity} t are more than that.",
)
OFFSET_LIMIT = refusal(
    "CMP-2004",
    "抵销 {quantity} 吨超过上限:{year} 年度应清缴 {obligation} 吨,上限 {limit} 吨,已用 {used} 吨。",
    "An offset of {quantity} t is beyond the limit: {limit} t of the {obligation} t owed for {year}, of which "
    "{used} t are used.",
)
CLAIM_TWICE = refusal(
    "CMP-2005",
    "CCER 注销编号 {number} 已用于另一笔抵销。",
    "The cancellation number {number} is already used by another offset.",
)
CLAIMS_NEEDED = refusal(
    "CMP-2006",
    "抵销须逐笔列明注销编号、数量、项目和登记日期。",
    "An offset lists each cancellation with its number, quantity, project and registration date.",
)
CLAIMS_SUM = refusal(
    "CMP-2007",
    "注销证明合计 {claimed} 吨,与抵销 {quantity} 吨不符。",
    "The cancellations sum to {claimed} t; the offset is of {quantity} t.",
)

NOT_SHORT = refusal(
    "CMP-3001",
    "{subject} {year} 年度没有未清缴的配额。",
    "{subject} has nothing unpaid for {year}.",
)
DEADLINE_AHEAD = refusal(
    "CMP-3002",
    "{year} 年度清缴期限 {deadline} 未到。",
    "The deadline of {year}, {deadline}, has not passed.",
)
NO_PRICE = refusal(
    "CMP-3003",
    "没有 {month} 的成交,无法得出平均价格。用 --average-price 指定(分/吨)。",
    "No trades in {month} give an average price. Name one with --average-price (fen per tonne).",
)
PAYMENTS_PENDING = refusal(
    "CMP-3006",
    "{count} 笔期限前提交的清缴或抵销仍在审核中,须先办结。",
    "{count} surrenders or offsets submitted in time still wait for approval; end them first.",
)
CLOSED = refusal(
    "CMP-3007",
    "地区 {region} {year} 年度已关闭。",
    "The year {year} of the region {region} is closed.",
)
DECISION_NEEDS = refusal(
    "CMP-3004",
    "处罚决定须写明金额、依据和文号。",
    "A penalty decision names its amount, its basis and its document number.",
)
NO_AUTHORITY = refusal(
    "CMP-3005",
    "地区 {region} 没有已登记的主管部门。",
    "No authority is registered for the region {region}.",
)
