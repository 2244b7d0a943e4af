"""What an approved transaction does to claims: as much as its lines say, for as long, and nothing else.

A freeze or a pledge registers one claim for each line; a release, a delivery or a substitution takes off the
claims of its original what it says; a renewal gives them a later day. All of it is read from what was
proposed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from tanshu.audit.business import checks
from tanshu.audit.business.claims import CLAIM, COURT, ENDED, Changed, Standing
from tanshu.audit.business.entries import Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.report import Finding
from tanshu.base.quantity import check_quantity
from tanshu.base.refusal import Refusal
from tanshu.registry.types import Effect
from tanshu.rules import packs, registry_pack

if TYPE_CHECKING:
    from tanshu.audit.business.transactions import Turn

_ON_ORIGINALS = (Effect.RENEW, Effect.RELEASE, Effect.DELIVER, Effect.SUBSTITUTE)
Cell = tuple[int, int]


def judge(turns: Sequence[Turn], stand: Standing, facts: Facts, done: Done) -> Iterator[Finding]:
    """Everything in which claims are not what the transactions that took effect made of them."""
    ended = [turn for turn in turns if turn.took_effect and turn.kind]
    for turn in ended:
        if not _is_as_proposed(turn, facts, done):
            yield done.find(checks.CLAIM_EFFECT, *turn.accounts, transaction=turn.after["id"])
    roots: dict[str, list[Turn]] = defaultdict(list)
    for turn in ended:
        if turn.kind and turn.kind.effect in _ON_ORIGINALS:
            roots[turn.after["original_id"]].append(turn)
    for root, theirs in roots.items():
        of_root = [one for one in stand.claims if one.before and one.before["root_id"] == root]
        if not _are_as_ordered(theirs, of_root, facts):
            told = {"transaction": ", ".join(turn.after["id"] for turn in theirs)}
            yield done.find(checks.CLAIM_EFFECT, *(n for turn in theirs for n in turn.accounts), **told)


# -- claims of its own -------------------------------------------------------------------------------------


def _is_as_proposed(turn: Turn, facts: Facts, done: Done) -> bool:
    """Are its own claims those of its lines; or gone, where the units have moved?"""
    own = facts.some(CLAIM, transaction_id=turn.after["id"])
    assert turn.kind
    if turn.kind.effect not in (Effect.ENCUMBER, Effect.SUBSTITUTE):
        return all(claim["state"] == ENDED for claim in own)
    by_line = {claim["line"]: claim for claim in own}
    lines = {line["n"]: line for line in turn.lines}
    if by_line.keys() != lines.keys() or len(own) != len(lines):
        return False
    return all(_registers(turn, line, by_line[n], facts, done) for n, line in lines.items())


def _registers(turn: Turn, line: Row, claim: Row, facts: Facts, done: Done) -> bool:
    """Is this the claim of this line: its cell, amount, class, term, root?"""
    kind, details = turn.kind, _details(turn)
    assert kind
    root = turn.after["original_id"] if kind.effect is Effect.SUBSTITUTE else turn.after["id"]
    cell = (claim["account"], claim["instrument"], claim["ordered"], claim["cls"], claim["root_id"])
    if cell != (line["debit"], line["instrument"], line["quantity"], kind.claim, root):
        return False
    if kind.claim != COURT:
        return claim["held"] == claim["ordered"]  # what waits behind somebody is no pledge yet
    follows = int(details.get("follows") is True)
    return (claim["follows"], claim["expires_on"]) == (follows, _last_day(details, facts, done))


def _last_day(details: dict[str, Any], facts: Facts, done: Done) -> date | None:
    """The last day of a freeze: as ordered, else the pack's term from its effect on."""
    if "until" in details:
        return _day(details["until"])
    pack = packs.load(f"{facts.jurisdiction}.registry", allow_draft=True)
    if isinstance(pack, Refusal):
        return None
    return done.day + timedelta(days=registry_pack.freeze_periods(pack).default_days)


# -- claims of its original --------------------------------------------------------------------------------


def _are_as_ordered(turns: Sequence[Turn], claims: Sequence[Changed], facts: Facts) -> bool:
    """Is what these transactions took off the claims of one root, cell by cell, what they say?"""
    owed: dict[Cell, int] = defaultdict(int)
    until: dict[Cell, date | None] = {}
    for turn in turns:
        assert turn.kind
        match turn.kind.effect:
            case Effect.SUBSTITUTE:
                for cell, quantity in _releases(turn, facts):
                    owed[cell] += quantity
            case Effect.RENEW:
                until |= {(line["debit"], line["instrument"]): _until(turn) for line in turn.lines}
            case _:
                for line in turn.lines:
                    owed[line["debit"], line["instrument"]] += line["quantity"]
    taken: dict[Cell, int] = defaultdict(int)
    for claim in claims:
        taken[claim.cell] += claim.lessened
    renewed = {
        one.cell for one in claims if one.before and one.after["expires_on"] != one.before["expires_on"]
    }
    ends = all(one.after["expires_on"] == until.get(one.cell) for one in claims if one.cell in renewed)
    same = all(
        one.before
        and (one.after["document"], one.after["root_id"]) == (one.before["document"], one.before["root_id"])
        for one in claims
    )
    return _some(taken) == _some(owed) and renewed == until.keys() and ends and same


def _releases(turn: Turn, facts: Facts) -> Iterator[tuple[Cell, int]]:
    """What a substitution lets go, as it was proposed. A code that means nothing lets go of nothing."""
    for one in _details(turn)["releases"]:
        account = facts.some("account", code=str(one["account"]).strip().upper())
        instrument = facts.some("instrument", code=str(one["instrument"]).strip())
        quantity = check_quantity(one["quantity"])
        number = account[0]["number"] if account else -1
        what = instrument[0]["number"] if instrument else -1
        yield (number, what), -1 if isinstance(quantity, Refusal) else quantity


def _until(turn: Turn) -> date | None:
    return _day(_details(turn).get("until"))


def _details(turn: Turn) -> dict[str, Any]:
    return json.loads(turn.after["details"])


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _some(amounts: dict[Cell, int]) -> dict[Cell, int]:
    return {cell: amount for cell, amount in amounts.items() if amount}
