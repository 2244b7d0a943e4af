"""The year's list, unit activity, verified emissions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tanshu.mrv import queries, service
from tanshu.mrv.service import (
    EntityEmissions,
    EntityUnits,
    ImportActivity,
    ImportEmissions,
    ListedEntity,
    ListEntities,
)
from tanshu.parties import queries as parties
from tests.support.market import YEAR, Market, coal_unit

PROVINCE = "hubei-maker-1"


def subject_id(market: Market, handle: str) -> str:
    with market.database.read() as conn:
        return parties.subject(conn, handle).id  # pyright: ignore[reportAttributeAccessIssue]


def test_activity_comes_back_as_it_was_told(market: Market):
    units = (coal_unit("1"), coal_unit("2", generation_mwh=Decimal("1199999.875"), chp=True))
    market.generate(market.plant_a, *units)
    with market.database.read() as conn:
        assert queries.units(conn, subject_id(market, market.plant_a), YEAR) == units


def test_a_later_import_replaces_the_units_and_keeps_the_old_rows(market: Market):
    market.generate(market.plant_a, coal_unit("1"), coal_unit("2"))
    market.generate(market.plant_a, coal_unit("1", verified_t=7))
    with market.database.read() as conn:
        now = queries.units(conn, subject_id(market, market.plant_a), YEAR)
    assert [(unit.unit, unit.verified_t) for unit in now] == [("1", 7)]
    assert market.rows()["unit_activity"] == 3


def test_the_newest_verified_emissions_count(market: Market):
    market.emit(market.plant_a, 100)
    market.emit(market.plant_a, 90)
    with market.database.read() as conn:
        assert queries.verified(conn, YEAR) == {subject_id(market, market.plant_a): 90}
        assert queries.verified_of(conn, subject_id(market, market.plant_a), YEAR) == 90
        assert queries.verified_of(conn, subject_id(market, market.plant_b), YEAR) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"unit_class": "V"}, "MRV-1002"),
        ({"cooling": "sea"}, "MRV-1003"),
        ({"generation_mwh": Decimal(-1)}, "MRV-1001"),
        ({"heat_gj": Decimal("NaN")}, "MRV-1001"),
        ({"running_hours": Decimal(8761)}, "MRV-1004"),
        ({"generation_mwh": Decimal(1_800_001)}, "MRV-1007"),
        ({"verified_t": -1}, "MRV-1008"),
        ({"year": YEAR + 1}, "MRV-1005"),
    ],
)
def test_impossible_units_are_refused(market: Market, changes, code):
    body = ImportActivity(YEAR, (EntityUnits(market.plant_a, (coal_unit(**changes),)),))
    market.refuses(code, lambda: service.import_activity(market.ctx(PROVINCE), body))


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        (service.import_emissions, ImportEmissions(YEAR, ()), "MRV-1010"),
        (service.import_emissions, ImportEmissions(YEAR, (EntityEmissions("nobody", 1),)), "PAR-1004"),
        (service.import_activity, ImportActivity(YEAR, ()), "MRV-1010"),
        (service.list_entities, ListEntities(YEAR, (ListedEntity("nobody"),)), "PAR-1004"),
    ],
)
def test_imports_of_nothing_or_nobody_are_refused(market: Market, verb, body, code):
    market.refuses(code, lambda: verb(market.ctx(PROVINCE), body))


def test_a_province_reports_for_its_own_holders_only(market: Market):
    body = ImportEmissions(YEAR, (EntityEmissions(market.stranger, 1),))
    market.refuses("PAR-3002", lambda: service.import_emissions(market.ctx(PROVINCE), body))
    twice = ImportEmissions(YEAR, (EntityEmissions(market.plant_a, 1), EntityEmissions(market.plant_a, 2)))
    market.refuses("MRV-1009", lambda: service.import_emissions(market.ctx(PROVINCE), twice))
    negative = ImportEmissions(YEAR, (EntityEmissions(market.plant_a, -1),))
    market.refuses("MRV-1008", lambda: service.import_emissions(market.ctx(PROVINCE), negative))
