"""The second opinion on markets: their own logs, and what passes between them and the book."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tanshu import audit
from tanshu.audit import memory
from tanshu.audit.follow import Follower
from tanshu.base.canonical import digest
from tanshu.book.commit import Act, Decision
from tanshu.exchange import service, timetable
from tanshu.exchange.bridge import days, sessions
from tanshu.exchange.bridge.tables import MARKET_DELIVERY
from tanshu.exchange.engine import ledger, session
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.records import Mode, Op, Side, row
from tanshu.exchange.engine.state import FREE
from tanshu.exchange.market import FIRST_LOG, Market, MarketAct
from tanshu.exchange.model import Batch, Cancel, Offer, Take
from tanshu.exchange.standing import Halt, Resume, Suspend, halt, resume, suspend
from tanshu.exchange.tables import MARKET_DAY, MARKET_OPERATOR
from tanshu.log import store
from tests.cli.conftest import in_process
from tests.exchange.bridge.support import CEA, DAY, EXCHANGE, NEXT, Trading
from tests.exchange.bridge.test_second_opinion import _stake

OFFERED = row(
    Op.OFFER, mode=Mode.LISTING, side=Side.SELL, instrument=1, party=1, quantity=5, price=8_000, other=1
)
"""An offer of the first participant by its own operator."""
Wrong = Callable[[Trading, pytest.MonkeyPatch], object]
FINDINGS: dict[str, tuple[Wrong, str]] = {}
"""What somebody does behind everybody's back, and the finding it has to lead to."""


def findings(trading: Trading) -> list[str]:
    return [str(one) for one in audit.run(trading.market.database).findings]


def codes(trading: Trading) -> set[str]:
    return {one.what.code for one in audit.run(trading.market.database).findings}


def a_morning(trading: Trading) -> None:
    """Offers, takings, a cancellation, refused orders in a batch, units and money in and out."""
    trading.sell(trading.a, 3_000, 8_000)
    trading.sell(trading.b, 900, 7_990)
    trading.buy(trading.c, 2_500, 8_010)
    mine = trading.done(trading.orders(trading.c, Offer("CEA22", "buy", 70, 7_900)))
    trading.done(trading.orders(trading.c, Cancel(mine["order"])))
    asked = (Offer("CEA22", "sell", 5, 8_050), Take("CEA22", "buy", 10, 100), Offer("CEA22", "sell", 1, 1))
    ctx = service.at(trading.ctx(trading.traders[trading.a]), trading.exchange)
    assert [bool(code) for code in trading.done(service.submit_many(ctx, Batch(asked)))["codes"]][1:] == [
        True
    ] * 2
    trading.done(trading.moves(trading.b, 100, into=False))
    trading.pays_in(trading.c, 5_000)


def live(trading: Trading) -> Iterator[str]:
    """Two days with some of everything; says now and then where it is."""
    yield "open"
    a_morning(trading)
    yield "traded"
    trading.done(halt(trading.ctx(EXCHANGE, reason="r"), Halt(CEA, "listing")))
    trading.done(resume(trading.ctx("exchange-checker-1", reason="r"), Resume(CEA, "listing")))
    trading.sell(trading.a, 11)
    trading.done(suspend(trading.ctx(EXCHANGE, reason="r"), Suspend(CEA, trading.a)))
    yield "suspended"
    trading.done(trading.closes())
    yield "closed"
    trading.delivers()
    trading.clock.set_day(NEXT, time(9, 5))
    trading.done(trading.opens(NEXT))
    trading.clock.set_day(NEXT, time(10))
    yield "the next day"
    trading.sell(trading.b, 40, 8_020)
    trading.buy(trading.c, 15, 8_020)
    trading.done(trading.closes(NEXT))
    trading.delivers(NEXT)
    yield "the end"


def test_nothing_is_found_in_two_days_of_everything_and_a_follower_that_restarts_agrees(
    trading: Trading, tmp_path: Path
):
    path = tmp_path / "audit.state"
    for place in live(trading):
        done = Follower.at(trading.market.database, path).round()
        assert done.ok, (place, done.found)
    report = audit.run(trading.market.database)
    assert report.ok, report.findings
    (market,) = report.markets
    with trading.market.database.read() as conn:
        newest = store.tail(conn, FIRST_LOG)
    assert newest and (market.name, market.seq, market.hash) == (CEA, newest[0], newest[2].hex())
    assert market.entries == newest[0] + 1 and market.trades == 3
    remembered = memory.load(path)
    assert remembered.markets.facts() == report.markets
    assert remembered.markets.judges[FIRST_LOG].state_hash == trading.engine().state_hash()


