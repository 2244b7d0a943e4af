"""Who approved a transaction: the chain the pack orders, each step by somebody entitled, nobody twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from tanshu.audit.business import checks
from tanshu.audit.business.entries import Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.business.verbs import BATCH, EXPIRE
from tanshu.audit.report import Finding
from tanshu.base.clock import business_date
from tanshu.base.refusal import Refusal, Refused
from tanshu.parties.model import Right, SubjectKind
from tanshu.registry.types import TransactionType
from tanshu.rules import packs, registry_pack

_RIGHT = {"make": Right.MAKER, "check": Right.CHECKER, "approve": Right.CHECKER}
Step = tuple[str, str]
"""By whom, and what they do."""


BATCH_CHAIN: tuple[Step, ...] = (("registry", "make"),)
"""What is taken over from another register in a batch takes one step."""


class Law(NamedTuple):
    """What a jurisdiction's registry pack says: its types, those taken in batches, each chain's steps."""

    types: frozenset[str]
    batches: frozenset[str]
    chains: dict[str, tuple[Step, ...]]


def law(jurisdiction: str) -> Law | Refusal:
    """The pack of a jurisdiction. Whether it is a draft is not for an audit to refuse."""
    pack = packs.load(f"{jurisdiction}.registry", allow_draft=True)
    if isinstance(pack, Refusal):
        return pack
    try:
        chains = registry_pack.chains(pack)
        return Law(
            frozenset(registry_pack.enabled_types(pack)),
            frozenset(registry_pack.bulk_types(pack)),
            {key: tuple((step.by, step.act) for step in chain.steps) for key, chain in chains.items()},
        )
    except Refused as refused:
        return refused.refusal


def chain_of(transaction: Row) -> tuple[Step, ...]:
    """The chain that a transaction was proposed with."""
    return tuple((step["by"], step["act"]) for step in json.loads(transaction["chain"]))


def proposed(
    facts: Facts, done: Done, kind: TransactionType, transaction: Row, accounts: Sequence[int]
) -> Iterator[Finding]:
    """The proposal: a type that exists here, the chain of the pack, the day on which it expires."""
    assert facts.jurisdiction is not None
    is_batch = done.entry.command == BATCH
    told = {"transaction": transaction["id"], "type": kind.name}
    ordered = law(facts.jurisdiction)
    if isinstance(ordered, Refusal):
        name = f"{facts.jurisdiction}.registry"
        yield done.find(checks.LAW_UNREADABLE, pack=name, why=ordered.code)
    else:
        if kind.code not in ordered.types:
            yield done.find(checks.NOT_ENABLED, *accounts, type=kind.name, jurisdiction=facts.jurisdiction)
        chain = BATCH_CHAIN if is_batch else ordered.chains.get(kind.chain)
        if chain_of(transaction) != chain or (is_batch and kind.code not in ordered.batches):
            yield done.find(checks.CHAIN_OTHER, *accounts, **told)
    day = business_date(transaction["proposed_ns"])
    due = day + timedelta(days=kind.expiry_days) if kind.expiry_days and not is_batch else None
    here = (transaction["proposed_seq"], transaction["proposed_ns"]) == (done.seq, done.entry.time_ns)
    if transaction["expires_on"] != due or not here:
        yield done.find(checks.EXPIRED, *accounts, transaction=transaction["id"], due=due, day=done.day)


def taken(
    facts: Facts, done: Done, transaction: Row, giver: str | None, accounts: Sequence[int]
) -> Iterator[Finding]:
    """Every step that this entry takes. giver: the owner of the first line's debit account."""
    chain = chain_of(transaction)
    steps = facts.some("transaction_step", transaction_id=transaction["id"])
    for place, step in enumerate(steps):
        if step["seq"] != done.seq:
            continue
        told = {"transaction": transaction["id"], "step": step["n"] + 1}
        if (step["person"], step["time_ns"]) != (done.entry.actor, done.entry.time_ns):
            yield done.find(
                checks.STEP_ACTOR, *accounts, actor=done.entry.actor, person=step["person"], **told
            )
        if step["n"] != place or place >= len(chain) or (step["by"], step["act"]) != chain[place]:
            yield done.find(checks.STEP_ORDER, *accounts, **told)
            continue
        by, act = chain[place]
        theirs = _organisation(facts, by, transaction, giver)
        if not facts.may(step["person"], _RIGHT[act], theirs, done.day):
            yield done.find(checks.NO_RIGHT, *accounts, person=step["person"], by=by, act=act, **told)
        if _hands(facts, step) & {hand for earlier in steps[:place] for hand in _hands(facts, earlier)}:
            yield done.find(
                checks.SAME_PERSON, *accounts, person=step["person"], transaction=transaction["id"]
            )
        if place and _is_late(transaction["expires_on"], done.day) and step["decision"] == "approved":
            due = transaction["expires_on"]
            yield done.find(checks.EXPIRED, *accounts, transaction=transaction["id"], due=due, day=done.day)


