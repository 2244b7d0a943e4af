"""What carries over, what is withheld, and who helps: judged by the notices and decisions that were told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tanshu.audit.business import checks
from tanshu.audit.business.entries import Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.report import Finding
from tanshu.base.refusal import Refusal
from tanshu.registry.types import TransactionType
from tanshu.rules import packs

WITHHELD_TYPES = ("forced-surrender", "withheld-release")
CARRIED_TYPES = ("carry-over", "carry-over-issuance")
HELPING = "helping-surrender"
JUDGED = (*WITHHELD_TYPES, *CARRIED_TYPES, HELPING)


def judge(
    facts: Facts,
    done: Done,
    kind: TransactionType,
    transaction: Row,
    lines: Sequence[Row],
    accounts: Sequence[int],
) -> Iterator[Finding]:
    """At the proposal, and again when it takes effect."""
    told = {"transaction": transaction["id"]}
    if kind.code in WITHHELD_TYPES and not _is_withheld(facts, transaction, lines):
        yield done.find(checks.NOT_WITHHELD, *accounts, **told)
    if kind.code == HELPING and _gives_itself(facts, transaction, lines):
        yield done.find(checks.HELPS_ITSELF, *accounts, **told)
    if kind.code in CARRIED_TYPES and not _is_carried(facts, kind.code, transaction, lines):
        yield done.find(checks.CARRIED, *accounts, **told)


def _is_withheld(facts: Facts, transaction: Row, lines: Sequence[Row]) -> bool:
    """Does it take from where units are withheld for this entity and year, no more than was withheld?"""
    kept = facts.some("withheld", subject_id=transaction["subject_id"], year=transaction["year"])
    if not kept:
        return False
    here = {(line["debit"], line["instrument"]) for line in lines}
    quantity = sum(line["quantity"] for line in lines)
    return here == {(kept[0]["account"], kept[0]["instrument"])} and quantity <= kept[0]["quantity"]


def _gives_itself(facts: Facts, transaction: Row, lines: Sequence[Row]) -> bool:
    givers = [facts.account(line["debit"]) for line in lines]
    return any(giver and giver.subject == transaction["subject_id"] for giver in givers)


def _is_carried(facts: Facts, code: str, transaction: Row, lines: Sequence[Row]) -> bool:
    """An old vintage of an entity that was told so by two people; the new one as a whole line."""
    pack = packs.load(f"{facts.jurisdiction}.carry_over", allow_draft=True)
    if isinstance(pack, Refusal):
        return False
    vintages = pack.table("vintages")
    codes = [facts.instrument_code(line["instrument"]) for line in lines]
    if code == "carry-over-issuance":
        return codes == [vintages["to"]]
    told = facts.one("carry_over_notice", transaction["subject_id"], pack.name)
    if told is None or told["confirmed_by"] in (None, told["maker"]) or told["late_years"]:
        return False
    quantity = sum(line["quantity"] for line in lines)
    return set(codes) <= set(vintages["from"]) and quantity <= told["carryable_t"]