# -- what is found -----------------------------------------------------------------------------------------


def wrong(code: str) -> Callable[[Wrong], Wrong]:
    def listed(does: Wrong) -> Wrong:
        FINDINGS[does.__name__.replace("_", " ").strip()] = (does, code)
        return does

    return listed


def behind(trading: Trading, does: Callable[[Act], object], name: str = "exchange.settle") -> None:
    """An entry of the book that no verb of the house makes."""

    def decide(act: Act, _command: object) -> Decision:
        does(act)
        return {}

    trading.done(trading.ctx(EXCHANGE).commit(name, {"behind": name}, decide))


def at_market(trading: Trading, actor: str, does: Callable[[MarketAct], object], name: str) -> None:
    """An entry of the market's log by itself."""

    def decide(act: MarketAct, _command: object) -> Decision:
        does(act)
        return {}

    ctx = service.at(trading.ctx(actor), trading.exchange)
    timetable.keep(trading.exchange, ctx.clock())
    trading.done(ctx.commit(name, {"behind": name}, decide))


@wrong("AUD-8001")
def _what_came_out_was_altered_before_it_was_sealed(trading: Trading, _patch: pytest.MonkeyPatch) -> None:
    def alter(act: MarketAct) -> None:
        act.must([OFFERED])
        act.told[-1]["price"] += 10

    at_market(trading, trading.traders[trading.a], alter, "market.offer")


@wrong("AUD-8001")
def _a_code_was_altered(trading: Trading, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ledger, "check_price", lambda *_: Code.BELOW_BAND)
    asked = tuple(Offer("CEA22", "sell", n, 8_000) for n in (1, 2))
    ctx = service.at(trading.ctx(trading.traders[trading.a]), trading.exchange)
    trading.done(service.submit_many(ctx, Batch(asked)))
    patch.undo()


@wrong("AUD-8004")
def _the_engine_lets_prices_out_of_the_band(trading: Trading, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ledger, "check_price", lambda *_: Code.OK)
    trading.sell(trading.a, 5, 20_000)
    trading.buy(trading.c, 5, 20_000)


