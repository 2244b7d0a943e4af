"""`tanshu serial`: units, ranges and transactions of a finished year, told by number."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import update

from tanshu.base.database import Database
from tanshu.book.serial_rows import SERIAL_RANGE
from tests.cli.conftest import Tanshu


def one(year: Tanshu, type: str) -> dict[str, Any]:
    """The newest transaction of a type."""
    return year("tx", "list", "--type", type, "--state", "effected", "--json").ok().json["transactions"][-1]


def units(ranges: list[dict[str, Any]]) -> int:
    return sum(range["end"] - range["start"] + 1 for range in ranges)


def test_numbers_and_book_agree_after_a_year(year: Tanshu) -> None:
    found = year("serial", "check", "--json").ok().json
    assert found["ok"] and found["findings"] == []
    assert found["instruments"] == 4 and found["units"] > 1_000_000
    assert "agree" in year("serial", "check", "--lang", "en").ok().out


def test_ranges_add_up_to_holdings_in_every_account_at_any_moment(year: Tanshu) -> None:
    newest = year("holdings", "--json").ok().json["as_of_seq"]
    for seq in (newest, newest // 2):
        moment = ("--as-of", f"seq:{seq}", "--json")
        held = year("holdings", *moment).ok().json["holdings"]
        cells = {(c["account"], c["instrument"]): c["available"] + c["held"] for c in held}
        numbered = {cell: total for cell, total in cells.items() if cell[1].startswith("CEA") and total > 0}
        found: Counter[tuple[str, str]] = Counter()
        for subject in {cell["subject"] for cell in held}:
            for range in year("serial", "list", subject, *moment).ok().json["ranges"]:
                found[range["account"], range["instrument"]] += units([range])
        assert found == numbered


def test_a_surrendered_unit_tells_its_whole_life(year: Tanshu) -> None:
    surrendered = one(year, "surrender")
    moved = year("serial", "moved", surrendered["id"], "--json").ok().json
    assert units(moved["ranges"]) == sum(line["quantity"] for line in surrendered["lines"])
    first = moved["ranges"][0]
    unit = f"{first['instrument']}-{first['start']}"
    told = year("serial", "show", unit, "--json").ok().json
    assert (told["unit"], told["state"]) == (unit, "retired")
    life = told["life"]
    assert life[0]["type"] == "issuance" and life[-1]["type"] == "surrender"
    assert life[-1]["transaction"] == surrendered["id"] and life[-1]["has_certificate"]
    assert (life[-2]["operation"], life[-2]["transaction"]) == ("hold", surrendered["id"])
    assert [turn["entry"] for turn in life] == sorted(turn["entry"] for turn in life)
    for before, after in pairwise(life):
        assert after["from"] == before["account"], "each takes it from where it was"
    for turn in life:
        transaction = year("tx", "show", turn["transaction"], "--json").ok().json
        assert transaction["type"] == turn["type"]
        assert turn["entry"] in (transaction["proposed_seq"], transaction["ended_seq"])
    said = year("serial", "show", unit, "--lang", "en").ok().out
    assert "surrender · capture" in said and "retired" in said and surrendered["id"] in said


def test_a_unit_is_listed_where_it_was_at_each_turn_of_its_life(year: Tanshu) -> None:
    """One that was bought, and went back to the register: the newest transfer of the year."""
    first = year("serial", "moved", one(year, "position-transfer")["id"], "--json").ok().json["ranges"][0]
    number, code = first["end"], first["instrument"]
    life = year("serial", "show", f"{code}-{number}", "--json").ok().json["life"]
    assert {turn["type"] for turn in life} >= {"issuance", "trade-settlement"}
    for turn in {
        turn["entry"]: turn for turn in life
    }.values():  # of several in one entry the last one stands
        at = ("--as-of", f"seq:{turn['entry']}", "--json")
        ranges = year("serial", "list", turn["account"], code, *at).ok().json["ranges"]
        (here,) = (range for range in ranges if range["start"] <= number <= range["end"])
        assert (here["hold"] is not None) == (turn["state"] == "held")


def test_a_list_as_it_is_hashed(year: Tanshu) -> None:
    id = one(year, "surrender")["id"]
    subject = year("tx", "show", id, "--json").ok().json["subject"]
    for command in (("moved", id), ("list", subject)):
        printed = year("serial", *command, "--plain").ok().out
        answer = year("serial", *command, "--json").ok().json
        assert len(printed.splitlines()) == len(answer["ranges"]) > 0
        assert answer["sha256"] == sha256(printed.encode()).hexdigest()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("show", "CEA23"), "REG-4101"),
        (("show", "CEA23-"), "REG-4101"),
        (("show", "CEA23-1x"), "REG-4101"),
        (("show", ""), "REG-4101"),
        (("show", "XYZ-5"), "REG-1003"),
        (("show", "CEA23-1-5"), "REG-1003"),
        (("show", "CNY-5"), "REG-4102"),
        (("show", "CEA23-0"), "REG-4103"),
        (("show", "CEA23-9999999999999999999"), "REG-4103"),
        (("list", "nobody"), "PAR-2001"),
        (("list", "registry", "CNY"), "REG-4102"),
        (("list", "registry", "XYZ"), "REG-1003"),
        (("list", "registry", "--as-of", "seq:99999"), "BOOK-1102"),
        (("list", "registry", "--as-of", "yesterday"), "BOOK-1101"),
        (("moved", "TX-nothing"), "REG-3105"),
    ],
)
def test_what_there_is_not(year: Tanshu, command: tuple[str, ...], code: str) -> None:
    assert year("serial", *command, "--json").refusal == code


def test_money_moves_without_numbers(year: Tanshu) -> None:
    assert year("serial", "moved", one(year, "cash-deposit")["id"], "--json").refusal == "REG-4105"


def test_before_anything_is_issued(tanshu: Tanshu) -> None:
    define = (
        "instrument",
        "define",
        "CEA24",
        "--kind",
        "allowance",
        "--title-zh",
        "配额",
        "--vintage",
        "2024",
    )
    tanshu(*define, "--as", "registry-maker-1").ok()
    assert tanshu("serial", "show", "CEA24-1", "--json").refusal == "REG-4104"
    assert tanshu("serial", "list", "registry", "--json").ok().json["ranges"] == []
    assert tanshu("serial", "check", "--json").ok().json["units"] == 0


def test_a_check_that_fails_ends_with_3(tanshu: Tanshu, founded_url: str) -> None:
    test_before_anything_is_issued(tanshu)
    database = Database.open(founded_url)
    with database.write() as conn:
        row = dict.fromkeys(("log", "since", "start", "end", "fork", "acquired"), 1)
        conn.execute(SERIAL_RANGE.insert().values(**row, account=0, instrument=0, hold=0))
        conn.execute(update(SERIAL_RANGE).values(start=2))
    database.close()
    said = tanshu("serial", "check", "--json")
    assert said.code == 3
    assert {one["code"] for one in said.json["findings"]} == {"BOOK-1205"}
    assert "BOOK-1205" in tanshu("serial", "check", "--lang", "en").out
