"""Numbered refusals of encumbrances: REG-5xxx."""

from tanshu.base.refusal import refusal

CLAIM_UNKNOWN = refusal(
    "REG-5001",
    "没有权利负担 {id}。用 tanshu claim list 查看。",
    "There is no claim {id}. `tanshu claim list` shows them.",
)
POLICY_UNSET = refusal(
    "REG-5002",
    "账户 {account} 的 {instrument}:{claims} 已占用 {held},{mine}还需 {short}。规则包 {pack} 没有规定二者孰先,系统不作默认:"
    "请在 [claims] 中写明 rule(first_come 或 by_class)及其依据。",
    "In account {account}, {held} of {instrument} are held for {claims}, and this {mine} is {short} short. The pack "
    "{pack} does not say who goes first, and there is no default: set `rule` (first_come or by_class) in its "
    "[claims] table, with its source.",
)
DISPLACED = refusal(
    "REG-5003",
    "业务 {id} 的占用被在先权利取走:账户 {account} 的 {instrument} 应占用 {ordered},现占用 {held}。待在先权利解除后再办,或驳回、撤回。",
    "What {id} held was taken by a claim that goes first: in account {account} it holds {held} of the {ordered} "
    "{instrument} it needs. Wait for the other claim to end, or reject or withdraw it.",
)
CLAIM_SHORT = refusal(
    "REG-5004",
    "账户 {account} 的 {instrument}:该权利负担实际占用 {held},不足 {needed}。扣划与处置只能动用本顺位已占用的数量。",
    "In account {account}, this claim holds {held} of {instrument}; {needed} are needed. A deduction or enforcement "
    "uses only what its own rank holds.",
)
NOT_CLAIMED = refusal(
    "REG-5005",
    "业务 {original} 在账户 {account} 的 {instrument} 上没有仍然有效的权利负担。",
    "{original} has no standing claim on {instrument} in account {account}.",
)
BEYOND_CLAIM = refusal(
    "REG-5006",
    "该权利负担在账户 {account} 的 {instrument} 上只有 {ordered},不能解除 {quantity}。",
    "The claim on {instrument} in account {account} is for {ordered}; {quantity} cannot be released.",
)
CELL_TWICE = refusal(
    "REG-5007",
    "同一账户的同一产品在一笔业务中只能出现一次:{account} 的 {instrument}。",
    "One line for each account and instrument: {instrument} in {account} is named twice.",
)
COURT_FACTS = refusal(
    "REG-5008",
    "司法业务须写明法院(court)与文书号(document){until}。",
    "A court's order needs the court (court) and the number of its document (document){until}.",
)
FREEZE_TERM = refusal(
    "REG-5009",
    "冻结期限 {until} 须为今日 {today} 之后的日期。",
    "The last day of the freeze, {until}, must be a date after today, {today}.",
)
PLEDGE_FACTS = refusal(
    "REG-5010",
    "质押登记须写明质权人(pledgee,银行或机构)、公示登记编号(registration_number)和公示时间(registered_at,不晚于今日)。",
    "A pledge needs its pledgee (pledgee: a bank or institution), the number of its public registration "
    "(registration_number) and when that was made (registered_at, not after today).",
)
PLEDGEE_KIND = refusal(
    "REG-5011",
    "{name} 不是银行或机构,或就是出质人本人,不能作质权人。",
    "{name} is no bank or institution, or is the pledgor itself: it cannot be the pledgee.",
)
PLEDGE_TWICE = refusal(
    "REG-5012",
    "公示登记编号 {number} 已用于质押 {transaction}。",
    "The public registration {number} is that of the pledge {transaction} already.",
)
SWAP_FACTS = refusal(
    "REG-5013",
    "置换须写明被换出的明细(releases:每项含 account、instrument、quantity)。",
    "A substitution names what it releases (releases: each with account, instrument, quantity).",
)
FREEZE_TWICE = refusal(
    "REG-5014",
    "{court} 的文书 {document} 已登记为冻结 {transaction}。续行冻结请用 judicial-renewal。",
    "The order {document} of {court} is registered as the freeze {transaction}. To renew it, use judicial-renewal.",
)
FREEZE_SHRINKS = refusal(
    "REG-5016",
    "续行后的期限 {until} 不晚于现有期限 {now}。",
    "The renewed term {until} is not later than the present one, {now}.",
)
STILL_CLAIMED = refusal(
    "REG-5017",
    "账户 {account} 上还有权利负担 {claim}({cls}),未解除前不能销户。",
    "The claim {claim} ({cls}) stands on account {account}; it cannot be closed before that has ended.",
)
