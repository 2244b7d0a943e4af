"""How a modelled year's deals come about on the market's floor: every order of every day, known beforehand.

Listing trades: one side posts, the other takes, the better price first; some takings name the offer, some say
only the worst price, some take two offers at once, some an offer in two parts. Blocks: a quote that is
confirmed, or countered and then confirmed. The auction: sealed bids in its window. Beside them stand offers
of which nothing comes: cancelled, or lapsed with the day, or crossing each other untaken.

Everything is drawn from the scenario's facts, so the plan is one and the same on every machine. An order's
number is the place it is accepted at: the plan counts along, and refers to orders by the numbers they will
have. Should the market count otherwise, it refuses, and the run stops.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from decimal import Decimal
from itertools import accumulate
from operator import attrgetter

from tanshu.exchange.model import Asked, Cancel, Confirm, Counter, Decline, Offer, Quote, Take
from tanshu.exchange.model import Bid as BidFor
from tanshu.exchange.service import order_id
from tanshu.scenario.deals import OWN_VINTAGE, ROUND_LOT_T, Auction, Trade, down, totals
from tanshu.scenario.facts import ScenarioFacts
from tanshu.scenario.model import Year

PARTS = {
    "morning": ((time(9, 31), time(10, 20)), (time(10, 35), time(11, 25))),
    "afternoon": ((time(13, 2), time(13, 50)), (time(14, 0), time(14, 40))),
}
"""When offers of each half of a day are posted, and when they are taken."""
BLOCKS = time(13, 5), time(14, 25)
BIDDING_MARGIN_S = 60
"""Nobody bids in the first and the last minute of a window."""
QUALIFYING = time(9, 20)
STRAY = {"posted": time(9, 40), "cancelled": time(11, 40), "lapsing": time(13, 10), "crossing": time(14, 50)}
STRAY_FEN = 260
"""How far from the day's prices an offer of which nothing comes lies, at most."""
STRAY_SIZES = (Decimal(500), Decimal(4_000))
STRAY_ROOM_T, STRAY_ROOM_FEN = 8_000, 100_000_000
"""Who has less than this left over has nothing to spare."""
LISTING_MAX_T = 99_999
AUCTION = 1
"""The number of the market's only auction."""
SPLIT_MIN_T = 2_000


@dataclass(frozen=True, slots=True)
class Said:
    """What a participant (by code) asks of the market, at a Shanghai time of day."""

    at: time
    who: str
    asked: Asked


@dataclass(frozen=True, slots=True)
class Qualified:
    """A bidder (by code) that the exchange finds qualified for so many tonnes."""

    at: time
    who: str
    tonnes: int


@dataclass(frozen=True, slots=True)
class FloorDay:
    """One day of trading: everything that is asked in its order, and how many trades come of it."""

    day: date
    said: tuple[Said, ...]
    qualified: tuple[Qualified, ...]
    trades: int
    auction: Auction | None


def floor_days(facts: ScenarioFacts, year: Year) -> tuple[FloorDay, ...]:
    """The days of trading, in order."""
    return tuple(_day(facts, year, day) for day in facts.closes_fen)


# ---- a day -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Turn:
    """Something about to be said. label: what others call the order it enters, blank for none they mean.

    enters: how many orders the market counts with it. asked is None for what the market does by itself.
    """

    second: int
    who: str
    asked: Asked | None
    label: str = ""
    enters: int = 1


@dataclass(slots=True)
class _Sheet:
    """The turns of a day while it is planned.

    units, money: what each seller has in tonnes, each buyer in fen, besides what the day takes.
    """

    facts: ScenarioFacts
    day: date
    units: Mapping[str, int]
    money: Mapping[str, int]
    turns: list[_Turn] = field(default_factory=list)
    trades: int = 0

    def put(self, second: int, who: str, asked: Asked | None, label: str = "", enters: int = 1) -> None:
        self.turns.append(_Turn(second, who, asked, label, enters))

    def seconds(self, span: tuple[time, time], count: int, *label: object) -> list[int]:
        """So many drawn seconds of the day, rising."""
        first, last = (_second(at) for at in span)
        return sorted(
            first + int((last - first) * self.facts.draw(self.day, *label, n)) for n in range(count)
        )


