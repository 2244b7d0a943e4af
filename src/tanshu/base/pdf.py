"""A paper as a PDF: A4, its number and the page on every page, Chinese without a font file.

Chinese is set in STSong-Light, a font that every PDF reader brings or replaces; so the text stays text: it
can be searched and copied. Everything else is in the fonts that every reader has. Equal papers give equal
bytes: the file bears the paper's own date, and its id follows from its content.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from tanshu.base.bridge import Picture, laid_out
from tanshu.base.clock import NS
from tanshu.base.documents import Bridge, Facts, Paper, Paragraphs, Part, Table, Words
from tanshu.base.text import Lang, Text

if TYPE_CHECKING:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import Flowable

CHINESE, LATIN, BOLD = "STSong-Light", "Helvetica", "Helvetica-Bold"
INK, SOFT, LINE, DEEP, WASH = "#17231f", "#5a6a64", "#d9dfdb", "#0d4f43", "#f3f6f4"
WARN, WARN_WASH, MARK = "#8a4b08", "#fff4de", "#f8ead6"
BARS = {"total": DEEP, "plus": "#4fa48d", "minus": "#d28a3c"}
MARGIN, HEADER, FOOTER = 50.0, 54.0, 58.0
"""Points: left and right; what the header and the footer take of the page."""
HEADING_ROOM = 90.0
"""A heading this close to the page's end goes to the next one, with what it heads."""
TABLE_PART = 250
"""Rows that are laid out together: a table of very many is cut into parts, which is what keeps it quick."""
_LATIN1 = re.compile(r"[\x20-\x7e\xa0-\xff]+|[^\x20-\x7e\xa0-\xff]+")
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f]")
_WIDE = re.compile(r"[^\x00-\xff]")
_WORD = re.compile(r"[\x21-\x7e]+|[^\x00-\xff]")
PADDING = 9.0
"""Points beside the text of a cell."""
WORD_MAX = 26
"""Longer words are broken."""
MANY_COLUMNS, SIZE, SMALL = 7, 9.0, 7.6
"""A table of so many columns is set in smaller type."""


