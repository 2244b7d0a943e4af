"""统一社会信用代码: both check characters, form, and the codes of real organisations."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tanshu.base.refusal import Refusal
from tanshu.parties.credit_code import ALPHABET, check, check_character, organisation_check_character

GOOD = "914206006703947663"


def test_a_good_code_is_given_back_in_capitals():
    assert check("9142000071463630xx") == "9142000071463630XX"
    assert check(f" {GOOD} ") == GOOD


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("", "PAR-1001"),
        (GOOD[:-1], "PAR-1001"),
        (GOOD + "0", "PAR-1001"),
        (GOOD.replace("6", "I", 1), "PAR-1001"),
        ("91A206006703947663", "PAR-1001"),
        ("914206006703947664", "PAR-1002"),
        ("914206006703947763", "PAR-1002"),
    ],
)
def test_bad_codes_are_refused(code, refused):
    outcome = check(code)
    assert isinstance(outcome, Refusal)
    assert outcome.code == refused


def test_every_slip_of_one_character_is_caught():
    """GB 32100 catches any single wrong character: 31 is prime and the weights are never 0 mod 31."""
    for place in range(18):
        for other in ALPHABET:
            wrong = GOOD[:place] + other + GOOD[place + 1 :]
            if other != GOOD[place]:
                assert isinstance(check(wrong), Refusal), wrong


def test_the_inner_organisation_code_is_checked_even_when_the_outer_fits():
    inner_wrong = GOOD[:16] + ("7" if GOOD[16] != "7" else "8")
    code = inner_wrong + check_character(inner_wrong)
    outcome = check(code)
    assert isinstance(outcome, Refusal)
    assert outcome.facts["standard"] == "GB 11714"
    assert organisation_check_character(GOOD[8:16]) == GOOD[16]


def test_all_codes_of_the_official_list_pass(data_dir: Path):
    path = data_dir / "registry/hubei_key_emitters_power_2019-2020.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 46
    assert [check(row["uscc"]) for row in rows] == [row["uscc"] for row in rows]
