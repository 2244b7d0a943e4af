"""`tanshu market offer|take|order|quote|counter|confirm|decline|bid|amend|cancel|batch|replay`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tanshu.app import Installation
from tanshu.base.database import Database
from tests.cli.conftest import Said, at
from tests.exchange.bridge.support import DAY, Trading, figures
from tests.exchange.conftest import postgresql_tradings, sqlite_tradings
from tests.support.copies import Copies

__all__ = ["postgresql_tradings", "sqlite_tradings"]
Ask = Callable[..., Said]


@pytest.fixture(params=["sqlite", "postgresql"])
def trading(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trading]:
    """The market `cea` at ten in the morning of its first day, whose clock the command line has, too."""
    copied: Copies[Trading] = request.getfixturevalue(f"{request.param}_tradings")
    real = Installation.context
    with figures(), copied(tmp_path) as made:

        def on_the_day(self: Installation, actor: str, key: bytes, **more: Any) -> Any:
            return real(self, actor, key, **{**more, "clock": made.clock})

        monkeypatch.setattr(Installation, "context", on_the_day)
        yield made


@pytest.fixture
def ask(trading: Trading) -> Ask:
    """`tanshu market …` by a participant's trader: ask("a", "offer", …)."""
    tanshu = at(trading.book.database.url)

    def said(who: str, verb: str, *args: str) -> Said:
        trader = trading.traders[getattr(trading, who)]
        return tanshu("market", verb, *args, "--as", trader)

    return said


def shown(said: Said) -> dict[str, Any]:
    return said.ok().json


def test_an_offer_is_taken_and_what_is_left_is_cancelled(ask: Ask, trading: Trading):
    offer = shown(ask("a", "offer", "sell", "CEA22", "1,000", "80.00", "--json"))
    assert (offer["state"], offer["left"], offer["market"]) == ("resting", 1000, "cea")
    taken = shown(ask("b", "take", "buy", "CEA22", "400", "--price", "80", "--json"))
    assert (taken["state"], taken["filled"], taken["trades"][0]["price_fen"]) == ("filled", 400, 8000)
    chosen = shown(ask("c", "take", "buy", "CEA22", "100", "--offer", offer["order"], "--json"))
    assert chosen["trades"][0]["sell_order"] == offer["order"]
    gone = shown(ask("a", "cancel", offer["order"], "--json"))
    assert (gone["state"], gone["filled"], gone["left"]) == ("cancelled", 500, 0)
    trading.check()


def test_the_words_are_chinese_or_english(ask: Ask):
    chinese = ask("a", "offer", "sell", "CEA22", "1000", "80").ok().out
    assert "委托号" in chinese and "已申报" in chinese
    english = ask("b", "take", "buy", "CEA22", "10", "--lang", "en").ok().out
    assert "filled" in english and "80.00" in english and "buy order" in english
    assert "已撤单" in ask("a", "cancel", "20240102-1").ok().out
    refused = ask("a", "cancel", "20240102-1", "--lang", "en")
    assert (
        refused.code == 1 and "EXC-4005" in refused.err + refused.out and "over" in refused.err + refused.out
    )


def test_the_same_key_enters_one_order(ask: Ask):
    asked = ("offer", "sell", "CEA22", "1000", "80", "--key", "monday", "--json")
    first, second = (shown(ask("a", *asked)) for _ in range(2))
    assert first["order"] == second["order"] and first["market_seq"] == second["market_seq"]
    assert ask("a", "offer", "sell", "CEA22", "2", "80", "--key", "monday", "--json").refusal == "LOG-1001"


def test_a_block_is_quoted_countered_declined_and_confirmed(ask: Ask, trading: Trading):
    trading.done(trading.moves(trading.a, 40_000, into=True))
    trading.clock.set_day(DAY, time(13, 5))
    quote = ("quote", "sell", "CEA22", "100,000", "80", "--json")
    assert ask("a", *quote, "--to", "nobody").refusal == "EXC-3002"
    assert ask("c", *quote).refusal == "EXC-3007"
    assert ask("a", "quote", "sell", "CEA22", "99,999", "80", "--json").refusal == "EXC-2005"
    first = shown(ask("a", *quote, "--to", trading.b))["order"]
    assert ask("c", "confirm", first, "--json").refusal == "EXC-4011"
    assert shown(ask("b", "decline", first, "--json"))["state"] == "over"
    second = shown(ask("a", *quote, "--to", trading.b))["order"]
    answer = shown(ask("b", "counter", second, "100,000", "79", "--json"))["order"]
    agreed = shown(ask("a", "confirm", answer, "--json"))
    (trade,) = agreed["trades"]
    assert (trade["quantity"], trade["price_fen"], agreed["state"]) == (100_000, 7900, "filled")
    trading.check()


