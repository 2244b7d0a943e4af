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
