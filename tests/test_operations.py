"""The operators' guide is run: commands, cron lines, settings and SQL; both languages have the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.test_guide import said_by

DOCS = Path(__file__).resolve().parent.parent / "docs"
GUIDE = "operations.md"
PLACES = ("/var/backups", "/var/tmp", "/var/lib/tanshu")
"""Folders of the guide that the test moves to one of its own."""
_EXPECTED = re.compile(r"\s+# (?:refused (\S+)|ends with (\d))$")
_SCHEDULE = re.compile(r"^(?:\S+\s+){5}tanshu ")


class Line(NamedTuple):
    """A command line without `tanshu`, the refusal it announces, its exit code."""

    command: str
    refused: str | None
    code: int


OPENING = (
    Line("init", None, 0),
    Line("instrument define CCER --kind credit --title-zh 核证自愿减排量 --as registry-maker-1", None, 0),
    Line("instrument define CNY --kind cash --title-zh 人民币 --scale 2 --as registry-maker-1", None, 0),
)
"""What the guide finds there."""


def blocks(name: str, kind: str) -> list[str]:
    """The lines of every block of this kind."""
    text = (DOCS / name).read_text(encoding="utf-8")
    found = re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)
    return [line for block in found for line in block.splitlines()]


def commands() -> list[Line]:
    found: list[Line] = []
    for line in blocks(GUIDE, "console"):
        assert line.startswith("$ tanshu "), line
        expected = _EXPECTED.search(line)
        refused, code = expected.groups() if expected else (None, None)
        command = _EXPECTED.sub("", line).removeprefix("$ tanshu ")
        found.append(Line(command, refused, int(code) if code else 1 if refused else 0))
    return found


def scheduled() -> list[Line]:
    lines = [line for line in blocks(GUIDE, "cron") if not line.startswith("TANSHU_DB=")]
    assert all(_SCHEDULE.match(line) for line in lines)
    return [Line(_SCHEDULE.sub("", line), None, 0) for line in lines]


def test_every_command_of_the_operators_guide_does_what_it_says(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TANSHU_DB", database_url)
    for place in PLACES:
        (tmp_path / place[1:]).mkdir(parents=True)
    said: dict[str, str] = {}
    for line in (*OPENING, *scheduled(), *commands()):
        command = line.command
        for place in PLACES:
            command = command.replace(place, f"{tmp_path}{place}")
        code, output = said_by(command)
        assert code == line.code, (command, output)
        assert not line.refused or line.refused in output, command
        said[line.command] = output
    (lost,) = (said[line.command] for line in commands() if line.code and not line.refused)
    assert "lost its newest" in lost
    assert "audit passed" in said["book audit --db sqlite:////var/tmp/drill.db"]


def test_the_settings_of_the_guide_are_settings_and_its_sql_runs(postgresql_url: str):
    url = make_url(postgresql_url).render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as conn:
        for line in blocks(GUIDE, "conf"):
            name, value = line.split(" = ")
            known = conn.execute("SELECT context FROM pg_settings WHERE name = %s", (name,)).fetchone()
            assert known, name
            if known[0] == "user":  # the others are the whole server's
                conn.execute(f"SET {name} = '{value}'".encode())
        statements = "\n".join(blocks(GUIDE, "sql")).split(";\n")
        assert len(statements) == 2
        for statement in statements:
            conn.execute(statement.encode())


@pytest.mark.parametrize("kind", ["console", "cron", "conf", "sql"])
def test_both_languages_have_the_same_lines(kind: str):
    assert blocks(GUIDE, kind) == blocks("operations.zh-CN.md", kind)
    assert blocks(GUIDE, kind)


def test_every_refusal_that_the_guide_names_exists():
    from tanshu.base.refusal import catalogue

    for name in (GUIDE, "operations.zh-CN.md"):
        named = set(re.findall(r"`([A-Z]{2,5}-\d{4})`", (DOCS / name).read_text(encoding="utf-8")))
        assert named
        assert named <= catalogue().keys()
