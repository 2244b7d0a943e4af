"""Numbered refusals of backup and restore: 1xxx making one, 2xxx what lies in it, 3xxx restoring."""

from tanshu.base.refusal import refusal

IN_USE = refusal(
    "BAK-1001",
    "另一个进程正在写备份目录 {folder}。等它结束后重试。",
    "Another process is writing to the backup folder {folder}. Try again when it has ended.",
)
OTHER_BOOK = refusal(
    "BAK-1002",
    "目录 {folder} 保存的是账簿“{kept}”的备份,与数据库中的账簿“{found}”不是同一账簿。请另选目录。",
    "The folder {folder} keeps a backup of the book “{kept}”, which is not the book “{found}” of the database. "
    "Choose another folder.",
)
BEHIND = refusal(
    "BAK-1003",
    "数据库只到第 {newest} 条,备份 {folder} 已到第 {kept} 条:数据库丢失了最新的记录。停止写入,从备份恢复。",
    "The database ends at entry {newest}, the backup {folder} at {kept}: the database has lost its newest "
    "entries. Stop all writing and restore the backup.",
)
FORKED = refusal(
    "BAK-1004",
    "自第 {seq} 条起,数据库与备份 {folder} 不同:两者已分叉,或其一被改动。两份都请保留作证据;备份未被改写。",
    "From entry {seq} on the database is not what the backup {folder} holds: they have forked, or one was "
    "altered. Keep both as evidence; the backup was left as it was.",
)
NOT_A_BACKUP = refusal(
    "BAK-2001",
    "{folder} 不是备份目录:{why}",
    "{folder} is not a backup: {why}",
)
OTHER_FORMAT = refusal(
    "BAK-2002",
    "备份的格式为 {known},本程序读取格式 {needed}。请使用写出它的程序版本。",
    "The backup is of format {known}; this program reads {needed}. Use the version that wrote it.",
)
MISSING = refusal(
    "BAK-2003",
    "备份缺少第 {first} 条至第 {last} 条:目录中没有这一段。",
    "The backup lacks entries {first} to {last}: there is no such segment in its folder.",
)
DAMAGED = refusal(
    "BAK-2004",
    "备份文件 {name} 已损坏:{why}。请用另一份副本。",
    "The backup's file {name} is damaged: {why}. Use another copy.",
)
BESIDE = refusal(
    "BAK-2005",
    "第 {seq} 条记录的{what}与其哈希不符。",
    "Entry {seq} keeps {what} that do not match their hash.",
)
NOT_GENESIS = refusal(
    "BAK-2006",
    "第 0 条不是账簿“{book}”的创世记录。",
    "Entry 0 is not the genesis of the book “{book}”.",
)
UNKNOWN_ROWS = refusal(
    "BAK-2007",
    "第 {seq} 条记录改动了本程序不认识的表或列 {name}。请使用写出它的程序版本。",
    "Entry {seq} changes a table or column that this program does not know: {name}. Use the version that "
    "wrote it.",
)
UNKNOWN_KEPT = refusal(
    "BAK-2008",
    "备份文件 {name} 含有本程序不认识的表或列 {unknown}。请使用写出它的程序版本。",
    "The backup's file {name} holds a table or column that this program does not know: {unknown}. Use the "
    "version that wrote it.",
)
NO_MARKET_LOG = refusal(
    "BAK-2009",
    "备份 {folder} 里市场“{market}”的日志只到第 {end} 条,而账簿写明有第 {seq} 条。请用另一份副本。",
    "In the backup {folder} the log of the market “{market}” ends at entry {end}; the book tells of entry {seq}. "
    "Use another copy.",
)
OTHER_STATE = refusal(
    "BAK-2010",
    "市场日志 {log} 第 {seq} 条的收盘状态与账簿所载的哈希不符。请用另一份副本。",
    "The close in entry {seq} of the market log {log} does not lead to the state whose hash the book states. "
    "Use another copy.",
)

NOT_EMPTY = refusal(
    "BAK-3001",
    "数据库 {url} 不是空的({why})。恢复只写入空数据库:请另建一个。",
    "The database {url} is not empty ({why}). A backup is restored into an empty one only: make another.",
)
GONE_FURTHER = refusal(
    "BAK-3002",
    "数据库 {url} 的未完成恢复已到第 {reached} 条,超过所要的第 {wanted} 条。请另建一个空数据库。",
    "The unfinished restore in {url} has reached entry {reached}, beyond entry {wanted}. Make another empty "
    "database.",
)
OTHER_RESTORE = refusal(
    "BAK-3003",
    "数据库 {url} 的未完成恢复不是出自这份备份(第 {seq} 条不同)。请另建一个空数据库。",
    "The unfinished restore in {url} does not come from this backup (entry {seq} differs). Make another empty "
    "database.",
)
NO_HASH = refusal(
    "BAK-3004",
    "备份中没有哈希为 {hash} 的记录。应为某条记录的 64 位十六进制哈希。",
    "No entry of the backup has the hash {hash}. Give the 64 hex digits of an entry's hash.",
)
ONE_MOMENT = refusal(
    "BAK-3005",
    "--to 与 --to-hash 只能给一个。",
    "Give --to or --to-hash, not both.",
)
NOT_THE_SAME = refusal(
    "BAK-3006",
    "恢复出的数据库与备份不同({what})。它未被启用;请保留作证据。",
    "What was restored is not what the backup holds ({what}). It was not put to use; keep it as evidence.",
)
OVERTAKEN = refusal(
    "BAK-3007",
    "恢复过程中有人向数据库 {url} 写入。恢复已停止。",
    "Somebody else wrote to {url} while it was being restored. The restore has stopped.",
)
