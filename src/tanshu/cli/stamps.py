"""The stamp of a scenario's database: its figures are modelled, and every paper from it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.cli.output import Notice, Part

if TYPE_CHECKING:
    from sqlalchemy import Connection

PREFIX = "scenario/"


def scenario_of(conn: Connection) -> str | None:
    """The scenario this database was made by, by its book's name; None for any other."""
    from tanshu.log import store

    name = store.book_name(conn, store.REGISTRY_LOG) or ""
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) else None


def short_stamp(conn: Connection) -> Text | None:
    """One line for a table on the screen."""
    name = scenario_of(conn)
    if name is None:
        return None
    return Text(
        f"场景 {name}:模型数据,不代表任何企业的真实情况。",
        f"Scenario {name}: modelled data; it describes no real company.",
    )


def notices(mark: Text | None) -> list[Part]:
    """The stamp above a table; nothing where there is none."""
    return [Notice(mark)] if mark else []


def stamp(conn: Connection) -> Text | None:
    """The scenario's own stamp, in full; the short one where the scenario is not to be found."""
    name = scenario_of(conn)
    if name is None:
        return None
    from tanshu.scenario import facts, runner

    try:
        return facts.load(runner.directory(name)).stamp
    except Refused:
        return short_stamp(conn)
