"""What people read, in the market's own words: 缴还 where its rule pack says so. JSON keeps its codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tanshu.base.text import Text
from tanshu.cli.output import Bar, Chip, Column, Facts, Line, Notice, Part, Table

if TYPE_CHECKING:
    from sqlalchemy import Connection

Say = Callable[[Text], Text]


def own_words(conn: Connection) -> Callable[[Sequence[Part]], list[Part]]:
    """A function that says parts as this register's market does; asked for while the database is read."""
    from tanshu.registry import papers

    say = papers.own_words(conn)
    return list if say is None else lambda parts: [_part(part, say) for part in parts]


def _part(part: Part, say: Say) -> Part:
    match part:
        case Table():
            columns = [Column(say(one.label), one.right, one.fold) for one in part.columns]
            rows = [[_value(cell, say) for cell in row] for row in part.rows]
            total = [_value(cell, say) for cell in part.total] if part.total is not None else None
            return Table(columns, rows, _title(part.title, say), total)
        case Facts():
            rows = [(say(label), _value(value, say)) for label, value in part.rows]
            return Facts(rows, _title(part.title, say))
        case Bar():
            return replace(part, label=say(part.label))
        case Line() | Notice():
            return replace(part, text=_value(part.text, say))


def _value(value: object, say: Say) -> object:
    if isinstance(value, Text):
        return say(value)
    return Chip(_value(value.word, say), value.style) if isinstance(value, Chip) else value


def _title(title: Text | None, say: Say) -> Text | None:
    return say(title) if title else None
