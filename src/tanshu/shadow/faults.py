"""Breaks put into a made-up month, each of a kind that an operator's systems make, with what should be found.

Some change what the lists say, some what the books do with them, some let happen what should not. A trade or
a movement has at most one thing wrong with it; a day and a subject may have several.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from tanshu.shadow.generator import (
    INSTRUMENTS,
    Operator,
    Planned,
    column,
    numbered,
    unit_place,
    weekdays,
)
from tanshu.shadow.model import Account, Cell, Holding, Kind, Moved, Trade, What

MOST = 60


class Injected(NamedTuple):
    """What was put in: a break of this kind on this day. name: the trade or subject that it must name."""

    day: date
    kind: Kind
    name: str


class Made(NamedTuple):
    """A month as it was made up, and what is wrong with it."""

    operator: Operator
    opening: Sequence[Holding]
    money: dict[str, int]
    days: Sequence[Planned]
    injected: Sequence[Injected]


def make(seed: int, breaks: int = 0, *, days: int = 22, subjects: int = 48, trades: int = 18) -> Made:
    """A month with so many breaks: all of different kinds, as far as there are kinds."""
    operator = Operator(seed, subjects, trades)
    opening = [
        Holding(*place, quantity, operator.frozen[place], 0)
        for place, quantity in sorted(operator.units.items())
        if quantity
    ]
    money = dict(operator.cash)
    chosen = _chosen(Random(f"breaks {seed}"), breaks, days)
    injector = _Injector(operator)
    plans: list[Planned] = []
    for n, day in enumerate(weekdays(days)):
        plans.append(injector.day(day, chosen.get(n, [])))
        if Kind.CLOSED_DAY in chosen.get(n, []):
            plans.append(injector.closed_day(day))
    return Made(operator, opening, money, plans, injector.injected)


def _chosen(random: Random, count: int, days: int) -> dict[int, list[Kind]]:
    """Which kinds on which day: never the first; now and then several on one."""
    kinds = [*KINDS, *KINDS]
    order = random.sample(KINDS, len(KINDS)) + random.sample(KINDS, len(KINDS))
    assert len(order) == len(kinds)
    found: dict[int, list[Kind]] = {}
    at = 1
    for kind in order[:count]:
        if random.random() < 0.75:
            at = random.randrange(1, days)
        fridays = [n for n, day in enumerate(weekdays(days)) if day.weekday() == 4 and n]
        free = [n for n in fridays if Kind.CLOSED_DAY not in found.get(n, [])]
        where = random.choice(free) if kind is Kind.CLOSED_DAY else at
        if kind in found.get(where, []):
            where = next(n for n in range(1, days) if kind not in found.get(n, []))
        found.setdefault(where, []).append(kind)
    return found


class _Injector:
    """Makes the days of a month, with their faults."""

    def __init__(self, operator: Operator):
        self.operator, self.random = operator, operator.random
        self.injected: list[Injected] = []
        self.plan = Planned(date.min)
        self.tainted: set[tuple[str, str]] = set()
        self.closes: dict[str, int] = {}
        self.outsiders = 0

    def day(self, day: date, kinds: Sequence[Kind]) -> Planned:
        self.plan = plan = self.operator.day(day)
        self.hit: list[str] = []
        late = {kind: made for kind in kinds if (made := _HAPPEN.get(kind))}
        happened = [(kind, make(self, n)) for n, (kind, make) in enumerate(late.items())]
        skip = self.random.randrange(3, 9) if Kind.GAP in kinds and self.random.random() < 0.4 else None
        numbered(plan, skip=skip)
        for kind, made in happened:
            number = next(one.number for one in plan.trades if one._replace(number="") == made)
            self._put(kind, number)
        if skip is not None:
            self._put(Kind.GAP, _next(plan.trades[skip - 1].number))
        for kind in kinds:
            if kind in _BOOKED and not (kind is Kind.GAP and skip is not None):
                _BOOKED[kind](self)
        self._after()
        return plan

    def closed_day(self, friday: date) -> Planned:
        self.plan = plan = self.operator.day(friday + timedelta(days=1), quiet=True)
        numbered(plan)
        self.injected.append(Injected(plan.day, Kind.CLOSED_DAY, plan.trades[0].number))
        self._after()
        return plan

    def _after(self) -> None:
        self.tainted |= {(cell.subject, cell.name) for cell in self.plan.extra}
        hidden = [one for one in self.plan.trades if one.number in self.plan.hidden]
        self.tainted |= {(name, one.instrument) for one in hidden for name in (one.buyer, one.seller)}
        for code in INSTRUMENTS:
            listed = [one for one in self.plan.trades if one.instrument == code and one.mode == "listing"]
            listed = [one for one in listed if one.number not in self.plan.used or one.price < 11_500]
            if listed:
                tonnes = sum(one.quantity for one in listed)
                self.closes[code] = sum(one.quantity * one.price for one in listed) // tonnes

    def _put(self, kind: Kind, name: str) -> None:
        self.injected.append(Injected(self.plan.day, kind, name))
        self.plan.used.add(name)

    # -- choosing ------------------------------------------------------------------------------------------

    def _a_trade(self, fits: Callable[[Trade], bool] = lambda _: True) -> Trade:
        """A trade with nothing wrong; often of somebody who has been hit on this day."""
        able = [one for one in self.plan.trades if one.number not in self.plan.used and fits(one)]
        again = [one for one in able if {one.buyer, one.seller} & set(self.hit)]
        one = self.random.choice(again if again and self.random.random() < 0.4 else able)
        self.hit += [one.buyer, one.seller]
        return one

    def _somebody(self, *others: str) -> str:
        able = [name for name in self.operator.people if name not in others]
        again = [name for name in able if name in self.hit]
        name = self.random.choice(again if again and self.random.random() < 0.4 else able)
        self.hit.append(name)
        return name

    def _untouched(self, *others: str) -> str:
        """Somebody who was not hit today: two faults between the same two could look like one other."""
        name = self.random.choice([one for one in self.operator.people if one not in (*others, *self.hit)])
        self.hit.append(name)
        return name

    def _book(self, effects: dict[Cell, int], factor: int = 1) -> None:
        for cell, amount in effects.items():
            self.plan.extra[cell] += factor * amount

    def _wrong(self) -> int:
        """An amount of fen that nothing else has."""
        return self.operator.quantity(5_000, 400_000) * self.random.choice((1, -1))

    def _seller(self, fits: Callable[[str, str], bool]) -> tuple[str, str]:
        able = [
            (name, code)
            for name in self.operator.people
            for code in INSTRUMENTS
            if (name, code) not in self.tainted
            and not self.operator.bought[name, code]
            and not self.operator.sold[name, code]
            and all(one.subject != name or one.instrument != code for one in self.plan.movements)
            and fits(name, code)
        ]
        return self.random.choice(able)

    # -- what happens that should not ----------------------------------------------------------------------

    def same_day(self, n: int) -> Trade:
        """Buys, and sells all of the old units and a part of the new ones."""
        operator = self.operator
        name, code = self._seller(lambda name, code: 0 < operator.salable(name, code) < 60_000)
        givers = [
            other for other in operator.people if other != name and operator.salable(other, code) > 9_000
        ]
        bought = operator.quantity(1_000, 3_000)
        operator.trade(self.plan, self.random.choice(givers), code, bought, minute=205 + n, buyer=name)
        quantity = operator.salable(name, code) + bought // 2
        return operator.trade(self.plan, name, code, quantity, minute=225 + n)

    def frozen_sold(self, n: int) -> Trade:
        operator = self.operator
        place = Account.TRADING
        name, code = self._seller(
            lambda name, code: (
                operator.frozen[name, code, place] > 900
                and 0 < operator.units[name, code, place] < 70_000
                and operator.salable(name, code) > 0
            )
        )
        quantity = operator.salable(name, code) + operator.frozen[name, code, place] // 2
        return operator.trade(self.plan, name, code, quantity, minute=225 + n)

    def negative(self, n: int) -> Trade:
        operator = self.operator
        name, code = self._seller(lambda name, code: operator.units[name, code, Account.TRADING] < 40_000)
        quantity = max(0, operator.units[name, code, Account.TRADING]) + operator.quantity(500, 3_000)
        return operator.trade(self.plan, name, code, quantity, minute=225 + n)

    def band(self, n: int) -> Trade:
        operator = self.operator
        name, code = self._seller(lambda name, code: operator.salable(name, code) > 9_000)
        price = operator.prices[code] * 125 // 100
        return operator.trade(
            self.plan, name, code, operator.quantity(500, 3_000), minute=225 + n, price=price
        )

    # -- what the lists say --------------------------------------------------------------------------------

    def amount(self) -> None:
        one, off = self._a_trade(), self._wrong()
        self.plan.said[one.number] = [one._replace(amount=one.amount + off)]
        self._book({column(one.buyer, "buys"): off, column(one.seller, "sells"): off})
        self._put(Kind.AMOUNT, one.number)

    def fee(self) -> None:
        one, off = self._a_trade(), abs(self._wrong())
        self.plan.said[one.number] = [one._replace(buyer_fee=one.buyer_fee + off)]
        self._book({column(one.buyer, "buy_fee"): off})
        self._put(Kind.FEE, one.number)

    def twice(self) -> None:
        one = self._a_trade()
        self.plan.said[one.number] = [one, one]
        if self.random.random() < 0.7:
            self._book(_all(one))
        self._put(Kind.TWICE, one.number)

    def gap(self) -> None:
        last = {self.plan.trades[0].number, self.plan.trades[-1].number}
        one = self._a_trade(lambda one: one.number not in last and one.number not in self.plan.used)
        self.plan.hidden.add(one.number)
        self._put(Kind.GAP, one.number)

    # -- what the books make of a trade --------------------------------------------------------------------

    def units_not_moved(self) -> None:
        one = self._a_trade()
        self._book(_units(one), -1)
        self._put(Kind.UNITS_NOT_MOVED, one.number)

    def cash_not_moved(self) -> None:
        one = self._a_trade()
        self._book(_pays(one), -1)
        self._book(_gets(one), -1)
        self._put(Kind.CASH_NOT_MOVED, one.number)

    def one_side(self) -> None:
        one = self._a_trade()
        units = list(_units(one).items())
        sides = (dict(units[:1]), dict(units[1:]), _pays(one), _gets(one))
        self._book(self.random.choice(sides), -1)
        self._put(Kind.ONE_SIDE, one.number)

    def not_settled(self) -> None:
        one = self._a_trade()
        self._book(_all(one), -1)
        self._put(Kind.NOT_SETTLED, one.number)

    def settled_twice(self) -> None:
        one = self._a_trade()
        self._book(_all(one))
        self._put(Kind.SETTLED_TWICE, one.number)

    def exchanged(self) -> None:
        one = self._a_trade()
        turned = one._replace(
            buyer=one.seller,
            seller=one.buyer,
        )
        self._book(_all(one), -1)
        self._book(_all(turned))
        self._put(Kind.EXCHANGED, one.number)

    def instrument(self) -> None:
        one = self._a_trade()
        other = self.random.choice([code for code in INSTRUMENTS if code != one.instrument])
        self._book(_units(one), -1)
        self._book(_units(one._replace(instrument=other)))
        self._put(Kind.INSTRUMENT, one.number)

    def quantity(self) -> None:
        one = self._a_trade()
        self._book(_units(one._replace(quantity=one.quantity * 10 // 37)), -1)
        self._put(Kind.QUANTITY, one.number)

    def cash_amount(self) -> None:
        one, off = self._a_trade(), self._wrong()
        self._book({column(one.buyer, "buys"): off, column(one.seller, "sells"): off})
        self._put(Kind.CASH_AMOUNT, one.number)

    def wrong_subject(self) -> None:
        one = self._a_trade()
        other = self._untouched(one.buyer, one.seller)
        places = unit_place(one.buyer, one.instrument), unit_place(other, one.instrument)
        self._book({places[0]: -one.quantity, places[1]: one.quantity})
        self._put(Kind.WRONG_SUBJECT, one.number)

    # -- what the books make of a subject ------------------------------------------------------------------

    def netted(self) -> None:
        trades = self.plan.trades
        taken = {cell.subject for cell in self.plan.extra if cell.name in ("buys", "sells")}
        hidden = {
            name for one in trades if one.number in self.plan.hidden for name in (one.buyer, one.seller)
        }
        both = {one.buyer for one in trades} & {one.seller for one in trades}
        name = self.random.choice(sorted(both - taken - hidden))
        buys = sum(one.amount for one in trades if one.buyer == name)
        sells = sum(one.amount for one in trades if one.seller == name)
        off = min(buys, sells)
        self._book({column(name, "buys"): -off, column(name, "sells"): -off})
        self._put(Kind.NETTED, name)

    def fee_booked(self) -> None:
        name = self._somebody()
        self._book({column(name, "settlement_fee"): self._wrong()})
        self._put(Kind.FEE_BOOKED, name)

    def cash_unknown(self) -> None:
        name = self._somebody()
        self._book({column(name, self.random.choice(("paid_in", "paid_out"))): abs(self._wrong())})
        self._put(Kind.CASH_UNKNOWN, name)

    def move(self, kind: Kind, factor: int) -> None:
        able = [one for one in self.plan.movements if one.number not in self.plan.used]
        one = self.random.choice(able)
        trading = unit_place(one.subject, one.instrument)
        registration = unit_place(one.subject, one.instrument, Account.REGISTRATION)
        frozen = Cell(What.FROZEN, one.subject, one.instrument, Account.TRADING.value)
        done: dict[Moved, dict[Cell, int]] = {
            Moved.DEPOSIT: {column(one.subject, "paid_in"): one.amount},
            Moved.WITHDRAWAL: {column(one.subject, "paid_out"): one.amount},
            Moved.ALLOCATION: {registration: one.quantity},
            Moved.SURRENDER: {registration: -one.quantity},
            Moved.TO_TRADING: {trading: one.quantity, registration: -one.quantity},
            Moved.TO_REGISTRATION: {trading: -one.quantity, registration: one.quantity},
            Moved.FREEZE: {frozen: one.quantity},
        }
        self._book(done[one.kind], factor)
        self._put(kind, one.number)

    def unlisted_move(self) -> None:
        giver = self._somebody()
        taker = self._untouched(giver)
        code, quantity = self.random.choice(list(INSTRUMENTS)), self.operator.quantity(5_000, 9_000)
        self._book({unit_place(giver, code): -quantity, unit_place(taker, code): quantity})
        self._put(Kind.UNLISTED_MOVE, taker)

    def opening(self) -> None:
        name = self._somebody()
        self.plan.opening[name] += self._wrong()
        self._put(Kind.OPENING, name)

    def closing(self) -> None:
        name = self._somebody()
        self.plan.closing[name] += self._wrong()
        self._put(Kind.CLOSING, name)

    def conservation(self) -> None:
        name, code = self._somebody(), self.random.choice(list(INSTRUMENTS))
        account = self.random.choice(list(Account))
        self._book({unit_place(name, code, account): self.operator.quantity(4_000, 9_000)})
        self._put(Kind.CONSERVATION, name)

    def frozen(self) -> None:
        name, code = self._somebody(), self.random.choice(list(INSTRUMENTS))
        place = Cell(What.FROZEN, name, code, Account.TRADING.value)
        self._book({place: self.operator.quantity(1_000, 4_000)})
        self._put(Kind.FROZEN, name)

    def unknown_subject(self) -> None:
        self.outsiders += 1
        name, code = f"X{self.outsiders:03}", self.random.choice(list(INSTRUMENTS))
        self._book({unit_place(name, code): self.operator.quantity(4_000, 9_000)})
        self._put(Kind.UNKNOWN_SUBJECT, name)


def _next(number: str) -> str:
    head, digits = number.rsplit("-", 1)
    return f"{head}-{int(digits) + 1:04}"


def _units(one: Trade) -> dict[Cell, int]:
    return {
        unit_place(one.buyer, one.instrument): one.quantity,
        unit_place(one.seller, one.instrument): -one.quantity,
    }


def _pays(one: Trade) -> dict[Cell, int]:
    return {
        column(one.buyer, "buys"): one.amount,
        column(one.buyer, "buy_fee"): one.buyer_fee,
        column(one.buyer, "settlement_fee"): one.buyer_settlement,
    }


def _gets(one: Trade) -> dict[Cell, int]:
    return {
        column(one.seller, "sells"): one.amount,
        column(one.seller, "sell_fee"): one.seller_fee,
        column(one.seller, "settlement_fee"): one.seller_settlement,
    }


def _all(one: Trade) -> dict[Cell, int]:
    total: Counter[Cell] = Counter()
    for part in (_units(one), _pays(one), _gets(one)):
        for cell, amount in part.items():
            total[cell] += amount
    return dict(total)


_HAPPEN: dict[Kind, Callable[[_Injector, int], Trade]] = {
    Kind.SAME_DAY: _Injector.same_day,
    Kind.FROZEN_SOLD: _Injector.frozen_sold,
    Kind.NEGATIVE: _Injector.negative,
    Kind.BAND: _Injector.band,
}
_BOOKED: dict[Kind, Callable[[_Injector], None]] = {
    Kind.AMOUNT: _Injector.amount,
    Kind.FEE: _Injector.fee,
    Kind.TWICE: _Injector.twice,
    Kind.GAP: _Injector.gap,
    Kind.UNITS_NOT_MOVED: _Injector.units_not_moved,
    Kind.CASH_NOT_MOVED: _Injector.cash_not_moved,
    Kind.ONE_SIDE: _Injector.one_side,
    Kind.NOT_SETTLED: _Injector.not_settled,
    Kind.SETTLED_TWICE: _Injector.settled_twice,
    Kind.EXCHANGED: _Injector.exchanged,
    Kind.INSTRUMENT: _Injector.instrument,
    Kind.QUANTITY: _Injector.quantity,
    Kind.CASH_AMOUNT: _Injector.cash_amount,
    Kind.WRONG_SUBJECT: _Injector.wrong_subject,
    Kind.NETTED: _Injector.netted,
    Kind.FEE_BOOKED: _Injector.fee_booked,
    Kind.CASH_UNKNOWN: _Injector.cash_unknown,
    Kind.MOVE_NOT_DONE: lambda one: one.move(Kind.MOVE_NOT_DONE, -1),
    Kind.MOVE_TWICE: lambda one: one.move(Kind.MOVE_TWICE, 1),
    Kind.UNLISTED_MOVE: _Injector.unlisted_move,
    Kind.OPENING: _Injector.opening,
    Kind.CLOSING: _Injector.closing,
    Kind.CONSERVATION: _Injector.conservation,
    Kind.FROZEN: _Injector.frozen,
    Kind.UNKNOWN_SUBJECT: _Injector.unknown_subject,
}
KINDS: tuple[Kind, ...] = (*_HAPPEN, *_BOOKED, Kind.CLOSED_DAY)
