"""A market on a register, its first day open: founded once on each kind of database, copied for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exchange.bridge.support import Trading, figures
from tests.support.copies import Copies, copies


@pytest.fixture(params=["sqlite", "postgresql"])
def trading(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trading]:
    """The market `cea` at ten in the morning of its first day; the figures of its operator are there."""
    copied: Copies[Trading] = request.getfixturevalue(f"{request.param}_tradings")
    with figures(), copied(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def sqlite_tradings(request: pytest.FixtureRequest) -> Iterator[Copies[Trading]]:
    yield from copies(request, "sqlite", Trading)


@pytest.fixture(scope="session")
def postgresql_tradings(request: pytest.FixtureRequest) -> Iterator[Copies[Trading]]:
    yield from copies(request, "postgresql", Trading)
