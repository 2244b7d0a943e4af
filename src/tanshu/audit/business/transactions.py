"""Transactions and the records that carry them out: every movement follows from a line, every line is moved.

What a transaction does to the book is worked out here a second time, from its lines and from how it changed
in this entry, and laid beside the entry's records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from tanshu.audit.business import checks, sides, steps, substance
from tanshu.audit.business.claims import ENDED, Standing
from tanshu.audit.business.enrolment import touched
from tanshu.audit.business.entries import RECEIVES, Done, accounts_of
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.business.sides import Movement
from tanshu.audit.business.verbs import BATCH, CHAINED, CHANGING, DELIVER, DELIVER_FAILED, EFFECT
from tanshu.audit.report import Finding
from tanshu.book.records import LINKED, AccountFlag, Op
from tanshu.book.reference import Record
from tanshu.book.rows import INSERT, UPDATE, Change
from tanshu.parties.model import ACCOUNT_TYPES, AccountKind
from tanshu.registry.types import BY_NUMBER, TYPES, Effect, TransactionType, Whose

TRANSACTION, LINE, STEP = "registry_transaction", "transaction_line", "transaction_step"
PENDING, EFFECTED, DROPPED = "pending", "effected", ("rejected", "withdrawn", "expired")
HOUSE_TAGS: Mapping[str, frozenset[int]] = {
    DELIVER: frozenset({TYPES["trade-settlement"].number}),
    DELIVER_FAILED: frozenset(TYPES[code].number for code in ("trade-settlement", "settlement-fee")),
    EFFECT: frozenset(TYPES[code].number for code in ("settlement-fee", "bank-position")),
}
"""The clearing house's commands that move something, and under which types."""
_BESIDE = ("allocation", "offset_claim", "data_lock", "successor")
"""What a transaction changes in the rooms that own it."""


class Turn(NamedTuple):
    """A transaction before and after the entry (before is None when it was proposed here), with its lines."""

    before: Row | None
    after: Row
    lines: Sequence[Row]

    @property
    def kind(self) -> TransactionType | None:
        return TYPES.get(self.after["type"])

    @property
    def accounts(self) -> tuple[int, ...]:
        """Every account that it names, each once."""
        named = [line[side] for line in self.lines for side in ("debit", "credit")]
        return tuple(dict.fromkeys(named))

    @property
    def state_before(self) -> str | None:
        return self.before["state"] if self.before else None

    @property
    def took_effect(self) -> bool:
        return self.after["state"] == EFFECTED and self.state_before != EFFECTED

    @property
    def was_dropped(self) -> bool:
        return self.after["state"] in DROPPED and self.state_before == PENDING


class Expected(NamedTuple):
    """A record that a line demands; link: to the next one of its transaction. line counts from 0."""

    op: Op
    line: int
    debit: int
    credit: int
    instrument: int
    amount: int
    hold: int
    linked: bool

    def fits(self, record: Record, tag: int) -> bool:
        wanted = (self.op, self.debit, self.credit, self.instrument, self.amount, self.hold, tag)
        r = record
        return wanted == (r.op, r.debit, r.credit, r.instrument, r.amount, r.hold, r.tag)


def before(facts: Facts, changes: Sequence[Change]) -> dict[str, Row | None]:
    """The transactions that these changes are about to touch, as they stand: the id of each, in order."""
    ids: dict[str, None] = dict.fromkeys(id for (id,) in touched(facts, changes, TRANSACTION))
    for change in changes:
        if change.table in (LINE, STEP) and change.kind == INSERT:
            ids[change.values["transaction_id"]] = None
    for table in (LINE, STEP):
        others = [change for change in changes if change.table == table and change.kind != INSERT]
        ids |= dict.fromkeys(key[0] for key in touched(facts, others, table))
    return {id: facts.one(TRANSACTION, id) for id in ids}


def turns(was: dict[str, Row | None], facts: Facts) -> list[Turn]:
    """The same transactions after the entry."""
    found: list[Turn] = []
    for id, row in was.items():
        after = facts.one(TRANSACTION, id)
        if after is not None:
            found.append(Turn(row, after, facts.some(LINE, transaction_id=id)))
    return found


