"""Papers that share a number say the same; pages leave nothing out; a name stays that of its day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tanshu.base.refusal import Refusal, need
from tanshu.book import projections
from tanshu.book import queries as book_queries
from tanshu.book.movements import Movements
from tanshu.compliance.certificates import surrender_paper
from tanshu.parties import queries as parties
from tanshu.parties import service as parties_service
from tanshu.parties.model import AccountKind, Rename
from tanshu.registry import search, statement_views, statements
from tanshu.registry.certificate import transaction_paper
from tests.compliance.test_certificates import owing, surrender
from tests.registry.test_statements import moved
from tests.support.market import Market

__all__ = ["moved", "owing"]


def test_two_certificates_of_one_surrender_that_differ_have_two_numbers(owing: Market) -> None:
    """Of the registration, of the payment, and of the payment once more was paid: three papers."""
    id = surrender(owing, 600)
    with statements.reading(owing.book) as conn:
        registration = transaction_paper(conn, owing.book, id)
        first = surrender_paper(conn, owing.book, id)
        again = surrender_paper(conn, owing.book, id)
    surrender(owing, 400)
    with statements.reading(owing.book) as conn:
        later = surrender_paper(conn, owing.book, id)
    papers = [registration, first, later]
    assert not any(isinstance(one, Refusal) for one in papers)
    assert first == again
    assert len({need(one).number for one in papers}) == 3


def test_a_surrenders_certificate_names_the_entity_as_it_was_called_then(owing: Market) -> None:
    id = surrender(owing, 600)
    owing.today(date(2024, 3, 1))
    asked = Rename(owing.plant_a, "新名电厂", date(2024, 2, 1))
    owing.decide(owing.accepted(parties_service.rename(owing.ctx("registry-maker-1"), asked)))
    with statements.reading(owing.book) as conn:
        paper = need(surrender_paper(conn, owing.book, id))
    assert "甲电厂" in paper.lead.zh and "新名电厂" not in str(paper)


def test_a_statement_with_names_has_a_number_of_its_own(moved: Market) -> None:
    account = moved.account(moved.plant_a, AccountKind.TRADING)
    with statements.reading(moved.book) as conn:
        masked, named = (
            need(statements.statement(conn, moved.book, account, names=names)) for names in (False, True)
        )
    assert masked != named
    assert statement_views.number(masked) != statement_views.number(named)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_every_page_of_a_subjects_transactions_together_are_all_of_them(market: Market, limit: int) -> None:
    """One entry with more movements of the account than a page has rows hides nothing."""
    own = market.account("hubei", AccountKind.PROVINCIAL)
    market.done("registry-maker-1", "issuance", ("CEA22", 1_000, "", own), by=("registry-checker-1",))
    lines = [("CEA22", n + 1, own, market.account(market.plant_a)) for n in range(6)]
    market.done(
        "hubei-maker-1",
        "final-allocation",
        *lines,
        by=("hubei-checker-1", "registry-checker-1"),
        details={"opening": True},
    )
    projections.catch_up(market.database, Movements)
    with market.database.read() as conn:
        subject = need(parties.subject(conn, "hubei")).id
        whole = need(search.touching(conn, market.book.log, subject, limit=100)).rows
        found, before = [], None
        while True:
            page = need(search.touching(conn, market.book.log, subject, before=before, limit=limit))
            found += page.rows
            if page.next is None:
                break
            before = page.next
    assert [(one.type, len(one.lines)) for one in whole] == [("final-allocation", 6), ("issuance", 1)]
    assert tuple(found) == whole


@pytest.mark.parametrize("day", [date.min, date.min + timedelta(1), date(1900, 1, 1), date.max])
def test_no_day_is_too_early_or_too_late_to_be_asked_about(market: Market, day: date) -> None:
    with market.database.read() as conn:
        for ask in (book_queries.moment, book_queries.before):
            assert isinstance(ask(conn, market.book.log, day.isoformat()), int | Refusal)
