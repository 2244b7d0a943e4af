# pyright: reportMissingImports=false
"""Matching engines, each led its own way through the same orders: `python -m benchmarks.matchers NAME DIR`.

A driver takes the stream and answers with the CPU seconds that the engine took and the trades that it made.
It runs in a process of its own, because some never come back. What is timed is a second run on a fresh book,
in which no trade is written down; where an engine must be listened to, it is listened to in the first only.
Ours does more than is asked of the others: see order_book.py.
"""

from __future__ import annotations

import gc
import io
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

Trades = list[tuple[int, int, int, int]]
"""(price, quantity, aggressor, resting): orders by their number in the stream from 1, 0 where an engine does
not say."""
LIMIT, CANCEL = 0, 1
BUY, SELL = 0, 1


class Step(NamedTuple):
    """number: the order's. side, price in ticks and quantity of a new one; of a cancelled one too."""

    op: int
    number: int
    side: int
    price: int
    quantity: int


def bourse(steps: list[Step], listen: bool) -> Any:
    """Its time moves with every order: else it does not keep to the order of time."""
    from bourse.core import OrderBook

    book, given = OrderBook(0, True), [0]
    place, cancel, clock, known = book.place_order, book.cancel_order, book.set_time, given.append
    started = time.process_time()
    for i, (op, number, side, price, quantity) in enumerate(steps):
        clock(i)
        if op == LIMIT:
            known(place(side == BUY, quantity, 0, price=price))
        else:
            cancel(given[number])
    taken = time.process_time() - started
    numbers = {theirs: number for number, theirs in enumerate(given) if number} if listen else {}
    trades = book.get_trades() if listen else []
    return taken, [(t[2], t[3], numbers[t[4]], numbers[t[5]]) for t in trades]


def orderly_chaos(steps: list[Step], listen: bool) -> Any:
    from orderly_chaos import LimitOrderBook

    trades: Trades = []

    def heard(t: Any) -> None:
        trades.append((int(t.price), int(t.quantity), *_either(t)))

    book = LimitOrderBook(heard) if listen else LimitOrderBook()
    buy, sell, cancel = book.limit_buy, book.limit_sell, book.cancel
    started = time.process_time()
    for op, number, side, price, quantity in steps:
        if op == CANCEL:
            cancel(number)
        elif side == BUY:
            buy(number, quantity, price)
        else:
            sell(number, quantity, price)
    return time.process_time() - started, trades


def _either(trade: Any) -> tuple[int, int]:
    """The newer order came later: it is the aggressor."""
    names = [int(getattr(trade, name)) for name in dir(trade) if name.endswith("_id")]
    return max(names), min(names)


def liquibook(steps: list[Step], listen: bool) -> Any:
    import liquibook as theirs

    trades: Trades = []

    class Listener(theirs.OrderListener):  # type: ignore[misc, name-defined]
        def on_accept(self, order: Any) -> None:
            pass

        on_cancel = on_accept

        def on_fill(self, aggressive: Any, resting: Any, quantity: int, price: int) -> None:
            mine = sorted((int(aggressive.order_id_), int(resting.order_id_)), reverse=True)
            trades.append((int(price), int(quantity), mine[0], mine[1]))

    book = theirs.DepthOrderBook("CEA")
    listener = Listener()
    if listen:
        book.set_order_listener(listener)
    orders: list[Any] = [None]
    add, cancel, known, make = book.add, book.cancel, orders.append, theirs.SimpleOrder
    first = 0
    started = time.process_time()
    for op, number, side, price, quantity in steps:
        if op == CANCEL:
            cancel(orders[number])
        else:
            order = make(side == BUY, price, quantity)
            known(order)
            add(order)
    taken = time.process_time() - started
    if listen:
        first = int(orders[1].order_id_) - 1
    return taken, [(price, quantity, a - first, r - first) for price, quantity, a, r in trades]


def cython_orderbook(steps: list[Step], listen: bool) -> Any:
    from cython_orderbook import Order, OrderBook, OrderSide

    book, sides, given = OrderBook(), (OrderSide.BID, OrderSide.ASK), ["0"]
    add, cancel, known = book.add_limit_order, book.cancel_order, given.append
    started = time.process_time()
    for op, number, side, price, quantity in steps:
        if op == CANCEL:
            cancel(given[number])
        else:
            order = Order(side=sides[side], price=price, original_quantity=quantity)
            add(order)
            known(order.order_id)
    taken = time.process_time() - started
    if not listen:
        return taken, []
    numbers = {int(theirs): number for number, theirs in enumerate(given)}
    with redirect_stdout(io.StringIO()) as printed:
        book.print_trade_log()
    lines = [line.split("|") for line in printed.getvalue().splitlines() if "aggressor_id" in line]
    values = [[int(cell.split(":")[1]) for cell in line[2:]] for line in lines]
    return taken, [(price, quantity, numbers[a], numbers[r]) for price, quantity, a, r in values]


