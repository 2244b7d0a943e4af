"""`tanshu market auction`: what the exchange's people do, and what everybody reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import at
from tests.exchange.auctions.support import Auctioneer
from tests.exchange.bridge.support import CHECKER, EXCHANGE

AUCTION = ("market", "auction")


@pytest.mark.parametrize("trading", ["sqlite"], indirect=True)
def test_a_result_is_recorded_published_and_read(auction: Auctioneer, tmp_path: Path) -> None:
    b = auction.trading.b
    auction.over((b, 1_000, 8_000), (b, 500, 7_500), reserve_hidden=True)
    tanshu = at(auction.trading.market.database.url)
    listed = tanshu(*AUCTION, "list", "--json").ok().json["auctions"]
    assert [(one["auction"], one["reserve_fen"], "sold_t" in one) for one in listed] == [(1, None, False)]
    assert tanshu(*AUCTION, "show", "1", "--result", "--json").refusal == "EXC-5112"
    recorded = tanshu(*AUCTION, "record", "1", "--as", EXCHANGE, "--json").ok().json
    assert (recorded["outcome"], recorded["sold_t"], recorded["clearing_fen"]) == ("part", 1_500, 7_500)
    assert tanshu(*AUCTION, "publish", "1", "--as", EXCHANGE, "--json").refusal == "PAR-3003"
    tanshu(*AUCTION, "publish", "1", "--as", CHECKER).ok()
    listed = tanshu(*AUCTION, "list", "--json").ok().json["auctions"]
    assert [(one["sold_t"], one["best_fen"], one["reserve_fen"]) for one in listed] == [(1_500, 8_000, 7_000)]
    assert "75.00" in tanshu(*AUCTION, "list", "--lang", "zh").ok().out
    shown = tanshu(
        *AUCTION, "show", "1", "--result", "--format", "html", "--out", str(tmp_path), "--json"
    ).ok()
    assert Path(shown.json["files"][0]).read_text(encoding="utf-8").startswith("<!")
    assert "75.00 CNY/t" in tanshu(*AUCTION, "show", "1", "--result", "--lang", "en").ok().out
    assert "第一次配额竞价" in tanshu(*AUCTION, "show", "1", "--lang", "zh").ok().out


@pytest.mark.parametrize("trading", ["sqlite"], indirect=True)
def test_what_is_refused_at_the_terminal(auction: Auctioneer) -> None:
    auction.announced(cap_share="0.1", day=auction.announcement().day)
    tanshu = at(auction.trading.market.database.url)
    past = ("--day", "2024-01-03", "--window", "10:30-11:00", "--title", "竞价", "--title-en", "auction")
    terms = ("--pricing", "uniform", "--ties", "time", "--sealed", "--deposit", "0.1", "--reserve", "70")
    asked = ("announce", auction.trading.a, "CEA22", "1000", *past, *terms)
    assert tanshu(*AUCTION, *asked, "--as", EXCHANGE, "--json").refusal == "EXC-5103"
    said = tanshu(*AUCTION, "qualify", "1", auction.trading.b, "1001", "--as", EXCHANGE, "--json")
    assert said.refusal == "EXC-5107"
    assert (
        tanshu(*AUCTION, "call-off", "2", "--as", EXCHANGE, "--reason", "x", "--json").refusal == "EXC-5101"
    )
