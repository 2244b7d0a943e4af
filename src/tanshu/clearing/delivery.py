"""货银对付: a day's trades delivered against payment, block by block, each block one entry of the book.

Every trade is one linked chain: the units leave what the session held of the seller, the money what it held
of the buyer, or neither moves. A trade that cannot be delivered (an account of it is stopped, or it needs
what a failed one would have brought) is noted as failed; what it holds stays held for it, the others go on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.book.kernel import INSTRUMENT_BITS
from tanshu.book.records import LINKED, RECORD, RECORDS_MAX, Op, Records
from tanshu.clearing import checks, queries
from tanshu.clearing import models as settlement
from tanshu.clearing.collecting import by_clerk
from tanshu.clearing.fees import fees_of
from tanshu.clearing.model import DayState, Deliver, Model
from tanshu.clearing.models.fails import deliverable
from tanshu.clearing.tables import CLEARING_BLOCK, CLEARING_DAY, CLEARING_FAIL, CLEARING_MARKET
from tanshu.clearing.trades import FEES, Ints, TradedDay, Trades, read_day
from tanshu.clearing.walking import DELIVERED, SHORT, STOPPED, Cells, Taken, take
from tanshu.exchange.bridge.sessions import session_name
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, AccountState, SubjectKind
from tanshu.parties.tables import ACCOUNT
from tanshu.registry.encumbrances.model import ClaimState
from tanshu.registry.encumbrances.tables import CLAIM, CLAIM_HOLD
from tanshu.registry.types import TYPES
from tanshu.rules.clearing_pack import clearing_rules

TAG = TYPES["trade-settlement"].number
WHY = {STOPPED: "stopped", SHORT: "short"}


class LegsOnCells(NamedTuple):
    """Legs of some chains. start: where each chain's begin, and where the last one's end. source, target: the
    cells that give and get; amount: tonnes or fen."""

    start: Ints
    source: Ints
    target: Ints
    amount: Ints


NO_LEGS = LegsOnCells(np.zeros(1, np.int64), *(np.zeros(0, np.int64),) * 3)


@dataclass
class Floor:
    """A market's day on its way to delivery: its legs on cells, and what the cells still have.

    A cell is one participant's units of one instrument, or its money: instrument · parties + party, by the
    market's numbers, 0 for money; party 0 is the house's pool. trades: what is to be delivered, with the
    quantities that can be; missing: of each of the day's trades, the tonnes that cannot, as far as that is
    known before the first block. chain: of each trade. position: the holds' names, by their place in
    `cells.left`. done: chains walked so far.

    kept: of each hold, what no trade gets: the payer's fees of the day, as far as the session held money for
    them. awaited: of each cell, what is missing for its fees: what the day brings pays that first.

    legs: of the chains laid out last, those that are walked next or were just walked: a day's legs all at
    once would be many times its trades.
    """

    traded: TradedDay
    model: Model
    trades: Trades
    missing: Ints
    chain: Ints
    block_trades: int
    account: Ints
    what: Ints
    cells: Cells
    position: Ints
    kept: Ints
    awaited: Ints
    done: int = 0
    legs: LegsOnCells = NO_LEGS

    @property
    def parties(self) -> int:
        return len(self.traded.cash_account)

    @property
    def chains(self) -> int:
        return int(self.chain[-1]) + 1 if len(self.chain) else 0

    def next_chains(self) -> int:
        """Where the next block ends: after so many trades, a chain at least."""
        beyond = int(np.searchsorted(self.chain, self.done)) + self.block_trades
        if beyond >= len(self.chain):
            return self.chains
        return max(self.done + 1, int(self.chain[beyond]))

    def trades_of(self, first: int, end: int) -> slice:
        """Where the trades of these chains stand."""
        return slice(*np.searchsorted(self.chain, [first, end]).tolist())

    def lay_out(self, until: int) -> LegsOnCells:
        """The legs of the next chains up to one of them."""
        legs = settlement.legs(self.model, self.trades.only(self.trades_of(self.done, until)))
        of = legs.instrument * self.parties
        start = legs.starts_of(until - self.done)
        self.legs = LegsOnCells(start, of + legs.giver, of + legs.taker, legs.amount)
        return self.legs

    def walk(self, stopped: NDArray[np.bool_], room: int) -> Taken:
        """The chains laid out, as many as there is room for; `cells` and `done` move on."""
        taken = take(self.cells, *self.legs, stopped, room)
        self.done += taken.chains
        return taken

    def free_fees(self) -> None:
        """All trades are through: what was kept for the fees is there for them."""
        cells = self.cells
        cells.left[:] += self.kept
        cells.arrived[:] += self.awaited
        cells.at[1:] = cells.until[:-1]
        cells.at[:1] = 0
        self.kept, self.awaited = np.zeros_like(self.kept), np.zeros_like(self.awaited)

    def records(self, taken: Taken) -> Records:
        """Movements as records of the book: captures from holds, transfers of what the day had brought."""
        block = np.zeros(len(taken.leg), RECORD)
        cell, credit = self.legs.source[taken.leg], self.legs.target[taken.leg]
        held = taken.hold >= 0
        block["op"] = np.where(held, Op.CAPTURE, Op.TRANSFER)
        block["debit"], block["credit"] = self.account[cell], self.account[credit]
        block["instrument"], block["amount"] = self.what[cell], taken.amount
        block["hold"] = np.where(held, np.append(self.position, 0)[taken.hold], 0)
        block["tag"] = TAG
        begins = np.zeros(len(self.legs.source) + 1, bool)
        begins[self.legs.start] = True
        goes_on = ~begins[taken.leg[1:]] | (taken.leg[1:] == taken.leg[:-1])
        block["flags"][:-1] = np.where(goes_on, LINKED, 0)
        return block


@verb("clearing.deliver")
def deliver(act: Act, command: Deliver) -> Decision:
    """Deliver the next trades of a market's day, in their order.

    Refuses with CLR-1001, CLR-1002, CLR-2002 (another block is next), CLR-2005 (all is delivered), CLR-2006
    (what has to go at once does not fit one entry), CLR-2007 (net, and no pool account), CLR-2008 (net, and
    a participant was stopped since the first block).
    """
    need(by_clerk(act))
    need(queries.day_in(act.conn, command.day, DayState.APPROVED))
    row = need(_market(act.conn, command))
    before = queries.blocks(act.conn, command.day, row.log)
    facts = {"market": command.market, "day": command.day}
    if row.delivered + row.failed == row.trades:
        return checks.NOTHING_LEFT(field="market", **facts)
    if command.block != len(before):
        return checks.OTHER_BLOCK(field="block", **facts, next=len(before), block=command.block)
    floor = need(floor_of(act, row, before))
    began = floor.done
    failed: list[dict[str, Any]] = []
    if floor.chains:
        legs = floor.lay_out(floor.next_chains())
        taken = floor.walk(_stopped(act.conn, floor), RECORDS_MAX)
        if not taken.chains:
            limit = {"count": int(legs.start[1]), "limit": RECORDS_MAX}
            return checks.ALL_OR_NOTHING(field="market", **facts, **limit)
        failed = list(_failed_on_the_way(act.conn, row, floor, began, taken))
        if failed and row.model != Model.GROSS:
            account = parties.account_by_number(act.conn, failed[0]["account"]).code
            return checks.NET_STOPPED(field="market", **facts, account=account)
        act.record_all(floor.records(taken))
    at_once = [] if before else list(_failed_at_once(act.conn, row, floor))
    told = _told(act, row, floor, began, at_once, failed, command.block)
    _FLOORS[act.ctx.book] = ((command.day, row.log, command.block + 1, act.seq), floor)
    return {"day": command.day.isoformat(), "market": command.market, "block": command.block, **told}


def floor_of(act: Act, row: Any, before: Sequence[Any]) -> Floor | Refusal:
    """A market's day as far as it is delivered: the one in memory where it is up to date, else made again."""
    known = _FLOORS.pop(act.ctx.book, None)
    name = (row.day, row.log, len(before), before[-1].seq if before else -1)
    if known is not None and known[0] == name:
        return known[1]
    fails = queries.fails(act.conn, row.day, row.log)
    floor = _laid_out(act.conn, row, fails if before else None)
    if isinstance(floor, Refusal) or not before or not floor.chains:
        return floor
    last = int(np.searchsorted(floor.trades.number, before[-1].last, side="right"))
    if last:
        until = int(floor.chain[last - 1]) + 1
        floor.lay_out(until)
        floor.walk(np.zeros(until, bool), 2**62)  # what failed on the way is not among its trades
    return floor


