"""Allocation tables: uploaded, sealed, compared, loaded, approved; everything that stands in the way."""

from __future__ import annotations

import pytest

from tanshu.compliance import upload_loading, uploads
from tanshu.compliance.upload_model import UploadedRow
from tanshu.mrv import service as mrv
from tanshu.parties.model import AccountKind
from tests.support.market import YEAR, Market
from tests.support.rounds import CHECKER, CLERK, MAKER, REVIEWER, Round

PRE = 700_000
"""70 % of a million tonnes: the pack's pre-allocation of 2023."""


@pytest.fixture
def round_(market: Market) -> Round:
    """Both plants are on the list of 2023 and emitted a million tonnes in 2022."""
    made = Round(market)
    for plant in (market.plant_a, market.plant_b):
        market.emit(plant, 1_000_000, YEAR - 1)
        body = mrv.ListEntities(YEAR, (mrv.ListedEntity(plant),))
        market.accepted(mrv.list_entities(market.ctx(MAKER), body))
    return made


def test_a_sealed_table_becomes_allocations_through_the_whole_chain(market: Market, round_: Round) -> None:
    rows = (round_.row(2, market.plant_a, PRE), round_.row(3, market.plant_b, "700,000"))
    round_.stage_units(2 * PRE)
    upload = round_.accepted_upload(*rows)
    loaded = market.accepted(round_.load(upload))
    assert (loaded["loaded"], loaded["of"], loaded["issue_t"]) == (2, 2, 2 * PRE)
    assert market.has("hubei", "CEA23", AccountKind.PROVINCIAL) == (0, 2 * PRE)
    checked = market.accepted(round_.approve(CHECKER, *loaded["transactions"]))
    assert (checked["approved"], checked["effected"]) == (2, 0)
    done = market.accepted(round_.approve(REVIEWER, *loaded["transactions"]))
    assert (done["effected"], done["pending"]) == (2, 0)
    assert market.has(market.plant_a, "CEA23") == market.has(market.plant_b, "CEA23") == (PRE, 0)


@pytest.mark.parametrize(
    ("sealed", "named"),
    [
        ({"count": 3}, ["count"]),
        ({"total_t": 2 * PRE + 1}, ["tonnes"]),
        ({"sha256": "0" * 64}, ["sha256"]),
        ({"count": 1, "total_t": PRE, "sha256": "0" * 64}, ["count", "tonnes", "sha256"]),
    ],
)
def test_a_table_that_is_not_what_was_sealed_goes_back_whole(
    market: Market, round_: Round, sealed: dict[str, object], named: list[str]
) -> None:
    rows = (round_.row(2, market.plant_a, PRE), round_.row(3, market.plant_b, PRE))
    upload = market.accepted(round_.upload(*rows))["upload"]
    letter = market.accepted(round_.letter(**{"count": 2, "total_t": 2 * PRE, **sealed}))["letter"]  # type: ignore[arg-type]
    compared = market.accepted(round_.compare(upload, letter))
    assert compared["state"] == "returned"
    assert [one["what"] for one in compared["mismatch"]] == named
    told = uploads.returned(compared["mismatch"])
    assert told.code == "CMP-6017"
    assert all(f"{one['uploaded']}," in told.sentence("zh") for one in compared["mismatch"])
    assert all(f"sealed {one['sealed']}" in told.sentence("en") for one in compared["mismatch"])
    market.refuses("CMP-6018", lambda: round_.load(upload))
    market.refuses("CMP-6013", lambda: round_.compare(upload, letter))


