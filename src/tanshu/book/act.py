"""One command being decided: what a verb may ask, and everything that it records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table

from tanshu.base.clock import business_date
from tanshu.base.database import Savepoint
from tanshu.base.ids import derived_id
from tanshu.book import records, rows
from tanshu.book.records import AccountFlag, Records, Row
from tanshu.book.replay import Tail
from tanshu.book.rows import DELETE, INSERT, UPDATE, Change
from tanshu.book.state import Cell, State

if TYPE_CHECKING:
    from tanshu.book.commit import Context


class LogAct:
    """One command being decided, under the lock of any log: what can be asked, and the rows it changes."""

    def __init__(
        self,
        ctx: Context,
        conn: Connection,
        tail: Tail,
        now_ns: int,
        savepoint: Savepoint | None = None,
    ):
        self.ctx = ctx
        self.savepoint = savepoint  # where other commands share the transaction
        self._conn = conn
        self.seq = tail.seq + 1
        self.now_ns = now_ns
        self.engine, self.era = tail.engine or 0, tail.era or 0  # what the log is of, before this command
        self._ids: dict[str, int] = {}
        self.changes: list[Change] = []
        self.joined: list[tuple[int, int]] = []
        """Entries of other logs that became part of this transaction: (log, seq)."""

    @property
    def conn(self) -> Connection:
        """The command's transaction. A refusal takes back whatever was changed through it."""
        if self.savepoint:
            self.savepoint.begin()
        return self._conn

    @property
    def actor(self) -> str:
        return self.ctx.actor

    @property
    def today(self) -> date:
        """The business date: the Shanghai day of the entry's time."""
        return business_date(self.now_ns)

    def id(self, prefix: str) -> str:
        """A new id that follows from the command's key."""
        n = self._ids.get(prefix, 0)
        self._ids[prefix] = n + 1
        return derived_id(prefix, self.ctx.key, n)

    def insert(self, table: Table, *rows: Mapping[str, Any]) -> None:
        """Add rows to a table, and to what the entry tells of itself."""
        self._change([Change(INSERT, table.name, {}, row) for row in rows])

    def update(self, table: Table, where: Mapping[str, Any], **values: Any) -> None:
        """Change the rows whose columns equal `where`."""
        self._change([Change(UPDATE, table.name, where, values)])

    def delete(self, table: Table, where: Mapping[str, Any]) -> int:
        """Remove the rows whose columns equal `where`; returns how many there were."""
        return self._change([Change(DELETE, table.name, where, {})])

    def _change(self, changes: list[Change]) -> int:
        changed = rows.apply(self.conn, changes)
        self.changes += changes
        return changed


class Act(LogAct):
    """One command of the book being decided: what can be asked, and what will be recorded."""

    def __init__(
        self,
        ctx: Context,
        conn: Connection,
        state: State,
        tail: Tail,
        now_ns: int,
        savepoint: Savepoint | None = None,
    ):
        super().__init__(ctx, conn, tail, now_ns, savepoint)
        self.state = state
        self.rows: list[Row] = []
        self._blocks: list[Records] = []  # what was recorded before `rows`
        self._accounts = state.accounts
        self._instruments = state.instruments

    def cell(self, account: int, instrument: int) -> Cell:
        """What the account has, before this command."""
        return self.state.cell(account, instrument)

    def open_account(self, flags: AccountFlag = AccountFlag.NONE) -> int:
        """Open a book account; returns its number."""
        number = self._accounts
        self._accounts += 1
        self.record(records.open_account(number, flags))
        return number

    def define_instrument(
        self, *, cap: int = records.AMOUNT_MAX, scale: int = 0, serialised: bool = False
    ) -> int:
        number = self._instruments
        self._instruments += 1
        self.record(records.define_instrument(number, cap=cap, scale=scale, serialised=serialised))
        return number

    def record(self, row: Row) -> int:
        """Add a book record; returns its position, the name a hold goes by."""
        self.rows.append(row)
        return records.position(self.seq, self.count - 1)

    def record_all(self, block: Records) -> int:
        """Add many book records at once, as an array; returns the position of the first."""
        first = records.position(self.seq, self.count)
        self._blocks += [records.encode(self.rows), block]
        self.rows = []
        return first

    @property
    def blocks(self) -> Sequence[Records]:
        """What was recorded as arrays before `rows`."""
        return self._blocks

    @property
    def count(self) -> int:
        """How many book records there are so far."""
        return len(self.rows) + sum(map(len, self._blocks))

    def encoded(self) -> Records:
        """All book records, in the order in which they were added."""
        parts = [part for part in (*self._blocks, records.encode(self.rows)) if len(part)]
        return parts[0] if len(parts) == 1 else records.decode(b"".join(part.tobytes() for part in parts))
