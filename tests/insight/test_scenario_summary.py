"""What a run says of itself: the summary for programs, the totals after each step for people."""

from __future__ import annotations

import json
from typing import Any

from tanshu.scenario import summary
from tests.insight.conftest import RunYear


def test_the_summary_is_plain_data_and_agrees_with_the_figures(hubei: RunYear) -> None:
    found = summary.summary(hubei.installation, hubei.run, database="sqlite:///demo.db")
    f = hubei.figures
    assert json.loads(json.dumps(found)) == found
    assert found["scenario"] == "hubei-power-2023"
    assert found["database"] == "sqlite:///demo.db"
    assert found["entities"] == found["compliant"] == 46
    for name in (
        "allocated_t",
        "verified_t",
        "traded_t",
        "surrendered_t",
        "offset_t",
        "short_t",
        "opening_t",
    ):
        assert found[name] == getattr(f, name)
    assert found["conservation"] == dict(f.conservation) and set(f.conservation.values()) == {0}
    assert (found["log_seq"], found["log_hash"]) == (f.seq, f.hash)
    market: Any = found["market"]
    assert market["synthetic"] is True
    for name in ("trades", "volume_t", "amount_fen"):
        assert sum(day[name] for day in market["days"]) == found[name.replace("volume", "traded")]
    assert found["estimated_fields"] == list(hubei.run.year.estimated_fields)


def test_every_step_has_something_to_tell_in_both_languages(hubei: RunYear) -> None:
    with hubei.installation.database.read() as conn:
        told = {step.name: summary.step_totals(conn, hubei.run, step.name) for step in hubei.run.steps}
    assert all(told.values())
    f = hubei.figures
    assert told["accounts"] == {"holders": 60, "accounts": 180}
    assert told["pre-allocation"] == {"pre_allocated_t": f.pre_allocated_t, "entities": 46}
    assert told["final-allocation"]["allocated_t"] == f.allocated_t
    assert told["surrender"] == {"surrendered_t": f.surrendered_t, "entities": 46}
    assert told["close"] == {"entities": 46, "compliant": 46, "short_t": 0}
    days = [totals for name, totals in told.items() if name.startswith("trading-")]
    assert sum(int(str(totals["volume_t"])) for totals in days) == f.traded_t
    first = told["trading-2024-11-11"]
    assert first["close"] == first["average_listing"] == "105.43"
    assert len(days) == 10 and told["market"] == {"participants": 60}
    for totals in told.values():
        assert summary.in_words(totals, "zh") != summary.in_words(totals, "en")
    line = summary.in_words(told["pre-allocation"], "zh")
    assert line == f"预分配 {f.pre_allocated_t:,} 吨 · 重点排放单位 46"


def test_an_unknown_step_tells_nothing(hubei: RunYear) -> None:
    with hubei.installation.database.read() as conn:
        assert summary.step_totals(conn, hubei.run, "lunch") == {}
