"""Legs by model: the published vector, and what no model may change."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.clearing.model import Model
from tanshu.clearing.models import chain_of, legs, owed
from tanshu.clearing.models.chains import HOUSE, MONEY, Legs, gross, net, net_cash
from tests.clearing.models.cases import MANY, Simple, ends, moved, trades

A, B, C = 1, 2, 3
VECTOR = [(1, B, A, 100, 1), (1, C, B, 80, 1), (1, A, C, 50, 1), (1, C, A, 30, 1)]
"""The seller gives: A→B 100, B→C 80, C→A 50, A→C 30."""


def units(some: Legs) -> Legs:
    return Legs(*(column[some.instrument != MONEY] for column in some))


def test_the_published_vector_nets_to_minus_80_plus_20_plus_60() -> None:
    position = owed(trades(VECTOR))
    assert position.units[1].tolist() == [0, -80, 20, 60]
    assert position.cash.tolist() == [0, 80, -20, -60], "at 1 fen a tonne, the money goes the other way"


def test_gross_moves_260_of_the_vector_and_net_80() -> None:
    assert int(units(gross(trades(VECTOR))).amount.sum()) == 260
    settled = units(net(trades(VECTOR)))
    assert int(settled.amount[settled.taker == HOUSE].sum()) == 80
    assert int(settled.amount[settled.giver == HOUSE].sum()) == 80


def test_net_is_one_chain_through_the_house_everything_in_before_anything_leaves() -> None:
    settled = net(trades(VECTOR))
    rows = list(zip(*map(np.ndarray.tolist, settled), strict=True))
    assert rows == [
        (0, B, HOUSE, MONEY, 20),
        (0, C, HOUSE, MONEY, 60),
        (0, A, HOUSE, 1, 80),
        (0, HOUSE, B, 1, 20),
        (0, HOUSE, C, 1, 60),
        (0, HOUSE, A, MONEY, 80),
    ]


def test_gross_is_a_chain_for_each_trade_units_against_the_whole_price() -> None:
    rows = list(zip(*map(np.ndarray.tolist, gross(trades([(2, B, A, 7, 30)]))), strict=True))
    assert rows == [(0, A, B, 2, 7), (0, B, A, MONEY, 210)]


def test_net_cash_moves_units_trade_by_trade_and_one_amount_of_money_each() -> None:
    settled = net_cash(trades(VECTOR))
    assert units(settled).amount.tolist() == [100, 80, 50, 30], "in their order"
    money = Legs(*(column[settled.instrument == MONEY] for column in settled))
    assert sorted(zip(money.giver.tolist(), money.taker.tolist(), money.amount.tolist(), strict=True)) == [
        (HOUSE, A, 80),
        (B, HOUSE, 20),
        (C, HOUSE, 60),
    ]


def test_chains_of_a_bounded_number_of_trades_net_their_own_money() -> None:
    settled = net_cash(trades(VECTOR), at_once=2)
    assert settled.chain.tolist() == sorted(settled.chain.tolist()) and settled.chain[-1] == 1
    assert settled.starts.tolist() == [0, 5, 9]


def test_a_trade_that_failed_moves_no_other_into_another_chain() -> None:
    some = trades(VECTOR).only(np.array([False, True, True, True]))
    assert chain_of(Model.NET_CASH, some).tolist() == [0, 0, 0]
    assert net_cash(some, at_once=2).chain.tolist() == [0] * 3 + [1] * 4
    none_of_the_first = trades(VECTOR).only(slice(2, 4))
    assert set(net_cash(none_of_the_first, at_once=2).chain.tolist()) == {0}


@pytest.mark.parametrize("model", Model)
def test_no_trades_have_no_legs(model: Model) -> None:
    assert len(legs(model, trades([]))) == 0 and legs(model, trades([])).starts.tolist() == [0]


@given(MANY)
def test_net_positions_sum_to_zero(some: list[Simple]) -> None:
    position = owed(trades(some))
    assert not position.units.sum(axis=1).any() and position.cash.sum() == 0


@given(MANY, st.sampled_from(Model))
def test_the_model_never_changes_what_anybody_has_in_the_end(some: list[Simple], model: Model) -> None:
    assert moved(legs(model, trades(some))) == ends(some), "and the house keeps nothing"


@given(MANY, st.integers(1, 7))
def test_bounded_chains_never_change_it_either(some: list[Simple], at_once: int) -> None:
    assert moved(net_cash(trades(some), at_once)) == ends(some)


@given(MANY, st.sampled_from(Model), st.integers(1, 7))
def test_no_chain_has_one_leg_without_the_other(some: list[Simple], model: Model, at_once: int) -> None:
    """Each chain by itself does to everybody what whole trades do, and the house is left with nothing."""
    settled = net_cash(trades(some), at_once) if model is Model.NET_CASH else legs(model, trades(some))
    size = {Model.GROSS: 1, Model.NET_CASH: at_once, Model.NET: max(len(some), 1)}[model]
    starts = settled.starts
    chains = [Legs(*(column[a:b] for column in settled)) for a, b in pairwise(starts)]
    whole = [ends(some[at : at + size]) for at in range(0, len(some), size)]
    if model is Model.NET:
        whole = [one for one in whole if one]  # what nets to nothing has no legs
    assert list(map(moved, chains)) == whole


@given(MANY, st.sampled_from([Model.NET_CASH, Model.NET]))
def test_the_house_never_gives_what_it_has_not_got(some: list[Simple], model: Model) -> None:
    pool = {0: 0, 1: 0, 2: 0}
    settled = legs(model, trades(some))
    for giver, taker, instrument, amount in zip(*map(np.ndarray.tolist, settled[1:]), strict=True):
        assert amount > 0
        pool[instrument] += amount * ((taker == HOUSE) - (giver == HOUSE))
        assert pool[instrument] >= 0
    assert not any(pool.values())


@given(MANY)
def test_netting_never_moves_more_than_gross(some: list[Simple]) -> None:
    whole, settled = units(gross(trades(some))), units(net(trades(some)))
    assert settled.amount[settled.taker == HOUSE].sum() <= whole.amount.sum()
