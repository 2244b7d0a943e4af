"""What an audit can find, numbered.

1xxx in an entry · 2xxx in the state · 3xxx in the database itself · 4xxx in the tables beside the log ·
6xxx between the log and what the house shows of it · 7xxx what the follower itself refuses. What an entry
does against the rules is 5xxx: `business/checks.py`. `docs/second-opinion.md` lists them all.
"""

from tanshu.base.refusal import refusal

NO_GENESIS = refusal(
    "AUD-1001",
    "日志 {log} 是空的:没有创世记录。",
    "Log {log} is empty: it has no genesis entry.",
)
MISSING = refusal(
    "AUD-1002",
    "第 {seq} 条记录缺失:其后读到的是第 {found} 条。",
    "Entry {seq} is missing: entry {found} comes next.",
)
LINK = refusal(
    "AUD-1003",
    "第 {seq} 条记录所载的前一哈希与第 {before} 条的哈希不符。",
    "Entry {seq} does not carry the hash of entry {before}.",
)
HASH = refusal(
    "AUD-1004",
    "第 {seq} 条记录的哈希与其内容不符:内容或哈希被改动。",
    "Entry {seq} has another hash than its bytes give: one or the other was altered.",
)
TIME = refusal(
    "AUD-1005",
    "第 {seq} 条记录的时间 {time_ns} 不晚于前一条的 {before_ns}。",
    "Entry {seq} has time {time_ns}, not later than {before_ns} before it.",
)
ANSWER = refusal(
    "AUD-1006",
    "第 {seq} 条记录保存的答复与其哈希不符。",
    "Entry {seq} keeps an answer that does not match its hash.",
)
GENESIS = refusal(
    "AUD-1007",
    "创世记录所载事实(账簿名、哈希套件、引擎版本)与其字节不一致。",
    "The genesis entry does not follow from the facts it states (book, hash suite, engine, format).",
)
KIND = refusal(
    "AUD-1008",
    "第 {seq} 条记录的字段 {column} 类型或宽度不对。",
    "Entry {seq} holds something of another kind or width in column {column}.",
)
SHAPE = refusal(
    "AUD-1009",
    "第 {seq} 条记录有 {bytes} 字节账簿记录和 {results} 个结果码,数目不对应。",
    "Entry {seq} has {bytes} bytes of book records but {results} result codes: the numbers do not agree.",
)
RESULT = refusal(
    "AUD-1010",
    "第 {seq} 条的第 {record} 条账簿记录:保存的结果码为 {stored},参照内核得 {reference}。",
    "Record {record} of entry {seq}: result code {stored} is stored, the reference kernel answers "
    "{reference}.",
)
KEY = refusal(
    "AUD-1011",
    "第 {seq} 条记录的幂等键已用于第 {first} 条。",
    "Entry {seq} uses the idempotency key of entry {first} again.",
)
ENGINE = refusal(
    "AUD-1012",
    "第 {seq} 条记录由引擎 {engine}、纪元 {era} 写成,本版本无法重放。",
    "Entry {seq} was written by engine {engine}, era {era}, which this release cannot replay.",
)
STRAY = refusal(
    "AUD-1013",
    "日志 {log} 里有 {entries} 条记录,序号 {first} 到 {last}:不成一条完整的日志。",
    "Log {log} holds {entries} entries numbered {first} to {last}: that is not a whole log.",
)
ROWS = refusal(
    "AUD-1014",
    "第 {seq} 条记录保存的表行变更与其哈希不符。",
    "Entry {seq} keeps row changes that do not match their hash.",
)
ERA = refusal(
    "AUD-1015",
    "第 {seq} 条记录的引擎 {engine}、纪元 {era} 不能接在前一条之后。",
    "Entry {seq} is of engine {engine}, era {era}, which cannot follow the entry before it.",
)

ACCOUNT = refusal(
    "AUD-2001",
    "账户 {account}:参照内核的标志为 {reference},快速内核为 {kernel}。",
    "Account {account}: flags {reference} by the reference kernel, {kernel} by the fast one.",
)
INSTRUMENT = refusal(
    "AUD-2002",
    "产品 {instrument}:参照内核为 {reference},快速内核为 {kernel}(上限、小数位、是否编序号、流通量)。",
    "Instrument {instrument}: {reference} by the reference kernel, {kernel} by the fast one "
    "(cap, scale, serialised, outstanding).",
)
CELL = refusal(
    "AUD-2003",
    "账户 {account} 的产品 {instrument}:参照内核为 {reference},快速内核为 {kernel}(可用、冻结)。",
    "Account {account}, instrument {instrument}: {reference} by the reference kernel, {kernel} by the fast "
    "one (available, held).",
)
HOLD = refusal(
    "AUD-2004",
    "冻结 {position}:参照内核为 {reference},快速内核为 {kernel}(账户、产品、余量)。",
    "Hold {position}: {reference} by the reference kernel, {kernel} by the fast one "
    "(account, instrument, remaining).",
)
CONSERVATION = refusal(
    "AUD-2005",
    "产品 {instrument} 的各账户合计为 {sum},应为零。",
    "Instrument {instrument} sums to {sum} over all accounts instead of zero.",
)
KERNEL = refusal(
    "AUD-2006",
    "快速内核在第 {seq} 条处停止:{why}",
    "The fast kernel stops at entry {seq}: {why}",
)

