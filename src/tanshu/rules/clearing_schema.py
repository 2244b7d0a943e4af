"""What a clearing pack holds: how a market's trades are settled, and what its operator adds.

Two kinds of packs. A *clearing* pack (`cn.clearing`) is the published rule. What the rule leaves to the
clearing house is listed under `unknown` there; the operator writes it into a *clearing_figures* pack named
after it (`cn.clearing.figures`), with its own source and status. Shares are parts per million, periods
minutes or days.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tanshu.base.text import Text
from tanshu.rules.fields import (
    BILINGUAL,
    FLAG,
    INT,
    TEXT,
    Field,
    Problems,
    Schema,
    TableRule,
    Tables,
    may_be_unknown,
    name,
    names,
    optional,
)
from tanshu.rules.market_schema import MODES

MODELS: Final = ("gross", "net_cash", "net")
"""逐笔全额; units trade by trade with net cash; units and cash net, the house in between."""
FUNDS: Final = ("reserve", "own_funds")
"""What covers a shortfall: the risk reserve (结算风险准备金), the clearing house's own money."""
REVIEWS: Final = 2
"""初审, 复审: the house works with these two."""
BLOCK_MAX: Final = 65_536
"""No entry of the book has room for more chains than this."""

_RESERVE: Final[Mapping[str, Field]] = {"fee_share_ppm": INT}  # of the settlement fees, kept for the reserve
_PERIOD: Final[Mapping[str, Field]] = {"cure_minutes": INT}  # from the notice until the house covers
_INTEREST: Final[Mapping[str, Field]] = {
    "rate_ppm": INT,  # of a year
    "year_days": INT,
    "paid": name("monthly", "quarterly"),
}

CLEARING: Final[Schema] = {
    # calendar: the jurisdiction whose calendar packs say on which days banks move money
    "house": TableRule(
        {"name": BILINGUAL, "currency": name("CNY"), "calendar": TEXT, "modes": names(*MODES)}
    ),
    # delivery_days: T+n; partial: what can be delivered of a trade is; block_trades: of one entry of the book
    "settlement": TableRule(
        {"model": name(*MODELS), "partial": FLAG, "delivery_days": INT, "block_trades": INT}
    ),
    # Products by the beginning of their code, where they are settled otherwise.
    "instruments.*": TableRule({"model": name(*MODELS)}, required=False),
    "fees": TableRule(
        {"trading_to": name("exchange", "registry"), "settlement_to": name("exchange", "registry")}
    ),
    "reviews": TableRule({"levels": INT}),
    "reserve": TableRule({key: may_be_unknown(field) for key, field in _RESERVE.items()}),
    "shortfall": TableRule(
        {"order": names(*FUNDS), **{key: may_be_unknown(field) for key, field in _PERIOD.items()}}
    ),
    "interest": TableRule({key: may_be_unknown(field) for key, field in _INTEREST.items()}),
    "objections": TableRule({"until": name("next_opening"), "silence": name("accepted")}),
}


def _figures(fields: Mapping[str, Field]) -> TableRule:
    return TableRule({key: optional(field) for key, field in fields.items()}, required=False)


CLEARING_FIGURES: Final[Schema] = {
    "reserve": _figures(_RESERVE),
    "shortfall": _figures(_PERIOD),
    "interest": _figures(_INTEREST),
}


def problems(tables: Tables) -> Problems:
    """What contradicts what in a clearing pack."""
    for table, key in (("house", "modes"), ("shortfall", "order")):
        given = tables[table][key]
        if not given or len(set(given)) < len(given):
            yield table, key, Text("须至少一项且不重复", "it names one or more, each once")
    if not 1 <= tables["settlement"]["block_trades"] <= BLOCK_MAX:
        yield "settlement", "block_trades", Text(f"须为 1 至 {BLOCK_MAX}", f"it is 1 to {BLOCK_MAX}")
    if tables["reviews"]["levels"] != REVIEWS:
        yield "reviews", "levels", Text("交收须经初审、复审两级", "a settlement passes two reviews")
    yield from _figure_problems(tables)


def figures_problems(tables: Tables) -> Problems:
    """What contradicts what in an operator's figures."""
    yield from _figure_problems(tables)


def _figure_problems(tables: Tables) -> Problems:
    def given(table: str) -> Mapping[str, Any]:
        return tables.get(table, {})

    for table, key in (("reserve", "fee_share_ppm"), ("interest", "rate_ppm")):
        if given(table).get(key, 0) > 1_000_000:
            yield table, key, Text("超过全额", "it is more than the whole")
    if given("shortfall").get("cure_minutes", 1) < 1:
        yield "shortfall", "cure_minutes", Text("须大于零", "it is above zero")
    if given("interest").get("year_days", 360) not in (360, 365):
        yield "interest", "year_days", Text("须为 360 或 365", "it is 360 or 365")
