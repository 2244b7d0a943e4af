"""Where listing and block do not add up to the total: why, and what would mend it.

Causes are tried from the most telling to the least: figures in each other's columns, a figure repeated from
an earlier day, a total that is one leg, a slip of digits; else any of the three may be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.exchange.published import checks
from tanshu.exchange.published.model import (
    BLOCK,
    LEGS,
    LISTING,
    MODE_LABELS,
    MODES,
    SUMS,
    TOTAL,
    UNIT_LABELS,
    WHAT_LABELS,
    Finding,
    Kind,
    Repair,
    Row,
    Terms,
    found,
    said,
)

SLIPS = (10, 100, 1_000, 10_000)


def broken(row: Row, earlier: Sequence[Row], terms: Terms) -> Iterator[Finding]:
    """A finding for each cause; volume and amount together where one cause explains both."""
    off = [what for what in SUMS if _off(row.cells, what)]
    if not off:
        return
    if exchanged := _exchanged(row, terms):
        yield exchanged
        return
    if copied := list(_copied(row, earlier, off, terms)):
        yield from copied
        off = [what for what in off if not any(_has(one, what) for one in copied)]
    for what in off:
        yield _leg_as_total(row, what) or _slipped(row, what, terms) or _unexplained(row, what, terms)


def rest_of(row: Row, leg: str, other: str) -> tuple[Repair, ...]:
    """The leg as what the other leaves of the total, where that is not below zero."""
    rest = {f"{leg}_{what}": (row.get(TOTAL, what) or 0) - (row.get(other, what) or 0) for what in SUMS}
    return (rest,) if all(value >= 0 for value in rest.values()) else ()


def plausible(row: Row, repairs: Sequence[Repair], terms: Terms) -> tuple[Repair, ...]:
    """Those repairs after which the row satisfies its terms; all of them where none does, or all do."""
    good = [one for one in repairs if _fits({**row.cells, **one}, row, terms)]
    return tuple(good or repairs)


def between(amount: int, volume: int, low: int, high: int) -> bool:
    """Whether the average of trades lies within the prices that there were."""
    return low * volume <= amount <= high * volume


def average_yuan(amount: int, volume: int) -> str:
    """The average for a sentence: yuan per tonne with four decimals, half up."""
    parts = (2 * amount * 100 + volume) // (2 * volume)
    return f"{parts // 10_000}.{parts % 10_000:04d}"


def _off(cells: Mapping[str, int | None], what: str) -> int:
    """How far the total is above its legs; 0 where they agree, or one is not there."""
    listing, block, total = (cells.get(f"{mode}_{what}") for mode in (LISTING, BLOCK, TOTAL))
    if listing is None or block is None or total is None:
        return 0
    return total - listing - block


def _fits(cells: Mapping[str, int | None], row: Row, terms: Terms) -> bool:
    if any(value is not None and value < 0 for value in cells.values()):
        return False
    for leg in LEGS:
        volume, amount = (cells.get(f"{leg}_{what}") for what in SUMS)
        if volume is not None and amount is not None and (volume == 0) != (amount == 0):
            return False
    block = cells.get("block_volume")
    if block and block < terms.block_min_t:
        return False
    volume, amount, low, high = (cells.get(name) for name in ("listing_volume", "listing_amount", *_RANGE))
    if not terms.own_quote(row.day) or terms.quote_of != LISTING:
        return True
    if volume is None or amount is None or low is None or high is None or not volume:
        return True
    return between(amount, volume, low, high)


_RANGE = ("total_low", "total_high")


def _finding(
    row: Row, fields: Sequence[str], why: Refusal, repairs: Sequence[Repair], terms: Terms
) -> Finding:
    kept = plausible(row, repairs, terms)
    return found(row, fields, Kind.HARD, why, *kept)


def _has(finding: Finding, what: str) -> bool:
    return any(name.endswith(f"_{what}") for name in finding.fields)


def _exchanged(row: Row, terms: Terms) -> Finding | None:
    """The three figures add up, but only in other columns: the largest is the total that stands in a leg."""
    known = [what for what in SUMS if all(row.get(mode, what) is not None for mode in MODES)]
    for leg, other in (LEGS, LEGS[::-1]):
        new: dict[str, dict[str, int]] = {LISTING: {}, BLOCK: {}}
        for what in known:
            mine, its, total = (row.get(mode, what) or 0 for mode in (leg, other, TOTAL))
            if mine != its + total or not its or not total:
                break
            for place, (first, second) in zip(LEGS, ((its, total), (total, its)), strict=True):
                new[place] |= {f"{leg}_{what}": first, f"{other}_{what}": second, f"total_{what}": mine}
        else:
            fields = [f"{mode}_{what}" for what in known for mode in MODES]
            volume, amount = (_equation(row, leg, other, what) for what in SUMS)
            why = checks.EXCHANGED(field=fields[0], volume=volume, amount=amount)
            return _finding(row, fields, why, list(new.values()), terms)
    return None


def _equation(row: Row, leg: str, other: str, what: str) -> str:
    whole, one, two = row.get(leg, what), row.get(other, what), row.get(TOTAL, what)
    return f"{said(what, whole)} = {said(what, one)} + {said(what, two)}"


def _copied(row: Row, earlier: Sequence[Row], off: Sequence[str], terms: Terms) -> Iterator[Finding]:
    """Legs whose wrong figure stands in an earlier row of the same leg; of two, the leg that repeats more."""
    copies: list[tuple[str, Row, list[str]]] = []
    for leg in LEGS:
        for old in reversed(earlier):
            same = [what for what in off if row.get(leg, what) and row.get(leg, what) == old.get(leg, what)]
            if same:
                copies.append((leg, old, same))
                break
    if not copies:
        return
    most = max(len(same) for _, _, same in copies)
    for leg, old, same in copies:
        if len(same) < most:
            continue
        other = LEGS[1 - LEGS.index(leg)]
        rest = rest_of(row, leg, other)
        repairs = [{f"{leg}_{what}": one[f"{leg}_{what}"] for what in same} for one in rest]
        what = _joined(same)
        why = checks.COPIED(field=f"{leg}_{same[0]}", mode=MODE_LABELS[leg], what=what, day=old.day)
        yield _finding(row, [f"{leg}_{one}" for one in same], why, repairs, terms)


def _joined(whats: Sequence[str]) -> Text:
    labels = [WHAT_LABELS[what] for what in whats]
    return Text("与".join(one.zh for one in labels), " and ".join(one.en for one in labels))


def _leg_as_total(row: Row, what: str) -> Finding | None:
    listing, block, total = (row.get(mode, what) or 0 for mode in (LISTING, BLOCK, TOTAL))
    if total not in (listing, block) or not listing or not block:
        return None
    leg, other = (LISTING, block) if total == listing else (BLOCK, listing)
    why = checks.LEG_AS_TOTAL(
        field=f"total_{what}",
        what=WHAT_LABELS[what],
        total=said(what, total),
        mode=MODE_LABELS[leg],
        other=said(what, other),
    )
    repair = {f"total_{what}": listing + block}
    return found(row, (f"total_{what}",), Kind.HARD, why, repair)


def _slipped(row: Row, what: str, terms: Terms) -> Finding | None:
    """One of the three, ten, a hundred, … times too large or too small."""
    for mode in MODES:
        value = row.get(mode, what) or 0
        for factor in SLIPS:
            for mended in (value * factor, *([value // factor] if value % factor == 0 else [])):
                name = f"{mode}_{what}"
                if not value or _off({**row.cells, name: mended}, what):
                    continue
                why = checks.SCALE(
                    field=name,
                    mode=MODE_LABELS[mode],
                    what=WHAT_LABELS[what],
                    value=said(what, value),
                    factor=factor,
                )
                return _finding(row, [name], why, [{name: mended}], terms)
    return None


def _unexplained(row: Row, what: str, terms: Terms) -> Finding:
    listing, block, total = (row.get(mode, what) or 0 for mode in (LISTING, BLOCK, TOTAL))
    mended = {LISTING: total - block, BLOCK: total - listing, TOTAL: listing + block}
    repairs = [{f"{mode}_{what}": value} for mode, value in mended.items() if value >= 0]
    figures = {"listing": listing, "block": block, "total": total, "off": total - listing - block}
    shown = {name: said(what, value) for name, value in figures.items()}
    why = checks.SUM(field=f"total_{what}", what=UNIT_LABELS[what], **shown)
    return _finding(row, [f"{mode}_{what}" for mode in MODES], why, repairs, terms)
