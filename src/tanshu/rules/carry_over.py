"""Carry-over of allowances (配额结转): how much of the 2019–2024 vintages may become the 2025 vintage."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext

from tanshu.base.text import Text
from tanshu.rules.formulas import CONTEXT, tonnes
from tanshu.rules.pack_model import Pack
from tanshu.rules.steps import Step, shown, text_json


@dataclass(frozen=True, slots=True)
class CarryOver:
    """All quantities in tonnes.

    net_sold_t 净卖出量 · ceiling_t 最大可结转量 T · available_t holding less what pending applications hold ·
    carryable_t what may be carried over: 0 for an entity that surrendered late.
    """

    net_sold_t: int
    ceiling_t: int
    available_t: int
    eligible: bool
    carryable_t: int
    watermark: Text | None
    notes: tuple[Text, ...]
    steps: tuple[Step, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "net_sold_t": self.net_sold_t,
            "ceiling_t": self.ceiling_t,
            "available_t": self.available_t,
            "eligible": self.eligible,
            "carryable_t": self.carryable_t,
            "watermark": text_json(self.watermark) if self.watermark else None,
            "notes": [text_json(note) for note in self.notes],
            "steps": [step.as_json() for step in self.steps],
        }


def estimate(
    pack: Pack, sold_t: int, bought_t: int, holding_t: int, pending_t: int = 0, late: bool = False
) -> CarryOver:
    """The quantity an entity may carry over; `pack` is a carry-over pack such as cn.carry_over.

    T = ⌊B + NS × R⌋ with NS = max(0, sold − bought); carryable = min(T, holding − pending).
    sold_t and bought_t: trades of all old vintages in the pack's window. holding_t: trading, registered and
    judicially frozen units of the old vintages on the pack's day. pending_t: in applications (surrender,
    cancellation) not yet approved on that day. late: the entity missed a surrender deadline the pack names.
    Raises ValueError on a negative quantity and `Refused` (RULE-1203) on a pack of another kind: both are the
    caller's mistakes. Source: 国环规气候〔2024〕1号, annex 5.
    """
    if min(sold_t, bought_t, holding_t, pending_t) < 0:
        raise ValueError("quantities of a carry-over estimate are not negative")
    formula = pack.must_be("carry_over").table("formula")
    source = formula.step_source()
    base, multiplier = int(formula["base_t"]), formula.decimal("multiplier")
    net_sold = max(0, sold_t - bought_t)
    with localcontext(CONTEXT):
        ceiling = tonnes(formula["rounding"], base + multiplier * Decimal(net_sold))
    available = max(0, holding_t - pending_t)
    carryable = 0 if late else min(ceiling, available)
    steps = (
        Step(
            Text("净卖出量", "net sales"),
            "NS = max(0, S − P)",
            f"max(0, {shown(sold_t)} − {shown(bought_t)})",
            net_sold,
            "t",
            source,
        ),
        Step(
            Text("最大可结转量", "ceiling"),
            "T = ⌊B + NS × R⌋",
            f"⌊{shown(base)} + {shown(net_sold)} × {shown(multiplier)}⌋",
            ceiling,
            "t",
            source,
        ),
        Step(
            Text("期末持仓量(扣除未审核申请)", "holding less pending applications"),
            "H = H₀ − pending",
            f"{shown(holding_t)} − {shown(pending_t)}",
            available,
            "t",
            source,
        ),
        Step(
            Text("可结转量", "carryable"),
            "0 (late)" if late else "min(T, H)",
            "0" if late else f"min({shown(ceiling)}, {shown(available)})",
            carryable,
            "t",
            pack.table("eligibility").step_source() if late else source,
        ),
    )
    return CarryOver(net_sold, ceiling, available, not late, carryable, pack.watermark, pack.notes, steps)
