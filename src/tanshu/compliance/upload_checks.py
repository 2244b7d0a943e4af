"""Numbered refusals and findings of uploads, objections and adjustments: 60xx, 61xx, 62xx."""

from tanshu.base.refusal import refusal
from tanshu.base.text import Text

# -- the file -----------------------------------------------------------------------------------------------

TOO_BIG = refusal(
    "CMP-6001",
    "文件 {file} 有 {size} 字节,超过 {limit} 字节。",
    "The file {file} has {size} bytes; the limit is {limit}.",
)
UNREADABLE = refusal(
    "CMP-6002",
    "无法读取 {file}:{why}。需要 XLSX 工作簿。",
    "Cannot read {file}: {why}. An XLSX workbook is needed.",
)
TOO_MANY_ROWS = refusal(
    "CMP-6003",
    "工作表 {sheet} 超过 {limit} 行。",
    "The sheet {sheet} has more than {limit} rows.",
)
TOO_MANY_COLUMNS = refusal(
    "CMP-6004",
    "工作表 {sheet} 超过 {limit} 列。",
    "The sheet {sheet} has more than {limit} columns.",
)
COLUMN_MISSING = refusal(
    "CMP-6005",
    "工作表 {sheet} 缺少列“{columns}”。{stage}表应有:{needed}。",
    "The sheet {sheet} lacks the columns {columns}. A table of the {stage} has {needed}.",
)
NO_ENTITIES = refusal("CMP-6006", "表中没有单位。", "The table holds no entity.")
SHEET_UNKNOWN = refusal(
    "CMP-6007",
    "工作簿没有工作表“{sheet}”,有:{known}。",
    "The workbook has no sheet {sheet}; it has {known}.",
)
SHA256_FORM = refusal(
    "CMP-6008",
    "“{value}”不是 SHA-256(64 位十六进制)。",
    "“{value}” is not a SHA-256 (64 hexadecimal digits).",
)
COLUMN_TWICE = refusal(
    "CMP-6009",
    "工作表 {sheet} 有两列都可以是“{column}”。只留一列。",
    "The sheet {sheet} has two columns that could be {column}. Leave one.",
)

# -- comparing and loading ----------------------------------------------------------------------------------

UPLOAD_UNKNOWN = refusal("CMP-6011", "没有上传 {id}。", "There is no upload {id}.")
LETTER_UNKNOWN = refusal("CMP-6012", "没有盖章件 {id}。", "There is no sealed letter {id}.")
NOT_OPEN = refusal(
    "CMP-6013",
    "上传 {id} 的状态是“{state}”,只有待核对的上传可以核对。",
    "The upload {id} is {state}; only an open one can be compared.",
)
FAULTY = refusal(
    "CMP-6014",
    "上传 {id} 有 {errors} 处错误,改正后重新上传。",
    "The upload {id} has {errors} errors. Mend the table and upload it again.",
)
OTHER_LETTER = refusal(
    "CMP-6015",
    "盖章件 {letter} 不是这一省份、年度和阶段的。",
    "The sealed letter {letter} is of another province, year or stage.",
)
SAME_PERSON = refusal(
    "CMP-6016",
    "{person} 录入了盖章件,须由另一人核对。",
    "{person} keyed the sealed letter; somebody else compares.",
)
MISMATCH = refusal(
    "CMP-6017",
    "上传与盖章件不符,整批退回:{what}。",
    "The upload is not what was sealed; the whole batch goes back: {what}.",
)
NOT_ACCEPTED = refusal(
    "CMP-6018",
    "上传 {id} 的状态是“{state}”,经核对接受后才能分配。",
    "The upload {id} is {state}; it becomes allocations once it is compared and accepted.",
)
OUT_OF_TURN = refusal(
    "CMP-6019",
    "上传 {id} 已办到第 {loaded} 行,不能从第 {first} 行开始。",
    "Of the upload {id}, {loaded} rows are done; the next part begins there, not at {first}.",
)
PART_SIZE = refusal(
    "CMP-6020",
    "一次办理 1 至 {limit} 行。",
    "One command takes 1 to {limit} rows.",
)
STAGING_SHORT = refusal(
    "CMP-6021",
    "省级账户 {account} 可用 {available} 吨,本批需要 {needed} 吨。先发行到省级账户。",
    "The province's account {account} has {available} t available; this part needs {needed} t. Issue them first.",
)
LETTER_FIGURES = refusal(
    "CMP-6022",
    "盖章件须写明文号、不小于一的家数和不小于零的吨数。",
    "A sealed letter has a number, a count of at least one, and tonnes not below zero.",
)
NOTHING_WAITS = refusal(
    "CMP-6023",
    "{subject} {year} 年度没有待复核的零发放决定。",
    "{subject} has no decision of {year} that issues nothing and waits to be confirmed.",
)

