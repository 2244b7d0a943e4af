"""The session: participants and products, the day's opening and its terms, phases, what comes in and what
goes out, suspensions, the close. See records.py for what each record says.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tanshu.exchange.engine import ledger
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.desk import Apply, Rec, Told
from tanshu.exchange.engine.records import AMOUNT_MAX, PRICE_MAX, QUANTITY_MAX, Gone, Mode, Op, Phase
from tanshu.exchange.engine.state import (
    AMOUNT,
    BOUGHT,
    BUYING,
    CLOSE,
    DAY,
    DAY_CLOSED,
    DAY_OPEN,
    DAY_STATE,
    FREE,
    GROUP,
    HELD,
    INSIDE,
    INSTRUMENTS,
    LAST,
    LIMIT,
    LIVE,
    MODE_COUNT,
    O_PARTY,
    O_STATE,
    OPERATORS,
    ORDERS,
    OUTSIDE,
    OWN,
    PARTIES,
    REFERENCE,
    RESTING,
    SUSPENDED,
    TRADES,
    TRADES_DONE,
    VINTAGE,
    VOLUME,
    Arrays,
)
from tanshu.exchange.engine.terms import TERMS, CloseMethod, Term

STEPS: Mapping[Phase, tuple[Phase, ...]] = {
    Phase.CLOSED: (Phase.PRE_OPEN, Phase.OPEN),
    Phase.PRE_OPEN: (Phase.OPEN, Phase.CLOSED),
    Phase.OPEN: (Phase.BREAK, Phase.CLOSING, Phase.CLOSED),
    Phase.BREAK: (Phase.OPEN, Phase.CLOSED),
    Phase.CLOSING: (Phase.CLOSED,),
}
"""Which phase of a mode leads to which. A halt lies over them, in a place of its own."""

FEE_MAX = 500_000
"""Parts per million of one fee: the largest amount and the fees of both columns are a number yet."""
_FEES = (
    Term.FEE_BUY_TRADING,
    Term.FEE_BUY_SETTLEMENT,
    Term.FEE_SELL_TRADING,
    Term.FEE_SELL_SETTLEMENT,
)

OPENING, DURING = 0, 1
"""The kind of UNITS_IN and CASH_IN: with the day's opening, or later."""


def party(a: Arrays, _told: Told, r: Rec) -> Code:
    if r.party != a.day[PARTIES] + 1:
        return Code.OUT_OF_ORDER
    a.day[PARTIES] = r.party
    a.parties[r.party, GROUP] = r.counter
    return Code.OK


def operator(a: Arrays, _told: Told, r: Rec) -> Code:
    if r.other != a.day[OPERATORS] + 1:
        return Code.OUT_OF_ORDER
    if not _is_party(a, r.party):
        return Code.UNKNOWN_PARTY
    a.day[OPERATORS] = r.other
    a.operators[r.other] = r.party
    return Code.OK


def instrument(a: Arrays, _told: Told, r: Rec) -> Code:
    if r.instrument != a.day[INSTRUMENTS] + 1:
        return Code.OUT_OF_ORDER
    if not 0 < r.price <= PRICE_MAX:
        return Code.BAD_PRICE
    a.day[INSTRUMENTS] = r.instrument
    a.instruments[r.instrument, VINTAGE] = r.quantity
    a.instruments[r.instrument, REFERENCE] = r.price
    return Code.OK


def begin_day(a: Arrays, _told: Told, r: Rec) -> Code:
    """A new day: everything of the day before is over. Its terms and what comes in are stated after this."""
    if a.day[DAY_STATE] == DAY_OPEN:
        return Code.ALREADY
    if r.quantity <= a.day[DAY]:
        return Code.OUT_OF_ORDER
    a.orders[: int(a.day[ORDERS]) + 1] = 0
    a.day[DAY], a.day[DAY_STATE] = r.quantity, DAY_OPEN
    a.day[ORDERS] = a.day[TRADES_DONE] = a.day[LIVE] = 0
    a.instruments[:, CLOSE] = 0
    for column in (LIMIT, OUTSIDE, INSIDE, BUYING):
        a.parties[:, column] = 0
    for array in (a.terms, a.phases, a.units, a.cash, a.stats):
        array[:] = 0
    return Code.OK


