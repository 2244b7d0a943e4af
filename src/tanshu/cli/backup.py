"""`tanshu backup`, `tanshu backup verify`, `tanshu restore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from tanshu.base.clock import shanghai_text
from tanshu.base.text import Text
from tanshu.cli.border import REFUSED, shown_url
from tanshu.cli.door import Door, command, remember
from tanshu.cli.output import (
    BAD,
    GOOD,
    Chip,
    Facts,
    Line,
    Notice,
    Part,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.progress import progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from tanshu.backup.markets import MarketKept
    from tanshu.backup.verify import Standing

MAKE = "make"
FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="备份目录 · the backup's folder")]

STANDINGS = {
    "same": Chip(Text("数据库与备份一致", "database and backup are alike"), GOOD),
    "ahead": Chip(Text("数据库在备份之后又有新记录", "the database has gone on since the backup"), GOOD),
    "behind": Chip(Text("数据库丢失了最新的记录", "the database has lost its newest entries"), BAD),
    "forked": Chip(Text("数据库与备份已分叉", "database and backup have forked"), BAD),
    "other": Chip(Text("数据库中不是这个账簿", "the database holds another book, or none"), BAD),
}
MARKETS = (
    text_column("市场", "market"),
    text_column("日志", "log"),
    number_column("条目", "entries"),
    text_column("最新序号", "newest"),
    text_column("最新哈希", "hash"),
    number_column("未含", "left out"),
)
TABLES = (text_column("表", "table"), number_column("行", "rows"))


class _MakeIsMeant(TyperGroup):
    """`tanshu backup DIR` means `tanshu backup make DIR`; a folder named like a command is `./verify`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args and not any(arg in self.commands or arg == "--help" for arg in args):
            args = [MAKE, *args]
        return super().parse_args(ctx, args)


HELP = "备份:tanshu backup DIR · back up the book: tanshu backup DIR"
app = typer.Typer(cls=_MakeIsMeant, help=HELP, no_args_is_help=True)
app.callback()(remember)


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="backup")
    command(root, "restore", "从备份恢复到空数据库 · restore a backup into an empty database")(restore)


@command(app, MAKE, "备份新增的日志,可在线运行 · back up what is new; writers go on")
def make(
    door: Door,
    folder: FolderArgument,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="连同证明所用的秘密 · with the secret of the proofs, too")
    ] = False,
) -> Reply:
    """Running it again adds what is new since."""
    from tanshu.backup import back_up

    title = Text("备份", "backing up").in_(door.lang)
    with door.reading() as (conn, book), progress(title, _entries(conn)) as tick:
        made = back_up(book.database, folder, secrets=with_secrets, progress=lambda seq, _: tick(seq + 1))
    data = {
        "folder": str(folder),
        "book": made.book,
        "new_entries": made.entries,
        "new_segments": made.segments,
        "log_seq": made.seq,
        "log_hash": made.hash.hex(),
        "time": shanghai_text(made.time_ns),
        "bytes": made.size,
        "kept": made.kept,
        "markets": [one.as_json() for one in made.markets],
    }
    facts = Facts(
        (
            (Text("目录", "folder"), str(folder)),
            (Text("账簿", "book"), made.book),
            (Text("新增条目", "new entries"), made.entries),
            *_newest(made.seq, made.hash, made.time_ns),
            (Text("备份大小(字节)", "bytes of the backup"), made.size),
            (Text("签名的检查点", "signed checkpoints"), made.kept["public"]),
            (Text("秘密", "secrets"), made.kept["secret"] or None),
        )
    )
    return Reply(data, (facts, *_markets(made.markets), Line(Text("备份完成", "backed up"), "bold green")))


@command(app, "verify", "核验备份,不需要数据库 · verify a backup without any database")
def verify(
    door: Door,
    folder: FolderArgument,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="并与数据库比较:有无丢失或分叉 · compare with the database, too"),
    ] = False,
) -> Reply:
    """Every hash, link, result code and row once more. Exit code 1 where the database has lost entries."""
    from tanshu.backup import verify as verified_from

    with progress(Text("核验", "verifying").in_(door.lang), _kept(folder)) as tick:
        found = verified_from(folder, lambda seq, _: tick(seq + 1))
    standing = _standing(door, folder) if compare else None
    data = {
        "folder": str(folder),
        "book": found.book,
        "segments": found.segments,
        "entries": found.entries,
        "records": found.records,
        "log_seq": found.seq,
        "log_hash": found.hash.hex(),
        "time": shanghai_text(found.time_ns),
        "state_digest": found.state.hex(),
        "tables": found.tables,
        "kept": found.kept,
        "bytes": found.size,
        "markets": [one.as_json() for one in found.markets],
        "database": _standing_json(standing) if standing else None,
    }
    facts = Facts(
        (
            (Text("目录", "folder"), str(folder)),
            (Text("账簿", "book"), found.book),
            (Text("日志条目", "entries"), found.entries),
            (Text("账簿记录", "records"), found.records),
            *_newest(found.seq, found.hash, found.time_ns),
            (Text("签名的检查点", "signed checkpoints"), found.kept["public"]),
            (Text("备份大小(字节)", "bytes of the backup"), found.size),
        )
    )
    parts: list[Part] = [facts, *_markets(found.markets), _tables(found.tables)]
    parts.append(Line(Text("备份完好", "the backup is sound"), "bold green"))
    if standing:
        parts.append(_standing_facts(door, standing))
    lost = standing is not None and not standing.is_good
    return Reply(data, parts, REFUSED if lost else 0)


