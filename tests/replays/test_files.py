"""Files that are not what they should be: findings with file, sheet, row; a non-zero exit; nothing loaded."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tanshu.replay import files, runner
from tanshu.replay.runner import Replay
from tests.cli.conftest import Said, in_process
from tests.replays.conftest import done
from tests.replays.small_files import (
    ALLOCATIONS,
    COMPLIANCE,
    INSTALLATIONS,
    REPORT,
    Eu,
    Uk,
    allocation,
    operator,
)

EMITTED, TOTAL = "Recorded emissions 2022", "(C) Allocation (Total) 2023"


def replayed(name: str, folder: Path, tmp_path: Path) -> Said:
    """`tanshu replay` on an address where there is nothing yet."""
    url = f"sqlite:///{tmp_path}/none.db"
    return in_process("replay", name, "--data", str(folder), "--json", "--db", url)


def unusable(said: Said, tmp_path: Path) -> list[tuple[str, str, str | None, int | None]]:
    """The findings of an unusable replay as (code, file, sheet, row); nothing was loaded."""
    assert said.refusal == "RPL-2003"
    assert not (tmp_path / "none.db").exists()
    return [(one["code"], one["file"], one["sheet"], one["row"]) for one in said.json["findings"]]


# -- cells and rows ----------------------------------------------------------------------------------------

UK_CELLS: list[tuple[str, Callable[[Uk], None], tuple[str, str, str, int]]] = [
    ("text where tonnes belong", lambda uk: uk.set(2, EMITTED, "many"), ("RPL-1011", REPORT, "Data", 2)),
    ("tonnes as text", lambda uk: uk.set(2, EMITTED, "90"), ("RPL-1011", REPORT, "Data", 2)),
    ("half a tonne", lambda uk: uk.set(3, EMITTED, 9.5), ("RPL-1011", REPORT, "Data", 3)),
    ("yes instead of a number", lambda uk: uk.set(3, EMITTED, True), ("RPL-1011", REPORT, "Data", 3)),
    (
        "a date instead of tonnes",
        lambda uk: uk.set(2, EMITTED, date(2022, 1, 1)),
        ("RPL-1011", REPORT, "Data", 2),
    ),
    ("a formula's error", lambda uk: uk.set(2, EMITTED, "#REF!"), ("RPL-1011", REPORT, "Data", 2)),
    ("negative tonnes", lambda uk: uk.set(4, "Cumulative surrenders", -1), ("RPL-1012", REPORT, "Data", 4)),
    (
        "beyond the book",
        lambda uk: uk.set(2, "Cumulative surrenders", 2**62),
        ("RPL-1011", REPORT, "Data", 2),  # a spreadsheet keeps it as an inexact number
    ),
    ("no year", lambda uk: uk.set(2, "First Year of Operation", None), ("RPL-1013", REPORT, "Data", 2)),
    ("year 21", lambda uk: uk.set(2, "First Year of Operation", 21), ("RPL-1012", REPORT, "Data", 2)),
    ("no id", lambda uk: uk.set(3, "Operator ID", None), ("RPL-1013", REPORT, "Data", 3)),
    ("an id twice", lambda uk: uk.set(4, "Operator ID", 1), ("RPL-1016", REPORT, "Data", 4)),
    (
        "a status nobody knows",
        lambda uk: uk.set(2, "Static surrender status 2024", "Z"),
        ("RPL-1015", REPORT, "Data", 2),
    ),
    ("a regulator nobody knows", lambda uk: uk.set(2, "Regulator", "NASA"), ("RPL-1015", REPORT, "Data", 2)),
    (
        "a name of 2,000 letters",
        lambda uk: uk.set(2, "Installation name", "x" * 2_000),
        ("RPL-1014", REPORT, "Data", 2),
    ),
    (
        "text in the allocation",
        lambda uk: uk.set_allocation(2, TOTAL, "n/a"),
        ("RPL-1011", ALLOCATIONS, "Sheet1", 2),
    ),
    (
        "an allocated installation twice",
        lambda uk: uk.allocations.append(allocation(1, 5)),
        ("RPL-1016", ALLOCATIONS, "Sheet1", 4),
    ),
    ("no rows", lambda uk: uk.rows.clear(), ("RPL-1017", REPORT, "Data", 0)),
]


@pytest.mark.parametrize(
    ("change", "expected"), [case[1:] for case in UK_CELLS], ids=[c[0] for c in UK_CELLS]
)
def test_a_wrong_cell_of_a_workbook_is_a_finding_and_nothing_is_loaded(
    tmp_path: Path, change: Callable[[Uk], None], expected: tuple[str, str, str, int]
) -> None:
    uk = Uk()
    change(uk)
    code, file, sheet, row = expected
    found = unusable(replayed("uk-ets", uk.write(tmp_path / "data"), tmp_path), tmp_path)
    assert found == [(code, file, sheet, row or None)]


def test_every_wrong_cell_is_found_at_once(tmp_path: Path) -> None:
    uk = Uk()
    uk.set(2, EMITTED, "many")
    uk.set(3, "Operator ID", 1)
    uk.set_allocation(3, TOTAL, -4)
    found = unusable(replayed("uk-ets", uk.write(tmp_path / "data"), tmp_path), tmp_path)
    assert [(code, row) for code, _, _, row in found] == [("RPL-1011", 2), ("RPL-1016", 3), ("RPL-1012", 3)]


def test_people_see_the_place_and_the_reason(tmp_path: Path) -> None:
    uk = Uk()
    uk.set(2, EMITTED, "many")
    folder = str(uk.write(tmp_path / "data"))
    said = in_process(
        "replay", "uk-ets", "--data", folder, "--lang", "en", "--db", f"sqlite:///{tmp_path}/none.db"
    )
    assert said.code == 1
    assert f"{REPORT} · Data · 2" in said.out and "it is many" in said.out
    assert "RPL-2003" in said.err and "nothing was loaded" in said.err


EU_CELLS: list[tuple[str, str, str, tuple[str, str, int]]] = [
    ("text where tonnes belong", "AT_1,2013,10,15", "AT_1,2013,ten,15", ("RPL-1011", COMPLIANCE, 2)),
    ("a decimal", "AT_1,2013,10,15", "AT_1,2013,10.0,15", ("RPL-1011", COMPLIANCE, 2)),
    ("digits of another script", "AT_1,2013,10,15", "AT_1,2013,१०,15", ("RPL-1011", COMPLIANCE, 2)),
    ("negative tonnes", "AT_1,2014,10,5", "AT_1,2014,10,-5", ("RPL-1012", COMPLIANCE, 3)),
    ("beyond the book", "AT_1,2014,10,5", f"AT_1,2014,10,{2**62}", ("RPL-1012", COMPLIANCE, 3)),
    ("sums beyond the book", "AT_1,2014,10,5", f"AT_1,2014,10,{10**12 + 1}", ("RPL-1012", COMPLIANCE, 3)),
    ("a year outside", "AT_1,2014,10,5", "AT_1,2018,10,5", ("RPL-1012", COMPLIANCE, 3)),
    ("a blank cell", "DE_2,2013,0,7", "DE_2,2013,,7", ("RPL-1013", COMPLIANCE, 4)),
    ("a year twice", "AT_1,2014,10,5", "AT_1,2013,10,5", ("RPL-1016", COMPLIANCE, 3)),
    ("an id without its state", "DE_2,2013,0,7", "2,2013,0,7", ("RPL-3204", COMPLIANCE, 4)),
    ("a cell too few", "DE_2,2013,0,7", "DE_2,2013,0", ("RPL-1009", COMPLIANCE, 4)),
    ("a cell too many", "DE_2,2013,0,7", "DE_2,2013,0,7,9", ("RPL-1009", COMPLIANCE, 4)),
    ("an installation twice", "DE_2,Kessel,DE", "AT_1,Kessel,AT", ("RPL-1016", INSTALLATIONS, 3)),
]


@pytest.mark.parametrize(
    ("old", "new", "expected"), [case[1:] for case in EU_CELLS], ids=[case[0] for case in EU_CELLS]
)
def test_a_wrong_cell_of_a_csv_is_a_finding_and_nothing_is_loaded(
    tmp_path: Path, old: str, new: str, expected: tuple[str, str, int]
) -> None:
    eu = Eu()
    eu.compliance = eu.compliance.replace(old, new)
    eu.installations = eu.installations.replace(old, new)
    code, file, row = expected
    found = unusable(replayed("eu", eu.write(tmp_path / "data"), tmp_path), tmp_path)
    assert (code, file, None, row) in found
    assert {one[0] for one in found} <= {code, "RPL-1013"}, "a row too short has blanks, too"


# -- whole files -------------------------------------------------------------------------------------------


Damage = Callable[[Path], object]


def _cut(part: float) -> Damage:
    def damage(path: Path) -> None:
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * part)])

    return damage


def _holding(data: bytes) -> Damage:
    return lambda path: path.write_bytes(data)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _empty_zip(path: Path) -> None:
    zipfile.ZipFile(path, "w").close()


def _bomb(path: Path) -> None:
    """A workbook that is small, and unpacks to more than anybody would publish."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.bin", bytes(files.UNPACKED_BYTES_MAX))
    assert path.stat().st_size < files.FILE_BYTES_MAX


