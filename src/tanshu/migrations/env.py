"""Alembic's entry: runs revisions on the connection the program hands over."""

from alembic import context

from tanshu.base.database import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction holds all of it, on both databases
)
context.run_migrations()
