"""The database: one metadata, SQLite or PostgreSQL, explicit transactions.

`read()` sees one consistent snapshot; `write()` holds the database's write lock from its first statement
(SQLite: BEGIN IMMEDIATE; on PostgreSQL the log takes its own lock). SQLite runs in WAL mode with
synchronous=FULL, PostgreSQL with ordinary synchronous commit: what is answered is on disk.
"""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

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
LOST = refusal(
    "BASE-1107",
    "与数据库 {url} 的连接中断,或无法建立:{why}。尚未提交的内容没有写入;数据库恢复后重试。",
    "The connection to the database {url} was lost, or cannot be made: {why}. What was not committed is not "
    "written; try again when the database is back.",
)
UNKNOWN = refusal(
    "BASE-1108",
    "提交时数据库 {url} 中断({why}),命令是否已记入账簿不明。请加 --key {key} 原样重发:"
    "已记入则给出原答复,未记入则办理,不会重复办理。",
    "The database {url} failed while committing ({why}): whether the command was recorded is unknown. "
    "Send it again unchanged with --key {key}: if it was recorded the first answer comes back, if not it is "
    "done now; never twice.",
)
FULL = refusal(
    "BASE-1109",
    "数据库 {url} 无法再写入:磁盘已满、超出限额或写入出错({why})。此命令没有写入任何内容;腾出空间后重试。",
    "The database {url} cannot write any more: the disk is full, a quota is used up, or writing fails "
    "({why}). Nothing of this command was written; make room and try again.",
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

_PG_IDLE = 0
"""libpq's PQTRANS_IDLE: no transaction, nothing under way."""
BUSY_MS = 30_000
AT_ONCE_MS = 100


class Database:
    """An open database. Thread-safe; connections come from SQLAlchemy's pool, and one is kept for writing."""

    def __init__(self, url: str, engine: Engine):
        self.url = url
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._kept: list[Connection] = []

    @classmethod
    def open(cls, url: str, *, create: bool = False) -> Database:
        """Open `url`.

        Raises Refused BASE-1101 (no such file), 1102 (not an address), 1103 (cannot open it), 1106 (damaged).
        """
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
        database = cls(url, engine)
        try:
            with database.read():
                pass
        except DBAPIError as error:
            engine.dispose()
            kind = NOT_A_DATABASE if _is_damaged(_cause(error)) else UNREACHABLE
            raise Refused(kind(field="db", url=shown(url), why=str(error.orig).strip())) from error
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
        conn = self._take_writer()
        try:
            _begin_writing(conn)
            with conn.begin():
                yield conn
        finally:
            self._leave_writer(conn)

    @contextmanager
    def write_at_once(self) -> Iterator[Connection]:
        """A write transaction that gives up (BASE-1104) where another writer is at work: for what can be done
        at any other time."""
        with self.engine.connect() as conn:
            if self.is_sqlite:
                driver(conn).execute(f"PRAGMA busy_timeout={AT_ONCE_MS}")
            try:
                _begin_writing(conn)
                with conn.begin():
                    if not self.is_sqlite:
                        driver(conn).execute(f"SET LOCAL lock_timeout = {AT_ONCE_MS}")
                    yield conn
            finally:
                if self.is_sqlite:
                    driver(conn).execute(f"PRAGMA busy_timeout={BUSY_MS}")

    def close(self) -> None:
        while self._kept:
            self._kept.pop().close()
        self.engine.dispose()

    # Fetching a connection from the pool and handing it back costs as much as a small commit's own work.

    def _take_writer(self) -> Connection:
        """The connection kept for writing; another one where that is in use, or was closed by the server."""
        try:
            conn = self._kept.pop()
        except IndexError:
            return self.engine.connect()
        if self.is_sqlite or not _has_news(conn):
            return conn
        conn.invalidate()
        conn.close()
        return self._take_writer()

    def _leave_writer(self, conn: Connection) -> None:
        """Keep the connection for the next writer, if it is of further use and none is kept yet."""
        if self._kept or not _is_idle(conn):
            conn.close()
        else:
            self._kept.append(conn)


def driver(conn: Connection) -> Any:
    """The raw driver connection of this same transaction: the log's fast path."""
    return conn.connection.dbapi_connection


class Savepoint:
    """A part of a transaction that can be taken back by itself; begun when it is first needed."""

    def __init__(self, conn: Connection):
        self._driver = driver(conn)
        self._begun = False

    def begin(self) -> None:
        if not self._begun:
            self._driver.execute("SAVEPOINT part")
            self._begun = True

    def keep(self) -> None:
        if self._begun:
            self._driver.execute("RELEASE SAVEPOINT part")

    def take_back(self) -> None:
        if self._begun:
            self._driver.execute("ROLLBACK TO SAVEPOINT part")
            self._driver.execute("RELEASE SAVEPOINT part")


def shown(url: str) -> str:
    """A database's address without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url


def failure(error: BaseException, url: str) -> Refusal | None:
    """The refusal that a database's failure stands for (BASE-1104 to 1109), None when it is not one."""
    cause = _cause(error)
    if _driver_of(cause) is None and not isinstance(error, SQLAlchemyError):
        return None
    why = str(cause).strip()
    kinds = ((BUSY, _is_busy), (FULL, _is_full), (NOT_A_DATABASE, _is_damaged), (LOST, _is_lost))
    kind = next((kind for kind, is_it in kinds if is_it(cause)), FAILED)
    return kind(field="db", url=shown(url), why=why)


def is_uncertain(error: BaseException) -> bool:
    """May what failed while committing have been committed all the same?

    Not where the database itself says no and stays there to be asked; but where nobody answers any more.
    """
    cause = _cause(error)
    if _driver_of(cause) == "sqlite3":
        return not (_is_full(cause) or _is_busy(cause))
    return _is_lost(cause)


def _cause(error: BaseException) -> BaseException:
    """The driver's own error."""
    return getattr(error, "orig", None) or error


def _driver_of(cause: BaseException) -> str | None:
    """The driver that raised it: sqlite3, psycopg, or None. (Importing psycopg to ask would take long.)"""
    module = type(cause).__module__.split(".")[0]
    return module if module in ("sqlite3", "psycopg") else None


def _code(cause: BaseException) -> str:
    """The name of SQLite's error, or PostgreSQL's five characters; "" where there is none."""
    return str(getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or "")


def _is_busy(cause: BaseException) -> bool:
    return "locked" in str(cause).lower() or _code(cause) in ("55P03", "57014")


def _is_full(cause: BaseException) -> bool:
    said = str(cause)
    return _code(cause) in ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "53100") or any(
        words in said for words in ("No space left", "File too large", "Disk quota exceeded")
    )


