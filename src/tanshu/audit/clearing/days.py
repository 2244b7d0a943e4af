"""The steps of a settlement day: each once, in order, by people of whom none takes two parts; then it stands.

Told by the book alone. What the steps moved is judged beside the markets' logs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from tanshu.audit.business.enrolment import touched
from tanshu.audit.business.entries import Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.business.verbs import (
    APPROVE,
    CLEAR,
    COLLECT,
    CONFIRM,
    DELIVER,
    EFFECT,
    RECONCILE,
    REVIEW,
    SEAL,
    STATE,
)
from tanshu.audit.clearing import checks
from tanshu.audit.report import Finding
from tanshu.base.refusal import Refusal
from tanshu.book.rows import INSERT, Change
from tanshu.parties.model import AccountState
from tanshu.rules import packs

DAY = "clearing_day"
OF_A_DAY = (
    *(DAY, "clearing_market", "clearing_block", "clearing_fail", "clearing_break"),
    *("clearing_statement", "clearing_holding"),
)
"""Tables whose rows are a settlement day's."""
SEALED = "sealed"
AFTERWARDS = ("clearing_fail", frozenset({"state", "ended_seq"}))
"""What may still be told of a sealed day: that a trade which had failed was delivered after all, or never."""


class Step(NamedTuple):
    """One command's step. after: states from which it goes; to: states it leads to.

    columns: what it writes, of which `seq` names its entry and `person`, if any, its sender.
    """

    after: tuple[str, ...]
    to: tuple[str, ...]
    seq: str
    person: str = ""
    more: frozenset[str] = frozenset()


STEPS: Mapping[str, Step] = {
    CLEAR: Step(("collected",), ("cleared",), "cleared_seq"),
    CONFIRM: Step(("cleared",), ("confirmed",), "confirmed_seq", "confirmed_by"),
    REVIEW: Step(("confirmed",), ("reviewed",), "reviewed_seq", "reviewed_by"),
    APPROVE: Step(("reviewed",), ("approved", "delivered"), "approved_seq", "approved_by"),
    DELIVER: Step(("approved",), ("approved", "delivered"), "delivered_seq"),
    EFFECT: Step(("delivered",), ("effected",), "effected_seq"),
    RECONCILE: Step(
        ("effected",), ("effected", "reconciled"), "reconciled_seq", more=frozenset({"differences"})
    ),
    STATE: Step(("reconciled",), ("stated",), "stated_seq", more=frozenset({"statements_hash"})),
    SEAL: Step(("stated",), (SEALED,), "sealed_seq", more=frozenset({"log_seq", "log_hash", "state_hash"})),
}
_UNDONE = frozenset({"cleared_seq", "confirmed_by", "confirmed_seq", "reviewed_by", "reviewed_seq"})
"""What is taken back when a reviewer sends a day back to be cleared again."""
_PARTS = ("collected_by", "confirmed_by", "reviewed_by", "approved_by")

Before = Mapping[date, Row | None]


def before(facts: Facts, changes: Sequence[Change]) -> Before:
    """The settlement days that these changes touch, or whose rows they touch, as they stand."""
    days = {day for (day,) in touched(facts, changes, DAY)}
    for change in changes:
        day = {**change.where, **change.values}.get("day") if change.table in OF_A_DAY else None
        if isinstance(day, date):
            days.add(day)
    return {day: facts.one(DAY, day) for day in sorted(days)}


def judge(was: Before, facts: Facts, done: Done) -> Iterator[Finding]:
    """was: before the entry; facts: after it."""
    yield from _after_the_seal(was, done)
    yield from _by_the_pack(facts, done)
    yield from _stopped(facts, done)
    for day, row in was.items():
        now = facts.one(DAY, day)
        if now is None or now == row:
            if not _may_go(done, row):
                told = {"before": row["state"] if row else "-", "after": now["state"] if now else "-"}
                yield done.find(checks.STEP, command=done.entry.command, day=day, **told)
            continue
        yield from _still_due(facts, done, day)
        if not _is_next(facts, done, row, now):
            told = {"before": row["state"] if row else "-", "after": now["state"]}
            yield done.find(checks.STEP, command=done.entry.command, day=day, **told)
        yield from _by_others(done, row, now)
        if now["state"] == SEALED and (row is None or row["state"] != SEALED):
            for what in _untrue(facts, done, now):
                yield done.find(checks.SEAL, day=day, what=what)


def _after_the_seal(was: Before, done: Done) -> Iterator[Finding]:
    sealed = {day for day, row in was.items() if row is not None and row["state"] == SEALED}
    for change in done.changes if sealed else ():
        day = {**change.where, **change.values}.get("day")
        table, columns = AFTERWARDS
        late = change.table == table and bool(change.where) and set(change.values) <= columns
        if change.table in OF_A_DAY and day in sealed and not late:
            yield done.find(checks.SEALED, day=day, table=change.table)


def _by_the_pack(facts: Facts, done: Done) -> Iterator[Finding]:
    """A market is settled by the clearing pack of its own jurisdiction, as that one says."""
    for row in _inserted(done, "clearing_market"):
        market = facts.one("market", row["log"])
        pack = f"{market['pack'].split('.', 1)[0]}.clearing" if market else "-"
        rules = packs.load(pack, allow_draft=True)
        table = {} if isinstance(rules, Refusal) else rules.tables["settlement"].values
        models = {table.get("model"), *table.get("instruments", {}).values()}
        if row["pack"] != pack or row["model"] not in models:
            told = {"what": "pack, model", "found": (row["pack"], row["model"])}
            yield done.find(checks.TOTALS, book=done.seq, day=row["day"], **told, expected=pack)


