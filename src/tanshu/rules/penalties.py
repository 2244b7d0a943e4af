"""What the law in force says about unpaid allowances: a range and its basis, never a decision.

The fine itself is the authority's recorded decision; the system shows what the law allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Text
from tanshu.rules import checks, packs
from tanshu.rules.answers import answering
from tanshu.rules.pack_model import Pack, Table
from tanshu.rules.steps import StepSource, shown, text_json


@dataclass(frozen=True, slots=True)
class PenaltyRange:
    """min_fen and max_fen bound the fine; `numbers` shows how they came about."""

    law: Text
    min_fen: int
    max_fen: int
    basis: Text
    numbers: str
    source: StepSource
    notes: tuple[Text, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "law": text_json(self.law),
            "min_fen": self.min_fen,
            "max_fen": self.max_fen,
            "basis": text_json(self.basis),
            "numbers": self.numbers,
            "source": self.source.as_json(),
            "notes": [text_json(note) for note in self.notes],
        }


@answering
def non_surrender(jurisdiction: str, on: date, unpaid_t: int, average_price_fen: int) -> PenaltyRange:
    """The range of the fine for failing to surrender (未按照规定清缴), in fen.

    on: the day whose law applies. unpaid_t: tonnes short. average_price_fen: average traded price of the
    month before the deadline, fen per tonne (the pack's [average_price] says which trades we take that to
    mean); laws with a fixed range do not use it. Refuses with RULE-4001 (no law recorded for that day),
    RULE-4002 (a number not positive), RULE-1201 (the law is in force, its amounts are not known to us).
    Source: 国务院令第775号 art. 24; 生态环境部令第19号 art. 40.
    """
    for name, value in (("unpaid_t", unpaid_t), ("average_price_fen", average_price_fen)):
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise Refused(checks.NUMBER_NOT_POSITIVE(field=name, name=name, value=value))
    pack = _pack(jurisdiction)
    key, law = _law_on(pack, jurisdiction, on)
    rule = pack.table(f"non_surrender.{key}")
    low, high, numbers = _range(rule, unpaid_t, average_price_fen)
    used = [rule.name] if rule["formula"] == "fixed_range" else [rule.name, "average_price"]
    return PenaltyRange(
        law["title"], low, high, rule["basis"], numbers, rule.step_source(), pack.notes_on(*used)
    )


def _range(rule: Table, unpaid_t: int, price_fen: int) -> tuple[int, int, str]:
    if rule["formula"] == "fixed_range":
        low, high = rule["fine_min_fen"], rule["fine_max_fen"]
        return low, high, f"{shown(low)} … {shown(high)} fen"
    value = unpaid_t * price_fen
    low, high = rule["multiple_min"], rule["multiple_max"]
    numbers = f"{shown(unpaid_t)} t × {shown(price_fen)} fen/t × {low} … {high}"
    return value * low, value * high, numbers


def _law_on(pack: Pack, jurisdiction: str, on: date) -> tuple[str, Table]:
    for key, law in pack.group("laws").items():
        if law["in_force_from"] <= on and (law["in_force_to"] is None or on <= law["in_force_to"]):
            return key, law
    raise Refused(checks.NO_LAW_IN_FORCE(field="on", jurisdiction=jurisdiction, on=on.isoformat()))


def _pack(jurisdiction: str) -> Pack:
    pack = packs.load(f"{jurisdiction}.penalties")
    if isinstance(pack, Refusal):
        raise Refused(pack)
    return pack.must_be("penalties")
