"""What a market pack holds: what is traded, how, when, at which prices and fees; and what its operator adds.

Two kinds of packs. A *market* pack (`cn.cea`) is the exchange's published rule. What the rule leaves to the
exchange, or nobody published, is listed under `unknown` there; the operator writes it into a *market_figures*
pack named after the market (`cn.cea.figures`), with its own source and status. Prices are fen per tonne,
amounts fen, quantities tonnes, fees parts per million of the amount.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from itertools import pairwise
from typing import Any, Final

from tanshu.base.text import Text
from tanshu.rules.fields import (
    BILINGUAL,
    DATE,
    FLAG,
    FRACTION,
    INT,
    TEXT,
    Field,
    Problems,
    Schema,
    TableRule,
    Tables,
    may_be_unknown,
    name,
    optional,
)

MODES: Final[Mapping[str, Text]] = {
    "listing": Text("挂牌协议", "listing"),
    "block": Text("大宗协议", "block"),
    "auction": Text("单向竞价", "one-way auction"),
    "order_book": Text("连续竞价", "order book"),
}
HOLDERS: Final = ("enterprise", "institution", "individual")
"""Kinds of subjects that may hold allowances: a limit is stated for each."""
SELF_TRADE: Final = ("refuse", "cancel_resting", "cancel_both", "pass_over")
"""Where both sides were one participant; pass_over: a taker of the board does not see its own offers."""
CHOOSE_MAKER: Final = ("no", "best_price", "within_levels")
EDGES: Final = ("half_up", "inward")
"""How the edges of a price band come to a tick: to the nearest, halves up; or into the band."""
CLOSE_METHODS: Final = ("average", "last")

_WINDOW: Final = Field("window")
_WEIGHTS: Final = Field("weights")
_FORM: Final[Mapping[str, Field]] = {
    "tick_fen": INT,
    "lot_t": INT,
    "quantity_min_t": optional(INT),
    "quantity_below_t": optional(INT),  # exclusive, as the rules say it: less than 100,000 t
    "settle_days": INT,  # T+n: with 1 what was bought is usable once the day is sealed
    "in_close": FLAG,  # whether these trades make the close
}
_FEES: Final[Mapping[str, Field]] = dict.fromkeys(
    ("buyer_trading_ppm", "buyer_settlement_ppm", "seller_trading_ppm", "seller_settlement_ppm"), INT
)
_LIMITS: Final[Mapping[str, Field]] = {
    "own_allocation": FLAG,  # the holding limit counts from one's own allocation of the year
    "holding_t": INT,
    "report_t": INT,  # large holders report from here on
}
_REFERENCE: Final[Mapping[str, Field]] = {"first_day": DATE, "price_fen": INT}
_SAFETY: Final[Mapping[str, Field]] = {"amount_max_fen": INT}  # of one order, against fat fingers

MARKET: Final[Schema] = {
    # calendar: the jurisdiction whose calendar packs say which days are trading days
    "market": TableRule({"name": BILINGUAL, "currency": name("CNY"), "calendar": TEXT}),
    # Products by the beginning of their code: CEA, with vintages CEA23.
    "families.*": TableRule({"name": BILINGUAL, "vintages": FLAG}),
    # The reference price with which a product begins. What no table names has none: required configuration.
    "references.*": TableRule(_REFERENCE, required=False),
    "modes.listing": TableRule({**_FORM, "levels": INT, "choose_maker": name(*CHOOSE_MAKER)}, required=False),
    "modes.block": TableRule(_FORM, required=False),
    "modes.auction": TableRule(_FORM, required=False),
    "modes.order_book": TableRule(_FORM, required=False),
    # poster_confirms: who posted a quote confirms again after the other side did
    "negotiation": TableRule({"poster_confirms": FLAG}, required=False),
    "orders": TableRule({"validity": name("day"), "cancel_in_breaks": FLAG, "self_trade": name(*SELF_TRADE)}),
    # base: the mode whose close the day before is meant. A mode without a band has none.
    "bands.*": TableRule({"down": FRACTION, "up": FRACTION, "base": name(*MODES)}, required=False),
    "band_rounding": TableRule({"edges": name(*EDGES)}, required=False),
    # What lies between two windows is a break.
    "sessions.*": TableRule(
        {"open": Field("windows"), "pre_open": optional(_WINDOW), "closing": optional(_WINDOW)}
    ),
    "close": TableRule({"method": name(*CLOSE_METHODS), "none_traded": name("previous_close")}),
    "fees.*": TableRule({key: may_be_unknown(field) for key, field in _FEES.items()}),
    "safety.*": TableRule(_SAFETY, required=False),
    "limits.*": TableRule({key: may_be_unknown(field) for key, field in _LIMITS.items()}, required=False),
    # The composite price: weights of products since a day, 1 in all.
    "composite.*": TableRule({"in_force_from": DATE, "weights": may_be_unknown(_WEIGHTS)}, required=False),
    # settlement_first: a freeze in the day cancels open orders, what is matched settles, then it takes
    "freezes": TableRule({"mid_day": name("settlement_first")}),
    "suspension": TableRule({"orders": name("cancel"), "lifting_people": INT}),
    "records": TableRule({"keep_years": INT}),
    # What an auction is unless its notice says otherwise.
    "auctions": TableRule(
        {
            "pricing": name("uniform", "pay_as_bid"),
            "ties": name("time", "pro_rata"),
            "sealed": FLAG,
            "deposit_share": FRACTION,  # of what is bid for
            "cap_share": optional(FRACTION),  # of what is offered, for one bidder
        },
        required=False,
    ),
    # 有偿分配: the part of a year's allowances that is auctioned
    "paid_share.*": TableRule({"share": FRACTION}, required=False),
}


def _figures(fields: Mapping[str, Field]) -> TableRule:
    return TableRule({key: optional(field) for key, field in fields.items()}, required=False)


MARKET_FIGURES: Final[Schema] = {
    "references.*": TableRule(_REFERENCE, required=False),
    "fees.*": _figures(_FEES),
    "safety.*": TableRule(_SAFETY, required=False),
    "limits.*": _figures(_LIMITS),
    "composite.*": TableRule({"in_force_from": DATE, "weights": _WEIGHTS}, required=False),
}


def problems(tables: Tables) -> Problems:
    """What contradicts what in a market pack."""
    modes = {key.removeprefix("modes."): table for key, table in tables.items() if key.startswith("modes.")}
    if not modes:
        yield "modes", "*", Text("至少须有一种交易方式", "there must be at least one mode")
    for mode, table in modes.items():
        yield from _form_problems(f"modes.{mode}", table)
        for kind in ("sessions", "fees"):
            if f"{kind}.{mode}" not in tables:
                yield f"{kind}.{mode}", "*", Text(f"缺少 {mode} 的这张表", f"{mode} needs this table")
    yield from _stray_problems(tables, modes)
    yield from _band_problems(tables, modes)
    for key, table in tables.items():
        if key.startswith("sessions."):
            yield from _session_problems(key, table)
    if modes and not any(table["in_close"] for table in modes.values()) and set(modes) != {"auction"}:
        yield "close", "method", Text("没有任何交易方式计入收盘价", "no mode makes the close")
    if tables["suspension"]["lifting_people"] < 1:
        yield "suspension", "lifting_people", Text("至少一人", "at least one person lifts it")
    yield from _common_problems(tables)


def figures_problems(tables: Tables) -> Problems:
    """What contradicts what in an operator's figures."""
    for key in tables:
        if key.split(".")[0] in ("fees", "safety") and key.split(".")[1] not in MODES:
            yield key, "*", _not_a_mode(key)
    yield from _common_problems(tables)


