"""Numbered refusals of a market's own figures."""

from tanshu.base.refusal import refusal

NOT_OPENED = refusal(
    "EXC-6901",
    "市场 {market} 在 {day} 没有开市。开过市的日期:{known}。",
    "The market {market} did not open on {day}. It opened on: {known}.",
)
NO_MONTH = refusal(
    "EXC-6902",
    "市场 {market} 在 {month} 没有行情。有行情的月份:{known}。",
    "The market {market} has no figures of {month}. It has: {known}.",
)
