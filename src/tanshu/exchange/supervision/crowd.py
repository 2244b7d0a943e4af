"""An ordinary trading day: posters and takers around what a tonne is worth, market makers, block trades.

And what looks like abuse and is none: one owner's desks that meet by chance, transfers within a group,
somebody in a hurry before the close, somebody who changes their mind, a mistaken transfer that goes back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, time

from tanshu.base.clock import NS, shanghai_ns
from tanshu.exchange.engine.records import Side
from tanshu.exchange.supervision.stage import BLOCK_MIN, MORNING, NOON, Stage

MAKERS = (1, 2)
"""市商: they quote both sides all day."""
COMPANIES = tuple(range(3, 23))
INSTITUTIONS = tuple(range(23, 28))
LARGE = 28
"""Holds a fifth of everything, and always has."""
PARTIES = 28
GROUPS: Sequence[tuple[int, ...]] = ((3, 4, 5), (6, 7, 8), (9, 10, 11))
OWNERS: Sequence[tuple[int, ...]] = ((14, 15), (16, 17), (18, 19))
"""Accounts of one beneficial owner each."""
LIMIT, LARGE_LIMIT = 3_000_000, 12_000_000
TRADERS = (*COMPANIES, *INSTITUTIONS, LARGE)
SIZES = (100, 200, 500, 500, 1_000, 1_000, 2_000, 3_000)


def related(party: int) -> int:
    """The number of a participant's group; 0 of none."""
    return next((n for n, several in enumerate(GROUPS, 1) if party in several), 0)


def owned(stage: Stage, party: int) -> int:
    """Tonnes of a participant's owner, over all its accounts."""
    several = next((several for several in OWNERS if party in several), (party,))
    return sum(stage.tape.position(one) for one in several)


