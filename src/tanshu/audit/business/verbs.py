"""Every command of the register, one row each: who may send it, what it records, which tables it changes.

A command that is not in this table has no business in the log of a register. To add a verb to a room, add a
row here; a test holds the two lists equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tanshu.book.records import Op
from tanshu.parties.model import Right, SubjectKind


@dataclass(frozen=True, slots=True)
class Verb:
    """One command.

    by: kinds of subjects and the right that its people need; empty where the chain of a transaction says who
    (or, for `anyone`, nobody asks). An authority acts for the subjects of its region only. records: the
    operations it may record. tables: those it may change.
    """

    by: tuple[tuple[SubjectKind, Right], ...]
    records: frozenset[Op]
    tables: frozenset[str]


_CLERK, _REVIEWER = (SubjectKind.REGISTRY, Right.MAKER), (SubjectKind.REGISTRY, Right.CHECKER)
_PROVINCE, _SUPERVISOR = (SubjectKind.AUTHORITY, Right.MAKER), (SubjectKind.AUTHORITY, Right.CHECKER)
_AUDITORS = ((SubjectKind.REGISTRY, Right.AUDITOR), (SubjectKind.AUTHORITY, Right.AUDITOR))
_BY_CHAIN: tuple[tuple[SubjectKind, Right], ...] = ()

_SUBJECTS = "subject subject_name account person"
_TRANSACTION = "registry_transaction transaction_line transaction_step"
_DECISIONS = f"{_TRANSACTION} allocation offset_claim data_lock"
CHANGING: Mapping[str, frozenset[str]] = {
    "account": frozenset({"state", "finding"}),
    "account_block": frozenset({"asked_by", "asked_seq", "asked_why", "ended_by", "ended_seq"}),
    "allocation": frozenset({"transaction_id", "in_force"}),
    "person": frozenset({"active", "dismissed"}),
    "registry_transaction": frozenset({"taken", "state", "ended_seq", "ended_ns"}),
}
"""Columns that may change after their row was written; all others, and other tables, stay as they are."""
ENDING = frozenset({"allocation", "offset_claim", "data_lock"})
"""Tables whose rows may be struck out again."""
JOBS = frozenset({"step"})
"""A long job's done mark goes with its last command, whichever that is."""


def _verb(by: tuple[tuple[SubjectKind, Right], ...], tables: str, *records: Op) -> Verb:
    return Verb(by, frozenset(records), frozenset(tables.split()) | JOBS)


GENESIS, ESTABLISH = "genesis", "parties.establish"
CHAINED = frozenset({"registry.propose", "registry.approve", "registry.reject", "registry.withdraw"})
"""Commands for which the chain of their transaction says who may send them."""
BATCH = "registry.record"
CONFIRM_PERSON = "parties.confirm-person"
UNBLOCK = "parties.unblock"
CONFIRM_ALLOCATION = "compliance.confirm-allocation"
VERBS: Mapping[str, Verb] = {
    GENESIS: _verb(_BY_CHAIN, ""),
    "era": _verb((_REVIEWER,), ""),
    ESTABLISH: _verb(_BY_CHAIN, f"setting {_SUBJECTS}", Op.OPEN_ACCOUNT),
    "parties.register": _verb((_CLERK,), _SUBJECTS, Op.OPEN_ACCOUNT),
    "parties.enrol": _verb((_CLERK,), "subject subject_name account", Op.OPEN_ACCOUNT),
    "parties.open-account": _verb((_CLERK,), "account", Op.OPEN_ACCOUNT),
    "parties.appoint": _verb((_CLERK,), "person"),
    CONFIRM_PERSON: _verb((_REVIEWER,), "person"),
    "parties.dismiss": _verb((_CLERK,), "person"),
    "parties.rename": _verb((_CLERK,), "subject_name"),
    "parties.set-state": _verb((_CLERK,), "account", Op.SET_FLAGS),
    "parties.block": _verb(_AUDITORS, "account account_block", Op.SET_FLAGS),
    UNBLOCK: _verb((_CLERK, _REVIEWER), "account account_block", Op.SET_FLAGS),
    "registry.define-instrument": _verb((_CLERK,), "instrument", Op.DEFINE_INSTRUMENT),
    "registry.define-instruments": _verb((_CLERK,), "instrument", Op.DEFINE_INSTRUMENT),
    BATCH: _verb((_CLERK,), _TRANSACTION, Op.TRANSFER),
    "registry.propose": _verb(_BY_CHAIN, _DECISIONS, Op.HOLD, Op.TRANSFER),
    "registry.approve": _verb(_BY_CHAIN, _DECISIONS, Op.CAPTURE, Op.TRANSFER),
    "registry.reject": _verb(_BY_CHAIN, _DECISIONS, Op.RELEASE),
    "registry.withdraw": _verb(_BY_CHAIN, _DECISIONS, Op.RELEASE),
    "compliance.allocate": _verb((_PROVINCE,), _DECISIONS, Op.HOLD, Op.TRANSFER),
    CONFIRM_ALLOCATION: _verb((_SUPERVISOR,), "allocation data_lock"),
    "compliance.decide-penalty": _verb((_SUPERVISOR,), "penalty_decision"),
    "compliance.close-year": _verb((_SUPERVISOR,), "year_closed data_lock"),
    "mrv.list-entities": _verb((_PROVINCE,), "covered_entity"),
    "mrv.import-activity": _verb((_PROVINCE,), "unit_activity"),
    "mrv.import-emissions": _verb((_PROVINCE,), "verified_emissions"),
    "mrv.unlock": _verb((_SUPERVISOR,), "data_lock"),
}
