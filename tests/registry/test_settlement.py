"""Cash and trades: deposits, delivery versus payment, issuance, adjustment, cancellation."""

from __future__ import annotations

import pytest

from tanshu.parties.model import AccountKind
from tests.support.market import Market

T, C = AccountKind.TRADING, AccountKind.CASH
REVIEW = ("registry-checker-1", "registry-checker-2")


@pytest.fixture
def trading(market: Market) -> Market:
    """plant-a has 1,000 CEA22 on its trading side; plant-b has 50,000.00 CNY."""
    market.give(market.plant_a, 1_000)
    line = ("CEA22", 1_000, market.account(market.plant_a), market.account(market.plant_a, T))
    market.accepted(market.propose("plant-a-maker-1", "position-transfer", line))
    deposit(market, market.plant_b, 5_000_000)
    return market


def deposit(market: Market, handle: str, fen: int) -> None:
    line = ("CNY", fen, "", market.account(handle, C))
    market.done("bank-maker-1", "cash-deposit", line, by=("registry-checker-1",))


def trade(market: Market, tonnes: int, price_fen: int, **changes: object):
    seller, buyer = market.plant_a, market.plant_b
    units = ("CEA22", tonnes, market.account(seller, T), market.account(buyer, T))
    cash = ("CNY", tonnes * price_fen, market.account(buyer, C), market.account(seller, C))
    details = {"price_fen": price_fen, "mode": "listing", "traded_on": "2024-01-02"}
    lines = {"units": units, "cash": cash, **changes}
    return market.propose("exchange-maker-1", "trade-settlement", *lines.values(), details=details)


def test_a_deposit_is_matched_by_the_banks_source(trading: Market):
    assert trading.has(trading.plant_b, "CNY", C) == (5_000_000, 0)
    assert trading.has("bank", "CNY", AccountKind.BANK) == (-5_000_000, 0)


def test_a_trade_holds_both_legs_and_settles_them_together(trading: Market):
    id = trading.accepted(trade(trading, 400, 9_000))["id"]
    assert trading.has(trading.plant_a, "CEA22", T) == (600, 400)
    assert trading.has(trading.plant_b, "CNY", C) == (1_400_000, 3_600_000)
    trading.accepted(trading.approve("registry-checker-1", id))
    trading.refuses("REG-3101", lambda: trading.approve("registry-checker-1", id))
    trading.accepted(trading.approve("registry-checker-2", id))
    assert trading.has(trading.plant_a, "CEA22", T) == (600, 0)
    assert trading.has(trading.plant_b, "CEA22", T) == (400, 0)
    assert trading.has(trading.plant_a, "CNY", C) == (3_600_000, 0)
    assert trading.has(trading.plant_b, "CNY", C) == (1_400_000, 0)


@pytest.mark.parametrize(("tonnes", "price", "code"), [(1_001, 100, "REG-2005"), (1_000, 5_001, "REG-2005")])
def test_a_trade_short_of_units_or_cash_moves_neither(trading: Market, tonnes, price, code):
    trading.refuses(code, lambda: trade(trading, tonnes, price))


def test_a_trade_is_one_line_of_units_and_one_of_cash_the_other_way(trading: Market):
    backwards = (
        "CNY",
        100,
        trading.account(trading.plant_a, C),
        trading.account(trading.plant_b, C),
    )
    trading.refuses("REG-1010", lambda: trade(trading, 1, 100, cash=backwards))
    units = ("CEA22", 1, trading.account(trading.plant_a, T), trading.account(trading.plant_b, T))
    trading.refuses("REG-1010", lambda: trading.propose("exchange-maker-1", "trade-settlement", units))


def test_only_the_exchange_brings_trades(trading: Market):
    units = ("CEA22", 1, trading.account(trading.plant_a, T), trading.account(trading.plant_b, T))
    cash = ("CNY", 1, trading.account(trading.plant_b, C), trading.account(trading.plant_a, C))
    trading.refuses("PAR-3002", lambda: trading.propose("plant-a-maker-1", "trade-settlement", units, cash))


def test_issuance_and_adjustment_between_authority_and_holder(market: Market):
    own = market.account("hubei", AccountKind.PROVINCIAL)
    line = ("CEA23", 500, "", own)
    market.done("registry-maker-1", "issuance", line, by=("registry-checker-1",))
    up = ("CEA23", 200, own, market.account(market.plant_a))
    by = ("hubei-checker-1", "registry-checker-1")
    market.done("hubei-maker-1", "administrative-adjustment", up, by=by)
    down = ("CEA23", 50, market.account(market.plant_a), own)
    market.done("hubei-maker-1", "administrative-adjustment", down, by=by)
    assert market.has(market.plant_a, "CEA23") == (150, 0)
    assert market.has("hubei", "CEA23", AccountKind.PROVINCIAL) == (350, 0)
    assert market.has("registry", "CEA23", AccountKind.ISSUANCE) == (-500, 0)


def test_the_ministrys_national_account_is_issued_to_and_hands_on(market: Market):
    national = market.account("ministry", AccountKind.NATIONAL)
    market.done("registry-maker-1", "issuance", ("CEA23", 70, "", national), by=("registry-checker-1",))
    line = ("CEA23", 70, national, market.account("hubei", AccountKind.PROVINCIAL))
    by = ("ministry-checker-1", "registry-checker-1")
    market.done("ministry-maker-1", "administrative-adjustment", line, by=by)
    assert market.has("hubei", "CEA23", AccountKind.PROVINCIAL) == (70, 0)


def test_conservation_after_everything(trading: Market):
    id = trading.accepted(trade(trading, 400, 9_000))["id"]
    for reviewer in REVIEW:
        trading.accepted(trading.approve(reviewer, id))
    with trading.database.read() as conn:
        assert set(trading.book.catch_up(conn).sums().values()) == {0}


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"price_fen": 1},
        {"price_fen": "9000"},
        {"price_fen": True},
        {"mode": "gift"},
        {"traded_on": "2024-01-03"},
        {"traded_on": "yesterday"},
    ],
)
def test_the_facts_of_a_trade_fit_its_amount(trading: Market, odd: dict[str, object]):
    """Averages, penalties and carry-over are read from them later."""
    good = {"price_fen": 9_000, "mode": "listing", "traded_on": "2024-01-02"}
    units = ("CEA22", 10, trading.account(trading.plant_a, T), trading.account(trading.plant_b, T))
    cash = ("CNY", 90_000, trading.account(trading.plant_b, C), trading.account(trading.plant_a, C))

    def settle(details: dict[str, object]):
        return trading.propose("exchange-maker-1", "trade-settlement", units, cash, details=details)

    trading.refuses("REG-1015", lambda: settle({**good, **odd} if odd else {}))
    trading.accepted(settle(good))
