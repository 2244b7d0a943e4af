"""What closed sessions hold while the house delivers: taken over whole, used for delivery alone, ended empty.

While a claim is being settled its rows say what it held when it was taken over; what is left is counted here,
record by record, until its turn ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple, Self

from tanshu.audit.business.claims import ENDED, HOLD, IN_FORCE, Changed, Standing
from tanshu.audit.business.entries import RECEIVES, Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.business.verbs import COLLECT, DELIVER, EFFECT
from tanshu.audit.clearing import checks, positions
from tanshu.audit.report import Finding
from tanshu.book.records import Op
from tanshu.book.reference import Record
from tanshu.book.rows import INSERT

SETTLING, SESSION = "settling", "session"
CLOSED, CLEARING, SETTLED = "closed", "clearing", "settled"
BY_HOUSE = (DELIVER, EFFECT)
Cell = tuple[int, int]


class Part(NamedTuple):
    """What is left of one hold. session: whose it is; claim: the claim's id."""

    session: str
    claim: str
    account: int
    instrument: int
    left: int


class Settling:
    """holds: what is left, by position. arrived: cell → session → what delivery brought there and nobody
    used."""

    def __init__(self) -> None:
        self.holds: dict[int, Part] = {}
        self.of_claim: dict[str, list[int]] = defaultdict(list)
        self.arrived: dict[Cell, dict[str, int]] = {}

    def brought(self) -> dict[Cell, int]:
        """What the day's delivery brought into each cell and nobody used."""
        return {cell: sum(of_session.values()) for cell, of_session in self.arrived.items()}

    def take_in(self, position: int, part: Part) -> None:
        self.holds[position] = part
        self.of_claim[part.claim].append(position)

    def split(self, stand: Standing, done: Done) -> tuple[Standing, list[Changed]]:
        """The claims that the queue's rules judge, and those that are, or were, in the house's hands."""
        theirs = [claim for claim in stand.claims if SETTLING in _states(claim)]
        others = [claim for claim in stand.claims if SETTLING not in _states(claim)]
        used = {at: quantity for at, quantity in stand.used.items() if at not in self.holds}
        apart = (
            {record.hold for _, record in done.moves if record.hold in self.holds}
            if self.holds
            else set[int]()
        )
        return Standing(others, used, stand.made, apart), theirs

    def judge(
        self, changed: Sequence[Changed], facts: Facts, done: Done, waiting: MutableMapping[Cell, int]
    ) -> Iterator[Finding]:
        """Take an entry in. facts: after it. waiting: what claims hold, cell by cell; it is kept true."""
        yield from self._used(facts, done, waiting)
        for claim in changed:
            was = claim.before["state"] if claim.before else None
            if claim.after["state"] == SETTLING and was != SETTLING:
                yield from self._taken_over(claim, facts, done)
            elif not self._may_end(claim, done):
                told = {"command": done.entry.command, "claim": claim.after["id"]}
                yield done.find(checks.TOUCHED, claim.after["account"], **told)
            if was == SETTLING and claim.after["state"] != SETTLING:
                yield from self._let_go(claim, facts, done)
        if done.entry.command == COLLECT:
            yield from _left_behind(facts, done)
        elif done.entry.command == EFFECT:
            self.arrived.clear()

    # -- between two rounds --------------------------------------------------------------------------------

    def as_data(self) -> dict[str, Any]:
        return {
            "holds": [[at, *part] for at, part in self.holds.items()],
            "arrived": [[*cell, there] for cell, there in self.arrived.items()],
        }

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Self:
        made = cls()
        for at, *part in data["holds"]:
            made.take_in(at, Part(*part))
        made.arrived = {(account, what): there for account, what, there in data["arrived"]}
        return made

    # -- taken over, and ended -----------------------------------------------------------------------------

    def _taken_over(self, claim: Changed, facts: Facts, done: Done) -> Iterator[Finding]:
        """By the collecting alone, of a day that closes its books with it, and nothing of it changes."""
        row, was = claim.after, claim.before
        day = market_day(facts, row["root_id"])
        good = done.entry.command == COLLECT and was is not None and was["state"] == IN_FORCE
        if good and was is not None:
            good = all(row[name] == was[name] for name in row.keys() - {"state"})
        good &= row["cls"] == SESSION and day is not None and day["state"] == CLEARING
        if not good:
            told = {"session": row["root_id"], "claim": row["id"]}
            yield done.find(checks.TAKEN_OVER, row["account"], **told)
        for hold in facts.some(HOLD, claim_id=row["id"]):
            cell = (row["account"], row["instrument"])
            self.take_in(hold["position"], Part(row["root_id"], row["id"], *cell, hold["quantity"]))

    def _may_end(self, claim: Changed, done: Done) -> bool:
        row = claim.after
        return row["state"] in (ENDED, IN_FORCE) and done.entry.command == EFFECT

    def _let_go(self, claim: Changed, facts: Facts, done: Done) -> Iterator[Finding]:
        """What ends holds nothing any more; what goes on holds what is left, hold by hold."""
        row = claim.after
        mine = {at: self.holds.pop(at) for at in self.of_claim.pop(row["id"], ())}
        left = sum(part.left for part in mine.values())
        held = 0 if row["state"] == ENDED else row["held"]
        good = held == left
        if row["state"] != ENDED:
            told = {hold["position"]: hold["quantity"] for hold in facts.some(HOLD, claim_id=row["id"])}
            good &= all(told.get(at, 0) == part.left for at, part in mine.items())
        if not good:
            yield done.find(checks.UNENDED, row["account"], claim=row["id"], left=left, held=row["held"])

    # -- records -------------------------------------------------------------------------------------------

    def _used(self, facts: Facts, done: Done, waiting: MutableMapping[Cell, int]) -> Iterator[Finding]:
        """What the entry's records take from these holds, and from what delivery brought."""
        if not self.holds and done.entry.command not in BY_HOUSE:
            return
        session = session_of(facts, done) if done.entry.command == DELIVER else None
        for place, record in done.moves:
            part = self.holds.get(record.hold) if record.op in (Op.CAPTURE, Op.RELEASE) else None
            if part is not None:
                yield from self._takes(part, session, place, record, done)
                waiting[part.account, part.instrument] -= record.amount
            elif done.entry.command in BY_HOUSE and not self._may(session, record):
                yield done.find(checks.HOLD, record.debit, record=place, amount=record.amount)
            if session is not None and record.op in RECEIVES:
                there = self.arrived.setdefault((record.credit, record.instrument), {})
                there[session] = there.get(session, 0) + record.amount

    def _takes(
        self, part: Part, session: str | None, place: int, record: Record, done: Done
    ) -> Iterator[Finding]:
        if done.entry.command not in BY_HOUSE:
            told = {"command": done.entry.command, "claim": part.claim}
            yield done.find(checks.TOUCHED, part.account, **told)
        cell = (record.debit, record.instrument)
        strange = session not in (None, part.session) or cell != (part.account, part.instrument)
        if strange or record.amount > part.left:
            yield done.find(checks.HOLD, part.account, record=place, amount=record.amount)
        self.holds[record.hold] = part._replace(left=part.left - record.amount)

    def _may(self, session: str | None, record: Record) -> bool:
        """A movement that takes from no settling hold: it passes on what the day brought to who gives it.
        Once all is delivered banks level their positions, and others' claims take what came free."""
        if session is None and (record.op == Op.HOLD or record.tag == positions.POSITION):
            return record.op in (Op.HOLD, Op.TRANSFER)
        if record.op != Op.TRANSFER:
            return False
        there = self.arrived.get((record.debit, record.instrument), {})
        left = record.amount
        for name in [session] if session is not None else list(there):
            used = min(left, there.get(name, 0))
            there[name] = there.get(name, 0) - used
            left -= used
        return left == 0


