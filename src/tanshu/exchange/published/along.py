"""What a row must satisfy beside its neighbours: each day once, running totals, previous closes, bands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal

from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.exchange.published import checks
from tanshu.exchange.published.model import (
    BLOCK,
    SUMS,
    TOTAL,
    WHAT_LABELS,
    Finding,
    Kind,
    Repair,
    Row,
    Terms,
    found,
    said,
)
from tanshu.exchange.published.sums import average_yuan, between

CHANGE_PER_ONE = 10_000
"""Changes are in hundredths of a per cent."""
_ALIKE = {True: Text("相同", "alike"), False: Text("不同", "different")}


def twice(row: Row, earlier: Sequence[Row]) -> Finding | None:
    """The same day a second time."""
    other = next((one for one in earlier if one.day == row.day), None)
    if other is None:
        return None
    alike = _ALIKE[dict(other.cells) == dict(row.cells)]
    why = checks.DAY_TWICE(field="day", day=row.day, other=other.number, alike=alike)
    return found(row, ("day",), Kind.HARD, why)


def chained(row: Row, last: Row | None, older: Row | None, later: Row | None) -> Iterator[Finding]:
    """What the row says of the one before, `last`: its close, the change since, the running totals."""
    yield from _previous_close(row, last)
    yield from _change(row, last)
    if last:
        for what in SUMS:
            yield from _cumulative(row, last, older, later, what)


def banded(row: Row, last: Row | None, terms: Terms, *, legs: bool) -> Iterator[Finding]:
    """Prices within the bands around the previous close. legs: whether the row's legs can be relied on.

    Only where the quote is of one price: a composed one has no band, nor is it the base of a vintage's.
    """
    composed = terms.composite_from is not None and row.day is not None and row.day >= terms.composite_from
    base = _base(row, last, terms)
    block = row.get(BLOCK, "volume")
    if legs and block and block < terms.block_min_t:
        why = checks.BLOCK_SMALL(
            field="block_volume", volume=said("volume", block), least=said("volume", terms.block_min_t)
        )
        yield _suspect(row, ("block_volume",), why)
    if base is None or composed:
        return
    if terms.band is not None:
        yield from _beyond(row, base, terms.band)
    if terms.block_band is not None and legs:
        yield from _block_beyond(row, base, terms.block_band)


def limits(base: int, band: Decimal) -> tuple[int, int]:
    """The lowest and highest price of a day, fen: the band around its base, rounded half up."""
    lowest, highest = (
        int((base * (1 + sign * band)).quantize(Decimal(1), ROUND_HALF_UP)) for sign in (-1, 1)
    )
    return lowest, highest


def _suspect(row: Row, fields: tuple[str, ...], why: Refusal) -> Finding:
    return found(row, fields, Kind.SUSPECT, why)


def _base(row: Row, last: Row | None, terms: Terms) -> int | None:
    if stated := row.get(TOTAL, "prev_close"):
        return stated
    if row.day is not None and row.day == terms.first_day:
        return terms.first_reference
    return last.get(TOTAL, "close") if last else None


def _previous_close(row: Row, last: Row | None) -> Iterator[Finding]:
    stated, before = row.get(TOTAL, "prev_close"), last.get(TOTAL, "close") if last else None
    if last is None or stated is None or before is None or stated == before:
        return
    fields = ("total_prev_close",)
    shown = {"stated": said("close", stated), "before": said("close", before)}
    why = checks.PREV_CLOSE(field=fields[0], day=last.day, **shown)
    yield found(row, fields, Kind.HARD, why)


def _change(row: Row, last: Row | None) -> Iterator[Finding]:
    stated, close = row.get(TOTAL, "change"), row.get(TOTAL, "close")
    before = row.get(TOTAL, "prev_close") or (last.get(TOTAL, "close") if last else None)
    if stated is None or close is None or not before:
        return
    if abs((close - before) * CHANGE_PER_ONE - stated * before) <= before:  # rounded, or cut
        return
    right = int((Decimal((close - before) * CHANGE_PER_ONE) / before).quantize(Decimal(1), ROUND_HALF_UP))
    fields = ("total_change",)
    shown = {"stated": said("change", stated), "right": said("change", right)}
    shown |= {"before": said("close", before), "close": said("close", close)}
    why = checks.CHANGE(field=fields[0], **shown)
    yield found(row, fields, Kind.HARD, why, {fields[0]: right})


def _cumulative(row: Row, last: Row, older: Row | None, later: Row | None, what: str) -> Iterator[Finding]:
    """A running total that does not move by the day's figure. Right again the next day, it is told once."""
    name = f"cum_{what}"
    stated, before, today = row.get(TOTAL, name), last.get(TOTAL, name), row.get(TOTAL, what)
    if stated is None or before is None or today is None or stated == before + today:
        return
    if _healed(row, last, older, what):
        return
    fields = (f"total_{name}", f"total_{what}")
    shown = {"stated": said(what, stated), "before": said(what, before), "today": said(what, today)}
    why = checks.CUMULATIVE(field=fields[0], what=WHAT_LABELS[name], **shown)
    repairs: list[Repair] = [{fields[0]: before + today}]
    if stated >= before and not (later and _healed(later, row, last, what)):
        repairs.append({fields[1]: stated - before})
    yield found(row, fields, Kind.HARD, why, *repairs)


def _healed(row: Row, last: Row, older: Row | None, what: str) -> bool:
    """Whether only the row before was off, and this one is right again by what both days traded."""
    name, start = f"cum_{what}", older.get(TOTAL, f"cum_{what}") if older else None
    first, second, stated = last.get(TOTAL, what), row.get(TOTAL, what), row.get(TOTAL, name)
    return None not in (start, first, second) and stated == (start or 0) + (first or 0) + (second or 0)


def _beyond(row: Row, base: int, band: Decimal) -> Iterator[Finding]:
    lowest, highest = limits(base, band)
    for what in ("low", "high") if row.get(TOTAL, "low") is not None else ("close",):
        value = row.get(TOTAL, what)
        if value is None or lowest <= value <= highest:
            continue
        why = checks.BEYOND_BAND(
            field=f"total_{what}",
            what=WHAT_LABELS[what],
            value=said("close", value),
            **_band_said(base, lowest, highest),
        )
        yield _suspect(row, (f"total_{what}",), why)


def _band_said(base: int, lowest: int, highest: int) -> dict[str, str]:
    prices = {"before": base, "lowest": lowest, "highest": highest}
    return {name: said("close", price) for name, price in prices.items()}


def _block_beyond(row: Row, base: int, band: Decimal) -> Iterator[Finding]:
    volume, amount = (row.get(BLOCK, what) for what in SUMS)
    lowest, highest = limits(base, band)
    if not volume or not amount or between(amount, volume, lowest, highest):
        return
    why = checks.BLOCK_BAND(
        field="block_amount",
        average=average_yuan(amount, volume),
        **_band_said(base, lowest, highest),
    )
    yield _suspect(row, ("block_volume", "block_amount"), why)
