"""One year of the Hubei scenario, its figures and reports made once for all workers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tanshu.app import Installation
from tanshu.base.text import Lang
from tanshu.insight.figures import YearFigures
from tanshu.scenario import runner, summary
from tanshu.scenario.power_year import PowerYear
from tests.support.demo import Demo, shared_folder


@dataclass(frozen=True, slots=True)
class RunYear:
    """The finished scenario, its figures, its report in both languages."""

    installation: Installation
    run: PowerYear
    figures: YearFigures
    reports: dict[str, Path]


@pytest.fixture(scope="session")
def hubei(finished_demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunYear]:
    """Its reports are written by whichever worker comes first; the others wait and open the same database."""
    run = runner.load("hubei-power-2023")
    assert isinstance(run, PowerYear)
    with shared_folder(tmp_path_factory, "hubei") as folder:
        url = f"sqlite:///{folder}/tanshu.db"
        if not (folder / "tanshu.db").exists():
            finished_demo.copy(folder)
        installation = runner.run(url, run)
        reports = {lang: _report(installation, run, folder / lang, lang) for lang in ("zh", "en")}
    yield RunYear(installation, run, summary.figures_of(installation, run), reports)
    installation.close()


def _report(installation: Installation, run: PowerYear, folder: Path, lang: Lang) -> Path:
    if not (folder / "index.html").exists():
        summary.write_report(installation, run, folder, lang)
    return folder
