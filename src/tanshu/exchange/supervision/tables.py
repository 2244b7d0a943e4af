"""What supervision keeps, told by the registry's log and only ever added to: owners, runs, alerts, cases and
every act on them. What a case is now follows from its acts (cases.py).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from tanshu.base.database import metadata

SUPERVISION_OWNER = Table(
    "supervision_owner",
    metadata,
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("owner", Text, nullable=False, comment="who controls it; blank: nobody else is known to"),
    Column("basis", Text, nullable=False, comment="how that is known"),
    Column("person", Text, nullable=False),
    comment="Beneficial owners of participants, the newest row counts.",
)

SUPERVISION_RUN = Table(
    "supervision_run",
    metadata,
    Column("log", SmallInteger, ForeignKey("market.log"), primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("pack", Text, nullable=False, comment="whose thresholds were used"),
    Column("upto", BigInteger, nullable=False, comment="the market's entry up to which was read"),
    Column("found", Integer, nullable=False, comment="alerts found, those known before included"),
    Column("person", Text, nullable=False),
    comment="Days of markets that were gone through.",
)

SUPERVISION_ALERT = Table(
    "supervision_alert",
    metadata,
    Column("id", Text, primary_key=True),
    Column("log", SmallInteger, ForeignKey("market.log"), nullable=False),
    Column("day", Date, nullable=False),
    Column("rule", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("instrument", Integer, nullable=False, comment="its number in the market, 0 for all"),
    Column("parties", Text, nullable=False, comment="participants' numbers, a JSON list"),
    Column("score", Integer, nullable=False),
    Column("figures", Text, nullable=False, comment="the numbers that crossed, JSON"),
    Column("evidence", Text, nullable=False, comment="places in the market's log, JSON"),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("pack", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    UniqueConstraint("log", "day", "rule", "level", "instrument", "parties"),
    comment="What the rules found.",
)

SUPERVISION_CASE = Table(
    "supervision_case",
    metadata,
    Column("id", Text, primary_key=True),
    Column("log", SmallInteger, ForeignKey("market.log"), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("seq", BigInteger, nullable=False),
    comment="Cases: alerts that somebody looks into.",
)

SUPERVISION_ACT = Table(
    "supervision_act",
    metadata,
    Column("case_id", Text, ForeignKey("supervision_case.id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False, comment="from 1"),
    Column("kind", Text, nullable=False),
    Column("about", Integer, comment="the act that is confirmed or declined"),
    Column("subject_id", Text, ForeignKey("subject.id"), comment="at whom it is aimed"),
    Column("note", Text, nullable=False),
    Column("alerts", Text, nullable=False, comment="alerts attached, a JSON list of ids"),
    Column("documents", Text, nullable=False, comment="documents attached, JSON"),
    Column("person", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("seq", BigInteger, nullable=False),
    comment="Everything that was done about a case, in order.",
)
Index("ix_supervision_act_seq", SUPERVISION_ACT.c.seq)
