"""Runs a scenario on a database of its own: a job whose steps follow from its facts and its modelled year."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tanshu import job
from tanshu.app import Installation
from tanshu.base.refusal import Refused
from tanshu.job import Condition, Progress, Step, Watch
from tanshu.scenario import checks, facts, model, year
from tanshu.scenario.facts import ScenarioFacts

__all__ = ["Condition", "Progress", "Run", "Watch", "directory", "examine", "load", "run"]

REFUSALS = job.Refusals(checks.NOT_THIS_SCENARIO, checks.UNFINISHED, checks.STEP_REFUSED)


@dataclass(frozen=True, slots=True)
class Run:
    """A scenario read and modelled, ready to run."""

    facts: ScenarioFacts
    year: model.Year
    steps: tuple[Step, ...]

    @property
    def job(self) -> job.Job:
        return job.Job(
            id=self.facts.id,
            book=f"scenario/{self.facts.id}",
            scope=(self.facts.id, self.facts.seed),
            jurisdiction="cn",
            opening=self.facts.dates.opening,
            steps=self.steps,
            refusals=REFUSALS,
        )


def load(name: str) -> Run:
    """Read a scenario by folder or name. Raises Refused SCN-1xxx (its files), SCN-2001 (unknown)."""
    read = facts.load(directory(name))
    modelled = model.build(read)
    return Run(read, modelled, year.steps(read, modelled))


def directory(name: str) -> Path:
    """The folder of a scenario: a path, or the name of one that comes with the program."""
    here = Path(__file__).resolve()
    for root in (Path(), here.parents[1] / "scenarios", here.parents[3] / "scenarios"):
        if (root / name / "scenario.toml").exists():
            return root / name
    raise Refused(checks.SCENARIO_UNKNOWN(field="scenario", name=name))


def run(
    url: str, scenario: Run, *, resume: bool = False, fresh: bool = False, watch: Watch | None = None
) -> Installation:
    """Bring the scenario to its end on this database and return it open.

    A finished one is left as it is, unless `fresh`. Raises Refused SCN-2002 (another database: never
    touched), SCN-2003 (unfinished, and neither resume nor fresh was asked), SCN-2004 (a command refused).
    """
    return job.run(url, scenario.job, resume=resume, fresh=fresh, watch=watch)


def examine(url: str, scenario: Run) -> tuple[Condition, int]:
    """What the database holds, and how many steps of the scenario are done in it."""
    return job.examine(url, scenario.job)
