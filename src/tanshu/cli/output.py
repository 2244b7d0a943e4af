"""What a command answers, as data: the JSON object, and the parts a person reads. One renderer for both.

Parts carry `Text` and plain values; the language is chosen and numbers get their commas only here.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, TextIO

from tanshu.base.quantity import yuan
from tanshu.base.text import Lang, Text
from tanshu.cli import grid

if TYPE_CHECKING:
    from rich.console import Console

    from tanshu.base.refusal import Refusal

PIPE_WIDTH = 200
"""Columns of a table that goes to a file or a pipe, where no terminal says how wide it is."""
NONE = "—"
GOOD, BAD, WEAK, LOUD = "green", "red", "dim", "bold"


@dataclass(frozen=True, slots=True)
class Fen:
    """Money: shown in yuan, in JSON an integer of fen."""

    value: int


@dataclass(frozen=True, slots=True)
class Chip:
    """A word that stands out in its colour."""

    word: object
    style: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, and whether its cells are numbers."""

    label: Text
    right: bool = False
    fold: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; `total` is a last row set apart."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[object]]
    title: Text | None = None
    total: Sequence[object] | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Label and value, one pair a line."""

    rows: Sequence[tuple[Text, object]]
    title: Text | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence."""

    text: object
    style: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something nobody may overlook: a watermark, a stamp."""

    text: object
    style: str = "bold yellow"


@dataclass(frozen=True, slots=True)
class Bar:
    """A share of a whole as a bar with its percentage."""

    label: Text
    part: int
    whole: int
    unit: str = ""


Part = Table | Facts | Line | Notice | Bar


@dataclass(frozen=True, slots=True)
class Reply:
    """A command's answer. data: the JSON object; parts: what people read; code: the exit code."""

    data: Mapping[str, object]
    parts: Sequence[Part] = field(default_factory=tuple)
    code: int = 0


def text_column(zh: str, en: str, *, fold: bool = False) -> Column:
    return Column(Text(zh, en), fold=fold)


def number_column(zh: str, en: str) -> Column:
    return Column(Text(zh, en), right=True)


# -- JSON --------------------------------------------------------------------------------------------------


def as_json(data: object) -> str:
    """JSON for programs: keys in English, texts in both languages, Decimals and dates as text."""
    return json.dumps(data, ensure_ascii=False, indent=2, default=_json_value)


def _json_value(value: object) -> object:
    if isinstance(value, Text):
        return {"zh": value.zh, "en": value.en}
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Fen):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


# -- people ------------------------------------------------------------------------------------------------


