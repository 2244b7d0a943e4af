"""Every transaction type in the words of the rules: scenarios that a registry clerk can read, and that run.

Each file beside this one is of one type: at least one scenario that takes effect, three that are refused.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tanshu.registry.types import TYPES
from tanshu.scenario.story.language import Asks, Became, Scenario, read
from tests.scenarios.play import Play
from tests.support.judged import findings
from tests.support.market import Market

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.txt"))
SCENARIOS = [
    pytest.param(file.stem, scenario, id=f"{file.stem}:{n}")
    for file in FILES
    for n, scenario in enumerate(read(file.read_text(encoding="utf-8"), file.name), start=1)
]


@pytest.mark.parametrize(("type", "scenario"), SCENARIOS)
def test_it_goes_as_told(market: Market, type: str, scenario: Scenario):
    assert any(isinstance(one.said, Asks) and one.said.type == type for one in scenario.told), scenario.title
    Play(market).play(scenario)
    assert findings(market) == []


@pytest.mark.parametrize("type", TYPES)
def test_every_type_is_told_accepted_once_and_refused_three_times(type: str):
    counts: Counter[str] = Counter()
    for param in SCENARIOS:
        name, scenario = param.values
        if name != type:
            continue
        ends = [one.said for one in scenario.told if isinstance(one.said, Became)]
        assert ends, f"{scenario.title} has no result"  # type: ignore[union-attr]
        counts["refused" if any(end.refused for end in ends) else "accepted"] += 1
    assert counts["accepted"] >= 1, f"tests/scenarios/{type}.txt"
    assert counts["refused"] >= 3, f"tests/scenarios/{type}.txt"
