"""Claims on units: what holds them in the book is told, adds up, and passes on in the order of the queue.

The register's own code is not asked. Every hold, capture and release of the book is laid beside the rows of
the claims; a claim is entered, shrinks and changes only by a transaction of its own, and by as much as that
one says (`orders`); it gives way only to one that the pack puts first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tanshu.audit.business import checks, sessions
from tanshu.audit.business.duties import WITHHELD_TYPES
from tanshu.audit.business.enrolment import touched
from tanshu.audit.business.entries import RECEIVES, Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.business.sessions import SESSION
from tanshu.audit.business.verbs import DELIVER, EXPIRE
from tanshu.audit.clearing import late
from tanshu.audit.report import Finding
from tanshu.base.refusal import Refusal
from tanshu.book.records import Op
from tanshu.book.rows import Change
from tanshu.registry.types import Whose
from tanshu.rules import packs, registry_pack

if TYPE_CHECKING:
    from tanshu.audit.business.transactions import Turn

CLAIM, HOLD = "claim", "claim_hold"
ENDED, WAITING, IN_FORCE = "ended", "waiting", "in-force"
PENDING = "pending"
COURT, HOLDER = "court", "holder"
CONTESTING = ("court", "duty", "pledge")
_ITS_OWN = ("ordered", "reach", "expires_on", "document", "root_id")
"""What of a claim only a transaction of its own changes."""


class Stood(NamedTuple):
    """Claims and their holds as they stood before an entry; None where there was none."""

    claims: Mapping[str, Row | None]
    holds: Mapping[int, Row | None]


class Standing(NamedTuple):
    """The claims that an entry touches, and by how much it uses each of their holds.

    apart: holds that are used for delivery, while their claims' rows stay as they are; judged elsewhere.
    """

    claims: Sequence[Changed]
    used: Mapping[int, int]
    made: Mapping[int, Row]
    apart: Collection[int] = ()


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
    def lessened(self) -> int:
        """By how much less it is for than before; 0 for one that was entered here."""
        return self.before["ordered"] - self.after["ordered"] if self.before else 0

    @property
    def lost(self) -> int:
        """What it holds less without being for less: what it gave way by."""
        return -self.gained - max(0, self.lessened)

    @property
    def is_other(self) -> bool:
        """Was it entered here, or did more change of it than what it holds?"""
        return self.before is None or any(self.after[name] != self.before[name] for name in _ITS_OWN)


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


def judge(
    stand: Standing, turns: Sequence[Turn], facts: Facts, done: Done, brought: Mapping[tuple[int, int], int]
) -> Iterator[Finding]:
    """Everything in which the claims of an entry are not as the rules want them.

    brought: what a settlement day's delivery brought into cells, to be passed on now that all is delivered.
    """
    yield from _sums(stand, facts, done)
    yield from _told(stand, facts, done)
    yield from _reasons(stand, turns, facts, done)
    yield from _order(stand, facts, done)
    if done.entry.command != DELIVER:
        yield from _left_lying(stand, facts, done, brought)


# -- rules -------------------------------------------------------------------------------------------------


def _sums(stand: Standing, facts: Facts, done: Done) -> Iterator[Finding]:
    """A claim holds what its holds hold, no more than it may reach; it waits when it holds nothing."""
    for claim in stand.claims:
        row = claim.after
        portions = sum(hold["quantity"] for hold in facts.some(HOLD, claim_id=row["id"]))
        state = ENDED if row["ended_seq"] is not None else IN_FORCE if row["held"] else WAITING
        ended = claim.before is not None and claim.before["state"] == ENDED
        within = 0 <= row["held"] <= row["reach"] <= row["ordered"]
        if claim.before is not None:
            reach = claim.before["reach"]
            within &= claim.lessened >= 0 and reach - claim.lessened <= row["reach"] <= reach
        empty = row["state"] != ENDED or row["ordered"] == 0
        if ended or portions != row["held"] or row["state"] != state or not within or not empty:
            told = {"claim": row["id"], "held": row["held"], "holds": portions, "ordered": row["ordered"]}
            yield done.find(checks.CLAIM_SUM, row["account"], **told)


def _told(stand: Standing, facts: Facts, done: Done) -> Iterator[Finding]:
    """Every hold the book makes or uses is a claim's, of that cell and by that amount; and the reverse."""
    moves, made = done.moves, set[int]()
    used: dict[int, int] = defaultdict(int)
    for _, record in moves:
        if record.op in (Op.CAPTURE, Op.RELEASE) and record.hold not in stand.apart:
            used[record.hold] += record.amount
    holds = [(done.name(place), place, record) for place, record in moves if record.op == Op.HOLD]
    for at, place, record in holds:
        if at not in stand.made and used[at] == record.amount:
            continue  # a step on the way: nothing of it is left after the entry
        made.add(at)
        row = stand.made.get(at)
        claim = facts.one(CLAIM, row["claim_id"]) if row else None
        first = row["quantity"] + used[at] if row else None
        cell = (claim["account"], claim["instrument"], first) if claim else None
        if cell != (record.debit, record.instrument, record.amount):
            yield done.find(checks.CLAIM_BOOK, record.debit, record=place, amount=record.amount)
    for at in used.keys() - {at for at, _, _ in holds}:
        if used[at] != stand.used.get(at, 0):
            yield done.find(checks.CLAIM_BOOK, record=at, amount=used[at])
    for at in (stand.used.keys() - used.keys()) | (stand.made.keys() - made):
        yield done.find(checks.CLAIM_BOOK, record=at, amount=stand.used.get(at, 0))


