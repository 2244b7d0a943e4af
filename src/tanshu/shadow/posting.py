"""A month as entries of a book: what the operator's lists say, at the prices and rates they should have.

Nothing is held back: a subject's accounts may go below zero here, for a shadow records what was done and
finds what should not have been. Trades go one by one, units against money and fees in one chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, time
from typing import NamedTuple

from tanshu import migrations
from tanshu.base.clock import NS, shanghai_ns
from tanshu.base.database import Database, metadata
from tanshu.base.ids import scenario_key
from tanshu.base.refusal import Refusal, Refused
from tanshu.book import bulk, records
from tanshu.book.bulk import Block, Loaded, NewInstrument
from tanshu.book.commit import Book, Context
from tanshu.book.records import AccountFlag, Row
from tanshu.book.state import State
from tanshu.log import store
from tanshu.shadow import checks
from tanshu.shadow.mapping import Layout
from tanshu.shadow.model import Account, Cash, Day, Holding, Month, Moved, Movement, Trade

ACTOR = "shadow"
ENTRY_RECORDS = 60_000
"""Records of one entry; a trade's chain is never cut."""
CHAIN_MAX = 6
MONEY = "CNY"
STARTS, OPENS = time(8), time(9)

ISSUED, GIVEN_UP, BANK, TRADING_FEES, SETTLEMENT_FEES = (
    ("", name) for name in ("issued", "given-up", "bank", "trading-fees", "settlement-fees")
)
"""The accounts that are nobody's: (subject, what)."""
Name = tuple[str, str]


class Named(NamedTuple):
    """A block and the name its key is made of."""

    day: date
    n: int
    block: Block


class Ledger:
    """The stream's own numbers of accounts and instruments, given as they are first named."""

    def __init__(self) -> None:
        self.accounts: dict[Name, int] = {}
        self.instruments: dict[str, int] = {}
        self._opened = self._defined = 0

    def account(self, name: Name) -> int:
        return self.accounts.setdefault(name, len(self.accounts))

    def instrument(self, code: str) -> int:
        return self.instruments.setdefault(code, len(self.instruments))

    def block(self, rows: Sequence[Row], about: dict[str, object]) -> Block:
        """An entry of these rows that opens and defines whatever they were the first to name."""
        accounts = [AccountFlag.OVERDRAFT] * (len(self.accounts) - self._opened)
        defined = list(self.instruments)[self._defined :]
        instruments = [NewInstrument(scale=2 if code == MONEY else 0) for code in defined]
        self._opened, self._defined = len(self.accounts), len(self.instruments)
        return Block(records.encode(rows), accounts, instruments, about)

    def move(self, debit: Name, credit: Name, code: str, amount: int, *, linked: bool = False) -> Row:
        debit, credit = (debit, credit) if amount > 0 else (credit, debit)
        numbers = self.account(debit), self.account(credit)
        return records.transfer(*numbers, self.instrument(code), abs(amount), linked=linked)


# -- what is posted ----------------------------------------------------------------------------------------


def blocks(month: Month, layout: Layout, ledger: Ledger) -> Iterator[Named]:
    """The opening as found in the files, then each day."""
    first = month.days[0]
    rows = _opening(ledger, month.opening, first.cash)
    yield Named(first.day, 0, ledger.block(rows, {"what": "opening"}))
    for day in month.days:
        for n, part in enumerate(_parts(_day(ledger, day, layout)), start=1):
            yield Named(day.day, n, ledger.block(part, {"what": day.day.isoformat(), "part": n}))


def happened(day: Day) -> list[Movement | Trade]:
    """What a day's lists say, in the order of time; a trade listed twice counts once."""
    events: list[Movement | Trade] = [*day.movements, *distinct(day)]
    return sorted(events, key=lambda one: one.time)


