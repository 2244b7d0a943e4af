"""Every way a pack can be wrong, each with its code; the sentence names file, table and key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tanshu.base.refusal import Refusal
from tanshu.rules import packs
from tanshu.rules.pack_reader import read
from tests.rules.cases import PACKAGED, code

# (pack, text to find — a regular expression —, replacement, code, table and key the sentence names)
CASES = [
    # not TOML, no head
    ("cn.power.2023", r"\A", "= = =", "RULE-1101", ""),
    ("cn.power.2023", r"\[pack\]", "[puck]", "RULE-1104", "pack"),
    ("cn.power.2023", r"(?s)\A.*\Z", "pack = 3", "RULE-1104", "pack"),
    ("cn.power.2023", r'status = "final"\n', "", "RULE-1104", "pack.status"),
    ("cn.power.2023", r'status = "final"', 'status = ""', "RULE-1104", "pack.status"),
    ("cn.power.2023", r'status = "final"', 'status = "law"', "RULE-1106", "pack.status"),
    ("cn.power.2023", r'schema = "power"', 'schema = "powder"', "RULE-1106", "pack.schema"),
    ("cn.power.2023", r'schema = "power"', "schema = 1", "RULE-1105", "pack.schema"),
    ("cn.power.2023", r'name = "cn.power.2023"', 'name = "cn.power.2024"', "RULE-1109", "pack.name"),
    ("cn.power.2023", r'jurisdiction = "cn"', 'jurisdiction = "hb"', "RULE-1109", "pack.jurisdiction"),
    ("cn.power.2023", r"title = .*", 'title = "2023"', "RULE-1105", "pack.title"),
    ("cn.power.2023", r"title = .*", 'title = { zh = "2023" }', "RULE-1105", "pack.title"),
    ("cn.power.2023", r"title = .*", 'title = { zh = "2023", en = "" }', "RULE-1105", "pack.title"),
    ("cn.power.2023", r"effective_from = .*", 'effective_from = "2023-01-01"', "RULE-1105", "effective_from"),
    ("cn.power.2023", r"effective_to = .*", 'effective_to = "later"', "RULE-1105", "pack.effective_to"),
    ("cn.power.2023", r"effective_to = .*", "effective_to = 2022-12-31", "RULE-1110", "pack.effective_to"),
    ("cn.power.2023", r"effective_to = .*\n", "", "RULE-1104", "pack.effective_to"),
    ("cn.power.2023", r'schema = "power"', 'schema = "power"\nversion = 1', "RULE-1103", "pack.version"),
    # sources and evidence
    ("cn.power.2023", r'(\[scope\](?:.|\n)*?)source = "plan2024"\n', r"\1", "RULE-1107", "scope.source"),
    ("cn.power.2023", r'(\[scope\](?:.|\n)*?)evidence = "confirmed"\n', r"\1", "RULE-1107", "scope.evidence"),
    (
        "cn.power.2023",
        r'(\[scope\](?:.|\n)*?)source = "plan2024"',
        r'\1source = "plan"',
        "RULE-1108",
        "scope.source",
    ),
    (
        "cn.power.2023",
        r'(\[scope\](?:.|\n)*?)source = "plan2024"',
        r"\1source = 2024",
        "RULE-1105",
        "scope.source",
    ),
    ("cn.power.2023", r'(\[scope\](?:.|\n)*?)"confirmed"', r'\1"sure"', "RULE-1106", "scope.evidence"),
    (
        "cn.power.2023",
        r"\[sources\.order19\]\ndocument = .*\n",
        "[sources.order19]\n",
        "RULE-1104",
        "document",
    ),
    ("cn.power.2023", r"date = 2020-12-31", 'date = "2020"', "RULE-1105", "sources.order19.date"),
    ("cn.power.2023", r"(?s)\[sources\.plan2024\].*?\n\n", "", "RULE-1108", "scope.source"),
    # tables and keys
    ("cn.power.2023", r"\[quota\]", "[quotas]", "RULE-1102", "quotas"),
    ("cn.power.2023", r"\[benchmarks\.heat\]", "[benchmarks.cold]", "RULE-1102", "benchmarks.cold"),
    ("cn.power.2023", r"(?s)\[quota\].*?\n\n", "", "RULE-1104", "quota"),
    ("cn.power.2023", r"\Z", "\nextra = 1\n", "RULE-1103", "vintages.extra"),
    ("cn.power.2023", r"\A", "extra = 1\n", "RULE-1102", "extra"),
    (
        "cn.power.2023",
        r"\[benchmarks\.heat\]",
        "[benchmarks]\nx = 1\n[benchmarks.heat]",
        "RULE-1103",
        "benchmarks.x",
    ),
    ("cn.power.2023", r'II = "0\.8090"\n', "", "RULE-1104", "benchmarks.electricity.II"),
    ("cn.power.2023", r'II = "0\.8090"', 'II = "0.8090"\nV = "0.1"', "RULE-1103", "benchmarks.electricity.V"),
    ("cn.power.2023", r'I = "0\.7950"', "I = 0.7950", "RULE-1105", "benchmarks.electricity.I"),
    ("cn.power.2023", r'I = "0\.7950"', "I = 1", "RULE-1105", "benchmarks.electricity.I"),
    ("cn.power.2023", r'I = "0\.7950"', 'I = "0,7950"', "RULE-1105", "benchmarks.electricity.I"),
    ("cn.power.2023", r'I = "0\.7950"', 'I = "NaN"', "RULE-1105", "benchmarks.electricity.I"),
    ("cn.power.2023", r'I = "0\.7950"', 'I = "7.95e-1"', "RULE-1105", "benchmarks.electricity.I"),
    ("cn.power.2023", r'I = "0\.7950"', 'I = "0.5 * 1.59"', "RULE-1105", "benchmarks.electricity.I"),
    ("cn.power.2023", r'I = "0\.7950"', 'I = ""', "RULE-1104", "benchmarks.electricity.I"),
    ("cn.power.2023", r"year = 2023", 'year = "2023"', "RULE-1105", "scope.year"),
    ("cn.power.2023", r"year = 2023", "year = true", "RULE-1105", "scope.year"),
    ("cn.power.2023", r"26000", "-1", "RULE-1106", "scope.entry_threshold_t"),
    ("cn.power.2023", r"26000", "26000.0", "RULE-1105", "scope.entry_threshold_t"),
    (
        "cn.power.2023",
        r'"load_correction_2023"',
        '"load_correction_2077"',
        "RULE-1106",
        "load_correction.formula",
    ),
    ("cn.power.2023", r'"load_correction_2023"', '"1.015 ** (16 - 20 * F)"', "RULE-1106", "load_correction"),
    ("cn.power.2023", r'classes = \["I", "II"\]', 'classes = "I"', "RULE-1105", "load_correction.classes"),
    ("cn.power.2023", r'classes = \["I", "II"\]', 'classes = ["V"]', "RULE-1106", "load_correction.classes"),
    (
        "cn.power.2023",
        r"heat_and_power = true",
        "heat_and_power = 1",
        "RULE-1105",
        "load_correction.heat_and_power",
    ),
    ("cn.power.2023", r'gap_cap = "0\.20"', 'gap_cap = "20"', "RULE-1106", "relief.gap_cap"),
    ("cn.power.2023", r'quota = "floor"', 'quota = "ceiling"', "RULE-1106", "rounding.quota"),
    ("cn.power.2023", r"= 2017-03-14", '= "2017-03-14"', "RULE-1105", "ccer.old_registered_before"),
    ("cn.power.2023", r"= 2017-03-14", "= 2017-03-14T00:00:00", "RULE-1105", "ccer.old_registered_before"),
    # what must agree
    ("cn.power.2023", r'"quota_2023"', '"quota_2019"', "RULE-1110", "quota.formula"),
    ("cn.power.2023", r'biomass_limit = "0\.10"\n', "", "RULE-1110", "special_units.biomass_limit"),
    ("cn.power.2023", r"as_verified = \[\]", 'as_verified = ["oil"]', "RULE-1110", "special_units.oil"),
    ("cn.power.2023", r'share = "0\.70"\n', "", "RULE-1110", "pre_allocation.share"),
    ("cn.power.2025", r'share_max = "0\.50"', 'share = "0.50"', "RULE-1110", "pre_allocation.share"),
    ("cn.power.2023", r"old_usable_until = .*\n", "", "RULE-1110", "ccer.old_usable_until"),
    ("cn.power.2023", r', "CEA23"\]', "]", "RULE-1110", "vintages.permitted"),
    # unknown values
    ("cn.power.2023", r'I = "0\.7950"', 'unknown = ["I"]', "RULE-1106", "benchmarks.electricity.unknown"),
    (
        "cn.penalties",
        r'unknown = \["formula"',
        'unknown = ["basis"',
        "RULE-1106",
        "non_surrender.code.unknown",
    ),
    (
        "cn.penalties",
        r"multiple_min = 5",
        'multiple_min = 5\nunknown = ["multiple_min"]',
        "RULE-1110",
        "multiple_min",
    ),
    ("cn.penalties", r'unknown = \["formula", ', "unknown = [", "RULE-1104", "non_surrender.code.formula"),
    ("cn.penalties", r"fine_max_fen = 3000000\n", "", "RULE-1110", "non_surrender.order19.fine_max_fen"),
    ("cn.penalties", r"in_force_to = 2024-04-30", "in_force_to = 2020-04-30", "RULE-1110", "in_force_to"),
    ("cn.penalties", r"in_force_to = 2024-04-30", 'in_force_to = "2024-04-30"', "RULE-1105", "in_force_to"),
    (
        "cn.penalties",
        r"in_force_from = 2024-05-01",
        "in_force_from = 2024-04-30",
        "RULE-1110",
        "in_force_from",
    ),
    (
        "cn.penalties",
        r"\[non_surrender\.order775\]",
        "[non_surrender.order776]",
        "RULE-1110",
        "laws.order775",
    ),
    # calendars
    ("cn.calendar.2024", r"year = 2024\n", "year = 2025\n", "RULE-1110", "holidays"),
    (
        "cn.calendar.2024",
        r"last = 2024-02-17",
        "last = 2024-02-07",
        "RULE-1110",
        "holidays.spring_festival.last",
    ),
    (
        "cn.calendar.2024",
        r"2024-02-18",
        "2024-02-19",
        "RULE-1110",
        "holidays.spring_festival.working_weekends",
    ),
    ("cn.calendar.2024", r"\[2024-02-09\]", "[2024-02-10]", "RULE-1110", "exchange.extra_closures"),
    ("cn.calendar.2024", r"\[2024-02-09\]", '["2024-02-09"]', "RULE-1105", "exchange.extra_closures"),
    ("cn.calendar.2024", r"\[2024-02-09\]", "2024-02-09", "RULE-1105", "exchange.extra_closures"),
    # compliance
    (
        "cn.compliance",
        r"\[milestones\.2023\.surrender\]",
        "[milestones.2023.pay]",
        "RULE-1102",
        "milestones.2023.pay",
    ),
    ("cn.compliance", r"(?s)\[years\.2023\].*?\n\n", "", "RULE-1110", "milestones.2023"),
    # carry-over
    ("cn.carry_over", r'multiplier = "1\.5"', 'multiplier = "-1.5"', "RULE-1110", "formula.multiplier"),
    ("cn.carry_over", r'multiplier = "1\.5"', "multiplier = 1.5", "RULE-1105", "formula.multiplier"),
    ("cn.carry_over", r"notice_by = 2026-01-31", "notice_by = 2027-01-31", "RULE-1110", "window"),
    # registry
    (
        "cn.registry",
        r'by = "bank", act = "make"',
        'by = "broker", act = "make"',
        "RULE-1106",
        "cash_deposit.steps",
    ),
    (
        "cn.registry",
        r'by = "bank", act = "make"',
        'by = "bank", act = "sign"',
        "RULE-1106",
        "cash_deposit.steps",
    ),
    ("cn.registry", r'by = "bank", act = "make"', 'by = "bank"', "RULE-1105", "cash_deposit.steps"),
    (
        "cn.registry",
        r'by = "bank", act = "make"',
        'by = "bank", act = "check"',
        "RULE-1110",
        "cash_deposit.steps",
    ),
    ("cn.registry", r'steps = \[\{ by = "bank".*', "steps = []", "RULE-1105", "cash_deposit.steps"),
    ("cn.registry", r'"offset",\n', '"offset", "offset",\n', "RULE-1110", "registry.transaction_types"),
    ("cn.registry", r'"offset",\n', "7,\n", "RULE-1105", "registry.transaction_types"),
    (
        "cn.registry",
        r'unknown = \["annual_review_by"\]',
        'annual_review_by = "02-30"',
        "RULE-1105",
        "onboarding",
    ),
    (
        "cn.registry",
        r'unknown = \["annual_review_by"\]',
        'annual_review_by = "W10"',
        "RULE-1105",
        "onboarding",
    ),
    ("cn.registry", r'"submission"', '"signature"', "RULE-1106", "date_rule.surrender_date"),
]


@pytest.mark.parametrize(("name", "find", "replacement", "expected", "place"), CASES)
def test_a_malformed_pack_is_refused_by_number_and_place(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    find: str,
    replacement: str,
    expected: str,
    place: str,
) -> None:
    jurisdiction, rest = name.split(".", 1)
    good_text = (PACKAGED / jurisdiction / f"{rest}.toml").read_text(encoding="utf-8")
    text, times = re.subn(find, replacement, good_text, count=1, flags=re.MULTILINE)
    assert times == 1 and text != good_text, "the case changes nothing"
    folder = tmp_path / jurisdiction
    folder.mkdir()
    (folder / f"{rest}.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("TANSHU_PACKS", str(tmp_path))
    answer = packs.load(name, allow_draft=True)
    assert code(answer) == expected, answer
    assert isinstance(answer, Refusal) and answer.field is not None
    assert place in answer.field
    for lang in ("zh", "en"):
        assert f"{jurisdiction}/{rest}.toml" in answer.sentence(lang)
        for part in answer.field.rsplit(".", 1) if expected != "RULE-1101" else ():
            assert part in answer.sentence(lang)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cn" / "bad.toml"
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe[pack]")
    assert code(read(path, "cn.bad")) == "RULE-1101"


@pytest.mark.parametrize("name", ["power.2023", "power.2022", "penalties", "registry", "calendar.2024"])
def test_no_key_of_a_pack_may_be_left_out(name: str, tmp_path: Path) -> None:
    """Each key is there because something needs it: without any one of them the pack does not load."""
    lines = (PACKAGED / "cn" / f"{name}.toml").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "cn" / f"{name}.toml"
    path.parent.mkdir()
    keyed = [i for i, line in enumerate(lines) if re.match(r"\w+ = (?!\[$)", line)]
    assert len(keyed) > 30
    for left_out in keyed:
        path.write_text("\n".join(line for i, line in enumerate(lines) if i != left_out), encoding="utf-8")
        answer = read(path, f"cn.{name}")
        assert isinstance(answer, Refusal) or lines[left_out].startswith("remark"), lines[left_out]
