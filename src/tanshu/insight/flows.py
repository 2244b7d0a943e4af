"""How allowances came to the entities of a year and where they went, read from the register's lines.

Every effected line is put under one heading per side, so that for each entity
opening + allocated + bought − sold − surrendered + other = what its accounts hold now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from tanshu.base.clock import business_date
from tanshu.base.refusal import Refused
from tanshu.compliance import packs
from tanshu.parties import queries as parties
from tanshu.registry import queries as registry
from tanshu.registry import settled as settlements
from tanshu.registry.model import Line, Transaction, TransactionState
from tanshu.registry.settled import SETTLEMENT, Block, Dealt, SettledTrade
from tanshu.registry.types import InstrumentKind

ALLOCATIONS = ("pre-allocation", "final-allocation")
RETURN = "return-of-excess"
TRADE = SETTLEMENT
SURRENDER = "surrender"
OFFSET = "offset"


@dataclass(frozen=True, slots=True)
class Window:
    """Business dates, both inclusive, in which trades and stock count for a year.

    It begins the day after the deadline of the period before (None: with the log) and ends at the year's own.
    """

    first_after: date | None
    last: date

    def before(self, day: date) -> bool:
        return self.first_after is not None and day <= self.first_after

    def holds(self, day: date) -> bool:
        return not self.before(day) and day <= self.last


@dataclass(slots=True)
class Flow:
    """One entity's allowances in tonnes; other_t is everything not of this year, inwards positive."""

    opening_t: int = 0
    pre_t: int = 0
    final_t: int = 0
    returned_t: int = 0
    bought_t: int = 0
    sold_t: int = 0
    other_t: int = 0
    surrendered: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    offset_t: int = 0

    @property
    def allocated_t(self) -> int:
        """Allowances of the year that took effect: pre-allocation + final allocation − returns."""
        return self.pre_t + self.final_t - self.returned_t

    @property
    def surrendered_t(self) -> int:
        return sum(self.surrendered.values())

    @property
    def left_t(self) -> int:
        """What must be on the entity's accounts now; the book is the judge of it."""
        gained = self.opening_t + self.allocated_t + self.bought_t + self.other_t
        return gained - self.sold_t - self.surrendered_t


@dataclass(frozen=True, slots=True)
class DayFlow:
    """One business date of all entities together, in tonnes: by how much the allowances they hold changed,
    what they surrendered for the year and what they offset.
    """

    day: date
    change_t: int
    surrendered_t: int
    offset_t: int


@dataclass(frozen=True, slots=True)
class Flows:
    """The flows of a year by subject id, and day by day (the days on which something moved)."""

    by_subject: Mapping[str, Flow]
    days: tuple[DayFlow, ...]


def window(conn: Connection, year: int) -> Window:
    """The window of a year. Raises Refused (RULE-3xxx) for a year without a calendar."""
    last = packs.deadline(conn, year)
    for before in (year - 1, year - 2):  # 2019 and 2020 have one deadline
        try:
            earlier = packs.deadline(conn, before)
        except Refused:
            break
        if earlier < last:
            return Window(earlier, last)
    return Window(None, last)


def trades_of(conn: Connection, subject_ids: Collection[str], period: Window) -> list[SettledTrade]:
    """Settled allowance trades of the window with at least one of these subjects, each once, as settled."""
    allowances = {i.code for i in registry.instruments(conn) if i.kind is InstrumentKind.ALLOWANCE}
    return [
        trade
        for trade in settlements.settled(conn, None, period.last)
        if trade.instrument in allowances
        and not period.before(trade.day)
        and (trade.seller_id in subject_ids or trade.buyer_id in subject_ids)
    ]


def flows_of(conn: Connection, subject_ids: Collection[str], year: int, period: Window) -> Flows:
    """Walk every effected transaction once, and what was settled otherwise block by block."""
    reader = _Reader(conn, subject_ids, year, period)
    for transaction in registry.transactions(conn, state=TransactionState.EFFECTED):
        reader.read(transaction)
    for block in settlements.blocks(conn):
        reader.read_block(block)
    days = sorted({*reader.change, *reader.surrendered, *reader.offset})
    return Flows(
        reader.flows,
        tuple(DayFlow(d, reader.change[d], reader.surrendered[d], reader.offset[d]) for d in days),
    )


