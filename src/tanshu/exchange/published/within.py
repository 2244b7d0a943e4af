"""What one row must satisfy by itself."""

from __future__ import annotations

from collections.abc import Iterator

from tanshu.exchange.published import checks
from tanshu.exchange.published.model import (
    AUCTION,
    AVERAGE_PER_FEN,
    BLOCK,
    LEGS,
    LISTING,
    MODE_LABELS,
    MODES,
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
from tanshu.exchange.published.sums import SLIPS, average_yuan, between

FAR = 4
"""An average so many times above or below the close is no price of that day."""
DOUBTFUL_PER_CENT = 2
"""Legs of a composed quote look exchanged when listing averages so far outside it, and block inside."""


def one_sided(row: Row) -> Iterator[Finding]:
    """Nothing traded for money, or something for nothing."""
    for mode in MODES:
        volume, amount = (row.get(mode, what) for what in SUMS)
        if volume is None or amount is None or (volume == 0) == (amount == 0):
            continue
        fields = tuple(f"{mode}_{what}" for what in SUMS)
        why = checks.ONE_SIDED(
            field=fields[0],
            mode=MODE_LABELS[mode],
            volume=said("volume", volume),
            amount=said("amount", amount),
        )
        yield found(row, fields, Kind.HARD, why)


def price_order(row: Row) -> Iterator[Finding]:
    """low ≤ open, close ≤ high, as far as they are there."""
    for mode in MODES:
        names = tuple(f"{mode}_{what}" for what in ("open", "high", "low", "close"))
        opened, high, low, close = (row.cells.get(name) for name in names)
        inside = [price for price in (opened, close) if price is not None]
        above = high is not None and any(price > high for price in (*inside, *([low] if low else [])))
        below = low is not None and any(price < low for price in inside)
        if above or below:
            prices = {
                "open": said("open", opened),
                "high": said("high", high),
                "low": said("low", low),
                "close": said("close", close),
            }
            there = tuple(name for name in names if row.cells.get(name) is not None)
            yield found(
                row, there, Kind.HARD, checks.PRICE_ORDER(field=there[0], mode=MODE_LABELS[mode], **prices)
            )


def averages(row: Row, terms: Terms) -> Iterator[Finding]:
    """The averages that amounts and volumes give, against the quote and the stated average."""
    own = terms.own_quote(row.day)
    exchanged = _legs_exchanged(row, terms, own=own)
    if exchanged:
        yield exchanged
    elif own:
        yield from _quoted(row, terms)
    if not exchanged:
        yield from _far(row, own, terms)
    yield from _stated(row)


def auction(row: Row) -> Iterator[Finding]:
    """Price × volume is the amount; the bounds that the other columns set."""
    price, volume, amount = (row.get(AUCTION, what) for what in ("price", *SUMS))
    if price is not None and volume is not None and amount is not None and price * volume != amount:
        shown = {"price": said("price", price), "volume": said("volume", volume)}
        why = checks.PRICE_TIMES_VOLUME(field="auction_amount", amount=said("amount", amount), **shown)
        repairs = ({"auction_amount": price * volume},)
        fields = ("auction_price", "auction_volume", "auction_amount")
        yield found(row, fields, Kind.HARD, why, *repairs)
    for what, bound, least in (
        ("volume", "offered", False),
        ("volume", "valid_bids", False),
        ("price", "top_bid", False),
        ("price", "reserve", True),
        ("top_bid", "reserve", True),
    ):
        value, limit = row.get(AUCTION, what), row.get(AUCTION, bound)
        if value is None or limit is None or (value >= limit if least else value <= limit):
            continue
        why = checks.AUCTION_BOUND(
            field=f"auction_{what}",
            what=WHAT_LABELS[what],
            value=said(what, value),
            bound=WHAT_LABELS[bound],
            limit=said(bound, limit),
        )
        yield found(row, (f"auction_{what}", f"auction_{bound}"), Kind.HARD, why)


def _legs_exchanged(row: Row, terms: Terms, *, own: bool) -> Finding | None:
    """Listing averages outside the quote, block inside. Proof where the quote is of listing trades alone."""
    names = [f"{leg}_{what}" for leg in LEGS for what in SUMS]
    lv, la, bv, ba, low, high = (row.cells.get(name) for name in (*names, "total_low", "total_high"))
    if not lv or not bv or la is None or ba is None or low is None or high is None:
        return None
    if terms.quote_of != LISTING or between(la, lv, low, high) or not between(ba, bv, low, high):
        return None
    facts = {"listing": average_yuan(la, lv), "block": average_yuan(ba, bv)}
    repair = {names[0]: bv, names[1]: ba, names[2]: lv, names[3]: la}
    if own and min(lv, bv) >= terms.block_min_t:
        why = checks.LEGS_EXCHANGED(field=names[0], proof="", **facts)
        return found(row, tuple(names), Kind.HARD, why, repair)
    far = 100 * la < (100 - DOUBTFUL_PER_CENT) * low * lv or 100 * la > (100 + DOUBTFUL_PER_CENT) * high * lv
    if own or not far or min(lv, bv) < terms.block_min_t:
        return None
    why = checks.LEGS_DOUBTFUL(field=names[0], **_range(low, high), **facts)
    return found(row, tuple(names), Kind.SUSPECT, why, repair)


def _quoted(row: Row, terms: Terms) -> Iterator[Finding]:
    """Trades of one mode make the quote: their average lies in its range, and may be the close."""
    mode = terms.quote_of
    volume, amount = (row.get(mode, what) for what in SUMS)
    low, high, close = (row.get(TOTAL, what) for what in ("low", "high", "close"))
    if not volume or not amount:
        return
    average = average_yuan(amount, volume)
    fields = (f"{mode}_volume", f"{mode}_amount")
    if low is not None and high is not None and not between(amount, volume, low, high):
        slip = _slip(amount, volume, low, high)
        if slip:
            yield _slipped(row, mode, *slip)
            return
        why = checks.AVERAGE_OUTSIDE(
            field=fields[0],
            mode=MODE_LABELS[mode],
            average=average,
            low=said("low", low),
            high=said("high", high),
        )
        yield found(row, fields, Kind.HARD, why)
    elif terms.close == "average" and close is not None and abs(2 * (amount - close * volume)) > volume:
        why = checks.CLOSE_NOT_AVERAGE(
            field="total_close", close=said("close", close), mode=MODE_LABELS[mode], average=average
        )
        yield found(
            row, ("total_close", *fields), Kind.SUSPECT, why, {"total_close": _rounded(amount, volume)}
        )


def _range(low: int, high: int) -> dict[str, str]:
    return {"low": said("low", low), "high": said("high", high)}


def _slip(amount: int, volume: int, low: int, high: int) -> tuple[str, int] | None:
    """The factor that brings the average into the range, and which of the two is too large by it."""
    for factor in SLIPS:
        if between(amount, volume * factor, low, high):
            return "amount", factor
        if between(amount * factor, volume, low, high):
            return "volume", factor
    return None


def _slipped(row: Row, mode: str, large: str, factor: int) -> Finding:
    """One is too large, or the other too small: two repairs, of which those in whole units stay."""
    small = next(what for what in SUMS if what != large)
    value = row.get(mode, large) or 0
    repairs: list[Repair] = [{f"{mode}_{small}": (row.get(mode, small) or 0) * factor}]
    if value % factor == 0:
        repairs.insert(0, {f"{mode}_{large}": value // factor})
    why = checks.SCALE(
        field=f"{mode}_{large}",
        mode=MODE_LABELS[mode],
        what=WHAT_LABELS[large],
        value=said(large, value),
        factor=factor,
    )
    return found(row, (f"{mode}_volume", f"{mode}_amount"), Kind.HARD, why, *repairs)


def _far(row: Row, own: bool, terms: Terms) -> Iterator[Finding]:
    """Averages that no range binds, against the close: only many times above or below it is odd."""
    close = row.get(TOTAL, "close")
    for mode in (LISTING, BLOCK) if row.get(LISTING, "volume") is not None else (TOTAL,):
        volume, amount = (row.get(mode, what) for what in SUMS)
        if not volume or not amount or not close or (own and mode == terms.quote_of):
            continue
        if close * volume <= FAR * amount and amount <= FAR * close * volume:
            continue
        why = checks.FAR_FROM_QUOTE(
            field=f"{mode}_amount",
            mode=MODE_LABELS[mode],
            average=average_yuan(amount, volume),
            close=said("close", close),
        )
        yield found(row, (f"{mode}_volume", f"{mode}_amount"), Kind.SUSPECT, why)


def _stated(row: Row) -> Iterator[Finding]:
    """A stated average is amount ÷ volume to the fen, rounded or cut."""
    volume, amount, stated = (row.get(TOTAL, what) for what in (*SUMS, "average"))
    if not volume or amount is None or stated is None:
        return
    if abs(amount * AVERAGE_PER_FEN - stated * volume) < AVERAGE_PER_FEN * volume:
        return
    why = checks.AVERAGE_STATED(
        field="total_average", stated=said("average", stated), average=average_yuan(amount, volume)
    )
    fields = ("total_average", "total_volume", "total_amount")
    yield found(row, fields, Kind.HARD, why, {"total_average": _rounded(amount, volume) * AVERAGE_PER_FEN})


def _rounded(amount: int, volume: int) -> int:
    """The average to the fen, half up."""
    return (2 * amount + volume) // (2 * volume)
