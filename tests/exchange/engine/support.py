"""An opened market in a few words, and what must hold of every market after every record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.ledger import buyer_needs
from tanshu.exchange.engine.records import MODES, AuctionOrder, Mode, Op, Phase, Row, Side, encode, row
from tanshu.exchange.engine.state import (
    BOUGHT,
    BUYING,
    FEES,
    FREE,
    HELD,
    INSIDE,
    INSTRUMENTS,
    LIVE,
    O_HELD,
    O_INSTRUMENT,
    O_KIND,
    O_LEFT,
    O_MODE,
    O_PAID,
    O_PARTY,
    O_PRICE,
    O_QUANTITY,
    O_SIDE,
    O_STATE,
    ORDERS,
    OWN,
    PARTIES,
    PROCEEDS,
    RESTING,
)
from tanshu.exchange.engine.terms import Term

TODAY = 20251103
CEA = 1
"""The first instrument's number."""
FIGURES: Mapping[Term, int] = {Term.TICK: 1, Term.LOT: 1, Term.SETTLE_DAYS: 1, Term.BREAK_CANCEL: 1}
"""Terms of a mode that a test does not name."""


def opening(
    *,
    parties: int = 3,
    cash: int = 100_000_000_00,
    units: int = 1_000_000,
    terms: Mapping[Mode, Mapping[Term, int]] | None = None,
    instruments: int = 1,
    reference: int = 5000,
    groups: Mapping[int, int] | None = None,
) -> list[Row]:
    """The records that admit participants (operator n is participant n's), bring in what each has, and open.

    `terms`: mode → term → value, laid over FIGURES; a mode that is not named does not trade. Fen and tonnes.
    """
    everyone = range(1, parties + 1)
    records = [row(Op.PARTY, party=n, counter=(groups or {}).get(n, 0)) for n in everyone]
    records += [row(Op.OPERATOR, party=n, other=n) for n in everyone]
    kinds = range(1, instruments + 1)
    records += [row(Op.INSTRUMENT, instrument=i, quantity=2024, price=reference) for i in kinds]
    records.append(row(Op.DAY, quantity=TODAY))
    for mode, stated in (terms or {}).items():
        records += [row(Op.TERM, mode=mode, kind=t, quantity=v) for t, v in {**FIGURES, **stated}.items()]
    for n in everyone:
        records += [row(Op.UNITS_IN, instrument=i, party=n, quantity=units) for i in kinds if units]
        records += [row(Op.CASH_IN, party=n, quantity=cash)] * bool(cash)
    records += [row(Op.PHASE, mode=mode, kind=Phase.OPEN) for mode in (terms or {}) if mode in MODES]
    return records


def opened(**stated: Any) -> Engine:
    """A market with its day open: see `opening`, whose arguments it takes."""
    engine = Engine()
    assert not engine.apply(encode(opening(**stated))).codes.any()
    return engine


def do(engine: Engine, record: Row) -> tuple[Code, list[Row]]:
    """One record: its code and what came of it. What is refused must change nothing."""
    before = engine.state_hash()
    applied = engine.apply(encode([record]))
    code = Code(int(applied.codes[0]))
    if code is not Code.OK:
        assert engine.state_hash() == before, f"{code.name} changed something"
        assert len(applied.outputs) == 0
    return code, applied.outputs.tolist()


def totals(engine: Engine) -> tuple[int, list[int]]:
    """Fen and tonnes of each instrument there are in the market: what came in, less what went out."""
    a = engine.arrays
    cash = int(a.cash[:, (OWN, PROCEEDS, FEES)].sum())
    return cash, [int(n) for n in a.units[:, :, (FREE, HELD, BOUGHT)].sum(axis=(1, 2))]


def check_invariants(engine: Engine) -> None:
    """What holds after every record, in every mode. (A deposit of an auction is a buy without tonnes.)"""
    a = engine.arrays
    parties, kinds = int(a.day[PARTIES]) + 1, int(a.day[INSTRUMENTS]) + 1
    orders = a.orders[: int(a.day[ORDERS]) + 1]
    live = orders[orders[:, O_STATE] == RESTING]
    buys, sells = live[live[:, O_SIDE] == Side.BUY], live[live[:, O_SIDE] == Side.SELL]
    units, cash = a.units[:kinds, :parties], a.cash[:parties]

    assert (units >= 0).all() and (cash[:, (FREE, HELD)] >= 0).all()
    assert (cash[:, FREE] + cash[:, HELD] == cash[:, OWN] + cash[:, PROCEEDS]).all()
    deposit = (live[:, O_MODE] == Mode.AUCTION) & (live[:, O_KIND] == AuctionOrder.DEPOSIT)
    assert int(a.day[LIVE]) == len(live) and ((live[:, O_LEFT] > 0) != deposit).all()
    _same(cash[:, HELD], _by(parties, buys[:, O_PARTY], buys[:, O_HELD]), "cash held")
    for i in range(1, kinds):
        mine = sells[sells[:, O_INSTRUMENT] == i]
        _same(units[i, :, HELD], _by(parties, mine[:, O_PARTY], mine[:, O_HELD]), "units held")
    _same(a.parties[:parties, BUYING], _by(parties, buys[:, O_PARTY], buys[:, O_LEFT]), "buying")
    inside = units[:, :, (FREE, HELD, BOUGHT)].sum(axis=(0, 2))
    _same(a.parties[:parties, INSIDE], inside, "inside")
    _same(sells[:, O_HELD], sells[:, O_LEFT], "what a seller's order holds")
    for o in live[(live[:, O_SIDE] == Side.BUY) & ~deposit]:
        needs = buyer_needs(a, o[O_INSTRUMENT], o[O_MODE], o[O_LEFT] * o[O_PRICE], o[O_PAID])
        assert o[O_HELD] == needs, "what a buyer's order holds"
    rest = orders[orders[:, O_STATE] != RESTING]
    assert not rest[:, O_HELD].any(), "an order that is over holds nothing"


def check_trades(engine: Engine, outputs: Sequence[Row]) -> None:
    """Every order has traded what the day's trades say: all records that came out since the day opened."""
    amounts: dict[int, int] = {}
    tonnes: dict[int, int] = {}
    for record in outputs:
        if record[0] == Op.TRADE:
            quantity, price = record[7], record[8]
            for order in record[9:11]:
                tonnes[order] = tonnes.get(order, 0) + quantity
                amounts[order] = amounts.get(order, 0) + quantity * price
    for number in range(1, int(engine.arrays.day[ORDERS]) + 1):
        o = engine.arrays.orders[number]
        assert o[O_QUANTITY] - o[O_LEFT] == tonnes.get(number, 0)
        assert o[O_PAID] == amounts.get(number, 0)


def _by(length: int, who: np.ndarray, what: np.ndarray) -> np.ndarray:
    """Sums of integers by participant."""
    sums = np.zeros(length, np.int64)
    np.add.at(sums, who, what)
    return sums


def _same(is_: np.ndarray, should: np.ndarray, what: str) -> None:
    assert (is_ == should).all(), f"{what}: {is_} should be {should}"
