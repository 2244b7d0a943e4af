"""Tables of parties. Names carry their dates; nothing personal is stored."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

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
# The authority of a region, the only one of a kind: asked with nearly every command.
Index("ix_subject_kind", SUBJECT.c.kind, SUBJECT.c.region, SUBJECT.c.seq)
# Lists in pages.
Index("ix_subject_seq", SUBJECT.c.seq, SUBJECT.c.id)

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
Index("ix_account_kind", ACCOUNT.c.kind, ACCOUNT.c.number)
Index("ix_account_state", ACCOUNT.c.state, ACCOUNT.c.number)

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
Index("ix_person_subject", PERSON.c.subject_id)

DELEGATION = Table(
    "delegation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("person", Text, ForeignKey("person.handle"), nullable=False, comment="who hands a right over"),
    Column("substitute", Text, ForeignKey("person.handle"), nullable=False, index=True),
    Column("handed", Text, nullable=False, comment="the right: maker or checker"),
    Column("since", Date, nullable=False),
    Column("until", Date, comment="the last day; none for a standing substitute"),
    Column("reason", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("ended_seq", BigInteger, comment="the entry that ended it early"),
    Column("ended_by", Text, ForeignKey("person.handle")),
    comment="Rights that people handed to substitutes of the same subject.",
)

CHANGE_REQUEST = Table(
    "change_request",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False, comment="state, name, bank, contact, people"),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False, index=True),
    Column("account", Integer, ForeignKey("account.number"), comment="where its state is to change"),
    Column("asked", Text, nullable=False, comment="what is to be, JSON"),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False, index=True, comment="waiting, done, declined"),
    Column("asked_by", Text, ForeignKey("person.handle"), nullable=False),
    Column("asked_seq", BigInteger, nullable=False),
    Column("asked_on", Date, nullable=False),
    Column("decided_by", Text, ForeignKey("person.handle"), comment="somebody else"),
    Column("decided_for", Text, ForeignKey("person.handle"), comment="as whose substitute"),
    Column("decided_seq", BigInteger),
    Column("comment", Text, nullable=False),
    comment="Changes of subjects and accounts: one person asks, another decides.",
)

SUBJECT_DETAIL = Table(
    "subject_detail",
    metadata,
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("kind", Text, primary_key=True, comment="bank or contact"),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="from this entry on"),
    Column("bank", Text, comment="which bank"),
    Column("last4", Text, comment="the end of the account's number"),
    Column("sha256", Text, nullable=False, comment="of the sealed document in the vault"),
    comment="Bank accounts and contact data: only their hashes, each with the entry it holds from.",
)
