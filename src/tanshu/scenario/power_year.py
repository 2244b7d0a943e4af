"""The kind of scenario "power-year": a province's power sector, its year modelled from public facts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from tanshu.app import Installation
from tanshu.base.text import Lang
from tanshu.job import Job, Step
from tanshu.scenario import facts, model, year
from tanshu.scenario.facts import ScenarioFacts
from tanshu.scenario.folder import Folder
from tanshu.scenario.result import Result


@dataclass(frozen=True, slots=True)
class PowerYear:
    """A scenario read and modelled, ready to run."""

    folder: Folder
    facts: ScenarioFacts
    year: model.Year
    steps: tuple[Step, ...]

    @property
    def job(self) -> Job:
        return self.folder.job(self.facts.seed, self.facts.dates.opening, self.steps)

    def told(self, conn: Connection, step: str, lang: Lang) -> str:
        from tanshu.scenario import summary

        return summary.in_words(summary.step_totals(conn, self, step), lang)

    def result(self, installation: Installation) -> Result:
        from tanshu.scenario import summary

        return Result(summary.summary(installation, self))


def load(folder: Folder) -> PowerYear:
    """Read the folder and model its year. Raises Refused SCN-1xxx (its files)."""
    read = facts.load(folder.path)
    modelled = model.build(read)
    return PowerYear(folder, read, modelled, year.steps(read, modelled))
