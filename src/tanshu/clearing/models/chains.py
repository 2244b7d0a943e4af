"""Legs that settle trades, by model. Chains go in their order, each as a whole or not at all.

gross (逐笔全额): a chain for every trade, its units against its whole price.
net_cash: a chain for so many trades; units trade by trade, money as one net amount of each participant.
net (多边净额): one chain; every trade is novated, the house standing between seller and buyer, so that each
    participant has one position of each product and of money with the house, and nothing with anybody else.

A chain that goes through the house (party 0) brings everything into it before anything leaves it, and leaves
nothing behind. The model never changes what anybody has in the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from tanshu.clearing.model import Model
from tanshu.clearing.models.obligations import netted, owed, sizes
from tanshu.clearing.trades import Ints, Trades

HOUSE = 0
MONEY = 0
"""As an instrument's number."""
NETTED_AT_ONCE = 20_000
"""Trades of one chain where units go trade by trade: an entry of the book has room for their legs."""


class Legs(NamedTuple):
    """Movements in order; every column has one value for each.

    chain: from 0. giver, taker: parties, HOUSE for the house's pool. instrument: the market's number, MONEY
    for cash. amount: tonnes or fen, above zero.
    """

    chain: Ints
    giver: Ints
    taker: Ints
    instrument: Ints
    amount: Ints

    def __len__(self) -> int:  # type: ignore[override]
        return len(self.chain)

    @property
    def starts(self) -> Ints:
        """Where each chain begins, and where the last one ends."""
        begins = np.flatnonzero(np.diff(self.chain, prepend=-1))
        return np.append(begins, len(self.chain))

    def starts_of(self, chains: int) -> Ints:
        """The same for so many chains: trades that net to nothing have one, without legs."""
        return np.concatenate(([0], np.cumsum(np.bincount(self.chain, minlength=chains))))


def legs(model: Model, trades: Trades) -> Legs:
    """The legs by which trades are settled in a model. Trades of nothing have none."""
    some = trades if trades.quantity.all() else trades.only(trades.quantity > 0)
    match model:
        case Model.GROSS:
            return gross(some)
        case Model.NET_CASH:
            return net_cash(some)
        case Model.NET:
            return net(some)


def chain_of(model: Model, trades: Trades) -> Ints:
    """Which chain each trade goes with."""
    match model:
        case Model.GROSS:
            return np.arange(len(trades), dtype=np.int64)
        case Model.NET_CASH:
            return _chains(blocks(trades))
        case Model.NET:
            return np.zeros(len(trades), np.int64)


def blocks(trades: Trades, at_once: int = 0) -> Ints:
    """Which block of numbers each trade is of, from 0: whatever fails, the others' blocks stay the same."""
    return (trades.number - 1) // (at_once or NETTED_AT_ONCE)


def gross(trades: Trades) -> Legs:
    """Chain k is the k-th trade: units to the buyer, the price to the seller."""
    return Legs(
        np.repeat(np.arange(len(trades), dtype=np.int64), 2),
        _both(trades.seller, trades.buyer),
        _both(trades.buyer, trades.seller),
        _both(trades.instrument, np.full(len(trades), MONEY, np.int64)),
        _both(trades.quantity, trades.amount),
    )


def net_cash(trades: Trades, at_once: int = 0) -> Legs:
    """A chain for each block: who owes money pays it, units go one by one, then who is owed money gets it.

    at_once: numbers of a block, NETTED_AT_ONCE where it is 0.
    """
    block = _chains(blocks(trades, at_once))
    cash = netted(trades, block, sizes(trades)[1])
    units = Legs(block, trades.seller, trades.buyer, trades.instrument, trades.quantity)
    return _in_order((_into_house(cash), units, _out_of_house(cash)))


def net(trades: Trades) -> Legs:
    """One chain: what everybody owes goes to the house, money first; then what everybody is owed comes."""
    units, cash = owed(trades)
    cash = cash[np.newaxis]
    return _in_order((_into_house(cash), _units_in(units), _units_out(units), _out_of_house(cash)))


# -- steps -------------------------------------------------------------------------------------------------


def _chains(block: Ints) -> Ints:
    """Blocks counted without those of which nothing is left."""
    return np.cumsum(np.diff(block, prepend=block[:1]) > 0, dtype=np.int64)


def _both(first: Ints, second: Ints) -> Ints:
    both = np.empty(2 * len(first), np.int64)
    both[::2], both[1::2] = first, second
    return both


def _in_order(stages: Iterable[Legs]) -> Legs:
    """Stages one after the other within each chain."""
    whole = [np.concatenate(columns) for columns in zip(*stages, strict=True)]
    order = np.argsort(whole[0], kind="stable")
    return Legs(*(column[order] for column in whole))


def _into_house(cash: Ints) -> Legs:
    chain, party = np.nonzero(cash < 0)
    return _legs(chain, party, HOUSE, MONEY, -cash[chain, party])


def _out_of_house(cash: Ints) -> Legs:
    chain, party = np.nonzero(cash > 0)
    return _legs(chain, HOUSE, party, MONEY, cash[chain, party])


def _units_in(units: Ints) -> Legs:
    instrument, party = np.nonzero(units < 0)
    return _legs(np.zeros_like(party), party, HOUSE, instrument, -units[instrument, party])


def _units_out(units: Ints) -> Legs:
    instrument, party = np.nonzero(units > 0)
    return _legs(np.zeros_like(party), HOUSE, party, instrument, units[instrument, party])


def _legs(chain: Ints, giver: Ints | int, taker: Ints | int, instrument: Ints | int, amount: Ints) -> Legs:
    return Legs(*(np.broadcast_to(np.asarray(one, np.int64), amount.shape) for one in (
        chain, giver, taker, instrument, amount
    )))  # fmt: skip
