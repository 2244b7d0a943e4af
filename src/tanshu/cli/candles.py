"""Candles in a terminal: ▯ a rise, ▮ a fall, │ how far the price went beyond."""

from __future__ import annotations

from collections.abc import Sequence

from tanshu.base.quantity import yuan
from tanshu.exchange.figures.bars import Bar

ROWS = 12
UP, DOWN, WICK = "▯", "▮", "│"


def lines(bars: Sequence[Bar], columns: int) -> list[str]:
    """The newest bars that fit into so many columns, the highest price first; nothing for no bars."""
    if not bars:
        return []
    top = max(bar.high for bar in bars)
    label = len(yuan(top)) + 2
    shown = bars[-max((columns - label) // 2, 1) :]
    top, foot = max(bar.high for bar in shown), min(bar.low for bar in shown)
    return [
        f"{_label(row, foot, top):>{label - 2}}  " + " ".join(_cell(bar, row, foot, top) for bar in shown)
        for row in range(ROWS - 1, -1, -1)
    ]


def _row(price: int, foot: int, top: int) -> int:
    """The row, from below, that a price is drawn in."""
    return (price - foot) * (ROWS - 1) // (top - foot) if top > foot else 0


def _label(row: int, foot: int, top: int) -> str:
    return yuan(foot + (top - foot) * row // (ROWS - 1)) if row % 3 == 2 or row in (0, ROWS - 1) else ""


def _cell(bar: Bar, row: int, foot: int, top: int) -> str:
    body = sorted((_row(bar.open, foot, top), _row(bar.last, foot, top)))
    if body[0] <= row <= body[1]:
        return UP if bar.last >= bar.open else DOWN
    return WICK if _row(bar.low, foot, top) <= row <= _row(bar.high, foot, top) else " "
