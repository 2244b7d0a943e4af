"""A book written until there is no room; run as `python -m tests.crash.full_disk URL` on a disk of its own.

The folder of the database holds a file `filler`; removing it makes room.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.engine import make_url

from tanshu import audit
from tanshu.base.database import Database, failure
from tanshu.base.refusal import Refused
from tanshu.base.steps import STEP, done_mark
from tanshu.book.commit import Act, Answer, Book, Context, Request
from tests.crash.acknowledger import move

SENT_MAX = 200


def heavy(book: Book, n: int, size: int) -> Request:
    """A command that changes so many bytes of rows."""

    def decide(act: Act, _command: object):
        act.insert(STEP, done_mark("heavy", str(n), n, act.now_ns, {"text": random.randbytes(size).hex()}))
        return {}

    return Request(Context(book, "registry-maker-1", n.to_bytes(16, "big")), "test.heavy", n, decide)


def fill(book: Book, size: int) -> str:
    """Send heavy commands until one is refused; the code of its refusal."""
    for n in range(1_000, 1_000 + SENT_MAX):
        try:
            book.commit([heavy(book, n, size)])
        except Exception as full:
            refusal = full.refusal if isinstance(full, Refused) else failure(full, book.database.url)
            if refusal is None:
                raise
            return refusal.code
    raise AssertionError("there always was room")


def fill_and_go_on(book: Book, make_room: Callable[[], object], size: int = 20_000) -> dict[str, object]:
    """What was said when it was full, what was there then, and the first entry after there was room."""
    code = fill(book, size)
    then = audit.run(book.database)
    make_room()
    outcome = book.commit([move(book, bytes(range(16)))])[0]
    assert isinstance(outcome, Answer), outcome
    after = audit.run(book.database)
    return {
        "code": code,
        "sound": then.ok and after.ok,
        "entries": then.entries,
        "next": outcome.seq,
    }


def main(url: str) -> None:
    book = Book(Database.open(url))
    filler = Path(make_url(url).database or "").with_name("filler")
    print(json.dumps(fill_and_go_on(book, filler.unlink)))
    book.database.close()


if __name__ == "__main__":
    main(sys.argv[1])
