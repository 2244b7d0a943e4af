"""One-way auctions, 单向竞价: one initiator sells (or buys) a quantity, several bid for it in a window.

    AUCTION announces ─► QUALIFY admits bidders ─► AUCTION_PHASE OPEN ─► BID, CANCEL ─► AUCTION_PHASE CLOSED
                                                             └► AUCTION_PHASE HALTED: called off

What is offered is held from the window's opening on, as an order of the initiator; every bid holds what it
would cost. A deposit is an order without tonnes: it holds money from the qualification to the result, and
what a bidder's bids hold counts towards it, so that never more than the larger of the two is held. It lapses
with the day like any order; whoever qualified on an earlier day shows it again with the first bid.

The allotment is in auction_rules.py, what is asked before anything is done in auction_checks.py. An auction
whose window is open when the day closes is called off; one only announced stays announced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tanshu.exchange.engine import ledger
from tanshu.exchange.engine.auction_checks import announced, bid_stands, may_bid, may_open, qualified
from tanshu.exchange.engine.auction_rules import Allotment, Bid, allot
from tanshu.exchange.engine.auction_state import Auction, Auctions, Bidder, Stage
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.desk import Desk, Rec, Told
from tanshu.exchange.engine.records import (
    AuctionOrder,
    AuctionRule,
    Gone,
    Mode,
    Op,
    Outcome,
    Phase,
    Pricing,
    Side,
    Ties,
)
from tanshu.exchange.engine.state import (
    DAY_OPEN,
    DAY_STATE,
    FREE,
    HELD,
    LIVE,
    O_ABOUT,
    O_HELD,
    O_KIND,
    O_LEFT,
    O_PARTY,
    O_PRICE,
    O_STATE,
    RESTING,
    Arrays,
)
from tanshu.exchange.engine.terms import Term

if TYPE_CHECKING:
    from tanshu.exchange.engine.engine import Engine


class AuctionDesk(Desk):
    mode = int(Mode.AUCTION)

    def __init__(self) -> None:
        super().__init__()
        self.auctions = Auctions()
        self.ops = {
            Op.AUCTION: self.announce,
            Op.QUALIFY: self.qualify,
            Op.BID: self.bid,
            Op.AUCTION_PHASE: self.step,
        }

    # -- records -------------------------------------------------------------------------------------------

    def announce(self, a: Arrays, _told: Told, r: Rec) -> Code:
        """An auction, of today or a later day. Numbers are given in order over the market's life."""
        code = announced(a, r, self.auctions.last + 1)
        if code is Code.OK:
            self.auctions.last = r.order
            self.auctions.all[r.order] = Auction(
                r.order, Side(r.side), Pricing(r.kind), Ties(r.other), AuctionRule(r.extra), r.instrument,
                r.party, r.quantity, r.price,
            )  # fmt: skip
        return code

    def qualify(self, a: Arrays, told: Told, r: Rec) -> Code:
        """Admit a bidder, or say anew how much it may bid for and what it has to show; that is held."""
        code = self._stands(r.order)
        if code is not Code.OK:
            return code
        auction = self.auctions.all[r.order]
        bidder = auction.bidders.get(r.party) or Bidder(0, 0)
        code = qualified(a, auction, bidder, r)
        if code is Code.OK:
            auction.bidders[r.party] = bidder
            bidder.cap, bidder.deposit = r.quantity, r.price
            _hold_deposit(a, told, auction, r.party, bidder)
        return code

    def bid(self, a: Arrays, told: Told, r: Rec) -> Code:
        """A bid of a qualified bidder while the window is open."""
        code = self._stands(r.order)
        if code is not Code.OK:
            return code
        auction = self.auctions.all[r.order]
        code = may_bid(a, auction, r)
        if code is not Code.OK:
            return code
        bidder = auction.bidders[r.party]
        former = _replaced(auction, bidder)
        code = bid_stands(a, auction, bidder, former, r)
        if code is Code.OK:
            _enter_bid(a, told, auction, bidder, former, r)
        return code

    def step(self, a: Arrays, told: Told, r: Rec) -> Code:
        """The window opens; it closes, with the result; or the auction is called off."""
        code = self._stands(r.order)
        if code is not Code.OK:
            return code
        auction = self.auctions.all[r.order]
        if r.kind == Phase.OPEN and auction.stage is Stage.ANNOUNCED:
            return _open_window(a, told, auction)
        if r.kind == Phase.CLOSED and auction.stage is Stage.OPEN:
            return _close_window(a, told, auction)
        if r.kind == Phase.HALTED:
            _call_off(a, told, auction)
            return Code.OK
        return Code.BAD_PHASE

    # -- hooks ---------------------------------------------------------------------------------------------

    def check_cancel(self, a: Arrays, r: Rec) -> Code:
        """A bid that does not bind may be cancelled in the window, in a halt, and in breaks by the terms."""
        order = a.orders[r.order]
        auction = self.auctions.all[int(order[O_ABOUT])]
        if order[O_KIND] != AuctionOrder.BID or auction.rules & AuctionRule.BINDING:
            return Code.BINDS
        phase = ledger.phase_of(a, auction.instrument, self.mode)
        in_break = phase == Phase.BREAK and a.terms[auction.instrument, self.mode, Term.BREAK_CANCEL] == 1
        return Code.OK if phase in (Phase.OPEN, Phase.HALTED) or in_break else Code.NOT_OPEN

    def removed(self, a: Arrays, number: int) -> None:
        order = a.orders[number]
        auction = self.auctions.all[int(order[O_ABOUT])]
        if order[O_KIND] == AuctionOrder.OFFERED:
            auction.order = 0
            return
        bidder = auction.bidders[int(order[O_PARTY])]
        if order[O_KIND] == AuctionOrder.DEPOSIT:
            bidder.deposit_order = 0
        else:
            bidder.bids.remove(number)
            _give_to_deposit(a, auction, bidder, number)

    def closing(self, a: Arrays, told: Told) -> None:
        for auction in self.auctions:
            if auction.stage is Stage.OPEN:
                _call_off(a, told, auction)

    def new_day(self, a: Arrays) -> None:
        assert not a.day[LIVE]
        self.auctions.forget_days()

    def restored(self, a: Arrays, image: bytes) -> None:
        self.auctions = Auctions.restored(a, image)

    def image(self) -> bytes:
        return self.auctions.image()

    def _stands(self, number: int) -> Code:
        """Is there such an auction, and is it not over?"""
        if not 0 < number <= self.auctions.last:
            return Code.UNKNOWN_AUCTION
        auction = self.auctions.all.get(number)
        return Code.AUCTION_OVER if auction is None or auction.stage is Stage.OVER else Code.OK


