"""The table of objections to settlements. Told by the registry's log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, SmallInteger, Table, Text

from tanshu.base.database import metadata

CLEARING_OBJECTION = Table(
    "clearing_objection",
    metadata,
    Column("id", Text, primary_key=True),
    Column("day", Date, ForeignKey("clearing_day.day"), nullable=False),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("grounds", Text, nullable=False),
    Column("state", Text, nullable=False, comment="filed, proposed, dismissed, upheld, corrected"),
    Column("filed_by", Text, nullable=False),
    Column("filed_seq", BigInteger, nullable=False),
    Column("uphold", SmallInteger, comment="1 where the decision, proposed or made, upholds it"),
    Column("quantity", BigInteger, comment="tonnes that its correction moves"),
    Column("amount", BigInteger, comment="fen that its correction moves"),
    Column("opinion", Text),
    Column("decided_by", Text, comment="who proposed the decision"),
    Column("decided_seq", BigInteger),
    Column("confirmed_by", Text),
    Column("confirmed_seq", BigInteger),
    Column("correction_id", Text, ForeignKey("registry_transaction.id")),
    Column("corrected_seq", BigInteger),
    comment="Objections to settlement days. What the day was stays as it is.",
)
Index("ix_clearing_objection_day", CLEARING_OBJECTION.c.day, CLEARING_OBJECTION.c.subject_id)
