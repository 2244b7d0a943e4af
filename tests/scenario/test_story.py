"""Scenarios of kind "story": sentences become durable commands, and a queue is explained at the end."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tanshu.app import Installation
from tanshu.audit import walk
from tanshu.base.refusal import Refused
from tanshu.log import store
from tanshu.rules import packs
from tanshu.scenario import runner

STORY = Path(__file__).resolve().parents[2] / "scenarios" / "court-and-pledge"


class Stopped(Exception):
    """The test pulls the plug."""


def tail_hash(installation: Installation) -> str:
    with installation.database.read() as conn:
        tail = store.tail(conn, store.REGISTRY_LOG)
    assert tail
    return tail[2].hex()


def told(folder: Path, story: str, **changes: str) -> Path:
    """A copy of the story's folder with another story in it."""
    shutil.copytree(STORY, folder)
    (folder / "story.txt").write_text(story, encoding="utf-8")
    for old, new in changes.items():
        path = folder / "scenario.toml"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return folder


def test_two_banks_three_courts_and_a_deadline_end_as_the_rules_say(tmp_path: Path) -> None:
    run = runner.load(str(STORY))
    with packs.searching(*run.folder.packs):
        installation = runner.run(f"sqlite:///{tmp_path}/story.db", run)
        result = run.result(installation)
        assert list(walk.run(installation.database).findings) == []
    queue = [
        (one["class"], one["rank"], one["held"], one["ordered"]) for one in result.data["queues"][0]["claims"]
    ]
    assert queue == [
        ("court", 1, 260_000, 260_000),
        ("court", 2, 90_000, 90_000),
        ("pledge", 1, 200_000, 200_000),
        ("pledge", 2, 10_000, 200_000),
    ]
    assert [one["code"] for one in result.data["refused"]] == [
        "REG-5008",
        "REG-5004",
        "REG-2006",
        "REG-2006",
        "REG-2005",
    ]
    assert all(check.good for check in result.checks)
    installation.close()


@pytest.mark.parametrize("step", ["04-1", "07-1", "08"])
def test_a_stopped_story_goes_on_to_one_hash_on_both_databases(
    bare_url: str, tmp_path: Path, step: str
) -> None:
    run = runner.load(str(STORY))

    def watch(now: runner.Progress) -> None:
        if now.step == step and now.done:
            raise Stopped

    with packs.searching(*run.folder.packs):
        undisturbed = runner.run(f"sqlite:///{tmp_path}/whole.db", run)
        with pytest.raises(Stopped):
            runner.run(bare_url, run, watch=watch)
        resumed = runner.run(bare_url, runner.load(str(STORY)), resume=True)
        assert tail_hash(resumed) == tail_hash(undisturbed)
        resumed.close()
        undisturbed.close()


UNREADABLE = [
    ("步骤: 一\n    江岸热电 买入 EXA23", "SCN-3101"),
    ("江岸热电 持有 EXA23 5 吨", "SCN-3101"),
    ("步骤: 一\n    登记经办 定义 配额 EXA25 2025 年", "SCN-3104"),
    ("步骤: 一\n    登记经办 到期清理\n    结果: 不予受理 REG-4311", "SCN-3105"),
]


@pytest.mark.parametrize(("story", "code"), UNREADABLE)
def test_a_story_that_cannot_be_played_is_refused_before_it_begins(
    tmp_path: Path, story: str, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        runner.load(str(told(tmp_path / "story", story)))
    assert caught.value.refusal.code == code


UNPLAYABLE = [
    ("步骤: 一\n    某公司 持有 EXA23 5 吨", "SCN-3102"),
    ("步骤: 一\n    某人 到期清理", "SCN-3102"),
    ("步骤: 一\n    江岸热电经办 申请 自愿注销 EXA23 5 吨 从 某处", "SCN-3102"),
]


@pytest.mark.parametrize(("story", "code"), UNPLAYABLE)
def test_a_word_nobody_knows_is_named(tmp_path: Path, story: str, code: str) -> None:
    run = runner.load(str(told(tmp_path / "story", story)))
    with packs.searching(*run.folder.packs), pytest.raises(Refused) as caught:
        runner.run(f"sqlite:///{tmp_path}/story.db", run)
    assert caught.value.refusal.code == code


def test_a_sentence_that_is_not_refused_as_told_stops_the_story(tmp_path: Path) -> None:
    attempt = "江岸热电经办 申请 自愿注销 EXA23 5 吨\n    结果: 不予受理 REG-9999"
    story = f"步骤: 一\n    {attempt}\n    江岸热电 持有 EXA23 5 吨"
    run = runner.load(str(told(tmp_path / "story", story)))
    with packs.searching(*run.folder.packs), pytest.raises(Refused) as caught:
        runner.run(f"sqlite:///{tmp_path}/story.db", run)
    assert caught.value.refusal.code == "SCN-2004"
    assert "SCN-3103" in str(caught.value.refusal)
