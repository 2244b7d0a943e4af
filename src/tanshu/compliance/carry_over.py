"""Carry-over: how much of the old vintages an entity may carry over, what it applied for, what was issued.

The estimate says how things stand now. The notice counts as of the end of the pack's day, whatever came
later; the register's confirmed notice decides.
Source: 国环规气候〔2024〕1号, annex 5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, or_, select

from tanshu.base.clock import business_date, end_of_day_ns
from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.book.state import State
from tanshu.compliance import obligations, packs
from tanshu.compliance.duty_tables import CARRY_OVER_NOTICE
from tanshu.log import store
from tanshu.mrv import queries as mrv
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, Subject
from tanshu.registry import queries as registry
from tanshu.registry import settled
from tanshu.registry.encumbrances import queries as encumbrances
from tanshu.registry.model import Transaction, TransactionState
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE
from tanshu.registry.types import TYPES, ClaimClass
from tanshu.rules import calendars, carry_over
from tanshu.rules.carry_over import CarryOver
from tanshu.rules.packs import Pack

HOLDING_ACCOUNTS = (AccountKind.REGISTRATION, AccountKind.TRADING)
APPLICATION, ISSUANCE = "carry-over", "carry-over-issuance"
_LEAVING = (AccountKind.SURRENDER, AccountKind.CANCELLATION)
SPENDING = tuple(code for code, kind in TYPES.items() if set(kind.credit) & set(_LEAVING) and kind.held)
"""Applications to surrender or cancel: while they wait, their units are not there to be carried over."""


class Batch(StrEnum):
    FIRST = "1"
    SECOND = "2"
    LATE = "late"


BATCH_LABELS = {
    Batch.FIRST: Text("第一批", "first batch"),
    Batch.SECOND: Text("第二批", "second batch"),
    Batch.LATE: Text("解冻补申请", "after a freeze"),
}


@dataclass(frozen=True)
class Terms:
    """The carry-over pack, as its questions need it. All days are inclusive, Asia/Shanghai."""

    pack: Pack

    @classmethod
    def of(cls, conn: Connection) -> Terms:
        """Raises Refused (RULE-10xx) where the jurisdiction has no carry-over pack."""
        return cls(packs.carry_over(conn))

    def day(self, name: str) -> date:
        """A day of the pack's window, such as `notice_by`."""
        return self.pack.table("window")[name]

    @cached_property
    def old(self) -> frozenset[str]:
        return frozenset(self.pack.table("vintages")["from"])

    @property
    def target(self) -> str:
        return self.pack.table("vintages")["to"]

    @cached_property
    def in_time_for(self) -> tuple[int, ...]:
        """The years for which an entity must have paid in time."""
        return tuple(int(year) for year in self.pack.table("eligibility")["surrendered_in_time_for"])

    def batch(self, filed_on: date) -> Batch:
        if filed_on <= self.day("first_batch_filed_to"):
            return Batch.FIRST
        return Batch.SECOND if filed_on <= self.day("second_batch_filed_to") else Batch.LATE

    def done_by(self, batch: Batch) -> date | None:
        """The day by which a batch is recalled; a late one has none."""
        names = {Batch.FIRST: "first_batch_done_by", Batch.SECOND: "second_batch_done_by"}
        return self.day(names[batch]) if batch in names else None

    def issue_by(self, jurisdiction: str, recalled_on: date) -> date | None:
        """The last working day to issue; None where the calendar of that year is not loaded."""
        days = self.pack.table("window")["issue_working_days"]
        found = calendars.add_working_days(jurisdiction, recalled_on, days, count_first=False)
        return None if isinstance(found, Refusal) else found


# -- how much ----------------------------------------------------------------------------------------------


def estimate(
    conn: Connection,
    state: State,
    subject: Subject,
    traded: settled.Totals | None = None,
) -> CarryOver:
    """The estimate for one entity as things stand. Raises Refused when the jurisdiction has no pack."""
    terms = Terms.of(conn)
    seq = _newest(conn)
    late = late_years(conn, terms, subject)
    return counted(conn, terms, (subject,), state, seq, {subject.id: late}, traded)[subject.id].result


