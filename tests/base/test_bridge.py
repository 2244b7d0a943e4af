"""How one amount became another, laid out as bars."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tanshu.base.bridge import CUT, LABEL, VALUE, WIDTH, Step, laid_out
from tanshu.base.documents import Bridge, Paper, html
from tanshu.base.pdf import pages, pdf
from tanshu.base.text import Text

NAME = Text("期初", "opening")


def steps(opening: int, *moves: int) -> list[Step]:
    closing = opening + sum(moves)
    ends = [Step(NAME, opening, total=True), Step(NAME, closing, total=True)]
    return [ends[0], *(Step(NAME, fen) for fen in moves), ends[1]]


@given(st.integers(0, 10**15), st.lists(st.integers(-(10**14), 10**14), max_size=8))
def test_every_bar_begins_where_the_one_before_ended_and_stays_in_the_picture(
    opening: int, moves: list[int]
) -> None:
    picture = laid_out(steps(opening, *moves))
    assert len(picture.boxes) == len(moves) + 2
    assert len(picture.ties) == len(moves) + 1
    for box, tie in zip(picture.boxes, picture.ties, strict=False):
        assert min(abs(tie.x - box.x), abs(tie.x - box.x - box.width)) <= 1.6
    for box in picture.boxes:
        assert LABEL < box.x <= WIDTH - VALUE
        assert box.x + box.width <= WIDTH - VALUE
        assert box.y + box.height <= picture.height


def test_small_steps_beside_a_large_amount_are_seen_and_the_picture_says_that_it_is_cut() -> None:
    picture = laid_out(steps(1_000_000_00, 5_000_00, -2_000_00))
    assert picture.note is CUT
    assert picture.boxes[1].width > 30
    assert [box.kind for box in picture.boxes] == ["total", "plus", "minus", "total"]


def test_where_it_begins_at_nothing_the_scale_does_too() -> None:
    picture = laid_out(steps(0, 500, 500))
    assert picture.note is None
    assert picture.boxes[-1].width > 2 * picture.boxes[1].width - 1


def test_a_paper_with_a_picture_is_an_svg_in_html_and_a_page_in_pdf() -> None:
    part = Bridge(steps(100, 50, -20), Text("资金", "cash"))
    paper = Paper(NAME, "X-1", "issuer", NAME, [part], NAME, 0)
    page = html(paper, "zh")
    assert page.count("<rect") == 4
    assert 'aria-label="资金"' in page
    assert "+0.50" in page
    assert "-0.20" in page
    assert pages(pdf(paper, "zh")) == 1
    assert pdf(paper, "zh") == pdf(paper, "zh")
