"""California's files when they are odd or broken: what is read, found, refused and posted."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshu.parties.model import AccountKind
from tanshu.replay.loaders.california import LOADER
from tanshu.replay.loaders.california_facts import Vintages
from tanshu.replay.loaders.california_findings import of_vintages, read_vintages
from tanshu.replay.model import Finding, Plan, Posting, Severity, Source
from tests.replays.california_workbooks import (
    ALLOWANCES_1,
    ALLOWANCES_2,
    FIRST,
    ISSUANCES,
    OFFSETS_1,
    OFFSETS_2,
    SECOND,
    SUMMARY_1,
    SUMMARY_2,
    TABLE,
    TYPES,
    Change,
    cell,
    drop,
    insert,
    only,
    small,
    write,
)

LATER = datetime(2019, 8, 13)  # noqa: DTZ001 - a cell knows no zone
Place = tuple[str, str, int]
"""Number of the finding, sheet, row."""


def places(found: list[Finding]) -> list[Place]:
    return [(one.code, one.source.sheet, one.source.row) for one in found]


def surrendered(plan: Plan) -> Counter[str]:
    """Tonnes surrendered by instrument."""
    totals: Counter[str] = Counter()
    for work in plan.work:
        if isinstance(work, Posting) and work.type in ("surrender", "credit-surrender"):
            for line in work.lines:
                totals[line.instrument] += line.quantity
    return totals


def assert_the_book_takes(plan: Plan) -> None:
    """No account but the source ever gives what it does not have, and the days never go back."""
    cells: dict[tuple[object, str], int] = defaultdict(int)
    days = [work.day for work in plan.work]
    assert days == sorted(days)
    known = {subject.handle for subject in plan.subjects} | {"registry"}
    codes = {one.code for one in plan.instruments}
    for work in plan.work:
        for line in work.lines if isinstance(work, Posting) else ():
            assert {line.debit.handle, line.credit.handle} <= known and line.instrument in codes
            cells[line.debit, line.instrument] -= line.quantity
            cells[line.credit, line.instrument] += line.quantity
            assert line.debit.kind is AccountKind.ISSUANCE or cells[line.debit, line.instrument] >= 0


def _cases(listed: list[tuple[str, list[Change], list[Place]]]) -> list[ParameterSet]:
    return [pytest.param(changes, expected, id=name) for name, changes, expected in listed]


# -- the small files themselves ----------------------------------------------------------------------------


def test_clean_files_give_no_findings_and_a_plan_the_book_takes(tmp_path: Path) -> None:
    facts, found = LOADER.read(write(tmp_path))
    assert found == []
    plan = LOADER.plan(facts)
    assert_the_book_takes(plan)
    assert surrendered(plan) == {
        "CCA13": 500,
        "CCA14": 420 + 150 + 100,
        "CCA15": 50 + 800,
        "CCA16": 1000 + 200,
        "CCA19": 100,
        "CCA-UNDATED": 70,
        "CAOD0001-A": 100,
        "CAFR5002-A": 80,
    }


def test_blanks_and_capitals_of_ids_footnotes_and_numbers_for_texts_are_readings(tmp_path: Path) -> None:
    """`ca1002 ` is CA1002; a footnote is nobody's row; a facility id typed as a number is that id."""
    facts, _ = LOADER.read(write(tmp_path))
    first = facts.published.periods[0]
    assert [row.entity for row in first.vintages] == ["CA1001", "CA1002"]
    assert [row.entity for row in first.obligations] == ["CA1001", "CA1002"]
    assert first.obligations[1].facilities == ("100003",)


def test_blank_rows_between_entities_do_not_end_the_table(tmp_path: Path) -> None:
    facts, found = LOADER.read(write(tmp_path, insert(FIRST, SUMMARY_1, 7, [None])))
    assert found == [] and len(facts.published.periods[0].obligations) == 2
    assert facts.published.periods[0].obligations[1].source.row == 8


def test_a_file_whose_bytes_differ_but_not_its_rows_plans_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, _ = LOADER.read(write(tmp_path / "a"))
    two, _ = LOADER.read(write(tmp_path / "b", insert(FIRST, SUMMARY_1, 20, ["one more footnote"])))
    assert LOADER.plan(one) == LOADER.plan(two)


# -- unusable: nothing is loaded ---------------------------------------------------------------------------

