"""A market that calls surrender otherwise reads its own word: on the screen and on papers, not in JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshu.rules.packs import PACKAGED
from tests.cli.conftest import in_process
from tests.support.market import YEAR, Market

WORDS = """
[words]
surrender = { zh = "缴还", en = "handing back" }
source = "rules"
evidence = "assumed"
"""
Worded = tuple[Market, str]
APPROVERS = ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1")


@pytest.fixture
def worded(market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worded:
    """A market of that kind, and a surrender in it that took effect."""
    text = (PACKAGED / "cn" / "registry.toml").read_text(encoding="utf-8") + WORDS
    (tmp_path / "packs" / "cn").mkdir(parents=True)
    (tmp_path / "packs" / "cn" / "registry.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("TANSHU_PACKS", str(tmp_path / "packs"))
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 5_000)
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 600))["id"]
    for person in APPROVERS:
        market.accepted(market.approve(person, id))
    return market, id


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_views_and_certificates_say_the_markets_word(worded: Worded, tmp_path: Path, lang: str) -> None:
    market, id = worded
    told = tmp_path / "certificate.html"

    def page(*args: str) -> str:
        where = {"TANSHU_PACKS": str(tmp_path / "packs")}
        return in_process(*args, "--lang", lang, "--db", market.database.url, env=where).ok().out

    page("tx", "certificate", id, "--out", str(told))
    seen = {
        "list": page("tx", "list", "--type", "surrender"),
        "show": page("tx", "show", id),
        "certificate": told.read_text(encoding="utf-8"),
    }
    if lang == "zh":
        seen["board"] = page("comply", "status", "--year", str(YEAR))
    for name, text in seen.items():
        assert ("缴还" if lang == "zh" else "handing back") in text, name
        assert "清缴" not in text, name


def test_programs_read_the_same_codes_as_everywhere(worded):
    market, id = worded
    shown = in_process("tx", "show", id, "--json", "--db", market.database.url).ok().json
    assert shown["type"] == "surrender"
    board = (
        in_process("comply", "status", "--year", str(YEAR), "--json", "--db", market.database.url).ok().json
    )
    assert board["surrendered_t"] == 600
