"""The language of markets: what is read, what is no sentence, and the pages that explain it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path

import pytest

from tanshu.base.refusal import Refused
from tanshu.exchange.engine.records import Mode, Phase, Side
from tanshu.scenario.story import house_language
from tanshu.scenario.story import market_language as words
from tanshu.scenario.story.house_sentences import DayIs, SendsBack, StatementIs, TakesStep
from tanshu.scenario.story.language import read
from tanshu.scenario.story.market_sentences import (
    Admits,
    Announces,
    ApprovesAll,
    AuctionIs,
    Clock,
    ClosesDay,
    DepthIs,
    EndsAuction,
    Halts,
    HasMoney,
    HasUnits,
    OpensDay,
    OrderIs,
    Orders,
    PhaseIs,
    PriceIs,
    Settles,
    Suspends,
    Traded,
    TradesAre,
)
from tanshu.scenario.story.sentences import Asked, Asks, Scenario, Sentence
from tests.scenarios.floor import Floor, figures
from tests.scenarios.market_play import MarketPlay
from tests.support.policies import Operator

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("scenarios.md", "scenarios.zh-CN.md")
_EXAMPLE = re.compile(r"```market\n(.*?)```", re.DOTALL)
_ROW = re.compile(r"^\| (`[^|]*) \|", re.MULTILINE)


def told(line: str) -> list[Sentence]:
    return [one.said for one in read(f"场景: 一\n{line}", "s.txt")[0].told]


def section(page: str) -> str:
    """What a page says of markets: its last part."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.split(r"^## ", text, flags=re.MULTILINE)[-1]


OFFER = Orders("甲交易员", "offer", "sell", "CEA22", 1_000, 8_000)
MEANINGS = [
    ("甲交易员 挂牌 卖出 CEA22 1,000 吨,单价 80.00 元", [OFFER]),
    ("甲交易员 挂牌 卖出 CEA22 1,000 吨, 单价 80 元", [OFFER]),
    ("甲交易员 挂牌 送出 CEA22 1,000 吨, 单价 80.00 元", None),
    ("甲交易员 挂牌 卖出 CEA22 1,000 吨, 天气 好", None),
    ("甲交易员 挂牌 卖出 CEA22 1,000 吨, 指定 一", None),
    ("甲交易员 挂牌 卖出 CEA22 1,000 吨, 市价", None),
    ("甲交易员 摘牌 买入 A x 吨", [Orders("甲交易员", "take", "buy", "A", "x", 0)]),
    ("甲交易员 摘牌 买入 A 5 吨, 指定 一", [Orders("甲交易员", "take", "buy", "A", 5, 0, about="一")]),
    ("甲交易员 大宗申报 买入 A 5 吨, 对手 乙, 单价 8.005 元",
     [Orders("甲交易员", "quote", "buy", "A", 5, "8.005 元", to="乙")]),
    ("甲交易员 委托 买入 A 5 吨, 市价", [Orders("甲交易员", "order", "buy", "A", 5, 0, kind="market")]),
    ("甲交易员 还价 一 5 吨, 单价 -1 元, 记为 二",
     [Orders("甲交易员", "counter", quantity=5, price_fen=-100, about="一", name="二")]),
    ("甲交易员 还价 一 5 吨", None),
    ("甲交易员 报价 一 5 吨", None),
    ("甲交易员 撤单 20240102-7", [Orders("甲交易员", "cancel", about="20240102-7")]),
    ("所经办 接纳 甲, 交易员 甲交易员、甲交易员二", [Admits("所经办", "甲", ("甲交易员", "甲交易员二"), "")]),
    ("所经办 接纳 甲, 单价 5 元", None),
    ("所经办 上市 A, 单价 5 元", None),
    ("所经办 开市", [OpensDay("所经办", None)]),
    ("所经办 收市 2024-01-03", [ClosesDay("所经办", date(2024, 1, 3))]),
    ("所经办 交收, 最多 2 笔", [Settles("所经办", None, 2)]),
    ("登记复核、登记审批 同意交收", [ApprovesAll("登记复核"), ApprovesAll("登记审批")]),
    ("时间到 11:30", [Clock(time(11, 30))]),
    ("时间到 25:00", None),
    ("所经办 停牌", [Halts("所经办", False, "", "", False, "")]),
    ("所经办 停牌 A 大宗协议, 理由 某", [Halts("所经办", False, "block", "A", False, "某")]),
    ("所经办 停牌 A B, 理由 某", None),
    ("所复核 复牌 挂牌协议, 理由 某", [Halts("所复核", True, "listing", "", False, "某")]),
    ("所经办 紧急停市, 理由 某", [Halts("所经办", False, "", "", True, "某")]),
    ("所经办 暂停交易 甲, 天气 好", None),
    ("所复核 解除暂停 甲", [Suspends("所复核", "甲", True, "")]),
    ("所经办 取消竞价 一, 天气 好", None),
    ("所经办 揭晓 一", [EndsAuction("所经办", "record", "一", "")]),
    ("所经办 公告竞价 甲 出让 A 5 吨, 保留价 7.00 元", None),
    ("所经办 公告竞价 甲 出让 A 5 吨, 时段 10:30-11:00, 有偿分配 2024 年", None),
    ("甲经办 转入 A 5 吨",
     [Asks("甲经办", "position-transfer", (Asked("A", 5, "甲登记", "甲交易"),), {}, "", None, "", "")]),
    ("甲经办 转出 A 5 吨",
     [Asks("甲经办", "position-transfer", (Asked("A", 5, "甲交易", "甲登记"),), {}, "", None, "", "")]),
    ("甲经办 出金 多少 元", None),
    ("银行经办 入金 甲 1,000.50 元",
     [Asks("银行经办", "cash-deposit", (Asked("CNY", 100_050, "", "甲资金"),), {}, "", None, "", "")]),
    ("最新价: A 80.00 元", [PriceIs("last", "A", 8_000)]),
    ("成交: A 无", [TradesAre("A", Mode.NONE, ())]),
    ("成交 大宗协议: A 甲售乙 5 吨 8.00 元、6 吨 9.00 元",
     [TradesAre("A", Mode.BLOCK, (Traded("甲", "乙", 5, 800), Traded("", "", 6, 900)))]),
    ("成交 集市: A 无", None),
    ("成交: A 很多", None),
    ("五档: A 买入 8.00/5、7.00/6", [DepthIs("A", Side.BUY, ((800, 5), (700, 6)))]),
    ("五档: A 买入 便宜", None),
    ("持仓: 甲 A 可用 5 当日买入 6", [HasUnits("甲", "A", 5, 0, 6, 0)]),
    ("资金: 甲 可用 5.00 可取 4.00", [HasMoney("甲", 500, 0, 400)]),
    ("委托 一: 系统撤单, 余 5 吨", [OrderIs("一", "withdrawn", 5)]),
    ("委托 一: 很好", None),
    ("阶段: 挂牌协议 休市", [PhaseIs(Mode.LISTING, Phase.BREAK)]),
    ("阶段: 挂牌协议 下班", None),
    ("竞价 一: 无人申报", [AuctionIs("一", "no_bids", 0, 0)]),
    ("竞价 一: 很好", None),
    ("登记经办 结算 2024-01-03", [TakesStep("登记经办", "", date(2024, 1, 3))]),
    ("登记经办 货银对付", [TakesStep("登记经办", "deliver", None)]),
    ("登记经办 乱算", None),
    ("登记审批 退回复审, 理由 某", [SendsBack("登记审批", "approve", None, "某")]),
    ("登记审批 退回清算, 理由 某", None),
    ("结算日: 已封账, 差异 0", [DayIs(None, "sealed", None, None, 0)]),
    ("结算日: 很好", None),
    ("结算单 2024-01-03: 甲 期末 5.00 元, 卖出 6 吨", [StatementIs("甲", date(2024, 1, 3), 500, None, 6)]),
]  # fmt: skip


