"""Every refusal of supervision, numbered. The numbers are stable for ever."""

from __future__ import annotations

from tanshu.base.refusal import refusal

NO_ALERT = refusal(
    "EXC-7001",
    "没有预警 {id}。请用 tanshu supervise alerts 查看。",
    "There is no alert {id}. See them with: tanshu supervise alerts.",
)
IN_A_CASE = refusal(
    "EXC-7002", "预警 {id} 已列入案件 {case}。", "The alert {id} is part of the case {case} already."
)
NO_CASE = refusal(
    "EXC-7003",
    "没有案件 {id}。请用 tanshu supervise case list 查看。",
    "There is no case {id}. See them with: tanshu supervise case list.",
)
CASE_OVER = refusal(
    "EXC-7004",
    "案件 {id} 已于此前{state},不能再办理。有新情况请另立案件。",
    "The case {id} is over ({state}). Open another one for what is new.",
)
NOTE_NEEDED = refusal("EXC-7005", "请写明理由或内容(--note)。", "Say why, or what (--note).")
KIND_UNKNOWN = refusal(
    "EXC-7006", "没有处置措施 {kind};有:{known}。", "There is no measure {kind}; there are: {known}."
)
NOT_OF_CASE = refusal(
    "EXC-7007",
    "{handle} 不在案件 {id} 的预警所涉参与人之列。请先把有关预警并入案件。",
    "{handle} is in none of the alerts of the case {id}. Attach an alert about it first.",
)
SAME_PERSON = refusal(
    "EXC-7008",
    "{person} 提出了此项措施,须由另一人复核。",
    "{person} proposed it; somebody else has to confirm it.",
)
NOTHING_WAITS = refusal(
    "EXC-7009", "案件 {id} 没有待复核的措施。", "Nothing of the case {id} waits to be confirmed."
)
SOMETHING_WAITS = refusal(
    "EXC-7010",
    "案件 {id} 的第 {n} 项({what})尚待复核。请先复核或退回。",
    "Act {n} of the case {id} ({what}) waits for a second person. Have it confirmed or declined first.",
)
IN_FORCE = refusal(
    "EXC-7011",
    "案件 {id} 对 {handle} 的{what}已经生效。",
    "The case {id}: {what} of {handle} is in force already.",
)
NOT_IN_FORCE = refusal(
    "EXC-7012",
    "案件 {id} 对 {handle} 没有生效中的{what}。",
    "The case {id}: no {what} of {handle} is in force.",
)
OTHER_MARKET = refusal(
    "EXC-7013",
    "预警 {id} 属于另一市场,不能并入同一案件。",
    "The alert {id} is of another market; a case is of one market.",
)
STILL_IN_FORCE = refusal(
    "EXC-7014",
    "案件 {id} 对 {handle} 的{what}仍然有效。请先解除。",
    "The case {id}: {what} of {handle} is still in force. Lift it first.",
)
DAY_NOT_CLOSED = refusal(
    "EXC-7015",
    "市场 {market} 在 {day} 没有已收市的交易日。",
    "The market {market} has no closed trading day on {day}.",
)
OWNER_SO = refusal(
    "EXC-7016",
    "{handle} 的实际控制人已登记为“{owner}”。",
    "The owner of {handle} is on record as “{owner}” already.",
)
BAD_ALERT = refusal("EXC-7017", "第 {n} 项预警不合格式:{why}。", "Alert {n} is malformed: {why}.")
