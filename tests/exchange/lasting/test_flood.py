"""A flood of malformed orders: each is refused in words, and neither log, engine nor memory grows by it."""

from __future__ import annotations

import gc
import random
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from tanshu.base.canonical import digest
from tanshu.base.refusal import Refusal
from tanshu.exchange import service
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Op, Records, Row, encode, row
from tanshu.exchange.model import (
    Amend,
    Asked,
    Bid,
    Cancel,
    Confirm,
    Counter,
    Decline,
    Offer,
    Order,
    Quote,
    Take,
)
from tests.exchange.bridge.support import Trading

REFUSED = 100_000
"""Malformed records put to the engine."""
ROUND = 20_000
"""Of them, those after which memory is counted."""
COMMANDS = 400
"""Malformed orders sent as commands, by name."""
NUMBERS = (
    -1,
    0,
    -(2**63),
    2**63,
    2**31,
    2**40,
    10**30,
    True,
    None,
    1.5,
    "1.5",
    "1e9",
    "",
    "九",
    b"1",
    [1],
    {},
)
WORDS = ("", " ", "sell", "BUY", "买", "x" * 10_000, "\x00", "'; DROP TABLE market; --", None, 5, -1)
IDS = ("", "1", "20240102-", "20240102-999999999", "19990101-1", "20240102--1", "٢٠٢٤٠١٠٢-1", "20240102-0")


def malformed(dice: random.Random) -> Iterator[Asked]:
    """Orders of every kind in which something is wrong."""
    while True:
        number, word, id = dice.choice(NUMBERS), dice.choice(WORDS), dice.choice(IDS)
        more = dice.choice(NUMBERS)
        yield from (
            Offer("CEA22", "sell", number, more), Offer(word, "sell", 5, 8_000),  # type: ignore[arg-type]
            Offer("CEA22", word, 5, -8_000), Take("CEA22", "buy", number, 8_000, id or "x"),  # type: ignore[arg-type]
            Take("CEA22", "buy", 10**9, 8_000), Order("CEA22", "buy", number, more, word),  # type: ignore[arg-type]
            Quote("CEA22", "sell", 100_000, 8_000, word or "x"), Counter(id, number, more),  # type: ignore[arg-type]
            Confirm(id), Decline(id), Cancel(id), Amend(id, number, more), Bid(number, 5, 8_000),  # type: ignore[arg-type]
        )  # fmt: skip


def test_malformed_orders_are_refused_in_words_and_leave_nothing(trading: Trading):
    trading.sell(trading.a, 5)
    before, tails, dice = trading.engine().state_hash(), trading.tails(), random.Random(7)
    context = service.at(trading.ctx(trading.traders[trading.b]), trading.exchange)
    for n, asked in zip(range(COMMANDS), malformed(dice), strict=False):
        outcome = service.submit(context.with_(key=digest(b"%d" % n)[:16]), asked)
        assert isinstance(outcome, Refusal), asked
        assert outcome.sentence("zh") and outcome.sentence("en")
    assert trading.engine().state_hash() == before and trading.tails() == tails
    assert trading.buy(trading.c, 5)["state"] == "filled"


def test_a_flood_of_malformed_records_neither_stops_the_market_nor_grows_its_memory(
    sqlite_tradings: Any, tmp_path: Any
):
    from tests.exchange.bridge.support import figures

    with figures(), sqlite_tradings(tmp_path) as trading:
        trading.sell(trading.a, 5)
        engine, dice = trading.engine(), random.Random(11)
        state, image = engine.state_hash(), len(engine.image())
        blocks = [_noise(dice) for _ in range(20)]
        refused, used = 0, list[int]()
        while refused < REFUSED:
            refused += _refused(engine, blocks, ROUND)
            used.append(_blocks())
        assert _grows_by(used) < ROUND // 10
        assert (engine.state_hash(), len(engine.image())) == (state, image)
        assert trading.buy(trading.c, 5)["state"] == "filled"
        trading.check()


def test_single_refused_orders_do_not_grow_the_memory_of_the_market(trading: Trading):
    trading.sell(trading.a, 5)
    context = service.at(trading.ctx(trading.traders[trading.b]), trading.exchange)
    tails = trading.tails()

    def ask(first: int, many: int) -> None:
        for n in range(first, first + many):
            outcome = service.submit(context.with_(key=digest(b"%d" % n)[:16]), Cancel("20240102-77"))
            assert isinstance(outcome, Refusal) and outcome.code == "EXC-4003"

    ask(0, 100)
    used: list[int] = []
    for first in range(1_000, 6_000, 1_000):
        ask(first, 100)
        used.append(_blocks())
    assert _grows_by(used) < 50
    assert trading.tails() == tails


def _refused(engine: Engine, blocks: Sequence[Records], many: int) -> int:
    """Put at least so many records to the engine, which takes none. Returns how many they were."""
    refused = 0
    while refused < many:
        done = engine.apply(blocks[refused // 500 % len(blocks)])
        assert done.codes.all() and not len(done.outputs)
        refused += len(done.codes)
    return refused


def _grows_by(used: Sequence[int]) -> int:
    """The least growth of all rounds: something is kept now and then for a while, but what is kept of every
    order shows in every round."""
    return min(later - before for before, later in pairwise(used))


def _blocks() -> int:
    """How many pieces of memory are in use."""
    gc.collect()
    return sys.getallocatedblocks()


def _noise(dice: random.Random) -> Records:
    """Five hundred records that no desk takes: orders with one thing wrong, and plain noise."""
    good = {"mode": 1, "side": 1, "instrument": 1, "party": 1, "other": 1, "quantity": 5, "price": 8_000}
    wrong = (
        {"party": 0}, {"party": 9}, {"other": 2}, {"other": 2**31}, {"instrument": 0},
        {"instrument": 2**32 - 1}, {"quantity": 0}, {"quantity": -1}, {"quantity": 2**62}, {"price": 0},
        {"price": -8_000}, {"price": 7}, {"price": 2**62}, {"side": 0, "quantity": 99_999, "other": 3},
    )  # fmt: skip
    ops = (Op.OFFER, Op.TAKE, Op.QUOTE, Op.ORDER, Op.BID, Op.CANCEL, Op.AMEND, Op.CONFIRM)
    rows: list[Row] = []
    for _ in range(500):
        if dice.random() < 0.2:
            said = (dice.randrange(200) for _ in range(11))
            rows.append((dice.randrange(64, 256), *said))  # type: ignore[arg-type]
        else:
            changed = {**good, **dice.choice(wrong)}
            op = dice.choice(ops)
            rows.append(row(op, **changed))
    return encode(rows)