def _day(facts: ScenarioFacts, year: Year, day: date) -> FloorDay:
    sheet = _Sheet(facts, day, _units_left(year, day), _money_left(year, day))
    today = [trade for trade in year.trades if trade.day == day]
    held = year.auction if year.auction and year.auction.day == day else None
    qualified = _auction(sheet, held) if held else ()
    listed = [trade for trade in today if trade.mode == "listing"]
    for (part, posts), group in _rounds(sheet, listed).items():
        _round(sheet, part, posts, group)
    for trade, second in _block_times(sheet, [trade for trade in today if trade.mode == "block"]):
        _block(sheet, trade, second)
    _strays(sheet, listed)
    return FloorDay(day, _numbered(sheet), qualified, sheet.trades, held)


def _units_left(year: Year, day: date) -> dict[str, int]:
    return totals((trade.seller, trade.quantity) for trade in year.trades if trade.day > day)


def _money_left(year: Year, day: date) -> dict[str, int]:
    spent = totals((trade.buyer, trade.amount_fen) for trade in year.trades if trade.day <= day)
    return {who: fen - spent.get(who, 0) for who, fen in year.deposits_fen.items()}


def _numbered(sheet: _Sheet) -> tuple[Said, ...]:
    """The turns in order of time, with every order that is meant by the number it will have."""
    number = sheet.day.year * 10_000 + sheet.day.month * 100 + sheet.day.day
    count, known = 0, dict[str, str]()
    said: list[Said] = []
    for turn in sorted(sheet.turns, key=attrgetter("second")):
        if turn.asked is not None:
            said.append(Said(_time(turn.second), turn.who, _meant(turn.asked, known)))
        count += turn.enters
        if turn.label:
            known[turn.label] = order_id(number, count)
    return tuple(said)


def _meant(asked: Asked, known: Mapping[str, str]) -> Asked:
    """The same with the order's number in the place of its label."""
    match asked:
        case Take(offer=label) if label:
            return replace(asked, offer=known[label])
        case Counter() | Confirm() | Decline() | Cancel():
            return replace(asked, order=known[asked.order])
        case _:
            return asked


# ---- listing -----------------------------------------------------------------------------------------------


def _rounds(sheet: _Sheet, trades: Iterable[Trade]) -> dict[tuple[str, str], list[Trade]]:
    """The listing trades by half of the day and by the side that posts."""
    dials = sheet.facts.parameters
    found: dict[tuple[str, str], list[Trade]] = {}
    for trade in trades:
        part = sheet.facts.pick(tuple(PARTS), trade.number, "part")
        posts = "buy" if sheet.facts.draw(trade.number, "posts") < dials.buyer_posts else "sell"
        found.setdefault((part, posts), []).append(trade)
    return found


def _round(sheet: _Sheet, part: str, posts: str, trades: Sequence[Trade]) -> None:
    """Offers of one side are posted as they come, then taken, the better price first."""
    posting, taking = PARTS[part]
    maker = attrgetter("seller" if posts == "sell" else "buyer")
    drawn = sorted(trades, key=lambda trade: sheet.facts.draw(trade.number, "posted"))
    moments = sheet.seconds(posting, len(drawn), part, posts, "posting")
    for trade, second in zip(drawn, moments, strict=True):
        offer = Offer(trade.instrument, posts, trade.quantity, trade.price_fen, trade.number)
        sheet.put(second, maker(trade), offer, _label(trade))
    sign = 1 if posts == "sell" else -1
    best_first = sorted(trades, key=lambda trade: (sign * trade.price_fen, trade.number))
    takings = _takings(sheet, posts, best_first)
    moments = sheet.seconds(taking, len(takings), part, posts, "taking")
    for (who, take, fills), second in zip(takings, moments, strict=True):
        sheet.put(second, who, take, f"take {take.ref} {second}")
        sheet.trades += fills


