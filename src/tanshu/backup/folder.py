"""The folder of a backup: what lies in it, and how something is added so that a crash leaves the older one.

    backup.json                       book, hash suite, format, genesis
    000000000000-000000004999.seg     entries 0 to 4999 (segment.py)
    public.rows, secret.rows          what cannot be built again from entries (kept.py)
    market-100/                       the same of a market's log (markets.py)
    lock                              held while somebody writes

A file gets its name only when all its bytes are on the disk. Nothing that has its name is changed again,
except the two of kept rows, which are replaced as a whole.
"""

from __future__ import annotations

import json
import os
import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tanshu.backup import checks, segment
from tanshu.backup.segment import FORMAT, Header
from tanshu.base.canonical import canonical
from tanshu.base.refusal import Refused
from tanshu.log.entry import ENGINE, HASH_SUITE
from tanshu.log.store import Written

_FACTS = "backup.json"
_LOCK = "lock"
_PART = ".part"
_SEGMENT = re.compile(r"^(\d{12,})-(\d{12,})\.seg$")


@dataclass(frozen=True, slots=True)
class Span:
    """A segment by its name: entries first to last."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Folder:
    """A backup's folder. genesis: the hash of entry 0, which tells two books of one name apart."""

    path: Path
    book: str
    genesis: bytes

    @classmethod
    def open(cls, path: Path) -> Folder:
        """Raises Refused BAK-2001 (no backup here), BAK-2002 (of another format)."""
        try:
            facts = json.loads((path / _FACTS).read_bytes())
            known = (int(facts["format"]), str(facts["hash_suite"]))
            folder = cls(path, str(facts["book"]), bytes.fromhex(facts["genesis"]))
        except OSError as error:
            raise Refused(checks.NOT_A_BACKUP(field="folder", folder=path, why=error.strerror)) from None
        except (ValueError, KeyError, TypeError) as error:
            why = f"{_FACTS}: {error!r}"
            raise Refused(checks.NOT_A_BACKUP(field="folder", folder=path, why=why)) from None
        if known != (FORMAT, HASH_SUITE):
            shown = (f"{number}, {suite}" for number, suite in (known, (FORMAT, HASH_SUITE)))
            raise Refused(checks.OTHER_FORMAT(field="folder", known=next(shown), needed=next(shown)))
        return folder

    @classmethod
    def found(cls, path: Path, book: str, genesis: bytes) -> Folder:
        """Open what is there, or begin a backup of this book. Under `writing` only.

        Raises Refused BAK-1002 where another book's backup lies here already.
        """
        if not (path / _FACTS).exists():
            if any(_SEGMENT.match(one.name) for one in path.iterdir()):
                why = f"{_FACTS} is missing"
                raise Refused(checks.NOT_A_BACKUP(field="folder", folder=path, why=why))
            facts = {
                "format": FORMAT,
                "hash_suite": HASH_SUITE,
                "engine": ENGINE,
                "book": book,
                "genesis": genesis,
            }
            _write(path / _FACTS, canonical(facts) + b"\n")
        folder = cls.open(path)
        if (folder.book, folder.genesis) != (book, genesis):
            raise Refused(checks.OTHER_BOOK(field="folder", folder=path, kept=folder.book, found=book))
        return folder

    @staticmethod
    def is_at(path: Path) -> bool:
        """Has a backup been begun here?"""
        return (path / _FACTS).exists()

    # -- segments ------------------------------------------------------------------------------------------

    def spans(self) -> list[Span]:
        """The segments in order, without gaps. Raises Refused BAK-2003 where one is missing."""
        found = [
            Span(one.name, int(match[1]), int(match[2]))
            for one in self.path.iterdir()
            if (match := _SEGMENT.match(one.name))
        ]
        found.sort(key=lambda span: span.first)
        expected = 0
        for span in found:
            if span.first != expected:
                raise Refused(checks.MISSING(first=min(expected, span.first), last=span.first - 1))
            expected = span.last + 1
        return found

    def read(self, span: Span) -> tuple[Header, Iterator[Written]]:
        """One segment. Raises Refused BAK-2004 where it is damaged."""
        return segment.decode(span.name, (self.path / span.name).read_bytes())

    def last(self) -> Header | None:
        """The header of the newest segment, whose bytes are checked; None while there is none."""
        spans = self.spans()
        return self.read(spans[-1])[0] if spans else None

    def newest(self) -> int:
        """The newest entry. Raises Refused BAK-2001 where the first run of the backup was cut short."""
        spans = self.spans()
        if not spans:
            why = "no entry is in it yet"
            raise Refused(checks.NOT_A_BACKUP(field="folder", folder=self.path, why=why))
        return spans[-1].last

    def seq_at(self, time_ns: int) -> int | None:
        """The newest entry at or before an instant (UTC ns), None when the log is younger."""
        spans = self.spans()
        younger = bisect_right(spans, time_ns, key=lambda span: self.read(span)[0].first_ns)
        if not younger:
            return None
        written = self.read(spans[younger - 1])[1]
        return max(one.entry.seq for one in written if one.entry.time_ns <= time_ns)

    def add(self, written: list[Written]) -> int:
        """Add a segment; it is there as a whole or not at all. Returns the bytes it takes."""
        data = segment.encode(written)
        _write(self.path / Header.of(written).name, data)
        return len(data)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.stat().st_size for one in self.path.iterdir() if one.is_file())


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Be the only one who writes to the folder, which is made if need be; what a crash left half is removed.

    Nobody else may read the folder: a register's book is not public. Raises Refused BAK-1001.
    """
    import fcntl

    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (path / _LOCK).open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused(checks.IN_USE(field="folder", folder=path)) from None
        clear(path)
        yield


def clear(path: Path) -> None:
    """Have the folder, for its owner only, without what a crash left half."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for half in path.glob(f"*{_PART}"):
        half.unlink()


def replace(path: Path, data: bytes) -> None:
    """Write a file as a whole, in the place of an older one, for its owner only."""
    _write(path, data)


def _write(path: Path, data: bytes) -> None:
    """Write, sync, name, sync the name."""
    part = path.with_name(path.name + _PART)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
