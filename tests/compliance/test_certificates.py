"""履约证明: what was owed, what is paid, and whether it was in time."""

from __future__ import annotations

from datetime import date

import pytest

from tanshu.base.refusal import Refusal
from tanshu.base.text import Lang, Text
from tanshu.book import serials
from tanshu.compliance.certificates import surrender_certificate
from tanshu.parties.model import AccountKind
from tests.support.market import YEAR, Market

LANGS: tuple[Lang, ...] = ("zh", "en")
CHAIN = ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1")
STAMP = Text("虚构数据,仅供测试", "fictional data, for tests")


@pytest.fixture
def owing(market: Market) -> Market:
    """plant-a owes 1,000 t for 2023 and holds 1,500 CEA22."""
    market.give(market.plant_a, 1_500)
    market.emit(market.plant_a, 1_000)
    return market


def surrender(market: Market, quantity: int) -> str:
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, quantity))["id"]
    for checker in CHAIN:
        market.accepted(market.approve(checker, id))
    return id


def paper(market: Market, id: str, lang: Lang = "zh", stamp: Text | None = None) -> str:
    with serials.reading(market.book) as conn:
        found = surrender_certificate(conn, market.book, id, lang, stamp)
    assert isinstance(found, str), found
    return found


@pytest.mark.parametrize("lang", LANGS)
def test_it_says_what_was_owed_and_what_is_still_due(owing: Market, lang: Lang) -> None:
    html = paper(owing, surrender(owing, 600), lang, STAMP)
    unit = "吨" if lang == "zh" else "t"
    for fact in (str(YEAR), f"1,000 {unit}", f"600 {unit}", f"400 {unit}", "2024-12-31"):
        assert fact in html, fact
    assert ("履约证明" if lang == "zh" else "Compliance certificate") in html
    assert ("未足额清缴" if lang == "zh" else "short") in html
    assert STAMP.in_(lang) in html
    assert "补缴" not in html and "made after the deadline" not in html


def test_a_payment_in_full_is_compliant(owing: Market) -> None:
    html = paper(owing, surrender(owing, 1_000))
    assert "已履约" in html and "未足额清缴" not in html


def test_late_payment_is_called_so_and_the_deadlines_status_stays(owing: Market) -> None:
    owing.today(date(2025, 1, 2))
    html = paper(owing, surrender(owing, 1_000))
    assert "补缴" in html
    assert "已履约" in html and "未足额清缴" in html


def test_an_offset_names_the_reductions_it_used(owing: Market) -> None:
    claim = {
        "number": "FICTIONAL-7",
        "quantity": 50,
        "project": "模拟项目",
        "registered_on": "2016-05-01",
    }
    id = owing.done(
        "plant-a-maker-1",
        "offset",
        ("CCER", 50),
        by=CHAIN,
        subject=owing.plant_a,
        year=YEAR,
        details={"claims": [claim]},
    )
    html = paper(owing, id)
    for fact in ("减排量抵销", "FICTIONAL-7", "模拟项目", "2016-05-01", "50 吨", "950 吨"):
        assert fact in html, fact


def refused(market: Market, id: str) -> Refusal:
    with market.database.read() as conn:
        found = surrender_certificate(conn, market.book, id, "zh")
    assert isinstance(found, Refusal)
    assert found.sentence("zh") and found.sentence("en")
    return found


def test_a_pending_surrender_has_none_REG_4001(owing: Market) -> None:
    id = owing.accepted(owing.surrender("plant-a-maker-1", owing.plant_a, 600))["id"]
    assert refused(owing, id).code == "REG-4001"


def test_another_type_has_none_CMP_4001(owing: Market) -> None:
    own = owing.account("hubei", AccountKind.PROVINCIAL)
    id = owing.done("registry-maker-1", "issuance", ("CEA22", 5, "", own), by=("registry-checker-1",))
    assert refused(owing, id).code == "CMP-4001"


def test_an_unknown_transaction_REG_3105(owing: Market) -> None:
    assert refused(owing, "TX-nothing").code == "REG-3105"
