"""California's two compliance periods replayed from the published workbooks: to the last tonne, on both
databases, with every anomaly of the files and no other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tanshu import audit
from tanshu.job import Progress
from tanshu.log import store
from tanshu.registry import queries as registry
from tanshu.replay import runner
from tanshu.replay.loaders.california_plan import Facts
from tanshu.replay.model import Finding, Posting
from tanshu.replay.runner import Replay
from tests.cli.conftest import in_process
from tests.replays.california_workbooks import FIRST, ISSUANCES, SECOND, SUMMARY_1, TABLE, cell, write
from tests.replays.conftest import Done, done, read


@pytest.fixture(scope="module")
def folder(data_dir: Path) -> Path:
    return data_dir / "replay" / "california"


@pytest.fixture(scope="module")
def replay(folder: Path) -> Replay:
    return read("california", folder)


@pytest.fixture(scope="module")
def on_both(replay: Replay, module_urls: dict[str, str]) -> Iterator[dict[str, Done]]:
    with ExitStack() as stack:
        yield {kind: stack.enter_context(done(url, replay)) for kind, url in module_urls.items()}


@pytest.fixture(params=["sqlite", "postgresql"])
def california(request: pytest.FixtureRequest, on_both: dict[str, Done]) -> Done:
    return on_both[request.param]


def reported(california: Done) -> Any:
    """The report as data."""
    return california.told.report.data


# -- to the last tonne -------------------------------------------------------------------------------------


def test_every_claim_holds(california: Done) -> None:
    assert [text.en for text, true in california.told.report.claims if not true] == []
    assert len(california.told.report.claims) == 7
    assert california.told.holds


def test_569_of_569_obligation_rows_add_up(california: Done) -> None:
    data = reported(california)
    assert (data["obligation_rows"], data["rows_that_add_up"]) == (569, 569)
    assert [one["obligation_rows"] for one in data["periods"].values()] == [263, 306]


@pytest.mark.parametrize(
    ("period", "obligation", "allowances", "offsets", "instruments", "ids"),
    [
        ("2013-2014", 291_211_108, 278_408_105, 12_773_097, 291_181_202, 202),
        ("2015-2017", 986_400_626, 919_915_731, 62_717_868, 982_633_599, 642),
    ],
)
def test_a_periods_tonnes_are_the_published_ones(
    california: Done, period: str, obligation: int, allowances: int, offsets: int, instruments: int, ids: int
) -> None:
    found = reported(california)["periods"][period]
    assert found["obligation_t"] == obligation
    assert found["allowances_t"] == allowances
    assert found["offsets_t"] == offsets
    assert found["instruments_t"] == instruments
    assert found["offset_ids"] == found["offset_ids_known"] == found["offset_ids_published"] == ids


def test_allowances_by_vintage_read_the_repeated_total_as_nought(california: Done) -> None:
    """The published column total of 2016 is 4,834,795 t higher: it counts the cell that repeats a total."""
    periods = reported(california)["periods"]
    assert periods["2013-2014"]["allowances_by_vintage_t"] == {
        "2013": 156_137_718,
        "2014": 110_917_395,
        "2015": 9_434_288,
        "2016": 1_918_704,
    }
    assert periods["2015-2017"]["allowances_by_vintage_t"] == {
        "2013": 6_628_089,
        "2014": 41_978_303,
        "2015": 350_428_942,
        "2016": 291_719_601 - 4_834_795,
        "2017": 231_332_894,
        "2018": 869_034,
        "2019": 602_157,
        "not published": 1_191_506,
    }


def test_three_entities_are_short_by_the_registers_tonnes(california: Done) -> None:
    periods = reported(california)["periods"]
    short = [
        (one["entity"], one["short_t"], one["published"]) for p in periods.values() for one in p["short"]
    ]
    assert short == [
        ("CA1677", 29_906, "Unfulfilled"),
        ("CA1850", 6_139, "Fulfilled"),
        ("CA1017", 3_767_027, "Unfulfilled"),
    ]
    assert periods["2013-2014"]["statuses"]["Fulfilled*"] == {"fulfilled": 1, "short": 0}
    assert periods["2015-2017"]["statuses"]["Fulfilled"] == {"fulfilled": 305, "short": 0}


def test_no_project_is_over_issued(california: Done) -> None:
    found = reported(california)["offset_issuance"]
    assert (found["issuances"], found["rows_without_credits"], found["projects"]) == (1_752, 45, 588)
    assert (found["issued_t"], found["buffer_t"]) == (256_911_875, 33_793_936)
    assert found["over_issued"] == []
    used = [
        one.get(f"surrendered_{p}_t", 0)
        for p in ("2013-2014", "2015-2017")
        for one in found["by_project"].values()
    ]
    assert sum(used) == 12_773_097 + 62_717_868
    assert found["by_project"]["CAFR5337"] == {
        "type": "Forest",
        "issuances": 5,
        "issued_t": 2_287_006,
        "buffer_t": 402_108,
        "surrendered_2015-2017_t": 18_867,
    }


def test_every_instrument_is_conserved(california: Done) -> None:
    found = reported(california)["instruments"]
    assert (found["count"], found["out_of_balance"]) == (7 + 1 + 1_752, [])
    assert set(california.told.held.conservation.values()) == {0}
    for one in found["by_instrument"].values():
        assert one["issued_t"] == one["surrendered_t"] + one["held_t"]
    assert found["by_instrument"]["CCA-UNDATED"]["surrendered_t"] == 1_191_506


# -- the anomalies, and no others --------------------------------------------------------------------------

SUMMARY, VINTAGES, OFFSETS = "Compliance Summary", "Allowance Detail", "Offset Detail"
ANOMALIES = [
    # 2013-2014
    ("RPL-3326", FIRST, f"2013-2014 {VINTAGES}", 209),  # CA1561 bears Stanford's name
    ("RPL-3326", FIRST, f"2013-2014 {VINTAGES}", 261),  # CA1817 bears AltaGas's name
    ("RPL-3326", FIRST, f"2013-2014 {VINTAGES}", 262),  # CA1821 bears R&B Foods's name
    ("RPL-3311", FIRST, f"2013-2014 {SUMMARY}", 244),  # Lake Shore Mojave short
    ("RPL-3312", FIRST, f"2013-2014 {SUMMARY}", 262),  # All American Oil & Gas more than owed
    ("RPL-3311", FIRST, f"2013-2014 {SUMMARY}", 263),  # R&B Foods short by the same
    ("RPL-3313", FIRST, f"2013-2014 {SUMMARY}", 263),  # and yet "Fulfilled"
    ("RPL-3315", FIRST, f"2013-2014 {SUMMARY}", 266),  # Greenleaf 1 with Calpine's facility
    # 2015-2017
    ("RPL-3320", SECOND, f"2015-2017 {VINTAGES}", 39),  # 2016 repeats the total
    ("RPL-3322", SECOND, f"2015-2017 {VINTAGES}", 44),  # 2018 blank
    ("RPL-3322", SECOND, f"2015-2017 {VINTAGES}", 69),  # 2018 blank
    ("RPL-3311", SECOND, f"2015-2017 {SUMMARY}", 13),  # La Paloma short
    ("RPL-3314", SECOND, f"2015-2017 {SUMMARY}", 44),  # over 8 %
    ("RPL-3314", SECOND, f"2015-2017 {SUMMARY}", 69),
    ("RPL-3314", SECOND, f"2015-2017 {SUMMARY}", 119),
    ("RPL-3314", SECOND, f"2015-2017 {SUMMARY}", 295),
    ("RPL-3314", SECOND, f"2015-2017 {SUMMARY}", 297),
    ("RPL-3333", SECOND, f"2015-2017 {OFFSETS}", 921),  # CAFR5337-A before it was issued
    # the issuance table
    ("RPL-3336", TABLE, ISSUANCES, 132),  # ids that stand twice
    ("RPL-3335", TABLE, ISSUANCES, 140),  # CALS5040-C retired otherwise than reported
    ("RPL-3336", TABLE, ISSUANCES, 292),
    ("RPL-3336", TABLE, ISSUANCES, 369),
    ("RPL-3336", TABLE, ISSUANCES, 639),
    ("RPL-3336", TABLE, ISSUANCES, 734),
    ("RPL-3336", TABLE, ISSUANCES, 756),
    ("RPL-3337", TABLE, ISSUANCES, 811),  # more retired than issued
    ("RPL-3336", TABLE, ISSUANCES, 847),
    ("RPL-3337", TABLE, ISSUANCES, 1537),
    ("RPL-3337", TABLE, ISSUANCES, 1538),
    ("RPL-3337", TABLE, ISSUANCES, 1539),
]


def at(replay: Replay, code: str, row: int) -> Finding:
    return next(one for one in replay.findings if (one.code, one.source.row) == (code, row))


def test_the_anomalies_of_the_files_are_these_and_no_others(replay: Replay) -> None:
    found = [(one.code, one.source.file, one.source.sheet, one.source.row) for one in replay.findings]
    assert found == ANOMALIES


@pytest.mark.parametrize(
    ("code", "row", "evidence"),
    [
        ("RPL-3311", 244, {"entity": "CA1677", "obligation": 42_723, "instruments": 12_817, "short": 29_906}),
        ("RPL-3311", 263, {"entity": "CA1850", "short": 6_139, "status": "Fulfilled"}),
        ("RPL-3312", 262, {"entity": "CA1821", "more": 6_139, "short_by_the_same": "CA1850"}),
        ("RPL-3326", 262, {"entity": "CA1821", "written": "R&B Foods, Inc.", "other": "CA1850"}),
        ("RPL-3315", 266, {"entity": "CA1917", "facility": "101496", "other": "CA1119", "own": "101497"}),
        ("RPL-3311", 13, {"entity": "CA1017", "short": 3_767_027, "status": "Unfulfilled"}),
        ("RPL-3320", 39, {"entity": "CA1085", "value": 4_834_795, "2015 Allowances Surrendered": 3_639_739}),
        ("RPL-3322", 44, {"entity": "CA1095", "column": "2018 Allowances Surrendered", "value": 0}),
        ("RPL-3314", 44, {"entity": "CA1095", "excess": 6_028, "shares_a_facility_with": None}),
        ("RPL-3314", 69, {"entity": "CA1165", "excess": 507, "limit_together": 12_957_663}),
        ("RPL-3314", 119, {"entity": "CA1275", "excess": 6_552, "offsets_together": 27_368}),
        ("RPL-3314", 295, {"entity": "CA2358", "excess": 25_625, "limit_together": 233_007}),
        ("RPL-3314", 297, {"entity": "CA2579", "excess": 567, "limit_together": 13_749}),
        ("RPL-3333", 921, {"issuance": "CAFR5337-A", "quantity": 18_867, "issued": "2019-08-13"}),
        ("RPL-3335", 140, {"issuance": "CALS5040-C", "table": 20_421, "report": 1_554}),
        ("RPL-3336", 132, {"issuance": "CAFR5037-(zero)", "first": 130}),
        ("RPL-3337", 811, {"issuance": "CAFR5253-C", "issued": 178_528, "retired": 248_989}),
        ("RPL-3337", 1537, {"issuance": "CAFR0042-A", "excess": 426, "Retired Voluntarily": 852}),
    ],
)
def test_an_anomaly_shows_its_evidence(
    replay: Replay, code: str, row: int, evidence: dict[str, object]
) -> None:
    found = at(replay, code, row).evidence
    assert {name: found[name] for name in evidence} == evidence


def test_what_is_odd_and_explained_is_a_note(replay: Replay) -> None:
    facts: Facts = replay.facts
    assert [(note.key, note.count) for note in facts.notes] == [
        ("spelling", 1),
        ("shared-facility", 2),
        ("later-vintage", 111),
        ("fulfilled-late", 1),
        ("several-lines", 16),
        ("spelling", 116),
        ("shared-facility", 12),
        ("later-vintage", 48),
        ("no-entity", 1),
        ("idle", 45),
    ]


# -- the book ----------------------------------------------------------------------------------------------


def test_the_log_is_one_on_both_databases(on_both: dict[str, Done]) -> None:
    assert len({one.hash for one in on_both.values()}) == 1


def test_the_audit_passes(california: Done) -> None:
    report = audit.run(california.installation.database)
    assert report.ok, report.first_bad
    assert report.log_hash == california.hash


def test_the_plan_is_modest(replay: Replay) -> None:
    postings = [work for work in replay.plan.work if isinstance(work, Posting)]
    assert len(replay.plan.subjects) == 335 + 3
    assert len(replay.plan.instruments) == 1_760
    assert sum(len(work.lines) for work in postings) < 9_000
    assert len(replay.plan.work) < 300


def test_a_credit_surrendered_before_it_was_issued_is_surrendered_after_it(california: Done) -> None:
    """CA1807's 18,867 t of CAFR5337-A stand in the period's sums, posted on 2019-08-13."""
    with california.installation.database.read() as conn:
        numbers = {one.number: one.code for one in registry.instruments(conn)}
        found = [
            (transaction.type.code, transaction.ended_ns or 0, line.quantity)
            for transaction in registry.transactions(conn)
            for line in transaction.lines
            if numbers[line.instrument] == "CAFR5337-A"
        ]
    assert [(type, quantity) for type, _, quantity in found] == [
        ("credit-issuance", 1_925_589 - 338_712),
        ("credit-issuance", 338_712),
        ("free-transfer", 18_867),
        ("credit-surrender", 18_867),
    ]
    times = [time for _, time, _ in found]
    assert times == sorted(times)


def test_what_no_file_tells_is_marked_synthetic_in_the_register(california: Done) -> None:
    with california.installation.database.read() as conn:
        marks = {
            (transaction.type.code, transaction.details["synthetic"])
            for transaction in registry.transactions(conn)
        }
    assert marks == {
        ("issuance", True),
        ("auction", True),
        ("free-transfer", True),
        ("credit-issuance", False),
        ("surrender", False),
        ("credit-surrender", False),
    }


def test_running_it_again_changes_nothing(california: Done, replay: Replay) -> None:
    again = runner.run(california.url, replay)
    with again.database.read() as conn:
        tail = store.tail(conn, store.REGISTRY_LOG)
    again.close()
    assert tail and tail[2].hex() == california.hash


class _Stopped(Exception):
    """The test pulls the plug."""


def test_a_stopped_replay_resumes_to_the_same_hash(
    bare_url: str, replay: Replay, on_both: dict[str, Done]
) -> None:
    def watch(now: Progress) -> None:
        if (now.step, now.done) == ("credits-2015-2017", 40):
            raise _Stopped

    with pytest.raises(_Stopped):
        runner.run(bare_url, replay, watch=watch)
    resumed = runner.run(bare_url, replay, resume=True)
    with resumed.database.read() as conn:
        tail = store.tail(conn, store.REGISTRY_LOG)
    resumed.close()
    assert tail and tail[2].hex() == on_both["sqlite"].hash


# -- at the terminal ---------------------------------------------------------------------------------------


def test_people_read_tables_in_both_languages(on_both: dict[str, Done], folder: Path) -> None:
    ask = ("replay", "california", "--data", str(folder), "--db", on_both["sqlite"].url, "--lang")
    chinese, english = (in_process(*ask, lang).ok().out for lang in ("zh", "en"))
    assert "62,717,868" in chinese and "义务与清缴(吨)" in chinese and on_both["sqlite"].hash in chinese
    assert "30 findings" in english and "no project is over-issued" in english
    assert "Lake Shore Mojave" in english and "who sold to whom" in english


def test_the_json_object_carries_matrices_per_period(on_both: dict[str, Done], folder: Path) -> None:
    url = on_both["postgresql"].url
    said = in_process("replay", "california", "--data", str(folder), "--json", "--db", url).ok().json
    row = next(one for one in said["periods"]["2015-2017"]["rows"] if one["entity"] == "CA1085")
    assert row == {
        "row": 39,
        "entity": "CA1085",
        "name": "San Diego Gas & Electric Company",
        "obligation_t": 5_255_211,
        "allowances_by_vintage_t": {"2013": 751_294, "2014": 443_762, "2015": 3_639_739},
        "offsets_t": 420_416,
        "instruments_t": 5_255_211,
        "published": "Fulfilled",
        "computed": "fulfilled",
    }
    assert said["findings_by_code"] == {
        "RPL-3311": 3,
        "RPL-3312": 1,
        "RPL-3313": 1,
        "RPL-3314": 5,
        "RPL-3315": 1,
        "RPL-3320": 1,
        "RPL-3322": 2,
        "RPL-3326": 3,
        "RPL-3333": 1,
        "RPL-3335": 1,
        "RPL-3336": 7,
        "RPL-3337": 4,
    }
    assert said["log_hash"] == on_both["sqlite"].hash


def test_an_unusable_file_is_refused_at_the_terminal_and_nothing_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write(tmp_path / "data", cell(FIRST, SUMMARY_1, 6, 4, "1,000"))
    database = tmp_path / "nothing.db"
    ask = (
        "replay",
        "california",
        "--data",
        str(tmp_path / "data"),
        "--db",
        f"sqlite:///{database}",
        "--json",
    )
    said = in_process(*ask)
    assert said.code != 0
    assert "RPL-1011" in said.out + said.err and SUMMARY_1 in said.out + said.err
    assert not database.exists()


def test_the_small_files_replay_at_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write(tmp_path / "data")
    url = f"sqlite:///{tmp_path}/small.db"
    said = in_process("replay", "california", "--data", str(tmp_path / "data"), "--db", url, "--json").ok()
    assert json.dumps(said.json["findings"]) == "[]"
    assert said.json["periods"]["2013-2014"]["offsets_t"] == 80
