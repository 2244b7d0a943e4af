"""Every command of the register, one row each: who may send it, what it records, which tables it changes.

A command that is not in this table has no business in the log of a register. To add a verb to a room, add a
row here; a test holds the two lists equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tanshu.book.records import Op
from tanshu.parties.model import HOLDERS, Right, SubjectKind


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
_HOLDERS = tuple((kind, Right.MAKER) for kind in HOLDERS)
_EXCHANGE = (SubjectKind.EXCHANGE, Right.MAKER)
_EXCHANGE_CHECKER = (SubjectKind.EXCHANGE, Right.CHECKER)
_BY_CHAIN: tuple[tuple[SubjectKind, Right], ...] = ()
_ANY_HANDS = tuple((kind, right) for kind in SubjectKind for right in (Right.MAKER, Right.CHECKER))

_SUBJECTS = "subject subject_name account person"
_APPLICATION = "account_application application_form application_document"
_TRANSACTION = "registry_transaction transaction_line transaction_step"
_CLAIMS = "claim claim_hold notice"
"""Whose claim gives way or moves up is told so."""
_MONEY = "shortfall shortfall_payment clearing_objection"
"""What covers, recoveries and corrections of settlements count for."""
_EFFECT = f"registry_transaction transaction_step {_CLAIMS} successor allocation bank_instruction {_MONEY}"
_DELIVERY = "market_delivery market_due"
"""Which settlement delivers which trade of a market."""
_PROPOSAL = f"{_EFFECT} transaction_line offset_claim {_DELIVERY}"
_DROP = f"registry_transaction {_CLAIMS} allocation offset_claim data_lock deduction_use {_DELIVERY}"
"""What a transaction changes as it goes on or takes effect; as it is proposed; as it comes to nothing."""
_DECISION = f"{_TRANSACTION} {_CLAIMS} data_lock deduction_use"
_UPLOAD = "allocation_upload allocation_upload_row allocation_upload_finding"
CHANGING: Mapping[str, frozenset[str]] = {
    "account_application": frozenset({"state", "round", "due_on", "subject_id", "ended_seq"}),
    "change_request": frozenset({"state", "decided_by", "decided_for", "decided_seq", "comment"}),
    "delegation": frozenset({"ended_seq", "ended_by"}),
    "year_review": frozenset(
        {"state", "findings", "found_by", "found_for", "found_seq", "done_by", "done_for", "done_seq"}
    ),
    "account": frozenset({"state", "finding"}),
    "auction_result": frozenset({"published_by", "published_on", "published_seq"}),
    "account_block": frozenset({"asked_by", "asked_seq", "asked_why", "ended_by", "ended_seq"}),
    "allocation": frozenset({"transaction_id", "in_force"}),
    "claim": frozenset(
        {"ordered", "reach", "held", "state", "ended_seq", "expires_on", "document", "root_id"}
    ),
    "claim_hold": frozenset({"quantity"}),
    "allocation_adjustment": frozenset({"confirmed"}),
    "carry_over_notice": frozenset({"confirmed_by"}),
    "withholding": frozenset({"in_force", "confirmed_by"}),
    "allocation_upload": frozenset({"state", "letter_id", "compared_by", "mismatch", "loaded"}),
    "deduction": frozenset({"confirmed_by"}),
    "objection": frozenset({"state", "quantity", "opinion", "decided_by", "confirmed_by", "decided_on"}),
    "notice": frozenset({"served_on", "served_by", "served_seq"}),
    "inquiry": frozenset(
        {
            *("state", "decided_by", "decided_seq", "comment", "year", "number"),
            *("answered_by", "answered_seq", "answer_sha256"),
        }
    ),
    "market_day": frozenset({"state", "closed_seq", "market_closed", "state_hash"}),
    "market_due": frozenset({"left"}),
    "bank_binding": frozenset({"ended_seq"}),
    "bank_instruction": frozenset(
        {
            *("state", "bank_reference", "why", "done_on", "attempts", "answered_seq", "returned_id"),
            "by_hand",
        }
    ),
    "clearing_day": frozenset(
        {
            *("state", "cleared_seq", "confirmed_by", "confirmed_seq", "reviewed_by", "reviewed_seq"),
            *("approved_by", "approved_seq", "delivered_seq", "effected_seq"),
            *("reconciled_seq", "differences", "stated_seq", "statements_hash", "comment", "returned_seq"),
            *("sealed_seq", "log_seq", "log_hash", "state_hash"),
        }
    ),
    "clearing_market": frozenset({"delivered", "failed"}),
    "clearing_fail": frozenset({"state", "ended_seq", "quantity", "amount", "account", "why"}),
    "clearing_unwinding": frozenset(
        {"state", "why", "asked_by", "asked_seq", "decided_by", "decided_seq", "comment"}
    ),
    "clearing_explained": frozenset(
        {
            *("state", "left", "comment", "granted_by", "granted_seq", "ending_by", "ending_seq"),
            *("ending_reason", "ended_by", "ended_seq", "ended_on", "ended_reference"),
        }
    ),
    "clearing_objection": frozenset(
        {
            *("state", "uphold", "quantity", "amount", "opinion", "decided_by", "decided_seq"),
            *("confirmed_by", "confirmed_seq", "correction_id", "corrected_seq"),
        }
    ),
    "shortfall": frozenset(
        {
            *("cured", "covered", "recovered", "state", "ended_seq"),
            *("confirmed_by", "confirmed_seq", "cure_until_ns", "withdrawn_by", "withdrawn_why"),
        }
    ),
    "market_halt": frozenset({"ended_by", "ended_why", "ended_seq"}),
    "market_suspension": frozenset({"asked_by", "asked_seq", "asked_why", "ended_by", "ended_seq"}),
    "person": frozenset({"active", "dismissed"}),
    "registry_transaction": frozenset({"taken", "state", "ended_seq", "ended_ns"}),
}
"""Columns that may change after their row was written; all others, and other tables, stay as they are."""
ENDING = frozenset(
    {
        *("allocation", "offset_claim", "data_lock", "deduction_use", "carry_over_notice", "withholding"),
        "market_delivery",
    }
)
"""Tables whose rows may be struck out again."""
JOBS = frozenset({"step"})
"""A long job's done mark goes with its last command, whichever that is."""


