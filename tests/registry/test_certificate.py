"""Certificates of the register: they repeat the log and say where in it they are."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest

from tanshu.base.documents import Paper, html
from tanshu.base.refusal import Refusal
from tanshu.base.text import Lang, Text
from tanshu.book import serials
from tanshu.log import store
from tanshu.parties.model import AccountKind
from tanshu.registry import papers, queries
from tanshu.registry.certificate import cancellation_paper, certificate, holding_certificate
from tanshu.rules.packs import PACKAGED
from tests.support.market import Market

LANGS: tuple[Lang, ...] = ("zh", "en")
STAMP = Text("虚构数据,仅供测试", "fictional data, for tests")


def paper(market: Market, id: str, lang: Lang = "en", stamp: Text | None = None) -> str:
    with serials.reading(market.book) as conn:
        found = certificate(conn, market.book, id, lang, stamp=stamp)
    assert isinstance(found, str), found
    return found


@pytest.fixture
def surrendered(market: Market) -> str:
    """plant-a has surrendered 600 CEA22 for 2023: the transaction's id."""
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 900)
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 600))["id"]
    for checker in ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1"):
        market.accepted(market.approve(checker, id))
    return id


@pytest.mark.parametrize("lang", LANGS)
def test_it_names_figures_accounts_and_people(market: Market, surrendered: str, lang: Lang) -> None:
    html = paper(market, surrendered, lang)
    with market.database.read() as conn:
        transaction = queries.transaction(conn, surrendered)
    assert not isinstance(transaction, Refusal)
    for fact in ("甲电厂", market.plant_a, market.account(market.plant_a), "CEA22", "600", surrendered):
        assert fact in html, fact
    for person in ("plant-a-maker-1", "plant-a-checker-1", "hubei-checker-1", "registry-checker-1"):
        assert person in html, person
    assert ("配额清缴" if lang == "zh" else "surrender") in html
    assert "http" not in html and "<script" not in html


def test_it_names_its_place_in_the_log(market: Market, surrendered: str) -> None:
    html = paper(market, surrendered)
    with market.database.read() as conn:
        transaction = queries.transaction(conn, surrendered)
        assert not isinstance(transaction, Refusal) and transaction.ended_seq is not None
        seq = transaction.ended_seq
        entry = next(store.read(conn, market.book.log, after=seq - 1, upto=seq))
    assert entry.hash.hex() in html
    assert f"hash of entry {seq} must be" in html and "tanshu book audit" in html


def test_times_are_shanghais(market: Market, surrendered: str) -> None:
    html = paper(market, surrendered)
    assert "2024-" in html and "(Shanghai)" in html


def test_later_entries_change_nothing_on_it(market: Market, surrendered: str) -> None:
    before = paper(market, surrendered)
    market.give(market.plant_b, 10)
    assert paper(market, surrendered) == before


@pytest.mark.parametrize("lang", LANGS)
def test_a_stamp_is_on_its_face(market: Market, surrendered: str, lang: Lang) -> None:
    html = paper(market, surrendered, lang, STAMP)
    assert STAMP.in_(lang) in html
    assert ("虚构数据</div>" if lang == "zh" else "FICTIONAL</div>") in html
    assert "FICTIONAL" not in paper(market, surrendered, "en")


def test_a_pending_transaction_has_none_REG_4001(market: Market) -> None:
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 900)
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 600))["id"]
    with market.database.read() as conn:
        found = certificate(conn, market.book, id, "zh")
    assert isinstance(found, Refusal) and found.code == "REG-4001"
    assert "审核中" in found.sentence("zh") and "pending" in found.sentence("en")


def test_an_unknown_transaction_REG_3105(market: Market) -> None:
    with market.database.read() as conn:
        found = certificate(conn, market.book, "TX-nothing", "zh")
    assert isinstance(found, Refusal) and found.code == "REG-3105"


