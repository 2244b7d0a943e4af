"""An operator's files as they come: other layouts are read by their mapping, and errors name their line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tanshu.base.refusal import Refused
from tanshu.shadow import faults, mapping, reading, writing
from tanshu.shadow.model import Account, Kind, Moved
from tanshu.shadow.run import run

DAY = "2024-11-04"


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("month") / "month"
    writing.write(folder, faults.make(3, 0, days=3))
    return folder


@pytest.fixture
def folder(month: Path, tmp_path: Path) -> Path:
    """A copy of three days without a break, to be spoilt."""
    return shutil.copytree(month, tmp_path / "copy")


def refusal(folder: Path) -> tuple[str, str]:
    """(its number, its sentence)."""
    with pytest.raises(Refused) as caught:
        reading.read(folder, mapping.read(folder))
    return caught.value.refusal.code, caught.value.refusal.sentence("en")


def edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text(encoding="utf-8-sig")), encoding="utf-8")


def cell(path: Path, line: int, column: int, value: str) -> None:
    import csv

    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    rows[line - 1][column] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "SHD-1001": (lambda at: shutil.rmtree(at), "no folder"),
    "SHD-1002": (lambda at: (at / DAY / "cash.csv").unlink(), f"{DAY}/cash.csv is missing"),
    "SHD-1003": (lambda at: (at / "subjects.csv").write_bytes(b"id,name\n\xff\xff,x\n"), "subjects.csv"),
    "SHD-1004": (lambda at: edit(at / DAY / "trades.csv", lambda s: s.replace("price", "px", 1)), "price"),
    "SHD-1005": (lambda at: cell(at / DAY / "trades.csv", 3, 0, ""), f"{DAY}/trades.csv, line 3: “number”"),
    "SHD-1006": (lambda at: cell(at / DAY / "cash.csv", 4, 1, "1.005"), "line 4: “opening” is “1.005”"),
    "SHD-1007": (lambda at: cell(at / DAY / "movements.csv", 2, 2, "gift"), "line 2: “kind” is “gift”"),
    "SHD-1008": (lambda at: cell(at / DAY / "cash.csv", 3, 0, "S001"), "S001 stands in line 2 already"),
    "SHD-1009": (lambda at: [shutil.rmtree(one) for one in at.iterdir() if one.is_dir()], "2024-11-04"),
    "SHD-1010": (lambda at: edit(at / "subjects.csv", lambda s: s + "S900,a,b\n"), "line 50, has 3 cells"),
    "SHD-1011": (
        lambda at: cell(at / DAY / "trades.csv", 2, 6, "-5"),
        "line 2: “quantity” must be above zero",
    ),
}


@pytest.mark.parametrize("code", SPOILT)
def test_a_spoilt_file_is_refused_with_its_file_and_line(code: str, folder: Path):
    spoil, said = SPOILT[code]
    spoil(folder)
    found, sentence = refusal(folder)
    assert found == code and said in sentence


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("[format\n", "SHD-1101", "mapping.toml is no valid TOML"),
        ('title = "a"\n\n[rules]\nsettle = "net"\n', "SHD-1102", "line 4: there is no “rules.settle”"),
        ("[columns.cash]\nopnening = 'x'\n", "SHD-1102", "line 2: there is no “columns.cash.opnening”"),
        (
            '[format]\nmoney = "wan"\n',
            "SHD-1103",
            "line 2: “format.money” is wan; it must be one of yuan, fen",
        ),
        ('[format]\ndate = "%d"\n', "SHD-1103", "line 2: “format.date”"),
        ('[format]\ntonnes_per_unit = "0"\n', "SHD-1103", "positive number"),
        ("[fees.listing]\nbuyer_trading_ppm = 0.5\n", "SHD-1103", "“fees.listing.buyer_trading_ppm” is 0.5"),
        ("[rules]\nnumbers = 1\n", "SHD-1103", "true or false"),
        ("[words.mode]\nlisting = 3\n", "SHD-1103", "a list of texts"),
        ("title = 7\n", "SHD-1103", "line 1: “title” is 7"),
        ("rules = 7\n", "SHD-1103", "line 1: “rules” is 7; it must be a table"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_line(text: str, code: str, said: str, folder: Path):
    (folder / "mapping.toml").write_text(text)
    found, sentence = refusal(folder)
    assert found == code and said in sentence


FOREIGN = """
title = "外所"
[format]
date = "%Y%m%d"
money = "fen"
thousands = ""
[files]
trades = "成交.csv"
[columns.trades]
buyer = "买方"
seller = "卖方"
[words.mode]
listing = ["GP"]
[words.movement]
deposit = ["银行转入"]
"""


def foreign(folder: Path) -> None:
    """The same month as another operator would write it: GBK, fen, other files, columns and words."""
    import csv

    own = mapping.read(folder)
    money = {
        "cash": set(mapping.COLUMNS["cash"]) - {"subject"},
        "movements": {"amount"},
        "trades": {"price", "amount", *(name for name in mapping.COLUMNS["trades"] if "fee" in name)},
    }
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading, *rows = list(csv.reader(file))
        fen = money.get(path.stem, set())
        for row in rows:
            for at, name in enumerate(heading):
                row[at] = row[at].replace(",", "")
                if name in fen and row[at]:
                    row[at] = row[at].replace(".", "")
                row[at] = {"listing": "GP", "deposit": "银行转入", "registration": "登记账户"}.get(
                    row[at], row[at]
                )
        heading = [{"buyer": "买方", "seller": "卖方"}.get(name, name) for name in heading]
        path.unlink()
        target = path.with_name("成交.csv") if path.stem == "trades" else path
        with target.open("w", encoding="gb18030", newline="") as file:
            csv.writer(file).writerows([heading, *rows])
    for day, name in reading.days_of(folder, own):
        (folder / name).rename(folder / f"{day:%Y%m%d}")


def test_another_operators_layout_reads_as_the_same_month(folder: Path, month: Path):
    rates = (folder / "mapping.toml").read_text(encoding="utf-8").partition("[fees.")[2]
    foreign(folder)
    (folder / "mapping.toml").write_text(FOREIGN + "[fees." + rates, encoding="utf-8")
    theirs, ours = (reading.read(one, mapping.read(one)) for one in (folder, month))
    assert theirs.subjects == ours.subjects and theirs.opening == ours.opening
    for one, other in zip(theirs.days, ours.days, strict=True):
        assert one._replace(folder="") == other._replace(folder="")


def test_our_own_words_are_known_without_a_mapping():
    words = mapping.Layout().words
    assert words["movement"]["入金"] == Moved.DEPOSIT and words["account"]["登记账户"] == Account.REGISTRATION


def test_units_of_ten_thousand_tonnes_are_exact(folder: Path):
    (folder / "mapping.toml").write_text('[format]\ntonnes_per_unit = "10000"\n')
    edit(
        folder / "opening.csv",
        lambda _: "subject,instrument,account,quantity,frozen\nS001,CEA24,trading,1.2345,\n",
    )
    (one,) = reading.read(folder, mapping.read(folder)).opening
    assert (one.quantity, one.frozen) == (12_345, 0)


def test_money_that_is_netted_by_rule_is_no_break(folder: Path, sqlite_url: str):
    """Where the mapping says net, each subject's buys count against its sells."""
    import csv

    for path in folder.glob("2024-*/cash.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading, *rows = list(csv.reader(file))
        buys, sells = heading.index("buys"), heading.index("sells")
        for row in rows:
            bought, sold = (int(row[at].replace(",", "").replace(".", "")) for at in (buys, sells))
            off = min(bought, sold)
            row[buys], row[sells] = (f"{(one - off) / 100:.2f}" for one in (bought, sold))
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([heading, *rows])
    gross = run(folder, sqlite_url)
    assert gross.breaks and {one.kind for one in gross.breaks} == {Kind.NETTED}
    edit(folder / "mapping.toml", lambda text: text.replace('"gross"', '"net"'))
    assert run(folder, sqlite_url).breaks == []
