"""What an announcement has to say: terms that the market's pack fills in, a window within hours, a share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from decimal import Decimal, InvalidOperation

from tanshu.base.clock import shanghai_ns, shanghai_text
from tanshu.base.quantity import check_quantity
from tanshu.base.refusal import Refusal, Refused, need
from tanshu.book.commit import Act
from tanshu.exchange import checks as market_checks
from tanshu.exchange.auctions import checks, primary
from tanshu.exchange.auctions.model import PRICING_WORDS, SIDE_WORDS, TIES_WORDS, Announce
from tanshu.exchange.engine import records
from tanshu.rules.market_model import ModeRules
from tanshu.rules.market_pack import MarketRules


def completed(command: Announce, rules: MarketRules) -> Announce:
    """The command with what it leaves to the pack. Raises Refused EXC-5105, 5106."""
    standing = rules.auctions

    def term(given: str, name: str) -> str:
        if given:
            return given
        value = getattr(standing, name) if standing else None
        if value is None:
            raise Refused(checks.NO_TERMS(field=name, market=command.market, term=name))
        return str(value)

    sealed = command.sealed
    if sealed is None:
        sealed = term("", "sealed") == "True"
    cap = command.cap_share or (str(standing.cap_share) if standing and standing.cap_share else "")
    asked = replace(
        command,
        pricing=_known(term(command.pricing, "pricing"), PRICING_WORDS, "pricing"),
        ties=_known(term(command.ties, "ties"), TIES_WORDS, "ties"),
        side=_known(command.side, SIDE_WORDS, "side"),
        sealed=sealed,
        deposit_share=_share(term(command.deposit_share, "deposit_share"), "deposit_share"),
        cap_share=_share(cap, "cap_share") if cap else "",
        quantity=need(check_quantity(command.quantity)),
    )
    if asked.paid_year is not None and asked.side != "sell":
        raise Refused(checks.BAD_TERMS(field="side", value=asked.side, known="sell"))
    reserve: object = asked.reserve_fen
    if isinstance(reserve, bool) or not isinstance(reserve, int) or not 0 <= reserve <= records.PRICE_MAX:
        raise Refused(market_checks.NOT_WHOLE(field="reserve_fen", value=reserve))
    return asked


def _known(value: str, words: Mapping[str, object], field: str) -> str:
    if value not in words:
        raise Refused(checks.BAD_TERMS(field=field, value=value, known=", ".join(words)))
    return value


def _share(text: str, field: str) -> str:
    """A part of 1 as plain decimal text."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not (value.is_finite() and 0 <= value <= 1):
        raise Refused(checks.BAD_TERMS(field=field, value=text, known="0–1"))
    return f"{value:f}"


def check_window(act: Act, asked: Announce, rules: MarketRules, mode: ModeRules) -> None:
    """Raises Refused EXC-5102, 5103, RULE-1604, RULE-1605."""
    hours = mode.session.open
    if not any(first <= o and c <= last for first, last in hours for o, c in _window(asked)):
        shown = ", ".join(f"{first:%H:%M}–{last:%H:%M}" for first, last in hours)
        raise Refused(checks.BAD_WINDOW(field="opens", opens=asked.opens, closes=asked.closes, hours=shown))
    if shanghai_ns(asked.day, time.fromisoformat(asked.opens)) <= act.now_ns:
        now = shanghai_text(act.now_ns)
        raise Refused(checks.BAD_DAY(field="day", day=asked.day, opens=asked.opens, now=now))
    rules.check_day(asked.day)


def _window(asked: Announce) -> list[tuple[time, time]]:
    """The window; nothing where it cannot be read or ends before it begins."""
    try:
        opens, closes = (time.fromisoformat(text) for text in (asked.opens, asked.closes))
    except ValueError:
        return []
    good = opens < closes and all(len(text) == len("09:30") for text in (asked.opens, asked.closes))
    return [(opens, closes)] if good else []


def beyond_share(act: Act, asked: Announce, rules: MarketRules) -> Refusal | None:
    """Would more than the year's share be sold? Nothing is asked where it is no paid allocation."""
    year, total = asked.paid_year, asked.year_total_t
    if year is None:
        return None
    total = need(check_quantity(total, "year_total_t"))
    tonnes = need(primary.planned(rules, year, total))
    used = primary.used_t(act.conn, asked.instrument, year)
    if used + asked.quantity <= tonnes:
        return None
    return checks.BEYOND_SHARE(
        field="quantity", year=year, planned=tonnes, share=rules.paid_share[year], total=total, used=used,
        quantity=asked.quantity,
    )  # fmt: skip
