"""Whole markets from rule packs and facts alone: the Hubei pilot, and a made-up third one."""

from __future__ import annotations

import csv
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from tanshu.app import Installation, open_installation
from tanshu.audit import walk
from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.compliance import obligations
from tanshu.log import store
from tanshu.rules import packs
from tanshu.scenario import result, runner
from tanshu.scenario.kinds import KINDS, Run

ROOT = Path(__file__).resolve().parents[2]
HUBEI = ROOT / "scenarios" / "hubei-pilot-2023"
OWN = ROOT / "docs" / "examples" / "your-own-market"


class Stopped(Exception):
    """The test pulls the plug."""


def tail_hash(installation: Installation) -> str:
    with installation.database.read() as conn:
        tail = store.tail(conn, store.REGISTRY_LOG)
    assert tail
    return tail[2].hex()


def ended(run: Run, url: str) -> tuple[result.Result, str]:
    """Run it to its end: what it came to, and the log's hash."""
    installation = runner.run(url, run, resume=True)
    try:
        with packs.searching(*run.folder.packs):
            return run.result(installation), tail_hash(installation)
    finally:
        installation.close()


@dataclass(frozen=True)
class Ended:
    """A year run to its end, undisturbed."""

    run: Run
    url: str
    result: result.Result
    hash: str


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Ended]:
    """A market's finished year, run once; for tests that only read."""
    folder, done = tmp_path_factory.mktemp("markets"), dict[Path, Ended]()

    def end(market: Path) -> Ended:
        if market not in done:
            run, url = runner.load(str(market)), f"sqlite:///{folder}/{market.name}.db"
            done[market] = Ended(run, url, *ended(run, url))
        return done[market]

    return end


@pytest.mark.parametrize(
    ("folder", "step", "n"), [(HUBEI, "trading", 4), (OWN, "accounts", 7)], ids=["hubei", "own"]
)
def test_a_stopped_year_goes_on_to_one_hash_on_both_databases(
    bare_url: str, ends: Callable[[Path], Ended], folder: Path, step: str, n: int
) -> None:
    def watch(now: runner.Progress) -> None:
        if (now.step, now.done) == (step, n):
            raise Stopped

    run = runner.load(str(folder))
    with pytest.raises(Stopped):
        runner.run(bare_url, run, watch=watch)
    with pytest.raises(Refused, match="SCN-2003"):
        runner.run(bare_url, run)
    found, hash = ended(run, bare_url)
    assert [check.text.en for check in found.checks if not check.good] == []
    assert hash == ends(folder).hash


def test_hubei_gives_takes_back_trades_hands_over_and_cancels(ends: Callable[[Path], Ended]) -> None:
    end = ends(HUBEI)
    data = end.result.data
    assert (data["instrument"], data["entities"], data["compliant"]) == ("HBEA", 12, 11)
    assert (data["short_t"], data["cancelled_t"]) == (1_221, 39_195)
    assert data["issued_t"] == data["held_t"] + data["surrendered_t"] + data["cancelled_t"]
    (grid,) = end.result.grids
    assert grid.columns[4].title.zh == "缴还"
    assert {cast(Text, row[-1]).zh for row in grid.rows} == {"已履约", "未足额缴还"}
    # a surplus of more than 200,000 t is cut off there
    assert next(row[1:4] for row in grid.rows if "化工二厂" in str(row[0])) == (887_737, 470_500, 1_087_737)
    steps = [step.name for step in end.run.job.steps]
    assert {"pre-allocation", "return", "trading", "surplus"} < set(steps) and "transfers" not in steps


def test_the_third_market_has_no_exchange_and_no_pre_allocation() -> None:
    steps = [step.name for step in runner.load(str(OWN)).job.steps]
    assert steps == [
        "institutions",
        "accounts",
        "lists",
        "verification",
        "final-allocation",
        "transfers",
        "surrender",
        "close",
    ]