def split(trades: Trades, fails: Sequence[Any]) -> tuple[Trades, Trades]:
    """Trades as far as they are delivered, and as far as they failed. Fees go with the part delivered."""
    missing = np.zeros(len(trades), np.int64)
    numbers = np.array([one.trade for one in fails], np.int64)
    missing[np.searchsorted(trades.number, numbers)] = [one.quantity for one in fails]
    went = trades.changed(quantity=trades.quantity - missing)
    whole = missing == trades.quantity
    free = {name: np.where(whole, getattr(trades, name), 0) for name in FEES}
    return went.only(~whole), trades.changed(quantity=missing, **free).only(missing > 0)


_FLOORS: WeakKeyDictionary[Any, tuple[tuple[date, int, int, int], Floor]] = WeakKeyDictionary()
"""The floor that a book delivers from, with its name: day, log, blocks done, the last one's entry."""


# -- laying out --------------------------------------------------------------------------------------------


def _market(conn: Connection, command: Deliver) -> Any | Refusal:
    for row in queries.markets(conn, command.day):
        if row.market == command.market:
            return row
    return checks.NOTHING_LEFT(field="market", market=command.market, day=command.day)


def _laid_out(conn: Connection, row: Any, fails: Sequence[Any] | None) -> Floor | Refusal:
    """fails: what is known to have failed; None: to be found out now."""
    traded = need(read_day(conn, row.log, row.day))
    model, rules = Model(row.model), need(clearing_rules(row.pack, allow_draft=True))
    house = pool(conn) if model is not Model.GROSS else 0
    if house is None:
        return checks.NO_POOL(field="market", market=row.market)
    n, kinds = len(traded.cash_account), len(traded.codes)
    account = np.concatenate([traded.cash_account, *(traded.units_account,) * (kinds - 1)])
    account[np.arange(kinds) * n] = house
    what = np.repeat(np.append(traded.currency, traded.instruments[1:]), n)
    cell, position, left = _holds(conn, traded, account, what)
    missing = np.zeros(len(traded.trades), np.int64)
    if fails is None:
        stakes = np.zeros(kinds * n, np.int64)
        np.add.at(stakes, cell, left)
        went = _deliverable(conn, traded, model, rules.partial, stakes.reshape(kinds, n))
        missing = traded.trades.quantity - went
        trades = traded.trades
        if missing.any():
            trades = trades.changed(quantity=went).only(went > 0)
    else:
        trades, _ = split(traded.trades, fails)
    cells = np.arange(kinds * n)
    until = np.searchsorted(cell, cells, side="right")
    fees = np.zeros(kinds * n, np.int64)
    fees[:n] = sum(fees_of(traded, traded.trades))
    kept, awaited = _set_aside(cell, until, left, fees)
    return Floor(
        traded,
        model,
        trades,
        missing,
        settlement.chain_of(model, trades),
        rules.block_trades,
        account,
        what,
        Cells(np.searchsorted(cell, cells), until, left - kept, -awaited),
        position,
        kept,
        awaited,
    )


