"""What every mode does alike: who may enter what, what an order holds, what a trade moves.

Plain functions over the engine's arrays, written so that Numba compiles them from this same text: integers
in, integers out, nothing allocated. `out` takes the records that come of it, `n[0]` counts them. Checks
return a code and change nothing; what changes something expects to have been checked, and asserts.
"""

from __future__ import annotations

from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.records import (
    AMOUNT_MAX,
    PRICE_MAX,
    QUANTITY_MAX,
    Mode,
    Op,
    Phase,
    Records,
    Side,
)
from tanshu.exchange.engine.state import (
    AMOUNT,
    BOUGHT,
    BUYING,
    DAY_OPEN,
    DAY_STATE,
    ENDED,
    FEES,
    FILLED,
    FIRST,
    FREE,
    HELD,
    HIGH,
    INSIDE,
    INSTRUMENTS,
    LAST,
    LIMIT,
    LIVE,
    LIVE_MAX,
    LOW,
    O_ABOUT,
    O_COUNTER,
    O_FEES,
    O_FEES_SETTLEMENT,
    O_HELD,
    O_INSTRUMENT,
    O_KIND,
    O_LEFT,
    O_MODE,
    O_NEXT,
    O_OPERATOR,
    O_PAID,
    O_PARTY,
    O_PREV,
    O_PRICE,
    O_QUANTITY,
    O_REF,
    O_SIDE,
    O_STATE,
    OPERATORS,
    ORDERS,
    OUTSIDE,
    OWN,
    PARTIES,
    PROCEEDS,
    RESTING,
    SOLD,
    SUSPENDED,
    TRADES,
    TRADES_DONE,
    VOLUME,
    Arrays,
    Ints,
)
from tanshu.exchange.engine.terms import Term

# Numba sees plain integers; so do the hands that write records.
_OK = int(Code.OK)
_BUY, _SELL = int(Side.BUY), int(Side.SELL)
_ENTERED, _TRADE, _FEE, _GONE = int(Op.ENTERED), int(Op.TRADE), int(Op.FEE), int(Op.GONE)
_OPEN, _HALTED, _CLOSED = int(Phase.OPEN), int(Phase.HALTED), int(Phase.CLOSED)
_NO_DAY, _NOT_OPEN, _SUSPENDED = int(Code.NO_DAY), int(Code.NOT_OPEN), int(Code.SUSPENDED)
_NO_PARTY, _NO_OPERATOR = int(Code.UNKNOWN_PARTY), int(Code.UNKNOWN_OPERATOR)
_NO_INSTRUMENT, _NOT_SO = int(Code.UNKNOWN_INSTRUMENT), int(Code.NOT_TRADED_SO)
_BAD_QUANTITY, _TOO_SMALL, _TOO_LARGE = int(Code.BAD_QUANTITY), int(Code.TOO_SMALL), int(Code.TOO_LARGE)
_NOT_A_LOT, _BAD_PRICE, _NOT_A_TICK = int(Code.NOT_A_LOT), int(Code.BAD_PRICE), int(Code.NOT_A_TICK)
_BELOW, _ABOVE, _FAT = int(Code.BELOW_BAND), int(Code.ABOVE_BAND), int(Code.AMOUNT_TOO_LARGE)
_NO_CASH, _NO_UNITS, _BOUGHT_TODAY = int(Code.NO_CASH), int(Code.NO_UNITS), int(Code.BOUGHT_TODAY)
_LIMIT, _FULL = int(Code.HOLDING_LIMIT), int(Code.FULL)
_TICK, _LOT, _LOW, _HIGH = int(Term.TICK), int(Term.LOT), int(Term.PRICE_LOW), int(Term.PRICE_HIGH)
_MIN, _MAX, _WORTH = int(Term.QUANTITY_MIN), int(Term.QUANTITY_MAX), int(Term.AMOUNT_MAX)
_BUY_TRADING, _BUY_SETTLEMENT = int(Term.FEE_BUY_TRADING), int(Term.FEE_BUY_SETTLEMENT)
_SELL_TRADING, _SELL_SETTLEMENT = int(Term.FEE_SELL_TRADING), int(Term.FEE_SELL_SETTLEMENT)
_SETTLE, _BREAK_CANCEL = int(Term.SETTLE_DAYS), int(Term.BREAK_CANCEL)
_QUANTITY_MAX, _PRICE_MAX, _AMOUNT_MAX = QUANTITY_MAX, PRICE_MAX, AMOUNT_MAX
_LIVE_MAX = LIVE_MAX
_MILLION = 1_000_000
_NONE = int(Mode.NONE)


# -- checks: a code, and nothing changed -------------------------------------------------------------------


