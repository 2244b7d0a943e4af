"""Database migrations. They see every room's tables, so they sit beside the package root.

Until 0.1 there is one initial revision, regenerated when tables change (`make migration`).
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from tanshu.base.database import Database
from tanshu.log.store import UNCOMPRESSED

HEAD = "0001"
"""The revision this version of the program works on."""


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
    """The revision a database stands at, None when it has none."""
    if "alembic_version" not in inspect(conn).get_table_names():
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
