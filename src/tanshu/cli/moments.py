"""A moment of the log as people give it: an entry, a day, or a day and a time of it."""

from __future__ import annotations

import re
from datetime import date, time
from typing import TYPE_CHECKING

from tanshu.base.refusal import Refused, need

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOMENT = "seq:N|YYYY-MM-DD[ HH:MM[:SS]]"
_TIMED = re.compile(r"^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(:\d\d)?)$")


def read_moment(conn: Connection, log: int, text: str, field: str = "at") -> int:
    """The newest entry at that moment, Shanghai time; a day is meant to its end.

    Raises Refused BOOK-1101 (cannot be read), BOOK-1102 (the log is younger).
    """
    from tanshu.base.clock import shanghai_ns
    from tanshu.book import queries
    from tanshu.log import store

    timed = _TIMED.match(text.strip())
    if timed is None:
        return need(queries.moment(conn, log, text, field))
    try:
        at = shanghai_ns(date.fromisoformat(timed[1]), time.fromisoformat(timed[2]))
    except ValueError:
        raise Refused(queries.BAD_MOMENT(field=field, value=text)) from None
    found = store.seq_at(conn, log, at)
    if found is None:
        tail = store.tail(conn, log)
        raise Refused(queries.NO_SUCH_MOMENT(field=field, value=text, newest=tail[0] if tail else -1))
    return found
