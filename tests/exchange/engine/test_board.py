"""The offer board in the words of its rule: see words.py for how a line reads.

The day: previous close 50.00, band 45.00 to 55.00, under 100,000 t, five levels, the maker chosen at the best
price, bought today is sold tomorrow. Participants 1 to 4 have 100 million yuan and 1,000,000 t each.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tanshu.exchange.engine.board import BoardDesk, Level, Maker
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Mode, Op, OrderKind, Phase, Side, encode, row
from tanshu.exchange.engine.state import CLOSE, FEES, FREE, HELD, O_FEES, O_HELD, OWN, PROCEEDS
from tanshu.exchange.engine.terms import SelfTrade, Term
from tests.exchange.engine.support import CEA, TODAY, do, opened
from tests.exchange.engine.words import record, tell

NATIONAL: Mapping[Term, int] = {
    Term.QUANTITY_MAX: 99_999,
    Term.PRICE_LOW: 4500,
    Term.PRICE_HIGH: 5500,
    Term.LEVELS: 5,
    Term.CHOOSE: 1,
    Term.IN_CLOSE: 1,
}

STORIES = {
    "a taker takes at the maker's price, as much as it wants": """
    | 1 offers 100 at 50.00        | OK                              |
    | 2 takes 30                   | OK; 30@50.00 #2 #1              |
    | 3 takes 30 at 55.00          | OK; 30@50.00 #3 #1              |
    | 2 takes 100                  | OK; 40@50.00 #4 #1; #4 REST 60  |
    | 2 takes 1                    | NOTHING_THERE                   |
    """,
    "a taker gives to who wants, at the maker's price": """
    | 1 wants 100 at 50.00         | OK                              |
    | 2 gives 30 at 49.00          | OK; 30@50.00 #1 #2              |
    | 2 gives 30 at 50.01          | NOTHING_THERE                   |
    | 2 gives 100 at 50.00         | OK; 70@50.00 #1 #3; #3 REST 30  |
    """,
    "nothing matches by itself: offers that rest may cross": """
    | 1 offers 100 at 49.00        | OK                              |
    | 2 wants 100 at 51.00         | OK                              |
    | 3 wants 100 at 49.00         | OK                              |
    | 3 takes 10                   | OK; 10@49.00 #4 #1              |
    | 3 gives 10                   | OK; 10@51.00 #2 #5              |
    """,
    "price first, then time, through several makers": """
    | 1 offers 10 at 50.02         | OK                              |
    | 2 offers 10 at 50.01         | OK                              |
    | 1 offers 10 at 50.01         | OK                              |
    | 2 offers 10 at 50.00         | OK                              |
    | 3 takes 35         | OK; 10@50.00 #5 #4; 10@50.01 #5 #2; 10@50.01 #5 #3; 5@50.02 #5 #1 |
    """,
    "the best wants come first, too": """
    | 1 wants 10 at 49.98          | OK                              |
    | 2 wants 10 at 49.99          | OK                              |
    | 1 wants 10 at 49.99          | OK                              |
    | 3 gives 25                   | OK; 10@49.99 #2 #4; 10@49.99 #3 #4; 5@49.98 #1 #4 |
    """,
    "the worst price that is accepted ends the taking": """
    | 1 offers 10 at 50.00         | OK                              |
    | 1 offers 10 at 50.01         | OK                              |
    | 2 takes 20 at 49.99          | NOTHING_THERE                   |
    | 2 takes 20 at 50.00          | OK; 10@50.00 #3 #1; #3 REST 10  |
    """,
    "five levels are within reach, and the sixth is not": """
    | 1 offers 10 at 50.05         | OK                              |
    | 1 offers 10 at 50.00         | OK                              |
    | 1 offers 10 at 50.01         | OK                              |
    | 1 offers 10 at 50.02         | OK                              |
    | 1 offers 10 at 50.03         | OK                              |
    | 1 offers 5 at 50.04          | OK                              |
    | 1 offers 5 at 50.04          | OK                              |
    | 2 takes 60                   | OK; 10@50.00 #8 #2; 10@50.01 #8 #3; 10@50.02 #8 #4; |
    |                              | 10@50.03 #8 #5; 5@50.04 #8 #6; 5@50.04 #8 #7; #8 REST 10 |
    | 2 takes 60                   | OK; 10@50.05 #9 #1; #9 REST 50  |
    """,
    "at an equal price the taker chooses the maker": """
    | 1 offers 10 at 50.00         | OK                              |
    | 2 offers 10 at 50.00         | OK                              |
    | 3 takes 5 from #2            | OK; 5@50.00 #3 #2               |
    | 3 takes 6 from #2            | MAKER_TOO_SMALL                 |
    | 3 takes 5 from #2            | OK; 5@50.00 #4 #2               |
    | 3 takes 5 from #2            | ORDER_OVER                      |
    | 3 takes 5 from #1            | OK; 5@50.00 #5 #1               |
    """,
    "a maker at another than the best price is not chosen": """
    | 1 offers 10 at 50.01         | OK                              |
    | 2 offers 10 at 50.00         | OK                              |
    | 3 takes 5 from #1            | BEYOND_LEVELS                   |
    | 2 cancels #2                 | OK; #2 CANCELLED 10             |
    | 3 takes 5 at 50.00 from #1   | NOTHING_THERE                   |
    | 3 takes 5 at 50.01 from #1   | OK; 5@50.01 #3 #1               |
    """,
    "who is chosen must be there, on the other side": """
    | 1 wants 10 at 50.00          | OK                              |
    | 1 offers 10 at 50.00         | OK                              |
    | 3 takes 5 from #1            | UNKNOWN_ORDER                   |
    | 3 takes 5 from #9            | UNKNOWN_ORDER                   |
    | 1 takes 5 from #2            | SELF_TRADE                      |
    | 3 gives 5 to #1              | OK; 5@50.00 #1 #3               |
    | 2 takes 5 from #3            | UNKNOWN_ORDER                   |
    """,
    "less than 100,000 t: an offer, and a taking": """
    | 1 offers 99,999 at 50.00     | OK                              |
    | 1 offers 100,000 at 50.00    | TOO_LARGE                       |
    | 2 takes 100,000              | TOO_LARGE                       |
    | 2 takes 99,999               | OK; 99999@50.00 #2 #1           |
    | 1 offers 0 at 50.00          | BAD_QUANTITY                    |
    | 2 takes 0                    | BAD_QUANTITY                    |
    | 2 takes -1                   | BAD_QUANTITY                    |
    """,
    "the band at the tick": """
    | 1 offers 1 at 44.99          | BELOW_BAND                      |
    | 1 offers 1 at 45.00          | OK                              |
    | 1 wants 1 at 55.00           | OK                              |
    | 1 wants 1 at 55.01           | ABOVE_BAND                      |
    | 2 takes 1 at 55.01           | ABOVE_BAND                      |
    | 2 gives 1 at 44.99           | BELOW_BAND                      |
    | 2 takes 1 at -1.00           | BAD_PRICE                       |
    | 2 wants 1 at 0               | BAD_PRICE                       |
    | 2 takes 1 at 55.00           | OK; 1@45.00 #3 #1               |
    """,
    "cancelled after a part was taken; taken after it was cancelled": """
    | 1 offers 100 at 50.00        | OK                              |
    | 2 takes 30                   | OK; 30@50.00 #2 #1              |
    | 2 cancels #1                 | NOT_YOURS                       |
    | 1 cancels #9                 | UNKNOWN_ORDER                   |
    | 1 cancels #1                 | OK; #1 CANCELLED 70             |
    | 1 cancels #1                 | ORDER_OVER                      |
    | 2 takes 30                   | NOTHING_THERE                   |
    | 2 takes 30 from #1           | ORDER_OVER                      |
    | 2 cancels #2                 | ORDER_OVER                      |
    """,
    "nothing is done in a break but cancelling": """
    | 1 offers 10 at 50.00         | OK                              |
    | 1 offers 10 at 50.00         | OK                              |
    | board BREAK                  | OK                              |
    | 1 offers 10 at 50.00         | NOT_OPEN                        |
    | 2 takes 10                   | NOT_OPEN                        |
    | 1 cancels #1                 | OK; #1 CANCELLED 10             |
    | board OPEN                   | OK                              |
    | 2 takes 10                   | OK; 10@50.00 #3 #2              |
    | 1 offers 10 at 50.00         | OK                              |
    | board CLOSED                 | OK                              |
    | 1 cancels #4                 | NOT_OPEN                        |
    | 2 takes 10                   | NOT_OPEN                        |
    """,
    "a halt stops trading, not cancelling; offers stay": """
    | 1 offers 10 at 50.00         | OK                              |
    | 1 offers 10 at 50.00         | OK                              |
    | all HALTED                   | OK                              |
    | 2 takes 10                   | NOT_OPEN                        |
    | 1 offers 10 at 50.00         | NOT_OPEN                        |
    | 1 cancels #1                 | OK; #1 CANCELLED 10             |
    | all OPEN                     | OK                              |
    | 2 takes 10                   | OK; 10@50.00 #3 #2              |
    """,
    "what is left lapses with the day": """
    | 1 offers 10 at 50.00         | OK                              |
    | 2 wants 10 at 49.00          | OK                              |
    | 3 takes 4                    | OK; 4@50.00 #3 #1               |
    | close                        | OK; #1 LAPSED 6; #2 LAPSED 10   |
    | 3 takes 4                    | NO_DAY                          |
    | 1 cancels #1                 | ORDER_OVER                      |
    """,
    "who is suspended is off the board, and may come back": """
    | 1 offers 10 at 50.00         | OK                              |
    | 2 offers 10 at 50.00         | OK                              |
    | 1 wants 10 at 49.00          | OK                              |
    | suspend 1                    | OK; #1 SUSPENDED 10; #3 SUSPENDED 10 |
    | 1 offers 10 at 50.00         | SUSPENDED                       |
    | 1 takes 10                   | SUSPENDED                       |
    | 3 takes 10                   | OK; 10@50.00 #4 #2              |
    | lift 1                       | OK                              |
    | 1 offers 10 at 50.00         | OK                              |
    """,
    "a court's order takes everything off the board": """
    | 1 offers 10 at 50.00         | OK                              |
    | 1 wants 10 at 49.00          | OK                              |
    | freeze 1                     | OK; #1 FROZEN 10; #2 FROZEN 10  |
    | 2 takes 10                   | NOTHING_THERE                   |
    """,
    "the holding limit counts what is outside, inside and wanted": """
    | limit 1 1,300k outside 100k  | OK                              |
    | 1 wants 99,999 at 50.00      | OK                              |
    | 2 offers 99,999 at 51.00     | OK                              |
    | 2 offers 99,999 at 51.00     | OK                              |
    | 1 takes 99,999               | OK; 99999@51.00 #4 #2           |
    | 1 takes 3                    | HOLDING_LIMIT                   |
    | 1 wants 3 at 50.00           | HOLDING_LIMIT                   |
    | 1 takes 2                    | OK; 2@51.00 #5 #3               |
    | 3 gives 99,999               | OK; 99999@50.00 #1 #6           |
    | 1 takes 1                    | HOLDING_LIMIT                   |
    """,
}

OWN_OFFERS = {
    (SelfTrade.REFUSE, "the taking that meets one's own offer is refused"): """
    | 1 offers 10 at 50.00         | OK                              |
    | 2 offers 10 at 50.01         | OK                              |
    | 2 takes 10                   | OK; 10@50.00 #3 #1              |
    | 2 takes 10                   | SELF_TRADE                      |
    | 1 offers 10 at 50.00         | OK                              |
    | 2 takes 11                   | SELF_TRADE                      |
    """,
    (SelfTrade.CANCEL_RESTING, "one's own offers that are met go, and the taking goes on"): """
    | 1 offers 10 at 50.00         | OK                              |
    | 2 offers 10 at 50.00         | OK                              |
    | 3 offers 10 at 50.01         | OK                              |
    | 2 offers 10 at 50.02         | OK                              |
    | 2 takes 15                   | OK; 10@50.00 #5 #1; #2 SELF_TRADE 10; 5@50.01 #5 #3 |
    | 2 takes 6           | OK; 5@50.01 #6 #3; #4 SELF_TRADE 10; #6 REST 1 |
    | 2 offers 10 at 50.00         | OK                              |
    | 2 takes 5                    | SELF_TRADE                      |
    """,
    (SelfTrade.CANCEL_BOTH, "the first of one's own that is met goes, and the rest of the taking"): """
    | 1 offers 10 at 50.00         | OK                              |
    | 2 offers 10 at 50.00         | OK                              |
    | 3 offers 10 at 50.00         | OK                              |
    | 2 takes 10                   | OK; 10@50.00 #4 #1              |
    | 2 takes 10                   | SELF_TRADE                      |
    | 1 offers 10 at 49.99         | OK                              |
    | 2 takes 15                   | OK; 10@49.99 #6 #5; #2 SELF_TRADE 10; #6 SELF_TRADE 5 |
    """,
    (SelfTrade.PASS_OVER, "one's own offers are passed over, and stay"): """
    | 2 offers 10 at 50.00         | OK                              |
    | 2 takes 5                    | NOTHING_THERE                   |
    | 1 offers 10 at 50.01         | OK                              |
    | 2 takes 15                   | OK; 10@50.01 #3 #2; #3 REST 5   |
    | 1 takes 10                   | OK; 10@50.00 #4 #1              |
    """,
}


def board(**more: int) -> Engine:
    """The day above; `more` are other terms, by name."""
    terms = {**NATIONAL, **{Term[name]: value for name, value in more.items()}}
    return opened(parties=4, terms={Mode.LISTING: terms})


def desk(engine: Engine) -> BoardDesk:
    found = engine.desks[Mode.LISTING]
    assert isinstance(found, BoardDesk)
    return found


@pytest.mark.parametrize("restore", [False, True], ids=["straight", "restored before every line"])
@pytest.mark.parametrize("story", STORIES)
def test_story(story: str, restore: bool):
    tell(board(), STORIES[story], restore=restore)


@pytest.mark.parametrize(("policy", "says"), OWN_OFFERS)
def test_own_offers(policy: SelfTrade, says: str):
    tell(board(SELF_TRADE=policy), OWN_OFFERS[policy, says])


def test_bought_today_is_sold_tomorrow_and_earned_today_is_not_withdrawn_today():
    engine, _ = tell(
        opened(parties=2, units=100, cash=5000_00, terms={Mode.LISTING: NATIONAL}),
        """
        | 1 offers 100 at 50.00        | OK                              |
        | 1 offers 1 at 50.00          | NO_UNITS                        |
        | 2 takes 100                  | OK; 100@50.00 #2 #1             |
        | 2 offers 101 at 50.00        | BOUGHT_TODAY                    |
        | 2 offers 100 at 50.00        | OK                              |
        | 2 offers 100 at 50.00        | BOUGHT_TODAY                    |
        | 2 offers 101 at 50.00        | NO_UNITS                        |
        | 2 wants 1 at 50.00           | NO_CASH                         |
        | withdraw 1 500001            | NO_WITHDRAWAL                   |
        | 1 takes 100                  | OK; 100@50.00 #4 #3             |
        | 1 wants 100 at 50.00         | OK                              |
        | withdraw 1 1                 | NO_CASH                         |
        """,
    )
    a = engine.arrays
    assert a.units[CEA, 1].tolist() == [0, 0, 100, 100]
    assert a.cash[1, (FREE, HELD, OWN, PROCEEDS)].tolist() == [0, 5000_00, 0, 5000_00]


def test_with_t_plus_0_what_is_bought_is_usable_at_once():
    tell(
        opened(parties=2, units=100, terms={Mode.LISTING: {**NATIONAL, Term.SETTLE_DAYS: 0}}),
        """
        | 1 offers 100 at 50.00        | OK                              |
        | 2 takes 100                  | OK; 100@50.00 #2 #1             |
        | 2 offers 200 at 50.00        | OK                              |
        | 1 takes 1                    | OK; 1@50.00 #4 #3               |
        """,
    )


def test_a_taking_needs_what_it_costs_at_the_worst_price_it_comes_to_not_at_the_fifth_level():
    engine, _ = tell(
        opened(parties=3, cash=1000_00, terms={Mode.LISTING: NATIONAL}),
        """
        | 1 offers 10 at 50.00         | OK                              |
        | 1 offers 10 at 55.00         | OK                              |
        | 2 takes 20 at 55.00          | NO_CASH                         |
        | 2 takes 19                   | NO_CASH                         |
        | 2 takes 18                   | OK; 10@50.00 #3 #1; 8@55.00 #3 #2 |
        | 3 takes 18 at 50.00          | NOTHING_THERE                   |
        """,
    )
    assert engine.arrays.cash[2, (FREE, HELD, OWN)].tolist() == [60_00, 0, 60_00]


def test_fees_are_rounded_half_up_over_the_whole_of_an_order_not_trade_by_trade():
    """0.1 % and 0.05 % of 10 t at 50.05 are 50.05 and 25.025 fen: 50 and 25; of 30 t 150.15 and 75.075."""
    fees = {"FEE_BUY_TRADING": 1000, "FEE_BUY_SETTLEMENT": 500, "FEE_SELL_TRADING": 1000}
    engine = board(**fees)
    tell(
        engine,
        """
        | 1 offers 30 at 50.05         | OK                  |
        | 2 takes 10                   | OK; 10@50.05 #2 #1  |
        | 2 takes 10                   | OK; 10@50.05 #3 #1  |
        | 3 wants 10 at 50.05          | OK                  |
        """,
    )
    a = engine.arrays
    assert int(a.orders[1, O_FEES]) == 100, "of 100,100 fen: 100.1"
    assert int(a.cash[2, FEES]) == 2 * (50 + 25)
    assert int(a.orders[4, O_HELD]) == 10 * 5005 + 50 + 25
    code, outputs = do(engine, record("3 takes 10"))
    assert code is Code.OK
    assert [(out[5], out[7], out[8]) for out in outputs if out[0] == Op.FEE] == [(3, 50, 25), (1, 50, 0)]
    assert int(a.orders[1, O_FEES]) == 150, "of 150,150 fen: 150.15"
    assert int(a.cash[1, PROCEEDS]) == 30 * 5005 - 150


def test_half_a_fen_of_fees_is_a_whole_one():
    engine = board(FEE_SELL_TRADING=500)
    tell(engine, "| 1 offers 1 at 50.00 | OK | \n | 2 takes 1 | OK; 1@50.00 #2 #1 |")
    assert int(engine.arrays.cash[1, FEES]) == 3, "0.05 % of 5,000 fen is 2.5"


def test_an_offer_holds_the_highest_fees_and_gives_back_what_it_did_not_need():
    engine = board(FEE_BUY_TRADING=3000, FEE_BUY_SETTLEMENT=1000)
    tell(
        engine,
        """
        | 1 wants 7 at 49.99           | OK                              |
        | 2 gives 3                    | OK; 3@49.99 #1 #2               |
        | 1 cancels #1                 | OK; #1 CANCELLED 4              |
        """,
    )
    a, amount = engine.arrays, 3 * 4999
    fees = (2 * amount * 3000 + 10**6) // (2 * 10**6) + (2 * amount * 1000 + 10**6) // (2 * 10**6)
    assert a.cash[1, (FREE, HELD)].tolist() == [100_000_000_00 - amount - fees, 0]


def test_the_least_size_is_asked_of_makers_and_lots_of_both():
    tell(
        board(QUANTITY_MIN=100, LOT=10),
        """
        | 1 offers 90 at 50.00         | TOO_SMALL                       |
        | 1 offers 105 at 50.00        | NOT_A_LOT                       |
        | 1 offers 100 at 50.00        | OK                              |
        | 2 takes 15                   | NOT_A_LOT                       |
        | 2 takes 90                   | OK; 90@50.00 #2 #1              |
        | 2 takes 20                   | OK; 10@50.00 #3 #1; #3 REST 10  |
        """,
    )


def test_prices_are_multiples_of_the_tick_and_orders_are_worth_no_more_than_one_may_be():
    tell(
        board(TICK=5, AMOUNT_MAX=1000_00),
        """
        | 1 offers 10 at 50.01         | NOT_A_TICK                      |
        | 1 offers 20 at 50.00         | OK                              |
        | 1 offers 20 at 50.05         | AMOUNT_TOO_LARGE                |
        | 1 offers 19 at 50.05         | OK                              |
        | 2 takes 1 at 50.01           | NOT_A_TICK                      |
        | 2 takes 20 at 50.05          | AMOUNT_TOO_LARGE                |
        | 2 takes 21                   | AMOUNT_TOO_LARGE                |
        | 2 takes 20                   | OK; 20@50.00 #3 #1              |
        | 2 takes 20                   | AMOUNT_TOO_LARGE                |
        """,
    )


def test_where_makers_are_not_chosen_naming_one_is_refused():
    tell(board(CHOOSE=0), "| 1 offers 10 at 50.00 | OK | \n | 2 takes 5 from #1 | NO_CHOICE |")


def test_a_maker_may_be_chosen_at_any_of_the_levels_where_the_terms_say_so():
    tell(
        board(CHOOSE=2, LEVELS=2),
        """
        | 1 offers 10 at 50.00         | OK                              |
        | 1 offers 10 at 50.01         | OK                              |
        | 1 offers 10 at 50.02         | OK                              |
        | 2 takes 5 from #2            | OK; 5@50.01 #4 #2               |
        | 2 takes 5 from #3            | BEYOND_LEVELS                   |
        """,
    )


def test_without_a_number_of_levels_all_are_within_reach():
    offers = "".join(f"| 1 offers 1 at 50.{n:02} | OK |\n" for n in range(12))
    trades = "; ".join(f"1@50.{n:02} #13 #{n + 1}" for n in range(12))
    tell(board(LEVELS=0), f"{offers} | 2 takes 12 | OK; {trades} |")


def test_in_a_break_nothing_is_cancelled_where_the_terms_do_not_allow_it():
    tell(
        board(BREAK_CANCEL=0),
        "| 1 offers 1 at 50.00 | OK | \n | board BREAK | OK | \n | 1 cancels #1 | NOT_OPEN |",
    )


def test_one_product_is_halted_and_another_trades():
    engine = opened(parties=2, instruments=2, terms={Mode.LISTING: NATIONAL})
    halt = row(Op.PHASE, mode=Mode.LISTING, instrument=CEA, kind=Phase.HALTED)
    assert do(engine, halt)[0] is Code.OK
    assert do(engine, record("1 offers 1 at 50.00"))[0] is Code.NOT_OPEN
    other = record("1 offers 1 at 50.00")
    assert do(engine, (*other[:4], 2, *other[5:]))[0] is Code.OK


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"instrument": 0}, Code.UNKNOWN_INSTRUMENT),
        ({"instrument": 2}, Code.NOT_TRADED_SO),
        ({"instrument": 3}, Code.UNKNOWN_INSTRUMENT),
        ({"instrument": 2**32 - 1}, Code.UNKNOWN_INSTRUMENT),
        ({"party": 0}, Code.UNKNOWN_PARTY),
        ({"party": 2**32 - 1}, Code.UNKNOWN_PARTY),
        ({"other": 0}, Code.UNKNOWN_OPERATOR),
        ({"other": 1}, Code.UNKNOWN_OPERATOR),
        ({"other": 2**32 - 1}, Code.UNKNOWN_OPERATOR),
        ({"side": 2}, Code.BAD_VALUE),
        ({"side": 255}, Code.BAD_VALUE),
        ({"quantity": 2**62}, Code.BAD_QUANTITY),
        ({"quantity": -(2**63)}, Code.BAD_QUANTITY),
        ({"price": 2**62}, Code.BAD_PRICE),
        ({"price": -(2**63)}, Code.BAD_PRICE),
    ],
)
@pytest.mark.parametrize("op", [Op.OFFER, Op.TAKE])
def test_malformed(op: Op, changed: dict[str, int], code: Code):
    terms = {Mode.LISTING: {**NATIONAL, Term.QUANTITY_MAX: 0, Term.PRICE_HIGH: 0}}
    engine = opened(parties=3, instruments=2, terms=terms)
    assert do(engine, row(Op.TERM, mode=Mode.LISTING, instrument=2, kind=Term.TICK))[0] is Code.OK
    assert do(engine, record("1 offers 10 at 50.00"))[0] is Code.OK
    right = {"side": Side.BUY, "instrument": CEA, "party": 2, "other": 2, "quantity": 10, "price": 5000}
    assert do(engine, row(op, mode=Mode.LISTING, **{**right, **changed}))[0] is code


def test_an_amount_beyond_all_numbers_is_refused_and_not_computed():
    engine = opened(terms={Mode.LISTING: {Term.LEVELS: 5}})
    most = {"quantity": (1 << 40) - 1, "price": (1 << 40) - 1}
    offer = row(Op.OFFER, mode=Mode.LISTING, instrument=CEA, party=1, other=1, side=Side.BUY, **most)
    assert do(engine, offer)[0] is Code.AMOUNT_TOO_LARGE


def test_depth_shows_five_levels_of_each_side_best_first_and_who_offers_at_a_price():
    engine = board()
    for n in range(6):
        assert do(engine, record(f"1 offers 10 at 50.{n:02}"))[0] is Code.OK
        assert do(engine, record(f"2 wants 20 at 49.{n:02}"))[0] is Code.OK
    assert do(engine, record("3 offers 7 at 50.00"))[0] is Code.OK
    assert do(engine, record("4 takes 4"))[0] is Code.OK
    for seen in (engine, Engine.restore(engine.image())):
        depth = desk(seen).depth(seen.arrays, CEA)
        assert depth[Side.SELL] == [Level(5000, 13, 2), *(Level(5000 + n, 10, 1) for n in range(1, 5))]
        assert depth[Side.BUY] == [Level(4905 - n, 20, 1) for n in range(5)]
        assert len(desk(seen).depth(seen.arrays, CEA, levels=9)[Side.SELL]) == 6
        at = desk(seen).makers_at(seen.arrays, CEA, Side.SELL, 5000)
        assert at == [Maker(order=1, party=1, quantity=6), Maker(order=13, party=3, quantity=7)]
        assert desk(seen).makers_at(seen.arrays, CEA, Side.SELL, 4999) == []


def test_a_taking_is_an_order_too_and_every_trade_names_two():
    engine = board()
    do(engine, record("1 offers 10 at 50.00"))
    take = (*record("2 takes 4 at 51.00")[:11], 77)
    _, outputs = do(engine, take)
    entered, trade = outputs
    assert entered == row(
        Op.ENTERED, mode=Mode.LISTING, side=Side.BUY, kind=OrderKind.IOC, instrument=CEA, party=2, quantity=4,
        price=5100, order=2, other=2, extra=77,
    )  # fmt: skip
    assert trade == row(
        Op.TRADE, mode=Mode.LISTING, side=Side.BUY, instrument=CEA, party=2, counter=1, quantity=4,
        price=5000, order=2, other=1, extra=1,
    )  # fmt: skip


def test_the_close_is_the_average_of_the_days_trades_and_the_board_is_empty_the_next_day():
    engine, _ = tell(
        board(),
        """
        | 1 offers 10 at 50.00         | OK                              |
        | 1 offers 20 at 50.01         | OK                              |
        | 2 takes 25                   | OK; 10@50.00 #3 #1; 15@50.01 #3 #2 |
        | close                        | OK; #2 LAPSED 5                 |
        """,
    )
    assert int(engine.arrays.instruments[CEA, CLOSE]) == 5001, "50.006, half up"
    morning = [
        row(Op.DAY, quantity=TODAY + 1),
        row(Op.TERM, mode=Mode.LISTING, kind=Term.TICK, quantity=1),
        row(Op.CASH_IN, party=2, quantity=100_00),
        row(Op.PHASE, mode=Mode.LISTING, kind=Phase.OPEN),
        record("2 takes 1"),
    ]
    assert engine.apply(encode(morning)).codes.tolist() == [0, 0, 0, 0, Code.NOTHING_THERE]
    assert desk(engine).depth(engine.arrays, CEA) == {Side.BUY: [], Side.SELL: []}


def test_a_taking_through_more_makers_than_there_is_room_for_is_told_whole():
    engine = board()
    rows = [record("1 offers 1 at 50.00")] * 500
    assert not engine.apply(encode(rows)).codes.any()
    code, outputs = do(engine, record("2 takes 500"))
    assert code is Code.OK
    assert sum(out[0] == Op.TRADE for out in outputs) == 500
