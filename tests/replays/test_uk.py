"""The UK ETS replayed from its published workbooks: every figure and every status, on both databases."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tanshu import audit
from tanshu.base.refusal import Refused
from tanshu.job import Progress
from tanshu.log import store
from tanshu.replay import runner, summary
from tanshu.replay.loaders.uk_ets_report import status
from tanshu.replay.runner import Replay
from tests.cli.conftest import at, in_process
from tests.replays.conftest import Done, done, read

TANSHU = Path(sys.executable).with_name("tanshu")
EX = "EXCLUDED"


@pytest.fixture(scope="module")
def folder(data_dir: Path) -> Path:
    return data_dir / "replay" / "uk_ets"


@pytest.fixture(scope="module")
def replay(folder: Path) -> Replay:
    return read("uk-ets", folder)


@pytest.fixture(scope="module")
def on_both(replay: Replay, module_urls: dict[str, str]) -> Iterator[dict[str, Done]]:
    with ExitStack() as stack:
        yield {kind: stack.enter_context(done(url, replay)) for kind, url in module_urls.items()}


@pytest.fixture(params=["sqlite", "postgresql"])
def uk(request: pytest.FixtureRequest, on_both: dict[str, Done]) -> Done:
    return on_both[request.param]


@pytest.mark.parametrize(
    ("year", "first", "last", "excluded", "emitted", "surrendered", "expected"),
    [
        # before it began, whatever else is said
        (2022, 2023, None, (), {}, 0, "NOT_APPLICABLE"),
        (2022, 2023, None, (2022,), {2022: 9}, 0, "NOT_APPLICABLE"),
        # excluded: nothing entered to date, and a cell to date that says so
        (2022, 2021, None, (2021, 2022), {}, 0, EX),
        (2022, 2021, None, (2021,), {}, 0, EX),
        (2022, 2021, None, (2023,), {}, 0, "C"),
        (2022, 2021, None, (2022,), {2021: 5}, 5, "A"),
        (2022, 2021, None, (2022,), {2021: 0}, 0, "A"),
        (2021, 2021, None, (2021,), {2022: 5}, 0, EX),
        # a blank cell while it operates
        (2022, 2021, None, (), {2021: 5}, 5, "C"),
        (2022, 2021, 2022, (), {2021: 5}, 5, "C"),
        (2022, 2021, 2021, (), {2021: 5}, 5, "A"),
        (2022, 2021, 2021, (), {2021: 5}, 4, "B"),
        (2022, 2021, None, (), {2021: 5, 2022: 0}, 5, "A"),
        # tonnes to date, against all that was surrendered
        (2022, 2021, None, (), {2021: 5, 2022: 5}, 10, "A"),
        (2022, 2021, None, (), {2021: 5, 2022: 5}, 9, "B"),
        (2021, 2021, None, (), {2021: 5, 2022: 5}, 9, "A"),
    ],
)
def test_status(year, first, last, excluded, emitted, surrendered, expected) -> None:
    assert status(year, first, last, excluded, emitted, surrendered) == expected


def test_1341_accounts_with_emissions_and_surrenders_to_the_tonne(uk: Done) -> None:
    data = uk.data
    assert data["accounts"] == 1_341
    assert data["emissions_t"] == 400_889_119
    assert data["surrendered_t"] == 400_800_614
    assert uk.told.holds and all(true for _, true in uk.told.report.claims)
    assert uk.told.held.conservation == {"UKA": 0}


def test_every_published_status_of_2024_is_the_computed_one(uk: Done) -> None:
    newest = uk.data["statuses"]["2024"]
    assert (newest["equal"], newest["not_published"], newest["differences"]) == (1_284, 57, [])
    expected = {"A": 1_182, "B": 43, "C": 2, EX: 42, "NOT_APPLICABLE": 15}
    assert newest["published"] == newest["computed"] == expected
    assert {(p, c) for p, row in newest["matrix"].items() for c, n in row.items() if n} == {
        *((one, one) for one in expected),
        *(("not published", one) for one in ("A", "B", "C", EX)),
    }


@pytest.mark.parametrize(("year", "late"), [("2021", 22), ("2022", 23), ("2023", 14)])
def test_earlier_years_differ_on_a_and_b_only_by_late_surrender(uk: Done, year: str, late: int) -> None:
    found = uk.data["statuses"][year]
    assert found["surrenders"] == "surrenders as published 2025-06-11"
    assert found["differing_on_a_b_rows"] == {"B→A": late}
    assert found["matrix"]["A"]["B"] == 0
    assert sum(n for row in found["matrix"].values() for n in row.values()) == 1_341


def test_the_log_is_one_on_both_databases(on_both: dict[str, Done]) -> None:
    assert len({one.hash for one in on_both.values()}) == 1


def test_the_audit_passes(uk: Done) -> None:
    report = audit.run(uk.installation.database)
    assert report.ok, report.first_bad
    assert report.log_hash == uk.hash


def test_running_it_again_changes_nothing_and_reprints(uk: Done, folder: Path) -> None:
    said = in_process("replay", "uk-ets", "--data", str(folder), "--json", "--db", uk.url).ok()
    assert (said.json["log_hash"], said.json["log_seq"]) == (uk.hash, uk.told.held.log_seq)
    shown = summary.as_json(uk.told, database=uk.url, seconds=0)
    for name in ("statuses", "findings", "synthetic", "conservation", "short"):
        assert said.json[name] == json.loads(json.dumps(shown[name], default=_text)), name
    assert not [line for line in said.err.splitlines() if line.startswith("✓")]


def _text(value: object) -> object:
    return {"zh": value.zh, "en": value.en}  # type: ignore[attr-defined]


def test_people_read_tables_in_both_languages(on_both: dict[str, Done], folder: Path) -> None:
    uk = on_both["sqlite"]
    ask = ("replay", "uk-ets", "--data", str(folder), "--db", uk.url, "--lang")
    chinese, english = (in_process(*ask, lang).ok().out for lang in ("zh", "en"))
    assert "2021 年履约状态" in chinese and "400,889,119" in chinese and uk.hash in chinese
    assert "surrenders as published 2025-06-11" in english and "synthetic" in english
    assert "UKA Σ = 0" in english and "Stoneywood Mill" in english


def test_ordinary_commands_work_on_the_result(uk: Done) -> None:
    tanshu = at(uk.url)
    # Operator 1000014 emitted 8,438 t and surrendered nothing.
    held = tanshu("account", "show", "1000014", "--json").ok().json
    assert "CHESTERFIELD ROAD" in json.dumps(held)
    batches = tanshu("tx", "list", "--type", "surrender", "--json").ok().json
    assert batches["total"] == 1


def test_the_anomalies_of_the_files_are_listed(replay: Replay) -> None:
    assert Counter(one.code for one in replay.findings) == {
        "RPL-3105": 1,  # a status before the first year
        "RPL-3106": 1,  # excluded, and no cell says so
        "RPL-3107": 1,  # no holder
        "RPL-3108": 74,  # another permit in the other workbook
        "RPL-3109": 2,  # damaged encoding
        "RPL-3110": 20,  # open, with a last year
        "RPL-3114": 17,  # a year without status between others
    }
    early = next(one for one in replay.findings if one.code == "RPL-3105")
    assert (early.source.sheet, early.source.row) == ("Data", 1_040)
    assert early.evidence == {
        "status 2021": None,
        "status 2022": "NOT_APPLICABLE",
        "status 2023": "A",
        "status 2024": "NOT_APPLICABLE",
    }


# -- stopped and killed ------------------------------------------------------------------------------------


class _Stopped(Exception):
    """The test pulls the plug."""


@pytest.mark.parametrize(("step", "of"), [("allocation-2021", 1), ("purchases", 2)])
def test_a_stopped_replay_resumes_to_the_same_hash(
    bare_url: str, replay: Replay, on_both: dict[str, Done], step: str, of: int
) -> None:
    def watch(now: Progress) -> None:
        if (now.step, now.done) == (step, of):
            raise _Stopped

    with pytest.raises(_Stopped):
        runner.run(bare_url, replay, watch=watch)
    with pytest.raises(Refused) as waits:
        runner.run(bare_url, replay)
    assert waits.value.refusal.code == "RPL-2005"
    installation = runner.run(bare_url, replay, resume=True)
    with installation.database.read() as conn:
        tail = store.tail(conn, store.REGISTRY_LOG)
    installation.close()
    assert tail and tail[2].hex() == on_both["sqlite"].hash


def test_a_killed_replay_resumes_to_the_same_hash(
    bare_url: str, folder: Path, on_both: dict[str, Done]
) -> None:
    ask = [str(TANSHU), "replay", "uk-ets", "--data", str(folder), "--json", "--resume", "--db", bare_url]
    for step in ("✓  1/", "✓ 12/"):
        child = subprocess.Popen(ask, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert child.stderr
        for line in child.stderr:
            if line.startswith(step):
                break
        time.sleep(0.02)
        child.kill()
        child.communicate()
    ended = subprocess.run(ask, capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(ended.stdout)["log_hash"] == on_both["sqlite"].hash
