"""All markets of a book: judged along its entries, so that both logs stand at one command when compared.

A command of the book and what it wrote to a market's log have keys that follow from one another. So each
entry of the book leads to those of the markets, and no entry that only the book can cause stands alone.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select

from tanshu.audit import checks as audit_checks
from tanshu.audit.business import Business
from tanshu.audit.business.joint import Joint, SessionCell, Settled
from tanshu.audit.business.verbs import EFFECT, STATE
from tanshu.audit.clearing.checks import BLOCK, STATEMENT, TOTALS, UNDELIVERED
from tanshu.audit.market import amounts, checks
from tanshu.audit.market.delivery import Clearing, Places, block
from tanshu.audit.market.judge import MarketJudge
from tanshu.audit.report import Finding, MarketFacts
from tanshu.base.refusal import Refusal, RefusalKind
from tanshu.book.rows import DELETE, INSERT, UPDATE, Change
from tanshu.clearing.statements.tables import CLEARING_STATEMENT
from tanshu.clearing.tables import CLEARING_BLOCK, CLEARING_DAY, CLEARING_FAIL, CLEARING_MARKET
from tanshu.exchange.bridge.tables import MARKET_DELIVERY, MARKET_DUE
from tanshu.exchange.bridge.trades import MODE_WORD
from tanshu.exchange.engine.records import Mode
from tanshu.exchange.joined import key_of
from tanshu.exchange.market import FIRST_LOG
from tanshu.exchange.tables import MARKET, MARKET_DAY, MARKET_INSTRUMENT, MARKET_OPERATOR, MARKET_PARTY
from tanshu.log import store
from tanshu.log.store import LOG_ENTRY

_AT_ONCE = 400
"""Keys looked up together."""
_BY_KEY = select(LOG_ENTRY.c.key, LOG_ENTRY.c.log, LOG_ENTRY.c.seq).where(
    LOG_ENTRY.c.log.in_(bindparam("logs", expanding=True)),
    LOG_ENTRY.c.key.in_(bindparam("keys", expanding=True)),
)
Place = tuple[int, int]
"""A log and a sequence number in it."""


class Markets:
    """The judges of a book's markets by their logs, and what the book has told of who takes part.

    money: log → the book's number of what is paid with. products: (log, the book's number) → the market's.
    """

    def __init__(self) -> None:
        self.judges: dict[int, MarketJudge] = {}
        self.accounts: dict[Place, int] = {}
        """(log, account) → participant."""
        self.cells: dict[Place, Place] = {}
        """(log, participant) → its accounts for units and for money."""
        self.subjects: dict[Place, str] = {}
        """(log, participant) → whose it is."""
        self.money: dict[int, int] = {}
        self.products: dict[Place, int] = {}

    def follow(self, conn: Connection, business: Business) -> list[Finding]:
        """Take in what the book has said since, and of each market what was written with it."""
        said, business.joint = business.joint, []
        found: list[Finding] = []
        self._begin(said)
        places = _written_with(conn, said, list(self.judges))
        for one, joined in zip(said, places, strict=True):
            for log, seq in joined:
                found += self.judges[log].advance(conn, seq, joined=True)
            found += self._compare(one, dict(joined))
        return found

    def finish(self, conn: Connection, *, alone: bool = False) -> list[Finding]:
        """Judge what markets wrote since by themselves, up to the newest entry of each.

        alone: the book cannot be followed any more, so nothing is laid beside it.
        """
        found: list[Finding] = []
        for judge in self.judges.values():
            judge.by_itself = alone
            found += judge.advance(conn)
            found += judge.differences()
        return found

    def rewritten(self, conn: Connection) -> list[Finding]:
        """Logs that are no longer those that were judged."""
        found: list[Finding] = []
        for log, judge in self.judges.items():
            seq, seen = judge.tail.seq, judge.tail.hash
            now = store.hash_at(conn, log, seq) if seq >= 0 else seen
            if now is None:
                newest = store.tail(conn, log)
                gone = audit_checks.SHORTER(seq=seq, newest=newest[0] if newest else -1)
                found.append(Finding(seq, gone, stands=True, log=log))
            elif now != seen:
                other = audit_checks.HISTORY(seq=seq, seen=seen.hex(), found=now.hex(), after=-1)
                found.append(Finding(seq, other, stands=True, log=log))
        return found

    def unfounded(self, others: Iterable[tuple[object, int, object, object]]) -> list[Finding]:
        """Logs of markets that nobody founded. others: as `rows.other_logs` gives them."""
        return [
            Finding(None, checks.UNFOUNDED(log=log, entries=entries))
            for log, entries, _, _ in others
            if isinstance(log, int) and log >= FIRST_LOG and log not in self.judges
        ]

    def facts(self) -> tuple[MarketFacts, ...]:
        return tuple(
            MarketFacts(
                log, one.name, one.entries, one.records, one.trades, one.tail.seq, one.tail.hash.hex()
            )
            for log, one in sorted(self.judges.items())
        )

    # -- what the book told --------------------------------------------------------------------------------

    def _begin(self, said: Sequence[Joint]) -> None:
        """Markets that were founded since."""
        for one in said:
            for row in one.inserts(MARKET.name):
                log = _int(row["log"])
                self.judges.setdefault(log, MarketJudge(log, str(row["name"])))
                self.money[log] = _int(row["currency"])

    def _compare(self, said: Joint, joined: Mapping[int, int]) -> Iterator[Finding]:
        """One entry of the book, and the markets as they stand now."""
        for change in said.changes:
            judge = self.judges.get(_int(change.values.get("log", change.where.get("log", -1))))
            if judge is None or not judge.sound:
                continue
            seq = joined.get(judge.log)
            if (change.kind, change.table) == (INSERT, MARKET_DELIVERY.name):
                id = str(change.values["transaction_id"])
                yield from self._delivered(judge, said, change.values, said.settled[id])
            elif (change.kind, change.table) == (DELETE, MARKET_DELIVERY.name):
                judge.delivered.pop(_int(change.where["trade"]), None)
            elif change.table == MARKET_DAY.name:
                if change.kind != UPDATE or set(change.values) != {
                    "state"
                }:  # else it went to the clearing house
                    yield from self._day(judge, said, change, seq)
            elif change.kind == INSERT and change.table == CLEARING_MARKET.name:
                yield from self._taken_over(judge, said, change.values)
            elif change.kind == INSERT and change.table == CLEARING_BLOCK.name:
                yield from self._block(judge, said, change.values)
            elif change.kind == INSERT and change.table in _ROSTER:
                yield from self._on_roster(judge, said, change)
        for change in said.changes:
            if (change.kind, change.table) == (UPDATE, CLEARING_DAY.name):
                yield from self._cleared(said, change)
        for cell, held in said.held.items():
            yield from self._held(said, cell, held)

    def _on_roster(self, judge: MarketJudge, said: Joint, change: Change) -> Iterator[Finding]:
        """A participant, an operator, a product, by its number in the market."""
        row, ledger, log = change.values, judge.ledger, judge.log
        number = row["number"]
        if change.table == MARKET_PARTY.name:
            self.accounts[log, row["units_account"]] = self.accounts[log, row["cash_account"]] = number
            self.subjects[log, number] = row["subject_id"]
            self.cells[log, number] = (row["units_account"], row["cash_account"])
            good = number == ledger.parties
        elif change.table == MARKET_OPERATOR.name:
            judge.people[number] = row["person"]
            good = ledger.operators.get(number) == row["party"]
        else:
            self.products[log, row["instrument"]] = number
            good = ledger.reference.get(number) == row["reference_fen"]
        if not good:
            yield _found(judge, said, checks.ROSTER, table=change.table, key=number)

    def _day(self, judge: MarketJudge, said: Joint, change: Change, seq: int | None) -> Iterator[Finding]:
        """A day was opened or closed: the entry that the book names is the one written with it."""
        told = change.values
        opens = change.kind == INSERT
        named = told.get("market_opened" if opens else "market_closed")
        if not opens and change.kind != UPDATE:
            return
        day: date = told["day"] if opens else change.where["day"]
        ledger = judge.ledger
        if seq is None or named != seq or (ledger.day, ledger.is_open) != (_number(day), opens):
            yield _found(judge, said, checks.NOT_THERE, at=named, what=said.command)
            return
        if opens:
            yield from self._all_held(judge, said)
            return
        if told.get("state_hash") != judge.state_hash:
            facts = {"day": day, "found": told.get("state_hash"), "expected": judge.state_hash}
            yield _found(judge, said, checks.STATE, **facts)
        yield from self._all_owed(judge, said)

    # -- what a session holds ------------------------------------------------------------------------------

    def _held(self, said: Joint, cell: SessionCell, held: int) -> Iterator[Finding]:
        """While a day is open, a session holds what came into it and did not leave it."""
        name, _, day = cell[0].rpartition(" ")
        for judge in self.judges.values():
            if judge.name == name and judge.sound and judge.ledger.is_open:
                if _number(date.fromisoformat(day)) != judge.ledger.day:
                    continue
                yield from self._as_held(judge, said, cell, held)

    def _as_held(self, judge: MarketJudge, said: Joint, cell: SessionCell, held: int) -> Iterator[Finding]:
        party, product = self._stake(judge.log, cell)
        expected = judge.ledger.inside(party, product)
        if held != expected:
            facts = {"party": party, "instrument": product, "found": held, "expected": expected}
            yield _found(judge, said, checks.CLAIMS, **facts)

    def _all_held(self, judge: MarketJudge, said: Joint) -> Iterator[Finding]:
        """At an opening: nothing came in that the book does not hold."""
        known = {self._stake(judge.log, cell) for cell in said.held}
        came = {cell for cell, one in judge.ledger.units.items() if one.came}
        came |= {(party, 0) for party, one in judge.ledger.money.items() if one.came}
        for party, product in sorted(came - known):
            inside = judge.ledger.inside(party, product)
            facts = {"party": party, "instrument": product, "found": 0, "expected": inside}
            yield _found(judge, said, checks.CLAIMS, **facts)

    def _all_owed(self, judge: MarketJudge, said: Joint) -> Iterator[Finding]:
        """At a close the session keeps what was sold, what was bought costs, and fees; the book notes it."""
        due = {
            (_int(row["account"]), _int(row["instrument"])): (row["due"], row["fees"])
            for row in said.inserts(MARKET_DUE.name)
        }
        owed = self._owed(judge)
        for account, what in sorted(owed.keys() | due.keys()):
            expected, found = owed.get((account, what), (0, 0)), due.get((account, what), (0, 0))
            if expected != found:
                facts = {"account": account, "instrument": what, "expected": expected, "found": found}
                yield _found(judge, said, checks.OWED, **facts)
        held = {(account, what): held for (_, account, what), held in said.held.items()}
        for cell in sorted(held.keys() | owed.keys()):
            party, product = self._stake(judge.log, ("", *cell))
            # What is paid with the day's own proceeds is not there yet.
            expected = min(sum(owed.get(cell, (0, 0))), judge.ledger.inside(party, product))
            if held.get(cell, 0) != expected:
                facts = {"party": party, "instrument": product, "expected": expected}
                yield _found(judge, said, checks.CLAIMS, found=held.get(cell, 0), **facts)

    def _owed(self, judge: MarketJudge) -> dict[Place, tuple[int, int]]:
        """What a closed day owes, by account and instrument of the book."""
        owed: dict[Place, tuple[int, int]] = {}
        books = {number: what for (log, what), number in self.products.items() if log == judge.log}
        for (party, product), one in judge.ledger.units.items():
            if one.sold:
                owed[self._account(judge, party, 0), books.get(product, -product)] = (one.sold, 0)
        for party in judge.ledger.money:
            due = judge.ledger.owed(party, 0)
            if any(due):
                owed[self._account(judge, party, 1), self.money[judge.log]] = due
        return owed

    def _account(self, judge: MarketJudge, party: int, which: int) -> int:
        return self.cells.get((judge.log, party), (-1, -1))[which]

    def _stake(self, log: int, cell: SessionCell) -> Place:
        """Participant and product (0 for money) of a cell, by the market's numbers; -1 for neither's."""
        _, account, what = cell
        product = 0 if what == self.money.get(log) else self.products.get((log, what), -1)
        return self.accounts.get((log, account), -1), product

    # -- delivery ------------------------------------------------------------------------------------------

    def _delivered(
        self, judge: MarketJudge, said: Joint, row: Mapping[str, Any], settled: Settled
    ) -> Iterator[Finding]:
        """A settlement is its trade, part for part; and each trade has one."""
        number, id = row["trade"], row["transaction_id"]
        facts = {"transaction": id, "day": row["day"], "trade": number}
        trades = judge.ledger.trades
        if _number(row["day"]) != judge.ledger.day or judge.ledger.is_open or not 0 < number <= len(trades):
            yield _found(judge, said, checks.DELIVERY, what="no such trade", **facts)
            return
        if number in judge.delivered:
            yield _found(judge, said, checks.DELIVERY, what=f"also {judge.delivered[number]}", **facts)
        judge.delivered[number] = id
        trade = trades[number - 1]
        (seller, seller_cash), (buyer, buyer_cash) = (
            self.cells.get((judge.log, party), (-1, -1)) for party in (trade.seller, trade.buyer)
        )
        expected = {
            (seller, buyer, trade.instrument, trade.quantity),
            (buyer_cash, seller_cash, 0, trade.quantity * trade.price),
        }
        lines = {
            (
                line["debit"], line["credit"],
                self._stake(judge.log, ("", line["debit"], line["instrument"]))[1], line["quantity"],
            )
            for line in settled.lines
        }  # fmt: skip
        if lines != expected:
            yield _found(judge, said, checks.DELIVERY, what="lines", **facts)
        if not _names(settled, judge.name, row["day"], number, trade.price, trade.mode):
            yield _found(judge, said, checks.DELIVERY, what="details", **facts)

    # -- the clearing house --------------------------------------------------------------------------------

    def _taken_over(self, judge: MarketJudge, said: Joint, row: Mapping[str, Any]) -> Iterator[Finding]:
        """The house takes over the day that the market closed last, as its log has it."""
        judge.clearing = Clearing(row["day"].isoformat(), row["pack"], row["model"])
        if _number(row["day"]) != judge.ledger.day or judge.ledger.is_open or judge.delivered:
            told = {"day": row["day"], "what": "day", "found": row["day"], "expected": judge.ledger.day}
            yield _found(judge, said, TOTALS, **told)
            return
        for kind, facts in amounts.taken_over(row, judge.ledger):
            yield _found(judge, said, kind, **facts)

    def _block(self, judge: MarketJudge, said: Joint, row: Mapping[str, Any]) -> Iterator[Finding]:
        day = row["day"].isoformat()
        if judge.clearing is None or judge.clearing.day != day:
            yield _found(judge, said, BLOCK, day=day, block=row["block"], what="not taken over")
            return
        failed = [one for one in said.inserts(CLEARING_FAIL.name) if one["log"] == row["log"]]
        places, trades = self._places(judge), judge.ledger.trades
        flaws = block(row, failed, said.records, trades, places, judge.clearing, judge.delivered)
        for kind, facts in flaws:
            yield _found(judge, said, kind, **facts)

    def _cleared(self, said: Joint, change: Change) -> Iterator[Finding]:
        """All of a day's markets are delivered; or its fees are taken and what is not owed is let go."""
        state, day = change.values.get("state"), str(change.where.get("day"))
        its = [one for one in self.judges.values() if one.clearing and one.clearing.day == day and one.sound]
        if state == "delivered":
            for judge in its:
                left = [one.number for one in judge.ledger.trades if one.number not in judge.delivered]
                if left:
                    yield _found(judge, said, UNDELIVERED, day=day, trades=left[:10])
        if said.command == EFFECT:
            yield from self._effected(said, day, its)
        if said.command == STATE:
            sums = [self._traded(judge, judge.clearing) for judge in its if judge.clearing]
            for facts in amounts.otherwise(said.inserts(CLEARING_STATEMENT.name), sums):
                yield from (_found(judge, said, STATEMENT, **facts) for judge in its[:1])

    def _effected(self, said: Joint, day: str, its: Sequence[MarketJudge]) -> Iterator[Finding]:
        owed: dict[Place, int] = defaultdict(int)
        for judge in its:
            assert judge.clearing
            places = self._places(judge)
            for payer, fen in amounts.fees(judge.ledger, judge.clearing, said.fee_accounts, places).items():
                owed[payer] += fen
            session = f"{judge.name} {day}"
            held = {cell[1:]: there for cell, there in said.held.items() if cell[0] == session}
            for kind, facts in amounts.kept(judge.ledger, judge.clearing, held, places):
                yield _found(judge, said, kind, **facts)
        for kind, facts in amounts.taken(said.records, owed, day):
            yield from (_found(judge, said, kind, **facts) for judge in its[:1])

    def _traded(self, judge: MarketJudge, day: Clearing) -> amounts.Sums:
        subjects = {party: id for (log, party), id in self.subjects.items() if log == judge.log}
        return amounts.traded(judge.ledger, day, subjects)

    def _places(self, judge: MarketJudge) -> Places:
        accounts = {party: mine for (log, party), mine in self.cells.items() if log == judge.log}
        products = {number: what for (log, what), number in self.products.items() if log == judge.log}
        return Places(accounts, products, self.money[judge.log])


