"""What an entry can do against the rules, numbered.

50xx what an entry is · 51xx what a movement joins · 52xx what a transaction is · 53xx accounts, instruments,
people. `docs/second-opinion.md` lists them; a test holds that list complete.
"""

from tanshu.base.refusal import refusal

# -- 50xx: what an entry is --------------------------------------------------------------------------------

COMMAND = refusal(
    "AUD-5001",
    "第 {seq} 条记录的命令“{command}”不是本登记簿的业务命令。",
    "Entry {seq} carries the command “{command}”, which this register does not know.",
)
UNTAGGED = refusal(
    "AUD-5002",
    "第 {seq} 条的第 {record} 条账簿记录移动了 {amount},却不属于任何业务类型。",
    "Record {record} of entry {seq} moves {amount} under no transaction type at all.",
)
TAG = refusal(
    "AUD-5003",
    "第 {seq} 条的第 {record} 条账簿记录的业务类型号 {tag} 不在类型表中。",
    "Record {record} of entry {seq} names the transaction type {tag}, which is not in the table.",
)
OPERATION = refusal(
    "AUD-5004",
    "第 {seq} 条:命令“{command}”不产生“{operation}”类账簿记录。",
    "Entry {seq}: the command “{command}” makes no records of the kind {operation}.",
)
WRITES = refusal(
    "AUD-5005",
    "第 {seq} 条:命令“{command}”不改动表 {table}。",
    "Entry {seq}: the command “{command}” does not change the table {table}.",
)
NOT_ENTITLED = refusal(
    "AUD-5006",
    "第 {seq} 条:经办人 {person} 当时无权办理“{command}”。",
    "Entry {seq}: {person} was not entitled to “{command}” at that time.",
)
LAW_UNREADABLE = refusal(
    "AUD-5007",
    "第 {seq} 条:无法读取登记规则包 {pack}({why}),有关审批链的检查未做。",
    "Entry {seq}: the registry pack {pack} cannot be read ({why}); chains of approval were not judged by it.",
)
OVERWRITTEN = refusal(
    "AUD-5008",
    "第 {seq} 条改写或删除了表 {table} 中不可更改的内容({columns})。",
    "Entry {seq} writes over or strikes out what does not change in table {table} ({columns}).",
)

# -- 51xx: what a movement joins ---------------------------------------------------------------------------

DEBIT_KIND = refusal(
    "AUD-5101",
    "第 {seq} 条:“{type}”不能从{kind}账户 {account} 转出。",
    "Entry {seq}: a {type} does not take from the {kind} account {account}.",
)
CREDIT_KIND = refusal(
    "AUD-5102",
    "第 {seq} 条:“{type}”不能转入{kind}账户 {account}。",
    "Entry {seq}: a {type} does not give to the {kind} account {account}.",
)
INSTRUMENT_KIND = refusal(
    "AUD-5103",
    "第 {seq} 条:“{type}”不能办理产品 {instrument}。",
    "Entry {seq}: a {type} does not carry {instrument}.",
)
BETWEEN = refusal(
    "AUD-5104",
    "第 {seq} 条:“{type}”不能在账户 {debit} 与 {credit} 的主体之间办理。",
    "Entry {seq}: a {type} does not pass between the owners of {debit} and {credit}.",
)
NOT_ENABLED = refusal(
    "AUD-5105",
    "第 {seq} 条:本登记辖区({jurisdiction})没有“{type}”。",
    "Entry {seq}: this jurisdiction ({jurisdiction}) has no {type}.",
)
STATE = refusal(
    "AUD-5106",
    "第 {seq} 条:账户 {account} 当时状态为“{state}”,不能办理“{type}”。",
    "Entry {seq}: the account {account} was {state} and open to no {type}.",
)
SINK_GIVES = refusal(
    "AUD-5107",
    "第 {seq} 条:只进不出的账户 {account} 转出了 {amount}。",
    "Entry {seq}: the account {account} only ever receives, yet gives {amount}.",
)
IN_CHARGE = refusal(
    "AUD-5108",
    "第 {seq} 条:业务 {transaction} 动用了不管辖该主体的主管部门账户 {account}。",
    "Entry {seq}: the transaction {transaction} uses {account}, of an authority that is not in charge.",
)
WHOSE = refusal(
    "AUD-5109",
    "第 {seq} 条:业务 {transaction} 登记的主体与其账户不符,或各明细不属同一主体。",
    "Entry {seq}: the subject of transaction {transaction} is not the one that its accounts tell.",
)

# -- 52xx: what a transaction is ---------------------------------------------------------------------------