def _set_aside(cell: Ints, until: Ints, left: Ints, owed: Ints) -> tuple[Ints, Ints]:
    """Of each hold what is kept for what its cell owes besides, the newest holds first; of each cell what
    they do not cover. cell, left: of each hold, by cell and age; until: where each cell's holds end.

    It follows from the day alone, not from what of it failed: a delivery that is resumed takes the same.
    """
    beyond = np.append(np.cumsum(left[::-1])[::-1], 0)
    newer = beyond[1:] - beyond[until[cell]]
    kept = np.clip(owed[cell] - newer, 0, left)
    awaited = owed.copy()
    np.subtract.at(awaited, cell, kept)
    return kept, awaited


def _deliverable(conn: Connection, traded: TradedDay, model: Model, partial: bool, stakes: Ints) -> Ints:
    """Of a day's trades, the tonnes that can be delivered with what the session held, fees apart: who has not
    even those owes them first out of what comes in. stakes: by [instrument, party], money at 0."""
    trades, fees = traded.trades, fees_of(traded, traded.trades)
    cash = stakes[0] - fees.trading - fees.settlement
    units = stakes.copy()
    units[0] = 0
    return deliverable(trades, units, cash, _stopped_parties(conn, traded), partial, model).quantity


def _holds(conn: Connection, traded: TradedDay, account: Ints, what: Ints) -> tuple[Ints, Ints, Ints]:
    """The holds that the session had: (cell, position, amount), by cell and age."""
    name = session_name(traded.market, traded.day)
    query = (
        select(CLAIM.c.account, CLAIM.c.instrument, CLAIM_HOLD.c.position, CLAIM_HOLD.c.quantity)
        .join(CLAIM_HOLD, CLAIM_HOLD.c.claim_id == CLAIM.c.id)
        .where(CLAIM.c.root_id == name, CLAIM.c.state == ClaimState.SETTLING, CLAIM_HOLD.c.quantity > 0)
    )
    found = np.array([tuple(row) for row in conn.execute(query)], np.int64).reshape(-1, 4)
    keys = account << INSTRUMENT_BITS | what
    by_key = np.argsort(keys, kind="stable")
    held = found[:, 0] << INSTRUMENT_BITS | found[:, 1]
    cell = by_key[np.searchsorted(keys, held, sorter=by_key)]
    order = np.lexsort((found[:, 2], cell))
    return cell[order], found[order, 2], found[order, 3]