def judge(
    was: dict[str, Row | None], now: Sequence[Turn], stand: Standing, facts: Facts, done: Done
) -> Iterator[Finding]:
    """Everything in which the transactions of an entry, and its movements, are not as the rules want them."""
    yield from _rewritten(was, facts, done)
    if done.entry.command in CHAINED:
        yield from _beside(now, done)
    for turn in now:
        kind = turn.kind
        if kind is None:
            told = {"transaction": turn.after["id"], "type": turn.after["type"]}
            yield done.find(checks.TYPE_UNKNOWN, *turn.accounts, **told)
        else:
            yield from _turn(stand, facts, done, turn, kind)
    yield from _movements(now, stand, facts, done)
    yield from sides.sinks(facts, done)


# -- what is recorded of a transaction ---------------------------------------------------------------------


def _rewritten(was: dict[str, Row | None], facts: Facts, done: Done) -> Iterator[Finding]:
    """Of a transaction that waits only its state and the steps taken change; nothing else is written over."""
    for change in done.changes:
        if change.table not in (TRANSACTION, LINE, STEP) or _is_in_order(was, facts, change):
            continue
        id = change.where.get("id") or {**change.where, **change.values}.get("transaction_id")
        told = {"before": dict(change.where), "after": dict(change.values)}
        sides = [change.values[side] for side in ("debit", "credit") if side in change.values]
        yield done.find(checks.REWRITTEN, *sides, transaction=id or "-", **told)


def _beside(now: Sequence[Turn], done: Done) -> Iterator[Finding]:
    """What only a chain entitles to needs a transaction, and touches nothing that is not this one's."""
    if not now:
        told = {"command": done.entry.command, "person": done.entry.actor}
        yield done.find(checks.NOT_ENTITLED, **told)
    ids = {turn.after["id"] for turn in now}
    subjects = {turn.after["subject_id"] for turn in now}
    for change in done.changes:
        values = {**change.where, **change.values}
        strange = values.get("transaction_id") not in {None, *ids}
        about = {values[name] for name in ("subject_id", "successor_id") if name in values}
        strange |= bool(about) and not about & subjects
        if change.table in _BESIDE and strange:
            yield done.find(checks.WRITES, command=done.entry.command, table=change.table)


def _is_in_order(was: dict[str, Row | None], facts: Facts, change: Change) -> bool:
    """Is this how transactions, lines and steps come to be, and how a pending one changes?"""
    if change.kind == INSERT:
        id = change.values["id" if change.table == TRANSACTION else "transaction_id"]
        is_new = was.get(id) is None and facts.one(TRANSACTION, id) is not None
        return is_new or (change.table == STEP and was.get(id) is not None)
    return (
        change.kind == UPDATE
        and change.table == TRANSACTION
        and set(change.where) == {"id"}
        and change.where["id"] in was
        and not set(change.values) - CHANGING[TRANSACTION]
    )


def _turn(stand: Standing, facts: Facts, done: Done, turn: Turn, kind: TransactionType) -> Iterator[Finding]:
    row, accounts = turn.after, turn.accounts
    giver = facts.account(turn.lines[0]["debit"]) if turn.lines else None
    owner = giver.subject if giver else None
    if turn.before is None:
        yield from steps.proposed(facts, done, kind, row, accounts)
        yield from _is_held(stand, facts, done, turn, kind)
    elif turn.state_before != PENDING or row["state"] not in (PENDING, EFFECTED, *DROPPED):
        told = {"before": turn.state_before, "after": row["state"]}
        yield done.find(checks.REWRITTEN, *accounts, transaction=row["id"], **told)
    if (turn.before is None or turn.took_effect) and done.entry.command != BATCH:
        yield from substance.judge(facts, done, kind, row, turn.lines, accounts)
    if not turn.was_dropped:
        for line in turn.lines:
            yield from sides.judge(facts, done, kind, _movement(line, kind))
    yield from steps.taken(facts, done, row, owner, accounts)
    if turn.took_effect:
        yield from steps.complete(facts, done, row, accounts)
    if turn.was_dropped:
        yield from steps.dropped(facts, done, row, owner, accounts)
    if row["state"] != PENDING and (row["ended_seq"], row["ended_ns"]) != (done.seq, done.entry.time_ns):
        told = {"before": row["ended_seq"], "after": done.seq}
        yield done.find(checks.REWRITTEN, *accounts, transaction=row["id"], **told)