def term(a: Arrays, _told: Told, r: Rec) -> Code:
    if a.day[DAY_STATE] != DAY_OPEN:
        return Code.NO_DAY
    if not (0 <= r.mode < MODE_COUNT and 0 < r.kind < TERMS and r.quantity >= 0):
        return Code.BAD_VALUE
    if r.kind in _FEES and r.quantity > FEE_MAX:
        return Code.BAD_VALUE
    if a.day[LIVE]:
        return Code.TERMS_STAND
    if not 0 <= r.instrument <= a.day[INSTRUMENTS]:
        return Code.UNKNOWN_INSTRUMENT
    if r.instrument:
        a.terms[r.instrument, r.mode, r.kind] = r.quantity
    else:  # those there are: a product that comes later in the day has no bands, and must not trade
        a.terms[: int(a.day[INSTRUMENTS]) + 1, r.mode, r.kind] = r.quantity
    return Code.OK


def holding(a: Arrays, _told: Told, r: Rec) -> Code:
    """What a participant holds outside the session, and how much it may hold in all."""
    if not _is_party(a, r.party):
        return Code.UNKNOWN_PARTY
    if not (0 <= r.quantity <= AMOUNT_MAX and 0 <= r.price <= AMOUNT_MAX):
        return Code.BAD_VALUE
    a.parties[r.party, OUTSIDE], a.parties[r.party, LIMIT] = r.quantity, r.price
    return Code.OK


def units_in(a: Arrays, _told: Told, r: Rec) -> Code:
    code = _may_move(a, r)
    if code is not Code.OK:
        return code
    a.units[r.instrument, r.party, FREE] += r.quantity
    a.parties[r.party, INSIDE] += r.quantity
    if r.kind == DURING:
        a.parties[r.party, OUTSIDE] = max(0, int(a.parties[r.party, OUTSIDE]) - r.quantity)
    return Code.OK


def units_out(a: Arrays, _told: Told, r: Rec) -> Code:
    code = _may_move(a, r)
    if code is not Code.OK:
        return code
    mine = a.units[r.instrument, r.party]
    if mine[FREE] < r.quantity:
        return Code.BOUGHT_TODAY if mine[FREE] + mine[BOUGHT] >= r.quantity else Code.NO_UNITS
    mine[FREE] -= r.quantity
    a.parties[r.party, INSIDE] -= r.quantity
    a.parties[r.party, OUTSIDE] += r.quantity
    return Code.OK


def cash_in(a: Arrays, _told: Told, r: Rec) -> Code:
    """All the money of a market may come to one participant: there is no more of it than a number holds."""
    code = _may_pay(a, r)
    if code is not Code.OK:
        return code
    if int(a.cash[:, (FREE, HELD)].sum()) + r.quantity > _CASH_MAX:
        return Code.BAD_QUANTITY
    a.cash[r.party, FREE] += r.quantity
    a.cash[r.party, OWN] += r.quantity
    return Code.OK


def cash_out(a: Arrays, _told: Told, r: Rec) -> Code:
    code = _may_pay(a, r)
    if code is not Code.OK:
        return code
    if ledger.withdrawable(a, r.party) < r.quantity:
        return Code.NO_WITHDRAWAL if a.cash[r.party, FREE] >= r.quantity else Code.NO_CASH
    a.cash[r.party, FREE] -= r.quantity
    a.cash[r.party, OWN] -= r.quantity
    return Code.OK


def lift(a: Arrays, _told: Told, r: Rec) -> Code:
    if not _is_party(a, r.party):
        return Code.UNKNOWN_PARTY
    if not a.parties[r.party, SUSPENDED]:
        return Code.ALREADY
    a.parties[r.party, SUSPENDED] = 0
    return Code.OK


OPS: Mapping[int, Apply] = {
    Op.PARTY: party,
    Op.OPERATOR: operator,
    Op.INSTRUMENT: instrument,
    Op.DAY: begin_day,
    Op.TERM: term,
    Op.HOLDING: holding,
    Op.UNITS_IN: units_in,
    Op.UNITS_OUT: units_out,
    Op.CASH_IN: cash_in,
    Op.CASH_OUT: cash_out,
    Op.LIFT: lift,
}
"""What concerns no order. Phases, suspensions, cancelling and the close do: see engine.py."""