def _common_problems(tables: Tables) -> Problems:
    begun: list[date] = []
    for key, table in tables.items():
        kind, _, what = key.partition(".")
        if kind == "references" and not table["price_fen"]:
            yield key, "price_fen", Text("价格须大于零", "a price is above zero")
        if kind == "limits" and what not in HOLDERS:
            known = ", ".join(HOLDERS)
            yield key, "*", Text(f"主体类别须为 {known}", f"the kind of subject is one of {known}")
        if kind == "fees":
            for fee, ppm in table.items():
                if ppm > 1_000_000:
                    yield key, fee, Text("费用超过成交额", "the fee is more than the amount")
        if kind == "composite":
            yield from _composite_problems(key, table, begun)
        if kind == "paid_share" and not (len(what) == 4 and what.isascii() and what.isdigit()):
            yield key, "share", Text("表名须为年度", "the table is named by its year")


def _composite_problems(key: str, table: Mapping[str, Any], begun: list[date]) -> Problems:
    if table["in_force_from"] in begun:
        yield key, "in_force_from", Text("两套权重同日施行", "two sets of weights begin on one day")
    begun.append(table["in_force_from"])
    weights = table.get("weights")
    if weights is not None and (sum(weights.values()) != 1 or min(weights.values()) < 0):
        yield key, "weights", Text("权重须不小于零且合计为1", "weights are not below 0 and are 1 in all")


