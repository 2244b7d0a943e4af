"""Who gets how much of what is auctioned one way, and at which price: values in, values out.

    selling 竞卖方出让   the initiator sells, bidders buy      the best bid is the highest
    buying  竞买方收购   the initiator buys, bidders sell      the best bid is the lowest

Bids at the reserve price or better are valid. They are served best price first; at the last price that gets
anything (the margin) what is left is shared by the auction's rule for ties. With fewer valid bids than there
is on offer all of them are served whole, and the rest stays with the initiator. The clearing price is always
the worst price that got something, so it never passes the reserve: at a uniform price everybody trades at it,
under pay-as-bid everybody at his own.

No rule text of a national auction is published; this is the common form, and each choice is the notice's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from tanshu.exchange.engine.records import Outcome, Pricing, Side, Ties


class Bid(NamedTuple):
    """number: its place in time. price: fen per tonne. quantity: tonnes. bidder: whose caps count it."""

    number: int
    price: int
    quantity: int
    bidder: int = 0


class Award(NamedTuple):
    """quantity: tonnes, above zero. price: fen per tonne to be paid."""

    number: int
    quantity: int
    price: int


class Allotment(NamedTuple):
    """Awards in the order of merit. price: the clearing price, 0 where nothing was sold. Valid: at the
    reserve or better, within the caps."""

    outcome: Outcome
    price: int
    awards: tuple[Award, ...]
    valid_bids: int
    valid_tonnes: int

    @property
    def sold(self) -> int:
        """Tonnes."""
        return sum(award.quantity for award in self.awards)


def allot(
    bids: Iterable[Bid],
    offered: int,
    *,
    reserve: int = 0,
    side: Side = Side.SELL,
    pricing: Pricing = Pricing.UNIFORM,
    ties: Ties = Ties.TIME,
    lot: int = 1,
    caps: Mapping[int, int] | None = None,
) -> Allotment:
    """The result of an auction.

    offered: tonnes, whole lots, as every bid is. reserve: the worst price the initiator accepts, fen per
    tonne; 0 where it sells without one. side: the initiator's. caps: tonnes one bidder may get, where there
    are any; what a bidder asks beyond, from its worst bid up, does not count.
    """
    given = list(bids)
    assert offered > 0 and offered % lot == 0 and all(b.quantity > 0 and b.quantity % lot == 0 for b in given)
    valid = capped(in_merit(given, reserve, side), caps or {}, lot)
    served = _serve(valid, offered, ties, lot)
    price = served[-1][0].price if served else 0
    uniform = pricing is Pricing.UNIFORM
    awards = tuple(Award(bid.number, tonnes, price if uniform else bid.price) for bid, tonnes in served)
    asked = sum(bid.quantity for bid in valid)
    return Allotment(_outcome(given, asked, offered), price, awards, len(valid), asked)


def in_merit(bids: Iterable[Bid], reserve: int, side: Side) -> list[Bid]:
    """The bids at the reserve or better, best price first, then in time."""
    sign = -1 if side is Side.SELL else 1
    valid = [bid for bid in bids if accepts(reserve, bid.price, side)]
    return sorted(valid, key=lambda bid: (sign * bid.price, bid.number))


def accepts(reserve: int, price: int, side: Side) -> bool:
    """Is a price the reserve or better, seen from an initiator on this side?"""
    return price >= reserve if side is Side.SELL else reserve == 0 or price <= reserve


def capped(merit: Iterable[Bid], caps: Mapping[int, int], lot: int = 1) -> list[Bid]:
    """The bids as far as their bidders' caps reach (whole lots), the best first."""
    room = {bidder: cap // lot * lot for bidder, cap in caps.items()}
    kept: list[Bid] = []
    for bid in merit:
        quantity = min(bid.quantity, room.get(bid.bidder, bid.quantity))
        if bid.bidder in room:
            room[bid.bidder] -= quantity
        if quantity:
            kept.append(bid._replace(quantity=quantity))
    return kept


def shared(quantities: Sequence[int], rest: int, lot: int = 1) -> list[int]:
    """`rest` tonnes shared in proportion to what is asked: whole lots each, the lots left over to the largest
    remainders, the earlier first among equals. Nobody gets more than it asks; the sum is exactly `rest`."""
    whole, lots = sum(quantities), rest // lot
    assert rest % lot == 0 and 0 <= rest <= whole
    parts = [lots * quantity // whole for quantity in quantities]
    remainders = [lots * quantity % whole for quantity in quantities]
    over = sorted(range(len(parts)), key=lambda i: (-remainders[i], i))[: lots - sum(parts)]
    for i in over:
        parts[i] += 1
    return [part * lot for part in parts]


def _serve(valid: Sequence[Bid], offered: int, ties: Ties, lot: int) -> list[tuple[Bid, int]]:
    """Each bid that gets something, with its tonnes, in the order of merit."""
    served: list[tuple[Bid, int]] = []
    left = offered
    for _price, equals in groupby(valid, key=lambda bid: bid.price):
        bids = list(equals)
        given = _of_equals([bid.quantity for bid in bids], left, ties, lot)
        for bid, tonnes in zip(bids, given, strict=True):
            left -= tonnes
            if tonnes:
                served.append((bid, tonnes))
    return served


def _of_equals(quantities: Sequence[int], left: int, ties: Ties, lot: int) -> list[int]:
    """What each of the bids at one price gets of what is left."""
    if sum(quantities) <= left:
        return list(quantities)
    if ties is Ties.PRO_RATA:
        return shared(quantities, left, lot)
    given: list[int] = []
    for quantity in quantities:
        given.append(min(quantity, left))
        left -= given[-1]
    return given


def _outcome(bids: Sequence[Bid], asked: int, offered: int) -> Outcome:
    if not bids:
        return Outcome.NO_BIDS
    if not asked:
        return Outcome.RESERVE_NOT_MET
    return Outcome.SOLD if asked >= offered else Outcome.PART
