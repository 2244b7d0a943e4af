"""`tanshu refusals`: every number, a series of them, or one explained."""

from __future__ import annotations

from tanshu.cli import refusal_index
from tests.cli.conftest import in_process


def test_one_number_a_series_and_all_of_them_from_the_terminal():
    one = in_process("refusals", "reg-2005", "--json").ok().json
    assert one["code"] == "REG-2005" and one["module"] == "tanshu.registry.checks"
    assert "{available}" in one["message"]["zh"] and "lines[…].quantity" in one["fields"]
    series = in_process("refusals", "MRV", "--json").ok().json["refusals"]
    assert series and all(one["code"].startswith("MRV-") for one in series)
    every = in_process("refusals", "--json").ok().json["refusals"]
    assert [one["code"] for one in every] == list(refusal_index.index())
    assert in_process("refusals", "XYZ-0000", "--json").refusal == "CLI-1009"
    assert "可用数量不足" in in_process("refusals", "REG-2005", "--lang", "zh").ok().out
    assert "are needed" in in_process("refusals", "REG", "--lang", "en").ok().out
