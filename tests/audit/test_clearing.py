"""The clearing house judged a second time: an honest day is clean, each broken rule has its number."""

from __future__ import annotations

import pytest

from tanshu import audit
from tests.clearing.support import House
from tests.exchange.bridge.support import Trading


@pytest.fixture
def house(trading: Trading) -> House:
    """A closed day of three trades; the second seller sells what it had, and c pays for both."""
    made = House(trading)
    for seller, buyer, tonnes, price in (
        (trading.a, trading.b, 1_000, 8_000),
        (trading.a, trading.c, 500, 8_000),
        (trading.b, trading.c, 200, 7_900),
    ):
        trading.sell(seller, tonnes, price)
        trading.buy(buyer, tonnes, price)
    made.after_the_close()
    return made


def found(house: House) -> set[str]:
    report = audit.run(house.database)
    for one in report.findings:
        print(one)
    return {finding.what.code for finding in report.findings}


def test_an_honest_day_is_clean(house: House) -> None:
    house.settles()
    assert found(house) == set()
