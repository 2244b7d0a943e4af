"""Statements of account 对账单: what an account had, each movement of a span, what it has, what holds it.

Everything is told as of the span's last entry, from movements and from what never changes once it is written:
so a statement of a past moment is the same whenever it is asked for. Quantities are in the instrument's minor
unit (1 t; 1 fen).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Row, func, or_, select

from tanshu.base.refusal import Refusal, refusal
from tanshu.base.text import Text
from tanshu.book import movements as book_movements
from tanshu.book import projections
from tanshu.book import serials as book_serials
from tanshu.book.commit import Book
from tanshu.book.movements import MOVEMENT, Movement, Movements
from tanshu.book.projections import Progress
from tanshu.book.records import POSITION_BITS, Op, position
from tanshu.parties.model import ACCOUNT_TYPES, HOLDERS, Account, AccountKind, Subject, SubjectKind
from tanshu.parties.queries import account as account_coded
from tanshu.parties.tables import ACCOUNT, SUBJECT, SUBJECT_NAME
from tanshu.registry import papers, queries, serials, settled
from tanshu.registry.encumbrances.model import CLASS_LABELS, ClaimClass
from tanshu.registry.encumbrances.tables import CLAIM, CLAIM_HOLD
from tanshu.registry.model import Instrument
from tanshu.registry.papers import Position
from tanshu.registry.serials import Numbers
from tanshu.registry.settled import SETTLEMENT, TradeName
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE
from tanshu.registry.types import BY_NUMBER, TYPES

EMPTY_SPAN = refusal(
    "REG-6201",
    "对账期间为空:起点第 {first} 条晚于终点第 {last} 条。",
    "The span is empty: it begins with entry {first}, after its end, entry {last}.",
)
NOT_OPENED = refusal(
    "REG-6202",
    "账户 {account} 在第 {seq} 条时尚未开立(第 {opened} 条开立)。",
    "The account {account} was not open at entry {seq}; it was opened by entry {opened}.",
)
OPERATIONS = {
    (Op.TRANSFER, True): Text("转入", "received"),
    (Op.TRANSFER, False): Text("转出", "given"),
    (Op.CAPTURE, True): Text("转入", "received"),
    (Op.CAPTURE, False): Text("自冻结转出", "given out of what was held"),
    (Op.HOLD, False): Text("冻结", "held"),
    (Op.RELEASE, False): Text("解冻", "released"),
}
"""What happened to the account, by the record's operation and whether the account has more by it."""
OTHER_HOLDER = Text("其他登记主体", "another holder")
_ASKED_AT_ONCE = 500
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Counterparty:
    """The other account. name: whose it is, None where that is not for the reader to know."""

    account: str
    kind: AccountKind
    name: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One movement, with the balance after it. transaction: None for what no transaction did.

    trade: the trade that it delivered or paid, where a clearing house settled it.
    """

    seq: int
    time_ns: int
    instrument: Instrument
    operation: Op
    type: str | None
    transaction: str | None
    counterparty: Counterparty | None
    available_change: int
    held_change: int
    available: int
    held: int
    trade: TradeName | None = None

    @property
    def reference(self) -> str | None:
        """By what it can be asked for again: the transaction, or the trade."""
        return self.transaction or (str(self.trade) if self.trade else None)

    @property
    def what(self) -> Text:
        """The transaction's type, and what it did to the account."""
        done = OPERATIONS[self.operation, self.available_change + self.held_change > 0]
        if self.type is None:
            return done
        name = TYPES[self.type].name
        return Text(f"{name.zh} · {done.zh}", f"{name.en} · {done.en}")


@dataclass(frozen=True, slots=True)
class Balance:
    """What the account has of one instrument."""

    instrument: Instrument
    available: int
    held: int


@dataclass(frozen=True, slots=True)
class HeldFor:
    """A part of what is held, and for what: a claim, or a transaction that waits. since: the entry."""

    instrument: Instrument
    quantity: int
    what: Text
    since: int
    transaction: str | None
    claim: str | None
    document: str


