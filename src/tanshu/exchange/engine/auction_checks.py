"""What is asked before something is done in an auction: a code, and nothing changed."""

from __future__ import annotations

from collections.abc import Sequence

from tanshu.exchange.engine import ledger
from tanshu.exchange.engine.auction_rules import accepts
from tanshu.exchange.engine.auction_state import Auction, Bidder, Stage
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.desk import Rec
from tanshu.exchange.engine.records import (
    AMOUNT_MAX,
    PRICE_MAX,
    QUANTITY_MAX,
    AuctionRule,
    Mode,
    Pricing,
    Side,
    Ties,
)
from tanshu.exchange.engine.state import (
    BOUGHT,
    BUYING,
    DAY_OPEN,
    DAY_STATE,
    FREE,
    INSIDE,
    INSTRUMENTS,
    LIMIT,
    O_HELD,
    O_LEFT,
    O_PRICE,
    OUTSIDE,
    PARTIES,
    SUSPENDED,
    Arrays,
)
from tanshu.exchange.engine.terms import Term

BIDS_MAX = 50_000
"""Bids one auction takes: its result stands in one entry."""


def announced(a: Arrays, r: Rec, number: int) -> Code:
    if r.order != number:
        return Code.OUT_OF_ORDER
    known = r.side in (Side.BUY, Side.SELL) and r.kind in tuple(Pricing) and r.other in tuple(Ties)
    if not known or not 0 <= r.extra < 2 * AuctionRule.BINDING:
        return Code.BAD_VALUE
    if not 0 < r.party <= a.day[PARTIES]:
        return Code.UNKNOWN_PARTY
    if not 0 < r.instrument <= a.day[INSTRUMENTS]:
        return Code.UNKNOWN_INSTRUMENT
    if not 0 < r.quantity <= QUANTITY_MAX:
        return Code.BAD_QUANTITY
    if not (1 if r.side == Side.BUY else 0) <= r.price <= PRICE_MAX:  # who buys says how dear at most
        return Code.BAD_PRICE
    return Code.AMOUNT_TOO_LARGE if r.quantity * r.price > AMOUNT_MAX else Code.OK


def qualified(a: Arrays, auction: Auction, bidder: Bidder, r: Rec) -> Code:
    if not 0 < r.party <= a.day[PARTIES]:
        return Code.UNKNOWN_PARTY
    if a.parties[r.party, SUSPENDED]:
        return Code.SUSPENDED
    if r.party == auction.party:
        return Code.SELF_TRADE
    if r.quantity < 0 or not 0 <= r.price <= AMOUNT_MAX:
        return Code.BAD_VALUE
    if r.quantity and bidder.tonnes(a) > r.quantity:
        return Code.ABOVE_CAP
    owed = max(0, r.price - bidder.kept(a, auction.bids_side))
    if owed and a.day[DAY_STATE] != DAY_OPEN:
        return Code.NO_DAY
    return Code.OK if a.cash[r.party, FREE] + bidder.held(a) >= owed else Code.DEPOSIT_SHORT


def may_bid(a: Arrays, auction: Auction, r: Rec) -> Code:
    """Everything about a bid but what it needs."""
    instrument, mode = auction.instrument, int(Mode.AUCTION)
    if auction.stage is not Stage.OPEN or not auction.order:
        return Code.WINDOW_SHUT
    for code in (ledger.check_open(a, instrument, mode), ledger.check_who(a, r.party, r.other)):
        if code != Code.OK:
            return Code(code)
    if r.party not in auction.bidders:
        return Code.NOT_QUALIFIED
    code = ledger.check_form(a, instrument, mode, r.quantity, r.price)
    if code != Code.OK:
        return Code(code)
    if r.quantity > auction.quantity:
        return Code.TOO_LARGE
    told = not auction.rules & AuctionRule.RESERVE_HIDDEN
    return Code.BELOW_RESERVE if told and not accepts(auction.reserve, r.price, auction.side) else Code.OK


def bid_stands(a: Arrays, auction: Auction, bidder: Bidder, former: Sequence[int], r: Rec) -> Code:
    """Cap, rules for another bid, and means, where the former bids give up what they hold."""
    if auction.rules & AuctionRule.BINDING and any(_worse(a, auction, number, r) for number in former):
        return Code.BINDS
    left = sum(int(a.orders[number, O_LEFT]) for number in former)
    if bidder.cap and bidder.tonnes(a) - left + r.quantity > bidder.cap:
        return Code.ABOVE_CAP
    if auction.many - len(former) >= BIDS_MAX:
        return Code.FULL
    code = _money_reaches(a, auction, bidder, former, r)
    if code is not Code.OK:
        return code
    p, mine = a.parties[r.party], a.units[auction.instrument, r.party]
    if auction.bids_side is Side.BUY:
        whole = p[OUTSIDE] + p[INSIDE] + p[BUYING] - left + r.quantity
        return Code.HOLDING_LIMIT if p[LIMIT] and whole > p[LIMIT] else Code.OK
    if mine[FREE] + left >= r.quantity:
        return Code.OK
    return Code.BOUGHT_TODAY if mine[FREE] + left + mine[BOUGHT] >= r.quantity else Code.NO_UNITS


def _money_reaches(a: Arrays, auction: Auction, bidder: Bidder, former: Sequence[int], r: Rec) -> Code:
    """Is there money for the deposit, and for the bid, each counted towards the other?"""
    back = needs = 0
    if auction.bids_side is Side.BUY:
        back = sum(int(a.orders[number, O_HELD]) for number in former)
        needs = ledger.buyer_needs(a, auction.instrument, int(Mode.AUCTION), r.quantity * r.price, 0)
    owed = max(0, bidder.deposit - (bidder.kept(a, auction.bids_side) - back))
    there = int(a.cash[r.party, FREE]) + back + bidder.held(a)
    if there < owed:
        return Code.DEPOSIT_SHORT
    return Code.OK if there >= needs else Code.NO_CASH


def _worse(a: Arrays, auction: Auction, number: int, r: Rec) -> bool:
    """Would this bid be worse for the initiator than that order, in price or in tonnes?"""
    price, left = int(a.orders[number, O_PRICE]), int(a.orders[number, O_LEFT])
    dearer = r.price < price if auction.side is Side.SELL else r.price > price
    return dearer or r.quantity < left


def may_open(a: Arrays, auction: Auction) -> Code:
    """May the window open, with what the initiator has now? Size limits are for bids; it keeps to lot and tick."""
    instrument, mode = auction.instrument, int(Mode.AUCTION)
    code = ledger.check_open(a, instrument, mode)
    if code != Code.OK:
        return Code(code)
    terms = a.terms[instrument, mode]
    if not terms[Term.TICK]:
        return Code.NOT_TRADED_SO
    if a.parties[auction.party, SUSPENDED]:
        return Code.SUSPENDED
    if auction.quantity % max(1, int(terms[Term.LOT])):
        return Code.NOT_A_LOT
    if auction.reserve % terms[Term.TICK]:
        return Code.NOT_A_TICK
    party, tonnes, reserve = auction.party, auction.quantity, auction.reserve
    return Code(ledger.check_means(a, instrument, mode, auction.side, party, tonnes, reserve))
