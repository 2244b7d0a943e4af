"""Tables for other programs: exact numbers, no formulas, memory that does not grow, whole files or none."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from pyarrow import parquet

from tanshu.base import tabular
from tanshu.base.refusal import Refusal
from tanshu.base.tabular import Cell, Column, Format, Kind, Sheet
from tanshu.base.text import Text

COLUMNS = (
    Column("name", Text("名称", "name")),
    Column("tonnes", Text("吨", "tonnes"), Kind.INTEGER),
    Column("day", Text("日期", "day"), Kind.DAY),
)
ABOUT = ((Text("账簿", "book"), "test"), (Text("提示", "note"), Text("虚构", "fictional")))
ROWS: tuple[Sequence[Cell], ...] = (
    ("甲电厂", 2**62 - 1, date(2024, 12, 31)),
    ("=HYPERLINK(1)", -(2**62) + 1, None),
    ("+1 @x", 0, date(2024, 1, 1)),
    (None, 999_999_999_999_999, None),
)


def sheet(rows: Sequence[Sequence[Cell]] | Iterator[Sequence[Cell]] = ROWS) -> Sheet:
    return Sheet(Text("持仓", "Holdings"), COLUMNS, rows, ABOUT, 1_700_000_000_000_000_000)


def written(folder: Path, form: Format, **more: object) -> Path:
    path = folder / f"out.{form}"
    tabular.write(path, form, sheet(**more), "zh")  # type: ignore[arg-type]
    return path


def test_csv_opens_in_a_spreadsheet_with_exact_numbers(tmp_path: Path) -> None:
    path = written(tmp_path, Format.CSV)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["name", "tonnes", "day"],
            ["甲电厂", "4611686018427387903", "2024-12-31"],
            ["'=HYPERLINK(1)", "-4611686018427387903", ""],
            ["'+1 @x", "0", "2024-01-01"],
            ["", "999999999999999", ""],
        ]
    assert (tmp_path / "out.csv.about.txt").read_text(encoding="utf-8") == "持仓\n账簿: test\n提示: 虚构\n"


def test_parquet_keeps_every_bit_and_says_where_it_is_from(tmp_path: Path) -> None:
    table = parquet.read_table(written(tmp_path, Format.PARQUET))
    assert [tuple(row.values()) for row in table.to_pylist()] == list(ROWS)
    assert table.schema.metadata == {b"book": b"test", b"note": "虚构".encode()}


def test_a_workbook_begins_with_what_it_is_and_holds_no_formula(tmp_path: Path) -> None:
    workbook = load_workbook(written(tmp_path, Format.XLSX))
    assert workbook.sheetnames == ["说明", "持仓"]
    assert [row[1] for row in workbook["说明"].iter_rows(min_row=2, values_only=True)] == ["test", "虚构"]
    cells = list(workbook["持仓"].iter_rows(min_row=2))
    assert [row[0].value for row in cells] == ["甲电厂", "=HYPERLINK(1)", "+1 @x", None]
    assert {row[0].data_type for row in cells} <= {"s", "n"}  # a formula would be "f"
    assert [row[1].value for row in cells] == [str(2**62 - 1), str(-(2**62) + 1), 0, 999_999_999_999_999]


def test_more_rows_than_a_sheet_takes_go_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "SHEET_ROWS", 3)
    workbook = load_workbook(written(tmp_path, Format.XLSX))
    assert workbook.sheetnames == ["说明", "持仓", "持仓 2"]
    assert [workbook[name].max_row for name in workbook.sheetnames[1:]] == [4, 2]


@pytest.mark.parametrize("form", list(Format))
def test_equal_rows_give_equal_bytes_and_no_rows_give_a_table(tmp_path: Path, form: Format) -> None:
    first = written(tmp_path, form).read_bytes()
    assert written(tmp_path, form).read_bytes() == first
    assert written(tmp_path, form, rows=()).exists()


@pytest.mark.parametrize("form", list(Format))
def test_a_failure_leaves_the_file_that_was_there(tmp_path: Path, form: Format) -> None:
    path = tmp_path / "out"
    path.write_text("before")

    def failing() -> Iterator[Sequence[Cell]]:
        yield ROWS[0]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        tabular.write(path, form, sheet(failing()), "en")
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("form", [Format.CSV, Format.PARQUET])
def test_rows_are_not_gathered(tmp_path: Path, form: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the last row is asked for, all but a batch of them are gone already."""
    monkeypatch.setattr(tabular, "BATCH_ROWS", 10)
    alive = 0
    most = 0

    class Name(str):
        __slots__ = ()

        def __new__(cls, text: str) -> Name:
            nonlocal alive, most
            alive += 1
            most = max(most, alive)
            return super().__new__(cls, text)

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    rows = ((Name(f"plant {n}"), n, None) for n in range(1_000))
    assert tabular.write(tmp_path / "out", form, sheet(rows), "en") == 1_000
    assert most <= 25


@given(st.text(max_size=20), st.integers(-(2**62), 2**62))
def test_whatever_the_text_no_cell_of_a_csv_is_a_formula(text: str, number: int) -> None:
    found = tabular._csv_cell(text)
    assert isinstance(found, str) and not found.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert tabular._csv_cell(number) == number


def test_an_unknown_format_BASE_1401() -> None:
    found = tabular.format_named("ods")
    assert isinstance(found, Refusal) and found.code == "BASE-1501" and "parquet" in found.sentence("zh")
    assert tabular.format_named("csv") is Format.CSV
