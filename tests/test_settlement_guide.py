"""The settlement day by hand and its drills, line by line: in English on SQLite, in Chinese on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count
from pathlib import Path

import pytest

from tanshu.clearing.bank.process import bank_process
from tests.support.console import DOCS, Console, Line, lines
from tests.support.copies import fresh

DAY = date(2026, 3, 3)
GUIDE = {"en": "settlement.md", "zh": "settlement.zh-CN.md"}
DRILLS = {"en": "drills.md", "zh": "drills.zh-CN.md"}
LANGUAGES = {"sqlite": "en", "postgresql": "zh"}
FOUNDED = 3
"""Sections of the guide up to a traded day: where every drill begins."""
NUMBERS = range(1, 12)


@contextmanager
def _console(url: str, language: str, folder: Path) -> Iterator[Console]:
    """In a folder with the examples, a simulated bank at hand; the clock moves on with every look at it."""
    for name in ("trading", "settlement"):
        shutil.copytree(DOCS / "examples" / name, folder, dirs_exist_ok=True)
    now, ticks = [0], count(1)
    env = {"TANSHU_DB": url, "TANSHU_LANG": language, "COLUMNS": "200"}
    with pytest.MonkeyPatch.context() as patch, bank_process(folder / "bank.db") as bank:
        patch.chdir(folder)
        patch.setattr("time.time_ns", lambda: now[0] + next(ticks) * 1_000)
        yield Console(env, now, {"BANK": bank.address})


def _founding(language: str) -> list[Line]:
    return [line for line in lines(GUIDE[language], DAY) if line.section <= FOUNDED]


def test_every_line_of_the_settlement_day_does_what_it_says(database_url: str, tmp_path: Path) -> None:
    language = LANGUAGES[database_url.split(":")[0].split("+")[0]]
    with _console(database_url, language, tmp_path / "house") as console:
        console.play(lines(GUIDE[language], DAY))


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("kind", LANGUAGES)
def test_every_line_of_a_drill_does_what_it_says(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, number: int
) -> None:
    url, bank = request.getfixturevalue(f"{kind}_house")
    house, language = tmp_path / "house", LANGUAGES[kind]
    house.mkdir()
    shutil.copy(bank, house / "bank.db")
    with (
        fresh(request, kind)(tmp_path, like=url) as copied,
        _console(copied, language, house) as console,
    ):
        console.play([line for line in _founding(language) if line.is_export])
        drill = [line for line in lines(DRILLS[language], DAY) if line.section in (0, number)]
        assert any(line.section == number for line in drill)
        console.play(drill)


@pytest.fixture(scope="session")
def sqlite_house(request: pytest.FixtureRequest) -> Iterator[tuple[str, Path]]:
    yield from _house(request, "sqlite")


@pytest.fixture(scope="session")
def postgresql_house(request: pytest.FixtureRequest) -> Iterator[tuple[str, Path]]:
    yield from _house(request, "postgresql")


def _house(request: pytest.FixtureRequest, kind: str) -> Iterator[tuple[str, Path]]:
    """The guide's house and its traded day, to be copied: the database, and the bank's own file."""
    factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    folder = factory.mktemp("house")
    with fresh(request, kind)(folder) as url:
        with _console(url, LANGUAGES[kind], folder / "house") as console:
            console.play(_founding(LANGUAGES[kind]))
        yield url, folder / "house" / "bank.db"


@pytest.mark.parametrize("names", [GUIDE, DRILLS])
def test_both_languages_give_the_same_commands_at_the_same_times(names: dict[str, str]) -> None:
    english, chinese = (lines(name, DAY) for name in names.values())
    assert [one._replace(shown=()) for one in english] == [one._replace(shown=()) for one in chinese]
    assert [len(one.shown) for one in english] == [len(one.shown) for one in chinese]
