"""Refusals: the numbered, translated, actionable "no" of the house.

A refusal is a value, not an exception. Every room keeps its own list in `checks.py`:

    INSUFFICIENT = refusal("REG-2005", "可用数量不足:可用 {available},需要 {needed}。…", "Available …")
    ...
    return INSUFFICIENT(field="quantity", available=400, needed=600)

Codes are stable for ever; a retired code is never used again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as with_default
from typing import TypeVar

from tanshu.base.text import Lang, Text

T = TypeVar("T")

_CODE = re.compile(r"^[A-Z]{2,5}-\d{4}$")
_CATALOGUE: dict[str, RefusalKind] = {}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One "no": a stable code, the field it is about, and the facts its sentence needs."""

    kind: RefusalKind
    field: str | None = None
    facts: Mapping[str, object] = with_default(default_factory=dict)

    @property
    def code(self) -> str:
        return self.kind.code

    @property
    def text(self) -> Text:
        return Text(self._in("zh"), self._in("en"))

    def sentence(self, lang: Lang) -> str:
        return self._in(lang)

    def _in(self, lang: Lang) -> str:
        """The sentence; a fact that is a `Text` speaks the reader's language, too."""
        facts = {k: v.in_(lang) if isinstance(v, Text) else v for k, v in self.facts.items()}
        return self.kind.text.in_(lang).format(**facts)

    def as_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "field": self.field,
            "message": {"zh": self.sentence("zh"), "en": self.sentence("en")},
            "facts": {k: _plain(v) for k, v in self.facts.items()},
        }

    def at(self, place: str) -> Refusal:
        """The same refusal, its field named from further out: `lines[3].quantity`."""
        return Refusal(self.kind, f"{place}.{self.field}" if self.field else place, self.facts)

    def __str__(self) -> str:
        return f"{self.code} {self.sentence('en')}"


def _plain(fact: object) -> object:
    if isinstance(fact, Text):
        return {"zh": fact.zh, "en": fact.en}
    return fact if isinstance(fact, int | None) else str(fact)


@dataclass(frozen=True, slots=True)
class RefusalKind:
    """A numbered reason for refusing; call it with a field and facts to get a `Refusal`."""

    code: str
    text: Text

    def __call__(self, *, field: str | None = None, **facts: object) -> Refusal:
        return Refusal(self, field, facts)


def refusal(code: str, zh: str, en: str) -> RefusalKind:
    """Define a numbered refusal. Defining one code twice is a bug."""
    if not _CODE.match(code):
        raise ValueError(f"refusal code {code!r} is not like REG-2005")
    if code in _CATALOGUE:
        raise ValueError(f"refusal code {code} is defined twice")
    kind = RefusalKind(code, Text(zh, en))
    _CATALOGUE[code] = kind
    return kind


def catalogue() -> Mapping[str, RefusalKind]:
    """Every refusal defined so far, by code."""
    return dict(sorted(_CATALOGUE.items()))


class Refused(Exception):
    """A refusal on its way out: of a loader, of a verb's decision (the commit turns it into its answer)."""

    def __init__(self, why: Refusal):
        super().__init__(str(why))
        self.refusal = why


def need(answer: T | Refusal) -> T:
    """The value; its refusal leaves as `Refused`."""
    if isinstance(answer, Refusal):
        raise Refused(answer)
    return answer