def _takings(sheet: _Sheet, posts: str, best_first: Sequence[Trade]) -> list[tuple[str, Take, int]]:
    """Who takes what, in order, and how many trades come of each."""
    facts, takes = sheet.facts, "buy" if posts == "sell" else "sell"
    taker = attrgetter("buyer" if posts == "sell" else "seller")
    alike = totals((str(trade.price_fen), 1) for trade in best_first)
    found: list[tuple[str, Take, int]] = []
    waiting = list(best_first)
    while waiting:
        trade = waiting.pop(0)
        whole = Take(trade.instrument, takes, trade.quantity, trade.price_fen, "", trade.number)
        named = replace(whole, offer=_label(trade))
        after = waiting[0] if waiting else None
        if alike[str(trade.price_fen)] > 1:
            found.append((taker(trade), named, 1))
        elif after and taker(after) == taker(trade) and _together(sheet, takes, trade, after):
            waiting.pop(0)
            both = replace(whole, quantity=trade.quantity + after.quantity, price_fen=after.price_fen)
            found.append((taker(trade), both, 2))
        elif (
            trade.quantity >= SPLIT_MIN_T and facts.draw(trade.number, "twice") < facts.parameters.taken_twice
        ):
            first = down(trade.quantity * facts.between(_MIDDLE, trade.number, "first part"), ROUND_LOT_T)
            found.append((taker(trade), replace(named, quantity=first), 1))
            found.append((taker(trade), replace(whole, quantity=trade.quantity - first), 1))
        else:
            found.append((taker(trade), facts.pick((whole, named), trade.number, "named"), 1))
    return found


def _together(sheet: _Sheet, takes: str, one: Trade, after: Trade) -> bool:
    """Does one taking get both? A buyer needs the worse price for all of it, which is more than it pays."""
    more_fen = one.quantity * abs(after.price_fen - one.price_fen)
    reaches = takes == "sell" or sheet.money[one.buyer] >= more_fen
    return reaches and one.quantity + after.quantity <= LISTING_MAX_T


def _taken_twice(facts: ScenarioFacts, trade: Trade) -> bool:
    return trade.quantity >= SPLIT_MIN_T and facts.draw(trade.number, "twice") < facts.parameters.taken_twice


# ---- blocks ------------------------------------------------------------------------------------------------


def _block_times(sheet: _Sheet, trades: Sequence[Trade]) -> list[tuple[Trade, int]]:
    return list(zip(trades, sheet.seconds(BLOCKS, len(trades), "blocks"), strict=True))


def _block(sheet: _Sheet, trade: Trade, second: int) -> None:
    """The seller quotes to the buyer, or to everybody; the buyer confirms, or counters and is confirmed."""
    facts, label = sheet.facts, _label(trade)
    pauses = [int(600 * facts.between(_MIDDLE, trade.number, "pause", n)) for n in range(2)]
    steps = list(accumulate(pauses, initial=second))
    quote = Quote(trade.instrument, "sell", trade.quantity, trade.price_fen, trade.buyer, trade.number)
    sheet.trades += 1
    if facts.draw(trade.number, "countered") < facts.parameters.countered:
        dearer = 10 * (1 + int(9 * facts.draw(trade.number, "asked")))
        sheet.put(steps[0], trade.seller, replace(quote, price_fen=trade.price_fen + dearer), label)
        answer = Counter(label, trade.quantity, trade.price_fen, trade.number)
        sheet.put(steps[1], trade.buyer, answer, f"{label} countered")
        sheet.put(steps[2], trade.seller, Confirm(f"{label} countered", trade.number))
    else:
        to = facts.pick((trade.buyer, trade.buyer, ""), trade.number, "to")
        sheet.put(steps[0], trade.seller, replace(quote, to=to), label)
        sheet.put(steps[1], trade.buyer, Confirm(label, trade.number))


