"""Tables of carry-over and of withheld allocation."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from tanshu.base.database import metadata

CARRY_OVER_NOTICE = Table(
    "carry_over_notice",
    metadata,
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("pack", Text, primary_key=True, comment="the rule pack of this carry-over"),
    Column("sold_t", BigInteger, nullable=False),
    Column("bought_t", BigInteger, nullable=False),
    Column("net_sold_t", BigInteger, nullable=False),
    Column("ceiling_t", BigInteger, nullable=False, comment="T: no application beyond it"),
    Column("holding_t", BigInteger, nullable=False, comment="of old vintages, at the end of the pack's day"),
    Column("pending_t", BigInteger, nullable=False, comment="of it in applications that waited then"),
    Column("late_years", Text, nullable=False, comment="why it is not eligible; blank where it is"),
    Column("carryable_t", BigInteger, nullable=False),
    Column("holding_seq", BigInteger, nullable=False, comment="the last entry of the pack's day"),
    Column("maker", Text, nullable=False),
    Column("confirmed_by", Text, comment="a second person; null while it is a draft"),
    Column("seq", BigInteger, nullable=False),
    comment="What each entity was told it may carry over.",
)

WITHHOLDING = Table(
    "withholding",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("ground", Text, nullable=False, comment="judicial-freeze, risk, unpaid"),
    Column("document", Text, nullable=False, comment="JSON: title, number, date, sha256"),
    Column("maker", Text, nullable=False),
    Column("confirmed_by", Text, comment="a second person; null while it is a draft"),
    Column("in_force", Boolean, nullable=False),
    Column("seq", BigInteger, nullable=False),
    comment="Decisions to keep an entity's final allocation in the provincial account.",
)
Index("ix_withholding_subject", WITHHOLDING.c.subject_id, WITHHOLDING.c.year, unique=True)

WITHHELD = Table(
    "withheld",
    metadata,
    Column("withholding_id", Text, ForeignKey("withholding.id"), primary_key=True),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("account", Integer, ForeignKey("account.number"), nullable=False, comment="the province's"),
    Column("instrument", Integer, ForeignKey("instrument.number"), nullable=False),
    Column("quantity", BigInteger, nullable=False, comment="what was withheld at first"),
    Column("seq", BigInteger, nullable=False),
    comment="What stays in the provincial account for an entity.",
)
Index("ix_withheld_subject", WITHHELD.c.subject_id, WITHHELD.c.year)