@dataclass(frozen=True, slots=True)
class Statement:
    """An account over the entries after < seq ≤ the closing position's. names: it names other holders."""

    account: Account
    subject: Subject
    after: int
    closed: Position
    opening: tuple[Balance, ...]
    lines: tuple[Line, ...]
    closing: tuple[Balance, ...]
    held: tuple[HeldFor, ...]
    numbers: tuple[Numbers, ...]
    names: bool = False


@contextmanager
def reading(book: Book, progress: Progress | None = None) -> Iterator[Connection]:
    """A read transaction that knows movements and serial numbers; `newest` says up to which entry."""
    projections.catch_up(book.database, Movements, book.log, progress=progress)
    with book_serials.reading(book, progress) as conn:
        yield conn


def newest(conn: Connection, log: int) -> int:
    """The newest entry whose movements are known."""
    mark = projections.watermark(conn, Movements.name, log)
    return -1 if mark is None else mark.tail.seq


def statement(
    conn: Connection, book: Book, code: str, *, after: int = -1, upto: int | None = None, names: bool = False
) -> Statement | Refusal:
    """An account's statement over entries after < seq ≤ upto (None: the newest that is known).

    names: other holders' names are shown; without it, as for the holder, their account codes only. Refuses
    with PAR-2001, PAR-2006 (the account), REG-6201 (an empty span), REG-6202 (not open then); raises Refused
    BOOK-1404 where movements are not known so far: read with `reading`.
    """
    account = account_coded(conn, code)
    if isinstance(account, Refusal):
        return account
    last = newest(conn, book.log) if upto is None else upto
    if after >= last:
        return EMPTY_SPAN(field="from", first=after + 1, last=last)
    opened = conn.execute(select(ACCOUNT.c.seq).where(ACCOUNT.c.number == account.number)).scalar_one()
    if opened > last:
        return NOT_OPENED(field="to", account=account.code, seq=last, opened=opened)
    instruments = {one.number: one for one in queries.instruments(conn)}
    found = book_movements.movements(conn, book.log, account.number, after=after, upto=last)
    return Statement(
        account,
        papers.subject_at(conn, account.subject_id, last),
        after,
        papers.position_of(conn, book, last),
        _balances(conn, book.log, account, instruments, after),
        tuple(_lines(conn, account, found, instruments, last, names=names)),
        _balances(conn, book.log, account, instruments, last),
        tuple(_held(conn, book.log, account, instruments, last)),
        tuple(
            serials.held(conn, book.log, [account.number], serials.serialised(conn, book.log).values(), last)
        ),
        names,
    )


def _balances(
    conn: Connection, log: int, account: Account, instruments: Mapping[int, Instrument], seq: int
) -> tuple[Balance, ...]:
    if seq < 0:
        return ()
    return tuple(
        Balance(instruments[cell.instrument], cell.available, cell.held)
        for cell in book_movements.holdings_at(conn, log, seq, account.number)
    )


# -- lines -------------------------------------------------------------------------------------------------


def _lines(
    conn: Connection,
    account: Account,
    found: Sequence[Movement],
    instruments: Mapping[int, Instrument],
    seq: int,
    *,
    names: bool,
) -> Iterator[Line]:
    transactions = _Transactions(conn, account.number, found)
    number = TYPES[SETTLEMENT].number
    trades = settled.named(
        conn, (one.position for one in found if one.tag == number and one.counter is not None)
    )
    others = _counterparties(conn, account, {one.counter for one in found if one.counter is not None}, seq)
    for one in found:
        other = None if one.counter is None else others[one.counter]
        if other and not names:
            other = other.masked()
        kind = BY_NUMBER.get(one.tag)
        yield Line(
            one.seq,
            one.time_ns,
            instruments[one.instrument],
            Op(one.op),
            kind.code if kind else None,
            None if one.position in trades else transactions.of(one),
            other.shown if other else None,
            one.available_change,
            one.held_change,
            one.available,
            one.held,
            trades.get(one.position),
        )


