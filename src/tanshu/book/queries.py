"""Questions to the book: a moment to a sequence number, holdings then."""

from __future__ import annotations

import re
from datetime import date, timedelta

from sqlalchemy import Connection

from tanshu.base.clock import end_of_day_ns
from tanshu.base.refusal import Refusal, refusal
from tanshu.book.commit import Book
from tanshu.book.state import State
from tanshu.log import store

BAD_MOMENT = refusal(
    "BOOK-1101",
    "无法识别时点“{value}”。写法:seq:序号 或 日期 YYYY-MM-DD(上海时间当日结束)。",
    "Cannot read the moment “{value}”. Write seq:N, or a date YYYY-MM-DD (end of that Shanghai day).",
)
NO_SUCH_MOMENT = refusal(
    "BOOK-1102",
    "账簿在 {value} 时还没有记录;现有序号 0 到 {newest}。",
    "The book has no entry at {value}; it holds 0 to {newest}.",
)

_TIME_MAX = 2**63 - 1
_SEQ = re.compile(r"^seq:(\d{1,18})$")


def moment(conn: Connection, log: int, text: str, field: str = "as_of") -> int | Refusal:
    """The sequence number meant by `seq:N` or by a Shanghai date (its end)."""
    named = _named(text, field)
    if isinstance(named, Refusal):
        return named
    newest = store.tail(conn, log)
    last = -1 if newest is None else newest[0]
    if isinstance(named, int):
        return named if named <= last else NO_SUCH_MOMENT(field=field, value=text, newest=last)
    found = store.seq_at(conn, log, _end_of(named))
    return NO_SUCH_MOMENT(field=field, value=text, newest=last) if found is None else found


def before(conn: Connection, log: int, text: str, field: str = "from") -> int | Refusal:
    """The last sequence number before `seq:N` or before a Shanghai date begins; −1 where there is none."""
    named = _named(text, field)
    if isinstance(named, Refusal):
        return named
    if isinstance(named, int):
        return named - 1
    found = None if named == date.min else store.seq_at(conn, log, _end_of(named - timedelta(days=1)))
    return -1 if found is None else found


def _end_of(day: date) -> int:
    """The end of a Shanghai day, as near to it as an entry's time can be."""
    return max(0, min(end_of_day_ns(day), _TIME_MAX))


def _named(text: str, field: str) -> int | date | Refusal:
    """What a moment is named by: a sequence number or a day."""
    if match := _SEQ.match(text.strip()):
        return int(match[1])
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return BAD_MOMENT(field=field, value=text)


def state_at(conn: Connection, book: Book, text: str | None) -> tuple[int, State] | Refusal:
    """(sequence number, state) now, or as of a moment."""
    state = book.catch_up(conn)
    if text is None:
        return book.tail.seq, state
    seq = moment(conn, book.log, text)
    if isinstance(seq, Refusal):
        return seq
    return seq, state if seq == book.tail.seq else book.as_of(conn, seq)
