"""Reading an uploaded workbook: what it may be called, what it may hold, and what is no workbook."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from tanshu.base.refusal import Refused
from tanshu.compliance import uploads_files

HEADING = ("统一社会信用代码", "单位名称", "预分配量", "上年核查排放量")


def write(path: Path, *rows: Sequence[object], heading: Sequence[object] = HEADING) -> Path:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "分配表"
    for row in (heading, *rows):
        sheet.append(list(row))
    workbook.save(path)
    return path


def refused(path: Path, stage: str = "pre", sheet: str = "") -> str:
    with pytest.raises(Refused) as caught:
        uploads_files.read(path, stage, sheet)
    assert caught.value.refusal.sentence("zh") and caught.value.refusal.sentence("en")
    return caught.value.refusal.code


def test_rows_keep_their_numbers_and_blank_ones_are_passed_over(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xlsx", ("91", "甲", 5, 7.0), (None, None, None, None), (" 92 ", "乙", "1,000", 1.5)
    )
    read = uploads_files.read(path, "pre")
    assert (read.file, read.sheet) == ("a.xlsx", "分配表")
    assert (read.sha256, read.size) == (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
    assert [(row.number, dict(row.cells)) for row in read.rows] == [
        (2, {"credit_code": "91", "name": "甲", "quantity": "5", "last_verified_t": "7"}),
        (4, {"credit_code": "92", "name": "乙", "quantity": "1,000", "last_verified_t": "1.5"}),
    ]


def test_columns_go_by_their_names_in_any_order_and_in_english_too(tmp_path: Path) -> None:
    heading = ("备注", "quantity", "credit_code", "上年核查排放量", "name")
    path = write(tmp_path / "a.xlsx", (date(2024, 1, 1), 5, "91", 7, "甲"), heading=heading)
    (row,) = uploads_files.read(path, "pre", "分配表").rows
    assert (row["credit_code"], row["quantity"], row["备注"]) == ("91", "5", "")


def test_what_is_no_table_of_the_stage_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", ("91", "甲", 5, 7))
    assert refused(tmp_path / "none.xlsx") == "BASE-1201"
    assert refused(path, "final") == "CMP-6005"
    assert refused(path, sheet="别的") == "CMP-6007"
    text = tmp_path / "text.xlsx"
    text.write_text("不是工作簿")
    assert refused(text) == "CMP-6002"
    empty = tmp_path / "zip.xlsx"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("a.txt", "a")
    assert refused(empty) == "CMP-6002"


def test_limits_come_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.xlsx", *(("91", "甲", n, 7) for n in range(5)))
    monkeypatch.setattr(uploads_files, "ROWS_MAX", 4)
    assert refused(path) == "CMP-6003"
    monkeypatch.setattr(uploads_files, "COLUMNS_MAX", 3)
    monkeypatch.setattr(uploads_files, "ROWS_MAX", 5)
    assert refused(path) == "CMP-6004"
    monkeypatch.setattr(uploads_files, "UNPACKED_BYTES_MAX", 100)
    assert refused(path) == "CMP-6001"
    monkeypatch.setattr(uploads_files, "FILE_BYTES_MAX", 100)
    assert refused(path) == "CMP-6001"
