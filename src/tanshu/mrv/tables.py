"""Tables of measurement, reporting and verification. An import overwrites nothing: the newest entry counts.

Decimals are text, because SQLite's numbers lose digits.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, SmallInteger, String, Table, Text

from tanshu.base.database import metadata

COVERED_ENTITY = Table(
    "covered_entity",
    metadata,
    Column("subject_id", String(32), ForeignKey("subject.id"), primary_key=True),
    Column("year", SmallInteger, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("excluded", Boolean, nullable=False, comment="on the list, yet outside allocation and surrender"),
    Column("note", Text, nullable=False),
)

UNIT_ACTIVITY = Table(
    "unit_activity",
    metadata,
    Column("subject_id", String(32), ForeignKey("subject.id"), primary_key=True),
    Column("year", SmallInteger, primary_key=True),
    Column("unit", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("unit_class", String(4), nullable=False),
    Column("capacity_mw", String(32), nullable=False),
    Column("generation_mwh", String(32), nullable=False),
    Column("supply_mwh", String(32)),
    Column("heat_gj", String(32), nullable=False),
    Column("running_hours", String(32), nullable=False),
    Column("heat_ratio", String(32)),
    Column("cooling", String(8), nullable=False),
    Column("chp", Boolean, nullable=False),
    Column("exclusion", String(32)),
    Column("verified_t", BigInteger, nullable=False),
)

VERIFIED_EMISSIONS = Table(
    "verified_emissions",
    metadata,
    Column("subject_id", String(32), ForeignKey("subject.id"), primary_key=True),
    Column("year", SmallInteger, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("verified_t", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
)