def fair(stage: Stage, day: date, before: int, close: int) -> Callable[[int], int]:
    """What a tonne is worth in the course of a day: from the close before to this one, with detours."""
    detours = [before * stage.rng.randint(-30, 30) // 10_000 for _ in range(9)]
    opening, end = shanghai_ns(day, MORNING[0]), shanghai_ns(day, NOON[1])

    def worth(time_ns: int) -> int:
        done = min(max(time_ns - opening, 0), end - opening)
        straight = before + (close - before) * done // (end - opening)
        at, part = divmod(8 * done, end - opening)
        here, there = (detours[min(n, 8)] if n < 8 else 0 for n in (at, at + 1))
        return straight + here + (there - here) * part // (end - opening)

    return worth


def day(stage: Stage, today: date) -> None:
    """Plan an ordinary day."""
    rng = stage.rng
    for _ in range(rng.randint(60, 95)):
        stage.at(_moment(stage, today), lambda: _post(stage))
    for _ in range(rng.randint(35, 65)):
        stage.at(_moment(stage, today), lambda: _take(stage))
    for maker in MAKERS:
        for opens, closes in (MORNING, NOON):
            first, end = shanghai_ns(today, opens), shanghai_ns(today, closes)
            stage.at(first + rng.randint(20, 200) * NS, lambda m=maker, e=end: _quote(stage, m, e))
    for _ in range(rng.randint(2, 5)):
        stage.at(_afternoon(stage, today), lambda: _block(stage))
    _innocents(stage, today)


def size(stage: Stage) -> int:
    """Tonnes of an order: mostly hundreds, seldom thousands."""
    return stage.rng.choice(SIZES) * stage.rng.randint(1, 4)


# -- what everybody does -----------------------------------------------------------------------------------


def _moment(stage: Stage, today: date) -> int:
    opens, closes = stage.rng.choice((MORNING, NOON))
    first, last = shanghai_ns(today, opens), shanghai_ns(today, closes)
    return stage.rng.randint(first // NS, last // NS - 1) * NS


def _afternoon(stage: Stage, today: date) -> int:
    return shanghai_ns(today, NOON[0]) + stage.rng.randint(60, 6_600) * NS


def _away(stage: Stage, low: int, high: int) -> int:
    """Fen above what a tonne is worth: a share in parts of ten thousand."""
    return stage.fair(stage.now_ns) * stage.rng.randint(low, high) // 10_000


def _post(stage: Stage) -> None:
    side = stage.rng.choice((Side.BUY, Side.SELL))
    away = min(_away(stage, -10, 350), _away(stage, 5, 350))
    worth = stage.fair(stage.now_ns)
    price = worth - away if side is Side.BUY else worth + away
    order = stage.offer(stage.rng.choice(TRADERS), side, size(stage), price)
    if order and stage.rng.randint(1, 5) <= 3:
        stage.after(300, 5_400, lambda: stage.cancel(order))


def _take(stage: Stage) -> None:
    side = stage.rng.choice((Side.BUY, Side.SELL))
    away, worth = _away(stage, 10, 70), stage.fair(stage.now_ns)
    worst = worth + away if side is Side.BUY else worth - away
    stage.take(stage.rng.choice(TRADERS), side, size(stage), worst)


def _quote(stage: Stage, maker: int, end_ns: int) -> None:
    """Both sides on two levels; after some minutes all of them anew."""
    worth, orders = stage.fair(stage.now_ns), []
    for away in (30, 60):
        for side in (Side.BUY, Side.SELL):
            price = worth + (away if side is Side.SELL else -away) * worth // 10_000
            orders.append(stage.offer(maker, side, stage.rng.randint(15, 40) * 100, price))

    def again() -> None:
        for order in orders:
            if order:
                stage.cancel(order)
        if stage.now_ns < end_ns - 300 * NS:
            _quote(stage, maker, end_ns)

    stage.after(240, 720, again)


def _block(stage: Stage) -> None:
    """Two that have nothing to do with each other."""
    seller, buyer = stage.rng.sample((*COMPANIES, *INSTITUTIONS), 2)
    if seller in stage.collecting:
        return
    if any(seller in several and buyer in several for several in (*GROUPS, *OWNERS)):
        return
    price = stage.fair(stage.now_ns) * stage.rng.randint(92, 101) // 100
    quantity = BLOCK_MIN + stage.rng.randint(0, 15) * 10_000
    if owned(stage, buyer) + quantity <= LIMIT * 95 // 100:
        stage.block(seller, buyer, quantity, price, 60)


# -- what looks like abuse and is none ---------------------------------------------------------------------


def _innocents(stage: Stage, today: date) -> None:
    rng = stage.rng
    if rng.randint(1, 4) == 1:
        stage.at(_afternoon(stage, today), lambda: _group_transfer(stage))
    if rng.randint(1, 3) == 1:
        late = shanghai_ns(today, NOON[1]) - rng.randint(60, 840) * NS
        stage.at(late, lambda: _hurry(stage))
    if rng.randint(1, 5) == 1:
        party = rng.choice(TRADERS)
        for _ in range(rng.choice((1, 1, 1, 2))):
            stage.at(_moment(stage, today), lambda: _change_of_mind(stage, party))
    if rng.randint(1, 100) == 1:
        stage.at(shanghai_ns(today, time(13, 5)), lambda: _mistaken(stage))


def _group_transfer(stage: Stage) -> None:
    """The member that has too much gives one that has too little: always the same one."""
    giver, *takers = stage.rng.choice(GROUPS)
    taker = stage.rng.choice(takers)
    price = stage.fair(stage.now_ns) * 95 // 100
    stage.block(giver, taker, BLOCK_MIN + stage.rng.randint(0, 10) * 10_000, price, 60)


def _hurry(stage: Stage) -> None:
    """Somebody who has to trade today takes what there is, up to a price."""
    side = stage.rng.choice((Side.BUY, Side.SELL))
    away, worth = _away(stage, 40, 300), stage.fair(stage.now_ns)
    worst = worth + away if side is Side.BUY else worth - away
    stage.take(stage.rng.choice(TRADERS), side, stage.rng.randint(3, 30) * 1_000, worst)


def _change_of_mind(stage: Stage, party: int) -> None:
    """Somebody posts a few offers, takes them back, and buys (or sells) a little instead."""
    side = stage.rng.choice((Side.BUY, Side.SELL))
    worth = stage.fair(stage.now_ns)
    orders = []
    for _ in range(stage.rng.randint(2, 4)):
        away = _away(stage, 10, 60)
        price = worth - away if side is Side.BUY else worth + away
        orders.append(stage.offer(party, side, size(stage), price))

    def instead() -> None:
        stage.take(party, 1 - side, size(stage), 0)
        for order in orders:
            if order:
                stage.after(5, 120, lambda one=order: stage.cancel(one))

    stage.after(60, 900, instead)


def _mistaken(stage: Stage) -> None:
    """A transfer within a group to the wrong member, given back within the hour."""
    one, other = stage.rng.sample(stage.rng.choice(GROUPS), 2)
    price = stage.fair(stage.now_ns) * 95 // 100
    quantity = BLOCK_MIN + stage.rng.randint(0, 5) * 10_000
    stage.block(one, other, quantity, price, 60)
    stage.after(600, 3_000, lambda: stage.block(other, one, quantity, price, 60))
