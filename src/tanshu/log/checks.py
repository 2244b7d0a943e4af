"""Numbered refusals of the log."""

from tanshu.base.refusal import refusal

KEY_REUSED = refusal(
    "LOG-1001",
    "幂等键 {key} 已用于第 {seq} 条记录的另一内容。请换一个键,或原样重发原请求。",
    "The idempotency key {key} already belongs to entry {seq} with another body. "
    "Use a new key, or repeat the first request unchanged.",
)
NOT_INITIALISED = refusal(
    "LOG-1002",
    "此数据库还没有账簿。先运行 tanshu init。",
    "This database holds no book yet. Run `tanshu init` first.",
)
BROKEN = refusal(
    "LOG-1003",
    "日志在第 {seq} 条处不一致:{why}。账簿停止服务;请从备份恢复,并保留此文件作证据。",
    "The log disagrees with itself at entry {seq}: {why}. The book stops here; restore a backup and keep "
    "this database as evidence.",
)
NEWER_ENGINE = refusal(
    "LOG-1004",
    "第 {seq} 条记录由引擎 {engine} 写成,本程序只懂到引擎 {known}。请使用 {program}。",
    "Entry {seq} was written by engine {engine}; this program knows engines up to {known}. Use {program}.",
)
OLDER_ENGINE = refusal(
    "LOG-1005",
    "账簿仍属引擎 {engine}(纪元 {era}),本程序按引擎 {known} 记账。请先运行 tanshu book era 开始新纪元。",
    "The book is still of engine {engine} (era {era}); this program writes engine {known}. "
    "Begin a new era first: `tanshu book era`.",
)
SAME_ENGINE = refusal(
    "LOG-1006",
    "账簿已属引擎 {engine}(纪元 {era}),无须开始新纪元。",
    "The book is of engine {engine} already (era {era}); there is no new era to begin.",
)