def restore(
    door: Door,
    folder: FolderArgument,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="MOMENT", help="恢复到 seq:N 或 日期 · up to seq:N or a date"),
    ] = None,
    to_hash: Annotated[
        str | None,
        typer.Option("--to-hash", metavar="HASH", help="恢复到此哈希的记录 · up to the entry with this hash"),
    ] = None,
) -> Reply:
    """A killed run goes on where it stopped; a database that is not empty is left alone."""
    from tanshu.backup import restore as restored_from

    with progress(Text("恢复", "restoring").in_(door.lang), _kept(folder)) as tick:
        done = restored_from(folder, door.url, to=to, to_hash=to_hash, progress=lambda seq, _: tick(seq + 1))
    data = {
        "folder": str(folder),
        "database": shown_url(door.url),
        "book": done.book,
        "entries": done.entries,
        "log_seq": done.seq,
        "log_hash": done.hash.hex(),
        "time": shanghai_text(done.time_ns),
        "left_out": done.left_out,
        "state_digest": done.state.hex(),
        "tables": done.tables,
        "kept": done.kept,
        "not_put_back": done.not_put_back,
        "markets": [one.as_json() for one in done.markets],
    }
    facts = Facts(
        (
            (Text("数据库", "database"), shown_url(door.url)),
            (Text("账簿", "book"), done.book),
            (Text("写入条目", "entries written"), done.entries),
            *_newest(done.seq, done.hash, done.time_ns),
            (Text("签名的检查点", "signed checkpoints"), done.kept["public"]),
            (Text("未恢复的检查点", "checkpoints not put back"), done.not_put_back),
        )
    )
    parts: list[Part] = [facts, *_markets(done.markets), _tables(done.tables)]
    parts.append(Line(Text("恢复完成,与备份逐项一致", "restored, and the same in everything"), "bold green"))
    if done.left_out:
        parts.append(Notice(_cut(done.seq, done.left_out)))
    return Reply(data, parts)


def _cut(seq: int, left_out: int) -> Text:
    return Text(
        f"恢复到第 {seq} 条,其后的 {left_out} 条没有恢复。在此数据库继续办理,账簿即与原来分叉。",
        f"Restored up to entry {seq}; the {left_out} entries after it are left out. "
        "Going on from here makes a book that forks from the first.",
    )


def _newest(seq: int, hash: bytes, time_ns: int) -> tuple[tuple[Text, object], ...]:
    return (
        (Text("最新序号", "log seq"), str(seq)),
        (Text("最新哈希", "log hash"), hash.hex()),
        (Text("最新时间", "its time"), shanghai_text(time_ns)),
    )


def _markets(kept: Sequence[MarketKept]) -> list[Table]:
    """Each market's own log; nothing where there is none."""
    rows = [
        (one.name, str(one.log), one.entries, str(one.seq), one.hash.hex()[:16], one.left_out) for one in kept
    ]
    return [Table(MARKETS, rows, Text("市场日志", "logs of markets"))] if kept else []


def _tables(tables: Mapping[str, int]) -> Table:
    return Table(TABLES, sorted(tables.items()))


def _entries(conn: Connection) -> int:
    """How many entries the log has."""
    from tanshu.log import store

    tail = store.tail(conn, store.REGISTRY_LOG)
    return tail[0] + 1 if tail else 0


def _kept(folder: Path) -> int:
    """How many entries the backup has."""
    from tanshu.backup.folder import Folder

    return Folder.open(folder).newest() + 1


def _standing(door: Door, folder: Path) -> Standing:
    from tanshu.backup import stands

    with door.reading() as (_, book):
        return stands(folder, book.database)


def _standing_json(standing: Standing) -> dict[str, object]:
    return {
        "standing": standing.how,
        "common_seq": standing.common,
        "backup_seq": standing.backup_seq,
        "database_seq": standing.database_seq,
        "market_log": standing.log or None,
    }


def _standing_facts(door: Door, standing: Standing) -> Facts:
    return Facts(
        (
            (Text("数据库", "database"), shown_url(door.url)),
            (Text("比较", "compared"), STANDINGS[standing.how]),
            (Text("所涉市场日志", "of the market log"), str(standing.log) if standing.log else None),
            (Text("最后相同的序号", "last entry alike"), str(standing.common)),
            (Text("备份到", "backup ends at"), str(standing.backup_seq)),
            (Text("数据库到", "database ends at"), str(standing.database_seq)),
        )
    )
