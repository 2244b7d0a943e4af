"""The demonstration, run once for all workers of a test run."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Demo:
    """`tanshu demo --json` in an empty folder: what it said there, and the database it left."""

    folder: Path
    out: str
    err: str

    def copy(self, folder: Path) -> str:
        """The address of a copy of the finished database in this folder."""
        shutil.copyfile(self.folder / "tanshu.db", folder / "tanshu.db")
        return f"sqlite:///{folder}/tanshu.db"


@contextmanager
def shared_folder(factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """A folder of all workers, for one of them at a time: whoever comes first fills it."""
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def finished(factory: pytest.TempPathFactory) -> Demo:
    """The demonstration through the console script; the first worker to ask runs it."""
    from tests.cli.conftest import script  # not before it is needed: it brings the whole command line

    with shared_folder(factory, "demo") as folder:
        kept = folder / "said.json"
        if not kept.exists():
            said = script("demo", "--json", cwd=folder)
            kept.write_text(json.dumps([said.code, said.out, said.err]), encoding="utf-8")
        code, out, err = json.loads(kept.read_text(encoding="utf-8"))
    assert code == 0, out + err
    return Demo(folder, out, err)
