"""Numbered refusals of proofs: what does not match (1xxx), what cannot be proven (2xxx).

Suites, notes and checkpoints have theirs beside them, in the log: PROOF-1005 to 1009, 3001 to 3007.
"""

from tanshu.base.refusal import refusal

NOT_A_PROOF = refusal(
    "PROOF-1001",
    "文件不是证明,也不是检查点:{why}。",
    "The file is neither a proof nor a checkpoint: {why}.",
)
OTHER_FORMAT = refusal(
    "PROOF-1002",
    "证明的格式是“{value}”;本程序核验 {known}。",
    "The proof's format is “{value}”; this program checks {known}.",
)
OTHER_KIND = refusal(
    "PROOF-1003",
    "未知的证明种类“{value}”;可核验:{known}。",
    "“{value}” is no kind of proof; there are {known}.",
)
SHAPE = refusal(
    "PROOF-1004",
    "证明的“{where}”不合格式:{why}。",
    "The part “{where}” of the proof is not of its form: {why}.",
)
LOG_ROOT = refusal(
    "PROOF-1010",
    "第 {seq} 条记录不能得出检查点所签的日志根:该条内容、盐值或路径被改动过,或属于另一检查点。",
    "Entry {seq} does not lead to the log root that the checkpoint signs: its content, salt or path was "
    "altered, or it belongs to another checkpoint.",
)
STATE_ROOT = refusal(
    "PROOF-1011",
    "账户 {account} 的 {instrument} 持仓不能得出检查点所签的状态根:持仓、盐值或路径被改动过,或属于另一检查点。",
    "The holding of {instrument} on account {account} does not lead to the state root that the checkpoint "
    "signs: holding, salt or path was altered, or it belongs to another checkpoint.",
)
RECORD_ROOT = refusal(
    "PROOF-1012",
    "第 {seq} 条记录的第 {i} 笔不能得出该条的记账根:其内容、盐值或路径被改动过。",
    "Record {i} of entry {seq} does not lead to that entry's root of records: its content, salt or path was "
    "altered.",
)
ROW_ROOT = refusal(
    "PROOF-1013",
    "第 {seq} 条记录的第 {i} 项登记变更不能得出该条的变更根:其内容、盐值或路径被改动过。",
    "Change {i} of entry {seq} does not lead to that entry's root of changes: its content, salt or path was "
    "altered.",
)
SERIALS = refusal(
    "PROOF-1014",
    "序列号区间与账户 {account} 的 {instrument} 持仓不符。",
    "The serial ranges do not match the holding of {instrument} on account {account}.",
)
CONSISTENCY = refusal(
    "PROOF-1015",
    "第 {first} 条的检查点不能证明是第 {second} 条检查点的开头:两者之一或路径被改动过,或日志被改写过。",
    "The checkpoint at entry {first} is not shown to be the beginning of the one at entry {second}: one of "
    "them or the path was altered, or the log was rewritten.",
)
BEYOND = refusal(
    "PROOF-1016",
    "第 {seq} 条记录不在检查点之内:检查点只到第 {newest} 条。",
    "Entry {seq} is not under the checkpoint, which ends at entry {newest}.",
)
DISAGREES = refusal(
    "PROOF-1017",
    "所证明的各部分互不相符:{why}。",
    "What is proven does not fit together: {why}.",
)
TILE = refusal(
    "PROOF-1018",
    "公开日志的 {path} 不符:{why}。",
    "The public log's {path} does not match: {why}.",
)
OTHER_ORIGIN = refusal(
    "PROOF-1019",
    "两个检查点属于不同的日志:{first} 与 {second}。",
    "The checkpoints are of different logs: {first} and {second}.",
)

