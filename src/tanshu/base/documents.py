"""Documents people keep: one model of a paper, written as an HTML page here and as a PDF in `pdf.py`.

A paper is data in both languages until it is written. What it says decides its bytes: no clock is read.
Other pages (reports with charts) have templates of their own, which lie beside the room that owns them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from tanshu.base.bridge import Step, laid_out
from tanshu.base.clock import shanghai_text
from tanshu.base.quantity import yuan
from tanshu.base.text import Lang, Text

if TYPE_CHECKING:
    from jinja2 import Environment

Words = Text | str
Row = tuple[Text, Words]
"""A fact: its label and its value."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels and values, one pair a line."""

    rows: Sequence[Row]
    title: Text | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table on a paper.

    numbers: the indexes of its right-aligned columns. note: what stands below it.
    """

    title: Text
    columns: Sequence[Text]
    rows: Sequence[Sequence[Words]]
    numbers: frozenset[int] = frozenset()
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Paragraphs:
    """Running text."""

    lines: Sequence[Words]
    title: Text | None = None


@dataclass(frozen=True, slots=True)
class Bridge:
    """How one amount became another, as a picture (bridge.py)."""

    steps: Sequence[Step]
    title: Text | None = None


Part = Facts | Table | Paragraphs | Bridge


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything a document says, before it is in one language.

    issuer: who hands it out. check: how its reader can tell that it is true. stamps: what nobody may
    overlook, above everything else; mark: one of them in a word, across the page. notes: where its rules are
    written. made_ns: the moment it speaks of, which is also the date of its file.
    """

    title: Text
    number: str
    issuer: str
    lead: Text
    parts: Sequence[Part]
    check: Text
    made_ns: int
    stamps: Sequence[Text] = ()
    mark: Text | None = None
    notes: Sequence[Text] = field(default_factory=tuple)


def html(paper: Paper, lang: Lang) -> str:
    """The paper as one HTML page, without scripts, links or anything else from outside."""
    return render("tanshu.base", "paper.html", lang, paper=paper)


def reworded(paper: Paper, say: Callable[[Text], Text]) -> Paper:
    """The paper with every text of it said in other words."""

    def words(one: Words) -> Words:
        return say(one) if isinstance(one, Text) else one

    def part(one: Part) -> Part:
        title = say(one.title) if one.title else None
        match one:
            case Facts():
                return Facts([(say(label), words(value)) for label, value in one.rows], title)
            case Paragraphs():
                return Paragraphs([words(line) for line in one.lines], title)
            case Bridge():
                return Bridge([replace(step, label=say(step.label)) for step in one.steps], title)
            case Table():
                rows = [[words(cell) for cell in row] for row in one.rows]
                note = say(one.note) if one.note else None
                return Table(say(one.title), [say(c) for c in one.columns], rows, one.numbers, note)

    return replace(
        paper,
        title=say(paper.title),
        lead=say(paper.lead),
        parts=[part(one) for one in paper.parts],
        notes=[say(one) for one in paper.notes],
    )


def render(package: str, template: str, lang: Lang, **values: Any) -> str:
    """Render `package`'s templates/`template`. In a template `text` filters a Text into the language."""
    environment = _environment(package)

    def in_language(value: object) -> object:
        return value.in_(lang) if isinstance(value, Text) else value

    def both(zh: str, en: str) -> str:
        return en if lang == "en" else zh

    return environment.get_template(template).render(lang=lang, text=in_language, _=both, **values)


@cache
def _environment(package: str) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # slow to import, seldom needed

    environment = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["tonnes"] = lambda value: f"{value:,}"
    environment.filters["yuan"] = yuan
    environment.filters["when"] = shanghai_text
    environment.tests["facts"] = lambda part: isinstance(part, Facts)
    environment.tests["table"] = lambda part: isinstance(part, Table)
    environment.tests["bridge"] = lambda part: isinstance(part, Bridge)
    environment.filters["laid_out"] = laid_out
    return environment
