"""Tables of shortfalls. Told by the registry's log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, Table, Text

from tanshu.base.database import metadata

SHORTFALL = Table(
    "shortfall",
    metadata,
    Column("id", Text, primary_key=True),
    Column("day", Date, nullable=False, comment="the settlement day in which it came up"),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("account", Integer, ForeignKey("account.number"), nullable=False, comment="its cash account"),
    Column("instrument", Integer, ForeignKey("instrument.number"), nullable=False, comment="the currency"),
    Column("amount", BigInteger, nullable=False, comment="fen"),
    Column("cause", Text, nullable=False),
    Column("why", Text, nullable=False, comment="in words"),
    Column("pack", Text, nullable=False, comment="the clearing pack"),
    Column(
        "state",
        Text,
        nullable=False,
        comment="noticed, confirmed, cured, covered, recovering, recovered, withdrawn",
    ),
    Column("cured", BigInteger, nullable=False, comment="fen made good by deposits"),
    Column("covered", BigInteger, nullable=False, comment="fen given by the house"),
    Column("recovered", BigInteger, nullable=False, comment="of them, fen that came back"),
    Column("noticed_by", Text, nullable=False),
    Column("noticed_seq", BigInteger, nullable=False),
    Column("minutes", Integer, nullable=False, comment="to make it good, from the confirmation on"),
    Column("confirmed_by", Text, comment="the second person; it binds from then on"),
    Column("confirmed_seq", BigInteger),
    Column("cure_until_ns", BigInteger, comment="UTC; the house covers after it"),
    Column("withdrawn_by", Text),
    Column("withdrawn_why", Text),
    Column("ended_seq", BigInteger, comment="cured, recovered or withdrawn"),
    comment="Money missing in a subject's cash account, as two people say.",
)
Index("ix_shortfall_account", SHORTFALL.c.account)

SHORTFALL_PAYMENT = Table(
    "shortfall_payment",
    metadata,
    Column("shortfall_id", Text, ForeignKey("shortfall.id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False, comment="cure, cover, recovery"),
    Column("fund", Text, nullable=False, comment="reserve, own_funds; blank for a cure"),
    Column("transaction_id", Text, ForeignKey("registry_transaction.id"), nullable=False),
    Column("amount", BigInteger, nullable=False, comment="fen"),
    Column("seq", BigInteger, nullable=False, comment="the entry in which it counted"),
    comment="By which transactions a shortfall was made good, and the house got its money back.",
)
Index("ix_shortfall_payment_transaction", SHORTFALL_PAYMENT.c.transaction_id)
