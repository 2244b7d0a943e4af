"""Every transaction type in the words of the rules: scenarios that a registry clerk can read, and that run.

Each file beside this one is of one type: at least one scenario that takes effect, three that are refused.
Each file's first accepted scenario runs on both databases, the others on one: they say what the rules are,
and what the databases do is tested elsewhere.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tanshu.registry.types import TYPES
from tanshu.scenario.story.language import read
from tanshu.scenario.story.sentences import EXPECTATIONS, Became, Scenario
from tests.scenarios.play import Play
from tests.support.judged import findings
from tests.support.market import Market
from tests.support.policies import Operator

HERE = Path(__file__).parent
FILES = sorted(file for file in HERE.glob("*.txt") if not file.stem.startswith(("market-", "clearing-")))
STORIES = [
    (file.stem, n, scenario)
    for file in FILES
    for n, scenario in enumerate(read(file.read_text(encoding="utf-8"), file.name), start=1)
]


def is_refused(scenario: Scenario) -> bool:
    return any(isinstance(one.said, Became) and one.said.refused for one in scenario.told)


ACCEPTED_IN = {
    "shortfall-cover": "shortfall/test_waterfall.py",
    "shortfall-recovery": "shortfall/test_waterfall.py",
    "settlement-correction": "objections/test_objections.py",
}
"""Types that follow from a shortfall or an objection, which no clerk's sentence tells of: where, in
the tests of clearing, they take effect."""
_FIRST = {type: n for type, n, scenario in reversed(STORIES) if not is_refused(scenario)}
PARAMS = [
    pytest.param(kind, type, scenario, id=f"{type}:{n}-{kind}")
    for type, n, scenario in STORIES
    for kind in (("sqlite", "postgresql") if n == _FIRST.get(type, 1) else ("sqlite",))
]


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    return Operator(tmp_path / "packs", monkeypatch)


@pytest.mark.parametrize(("market", "type", "scenario"), PARAMS, indirect=["market"])
def test_it_goes_as_told(market: Market, operator: Operator, type: str, scenario: Scenario):
    types = {getattr(one.said, "type", "") for one in scenario.told}
    assert type in types, scenario.title
    Play(market, operator, f"{type}.txt").play(scenario)
    if not is_refused(scenario):
        assert findings(market) == []


@pytest.mark.parametrize("type", TYPES)
def test_every_type_is_told_accepted_once_and_refused_three_times(type: str):
    counts: Counter[str] = Counter()
    for name, _, scenario in STORIES:
        if name != type:
            continue
        assert isinstance(scenario.told[-1].said, EXPECTATIONS) or is_refused(scenario), scenario.title
        counts["refused" if is_refused(scenario) else "accepted"] += 1
    if elsewhere := ACCEPTED_IN.get(type):
        assert type in (HERE.parent / "clearing" / elsewhere).read_text(encoding="utf-8")
    else:
        assert counts["accepted"] >= 1, f"tests/scenarios/{type}.txt"
    assert counts["refused"] >= 3, f"tests/scenarios/{type}.txt"


def test_no_file_is_of_no_type():
    assert {file.stem for file in FILES} <= set(TYPES)