def _is_held(
    stand: Standing, facts: Facts, done: Done, turn: Turn, kind: TransactionType
) -> Iterator[Finding]:
    """Units of a type that holds them are held while it waits, each line's by a claim; and only then.

    What a source gives is nowhere before, and is not held.
    """
    waits = kind.held and turn.after["state"] == PENDING
    by_line = {
        claim.after["line"]: claim.after
        for claim in stand.claims
        if claim.after["transaction_id"] == turn.after["id"] and claim.before is None
    }
    for line in turn.lines:
        claim, giver = by_line.get(line["n"]), facts.account(line["debit"])
        wanted = waits and not (giver and AccountFlag.OVERDRAFT in ACCOUNT_TYPES[giver.kind].flags)
        good = (claim is not None) == wanted or kind.effect is Effect.ENCUMBER
        if claim and wanted:
            cell = (claim["account"], claim["instrument"], claim["held"], claim["cls"])
            good = cell == (line["debit"], line["instrument"], line["quantity"], kind.claim)
        if not good or (line["hold"] is not None) != wanted:
            told = {"transaction": turn.after["id"], "type": kind.name}
            yield done.find(checks.NOT_HELD, *turn.accounts, **told)
            return


# -- lines and records -------------------------------------------------------------------------------------


def _movements(now: Sequence[Turn], stand: Standing, facts: Facts, done: Done) -> Iterator[Finding]:
    """Lay what transactions demand beside what the entry records. Holds and releases are the claims'."""
    left = _Left([move for move in done.moves if move[1].op in RECEIVES])
    passed: set[int] = set()
    for turn in now:
        kind = turn.kind
        if kind is None:
            continue
        if turn.was_dropped and _standing_of(facts, turn):
            yield done.find(checks.LINE_UNMOVED, *turn.accounts, transaction=turn.after["id"], line=1)
        last: int | None = None
        for wanted in _expected(turn, kind, stand, facts, done, passed):
            place, record = left.take(wanted, kind.number)
            if record is None:
                told = {"transaction": turn.after["id"], "line": wanted.line + 1}
                yield done.find(checks.LINE_UNMOVED, *turn.accounts, **told)
                continue
            if done.entry.command != BATCH and not _is_linked(wanted, record, place, last):
                yield done.find(checks.UNLINKED, *turn.accounts, transaction=turn.after["id"])
            last = place
    if done.entry.command in HOUSE_TAGS:
        yield from _by_house(facts, done, left.records())
        return
    for place, record in left.records():
        yield from _unexplained(facts, done, place, record)
    for place, record in done.moves:
        if record.op not in RECEIVES and record.tag not in BY_NUMBER:
            kind = checks.TAG if record.tag else checks.UNTAGGED
            told = {"tag": record.tag} if record.tag else {"amount": record.amount}
            yield done.find(kind, *accounts_of(record), record=place, **told)


def _by_house(facts: Facts, done: Done, moves: Sequence[tuple[int, Record]]) -> Iterator[Finding]:
    """What the clearing house moves has no transaction: it is laid beside the markets' logs. Its types say
    between whom it may pass; what is on its way through the house is between nobody."""
    seen: set[tuple[int, int, int, int]] = set()
    for place, record in moves:
        kind = BY_NUMBER.get(record.tag)
        if kind is None or record.tag not in HOUSE_TAGS[done.entry.command]:
            yield from _unexplained(facts, done, place, record)
            continue
        what = (record.tag, record.debit, record.credit, record.instrument)
        both = [facts.account(number) for number in (record.debit, record.credit)]
        if what not in seen and not any(one and one.kind is AccountKind.POOL for one in both):
            moved = Movement(record.debit, record.credit, record.instrument, record.amount)
            yield from sides.judge(facts, done, kind, moved)
        seen.add(what)


def _standing_of(facts: Facts, turn: Turn) -> bool:
    """Does a dropped transaction still claim something?"""
    theirs = facts.some("claim", transaction_id=turn.after["id"])
    return any(row["state"] != ENDED for row in theirs)


class _Left:
    """The movements of an entry that no line has claimed yet. Lines claim them in order, as a rule."""

    def __init__(self, moves: Sequence[tuple[int, Record]]):
        self._moves: list[tuple[int, Record] | None] = list(moves)
        self._next = 0

    def take(self, wanted: Expected, tag: int) -> tuple[int, Record | None]:
        """The first movement that fits, from the last one taken on, else from the beginning; (−1, None)."""
        for at in chain(range(self._next, len(self._moves)), range(self._next)):
            move = self._moves[at]
            if move is not None and wanted.fits(move[1], tag):
                self._moves[at], self._next = None, at + 1
                return move
        return -1, None

    def records(self) -> list[tuple[int, Record]]:
        return [move for move in self._moves if move is not None]


