"""The clearing house judged a second time: an honest day is clean, and each broken rule is found by its number."""

from __future__ import annotations

from tanshu import audit
from tanshu.clearing import collecting, delivery, reviewing
from tanshu.clearing.model import Clear, Collect, Confirm, Deliver, Review
from tests.exchange.bridge.support import CEA, CHECKER, DAY, Trading

CLERK = "registry-maker-1"


def found(trading: Trading) -> set[str]:
    report = audit.run(trading.market.database)
    for one in report.findings:
        print(one)
    return {finding.what.code for finding in report.findings}


def traded(trading: Trading) -> None:
    """b's purchase from a lets it sell nothing today; c pays b with what it has."""
    for seller, buyer, tonnes, price in (
        (trading.a, trading.b, 1_000, 8_000),
        (trading.a, trading.c, 500, 8_000),
        (trading.b, trading.c, 200, 7_900),
    ):
        trading.sell(seller, tonnes, price)
        trading.buy(buyer, tonnes, price)
    trading.done(trading.closes())


def collected(trading: Trading) -> None:
    traded(trading)
    trading.done(collecting.collect(trading.ctx(CLERK, allow_draft=True), Collect(DAY)))


def approved(trading: Trading) -> None:
    collected(trading)
    told = trading.done(collecting.clear(trading.ctx(CLERK, allow_draft=True), Clear(DAY)))
    totals = Confirm(DAY, told["trades"], told["tonnes"], told["amount"])
    trading.done(reviewing.confirm(trading.ctx(CHECKER), totals))
    trading.done(reviewing.review(trading.ctx("registry-checker-1"), Review(DAY)))
    trading.done(reviewing.approve(trading.ctx("registry-checker-2"), Review(DAY)))


def delivered(trading: Trading) -> None:
    approved(trading)
    trading.done(delivery.deliver(trading.ctx(CLERK, allow_draft=True), Deliver(DAY, CEA, 0)))


def test_a_day_as_far_as_delivery_is_clean(trading: Trading) -> None:
    delivered(trading)
    assert found(trading) == set()
