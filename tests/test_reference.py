"""What is written from the program's tables is what the tables say; `make reference` writes it anew."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from tanshu.base.refusal import catalogue
from tanshu.cli import refusal_index, words
from tanshu.cli.registry_types import Allowed
from tanshu.registry.types import TYPES, Between, ClaimClass, Effect, InstrumentKind, Whose
from tanshu.rules import packs
from tests.base.test_refusal import everything

ROOT = Path(__file__).resolve().parent.parent
ANCHOR = ("anchor-checks.md", "anchor-checks.zh-CN.md")
_NUMBER = re.compile(r"\b[A-Z]{2,5}-\d{4}\b")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_COLUMN = re.compile(r"`types\.(\w+)`")
_ROW = re.compile(r"^\| (\d+) \|", re.MULTILINE)
NEVER = "—"


@cache
def writer() -> ModuleType:
    """scripts/write_reference.py as a module."""
    spec = importlib.util.spec_from_file_location("write_reference", ROOT / "scripts" / "write_reference.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def pages() -> dict[str, str]:
    return writer().pages()


# -- the documents -----------------------------------------------------------------------------------------


def test_the_folder_holds_the_generators_pages_and_nothing_else():
    assert {path.name for path in writer().FOLDER.iterdir()} == set(pages())


@pytest.mark.parametrize(
    "name", [f"{n}{e}" for n in ("transaction-types", "refusals") for e in (".md", ".zh-CN.md")]
)
def test_a_page_is_what_the_tables_say(name: str):
    written = (writer().FOLDER / name).read_text(encoding="utf-8")
    assert written == pages()[name], "run `make reference`"


@pytest.mark.parametrize("ending", [".md", ".zh-CN.md"])
def test_every_type_has_its_section_and_every_link_its_target(ending: str):
    page = pages()[f"transaction-types{ending}"]
    assert [int(n) for n in re.findall(r"^## (\d+)\.", page, re.MULTILINE)] == [
        one.number for one in TYPES.values()
    ]
    assert set(re.findall(r"\]\(#([\w-]+)\)", page)) <= set(re.findall(r'<a id="([\w-]+)">', page))


def test_every_word_of_the_table_has_its_words():
    for enum, known in (
        *((Between, words.BETWEEN), (Effect, words.EFFECTS), (Whose, words.WHOSE)),
        *((ClaimClass, words.CLAIMS), (InstrumentKind, words.INSTRUMENT_KINDS)),
        *((Effect, writer().EFFECTS), (Whose, writer().WHOSE)),
    ):
        assert set(known) == set(enum), enum
    assert {one.room for one in TYPES.values()} <= set(words.ROOMS)


@pytest.mark.parametrize("name", [name for name in packs.names() if name.endswith(".registry")])
def test_every_type_that_a_shipped_pack_enables_has_its_chain(name: str):
    pack = packs.load(name, allow_draft=True)
    assert isinstance(pack, packs.Pack)
    allowed = Allowed.by(pack)
    assert not {code for code, one in allowed.items() if one.enabled and one.chain is None}


# -- the list of numbers -----------------------------------------------------------------------------------


def test_the_sources_hold_every_number_that_the_running_program_has():
    """Read from the sources and collected by importing everything: two ways to one list."""
    running = {code: kind.text for code, kind in everything().items()}
    assert {code: one.text for code, one in refusal_index.index().items()} == running


def test_a_number_is_defined_under_its_name_in_the_module_that_owns_it():
    kernel = {one.code for one in refusal_index.index().values() if one.code.startswith("BOOK-20")}
    for code, one in refusal_index.index().items():
        if code not in kernel:
            module = importlib.import_module(one.module)
            assert getattr(module, one.name) is catalogue()[code]


def test_the_fields_of_a_number_are_read_where_it_is_used():
    found = refusal_index.index()
    assert "lines[…].quantity" in found["REG-2005"].fields
    assert found["REG-2005"].facts == ("account", "available", "instrument", "needed")
    assert found["PAR-1004"].fields == ("as", "subject")


# -- the checks of the anchor registry ---------------------------------------------------------------------


def rows(name: str) -> list[list[str]]:
    """The numbered rows of a page's tables."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if _ROW.match(line)
    ]


@pytest.mark.parametrize("name", ANCHOR)
def test_sixty_checks_are_numbered_and_each_has_an_answer(name: str):
    found = rows(name)
    assert [int(row[0]) for row in found] == list(range(1, len(found) + 1))
    assert len(found) >= 60
    for row in found:
        assert len(row) == 4 and all(row), row
        assert row[2] != NEVER or len(row[3]) > 10, f"row {row[0]} has neither an answer nor a reason"


def test_both_languages_answer_with_the_same_numbers_tests_and_columns():
    english, chinese = (rows(name) for name in ANCHOR)
    for one, other in zip(english, chinese, strict=True):
        assert list(named(one)) == list(named(other)), one[0]


def named(row: list[str]) -> Iterator[str]:
    """What a row names: numbers, tests, columns of the type table."""
    for cell in row:
        yield from _NUMBER.findall(cell)
        yield from (f"{path}::{test}" for path, test in _TEST.findall(cell))
        yield from (f"types.{column}" for column in _COLUMN.findall(cell))


def test_every_number_test_and_column_that_the_page_names_is_there():
    columns = set(next(iter(TYPES.values())).__dataclass_fields__)
    for row in rows(ANCHOR[0]):
        for cell in row:
            assert set(_NUMBER.findall(cell)) <= set(refusal_index.index()), row
            assert set(_COLUMN.findall(cell)) <= columns, row
            for path, test in _TEST.findall(cell):
                assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), (path, test)
