"""The sentences of a story about the clearing house. They are read with those of a market, one a line.

    登记经办 开户 登记准备金                       one more account: 费用户, 准备金, 自有资金, 过渡户
    登记经办 结算                                  the whole of today's settlement; a day may follow
    登记经办 归集成交                              a step of it: 清算, 货银对付, 登记变更, 对账 …
    交易所复核 确认清算                            登记复核 初审; 登记审批 复审
    登记复核 退回初审, 理由 数据有误               退回复审; the day is cleared again

What must have come of it:

    结算日: 已封账, 成交 2 笔, 未交收 0 笔, 差异 0
    结算单: 甲电厂 期末 50,079,996.80 元, 买入 0 吨, 卖出 1,000 吨
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from tanshu.clearing.model import DAY_LABELS
from tanshu.scenario.story.house_sentences import DayIs, OpensAccount, SendsBack, StatementIs, TakesStep
from tanshu.scenario.story.numbers import fen_of, whole_number

STEPS = {
    "结算": "",
    "归集成交": "collect",
    "清算": "clear",
    "确认清算": "confirm",
    "初审": "review",
    "复审": "approve",
    "货银对付": "deliver",
    "登记变更": "effect",
    "对账": "reconcile",
    "出结算单": "state",
    "封账": "seal",
}
STATES = {label.zh: state.value for state, label in DAY_LABELS.items()}


def _takes(who: str, word: str, day: str | None) -> TakesStep:
    return TakesStep(who, STEPS[word], _day(day))


def _sends_back(who: str, word: str, day: str | None, reason: str | None) -> SendsBack:
    return SendsBack(who, STEPS[word], _day(day), reason or "")


def _day_is(
    day: str | None, state: str, trades: str | None, failed: str | None, differences: str | None
) -> DayIs | None:
    if state not in STATES:
        return None
    return DayIs(_day(day), STATES[state], _number(trades), _number(failed), _number(differences))


def _statement(
    subject: str, day: str | None, closing: str, bought: str | None, sold: str | None
) -> StatementIs:
    return StatementIs(subject, _day(day), fen_of(closing), _number(bought), _number(sold))


def _number(text: str | None) -> int | None:
    return None if text is None else whole_number(text)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


_DAY = r"(?:\s+(\d{4}-[01]\d-[0-3]\d))?"
_WORDS = "|".join(STEPS)
_YUAN = r"(-?[\d,.]+)\s*元"
FORMS: tuple[tuple[str, Callable[..., Any]], ...] = (
    (r"(\S+)\s+开户\s+(\S+)", OpensAccount),
    (rf"(\S+)\s+({_WORDS}){_DAY}", _takes),
    (rf"(\S+)\s+退回(初审|复审){_DAY}(?:\s*,\s*理由\s+(.+))?", _sends_back),
    (
        rf"结算日{_DAY}:\s*([^\s,]+)(?:\s*,\s*成交\s+([\d,]+)\s*笔)?(?:\s*,\s*未交收\s+([\d,]+)\s*笔)?"
        r"(?:\s*,\s*差异\s+([\d,]+))?",
        _day_is,
    ),
    (
        rf"结算单{_DAY}:\s*(\S+)\s+期末\s+{_YUAN}(?:\s*,\s*买入\s+([\d,]+)\s*吨)?"
        r"(?:\s*,\s*卖出\s+([\d,]+)\s*吨)?",
        lambda day, who, closing, bought, sold: _statement(who, day, closing, bought, sold),
    ),
)
"""Each form with what is made of its words; nothing where they make no sentence."""