class _Other(NamedTuple):
    """The other side of a movement. public: everybody may know whose account it is."""

    shown: Counterparty
    public: bool

    def masked(self) -> _Other:
        if self.public:
            return self
        return _Other(Counterparty(self.shown.account, self.shown.kind, None), self.public)


def _counterparties(conn: Connection, own: Account, numbers: Collection[int], seq: int) -> dict[int, _Other]:
    found: dict[int, _Other] = {}
    joined = select(ACCOUNT, SUBJECT.c.kind.label("owner_kind")).join(
        SUBJECT, SUBJECT.c.id == ACCOUNT.c.subject_id
    )
    for some in _batches(sorted(numbers)):
        rows = conn.execute(joined.where(ACCOUNT.c.number.in_(some))).all()
        names = _names_at(conn, {row.subject_id for row in rows}, seq)
        for row in rows:
            public = SubjectKind(row.owner_kind) not in HOLDERS or row.subject_id == own.subject_id
            shown = Counterparty(row.code, AccountKind(row.kind), names[row.subject_id])
            found[row.number] = _Other(shown, public)
    return found


def _names_at(conn: Connection, subjects: Collection[str], seq: int) -> dict[str, str]:
    """What each of these was called when entry `seq` was written, as `papers.name_at` says it of one."""
    t = SUBJECT_NAME.c
    known = select(t.subject_id, t.name).where(t.subject_id.in_(subjects), t.seq <= seq)
    return {row.subject_id: row.name for row in conn.execute(known.order_by(t.since))}


class _Transactions:
    """Which transaction moved what, for one account's movements.

    A movement is a transaction's whose line it is, in the entry in which that took effect; a hold and its
    release are the transaction's that made the hold or the claim behind it.
    """

    def __init__(self, conn: Connection, account: int, found: Sequence[Movement]):
        self._account = account
        self._at: dict[tuple[int | None, ...], list[Row[Any]]] = defaultdict(list)
        self._taken: set[tuple[str, int]] = set()
        for row in _lines_at(conn, account, sorted({one.seq for one in found})):
            self._at[row.ended_seq, row.debit, row.credit, row.instrument].append(row)
        holds = sorted({one.hold for one in found if one.hold is not None})
        self._by_hold = _makers(conn, holds)

    def of(self, one: Movement) -> str | None:
        if one.op in (Op.TRANSFER, Op.CAPTURE):
            return self._by_line(one) or self._by_the_hold(one)
        return self._by_the_hold(one)

    def _by_line(self, one: Movement) -> str | None:
        gives = one.available_change + one.held_change < 0
        sides = (self._account, one.counter) if gives else (one.counter, self._account)
        amount = abs(one.available_change + one.held_change)
        like = self._at.get((one.seq, *sides, one.instrument), [])
        exact = [row for row in like if row.quantity == amount and self._is_new(row)]
        for row in exact or like:
            self._taken.add((row.transaction_id, row.n))
            return row.transaction_id
        return None

    def _is_new(self, row: Row[Any]) -> bool:
        return (row.transaction_id, row.n) not in self._taken

    def _by_the_hold(self, one: Movement) -> str | None:
        made = self._by_hold.get(one.hold) if one.hold is not None else None
        return made.transaction if made else None


def _lines_at(conn: Connection, account: int, seqs: Sequence[int]) -> Iterator[Row[Any]]:
    """The lines on this account of transactions that these entries ended."""
    t, line = TRANSACTION.c, TRANSACTION_LINE.c
    joined = select(TRANSACTION_LINE, t.ended_seq).join(TRANSACTION, t.id == line.transaction_id)
    ours = joined.where(or_(line.debit == account, line.credit == account))
    for some in _batches(seqs):
        yield from conn.execute(ours.where(t.ended_seq.in_(some)).order_by(t.proposed_seq, t.id, line.n))


