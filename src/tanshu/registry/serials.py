"""Serial numbers in the register's words: how they are written, which transaction moved them, a unit's life.

A range is written `CEA23-1-1000`, one unit `CEA23-7`. The book knows which record moved which numbers
(book/serials.py); here records find their transactions.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from tanshu.base.canonical import digest
from tanshu.base.refusal import Refusal, refusal
from tanshu.book import serials
from tanshu.book.records import POSITION_BITS, RECORDS_MAX, Op, Row, decode, position
from tanshu.book.serial_queues import AVAILABLE
from tanshu.book.serials import Stay
from tanshu.log import store
from tanshu.log.entry import Entry
from tanshu.registry import queries, settled
from tanshu.registry.model import Instrument, Line, Transaction
from tanshu.registry.settled import SETTLEMENT, TradeName
from tanshu.registry.types import TYPES

NOT_A_UNIT = refusal(
    "REG-4101",
    "“{value}”不是一个序列号。写法:产品-号码,例如 CEA23-12345。",
    "“{value}” is no serial number. Write INSTRUMENT-NUMBER, as in CEA23-12345.",
)
NOT_SERIALISED = refusal(
    "REG-4102",
    "产品 {instrument} 不编序列号;编号的产品:{known}。",
    "The units of {instrument} have no serial numbers; those of these have: {known}.",
)
NO_SUCH_UNIT = refusal(
    "REG-4103",
    "{instrument} 没有第 {number} 号:现有 1 到 {last}。",
    "There is no number {number} of {instrument}: there are 1 to {last}.",
)
NO_UNITS = refusal(
    "REG-4104",
    "{instrument} 还没有发行,没有第 {number} 号。",
    "Nothing of {instrument} has been issued yet; there is no number {number}.",
)
NOTHING_NUMBERED = refusal(
    "REG-4105",
    "业务 {id} 没有划转编号的产品。",
    "The transaction {id} moved nothing that has serial numbers.",
)

_UNIT = re.compile(r"^(.+)-(\d{1,19})$")


class Turn(NamedTuple):
    """One turn in a unit's life: it came to a place by a record of an entry, for a transaction if any.

    amount: what the record moved, the unit's neighbours included. hold: which hold it used. trade: what it
    delivered, where a clearing house settled that without a transaction.
    """

    stay: Stay
    entry: Entry
    op: Op
    tag: int
    debit: int
    credit: int | None
    amount: int
    transaction: Transaction | None
    trade: TradeName | None = None
    hold: int = AVAILABLE


class Numbers(NamedTuple):
    """Numbers start to end of an instrument in an account; hold is the position of their hold, 0 for none."""

    account: int
    instrument: Instrument
    start: int
    end: int
    hold: int = AVAILABLE

    @property
    def units(self) -> int:
        return self.end - self.start + 1

    def __str__(self) -> str:
        """`CEA23-1-1000`; one unit is `CEA23-7`."""
        code, start, end = self.instrument.code, self.start, self.end
        return f"{code}-{start}" if start == end else f"{code}-{start}-{end}"


def line(account: str, numbers: Numbers) -> str:
    """One line of a list of holdings: `CN-R-000017-41 available CEA23-1-1000`."""
    return f"{account} {'held' if numbers.hold else 'available'} {numbers}"


def list_hash(lines: Iterable[str]) -> str:
    """SHA-256 of a list as it is printed, a line feed after each line; hexadecimal."""
    return digest("".join(f"{line}\n" for line in lines).encode()).hex()


def unit(conn: Connection, log: int, text: str) -> tuple[Instrument, int] | Refusal:
    """The instrument and number that `CEA23-12345` means.

    Refuses with REG-4101 (not written so), REG-1003 (no such instrument), REG-4102 to 4104 (no such number).
    """
    match = _UNIT.match(text.strip())
    if match is None:
        return NOT_A_UNIT(field="unit", value=text)
    found = queries.instrument(conn, match[1])
    if isinstance(found, Refusal):
        return found
    return unit_of(conn, log, found, int(match[2]))


def unit_of(conn: Connection, log: int, found: Instrument, number: int) -> tuple[Instrument, int] | Refusal:
    last = serials.last_number(conn, log, found.number)
    if last is None:
        return not_serialised(conn, log, found)
    if last == 0:
        return NO_UNITS(field="unit", instrument=found.code, number=number)
    if not 1 <= number <= last:
        return NO_SUCH_UNIT(field="unit", instrument=found.code, number=number, last=last)
    return found, number


def not_serialised(conn: Connection, log: int, found: Instrument) -> Refusal:
    known = [one.code for one in queries.instruments(conn) if _has_numbers(conn, log, one)]
    return NOT_SERIALISED(field="instrument", instrument=found.code, known=", ".join(known) or "-")


def serialised(conn: Connection, log: int) -> dict[int, Instrument]:
    """The instruments whose units have numbers, by the book's number."""
    return {one.number: one for one in queries.instruments(conn) if _has_numbers(conn, log, one)}