def test_a_settlement_shows_both_legs_and_the_buyer(market: Market) -> None:
    market.give(market.plant_a, 1_000)
    seller_r, seller_t = (
        market.account(market.plant_a, kind) for kind in (AccountKind.REGISTRATION, AccountKind.TRADING)
    )
    market.accepted(
        market.propose("plant-a-maker-1", "position-transfer", ("CEA22", 100, seller_r, seller_t))
    )
    buyer_cash = market.account(market.plant_b, AccountKind.CASH)
    market.done(
        "bank-maker-1", "cash-deposit", ("CNY", 2_000_000, "", buyer_cash), by=("registry-checker-1",)
    )
    id = market.done(
        "exchange-maker-1",
        "trade-settlement",
        ("CEA22", 100, seller_t, market.account(market.plant_b, AccountKind.TRADING)),
        ("CNY", 975_000, buyer_cash, market.account(market.plant_a, AccountKind.CASH)),
        by=("registry-checker-1", "registry-checker-2"),
        details={"trade": 1, "mode": "listing", "price_fen": 9_750, "traded_on": "2024-01-02"},
    )
    html = paper(market, id)
    for fact in ("甲电厂", "乙电厂", "100 t", "9,750.00 CNY", "97.50 CNY/t"):
        assert fact in html, fact


@pytest.mark.usefixtures("surrendered")
@pytest.mark.parametrize("lang", LANGS)
def test_what_a_subject_holds(market: Market, lang: Lang) -> None:
    market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 300))
    with serials.reading(market.book) as conn:
        state = market.book.catch_up(conn)
        html = holding_certificate(conn, market.book, state, market.plant_a, lang, stamp=STAMP)
        assert isinstance(html, str)
        assert market.book.tail.hash.hex() in html and str(market.book.tail.seq) in html
    unit = "吨" if lang == "zh" else "t"
    for fact in ("甲电厂", market.account(market.plant_a), f"100 {unit}", f"300 {unit}", f"400 {unit}"):
        assert fact in html, fact
    assert STAMP.in_(lang) in html


def test_a_subject_without_holdings_holds_nothing(market: Market) -> None:
    with serials.reading(market.book) as conn:
        state = market.book.catch_up(conn)
        html = holding_certificate(conn, market.book, state, market.plant_b, "en")
    assert isinstance(html, str) and ">none<" in html


def test_the_holdings_of_nobody_are_refused(market: Market) -> None:
    with market.database.read() as conn:
        found = holding_certificate(conn, market.book, market.book.catch_up(conn), "nobody", "en")
    assert isinstance(found, Refusal) and found.code == "PAR-1004"


# -- serial numbers ----------------------------------------------------------------------------------------


def numbers_on(html: str) -> list[str]:
    """Every range of serial numbers on a page."""
    return re.findall(r"<td>(CEA[0-9]+-[0-9-]+)</td>", html)


def test_it_names_the_numbers_that_were_surrendered(market: Market, surrendered: str) -> None:
    assert numbers_on(paper(market, surrendered)) == ["CEA22-1-600"]
    second = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 1))["id"]
    for checker in ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1"):
        market.accepted(market.approve(checker, second))
    assert numbers_on(paper(market, second)) == ["CEA22-601"]


def test_it_names_each_range_of_what_was_acquired_bit_by_bit(market: Market) -> None:
    """plant-b and plant-a are given in turns; so what plant-a has is in three ranges."""
    for handle, quantity in (
        (market.plant_a, 100),
        (market.plant_b, 50),
        (market.plant_a, 30),
        (market.plant_b, 50),
        (market.plant_a, 70),
    ):
        market.give(handle, quantity)
    market.emit(market.plant_a, 900)
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 150))["id"]
    with serials.reading(market.book) as conn:
        state = market.book.catch_up(conn)
        held = holding_certificate(conn, market.book, state, market.plant_a, "en")
    assert isinstance(held, str)
    assert numbers_on(held) == ["CEA22-251-300", "CEA22-1-100", "CEA22-151-180", "CEA22-231-250"]
    assert held.count(f"{market.account(market.plant_a)} available") == 1
    assert held.count(f"{market.account(market.plant_a)} held") == 3
    for checker in ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1"):
        market.accepted(market.approve(checker, id))
    assert numbers_on(paper(market, id)) == ["CEA22-1-100", "CEA22-151-180", "CEA22-231-250"]


