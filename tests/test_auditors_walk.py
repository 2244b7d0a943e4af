"""The auditor's walk, run line by line at its times: in English on SQLite, in Chinese on PostgreSQL."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tanshu.clearing.bank.process import bank_process
from tests.cli.conftest import in_process
from tests.test_trading_guide import DOCS, Line, lines

NAMES = {"en": "auditors-walk.md", "zh": "auditors-walk.zh-CN.md"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """What the computer's clock says, in nanoseconds; it moves on with every look at it."""
    now, ticks = [0], count(1)
    monkeypatch.setattr("time.time_ns", lambda: now[0] + next(ticks) * 1_000)
    yield now


def _plain(text: str) -> str:
    return " ".join(text.split())


def test_every_step_of_the_walk_shows_what_it_says(
    database_url: str, clock: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    language = "en" if database_url.startswith("sqlite") else "zh"
    folder = shutil.copytree(DOCS / "examples" / "trading", tmp_path / "walk")
    monkeypatch.chdir(folder)
    env = {"TANSHU_DB": database_url, "TANSHU_PACKS": str(folder / "packs"), "TANSHU_LANG": language}
    walk = lines(NAMES[language])
    with bank_process(tmp_path / "bank.db") as bank:
        for line in walk:
            clock[0] = line.at_ns
            answer = in_process(*shlex.split(line.command.replace("$BANK", bank.address)), env=env)
            assert answer.code == (1 if line.refused else 0), (line, answer)
            if line.refused:
                assert line.refused in answer.err, line
            said = [_plain(one) for one in answer.out.splitlines()]
            for shown in line.shown:
                assert shown in said, (line.command, shown, answer.out)
        _every_layer_is_walked(walk, env)


def _every_layer_is_walked(walk: list[Line], env: dict[str, str]) -> None:
    """Each layer of a trace is in the walk by a command of its own, and every step's own command answers."""
    given = {line.command.split(" --")[0] for line in walk}
    layers: set[str] = set()
    for what in (["cea 20260303-T1"], ["CNY-25729"]):
        steps = json.loads(in_process("trace", *what, "--json", env=env).out)["steps"]
        for step in steps:
            command = step["command"].removeprefix("tanshu ")
            assert in_process(*shlex.split(command), env=env).code == 0, command
            if command.split(" --")[0] in given:
                layers.add(step["layer"])
    assert layers == {
        *("order", "trade", "hold", "delivery", "statement", "seal", "now"),
        *("bank", "transaction", "instruction"),
    }


def test_both_languages_walk_the_same_way() -> None:
    english, chinese = (lines(name) for name in NAMES.values())
    assert [one[:3] for one in english] == [one[:3] for one in chinese]
    assert [len(one.shown) for one in english] == [len(one.shown) for one in chinese]