@pytest.mark.parametrize(("line", "means"), MEANINGS)
def test_a_line_means_this_or_is_no_sentence(line: str, means: list[Sentence] | None):
    if means is not None:
        assert told(line) == means
        return
    with pytest.raises(Refused) as refused:
        told(line)
    assert refused.value.refusal.code == "SCN-3101"


def test_a_notice_says_what_it_says():
    (said,) = told(
        "所经办 公告竞价 甲 收购 A 5 吨, 保留价 7.00 元, 时段 10:30-11:00, 日期 2024-01-03, "
        "各自报价, 按比例, 公开, 保留价不公开, 一次报价, 不可撤, 保证金 0.1, 每户上限 0.5, "
        "有偿分配 2024 年 1,000 吨, 记为 一"
    )
    assert isinstance(said, Announces)
    assert (said.side, said.reserve_fen, said.day) == ("buy", 700, date(2024, 1, 3))
    assert (said.opens, said.closes, said.name) == ("10:30", "11:00", "一")
    assert said.stated == {
        "pricing": "pay_as_bid", "ties": "pro_rata", "sealed": False, "reserve_hidden": True, "one_bid": True,
        "binding": True, "deposit_share": "0.1", "cap_share": "0.5", "paid_year": 2024, "year_total_t": 1_000,
    }  # fmt: skip


# -- the pages ---------------------------------------------------------------------------------------------


@pytest.fixture
def floor(tmp_path: Path, sqlite_template) -> Iterator[Floor]:
    with sqlite_template.fresh(tmp_path) as url, figures():
        founded = Floor(url)
        yield founded
        founded.close()


EXAMPLES: list[Scenario] = [one for text in _EXAMPLE.findall(section(PAGES[0])) for one in read(text, "page")]


def test_the_example_of_the_page_goes_as_told(floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (scenario,) = EXAMPLES
    MarketPlay(floor, Operator(tmp_path / "packs", monkeypatch), PAGES[0]).play(scenario)


def test_both_pages_have_the_same_example_and_the_same_sentences():
    first, second = map(section, PAGES)
    assert _EXAMPLE.findall(first) == _EXAMPLE.findall(second)
    sentences = [[re.findall(r"`([^`]+)`", row)[0] for row in _ROW.findall(text)] for text in (first, second)]
    assert sentences[0] == sentences[1]
    assert len(sentences[0]) >= 30


@pytest.mark.parametrize("page", PAGES)
def test_every_sentence_of_the_tables_is_read(page: str):
    for row in _ROW.findall(section(page)):
        sentence = re.findall(r"`([^`]+)`", row)[0]
        assert told(sentence), sentence


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_every_word_of_markets(page: str):
    text = section(page)
    known = [*words.ENTERED, *words.CHANGED, *words.ABOUT, *words.SIDES, *words.AUCTION_SIDES, *words.ENDS]
    known += [*words.PRICES, *words.NOTICE, *words.SHARES, *words.KINDS, *words.MODES, *words.PHASES]
    known += [*house_language.STEPS, *house_language.STATES]
    known += [*words.OUTCOMES, *(word for word in words.STATES if word != "已失效"), words.NONE]
    assert [word for word in known if word not in text] == []
