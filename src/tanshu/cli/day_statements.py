"""`tanshu day statement`, `tanshu day report`: what a settlement day came to, for one and for all."""

from __future__ import annotations

import typer


def add_to(app: typer.Typer) -> None:
    """To come."""