def pyorderbook(steps: list[Step], listen: bool) -> Any:
    from pyorderbook import Book, Order, Side

    book, sides, orders, trades = Book(), (Side.BID, Side.ASK), [None], []
    match, cancel, known = book.match, book.cancel, orders.append
    started = time.process_time()
    for op, number, side, price, quantity in steps:
        if op == CANCEL:
            cancel(orders[number])
        else:
            order = Order(sides[side], "CEA", price, quantity)
            known(order)
            made = match(order).trades
            if listen:
                trades += made
    taken = time.process_time() - started
    numbers = {order.id: number for number, order in enumerate(orders) if order is not None}
    return taken, [
        (int(t.fill_price), t.fill_quantity, numbers[t.incoming_order_id], numbers[t.standing_order_id])
        for t in trades
    ]


def lightmatchingengine(steps: list[Step], listen: bool) -> Any:
    from lightmatchingengine.lightmatchingengine import LightMatchingEngine

    book, made = LightMatchingEngine(), []
    add, cancel = book.add_order, book.cancel_order
    started = time.process_time()
    for op, number, side, price, quantity in steps:
        if op == CANCEL:
            cancel(number, "CEA")
        else:
            _, trades = add("CEA", price, quantity, side + 1)
            if listen and trades:
                made.append((number, trades))
    taken = time.process_time() - started
    return taken, [
        (int(t.trade_price), t.trade_qty, number, t.order_id)
        for number, trades in made
        for t in trades
        if t.order_id != number
    ]


def litebook(steps: list[Step], listen: bool) -> Any:
    from litebook import OrderBook, OrderType

    book, sides, given, made = OrderBook(tick_size=1.0), (OrderType.Buy, OrderType.Sell), [""], []
    make, add, cancel, known = book.create_order, book.add, book.cancel, given.append
    started = time.process_time()
    for op, number, side, price, quantity in steps:
        if op == CANCEL:
            cancel(given[number])
        else:
            order = make(sides[side], price, quantity)
            known(order.id)
            fills = add(order)
            if listen:
                made += fills
    taken = time.process_time() - started
    numbers = {theirs: number for number, theirs in enumerate(given)}
    trades = [(round(t.price), round(t.quantity), numbers[t.buy_id], numbers[t.sell_id]) for t in made]
    return taken, [(price, quantity, max(a, b), min(a, b)) for price, quantity, a, b in trades]


def nanobook(steps: list[Step], listen: bool) -> Any:
    from nanobook import Exchange

    book, sides, given, made = Exchange(), ("buy", "sell"), [0], []
    submit, cancel, known = book.submit_limit, book.cancel, given.append
    started = time.process_time()
    for op, number, side, price, quantity in steps:
        if op == CANCEL:
            cancel(given[number])
        else:
            answer = submit(sides[side], price, quantity)
            known(answer.order_id)
            if listen:
                made += answer.trades
    taken = time.process_time() - started
    numbers = {theirs: number for number, theirs in enumerate(given)}
    return taken, [
        (t.price, t.quantity, numbers[t.aggressor_order_id], numbers[t.passive_order_id]) for t in made
    ]


def tanshu(steps: list[Step], listen: bool) -> Any:
    """Twice through one market, on two days; the first day compiles, or loads what was compiled."""
    from benchmarks.order_book import run

    return run(steps, listen)


MATCHERS: Mapping[str, Callable[[list[Step], bool], Any]] = {
    "Tanshu": tanshu,
    "bourse": bourse,
    "cython-orderbook": cython_orderbook,
    "lightmatchingengine": lightmatchingengine,
    "liquibook": liquibook,
    "litebook": litebook,
    "nanobook": nanobook,
    "orderly-chaos": orderly_chaos,
    "pyorderbook": pyorderbook,
}


def load(folder: Path) -> list[Step]:
    return [Step(*row) for row in np.load(folder / "stream.npy").tolist()]


def main() -> None:
    """Write the trades of the first run; print the CPU seconds of the second."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    steps = load(folder)
    _, trades = MATCHERS[name](steps, True)
    np.save(folder / f"{name}.npy", np.array(trades, np.int64).reshape(-1, 4))
    del trades
    gc.collect()
    gc.freeze()
    taken, _ = MATCHERS[name](steps, False)
    print(taken)


if __name__ == "__main__":
    main()
