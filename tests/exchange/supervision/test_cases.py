"""Alerts of a market's log become cases; cases become reminders, warnings, restrictions and suspensions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from sqlalchemy import select

from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.commit import Answer
from tanshu.exchange import standing
from tanshu.exchange.bridge.tables import MARKET_SUSPENSION
from tanshu.exchange.standing import Suspend
from tanshu.exchange.supervision import cases, reading, service, thresholds
from tanshu.exchange.supervision.commands import (
    ActOnCase,
    ConfirmAct,
    EndCase,
    Kind,
    OpenCase,
    RecordAlerts,
    RecordOwner,
)
from tanshu.exchange.supervision.model import Alert, Evidence, Level, Rule
from tanshu.parties.model import Document
from tests.exchange.bridge.support import CEA, CHECKER, DAY, EXCHANGE, NEXT, Trading

OWNER = "某集团"
BOTH = "exchange-both-1"


class Watched:
    """A market with its first day over, in which one owner's two companies traded with each other."""

    def __init__(self, trading: Trading):
        self.trading = trading
        self.owner(trading.a)
        self.owner(trading.b)
        trading.sell(trading.a, 1_000)
        trading.sell(trading.a, 400)
        trading.buy(trading.b, 1_400)
        trading.done(trading.closes())

    def owner(self, handle: str, owner: str = OWNER, by: str = EXCHANGE) -> Answer:
        body = RecordOwner(handle, owner, "年报披露")
        return self.trading.done(service.record_owner(self.trading.ctx(by), body))

    def found(self, day: date = DAY) -> reading.Found:
        with self.trading.market.database.read() as conn:
            terms = thresholds.of_market("cn")
            return need(reading.found_on(conn, self.trading.exchange.log, day, terms))

    def body(self, day: date = DAY, **changes: Any) -> RecordAlerts:
        alerts, upto = self.found(day)
        return replace(RecordAlerts(CEA, day, upto, thresholds.DEFAULT, alerts), **changes)

    def recorded(self) -> str:
        """The id of the alert about the two."""
        told = self.trading.done(service.record_alerts(self.trading.ctx(EXCHANGE), self.body()))
        return told["new"][0]

    def opened(self) -> str:
        body = OpenCase((self.recorded(),), "两家企业互为对手方")
        return self.trading.done(service.open_case(self.trading.ctx(EXCHANGE), body))["case"]

    def act(self, case: str, kind: str, handle: str = "", by: str = EXCHANGE, **more: Any) -> Any:
        body = ActOnCase(case, kind, more.pop("note", "依据交易规则"), handle, **more)
        return service.act_on_case(self.trading.ctx(by, reason="依据交易规则"), body)

    def confirm(self, case: str, by: str = CHECKER, *, accept: bool = True, note: str = "") -> Any:
        ctx = self.trading.ctx(by, reason="依据交易规则")
        return service.confirm_act(ctx, ConfirmAct(case, accept, note))

    def end(self, case: str, by: str = EXCHANGE, *, dismiss: bool = False, note: str = "已办结") -> Any:
        return service.end_case(self.trading.ctx(by), EndCase(case, note, dismiss))

    def case(self, id: str) -> cases.Case:
        with self.trading.market.database.read() as conn:
            return need(cases.case(conn, id))

    def next_day(self) -> None:
        self.trading.delivers(DAY)
        self.trading.clock.set_day(NEXT, time(9, 5))
        self.trading.done(self.trading.opens(NEXT))
        self.trading.opened = self.trading.tails()[1][0]
        self.trading.clock.set_day(NEXT, time(10))


@pytest.fixture
def watched(trading: Trading) -> Watched:
    return Watched(trading)


def test_one_owners_trades_with_itself_are_found_in_the_log_with_their_places(watched: Watched):
    (alert,) = (one for one in watched.found().alerts if one.level is Level.ALARM)
    assert (alert.rule, alert.parties, alert.figures["traded_t"]) == (Rule.SELF_TRADE, (1, 2), 1_400)
    assert watched.trading.a in alert.text.zh and watched.trading.b in alert.text.en
    trades = [one for one in alert.evidence if one.what == "trade"]
    assert [one.number for one in trades] == [1, 2]
    assert len({(one.seq, one.n) for one in alert.evidence}) == 5  # two trades, two offers, one taking


def test_alerts_are_recorded_once_however_often_the_day_is_gone_through(watched: Watched):
    trading = watched.trading
    first = trading.done(service.record_alerts(trading.ctx(EXCHANGE), watched.body()))
    again = trading.done(service.record_alerts(trading.ctx("registry-maker-1"), watched.body()))
    assert (len(first["new"]), first["found"]) == (first["found"], again["found"])
    assert again["new"] == []