def phase_of(a: Arrays, instrument: int, mode: int) -> int:
    """The phase a mode is in for an instrument; halted where the mode, the instrument or all is halted."""
    for i in (0, instrument):
        if a.phases[i, mode] == _HALTED or a.phases[i, _NONE] == _HALTED:
            return _HALTED
    return a.phases[0, mode]


def check_open(a: Arrays, instrument: int, mode: int) -> int:
    """May orders of this mode be entered and traded now?"""
    if a.day[DAY_STATE] != DAY_OPEN:
        return _NO_DAY
    if phase_of(a, instrument, mode) != _OPEN:
        return _NOT_OPEN
    return _OK


def check_place(a: Arrays, instrument: int, mode: int) -> int:
    """Is this a product, and may orders of it be entered and traded in this mode now?"""
    if a.day[DAY_STATE] != DAY_OPEN:
        return _NO_DAY
    if not 0 < instrument <= a.day[INSTRUMENTS]:
        return _NO_INSTRUMENT
    return check_open(a, instrument, mode)


def check_cancel(a: Arrays, instrument: int, mode: int) -> int:
    """May an order of this mode be cancelled now? While trading goes on, while it is halted, and in breaks
    and calls where the terms allow it."""
    if a.day[DAY_STATE] != DAY_OPEN:
        return _NO_DAY
    phase = phase_of(a, instrument, mode)
    if phase in (_OPEN, _HALTED):
        return _OK
    return _OK if phase != _CLOSED and a.terms[instrument, mode, _BREAK_CANCEL] else _NOT_OPEN


def check_who(a: Arrays, party: int, operator: int) -> int:
    """Is this operator this participant's, and may it trade?"""
    if not 0 < party <= a.day[PARTIES]:
        return _NO_PARTY
    if not 0 < operator <= a.day[OPERATORS] or a.operators[operator] != party:
        return _NO_OPERATOR
    if a.parties[party, SUSPENDED]:
        return _SUSPENDED
    return _OK


def check_form(a: Arrays, instrument: int, mode: int, quantity: int, price: int) -> int:
    """Product, quantity, price, band and worth of an order, by the day's terms."""
    if not 0 < instrument <= a.day[INSTRUMENTS]:
        return _NO_INSTRUMENT
    if a.terms[instrument, mode, _TICK] == 0:
        return _NOT_SO
    code = check_quantity(a, instrument, mode, quantity)
    if code != _OK:
        return code
    return check_price(a, instrument, mode, quantity, price)


def check_quantity(a: Arrays, instrument: int, mode: int, quantity: int) -> int:
    terms = a.terms[instrument, mode]
    if not 0 < quantity <= _QUANTITY_MAX:
        return _BAD_QUANTITY
    if quantity < terms[_MIN]:
        return _TOO_SMALL
    if terms[_MAX] and quantity > terms[_MAX]:
        return _TOO_LARGE
    if terms[_LOT] > 1 and quantity % terms[_LOT]:
        return _NOT_A_LOT
    return _OK


def check_price(a: Arrays, instrument: int, mode: int, quantity: int, price: int) -> int:
    terms = a.terms[instrument, mode]
    if not 0 < price <= _PRICE_MAX:
        return _BAD_PRICE
    if price % terms[_TICK]:
        return _NOT_A_TICK
    if price < terms[_LOW]:
        return _BELOW
    if terms[_HIGH] and price > terms[_HIGH]:
        return _ABOVE
    if quantity > _AMOUNT_MAX // price or (terms[_WORTH] and quantity * price > terms[_WORTH]):
        return _FAT
    return _OK


def check_means(
    a: Arrays, instrument: int, mode: int, side: int, party: int, quantity: int, price: int
) -> int:
    """Has the participant what the order would hold, and may it hold what the order would bring?"""
    if side == _BUY:
        if a.cash[party, FREE] < buyer_needs(a, instrument, mode, quantity * price, 0):
            return _NO_CASH
        p = a.parties[party]
        if p[LIMIT] and p[OUTSIDE] + p[INSIDE] + p[BUYING] + quantity > p[LIMIT]:
            return _LIMIT
        return _OK
    mine = a.units[instrument, party]
    if mine[FREE] >= quantity:
        return _OK
    return _BOUGHT_TODAY if mine[FREE] + mine[BOUGHT] >= quantity else _NO_UNITS


def check_order(
    a: Arrays,
    instrument: int,
    mode: int,
    side: int,
    party: int,
    operator: int,
    quantity: int,
    price: int,
) -> int:
    """Everything that is asked before an order is entered, but the phase."""
    code = check_who(a, party, operator)
    if code != _OK:
        return code
    code = check_form(a, instrument, mode, quantity, price)
    if code != _OK:
        return code
    if a.day[LIVE] >= _LIVE_MAX:
        return _FULL
    return check_means(a, instrument, mode, side, party, quantity, price)


# -- money -------------------------------------------------------------------------------------------------


