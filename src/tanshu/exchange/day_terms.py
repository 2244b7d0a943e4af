"""A trading day as the market's rules have it: the terms that are stated at its opening, and its timetable.

What a pack says in words and fractions becomes integers here, once a day; they stand in the market's log, so
a replay needs no pack. Times are Shanghai's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from itertools import pairwise
from typing import Final, NamedTuple

from tanshu.base.refusal import Refused
from tanshu.exchange.engine.records import Mode, Op, Phase, Row, row
from tanshu.exchange.engine.terms import CloseMethod, SelfTrade, Term
from tanshu.rules import checks
from tanshu.rules.market_model import Fees, ModeRules, Session
from tanshu.rules.market_pack import MarketRules, figures_name

MODE_OF: Final[Mapping[str, Mode]] = {
    "listing": Mode.LISTING,
    "block": Mode.BLOCK,
    "auction": Mode.AUCTION,
    "order_book": Mode.ORDER_BOOK,
}
"""A pack's word for a mode, and the engine's number."""
_SELF_TRADE: Final[Mapping[str, SelfTrade]] = {
    "refuse": SelfTrade.REFUSE,
    "cancel_resting": SelfTrade.CANCEL_RESTING,
    "cancel_both": SelfTrade.CANCEL_BOTH,
    "pass_over": SelfTrade.PASS_OVER,
}
_CHOOSE: Final[Mapping[str, int]] = {"no": 0, "best_price": 1, "within_levels": 2}
_CLOSE: Final[Mapping[str, CloseMethod]] = {"average": CloseMethod.AVERAGE, "last": CloseMethod.LAST}


class Instrument(NamedTuple):
    """A product of the day: the engine's number, its vintage (0 where it has none), its reference price in
    fen: the close of the day before, or what was configured for its first day; 0 is none.
    """

    number: int
    vintage: int
    reference_fen: int


class Step(NamedTuple):
    """At this time of the day the mode enters the phase."""

    at: time
    mode: Mode
    phase: Phase


def day_records(rules: MarketRules, instruments: Sequence[tuple[int, int, int]]) -> list[Row]:
    """The TERM records of a day's opening: what holds for all products once, then each product's bands.

    instruments: as `Instrument`. Raises Refused RULE-1602 for a fee that nobody has given, RULE-1601 for a
    product without a reference price, RULE-1607 where no tick lies within a band. Zeros are not stated.
    """
    records = [_term(Mode.NONE, Term.CLOSE_METHOD, _CLOSE[rules.close_method])]
    for name, mode in rules.modes.items():
        stated = _terms(rules, mode, rules.fees(name))
        records += [_term(MODE_OF[name], term, value) for term, value in stated.items()]
    for one in instruments:
        records += _bands(rules, Instrument(*one))
    return [record for record in records if record[_VALUE]]


def timetable(rules: MarketRules, day: date) -> list[Step]:
    """Every change of phase of a trading day, in order of time, then of mode.

    Raises Refused where the market does not trade on this day: RULE-1604, RULE-1605, RULE-3001.
    """
    rules.check_day(day)
    return sorted(
        Step(at, MODE_OF[name], phase)
        for name, mode in rules.modes.items()
        for at, phase in _phases(mode.session)
    )


def due(steps: Sequence[Step], after: time | None, until: time) -> list[Step]:
    """The steps to take now, in order: later than `after` (None: from the day's beginning), up to `until`
    with it. Whoever asks again with `after` as the last `until` misses none and takes none twice.
    """
    return [step for step in steps if (after is None or step.at > after) and step.at <= until]


def _terms(rules: MarketRules, mode: ModeRules, fees: Fees) -> dict[Term, int]:
    return {
        Term.TICK: mode.tick_fen,
        Term.LOT: mode.lot_t,
        Term.QUANTITY_MIN: mode.quantity_min_t,
        Term.QUANTITY_MAX: mode.quantity_max_t,
        Term.AMOUNT_MAX: mode.amount_max_fen,
        Term.FEE_BUY_TRADING: fees.buyer_trading_ppm,
        Term.FEE_BUY_SETTLEMENT: fees.buyer_settlement_ppm,
        Term.FEE_SELL_TRADING: fees.seller_trading_ppm,
        Term.FEE_SELL_SETTLEMENT: fees.seller_settlement_ppm,
        Term.SETTLE_DAYS: mode.settle_days,
        Term.LEVELS: mode.levels,
        Term.CHOOSE: _CHOOSE[mode.choose_maker],
        Term.SELF_TRADE: _SELF_TRADE[rules.self_trade],
        Term.IN_CLOSE: int(mode.in_close),
        Term.BREAK_CANCEL: int(rules.cancel_in_breaks),
        Term.DOUBLE_CONFIRM: int(mode.poster_confirms),
    }


def _bands(rules: MarketRules, one: Instrument) -> Iterator[Row]:
    if one.reference_fen <= 0:
        raise Refused(
            checks.FIRST_REFERENCE_NEEDED(
                field="reference_fen",
                pack=rules.pack.name,
                instrument=one.vintage or one.number,
                figures=figures_name(rules.pack),
            )
        )
    for name in rules.modes:
        low, high = rules.band(name, one.reference_fen)
        yield _term(MODE_OF[name], Term.PRICE_LOW, low, one.number)
        yield _term(MODE_OF[name], Term.PRICE_HIGH, high, one.number)


def _phases(session: Session) -> Iterator[tuple[time, Phase]]:
    """What a mode's windows come to: a call before, trading with its breaks, a call after, closed."""
    if session.pre_open:
        yield session.pre_open[0], Phase.PRE_OPEN
    yield session.open[0][0], Phase.OPEN
    for earlier, later in pairwise(session.open):
        yield earlier[1], Phase.BREAK
        yield later[0], Phase.OPEN
    last = session.open[-1][1]
    if session.closing:
        yield last, Phase.CLOSING
        last = session.closing[1]
    yield last, Phase.CLOSED


def _term(mode: Mode, term: Term, value: int, instrument: int = 0) -> Row:
    return row(Op.TERM, mode=mode, kind=term, instrument=instrument, quantity=value)


_VALUE: Final = 7
"""The place of the quantity in a row."""
