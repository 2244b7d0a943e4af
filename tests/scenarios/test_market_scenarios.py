"""Every mode of a market and its settlement, in the words of the rules: scenarios that a trader can read.

Each file `market-*.txt` or `clearing-*.txt` beside this one is about one thing. Its first scenario runs on
both databases, the others on one: they say what the rules are, and what the databases do is tested elsewhere.
After each, the second opinion has looked at the register's log; what everybody sees is read from tables and
engine alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tanshu.scenario.story.language import read
from tanshu.scenario.story.sentences import EXPECTATIONS, Became, Scenario
from tests.scenarios.floor import Floor, figures
from tests.scenarios.market_play import MarketPlay
from tests.support.copies import Copies, copies
from tests.support.judged import findings
from tests.support.policies import Operator

HERE = Path(__file__).parent
FILES = sorted((*HERE.glob("market-*.txt"), *HERE.glob("clearing-*.txt")))
STORIES = [
    (file.stem, n, scenario)
    for file in FILES
    for n, scenario in enumerate(read(file.read_text(encoding="utf-8"), file.name), start=1)
]
PARAMS = [
    pytest.param(kind, name, scenario, id=f"{name}:{n}-{kind}")
    for name, n, scenario in STORIES
    for kind in (("sqlite", "postgresql") if n == 1 else ("sqlite",))
]
FLOORS = {
    "sqlite": "sqlite_floors",
    "postgresql": "postgresql_floors",
}


@pytest.fixture(scope="session")
def sqlite_floors(request: pytest.FixtureRequest) -> Iterator[Copies[Floor]]:
    yield from copies(request, "sqlite", Floor)


@pytest.fixture(scope="session")
def postgresql_floors(request: pytest.FixtureRequest) -> Iterator[Copies[Floor]]:
    yield from copies(request, "postgresql", Floor)


@pytest.fixture
def floor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Floor]:
    copied: Copies[Floor] = request.getfixturevalue(FLOORS[request.param])
    with figures(), copied(tmp_path) as made:
        yield made


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    return Operator(tmp_path / "packs", monkeypatch)


@pytest.mark.parametrize(("floor", "name", "scenario"), PARAMS, indirect=["floor"])
def test_it_goes_as_told(floor: Floor, operator: Operator, name: str, scenario: Scenario):
    MarketPlay(floor, operator, f"{name}.txt").play(scenario)
    assert findings(floor) == []


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_every_file_tells_what_is_accepted_and_what_is_refused(name: str):
    counts: Counter[str] = Counter()
    for stem, _, scenario in STORIES:
        if stem != name:
            continue
        assert isinstance(scenario.told[-1].said, EXPECTATIONS), scenario.title
        refused = any(isinstance(one.said, Became) and one.said.refused for one in scenario.told)
        counts["refused" if refused else "accepted"] += 1
    assert counts["accepted"] and counts["refused"], f"tests/scenarios/{name}.txt"


def test_there_are_scenarios_of_every_mode():
    assert len(STORIES) >= 80
    told = {file.stem for file in FILES}
    assert {"market-listing", "market-block", "market-auction", "market-order-book"} <= told
