"""`tanshu demo` and `tanshu run`: the year to its end, once, resumable, on its own database only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshu.scenario import runner
from tests.cli.conftest import ENTITIES, Said, Tanshu, at, in_process, script
from tests.support.demo import Demo

KEYS = {
    "scenario",
    "database",
    "entities",
    "allocated_t",
    "verified_t",
    "traded_t",
    "surrendered_t",
    "offset_t",
    "compliant",
    "conservation",
    "log_seq",
    "log_hash",
    "market",
    "estimated_fields",
}


@pytest.fixture(scope="module")
def demo_folder(finished_demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demonstration's finished database."""
    folder = tmp_path_factory.mktemp("demo")
    finished_demo.copy(folder)
    return folder


@pytest.fixture(scope="module")
def demo(finished_demo: Demo) -> Said:
    """What the demonstration said in an empty folder, through the console script, on the default database."""
    return Said(0, finished_demo.out, finished_demo.err)


class _Stop(Exception):
    """Pulls the plug."""


def _run_until(url: str, run: runner.Run, step: str, done: int, *, resume: bool = False) -> None:
    """Run, and stop when so many commands of a step are done."""

    def watch(now: runner.Progress) -> None:
        if (now.step, now.done) == (step, done):
            raise _Stop

    with pytest.raises(_Stop):
        runner.run(url, run, watch=watch, resume=resume)


def test_the_demo_ends_with_everybody_compliant(demo: Said) -> None:
    found = demo.json
    assert set(found) >= KEYS
    assert (found["scenario"], found["entities"], found["compliant"]) == ("hubei-power-2023", 46, 46)
    assert found["verified_t"] == found["surrendered_t"] + found["offset_t"]
    assert set(found["conservation"].values()) == {0}
    assert found["database"] == "sqlite:///tanshu.db"


def test_the_demo_tells_its_steps_on_stderr(demo: Said) -> None:
    lines = [line for line in demo.err.splitlines() if line.startswith("✓")]
    assert len(lines) == 25
    assert "预分配" in lines[4]
    assert "结算银行 2 · 已绑定 60" in lines[8]
    assert "2024-11-11" in lines[11] and "收盘价 105.43 元/吨 · 封账差异 0" in lines[11]


def test_every_trading_day_of_the_demo_is_sealed_without_a_difference(demo: Said, demo_folder: Path) -> None:
    days = script("day", "status", "--json", cwd=demo_folder).ok().json["days"]
    traded = {one["day"]: (one["trades"], one["volume_t"]) for one in demo.json["market"]["days"]}
    assert {one["day"]: (one["trades"], one["tonnes"]) for one in days} == traded
    assert {(one["state"], one["differences"], one["failed"]) for one in days} == {("sealed", 0, 0)}
    told = demo.json["settlement"]
    assert [one["day"] for one in told] == list(traded)
    assert sum(one["amount_fen"] for one in told) == demo.json["amount_fen"]
    assert all(one["statements"] >= 46 for one in told)
    assert all(one["positions_fen"] > 0 for one in told), "clients of two banks trade with each other"


def test_a_finished_demo_reprints(demo: Said, demo_folder: Path) -> None:
    again = script("demo", "--json", cwd=demo_folder).ok()
    assert again.json == demo.json
    assert "✓" not in again.err


def test_the_demo_as_people_read_it(demo: Said, demo_folder: Path) -> None:
    report = demo_folder / "papers"
    said = script("demo", "--report", str(report), "--lang", "zh", cwd=demo_folder).ok()
    assert said.out.index("虚构数据") < said.out.index("重点排放单位")
    rows = [line for line in said.out.splitlines() if line.endswith("已履约")]
    assert len(rows) == 46
    assert "100.00 %" in said.out
    assert "CEA23 Σ = 0" in said.out
    assert demo.json["log_hash"] in said.out
    assert str(report) in said.out.splitlines()[-1]
    assert list(report.glob("*.html"))
    assert list(report.glob("*.xlsx"))
    assert list(report.rglob("*.csv"))


def test_run_ends_the_same_on_both_databases(year: Tanshu, year_url: str, small_scenario: Path) -> None:
    found = in_process("run", str(small_scenario), "--json", "--db", year_url).ok().json
    assert (found["entities"], found["compliant"]) == (ENTITIES, ENTITIES)
    # The same scenario, the same bytes, whatever the database: this hash changes with the model only.
    assert found["log_seq"] == year("book", "stats", "--json").json["log_seq"]


def test_hashes_agree_between_databases(sqlite_year: str, postgresql_year: str, small_scenario: Path) -> None:
    hashes = set()
    for url in (sqlite_year, postgresql_year):
        found = in_process("run", str(small_scenario), "--json", "--db", url).ok().json
        hashes.add((found["log_seq"], found["log_hash"], found["market"]["log_hash"]))
    assert len(hashes) == 1


def test_an_unfinished_run_waits_for_resume(
    database_url: str, small_run: runner.Run, small_scenario: Path
) -> None:
    _run_until(database_url, small_run, "final-allocation", 5)
    name, at_db = str(small_scenario), ("--json", "--db", database_url)
    assert in_process("run", name, *at_db).refusal == "SCN-2003"
    _run_until(database_url, small_run, "trading-2024-11-20", 6, resume=True)  # while bids come in
    resumed = in_process("run", name, "--resume", *at_db).ok().json
    fresh = in_process("run", name, "--fresh", *at_db).ok().json
    assert resumed["log_hash"] == fresh["log_hash"]
    assert resumed["market"] == fresh["market"]
    assert fresh["market"]["auctions"]


def test_who_has_taken_a_step_does_not_see_the_next_one_as_theirs(
    database_url: str, small_run: runner.Run
) -> None:
    """A settlement is checked and then approved by two people of the registry."""
    _run_until(database_url, small_run, "trading-2024-12-03", 7)  # closed, and not yet the house's to settle
    tanshu = at(database_url)
    approve = ("tx", "approve", "--type", "trade-settlement", "--json", "--as")
    tanshu("market", "settle", "--as", "exchange-maker-1", "--json").ok()
    tanshu(*approve, "registry-checker-1").ok()
    turns = {
        person: tanshu("tx", "list", "--mine", person, "--json").ok().json["total"]
        for person in ("registry-checker-1", "registry-checker-2", "registry-maker-1", "exchange-checker-1")
    }
    assert {person for person, count in turns.items() if count} == {"registry-checker-2"}
    assert tanshu(*approve, "registry-checker-1").refusal == "CLI-1007"
    tanshu(*approve, "registry-checker-2").ok()


def test_a_demo_leaves_other_databases_alone(tanshu: Tanshu) -> None:
    before = tanshu("book", "stats", "--json").json
    for more in ((), ("--resume",), ("--fresh",)):
        assert tanshu("demo", "--json", *more).refusal == "SCN-2002"
    assert tanshu("book", "stats", "--json").json == before


def test_a_demo_leaves_another_scenario_alone(year: Tanshu) -> None:
    before = year("book", "stats", "--json").json
    assert year("demo", "--fresh", "--json").refusal == "SCN-2002"
    assert year("book", "stats", "--json").json == before


def test_an_unknown_scenario(tmp_path: Path) -> None:
    said = in_process("run", "nowhere", "--json", "--db", f"sqlite:///{tmp_path}/x.db")
    assert said.refusal == "SCN-2001"
    assert not (tmp_path / "x.db").exists()
