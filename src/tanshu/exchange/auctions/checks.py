"""Numbered refusals of published auctions: EXC-51xx. What the engine refuses itself is in exchange/checks.py."""

from tanshu.base.refusal import refusal

NO_NOTICE = refusal(
    "EXC-5101",
    "市场 {market} 没有编号 {auction} 的竞价公告。",
    "The market {market} has no notice of an auction number {auction}.",
)
BAD_WINDOW = refusal(
    "EXC-5102",
    "竞价时段 {opens}–{closes} 无效:须写作 HH:MM,且开始早于结束,并在单向竞价的交易时段({hours})之内。",
    "The window {opens}–{closes} will not do: write HH:MM, the end after the beginning, within the hours of "
    "auctions ({hours}).",
)
BAD_DAY = refusal(
    "EXC-5103",
    "竞价时段须在公告之后开始:{day} {opens} 已过(现在是 {now})。",
    "A window begins after its notice: {day} {opens} is past ({now} now).",
)
NOT_YET = refusal(
    "EXC-5104",
    "竞价 {auction} 的时段为 {day} {opens}–{closes};现在是 {now}。",
    "The window of auction {auction} is {day} {opens}–{closes}; it is {now} now.",
)
BAD_TERMS = refusal(
    "EXC-5105",
    "竞价要素“{value}”无效;可用:{known}。",
    "The term “{value}” of an auction will not do; known are {known}.",
)
NO_TERMS = refusal(
    "EXC-5106",
    "市场 {market} 的规则包没有给出竞价的 {term},公告须写明。",
    "The rule pack of the market {market} does not say an auction's {term}; the notice has to.",
)
BEYOND_CAP = refusal(
    "EXC-5107",
    "竞价 {auction} 每个竞买(卖)方至多申报 {cap} 吨;申请 {tonnes} 吨。",
    "In auction {auction} one bidder may bid for {cap} t at most; {tonnes} t were asked for.",
)
NO_SHARE = refusal(
    "EXC-5108",
    "规则包 {pack} 没有 {year} 年度的有偿分配比例。",
    "The rule pack {pack} has no share of paid allocation for {year}.",
)
BEYOND_SHARE = refusal(
    "EXC-5109",
    "{year} 年度有偿分配总量为 {planned} 吨({total} 吨的 {share}),已公告或已售 {used} 吨,不能再公告 {quantity} 吨。",
    "Paid allocation of {year} is {planned} t ({share} of {total} t); {used} t are announced or sold, so {quantity} t "
    "more cannot be.",
)
PAID_BY_AUTHORITY = refusal(
    "EXC-5110",
    "有偿分配只能由主管部门出让,{subject} 不是。",
    "Paid allocation is sold by an authority; {subject} is none.",
)
ENDED = refusal(
    "EXC-5111",
    "竞价 {auction} 已有结果({outcome})。",
    "Auction {auction} has its result: {outcome}.",
)
NO_RESULT = refusal(
    "EXC-5112",
    "竞价 {auction} 还没有结果。",
    "Auction {auction} has no result yet.",
)
PUBLISHED = refusal(
    "EXC-5113",
    "竞价 {auction} 的结果已于 {day} 公布。",
    "The result of auction {auction} was published on {day}.",
)
SAME_PERSON = refusal(
    "EXC-5114",
    "结果须由另一人公布;{person} 就是结束竞价的人。",
    "Somebody else publishes a result; {person} ended the auction.",
)
REASON_NEEDED = refusal(
    "EXC-5115",
    "取消竞价须说明理由(--reason)。",
    "Calling an auction off needs a reason (--reason).",
)
