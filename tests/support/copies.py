"""What takes long to found is founded once on each kind of database; every test gets a copy of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, Self, TypeVar

import pytest

from tests.support.databases import PostgresServer, SqliteTemplate


class Movable(Protocol):
    """Something that stands on a database."""

    def moved_to(self, url: str) -> Self:
        """The same on a copy of its database."""
        ...

    def close(self) -> None: ...


T = TypeVar("T", bound=Movable)
Copies = Callable[[Path], AbstractContextManager[T]]
"""`with copies(folder) as one`: a copy whose files, if it has any, lie in this folder."""


class Fresh(Protocol):
    """A database with empty tables; or a copy of the one at the address `like`, which nobody has open."""

    def __call__(self, folder: Path, /, like: str | None = None) -> AbstractContextManager[str]: ...


def fresh(request: pytest.FixtureRequest, kind: str) -> Fresh:
    """Databases of this kind."""
    if kind == "sqlite":
        template: SqliteTemplate = request.getfixturevalue("sqlite_template")
        return template.fresh
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return lambda _folder, like=None: server.fresh(like)


def copies(request: pytest.FixtureRequest, kind: str, founded: Callable[[str], T]) -> Iterator[Copies[T]]:
    """The body of a fixture: found one on a database of this kind, give out copies of it."""
    new = fresh(request, kind)
    factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    with new(factory.mktemp("founded")) as url:
        first = founded(url)
        first.close()

        @contextmanager
        def made(folder: Path) -> Iterator[T]:
            with new(folder, like=url) as elsewhere:
                one = first.moved_to(elsewhere)
                yield one
                one.close()

        yield made
