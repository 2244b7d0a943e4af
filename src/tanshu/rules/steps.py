"""One step of a calculation, shown so that a person can do it again by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tanshu.base.text import Text


@dataclass(frozen=True, slots=True)
class StepSource:
    """The document a step follows, and how well we know it: confirmed, recalled or assumed."""

    document: str
    number: str
    date: date
    evidence: str

    def __str__(self) -> str:
        return citation(self.document, self.number, self.date)

    def as_json(self) -> dict[str, object]:
        return {
            "document": self.document,
            "number": self.number,
            "date": self.date.isoformat(),
            "evidence": self.evidence,
        }


@dataclass(frozen=True, slots=True)
class Step:
    """label · formula in symbols · the formula with its numbers · result and unit · source."""

    label: Text
    formula: str
    numbers: str
    result: Decimal | int
    unit: str
    source: StepSource

    def as_json(self) -> dict[str, object]:
        return {
            "label": text_json(self.label),
            "formula": self.formula,
            "numbers": self.numbers,
            "result": number_json(self.result),
            "unit": self.unit,
            "source": self.source.as_json(),
        }


def citation(document: str, number: str, day: date) -> str:
    """《document》(number, date); the number is left out where the document has none."""
    inside = f"{number}, {day.isoformat()}" if number else day.isoformat()
    return f"《{document}》({inside})"


def shown(value: Decimal | int, places: int = 10) -> str:
    """A number as people read it: thousands commas, at most `places` decimals, the pack's own zeros kept."""
    if isinstance(value, int):
        return f"{value:,}"
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > places:
        text = f"{value:,.{places}f}".rstrip("0")
        return text.rstrip(".")
    return f"{value:,f}"


def text_json(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def number_json(value: Decimal | int | None) -> int | str | None:
    """Integers stay integers; a Decimal becomes plain text, so that no reader rounds it through a float."""
    return format(value, "f") if isinstance(value, Decimal) else value
