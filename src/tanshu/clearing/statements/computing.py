"""Everybody's statement of a settlement day as columns: one value for each participant, fen and tonnes.

Money is told in full: what somebody had at the statement before, what came, what went, what they have.
Whoever takes part in a market has a statement on every settlement day, with trades or without. Sums are whole
numbers from end to end; nothing here looks at a trade by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from tanshu.base.canonical import canonical, digest
from tanshu.base.clock import shanghai_ns
from tanshu.base.refusal import Refusal, need
from tanshu.book.kernel import AVAILABLE, HELD, INSTRUMENT_BITS, INSTRUMENT_MASK, KEY
from tanshu.book.state import State
from tanshu.clearing.statements import checks
from tanshu.clearing.statements.tables import CLEARING_STATEMENT
from tanshu.clearing.tables import CLEARING_DAY, CLEARING_FAIL
from tanshu.clearing.trades import TradedDay, read_day
from tanshu.exchange.tables import MARKET, MARKET_PARTY
from tanshu.parties.model import AccountKind
from tanshu.parties.tables import ACCOUNT
from tanshu.registry.model import TransactionState
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE

Ints = NDArray[np.int64]
DEPOSIT, WITHDRAWAL = "cash-deposit", "cash-withdrawal"
DELIVERED = "delivered"


class People(NamedTuple):
    """Who gets a statement, by id; the book's numbers of their accounts, 0 for none.

    units: the account they trade from. registration: where what they do not trade lies.
    """

    subject: tuple[str, ...]
    cash: Ints
    units: Ints
    registration: Ints


class Money(NamedTuple):
    """The columns of `clearing_statement`, a value for each of `People`: fen; tonnes where it ends in _t."""

    opening: Ints
    cash_in: Ints
    cash_out: Ints
    other: Ints
    trades: Ints
    bought_t: Ints
    sold_t: Ints
    buys: Ints
    sells: Ints
    buy_fee: Ints
    sell_fee: Ints
    settlement_fee: Ints
    failed_bought_t: Ints
    failed_sold_t: Ints
    failed_buys: Ints
    failed_sells: Ints
    failed_fees: Ints
    late_bought_t: Ints
    late_sold_t: Ints
    late_buys: Ints
    late_sells: Ints
    late_fees: Ints
    closing: Ints
    available: Ints
    held: Ints

    @property
    def change(self) -> Ints:
        """What happened to the cash, all together."""
        received = self.cash_in + self.other + self.sells - self.failed_sells + self.late_sells
        paid = self.cash_out + self.buys - self.failed_buys + self.late_buys
        return received - paid - self.fees

    @property
    def fees(self) -> Ints:
        """What was taken of fees: those of trades that failed wait with them."""
        charged = self.buy_fee + self.sell_fee + self.settlement_fee
        return charged - self.failed_fees + self.late_fees


class Holdings(NamedTuple):
    """Units by participant (its place in `People`) and instrument (the book's number), in that order."""

    place: Ints
    instrument: Ints
    trading_available: Ints
    trading_held: Ints
    registration_available: Ints
    registration_held: Ints


class Unequal(NamedTuple):
    """Somebody whose cash is not what the day makes of it; fen."""

    subject: str
    expected: int
    closing: int


class Statements(NamedTuple):
    """A settlement day for everybody. since: the entry of the statements before, −1 for the first ones."""

    day: date
    since: int
    people: People
    money: Money
    holdings: Holdings

    def unequal(self) -> list[Unequal]:
        """Whose opening and changes do not make up their closing."""
        expected = self.money.opening + self.money.change
        wrong = np.flatnonzero(expected != self.money.closing)
        return [
            Unequal(self.people.subject[n], int(expected[n]), int(self.money.closing[n]))
            for n in wrong.tolist()
        ]

    def hash(self) -> str:
        """SHA-256 over who and all columns, as hexadecimal digits."""
        columns = (*self.money, *self.holdings)
        parts = [canonical([self.day, self.people.subject]), *(_bytes(column) for column in columns)]
        return digest(b"".join(len(part).to_bytes(8, "little") + part for part in parts)).hex()


def compute(conn: Connection, state: State, day: date, traded: Sequence[TradedDay]) -> Statements | Refusal:
    """Everybody's statement as the book stands now, after `traded` was delivered.

    The opening is the closing of the statement before; for who has none, what makes the sum right. Refuses
    with CLR-5003 (not exactly one currency).
    """
    currencies = conn.execute(select(MARKET.c.currency).distinct()).scalars().all()
    if len(currencies) != 1:
        return checks.CURRENCIES(field="day", day=day, count=len(currencies))
    currency = currencies[0]
    before = last_stated(conn, day)
    people = participants(conn)
    place = {subject: n for n, subject in enumerate(people.subject)}
    columns = {name: np.zeros(len(place), np.int64) for name in Money._fields}
    money = Money(**columns)
    for one in traded:
        _add_trades(money, one, _places(one, place))
    _add_fails(conn, money, day, traded, place)
    since = told_since(conn, day)
    _add_late(conn, money, day, since, place)
    _add_flows(conn, money, people, currency, since)
    cells = state.cell_rows()
    _add_cash(money, people, cells, currency)
    _open(conn, money, place, None if before is None else before[0])
    return Statements(day, since, people, money, _holdings(people, cells, currency))


def last_stated(conn: Connection, day: date) -> tuple[date, int] | None:
    """The newest settlement day before this one that has statements, and their entry."""
    t = CLEARING_DAY.c
    query = select(t.day, t.stated_seq).where(t.day < day, t.stated_seq.is_not(None))
    found = conn.execute(query.order_by(t.day.desc()).limit(1)).first()
    return (found.day, found.stated_seq) if found else None


def told_since(conn: Connection, day: date) -> int:
    """The last entry that this day's statements no longer tell of: the statements before, or, for the first
    ones, the last transaction that took effect before the day."""
    before = last_stated(conn, day)
    if before is not None:
        return before[1]
    t = TRANSACTION.c
    query = select(func.max(t.ended_seq)).where(t.ended_ns < shanghai_ns(day))
    found = conn.execute(query).scalar()
    return -1 if found is None else found


def participants(conn: Connection) -> People:
    """Everybody whom a market of the house ever admitted, by id."""
    t = MARKET_PARTY.c
    query = select(t.subject_id, func.min(t.cash_account), func.min(t.units_account)).group_by(t.subject_id)
    rows = sorted(map(tuple, conn.execute(query).all()))
    own = select(ACCOUNT.c.subject_id, ACCOUNT.c.number).where(ACCOUNT.c.kind == AccountKind.REGISTRATION)
    registration = dict(conn.execute(own).all())
    return People(
        tuple(row[0] for row in rows),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.int64),
        np.array([registration.get(row[0], 0) for row in rows], np.int64),
    )


