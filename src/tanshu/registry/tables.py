"""Tables of the register."""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, SmallInteger, Table, Text

from tanshu.base.database import metadata

INSTRUMENT = Table(
    "instrument",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False, comment="the book's number"),
    Column("code", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("vintage", Integer),
    Column("scale", SmallInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

TRANSACTION = Table(
    "registry_transaction",
    metadata,
    Column("id", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("year", Integer, comment="the compliance year it is for"),
    Column("batch", Text, nullable=False),
    Column("proposed_seq", BigInteger, nullable=False),
    Column("proposed_ns", BigInteger, nullable=False),
    Column("ended_seq", BigInteger),
    Column("ended_ns", BigInteger),
    Column("expires_on", Date),
    Column("chain", Text, nullable=False, comment="the approval chain as of the proposal, JSON"),
    Column("taken", SmallInteger, nullable=False, comment="steps of the chain taken so far"),
    Column("reason", Text, nullable=False),
    Column("details", Text, nullable=False, comment="JSON"),
    Column("original_id", Text, comment="the transaction that it reverses, corrects or goes on from"),
)
# Each ends in the order of proposal, in which lists are paged.
Index("ix_registry_transaction_subject", TRANSACTION.c.subject_id, TRANSACTION.c.proposed_seq)
Index("ix_registry_transaction_type", TRANSACTION.c.type, TRANSACTION.c.state, TRANSACTION.c.proposed_seq)
Index("ix_registry_transaction_state", TRANSACTION.c.state, TRANSACTION.c.proposed_seq)
Index("ix_registry_transaction_batch", TRANSACTION.c.batch, TRANSACTION.c.proposed_seq)
Index("ix_registry_transaction_year", TRANSACTION.c.year, TRANSACTION.c.proposed_seq)
# Which transaction an entry of the log is of.
Index("ix_registry_transaction_proposed", TRANSACTION.c.proposed_seq)
Index("ix_registry_transaction_ended", TRANSACTION.c.ended_seq)
Index("ix_registry_transaction_original", TRANSACTION.c.original_id)
Index("ix_registry_transaction_expiry", TRANSACTION.c.state, TRANSACTION.c.expires_on)

TRANSACTION_LINE = Table(
    "transaction_line",
    metadata,
    Column("transaction_id", Text, ForeignKey("registry_transaction.id"), primary_key=True),
    Column("n", SmallInteger, primary_key=True),
    Column("debit", Integer, ForeignKey("account.number"), nullable=False),
    Column("credit", Integer, ForeignKey("account.number"), nullable=False),
    Column("instrument", Integer, ForeignKey("instrument.number"), nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("hold", BigInteger, comment="position of the hold while the transaction waits"),
)

TRANSACTION_STEP = Table(
    "transaction_step",
    metadata,
    Column("transaction_id", Text, ForeignKey("registry_transaction.id"), primary_key=True),
    Column("n", SmallInteger, primary_key=True),
    Column("by", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("person", Text, ForeignKey("person.handle"), nullable=False),
    Column("decision", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("time_ns", BigInteger, nullable=False),
    Column("comment", Text, nullable=False),
)

SUCCESSOR = Table(
    "successor",
    metadata,
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True, comment="who has gone"),
    Column("successor_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("transaction_id", Text, ForeignKey("registry_transaction.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    comment="Who takes over the rights and duties of a subject that merged or ended.",
)
