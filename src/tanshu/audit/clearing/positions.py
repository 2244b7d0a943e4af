"""头寸划拨 judged by the book alone: after it every bank has to hold what its clients have, to the fen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tanshu.audit.business.entries import Done
from tanshu.audit.business.facts import Facts
from tanshu.audit.business.verbs import EFFECT
from tanshu.audit.clearing import checks
from tanshu.audit.report import Finding
from tanshu.parties.model import AccountKind, SubjectKind
from tanshu.registry.types import TYPES, InstrumentKind

POSITION = TYPES["bank-position"].number
MONEY = (
    AccountKind.CASH,
    AccountKind.FEES,
    AccountKind.RESERVE,
    AccountKind.OWN_FUNDS,
    AccountKind.POOL,
)
"""Kinds of accounts whose money lies at a bank."""
Cell = tuple[int, int]


def judge(balances: Mapping[Cell, int], facts: Facts, done: Done) -> Iterator[Finding]:
    """balances: what every cell comes to. A bank's account stands below zero by what it has to hold."""
    if done.entry.command != EFFECT:
        return
    day = next((one.where.get("day") for one in done.changes if one.table == "clearing_day"), None)
    for money in facts.some("instrument", kind=InstrumentKind.CASH):
        what = money["number"]
        kept: dict[int, int] = defaultdict(int)
        for kind in MONEY:
            for account in facts.some("account", kind=kind):
                kept[_keeper(facts, account["subject_id"])] += balances.get((account["number"], what), 0)
        for bank, fen in sorted(kept.items()):
            there = balances.get((bank, what), 0)
            if fen + there:
                told = {"account": facts.code(bank), "expected": -fen, "found": there}
                yield done.find(checks.POSITIONS, bank, book=done.seq, day=day, **told)


def _keeper(facts: Facts, subject: str) -> int:
    """The account of the bank that keeps a subject's money: the one it is bound to, or the only one; −1."""
    bound = [one["bank_id"] for one in facts.some("bank_binding", subject_id=subject, ended_seq=None)]
    banks = bound or [one["id"] for one in facts.some("subject", kind=SubjectKind.BANK)]
    own = [
        one["number"]
        for bank in banks
        for one in facts.some("account", subject_id=bank, kind=AccountKind.BANK)
    ]
    return own[0] if len(own) == 1 else -1