def pdf(paper: Paper, lang: Lang) -> bytes:
    """The paper as a PDF file's bytes."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    sink = io.BytesIO()
    width, height = A4
    title = f"{paper.title.in_(lang)} {paper.number}"
    made = BaseDocTemplate(
        sink, pagesize=A4, invariant=1, title=title, author=paper.issuer, subject=paper.check.in_(lang),
        creator="Tanshu", producer="Tanshu", lang="en" if lang == "en" else "zh-CN",
    )  # fmt: skip
    frame = Frame(MARGIN, FOOTER, width - 2 * MARGIN, height - HEADER - FOOTER, 0, 0, 0, 0)
    under = PageTemplate("page", [frame], onPage=lambda canvas, _: _under(canvas, paper, lang))
    made.addPageTemplates([under])
    made.build(list(_flow(paper, lang, width - 2 * MARGIN)), canvasmaker=_counting(paper, lang))
    return sink.getvalue()


# -- every page --------------------------------------------------------------------------------------------


def _counting(paper: Paper, lang: Lang) -> Callable[..., Canvas]:
    """A canvas that keeps its pages until it knows how many they are, and then puts that on each."""
    from reportlab.pdfgen.canvas import Canvas

    made = datetime.fromtimestamp(paper.made_ns // NS, tz=UTC)

    class Counting(Canvas):
        def __init__(self, *given: Any, **named: Any):
            super().__init__(*given, **named)
            self.setDateFormatter(lambda *_: f"D:{made:%Y%m%d%H%M%S}+00'00'")
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()  # pyright: ignore[reportAttributeAccessIssue]

        def save(self) -> None:
            pages = self._pages
            for number, page in enumerate(pages, start=1):
                self.__dict__.update(page)
                _over(self, paper, lang, number, len(pages))
                Canvas.showPage(self)
            super().save()

    return Counting


def _under(canvas: Canvas, paper: Paper, lang: Lang) -> None:
    """The watermark, which lies below the text."""
    if paper.mark is None:
        return
    width, height = canvas._pagesize  # pyright: ignore[reportAttributeAccessIssue]
    canvas.saveState()
    canvas.setFillColor(_colour(MARK))
    canvas.translate(width / 2, height / 2)
    canvas.rotate(38)
    _draw(canvas, paper.mark.in_(lang), 0, 0, 78, middle=True)
    canvas.restoreState()


def _over(canvas: Canvas, paper: Paper, lang: Lang, number: int, pages: int) -> None:
    """Header and footer: who hands it out, which paper, which page, and how it can be checked."""
    width, height = canvas._pagesize  # pyright: ignore[reportAttributeAccessIssue]
    canvas.saveState()
    canvas.setStrokeColor(_colour(DEEP))
    canvas.setLineWidth(2.4)
    canvas.line(MARGIN, height - 36, width - MARGIN, height - 36)
    canvas.setFillColor(_colour(SOFT))
    _draw(canvas, paper.issuer, MARGIN, height - 29, 8.5)
    _draw(canvas, paper.number, width - MARGIN, height - 29, 8.5, right=True)
    canvas.setStrokeColor(_colour(LINE))
    canvas.setLineWidth(0.6)
    canvas.line(MARGIN, 44, width - MARGIN, 44)
    page = Text(f"第 {number} 页,共 {pages} 页", f"Page {number} of {pages}")
    offline = Text("离线核验:tanshu verify 证明文件", "Check it offline: tanshu verify PROOF-FILE")
    _draw(canvas, offline.in_(lang), MARGIN, 32, 8)
    _draw(canvas, page.in_(lang), width - MARGIN, 32, 8, right=True)
    canvas.restoreState()


def _draw(
    canvas: Canvas, text: str, x: float, y: float, size: float, *, right: bool = False, middle: bool = False
) -> None:
    """One line of text in its fonts, from x on; `right`: up to x; `middle`: around x."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    _register()
    runs = [(_font(run), run) for run in _LATIN1.findall(_printed(text))]
    widths = [stringWidth(run, font, size) for font, run in runs]
    x -= sum(widths) if right else sum(widths) / 2 if middle else 0
    line = canvas.beginText(x, y)  # one piece, so that who copies it gets one line
    for font, run in runs:
        line.setFont(font, size)
        line.textOut(run)
    canvas.drawText(line)


# -- what flows over the pages -----------------------------------------------------------------------------


def _flow(paper: Paper, lang: Lang, width: float) -> Iterator[Flowable]:
    styles = _styles(lang)
    for stamp in paper.stamps:
        yield _text(stamp, styles["stamp"], lang)
    yield _text(paper.title, styles["title"], lang, bold=True)
    number = Text(f"编号 {paper.number}", f"No. {paper.number}")
    yield _text(number, styles["soft"], lang)
    yield _text(paper.lead, styles["lead"], lang)
    for part in paper.parts:
        yield from _part(part, styles, lang, width)
    for n, note in enumerate(paper.notes, start=1):
        yield _text(f"{n}. {note.in_(lang)}", styles["soft"], lang)
    yield _text(paper.check, styles["check"], lang)


def _part(part: Part, styles: dict[str, ParagraphStyle], lang: Lang, width: float) -> Iterator[Flowable]:
    from reportlab.platypus import CondPageBreak, Spacer

    if part.title:
        yield CondPageBreak(HEADING_ROOM)
        yield _text(part.title, styles["heading"], lang, bold=True)
    match part:
        case Facts():
            yield _facts(part, styles, lang, width)
        case Table():
            yield from _tables(part, styles, lang, width)
            if part.note:
                yield _text(part.note, styles["soft"], lang)
        case Paragraphs():
            for line in part.lines:
                yield _text(line, styles["body"], lang)
        case Bridge():
            picture = laid_out(part.steps)
            yield _bridge(picture, lang, width)
            if picture.note:
                yield _text(picture.note, styles["soft"], lang)
    yield Spacer(0, 6)