def _reasons(stand: Standing, turns: Sequence[Turn], facts: Facts, done: Done) -> Iterator[Finding]:
    """A claim is entered, shrinks or changes by a transaction of its own, or its term is over.

    Its own is the one that made it, when it was proposed or ended in this entry; and one that goes on from
    that, when it takes effect.
    """
    acting = [turn for turn in turns if turn.before is None or turn.after["state"] != PENDING]
    own = {turn.after["id"] for turn in acting}
    roots = {turn.after["original_id"] for turn in acting if turn.took_effect} - {None}
    leaving = {turn.after["subject_id"] for turn in acting if _of_withheld(turn)}
    touching = {account for turn in turns for account in turn.accounts}
    in_room = done.entry.command.startswith(("registry.", "compliance.", "exchange.", "clearing."))
    for claim in stand.claims:
        row, was = claim.after, claim.before
        if in_room and not claim.is_other:
            continue  # it gave way, or was given more: `_order` looks at that
        if row["transaction_id"] in own or row["root_id"] in roots:
            continue
        if was is not None and done.entry.command == EXPIRE and _is_over(was, done):
            continue
        if row["cls"] == HOLDER and _is_withheld(facts, done, row, leaving):
            continue
        if row["cls"] == SESSION and late.is_in_order(facts, done, was, row):
            continue
        if row["cls"] == SESSION and sessions.is_in_order(facts, done, was, row, touching):
            continue
        yield done.find(checks.CLAIM_REASON, row["account"], claim=row["id"], command=done.entry.command)


def _of_withheld(turn: Turn) -> bool:
    """Does a transaction take what is withheld, or may it give that back? What it undoes is forgotten."""
    gives_back = turn.took_effect and turn.kind is not None and turn.kind.whose is Whose.ORIGINAL
    return gives_back or turn.after["type"] in WITHHELD_TYPES


def _is_withheld(facts: Facts, done: Done, row: Row, leaving: set[str]) -> bool:
    """Are these units an authority withholds by its decision: from now on, about to leave, or given back?"""
    kept = facts.one("withheld", row["transaction_id"])
    if kept is None or (kept["account"], kept["instrument"]) != (row["account"], row["instrument"]):
        return False
    return kept["seq"] == done.seq or kept["subject_id"] in leaving


def _order(stand: Standing, facts: Facts, done: Done) -> Iterator[Finding]:
    """Nobody gains while somebody before them waits for the same; nobody loses but to a better one."""
    order = _ranking(facts, done)
    for claim in stand.claims:
        row = claim.after
        if claim.gained > 0:
            for other in _passed_over(order, claim, stand, facts, done):
                yield done.find(checks.QUEUE_JUMPED, row["account"], claim=row["id"], other=other["id"])
        elif claim.lost > 0 and not any(_gives_way(order, claim, one, facts) for one in stand.claims):
            yield done.find(checks.DISPLACED, row["account"], claim=row["id"], lost=claim.lost)


