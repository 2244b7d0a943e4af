"""One year of the Hubei scenario, run once for all workers."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tanshu.app import Installation
from tanshu.base.text import Lang
from tanshu.insight.figures import YearFigures
from tanshu.scenario import runner, summary
from tanshu.scenario.runner import Run


@dataclass(frozen=True, slots=True)
class RunYear:
    """The finished scenario, its figures, its report in both languages."""

    installation: Installation
    run: Run
    figures: YearFigures
    reports: dict[str, Path]


@pytest.fixture(scope="session")
def hubei(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunYear]:
    """Made by whichever worker comes first; the others wait for it and open the same database."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "hubei"
    folder.mkdir(exist_ok=True)
    run = runner.load("hubei-power-2023")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installation = runner.run(f"sqlite:///{folder}/year.db", run, resume=True)
        reports = {lang: _report(installation, run, folder / lang, lang) for lang in ("zh", "en")}
    yield RunYear(installation, run, summary.figures_of(installation, run), reports)
    installation.close()


def _report(installation: Installation, run: Run, folder: Path, lang: Lang) -> Path:
    if not (folder / "index.html").exists():
        summary.write_report(installation, run, folder, lang)
    return folder
