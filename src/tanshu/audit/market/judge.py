"""The judge of one market's log: each entry by itself, by the engine replayed, and by a ledger of its own.

Once the log itself is wrong, neither is carried on; later entries are still judged by themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from tanshu.audit import rows
from tanshu.audit.judge import in_itself
from tanshu.audit.market import checks
from tanshu.audit.market.delivery import Clearing
from tanshu.audit.market.ledger import Flaw, Ledger
from tanshu.audit.report import Finding
from tanshu.audit.rows import Stored
from tanshu.base.refusal import Refusal, RefusalKind, Refused
from tanshu.book.replay import Tail
from tanshu.book.snapshots import SNAPSHOT
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import FIRST_OUT, Op, Row, decode
from tanshu.exchange.engine.state import (
    BOUGHT,
    FEES,
    FREE,
    HELD,
    INSTRUMENTS,
    OWN,
    PARTIES,
    PROCEEDS,
    SOLD,
)
from tanshu.exchange.joined import is_of_book
from tanshu.exchange.market import follow
from tanshu.log.entry import Entry

BY_OPERATORS = frozenset(
    {
        Op.ORDER,
        Op.CANCEL,
        Op.AMEND,
        Op.OFFER,
        Op.TAKE,
        Op.QUOTE,
        Op.COUNTER,
        Op.CONFIRM,
        Op.DECLINE,
        Op.BID,
    }
)
"""Records that carry an operator's code."""
_FAILURES = (Refused, AssertionError, ValueError, IndexError, KeyError, OverflowError, TypeError)
"""What the engine can run into over records that nobody can have been answered."""


class MarketJudge:
    """Where the judgement of one market stands.

    people: operator's code → person, as the book told. delivered: trade of the day → the transaction that
    settles it, or the block that delivers it. clearing: how far the house is with the day, once it took it
    over. state_hash: the engine's at the newest close. trades: told so far. by_itself: the book cannot be
    followed, so nobody knows what it would have said.
    """

    def __init__(self, log: int, name: str):
        self.log, self.name = log, name
        self.tail = Tail()
        self.engine = Engine()
        self.ledger = Ledger()
        self.people: dict[int, str] = {}
        self.delivered: dict[int, str] = {}
        self.clearing: Clearing | None = None
        self.state_hash = ""
        self.sound = True
        self.by_itself = False
        self.entries = self.records = self.trades = 0

    def advance(self, conn: Connection, upto: int | None = None, *, joined: bool = False) -> list[Finding]:
        """Judge the entries up to `upto`, which a command of the book has joined; None: all there are."""
        found: list[Finding] = []
        kept = _kept(conn, self.log, self.tail.seq)
        for chunk in rows.chunks(conn, self.log, self.tail.seq, upto):
            for stored in chunk:
                found += self.look_at(stored, joined=joined and stored.seq == upto)
                if self.sound and self.tail.seq in kept and kept[self.tail.seq] != self.hash:
                    found.append(self.find(self.tail.seq, checks.KEPT, stands=True))
        return found

    @property
    def hash(self) -> bytes:
        """The engine's state hash."""
        return bytes.fromhex(self.engine.state_hash())

    def look_at(self, stored: Stored, *, joined: bool) -> list[Finding]:
        """Take the next row of the log in; everything that is wrong with it."""
        self.entries += 1
        before = self.tail.copy()
        self.tail, flaws = in_itself(stored, before)
        found = [self.find(seq, kind, **facts) for seq, kind, facts in flaws]
        if found:
            self.sound = False
        if not self.sound or stored.entry is None:
            return found
        return [
            self.find(stored.entry.seq, kind, **facts)
            for kind, facts in self._in_effect(stored, before, joined=joined)
        ]

    def differences(self) -> list[Finding]:
        """Where the engine and the ledger disagree over what somebody has."""
        if not self.sound:
            return []
        apart = _apart(self.engine, self.ledger)
        return [self.find(self.tail.seq, checks.BALANCE, stands=True, **facts) for facts in apart]

    def find(self, seq: int, kind: RefusalKind, /, *, stands: bool = False, **facts: object) -> Finding:
        """A finding that concerns an entry of this log."""
        return Finding(seq, Refusal(kind, None, {"seq": seq, **facts}), stands=stands, log=self.log)

    # -- one entry -----------------------------------------------------------------------------------------

    def _in_effect(self, stored: Stored, before: Tail, *, joined: bool) -> Iterator[Flaw]:
        """Replay a sound entry, count it, and ask who asked for it."""
        entry = stored.entry
        assert entry
        records: list[Row] = decode(entry.records).tolist()
        accepted = [
            r for r, code in zip(records, entry.results, strict=True) if r[0] < FIRST_OUT and not code
        ]
        try:
            follow(self.engine, before, entry)
        except _FAILURES as failed:
            self.sound = False
            yield checks.REPLAY, {"why": _why(failed)}
            return
        self.records += len(records)
        if stored.rows:
            yield checks.ROWS, {}
        if not self.by_itself:
            if not joined and is_of_book(decode(entry.records)):
                yield checks.ALONE, {"command": entry.command}
            yield from self._named(entry, accepted)
            if any(r[0] == Op.DAY for r in accepted):
                yield from self._new_day()
        self.trades += sum(r[0] == Op.TRADE for r in records)
        try:
            yield from self.ledger.look_at(records, entry.results)
        except _FAILURES as failed:
            yield checks.REPLAY, {"why": _why(failed)}
        if any(r[0] == Op.CLOSE_DAY for r in accepted):
            yield from self._day_closed(stored.answer)

    def _named(self, entry: Entry, accepted: list[Row]) -> Iterator[Flaw]:
        """Did whoever asked use a code of their own?"""
        used = {r[10] for r in accepted if r[0] in BY_OPERATORS}
        for code in sorted(used):
            if self.people.get(code) != entry.actor:
                yield checks.NAME, {"actor": entry.actor, "operator": code}

    def _new_day(self) -> Iterator[Flaw]:
        """Before a day begins, every trade of the one before has its settlement."""
        left = [trade.number for trade in self.ledger.trades if trade.number not in self.delivered]
        if left:
            yield checks.UNDELIVERED, {"day": self.ledger.day, "trades": left[:10]}
        self.delivered.clear()
        self.clearing = None

    def _day_closed(self, answer: bytes) -> Iterator[Flaw]:
        """The close states the engine's hash; and the two agree over everybody."""
        self.state_hash = self.engine.state_hash()
        found = json.loads(answer).get("state_hash")
        if found != self.state_hash:
            yield checks.REPLAY, {"why": f"state hash {found}, not {self.state_hash}"}
        for facts in _apart(self.engine, self.ledger):
            yield checks.BALANCE, facts


