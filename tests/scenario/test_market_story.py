"""A story of a market: two trading days in sentences, resumable in the middle of a session."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tanshu.app import Installation
from tanshu.audit import walk
from tanshu.base.refusal import Refused
from tanshu.exchange.market import FIRST_LOG
from tanshu.log import store
from tanshu.rules import packs
from tanshu.scenario import runner

STORY = Path(__file__).resolve().parents[2] / "scenarios" / "market-day"
STOPS = {"04": 8, "06": 8}
"""Steps in the middle of a session, stopped after so many commands: some of them are tries to be refused."""


class Stopped(Exception):
    """The test pulls the plug."""


def tails(installation: Installation) -> list[str]:
    """The newest hashes of both logs."""
    found: list[str] = []
    with installation.database.read() as conn:
        for log in (store.REGISTRY_LOG, FIRST_LOG):
            tail = store.tail(conn, log)
            assert tail
            found.append(tail[2].hex())
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    run = runner.load(str(STORY))
    folder = tmp_path_factory.mktemp("whole")
    with packs.searching(*run.folder.packs):
        installation = runner.run(f"sqlite:///{folder}/whole.db", run)
        yield installation
    installation.close()


def test_two_days_of_a_market_end_as_a_hand_computes(undisturbed: Installation) -> None:
    run = runner.load(str(STORY))
    result = run.result(undisturbed)
    assert all(check.good for check in result.checks)
    assert list(walk.run(undisturbed.database).findings) == []
    (market,) = result.data["markets"]
    first, second = market["days"]
    # (8,000 × 80.40 + 2,000 × 79.60 + 4,000 × 80.20) / 14,000 = 80.2286; block and auction do not count
    assert (first["closes_yuan"], second["closes_yuan"]) == ({"CEA22": "80.23"}, {"CEA22": "79.90"})
    assert {mode: sums["volume_t"] for mode, sums in first["modes"].items()} == {
        "listing": 14_000,
        "block": 100_000,
        "auction": 50_000,
    }
    assert market["auctions"][0]["clearing_yuan"] == "78.50"
    assert [one["code"] for one in result.data["refused"]] == [
        *("EXC-1004", "EXC-2006", "EXC-3008", "EXC-2011", "EXC-5003", "EXC-1004", "EXC-4005", "EXC-1004")
    ]


def test_a_run_stopped_twice_in_mid_session_goes_on_to_one_hash_of_both_logs(
    bare_url: str, undisturbed: Installation
) -> None:
    run = runner.load(str(STORY))
    for step, after in STOPS.items():

        def watch(now: runner.Progress, step: str = step, after: int = after) -> None:
            if (now.step, now.done) == (step, after):
                raise Stopped

        with pytest.raises(Stopped):
            runner.run(bare_url, run, resume=True, watch=watch)
    installation = runner.run(bare_url, run, resume=True)
    assert tails(installation) == tails(undisturbed)
    installation.close()


@pytest.mark.parametrize(
    ("story", "number"),
    [
        ("交易所经办 开市\n江岸热电交易员 挂牌 卖出 CEA22 1 吨, 单价 80.00 元", "SCN-4001"),
        ("交易所经办 开市\n江岸热电交易员 撤单 20240102-1\n结果: 不予受理 EXC-4003", "SCN-3105"),
        ("交易所经办 定义 配额 CEA23 2023 年", "SCN-3104"),
    ],
)
def test_a_story_that_cannot_be_played_is_refused_when_it_is_read(
    tmp_path: Path, story: str, number: str
) -> None:
    folder = tmp_path / "told"
    shutil.copytree(STORY, folder)
    (folder / "story.txt").write_text(f"步骤: 一\n{story}\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        runner.load(str(folder))
    assert refused.value.refusal.code == number


@pytest.mark.parametrize(
    ("story", "number"),
    [
        ("江岸热电交易员 撤单 没有的\n交易所经办 停牌, 理由 无", "SCN-3102"),
        ("交易所经办 停牌\n结果: 不予受理 EXC-8025\n交易所经办 停牌, 理由 无", "SCN-3103"),
    ],
)
def test_what_does_not_go_as_told_stops_the_run(tmp_path: Path, story: str, number: str) -> None:
    folder = tmp_path / "told"
    shutil.copytree(STORY, folder)
    whole = (folder / "story.txt").read_text(encoding="utf-8")
    before = whole[: whole.index("步骤: 开市前公告竞价")]
    told = f"{before}步骤: 一\n    时间到 09:10\n    交易所经办 开市\n{story}\n"
    (folder / "story.txt").write_text(told, encoding="utf-8")
    run = runner.load(str(folder))
    with pytest.raises(Refused) as refused, packs.searching(*run.folder.packs):
        runner.run(f"sqlite:///{tmp_path}/told.db", run)
    assert number in f"{refused.value.refusal.code} {refused.value.refusal.facts}"
