"""Numbered refusals of carry-over 70xx, withheld allocation 71xx, helping 72xx, reversal 73xx, surplus 74xx."""

from tanshu.base.refusal import refusal

# -- 70xx: carry-over --------------------------------------------------------------------------------------

HOLDING_DAY_AHEAD = refusal(
    "CMP-7001",
    "结转告知以 {day} 日终持仓为准,该日尚未结束。",
    "The notice counts holdings at the end of {day}; that day is not over.",
)
SUBJECTS_COUNT = refusal(
    "CMP-7002",
    "一次须列 1 至 {limit} 家单位,现列 {count} 家。",
    "Name 1 to {limit} entities at a time; {count} are named.",
)
NOTICE_CONFIRMED = refusal(
    "CMP-7003",
    "{subject} 的结转告知已复核生效,不能重新测算。",
    "The carry-over notice of {subject} is confirmed and is not drawn up anew.",
)
NO_NOTICE = refusal(
    "CMP-7004",
    "{subject} 没有{state}的结转告知。",
    "{subject} has no carry-over notice that is {state}.",
)
NOTICE_SAME_PERSON = refusal(
    "CMP-7005",
    "{person} 测算了 {subject} 的结转告知,不能由同一人复核。",
    "{person} drew up the notice of {subject}; somebody else confirms it.",
)
NOTICE_CHANGED = refusal(
    "CMP-7006",
    "{subject} 的结转告知与现有记录不符。请重新测算后复核。",
    "The notice of {subject} no longer follows from the records. Draw it up again, then confirm it.",
)
NOT_ELIGIBLE = refusal(
    "CMP-7007",
    "{subject} 未按时足额清缴 {years} 年度,不得申请结转。",
    "{subject} was late for {years} and may not carry over.",
)
NOT_CARRIED = refusal(
    "CMP-7008",
    "{instrument} 不在可结转范围,可结转:{permitted}。",
    "{instrument} is not carried over; these are: {permitted}.",
)
WINDOW_CLOSED = refusal(
    "CMP-7009",
    "结转申请期为 {first} 至 {last};{day} 不在其中,且 {subject} 没有在截止时冻结、现已解除的司法冻结。",
    "Carry-over is applied for from {first} to {last}. {day} is outside, and no court's freeze stood on the units "
    "of {subject} at the end and was lifted since.",
)
BEYOND_CARRYABLE = refusal(
    "CMP-7010",
    "{subject} 可结转 {carryable} 吨,已申请 {used} 吨,再申请 {quantity} 吨超出。",
    "{subject} may carry over {carryable} t, of which {used} t are applied for; {quantity} t more are too much.",
)
BEYOND_FROZEN = refusal(
    "CMP-7011",
    "{subject} 截止时被司法冻结、现已解除的为 {frozen} 吨,逾期已补申请 {used} 吨,再申请 {quantity} 吨超出。",
    "At the end of the window, {frozen} t of {subject} were frozen by courts and have been freed since; {used} t "
    "are applied for late, and {quantity} t more are too much.",
)
NOT_WHOLE = refusal(
    "CMP-7012",
    "结转发放须为一条明细:{instrument} {quantity} 吨,与收回数量 {original} 相等。",
    "A carry-over is issued as one line of {quantity} t of {instrument}: what {original} recalled.",
)
ISSUED_TWICE = refusal(
    "CMP-7013",
    "结转 {original} 已由业务 {issued} 发放。",
    "The carry-over {original} is issued by {issued} already.",
)
NOTHING_TO_ISSUE = refusal(
    "CMP-7014",
    "没有已收回而未发放的结转({batch})。",
    "Nothing is recalled and not yet issued ({batch}).",
)
BATCH_UNKNOWN = refusal(
    "CMP-7015",
    "没有结转批次“{value}”,可用:{known}。",
    "There is no carry-over batch “{value}”; there are {known}.",
)

# -- 71xx: withheld allocation -----------------------------------------------------------------------------

