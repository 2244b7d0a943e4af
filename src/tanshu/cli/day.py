"""`tanshu day`: the settlement day of the house, one group."""

from __future__ import annotations

import typer

from tanshu.cli import day_statements

day = typer.Typer(help="结算日 · the settlement day", no_args_is_help=True)


def add_to(root: typer.Typer) -> None:
    day_statements.add_to(day)
    root.add_typer(day, name="day")
