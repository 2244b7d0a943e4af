"""The report of a compliance year: one page to look at, and the same figures to work with.

    index.html      everything, self-contained: no script, font or picture from anywhere else
    report.xlsx     summary, entities, trades, transactions, holdings
    *.csv           entities, trades, holdings (UTF-8 with BOM); the short stamp in the last column
    figures.json    the figures for programs
    certificates/   a certificate per surrender and offset

The same log gives the same bytes.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from tanshu.base.documents import render
from tanshu.base.ids import random_key
from tanshu.base.refusal import need
from tanshu.base.text import Lang, Text
from tanshu.book.commit import Book
from tanshu.book.state import State
from tanshu.compliance import obligations
from tanshu.compliance.certificates import PAYMENTS, surrender_certificate
from tanshu.insight import charts, sheets, view, workbook
from tanshu.insight.chart_market import Published
from tanshu.insight.figures import YearFigures, year_figures
from tanshu.parties import queries as parties
from tanshu.registry import queries as registry
from tanshu.registry.model import TransactionState
from tanshu.registry.papers import position_of

CERTIFICATES = "certificates"
CSV_FILES = ("entities", "trades", "holdings")
_UNSAFE = re.compile(r"[^0-9A-Za-z._-]")
_OURS = re.compile(r"-(surrender|offset)(-\d+)?\.html$")


def write(
    conn: Connection,
    state: State,
    book: Book,
    year: int,
    folder: Path | str,
    lang: Lang,
    *,
    title: Text | None = None,
    stamp: Text | None = None,
    estimated: Sequence[str] = (),
    today: date | None = None,
    published_fen: Published | None = None,
    places: Mapping[str, str] | None = None,
    sources: Sequence[Text] = (),
    market: str = "",
) -> Path:
    """Write the report of a year into `folder` (made if missing) and return the path of its page.

    state: the book's, caught up on `conn`. stamp and estimated: what must be said of fictional or modelled
    data, and which fields it is about. published_fen: (month, mode) → an exchange's average to compare with.
    market: the section of a market (`market_section.rendered`), as HTML.
    Each file appears whole or not at all, the page last. Raises Refused as `year_figures` does, or BOOK-1202
    where serial numbers were not followed so far (read with `serials.reading`), and OSError.
    """
    figures = year_figures(conn, state, year, today=today, places=places)
    target = Path(folder)
    papers = _certificates(conn, book, figures, lang, stamp, today)
    tables = sheets.all_sheets(conn, state, figures, lang)
    page = render(
        "tanshu.insight",
        "report.html",
        lang,
        view=view.page(
            conn,
            figures,
            position_of(conn, book, figures.seq),
            lang,
            title=title,
            stamp=stamp,
            estimated=estimated,
            published_fen=published_fen or {},
            sources=sources,
            certificates=_by_entity(papers),
            drawn=charts.draw(figures, lang, published_fen),
            market=market,
        ),
    )
    _clear(target / CERTIFICATES, {name for _, name, _ in papers})
    for _, name, html in papers:
        _put(target / CERTIFICATES / name, html.encode())
    note = sheets.SHORT_STAMP if stamp else None
    for key in CSV_FILES:
        _put(target / f"{key}.csv", sheets.to_csv(tables[key], lang, note))
    _put(target / "report.xlsx", workbook.build(tables.values(), lang, stamp, figures.time_ns))
    _put(target / "figures.json", _json(figures, stamp))
    _put(target / "index.html", page.encode())
    return target / "index.html"


def _certificates(
    conn: Connection, book: Book, figures: YearFigures, lang: Lang, stamp: Text | None, today: date | None
) -> list[tuple[str, str, str]]:
    """(entity code, file name, page) of every effected surrender and offset, in the order of proposal."""
    board = {owed.subject.id: owed for owed in obligations.board(conn, figures.year, today=today)}
    handles = {subject.id: subject.handle for subject in parties.subjects(conn)}
    found: list[tuple[str, str, str]] = []
    names: Counter[str] = Counter()
    for one in registry.transactions(conn, state=TransactionState.EFFECTED, year=figures.year):
        if one.type.code not in PAYMENTS or one.subject_id not in board:
            continue
        html = need(surrender_certificate(conn, book, one.id, lang, stamp, owed=board[one.subject_id]))
        code = handles[one.subject_id]
        stem = f"{_UNSAFE.sub('_', code)}-{one.type.code}"
        names[stem] += 1
        found.append((code, f"{stem}.html" if names[stem] == 1 else f"{stem}-{names[stem]}.html", html))
    return found


def _by_entity(papers: Sequence[tuple[str, str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code, name, _ in papers:
        found.setdefault(code, []).append(f"{CERTIFICATES}/{name}")
    return found


def _json(figures: YearFigures, stamp: Text | None) -> bytes:
    note = {"zh": stamp.zh, "en": stamp.en} if stamp else None
    return json.dumps({"stamp": note, **figures.as_json()}, ensure_ascii=False, indent=1).encode() + b"\n"


def _clear(folder: Path, keep: set[str]) -> None:
    """Certificates of an earlier report that this one does not have must not lie among its own."""
    if folder.is_dir():
        for path in folder.iterdir():
            if _OURS.search(path.name) and path.name not in keep:
                path.unlink()


def _put(path: Path, data: bytes) -> None:
    """Write a file beside its place, then rename it: readers see the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{random_key().hex()[:8]}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
