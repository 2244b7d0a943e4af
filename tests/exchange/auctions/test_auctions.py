"""竞价 from the notice to the published result, in the words of the exchange's clerks."""

from __future__ import annotations

from datetime import date
from typing import Any

from tanshu.base.documents import html
from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act
from tanshu.exchange import timetable
from tanshu.exchange.auctions import papers, queries, service
from tanshu.exchange.auctions.model import CloseWindow
from tanshu.exchange.auctions.tables import AUCTION_RESULT
from tanshu.exchange.engine.records import Outcome
from tests.exchange.auctions.support import Auctioneer
from tests.exchange.bridge.support import CASH, CHECKER, DAY, EXCHANGE, MONEY, NEXT, UNITS


def test_an_auction_from_its_notice_to_its_published_result(auction: Auctioneer) -> None:
    trading = auction.trading
    a, b, c = trading.a, trading.b, trading.c
    auction.over((b, 6_000, 9_000), (c, 5_000, 8_500), (b, 2_000, 7_500))
    told = auction.done(auction.record())
    assert told.data == {
        "market": "cea", "auction": 1, "outcome": "sold", "why": "", "sold_t": 10_000, "clearing_fen": 8_500,
        "amount_fen": 85_000_000, "bids": 3, "valid_t": 13_000, "best_fen": 9_000,
        "market_seq": told["market_seq"],
    }  # fmt: skip
    awarded = [(one.quantity, one.price_fen) for one in auction.awards()]
    assert awarded == [(6_000, 8_500), (4_000, 8_500)]
    assert trading.units(a) == (UNITS - 10_000, 0, 10_000, 0)
    assert trading.units(b)[3] == 6_000, "bought today"
    assert trading.cash(b)[:2] == (CASH - 6_000 * 8_500, 0), "deposit and losing bids are back"
    trading.check()
    auction.refuses("EXC-5111", auction.record)
    auction.done(auction.publish())
    result = auction.result()
    assert result is not None and result.outcome is Outcome.SOLD and result.published_on == DAY
    auction.refuses("EXC-5113", auction.publish)
    assert trading.findings() == []


def test_whoever_ended_it_does_not_publish_it(auction: Auctioneer) -> None:
    auction.over((auction.trading.b, 1_000, 8_000))
    trading = auction.trading
    auction.refuses("EXC-5112", auction.publish)
    auction.done(service.record(trading.ctx("exchange-both-1"), CloseWindow("cea", 1)))
    auction.refuses("EXC-5114", lambda: auction.publish("exchange-both-1"))
    auction.refuses("PAR-3003", lambda: auction.publish(EXCHANGE))


def test_the_audit_finds_a_result_published_by_who_ended_it(auction: Auctioneer) -> None:
    auction.over((auction.trading.b, 1_000, 8_000))
    ctx = auction.trading.ctx
    both = "exchange-both-1"
    auction.done(service.record(ctx(both), CloseWindow("cea", 1)))

    def publish(act: Act, _command: object) -> dict[str, object]:
        done = {"published_by": both, "published_on": act.today, "published_seq": act.seq}
        act.update(AUCTION_RESULT, {"log": auction.log, "number": 1}, **done)
        return {}

    auction.done(ctx(both).commit("exchange.publish-auction", {}, publish))
    assert {finding.what.code for finding in auction.trading.findings()} == {"AUD-5307"}


def test_an_auction_settles_like_any_trade(auction: Auctioneer) -> None:
    trading = auction.trading
    auction.over((trading.b, 1_000, 8_000))
    auction.done(auction.record())
    auction.at(15, 5)
    trading.done(trading.closes())
    assert trading.has(trading.a) == (UNITS - 1_000, 1_000)
    trading.delivers()
    assert trading.has(trading.a) == (UNITS - 1_000, 0)
    assert trading.has(trading.b) == (UNITS + 1_000, 0)
    assert trading.has(trading.b, MONEY, "CNY")[0] == CASH - 8_000_000


def test_the_window_opens_and_closes_at_the_notices_times(auction: Auctioneer) -> None:
    b = auction.trading.b
    auction.announced()
    auction.done(auction.qualify(b, 5_000))
    auction.at(10, 29)
    auction.refuses("EXC-5008", lambda: auction.bid(b, 1_000, 8_000))
    auction.at(10, 30)
    order = auction.done(auction.bid(b, 1_000, 8_000))["order"]
    auction.refuses("EXC-5104", auction.record)
    auction.at(11)
    assert auction.bid(b, 1_000, 8_000).code == "EXC-5007"  # type: ignore[union-attr]
    assert auction.cancel(b, order).code == "EXC-4005"  # type: ignore[union-attr]
    assert auction.done(auction.record())["outcome"] == "part"