def _bridge(picture: Picture, lang: Lang, width: float) -> Flowable:
    """The picture as shapes, as wide as the text."""
    from reportlab.platypus import Flowable

    scale = width / picture.width

    class Drawn(Flowable):
        def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: ARG002
            return width, picture.height * scale

        def draw(self) -> None:
            canvas = self.canv
            canvas.saveState()
            canvas.scale(scale, scale)
            canvas.setStrokeColor(_colour(LINE))
            for tie in picture.ties:
                canvas.line(tie.x, picture.height - tie.top, tie.x, picture.height - tie.bottom)
            for box in picture.boxes:
                canvas.setFillColor(_colour(BARS[box.kind]))
                canvas.rect(
                    box.x, picture.height - box.y - box.height, box.width, box.height, stroke=0, fill=1
                )
            canvas.setFillColor(_colour(INK))
            for word in picture.words:
                _draw(canvas, _in(word.text, lang), word.x, picture.height - word.y - 4, 12.5, right=word.end)
            canvas.restoreState()

    return Drawn()


def _facts(part: Facts, styles: dict[str, ParagraphStyle], lang: Lang, width: float) -> Flowable:
    from reportlab.platypus import Table as Grid

    cells = [
        [_text(label, styles["label"], lang), _text(value, styles["cell"], lang)]
        for label, value in part.rows
    ]
    none: list[list[Any]] = [["", ""]]
    return Grid(cells or none, [width * 0.27, width * 0.73], style=_ruled(), splitInRow=1)


def _tables(part: Table, styles: dict[str, ParagraphStyle], lang: Lang, width: float) -> Iterator[Flowable]:
    """A table in parts of so many rows, each with the heading on every page it reaches."""
    from reportlab.platypus import Table as Grid

    columns = range(len(part.columns))
    many = "-small" if len(part.columns) >= MANY_COLUMNS else ""
    look = [styles[("number" if n in part.numbers else "cell") + many] for n in columns]
    top = [styles[("number-heading" if n in part.numbers else "heading-cell") + many] for n in columns]
    heading = [_text(column, top[n], lang) for n, column in enumerate(part.columns)]
    widths = _widths(part, lang, width, SMALL if many else SIZE)
    if not part.rows:
        none = _text(Text("无", "none"), styles["cell"], lang)
        yield Grid([heading, [none, *("" for _ in columns[1:])]], widths, style=_ruled(heading=True))
    for start in range(0, len(part.rows), TABLE_PART):
        rows = part.rows[start : start + TABLE_PART]
        cells = [[_text(cell, look[n], lang) for n, cell in enumerate(row)] for row in rows]
        yield Grid([heading, *cells], widths, style=_ruled(heading=True), repeatRows=1, splitInRow=1)


def _widths(part: Table, lang: Lang, width: float, size: float) -> list[float]:
    """What each column gets of the width: room for its longest word, and of the rest by its length."""
    least: list[float] = []
    wish: list[float] = []
    for n, column in enumerate(part.columns):
        said = {_in(column, lang), *(_in(row[n], lang) for row in part.rows[:TABLE_PART])}
        words = said if n in part.numbers else {word for text in said for word in _WORD.findall(text)}
        least.append(PADDING + max((_width(word[:WORD_MAX], size) for word in words), default=0.0))
        wish.append(PADDING + max(_width(line, size) for text in said for line in text.split("\n")))
    spare, wanted = width - sum(least), sum(wish) - sum(least)
    if spare <= 0:
        return [width * one / sum(least) for one in least]
    if wanted <= 0:
        return [one + spare / len(least) for one in least]
    return [one + spare * (more - one) / wanted for one, more in zip(least, wish, strict=True)]


