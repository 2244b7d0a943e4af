"""A shortfall from its notice to its end: to the fen, in order, by the right people, with money only."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tanshu.base.clock import shanghai_text
from tanshu.base.refusal import Refusal
from tanshu.clearing.shortfall.model import Amounts, State
from tanshu.clearing.shortfall.queries import waterfall
from tanshu.exchange.bridge.tables import MARKET_SUSPENSION
from tanshu.exchange.model import Offer
from tanshu.exchange.standing import Lift, lift
from tanshu.registry.notices import of as notices_of
from tanshu.registry.types import TYPES, InstrumentKind
from tests.clearing.shortfall.support import MINUTES, OWN, RESERVE, SHORT, House
from tests.exchange.bridge.support import CHECKER, EXCHANGE, MONEY, NEXT
from tests.rules.test_clearing_pack import figures, write

REST = SHORT - RESERVE
"""What the own funds have to give."""


def test_reserve_first_then_own_funds_then_all_of_it_recovered(house: House) -> None:
    reserve, own, cash = house.money()
    id = house.noticed()
    covering = house.covered(id)
    assert house.money() == (0, own - REST, cash + SHORT)
    assert house.row(id).state == State.COVERED
    first = house.decided(house.recovery(id, RESERVE, house.reserve))
    assert house.row(id).state == State.RECOVERING and house.row(id).ended_seq is None
    second = house.decided(house.recovery(id, REST, house.own))
    assert house.money() == (reserve, own, cash)
    row = house.row(id)
    assert (row.state, row.covered, row.recovered) == (State.RECOVERED, SHORT, SHORT)
    told = house.explained(id)
    assert [(one["kind"], one["fund"], one["amount"], one["transaction"]) for one in told["payments"]] == [
        ("cover", "reserve", RESERVE, covering),
        ("cover", "own_funds", REST, covering),
        ("recovery", "reserve", RESERVE, first),
        ("recovery", "own_funds", REST, second),
    ]
    assert told["outstanding"] == {"reserve": 0, "own_funds": 0} and told["missing"] == 0
    assert house.trading.findings() == []
    moved = [line for one in told["payments"][::3] for line in one["lines"]]
    assert (moved[0]["debit"], moved[0]["credit"]) == (house.reserve, house.cash)
    assert (moved[-1]["debit"], moved[-1]["credit"]) == (house.cash, house.own)


def test_the_subject_is_told_and_stops_trading_until_two_of_the_exchange_lift_it(house: House) -> None:
    t = house.trading
    t.sell(house.who, 100)
    id = house.stated()
    answer = t.done(house.confirm(id))
    assert answer["suspended"] == ["cea"]
    assert t.units(house.who)[1] == 0, "its orders are cancelled"
    outcome = t.orders(house.who, Offer("CEA22", "sell", 1, 8000))
    assert isinstance(outcome, Refusal) and outcome.code.startswith("EXC-")
    with t.market.database.read() as conn:
        whys = conn.execute(select(MARKET_SUSPENSION.c.why)).scalars().all()
        told = [one.kind.code for one in notices_of(conn, subject_id=house.subject().id)]
    assert id in whys[0] and "shortfall" in told


def test_its_suspension_is_lifted_only_when_the_shortfall_is_settled(house: House) -> None:
    t = house.trading
    id = house.noticed(RESERVE)
    told = Lift("cea", house.who)
    t.refuses("CLR-4021", lambda: lift(t.ctx(EXCHANGE, reason="请求恢复"), told))
    house.covered(id)
    t.refuses("CLR-4021", lambda: lift(t.ctx(EXCHANGE, reason="请求恢复"), told))
    house.decided(house.recovery(id, RESERVE, house.reserve))
    t.done(lift(t.ctx(EXCHANGE, reason="已了结"), told))
    assert t.done(lift(t.ctx(CHECKER), told))["suspended"] is False


def test_a_second_shortfall_of_one_that_stopped_already_stops_nothing_more(house: House) -> None:
    house.noticed()
    assert house.trading.done(house.confirm(house.stated(5)))["suspended"] == []


def test_money_paid_in_after_the_notice_makes_it_good(house: House) -> None:
    before = house.trading.pays_in(house.who, SHORT)
    id = house.noticed()
    assert _code(house.cure(id, before)) == "CLR-4016", "it came before the notice"
    part, rest = house.trading.pays_in(house.who, 4_000_00), house.trading.pays_in(house.who, 7_000_00)
    assert house.trading.done(house.cure(id, part))["missing"] == 6_000_00
    assert house.row(id).state == State.CONFIRMED
    assert _code(house.cure(id, part)) == "CLR-4016", "it counts once"
    assert house.trading.done(house.cure(id, rest)).data == {"shortfall": id, "state": "cured", "missing": 0}
    assert [one["amount"] for one in house.explained(id)["payments"]] == [4_000_00, 6_000_00]
    assert _code(house.cure(id, rest)) == "CLR-4008"
    house.trading.done(house.trading.pays_out(house.who, 1_00))


def test_what_a_part_payment_leaves_is_all_that_the_house_covers(house: House) -> None:
    id = house.noticed()
    house.trading.done(house.cure(id, house.trading.pays_in(house.who, SHORT - 1)))
    house.covered(id)
    row = house.row(id)
    assert (row.cured, row.covered, row.state) == (SHORT - 1, 1, State.COVERED)


def test_nothing_is_paid_out_while_it_stands(house: House) -> None:
    waiting = house.trading.done(house.trading.pays_out(house.who, 1_00))["id"]
    id = house.noticed()
    house.trading.refuses("CLR-4020", lambda: house.trading.pays_out(house.who, 1_00))
    house.trading.refuses("CLR-4020", lambda: house.trading.market.approve("registry-checker-1", waiting))
    house.trading.done(house.trading.pays_out(house.trading.b, 1_00))
    house.covered(id)
    house.trading.refuses("CLR-4020", lambda: house.trading.pays_out(house.who, 1_00))


def test_a_notice_is_refused(house: House) -> None:
    refuses = house.trading.refuses
    refuses("CLR-4002", lambda: house.notice(subject="bank"))
    refuses("CLR-4003", lambda: house.notice(minutes=None))
    refuses("CLR-4003", lambda: house.notice(minutes=0))
    refuses("CLR-4003", lambda: house.notice(minutes=10**12))
    refuses("CLR-4005", lambda: house.notice(reason=" "))
    refuses("CLR-4006", lambda: house.notice(cause="bad luck"))
    refuses("CLR-4007", lambda: house.notice(day=NEXT))
    refuses("BASE-1002", lambda: house.notice(0))
    refuses("PAR-3002", lambda: house.notice(by="exchange-maker-1"))
    refuses("CLR-4001", lambda: house.cure("SF-none", "TX-none"))


def test_the_packs_period_counts_before_the_commands(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "cn.clearing.figures", figures("[shortfall]\ncure_minutes = 90"))
    monkeypatch.setenv("TANSHU_PACKS", str(tmp_path))
    house.trading.refuses("CLR-4004", lambda: house.notice(minutes=MINUTES))
    answer = house.trading.done(house.confirm(house.stated(minutes=None)))
    assert shanghai_text(answer["cure_until_ns"]).startswith("2024-01-02 11:30")


def test_a_cover_is_refused(house: House) -> None:
    refuses = house.trading.refuses
    id = house.noticed(over=False)
    refuses("CLR-4011", lambda: house.cover(id, RESERVE, house.reserve))
    house.wait()
    refuses("CLR-4010", lambda: house.cover(None, RESERVE, house.reserve))
    refuses("CLR-4001", lambda: house.cover("SF-none", RESERVE, house.reserve))
    other = house.code(house.trading.b, MONEY)
    refuses("CLR-4012", lambda: house.cover(id, RESERVE, house.reserve, other))
    refuses("CLR-4013", lambda: house.cover(id, SHORT + 1, house.own))
    refuses("CLR-4014", lambda: house.cover(id, REST, house.own))
    refuses("REG-2005", lambda: house.cover(id, RESERVE + 1, house.reserve))


def test_two_covers_that_wait_do_not_cover_twice(house: House) -> None:
    id = house.noticed(RESERVE // 2)
    first, second = (house.trading.done(house.cover(id, RESERVE // 2, house.reserve))["id"] for _ in range(2))
    approve = house.trading.market.approve
    for person in ("registry-checker-1", "registry-checker-2"):
        house.trading.done(approve(person, first))
    house.trading.done(approve("registry-checker-1", second))
    house.trading.refuses("CLR-4008", lambda: approve("registry-checker-2", second))
    assert house.row(id).covered == RESERVE // 2


def test_a_recovery_is_refused(house: House) -> None:
    refuses = house.trading.refuses
    id = house.noticed()
    refuses("CLR-4008", lambda: house.recovery(id, 1, house.reserve))
    house.covered(id)
    other = house.code(house.trading.b, MONEY)
    refuses("CLR-4012", lambda: house.recovery(id, 1, house.reserve, other))
    refuses("CLR-4015", lambda: house.recovery(id, RESERVE + 1, house.reserve))
    refuses("CLR-4015", lambda: house.recovery(id, REST + 1, house.own))
    refuses("CLR-4010", lambda: house.recovery(None, 1, house.own))


def test_what_the_house_has_not_got_it_does_not_give_and_units_are_never_made_for_it(house: House) -> None:
    id = house.noticed(RESERVE + OWN + 1)
    answer = house.proposal(id)
    assert isinstance(answer, Refusal) and answer.code == "CLR-4017"
    assert _code(house.proposal("SF-none")) == "CLR-4001"
    for code in ("shortfall-cover", "shortfall-recovery"):
        assert TYPES[code].instruments == (InstrumentKind.CASH,)
    line = ("CEA22", 1, house.reserve, house.cash)
    assert isinstance(house.propose("shortfall-cover", id, line), Refusal)


def test_a_cover_after_its_end_is_refused(house: House) -> None:
    id = house.noticed(1)
    house.covered(id)
    assert _code(house.proposal(id)) == "CLR-4008"
    house.trading.refuses("CLR-4008", lambda: house.cover(id, 1, house.reserve))


FUND = st.sampled_from(["reserve", "own_funds"])


@given(
    st.integers(1, 100),
    st.permutations(["reserve", "own_funds"]),
    st.dictionaries(FUND, st.integers(0, 80)),
)
def test_the_waterfall_gives_all_of_one_fund_before_the_next(
    needed: int, order: list[str], there: dict[str, int]
) -> None:
    gives = waterfall(needed, order, there)
    assert sum(gives.values()) == min(needed, sum(there.values()))
    assert all(0 < fen <= there[fund] for fund, fen in gives.items())
    if gives.get(order[1]):
        assert gives.get(order[0], 0) == there.get(order[0], 0)


@given(st.integers(1, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_the_state_is_what_the_amounts_say(amount: int, cured: int, covered: int, recovered: int) -> None:
    if cured + covered > amount or recovered > covered:
        return
    now = Amounts(amount, cured, covered, recovered)
    ended = now.missing == 0 and now.outstanding == 0
    assert (now.state in (State.CURED, State.RECOVERED)) is ended


def _code(outcome: object) -> str:
    assert isinstance(outcome, Refusal), outcome
    return outcome.code
