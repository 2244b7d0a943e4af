"""A register whose own checks were switched off, or gone round: the second opinion names the broken rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tanshu.audit.business import checks, steps
from tanshu.audit.business.verbs import VERBS
from tanshu.base.clock import NS
from tanshu.base.refusal import RefusalKind
from tanshu.book import records
from tanshu.book.commit import Act
from tanshu.book.records import AccountFlag, position
from tanshu.compliance.tables import ALLOCATION
from tanshu.mrv import service as mrv
from tanshu.mrv.tables import DATA_LOCK
from tanshu.parties import blocking
from tanshu.parties import service as party_service
from tanshu.parties.model import AccountKind, AccountState, Block, ConfirmPerson, SetState, Unblock
from tanshu.parties.tables import ACCOUNT, ACCOUNT_BLOCK, PERSON, SUBJECT
from tanshu.registry import effects, resolve, rooms, service
from tanshu.registry.encumbrances import orders, queue
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.encumbrances.tables import CLAIM, CLAIM_HOLD
from tanshu.registry.model import Proposed, SidedLine, Waiting
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE
from tanshu.registry.types import TYPES, InstrumentKind
from tanshu.rules.checks import PACK_UNKNOWN
from tests.audit.house import CASH, TRADING, House, effect, step
from tests.support import policies
from tests.support.auditors import AUDITOR, let_go
from tests.support.orders import Court, pledge

Patch = pytest.MonkeyPatch
BY_TWO = {"AUD-5310", "AUD-5311", "AUD-5312"}
"""Provoked in test_decisions."""
A, B = "plant-a-maker-1", "plant-b-maker-1"


def off(patch: Patch, module: object, name: str, answer: object = None) -> None:
    """Switch one of the house's own checks off: it has nothing to say any more."""
    patch.setattr(module, name, lambda *_args, **_more: answer)


def to_trading(house: House, *, by: str = A, quantity: int = 10, debit: str = "", credit: str = "") -> None:
    market = house.market
    own = market.account(market.plant_a)
    line = ("CEA22", quantity, debit or own, credit or market.account(market.plant_a, TRADING))
    market.accepted(market.propose(by, "position-transfer", line))


def trade(house: House, *, price: int = 100, both: bool = True) -> None:
    market = house.market
    units = ("CEA22", 10, market.account(market.plant_a, TRADING), market.account(market.plant_b, TRADING))
    cash = ("CNY", 1_000, market.account(market.plant_b, CASH), market.account(market.plant_a, CASH))
    details = {"price_fen": price, "mode": "listing", "traded_on": "2024-01-02"}
    lines = (units, cash) if both else (units,)
    market.done(
        "exchange-maker-1",
        "trade-settlement",
        *lines,
        by=("registry-checker-1", "registry-checker-2"),
        details=details,
    )


# -- faults: what is switched off, what is done then -------------------------------------------------------


def a_stranger_takes_a_step(house: House, patch: Patch) -> None:
    off(patch, service, "_may_take")
    to_trading(house, by=B)


def one_person_takes_two_steps(house: House, patch: Patch) -> None:
    market = house.market
    id = market.accepted(market.surrender("plant-a-both-1", market.plant_a, 5))["id"]

    def turn(act, command):
        transaction = service.need(service._pending(act, command.transaction))
        return transaction, effects.as_proposed(act.conn, transaction)

    patch.setattr(service, "_turn", turn)
    market.accepted(market.approve("plant-a-both-1", id))
    house.drop(id)


def a_chain_is_cut_to_one_step(house: House, patch: Patch) -> None:
    off(patch, service, "_chain", (Waiting("holder", "make"),))
    house.pending(7)


def effect_comes_before_the_chain_ends(house: House, _patch: Patch) -> None:
    id = house.pending(8)

    def at_once(act: Act) -> None:
        step(act, id, 1)
        effect(act, id)

    house.behind("plant-a-checker-1", "registry.approve", at_once)


def a_step_is_left_out(house: House, _patch: Patch) -> None:
    id = house.pending(9)
    house.behind("registry-checker-1", "registry.approve", lambda act: step(act, id, 3))
    house.drop(id)