SAME_PERSON_DECIDED = refusal(
    "CMP-6024",
    "{person} 作出了该决定,须由另一人复核。",
    "{person} made this decision; somebody else confirms it.",
)

# -- findings by cell ---------------------------------------------------------------------------------------

BLANK = refusal("CMP-6031", "该格为空。", "The cell is blank.")
NOT_WHOLE = refusal("CMP-6032", "“{value}”不是整数吨。", "“{value}” is not a whole number of tonnes.")
NEGATIVE = refusal("CMP-6033", "“{value}”小于零。", "“{value}” is below zero.")
BEYOND = refusal("CMP-6034", "“{value}”超过 {limit} 吨。", "“{value}” is more than {limit} t.")
CODE_UNKNOWN = refusal(
    "CMP-6035", "登记簿中没有信用代码 {value}。", "Nobody in the register has the credit code {value}."
)
NAME_DIFFERS = refusal(
    "CMP-6036", "登记簿中的名称是“{name}”。", "The register knows this entity as “{name}”."
)
NOT_LISTED = refusal("CMP-6037", "该单位不在 {year} 年度名录内。", "The entity is not on the list of {year}.")
LIST_EXCLUDED = refusal(
    "CMP-6038", "该单位 {year} 年度不纳入分配。", "The entity is outside allocation for {year}."
)
TWICE = refusal("CMP-6039", "与第 {first} 行重复。", "The entity stands in row {first} already.")
OTHER_PROVINCE = refusal("CMP-6040", "该单位属于其他省份。", "The entity belongs to another province.")
NO_ACCOUNT = refusal(
    "CMP-6041", "该单位没有可接收配额的登记账户。", "The entity has no registration account that can receive."
)
DECIDED_ALREADY = refusal(
    "CMP-6042", "该单位 {year} 年度的{stage}已经作出。", "The {stage} of {year} has been made already."
)
FACT_DIFFERS = refusal("CMP-6043", "登记簿中的数字是 {known} 吨。", "The register's figure is {known} t.")
FACT_UNKNOWN = refusal("CMP-6044", "登记簿中没有这一数字。", "The register has no such figure.")
QUANTITY_DIFFERS = refusal(
    "CMP-6045",
    "按规则包 {pack} 计算为 {computed} 吨,相差 {delta} 吨。",
    "The rule pack {pack} comes to {computed} t: {delta} t apart.",
)

# -- objections ---------------------------------------------------------------------------------------------

OBJECTION_UNKNOWN = refusal("CMP-6101", "没有异议 {id}。", "There is no objection {id}.")
NOTHING_TO_OBJECT = refusal(
    "CMP-6102",
    "{subject} {year} 年度没有已生效的{stage}决定。",
    "{subject} has no {stage} of {year} in force to object to.",
)
SERVED_LATER = refusal(
    "CMP-6103",
    "送达日 {served} 晚于收到日 {received},或收到日在今天之后。",
    "Served on {served}, received on {received}: the days are not in order, or lie ahead.",
)
GROUNDS_NEEDED = refusal("CMP-6104", "异议须写明理由。", "An objection states its grounds.")
OBJECTED_ALREADY = refusal(
    "CMP-6105",
    "对该分配的异议 {id} 已在办理或已办结。",
    "The objection {id} to this allocation waits or has been decided.",
)
NOT_WAITING = refusal(
    "CMP-6106",
    "异议 {id} 的状态是“{state}”,不能这样办理。",
    "The objection {id} is {state}; this step is not open to it.",
)
DECISION_FORM = refusal(
    "CMP-6107",
    "决定须写明意见;支持异议须有不同于现有数量 {now} 吨的新数量,驳回则没有。",
    "A decision states its opinion; one that upholds names a quantity other than the {now} t decided, one that "
    "dismisses names none.",
)
OBJECTION_SAME_PERSON = refusal(
    "CMP-6108",
    "{person} 拟定了该决定,须由另一人复核。",
    "{person} proposed this decision; somebody else confirms it.",
)
NOTICE_NEEDED = refusal(
    "CMP-6109",
    "该分配没有通知书。写明所依据的文号(notice)及其送达日(served_on)。",
    "The register issued no notice of this allocation. Name the letter objected to (notice) and when it was served "
    "(served_on).",
)
NOTICE_OF_OTHER = refusal(
    "CMP-6110",
    "通知书 {id} 不是 {subject} {year} 年度{stage}的通知书。用 tanshu notice list 查看。",
    "The notice {id} does not tell {subject} of its {stage} of {year}. `tanshu notice list` shows them.",
)
NOTICE_UNSERVED = refusal(
    "CMP-6111",
    "通知书 {id} 尚未登记送达,异议期限从送达日起算。先由登记机构或主管部门用 tanshu notice serve 登记。",
    "The notice {id} is not on record as served, and the term runs from that day. The registry or the province "
    "records it first: `tanshu notice serve`.",
)
SERVED_OTHERWISE = refusal(
    "CMP-6112",
    "通知书 {id} 登记的送达日是 {served}。不写 served_on 即以登记为准。",
    "The notice {id} is on record as served on {served}. Leave served_on out: the record counts.",
)
RECEIVED_BY_PROVINCE = refusal(
    "CMP-6113",
    "单位提交的异议以提交当日为收到日;较早的收到日 {received} 只能由主管部门录入。",
    "What an entity files is received on the day it files; only the province enters an earlier day, {received}.",
)

