"""Tables of parties. Names carry their dates; nothing personal is stored."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from tanshu.base.database import metadata

SETTING = Table(
    "setting",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", String(256), nullable=False),
    comment="What this installation is: its jurisdiction, its registry's subject.",
)

SUBJECT = Table(
    "subject",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("handle", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("uscc", String(18), unique=True),
    Column("region", String(6), nullable=False),
    Column("fictional", Boolean, nullable=False),
    Column("seq", BigInteger, nullable=False, comment="the entry that registered it"),
)

SUBJECT_NAME = Table(
    "subject_name",
    metadata,
    Column("subject_id", String(32), ForeignKey("subject.id"), primary_key=True),
    Column("since", Date, primary_key=True),
    Column("name", String(256), nullable=False),
    Column("seq", BigInteger, nullable=False),
)

ACCOUNT = Table(
    "account",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False, comment="the book's number"),
    Column("code", String(32), nullable=False, unique=True),
    Column("subject_id", String(32), ForeignKey("subject.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("seq", BigInteger, nullable=False),
    UniqueConstraint("subject_id", "kind"),
)

PERSON = Table(
    "person",
    metadata,
    Column("handle", String(64), primary_key=True),
    Column("subject_id", String(32), ForeignKey("subject.id"), nullable=False),
    Column("rights", String(64), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
