"""Explains a result so that a person can check it by hand: label, formula with numbers, result, source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Protocol

from tanshu.base.refusal import Refused
from tanshu.base.text import Lang, Text
from tanshu.rules import checks
from tanshu.rules.activity import Cooling, UnitClass
from tanshu.rules.answers import answering
from tanshu.rules.formulas import CONTEXT, QUOTAS, heat_supply_factor
from tanshu.rules.pack_model import Pack
from tanshu.rules.power_units import heat_key, load_correction_step, quota_steps_of
from tanshu.rules.steps import Step, shown
from tanshu.rules.terms import EVIDENCE


@dataclass(frozen=True, slots=True)
class ExplainLine:
    """One line in one language. `about` is the unit it belongs to, "" for the entity."""

    about: str
    label: str
    formula: str
    numbers: str
    result: str
    unit: str
    source: str

    def as_json(self) -> dict[str, str]:
        return {
            "about": self.about,
            "label": self.label,
            "formula": self.formula,
            "numbers": self.numbers,
            "result": self.result,
            "unit": self.unit,
            "source": self.source,
        }


class Explained(Protocol):
    """An allocation of any method: the steps of its units or lines, then the entity's."""

    @property
    def parts(self) -> tuple[tuple[str, tuple[Step, ...]], ...]: ...

    @property
    def steps(self) -> tuple[Step, ...]: ...

    @property
    def watermark(self) -> Text | None: ...

    @property
    def notes(self) -> tuple[Text, ...]: ...


def allocation(result: Explained, lang: Lang) -> tuple[ExplainLine, ...]:
    """Every step of an allocation, unit by unit or line by line, then the entity.

    The watermark and the notes are not lines: show `warnings(result, lang)` with them.
    """
    lines = [line for name, steps in result.parts for line in lines_of(steps, lang, name)]
    return (*lines, *lines_of(result.steps, lang))


def warnings(result: Explained, lang: Lang) -> tuple[str, ...]:
    """The watermark, if any, and the notes on recalled and assumed tables: what every output must show."""
    watermark = (result.watermark,) if result.watermark else ()
    return tuple(text.in_(lang) for text in (*watermark, *result.notes))


def lines_of(steps: Iterable[Step], lang: Lang, about: str = "") -> tuple[ExplainLine, ...]:
    """Steps as lines in one language; the source names its evidence unless it is confirmed."""
    return tuple(
        ExplainLine(
            about,
            step.label.in_(lang),
            step.formula,
            step.numbers,
            shown(step.result),
            step.unit,
            _source(step, lang),
        )
        for step in steps
    )


@answering
def load_correction(pack: Pack, load: Decimal) -> Step:
    """The load correction of conventional coal at load factor `load` (a fraction, 0.60 for 60 %)."""
    _check_numbers(load=load)
    with localcontext(CONTEXT):
        return load_correction_step(pack.must_be("power"), load)


@answering
def initial_quota(
    pack: Pack,
    unit_class: UnitClass,
    qe: Decimal,
    qh: Decimal,
    ff: Decimal = Decimal(1),
    *,
    cooling: Cooling = "water",
    heat_ratio: Decimal = Decimal(0),
) -> tuple[Step, Step, Step]:
    """Electricity quota, heat quota and their sum for Qe MWh (on the year's basis), Qh GJ and load
    correction Ff.

    cooling and heat_ratio matter in 2019–2022 only.
    """
    _check_numbers(qe=qe, qh=qh, ff=ff, heat_ratio=heat_ratio)
    with localcontext(CONTEXT):
        if not QUOTAS[pack.must_be("power").table("quota")["formula"]].needs:
            return quota_steps_of(pack, unit_class, qe, qh, ff)
        slope = pack.table("correction.heat_ratio").decimal(heat_key(unit_class))
        cooling_factor = None if unit_class == "IV" else pack.table("correction.cooling").decimal(cooling)
        factor = heat_supply_factor(slope, heat_ratio)
        return quota_steps_of(pack, unit_class, qe, qh, ff, cooling_factor, factor)


def _check_numbers(**numbers: Decimal) -> None:
    for name, value in numbers.items():
        if not (value.is_finite() and value >= 0):
            raise Refused(
                checks.BAD_NUMBER(
                    field=name,
                    unit="—",
                    field_name=name,
                    value=value,
                    expected_zh="非负的十进制数",
                    expected_en="a Decimal that is not negative",
                )
            )


def _source(step: Step, lang: Lang) -> str:
    evidence = step.source.evidence
    if evidence == "confirmed":
        return str(step.source)
    return f"{step.source} [{EVIDENCE[evidence].in_(lang)}]"
