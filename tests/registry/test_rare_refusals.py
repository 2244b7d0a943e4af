"""Refusals that an ordinary year never meets: an organisation that is missing, a pack without its chain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tanshu.base.refusal import Refusal
from tanshu.compliance.allocation import Allocate, Confirm, allocate, confirm_allocation
from tanshu.compliance.closing import CloseYear, close_year
from tanshu.mrv import service as mrv
from tanshu.parties.blocking import block
from tanshu.parties.model import AccountKind, Block, NewPerson, Register, SubjectKind
from tanshu.parties.service import register
from tanshu.registry import service
from tanshu.registry.encumbrances import queries as encumbrances
from tanshu.registry.model import DefineInstrument
from tanshu.rules import packs
from tests.support.auditors import AUDITOR, with_auditor
from tests.support.market import HOLDER, YEAR, Market, credit_code
from tests.support.orders import documents


class WithoutExchange(Market):
    """Two plants and their authority, before an exchange is registered."""

    def _found(self) -> None:
        people = (NewPerson("plant-a-maker-1", ("maker",)),)
        for subject in (
            Register(SubjectKind.AUTHORITY, "湖北省生态环境厅", "hubei", region="420000"),
            Register(SubjectKind.ENTERPRISE, "甲电厂", uscc=self.plant_a, accounts=HOLDER, people=people),
            Register(SubjectKind.ENTERPRISE, "乙电厂", uscc=self.plant_b, accounts=HOLDER),
        ):
            self.accepted(register(self.ctx("registry-maker-1"), subject))
        for body in (
            DefineInstrument("CEA23", "allowance", "CEA23", "CEA23", 2023),
            DefineInstrument("CNY", "cash", "CNY", "CNY", None, 2),
        ):
            self.accepted(service.define_instrument(self.ctx("registry-maker-1"), body))


@pytest.fixture
def without_exchange(database_url: str) -> Iterator[Market]:
    made = WithoutExchange(database_url)
    yield made
    made.close()


def test_a_step_of_an_organisation_that_is_not_registered(without_exchange: Market):
    market = without_exchange
    seller, buyer = (market.account(one, AccountKind.TRADING) for one in (market.plant_a, market.plant_b))
    paid, payer = (market.account(one, AccountKind.CASH) for one in (market.plant_a, market.plant_b))
    lines = (("CEA23", 10, seller, buyer), ("CNY", 90_000, payer, paid))
    trade = {"mode": "listing", "day": "2024-01-02", "price_fen": 9_000}
    refused = market.refuses(
        "REG-3106",
        lambda: market.propose("plant-a-maker-1", "trade-settlement", *lines, details=trade),
    )
    assert refused.facts["by"] == "exchange"


def test_a_pack_that_enables_a_type_and_lacks_its_chain(
    market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    market.give(market.plant_a, 10)
    text = (packs.PACKAGED / "cn" / "registry.toml").read_text(encoding="utf-8")
    (tmp_path / "cn").mkdir()
    cut = text.replace("[chains.voluntary_cancellation]", "[chains.something_else]")
    assert cut != text
    (tmp_path / "cn" / "registry.toml").write_text(cut, encoding="utf-8")
    monkeypatch.setenv("TANSHU_PACKS", str(tmp_path))
    line = ("CEA22", 1, market.account(market.plant_a))
    market.refuses("REG-3108", lambda: market.propose("plant-a-maker-1", "voluntary-cancellation", line))


def test_a_transaction_between_two_subjects_stays_not_within_one(market: Market):
    """An authority with a national and a provincial account adjusts nothing between the two."""
    both = Register(
        SubjectKind.AUTHORITY,
        "自贸区主管部门",
        "zone",
        region="310000",
        accounts=("provincial", "national"),
        people=(NewPerson("zone-maker-1", ("maker",)),),
    )
    market.accepted(register(market.ctx("registry-maker-1"), both))
    one, other = (market.account("zone", kind) for kind in (AccountKind.PROVINCIAL, AccountKind.NATIONAL))
    line = ("CEA22", 1, one, other)
    market.refuses("REG-2003", lambda: market.propose("zone-maker-1", "administrative-adjustment", line))


@pytest.fixture
def nowhere(market: Market) -> str:
    """A plant in a province whose authority is not registered."""
    code = credit_code(9, "650100")
    body = Register(SubjectKind.ENTERPRISE, "远方电厂", uscc=code, region="650100", accounts=HOLDER)
    market.accepted(register(market.ctx("registry-maker-1"), body))
    return code


def test_a_plant_whose_province_has_no_authority_is_on_no_list_and_its_year_is_not_closed(
    market: Market, nowhere: str
):
    listed = mrv.ListEntities(YEAR, (mrv.ListedEntity(nowhere),))
    market.refuses("MRV-1011", lambda: mrv.list_entities(market.ctx("hubei-maker-1"), listed))
    asked = Confirm(nowhere, YEAR)
    market.refuses("CMP-3005", lambda: confirm_allocation(market.ctx("hubei-checker-1"), asked))
    closing = CloseYear("650000", YEAR)
    market.refuses("CMP-3005", lambda: close_year(market.ctx("hubei-checker-1"), closing))


def test_an_excluded_plant_is_allocated_nothing(market: Market):
    listed = mrv.ListEntities(YEAR, (mrv.ListedEntity(market.plant_a, True, "closed for good"),))
    market.accepted(mrv.list_entities(market.ctx("hubei-maker-1"), listed))
    body = Allocate(market.plant_a, YEAR, "pre")
    market.refuses("CMP-1003", lambda: allocate(market.ctx("hubei-maker-1"), body))


def test_a_finding_names_an_entry_that_is_there(market: Market):
    with_auditor(market)
    own = market.account(market.plant_a)
    for seq in (-1, 10**9):
        market.refuses(
            "PAR-1019", lambda seq=seq: block(market.ctx(AUDITOR), Block(own, "AUD-6003", seq, "why"))
        )


@pytest.mark.parametrize("sector", ["Power", "电力", "-power", "power station"])
def test_a_sector_is_a_short_word(market: Market, sector: str):
    listed = mrv.ListEntities(YEAR, (mrv.ListedEntity(market.plant_a, sector=sector),))
    market.refuses("MRV-1014", lambda: mrv.list_entities(market.ctx("hubei-maker-1"), listed))


def test_who_has_a_successor_is_not_merged_into_somebody_else(market: Market):
    market.give(market.plant_a, 100)

    def merger(taker: str):
        line = ("CEA22", 40, market.account(market.plant_a), market.account(taker))
        details = {"documents": documents("合并协议")}
        return market.propose("plant-a-maker-1", "merger", line, details=details)

    id = market.accepted(merger(market.plant_b))["id"]
    for person in ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1", "registry-checker-2"):
        market.accepted(market.approve(person, id))
    refused = market.refuses("REG-4310", lambda: merger(market.stranger))
    assert "乙电厂" in refused.sentence("zh") and "外省电厂" in refused.sentence("en")
    market.accepted(merger(market.plant_b))


def test_a_claim_that_is_not_there(market: Market):
    with market.database.read() as conn:
        found = encumbrances.claim(conn, "CL-nothing")
    assert isinstance(found, Refusal) and found.code == "REG-5001"
