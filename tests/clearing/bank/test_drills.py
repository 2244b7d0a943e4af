"""What can go wrong between the house and its banks, on both databases, against a bank that is a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tanshu.base.refusal import Refusal, need
from tanshu.clearing.bank import deposits, queries, service
from tanshu.clearing.bank.gateway import Done, Unknown
from tanshu.clearing.bank.http import HttpBank
from tanshu.clearing.bank.model import InstructionState
from tanshu.clearing.bank.process import bank_process
from tanshu.parties.model import AccountKind
from tanshu.registry.service import propose
from tests.clearing.bank.support import DAY, NEXT, REVIEWER, Banked

DONE, UNKNOWN, REFUSED = InstructionState.DONE, InstructionState.UNKNOWN, InstructionState.REFUSED


def test_a_perfect_day_has_no_difference_and_nothing_in_transit(banked: Banked):
    banked.funded()
    id = banked.withdraw(30_000)
    assert banked.row(id).state == InstructionState.MADE
    assert banked.send().open == 0
    assert (banked.row(id).state, banked.row(id).done_on) == (DONE, DAY)
    banked.settles(20_000, banked.code_a, banked.code_b)
    banked.send()
    assert banked.reconciled() == []
    assert banked.statement().closing == 120_000
    assert banked.statement().subs == {banked.code_a: 50_000, banked.code_b: 70_000}


def test_before_the_bank_is_told_its_balances_are_expected_as_they_still_are(banked: Banked):
    banked.funded()
    banked.withdraw(30_000)
    banked.settles(20_000, banked.code_a, banked.code_b)
    assert banked.reconciled() == []


def test_two_banks_settle_their_positions(banked: Banked):
    banked.second_bank()
    banked.funded(bank_b="bank-2")
    answer = banked.market.accepted(banked.settles(20_000, banked.code_a, banked.code_b))
    assert answer["positions"] == 1
    assert (banked.kinds("bank"), banked.kinds("bank-2")) == ([], [])
    banked.send()
    assert (banked.reconciled("bank"), banked.reconciled("bank-2")) == ([], [])
    assert (banked.statement("bank").closing, banked.statement("bank-2").closing) == (80_000, 70_000)


# -- answers -----------------------------------------------------------------------------------------------


def test_an_answer_that_is_lost_is_asked_for_and_nothing_is_paid_twice(banked: Banked):
    banked.funded()
    id = banked.withdraw(30_000)
    banked.simulator.fail("lose-answer")
    assert banked.send().count(UNKNOWN) == 1
    assert banked.row(id).state == UNKNOWN
    assert banked.reconciled() == []  # the statement shows it: done, though nobody has said so yet
    assert banked.send().count(DONE) == 1
    assert (banked.row(id).attempts, banked.statement().closing) == (2, 120_000)


def test_a_request_that_is_lost_is_sent_again(banked: Banked):
    banked.funded()
    banked.withdraw(30_000)
    banked.simulator.fail("lose-request")
    assert banked.send(rounds=2).open == 0
    assert (banked.kinds(), banked.statement().closing) == ([], 120_000)


def test_a_late_answer_is_unknown_and_then_known(banked: Banked):
    banked.funded()
    id = banked.withdraw(30_000)
    banked.simulator.fail("queue")
    assert banked.send().count(UNKNOWN) == 1
    assert banked.kinds() == []
    banked.send(on=NEXT)
    assert banked.row(id).done_on == NEXT
    assert (banked.kinds(day=DAY), banked.kinds(day=NEXT)) == ([], [])


def test_a_bank_that_takes_too_long_is_unknown(banked: Banked):
    banked.simulator.fail("delay", value=300)
    slow = HttpBank(banked.simulator.address, "bank", timeout_s=0.05)
    assert isinstance(slow.notices(0), Unknown)


def test_a_bank_that_is_away_is_left_alone_after_three_tries(banked: Banked):
    banked.funded()
    for _ in range(5):
        banked.withdraw(10)
    banked.simulator.fail("lose-request", times=99)
    sent = banked.send()
    assert (sent.count(UNKNOWN), sent.open) == (3, 5)


def test_a_round_that_was_not_recorded_is_the_same_round_again(banked: Banked):
    """Killed between the bank and the log: what is recorded later is what would have been."""
    banked.funded()
    id = banked.withdraw(30_000)
    bank = banked.simulator.bank("bank")
    with banked.market.database.read() as conn:
        (sent,) = queries.as_sent(conn, queries.in_transit(conn, DAY))
    before = bank.submit(sent, DAY)
    assert isinstance(before, Done)
    banked.send()
    assert (banked.row(id).bank_reference, banked.row(id).attempts) == (before.reference, 1)
    assert banked.send().answers == ()


def test_an_instruction_that_the_bank_refuses_is_given_back(banked: Banked):
    banked.funded()
    id = banked.withdraw(30_000)
    banked.simulator.fail("refuse")
    assert banked.send().count(REFUSED) == 1
    assert banked.reconciled() == []
    with banked.market.database.read() as conn:
        back = service.return_of(conn, id)
    outcome = banked.market.accepted(propose(banked.market.ctx("bank-maker-1"), need(back)))
    assert banked.cash(banked.market.plant_a) == 70_000
    banked.market.accepted(banked.market.approve(REVIEWER, outcome["id"]))
    assert banked.cash(banked.market.plant_a) == 100_000
    assert banked.row(id).state == InstructionState.RETURNED
    assert banked.reconciled() == []


def test_nothing_is_given_back_twice_CLR_3106(banked: Banked):
    banked.funded()
    id = banked.withdraw(30_000)
    with banked.market.database.read() as conn:
        early = service.return_of(conn, id)
    assert isinstance(early, Refusal) and early.code == "CLR-3106"
    banked.simulator.fail("refuse")
    banked.send()
    there = banked.market.account("bank", AccountKind.BANK)
    line = ("CNY", 30_000, there, banked.code_a)
    more = {"details": {"instruction": id}}
    first = banked.market.accepted(banked.market.propose("bank-maker-1", "cash-deposit", line, **more))
    second = banked.market.accepted(banked.market.propose("bank-maker-1", "cash-deposit", line, **more))
    banked.market.accepted(banked.market.approve(REVIEWER, first["id"]))
    banked.market.refuses("CLR-3106", lambda: banked.market.approve(REVIEWER, second["id"]))
    line = ("CNY", 30_001, there, banked.code_a)
    other = banked.withdraw(10_000)
    banked.simulator.fail("refuse")
    banked.send()
    more = {"details": {"instruction": other}}
    ask = banked.market.propose
    banked.market.refuses("CLR-3107", lambda: ask("bank-maker-1", "cash-deposit", line, **more))
    more = {"details": {"instruction": "BI-none"}}
    banked.market.refuses("CLR-3101", lambda: ask("bank-maker-1", "cash-deposit", line, **more))


# -- notices -----------------------------------------------------------------------------------------------


def test_a_notice_that_comes_twice_is_booked_once(banked: Banked):
    banked.pays_in(banked.code_a, "甲电厂", 100_000)
    banked.simulator.fail("notice-twice")
    assert len(banked.take().proposed) == 1
    banked.take()
    assert banked.cash(banked.market.plant_a) == 100_000
    assert banked.kinds() == []


def test_a_reference_with_another_amount_is_booked_as_it_came_first(banked: Banked):
    banked.pays_in(banked.code_a, "甲电厂", 100_000)
    banked.take()
    notices = banked.simulator.bank("bank").notices(0)
    assert isinstance(notices, list)
    with banked.market.database.read() as conn:
        taken = deposits.take_notices(
            conn, banked.context, banked.subject("bank"), "bank-maker-1", [replace(notices[0], amount=99)]
        )
    ((_, refused),) = taken.refused
    assert refused.code == "LOG-1001"
    assert banked.cash(banked.market.plant_a) == 100_000


@pytest.mark.parametrize(("code", "name"), [("CN-C-009999-00", "甲电厂"), ("", "甲电力公司")])
def test_a_deposit_for_nobody_is_not_booked_and_is_a_difference(banked: Banked, code: str, name: str):
    banked.pays_in(code or banked.code_a, name, 5_000)
    taken = banked.take()
    assert (len(taken.proposed), len(taken.unmatched)) == (0, 1)
    assert banked.kinds() == ["unmatched"]


def test_a_deposit_that_waits_for_approval_is_in_transit(banked: Banked):
    banked.pays_in(banked.code_a, "甲电厂", 100_000)
    banked.take(approve=False)
    assert banked.kinds() == []
    assert banked.kinds(day=NEXT) == []
    banked.take()
    assert (banked.kinds(), banked.kinds(day=NEXT)) == ([], [])


def test_interest_is_booked_as_such(banked: Banked):
    banked.pays_in(banked.code_a, "甲电厂", 321, kind="interest")
    banked.take()
    assert banked.cash(banked.market.plant_a) == 321
    assert banked.kinds() == []


# -- what the bank does wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "value", "kind"),
    [
        ("wrong-amount", 7, "amount"),
        ("execute-twice", 0, "twice"),
        ("wrong-line", 100, "amount"),
        ("missing-line", 0, "missing_at_bank"),
        ("double-line", 0, "twice"),
        ("turned-line", 0, "wrong_direction"),
        ("short-balance", 1, "balance"),
        ("wrong-sub-ledger", 1, "sub_ledger"),
    ],
)
def test_each_fault_of_a_bank_is_just_its_difference(banked: Banked, fault: str, value: int, kind: str):
    banked.funded()
    banked.withdraw(30_000)
    banked.simulator.fail(fault, value=value)
    banked.send()
    assert banked.kinds() == [kind]


def test_a_statement_that_was_wrong_is_replaced_by_a_right_one(banked: Banked):
    banked.funded()
    banked.simulator.fail("short-balance", value=100)
    assert banked.kinds() == ["balance"]
    assert banked.kinds() == []


def test_on_a_holiday_instructions_wait_for_the_next_bank_day(banked: Banked):
    banked.funded()
    banked.withdraw(30_000)
    sent = banked.send(on=date(2024, 1, 6))  # a Saturday
    assert (sent.next_day, sent.open, sent.answers) == (date(2024, 1, 8), 1, ())
    assert banked.send(on=date(2024, 1, 8)).open == 0


def test_a_bank_that_is_closed_by_itself_does_it_on_its_next_day(banked: Banked):
    banked.funded()
    banked.withdraw(30_000)
    banked.simulator.close_on(DAY)
    assert banked.send().count(UNKNOWN) == 1
    assert banked.send(on=NEXT).count(DONE) == 1
    assert (banked.kinds(day=DAY), banked.kinds(day=NEXT)) == ([], [])


# -- the process -------------------------------------------------------------------------------------------


def test_a_bank_that_was_killed_is_the_same_bank_again(tmp_path: Path):
    port = tmp_path / "port"
    command = [sys.executable, "-m", "tanshu.clearing.bank.simulator", "--db", str(tmp_path / "b.db")]
    running = subprocess.Popen([*command, "--port-file", str(port)])
    try:
        while not port.exists():
            assert running.poll() is None
        bank = HttpBank(f"http://127.0.0.1:{port.read_text()}", "bank")
        assert bank.notices(0) == []
    finally:
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    assert isinstance(bank.notices(0), Unknown)
    with bank_process(tmp_path / "b.db") as again:
        reference = again.deposit("bank", "C-1", "甲", 5, DAY)
    with bank_process(tmp_path / "b.db") as again:
        assert again.deposit("bank", "C-1", "甲", 5, DAY, reference=reference) == reference
        statement = again.bank("bank").statement(DAY)
        assert not isinstance(statement, Unknown) and statement.closing == 5


def test_what_a_bank_says_that_makes_no_sense_is_unknown(banked: Banked):
    astray = HttpBank(f"{banked.simulator.address}/nowhere", "bank")
    assert isinstance(astray.notices(0), Unknown)
    assert isinstance(HttpBank("http://127.0.0.1:1", "bank").statement(DAY), Unknown)
