"""`tanshu book movements | projections | rebuild | snapshot | era`."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from tanshu.base.database import Database
from tanshu.book import image, snapshots
from tanshu.book.snapshots import SNAPSHOT
from tanshu.book.state import State
from tanshu.log import entry as log_entry
from tests.cli.conftest import Tanshu


@pytest.fixture
def busiest(year: Tanshu) -> str:
    """A trading account that the year has seen much of."""
    cells = year("holdings", "--json", "--instrument", "CNY").ok().json["holdings"]
    return max((c for c in cells if c["kind"] == "cash"), key=lambda c: c["available"])["account"]


def test_a_statement_ends_with_what_is_held(year: Tanshu, busiest: str):
    found = year("book", "movements", busiest, "--json").ok().json
    assert (found["account"], "模型数据" in found["stamp"]["zh"]) == (busiest, True)
    last = found["movements"][-1]
    (cell,) = year("holdings", "--account", busiest, "--instrument", "CNY", "--json").json["holdings"]
    assert (last["instrument"], last["available"], last["held"]) == ("CNY", cell["available"], cell["held"])
    available = held = 0
    for one in found["movements"]:
        available, held = available + one["available_change"], held + one["held_change"]
        assert (one["available"], one["held"]) == (available, held)
    said = year("book", "movements", busiest, "CNY", "--lang", "en").ok().out
    assert f"{last['available'] / 100:,.2f}" in said
    assert (last["counterparty"] or "") in said, "none where the last movement only holds"


def test_a_statement_from_one_moment_to_another(year: Tanshu, busiest: str):
    every = year("book", "movements", busiest, "--json").json["movements"]
    entries = [one["entry"] for one in every]
    middle = entries[len(entries) // 2]

    def told(*options: str) -> list[int]:
        found = year("book", "movements", busiest, *options, "--json").ok().json
        return [one["entry"] for one in found["movements"]]

    assert told("--from", f"seq:{middle}") == [e for e in entries if e >= middle]
    assert told("--to", f"seq:{middle}") == [e for e in entries if e <= middle]
    assert told("--limit", "2") == entries[-2:]
    day = every[0]["time"][:10]
    assert told("--from", day) == entries
    assert told("--from", "2039-01-01") == []
    assert told("--to", day) == [one["entry"] for one in every if one["time"][:10] == day]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("CN-X-999999-99",), "PAR-2006"),
        (("{account}", "XYZ"), "REG-1003"),
        (("{account}", "--from", "yesterday"), "BOOK-1101"),
        (("{account}", "--to", "seq:999999"), "BOOK-1102"),
    ],
)
def test_statements_that_cannot_be(year: Tanshu, busiest: str, options: tuple[str, ...], code: str):
    said = year("book", "movements", *(one.format(account=busiest) for one in options), "--json")
    assert said.refusal == code


def test_projections_catch_up_when_they_are_read_and_can_be_built_anew(year: Tanshu, busiest: str):
    def standing() -> dict[str, int]:
        found = year("book", "projections", "--json").ok().json
        return {one["name"]: one["behind"] for one in found["projections"]}

    statement = year("book", "movements", busiest, "--json").json
    assert standing()["movements"] == 0
    newest = year("holdings", "--json").json["as_of_seq"]
    assert year("book", "rebuild", "movements", "--json").ok().json == {"name": "movements", "seq": newest}
    assert year("book", "movements", busiest, "--json").json == statement
    assert year("book", "rebuild", "nothing", "--json").refusal == "CLI-1008"
    assert "movements" in year("book", "projections", "--lang", "en").ok().out


def test_snapshots_are_taken_listed_and_checked(year: Tanshu, year_url: str):
    before = year("holdings", "--json").json
    then = year("holdings", "--as-of", "seq:40", "--json").json
    (kept,) = year("book", "snapshot", "--json").ok().json["snapshots"]
    assert (kept["seq"], kept["flaw"]) == (before["as_of_seq"], None)
    assert year("holdings", "--json").json == before
    assert year("holdings", "--as-of", "seq:40", "--json").json == then
    assert year("book", "snapshot", "--check").code == 0
    database = Database.open(year_url)
    with database.write() as conn:
        false = State()
        conn.execute(update(SNAPSHOT).values(data=image.encode(false), digest=false.digest()))
    said = year("book", "snapshot", "--check", "--lang", "en")
    assert (said.code, "not what the log gives" in said.out) == (3, True)
    with database.write() as conn:
        conn.execute(update(SNAPSHOT).values(hash=bytes(32)))
    assert "another" in year("book", "snapshot", "--list", "--lang", "en").ok().out
    assert year("holdings", "--json").json == before
    with database.write() as conn:
        snapshots.drop(conn, 1)
    database.close()


def test_reading_a_long_log_leaves_a_snapshot_for_the_next(tanshu: Tanshu, monkeypatch: pytest.MonkeyPatch):
    tanshu("holdings").ok()
    assert tanshu("book", "snapshot", "--list", "--json").json["snapshots"] == []
    monkeypatch.setattr(snapshots, "DUE_FROM", 1)
    tanshu("holdings").ok()
    assert len(tanshu("book", "snapshot", "--list", "--json").json["snapshots"]) == 1


def test_an_era_is_begun_by_the_registers_checker_after_an_upgrade(
    tanshu: Tanshu, monkeypatch: pytest.MonkeyPatch
):
    order = ("book", "era", "--json", "--key", "upgrade")
    assert tanshu(*order, "--as", "registry-checker-1").refusal == "LOG-1006"
    monkeypatch.setattr(log_entry, "ENGINE", 2)
    named = ("--kind", "allowance", "--title-zh", "配额", "--vintage", "2023")
    define = ("instrument", "define", "CEA23", *named)
    assert tanshu(*define, "--as", "registry-maker-1", "--json").refusal == "LOG-1005"
    assert tanshu(*order, "--as", "registry-maker-1").refusal == "PAR-3003"
    begun = tanshu(*order, "--as", "registry-checker-1").ok().json
    assert (begun["engine"], begun["era"], begun["repeated"]) == (2, 1, False)
    assert tanshu(*order, "--as", "registry-checker-1").ok().json["repeated"]
    tanshu(*define, "--as", "registry-maker-1").ok()
    shown = tanshu("book", "log", str(begun["seq"]), "--json").ok().json
    assert (shown["command"], shown["engine"], shown["era"], shown["intact"]) == ("era", 2, 1, True)
    monkeypatch.undo()
    assert tanshu("holdings", "--json").refusal == "LOG-1004"
