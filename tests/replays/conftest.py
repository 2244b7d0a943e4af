"""What tests of replays share: addresses for a module, finished replays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tanshu.app import Installation
from tanshu.replay import runner, summary
from tanshu.replay.runner import Replay
from tanshu.replay.summary import Told
from tests.support.databases import PostgresServer

MakeUrl = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Done:
    """A finished replay on a database."""

    url: str
    replay: Replay
    installation: Installation
    told: Told

    @property
    def hash(self) -> str:
        return self.told.held.log_hash

    @property
    def data(self) -> Any:
        """What the loader reports."""
        return self.told.report.data


@contextmanager
def done(url: str, replay: Replay) -> Iterator[Done]:
    """Run a replay to its end."""
    installation = runner.run(url, replay)
    try:
        yield Done(url, replay, installation, summary.tell(replay, installation))
    finally:
        installation.close()


def read(name: str, folder: Path) -> Replay:
    """A replay that must be usable."""
    found = runner.read(runner.loader(name), folder)
    assert isinstance(found, Replay), found
    return found


@pytest.fixture(scope="module")
def module_urls(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[dict[str, str]]:
    """An empty address of each kind, for a whole module."""
    with postgres_server.bare() as postgresql:
        yield {
            "sqlite": f"sqlite:///{tmp_path_factory.mktemp('replay')}/replay.db",
            "postgresql": postgresql,
        }
