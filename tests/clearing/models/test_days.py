"""Models on a day of the book: where everything nets to nothing, the day goes on all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshu.clearing.model import DayState, Model
from tests.clearing.packs import settled_as
from tests.clearing.support import House
from tests.exchange.bridge.support import MONEY


@pytest.mark.parametrize("model", Model)
def test_a_day_that_nets_to_nothing_is_settled(house: House, tmp_path: Path, model: Model) -> None:
    t = house.trading
    before = [t.has(handle) for handle in (t.a, t.b)]
    for seller, buyer in ((t.a, t.b), (t.b, t.a)):
        t.sell(seller, 100)
        t.buy(buyer, 100)
    house.after_the_close()
    with settled_as(tmp_path, model=model.value):
        house.settles()
        assert t.findings() == []
    assert (house.row().state, house.row().differences) == (DayState.SEALED, 0)
    assert [sum(t.has(handle)) for handle in (t.a, t.b)] == [sum(one) for one in before]
    assert sum(t.has(t.a, MONEY, "CNY")) == sum(t.has(t.b, MONEY, "CNY")), "both paid the same fees"
