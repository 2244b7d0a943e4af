"""The clearing house judged a second time: an honest day is clean, each broken rule has its number."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tanshu import audit
from tanshu.audit.clearing import checks
from tanshu.audit.follow import Follower
from tanshu.base.refusal import RefusalKind, need
from tanshu.book import records
from tanshu.book.commit import Act, Decision
from tanshu.book.records import Op, Records
from tanshu.book.state import State
from tanshu.clearing import collecting, delivery, effecting, positions, reviewing
from tanshu.clearing import day as steps
from tanshu.clearing.bank.tables import BANK_BINDING
from tanshu.clearing.day import STEPS, Role
from tanshu.clearing.delivery import Floor
from tanshu.clearing.model import Review
from tanshu.clearing.objections.model import FileObjection
from tanshu.clearing.objections.service import file_objection
from tanshu.clearing.objections.tables import CLEARING_OBJECTION
from tanshu.clearing.statements import service as statements
from tanshu.clearing.tables import CLEARING_BLOCK, CLEARING_DAY
from tanshu.exchange.bridge.tables import MARKET_DUE
from tanshu.parties import queries as parties
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Register, Right, SubjectKind
from tanshu.parties.service import register
from tanshu.registry import queries as registry
from tanshu.registry.encumbrances.tables import CLAIM
from tests.clearing.packs import settled_as
from tests.clearing.support import CLERK, PEOPLE, House
from tests.exchange.bridge.support import CEA, DAY, EXCHANGE, MONEY, TRADING, Trading, figures
from tests.support.copies import Copies

Patch = pytest.MonkeyPatch
Fault = Callable[[House, Patch], None]


def closed(trading: Trading) -> House:
    """A closed day of three trades."""
    made = House(trading)
    for seller, buyer, tonnes, price in (
        (trading.a, trading.b, 1_000, 8_000),
        (trading.a, trading.c, 500, 8_000),
        (trading.b, trading.c, 200, 7_900),
    ):
        trading.sell(seller, tonnes, price)
        trading.buy(buyer, tonnes, price)
    made.after_the_close()
    return made


@pytest.fixture
def house(sqlite_tradings: Copies[Trading], tmp_path: Path) -> Iterator[House]:
    """What is forged is forged in Python, and judged there: one kind of database will do."""
    with figures(), sqlite_tradings(tmp_path) as trading:
        yield closed(trading)


STEPS_BEFORE = tuple(STEPS)[: tuple(STEPS).index("deliver")]


def found(house: House) -> set[str]:
    return {finding.what.code for finding in audit.run(house.database).findings}


def until(house: House, last: str) -> None:
    """All steps up to this one."""
    names = list(STEPS)
    house.takes(*names[: names.index(last) + 1])


def behind(house: House, actor: str, name: str, decide: Callable[[Act], object]) -> None:
    """Commit an entry of this name behind the house's back."""

    def decided(act: Act, _command: object) -> Decision:
        decide(act)
        return {}

    house.trading.done(house.trading.ctx(actor).commit(name, {"behind": name}, decided))


# -- honest ------------------------------------------------------------------------------------------------


def test_an_honest_day_is_clean(trading: Trading) -> None:
    made = closed(trading)
    made.settles()
    assert found(made) == set()


@pytest.mark.parametrize("model", ["net_cash", "net"])
def test_an_honest_day_settled_net_is_clean(house: House, tmp_path: Path, model: str) -> None:
    with settled_as(tmp_path, model=model):
        house.settles()
        assert found(house) == set()


def test_a_day_sent_back_and_reconciled_twice_is_clean(house: House) -> None:
    """The second reviewer wants it cleared again; and the bank's statement is late."""
    house.takes(*STEPS_BEFORE[: STEPS_BEFORE.index("approve")])
    second, back = house.trading.ctx(PEOPLE[Role.SECOND]), Review(DAY, accept=False, comment="复核金额")
    house.trading.done(reviewing.approve(second, back))
    house.takes(*STEPS_BEFORE[STEPS_BEFORE.index("clear") :], "deliver", "effect")
    (outcome,) = house.take("reconcile")
    assert house.trading.done(outcome)["differences"]
    house.takes("reconcile", "state", "seal")
    assert found(house) == set()


def test_an_honest_day_in_blocks_of_one_is_clean_for_a_follower_that_begins_anew_with_each_step(
    house: House, monkeypatch: Patch, tmp_path: Path
) -> None:
    one_by_one(monkeypatch)
    monkeypatch.setattr(steps, "_block_trades", lambda _pack: 1)
    for step in STEPS:
        house.takes(step)
        follower = Follower.at(house.database, tmp_path / "audit.state")
        assert [str(one) for one in follower.round().found] == []


