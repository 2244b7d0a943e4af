"""Numbered refusals of parties: subjects 1xxx, accounts 2xxx, people 3xxx, changes 52xx, delegation 54xx."""

from tanshu.base.refusal import refusal

CREDIT_CODE_FORM = refusal(
    "PAR-1001",
    "统一社会信用代码“{value}”格式不对:应为 18 位,只用数字和大写字母(不含 I、O、S、V、Z),第 3–8 位为数字。",
    "“{value}” is not a unified social credit code: 18 digits and capitals without I, O, S, V, Z, with "
    "digits in places 3 to 8.",
)
CREDIT_CODE_CHECK = refusal(
    "PAR-1002",
    "统一社会信用代码 {value} 第 {position} 位校验不通过({standard})。请核对营业执照。",
    "The credit code {value} fails its check in place {position} ({standard}). Compare it with the licence.",
)
SUBJECT_EXISTS = refusal("PAR-1003", "主体 {handle} 已登记。", "The subject {handle} is registered already.")
SUBJECT_UNKNOWN = refusal(
    "PAR-1004",
    "没有主体 {handle}。用 tanshu account list 查看已登记的主体。",
    "There is no subject {handle}. `tanshu account list` shows the registered ones.",
)
CREDIT_CODE_NEEDED = refusal(
    "PAR-1005",
    "{kind}必须提供统一社会信用代码。",
    "A subject of kind {kind} needs a unified social credit code.",
)
KIND_UNKNOWN = refusal(
    "PAR-1006",
    "未知类型“{value}”,可用:{known}。",
    "Unknown kind “{value}”; known are {known}.",
)
NAME_NEEDED = refusal("PAR-1007", "主体名称不能为空。", "A subject needs a name.")
NAME_DATE_ORDER = refusal(
    "PAR-1008",
    "新名称的生效日期 {since} 必须晚于现名称的生效日期 {current}。",
    "The new name must start after {current}, the start of the present one; {since} does not.",
)
HANDLE_FORM = refusal(
    "PAR-1009",
    "代号“{value}”只能用小写字母、数字和连字符。",
    "The handle “{value}” may use only small letters, digits and hyphens.",
)
ONE_REGISTRY = refusal("PAR-1012", "登记机构已经建立,只能有一个。", "There is a registry; there is only one.")
ESTABLISHED = refusal(
    "PAR-1010",
    "此账簿已经建立({jurisdiction})。",
    "This book is established already ({jurisdiction}).",
)

NAME_AHEAD = refusal(
    "PAR-1011",
    "名称自 {since} 起生效,届时再登记。",
    "The name holds from {since} on; record it then.",
)

NOBODY = refusal("PAR-1013", "没有要登记的主体。", "There is nobody to register.")
ONE_BY_ONE = refusal(
    "PAR-1014",
    "{handle} 须单独登记:登记机构,以及同时指定经办人的主体,不能成批登记。",
    "{handle} is registered by itself: the registry, and a subject that comes with its people, is not of a batch.",
)
KIND_TWICE = refusal(
    "PAR-1015",
    "{handle} 的同一类账户写了两次;每类只能有一个。",
    "{handle} asks for one kind of account twice; a subject has one of each kind.",
)

ACCOUNT_UNKNOWN = refusal(
    "PAR-2001",
    "没有账户 {account}。用 tanshu account list 查看账户。",
    "There is no account {account}. `tanshu account list` shows them.",
)
ACCOUNT_EXISTS = refusal(
    "PAR-2002",
    "主体 {handle} 已有{kind}账户 {account};每个主体每类账户只能有一个。",
    "{handle} already has the {kind} account {account}; a subject has one of each kind.",
)
ACCOUNT_CLOSED = refusal("PAR-2003", "账户 {account} 已注销。", "The account {account} is closed.")
ACCOUNT_RESTRICTED = refusal(
    "PAR-2004",
    "账户 {account} 处于限制使用状态,不能办理此业务。",
    "The account {account} is restricted; this transaction is not allowed from it.",
)
ACCOUNT_NOT_EMPTY = refusal(
    "PAR-2005",
    "账户 {account} 仍有余额或冻结,不能注销。",
    "The account {account} still holds something and cannot be closed.",
)
ACCOUNT_CHECK = refusal(
    "PAR-2006",
    "账户号 {account} 校验位不对,请核对。",
    "The check digits of {account} are wrong; compare the number.",
)
ACCOUNT_KIND_BARRED = refusal(
    "PAR-2007",
    "{subject}类主体不能开立{kind}账户。",
    "A subject of kind {subject} cannot have a {kind} account.",
)
STATE_STEP = refusal(
    "PAR-2008",
    "账户 {account} 不能从“{old}”变为“{new}”。",
    "The account {account} cannot go from {old} to {new}.",
)

