"""Tables of compliance."""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, SmallInteger, String, Table, Text

from tanshu.base.database import metadata

ALLOCATION = Table(
    "allocation",
    metadata,
    Column("subject_id", String(32), ForeignKey("subject.id"), primary_key=True),
    Column("year", SmallInteger, primary_key=True),
    Column("stage", String(8), primary_key=True, comment="pre, final"),
    Column("pack", String(64), nullable=False, comment="the rule pack it was computed by"),
    Column("quantity", BigInteger, nullable=False, comment="tonnes of this stage: pre-allocated, approved"),
    Column("obligation_t", BigInteger, comment="what must be surrendered, known at the final stage"),
    Column("issue_t", BigInteger, nullable=False, comment="to be issued; negative is returned by the holder"),
    Column("transaction_id", String(32), comment="the register's transaction, null while none is needed"),
    Column("explanation", Text, nullable=False, comment="JSON: numbers, formulas, sources, watermark"),
    Column("seq", BigInteger, nullable=False),
)

OFFSET_CLAIM = Table(
    "offset_claim",
    metadata,
    Column(
        "number", String(128), primary_key=True, comment="cancellation number in the credits' own registry"
    ),
    Column("transaction_id", String(32), nullable=False),
    Column("subject_id", String(32), ForeignKey("subject.id"), nullable=False),
    Column("year", SmallInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("project", String(256), nullable=False),
    Column("registered_on", Date, nullable=False),
)

PENALTY_DECISION = Table(
    "penalty_decision",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("subject_id", String(32), ForeignKey("subject.id"), nullable=False),
    Column("year", SmallInteger, nullable=False),
    Column("unpaid_t", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("basis", Text, nullable=False, comment="law and article, as the authority states it"),
    Column("document", String(128), nullable=False, comment="number of the decision"),
    Column("person", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
)