def _form_problems(key: str, table: Mapping[str, Any]) -> Problems:
    for field in ("tick_fen", "lot_t"):
        if not table[field]:
            yield key, field, Text("须大于零", "it is above zero")
    least, below = table.get("quantity_min_t", 0), table.get("quantity_below_t")
    if table["lot_t"] and least % table["lot_t"]:
        yield key, "quantity_min_t", Text("不是整手", "it is no whole lot")
    if below is not None and below <= max(least, table["lot_t"]):
        yield key, "quantity_below_t", Text("没有可申报的数量", "no quantity is left to order")


def _stray_problems(tables: Tables, modes: Mapping[str, object]) -> Problems:
    for key in tables:
        kind, _, mode = key.partition(".")
        if kind in ("sessions", "fees", "bands", "safety") and mode not in modes:
            yield key, "*", _not_a_mode(key)
    if tables["orders"]["self_trade"] == "pass_over" and set(modes) & {"order_book"}:
        yield "orders", "self_trade", Text("仅适用于挂牌", "only an offer board passes over offers")
    if "negotiation" in tables and "block" not in modes:
        yield "negotiation", "poster_confirms", Text("没有大宗协议", "there is no block mode")
    if "auctions" in tables and "auction" not in modes:
        yield "auctions", "pricing", Text("没有单向竞价", "there is no auction mode")


def _band_problems(tables: Tables, modes: Mapping[str, Mapping[str, Any]]) -> Problems:
    bands = {key: table for key, table in tables.items() if key.startswith("bands.")}
    if bands and "band_rounding" not in tables:
        yield "band_rounding", "edges", Text("有涨跌幅就须有舍入规则", "a band needs its rounding")
    for key, table in bands.items():
        base = modes.get(table["base"])
        if base is None or not base["in_close"]:
            yield key, "base", Text("该方式不产生收盘价", "this mode makes no close")
        if table["down"] == 1:
            yield key, "down", Text("跌幅须小于1", "it must leave a price")
    if "order_book" in modes and "bands.order_book" not in tables:
        yield "bands.order_book", "*", Text("连续竞价须有涨跌幅", "an order book needs a band")


def _session_problems(key: str, table: Mapping[str, Any]) -> Problems:
    windows: list[tuple[time, time]] = list(table["open"])
    if not windows:
        yield key, "open", Text("至少须有一个时段", "there must be a window")
        return
    for earlier, later in pairwise(windows):
        if later[0] <= earlier[1]:
            yield (
                key,
                "open",
                Text("时段须依次递增且不相接", "windows are in order, a break between"),
            )
    if "pre_open" in table and table["pre_open"][1] != windows[0][0]:
        yield key, "pre_open", Text("须在开市时结束", "it ends when trading begins")
    if "closing" in table and table["closing"][0] != windows[-1][1]:
        yield key, "closing", Text("须在最后时段结束时开始", "it begins when the last window ends")


def _not_a_mode(key: str) -> Text:
    return Text(f"[{key}] 不对应任何交易方式", f"[{key}] belongs to no mode here")
