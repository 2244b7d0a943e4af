"""The table of what lines produced, in markets that allocate by output. Decimals are text."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text

from tanshu.base.database import metadata

LINE_ACTIVITY = Table(
    "line_activity",
    metadata,
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("line", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("product", Text, nullable=False, comment="a key of the allocation pack's products"),
    Column("output", Text, comment="in the product's unit"),
    Column("intensity", Text, comment="tCO2 per unit in the line's own past"),
    Column("base_t", Text, comment="tCO2 a year in the line's own past"),
    Column("days", Text, comment="of normal production"),
    Column("verified_t", BigInteger, nullable=False),
)
