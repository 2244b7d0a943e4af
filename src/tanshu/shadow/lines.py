"""What is wrong with a list by itself: no holding and no balance is needed to see it.

Each such break may have gone on into the day's holdings and money. What it would do there is kept beside it,
as a suspect that costs nearly nothing and adds no further break.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from tanshu.base.quantity import yuan
from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.rules import calendars
from tanshu.shadow.causes import say
from tanshu.shadow.effects import buyer_cash, columns, of_trade, seller_cash, summed, units_of
from tanshu.shadow.mapping import Layout
from tanshu.shadow.model import Break, Day, Kind, Month, Suspect, Trade, Unit
from tanshu.shadow.posting import distinct

FOLLOWS = 1
"""The cost of a figure's being what a break of the lists has made of it."""
_DIGITS = re.compile(r"(\d+)\D*$")


@dataclass(slots=True)
class Certain:
    """The breaks of a day that its lists show, what may follow from them, and the numbers left out."""

    breaks: list[Break] = field(default_factory=list)
    follows: list[Suspect] = field(default_factory=list)
    gaps: list[tuple[int, str]] = field(default_factory=list)
    """Each gap: the break that stands for it, and the number that is missing."""

    def add(self, found: Break, *effects: Mapping) -> None:
        number = len(self.breaks)
        self.breaks.append(found)
        self.follows += [Suspect(one, FOLLOWS, follows=number) for one in effects if one]


