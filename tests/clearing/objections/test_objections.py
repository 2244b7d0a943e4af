"""An objection to a sealed day: in time or not, decided by two, corrected today; the day stays as it was."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from sqlalchemy import select

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Outcome
from tanshu.clearing.objections import queries, service
from tanshu.clearing.objections.model import ConfirmObjection, DecideObjection, FileObjection, State
from tanshu.clearing.statements.tables import CLEARING_HOLDING, CLEARING_STATEMENT
from tanshu.clearing.tables import CLEARING_DAY
from tanshu.parties.model import AccountKind, Appoint, ConfirmPerson, NewPerson, Register, SubjectKind
from tanshu.parties.service import appoint, confirm_person, register
from tests.clearing.support import House
from tests.exchange.bridge.support import DAY, MONEY, NEXT, TRADING, figures
from tests.support.market import credit_code

CLERK, FIRST, SECOND = "registry-maker-1", "registry-checker-1", "registry-checker-2"
PAPER = ({"title": "异议处理决定", "sha256": "0" * 64},)
Line = tuple[str, int, str, str]
FEN = 2_50
"""What was taken too much, as the objection has it."""


class Objector:
    """`house` with a sealed day in which `b` bought from `a`; `b` objects."""

    def __init__(self, house: House):
        self.house, self.t = house, house.trading
        self.t.sell(self.t.a, 1_000)
        self.t.buy(self.t.b, 300)
        house.after_the_close()
        house.settles()
        self.t.clock.set_day(DAY, time(17))

    def file(self, who: str = "", *, by: str = "", day: date = DAY, grounds: str = "多收手续费") -> Outcome:
        who = who or self.t.b
        ctx = self.t.ctx(by or self.t.maker(who))
        return service.file_objection(ctx, FileObjection(who, day, grounds))

    def decide(
        self,
        id: str,
        *,
        uphold: bool = True,
        opinion: str = "属实",
        by: str = CLERK,
        moves: tuple[int, int] | None = None,
    ) -> Outcome:
        """moves: tonnes and fen."""
        bounds = moves or (0, FEN if uphold else 0)
        return service.decide_objection(self.t.ctx(by), DecideObjection(id, uphold, opinion, *bounds))

    def confirm(self, id: str, *, accept: bool = True, by: str = FIRST) -> Outcome:
        return service.confirm_objection(self.t.ctx(by), ConfirmObjection(id, accept))

    def upheld(self, *, moves: tuple[int, int] | None = None) -> str:
        id = self.t.done(self.file())["objection"]
        self.t.done(self.decide(id, moves=moves))
        self.t.done(self.confirm(id))
        return id

    def corrects(
        self,
        id: object,
        *more: Line,
        day: object = "2024-01-02",
        giver: str = "",
        taker: str = "",
        fen: int = FEN,
    ) -> Outcome:
        """more: further lines."""
        details = {"objection": id, "day": day, "documents": list(PAPER)}
        return self.proposes(self.pays(giver or self.t.a, taker or self.t.b, fen), *more, **details)

    def puts_right(self, *lines: Line, **details: object) -> Outcome:
        """What the house found wrong by itself."""
        return self.proposes(
            *(lines or (self.pays(self.t.a, self.t.b),)), **{"documents": list(PAPER), **details}
        )

    def pays(self, giver: str, taker: str, fen: int = FEN) -> Line:
        return ("CNY", fen, self.t.market.account(giver, MONEY), self.t.market.account(taker, MONEY))

    def hands(self, giver: str, taker: str, tonnes: int) -> Line:
        accounts = [self.t.market.account(one, TRADING) for one in (giver, taker)]
        return ("CEA22", tonnes, accounts[0], accounts[1])

    def proposes(self, *lines: Line, **details: object) -> Outcome:
        return self.t.market.propose(CLERK, "settlement-correction", *lines, details=details)

    def row(self, id: str) -> Any:
        with self.house.database.read() as conn:
            return need(queries.objection(conn, id))

    def sealed(self) -> list[Any]:
        """Everything that the sealed day is, row for row."""
        with self.house.database.read() as conn:
            tables = (CLEARING_DAY, CLEARING_STATEMENT, CLEARING_HOLDING)
            return [conn.execute(select(one).where(one.c.day == DAY)).all() for one in tables]


@pytest.fixture
def objector(house: House) -> Objector:
    return Objector(house)


def test_an_upheld_objection_is_corrected_today_and_the_sealed_day_stays_as_it_was(
    objector: Objector,
) -> None:
    t, before = objector.t, objector.sealed()
    id = objector.upheld()
    assert objector.row(id).state == State.UPHELD
    t.clock.set_day(NEXT, time(9, 1))
    giver, taker = (sum(t.has(one, MONEY, "CNY")) for one in (t.a, t.b))
    asked = t.done(objector.corrects(id))["id"]
    for person in (FIRST, SECOND):
        last = t.done(t.market.approve(person, asked))
    assert last["state"] == "effected"
    row = objector.row(id)
    assert (row.state, row.correction_id, row.corrected_seq) == (State.CORRECTED, asked, last.seq)
    assert [sum(t.has(one, MONEY, "CNY")) for one in (t.a, t.b)] == [giver - FEN, taker + FEN]
    assert objector.sealed() == before, "no row and no hash of the day has changed"
    assert t.findings() == []
    t.refuses("CLR-6006", lambda: objector.corrects(id))


def test_two_corrections_that_wait_do_not_correct_twice(objector: Objector) -> None:
    id = objector.upheld()
    first, second = (objector.t.done(objector.corrects(id))["id"] for _ in range(2))
    approve = objector.t.market.approve
    for person in (FIRST, SECOND):
        objector.t.done(approve(person, first))
    objector.t.done(approve(FIRST, second))
    objector.t.refuses("CLR-6006", lambda: approve(SECOND, second))


def test_after_the_next_opening_silence_has_accepted(objector: Objector) -> None:
    t = objector.t
    t.clock.set_day(NEXT, time(9, 1))
    with objector.house.database.read() as conn:
        assert queries.next_opening(conn, DAY) is None
    with figures():
        t.done(t.opens(NEXT))
    refused = t.refuses("CLR-6003", objector.file)
    assert NEXT.isoformat() in refused.sentence("en")


def test_an_objection_is_refused(objector: Objector) -> None:
    refuses = objector.t.refuses
    refuses("CLR-1001", lambda: objector.file(day=NEXT))
    refuses("CLR-6004", lambda: objector.file(grounds="  "))
    refuses("PAR-3002", lambda: objector.file(by=objector.t.maker(objector.t.a)))
    refuses("PAR-3002", lambda: objector.file(by=CLERK))
    refuses("CLR-6002", lambda: objector.file("hubei", by="hubei-maker-1"))
    id = objector.t.done(objector.file())["objection"]
    assert id in refuses("CLR-6005", objector.file).sentence("zh")
    objector.t.done(objector.file(objector.t.a))


def test_a_decision_takes_two_people_and_may_be_sent_back(objector: Objector) -> None:
    t, refuses = objector.t, objector.t.refuses
    id = t.done(objector.file())["objection"]
    refuses("CLR-6001", lambda: objector.decide("CO-none"))
    refuses("CLR-6006", lambda: objector.confirm(id))
    refuses("CLR-6007", lambda: objector.decide(id, opinion=""))
    refuses("PAR-3002", lambda: objector.decide(id, by="exchange-maker-1"))
    t.done(objector.decide(id, uphold=False))
    assert _refused(objector.confirm(id, by=CLERK)).code.startswith("PAR-")
    t.done(objector.confirm(id, accept=False))
    row = objector.row(id)
    assert (row.state, row.opinion, row.decided_by) == (State.FILED, None, None)
    t.done(objector.decide(id, uphold=False, opinion="收费无误"))
    t.done(objector.confirm(id))
    assert objector.row(id).state == State.DISMISSED
    refuses("CLR-6006", lambda: objector.corrects(id))


def test_who_decides_does_not_confirm(objector: Objector) -> None:
    """Somebody with both rights takes one step."""
    t = objector.t
    body = Appoint("registry", NewPerson("registry-both-1", ("maker", "checker")))
    t.done(appoint(t.ctx(CLERK), body))
    t.done(confirm_person(t.ctx(FIRST), ConfirmPerson("registry-both-1")))
    id = t.done(objector.file())["objection"]
    t.done(objector.decide(id, by="registry-both-1"))
    t.refuses("CLR-6008", lambda: objector.confirm(id, by="registry-both-1"))


def test_a_correction_names_its_objection_its_day_and_an_account_of_the_objector(objector: Objector) -> None:
    refuses = objector.t.refuses
    id = objector.upheld()
    refuses("CLR-6009", lambda: objector.corrects(None))
    refuses("CLR-6009", lambda: objector.corrects(id, day=20240102))
    refuses("CLR-6001", lambda: objector.corrects("CO-none"))
    refuses("CLR-6010", lambda: objector.corrects(id, day="2024-01-03"))
    refuses("CLR-6011", lambda: objector.corrects(id, taker=objector.t.c))
    last = objector.pays(objector.t.a, objector.t.b, 1)
    objector.t.done(objector.corrects(id, last, fen=FEN - 1))


def test_a_correction_moves_what_its_decision_says_to_the_tonne_and_the_fen(objector: Objector) -> None:
    t, refuses = objector.t, objector.t.refuses
    a, b = t.a, t.b
    id = objector.upheld(moves=(3, FEN))
    three = objector.hands(a, b, 3)
    refused = refuses("CLR-6015", lambda: objector.corrects(id))
    assert "3" in refused.sentence("en")
    for fen, more in ((FEN + 1, three), (FEN - 1, three), (FEN, objector.hands(a, b, 2)), (3, three)):
        refuses("CLR-6015", lambda fen=fen, more=more: objector.corrects(id, more, fen=fen))
    refuses("CLR-6015", lambda: objector.corrects(id, three, objector.pays(a, b)))
    asked = t.done(objector.corrects(id, three))["id"]
    for person in (FIRST, SECOND):
        t.done(t.market.approve(person, asked))
    assert (objector.row(id).state, t.findings()) == (State.CORRECTED, [])


@pytest.mark.parametrize("uphold, moves", [(True, (0, 0)), (True, (-1, 5)), (False, (0, 1)), (False, (1, 0))])
def test_who_upholds_says_how_much_and_who_dismisses_says_nothing(
    objector: Objector, uphold: bool, moves: tuple[int, int]
) -> None:
    id = objector.t.done(objector.file())["objection"]
    objector.t.refuses("CLR-6014", lambda: objector.decide(id, uphold=uphold, moves=moves))
    objector.t.refuses("CLR-6014", lambda: objector.decide(id, moves=(True, 2**62)))


def test_who_has_no_statement_of_the_day_takes_no_part_in_its_correction(objector: Objector) -> None:
    """Neither what an objection asks for nor what the house finds goes to somebody who was not there."""
    t, strange = objector.t, credit_code(9)
    body = Register(SubjectKind.ENTERPRISE, "丁电厂", uscc=strange, region="420100", accounts=("cash",))
    t.done(register(t.ctx(CLERK), body))
    id = objector.upheld()
    t.refuses("CLR-6016", lambda: objector.corrects(id, giver=t.b, taker=strange))
    line = objector.pays(t.a, strange)
    told = t.refuses("CLR-6016", lambda: objector.puts_right(line, day="2024-01-02", reason="费率错误"))
    assert strange in told.sentence("en")


def test_the_second_opinion_finds_a_correction_of_another_amount(
    objector: Objector, monkeypatch: pytest.MonkeyPatch
) -> None:
    t = objector.t
    monkeypatch.setattr(service, "_not_as_decided", lambda *_: None)
    asked = t.done(objector.corrects(objector.upheld(), fen=FEN + 1))["id"]
    for person in (FIRST, SECOND):
        t.done(t.market.approve(person, asked))
    assert [finding.what.code for finding in t.findings()] == ["AUD-5310"]


def test_the_houses_own_fees_take_part_in_a_correction(objector: Objector) -> None:
    """A fee that was too high is given back by who took it."""
    t = objector.t
    fees = t.market.account("exchange", AccountKind.FEES)
    there = sum(t.has("exchange", AccountKind.FEES, "CNY"))
    assert there
    id = objector.upheld(moves=(0, 1))
    line = ("CNY", 1, fees, t.market.account(t.b, MONEY))
    details = {"objection": id, "day": "2024-01-02", "documents": list(PAPER)}
    asked = t.done(objector.proposes(line, **details))["id"]
    for person in (FIRST, SECOND):
        t.done(t.market.approve(person, asked))
    assert sum(t.has("exchange", AccountKind.FEES, "CNY")) == there - 1
    assert (objector.row(id).state, t.findings()) == (State.CORRECTED, [])


def test_what_the_house_finds_wrong_by_itself_is_corrected_with_the_reason(objector: Objector) -> None:
    t, before = objector.t, objector.sealed()
    t.refuses("CLR-6009", lambda: objector.puts_right(day="2024-01-02"))
    t.refuses("CLR-6012", lambda: objector.puts_right(day="2024-01-02", reason=" "))
    t.refuses("CLR-6013", lambda: objector.puts_right(day="2024-01-03", reason="费率错误"))
    bare = {"day": "2024-01-02", "reason": "费率错误", "documents": []}
    t.refuses("REG-4307", lambda: objector.puts_right(**bare))
    giver, taker = (sum(t.has(one, MONEY, "CNY")) for one in (t.a, t.b))
    asked = t.done(objector.puts_right(day="2024-01-02", reason="费率错误"))["id"]
    for person in (FIRST, SECOND):
        last = t.done(t.market.approve(person, asked))
    assert last["state"] == "effected"
    assert [sum(t.has(one, MONEY, "CNY")) for one in (t.a, t.b)] == [giver - FEN, taker + FEN]
    assert (objector.sealed(), t.findings()) == (before, [])


def _refused(outcome: Outcome) -> Refusal:
    assert isinstance(outcome, Refusal), outcome
    return outcome
