"""A market with its tables caught up, and what its rules say of its figures: windows of trading, weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, Refused, need
from tanshu.base.text import Text
from tanshu.book import projections
from tanshu.book.projections import Progress
from tanshu.book.writer import Writer
from tanshu.exchange import checks as market_checks
from tanshu.exchange import market as markets
from tanshu.exchange.engine.records import Mode
from tanshu.exchange.figures import checks, queries
from tanshu.exchange.figures.bars import SESSIONS, Window
from tanshu.exchange.figures.depth import SHOWN
from tanshu.exchange.figures.following import MarketData
from tanshu.exchange.figures.quotes import trading_days
from tanshu.exchange.figures.words import mode_name
from tanshu.exchange.market import Names
from tanshu.exchange.tables import MARKET
from tanshu.rules.market_pack import MarketRules, market_rules


@dataclass(frozen=True, slots=True)
class Followed:
    """One market as far as its log was followed. rules is None where its pack cannot be read now."""

    name: str
    log: int
    names: Names
    rules: MarketRules | None
    conn: Connection

    @property
    def watermarks(self) -> tuple[Text, ...]:
        """What every output must show: that its rules are a draft, or figures made up for an example."""
        return self.rules.watermarks if self.rules else ()

    def instrument(self, code: str) -> int:
        """The market's number of a product. Raises Refused EXC-2001."""
        found = self.names.instrument_of.get(code)
        if found is None:
            known = ", ".join(sorted(self.names.instrument_of)) or "—"
            raise Refused(
                market_checks.NO_INSTRUMENT(field="instrument", market=self.name, code=code, known=known)
            )
        return found

    def party(self, handle: str) -> int:
        """The market's number of a participant. Raises Refused EXC-3002."""
        found = self.names.party_of.get(handle)
        if found is None:
            raise Refused(market_checks.NO_PARTY(field="party", market=self.name, handle=handle))
        return found

    def day(self, asked: date | None) -> date:
        """The day asked for, None the newest one. Raises Refused EXC-6901 where the market did not open."""
        known = trading_days(self.conn, self.log)
        if asked in known or (asked is None and known):
            return asked or known[-1]
        span = f"{known[0]} … {known[-1]} ({len(known)})" if known else "—"
        raise Refused(
            checks.NOT_OPENED(
                field="day", market=self.name, day=asked.isoformat() if asked else "—", known=span
            )
        )

    def priced_mode(self) -> Mode:
        """The mode whose prices people mean: listing, or the order book where there is no listing."""
        modes = self.rules.modes if self.rules else {}
        return next((mode for mode in SHOWN if mode_name(mode) in modes), SHOWN[0])

    def sessions(self, mode: Mode) -> Sequence[Window]:
        """When a mode trades, by the market's rules; the national listing's windows where they do not say."""
        rules = self.rules.modes.get(mode_name(mode)) if self.rules else None
        return rules.session.open if rules and rules.session.open else SESSIONS

    def weights(self, day: date) -> Mapping[int, Decimal] | None:
        """What the products weigh in the composite on a day; None where there is none, or it is not known."""
        stated = self.stated_weights(day)
        if stated is None or isinstance(stated, Refusal):
            return None
        known = self.names.instrument_of
        return {known[code]: weight for code, weight in stated.items() if code in known}

    def stated_weights(self, day: date) -> Mapping[str, Decimal] | Refusal | None:
        """The same by the codes of products, or RULE-1602: there is a composite whose weights nobody gave."""
        try:
            return self.rules.composite(day) if self.rules else None
        except Refused as refused:
            return refused.refusal


@contextmanager
def followed(book: Writer[Any], name: str, progress: Progress | None = None) -> Iterator[Followed]:
    """The market of this name in one read transaction, its tables caught up to when it was asked for.

    Raises Refused EXC-1001 where there is none, LOG-1003 where its log is broken.
    """
    with book.database.read() as conn:
        market = need(markets.by_name(book, conn, name))
    projections.catch_up(book.database, MarketData, market.log, progress=progress)
    with book.database.read() as conn:
        pack = conn.execute(select(MARKET.c.pack).where(MARKET.c.log == market.log)).scalar_one()
        rules = market_rules(pack, allow_draft=True)
        yield Followed(
            name,
            market.log,
            markets.read_names(conn, market.log),
            None if isinstance(rules, Refusal) else rules,
            conn,
        )


def rebuild(book: Writer[Any], name: str, progress: Progress | None = None) -> int:
    """Drop a market's tables that follow its log and build them again; how many trades they then have.

    Raises Refused as `followed` does.
    """
    with book.database.read() as conn:
        market = need(markets.by_name(book, conn, name))
    projections.rebuild(book.database, MarketData, market.log, progress=progress)
    with book.database.read() as conn:
        return queries.count_trades(conn, market.log)
