"""What a pack states at a day's opening is what the engine reads; the timetable is what it can follow."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.base.refusal import Refusal, Refused
from tanshu.exchange.day_terms import MODE_OF, Step, day_records, due, timetable
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Mode, Op, Phase, encode, row
from tanshu.exchange.engine.session import STEPS
from tanshu.exchange.engine.state import DAY, DAY_CLOSED, DAY_STATE
from tanshu.exchange.engine.terms import CloseMethod, SelfTrade, Term
from tanshu.rules import packs
from tanshu.rules.market_pack import MarketRules, market_rules

FIGURES = Path(__file__).parent / "packs"
MONDAY = date(2024, 11, 11)
HUBEI_FEES = """
[pack]
name = "hb.hbea.figures"
title = { zh = "示例", en = "example" }
jurisdiction = "hb"
schema = "market_figures"
status = "example"
effective_from = 2024-01-01
effective_to = "open"

[sources.example]
document = "示例"
number = ""
date = 2024-01-01
"""


def market(name: str) -> MarketRules:
    found = market_rules(name)
    assert not isinstance(found, Refusal), found
    return found


@pytest.fixture
def national() -> MarketRules:
    """The national market with the demonstration's example figures."""
    with packs.searching(FIGURES):
        return market("cn.cea")


def refused(ask, *arguments: object) -> str:
    with pytest.raises(Refused) as no:
        ask(*arguments)
    return no.value.refusal.code


def on_a_day(rules: MarketRules, *references: int) -> Engine:
    """An engine whose day has been opened by the rules for products with these reference prices."""
    engine = Engine()
    records = [
        row(Op.INSTRUMENT, instrument=number, quantity=2023, price=price)
        for number, price in enumerate(references, 1)
    ]
    records.append(row(Op.DAY, quantity=20241111))
    records += day_records(rules, [(number, 2023, price) for number, price in enumerate(references, 1)])
    assert set(engine.apply(encode(records)).codes.tolist()) == {Code.OK}
    return engine


def stated(engine: Engine, instrument: int, mode: Mode) -> dict[Term, int]:
    """What the engine reads for an instrument in a mode, zeros left out."""
    values = {term: int(engine.arrays.terms[instrument, mode, term]) for term in Term}
    return {term: value for term, value in values.items() if value}


# --- terms -----------------------------------------------------------------------------------------------


def test_what_the_engine_reads_of_the_national_market(national: MarketRules) -> None:
    engine = on_a_day(national, 9_749, 4_800)
    fees = {
        Term.FEE_BUY_TRADING: 300,
        Term.FEE_BUY_SETTLEMENT: 100,
        Term.FEE_SELL_TRADING: 300,
        Term.FEE_SELL_SETTLEMENT: 100,
    }
    everywhere = {Term.TICK: 1, Term.LOT: 1, Term.SETTLE_DAYS: 1, Term.BREAK_CANCEL: 1}
    listing = {
        **everywhere,
        **fees,
        Term.QUANTITY_MAX: 99_999,
        Term.AMOUNT_MAX: 2_000_000_000,
        Term.LEVELS: 5,
        Term.CHOOSE: 1,
        Term.IN_CLOSE: 1,
    }
    assert stated(engine, 1, Mode.LISTING) == {**listing, Term.PRICE_LOW: 8_774, Term.PRICE_HIGH: 10_724}
    assert stated(engine, 2, Mode.LISTING) == {**listing, Term.PRICE_LOW: 4_320, Term.PRICE_HIGH: 5_280}
    assert stated(engine, 1, Mode.BLOCK) == {
        **everywhere,
        **fees,
        Term.FEE_BUY_TRADING: 200,
        Term.FEE_SELL_TRADING: 200,
        Term.QUANTITY_MIN: 100_000,
        Term.PRICE_LOW: 6_824,
        Term.PRICE_HIGH: 12_674,
    }
    auction = stated(engine, 1, Mode.AUCTION)
    assert Term.PRICE_HIGH not in auction and Term.QUANTITY_MAX not in auction
    assert stated(engine, 1, Mode.ORDER_BOOK) == {}, "the national market has no order book"
    assert engine.arrays.terms[1, Mode.NONE, Term.CLOSE_METHOD] == CloseMethod.AVERAGE


def test_what_the_engine_reads_of_the_simulated_market() -> None:
    engine = on_a_day(market("sim.clob"), 10_000)
    book = stated(engine, 1, Mode.ORDER_BOOK)
    assert book[Term.SELF_TRADE] == SelfTrade.CANCEL_RESTING
    assert (book[Term.PRICE_LOW], book[Term.PRICE_HIGH]) == (9_000, 11_000)
    assert book[Term.QUANTITY_MAX] == 1_000_000 and book[Term.AMOUNT_MAX] == 5_000_000_000
    assert Term.SETTLE_DAYS not in book, "what is bought can be sold at once"
    assert engine.arrays.terms[1, Mode.NONE, Term.CLOSE_METHOD] == CloseMethod.LAST


def test_every_record_states_a_value_and_terms_of_all_products_are_stated_once(national: MarketRules) -> None:
    records = encode(day_records(national, [(number, 2023, 9_749) for number in range(1, 21)]))
    assert set(records["op"]) == {Op.TERM} and (records["quantity"] > 0).all()
    for_all = records[records["instrument"] == 0]
    assert not {Term.PRICE_LOW, Term.PRICE_HIGH} & set(for_all["kind"].tolist())
    assert len({(int(one["mode"]), int(one["kind"])) for one in for_all}) == len(for_all)
    of_one = records[records["instrument"] > 0]
    assert len(of_one) == 20 * 2 * 2, "two edges of listing and block; auctions have no band"
    assert len(day_records(national, [])) == len(for_all)