UNUSABLE: list[tuple[str, list[Change], list[Place]]] = [
    ("no sheet", [lambda books: books[FIRST].pop(ALLOWANCES_1)], [("RPL-1005", "", 0)]),
    ("no summary by type", [lambda books: books[TABLE].pop(TYPES)], [("RPL-1005", "", 0)]),
    ("no column", [cell(SECOND, SUMMARY_2, 5, 4, "Obligation")], [("RPL-1006", SUMMARY_2, 5)]),
    ("a column twice", [cell(FIRST, SUMMARY_1, 5, 9, "Obligation Status")], [("RPL-1007", SUMMARY_1, 5)]),
    ("a number as text", [cell(FIRST, SUMMARY_1, 6, 4, "1,000")], [("RPL-1011", SUMMARY_1, 6)]),
    ("half a tonne", [cell(FIRST, ALLOWANCES_1, 6, 3, 500.5)], [("RPL-1011", ALLOWANCES_1, 6)]),
    ("below zero", [cell(FIRST, OFFSETS_1, 7, 4, -30)], [("RPL-1012", OFFSETS_1, 7)]),
    ("beyond 64 bits", [cell(FIRST, SUMMARY_1, 6, 4, 10**19)], [("RPL-1011", SUMMARY_1, 6)]),
    ("no obligation", [cell(SECOND, SUMMARY_2, 7, 4, None)], [("RPL-1013", SUMMARY_2, 7)]),
    ("no name", [cell(SECOND, SUMMARY_2, 7, 2, None)], [("RPL-1013", SUMMARY_2, 7)]),
    ("an unknown status", [cell(SECOND, SUMMARY_2, 7, 8, "Done")], [("RPL-1015", SUMMARY_2, 7)]),
    ("an id that is none", [cell(FIRST, SUMMARY_1, 7, 1, "CA10O2")], [("RPL-3301", SUMMARY_1, 7)]),
    ("nobody in a detail", [cell(FIRST, ALLOWANCES_1, 7, 1, "n/a")], [("RPL-3301", ALLOWANCES_1, 7)]),
    ("figures of nobody", [cell(FIRST, SUMMARY_1, 7, 1, None)], [("RPL-3302", SUMMARY_1, 7)]),
    ("cut off above the totals", [only(FIRST, SUMMARY_1, 7)], [("RPL-3303", SUMMARY_1, 0)]),
    (
        "an entity below the totals",
        [insert(FIRST, SUMMARY_1, 10, ["CA1003", "Gamma", "1", 1, 1, 0, 1, "Fulfilled"])],
        [("RPL-3304", SUMMARY_1, 10)],
    ),
    ("an entity twice", [cell(FIRST, SUMMARY_1, 7, 1, "CA1001")], [("RPL-1016", SUMMARY_1, 7)]),
    ("its vintages twice", [cell(FIRST, ALLOWANCES_1, 7, 1, "CA1001")], [("RPL-1016", ALLOWANCES_1, 7)]),
    ("the same line twice", [cell(FIRST, OFFSETS_1, 7, 4, 50)], [("RPL-1016", OFFSETS_1, 7)]),
    ("a malformed issuance", [cell(FIRST, OFFSETS_1, 7, 5, "CAOD1-A")], [("RPL-3305", OFFSETS_1, 7)]),
    ("no issuance", [cell(FIRST, OFFSETS_1, 7, 5, None)], [("RPL-1013", OFFSETS_1, 7)]),
    ("a vintage that is no year", [cell(FIRST, OFFSETS_1, 7, 3, 13)], [("RPL-1012", OFFSETS_1, 7)]),
    ("credits issued twice", [cell(TABLE, ISSUANCES, 3, 1, "CAOD0001-A")], [("RPL-1016", ISSUANCES, 3)]),
    ("credits as words", [cell(TABLE, ISSUANCES, 2, 6, "many")], [("RPL-1011", ISSUANCES, 2)]),
    ("credits of no day", [cell(TABLE, ISSUANCES, 2, 8, "n/a")], [("RPL-1019", ISSUANCES, 2)]),
    ("more buffer than credits", [cell(TABLE, ISSUANCES, 3, 7, 301)], [("RPL-1012", ISSUANCES, 3)]),
    ("an unknown type", [cell(TABLE, ISSUANCES, 2, 3, "Solar")], [("RPL-1015", ISSUANCES, 2)]),
    ("an idle row's id", [cell(TABLE, ISSUANCES, 4, 1, "CAFR5002-B")], [("RPL-3305", ISSUANCES, 4)]),
    (
        "two faults in two files are both told",
        [cell(FIRST, SUMMARY_1, 6, 4, "1,000"), cell(TABLE, ISSUANCES, 2, 6, "many")],
        [("RPL-1011", SUMMARY_1, 6), ("RPL-1011", ISSUANCES, 2)],
    ),
]


