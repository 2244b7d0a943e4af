"""The language of stories: what is read, what is no sentence, and the pages that explain it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from tanshu.base.refusal import Refused
from tanshu.scenario.story import language
from tanshu.scenario.story.language import OFFICE, read
from tanshu.scenario.story.sentences import (
    Asked,
    Asks,
    Became,
    Day,
    Decides,
    Emits,
    Handles,
    Owes,
    Queue,
    Ranks,
    Scenario,
    Sentence,
)
from tanshu.scenario.story.words import ACCOUNTS, ROLES
from tests.scenarios.play import Play
from tests.support.market import Market
from tests.support.policies import Operator

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("scenarios.md", "scenarios.zh-CN.md")
_EXAMPLE = re.compile(r"```story\n(.*?)```", re.DOTALL)
_ROW = re.compile(r"^\| (`[^|]*) \|", re.MULTILINE)


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    return Operator(tmp_path / "packs", monkeypatch)


def told(line: str) -> list[Sentence]:
    return [one.said for one in read(f"场景: 一\n{line}", "s.txt")[0].told]


def examples(page: str) -> list[str]:
    return _EXAMPLE.findall((DOCS / page).read_text(encoding="utf-8"))


# -- reading -----------------------------------------------------------------------------------------------

MEANINGS = [
    ("日期 2024-03-01", [Day(date(2024, 3, 1))]),
    ("甲\uff0c", None),
    ("甲 2023 年排放 1,900 吨\uff0c发电 1,200 兆瓦时", [Emits("甲", 2023, 1_900, 1_200)]),
    ("甲复核、乙复核 驳回 一", [Decides("甲复核", "reject", "一"), Decides("乙复核", "reject", "一")]),
    ("规则包 先后 质押、清缴", [Ranks(("pledge", "duty"))]),
    ("规则包 先后 先到先得", [Ranks(())]),
    ("规则包 先后 谁都行", None),
    ("规则包 启用 没有的业务", None),
    ("结果\uff1a已生效 # 如此", [Became("effected", "")]),
    ("结果 质押一: 已过期", [Became("expired", "", "质押一")]),
    ("结果: 不予受理", None),
    ("结果: 很好", None),
    ("顺位: 甲登记 CEA22 无", [Queue("甲登记", "CEA22", ())]),
    ("顺位: 甲登记 A 质押 1/2、司法冻结 0/9", [Queue("甲登记", "A", (("pledge", 1, 2), ("court", 0, 9)))]),
    ("顺位: 甲登记 CEA22 一般 1/2", None),
    ("欠缴: 甲 2023 年 5 吨", [Owes("甲", "due", 2023, 5)]),
    ("欠缴: 甲 5 吨", None),
    ("可结转: 甲 5 吨", [Owes("甲", "carryable", None, 5)]),
    ("湖北经办 办理 天气 甲 2023 年", None),
    ("湖北经办 办理 预分配 甲 2023 年, 为 乙", None),
    ("日期 明天", None),
    ("甲经办 申请 没有的业务 CEA22 1 吨", None),
    ("甲经办 申请 自愿注销 CEA22 1 吨, 天气 好", None),
    ("甲经办 申请 自愿注销 CEA22 1 吨, 换出 CEA22", None),
]  # fmt: skip


@pytest.mark.parametrize(("line", "means"), MEANINGS)
def test_a_line_means_this_or_is_no_sentence(line: str, means: list[Sentence] | None):
    if means is not None:
        assert told(line) == means
        return
    with pytest.raises(Refused) as refused:
        told(line)
    assert refused.value.refusal.code == "SCN-3101"
    assert refused.value.refusal.facts["line"] == 2


def test_a_proposal_has_lines_and_facts():
    (said,) = told(
        "甲经办 申请 质押登记 CEA22 1,300 吨 从 甲登记, CEA21 x 吨, 质权人 银行, 附 合同, 附 函, 记为 一"
    )
    assert isinstance(said, Asks)
    assert said.lines == (Asked("CEA22", 1_300, "甲登记", ""), Asked("CEA21", "x", "", ""))
    assert (said.type, said.name, said.details["pledgee"]) == ("pledge", "一", "银行")
    assert [one["title"] for one in said.details["documents"]] == ["合同", "函"]


@pytest.mark.parametrize(("verb", "matter"), OFFICE)
def test_every_office_has_its_sentence(verb: str, matter: str):
    (said,) = told(f"湖北经办 {verb} {matter} 甲、乙 2023 年 5 吨, 附 书, 记为 一")
    assert isinstance(said, Handles)
    assert (said.matter, said.type) == OFFICE[verb, matter]
    assert (said.subjects, said.year, said.quantity, said.name) == (("甲", "乙"), 2023, 5, "一")


# -- playing -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("market", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("丙电厂 持有 CEA22 1 吨", "SCN-3102"),
        ("丙电厂经办 申请 自愿注销 CEA22 1 吨", "SCN-3102"),
        ("甲电厂复核 同意 没有的", "SCN-3102"),
        ("甲电厂经办 申请 自愿注销 CEA22 1 吨\n结果: 不予受理 REG-2006", "SCN-3103"),
        ("日期 2024-01-05\n结果: 不予受理 REG-2006", "SCN-3103"),
    ],
)
def test_what_does_not_go_as_told_is_named_by_line(
    market: Market, operator: Operator, line: str, number: str
):
    with pytest.raises(Refused) as refused:
        Play(market, operator, "s.txt").play(read(f"场景: 一\n{line}", "s.txt")[0])
    assert refused.value.refusal.code == number
    assert refused.value.refusal.facts["file"] == "s.txt"


# -- the pages ---------------------------------------------------------------------------------------------

EXAMPLES: list[Scenario] = [one for text in examples(PAGES[0]) for one in read(text, PAGES[0])]


@pytest.mark.parametrize("market", ["sqlite"], indirect=True)
@pytest.mark.parametrize("scenario", EXAMPLES, ids=[f"example-{n}" for n in range(1, len(EXAMPLES) + 1)])
def test_the_examples_of_the_page_go_as_told(market: Market, operator: Operator, scenario: Scenario):
    Play(market, operator, PAGES[0]).play(scenario)


def test_both_pages_have_the_same_examples_and_the_same_sentences():
    first, second = ((DOCS / page).read_text(encoding="utf-8") for page in PAGES)
    assert len(EXAMPLES) == 3
    assert examples(PAGES[0]) == examples(PAGES[1])
    words = [[re.findall(r"`([^`]+)`", row) for row in _ROW.findall(text)] for text in (first, second)]
    assert words[0] == words[1]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_every_word_of_the_language(page: str):
    text = (DOCS / page).read_text(encoding="utf-8")
    words = [*ROLES, *ACCOUNTS, *language.WORDS, *language.NUMBERS, *language.FLAGS, *language.OUTCOMES]
    words += [*language.DECISIONS, *language.STATES, *language.RANKED, *language.BATCHES, language.FIRST_COME]
    words += [word for form in OFFICE for word in form]
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_sentence_in_the_tables_of_a_page_is_read(page: str):
    text = (DOCS / page).read_text(encoding="utf-8")
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    tables = [
        part.split("申请 TYPE")[0].split("申请 业务 明细")[0] for part in (parts[2], parts[3], parts[4])
    ]
    for row in (row for table in tables for row in _ROW.findall(table)):
        sentence = re.findall(r"`([^`]+)`", row)[0]
        if not sentence.startswith("场景"):
            assert told(sentence), sentence
