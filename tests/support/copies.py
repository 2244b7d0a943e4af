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


def copies(request: pytest.FixtureRequest, kind: str, founded: Callable[[str], T]) -> Iterator[Copies[T]]:
    """The body of a fixture: found one on a database of this kind, give out copies of it."""
    if kind == "sqlite":
        template: SqliteTemplate = request.getfixturevalue("sqlite_template")
        factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
        with template.fresh(factory.mktemp("founded")) as url:
            yield _copies(founded(url), lambda folder: template.fresh(folder, like=url))
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.fresh() as url:
        yield _copies(founded(url), lambda _folder: server.fresh(like=url))


def _copies(first: T, fresh: Callable[[Path], AbstractContextManager[str]]) -> Copies[T]:
    first.close()

    @contextmanager
    def made(folder: Path) -> Iterator[T]:
        with fresh(folder) as url:
            one = first.moved_to(url)
            yield one
            one.close()

    return made