class _Reader:
    """Puts each line under its headings."""

    def __init__(self, conn: Connection, subject_ids: Collection[str], year: int, period: Window):
        self.year, self.window = year, period
        self.flows = {id: Flow() for id in subject_ids}
        self.change: dict[date, int] = defaultdict(int)
        self.surrendered: dict[date, int] = defaultdict(int)
        self.offset: dict[date, int] = defaultdict(int)
        self._owners = {account.number: account.subject_id for account in parties.accounts(conn)}
        self._instruments = {one.number: one for one in registry.instruments(conn)}

    def read(self, transaction: Transaction) -> None:
        assert transaction.ended_ns is not None, "an effected transaction has ended"
        day = business_date(transaction.ended_ns)
        if transaction.year == self.year and transaction.subject_id in self.flows:
            self._payment(transaction, day)
        for line in transaction.lines:
            if self._instruments[line.instrument].kind is InstrumentKind.ALLOWANCE:
                self._line(transaction, line, day)

    def read_block(self, block: Block) -> None:
        """Trades that one entry settled: each counts on its trading day, and moved units on the entry's."""
        codes = {one.code for one in self._instruments.values() if one.kind is InstrumentKind.ALLOWANCE}
        moved = business_date(block.time_ns)
        for n, code in enumerate(block.instruments):
            for subject, dealt in block.dealt(n) if code in codes else ():
                if subject in self.flows:
                    self.change[moved] += dealt.bought_t - dealt.sold_t
                    self._traded(self.flows[subject], dealt, block.day)

    def _traded(self, flow: Flow, dealt: Dealt, day: date) -> None:
        if self.window.before(day):
            flow.opening_t += dealt.bought_t - dealt.sold_t
        elif self.window.holds(day):
            flow.bought_t += dealt.bought_t
            flow.sold_t += dealt.sold_t
        else:
            flow.other_t += dealt.bought_t - dealt.sold_t

    def _payment(self, transaction: Transaction, day: date) -> None:
        if transaction.type.code == SURRENDER:
            self.surrendered[day] += transaction.quantity
        elif transaction.type.code == OFFSET:
            self.offset[day] += transaction.quantity
            self.flows[transaction.subject_id].offset_t += transaction.quantity

    def _line(self, transaction: Transaction, line: Line, day: date) -> None:
        giver, taker = self._owners[line.debit], self._owners[line.credit]
        if giver == taker:
            return
        if giver in self.flows:
            self.change[day] -= line.quantity
            self._out(self.flows[giver], transaction, line, day)
        if taker in self.flows:
            self.change[day] += line.quantity
            self._in(self.flows[taker], transaction, line, day)

    def _in(self, flow: Flow, transaction: Transaction, line: Line, day: date) -> None:
        code, quantity, counted = transaction.type.code, line.quantity, _counted(transaction, day)
        opening = code in ALLOCATIONS and bool(transaction.details.get("opening"))
        if code == ALLOCATIONS[0] and transaction.year == self.year:
            flow.pre_t += quantity
        elif code == ALLOCATIONS[1] and transaction.year == self.year:
            flow.final_t += quantity
        elif self.window.before(counted) or (opening and self.window.holds(counted)):
            flow.opening_t += quantity
        elif code == TRADE and self.window.holds(counted):
            flow.bought_t += quantity
        else:
            flow.other_t += quantity

    def _out(self, flow: Flow, transaction: Transaction, line: Line, day: date) -> None:
        code, quantity, counted = transaction.type.code, line.quantity, _counted(transaction, day)
        if code == SURRENDER and transaction.year == self.year:
            flow.surrendered[self._instruments[line.instrument].code] += quantity
        elif code == RETURN and transaction.year == self.year:
            flow.returned_t += quantity
        elif self.window.before(counted):
            flow.opening_t -= quantity
        elif code == TRADE and self.window.holds(counted):
            flow.sold_t += quantity
        else:
            flow.other_t -= quantity


def _counted(transaction: Transaction, day: date) -> date:
    """A trade counts on its trading day, anything else on the day it took effect."""
    traded = transaction.details.get("traded_on") if transaction.type.code == TRADE else None
    return date.fromisoformat(traded) if traded else day
