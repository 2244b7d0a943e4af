"""The entries of a backup as its files tell them, each with what lies beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tanshu.backup import checks
from tanshu.backup.folder import Folder
from tanshu.backup.segment import Header
from tanshu.base.canonical import digest
from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.log.entry import is_genesis
from tanshu.log.store import Written

_CHUNK_ENTRIES = 500

ANSWER = Text("答复", "an answer")
CHANGES = Text("表行变更", "row changes")


def entries(folder: Folder, upto: int | None = None) -> Iterator[list[Written]]:
    """The entries of a backup up to `upto` (None: the newest), some at a time, as the files tell them."""
    for span in folder.spans():
        if upto is not None and span.first > upto:
            return
        header, written = folder.read(span)
        chunk: list[Written] = []
        for one in _as_promised(header, written):
            if upto is not None and one.entry.seq > upto:
                break
            if one.entry.seq == 0:
                _check_genesis(folder, one)
            chunk.append(one)
            if len(chunk) == _CHUNK_ENTRIES:
                yield chunk
                chunk = []
        if chunk:
            yield chunk


def _as_promised(header: Header, written: Iterable[Written]) -> Iterator[Written]:
    """The entries of a segment, which must be those its header names. Raises Refused BAK-2004."""
    first: Written | None = None
    last: Written | None = None
    for one in written:
        first = first or one
        last = one
        yield one
    if first is None or last is None or Header.of([first, last]) != header:
        why = Text("内容与其抬头不符", "its entries are not those its header names")
        raise Refused(checks.DAMAGED(name=header.name, why=why))


def beside(written: Written) -> None:
    """Check what lies beside an entry. Raises Refused BAK-2005."""
    entry = written.entry
    for what, data, expected in (
        (ANSWER, written.answer, entry.answer_hash),
        (CHANGES, written.rows, entry.rows_hash),
    ):
        if digest(data) != expected:
            raise Refused(checks.BESIDE(seq=entry.seq, what=what))


def _check_genesis(folder: Folder, written: Written) -> None:
    entry, answer, _ = written
    follows = entry.hash == folder.genesis and is_genesis(entry, answer)
    if not follows or json.loads(answer)["book"] != folder.book:
        raise Refused(checks.NOT_GENESIS(book=folder.book))
