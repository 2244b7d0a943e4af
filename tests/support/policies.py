"""A register whose operator has a version of the national pack: who goes first, and which types there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshu.registry.types import TYPES
from tanshu.rules.packs import PACKAGED

_SILENT = '[claims.undecided]\nin_force_from = 2021-05-14\nunknown = ["rule"]'
_ENABLED = "transaction_types = [\n"
_CHAIN = """
[chains.{key}]
name = {{ zh = "{zh}", en = "{en}" }}
steps = [{steps}]
source = "rules"
evidence = "assumed"
"""
STEPS = {
    "free_transfer": ("holder make", "holder check", "registry approve"),
    "credit_issuance": ("registry make", "registry check"),
    "auction": ("province make", "province check", "registry approve"),
}
"""Chains of types that the national pack does not have."""


class Operator:
    """An operator's version of cn.registry; each change adds to those before it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch):
        self._folder, self._patch = folder, patch
        self._text = (PACKAGED / "cn" / "registry.toml").read_text(encoding="utf-8")

    def ranks(self, *order: str) -> None:
        """First come without `order`, else by class."""
        listed = ", ".join(f'"{one}"' for one in order)
        rule = f'rule = "by_class"\norder = [{listed}]' if order else 'rule = "first_come"'
        decided = f"[claims.decided]\nin_force_from = 2021-05-14\n{rule}"
        self._put(_SILENT, decided)

    def enables(self, *types: str) -> None:
        """These types exist, too, each with a chain."""
        for code in types:
            kind = TYPES[code]
            self._put(_ENABLED, f'{_ENABLED}    "{code}",\n')
            if f"[chains.{kind.chain}]" not in self._text:
                steps = ", ".join(_step(*one.split()) for one in STEPS[kind.chain])
                name = {"key": kind.chain, "zh": kind.name.zh, "en": kind.name.en}
                self._put(_ENABLED, _ENABLED, added=_CHAIN.format(steps=steps, **name))

    def _put(self, old: str, new: str, added: str = "") -> None:
        assert old in self._text
        self._text = self._text.replace(old, new, 1) + added
        (self._folder / "cn").mkdir(parents=True, exist_ok=True)
        (self._folder / "cn" / "registry.toml").write_text(self._text, encoding="utf-8")
        self._patch.setenv("TANSHU_PACKS", str(self._folder))


def decide(folder: Path, patch: pytest.MonkeyPatch, *order: str) -> None:
    """Put a version in force that only says who goes first."""
    Operator(folder, patch).ranks(*order)


def _step(by: str, act: str) -> str:
    return f'{{ by = "{by}", act = "{act}" }}'