def _stopped(facts: Facts, done: Done) -> Iterator[Finding]:
    """A trade is told to have failed over a stopped account only where somebody of it is stopped."""
    for row in _inserted(done, "clearing_fail"):
        account = facts.account(row["account"])
        theirs = facts.some("account", subject_id=account.subject) if account else []
        if row["why"] == "stopped" and all(one["state"] == AccountState.OPEN for one in theirs):
            told = {"day": row["day"], "trade": row["trade"], "what": "stopped"}
            yield done.find(checks.FAIL, row["account"], book=done.seq, **told)


def _still_due(facts: Facts, done: Done, day: date) -> Iterator[Finding]:
    """When a day is registered no market of the house owes anything of it any more."""
    here = facts.some("clearing_market", day=day) if done.entry.command == EFFECT else []
    for due in (due for one in here for due in facts.some("market_due", log=one["log"], day=day)):
        if due["left"]:
            account, what = facts.code(due["account"]), facts.instrument_code(due["instrument"])
            told = {"day": day, "account": account, "instrument": what, "left": due["left"]}
            yield done.find(checks.DUE, due["account"], book=done.seq, **told)


def _inserted(done: Done, table: str) -> Iterator[Row]:
    return (one.values for one in done.changes if (one.kind, one.table) == (INSERT, table))


# -- steps -------------------------------------------------------------------------------------------------


def _is_next(facts: Facts, done: Done, row: Row | None, now: Row) -> bool:
    """Is this what the command does to a day, and is nothing else of the row written?"""
    if row is None:
        return _is_begun(facts, done, now)
    step = STEPS.get(done.entry.command)
    if step is None or row["state"] not in step.after:
        return False
    changed = {name for name in row if now[name] != row[name]}
    if done.entry.command in (REVIEW, APPROVE) and now["state"] == "collected":
        undone = all(now[name] is None for name in _UNDONE)
        told = now["returned_seq"] == done.seq and bool(now["comment"].strip())
        return undone and told and changed <= _UNDONE | {"state", "comment", "returned_seq"}
    if now["state"] not in step.to:
        return False
    own = {step.seq, step.person} - {""}
    names_it = now[step.seq] == done.seq and (not step.person or now[step.person] == done.entry.actor)
    return names_it and changed <= own | step.more | {"state"} and _is_true(facts, done, now)


def _may_go(done: Done, row: Row | None) -> bool:
    """Does a step that leaves the day's own row as it is come in its turn?"""
    step = STEPS.get(done.entry.command)
    return step is None or (row is not None and row["state"] in step.after)


def _is_begun(facts: Facts, done: Done, now: Row) -> bool:
    """A day begins when all before it are sealed, and says nothing but who began it."""
    others = [one for one in facts.some(DAY) if one["day"] != now["day"]]
    good = done.entry.command == COLLECT and now["state"] == "collected" and now["day"] <= done.day
    good &= all(one["state"] == SEALED and one["day"] < now["day"] for one in others)
    good &= (now["collected_by"], now["collected_seq"]) == (done.entry.actor, done.seq)
    told = {"day", "state", "collected_by", "collected_seq", "comment"}
    return good and all(now[name] is None for name in now.keys() - told)


def _is_true(facts: Facts, done: Done, now: Row) -> bool:
    """What a step says of a day besides: as its other rows have it."""
    command, day = done.entry.command, now["day"]
    markets = facts.some("clearing_market", day=day)
    if command in (APPROVE, DELIVER):
        left = sum(one["trades"] - one["delivered"] - one["failed"] for one in markets)
        return (now["state"] == "delivered") == (left == 0)
    if command == EFFECT:
        days = [facts.one("market_day", one["log"], day) for one in markets]
        return all(one is not None and one["state"] == "settled" for one in days)
    if command == RECONCILE:
        told = sum(change.table == "clearing_break" for change in done.changes)
        return now["differences"] == told and (now["state"] == "reconciled") == (told == 0)
    return True


# -- people ------------------------------------------------------------------------------------------------


def _by_others(done: Done, row: Row | None, now: Row) -> Iterator[Finding]:
    """Whoever runs, confirms, reviews, approves a day is somebody else each time."""
    for name in _PARTS:
        if now[name] is None or (row is not None and row[name] == now[name]):
            continue
        others: Collection[str] = {now[part] for part in _PARTS if part != name} - {None}
        if now[name] in others or now[name] != done.entry.actor:
            yield done.find(checks.HANDS, person=now[name], day=now["day"])


# -- the seal ----------------------------------------------------------------------------------------------


def _untrue(facts: Facts, done: Done, now: Row) -> Iterator[str]:
    """What of a seal is not so: it speaks of the entry before its own, and of a day without differences."""
    if (now["log_seq"], now["log_hash"]) != (done.seq - 1, done.entry.prev_hash.hex()):
        yield "log"
    if now["differences"]:
        yield "differences"
    for one in facts.some("clearing_market", day=now["day"]):
        if one["delivered"] + one["failed"] != one["trades"]:
            yield "trades"
