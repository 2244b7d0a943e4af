"""What an audit can find, numbered: 1xxx in an entry, 2xxx in the state, 3xxx in the database itself."""

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
