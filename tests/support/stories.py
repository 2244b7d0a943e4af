"""Logs made by hand: entries sealed one after the other, refused records and all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tanshu.base.canonical import canonical, digest
from tanshu.base.clock import NS
from tanshu.base.database import Database
from tanshu.book import rows as row_changes
from tanshu.book.records import Row, encode
from tanshu.book.reference import ReferenceBook
from tanshu.book.rows import Change
from tanshu.log import store
from tanshu.log.entry import NO_ROWS, Draft, Entry, genesis, seal
from tanshu.log.store import Written
from tests.support.clock import START_NS


class Story:
    """A log under way. Result codes are the reference kernel's; `Book` would have refused many an entry."""

    def __init__(self, name: str = "test"):
        self.written = [Written(*genesis(name, START_NS))]
        self.reference = ReferenceBook()
        self.engine, self.era = self.last.engine, self.last.era

    @property
    def last(self) -> Entry:
        return self.written[-1].entry

    @property
    def entries(self) -> list[Entry]:
        return [one.entry for one in self.written]

    def add(
        self,
        *rows: Row,
        command: str = "record",
        actor: str = "registry-maker-1",
        answer: Mapping[str, Any] | None = None,
        changes: Sequence[Change] = (),
        results: bytes | None = None,
    ) -> Entry:
        """The next entry, one second later. results: other codes than the reference kernel gives."""
        seq = self.last.seq + 1
        block = encode(list(rows))
        codes = bytes(self.reference.apply(seq, block.tolist())) if results is None else results
        told, changed = canonical(answer or {}), row_changes.encode(changes)
        draft = Draft(
            self.last.time_ns + NS,
            digest(f"{actor} {seq}".encode())[:16],
            digest(block.tobytes()),
            digest(told),
            actor,
            command,
            block.tobytes(),
            codes,
            digest(changed) if changed else NO_ROWS,
            self.engine,
            self.era,
        )
        self.written.append(Written(seal(draft, seq, self.last.hash), told, changed))
        return self.last

    def store_in(self, database: Database, log: int = store.REGISTRY_LOG) -> None:
        with database.write() as conn:
            store.append(conn, log, self.written)