@pytest.mark.parametrize("name", ["cn.cea", "hb.hbea"])
def test_a_day_does_not_open_with_a_fee_that_nobody_gave(name: str) -> None:
    assert refused(day_records, market(name), [(1, 2023, 9_749)]) == "RULE-1602"


def test_a_day_does_not_open_with_a_product_that_has_no_reference_price(national: MarketRules) -> None:
    assert refused(day_records, national, [(1, 2023, 9_749), (2, 2024, 0)]) == "RULE-1601"


def test_an_operator_opens_the_hubei_market_with_fees_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = HUBEI_FEES
    for mode in ("order_book", "block"):
        text += f"\n[fees.{mode}]\n" + "".join(
            f"{side}_{column}_ppm = 5000\n"
            for side in ("buyer", "seller")
            for column in ("trading", "settlement")
        )
        text += 'source = "example"\nevidence = "assumed"\n'
    (tmp_path / "hb").mkdir()
    (tmp_path / "hb" / "hbea.figures.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("TANSHU_PACKS", str(tmp_path))
    rules = market("hb.hbea")
    engine = on_a_day(rules, 2_005)
    book, block = stated(engine, 1, Mode.ORDER_BOOK), stated(engine, 1, Mode.BLOCK)
    assert (book[Term.PRICE_LOW], book[Term.PRICE_HIGH]) == (1_805, 2_206), "halves go up"
    assert (block[Term.PRICE_LOW], block[Term.PRICE_HIGH]) == (1_404, 2_607)
    assert book[Term.FEE_SELL_SETTLEMENT] == 5_000
    assert len(rules.watermarks) == 2, "the rule is an example, and so are the figures"


# --- the timetable ---------------------------------------------------------------------------------------


def said(steps: list[Step]) -> list[str]:
    return [f"{step.at:%H:%M} {step.mode.name.lower()} {step.phase.name.lower()}" for step in steps]


def test_the_day_of_the_national_market(national: MarketRules) -> None:
    assert said(timetable(national, MONDAY)) == [
        "09:30 listing open",
        "09:30 auction open",
        "11:30 listing break",
        "11:30 auction break",
        "13:00 listing open",
        "13:00 block open",
        "13:00 auction open",
        "15:00 listing closed",
        "15:00 block closed",
        "15:00 auction closed",
    ]


def test_the_day_of_a_market_with_calls() -> None:
    assert said(timetable(market("sim.clob"), MONDAY)) == [
        "09:15 order_book pre_open",
        "09:30 order_book open",
        "11:30 order_book break",
        "13:00 order_book open",
        "14:57 order_book closing",
        "15:00 order_book closed",
    ]


@pytest.mark.parametrize("name", ["cn.cea", "hb.hbea", "auction.primary", "sim.clob"])
def test_every_step_of_a_timetable_is_one_the_engine_takes(name: str) -> None:
    rules = market(name)
    now = dict.fromkeys(MODE_OF.values(), Phase.CLOSED)
    for step in timetable(rules, MONDAY):
        assert step.phase in STEPS[now[step.mode]], step
        now[step.mode] = step.phase
    assert set(now.values()) == {Phase.CLOSED}


def test_a_day_of_the_simulated_market_goes_through_its_phases() -> None:
    rules = market("sim.clob")
    engine = on_a_day(rules, 10_000)
    for step in timetable(rules, MONDAY):
        applied = engine.apply(encode([row(Op.PHASE, mode=step.mode, kind=step.phase)]))
        assert applied.codes[0] == Code.OK, step
    assert engine.apply(encode([row(Op.CLOSE_DAY)])).codes[0] == Code.OK
    assert engine.arrays.day[DAY] == 20241111 and engine.arrays.day[DAY_STATE] == DAY_CLOSED


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2024-11-10", "RULE-1605"), ("2021-07-15", "RULE-1604"), ("2051-01-04", "RULE-3001")],
)
def test_a_day_without_trading_has_no_timetable(day: str, expected: str) -> None:
    assert refused(timetable, market("cn.cea"), date.fromisoformat(day)) == expected


@pytest.mark.parametrize(
    ("after", "until", "steps"),
    [
        (None, "09:29", []),
        (None, "09:30", ["09:30 listing open", "09:30 auction open"]),
        ("09:30", "11:29", []),
        ("11:29", "11:30", ["11:30 listing break", "11:30 auction break"]),
        ("15:00", "23:59", []),
    ],
)
def test_what_is_due(national: MarketRules, after: str | None, until: str, steps: list[str]) -> None:
    since = time.fromisoformat(after) if after else None
    assert said(due(timetable(national, MONDAY), since, time.fromisoformat(until))) == steps


@given(st.lists(st.integers(0, 24 * 60 - 1), max_size=12))
def test_whoever_asks_again_misses_no_step_and_takes_none_twice(minutes: list[int]) -> None:
    steps = timetable(market("sim.clob"), MONDAY)
    taken: list[Step] = []
    after: time | None = None
    for minute in [*sorted(minutes), 24 * 60 - 1]:
        until = time(*divmod(minute, 60))
        taken += due(steps, after, until)
        after = until
    assert taken == steps