def test_a_case_from_reminder_to_close(watched: Watched):
    case, plant = watched.opened(), watched.trading.a
    watched.trading.done(watched.act(case, Kind.REMIND, plant))
    watched.trading.done(watched.act(case, Kind.WARN, plant))
    paper = Document("letter", "0" * 64, 10)
    watched.trading.done(watched.act(case, Kind.ATTACH, by="registry-maker-1", documents=(paper,)))
    assert watched.trading.done(watched.end(case))["state"] == "closed"
    found = watched.case(case)
    assert [one.kind for one in found.acts] == ["open", "remind", "warn", "attach", "close"]
    assert (found.state, len(found.alerts)) == (cases.CLOSED, 1)


def test_a_suspension_takes_two_and_stops_trading_in_the_market_and_so_does_its_end(watched: Watched):
    trading, case = watched.trading, watched.opened()
    watched.next_day()
    order = trading.sell(trading.a, 100)["order"]
    assert trading.done(watched.act(case, Kind.SUSPEND, trading.a))["waits"]
    trading.sell(trading.a, 50)  # nothing is in force yet
    told = trading.done(watched.confirm(case))
    assert told["suspended"] and told["cancelled"] == 2, order
    trading.refuses("EXC-3005", lambda: _offered(trading, trading.a))
    trading.done(watched.act(case, Kind.LIFT_SUSPEND, trading.a))
    trading.done(watched.confirm(case, accept=False, note="尚未整改"))
    trading.done(watched.act(case, Kind.LIFT_SUSPEND, trading.a, by=BOTH))
    trading.refuses("EXC-3005", lambda: _offered(trading, trading.a))
    trading.refuses("EXC-7008", lambda: watched.confirm(case, by=BOTH))
    trading.done(watched.confirm(case))
    trading.sell(trading.a, 10)
    assert watched.case(case).measures == []
    trading.check()


def test_a_restricted_participant_sells_and_does_not_buy_until_it_is_lifted(watched: Watched):
    trading, case = watched.trading, watched.opened()
    watched.next_day()
    trading.done(watched.act(case, Kind.RESTRICT, trading.b))
    trading.sell(trading.c, 100)
    trading.buy(trading.b, 10)
    trading.sell(trading.b, 20)
    assert trading.done(watched.confirm(case))["restricted"]
    trading.refuses("EXC-3009", lambda: _taken(trading, trading.b))
    assert trading.sell(trading.b, 30)["state"] == "resting"
    trading.check()
    trading.done(trading.closes(NEXT))
    trading.delivers(NEXT)
    trading.clock.set_day(date(2024, 1, 4), time(9, 5))
    trading.done(trading.opens(date(2024, 1, 4)))
    trading.clock.set_day(date(2024, 1, 4), time(10))
    trading.sell(trading.c, 100)
    trading.refuses("EXC-3009", lambda: _taken(trading, trading.b))
    trading.done(watched.act(case, Kind.LIFT_RESTRICT, trading.b))
    trading.done(watched.confirm(case))
    trading.done(trading.closes(date(2024, 1, 4)))
    trading.clock.set_day(date(2024, 1, 5), time(9, 5))
    trading.done(trading.opens(date(2024, 1, 5)))
    trading.clock.set_day(date(2024, 1, 5), time(10))
    trading.sell(trading.c, 100)
    trading.buy(trading.b, 10)


def test_a_declined_measure_comes_to_nothing(watched: Watched):
    trading, case = watched.trading, watched.opened()
    trading.done(watched.act(case, Kind.SUSPEND, trading.a))
    trading.done(watched.confirm(case, accept=False, note="证据不足"))
    assert watched.case(case).measures == []
    assert trading.done(watched.end(case, dismiss=True))["state"] == "dismissed"


# -- what is refused ---------------------------------------------------------------------------------------


def test_what_supervision_refuses(watched: Watched):
    trading, refuses = watched.trading, watched.trading.refuses
    ctx = trading.ctx
    case = watched.opened()
    alert = watched.case(case).alerts[0]
    refuses("EXC-7001", lambda: service.open_case(ctx(EXCHANGE), OpenCase((), "说明")))
    refuses("EXC-7001", lambda: service.open_case(ctx(EXCHANGE), OpenCase(("ALERT-?",), "说明")))
    refuses("EXC-7002", lambda: service.open_case(ctx(EXCHANGE), OpenCase((alert,), "说明")))
    refuses("EXC-7003", lambda: watched.act("CASE-?", Kind.REMIND, trading.a))
    refuses("EXC-7005", lambda: watched.act(case, Kind.REMIND, trading.a, note=" "))
    refuses("EXC-7005", lambda: service.record_owner(ctx(EXCHANGE), RecordOwner(trading.a, "别人", " ")))
    refuses("EXC-7006", lambda: watched.act(case, "fine", trading.a))
    refuses("EXC-7007", lambda: watched.act(case, Kind.REMIND, trading.c))
    refuses("EXC-7009", lambda: watched.confirm(case))
    refuses("EXC-7012", lambda: watched.act(case, Kind.LIFT_SUSPEND, trading.a))
    body = RecordAlerts(CEA, NEXT, 1, "sim.supervision", ())
    refuses("EXC-7015", lambda: service.record_alerts(ctx(EXCHANGE), body))
    refuses("EXC-7016", lambda: service.record_owner(ctx(EXCHANGE), RecordOwner(trading.a, OWNER, "年报")))
    refuses("PAR-5103", lambda: watched.act(case, Kind.ATTACH, documents=(Document("letter", "?", 1),)))
    with trading.market.database.read() as conn:
        unread = reading.found_on(conn, trading.exchange.log, NEXT, thresholds.of_market("cn"))
    assert isinstance(unread, Refusal) and unread.code == "EXC-7015"


