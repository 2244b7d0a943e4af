"""The page on one's own market is run line by line; both languages say the same commands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.test_guide import DOCS, commands, said_by

PAGE = "your-own-market.md"


def test_every_line_of_the_page_does_what_it_says(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(DOCS / "examples" / "your-own-market", tmp_path / "market")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TANSHU_DB", database_url)
    monkeypatch.setenv("TANSHU_PACKS", str(folder / "packs"))
    pack = folder / "packs" / "lagoon" / "output.2023.toml"
    said: dict[str, str] = {}
    for command, refused in commands(PAGE):
        if command == "run . --fresh":  # as the page says, after a change of the law
            text = pack.read_text(encoding="utf-8")
            pack.write_text(text.replace('"0.148"', '"0.140"'), encoding="utf-8")
        code, output = said_by(command)
        assert code == (1 if refused else 0), (command, output)
        if refused:
            assert refused in output, command
        said[command] = output
    assert "205,647 = held 241" in said["run ."]
    assert "11 compliant" in said["comply status --year 2023"]
    assert "108,000 × 0.148" in said["rules explain coral-salt --year 2023"]
    assert "audit passed" in said["book audit"]
    coral = next(line for line in said["run . --fresh"].splitlines() if line.startswith("Coral Salt"))
    assert ("850" in coral, "short" in coral) == (True, True)


def test_both_languages_run_the_same_commands() -> None:
    assert commands(PAGE) == commands("your-own-market.zh-CN.md")
