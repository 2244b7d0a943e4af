"""Commands that do nothing but record: how tests move a book."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tanshu.base.canonical import digest
from tanshu.base.refusal import Refusal, refusal
from tanshu.book import records
from tanshu.book.commit import Act, Answer, Book, Context, Outcome, Request
from tanshu.book.records import AccountFlag, Row
from tests.support.clock import Ticker

NO = refusal("TEST-1001", "测试:不行。", "Test: no.")

ISSUER, MAKER, TAKER, SINK, CEA, CNY = 0, 1, 2, 3, 0, 1
"""The accounts and instruments of `opening`."""


def opening(issued: int = 1_000, cash: int = 50_000) -> list[Row]:
    """Two instruments; an issuer and a sink that may go below zero; MAKER has CEA, TAKER has cash (fen)."""
    return [
        records.define_instrument(CEA, cap=1_000_000, serialised=True),
        records.define_instrument(CNY, scale=2),
        records.open_account(ISSUER, AccountFlag.OVERDRAFT),
        records.open_account(MAKER),
        records.open_account(TAKER),
        records.open_account(SINK, AccountFlag.OVERDRAFT),
        records.transfer(ISSUER, MAKER, CEA, issued),
        records.transfer(ISSUER, TAKER, CNY, cash),
    ]


def recording(*rows: Row) -> Callable[[Act, Any], Mapping[str, Any] | Refusal]:
    """A decision that records these rows and answers with their positions."""

    def decide(act: Act, _command: Any) -> Mapping[str, Any]:
        return {"positions": [act.record(row) for row in rows]}

    return decide


def refusing(act: Act, _command: Any) -> Refusal:
    """A decision that records something and then says no."""
    act.open_account()
    return NO()


def send(ctx: Context, *rows: Row, name: str = "record") -> Outcome:
    """Commit rows as one command, whose body is the rows themselves."""
    return ctx.commit(name, {"rows": list(rows)}, recording(*rows))


def accepted(outcome: Outcome) -> Answer:
    assert isinstance(outcome, Answer), outcome
    return outcome


def refused(outcome: Outcome) -> str:
    """The code of a refusal."""
    assert isinstance(outcome, Refusal), outcome
    return outcome.code


def request(
    book: Book, n: int, *rows: Row, actor: str = "registry-maker-1", ticker: Ticker | None = None
) -> Request:
    """The n-th command of an actor, to be sent alone or in a group."""
    key = digest(f"{actor} {n}".encode())[:16]
    ctx = Context(book, actor, key, clock=ticker or Ticker())
    return Request(ctx, "record", {"rows": list(rows)}, recording(*rows))
