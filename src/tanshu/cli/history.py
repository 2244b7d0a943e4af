"""`tanshu book movements | projections | rebuild | snapshot | era`: what a book's past is kept in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.clock import shanghai_text
from tanshu.base.refusal import Refused, need
from tanshu.base.text import Text
from tanshu.cli.border import AUDIT_FAILED
from tanshu.cli.door import Door, command
from tanshu.cli.holdings import quantity
from tanshu.cli.ledger import app as book_app
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
from tanshu.cli.stamps import notices, short_stamp
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from tanshu.book.movements import Movement
    from tanshu.book.projections import Projection
    from tanshu.registry.model import Instrument
    from tanshu.registry.settled import TradeName

MOVEMENTS = (
    text_column("时间", "time"),
    number_column("日志序号", "entry"),
    text_column("事项", "what", fold=True),
    text_column("对方账户", "counterparty"),
    text_column("产品", "instrument"),
    number_column("转入", "in"),
    number_column("转出", "out"),
    number_column("冻结增减", "held ±"),
    number_column("可用", "available"),
    number_column("冻结", "held"),
)
PROJECTIONS = (
    text_column("投影", "projection"),
    number_column("版本", "version"),
    number_column("已跟到", "followed to"),
    number_column("落后", "behind by"),
)
SNAPSHOTS = (
    number_column("日志序号", "entry"),
    text_column("时间", "time"),
    text_column("引擎/纪元", "engine/era"),
    number_column("字节", "bytes"),
    text_column("状态", "state", fold=True),
)
Moment = "seq:N|YYYY-MM-DD"


def add_to(_root: typer.Typer) -> None:
    """The commands stand in the group `book` (cli/ledger.py)."""
    for name, help, function in (
        ("movements", "账户明细:变动与余额 · a statement of account, with running balances", movements),
        ("projections", "投影:由日志派生的表及其进度 · tables that follow the log", projections),
        ("rebuild", "重建一个投影 · drop a projection and build it again", rebuild),
    ):
        command(book_app, name, help)(function)
    command(book_app, "snapshot", "快照:加快打开与回看 · snapshots: open and look back quickly")(snapshot)
    command(book_app, "era", "开始新纪元(程序升级后) · begin a new era after an upgrade", writes=True)(era)


# -- movements ---------------------------------------------------------------------------------------------


def movements(
    door: Door,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="账户 · account code")],
    instrument: Annotated[str, typer.Argument(metavar="[INSTRUMENT]", help="产品 · instrument")] = "",
    start: Annotated[str | None, typer.Option("--from", metavar=Moment, help="自 · from")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar=Moment, help="至(含) · up to and with")] = None,
    limit: Annotated[int, typer.Option(min=1, help="最多条数,取最新 · how many, the newest")] = 50,
) -> Reply:
    """Quantities are in the minor unit (1 t; 1 fen). What follows the log catches up first."""
    from tanshu.book import movements as book_movements
    from tanshu.book import projections as following
    from tanshu.book import queries
    from tanshu.parties import queries as parties
    from tanshu.registry import queries as registry
    from tanshu.registry import settled

    with door.reading() as (conn, book):
        whose = need(parties.account(conn, account))
        which = need(registry.instrument(conn, instrument)).number if instrument else None
        after = -1 if start is None else need(queries.before(conn, book.log, start))
        upto = None if end is None else need(queries.moment(conn, book.log, end, "to"))
        codes = {one.number: one.code for one in parties.accounts(conn)}
        instruments = {one.number: one for one in registry.instruments(conn)}
        mark = short_stamp(conn)
        with progress(Text("跟进日志", "following the log").in_(door.lang)) as tick:
            following.catch_up(
                book.database, book_movements.Movements, book.log, progress=lambda done, _of: tick(done)
            )
        with book.database.read() as fresh:
            found = book_movements.movements(
                fresh, book.log, whose.number, which, after=after, upto=upto, limit=limit
            )
            trades = settled.named(fresh, (one.position for one in found))
    rows = [_as_json(one, codes, instruments, trades.get(one.position)) for one in found]
    table = [_as_row(one, codes, instruments[one.instrument], trades.get(one.position)) for one in found]
    data = {"account": whose.code, "kind": whose.kind, "stamp": mark, "movements": rows}
    facts = Facts(((Text("账户", "account"), whose.code),))
    return Reply(data, (*notices(mark), facts, Table(MOVEMENTS, table)))


def _as_json(
    one: Movement, codes: dict[int, str], instruments: dict[int, Instrument], trade: TradeName | None
) -> dict[str, object]:
    from tanshu.book.records import POSITION_BITS, Op

    return {
        "time": shanghai_text(one.time_ns),
        "entry": one.seq,
        "record": one.position & ((1 << POSITION_BITS) - 1),
        "operation": Op(one.op).name.lower(),
        "what": _what(one, None),
        "counterparty": None if one.counter is None else codes.get(one.counter),
        "instrument": instruments[one.instrument].code,
        "scale": instruments[one.instrument].scale,
        "available_change": one.available_change,
        "held_change": one.held_change,
        "available": one.available,
        "held": one.held,
        "hold": one.hold,
        "trade": str(trade) if trade else None,
    }


def _as_row(
    one: Movement, codes: dict[int, str], instrument: Instrument, trade: TradeName | None
) -> tuple[object, ...]:
    change = one.available_change + one.held_change

    def shown(value: int) -> object:
        return quantity(value, instrument.scale)

    return (
        shanghai_text(one.time_ns),
        str(one.seq),
        _what(one, trade),
        None if one.counter is None else codes.get(one.counter),
        instrument.code,
        shown(change) if change > 0 else None,
        shown(-change) if change < 0 else None,
        shown(one.held_change) if one.held_change else None,
        shown(one.available),
        shown(one.held),
    )


def _what(one: Movement, trade: TradeName | None) -> Text:
    """The type of transaction a movement belongs to, what was done to the cell; the trade, without one."""
    from tanshu.book.records import Op
    from tanshu.cli.words import OPERATIONS
    from tanshu.registry.types import BY_NUMBER

    done = OPERATIONS[Op(one.op)]
    if one.tag not in BY_NUMBER:
        return done
    name, its = BY_NUMBER[one.tag].name, f" · {trade}" if trade else ""
    return Text(f"{name.zh} · {done.zh}{its}", f"{name.en} · {done.en}{its}")


# -- projections -------------------------------------------------------------------------------------------


def projections(door: Door) -> Reply:
    """Every table that is built from the log, and how far it has followed."""
    from tanshu.app import PROJECTIONS as KINDS
    from tanshu.book.projections import watermark
    from tanshu.log import store

    rows: list[dict[str, object]] = []
    with door.reading() as (conn, book):
        tail = store.tail(conn, book.log)
        newest = -1 if tail is None else tail[0]
        for kind in KINDS:
            mark = watermark(conn, kind.name, book.log)
            current = mark is not None and mark.version == kind.version
            seq = mark.tail.seq if mark and current else -1
            tables = [table.name for table in kind.tables]
            rows.append(
                {
                    "name": kind.name,
                    "version": kind.version,
                    "seq": seq,
                    "behind": newest - seq,
                    "tables": tables,
                }
            )
    table = [(row["name"], row["version"], str(row["seq"]), row["behind"]) for row in rows]
    said = Line(Text("读取时自动跟进。", "They catch up when they are read."), WEAK)
    return Reply({"newest": newest, "projections": rows}, (Table(PROJECTIONS, table), said))


def rebuild(
    door: Door, name: Annotated[str, typer.Argument(metavar="NAME", help="投影 · the projection")]
) -> Reply:
    """Refuses CLI-1008 where there is none of this name."""
    from tanshu.book import projections as following

    kind = _kind(name)
    with door.reading() as (_, book):
        database, log = book.database, book.log
        with progress(Text("重建", "rebuilding").in_(door.lang)) as tick:
            following.rebuild(database, kind, log, progress=lambda done, _of: tick(done))
        with database.read() as conn:
            mark = following.watermark(conn, kind.name, log)
    seq = -1 if mark is None else mark.tail.seq
    said = Text(f"投影 {name} 已重建至第 {seq} 条。", f"Projection {name} is rebuilt up to entry {seq}.")
    return Reply({"name": name, "seq": seq}, (Line(said, GOOD),))


def _kind(name: str) -> type[Projection]:
    from tanshu.app import PROJECTIONS as KINDS
    from tanshu.cli import checks

    by_name = {kind.name: kind for kind in KINDS}
    if name not in by_name:
        raise Refused(checks.NO_PROJECTION(field="name", name=name, known=", ".join(by_name)))
    return by_name[name]


# -- snapshots ---------------------------------------------------------------------------------------------


def snapshot(
    door: Door,
    listed: Annotated[bool, typer.Option("--list", help="只列出 · list them only")] = False,
    checked: Annotated[
        bool, typer.Option("--check", help="重放日志逐一核对 · compare each with a replay of the log")
    ] = False,
) -> Reply:
    """Exit code 3 when --check finds one that is not what the log gives."""
    from tanshu.book import snapshots

    false: list[str] = []
    with door.reading() as (conn, book):
        if not listed and not checked:
            snapshots.take(book.database, book.log, book.catch_up(conn), book.tail)
        with book.database.read() as fresh:
            kept = snapshots.kept(fresh, book.log)
            if checked:
                false = [one.sentence(door.lang) for one in snapshots.false_ones(fresh, book.log)]
    rows = [
        {
            "seq": one.seq,
            "time": shanghai_text(one.time_ns),
            "engine": one.engine,
            "era": one.era,
            "bytes": one.size,
            "flaw": one.flaw and one.flaw.as_json(),
        }
        for one in kept
    ]
    good = Chip(Text("可用", "good"), GOOD)
    table = [
        (
            str(one.seq),
            shanghai_text(one.time_ns),
            f"{one.engine}/{one.era}",
            one.size,
            Chip(one.flaw.sentence(door.lang), BAD) if one.flaw else good,
        )
        for one in kept
    ]
    parts: list[Part] = [Table(SNAPSHOTS, table), *(Line(one, BAD) for one in false)]
    return Reply({"snapshots": rows, "false": false}, parts, AUDIT_FAILED if false else 0)


# -- eras --------------------------------------------------------------------------------------------------


def era(door: Door) -> Reply:
    """Refuses LOG-1006 when the log is of this program's engine already."""
    from tanshu.app import begin_era

    answer, key = door.do(lambda ctx, _command: begin_era(ctx), None)
    return accepted(
        answer,
        key,
        (Text("纪元", "era"), answer["era"]),
        (Text("引擎", "engine"), answer["engine"]),
        (Text("状态摘要", "digest of the state"), answer["digest"]),
    )
