"""The command line in tests: through the real console script, or in this process; small finished years."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from tanshu.cli.main import app
from tanshu.scenario import runner
from tests.support.copies import fresh

SCRIPT = Path(sys.executable).parent / "tanshu"
COMMAND = get_command(app)
"""Put together once: that takes longer than most commands."""
ENVIRONMENT = ("TANSHU_DB", "TANSHU_LANG", "TANSHU_PACKS", "LC_ALL", "LC_MESSAGES", "LANG", "COLUMNS")
"""What would change an answer from outside."""
ENTITIES = 6
"""Entities of the small scenario: a year of theirs runs in a second."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout; anything beside it fails here."""
        return json.loads(self.out)

    @property
    def refusal(self) -> str:
        assert self.code == 1, self
        return self.json["refusal"]["code"]

    def ok(self) -> Said:
        assert self.code == 0, self
        return self


Tanshu = Callable[..., Said]


def in_process(*args: str, env: Mapping[str, str] | None = None) -> Said:
    """A command in this process; an exception that leaves it fails the test."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in ENVIRONMENT:
            patch.delenv(name, raising=False)
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as end:
            COMMAND.main(list(args), prog_name="tanshu")
    assert isinstance(end.value.code, int)
    return Said(end.value.code, out.getvalue(), err.getvalue())


def script(*args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Said:
    """A command through the real console script, in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}
    done = subprocess.run(
        [SCRIPT, *args],
        cwd=cwd,
        env={**kept, "PYTHONWARNINGS": "error", **(env or {})},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def at(url: str) -> Tanshu:
    """`tanshu` bound to a database: `tanshu("holdings", "--json")`."""
    return lambda *args: in_process(*args, "--db", url)


@pytest.fixture(scope="session")
def sqlite_register(request: pytest.FixtureRequest) -> Iterator[str]:
    yield from _register(request, "sqlite")


@pytest.fixture(scope="session")
def postgresql_register(request: pytest.FixtureRequest) -> Iterator[str]:
    yield from _register(request, "postgresql")


def _register(request: pytest.FixtureRequest, kind: str) -> Iterator[str]:
    """A database after `tanshu init`, to be copied."""
    factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    with fresh(request, kind)(factory.mktemp("register")) as url:
        at(url)("init").ok()
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def founded_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with a fresh register in it: the test runs once on each kind."""
    register: str = request.getfixturevalue(f"{request.param}_register")
    with fresh(request, request.param)(tmp_path, like=register) as url:
        yield url


@pytest.fixture
def tanshu(founded_url: str) -> Tanshu:
    """The command line on a fresh register."""
    return at(founded_url)


@pytest.fixture(scope="session")
def small_scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged scenario cut down to a few entities, under a name of its own."""
    folder = tmp_path_factory.mktemp("scenario") / "small-2023"
    shutil.copytree(runner.directory("hubei-power-2023"), folder)
    kept = [row[1] for row in _rows(folder / "entities.csv")[1 : ENTITIES + 1]]
    for name in ("entities.csv", "units.csv"):
        header, *rows = _rows(folder / name)
        column = header.index("uscc")
        _write(folder / name, [header, *(row for row in rows if row[column] in kept)])
    text = (folder / "scenario.toml").read_text(encoding="utf-8")
    named = text.replace('id = "hubei-power-2023"', 'id = "small-2023"', 1)
    assert named != text
    (folder / "scenario.toml").write_text(named, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def small_run(small_scenario: Path) -> runner.Run:
    return runner.load(str(small_scenario))


@pytest.fixture(scope="session")
def sqlite_year(request: pytest.FixtureRequest, small_run: runner.Run) -> Iterator[str]:
    yield from _finished(request, "sqlite", small_run)


@pytest.fixture(scope="session")
def postgresql_year(request: pytest.FixtureRequest, small_run: runner.Run) -> Iterator[str]:
    yield from _finished(request, "postgresql", small_run)


def _finished(request: pytest.FixtureRequest, kind: str, run: runner.Run) -> Iterator[str]:
    """A database with the small scenario's finished year, to be copied."""
    factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    with fresh(request, kind)(factory.mktemp("year")) as url:
        runner.run(url, run).close()
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def year_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The small scenario's finished year, for all tests of a module, which only read."""
    finished: str = request.getfixturevalue(f"{request.param}_year")
    with fresh(request, request.param)(tmp_path_factory.mktemp("year"), like=finished) as url:
        yield url


@pytest.fixture
def year(year_url: str) -> Tanshu:
    """The command line on a finished year."""
    return at(year_url)


def write_csv(path: Path, header: str, *rows: str) -> str:
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return str(path)


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def _write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
