"""Who sells how much to whom in a modelled year: on which day, in which mode, at which price.

The quantities follow from what each entity lacks or has too much of; the days and prices are drawn around
what the market was (`prices.toml`) and are synthetic. How a deal comes about on the market's floor, order by
order, is in `floor.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from tanshu.scenario.facts import ScenarioFacts, Span

OWN_VINTAGE = "CEA23"
BLOCK_MIN_T = 100_000
"""A block is at least this much, a listing trade always less (全国碳市场 大宗协议 / 挂牌协议)."""
ROUND_LOT_T = 100
BLOCK_LOT_T = 10_000
BLOCK_SIZES = (Decimal(100_000), Decimal(400_000))
LISTING_SIZES = (Decimal(3_000), Decimal(60_000))
DEPOSIT_STEP_FEN = 1_000_000
WINNERS = (2, 3)
"""So many buyers share the lot that is sold by auction."""

Deal = tuple[str, str, int]
"""Seller, buyer, tonnes."""


@dataclass(frozen=True, slots=True)
class Trade:
    """One deal between two holders (by code); mode listing, block or auction; tonnes, fen per tonne."""

    number: int
    day: date
    mode: str
    seller: str
    buyer: str
    instrument: str
    quantity: int
    price_fen: int

    @property
    def amount_fen(self) -> int:
        return self.quantity * self.price_fen


@dataclass(frozen=True, slots=True)
class Bid:
    """What a bidder (by code) bids. trade: the number of the trade that comes of it, 0 where it loses."""

    who: str
    quantity: int
    price_fen: int
    trade: int = 0


@dataclass(frozen=True, slots=True)
class Auction:
    """A lot sold by one-way auction: every winner pays clearing_fen, the lowest accepted bid."""

    day: date
    seller: str
    instrument: str
    quantity: int
    reserve_fen: int
    clearing_fen: int
    bids: tuple[Bid, ...]


# ---- who, and how much -------------------------------------------------------------------------------------


def deals(facts: ScenarioFacts, position: Mapping[str, int]) -> list[Deal]:
    """Short entities buy all they need; others sell part of their surplus.

    position: tonnes that an entity has too much of, below zero what it lacks. A sale goes to a short entity
    where one can take the whole lot, else to a fictional counterparty; what is still wanted then comes from
    fictional counterparties. Nobody is on both sides.
    """
    wanted = {uscc: up(-tonnes, ROUND_LOT_T) for uscc, tonnes in position.items() if tonnes < 0}
    outside = {side: [c.uscc for c in facts.counterparties if c.side == side] for side in ("sell", "buy")}
    found: list[Deal] = []
    for seller, quantity in _sales(facts, position).items():
        for n, lot in enumerate(_lots(facts, quantity, seller)):
            fits = [buyer for buyer, want in wanted.items() if want >= lot]
            inside = fits and facts.draw(seller, n, "inside") < facts.parameters.inside_share
            buyer = facts.pick(fits if inside else outside["buy"], seller, n, "buyer")
            if inside:
                wanted[buyer] -= lot
            found.append((seller, buyer, lot))
    for buyer, quantity in wanted.items():
        for n, lot in enumerate(_lots(facts, quantity, buyer)):
            found.append((facts.pick(outside["sell"], buyer, n, "seller"), buyer, lot))
    return found


def _sales(facts: ScenarioFacts, position: Mapping[str, int]) -> dict[str, int]:
    dials = facts.parameters
    return {
        uscc: down(tonnes * facts.between(dials.sold, uscc, "sold"), ROUND_LOT_T)
        for uscc, tonnes in position.items()
        if tonnes > 0 and facts.draw(uscc, "seller") < dials.seller_share
    }


def _lots(facts: ScenarioFacts, quantity: int, who: str) -> list[int]:
    """Cut a need or an offer into trades: mostly blocks where it is large enough, listing trades below."""
    listing = down(quantity * facts.between(facts.parameters.listing, who, "listing"), ROUND_LOT_T)
    if quantity < BLOCK_MIN_T:
        listing = quantity
    elif quantity - listing < BLOCK_MIN_T:
        listing = 0
    blocks = _cut(facts, quantity - listing, BLOCK_SIZES, BLOCK_LOT_T, who, "block")
    return blocks + _cut(facts, listing, LISTING_SIZES, ROUND_LOT_T, who, "listing")


def _cut(facts: ScenarioFacts, quantity: int, sizes: Span, step: int, *label: str) -> list[int]:
    """Pieces of a drawn size, none below the smallest size unless the whole is."""
    pieces: list[int] = []
    while quantity >= 2 * sizes[0]:
        drawn = down(facts.between(sizes, *label, len(pieces)), step)
        pieces.append(min(drawn, quantity - int(sizes[0])))
        quantity -= pieces[-1]
    return [*pieces, quantity] if quantity else pieces


# ---- when, and how -----------------------------------------------------------------------------------------


def dated(facts: ScenarioFacts, found: Sequence[Deal]) -> list[Trade]:
    """Give each deal its mode and one of the days of trading, and number them in day order."""
    days, auctioned = list(facts.closes_fen), auction_seller(found)
    placed: list[tuple[date, str, str, str, int]] = []
    for n, (seller, buyer, lot) in enumerate(found):
        day, mode = facts.pick(days, n, "day"), "block" if lot >= BLOCK_MIN_T else "listing"
        if seller == auctioned:
            day, mode = facts.auction.day, "auction"
        placed.append((day, mode, seller, buyer, lot))
    return [
        Trade(number, day, mode, seller, buyer, OWN_VINTAGE, lot, 0)
        for number, (day, mode, seller, buyer, lot) in enumerate(sorted(placed), 1)
    ]


def auction_seller(found: Iterable[Deal]) -> str | None:
    """Whose lot is auctioned: of those who sell to two or three, in no blocks, the one who sells most."""
    sales: dict[str, list[Deal]] = {}
    for deal in found:
        sales.setdefault(deal[0], []).append(deal)

    def fits(own: Sequence[Deal]) -> bool:
        buyers = {buyer for _, buyer, _ in own}
        return len(own) == len(buyers) in WINNERS and all(lot < BLOCK_MIN_T for *_, lot in own)

    lots = {seller: sum(lot for *_, lot in own) for seller, own in sales.items() if fits(own)}
    return max(sorted(lots), key=lambda seller: lots[seller], default=None)


# ---- at which price ----------------------------------------------------------------------------------------


def priced(facts: ScenarioFacts, trades: Sequence[Trade]) -> tuple[Trade, ...]:
    """Draw prices about what the market was, then level them so that the weighted average is met.

    Listing trades lie about the published close of their day, blocks about their month's average; the lot
    that is auctioned goes at one price, up to a spread below the close and no less than the reserve.
    """
    prices: dict[int, int] = {}
    groups: dict[tuple[str, object], list[Trade]] = {}
    for trade in trades:
        when = f"{trade.day:%Y-%m}" if trade.mode == "block" else trade.day
        groups.setdefault((trade.mode, when), []).append(trade)
    for (mode, _), group in groups.items():
        day = group[0].day
        if mode == "auction":
            prices |= dict.fromkeys((t.number for t in group), _clearing(facts, day))
            continue
        middle = facts.prices_fen[f"{day:%Y-%m}", "block"] if mode == "block" else facts.closes_fen[day]
        spread = getattr(facts.parameters, f"{mode}_spread_fen")
        drawn = {t.number: middle + int(spread * (2 * facts.draw(t.number, "price") - 1)) for t in group}
        prices |= _level(drawn, group, middle)
    return tuple(replace(trade, price_fen=prices[trade.number]) for trade in trades)


def _clearing(facts: ScenarioFacts, day: date) -> int:
    below = int(facts.auction.bid_spread_fen * facts.draw("auction", "clearing"))
    return max(facts.auction.reserve_fen, facts.closes_fen[day] - below)


def _level(drawn: Mapping[int, int], group: Sequence[Trade], average: int) -> dict[int, int]:
    """Shift prices until the volume-weighted average is `average`, or below it by a part of a fen."""
    volume = sum(trade.quantity for trade in group)
    shift, rest = divmod(average * volume - sum(drawn[t.number] * t.quantity for t in group), volume)
    prices = {number: price + shift for number, price in drawn.items()}
    for trade in sorted(group, key=lambda t: (-t.quantity, t.number)):
        if trade.quantity <= rest:
            prices[trade.number] += 1
            rest -= trade.quantity
    return prices


# ---- the auction -------------------------------------------------------------------------------------------


def auction(facts: ScenarioFacts, trades: Sequence[Trade]) -> Auction | None:
    """The auction that the trades in this mode come of, with bids that win and some that do not."""
    lot = [trade for trade in trades if trade.mode == "auction"]
    if not lot:
        return None
    clearing, spread = lot[0].price_fen, facts.auction.bid_spread_fen
    lowest = facts.pick(lot, "auction", "lowest").number
    bids = [
        Bid(
            trade.buyer,
            trade.quantity,
            clearing + (0 if trade.number == lowest else int(spread * facts.draw(trade.number, "bid"))),
            trade.number,
        )
        for trade in lot
    ]
    bids += _losing(facts, trades, lot)
    bids.sort(key=lambda bid: facts.draw("auction", bid.who, "moment"))
    return Auction(
        lot[0].day,
        lot[0].seller,
        lot[0].instrument,
        sum(trade.quantity for trade in lot),
        facts.auction.reserve_fen,
        clearing,
        tuple(bids),
    )


def _losing(facts: ScenarioFacts, trades: Sequence[Trade], lot: Sequence[Trade]) -> list[Bid]:
    """Bids below what wins, of buyers who have the money: they buy for more on later days."""
    clearing, winners = lot[0].price_fen, {trade.buyer for trade in lot}
    later = totals((t.buyer, t.quantity) for t in trades if t.day > lot[0].day and t.buyer not in winners)
    able = [who for who, tonnes in later.items() if tonnes >= 2 * LISTING_SIZES[0]]
    able.sort(key=lambda who: facts.draw(who, "bidder"))
    bids: list[Bid] = []
    for who in able[: facts.auction.losers]:
        price = clearing - 1 - int(facts.auction.bid_spread_fen * facts.draw(who, "losing bid"))
        if price >= facts.auction.reserve_fen:
            most = min(later[who] // 2, sum(trade.quantity for trade in lot))
            tonnes = down(facts.between((LISTING_SIZES[0], Decimal(most)), who, "tonnes"), ROUND_LOT_T)
            bids.append(Bid(who, tonnes, price))
    return bids


# ---- money, and small tools --------------------------------------------------------------------------------


def deposits(trades: Iterable[Trade], held: Auction | None) -> dict[str, int]:
    """Cash each buyer brings before the season, up to the next 10,000 yuan: its purchases, and what its bid
    in the auction may cost; there are no fees."""
    bids = {bid.trade: bid.price_fen for bid in held.bids} if held else {}
    worth = ((t.buyer, t.quantity * bids.get(t.number, t.price_fen)) for t in trades)
    return {buyer: up(amount, DEPOSIT_STEP_FEN) for buyer, amount in sorted(totals(worth).items())}


def totals(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The sum of each key's values, in the order of first sight."""
    found: dict[str, int] = {}
    for key, value in pairs:
        found[key] = found.get(key, 0) + value
    return found


def down(value: Decimal | int, step: int) -> int:
    return int(value) // step * step


def up(value: int, step: int) -> int:
    return -(-value // step) * step