UNREADABLE = refusal(
    "AUD-3001",
    "数据库无法读出第 {seq} 条记录(或其后):{why}",
    "The database cannot read entry {seq}, or what follows it: {why}",
)
INTEGRITY = refusal(
    "AUD-3002",
    "数据库自检报告:{why}",
    "The database's own check reports: {why}",
)

# -- 4xxx: the tables beside the log -----------------------------------------------------------------------

ROW_ADDED = refusal(
    "AUD-4001",
    "表 {table} 的行 {key} 没有任何记录写入过:它是绕过日志添加的。",
    "No entry tells of row {key} in table {table}: it was added behind the log.",
)
ROW_GONE = refusal(
    "AUD-4002",
    "表 {table} 缺少行 {key}:日志写入过它,从未删除。",
    "Row {key} is missing from table {table}: the log tells of it, and never of its end.",
)
COLUMN = refusal(
    "AUD-4003",
    "表 {table} 的行 {key}:列 {column} 应为 {expected},实为 {found}。",
    "Table {table}, row {key}: column {column} is {found}; by the log it is {expected}.",
)
CHANGES = refusal(
    "AUD-4004",
    "第 {seq} 条记录所载的表行变更无法执行:{why}",
    "The row changes that entry {seq} tells cannot be made: {why}",
)

# -- 6xxx: the log and what the house shows of it ----------------------------------------------------------

HISTORY = refusal(
    "AUD-6001",
    "日志被改写:第 {seq} 条曾见哈希 {seen},现为 {found}。改写始于第 {after} 条之后。",
    "The log was rewritten: entry {seq} was seen with hash {seen} and now has {found}. What changed lies after "
    "entry {after}.",
)
SHORTER = refusal(
    "AUD-6002",
    "日志变短:曾见到第 {seq} 条,现只到第 {newest} 条。",
    "The log has become shorter: entry {seq} was seen, now it ends at {newest}.",
)
SHOWN = refusal(
    "AUD-6003",
    "账户 {account} 的 {instrument}:登记簿显示 {found},按日志应为 {expected}(可用、冻结)。",
    "Account {account}, {instrument}: the house shows {found}; by the log it is {expected} (available, held).",
)
PROJECTED = refusal(
    "AUD-6004",
    "“{projection}”编到第 {seq} 条,所记哈希不是日志中该条的哈希(或日志没有该条):它来自另一段历史。",
    "“{projection}” stands at entry {seq} with a hash that is not that entry's, or there is no such entry: it "
    "was built on another history.",
)
UNEARNED = refusal(
    "AUD-6005",
    "账户 {account} 的 {instrument}:账簿余额 {book},已生效业务的净额为 {lines}。",
    "Account {account}, {instrument}: the book holds {book}; the transactions in effect come to {lines}.",
)
HELD_APART = refusal(
    "AUD-6006",
    "账户 {account} 的 {instrument}:账簿冻结 {book},审核中业务的冻结合计 {lines}。",
    "Account {account}, {instrument}: {book} are held in the book; pending transactions hold {lines}.",
)
MOVED = refusal(
    "AUD-6007",
    "账户 {account} 的 {instrument}:变动明细在第 {at} 条处记有 {found},按其各笔变动应为 {expected}(可用、冻结)。",
    "Account {account}, {instrument}: the movement of entry {at} tells of {found} after it; its movements add up "
    "to {expected} (available, held).",
)
SNAPSHOT = refusal(
    "AUD-6008",
    "第 {at} 条处的快照不是日志所得的状态:{difference}",
    "The snapshot at entry {at} is not the state that the log leads to: {difference}",
)

# -- 7xxx: the follower's own memory -----------------------------------------------------------------------

MEMORY_DAMAGED = refusal(
    "AUD-7001",
    "状态文件 {path} 已损坏或不完整:{why}。保留它作证据;--fresh 从第 0 条重新开始。",
    "The state file {path} is torn or altered: {why}. Keep it as evidence; --fresh begins anew at entry 0.",
)
MEMORY_OTHER = refusal(
    "AUD-7002",
    "状态文件 {path} 属于账簿“{known}”,此数据库是“{book}”。",
    "The state file {path} belongs to the book “{known}”; this database is “{book}”.",
)
MEMORY_VERSION = refusal(
    "AUD-7003",
    "状态文件 {path} 由另一版本写成。用 --fresh 从第 0 条重新开始。",
    "The state file {path} was written by another version. Begin anew with --fresh.",
)
MEMORY_MISSING = refusal(
    "AUD-7004",
    "没有状态文件 {path}。先运行 tanshu audit follow --state {path}。",
    "There is no state file {path}. Run `tanshu audit follow --state {path}` first.",
)
NOBODY_BLOCKS = refusal(
    "AUD-7005",
    "--block 需要 --as 指定稽核人员。",
    "--block needs an auditor: name one with --as.",
)
