"""What a hostile reader tried on money and banks: a bank that lies, a midnight, words that are formulas."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, time, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from openpyxl import load_workbook

from tanshu.base.refusal import Refused, need
from tanshu.clearing import queries as days
from tanshu.clearing import reconciling, trace_start
from tanshu.clearing.bank import deposits, queries, sending, service, statement_files
from tanshu.clearing.bank.gateway import (
    Done,
    Instruction,
    LineKind,
    Notice,
    Statement,
    StatementLine,
    Unknown,
)
from tanshu.clearing.bank.http import HttpBank
from tanshu.clearing.bank.model import Bind, InstructionState
from tanshu.clearing.driving import run
from tanshu.clearing.model import DayState
from tanshu.clearing.objections import queries as objections
from tanshu.cli import day_run
from tanshu.parties.model import AccountKind, NewPerson, Register, SubjectKind
from tanshu.parties.service import register
from tanshu.registry.model import Propose, ProposedLine
from tanshu.registry.service import propose
from tanshu.shadow import mapping, reading
from tests.clearing.bank.conftest import banked
from tests.clearing.bank.support import CLERK, DAY, NEXT, REVIEWER, Banked
from tests.clearing.packs import NATIONAL
from tests.clearing.support import PEOPLE, House, desk
from tests.cli.conftest import in_process
from tests.exchange.bridge.support import figures
from tests.support.market import Market

__all__ = ["banked"]
ON = date(2024, 1, 2)


# -- a bank that answers anything --------------------------------------------------------------------------


@contextmanager
def answering(said: bytes, *, drip_s: float = 0.0) -> Iterator[str]:
    """A bank that gives the same answer to everything; its address."""
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            for n in range(len(said)) if drip_s else (0,):
                if stop.wait(drip_s):
                    return
                self.wfile.write(said[n : n + 1] if drip_s else said)
                self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        stop.set()
        server.shutdown()
        server.server_close()


def statement_said(**changes: Any) -> dict[str, Any]:
    line = {"n": 1, "kind": "deposit", "reference": "R1", "request": "", "account": "C", "name": "甲"}
    line |= {"amount": 5, "balance": 5}
    more = {name: changes.pop(name) for name in list(changes) if name in line}
    said = {"bank": "bank", "day": ON.isoformat(), "opening": 0, "closing": 5, "lines": [line | more]}
    return said | {"subs": {"C": 5}} | changes


@pytest.mark.parametrize(
    "said",
    [
        {"bank": "bank-2"},
        {"day": "2024-01-03"},
        {"kind": "bribe"},
        {"amount": 10**30},
        {"closing": 2**64},
        {"reference": "R\x00"},
        {"name": "\ud800"},
        {"name": "甲" * 10_000},
        {"reference": None},
        {"subs": {"C": True}},
    ],
    ids=lambda said: next(iter(said)),
)
def test_a_statement_that_cannot_be_kept_is_unknown(said: dict[str, Any]) -> None:
    with answering(json.dumps(statement_said()).encode()) as at:
        assert isinstance(HttpBank(at, "bank").statement(ON), Statement)
    with answering(json.dumps(statement_said(**said)).encode()) as at:
        assert isinstance(HttpBank(at, "bank").statement(ON), Unknown)


@pytest.mark.parametrize(
    "said",
    [
        b"[" * 200_000,
        b'{"state": "done", "reference": "", "on": "2024-01-02"}',
        b'{"state": "done", "reference": null, "on": "2024-01-02"}',
        b'{"state": "done", "reference": "R", "on": "tomorrow"}',
        b'{"state": "refused", "why": "\\u0000"}',
        b"\xff\xfe",
        b"",
    ],
)
def test_an_answer_that_makes_no_sense_is_unknown_and_stops_nobody_else(said: bytes) -> None:
    with answering(said) as at:
        assert isinstance(HttpBank(at, "bank").ask("BI-1", ON), Unknown)


def test_an_answer_that_never_ends_is_unknown() -> None:
    with answering(b" " * 1_000, drip_s=0.02) as at:
        assert isinstance(HttpBank(at, "bank", timeout_s=0.05).ask("BI-1", ON), Unknown)


class Saying:
    """A gateway that gives these statements, one after the other; it does what it is told at once."""

    def __init__(self, *statements: Statement):
        self.statements = list(statements)

    def submit(self, instruction: Instruction, on: date) -> Done:
        return Done(f"R-{instruction.id}", on)

    def ask(self, id: str, on: date) -> Done:
        return Done(f"R-{id}", on)

    def notices(self, after: int) -> list[Notice]:  # noqa: ARG002
        return []

    def statement(self, day: date) -> Statement | Unknown:  # noqa: ARG002
        return self.statements.pop(0) if self.statements else Unknown()


def test_done_on_a_day_to_come_is_not_done(banked: Banked) -> None:
    banked.funded()
    id = banked.withdraw(10_000)

    context = partial(banked.context, CLERK)
    bank = {"bank": Scripted(Done("R", date(2099, 1, 1)), Done("R", DAY))}
    need(sending.send_all(banked.market.database, context, bank, DAY))
    assert banked.row(id).state == InstructionState.UNKNOWN
    need(sending.send_all(banked.market.database, context, bank, DAY))
    assert (banked.row(id).state, banked.row(id).done_on) == (InstructionState.DONE, DAY)


class Scripted(Saying):
    """Answers one after the other."""

    def __init__(self, *answers: Done):
        super().__init__()
        self.answers = list(answers)

    def submit(self, instruction: Instruction, on: date) -> Done:
        return self.ask(instruction.id, on)

    def ask(self, id: str, on: date) -> Done:  # noqa: ARG002
        return self.answers.pop(0)


@pytest.mark.parametrize("kind", [LineKind.FEE, LineKind.PAYOUT])
def test_a_notice_of_something_that_never_came_in_is_nobodys(banked: Banked, kind: LineKind) -> None:
    notice = Notice(1, "R1", kind, banked.code_a, "甲电厂", 5, DAY)
    with banked.market.database.read() as conn:
        bank = banked.subject("bank")
        taken = deposits.take_notices(conn, banked.context, bank, "bank-maker-1", [notice])
    assert (taken.proposed, taken.unmatched) == ((), (notice,))


# -- deposits ----------------------------------------------------------------------------------------------


def deposit_by_hand(market: Market, code: str, **details: Any):
    line = ProposedLine("CNY", 5_000, market.account("bank", AccountKind.BANK), code)
    return propose(market.ctx("bank-maker-1"), Propose("cash-deposit", (line,), details=details))


@pytest.mark.parametrize(
    "details",
    [
        {"bank_day": "soon"},
        {"bank_day": 20240102},
        {"bank_day": "2099-01-01"},
        {"bank_notice": "many"},
        {"bank_notice": -1},
        {"bank_notice": True},
    ],
    ids=str,
)
def test_a_deposit_whose_bank_day_makes_no_sense_is_refused_with_CLR_3009(
    banked: Banked, details: dict[str, Any]
) -> None:
    banked.market.refuses("CLR-3009", lambda: deposit_by_hand(banked.market, banked.code_a, **details))
    assert banked.reconciled() == []


def test_money_told_of_in_the_evening_with_the_next_days_date_is_on_that_days_statement(
    banked: Banked,
) -> None:
    banked.pays_in(banked.code_a, "甲电厂", 7_000, day=NEXT)
    banked.take()  # booked while it is still the day before
    assert banked.reconciled(day=DAY) == []
    assert banked.reconciled(day=NEXT) == []
    assert banked.reconciled(day=NEXT + timedelta(1)) == []


def test_a_deposit_that_was_entered_by_hand_and_told_of_too_is_a_difference(banked: Banked) -> None:
    reference = banked.pays_in(banked.code_a, "甲电厂", 5_000)
    by_hand = {"bank_reference": reference, "bank_day": DAY.isoformat()}
    asked = banked.market.accepted(deposit_by_hand(banked.market, banked.code_a, **by_hand))["id"]
    banked.market.accepted(banked.market.approve(REVIEWER, asked))
    assert banked.reconciled() == []
    banked.take()
    assert banked.kinds() == ["missing_at_bank"], "one on the statement, two in the book"


def test_a_deposit_entered_by_hand_without_a_reference_is_the_banks_line(banked: Banked) -> None:
    for _ in range(2):
        asked = banked.market.accepted(deposit_by_hand(banked.market, banked.code_a))["id"]
        banked.market.accepted(banked.market.approve(REVIEWER, asked))
    banked.pays_in(banked.code_a, "甲电厂", 5_000)
    assert banked.kinds() == ["missing_at_bank"]
    banked.pays_in(banked.code_a, "甲电厂", 5_000)
    assert banked.reconciled() == []


def test_a_position_that_a_bank_refused_is_asked_for_again(banked: Banked) -> None:
    banked.second_bank()
    banked.funded(bank_b="bank-2")
    banked.market.accepted(banked.settles(20_000, banked.code_a, banked.code_b))
    banked.simulator.fail("refuse", bank="bank", times=2)  # the sub-ledgers' file, too
    banked.send()
    assert (banked.kinds("bank"), banked.kinds("bank-2")) == ([], [])
    assert banked.statement("bank").closing == 100_000
    answer = banked.market.accepted(banked.settles(1_000, banked.code_b, banked.code_a, NEXT))
    assert answer["positions"] == 2, "what was refused, and what is new"
    banked.send(NEXT)
    closings = [banked.statement(one, NEXT).closing for one in ("bank", "bank-2")]
    assert closings == [81_000, 69_000]
    assert (banked.kinds("bank", NEXT), banked.kinds("bank-2", NEXT)) == ([], [])


def test_nobody_changes_banks_while_a_deposit_waits_CLR_3006(banked: Banked) -> None:
    people = (NewPerson("bank-2-maker-1", ("maker",)),)
    body = Register(SubjectKind.BANK, "第二结算银行", "bank-2", accounts=("bank",), people=people)
    banked.market.accepted(register(banked.market.ctx(CLERK), body))
    banked.bind(banked.market.plant_a, "bank", "甲电厂")
    banked.pays_in(banked.code_a, "甲电厂", 7_000)
    banked.take(approve=False)
    market = banked.market
    bind = lambda: service.bind(market.ctx(CLERK), Bind(market.plant_a, "bank-2", "甲电厂"))  # noqa: E731
    market.refuses("CLR-3006", bind)


def test_a_reference_is_found_as_it_is_written_and_no_other(banked: Banked) -> None:
    banked.pays_in(banked.code_a, "甲电厂", 7_000, reference="Ab_1")
    banked.take()

    def found(reference: str) -> bool:
        with banked.market.database.read() as conn:
            start = trace_start.start(conn, banked.market.book.log, reference)
            return isinstance(start, trace_start.Start)

    assert [found(one) for one in ("Ab_1", "%", "Abx1", "ab_1", "A%")] == [True, *[False] * 4]


# -- the day's driver --------------------------------------------------------------------------------------


def test_a_statement_that_was_right_then_wrong_and_right_again_counts_as_it_came_last(house: House) -> None:
    t = house.trading
    t.sell(t.a, 1_000)
    t.buy(t.b, 1_000)
    house.after_the_close()
    assert run(house.book, ON, desk(), before="reconcile").state == DayState.EFFECTED
    house.bank_works()
    with house.database.read() as conn:
        bank = queries.banks(conn)[0]
        right = need(queries.newest_statement(conn, bank, ON))
    wrong = replace(right, closing=right.closing - 1)
    other = replace(right, closing=right.closing + 1)
    bank_says = Saying(wrong, other, wrong, other, right)
    for _ in range(4):
        assert run(house.book, ON, desk(bank=bank_says)).halt is not None
    driven = run(house.book, ON, desk(bank=bank_says))
    assert (driven.state, driven.halt) == (DayState.SEALED, None)


def test_a_bank_without_an_address_is_named_CLR_3301(house: House) -> None:
    house.after_the_close()
    people = replace(desk(bank=Saying()), bank_people={"bank-2": "somebody"})
    halt = run(house.book, ON, people).halt
    assert halt is not None and halt.refused is not None
    assert halt.refused.code == "CLR-3301"


def test_what_the_book_did_not_move_as_traded_has_its_words(house: House) -> None:
    t = house.trading
    t.sell(t.a, 1_000)
    t.buy(t.b, 1_000)
    house.after_the_close()
    house.takes("close", "collect", "clear", "confirm", "review", "approve", "deliver", "effect")
    with patch.object(reconciling, "_of_market", lambda *_: reconciling._summed()):
        assert house.takes("reconcile")["differences"] == 4
    with house.database.read() as conn:
        rows = days.breaks(conn, ON)
        assert [len(day_run._break(one)) for one in rows] == [5] * 4
    assert [house.trading.done(one)["differences"] for one in house.take("reconcile")] == [0]


def test_why_a_trade_failed_has_its_words() -> None:
    assert set(day_run.WHY) == {"stopped", "short", "depends"}


def test_one_objects_to_a_day_without_markets_until_the_next_opening(house: House) -> None:
    house.after_the_close()
    house.settles()
    t, quiet, after = house.trading, date(2024, 1, 3), date(2024, 1, 4)
    t.clock.set_day(quiet, time(16))
    house.bank_works(quiet)
    assert run(house.book, quiet, desk(on=quiet)).state == DayState.SEALED
    with house.database.read() as conn:
        assert objections.next_opening(conn, quiet) is None
    t.clock.set_day(after, time(9, 1))
    with figures():
        t.done(t.opens(after))
    with house.database.read() as conn:
        opened = objections.next_opening(conn, quiet)
        assert opened is not None and opened.day == after


def test_nobody_but_the_clerk_imports_a_statement_or_answers(house: House) -> None:
    statement = Statement("bank", ON, 0, 0)
    for person in (*(one for one in PEOPLE.values() if one != CLERK), "bank-maker-1", "plant-a-maker-1"):
        ctx = house.trading.ctx(person)
        outcome = service.import_statement(ctx, service.ImportStatement(statement))
        assert outcome.code.startswith("PAR-3"), person  # type: ignore[union-attr]


# -- files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "'=x"])
def test_a_banks_words_are_no_formulas_in_the_file_and_come_back_as_they_were(
    tmp_path: Path, word: str
) -> None:
    line = StatementLine(1, LineKind.DEPOSIT, word, word, word, word, -500, -500)
    statement = Statement("bank", ON, 0, -500, (line,), {word: -500})
    path = tmp_path / "statement.csv"
    path.write_text(statement_files.written(statement), encoding="utf-8")
    cells = [cell for row in path.read_text(encoding="utf-8").splitlines() for cell in row.split(",")]
    assert not [cell for cell in cells if cell.strip('"')[:1] in "=+@" and cell]
    assert statement_files.read_statement(path, "bank", ON) == statement


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.csv", "a/../../secret.csv", ""])
def test_a_mapping_names_no_file_outside_its_folder_SHD_1103(tmp_path: Path, name: str) -> None:
    (tmp_path / "mapping.toml").write_text(f'[files]\ntrades = "{name}"\n', encoding="utf-8")
    with pytest.raises(Refused) as refused:
        mapping.read(tmp_path)
    assert refused.value.refusal.code == "SHD-1103"


@pytest.mark.parametrize(
    "cell", ["1e999999", "-1e999999", "1e-999999999", "Infinity", "NaN", "sNaN", "9" * 40]
)
def test_a_number_beyond_all_numbers_is_refused_by_its_line(tmp_path: Path, cell: str) -> None:
    (tmp_path / "subjects.csv").write_text("id,name\nA,甲\n", encoding="utf-8")
    (tmp_path / "instruments.csv").write_text("code,name\nX,x\n", encoding="utf-8")
    text = f"subject,instrument,account,quantity,frozen\nA,X,trading,{cell},0\n"
    (tmp_path / "opening.csv").write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        reading.read(tmp_path, mapping.Layout(tonnes_per_unit=mapping.Decimal(10)))
    assert refused.value.refusal.code.startswith("SHD-10")


# -- documents ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "xlsx", "html"])
def test_whatever_goes_by_an_example_pack_says_so(house: House, tmp_path: Path, form: str) -> None:
    house.after_the_close()
    house.settles()
    folder = settled_like_an_example(tmp_path / "packs")
    url = house.trading.market.installation.database.engine.url.render_as_string(hide_password=False)
    path = tmp_path / f"it.{form}"
    words = ("day", "statement", ON.isoformat(), house.trading.b, "--format", form, "--out", str(path))
    in_process(*words, "--lang", "en", "--db", url, env={"TANSHU_PACKS": str(folder)}).ok()
    said = {
        "csv": lambda: (tmp_path / "it.csv.about.txt").read_text(encoding="utf-8"),
        "xlsx": lambda: "".join(str(row) for row in load_workbook(path)["About"].values),
        "html": lambda: path.read_text(encoding="utf-8"),
    }[form]()
    assert "cn.clearing is an example" in said


def settled_like_an_example(folder: Path) -> Path:
    text = NATIONAL.read_text(encoding="utf-8").replace('status = "final"', 'status = "example"')
    (folder / "cn").mkdir(parents=True)
    (folder / "cn" / "clearing.toml").write_text(text, encoding="utf-8")
    return folder