def a_step_is_taken_in_anothers_name(house: House, _patch: Patch) -> None:
    id = house.pending(9)
    theirs = "plant-a-checker-1"
    house.behind("plant-a-both-1", "registry.approve", lambda act: step(act, id, 1, person=theirs))
    house.drop(id)


def an_account_of_another_kind_gives(house: House, patch: Patch) -> None:
    off(patch, resolve, "sides")
    market = house.market
    line = ("CEA22", 10, market.account(market.plant_a, TRADING))
    market.accepted(market.propose(A, "voluntary-cancellation", line))


def an_account_of_another_kind_receives(house: House, patch: Patch) -> None:
    off(patch, resolve, "sides")
    to_trading(house, credit=house.market.account(house.market.plant_a, CASH))


def units_pass_to_a_stranger(house: House, patch: Patch) -> None:
    off(patch, resolve, "sides")
    to_trading(house, credit=house.market.account(house.market.plant_b, TRADING))


def money_is_issued(house: House, patch: Patch) -> None:
    off(patch, service, "enabled_type", replace(TYPES["issuance"], instruments=(InstrumentKind.CASH,)))
    own = house.market.account("hubei", AccountKind.PROVINCIAL)
    house.market.accepted(house.market.propose("registry-maker-1", "issuance", ("CNY", 5, "", own)))


def a_type_that_does_not_exist_here(house: House, patch: Patch) -> None:
    off(patch, service, "enabled_type", TYPES["free-transfer"])
    off(patch, service, "_chain", (Waiting("holder", "make"),))
    market = house.market
    line = ("CEA22", 5, market.account(market.plant_a), market.account(market.plant_b))
    market.accepted(market.propose(A, "free-transfer", line))


def a_restricted_account_moves(house: House, patch: Patch) -> None:
    market = house.market
    market.set_state(market.account(market.plant_a), "restricted")
    off(patch, resolve, "states")
    to_trading(house)
    market.set_state(market.account(market.plant_a), "open")


def a_blocked_account_captures(house: House, patch: Patch) -> None:
    """The kernel lets a hold that was granted before be captured: the register must not."""
    market = house.market
    id = house.pending(11)
    stopped = market.account(market.plant_a)
    market.accepted(blocking.block(market.ctx(AUDITOR), Block(stopped, "AUD-6003")))
    off(patch, resolve, "states")
    for person in ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1"):
        market.accepted(market.approve(person, id))
    let_go(market, stopped)


def records_are_not_linked(house: House, patch: Patch) -> None:
    def apart(act, _rows, _sinks):
        for op, _linked, *rest in _rows:
            act.record((op, 0, *rest))

    patch.setattr(effects, "_add", apart)
    trade(house)


def less_is_moved_than_was_approved(house: House, patch: Patch) -> None:
    def less(act, proposed):
        line: SidedLine = proposed.lines[0]
        sides = (line.debit.number, line.credit.number, line.instrument.number)
        act.record(records.transfer(*sides, line.quantity - 1, tag=proposed.type.number))

    patch.setattr(effects, "take_effect", less)
    to_trading(house)


def units_go_to_somebody_else(house: House, patch: Patch) -> None:
    def astray(act, proposed):
        line: SidedLine = proposed.lines[0]
        sides = (line.debit.number, house.account(house.market.plant_b, TRADING).number)
        act.record(records.transfer(*sides, line.instrument.number, line.quantity, tag=proposed.type.number))

    patch.setattr(effects, "take_effect", astray)
    to_trading(house)


def nothing_is_held(house: House, patch: Patch) -> None:
    patch.setattr(effects, "hold", lambda _act, proposed: (None,) * len(proposed.lines))
    house.drop(house.pending(12))


def the_hold_of_another_transaction_is_used(house: House, patch: Patch) -> None:
    market = house.market
    other, id = house.pending(13), house.pending(13)
    real = effects.take_effect

    def swapped(act, proposed):
        theirs = claims.of_transaction(act.conn, other)
        patch.setattr(claims, "of_transaction", lambda _conn, _id: theirs)
        real(act, proposed)

    for person in ("plant-a-checker-1", "hubei-checker-1"):
        market.accepted(market.approve(person, id))
    patch.setattr(effects, "take_effect", swapped)
    market.accepted(market.approve("registry-checker-1", id))


