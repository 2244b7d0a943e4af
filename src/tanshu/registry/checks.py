"""Numbered refusals of the register: what is asked 1xxx, accounts and balances 2xxx, people and chains 3xxx."""

from tanshu.base.refusal import refusal

TYPE_UNKNOWN = refusal(
    "REG-1001", "没有业务类型“{value}”,可用:{known}。", "There is no type “{value}”; known are {known}."
)
TYPE_NOT_ENABLED = refusal(
    "REG-1002",
    "“{name}”在本登记辖区({jurisdiction})不存在。不同主体之间只能通过交易或规则规定的业务转移。",
    "A {name} does not exist in this jurisdiction ({jurisdiction}). Between subjects, units move by trade or by "
    "the transactions its rules name.",
)
INSTRUMENT_UNKNOWN = refusal(
    "REG-1003", "没有产品“{value}”,已定义:{known}。", "There is no instrument “{value}”; defined are {known}."
)
NO_LINES = refusal("REG-1004", "业务没有明细。", "The transaction has no lines.")
TOO_MANY_LINES = refusal(
    "REG-1005", "一笔业务最多 {limit} 条明细。", "A transaction has at most {limit} lines."
)
INSTRUMENT_EXISTS = refusal("REG-1006", "产品 {code} 已定义。", "The instrument {code} is defined already.")
INSTRUMENT_KIND_UNKNOWN = refusal(
    "REG-1007", "未知产品类别“{value}”,可用:{known}。", "Unknown kind “{value}”; known are {known}."
)
SUBJECT_NEEDED = refusal(
    "REG-1008", "“{name}”必须指明为哪个主体办理。", "Say for which subject the {name} is."
)
NOT_ONE_SUBJECT = refusal(
    "REG-1009", "一笔业务只能涉及一个主体的账户。", "All lines must be of one subject's accounts."
)
DVP_LINES = refusal(
    "REG-1010",
    "交收必须恰好一条产品明细和一条方向相反的资金明细。",
    "A settlement has exactly one line of units and one line of cash the other way.",
)

NOT_ITS_SUBJECT = refusal(
    "REG-1011",
    "明细中的账户属于 {subject},不属于 {named}。",
    "The accounts of the lines are {subject}'s, not {named}'s.",
)

INSTRUMENT_CODE = refusal(
    "REG-1012",
    "产品代码“{value}”须以大写字母开头,只用大写字母、数字和连字符,最长 32 位。",
    "The code “{value}” must begin with a capital and use capitals, digits and hyphens, 32 at most.",
)
INSTRUMENT_SCALE = refusal(
    "REG-1013",
    "产品 {code} 的小数位不能是 {value}:配额与减排量以 1 吨、资金以 1 分为最小单位。",
    "{code} cannot have {value} decimals: allowances and credits count tonnes, money counts fen.",
)
INSTRUMENT_VINTAGE = refusal(
    "REG-1014",
    "{year} 年度的配额代码是 {named},不是 {code}。",
    "The allowance of {year} is {named}, not {code}.",
)
TRADE_FACTS = refusal(
    "REG-1015",
    "成交要素不符:须有方式(listing、block、auction)、成交日(不晚于今日)、单价(分/吨),且 单价 × 数量 = 金额。",
    "The facts of the trade do not fit: it needs a mode (listing, block, auction), a day not after today, a price "
    "in fen per tonne, and price × quantity = amount.",
)

NOT_IN_BULK = refusal(
    "REG-1101",
    "本登记辖区({jurisdiction})不允许成批登记“{name}”:每笔须走审批链。",
    "A {name} is not recorded in batches in this jurisdiction ({jurisdiction}): each takes its chain of approvals.",
)
NO_INSTRUMENTS = refusal("REG-1102", "没有要定义的产品。", "There are no instruments to define.")

ACCOUNT_KIND = refusal(
    "REG-2001",
    "“{name}”不能用{kind}账户 {account} 作{side}。",
    "A {name} cannot use the {kind} account {account} as its {side}.",
)
NOT_SAME_SUBJECT = refusal(
    "REG-2002", "“{name}”只能在同一主体的账户之间办理。", "A {name} stays within one subject's accounts."
)
NOT_DIFFERENT_SUBJECTS = refusal(
    "REG-2003", "“{name}”必须在不同主体的账户之间办理。", "A {name} is between two subjects' accounts."
)
INSTRUMENT_KIND = refusal(
    "REG-2004", "“{name}”不能办理产品 {instrument}。", "A {name} cannot carry the instrument {instrument}."
)
INSUFFICIENT = refusal(
    "REG-2005",
    "账户 {account} 的 {instrument} 可用数量不足:可用 {available},需要 {needed}。",
    "The account {account} has {available} of {instrument} available; {needed} are needed.",
)
HELD = refusal(
    "REG-2006",
    "账户 {account} 的 {instrument} 数量被冻结:可用 {available},冻结 {held},需要 {needed}。先办结占用它的业务。",
    "In account {account}, {held} of {instrument} are held and {available} available; {needed} are needed. "
    "First end the transaction that holds them.",
)
ACCOUNT_MISSING = refusal(
    "REG-2007",
    "主体 {subject} 没有可用于“{name}”的账户({kinds})。",
    "{subject} has no account for a {name} ({kinds}).",
)
SAME_ACCOUNT = refusal(
    "REG-2008", "转出与转入是同一账户 {account}。", "Both sides are the account {account}."
)

