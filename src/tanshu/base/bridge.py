"""A picture of how one amount became another: a bar for each step, one below the other.

Laid out here as boxes and words, drawn by whoever writes the page (an SVG in HTML, shapes in a PDF). Where
the steps are small beside what there was, the scale begins higher up, and the picture says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tanshu.base.quantity import yuan
from tanshu.base.text import Text

WIDTH, ROW, BAR = 740.0, 26.0, 15.0
LABEL, VALUE = 168.0, 132.0
"""What the labels on the left and the amounts on the right take of the width."""
SLENDER = 1.5
"""A step that is next to nothing is still seen."""
CUT_FROM = 2
"""The scale begins higher up where the lowest level is more than 1/2 of the highest."""
CUT = Text("刻度不从零开始。", "The scale does not begin at zero.")


@dataclass(frozen=True, slots=True)
class Step:
    """One bar, fen. total: it stands for what there is; otherwise it adds to what there was before it."""

    label: Text
    amount: int
    total: bool = False


class Box(NamedTuple):
    """A bar: its left upper corner and its size; kind: total, plus, minus."""

    x: float
    y: float
    width: float
    height: float
    kind: str


class Word(NamedTuple):
    """A text beside a bar, on its middle line. end: x is where it ends."""

    x: float
    y: float
    text: Text | str
    end: bool


class Tie(NamedTuple):
    """A thin line from one bar's end to the next one's beginning."""

    x: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes, words and lines on a ground of so many units."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    words: tuple[Word, ...]
    ties: tuple[Tie, ...]
    note: Text | None


def laid_out(steps: Sequence[Step]) -> Picture:
    """Where everything stands. Equal steps give equal pictures, to the tenth of a unit."""
    spans = list(_spans(steps))
    low, high = _scale(spans)
    room = WIDTH - LABEL - VALUE - 24

    def at(fen: int) -> float:
        return LABEL + 12 + room * max(0, fen - low) / (high - low)

    boxes, ties = [], []
    for n, (step, (start, end)) in enumerate(zip(steps, spans, strict=True)):
        left, right = sorted((at(start), at(end)))
        top = n * ROW + (ROW - BAR) / 2
        kind = "total" if step.total else "plus" if step.amount >= 0 else "minus"
        boxes.append(Box(round(left, 1), top, round(max(right - left, SLENDER), 1), BAR, kind))
        if n + 1 < len(steps):
            ties.append(Tie(round(at(end), 1), top + BAR, top + ROW))
    return Picture(
        WIDTH, len(steps) * ROW, tuple(boxes), tuple(_words(steps)), tuple(ties), CUT if low else None
    )


def _spans(steps: Sequence[Step]) -> Iterator[tuple[int, int]]:
    """From where to where each bar goes, fen."""
    level = 0
    for step in steps:
        start, level = (0, step.amount) if step.total else (level, level + step.amount)
        yield start, level


def _scale(spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The lowest and the highest fen of the scale; the lowest is zero unless that would hide the steps."""
    levels = [end for _, end in spans]
    least, most = min((0, *levels)), max((1, *levels))
    lowest = min(levels, default=0)
    if lowest * CUT_FROM <= most or lowest == most:
        return least, most
    return max(0, lowest - (most - lowest) // 2 - 1), most


def _words(steps: Sequence[Step]) -> Iterator[Word]:
    for n, step in enumerate(steps):
        middle = n * ROW + ROW / 2
        sign = "" if step.total or step.amount <= 0 else "+"
        yield Word(LABEL, middle, step.label, end=True)
        yield Word(WIDTH, middle, f"{sign}{yuan(step.amount)}", end=True)
