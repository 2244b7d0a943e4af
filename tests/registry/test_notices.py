"""Notices: issued with what they tell of, served once, worded anew in either language."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tanshu.base.documents import html
from tanshu.base.refusal import Refusal
from tanshu.base.text import Lang
from tanshu.book.commit import Act, Decision, Outcome
from tanshu.parties import queries as parties
from tanshu.registry import notices
from tanshu.registry.notice_texts import KINDS, body
from tanshu.registry.notices import Notice, ServeNotice
from tests.support.market import Market

FACTS: dict[str, Any] = {
    "year": 2023,
    "stage": "核定",
    "quantity": 12_345,
    "issued": 2_345,
    "instrument": "CEA23",
    "account": "CN-R-000009-37",
}


def issued(market: Market, handle: str, kind: str = "allocation", about: str = "TX-1", **facts: Any) -> str:
    """Issue a notice as any verb does, in an entry of its own."""
    with market.database.read() as conn:
        subject = parties.subject(conn, handle)
    assert not isinstance(subject, Refusal)

    def decide(act: Act, _command: object) -> Decision:
        return {"notice": notices.issue(act, subject.id, kind, about, {**FACTS, **facts})}

    return market.accepted(market.ctx("registry-maker-1").commit("test.tell", {"n": about}, decide))["notice"]


def serve(market: Market, id: str, day: date, by: str = "registry-maker-1") -> Outcome:
    return notices.serve(market.ctx(by), ServeNotice(id, day))


def one(market: Market, id: str) -> Notice:
    with market.database.read() as conn:
        found = notices.one(conn, id)
    assert isinstance(found, Notice)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_worded_in_both_languages_with_all_its_facts(kind: str) -> None:
    """Both languages name the same facts; nothing is left open."""
    told = KINDS[kind]
    facts: dict[str, Any] = {name: f"<{name}>" for name in told.needs}
    said = body(told, facts)
    for lang in ("zh", "en"):
        text = " ".join(one.in_(lang) for one in said)
        assert all(f"<{name}>" in text for name in told.needs), (kind, lang)
        assert "{" not in text and told.title.in_(lang)


def test_numbers_have_their_commas_and_years_have_none() -> None:
    zh = body(KINDS["allocation"], FACTS)[0].zh
    assert "2023 年度" in zh and "12,345 吨" in zh


def test_a_notice_without_its_facts_is_a_bug(market: Market) -> None:
    with pytest.raises(AssertionError, match="expires_on"):
        issued(market, market.plant_a, "freeze", court="甲法院")


@pytest.mark.parametrize("by", ["registry-maker-1", "hubei-maker-1"])
def test_service_is_recorded_once_by_the_registry_or_the_province(market: Market, by: str) -> None:
    id = issued(market, market.plant_a)
    assert one(market, id).served_on is None
    market.today(date(2024, 1, 8))
    market.accepted(serve(market, id, date(2024, 1, 5), by))
    found = one(market, id)
    assert (found.served_on, found.served_by) == (date(2024, 1, 5), by)
    with market.database.read() as conn:
        assert notices.served_on(conn, "TX-1", "allocation") == date(2024, 1, 5)
        assert notices.served_on(conn, "TX-1", "freeze") is None
    refused = market.refuses("REG-6102", lambda: serve(market, id, date(2024, 1, 6)))
    assert "2024-01-05" in refused.sentence("zh")


@pytest.mark.parametrize(
    ("by", "day", "code"),
    [
        ("registry-maker-1", date(2024, 1, 1), "REG-6103"),
        ("registry-maker-1", date(2024, 1, 9), "REG-6103"),
        ("registry-checker-1", date(2024, 1, 5), "PAR-3003"),
        ("plant-a-maker-1", date(2024, 1, 5), "PAR-3002"),
        ("henan-maker-1", date(2024, 1, 5), "PAR-3002"),
    ],
)
def test_who_and_when_it_cannot_be_served(market: Market, by: str, day: date, code: str) -> None:
    id = issued(market, market.plant_a)
    market.today(date(2024, 1, 8))
    market.refuses(code, lambda: serve(market, id, day, by))


def test_an_unknown_notice_REG_6101_and_an_unknown_kind_REG_6104(market: Market) -> None:
    market.refuses("REG-6101", lambda: serve(market, "NTC-none", date(2024, 1, 2)))
    refused = notices.kind_named("letter")
    assert isinstance(refused, Refusal) and refused.code == "REG-6104"
    assert notices.kind_named("freeze") is KINDS["freeze"]


def test_lists_are_by_subject_kind_and_service_and_as_of_any_entry(market: Market) -> None:
    first, second = issued(market, market.plant_a), issued(market, market.plant_a, about="TX-2")
    third = issued(
        market, market.plant_b, "correction", "TX-3", original="TX-1", transaction="TX-3", reason="误"
    )
    before = market.book.tail.seq
    market.accepted(serve(market, first, date(2024, 1, 2)))
    with market.database.read() as conn:
        found = {
            "all": notices.of(conn),
            "newest": notices.of(conn, limit=2),
            "waiting": notices.of(conn, served=False),
            "corrections": notices.of(conn, kind="correction"),
            "about": notices.of(conn, about="TX-2"),
        }
        then = notices.of(conn, upto=before)
    assert {name: [one.id for one in those] for name, those in found.items()} == {
        "all": [first, second, third],
        "newest": [second, third],
        "waiting": [second, third],
        "corrections": [third],
        "about": [second],
    }
    assert [one.served_on for one in then] == [None] * 3, "it was served later"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_its_paper_is_as_of_its_entry_and_says_what_may_be_done(market: Market, lang: Lang) -> None:
    id = issued(market, market.plant_a)
    with market.database.read() as conn:
        page = html(notices.notice_paper(conn, market.book, one(market, id)), lang)
    expected = ("配额分配通知书", "复核") if lang == "zh" else ("Notice of allocation", "review")
    for fact in (*expected, "12,345", "甲电厂", id, str(one(market, id).issued_seq)):
        assert fact in page, fact
    market.accepted(serve(market, id, date(2024, 1, 2)))
    with market.database.read() as conn:
        assert html(notices.notice_paper(conn, market.book, one(market, id)), lang) == page