_ROSTER = (MARKET_PARTY.name, MARKET_OPERATOR.name, MARKET_INSTRUMENT.name)


def _names(settled: Settled, market: str, day: date, number: int, price: int, mode: int) -> bool:
    """Does the transaction say of itself which trade it is, at which price, in which mode?"""
    if settled.transaction is None or settled.transaction["type"] != "trade-settlement":
        return False
    details = json.loads(settled.transaction["details"])
    told = {
        "market": market,
        "traded_on": day.isoformat(),
        "trade": number,
        "mode": MODE_WORD[Mode(mode)],
        "price_fen": price,
    }
    return told.items() <= details.items()


def _written_with(conn: Connection, said: Sequence[Joint], logs: Sequence[int]) -> list[list[Place]]:
    """The entries of markets that were written with each of these, in their order."""
    found: list[list[Place]] = [[] for _ in said]
    asked = {key_of(one.key, 0): (place, 0) for place, one in enumerate(said)}
    while asked and logs:
        more: dict[bytes, tuple[int, int]] = {}
        for keys in _some(list(asked)):
            for key, log, seq in conn.execute(_BY_KEY, {"logs": list(logs), "keys": list(keys)}):
                place, n = asked[bytes(key)]
                found[place].append((log, seq))
                more[key_of(said[place].key, n + 1)] = (place, n + 1)
        asked = more
    return found


def _some(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield keys[start : start + _AT_ONCE]


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _int(value: object) -> int:
    return value if isinstance(value, int) else -1


def _found(judge: MarketJudge, said: Joint, kind: RefusalKind, **facts: object) -> Finding:
    """A finding about an entry of the book, where the market's log stands by now."""
    seq = judge.tail.seq
    return Finding(seq, Refusal(kind, None, {"seq": seq, "book": said.seq, **facts}), log=judge.log)
