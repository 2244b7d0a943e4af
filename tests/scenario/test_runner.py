"""Running a scenario: which databases it touches, how it resumes, that its hash is one value.

Only the first steps are run here; the whole year is run by the crash tests.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tanshu import app
from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.log import store
from tanshu.scenario import runner
from tanshu.scenario.power_year import PowerYear
from tanshu.scenario.runner import Condition, Progress
from tests.support.clock import Ticker


class Stopped(Exception):
    """The test pulls the plug."""


@pytest.fixture(scope="module")
def whole() -> PowerYear:
    found = runner.load("hubei-power-2023")
    assert isinstance(found, PowerYear)
    return found


@pytest.fixture(scope="module")
def short(whole: PowerYear) -> PowerYear:
    """The first three steps: institutions, accounts, lists."""
    return replace(whole, steps=whole.steps[:3])


def tail_hash(url: str) -> bytes:
    database = Database.open(url)
    with database.read() as conn:
        tail = store.tail(conn, store.REGISTRY_LOG)
    database.close()
    assert tail
    return tail[2]


def stop_at(step: str, done: int):
    def watch(progress: Progress) -> None:
        if (progress.step, progress.done) == (step, done):
            raise Stopped

    return watch


def refused(url: str, scenario: PowerYear, *, resume: bool = False, fresh: bool = False) -> str:
    with pytest.raises(Refused) as error:
        runner.run(url, scenario, resume=resume, fresh=fresh)
    return error.value.refusal.code


@pytest.mark.parametrize(("step", "done"), [("institutions", 1), ("accounts", 30), ("accounts", 60)])
def test_a_stopped_run_must_be_resumed_and_ends_the_same(
    bare_url: str, short: PowerYear, tmp_path: Path, step: str, done: int
):
    with pytest.raises(Stopped):
        runner.run(bare_url, short, watch=stop_at(step, done))
    assert refused(bare_url, short) == "SCN-2003"
    runner.run(bare_url, short, resume=True).close()
    undisturbed = f"sqlite:///{tmp_path}/undisturbed.db"
    runner.run(undisturbed, short).close()
    assert tail_hash(bare_url) == tail_hash(undisturbed)


def test_a_finished_run_is_left_as_it_is_and_fresh_rebuilds_it_to_the_same_hash(
    bare_url: str, short: PowerYear
):
    runner.run(bare_url, short).close()
    first = tail_hash(bare_url)
    assert runner.examine(bare_url, short) == (Condition.FINISHED, 3)
    runner.run(bare_url, short).close()
    assert tail_hash(bare_url) == first
    runner.run(bare_url, short, fresh=True).close()
    assert tail_hash(bare_url) == first


@pytest.mark.parametrize("options", [{}, {"resume": True}, {"fresh": True}])
def test_another_database_is_never_touched(database_url: str, short: PowerYear, options: dict[str, bool]):
    app.found(database_url, name="somebody's", clock=Ticker()).close()
    before = tail_hash(database_url)
    assert refused(database_url, short, **options) == "SCN-2002"
    assert tail_hash(database_url) == before


def test_tables_of_some_other_program_are_never_touched(tmp_path: Path, short: PowerYear):
    url = f"sqlite:///{tmp_path}/other.db"
    database = Database.open(url, create=True)
    with database.write() as conn:
        conn.exec_driver_sql("CREATE TABLE payroll (name TEXT)")
    database.close()
    assert refused(url, short, fresh=True) == "SCN-2002"


def test_tables_without_a_first_entry_are_a_run_that_never_began(database_url: str, short: PowerYear):
    assert runner.examine(database_url, short) == (Condition.EMPTY, 0)
    runner.run(database_url, short).close()
    assert runner.examine(database_url, short) == (Condition.FINISHED, 3)


def test_unknown_scenarios_are_refused():
    with pytest.raises(Refused) as error:
        runner.load("atlantis")
    assert error.value.refusal.code == "SCN-2001"


def test_a_command_that_is_refused_stops_the_run_and_says_at_which_step(bare_url: str, short: PowerYear):
    """A step that names somebody whom nobody registered: what went before stays, the step is not done."""
    step = short.steps[1]

    def misnamed(desk):
        return [replace(one, actor="nobody-1") for one in step.commands(desk)]

    broken = replace(short, steps=(short.steps[0], replace(step, commands=misnamed), short.steps[2]))
    with pytest.raises(Refused) as error:
        runner.run(bare_url, broken)
    assert error.value.refusal.code == "SCN-2004"
    assert error.value.refusal.facts["step"] == "accounts" and "PAR-3001" in str(error.value.refusal)
    assert runner.examine(bare_url, short) == (Condition.UNFINISHED, 1)
    runner.run(bare_url, short, resume=True).close()


def test_every_step_reports_its_progress(bare_url: str, short: PowerYear):
    seen: list[Progress] = []
    runner.run(bare_url, short, watch=seen.append).close()
    finished = [one for one in seen if one.done == one.commands]
    assert [one.step for one in finished] == ["institutions", "accounts", "lists"]
    assert finished[1].commands == 60
