"""The trading day by hand, run line by line at its times: in English on SQLite, in Chinese on PostgreSQL."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from datetime import date, time, timedelta
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from tanshu.base.clock import shanghai_ns
from tests.cli.conftest import in_process

DOCS = Path(__file__).resolve().parent.parent / "docs"
DAY = date(2026, 3, 3)
NAMES = {"en": "trading.md", "zh": "trading.zh-CN.md"}
NEXT = ("next day", "次日")
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_REFUSED = re.compile(r"\s+# refused (\S+)$")
_TIME = re.compile(r"^# (\d\d:\d\d)( .*)?$")


class Line(NamedTuple):
    """A command without `tanshu`, when it is given, the refusal it announces, and lines of its answer."""

    command: str
    at_ns: int
    refused: str | None
    shown: tuple[str, ...]


def lines(name: str) -> list[Line]:
    found: list[Line] = []
    at = shanghai_ns(DAY, time(8, 30))
    for block in _BLOCK.findall((DOCS / name).read_text(encoding="utf-8")):
        for line in block.splitlines():
            if clock := _TIME.match(line):
                later = any(word in (clock[2] or "") for word in NEXT)
                at = shanghai_ns(DAY + timedelta(days=later), time.fromisoformat(clock[1]))
            elif line.startswith("$ "):
                refused = _REFUSED.search(line)
                command = _REFUSED.sub("", line).removeprefix("$ tanshu ")
                found.append(Line(command, at, refused[1] if refused else None, ()))
            else:
                found[-1] = found[-1]._replace(shown=(*found[-1].shown, _plain(line)))
    return found


def _plain(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def language(database_url: str) -> str:
    return "en" if database_url.startswith("sqlite") else "zh"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """What the computer's clock says, in nanoseconds; it moves on with every look at it."""
    now, ticks = [0], count(1)
    monkeypatch.setattr("time.time_ns", lambda: now[0] + next(ticks) * 1_000)
    yield now


def test_every_line_of_the_trading_day_does_what_it_says(
    database_url: str, language: str, clock: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = shutil.copytree(DOCS / "examples" / "trading", tmp_path / "trading")
    monkeypatch.chdir(folder)
    packs = str(folder / "packs")
    env = {"TANSHU_DB": database_url, "TANSHU_PACKS": packs, "TANSHU_LANG": language}
    for line in lines(NAMES[language]):
        clock[0] = line.at_ns
        answer = in_process(*shlex.split(line.command), env=env)
        assert answer.code == (1 if line.refused else 0), (line, answer)
        if line.refused:
            assert line.refused in answer.err, line
        said = [_plain(one) for one in answer.out.splitlines()]
        for shown in line.shown:
            assert shown in said, (line.command, shown, answer.out)


def test_both_languages_give_the_same_commands_at_the_same_times():
    english, chinese = (lines(name) for name in NAMES.values())
    assert [one[:3] for one in english] == [one[:3] for one in chinese]
    assert [len(one.shown) for one in english] == [len(one.shown) for one in chinese]