def fee(ppm: int, amount: int) -> int:
    """So many parts per million of an amount in fen, half up. In two parts, so that nothing overflows."""
    return amount // _MILLION * ppm + (amount % _MILLION * ppm + _MILLION // 2) // _MILLION


def buyer_needs(a: Arrays, instrument: int, mode: int, amount: int, paid: int) -> int:
    """Fen that buying for `amount` more may cost at most, fees of both columns included, after `paid`.

    Fees are those of the whole order so far, so many small fills cost what one large one does.
    """
    trading, settlement = (
        a.terms[instrument, mode, _BUY_TRADING],
        a.terms[instrument, mode, _BUY_SETTLEMENT],
    )
    fees = fee(trading, paid + amount) - fee(trading, paid)
    fees += fee(settlement, paid + amount) - fee(settlement, paid)
    return amount + fees


def withdrawable(a: Arrays, party: int) -> int:
    """Fen a participant may take out before the seal: its own money, not what it earned today."""
    return max(0, a.cash[party, OWN] - a.cash[party, HELD])


# -- changes -----------------------------------------------------------------------------------------------


def say(
    out: Records,
    n: Ints,
    op: int,
    mode: int,
    side: int,
    kind: int,
    instrument: int,
    party: int,
    counter: int,
    quantity: int,
    price: int,
    order: int,
    other: int,
    extra: int,
) -> None:
    """Add a record to what came of it."""
    k = n[0]
    out["op"][k] = op
    out["mode"][k] = mode
    out["side"][k] = side
    out["kind"][k] = kind
    out["instrument"][k] = instrument
    out["party"][k] = party
    out["counter"][k] = counter
    out["quantity"][k] = quantity
    out["price"][k] = price
    out["order"][k] = order
    out["other"][k] = other
    out["extra"][k] = extra
    n[0] = k + 1


def enter(
    a: Arrays,
    out: Records,
    n: Ints,
    mode: int,
    side: int,
    kind: int,
    instrument: int,
    party: int,
    operator: int,
    counter: int,
    quantity: int,
    price: int,
    about: int,
    ref: int,
) -> int:
    """Number a checked order, hold what it needs, and tell of it. Returns its number; it rests."""
    number = a.day[ORDERS] + 1
    a.day[ORDERS] = number
    a.day[LIVE] += 1
    o = a.orders[number]
    o[O_MODE], o[O_SIDE], o[O_KIND] = mode, side, kind
    o[O_INSTRUMENT], o[O_PARTY], o[O_OPERATOR], o[O_COUNTER] = instrument, party, operator, counter
    o[O_PRICE], o[O_QUANTITY], o[O_LEFT], o[O_STATE] = price, quantity, quantity, RESTING
    o[O_HELD], o[O_PAID], o[O_FEES], o[O_FEES_SETTLEMENT] = 0, 0, 0, 0
    o[O_NEXT], o[O_PREV], o[O_ABOUT], o[O_REF] = 0, 0, about, ref
    hold(a, number)
    if side == _BUY:
        a.parties[party, BUYING] += quantity
    say(
        out, n, _ENTERED, mode, side, kind, instrument, party, counter, quantity, price, number, operator, ref
    )
    return number


def hold(a: Arrays, number: int) -> None:
    """Hold what the rest of an order needs, and no more."""
    o = a.orders[number]
    party, instrument = o[O_PARTY], o[O_INSTRUMENT]
    if o[O_SIDE] == _BUY:
        needs = 0
        if o[O_LEFT]:
            needs = buyer_needs(a, instrument, o[O_MODE], o[O_LEFT] * o[O_PRICE], o[O_PAID])
        a.cash[party, FREE] -= needs - o[O_HELD]
        a.cash[party, HELD] += needs - o[O_HELD]
    else:
        needs = o[O_LEFT]
        a.units[instrument, party, FREE] -= needs - o[O_HELD]
        a.units[instrument, party, HELD] += needs - o[O_HELD]
    o[O_HELD] = needs
    assert a.cash[party, FREE] >= 0 and a.units[instrument, party, FREE] >= 0


def fill(
    a: Arrays, out: Records, n: Ints, buy: int, sell: int, quantity: int, price: int, aggressor: int
) -> None:
    """One trade between two resting orders: units, money, fees, figures, and what is told of it."""
    b, s = a.orders[buy], a.orders[sell]
    instrument, mode, amount = b[O_INSTRUMENT], b[O_MODE], quantity * price
    assert 0 < quantity <= min(b[O_LEFT], s[O_LEFT]) and s[O_INSTRUMENT] == instrument
    number = a.day[TRADES_DONE] + 1
    a.day[TRADES_DONE] = number
    buyer, seller = b[O_PARTY], s[O_PARTY]
    say(out, n, _TRADE, mode, aggressor, 0, instrument, buyer, seller, quantity, price, buy, sell, number)
    _buy(a, out, n, buy, quantity, amount, number)
    _sell(a, out, n, sell, quantity, amount, number)
    figure(a, instrument, mode, quantity, price)
    if b[O_LEFT] == 0:
        b[O_STATE] = FILLED
        a.day[LIVE] -= 1
    if s[O_LEFT] == 0:
        s[O_STATE] = FILLED
        a.day[LIVE] -= 1


