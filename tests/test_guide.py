"""The guide is run line by line, so that it cannot grow stale; both languages say the same commands."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from tanshu.rules import calendars
from tests.cli.conftest import ENVIRONMENT, in_process

DOCS = Path(__file__).resolve().parent.parent / "docs"
QUEUE = "claim queue 91999999XN9000019U CEA23"
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_REFUSED = re.compile(r"\s+# refused (\S+)$")


def commands(name: str) -> list[tuple[str, str | None]]:
    """(command line without `tanshu`, code of the refusal it announces)."""
    text = (DOCS / name).read_text(encoding="utf-8")
    lines = [line for block in _BLOCK.findall(text) for line in block.splitlines()]
    assert all(line.startswith("$ tanshu ") for line in lines)
    found: list[tuple[str, str | None]] = []
    for line in lines:
        refused = _REFUSED.search(line)
        command = _REFUSED.sub("", line).removeprefix("$ tanshu ")
        found.append((command, refused[1] if refused else None))
    return found


def said_by(command: str) -> tuple[int, str]:
    """(exit code, everything printed) of a command, with the environment as it stands, in English."""
    env = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    answer = in_process(*shlex.split(command), env={**env, "TANSHU_LANG": "en"})
    return answer.code, answer.out + answer.err


def _any_year(_jurisdiction: str, start: date, n: int, *, count_first: bool) -> date:
    """Working days for whichever year the guide is run in: the clock of the command line is the real one."""
    return start + timedelta(days=n - count_first)


def test_every_line_of_the_guide_does_what_it_says(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = shutil.copytree(DOCS / "examples", tmp_path / "guide")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TANSHU_DB", database_url)
    monkeypatch.setenv("TANSHU_VAULT", str(tmp_path / "vault"))
    monkeypatch.setattr(calendars, "add_working_days", _any_year)
    said: dict[str, str] = {}
    for command, refused in commands("guide.md"):
        code, output = said_by(command)
        assert code == (1 if refused else 0), (command, output)
        if refused:
            assert refused in output, command
        said[command] = output
    assert "401,000" in said["comply status --year 2023"]
    assert "free 794,000 + judicial freeze 60,000 + pledge 100,000 = holding 954,000" in said[QUEUE]
    assert "audit passed" in said["book audit"]


def test_both_languages_run_the_same_commands():
    assert commands("guide.md") == commands("guide.zh-CN.md")