def pool(conn: Connection) -> int | None:
    """The account in which net deliveries meet; None where nobody opened it."""
    house = parties.only_of_kind(conn, SubjectKind.REGISTRY)
    found = parties.account_of(conn, house.id, AccountKind.POOL) if house else None
    return found.number if found else None


def _stopped_parties(conn: Connection, traded: TradedDay) -> NDArray[np.bool_]:
    """Participants of whom an account neither gives nor receives."""
    query = select(ACCOUNT.c.number).where(ACCOUNT.c.state != AccountState.OPEN)
    numbers = np.array(conn.execute(query).scalars().all(), np.int64)
    stopped = np.isin(traded.cash_account, numbers) | np.isin(traded.units_account, numbers)
    stopped[0] = False
    return stopped


def _stopped(conn: Connection, floor: Floor) -> NDArray[np.bool_]:
    """Which of the chains laid out name a participant that is stopped by now."""
    bad, legs = _stopped_parties(conn, floor.traded), floor.legs
    if not bad.any() or not len(legs.source):
        return np.zeros(len(legs.start) - 1, bool)
    either = bad[legs.source % floor.parties] | bad[legs.target % floor.parties]
    return np.logical_or.reduceat(either, legs.start[:-1])


# -- what fails, and telling -------------------------------------------------------------------------------


def _failed_at_once(conn: Connection, row: Any, floor: Floor) -> Iterator[dict[str, Any]]:
    """What is known not to be deliverable before the first block: trades, or what is missing of them."""
    trades = floor.traded.trades
    stopped = _stopped_parties(conn, floor.traded)
    for n in np.flatnonzero(floor.missing).tolist():
        buyer, seller = int(trades.buyer[n]), int(trades.seller[n])
        is_stopped = bool(stopped[buyer] or stopped[seller])
        at = floor.traded.cash_account[buyer] if stopped[buyer] else floor.traded.units_account[seller]
        why = "stopped" if is_stopped else "short"
        yield _fail(row, trades, n, int(floor.missing[n]), int(at), why)


