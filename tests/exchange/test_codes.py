"""Every answer of the engine is a number, and a sentence with the figures that decided it."""

from __future__ import annotations

import pytest

from tanshu.exchange import checks
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Mode, Op, OrderKind, Phase, Row, Side, encode, row
from tanshu.exchange.engine.terms import SelfTrade, Term
from tanshu.exchange.market import Names
from tests.exchange.engine.support import CEA, opened

A, B = 1, 2
BAND = {Term.PRICE_LOW: 4500, Term.PRICE_HIGH: 5500}
TERMS = {
    Mode.LISTING: {
        **BAND,
        Term.TICK: 5,
        Term.LOT: 10,
        Term.LEVELS: 1,
        Term.CHOOSE: 1,
        Term.AMOUNT_MAX: 100_000_00,
    },
    Mode.BLOCK: {**BAND},
    Mode.ORDER_BOOK: {**BAND, Term.SELF_TRADE: SelfTrade.REFUSE},
}
NAMES = Names({}, {A: "plant-a", B: "plant-b"}, {}, {CEA: "CEA23"}, {}, {})
BUY, SELL = Side.BUY, Side.SELL


def offer(
    side: Side, tonnes: int, price: int, party: int = A, operator: int = 0, instrument: int = CEA
) -> Row:
    return row(
        Op.OFFER, mode=Mode.LISTING, side=side, instrument=instrument, party=party, quantity=tonnes,
        price=price, other=operator or party,
    )  # fmt: skip


def take(tonnes: int, maker: int) -> Row:
    return row(
        Op.TAKE, mode=Mode.LISTING, side=BUY, instrument=CEA, party=B, quantity=tonnes, order=maker, other=B
    )


def order(side: Side, tonnes: int, kind: OrderKind, party: int = A) -> Row:
    return row(
        Op.ORDER, mode=Mode.ORDER_BOOK, side=side, kind=kind, instrument=CEA, party=party, quantity=tonnes,
        price=5000, other=party,
    )  # fmt: skip


def quote(price: int = 5000) -> Row:
    return row(
        Op.QUOTE,
        mode=Mode.BLOCK,
        side=SELL,
        instrument=CEA,
        party=A,
        counter=B,
        quantity=100,
        price=price,
        other=A,
    )


def halt(mode: Mode, kind: Phase) -> Row:
    return row(Op.PHASE, mode=mode, kind=kind)


CASES: list[tuple[str, list[Row], Row, str]] = [
    ("EXC-1002", [], row(Op.TRADE), "65"),
    ("EXC-1003", [row(Op.CLOSE_DAY)], offer(BUY, 10, 5000), "2025-11-03"),
    ("EXC-1005", [], halt(Mode.LISTING, Phase.OPEN), "已是这个状态"),
    ("EXC-1006", [], halt(Mode.LISTING, Phase.PRE_OPEN), "挂牌协议"),
    ("EXC-1007", [], row(Op.PARTY, party=9), "2025-11-03"),
    ("EXC-1008", [], row(Op.HOLDING, party=A, quantity=-1), "-1"),
    ("EXC-2002", [], offer(BUY, 10, 5000, instrument=7), "7"),
    ("EXC-2003", [row(Op.CLOSE_DAY), row(Op.DAY, quantity=20251104)], offer(BUY, 10, 5000), "CEA23"),
    ("EXC-2004", [], offer(BUY, 0, 5000), "0"),
    ("EXC-2007", [], offer(BUY, 11, 5000), "10"),
    ("EXC-2009", [], offer(BUY, 10, 5001), "0.05"),
    ("EXC-2010", [], offer(BUY, 10, 4495), "45.00"),
    ("EXC-2012", [], offer(BUY, 2_010, 5000), "100,000.00"),
    ("EXC-3003", [], offer(BUY, 10, 5000, party=9), "9"),
    ("EXC-3004", [], offer(BUY, 10, 5000, operator=B), "plant-a"),
    ("EXC-4006", [order(SELL, 5, OrderKind.LIMIT)], order(BUY, 5, OrderKind.LIMIT), "plant-a"),
    ("EXC-4007", [order(SELL, 5, OrderKind.LIMIT)], order(BUY, 6, OrderKind.FOK, B), "6"),
    ("EXC-4009", [offer(SELL, 10, 5000), offer(SELL, 10, 5005)], take(10, 2), "2"),
    ("EXC-4010", [offer(SELL, 10, 5000)], take(20, 1), "20"),
    ("EXC-4012", [quote()], row(Op.DECLINE, mode=Mode.BLOCK, party=A, order=1, other=A), "1"),
]


@pytest.mark.parametrize(("code", "before", "said", "shown"), CASES, ids=[case[0] for case in CASES])
def test_an_answer_is_a_number_and_says_the_figures(code: str, before: list[Row], said: Row, shown: str):
    engine = opened(terms=TERMS, parties=2)
    if code == "EXC-2003":  # a day of which no terms were stated
        _phase_open_after(engine, before)
    else:
        assert not engine.apply(encode(before)).codes.any()
    state = engine.state_hash()
    answer = int(engine.apply(encode([said])).codes[0])
    assert answer, "it is refused"
    refused = checks.from_code(engine, said, answer, NAMES)
    assert refused.code == code, Code(answer)
    assert shown in refused.sentence("zh") or shown in refused.sentence("en")
    assert engine.state_hash() == state


def _phase_open_after(engine: Engine, before: list[Row]) -> None:
    assert not engine.apply(encode([*before, halt(Mode.LISTING, Phase.OPEN)])).codes.any()


def test_a_full_day_takes_no_more_orders_with_EXC_1010(monkeypatch: pytest.MonkeyPatch):
    from tanshu.exchange.engine import ledger

    engine = opened(terms=TERMS, parties=2)
    monkeypatch.setattr(ledger, "_LIVE_MAX", 1)
    assert not engine.apply(encode([offer(BUY, 10, 5000)])).codes.any()
    said = offer(BUY, 10, 5000, party=B)
    answer = int(engine.apply(encode([said])).codes[0])
    assert checks.from_code(engine, said, answer, NAMES).code == "EXC-1010"


def test_every_code_but_the_first_has_a_number_of_its_own():
    numbers = [checks.number_of(code) for code in Code if code is not Code.OK]
    assert len(set(numbers)) == len(Code) - 1
