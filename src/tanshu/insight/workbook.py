"""The report's workbook: a sheet per table, numbers as numbers, headings frozen."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tanshu.base.text import Lang, Text
from tanshu.insight.sheets import Cell, Column, Sheet

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

FORMATS: dict[str, dict[str, Any]] = {
    "heading": {
        "bold": True,
        "font_color": "#ffffff",
        "bg_color": "#0d4f43",
        "text_wrap": True,
        "valign": "top",
    },
    "stamp": {"font_color": "#8a4b08", "bg_color": "#fff4de", "bold": True},
    "text": {},
    "whole": {"num_format": "#,##0;[Red]-#,##0"},
    "money": {"num_format": "#,##0.00;[Red]-#,##0.00"},
    "percent": {"num_format": "0.00;[Red]-0.00"},
    "day": {"num_format": "yyyy-mm-dd", "align": "left"},
}


def build(sheets: Iterable[Sheet], lang: Lang, stamp: Text | None, made_ns: int) -> bytes:
    """The workbook's bytes. made_ns: the time it says it was made at, so that equal logs give equal files."""
    from xlsxwriter import Workbook  # slow to import, and only the report needs it

    sink = io.BytesIO()
    with Workbook(sink, {"in_memory": True}) as workbook:
        made = datetime.fromtimestamp(made_ns // 1_000_000_000, tz=UTC).replace(tzinfo=None)
        workbook.set_properties({"created": made, "comments": stamp.in_(lang) if stamp else ""})
        formats = {name: workbook.add_format(look) for name, look in FORMATS.items()}
        for sheet in sheets:
            _write(workbook, formats, sheet, lang, stamp)
    return sink.getvalue()


def _write(workbook: Workbook, formats: dict[str, Any], sheet: Sheet, lang: Lang, stamp: Text | None) -> None:
    """The stamp on the first row where there is one, then the headings, then the rows."""
    page = workbook.add_worksheet(sheet.name.in_(lang))
    top = 0
    if stamp:
        page.write_string(0, 0, stamp.in_(lang), formats["stamp"])
        top = 1
    for n, column in enumerate(sheet.columns):
        page.set_column(n, n, column.width)
        page.write_string(top, n, column.heading.in_(lang), formats["heading"])
    for r, row in enumerate(sheet.rows, start=top + 1):
        for n, cell in enumerate(row):
            _cell(page, formats, r, n, cell, sheet.columns[n])
    page.freeze_panes(top + 1, 1)
    page.autofilter(top, 0, top + max(1, len(sheet.rows)), len(sheet.columns) - 1)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(top)


def _cell(page: Worksheet, formats: dict[str, Any], r: int, n: int, cell: Cell, column: Column) -> None:
    if isinstance(cell, str):
        page.write_string(r, n, cell, formats["text"])
    elif isinstance(cell, Decimal):
        look = column.kind if column.kind in ("percent", "money") else "money"
        page.write_number(r, n, float(cell), formats[look])  # a workbook knows no other numbers
    elif isinstance(cell, int):
        page.write_number(r, n, cell, formats["whole"])
    elif isinstance(cell, date):
        page.write_datetime(r, n, datetime(cell.year, cell.month, cell.day), formats["day"])  # noqa: DTZ001
