"""The tables of published quotes: what was imported when, its rows, and what was found in them.

A later file of a series supersedes an earlier one day by day; the earlier rows stay. What stands for a day is
the row with the highest `seq`, and of one file's two rows the later.
"""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, Table, Text

from tanshu.base.database import metadata

PUBLISHED_FILE = Table(
    "published_file",
    metadata,
    Column("id", Text, primary_key=True),
    Column("series", Text, nullable=False, comment="the layout's name: what the rows belong to"),
    Column("market", Text, nullable=False),
    Column("period", Text, nullable=False, comment="day, month or auction"),
    Column("file", Text, nullable=False),
    Column("sha256", Text, nullable=False, comment="of the file's bytes"),
    Column("part", Integer, nullable=False, comment="a long file comes in parts, counted from 1"),
    Column("parts", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("columns", Text, nullable=False, comment="canonical JSON: field → what the file calls it"),
    Column("seq", BigInteger, nullable=False),
    Index("ix_published_file_series", "series", "seq"),
)

PUBLISHED_QUOTE = Table(
    "published_quote",
    metadata,
    Column("file_id", Text, ForeignKey("published_file.id"), primary_key=True),
    Column("row", Integer, primary_key=True, comment="in the file, its header is 1"),
    Column("mode", Text, primary_key=True, comment="total, listing or block"),
    Column("series", Text, nullable=False),
    Column("vintage", Text, nullable=False, comment="empty for the whole market"),
    Column("day", Date, nullable=False, comment="of a month, its first"),
    Column("open_fen", BigInteger),
    Column("high_fen", BigInteger),
    Column("low_fen", BigInteger),
    Column("close_fen", BigInteger),
    Column("volume_t", BigInteger),
    Column("amount_fen", BigInteger),
    Column("average_micro", BigInteger, comment="millionths of a yuan per tonne, as stated"),
    Column("prev_close_fen", BigInteger),
    Column("change_bp", BigInteger, comment="hundredths of a per cent, as stated"),
    Column("cum_volume_t", BigInteger),
    Column("cum_amount_fen", BigInteger),
    Column("seq", BigInteger, nullable=False),
    Index("ix_published_quote_day", "series", "day"),
)

PUBLISHED_AUCTION = Table(
    "published_auction",
    metadata,
    Column("file_id", Text, ForeignKey("published_file.id"), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("series", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("title", Text, nullable=False),
    Column("price_fen", BigInteger),
    Column("volume_t", BigInteger),
    Column("amount_fen", BigInteger),
    Column("offered_t", BigInteger),
    Column("reserve_fen", BigInteger),
    Column("top_bid_fen", BigInteger),
    Column("valid_bids_t", BigInteger),
    Column("seq", BigInteger, nullable=False),
    Index("ix_published_auction_day", "series", "day"),
)

PUBLISHED_FINDING = Table(
    "published_finding",
    metadata,
    Column("file_id", Text, ForeignKey("published_file.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("series", Text, nullable=False),
    Column("row", Integer, nullable=False),
    Column("day", Date),
    Column("vintage", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="hard, incomplete or suspect"),
    Column("code", Text, nullable=False),
    Column("fields", Text, nullable=False, comment="canonical JSON"),
    Column("values", Text, nullable=False, comment="canonical JSON: what the row says in its fields"),
    Column("facts", Text, nullable=False, comment="canonical JSON: what its sentence needs"),
    Column("repairs", Text, nullable=False, comment="canonical JSON: proposed values, never applied"),
    Column("seq", BigInteger, nullable=False),
    Index("ix_published_finding_day", "series", "day"),
)
