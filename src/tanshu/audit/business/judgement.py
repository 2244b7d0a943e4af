"""The judge of a register's entries: folds what they tell, and says what is against the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tanshu.audit import checks as audit_checks
from tanshu.audit.business import claims, decisions, enrolment, entries, joint, orders, seconds, transactions
from tanshu.audit.business.entries import RECEIVES, Done
from tanshu.audit.business.facts import Facts
from tanshu.audit.business.joint import Joint
from tanshu.audit.business.transactions import PENDING, Turn
from tanshu.audit.business.verbs import DELIVER_FAILED, EFFECT, ESTABLISH
from tanshu.audit.clearing import days, late, positions, statements
from tanshu.audit.clearing.holdings import BY_HOUSE, Settling
from tanshu.audit.report import Finding
from tanshu.audit.settled import CLAIM, Settled
from tanshu.base.refusal import Refused
from tanshu.book import rows
from tanshu.book.records import Row
from tanshu.book.reference import Record
from tanshu.book.told import Tables
from tanshu.log.entry import Entry

_NONSENSE = (
    Refused,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    OSError,
)
"""What reading a forged entry can run into: tables, columns, kinds that do not exist, other types."""

Cell = tuple[int, int]
"""Account and instrument, by book number."""


class Business:
    """Judges entries one after the other. It knows nothing but what they have told.

    facts: what the rooms told, without the transactions that have ended: `settled`. earned: what the lines of
    those in effect come to, per cell. waiting: what claims hold. joint: what entries said of markets and
    nobody has laid beside those yet. A book that was never established as a register is folded, not judged.
    """

    def __init__(self, tables: Tables | None = None, settled: Settled | None = None):
        self.facts = Facts(tables)
        self.settled = settled or Settled()
        self.earned: dict[Cell, int] = defaultdict(int)
        self.waiting: dict[Cell, int] = defaultdict(int)
        self.settling = Settling()
        self.joint: list[Joint] = []
        self.transactions = 0

    @property
    def is_register(self) -> bool:
        return self.facts.jurisdiction is not None

    @property
    def rows(self) -> int:
        """How many rows the rooms' tables have by now."""
        return self.settled.rows + sum(len(table.by_key) for table in self.facts.tables.values())

    def look_at(
        self, entry: Entry, told: bytes, records: Sequence[Row], flags: Mapping[int, int]
    ) -> list[Finding]:
        """Take an entry in. told: its row changes; records: all its records; flags: the book's, after it."""
        try:
            changes = rows.decode(told)
            if self.is_register or entry.command == ESTABLISH:
                return _each_once(self._judge(Done(entry, _accepted(entry, records), changes), flags))
            self.facts.tables.apply(changes)
            return []
        except _NONSENSE as error:
            why = f"{type(error).__name__}: {error}"
            return [Finding(entry.seq, audit_checks.CHANGES(seq=entry.seq, why=why))]

    def _judge(self, done: Done, flags: Mapping[int, int]) -> list[Finding]:
        found = list(entries.judge(self.facts, done))
        was = enrolment.before(self.facts, done.changes)
        were = transactions.before(self.facts, done.changes)
        stood = claims.before(self.facts, done.changes)
        undecided = decisions.before(self.facts, done.changes)
        day = days.before(self.facts, done.changes)
        failed = late.before(self.facts, done.changes)
        self.facts.tables.apply(done.changes)
        now = transactions.turns(were, self.facts)
        whole = claims.now(stood, self.facts)
        brought = self.settling.brought() if done.entry.command == EFFECT else {}
        stand, in_delivery = self.settling.split(whole, done)
        self._count(now)
        self._deliver(done)
        self._hold(stand)
        found += enrolment.judge(was, self.facts, done, flags)
        found += seconds.judge(self.facts, done)
        found += decisions.judge(undecided, self.facts, done)
        found += transactions.judge(were, now, stand, self.facts, done)
        found += days.judge(day, self.facts, done)
        found += late.judge(failed, self.facts, done)
        found += self.settling.judge(in_delivery, self.facts, done, self.waiting)
        found += positions.judge(self.earned, self.facts, done)
        found += statements.judge(self.earned, self.waiting, self.facts, done)
        found += claims.judge(stand, now, self.facts, done, brought)
        found += orders.judge(now, stand, self.facts, done)
        said = joint.of(self.facts, done, [claim.after for claim in whole.claims])
        if said:
            self.joint.append(said)
        for claim in whole.claims:
            if claim.after["state"] == claims.ENDED:
                self.settled.settle(self.facts.tables, claim.after["id"], CLAIM)
        for turn in now:
            if turn.after["state"] != PENDING:
                self.settled.settle(self.facts.tables, turn.after["id"])
        return found

    def _count(self, now: Sequence[Turn]) -> None:
        """Keep what transactions come to, cell by cell."""
        for turn in now:
            self.transactions += turn.before is None
            for line in turn.lines:
                gives, gets = (line["debit"], line["instrument"]), (line["credit"], line["instrument"])
                if turn.took_effect:
                    self.earned[gives] -= line["quantity"]
                    self.earned[gets] += line["quantity"]

    def _deliver(self, done: Done) -> None:
        """Keep what the clearing house moved: it has no transactions, and is judged beside the markets."""
        if done.entry.command in (*BY_HOUSE, DELIVER_FAILED):
            for _, record in done.moves:
                if record.op in RECEIVES:
                    self.earned[record.debit, record.instrument] -= record.amount
                    self.earned[record.credit, record.instrument] += record.amount

    def _hold(self, stand: claims.Standing) -> None:
        """Keep what claims hold, cell by cell."""
        for claim in stand.claims:
            self.waiting[claim.cell] += claim.gained


def _accepted(entry: Entry, records: Sequence[Row]) -> list[tuple[int, Record]]:
    """The records that took effect, by their place in the entry."""
    coded = zip(records, entry.results, strict=True)
    return [(i, Record(*record)) for i, (record, code) in enumerate(coded) if not code]


def _each_once(found: Sequence[Finding]) -> list[Finding]:
    """Two lines with one fault say it once."""
    return list({(f.what.code, str(f.what), f.accounts): f for f in found}.values())
