"""Applications in tests: a complete one, and short words for what becomes of it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from tanshu.audit import rows
from tanshu.audit.judge import Judge
from tanshu.book.commit import Answer, Outcome
from tanshu.parties.model import Appoint, BankAccount, ConfirmPerson, Document, NewPerson
from tanshu.parties.onboarding import service
from tanshu.parties.onboarding.model import Apply, Form, Resubmit, Review
from tanshu.parties.service import appoint, confirm_person
from tests.support.market import Market, credit_code

PAPERS = (
    "application_form",
    "business_licence",
    "legal_representative_id",
    "authorisation_letter",
    "agent_id",
    "bank_account_proof",
)
MAKER, MAKER_2, CHECKER, CHECKER_2 = (
    "registry-maker-1",
    "registry-maker-2",
    "registry-checker-1",
    "registry-checker-2",
)
NAME, USCC = "丙电厂", credit_code(7)


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def paper(kind: str) -> Document:
    return Document(kind, hashed(kind), 1_000)


def bank(name: str = NAME, **changes: Any) -> BankAccount:
    return replace(BankAccount("结算银行", name, "1234", hashed("sealed")), **changes)


def form(**changes: Any) -> Form:
    """A form that nothing is wrong with, but for the changes."""
    complete = Form(
        "enterprise",
        NAME,
        bank(changes.get("name", NAME)),
        tuple(paper(kind) for kind in PAPERS),
        (NewPerson("plant-c-maker-1", ("maker",)), NewPerson("plant-c-checker-1", ("checker",))),
        ("registration", "trading", "cash"),
        uscc=USCC,
        region="420100",
        listed_year=2023,
        not_barred=True,
        contact=hashed("contact"),
    )
    return replace(complete, **changes)


def apply(market: Market, actor: str = MAKER, **changes: Any) -> Outcome:
    return service.apply(market.ctx(actor), Apply(form(**changes)))


def applied(market: Market, **changes: Any) -> str:
    """An application, entered; its id."""
    return market.accepted(apply(market, **changes))["application"]


def resubmit(market: Market, id: str, **changes: Any) -> Outcome:
    return service.resubmit(market.ctx(MAKER), Resubmit(id, form(**changes)))


def review(
    market: Market, actor: str, id: str, stage: str, verdict: str = "pass", comment: str = ""
) -> Outcome:
    return service.review(market.ctx(actor), Review(id, stage, verdict, comment))


def opened(market: Market, **changes: Any) -> Answer:
    """An application, reviewed twice."""
    id = applied(market, **changes)
    market.accepted(review(market, MAKER, id, "first"))
    return market.accepted(review(market, CHECKER, id, "second"))


def staff(market: Market, *people: NewPerson) -> None:
    """More people for the registry, each confirmed."""
    for person in people:
        market.accepted(appoint(market.ctx(MAKER), Appoint("registry", person)))
        market.accepted(confirm_person(market.ctx(CHECKER), ConfirmPerson(person.handle)))


def findings(market: Market) -> list[str]:
    """What a judge has to say of the whole log, from its first entry on."""
    judge = Judge()
    with market.database.read() as conn:
        return [
            str(finding)
            for chunk in rows.chunks(conn, market.book.log, -1)
            for stored in chunk
            for finding in judge.look_at(stored)
        ]
