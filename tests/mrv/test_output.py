"""What lines produced: recorded as told, newest counts, locked with the rest of the year."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tanshu.base.quantity import QUANTITY_MAX
from tanshu.base.refusal import Refusal
from tanshu.book.commit import Outcome
from tanshu.mrv import output_queries
from tanshu.mrv.output_service import EntityLines, ImportOutput, import_output
from tanshu.parties import queries as parties
from tanshu.rules.activity import OutputYear
from tests.support.market import YEAR, Market

PROVINCE = "hubei-maker-1"
KILN = OutputYear("1号窑", YEAR, "cement_clinker", 820_650, output=Decimal("1020000.125"))
MILL = OutputYear("厂", YEAR, "steel", 0, base_t=Decimal(0), days=Decimal("311.5"))


def told(market: Market, *lines: OutputYear, actor: str = PROVINCE, year: int = YEAR) -> Outcome:
    body = ImportOutput(year, (EntityLines(market.plant_a, lines),))
    return import_output(market.ctx(actor), body)


def lines_of(market: Market) -> tuple[OutputYear, ...]:
    with market.database.read() as conn:
        subject = parties.subject(conn, market.plant_a)
        assert not isinstance(subject, Refusal)
        return output_queries.lines(conn, subject.id, YEAR)


def test_lines_come_back_as_they_were_told(market: Market) -> None:
    assert lines_of(market) == ()
    market.accepted(told(market, MILL, KILN))
    assert lines_of(market) == (KILN, MILL)


def test_a_later_import_replaces_the_lines_and_keeps_the_old_rows(market: Market) -> None:
    market.accepted(told(market, KILN, MILL))
    market.accepted(told(market, replace(KILN, output=None)))
    assert lines_of(market) == (replace(KILN, output=None),)
    assert market.rows()["line_activity"] == 3


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"output": Decimal(-1)}, "MRV-1001"),
        ({"days": Decimal("NaN")}, "MRV-1001"),
        ({"verified_t": -1}, "MRV-1008"),
        ({"verified_t": QUANTITY_MAX + 1}, "MRV-1008"),
        ({"year": YEAR - 1}, "MRV-1005"),
    ],
)
def test_an_impossible_line_is_refused(market: Market, changes: dict[str, Any], code: str) -> None:
    market.refuses(code, lambda: told(market, replace(KILN, **changes)))


def test_a_line_named_twice_and_a_file_of_nothing_are_refused(market: Market) -> None:
    market.refuses("MRV-1006", lambda: told(market, KILN, replace(KILN, output=Decimal(1))))
    market.refuses("MRV-1010", lambda: told(market))


def test_only_the_provinces_maker_imports(market: Market) -> None:
    market.refuses("PAR-3002", lambda: told(market, KILN, actor="registry-maker-1"))
