"""The database: one metadata, SQLite or PostgreSQL, explicit transactions.

`read()` sees one consistent snapshot; `write()` holds the database's write lock from its first statement
(SQLite: BEGIN IMMEDIATE; on PostgreSQL the log takes its own lock). SQLite runs in WAL mode with
synchronous=FULL, PostgreSQL with ordinary synchronous commit: what is answered is on disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from tanshu.base.refusal import Refusal, Refused, refusal

NO_DATABASE = refusal(
    "BASE-1101",
    "数据库 {url} 不存在。先运行 tanshu init,或用 --db / TANSHU_DB 指定另一个数据库。",
    "There is no database at {url}. Run `tanshu init` first, or name another with --db or TANSHU_DB.",
)
BAD_URL = refusal(
    "BASE-1102",
    "无法识别数据库地址 {url}。写法:sqlite:///文件.db 或 postgresql://用户@主机/库名。",
    "Cannot read the database address {url}. Write sqlite:///file.db or postgresql://user@host/name.",
)
UNREACHABLE = refusal(
    "BASE-1103",
    "无法打开数据库 {url}:{why}",
    "Cannot open the database {url}: {why}",
)

BUSY = refusal(
    "BASE-1104",
    "数据库 {url} 正被另一进程占用。稍后用同一 --key 重试,不会重复办理。",
    "The database {url} is held by another process. Try later with the same --key; nothing is done twice.",
)
FAILED = refusal(
    "BASE-1105",
    "数据库 {url} 报错:{why}",
    "The database {url} reports: {why}",
)
NOT_A_DATABASE = refusal(
    "BASE-1106",
    "{url} 不是数据库文件,或已损坏:{why}",
    "{url} is not a database, or it is damaged: {why}",
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every room's tables. A room declares its own in `tables.py`."""

_WRITE = "tanshu_write"
BUSY_MS = 30_000


class Database:
    """An open database. Thread-safe; connections come from SQLAlchemy's pool."""

    def __init__(self, url: str, engine: Engine):
        self.url = url
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"

    @classmethod
    def open(cls, url: str, *, create: bool = False) -> Database:
        """Open `url`. Raises Refused (BASE-1101 no such file, BASE-1102 not an address)."""
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise Refused(BAD_URL(field="db", url=shown(url))) from None
        backend = parsed.get_backend_name()
        if backend not in ("sqlite", "postgresql"):
            raise Refused(BAD_URL(field="db", url=shown(url)))
        if backend == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        elif not create and parsed.database and not Path(parsed.database).exists():
            raise Refused(NO_DATABASE(field="db", url=shown(url)))
        engine = _sqlite(parsed) if backend == "sqlite" else _postgresql(parsed)
        event.listen(engine, "begin", _begin)
        database = cls(url, engine)
        try:
            with database.read():
                pass
        except DBAPIError as error:
            engine.dispose()
            raise Refused(UNREACHABLE(field="db", url=shown(url), why=str(error.orig).strip())) from error
        return database

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in one read transaction."""
        with self.engine.connect() as conn:
            if not self.is_sqlite:  # PostgreSQL would else look afresh with every statement
                conn = conn.execution_options(isolation_level="REPEATABLE READ")
            with conn.begin():
                yield conn

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection in one write transaction; commits at the end, rolls back on an exception."""
        with self.engine.connect() as conn:
            conn = conn.execution_options(**{_WRITE: True})
            with conn.begin():
                yield conn

    def close(self) -> None:
        self.engine.dispose()


def driver(conn: Connection) -> Any:
    """The raw driver connection of this same transaction: the log's fast path."""
    return conn.connection.driver_connection


def shown(url: str) -> str:
    """A database's address without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url


def failure(error: BaseException, url: str) -> Refusal | None:
    """The refusal that a database's failure stands for (BASE-1104 to 1106), None when it is not one."""
    cause = getattr(error, "orig", None) or error
    module = type(cause).__module__.split(".")[0]
    if module not in ("sqlite3", "psycopg") and not isinstance(error, SQLAlchemyError):
        return None
    why = str(cause).strip()
    if "locked" in why.lower() or type(cause).__name__ in ("LockNotAvailable", "QueryCanceled"):
        return BUSY(field="db", url=shown(url))
    if "not a database" in why.lower() or "malformed" in why.lower():
        return NOT_A_DATABASE(field="db", url=shown(url), why=why)
    return FAILED(field="db", url=shown(url), why=why)


def is_without_tables(error: BaseException) -> bool:
    """Did a statement fail because the house's tables are not there?"""
    cause = getattr(error, "orig", None) or error
    return "no such table" in str(cause).lower() or type(cause).__name__ == "UndefinedTable"


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url)
    event.listen(engine, "connect", _sqlite_connect)
    return engine


def _postgresql(url: URL) -> Engine:
    """A writer that waits for another one gives up in the end, as on SQLite."""
    options = {} if "options" in url.query else {"options": f"-c lock_timeout={BUSY_MS}"}
    return create_engine(url, pool_pre_ping=True, connect_args=options)


def _sqlite_connect(dbapi: Any, _record: object) -> None:
    dbapi.isolation_level = None  # the driver must not open transactions of its own
    cursor = dbapi.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(conn: Connection) -> None:
    if conn.dialect.name == "sqlite":
        write = conn.get_execution_options().get(_WRITE, False)
        conn.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