def _is_linked(wanted: Expected, record: Record, place: int, last: int | None) -> bool:
    """A transaction's records stand one after the other and succeed or fail together."""
    return (last is None or last == place - 1) and bool(record.flags & LINKED) == wanted.linked


def _unexplained(facts: Facts, done: Done, place: int, record: Record) -> Iterator[Finding]:
    """A movement that no line asked for: still judged by the type it claims."""
    accounts = accounts_of(record)
    if not record.tag:
        yield done.find(checks.UNTAGGED, *accounts, record=place, amount=record.amount)
        return
    kind = BY_NUMBER.get(record.tag)
    if kind is None:
        yield done.find(checks.TAG, *accounts, record=place, tag=record.tag)
        return
    yield done.find(checks.OUTSIDE, *accounts, record=place, type=kind.name, amount=record.amount)
    if record.op == Op.CAPTURE:
        yield done.find(checks.OTHER_HOLD, *accounts, record=place, hold=record.hold)
    moved = Movement(record.debit, record.credit, record.instrument, record.amount)
    yield from sides.judge(facts, done, kind, moved)


def _expected(
    turn: Turn, kind: TransactionType, stand: Standing, facts: Facts, done: Done, passed: set[int]
) -> Iterator[Expected]:
    """The records that a transaction in effect demands, in the order of its lines.

    passed: the holds by which units were given back, for the lines of this entry so far; it grows.
    """
    if not turn.took_effect or kind.effect.stays:
        return
    wanted: list[tuple[Op, int, Row, int, int]] = []
    for n, line in enumerate(turn.lines):
        portions = list(_portions(turn, kind, line, stand, facts)) or list(_passing(kind, line, done, passed))
        if sum(amount for _, amount in portions) == line["quantity"]:
            wanted += [(Op.CAPTURE, n, line, hold, amount) for hold, amount in portions]
        elif line["hold"] is not None or kind.effect is Effect.DELIVER:
            wanted.append((Op.CAPTURE, n, line, line["hold"] or 0, line["quantity"]))
        else:
            wanted.append((Op.TRANSFER, n, line, 0, line["quantity"]))
    opens_a_sink = kind.whose is Whose.ORIGINAL
    for at, (op, n, line, hold, amount) in enumerate(wanted):
        linked = at < len(wanted) - 1 or (opens_a_sink and _is_sink(facts, line["debit"]))
        yield Expected(op, n, line["debit"], line["credit"], line["instrument"], amount, hold, linked)


def _portions(
    turn: Turn, kind: TransactionType, line: Row, stand: Standing, facts: Facts
) -> Iterator[tuple[int, int]]:
    """The holds that a line uses up, and by how much: its own claim's or its original's; newest first."""
    column, id = "transaction_id", turn.after["id"]
    if kind.effect is Effect.DELIVER:
        column, id = "root_id", turn.after["original_id"]
    cell = (line["debit"], line["instrument"])
    for claim in facts.some("claim", **{column: id}):
        own = kind.effect is Effect.DELIVER or claim["line"] == line["n"]
        if own and (claim["account"], claim["instrument"]) == cell:
            for hold in reversed(facts.some("claim_hold", claim_id=claim["id"])):
                if hold["position"] in stand.used:
                    yield hold["position"], stand.used[hold["position"]]


def _passing(kind: TransactionType, line: Row, done: Done, passed: set[int]) -> Iterator[tuple[int, int]]:
    """The hold, made in this very entry, by which exactly the units that came are given back: each once."""
    if kind.whose is not Whose.ORIGINAL:
        return
    here = {done.name(place) for place, record in done.moves if record.op == Op.HOLD}
    for _, r in done.moves:
        sides = (r.debit, r.credit, r.instrument, r.amount)
        wanted = (line["debit"], line["credit"], line["instrument"], line["quantity"])
        if r.op == Op.CAPTURE and r.hold in here - passed and sides == wanted:
            passed.add(r.hold)
            yield r.hold, r.amount
            return


def _is_sink(facts: Facts, number: int) -> bool:
    account = facts.account(number)
    return bool(account and ACCOUNT_TYPES[account.kind].flags & AccountFlag.NO_DEBIT)


def _movement(line: Row, kind: TransactionType) -> Movement:
    credit = None if kind.effect.stays else line["credit"]
    return Movement(line["debit"], credit, line["instrument"], line["quantity"])
