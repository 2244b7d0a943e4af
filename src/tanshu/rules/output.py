"""Allocation by output, intensity or history: of any product, by any market whose pack names the formula.

In the order of the Hubei plans: each line's quota → the entity's sum → decided anew (重新核定) where
emissions lie too far from it. The obligation is what was emitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from tanshu.base.quantity import QUANTITY_MAX
from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.rules import checks
from tanshu.rules.activity import OutputYear
from tanshu.rules.answers import answering
from tanshu.rules.factors import source
from tanshu.rules.formulas import CONTEXT, rounded, tonnes
from tanshu.rules.output_formulas import FACTOR_OF, FORMULAS, LINE_VALUES, REDETERMINATIONS
from tanshu.rules.pack_model import Pack
from tanshu.rules.steps import Step, number_json, shown, text_json


@dataclass(frozen=True, slots=True)
class LineQuota:
    """One line's quota in whole tonnes, and how it came about."""

    line: str
    product: str
    formula: str
    quota_t: int
    verified_t: int
    steps: tuple[Step, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "line": self.line,
            "product": self.product,
            "formula": self.formula,
            "quota_t": self.quota_t,
            "verified_t": self.verified_t,
            "steps": [step.as_json() for step in self.steps],
        }


@dataclass(frozen=True, slots=True)
class OutputAllocation:
    """What an entity is due for a year, in whole tonnes.

    initial_t: the sum of its lines' quotas · redetermined_t: what deciding anew added (negative: took away) ·
    approved_t 核定配额量 · obligation_t: what must be surrendered · gap_t = verified_t − approved_t.
    watermark must be shown with every use.
    """

    year: int
    pack: str
    lines: tuple[LineQuota, ...]
    verified_t: int
    initial_t: int
    redetermined_t: int
    approved_t: int
    obligation_t: int
    gap_t: int
    gap_rate: Decimal
    watermark: Text | None
    notes: tuple[Text, ...]
    steps: tuple[Step, ...]

    @property
    def parts(self) -> tuple[tuple[str, tuple[Step, ...]], ...]:
        """The steps of each line, by its name."""
        return tuple((line.line, line.steps) for line in self.lines)

    def as_json(self) -> dict[str, object]:
        return {
            "year": self.year,
            "pack": self.pack,
            "by_line": [line.as_json() for line in self.lines],
            "verified_t": self.verified_t,
            "initial_t": self.initial_t,
            "redetermined_t": self.redetermined_t,
            "approved_t": self.approved_t,
            "obligation_t": self.obligation_t,
            "gap_t": self.gap_t,
            "gap_rate": number_json(self.gap_rate),
            "watermark": text_json(self.watermark) if self.watermark else None,
            "notes": [text_json(note) for note in self.notes],
            "steps": [step.as_json() for step in self.steps],
        }


@answering
def allocate(pack: Pack, lines: Sequence[OutputYear], factors: Pack | None = None) -> OutputAllocation:
    """The entity's allocation for the pack's year from its lines' verified year.

    factors: the operator's pack (see `factors.operators_pack`). Refuses with RULE-1203 (no output pack),
    RULE-1511 (a number nobody has given) or RULE-1513…1517: the first thing wrong, line by line.
    """
    pack.must_be("output")
    _check_lines(pack, lines)
    with localcontext(CONTEXT):
        return _entity(pack, factors, tuple(_line_quota(pack, factors, line) for line in lines))


def _check_lines(pack: Pack, lines: Sequence[OutputYear]) -> None:
    if not lines:
        raise Refused(checks.NO_LINES(field="lines"))
    year, seen = pack.table("scope")["year"], set[str]()
    for line in lines:
        if line.line in seen:
            raise Refused(checks.LINE_TWICE(field="line", line=line.line))
        seen.add(line.line)
        if line.year != year:
            raise Refused(
                checks.LINE_OTHER_YEAR(
                    field="year", line=line.line, year=line.year, pack=pack.name, expected=year
                )
            )