@pytest.mark.parametrize(("changes", "expected"), _cases(UNUSABLE))
def test_an_unusable_file_is_refused_with_sheet_and_row(
    tmp_path: Path, changes: list[Change], expected: list[Place]
) -> None:
    facts, found = LOADER.read(write(tmp_path, *changes))
    assert facts is None
    assert places(list(found)) == expected
    assert all(one.severity is Severity.UNUSABLE and one.source.file for one in found)


@pytest.mark.parametrize("name", [FIRST, SECOND, TABLE])
@pytest.mark.parametrize("keep", [0, 100, 0.5, 0.99])
def test_a_file_cut_short_is_refused(tmp_path: Path, name: str, keep: float) -> None:
    path = write(tmp_path) / name
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep if keep > 1 else len(whole) * keep)])
    facts, found = LOADER.read(tmp_path)
    assert facts is None
    assert {(one.code, one.source.file) for one in found} == {("RPL-1003", name)}


def test_another_workbook_under_a_files_name_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / SECOND).write_bytes((tmp_path / FIRST).read_bytes())
    facts, found = LOADER.read(tmp_path)
    assert facts is None
    assert [(one.code, one.source.file) for one in found] == [("RPL-1005", SECOND)]


# -- anomalies: listed, and the rest is posted -------------------------------------------------------------