# -- deductions and adjustments -----------------------------------------------------------------------------

DEDUCTION_UNKNOWN = refusal("CMP-6201", "没有扣减决定 {id}。", "There is no deduction {id}.")
DEDUCTION_NEEDS = refusal(
    "CMP-6202",
    "扣减须写明文号和依据,决定日期不晚于今天。",
    "A deduction names its document and its basis, and its date is not ahead.",
)
DEDUCTION_SAME_PERSON = refusal(
    "CMP-6203",
    "{person} 录入了该扣减,须由另一人复核。",
    "{person} recorded this deduction; somebody else confirms it.",
)
DEDUCTION_IN_FORCE = refusal("CMP-6204", "扣减 {id} 已经生效。", "The deduction {id} is in force already.")
NOTHING_TO_ADJUST = refusal(
    "CMP-6211",
    "{subject} {year} 年度没有已生效的核定分配。预分配的差额在核定时多退少补。",
    "{subject} has no final allocation of {year} in force. What a pre-allocation lacks, the final one settles.",
)
GROUND_UNKNOWN = refusal(
    "CMP-6212",
    "调整的事由应为 objection 或 verification。",
    "The ground of an adjustment is objection or verification.",
)
NOT_UPHELD = refusal(
    "CMP-6213",
    "异议 {id} 不是该单位该年度获支持的异议。",
    "The objection {id} is not one of this entity and year that was upheld.",
)
ADJUSTED_ALREADY = refusal(
    "CMP-6214",
    "该事由已由调整 {id} 办理。",
    "The adjustment {id} deals with this ground already.",
)
ADJUSTMENT_PENDING = refusal(
    "CMP-6215",
    "{subject} {year} 年度的调整 {id} 尚未办结。",
    "The adjustment {id} of {subject} for {year} has not ended.",
)
ADJUSTMENT_NEEDS = refusal(
    "CMP-6216",
    "核查结果变更的调整须写明文件和不晚于今天的变更日期。",
    "An adjustment after changed verification names its document and the day of the change, not ahead.",
)
QUANTITY_NEEDED = refusal(
    "CMP-6217",
    "没有可供计算的活动数据,须给出新的核定数量。",
    "There are no activity data to compute from; name the new approved quantity.",
)
QUANTITY_OTHER = refusal(
    "CMP-6218",
    "按规则包计算为 {computed} 吨,与给出的 {quantity} 吨不符。",
    "The rule pack comes to {computed} t, not the {quantity} t given.",
)
NOTHING_CHANGES = refusal(
    "CMP-6219",
    "{subject} {year} 年度的核定数量和应清缴量没有变化。",
    "Neither the approved quantity nor the obligation of {subject} for {year} changes.",
)
ADJUSTMENT_UNKNOWN = refusal("CMP-6220", "没有调整 {id}。", "There is no adjustment {id}.")
NOT_TO_CONFIRM = refusal(
    "CMP-6221",
    "调整 {id} 由业务审批链办理,或已确认。",
    "The adjustment {id} passes its transaction's chain, or is confirmed.",
)
ADJUSTMENT_SAME_PERSON = refusal(
    "CMP-6222",
    "{person} 作出了该调整,须由另一人确认。",
    "{person} made this adjustment; somebody else confirms it.",
)

STATE_LABELS = {
    "open": Text("待核对", "open"),
    "faulty": Text("有错误", "faulty"),
    "accepted": Text("已接受", "accepted"),
    "returned": Text("已退回", "returned"),
    "filed": Text("已受理", "filed"),
    "late": Text("逾期不予受理", "late"),
    "proposed": Text("待复核", "proposed"),
    "upheld": Text("支持", "upheld"),
    "dismissed": Text("驳回", "dismissed"),
}
