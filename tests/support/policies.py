"""A register whose pack says who goes first among duty, court and pledge."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshu.rules.packs import PACKAGED

_SILENT = '[claims.undecided]\nin_force_from = 2021-05-14\nunknown = ["rule"]'


def decide(folder: Path, patch: pytest.MonkeyPatch, *order: str) -> None:
    """Put an operator's version of the national pack in force: first come without `order`, else by class."""
    shipped = (PACKAGED / "cn" / "registry.toml").read_text(encoding="utf-8")
    assert _SILENT in shipped
    rule = f'rule = "by_class"\norder = {list(order)}'.replace("'", '"') if order else 'rule = "first_come"'
    (folder / "cn").mkdir(parents=True, exist_ok=True)
    decided = shipped.replace(_SILENT, f"[claims.decided]\nin_force_from = 2021-05-14\n{rule}")
    (folder / "cn" / "registry.toml").write_text(decided, encoding="utf-8")
    patch.setenv("TANSHU_PACKS", str(folder))