def test_lines_that_are_alike_have_their_own_numbers(market: Market) -> None:
    own = market.account("hubei", AccountKind.PROVINCIAL)
    lines = (("CEA22", 10, "", own), ("CEA23", 5, "", own), ("CEA22", 10, "", own))
    id = market.done("registry-maker-1", "issuance", *lines, by=("registry-checker-1",))
    assert numbers_on(paper(market, id)) == ["CEA22-1-10", "CEA23-1-5", "CEA22-11-20"]


def test_money_has_no_numbers(market: Market) -> None:
    cash = market.account(market.plant_b, AccountKind.CASH)
    id = market.done("bank-maker-1", "cash-deposit", ("CNY", 100, "", cash), by=("registry-checker-1",))
    assert "Serial numbers" not in paper(market, id)


def test_of_very_many_ranges_it_shows_the_first_and_the_hash_of_all(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "RANGES_SHOWN", 2)
    for handle in (market.plant_a, market.plant_b) * 3:
        market.give(handle, 10)
    market.emit(market.plant_a, 900)
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 30))["id"]
    for checker in ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1"):
        market.accepted(market.approve(checker, id))
    html = paper(market, id)
    everything = "CEA22-1-10\nCEA22-21-30\nCEA22-41-50\n"
    assert numbers_on(html) == everything.split()[:2]
    assert f"tanshu serial moved {id} --plain" in html and "1 more are not shown" in html
    assert sha256(everything.encode()).hexdigest() in html


def test_numbers_that_were_not_followed_yet_are_refused_BOOK_1202(market: Market, surrendered: str) -> None:
    with market.database.read() as conn:
        found = certificate(conn, market.book, surrendered, "en")
        state = market.book.catch_up(conn)
        held = holding_certificate(conn, market.book, state, market.plant_a, "en")
    for refused in (found, held):
        assert isinstance(refused, Refusal) and refused.code == "BOOK-1202"


# -- cancellations -----------------------------------------------------------------------------------------


def test_a_voluntary_cancellation_names_what_is_gone_for_good(market: Market) -> None:
    market.give(market.plant_a, 1_000)
    line = ("CEA22", 40, market.account(market.plant_a))
    by = ("plant-a-checker-1", "registry-checker-1")
    id = market.done("plant-a-maker-1", "voluntary-cancellation", line, by=by)
    with serials.reading(market.book) as conn:
        found = cancellation_paper(conn, market.book, id)
    assert isinstance(found, Paper)
    page = html(found, "zh")
    assert found.number.startswith("C-") and numbers_on(page) == ["CEA22-1-40"]
    for fact in ("自愿注销证明", "甲电厂", "40 吨", "不得恢复"):
        assert fact in page, fact


def test_another_transaction_is_no_cancellation_REG_6001(market: Market, surrendered: str) -> None:
    with serials.reading(market.book) as conn:
        found = cancellation_paper(conn, market.book, surrendered)
    assert isinstance(found, Refusal) and found.code == "REG-6001"
    assert "自愿注销证明" in found.sentence("zh") and "voluntary-cancellation" in found.sentence("en")


def test_papers_of_one_entry_have_numbers_of_their_own(market: Market, surrendered: str) -> None:
    with serials.reading(market.book) as conn:
        position = papers.position_of(conn, market.book, market.book.tail.seq)
    made = {papers.number(letter, position, about) for letter in "SH" for about in (surrendered, "another")}
    assert len(made) == 4
    assert papers.number("S", position, surrendered) == papers.number("S", position, surrendered)


@pytest.mark.parametrize(("status", "word"), [("draft", "草案"), ("example", "示例")])
def test_a_draft_or_example_pack_marks_every_paper(
    market: Market, surrendered: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str, word: str
) -> None:
    shipped = (PACKAGED / "cn" / "registry.toml").read_text(encoding="utf-8")
    (tmp_path / "cn").mkdir()
    other = shipped.replace('status = "final"', f'status = "{status}"', 1)
    (tmp_path / "cn" / "registry.toml").write_text(other, encoding="utf-8")
    assert word not in paper(market, surrendered, "zh")
    monkeypatch.setenv("TANSHU_PACKS", str(tmp_path))
    html = paper(market, surrendered, "zh")
    assert f"{word}</div>" in html and "cn.registry" in html
