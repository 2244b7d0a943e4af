"""Runs a scenario on a database of its own: a job whose steps follow from its folder alone."""

from __future__ import annotations

from pathlib import Path

from tanshu import job
from tanshu.app import Installation
from tanshu.base.refusal import Refused
from tanshu.job import Condition, Progress, Watch
from tanshu.rules import packs
from tanshu.scenario import checks, folder
from tanshu.scenario.kinds import KINDS, Run

__all__ = ["Condition", "Progress", "Run", "Watch", "directory", "examine", "load", "run"]


def load(name: str) -> Run:
    """Read a scenario by folder or name.

    Raises Refused SCN-1xxx (its files), SCN-2001 (unknown), SCN-3xxx (its kind, its packs, its facts).
    """
    found = folder.read(directory(name))
    kind = KINDS.get(found.kind)
    if kind is None:
        raise Refused(checks.KIND_UNKNOWN(field="kind", kind=found.kind, known=", ".join(KINDS)))
    with packs.searching(*found.packs):
        return kind(found)


def directory(name: str) -> Path:
    """The folder of a scenario: a path, or the name of one that comes with the program."""
    here = Path(__file__).resolve()
    for root in (Path(), here.parents[1] / "scenarios", here.parents[3] / "scenarios"):
        if (root / name / folder.FILE).exists():
            return root / name
    raise Refused(checks.SCENARIO_UNKNOWN(field="scenario", name=name))


def run(
    url: str, scenario: Run, *, resume: bool = False, fresh: bool = False, watch: Watch | None = None
) -> Installation:
    """Bring the scenario to its end on this database and return it open.

    A finished one is left as it is, unless `fresh`. Its own packs are searched while it runs; who reads the
    database afterwards names them in TANSHU_PACKS, or reads inside `packs.searching`. Raises Refused SCN-2002
    (another database: never touched), SCN-2003 (unfinished, and neither resume nor fresh was asked), SCN-2004
    (a command refused).
    """
    with packs.searching(*scenario.folder.packs):
        return job.run(url, scenario.job, resume=resume, fresh=fresh, watch=watch)


def examine(url: str, scenario: Run) -> tuple[Condition, int]:
    """What the database holds, and how many steps of the scenario are done in it."""
    return job.examine(url, scenario.job)
