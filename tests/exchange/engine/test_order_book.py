"""The order book in little tables, on the plain and on the compiled kernel, and on the reference.

Words of a line: `ann buys 10 @ 5000 limit`, `ann cancels #1`, `ann amends #1 to 8 @ 5000`, `uncross`, `phase
closing`; `#n` is the day's nth order. Then the answer, and what came of it: `10@5000 #1<#2` is a trade of ten
tonnes between a buy and a sell, `-#3 REST 4` an order that left with four tonnes, `#3=4@5000` one amended in
its place, `#3>#5` one replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshu.exchange.engine import order_book, order_book_compiled
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.order_book import PLACES_MAX
from tanshu.exchange.engine.records import Gone, Mode, Op, OrderKind, Phase, Row, Side, encode, row
from tanshu.exchange.engine.state import FREE, HELD
from tanshu.exchange.engine.terms import SelfTrade, Term
from tests.exchange.engine.order_books import BAND, BOOK, Both, desk_of, standing
from tests.exchange.engine.support import do, opened, opening

WHO = {"ann": 1, "ben": 2, "cai": 3}
KINDS = {"limit": OrderKind.LIMIT, "market": OrderKind.MARKET, "ioc": OrderKind.IOC, "fok": OrderKind.FOK}
RESTING, BOTH = {Term.SELF_TRADE: SelfTrade.CANCEL_RESTING}, {Term.SELF_TRADE: SelfTrade.CANCEL_BOTH}

TABLES: Mapping[str, tuple[Mapping[Term, int], str]] = {
    "best price first, then the oldest, at the price of who stood there": (
        {},
        """
    | ann sells 10 @ 5010 limit  | OK | |
    | ben sells 10 @ 5000 limit  | OK | |
    | ann sells 10 @ 5000 limit  | OK | |
    | cai buys 25 @ 5010 limit   | OK | 10@5000 #4<#2, 10@5000 #4<#3, 5@5010 #4<#1 |
    | cai buys 10 @ 5005 limit   | OK | |
    | ben sells 12 @ 4990 limit  | OK | 10@5005 #5<#6 |
    | cai buys 3 @ 4990 limit    | OK | 2@4990 #7<#6 |
    """,
    ),
    "market, immediate-or-cancel, fill-or-kill": (
        {},
        """
    | cai buys 5 market          | OK         | -#1 REST 5 |
    | ann sells 10 @ 5000 limit  | OK         | |
    | ben sells 10 @ 5100 limit  | OK         | |
    | cai buys 15 @ 5000 ioc     | OK         | 10@5000 #4<#2, -#4 REST 5 |
    | cai buys 11 @ 5500 fok     | NOT_FILLED | |
    | cai buys 10 @ 5099 fok     | NOT_FILLED | |
    | cai buys 10 @ 5100 fok     | OK         | 10@5100 #5<#3 |
    | cai buys 4 @ 4600 limit    | OK         | |
    | ann sells 9 market         | OK         | 4@4600 #6<#7, -#7 REST 5 |
    | cai buys 5 @ 5000 market   | BAD_PRICE  | |
    """,
    ),
    "what an order must be": (
        {Term.TICK: 5, Term.LOT: 2, Term.QUANTITY_MIN: 4, Term.QUANTITY_MAX: 100, Term.AMOUNT_MAX: 400_000},
        """
    | ann buys 0 @ 5000 limit    | BAD_QUANTITY     | |
    | ann buys 2 @ 5000 limit    | TOO_SMALL        | |
    | ann buys 102 @ 5000 limit  | TOO_LARGE        | |
    | ann buys 5 @ 5000 limit    | NOT_A_LOT        | |
    | ann buys 10 @ 5001 limit   | NOT_A_TICK       | |
    | ann buys 10 @ 4495 limit   | BELOW_BAND       | |
    | ann buys 10 @ 4500 limit   | OK               | |
    | ann sells 10 @ 5505 limit  | ABOVE_BAND       | |
    | ann sells 10 @ 5500 limit  | OK               | |
    | ann buys 82 @ 5000 limit   | AMOUNT_TOO_LARGE | |
    | ann buys 80 @ 5000 limit   | OK               | |
    | ann buys 10 @ 0 limit      | BAD_PRICE        | |
    """,
    ),
    "cash and units are held, and free again": (
        {Term.FEE_BUY_TRADING: 1_000, Term.SETTLE_DAYS: 1},
        """
    | ann sells 1001 @ 5000 limit | NO_UNITS     | |
    | ann sells 1000 @ 5000 limit | OK           | |
    | ann sells 1 @ 5000 limit    | NO_UNITS     | |
    | ben buys 2000 @ 5000 limit  | NO_CASH      | |
    | ben buys 1998 @ 5000 limit  | OK           | 1000@5000 #2<#1 |
    | ben sells 1001 @ 5100 limit | BOUGHT_TODAY | |
    | ben buys 1 @ 5000 limit     | NO_CASH      | |
    | ben cancels #2              | OK           | -#2 CANCELLED 998 |
    | ben cancels #2              | ORDER_OVER   | |
    | ann cancels #2              | NOT_YOURS    | |
    | ann cancels #9              | UNKNOWN_ORDER | |
    | ben buys 998 @ 5000 limit   | OK           | |
    """,
    ),
    "less at the same price keeps its place; a price, or more, loses it": (
        {},
        """
    | ann buys 10 @ 5000 limit   | OK           | |
    | ben buys 10 @ 5000 limit   | OK           | |
    | ann amends #1 to 8 @ 5000  | OK           | #1=8@5000 |
    | cai sells 3 @ 5000 limit   | OK           | 3@5000 #1<#3 |
    | ann amends #1 to 3 @ 5000  | BAD_QUANTITY | |
    | ann amends #1 to 8 @ 5000  | ALREADY      | |
    | ann amends #1 to 4 @ 5000  | OK           | #1=1@5000 |
    | ann amends #1 to 5 @ 5000  | OK           | -#1 REPLACED 1, #1>#4 |
    | cai sells 12 @ 5000 limit  | OK           | 10@5000 #2<#5, 2@5000 #4<#5 |
    | ben amends #4 to 9 @ 5000  | NOT_YOURS    | |
    | ann amends #4 to 9 @ 5000  | ORDER_OVER   | |
    | cai sells 6 @ 5010 limit   | OK           | |
    | ben buys 4 @ 4990 limit    | OK           | |
    | ben amends #7 to 4 @ 5010  | OK           | -#7 REPLACED 4, #7>#8, 4@5010 #8<#6 |
    | cai amends #6 to 6 @ 5600  | ABOVE_BAND   | |
    | cai amends #6 to 986 @ 5010 | NO_UNITS    | |
    | cai amends #6 to 985 @ 5010 | OK          | -#6 REPLACED 2, #6>#9 |
    | cai sells 1 @ 5010 limit   | NO_UNITS     | |
    """,
    ),
    "nobody trades with himself: the newer is refused, or what is left of it goes": (
        {},
        """
    | ann sells 5 @ 5000 limit   | OK         | |
    | ann buys 5 @ 5000 limit    | SELF_TRADE | |
    | ann buys 5 @ 4999 limit    | OK         | |
    | ann amends #2 to 5 @ 5000  | SELF_TRADE | |
    | ben sells 3 @ 4999 limit   | OK         | 3@4999 #2<#3 |
    | ben sells 4 @ 4999 limit   | OK         | 2@4999 #2<#4 |
    | ann buys 6 @ 5000 limit    | OK         | 2@4999 #5<#4, -#5 SELF_TRADE 4 |
    | ben sells 2 @ 4999 limit   | OK         | |
    | ann buys 3 @ 5000 fok      | SELF_TRADE | |
    | ann buys 2 @ 5000 fok      | OK         | 2@4999 #7<#6 |
    """,
    ),
    "nobody trades with himself: the older goes": (
        RESTING,
        """
    | ann sells 5 @ 5000 limit   | OK         | |
    | ben sells 5 @ 5000 limit   | OK         | |
    | ann buys 6 @ 5000 fok      | NOT_FILLED | |
    | ann buys 5 @ 5000 fok      | OK         | -#1 SELF_TRADE 5, 5@5000 #3<#2 |
    | ann sells 5 @ 5000 limit   | OK         | |
    | ann buys 4 @ 5000 limit    | OK         | -#4 SELF_TRADE 5 |
    | ben sells 4 @ 5000 limit   | OK         | 4@5000 #5<#6 |
    """,
    ),
    "nobody trades with himself: both go": (
        BOTH,
        """
    | ben sells 2 @ 5000 limit   | OK         | |
    | ann sells 5 @ 5000 limit   | OK         | |
    | ann buys 3 @ 5000 fok      | SELF_TRADE | |
    | ann buys 4 @ 5000 limit    | OK         | 2@5000 #3<#1, -#2 SELF_TRADE 5, -#3 SELF_TRADE 2 |
    | ann buys 4 @ 5000 limit    | OK         | |
    """,
    ),
    "a call gathers, and trades at one price": (
        {},
        """
    | phase closing              | OK       | |
    | ann buys 10 @ 5020 limit   | OK       | |
    | ben buys 10 @ 5010 limit   | OK       | |
    | cai sells 12 @ 5000 limit  | OK       | |
    | cai sells 4 @ 5015 limit   | OK       | |
    | ann buys 5 market          | NOT_OPEN | |
    | ann buys 5 @ 5000 ioc      | NOT_OPEN | |
    | ben amends #2 to 9 @ 5010  | OK       | #2=9@5010 |
    | ben amends #2 to 9 @ 5012  | OK       | -#2 REPLACED 9, #2>#5 |
    | uncross                    | OK       | 10@5000 #1<#3, 2@5000 #5<#3 |
    | uncross                    | OK       | |
    | phase closed               | OK       | |
    | ben cancels #5             | NOT_OPEN | |
    | ann buys 1 @ 5000 limit    | NOT_OPEN | |
    """,
    ),
    "of prices that trade as much, the one that leaves least over": (
        {},
        """
    | phase closing              | OK | |
    | ann buys 10 @ 5030 limit   | OK | |
    | ben buys 7 @ 5010 limit    | OK | |
    | cai sells 10 @ 4990 limit  | OK | |
    | uncross                    | OK | 10@5011 #1<#3 |
    """,
    ),
    "of those, the one nearest to the previous close; then to the last price": (
        {},
        """
    | phase closing              | OK | |
    | ann buys 10 @ 5030 limit   | OK | |
    | cai sells 10 @ 4990 limit  | OK | |
    | uncross                    | OK | 10@5000 #1<#2 |
    | ann buys 10 @ 5030 limit   | OK | |
    | cai sells 10 @ 5020 limit  | OK | |
    | uncross                    | OK | 10@5020 #3<#4 |
    | ann buys 10 @ 5030 limit   | OK | |
    | cai sells 10 @ 4990 limit  | OK | |
    | uncross                    | OK | 10@5020 #5<#6 |
    """,
    ),
    "in a call the newer of one participant's own goes, and the price is found without it": (
        {},
        """
    | phase closing              | OK | |
    | ann buys 10 @ 5030 limit   | OK | |
    | ann sells 10 @ 4990 limit  | OK | |
    | ben sells 4 @ 5025 limit   | OK | |
    | uncross                    | OK | -#2 SELF_TRADE 10, 4@5025 #1<#3 |
    """,
    ),
    "in a call the older of one participant's own goes": (
        RESTING,
        """
    | phase closing              | OK | |
    | ann buys 10 @ 5030 limit   | OK | |
    | ann sells 10 @ 4990 limit  | OK | |
    | ben buys 4 @ 5010 limit    | OK | |
    | uncross                    | OK | -#1 SELF_TRADE 10, 4@5000 #3<#2 |
    """,
    ),
    "in a call both of one participant's own go": (
        BOTH,
        """
    | phase closing              | OK | |
    | ann buys 10 @ 5030 limit   | OK | |
    | ann sells 10 @ 4990 limit  | OK | |
    | ben buys 4 @ 5010 limit    | OK | |
    | uncross                    | OK | -#1 SELF_TRADE 10, -#2 SELF_TRADE 10 |
    """,
    ),
    "in a break orders may be cancelled, where the terms say so": (
        {},
        """
    | ann buys 10 @ 5000 limit   | OK       | |
    | phase break                | OK       | |
    | ann buys 10 @ 5000 limit   | NOT_OPEN | |
    | ann amends #1 to 5 @ 5000  | NOT_OPEN | |
    | ann cancels #1             | OK       | -#1 CANCELLED 10 |
    """,
    ),
    "and may not where they do not": (
        {Term.BREAK_CANCEL: 0},
        """
    | ann buys 10 @ 5000 limit   | OK       | |
    | phase break                | OK       | |
    | ann cancels #1             | NOT_OPEN | |
    | phase open                 | OK       | |
    | ann cancels #1             | OK       | -#1 CANCELLED 10 |
    """,
    ),
}


@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "compiled"])
@pytest.mark.parametrize("name", TABLES)
def test_table(name: str, compiled: bool) -> None:
    terms, table = TABLES[name]
    rows = opening(cash=10_000_000, units=1_000, terms={Mode.ORDER_BOOK: {**BAND, **terms}})
    both = Both.opened(rows, compiled=compiled)
    for line in table.strip().splitlines():
        said, answer, came = (cell.strip() for cell in line.strip().strip("|").split("|"))
        before = both.engine.state_hash()
        codes, outputs = both.apply(encode([_record(said)]))
        assert Code(codes[0]).name == answer, line
        assert ", ".join(_told(outputs.tolist())) == came, line
        assert codes[0] == Code.OK or both.engine.state_hash() == before, "a refused record changes nothing"
        both.check()
        again = Engine.restore(both.engine.image())
        assert again.state_hash() == both.engine.state_hash()
        for side in (Side.BUY, Side.SELL):
            assert standing(again, 1, side) == standing(both.engine, 1, side)


def _record(said: str) -> Row:
    match said.replace("@", "").replace("#", "").split():
        case ["uncross"]:
            return row(Op.UNCROSS, mode=BOOK, instrument=1)
        case ["phase", phase]:
            return row(Op.PHASE, mode=BOOK, kind=Phase[phase.upper()])
        case [who, "cancels", number]:
            return row(Op.CANCEL, party=WHO[who], other=WHO[who], order=int(number))
        case [who, "amends", number, "to", quantity, price]:
            return row(
                Op.AMEND,
                party=WHO[who],
                other=WHO[who],
                order=int(number),
                quantity=int(quantity),
                price=int(price),
            )
        case [who, "buys" | "sells" as does, quantity, *price, kind]:
            side = Side.BUY if does == "buys" else Side.SELL
            return _order(WHO[who], side, int(quantity), int(price[0]) if price else 0, KINDS[kind])
    raise AssertionError(said)


def _order(
    party: int, side: int, quantity: int, price: int, kind: int = OrderKind.LIMIT, instrument: int = 1
) -> Row:
    return row(
        Op.ORDER, mode=BOOK, side=side, kind=kind, instrument=instrument, party=party, other=party,
        quantity=quantity, price=price,
    )  # fmt: skip


def _told(outputs: Sequence[Row]) -> list[str]:
    """What came, without what is entered and what it costs."""
    words = []
    for op, _, _, kind, _, _, _, quantity, price, number, other, _ in outputs:
        if op == Op.TRADE:
            words.append(f"{quantity}@{price} #{number}<#{other}")
        elif op == Op.GONE:
            words.append(f"-#{number} {Gone(kind).name} {quantity}")
        elif op == Op.AMENDED:
            words.append(f"#{number}>#{other}" if other else f"#{number}={quantity}@{price}")
    return words


# -- the day around it -------------------------------------------------------------------------------------


def test_the_opening_call_trades_when_the_market_opens() -> None:
    rows = opening(terms={Mode.ORDER_BOOK: BAND})
    rows[-1] = row(Op.PHASE, mode=BOOK, kind=Phase.PRE_OPEN)
    both = Both.opened(rows)
    both.apply(encode([_order(1, Side.BUY, 10, 5030), _order(2, Side.SELL, 7, 4990)]))
    assert both.reference.crossed(1)
    _, outputs = both.apply(encode([row(Op.PHASE, mode=BOOK, kind=Phase.OPEN)]))
    assert _told(outputs.tolist()) == ["7@5000 #1<#2"]
    assert outputs["side"].tolist() == [Side.NONE]
    both.check()


def test_the_closing_call_trades_at_its_end_and_the_rest_lapses_with_the_day() -> None:
    engine = opened(terms={Mode.ORDER_BOOK: {**BAND, Term.IN_CLOSE: 1}})
    do(engine, row(Op.PHASE, mode=BOOK, kind=Phase.CLOSING))
    do(engine, _order(1, Side.BUY, 10, 5010))
    do(engine, _order(2, Side.SELL, 7, 5010))
    assert _told(do(engine, row(Op.PHASE, mode=BOOK, kind=Phase.CLOSED))[1]) == ["7@5010 #1<#2"]
    code, told = do(engine, row(Op.CLOSE_DAY))
    assert (code, _told(told)) == (Code.OK, ["-#1 LAPSED 3"])
    assert told[-1][8] == 5010
    assert Engine.restore(engine.image()).state_hash() == engine.state_hash()
    assert do(engine, row(Op.DAY, quantity=20251104))[0] is Code.OK
    assert standing(engine, 1, Side.BUY) == []


def test_what_a_halt_kept_from_the_call_is_uncrossed_before_anybody_trades() -> None:
    rows = opening(terms={Mode.ORDER_BOOK: BAND})
    rows[-1] = row(Op.PHASE, mode=BOOK, kind=Phase.PRE_OPEN)
    both = Both.opened(rows)
    halt, lift = (row(Op.PHASE, mode=BOOK, instrument=1, kind=kind) for kind in (Phase.HALTED, Phase.OPEN))
    both.apply(encode([_order(1, Side.BUY, 10, 5030), _order(2, Side.SELL, 7, 4990), halt]))
    both.apply(encode([row(Op.PHASE, mode=BOOK, kind=Phase.OPEN)]))
    uncross = row(Op.UNCROSS, mode=BOOK, instrument=1)
    codes, outputs = both.apply(encode([uncross, _order(3, Side.SELL, 1, 5000), lift]))
    assert (codes, len(outputs)) == ([Code.NOT_OPEN, Code.NOT_OPEN, Code.OK], 0)
    codes, outputs = both.apply(
        encode([_order(3, Side.SELL, 1, 5000), uncross, _order(3, Side.SELL, 1, 5000)])
    )
    assert codes == [Code.NOT_OPEN, Code.OK, Code.OK]
    assert _told(outputs.tolist()) == ["7@5000 #1<#2", "1@5030 #1<#3"]
    both.check()


def test_a_suspended_participant_leaves_and_a_halt_still_lets_cancel() -> None:
    both = Both.opened(opening(terms={Mode.ORDER_BOOK: {**BAND, Term.BREAK_CANCEL: 0}}))
    both.apply(
        encode([_order(1, Side.BUY, 10, 5000), _order(2, Side.BUY, 10, 5000), _order(1, Side.BUY, 1, 4999)])
    )
    _, outputs = both.apply(encode([row(Op.SUSPEND, party=1)]))
    assert _told(outputs.tolist()) == ["-#1 SUSPENDED 10", "-#3 SUSPENDED 1"]
    cancel = row(Op.CANCEL, party=2, other=2, order=2)
    codes, _ = both.apply(encode([row(Op.PHASE, mode=BOOK, instrument=1, kind=Phase.HALTED), cancel]))
    assert codes == [Code.OK, Code.OK]
    assert both.apply(encode([_order(1, Side.BUY, 1, 5000)]))[0] == [Code.NOT_OPEN]
    both.apply(encode([row(Op.PHASE, mode=BOOK, instrument=1, kind=Phase.OPEN)]))
    assert both.apply(encode([_order(1, Side.BUY, 1, 5000)]))[0] == [Code.SUSPENDED]
    both.check()


@pytest.mark.parametrize(
    "terms",
    [
        {Term.TICK: 1},
        {Term.TICK: 0, **BAND},
        {Term.TICK: 1, Term.PRICE_LOW: 1, Term.PRICE_HIGH: PLACES_MAX + 1},
    ],
    ids=["no upper limit", "no tick", "more prices than a ladder has"],
)
@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "compiled"])
def test_without_a_ladder_nothing_is_traded_so(terms: Mapping[Term, int], compiled: bool) -> None:
    engine = opened(terms={Mode.ORDER_BOOK: terms})
    desk_of(engine).compiled = compiled
    assert do(engine, _order(1, Side.BUY, 1, 5000))[0] is Code.NOT_TRADED_SO
    assert len(desk_of(engine).ladders.queues) == 0


def test_the_widest_ladder_keeps_its_ends_in_order() -> None:
    band = {Term.TICK: 1, Term.PRICE_LOW: 1, Term.PRICE_HIGH: PLACES_MAX}
    both = Both.opened(opening(parties=2, terms={Mode.ORDER_BOOK: band}), compiled=True)
    prices = [1, PLACES_MAX // 2, 2, 31, 32, 33, 1023, 1024, 1025, 40_000]
    both.apply(encode([_order(1, Side.BUY, 1, price) for price in prices]))
    both.apply(encode([_order(2, Side.SELL, 1, PLACES_MAX - price) for price in prices[2:]]))
    _, outputs = both.apply(encode([_order(2, Side.SELL, 10, 1), _order(1, Side.BUY, 8, PLACES_MAX)]))
    trades = outputs[outputs["op"] == Op.TRADE]
    assert trades["price"].tolist()[:10] == sorted(prices, reverse=True)
    both.check()


def test_terms_stated_anew_make_another_ladder() -> None:
    both = Both.opened(opening(terms={Mode.ORDER_BOOK: {**BAND, Term.TICK: 10}}))
    cancel = row(Op.CANCEL, party=1, other=1, order=1)
    both.apply(encode([_order(1, Side.BUY, 5, 4510), cancel]))
    for low, high, tick in ((4400, 60_000, 4), (4900, 5100, 1), (4000, 6000, 1)):
        stated = {Term.TICK: tick, Term.PRICE_LOW: low, Term.PRICE_HIGH: high}
        both.apply(encode([row(Op.TERM, mode=BOOK, kind=kind, quantity=n) for kind, n in stated.items()]))
        _, outputs = both.apply(encode([_order(2, Side.SELL, 8, high), _order(3, Side.BUY, 8, high)]))
        assert outputs["price"].tolist() == [high, high, high]
        both.apply(encode([_order(3, Side.BUY, 1, low), _order(2, Side.SELL, 1, low)]))
        both.check()


def test_one_order_through_ten_thousand_finds_room_for_its_trades() -> None:
    fees = {Term.FEE_BUY_TRADING: 1_000, Term.FEE_SELL_TRADING: 1_000}
    both = Both.opened(opening(terms={Mode.ORDER_BOOK: {**BAND, **fees}}), compiled=True)
    both.apply(encode([_order(1, Side.SELL, 1, 5000 + n % 7) for n in range(3_000)]))
    _, outputs = both.apply(encode([_order(2, Side.BUY, 3_001, 5010), _order(2, Side.BUY, 1, 4000 + 500)]))
    assert np.bincount(outputs["op"])[[Op.TRADE, Op.FEE, Op.ENTERED]].tolist() == [3_000, 6_000, 2]
    both.check()


def test_small_work_never_loads_the_compiled_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(name: str = "run") -> None:
        raise AssertionError(f"{name} is compiled")

    monkeypatch.setattr(order_book_compiled, "compiled", never)
    monkeypatch.setattr(order_book_compiled, "is_compiled", lambda: False)
    engine = opened(terms={Mode.ORDER_BOOK: BAND})
    for n in range(order_book.COMPILE_FROM):
        assert do(engine, _order(1, Side.BUY, 1, 5000 - n % 9))[0] is Code.OK
    batch = encode([_order(1, Side.BUY, 1, 5000)] * order_book.COMPILE_FROM)
    engine.apply(batch)
    desk_of(engine)._in_batches = order_book.COMPILE_AFTER
    with pytest.raises(AssertionError, match="run is compiled"):
        engine.apply(batch)


def test_a_flood_of_malformed_orders_is_refused_and_leaves_no_trace() -> None:
    engine = opened(terms={Mode.ORDER_BOOK: BAND})
    desk_of(engine).compiled = True
    before, memory = (
        engine.state_hash(),
        [one.nbytes for one in (engine.arrays.orders, desk_of(engine).ladders.queues)],
    )
    dice = np.random.default_rng(3)
    flood = np.frombuffer(dice.bytes(48 * 20_000), encode([]).dtype).copy()
    flood["op"] = dice.choice([Op.ORDER, Op.AMEND, Op.CANCEL], len(flood))
    flood["order"] |= 1 << 20
    for at in range(0, len(flood), 500):
        assert (engine.apply(flood[at : at + 500]).codes != Code.OK).all()
    assert engine.state_hash() == before
    assert desk_of(engine).ladders.queues.nbytes <= 1024 * 32 and memory[1] == 0
    assert engine.arrays.orders.nbytes < 2_000 * 19 * 8
    assert engine.arrays.cash[1, FREE] > 0 == engine.arrays.cash[1, HELD]


# -- small worlds ------------------------------------------------------------------------------------------

_orders = st.builds(
    _order,
    st.integers(1, 2),
    st.sampled_from([Side.BUY, Side.SELL]),
    st.integers(1, 5),
    st.integers(4998, 5002),
    st.sampled_from([OrderKind.LIMIT, OrderKind.LIMIT, OrderKind.IOC, OrderKind.FOK]),
    st.integers(1, 2),
)
_others = st.one_of(
    st.builds(lambda p, n: row(Op.CANCEL, party=p, other=p, order=n), st.integers(1, 2), st.integers(1, 9)),
    st.builds(
        lambda p, n, q, x: row(Op.AMEND, party=p, other=p, order=n, quantity=q, price=x),
        st.integers(1, 2),
        st.integers(1, 9),
        st.integers(1, 6),
        st.integers(4998, 5002),
    ),
    st.builds(lambda i: row(Op.UNCROSS, mode=BOOK, instrument=i), st.integers(1, 2)),
)
_calls = st.lists(_orders, max_size=6).map(
    lambda rows: [
        row(Op.PHASE, mode=BOOK, kind=Phase.CLOSING),
        *rows,
        *(row(Op.PHASE, mode=BOOK, kind=step) for step in (Phase.CLOSED, Phase.PRE_OPEN, Phase.OPEN)),
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    policy=st.sampled_from(SelfTrade),
    fee=st.sampled_from([0, 300_000]),
    chunks=st.lists(
        st.one_of(st.lists(st.one_of(_orders, _orders, _others), min_size=1, max_size=8), _calls), max_size=5
    ),
)
def test_in_any_small_world_the_book_is_the_reference(
    policy: SelfTrade, fee: int, chunks: list[list[Row]]
) -> None:
    """Cash for a handful of orders, three units each: whatever is entered, both answer alike."""
    terms = {**BAND, Term.SELF_TRADE: policy, Term.FEE_BUY_TRADING: fee, Term.SETTLE_DAYS: 0}
    rows = opening(parties=2, cash=60_000, units=9, terms={Mode.ORDER_BOOK: terms}, instruments=2)
    both = Both.opened(rows, compiled=False)
    for record in (record for chunk in chunks for record in chunk):
        before = both.engine.state_hash()
        codes, _ = both.apply(encode([record]))
        assert codes[0] == Code.OK or both.engine.state_hash() == before
        both.check()
        if both.reference.phase == Phase.OPEN:
            assert not both.reference.crossed(1) and not both.reference.crossed(2)
