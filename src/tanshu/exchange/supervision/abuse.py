"""Labelled abuse for the generator: five kinds, each in more than one form and of varying subtlety.

Subtlety goes from 0 (crude: large, quick, plain to see) to 100 (just worth doing, hidden among other orders).
How an abuse is carried out is told here without a look at any threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from random import Random

from tanshu.base.clock import NS, shanghai_ns
from tanshu.exchange.engine.records import Side
from tanshu.exchange.supervision import crowd
from tanshu.exchange.supervision.model import Rule
from tanshu.exchange.supervision.stage import BLOCK_MIN, CEA, MORNING, NOON, Stage
from tanshu.exchange.supervision.stream import Order


@dataclass(frozen=True, slots=True)
class Label:
    """What was done, by whom, on which days (first and last). subtlety: 0–100."""

    rule: Rule
    form: str
    first: date
    last: date
    parties: tuple[int, ...]
    subtlety: int


@dataclass(frozen=True, slots=True)
class Episode:
    """An abuse planned: from day `start` of the month on, for `length` days."""

    rule: Rule
    form: str
    parties: tuple[int, ...]
    start: int
    length: int
    subtlety: int

    def play(self, stage: Stage, today: date, nth: int) -> None:
        """Plan its part of a day, the nth of the episode from 0."""
        _FORMS[self.rule][self.form].play(stage, today, self, nth)


def planned(rng: Random, days: int, each: int) -> list[Episode]:
    """So many episodes of each kind over a month, by different participants; no two mark one close."""
    found: list[Episode] = []
    for rule, forms in _FORMS.items():
        busy: set[int] = set()
        taken: set[int] = set()
        for _ in range(each):
            free = {n: [cast for cast in form.casts if not busy & set(cast)] for n, form in forms.items()}
            name = rng.choice([n for n, casts in free.items() if casts])
            form, parties = forms[name], rng.choice(free[name])
            busy |= set(parties)
            length = rng.randint(*form.length)
            start = rng.choice([n for n in range(1, days - length) if not taken & set(range(n, n + length))])
            taken |= set(range(start, start + length)) if rule is Rule.CLOSE else set()
            found.append(Episode(rule, name, parties, start, length, rng.randint(0, 100)))
    return found


def _less(subtlety: int, crude: int, subtle: int) -> int:
    """Between what a crude abuse would choose and what a subtle one would."""
    return crude + (subtle - crude) * subtlety // 100


def _any_time(stage: Stage, today: date) -> int:
    """Early in one of the sessions, so that there is time for what follows."""
    opens = stage.rng.choice((MORNING, NOON))[0]
    return shanghai_ns(today, opens) + stage.rng.randint(300, 3_000) * NS


def _leading(stage: Stage, party: int, side: int, quantity: int) -> Order | None:
    """Post an offer that is the best of its side, if only just."""
    worth = stage.fair(stage.now_ns)
    best = stage.best(side)
    if side == Side.SELL:
        price = min(worth + worth // 200, best.price - 1 if best else worth)
    else:
        price = max(worth - worth // 200, best.price + 1 if best else worth)
    return stage.offer(party, side, quantity, price)


# -- self-trade --------------------------------------------------------------------------------------------


def _two_accounts(stage: Stage, today: date, episode: Episode, _nth: int) -> None:
    """One owner's account offers, the other takes: naming the offer, or being quick where it is subtle."""
    times = _less(episode.subtlety, 4, 2)
    for _ in range(times):
        stage.at(_any_time(stage, today), partial(_pass_over, stage, episode.parties, episode.subtlety))


def _pass_over(stage: Stage, parties: Sequence[int], subtlety: int, quantity: int = 0) -> None:
    quantity = quantity or _less(subtlety, 6_000, 800) * stage.rng.randint(80, 120) // 100
    giver, taker = parties if len(parties) == 2 and quantity % 2 else reversed(parties[:2])
    offer = _leading(stage, giver, Side.SELL, quantity)
    if offer:
        named = offer.number if stage.rng.randint(1, 100) > subtlety else 0
        take = partial(stage.take, taker, Side.BUY, offer.quantity, offer.price, named)
        stage.after(2, _less(subtlety, 20, 60), take)


def _own_orders(stage: Stage, today: date, episode: Episode, _nth: int) -> None:
    """A participant goes at its own offers again and again; the market stops it each time."""
    party = episode.parties[0]

    def attempt() -> None:
        offer = _leading(stage, party, Side.SELL, stage.rng.randint(5, 20) * 100)
        if offer:
            stage.after(2, 30, lambda: stage.take(party, Side.BUY, offer.quantity, offer.price))
            stage.after(60, 600, lambda: stage.cancel(offer))

    for _ in range(_less(episode.subtlety, 7, 3)):
        stage.at(_any_time(stage, today), attempt)


# -- wash --------------------------------------------------------------------------------------------------


