"""Fixtures of the house: every test that touches a database runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tanshu.base.canonical import digest
from tanshu.base.database import Database
from tanshu.book.commit import Book, Context
from tests.support import demo, workers
from tests.support.clock import START_NS, Ticker
from tests.support.copies import Copies, copies
from tests.support.databases import PostgresServer, SqliteTemplate, scratch, share_statements
from tests.support.demo import Demo
from tests.support.market import Market

REPOSITORY = Path(__file__).resolve().parent.parent
# Where pytest makes its folders; asked for when the first test needs one.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(scratch()))

share_statements()

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")

MakeContext = Callable[..., Context]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fewer-rows", action="store_true", help="run one row in four of a table of cases on PostgreSQL"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left = workers.left_out(items) if config.getoption("--fewer-rows") else set()
    config.hook.pytest_deselected(items=list(left))
    items[:] = [item for item in workers.in_order(items) if item not in left]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> workers.ByModule:
    return workers.ByModule(config, log)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server per worker, started by the first test that needs it."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplate:
    return SqliteTemplate(tmp_path_factory.mktemp("template"))


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[str]:
    """A fresh SQLite database with all tables."""
    with sqlite_template.fresh(tmp_path) as url:
        yield url


@pytest.fixture
def postgresql_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A fresh PostgreSQL database with all tables."""
    with postgres_server.fresh() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database with all tables: the test runs once on each kind."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An address where there is nothing yet: no file, or a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/bare.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.bare() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.open(database_url)
    yield opened
    opened.close()


@pytest.fixture
def book(database: Database) -> Book:
    """A book whose genesis entry is dated 2024-01-02 09:00 in Shanghai."""
    created = Book(database)
    created.create("test", START_NS)
    return created


@pytest.fixture
def ticker() -> Ticker:
    """The clock of a test's contexts: one second later at each reading."""
    return Ticker()


@pytest.fixture
def context(book: Book, ticker: Ticker) -> MakeContext:
    """`context(actor, n, **changes)`: who asks, with the n-th key of that actor; n counts up by itself."""
    drawn = iter(range(1, 1_000_000))

    def make(actor: str = "registry-maker-1", n: int | None = None, **changes: object) -> Context:
        number = f"auto-{next(drawn)}" if n is None else str(n)
        key = digest(f"{actor} {number}".encode())[:16]
        return Context(book, actor, key, clock=ticker).with_(**changes)

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def market(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Market]:
    """The small market on a database of its own, `market.database`: the test runs once on each kind."""
    assert "database_url" not in request.fixturenames, "the market's address is market.database.url"
    copied: Copies[Market] = request.getfixturevalue(f"{request.param}_markets")
    with copied(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def sqlite_markets(request: pytest.FixtureRequest) -> Iterator[Copies[Market]]:
    yield from copies(request, "sqlite", Market)


@pytest.fixture(scope="session")
def postgresql_markets(request: pytest.FixtureRequest) -> Iterator[Copies[Market]]:
    yield from copies(request, "postgresql", Market)


@pytest.fixture(scope="session")
def finished_demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demonstration, run once for all workers; ask for a copy of its database."""
    return demo.finished(tmp_path_factory)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Published data that real-data tests read: TANSHU_DATA, else `../shared/data` beside the repository."""
    folder = Path(os.environ.get("TANSHU_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        missing = f"no published data at {folder}; name its folder with TANSHU_DATA"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return folder
