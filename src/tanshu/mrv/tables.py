"""Tables of measurement, reporting and verification. An import overwrites nothing: the newest entry counts.

Decimals are text, because SQLite's numbers lose digits.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from tanshu.base.database import metadata

COVERED_ENTITY = Table(
    "covered_entity",
    metadata,
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("n", Integer, nullable=False, comment="place in its import"),
    Column("excluded", Boolean, nullable=False, comment="on the list, yet outside allocation and surrender"),
    Column("note", Text, nullable=False),
    Column("sector", Text, nullable=False, comment="power, steel, …; blank where the list did not say"),
)
Index("ix_covered_entity_year", COVERED_ENTITY.c.year, COVERED_ENTITY.c.seq, COVERED_ENTITY.c.n)

UNIT_ACTIVITY = Table(
    "unit_activity",
    metadata,
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("unit_class", Text, nullable=False),
    Column("capacity_mw", Text, nullable=False),
    Column("generation_mwh", Text, nullable=False),
    Column("supply_mwh", Text),
    Column("heat_gj", Text, nullable=False),
    Column("running_hours", Text, nullable=False),
    Column("heat_ratio", Text),
    Column("cooling", Text, nullable=False),
    Column("chp", Boolean, nullable=False),
    Column("exclusion", Text),
    Column("verified_t", BigInteger, nullable=False),
)

VERIFIED_EMISSIONS = Table(
    "verified_emissions",
    metadata,
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("verified_t", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
)
Index("ix_verified_emissions_year", VERIFIED_EMISSIONS.c.year, VERIFIED_EMISSIONS.c.seq)

DATA_LOCK = Table(
    "data_lock",
    metadata,
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("why", Text, primary_key=True, comment="the decision that rests on the year's data"),
    Column("seq", BigInteger, nullable=False),
    comment="While a decision rests on an entity's data of a year, they do not change.",
)
Index("ix_data_lock_year", DATA_LOCK.c.year)
