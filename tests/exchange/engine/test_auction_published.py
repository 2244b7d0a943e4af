"""The 13 published auctions of Guangdong allowances, 有偿发放竞价: what their columns allow to check, and
the rule run on stacks of bids.

The bids themselves were never published. The stacks here are SYNTHETIC: made so that their totals are those
published (offered, valid tonnes, highest bid, floor); the clearing price and the tonnes sold are then the
rule's answer and have to be the published ones.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tanshu.exchange.engine.auction_rules import Bid, allot
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.records import Mode, Op, Outcome, Phase, Pricing, Ties, row
from tests.exchange.engine.support import CEA, check_invariants, do, opened

BIDDERS = 5


class Published(NamedTuple):
    """Fen, tonnes; None where the column is blank."""

    day: str
    price: int
    sold: int
    amount: int
    offered: int | None
    floor: int | None
    top: int | None
    valid: int | None


@cache
def published(folder: Path) -> tuple[Published, ...]:
    with (folder / "market" / "guangdong_allowance_auctions.csv").open(encoding="utf-8") as file:
        return tuple(_read(one) for one in csv.DictReader(file))


def _read(one: Mapping[str, str]) -> Published:
    return Published(
        one["date"],
        _whole(one["clearing_price"], 100),
        _whole(one["volume_t"]),
        _whole(one["amount_cny"], 100),
        *(
            _whole(one[name], unit) if one[name] else None
            for name, unit in (
                ("offered_t", 1), ("floor_or_reserve", 100), ("top_bid", 100), ("valid_bids_t", 1),
            )
        ),
    )  # fmt: skip


def _whole(text: str, unit: int = 1) -> int:
    """The nearest whole number of units; farther than float noise from it is an error of the file."""
    exact = Decimal(text) * unit
    whole = int(exact.to_integral_value())
    assert abs(exact - whole) < Decimal("0.000001"), text
    return whole


def test_there_are_thirteen_and_each_keeps_every_bound_its_columns_allow(data_dir: Path) -> None:
    auctions = published(data_dir)
    assert len(auctions) == 13
    checked = dict.fromkeys(("amount", "floor", "top", "offered", "sold"), 0)
    for one in auctions:
        assert one.amount == one.price * one.sold
        checked["amount"] += 1
        if one.floor is not None:
            assert one.price >= one.floor
            checked["floor"] += 1
        if one.top is not None:
            assert one.top >= one.price
            checked["top"] += 1
        if one.offered is not None:
            assert one.sold <= one.offered
            checked["offered"] += 1
        if one.offered is not None and one.valid is not None:
            assert one.sold == min(one.offered, one.valid)
            checked["sold"] += 1
    assert checked == {"amount": 13, "floor": 6, "top": 6, "offered": 5, "sold": 5}


@pytest.mark.parametrize("ties", Ties)
def test_synthetic_bids_with_the_published_totals_clear_as_published(data_dir: Path, ties: Ties) -> None:
    for one in published(data_dir):
        offered, bids = synthetic(one)
        result = allot(bids, offered, reserve=one.floor or 0, ties=ties)
        assert (result.price, result.sold) == (one.price, one.sold), one.day
        assert sum(award.quantity * award.price for award in result.awards) == one.amount
        whole = one.valid is None or one.valid >= offered
        assert result.outcome is (Outcome.SOLD if whole else Outcome.PART)


def test_the_engine_clears_them_as_published(data_dir: Path) -> None:
    """The same stacks through a market: admitted, bid, closed; trades add up to tonne and fen."""
    for one in published(data_dir):
        offered, bids = synthetic(one)
        engine = opened(parties=BIDDERS + 1, cash=1 << 45, units=offered, terms={Mode.AUCTION: {}})
        records = [
            row(
                Op.AUCTION, mode=Mode.AUCTION, side=1, kind=Pricing.UNIFORM, instrument=CEA, party=1,
                quantity=offered, price=one.floor or 0, order=1,
            ),
            *(row(Op.QUALIFY, mode=Mode.AUCTION, party=n, order=1) for n in range(2, BIDDERS + 2)),
            row(Op.AUCTION_PHASE, mode=Mode.AUCTION, kind=Phase.OPEN, order=1),
            *(
                row(
                    Op.BID, mode=Mode.AUCTION, party=bid.bidder + 1, other=bid.bidder + 1,
                    quantity=bid.quantity, price=bid.price, order=1,
                )
                for bid in bids
            ),
        ]  # fmt: skip
        for record in records:
            assert do(engine, record)[0] is Code.OK
        _, out = do(engine, row(Op.AUCTION_PHASE, mode=Mode.AUCTION, kind=Phase.CLOSED, order=1))
        check_invariants(engine)
        traded = [(r[7], r[8]) for r in out if r[0] == Op.TRADE]
        assert sum(tonnes for tonnes, _ in traded) == one.sold
        assert sum(tonnes * fen for tonnes, fen in traded) == one.amount


def synthetic(one: Published) -> tuple[int, list[Bid]]:
    """Tonnes offered and a SYNTHETIC stack of bids with the published totals.

    A blank column says nothing: what was sold is then taken for what was offered and for what was bid, and
    the clearing price for the highest bid. A tenth of what was sold is bid at the top, half of it in the
    middle, the rest at the clearing price; what was bid for beyond comes at the clearing price, or a fen
    below it where the floor allows that, in bids of at most half of what was offered.
    """
    offered = one.offered or max(one.sold, one.valid or 0)
    valid, top = one.valid or one.sold, one.top or one.price
    high, middle = one.sold // 10, one.sold // 2
    bids = [
        (top, high),
        ((top + one.price) // 2, middle),
        (one.price, one.sold - high - middle),
    ]
    below = one.price - 1 if one.floor is not None and one.floor < one.price else one.price
    over = valid - one.sold
    while over:
        bids.append((below if len(bids) > 3 else one.price, min(over, offered // 2)))
        over -= bids[-1][1]
    stack = [Bid(n, price, tonnes, 1 + n % BIDDERS) for n, (price, tonnes) in enumerate(bids, 1)]
    assert sum(bid.quantity for bid in stack) == valid
    return offered, stack