# ---- the auction -------------------------------------------------------------------------------------------


def _auction(sheet: _Sheet, held: Auction) -> tuple[Qualified, ...]:
    """Bids within the window. A deposit is an order too, and so is what is offered once the window opens."""
    terms = sheet.facts.auction
    first, last = _second(time.fromisoformat(terms.opens)), _second(time.fromisoformat(terms.closes))
    qualified: list[Qualified] = []
    for n, bid in enumerate(held.bids):
        second = _second(QUALIFYING) + 30 * n
        sheet.put(second, bid.who, None)
        qualified.append(Qualified(_time(second), bid.who, bid.quantity))
    sheet.put(first, held.seller, None)
    within = _time(first + BIDDING_MARGIN_S), _time(last - BIDDING_MARGIN_S)
    for bid, second in zip(held.bids, sheet.seconds(within, len(held.bids), "bids"), strict=True):
        sheet.put(second, bid.who, BidFor(AUCTION, bid.quantity, bid.price_fen, bid.trade))
        sheet.trades += bid.trade > 0
    return tuple(qualified)


# ---- offers of which nothing comes -------------------------------------------------------------------------


def _strays(sheet: _Sheet, listed: Sequence[Trade]) -> None:
    """Beyond the day's prices an offer that is cancelled in the break and one that lapses; at the day's end
    two that cross, and lapse too, for nothing matches by itself."""
    sells = _with(sheet, "sell", sheet.units, STRAY_ROOM_T)
    buys = _with(sheet, "buy", sheet.money, STRAY_ROOM_FEN)
    middle = sheet.facts.closes_fen[sheet.day]
    prices = [trade.price_fen for trade in listed] or [middle]
    if sells:
        who = sells.pop(0)
        _stray(sheet, "posted", who, "sell", max(prices) + _away(sheet, "above"))
        (second,) = sheet.seconds((STRAY["cancelled"], _after(STRAY["cancelled"])), 1, "cancelled")
        sheet.put(second, who, Cancel("posted sell"), enters=0)
    if buys:
        _stray(sheet, "lapsing", buys.pop(0), "buy", min(prices) - _away(sheet, "below"))
    if sells and buys:
        _stray(sheet, "crossing", buys[0], "buy", middle + _away(sheet, "crossing buy") // 10)
        _stray(sheet, "crossing", sells[0], "sell", middle - _away(sheet, "crossing sell") // 10)


def _stray(sheet: _Sheet, at: str, who: str, side: str, price_fen: int) -> None:
    (second,) = sheet.seconds((STRAY[at], _after(STRAY[at])), 1, at, side)
    tonnes = down(sheet.facts.between(STRAY_SIZES, sheet.day, at, side), ROUND_LOT_T)
    sheet.put(second, who, Offer(OWN_VINTAGE, side, tonnes, price_fen), f"{at} {side}")


def _away(sheet: _Sheet, label: str) -> int:
    """Fen."""
    return 1 + int(STRAY_FEN * sheet.facts.draw(sheet.day, label))


def _with(sheet: _Sheet, side: str, left: Mapping[str, int], least: int) -> list[str]:
    """Who has so much to spare, in a drawn order."""
    able = (who for who, amount in left.items() if amount >= least)
    return sorted(able, key=lambda who: sheet.facts.draw(sheet.day, side, who, "stray"))


# ---- small tools -------------------------------------------------------------------------------------------

_MIDDLE = (Decimal("0.3"), Decimal("0.7"))


def _label(trade: Trade) -> str:
    return f"trade {trade.number}"


def _after(at: time) -> time:
    """Four minutes later."""
    return _time(_second(at) + 240)


def _second(at: time) -> int:
    return at.hour * 3_600 + at.minute * 60 + at.second


def _time(second: int) -> time:
    return time(second // 3_600, second // 60 % 60, second % 60)