@wrong("AUD-8007")
def _the_engine_charges_a_fen_too_much(trading: Trading, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ledger, "fee", lambda ppm, amount: (amount * ppm + 999_999) // 1_000_000 + 1)
    trading.sell(trading.a, 5)
    trading.buy(trading.c, 5)


@wrong("AUD-8008")
def _the_engine_rounds_the_close_down(trading: Trading, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(session, "average", lambda amount, volume: amount // volume - 1)
    trading.sell(trading.a, 5)
    trading.buy(trading.c, 5)
    trading.done(trading.closes())


@wrong("AUD-8009")
def _the_engine_gives_a_tonne_to_everybody(_trading: Trading, patch: pytest.MonkeyPatch) -> None:
    def generous(a: Any, told: Any, r: Any) -> Code:
        code = session.units_in(a, told, r)
        a.units[r.instrument, r.party, FREE] += code is Code.OK
        return code

    patch.setattr(session, "OPS", {**session.OPS, Op.UNITS_IN: generous})


@wrong("AUD-8010")
def _an_order_is_given_with_somebody_elses_code(trading: Trading, _patch: pytest.MonkeyPatch) -> None:
    at_market(trading, trading.traders[trading.b], lambda act: act.must([OFFERED]), "market.offer")


@wrong("AUD-8012")
def _the_engine_that_is_kept_is_another(trading: Trading, _patch: pytest.MonkeyPatch) -> None:
    trading.sell(trading.a, 5)
    trading.exchange.keep_snapshot(now=True)
    with trading.market.database.write() as conn:
        conn.execute(text("UPDATE snapshot SET digest = :other WHERE log = 100"), {"other": bytes(32)})


@wrong("AUD-8013")
def _an_entry_of_the_market_changes_a_table(trading: Trading, _patch: pytest.MonkeyPatch) -> None:
    def alter(act: MarketAct) -> None:
        act.must([OFFERED])
        act.update(MARKET_DAY, {"log": FIRST_LOG, "day": DAY}, state_hash="x")

    at_market(trading, trading.traders[trading.a], alter, "market.offer")


@wrong("AUD-8101")
def _a_market_is_there_that_nobody_founded(trading: Trading, _patch: pytest.MonkeyPatch) -> None:
    Market(trading.market.database, FIRST_LOG + 5).create("dark", 1)


@wrong("AUD-8102")
def _money_comes_in_that_no_command_of_the_book_brought(trading: Trading, _patch: pytest.MonkeyPatch) -> None:
    at_market(
        trading, EXCHANGE, lambda act: act.must([row(Op.CASH_IN, party=1, quantity=5)]), "market.bring-in"
    )


@wrong("AUD-8103")
def _the_book_closes_a_day_that_the_market_did_not(trading: Trading, _patch: pytest.MonkeyPatch) -> None:
    this = {"log": FIRST_LOG, "day": DAY}
    told = {"state": "closed", "market_closed": 5, "state_hash": "00" * 32}
    behind(
        trading, lambda act: act.update(MARKET_DAY, this, closed_seq=act.seq, **told), "exchange.close-day"
    )


@wrong("AUD-8104")
def _the_book_lets_go_what_the_market_still_has(trading: Trading, _patch: pytest.MonkeyPatch) -> None:
    behind(trading, lambda act: sessions.take(act, _stake(trading, act), 5))


@wrong("AUD-8104")
def _the_close_keeps_too_little(trading: Trading, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sessions, "keep", lambda act, session, owed: _keep(act, session, dict.fromkeys(owed, 1)))
    _a_day(trading)


@wrong("AUD-8105")
def _the_book_notes_less_than_is_owed(trading: Trading, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(days, "_owed", lambda *_: {})
    _a_day(trading)


@wrong("AUD-8106")
def _the_close_states_another_state(trading: Trading, patch: pytest.MonkeyPatch) -> None:
    was = days._close

    def lying(inner: MarketAct, command: object) -> Decision:
        told = was(inner, command)
        assert isinstance(told, dict)
        return {**told, "state_hash": "00" * 32}

    patch.setattr(days, "_close", lying)
    trading.done(trading.closes())


@wrong("AUD-8107")
def _a_settlement_is_of_a_trade_that_never_was(trading: Trading, _patch: pytest.MonkeyPatch) -> None:
    _a_day(trading)
    behind(trading, lambda act: act.insert(MARKET_DELIVERY, _delivery(act.seq, 99, "TX-none")))


@wrong("AUD-8107")
def _a_settlement_is_not_its_trade(trading: Trading, _patch: pytest.MonkeyPatch) -> None:
    trading.sell(trading.a, 6)
    trading.buy(trading.c, 2)
    trading.buy(trading.c, 4)
    trading.done(trading.closes())
    first = trading.done(trading.settles(limit=1))["proposed"][0]
    behind(trading, lambda act: act.insert(MARKET_DELIVERY, _delivery(act.seq, 2, first)))


@wrong("AUD-8107")
def _a_trade_is_settled_twice(trading: Trading, _patch: pytest.MonkeyPatch) -> None:
    _a_day(trading)
    trading.delivers()

    def twice(act: Act) -> None:
        act.delete(MARKET_DELIVERY, {"log": FIRST_LOG, "day": DAY, "trade": 1})
        act.insert(MARKET_DELIVERY, _delivery(act.seq, 1, "TX-other"))

    behind(trading, twice)


@wrong("AUD-8108")
def _a_day_is_opened_over_trades_that_nobody_settled(trading: Trading, patch: pytest.MonkeyPatch) -> None:
    _a_day(trading)
    patch.setattr(days, "is_settled", lambda *_: True)
    trading.clock.set_day(NEXT, time(9, 5))
    trading.done(trading.opens(NEXT))


@wrong("AUD-8109")
def _an_operator_is_told_whom_the_market_does_not_know(trading: Trading, _patch: pytest.MonkeyPatch) -> None:
    row_ = {"log": FIRST_LOG, "number": 4, "party": 1, "person": trading.traders[trading.a]}
    behind(
        trading, lambda act: act.insert(MARKET_OPERATOR, {**row_, "seq": act.seq}), "exchange.add-operator"
    )


_keep = sessions.keep


@pytest.mark.parametrize("what", FINDINGS)
def test_it_is_found(trading: Trading, monkeypatch: pytest.MonkeyPatch, what: str):
    does, code = FINDINGS[what]
    does(trading, monkeypatch)
    assert code in codes(trading)


def _a_day(trading: Trading) -> None:
    trading.sell(trading.a, 5)
    trading.buy(trading.c, 5)
    trading.done(trading.closes())


def _delivery(seq: int, trade: int, transaction: str) -> dict[str, object]:
    return {"log": FIRST_LOG, "day": DAY, "trade": trade, "transaction_id": transaction, "seq": seq}


# -- where the bytes themselves were changed ---------------------------------------------------------------

ALTERED = {
    "actor = 'mallory'": "AUD-1004",
    "time_ns = 0": "AUD-1004",
    "answer = CAST('{}' AS BLOB)": "AUD-1006",
    "results = CAST('xx' AS BLOB)": "AUD-1008",
    "prev_hash = hash": "AUD-1003",
    "seq = 500": "AUD-1002",
}


@pytest.mark.parametrize("change", ALTERED)
def test_an_altered_byte_of_a_market_is_named_with_its_log_and_entry(trading: Trading, change: str):
    for n in range(6):
        trading.sell(trading.a, 10 + n)
    with trading.market.database.write() as conn:
        seq = store.tail(conn, FIRST_LOG)[0] - 2  # type: ignore[index]
        found = change.replace("BLOB", "bytea") if conn.dialect.name == "postgresql" else change
        conn.execute(text(f"UPDATE log_entry SET {found} WHERE log = 100 AND seq = {seq}"))
    report = audit.run(trading.market.database)
    assert (ALTERED[change], FIRST_LOG) in {(one.what.code, one.log) for one in report.findings}
    first = report.first_bad
    assert first and first.entry == f"100/{seq}" and "Market log 100" in first.sentence("en")
    assert "市场日志 100" in first.sentence("zh")


def test_a_follower_finds_a_market_rewritten_or_cut(trading: Trading, tmp_path: Path):
    for n in range(3):
        trading.sell(trading.a, 10 + n)
    follower = Follower.at(trading.market.database, tmp_path / "audit.state")
    assert follower.round().ok
    with trading.market.database.write() as conn:
        newest = store.tail(conn, FIRST_LOG)
        assert newest
        conn.execute(text(f"DELETE FROM log_entry WHERE log = 100 AND seq = {newest[0]}"))
    (gone,) = follower.round().found
    assert (gone.code, gone.log, gone.entry) == ("AUD-6002", FIRST_LOG, f"100/{newest[0]}")
    trading.sell(trading.a, 77)
    (other,) = Follower.at(trading.market.database, tmp_path / "audit.state").round().found
    assert (other.code, other.log) == ("AUD-6001", FIRST_LOG)


def test_the_audit_of_the_terminal_names_log_and_entry_and_ends_with_3(
    trading: Trading, monkeypatch: pytest.MonkeyPatch
):
    url = ("--db", trading.market.database.url)
    good = in_process("book", "audit", *url, "--json").ok().json
    assert good["ok"] and good["markets"][0]["market"] == CEA
    _money_comes_in_that_no_command_of_the_book_brought(trading, monkeypatch)
    refused = in_process("book", "audit", *url, "--json")
    assert refused.code == 3
    (found,) = [one for one in refused.json["findings"] if one["code"] == "AUD-8102"]
    assert found["log"] == FIRST_LOG and found["seq"] > good["markets"][0]["log_seq"]
    assert f"100/{found['seq']}" in in_process("book", "audit", *url).out


# -- many days, at random ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_found_in_a_random_day(sqlite_tradings: Any, tmp_path: Path, seed: int):
    from tests.exchange.bridge.support import figures

    dice = random.Random(digest(f"day {seed}".encode()))
    with figures(), sqlite_tradings(tmp_path) as trading:
        handles = (trading.a, trading.b, trading.c)
        for _ in range(120):
            who, side = dice.choice(handles), dice.choice(("buy", "sell"))
            tonnes, price = dice.randrange(1, 5_000), 7_500 + 10 * dice.randrange(100)
            kind = dice.choice((Offer, Offer, Take))
            trading.orders(who, kind("CEA22", side, tonnes, price))
            if dice.random() < 0.1:
                trading.moves(who, dice.randrange(1, 100), into=dice.random() < 0.5)
        assert findings(trading) == []
        trading.done(trading.closes())
        trading.delivers()
        assert findings(trading) == []