def an_expired_proposal_goes_on(house: House, _patch: Patch) -> None:
    market = house.market
    line = ("CNY", 5, "", market.account(market.plant_b, CASH))
    id = market.accepted(market.propose("bank-maker-1", "cash-deposit", line))["id"]
    market.clock.set(market.clock.now_ns + int(timedelta(days=6).total_seconds()) * NS)

    def late(act: Act) -> None:
        step(act, id, 1)
        effect(act, id)

    house.behind("registry-checker-1", "registry.approve", late)


def a_neighbour_rejects(house: House, _patch: Patch) -> None:
    id = house.pending(18)
    house.behind(B, "registry.reject", lambda act: dropped(act, id, "rejected"))


def a_proposal_expires_before_its_day(house: House, _patch: Patch) -> None:
    id = house.pending(18)
    house.behind("registry-maker-1", "registry.expire", lambda act: dropped(act, id, "expired"))


def dropped(act: Act, id: str, state: str) -> None:
    effects.release(act, service.need(service.queries.transaction(act.conn, id)))
    act.update(TRANSACTION, {"id": id}, state=state, ended_seq=act.seq, ended_ns=act.now_ns)


def a_trade_has_one_leg(house: House, patch: Patch) -> None:
    off(patch, resolve, "_is_dvp", True)
    off(patch, rooms, "check")
    trade(house, both=False)


def a_trade_states_another_price(house: House, patch: Patch) -> None:
    off(patch, rooms, "check")
    trade(house, price=99)


def an_allocation_nobody_decided(house: House, patch: Patch) -> None:
    off(patch, rooms, "check")
    off(patch, rooms, "proposed")
    market = house.market
    own = market.account("hubei", AccountKind.PROVINCIAL)
    line = ("CEA24", 5, own, market.account(market.plant_a))
    market.accepted(market.propose("hubei-maker-1", "final-allocation", line, year=2024))


def an_offset_beyond_its_certificates(house: House, patch: Patch) -> None:
    off(patch, rooms, "check")
    market = house.market
    claim = {"number": "C-1", "quantity": 4, "project": "P", "registered_on": "2023-01-01"}
    details = {"claims": [claim]}
    market.accepted(
        market.propose(A, "offset", ("CCER", 5), subject=market.plant_a, year=2023, details=details)
    )


def a_later_vintage_is_surrendered(house: House, patch: Patch) -> None:
    off(patch, rooms, "check")
    market = house.market
    market.accepted(market.surrender(A, market.plant_a, 5, "CEA24"))


def a_transaction_is_written_down_for_another(house: House, patch: Patch) -> None:
    with house.market.database.read() as conn:
        other = service.need(service.parties.subject(conn, house.market.plant_b))
    off(patch, resolve, "_subject", other)
    to_trading(house, by=B)


def an_authority_gives_outside_its_region(house: House, patch: Patch) -> None:
    off(patch, resolve, "_in_charge")
    market = house.market
    theirs = market.account("henan", AccountKind.PROVINCIAL)
    line = ("CEA24", 5, theirs, market.account(market.plant_a))
    market.accepted(market.propose("hubei-maker-1", "administrative-adjustment", line))


def a_line_is_written_over(house: House, _patch: Patch) -> None:
    id = house.pending(14)
    this = {"transaction_id": id, "n": 0}
    house.behind(
        "plant-a-checker-1", "registry.approve", lambda act: act.update(TRANSACTION_LINE, this, quantity=140)
    )


def an_ended_transaction_is_opened_again(house: House, _patch: Patch) -> None:
    with house.market.database.read() as conn:
        ended = service.queries.transactions(conn, type="issuance")[0].id
    house.behind(
        "registry-checker-1",
        "registry.approve",
        lambda act: act.update(TRANSACTION, {"id": ended}, state="pending"),
    )


def a_transaction_of_no_type(house: House, _patch: Patch) -> None:
    id = house.pending(15)

    def gift(act: Act) -> None:
        row = act.conn.execute(service.select(TRANSACTION).where(TRANSACTION.c.id == id)).one()._mapping
        act.insert(TRANSACTION, {**row, "id": "TX-gift", "type": "gift"})

    house.behind(A, "registry.propose", gift)


