"""Which trades can be delivered, given what everybody can give: the others fail, each for a reason.

gross: trade after trade in their order. What a delivered trade brings can be given in a later one; what a
    failed one would have brought cannot, so what depends on it fails, too.
net_cash: block after block. Units go trade by trade; of who cannot pay its net amount of a block, the last
    purchases of the block fail until it can.
net: all at once. Of who cannot give its net position, the last trades fail until it can, and what nets to
    without them is computed again. A trade fails only where it alone, added to those delivered, could not be.

A stopped party's trades fail all. With `partial`, as much of a trade is delivered as can be.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tanshu.book.kernel import compile_into
from tanshu.clearing.model import Model
from tanshu.clearing.models.chains import blocks
from tanshu.clearing.models.obligations import given, owed
from tanshu.clearing.trades import Ints, Trades

COMPILE_FROM = 20_000
"""Trades from which a compiled walk pays for its loading."""
PLENTY = 2**62
"""Fen where money is looked at by itself."""
Mask = NDArray[np.bool_]


class Why(IntEnum):
    """Why a trade, or a part of it, was not delivered."""

    WHOLE = 0
    STOPPED = 1
    SHORT_UNITS = 2
    SHORT_CASH = 3
    DEPENDS = 4
    """What a failed trade would have brought is missing."""


class Outcome(NamedTuple):
    """Of every trade. delivered: all of it. quantity: tonnes delivered. why: what of it was not, as `Why`."""

    delivered: Mask
    quantity: Ints
    why: NDArray[np.int8]


class Have(NamedTuple):
    """What everybody can still give; a walk changes it. units: [instrument, party]; cash: [party], fen."""

    units: Ints
    cash: Ints

    def moved(self, trades: Trades, quantity: Ints) -> Have:
        """After these tonnes of the trades are delivered."""
        units, cash = owed(trades, quantity, shape=self.units.shape)
        return Have(self.units + units, self.cash + cash)


def deliverable(
    trades: Trades,
    have_units: Ints,
    have_cash: Ints,
    stopped: Mask,
    partial: bool,
    model: Model = Model.GROSS,
) -> Outcome:
    """What of trades can be delivered. have_units: tonnes by [instrument, party]; have_cash: fen by party,
    below zero where what comes in pays something else first."""
    have = Have(have_units.astype(np.int64), have_cash.astype(np.int64))
    if _nothing_missing(trades, have, stopped):
        return _outcome(trades, trades.quantity.copy(), np.zeros(len(trades), np.int8))
    match model:
        case Model.GROSS:
            return _walked(trades, have, stopped, partial)
        case Model.NET_CASH:
            return _in_blocks(trades, have, stopped, partial)
        case Model.NET:
            return _netted(trades, have, stopped, partial)


def _nothing_missing(trades: Trades, have: Have, stopped: Mask) -> bool:
    """Everybody could give everything even if nothing came in. This is how a funded market's day looks."""
    if stopped.any() and (stopped[trades.buyer] | stopped[trades.seller]).any():
        return False
    kinds, people = have.units.shape
    units, cash = given(trades, (kinds, people))
    return bool((units <= have.units).all() and (cash <= np.maximum(have.cash, 0)).all())


def _outcome(trades: Trades, quantity: Ints, why: NDArray[np.int8]) -> Outcome:
    whole = quantity == trades.quantity
    return Outcome(whole, quantity, np.where(whole, np.int8(Why.WHOLE), why))


# -- trade by trade ----------------------------------------------------------------------------------------


def _walked(trades: Trades, have: Have, stopped: Mask, partial: bool) -> Outcome:
    """As gross settles. `have` is left as it is afterwards."""
    done, why = np.zeros(len(trades), np.int64), np.zeros(len(trades), np.int8)
    run = _compiled() if len(trades) >= COMPILE_FROM else walk
    run(
        trades.instrument,
        trades.buyer,
        trades.seller,
        trades.quantity,
        trades.price,
        stopped,
        partial,
        have.units,
        have.cash,
        np.zeros_like(have.units),
        np.zeros_like(have.cash),
        done,
        why,
    )
    return _outcome(trades, done, why)


def walk(
    instrument: Ints,
    buyer: Ints,
    seller: Ints,
    quantity: Ints,
    price: Ints,
    stopped: Mask,
    partial: bool,
    units: Ints,
    cash: Ints,
    lost_units: Ints,
    lost_cash: Ints,
    done: Ints,
    why: NDArray[np.int8],
) -> None:
    """Deliver what can be, in order; lost_…: what failed trades would have brought. Numba compiles this."""
    for k in range(len(quantity)):
        i, b, s = instrument[k], buyer[k], seller[k]
        whole, fen = quantity[k], price[k]
        q = whole
        if stopped[b] or stopped[s]:
            why[k] = 1
            q = 0
        else:
            if units[i, s] < q:
                why[k] = 4 if units[i, s] + lost_units[i, s] >= q else 2
                q = max(units[i, s], 0)
            if cash[b] < q * fen:
                if why[k] == 0:
                    why[k] = 4 if cash[b] + lost_cash[b] >= q * fen else 3
                q = max(cash[b], 0) // fen
            if q < whole and not partial:
                q = 0
        done[k] = q
        units[i, s] -= q
        units[i, b] += q
        cash[b] -= q * fen
        cash[s] += q * fen
        lost_units[i, b] += whole - q
        lost_cash[s] += (whole - q) * fen


