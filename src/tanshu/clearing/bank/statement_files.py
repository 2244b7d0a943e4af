"""A bank's statement as a CSV file: read, and written in the same layout.

Columns row, kind, reference, request, account, name, amount, balance. One row `opening` and one row `closing`
with a balance; `line` for each movement, in order; `sub` for each sub-ledger, with account and balance. Money
is in yuan with two decimals at most. Words that a spreadsheet would take for a formula are written with an
apostrophe before them, which is taken off when they are read.
"""

from __future__ import annotations

import csv
import re
from datetime import date
from io import StringIO
from pathlib import Path

from tanshu.base.files import FileRow, read_table
from tanshu.base.quantity import QUANTITY_MAX, yuan
from tanshu.base.refusal import Refused
from tanshu.base.tabular import FORMULA
from tanshu.base.text import Text
from tanshu.clearing.bank import checks
from tanshu.clearing.bank.gateway import LineKind, Statement, StatementLine

COLUMNS = ("row", "kind", "reference", "request", "account", "name", "amount", "balance")
_QUOTED = (*FORMULA, "'")
OPENING, LINE, SUB, CLOSING = "opening", "line", "sub", "closing"
_YUAN = re.compile(r"^([+-]?)(\d{1,16}|\d{1,3}(?:,\d{3}){1,5})(?:\.(\d{1,2}))?$")


def read_statement(path: Path, bank: str, day: date) -> Statement:
    """The statement in a file. Raises Refused BASE-12xx (no table), CLR-3201 (a row), CLR-3202."""
    rows = read_table(path, COLUMNS)
    by_row = {name: [one for one in rows if one["row"] == name] for name in (OPENING, LINE, SUB, CLOSING)}
    for one in rows:
        if one["row"] not in by_row:
            raise _wrong(one, "row", one["row"], ", ".join(by_row))
    opening, closing = by_row[OPENING], by_row[CLOSING]
    if len(opening) != 1 or len(closing) != 1:
        counts = {"opening": len(opening), "closing": len(closing)}
        raise Refused(checks.STATEMENT_SHAPE(field="file", **counts))
    subs: dict[str, int] = {}
    for one in by_row[SUB]:
        account = _word(one["account"])
        if not account or account in subs:
            raise _wrong(one, "account", account, "")
        subs[account] = _fen(one, "balance")
    lines = tuple(_line(n, one) for n, one in enumerate(by_row[LINE], 1))
    return Statement(bank, day, _fen(opening[0], "balance"), _fen(closing[0], "balance"), lines, subs)


def written(statement: Statement) -> str:
    """The statement as the text of such a file."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerow((OPENING, *[""] * 6, _plain(statement.opening)))
    for one in statement.lines:
        facts = (one.kind, one.reference, one.request, one.account, one.name)
        writer.writerow((LINE, *map(_no_formula, facts), _plain(one.amount), _plain(one.balance)))
    for account, fen in statement.subs.items():
        writer.writerow((SUB, "", "", "", _no_formula(account), "", "", _plain(fen)))
    writer.writerow((CLOSING, *[""] * 6, _plain(statement.closing)))
    return out.getvalue()


def _line(n: int, row: FileRow) -> StatementLine:
    if row["kind"] not in tuple(LineKind):
        raise _wrong(row, "kind", row["kind"], ", ".join(LineKind))
    if not row["reference"] and not row["request"]:
        raise _wrong(row, "reference", "", "")
    reference, request, account, name = (
        _word(row[column]) for column in ("reference", "request", "account", "name")
    )
    amount, balance = _fen(row, "amount"), _fen(row, "balance")
    return StatementLine(n, row["kind"], reference, request, account, name, amount, balance)


def _fen(row: FileRow, column: str) -> int:
    """Yuan as people write them, in fen."""
    match = _YUAN.match(row[column])
    fen = 0
    if match:
        sign, whole, part = match.groups()
        fen = (int(whole.replace(",", "")) * 100 + int((part or "0").ljust(2, "0"))) * (
            -1 if sign == "-" else 1
        )
    if not match or abs(fen) > QUANTITY_MAX:
        raise _wrong(row, column, row[column], "1234.56")
    return fen


def _no_formula(word: str) -> str:
    return f"'{word}" if word.startswith(_QUOTED) else word


def _word(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_QUOTED) else cell


def _plain(fen: int) -> str:
    return yuan(fen).replace(",", "")


def _wrong(row: FileRow, column: str, value: str, should: str) -> Refused:
    zh = f"{column} 列“{value}”" + (f",应为 {should}" if should else "")
    en = f"{column} is “{value}”" + (f"; known: {should}" if should else "")
    return Refused(checks.STATEMENT_ROW(field=column, line=row.number, why=Text(zh, en)))
