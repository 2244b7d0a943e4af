"""三方对账: the market's log, the book and the banks say the same of a day, or the difference has a name.

Market against book: what the delivered trades come to, account by account, is what the book's entries moved.
Book against bank: every instruction and deposit stands on the bank's statement, and its balances are the
book's, less what is in transit. A difference stays open until a later round no longer finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from tanshu.base.memo import remembering
from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.commit import Act, Decision, verb
from tanshu.book.kernel import INSTRUMENT_BITS, INSTRUMENT_MASK
from tanshu.book.records import Op, decode
from tanshu.book.state import State
from tanshu.clearing import queries
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.bank.explained import unexplained
from tanshu.clearing.bank.position import of_day
from tanshu.clearing.bank.reconcile import BREAKS, CAUSES, Break, compare
from tanshu.clearing.collecting import by_clerk
from tanshu.clearing.delivery import TAG, split
from tanshu.clearing.model import DayState, Reconcile
from tanshu.clearing.models import owed
from tanshu.clearing.tables import CLEARING_BREAK, CLEARING_DAY
from tanshu.clearing.trades import Ints, TradedDay, Trades, read_day
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.parties.model import Subject
from tanshu.rules import calendars

KINDS = BREAKS | {
    "delivered": Text("交收与成交不符", "delivered otherwise than traded"),
    "no_statement": Text("无对账单", "no statement"),
}
REASONS = CAUSES | {
    "delivered": Text("账簿的划转合计与市场日志的成交不符", "the book did not move what was traded"),
    "no_statement": Text(
        "银行当日营业,但尚未收到其对账单", "the bank worked on this day and its statement has not come"
    ),
}
"""What a difference is, and why, in words."""


@verb("clearing.reconcile")
def reconcile(act: Act, command: Reconcile) -> Decision:
    """Hold market, book and banks against each other, as things stand now; tell every difference.

    Without differences the day goes on; with some it waits, and is reconciled again when they are cleared up.
    One that two people explained (clearing/explaining.py) is none any more.
    Refuses with CLR-1001, CLR-1002.
    """
    need(by_clerk(act))
    need(queries.day_in(act.conn, command.day, DayState.EFFECTED))
    with remembering():
        found = list(differences(act.conn, act.state, act.ctx.book.log, command.day))
    newest = select(func.max(CLEARING_BREAK.c.round)).where(CLEARING_BREAK.c.day == command.day)
    round = (act.conn.execute(newest).scalar() or 0) + 1
    if found:
        rows = ({"day": command.day, "round": round, "n": n, **one._asdict()} for n, one in enumerate(found))
        act.insert(CLEARING_BREAK, *rows)
    state = DayState.EFFECTED if found else DayState.RECONCILED
    changed = {"state": state, "differences": len(found), "reconciled_seq": act.seq}
    act.update(CLEARING_DAY, {"day": command.day}, **changed)
    return {"day": command.day.isoformat(), "state": state, "differences": len(found)}


def differences(conn: Connection, state: State, log: int, day: date) -> Iterator[Break]:
    """Everything in which market, book and banks disagree about a day."""
    for row in queries.markets(conn, day):
        yield from _market_and_book(conn, state, log, row)
    yield from _late_and_book(conn, state, log, day)
    for bank in banks.banks(conn):
        yield from _book_and_bank(conn, state, bank, day)


def _book_and_bank(conn: Connection, state: State, bank: Subject, day: date) -> Iterator[Break]:
    """A bank that works on the day owes a statement of it; on its holidays what is in transit waits."""
    statement = banks.newest_statement(conn, bank, day)
    if not isinstance(statement, Refusal):
        yield from unexplained(conn, bank, day, compare(of_day(conn, state, bank, day), statement))
    elif need(calendars.is_bank_day(parties.jurisdiction(conn), day)):
        yield Break(
            "no_statement", "bank", bank.handle, of_day(conn, state, bank, day).balance, 0, "no_statement"
        )


# -- market and book ---------------------------------------------------------------------------------------


def _market_and_book(conn: Connection, state: State, log: int, row: Any) -> Iterator[Break]:
    traded = need(read_day(conn, row.log, row.day))
    went, _ = split(traded.trades, queries.fails(conn, row.day, row.log))
    entries = [block.seq for block in queries.blocks(conn, row.day, row.log)]
    yield from _held_against(conn, _of_book(conn, log, entries, state.accounts), _of_market(traded, went))


def _late_and_book(conn: Connection, state: State, log: int, day: date) -> Iterator[Break]:
    """What failed on earlier days and was delivered within this one: as traded, and as moved."""
    row = need(queries.day(conn, day))
    late = queries.delivered_late(conn, row.approved_seq, row.effected_seq)
    parts: list[tuple[Ints, Ints]] = []
    for of in sorted({(one.log, one.day) for one in late}):
        traded = need(read_day(conn, *of))
        _, failed = split(traded.trades, [one for one in late if (one.log, one.day) == of])
        parts.append(_of_market(traded, failed))
    book = _of_book(conn, log, sorted({one.ended_seq for one in late}), state.accounts)
    yield from _held_against(conn, book, _summed(*parts))


def _held_against(conn: Connection, ours: tuple[Ints, Ints], theirs: tuple[Ints, Ints]) -> Iterator[Break]:
    """Every cell in which the book moved something else than the market traded."""
    keys = np.union1d(ours[0], theirs[0])
    book, market = _at(ours, keys), _at(theirs, keys)
    for key, one, other in zip(keys.tolist(), book.tolist(), market.tolist(), strict=True):
        if one != other:
            account = parties.account_by_number(conn, key >> INSTRUMENT_BITS).code
            what = key & INSTRUMENT_MASK
            yield Break(
                "delivered",
                "book",
                f"{account} #{what}",
                one,
                other,
                "delivered",
            )


def _of_market(traded: TradedDay, trades: Trades) -> tuple[Ints, Ints]:
    """What trades come to for each cell of the book: (keys, sums)."""
    net = owed(trades, shape=(len(traded.codes), len(traded.cash_account)))
    units, cash = traded.units_account << INSTRUMENT_BITS, traded.cash_account << INSTRUMENT_BITS
    kinds = range(1, len(traded.codes))
    return _summed(
        (cash | traded.currency, net.cash),
        *((units | traded.instruments[kind], net.units[kind]) for kind in kinds),
    )


def _of_book(conn: Connection, log: int, entries: Iterable[int], accounts: int) -> tuple[Ints, Ints]:
    """What these entries delivered: (keys, sums). What passes through the pool cancels out.

    accounts: how many the book has; a cell of each is counted for every instrument that moved.
    """
    moved: dict[int, Ints] = {}
    for seq in entries:
        records = decode(next(store.read(conn, log, seq - 1, seq)).records)
        op = records["op"]
        delivered = ((op == Op.CAPTURE) | (op == Op.TRANSFER)) & (records["tag"] == TAG)
        instrument = records["instrument"]
        for number in np.flatnonzero(np.bincount(instrument[delivered])).tolist():
            here = delivered & (instrument == number)
            total = moved.setdefault(number, np.zeros(accounts, np.int64))
            amount = records["amount"][here]
            np.add.at(total, records["credit"][here].astype(np.int64), amount)
            np.subtract.at(total, records["debit"][here].astype(np.int64), amount)
    every = np.arange(accounts) << INSTRUMENT_BITS
    return _summed(*((every | number, total) for number, total in moved.items()))


def _summed(*parts: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Sums by key, those that are zero left out."""
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    some = [(key[amount != 0], amount[amount != 0]) for key, amount in parts]
    keys, where = np.unique(np.concatenate([key for key, _ in some]), return_inverse=True)
    total = np.zeros(len(keys), np.int64)
    np.add.at(total, where, np.concatenate([amount for _, amount in some]))
    return keys[total != 0], total[total != 0]


def _at(sums: tuple[Ints, Ints], keys: Ints) -> Ints:
    """The sum of each key, 0 where there is none."""
    known, total = sums
    place = np.searchsorted(known, keys)
    found = np.append(known, -1)[place] == keys
    return np.where(found, np.append(total, 0)[place], 0)