FLAWS = [
    ({"credit_code": ""}, "credit_code", "CMP-6031"),
    ({"quantity": ""}, "quantity", "CMP-6031"),
    ({"quantity": "700000.5"}, "quantity", "CMP-6032"),
    ({"quantity": "1,00"}, "quantity", "CMP-6032"),
    ({"quantity": "٧٠٠"}, "quantity", "CMP-6032"),
    ({"quantity": "-1"}, "quantity", "CMP-6033"),
    ({"quantity": "9" * 40}, "quantity", "CMP-6034"),
    ({"quantity": 100_000_000_001}, "quantity", "CMP-6034"),
    ({"credit_code": "91420100TEST0009XX"}, "credit_code", "CMP-6035"),
    ({"name": "别家电厂"}, "name", "CMP-6036"),
    ({"last_verified_t": 999_999}, "last_verified_t", "CMP-6043"),
    ({"last_verified_t": "很多"}, "last_verified_t", "CMP-6032"),
]


@pytest.mark.parametrize(("cells", "column", "code"), FLAWS)
def test_a_wrong_cell_is_found_and_the_table_is_faulty(
    market: Market, round_: Round, cells: dict[str, object], column: str, code: str
) -> None:
    good = round_.row(7, market.plant_a, PRE).cells
    row = UploadedRow(7, {**good, **{name: str(value) for name, value in cells.items()}})
    uploaded = market.accepted(round_.upload(row))
    assert uploaded["state"] == "faulty" and uploaded["errors"] == 1
    with market.database.read() as conn:
        (found,) = uploads.findings(conn, uploaded["upload"])
    assert (found.sheet_row, found.heading, found.code, found.severity) == (7, column, code, "error")
    letter = market.accepted(round_.letter(1, PRE))["letter"]
    market.refuses("CMP-6014", lambda: round_.compare(uploaded["upload"], letter))


def _codes(market: Market, upload: str) -> list[tuple[str, str]]:
    with market.database.read() as conn:
        return [(row.code, row.severity) for row in uploads.findings(conn, upload)]


def test_an_entity_that_stands_twice_is_found(market: Market, round_: Round) -> None:
    rows = (round_.row(2, market.plant_a, PRE), round_.row(3, market.plant_a, PRE))
    assert _codes(market, market.accepted(round_.upload(*rows))["upload"]) == [("CMP-6039", "error")]


def test_an_entity_of_another_province_off_the_list_is_found(market: Market, round_: Round) -> None:
    upload = market.accepted(round_.upload(round_.row(2, market.stranger, PRE)))["upload"]
    assert _codes(market, upload) == [("CMP-6040", "error"), ("CMP-6037", "error")]


def test_an_excluded_entity_is_found(market: Market, round_: Round) -> None:
    body = mrv.ListEntities(YEAR, (mrv.ListedEntity(market.plant_a, excluded=True),))
    market.accepted(mrv.list_entities(market.ctx(MAKER), body))
    upload = market.accepted(round_.upload(round_.row(2, market.plant_a, PRE)))["upload"]
    assert _codes(market, upload) == [("CMP-6038", "error")]


def test_an_entity_that_has_its_allocation_is_found(market: Market, round_: Round) -> None:
    round_.carried_out(round_.row(2, market.plant_a, PRE), issued=PRE)
    upload = market.accepted(round_.upload(round_.row(2, market.plant_a, PRE)))["upload"]
    assert _codes(market, upload) == [("CMP-6042", "error")]


@pytest.mark.usefixtures("round_")
def test_a_final_table_needs_verified_emissions_in_the_register(market: Market) -> None:
    final = Round(market, "final")
    upload = market.accepted(final.upload(final.row(2, market.plant_a, PRE)))["upload"]
    assert _codes(market, upload) == [("CMP-6044", "error")]


def test_a_quantity_other_than_the_packs_is_a_warning_and_may_be_accepted(
    market: Market, round_: Round
) -> None:
    uploaded = market.accepted(round_.upload(round_.row(2, market.plant_a, PRE - 5)))
    assert (uploaded["state"], uploaded["errors"], uploaded["warnings"]) == ("open", 0, 1)
    assert _codes(market, uploaded["upload"]) == [("CMP-6045", "warning")]