def shown(value: object, lang: Lang) -> str:
    """One value as people read it."""
    if value is None or value == "":
        return NONE
    if isinstance(value, Text):
        return value.in_(lang)
    if isinstance(value, Chip):
        return shown(value.word, lang)
    if isinstance(value, bool):
        return "✓" if value else NONE
    if isinstance(value, int):
        return f"{int(value):,}"
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, Fen):
        return yuan(value.value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(shown(item, lang) for item in value)
    return str(value)


def console(stream: TextIO) -> Console:
    """A Rich console on a stream, for panels and progress."""
    from rich.console import Console

    return Console(file=stream, width=room(stream), highlight=False, markup=False, emoji=False)


def room(stream: TextIO) -> int:
    """Columns to write in: the terminal's, or enough for a table in a file."""
    if stream.isatty() or os.environ.get("COLUMNS"):
        return shutil.get_terminal_size().columns
    return PIPE_WIDTH


def show(reply: Reply, lang: Lang, *, json_wanted: bool) -> None:
    """Put a reply on stdout: one JSON object and nothing else, or its parts one after the other."""
    if json_wanted:
        print(as_json(reply.data), flush=True)
    else:
        show_parts(reply.parts, lang)


def show_parts(parts: Iterable[Part], lang: Lang) -> None:
    for part in parts:
        _show_part(Paper(sys.stdout), part, lang)
    sys.stdout.flush()


def show_refusal(refusal: Refusal, lang: Lang, *, json_wanted: bool, **more: object) -> None:
    """A refusal: JSON on stdout; for people on stderr, with its code and the field it is about."""
    if json_wanted:
        print(as_json({"refusal": refusal.as_json(), **more}), flush=True)
        return
    about = f" [{refusal.field}]" if refusal.field else ""
    Paper(sys.stderr).write((refusal.code, "bold red"), (about, BAD), (f" {refusal.sentence(lang)}", ""))


class Paper:
    """A stream that takes styled text; styles show on terminals only."""

    _ANSI: ClassVar = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

    def __init__(self, stream: TextIO):
        self.stream = stream
        self.styled = stream.isatty() and "NO_COLOR" not in os.environ

    def write(self, *cells: tuple[str, str]) -> None:
        """One line of (text, style)."""
        line = "".join(self._painted(text, style) for text, style in cells)
        self.stream.write(line.rstrip() + "\n" if not self.styled else line + "\n")

    def _painted(self, text: str, style: str) -> str:
        codes = ";".join(self._ANSI[word] for word in style.split()) if style and self.styled else ""
        return f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text


def _show_part(paper: Paper, part: Part, lang: Lang) -> None:
    match part:
        case Table():
            _show_table(paper, part, lang)
        case Facts():
            _show_facts(paper, part, lang)
        case Bar():
            _show_bar(paper, part, lang)
        case Notice():
            from rich.panel import Panel
            from rich.text import Text as Styled

            panel = Panel(Styled(shown(part.text, lang)), style=part.style, expand=False)
            console(paper.stream).print(panel)
        case Line():
            paper.write((shown(part.text, lang), part.style))


def _show_table(paper: Paper, table: Table, lang: Lang) -> None:
    layout = [grid.Layout(column.right, column.fold) for column in table.columns]
    heading = [(column.label.in_(lang), LOUD) for column in table.columns]
    body = [[_cell(value, lang) for value in row] for row in table.rows]
    total = [(text, LOUD) for text, _ in (_cell(value, lang, blank="") for value in table.total or ())]
    everything = [heading, *body, *([total] if total else [])]
    wide = grid.widths(layout, everything, room(paper.stream))
    rule = ("─" * (sum(wide) + len(grid.GAP) * (len(wide) - 1)), WEAK)
    if table.title:
        paper.write((table.title.in_(lang), LOUD))
    for row in everything:
        if row is total:
            paper.write(rule)
        for line in grid.lines(layout, row, wide):
            paper.write(*line)
        if row is heading:
            paper.write(rule)
    paper.write()


def _show_facts(paper: Paper, facts: Facts, lang: Lang) -> None:
    layout = (grid.Layout(), grid.Layout(fold=True))
    rows = [[(label.in_(lang), WEAK), _cell(value, lang)] for label, value in facts.rows]
    wide = grid.widths(layout, rows, room(paper.stream))
    if facts.title:
        paper.write((facts.title.in_(lang), LOUD))
    for row in rows:
        for line in grid.lines(layout, row, wide):
            paper.write(*line)
    paper.write()


def _show_bar(paper: Paper, bar: Bar, lang: Lang) -> None:
    cells = 40
    filled = cells * bar.part // bar.whole if bar.whole else 0
    paper.write(
        (f"{bar.label.in_(lang)}  ", ""),
        ("█" * filled, GOOD if bar.part == bar.whole else "yellow"),
        ("░" * (cells - filled), WEAK),
        (f"  {percentage(bar.part, bar.whole)}", LOUD),
        (f"  ({bar.part:,} / {bar.whole:,}{bar.unit})", ""),
    )


def percentage(part: int, whole: int) -> str:
    """A share with two decimals, cut rather than rounded: 100.00 % means all of it."""
    if not whole:
        return NONE
    return f"{Decimal(part * 10_000 // whole) / 100:.2f} %"


def _cell(value: object, lang: Lang, *, blank: str = NONE) -> grid.Cell:
    style = value.style if isinstance(value, Chip) else ""
    return (blank if value is None or value == "" else shown(value, lang)), style
