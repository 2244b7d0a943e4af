"""What the rules tests share: a pack that must load, a unit with sensible defaults, refusals by code."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from tanshu.base.refusal import Refusal
from tanshu.rules import packs
from tanshu.rules.activity import UnitYear
from tanshu.rules.pack_model import Pack

T = TypeVar("T")

PACKAGED = Path(packs.__file__).parent / "packs"


def pack(name: str) -> Pack:
    """The pack of this name, drafts allowed."""
    return good(packs.load(name, allow_draft=True))


def good(answer: T | Refusal) -> T:
    """The answer, which must not be a refusal."""
    assert not isinstance(answer, Refusal), str(answer)
    return answer


def code(answer: object) -> str:
    """The code of an answer that must be a refusal with a sentence in both languages."""
    assert isinstance(answer, Refusal), answer
    for lang in ("zh", "en"):
        sentence = answer.sentence(lang)
        assert sentence and not re.search(r"\{\w+\}", sentence), sentence
    return answer.code


def unit(**changes: object) -> UnitYear:
    """A 600 MW class I unit of 2023 that ran 5,000 h at F = 1 (3,000,000 MWh), with changes."""
    base = UnitYear(
        unit="unit-1",
        year=2023,
        unit_class="I",
        capacity_mw=Decimal(600),
        generation_mwh=Decimal(3_000_000),
        heat_gj=Decimal(2_000_000),
        running_hours=Decimal(5_000),
        verified_t=2_600_000,
    )
    decimals = ("capacity_mw", "generation_mwh", "heat_gj", "running_hours", "supply_mwh", "heat_ratio")
    values = {
        name: Decimal(value) if name in decimals and isinstance(value, int | str) else value
        for name, value in changes.items()
    }
    return replace(base, **values)  # type: ignore[arg-type]


def read_sections(path: Path) -> dict[str, list[list[str]]]:
    """The golden-vector file: section name → rows of cells, header row first, comments left out."""
    sections: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            rows = sections.setdefault(line[1 : line.index("]")], [])
        elif line and not line.startswith("#"):
            rows.append(line.split(","))
    return sections