def market_day(facts: Facts, session: str) -> Row | None:
    """The day of a market that a session's name tells."""
    market, _, day = session.rpartition(" ")
    found = facts.some("market", name=market)
    return next((one for one in _days(facts, found) if one["day"].isoformat() == day), None)


def session_of(facts: Facts, done: Done) -> str:
    """The session whose trades a delivery says that it delivers; none is told: nobody's."""
    for change in done.changes:
        if (change.kind, change.table) == (INSERT, "clearing_block"):
            market = facts.one("market", change.values["log"])
            return f"{market['name'] if market else ''} {change.values['day'].isoformat()}"
    return ""


def _days(facts: Facts, markets: Sequence[Row]) -> Iterator[Row]:
    for market in markets:
        yield from facts.some("market_day", log=market["log"])


def _left_behind(facts: Facts, done: Done) -> Iterator[Finding]:
    """Of a day that is taken over, every claim of its session is."""
    for change in done.changes:
        if (change.kind, change.table) != (INSERT, "clearing_market"):
            continue
        row: Mapping[str, object] = change.values
        market, day = facts.one("market", row["log"]), facts.one("market_day", row["log"], row["day"])
        session = f"{market['name'] if market else ''} {change.values['day'].isoformat()}"
        claims = facts.some("claim", root_id=session)
        for claim in claims:
            if claim["state"] not in (SETTLING, ENDED):
                told = {"session": session, "claim": claim["id"]}
                yield done.find(checks.TAKEN_OVER, claim["account"], **told)
        if day is None or day["state"] != CLEARING:
            yield done.find(checks.TAKEN_OVER, session=session, claim="-")


def _states(claim: Changed) -> tuple[str | None, str]:
    return (claim.before["state"] if claim.before else None), claim.after["state"]
