"""The register as tables: complete, as of any entry, one read transaction; and how long records are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.base.vault import Vault
from tanshu.log import store
from tanshu.parties.onboarding.tables import APPLICATION, APPLICATION_DOCUMENT, APPLICATION_FORM
from tanshu.registry import exports, papers, records, statements
from tanshu.registry.exports import EXPORTS
from tests.support import policies
from tests.support.market import Market
from tests.support.orders import Court, pledge

Rows = list[dict[str, Any]]


@pytest.fixture
def busy(market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Market:
    """plant-a: 1,000 given, 200 proposed for surrender, 300 pledged, the rest frozen."""
    policies.decide(tmp_path / "packs", monkeypatch)
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 900)
    market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 200))
    pledge(market, market.plant_a, 300, "Z-1")
    Court(market).freeze(market.plant_a, 5_000)
    return market


def table(market: Market, what: str, seq: int | None = None) -> Rows:
    export = EXPORTS[what]
    with statements.reading(market.book) as conn:
        newest = statements.newest(conn, market.book.log)
        moment = exports.moment_at(conn, market.book.log, newest if seq is None else seq, newest)
        position = papers.position_of(conn, market.book, moment.seq)
        sheet = exports.sheet(conn, export, moment, position, Text("虚构", "fictional"))
        names = [column.name for column in sheet.columns]
        return [dict(zip(names, row, strict=True)) for row in sheet.rows]


def test_every_table_has_the_columns_it_says_and_values_of_their_kinds(busy: Market) -> None:
    kinds = {"text": (str, type(None)), "integer": (int, type(None)), "day": (date, type(None))}
    for what, export in EXPORTS.items():
        rows = table(busy, what)
        assert rows or what in ("notices", "trades"), what
        for row in rows:
            for column in export.columns:
                assert isinstance(row[column.name], kinds[column.kind]), (what, column.name)


def test_holdings_are_the_last_movements_and_claims_what_is_held(busy: Market) -> None:
    last: dict[tuple[str, str], tuple[int, int]] = {}
    for row in table(busy, "movements"):
        last[row["account"], row["instrument"]] = (row["available"], row["held"])
    holdings = {
        (row["account"], row["instrument"]): (row["available"], row["held"])
        for row in table(busy, "holdings")
    }
    assert holdings == {cell: has for cell, has in last.items() if has != (0, 0)}
    own = (busy.account(busy.plant_a), "CEA22")
    assert holdings[own] == (0, 1_000)
    claims = [row for row in table(busy, "claims") if row["account"] == own[0]]
    assert sorted((row["class"], row["held"]) for row in claims) == [
        ("court", 500),
        ("duty", 200),
        ("pledge", 300),
    ]


def test_the_past_is_exported_as_it_was(
    market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each step every table is kept; at the end all of them come out again, but an account's state."""
    policies.decide(tmp_path / "packs", monkeypatch)
    kept: dict[tuple[str, int], Rows] = {}

    def step(_done: object) -> None:
        for what in EXPORTS:
            kept[what, market.book.tail.seq] = table(market, what)

    step(market.give(market.plant_a, 1_000))
    step(pledge(market, market.plant_a, 300, "Z-1"))
    court = Court(market)
    step(freeze := court.freeze(market.plant_a, 900, follows=True))
    step(market.give(market.plant_a, 50))
    step(court.done("judicial-release", original=freeze))
    for (what, seq), before in kept.items():
        if what == "accounts":
            before = [{**row, "state": None} for row in before] if seq < market.book.tail.seq else before
        assert table(market, what, seq) == before, (what, seq)


def test_it_says_where_it_is_from_and_what_its_rules_are(busy: Market) -> None:
    with statements.reading(busy.book) as conn:
        at = papers.position_of(conn, busy.book, busy.book.tail.seq)
        said = {label.en: value for label, value in exports.about(conn, at, Text("虚构", "fictional"))}
    assert said["Book"] == "test" and said["Entry hash (SHA-256)"] == busy.book.tail.hash.hex()
    notice, draft = said["Notice 1"], said["Rule pack cn.power.2026"]
    assert isinstance(notice, Text) and notice.zh == "虚构"
    assert isinstance(draft, Text) and draft.zh == "草案"


def test_an_unknown_table_REG_6301() -> None:
    found = exports.export_named("everything")
    assert isinstance(found, Refusal) and found.code == "REG-6301" and "holdings" in found.sentence("en")


# -- records -----------------------------------------------------------------------------------------------

FILED, CONTENT = date(2024, 2, 29), b"a licence"


@pytest.fixture
def filed(market: Market, tmp_path: Path) -> Iterator[tuple[Market, Vault, str]]:
    """A document of an application that was handed in on 29 February 2024."""
    vault = Vault(tmp_path / "vault")
    sha256 = vault.put(CONTENT).sha256

    def value(column: Any) -> Any:
        """Anything its type takes."""
        kind = column.type.python_type
        return FILED if kind is date else "x" if kind is str else kind(1)

    with market.database.write() as conn:
        for told in (APPLICATION, APPLICATION_FORM, APPLICATION_DOCUMENT):
            row = {column.name: value(column) for column in told.columns if not column.nullable}
            row |= {"sha256": sha256} if told is APPLICATION_DOCUMENT else {}
            row |= {"id": "x"} if told is APPLICATION else {}
            row |= {"person": "registry-maker-1"} if "person" in told.c else {}
            conn.execute(told.insert().values(**row))
    yield market, vault, sha256


def test_a_document_is_kept_for_its_term_and_then_it_may_go(filed: tuple[Market, Vault, str]) -> None:
    market, vault, sha256 = filed
    with market.database.read() as conn:
        early = records.forget(conn, vault, sha256, date(2044, 2, 28))
        assert (
            isinstance(early, Refusal) and early.code == "REG-6401" and "2044-02-29" in early.sentence("zh")
        )
        assert vault.has(sha256)
        assert records.forget(conn, vault, sha256, date(2044, 2, 29)) is True
        assert not vault.has(sha256)
        assert records.forget(conn, vault, sha256, date(2044, 3, 1)) is False, "it is gone already"
        stranger = records.forget(conn, vault, "0" * 64, date(2044, 3, 1))
    assert isinstance(stranger, Refusal) and stranger.code == "REG-6403"


def test_without_a_term_nothing_may_be_deleted_REG_6402(
    filed: tuple[Market, Vault, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    market, vault, sha256 = filed
    monkeypatch.setattr(records.parties, "jurisdiction", lambda _conn: "eu")
    with market.database.read() as conn:
        found = records.forget(conn, vault, sha256, date(2099, 1, 1))
    assert isinstance(found, Refusal) and found.code == "REG-6402" and vault.has(sha256)


def test_what_is_kept_is_listed_with_its_term(filed: tuple[Market, Vault, str]) -> None:
    market, _, _ = filed
    with market.database.read() as conn:
        found = {one.name: one for one in records.kept(conn, market.book.log)}
        newest = store.tail(conn, market.book.log)
    documents = found["documents"]
    assert (documents.count, documents.first, documents.until) == (1, FILED, date(2044, 2, 29))
    assert newest and found["entries"].count == newest[0] + 1
    assert found["entries"].first == date(2024, 1, 2)
    assert found["notices"].count == 0 and found["entries"].until is None


@pytest.mark.parametrize(
    ("day", "years", "then"),
    [(date(2024, 2, 29), 20, date(2044, 2, 29)), (date(2024, 2, 29), 1, date(2025, 3, 1))],
)
def test_a_term_ends_on_the_same_day(day: date, years: int, then: date) -> None:
    assert records.later(day, years) == then