def complete(facts: Facts, done: Done, transaction: Row, accounts: Sequence[int]) -> Iterator[Finding]:
    """A transaction in effect has passed every step of its chain, and none was a rejection."""
    steps = facts.some("transaction_step", transaction_id=transaction["id"])
    agreed = [step for step in steps if step["decision"] in ("made", "approved")]
    needed = len(chain_of(transaction))
    if len(agreed) < needed or len(agreed) != len(steps):
        yield done.find(
            checks.CHAIN_SHORT,
            *accounts,
            transaction=transaction["id"],
            taken=len(agreed),
            steps=needed,
        )


def dropped(
    facts: Facts, done: Done, transaction: Row, giver: str | None, accounts: Sequence[int]
) -> Iterator[Finding]:
    """A proposal came to nothing: it was taken back, rejected by whose turn it was, or its day is past."""
    due, id = transaction["expires_on"], transaction["id"]
    if transaction["state"] == "withdrawn":
        yield from _withdrawn(facts, done, transaction, giver, accounts)
    elif transaction["state"] == "rejected":
        if not facts.some("transaction_step", transaction_id=id, seq=done.seq, decision="rejected"):
            told = {"transaction": id, "step": transaction["taken"] + 1, "by": "-", "act": "reject"}
            yield done.find(checks.NO_RIGHT, *accounts, person=done.entry.actor, **told)
    elif done.entry.command != EXPIRE or not _is_late(due, done.day):
        yield done.find(checks.EXPIRED, *accounts, transaction=id, due=due, day=done.day)


def _withdrawn(
    facts: Facts, done: Done, transaction: Row, giver: str | None, accounts: Sequence[int]
) -> Iterator[Finding]:
    """By a maker of the organisation that made it."""
    by, act = chain_of(transaction)[0]
    theirs = _organisation(facts, by, transaction, giver)
    if not facts.may(done.entry.actor, Right.MAKER, theirs, done.day):
        told = {"transaction": transaction["id"], "step": 1, "by": by, "act": act}
        yield done.find(checks.NO_RIGHT, *accounts, person=done.entry.actor, **told)


def _organisation(facts: Facts, by: str, transaction: Row, giver: str | None) -> str | None:
    """Whose people take a step: a subject's id."""
    match by:
        case "holder":
            return transaction["subject_id"]
        case "province":
            row = facts.subject(transaction["subject_id"])
            return facts.authority(row["region"]) if row else None
        case "ministry":
            return facts.ministry()
        case "bank" | "giver":
            return giver
        case "pledgee":
            return _pledgee(facts, transaction)
        case "exchange":
            return facts.only(SubjectKind.EXCHANGE)
        case _:
            return facts.only(SubjectKind.REGISTRY)


def _pledgee(facts: Facts, transaction: Row) -> str | None:
    """Whom the pledge names; one that is gone on from is known by its standing claims."""
    for claim in facts.some("claim", root_id=transaction["original_id"] or transaction["id"]):
        if claim["beneficiary_id"]:
            return claim["beneficiary_id"]
    named = facts.some("subject", handle=json.loads(transaction["details"]).get("pledgee"))
    return named[0]["id"] if named else None


def _hands(facts: Facts, step: Row) -> set[str]:
    """Who took a step: the person, and the colleague whose right they used."""
    day = business_date(step["time_ns"])
    return facts.hands(step["person"], _RIGHT.get(step["act"], Right.CHECKER), day, step["seq"])


def _is_late(expires_on: date | None, day: date) -> bool:
    return expires_on is not None and day > expires_on
