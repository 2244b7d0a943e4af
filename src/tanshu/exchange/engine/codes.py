"""What the engine answers to each record: one ordered list. A code's meaning never changes; new ones are
added at the end. The sentences are in exchange/checks.py.
"""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    OK = 0
    UNKNOWN_OP = 1
    NO_DAY = 2
    """No trading day is open."""
    NOT_OPEN = 3
    """The mode is not open for this: closed, in a break, halted."""
    UNKNOWN_PARTY = 4
    UNKNOWN_OPERATOR = 5
    """No such operator, or another participant's."""
    UNKNOWN_INSTRUMENT = 6
    SUSPENDED = 7
    NOT_TRADED_SO = 8
    """This instrument is not traded in this mode."""
    BAD_QUANTITY = 9
    TOO_SMALL = 10
    TOO_LARGE = 11
    NOT_A_LOT = 12
    BAD_PRICE = 13
    NOT_A_TICK = 14
    BELOW_BAND = 15
    ABOVE_BAND = 16
    AMOUNT_TOO_LARGE = 17
    """Fat finger: more than one order may be worth."""
    NO_CASH = 18
    NO_UNITS = 19
    BOUGHT_TODAY = 20
    """There would be enough, counting what was bought today."""
    HOLDING_LIMIT = 21
    UNKNOWN_ORDER = 22
    NOT_YOURS = 23
    ORDER_OVER = 24
    """Filled, cancelled or lapsed already."""
    SELF_TRADE = 25
    NOT_FILLED = 26
    """Fill-or-kill could not be filled."""
    NOTHING_THERE = 27
    """Nobody offers the other side within reach."""
    BEYOND_LEVELS = 28
    """The maker named is not among the best levels, or not at the best price."""
    MAKER_TOO_SMALL = 29
    """The named maker offers less than is taken."""
    NOT_FOR_YOU = 30
    """A quote made to somebody else, or one's own."""
    NOT_YOUR_TURN = 31
    """The other side has to answer."""
    ALREADY = 32
    """It is so already."""
    UNKNOWN_AUCTION = 33
    NOT_QUALIFIED = 34
    BELOW_RESERVE = 35
    ABOVE_CAP = 36
    """More than one bidder may bid for."""
    DEPOSIT_SHORT = 37
    BAD_PHASE = 38
    """The phase does not lead to that one."""
    OUT_OF_ORDER = 39
    """Numbers are given in order, and days come one after another."""
    BAD_VALUE = 40
    NO_WITHDRAWAL = 41
    """Proceeds of today are not withdrawn before the seal."""
    FULL = 43
    """More orders than a day can number, or more bids than an auction takes."""
    NO_CHOICE = 44
    """Makers are not chosen here: the best price, and at it the oldest offer, comes first."""
    BINDS = 45
    """A bid that binds is neither cancelled nor made worse; offer and deposits are not cancelled."""
    AUCTION_OVER = 46
    WINDOW_SHUT = 47
    """The window for bids has not opened, or what was offered was withdrawn."""
    TERMS_STAND = 48
    """The terms of a day are stated before its orders rest: what is held covers what they say."""
