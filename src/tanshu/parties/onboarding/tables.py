"""Tables of onboarding. What was handed in is never overwritten: a resubmission is a new round beside it."""

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Integer, SmallInteger, Table, Text

from tanshu.base.database import metadata

APPLICATION = Table(
    "account_application",
    metadata,
    Column("id", Text, primary_key=True),
    Column("handle", Text, nullable=False, index=True, comment="the credit code, or a chosen short name"),
    Column("state", Text, nullable=False, index=True),
    Column("round", SmallInteger, nullable=False, comment="how often it was submitted"),
    Column("due_on", Date, nullable=False, comment="the last day for the review of this round"),
    Column("subject_id", Text, ForeignKey("subject.id"), comment="who was registered in the end"),
    Column("seq", BigInteger, nullable=False),
    Column("ended_seq", BigInteger),
    comment="Applications for an account (开户申请).",
)

APPLICATION_FORM = Table(
    "application_form",
    metadata,
    Column("application_id", Text, ForeignKey("account_application.id"), primary_key=True),
    Column("round", SmallInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False, comment="of an individual: the first character only"),
    Column("uscc", Text),
    Column("region", Text, nullable=False),
    Column("fictional", Boolean, nullable=False),
    Column("listed_year", Integer, comment="on which year's list; none: takes part voluntarily"),
    Column("accounts", Text, nullable=False, comment="kinds, JSON"),
    Column("people", Text, nullable=False, comment="handles and rights, JSON"),
    Column("bank", Text, nullable=False),
    Column("bank_last4", Text, nullable=False),
    Column("bank_sha256", Text, nullable=False, comment="of the sealed bank account"),
    Column("contact_sha256", Text, comment="of the sealed contact data"),
    Column("person", Text, ForeignKey("person.handle"), nullable=False, comment="who entered it"),
    Column("submitted_on", Date, nullable=False),
    Column("seq", BigInteger, nullable=False),
    comment="What an application says, round by round.",
)

APPLICATION_DOCUMENT = Table(
    "application_document",
    metadata,
    Column("application_id", Text, ForeignKey("account_application.id"), primary_key=True),
    Column("round", SmallInteger, primary_key=True, autoincrement=False),
    Column("n", SmallInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("sha256", Text, nullable=False, comment="of its bytes, which lie in the vault"),
    Column("size", BigInteger, nullable=False, comment="bytes"),
)

APPLICATION_STEP = Table(
    "application_step",
    metadata,
    Column("application_id", Text, ForeignKey("account_application.id"), primary_key=True),
    Column("n", SmallInteger, primary_key=True, autoincrement=False),
    Column("round", SmallInteger, nullable=False),
    Column("stage", Text, nullable=False, comment="first or second review"),
    Column("verdict", Text, nullable=False),
    Column("person", Text, ForeignKey("person.handle"), nullable=False),
    Column("acting_for", Text, ForeignKey("person.handle"), comment="as whose substitute"),
    Column("comment", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("time_ns", BigInteger, nullable=False),
)

YEAR_REVIEW = Table(
    "year_review",
    metadata,
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False, comment="started, found, done"),
    Column("due_on", Date, nullable=False),
    Column("started_by", Text, ForeignKey("person.handle"), nullable=False),
    Column("started_seq", BigInteger, nullable=False),
    Column("findings", Text),
    Column("found_by", Text, ForeignKey("person.handle")),
    Column("found_for", Text, ForeignKey("person.handle")),
    Column("found_seq", BigInteger),
    Column("done_by", Text, ForeignKey("person.handle"), comment="somebody else"),
    Column("done_for", Text, ForeignKey("person.handle")),
    Column("done_seq", BigInteger),
    comment="The yearly review (年度复核) of a subject's data and papers.",
)
