"""Trades that failed: delivered later, each as a whole and once, or given up by two people.

Told by the book alone. Whose a trade was, and which fees go with it, is in its market's log; here every chain
of records is laid beside the trade that it is told to deliver: its tonnes one way, its fen the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tanshu.audit.business.enrolment import Key, touched
from tanshu.audit.business.entries import RECEIVES, Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.business.verbs import DELIVER_FAILED, UNWIND
from tanshu.audit.clearing import checks
from tanshu.audit.report import Finding
from tanshu.book.records import LINKED
from tanshu.book.reference import Record
from tanshu.book.rows import Change
from tanshu.registry.types import TYPES

FAILS, UNWINDING = "clearing_fail", "clearing_unwinding"
WAITING, DELIVERED, UNWOUND = "waiting", "delivered", "unwound"
_TAG, _FEE = (TYPES[code].number for code in ("trade-settlement", "settlement-fee"))

Before = Mapping[Key, Row | None]


def before(facts: Facts, changes: Sequence[Change]) -> Before:
    """The failed trades that these changes touch, as they stand."""
    return {key: facts.one(FAILS, *key) for key in touched(facts, changes, FAILS)}


def judge(was: Before, facts: Facts, done: Done) -> Iterator[Finding]:
    """was: before the entry; facts: after it."""
    ended: list[Row] = []
    for key, row in sorted(was.items()):
        now = facts.one(FAILS, *key)
        if now is None or now["state"] == (row["state"] if row else WAITING):
            continue
        due = {DELIVER_FAILED: DELIVERED, UNWIND: UNWOUND}.get(done.entry.command)
        if row is None or row["state"] != WAITING or now["state"] != due or now["ended_seq"] != done.seq:
            yield _found(done, now, "state")
        ended.append(now)
    if done.entry.command == DELIVER_FAILED:
        yield from _in_time(facts, done)
        yield from _delivered(facts, done, ended)
    for row in ended if done.entry.command == UNWIND else ():
        if not _is_granted(facts, done, row):
            yield _found(done, row, "unwinding")


def is_in_order(facts: Facts, done: Done, was: Row | None, row: Row) -> bool:
    """May a session's claim shrink: does this entry end what it was kept for?"""
    if done.entry.command not in (DELIVER_FAILED, UNWIND) or was is None:
        return False
    ended = facts.some(FAILS, ended_seq=done.seq)
    return any(row["root_id"] == _session(facts, one) for one in ended)


# -- steps -------------------------------------------------------------------------------------------------


def _in_time(facts: Facts, done: Done) -> Iterator[Finding]:
    """Within the newest settlement day, reviewed twice, before the first block of its own."""
    newest = max(facts.some("clearing_day"), key=lambda row: row["day"], default=None)
    told = {"command": done.entry.command, "day": newest["day"] if newest else "-"}
    state = newest["state"] if newest else "-"
    begun = bool(newest and facts.some("clearing_block", day=newest["day"]))
    if state not in ("approved", "delivered") or begun:
        yield done.find(checks.STEP, **told, before=state, after=state)


def _delivered(facts: Facts, done: Done, ended: Sequence[Row]) -> Iterator[Finding]:
    """The k-th chain is the k-th trade; nothing else is delivered, and fees are taken of its parties."""
    moves = [record for _, record in done.moves if record.op in RECEIVES]
    chains = _chains([record for record in moves if record.tag == _TAG])
    people: set[str] = set()
    for n, row in enumerate(ended):
        chain = chains[n] if n < len(chains) else []
        if not _is_whole(facts, row, chain):
            yield _found(done, row, "chain")
        people |= {_owner(facts, record.debit) for record in chain}
    strange = [one for one in moves if one.tag == _FEE and _owner(facts, one.debit) not in people]
    if len(chains) > len(ended) or strange:
        told = {"day": done.day, "trade": "-", "what": "records"}
        yield done.find(checks.FAIL, book=done.seq, **told)


def _chains(records: Sequence[Record]) -> list[list[Record]]:
    found: list[list[Record]] = []
    is_open = False
    for record in records:
        if not is_open:
            found.append([])
        found[-1].append(record)
        is_open = bool(record.flags & LINKED)
    return found


def _is_whole(facts: Facts, row: Row, chain: Sequence[Record]) -> bool:
    """Its tonnes from one subject to another, its fen the other way, between the same two."""
    market = facts.one("market", row["log"])
    money = market["currency"] if market else -1
    sums = {True: 0, False: 0}
    sides: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for record in chain:
        is_money = record.instrument == money
        sums[is_money] += record.amount
        sides[is_money].add((_owner(facts, record.debit), _owner(facts, record.credit)))
    seller_first = {(taker, giver) for giver, taker in sides[True]}
    one_pair = len(sides[False]) == 1 and sides[False] == seller_first
    return one_pair and (sums[False], sums[True]) == (row["quantity"], row["amount"])


def _is_granted(facts: Facts, done: Done, row: Row) -> bool:
    """Somebody else asked before."""
    asked = facts.one(UNWINDING, row["day"], row["log"], row["trade"])
    if asked is None or asked["state"] != "granted" or asked["asked_seq"] >= done.seq:
        return False
    return asked["decided_seq"] == done.seq and asked["asked_by"] != asked["decided_by"] == done.entry.actor


def _session(facts: Facts, row: Row) -> str:
    market = facts.one("market", row["log"])
    return f"{market['name'] if market else ''} {row['day'].isoformat()}"


def _owner(facts: Facts, number: int) -> str:
    account = facts.account(number)
    return account.subject if account else ""


def _found(done: Done, row: Row, what: str) -> Finding:
    told = {"day": row["day"], "trade": row["trade"], "what": what}
    return done.find(checks.FAIL, row["account"], book=done.seq, **told)
