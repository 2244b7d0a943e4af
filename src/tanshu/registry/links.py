"""What ties a transaction to an earlier one: reversals, corrections, orders about claims; its evidence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from tanshu.base.clock import business_date
from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.book.commit import Act
from tanshu.registry import checks, queries
from tanshu.registry.model import TRANSACTION_STATE_LABELS, Proposed, Transaction, TransactionState
from tanshu.registry.types import TYPES, TransactionType, Whose

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_OPEN = (TransactionState.PENDING, TransactionState.EFFECTED)


def original(
    conn: Connection, kind: TransactionType, details: Mapping[str, Any]
) -> Transaction | Refusal | None:
    """The transaction that a proposal is about; None where its type has none.

    Refuses with REG-4301 (none named), REG-3105 (unknown), REG-4302 (of another type, or not effected).
    """
    if not kind.about:
        return None
    names = [TYPES[code].name for code in kind.about]
    types = Text("、".join(name.zh for name in names), ", ".join(name.en for name in names))
    named = details.get("original")
    if not isinstance(named, str) or not named:
        return checks.ORIGINAL_NEEDED(field="original", name=kind.name, types=types)
    found = queries.transaction(conn, named)
    if isinstance(found, Refusal):
        return found
    if found.type.code not in kind.about or found.state is not TransactionState.EFFECTED:
        state = TRANSACTION_STATE_LABELS[found.state]
        facts = {
            "original": found.id,
            "type": found.type.name,
            "state": state,
            "name": kind.name,
            "types": types,
        }
        return checks.ORIGINAL_UNFIT(field="original", **facts)
    return found


def check(act: Act, proposed: Proposed) -> Refusal | None:
    """Evidence where it is due; the original's subject, term and quantities."""
    kind = proposed.type
    if kind.evidence and not _has_documents(proposed.details):
        return checks.EVIDENCE_NEEDED(field="documents", name=kind.name)
    if proposed.original is None:
        return None
    return _same_subject(proposed) or _in_term(proposed) or _mirrored(act, proposed)


def undoes(kind: TransactionType) -> bool:
    """Does it give back, line for line, what its original moved?"""
    return kind.whose is Whose.ORIGINAL


def _same_subject(proposed: Proposed) -> Refusal | None:
    assert proposed.original is not None
    if proposed.original.subject_id == proposed.subject.id:
        return None
    return checks.ORIGINAL_OF_OTHER(
        field="original", original=proposed.original.id, subject=proposed.subject.name
    )


def _in_term(proposed: Proposed) -> Refusal | None:
    """A reversal is proposed within the term of its original's type. A correction has no term."""
    before = proposed.original
    assert before is not None and before.ended_ns is not None
    if not undoes(proposed.type) or proposed.type.code == "correction":
        return None
    effected = business_date(before.ended_ns)
    last = effected + timedelta(days=before.type.reversible_days)
    if before.type.reversible_days and business_date(proposed.proposed_ns) <= last:
        return None
    return checks.TOO_LATE_TO_REVERSE(
        field="original", original=before.id, effected=effected, days=before.type.reversible_days, last=last
    )


def _mirrored(act: Act, proposed: Proposed) -> Refusal | None:
    """Every line goes back the way an original line came, and all that goes back is no more than came."""
    before = proposed.original
    assert before is not None
    if not undoes(proposed.type):
        return None
    left: Counter[tuple[int, int, int]] = Counter()
    for line in before.lines:
        left[line.credit, line.debit, line.instrument] += line.quantity
    for other in queries.linked(act.conn, before.id):
        if other.id != proposed.id and other.state in _OPEN and undoes(other.type):
            for line in other.lines:
                left[line.debit, line.credit, line.instrument] -= line.quantity
        elif other.state in _OPEN and not undoes(other.type):
            return checks.GONE_ON_FROM(
                field="original", original=before.id, other=other.id, name=other.type.name
            )
    came = {(line.credit, line.debit, line.instrument) for line in before.lines}
    for line in proposed.lines:
        way = (line.debit.number, line.credit.number, line.instrument.number)
        if way not in came:
            return checks.NOT_MIRRORED(
                field="lines", original=before.id, account=line.debit.code, instrument=line.instrument.code
            )
        if line.quantity > left[way]:
            return checks.BEYOND_ORIGINAL(
                field="quantity", original=before.id, left=max(0, left[way]), quantity=line.quantity
            )
        left[way] -= line.quantity
    return None


def _has_documents(details: Mapping[str, Any]) -> bool:
    documents = details.get("documents")
    if not isinstance(documents, list | tuple) or not documents:
        return False
    return all(
        isinstance(one, Mapping)
        and isinstance(one.get("title"), str)
        and bool(one["title"].strip())
        and isinstance(one.get("sha256"), str)
        and bool(_SHA256.fullmatch(one["sha256"]))
        for one in documents
    )