def _passed_over(
    order: Mapping[str, int], claim: Changed, stand: Standing, facts: Facts, done: Done
) -> Iterator[Row]:
    """Who stands before a claim that was given units, and still waits for them.

    One that does not follow later arrivals waits only for what those before it give back. A new claim stands
    behind all that were there, those apart that give way to it.
    """
    row = claim.after
    is_new = claim.before is None
    if is_new and (_was_matched(stand, claim) or _stays_matched(stand, claim, facts)):
        return
    givers = [] if is_new else _givers(claim.cell, stand, done)
    for other in facts.some(CLAIM, account=row["account"], instrument=row["instrument"]):
        if not _waits(order, other, givers):
            continue
        if is_new:
            before = other["seq"] < row["seq"] and not _is_better(order, row, other)
        else:
            before = _rank(order, other) < _rank(order, row)
        if before:
            yield other


def _was_matched(stand: Standing, claim: Changed) -> bool:
    """Does a new claim hold what a session let go for it? What is matched is settled before all claims."""
    let_go = (one for one in stand.claims if one.cell == claim.cell and one.after["cls"] == SESSION)
    return claim.after["cls"] == HOLDER and sum(-one.gained for one in let_go) >= claim.gained


def _stays_matched(stand: Standing, claim: Changed, facts: Facts) -> bool:
    """Does a session hold again what a dropped settlement of a trade gave back? It is matched as before."""
    if not sessions.is_owed(facts, claim.after):
        return False
    here = (one for one in stand.claims if one.cell == claim.cell and one.gained < 0)
    given_back = sum(-one.gained for one in here if sessions.is_of_a_trade(facts, one.after))
    return given_back >= claim.gained


def _left_lying(
    stand: Standing, facts: Facts, done: Done, brought: Mapping[tuple[int, int], int]
) -> Iterator[Finding]:
    """What comes into a cell, or comes free in it, goes to those that wait there, in the same entry."""
    if not facts.tables[CLAIM].by_key:
        return
    order: Mapping[str, int] | None = None
    for cell, free in _came_free(done, brought).items():
        here = facts.some(CLAIM, account=cell[0], instrument=cell[1]) if free > 0 else []
        if not here:
            continue
        givers = _givers(cell, stand, done)
        order = _ranking(facts, done) if order is None else order
        for claim in here:
            if _waits(order, claim, givers):
                yield done.find(checks.NOT_PASSED_ON, cell[0], claim=claim["id"], amount=free)
                break


def _waits(order: Mapping[str, int], claim: Row, givers: Sequence[Row]) -> bool:
    """Does a claim wait for what came, or for what these gave back?"""
    if claim["state"] == ENDED or claim["held"] >= claim["reach"]:
        return False
    before = [_rank(order, giver) < _rank(order, claim) for giver in givers]
    return bool(claim["follows"]) or (bool(before) and all(before))


def _givers(cell: tuple[int, int], stand: Standing, done: Done) -> list[Row]:
    """The claims that gave units of a cell back, where nothing else came into it in this entry."""
    if any(r.op in RECEIVES and (r.credit, r.instrument) == cell for _, r in done.moves):
        return []
    if not any(r.op == Op.RELEASE and (r.debit, r.instrument) == cell for _, r in done.moves):
        return []
    return [one.after for one in stand.claims if one.cell == cell and one.gained < 0]


def _came_free(done: Done, brought: Mapping[tuple[int, int], int]) -> Mapping[tuple[int, int], int]:
    """By how much what is available in each cell grew; negative: shrank."""
    free: dict[tuple[int, int], int] = defaultdict(int, brought)
    for _, r in done.moves:
        if r.op in (Op.TRANSFER, Op.HOLD):
            free[r.debit, r.instrument] -= r.amount
        elif r.op == Op.RELEASE:
            free[r.debit, r.instrument] += r.amount
        if r.op in RECEIVES:
            free[r.credit, r.instrument] += r.amount
    return free


def _gives_way(order: Mapping[str, int], claim: Changed, new: Changed, facts: Facts) -> bool:
    """May a claim lose to one entered here: is that one better, and does nobody worse still hold units?"""
    row = claim.after
    if new.before is not None or new.cell != claim.cell or not _is_better(order, new.after, row):
        return False
    others = facts.some(CLAIM, account=row["account"], instrument=row["instrument"])
    return not any(
        other["held"] and _is_better(order, new.after, other) and _rank(order, row) < _rank(order, other)
        for other in others
    )


def _is_better(order: Mapping[str, int], one: Row, other: Row) -> bool:
    """Does the pack put the class of one claim before that of another?"""
    contest = one["cls"] in CONTESTING and other["cls"] in CONTESTING
    return contest and 0 < order.get(one["cls"], 0) < order.get(other["cls"], 0)


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
