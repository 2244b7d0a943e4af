"""质押登记证明: what stands of a pledge, to whom, in which rank, by number; then and now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshu.base.documents import Paper, html
from tanshu.base.refusal import Refusal
from tanshu.registry import pledge_certificate, queries, statements
from tests.support import policies
from tests.support.market import Market
from tests.support.orders import documents, pledge, pledging, queue


@pytest.fixture
def pledged(market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Market, str]:
    """plant-a has 1,000 CEA22 and pledges 300 of them to the bank."""
    policies.decide(tmp_path / "packs", monkeypatch)
    market.give(market.plant_a, 1_000)
    return market, pledge(market, market.plant_a, 300, "Z-1")


def paper(market: Market, id: str, seq: int | None = None) -> Paper | Refusal:
    with statements.reading(market.book) as conn:
        newest = statements.newest(conn, market.book.log)
        return pledge_certificate.pledge_paper(conn, market.book, id, newest if seq is None else seq)


def page(market: Market, id: str, seq: int | None = None) -> str:
    found = paper(market, id, seq)
    assert isinstance(found, Paper), found
    return html(found, "zh")


def test_it_names_both_parties_the_registration_and_the_very_units(pledged: tuple[Market, str]) -> None:
    market, id = pledged
    said = page(market, id)
    (claim,) = queue(market, market.plant_a)
    for fact in ("质押登记证明", "甲电厂", "Z-1", "2023-01-01", "300 吨", "CEA22-1-300", claim.id, id):
        assert fact in said, fact
    assert "CEA22-301" not in said
    assert page(market, claim.id) == said, "its claim names it as well"


def test_a_second_pledge_is_of_the_second_rank(pledged: tuple[Market, str]) -> None:
    market, _ = pledged
    second = pledge(market, market.plant_a, 100, "Z-2")
    said = page(market, second)
    assert "CEA22-301-400" in said and '<td class="num">2</td>' in said


def test_what_was_released_is_gone_and_the_past_stays(pledged: tuple[Market, str]) -> None:
    market, id = pledged
    then = market.book.tail.seq
    before = page(market, id)
    details = {"original": id, "documents": documents()}
    line = ("CEA22", 120, market.account(market.plant_a))
    by = ("bank-checker-1", "registry-checker-1")
    market.done("bank-maker-1", "pledge-release", line, by=by, details=details)
    assert "180 吨" in page(market, id) and "300 吨" not in page(market, id)
    assert page(market, id, then) == before
    rest = ("CEA22", 180, market.account(market.plant_a))
    market.done("bank-maker-1", "pledge-release", rest, by=by, details=details)
    gone = paper(market, id)
    assert isinstance(gone, Refusal) and gone.code == "REG-6003"


def test_what_is_no_pledge_REG_6002_or_not_registered_yet_REG_4001(pledged: tuple[Market, str]) -> None:
    market, id = pledged
    waiting = market.accepted(pledging(market, market.plant_a, 50, "Z-9"))["id"]
    with market.database.read() as conn:
        issuance = queries.transactions(conn, type="issuance")[0].id
    for named, code in ((waiting, "REG-4001"), (issuance, "REG-6002"), ("TX-none", "REG-6002")):
        found = paper(market, named)
        assert isinstance(found, Refusal) and found.code == code, named
    early = paper(market, id, 20)
    assert isinstance(early, Refusal) and early.code == "REG-4001"
