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
    UniqueConstraint("subject_id", "kind"),
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