ANOMALIES: list[tuple[str, list[Change], list[Place]]] = [
    (
        "a sum",
        [cell(FIRST, SUMMARY_1, 6, 7, 999), cell(FIRST, SUMMARY_1, 9, 7, 1199)],
        [("RPL-3310", SUMMARY_1, 6), ("RPL-3311", SUMMARY_1, 6), ("RPL-3313", SUMMARY_1, 6)],
    ),
    (
        "short, and said so",
        [
            cell(SECOND, SUMMARY_2, 7, 4, 400),
            cell(SECOND, SUMMARY_2, 7, 8, "Unfulfilled"),
            cell(SECOND, SUMMARY_2, 10, 4, 2400),
            cell(SECOND, SUMMARY_2, 11, 4, 2470),
        ],
        [("RPL-3311", SUMMARY_2, 7)],
    ),
    (
        "more than owed",
        [
            cell(SECOND, SUMMARY_2, 7, 4, 290),
            cell(SECOND, SUMMARY_2, 10, 4, 2290),
            cell(SECOND, SUMMARY_2, 11, 4, 2360),
        ],
        [("RPL-3312", SUMMARY_2, 7)],
    ),
    ("unfulfilled in full", [cell(SECOND, SUMMARY_2, 7, 8, "Unfulfilled")], [("RPL-3313", SUMMARY_2, 7)]),
    (
        "one tonne over the limit",
        [
            cell(FIRST, SUMMARY_1, 6, 5, 919),
            cell(FIRST, SUMMARY_1, 6, 6, 81),
            cell(FIRST, SUMMARY_1, 9, 5, 1119),
            cell(FIRST, SUMMARY_1, 9, 6, 81),
            cell(FIRST, ALLOWANCES_1, 6, 4, 419),
            cell(FIRST, ALLOWANCES_1, 6, 7, 919),
            cell(FIRST, OFFSETS_1, 7, 4, 31),
            cell(TABLE, ISSUANCES, 2, 12, 81),
        ],
        [("RPL-3314", SUMMARY_1, 6)],
    ),
    (
        "another's facility",
        [cell(FIRST, SUMMARY_1, 7, 3, 100002)],
        [("RPL-3315", SUMMARY_1, 7)],
    ),
    ("a total", [cell(SECOND, SUMMARY_2, 11, 4, 2371)], [("RPL-3316", SUMMARY_2, 11)]),
    ("a vintage's total", [cell(SECOND, ALLOWANCES_2, 9, 5, 801)], [("RPL-3316", ALLOWANCES_2, 9)]),
    ("a type's total", [cell(TABLE, TYPES, 2, 4, 301)], [("RPL-3316", TYPES, 2)]),
    (
        "a vintage that repeats the total",
        [cell(FIRST, ALLOWANCES_1, 7, 6, 200)],
        [("RPL-3320", ALLOWANCES_1, 7)],
    ),
    ("vintages beyond their total", [cell(FIRST, ALLOWANCES_1, 7, 6, 10)], [("RPL-3321", ALLOWANCES_1, 7)]),
    ("vintages below their total", [cell(FIRST, ALLOWANCES_1, 7, 4, 149)], [("RPL-3321", ALLOWANCES_1, 7)]),
    ("a blank for nought", [cell(FIRST, ALLOWANCES_1, 7, 6, None)], [("RPL-3322", ALLOWANCES_1, 7)]),
    ("a blank for something", [cell(FIRST, ALLOWANCES_1, 7, 4, None)], [("RPL-3322", ALLOWANCES_1, 7)]),
    (
        "other allowances in the detail",
        [cell(FIRST, ALLOWANCES_1, 7, 4, 149), cell(FIRST, ALLOWANCES_1, 7, 7, 199)],
        [("RPL-3323", ALLOWANCES_1, 7)],
    ),
    ("no vintages", [drop(FIRST, ALLOWANCES_1, 7)], [("RPL-3324", SUMMARY_1, 7)]),
    (
        "another's name",
        [cell(FIRST, ALLOWANCES_1, 7, 2, "ALPHA POWER LLC")],
        [("RPL-3326", ALLOWANCES_1, 7)],
    ),
    (
        "vintages of an entity that owes nothing",
        [insert(FIRST, ALLOWANCES_1, 8, ["CA1003", "Gamma", 5, 0, 0, 0, 5])],
        [("RPL-3327", ALLOWANCES_1, 8)],
    ),
    (
        "offsets of an entity that owes nothing",
        [
            insert(FIRST, OFFSETS_1, 8, ["CA1003", "Gamma", 2013, 5, "CAOD0001-A"]),
            cell(TABLE, ISSUANCES, 2, 12, 85),
        ],
        [("RPL-3327", OFFSETS_1, 8)],
    ),
    (
        "other offsets in the detail",
        [cell(FIRST, OFFSETS_1, 7, 4, 29), cell(TABLE, ISSUANCES, 2, 12, 79)],
        [("RPL-3330", SUMMARY_1, 6)],
    ),
    (
        "an unknown issuance",
        [cell(FIRST, OFFSETS_1, 7, 5, "CAOD0009-A"), cell(TABLE, ISSUANCES, 2, 12, 50)],
        [("RPL-3331", OFFSETS_1, 7)],
    ),
    ("a credit's vintage", [cell(FIRST, OFFSETS_1, 7, 3, 2012)], [("RPL-3332", OFFSETS_1, 7)]),
    (
        "credits used before they were issued",
        [cell(TABLE, ISSUANCES, 3, 8, LATER)],
        [("RPL-3333", OFFSETS_2, 7)],
    ),
    (
        "more used than issued",
        [cell(TABLE, ISSUANCES, 2, 6, 99), cell(TABLE, TYPES, 3, 2, 99)],
        [("RPL-3334", OFFSETS_2, 6), ("RPL-3337", ISSUANCES, 2)],
    ),
    (
        "credits out of the buffer",
        [cell(TABLE, ISSUANCES, 3, 7, 221)],
        [("RPL-3334", OFFSETS_2, 7)],
    ),
    ("retired otherwise", [cell(TABLE, ISSUANCES, 2, 13, 21)], [("RPL-3335", ISSUANCES, 2)]),
    (
        "an idle id twice",
        [insert(TABLE, ISSUANCES, 5, ["CAFR5002-(zero)", "CAR2", "Forest", "COP", *["n/a"] * 5, *[0] * 7])],
        [("RPL-3336", ISSUANCES, 5)],
    ),
    ("retired beyond issued", [cell(TABLE, ISSUANCES, 2, 11, 401)], [("RPL-3337", ISSUANCES, 2)]),
]


@pytest.mark.parametrize(("changes", "expected"), _cases(ANOMALIES))
def test_an_anomaly_is_found_once_with_sheet_and_row_and_never_breaks_the_book(
    tmp_path: Path, changes: list[Change], expected: list[Place]
) -> None:
    facts, found = LOADER.read(write(tmp_path, *changes))
    assert sorted(places(list(found))) == sorted(expected)
    assert all(one.severity is Severity.ANOMALY and one.evidence for one in found)
    assert_the_book_takes(LOADER.plan(facts))


def test_a_vintage_later_than_the_rules_allow_is_found(tmp_path: Path) -> None:
    """The published columns end where the rules do; a stricter rule finds CA1002's allowances of 2015."""
    facts, _ = LOADER.read(write(tmp_path))
    rule = replace(facts.rules["2013-2014"], latest_vintage=2014)
    read, found = of_vintages(facts.published.periods[0], rule)
    assert places(found) == [("RPL-3325", ALLOWANCES_1, 7)]
    assert read["CA1002"] == {2014: 150, 2015: 50}


# -- what is posted of an anomalous row --------------------------------------------------------------------