def _failed_on_the_way(
    conn: Connection, row: Any, floor: Floor, began: int, taken: Taken
) -> Iterator[dict[str, Any]]:
    """The trades of chains that could not go, each with the account in the way."""
    failed = np.flatnonzero(taken.outcome != DELIVERED).tolist()
    bad = _stopped_parties(conn, floor.traded) if failed else np.zeros(0, bool)
    for k in failed:
        leg = int(taken.leg_short[k]) if taken.leg_short[k] >= 0 else int(floor.legs.start[k])
        why, cell = WHY[int(taken.outcome[k])], int(floor.legs.source[leg])
        if why == WHY[STOPPED] and not bad[cell % floor.parties]:
            cell = int(floor.legs.target[leg])
        here = floor.trades_of(began + k, began + k + 1)
        for n in range(here.start, here.stop):
            yield _fail(row, floor.trades, n, int(floor.trades.quantity[n]), int(floor.account[cell]), why)


def _fail(row: Any, trades: Trades, n: int, quantity: int, account: int, why: str) -> dict[str, Any]:
    return {
        "day": row.day,
        "log": row.log,
        "trade": int(trades.number[n]),
        "quantity": quantity,
        "amount": quantity * int(trades.price[n]),
        "account": account,
        "why": why,
        "state": "waiting",
        "ended_seq": None,
    }


def _told(
    act: Act,
    row: Any,
    floor: Floor,
    began: int,
    at_once: Sequence[Mapping[str, Any]],
    on_the_way: Sequence[Mapping[str, Any]],
    block: int,
) -> dict[str, object]:
    """The rows of a block, and what its answer says. A trade delivered in part counts as delivered."""
    here = {"day": row.day, "log": row.log}
    numbers = floor.trades.number[floor.trades_of(began, floor.done)]
    went = numbers[~np.isin(numbers, [one["trade"] for one in on_the_way])] if on_the_way else numbers
    every = floor.traded.trades.number
    first, last = (numbers[0], numbers[-1]) if len(numbers) else (every[0], every[-1])
    within = every[slice(*np.searchsorted(every, [first, last + 1]).tolist())]
    skipped = within[~np.isin(within, went)].tolist() if len(went) < len(within) else []
    span = {"first": int(first), "last": int(last), "trades": len(went), "skipped": json.dumps(skipped)}
    act.insert(CLEARING_BLOCK, {**here, "block": block, "seq": act.seq, **span})
    failed = _put_down(act, row, at_once, on_the_way)
    lost = row.failed + len(on_the_way) + (0 if block else len(every) - len(floor.trades.number))
    delivered = row.delivered + len(went)
    act.update(CLEARING_MARKET, here, delivered=delivered, failed=lost)
    if _is_done(act.conn, row.day):
        act.update(CLEARING_DAY, {"day": row.day}, state=DayState.DELIVERED, delivered_seq=act.seq)
    return {"trades": len(went), "failed": failed, "left": row.trades - delivered - lost}


def _put_down(
    act: Act, row: Any, at_once: Sequence[Mapping[str, Any]], on_the_way: Sequence[Mapping[str, Any]]
) -> int:
    """Tell what failed; a trade that had failed in part, and whose rest fails now, has one row. How many."""
    told = {one["trade"]: one for one in at_once}
    earlier = {one.trade: one for one in queries.fails(act.conn, row.day, row.log)} if on_the_way else {}
    for one in on_the_way:
        before = told.get(one["trade"]) or _counted(earlier.get(one["trade"]))
        sums = {name: one[name] + before[name] for name in ("quantity", "amount")}
        if one["trade"] in earlier:
            where = {"day": row.day, "log": row.log, "trade": one["trade"]}
            act.update(CLEARING_FAIL, where, **sums, account=one["account"], why=one["why"])
        else:
            told[one["trade"]] = {**one, **sums}
    if told:
        act.insert(CLEARING_FAIL, *told.values())
    return len({*told, *(one["trade"] for one in on_the_way)})


def _counted(fail: Any | None) -> Mapping[str, int]:
    return {"quantity": fail.quantity, "amount": fail.amount} if fail else {"quantity": 0, "amount": 0}


def _is_done(conn: Connection, day: date) -> bool:
    return all(one.delivered + one.failed == one.trades for one in queries.markets(conn, day))
