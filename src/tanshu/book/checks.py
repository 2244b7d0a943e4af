"""Numbered refusals of the book: one per kernel code, plus the limits of a command."""

from tanshu.base.refusal import Refusal, RefusalKind, refusal
from tanshu.book.codes import Code

TOO_MANY_RECORDS = refusal(
    "BOOK-1001",
    "一个命令最多 {limit} 条账簿记录,此命令有 {count} 条。请分批提交。",
    "One command carries at most {limit} book records; this one has {count}. Send it in parts.",
)

ACTOR_FORM = refusal(
    "BOOK-1002",
    "经办人代号须为 1 至 {limit} 个可见字符。",
    "The name of who acts has 1 to {limit} visible characters.",
)

BLOCK_OPERATIONS = refusal(
    "BOOK-1003",
    "批量装载的数据块只能含转让记录。其他操作请用各自的命令。",
    "A block of a bulk load holds transfers only. Send other operations as commands of their own.",
)

BLOCK_NAMES = refusal(
    "BOOK-1004",
    "数据块提到编号 {number}({column}),但数据流至此只有 {known} 个。请检查数据块的次序是否完整。",
    "The block names number {number} ({column}), but the stream has only {known} so far. Check that no block "
    "is missing or out of order.",
)

_WORDS = {
    Code.CHAIN_FAILED: ("同一链条中的另一条记录失败", "another record of the chain failed"),
    Code.CHAIN_OPEN: ("链条没有结尾", "the chain has no end"),
    Code.UNKNOWN_OPERATION: ("未知操作", "unknown operation"),
    Code.RESERVED_FIELD: ("保留字段必须为零", "a reserved field is not zero"),
    Code.NUMBER_NOT_NEXT: ("编号不是下一个可用编号", "the number is not the next free one"),
    Code.FLAGS_INVALID: ("账户标志无效", "the flags are not valid"),
    Code.SCALE_INVALID: ("小数位数无效", "the scale is not valid"),
    Code.DEBIT_UNKNOWN: ("转出账户不存在", "the giving account does not exist"),
    Code.CREDIT_UNKNOWN: ("转入账户不存在", "the receiving account does not exist"),
    Code.INSTRUMENT_UNKNOWN: ("产品不存在", "the instrument does not exist"),
    Code.SAME_ACCOUNT: ("转出与转入是同一账户", "both sides are the same account"),
    Code.AMOUNT_NOT_POSITIVE: ("数量必须大于零", "the amount is not positive"),
    Code.AMOUNT_TOO_LARGE: ("数量超过上限", "the amount is too large"),
    Code.DEBIT_CLOSED: ("转出账户已注销", "the giving account is closed"),
    Code.CREDIT_CLOSED: ("转入账户已注销", "the receiving account is closed"),
    Code.DEBIT_FORBIDDEN: ("转出账户禁止转出", "the giving account may not give"),
    Code.CREDIT_FORBIDDEN: ("转入账户禁止转入", "the receiving account may not receive"),
    Code.HOLD_ON_OVERDRAFT: ("发行或归集账户不能冻结", "a source or sink account cannot be held"),
    Code.HOLD_NOT_OPEN: ("冻结不存在或已结束", "the hold does not exist or has ended"),
    Code.HOLD_MISMATCH: ("冻结属于另一账户或产品", "the hold is on another account or instrument"),
    Code.HOLD_EXCEEDED: ("超过冻结余量", "more than is left of the hold"),
    Code.INSUFFICIENT_AVAILABLE: ("可用数量不足", "not enough available"),
    Code.CAP_EXCEEDED: ("超过产品发行上限", "the instrument's cap would be exceeded"),
    Code.ACCOUNT_NOT_EMPTY: ("账户仍有余额或冻结", "the account is not empty"),
}

_BY_CODE: dict[Code, RefusalKind] = {
    code: refusal(
        f"BOOK-{2000 + code}",
        f"账簿拒绝第 {{record}} 条记录:{zh}。未写入任何内容。",
        f"The book refused record {{record}}: {en}. Nothing was written.",
    )
    for code, (zh, en) in _WORDS.items()
}


def from_code(code: int, record: int) -> Refusal:
    """The refusal that says why the kernel answered `code` to record number `record`."""
    return _BY_CODE[Code(code)](record=record)
