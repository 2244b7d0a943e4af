"""Binding, answers and statements as commands of the register: what they refuse, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tanshu.base.refusal import Refusal, Refused, need
from tanshu.book.commit import Book
from tanshu.clearing.bank import checks, deposits, queries, sending, service, statement_files
from tanshu.clearing.bank.gateway import (
    Done,
    Instruction,
    LineKind,
    NeverHeard,
    Notice,
    Statement,
    StatementLine,
    Unknown,
)
from tanshu.clearing.bank.model import Answered, Answers, Bind, ImportStatement
from tanshu.clearing.bank.process import bank_process
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, Register, SubjectKind
from tanshu.parties.service import register
from tests.clearing.bank.support import CLERK, DAY, REVIEWER, Banked
from tests.support.market import Market

STATEMENT = Statement(
    "bank",
    DAY,
    0,
    700,
    (
        StatementLine(1, LineKind.DEPOSIT, "R1", "", "C-1", "甲,公司", 1_000, 1_000),
        StatementLine(2, LineKind.PAYOUT, "R2", "BI-1", "C-1", "甲,公司", -300, 700),
    ),
    {"C-1": 700},
)


# -- binding -----------------------------------------------------------------------------------------------


def bind(market: Market, subject: str, bank: str = "bank", name: str = "甲电厂", who: str = CLERK):
    return service.bind(market.ctx(who), Bind(subject, bank, name))


def second_bank(market: Market, handle: str = "bank-2") -> None:
    body = Register(SubjectKind.BANK, f"{handle}银行", handle, accounts=("bank",))
    market.accepted(register(market.ctx(CLERK), body))


def bank_of(market: Market, handle: str) -> str:
    with market.database.read() as conn:
        found = queries.bank_of(conn, need(parties.subject(conn, handle)).id)
        return found.code if isinstance(found, Refusal) else found.handle


def test_the_only_bank_keeps_everybodys_money_and_of_several_one_is_bound(market: Market):
    assert bank_of(market, market.plant_a) == "bank"
    second_bank(market)
    assert bank_of(market, market.plant_a) == "CLR-3001"
    market.accepted(bind(market, market.plant_a, "bank-2"))
    assert bank_of(market, market.plant_a) == "bank-2"
    market.accepted(bind(market, market.plant_a, "bank"))
    assert bank_of(market, market.plant_a) == "bank"


def test_what_binding_refuses(market: Market):
    second_bank(market)
    market.refuses("CLR-3004", lambda: bind(market, market.plant_a, name="甲电力公司"))
    market.refuses("CLR-3003", lambda: bind(market, market.plant_a, bank=market.plant_b))
    market.refuses("CLR-3008", lambda: bind(market, "ministry", name="国家主管部门"))
    market.refuses("PAR-3002", lambda: bind(market, market.plant_a, who="exchange-maker-1"))
    market.accepted(bind(market, market.plant_a))
    market.refuses("CLR-3005", lambda: bind(market, market.plant_a))


def test_without_a_bank_nobody_has_one_CLR_3002(market: Market):
    with market.database.read() as conn, patch.object(queries, "banks", lambda _: []):
        found = queries.bank_of(conn, "S-none")
    assert isinstance(found, Refusal) and found.code == "CLR-3002"


def test_money_does_not_move_by_a_binding_CLR_3006(banked: Banked):
    market = banked.market
    banked.funded()
    market.accepted(bind(market, market.plant_a))
    second_bank(market)
    market.refuses("CLR-3006", lambda: bind(market, market.plant_a, "bank-2"))
    banked.withdraw(100_000)
    market.refuses("CLR-3006", lambda: bind(market, market.plant_a, "bank-2"))  # on its way
    banked.send()
    market.accepted(bind(market, market.plant_a, "bank-2"))


def test_money_that_is_nowhere_said_to_be_is_bound_where_it_came_in(banked: Banked):
    market = banked.market
    banked.funded()
    second_bank(market)
    market.refuses("CLR-3006", lambda: bind(market, market.plant_a, "bank-2"))
    market.accepted(bind(market, market.plant_a, "bank"))


def test_money_comes_and_goes_by_the_bank_that_keeps_it_CLR_3007(banked: Banked):
    market = banked.market
    banked.second_bank()
    other = market.account("bank-2", AccountKind.BANK)
    line = ("CNY", 5, other, banked.code_a)
    market.refuses("CLR-3007", lambda: market.propose("bank-2-maker-1", "cash-deposit", line))


# -- answers -----------------------------------------------------------------------------------------------


def record(banked: Banked, *answers: Answered, who: str = CLERK):
    return service.answered(banked.market.ctx(who), Answers(answers))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answered("BI-none", "unknown"), "CLR-3101"),
        (Answered("", "lost"), "CLR-3102"),
        (Answered("", "done", "R1"), "CLR-3103"),
        (Answered("", "done", on=DAY), "CLR-3103"),
    ],
)
def test_what_an_answer_lacks_is_refused(banked: Banked, answer: Answered, code: str):
    banked.funded()
    answer = replace(answer, instruction=answer.instruction or banked.withdraw(10))
    banked.market.refuses(code, lambda: record(banked, answer))


def test_an_answer_is_not_written_over_CLR_3104(banked: Banked):
    banked.funded()
    id = banked.withdraw(10)
    done = Answered(id, "done", "R1", DAY)
    banked.market.accepted(record(banked, done))
    banked.market.accepted(record(banked, done, Answered(id, "unknown")))
    assert (banked.row(id).attempts, banked.row(id).state) == (1, "done")
    banked.market.refuses("CLR-3104", lambda: record(banked, replace(done, reference="R2")))
    banked.market.refuses("CLR-3104", lambda: record(banked, Answered(id, "refused", why="late")))


def test_answers_are_the_clerks_and_some(banked: Banked):
    banked.market.refuses("CLR-3105", lambda: record(banked))
    banked.market.refuses("PAR-3003", lambda: record(banked, Answered("BI", "unknown"), who=REVIEWER))


def test_nothing_is_sent_to_a_bank_without_an_address_CLR_3301(banked: Banked):
    banked.funded()
    banked.withdraw(10)
    context = partial(banked.context, CLERK)
    found = sending.send_all(banked.market.database, context, {}, DAY)
    assert isinstance(found, Refusal) and found.code == "CLR-3301"


def test_days_beyond_the_calendar_are_refused_with_RULE_3001(banked: Banked):
    banked.funded()
    banked.withdraw(10)
    found = banked.sent(DAY, on=date(2050, 1, 3))
    assert isinstance(found, Refusal) and found.code == "RULE-3001"


class Scripted:
    """A bank that answers as it is told to, once each."""

    def __init__(self, *answers: Any):
        self.answers: list[Any] = list(answers)
        self.heard: list[tuple[str, str]] = []

    def submit(self, instruction: Instruction, on: date):  # noqa: ARG002
        self.heard.append(("submit", instruction.id))
        return self.answers.pop(0)

    def ask(self, id: str, on: date):  # noqa: ARG002
        self.heard.append(("ask", id))
        return self.answers.pop(0)

    def notices(self, after: int) -> list[Notice] | Unknown:  # noqa: ARG002
        return []

    def statement(self, day: date) -> Statement | Unknown:  # noqa: ARG002
        return Unknown()


def test_what_is_unknown_is_asked_for_before_it_is_sent_again(banked: Banked):
    banked.funded()
    id = banked.withdraw(10)
    bank = Scripted(Unknown("lost"), NeverHeard(), Done("R9", DAY))
    context = partial(banked.context, CLERK)
    sent = sending.send_all(banked.market.database, context, {"bank": bank}, DAY, rounds=3)
    assert not isinstance(sent, Refusal) and sent.open == 0
    assert bank.heard == [("submit", id), ("ask", id), ("submit", id)]


# -- statements --------------------------------------------------------------------------------------------


def keep(market: Market, statement: Statement = STATEMENT):
    return service.import_statement(market.ctx(CLERK), ImportStatement(statement))


def test_the_newest_statement_of_a_day_counts_and_the_same_is_refused_with_CLR_3203(market: Market):
    assert market.accepted(keep(market))["round"] == 1
    market.refuses("CLR-3203", lambda: keep(market))
    second = replace(STATEMENT, closing=701)
    assert market.accepted(keep(market, second))["round"] == 2
    with market.database.read() as conn:
        bank = need(queries.bank_named(conn, "bank"))
        assert queries.newest_statement(conn, bank, DAY) == second
        assert queries.closing_before(conn, bank.id, date(2024, 1, 3)) == 701
        missing = queries.newest_statement(conn, bank, date(2024, 1, 3))
    assert isinstance(missing, Refusal) and missing.code == "CLR-3204"


def test_a_file_is_read_as_it_was_written(tmp_path: Path):
    path = tmp_path / "statement.csv"
    path.write_text(statement_files.written(STATEMENT), encoding="utf-8")
    assert statement_files.read_statement(path, "bank", DAY) == STATEMENT


HEAD = "row,kind,reference,request,account,name,amount,balance\n"
OPENING, CLOSING = "opening,,,,,,,0\n", "closing,,,,,,,7.00\n"


@pytest.mark.parametrize(
    ("rows", "code", "line"),
    [
        (OPENING + "line,deposit,R1,,C-1,甲,1.234,1\n" + CLOSING, "CLR-3201", 3),
        (OPENING + "line,gift,R1,,C-1,甲,1.23,1\n" + CLOSING, "CLR-3201", 3),
        (OPENING + "line,deposit,,,C-1,甲,1.23,1\n" + CLOSING, "CLR-3201", 3),
        (OPENING + "sub,,,,C-1,,,1\nsub,,,,C-1,,,1\n" + CLOSING, "CLR-3201", 4),
        (OPENING + "sum,,,,C-1,,,1\n" + CLOSING, "CLR-3201", 3),
        (OPENING + "line,deposit,R1,,C-1,甲,1e3,1\n" + CLOSING, "CLR-3201", 3),
        (OPENING, "CLR-3202", None),
        (OPENING + OPENING + CLOSING, "CLR-3202", None),
        ("", "CLR-3202", None),
    ],
)
def test_a_file_that_is_no_statement_is_refused_by_its_line(
    tmp_path: Path, rows: str, code: str, line: int | None
):
    path = tmp_path / "statement.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        statement_files.read_statement(path, "bank", DAY)
    assert refused.value.refusal.code == code
    assert refused.value.refusal.facts.get("line") == line
    assert refused.value.refusal.sentence("zh") and refused.value.refusal.sentence("en")


def test_amounts_with_commas_and_signs(tmp_path: Path):
    path = tmp_path / "statement.csv"
    rows = 'line,payout,,BI-1,C-1,甲,"-1,234,567.8",-5\n'
    path.write_text(HEAD + OPENING + rows + CLOSING, encoding="utf-8")
    (line,) = statement_files.read_statement(path, "bank", DAY).lines
    assert (line.amount, line.balance) == (-123_456_780, -500)


def test_a_book_without_money_has_none_to_reconcile_CLR_3205(book: Book):
    with book.database.read() as conn:
        found = queries.money(conn)
    assert isinstance(found, Refusal) and found.kind is checks.NO_MONEY


def test_a_simulator_that_cannot_start_is_refused_with_CLR_3304(tmp_path: Path):
    with pytest.raises(Refused) as refused, bank_process(tmp_path):  # a folder is no file
        pass
    assert refused.value.refusal.code == "CLR-3304"


def test_the_register_says_no_to_a_notice_in_its_own_words(banked: Banked):
    banked.market.set_state(banked.code_a, "restricted")
    notice = Notice(1, "R1", LineKind.DEPOSIT, banked.code_a, "甲电厂", 5, DAY)
    with banked.market.database.read() as conn:
        bank = banked.subject("bank")
        taken = deposits.take_notices(conn, banked.context, bank, "bank-maker-1", [notice])
    ((_, refused),) = taken.refused
    assert refused.code == "PAR-2003" or refused.code.startswith("PAR-"), refused


def test_after_the_newest_notice_only_later_ones_are_fetched(banked: Banked):
    banked.funded()
    with banked.market.database.read() as conn:
        assert deposits.newest_taken(conn, banked.subject("bank")) == 2
    assert banked.simulator.bank("bank").notices(2) == []
