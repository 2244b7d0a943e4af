"""A made-up operator's month: subjects, holdings, trades and movements, the same for the same seed.

It reckons fees and balances in its own few lines, apart from the program that will check its files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from tanshu.shadow.model import Account, Cell, Moved, Movement, Trade, What

INSTRUMENTS = {"CEA22": "全国碳排放配额 2022", "CEA23": "全国碳排放配额 2023", "CEA24": "全国碳排放配额 2024"}
PPM = {"listing": (500, 400, 100, 80), "block": (300, 250, 60, 50)}
"""Fees in millionths: buyer's and seller's trading fee, buyer's and seller's settlement fee."""
FIRST_DAY = date(2024, 11, 1)
_PLACES = ("江城", "云梦", "南浦", "东湖", "青山", "洪山", "武昌", "汉阳", "黄陂", "新洲", "蔡甸", "江夏")
_TRADES = ("热电", "发电", "能源", "钢铁", "水泥", "铝业")


@dataclass(slots=True)
class Planned:
    """A day as it should be, and what the operator makes of it.

    extra: what its books get beside what its lists say. opening, closing: shifts of balances. hidden: numbers
    of trades that are settled and not listed. said: trades as listed, where that is not as they are.
    """

    day: date
    trades: list[Trade] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    extra: Counter[Cell] = field(default_factory=Counter)
    opening: Counter[str] = field(default_factory=Counter)
    closing: Counter[str] = field(default_factory=Counter)
    hidden: set[str] = field(default_factory=set)
    said: dict[str, list[Trade]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    """Trades and movements that something is wrong with already."""


class Operator:
    """What everybody has, as it should be, while the month is made up day by day."""

    def __init__(self, seed: int, subjects: int = 48, trades: int = 18):
        self.random = Random(seed)
        self.names = {
            f"S{n:03}": f"{_PLACES[n % 12]}{_TRADES[n // 12 % 6]}有限公司(虚构{n:03})"
            for n in range(1, subjects + 1)
        }
        self.people = list(self.names)
        self.trades_a_day = trades
        self.units: Counter[tuple[str, str, Account]] = Counter()
        self.frozen: Counter[tuple[str, str, Account]] = Counter()
        self.cash: Counter[str] = Counter()
        self.prices = dict(zip(INSTRUMENTS, (9_180, 9_730, 10_240), strict=True))
        self.sold: Counter[tuple[str, str]] = Counter()
        self.bought: Counter[tuple[str, str]] = Counter()
        self.old: dict[tuple[str, str], int] = {}
        self.spent: set[int] = set()
        self._numbers = 0
        self._found()

    def _found(self) -> None:
        for name in self.people:
            self.cash[name] = self.random.randrange(20_000_000_00, 60_000_000_00)
            for code in INSTRUMENTS:
                for account, most in ((Account.TRADING, 90_000), (Account.REGISTRATION, 60_000)):
                    if self.random.random() < 0.7:
                        self.units[name, code, account] = self.random.randrange(20_000, most)
                if self.random.random() < 0.15 and self.units[name, code, Account.TRADING]:
                    self.frozen[name, code, Account.TRADING] = self.random.randrange(2_000, 9_000)

    def quantity(self, least: int, most: int) -> int:
        """One that was not drawn before: no two causes look the same by accident."""
        while (drawn := self.random.randrange(least, most)) in self.spent:
            most += 1
        self.spent.add(drawn)
        return drawn

    # -- a day ---------------------------------------------------------------------------------------------

    def day(self, day: date, *, quiet: bool = False) -> Planned:
        """An ordinary day; quiet: two trades and nothing else. Trades have no numbers yet."""
        plan = Planned(day)
        self.sold.clear()
        self.bought.clear()
        if not quiet:
            plan.movements += self._morning()
        self.old = {(name, code): self.free(name, code) for name in self.people for code in INSTRUMENTS}
        for n in range(2 if quiet else self.trades_a_day):
            self._trade(plan, n)
        if not quiet:
            self._both_ways(plan)
            plan.movements += self._evening()
        return plan

    def free(self, name: str, code: str) -> int:
        """Units of the trading account that are not frozen."""
        place = (name, code, Account.TRADING)
        return self.units[place] - self.frozen[place]

    def salable(self, name: str, code: str) -> int:
        """What was there when trading began and is still."""
        return self.old.get((name, code), 0) - self.sold[name, code]

    def settle(self, plan: Planned, one: Trade) -> Trade:
        """Make a trade happen; its fees are reckoned here."""
        worth = one.quantity * one.price
        fees = [(worth * ppm + 500_000) // 1_000_000 for ppm in PPM[one.mode]]
        one = one._replace(
            amount=worth,
            buyer_fee=fees[0],
            seller_fee=fees[1],
            buyer_settlement=fees[2],
            seller_settlement=fees[3],
        )
        self.units[one.buyer, one.instrument, Account.TRADING] += one.quantity
        self.units[one.seller, one.instrument, Account.TRADING] -= one.quantity
        self.cash[one.buyer] -= worth + fees[0] + fees[2]
        self.cash[one.seller] += worth - fees[1] - fees[3]
        self.sold[one.seller, one.instrument] += one.quantity
        self.bought[one.buyer, one.instrument] += one.quantity
        plan.trades.append(one)
        return one

    def price(self, code: str) -> int:
        return self.prices[code] * self.random.randrange(980, 1_021) // 1_000

    def buyer(self, *others: str, worth: int = 0) -> str:
        """Somebody else who can pay."""
        able = [name for name in self.people if name not in others and self.cash[name] > 2 * worth]
        return self.random.choice(able)

    def _trade(self, plan: Planned, n: int) -> None:
        code = self.random.choice(list(INSTRUMENTS))
        sellers = [name for name in self.people if self.salable(name, code) > 12_000]
        seller = self.random.choice(sellers)
        mode = "block" if self.random.random() < 0.2 else "listing"
        self.trade(plan, seller, code, self.quantity(500, 4_000), minute=n * 9, mode=mode)

    def trade(
        self,
        plan: Planned,
        seller: str,
        code: str,
        quantity: int,
        *,
        minute: int,
        mode: str = "listing",
        buyer: str = "",
        price: int = 0,
    ) -> Trade:
        """minute: after half past nine; noon is left out."""
        price = price or self.price(code)
        buyer = buyer or self.buyer(seller, worth=quantity * price)
        at = 9 * 60 + 30 + minute + (90 if minute >= 120 else 0)
        time = f"{at // 60:02}:{at % 60:02}:00"
        return self.settle(
            plan, Trade("", time, mode, code, buyer, seller, quantity, price, 0, 0, 0, 0, 0, 0)
        )

    def _both_ways(self, plan: Planned) -> None:
        """Somebody sells one instrument and buys another on the same day."""
        sellers = {(one.seller, one.instrument) for one in plan.trades}
        for name, sold in sorted(sellers)[:3]:
            code = next(other for other in INSTRUMENTS if other != sold)
            quantity = self.quantity(500, 3_000)
            givers = [other for other in self.people if other != name and self.salable(other, code) > 9_000]
            if self.cash[name] > 3 * quantity * self.prices[code]:
                self.trade(plan, self.random.choice(givers), code, quantity, minute=200, buyer=name)

    # -- movements -----------------------------------------------------------------------------------------

    def _morning(self) -> Iterator[Movement]:
        pick = self.random.choice
        for _ in range(2):
            yield self._move("09:00:00", Moved.DEPOSIT, pick(self.people), amount=self._fen())
        rich = self._rich(Account.REGISTRATION)
        for name, code in self.random.sample(rich, 2):
            yield self._move("09:05:00", Moved.TO_TRADING, name, code, self.quantity(500, 5_000))
        if self.random.random() < 0.6:
            code = pick(list(INSTRUMENTS))
            yield self._move(
                "09:10:00", Moved.ALLOCATION, pick(self.people), code, self.quantity(2_000, 9_000)
            )
        if self.random.random() < 0.4:
            name, code = pick(self._rich(Account.TRADING))
            yield self._move("09:12:00", Moved.FREEZE, name, code, self.quantity(1_000, 4_000))

    def _evening(self) -> Iterator[Movement]:
        pick = self.random.choice
        yield self._move("16:00:00", Moved.WITHDRAWAL, self.buyer(worth=10_000_000), amount=self._fen())
        name, code = pick(self._rich(Account.REGISTRATION))
        yield self._move("16:05:00", Moved.SURRENDER, name, code, self.quantity(500, 5_000))
        if self.random.random() < 0.5:
            name, code = pick([key for key in self._rich(Account.TRADING) if not self.bought[key]])
            yield self._move("16:10:00", Moved.TO_REGISTRATION, name, code, self.quantity(500, 3_000))

    def _rich(self, account: Account) -> list[tuple[str, str]]:
        return [
            (name, code)
            for name in self.people
            for code in INSTRUMENTS
            if self.units[name, code, account] - self.frozen[name, code, account] > 15_000
        ]

    def _fen(self) -> int:
        return self.quantity(10_000, 90_000) * 100 + self.random.randrange(100)

    def _move(
        self, time: str, kind: Moved, name: str, code: str = "", quantity: int = 0, *, amount: int = 0
    ) -> Movement:
        trading, registration = (name, code, Account.TRADING), (name, code, Account.REGISTRATION)
        if kind in (Moved.DEPOSIT, Moved.WITHDRAWAL):
            self.cash[name] += amount if kind is Moved.DEPOSIT else -amount
        elif kind in (Moved.ALLOCATION, Moved.SURRENDER):
            self.units[registration] += quantity if kind is Moved.ALLOCATION else -quantity
        elif kind is Moved.FREEZE:
            self.frozen[trading] += quantity
        else:
            way = 1 if kind is Moved.TO_TRADING else -1
            self.units[trading] += way * quantity
            self.units[registration] -= way * quantity
        self._numbers += 1
        in_registration = kind in (Moved.ALLOCATION, Moved.SURRENDER)
        account = Account.REGISTRATION if in_registration else Account.TRADING
        return Movement(f"M{self._numbers:05}", time, kind, name, code, account, quantity, amount, 0)


def numbered(plan: Planned, *, skip: int | None = None) -> None:
    """Number the trades of a day in the order of time; skip: a place at which a number is left out."""
    plan.trades.sort(key=lambda one: one.time)
    first = f"T{plan.day:%Y%m%d}-"
    plan.trades[:] = [
        one._replace(number=f"{first}{n + (skip is not None and n > skip):04}")
        for n, one in enumerate(plan.trades, start=1)
    ]


def weekdays(count: int) -> list[date]:
    """The first trading days from FIRST_DAY on: November 2024 has no holiday."""
    days = (FIRST_DAY + timedelta(days=n) for n in range(3 * count + 7))
    return [day for day in days if day.weekday() < 5][:count]


def unit_place(name: str, code: str, account: Account = Account.TRADING) -> Cell:
    return Cell(What.UNITS, name, code, account.value)


def column(name: str, what: str) -> Cell:
    return Cell(What.CASH, name, what)
