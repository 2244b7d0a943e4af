"""Every number with which Tanshu says no is provoked by a test that names it.

A test names a number in its code ("REG-2005"), by the name of its kind (`checks.INSUFFICIENT`), or in a guide
that is run line by line ("# refused REG-2005"). Words of a docstring or a comment do not count. The audit's
own tests write the digits alone ("5101"), those of the kernel the names of its result codes (HOLD_EXCEEDED):
there these count.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tanshu.book.codes import Code
from tanshu.cli import refusal_index

TESTS = Path(__file__).resolve().parent
DOCS = TESTS.parent / "docs"
LISTS = ("test_refusals_are_tested.py", "test_reference.py")
"""Tests that hold lists of numbers without provoking any."""
GUIDES = ("guide.md", "operations.md")
"""Run line by line by test_guide.py and test_operations.py."""

UNPROVOKED: dict[str, str] = {}
"""Numbers that no test can provoke, with the reason. It only shrinks."""

_NUMBER = re.compile(r"\b[A-Z]{2,5}-\d{4}\b")
_NAME = re.compile(r"\b[A-Z_]+\b")
_DIGITS = re.compile(r"\b\d{4}\b")


@cache
def named() -> frozenset[str]:
    """Every number that some test names."""
    kinds = kinds_by_place() | {f"{Code.__module__}.Code.{one.name}": f"BOOK-{2000 + one}" for one in Code}
    found = {number for path in sorted(TESTS.rglob("*.py")) for number in _named_by(path, kinds)}
    guides = [(DOCS / name).read_text(encoding="utf-8") for name in GUIDES]
    return frozenset(found | {number for text in guides for number in re.findall(r"# refused (\S+)", text)})


def _named_by(path: Path, kinds: Mapping[str, str]) -> Iterator[str]:
    if path.name in LISTS:
        return
    for said in strings(ast.parse(path.read_text(encoding="utf-8"))):
        yield from _NUMBER.findall(said)
        if path.parent.name == "audit":
            yield from (f"AUD-{digits}" for digits in _DIGITS.findall(said))
        if path.parent.name == "book":
            yield from (
                f"BOOK-{2000 + Code[name]}" for name in _NAME.findall(said) if name in Code.__members__
            )
    yield from _mentioned(path, ".".join(path.relative_to(TESTS.parent).with_suffix("").parts), kinds)


def kinds_by_place() -> dict[str, str]:
    """The number of every kind by where it is defined: `tanshu.registry.checks.HELD`."""
    return {f"{one.module}.{one.name}": code for code, one in refusal_index.index().items()}


def _mentioned(path: Path, module: str, kinds: Mapping[str, str]) -> Iterator[str]:
    """The numbers of the kinds that a source uses by name, its own definitions of them apart."""
    source = refusal_index.read(path.read_text(encoding="utf-8"), module)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            origin = source.origin(node)
            if origin is not None and origin in kinds:
                yield kinds[origin]


def strings(tree: ast.AST) -> Iterator[str]:
    """Every string of a source but for strings that stand alone: docstrings."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


@pytest.mark.parametrize("series", sorted({one.series for one in refusal_index.index().values()}))
def test_every_number_of_the_series_is_provoked_by_a_test(series: str):
    numbers = [one for one in refusal_index.index().values() if one.series == series]
    missing = {
        one.code: one.name for one in numbers if one.code not in named() and one.code not in UNPROVOKED
    }
    assert not missing


def test_every_number_is_said_somewhere():
    """A kind that is defined and used by no module is dead: take it out."""
    kinds, used = kinds_by_place(), set[str]()
    for path in sorted(refusal_index.PACKAGE.rglob("*.py")):
        parts = path.relative_to(refusal_index.PACKAGE.parent).with_suffix("").parts
        used |= set(_mentioned(path, ".".join(part for part in parts if part != "__init__"), kinds))
    made_from_a_pattern = {f"BOOK-{2000 + code}" for code in Code}
    dead = set(kinds.values()) - used - made_from_a_pattern
    assert not dead


def test_what_no_test_provokes_is_known_and_says_why():
    assert set(UNPROVOKED) <= set(refusal_index.index()), "a number of the list is gone: take it out"
    assert not set(UNPROVOKED) & named(), "a test provokes it now: take it out"
    assert all(len(why) > 20 for why in UNPROVOKED.values())


def test_a_number_in_a_docstring_or_a_comment_does_not_count():
    tree = ast.parse('"""REG-1001"""\ndef f():\n    "REG-1002"  # REG-1003\n    return "REG-1004"\n')
    assert list(strings(tree)) == ["REG-1004"]