def a_command_nobody_knows(house: House, _patch: Patch) -> None:
    house.behind(A, "market.gift", lambda _act: None)


def units_move_untagged(house: House, _patch: Patch) -> None:
    house.behind("registry-checker-1", "registry.approve", lambda act: moved(house, act, tag=0))


def units_move_under_an_unknown_tag(house: House, _patch: Patch) -> None:
    house.behind("registry-checker-1", "registry.approve", lambda act: moved(house, act, tag=999))


def a_renaming_moves_units(house: House, _patch: Patch) -> None:
    house.behind("registry-maker-1", "parties.rename", lambda act: moved(house, act, tag=0))


def a_renaming_moves_a_plant_to_another_city(house: House, _patch: Patch) -> None:
    this = {"handle": house.market.plant_a}
    house.behind("registry-maker-1", "parties.rename", lambda act: act.update(SUBJECT, this, region="420200"))


def a_tagged_transfer_between_forbidden_kinds(house: House, _patch: Patch) -> None:
    house.behind(
        "registry-checker-1", "registry.approve", lambda act: moved(house, act, tag=TYPES["issuance"].number)
    )


def a_sink_gives(house: House, _patch: Patch) -> None:
    house.surrendered(1)
    sink = house.account("registry", AccountKind.SURRENDER).number
    cea = house.instrument("CEA22")

    def give(act: Act) -> None:
        act.record(records.set_flags(sink, AccountFlag.NONE))
        act.record(records.transfer(sink, house.account(house.market.plant_a).number, cea, 1, tag=8))

    house.behind("registry-checker-1", "registry.approve", give)


def a_registration_moves_a_plant_to_another_city(house: House, _patch: Patch) -> None:
    this = {"handle": house.market.plant_a}
    house.behind(
        "registry-maker-1", "parties.register", lambda act: act.update(SUBJECT, this, region="420300")
    )


def the_register_is_founded_again(house: House, _patch: Patch) -> None:
    house.behind(A, "parties.establish", lambda act: act.insert(PERSON, another(act, "registry-checker-8")))


def an_approval_of_nothing_opens_locked_data(house: House, _patch: Patch) -> None:
    with house.market.database.read() as conn:
        subject = service.need(service.parties.subject(conn, house.market.plant_b)).id
    this = {"subject_id": subject, "year": 2023}
    house.behind(A, "registry.approve", lambda act: act.delete(DATA_LOCK, this))


def a_clerk_nobody_appointed(house: House, patch: Patch) -> None:
    off(patch, party_service, "_by_clerk")
    market = house.market
    own = market.account(market.stranger, CASH)
    body = SetState(own, "restricted")
    market.accepted(party_service.set_state(market.ctx(A, reason="because"), body))


def a_neighbour_reports_emissions(house: House, patch: Patch) -> None:
    off(patch, mrv, "may")
    market = house.market
    entity = mrv.EntityEmissions(market.stranger, 5)
    market.accepted(mrv.import_emissions(market.ctx("hubei-maker-1"), mrv.ImportEmissions(2023, (entity,))))


def a_block_leaves_the_books_flags(house: House, patch: Patch) -> None:
    own = house.market.account(house.market.stranger)
    patch.setattr(blocking, "set_flags", lambda number, _flags: records.set_flags(number, AccountFlag.NONE))
    house.market.accepted(blocking.block(house.market.ctx(AUDITOR), Block(own, "AUD-6003")))
    patch.undo()
    let_go(house.market, own)


def an_account_nobody_registered(house: House, _patch: Patch) -> None:
    house.behind("registry-maker-1", "parties.open-account", Act.open_account)


def an_instrument_nobody_registered(house: House, _patch: Patch) -> None:
    house.behind("registry-maker-1", "registry.define-instrument", Act.define_instrument)


def one_person_ends_a_block(house: House, _patch: Patch) -> None:
    market = house.market
    own = house.account(market.stranger)
    market.accepted(blocking.block(market.ctx(AUDITOR), Block(own.code, "AUD-6003")))

    def end(act: Act) -> None:
        act.record(records.set_flags(own.number, AccountFlag.NONE))
        act.update(ACCOUNT, {"number": own.number}, state=AccountState.OPEN, finding=None)

    house.behind("registry-checker-1", "parties.unblock", end)


