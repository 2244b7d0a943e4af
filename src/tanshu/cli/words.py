"""Words for what programs know by code: kinds of instrument, columns of the type table, book records."""

from __future__ import annotations

from tanshu.base.text import Text
from tanshu.book.records import Op
from tanshu.registry.types import Between, ClaimClass, Effect, InstrumentKind, Whose

INSTRUMENT_KINDS = {
    InstrumentKind.ALLOWANCE: Text("配额", "allowance"),
    InstrumentKind.CREDIT: Text("减排量", "credit"),
    InstrumentKind.CASH: Text("资金", "cash"),
}
BETWEEN = {
    Between.ANY: Text("不限", "any"),
    Between.SAME_SUBJECT: Text("同一主体", "same"),
    Between.DIFFERENT_SUBJECTS: Text("不同主体", "different"),
    Between.WITH_AUTHORITY: Text("一方为主管部门", "authority"),
}
EFFECTS = {
    Effect.MOVE: Text("划转", "move"),
    Effect.DELIVERY_VERSUS_PAYMENT: Text("券款对付", "dvp"),
    Effect.ENCUMBER: Text("设立权利负担", "encumber"),
    Effect.RENEW: Text("续期", "renew"),
    Effect.RELEASE: Text("解除", "release"),
    Effect.DELIVER: Text("扣划交付", "deliver"),
    Effect.SUBSTITUTE: Text("置换", "substitute"),
}
CLAIMS = {
    ClaimClass.COURT: Text("司法措施", "court measure"),
    ClaimClass.DUTY: Text("履约义务", "duty"),
    ClaimClass.PLEDGE: Text("质押", "pledge"),
    ClaimClass.SESSION: Text("交易时段", "session"),
    ClaimClass.HOLDER: Text("持有人申请", "own request"),
}
WHOSE = {
    Whose.HOLDER: Text("持有方", "holder"),
    Whose.TAKER: Text("转入方", "taker"),
    Whose.NAMED: Text("指名主体", "named"),
    Whose.ORIGINAL: Text("原业务主体", "original"),
}
"""Which subject a transaction is of."""
ROOMS = {"registry": Text("登记", "registry"), "compliance": Text("履约", "compliance")}
OPERATIONS = {
    Op.OPEN_ACCOUNT: Text("开户", "open_account"),
    Op.SET_FLAGS: Text("改账户标志", "set_flags"),
    Op.DEFINE_INSTRUMENT: Text("定义产品", "define_instrument"),
    Op.TRANSFER: Text("划转", "transfer"),
    Op.HOLD: Text("冻结", "hold"),
    Op.CAPTURE: Text("扣划", "capture"),
    Op.RELEASE: Text("解冻", "release"),
}
DECISIONS = {
    "made": Text("申请", "made"),
    "approved": Text("同意", "approved"),
    "rejected": Text("驳回", "rejected"),
}
"""What was decided at a step of a chain."""
