"""Conventions every command keeps: where options stand, languages, exit codes, refusals, bad databases."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tanshu.cli.main import app
from tests.cli.conftest import Tanshu, at, in_process, script
from tests.support.databases import PostgresServer


def test_options_are_taken_before_and_after_the_subcommand(founded_url: str) -> None:
    for args in (
        ("--db", founded_url, "--json", "account", "list"),
        ("account", "--db", founded_url, "--json", "list"),
        ("account", "list", "--json", "--db", founded_url),
    ):
        assert len(in_process(*args).ok().json["accounts"]) == 6


def test_the_nearer_option_counts(founded_url: str) -> None:
    said = in_process("--lang", "zh", "account", "list", "--lang", "en", "--db", founded_url)
    assert "6 accounts" in said.ok().out


def test_database_from_the_environment(founded_url: str) -> None:
    assert in_process("holdings", "--json", env={"TANSHU_DB": founded_url}).ok().json["as_of_seq"] == 1


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({}, "没有账户"),
        ({"TANSHU_LANG": "en"}, "There is no account"),
        ({"LANG": "en_GB.UTF-8"}, "There is no account"),
        ({"TANSHU_LANG": "zh", "LANG": "en_GB.UTF-8"}, "没有账户"),
    ],
)
def test_language_of_a_refusal(founded_url: str, env: dict[str, str], words: str) -> None:
    said = in_process("holdings", "--account", "nobody", "--db", founded_url, env=env)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("PAR-2001 [account] ")
    assert words in said.err


def test_a_refusal_in_json_is_one_object_on_stdout(tanshu: Tanshu) -> None:
    said = tanshu("account", "show", "nobody", "--json")
    assert said.refusal == "PAR-1004"
    assert said.err == ""
    assert set(said.json["refusal"]) == {"code", "field", "message", "facts"}


@pytest.mark.parametrize(
    "args",
    [
        ("account", "open", "x", "--kind", "cash"),  # nobody says who acts
        ("tx", "propose", "--type", "issuance", "--line", "CEA23", "--as", "x"),
        ("tx", "approve", "--as", "x"),
        ("allocate", "--year", "2023", "--stage", "middle", "--as", "x"),
        ("holdings", "--lang", "fr"),
        ("rules", "explain"),
        ("comply", "penalty", "--decide"),
        ("nonsense",),
    ],
)
def test_usage_errors_end_with_2(args: tuple[str, ...]) -> None:
    said = in_process(*args)
    assert (said.code, said.out) == (2, "")


def test_no_database(tmp_path: Path) -> None:
    assert in_process("holdings", "--json", "--db", f"sqlite:///{tmp_path}/none.db").refusal == "BASE-1101"
    assert not list(tmp_path.iterdir())


def test_an_empty_database_has_no_book(database_url: str) -> None:
    for args in (("holdings",), ("tx", "list"), ("book", "log")):
        assert in_process(*args, "--json", "--db", database_url).refusal == "LOG-1002"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_without_tables_has_no_book(
    kind: str, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    (tmp_path / "other.db").touch()
    url = f"sqlite:///{tmp_path}/other.db" if kind == "sqlite" else postgres_server.url("postgres")
    for args in (("holdings",), ("account", "open", "x", "--kind", "cash", "--as", "y")):
        assert in_process(*args, "--json", "--db", url).refusal == "LOG-1002"


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("no database, but a letter " * 100)
    said = in_process("holdings", "--json", "--db", f"sqlite:///{tmp_path}/letter.db")
    assert said.refusal in ("BASE-1103", "BASE-1106")


def test_an_unreachable_server_shows_no_password() -> None:
    url = "postgresql://clerk:secret@127.0.0.1:1/none"
    said = in_process("init", "--db", url)
    assert said.code == 1
    assert said.err.startswith("BASE-1103")
    assert "clerk" in said.err
    assert "secret" not in said.err + said.out


def test_a_locked_database_is_a_refusal(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite only: on PostgreSQL a command waits its turn at the log's lock."""
    tanshu = at(sqlite_url)
    tanshu("init").ok()
    monkeypatch.setattr("tanshu.base.database.BUSY_MS", 50)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    other.execute("BEGIN IMMEDIATE")
    try:
        said = tanshu("account", "open", "registry", "--kind", "cash", "--as", "registry-maker-1", "--json")
    finally:
        other.rollback()
        other.close()
    assert said.refusal == "BASE-1104"


def test_version_and_help() -> None:
    assert in_process("--version").ok().out.startswith("tanshu ")
    assert "holdings" in in_process("--help").ok().out


def test_the_console_script_answers(sqlite_url: str, tmp_path: Path) -> None:
    script("init", "--db", sqlite_url).ok()
    assert script("holdings", "--json", "--db", sqlite_url).ok().json["holdings"] == []
    refused = script("holdings", "--json", "--as-of", "seq:99", "--db", sqlite_url)
    assert (refused.refusal, refused.err) == ("BOOK-1102", "")
    assert script("holdings", "--as-of").code == 2
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert script("holdings", cwd=elsewhere).err.startswith("BASE-1101")


def test_every_command_has_help() -> None:
    for command in app.registered_commands:
        assert command.help
    for group in app.registered_groups:
        assert group.typer_instance is not None
        for command in group.typer_instance.registered_commands:
            assert command.help, (group.name, command.name)
            assert in_process(str(group.name), str(command.name), "--help").code == 0


def test_holdings_imports_nothing_slow(sqlite_url: str) -> None:
    """Start-up stays quick: what only other commands need is not imported."""
    in_process("init", "--db", sqlite_url).ok()
    code = (
        "import sys; from tanshu.cli.main import app\n"
        f"try: app(['holdings', '--db', {sqlite_url!r}])\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "print(sorted({'numba', 'matplotlib', 'openpyxl', 'jinja2', 'alembic', 'xlsxwriter', 'psycopg'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "[]"