def set_phase(a: Arrays, r: Rec) -> Code:
    """Take a step of the timetable (a mode of all instruments), or lay a halt over something, or lift it."""
    if a.day[DAY_STATE] != DAY_OPEN:
        return Code.NO_DAY
    if not (0 <= r.mode < MODE_COUNT and r.kind in _PHASES):
        return Code.BAD_VALUE
    if not 0 <= r.instrument <= a.day[INSTRUMENTS]:
        return Code.UNKNOWN_INSTRUMENT
    now, wanted = Phase(int(a.phases[r.instrument, r.mode])), Phase(r.kind)
    if r.instrument or not r.mode:  # nothing but a halt stands there
        if (now is Phase.HALTED) == (wanted is Phase.HALTED):
            return Code.ALREADY
        if wanted not in (Phase.HALTED, Phase.OPEN):
            return Code.BAD_PHASE
        a.phases[r.instrument, r.mode] = Phase.HALTED if wanted is Phase.HALTED else Phase.CLOSED
        return Code.OK
    if now is wanted:
        return Code.ALREADY
    if wanted not in STEPS[now]:
        return Code.BAD_PHASE
    a.phases[0, r.mode] = wanted
    return Code.OK


def resting(a: Arrays, party: int = 0) -> list[int]:
    """The numbers of orders that rest, of one participant or of all, oldest first."""
    orders = a.orders[: int(a.day[ORDERS]) + 1]
    here = orders[:, O_STATE] == RESTING
    if party:
        here &= orders[:, O_PARTY] == party
    return [int(number) for number in np.flatnonzero(here)]


def close(a: Arrays, told: Told) -> None:
    """The close of every instrument, by its method; it is the next day's reference."""
    a.phases[:] = Phase.CLOSED
    for number in range(1, int(a.day[INSTRUMENTS]) + 1):
        counted = [mode for mode in range(1, MODE_COUNT) if a.terms[number, mode, Term.IN_CLOSE]]
        volume = sum(int(a.stats[number, mode, VOLUME]) for mode in counted)
        amount = sum(int(a.stats[number, mode, AMOUNT]) for mode in counted)
        price = int(a.instruments[number, REFERENCE])
        if volume and a.terms[number, Mode.NONE, Term.CLOSE_METHOD] == CloseMethod.LAST:
            price = max(int(a.stats[number, mode, LAST]) for mode in counted if a.stats[number, mode, TRADES])
        elif volume:
            price = average(amount, volume)
        a.instruments[number, CLOSE] = a.instruments[number, REFERENCE] = price
        trades = sum(int(a.stats[number, mode, TRADES]) for mode in counted)
        told.say(Op.CLOSE, instrument=number, quantity=volume, price=price, other=trades, extra=amount)
    a.day[DAY_STATE] = DAY_CLOSED


def average(amount: int, volume: int) -> int:
    """Volume-weighted average in fen per tonne, half up."""
    return (2 * amount + volume) // (2 * volume)


_PHASES = tuple(Phase)
LAPSED, SUSPENSION, FROZEN = Gone.LAPSED, Gone.SUSPENDED, Gone.FROZEN


def _is_party(a: Arrays, number: int) -> bool:
    return bool(0 < number <= a.day[PARTIES])


def _may_move(a: Arrays, r: Rec) -> Code:
    if not 0 < r.instrument <= a.day[INSTRUMENTS]:
        return Code.UNKNOWN_INSTRUMENT
    if not 0 < r.quantity <= QUANTITY_MAX:
        return Code.BAD_QUANTITY
    return _may_enter(a, r)


def _may_pay(a: Arrays, r: Rec) -> Code:
    if not 0 < r.quantity <= _CASH_MAX:
        return Code.BAD_QUANTITY
    return _may_enter(a, r)


def _may_enter(a: Arrays, r: Rec) -> Code:
    if a.day[DAY_STATE] != DAY_OPEN:
        return Code.NO_DAY
    return Code.OK if _is_party(a, r.party) else Code.UNKNOWN_PARTY


_CASH_MAX = 1 << 60
