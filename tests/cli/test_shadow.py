"""`tanshu shadow`: an operator's month, as people and as programs read what was found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tanshu.cli import border
from tests.cli.conftest import Tanshu, at
from tests.support.databases import SqliteTemplate


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory, sqlite_template: SqliteTemplate) -> tuple[Tanshu, Path]:
    """An example of the terminal's own with five breaks, and a database for its shadow."""
    folder = tmp_path_factory.mktemp("shadow")
    shutil.copyfile(sqlite_template.path, folder / "shadow.db")
    tanshu = at(f"sqlite:///{folder}/shadow.db")
    put = tanshu("shadow", "--example", str(folder / "month"), "--breaks", "5", "--seed", "2", "--json").ok()
    assert len(put.json["injected"]) == 5
    return tanshu, folder / "month"


def test_breaks_are_listed_with_their_cause_and_end_with_their_own_code(month: tuple[Tanshu, Path]):
    tanshu, folder = month
    page = folder.parent / "page.html"
    said = tanshu("shadow", str(folder), "--html", str(page), "--json")
    assert said.code == border.AUDIT_FAILED
    found = said.json
    assert found["breaks"] == len(found["findings"]) == sum(found["kinds"].values()) == 5
    assert set(found["findings"][0]["cause"]) == {"zh", "en"}
    text = page.read_text(encoding="utf-8")
    assert text.count("<tr>") == 6 and "<svg" in text and found["log_hash"] in text
    assert 'src="' not in text and "<script" not in text
    for lang, words in (("zh", "差异:5 处"), ("en", "5 breaks")):
        told = tanshu("shadow", str(folder), "--lang", lang)
        assert told.code == border.AUDIT_FAILED and words in told.out
        assert all(one["cause"][lang][:20] in told.out for one in found["findings"])


def test_a_month_that_agrees_ends_well(tmp_path: Path):
    tanshu = at(f"sqlite:///{tmp_path}/own.db")
    tanshu("shadow", "--example", str(tmp_path / "good"), "--json").ok()
    assert "every day agrees: no break" in tanshu("shadow", str(tmp_path / "good"), "--lang", "en").ok().out


def test_another_operators_shadow_is_left_alone(month: tuple[Tanshu, Path], tmp_path: Path):
    tanshu, folder = month
    other = shutil.copytree(folder, tmp_path / "other")
    mapping = other / "mapping.toml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("示例", "另一"), encoding="utf-8")
    tanshu("shadow", str(folder), "--json")
    assert tanshu("shadow", str(other), "--json").refusal == "SHD-2001"


def test_a_folder_or_an_example_is_asked_for_and_not_both(month: tuple[Tanshu, Path], tmp_path: Path):
    tanshu, folder = month
    assert tanshu("shadow").code == border.USAGE
    assert tanshu("shadow", str(folder), "--example", str(tmp_path)).code == border.USAGE
