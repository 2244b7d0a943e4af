"""Tables of the banks. Told by the registry's log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, Table, Text

from tanshu.base.database import metadata

BANK_BINDING = Table(
    "bank_binding",
    metadata,
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="from this entry on"),
    Column("bank_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("person", Text, ForeignKey("person.handle"), nullable=False),
    Column("ended_seq", BigInteger),
    comment="Which settlement bank keeps a subject's money.",
)

BANK_INSTRUCTION = Table(
    "bank_instruction",
    metadata,
    Column("id", Text, primary_key=True, comment="the request's id at the bank"),
    Column("day", Date, nullable=False, comment="the business day it is of"),
    Column("kind", Text, nullable=False, comment="payout, position, ledger"),
    Column("bank_id", Text, ForeignKey("subject.id"), nullable=False, comment="who is to do it"),
    Column("other_id", Text, ForeignKey("subject.id"), comment="the bank that receives a position"),
    Column("account", Integer, ForeignKey("account.number"), comment="whose sub-ledger pays"),
    Column("instrument", Integer, ForeignKey("instrument.number"), nullable=False),
    Column("amount", BigInteger, nullable=False, comment="fen; a ledger file's sum has a sign"),
    Column("transaction_id", Text, ForeignKey("registry_transaction.id"), comment="which it follows from"),
    Column("state", Text, nullable=False, comment="made, unknown, done, refused, returned"),
    Column("bank_reference", Text),
    Column("why", Text, comment="what the bank said when it refused"),
    Column("done_on", Date, comment="the bank's day"),
    Column("attempts", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("answered_seq", BigInteger, comment="the newest answer"),
    Column("by_hand", Text, comment="who recorded the answer by hand"),
    Column("returned_id", Text, comment="the deposit that gave a refused payout back"),
    comment="What banks were asked to do, and what they answered.",
)
Index("ix_bank_instruction_state", BANK_INSTRUCTION.c.state, BANK_INSTRUCTION.c.seq)
Index("ix_bank_instruction_day", BANK_INSTRUCTION.c.day, BANK_INSTRUCTION.c.seq)
Index("ix_bank_instruction_done", BANK_INSTRUCTION.c.done_on)

BANK_POSTING = Table(
    "bank_posting",
    metadata,
    Column("instruction_id", Text, ForeignKey("bank_instruction.id"), primary_key=True),
    Column("account", Integer, ForeignKey("account.number"), primary_key=True, autoincrement=False),
    Column("amount", BigInteger, nullable=False, comment="fen, with its sign"),
    comment="What a ledger file tells a bank of its sub-ledgers.",
)
Index("ix_bank_posting_account", BANK_POSTING.c.account, BANK_POSTING.c.instruction_id)

BANK_STATEMENT = Table(
    "bank_statement",
    metadata,
    Column("bank_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False, comment="the newest counts"),
    Column("opening", BigInteger, nullable=False),
    Column("closing", BigInteger, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("sha256", Text, nullable=False, comment="of the statement's canonical form"),
    Column("person", Text, ForeignKey("person.handle"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    comment="Statements of special accounts as the banks sent them.",
)

BANK_STATEMENT_LINE = Table(
    "bank_statement_line",
    metadata,
    Column("bank_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("reference", Text, nullable=False, comment="the bank's"),
    Column("request", Text, nullable=False, comment="the house's instruction, or nothing"),
    Column("account", Text, nullable=False, comment="the sub-ledger as the bank calls it"),
    Column("name", Text, nullable=False, comment="whose it is as the bank says"),
    Column("amount", BigInteger, nullable=False, comment="fen, what came in above zero"),
    Column("balance", BigInteger, nullable=False),
    comment="Movements on them.",
)
Index("ix_bank_statement_line_reference", BANK_STATEMENT_LINE.c.reference)
Index("ix_bank_statement_line_request", BANK_STATEMENT_LINE.c.request)

BANK_STATEMENT_SUB = Table(
    "bank_statement_sub",
    metadata,
    Column("bank_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("account", Text, primary_key=True),
    Column("balance", BigInteger, nullable=False),
    comment="Closing balances of the sub-ledgers on them.",
)