SYSTEM_ACCOUNT = refusal(
    "PAR-2009",
    "账户 {account} 是登记、主管部门或银行的系统账户,不能注销。",
    "The account {account} belongs to the register's own machinery and cannot be closed.",
)
PENDING_REQUEST = refusal(
    "PAR-2010",
    "账户 {account} 还有审核中的业务 {transaction},不能注销。",
    "The account {account} is named in the pending transaction {transaction}; end that first.",
)
OPEN_OBLIGATION = refusal(
    "PAR-2011",
    "账户 {account} 的主体还有 {year} 年度 {due} 吨未清缴或未缴回,不能注销。",
    "The owner of {account} still owes {due} t for {year}; the account stays open.",
)

ACCOUNT_BLOCKED = refusal(
    "PAR-2012",
    "账户 {account} 因稽核发现 {finding} 已封停,不能办理业务。查明后由登记机构两人解除(tanshu audit unblock)。",
    "The account {account} is blocked over the audit's finding {finding}. Two people of the registry end that "
    "once it is cleared up (`tanshu audit unblock`).",
)
BLOCKED_ALREADY = refusal(
    "PAR-2013",
    "账户 {account} 已因 {finding} 封停。",
    "The account {account} is blocked already, over {finding}.",
)
NOT_BLOCKED = refusal("PAR-2014", "账户 {account} 没有封停。", "The account {account} is not blocked.")
FINDING_SEQ = refusal(
    "PAR-1019",
    "发现所指的日志条目 {value} 不存在;现有 0 到 {newest}。",
    "The finding names entry {value}, which is not there; the log holds 0 to {newest}.",
)
FINDING_FORM = refusal(
    "PAR-2015",
    "“{value}”不是稽核发现的编号(形如 AUD-5206)。",
    "“{value}” is not the number of a finding, such as AUD-5206.",
)
SYSTEM_NOT_BLOCKED = refusal(
    "PAR-2016",
    "账户 {account} 是系统账户:封停它会使整个市场停摆。确需封停须明确指定(--block-system)。",
    "The whole market goes through the account {account}. To block it all the same, say so (--block-system).",
)

PERSON_UNKNOWN = refusal(
    "PAR-3001",
    "没有经办人 {person}。用 --as 指定已登记的经办人。",
    "There is no role holder {person}. Name a registered one with --as.",
)
PERSON_OF_OTHER = refusal(
    "PAR-3002",
    "{person} 属于 {own},此步骤须由 {needed} 办理。",
    "{person} acts for {own}; this step belongs to {needed}.",
)
PERSON_WITHOUT_RIGHT = refusal(
    "PAR-3003",
    "{person} 没有“{right}”权限。",
    "{person} does not have the {right} right.",
)
PERSON_EXISTS = refusal("PAR-3004", "经办人 {person} 已登记。", "The role holder {person} exists already.")
PERSON_INACTIVE = refusal("PAR-3005", "经办人 {person} 已停用。", "The role holder {person} is inactive.")
RIGHT_UNKNOWN = refusal(
    "PAR-3006",
    "未知权限“{value}”,可用:maker、checker、auditor。",
    "Unknown right “{value}”; there are maker, checker and auditor.",
)
NOTHING_TO_CONFIRM = refusal(
    "PAR-3007",
    "{person} 无需确认,或已被解除。",
    "{person} needs no confirmation, or was dismissed.",
)
NAMED_BY_SELF = refusal(
    "PAR-3008",
    "{person} 由 {actor} 指定,须由他人确认。",
    "{person} was named by {actor}; somebody else confirms.",
)
AUDITOR_APART = refusal(
    "PAR-3009",
    "稽核人员 {person} 须属于登记机构或主管部门,且不得兼任经办、复核。",
    "The auditor {person} must act for the registry or an authority, and have no other right.",
)
AUDITOR_OF_OTHER = refusal(
    "PAR-3010",
    "{person} 的主管部门不管辖账户 {account}。",
    "{person} audits for an authority that is not in charge of the account {account}.",
)
ASKED_BY_SELF = refusal(
    "PAR-3011",
    "解除封停由 {actor} 提出,须由他人批准。",
    "{actor} asked for the end of this block; somebody else grants it.",
)
WHY_NEEDED = refusal(
    "PAR-3012",
    "解除封停须写明事由(--reason)。",
    "Ending a block needs a reason (--reason).",
)

