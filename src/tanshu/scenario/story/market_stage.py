"""Sentences about a market as commands of a step: what a story calls by name is found by its key.

An order goes by a number that it gets when it is accepted. The story knows beforehand the key under which it
is given; its number is what the log answers to that key. So a run that goes on finds its orders, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.clock import business_date
from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.book.commit import Context, Outcome
from tanshu.exchange.tables import MARKET
from tanshu.log import store
from tanshu.scenario import checks
from tanshu.scenario.story import market_acts
from tanshu.scenario.story.market_sentences import MarketAct
from tanshu.scenario.story.words import Cast


@dataclass(frozen=True, slots=True)
class Known:
    """What a sentence may mean. keys: of what has a name; settled: the key of the newest settlement."""

    market: str = ""
    keys: Mapping[str, bytes] = field(default_factory=dict)
    settled: bytes | None = None


def verb(cast: Cast, known: Known, file: str, line: int) -> Callable[[Context, Any], Outcome]:
    """The verb of a command whose body is the sentence."""

    def perform(ctx: Context, said: MarketAct) -> Outcome:
        return market_acts.perform(ctx, said, _Meant(ctx, cast, known, file, line))

    return perform


def is_done(ctx: Context, key: bytes) -> bool:
    """Has the register, or some market, an entry under this key?"""
    with ctx.book.database.read() as conn:
        return any(store.find(conn, log, key) for log in _logs(conn))


def later(clock: time, seconds: int) -> time:
    """A time of day, so many seconds on."""
    return (datetime.combine(date.min, clock) + timedelta(seconds=seconds)).time()


@dataclass(frozen=True, slots=True)
class _Meant:
    """The words of one sentence (`market_acts.Words`). Raises Refused SCN-3102 for one that means nothing."""

    ctx: Context
    cast: Cast
    known: Known
    file: str
    line: int

    @property
    def market_name(self) -> str:
        return self.known.market

    @property
    def today(self) -> date:
        return business_date(self.ctx.clock())

    def handle(self, word: str) -> str:
        return self.cast.handle(word) or self._nobody(word, Text("主体", "subject"))

    def person(self, word: str) -> str:
        return self.cast.person(word) or self._nobody(word, Text("经办人", "person"))

    def order(self, name: str) -> str:
        return name if name.isascii() else str(self._answer(name, Text("委托", "order"))["order"])

    def auction(self, name: str) -> int:
        return int(self._answer(name, Text("竞价", "auction"))["auction"])

    def proposed(self) -> Sequence[str]:
        if self.known.settled is None:
            return ()
        return self._read(self.known.settled)["proposed"]

    def _answer(self, name: str, what: Text) -> Mapping[str, Any]:
        key = self.known.keys.get(name)
        found = self._read(key) if key else None
        return found or self._nobody(name, what)

    def _read(self, key: bytes) -> Mapping[str, Any]:
        """What was answered under a key, by whichever log has it."""
        with self.ctx.book.database.read() as conn:
            found = next((one for log in _logs(conn) if (one := store.find(conn, log, key))), None)
        return json.loads(found[2]) if found else {}

    def _nobody(self, word: str, what: Text) -> Any:
        raise Refused(checks.NOBODY_MEANT(file=self.file, line=self.line, word=word, what=what))


def _logs(conn: Connection) -> list[int]:
    return [store.REGISTRY_LOG, *conn.execute(select(MARKET.c.log).order_by(MARKET.c.log)).scalars()]
