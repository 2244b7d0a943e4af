"""A market whose tables were pictured as they were at several entries, and its backup."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tanshu.backup import back_up
from tanshu.base.database import Database
from tanshu.book import rows
from tanshu.book.commit import Book
from tanshu.parties.model import AccountKind
from tanshu.registry import service
from tanshu.registry.model import Decide
from tests.support.databases import SqliteTemplate
from tests.support.market import Market, coal_unit

Picture = tuple[bytes, dict[str, list[tuple[Any, ...]]]]
"""The digest of the book, and the rows of every table that the log tells."""
SEGMENT = 5
"""Entries of a segment in these tests."""


@dataclass(frozen=True)
class History:
    """A market's backup, and what its database looked like after some entries."""

    folder: Path
    url: str
    pictures: dict[int, Picture]

    @property
    def newest(self) -> int:
        return max(self.pictures)


def picture(database: Database) -> Picture:
    with database.read() as conn:
        state = Book(database).catch_up(conn)
        tables = {
            table.name: [tuple(row) for row in conn.execute(select(table).order_by(*table.primary_key))]
            for table in rows.told_tables()
        }
    # Each database sorts texts in its own way.
    return state.digest(), {name: sorted(found, key=repr) for name, found in tables.items()}


def live(market: Market) -> Iterator[int]:
    """Some of everything that changes tables; yields the entry reached, now and then."""
    yield market.book.tail.seq
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 900, 2022)
    market.emit(market.plant_a, 900)
    market.generate(market.plant_a, coal_unit())
    yield market.book.tail.seq
    own = market.account("hubei", AccountKind.PROVINCIAL)
    market.done("registry-maker-1", "issuance", ("CEA23", 5_000, "", own), by=("registry-checker-1",))
    allocated = market.accepted(market.allocate(market.plant_a, "pre"))
    yield market.book.tail.seq
    market.accepted(service.reject(market.ctx("hubei-checker-1"), Decide(allocated["transaction"])))
    proposed = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 600))
    yield market.book.tail.seq
    market.accepted(market.approve("plant-a-checker-1", proposed["id"]))
    market.set_state(market.account(market.plant_b), "restricted")
    yield market.book.tail.seq


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory, sqlite_template: SqliteTemplate) -> Iterator[History]:
    folder = tmp_path_factory.mktemp("history")
    with sqlite_template.fresh(folder) as url:
        market = Market(url)
        pictures = {seq: picture(market.database) for seq in live(market)}
        back_up(market.database, folder / "backup", segment_entries=SEGMENT)
        market.close()
        yield History(folder / "backup", url, pictures)
