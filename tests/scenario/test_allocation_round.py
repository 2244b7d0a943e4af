"""An allocation round, small: the same steps as the scenario of 3,500, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshu import job
from tanshu.base.refusal import Refusal
from tanshu.compliance import obligations
from tanshu.compliance.carry_over import Batch
from tanshu.registry.model import Propose, ProposedLine
from tanshu.scenario import allocation_round, allocation_round_carry_over_model, folder, runner
from tanshu.scenario.allocation_round_carry_over import to_be_refused
from tanshu.scenario.allocation_round_carry_over_model import Asked
from tests.support.market import Market

SMALL = {
    "entities": "64",
    "pre_allocated": "20",
    "with_people": "60",
    "with_activity": "4",
    "other_quantity": "1",
    "part": "30",
    "paying": "16",
    "in_three": "3",
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
        carried = result.data["carry_over"]
        assert set(carried["refused"]) == {"CMP-7007", "CMP-7009", "CMP-7010", "REG-2006"}
        assert all(one["issued_t"] > 0 for one in carried["batches"].values())
        assert [one["state"] for one in result.data["uploads"]] == ["returned", "accepted"] * 2
        with installation.book.reading() as (conn, _):
            assert "returned" in run.told(conn, "final-upload", "en")
            assert "t" in run.told(conn, "carry-over-1", "en")
            assert "18" in run.told(conn, "decisions", "zh")
            board = obligations.board(conn, run.round.year)
            some = board[::7]
            ids = [one.subject.id for one in some]
            assert obligations.board(conn, run.round.year, among=ids) == some
            assert {one.late for one in board} == {True, False}
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
    carry_over = allocation_round_carry_over_model.of(round)
    assert carry_over
    counted = [
        (sum(not one.refused for one in asked), sum(bool(one.refused) for one in asked))
        for asked in map(carry_over.asked, Batch)
    ]
    assert counted == [(120, 14), (40, 0), (1, 2)]


def test_a_round_without_a_carry_over_ends_with_its_adjustments(small: Path, tmp_path: Path) -> None:
    text = (small / folder.FILE).read_text(encoding="utf-8")
    (tmp_path / folder.FILE).write_text(text[: text.index("[carry_over]")], encoding="utf-8")
    steps = allocation_round.load(folder.read(tmp_path)).steps
    assert steps[-1].name == "changed"


def test_what_is_to_be_refused_must_meet_its_number(market: Market) -> None:
    entity = allocation_round.load(folder.read(runner.directory("allocation-2023"))).round.entities[0]
    body = Propose("voluntary-cancellation", (ProposedLine("CEA22", 1, market.account(market.plant_a)),))

    def attempt(expected: str):
        return to_be_refused(Asked(entity, 1, expected))(market.ctx("plant-a-maker-1"), body)

    assert market.accepted(attempt("REG-2005")).data == {"refused": "REG-2005"}
    market.refuses("SCN-3007", lambda: attempt("CMP-7010"))  # refused, but with another number
    market.give(market.plant_a, 1)
    assert isinstance(attempt("REG-2005"), Refusal)  # accepted: that stops the run, too
