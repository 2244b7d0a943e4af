"""头寸划拨 judged by the book alone: what a day moved between the banks' clients, and what it levelled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tanshu.audit.business.entries import RECEIVES, Done
from tanshu.audit.business.facts import Facts
from tanshu.audit.business.verbs import EFFECT
from tanshu.audit.clearing import checks
from tanshu.audit.report import Finding
from tanshu.parties.model import AccountKind, SubjectKind
from tanshu.registry.types import TYPES

POSITION = TYPES["bank-position"].number
MONEY = (AccountKind.CASH, AccountKind.FEES, AccountKind.RESERVE, AccountKind.OWN_FUNDS)
"""Kinds of accounts whose money lies at a bank."""
Cell = tuple[int, int]


def judge(nets: Mapping[Cell, int], facts: Facts, done: Done) -> Iterator[Finding]:
    """nets: by how much delivery and fees changed each cell, this entry's with them.

    A bank's account stands below zero by what it has to hold: it falls by what its clients gained.
    """
    if done.entry.command != EFFECT:
        return
    expected: dict[Cell, int] = defaultdict(int)
    for (number, what), net in nets.items():
        account = facts.account(number)
        if account is not None and account.kind in MONEY:
            expected[_bank_account(facts, account.subject), what] -= net
    found: dict[Cell, int] = defaultdict(int)
    for _, r in done.moves:
        if r.op in RECEIVES and r.tag == POSITION:
            found[r.debit, r.instrument] -= r.amount
            found[r.credit, r.instrument] += r.amount
    day = next((one.where.get("day") for one in done.changes if one.table == "clearing_day"), None)
    for number, what in sorted(expected.keys() | found.keys()):
        wanted, there = expected.get((number, what), 0), found.get((number, what), 0)
        if wanted != there:
            told = {"account": facts.code(number), "expected": wanted, "found": there}
            yield done.find(checks.POSITIONS, number, day=day, **told)


def _bank_account(facts: Facts, subject: str) -> int:
    """The account of the bank that keeps a subject's money: the one it is bound to, or the only one; −1."""
    bound = facts.some("bank_binding", subject_id=subject, ended_seq=None)
    own = [
        one for bank in facts.some("subject", kind=SubjectKind.BANK) for one in _accounts(facts, bank["id"])
    ]
    if bound:
        own = _accounts(facts, bound[0]["bank_id"])
    return own[0] if len(own) == 1 else -1


def _accounts(facts: Facts, subject: str) -> list[int]:
    found = facts.some("account", subject_id=subject, kind=AccountKind.BANK)
    return [one["number"] for one in found]
