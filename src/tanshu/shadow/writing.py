"""A made-up month as an operator's folder: what its lists say, and what its books make of them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tanshu.base.quantity import yuan
from tanshu.base.refusal import Refused
from tanshu.shadow import checks
from tanshu.shadow.faults import Injected, Made, make
from tanshu.shadow.generator import INSTRUMENTS, PPM, Planned
from tanshu.shadow.mapping import COLUMNS, FILE
from tanshu.shadow.model import FLOWS, Account, Cell, Moved, Movement, Trade, What

Ledger = Counter[Cell]


def example(folder: Path, *, breaks: int = 0, seed: int = 1) -> Sequence[Injected]:
    """Write a month with so many breaks; returns what was put in. Refuses with SHD-2003, SHD-2004."""
    from tanshu.shadow.faults import KINDS

    if not 0 <= breaks <= len(KINDS):
        raise Refused(checks.TOO_MANY_BREAKS(field="breaks", limit=len(KINDS), count=breaks))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(checks.NOT_EMPTY(field="example", path=folder))
    made = make(seed, breaks)
    write(folder, made)
    return made.injected


def write(folder: Path, made: Made) -> None:
    """All files of a month, in our own layout."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(_mapping(), encoding="utf-8")
    _table(folder / "subjects.csv", COLUMNS["subjects"], made.operator.names.items())
    _table(folder / "instruments.csv", COLUMNS["instruments"], INSTRUMENTS.items())
    books = Books(made)
    _table(folder / "opening.csv", COLUMNS["holdings"], books.holdings())
    for plan in made.days:
        place = folder / plan.day.isoformat()
        place.mkdir()
        _table(place / "trades.csv", COLUMNS["trades"], map(_trade, listed(plan)))
        _table(place / "movements.csv", COLUMNS["movements"], map(_movement, plan.movements))
        cash = list(books.day(plan))
        _table(place / "holdings.csv", COLUMNS["holdings"], books.holdings())
        _table(place / "cash.csv", COLUMNS["cash"], cash)


def listed(plan: Planned) -> list[Trade]:
    """The trades as the operator lists them."""
    found = []
    for one in plan.trades:
        if one.number not in plan.hidden:
            found += plan.said.get(one.number, [one])
    return found


class Books:
    """The operator's own books: they follow its lists, but for what goes wrong."""

    def __init__(self, made: Made):
        self.people = list(made.operator.names)
        self.units: Ledger = Counter()
        self.cash = Counter(made.money)
        for one in made.opening:
            place = (one.subject, one.instrument, one.account.value)
            self.units[Cell(What.UNITS, *place)] = one.quantity
            self.units[Cell(What.FROZEN, *place)] = one.frozen

    def day(self, plan: Planned) -> Iterable[Sequence[object]]:
        """Follow a day; its rows of the cash file."""
        flows: Ledger = Counter()
        for one in plan.trades:
            self._trade(one, flows)
        for one in plan.movements:
            self._movement(one, flows)
        for cell, amount in plan.extra.items():
            (flows if cell.what is What.CASH else self.units)[cell] += amount
        for name in self.people:
            opening = self.cash[name] + plan.opening[name]
            figures = [flows[Cell(What.CASH, name, what)] for what in FLOWS]
            closing = opening + sum(
                sign * figure for sign, figure in zip(FLOWS.values(), figures, strict=True)
            )
            self.cash[name] = closing + plan.closing[name]
            yield (name, *map(yuan, (opening, *figures, self.cash[name])))

    def holdings(self) -> list[Sequence[object]]:
        rows = []
        for cell, quantity in sorted(self.units.items()):
            frozen = self.units[cell._replace(what=What.FROZEN)]
            if cell.what is What.UNITS and (quantity or frozen):
                rows.append((cell.subject, cell.name, cell.account, f"{quantity:,}", f"{frozen:,}"))
        return rows

    def _trade(self, one: Trade, flows: Ledger) -> None:
        self.units[Cell(What.UNITS, one.buyer, one.instrument, "trading")] += one.quantity
        self.units[Cell(What.UNITS, one.seller, one.instrument, "trading")] -= one.quantity
        for name, what, amount in (
            (one.buyer, "buys", one.amount),
            (one.buyer, "buy_fee", one.buyer_fee),
            (one.buyer, "settlement_fee", one.buyer_settlement),
            (one.seller, "sells", one.amount),
            (one.seller, "sell_fee", one.seller_fee),
            (one.seller, "settlement_fee", one.seller_settlement),
        ):
            flows[Cell(What.CASH, name, what)] += amount

    def _movement(self, one: Movement, flows: Ledger) -> None:
        trading = Cell(What.UNITS, one.subject, one.instrument, Account.TRADING.value)
        registration = trading._replace(account=Account.REGISTRATION.value)
        if one.kind in (Moved.DEPOSIT, Moved.WITHDRAWAL):
            what = "paid_in" if one.kind is Moved.DEPOSIT else "paid_out"
            flows[Cell(What.CASH, one.subject, what)] += one.amount
        elif one.kind is Moved.FREEZE:
            self.units[trading._replace(what=What.FROZEN)] += one.quantity
        else:
            self.units[registration] += one.quantity * _IN_REGISTRATION[one.kind]
            self.units[trading] += one.quantity * _IN_TRADING.get(one.kind, 0)


_IN_REGISTRATION = {
    Moved.ALLOCATION: 1,
    Moved.SURRENDER: -1,
    Moved.TO_TRADING: -1,
    Moved.TO_REGISTRATION: 1,
}
_IN_TRADING = {Moved.TO_TRADING: 1, Moved.TO_REGISTRATION: -1}


def _trade(one: Trade) -> Sequence[object]:
    money = (
        one.price,
        one.amount,
        one.buyer_fee,
        one.seller_fee,
        one.buyer_settlement,
        one.seller_settlement,
    )
    names = (one.number, one.time, one.mode, one.instrument, one.buyer, one.seller)
    return (*names, f"{one.quantity:,}", *map(yuan, money))


def _movement(one: Movement) -> Sequence[object]:
    figures = (f"{one.quantity:,}" if one.quantity else "", yuan(one.amount) if one.amount else "")
    return (one.number, one.time, one.kind.value, one.subject, one.instrument, one.account.value, *figures)


def _table(path: Path, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _mapping() -> str:
    """The mapping of the example: fees and rules; the layout is our own."""
    names = ("buyer_trading_ppm", "seller_trading_ppm", "buyer_settlement_ppm", "seller_settlement_ppm")
    lines = [
        'title = "示例交易所(虚构) · example exchange (fictional)"',
        "",
        "[format]",
        'money = "yuan"',
        'thousands = ","',
        "",
        "[rules]",
        'settlement = "gross"',
        "same_day_sale = false",
        'calendar = "cn"',
        "",
        "[bands]",
        'listing = "0.10"',
        'block = "0.30"',
    ]
    for mode, rates in PPM.items():
        lines += [
            "",
            f"[fees.{mode}]",
            *(f"{name} = {rate}" for name, rate in zip(names, rates, strict=True)),
        ]
    return "\n".join(lines) + "\n"