def test_a_day_of_the_order_book_and_of_auctions_is_asked_for_here_too(ask: Ask):
    """The national market has no order book; an auction that was not announced is unknown."""
    here = ("--market", "cea", "--json")
    assert ask("a", "order", "buy", "CEA22", "10", "80", "--kind", "fok", *here).code == 1
    assert ask("a", "order", "buy", "CEA22", "10", "80", "--kind", "stop", *here).refusal == "EXC-2014"
    assert ask("a", "amend", "20240102-1", "10", "80", *here).refusal == "EXC-4003"
    assert ask("a", "bid", "5", "10", "80", "--json").refusal == "EXC-5001"
    assert ask("a", "order", "buy", "CEA22", "10", "80", "--json").refusal == "EXC-1001"


@pytest.mark.parametrize("price", ["97,49", "1e5000", "-1", "80.001", "nan", "8_0", "1,00,000"])
def test_a_price_that_is_none_is_not_guessed_at(ask: Ask, price: str):
    said = ask("a", "take", "sell", "CEA22", "10", f"--price={price}", "--json")
    assert said.code == 2 and "元" in said.err


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (("offer", "up", "CEA22", "10", "80"), "EXC-2013"),
        (("offer", "sell", "CEA99", "10", "80"), "EXC-2001"),
        (("offer", "sell", "CEA22", "1.5", "80"), "BASE-1001"),
        (("offer", "sell", "CEA22", "10", "123,456,789,012.30"), "EXC-2008"),
        (("cancel", "x"), "EXC-4001"),
        (("cancel", "20231229-1"), "EXC-4002"),
        (("take", "buy", "CEA22", "10"), "EXC-4008"),
    ],
)
def test_what_is_refused_has_a_number(ask: Ask, asked: tuple[str, ...], code: str):
    assert ask("a", *asked, "--json").refusal == code


def test_a_batch_stands_line_by_line(ask: Ask, tmp_path: Path, trading: Trading):
    offer = {"do": "offer", "instrument": "CEA22", "side": "sell", "quantity": 5, "price_fen": 8000}
    lines = [offer, {**offer, "price_fen": 99_999}, {**offer, "quantity": 10**9}, offer]
    file = tmp_path / "orders.jsonl"
    file.write_text("\n\n".join(json.dumps(one) for one in lines) + "\n  \n", encoding="utf-8")
    told = shown(ask("a", "batch", str(file), "--market", "cea", "--json"))
    assert [bool(code) for code in told["codes"]] == [False, True, True, False]
    assert told["refused"] == [
        {"code": "EXC-2006", "orders": 1, "first_line": 5},
        {"code": "EXC-2011", "orders": 1, "first_line": 3},
    ]
    spoken = ask("a", "batch", str(file), "--market", "cea", "--lang", "en").ok().out
    assert "EXC-2011" in spoken and "accepted" in spoken
    trading.check()


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('{"do": "fly"}', "fly"),
        ("{", "1"),
        ("[1]", "1"),
        ('{"do": ["offer"]}', "1"),
        ('{"do": "cancel"}', "order"),
        ('{"do": "cancel", "order": "x", "who": 1}', "who"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_nothing_is_entered(
    ask: Ask, tmp_path: Path, trading: Trading, line: str, word: str
):
    before = trading.exchange.tail.seq
    file = tmp_path / "orders.jsonl"
    file.write_text(line, encoding="utf-8")
    said = ask("a", "batch", str(file), "--market", "cea")
    assert said.code == 2 and "1" in said.err and word in said.err
    assert trading.exchange.tail.seq == before


def test_a_batch_with_a_value_of_another_kind_is_refused_by_its_line(ask: Ask, tmp_path: Path):
    file = tmp_path / "orders.jsonl"
    file.write_text('{"do": "cancel", "order": 17}', encoding="utf-8")
    said = ask("a", "batch", str(file), "--market", "cea", "--json")
    assert (said.refusal, said.json["refusal"]["field"]) == ("EXC-4001", "asked[0].order")
    file.write_bytes(b"\xff\xfe")
    assert ask("a", "batch", str(file), "--market", "cea").code == 2
    assert ask("a", "batch", str(tmp_path / "none"), "--market", "cea").code in (1, 2)


def test_a_replay_believes_nothing_not_even_the_state_told_at_the_close(ask: Ask, trading: Trading):
    ask("a", "offer", "sell", "CEA22", "10", "80").ok()
    ask("b", "take", "buy", "CEA22", "4").ok()
    told = trading.done(trading.closes()).data
    url = trading.book.database.url
    replayed = shown(at(url)("market", "replay", "--json"))
    assert replayed["state_hash"] == told["state_hash"]
    assert "状态哈希" in at(url)("market", "replay").ok().out
    assert at(url)("market", "replay", "--market", "moon", "--json").refusal == "EXC-1001"
    database = Database.open(url)
    with database.write() as conn:
        conn.execute(text("UPDATE market_day SET state_hash = 'another'"))
    database.close()
    assert at(url)("market", "replay", "--json").refusal == "LOG-1003"