def test_two_uploads_are_told_apart_by_entity_and_by_total(market: Market, round_: Round) -> None:
    first = market.accepted(round_.upload(round_.row(2, market.plant_a, PRE)))["upload"]
    rows = (round_.row(2, market.plant_a, PRE - 1), round_.row(3, market.plant_b, PRE))
    second = market.accepted(round_.upload(*rows))["upload"]
    with market.database.read() as conn:
        there, back = uploads.difference(conn, first, second), uploads.difference(conn, second, first)
        assert [one.id for one in uploads.uploads(conn, year=YEAR, stage="pre")] == [first, second]
    assert there.added == back.removed == ((market.plant_b, PRE),)
    assert there.changed == ((market.plant_a, PRE, PRE - 1),)
    assert (there.total_before_t, there.total_after_t) == (PRE, 2 * PRE - 1)
    market.refuses("CMP-6011", lambda: round_.load("UPL-none"))


def test_who_may_not_do_what(market: Market, round_: Round) -> None:
    row = round_.row(2, market.plant_a, PRE)
    market.refuses("PAR-3003", lambda: round_.upload(row, actor=CHECKER))
    market.refuses("PAR-3002", lambda: round_.upload(row, actor=CLERK))
    market.refuses("CMP-3005", lambda: round_.upload(row, authority=market.plant_a))
    market.refuses("CMP-1001", lambda: round_.upload(row, stage="middle"))
    market.refuses("CMP-6006", lambda: round_.upload())
    market.refuses("CMP-6008", lambda: round_.upload(row, sha256="abc"))
    market.refuses("CMP-6008", lambda: round_.letter(1, PRE, sha256=("A" * 64)))
    market.refuses("CMP-6022", lambda: round_.letter(0, PRE))
    market.refuses("PAR-3003", lambda: round_.letter(1, PRE, actor=REVIEWER))
    upload = market.accepted(round_.upload(row))["upload"]
    letter = market.accepted(round_.letter(1, PRE))["letter"]
    market.refuses("PAR-3003", lambda: round_.compare(upload, letter, actor=CLERK))
    market.refuses("CMP-6012", lambda: round_.compare(upload, "LTR-none"))
    other = market.accepted(round_.letter(1, PRE, year=2024))["letter"]
    market.refuses("CMP-6015", lambda: round_.compare(upload, other))


def test_who_keyed_the_letter_does_not_compare(market: Market, round_: Round) -> None:
    from tanshu.parties.model import Appoint, ConfirmPerson, NewPerson
    from tanshu.parties.service import appoint, confirm_person

    both = Appoint("registry", NewPerson("registry-both-1", ("maker", "checker")))
    market.accepted(appoint(market.ctx(CLERK), both))
    market.accepted(confirm_person(market.ctx(REVIEWER), ConfirmPerson("registry-both-1")))
    upload = market.accepted(round_.upload(round_.row(2, market.plant_a, PRE)))["upload"]
    letter = market.accepted(round_.letter(1, PRE, actor="registry-both-1"))["letter"]
    market.refuses("CMP-6016", lambda: round_.compare(upload, letter, actor="registry-both-1"))


def test_loading_goes_in_order_and_needs_the_units_in_the_provinces_account(
    market: Market, round_: Round
) -> None:
    rows = (round_.row(2, market.plant_a, PRE), round_.row(3, market.plant_b, PRE))
    upload = round_.accepted_upload(*rows)
    short = market.refuses("CMP-6021", lambda: round_.load(upload))
    assert short.facts["needed"] == 2 * PRE
    round_.stage_units(2 * PRE)
    market.refuses("CMP-6019", lambda: round_.load(upload, first=1))
    market.refuses("CMP-6020", lambda: round_.load(upload, count=0))
    market.refuses("PAR-3003", lambda: round_.load(upload, actor=CHECKER))
    assert market.accepted(round_.load(upload, count=1))["loaded"] == 1
    assert market.accepted(round_.load(upload, first=1, count=500))["loaded"] == 2
    market.refuses("CMP-6019", lambda: round_.load(upload, first=2))