def test_a_day_with_a_participant_stopped_between_two_blocks_is_clean(
    house: House, monkeypatch: Patch
) -> None:
    """What failed stays held; the others go on."""
    house.takes(*STEPS_BEFORE)
    one_by_one(monkeypatch)
    monkeypatch.setattr(steps, "_block_trades", lambda _pack: 1)
    with house.database.read() as conn:
        first, *others = steps.commands(conn, "deliver", DAY)
    for n, one in enumerate((first, *others)):
        if n == 1:
            account = house.trading.market.account(house.trading.c, MONEY)
            house.trading.market.set_state(account, "restricted")
        house.trading.done(one.verb(house.trading.ctx(CLERK), one.body))
    house.takes(*tuple(STEPS)[tuple(STEPS).index("effect") :])
    assert house.row().state == "sealed"
    assert found(house) == set()


# -- steps, people, seal -----------------------------------------------------------------------------------


def delivered_before_it_is_approved(house: House, _patch: Patch) -> None:
    until(house, "review")
    behind(house, CLERK, "clearing.deliver", lambda act: act.insert(CLEARING_BLOCK, block_row(act)))


def block_row(act: Act, **other: object) -> dict[str, object]:
    told = {"day": DAY, "log": 100, "block": 0, "seq": act.seq, "first": 1, "last": 3, "trades": 0}
    return {**told, "skipped": json.dumps([1, 2, 3]), **other}


def one_person_reviews_twice(house: House, patch: Patch) -> None:
    until(house, "confirm")

    def any_eyes(act: Act, _row: object) -> object:
        return may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY)

    patch.setattr(reviewing, "_fresh_eyes", any_eyes)
    for verb in (reviewing.review, reviewing.approve):
        house.trading.done(verb(house.trading.ctx(PEOPLE[Role.FIRST]), Review(DAY)))


def a_sealed_day_gets_another_comment(house: House, _patch: Patch) -> None:
    house.settles()
    behind(
        house, CLERK, "clearing.reconcile", lambda act: act.update(CLEARING_DAY, {"day": DAY}, comment="x")
    )


def a_seal_states_another_book(house: House, patch: Patch) -> None:
    until(house, "state")
    patch.setattr(State, "digest", lambda _self: bytes(32))
    house.takes("seal")


# -- what sessions hold ------------------------------------------------------------------------------------


def nothing_is_taken_over(house: House, patch: Patch) -> None:
    until(house, "close")
    patch.setattr(collecting, "session_name", lambda *_: "other 2024-01-02")
    house.takes("collect")


def the_exchange_takes_a_claim_back(house: House, _patch: Patch) -> None:
    until(house, "collect")

    def back(act: Act) -> None:
        act.update(CLAIM, {"root_id": f"{CEA} {DAY}", "state": "settling"}, state="in-force")

    behind(house, EXCHANGE, "exchange.close-day", back)


def a_price_is_paid_with_other_money(house: House, patch: Patch) -> None:
    """The buyer's free money goes, and what was held for the price stays."""

    def free(block: Records) -> Records:
        last = 1
        assert block["op"][last] == Op.CAPTURE
        block["op"][last], block["hold"][last] = Op.TRANSFER, 0
        return block

    altered(house, patch, free)


# -- delivery ----------------------------------------------------------------------------------------------


def altered(house: House, patch: Patch, change: Callable[[Records], Records], *more: str) -> None:
    """The records of the only block are others than the house worked out. more: steps before it, else all."""
    house.takes(*(more or STEPS_BEFORE))
    honest = Floor.records
    patch.setattr(Floor, "records", lambda floor, taken: change(honest(floor, taken)))
    house.takes("deliver")


def the_money_of_a_trade_does_not_move(house: House, patch: Patch) -> None:
    def without(block: Records) -> Records:
        block["flags"][0] = 0
        return np.delete(block, 1)

    altered(house, patch, without)


def a_fen_less_is_paid(house: House, patch: Patch) -> None:
    def less(block: Records) -> Records:
        block["amount"][1] -= 1
        return block

    altered(house, patch, less)


def a_claim_ends_over_what_it_holds(house: House, patch: Patch) -> None:
    a_fen_less_is_paid(house, patch)
    house.takes("effect")


