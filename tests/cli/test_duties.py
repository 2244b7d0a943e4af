"""`tanshu carry-over` and `tanshu withholding`: who sends what, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from tanshu.base import clock
from tanshu.base.clock import shanghai_ns
from tests.cli.conftest import Said, in_process
from tests.support.copies import Copies, copies
from tests.support.duties import CarryingMarket, KeepingMarket

CLERK, REVIEWER = ("--as", "registry-maker-1"), ("--as", "registry-checker-1")
PROVINCE, SUPERVISOR = ("--as", "hubei-maker-1"), ("--as", "hubei-checker-1")


@pytest.fixture(scope="module")
def carried_markets(request: pytest.FixtureRequest) -> Iterator[Copies[CarryingMarket]]:
    yield from copies(request, "sqlite", CarryingMarket)


@pytest.fixture(scope="module")
def kept_markets(request: pytest.FixtureRequest) -> Iterator[Copies[KeepingMarket]]:
    yield from copies(request, "sqlite", KeepingMarket)


@pytest.fixture(autouse=True)
def in_january(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's clock stands within the window of applications."""
    stopped = SimpleNamespace(time_ns=lambda: shanghai_ns(date(2026, 1, 6)))
    monkeypatch.setattr(clock, "time", stopped)


@pytest.fixture
def carrying(carried_markets: Copies[CarryingMarket], tmp_path: Path) -> Iterator[CarryingMarket]:
    with carried_markets(tmp_path) as made:
        made.emit(made.plant_b, 10, 2022)
        yield made


@pytest.fixture
def keeping(kept_markets: Copies[KeepingMarket], tmp_path: Path) -> Iterator[KeepingMarket]:
    with kept_markets(tmp_path) as made:
        yield made


def say(market: CarryingMarket | KeepingMarket, *args: str) -> Said:
    return in_process(*args, "--json", "--db", market.database.url)


def test_notices_applications_and_issuance(carrying: CarryingMarket):
    assert say(carrying, "carry-over", "status").ok().json["without_notice"] == [carrying.plant_b]
    assert say(carrying, "carry-over", "notices", *CLERK).ok().json["notices"] == 1
    assert say(carrying, "carry-over", "confirm", *CLERK).refusal == "PAR-3003"
    say(carrying, "carry-over", "confirm", *REVIEWER).ok()
    told = say(carrying, "carry-over", "status").ok().json
    assert [row["carryable_t"] for row in told["notices"]] == [10_000]
    assert say(carrying, "carry-over", "issue", "--batch", "1", *CLERK).refusal == "CMP-7014"
    line = ("--line", f"CEA22:100:{carrying.account(carrying.plant_b)}", "--subject", carrying.plant_b)
    asked = say(carrying, "carry-over", "apply", *line, "--as", "plant-b-maker-1").ok().json["id"]
    for name in ("plant-b-checker-1", "registry-checker-1"):
        say(carrying, "tx", "approve", asked, "--as", name).ok()
    made = say(carrying, "carry-over", "issue", "--batch", "1", *CLERK).ok().json
    assert (len(made["transactions"]), made["quantity"]) == (1, 100)
    now = say(carrying, "carry-over", "status", "--subject", carrying.plant_b).ok().json
    assert (now["applications"][0]["batch"], now["overdue"]) == ("1", [])
    for lang, word in (("en", "first batch"), ("zh", "结转告知")):
        shown = in_process("carry-over", "status", "--db", carrying.database.url, "--lang", lang)
        assert word in shown.ok().out


def test_withheld_forced_and_released(keeping: KeepingMarket, tmp_path: Path):
    paper = tmp_path / "decision.txt"
    paper.write_text("差异化处理决定", "utf-8")
    whose = ("--subject", keeping.plant_a, "--year", "2023")
    document = ("--title", "决定", "--number", "1", "--dated", "2024-01-02", "--paper", str(paper))
    missing = (*document[:-1], str(tmp_path / "none"))
    assert say(keeping, "withholding", "decide", *whose, "--ground", "risk", *missing, *PROVINCE).code != 0
    decided = say(keeping, "withholding", "decide", *whose, "--ground", "risk", *document, *PROVINCE)
    assert decided.ok().json["ground"] == "risk"
    say(keeping, "withholding", "confirm", *whose, *SUPERVISOR).ok()
    say(keeping, "allocate", "--year", "2023", "--stage", "final", *whose[:2], *PROVINCE).ok()
    say(keeping, "comply", "confirm", *whose, *SUPERVISOR).ok()
    some = ("--quantity", "600,000", *document)
    id = say(keeping, "withholding", "force", *whose, *some, *PROVINCE).ok().json["id"]
    for person in (SUPERVISOR, REVIEWER):
        say(keeping, "tx", "approve", id, *person).ok()
    assert say(keeping, "withholding", "release", *whose, "--quantity", "1", *PROVINCE).refusal == "CMP-7110"
    (row,) = say(keeping, "withholding", "list", "--year", "2023").ok().json["decisions"]
    assert (row["quantity"], row["forced_t"], row["left_t"]) == (954_000, 600_000, 354_000)
    shown = in_process("withholding", "list", "--year", "2023", "--db", keeping.database.url, "--lang", "en")
    assert "an obvious risk" in shown.ok().out and "354,000" in shown.out