OUTSIDE = refusal(
    "AUD-5201",
    "第 {seq} 条的第 {record} 条账簿记录({type},{amount})不属于任何业务在此时的明细。",
    "Record {record} of entry {seq} ({type}, {amount}) follows from no line of a transaction.",
)
LINE_UNMOVED = refusal(
    "AUD-5202",
    "第 {seq} 条:业务 {transaction} 的第 {line} 条明细没有对应的账簿记录。",
    "Entry {seq}: line {line} of transaction {transaction} has no record that carries it out.",
)
NOT_HELD = refusal(
    "AUD-5203",
    "第 {seq} 条:业务 {transaction} 审批期间的数量未按“{type}”的规定冻结。",
    "Entry {seq}: while transaction {transaction} waits, its units are not held as a {type} demands.",
)
OTHER_HOLD = refusal(
    "AUD-5204",
    "第 {seq} 条的第 {record} 条账簿记录用了不属于本业务的冻结 {hold}。",
    "Record {record} of entry {seq} uses the hold {hold}, which its transaction did not make.",
)
CHAIN_SHORT = refusal(
    "AUD-5205",
    "第 {seq} 条:业务 {transaction} 只经 {taken} 步即生效,审批链有 {steps} 步。",
    "Entry {seq}: transaction {transaction} took effect after {taken} of the {steps} steps of its chain.",
)
SAME_PERSON = refusal(
    "AUD-5206",
    "第 {seq} 条:{person} 在业务 {transaction} 的审批链中办理了两步。",
    "Entry {seq}: {person} took two steps of transaction {transaction}.",
)
NO_RIGHT = refusal(
    "AUD-5207",
    "第 {seq} 条:{person} 当时无权办理业务 {transaction} 的第 {step} 步({by},{act})。",
    "Entry {seq}: {person} had no right to step {step} of transaction {transaction} ({by}, {act}).",
)
STEP_ACTOR = refusal(
    "AUD-5208",
    "第 {seq} 条由 {actor} 提交,所登记的业务 {transaction} 第 {step} 步却记在 {person} 名下或时间不符。",
    "Entry {seq} was sent by {actor}; the step {step} of transaction {transaction} in it names {person}, or "
    "another time.",
)
STEP_ORDER = refusal(
    "AUD-5209",
    "第 {seq} 条:业务 {transaction} 的第 {step} 步不是审批链的下一步。",
    "Entry {seq}: step {step} of transaction {transaction} is not the next one of its chain.",
)
CHAIN_OTHER = refusal(
    "AUD-5210",
    "第 {seq} 条:业务 {transaction} 的审批链不是规则包为“{type}”规定的审批链。",
    "Entry {seq}: the chain of transaction {transaction} is not the one that the pack orders for a {type}.",
)
EXPIRED = refusal(
    "AUD-5211",
    "第 {seq} 条:业务 {transaction} 应于 {due} 到期,却在 {day} 继续办理,或登记的到期日不符。",
    "Entry {seq}: transaction {transaction} expires on {due}, yet goes on on {day} or states another day.",
)
DVP = refusal(
    "AUD-5212",
    "第 {seq} 条:交收 {transaction} 不是一条产品明细对一条方向相反的资金明细。",
    "Entry {seq}: the settlement {transaction} is not one line of units against one of cash the other way.",
)
UNLINKED = refusal(
    "AUD-5213",
    "第 {seq} 条:业务 {transaction} 的账簿记录没有连成一条同成同败的链。",
    "Entry {seq}: the records of transaction {transaction} are not linked into one chain.",
)
REWRITTEN = refusal(
    "AUD-5214",
    "第 {seq} 条改写了业务 {transaction} 已登记的内容(从“{before}”到“{after}”)。",
    "Entry {seq} rewrites what is recorded of transaction {transaction} (from {before} to {after}).",
)
TRADE = refusal(
    "AUD-5215",
    "第 {seq} 条:交收 {transaction} 的单价 × 数量不等于金额,或成交要素不全。",
    "Entry {seq}: in settlement {transaction}, price × quantity is not the amount, or a fact is missing.",
)
DECISION = refusal(
    "AUD-5216",
    "第 {seq} 条:业务 {transaction} 分配 {quantity} 吨,已登记的分配决定不是这个数。",
    "Entry {seq}: transaction {transaction} allocates {quantity} t; no recorded decision says so.",
)
CLAIMS = refusal(
    "AUD-5217",
    "第 {seq} 条:抵销 {transaction} 为 {quantity} 吨,所登记的注销凭证合计 {claimed} 吨。",
    "Entry {seq}: the offset {transaction} is of {quantity} t; its cancellation certificates add up to "
    "{claimed} t.",
)
VINTAGE = refusal(
    "AUD-5218",
    "第 {seq} 条:业务 {transaction} 用 {instrument} 清缴 {year} 年度,规则包不允许。",
    "Entry {seq}: transaction {transaction} surrenders {instrument} for {year}, which the pack does not permit.",
)
TYPE_UNKNOWN = refusal(
    "AUD-5219",
    "第 {seq} 条:业务 {transaction} 的类型“{type}”不在类型表中。",
    "Entry {seq}: transaction {transaction} is of the type “{type}”, which is not in the table.",
)