def _round(stage: Stage, today: date, episode: Episode, nth: int) -> None:
    """Units go round the group by listing: every leg about as large, over minutes or over days."""
    members = episode.parties
    legs = [(members[n], members[(n + 1) % len(members)]) for n in range(len(members))]
    if episode.subtlety % 2:
        legs = [(members[0], members[1]), (members[1], members[0])]
    at, quantity = _any_time(stage, today), _less(episode.subtlety, 15_000, 2_500)
    mine = [leg for n, leg in enumerate(legs) if n % episode.length == nth]
    for pair in mine:
        most = quantity * stage.rng.randint(92, 108) // 100
        pieces = max(1, _less(episode.subtlety, 1, 3))
        for _ in range(pieces):
            stage.at(at, partial(_leg, stage, pair, most // pieces, episode.subtlety))
            at += stage.rng.randint(60, _less(episode.subtlety, 200, 450)) * NS


def _leg(stage: Stage, pair: tuple[int, int], quantity: int, subtlety: int) -> None:
    giver, taker = pair
    offer = _leading(stage, giver, Side.SELL, quantity)
    if offer:
        named = offer.number if stage.rng.randint(1, 100) > subtlety else 0
        take = partial(stage.take, taker, Side.BUY, offer.quantity, offer.price, named)
        stage.after(2, 40, take)


def _block_round(stage: Stage, today: date, episode: Episode, nth: int) -> None:
    """The same by blocks: there on one day, back on the next or the same."""
    one, other = episode.parties[:2]
    quantity = BLOCK_MIN + _less(episode.subtlety, 20, 1) * 10_000
    at = shanghai_ns(today, NOON[0]) + stage.rng.randint(120, 2_400) * NS
    pairs = (
        [(one, other), (other, one)] if episode.length == 1 else [(one, other) if nth == 0 else (other, one)]
    )
    if episode.length > 1 and 0 < nth < episode.length - 1:
        return
    for giver, taker in pairs:
        price = stage.fair(at) * stage.rng.randint(93, 100) // 100
        most = quantity * stage.rng.randint(100, 110) // 100
        stage.at(at, partial(stage.block, giver, taker, most, price, 60))
        at += stage.rng.randint(300, 2_400) * NS


# -- marking the close -------------------------------------------------------------------------------------


def _push_up(stage: Stage, today: date, episode: Episode, _nth: int) -> None:
    """Buy through the offers of the last minutes; what one holds is worth more by the close."""
    _sweep(stage, today, episode, Side.BUY)


def _push_down(stage: Stage, today: date, episode: Episode, nth: int) -> None:
    """Sell through the bids of the last minutes; the day after, buy a block at a price that follows."""
    if nth == 0:
        _sweep(stage, today, episode, Side.SELL)
        return
    party = episode.parties[0]
    at = shanghai_ns(today, NOON[0]) + stage.rng.randint(120, 3_600) * NS
    others = [one for one in (*crowd.COMPANIES, *crowd.INSTITUTIONS) if one != party]
    quantity = BLOCK_MIN + stage.rng.randint(10, 25) * 10_000
    stage.at(at, partial(_buy_block, stage, others, party, quantity))


def _sweep(stage: Stage, today: date, episode: Episode, side: Side) -> None:
    """Take what there is, level by level, until the day's average has moved as far as is wanted."""
    end = shanghai_ns(today, NOON[1])
    span, times = _less(episode.subtlety, 240, 780), 12
    wanted = _less(episode.subtlety, 150, 45)
    start: list[int] = []

    def sweep() -> None:
        average = stage.average()
        start.append(average)
        moved = (average - start[0]) * (1 if side is Side.BUY else -1)
        if moved * 10_000 < wanted * start[0]:
            quantity = _less(episode.subtlety, 20_000, 10_000) * stage.rng.randint(80, 120) // 100
            stage.take(episode.parties[0], side, quantity)

    stage.at(end - (span + 60) * NS, lambda: _withdraw(stage, episode.parties[0], 1 - side))
    for n in range(times):
        stage.at(end - (span - n * (span // times)) * NS, sweep)


def _withdraw(stage: Stage, party: int, side: int) -> None:
    """Take back one's own offers, which would be in one's way."""
    for order in stage.tape.standing(CEA, side):
        if order.party == party:
            stage.cancel(order)


# -- orders made to be cancelled ---------------------------------------------------------------------------


def _layers(stage: Stage, today: date, episode: Episode, _nth: int) -> None:
    """Several times a day: a wall on one side, a small trade on the other, and the wall is gone."""
    side = stage.rng.choice((Side.BUY, Side.SELL))
    opens = stage.rng.choice((MORNING, NOON))[0]
    at = shanghai_ns(today, opens) + stage.rng.randint(300, 1_200) * NS
    for _ in range(_less(episode.subtlety, 5, 2)):
        stage.at(at, partial(_layer, stage, episode.parties[0], side, episode.subtlety))
        at += stage.rng.randint(900, 1_300) * NS
    if episode.subtlety > 50:  # some honest orders among them
        stage.at(_any_time(stage, today), lambda: _honest(stage, episode.parties[0], side))


def _layer(stage: Stage, party: int, wall: Side, subtlety: int) -> None:
    other = Side.SELL if wall is Side.BUY else Side.BUY
    wanted = stage.rng.randint(4, 12) * 100
    count = _less(subtlety, 7, 3)
    total = wanted * _less(subtlety, 20, 8)
    orders: list[Order | None] = []

    def build() -> None:
        worth, best = stage.fair(stage.now_ns), stage.best(wall)
        touch = best.price if best else worth
        away = worth * stage.rng.randint(2, _less(subtlety, 20, 50)) // 10_000
        price = touch + away if wall is Side.SELL else touch - away
        orders.append(stage.offer(party, wall, total // count, price))

    for _ in range(count):
        stage.after(1, 40, build)

    def bait() -> None:
        real = _leading(stage, party, other, wanted)
        if real:
            for victim in stage.rng.sample(crowd.COMPANIES, 2):
                stage.after(5, 60, partial(_bite, stage, victim, real))
            stage.after(300, 500, lambda: stage.cancel(real))

    def pull() -> None:
        for order in orders:
            if order:
                stage.after(1, _less(subtlety, 20, 120), lambda one=order: stage.cancel(one))

    stage.after(45, 70, bait)
    stage.after(140, 200, pull)


def _bite(stage: Stage, victim: int, real: Order) -> None:
    """Somebody takes the small offer that the wall makes look good."""
    if real.left:
        stage.take(victim, 1 - real.side, real.left, real.price)


def _honest(stage: Stage, party: int, side: Side) -> None:
    away = stage.fair(stage.now_ns) * stage.rng.randint(60, 150) // 10_000
    price = stage.fair(stage.now_ns) + (away if side is Side.SELL else -away)
    stage.offer(party, side, stage.rng.randint(5, 15) * 100, price)


# -- concentration -----------------------------------------------------------------------------------------


def _split(stage: Stage, today: date, episode: Episode, nth: int) -> None:
    """One owner buys for two accounts; each stays within the limit, together they do not."""
    aim = crowd.LIMIT * _less(episode.subtlety, 125, 105) // 100
    has = sum(stage.tape.position(party) for party in episode.parties)
    _gather(stage, today, episode.parties, (aim - has) // (episode.length - nth))


def _corner(stage: Stage, today: date, episode: Episode, nth: int) -> None:
    """The largest holder buys whatever it can get, until it has a third of everything."""
    everything = sum(stage.tape.position(party) for party in range(1, crowd.PARTIES + 1))
    aim = everything * _less(episode.subtlety, 33, 27) // 100
    has = stage.tape.position(episode.parties[0])
    _gather(stage, today, episode.parties, (aim - has) // (episode.length - nth))


def _gather(stage: Stage, today: date, parties: Sequence[int], quantity: int) -> None:
    """Buy blocks of so many tonnes in all, from whoever has most."""
    others = [one for one in (*crowd.COMPANIES, *crowd.INSTITUTIONS) if one not in parties]
    left = max(quantity, 0)
    stage.collecting.update(parties)
    for n in range(8):
        if left <= 0:
            return
        some = min(max(left, BLOCK_MIN), 400_000)
        left -= some
        buyer = parties[n % len(parties)]
        at = shanghai_ns(today, NOON[0]) + stage.rng.randint(60, 6_000) * NS
        stage.at(at, partial(_buy_block, stage, others, buyer, some))


def _buy_block(stage: Stage, others: Sequence[int], buyer: int, quantity: int) -> None:
    sellers = [one for one in others if one not in stage.collecting]
    richest = sorted(sellers, key=lambda one: -stage.tape.units.get((CEA, one), 0))[:6]
    price = stage.fair(stage.now_ns) * stage.rng.randint(98, 104) // 100
    stage.block(stage.rng.choice(richest), buyer, quantity, price, 60)


# -- which there are ---------------------------------------------------------------------------------------

Play = Callable[[Stage, date, Episode, int], None]


@dataclass(frozen=True, slots=True)
class Form:
    """How it is done, who may do it, how many days it takes."""

    play: Play
    casts: Sequence[tuple[int, ...]]
    length: tuple[int, int] = (1, 1)


_ALONE = tuple((party,) for party in (12, 13, 20, 21, 22))
_FORMS: dict[Rule, dict[str, Form]] = {
    Rule.SELF_TRADE: {
        "two-accounts": Form(_two_accounts, crowd.OWNERS),
        "own-orders": Form(_own_orders, _ALONE),
    },
    Rule.WASH: {
        "round": Form(_round, crowd.GROUPS, (1, 2)),
        "blocks": Form(_block_round, crowd.GROUPS, (1, 2)),
    },
    Rule.CLOSE: {
        "up": Form(_push_up, _ALONE),
        "down": Form(_push_down, _ALONE, (2, 2)),
    },
    Rule.LAYERING: {"layers": Form(_layers, tuple((party,) for party in crowd.INSTITUTIONS))},
    Rule.CONCENTRATION: {
        "split": Form(_split, crowd.OWNERS, (3, 6)),
        "corner": Form(_corner, ((crowd.LARGE,),), (4, 5)),
    },
}
