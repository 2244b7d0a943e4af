"""From differences to causes: the cheapest set of suspects that explains every difference to the last unit.

A day's differences fall into groups that share nothing; each is searched by itself. Suspects known beforehand
(what may have gone wrong with a listed trade) must touch differing figures only; others are made up from the
figures themselves as the search goes. The last resort, one figure by itself, is always among them, so there
is always an answer, and the search ends after LOOKS_MAX looks with the best that it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from tanshu.shadow.model import Cell, Differences, Suspect, What

LOOKS_MAX = 150_000
"""Figures that the search of one group looks at before it ends with the best answer it has."""
GROUP_MAX = 100
"""A larger group is not searched: the likeliest suspect is taken for one figure after the other."""
PARTS = 840
"""Costs are compared in parts of one, so that a suspect's cost can be shared out among its cells."""
LEAST_MADE_UP = 10 * PARTS // 8
"""A made-up suspect costs at least this for each cell: an unlisted trade shows in eight."""

MadeUp = Callable[[Cell, Mapping[Cell, int]], Iterable[Suspect]]
"""Suspects for a cell, from the differences that are left."""


def explain(differences: Differences, known: Sequence[Suspect], made_up: MadeUp) -> list[Suspect]:
    """The causes of a day's differences."""
    possible = [one for one in known if one.effects and all(cell in differences for cell in one.effects)]
    found: list[Suspect] = []
    for group in _groups(differences, possible):
        within = [one for one in possible if next(iter(one.effects)) in group]
        found += _Search(within, made_up).best({cell: differences[cell] for cell in group})
    return found


def _groups(differences: Differences, possible: Sequence[Suspect]) -> list[list[Cell]]:
    """Cells that a common suspect, a common subject, or units of one instrument tie together."""
    leader = {cell: cell for cell in differences}

    def lead(cell: Cell) -> Cell:
        while leader[cell] != cell:
            cell = leader[cell]
        return cell

    def tie(cells: Iterable[Cell]) -> None:
        first, *rest = [lead(cell) for cell in cells]
        for other in rest:
            leader[lead(other)] = lead(first)

    for one in possible:
        tie(one.effects)
    together: dict[object, list[Cell]] = {}
    for cell in differences:
        together.setdefault(cell.subject, []).append(cell)
        if cell.what is What.UNITS:
            together.setdefault((cell.what, cell.name), []).append(cell)
    for cells in together.values():
        tie(cells)
    groups: dict[Cell, list[Cell]] = {}
    for cell in sorted(differences):
        groups.setdefault(lead(cell), []).append(cell)
    return list(groups.values())


class _Search:
    """Branch and bound over one group."""

    def __init__(self, known: Sequence[Suspect], made_up: MadeUp):
        self._made_up = made_up
        self._by_cell: dict[Cell, list[Suspect]] = {}
        for one in known:
            for cell in one.effects:
                self._by_cell.setdefault(cell, []).append(one)
        self._share = {
            cell: min(one.cost * PARTS // len(one.effects) for one in ones)
            for cell, ones in self._by_cell.items()
        }
        self._best: list[Suspect] = []
        self._best_cost: int | None = None
        self._seen: dict[frozenset[tuple[Cell, int]], int] = {}
        self._looks = 0

    def best(self, left: Differences) -> list[Suspect]:
        if len(left) > GROUP_MAX:
            return self._one_by_one(left)
        self._go(left, [], 0)
        return self._best

    def _one_by_one(self, left: Differences) -> list[Suspect]:
        """Something is wrong with the files as a whole: an answer for each figure, without a search."""
        chosen: list[Suspect] = []
        for cell in sorted(left):
            while cell in left:
                listed = [one for one in self._by_cell.get(cell, ()) if _settles(one, left)]
                *others, alone = self._made_up(cell, left) if len(left) <= 4 * GROUP_MAX else listed or [None]
                likely = [one for one in (*listed, *others) if one and _settles(one, left)]
                last = alone or [*self._made_up(cell, {cell: left[cell]})][-1]
                one = min(likely, key=lambda one: _price(one, left), default=last)
                chosen.append(one)
                left = _without(left, one)
        return chosen

    def _go(self, left: Differences, chosen: list[Suspect], cost: int) -> None:
        if self._best_cost is not None and cost * PARTS + self._least(left) > (self._best_cost - 1) * PARTS:
            return
        if not left:
            self._best, self._best_cost = list(chosen), cost
            return
        here = frozenset(left.items())
        if self._seen.get(here, cost + 1) <= cost:
            return
        self._seen[here] = cost
        self._looks += len(left)
        if self._looks > LOOKS_MAX and self._best_cost is not None:
            return
        for one in self._options(left, chosen):
            self._go(_without(left, one), [*chosen, one], cost + one.cost)

    def _least(self, left: Differences) -> int:
        """No set of causes is cheaper: each cell's part of the cheapest suspect that touches it."""
        return sum(min(self._share.get(cell, LEAST_MADE_UP), LEAST_MADE_UP) for cell in left)

    def _options(self, left: Differences, chosen: Sequence[Suspect]) -> list[Suspect]:
        """What could explain the figure that has the fewest suspects; the likeliest first."""
        cell = min(left, key=lambda one: (len(self._by_cell.get(one, ())), one))
        options = [one for one in self._by_cell.get(cell, ()) if not any(one is other for other in chosen)]
        options += self._made_up(cell, left)
        return sorted(options, key=lambda one: _price(one, left))


def _settles(one: Suspect, left: Mapping[Cell, int]) -> bool:
    """Does it explain all that it touches, to the last unit?"""
    return all(left.get(cell, 0) == amount for cell, amount in one.effects.items())


def _price(one: Suspect, left: Mapping[Cell, int]) -> tuple[bool, int, int]:
    """Those first that settle what they touch, the most for the least."""
    settled = sum(left.get(cell, 0) == amount for cell, amount in one.effects.items())
    return settled < len(one.effects), -settled * 1_000 // (one.cost + 1), one.cost


def _without(left: Mapping[Cell, int], one: Suspect) -> Differences:
    after = dict(left)
    for cell, amount in one.effects.items():
        rest = after.get(cell, 0) - amount
        if rest:
            after[cell] = rest
        else:
            after.pop(cell, None)
    return after