def _is_damaged(cause: BaseException) -> bool:
    said, code = str(cause).lower(), _code(cause)
    return (
        "not a database" in said
        or "malformed" in said
        or code in ("SQLITE_IOERR_SHORT_READ", "XX001", "XX002")
    )


def _is_lost(cause: BaseException) -> bool:
    """Is the connection gone? A psycopg error without a code never came from the server; 57P: it stops, or
    ends this connection; 08: the connection itself; 25P03, 25P04: a transaction that took too long."""
    if _driver_of(cause) != "psycopg":
        return False
    code = _code(cause)
    if code:
        return code[:3] == "57P" or code[:2] == "08" or code in ("25P03", "25P04")
    return any(one.__name__ in ("OperationalError", "InterfaceError") for one in type(cause).__mro__)


def is_without_tables(error: BaseException) -> bool:
    """Did a statement fail because the house's tables are not there?"""
    cause = _cause(error)
    return "no such table" in str(cause).lower() or type(cause).__name__ == "UndefinedTable"


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url)
    event.listen(engine, "connect", _sqlite_connect)
    # Not an event: where an engine has listeners, every statement on it takes longer.
    engine.dialect.do_begin = _begin
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


def _begin(dbapi_connection: PoolProxiedConnection) -> None:
    """SQLite's BEGIN of a transaction that only reads, unless one for writing was begun already."""
    raw: Any = dbapi_connection.dbapi_connection
    if not raw.in_transaction:
        raw.execute("BEGIN")


def _begin_writing(conn: Connection) -> None:
    """Take SQLite's write lock before SQLAlchemy begins; PostgreSQL has none to take."""
    if conn.dialect.name == "sqlite":
        driver(conn).execute("BEGIN IMMEDIATE")


def _is_idle(conn: Connection) -> bool:
    """Is a connection that was written with fit for another transaction?"""
    if conn.closed or conn.invalidated:
        return False
    raw = driver(conn)
    return (
        not raw.in_transaction if conn.dialect.name == "sqlite" else raw.info.transaction_status == _PG_IDLE
    )


def _has_news(conn: Connection) -> bool:
    """Has the PostgreSQL server sent something unasked? It does so when it stops or ends this connection.

    Looking takes no round trip, as asking "are you there?" would.
    """
    raw = driver(conn)
    if raw.closed:
        return True
    poll = select.poll()
    poll.register(raw.fileno(), select.POLLIN)
    return bool(poll.poll(0))
