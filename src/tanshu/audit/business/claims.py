"""Claims on units: what holds them in the book is told, adds up, and passes on in the order of the queue.

The register's own code is not asked. Every hold, capture and release of the book is laid beside the rows of
the claims; a claim shrinks only by its own transaction, and gives way only to one that the pack puts first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tanshu.audit.business import checks
from tanshu.audit.business.duties import WITHHELD_TYPES
from tanshu.audit.business.enrolment import touched
from tanshu.audit.business.entries import Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.report import Finding
from tanshu.base.refusal import Refusal
from tanshu.book.records import Op
from tanshu.book.rows import Change
from tanshu.rules import packs, registry_pack

if TYPE_CHECKING:
    from tanshu.audit.business.transactions import Turn

CLAIM, HOLD = "claim", "claim_hold"
ENDED, WAITING, IN_FORCE = "ended", "waiting", "in-force"
COURT, SESSION = "court", "session"
CONTESTING = ("court", "duty", "pledge")
EXPIRE = "registry.expire"


class Stood(NamedTuple):
    """Claims and their holds as they stood before an entry; None where there was none."""

    claims: Mapping[str, Row | None]
    holds: Mapping[int, Row | None]


class Standing(NamedTuple):
    """The claims that an entry touches, and by how much it uses each of their holds."""

    claims: Sequence[Changed]
    used: Mapping[int, int]
    made: Mapping[int, Row]


class Changed(NamedTuple):
    """A claim before and after an entry."""

    before: Row | None
    after: Row

    @property
    def cell(self) -> tuple[int, int]:
        return self.after["account"], self.after["instrument"]

    @property
    def gained(self) -> int:
        """By how much more it holds than before; negative: less."""
        return self.after["held"] - (self.before["held"] if self.before else 0)

    @property
    def shrank(self) -> bool:
        """Is it for less than before?"""
        return self.before is not None and self.after["ordered"] < self.before["ordered"]


def before(facts: Facts, changes: Sequence[Change]) -> Stood:
    """Remember the claims that these changes are about to touch."""
    holds = {at: facts.one(HOLD, at) for (at,) in touched(facts, changes, HOLD)}
    ids = {id: facts.one(CLAIM, id) for (id,) in touched(facts, changes, CLAIM)}
    return Stood(ids, holds)


def now(stood: Stood, facts: Facts) -> Standing:
    """The same claims after the entry."""
    after = {id: facts.one(CLAIM, id) for id in stood.claims}
    changed = [Changed(row, after_row) for id, row in stood.claims.items() if (after_row := after[id])]
    used: dict[int, int] = {}
    made: dict[int, Row] = {}
    for at, row in stood.holds.items():
        left = facts.one(HOLD, at)
        if left is not None and row is None:
            made[at] = left
        elif left is not None and row is not None and left["quantity"] != row["quantity"]:
            used[at] = row["quantity"] - left["quantity"]
    return Standing(changed, used, made)


def judge(stand: Standing, turns: Sequence[Turn], facts: Facts, done: Done) -> Iterator[Finding]:
    """Everything in which the claims of an entry are not as the rules want them."""
    yield from _sums(stand, facts, done)
    yield from _told(stand, facts, done)
    yield from _reasons(stand, turns, done)
    yield from _order(stand, facts, done)


# -- rules -------------------------------------------------------------------------------------------------


def _sums(stand: Standing, facts: Facts, done: Done) -> Iterator[Finding]:
    """A claim holds what its holds hold, no more than it may reach; it waits when it holds nothing."""
    for claim in stand.claims:
        row = claim.after
        portions = sum(hold["quantity"] for hold in facts.some(HOLD, claim_id=row["id"]))
        state = ENDED if row["ended_seq"] is not None else IN_FORCE if row["held"] else WAITING
        ended = claim.before is not None and claim.before["state"] == ENDED
        within = 0 <= row["held"] <= row["reach"] <= row["ordered"]
        empty = row["state"] != ENDED or row["ordered"] == 0
        if ended or portions != row["held"] or row["state"] != state or not within or not empty:
            told = {"claim": row["id"], "held": row["held"], "holds": portions, "ordered": row["ordered"]}
            yield done.find(checks.CLAIM_SUM, row["account"], **told)


def _told(stand: Standing, facts: Facts, done: Done) -> Iterator[Finding]:
    """Every hold the book makes or uses is a claim's, of that cell and by that amount; and the reverse."""
    used: dict[int, int] = defaultdict(int)
    made: set[int] = set()
    for place, record in done.moves:
        if record.op == Op.HOLD:
            at = done.name(place)
            if at not in stand.made and _used_here(done, at) == record.amount:
                continue  # a step on the way: nothing of it is left after the entry
            made.add(at)
            row = stand.made.get(at)
            claim = facts.one(CLAIM, row["claim_id"]) if row else None
            first = row["quantity"] + _used_here(done, at) if row else None
            cell = (claim["account"], claim["instrument"], first) if claim else None
            if cell != (record.debit, record.instrument, record.amount):
                yield done.find(checks.CLAIM_BOOK, record.debit, record=place, amount=record.amount)
        elif record.op in (Op.CAPTURE, Op.RELEASE):
            used[record.hold] += record.amount
    here = {done.name(place) for place, record in done.moves if record.op == Op.HOLD}
    for at in used.keys() - here:
        if used[at] != stand.used.get(at, 0):
            yield done.find(checks.CLAIM_BOOK, record=at, amount=used[at])
    for at in (stand.used.keys() - used.keys()) | (stand.made.keys() - made):
        yield done.find(checks.CLAIM_BOOK, record=at, amount=stand.used.get(at, 0))


