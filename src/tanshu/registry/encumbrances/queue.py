"""What happens in a queue of claims: one enters, shrinks, delivers or ends; units arrive.

All of it is decided under the lock and told with the entry: the rows of the claims here, and holds, captures
and releases in the book. What a claim gives back, and what arrives, goes in the same entry to those that
wait. So after every entry the holds of a cell are the sum of its claims in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tanshu.base.refusal import Refusal
from tanshu.book import records
from tanshu.book.commit import Act
from tanshu.book.records import Op
from tanshu.parties import queries as parties
from tanshu.registry.encumbrances import queries, told
from tanshu.registry.encumbrances.model import CONTESTING, Claim, ClaimState, Wanted
from tanshu.registry.encumbrances.tables import CLAIM, CLAIM_HOLD
from tanshu.registry.types import ClaimClass
from tanshu.rules import packs, registry_pack
from tanshu.rules.registry_pack import ClaimsPolicy


def policy(act: Act) -> ClaimsPolicy | None:
    """Who goes first today, as the jurisdiction's pack has it; None where it does not speak of claims."""
    pack = packs.load(f"{parties.jurisdiction(act.conn)}.registry", allow_draft=act.ctx.allow_draft)
    if isinstance(pack, Refusal):
        return None
    found = registry_pack.claims_policy(pack, act.today)
    return None if isinstance(found, Refusal) else found


def available(act: Act, account: int, instrument: int) -> int:
    """What is free in a cell, with everything that this command has recorded so far."""
    free = act.cell(account, instrument).available + _in_blocks(act, account, instrument)
    for op, _flags, what, debit, credit, amount, *_ in act.rows:
        if what != instrument or op not in _MOVING:
            continue
        if debit == account and op in (Op.TRANSFER, Op.HOLD):
            free -= amount
        elif debit == account and op == Op.RELEASE:
            free += amount
        if credit == account and op in (Op.TRANSFER, Op.CAPTURE):
            free += amount
    return free


def _in_blocks(act: Act, account: int, instrument: int) -> int:
    """What a batch of plain transfers in this command brings to a cell, and takes from it."""
    total = 0
    for block in act.blocks:
        here = (block["op"] == Op.TRANSFER) & (block["instrument"] == instrument)
        total += int(block["amount"][here & (block["credit"] == account)].sum())
        total -= int(block["amount"][here & (block["debit"] == account)].sum())
    return total


_TURNS = 32_767
"""The last turn that a claim's row has room for; of one cell there are never so many in an entry."""
_MOVING = (Op.TRANSFER, Op.HOLD, Op.CAPTURE, Op.RELEASE)


def yielding(standing: Iterable[Claim], cls: ClaimClass, rules: ClaimsPolicy | None) -> list[Claim]:
    """The claims that give way to a new one of this class, the last of the queue first."""
    if cls not in CONTESTING or rules is None or rules.rule != "by_class":
        return []
    mine = queries.tier(rules, cls)
    return [one for one in reversed(list(standing)) if one.held and queries.tier(rules, one.cls) > mine > 0]


def contested(standing: Iterable[Claim], cls: ClaimClass) -> list[Claim]:
    """The claims of which only a rule could say whether they go before one of this class."""
    if cls not in CONTESTING:
        return []
    return [one for one in standing if one.held and one.cls in CONTESTING and one.cls != cls]


def enter(act: Act, wanted: Wanted, rules: ClaimsPolicy | None = None) -> int | None:
    """Put a claim into its queue; it holds what is free, and what gives way to it, up to its quantity.

    Whether it may come to stand there short is the caller's question. Returns its hold's position in the log,
    None where it holds nothing.
    """
    free = available(act, wanted.account, wanted.instrument)
    reach = wanted.quantity
    # Who else stands there matters only where there is not enough for everybody.
    standing = [] if free >= reach else queries.of_cell(act.conn, wanted.account, wanted.instrument, rules)
    if not wanted.follows:
        reach = min(reach, free + sum(one.held for one in standing))
    displaced: list[tuple[Claim, int]] = []
    for one in yielding(standing, wanted.cls, rules):
        if free >= reach:
            break
        freed = min(one.held, reach - free)
        _give_back(act, one, freed)
        displaced.append((one, freed))
        free += freed
    held = min(free, reach)
    id = act.id("CLM")
    turn = sum(1 for change in act.changes if change.table == CLAIM.name and change.kind == "insert")
    act.insert(CLAIM, _row(act, id, wanted, reach, held, min(turn, _TURNS)))
    position = _hold(act, id, wanted.account, wanted.instrument, held, wanted.tag) if held else None
    for one, lost in displaced:
        told.gave_way(act, one, id, lost)
    return position


def enter_free(act: Act, wanted: Sequence[Wanted]) -> None:
    """Put many claims into their queues at once, each on units that are known to be free: one of a cell."""
    rows, holds = list[dict[str, object]](), list[dict[str, object]]()
    for n, one in enumerate(wanted):
        id = act.id("CLM")
        place = records.hold(one.account, one.instrument, one.quantity, tag=one.tag)
        holds.append({"position": act.record(place), "claim_id": id, "quantity": one.quantity})
        rows.append(_row(act, id, one, one.quantity, one.quantity, min(n, _TURNS)))
    act.insert(CLAIM, *rows)
    act.insert(CLAIM_HOLD, *holds)


def arrived(act: Act, account: int, instrument: int, quantity: int) -> None:
    """Units came into a cell: those that wait and follow arrivals take them, in the order of the queue."""
    _offer(act, account, instrument, quantity, followers_only=True)