def desk_of(engine: Engine) -> AuctionDesk:
    """The auctions of a market."""
    desk = engine.desks[Mode.AUCTION]
    assert isinstance(desk, AuctionDesk)
    return desk


def public_bids(a: Arrays, auction: Auction) -> list[tuple[int, int, int]]:
    """What everybody may see while the window is open: price, tonnes, number of bids, the best first.

    Nothing of a sealed auction.
    """
    if auction.rules & AuctionRule.SEALED:
        return []
    levels: dict[int, list[int]] = {}
    for number in auction.bids():
        levels.setdefault(int(a.orders[number, O_PRICE]), []).append(int(a.orders[number, O_LEFT]))
    best_first = sorted(levels, reverse=auction.side is Side.SELL)
    return [(price, sum(levels[price]), len(levels[price])) for price in best_first]


# -- changes -----------------------------------------------------------------------------------------------


def _replaced(auction: Auction, bidder: Bidder) -> list[int]:
    """The bids that another one takes the place of."""
    return list(bidder.bids) if auction.rules & AuctionRule.ONE_BID else []


def _enter_bid(
    a: Arrays, told: Told, auction: Auction, bidder: Bidder, former: Sequence[int], r: Rec
) -> None:
    for number in former:
        bidder.bids.remove(number)
        ledger.leave(a, told.out, told.n, number, Gone.REPLACED)
    needs = 0
    if auction.bids_side is Side.BUY:
        needs = ledger.buyer_needs(a, auction.instrument, int(Mode.AUCTION), r.quantity * r.price, 0)
    _hold_deposit(a, told, auction, r.party, bidder, coming=needs)
    number = ledger.enter(
        a, told.out, told.n, int(Mode.AUCTION), auction.bids_side, AuctionOrder.BID, auction.instrument,
        r.party, r.other, auction.number, r.quantity, r.price, auction.number, r.extra,
    )  # fmt: skip
    bidder.bids.append(number)