def _width(text: str, size: float) -> float:
    """How wide a text is in its fonts, points."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    return sum(stringWidth(run, _font(run), size) for run in _LATIN1.findall(_printed(text)))


def _ruled(*, heading: bool = False) -> list[tuple[Any, ...]]:
    """A line below each row; the heading on a wash."""
    look: list[tuple[Any, ...]] = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, _colour(LINE)),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    return [*look, ("BACKGROUND", (0, 0), (-1, 0), _colour(WASH))] if heading else look


# -- text --------------------------------------------------------------------------------------------------


def _text(words: Words, style: ParagraphStyle, lang: Lang, *, bold: bool = False) -> Flowable:
    from reportlab.platypus import Paragraph

    text = _in(words, lang)
    look = style if _WIDE.search(text) else _unbroken(style)
    lines = ("".join(_marked(_printed(line), bold=bold)) for line in text.split("\n"))
    return Paragraph("<br/>".join(lines), look)


def _marked(text: str, *, bold: bool) -> Iterator[str]:
    """The text with its fonts named, run by run."""
    for run in _LATIN1.findall(text):
        font = _font(run)
        yield f'<font name="{BOLD if bold and font == LATIN else font}">{escape(run)}</font>'


def _font(run: str) -> str:
    return LATIN if _LATIN1.fullmatch(run) and run[0] <= "\xff" else CHINESE


def _printed(text: str) -> str:
    """Without what no font can print: control characters, and what lies beyond the font's plane."""
    return "".join(c if ord(c) <= 0xFFFF else "□" for c in _UNPRINTED.sub(" ", text))


def _in(words: Words, lang: Lang) -> str:
    return words.in_(lang) if isinstance(words, Text) else words


@cache
def _styles(lang: Lang) -> dict[str, ParagraphStyle]:
    from reportlab.lib.enums import TA_LEFT, TA_RIGHT
    from reportlab.lib.styles import ParagraphStyle

    _register()
    wrap = None if lang == "en" else "CJK"  # Chinese breaks anywhere, English between words

    def style(name: str, size: float, colour: str = INK, **more: Any) -> ParagraphStyle:
        return ParagraphStyle(
            name, fontName=LATIN, fontSize=size, leading=size * 1.5, textColor=_colour(colour),
            wordWrap=wrap, splitLongWords=1, **more,
        )  # fmt: skip

    warned: dict[str, Any] = {"backColor": _colour(WARN_WASH), "borderPadding": 6, "spaceAfter": 14}
    return {
        "stamp": style("stamp", 9.5, WARN, leftIndent=6, rightIndent=6, spaceBefore=6, **warned),
        "title": style("title", 20, spaceBefore=10, spaceAfter=4),
        "heading": style("heading", 11, DEEP, spaceBefore=10, spaceAfter=4),
        "lead": style("lead", 11.5, spaceBefore=10, spaceAfter=10),
        "body": style("body", 10.5, spaceAfter=7),
        "soft": style("soft", 8.5, SOFT, spaceBefore=3),
        "label": style("label", 9.5, SOFT),
        **{
            f"{name}{many}": style(name, size, colour, alignment=side)
            for many, size in (("", SIZE), ("-small", SMALL))
            for name, colour, side in (
                ("cell", INK, TA_LEFT),
                ("number", INK, TA_RIGHT),
                ("heading-cell", SOFT, TA_LEFT),
                ("number-heading", SOFT, TA_RIGHT),
            )
        },
        "check": style(
            "check", 8.5, SOFT, spaceBefore=14, leftIndent=6, rightIndent=6,
            backColor=_colour(WASH), borderPadding=6,
        ),
    }  # fmt: skip


@cache
def _unbroken(style: ParagraphStyle) -> ParagraphStyle:
    """The style for what holds no Chinese: lines break between words."""
    from reportlab.lib.styles import ParagraphStyle

    return ParagraphStyle(f"{style.name}-words", style, wordWrap=None)


@cache
def _colour(code: str) -> Any:
    from reportlab.lib.colors import HexColor

    return HexColor(code)


@cache
def _register() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))


def pages(data: bytes) -> int:
    """How many pages a PDF of ours has."""
    return len(re.findall(rb"/Type /Page\b(?!s)", data))


__all__: Sequence[str] = ("pages", "pdf")
