"""A house in which every table has rows: most of it done as people do it, the rest told behind its back."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

from sqlalchemy import select

from tanshu.base.canonical import digest
from tanshu.base.refusal import need
from tanshu.base.steps import STEP, done_mark
from tanshu.base.text import Text
from tanshu.book.commit import Act
from tanshu.clearing.bank import service as banks
from tanshu.clearing.bank.gateway import Statement, StatementLine
from tanshu.clearing.bank.model import Bind, ImportStatement
from tanshu.clearing.bank.tables import BANK_INSTRUCTION, BANK_POSTING
from tanshu.clearing.shortfall import service as shortfalls
from tanshu.clearing.shortfall.model import (
    ConfirmShortfall,
    CureShortfall,
    NoticeShortfall,
    WithdrawShortfall,
)
from tanshu.compliance import adjustment, deductions, objections
from tanshu.compliance.duty_tables import CARRY_OVER_NOTICE, WITHHELD, WITHHOLDING
from tanshu.compliance.tables import PENALTY_DECISION, YEAR_CLOSED
from tanshu.compliance.withholding import ConfirmWithholding, Withhold, confirm_withholding, withhold
from tanshu.exchange import service as trading
from tanshu.exchange import standing
from tanshu.exchange.auctions import service as auctions
from tanshu.exchange.auctions.model import Announce, CloseWindow, PublishResult, Qualify
from tanshu.exchange.bridge import days, delivery, founding
from tanshu.exchange.bridge import model as bridge
from tanshu.exchange.market import Market, by_name
from tanshu.exchange.model import Bid, Offer, Take
from tanshu.exchange.published.model import Row as PublishedRow
from tanshu.exchange.published.service import ImportQuotes, import_quotes
from tanshu.exchange.supervision import commands
from tanshu.exchange.supervision import service as supervision
from tanshu.exchange.supervision.model import Alert, Evidence, Level, Rule
from tanshu.mrv.output_service import EntityLines, ImportOutput, import_output
from tanshu.parties import queries as parties
from tanshu.parties.blocking import block
from tanshu.parties.delegation import Delegate, delegate
from tanshu.parties.model import AccountKind, Appoint, Block, NewPerson
from tanshu.parties.onboarding import yearly
from tanshu.parties.onboarding.model import StartYearReview
from tanshu.parties.service import appoint
from tanshu.registry import inquiry, notices
from tanshu.registry.inquiry import CLAIMS, HOLDINGS
from tanshu.registry.tables import SUCCESSOR
from tanshu.rules.activity import OutputYear
from tests.audit import settled_day
from tests.audit.house import House, step
from tests.exchange.bridge.support import CEA, figures
from tests.support.auditors import AUDITOR
from tests.support.duties import DOCUMENT
from tests.support.market import YEAR, coal_unit
from tests.support.onboarding import opened
from tests.support.orders import Court, pledge
from tests.support.rounds import CHECKER, CLERK, MAKER, REVIEWER, Round

DAY = date(2024, 1, 3)


def fill(house: House) -> None:
    """Let something of everything happen; among it transactions and claims that wait, and some that ended."""
    settled_day.settle(house)
    house.market.clock.set_day(DAY)
    _a_market_day(house)
    _supervised(house)
    _years_work(house)
    _registers_work(house)
    _a_shortfall(house)
    _what_is_told_behind_its_back(house)
    _published_quotes(house)
    _a_banks_day(house)
    market = house.market
    market.accepted(block(market.ctx(AUDITOR), Block(market.account(market.stranger), "AUD-6003")))


def _a_market_day(house: House) -> None:
    """Two participants and a trade, whose settlement waits; one is suspended, and listing is halted."""
    market, exchange = house.market, "exchange-maker-1"
    with figures():
        done, ctx = market.accepted, market.ctx
        done(founding.found_market(ctx(exchange), bridge.FoundMarket(CEA, "cn.cea")))
        for plant in (market.plant_a, market.plant_b):
            trader = f"{plant}-trader"
            done(appoint(ctx(CLERK), Appoint(plant, NewPerson(trader, ("trader",)))))
            done(founding.admit(ctx(exchange), bridge.Admit(CEA, plant, (trader,))))
        done(founding.list_instrument(ctx(exchange), bridge.ListInstrument(CEA, "CEA22")))
        done(days.open_day(ctx(exchange), bridge.OpenDay(CEA, house.today)))
        market.clock.set_day(house.today, time(10))
        with market.database.read() as conn:
            there = need(by_name(market.book, conn, CEA))
        for plant, asked in (
            (market.plant_a, Offer("CEA22", "sell", 100, 8000)),
            (market.plant_b, Take("CEA22", "buy", 100, 8000)),
        ):
            done(trading.submit(trading.at(ctx(f"{plant}-trader"), there), asked))
        _an_auction(house, there)
        asked = ctx(exchange, reason="核实")
        done(standing.suspend(asked, standing.Suspend(CEA, market.plant_a)))
        asked = ctx(exchange, reason="核实")
        done(standing.halt(asked, standing.Halt(CEA, mode="listing")))
        done(days.close_day(ctx(exchange), bridge.CloseDay(CEA, house.today)))
        done(delivery.settle(ctx(exchange), bridge.Settle(CEA, house.today)))


def _an_auction(house: House, there: Market) -> None:
    """Announced, bid for and won, its result published."""
    market, exchange = house.market, "exchange-maker-1"
    done, ctx, day = market.accepted, market.ctx, house.today
    stated = Announce(
        CEA, "竞价", "auction", market.plant_a, "CEA22", 10, 7000, day, "10:30", "11:00", pricing="uniform",
        ties="time", sealed=True, deposit_share="0.1",
    )  # fmt: skip
    done(auctions.announce(ctx(exchange), stated))
    done(auctions.qualify(ctx(exchange), Qualify(CEA, 1, market.plant_b, 10)))
    market.clock.set_day(day, time(10, 31))
    done(trading.submit(trading.at(ctx(f"{market.plant_b}-trader"), there), Bid(1, 10, 8000)))
    market.clock.set_day(day, time(11))
    done(auctions.record(ctx(exchange), CloseWindow(CEA, 1)))
    done(auctions.publish(ctx("exchange-checker-1"), PublishResult(CEA, 1)))


def _supervised(house: House) -> None:
    """An owner on record, and an alert about its two participants that became a case with a warning."""
    market, exchange = house.market, "exchange-maker-1"
    done, ctx = market.accepted, market.ctx
    done(supervision.record_owner(ctx(exchange), commands.RecordOwner(market.plant_a, "某集团", "年报")))
    alert = Alert(
        Rule.SELF_TRADE, Level.ALARM, house.today, 1, (1, 2), 50, {"traded_t": 100},
        (Evidence("trade", 1, 0, 1),), Text("同一实际控制人", "one owner"),
    )  # fmt: skip
    found = commands.RecordAlerts(CEA, house.today, 9, "sim.supervision", (alert,))
    (id,) = done(supervision.record_alerts(ctx(exchange), found))["new"]
    case = done(supervision.open_case(ctx(exchange), commands.OpenCase((id,), "核查")))["case"]
    for kind in ("warn", "restrict"):
        asked = commands.ActOnCase(case, kind, "依规则", market.plant_b)
        done(supervision.act_on_case(ctx(exchange), asked))
    done(supervision.confirm_act(ctx("exchange-checker-1"), commands.ConfirmAct(case)))


def _years_work(house: House) -> None:
    """Reporting, allocation with a deduction, a round from a sealed table, an objection and what follows."""
    market = house.market
    market.generate(market.plant_a, coal_unit(verified_t=90_000))
    market.emit(market.plant_a, 80_000, 2022)
    lines = (OutputYear("1号窑", YEAR, "cement_clinker", 5, output=Decimal(7)),)
    body = ImportOutput(YEAR, (EntityLines(market.plant_a, lines),))
    market.accepted(import_output(market.ctx(MAKER), body))
    owed = deductions.RecordDeduction(
        market.plant_a, 500, "鄂环罚〔2023〕1号", date(2023, 6, 1), "条例第二十四条"
    )
    id = market.accepted(deductions.record_deduction(market.ctx(MAKER), owed))["deduction"]
    confirm = deductions.ConfirmDeduction(id)
    market.accepted(deductions.confirm_deduction(market.ctx(CHECKER), confirm))
    here = Round(market, "final")
    row = here.row(2, market.plant_b, 80_000, verified_t=90_000)
    market.accepted(here.upload(here.row(2, market.plant_b, "many")))
    here.carried_out(row, issued=180_000)
    market.accepted(market.allocate(market.plant_a, "pre"))
    _corrected(house)
    kept = Withhold(market.plant_a, YEAR, "risk", DOCUMENT)
    market.accepted(withhold(market.ctx(MAKER), kept))
    decided = ConfirmWithholding(market.plant_a, YEAR, accept=True)
    market.accepted(confirm_withholding(market.ctx(CHECKER), decided))
    claim = {"number": "C-1", "quantity": 5, "project": "P", "registered_on": "2023-01-01"}
    offset = {"subject": market.plant_a, "year": YEAR, "details": {"claims": [claim]}}
    market.accepted(market.propose("plant-a-maker-1", "offset", ("CCER", 5), **offset))


def _corrected(house: House) -> None:
    """Plant-b objects to its allocation, is right, and is given more."""
    market = house.market
    filed = objections.FileObjection(market.plant_b, YEAR, "final", "鄂环函〔2024〕9号", DAY, "供热量漏计")
    id = market.accepted(objections.file_objection(market.ctx("plant-b-maker-1"), filed))["objection"]
    decision = objections.DecideObjection(id, uphold=True, opinion="经复核", quantity=81_000)
    market.accepted(objections.decide_objection(market.ctx(MAKER), decision))
    market.accepted(objections.confirm_objection(market.ctx(CHECKER), objections.ConfirmObjection(id)))
    body = adjustment.Adjust(subject=market.plant_b, year=YEAR, ground="objection", reference=id)
    market.accepted(adjustment.adjust(market.ctx(MAKER), body))


def _registers_work(house: House) -> None:
    """Applications and reviews, a freeze and a pledge, an inquiry that was answered and read again."""
    market = house.market
    opened(market)
    market.accepted(yearly.start(market.ctx(CLERK), StartYearReview(market.plant_a, 2024, DAY)))
    lent = Delegate("plant-a-maker-1", "checker", DAY)
    market.accepted(delegate(market.ctx("plant-a-checker-1"), lent))
    market.set_state(market.account(market.stranger, AccountKind.CASH), "restricted")
    court = Court(market)
    court.done("judicial-release", original=court.freeze(market.plant_a, 10))
    court.freeze(market.plant_a, 2_000)
    pledge(market, market.plant_a, 30, "P-1")
    house.surrendered(40)
    house.pending(50)
    officer = inquiry.officer_hash("somebody", bytes(16))
    asked = inquiry.RequestInquiry("甲法院", "(2024)1号", market.plant_a, (HOLDINGS, CLAIMS), "法官", officer)
    id = market.accepted(inquiry.request(market.ctx(CLERK), asked))["id"]
    market.accepted(inquiry.approve(market.ctx(REVIEWER), inquiry.DecideInquiry(id)))
    market.accepted(inquiry.answer(market.ctx(CLERK), inquiry.AnswerInquiry(id, digest(b"said").hex())))
    market.accepted(inquiry.read(market.ctx(REVIEWER), inquiry.ReadInquiry(id, "a copy was asked for")))


def _a_shortfall(house: House) -> None:
    """A participant that is short, told so, and that pays in what is missing; and one that was not."""
    market, fen = house.market, 1_000
    told = NoticeShortfall(market.plant_b, house.today, fen, "returned-deposit", minutes=60)
    asked = market.ctx(CLERK, reason="入金退回")
    id, mistaken = (
        market.accepted(shortfalls.notice_shortfall(ctx, told))["shortfall"]
        for ctx in (asked, market.ctx(CLERK, reason="入金退回"))
    )
    for one in (mistaken, id):
        market.accepted(shortfalls.confirm_shortfall(market.ctx(REVIEWER), ConfirmShortfall(one)))
    back = market.ctx(REVIEWER, reason="重复通知")
    market.accepted(shortfalls.withdraw_shortfall(back, WithdrawShortfall(mistaken)))
    line = ("CNY", fen, "", market.account(market.plant_b, AccountKind.CASH))
    paid = market.done("bank-maker-1", "cash-deposit", line, by=(REVIEWER,))
    market.accepted(shortfalls.cure_shortfall(market.ctx(CLERK), CureShortfall(id, (paid,))))


def _published_quotes(house: House) -> None:
    """A day with something missing, and an auction."""
    market = house.market
    for series, period, cells in (
        ("days", "day", {"total_volume": 5, "total_amount": None}),
        ("auctions", "auction", {"auction_price": 5, "auction_volume": 2, "auction_amount": 10}),
    ):
        rows = (PublishedRow(2, date(2024, 1, 2), "", cells),)
        columns = {name: name for name in cells}
        body = ImportQuotes(series, "CEA", period, f"{series}.csv", "0" * 64, columns, rows)
        market.accepted(import_quotes(market.ctx("exchange-maker-1"), body))


def _a_banks_day(house: House) -> None:
    """A subject bound to its bank, money that came and went again, a ledger file, a statement."""
    market, plant = house.market, house.market.plant_b
    done, ctx = market.accepted, market.ctx
    done(banks.bind(ctx(CLERK), Bind(plant, "bank", "乙电厂")))
    there, own = market.account("bank", AccountKind.BANK), house.account(plant, AccountKind.CASH)
    market.done("bank-maker-1", "cash-deposit", ("CNY", 900, there, own.code), by=(REVIEWER,))
    market.done("plant-b-maker-1", "cash-withdrawal", ("CNY", 900, own.code, there), by=(REVIEWER,))
    with market.database.read() as conn:
        payouts = select(BANK_INSTRUCTION.c.id).where(BANK_INSTRUCTION.c.kind == "payout")
        id = conn.execute(payouts).scalars().first()
    told = {"instruction_id": id, "account": own.number, "amount": 1}
    house.behind(CLERK, "clearing.effect", lambda act: act.insert(BANK_POSTING, told))
    line = StatementLine(1, "deposit", "R1", "", own.code, "乙电厂", 900, 900)
    said = Statement("bank", house.today, 0, 900, (line,), {own.code: 900})
    done(banks.import_statement(ctx(CLERK), ImportStatement(said)))


def _what_is_told_behind_its_back(house: House) -> None:
    """What takes a year, or two, to come about."""
    market = house.market
    with market.database.read() as conn:
        a, b = (need(parties.subject(conn, plant)).id for plant in (market.plant_a, market.plant_b))
        decision = conn.execute(select(WITHHOLDING.c.id)).scalar_one()
    own = house.account("hubei", AccountKind.PROVINCIAL).number
    kept = {
        "withholding_id": decision,
        "subject_id": a,
        "year": YEAR,
        "account": own,
        "quantity": 5,
        "seq": 1,
    }
    kept["instrument"] = house.instrument("CEA23")
    amounts = ("sold_t", "bought_t", "net_sold_t", "ceiling_t", "holding_t", "pending_t", "carryable_t")
    told = dict.fromkeys(amounts, 0) | {"subject_id": a, "pack": "cn.carry_over", "late_years": "2023"}
    told |= {"holding_seq": 1, "maker": CLERK, "seq": 1}
    id = house.pending(60)
    gone = {"subject_id": b, "successor_id": a, "transaction_id": id, "seq": 1}
    penalty = {"id": "PEN-1", "subject_id": a, "year": YEAR, "unpaid_t": 1, "amount_fen": 1, "seq": 1}
    penalty |= {"basis": "b", "document": "d", "person": CHECKER}
    closed = {"region": "420000", "year": YEAR, "figures": "{}", "seq": 1}
    for actor, command, table, row in (
        (CHECKER, "compliance.confirm-allocation", WITHHELD, kept),
        (CLERK, "compliance.carry-over-notices", CARRY_OVER_NOTICE, told),
        (CHECKER, "compliance.decide-penalty", PENALTY_DECISION, penalty),
        (CHECKER, "compliance.close-year", YEAR_CLOSED, closed),
        (CHECKER, "mrv.unlock", STEP, done_mark("job", "step", 1, 1, {})),
    ):
        house.behind(actor, command, lambda act, t=table, r=row: act.insert(t, r))

    def approved(act: Act) -> None:
        step(act, id, 1)
        act.insert(SUCCESSOR, gone)

    house.behind("plant-a-checker-1", "registry.approve", approved)
    facts = {"account": "CN-R-000009-37", "since": "2024-01-02", "state": "限制使用", "reason": "资料过期"}
    house.behind(CLERK, "registry.expire", lambda act: notices.issue(act, a, "restriction", "account", facts))
