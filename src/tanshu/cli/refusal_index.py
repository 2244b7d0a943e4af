"""Every numbered refusal of the house, read from its sources: nothing is imported for it.

A number is defined once, `NAME = refusal("REG-2005", "…", "…")`, and used wherever `NAME(field="…")` stands.
Reading the sources tells both, and which module owns it; importing all rooms would take a second and tell
only the first.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

import tanshu
from tanshu.base.text import Text
from tanshu.book import checks as book
from tanshu.book.codes import Code

PACKAGE = Path(tanshu.__file__).parent
ANY = "…"
"""Stands in a field's name for a part that only the moment knows: `lines[…].quantity`."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """One number. facts: the names its sentences fill in; fields: what it has been said about, sorted."""

    code: str
    name: str
    module: str
    text: Text
    facts: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def series(self) -> str:
        """The letters before the number: `REG`."""
        return self.code.partition("-")[0]

    def as_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "name": self.name,
            "module": self.module,
            "message": {"zh": self.text.zh, "en": self.text.en},
            "facts": list(self.facts),
            "fields": list(self.fields),
        }


@dataclass(frozen=True, slots=True)
class Source:
    """A module read, not run. names: what its imports call things, each with where it comes from."""

    module: str
    tree: ast.Module
    names: Mapping[str, str]

    def origin(self, called: ast.expr) -> str | None:
        """Where a name or a dotted name comes from: `checks.HELD` → `tanshu.registry.checks.HELD`."""
        parts: list[str] = []
        while isinstance(called, ast.Attribute):
            parts.append(called.attr)
            called = called.value
        if not isinstance(called, ast.Name):
            return None
        head = self.names.get(called.id, f"{self.module}.{called.id}")
        return ".".join((head, *reversed(parts)))


@cache
def index() -> Mapping[str, Numbered]:
    """Every number by its code, in order."""
    sources = [*_sources()]
    definitions = {place: said for source in sources for place, said in _definitions(source)}
    fields: dict[str, set[str]] = {place: set() for place in definitions}
    for source in sources:
        for place, field in _uses(source, definitions):
            fields[place].add(field)
    found = [
        Numbered(
            code,
            place.rpartition(".")[2],
            place.rpartition(".")[0],
            text,
            _facts(text),
            tuple(sorted(fields[place])),
        )
        for place, (code, text) in definitions.items()
    ]
    return {one.code: one for one in sorted((*found, *_of_the_kernel()), key=lambda one: one.code)}


def read(text: str, module: str) -> Source:
    """A source with what its imports, wherever they stand, call things."""
    tree = ast.parse(text)
    return Source(module, tree, dict(_imported(tree)))


def _of_the_kernel() -> Iterator[Numbered]:
    """The kernel's result codes have a number each, made from one pattern instead of being written out."""
    for code in Code:
        if code:
            kind = book.from_code(code, 0).kind
            yield Numbered(kind.code, code.name, book.__name__, kind.text, _facts(kind.text), ())


def _sources() -> Iterator[Source]:
    """The modules that define a refusal or name a field; half of the house does neither."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "refusal(" in text or "field=" in text:
            parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
            yield read(text, ".".join(part for part in parts if part != "__init__"))


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((one.asname or one.name, f"{node.module}.{one.name}") for one in node.names)
        elif isinstance(node, ast.Import):
            yield from ((one.asname, one.name) for one in node.names if one.asname)


def _definitions(source: Source) -> Iterator[tuple[str, tuple[str, Text]]]:
    """(module.NAME, (code, both sentences)) of every refusal that a module defines."""
    for node in source.tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(
                    func=ast.Name(id="refusal"),
                    args=[
                        ast.Constant(value=str(code)),
                        ast.Constant(value=str(zh)),
                        ast.Constant(value=str(en)),
                    ],
                ),
            ):
                yield f"{source.module}.{name}", (code, Text(zh, en))


def _uses(source: Source, known: Container[str]) -> Iterator[tuple[str, str]]:
    """(module.NAME, field) of every call of a refusal that names its field."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        place = source.origin(node.func)
        if place is None or place not in known:
            continue
        for keyword in node.keywords:
            field = _written(keyword.value) if keyword.arg == "field" else None
            if field:
                yield place, field


def _written(value: ast.expr) -> str | None:
    """A field as it is written in the source; None where it is not written out."""
    match value:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_written(part) or ANY for part in parts)
    return None


def _facts(text: Text) -> tuple[str, ...]:
    """The names that either sentence fills in, in the order in which the English one does."""
    names = [name for _, name, _, _ in Formatter().parse(text.en + text.zh) if name]
    return tuple(dict.fromkeys(names))
