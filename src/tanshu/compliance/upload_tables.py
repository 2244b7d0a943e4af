"""Tables of the allocation tables 分配相关数据表 that provinces upload, of objections and of adjustments."""

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text

from tanshu.base.database import metadata

ALLOCATION_UPLOAD = Table(
    "allocation_upload",
    metadata,
    Column("id", Text, primary_key=True),
    Column("region", Text, nullable=False, comment="of the province that uploads"),
    Column("year", Integer, nullable=False),
    Column("stage", Text, nullable=False, comment="pre, final"),
    Column("file", Text, nullable=False, comment="its name, as it came"),
    Column("sheet", Text, nullable=False),
    Column("sha256", Text, nullable=False, comment="of the file's bytes, hexadecimal"),
    Column("size", BigInteger, nullable=False, comment="bytes"),
    Column("entities", Integer, nullable=False, comment="rows of the table"),
    Column("total_t", BigInteger, nullable=False, comment="tonnes, over the rows whose quantity is one"),
    Column("errors", Integer, nullable=False, comment="findings that stand in the way"),
    Column("warnings", Integer, nullable=False, comment="findings to be explained"),
    Column("state", Text, nullable=False, comment="open, faulty, accepted, returned"),
    Column("letter_id", Text, comment="the sealed letter that it was compared with"),
    Column("compared_by", Text),
    Column("mismatch", Text, comment="what differed: count, tonnes, sha256; empty where nothing did"),
    Column("loaded", Integer, nullable=False, comment="rows that became decisions, in order"),
    Column("maker", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
Index("ix_allocation_upload_year", ALLOCATION_UPLOAD.c.year, ALLOCATION_UPLOAD.c.stage)

ALLOCATION_UPLOAD_ROW = Table(
    "allocation_upload_row",
    metadata,
    Column("upload_id", Text, ForeignKey("allocation_upload.id"), primary_key=True),
    Column("n", Integer, primary_key=True, comment="place among the file's entities, from 0"),
    Column("sheet_row", Integer, nullable=False, comment="as a spreadsheet counts; the heading is 1"),
    Column("credit_code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("quantity", BigInteger, comment="tonnes; null where the cell is no quantity"),
    Column("facts", Text, nullable=False, comment="JSON: the figures it follows from, tonnes"),
)

ALLOCATION_UPLOAD_FINDING = Table(
    "allocation_upload_finding",
    metadata,
    Column("upload_id", Text, ForeignKey("allocation_upload.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("sheet_row", Integer, nullable=False),
    Column("heading", Text, nullable=False, comment="the column's name, as this program calls it"),
    Column("value", Text, nullable=False, comment="the cell as it stands, cut short"),
    Column("severity", Text, nullable=False, comment="error, warning"),
    Column("code", Text, nullable=False, comment="number of what is wrong"),
    Column("facts", Text, nullable=False, comment="JSON"),
)

SEALED_LETTER = Table(
    "sealed_letter",
    metadata,
    Column("id", Text, primary_key=True),
    Column("region", Text, nullable=False, comment="of the province that sealed it"),
    Column("year", Integer, nullable=False),
    Column("stage", Text, nullable=False),
    Column("number", Text, nullable=False, comment="document number"),
    Column("dated", Date, nullable=False),
    Column("entities", Integer, nullable=False),
    Column("total_t", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("maker", Text, nullable=False, comment="who keyed it"),
    Column("seq", BigInteger, nullable=False),
)

OBJECTION = Table(
    "objection",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("stage", Text, nullable=False, comment="of the allocation objected to"),
    Column("notice", Text, nullable=False, comment="number of the notice objected to"),
    Column("served_on", Date, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("apply_by", Date, nullable=False, comment="last day to apply"),
    Column("decide_by", Date, comment="last day to decide; null where the application came late"),
    Column("grounds", Text, nullable=False),
    Column("claimed_t", BigInteger, comment="what the entity thinks is due"),
    Column("state", Text, nullable=False, comment="filed, late, proposed, upheld, dismissed"),
    Column("quantity", BigInteger, comment="the quantity that an upheld one leads to"),
    Column("opinion", Text, comment="why it is upheld or dismissed"),
    Column("decided_by", Text, comment="who proposed the decision"),
    Column("confirmed_by", Text),
    Column("decided_on", Date, comment="when it was confirmed"),
    Column("filed_by", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
Index("ix_objection_state", OBJECTION.c.state)

DEDUCTION = Table(
    "deduction",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("quantity", BigInteger, nullable=False, comment="tonnes to be deducted from allocations"),
    Column("document", Text, nullable=False, comment="number of the decision it goes back to"),
    Column("decided_on", Date, nullable=False, comment="date of that decision"),
    Column("basis", Text, nullable=False, comment="law and article"),
    Column("maker", Text, nullable=False),
    Column("confirmed_by", Text, comment="the second person; null: not in force yet"),
    Column("seq", BigInteger, nullable=False),
)

DEDUCTION_USE = Table(
    "deduction_use",
    metadata,
    Column("deduction_id", Text, ForeignKey("deduction.id"), primary_key=True),
    Column("decision", Text, primary_key=True, comment="pre-YEAR, final-YEAR, or an adjustment's id"),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("taken_t", BigInteger, nullable=False, comment="tonnes not issued; negative: owed again"),
    Column("seq", BigInteger, nullable=False),
)

ADJUSTMENT = Table(
    "allocation_adjustment",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("ground", Text, nullable=False, comment="objection, verification"),
    Column("reference", Text, nullable=False, comment="the objection's id, or the document"),
    Column("changed_on", Date, nullable=False, comment="when its ground came to be"),
    Column("due_on", Date, nullable=False, comment="last day for the province to act"),
    Column("before_t", BigInteger, nullable=False, comment="approved before"),
    Column("after_t", BigInteger, nullable=False),
    Column("obligation_before_t", BigInteger),
    Column("obligation_t", BigInteger),
    Column("issue_t", BigInteger, nullable=False, comment="moved to the holder; negative: back from it"),
    Column("transaction_id", Text, comment="null where nothing moves"),
    Column("confirmed", Boolean, nullable=False, comment="by a second person, where nothing moves"),
    Column("maker", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
Index("ix_allocation_adjustment_subject", ADJUSTMENT.c.subject_id, ADJUSTMENT.c.year)
