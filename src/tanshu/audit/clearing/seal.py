"""What a seal binds itself to: everything that the book holds, hashed anew from the judge's own state."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from tanshu.audit.business.verbs import SEAL
from tanshu.audit.clearing import checks
from tanshu.audit.report import Finding
from tanshu.base.canonical import digest
from tanshu.base.refusal import Refusal, Refused
from tanshu.book import rows
from tanshu.book.kernel import INSTRUMENT_BITS
from tanshu.book.reference import ReferenceBook
from tanshu.log.entry import Entry


def judge(entry: Entry, told: bytes, book: ReferenceBook) -> list[Finding]:
    """A seal moves nothing: the state it speaks of is the one after it, too."""
    if entry.command != SEAL:
        return []
    try:
        changes = rows.decode(told)
    except (Refused, KeyError, ValueError, TypeError):
        return []  # found elsewhere
    stated = [one for one in changes if one.table == "clearing_day" and "state_hash" in one.values]
    days = [str(one.where.get("day")) for one in stated if one.values["state_hash"] != state_hash(book)]
    told_of = [{"seq": entry.seq, "day": day, "what": "state"} for day in days]
    return [Finding(entry.seq, Refusal(checks.SEAL, None, facts)) for facts in told_of]


def state_hash(book: ReferenceBook) -> str:
    """SHA-256 over accounts, instruments, cells and open holds, each part with its length before it."""
    facts = [book.instruments[number] for number in range(len(book.instruments))]
    parts = [
        _packed(book.accounts[number] for number in range(len(book.accounts))),
        *(_packed(column) for column in (zip(*facts, strict=True) if facts else ((), (), ()))),
        _packed(n for row in sorted(_cells(book)) for n in row),
        _packed(n for row in sorted(book.open_holds()) for n in row),
    ]
    return digest(b"".join(len(part).to_bytes(8, "little") + part for part in parts)).hex()


def _cells(book: ReferenceBook) -> Iterable[tuple[int, int, int]]:
    for account, instrument, available, held in book.cells():
        if available or held:
            yield account << INSTRUMENT_BITS | instrument, available, held


def _packed(numbers: Iterable[int]) -> bytes:
    return b"".join(map(struct.Struct("<q").pack, numbers))