NOT_WITHHELD = refusal(
    "AUD-5220",
    "第 {seq} 条:业务 {transaction} 动用的不是为该主体该年度保留的配额,或超过保留数量。",
    "Entry {seq}: transaction {transaction} takes what is not withheld for its subject and year, or more than that.",
)
HELPS_ITSELF = refusal(
    "AUD-5221",
    "第 {seq} 条:代为清缴 {transaction} 用的是债务人自己的配额。",
    "Entry {seq}: in the surrender for another {transaction}, the debtor gives its own units.",
)
CARRIED = refusal(
    "AUD-5222",
    "第 {seq} 条:结转业务 {transaction} 没有经复核且符合条件的告知,或年度、数量与之不符。",
    "Entry {seq}: the carry-over {transaction} has no confirmed notice of an eligible entity, or differs from it in "
    "vintage or quantity.",
)

# -- 53xx: accounts, instruments, people -------------------------------------------------------------------

ACCOUNT_ROW = refusal(
    "AUD-5301",
    "第 {seq} 条:账簿账户 {account} 与登记的账户不一一对应,或其标志、所有人与类别不符。",
    "Entry {seq}: book account {account} and its registration do not match in number, flags or owner.",
)
INSTRUMENT_ROW = refusal(
    "AUD-5302",
    "第 {seq} 条:账簿产品 {instrument} 与登记的产品不一一对应,或小数位不符。",
    "Entry {seq}: book instrument {instrument} and its registration do not match in number or scale.",
)
FLAGS = refusal(
    "AUD-5303",
    "第 {seq} 条之后,账户 {account} 的账簿标志为 {found};按其类别和状态“{state}”应为 {expected}。",
    "After entry {seq} the account {account} has flags {found}; by its kind and state ({state}) it should "
    "have {expected}.",
)
UNBLOCKED = refusal(
    "AUD-5304",
    "第 {seq} 条解除了账户 {account} 的封停,没有两人办理。",
    "Entry {seq} ends the block of account {account} without two people.",
)
SELF_CONFIRMED = refusal(
    "AUD-5305",
    "第 {seq} 条:{person} 未经第二人确认即可办理业务。",
    "Entry {seq}: {person} may act without a second person's word.",
)
SELF_DECIDED = refusal(
    "AUD-5306",
    "第 {seq} 条:{subject} {year} 年度的分配决定由作出它的 {person} 自己生效。",
    "Entry {seq}: the allocation of {subject} for {year} was put in force by {person}, who decided it.",
)

DECIDED_ALONE = refusal(
    "AUD-5310",
    "第 {seq} 条:{table} 的 {id} 未经另一人复核即生效,或在复核之后又被改动。",
    "Entry {seq}: {id} of {table} counts without a second person's word, or changed after it.",
)
OTHERS_NAME = refusal(
    "AUD-5311",
    "第 {seq} 条由 {actor} 提交,表 {table} 的 {column} 却记为 {person}。",
    "Entry {seq} was sent by {actor}, yet {column} of table {table} names {person}.",
)
NOT_SEALED = refusal(
    "AUD-5312",
    "第 {seq} 条:分配数据表 {upload} 与密封函不符,却被接收或载入。",
    "Entry {seq}: the allocation table {upload} is not what was sealed, yet it was accepted or loaded.",
)

CLAIM_SUM = refusal(
    "AUD-5401",
    "第 {seq} 条:权利负担 {claim} 的数量不合:占用 {held},其占用记录合计 {holds},登记数量 {ordered}。",
    "Entry {seq}: the claim {claim} does not add up: it holds {held}, its holds come to {holds}, it is for {ordered}.",
)
CLAIM_BOOK = refusal(
    "AUD-5402",
    "第 {seq} 条:账簿中的占用(记录 {record},数量 {amount})与权利负担的登记不符。",
    "Entry {seq}: a hold in the book (record {record}, amount {amount}) is not what the claims tell.",
)
CLAIM_REASON = refusal(
    "AUD-5403",
    "第 {seq} 条:命令 {command} 无权设立、缩减或变更权利负担 {claim}。",
    "Entry {seq}: {command} had no reason to enter, shrink or change the claim {claim}.",
)
QUEUE_JUMPED = refusal(
    "AUD-5404",
    "第 {seq} 条:权利负担 {claim} 先于顺位在前的 {other} 取得数量。",
    "Entry {seq}: the claim {claim} gained units while {other}, before it in the queue, waits.",
)
DISPLACED = refusal(
    "AUD-5405",
    "第 {seq} 条:权利负担 {claim} 失去 {lost},而没有依规则在先的权利。",
    "Entry {seq}: the claim {claim} lost {lost}, and no claim that the rules put first was entered.",
)
CLAIM_EFFECT = refusal(
    "AUD-5406",
    "第 {seq} 条:业务 {transaction} 对权利负担的处理(数量、期限或顺位方式)与所审批的内容不符。",
    "Entry {seq}: what transaction {transaction} did to claims (amount, term, later arrivals) is not what was "
    "approved.",
)
NOT_PASSED_ON = refusal(
    "AUD-5407",
    "第 {seq} 条:有 {amount} 转入或释放后闲置,而权利负担 {claim} 仍在轮候。",
    "Entry {seq}: {amount} arrived, or came free, and was left so while the claim {claim} waits for it.",
)