def _hold_deposit(
    a: Arrays, told: Told, auction: Auction, party: int, bidder: Bidder, coming: int = 0
) -> None:
    """Have the deposit hold what the bids, and one that is coming, do not hold already."""
    if not bidder.deposit_order:
        if not bidder.deposit:
            return
        bidder.deposit_order = ledger.enter(
            a, told.out, told.n, int(Mode.AUCTION), Side.BUY, AuctionOrder.DEPOSIT, auction.instrument,
            party, 0, auction.number, 0, bidder.deposit, auction.number, 0,
        )  # fmt: skip
    owed = max(0, bidder.deposit - bidder.kept(a, auction.bids_side) - coming)
    more = owed - bidder.held(a)
    a.cash[party, FREE] -= more
    a.cash[party, HELD] += more
    a.orders[bidder.deposit_order, O_HELD] = owed
    a.orders[bidder.deposit_order, O_PRICE] = bidder.deposit
    assert a.cash[party, FREE] >= 0


def _give_to_deposit(a: Arrays, auction: Auction, bidder: Bidder, number: int) -> None:
    """A bid that is about to leave gives back to the deposit what counted towards it."""
    if not bidder.deposit_order or auction.bids_side is not Side.BUY:
        return
    owed = max(0, bidder.deposit - bidder.kept(a, auction.bids_side))
    more = owed - bidder.held(a)
    assert 0 <= more <= a.orders[number, O_HELD]
    a.orders[number, O_HELD] -= more
    a.orders[bidder.deposit_order, O_HELD] += more


def _open_window(a: Arrays, told: Told, auction: Auction) -> Code:
    """Enter the initiator's side."""
    code = may_open(a, auction)
    if code is not Code.OK:
        return code
    auction.order = ledger.enter(
        a, told.out, told.n, int(Mode.AUCTION), auction.side, AuctionOrder.OFFERED, auction.instrument,
        auction.party, 0, auction.number, auction.quantity, auction.reserve, auction.number, 0,
    )  # fmt: skip
    auction.stage = Stage.OPEN
    return Code.OK


def _close_window(a: Arrays, told: Told, auction: Auction) -> Code:
    """The result: trades, losers, deposits. Called off where the initiator was taken off the market."""
    if a.day[DAY_STATE] != DAY_OPEN:
        return Code.NO_DAY
    if ledger.phase_of(a, auction.instrument, int(Mode.AUCTION)) == Phase.HALTED:
        return Code.NOT_OPEN
    if not auction.order:
        _call_off(a, told, auction)
        return Code.OK
    result = _result(a, auction)
    for award in result.awards:
        buy, sell = (award.number, auction.order)[:: 1 if auction.side is Side.SELL else -1]
        ledger.fill(a, told.out, told.n, buy, sell, award.quantity, award.price, auction.bids_side)
    _release(a, told, auction, lost=Gone.LOST, rest=Gone.REST)
    _tell(told, auction, result)
    return Code.OK


def _result(a: Arrays, auction: Auction) -> Allotment:
    numbers = auction.bids()
    bids = [
        Bid(n, int(a.orders[n, O_PRICE]), int(a.orders[n, O_LEFT]), int(a.orders[n, O_PARTY]))
        for n in numbers
    ]
    return allot(
        bids,
        auction.quantity,
        reserve=auction.reserve,
        side=auction.side,
        pricing=auction.pricing,
        ties=auction.ties,
        lot=max(1, int(a.terms[auction.instrument, Mode.AUCTION, Term.LOT])),
    )


def _call_off(a: Arrays, told: Told, auction: Auction) -> None:
    _release(a, told, auction, lost=Gone.CALLED_OFF, rest=Gone.CALLED_OFF)
    _tell(told, auction, Allotment(Outcome.CALLED_OFF, 0, (), 0, 0))


def _release(a: Arrays, told: Told, auction: Auction, *, lost: Gone, rest: Gone) -> None:
    """It is over: what still rests of it goes, the bids, the deposits, what the initiator is left with."""
    deposits = sorted(who.deposit_order for who in auction.bidders.values() if who.deposit_order)
    offered = [auction.order] if auction.order else []
    for numbers, why in ((auction.bids(), lost), (deposits, Gone.RETURNED), (offered, rest)):
        for number in numbers:
            if a.orders[number, O_STATE] == RESTING:
                ledger.leave(a, told.out, told.n, number, why)
    auction.stage, auction.order = Stage.OVER, 0
    for bidder in auction.bidders.values():
        bidder.deposit_order = 0
        bidder.bids.clear()


def _tell(told: Told, auction: Auction, result: Allotment) -> None:
    told.say(
        Op.RESULT,
        mode=Mode.AUCTION,
        side=auction.side,
        kind=result.outcome,
        instrument=auction.instrument,
        party=auction.party,
        quantity=result.sold,
        price=result.price,
        order=auction.number,
        other=result.valid_bids,
        extra=result.valid_tonnes,
    )