@dataclass(frozen=True, slots=True)
class Counted:
    """What an entity's notice rests on, tonnes, and the result."""

    sold_t: int
    bought_t: int
    holding_t: int
    pending_t: int
    late_years: tuple[int, ...]
    result: CarryOver


def counted(
    conn: Connection,
    terms: Terms,
    subjects: Sequence[Subject],
    state: State,
    seq: int,
    late: Mapping[str, tuple[int, ...]],
    traded: settled.Totals | None = None,
) -> dict[str, Counted]:
    """By subject id. state: the book after entry `seq`; what waited for approval is of that moment, too."""
    if traded is None:
        traded = settled.totals(conn, terms.day("trades_first"), terms.day("trades_last"))
    numbers = [one.number for one in registry.instruments(conn) if one.code in terms.old]
    waiting = _waiting(conn, numbers, seq)
    theirs = parties.accounts_of_all(conn, [subject.id for subject in subjects])
    found: dict[str, Counted] = {}
    for subject in subjects:
        accounts = [one.number for one in theirs.get(subject.id, ()) if one.kind in HOLDING_ACCOUNTS]
        cells = [state.cell(account, number) for account in accounts for number in numbers]
        holding = sum(cell.available + cell.held for cell in cells)
        pending = sum(waiting.get(account, 0) for account in accounts)
        sold, bought = traded.of(subject.id, terms.old)
        years = late.get(subject.id, ())
        result = carry_over.estimate(terms.pack, sold, bought, holding, pending, late=bool(years))
        found[subject.id] = Counted(sold, bought, holding, pending, years, result)
    return found


def entities(conn: Connection, terms: Terms) -> list[Subject]:
    """Everybody who gets a notice: on the list of any year whose vintage is carried over."""
    instruments = {one.vintage for one in registry.instruments(conn) if one.code in terms.old}
    last = max((year for year in instruments if year), default=max(terms.in_time_for))
    ids = dict.fromkeys(id for year in mrv.years(conn) if year <= last for id in mrv.listed(conn, year))
    subjects = {one.id: one for one in parties.subjects(conn)}
    return [subjects[id] for id in ids]


def late_years(conn: Connection, terms: Terms, subject: Subject) -> tuple[int, ...]:
    """The years of the pack for which one entity was short at the deadline."""
    found = [(year, obligations.owed(conn, subject, year)) for year in terms.in_time_for]
    return tuple(year for year, owed in found if not isinstance(owed, Refusal) and owed.late)


def all_late_years(
    conn: Connection, terms: Terms, today: date, among: Collection[str]
) -> dict[str, tuple[int, ...]]:
    """The same for those of these subjects (ids) who were, by subject id."""
    found: dict[str, tuple[int, ...]] = defaultdict(tuple)
    for year in terms.in_time_for:
        for row in obligations.board(conn, year, today=today, among=among):
            if row.late:
                found[row.subject.id] += (year,)
    return dict(found)


def seq_of_day(conn: Connection, day: date) -> int:
    """The last entry of a Shanghai day; 0, the genesis, for a day before the log."""
    return store.seq_at(conn, store.REGISTRY_LOG, end_of_day_ns(day)) or 0


def _waiting(conn: Connection, numbers: Collection[int], seq: int) -> dict[int, int]:
    """What surrenders and cancellations that waited after entry `seq` would take from each account."""
    t, line = TRANSACTION.c, TRANSACTION_LINE.c
    query = (
        select(line.debit, line.quantity)
        .select_from(TRANSACTION_LINE.join(TRANSACTION, t.id == line.transaction_id))
        .where(
            t.type.in_(SPENDING),
            line.instrument.in_(numbers),
            t.proposed_seq <= seq,
            or_(t.ended_seq.is_(None), t.ended_seq > seq),
        )
    )
    found: dict[int, int] = defaultdict(int)
    for account, quantity in conn.execute(query):
        found[account] += quantity
    return found


def _newest(conn: Connection) -> int:
    tail = store.tail(conn, store.REGISTRY_LOG)
    assert tail is not None, "an open book has a genesis entry"
    return tail[0]


# -- notices and applications ------------------------------------------------------------------------------


