"""The table of notices. Their wording is not kept: it is written from the facts whenever it is asked for."""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Table, Text

from tanshu.base.database import metadata

NOTICE = Table(
    "notice",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False, comment="to whom"),
    Column("kind", Text, nullable=False),
    Column("about", Text, nullable=False, comment="id of the transaction, claim or decision it tells of"),
    Column("facts", Text, nullable=False, comment="what its wording needs, JSON; nothing personal"),
    Column("issued_seq", BigInteger, nullable=False),
    Column("issued_ns", BigInteger, nullable=False),
    Column("served_on", Date, comment="the day on which it reached the subject: terms run from here"),
    Column("served_by", Text, ForeignKey("person.handle"), comment="who recorded that"),
    Column("served_seq", BigInteger),
    comment="What was told to whom, and when it reached them.",
)
Index("ix_notice_subject", NOTICE.c.subject_id, NOTICE.c.issued_seq)
Index("ix_notice_about", NOTICE.c.about)