def _reasons(stand: Standing, turns: Sequence[Turn], done: Done) -> Iterator[Finding]:
    """A claim is entered, shrinks or is renewed by a transaction of its own, or its term is over."""
    ids = {turn.after["id"] for turn in turns}
    about = ids | {turn.after["original_id"] for turn in turns if turn.after["original_id"]}
    leaving = {turn.after["subject_id"] for turn in turns if turn.after["type"] in WITHHELD_TYPES}
    for claim in stand.claims:
        row, was = claim.after, claim.before
        if row["transaction_id"] in about or row["root_id"] in about:
            continue
        if not any(done.entry.command.startswith(room) for room in ("registry.", "compliance.")):
            pass
        elif was is not None and not claim.shrank and row["expires_on"] == was["expires_on"]:
            continue  # it gave way, or was given more: `_order` looks at that
        elif was is not None and done.entry.command == EXPIRE and _is_over(was, done):
            continue
        elif row["cls"] == "holder" and done.entry.command.startswith("compliance."):
            continue  # units that an authority withholds by its own decision
        elif row["cls"] == "holder" and row["beneficiary_id"] in leaving:
            continue  # withheld units, asked for or given back by the transaction they leave by
        yield done.find(checks.CLAIM_REASON, row["account"], claim=row["id"], command=done.entry.command)


def _order(stand: Standing, facts: Facts, done: Done) -> Iterator[Finding]:
    """Nobody gains while somebody before them waits for the same; nobody loses but to a better one."""
    order = _ranking(facts, done)
    entered = [claim.after for claim in stand.claims if claim.before is None]
    for claim in stand.claims:
        row, was = claim.after, claim.before
        if was is None:
            continue
        if claim.gained > 0:
            rank = _rank(order, row)
            for other in facts.some(CLAIM, account=row["account"], instrument=row["instrument"]):
                waits = other["state"] != ENDED and other["follows"] and other["held"] < other["reach"]
                if waits and _rank(order, other) < rank:
                    yield done.find(checks.QUEUE_JUMPED, row["account"], claim=row["id"], other=other["id"])
        elif claim.gained < 0 and not claim.shrank:
            better = any(
                (one["account"], one["instrument"]) == claim.cell
                and one["cls"] in CONTESTING
                and row["cls"] in CONTESTING
                and _rank(order, one)[0] < _rank(order, row)[0]
                for one in entered
            )
            if not better:
                yield done.find(checks.DISPLACED, row["account"], claim=row["id"], lost=-claim.gained)


def _ranking(facts: Facts, done: Done) -> Mapping[str, int]:
    """Class by class, its place as the pack of the day has it; nothing where it ranks by time."""
    pack = packs.load(f"{facts.jurisdiction}.registry", allow_draft=True)
    policy = pack if isinstance(pack, Refusal) else registry_pack.claims_policy(pack, done.day)
    if isinstance(policy, Refusal) or policy.rule != "by_class":
        return {}
    return {cls: place for place, cls in enumerate(policy.order, start=1)}


def _rank(order: Mapping[str, int], row: Row) -> tuple[int, int, int]:
    return order.get(row["cls"], 0), row["seq"], row["n"]


def _is_over(was: Row, done: Done) -> bool:
    return was["cls"] == COURT and was["expires_on"] is not None and was["expires_on"] < done.day


def _used_here(done: Done, at: int) -> int:
    """What of a hold is used in the very entry that makes it."""
    return sum(r.amount for _, r in done.moves if r.op in (Op.CAPTURE, Op.RELEASE) and r.hold == at)