def _long(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(files.FILE_BYTES_MAX + 1)


WHOLE_FILES: list[tuple[str, str, Damage, str]] = [
    ("missing", REPORT, Path.unlink, "RPL-1001"),
    ("a folder of that name", REPORT, _folder, "RPL-1001"),
    ("half a workbook", REPORT, _cut(0.5), "RPL-1003"),
    ("all but a few bytes", REPORT, _cut(0.99), "RPL-1003"),
    ("an empty file", ALLOCATIONS, _holding(b""), "RPL-1003"),
    ("a CSV by another name", ALLOCATIONS, _holding(b"a,b\n1,2\n"), "RPL-1003"),
    ("a zip without a workbook", REPORT, _empty_zip, "RPL-1003"),
    ("a zip bomb", REPORT, _bomb, "RPL-1004"),
    ("a file too large", ALLOCATIONS, _long, "RPL-1002"),
    ("a missing CSV", INSTALLATIONS, Path.unlink, "RPL-1001"),
    ("a CSV cut in a line", COMPLIANCE, _cut(0.97), "RPL-1010"),
    ("an empty CSV", COMPLIANCE, _holding(b""), "RPL-1006"),
    ("a heading and nothing else", INSTALLATIONS, _holding(b"id,name,country_id\n"), "RPL-1017"),
    ("bytes that are no text", COMPLIANCE, _holding(b"\xff\xfe\x00a\n"), "RPL-1003"),
    ("an open quote", COMPLIANCE, _holding(b'installation_id,"year\n'), "RPL-1003"),
    ("a CSV too large", COMPLIANCE, _long, "RPL-1002"),
]


@pytest.mark.parametrize(
    ("file", "damage", "code"), [case[1:] for case in WHOLE_FILES], ids=[case[0] for case in WHOLE_FILES]
)
def test_a_broken_file_is_a_finding_and_nothing_is_loaded(
    tmp_path: Path, file: str, damage: Damage, code: str
) -> None:
    name, small = ("uk-ets", Uk()) if file.endswith("xlsx") else ("eu", Eu())
    folder = small.write(tmp_path / "data")
    damage(folder / file)
    found = unusable(replayed(name, folder, tmp_path), tmp_path)
    assert (code, file) in {(one[0], one[1]) for one in found}


def test_another_sheet_and_other_columns_are_findings(tmp_path: Path) -> None:
    other = Uk(sheet="Tabelle1")
    found = unusable(replayed("uk-ets", other.write(tmp_path / "a"), tmp_path), tmp_path)
    assert found == [("RPL-1005", REPORT, None, None)]
    other = Uk()
    other.heading[4], other.heading[9] = "Operator", "Recorded emissions 2020"
    found = unusable(replayed("uk-ets", other.write(tmp_path / "b"), tmp_path), tmp_path)
    assert found == [("RPL-1006", REPORT, "Data", 1)] * 2
    other = Uk()
    other.heading[0] = "Operator ID"
    found = unusable(replayed("uk-ets", other.write(tmp_path / "c"), tmp_path), tmp_path)
    assert [one[0] for one in found] == ["RPL-1006", "RPL-1007"]


def test_more_rows_than_anybody_publishes_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ROWS_MAX", 2)
    found = unusable(replayed("uk-ets", Uk().write(tmp_path / "a"), tmp_path), tmp_path)
    assert found == [("RPL-1008", REPORT, "Data", None)]
    found = unusable(replayed("eu", Eu().write(tmp_path / "b"), tmp_path), tmp_path)
    assert found == [("RPL-1008", COMPLIANCE, None, None)]


def test_findings_end_somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FINDINGS_MAX", 3)
    uk = Uk(rows=[operator(1, 1, 1, 1, 1, surrendered=4, statuses="AAAA") for _ in range(9)])
    found = unusable(replayed("uk-ets", uk.write(tmp_path / "data"), tmp_path), tmp_path)
    assert [one[0] for one in found] == ["RPL-1016"] * 3 + ["RPL-1018"]


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    file=st.sampled_from([REPORT, ALLOCATIONS, COMPLIANCE]),
    at=st.integers(0, 2**16),
    cut=st.integers(0, 40),
    new=st.binary(max_size=40),
)
def test_whatever_a_file_holds_it_is_read_or_refused(
    tmp_path: Path, file: str, at: int, cut: int, new: bytes
) -> None:
    """Bytes flipped, cut or put in anywhere never raise: there is a replay, or there are findings."""
    name, small = ("uk-ets", Uk()) if file.endswith("xlsx") else ("eu", Eu())
    folder = small.write(tmp_path / "data")
    good = (folder / file).read_bytes()
    at %= len(good) + 1
    (folder / file).write_bytes(good[:at] + new + good[at + cut :])
    found = runner.read(runner.loader(name), folder)
    assert isinstance(found, Replay) or found.findings