CHANGE_WAITS = refusal(
    "PAR-5201",
    "{what}已有待复核的变更 {change},先办结那一笔。",
    "A change of {what} waits already: {change}. Decide that one first.",
)
CHANGE_UNKNOWN = refusal(
    "PAR-5202",
    "没有变更申请 {change}。用 tanshu onboard changes 查看。",
    "There is no change {change}. `tanshu onboard changes` lists them.",
)
CHANGE_DECIDED = refusal(
    "PAR-5203",
    "变更 {change} 已办结({state})。",
    "The change {change} is decided already ({state}).",
)
CHANGE_REASON = refusal(
    "PAR-5204",
    "账户的限制、恢复与注销须写明事由(--reason)。",
    "To restrict, restore or close an account, give the reason (--reason).",
)
ASKED_BY_YOU = refusal(
    "PAR-5205",
    "变更 {change} 由 {actor} 提出,须由他人复核。",
    "{actor} asked for the change {change}; somebody else decides.",
)
NOTHING_CHANGED = refusal(
    "PAR-5206",
    "变更申请没有写明要变更的{what}。",
    "The change does not say what becomes of the {what}.",
)
PEOPLE_OF_REGISTRY = refusal(
    "PAR-5207",
    "登记机构经办人与稽核人员的任免另有程序(tanshu account appoint、confirm、dismiss)。",
    "People of the registry, and auditors, are named and confirmed by themselves "
    "(`tanshu account appoint`, `confirm`, `dismiss`).",
)
NOT_THEIR_PERSON = refusal(
    "PAR-5208",
    "{person} 不是该主体的在任经办人。",
    "{person} is no active role holder of this subject.",
)
NOBODY_LEFT = refusal(
    "PAR-5209",
    "变更后该主体将没有{right}人员。",
    "After this change the subject would have nobody with the {right} right.",
)
DECLINE_COMMENT = refusal(
    "PAR-5210",
    "不同意变更须说明理由(--comment)。",
    "To decline a change, say why (--comment).",
)
CHANGE_KIND = refusal(
    "PAR-5211",
    "“{value}”不是可申请的变更,可用:{known}。",
    "“{value}” is no change that can be asked for; there are {known}.",
)

SUBSTITUTE_OF_OTHER = refusal(
    "PAR-5401",
    "{person} 与 {giver} 不属于同一主体,不能代办。",
    "{person} does not act for the same subject as {giver} and cannot stand in.",
)
OWN_SUBSTITUTE = refusal("PAR-5402", "{person} 不能代自己办理。", "{person} cannot stand in for themselves.")
SUBSTITUTE_HAS_RIGHT = refusal(
    "PAR-5403",
    "{person} 本来就有“{right}”权限,无需委托。",
    "{person} has the {right} right already; there is nothing to hand over.",
)
RIGHT_NOT_DELEGABLE = refusal(
    "PAR-5404",
    "“{right}”不能委托,{right}人员也不能代办。",
    "The {right} right is not delegated, and who has it stands in for nobody.",
)
DELEGATION_PAST = refusal(
    "PAR-5405",
    "委托不能从过去的日期 {since} 开始(今天是 {today})。",
    "A delegation cannot begin in the past: {since} is before {today}.",
)
DELEGATION_ORDER = refusal(
    "PAR-5406",
    "委托的末日 {until} 早于首日 {since}。",
    "The last day of the delegation, {until}, is before its first, {since}.",
)
DELEGATED_ALREADY = refusal(
    "PAR-5407",
    "与委托 {id} 的日期重叠:同一权限已委托给 {substitute}。先终止那一项。",
    "It overlaps the delegation {id}, which hands the same right to {substitute}. End that one first.",
)
DELEGATION_UNKNOWN = refusal(
    "PAR-5408",
    "没有委托 {id}。用 tanshu delegate list 查看。",
    "There is no delegation {id}. `tanshu delegate list` shows them.",
)
DELEGATION_OVER = refusal("PAR-5409", "委托 {id} 已经结束。", "The delegation {id} is over already.")
DELEGATION_OF_OTHERS = refusal(
    "PAR-5410",
    "{person} 不是委托 {id} 的任何一方,也不是登记机构经办人,不能终止它。",
    "{person} is neither party to the delegation {id} nor a maker of the registry, and cannot end it.",
)
