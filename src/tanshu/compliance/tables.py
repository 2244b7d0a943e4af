"""Tables of compliance."""

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text

from tanshu.base.database import metadata

ALLOCATION = Table(
    "allocation",
    metadata,
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("stage", Text, primary_key=True, comment="pre, final"),
    Column("pack", Text, nullable=False, comment="the rule pack it was computed by"),
    Column("quantity", BigInteger, nullable=False, comment="tonnes of this stage: pre-allocated, approved"),
    Column("obligation_t", BigInteger, comment="what must be surrendered, known at the final stage"),
    Column("issue_t", BigInteger, nullable=False, comment="to be issued; negative is returned by the holder"),
    Column("transaction_id", Text, comment="the register's transaction, null while none is needed"),
    Column("explanation", Text, nullable=False, comment="JSON: numbers, formulas, sources, watermark"),
    Column("maker", Text, nullable=False, comment="who decided"),
    Column("in_force", Boolean, nullable=False, comment="its chain has ended, or a checker confirmed it"),
    Column("seq", BigInteger, nullable=False),
)
Index("ix_allocation_year", ALLOCATION.c.year)

OFFSET_CLAIM = Table(
    "offset_claim",
    metadata,
    Column("number", Text, primary_key=True, comment="cancellation number in the credits' own registry"),
    Column("transaction_id", Text, nullable=False),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("project", Text, nullable=False),
    Column("registered_on", Date, nullable=False),
)

PENALTY_DECISION = Table(
    "penalty_decision",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("unpaid_t", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("basis", Text, nullable=False, comment="law and article, as the authority states it"),
    Column("document", Text, nullable=False, comment="number of the decision"),
    Column("person", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

YEAR_CLOSED = Table(
    "year_closed",
    metadata,
    Column("region", Text, primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("figures", Text, nullable=False, comment="JSON: the statuses at the deadline, as closed"),
    Column("seq", BigInteger, nullable=False),
)