def the_end_of_a_block_is_asked_in_anothers_name(house: House, _patch: Patch) -> None:
    market = house.market
    own = house.account(market.stranger, TRADING)
    at = market.accepted(blocking.block(market.ctx(AUDITOR), Block(own.code, "AUD-6003"))).seq
    this = {"account": own.number, "seq": at}
    house.behind(
        "registry-checker-1",
        "parties.unblock",
        lambda act: act.update(ACCOUNT_BLOCK, this, asked_by="registry-maker-1", asked_seq=act.seq),
    )
    market.accepted(blocking.unblock(market.ctx("registry-checker-1"), Unblock(own.code)))


def a_colleague_nobody_confirmed(house: House, _patch: Patch) -> None:
    def name(act: Act) -> None:
        act.insert(PERSON, another(act, "registry-maker-7", named_by=act.actor))

    house.behind("registry-maker-1", "parties.appoint", name)


def a_colleague_named_in_anothers_name(house: House, _patch: Patch) -> None:
    def name(act: Act) -> None:
        act.insert(PERSON, another(act, "registry-maker-9", named_by="nobody", active=False))

    house.behind("registry-maker-1", "parties.appoint", name)
    house.market.accepted(
        party_service.confirm_person(
            house.market.ctx("registry-checker-1"), ConfirmPerson("registry-maker-9")
        )
    )


def another(act: Act, handle: str, **changes: object) -> dict[str, object]:
    """A row of somebody who may do what the registry's first maker may."""
    row = act.conn.execute(service.select(PERSON).where(PERSON.c.handle == "registry-maker-1")).one()
    return {**row._mapping, "handle": handle, "seq": act.seq, **changes}


def a_decision_is_confirmed_by_its_maker(house: House, _patch: Patch) -> None:
    with house.market.database.read() as conn:
        subject = service.need(service.parties.subject(conn, house.market.plant_b)).id
    this = {"subject_id": subject, "year": 2023, "stage": "final"}
    decided = {
        **this,
        "pack": "cn.power.2023",
        "quantity": 5,
        "obligation_t": 5,
        "issue_t": -5,
        "transaction_id": None,
        "explanation": "{}",
        "maker": "hubei-both-1",
        "in_force": False,
    }
    house.behind(
        "hubei-both-1", "compliance.allocate", lambda act: act.insert(ALLOCATION, decided | {"seq": act.seq})
    )
    house.behind(
        "hubei-both-1",
        "compliance.confirm-allocation",
        lambda act: act.update(ALLOCATION, this, in_force=True),
    )


def a_province_pays_with_what_nobody_withheld(house: House, patch: Patch) -> None:
    line = ("CEA24", 10, house.market.account("hubei", AccountKind.PROVINCIAL))
    unchecked(house, patch, "hubei-maker-1", "forced-surrender", line, 2024)


def a_debtor_helps_itself(house: House, patch: Patch) -> None:
    line = ("CEA22", 10, house.market.account(house.market.plant_a))
    unchecked(house, patch, A, "helping-surrender", line, 2023)


def a_carry_over_that_nobody_was_told_of(house: House, patch: Patch) -> None:
    line = ("CEA22", 10, house.market.account(house.market.plant_a))
    unchecked(house, patch, A, "carry-over", line, None)


def unchecked(
    house: House, patch: Patch, actor: str, kind: str, line: tuple[str, int, str], year: int | None
) -> None:
    """A proposal for plant-a that no room asked about."""
    for hook in ("before", "check", "proposed"):
        off(patch, rooms, hook)
    papers = [{"title": "t", "sha256": "ab" * 32}]
    facts = {"subject": house.market.plant_a, "year": year, "details": {"documents": papers}}
    house.market.accepted(house.market.propose(actor, kind, line, **facts))


def the_law_cannot_be_read(house: House, patch: Patch) -> None:
    off(patch, steps, "law", PACK_UNKNOWN(name="cn.registry"))
    to_trading(house)


# -- claims ------------------------------------------------------------------------------------------------


