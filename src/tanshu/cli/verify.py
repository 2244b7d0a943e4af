"""`tanshu verify`: a proof, a checkpoint or a public log checked with a public key and nothing else.

It opens no database and no network, and imports next to nothing: an outsider runs it on a bare install.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.clock import shanghai_text
from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.cli.door import Door, command
from tanshu.cli.output import WEAK, Facts, Line, Part, Reply, Table, number_column, text_column

if TYPE_CHECKING:
    from tanshu.book.verify import Proven
    from tanshu.registry.claims import Claims, Holder, Movement, Side, Transaction

KINDS = {
    "holding": Text("持仓证明", "proof of a holding"),
    "transaction": Text("业务证明", "proof of a transaction"),
    "certificate": Text("登记证明", "certificate"),
    "consistency": Text("一致性证明", "proof of consistency"),
    "checkpoint": Text("检查点", "checkpoint"),
    "public-log": Text("公开日志", "public log"),
}
OPERATIONS = {
    "open_account": Text("开户", "open account"),
    "set_flags": Text("改账户标志", "set flags"),
    "define_instrument": Text("定义产品", "define instrument"),
    "transfer": Text("划转", "transfer"),
    "hold": Text("冻结", "hold"),
    "capture": Text("扣划", "capture"),
    "release": Text("解冻", "release"),
}
MOVEMENTS = (
    number_column("条目", "entry"),
    text_column("时间", "time"),
    text_column("操作", "operation"),
    text_column("产品", "instrument"),
    number_column("数量", "quantity"),
    text_column("转出", "from", fold=True),
    text_column("转入", "to", fold=True),
    text_column("序列号", "serial numbers", fold=True),
)


def add_to(app: typer.Typer) -> None:
    command(
        app, "verify", "核验证明、检查点或公开日志(离线) · check a proof, checkpoint or public log, offline"
    )(verify)


def verify(
    _door: Door,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="证明、检查点,或公开日志目录 · proof, checkpoint or folder")
    ],
    key: Annotated[
        list[str],
        typer.Option(
            "--key", metavar="KEY", help="验证密钥或其文件,可多个 · verifier key or its file; all must sign"
        ),
    ],
) -> Reply:
    """Exit code 1, with one sentence on what does not match, unless everything does."""
    from tanshu.book import proof_checks
    from tanshu.book import verify as checking
    from tanshu.log import keys

    trusted = [keys.verifier(one) for one in key]
    if file.is_dir():
        return _reply(checking.check_public_log(file, trusted))
    if file.stat().st_size > checking.FILE_BYTES_MAX:
        limit = checking.FILE_BYTES_MAX >> 20
        why = Text(f"大于 {limit} MB", f"it is larger than {limit} MB")
        raise Refused(proof_checks.NOT_A_PROOF(field="file", why=why))
    return _reply(checking.check(file.read_bytes(), trusted))


def _reply(proven: Proven) -> Reply:
    found = proven.checkpoint
    data: dict[str, Any] = {
        "ok": True,
        "kind": proven.kind,
        "origin": found.origin,
        "seq": found.seq,
        "time": shanghai_text(found.time_ns),
        "signers": proven.signers,
        "unchecked_signatures": proven.unchecked,
    }
    parts: list[Part] = [Line(Text("核验通过", "verified"), "bold green")]
    if proven.cell is not None:
        parts += _holding(proven, data)
    elif proven.entries:
        parts += _entries(proven, data)
    elif proven.earlier is not None:
        parts += _consistency(proven, data)
    else:
        parts += [Line(KINDS[proven.kind])]
    parts.append(_by_whom(proven))
    if proven.unchecked:
        others = ", ".join(proven.unchecked)
        parts.append(Line(Text(f"未核验的签名:{others}", f"signatures not checked: {others}"), WEAK))
    return Reply(data, parts)


def _by_whom(proven: Proven) -> Facts:
    found = proven.checkpoint
    roots = f"{found.root.hex()} / {found.state_root.hex()}"
    return Facts(
        (
            (Text("种类", "kind"), KINDS[proven.kind]),
            (Text("日志", "log"), found.origin),
            (Text("截至", "as of"), _when(found.seq, found.time_ns)),
            (Text("签署", "signed by"), ", ".join(proven.signers)),
            (Text("日志根/状态根", "log root/state root"), roots),
        )
    )


# -- what is proven, in words ------------------------------------------------------------------------------


def _holding(proven: Proven, data: dict[str, Any]) -> list[Part]:
    cell, found = proven.cell, proven.checkpoint
    assert cell is not None
    data["holding"] = {**cell, "serials": proven.serials}
    who = f"{cell['name']} ({cell['holder']})" if cell["holder"] else Text("(未具名)", "(unnamed)")
    said = Text(
        f"截至第 {found.seq} 条记录({shanghai_text(found.time_ns)}),该账户确有下列持仓。",
        f"As of entry {found.seq} ({shanghai_text(found.time_ns)}) the account held this.",
    )
    rows: list[tuple[Text, object]] = [
        (Text("持有人", "holder"), who),
        (Text("账户", "account"), cell["account"]),
        (Text("产品", "instrument"), cell["instrument"]),
        (Text("可用", "available"), _quantity(cell["available"], cell["scale"])),
        (Text("冻结", "held"), _quantity(cell["held"], cell["scale"])),
    ]
    if proven.serials is not None:
        for name, label in (
            ("available", Text("可用序列号", "available units")),
            ("held", Text("冻结序列号", "held units")),
        ):
            rows.append((label, _numbers(cell["instrument"], proven.serials[name])))
    return [Line(said), Facts(tuple(rows))]


def _entries(proven: Proven, data: dict[str, Any]) -> list[Part]:
    from tanshu.registry import claims

    read = claims.read(proven)
    data |= {
        "transaction": _transaction_json(read.transaction) if read.transaction else None,
        "movements": [_movement_json(one) for one in read.movements],
        "entries": [
            {
                "seq": one.seq,
                "time": shanghai_text(one.time_ns),
                "hash": one.hash,
                "records_shown": len(one.records),
                "records": one.record_count,
            }
            for one in proven.entries
        ],
    }
    rows = [
        (
            str(one.seq),
            shanghai_text(one.time_ns),
            OPERATIONS.get(one.operation, one.operation),
            one.instrument,
            _quantity(one.quantity, one.scale),
            _side(one.debit) if one.debit else None,
            _side(one.credit) if one.credit else None,
            _numbers(one.instrument or "", one.numbers),
        )
        for one in read.movements
    ]
    return [*_transaction(read), Table(MOVEMENTS, rows), Line(_how_much_is_shown(proven), WEAK)]


def _how_much_is_shown(proven: Proven) -> Text:
    """Each entry with records in this proof: how many of all. The others stay under their salt."""
    shown = [(one.seq, len(one.records), one.record_count) for one in proven.entries if one.records]
    return Text(
        ";".join(f"第 {seq} 条共 {count} 笔,示出 {n} 笔" for seq, n, count in shown),
        "; ".join(f"entry {seq}: {n} of its {count} records shown" for seq, n, count in shown),
    )


def _transaction(read: Claims) -> list[Part]:
    from tanshu.registry.claims import STATES, TYPES

    found = read.transaction
    if found is None:
        return [Line(Text("日志中确有下列记录。", "The log holds these records."))]
    state = STATES.get(found.state, found.state)
    ended = _when(found.ended_seq, found.ended_ns) if found.ended_seq is not None else None
    return [
        Line(Text("日志中确有下列业务。", "The log holds this transaction.")),
        Facts(
            (
                (Text("业务", "transaction"), found.id),
                (Text("类型", "type"), TYPES.get(found.type, found.type)),
                (Text("主体", "subject"), _holder(found.subject)),
                (Text("履约年度", "compliance year"), str(found.year) if found.year else None),
                (Text("申请", "proposed"), _when(found.proposed_seq, found.proposed_ns)),
                (Text("状态", "state"), state),
                (Text("结束", "ended"), ended),
            )
        ),
    ]


def _consistency(proven: Proven, data: dict[str, Any]) -> list[Part]:
    first, second = proven.earlier, proven.checkpoint
    assert first is not None
    data["earlier"] = {"seq": first.seq, "time": shanghai_text(first.time_ns)}
    said = Text(
        f"第 {first.seq} 条的检查点所签的日志,正是第 {second.seq} 条检查点所签日志的开头:其间只增未改。",
        f"The log signed at entry {first.seq} is how the one of entry {second.seq} begins: it only grew.",
    )
    return [Line(said)]


def _when(seq: int | None, time_ns: int | None) -> Text:
    at = shanghai_text(time_ns or 0)
    return Text(f"第 {seq} 条记录,{at}(上海)", f"entry {seq}, {at} (Shanghai)")


def _holder(holder: Holder) -> str:
    return f"{holder.name} ({holder.handle})" if holder.handle else holder.name


def _side(side: Side) -> str:
    return f"{side.account} {_holder(side.holder)}".strip()


def _quantity(value: int, scale: int) -> object:
    return Decimal(value).scaleb(-scale) if scale else value


def _numbers(instrument: str, ranges: Sequence[Sequence[int]]) -> str:
    return ", ".join(f"{instrument}-{first}-{last}" for first, last in ranges)


def _transaction_json(found: Transaction) -> dict[str, object]:
    return {
        "id": found.id,
        "type": found.type,
        "state": found.state,
        "year": found.year,
        "subject": _holder_json(found.subject),
        "proposed_seq": found.proposed_seq,
        "proposed": shanghai_text(found.proposed_ns),
        "ended_seq": found.ended_seq,
        "ended": shanghai_text(found.ended_ns) if found.ended_ns is not None else None,
    }


def _movement_json(one: Movement) -> dict[str, object]:
    return {
        "seq": one.seq,
        "time": shanghai_text(one.time_ns),
        "operation": one.operation,
        "instrument": one.instrument,
        "scale": one.scale,
        "quantity": one.quantity,
        "debit": _side_json(one.debit) if one.debit else None,
        "credit": _side_json(one.credit) if one.credit else None,
        "serials": [list(pair) for pair in one.numbers],
    }


def _side_json(side: Side) -> dict[str, object]:
    return {"account": side.account, **_holder_json(side.holder)}


def _holder_json(holder: Holder) -> dict[str, object]:
    return {"holder": holder.handle, "name": holder.name}
