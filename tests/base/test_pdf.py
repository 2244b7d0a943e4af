"""Papers as PDF: text that can be searched, equal bytes, a number on every page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshu.base.clock import NS
from tanshu.base.documents import Facts, Paper, Paragraphs, Part, Table, html, reworded
from tanshu.base.pdf import pages, pdf
from tanshu.base.text import Lang, Text
from tests.support.pdf_text import text_of

LANGS: tuple[Lang, ...] = ("zh", "en")
MADE_NS = 1_704_157_200 * NS
"""2024-01-02 09:00 in Shanghai."""
COLUMNS = (Text("账户", "Account"), Text("序列号", "Serial numbers"), Text("数量", "Quantity"))


def paper(*parts: Part, **changes: object) -> Paper:
    made = Paper(
        title=Text("持有证明", "Certificate of holdings"),
        number="H-7-0A1B2C3D",
        issuer="登记机构",
        lead=Text("兹证明:甲电厂持有下列配额。", "Plant A holds the following."),
        parts=parts or (Facts(((Text("主体", "Subject"), "甲电厂 Plant A"),)),),
        check=Text("核验:tanshu verify", "Check: tanshu verify"),
        made_ns=MADE_NS,
    )
    return replace(made, **changes)


def rows(count: int) -> Table:
    cells = [(f"CN-R-{n:06d}", f"CEA23-{n}-{n + 9}", Text(f"{n:,} 吨", f"{n:,} t")) for n in range(count)]
    return Table(Text("明细", "Lines"), COLUMNS, cells, frozenset({2}), Text("表注", "a note"))


@pytest.mark.parametrize("lang", LANGS)
def test_every_word_of_it_can_be_found(lang: Lang) -> None:
    parts = (
        Facts(((Text("主体", "Subject"), "甲电厂 & <Plant>"),), Text("事实", "Facts")),
        rows(3),
        Paragraphs((Text("如有异议,可申请复核。", "Who objects may ask for a review."),)),
    )
    made = paper(
        *parts, stamps=(Text("虚构主体", "A fictional subject"),), notes=(Text("办法第十九条", "art. 19"),)
    )
    found = "\n".join(text_of(pdf(made, lang)))
    for words in (
        made.title, made.lead, made.check, *made.stamps, *made.notes, *COLUMNS, parts[2].lines[0],  # type: ignore[union-attr]
        Text("表注", "a note"), Text("明细", "Lines"), Text("2 吨", "2 t"),
    ):  # fmt: skip
        assert isinstance(words, Text) and words.in_(lang) in found, words
    for fact in ("甲电厂 & <Plant>", "CN-R-000002", "CEA23-2-11", "H-7-0A1B2C3D"):
        assert fact in found, fact


@pytest.mark.parametrize("lang", LANGS)
def test_every_page_has_its_number_the_papers_and_how_to_check_it(lang: Lang) -> None:
    made = pdf(paper(rows(300)), lang)
    found = text_of(made)
    assert len(found) == pages(made) > 5
    for n, page in enumerate(found, start=1):
        of = f"第 {n} 页,共 {len(found)} 页" if lang == "zh" else f"Page {n} of {len(found)}"
        for fact in (of, "H-7-0A1B2C3D", "登记机构", "tanshu verify"):
            assert fact in page, (n, fact)


def test_a_long_table_loses_no_row_and_repeats_its_heading() -> None:
    found = text_of(pdf(paper(rows(600)), "en"))
    together = "\n".join(found)
    assert all(f"CN-R-{n:06d}" in together for n in range(600))
    assert all("Serial numbers" in page for page in found[:-1])


def test_equal_papers_give_equal_bytes_dated_as_the_paper() -> None:
    first = pdf(paper(rows(40)), "zh")
    assert pdf(paper(rows(40)), "zh") == first
    assert b"D:20240102010000+00'00'" in first
    assert pdf(paper(rows(41)), "zh") != first


@pytest.mark.parametrize("lang", LANGS)
def test_a_mark_lies_across_every_page(lang: Lang) -> None:
    mark = Text("草案", "DRAFT")
    marked = text_of(pdf(paper(rows(100), mark=mark), lang))
    assert len(marked) > 1 and all(mark.in_(lang) in page for page in marked)
    assert not any(mark.in_(lang) in page for page in text_of(pdf(paper(rows(100)), lang)))
    assert f">{mark.in_(lang)}</div>" in html(paper(mark=mark), lang)


def test_nothing_in_a_table_is_said_to_be_nothing() -> None:
    empty = paper(rows(0))
    assert "none" in text_of(pdf(empty, "en"))[0] and ">none<" in html(empty, "en")


def test_other_words_are_said_everywhere() -> None:
    made = paper(
        rows(1), Paragraphs((Text("配额", "allowance"),), Text("配额", "x")), title=Text("配额证明", "c")
    )
    said = reworded(made, lambda text: Text(text.zh.replace("配额", "权利"), text.en))
    assert "配额" not in html(said, "zh") and html(said, "zh").count("权利") == html(made, "zh").count("配额")
    assert html(said, "en") == html(made, "en")


@settings(max_examples=25)
@given(st.lists(st.text(max_size=60), max_size=4))
def test_whatever_is_written_into_it_a_pdf_comes_of_it(words: list[str]) -> None:
    table = Table(Text("表", "T"), (Text("列", "c"),), [(word,) for word in words])
    made = pdf(
        paper(Facts([(Text("值", "v"), word) for word in words] or [(Text("值", "v"), "")]), table), "zh"
    )
    assert made.startswith(b"%PDF") and made.rstrip().endswith(b"%%EOF")
