"""What a transaction is about: whose it is, both legs of a trade, the decision that it carries out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from tanshu.audit.business import checks, duties
from tanshu.audit.business.entries import Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.report import Finding
from tanshu.base.refusal import Refusal
from tanshu.parties.model import HOLDERS, AccountKind, SubjectKind
from tanshu.registry.types import Effect, InstrumentKind, TransactionType, Whose
from tanshu.rules import packs
from tanshu.rules.allocation_terms import ALLOCATING, permitted_vintages

_TRADE_MODES = ("listing", "block", "auction")
_BETWEEN_CASH = [AccountKind.CASH, AccountKind.CASH]
_DVP = [
    [seller, AccountKind.TRADING, *_BETWEEN_CASH] for seller in (AccountKind.TRADING, AccountKind.PROVINCIAL)
]
"""Units from a seller, who may be an authority, to a buyer; money the other way."""
_SURRENDERS = ("surrender", "helping-surrender", "forced-surrender")
_STAGES = {"pre-allocation": "pre", "final-allocation": "final"}


def judge(
    facts: Facts,
    done: Done,
    kind: TransactionType,
    transaction: Row,
    lines: Sequence[Row],
    accounts: Sequence[int],
) -> Iterator[Finding]:
    """At the proposal, and again when it takes effect."""
    yield from _whose(facts, done, kind, transaction, lines, accounts)
    if kind.effect is Effect.DELIVERY_VERSUS_PAYMENT:
        yield from _trade(facts, done, transaction, lines, accounts)
    if kind.code in _STAGES:
        yield from _allocation(facts, done, _STAGES[kind.code], transaction, lines, accounts)
    if kind.code == "offset":
        yield from _offset(facts, done, transaction, lines, accounts)
    if kind.code in _SURRENDERS:
        yield from _surrender(facts, done, transaction, lines, accounts)
    if kind.code in duties.JUDGED:
        yield from duties.judge(facts, done, kind, transaction, lines, accounts)


def _whose(
    facts: Facts,
    done: Done,
    kind: TransactionType,
    transaction: Row,
    lines: Sequence[Row],
    accounts: Sequence[int],
) -> Iterator[Finding]:
    """The holder on either side, else the authority; an authority deals with its own region only."""
    sides = [[facts.account(line[side]) for line in lines] for side in ("debit", "credit")]
    if not lines or any(account is None for side in sides for account in side):
        return  # an account that nobody registered is found elsewhere
    owners = [[account.subject for account in side if account] for side in sides]
    trade = kind.effect is Effect.DELIVERY_VERSUS_PAYMENT
    subject = facts.subject(transaction["subject_id"])
    first = [facts.subject(side[0]) for side in owners]
    concerned = [one for one in first if one and one["kind"] in HOLDERS]
    concerned += [one for one in first if one and one["kind"] == SubjectKind.AUTHORITY]
    one_each = trade or all(len(set(side)) == 1 for side in owners)
    expected = {
        Whose.HOLDER: concerned[0]["id"] if concerned else None,
        Whose.TAKER: first[1]["id"] if first[1] else None,
    }.get(kind.whose)  # for another, or for whom something is undone: the proposal names them
    if subject is None or not one_each or (expected and expected != subject["id"]):
        yield done.find(checks.WHOSE, *accounts, transaction=transaction["id"])
        return
    if trade or kind.chain == "court_order" or kind.whose is Whose.ORIGINAL:
        return  # who buys, or whom a court names, may be anywhere; and what came that way may go back
    is_authority = subject["kind"] == SubjectKind.AUTHORITY
    own = subject["id"] if is_authority else facts.authority(subject["region"])
    for side in sides[:1] if is_authority else sides:
        for account in side:
            owner = account and facts.subject(account.subject)
            if account and owner and owner["kind"] == SubjectKind.AUTHORITY and owner["id"] != own:
                yield done.find(
                    checks.IN_CHARGE, *accounts, transaction=transaction["id"], account=account.code
                )


def _trade(
    facts: Facts, done: Done, transaction: Row, lines: Sequence[Row], accounts: Sequence[int]
) -> Iterator[Finding]:
    """Units one way, cash the other, between the same two; price × quantity is the amount."""
    instruments = [facts.instrument(line["instrument"]) for line in lines]
    is_cash = [bool(row and row["kind"] == InstrumentKind.CASH) for row in instruments]
    if sorted(is_cash) != [False, True]:
        yield done.find(checks.DVP, *accounts, transaction=transaction["id"])
        return
    units, cash = (lines[is_cash.index(wanted)] for wanted in (False, True))
    sold, bought, paid, got = (
        facts.account(line[side]) for line in (units, cash) for side in ("debit", "credit")
    )
    named = [account for account in (sold, bought, paid, got) if account]
    kinds = [account.kind for account in named]
    owners = [account.subject for account in named]
    if kinds not in _DVP or owners[:2] != owners[:1:-1]:
        yield done.find(checks.DVP, *accounts, transaction=transaction["id"])
    details = json.loads(transaction["details"])
    price = details.get("price_fen")
    fits = type(price) is int and price > 0 and price * units["quantity"] == cash["quantity"]
    if not fits or details.get("mode") not in _TRADE_MODES:
        yield done.find(checks.TRADE, *accounts, transaction=transaction["id"])


def _allocation(
    facts: Facts, done: Done, stage: str, transaction: Row, lines: Sequence[Row], accounts: Sequence[int]
) -> Iterator[Finding]:
    """It carries out a recorded decision, to the tonne; or is opening stock, before any decision."""
    quantity = sum(line["quantity"] for line in lines)
    if json.loads(transaction["details"]).get("opening") is True:
        decisions = facts.some("allocation")
        good = all(row["seq"] > transaction["proposed_seq"] for row in decisions)
    else:
        row = facts.one("allocation", transaction["subject_id"], transaction["year"], stage)
        good = row is not None and (row["transaction_id"], row["issue_t"]) == (transaction["id"], quantity)
    if not good:
        yield done.find(checks.DECISION, *accounts, transaction=transaction["id"], quantity=quantity)


def _offset(
    facts: Facts, done: Done, transaction: Row, lines: Sequence[Row], accounts: Sequence[int]
) -> Iterator[Finding]:
    """The cancellation certificates add up to what is offset."""
    quantity = sum(line["quantity"] for line in lines)
    claimed = sum(row["quantity"] for row in facts.some("offset_claim", transaction_id=transaction["id"]))
    if claimed != quantity:
        told = {"transaction": transaction["id"], "quantity": quantity, "claimed": claimed}
        yield done.find(checks.CLAIMS, *accounts, **told)


def _surrender(
    facts: Facts, done: Done, transaction: Row, lines: Sequence[Row], accounts: Sequence[int]
) -> Iterator[Finding]:
    """Only vintages that the year's pack permits. Where no pack answers for the year, nothing is said."""
    year = transaction["year"]
    assert facts.jurisdiction is not None
    pack = packs.for_year(facts.jurisdiction, year, ALLOCATING, allow_draft=True)
    if isinstance(pack, Refusal):
        return
    permitted = permitted_vintages(pack)
    for line in lines:
        code = facts.instrument_code(line["instrument"])
        if code not in permitted:
            told = {"transaction": transaction["id"], "instrument": code, "year": year}
            yield done.find(checks.VINTAGE, *accounts, **told)