# -- trades ------------------------------------------------------------------------------------------------


def _places(traded: TradedDay, place: dict[str, int]) -> Ints:
    """A participant's number in the market → its place among `People`; −1 where there is none."""
    return np.array([place.get(subject, -1) for subject in traded.subject], np.int64)


def _add_trades(money: Money, traded: TradedDay, places: Ints) -> None:
    t = traded.trades
    buyer, seller, amount = places[t.buyer], places[t.seller], t.amount
    settled = ((buyer, t.buyer_settlement), (seller, t.seller_settlement))
    for column, who, what in (
        (money.bought_t, buyer, t.quantity),
        (money.sold_t, seller, t.quantity),
        (money.buys, buyer, amount),
        (money.sells, seller, amount),
        (money.buy_fee, buyer, t.buyer_trading),
        (money.sell_fee, seller, t.seller_trading),
        *((money.settlement_fee, who, what) for who, what in settled),
    ):
        np.add.at(column, who, what)
    for who in (buyer, seller):
        np.add.at(money.trades, who, 1)


def _add_fails(
    conn: Connection, money: Money, day: date, traded: Sequence[TradedDay], place: dict[str, int]
) -> None:
    """What of the day's trades was not delivered."""
    t = CLEARING_FAIL.c
    rows = conn.execute(select(CLEARING_FAIL).where(t.day == day, t.ended_seq.is_(None))).all()
    names = ("failed_bought_t", "failed_sold_t", "failed_buys", "failed_sells", "failed_fees")
    for one in traded:
        here = [(row.trade, row.quantity, row.amount) for row in rows if row.log == one.log]
        _add_sides(money, names, one, here, place)


def _add_late(conn: Connection, money: Money, day: date, since: int, place: dict[str, int]) -> None:
    """What earlier days failed to deliver and was delivered since the statements before."""
    t = CLEARING_FAIL.c
    late = select(CLEARING_FAIL).where(t.day < day, t.state == DELIVERED, t.ended_seq > since)
    found: dict[tuple[int, date], list[tuple[int, int, int]]] = {}
    for row in conn.execute(late):
        found.setdefault((row.log, row.day), []).append((row.trade, row.quantity, row.amount))
    names = ("late_bought_t", "late_sold_t", "late_buys", "late_sells", "late_fees")
    for (log, earlier), rows in found.items():
        _add_sides(money, names, need(read_day(conn, log, earlier)), rows, place)