def distinct(day: Day) -> list[Trade]:
    """The day's trades without those that repeat a line of the same number word for word."""
    seen: set[object] = set()
    found = []
    for trade in day.trades:
        said = trade._replace(line=0)
        if said not in seen:
            seen.add(said)
            found.append(trade)
    return found


def _opening(ledger: Ledger, holdings: Sequence[Holding], cash: Sequence[Cash]) -> list[Row]:
    rows = []
    ledger.instrument(MONEY)
    for one in holdings:
        for quantity, frozen in ((one.quantity - one.frozen, False), (one.frozen, True)):
            if quantity:
                place = units(one.subject, one.account, frozen=frozen)
                rows.append(ledger.move(ISSUED, place, one.instrument, quantity))
    rows += [ledger.move(BANK, money(one.subject), MONEY, one.opening) for one in cash if one.opening]
    return rows


def _day(ledger: Ledger, day: Day, layout: Layout) -> Iterator[list[Row]]:
    for one in happened(day):
        yield [_moved(ledger, one)] if isinstance(one, Movement) else _traded(ledger, one, layout)


def _moved(ledger: Ledger, one: Movement) -> Row:
    here, cash = units(one.subject, one.account), money(one.subject)
    held = units(one.subject, one.account, frozen=True)
    trading = units(one.subject, Account.TRADING)
    registration = units(one.subject, Account.REGISTRATION)
    sides = {
        Moved.DEPOSIT: (BANK, cash),
        Moved.WITHDRAWAL: (cash, BANK),
        Moved.ALLOCATION: (ISSUED, here),
        Moved.SURRENDER: (here, GIVEN_UP),
        Moved.CANCELLATION: (here, GIVEN_UP),
        Moved.TO_TRADING: (registration, trading),
        Moved.TO_REGISTRATION: (trading, registration),
        Moved.FREEZE: (here, held),
        Moved.UNFREEZE: (held, here),
    }
    return ledger.move(*sides[one.kind], one.instrument or MONEY, one.quantity or one.amount)


def _traded(ledger: Ledger, one: Trade, layout: Layout) -> list[Row]:
    """Units against money, and the fees: one chain."""
    buyer, seller = money(one.buyer), money(one.seller)
    fees = zip((buyer, seller, buyer, seller), layout.fees[one.mode].of(one.worth), strict=True)
    takers = (TRADING_FEES, TRADING_FEES, SETTLEMENT_FEES, SETTLEMENT_FEES)
    rows = [
        ledger.move(payer, taker, MONEY, fee) for (payer, fee), taker in zip(fees, takers, strict=True) if fee
    ]
    if one.buyer != one.seller:
        sides = (units(one.seller, Account.TRADING), units(one.buyer, Account.TRADING))
        rows = [
            ledger.move(*sides, one.instrument, one.quantity),
            ledger.move(buyer, seller, MONEY, one.worth),
            *rows,
        ]
    return [*(records.linked(row) for row in rows[:-1]), *rows[-1:]]


def _parts(chains: Iterator[list[Row]]) -> Iterator[list[Row]]:
    """Chains packed into entries; a day without any is one empty entry."""
    part: list[Row] = []
    for chain in chains:
        if len(part) + CHAIN_MAX > ENTRY_RECORDS:
            yield part
            part = []
        part += chain
    yield part


def units(subject: str, account: str, *, frozen: bool = False) -> Name:
    return subject, f"{account}-frozen" if frozen else str(account)


def money(subject: str) -> Name:
    return subject, "cash"


# -- into the book -----------------------------------------------------------------------------------------


class Posted(NamedTuple):
    """A month in a book. ends: the last entry of the opening and of each day, in order."""

    book: Book
    loaded: Loaded
    ledger: Ledger
    ends: Sequence[int]


def open_book(url: str, name: str, opening: date, *, fresh: bool = False) -> Book:
    """The shadow's own book, made where there is none. Refuses with SHD-2001 any other database."""
    database = Database.open(url, create=True)
    try:
        return _open_book(database, name, opening, fresh=fresh)
    except BaseException:
        database.close()
        raise


