"""Tables that no entry tells and that yet cannot be built again: signed checkpoints, the secret of the salts.

Such a table says so itself: `info={"derived": True, "keep": "public"}`, or "secret" for what goes into a
backup only when it is asked for; `"needs": "proof_secret"` where its rows are of no use without that table's.
Their rows lie in one file of each kind; a row that was kept once stays, so that a signed checkpoint does not
vanish from the backup because it vanished from the database.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection, Table, select

from tanshu.backup import checks, segment
from tanshu.backup.folder import Folder, replace
from tanshu.base.database import metadata
from tanshu.base.refusal import Refused
from tanshu.book import rows, told
from tanshu.book.rows import INSERT, Change

Kind = Literal["public", "secret"]
KINDS: tuple[Kind, ...] = ("public", "secret")


def tables(kind: Kind) -> list[Table]:
    """The tables kept as a whole, parents first."""
    return [table for table in metadata.sorted_tables if table.info.get("keep") == kind]


def keep(conn: Connection, folder: Folder, kind: Kind) -> int:
    """Add what the database has to what the folder keeps; returns the rows kept.

    A row that has changed (a checkpoint was signed once more) is kept in both its forms, the newer one last.
    """
    known = _read(folder, kind)
    last = {_name(change): change for change in known}
    new: list[Change] = []
    for table in tables(kind):
        for row in conn.execute(select(table).order_by(*table.primary_key)).mappings():
            change = rows.decode(rows.encode([Change(INSERT, table.name, {}, dict(row))]))[0]
            if last.get(_name(change)) != change:
                new.append(change)
                last[_name(change)] = change
    if new:
        data = segment.pack({"kind": kind, "rows": len(known + new)}, rows.encode(known + new))
        replace(folder.path / f"{kind}.rows", data)
    return len(last)


def newest(folder: Folder, kind: Kind) -> list[Change]:
    """The rows that the folder keeps, each as it was last, as inserts. Raises Refused BAK-2004, BAK-2008."""
    return list({_name(change): change for change in _read(folder, kind)}.values())


def put_back(conn: Connection, folder: Folder, upto: int) -> dict[str, int]:
    """Write the kept rows into an empty database; returns how many of each kind.

    A row about an entry after `upto` (in a column `seq`) stays out: there is no such entry here. So does a
    row of a table that needs another one of which nothing is kept.
    """
    there = {kind: newest(folder, kind) for kind in KINDS}
    tables = {change.table for changes in there.values() for change in changes}
    done: dict[str, int] = {}
    for kind, changes in there.items():
        wanted = [change for change in changes if _is_of_use(change, upto, tables)]
        rows.apply(conn, wanted)
        done[kind] = len(wanted)
    return done


def _is_of_use(change: Change, upto: int, tables: set[str]) -> bool:
    needs = metadata.tables[change.table].info.get("needs")
    return change.values.get("seq", 0) <= upto and (needs is None or needs in tables)


def _read(folder: Folder, kind: Kind) -> list[Change]:
    """Every form of every row that the folder keeps, in the order in which they were met."""
    path = folder.path / f"{kind}.rows"
    if not path.exists():
        return []
    _, body = segment.unpack(path.name, path.read_bytes())
    try:
        return rows.decode(body)
    except KeyError as error:
        raise Refused(checks.UNKNOWN_KEPT(name=path.name, unknown=error.args[0])) from None


def _name(change: Change) -> tuple[str, told.Key]:
    """What a row is called: its table and its primary key."""
    key = metadata.tables[change.table].primary_key
    return change.table, tuple(change.values[column.name] for column in key)
