"""`tanshu day statement`, `tanshu day report`: what a settlement day came to, for one and for all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.door import Door, command
from tanshu.cli.handed_out import formats, paper_bytes, said
from tanshu.cli.moments import read_day
from tanshu.cli.output import Facts, Fen, Part, Reply, Table, number_column, text_column
from tanshu.cli.progress import progress
from tanshu.cli.stamps import notices, short_stamp, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from tanshu.base.documents import Paper
    from tanshu.base.tabular import Sheet
    from tanshu.book.commit import Book
    from tanshu.clearing.statements.customer import CustomerStatement
    from tanshu.clearing.statements.market_report import MarketReport
