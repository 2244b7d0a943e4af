"""`tanshu book`: the audit, the log, its figures."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.clock import shanghai_text
from tanshu.base.text import Text
from tanshu.cli.border import AUDIT_FAILED, complain, shown_url
from tanshu.cli.door import Door, command, group
from tanshu.cli.holdings import quantity
from tanshu.cli.output import (
    BAD,
    GOOD,
    WEAK,
    Chip,
    Facts,
    Line,
    Part,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.progress import progress

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.base.database import Database
    from tanshu.base.refusal import Refusal
    from tanshu.log.entry import Entry
    from tanshu.log.note import Note

app = group("账簿:审计、日志、统计 · the book: audit, log, figures")

FINDINGS = (
    text_column("日志序号", "entry"),
    text_column("编号", "code"),
    text_column("问题", "what", fold=True),
)
MARKETS = (
    text_column("市场", "market"),
    text_column("日志", "log"),
    number_column("条目", "entries"),
    number_column("记录", "records"),
    number_column("成交", "trades"),
    text_column("最新哈希", "hash"),
)
ENTRIES = (
    number_column("序号", "seq"),
    text_column("时间", "time"),
    text_column("经办人", "actor"),
    text_column("命令", "command"),
    number_column("记录", "records"),
    text_column("哈希", "hash"),
)
RECORDS = (
    number_column("#", "#"),
    text_column("操作", "operation"),
    text_column("产品", "instrument"),
    text_column("转出", "debit"),
    text_column("转入", "credit"),
    number_column("数量", "amount"),
    text_column("冻结", "hold"),
    text_column("业务类型", "tag"),
    text_column("相连", "linked"),
    text_column("结果码", "result"),
)
INSTRUMENTS = (
    text_column("产品", "instrument"),
    number_column("流通量", "outstanding"),
    number_column("冻结", "held"),
    number_column("全部账户合计", "sum over all accounts"),
)


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="book")


@command(app, "audit", "审计:用参照内核重放全部日志 · replay the whole log and compare")
def audit(
    door: Door,
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", metavar="FILE", help="须符合此检查点 · must agree with it")
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option("--key", metavar="KEY", help="检查点的验证密钥 · who must have signed")
    ] = None,
) -> Reply:
    """Exit code 3, naming the first bad entry, when anything is wrong.

    A log whose newest entries were cut off is sound in itself; a checkpoint signed before tells.
    """
    from tanshu import audit as auditor
    from tanshu.base.database import Database
    from tanshu.log import store

    signed = _signed(door, checkpoint, key or []) if checkpoint is not None else None
    database = Database.open(door.url)
    try:
        title = Text("审计", "auditing").in_(door.lang)
        with progress(title) as tick:
            report = auditor.run(database, store.REGISTRY_LOG, tick)
        if signed is not None and (refused := _contradiction(database, signed)):
            report = replace(report, findings=(*report.findings, auditor.Finding(None, refused)))
    finally:
        database.close()
    facts = Facts(
        (
            (Text("数据库", "database"), shown_url(door.url)),
            (Text("日志条目", "entries"), report.entries),
            (Text("账簿记录", "records"), report.records),
            (Text("账户", "accounts"), report.accounts),
            (Text("产品", "instruments"), report.instruments),
            (Text("核对的余额", "cells compared"), report.cells),
            (Text("核对的冻结", "holds compared"), report.holds),
            (Text("按规则复核的业务", "transactions judged"), report.transactions),
            (Text("核对的表行", "rows compared"), report.rows),
            (Text("守恒", "conservation"), _conservation(report.conservation)),
            (Text("最新序号", "log seq"), str(report.log_seq)),
            (Text("最新哈希", "log hash"), report.log_hash),
            (Text("用时(秒)", "seconds"), f"{report.seconds:.2f}"),
        )
    )
    parts: list[Part] = [facts]
    if report.markets:
        judged = [(m.name, str(m.log), m.entries, m.records, m.trades, m.hash[:16]) for m in report.markets]
        parts.append(Table(MARKETS, judged, Text("市场日志", "logs of markets")))
    if report.findings:
        rows = [(one.entry, one.what.code, one.sentence(door.lang)) for one in report.findings]
        parts.append(Table(FINDINGS, rows, Text("发现的问题", "findings")))
        first = report.findings[0]
        at = first.entry or "—"
        said = Text(
            f"审计未通过:首个问题在第 {at} 条 ({first.what.code})",
            f"audit failed: the first finding is at entry {at} ({first.what.code})",
        )
        parts.append(Line(said, "bold red"))
    else:
        parts.append(Line(Text("审计通过", "audit passed"), "bold green"))
    return Reply(report.as_json(), parts, 0 if report.ok else AUDIT_FAILED)


@command(app, "log", "日志 · the log, or one entry decoded")
def log(
    door: Door,
    seq: Annotated[
        int | None, typer.Argument(metavar="[SEQ]", help="序号:解读该条 · decode this entry")
    ] = None,
    start: Annotated[
        int | None, typer.Option("--from", metavar="N", help="自序号 N 起 · from entry N")
    ] = None,
    limit: Annotated[int, typer.Option(help="条数 · how many")] = 20,
) -> Reply:
    """Without --from: the newest `limit` entries."""
    from tanshu.log import store

    with door.reading() as (conn, _):
        tail = store.tail(conn, store.REGISTRY_LOG)
        assert tail is not None, "reading() has seen a genesis entry"
        if seq is not None:
            return _one_entry(conn, seq, tail[0])
        first = max(0, tail[0] - limit + 1) if start is None else start
        last = min(tail[0], first + limit - 1)
        entries = list(store.read(conn, store.REGISTRY_LOG, after=first - 1, upto=last))
    rows = [
        (str(e.seq), shanghai_text(e.time_ns), e.actor, e.command, len(e.results), e.hash.hex()[:16])
        for e in entries
    ]
    data = {"newest": tail[0], "entries": [_entry_json(e) for e in entries]}
    count = Line(Text(f"最新序号 {tail[0]}", f"newest entry {tail[0]}"), WEAK)
    return Reply(data, (Table(ENTRIES, rows), count))


@command(app, "stats", "账簿统计 · figures of the book")
def stats(door: Door) -> Reply:
    """What the log and the book hold."""
    from tanshu.log import store
    from tanshu.registry import queries as registry

    with door.reading() as (conn, book):
        commands: Counter[str] = Counter()
        records = size = 0
        first: Entry | None = None
        for entry in store.read(conn, store.REGISTRY_LOG):
            first = first or entry
            commands[entry.command] += 1
            records += len(entry.results)
            size += len(entry.records)
        state = book.catch_up(conn)
        name = store.book_name(conn, store.REGISTRY_LOG)
        instruments = {one.number: one for one in registry.instruments(conn)}
    assert first is not None, "an open book has a genesis entry"
    sums, tail = state.sums(), book.tail
    cells, holds = list(state.cells()), list(state.holds())
    held = {number: sum(hold.remaining for hold in holds if hold.instrument == number) for number in sums}
    data = {
        "book": name,
        "entries": tail.seq + 1,
        "records": records,
        "record_bytes": size,
        "first": shanghai_text(first.time_ns),
        "last": shanghai_text(tail.time_ns),
        "log_seq": tail.seq,
        "log_hash": tail.hash.hex(),
        "accounts": state.accounts,
        "instruments": {
            one.code: {
                "outstanding": state.instrument_facts(number)[3],
                "held": held[number],
                "sum": sums[number],
            }
            for number, one in instruments.items()
        },
        "cells": len(cells),
        "holds": len(holds),
        "commands": dict(commands.most_common()),
    }
    facts = Facts(
        (
            (Text("账簿", "book"), name),
            (Text("日志条目", "entries"), data["entries"]),
            (Text("账簿记录", "records"), records),
            (Text("首条", "first"), data["first"]),
            (Text("末条", "last"), data["last"]),
            (Text("最新哈希", "log hash"), data["log_hash"]),
            (Text("账户", "accounts"), state.accounts),
            (Text("非零余额", "cells"), len(cells)),
            (Text("未结冻结", "open holds"), len(holds)),
        )
    )
    rows = [
        (
            one.code,
            quantity(state.instrument_facts(number)[3], one.scale),
            quantity(held[number], one.scale),
            Chip(sums[number], GOOD if not sums[number] else BAD),
        )
        for number, one in instruments.items()
    ]
    by_command = Table(
        (text_column("命令", "command"), number_column("条目", "entries")), commands.most_common()
    )
    return Reply(data, (facts, Table(INSTRUMENTS, rows), by_command))


def _signed(door: Door, path: Path, keys: list[str]) -> Note:
    """The checkpoint in a file, signed by all of these keys. Raises Refused PROOF-1006 to 1009."""
    from tanshu.log import checkpoint, note
    from tanshu.log import keys as key_files

    if not keys:
        raise complain(door.lang, "--checkpoint 需要 --key", "--checkpoint needs --key")
    signed = note.parse(path.read_bytes().decode(errors="replace"))
    note.check(signed, [key_files.verifier(one) for one in keys])
    checkpoint.parse(signed.text)
    return signed


def _contradiction(database: Database, signed: Note) -> Refusal | None:
    """Why the log cannot be the one of which this checkpoint was signed."""
    from tanshu.book import checkpoints
    from tanshu.log import store

    with database.read() as conn:
        return checkpoints.contradiction(conn, store.REGISTRY_LOG, signed)


# -- one entry ---------------------------------------------------------------------------------------------


def _one_entry(conn: Connection, seq: int, newest: int) -> Reply:
    """Header, answer and records of one entry, with codes for numbers."""
    from tanshu.base.refusal import Refused
    from tanshu.cli import checks
    from tanshu.log import store
    from tanshu.log.entry import is_intact
    from tanshu.parties import queries as parties
    from tanshu.registry import queries as registry

    entry = next(iter(store.read(conn, store.REGISTRY_LOG, after=seq - 1, upto=seq)), None)
    if entry is None or seq < 0:
        raise Refused(checks.NO_ENTRY(field="seq", seq=seq, newest=newest))
    answer = json.loads(store.answers(conn, store.REGISTRY_LOG, seq - 1, seq)[seq])
    accounts = {one.number: one.code for one in parties.accounts(conn)}
    instruments = {one.number: one.code for one in registry.instruments(conn)}
    decoded = _decoded(entry, accounts, instruments)
    intact = is_intact(entry)
    facts = Facts(
        (
            (Text("序号", "seq"), str(entry.seq)),
            (Text("时间", "time"), shanghai_text(entry.time_ns)),
            (Text("经办人", "actor"), entry.actor),
            (Text("命令", "command"), entry.command),
            (Text("引擎/纪元", "engine/era"), f"{entry.engine}/{entry.era}"),
            (Text("幂等键", "key"), entry.key.hex()),
            (Text("内容哈希", "body hash"), entry.body_hash.hex()),
            (Text("答复哈希", "answer hash"), entry.answer_hash.hex()),
            (Text("前一哈希", "previous hash"), entry.prev_hash.hex()),
            (Text("哈希", "hash"), Chip(entry.hash.hex(), GOOD if intact else BAD)),
            (Text("答复", "answer"), json.dumps(answer, ensure_ascii=False)),
        )
    )
    rows = [tuple(_in_words(record).values()) for record in decoded]
    data = _entry_json(entry) | {"intact": intact, "answer": answer, "records": decoded}
    return Reply(data, (facts, Table(RECORDS, rows)))


def _decoded(entry: Entry, accounts: dict[int, str], instruments: dict[int, str]) -> list[dict[str, object]]:
    """The records with names for numbers; fields an operation does not use are None."""
    from tanshu.book.codes import Code
    from tanshu.book.records import LINKED, Op, decode
    from tanshu.registry.types import BY_NUMBER

    moves = (Op.TRANSFER, Op.HOLD, Op.CAPTURE, Op.RELEASE)
    receives = (Op.TRANSFER, Op.CAPTURE)
    found: list[dict[str, object]] = []
    for n, (record, result) in enumerate(zip(decode(entry.records), entry.results, strict=True)):
        op, tag = int(record["op"]), int(record["tag"])
        names_instrument = op in (*moves, Op.DEFINE_INSTRUMENT)
        debit = int(record["debit"])
        has_account = op in (*moves, Op.OPEN_ACCOUNT, Op.SET_FLAGS)
        found.append(
            {
                "n": n,
                "operation": Op(op).name.lower() if op in tuple(Op) else str(op),
                "instrument": instruments.get(int(record["instrument"])) if names_instrument else None,
                "debit": accounts.get(debit, f"#{debit}") if has_account else None,
                "credit": accounts.get(int(record["credit"])) if op in receives else None,
                "amount": int(record["amount"]),
                "hold": _position(int(record["hold"])) if record["hold"] else None,
                "tag": BY_NUMBER[tag].code if tag in BY_NUMBER else None,
                "linked": bool(int(record["flags"]) & LINKED),
                "result": Code(result).name if result in tuple(Code) else str(result),
            }
        )
    return found


def _in_words(record: dict[str, object]) -> dict[str, object]:
    """The record with the words people use for its operation and its transaction type."""
    from tanshu.book.records import Op
    from tanshu.cli.words import OPERATIONS
    from tanshu.registry.types import TYPES

    operations: dict[object, Text] = {op.name.lower(): OPERATIONS[op] for op in Op}
    names: dict[object, Text] = {code: one.name for code, one in TYPES.items()}
    operation, tag = record["operation"], record["tag"]
    return record | {"operation": operations.get(operation, operation), "tag": names.get(tag, tag)}


def _position(position: int) -> str:
    """Where a hold was made, as people read it: entry and record."""
    from tanshu.book.records import POSITION_BITS

    return f"{position >> POSITION_BITS}/{position & ((1 << POSITION_BITS) - 1)}"


def _entry_json(entry: Entry) -> dict[str, object]:
    return {
        "seq": entry.seq,
        "time": shanghai_text(entry.time_ns),
        "time_ns": entry.time_ns,
        "actor": entry.actor,
        "command": entry.command,
        "engine": entry.engine,
        "era": entry.era,
        "key": entry.key.hex(),
        "body_hash": entry.body_hash.hex(),
        "answer_hash": entry.answer_hash.hex(),
        "prev_hash": entry.prev_hash.hex(),
        "hash": entry.hash.hex(),
        "record_count": len(entry.results),
    }


def _conservation(sums: object) -> Chip:
    assert isinstance(sums, dict)
    broken = {number: total for number, total in sums.items() if total}
    if broken:
        return Chip(Text(f"产品合计不为零:{broken}", f"sums that are not zero: {broken}"), BAD)
    return Chip(Text(f"{len(sums)} 个产品的 Σ 均为 0", f"Σ = 0 for all {len(sums)} instruments"), GOOD)
