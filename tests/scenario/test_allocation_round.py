"""An allocation round, small: the same steps as the scenario of 3,500, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshu import job
from tanshu.scenario import allocation_round, folder, runner

SMALL = {
    "entities": "64",
    "pre_allocated": "20",
    "with_people": "60",
    "with_activity": "4",
    "other_quantity": "1",
    "part": "30",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario's folder with fewer entities: every step of it, and every kind of entity."""
    text = (runner.directory("allocation-2023") / folder.FILE).read_text(encoding="utf-8")
    lines = []
    for line in text.splitlines():
        name = line.split(" =")[0]
        lines.append(f"{name} = {SMALL[name]}" if name in SMALL else line)
    made = tmp_path_factory.mktemp("small")
    (made / folder.FILE).write_text("\n".join(lines), encoding="utf-8")
    return made


def test_a_round_ends_as_it_must_with_the_same_log_on_both_databases(
    small: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from tests.support.databases import PostgresServer

    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.bare() as postgresql:
        ends = [_run(small, url) for url in (f"sqlite:///{tmp_path}/round.db", postgresql)]
    assert ends[0] == ends[1]


def _run(path: Path, url: str) -> tuple[int, str]:
    """Run it, check everything it checks itself; where its log ends."""
    run = allocation_round.load(folder.read(path))
    installation = job.run(url, run.job)
    try:
        result = run.result(installation)
        assert [check.text.en for check in result.checks if not check.good] == []
        assert result.data["objections"] == {"late": 7, "upheld": 15, "dismissed": 18}
        assert [one["state"] for one in result.data["uploads"]] == ["returned", "accepted"] * 2
        with installation.book.reading() as (conn, _):
            assert "returned" in run.told(conn, "final-upload", "en")
            assert "18" in run.told(conn, "decisions", "zh")
        return installation.book.tail.seq, installation.book.tail.hash.hex()
    finally:
        installation.close()


def test_what_comes_with_the_program_is_the_round_of_3500() -> None:
    run = runner.load("allocation-2023")
    assert isinstance(run, allocation_round.AllocationRound)
    round = run.round
    assert (len(round.entities), len(round.objections), len(round.upheld)) == (3_500, 40, 15)
    assert len({one.code for one in round.entities}) == 3_500
    example = round.entities[0]
    assert (example.pre_t, example.approved_t, example.deduction_t) == (50_000, 30_000, 70_000)
