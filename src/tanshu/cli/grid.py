"""Tables laid out by display width: a Chinese character takes two columns.

Rich lays out tables, too, but measures every cell several times; two hundred rows cost it 0.3 s, which is
most of what `tanshu holdings` may take.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import combining, east_asian_width

GAP = "  "
NARROWEST = 12
"""A folding column is not squeezed below this."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A column as it is laid out: numbers to the right; a folding one gives way when space is short."""

    right: bool = False
    fold: bool = False


Cell = tuple[str, str]
"""Text and style."""


def width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def widths(columns: Sequence[Layout], rows: Sequence[Sequence[Cell]], room: int) -> list[int]:
    """How wide each column becomes, so that the whole fits `room` if folding can bring that about."""
    found = [
        max((max(map(width, row[n][0].split("\n"))) for row in rows), default=0) for n in range(len(columns))
    ]
    excess = sum(found) + len(GAP) * (len(columns) - 1) - room
    for n in sorted(range(len(columns)), key=lambda n: -found[n]):
        if columns[n].fold and excess > 0:
            given = min(excess, max(0, found[n] - NARROWEST))
            found[n] -= given
            excess -= given
    return found


def lines(columns: Sequence[Layout], row: Sequence[Cell], wide: Sequence[int]) -> Iterator[list[Cell]]:
    """A row as one or more lines of padded cells; only the last cell of a line is left unpadded."""
    folded = [fold(cell[0], wide[n]) for n, cell in enumerate(row)]
    for i in range(max(map(len, folded), default=1)):
        line: list[Cell] = []
        for n, column in enumerate(columns):
            text = folded[n][i] if i < len(folded[n]) else ""
            blank = " " * (wide[n] - width(text))
            last = n == len(columns) - 1
            padded = blank + text if column.right else text if last else text + blank
            line += [(padded, row[n][1]), ("" if last else GAP, "")]
        yield line


def fold(text: str, room: int) -> list[str]:
    """A text in lines no wider than `room`; breaks at blanks where there are some, else anywhere."""
    found: list[str] = []
    for line in text.split("\n"):
        while width(line) > room:
            cut = _cut(line, room)
            found.append(line[:cut].rstrip())
            line = line[cut:].lstrip()
        found.append(line)
    return found


def _cut(line: str, room: int) -> int:
    used = 0
    for i, c in enumerate(line):
        used += width(c)
        if used > room:
            blank = line.rfind(" ", 0, i)
            return blank + 1 if blank > i // 2 else max(i, 1)
    return len(line)
