"""What every allocation pack answers, whatever its method: pre-allocation, vintages, offset."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, localcontext
from typing import Final, NoReturn

from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Text
from tanshu.rules import checks
from tanshu.rules.answers import answering
from tanshu.rules.factors import factor
from tanshu.rules.formulas import CONTEXT, tonnes
from tanshu.rules.pack_model import Pack

ALLOCATING: Final = ("power", "output")
"""The schemas of allocation packs."""


@answering
def pre_allocation(
    pack: Pack, last_verified_t: int, share: Decimal | None = None, factors: Pack | None = None
) -> int:
    """预分配: the tonnes issued ahead, a share of last year's verified emissions, floored (1789.70 → 1789).

    The national plans floor each unit's figure before adding: call once per unit and add. share: needed where
    the pack only sets a ceiling (RULE-2009); elsewhere it may only repeat the pack's share (RULE-2010).
    factors: the operator's pack, where the share is left to it (RULE-1511 without it). Refuses with RULE-2013
    where the year's pre-allocation rests on something else than emissions; raises ValueError below zero.
    """
    if last_verified_t < 0:
        raise ValueError("verified emissions are not negative")
    table = pack.must_be(*ALLOCATING).table("pre_allocation")
    match table["rule"]:
        case "other_base":
            raise Refused(checks.PRE_ALLOCATION_OTHER_BASE(pack=pack.name, base=table["base"]))
        case "ceiling":
            used = _share_under(pack, table.decimal("share_max"), share)
        case "operator":
            used = _only(pack, factor(pack, factors, "pre_allocation", "share"), share)
        case _:
            used = _only(pack, table.decimal("share"), share)
    with localcontext(CONTEXT):
        return tonnes(pack.table("rounding")["pre_allocation"], used * last_verified_t)


def true_up(approved_t: int, pre_t: int) -> int:
    """多退少补: what is still to be issued; negative is what the holder returns."""
    return approved_t - pre_t


def offset_limit(pack: Pack, obligation_t: int) -> int:
    """The most tonnes of credits that may offset an obligation (抵销上限). Raises `Refused` for a pack of
    another kind (RULE-1203) or one that knows no offset (RULE-1202).

    Source: 生态环境部令第19号 art. 29 (5 %); its rounding is the pack's.
    """
    limit = pack.must_be(*ALLOCATING).table("offset").decimal("limit")
    with localcontext(CONTEXT):
        return tonnes(pack.table("offset_rounding")["rule"], obligation_t * limit)


def permitted_vintages(pack: Pack) -> tuple[str, ...]:
    """The instruments that may be surrendered for the pack's year. Raises `Refused` for a pack of another
    kind.
    """
    return pack.must_be(*ALLOCATING).table("vintages")["permitted"]


def check_offset_credit(pack: Pack, registered_on: date, used_on: date) -> Refusal | None:
    """Whether a CCER of this registration date may offset the pack's year on `used_on`: None, or
    RULE-2014.
    """
    ccer = pack.must_be(*ALLOCATING).table("ccer")
    start, before = ccer.values.get("registered_from"), ccer.values.get("old_registered_before")
    rule: Text | None = None
    if start is not None and registered_on < start:
        rule = Text(f"仅可使用 {start} 起登记的减排量", f"only those registered from {start} on may be used")
    elif before is not None and registered_on < before and used_on > ccer["old_usable_until"]:
        until = ccer["old_usable_until"]
        rule = Text(
            f"{before} 前登记的减排量只能用到 {until}", f"those registered before {before} end on {until}"
        )
    if rule is None:
        return None
    return checks.CREDIT_TOO_OLD(
        field="registered_on", registered_on=registered_on, used_on=used_on, rule_zh=rule.zh, rule_en=rule.en
    )


def _only(pack: Pack, used: Decimal, share: Decimal | None) -> Decimal:
    if share is not None and share != used:
        _share_refused(pack, share, Text(f"固定为 {used}", f"it is fixed at {used}"))
    return used


def _share_under(pack: Pack, ceiling: Decimal, share: Decimal | None) -> Decimal:
    if share is None:
        raise Refused(checks.SHARE_NEEDED(field="share", pack=pack.name, share_max=ceiling))
    if not (share.is_finite() and 0 <= share <= ceiling):
        _share_refused(pack, share, Text(f"不得超过 {ceiling}", f"it may not exceed {ceiling}"))
    return share


def _share_refused(pack: Pack, share: Decimal, allowed: Text) -> NoReturn:
    raise Refused(
        checks.SHARE_NOT_ALLOWED(
            field="share", share=share, pack=pack.name, allowed_zh=allowed.zh, allowed_en=allowed.en
        )
    )
