"""A scenario's folder: what kind of scenario it is, in which jurisdiction, under which name and stamp.

`scenario.toml` says so at its top; the rest of the folder is its kind's to read. A folder of rule packs
beside it (`packs = "packs"`) is searched before all others while the scenario runs: it may bring its own law.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.scenario import checks
from tanshu.scenario.reading import Table, toml

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
