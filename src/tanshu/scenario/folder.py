"""A scenario's folder: what kind of scenario it is, in which jurisdiction, under which name and stamp.

`scenario.toml` says so at its top; the rest of the folder is its kind's to read. A folder of rule packs
beside it (`packs = "packs"`) is searched before all others while the scenario runs: it may bring its own law.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.job import Job, Step
from tanshu.scenario import checks
from tanshu.scenario.reading import Table, toml
from tanshu.scenario.refusals import REFUSALS

FILE = "scenario.toml"


@dataclass(frozen=True, slots=True)
class Folder:
    """id names the scenario and its book; packs: folders of rule packs that it brings along."""

    path: Path
    head: Table
    id: str
    kind: str
    jurisdiction: str
    title: Text
    stamp: Text
    packs: tuple[Path, ...]

    def job(self, seed: str, opening: date, steps: tuple[Step, ...]) -> Job:
        """The scenario as a job. seed: with the scenario's id it gives every key."""
        return Job(
            id=self.id,
            book=f"scenario/{self.id}",
            scope=(self.id, seed),
            jurisdiction=self.jurisdiction,
            opening=opening,
            steps=steps,
            refusals=REFUSALS,
        )


def read(path: Path) -> Folder:
    """Raises Refused SCN-1xxx (its head cannot be read), SCN-3002 (no such folder of packs)."""
    head = Table(FILE, "top", toml(path, FILE))
    return Folder(
        path,
        head,
        head.text("id"),
        head.text("kind"),
        head.text("jurisdiction"),
        head.table("title").both_languages(),
        head.table("stamp").both_languages(),
        _packs(path, head),
    )


def _packs(path: Path, head: Table) -> tuple[Path, ...]:
    if "packs" not in head.data:
        return ()
    folder = path / head.text("packs")
    if not folder.is_dir():
        raise Refused(checks.PACKS_MISSING(field="packs", folder=folder))
    return (folder,)