_ALL_MOVES = (Op.HOLD, Op.CAPTURE, Op.RELEASE, Op.TRANSFER, Op.SET_FLAGS)
"""A chain's last step may free, hold and move; a sink that gives back is opened for it."""


def _verb(by: tuple[tuple[SubjectKind, Right], ...], tables: str, *records: Op) -> Verb:
    return Verb(by, frozenset(records), frozenset(tables.split()) | JOBS)


GENESIS, ESTABLISH = "genesis", "parties.establish"
CHAINED = frozenset(
    {
        *("registry.propose", "registry.approve", "registry.approve-batch"),
        *("registry.reject", "registry.withdraw"),
    }
)
"""Commands for which the chain of their transaction says who may send them."""
BATCH, EXPIRE = "registry.record", "registry.expire"
CONFIRM_PERSON = "parties.confirm-person"
UNBLOCK = "parties.unblock"
DECIDE_CHANGE = "parties.decide-change"
REVIEW_APPLICATION, FINISH_YEAR_REVIEW = "parties.review-application", "parties.finish-year-review"
DELEGATE, END_DELEGATION = "parties.delegate", "parties.end-delegation"
BY_SUBSTITUTES = frozenset(
    {
        DECIDE_CHANGE,
        REVIEW_APPLICATION,
        "parties.start-year-review",
        "parties.record-year-findings",
        FINISH_YEAR_REVIEW,
    }
)
"""Commands for which a right that a colleague handed over will do; the steps of chains are asked apart."""
OPEN_DAY, CLOSE_DAY, SETTLE = "exchange.open-day", "exchange.close-day", "exchange.settle"
COLLECT, CLEAR, CONFIRM = "clearing.collect", "clearing.clear", "clearing.confirm"
REVIEW, APPROVE = "clearing.review", "clearing.approve"
DELIVER, EFFECT = "clearing.deliver", "clearing.effect"
DELIVER_FAILED, UNWIND = "clearing.deliver-failed", "clearing.unwind-failed"
EXPLAIN, GRANT_EXPLANATION = "clearing.explain-difference", "clearing.grant-explanation"
END_EXPLANATION = "clearing.end-explanation"
RECONCILE, STATE, SEAL = "clearing.reconcile", "clearing.state", "clearing.seal"
"""The steps of a settlement day, in their order."""
CONFIRM_ALLOCATION, CONFIRM_ALLOCATIONS = "compliance.confirm-allocation", "compliance.confirm-allocations"
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
    "parties.rename": _verb((_CLERK,), "change_request"),
    "parties.set-state": _verb((_CLERK,), "change_request"),
    "parties.ask-change": _verb((_CLERK,), "change_request"),
    DECIDE_CHANGE: _verb(
        (_REVIEWER,),
        "change_request account subject_name subject_detail person market_suspension",
        Op.SET_FLAGS,
    ),
    "parties.apply": _verb((_CLERK,), _APPLICATION),
    "parties.resubmit": _verb((_CLERK,), _APPLICATION),
    "parties.withdraw-application": _verb((_CLERK,), "account_application"),
    REVIEW_APPLICATION: _verb(
        (_CLERK, _REVIEWER),
        f"account_application application_step subject_detail {_SUBJECTS}",
        Op.OPEN_ACCOUNT,
    ),
    "parties.start-year-review": _verb((_CLERK,), "year_review"),
    "parties.record-year-findings": _verb((_CLERK,), "year_review"),
    FINISH_YEAR_REVIEW: _verb((_REVIEWER,), "year_review"),
    DELEGATE: _verb(_ANY_HANDS, "delegation"),
    END_DELEGATION: _verb(_ANY_HANDS, "delegation"),
    "parties.block": _verb(_AUDITORS, "account account_block market_suspension", Op.SET_FLAGS),
    UNBLOCK: _verb((_CLERK, _REVIEWER), "account account_block", Op.SET_FLAGS),
    "registry.request-inquiry": _verb((_CLERK,), "inquiry"),
    "registry.approve-inquiry": _verb((_REVIEWER,), "inquiry"),
    "registry.refuse-inquiry": _verb((_REVIEWER,), "inquiry"),
    "registry.answer-inquiry": _verb((_CLERK, _REVIEWER), "inquiry"),
    "registry.read-inquiry": _verb((_CLERK, _REVIEWER), "inquiry_reading"),
    "registry.define-instrument": _verb((_CLERK,), "instrument", Op.DEFINE_INSTRUMENT),
    "registry.define-instruments": _verb((_CLERK,), "instrument", Op.DEFINE_INSTRUMENT),
    BATCH: _verb((_CLERK,), f"{_TRANSACTION} {_CLAIMS}", Op.HOLD, Op.TRANSFER),
    "registry.propose": _verb(_BY_CHAIN, _PROPOSAL, *_ALL_MOVES),
    "registry.approve": _verb(_BY_CHAIN, _EFFECT, *_ALL_MOVES),
    "registry.approve-batch": _verb(_BY_CHAIN, _EFFECT, *_ALL_MOVES),
    "registry.reject": _verb(_BY_CHAIN, f"{_DROP} transaction_step", Op.HOLD, Op.RELEASE),
    "registry.withdraw": _verb(_BY_CHAIN, _DROP, Op.HOLD, Op.RELEASE),
    EXPIRE: _verb((_CLERK,), _DROP, Op.HOLD, Op.RELEASE),
    "registry.serve-notice": _verb((_CLERK, _PROVINCE), "notice"),
    "compliance.allocate": _verb((_PROVINCE,), f"{_DECISION} allocation", Op.HOLD, Op.RELEASE),
    CONFIRM_ALLOCATION: _verb(
        (_SUPERVISOR,), f"allocation data_lock deduction_use withheld {_CLAIMS}", Op.HOLD
    ),
    CONFIRM_ALLOCATIONS: _verb((_SUPERVISOR,), f"allocation withheld {_CLAIMS}", Op.HOLD),
    "compliance.upload-allocation": _verb((_PROVINCE,), _UPLOAD),
    "compliance.key-sealed-letter": _verb((_CLERK,), "sealed_letter"),
    "compliance.compare-upload": _verb((_REVIEWER,), "allocation_upload"),
    "compliance.load-upload": _verb(
        (_PROVINCE,), f"{_DECISION} allocation allocation_upload", Op.HOLD, Op.RELEASE
    ),
    "compliance.file-objection": _verb((*_HOLDERS, _PROVINCE), "objection"),
    "compliance.decide-objection": _verb((_PROVINCE,), "objection"),
    "compliance.confirm-objection": _verb((_SUPERVISOR,), "objection notice"),
    "compliance.record-deduction": _verb((_PROVINCE,), "deduction"),
    "compliance.confirm-deduction": _verb((_SUPERVISOR,), "deduction"),
    "compliance.adjust": _verb((_PROVINCE,), f"{_DECISION} allocation_adjustment", Op.HOLD, Op.RELEASE),
    "compliance.confirm-adjustment": _verb((_SUPERVISOR,), "allocation_adjustment"),
    "compliance.carry-over-notices": _verb((_CLERK,), "carry_over_notice"),
    "compliance.confirm-carry-over-notices": _verb((_REVIEWER,), "carry_over_notice"),
    "compliance.issue-carried-over": _verb((_CLERK,), _TRANSACTION),
    "compliance.withhold": _verb((_PROVINCE,), "withholding"),
    "compliance.confirm-withholding": _verb((_SUPERVISOR,), "withholding"),
    "compliance.force-surrender": _verb((_PROVINCE,), f"{_TRANSACTION} {_CLAIMS}", Op.HOLD, Op.RELEASE),
    "compliance.release-withheld": _verb((_PROVINCE,), f"{_TRANSACTION} {_CLAIMS}", Op.HOLD, Op.RELEASE),
    "compliance.decide-penalty": _verb((_SUPERVISOR,), "penalty_decision"),
    "compliance.close-year": _verb((_SUPERVISOR,), "year_closed data_lock"),
    "mrv.list-entities": _verb((_PROVINCE,), "covered_entity"),
    "mrv.import-activity": _verb((_PROVINCE,), "unit_activity"),
    "mrv.import-output": _verb((_PROVINCE,), "line_activity"),
    "mrv.import-emissions": _verb((_PROVINCE,), "verified_emissions"),
    "mrv.unlock": _verb((_SUPERVISOR,), "data_lock"),
    "exchange.found-market": _verb((_EXCHANGE,), "market"),
    "exchange.admit": _verb((_EXCHANGE,), "market_party market_operator"),
    "exchange.add-operator": _verb((_EXCHANGE,), "market_operator"),
    "exchange.list-instrument": _verb((_EXCHANGE,), "market_instrument"),
    OPEN_DAY: _verb((_EXCHANGE,), "market_day claim claim_hold", Op.HOLD),
    CLOSE_DAY: _verb((_EXCHANGE,), f"market_day market_due {_CLAIMS}", Op.HOLD, Op.RELEASE),
    SETTLE: _verb((_EXCHANGE,), f"{_TRANSACTION} {_CLAIMS} {_DELIVERY}", Op.HOLD, Op.RELEASE),
    "exchange.suspend": _verb((_EXCHANGE, _EXCHANGE_CHECKER), "market_suspension"),
    "exchange.lift": _verb((_EXCHANGE, _EXCHANGE_CHECKER), "market_suspension"),
    "exchange.halt": _verb((_EXCHANGE, _EXCHANGE_CHECKER), "market_halt"),
    "exchange.resume": _verb((_EXCHANGE_CHECKER,), "market_halt"),
    "exchange.announce-auction": _verb((_EXCHANGE,), "auction_notice"),
    "exchange.qualify-bidder": _verb((_EXCHANGE,), "auction_bidder"),
    "exchange.call-off-auction": _verb((_EXCHANGE,), "auction_result"),
    "exchange.record-auction": _verb((_EXCHANGE,), "auction_result auction_award"),
    "exchange.publish-auction": _verb((_EXCHANGE_CHECKER,), "auction_result"),
    "exchange.import-quotes": _verb(
        (_CLERK, _EXCHANGE), "published_file published_quote published_auction published_finding"
    ),
    "bank.bind": _verb((_CLERK,), "bank_binding"),
    "bank.answered": _verb((_CLERK,), "bank_instruction"),
    "bank.import-statement": _verb((_CLERK,), "bank_statement bank_statement_line bank_statement_sub"),
    COLLECT: _verb((_CLERK,), "clearing_day clearing_market claim market_day"),
    CLEAR: _verb((_CLERK,), "clearing_day"),
    CONFIRM: _verb((_EXCHANGE_CHECKER,), "clearing_day"),
    REVIEW: _verb((_REVIEWER,), "clearing_day"),
    APPROVE: _verb((_REVIEWER,), "clearing_day"),
    DELIVER: _verb(
        (_CLERK,),
        "clearing_block clearing_fail clearing_market clearing_day",
        Op.CAPTURE,
        Op.TRANSFER,
    ),
    EFFECT: _verb(
        (_CLERK,),
        f"clearing_day market_due market_day bank_instruction bank_posting {_CLAIMS}",
        *(Op.HOLD, Op.CAPTURE, Op.RELEASE, Op.TRANSFER),
    ),
    RECONCILE: _verb((_CLERK,), "clearing_day clearing_break"),
    STATE: _verb((_CLERK,), "clearing_day clearing_statement clearing_holding"),
    SEAL: _verb((_CLERK,), "clearing_day"),
    DELIVER_FAILED: _verb(
        (_CLERK,), f"clearing_fail {_CLAIMS}", Op.HOLD, Op.CAPTURE, Op.RELEASE, Op.TRANSFER
    ),
    "clearing.ask-unwinding": _verb((_CLERK,), "clearing_unwinding"),
    UNWIND: _verb((_REVIEWER,), f"clearing_unwinding clearing_fail {_CLAIMS}", Op.HOLD, Op.RELEASE),
    EXPLAIN: _verb((_CLERK,), "clearing_explained"),
    END_EXPLANATION: _verb((_CLERK,), "clearing_explained"),
    GRANT_EXPLANATION: _verb((_REVIEWER,), "clearing_explained"),
    "clearing.object": _verb(_HOLDERS, "clearing_objection"),
    "clearing.decide-objection": _verb((_CLERK,), "clearing_objection"),
    "clearing.confirm-objection": _verb((_REVIEWER,), "clearing_objection"),
    "clearing.notice-shortfall": _verb((_CLERK,), "shortfall"),
    "clearing.confirm-shortfall": _verb((_REVIEWER,), "shortfall notice market_suspension"),
    "clearing.withdraw-shortfall": _verb((_REVIEWER,), "shortfall notice market_suspension"),
    "clearing.cure-shortfall": _verb((_CLERK,), "shortfall shortfall_payment"),
    "supervision.record-owner": _verb((_CLERK, _EXCHANGE), "supervision_owner"),
    "supervision.record-alerts": _verb((_CLERK, _EXCHANGE), "supervision_run supervision_alert"),
    "supervision.open-case": _verb((_CLERK, _EXCHANGE), "supervision_case supervision_act"),
    "supervision.act": _verb((_CLERK, _EXCHANGE), "supervision_act"),
    "supervision.confirm": _verb((_EXCHANGE_CHECKER,), "supervision_act market_suspension"),
    "supervision.end-case": _verb((_EXCHANGE,), "supervision_act"),
}
