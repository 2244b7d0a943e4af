"""What is said to a market's engine, and what it says: fixed-width records, 48 bytes, little-endian integers.

An entry of a market's log carries what went in (op < 64) and, after it, what came of it (op ≥ 64). On replay
what went in is applied again, and the same must come out.

| in            | mode | side | kind      | instrument | party  | counter   | quantity | price  | order     | other    | extra |
|---------------|------|------|-----------|------------|--------|-----------|----------|--------|-----------|----------|-------|
| PARTY         |      |      |           |            | new    | group     |          |        |           |          |       |
| OPERATOR      |      |      |           |            | whose  |           |          |        |           | new      |       |
| INSTRUMENT    |      |      |           | new        |        |           | vintage  | refer. |           |          |       |
| TERM          | mode |      | Term      | which, 0 all |      |           | value    |        |           |          |       |
| DAY           |      |      |           |            |        |           | yyyymmdd |        |           |          |       |
| HOLDING       |      |      |           |            | whose  |           | outside  | limit  |           |          |       |
| UNITS_IN/OUT  |      |      |           | which      | whose  |           | tonnes   |        |           |          |       |
| CASH_IN/OUT   |      |      |           |            | whose  |           | fen      |        |           |          |       |
| PHASE         | mode, 0 all | | Phase    | which, 0 all |      |           |          |        |           | Why      |       |
| SUSPEND/LIFT  |      |      |           |            | whose  |           |          |        |           | Why      |       |
| WITHDRAW_ALL  |      |      |           |            | whose  |           |          |        |           | Why      |       |
| CLOSE_DAY     |      |      |           |            |        |           |          |        |           |          |       |
| ORDER         | ORDER_BOOK | side | OrderKind | which | whose  |           | tonnes   | fen    |           | operator | ref   |
| CANCEL        |      |      |           |            | whose  |           |          |        | which     | operator | ref   |
| AMEND         |      |      |           |            | whose  |           | new      | new    | which     | operator | ref   |
| UNCROSS       | ORDER_BOOK | |           | which      |        |           |          |        |           |          |       |
| OFFER         | LISTING | side |         | which      | whose  |           | tonnes   | fen    |           | operator | ref   |
| TAKE          | LISTING | taker's |      | which      | whose  |           | tonnes   | worst  | maker, 0 best | operator | ref |
| QUOTE         | BLOCK | side |          | which      | whose  | to whom, 0 all | tonnes | fen  |           | operator | ref   |
| COUNTER       | BLOCK |      |          |            | whose  |           | tonnes   | fen    | which     | operator | ref   |
| CONFIRM       | BLOCK |      |          |            | whose  |           |          |        | which     | operator | ref   |
| DECLINE       | BLOCK |      |          |            | whose  |           |          |        | which     | operator | ref   |
| AUCTION       | AUCTION | initiator's | Pricing | which   | initiator |         | tonnes   | reserve | auction | ties  | AuctionRule |
| QUALIFY       | AUCTION |   |          |            | whose  |           | cap t    | deposit |  auction |          |       |
| BID           | AUCTION |   |          |            | whose  |           | tonnes   | fen    | auction   | operator | ref   |
| AUCTION_PHASE | AUCTION |   | Phase    |            |        |           |          |        | auction   | Why      |       |

| out           | mode | side | kind      | instrument | party  | counter   | quantity | price  | order     | other    | extra |
|---------------|------|------|-----------|------------|--------|-----------|----------|--------|-----------|----------|-------|
| ENTERED       | mode | side | OrderKind | which      | whose  | to whom   | tonnes   | fen    | new       | operator | ref   |
| TRADE         | mode | aggressor's | | which      | buyer  | seller    | tonnes   | fen    | buy order | sell order | number |
| FEE           | mode | side |           | which      | whose  |           | trading fen | settlement fen | order | | trade's number |
| GONE          | mode | side | Gone      | which      | whose  |           | remaining |       | which     |          |       |
| AMENDED       | mode | side |           | which      | whose  |           | remaining | fen   | which     | replaced by, 0 same | |
| CLOSE         |      |      |           | which      |        |           | listing tonnes | close | | listing trades | listing fen |
| RESULT        | AUCTION | initiator's | Outcome | which   | initiator |         | sold     | clearing price | auction | valid bids | their tonnes |

Blank fields are zero. Participants, operators and instruments go by numbers from 1, given in order; orders of
all modes by numbers from 1 every day, in the order in which they are accepted; so are trades. Quantities are
tonnes, prices fen per tonne, money fen. `ref` is the client's own number, carried unread. What is ENTERED for an
auction says in `kind` which AuctionOrder it is and in `counter` of which auction; a deposit has no tonnes, and its
`price` is the whole sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum, IntFlag

import numpy as np
from numpy.typing import NDArray


class Op(IntEnum):
    PARTY = 1
    OPERATOR = 2
    INSTRUMENT = 3
    TERM = 4
    DAY = 5
    HOLDING = 6
    UNITS_IN = 7
    UNITS_OUT = 8
    CASH_IN = 9
    CASH_OUT = 10
    PHASE = 11
    SUSPEND = 12
    LIFT = 13
    WITHDRAW_ALL = 14
    CLOSE_DAY = 15
    ORDER = 16
    CANCEL = 17
    AMEND = 18
    UNCROSS = 19
    OFFER = 20
    TAKE = 21
    QUOTE = 24
    COUNTER = 25
    CONFIRM = 26
    DECLINE = 27
    AUCTION = 32
    QUALIFY = 33
    BID = 34
    AUCTION_PHASE = 35
    ENTERED = 64
    TRADE = 65
    FEE = 66
    GONE = 67
    AMENDED = 68
    CLOSE = 69
    RESULT = 70


FIRST_OUT = 64
"""Records from this op on are what came out."""


class Mode(IntEnum):
    NONE = 0
    LISTING = 1
    """挂牌协议: the offer board."""
    BLOCK = 2
    """大宗协议."""
    AUCTION = 3
    """单向竞价."""
    ORDER_BOOK = 4
    """连续竞价, price-time."""


MODES = (Mode.LISTING, Mode.BLOCK, Mode.AUCTION, Mode.ORDER_BOOK)


class Side(IntEnum):
    BUY = 0
    SELL = 1
    NONE = 2


class OrderKind(IntEnum):
    LIMIT = 0
    """Stays until the day ends."""
    MARKET = 1
    """Takes what there is within the day's limits; the rest goes."""
    IOC = 2
    FOK = 3