def _compiled() -> Callable[..., None]:
    return _scope()["walk"]


@cache
def _scope() -> dict[str, Any]:
    return compile_into(dict(globals()), [walk])


# -- net ---------------------------------------------------------------------------------------------------


def _in_blocks(trades: Trades, have: Have, stopped: Mask, partial: bool) -> Outcome:
    quantity, why = np.zeros(len(trades), np.int64), np.zeros(len(trades), np.int8)
    edges = np.flatnonzero(np.diff(blocks(trades), prepend=-1, append=-1))
    for first, last in pairwise(edges):
        here = slice(first, last)
        block = trades.only(here)
        quantity[here], why[here] = _block(block, have, stopped, partial)
        have = have.moved(block, quantity[here])
    return _outcome(trades, quantity, why)


def _block(trades: Trades, have: Have, stopped: Mask, partial: bool) -> tuple[Ints, NDArray[np.int8]]:
    """Tonnes and reasons of a block: units in order, then money net, until both hold."""
    asked, why = trades.quantity.copy(), np.zeros(len(trades), np.int8)
    plenty = np.full_like(have.cash, PLENTY)
    full = have.moved(trades, trades.quantity)
    while True:
        tried = trades.changed(quantity=asked)
        units = _walked(tried, Have(have.units.copy(), plenty.copy()), stopped, partial)
        why = np.where(why > 0, why, units.why)
        dropped = _too_much_cash(trades, units.quantity, have, full, why)
        if not dropped.any():
            return units.quantity, why
        asked = np.where(dropped, 0, units.quantity)


def _netted(trades: Trades, have: Have, stopped: Mask, partial: bool) -> Outcome:
    barred = stopped[trades.buyer] | stopped[trades.seller]
    quantity = np.where(barred, 0, trades.quantity)
    why = np.where(barred, np.int8(Why.STOPPED), np.int8(Why.WHOLE))
    full = have.moved(trades, trades.quantity)
    while True:
        dropped = _too_many_units(trades, quantity, have, full, why)
        dropped |= _too_much_cash(trades, quantity, have, full, why)
        if not dropped.any():
            break
        quantity = np.where(dropped, 0, quantity)
    return _outcome(trades, _readmitted(trades, quantity, barred, have, partial), why)


def _too_many_units(trades: Trades, quantity: Ints, have: Have, full: Have, why: NDArray[np.int8]) -> Mask:
    """The last sales of those who cannot give their net units, marked in `why`."""
    left = have.moved(trades, quantity).units
    dropped = np.zeros(len(trades), np.bool_)
    for i, party in zip(*np.nonzero(left < 0), strict=True):
        mine = np.flatnonzero((trades.instrument == i) & (trades.seller == party) & (quantity > 0))
        last = _last(mine, quantity[mine], -int(left[i, party]))
        dropped[last] = True
        why[last] = Why.SHORT_UNITS if full.units[i, party] < 0 else Why.DEPENDS
    return dropped


def _too_much_cash(trades: Trades, quantity: Ints, have: Have, full: Have, why: NDArray[np.int8]) -> Mask:
    """The last purchases of those who cannot pay their net amount, marked in `why`."""
    left = have.moved(trades, quantity).cash
    dropped = np.zeros(len(trades), np.bool_)
    for party in np.flatnonzero(left < 0):
        mine = np.flatnonzero((trades.buyer == party) & (quantity > 0))
        last = _last(mine, (quantity * trades.price)[mine], -int(left[party]))
        dropped[last] = True
        why[last] = Why.SHORT_CASH if full.cash[party] < 0 else Why.DEPENDS
    return dropped


def _last(mine: Ints, amounts: Ints, deficit: int) -> Ints:
    """As many from the end as make up a deficit."""
    backwards = np.cumsum(amounts[::-1])
    return mine[max(0, len(mine) - 1 - int(np.searchsorted(backwards, deficit))) :]


def _readmitted(trades: Trades, quantity: Ints, barred: Mask, have: Have, partial: bool) -> Ints:
    """Trades that were left out and can go after all, in their order, until none can."""
    quantity, left = quantity.copy(), have.moved(trades, quantity)
    again = True
    while again:
        again = False
        for k in np.flatnonzero((quantity < trades.quantity) & ~barred):
            i, b, s, price = (int(one[k]) for one in trades[2:5] + trades[6:7])
            rest = int(trades.quantity[k] - quantity[k])
            more = min(rest, int(left.units[i, s]), int(left.cash[b]) // price)
            if more <= 0 or (more < rest and not partial):
                continue
            quantity[k] += more
            left.units[i, s] -= more
            left.units[i, b] += more
            left.cash[b] -= more * price
            left.cash[s] += more * price
            again = True
    return quantity