def _open_book(database: Database, name: str, opening: date, *, fresh: bool) -> Book:
    with database.read() as conn:
        known = migrations.revision(conn)
        found = store.book_name(conn, store.REGISTRY_LOG) if known else None
    if found not in (None, name):
        raise Refused(checks.OTHER_BOOK(field="db", url=database.url, found=found))
    if known and fresh:
        _wipe(database)
    if not known or fresh:
        migrations.upgrade(database)
    book = Book(database)
    book.create(name, shanghai_ns(opening, STARTS))
    return book


def _wipe(database: Database) -> None:
    """Drop every table, all or none."""
    from tanshu import app  # puts the tables of every room into the one metadata

    assert len(app.DECLARE_TABLES) > 0
    with database.write() as conn:
        metadata.drop_all(conn)
        conn.exec_driver_sql("DROP TABLE alembic_version")


def post(
    book: Book, name: str, month: Month, layout: Layout, tick: Callable[[int], None] | None = None
) -> Posted:
    """Record the month, each entry once however often it is begun. Refuses with SHD-2002.

    The keys follow from the book's name and the day, so days that come later are added to those there are.
    """
    ledger = Ledger()
    named: list[Named] = []

    def stream() -> Iterator[Block]:
        for one in blocks(month, layout, ledger):
            named.append(one)
            yield one.block

    def context(n: int) -> Context:
        one = named[n]
        at = shanghai_ns(one.day, OPENS if one.n else STARTS) + (n + 1) * NS
        return Context(book, ACTOR, _key(name, one), clock=lambda: at)

    outcome = bulk.load(context, stream(), tick)
    if isinstance(outcome, Refusal):
        day = named[-1].day
        raise Refused(checks.DAY_CHANGED(field="dir", day=day) if outcome.code == "LOG-1001" else outcome)
    return Posted(book, outcome, ledger, _ends(book, name, named))


def _key(name: str, one: Named) -> bytes:
    return scenario_key("shadow", name, one.day.isoformat(), one.n)


def _ends(book: Book, name: str, named: Sequence[Named]) -> list[int]:
    """The last entries of the opening and of each day. Refuses with SHD-2002 a day that came in later."""
    last = {(one.day, min(one.n, 1)): one for one in named}
    with book.database.read() as conn:
        found = store.find_all(conn, book.log, [_key(name, one) for one in last.values()])
    ends: list[int] = []
    for one in last.values():
        seq = found[_key(name, one)][0]
        if ends and seq <= ends[-1]:
            raise Refused(checks.DAY_CHANGED(field="dir", day=one.day))
        ends.append(seq)
    return ends


class Standing(NamedTuple):
    """The book's state, read by the names of the shadow's accounts."""

    state: State
    posted: Posted

    def amount(self, name: Name, code: str) -> int:
        """What an account has; nothing where it, or the instrument, is not there yet."""
        account = self.posted.ledger.accounts.get(name)
        instrument = self.posted.ledger.instruments.get(code)
        if account is None or instrument is None:
            return 0
        accounts, instruments = self.posted.loaded.accounts, self.posted.loaded.instruments
        return self.state.cell(int(accounts[account]), int(instruments[instrument])).available


def standings(posted: Posted) -> Iterator[Standing]:
    """The book as it stood before the first day and after each: its own log, followed once.

    The state is the same object every time, further on: look at it before asking for the next.
    """
    state, stops = State(), iter(posted.ends)
    stop = next(stops)
    with posted.book.database.read() as conn:
        for entry in store.read(conn, posted.book.log, upto=posted.ends[-1]):
            applied = state.apply(entry.seq, records.decode(entry.records))
            assert applied.all_ok, f"entry {entry.seq} was recorded, and is refused when followed"
            if entry.seq == stop:
                yield Standing(state, posted)
                stop = next(stops, -1)