def _has_numbers(conn: Connection, log: int, one: Instrument) -> bool:
    return serials.last_number(conn, log, one.number) is not None


# -- a unit's life -----------------------------------------------------------------------------------------


def life(conn: Connection, log: int, instrument: int, number: int) -> list[Turn]:
    """Everything that happened to a unit, in order."""
    return turns(conn, log, serials.life(conn, log, instrument, number))


def turns(conn: Connection, log: int, stays: Sequence[Stay]) -> list[Turn]:
    """What brought a unit to each of the places where it stayed."""
    entries = {seq: _entry(conn, log, seq) for seq in sorted({stay.since >> POSITION_BITS for stay in stays})}
    transactions = queries.transactions_at(conn, list(entries))
    found = [_turn(stay, entries[stay.since >> POSITION_BITS], transactions) for stay in stays]
    number = TYPES[SETTLEMENT].number
    trades = settled.named(
        conn, (one.stay.since for one in found if one.tag == number and one.transaction is None)
    )
    return [one._replace(trade=trades.get(one.stay.since)) for one in found]


def _turn(stay: Stay, entry: Entry, transactions: Sequence[Transaction]) -> Turn:
    row: Row = decode(entry.records)[stay.since & (RECORDS_MAX - 1)].tolist()
    op, _, _, debit, credit, amount, hold, tag, *_ = row
    receives = credit if op in (Op.TRANSFER, Op.CAPTURE) else None
    its = (one for one in transactions if any(_is_of(row, stay.since, one, line) for line in one.lines))
    return Turn(stay, entry, Op(op), tag, debit, receives, amount, next(its, None), hold=hold)


def _is_of(row: Row, at: int, transaction: Transaction, line: Line) -> bool:
    """Does this record hold, move or give back what the line is about?"""
    if row[0] == Op.HOLD:
        return line.hold == at
    ended_here = transaction.ended_seq == at >> POSITION_BITS
    return ended_here and _what_moves(row) == _what_is_moved(line)


def _what_moves(row: Row) -> tuple[int, ...]:
    """By what a record is known that moves or gives back: by its hold, else by who gives what to whom."""
    op, _, instrument, debit, credit, amount, hold, *_ = row
    return (instrument, debit, credit, amount) if op == Op.TRANSFER else (hold,)


def _what_is_moved(line: Line) -> tuple[int, ...]:
    if line.hold is not None:
        return (line.hold,)
    return line.instrument, line.debit, line.credit, line.quantity


def _entry(conn: Connection, log: int, seq: int) -> Entry:
    return next(store.read(conn, log, after=seq - 1, upto=seq))


# -- lists of numbers --------------------------------------------------------------------------------------


def moved(conn: Connection, log: int, transaction: Transaction) -> list[Numbers] | Refusal:
    """The numbers that a transaction in effect moved, line by line, each with the account it moved them to.

    Refuses with BOOK-1202 where serial numbers are not known up to its entry.
    """
    assert transaction.ended_seq is not None, "a transaction that took effect has ended"
    if refused := serials.behind(conn, log, transaction.ended_seq):
        return refused
    records = _effects(_entry(conn, log, transaction.ended_seq), transaction)
    found = serials.moved_by(conn, log, records)
    instruments = {one.number: one for one in queries.instruments(conn)}
    return [
        Numbers(line.credit, instruments[one.instrument], one.start, one.end)
        for line, record in zip(transaction.lines, records, strict=True)
        for one in found.get(record, ())
    ]


def held(
    conn: Connection,
    log: int,
    accounts: Iterable[int],
    instruments: Iterable[Instrument],
    at: int | None = None,
) -> list[Numbers]:
    """What accounts have, account by account and instrument by instrument; `at`: after this entry."""
    those = list(instruments)
    return [
        Numbers(account, instrument, one.start, one.end, one.hold)
        for account in accounts
        for instrument in those
        for one in serials.ranges(conn, log, account, instrument.number, at)
    ]


def _effects(entry: Entry, transaction: Transaction) -> list[int]:
    """The position of the record that moved each line; where lines are alike, in their order."""
    by_what: dict[tuple[int, ...], deque[int]] = defaultdict(deque)
    for i, row in enumerate(decode(entry.records).tolist()):
        if row[0] in (Op.TRANSFER, Op.CAPTURE):
            by_what[_what_moves(row)].append(position(entry.seq, i))
    return [by_what[_what_is_moved(line)].popleft() for line in transaction.lines]