def a_claim_says_more_than_it_holds(house: House, _patch: Patch) -> None:
    id = house.pending(16)

    def more(act: Act) -> None:
        step(act, id, 1)
        act.update(CLAIM, {"transaction_id": id}, held=17)

    house.behind("plant-a-checker-1", "registry.approve", more)


def a_claim_that_ended_still_holds(house: House, patch: Patch) -> None:
    """Its hold is left standing in the book: nobody can ever use those units again."""
    patch.setattr(queue, "_give_back", lambda *_: None)
    id = house.pending(16)
    house.drop(id)


def units_are_held_for_nobody(house: House, _patch: Patch) -> None:
    id, own = house.pending(16), house.account(house.market.plant_a).number

    def hide(act: Act) -> None:
        step(act, id, 1)
        act.record(records.hold(own, house.instrument("CEA22"), 7, tag=TYPES["judicial-freeze"].number))

    house.behind("plant-a-checker-1", "registry.approve", hide)


def a_claim_tells_of_a_hold_that_is_not_there(house: House, _patch: Patch) -> None:
    id = house.pending(16)

    def forge(act: Act) -> None:
        step(act, id, 1)
        (claim,) = claims.of_transaction(act.conn, id)
        (portion,) = claims.portions(act.conn, claim.id)
        act.update(CLAIM_HOLD, {"position": portion.position}, quantity=10)
        act.insert(CLAIM_HOLD, {"position": position(act.seq, 0), "claim_id": claim.id, "quantity": 6})

    house.behind("plant-a-checker-1", "registry.approve", forge)


def a_strangers_approval_shrinks_a_freeze(house: House, _patch: Patch) -> None:
    freeze = Court(house.market).freeze(house.market.plant_a, 500)
    id = house.pending(17)

    def shrink(act: Act) -> None:
        step(act, id, 1)
        (claim,) = claims.of_transaction(act.conn, freeze)
        queue.shrink(act, claim, 100)

    house.behind("plant-a-checker-1", "registry.approve", shrink)


def a_freeze_ends_when_its_release_is_asked_for(house: House, patch: Patch) -> None:
    court = Court(house.market)
    freeze = court.freeze(house.market.plant_a, 500)
    patch.setattr(rooms, "proposed", orders.release)
    house.market.accepted(court.order("judicial-release", original=freeze))


def a_freeze_gets_a_later_day_from_a_clerk(house: House, _patch: Patch) -> None:
    freeze = Court(house.market).freeze(house.market.plant_a, 500)
    this = {"transaction_id": freeze}
    later = house.today + timedelta(days=4_000)
    house.behind("registry-maker-1", "registry.expire", lambda act: act.update(CLAIM, this, expires_on=later))


def a_freeze_is_for_less_than_the_court_ordered(house: House, patch: Patch) -> None:
    real = queue.enter
    patch.setattr(
        queue, "enter", lambda act, wanted, rules=None: real(act, replace(wanted, quantity=1), rules)
    )
    Court(house.market).freeze(house.market.plant_a, 500)


def more_is_released_than_the_court_said(house: House, patch: Patch) -> None:
    court, own = Court(house.market), house.market.account(house.market.plant_a)
    freeze = court.freeze(house.market.plant_a, 500)
    real = queue.shrink
    patch.setattr(queue, "shrink", lambda act, claim, _quantity: real(act, claim, claim.ordered))
    court.done("judicial-release", ("CEA22", 100, own), original=freeze)


def a_deduction_leaves_the_freeze_as_it_was(house: House, patch: Patch) -> None:
    """The units go, and as many of those that are left are frozen again."""
    court, market = Court(house.market), house.market
    a, b = market.account(market.plant_a), market.account(market.plant_b)
    freeze = court.freeze(market.plant_a, 500)
    real = orders.delivery

    def again(act: Act, proposed: Proposed):
        (before,) = claims.of_transaction(act.conn, freeze)
        movements = real(act, proposed)
        act.update(CLAIM, {"id": before.id}, ordered=before.ordered, reach=before.reach)
        return movements

    patch.setattr(orders, "delivery", again)
    court.done("judicial-deduction", ("CEA22", 100, a, b), original=freeze)


