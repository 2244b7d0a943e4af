"""Tables of parties. Names carry their dates; nothing personal is stored."""

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Integer, Table, Text, UniqueConstraint

from tanshu.base.database import metadata

SETTING = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    comment="What this installation is: its jurisdiction, its registry's subject.",
)

SUBJECT = Table(
    "subject",
    metadata,
    Column("id", Text, primary_key=True),
    Column("handle", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("uscc", Text, unique=True),
    Column("region", Text, nullable=False),
    Column("fictional", Boolean, nullable=False),
    Column("seq", BigInteger, nullable=False, comment="the entry that registered it"),
)

SUBJECT_NAME = Table(
    "subject_name",
    metadata,
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("since", Date, primary_key=True),
    Column("name", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

ACCOUNT = Table(
    "account",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False, comment="the book's number"),
    Column("code", Text, nullable=False, unique=True),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("finding", Text, comment="the audit's finding for which it is blocked"),
    UniqueConstraint("subject_id", "kind"),
)

ACCOUNT_BLOCK = Table(
    "account_block",
    metadata,
    Column("account", Integer, ForeignKey("account.number"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="the entry that blocked it"),
    Column("finding", Text, nullable=False, comment="the audit's number for what it found"),
    Column("finding_seq", BigInteger, comment="the entry that the finding concerns"),
    Column("note", Text, nullable=False),
    Column("person", Text, ForeignKey("person.handle"), nullable=False),
    Column("state_before", Text, nullable=False, comment="the state to which it returns"),
    Column("asked_by", Text, ForeignKey("person.handle"), comment="who asked for the end"),
    Column("asked_seq", BigInteger),
    Column("asked_why", Text),
    Column("ended_by", Text, ForeignKey("person.handle"), comment="somebody else, who granted it"),
    Column("ended_seq", BigInteger),
    comment="Accounts that the audit stopped, and how each block ended.",
)

PERSON = Table(
    "person",
    metadata,
    Column("handle", Text, primary_key=True),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("rights", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("dismissed", Boolean, nullable=False),
    Column("named_by", Text, nullable=False, comment="who named them: somebody else confirms"),
    Column("seq", BigInteger, nullable=False),
)
