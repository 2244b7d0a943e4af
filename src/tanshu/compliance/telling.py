"""What entities are told of their allocation: the notices from whose service they may object.

Where nobody may object (the pack has no [objections]: registers that take over what others decided), a round
issues no notices.
"""

from __future__ import annotations

from sqlalchemy import Connection

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act
from tanshu.compliance import packs
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.registry import notices
from tanshu.registry.notice_texts import Fact
from tanshu.registry.notices import Notice

ALLOCATION = "allocation"


def allocated(
    act: Act, subject_id: str, year: int, stage: str, quantity: int, issued: int, about: str = ""
) -> None:
    """Tell an entity of a decision in force. issued: tonnes that reach its account now.

    about: the transaction; by default the decision's own name.
    """
    if "objections" not in packs.registry(act.conn).tables:
        return
    account = parties.account_of(act.conn, subject_id, AccountKind.REGISTRATION)
    facts: dict[str, Fact] = {
        "year": year,
        "stage": stage,
        "quantity": quantity,
        "issued": issued,
        "instrument": packs.instrument(act.conn, year),
        "account": account.code if account else "—",
    }
    notices.issue(act, subject_id, ALLOCATION, about or f"{stage}-{year}", facts)


def withheld(act: Act, subject_id: str, year: int, quantity: int) -> None:
    """Tell an entity how much of its allocation stays with the province until it has surrendered."""
    notices.issue(act, subject_id, "withheld", f"final-{year}", {"year": year, "quantity": quantity})


def decided(act: Act, subject_id: str, year: int, objection: str, state: str, opinion: str) -> None:
    """Tell an entity what became of its objection. state: upheld or dismissed."""
    facts: dict[str, Fact] = {"year": year, "decision": state, "reason": opinion}
    notices.issue(act, subject_id, "objection-decision", objection, facts)


def newest(conn: Connection, subject_id: str, year: int, stage: str) -> Notice | None:
    """The newest notice of a stage of an entity's allocation."""
    found = notices.of(conn, subject_id=subject_id, kind=ALLOCATION)
    return next((one for one in reversed(found) if is_of(one, subject_id, year, stage)), None)


def is_of(notice: Notice, subject_id: str, year: int, stage: str) -> bool:
    """Does it tell this entity of this stage?"""
    told = (notice.subject_id, notice.kind.code, notice.facts.get("year"), notice.facts.get("stage"))
    return told == (subject_id, ALLOCATION, year, stage)


def named(conn: Connection, id: str) -> Notice | None:
    """The register's notice of this id; None where somebody else's letter is meant."""
    found = notices.one(conn, id)
    return None if isinstance(found, Refusal) else found
