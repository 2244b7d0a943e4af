"""A shortfall binds by the word of two people, and is taken back by another than who stated it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act, Decision
from tanshu.clearing.shortfall.model import State
from tanshu.clearing.shortfall.tables import SHORTFALL
from tanshu.exchange.bridge.tables import MARKET_SUSPENSION
from tanshu.exchange.standing import Lift, Suspend, lift, suspend
from tanshu.parties.model import Appoint, ConfirmPerson, NewPerson
from tanshu.parties.service import appoint, confirm_person
from tanshu.registry.notices import of as notices_of
from tests.clearing.shortfall.support import CLERK, RESERVE, SECOND, SHORT, House
from tests.exchange.bridge.support import EXCHANGE

BOTH = "registry-both-1"
"""Somebody with both rights takes one step."""


def told(house: House) -> list[str]:
    """The kinds of the notices to the participant, the oldest first."""
    with house.trading.market.database.read() as conn:
        found = notices_of(conn, subject_id=house.subject().id)
        kinds = [(one.issued_seq, one.kind.code) for one in found if one.kind.code.startswith("shortfall")]
        return [kind for _, kind in sorted(kinds)]


def suspended(house: House) -> bool:
    with house.trading.market.database.read() as conn:
        ended = conn.execute(select(MARKET_SUSPENSION.c.ended_seq)).scalars().all()
    return None in ended


@pytest.fixture
def both(house: House) -> str:
    t = house.trading
    t.done(appoint(t.ctx(CLERK), Appoint("registry", NewPerson(BOTH, ("maker", "checker")))))
    t.done(confirm_person(t.ctx(SECOND), ConfirmPerson(BOTH)))
    return BOTH


def test_what_one_person_states_restricts_nobody_until_another_confirms_it(house: House) -> None:
    t = house.trading
    id = house.stated()
    row = house.row(id)
    assert (row.state, row.cure_until_ns, told(house), suspended(house)) == (State.NOTICED, None, [], False)
    t.sell(house.who, 100)
    t.done(t.pays_out(house.who, 1_00))
    paid = t.pays_in(house.who, 5_00)
    t.refuses("CLR-4008", lambda: house.cure(id, paid))
    t.refuses("CLR-4008", lambda: house.cover(id, RESERVE, house.reserve))
    proposal = house.proposal(id)
    assert isinstance(proposal, Refusal) and proposal.code == "CLR-4008"
    answer = t.done(house.confirm(id))
    row = house.row(id)
    assert (answer["suspended"], told(house), suspended(house)) == (["cea"], ["shortfall"], True)
    assert (row.state, row.confirmed_by, row.cure_until_ns) == (
        State.CONFIRMED, "registry-checker-1", answer["cure_until_ns"]
    )  # fmt: skip
    t.refuses("CLR-4020", lambda: t.pays_out(house.who, 1_00))
    t.refuses("CLR-4008", lambda: house.confirm(id))
    t.done(house.cure(id, paid))
    assert t.findings() == []


def test_who_stated_it_neither_confirms_nor_withdraws_it(house: House, both: str) -> None:
    t = house.trading
    id = house.stated(by=both)
    t.refuses("CLR-4022", lambda: house.confirm(id, by=both))
    t.refuses("CLR-4022", lambda: house.withdraw(id, by=both))
    t.done(house.confirm(id))
    t.refuses("CLR-4022", lambda: house.withdraw(id, by=both))
    for by, code in ((CLERK, "PAR-3003"), ("exchange-checker-1", "PAR-3002")):
        t.refuses(code, lambda by=by: house.confirm(id, by=by))
        t.refuses(code, lambda by=by: house.withdraw(id, by=by))
    t.refuses("CLR-4001", lambda: house.confirm("SF-none"))
    t.refuses("CLR-4001", lambda: house.withdraw("SF-none"))
    t.refuses("CLR-4005", lambda: house.withdraw(id, reason=" "))


def test_a_withdrawn_notice_restricts_nobody_any_more(house: House) -> None:
    t = house.trading
    id = house.noticed()
    waiting = t.done(house.cover(id, RESERVE, house.reserve))["id"]
    paid = t.pays_in(house.who, SHORT - 1)
    t.done(house.cure(id, paid))
    assert t.done(house.withdraw(id))["lifted"] == ["cea"]
    row = house.row(id)
    assert (row.state, row.withdrawn_by, row.withdrawn_why) == (
        State.WITHDRAWN, "registry-checker-1", "入金未退回"
    )  # fmt: skip
    assert (told(house), suspended(house)) == (["shortfall", "shortfall-withdrawn"], False)
    t.sell(house.who, 100)
    t.done(t.pays_out(house.who, 1_00))
    t.done(t.market.approve("registry-checker-1", waiting))
    t.refuses("CLR-4008", lambda: t.market.approve("registry-checker-2", waiting))
    t.refuses("CLR-4008", lambda: house.withdraw(id))
    t.refuses("CLR-4008", lambda: house.cure(id, paid))
    assert t.findings() == []


def test_one_that_nobody_confirmed_is_withdrawn_without_a_word_to_the_subject(house: House) -> None:
    id = house.stated()
    assert house.trading.done(house.withdraw(id))["lifted"] == []
    assert (told(house), house.row(id).state) == ([], State.WITHDRAWN)
    house.trading.refuses("CLR-4008", lambda: house.confirm(id))
    assert house.trading.findings() == []


def test_what_is_covered_in_part_is_not_withdrawn(house: House) -> None:
    id = house.noticed()
    house.decided(house.cover(id, RESERVE - 1, house.reserve))
    refused = house.trading.refuses("CLR-4023", lambda: house.withdraw(id))
    assert str(RESERVE - 1) in refused.sentence("zh")


def test_the_last_of_two_that_are_withdrawn_ends_the_suspension(house: House) -> None:
    t = house.trading
    first, second = house.noticed(), house.noticed(5)
    assert t.done(house.withdraw(first))["lifted"] == []
    assert suspended(house)
    t.refuses("CLR-4020", lambda: t.pays_out(house.who, 1_00))
    assert t.done(house.withdraw(second))["lifted"] == ["cea"]
    assert t.findings() == []


def test_a_suspension_by_the_exchange_outlasts_a_withdrawn_notice(house: House) -> None:
    t = house.trading
    t.done(suspend(t.ctx(EXCHANGE, reason="异常交易"), Suspend("cea", house.who)))
    id = house.noticed()
    assert t.done(house.withdraw(id))["lifted"] == []
    assert suspended(house)
    t.done(lift(t.ctx(EXCHANGE, reason="已核查"), Lift("cea", house.who)))


def test_a_subject_whose_account_is_stopped_does_not_trade_after_a_withdrawal(house: House) -> None:
    t = house.trading
    id = house.noticed()
    t.market.set_state(house.cash, "restricted")
    assert t.done(house.withdraw(id))["lifted"] == []
    assert suspended(house)


def test_money_counted_for_a_withdrawn_one_counts_for_another(house: House) -> None:
    first, second = house.noticed(10), house.noticed(10)
    paid = house.trading.pays_in(house.who, 10)
    house.trading.done(house.cure(first, paid))
    house.trading.refuses("CLR-4016", lambda: house.cure(second, paid))
    assert house.row(first).state == State.CURED
    third = house.noticed(10)
    half = house.trading.pays_in(house.who, 4)
    house.trading.done(house.cure(third, half))
    house.trading.done(house.withdraw(third))
    assert house.trading.done(house.cure(second, half))["missing"] == 6


@pytest.mark.parametrize("what", ["confirm", "withdraw"])
def test_the_second_opinion_finds_what_one_person_made_bind_or_took_back(
    house: House, both: str, what: str
) -> None:
    t = house.trading
    id = house.stated(by=both)
    changes = {
        "confirm": {"state": State.CONFIRMED, "confirmed_by": both, "cure_until_ns": 1},
        "withdraw": {"state": State.WITHDRAWN, "withdrawn_by": both, "withdrawn_why": "有误"},
    }

    def decide(act: Act, _command: object) -> Decision:
        act.update(SHORTFALL, {"id": id}, **changes[what])
        return {}

    t.done(t.ctx(both).commit(f"clearing.{what}-shortfall", {"shortfall": id}, decide))
    assert [finding.what.code for finding in t.findings()] == ["AUD-5310"]


def test_the_second_opinion_finds_a_suspension_that_ends_without_its_notice(house: House) -> None:
    t = house.trading
    house.noticed()
    mistaken = house.stated(5)

    def decide(act: Act, _command: object) -> Decision:
        changes = {"state": State.WITHDRAWN, "withdrawn_by": SECOND, "withdrawn_why": "有误"}
        act.update(SHORTFALL, {"id": mistaken}, ended_seq=act.seq, **changes)
        row = act.conn.execute(select(MARKET_SUSPENSION)).one()
        this = {"log": row.log, "party": row.party, "seq": row.seq}
        act.update(MARKET_SUSPENSION, this, ended_by=SECOND, ended_seq=act.seq)
        return {}

    t.done(t.ctx(SECOND).commit("clearing.withdraw-shortfall", {"shortfall": mistaken}, decide))
    assert "AUD-5307" in {finding.what.code for finding in t.findings()}
