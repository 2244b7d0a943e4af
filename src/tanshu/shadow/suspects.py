"""What may have gone wrong between the lists of a day and its holdings and money.

A suspect's cost says how far-fetched it is. What names a listed trade or movement and fits to the last unit
costs least; what is read out of the figures costs more; one figure by itself, without any story, most for all
that it explains. So a story told by several figures always beats the same figures one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tanshu.base.quantity import yuan
from tanshu.shadow.causes import COLUMNS, GAINED, LOST, say
from tanshu.shadow.effects import (
    buyer_cash,
    cash_cell,
    columns,
    flows,
    of_movement,
    of_trade,
    seller_cash,
    summed,
    times,
    unit_cell,
    units_of,
)
from tanshu.shadow.mapping import MODES, Layout
from tanshu.shadow.model import (
    FLOWS,
    Break,
    Cell,
    Day,
    Differences,
    Kind,
    Month,
    Movement,
    Settlement,
    Suspect,
    Trade,
    Unit,
    What,
)
from tanshu.shadow.posting import distinct

LISTED, ANOTHER, UNLISTED_COST, FIGURES, PAIR, ALONE = 10, 11, 11, 13, 16, 12
"""Costs: a listed trade or movement; a trade whose units went to another; a trade nobody listed; a figure
of a trade, unknown but shown on both sides; two figures that belong together; a figure alone."""
UNLISTED = "unlisted-trade"
_FEE_COLUMNS = ("buy_fee", "sell_fee", "settlement_fee")


class Suspects:
    """Of one day. theirs: the figure in the operator's file by cell, and its line."""

    def __init__(self, day: Day, month: Month, layout: Layout, theirs: Mapping[Cell, tuple[int, int]]):
        self._day, self._layout, self._theirs = day, layout, theirs
        self._codes = tuple(month.instruments)
        self._trades = distinct(day)

    def known(self, differences: Mapping[Cell, int]) -> Iterator[Suspect]:
        """What may have happened to each listed trade and movement, and to whoever both bought and sold.

        Whoever has no differing figure is left out.
        """
        off = {cell.subject for cell in differences}
        for trade in self._trades:
            if trade.buyer in off or trade.seller in off:
                yield from self._of_trade(trade)
        for one in self._day.movements:
            if one.subject in off:
                yield from self._of_movement(one)
        if self._layout.settlement is Settlement.GROSS:
            yield from self._netted()

    def made_up(self, cell: Cell, left: Mapping[Cell, int]) -> Iterator[Suspect]:
        """What the figures left suggest about one of them."""
        if cell.what is What.UNITS:
            yield from self._units(cell, left)
        if cell.what is What.CASH:
            yield from self._of_units(cell, left)
        if cell.name in ("buys", "sells"):
            yield from self._paid(cell, left)
        yield self._alone(cell, left[cell])

    # -- listed trades and movements -----------------------------------------------------------------------

    def _of_trade(self, one: Trade) -> Iterator[Suspect]:
        layout = self._layout
        units, pays, gets = units_of(one), buyer_cash(one, layout), seller_cash(one, layout)
        whole = of_trade(one, layout)
        price = summed(
            columns(layout, one.buyer, buys=one.worth), columns(layout, one.seller, sells=one.worth)
        )
        for kind, name, effects, factor in (
            (Kind.UNITS_NOT_MOVED, "units-not-moved", units, -1),
            (Kind.CASH_NOT_MOVED, "cash-not-moved", summed(pays, gets), -1),
            (Kind.CASH_NOT_MOVED, "cash-not-moved", price, -1),
            (Kind.NOT_SETTLED, "not-settled", whole, -1),
            (Kind.SETTLED_TWICE, "settled-twice", whole, 1),
            (Kind.ONE_SIDE, "buyer-units", {unit_cell(one.buyer, one.instrument): one.quantity}, -1),
            (Kind.ONE_SIDE, "seller-units", {unit_cell(one.seller, one.instrument): -one.quantity}, -1),
            (Kind.ONE_SIDE, "buyer-cash", pays, -1),
            (Kind.ONE_SIDE, "seller-cash", gets, -1),
        ):
            in_fen = kind is Kind.CASH_NOT_MOVED or name.endswith("-cash")
            size, unit = (one.worth, Unit.FEN) if in_fen else (one.quantity, Unit.TONNES)
            shown = (size * (1 + factor), size, unit)
            subject = one.seller if name.startswith("seller") else one.buyer
            yield self._trade(one, kind, name, times(effects, factor), LISTED, shown, subject=subject)
        turned = one._replace(buyer=one.seller, seller=one.buyer)
        exchanged = summed(of_trade(turned, layout), times(whole, -1))
        shown = (-one.quantity, one.quantity, Unit.TONNES)
        yield self._trade(one, Kind.EXCHANGED, "exchanged", exchanged, LISTED, shown)
        for other in self._codes:
            if other != one.instrument:
                effects = summed(units_of(one, other), times(units, -1))
                shown = (0, one.quantity, Unit.TONNES)
                yield self._trade(one, Kind.INSTRUMENT, "instrument", effects, LISTED, shown, other=other)

    def _of_movement(self, one: Movement) -> Iterator[Suspect]:
        done = of_movement(one)
        amount = yuan(one.amount) if one.amount else f"{one.quantity:,}"
        unit, size = (Unit.FEN, one.amount) if one.amount else (Unit.TONNES, one.quantity)
        variants = [(Kind.MOVE_NOT_DONE, done, -1), (Kind.MOVE_TWICE, done, 1)]
        if len(done) > 1:
            variants += [(Kind.MOVE_NOT_DONE, {cell: moved}, -1) for cell, moved in done.items()]
        for kind, effects, factor in variants:
            cause = say(kind.value, number=one.number or one.line, subject=one.subject, amount=amount)
            place = (self._day.day, self._file("movements"), one.line, kind, cause, one.subject, one.number)
            yield Suspect(
                times(effects, factor), LISTED, Break(*place, size * (1 + factor), size, unit, len(effects))
            )

    def _netted(self) -> Iterator[Suspect]:
        expected = flows(self._day, self._layout)
        for subject in sorted({trade.buyer for trade in self._trades} & {one.seller for one in self._trades}):
            buys, sells = cash_cell(subject, "buys"), cash_cell(subject, "sells")
            off = min(expected[buys], expected[sells])
            cause = say("netted", subject=subject, amount=yuan(off))
            line = self._theirs.get(buys, (0, 0))[1]
            figures = (expected[buys] - off, expected[buys], Unit.FEN, 2)
            found = Break(self._day.day, self._file("cash"), line, Kind.NETTED, cause, subject, "", *figures)
            yield Suspect({buys: -off, sells: -off}, LISTED, found)

    # -- read out of the figures ---------------------------------------------------------------------------

    def _units(self, cell: Cell, left: Mapping[Cell, int]) -> Iterator[Suspect]:
        """The units went to, or came from, another figure that is off; that one may have more causes."""
        off = left[cell]
        for other, amount in left.items():
            if other.what is not What.UNITS or other.name != cell.name or other == cell:
                continue
            taker, giver = (cell, other) if off > 0 else (other, cell)
            yield from self._unlisted(taker, giver, abs(off), left)
            yield from self._another_quantity(taker, giver, abs(off))
            yield self._moved(taker, giver, abs(off))
            if amount * off < 0:
                yield from self._to_another(*((cell, other) if off < 0 else (other, cell)))

    def _of_units(self, cell: Cell, left: Mapping[Cell, int]) -> Iterator[Suspect]:
        """Money that moved with units nobody listed."""
        for one, off in left.items():
            if one.what is What.UNITS and one.subject == cell.subject:
                for other in left:
                    if other.what is What.UNITS and other.name == one.name and other != one:
                        sides = (one, other) if off > 0 else (other, one)
                        yield from self._unlisted(*sides, abs(off), left)

    def _unlisted(
        self, taker: Cell, giver: Cell, quantity: int, left: Mapping[Cell, int]
    ) -> Iterator[Suspect]:
        """Units one way and the same money on both sides: a trade that nobody listed."""
        layout, buyer, seller = self._layout, taker.subject, giver.subject
        net = layout.settlement is Settlement.NET
        paid = -left.get(cash_cell(buyer, "sells"), 0) if net else left.get(cash_cell(buyer, "buys"), 0)
        if buyer == seller or paid <= 0 or left.get(cash_cell(seller, "sells")) != paid:
            return
        price = columns(layout, buyer, buys=paid)
        units = {taker: quantity, giver: -quantity}
        bare = summed(units, price, columns(layout, seller, sells=paid))
        facts = {"seller": seller, "buyer": buyer, "instrument": taker.name}
        facts |= {"quantity": f"{quantity:,}", "amount": yuan(paid)}
        tried = []
        for mode in MODES:
            buy, sell, buyer_settles, seller_settles = layout.fees[mode].of(paid)
            fees = summed(
                columns(layout, buyer, buy_fee=buy, settlement_fee=buyer_settles),
                columns(layout, seller, sell_fee=sell, settlement_fee=seller_settles),
            )
            tried.append(summed(bare, fees))
        for effects in (*tried, bare):
            found = Break(
                self._day.day,
                self._file("trades"),
                0,
                Kind.UNLISTED_TRADE,
                say(UNLISTED, **facts),
                *(buyer, "", paid, 0, Unit.FEN, len(effects)),
            )
            if all(cell in left for cell in effects):
                yield Suspect(effects, UNLISTED_COST, found, name=UNLISTED)

    def _another_quantity(self, more: Cell, less: Cell, off: int) -> Iterator[Suspect]:
        """A trade between the two of another quantity than was delivered."""
        for one in self._trades:
            pair = (unit_cell(one.buyer, one.instrument), unit_cell(one.seller, one.instrument))
            if pair not in ((more, less), (less, more)):
                continue
            delivered = one.quantity + (off if pair[0] == more else -off)
            if 0 < delivered < 2 * one.quantity:
                shown = (delivered, one.quantity, Unit.TONNES)
                facts = {"delivered": f"{delivered:,}"}
                effects = {more: off, less: -off}
                yield self._trade(one, Kind.QUANTITY, "quantity", effects, FIGURES, shown, **facts)

    def _to_another(self, short: Cell, other: Cell) -> Iterator[Suspect]:
        """A trade whose units came to somebody else than its buyer."""
        for one in self._trades:
            if unit_cell(one.buyer, one.instrument) == short and other.subject != one.seller:
                effects = {short: -one.quantity, other: one.quantity}
                shown, name = (0, one.quantity, Unit.TONNES), "wrong-subject"
                yield self._trade(one, Kind.WRONG_SUBJECT, name, effects, ANOTHER, shown, other=other.subject)

    def _moved(self, taker: Cell, giver: Cell, quantity: int) -> Suspect:
        names = [cell.subject if taker.subject != giver.subject else cell.account for cell in (giver, taker)]
        facts = {"giver": names[0], "taker": names[1], "quantity": f"{quantity:,}"}
        cause = say("unlisted-move", instrument=taker.name, **facts)
        line = self._theirs.get(taker, (0, 0))[1]
        place = (self._day.day, self._file("holdings"), line, Kind.UNLISTED_MOVE, cause, taker.subject, "")
        return Suspect({taker: quantity, giver: -quantity}, PAIR, Break(*place, quantity, 0, Unit.TONNES, 2))

    def _paid(self, cell: Cell, left: Mapping[Cell, int]) -> Iterator[Suspect]:
        """A trade paid with the same wrong amount on both sides."""
        for one in self._trades:
            both = (columns(self._layout, one.buyer, buys=1), columns(self._layout, one.seller, sells=1))
            signs = summed(*both)
            if cell not in signs or not all(place in left for place in signs):
                continue
            off = left[cell] * signs[cell]
            if one.worth + off > 0:
                shown = (one.worth + off, one.worth, Unit.FEN)
                effects, facts = times(signs, off), {"paid": yuan(one.worth + off)}
                yield self._trade(one, Kind.CASH_AMOUNT, "cash-amount", effects, FIGURES, shown, **facts)

    def _alone(self, cell: Cell, off: int) -> Suspect:
        """One figure differs, and nothing else tells of it."""
        theirs, line = self._theirs.get(cell, (0, 0))
        file = self._file("cash" if cell.what is What.CASH else "holdings")
        if cell.what is What.UNITS:
            facts = {"instrument": cell.name, "quantity": f"{abs(off):,}"}
            direction = GAINED if off > 0 else LOST
            kind, cause = (
                Kind.CONSERVATION,
                say("conservation", subject=cell.subject, direction=direction, **facts),
            )
        elif cell.what is What.FROZEN:
            kind, cause = Kind.FROZEN, say("frozen", subject=cell.subject, instrument=cell.name)
        else:
            kind = Kind.FEE_BOOKED if cell.name in _FEE_COLUMNS else Kind.CASH_COLUMN
            kind = Kind.CASH_UNKNOWN if cell.name in ("paid_in", "paid_out") else kind
            facts = {"column": COLUMNS[cell.name], "difference": yuan(off)}
            cause = say(kind.value, subject=cell.subject, **facts)
        unit = Unit.FEN if cell.what is What.CASH else Unit.TONNES
        found = Break(self._day.day, file, line, kind, cause, cell.subject, "", theirs, theirs - off, unit, 1)
        return Suspect({cell: off}, ALONE, found)

    # -- what is common ------------------------------------------------------------------------------------

    def _trade(
        self,
        one: Trade,
        kind: Kind,
        name: str,
        effects: Mapping[Cell, int],
        cost: int,
        shown: tuple[int, int, Unit],
        *,
        subject: str = "",
        **facts: object,
    ) -> Suspect:
        cause = say(
            name,
            **{
                "trade": one.number,
                "buyer": one.buyer,
                "seller": one.seller,
                "instrument": one.instrument,
                "quantity": f"{one.quantity:,}",
                "worth": yuan(one.worth),
                **facts,
            },
        )
        place = (self._day.day, self._file("trades"), one.line, kind, cause, subject or one.buyer, one.number)
        return Suspect(effects, cost, Break(*place, *shown, len(effects)))

    def _file(self, table: str) -> str:
        return f"{self._day.folder}/{self._layout.files[table]}"


def put_right(carried: Iterable[tuple[Cell, int]], differences: Differences) -> list[Suspect]:
    """Figures that an earlier break had put wrong and that are right again: nothing to report."""
    return [Suspect({cell: -amount}, 0) for cell, amount in carried if amount and cell in differences]


assert set(COLUMNS) == set(FLOWS)
