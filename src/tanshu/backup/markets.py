"""The logs of markets in a backup: each in a folder of its own inside the book's, of the same form.

    backup.json, 0000….seg                the book
    market-100/backup.json, 0000….seg     the market whose log is 100

A command of both logs is in both or in neither. So a market's log is written before the book's, from one
look at the database; and it is read only as far as the book's reaches: up to the first entry that only a
command of the book can have caused, of which the book knows nothing. Where the book is wanted as of a moment,
the market's log ends at that moment, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tanshu.backup import checks
from tanshu.backup.folder import Folder
from tanshu.backup.reading import beside, entries
from tanshu.base.refusal import Refused
from tanshu.book.replay import Tail
from tanshu.book.told import Tables
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import decode
from tanshu.exchange.joined import is_of_book, key_of
from tanshu.exchange.market import follow
from tanshu.exchange.tables import MARKET, MARKET_DAY
from tanshu.log.store import Written

_PREFIX = "market-"


@dataclass(frozen=True, slots=True)
class MarketKept:
    """A market's log in a backup, or as it was restored. seq, hash: the newest entry; state: the engine's
    hash after it. entries: those of this run where something is written, else all. left_out: entries of the
    backup after `seq`."""

    log: int
    name: str
    entries: int
    seq: int
    hash: bytes
    state: str = ""
    left_out: int = 0

    def as_json(self) -> dict[str, object]:
        return {
            "log": self.log,
            "market": self.name,
            "entries": self.entries,
            "log_seq": self.seq,
            "log_hash": self.hash.hex(),
            "state_hash": self.state,
            "left_out": self.left_out,
        }


def place(path: Path, log: int) -> Path:
    """Where the log of a market lies in a backup."""
    return path / f"{_PREFIX}{log}"


def folders(path: Path) -> dict[int, Folder]:
    """The markets of a backup by their logs; none in one that was made before there were any."""
    logs = sorted(int(one.name.removeprefix(_PREFIX)) for one in path.glob(f"{_PREFIX}[0-9]*"))
    return {log: Folder.open(place(path, log)) for log in logs if Folder.is_at(place(path, log))}


def newest(folder: Folder) -> int:
    """The newest entry that is kept of a market; -1 where the first run was cut short."""
    spans = folder.spans()
    return spans[-1].last if spans else -1


# -- how far a market's log is to be read ------------------------------------------------------------------


@dataclass(slots=True)
class Reach:
    """How far the entries of the book lead into the logs of its markets."""

    wanting: dict[bytes, tuple[int, int]]
    """The key of every entry that only the book can cause → its log and number."""
    newest: dict[int, int] = field(default_factory=dict[int, int])
    """Log → the newest entry that the book caused, of those seen."""

    @classmethod
    def of(cls, markets: Mapping[int, Folder]) -> Reach:
        return cls({key: (log, seq) for log, one in markets.items() for seq, key in _of_book(one)})

    def follow(self, written: list[Written]) -> None:
        """Take further entries of the book."""
        if not self.wanting:
            return
        for one in written:
            n = 0
            while (found := self.wanting.pop(key_of(one.entry.key, n), None)) is not None:
                self.newest[found[0]] = found[1]
                n += 1

    def end(self, log: int, folder: Folder, instant_ns: float = math.inf) -> int:
        """The newest entry of a market that goes with the book as followed, and with an instant."""
        barrier = min((seq for there, seq in self.wanting.values() if there == log), default=math.inf)
        caused, end = self.newest.get(log, 0), -1
        for chunk in entries(folder):
            for one in chunk:
                seq, time_ns = one.entry.seq, one.entry.time_ns
                if seq >= barrier or (seq > caused and time_ns > instant_ns):
                    return end
                end = seq
        return end


def _of_book(folder: Folder) -> Iterator[tuple[int, bytes]]:
    for chunk in entries(folder):
        for one in chunk:
            if is_of_book(decode(one.entry.records)):
                yield one.entry.seq, one.entry.key


# -- replaying it ------------------------------------------------------------------------------------------


class MarketReplica:
    """What a market's entries lead to, nothing believed.

    closes: entry → the state hash that the book states for the close it is.
    """

    def __init__(self, log: int, closes: Mapping[int, str]):
        self.log, self.closes = log, closes
        self.tail = Tail()
        self.engine = Engine()

    def follow(self, written: list[Written]) -> None:
        """Take further entries. Raises Refused LOG-1003, BAK-2005, BAK-2010."""
        for one in written:
            follow(self.engine, self.tail, one.entry)
            beside(one)
            stated = self.closes.get(one.entry.seq)
            if stated is not None and stated != self.engine.state_hash():
                raise Refused(checks.OTHER_STATE(log=self.log, seq=one.entry.seq))


def told(tables: Tables) -> dict[int, str]:
    """The markets that the book tells of: log → name."""
    return {row["log"]: row["name"] for row in _rows(tables, MARKET.name)}


def closes(tables: Tables, log: int) -> dict[int, str]:
    """Entry of a market → the state hash of the close that the book says it is."""
    return {
        row["market_closed"]: row["state_hash"]
        for row in _rows(tables, MARKET_DAY.name)
        if row["log"] == log and row["market_closed"] is not None
    }


def needed(tables: Tables, log: int) -> int:
    """The newest entry of a market that the book names."""
    days = [row for row in _rows(tables, MARKET_DAY.name) if row["log"] == log]
    return max((seq for row in days for seq in (row["market_opened"], row["market_closed"] or 0)), default=0)


def check_there(path: Path, tables: Tables, ends: Mapping[int, int]) -> None:
    """Raises Refused BAK-2009 where a market, or an entry of it that the book names, is not kept."""
    for log, name in told(tables).items():
        end = ends.get(log, -1)
        if end < needed(tables, log):
            facts = {"folder": place(path, log), "market": name, "seq": needed(tables, log), "end": end}
            raise Refused(checks.NO_MARKET_LOG(**facts))


def _rows(tables: Tables, name: str) -> list[dict[str, Any]]:
    rows = tables[name]
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.by_key.values()]
