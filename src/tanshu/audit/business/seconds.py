"""What needs a second person beside the chains: changes, applications, yearly reviews; and delegations.

Worked out from what the entries told, a second time: nobody of those who asked, entered, reviewed or lent a
right decides; what takes effect is what was asked for; and a right is lent by whoever has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from tanshu.audit.business.entries import Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.business.verbs import DECIDE_CHANGE
from tanshu.audit.report import Finding
from tanshu.base.refusal import refusal
from tanshu.parties.model import Right, SubjectKind

ALONE = refusal(
    "AUD-5307",
    "第 {seq} 条:{what} {id} 由 {person} 办结,而此人(或其代办人)已办理前一步骤,或无权办结。",
    "Entry {seq}: {what} {id} was decided by {person}, who took an earlier step of it, in person or by a "
    "substitute, or who may not decide it.",
)
NOT_AS_ASKED = refusal(
    "AUD-5308",
    "第 {seq} 条:账户 {account} 的状态变更与已复核的申请不符。",
    "Entry {seq}: the state of account {account} did not change as was asked for and decided.",
)
LENT_BY_OTHERS = refusal(
    "AUD-5309",
    "第 {seq} 条:委托 {id} 不是由有此权限的 {person} 本人作出,或代办人不属于同一主体。",
    "Entry {seq}: the delegation {id} was not made by {person} with a right of their own, or its substitute "
    "acts for somebody else.",
)


def judge(facts: Facts, done: Done) -> Iterator[Finding]:
    """facts: after the entry. What authorities decide is judged in `decisions`."""
    yield from _changes(facts, done)
    yield from _applications(facts, done)
    yield from _year_reviews(facts, done)
    yield from _delegations(facts, done)
    yield from _suspensions(facts, done)
    yield from _auctions(facts, done)


def _changes(facts: Facts, done: Done) -> Iterator[Finding]:
    decided = _touched(facts, done, "change_request", "decided_seq")
    for row in decided:
        hands = _deciding(facts, done, row["decided_by"])
        if row["asked_by"] in hands or row["asked_seq"] >= done.seq or not hands:
            yield _alone(done, "change_request", row["id"])
    if done.entry.command != DECIDE_CHANGE:
        return
    asked = {row["account"]: json.loads(row["asked"]) for row in decided if row["state"] == "done"}
    for change in done.changes:
        if change.table == "account" and "number" in change.where:
            number = change.where["number"]
            if asked.get(number, {}).get("state") != change.values.get("state"):
                yield done.find(NOT_AS_ASKED, number, account=facts.code(number))


def _applications(facts: Facts, done: Done) -> Iterator[Finding]:
    """Whoever opens an account had no part in its application before; and somebody else passed it first."""
    for step in _touched(facts, done, "application_step", "seq"):
        if step["stage"] != "second":
            continue
        id, round = step["application_id"], step["round"]
        form = facts.one("application_form", id, round)
        of_round = facts.some("application_step", application_id=id, round=round)
        firsts = [one for one in of_round if one["n"] < step["n"]]
        had = {form["person"]} if form else set[str]()
        for one in firsts:
            had |= {one["person"], one["acting_for"]} - {None}
        hands = _deciding(facts, done, step["person"])
        passed = any((one["stage"], one["verdict"]) == ("first", "pass") for one in firsts)
        if hands & had or not hands or not passed:
            yield _alone(done, "account_application", id)
    for row in _touched(facts, done, "account_application", "ended_seq"):
        steps = facts.some("application_step", application_id=row["id"], seq=done.seq)
        good = any((one["stage"], one["verdict"]) == ("second", "pass") for one in steps)
        if row["state"] == "opened" and not good:
            yield _alone(done, "account_application", row["id"])


def _year_reviews(facts: Facts, done: Done) -> Iterator[Finding]:
    for row in _touched(facts, done, "year_review", "done_seq"):
        hands = _deciding(facts, done, row["done_by"])
        if hands & {row["started_by"], row["found_by"], row["found_for"]} or not hands:
            yield _alone(done, "year_review", f"{row['subject_id']} {row['year']}")


def _delegations(facts: Facts, done: Done) -> Iterator[Finding]:
    for row in _touched(facts, done, "delegation", "seq"):
        giver, substitute = facts.person(row["person"]), facts.person(row["substitute"])
        good = (
            giver is not None
            and substitute is not None
            and giver.handle == done.entry.actor
            and giver.active
            and row["handed"] in giver.rights
            and row["handed"] in (Right.MAKER, Right.CHECKER)
            and substitute.subject == giver.subject == row["subject_id"]
            and row["since"] >= done.day
        )
        if not good:
            yield done.find(LENT_BY_OTHERS, id=row["id"], person=row["person"])


def _suspensions(facts: Facts, done: Done) -> Iterator[Finding]:
    """Who lifts a participant's suspension is a checker of the exchange, and not who asked for it before.

    But what a shortfall's notice had stopped goes on when a checker of the registry withdraws that.
    """
    for row in _touched(facts, done, "market_suspension", "ended_seq"):
        if _goes_with_notice(facts, done, row):
            continue
        exchange = facts.only(SubjectKind.EXCHANGE)
        may = facts.may(row["ended_by"], Right.CHECKER, exchange) and row["ended_by"] == done.entry.actor
        if not may or row["asked_by"] in (None, row["ended_by"]) or row["asked_seq"] >= done.seq:
            yield _alone(done, "market_suspension", f"{row['log']} {row['party']}")


def _goes_with_notice(facts: Facts, done: Done, row: Row) -> bool:
    """Was it made with a notice that is withdrawn, and does it end with such a one, of the same subject?"""
    ends = [one for one in _touched(facts, done, "shortfall", "ended_seq") if one["state"] == "withdrawn"]
    party = facts.one("market_party", row["log"], row["party"])
    whose = None if party is None else party["subject_id"]
    made = [one["subject_id"] for one in facts.some("shortfall", confirmed_seq=row["seq"], state="withdrawn")]
    hands = _deciding(facts, done, row["ended_by"])
    return bool(hands) and whose in made and whose in [one["subject_id"] for one in ends]


def _auctions(facts: Facts, done: Done) -> Iterator[Finding]:
    """Who publishes an auction's result is a checker of the exchange, and not who recorded it before."""
    for row in _touched(facts, done, "auction_result", "published_seq"):
        exchange = facts.only(SubjectKind.EXCHANGE)
        person = row["published_by"]
        may = facts.may(person, Right.CHECKER, exchange) and person == done.entry.actor
        if not may or person == row["ended_by"] or row["seq"] >= done.seq:
            yield _alone(done, "auction_result", f"{row['log']} {row['number']}")


def _deciding(facts: Facts, done: Done, person: str) -> set[str]:
    """Who decides with this person's hands; nobody, where it is not the actor or they may not."""
    registry = facts.only(SubjectKind.REGISTRY)
    if person != done.entry.actor or not facts.may(person, Right.CHECKER, registry, done.day):
        return set()
    return facts.hands(person, Right.CHECKER, done.day, done.seq)


def _touched(facts: Facts, done: Done, table: str, column: str) -> Sequence[Row]:
    """The rows whose column names this entry; none where it does not touch the table."""
    if all(change.table != table for change in done.changes):
        return ()
    return facts.some(table, **{column: done.seq})


def _alone(done: Done, what: str, id: str) -> Finding:
    return done.find(ALONE, what=what, id=id, person=done.entry.actor)
