"""`tanshu audit`: the second opinion that follows the log, what it remembers, the accounts it stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.clock import shanghai_text
from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.cli import output
from tanshu.cli.border import AUDIT_FAILED
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import BAD, GOOD, WEAK, Chip, Facts, Line, Part, Reply, Table, text_column
from tanshu.cli.progress import progress
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from tanshu.audit.follow import Follower, Round
    from tanshu.audit.memory import Known, Memory
    from tanshu.book.commit import Answer

STATE = Path("tanshu-audit.state")
SHOWN = 50
"""Findings shown to people at once."""

app = group("稽核:独立跟随日志、封停账户 · the second opinion: follow the log, block accounts")

StateOption = Annotated[
    Path, typer.Option(metavar="FILE", help="稽核方自己的状态文件 · the follower's own memory")
]

FINDINGS = (
    text_column("日志序号", "entry"),
    text_column("编号", "code"),
    text_column("账户", "accounts"),
    text_column("问题", "what", fold=True),
)
BLOCKS = (
    text_column("账户", "account"),
    text_column("稽核发现", "finding"),
    text_column("封停人", "blocked by"),
    text_column("封停", "entry"),
    text_column("申请解除", "end asked by"),
    text_column("事由", "why", fold=True),
    text_column("解除", "ended by"),
)


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="audit")


@command(
    app, "follow", "跟随日志,逐条稽核并对账 · follow the log: judge every entry, reconcile", may_write=True
)
def follow(
    door: Door,
    state: StateOption = STATE,
    every: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="每隔多少秒一轮 · a round so often")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="跟到最新即止(默认)· catch up and end")] = False,
    rounds: Annotated[int | None, typer.Option(metavar="N", help="最多 N 轮 · at most N rounds")] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="发现逐行追加为 JSON · add findings, JSON lines")
    ] = None,
    block: Annotated[
        bool, typer.Option("--block", help="封停不符的账户,须 --as · block accounts that disagree")
    ] = False,
    block_system: Annotated[
        bool, typer.Option("--block-system", help="系统账户也封停 · sources and sinks, too")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="忘掉过去,从第 0 条起 · begin anew at 0")] = False,
) -> Reply:
    """Exit code 3 when anything was found in these rounds, or still stands."""
    from tanshu.audit import checks
    from tanshu.audit.follow import Follower, Orders
    from tanshu.base.database import Database

    if block and not door.actor:
        raise Refused(checks.NOBODY_BLOCKS(field="as"))
    orders = Orders(report, door.actor if block else "", block_system)
    most = 1 if once or every is None else rounds
    database = Database.open(door.url)
    try:
        follower = Follower.at(database, state, orders, fresh=fresh)
        return _rounds(door, follower, every or 0.0, most)
    finally:
        database.close()


def _rounds(door: Door, follower: Follower, every: float, most: int | None) -> Reply:
    """Round after round until there were `most`, or somebody presses Ctrl-C; each is shown when done."""
    done = _round(door, follower)
    code = 0 if done.ok else AUDIT_FAILED
    if most == 1:
        return Reply(_round_json(done), _round_parts(door, done), code)
    _show(door, done)
    try:
        for _ in range(most - 1) if most is not None else count():
            time.sleep(every)
            done = _round(door, follower)
            code = code if done.ok else AUDIT_FAILED
            _show(door, done)
    except KeyboardInterrupt:
        pass
    raise typer.Exit(code)


def _round(door: Door, follower: Follower) -> Round:
    title = Text("稽核", "auditing").in_(door.lang)
    with progress(title) as tick:
        return follower.round(lambda at, _newest: tick(at))


def _show(door: Door, done: Round) -> None:
    """One round of many: a line of JSON, or what people read."""
    if door.as_json:
        print(json.dumps(_round_json(done), ensure_ascii=False), flush=True)
    else:
        output.show_parts(_round_parts(door, done), door.lang)


def _round_parts(door: Door, done: Round) -> list[Part]:
    judged = Text(
        f"新增 {done.entries} 条、业务 {done.transactions} 笔",
        f"{done.entries} entries, {done.transactions} transactions",
    )
    if not done.sound:
        verdict = Text("日志本身不可信", "the log itself is wrong")
    elif done.found:
        verdict = Text(f"新发现 {len(done.found)} 项", f"{len(done.found)} findings")
    elif done.standing:
        verdict = Text(f"{done.standing} 项发现仍未消除", f"{done.standing} findings still stand")
    else:
        verdict = Text("无不符", "nothing disagrees")
    line = Text(
        f"第 {done.n} 轮 · 至第 {done.seq} 条 {done.hash[:16]} · {judged.zh} · {verdict.zh}",
        f"round {done.n} · up to entry {done.seq} {done.hash[:16]} · {judged.en} · {verdict.en}",
    )
    parts: list[Part] = [Line(line, GOOD if done.ok else "bold red")]
    if done.found:
        parts += _findings(door, done.found)
    if done.blocked:
        stopped = ", ".join(done.blocked)
        parts.append(Line(Text(f"已封停:{stopped}", f"blocked: {stopped}"), "bold red"))
    for account, why in done.spared:
        parts.append(Line(Text(f"未封停 {account}:{why}", f"not blocked {account}: {why}"), "bold yellow"))
    return parts


def _findings(door: Door, found: Sequence[Known]) -> list[Part]:
    """The first of them; whoever has more looks at the cause, or into the report."""
    rows = [
        (
            one.entry,
            one.code,
            one.accounts,
            one.zh if door.lang == "zh" else one.en,
        )
        for one in found[:SHOWN]
    ]
    table = Table(FINDINGS, rows, Text("稽核发现", "findings"))
    more = len(found) - SHOWN
    rest = [Line(Text(f"另有 {more} 项", f"and {more} more"), WEAK)] if more > 0 else []
    return [table, *rest]


def _round_json(done: Round) -> dict[str, object]:
    return {
        "ok": done.ok,
        "round": done.n,
        "log_seq": done.seq,
        "log_hash": done.hash,
        "entries": done.entries,
        "records": done.records,
        "transactions": done.transactions,
        "findings": [vars(one) for one in done.found],
        "standing": done.standing,
        "sound": done.sound,
        "blocked": list(done.blocked),
        "not_blocked": [{"account": account, "why": why} for account, why in done.spared],
        "seconds": round(done.seconds, 3),
    }


# -- what it remembers -------------------------------------------------------------------------------------


@command(app, "status", "稽核进度与历来发现 · how far the follower is, and what it has found")
def status(door: Door, state: StateOption = STATE) -> Reply:
    """Exit code 3 while something stands, or the log itself was found wrong."""
    from tanshu.audit import memory
    from tanshu.log import store

    kept = memory.load(state)
    beat = int(state.stat().st_mtime * 1_000_000_000)
    with door.reading() as (conn, _):
        newest = store.tail(conn, kept.log)
    lag = None if newest is None else newest[0] - kept.judge.tail.seq
    data = _status_json(kept, beat, lag)
    standing = kept.open()
    facts = Facts(
        (
            (Text("账簿", "book"), kept.book),
            (Text("上一轮", "last round"), shanghai_text(beat)),
            (Text("轮次", "rounds"), kept.rounds),
            (Text("已稽核至", "judged up to entry"), str(kept.judge.tail.seq)),
            (Text("哈希", "hash"), kept.judge.tail.hash.hex()),
            (Text("落后条数", "entries behind"), lag),
            (Text("业务", "transactions"), kept.judge.business.transactions),
            (Text("历来发现", "findings so far"), kept.ever),
            (Text("尚未消除", "still standing"), Chip(len(standing), BAD if standing else GOOD)),
            (Text("日志可信", "log sound"), kept.judge.sound),
        )
    )
    parts: list[Part] = [facts]
    if kept.found:
        parts += _findings(door, kept.found[-SHOWN:])
    good = kept.judge.sound and not standing
    return Reply(data, parts, 0 if good else AUDIT_FAILED)


def _status_json(kept: Memory, beat: int, lag: int | None) -> dict[str, object]:
    return {
        "book": kept.book,
        "last_round": shanghai_text(beat),
        "rounds": kept.rounds,
        "log_seq": kept.judge.tail.seq,
        "log_hash": kept.judge.tail.hash.hex(),
        "lag": lag,
        "transactions": kept.judge.business.transactions,
        "sound": kept.judge.sound,
        "findings_so_far": kept.ever,
        "standing": [one.id for one in kept.open()],
        "findings": [vars(one) for one in kept.found],
    }


# -- blocked accounts --------------------------------------------------------------------------------------


@command(app, "block", "封停账户(稽核人员一人即可)· block an account: one auditor", writes=True)
def block(
    door: Door,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="账户号 · account code")],
    finding: Annotated[str, typer.Option(metavar="AUD-NNNN", help="稽核发现编号 · number of the finding")],
    seq: Annotated[int | None, typer.Option(help="所涉日志序号 · the entry it concerns")] = None,
    block_system: Annotated[
        bool, typer.Option("--block-system", help="系统账户也封停 · even a source or sink")
    ] = False,
) -> Reply:
    """The account neither gives nor receives until two people of the registry let it."""
    from tanshu.parties.blocking import block as verb
    from tanshu.parties.model import Block

    command = Block(account, finding, seq, door.reason, system=block_system)
    answer, key = door.do(verb, command)
    return accepted(answer, key, *_state_of(answer))


@command(app, "unblock", "解除封停,须两人 · end a block: a maker asks, a checker grants", writes=True)
def unblock(
    door: Door,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="账户号 · account code")],
) -> Reply:
    """The first call asks and needs --reason; the second, by somebody else, grants."""
    from tanshu.parties.blocking import unblock as verb
    from tanshu.parties.model import Unblock

    answer, key = door.do(verb, Unblock(account))
    return accepted(answer, key, *_state_of(answer))


@command(app, "blocks", "封停的账户 · the accounts that are blocked")
def blocks(
    door: Door,
    ended: Annotated[bool, typer.Option("--ended", help="含已解除的 · those that ended, too")] = False,
) -> Reply:
    """Who stopped which account over what, and how far its end has come."""
    from tanshu.parties import blocking

    with door.reading() as (conn, _):
        found = [dict(row._mapping) for row in blocking.blocks(conn, ended=ended)]
    rows = [
        (
            one["code"],
            one["finding"],
            one["person"],
            str(one["seq"]),
            one["asked_by"],
            one["asked_why"],
            one["ended_by"],
        )
        for one in found
    ]
    in_all = Line(Text(f"共 {len(found)} 项", f"{len(found)} in all"), WEAK)
    return Reply({"blocks": found}, (Table(BLOCKS, rows), in_all))


def _state_of(answer: Answer) -> tuple[tuple[Text, object], ...]:
    from tanshu.parties.model import STATE_LABELS, AccountState

    state = STATE_LABELS[AccountState(answer["state"])]
    return (Text("账户", "account"), answer["account"]), (Text("状态", "state"), state)
