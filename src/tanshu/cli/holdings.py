"""`tanshu holdings`: who has what, now or as of any moment of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.door import Door, command
from tanshu.cli.output import Facts, Reply, Table, number_column, text_column
from tanshu.cli.stamps import notices, short_stamp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection

    from tanshu.book.state import Cell, State

COLUMNS = (
    text_column("账户", "account"),
    text_column("类别", "kind"),
    text_column("主体", "subject", fold=True),
    text_column("产品", "instrument"),
    number_column("可用", "available"),
    number_column("冻结", "held"),
)


def add_to(app: typer.Typer) -> None:
    command(app, "holdings", "持仓:现在或任一时点 · holdings, now or as of any moment")(holdings)


def holdings(
    door: Door,
    account: Annotated[str, typer.Option(metavar="CODE", help="账户 · one account")] = "",
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="主体代号或信用代码 · one subject")] = "",
    instrument: Annotated[str, typer.Option(metavar="CODE", help="产品 · one instrument")] = "",
    as_of: Annotated[
        str | None, typer.Option(metavar="seq:N|YYYY-MM-DD", help="时点 · a moment of the log")
    ] = None,
) -> Reply:
    """Every cell that is not empty. Quantities are in the minor unit (1 t; 1 fen)."""
    from tanshu.book.queries import state_at
    from tanshu.parties import queries as parties
    from tanshu.parties.model import ACCOUNT_TYPES
    from tanshu.registry import queries as registry

    with door.reading() as (conn, book):
        wanted = _accounts(conn, account, subject)
        instruments = {one.number: one for one in registry.instruments(conn)}
        if instrument:
            one = need(registry.instrument(conn, instrument))
            instruments = {one.number: one}
        seq, state = need(state_at(conn, book, as_of))
        cells = list(cells_of(state, wanted, instruments))
        accounts = parties.accounts_numbered(conn, sorted({cell.account for cell in cells}))
        subjects = parties.subjects_with_ids(conn, {one.subject_id for one in accounts.values()})
        time_ns = _time_of(conn, seq)
        mark = short_stamp(conn)
    rows: list[dict[str, object]] = []
    table: list[tuple[object, ...]] = []
    for cell in cells:
        what, where = instruments[cell.instrument], accounts[cell.account]
        owner = subjects[where.subject_id]
        rows.append(
            {
                "account": where.code,
                "kind": where.kind,
                "subject": owner.handle,
                "name": owner.name,
                "instrument": what.code,
                "available": cell.available,
                "held": cell.held,
                "scale": what.scale,
            }
        )
        label = ACCOUNT_TYPES[where.kind].label
        shown = (quantity(cell.available, what.scale), quantity(cell.held, what.scale))
        table.append((where.code, label, owner.name, what.code, *shown))
    from tanshu.base.clock import shanghai_text

    at = shanghai_text(time_ns)
    facts = Facts(((Text("时点", "as of"), Text(f"第 {seq} 条记录,{at}", f"entry {seq}, {at}")),))
    data = {"as_of_seq": seq, "as_of_time": at, "stamp": mark, "holdings": rows}
    return Reply(data, (*notices(mark), facts, Table(COLUMNS, table)))


def cells_of(state: State, wanted: set[int] | None, instruments: Collection[int]) -> Iterator[Cell]:
    """The cells asked for that are not empty: those of a few accounts are looked up, not searched for."""
    if wanted is None:
        yield from (cell for cell in state.cells() if cell.instrument in instruments)
        return
    for account in sorted(wanted):
        for instrument in sorted(instruments):
            if account < state.accounts and instrument < state.instruments:  # as of a moment before it
                cell = state.cell(account, instrument)
                if cell.available or cell.held:
                    yield cell


def quantity(value: int, scale: int) -> object:
    """A quantity in its unit: tonnes as they are, fen as yuan."""
    from decimal import Decimal

    return Decimal(value).scaleb(-scale) if scale else value


def _accounts(conn: Connection, account: str, subject: str) -> set[int] | None:
    """The book numbers asked for; None for all."""
    from tanshu.parties import queries as parties

    wanted: set[int] | None = None
    if account:
        wanted = {need(parties.account(conn, account)).number}
    if subject:
        owner = need(parties.subject(conn, subject))
        theirs = {one.number for one in parties.accounts_of(conn, owner.id)}
        wanted = theirs if wanted is None else wanted & theirs
    return wanted


def _time_of(conn: Connection, seq: int) -> int:
    from tanshu.log import store

    return next(iter(store.read(conn, store.REGISTRY_LOG, after=seq - 1, upto=seq))).time_ns