def test_a_row_that_no_longer_stands_refuses_its_part(market: Market, round_: Round) -> None:
    upload = round_.accepted_upload(round_.row(2, market.plant_a, PRE))
    round_.stage_units(PRE)
    body = mrv.ListEntities(YEAR, (mrv.ListedEntity(market.plant_a, excluded=True),))
    market.accepted(mrv.list_entities(market.ctx(MAKER), body))
    refused = market.refuses("CMP-6038", lambda: round_.load(upload))
    assert refused.field == "rows[0].credit_code"


def test_a_part_is_approved_whole_or_not_at_all(market: Market, round_: Round) -> None:
    rows = (round_.row(2, market.plant_a, PRE), round_.row(3, market.plant_b, PRE))
    round_.stage_units(2 * PRE)
    ids = market.accepted(round_.load(round_.accepted_upload(*rows)))["transactions"]
    refused = market.refuses("REG-3105", lambda: round_.approve(CHECKER, ids[0], "TX-none"))
    assert refused.field == "transactions[1].transaction"
    market.refuses("REG-1131", lambda: round_.approve(CHECKER))
    market.refuses("REG-1132", lambda: round_.approve(CHECKER, ids[0], ids[0]))
    market.refuses("REG-3102", lambda: round_.approve(REVIEWER, *ids))
    market.accepted(round_.approve(CHECKER, *ids))
    market.refuses("REG-3101", lambda: round_.approve(CHECKER, *ids))


def test_data_that_a_loaded_table_rests_on_are_locked(market: Market, round_: Round) -> None:
    round_.carried_out(round_.row(2, market.plant_a, PRE), issued=PRE)
    body = mrv.ImportEmissions(YEAR - 1, (mrv.EntityEmissions(market.plant_a, 5),))
    market.refuses("MRV-1012", lambda: mrv.import_emissions(market.ctx(MAKER), body))


def test_a_dropped_allocation_of_a_table_can_be_made_anew(market: Market, round_: Round) -> None:
    from tanshu.registry.model import Decide
    from tanshu.registry.service import reject

    round_.stage_units(PRE)
    upload = round_.accepted_upload(round_.row(2, market.plant_a, PRE))
    (id,) = market.accepted(round_.load(upload))["transactions"]
    market.accepted(reject(market.ctx(CHECKER), Decide(id)))
    again = round_.accepted_upload(round_.row(2, market.plant_a, PRE))
    assert market.accepted(round_.load(again))["issue_t"] == PRE


@pytest.mark.usefixtures("round_")
def test_confirming_what_waits_for_nothing_is_refused(market: Market) -> None:
    body = upload_loading.ConfirmMany(YEAR, "pre", (market.plant_a,))
    market.refuses("CMP-6023", lambda: upload_loading.confirm_many(market.ctx(CHECKER), body))
    nobody = upload_loading.ConfirmMany(YEAR, "pre", ())
    market.refuses("CMP-6020", lambda: upload_loading.confirm_many(market.ctx(CHECKER), nobody))
    stage = upload_loading.ConfirmMany(YEAR, "middle", (market.plant_a,))
    market.refuses("CMP-1001", lambda: upload_loading.confirm_many(market.ctx(CHECKER), stage))


def test_a_closed_account_is_found(market: Market) -> None:
    body = mrv.ListEntities(YEAR, (mrv.ListedEntity(market.plant_a),))
    market.accepted(mrv.list_entities(market.ctx(MAKER), body))
    market.set_state(market.account(market.plant_a), "closed")
    here = Round(market)
    upload = market.accepted(here.upload(here.row(2, market.plant_a, PRE)))["upload"]
    assert _codes(market, upload) == [("CMP-6041", "error")]
