"""Writes the initial revision anew from the tables as the rooms declare them: `make migration`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

import tanshu.app  # noqa: F401  (declares every room's tables)
from tanshu import migrations
from tanshu.base.database import Database


def main() -> None:
    here = Path(migrations.__file__).parent
    for old in (here / "versions").glob("*.py"):
        old.unlink()
    config = Config()
    config.set_main_option("script_location", str(here))
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{folder}/empty.db", create=True)
        with database.write() as conn:
            config.attributes["connection"] = conn
            command.revision(config, "The tables of every room", autogenerate=True, rev_id=migrations.HEAD)
        database.close()


if __name__ == "__main__":
    main()