def _add_sides(
    money: Money,
    names: Sequence[str],
    traded: TradedDay,
    rows: Sequence[tuple[int, int, int]],
    place: dict[str, int],
) -> None:
    """rows: number of a trade, tonnes, fen. names: tonnes of who buys, of who sells; fen of both; fees.

    Fees go with the part that was delivered at once, where there is one.
    """
    if not rows:
        return
    bought_t, sold_t, buys, sells, fees = (getattr(money, name) for name in names)
    number, tonnes, fen = np.array(rows, np.int64).T
    here = traded.trades.only(np.searchsorted(traded.trades.number, number))
    places, whole = _places(traded, place), tonnes == here.quantity
    for column, who, what in (
        (bought_t, here.buyer, tonnes),
        (sold_t, here.seller, tonnes),
        (buys, here.buyer, fen),
        (sells, here.seller, fen),
        (fees, here.buyer, (here.buyer_trading + here.buyer_settlement) * whole),
        (fees, here.seller, (here.seller_trading + here.seller_settlement) * whole),
    ):
        np.add.at(column, places[who], what)


# -- money and units ---------------------------------------------------------------------------------------


def _add_flows(conn: Connection, money: Money, people: People, currency: int, since: int) -> None:
    """Money that transactions brought and took. The trades of the day are none: the house delivers them."""
    place = {int(account): n for n, account in enumerate(people.cash)}
    t, line = TRANSACTION.c, TRANSACTION_LINE.c
    query = (
        select(t.type, line.debit, line.credit, func.sum(line.quantity).label("quantity"))
        .join(TRANSACTION_LINE, line.transaction_id == t.id)
        .where(t.state == TransactionState.EFFECTED, t.ended_seq > since, line.instrument == currency)
        .group_by(t.type, line.debit, line.credit)
    )
    for row in conn.execute(query):
        giver, taker, quantity = place.get(row.debit), place.get(row.credit), int(row.quantity)
        if taker is not None:
            (money.cash_in if row.type == DEPOSIT else money.other)[taker] += quantity
        if giver is not None and row.type == WITHDRAWAL:
            money.cash_out[giver] += quantity
        elif giver is not None:
            money.other[giver] -= quantity


def _add_cash(money: Money, people: People, cells: Ints, currency: int) -> None:
    account = cells[:, KEY] >> INSTRUMENT_BITS
    place = _owners(people.cash, account)
    mine = (place >= 0) & (cells[:, KEY] & INSTRUMENT_MASK == currency)
    money.available[place[mine]] = cells[mine, AVAILABLE]
    money.held[place[mine]] = cells[mine, HELD]
    money.closing[:] = money.available + money.held


def _open(conn: Connection, money: Money, place: dict[str, int], before: date | None) -> None:
    """What everybody had at the statement before."""
    money.opening[:] = money.closing - money.change  # while the opening itself is still zero
    if before is None:
        return
    t = CLEARING_STATEMENT.c
    for row in conn.execute(select(t.subject_id, t.closing).where(t.day == before)):
        money.opening[place[row.subject_id]] = row.closing


def _holdings(people: People, cells: Ints, currency: int) -> Holdings:
    """Every instrument that somebody has in either account."""
    account, instrument = cells[:, KEY] >> INSTRUMENT_BITS, cells[:, KEY] & INSTRUMENT_MASK
    trading, registered = _owners(people.units, account), _owners(people.registration, account)
    place = np.maximum(trading, registered)
    mine = (place >= 0) & (instrument != currency)
    keys, at = np.unique(place[mine] << INSTRUMENT_BITS | instrument[mine], return_inverse=True)
    columns = np.zeros((4, len(keys)), np.int64)
    for first, owner in ((0, trading[mine]), (2, registered[mine])):
        here = owner >= 0
        columns[first, at[here]] = cells[mine][here, AVAILABLE]
        columns[first + 1, at[here]] = cells[mine][here, HELD]
    return Holdings(keys >> INSTRUMENT_BITS, keys & INSTRUMENT_MASK, *columns)


def _owners(accounts: Ints, account: Ints) -> Ints:
    """Of each account, the place of whose it is in the column `accounts`; −1 where it is nobody's."""
    size = 1 + max(int(accounts.max(initial=0)), int(account.max(initial=0)))
    owner = np.full(size, -1, np.int64)
    owner[accounts] = np.arange(len(accounts))
    owner[0] = -1  # the number for none
    return owner[account]


def _bytes(column: Ints) -> bytes:
    return np.ascontiguousarray(column, "<i8").tobytes()