NEEDS_AUTHORITY = refusal(
    "REG-2009",
    "“{name}”必须有一方是主管部门账户。",
    "One side of a {name} must be an authority's account.",
)
NOT_IN_CHARGE = refusal(
    "REG-2010",
    "{authority} 不是 {subject} 的主管部门,不能动用其账户。",
    "{authority} is not in charge of {subject}; its account cannot be used here.",
)
BEYOND_CAP = refusal(
    "REG-2011",
    "产品 {instrument} 的总量上限为 {cap},已有 {outstanding},再增加 {quantity} 超出上限。",
    "No more than {cap} of {instrument} may be in circulation; {outstanding} are, and {quantity} more are too many.",
)

SAME_PERSON = refusal(
    "REG-3101",
    "{person} 已在本笔业务中办理过第 {step} 步;同一人不得在一条审批链中办理两次。",
    "{person} took step {step} of this transaction; nobody acts twice in one chain.",
)
OUT_OF_ORDER = refusal(
    "REG-3102",
    "还没有轮到 {person}:第 {step} 步应由 {organisation} 办理({act})。",
    "It is not {person}'s turn: step {step} ({act}) belongs to {organisation}.",
)
NOT_PENDING = refusal(
    "REG-3103",
    "业务 {id} 的状态是“{state}”,不能再办理。",
    "The transaction {id} is {state} and takes no more steps.",
)
EXPIRED = refusal(
    "REG-3104",
    "业务 {id} 已于 {expired} 过期。请驳回或撤回,并重新申请。",
    "The transaction {id} expired on {expired}. Reject or withdraw it and propose anew.",
)
TRANSACTION_UNKNOWN = refusal(
    "REG-3105",
    "没有业务 {id}。用 tanshu tx list 查看。",
    "There is no transaction {id}. `tanshu tx list` shows them.",
)
ORGANISATION_MISSING = refusal(
    "REG-3106",
    "审批链第 {step} 步的机构({by})尚未登记。",
    "The organisation of step {step} ({by}) is not registered.",
)
NOT_PROPOSER = refusal(
    "REG-3107",
    "只有提出申请的机构({organisation})可以撤回。",
    "Only the organisation that proposed it ({organisation}) may withdraw it.",
)
CHAIN_UNKNOWN = refusal(
    "REG-3108",
    "规则包 {pack} 没有审批链“{chain}”。",
    "The pack {pack} has no approval chain “{chain}”.",
)

ORIGINAL_NEEDED = refusal(
    "REG-4301",
    "“{name}”须写明原业务(original),可为:{types}。",
    "A {name} names the transaction it is about (original), one of: {types}.",
)
ORIGINAL_UNFIT = refusal(
    "REG-4302",
    "业务 {original}({type},{state})不能作“{name}”的原业务;原业务须已生效且类型为:{types}。",
    "{original} ({type}, {state}) cannot be the original of a {name}: that must have taken effect and be one of: "
    "{types}.",
)
ORIGINAL_OF_OTHER = refusal(
    "REG-4303",
    "原业务 {original} 不是 {subject} 的业务。",
    "The original {original} is not a transaction of {subject}.",
)
TOO_LATE_TO_REVERSE = refusal(
    "REG-4304",
    "业务 {original} 于 {effected} 生效,只能在 {days} 日内(至 {last})撤销。",
    "{original} took effect on {effected}; it can be reversed within {days} days, until {last}.",
)
NOT_MIRRORED = refusal(
    "REG-4305",
    "明细与原业务 {original} 不对应:{account} 的 {instrument} 不是它转入的。",
    "The line does not mirror {original}: that brought no {instrument} to {account}.",
)
BEYOND_ORIGINAL = refusal(
    "REG-4306",
    "原业务 {original} 的该明细尚可撤销或更正 {left},不能是 {quantity}。",
    "Of this line of {original}, {left} can still be reversed or corrected; not {quantity}.",
)
EVIDENCE_NEEDED = refusal(
    "REG-4307",
    "“{name}”须附证明文件(documents:每份含 title 与 64 位十六进制 sha256)。",
    "A {name} needs documents (documents: each with a title and a sha256 of 64 hexadecimal digits).",
)
REASON_NEEDED = refusal("REG-4308", "“{name}”须写明理由(--reason)。", "A {name} needs its reason (--reason).")
SUCCESSOR_RECORDED = refusal(
    "REG-4310",
    "{subject} 已登记承继主体 {successor},不能再由 {other} 承继。",
    "{successor} is recorded as the successor of {subject}; {other} cannot be another one.",
)
GONE_ON_FROM = refusal(
    "REG-4312",
    "业务 {original} 已有后续业务 {other}({name}),不能撤销或更正:两者会同时有效。",
    "{other} ({name}) goes on from {original}, which can no longer be reversed or corrected: both would count.",
)
NOTHING_EXPIRED = refusal("REG-4311", "没有到期的申请或冻结。", "No proposal and no freeze has run out.")
