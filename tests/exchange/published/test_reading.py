"""Files as people publish them: how cells are read, which layouts there are, what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tanshu.base.refusal import Refused
from tanshu.exchange.published import layouts, reading
from tanshu.exchange.published.finder import findings
from tanshu.exchange.published.model import Kind, Row

HEADER = "date,close,avg_price,volume_t,turnover_cny,cum_volume_t"
LAYOUT = """
market = "XX"
period = "day"
title = { zh = "某市场", en = "some market" }
ignored = ["note"]

[columns]
"日期" = "day"
"成交量" = "total_volume"
"成交额" = "total_amount"

[rules]
quote_of = "total"
band = "0.10"
"""


def table(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "quotes.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def read(folder: Path, *lines: str) -> list[Row]:
    return list(reading.rows(reading.look(table(folder, *lines))))


@pytest.mark.parametrize(
    ("text", "fen", "flaw"),
    [
        ("679471.0000000001", 67_947_100, ""),  # what a float leaves behind
        ("679470.9999999999", 67_947_100, ""),
        ("1,234.50", 123_450, ""),
        ("1.5e3", 150_000, ""),
        ("0", 0, ""),
        ("", None, ""),
        ("--", None, ""),
        ("nan", None, ""),
        ("0.005", 1, "fraction"),
        ("0.0049", 0, "fraction"),
        ("-0.01", None, "negative"),
        ("about 5", None, "text"),
        ("1,23", None, "text"),
        ("1e999", None, "text"),
        ("١٢", None, "text"),
        ("9" * 30, None, "text"),
        ("=1+1", None, "text"),
        ("5%", None, "text"),
    ],
)
def test_an_amount_is_read_exactly_to_the_fen_or_told(
    tmp_path: Path, text: str, fen: int | None, flaw: str
) -> None:
    (row,) = read(tmp_path, f'2030-01-01,1.00,1.00,5,"{text}",5')
    assert row.cells["total_amount"] == fen
    assert [one.code for one in row.flaws] == ([flaw] if flaw else [])


@pytest.mark.parametrize(
    ("cells", "code", "kind"),
    [
        ("2030-01-32,1.00,1.00,5,5,5", "EXC-6101", Kind.HARD),
        ("2030-01-01,1.00,1.00,five,5,5", "EXC-6102", Kind.HARD),
        ("2030-01-01,1.00,1.00,-5,5,5", "EXC-6103", Kind.HARD),
        ("2030-01-01,1.00,1.00,5.4,5,5", "EXC-6305", Kind.SUSPECT),
    ],
)
def test_what_cannot_be_read_is_a_finding_of_its_row(
    tmp_path: Path, cells: str, code: str, kind: Kind
) -> None:
    found = findings(read(tmp_path, cells), layouts.known()["hbea-a"].terms)
    assert [(one.code, one.kind, one.row) for one in found] == [(code, kind, 2)]
    assert found[0].why.sentence("zh") and found[0].why.sentence("en")


def test_days_months_and_changes_are_read_in_their_units() -> None:
    b, monthly = layouts.known()["hbea-b"], layouts.known()["cea-monthly"]
    row = reading.read_row(2, {"date": "2030/01/02", "pct_chg_raw": "-0.30%"}, b)
    assert (row.day, row.cells["total_change"]) == (date(2030, 1, 2), -30)
    assert reading.read_row(2, {"month": "2030-07"}, monthly).day == date(2030, 7, 1)
    stated = reading.read_row(2, {"date": "2030-01-02", "avg_price": "27.115992"}, layouts.known()["hbea-a"])
    assert stated.cells["total_average"] == 27_115_992 and not stated.flaws


def test_every_known_layout_is_chosen_by_its_own_header() -> None:
    for name, layout in layouts.known().items():
        assert layouts.chosen([*layout.ignored, *reversed(list(layout.columns))]).name == name


def test_a_workbook_reads_as_its_csv(tmp_path: Path) -> None:
    from openpyxl import Workbook

    workbook = Workbook()
    sheet = workbook.active
    assert sheet
    sheet.append(HEADER.split(","))
    sheet.append([None])
    sheet.append([date(2030, 1, 1), 1.25, 1.25, 8, 10, 8])
    workbook.save(tmp_path / "q.xlsx")
    (row,) = reading.rows(reading.look(tmp_path / "q.xlsx"))
    assert (row.number, row.day) == (3, date(2030, 1, 1))  # as the spreadsheet counts it
    assert row.cells == read(tmp_path, "2030-01-01,1.25,1.25,8,10,8")[0].cells


def test_another_markets_file_is_read_by_a_layout_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "xx-daily.toml").write_text(LAYOUT, encoding="utf-8")
    layout = layouts.read(tmp_path / "xx-daily.toml")
    path = table(tmp_path, "2030-01-01,x,7,70.00", header="日期,note,成交量,成交额")
    (row,) = reading.rows(reading.look(path, layout))
    assert (layout.name, layout.market) == ("xx-daily", "XX")
    assert row.cells == {"total_volume": 7, "total_amount": 7_000}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"total_volume"', '"total_weight"'),
        ('"成交额" = "total_amount"', '"成交额" = "total_volume"'),
        ('"日期" = "day"', '"日期" = "vintage"'),
        ('period = "day"', 'period = "week"'),
        ('market = "XX"', "market = 7"),
        ('band = "0.10"', "band = 0.10"),
        ('band = "0.10"', 'band = "ten"'),
        ('quote_of = "total"', 'quote_of = "auction"'),
        ("[rules]", "[terms]"),
        ("[columns]", "[columns"),
    ],
)
def test_a_wrong_layout_is_refused_with_what_is_wrong_EXC_6002(tmp_path: Path, old: str, new: str) -> None:
    assert old in LAYOUT
    path = tmp_path / "xx.toml"
    path.write_text(LAYOUT.replace(old, new), encoding="utf-8")
    with pytest.raises(Refused) as no:
        layouts.read(path)
    assert no.value.refusal.code == "EXC-6002"


def test_unknown_headers_and_files_without_rows_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusal(path: Path) -> str:
        with pytest.raises(Refused) as no:
            reading.look(path)
        assert no.value.refusal.sentence("zh")
        return no.value.refusal.code

    assert refusal(tmp_path / "none.csv") == "BASE-1201"
    assert refusal(table(tmp_path, "1,2", header="date,v")) == "EXC-6001"
    assert refusal(table(tmp_path, "", ",,,,,")) == "EXC-6004"
    assert refusal(table(tmp_path, "1", header=f"{HEADER},close")) == "BASE-1205"
    broken = tmp_path / "gbk.csv"
    broken.write_bytes("日期,收盘".encode("gbk"))
    assert refusal(broken) == "BASE-1202"
    monkeypatch.setattr(reading, "FILE_BYTES_MAX", 10)
    assert refusal(table(tmp_path, "1")) == "EXC-6003"


def test_a_header_that_lacks_a_column_says_which_are_known(tmp_path: Path) -> None:
    with pytest.raises(Refused) as no:
        reading.look(table(tmp_path, "1", header=HEADER.replace("avg_price,", "")))
    assert "hbea-a: date, close, avg_price" in no.value.refusal.sentence("en")
