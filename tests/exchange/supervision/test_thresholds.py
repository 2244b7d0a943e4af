"""Thresholds come from a pack: the jurisdiction's own where there is one, else the example, which says so."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from tanshu.base.refusal import Refusal, Refused
from tanshu.exchange.supervision import thresholds
from tanshu.rules import packs

EXAMPLE = packs.PACKAGED / "sim" / "supervision.toml"


def own(folder: Path, change: Callable[[str], str], name: str = "cn") -> Path:
    """An operator's folder with a pack of its own."""
    text = EXAMPLE.read_text(encoding="utf-8").replace("sim.supervision", f"{name}.supervision")
    text = text.replace('jurisdiction = "sim"', f'jurisdiction = "{name}"')
    (folder / name).mkdir(parents=True)
    (folder / name / "supervision.toml").write_text(change(text), encoding="utf-8")
    return folder


def test_without_a_pack_of_its_own_a_jurisdiction_uses_the_example_and_it_shows():
    found = thresholds.of_market("cn")
    assert found.pack == thresholds.DEFAULT
    assert found.watermark and "示例" in found.watermark.zh
    assert found.wash.round_share == Fraction(3, 10)


def test_an_exchanges_own_thresholds_stand_in_for_the_example(tmp_path: Path):
    folder = own(
        tmp_path, lambda text: text.replace("attempts = 3", "attempts = 9").replace('"example"', '"final"')
    )
    with packs.searching(folder):
        found = thresholds.of_market("cn")
    assert (found.pack, found.self_trade.attempts, found.watermark) == ("cn.supervision", 9, None)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("attempts = 3", "attempts = 0", "RULE-1110"),
        ("attempts = 3", "", "RULE-1104"),
        ('round_share = "0.3"', 'round_share = "1.5"', "RULE-1106"),
        ("[cancel_ratio]", "[cancel_rate]", "RULE-1102"),
    ],
)
def test_a_malformed_pack_is_refused_by_its_number(tmp_path: Path, old: str, new: str, code: str):
    with packs.searching(own(tmp_path, lambda text: text.replace(old, new))):
        found = packs.load("cn.supervision")
        with pytest.raises(Refused):
            thresholds.of_market("cn")
    assert isinstance(found, Refusal) and found.code == code, found


def test_a_pack_of_another_kind_is_no_supervision_pack():
    with pytest.raises(Refused) as refused:
        thresholds.of_market("cn", "cn.registry")
    assert refused.value.refusal.code == "RULE-1203"