def test_a_case_is_of_one_market(watched: Watched):
    case = watched.opened()
    (alert,) = watched.case(case).alerts
    with watched.trading.market.database.read() as conn:
        other = service.attachable(conn, watched.trading.exchange.log + 1, (alert,))
    assert isinstance(other, Refusal) and other.code == "EXC-7013"


def test_what_waits_or_is_in_force_holds_a_case_open(watched: Watched):
    trading, case, refuses = watched.trading, watched.opened(), watched.trading.refuses
    trading.done(watched.act(case, Kind.SUSPEND, trading.a, by=BOTH))
    refuses("EXC-7008", lambda: watched.confirm(case, by=BOTH))
    refuses("EXC-7010", lambda: watched.act(case, Kind.RESTRICT, trading.b))
    refuses("EXC-7010", lambda: watched.end(case))
    trading.done(watched.confirm(case))
    refuses("EXC-7011", lambda: watched.act(case, Kind.SUSPEND, trading.a))
    refuses("EXC-7014", lambda: watched.end(case))
    trading.done(watched.act(case, Kind.LIFT_SUSPEND, trading.a))
    trading.done(watched.confirm(case))
    trading.done(watched.end(case))
    refuses("EXC-7004", lambda: watched.act(case, Kind.REMIND, trading.a))


def test_who_does_not_supervise_is_refused(watched: Watched):
    trading, case, refuses = watched.trading, watched.opened(), watched.trading.refuses
    for call in (
        lambda by: service.record_alerts(trading.ctx(by), watched.body()),
        lambda by: service.record_owner(trading.ctx(by), RecordOwner(trading.c, OWNER, "年报")),
        lambda by: watched.act(case, Kind.WARN, trading.a, by=by),
        lambda by: watched.end(case, by=by),
        lambda by: watched.confirm(case, by=by),
    ):
        refuses("PAR-3002", lambda call=call: call("plant-a-maker-1"))
    refuses("PAR-3002", lambda: watched.act(case, Kind.WARN, trading.a, by="registry-maker-1"))


@pytest.mark.parametrize(
    "change",
    [
        {"day": NEXT},
        {"parties": ()},
        {"parties": (9,)},
        {"evidence": ()},
        {"evidence": (Evidence("trade", 10_000, 0, 1),)},
    ],
)
def test_what_no_rule_can_have_found_is_not_recorded(watched: Watched, change: dict[str, Any]):
    proper = Alert(
        Rule.WASH, Level.ALARM, DAY, 1, (1, 2), 50, {}, (Evidence("trade", 1, 0, 1),), Text("有", "some")
    )
    body = watched.body(alerts=(replace(proper, **change),))
    trading = watched.trading
    trading.refuses("EXC-7017", lambda: service.record_alerts(trading.ctx(EXCHANGE), body))


def test_who_was_suspended_otherwise_is_not_suspended_again(watched: Watched):
    trading, case = watched.trading, watched.opened()
    trading.done(standing.suspend(trading.ctx(CHECKER, reason="先行处置"), Suspend(CEA, trading.a)))
    trading.done(watched.act(case, Kind.SUSPEND, trading.a))
    trading.refuses("EXC-8022", lambda: watched.confirm(case))


def test_what_takes_two_is_what_the_market_says_of_its_suspension_too(watched: Watched):
    trading, case = watched.trading, watched.opened()
    trading.done(watched.act(case, Kind.SUSPEND, trading.a))
    trading.done(watched.confirm(case))
    trading.done(watched.act(case, Kind.LIFT_SUSPEND, trading.a, by=BOTH))
    trading.done(watched.confirm(case))
    with trading.market.database.read() as conn:
        (row,) = conn.execute(select(MARKET_SUSPENSION)).all()
    assert (row.person, row.asked_by, row.ended_by) == (CHECKER, BOTH, CHECKER)


def _offered(trading: Trading, handle: str) -> Any:
    from tanshu.exchange.model import Offer

    return trading.orders(handle, Offer("CEA22", "sell", 10, 8_000))


def _taken(trading: Trading, handle: str) -> Any:
    from tanshu.exchange.model import Take

    return trading.orders(handle, Take("CEA22", "buy", 10, 8_000))
