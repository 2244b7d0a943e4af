"""Numbered refusals of inquiries."""

from tanshu.base.refusal import refusal

INQUIRY_UNKNOWN = refusal(
    "REG-7001",
    "没有协助查询 {id}。用 tanshu inquiry list 查看。",
    "There is no inquiry {id}. `tanshu inquiry list` shows them.",
)
WORDS_NEEDED = refusal(
    "REG-7002",
    "必须写明{name}。",
    "State the {name}.",
)
OFFICER_FORM = refusal(
    "REG-7003",
    "承办人只以带盐哈希(64 位十六进制)和职务记入;不得写入姓名或证件号。",
    "The officer is kept as a salted hash (64 hexadecimal digits) and a role; no name or number of a person.",
)
WHAT_UNKNOWN = refusal(
    "REG-7004",
    "查询内容“{value}”无效,可选:{known}。",
    "“{value}” cannot be inquired into; known are {known}.",
)
PERIOD_ORDER = refusal(
    "REG-7005",
    "起点 {since} 晚于查询时点 {as_of}。",
    "The beginning {since} is after the moment {as_of} asked about.",
)
SAME_PERSON = refusal(
    "REG-7006",
    "{person} 录入了此查询,须由另一人审批。",
    "{person} entered this inquiry; somebody else decides on it.",
)
NOT_NOW = refusal(
    "REG-7007",
    "协助查询 {id} 的状态是“{state}”,此步须在“{needed}”时办理。",
    "The inquiry {id} is {state}; this step needs it {needed}.",
)
ASKED_ALREADY = refusal(
    "REG-7008",
    "{authority} 已以文号 {document} 查询过此主体({id})。另有新文书时请写新文号。",
    "{authority} asked about this subject under {document} already ({id}). A new letter has a new number.",
)
HASH_FORM = refusal(
    "REG-7009",
    "“{value}”不是 SHA-256(64 位十六进制)。",
    "“{value}” is no SHA-256: 64 hexadecimal digits.",
)
ANSWER_DIFFERS = refusal(
    "REG-7010",
    "按登记簿重新得出的答复,其 SHA-256 为 {found},与当时记入的 {given} 不同。请先运行 tanshu book audit。",
    "The answer that follows from the log has the SHA-256 {found}; the one given had {given}. "
    "Run tanshu book audit first.",
)
BEFORE_SUBJECT = refusal(
    "REG-7011",
    "主体 {handle} 在该时点(第 {as_of} 条)尚未登记。",
    "The subject {handle} was not registered at that moment (entry {as_of}).",
)