# -- what is only odd --------------------------------------------------------------------------------------

ANOMALIES: list[tuple[str, Callable[[Uk], None], list[tuple[str, str, int]]]] = [
    ("nothing", lambda _: None, []),
    (
        "an allocation of nobody",
        lambda uk: uk.allocations.append(allocation(9, 1_000)),
        [("RPL-3101", ALLOCATIONS, 4)],
    ),
    ("a total that is no sum", lambda uk: uk.set_allocation(2, TOTAL, 51), [("RPL-3102", ALLOCATIONS, 2)]),
    ("another permit", lambda uk: uk.set_allocation(3, "Permit ID", "DTI1"), [("RPL-3108", ALLOCATIONS, 3)]),
    (
        "a cumulative total that is no sum",
        lambda uk: uk.set(2, "Cumulative emissions", 341),
        [("RPL-3103", REPORT, 2)],
    ),
    (
        "emissions before the first year",
        lambda uk: uk.set(4, "First Year of Operation", 2025),
        [("RPL-3104", REPORT, 4), *[("RPL-3105", REPORT, 4)] * 4],
    ),
    (
        "a year of operation too few",
        lambda uk: uk.set(2, "Last Year of Operation", 2023),
        [("RPL-3110", REPORT, 2), ("RPL-3104", REPORT, 2), *[("RPL-3113", ALLOCATIONS, 2)] * 3],
    ),
    (
        "a last year before the first",
        lambda uk: uk.set(2, "Last Year of Operation", 2019),
        [
            *(("RPL-3112", REPORT, 2), ("RPL-3110", REPORT, 2)),
            *[("RPL-3104", REPORT, 2)] * 4,
            *[("RPL-3113", ALLOCATIONS, 2)] * 6,
        ],
    ),
    (
        "closed without a last year",
        lambda uk: uk.set(3, "Account status", "CLOSED"),
        [("RPL-3111", REPORT, 3)],
    ),
    (
        "excluded without a cell",
        lambda uk: uk.set(2, "Static surrender status 2021", "EXCLUDED"),
        [("RPL-3106", REPORT, 2)],
    ),
    (
        "a status left out",
        lambda uk: uk.set(2, "Static surrender status 2022", None),
        [("RPL-3114", REPORT, 2)],
    ),
    ("no holder", lambda uk: uk.set(2, "Account Holder Name", None), [("RPL-3107", REPORT, 2)]),
    (
        "damaged encoding",
        lambda uk: uk.set(2, "Installation name", "NestlÃ©"),
        [("RPL-3109", REPORT, 2)],
    ),
]


