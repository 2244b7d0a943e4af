"""A market on a register: what its participants did is what its figures say, and what is delivered."""

from __future__ import annotations

from datetime import date, time

from tanshu.exchange.bridge.trades import of_entries
from tanshu.exchange.engine.records import Mode
from tanshu.exchange.figures import depth, queries
from tanshu.exchange.figures.of_market import followed
from tanshu.exchange.figures.of_months import all_months
from tanshu.exchange.figures.quotes import number_of, quotes
from tanshu.insight.market_section import rendered
from tests.cli.conftest import at
from tests.exchange.bridge.support import CEA, DAY, NEXT, Trading


def a_day(trading: Trading) -> None:
    """b and c take 600 and 500 t of what a offers at 80.00 and 81.00; b offers 50 t, which wait."""
    trading.sell(trading.a, 700, 8_000)
    trading.sell(trading.a, 700, 8_100)
    trading.buy(trading.b, 600, 8_000)
    trading.buy(trading.c, 500, 8_100)
    trading.sell(trading.b, 50, 8_300)


def test_figures_of_a_day_equal_the_hand_computation_and_what_is_delivered(trading: Trading):
    a_day(trading)
    trading.done(trading.closes())
    with followed(trading.book, CEA) as found:
        (quote,) = quotes(found.conn, found.log, DAY, DAY)
        tape = queries.trades(found.conn, found.log, queries.Which())
        delivered = of_entries(found.conn, found.log, 0, 10_000)
        parties = found.names.parties
        assert [(parties[t.buyer], parties[t.seller], t.quantity, t.price) for t in tape] == [
            (trading.b, trading.a, 600, 8_000),
            (trading.c, trading.a, 100, 8_000),
            (trading.c, trading.a, 400, 8_100),
        ]
        assert [(t.number, t.quantity, t.price) for t in delivered] == [
            (t.number, t.quantity, t.price) for t in tape
        ]
    # (700 × 80.00 + 400 × 81.00) / 1,100 = 80.3636…
    assert (quote.previous, quote.open, quote.high, quote.low, quote.close) == (
        8_000,
        8_000,
        8_100,
        8_000,
        8_036,
    )
    assert quote.total == (1_100, 8_840_000, 3)


def test_depth_while_the_day_is_open_is_that_of_the_running_engine(trading: Trading):
    a_day(trading)
    with followed(trading.book, CEA) as found:
        seen = depth.of_log(found.conn, found.log, number_of(DAY), found.instrument("CEA22"), Mode.LISTING)
    assert seen == depth.of_engine(trading.engine().arrays, 1, Mode.LISTING)
    assert [tuple(level) for level in seen.sell] == [(8_100, 300, 1), (8_300, 50, 1)]


def test_the_next_day_begins_at_the_close_of_the_last(trading: Trading):
    a_day(trading)
    trading.done(trading.closes())
    trading.delivers()
    trading.market.clock.set_day(NEXT)
    trading.done(trading.opens(NEXT))
    with followed(trading.book, CEA) as found:
        _, tomorrow = quotes(found.conn, found.log, DAY, NEXT)
        (month,) = all_months(found)
        assert found.day(None) == NEXT
    assert (tomorrow.previous, tomorrow.open, tomorrow.close) == (8_036, 8_036, None)
    assert (month.high, month.low, month.total.volume) == (8_100, 8_000, 1_100)


def test_windows_of_trading_come_from_the_rules_of_the_market(trading: Trading):
    with followed(trading.book, CEA) as found:
        assert found.sessions(Mode.BLOCK) == ((time(13), time(15)),)
        assert found.sessions(Mode.LISTING) == ((time(9, 30), time(11, 30)), (time(13), time(15)))
        assert found.weights(date(2024, 1, 2)) is None, "nobody gave them"
        assert found.watermarks
        assert found.priced_mode() is Mode.LISTING


def test_the_terminal_and_the_report_name_participants_and_say_that_figures_are_made_up(trading: Trading):
    a_day(trading)
    tanshu = at(trading.market.database.url)
    told = tanshu("market", "trades", "--party", trading.c, "--json").ok().json["trades"]
    assert [(one["buyer"], one["seller"], one["fees_fen"]["buyer_trading"]) for one in told] == [
        (trading.c, trading.a, 240),
        (trading.c, trading.a, 972),
    ]
    html = rendered(trading.book, CEA, "zh")
    assert "CEA22 日K线" in html and 'class="stamp"' in html