NOTHING_HELD = refusal(
    "PROOF-2001",
    "截至第 {seq} 条记录,账户 {account} 没有 {instrument}:无持仓可证明。",
    "As of entry {seq} account {account} has no {instrument}: there is no holding to prove.",
)
NO_CHECKPOINT = refusal(
    "PROOF-2002",
    "还没有签名的检查点。用 tanshu proof checkpoint --key 文件 签一个,或在本命令加 --key。",
    "There is no signed checkpoint yet. Sign one with `tanshu proof checkpoint --key FILE`, or give --key here.",
)
NOT_COVERED = refusal(
    "PROOF-2003",
    "{what} 在第 {seq} 条记录,晚于最新检查点(第 {newest} 条)。先签一个新的检查点。",
    "{what} is at entry {seq}, after the newest checkpoint (entry {newest}). Sign a new checkpoint first.",
)
NO_CHECKPOINT_AT = refusal(
    "PROOF-2004",
    "第 {seq} 条没有检查点;有检查点的条目:{known}。",
    "There is no checkpoint at entry {seq}; there are some at {known}.",
)
OTHER_SALT = refusal(
    "PROOF-2005",
    "第 {seq} 条的检查点以另一密钥加盐({theirs},本库为 {ours}):本库由日志恢复,或检查点来自另一库,不能据此出具证明。",
    "The checkpoint at entry {seq} was salted with another secret ({theirs}; here it is {ours}): this database "
    "was rebuilt from the log, or the checkpoint is of another one. Nothing can be proven under it here.",
)
OTHER_ROOT = refusal(
    "PROOF-2006",
    "第 {seq} 条的检查点与本库不符({what}):日志或其派生表被改动过。不再签署,请保留现场并运行 tanshu book audit。",
    "The checkpoint at entry {seq} disagrees with this database ({what}): the log or what derives from it was "
    "altered. Nothing more is signed; keep the evidence and run `tanshu book audit`.",
)
SERIALS_DISAGREE = refusal(
    "PROOF-2007",
    "账户 {account} 的产品 {instrument} 序列号合计 {numbered},账簿为 {booked}:不签署检查点。",
    "Account {account} has {numbered} numbered units of instrument {instrument} where the book has {booked}: "
    "no checkpoint is signed.",
)
ORDER = refusal(
    "PROOF-2008",
    "--from {first} 须早于 --to {second}。",
    "--from {first} must be before --to {second}.",
)
NO_RECORD = refusal(
    "PROOF-2009",
    "日志中没有第 {seq} 条的第 {i} 笔。",
    "The log has no record {i} in entry {seq}.",
)
OTHER_EXPORT = refusal(
    "PROOF-2010",
    "目录 {path} 里是另一日志或更新的公开日志,未写入。",
    "The folder {path} holds the public log of another book, or a newer one; nothing was written.",
)
BOOK_NAME = refusal(
    "PROOF-2011",
    "账簿名称“{name}”含有控制字符,不能作为检查点的来源行。",
    "The book's name “{name}” holds control characters and cannot be a checkpoint's origin.",
)
NOT_OURS = refusal(
    "PROOF-2012",
    "{path} 不是本账簿所签检查点的文本,签名未收存。",
    "{path} is not the text of a checkpoint of this book; its signatures were not kept.",
)
TAKES_NO_PART = refusal(
    "PROOF-2013",
    "该账户不在业务 {id} 的明细中。",
    "The account takes no part in the transaction {id}.",
)
NO_KEY = refusal(
    "PROOF-3004",
    "需要签名私钥:--key 文件 或 TANSHU_SIGNING_KEY;用 tanshu proof key new 生成。",
    "A signing key is needed: --key FILE or TANSHU_SIGNING_KEY; make one with `tanshu proof key new`.",
)
SHORTER = refusal(
    "PROOF-4001",
    "检查点签署到第 {signed} 条,日志只到第 {newest} 条:最新的记录被截去。",
    "The checkpoint was signed at entry {signed}, the log ends at entry {newest}: its newest entries were cut off.",
)
OTHER_CHAIN = refusal(
    "PROOF-4002",
    "第 {seq} 条的哈希与检查点所签的不同:日志被改写过。",
    "The hash of entry {seq} is not the one the checkpoint signs: the log was rewritten.",
)
OTHER_BOOK = refusal(
    "PROOF-4003",
    "检查点属于 {theirs},本账簿是 {ours}。",
    "The checkpoint is of {theirs}; this book is {ours}.",
)
