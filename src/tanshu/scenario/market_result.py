"""How a market's year ended, read from the database alone, in the market's own words."""

from __future__ import annotations

from sqlalchemy import Connection

from tanshu.app import Installation
from tanshu.base.text import Text
from tanshu.compliance import obligations
from tanshu.compliance.obligations import STATUS_LABELS, Owed, Status
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.registry import queries as registry
from tanshu.registry import settled
from tanshu.registry.model import TransactionState
from tanshu.registry.settled import SETTLEMENT
from tanshu.rules import registry_pack
from tanshu.scenario.folder import Folder
from tanshu.scenario.market import Market
from tanshu.scenario.market_law import Law
from tanshu.scenario.result import Check, Column, Grid, Result, ending

_HOLDING = (AccountKind.REGISTRATION, AccountKind.TRADING, AccountKind.PROVINCIAL)
_MOVING = {
    "pre-allocation": "pre-allocation",
    "final-allocation": "final-allocation",
    "return": "return-of-excess",
    "to-trading": "position-transfer",
    "trading": SETTLEMENT,
    "to-registry": "position-transfer",
    "transfers": "free-transfer",
    "surrender": "surrender",
    "surplus": "surplus-cancellation",
}
"""By step, the type that it carries out."""


def told(conn: Connection, step: str, instrument: str) -> Text:
    """Tonnes and transactions of a finished step; positions moved so far, where it moves positions."""
    type = _MOVING.get(step)
    if type is None:
        return Text("", "")
    count, tonnes = _moved(conn, type, instrument)
    return Text(f"{count} 笔 · {tonnes:,} 吨", f"{count} transactions · {tonnes:,} t")


def of(installation: Installation, folder: Folder, law: Law, market: Market) -> Result:
    """The year's board, and what must be so at its end."""
    end = ending(installation)
    with installation.database.read() as conn:
        board = obligations.board(conn, market.year, today=market.dates.closing)
        cancelled = {
            row.subject.id: registry.quantity(
                conn, "surplus-cancellation", subject_id=row.subject.id, year=market.year
            )
            for row in board
        }
        issued = _moved(conn, "issuance", law.instrument)[1]
        sold = _moved(conn, law.trade, law.instrument)[1] if law.trade else 0
        number = next(one.number for one in registry.instruments(conn) if one.code == law.instrument)
        state = installation.book.catch_up(conn)
        held = sum(
            cell.available + cell.held
            for account in parties.accounts(conn)
            if account.kind in _HOLDING
            for cell in (state.cell(account.number, number),)
        )
    ended = sum(row.surrendered_t for row in board) + sum(cancelled.values())
    data = {
        "scenario": folder.id,
        "jurisdiction": folder.jurisdiction,
        "title": {"zh": folder.title.zh, "en": folder.title.en},
        "stamp": {"zh": folder.stamp.zh, "en": folder.stamp.en},
        "compliance_year": market.year,
        "instrument": law.instrument,
        "entities": len(board),
        "verified_t": sum(row.verified_t or 0 for row in board),
        "pre_allocated_t": sum(row.pre_allocated_t or 0 for row in board),
        "approved_t": sum(row.approved_t or 0 for row in board),
        "issued_t": issued,
        "traded_t": sold,
        "surrendered_t": sum(row.surrendered_t for row in board),
        "cancelled_t": sum(cancelled.values()),
        "held_t": held,
        "short_t": sum(row.due_t for row in board),
        "compliant": sum(row.status is Status.COMPLIANT for row in board),
        **end.as_json(),
    }
    checks = (
        Check(
            Text(
                f"发行 {issued:,} = 持有 {held:,} + 已缴与注销 {ended:,}",
                f"issued {issued:,} = held {held:,} + handed over or cancelled {ended:,}",
            ),
            issued == held + ended,
        ),
        Check(
            Text("守恒:每种产品合计为零", "conservation: zero for every instrument"),
            not any(end.conservation.values()),
        ),
    )
    return Result(data, (_grid(board, cancelled, law, market),), checks)


def _grid(board: list[Owed], cancelled: dict[str, int], law: Law, market: Market) -> Grid:
    def said(text: Text) -> Text:
        return registry_pack.worded(law.registry, text)

    columns = (
        Column(Text("重点排放单位", "entity"), fold=True),
        Column(Text("核查排放量", "verified"), number=True),
        Column(Text("预分配", "pre-allocated"), number=True),
        Column(Text("核定配额", "approved"), number=True),
        Column(said(Text("清缴", "surrendered")), number=True),
        Column(Text("未交易注销", "cancelled"), number=True),
        Column(Text("欠缴", "short"), number=True),
        Column(Text("状态", "status")),
    )
    rows = tuple(
        (
            row.subject.name,
            row.verified_t,
            row.pre_allocated_t,
            row.approved_t,
            row.surrendered_t,
            cancelled[row.subject.id],
            row.due_t,
            said(STATUS_LABELS[row.status]),
        )
        for row in board
    )
    totals = tuple(sum(int(str(row[n] or 0)) for row in rows) for n in range(1, 7))
    title = said(Text(f"{market.year} 年度清缴(吨)", f"compliance {market.year} (t)"))
    count = Text(f"合计 {len(rows)} 家", f"{len(rows)} in all")
    return Grid(title, columns, rows, (count, *totals, ""))


def _moved(conn: Connection, type: str, instrument: str) -> tuple[int, int]:
    """Transactions in effect of a type (trades however settled), and the tonnes of the allowance in them."""
    if type == SETTLEMENT:
        traded = settled.totals(conn)
        return traded.trades, traded.by_instrument.get(instrument, 0)
    number = next((one.number for one in registry.instruments(conn) if one.code == instrument), None)
    made = registry.transactions(conn, type=type, state=TransactionState.EFFECTED)
    return len(made), sum(line.quantity for one in made for line in one.lines if line.instrument == number)