def units_go_to_somebody_else(house: House, patch: Patch) -> None:
    def elsewhere(block: Records) -> Records:
        assert block["credit"][0] != block["credit"][2]
        block["credit"][0] = block["credit"][2]
        return block

    altered(house, patch, elsewhere)


def one_by_one(patch: Patch) -> None:
    patch.setattr(Floor, "next_chains", lambda floor: floor.done + 1)


def a_trade_is_delivered_twice(house: House, patch: Patch) -> None:
    """The second block is the first one again, paid for with free units and money."""
    until(house, "approve")
    one_by_one(patch)
    with house.database.read() as conn:
        (first, *_) = steps.commands(conn, "deliver", DAY)
    house.trading.done(first.verb(house.trading.ctx(CLERK), first.body))
    seller, buyer = house.trading.a, house.trading.b
    account = house.trading.market.account
    sides = [account(seller, TRADING), account(buyer, TRADING), account(buyer, MONEY), account(seller, MONEY)]

    def again(act: Act) -> None:
        gives, gets, pays, earns = (need(parties.account(act.conn, one)).number for one in sides)
        cea, cny = (need(registry.instrument(act.conn, one)).number for one in ("CEA22", "CNY"))
        act.record(records.transfer(gives, gets, cea, 1_000, tag=delivery.TAG, linked=True))
        act.record(records.transfer(pays, earns, cny, 8_000_000, tag=delivery.TAG))
        act.insert(CLEARING_BLOCK, block_row(act, block=1, last=1, trades=1, skipped="[]"))

    behind(house, CLERK, "clearing.deliver", again)


def a_day_is_delivered_with_trades_left(house: House, patch: Patch) -> None:
    until(house, "approve")
    one_by_one(patch)
    patch.setattr(delivery, "_is_done", lambda *_: True)
    house.takes("deliver")


def a_trade_fails_over_an_account_that_is_open(house: House, patch: Patch) -> None:
    until(house, "approve")
    patch.setattr(
        delivery, "_stopped_parties", lambda _conn, traded: np.arange(len(traded.cash_account)) == 3
    )
    house.takes("deliver")


def another_day_is_taken_over_than_was_traded(house: House, patch: Patch) -> None:
    until(house, "close")
    honest = collecting._row
    patch.setattr(
        collecting, "_row", lambda *args: (row := honest(*args)) | {"tonnes": int(str(row["tonnes"])) + 1}
    )
    house.takes("collect")


def a_gross_market_is_settled_net(house: House, patch: Patch) -> None:
    """Whatever the pack says: it is rightly done, and clean but for that."""
    until(house, "close")
    patch.setattr(collecting, "model_of", lambda *_: "net")
    house.takes(*tuple(STEPS)[1:])


def a_gross_market_is_settled_net_and_somebody_gains(house: House, patch: Patch) -> None:
    """The pack says gross; and a fen of what leaves the pool goes to somebody else."""
    until(house, "close")
    patch.setattr(collecting, "model_of", lambda *_: "net")

    def bent(block: Records) -> Records:
        pool = [n for n in range(1, len(block)) if block["debit"][n] == block["debit"][-1]]
        one, other = pool[-1], next(n for n in pool if block["credit"][n] != block["credit"][pool[-1]])
        block["credit"][one] = block["credit"][other]
        return block

    house.takes("collect", "clear", "confirm", "review")
    altered(house, patch, bent, "approve")


# -- fees, dues, positions ---------------------------------------------------------------------------------


def a_fee_is_too_high(house: House, patch: Patch) -> None:
    until(house, "deliver")
    honest = effecting.fees_of

    def more(*args: Any) -> Any:
        fees = honest(*args)
        fees.trading[1] += 1
        fees.settlement[1] -= 1
        return fees

    patch.setattr(effecting, "fees_of", more)
    house.takes("effect")


def fees_stay_where_they_are(house: House, patch: Patch) -> None:
    until(house, "deliver")
    patch.setattr(effecting, "_take_fees", lambda *_: 0)
    patch.setattr(effecting, "_needed", lambda floor, _failed: np.full(len(floor.account), 1 << 40))
    house.takes("effect")


def what_is_due_stays_due(house: House, patch: Patch) -> None:
    until(house, "deliver")
    honest = Act.update

    def but(act: Act, table: Any, where: Any, **values: Any) -> Any:
        return None if table is MARKET_DUE else honest(act, table, where, **values)

    patch.setattr(Act, "update", but)
    house.takes("effect")


