"""The terms of a trading day, as the engine has them: integers, stated with the day's opening.

They come from the market's rule pack and stand in the log, so that a replay needs no pack. A term is stated
for one mode of one instrument, or for all instruments (0). What is not stated is 0, which means what each
line says.
"""

from __future__ import annotations

from enum import IntEnum


class Term(IntEnum):
    TICK = 1
    """Fen per tonne; prices are its multiples. 0: this mode does not trade this instrument."""
    LOT = 2
    """Tonnes; quantities are its multiples. 0 is 1."""
    QUANTITY_MIN = 3
    """Tonnes of one order. 0: one lot."""
    QUANTITY_MAX = 4
    """Tonnes of one order, inclusive: 99,999 where the rule says less than 100,000. 0: none."""
    PRICE_LOW = 5
    """The lowest price of the day, fen: the band's foot, rounded."""
    PRICE_HIGH = 6
    """The highest price of the day, fen. 0: no upper limit (the order book needs one)."""
    AMOUNT_MAX = 7
    """Fen of one order, against fat fingers. 0: none."""
    FEE_BUY_TRADING = 8
    """Parts per million of the amount, rounded half up to the fen over the whole of an order so far."""
    FEE_BUY_SETTLEMENT = 9
    FEE_SELL_TRADING = 10
    FEE_SELL_SETTLEMENT = 11
    SETTLE_DAYS = 12
    """T+n: 0 makes bought units usable at once, 1 not before the seal."""
    LEVELS = 13
    """How many of the best opposite levels a taker may reach into. 0: all."""
    CHOOSE = 14
    """1: a taker may name the maker, at the best price only; 2: at any price within the levels."""
    SELF_TRADE = 15
    """What happens where both sides were one participant: see SelfTrade."""
    IN_CLOSE = 16
    """1: trades of this mode make the close."""
    CLOSE_METHOD = 17
    """See CloseMethod; stated for mode 0."""
    BREAK_CANCEL = 18
    """1: orders may be cancelled in a break and in the calls."""
    DOUBLE_CONFIRM = 19
    """1: who made a quote confirms again after the other side did."""


TERMS = 20


class SelfTrade(IntEnum):
    REFUSE = 0
    """The newer order is refused (the board: that taking), or its rest is cancelled where it has traded."""
    CANCEL_RESTING = 1
    CANCEL_BOTH = 2
    PASS_OVER = 3
    """The board only: a taker's own offers are passed over, and stay."""


class CloseMethod(IntEnum):
    AVERAGE = 0
    """Volume-weighted average of the day, half up to the tick's fen; none traded: the previous close."""
    LAST = 1
    """The price of the last trade."""