GROUND_UNKNOWN = refusal(
    "CMP-7101",
    "差异化处理的事由“{value}”无效,可用:{known}。",
    "“{value}” is no ground for withholding; there are {known}.",
)
DOCUMENT_NEEDED = refusal(
    "CMP-7102",
    "须附依据文件:名称、文号、日期(YYYY-MM-DD)和 64 位十六进制 SHA-256。",
    "Give the document it rests on: title, number, date (YYYY-MM-DD) and a SHA-256 of 64 hexadecimal digits.",
)
WITHHOLDING_EXISTS = refusal(
    "CMP-7103",
    "{subject} {year} 年度已有差异化处理决定 {id}。",
    "The {year} allocation of {subject} is subject to the decision {id} already.",
)
FINAL_MADE = refusal(
    "CMP-7104",
    "{subject} {year} 年度核定分配已经作出,差异化处理须在此之前决定。",
    "The final allocation of {subject} for {year} is made; withholding is decided before it.",
)
NO_WITHHOLDING = refusal(
    "CMP-7105",
    "{subject} {year} 年度没有待复核的差异化处理决定。",
    "No decision to withhold the {year} allocation of {subject} waits for confirmation.",
)
WITHHOLDING_SAME_PERSON = refusal(
    "CMP-7106",
    "{person} 作出了该差异化处理决定,不能由同一人复核。",
    "{person} made this decision to withhold; somebody else confirms it.",
)
ALLOCATION_WITHHELD = refusal(
    "CMP-7107",
    "{subject} {year} 年度的核定配额按决定 {id} 保留在省级账户,不发放至登记账户。由 allocate 核定并经省级复核后记为保留。",
    "By the decision {id}, the final allocation of {subject} for {year} stays in the provincial account. `allocate` "
    "computes it and a checker of the province confirms it; nothing is delivered.",
)
NOTHING_WITHHELD = refusal(
    "CMP-7108",
    "账户 {account} 没有为 {subject} 保留 {year} 年度的 {instrument}。",
    "The account {account} withholds no {instrument} for {subject} and {year}.",
)
BEYOND_WITHHELD = refusal(
    "CMP-7109",
    "为 {subject} 保留的 {instrument} 尚余 {left} 吨,申请 {quantity} 吨超出。",
    "Of {instrument}, {left} t are still withheld for {subject}; {quantity} t are more than that.",
)
OBLIGATION_OPEN = refusal(
    "CMP-7110",
    "{subject} {year} 年度尚欠 {due} 吨(在审 {pending} 吨),清缴完成后才能发放保留的配额。",
    "{subject} still owes {due} t for {year} ({pending} t wait for approval); what is withheld is released when "
    "that is paid.",
)

STILL_WITHHELD = refusal(
    "CMP-7111",
    "账户 {account} 的主体尚有 {year} 年度保留在省级账户的配额 {left} 吨,发放后才能销户。",
    "For the owner of {account}, {left} t of {year} are still withheld in the provincial account; they are released "
    "before it is closed.",
)

# -- 72xx: surrender for another ---------------------------------------------------------------------------

HELPS_ITSELF = refusal(
    "CMP-7201",
    "代为清缴须由另一主体提供配额;{subject} 清缴自己的配额请用 surrender。",
    "Another firm gives the allowances of a surrender for another; {subject} surrenders its own with `surrender`.",
)

# -- 73xx: reversal of surrender ---------------------------------------------------------------------------

YEAR_DIFFERS = refusal(
    "CMP-7301",
    "原业务 {original} 是为 {year} 年度办理的,撤销须为同一年度。",
    "{original} was for {year}; its reversal is for the same year.",
)
REVERSAL_AFTER_CLOSE = refusal(
    "CMP-7302",
    "地区 {region} {year} 年度已关闭,清缴不能再撤销。",
    "The year {year} of the region {region} is closed; a surrender is not reversed any more.",
)

# -- 74xx: surplus -----------------------------------------------------------------------------------------

YEAR_OPEN = refusal(
    "CMP-7401",
    "地区 {region} {year} 年度尚未关闭,未交易配额须在关闭后注销。",
    "The year {year} of the region {region} is not closed; its untraded surplus is cancelled after that.",
)
NOT_ALLOCATED = refusal(
    "CMP-7402",
    "{subject} 没有生效的 {year} 年度核定分配。",
    "{subject} has no final allocation of {year} in force.",
)
BEYOND_SURPLUS = refusal(
    "CMP-7403",
    "{subject} {year} 年度未交易的剩余配额为 {surplus} 吨,已注销或在审 {used} 吨,再注销 {quantity} 吨超出。",
    "The untraded surplus of {subject} for {year} is {surplus} t, of which {used} t are cancelled or wait; "
    "{quantity} t more are too much.",
)