def shrink(act: Act, claim: Claim, quantity: int) -> int:
    """Take so much off what a claim is for; what it holds beyond that is given back. Returns the units freed.

    The caller passes them on (`pass_on`) when all that the command frees is free.
    """
    ordered = claim.ordered - quantity
    reach = min(claim.reach, ordered)
    freed = max(0, claim.held - reach)
    if freed:
        _give_back(act, claim, freed)
    if ordered == 0:
        _end(act, claim)
    else:
        held = claim.held - freed
        act.update(CLAIM, {"id": claim.id}, ordered=ordered, reach=reach, state=_state(held))
    return freed


def end(act: Act, claim: Claim) -> int:
    """End a claim; what it held is free again. Returns how much."""
    return shrink(act, claim, claim.ordered)


def pass_on(act: Act, account: int, instrument: int, quantity: int, by: Claim | None = None) -> None:
    """Offer units that a claim gave back to those that wait, in the order of the queue.

    by: who gave them back. Those that do not follow arrivals take only what somebody before them held: what
    one behind them held came later.
    """
    _offer(act, account, instrument, quantity, followers_only=False, by=by)


def deliver(act: Act, claim: Claim, credit: int, quantity: int, tag: int) -> list[records.Row]:
    """The captures by which a claim's own units go to somebody; what it is for shrinks with them.

    The records are the caller's to add, so that a transaction's movements stand together.
    """
    rows: list[records.Row] = []
    for position, taken in _taken(act, claim, quantity):
        rows.append(records.capture(position, claim.account, credit, claim.instrument, taken, tag=tag))
    held, ordered = claim.held - quantity, claim.ordered - quantity
    if ordered == 0:
        act.update(
            CLAIM, {"id": claim.id}, held=0, ordered=0, reach=0, state=ClaimState.ENDED, ended_seq=act.seq
        )
    else:
        reach = claim.reach - quantity
        act.update(CLAIM, {"id": claim.id}, held=held, ordered=ordered, reach=reach, state=_state(held))
    return rows


def renew(act: Act, claim: Claim, **values: object) -> None:
    """Change the last day, or the words, of a claim."""
    act.update(CLAIM, {"id": claim.id}, **values)


# -- steps -------------------------------------------------------------------------------------------------


def _offer(
    act: Act, account: int, instrument: int, quantity: int, *, followers_only: bool, by: Claim | None = None
) -> None:
    waiting = [one for one in queries.of_cell(act.conn, account, instrument) if one.short > 0]
    if not waiting:
        return
    rules = policy(act)
    left = min(quantity, available(act, account, instrument))

    def place(one: Claim) -> tuple[int, int, int]:
        return queries.tier(rules, one.cls), one.seq, one.n

    for one in sorted(waiting, key=place):
        if left <= 0:
            return
        if not one.follows and (followers_only or (by is not None and place(one) < place(by))):
            continue
        more = min(one.short, left)
        _hold(act, one.id, account, instrument, more, one.tag)
        act.update(CLAIM, {"id": one.id}, held=one.held + more, state=ClaimState.IN_FORCE)
        told.moved_up(act, one, more)
        left -= more


def _give_back(act: Act, claim: Claim, quantity: int) -> None:
    """Release so much of what a claim holds; what it is for stays."""
    for position, taken in _taken(act, claim, quantity):
        act.record(records.release(position, claim.account, claim.instrument, taken, tag=claim.tag))
    held = claim.held - quantity
    act.update(CLAIM, {"id": claim.id}, held=held, state=_state(held))


def _taken(act: Act, claim: Claim, quantity: int) -> Iterator[tuple[int, int]]:
    """Use up holds of a claim, the newest first: what came last goes first."""
    left = quantity
    for portion in reversed(queries.portions(act.conn, claim.id)):
        if left == 0:
            return
        taken = min(portion.quantity, left)
        act.update(CLAIM_HOLD, {"position": portion.position}, quantity=portion.quantity - taken)
        left -= taken
        yield portion.position, taken
    assert left == 0, "a claim holds what its holds hold"


def _row(act: Act, id: str, wanted: Wanted, reach: int, held: int, turn: int) -> dict[str, object]:
    return {
        "id": id,
        "cls": wanted.cls,
        "account": wanted.account,
        "instrument": wanted.instrument,
        "ordered": wanted.quantity,
        "reach": reach,
        "held": held,
        "follows": int(wanted.follows),
        "state": _state(held),
        "seq": act.seq,
        "n": turn,
        "transaction_id": wanted.transaction_id,
        "line": wanted.line,
        "tag": wanted.tag,
        "root_id": wanted.root_id or wanted.transaction_id,
        "beneficiary_id": wanted.beneficiary_id,
        "document": wanted.document,
        "expires_on": wanted.expires_on,
        "ended_seq": None,
    }


def _hold(act: Act, claim_id: str, account: int, instrument: int, quantity: int, tag: int) -> int:
    """Returns the hold's position in the log."""
    position = act.record(records.hold(account, instrument, quantity, tag=tag))
    act.insert(CLAIM_HOLD, {"position": position, "claim_id": claim_id, "quantity": quantity})
    return position


def _end(act: Act, claim: Claim) -> None:
    act.update(CLAIM, {"id": claim.id}, held=0, ordered=0, reach=0, state=ClaimState.ENDED, ended_seq=act.seq)


def _state(held: int) -> ClaimState:
    return ClaimState.IN_FORCE if held else ClaimState.WAITING
