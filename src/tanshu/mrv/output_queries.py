"""What the lines of an entity produced in a year. Of several imports, the newest entry counts."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection, select

from tanshu.mrv.output_tables import LINE_ACTIVITY
from tanshu.rules.activity import OutputYear


def lines(conn: Connection, subject_id: str, year: int) -> tuple[OutputYear, ...]:
    """An entity's lines in a year, by name."""
    query = select(LINE_ACTIVITY).where(
        LINE_ACTIVITY.c.subject_id == subject_id, LINE_ACTIVITY.c.year == year
    )
    rows = conn.execute(query).all()
    newest = max((row.seq for row in rows), default=None)

    def number(value: str | None) -> Decimal | None:
        return None if value is None else Decimal(value)

    return tuple(
        OutputYear(
            row.line,
            row.year,
            row.product,
            row.verified_t,
            number(row.output),
            number(row.intensity),
            number(row.base_t),
            number(row.days),
        )
        for row in sorted(rows, key=lambda row: row.line)
        if row.seq == newest
    )
