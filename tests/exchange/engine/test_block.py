"""Block trades in the words of their rule: see words.py for how a line reads.

The day: previous close 50.00, band 35.00 to 65.00, 100,000 t and more, not in the close. Participants 1 to 4
have 100 million yuan and 1,000,000 t each.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tanshu.exchange.engine.block import BlockDesk, Quote
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Mode, Op, OrderKind, Side, row
from tanshu.exchange.engine.state import CLOSE, FEES, FREE, HELD, VOLUME
from tanshu.exchange.engine.terms import Term
from tests.exchange.engine.support import CEA, do, opened
from tests.exchange.engine.words import record, tell

NATIONAL: Mapping[Term, int] = {Term.QUANTITY_MIN: 100_000, Term.PRICE_LOW: 3500, Term.PRICE_HIGH: 6500}

STORIES = {
    "posted to all, confirmed by one": """
    | 1 quotes sell 100k at 48.00      | OK                              |
    | 2 confirms #1                    | OK; 100000@48.00 #2 #1          |
    | 3 confirms #1                    | ORDER_OVER                      |
    """,
    "made to one participant, and nobody else's to answer": """
    | 1 quotes buy 100k at 48.00 to 2  | OK                              |
    | 3 confirms #1                    | NOT_FOR_YOU                     |
    | 3 counters #1 100k at 49.00      | NOT_FOR_YOU                     |
    | 3 declines #1                    | NOT_FOR_YOU                     |
    | 1 confirms #1                    | NOT_YOUR_TURN                   |
    | 1 declines #1                    | NOT_YOUR_TURN                   |
    | 2 confirms #1                    | OK; 100000@48.00 #1 #2          |
    """,
    "one's own quote to all is not for oneself, and nobody declines a quote to all": """
    | 1 quotes buy 100k at 48.00       | OK                              |
    | 1 confirms #1                    | NOT_FOR_YOU                     |
    | 1 counters #1 100k at 49.00      | NOT_FOR_YOU                     |
    | 1 declines #1                    | NOT_FOR_YOU                     |
    | 2 declines #1                    | NOT_FOR_YOU                     |
    | 1 cancels #1                     | OK; #1 CANCELLED 100000         |
    """,
    "a quote to somebody that is not there, or to oneself": """
    | 1 quotes buy 100k at 48.00 to 9  | UNKNOWN_PARTY                   |
    | 1 quotes buy 100k at 48.00 to 1  | NOT_FOR_YOU                     |
    """,
    "100,000 t and more": """
    | 1 quotes sell 99,999 at 50.00    | TOO_SMALL                       |
    | 1 quotes sell 100,000 at 50.00   | OK                              |
    | 2 counters #1 99,999 at 50.00    | TOO_SMALL                       |
    | 2 counters #1 100,001 at 50.00   | OK                              |
    """,
    "the band at the tick": """
    | 1 quotes sell 100k at 34.99      | BELOW_BAND                      |
    | 1 quotes sell 100k at 35.00      | OK                              |
    | 2 counters #1 100k at 65.01      | ABOVE_BAND                      |
    | 2 counters #1 100k at 65.00      | OK                              |
    """,
    "counter-offers go back and forth until one is confirmed": """
    | 1 quotes sell 200k at 52.00 to 2 | OK                              |
    | 2 counters #1 150k at 48.00      | OK; #1 REPLACED 200000          |
    | 2 counters #2 150k at 49.00      | NOT_YOUR_TURN                   |
    | 2 confirms #2                    | NOT_YOUR_TURN                   |
    | 2 confirms #1                    | ORDER_OVER                      |
    | 1 counters #2 150k at 51.00      | OK; #2 REPLACED 150000          |
    | 2 counters #3 150k at 51.00      | ALREADY                         |
    | 2 counters #3 180k at 50.00      | OK; #3 REPLACED 150000          |
    | 1 confirms #4                    | OK; 180000@50.00 #4 #5          |
    """,
    "several counter a quote to all; it stays until one is agreed, and the others are declined": """
    | 1 quotes sell 200k at 52.00      | OK                              |
    | 2 counters #1 200k at 49.00      | OK                              |
    | 3 counters #1 100k at 50.00      | OK                              |
    | 2 counters #1 200k at 49.50      | NOT_YOUR_TURN                   |
    | 4 confirms #2                    | NOT_FOR_YOU                     |
    | 1 confirms #3     | OK; #1 REPLACED 200000; 100000@50.00 #3 #4; #2 DECLINED 200000 |
    | 4 confirms #1                    | ORDER_OVER                      |
    """,
    "somebody confirms the quote to all while others have countered it": """
    | 1 quotes sell 200k at 52.00      | OK                              |
    | 2 counters #1 200k at 49.00      | OK                              |
    | 3 counters #1 100k at 50.00      | OK                              |
    | 3 confirms #1     | OK; #3 REPLACED 100000; 200000@52.00 #4 #1; #2 DECLINED 200000 |
    """,
    "countering one of them takes the quote off the board; what others countered stays": """
    | 1 quotes sell 1000k at 52.00     | OK                              |
    | 2 counters #1 900k at 49.00      | OK                              |
    | 3 counters #1 800k at 50.00      | OK                              |
    | 1 counters #2 1000k at 51.00     | OK; #1 REPLACED 1000000; #2 REPLACED 900000 |
    | 4 counters #1 100k at 51.00      | ORDER_OVER                      |
    | 1 counters #3 100k at 51.00      | NO_UNITS                        |
    | 1 confirms #3     | OK; #4 REPLACED 1000000; 800000@50.00 #3 #5 |
    | 2 confirms #4                    | ORDER_OVER                      |
    """,
    "declined, by whom it was made to": """
    | 1 quotes sell 100k at 52.00 to 2 | OK                              |
    | 2 declines #1                    | OK; #1 DECLINED 100000          |
    | 2 confirms #1                    | ORDER_OVER                      |
    | 1 quotes sell 100k at 52.00      | OK                              |
    | 2 counters #2 100k at 50.00      | OK                              |
    | 1 declines #3                    | OK; #3 DECLINED 100000          |
    | 2 counters #2 100k at 51.00      | OK                              |
    | 1 confirms #4                    | OK; #2 REPLACED 100000; 100000@51.00 #4 #5 |
    """,
    "cancelling the quote that a talk began with ends the talk": """
    | 1 quotes sell 100k at 52.00      | OK                              |
    | 2 counters #1 100k at 50.00      | OK                              |
    | 3 counters #1 100k at 50.00      | OK                              |
    | 3 cancels #3                     | OK; #3 CANCELLED 100000         |
    | 2 cancels #1                     | NOT_YOURS                       |
    | 1 cancels #1                     | OK; #1 CANCELLED 100000; #2 DECLINED 100000 |
    | 2 cancels #2                     | ORDER_OVER                      |
    """,
    "each holds what it would give": """
    | 1 quotes sell 1000k at 50.00     | OK                              |
    | 1 quotes sell 100k at 50.00      | NO_UNITS                        |
    | 2 quotes buy 1999k at 50.00      | OK                              |
    | 2 confirms #1                    | NO_CASH                         |
    | 2 counters #1 100k at 50.00      | NO_CASH                         |
    | 2 cancels #2                     | OK; #2 CANCELLED 1999000        |
    | 2 counters #1 1000k at 49.00     | OK                              |
    | 2 confirms #1     | OK; #3 REPLACED 1000000; 1000000@50.00 #4 #1 |
    | 2 quotes sell 1001k at 50.00     | BOUGHT_TODAY                    |
    """,
    "suspended: its quotes go, and what answered them": """
    | 1 quotes sell 100k at 52.00      | OK                              |
    | 2 counters #1 100k at 50.00      | OK                              |
    | 1 quotes sell 100k at 52.00 to 3 | OK                              |
    | suspend 1         | OK; #1 SUSPENDED 100000; #3 SUSPENDED 100000; #2 DECLINED 100000 |
    | 1 quotes sell 100k at 52.00      | SUSPENDED                       |
    | 3 confirms #3                    | ORDER_OVER                      |
    | suspend 3                        | OK                              |
    | 2 quotes buy 100k at 52.00       | OK                              |
    | 3 confirms #4                    | SUSPENDED                       |
    | freeze 2                         | OK; #4 FROZEN 100000            |
    """,
    "out of hours, in a break, in a halt": """
    | 1 quotes sell 100k at 52.00      | OK                              |
    | 1 quotes sell 100k at 52.00 to 2 | OK                              |
    | block BREAK                      | OK                              |
    | 1 quotes sell 100k at 52.00      | NOT_OPEN                        |
    | 2 counters #1 100k at 51.00      | NOT_OPEN                        |
    | 2 confirms #1                    | NOT_OPEN                        |
    | 2 declines #2                    | OK; #2 DECLINED 100000          |
    | block OPEN                       | OK                              |
    | all HALTED                       | OK                              |
    | 2 confirms #1                    | NOT_OPEN                        |
    | all OPEN                         | OK                              |
    | 2 counters #1 100k at 51.00      | OK                              |
    | block CLOSED                     | OK                              |
    | 1 declines #3                    | NOT_OPEN                        |
    | 1 cancels #1                     | NOT_OPEN                        |
    | 1 confirms #3                    | NOT_OPEN                        |
    | close                            | OK; #1 LAPSED 100000; #3 LAPSED 100000 |
    | 1 confirms #3                    | NO_DAY                          |
    """,
    "what is not a quote is not answered": """
    | 1 quotes sell 100k at 52.00      | OK                              |
    | 2 confirms #9                    | UNKNOWN_ORDER                   |
    | 2 confirms #1                    | OK; 100000@52.00 #2 #1          |
    | 1 confirms #2                    | UNKNOWN_ORDER                   |
    """,
    "the holding limit": """
    | limit 2 1,150k outside 50k       | OK                              |
    | 1 quotes sell 100k at 50.00      | OK                              |
    | 1 quotes sell 101k at 50.00      | OK                              |
    | 2 confirms #2                    | HOLDING_LIMIT                   |
    | 2 counters #2 100k at 49.00      | OK                              |
    | 2 confirms #1                    | HOLDING_LIMIT                   |
    | 2 cancels #3                     | OK; #3 CANCELLED 100000         |
    | 2 counters #1 100k at 49.00      | OK                              |
    | 2 confirms #1     | OK; #4 REPLACED 100000; 100000@50.00 #5 #1 |
    """,
}

TWICE = {
    "who made the quote confirms again": """
    | 1 quotes sell 100k at 52.00      | OK                              |
    | 2 confirms #1                    | OK                              |
    | 3 confirms #1                    | ALREADY                         |
    | 2 confirms #1                    | ALREADY                         |
    | 3 counters #1 100k at 53.00      | ALREADY                         |
    | 3 confirms #2                    | UNKNOWN_ORDER                   |
    | 1 confirms #1                    | OK; 100000@52.00 #2 #1          |
    """,
    "or thinks better of it: the quote is open again": """
    | 1 quotes sell 100k at 52.00      | OK                              |
    | 2 confirms #1                    | OK                              |
    | 1 declines #1                    | OK; #2 DECLINED 100000          |
    | 1 confirms #1                    | NOT_FOR_YOU                     |
    | 3 confirms #1                    | OK                              |
    | 1 confirms #1                    | OK; 100000@52.00 #3 #1          |
    """,
    "who has confirmed may go back until then": """
    | 1 quotes sell 100k at 52.00 to 2 | OK                              |
    | 2 confirms #1                    | OK                              |
    | 2 cancels #2                     | OK; #2 CANCELLED 100000         |
    | 1 confirms #1                    | NOT_YOUR_TURN                   |
    | 2 confirms #1                    | OK                              |
    | 2 declines #1                    | OK; #1 DECLINED 100000; #3 DECLINED 100000 |
    """,
    "with the quote goes what has confirmed it": """
    | 1 quotes sell 100k at 52.00      | OK                              |
    | 2 confirms #1                    | OK                              |
    | 1 cancels #1                     | OK; #1 CANCELLED 100000; #2 DECLINED 100000 |
    | 1 quotes sell 100k at 52.00      | OK                              |
    | 2 confirms #3                    | OK                              |
    | freeze 2                         | OK; #4 FROZEN 100000            |
    | 3 confirms #3                    | OK                              |
    | close             | OK; #3 LAPSED 100000; #5 LAPSED 100000 |
    """,
    "with a counter-offer, too": """
    | 1 quotes sell 100k at 52.00      | OK                              |
    | 2 counters #1 100k at 50.00      | OK                              |
    | 1 confirms #2                    | OK; #1 REPLACED 100000          |
    | suspend 2                        | OK; #2 SUSPENDED 100000; #3 DECLINED 100000 |
    """,
    "agreeing with one ends what was confirmed by another": """
    | 1 quotes sell 100k at 52.00      | OK                              |
    | 2 counters #1 100k at 50.00      | OK                              |
    | 3 confirms #1                    | OK                              |
    | 1 confirms #2     | OK; #1 REPLACED 100000; #3 DECLINED 100000 |
    | 2 confirms #2                    | OK; 100000@50.00 #2 #4          |
    """,
}


def market(**more: int) -> Engine:
    terms = {**NATIONAL, **{Term[name]: value for name, value in more.items()}}
    return opened(parties=4, terms={Mode.BLOCK: terms})


@pytest.mark.parametrize("restore", [False, True], ids=["straight", "restored before every line"])
@pytest.mark.parametrize("story", STORIES)
def test_story(story: str, restore: bool):
    tell(market(), STORIES[story], restore=restore)


@pytest.mark.parametrize("restore", [False, True], ids=["straight", "restored before every line"])
@pytest.mark.parametrize("story", TWICE)
def test_confirmed_twice(story: str, restore: bool):
    tell(market(DOUBLE_CONFIRM=1), TWICE[story], restore=restore)


def test_what_was_held_is_free_after_every_end():
    engine, _ = tell(
        market(),
        """
        | 1 quotes sell 1000k at 52.00     | OK                              |
        | 2 counters #1 1000k at 51.00     | OK                              |
        | 3 counters #1 1000k at 50.00     | OK                              |
        | 1 cancels #1      | OK; #1 CANCELLED 1000000; #2 DECLINED 1000000; #3 DECLINED 1000000 |
        """,
    )
    a = engine.arrays
    assert a.units[CEA, 1, (FREE, HELD)].tolist() == [1_000_000, 0]
    assert a.cash[2:4, (FREE, HELD)].tolist() == [[100_000_000_00, 0]] * 2


def test_fees_of_blocks_are_their_own_and_the_close_leaves_blocks_out():
    board = {Term.IN_CLOSE: 1, Term.FEE_BUY_TRADING: 9999}
    block = {**NATIONAL, Term.FEE_BUY_TRADING: 100, Term.FEE_SELL_SETTLEMENT: 33}
    engine, told = tell(
        opened(terms={Mode.LISTING: board, Mode.BLOCK: block}),
        """
        | 1 quotes sell 123,457 at 51.23   | OK                              |
        | 2 confirms #1                    | OK; 123457@51.23 #2 #1          |
        | close                            | OK                              |
        """,
    )
    a, amount = engine.arrays, 123_457 * 5123
    assert int(a.cash[2, FEES]) == (2 * amount * 100 + 10**6) // (2 * 10**6)
    assert int(a.cash[1, FEES]) == (2 * amount * 33 + 10**6) // (2 * 10**6)
    assert [out[7:9] for out in told if out[0] == Op.CLOSE] == [(0, 5000)], "no listing trade: as before"
    assert int(a.instruments[CEA, CLOSE]) == 5000
    assert int(a.stats[CEA, Mode.BLOCK, VOLUME]) == 123_457


def test_a_buyers_answer_holds_fees_too():
    cash = 100_000 * 5000
    engine = opened(cash=cash, terms={Mode.BLOCK: {**NATIONAL, Term.FEE_BUY_TRADING: 1}})
    tell(
        engine,
        """
        | 1 quotes sell 100k at 50.00      | OK                              |
        | 2 confirms #1                    | NO_CASH                         |
        | pay 2 499                        | OK                              |
        | 2 confirms #1                    | NO_CASH                         |
        | pay 2 1                          | OK                              |
        | 2 confirms #1                    | OK; 100000@50.00 #2 #1          |
        """,
    )


def test_a_participant_sees_quotes_to_all_to_itself_and_its_own():
    engine, _ = tell(
        market(DOUBLE_CONFIRM=1),
        """
        | 1 quotes sell 100k at 52.00      | OK                              |
        | 1 quotes sell 100k at 51.00 to 2 | OK                              |
        | 3 counters #1 200k at 50.00      | OK                              |
        | 2 confirms #2                    | OK                              |
        """,
    )
    for seen in (engine, Engine.restore(engine.image())):
        desk = seen.desks[Mode.BLOCK]
        assert isinstance(desk, BlockDesk)
        to_all = Quote(1, 1, Side.SELL, party=1, counter=0, quantity=100_000, price=5200, confirmed_by=0)
        to_2 = Quote(2, 2, Side.SELL, party=1, counter=2, quantity=100_000, price=5100, confirmed_by=4)
        to_1 = Quote(3, 1, Side.BUY, party=3, counter=1, quantity=200_000, price=5000, confirmed_by=0)
        assert desk.quotes(seen.arrays, CEA, 1) == [to_all, to_2, to_1]
        assert desk.quotes(seen.arrays, CEA, 2) == [to_all, to_2]
        assert desk.quotes(seen.arrays, CEA, 3) == [to_all, to_1]
        assert desk.quotes(seen.arrays, CEA, 4) == [to_all]
        assert desk.quotes(seen.arrays, CEA + 1, 1) == []


def test_what_is_told_of_a_counter_offer_names_whom_it_is_to():
    engine = market()
    do(engine, record("1 quotes sell 100k at 52.00"))
    _, outputs = do(engine, record("2 counters #1 120k at 50.00"))
    assert outputs == [
        row(
            Op.ENTERED, mode=Mode.BLOCK, side=Side.BUY, kind=OrderKind.LIMIT, instrument=CEA, party=2,
            counter=1, quantity=120_000, price=5000, order=2, other=2,
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"instrument": 0}, Code.UNKNOWN_INSTRUMENT),
        ({"instrument": 2**32 - 1}, Code.UNKNOWN_INSTRUMENT),
        ({"party": 2**32 - 1}, Code.UNKNOWN_PARTY),
        ({"counter": 2**32 - 1}, Code.UNKNOWN_PARTY),
        ({"other": 1}, Code.UNKNOWN_OPERATOR),
        ({"side": 2}, Code.BAD_VALUE),
        ({"quantity": -(2**63)}, Code.BAD_QUANTITY),
        ({"price": -(2**63)}, Code.BAD_PRICE),
    ],
)
def test_malformed_quote(changed: dict[str, int], code: Code):
    right = {"side": Side.BUY, "instrument": CEA, "party": 2, "other": 2, "quantity": 100_000, "price": 5000}
    assert do(market(), row(Op.QUOTE, mode=Mode.BLOCK, **{**right, **changed}))[0] is code


@pytest.mark.parametrize("op", [Op.COUNTER, Op.CONFIRM, Op.DECLINE])
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"order": 0}, Code.UNKNOWN_ORDER),
        ({"order": 2**32 - 1}, Code.UNKNOWN_ORDER),
        ({"party": 0}, Code.UNKNOWN_PARTY),
        ({"other": 2**32 - 1}, Code.UNKNOWN_OPERATOR),
    ],
)
def test_malformed_answer(op: Op, changed: dict[str, int], code: Code):
    engine = market()
    assert do(engine, record("1 quotes buy 100k at 50.00 to 2"))[0] is Code.OK
    right = {"party": 2, "other": 2, "order": 1, "quantity": 100_000, "price": 5100}
    assert do(engine, row(op, mode=Mode.BLOCK, **{**right, **changed}))[0] is code


def test_an_offer_of_the_board_is_no_quote():
    engine = opened(terms={Mode.LISTING: {}, Mode.BLOCK: NATIONAL})
    assert do(engine, record("1 offers 100 at 50.00"))[0] is Code.OK
    assert do(engine, record("2 confirms #1"))[0] is Code.UNKNOWN_ORDER
