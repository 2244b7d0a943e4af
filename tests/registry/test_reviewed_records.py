"""A document that was handed in twice is kept from the last time on, whatever it was handed in for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tanshu.base.refusal import Refusal
from tanshu.base.vault import Vault
from tanshu.parties.changes import ask_change
from tanshu.parties.model import AskChange, Document
from tanshu.registry import inquiry, records
from tests.registry.test_inquiry import asked
from tests.support.market import Market
from tests.support.onboarding import MAKER, bank, hashed, opened, paper


def forgotten(market: Market, vault: Vault, sha256: str, day: date) -> str:
    with market.database.read() as conn:
        found = records.forget(conn, vault, sha256, day)
    return found.code if isinstance(found, Refusal) else str(found)


def test_a_paper_handed_in_again_for_a_change_is_kept_from_then_on(market: Market, tmp_path: Path) -> None:
    opened(market)
    licence, vault = paper("business_licence"), Vault(tmp_path / "vault")
    market.today(date(2030, 6, 3))
    again = Document("proof", licence.sha256, licence.size)
    body = AskChange(market.plant_a, "contact", contact=hashed("new contact"), documents=(again,))
    market.accepted(ask_change(market.ctx(MAKER), body))
    assert forgotten(market, vault, licence.sha256, date(2045, 1, 1)) == "REG-6401"
    assert forgotten(market, vault, licence.sha256, date(2050, 6, 3)) == "False"


def test_sealed_data_and_letters_have_their_term_too(market: Market, tmp_path: Path) -> None:
    opened(market)
    vault, letter = Vault(tmp_path / "vault"), hashed("letter")
    market.accepted(inquiry.request(market.ctx(MAKER), asked(market, document_sha256=letter)))
    for sha256 in (bank().sealed, hashed("contact"), letter):
        assert forgotten(market, vault, sha256, date(2043, 12, 31)) == "REG-6401"
        assert forgotten(market, vault, sha256, date(2044, 1, 2)) == "False"
    for stranger in ("0" * 64, "%" * 64, "_" * 64):
        assert forgotten(market, vault, stranger, date(2099, 1, 1)) == "REG-6403"