def banks_are_not_levelled(house: House, patch: Patch) -> None:
    trading = house.trading
    body = Register(SubjectKind.BANK, "第二银行", "bank-2", accounts=("bank",))
    trading.done(register(trading.ctx(CLERK), body))
    with house.database.read() as conn:
        bank, moved = (need(parties.subject(conn, one)).id for one in ("bank-2", trading.a))

    def rebound(act: Act) -> None:
        told = {"subject_id": moved, "bank_id": bank, "person": CLERK, "seq": act.seq}
        act.insert(BANK_BINDING, told)

    behind(house, CLERK, "bank.bind", rebound)
    with house.database.read() as conn:
        others = [one for one in parties.subjects(conn) if one.id not in (bank, moved)]
        first = need(parties.subject(conn, "bank")).id

    def bound(act: Act) -> None:
        for one in others:
            told = {"subject_id": one.id, "bank_id": first, "person": CLERK, "seq": act.seq}
            act.insert(BANK_BINDING, told)

    behind(house, CLERK, "bank.bind", bound)
    patch.setattr(positions, "levelled", lambda _needed: ())
    until(house, "effect")


# -- statements --------------------------------------------------------------------------------------------


def a_statement_tells_of_other_trades(house: House, patch: Patch) -> None:
    until(house, "reconcile")
    honest = statements._statement_rows

    def bent(made: Any) -> Iterator[dict[str, Any]]:
        for row in honest(made):
            yield row | {"buys": row["buys"] + 1, "cash_in": row["cash_in"] + 1}

    patch.setattr(statements, "_statement_rows", bent)
    house.takes("state")


def a_statement_tells_of_other_units(house: House, patch: Patch) -> None:
    until(house, "reconcile")
    honest = statements._holding_rows
    patch.setattr(
        statements, "_holding_rows", lambda made: ({**row, "trading_held": 1} for row in honest(made))
    )
    house.takes("state")


def an_objection_is_confirmed_by_who_proposed_the_decision(house: House, _patch: Patch) -> None:
    house.settles()
    trading = house.trading
    filed = FileObjection(trading.b, DAY, "多收手续费")
    id = trading.done(file_objection(trading.ctx(trading.maker(trading.b)), filed))["objection"]
    told = {"uphold": 0, "opinion": "无误", "decided_by": PEOPLE[Role.FIRST]}

    def alone(act: Act) -> None:
        act.update(CLEARING_OBJECTION, {"id": id}, state="dismissed", confirmed_by=PEOPLE[Role.FIRST], **told)

    behind(house, PEOPLE[Role.FIRST], "clearing.confirm-objection", alone)


FAULTS: dict[Fault, str] = {
    delivered_before_it_is_approved: "8301 8314",
    one_person_reviews_twice: "8302",
    a_sealed_day_gets_another_comment: "8301 8303",
    a_seal_states_another_book: "8304",
    nothing_is_taken_over: "8305",
    the_exchange_takes_a_claim_back: "8306",
    a_price_is_paid_with_other_money: "8307",
    the_money_of_a_trade_does_not_move: "8312",
    a_fen_less_is_paid: "8312",
    a_claim_ends_over_what_it_holds: "8308 8312",
    units_go_to_somebody_else: "8312",
    a_trade_is_delivered_twice: "8307 8313 8314",
    a_day_is_delivered_with_trades_left: "8301 8315",
    a_trade_fails_over_an_account_that_is_open: "8316",
    another_day_is_taken_over_than_was_traded: "8311",
    a_gross_market_is_settled_net: "8311",
    a_gross_market_is_settled_net_and_somebody_gains: "8311 8317",
    a_fee_is_too_high: "8318",
    fees_stay_where_they_are: "8318 8322",
    what_is_due_stays_due: "8319",
    banks_are_not_levelled: "8320",
    a_statement_tells_of_other_trades: "8321",
    a_statement_tells_of_other_units: "8321",
    an_objection_is_confirmed_by_who_proposed_the_decision: "5310",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_broken_rule_is_found_by_its_number(house: House, monkeypatch: Patch, fault: Fault) -> None:
    fault(house, monkeypatch)
    report = audit.run(house.database)
    codes = {finding.what.code for finding in report.findings}
    assert codes == {f"AUD-{number}" for number in FAULTS[fault].split()}, "\n".join(
        map(str, report.findings)
    )
    for finding in report.findings:
        assert finding.sentence("zh") and finding.sentence("en")


def test_every_check_has_a_fault_that_it_finds() -> None:
    numbers = {kind.code for kind in vars(checks).values() if isinstance(kind, RefusalKind)}
    assert numbers | {"AUD-5310"} == {f"AUD-{number}" for told in FAULTS.values() for number in told.split()}