# -- what is held ------------------------------------------------------------------------------------------


class _Maker(NamedTuple):
    """Who made a hold: a transaction, and the claim that it is a part of, where there is one."""

    transaction: str
    claim: str | None = None
    cls: str | None = None
    document: str = ""


def _makers(conn: Connection, holds: Sequence[int]) -> dict[int, _Maker]:
    """Position of a hold → who made it: the line that names it, or the claim it belongs to."""
    found: dict[int, _Maker] = {}
    t, line = TRANSACTION.c, TRANSACTION_LINE.c
    for some in _batches(holds):
        proposed = t.proposed_seq.in_(sorted({hold >> POSITION_BITS for hold in some}))
        query = select(line.hold, line.transaction_id).join(TRANSACTION, t.id == line.transaction_id)
        for row in conn.execute(query.where(proposed, line.hold.in_(some))):
            found[row.hold] = _Maker(row.transaction_id)
        claims = (
            select(CLAIM_HOLD.c.position, CLAIM.c.id, CLAIM.c.cls, CLAIM.c.transaction_id, t.details)
            .join(CLAIM, CLAIM.c.id == CLAIM_HOLD.c.claim_id)
            .outerjoin(TRANSACTION, t.id == CLAIM.c.transaction_id)  # a session's claim has none
        )
        for row in conn.execute(claims.where(CLAIM_HOLD.c.position.in_(some))):
            found[row.position] = _Maker(row.transaction_id, row.id, row.cls, _document(row.details))
    return found


def _document(details: str | None) -> str:
    """The document behind a claim, by what was said when it was asked for: that does not change."""
    said = json.loads(details) if details else {}
    words = [said.get(name) for name in ("court", "document", "registration_number")]
    return " ".join(word for word in words if isinstance(word, str))


def _held(
    conn: Connection, log: int, account: Account, instruments: Mapping[int, Instrument], seq: int
) -> Iterator[HeldFor]:
    """What is left of each hold after entry `seq`, claim by claim, the oldest first."""
    t = MOVEMENT.c
    left = func.sum(t.held_change)
    tag = func.max(t.tag).filter(t.op == Op.HOLD)
    query = (
        select(t.hold, t.instrument, left.label("left"), tag.label("tag"))
        .where(
            t.log == log, t.account == account.number, t.position < position(seq + 1, 0), t.hold.is_not(None)
        )
        .group_by(t.hold, t.instrument)
        .having(left > 0)
        .order_by(t.hold)
    )
    rows = conn.execute(query).all()
    makers = _makers(conn, [row.hold for row in rows])
    together: dict[object, HeldFor] = {}
    for row in rows:
        maker = makers.get(row.hold)
        key = (row.instrument, maker.claim) if maker and maker.claim else row.hold
        known = together.get(key)
        quantity = int(row.left) + (known.quantity if known else 0)
        since = known.since if known else row.hold >> POSITION_BITS
        together[key] = HeldFor(
            instruments[row.instrument],
            quantity,
            _for_what(maker, row.tag),
            since,
            maker.transaction if maker else None,
            maker.claim if maker else None,
            maker.document if maker else "",
        )
    yield from together.values()


def _for_what(maker: _Maker | None, tag: int | None) -> Text:
    """The class of the claim and the type of transaction that made it."""
    kind = BY_NUMBER.get(tag) if tag is not None else None
    name = kind.name if kind else Text("冻结", "a hold")
    if maker is None or maker.cls is None:
        return name
    label = CLASS_LABELS[ClaimClass(maker.cls)]
    return label if label == name else Text(f"{label.zh} · {name.zh}", f"{label.en} · {name.en}")


def account_label(account: Account) -> Text:
    return ACCOUNT_TYPES[account.kind].label


def _batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _ASKED_AT_ONCE):
        yield values[start : start + _ASKED_AT_ONCE]