def notice(conn: Connection, terms: Terms, subject_id: str) -> Any | None:
    """The row of an entity's notice, confirmed or not."""
    return conn.execute(
        select(CARRY_OVER_NOTICE).where(
            CARRY_OVER_NOTICE.c.subject_id == subject_id, CARRY_OVER_NOTICE.c.pack == terms.pack.name
        )
    ).first()


def notices(conn: Connection, terms: Terms) -> list[Any]:
    """All notices of this carry-over, in the order they were drawn up, whether confirmed or not."""
    query = select(CARRY_OVER_NOTICE).where(CARRY_OVER_NOTICE.c.pack == terms.pack.name)
    return list(conn.execute(query.order_by(CARRY_OVER_NOTICE.c.seq, CARRY_OVER_NOTICE.c.subject_id)))


@dataclass(frozen=True, slots=True)
class Application:
    """An application and what followed. Tonnes; a day is None where it has not come or is not known.

    quantity: what of it stands: what was applied for, less what a correction gave back.
    """

    transaction: Transaction
    quantity: int
    batch: Batch
    filed_on: date
    done_by: date | None
    recalled_on: date | None
    issue_by: date | None
    issuance: Transaction | None

    @property
    def is_issued(self) -> bool:
        return self.issuance is not None and self.issuance.state is TransactionState.EFFECTED

    def overdue(self, today: date) -> bool:
        """Not recalled by its batch's day, or recalled and not issued in time."""
        due = self.done_by if self.recalled_on is None else self.issue_by
        return bool(self.quantity) and not self.is_issued and due is not None and today > due


def applications(conn: Connection, terms: Terms, *, subject_id: str | None = None) -> list[Application]:
    """The applications that wait or have taken effect, in the order of filing."""
    jurisdiction = parties.jurisdiction(conn)
    issuances, gone = _issuances(conn, subject_id), obligations.undone(conn, subject_id=subject_id)
    return [
        _application(terms, jurisdiction, made, gone.get(made.id, 0), issuances.get(made.id))
        for state in (TransactionState.EFFECTED, TransactionState.PENDING)
        for made in registry.transactions(conn, type=APPLICATION, state=state, subject_id=subject_id)
    ]


def issuance_of(conn: Connection, transaction_id: str) -> Transaction | None:
    """The issuance that answers a recall: effected, or waiting for approval."""
    for made in registry.linked(conn, transaction_id):
        if made.type.code == ISSUANCE and made.state in (TransactionState.PENDING, TransactionState.EFFECTED):
            return made
    return None


def frozen_then_freed(conn: Connection, terms: Terms, subject: Subject) -> int:
    """Tonnes of the old vintages ordered frozen when the window ended, by orders that have ended since."""
    end = seq_of_day(conn, terms.day("second_batch_filed_to"))
    numbers = {one.number for one in registry.instruments(conn) if one.code in terms.old}
    orders: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for account in parties.accounts_of(conn, subject.id):
        for claim in encumbrances.of_account(conn, account.number, standing=False):
            stood = claim.seq <= end and (claim.ended_seq or 0) > end
            if claim.cls is ClaimClass.COURT and claim.instrument in numbers and stood:
                orders[claim.transaction_id].add((claim.account, claim.instrument))
    total = 0
    for id, cells in orders.items():
        made = registry.transaction(conn, id)
        assert not isinstance(made, Refusal)
        total += sum(one.quantity for one in made.lines if (one.debit, one.instrument) in cells)
    return total


def _issuances(conn: Connection, subject_id: str | None) -> dict[str, Transaction]:
    return {
        made.original_id: made
        for state in (TransactionState.EFFECTED, TransactionState.PENDING)
        for made in registry.transactions(conn, type=ISSUANCE, state=state, subject_id=subject_id)
        if made.original_id
    }


def _application(
    terms: Terms, jurisdiction: str, made: Transaction, gone_t: int, issuance: Transaction | None
) -> Application:
    filed = business_date(made.proposed_ns)
    batch = terms.batch(filed)
    recalled = business_date(made.ended_ns) if made.ended_ns else None
    issue_by = terms.issue_by(jurisdiction, recalled) if recalled else None
    left_t = made.quantity - gone_t
    return Application(made, left_t, batch, filed, terms.done_by(batch), recalled, issue_by, issuance)