@pytest.mark.parametrize(("change", "expected"), [c[1:] for c in ANOMALIES], ids=[c[0] for c in ANOMALIES])
def test_an_anomaly_is_listed_and_the_replay_goes_on(
    tmp_path: Path, change: Callable[[Uk], None], expected: list[tuple[str, str, int]]
) -> None:
    uk = Uk()
    change(uk)
    said = replayed("uk-ets", uk.write(tmp_path / "data"), tmp_path).ok()
    assert [(one["code"], one["file"], one["row"]) for one in said.json["findings"]] == expected
    assert {one["severity"] for one in said.json["findings"]} <= {"anomaly"}
    assert all(one["holds"] for one in said.json["claims"])
    assert said.json["conservation"] == {"UKA": 0}


def test_a_row_of_an_unknown_installation_is_listed_and_left_out(tmp_path: Path) -> None:
    eu = Eu()
    eu.compliance += "FR_9,2013,1,2\n"
    eu.installations = eu.installations.replace("Kessel,DE", "Kessel,AT")
    said = replayed("eu", eu.write(tmp_path / "data"), tmp_path).ok()
    assert [(one["code"], one["row"]) for one in said.json["findings"]] == [("RPL-3201", 3), ("RPL-3202", 6)]
    assert said.json["installation_years"] == 4
    assert said.json["short"] == [
        {"installation": "AT_1", "year": 2013, "free_t": 10, "emissions_t": 15, "short_t": 5},
        {"installation": "DE_2", "year": 2013, "free_t": 0, "emissions_t": 7, "short_t": 7},
    ]


