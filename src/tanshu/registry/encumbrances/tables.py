"""Tables of encumbrances."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
)

from tanshu.base.database import metadata

CLAIM = Table(
    "claim",
    metadata,
    Column("id", Text, primary_key=True),
    Column("cls", Text, nullable=False, comment="court, duty, pledge, session, holder"),
    Column("account", Integer, ForeignKey("account.number"), nullable=False),
    Column("instrument", Integer, ForeignKey("instrument.number"), nullable=False),
    Column("ordered", BigInteger, nullable=False, comment="what it is for"),
    Column("reach", BigInteger, nullable=False, comment="what it can come to hold"),
    Column("held", BigInteger, nullable=False),
    Column("follows", SmallInteger, nullable=False, comment="1: later arrivals too, up to its reach"),
    Column("state", Text, nullable=False),
    Column("seq", BigInteger, nullable=False, comment="the entry that registered it"),
    Column("n", SmallInteger, nullable=False, comment="its turn among the claims of that entry"),
    Column("transaction_id", Text, nullable=False, comment="what made it; of a session, its name"),
    Column("line", SmallInteger, nullable=False),
    Column("tag", Integer, nullable=False, comment="number of the type that made it"),
    Column("root_id", Text, nullable=False, comment="claims of one root belong together"),
    Column("beneficiary_id", Text, ForeignKey("subject.id")),
    Column("document", Text, nullable=False),
    Column("expires_on", Date),
    Column("ended_seq", BigInteger),
)
Index("ix_claim_cell", CLAIM.c.account, CLAIM.c.instrument, CLAIM.c.state)
Index("ix_claim_transaction", CLAIM.c.transaction_id)
Index("ix_claim_root", CLAIM.c.root_id)
Index("ix_claim_class", CLAIM.c.cls, CLAIM.c.state, CLAIM.c.expires_on)

CLAIM_HOLD = Table(
    "claim_hold",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False, comment="of the hold in the log"),
    Column("claim_id", Text, ForeignKey("claim.id"), nullable=False),
    Column("quantity", BigInteger, nullable=False, comment="what is left of it"),
)
Index("ix_claim_hold_claim", CLAIM_HOLD.c.claim_id)
