"""What a command that wrote something answers: its place in the log, its key, what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tanshu.base.text import Text
from tanshu.cli.output import GOOD, Chip, Facts, Notice, Part, Reply

if TYPE_CHECKING:
    from tanshu.book.commit import Answer

ACCEPTED = Text("已记入日志", "recorded")
REPEATED = Text("此前已办理,未重复记入", "done before; not done twice")


def accepted(answer: Answer, key: bytes, *rows: tuple[Text, object], parts: Sequence[Part] = ()) -> Reply:
    """One accepted command. rows: what to tell a person about it."""
    data = {"seq": answer.seq, "repeated": answer.repeated, "key": key.hex(), **answer.data}
    facts = Facts(
        (
            (
                Text("结果", "result"),
                Chip(REPEATED if answer.repeated else ACCEPTED, "yellow" if answer.repeated else GOOD),
            ),
            (Text("日志序号", "log seq"), str(answer.seq)),
            *rows,
            (Text("幂等键", "key"), key.hex()),
        )
    )
    return Reply(data, (*watermarks(answer.data), facts, *parts))


def watermarks(data: Mapping[str, object]) -> list[Part]:
    """The watermark an answer carries: nobody may overlook that a draft was used."""
    mark = data.get("watermark")
    return [Notice(Text(str(mark["zh"]), str(mark["en"])))] if isinstance(mark, Mapping) else []


def next_step(data: Mapping[str, object]) -> object:
    """Who has to act next on a transaction, in words; None when nobody has."""
    from tanshu.rules.terms import ACTS

    step = data.get("next")
    if not isinstance(step, Mapping):
        return None
    act, who = ACTS[str(step["act"])], step["organisation"] or step["by"]
    at = f"{step['step']}/{step['of']}"
    return Text(f"第 {at} 步,{who} {act.zh}", f"step {at}: {who} to {act.en}")