# -- which database ----------------------------------------------------------------------------------------


def test_a_command_that_the_register_refuses_stops_the_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "CLERK", "nobody-1")
    said = replayed("uk-ets", Uk().write(tmp_path / "data"), tmp_path)
    assert said.refusal == "RPL-2006" and "PAR-3001" in said.out


def test_other_data_are_refused_on_a_database_that_holds_a_replay(bare_url: str, tmp_path: Path) -> None:
    first, second = Uk(), Uk()
    second.set(2, "Cumulative surrenders", 341)
    ask = ("--json", "--db", bare_url)
    one, other = (str(uk.write(tmp_path / name)) for uk, name in ((first, "a"), (second, "b")))
    done_once = in_process("replay", "uk-ets", "--data", one, *ask).ok().json
    for more in ((), ("--resume",), ("--fresh",)):
        assert in_process("replay", "uk-ets", "--data", other, *more, *ask).refusal == "RPL-2004"
    again = in_process("replay", "uk-ets", "--data", one, *ask).ok().json
    fresh = in_process("replay", "uk-ets", "--data", one, "--fresh", *ask).ok().json
    assert done_once["log_hash"] == again["log_hash"] == fresh["log_hash"]


def test_the_same_facts_in_another_file_are_the_same_replay(tmp_path: Path) -> None:
    """What counts is what is posted: a published status decides nothing."""
    with_status, without = Uk(), Uk()
    without.set(2, "Static surrender status 2024", None)
    one, other = (
        runner.read(runner.loader("uk-ets"), uk.write(tmp_path / name))
        for uk, name in ((with_status, "a"), (without, "b"))
    )
    assert isinstance(one, Replay) and isinstance(other, Replay)
    assert one.digest == other.digest
    with done(f"sqlite:///{tmp_path}/one.db", one) as finished:
        assert finished.told.holds


def test_what_can_be_replayed_is_listed(tmp_path: Path) -> None:
    listed = {one["name"]: one for one in in_process("replay", "--json").ok().json["replays"]}
    assert {"uk-ets", "eu"} <= set(listed)
    assert [needed["name"] for needed in listed["eu"]["files"]] == [COMPLIANCE, INSTALLATIONS]
    assert REPORT in in_process("replay", "--lang", "en").ok().out
    assert in_process("replay", "atlantis", "--data", ".", "--json").refusal == "RPL-2001"
    assert in_process("replay", "eu", "--json").refusal == "RPL-2007"
    assert in_process("replay", "eu", "--data", str(tmp_path / "no"), "--json").refusal == "RPL-2002"
