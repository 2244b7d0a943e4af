"""`tanshu day`: the settlement day of the house, one group."""

from __future__ import annotations

import typer

from tanshu.cli import day_explained, day_fails, day_objections, day_run, day_shortfalls, day_statements
from tanshu.cli.door import group

day = group("结算日 · the settlement day")


def add_to(root: typer.Typer) -> None:
    day_run.add_to(day)
    day_statements.add_to(day)
    day_fails.add_to(day)
    day_explained.add_to(day)
    day_shortfalls.add_to(day)
    day_objections.add_to(day)
    root.add_typer(day, name="day")
