"""What authorities and the registry decide by two people, beside the chains: each in their own name.

Objections to allocations and to settlement days, shortfalls, deductions, corrections, notices of carry-over,
decisions to withhold, inquiries, and the tables that provinces upload against a sealed letter. One row tells
the whole course of each; it is judged by how it changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tanshu.audit.business import checks
from tanshu.audit.business.enrolment import Key, touched
from tanshu.audit.business.entries import Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.report import Finding
from tanshu.book.rows import Change
from tanshu.registry.types import InstrumentKind

UPLOAD, LETTER = "allocation_upload", "sealed_letter"
SETTLED = "clearing_objection"
"""Objections to a settlement day."""
SHORT = "shortfall"
EXPLAINED = "clearing_explained"
"""Differences between book and bank whose cause lies outside of the house."""


class TwoHands(NamedTuple):
    """A table whose rows count by a second person's word.

    second: the column that says so, with their name (or that it was given: a truth value); first: who acted
    before; counts: does a row claim to count; later: the columns that may still change after that.
    """

    second: str
    first: tuple[str, ...]
    counts: Callable[[Row], bool]
    later: frozenset[str] = frozenset()


def _state(*states: str) -> Callable[[Row], bool]:
    return lambda row: row["state"] in states


def _never(_row: Row) -> bool:
    return False  # it says so by the second person's name alone


_ANSWER = frozenset({"state", "year", "number", "answered_by", "answered_seq", "answer_sha256"})
_DECIDED = ("upheld", "dismissed", "corrected")
_CORRECTED = frozenset({"state", "correction_id", "corrected_seq"})
_BINDING = ("confirmed", "cured", "covered", "recovering", "recovered")
_AFTER_BINDING = frozenset(
    {"state", "cured", "covered", "recovered", "withdrawn_by", "withdrawn_why", "ended_seq"}
)
_AFTER_EXPLAINING = frozenset(
    {
        *("state", "comment", "ending_by", "ending_seq", "ending_reason"),
        *("ended_by", "ended_seq", "ended_on", "ended_reference"),
    }
)
_EXPLAINED_NEXT = {
    "asked": ("asked", "declined", "granted"),
    "granted": ("granted", "ending"),
    "ending": ("granted", "ended"),
    "declined": (),
    "ended": (),
}
TABLES: Mapping[str, TwoHands] = {
    "objection": TwoHands("confirmed_by", ("decided_by",), _state("upheld", "dismissed")),
    "deduction": TwoHands("confirmed_by", ("maker",), _never),
    "allocation_adjustment": TwoHands("confirmed", ("maker",), _never),
    "carry_over_notice": TwoHands("confirmed_by", ("maker",), _never),
    "withholding": TwoHands("confirmed_by", ("maker",), lambda row: bool(row["in_force"])),
    "inquiry": TwoHands("decided_by", ("requested_by",), _state("approved", "refused", "answered"), _ANSWER),
    UPLOAD: TwoHands("compared_by", (), _state("accepted", "returned"), frozenset({"loaded"})),
    SETTLED: TwoHands("confirmed_by", ("decided_by",), _state(*_DECIDED), _CORRECTED),
    EXPLAINED: TwoHands("granted_by", ("asked_by",), _state("granted", "ending", "ended"), _AFTER_EXPLAINING),
    SHORT: TwoHands("confirmed_by", ("noticed_by",), _state(*_BINDING), _AFTER_BINDING),
}
NAMES: Mapping[str, tuple[str, ...]] = {
    "objection": ("filed_by", "decided_by", "confirmed_by"),
    "deduction": ("maker", "confirmed_by"),
    "allocation_adjustment": ("maker",),
    "carry_over_notice": ("maker", "confirmed_by"),
    "withholding": ("maker", "confirmed_by"),
    "inquiry": ("requested_by", "decided_by", "answered_by"),
    "inquiry_reading": ("person",),
    "notice": ("served_by",),
    "penalty_decision": ("person",),
    UPLOAD: ("maker", "compared_by"),
    LETTER: ("maker",),
    SETTLED: ("filed_by", "decided_by", "confirmed_by"),
    EXPLAINED: ("asked_by", "granted_by", "ending_by", "ended_by"),
    SHORT: ("noticed_by", "confirmed_by", "withdrawn_by"),
    "clearing_unwinding": ("asked_by", "decided_by"),
    "bank_instruction": ("by_hand",),
}
"""Columns that hold who acted: the sender of the entry, whoever else is named."""

Before = Mapping[tuple[str, Key], Row | None]


def before(facts: Facts, changes: Sequence[Change]) -> Before:
    """Remember the rows that these changes are about to touch."""
    tables = {change.table for change in changes} & TABLES.keys()
    return {
        (table, key): facts.one(table, *key)
        for table in sorted(tables)
        for key in touched(facts, changes, table)
    }


def judge(was: Before, facts: Facts, done: Done) -> Iterator[Finding]:
    """was: before the entry; facts: after it."""
    yield from _in_own_name(done)
    for (table, key), row in was.items():
        now = facts.one(table, *key)
        well = _is_withdrawn_well(table, row, now, done) and _is_corrected_well(facts, table, now)
        if not (_is_in_order(TABLES[table], row, now, done) and well):
            yield done.find(checks.DECIDED_ALONE, table=table, id=" ".join(map(str, key)))
        if table == EXPLAINED and not _is_explained_well(facts, row, now, done):
            yield done.find(checks.DECIDED_ALONE, table=table, id=" ".join(map(str, key)))
        if table == UPLOAD and now is not None and not _is_sealed(facts, now, done):
            yield done.find(checks.NOT_SEALED, upload=now["id"])


def _in_own_name(done: Done) -> Iterator[Finding]:
    for change in done.changes:
        for column in NAMES.get(change.table, ()):
            person = change.values.get(column)
            if person not in (None, done.entry.actor):
                told = {"table": change.table, "column": column, "person": person}
                yield done.find(checks.OTHERS_NAME, actor=done.entry.actor, **told)


def _is_in_order(hands: TwoHands, row: Row | None, now: Row | None, done: Done) -> bool:
    """Was a word given here that was due, by somebody new; and does what had one stay as it was?"""
    if row is not None and row[hands.second]:
        if now is None or (now != row and row.get("state") in ("refused", "returned")):
            return False
        return all(now[name] == row[name] for name in row.keys() - hands.later)
    if now is None:
        return True
    if not now[hands.second]:
        return not hands.counts(now)
    if row is None:
        return False  # in one entry with what it is about
    # Whoever acts first in the same entry is no other person either.
    return done.entry.actor not in {one[name] for one in (row, now) for name in hands.first}


def _is_withdrawn_well(table: str, row: Row | None, now: Row | None, done: Done) -> bool:
    """A shortfall that is withdrawn was stated before, by somebody else, and nothing of it was covered."""
    if table != SHORT or now is None or now["state"] != "withdrawn":
        return True
    if row is None or now["withdrawn_by"] is None:
        return False
    return row == now or (now["noticed_by"] != done.entry.actor and not now["covered"])


def _is_corrected_well(facts: Facts, table: str, now: Row | None) -> bool:
    """What corrects a settlement moves the tonnes and fen that two people decided."""
    if table != SETTLED or now is None or now["correction_id"] is None:
        return True
    moved = {True: 0, False: 0}
    for line in facts.some("transaction_line", transaction_id=now["correction_id"]):
        instrument = facts.one("instrument", line["instrument"])
        moved[instrument is not None and instrument["kind"] == InstrumentKind.CASH] += line["quantity"]
    return (moved[False], moved[True]) == (now["quantity"], now["amount"])


def _is_explained_well(facts: Facts, row: Row | None, now: Row | None, done: Done) -> bool:
    """Does it take its next step; is it granted by nobody who ran the day, and ended by nobody who asked?"""
    if row is None or now is None:
        return now is not None and now["state"] == "asked"
    if now["state"] not in _EXPLAINED_NEXT[row["state"]]:
        return False
    day = facts.one("clearing_day", now["day"])
    if now["state"] == "granted" and day is not None and day["collected_by"] == done.entry.actor:
        return False
    ended = now["state"] == "ended"
    return ended == (now["ended_by"] is not None) and not (ended and now["ending_by"] == done.entry.actor)


def _is_sealed(facts: Facts, upload: Row, done: Done) -> bool:
    """An accepted table is, to the tonne and the byte, what a letter says that somebody else keyed."""
    if upload["state"] != "accepted":
        return not upload["loaded"]
    letter = facts.one(LETTER, upload["letter_id"])
    same = ("region", "year", "stage", "entities", "total_t", "sha256")
    if letter is None or any(letter[name] != upload[name] for name in same):
        return False
    return letter["maker"] != upload["compared_by"] and letter["seq"] < done.seq and not upload["errors"]
