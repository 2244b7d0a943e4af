"""What nobody had to give: units bought the same day, frozen, or not there at all; money that was not there.

A day's lists are followed in the order of time from the holdings the book has at its beginning. Where an
earlier break has left the operator with more than the book, that much more counts as there: it was reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from tanshu.base.quantity import yuan
from tanshu.shadow.causes import say
from tanshu.shadow.effects import flows, net_flow, of_movement, subjects_of, unit_cell
from tanshu.shadow.mapping import Layout
from tanshu.shadow.model import Account, Break, Cell, Day, Kind, Movement, Trade, Unit, What
from tanshu.shadow.posting import happened

Had = Callable[[Cell], int]
"""What the book has in a cell at the beginning of the day: units (with the frozen ones), frozen units."""


class Money(NamedTuple):
    """A subject's money at the beginning of a day, in the book and beyond it in the operator's files."""

    ours: int
    beyond: int


def check(
    day: Day, layout: Layout, had: Had, beyond: Mapping[Cell, int], money: Callable[[str], Money]
) -> list[Break]:
    found = list(_Followed(day, layout, had, beyond).breaks())
    return found + list(_overdrawn(day, layout, money))


class _Followed:
    """Units through a day."""

    def __init__(self, day: Day, layout: Layout, had: Had, beyond: Mapping[Cell, int]):
        self._day, self._layout, self._had, self._beyond = day, layout, had, beyond
        self._moved: Counter[Cell] = Counter()
        self._bought: Counter[Cell] = Counter()
        self._said: set[tuple[Cell, Kind]] = set()

    def breaks(self) -> Iterator[Break]:
        for one in happened(self._day):
            if isinstance(one, Trade):
                yield from self._sale(one)
                self._move(unit_cell(one.seller, one.instrument), -one.quantity)
                bought = unit_cell(one.buyer, one.instrument)
                self._move(bought, one.quantity)
                self._bought[bought] += one.quantity
            else:
                effects = of_movement(one)
                yield from self._outflow(one, effects)
                for cell, amount in effects.items():
                    self._move(cell, amount)

    def _move(self, cell: Cell, amount: int) -> None:
        self._moved[cell] += amount
        if amount < 0:  # what was there goes first
            self._bought[cell] = max(0, min(self._bought[cell], self._has(cell)))

    def _has(self, cell: Cell) -> int:
        return self._had(cell) + self._moved[cell] + max(0, self._beyond.get(cell, 0))

    def _frozen(self, cell: Cell) -> int:
        held = cell._replace(what=What.FROZEN)
        return self._had(held) + self._moved[held]

    def _sale(self, one: Trade) -> Iterator[Break]:
        """The first of the steps down that the sale goes beyond: old units, bought today, frozen."""
        cell = unit_cell(one.seller, one.instrument)
        has, bought, frozen = self._has(cell), self._bought[cell], self._frozen(cell)
        if self._layout.same_day_sale:
            bought = 0
        if one.quantity > has:
            kind, name, there = Kind.NEGATIVE, "oversold", max(0, has)
        elif one.quantity > has - frozen:
            kind, name, there = Kind.FROZEN_SOLD, "frozen-sold", max(0, has - frozen)
        elif one.quantity > has - frozen - bought:
            kind, name, there = Kind.SAME_DAY, "same-day", max(0, has - frozen - bought)
        else:
            return
        if (cell, kind) not in self._said:
            self._said.add((cell, kind))
            facts = {"quantity": f"{one.quantity:,}", "short": f"{one.quantity - there:,}"}
            cause = say(name, trade=one.number, seller=one.seller, **facts)
            file = f"{self._day.folder}/{self._layout.files['trades']}"
            who, units = (one.seller, one.number), (one.quantity, there, Unit.TONNES)
            yield Break(self._day.day, file, one.line, kind, cause, *who, *units)

    def _outflow(self, one: Movement, effects: Mapping[Cell, int]) -> Iterator[Break]:
        """A movement gives what is there and not frozen; a freeze takes what is there."""
        for cell, amount in effects.items():
            if cell.what is What.UNITS and amount < 0:
                there = self._has(cell) - self._frozen(cell)
            elif cell.what is What.FROZEN and amount > 0:
                here = unit_cell(one.subject, one.instrument, Account(cell.account))
                there = self._has(here) - self._frozen(here)
            else:
                continue
            short = abs(amount) - max(0, there)
            if short > 0 and (cell, Kind.NEGATIVE) not in self._said:
                self._said.add((cell, Kind.NEGATIVE))
                facts = {"instrument": one.instrument, "short": f"{short:,}"}
                cause = say("overmoved", number=one.number, subject=one.subject, **facts)
                file = f"{self._day.folder}/{self._layout.files['movements']}"
                units = (abs(amount), max(0, there), Unit.TONNES)
                yield Break(
                    self._day.day, file, one.line, Kind.NEGATIVE, cause, one.subject, one.number, *units
                )


def _overdrawn(day: Day, layout: Layout, money: Callable[[str], Money]) -> Iterator[Break]:
    """Whoever ends the day below zero and did not begin it there."""
    expected = flows(day, layout)
    rows = {one.subject: one for one in day.cash}
    for subject in sorted(set(subjects_of(day))):
        begun, change = money(subject), net_flow(expected, subject)
        ends = begun.ours + max(0, begun.beyond) + change
        if ends < 0 and change < 0 and begun.ours >= 0:
            row = rows.get(subject)
            file = f"{day.folder}/{layout.files['cash']}"
            cause = say("overdrawn", subject=subject, short=yuan(-ends))
            line, theirs = (row.line, row.closing) if row else (0, None)
            yield Break(day.day, file, line, Kind.NEGATIVE, cause, subject, "", theirs, 0, Unit.FEN)