class Lists:
    """Looks at day after day, and remembers what a later day's check needs."""

    def __init__(self, month: Month, layout: Layout):
        self._month, self._layout = month, layout
        self._closes: dict[str, int] = {}
        self._unknown: set[str] = set()

    def check(self, day: Day) -> Certain:
        certain = Certain()
        self._file = f"{day.folder}/{self._layout.files['trades']}"
        self._closed_day(day, certain)
        self._repeated(day, certain)
        if self._layout.numbers:
            self._gaps(day, certain)
        for trade in distinct(day):
            self._amounts(day.day, trade, certain)
            self._band(day.day, trade, certain)
        self._names(day, certain)
        self._close(day)
        return certain

    # -- one check each ------------------------------------------------------------------------------------

    def _closed_day(self, day: Day, certain: Certain) -> None:
        calendar = self._layout.calendar
        if day.trades and calendar and not need(calendars.is_trading_day(calendar, day.day)):
            first = day.trades[0]
            cause = say("closed-day", day=day.day, count=len(day.trades))
            count = len(day.trades)
            certain.add(
                Break(day.day, self._file, first.line, Kind.CLOSED_DAY, cause, "", first.number, count, 0)
            )

    def _repeated(self, day: Day, certain: Certain) -> None:
        first: dict[str, Trade] = {}
        for trade in day.trades:
            before = first.setdefault(trade.number, trade)
            if before is trade:
                continue
            same = before._replace(line=0) == trade._replace(line=0)
            cause = say("twice" if same else "number", trade=trade.number, first=before.line)
            cash = summed(buyer_cash(trade, self._layout), seller_cash(trade, self._layout))
            effects = (of_trade(trade, self._layout), units_of(trade), cash) if same else ()
            certain.add(self._of(day.day, trade, Kind.TWICE, cause, 2, 1, Unit.NONE), *effects)

    def _gaps(self, day: Day, certain: Certain) -> None:
        """Numbers end in digits that count up by one through a day, whatever the order of the lines."""
        numbered = [(int(found[1]), one) for one in day.trades if (found := _DIGITS.search(one.number))]
        numbered.sort(key=lambda pair: pair[0])
        for (n, before), (m, after) in pairwise(numbered):
            for missing in range(n + 1, min(m, n + 100)):
                name = _numbered_like(after.number, missing)
                cause = say("gap", before=before.number, after=after.number, missing=name)
                certain.gaps.append((len(certain.breaks), name))
                certain.add(Break(day.day, self._file, after.line, Kind.GAP, cause, trade=name))

    def _amounts(self, day: date, trade: Trade, certain: Certain) -> None:
        """The amount, then the fees; fees reckoned rightly from a wrong amount are no breaks of their own."""
        off = trade.amount - trade.worth
        effects: Mapping = {}
        rates = self._layout.fees[trade.mode]
        if off:
            cause = say(
                "amount",
                trade=trade.number,
                quantity=f"{trade.quantity:,}",
                price=yuan(trade.price),
                worth=yuan(trade.worth),
                amount=yuan(trade.amount),
            )
            buys, sells = (
                columns(self._layout, trade.buyer, buys=off),
                columns(self._layout, trade.seller, sells=off),
            )
            effects = summed(buys, sells)
            certain.add(
                self._of(day, trade, Kind.AMOUNT, cause, trade.amount, trade.worth), effects, buys, sells
            )
        number = len(certain.breaks) - 1
        due, from_listed = rates.of(trade.worth), rates.of(trade.amount) if off else rates.of(trade.worth)
        for (who, what, column, subject, listed), ours, carried in zip(
            _fees(trade), due, from_listed, strict=True
        ):
            if listed == ours:
                continue
            effect = columns(self._layout, subject, **{column: listed - ours})
            if off and listed == carried:
                certain.follows.append(Suspect(effect, FOLLOWS, follows=number))
                continue
            cause = say("fee", trade=trade.number, who=who, what=what, ours=yuan(ours), theirs=yuan(listed))
            certain.add(self._of(day, trade, Kind.FEE, cause, listed, ours, subject=subject), effect)

    def _band(self, day: date, trade: Trade, certain: Certain) -> None:
        base = self._closes.get(trade.instrument)
        edges = self._layout.edges(trade.mode, base) if base else None
        if base is None or edges is None or edges[0] <= trade.price <= edges[1]:
            return
        low, high = edges
        cause = say(
            "band",
            trade=trade.number,
            price=yuan(trade.price),
            low=yuan(low),
            high=yuan(high),
            base=yuan(base),
        )
        nearest = low if trade.price < low else high
        certain.add(self._of(day, trade, Kind.BAND, cause, trade.price, nearest))

    def _names(self, day: Day, certain: Certain) -> None:
        """Every subject and instrument is in its list; each is missed once in the month."""
        files = self._layout.files
        for name, rows in (
            ("trades", day.trades),
            ("movements", day.movements),
            ("holdings", day.holdings),
            ("cash", day.cash),
        ):
            file = f"{day.folder}/{files[name]}"
            for row in rows:
                people = (row.buyer, row.seller) if isinstance(row, Trade) else (row.subject,)
                for subject in people:
                    if subject not in self._month.subjects and subject not in self._unknown:
                        self._unknown.add(subject)
                        cause = say("unknown-subject", subject=subject)
                        certain.add(Break(day.day, file, row.line, Kind.UNKNOWN_SUBJECT, cause, subject))
                what = getattr(row, "instrument", "")
                if what and what not in self._month.instruments and what not in self._unknown:
                    self._unknown.add(what)
                    cause = say("unknown-instrument", instrument=what)
                    certain.add(Break(day.day, file, row.line, Kind.UNKNOWN_INSTRUMENT, cause))

    def _close(self, day: Day) -> None:
        """The average price of the day's listing trades within their band, half up; else the close before."""
        tonnes: Counter[str] = Counter()
        fen: Counter[str] = Counter()
        for trade in distinct(day):
            base = self._closes.get(trade.instrument)
            edges = self._layout.edges(trade.mode, base) if base else None
            if trade.mode == "listing" and (edges is None or edges[0] <= trade.price <= edges[1]):
                tonnes[trade.instrument] += trade.quantity
                fen[trade.instrument] += trade.worth
        for code, quantity in tonnes.items():
            self._closes[code] = (2 * fen[code] + quantity) // (2 * quantity)

    def _of(
        self,
        day: date,
        trade: Trade,
        kind: Kind,
        cause: Text,
        theirs: int,
        ours: int,
        unit: Unit = Unit.FEN,
        *,
        subject: str = "",
    ) -> Break:
        who = subject or trade.buyer
        return Break(day, self._file, trade.line, kind, cause, who, trade.number, theirs, ours, unit)


BUYER, SELLER = Text("买方", "buyer"), Text("卖方", "seller")
TRADING_FEE, SETTLEMENT_FEE = Text("交易手续费", "trading fee"), Text("结算费", "settlement fee")


def _fees(one: Trade) -> Iterator[tuple[Text, Text, str, str, int]]:
    """Whose, which, in which column of the cash file, of which subject, how much is listed."""
    yield BUYER, TRADING_FEE, "buy_fee", one.buyer, one.buyer_fee
    yield SELLER, TRADING_FEE, "sell_fee", one.seller, one.seller_fee
    yield BUYER, SETTLEMENT_FEE, "settlement_fee", one.buyer, one.buyer_settlement
    yield SELLER, SETTLEMENT_FEE, "settlement_fee", one.seller, one.seller_settlement


def _numbered_like(number: str, n: int) -> str:
    """The number n, written as `number` is: L-0007 → L-0005."""
    found = _DIGITS.search(number)
    assert found, "it was found before"
    return number[: found.start(1)] + str(n).zfill(len(found[1])) + number[found.end(1) :]