def posted(folder: Path, *changes: Change) -> Counter[str]:
    facts, _ = LOADER.read(write(folder, *changes))
    return surrendered(LOADER.plan(facts))


def test_a_vintage_that_repeats_the_total_is_posted_as_nought(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    repeated = cell(FIRST, ALLOWANCES_1, 7, 6, 200)
    assert posted(tmp_path / "a") == posted(tmp_path / "b", repeated)


def test_vintages_that_do_not_come_to_their_total_are_posted_without_a_vintage(tmp_path: Path) -> None:
    found = posted(tmp_path, cell(FIRST, ALLOWANCES_1, 7, 4, 149))
    assert found["CCA-UNDATED"] == 70 + 200
    assert (found["CCA14"], found["CCA15"]) == (420 + 100, 800)


def test_credits_of_an_unknown_issuance_are_left_out(tmp_path: Path) -> None:
    found = posted(tmp_path, cell(FIRST, OFFSETS_1, 7, 5, "CAOD0009-A"))
    assert found["CAOD0001-A"] == 50 + 20 and "CAOD0009-A" not in found


def test_of_credits_used_beyond_what_was_issued_the_row_that_goes_beyond_is_left_out(tmp_path: Path) -> None:
    found = posted(tmp_path, cell(TABLE, ISSUANCES, 2, 6, 99))
    assert found["CAOD0001-A"] == 80


def test_credits_used_before_they_were_issued_are_posted_on_the_day_of_issuance(tmp_path: Path) -> None:
    facts, _ = LOADER.read(write(tmp_path, cell(TABLE, ISSUANCES, 3, 8, LATER)))
    days = {
        line.instrument: work.day
        for work in LOADER.plan(facts).work
        if isinstance(work, Posting) and work.type == "credit-surrender" and work.year == 2017
        for line in work.lines
    }
    assert days == {"CAOD0001-A": date(2018, 11, 1), "CAFR5002-A": date(2019, 8, 13)}


def test_what_no_file_tells_is_labelled_synthetic(tmp_path: Path) -> None:
    facts, _ = LOADER.read(write(tmp_path))
    works = [work for work in LOADER.plan(facts).work if isinstance(work, Posting)]
    assert {work.type for work in works if work.synthetic} == {"issuance", "auction", "free-transfer"}
    assert {work.type for work in works if not work.synthetic} == {
        "credit-issuance",
        "surrender",
        "credit-surrender",
    }


# -- anything at all ---------------------------------------------------------------------------------------

PLACES = [
    (file, sheet, row, column)
    for file, sheets in small().items()
    for sheet, rows in sheets.items()
    for row, cells in enumerate(rows, start=1)
    for column in range(1, len(cells) + 1)
]
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 2200),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(datetime(1900, 1, 1), datetime(2300, 1, 1)),  # noqa: DTZ001 - a cell knows no zone
    st.sampled_from(["CA1001", "n/a", "Column Total", "reforest defer", "CAOD0001-A", "x" * 2000, " "]),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=8),
)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING), min_size=1, max_size=3))
def test_whatever_a_cell_holds_it_is_a_finding_or_a_reading_that_the_book_takes(
    tmp_path_factory: pytest.TempPathFactory, changed: list[tuple[tuple[str, str, int, int], object]]
) -> None:
    folder = write(tmp_path_factory.mktemp("any"), *(cell(*place, value) for place, value in changed))
    facts, found = LOADER.read(folder)
    refused = any(one.severity is Severity.UNUSABLE for one in found)
    assert (facts is None) == refused
    for one in found:
        assert one.refusal.text.en and json.dumps(one.as_json())
    if facts is not None:
        assert_the_book_takes(LOADER.plan(facts))


# -- vintages: properties ----------------------------------------------------------------------------------

YEARS = (2013, 2014, 2015, 2016)
CELLS = st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=4, max_size=4)


@given(CELLS, st.integers(0, 30))
def test_a_rows_vintages_as_read_always_come_to_its_total(cells: list[int | None], total: int) -> None:
    """Read from any row: the total in all; as published, without a finding, where nothing is blank or off."""
    row = Vintages(Source("f", "s", 1), "CA1001", "A", dict(zip(YEARS, cells, strict=True)), total)
    read, found = read_vintages(row)
    assert sum(read.values()) == total
    clean = None not in cells and sum(one or 0 for one in cells) == total
    assert clean == (not found)
    if clean:
        assert dict(read) == {year: value for year, value in row.cells.items() if value}
    if None in read:
        assert [one.code for one in found] == ["RPL-3321"]