def _apart(engine: Engine, ledger: Ledger) -> Iterator[Mapping[str, Any]]:
    """Every cell of every participant: the engine's arrays against the ledger's sums."""
    a = engine.arrays
    for party in range(1, int(a.day[PARTIES]) + 1):
        money = ledger.money.get(party)
        expected = (0, 0, 0)
        if money:
            own = money.came - money.went - money.paid - money.buyer_fees
            expected = (own, money.earned - money.seller_fees, money.buyer_fees + money.seller_fees)
        found = tuple(int(a.cash[party, n]) for n in (OWN, PROCEEDS, FEES))
        if found != expected:
            yield {"party": party, "what": "cash", "expected": expected, "found": found}
        if int(a.cash[party, FREE] + a.cash[party, HELD]) != found[0] + found[1]:
            yield {
                "party": party,
                "what": "cash",
                "expected": found[0] + found[1],
                "found": int(a.cash[party, FREE] + a.cash[party, HELD]),
            }
    units = a.units[: int(a.day[INSTRUMENTS]) + 1, : int(a.day[PARTIES]) + 1]
    there = {(int(p), int(i)) for i, p in np.argwhere(units.any(axis=2))}
    for party, instrument in sorted(there | set(ledger.units)):
        one = ledger.units.get((party, instrument))
        expected = (one.came - one.went - one.sold + one.bought, one.sold) if one else (0, 0)
        mine = units[instrument, party]
        found = (int(mine[FREE] + mine[HELD] + mine[BOUGHT]), int(mine[SOLD]))
        if found != expected:
            yield {"party": party, "what": f"units {instrument}", "expected": expected, "found": found}


def _kept(conn: Connection, log: int, after: int) -> dict[int, bytes]:
    """The digests of the engines that were kept, by entry."""
    query = select(SNAPSHOT.c.seq, SNAPSHOT.c.digest).where(SNAPSHOT.c.log == log, SNAPSHOT.c.seq > after)
    return {row.seq: bytes(row.digest) for row in conn.execute(query)}


def _why(failed: Exception) -> str:
    if isinstance(failed, Refused):
        return str(failed.refusal.facts.get("why", failed))
    return f"{type(failed).__name__}: {failed}"
