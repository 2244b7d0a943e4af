"""What a transaction does to the book: hold while it waits, capture or move at its end, else release."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection

from tanshu.base.refusal import Refusal
from tanshu.book import records
from tanshu.book.commit import Act
from tanshu.book.records import AccountFlag
from tanshu.parties import queries as parties
from tanshu.registry import checks, queries
from tanshu.registry.model import Proposed, SidedLine, Transaction


def as_proposed(conn: Connection, transaction: Transaction) -> Proposed:
    """A stored transaction as its checks see it: with its accounts as they are now."""
    lines = tuple(
        SidedLine(
            parties.account_by_number(conn, line.debit),
            parties.account_by_number(conn, line.credit),
            queries.instrument_by_number(conn, line.instrument),
            line.quantity,
        )
        for line in transaction.lines
    )
    subject = parties.subject_by_id(conn, transaction.subject_id)
    return Proposed(
        transaction.id,
        transaction.type,
        subject,
        transaction.year,
        lines,
        transaction.details,
        transaction.proposed_ns,
        at_proposal=False,
    )


def covered(act: Act, proposed: Proposed) -> Refusal | None:
    """Is what each account gives available in it? Sources may go below zero; the book's cap limits them."""
    needed: dict[tuple[int, int], int] = defaultdict(int)
    by_key: dict[tuple[int, int], SidedLine] = {}
    for line in proposed.lines:
        if AccountFlag(act.state.flags(line.debit.number)) & AccountFlag.OVERDRAFT:
            continue
        key = (line.debit.number, line.instrument.number)
        needed[key] += line.quantity
        by_key[key] = line
    for key, quantity in needed.items():
        cell = act.cell(*key)
        if cell.available < quantity:
            line = by_key[key]
            kind = checks.HELD if cell.available + cell.held >= quantity else checks.INSUFFICIENT
            return kind(
                field="quantity",
                account=line.debit.code,
                instrument=line.instrument.code,
                available=cell.available,
                held=cell.held,
                needed=quantity,
            )
    return None


def hold(act: Act, proposed: Proposed) -> tuple[int, ...]:
    """Hold what every line gives; returns the holds' positions."""
    last = len(proposed.lines) - 1
    return tuple(
        act.record(
            records.hold(
                line.debit.number,
                line.instrument.number,
                line.quantity,
                tag=proposed.type.number,
                linked=i < last,
            )
        )
        for i, line in enumerate(proposed.lines)
    )


def take_effect(act: Act, proposed: Proposed, holds: tuple[int | None, ...]) -> None:
    """One chain: every line moves or none does. That is delivery versus payment, too."""
    last = len(proposed.lines) - 1
    tag = proposed.type.number
    for i, (line, held) in enumerate(zip(proposed.lines, holds, strict=True)):
        debit, credit, what = line.debit.number, line.credit.number, line.instrument.number
        if held is None:
            row = records.transfer(debit, credit, what, line.quantity, tag=tag, linked=i < last)
        else:
            row = records.capture(held, debit, credit, what, line.quantity, tag=tag, linked=i < last)
        act.record(row)


def release(act: Act, transaction: Transaction) -> None:
    """Give back what a dropped transaction held."""
    held = [line for line in transaction.lines if line.hold is not None]
    for i, line in enumerate(held):
        assert line.hold is not None
        row = records.release(
            line.hold,
            line.debit,
            line.instrument,
            line.quantity,
            tag=transaction.type.number,
            linked=i < len(held) - 1,
        )
        act.record(row)
