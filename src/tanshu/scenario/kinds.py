"""The kinds of scenarios. To add one: a function from its folder to its run, and a row in KINDS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from sqlalchemy import Connection

from tanshu.app import Installation
from tanshu.base.text import Lang
from tanshu.job import Job
from tanshu.scenario import allocation_round, market_year, power_year
from tanshu.scenario.folder import Folder
from tanshu.scenario.result import Result
from tanshu.scenario.story import stage


class Run(Protocol):
    """A scenario read and planned, ready to run."""

    @property
    def folder(self) -> Folder: ...

    @property
    def job(self) -> Job: ...

    def told(self, conn: Connection, step: str, lang: Lang) -> str:
        """What a finished step came to, on one line; "" where there is nothing to tell."""
        ...

    def result(self, installation: Installation) -> Result:
        """How the finished scenario ended."""
        ...


KINDS: Final[Mapping[str, Callable[[Folder], Run]]] = {
    "allocation-round": allocation_round.load,
    "power-year": power_year.load,
    "market-year": market_year.load,
    "story": stage.load,
}
"""By the `kind` that scenario.toml names. Each raises Refused SCN-1xxx for a folder it cannot read."""
