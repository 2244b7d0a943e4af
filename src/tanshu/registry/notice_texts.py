"""The wording of notices 通知书, kind by kind. To add a kind, add a row.

In a sentence {name} stands for a fact that is given when the notice is issued: a whole number of tonnes, a
day, a code, a name. Who issues a notice without all its facts has a bug, and learns of it at once.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tanshu.base.text import Text

Fact = int | str | date
"""int: tonnes. Money and ratios are given as text."""


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """title, and the sentences of the body.

    objection: the subject may object within a term from service. public: it is for everybody to read (公告).
    """

    code: str
    title: Text
    body: tuple[Text, ...]
    objection: bool = False
    public: bool = False

    @property
    def needs(self) -> frozenset[str]:
        """The facts that its sentences name."""
        both = (one for text in self.body for one in (text.zh, text.en))
        return frozenset(name for one in both for _, name, _, _ in string.Formatter().parse(one) if name)


OBJECTION = Text(
    "对本通知有异议的,可自收到本通知之日(送达日)起在规定的工作日内,向作出决定的主管部门书面申请复核。",
    "Who objects may ask the authority that decided, in writing, to review it, within the working days laid "
    "down, counted from the day on which this notice was received.",
)


def _kind(
    code: str, zh: str, en: str, *body: tuple[str, str], objection: bool = False, public: bool = False
) -> NoticeKind:
    return NoticeKind(code, Text(zh, en), tuple(Text(*pair) for pair in body), objection, public)


_KINDS = (
    _kind(
        "allocation", "配额分配通知书", "Notice of allocation",
        (
            "你单位 {year} 年度碳排放配额({stage})为 {quantity} 吨,产品 {instrument};本次向账户 {account} 发放 "
            "{issued} 吨。",
            "Your allocation for {year} ({stage}) is {quantity} t of {instrument}; of it {issued} t are issued now, "
            "to account {account}.",
        ),
        objection=True,
    ),
    _kind(
        "adjustment", "配额调整通知书", "Notice of adjustment",
        (
            "你单位 {year} 年度碳排放配额由 {before} 吨调整为 {after} 吨,应调整 {quantity} 吨。理由:{reason}。",
            "Your allocation for {year} changes from {before} t to {after} t, by {quantity} t. Why: {reason}.",
        ),
        objection=True,
    ),
    _kind(
        "objection-decision", "配额异议复核决定通知书", "Notice of the decision on an objection",
        (
            "你单位就 {year} 年度配额提出的异议已复核,决定:{decision}。理由:{reason}。",
            "Your objection to the allocation for {year} was reviewed. Decided: {decision}. Why: {reason}.",
        ),
    ),
    _kind(
        "carry-over", "配额结转通知书", "Notice of carry-over",
        (
            "你单位可结转配额上限为 {limit} 吨(净卖出量 {net_sold} 吨)。申请须于 {apply_by} 前提出。",
            "You may carry over at most {limit} t (net sales {net_sold} t). Apply by {apply_by}.",
        ),
        objection=True,
    ),
    _kind(
        "carry-over-done", "配额结转完成通知书", "Notice of carry-over done",
        (
            "你单位结转 {quantity} 吨已完成:收回 {instrument},等量发放 {new_instrument}。",
            "Your carry-over of {quantity} t is done: {instrument} was recalled and as much {new_instrument} issued.",
        ),
    ),
    _kind(
        "surrender-due", "清缴履约通知书", "Notice of what is due",
        (
            "你单位 {year} 年度应清缴 {obligation} 吨,尚欠 {due} 吨,截止日 {deadline}。",
            "For {year} you owe {obligation} t; {due} t are still due by {deadline}.",
        ),
    ),
    _kind(
        "forced-surrender", "强制履约通知书", "Notice of forced surrender",
        (
            "因你单位 {year} 年度逾期未足额清缴,主管部门决定以留存配额代为清缴 {quantity} 吨。",
            "As your surrender for {year} was short, {quantity} t of withheld allowances are surrendered for you.",
        ),
        objection=True,
    ),
    _kind(
        "withheld", "配额留存通知书", "Notice of withholding",
        (
            "你单位 {year} 年度核定配额中的 {quantity} 吨留存于省级登记账户,清缴完成后发放剩余部分。",
            "Of your allocation for {year}, {quantity} t stay in the province's account until you have surrendered.",
        ),
        objection=True,
    ),
    _kind(
        "freeze", "司法冻结告知书", "Notice of a judicial freeze",
        (
            "依据{court}{document},账户 {account} 的 {instrument} 被冻结:裁定 {ordered} 吨,实际冻结 {held} 吨,"
            "期限至 {expires_on}。",
            "By {document} of {court}, {instrument} in account {account} is frozen: {ordered} t ordered, {held} t "
            "held, until {expires_on}.",
        ),
    ),
    _kind(
        "waiting-freeze", "轮候冻结告知书", "Notice of a waiting freeze",
        (
            "依据{court}{document},账户 {account} 的 {instrument} 登记轮候冻结 {ordered} 吨,轮候顺位 {rank}。",
            "By {document} of {court}, a freeze of {ordered} t of {instrument} in account {account} waits, rank {rank}.",
        ),
    ),
    _kind(
        "freeze-renewed", "续行冻结告知书", "Notice of a freeze renewed",
        (
            "依据{court}{document},账户 {account} 的 {instrument} 冻结续行至 {expires_on}。",
            "By {document} of {court}, the freeze of {instrument} in account {account} goes on until {expires_on}.",
        ),
    ),
    _kind(
        "freeze-ended", "解除冻结告知书", "Notice that a freeze ended",
        (
            "账户 {account} 的 {instrument} 冻结({document})已解除 {quantity} 吨。",
            "The freeze ({document}) of {instrument} in account {account} ended; {quantity} t are free of it.",
        ),
    ),
    _kind(
        "freeze-lapsed", "冻结期满告知书", "Notice that a freeze lapsed",
        (
            "账户 {account} 的 {instrument} 冻结({document})期限至 {expires_on},现已届满,{quantity} 吨不再受其冻结。",
            "The freeze ({document}) of {instrument} in account {account} ran until {expires_on} and is over; "
            "{quantity} t are free of it.",
        ),
    ),
    _kind(
        "court-transfer", "强制执行告知书", "Notice of a transfer by court order",
        (
            "依据{court}{document},账户 {account} 的 {instrument} {quantity} 吨已划转至{taker}。",
            "By {document} of {court}, {quantity} t of {instrument} in account {account} went to {taker}.",
        ),
    ),
    _kind(
        "deduction", "司法扣划告知书", "Notice of a judicial deduction",
        (
            "依据{court}{document},自账户 {account} 扣划 {instrument} {quantity} 吨,划至{taker}。",
            "By {document} of {court}, {quantity} t of {instrument} were taken from account {account} and went to "
            "{taker}.",
        ),
    ),
    _kind(
        "promotion", "轮候冻结生效告知书", "Notice that a waiting claim is in force",
        (
            "账户 {account} 的 {instrument}:原轮候的权利({claim})已生效,占用 {held} 吨。",
            "{instrument} in account {account}: the claim {claim}, which waited, is in force and holds {held} t.",
        ),
    ),
    _kind(
        "displacement", "权利顺位变更告知书", "Notice of displacement",
        (
            "账户 {account} 的 {instrument}:权利 {claim} 让位于顺位在先的权利 {by},减少占用 {quantity} 吨,"
            "现占用 {held} 吨。",
            "{instrument} in account {account}: the claim {claim} gives way to {by}, which ranks before it, by "
            "{quantity} t; it now holds {held} t.",
        ),
    ),
    _kind(
        "pledge", "质押登记通知书", "Notice of a pledge",
        (
            "账户 {account} 的 {instrument} {quantity} 吨已为{pledgee}办理质押登记。",
            "{quantity} t of {instrument} in account {account} are pledged to {pledgee}.",
        ),
    ),
    _kind(
        "pledge-ended", "质押登记注销通知书", "Notice that a pledge ended",
        (
            "账户 {account} 的 {instrument} 质押登记({claim})已解除 {quantity} 吨。",
            "The pledge {claim} of {instrument} in account {account} ended for {quantity} t.",
        ),
    ),
    _kind(
        "pledge-enforced", "质权实现通知书", "Notice that a pledge was enforced",
        (
            "质押登记({claim})实现:账户 {account} 的 {instrument} {quantity} 吨已划至{taker}。",
            "The pledge {claim} was enforced: {quantity} t of {instrument} in account {account} went to {taker}.",
        ),
    ),
    _kind(
        "reversal", "登记撤销通知书", "Notice of a reversal",
        (
            "业务 {original} 已由业务 {transaction} 撤销,涉及 {quantity} 吨。理由:{reason}。",
            "The transaction {original} was reversed by {transaction}, for {quantity} t. Why: {reason}.",
        ),
        objection=True,
    ),
    _kind(
        "correction", "登记更正通知书", "Notice of a correction",
        (
            "业务 {original} 已由业务 {transaction} 更正,涉及 {quantity} 吨。理由:{reason}。原记录保留。",
            "The transaction {original} was corrected by {transaction}, for {quantity} t. Why: {reason}. The first "
            "record stays.",
        ),
        objection=True,
    ),
    _kind(
        "expiry", "业务过期通知书", "Notice of expiry",
        (
            "业务 {transaction} 逾 {expired} 未办结,已过期;释放占用 {quantity} 吨。",
            "The transaction {transaction} was not ended by {expired} and has expired; {quantity} t are free again.",
        ),
    ),
    _kind(
        "merger", "合并变更登记公告", "Public notice of a merger",
        (
            "{giver}合并入{taker},其持有的 {quantity} 吨已登记至{taker}名下。",
            "{giver} merged into {taker}; the {quantity} t that it held are registered in the name of {taker}.",
        ),
        public=True,
    ),
    _kind(
        "split", "分立变更登记公告", "Public notice of a split",
        (
            "{giver}分立,其中 {quantity} 吨已登记至{taker}名下。",
            "{giver} was split; {quantity} t of what it held are registered in the name of {taker}.",
        ),
        public=True,
    ),
    _kind(
        "succession", "承继登记公告", "Public notice of a succession",
        (
            "{taker}承继{giver},其持有的 {quantity} 吨已登记至{taker}名下。",
            "{taker} succeeds {giver}; the {quantity} t that it held are registered in the name of {taker}.",
        ),
        public=True,
    ),
    _kind(
        "restriction", "账户限制通知书", "Notice of restriction",
        (
            "账户 {account} 自 {since} 起{state}。理由:{reason}。",
            "Account {account} is {state} from {since} on. Why: {reason}.",
        ),
        objection=True,
    ),
    _kind(
        "shortfall", "资金不足通知书", "Notice of a shortfall",
        (
            "你单位资金账户 {account} 资金不足 {amount} 元(编号 {shortfall})。请于 {until} 前补足;逾期将动用结算风险"
            "准备金或自有资金垫付,并向你单位追偿。了结之前暂停你单位的交易和出金。",
            "Your cash account {account} is short of {amount} yuan ({shortfall}). Make it good by {until}; after that the "
            "risk reserve or the house's own funds cover it and you owe it to them. Until it is settled you do not "
            "trade and no money is paid out.",
        ),
    ),
    _kind(
        "shortfall-withdrawn", "资金不足撤回通知书", "Withdrawal of the notice of a shortfall",
        (
            "关于你单位资金账户 {account} 资金不足的通知(编号 {shortfall})现予撤回。理由:{why}。因该通知暂停的出金和交易"
            "不再受其限制。",
            "The notice that your cash account {account} is short ({shortfall}) is withdrawn. Why: {why}. It no longer "
            "keeps you from trading or from being paid out.",
        ),
    ),
)  # fmt: skip
_PLAIN = ("year", "rank")
"""Whole numbers that count nothing, and so get no commas."""
KINDS: Mapping[str, NoticeKind] = {kind.code: kind for kind in _KINDS}


_WORDS: Mapping[tuple[str, Fact], Text] = {
    ("stage", "pre"): Text("预分配", "pre-allocation"),
    ("stage", "final"): Text("核定分配", "final allocation"),
    ("decision", "upheld"): Text("支持", "upheld"),
    ("decision", "dismissed"): Text("驳回", "dismissed"),
}
"""Facts that the log holds by code."""


def body(kind: NoticeKind, facts: Mapping[str, Fact]) -> tuple[Text, ...]:
    """The sentences with their facts; whole numbers get their commas."""
    shown = {name: _shown(name, value) for name, value in facts.items()}
    zh, en = ({name: text.in_(lang) for name, text in shown.items()} for lang in ("zh", "en"))
    return tuple(Text(text.zh.format(**zh), text.en.format(**en)) for text in kind.body)


def _shown(name: str, value: Fact) -> Text:
    word = _WORDS.get((name, value))
    if word:
        return word
    text = str(value) if name in _PLAIN else _figure(value)
    return Text(text, text)


def _figure(value: Fact) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:,}" if isinstance(value, int) else value