def a_renewal_lasts_longer_than_the_court_said(house: House, patch: Patch) -> None:
    court, day = Court(house.market), house.today
    freeze = court.freeze(house.market.plant_a, 500, until=(day + timedelta(days=10)).isoformat())
    off(patch, orders, "_until", day + timedelta(days=9_000))
    until = (day + timedelta(days=20)).isoformat()
    court.done("judicial-renewal", original=freeze, until=until)


def a_later_freeze_takes_what_arrives(house: House, patch: Patch) -> None:
    market = house.market
    for name in ("甲法院", "乙法院"):
        Court(market, name).freeze(market.plant_a, 10**6, follows=True)
    real = claims.of_cell
    patch.setattr(claims, "of_cell", lambda *asked: real(*asked)[-1:])
    market.give(market.plant_a, 10)


def a_later_freeze_moves_up_before_an_earlier_one(house: House, patch: Patch) -> None:
    """Neither follows what arrives: both wait for what the first gives back."""
    market = house.market
    first, second, third = (Court(market, name) for name in ("甲法院", "乙法院", "丙法院"))
    freeze = first.freeze(market.plant_a, 10**6)
    second.freeze(market.plant_a, 20)
    third.freeze(market.plant_a, 10**6)
    real = claims.of_cell
    patch.setattr(claims, "of_cell", lambda *asked: real(*asked)[-1:])
    first.done("judicial-release", original=freeze)


def what_arrives_is_kept_from_a_court(house: House, patch: Patch) -> None:
    market = house.market
    Court(market).freeze(market.plant_a, 10**6, follows=True)
    off(patch, queue, "arrived")
    market.give(market.plant_a, 10)


def a_new_freeze_takes_what_an_earlier_one_waits_for(house: House, patch: Patch) -> None:
    what_arrives_is_kept_from_a_court(house, patch)
    Court(house.market, "乙法院").freeze(house.market.plant_a, 10)


def a_pledge_gives_way_where_who_comes_first_is_first(
    house: House, patch: Patch, folder: Path, *order: str
) -> None:
    policies.decide(folder, patch, *order)
    market = house.market
    pledge(market, market.plant_a, 50_000, "P-1")
    patch.setattr(queue, "yielding", lambda standing, *_: [one for one in standing if one.held])
    Court(market).freeze(market.plant_a, 100_000)


def moved(house: House, act: Act, *, tag: int) -> None:
    giver, taker = house.account(house.market.plant_a).number, house.account(house.market.plant_b).number
    act.record(records.transfer(giver, taker, house.instrument("CEA22"), 1, tag=tag))


# -- what is found -----------------------------------------------------------------------------------------