def _line_quota(pack: Pack, factors: Pack | None, line: OutputYear) -> LineQuota:
    products = pack.group("products")
    product = products.get(line.product)
    if product is None:
        known = ", ".join(products)
        raise Refused(
            checks.PRODUCT_UNKNOWN(field="product", line=line.line, product=line.product, known=known)
        )
    formula = FORMULAS[product["formula"]]
    values: dict[str, Decimal] = {}
    steps: list[Step] = []
    for symbol in formula.symbols:
        if symbol in LINE_VALUES:
            values[symbol] = _given(line, LINE_VALUES[symbol])
            continue
        group = FACTOR_OF[symbol]
        table = source(pack, factors, group if symbol == "M" else f"{group}.{line.product}")
        values[symbol] = table.decimal("value")
        text = Text(f"{symbol}:[{table.name}]", f"{symbol}: [{table.name}]")
        steps.append(
            Step(text, symbol, shown(values[symbol]), values[symbol], product["unit"], table.step_source())
        )
    quota = formula.apply(values)
    if quota > QUANTITY_MAX:
        raise Refused(checks.SUM_TOO_LARGE(value=shown(quota), limit=QUANTITY_MAX))
    quota_t = tonnes(pack.table("rounding")["quota"], quota)
    steps.append(
        Step(
            Text(f"{product['name'].zh}配额", f"quota, {product['name'].en}"),
            str(formula),
            formula.substitute(values),
            quota_t,
            "t",
            product.step_source(),
        )
    )
    return LineQuota(line.line, line.product, product["formula"], quota_t, line.verified_t, tuple(steps))


def _given(line: OutputYear, name: str) -> Decimal:
    value = getattr(line, name)
    if value is None or not value.is_finite() or value < 0:
        raise Refused(
            checks.LINE_VALUE_NEEDED(field=name, line=line.line, product=line.product, field_name=name)
        )
    return value


def _entity(pack: Pack, factors: Pack | None, lines: tuple[LineQuota, ...]) -> OutputAllocation:
    verified_t = sum(line.verified_t for line in lines)
    initial_t = sum(line.quota_t for line in lines)
    sum_step = Step(
        Text("初始配额量", "initial quota"),
        "A0 = ΣA",
        " + ".join(shown(line.quota_t) for line in lines),
        initial_t,
        "t",
        pack.table("rounding").step_source(),
    )
    approved_t, anew = _decided_anew(pack, verified_t, initial_t)
    gap_t = verified_t - approved_t
    rate = Decimal(gap_t) / verified_t if verified_t else Decimal(0)
    marked = [each.watermark for each in (pack, factors) if each and each.watermark]
    return OutputAllocation(
        year=pack.table("scope")["year"],
        pack=pack.name,
        lines=lines,
        verified_t=verified_t,
        initial_t=initial_t,
        redetermined_t=approved_t - initial_t,
        approved_t=approved_t,
        obligation_t=verified_t,
        gap_t=gap_t,
        gap_rate=rounded(pack.table("rounding")["gap_rate"], rate),
        watermark=marked[0] if marked else None,
        notes=(*pack.notes, *(factors.notes if factors else ())),
        steps=(sum_step, *anew),
    )


def _decided_anew(pack: Pack, verified_t: int, initial_t: int) -> tuple[int, tuple[Step, ...]]:
    """重新核定: what the quota becomes where emissions lie a share of it, or so many tonnes, away."""
    table = pack.tables.get("redetermination")
    if table is None:
        return initial_t, ()
    share = tonnes(pack.table("rounding")["quota"], table.decimal("share") * initial_t)
    limit_t = min(share, table["quantity_t"])
    approved_t = REDETERMINATIONS[table["formula"]](verified_t, initial_t, limit_t)
    step = Step(
        Text("重新核定", "decided anew"),
        f"L = min(⌊{shown(table.decimal('share'))} × A0⌋, {shown(table['quantity_t'])}); {table['formula']}",
        f"E = {shown(verified_t)}, A0 = {shown(initial_t)}, L = {shown(limit_t)}",
        approved_t,
        "t",
        table.step_source(),
    )
    return approved_t, (step,)