def test_the_third_market_is_a_folder_of_toml_and_csv_and_nothing_else_knows_it() -> None:
    kinds = {path.suffix for path in OWN.rglob("*") if path.is_file()}
    assert kinds == {".toml", ".csv"}
    words = ("lagoon", "LGA23", "潟湖")
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "src").rglob("*.toml")]
    assert len(sources) > 100
    for path in sources:
        text = path.read_text(encoding="utf-8")
        assert not [word for word in words if word in text], path


def test_the_audit_finds_nothing_in_a_year_of_the_third_market(ends: Callable[[Path], Ended]) -> None:
    end = ends(OWN)
    installation = open_installation(end.url)
    with packs.searching(*end.run.folder.packs):
        found = walk.run(installation.database)
        with installation.database.read() as conn:
            board = obligations.board(conn, 2023)
    installation.close()
    assert list(found.findings) == []
    assert [row.subject.handle for row in board if row.late] == ["far-ferry"]


# -- what is wrong with a folder ---------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(OWN, tmp_path / "market"))


def changed(folder: Path, name: str, find: str, replacement: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert find in text
    path.write_text(text.replace(find, replacement, 1), encoding="utf-8")


BENCHMARK = '[benchmarks.salt]\nvalue = "0.148"\nsource = "act"\nevidence = "confirmed"\n'
REFUSED = [
    ("scenario.toml", 'kind = "market-year"', 'kind = "saga"', "SCN-3001"),
    ("scenario.toml", 'kind = "market-year"\n', "", "SCN-1003"),
    ("scenario.toml", 'packs = "packs"', 'packs = "laws"', "SCN-3002"),
    ("scenario.toml", "closing = 2024-06-03", "closing = 2024-05-03", "SCN-1002"),
    ("lines.csv", "far-ferry,fleet", "lost-ferry,fleet", "SCN-3003"),
    ("lines.csv", "far-ferry,fleet,ferry", "far-ferry,fleet,airship", "RULE-1514"),
    ("lines.csv", "28700000", "", "RULE-1513"),
    ("trades.csv", "2024-05-17,sun-salt", "17.5.2024,sun-salt", "SCN-1002"),
    ("trades.csv", ",170,", ",17000,", "SCN-3005"),
    ("trades.csv", ",170,", ",1.5,", "SCN-1002"),
    ("packs/lagoon/registry.toml", '    "free-transfer",\n', "", "SCN-3004"),
    ("packs/lagoon/registry.toml", "[registry]", "[registrar]", "RULE-1102"),
    ("packs/lagoon/compliance.toml", "[years.2023]", "[years.2022]", "RULE-1110"),
    (
        "packs/lagoon/output.2023.toml",
        '[benchmarks.salt]\nvalue = "0.148"\nsource = "act"\nevidence = "confirmed"',
        "",
        "RULE-1511",
    ),
]


@pytest.mark.parametrize(("name", "find", "replacement", "expected"), REFUSED)
def test_a_folder_that_does_not_hold_together_is_refused_before_anything_runs(
    copy: Path, name: str, find: str, replacement: str, expected: str
) -> None:
    changed(copy, name, find, replacement)
    with pytest.raises(Refused) as error:
        runner.load(str(copy))
    assert error.value.refusal.code == expected


def test_every_kind_has_a_folder_that_names_it() -> None:
    heads = [*(ROOT / "scenarios").glob("*/scenario.toml"), OWN / "scenario.toml"]
    named = {tomllib.loads(head.read_text(encoding="utf-8"))["kind"] for head in heads}
    assert named == set(KINDS)


def test_the_facts_of_the_pilot_are_stamped_as_made_up() -> None:
    for folder in (HUBEI, OWN):
        with (folder / "entities.csv").open(encoding="utf-8", newline="") as file:
            assert {row["fictional"] for row in csv.DictReader(file)} == {"true"}
        run = runner.load(str(folder))
        assert "示例" in run.folder.stamp.zh and "Example" in run.folder.stamp.en
        for path in (folder / "packs").rglob("*.toml"):
            assert 'status = "example"' in path.read_text(encoding="utf-8"), path
