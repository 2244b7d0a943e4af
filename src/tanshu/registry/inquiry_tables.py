"""Tables of inquiries. The officer who asks is a person: only a salted hash and the role are kept."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, SmallInteger, Table, Text

from tanshu.base.database import metadata

INQUIRY = Table(
    "inquiry",
    metadata,
    Column("id", Text, primary_key=True),
    Column("authority", Text, nullable=False, comment="the court or authority that asks"),
    Column("document", Text, nullable=False, comment="the number of its letter"),
    Column("document_sha256", Text, comment="of the letter as received"),
    Column("officer_role", Text, nullable=False, comment="such as judge, bailiff, inspector"),
    Column("officer_hash", Text, nullable=False, comment="salted; the salt is with the letter, outside"),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("what", Text, nullable=False, comment="holdings, history, claims; with commas"),
    Column("from_seq", BigInteger, nullable=False, comment="history begins with the entry after it"),
    Column("as_of_seq", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("requested_by", Text, ForeignKey("person.handle"), nullable=False),
    Column("requested_seq", BigInteger, nullable=False),
    Column("decided_by", Text, ForeignKey("person.handle")),
    Column("decided_seq", BigInteger),
    Column("comment", Text, nullable=False),
    Column("year", Integer, comment="in which it was answered"),
    Column("number", Integer, comment="among the answers of that year"),
    Column("answered_by", Text, ForeignKey("person.handle")),
    Column("answered_seq", BigInteger),
    Column("answer_sha256", Text, comment="of what the answer says, as canonical JSON"),
    comment="What courts and authorities asked about a subject, and what they were answered.",
)
Index("ix_inquiry_subject", INQUIRY.c.subject_id, INQUIRY.c.requested_seq)
Index("ix_inquiry_state", INQUIRY.c.state, INQUIRY.c.requested_seq)
Index("ix_inquiry_number", INQUIRY.c.year, INQUIRY.c.number, unique=True)

INQUIRY_READING = Table(
    "inquiry_reading",
    metadata,
    Column("inquiry_id", Text, ForeignKey("inquiry.id"), primary_key=True),
    Column("n", SmallInteger, primary_key=True, autoincrement=False),
    Column("person", Text, ForeignKey("person.handle"), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("time_ns", BigInteger, nullable=False),
    comment="Who read an answer again, and what for.",
)
