"""A folder computed again: read, recorded in a book of its own, compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tanshu.base.text import Text
from tanshu.shadow import compare, mapping, posting, reading
from tanshu.shadow.causes import LABELS
from tanshu.shadow.mapping import Layout
from tanshu.shadow.model import Break, Kind, Month


@dataclass(frozen=True, slots=True)
class Result:
    """What a month came to. log_hash: the shadow book's, the same for the same files on any database."""

    title: str
    days: Sequence[date]
    subjects: int
    trades: int
    movements: int
    breaks: Sequence[Break]
    log_seq: int
    log_hash: str

    @property
    def by_kind(self) -> Mapping[Kind, int]:
        return Counter(one.kind for one in self.breaks)

    @property
    def clean_days(self) -> int:
        return len(self.days) - len({one.day for one in self.breaks})

    def as_json(self) -> dict[str, object]:
        kinds = {kind.value: count for kind, count in sorted(self.by_kind.items())}
        return {
            "title": self.title,
            "days": [day.isoformat() for day in self.days],
            "subjects": self.subjects,
            "trades": self.trades,
            "movements": self.movements,
            "clean_days": self.clean_days,
            "breaks": len(self.breaks),
            "kinds": kinds,
            "findings": [{**one.as_json(), "label": _label(one.kind)} for one in self.breaks],
            "log_seq": self.log_seq,
            "log_hash": self.log_hash,
        }


Tick = Callable[[Text, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""
READING, RECORDING, COMPARING = (
    Text("读取文件", "reading the files"),
    Text("逐日重算", "computing the days again"),
    Text("逐日比对", "comparing day by day"),
)


def default_url(folder: Path) -> str:
    """The shadow's database beside the folder, where no other is named."""
    place = folder.resolve()
    return f"sqlite:///{place.with_name(place.name + '.shadow.db')}"


def run(folder: Path, url: str, *, fresh: bool = False, tick: Tick = lambda *_: None) -> Result:
    """Bring the shadow up to date with the folder and compare every day.

    A run that was cut off goes on where it was; days that are there are not recorded again. fresh: all anew.
    Refuses with SHD-1001 to 1103 (files), SHD-2001 (another database), SHD-2002 (a recorded day changed).
    """
    layout = mapping.read(folder)
    names = len(reading.days_of(folder, layout)) if folder.is_dir() else 0
    month = reading.read(folder, layout, lambda done: tick(READING, done, names))
    name = f"shadow {layout.title or folder.resolve().name}"
    records = sum(4 * len(day.trades) + len(day.movements) for day in month.days)
    book = posting.open_book(url, name, month.days[0].day, fresh=fresh)
    try:
        posted = posting.post(book, name, month, layout, lambda done: tick(RECORDING, done, records))
        breaks = compare.compare(posted, month, layout, lambda done: tick(COMPARING, done, len(month.days)))
        return _result(month, layout, folder, posted, breaks)
    finally:
        book.database.close()


def _result(
    month: Month, layout: Layout, folder: Path, posted: posting.Posted, breaks: Sequence[Break]
) -> Result:
    tail = posted.book.tail
    return Result(
        layout.title or folder.resolve().name,
        [day.day for day in month.days],
        len(month.subjects),
        sum(len(day.trades) for day in month.days),
        sum(len(day.movements) for day in month.days),
        breaks,
        tail.seq,
        tail.hash.hex(),
    )


def _label(kind: Kind) -> Mapping[str, str]:
    return {"zh": LABELS[kind].zh, "en": LABELS[kind].en}