def test_a_deposit_is_for_the_tonnes_and_is_missing_where_money_is(auction: Auctioneer) -> None:
    trading, b, c = auction.trading, auction.trading.b, auction.trading.c
    auction.announced(cap_share="0.5", quantity=60_000)
    assert auction.notice().cap_t == 30_000
    told = auction.done(auction.qualify(b, 20_000))
    assert told["deposit_fen"] == 14_000_000
    assert trading.cash(b)[1] == 14_000_000
    auction.done(auction.qualify(b, 10_000))
    assert trading.cash(b)[1] == 7_000_000
    trading.check()
    auction.refuses("EXC-5107", lambda: auction.qualify(b, 30_001))
    auction.announced(reserve_fen=0, deposit_share="1", quantity=UNITS)
    assert auction.done(auction.qualify(c, 10, number=2))["deposit_fen"] == 10 * 8_000, "of the last close"
    trading.done(trading.pays_out(c, CASH - 100_000))
    auction.refuses("EXC-5005", lambda: auction.qualify(c, 1_000, number=2))
    with trading.market.database.read() as conn:
        told_last = queries.bidders(conn, auction.log, 1)
    assert [(one.tonnes, one.deposit_fen) for one in told_last] == [(10_000, 7_000_000)]


def test_called_off_with_a_reason_everything_is_free(auction: Auctioneer) -> None:
    trading, b = auction.trading, auction.trading.b
    auction.in_window(b)
    auction.done(auction.bid(b, 1_000, 8_000))
    auction.refuses("EXC-5115", lambda: auction.call_off(" "))
    auction.done(auction.call_off("系统故障"))
    result = auction.result()
    assert result is not None and (result.outcome, result.why) == (Outcome.CALLED_OFF, "系统故障")
    assert trading.cash(b)[:2] == (CASH, 0) and trading.units(trading.a) == (UNITS, 0, 0, 0)
    auction.refuses("EXC-5111", lambda: auction.call_off("once more"))
    assert auction.bid(b, 1_000, 8_000).code == "EXC-5007"  # type: ignore[union-attr]


def test_the_close_of_the_day_calls_an_open_window_off(auction: Auctioneer) -> None:
    auction.in_window(auction.trading.b, closes="11:30")
    auction.trading.done(auction.trading.closes())
    assert auction.done(auction.record())["outcome"] == "called_off"


def test_an_initiator_without_units_has_no_window(auction: Auctioneer) -> None:
    auction.announced(quantity=UNITS + 1)
    auction.done(auction.qualify(auction.trading.b, 1_000))
    auction.at(10, 31)
    assert auction.bid(auction.trading.b, 1_000, 8_000).code == "EXC-5008"  # type: ignore[union-attr]
    auction.at(11)
    auction.refuses("EXC-5104", auction.record)
    auction.done(auction.call_off("发起方数量不足"))


def test_an_auction_of_another_day_waits_for_it(auction: Auctioneer) -> None:
    trading, b = auction.trading, auction.trading.b
    auction.announced(day=NEXT)
    auction.at(15, 1)
    trading.done(trading.closes())
    auction.at(9, 10, NEXT)
    trading.done(trading.opens(NEXT))
    auction.done(auction.qualify(b, 1_000))
    auction.at(10, 30, NEXT)
    auction.done(auction.bid(b, 1_000, 8_000))
    auction.at(11, 0, NEXT)
    assert auction.done(auction.record())["sold_t"] == 1_000


def test_a_deposit_of_the_day_before_is_shown_again_with_the_first_bid(auction: Auctioneer) -> None:
    trading, b = auction.trading, auction.trading.b
    auction.announced(day=NEXT)
    auction.done(auction.qualify(b, 1_000))
    assert trading.cash(b)[1] == 700_000
    auction.at(15, 1)
    trading.done(trading.closes())
    assert trading.has(b, MONEY, "CNY") == (CASH, 0)
    auction.at(9, 10, NEXT)
    trading.done(trading.opens(NEXT))
    auction.at(10, 31, NEXT)
    order = auction.done(auction.bid(b, 10, 8_000))["order"]
    assert trading.cash(b)[1] == 700_000
    auction.done(auction.cancel(b, order))
    assert trading.cash(b)[1] == 700_000
    trading.check()


# -- who may, and what is refused --------------------------------------------------------------------------

REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "a window that ends before it begins": ("EXC-5102", {"opens": "11:00", "closes": "10:30"}),
    "a window that is no time": ("EXC-5102", {"opens": "half past ten"}),
    "a window over the break": ("EXC-5102", {"opens": "11:00", "closes": "13:30"}),
    "a window before the notice": ("EXC-5103", {"opens": "09:40", "closes": "10:00"}),
    "no trading day": ("RULE-1605", {"day": date(2024, 1, 6)}),
    "unknown pricing": ("EXC-5105", {"pricing": "dutch"}),
    "a share above one": ("EXC-5105", {"deposit_share": "1.1"}),
    "a share that is no number": ("EXC-5105", {"cap_share": "much"}),
    "a term that neither notice nor pack gives": ("EXC-5106", {"ties": ""}),
    "sealed or not that neither gives": ("EXC-5106", {"sealed": None}),
    "a share of paid allocation that the pack has not": ("EXC-5110", {"paid_year": 2024}),
    "an unknown market": ("EXC-1001", {"market": "nowhere"}),
    "an initiator that is no participant": ("EXC-3002", {"initiator": "hubei"}),
    "a product that is not listed": ("EXC-2001", {"instrument": "CEA23"}),
    "a product that is not there": ("REG-1003", {"instrument": "CEA99"}),
    "nothing": ("BASE-1002", {"quantity": 0}),
    "a negative reserve": ("EXC-2015", {"reserve_fen": -1}),
    "a purchase without a ceiling": ("EXC-2008", {"side": "buy", "reserve_fen": 0}),
}


def test_refused_announcements_write_nothing(auction: Auctioneer) -> None:
    timetable.keep(auction.trading.exchange, auction.clock())
    with auction.trading.nothing_written():
        for case, (code, stated) in REFUSED.items():
            refused = auction.announce(**stated)
            assert isinstance(refused, Refusal) and refused.code == code, (case, refused)


def test_only_the_exchange_announces(auction: Auctioneer) -> None:
    auction.refuses("PAR-3002", lambda: auction.announce("plant-a-maker-1"))
    auction.refuses("PAR-3003", lambda: auction.announce(CHECKER))


def test_an_auction_that_is_not_there(auction: Auctioneer) -> None:
    trading = auction.trading
    auction.refuses("EXC-5101", lambda: auction.qualify(trading.b, 10))
    auction.refuses("EXC-5101", auction.record)
    auction.refuses("EXC-5101", lambda: auction.call_off("why"))
    assert auction.bid(trading.b, 10, 8_000).code == "EXC-5001"  # type: ignore[union-attr]


def test_bids_are_refused_in_words(auction: Auctioneer) -> None:
    a, b = auction.trading.a, auction.trading.b
    auction.in_window(b, tonnes=1_000)
    for code, call in (
        ("EXC-5002", lambda: auction.bid(a, 10, 8_000)),
        ("EXC-5003", lambda: auction.bid(b, 10, 6_999)),
        ("EXC-5004", lambda: auction.bid(b, 1_001, 8_000)),
    ):
        refused = auction.refuses(code, call)
        assert "1" in refused.sentence("en")


def test_a_bid_that_binds_is_not_cancelled(auction: Auctioneer) -> None:
    b = auction.trading.b
    auction.in_window(b, binding=True, one_bid=True)
    order = auction.done(auction.bid(b, 100, 8_000))["order"]
    auction.refuses("EXC-5006", lambda: auction.cancel(b, order))
    auction.refuses("EXC-5006", lambda: auction.bid(b, 100, 7_999))
    auction.done(auction.bid(b, 100, 8_001))


# -- papers ------------------------------------------------------------------------------------------------


def test_the_papers_say_it_in_both_languages_and_hide_a_hidden_reserve(auction: Auctioneer) -> None:
    said = {"criteria_zh": "重点排放单位", "criteria_en": "covered entities"}
    auction.over((auction.trading.b, 1_000, 8_000), reserve_hidden=True, **said)
    book = auction.trading.book

    def paper(make: Any) -> Any:
        with auction.trading.market.database.read() as conn:
            return make(conn, book, auction.log, 1)

    notice = need(paper(papers.notice_paper))
    zh, en = papers.text(notice, "zh"), papers.text(notice, "en")
    assert "第一次配额竞价" in zh and "不公开" in zh and "70.00" not in zh and "重点排放单位" in zh
    assert "not disclosed" in en and "10,000 t" in en and "交易机构" in notice.issuer
    assert paper(papers.result_paper).code == "EXC-5112"
    auction.done(auction.record())
    assert paper(papers.result_paper).code == "EXC-5112", "not before it is published"
    auction.done(auction.publish())
    result = need(paper(papers.result_paper))
    told = papers.text(result, "zh")
    assert all(one in told for one in ("部分成交", "80.00 元/吨", "80,000.00 元", "70.00 元/吨"))
    assert result.number != notice.number and "<html" in html(result, "zh")
    with auction.trading.market.database.read() as conn:
        kept, ended = auction.notice(), auction.result()
        assert ended is not None
        assert papers.notice_json(conn, kept)["reserve_fen"] is None
        assert papers.result_json(conn, kept, ended)["sold_t"] == 1_000


def test_notices_of_a_market_are_listed(auction: Auctioneer) -> None:
    auction.announced()
    assert auction.announced(day=NEXT, side="buy", reserve_fen=9_000) == 2
    with auction.trading.market.database.read() as conn:
        listed = queries.notices(conn, auction.log)
    assert [(one.number, one.side, one.published_on) for one in listed] == [(1, "sell", DAY), (2, "buy", DAY)]
