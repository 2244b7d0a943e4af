"""The migration makes the tables that the rooms declare, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tanshu import migrations
from tanshu.base.database import Database, metadata


def test_the_initial_revision_makes_every_rooms_tables(database: Database):
    with database.read() as conn:
        assert migrations.revision(conn) == migrations.HEAD
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