def _buy(a: Arrays, out: Records, n: Ints, number: int, quantity: int, amount: int, trade: int) -> None:
    o = a.orders[number]
    party, instrument, mode = o[O_PARTY], o[O_INSTRUMENT], o[O_MODE]
    fees = charge(
        a, out, n, number, amount, trade, a.terms[instrument, mode, _BUY_TRADING],
        a.terms[instrument, mode, _BUY_SETTLEMENT],
    )  # fmt: skip
    o[O_LEFT] -= quantity
    needs = 0
    if o[O_LEFT]:
        needs = buyer_needs(a, instrument, mode, o[O_LEFT] * o[O_PRICE], o[O_PAID])
    cash = a.cash[party]
    cash[FREE] += o[O_HELD] - needs - amount - fees
    cash[HELD] += needs - o[O_HELD]
    cash[OWN] -= amount + fees
    o[O_HELD] = needs
    a.parties[party, BUYING] -= quantity
    a.parties[party, INSIDE] += quantity
    where = FREE if a.terms[instrument, mode, _SETTLE] == 0 else BOUGHT
    a.units[instrument, party, where] += quantity
    assert cash[FREE] >= 0, "what an order holds covers what it costs"


def _sell(a: Arrays, out: Records, n: Ints, number: int, quantity: int, amount: int, trade: int) -> None:
    o = a.orders[number]
    party, instrument, mode = o[O_PARTY], o[O_INSTRUMENT], o[O_MODE]
    fees = charge(
        a, out, n, number, amount, trade, a.terms[instrument, mode, _SELL_TRADING],
        a.terms[instrument, mode, _SELL_SETTLEMENT],
    )  # fmt: skip
    o[O_LEFT] -= quantity
    o[O_HELD] -= quantity
    mine = a.units[instrument, party]
    mine[HELD] -= quantity
    mine[SOLD] += quantity
    a.parties[party, INSIDE] -= quantity
    a.cash[party, FREE] += amount - fees
    a.cash[party, PROCEEDS] += amount - fees
    assert mine[HELD] >= 0


def charge(
    a: Arrays,
    out: Records,
    n: Ints,
    number: int,
    amount: int,
    trade: int,
    trading_ppm: int,
    settlement_ppm: int,
) -> int:
    """Charge an order the fees of `amount` more; tells them where there are any. Returns fen."""
    o = a.orders[number]
    o[O_PAID] += amount
    trading = fee(trading_ppm, o[O_PAID]) - o[O_FEES]
    settlement = fee(settlement_ppm, o[O_PAID]) - o[O_FEES_SETTLEMENT]
    o[O_FEES] += trading
    o[O_FEES_SETTLEMENT] += settlement
    a.cash[o[O_PARTY], FEES] += trading + settlement
    if trading or settlement:
        say(
            out, n, _FEE, o[O_MODE], o[O_SIDE], 0, o[O_INSTRUMENT], o[O_PARTY], 0, trading, settlement,
            number, 0, trade,
        )  # fmt: skip
    return trading + settlement


def figure(a: Arrays, instrument: int, mode: int, quantity: int, price: int) -> None:
    """The day's figures of one instrument in one mode."""
    day = a.stats[instrument, mode]
    if day[TRADES] == 0:
        day[FIRST] = day[HIGH] = day[LOW] = price
    day[VOLUME] += quantity
    day[AMOUNT] += quantity * price
    day[TRADES] += 1
    day[HIGH] = max(day[HIGH], price)
    day[LOW] = min(day[LOW], price)
    day[LAST] = price


def leave(a: Arrays, out: Records, n: Ints, number: int, why: int) -> None:
    """A resting order goes, with what is left of it; what it held is free again."""
    o = a.orders[number]
    party, instrument = o[O_PARTY], o[O_INSTRUMENT]
    assert o[O_STATE] == RESTING
    if o[O_SIDE] == _BUY:
        a.cash[party, FREE] += o[O_HELD]
        a.cash[party, HELD] -= o[O_HELD]
        a.parties[party, BUYING] -= o[O_LEFT]
    else:
        a.units[instrument, party, FREE] += o[O_HELD]
        a.units[instrument, party, HELD] -= o[O_HELD]
    o[O_HELD] = 0
    o[O_STATE] = ENDED
    a.day[LIVE] -= 1
    say(out, n, _GONE, o[O_MODE], o[O_SIDE], why, instrument, party, 0, o[O_LEFT], 0, number, 0, 0)
