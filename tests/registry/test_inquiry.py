"""A court asks: two people let it pass, the answer follows from the log, every reading is told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from tanshu.base.documents import html
from tanshu.base.pdf import pdf
from tanshu.base.refusal import Refusal, need
from tanshu.book import projections
from tanshu.book.commit import Outcome
from tanshu.book.movements import Movements
from tanshu.log import store
from tanshu.parties.model import AccountKind
from tanshu.registry import inquiry, inquiry_answer
from tanshu.registry.inquiry import (
    CLAIMS,
    HISTORY,
    HOLDINGS,
    AnswerInquiry,
    DecideInquiry,
    Inquiry,
    InquiryState,
    ReadInquiry,
    RequestInquiry,
)
from tanshu.registry.inquiry_tables import INQUIRY
from tests.support.judged import findings
from tests.support.market import Market
from tests.support.orders import Court

CLERK, REVIEWER = "registry-maker-1", "registry-checker-1"
OFFICER, SALT = "张某某 法警 A-0417", bytes(range(16))
COURT, LETTER = "武汉市中级人民法院", "(2024)鄂01执1号"
HASH = "a" * 64


def asked(market: Market, **changes: Any) -> RequestInquiry:
    body = RequestInquiry(
        COURT,
        LETTER,
        market.plant_a,
        (HOLDINGS, HISTORY, CLAIMS),
        "法警",
        inquiry.officer_hash(OFFICER, SALT),
    )
    return replace(body, **changes)


def requested(market: Market, **changes: Any) -> str:
    return market.accepted(inquiry.request(market.ctx(CLERK), asked(market, **changes)))["id"]


def approved(market: Market, **changes: Any) -> str:
    id = requested(market, **changes)
    market.accepted(inquiry.approve(market.ctx(REVIEWER), DecideInquiry(id)))
    return id


def said(market: Market, id: str) -> dict[str, Any]:
    projections.catch_up(market.database, Movements)
    with market.database.read() as conn:
        return inquiry_answer.facts(conn, market.book, need(inquiry.inquiry(conn, id)))


def answered(market: Market, **changes: Any) -> str:
    id = approved(market, **changes)
    sha256 = inquiry_answer.sha256(said(market, id))
    market.accepted(inquiry.answer(market.ctx(CLERK), AnswerInquiry(id, sha256)))
    return id


def known(market: Market, id: str) -> Inquiry:
    with market.database.read() as conn:
        return need(inquiry.inquiry(conn, id))


def moved(market: Market, quantity: int) -> None:
    registration = market.account(market.plant_a)
    trading = market.account(market.plant_a, AccountKind.TRADING)
    line = ("CEA22", quantity, registration, trading)
    market.accepted(market.propose("plant-a-maker-1", "position-transfer", line))


def test_two_people_let_it_pass_and_the_answer_has_a_number(market: Market):
    market.give(market.plant_a, 1_000)
    id = requested(market)
    assert known(market, id).state is InquiryState.REQUESTED
    market.accepted(inquiry.approve(market.ctx(REVIEWER), DecideInquiry(id, "properly sealed")))
    found = said(market, id)
    answer = inquiry.answer(market.ctx(CLERK), AnswerInquiry(id, inquiry_answer.sha256(found)))
    assert market.accepted(answer)["number"] == "2024-00001"
    second = answered(market, document="(2024)鄂01执2号")
    assert known(market, second).answer_number == "2024-00002"
    one = known(market, id)
    assert (one.requested_by, one.decided_by, one.comment) == (CLERK, REVIEWER, "properly sealed")


def test_the_answer_says_what_the_register_knew_then_and_later_entries_change_nothing(market: Market):
    market.give(market.plant_a, 1_000)
    moved(market, 300)
    id = answered(market)
    before = said(market, id)
    codes = {one["account"] for one in before["accounts"]}
    assert {(one["instrument"], one["available"]) for one in before[HOLDINGS]} == {
        ("CEA22", 700),
        ("CEA22", 300),
    }
    assert [one["available_change"] for one in before[HISTORY]] == [1_000, -300, 300]
    assert all(one["account"] in codes for one in before[HISTORY])
    moved(market, 200)
    market.give(market.plant_a, 50, "CEA19-20")
    assert said(market, id) == before
    with market.database.read() as conn:
        assert inquiry_answer.same_again(conn, market.book, known(market, id)) == before


def test_an_earlier_moment_and_a_beginning_bound_what_is_said(market: Market):
    market.give(market.plant_a, 1_000)
    seq = market.book.tail.seq
    moved(market, 300)
    then = said(market, answered(market, as_of=f"seq:{seq}"))
    assert [one["available"] for one in then[HOLDINGS]] == [1_000]
    since = said(market, answered(market, document="2", since=f"seq:{seq + 1}"))
    assert [one["available_change"] for one in since[HISTORY]] == [-300, 300]
    only = said(market, answered(market, document="3", what=(HOLDINGS,)))
    assert HISTORY not in only and CLAIMS not in only


def test_the_paper_reads_in_both_languages_and_names_no_officer(market: Market):
    market.give(market.plant_a, 1_000)
    found = known(market, answered(market))
    with market.database.read() as conn:
        paper = inquiry_answer.paper(conn, market.book, found, said(market, found.id))
    pages = {lang: html(paper, lang) for lang in ("zh", "en")}
    for page in pages.values():
        for fact in (COURT, LETTER, "甲电厂", "1,000", found.answer_number, found.answer_sha256):
            assert str(fact) in page, fact
        assert "张某某" not in page and "A-0417" not in page
    assert pages["zh"] != pages["en"]
    assert pdf(paper, "zh") == pdf(paper, "zh")


def test_the_log_holds_a_salted_hash_of_who_asked_and_no_name(market: Market):
    id = answered(market)
    assert known(market, id).officer_hash == inquiry.officer_hash(OFFICER, SALT)
    assert inquiry.officer_hash(OFFICER, bytes(16)) != inquiry.officer_hash(OFFICER, SALT)
    with market.database.read() as conn:
        told = b"".join(rows for _, rows in store.rows(conn, store.REGISTRY_LOG)).decode()
    assert COURT in told and known(market, id).officer_hash in told
    assert "张某某" not in told and "A-0417" not in told


def test_claims_are_those_of_the_moment_asked_about(market: Market):
    market.give(market.plant_a, 1_000)
    first, second = Court(market, "甲法院"), Court(market, "乙法院")
    freeze = first.freeze(market.plant_a, 700)
    second.freeze(market.plant_a, 600)
    id = answered(market, what=(CLAIMS,))
    before = said(market, id)
    assert [(one["held"], one["waiting"], one["state"]) for one in before[CLAIMS]] == [
        (700, 0, "in-force"),
        (300, 300, "in-force"),
    ]
    first.done("judicial-release", original=freeze)
    assert said(market, id) == before  # folded from the log, no longer read from the table
    now = said(market, answered(market, document="2", what=(CLAIMS,)))
    assert [(one["held"], one["waiting"]) for one in now[CLAIMS]] == [(600, 0)]


def test_every_reading_is_told(market: Market):
    id = answered(market)
    market.accepted(inquiry.read(market.ctx(REVIEWER), ReadInquiry(id, "the court asked for a copy")))
    market.accepted(inquiry.read(market.ctx(CLERK), ReadInquiry(id, "audit of the year")))
    with market.database.read() as conn:
        readings = inquiry.readings(conn, id)
        told = json.dumps([json.loads(rows) for _, rows in store.rows(conn, store.REGISTRY_LOG)])
    assert [(one.n, one.person, one.purpose) for one in readings] == [
        (0, REVIEWER, "the court asked for a copy"),
        (1, CLERK, "audit of the year"),
    ]
    assert told.count("inquiry_reading") == 2


def test_the_second_opinion_has_nothing_against_it(market: Market):
    id = answered(market)
    market.accepted(inquiry.read(market.ctx(REVIEWER), ReadInquiry(id, "a copy")))
    other = requested(market, document="2")
    market.accepted(inquiry.refuse(market.ctx(REVIEWER), DecideInquiry(other, "no seal")))
    assert findings(market) == []


def test_an_answer_that_does_not_follow_from_the_log_is_found(market: Market):
    id = answered(market)
    with market.database.write() as conn:  # behind the log's back
        conn.execute(update(INQUIRY).where(INQUIRY.c.id == id).values(answer_sha256=HASH))
    with market.database.read() as conn:
        refused = inquiry_answer.same_again(conn, market.book, known(market, id))
    assert isinstance(refused, Refusal) and refused.code == "REG-7010"


def test_inquiries_are_listed_newest_first_in_pages(market: Market):
    ids = [requested(market, document=str(n)) for n in range(3)]
    other = requested(market, subject=market.plant_b)
    market.accepted(inquiry.refuse(market.ctx(REVIEWER), DecideInquiry(other, "no seal")))
    with market.database.read() as conn:
        first = inquiry.inquiries(conn, state=InquiryState.REQUESTED, limit=2)
        rest = inquiry.inquiries(conn, state=InquiryState.REQUESTED, before=first[-1].requested_seq, limit=2)
        theirs = inquiry.inquiries(conn, subject_id=known(market, other).subject_id)
    assert [one.id for one in (*first, *rest)] == ids[::-1]
    assert [(one.id, one.state) for one in theirs] == [(other, InquiryState.REFUSED)]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"authority": " "}, "REG-7002", "authority"),
        ({"document": ""}, "REG-7002", "document"),
        ({"officer_role": ""}, "REG-7002", "officer_role"),
        ({"what": ()}, "REG-7002", "what"),
        ({"officer_hash": OFFICER}, "REG-7003", "officer_hash"),
        ({"what": ("passwords",)}, "REG-7004", "what"),
        ({"as_of": "seq:9", "since": "seq:12"}, "REG-7005", "since"),
        ({"document_sha256": "abc"}, "REG-7009", "document_sha256"),
        ({"as_of": "seq:2"}, "REG-7011", "as_of"),
        ({"as_of": "yesterday"}, "BOOK-1101", "as_of"),
        ({"subject": "nobody"}, "PAR-1004", "subject"),
    ],
)
def test_a_request_with_a_flaw_is_refused(market: Market, changes: dict[str, Any], code: str, field: str):
    refused = market.refuses(code, lambda: inquiry.request(market.ctx(CLERK), asked(market, **changes)))
    assert refused.field == field


def test_a_letter_is_entered_once(market: Market):
    first = requested(market)
    refused = market.refuses("REG-7008", lambda: inquiry.request(market.ctx(CLERK), asked(market)))
    assert refused.facts["id"] == first
    market.accepted(inquiry.refuse(market.ctx(REVIEWER), DecideInquiry(first, "another seal is needed")))
    requested(market)  # after it was sent back, the same letter may come again


def test_only_the_registrys_people_and_two_of_them(market: Market):
    """By a person who may both make and check, too."""
    from tanshu.parties.model import Appoint, ConfirmPerson, NewPerson
    from tanshu.parties.service import appoint, confirm_person

    both = NewPerson("registry-both-1", ("maker", "checker"))
    market.accepted(appoint(market.ctx(CLERK), Appoint("registry", both)))
    market.accepted(confirm_person(market.ctx(REVIEWER), ConfirmPerson(both.handle)))
    id = market.accepted(inquiry.request(market.ctx(both.handle), asked(market)))["id"]
    market.refuses("REG-7006", lambda: inquiry.approve(market.ctx(both.handle), DecideInquiry(id)))
    for actor, code in (("plant-a-maker-1", "PAR-3002"), (REVIEWER, "PAR-3003")):
        body = asked(market, document="2")
        market.refuses(code, lambda actor=actor, body=body: inquiry.request(market.ctx(actor), body))
    market.refuses("PAR-3003", lambda: inquiry.approve(market.ctx(CLERK), DecideInquiry(id)))


Step = Any
STEPS: dict[str, tuple[Step, str]] = {
    "answered before it was approved": (
        lambda m: inquiry.answer(m.ctx(CLERK), AnswerInquiry(requested(m), HASH)),
        "REG-7007",
    ),
    "read before it was answered": (
        lambda m: inquiry.read(m.ctx(CLERK), ReadInquiry(approved(m), "why")),
        "REG-7007",
    ),
    "approved twice": (
        lambda m: inquiry.approve(m.ctx("registry-checker-2"), DecideInquiry(approved(m))),
        "REG-7007",
    ),
    "answered twice": (
        lambda m: inquiry.answer(m.ctx(CLERK), AnswerInquiry(answered(m), HASH)),
        "REG-7007",
    ),
    "answered without a hash": (
        lambda m: inquiry.answer(m.ctx(CLERK), AnswerInquiry(approved(m), "yes")),
        "REG-7009",
    ),
    "read without a purpose": (
        lambda m: inquiry.read(m.ctx(CLERK), ReadInquiry(answered(m), " ")),
        "REG-7002",
    ),
    "sent back without a reason": (
        lambda m: inquiry.refuse(m.ctx(REVIEWER), DecideInquiry(requested(m))),
        "REG-7002",
    ),
    "unknown": (lambda m: inquiry.approve(m.ctx(REVIEWER), DecideInquiry("INQ-x")), "REG-7001"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_out_of_turn_is_refused(market: Market, step: str):
    call, code = STEPS[step]
    outcome: Outcome = call(market)
    assert isinstance(outcome, Refusal) and outcome.code == code
    assert outcome.sentence("zh") and outcome.sentence("en")
