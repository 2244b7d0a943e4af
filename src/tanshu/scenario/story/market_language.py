"""The sentences of a story about a market. They are read with the others (`language`), one a line.

The market as an institution:

    交易所经办 设立市场 cea, 规则包 cn.cea         found a market; the story is about it from here on
    市场 sim                                       … about this one again
    登记经办 任命交易员 甲电厂交易员               the registry appoints a trader
    交易所经办 接纳 甲电厂, 交易员 甲电厂交易员, 关联 某集团
    交易所经办 登记交易员 甲电厂交易员二           an operator code for one more
    交易所经办 上市 CEA22, 基准价 80.00 元         list a product; without a price it is that of the figures
    交易所经办 开市                                open today's session; 收市 closes it; a day may follow
    时间到 11:30                                   the clock moves; what is due by the timetable happens
    交易所经办 交收                                propose the settlement of a closed day; 最多 1 笔
    登记复核、登记审批 同意交收                    approve everything that was proposed last
    交易所经办 停牌 CEA22 大宗协议, 理由 核实信息   halt a product, a mode, or all; 复牌; 紧急停市
    交易所经办 暂停交易 甲电厂, 理由 异常交易       suspend; 解除暂停: one asks, a second person grants

Orders:

    甲电厂交易员 挂牌 卖出 CEA22 1,000 吨, 单价 80.00 元, 记为 单一
    乙电厂交易员 摘牌 买入 CEA22 500 吨, 单价 80.10 元          the worst price accepted; or 指定 单一
    甲电厂交易员 大宗申报 卖出 CEA22 100,000 吨, 单价 80.00 元, 对手 乙电厂, 记为 大宗一
    乙电厂交易员 还价 大宗一 100,000 吨, 单价 79.00 元          确认 大宗一, 拒绝 大宗一
    甲电厂交易员 委托 买入 SIM 500 吨, 单价 100.00 元           of an order book: 市价, 即成余撤, 全成或撤
    甲电厂交易员 改单 单一 400 吨, 单价 80.00 元
    甲电厂交易员 撤单 单一

Auctions:

    交易所经办 公告竞价 甲电厂 出让 CEA22 10,000 吨, 保留价 70.00 元, 时段 10:30-11:00, 记为 竞价一
    交易所经办 认定资格 乙电厂 竞价一 5,000 吨
    乙电厂交易员 报价 竞价一 5,000 吨, 单价 72.00 元, 记为 标一
    交易所经办 揭晓 竞价一                         record the result; 公布: publish; 取消竞价 …, 理由 …

Units and money in mid-session, which are transactions of the register:

    甲电厂经办 转入 CEA22 500 吨                   to the trading account; 转出: out of it
    银行经办 入金 甲电厂 1,000.00 元               then 登记复核 同意
    甲电厂经办 出金 1,000.00 元

What must have come of it:

    最新价: CEA22 80.00 元                         收盘价, 上一收盘价
    成交: CEA22 甲电厂售乙电厂 500 吨 80.00 元、300 吨 80.10 元      成交 大宗协议: …; 无
    五档: CEA22 卖出 80.00/500、80.10/300          the best levels of a side; 无
    持仓: 甲电厂 CEA22 可用 1,000 冻结 500 当日买入 200 当日卖出 100
    资金: 甲电厂 可用 1,000.00 冻结 0.00 可取 900.00
    费用: 乙电厂 交易 0.24 结算 0.08
    委托 单一: 部分成交, 余 500 吨                  已申报, 已成交, 已撤单, 系统撤单
    阶段: 挂牌协议 休市
    竞价 竞价一: 部分成交 8,000 吨 72.00 元
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any

from tanshu.exchange.auctions.model import OUTCOME_WORDS
from tanshu.exchange.checks import MODE_WORDS, PHASE_WORDS
from tanshu.exchange.engine.records import Mode, Side
from tanshu.exchange.figures.words import mode_name
from tanshu.exchange.model import STATE_WORDS
from tanshu.scenario.story import house_language
from tanshu.scenario.story.market_sentences import (
    AddsTrader,
    Admits,
    Announces,
    Appoints,
    ApprovesAll,
    AuctionIs,
    Charged,
    Clock,
    ClosesDay,
    DepthIs,
    EndsAuction,
    FoundsMarket,
    Halts,
    HasMoney,
    HasUnits,
    InMarket,
    Lists,
    Number,
    OpensDay,
    OrderIs,
    Orders,
    PhaseIs,
    PriceIs,
    Qualifies,
    Settles,
    Suspends,
    Traded,
    TradesAre,
)
from tanshu.scenario.story.numbers import fen_of, parts_of, quantity_of, whole_number
from tanshu.scenario.story.sentences import Asked, Asks
from tanshu.scenario.story.words import subject_of

ENTERED = {"挂牌": "offer", "摘牌": "take", "大宗申报": "quote", "委托": "order"}
CHANGED = {"还价": "counter", "改单": "amend"}
ABOUT = {"确认": "confirm", "拒绝": "decline", "撤单": "cancel"}
SIDES = {"买入": "buy", "卖出": "sell"}
AUCTION_SIDES = {"出让": "sell", "收购": "buy"}
ENDS = {"揭晓": "record", "公布": "publish", "取消竞价": "call-off"}
PRICES = {"最新价": "last", "收盘价": "close", "上一收盘价": "previous"}
NOTICE: Mapping[str, tuple[str, object]] = {
    "统一价": ("pricing", "uniform"),
    "各自报价": ("pricing", "pay_as_bid"),
    "时间优先": ("ties", "time"),
    "按比例": ("ties", "pro_rata"),
    "密封": ("sealed", True),
    "公开": ("sealed", False),
    "保留价不公开": ("reserve_hidden", True),
    "一次报价": ("one_bid", True),
    "不可撤": ("binding", True),
}
"""What a notice says in a word: the field of it, its value."""
SHARES = {"保证金": "deposit_share", "每户上限": "cap_share"}
"""What a notice says as a share of one: `保证金 0.1`."""
KINDS = {"市价": "market", "即成余撤": "ioc", "全成或撤": "fok"}
MODES = {words.zh: mode for mode, words in MODE_WORDS.items() if mode}
PHASES = {words.zh: phase for phase, words in PHASE_WORDS.items()}
STATES = {words.zh: state for state, words in STATE_WORDS.items()}
OUTCOMES = {re.split(r"[(,]", words.zh)[0]: outcome.name.lower() for outcome, words in OUTCOME_WORDS.items()}
NONE = "无"
MONEY = "CNY"

_TRADE = re.compile(r"^(?:(\S+)售(\S+)\s+)?([\d,]+)\s*吨\s+([\d.]+)\s*元$")
_LEVEL = re.compile(r"^([\d.]+)/([\d,]+)$")
_FACT = re.compile(r"^(\S+)\s+(.+)$")


# -- what somebody does ------------------------------------------------------------------------------------


def _facts(rest: str | None, *known: str) -> dict[str, str] | None:
    """Facts by their word; one that is a word alone has itself as value. None where one is not known."""
    found: dict[str, str] = {}
    for part in parts_of(rest):
        match = _FACT.match(part)
        word, value = (match[1], match[2]) if match else (part, part)
        if word not in known or (match is None) != (word in NOTICE or word in KINDS):
            return None
        found[word] = value
    return found


def _enters(who: str, verb: str, side: str, what: str, quantity: str, rest: str | None) -> Orders | None:
    act = ENTERED[verb]
    own = {"offer": (), "take": ("指定",), "quote": ("对手",), "order": tuple(KINDS)}[act]
    facts = _facts(rest, "单价", "记为", *own)
    if facts is None:
        return None
    kind = next((KINDS[word] for word in facts if word in KINDS), "limit")
    about, to, name = (facts.get(word, "") for word in ("指定", "对手", "记为"))
    tonnes = quantity_of(quantity)
    return Orders(who, act, SIDES[side], what, tonnes, _price(facts), about, to, kind, name)


def _changes(who: str, verb: str, about: str, quantity: str, rest: str | None) -> Orders | None:
    facts = _facts(rest, "单价", "记为")
    if facts is None or "单价" not in facts:
        return None
    name = facts.get("记为", "")
    tonnes, price = quantity_of(quantity), _price(facts)
    return Orders(who, CHANGED[verb], quantity=tonnes, price_fen=price, about=about, name=name)


def _bids(who: str, auction: str, quantity: str, rest: str | None) -> Orders | None:
    facts = _facts(rest, "单价", "记为")
    if facts is None or "单价" not in facts:
        return None
    name = facts.get("记为", "")
    return Orders(
        who, "bid", quantity=quantity_of(quantity), price_fen=_price(facts), about=auction, name=name
    )


def _about(who: str, verb: str, about: str, name: str | None) -> Orders:
    return Orders(who, ABOUT[verb], about=about, name=name or "")


def _price(facts: Mapping[str, str]) -> Number:
    return fen_of(facts["单价"]) if "单价" in facts else 0


def _admits(who: str, subject: str, rest: str | None) -> Admits | None:
    facts = _facts(rest, "交易员", "关联")
    if facts is None:
        return None
    traders = tuple(facts["交易员"].split("、")) if "交易员" in facts else ()
    return Admits(who, subject, traders, facts.get("关联", ""))


def _lists(who: str, instrument: str, rest: str | None) -> Lists | None:
    facts = _facts(rest, "基准价")
    if facts is None:
        return None
    return Lists(who, instrument, fen_of(facts["基准价"]) if "基准价" in facts else None)


def _announces(
    who: str, initiator: str, side: str, what: str, quantity: str, rest: str | None
) -> Announces | None:
    facts = _facts(rest, "保留价", "时段", "日期", "记为", "有偿分配", *SHARES, *NOTICE)
    if facts is None or "时段" not in facts:
        return None
    stated: dict[str, object] = {NOTICE[word][0]: NOTICE[word][1] for word in facts if word in NOTICE}
    stated |= {SHARES[word]: value for word, value in facts.items() if word in SHARES}
    if "有偿分配" in facts:
        paid = re.fullmatch(r"(\d{4})\s*年\s*([\d,]+)\s*吨", facts["有偿分配"])
        if paid is None:
            return None
        stated |= {"paid_year": int(paid[1]), "year_total_t": whole_number(paid[2])}
    opens, _, closes = facts["时段"].partition("-")
    day = _day(facts["日期"]) if "日期" in facts else None
    reserve = fen_of(facts.get("保留价", "0"))
    return Announces(
        who, initiator, AUCTION_SIDES[side], what, quantity_of(quantity), reserve, day, opens, closes, stated,
        facts.get("记为", ""),
    )  # fmt: skip


def _ends(who: str, verb: str, auction: str, rest: str | None) -> EndsAuction | None:
    facts = _facts(rest, "理由")
    return None if facts is None else EndsAuction(who, ENDS[verb], auction, facts.get("理由", ""))


def _suspends(who: str, verb: str, subject: str, rest: str | None) -> Suspends | None:
    facts = _facts(rest, "理由")
    return None if facts is None else Suspends(who, subject, verb == "解除暂停", facts.get("理由", ""))


def _halts(who: str, verb: str, places: str, rest: str | None) -> Halts | None:
    facts = _facts(rest, "理由")
    words = places.split()
    modes = [mode_name(MODES[word]) for word in words if word in MODES]
    others = [word for word in words if word not in MODES]
    if facts is None or len(modes) > 1 or len(others) > 1:
        return None
    instrument, mode = (others or [""])[0], (modes or [""])[0]
    return Halts(who, verb == "复牌", mode, instrument, verb == "紧急停市", facts.get("理由", ""))


def _sessions(who: str, verb: str, day: str | None) -> OpensDay | ClosesDay:
    return (OpensDay if verb == "开市" else ClosesDay)(who, _day(day) if day else None)


def _settles(who: str, day: str | None, limit: str | None) -> Settles:
    return Settles(who, _day(day) if day else None, int(limit) if limit else None)


def _moves(who: str, verb: str, instrument: str, quantity: str) -> Asks:
    """Into the trading account or out of it: a transaction of the register."""
    own = [f"{subject_of(who)}{kind}" for kind in ("登记", "交易")]
    debit, credit = own if verb == "转入" else own[::-1]
    return _asked(who, "position-transfer", Asked(instrument, quantity_of(quantity), debit, credit))


def _pays_in(who: str, subject: str, money: str) -> Asks:
    return _asked(who, "cash-deposit", Asked(MONEY, fen_of(money), "", f"{subject}资金"))


def _pays_out(who: str, money: str) -> Asks:
    return _asked(who, "cash-withdrawal", Asked(MONEY, fen_of(money), f"{subject_of(who)}资金", ""))


def _asked(who: str, type: str, line: Asked) -> Asks:
    return Asks(who, type, (line,), {}, "", None, "", "")


def _clock(text: str) -> Clock | None:
    try:
        return Clock(time.fromisoformat(text))
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# -- what must be so ---------------------------------------------------------------------------------------


def _trades(mode: str | None, instrument: str, told: str) -> TradesAre | None:
    if mode and mode not in MODES:
        return None
    found: list[Traded] = []
    for one in [] if told == NONE else told.split("、"):
        match = _TRADE.match(one.strip())
        if match is None:
            return None
        found.append(Traded(match[1] or "", match[2] or "", whole_number(match[3]), fen_of(match[4])))
    return TradesAre(instrument, MODES[mode] if mode else Mode.NONE, tuple(found))


def _depth(instrument: str, side: str, told: str) -> DepthIs | None:
    levels: list[tuple[Number, int]] = []
    for one in [] if told == NONE else told.split("、"):
        match = _LEVEL.match(one.strip())
        if match is None:
            return None
        levels.append((fen_of(match[1]), whole_number(match[2])))
    return DepthIs(instrument, Side[SIDES[side].upper()], tuple(levels))


def _units(subject: str, instrument: str, *numbers: str | None) -> HasUnits:
    return HasUnits(subject, instrument, *(whole_number(one or "0") for one in numbers))


def _money(subject: str, free: str, held: str | None, leaves: str | None) -> HasMoney:
    return HasMoney(subject, fen_of(free), fen_of(held or "0"), fen_of(leaves) if leaves else None)


def _order_is(name: str, state: str, left: str | None) -> OrderIs | None:
    return OrderIs(name, STATES[state], whole_number(left) if left else None) if state in STATES else None


def _phase(mode: str, phase: str) -> PhaseIs | None:
    known = mode in MODES and phase in PHASES
    return PhaseIs(MODES[mode], PHASES[phase]) if known else None


def _auction_is(name: str, outcome: str, sold: str | None, price: str | None) -> AuctionIs | None:
    if outcome not in OUTCOMES:
        return None
    return AuctionIs(name, OUTCOMES[outcome], whole_number(sold or "0"), fen_of(price or "0"))


_REST = r"(?:\s*,\s*(.+))?"
_TONNES = r"(\S+?)\s*吨"
_DAY = r"(?:\s+(\d{4}-\d\d-\d\d))?"
_YUAN = r"([\d,.]+)\s*元?"
FORMS: tuple[tuple[str, Callable[..., Any]], ...] = (
    (r"(\S+)\s+设立市场\s+(\S+?)\s*,\s*规则包\s+(\S+)", FoundsMarket),
    (r"市场\s+(\S+)", InMarket),
    (r"(\S+)\s+任命交易员\s+(\S+)", Appoints),
    (r"(\S+)\s+登记交易员\s+(\S+)", AddsTrader),
    (rf"(\S+)\s+接纳\s+([^\s,]+){_REST}", _admits),
    (rf"(\S+)\s+上市\s+([^\s,]+){_REST}", _lists),
    (rf"(\S+)\s+(开市|收市){_DAY}", _sessions),
    (rf"(\S+)\s+交收{_DAY}(?:\s*,\s*最多\s+(\d+)\s*笔)?", _settles),
    (r"(\S+)\s+同意交收", lambda all: tuple(ApprovesAll(who) for who in all.split("、"))),
    (r"时间到\s+(\S+)", _clock),
    (rf"(\S+)\s+(转入|转出)\s+(\S+)\s+{_TONNES}", _moves),
    (rf"(\S+)\s+入金\s+(\S+)\s+{_YUAN}", _pays_in),
    (rf"(\S+)\s+出金\s+{_YUAN}", _pays_out),
    (rf"(\S+)\s+(挂牌|摘牌|大宗申报|委托)\s+(买入|卖出)\s+(\S+)\s+{_TONNES}{_REST}", _enters),
    (rf"(\S+)\s+(还价|改单)\s+(\S+)\s+{_TONNES}{_REST}", _changes),
    (rf"(\S+)\s+报价\s+(\S+)\s+{_TONNES}{_REST}", _bids),
    (r"(\S+)\s+(确认|拒绝|撤单)\s+([^\s,]+)(?:\s*,\s*记为\s+(\S+))?", _about),
    (rf"(\S+)\s+公告竞价\s+(\S+)\s+(出让|收购)\s+(\S+)\s+{_TONNES}{_REST}", _announces),
    (
        rf"(\S+)\s+认定资格\s+(\S+)\s+(\S+)\s+{_TONNES}",
        lambda who, bidder, about, n: Qualifies(who, bidder, about, quantity_of(n)),
    ),
    (rf"(\S+)\s+(揭晓|公布|取消竞价)\s+([^\s,]+){_REST}", _ends),
    (rf"(\S+)\s+(暂停交易|解除暂停)\s+([^\s,]+){_REST}", _suspends),
    (rf"(\S+)\s+(停牌|复牌|紧急停市)((?:\s+[^\s,]+)*){_REST}", _halts),
    (
        rf"(最新价|收盘价|上一收盘价):\s*(\S+)\s+{_YUAN}",
        lambda word, what, price: PriceIs(PRICES[word], what, fen_of(price)),
    ),
    (r"成交(?:\s+(\S+))?:\s*(\S+)\s+(.+)", _trades),
    (r"五档:\s*(\S+)\s+(买入|卖出)\s+(.+)", _depth),
    (
        r"持仓:\s*(\S+)\s+(\S+)\s+可用\s+([\d,]+)(?:\s+冻结\s+([\d,]+))?(?:\s+当日买入\s+([\d,]+))?"
        r"(?:\s+当日卖出\s+([\d,]+))?",
        _units,
    ),
    (
        rf"资金:\s*(\S+)\s+可用\s+{_YUAN}(?:\s+冻结\s+{_YUAN})?(?:\s+可取\s+{_YUAN})?",
        _money,
    ),
    (
        rf"费用:\s*(\S+)\s+交易\s+{_YUAN}\s+结算\s+{_YUAN}",
        lambda who, first, second: Charged(who, fen_of(first), fen_of(second)),
    ),
    (r"委托\s+(\S+):\s*([^\s,]+)(?:\s*,\s*余\s+([\d,]+)\s*吨)?", _order_is),
    (r"阶段:\s*(\S+)\s+(\S+)", _phase),
    (rf"竞价\s+(\S+):\s*(\S+)(?:\s+([\d,]+)\s*吨\s+{_YUAN})?", _auction_is),
    *house_language.FORMS,
)
"""Each form with what is made of its words; nothing where they make no sentence."""
