"""Long jobs as lists of named, idempotent steps: each done once, in order, resumable after any crash.

A step's done mark is written in the same transaction as the step's last entry (`Context.also`), so a job is
never seen further than its work.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, Table, Text, select

from tanshu.base.canonical import canonical
from tanshu.base.database import metadata

STEP = Table(
    "step",
    metadata,
    Column("job", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("done_ns", BigInteger, nullable=False, comment="time of the step's last entry"),
    Column("result", Text, nullable=False, comment="JSON"),
)


def done_mark(job: str, name: str, position: int, done_ns: int, result: Mapping[str, Any]) -> dict[str, Any]:
    """A step's done mark, as a row of STEP."""
    text = canonical(result).decode()
    return {"job": job, "name": name, "position": position, "done_ns": done_ns, "result": text}


def done(conn: Connection, job: str) -> dict[str, Any]:
    """The finished steps of a job in order, with their results."""
    query = select(STEP.c.name, STEP.c.result).where(STEP.c.job == job).order_by(STEP.c.position)
    return {row.name: json.loads(row.result) for row in conn.execute(query)}
