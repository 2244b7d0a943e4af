"""Database migrations. They see every room's tables, so they sit beside the package root.

Until 0.1 there is one initial revision, regenerated when tables change (`make migration`).
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from tanshu.base.database import Database
from tanshu.base.refusal import Refused, refusal
from tanshu.log.store import UNCOMPRESSED

HEAD = "0001"
"""The revision this version of the program works on."""
RESTORING = "restoring"
"""Stands in the place of the revision while a backup is being restored, so that nobody uses half a book."""

UNFINISHED = refusal(
    "MIG-1001",
    "数据库的恢复尚未完成,不能使用。再次运行同一条 tanshu restore 命令,它会接着做完。",
    "This database is still being restored and cannot be used. Run the same `tanshu restore` again; "
    "it goes on where it stopped.",
)


def upgrade(database: Database) -> None:
    """Bring the tables of a database to HEAD, in one transaction."""
    from alembic import command  # slow to import; needed only when a database is made or upgraded
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with database.write() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
        if not database.is_sqlite:
            conn.execute(UNCOMPRESSED)


def revision(conn: Connection) -> str | None:
    """The revision a database stands at, None when it has none. Raises Refused MIG-1001."""
    found = known(conn)
    if found == RESTORING:
        raise Refused(UNFINISHED(field="db"))
    return found


def known(conn: Connection) -> str | None:
    """What the database says of itself: a revision, RESTORING, or None."""
    if "alembic_version" not in inspect(conn).get_table_names():
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def mark(conn: Connection, what: str) -> None:
    """Let the database say that it is being restored, or at which revision it stands."""
    conn.execute(text("UPDATE alembic_version SET version_num = :what"), {"what": what})
