"""A market's log: what is acknowledged is in it, what is refused is not; it leads back to the same engine."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import text

from tanshu.base.canonical import digest
from tanshu.base.database import Database
from tanshu.base.refusal import Refusal, Refused, need
from tanshu.book.commit import Act, Book, Context
from tanshu.exchange import market as markets
from tanshu.exchange.engine.records import Op, Row, row
from tanshu.exchange.engine.state import CLOSE, FREE
from tanshu.exchange.market import FIRST_LOG, Market, MarketAct
from tanshu.log import store
from tests.support.clock import START_NS, Ticker

BEGIN = (
    row(Op.PARTY, party=1),
    row(Op.OPERATOR, party=1, other=1),
    row(Op.INSTRUMENT, instrument=1, quantity=2023, price=9_749),
    row(Op.DAY, quantity=20241111),
    row(Op.CASH_IN, party=1, quantity=1_000),
)


@pytest.fixture
def trading(database: Database, ticker: Ticker) -> Market:
    """A market whose day is open: one participant with ten yuan."""
    made = Market(database, FIRST_LOG)
    made.create("cea", START_NS)
    need(put(made, ticker, "begin", BEGIN))
    return made


def put(market: Market, ticker: Ticker, key: str, rows: Sequence[Row], **changes: Any) -> Any:
    """Put records to the market under a key."""
    ctx = Context(market, "somebody", digest(key.encode())[:16], clock=ticker).with_(**changes)
    return ctx.commit("test", {"rows": list(map(list, rows))}, lambda act, _: answered(act, rows))


def answered(act: MarketAct, rows: Sequence[Row]) -> dict[str, Any] | Refusal:
    done = act.apply(rows)
    if len(rows) == 1 and done.codes[0]:
        from tanshu.exchange import checks

        return checks.from_code(act.engine, rows[0], int(done.codes[0]), act.names)
    return {"codes": done.codes.tolist()}


def state(market: Market) -> tuple[int, str]:
    with market.reading() as (_, engine):
        return market.tail.seq, engine.state_hash()


def free(market: Market) -> int:
    with market.reading() as (_, engine):
        return int(engine.arrays.cash[1, FREE])


def test_a_second_process_finds_the_same_engine(trading: Market, ticker: Ticker):
    need(put(trading, ticker, "more", [row(Op.CASH_IN, party=1, quantity=5)]))
    other = Market(trading.database, FIRST_LOG)
    assert state(other) == state(trading)
    need(put(other, ticker, "from the other", [row(Op.CASH_OUT, party=1, quantity=5)]))
    assert state(trading) == state(other)


def test_a_refused_record_leaves_no_trace_and_does_not_use_up_its_key(trading: Market, ticker: Ticker):
    before = state(trading)
    refused = put(trading, ticker, "k", [row(Op.CASH_OUT, party=1, quantity=2_000)])
    assert isinstance(refused, Refusal) and refused.code == "EXC-3006"
    assert "10.00" in refused.sentence("zh")
    assert state(trading) == before
    assert need(put(trading, ticker, "k", [row(Op.CASH_OUT, party=1, quantity=1)])).seq == before[0] + 1


def test_in_a_batch_the_refused_are_kept_with_their_code_and_replay_agrees(trading: Market, ticker: Ticker):
    batch = [row(Op.CASH_OUT, party=1, quantity=2_000), row(Op.CASH_IN, party=1, quantity=7), row(Op.DAY)]
    answer = need(put(trading, ticker, "batch", batch))
    assert [bool(code) for code in answer["codes"]] == [True, False, True]
    with trading.database.read() as conn:
        entry, engine = list(markets.replayed(conn, FIRST_LOG))[-1]
    assert (entry.seq, engine.state_hash()) == state(trading)


def test_the_same_key_gives_the_first_answer_again(trading: Market, ticker: Ticker):
    rows = [row(Op.CASH_IN, party=1, quantity=7)]
    first, second = (need(put(trading, ticker, "once", rows)) for _ in range(2))
    assert (first.seq, second.seq, second.repeated) == (first.seq, first.seq, True)
    assert free(trading) == 1_007


def test_a_snapshot_is_believed_only_while_it_is_true(trading: Market, ticker: Ticker):
    trading.keep_snapshot(now=True)
    need(put(trading, ticker, "after", [row(Op.CASH_IN, party=1, quantity=7)]))
    expected = state(trading)
    assert state(Market(trading.database, FIRST_LOG)) == expected
    with trading.database.write() as conn:
        conn.execute(text("UPDATE snapshot SET digest = :other WHERE log = 100"), {"other": bytes(32)})
    assert state(Market(trading.database, FIRST_LOG)) == expected
    with trading.database.write() as conn:
        conn.execute(text("UPDATE snapshot SET data = :other WHERE log = 100"), {"other": b"x"})
    assert state(Market(trading.database, FIRST_LOG)) == expected


@pytest.mark.parametrize("column", ["records", "results", "answer_hash", "time_ns"])
def test_a_changed_entry_is_found_on_replay(trading: Market, ticker: Ticker, column: str):
    need(put(trading, ticker, "x", [row(Op.CASH_IN, party=1, quantity=7)]))
    changed = {
        "records": "zeroblob(49)",
        "results": "x'0001'",
        "answer_hash": "x'00'",
        "time_ns": "time_ns + 1",
    }[column]
    if trading.database.url.startswith("postgresql"):
        changed = {
            "records": "decode(repeat('00', 49), 'hex')",
            "results": "'\\x0001'::bytea",
            "answer_hash": "'\\x00'::bytea",
            "time_ns": "time_ns + 1",
        }[column]
    with trading.database.write() as conn:
        statement = f"UPDATE log_entry SET {column} = {changed} WHERE log = 100 AND seq = 2"
        assert conn.execute(text(statement)).rowcount == 1
    with pytest.raises(Refused) as broken:
        state(Market(trading.database, FIRST_LOG))
    assert broken.value.refusal.code == "LOG-1003"


def test_many_threads_share_transactions_and_lose_nothing(trading: Market, ticker: Ticker):
    def pay(who: int) -> None:
        for n in range(10):
            need(put(trading, ticker, f"{who} {n}", [row(Op.CASH_IN, party=1, quantity=1)]))

    threads = [threading.Thread(target=pay, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert free(trading) == 1_060
    assert state(Market(trading.database, FIRST_LOG)) == state(trading)


# -- together with the book --------------------------------------------------------------------------------


def joined(act: Act, market: Market, rows: Sequence[Row]) -> Any:
    return market.join(act, "test", {"rows": list(map(list, rows))}, lambda inner, _: answered(inner, rows))


def test_a_joint_command_is_in_both_logs_or_in_neither(
    trading: Market, book: Book, context: Any, ticker: Ticker
):
    def decide(act: Act, fails: str) -> Any:
        act.open_account()
        answer = joined(act, trading, [row(Op.CASH_IN, party=1, quantity=7)])
        if fails == "refused":
            return joined(act, trading, [row(Op.CASH_OUT, party=1, quantity=9_999)])
        if fails == "broken":
            raise RuntimeError("the power went")
        return {"market_seq": answer.seq}

    before, books = state(trading), book.tail.seq
    ctx = context()
    assert isinstance(ctx.commit("both", "refused", decide), Refusal)
    assert state(trading) == before, "the replica was ahead, and found out"
    with pytest.raises(RuntimeError):
        ctx.commit("both", "broken", decide)
    assert state(trading) == before
    answer = need(ctx.commit("both", "works", decide))
    assert (state(trading)[0], answer["market_seq"]) == (before[0] + 1, before[0] + 1)
    assert free(trading) == 1_007 and book.tail.seq == answer.seq > books
    need(put(trading, ticker, "goes on", [row(Op.CASH_OUT, party=1, quantity=7)]))
    assert state(Market(trading.database, FIRST_LOG)) == state(trading)


def test_a_joint_command_that_the_commit_loses_is_in_neither_log(trading: Market, book: Book, context: Any):
    before = state(trading)

    def decide(act: Act, _: object) -> Any:
        return {"seq": joined(act, trading, [row(Op.CLOSE_DAY)]).seq}

    def fail(_: object) -> None:
        raise RuntimeError("lost")

    from tanshu.book.commit import Request

    with pytest.raises(RuntimeError):
        book.commit([Request(context(), "both", "x", decide)], before_commit=fail)
    assert state(trading) == before
    with trading.reading() as (_, engine):
        assert engine.is_open and engine.arrays.instruments[1, CLOSE] == 0


def test_the_market_of_a_book_is_one_object(book: Book):
    assert markets.of(book, FIRST_LOG) is markets.of(book, FIRST_LOG)
    assert store.REGISTRY_LOG < FIRST_LOG
