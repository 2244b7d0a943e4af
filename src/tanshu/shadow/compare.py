"""Day by day: the book beside the operator's files, and every break with its cause, once.

What an earlier break has put wrong stays wrong in the files that come after it. Each day therefore begins
with what the day before left over (theirs − ours), and only what is new to it is explained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tanshu.base.quantity import yuan
from tanshu.shadow import limits
from tanshu.shadow.causes import say
from tanshu.shadow.effects import cash_cell, flows, net_flow, subjects_of
from tanshu.shadow.explain import explain
from tanshu.shadow.lines import Certain, Lists
from tanshu.shadow.mapping import Layout
from tanshu.shadow.model import (
    FLOWS,
    Account,
    Break,
    Cash,
    Cell,
    Day,
    Differences,
    Holding,
    Kind,
    Month,
    Settlement,
    Suspect,
    Unit,
    What,
)
from tanshu.shadow.posting import MONEY, Posted, Standing, money, standings, units
from tanshu.shadow.suspects import UNLISTED, Suspects, put_right


def compare(
    posted: Posted, month: Month, layout: Layout, tick: Callable[[int], None] = lambda _: None
) -> list[Break]:
    """Every break of the month, by day, file and line. tick is told how many days are compared."""
    found: list[Break] = []
    walk = _Walk(month, layout)
    for n, (day, standing) in enumerate(_days(posted, month, walk), start=1):
        found += sorted(walk.day(day, standing), key=lambda one: (one.day, one.file, one.line, one.kind))
        tick(n)
    return found


def _days(posted: Posted, month: Month, walk: _Walk) -> Iterator[tuple[Day, Standing]]:
    following = standings(posted)
    walk.begin(next(following))
    yield from zip(month.days, following, strict=True)


@dataclass(slots=True)
class _Left:
    """What a day leaves to the next: figures of the book, of the files, and their known differences."""

    ours: dict[Cell, int] = field(default_factory=dict)
    carried: Differences = field(default_factory=dict)
    money: dict[str, int] = field(default_factory=dict)
    closings: dict[str, int] = field(default_factory=dict)


class _Walk:
    """Through the days of a month."""

    def __init__(self, month: Month, layout: Layout):
        self._month, self._layout = month, layout
        self._lists = Lists(month, layout)
        self._left = _Left()
        traders = {name for day in month.days for name in subjects_of(day)}
        self._people = sorted(traders | set(month.subjects))
        self._outside = {
            one.subject for day in month.days for one in day.holdings if one.subject not in self._people
        }

    def begin(self, opening: Standing) -> None:
        """The book before the first day, which is what the files say."""
        self._left.ours = self._units_of(opening)
        self._left.money = {name: opening.amount(money(name), MONEY) for name in self._people}
        self._left.closings = dict(self._left.money)

    def day(self, day: Day, standing: Standing) -> list[Break]:
        """The breaks of a day; what it leaves to the next is kept."""
        certain = self._lists.check(day)
        found = limits.check(day, self._layout, self._had, self._left.carried, self._money)
        cash = list(self._cash_rows(day))
        differences, theirs, carried = self._differences(day, standing)
        differences |= self._outsiders(differences, certain)
        differences = {cell: off for cell, off in differences.items() if off}
        suspects = Suspects(day, self._month, self._layout, theirs)
        known = [
            *put_right(self._left.carried.items(), differences),
            *certain.follows,
            *suspects.known(differences),
        ]
        causes = explain(differences, known, suspects.made_up)
        self._keep(day, standing, carried)
        return [*found, *cash, *_together(certain, causes)]

    # -- the figures of a day ------------------------------------------------------------------------------

    def _differences(
        self, day: Day, standing: Standing
    ) -> tuple[Differences, Mapping[Cell, tuple[int, int]], Differences]:
        """(what is new, their figures with lines, what will be carried on): units, frozen units, flows."""
        theirs = _told(day.holdings)
        ours = self._units_of(standing)
        carried = {
            cell: off
            for cell in {**theirs, **ours}
            if (off := theirs.get(cell, (0, 0))[0] - ours.get(cell, 0))
        }
        new = {
            cell: off
            for cell in {**carried, **self._left.carried}
            if (off := carried.get(cell, 0) - self._left.carried.get(cell, 0))
        }
        expected = flows(day, self._layout)
        for row in day.cash:
            if row.subject in self._people:
                for name, amount in self._flows_of(row).items():
                    cell = cash_cell(row.subject, name)
                    theirs[cell] = (amount, row.line)
                    new[cell] = amount - expected.get(cell, 0)
        return new, theirs, carried

    def _flows_of(self, row: Cash) -> Mapping[str, int]:
        told = {name: getattr(row, name) for name in FLOWS}
        if self._layout.settlement is Settlement.NET:
            told["sells"] -= told.pop("buys")
        return told

    def _units_of(self, standing: Standing) -> dict[Cell, int]:
        """Units, frozen ones included, and frozen units: the cells of the book that are not zero."""
        found = {}
        codes = [code for code in standing.posted.ledger.instruments if code != MONEY]
        for subject, place in standing.posted.ledger.accounts:
            if place not in set(Account):
                continue
            for code in codes:
                free = standing.amount((subject, place), code)
                frozen = standing.amount(units(subject, place, frozen=True), code)
                found[Cell(What.UNITS, subject, code, place)] = free + frozen
                found[Cell(What.FROZEN, subject, code, place)] = frozen
        return {cell: amount for cell, amount in found.items() if amount}

    # -- cash rows -----------------------------------------------------------------------------------------

    def _cash_rows(self, day: Day) -> Iterator[Break]:
        """Does a row begin where the one before ended, and does it add up; and who has none?"""
        file = f"{day.folder}/{self._layout.files['cash']}"
        rows = {one.subject: one for one in day.cash}
        for subject in self._people:
            row, before = rows.get(subject), self._left.closings.get(subject, 0)
            if row is None:
                if self._left.money.get(subject):
                    cause = say("cash-missing", subject=subject, ours=yuan(before))
                    figures = (None, before, Unit.FEN)
                    yield Break(day.day, file, 0, Kind.CASH_MISSING, cause, subject, "", *figures)
                continue
            if row.opening not in (before, self._left.money.get(subject, 0)):
                cause = say("opening", subject=subject, theirs=yuan(row.opening), ours=yuan(before))
                figures = (row.opening, before, Unit.FEN, 1)
                yield Break(day.day, file, row.line, Kind.OPENING, cause, subject, "", *figures)
            if row.closing != row.counted:
                cause = say("closing", subject=subject, theirs=yuan(row.closing), ours=yuan(row.counted))
                figures = (row.closing, row.counted, Unit.FEN, 1)
                yield Break(day.day, file, row.line, Kind.CLOSING, cause, subject, "", *figures)

    def _outsiders(self, new: Differences, certain: Certain) -> Differences:
        """Holdings of those who are in no list, and the same units missing with somebody: one break, told."""
        changed: Differences = {}
        for cell, off in sorted(new.items()):
            if cell.subject not in self._outside:
                continue
            changed[cell] = 0
            same = (
                other
                for other, amount in sorted(new.items())
                if (other.what, other.name, amount) == (cell.what, cell.name, -off) and other not in changed
            )
            if lost := next(same, None):
                changed[lost] = 0
            for n, one in enumerate(certain.breaks):
                if one.kind is Kind.UNKNOWN_SUBJECT and one.subject == cell.subject:
                    shown = {"theirs": off, "ours": 0, "unit": Unit.TONNES} if one.theirs is None else {}
                    certain.breaks[n] = replace(one, **shown, explains=one.explains + 1 + bool(lost))
        return changed

    # -- from day to day -----------------------------------------------------------------------------------

    def _had(self, cell: Cell) -> int:
        return self._left.ours.get(cell, 0)

    def _money(self, subject: str) -> limits.Money:
        ours = self._left.money.get(subject, 0)
        return limits.Money(ours, self._left.closings.get(subject, 0) - ours)

    def _keep(self, day: Day, standing: Standing, carried: Differences) -> None:
        expected = flows(day, self._layout)
        rows = {one.subject: one.closing for one in day.cash}
        closings = {
            name: rows.get(name, self._left.closings.get(name, 0) + net_flow(expected, name))
            for name in self._people
        }
        ours = {name: standing.amount(money(name), MONEY) for name in self._people}
        self._left = _Left(self._units_of(standing), carried, ours, closings)


def _told(holdings: Sequence[Holding]) -> dict[Cell, tuple[int, int]]:
    """Their figures by cell, with the line each stands in."""
    found = {}
    for one in holdings:
        place = (one.subject, one.instrument, one.account.value)
        found[Cell(What.UNITS, *place)] = (one.quantity, one.line)
        found[Cell(What.FROZEN, *place)] = (one.frozen, one.line)
    return found


def _together(certain: Certain, causes: Sequence[Suspect]) -> list[Break]:
    """The day's breaks: those of the lists, with what followed from each, and those the figures tell of.

    A trade that was settled and is not listed is what a missing number stands for, where there is one.
    """
    breaks, more, gaps = list(certain.breaks), list[Break](), list(certain.gaps)
    for one in causes:
        if one.follows is not None:
            before = breaks[one.follows]
            breaks[one.follows] = replace(before, explains=before.explains + len(one.effects))
        elif one.finding and one.name == UNLISTED and gaps:
            number, missing = gaps.pop(0)
            breaks[number] = _filled(breaks[number], missing, one.finding)
        elif one.finding:
            more.append(one.finding)
    return breaks + more


def _filled(gap: Break, missing: str, found: Break) -> Break:
    """The gap, told as the trade that was left out."""
    said = found.cause
    zh = said.zh.replace("有一笔未列示的成交已交收", f"成交 {missing} 未列示却已交收")
    en = said.en.replace(
        "A trade that is not listed was settled", f"Trade {missing} is not listed but was settled"
    )
    figures = {"theirs": found.theirs, "ours": found.ours, "unit": found.unit}
    return replace(gap, cause=type(said)(zh, en), subject=found.subject, explains=found.explains, **figures)
