"""Tables by display width."""

from __future__ import annotations

import pytest

from tanshu.cli.grid import Layout, fold, lines, width, widths
from tanshu.cli.output import percentage


@pytest.mark.parametrize(("text", "columns"), [("", 0), ("abc", 3), ("碳枢", 4), ("a碳", 3), ("—", 1)])
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "room", "found"),
    [
        ("short", 10, ["short"]),
        ("one two three", 8, ["one two", "three"]),
        ("碳排放配额", 4, ["碳排", "放配", "额"]),
        ("first\nsecond", 10, ["first", "second"]),
        ("unbreakable", 4, ["unbr", "eaka", "ble"]),
    ],
)
def test_fold(text: str, room: int, found: list[str]) -> None:
    assert fold(text, room) == found


def test_a_folding_column_gives_way_and_numbers_do_not() -> None:
    columns = (Layout(fold=True), Layout(right=True))
    row = [("湖北省某某发电有限责任公司", ""), ("1,234,567", "")]
    wide = widths(columns, [row], 30)
    assert wide == [19, 9]
    found = ["".join(text for text, _ in line) for line in lines(columns, row, wide)]
    assert found == ["湖北省某某发电有限   1,234,567", "责任公司" + " " * 22]
    assert {width(line) for line in found} == {30}


@pytest.mark.parametrize(
    ("part", "whole", "found"),
    [(0, 0, "—"), (46, 46, "100.00 %"), (99_999, 100_000, "99.99 %"), (1, 3, "33.33 %")],
)
def test_percentage_is_cut_not_rounded(part: int, whole: int, found: str) -> None:
    assert percentage(part, whole) == found