class Phase(IntEnum):
    CLOSED = 0
    PRE_OPEN = 1
    """Orders of the order book gather for the opening call; nothing trades."""
    OPEN = 2
    BREAK = 3
    """Nothing is entered and nothing trades; cancelling is allowed."""
    CLOSING = 4
    """Orders of the order book gather for the closing call."""
    HALTED = 5
    """Stopped by the exchange, with a reason; cancelling is allowed."""


class Gone(IntEnum):
    """Why an order left without, or before, being filled."""

    CANCELLED = 1
    LAPSED = 2
    """The day closed."""
    REST = 3
    """What an IOC or a market order left."""
    SELF_TRADE = 4
    SUSPENDED = 5
    FROZEN = 6
    """A court's order: 系统撤单."""
    REPLACED = 7
    """By an amendment that lost its place, or a counter-offer."""
    DECLINED = 8
    LOST = 9
    """A bid that was not accepted."""
    RETURNED = 10
    """A deposit, given back."""
    CALLED_OFF = 11
    """Its auction does not take place."""


class Why(IntEnum):
    TIMETABLE = 0
    OPERATOR = 1
    """The exchange's decision, told in words with the entry."""
    EMERGENCY = 2
    COURT = 3
    SUPERVISION = 4


class Pricing(IntEnum):
    UNIFORM = 0
    """Everybody pays the lowest accepted bid (gets the highest accepted offer, where one buys)."""
    PAY_AS_BID = 1


class Ties(IntEnum):
    TIME = 0
    PRO_RATA = 1


class AuctionRule(IntFlag):
    """What an auction's notice says besides; none of them is 0."""

    SEALED = 1
    """Nobody sees a bid before the result."""
    RESERVE_HIDDEN = 2
    """The reserve is not told before the result: a bid that misses it is entered, and loses."""
    ONE_BID = 4
    """A bidder has one bid: a new one takes the place of the former, and a later place in time."""
    BINDING = 8
    """A bid is not cancelled, and replaced only by one no worse in price and tonnes."""


class AuctionOrder(IntEnum):
    """What stands as an order of an auction."""

    BID = 0
    OFFERED = 1
    """The initiator's side: what is sold, or the money of who buys."""
    DEPOSIT = 2
    """Money a bidder shows it has; it counts towards what its bids hold."""


class Outcome(IntEnum):
    SOLD = 0
    PART = 1
    """Fewer bids than there was to sell."""
    RESERVE_NOT_MET = 2
    NO_BIDS = 3
    CALLED_OFF = 4


RECORD = np.dtype(
    [
        ("op", "u1"),
        ("mode", "u1"),
        ("side", "u1"),
        ("kind", "u1"),
        ("instrument", "<u4"),
        ("party", "<u4"),
        ("counter", "<u4"),
        ("quantity", "<i8"),
        ("price", "<i8"),
        ("order", "<u4"),
        ("other", "<u4"),
        ("extra", "<i8"),
    ]
)
"""As wide, field by field in bytes, as a record of the book: log/packing.py stores both."""

assert RECORD.itemsize == 48

Records = NDArray[np.void]
Row = tuple[int, int, int, int, int, int, int, int, int, int, int, int]

RECORDS_MAX = 1 << 20
"""The most records, in and out, one entry carries."""
QUANTITY_MAX = (1 << 40) - 1
PRICE_MAX = (1 << 40) - 1
AMOUNT_MAX = (1 << 62) - 1
"""quantity × price must stay below this: fen."""


def row(
    op: Op,
    *,
    mode: int = 0,
    side: int = 0,
    kind: int = 0,
    instrument: int = 0,
    party: int = 0,
    counter: int = 0,
    quantity: int = 0,
    price: int = 0,
    order: int = 0,
    other: int = 0,
    extra: int = 0,
) -> Row:
    """One record as a tuple."""
    return (int(op), mode, side, kind, instrument, party, counter, quantity, price, order, other, extra)


def encode(rows: Sequence[Row]) -> Records:
    return np.array(list(rows), dtype=RECORD) if rows else np.zeros(0, RECORD)


def decode(data: bytes) -> Records:
    return np.frombuffer(data, dtype=RECORD)


def inputs(records: Records) -> Records:
    """What went in."""
    return records[records["op"] < FIRST_OUT]


def outputs(records: Records) -> Records:
    """What came of it."""
    return records[records["op"] >= FIRST_OUT]