Fault = Callable[[House, Patch], None]
FAULTS: dict[Fault, str] = {
    a_command_nobody_knows: "5001",
    units_move_untagged: "5002 5006",
    units_move_under_an_unknown_tag: "5003 5006",
    a_renaming_moves_units: "5002 5004",
    a_renaming_moves_a_plant_to_another_city: "5005 5008",
    a_registration_moves_a_plant_to_another_city: "5008",
    the_register_is_founded_again: "5001",
    an_approval_of_nothing_opens_locked_data: "5005 5006",
    a_clerk_nobody_appointed: "5006",
    a_neighbour_reports_emissions: "5006",
    the_law_cannot_be_read: "5007",
    an_account_of_another_kind_gives: "5101",
    an_account_of_another_kind_receives: "5102",
    money_is_issued: "5103",
    units_pass_to_a_stranger: "5104",
    a_type_that_does_not_exist_here: "5105 5210",
    a_restricted_account_moves: "5106",
    a_blocked_account_captures: "5106",
    a_sink_gives: "5006 5101 5102 5107 5201 5303",
    an_authority_gives_outside_its_region: "5108",
    a_transaction_is_written_down_for_another: "5109",
    a_tagged_transfer_between_forbidden_kinds: "5006 5101 5102 5201",
    less_is_moved_than_was_approved: "5201 5202",
    units_go_to_somebody_else: "5104 5201 5202",
    nothing_is_held: "5203",
    the_hold_of_another_transaction_is_used: "5201 5202 5204 5403 5406",
    effect_comes_before_the_chain_ends: "5205",
    one_person_takes_two_steps: "5206",
    a_stranger_takes_a_step: "5207",
    a_step_is_taken_in_anothers_name: "5208",
    a_step_is_left_out: "5209",
    a_chain_is_cut_to_one_step: "5210",
    a_neighbour_rejects: "5207",
    an_expired_proposal_goes_on: "5211",
    a_proposal_expires_before_its_day: "5211",
    a_trade_has_one_leg: "5212",
    records_are_not_linked: "5213",
    a_line_is_written_over: "5005 5214",
    an_ended_transaction_is_opened_again: "5006 5214",
    a_trade_states_another_price: "5215",
    an_allocation_nobody_decided: "5216",
    an_offset_beyond_its_certificates: "5217",
    a_later_vintage_is_surrendered: "5218",
    a_transaction_of_no_type: "5219",
    a_province_pays_with_what_nobody_withheld: "5220",
    a_debtor_helps_itself: "5221",
    a_carry_over_that_nobody_was_told_of: "5222",
    an_account_nobody_registered: "5301",
    an_instrument_nobody_registered: "5302",
    a_block_leaves_the_books_flags: "5303",
    one_person_ends_a_block: "5304",
    the_end_of_a_block_is_asked_in_anothers_name: "5304",
    a_colleague_nobody_confirmed: "5305",
    a_colleague_named_in_anothers_name: "5305",
    a_decision_is_confirmed_by_its_maker: "5306",
    a_claim_says_more_than_it_holds: "5401",
    a_claim_that_ended_still_holds: "5401",
    units_are_held_for_nobody: "5402",
    a_claim_tells_of_a_hold_that_is_not_there: "5402",
    a_strangers_approval_shrinks_a_freeze: "5403",
    a_freeze_ends_when_its_release_is_asked_for: "5403",
    a_freeze_gets_a_later_day_from_a_clerk: "5403",
    a_later_freeze_takes_what_arrives: "5404",
    a_later_freeze_moves_up_before_an_earlier_one: "5404",
    a_freeze_is_for_less_than_the_court_ordered: "5406",
    more_is_released_than_the_court_said: "5406",
    a_deduction_leaves_the_freeze_as_it_was: "5405 5406",
    a_renewal_lasts_longer_than_the_court_said: "5406",
    what_arrives_is_kept_from_a_court: "5407",
    a_new_freeze_takes_what_an_earlier_one_waits_for: "5404 5407",
}


def test_a_house_that_keeps_the_rules_is_not_accused(house: House):
    assert [str(finding) for finding in house.judged] == []
    assert house.judge.business.transactions == 9


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_broken_rule_is_found_by_its_number(house: House, monkeypatch: Patch, fault: Fault):
    fault(house, monkeypatch)
    found = house.news()
    assert {finding.what.code for finding in found} == {f"AUD-{number}" for number in FAULTS[fault].split()}
    for finding in found:
        assert finding.sentence("zh") and finding.sentence("en")
        assert finding.seq is not None and finding.seq <= house.judge.tail.seq


@pytest.mark.parametrize("order", [(), ("pledge", "duty", "court")], ids=["first come", "pledges first"])
def test_a_pledge_that_gives_way_against_the_policy_is_found(
    house: House, monkeypatch: Patch, tmp_path: Path, order: tuple[str, ...]
):
    a_pledge_gives_way_where_who_comes_first_is_first(house, monkeypatch, tmp_path, *order)
    assert {finding.what.code for finding in house.news()} == {"AUD-5404", "AUD-5405"}


def test_every_business_check_has_a_fault_that_it_finds():
    numbers = {kind.code for kind in vars(checks).values() if isinstance(kind, RefusalKind)}
    found = {f"AUD-{number}" for found in FAULTS.values() for number in found.split()}
    assert numbers == found | {"AUD-5405"} | BY_TWO


def test_every_verb_of_the_rooms_is_in_the_table():
    """A verb without a row would make every entry it writes a finding."""
    import re
    from pathlib import Path

    import tanshu

    written = re.compile(r'verb\("([a-z.-]+)"\)')
    source = Path(tanshu.__file__).parent
    named = {name for path in source.rglob("*.py") for name in written.findall(path.read_text())}
    assert named | {"genesis", "era"} == set(VERBS)
