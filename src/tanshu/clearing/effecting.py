"""After delivery: fees are taken, what the sessions held and nobody needs is free, the banks are told.

Then the market's day is settled, and the next one may open once this one is sealed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, MutableMapping

import numpy as np
from sqlalchemy import select

from tanshu.base.memo import remembering
from tanshu.base.refusal import need
from tanshu.book import records
from tanshu.book.commit import Act, Decision, verb
from tanshu.book.records import RECORD, Op, Records
from tanshu.clearing import positions, queries
from tanshu.clearing.collecting import by_clerk
from tanshu.clearing.delivery import Floor, floor_of, split
from tanshu.clearing.fees import fees_account, fees_of
from tanshu.clearing.model import DayState, Effect
from tanshu.clearing.tables import CLEARING_DAY
from tanshu.clearing.trades import Ints, Trades
from tanshu.clearing.walking import Cells, take
from tanshu.exchange.bridge.sessions import SETTLED, session_name
from tanshu.exchange.bridge.tables import MARKET_DUE
from tanshu.exchange.tables import MARKET_DAY
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.encumbrances import queue
from tanshu.registry.encumbrances.model import ClaimState
from tanshu.registry.encumbrances.tables import CLAIM, CLAIM_HOLD
from tanshu.registry.types import TYPES
from tanshu.rules.clearing_pack import ClearingRules, clearing_rules

FEE_TAG = TYPES["settlement-fee"].number
RELEASE_TAG = TYPES["trade-settlement"].number


@verb("clearing.effect")
def effect(act: Act, command: Effect) -> Decision:
    """Take the fees, end what the sessions held, instruct the banks: the register's part of the day is done.

    What a failed trade needs stays held for it by the session's claims; all else is free, for those first who
    wait. Refuses with CLR-1001, CLR-1002, CLR-2003 (nowhere to put the fees).
    """
    need(by_clerk(act))
    need(queries.day_in(act.conn, command.day, DayState.DELIVERED))
    told: dict[str, int] = {"fees": 0, "released": 0, "kept": 0}
    moved: dict[int, dict[int, int]] = {}
    for row in queries.markets(act.conn, command.day):
        floor = need(floor_of(act, row, queries.blocks(act.conn, command.day, row.log)))
        went, failed = split(floor.traded.trades, queries.fails(act.conn, command.day, row.log))
        rules = need(clearing_rules(row.pack, allow_draft=act.ctx.allow_draft))
        here = moved.setdefault(floor.traded.currency, defaultdict(int))
        floor.free_fees()
        told["fees"] += _take_fees(act, rules, floor, went, here)
        for name, quantity in _let_go(act, floor, failed).items():
            told[name] += quantity
        closed = {"log": row.log, "day": command.day}
        act.update(MARKET_DUE, closed, left=0)
        act.update(MARKET_DAY, closed, state=SETTLED)
    with remembering():
        count = positions.book(act, command.day, moved)
    act.update(CLEARING_DAY, {"day": command.day}, state=DayState.EFFECTED, effected_seq=act.seq)
    return {"day": command.day.isoformat(), **told, "positions": count}


# -- fees --------------------------------------------------------------------------------------------------


def _take_fees(
    act: Act, rules: ClearingRules, floor: Floor, went: Trades, moved: MutableMapping[int, int]
) -> int:
    """Every participant's fees of the trades that were delivered, to who charges them. Returns fen.

    moved: gets what that changes in the accounts.
    """
    fees, total = fees_of(floor.traded, went), 0
    for owed, to in ((fees.trading, rules.trading_to), (fees.settlement, rules.settlement_to)):
        fen = int(owed.sum())
        if not fen:
            continue
        block = _captured(floor, owed, need(fees_account(act.conn, to, fen)))
        act.record_all(block)
        for payer, payee, amount in block[["debit", "credit", "amount"]].tolist():
            moved[payer] -= amount
            moved[payee] += amount
            total += amount
    return total


def _captured(floor: Floor, fees: Ints, account: int) -> Records:
    """Fees taken from what is held of each payer's money, then from what the day brought it."""
    payers = np.flatnonzero(fees)
    end = np.full(len(payers), len(floor.cells.arrived), np.int64)  # a cell beyond all: the fees account
    cells = Cells(floor.cells.at, floor.cells.until, floor.cells.left, np.append(floor.cells.arrived, 0))
    start, none = np.arange(len(payers) + 1), np.zeros(len(payers), bool)
    taken = take(cells, start, payers, end, fees[payers], none, 2**62)
    assert not taken.outcome.any(), "the fees were set aside before anything else"
    floor.cells.arrived[:] = cells.arrived[:-1]
    block = np.zeros(len(taken.leg), RECORD)
    held = taken.hold >= 0
    block["op"] = np.where(held, Op.CAPTURE, Op.TRANSFER)
    block["debit"], block["credit"] = floor.account[payers[taken.leg]], account
    block["instrument"], block["amount"] = floor.traded.currency, taken.amount
    block["hold"] = np.where(held, np.append(floor.position, 0)[taken.hold], 0)
    block["tag"] = FEE_TAG
    return block


# -- what was held -----------------------------------------------------------------------------------------


def _let_go(act: Act, floor: Floor, failed: Trades) -> Mapping[str, int]:
    """End the session's claims; what failed trades need stays, the rest is free and passed on."""
    name = session_name(floor.traded.market, floor.traded.day)
    needed = _needed(floor, failed)
    kept: dict[int, int] = {}
    freed: dict[tuple[int, int], int] = defaultdict(int)
    for hold in np.flatnonzero(floor.cells.left).tolist():
        cell = int(np.searchsorted(floor.cells.until, hold, side="right"))
        left, stays = int(floor.cells.left[hold]), min(int(floor.cells.left[hold]), int(needed[cell]))
        needed[cell] -= stays
        position, account, what = int(floor.position[hold]), int(floor.account[cell]), int(floor.what[cell])
        if stays:
            kept[position] = stays
        if left > stays:
            act.record(records.release(position, account, what, left - stays, tag=RELEASE_TAG))
            freed[account, what] += left - stays
    _keep(act, kept)
    ended = {"state": ClaimState.ENDED, "held": 0, "ordered": 0, "reach": 0, "ended_seq": act.seq}
    act.update(CLAIM, {"root_id": name, "state": ClaimState.SETTLING}, **ended)
    _pass_on(act, floor, freed)
    return {"released": sum(freed.values()), "kept": sum(kept.values())}


def _needed(floor: Floor, failed: Trades) -> Ints:
    """What trades that failed still need of each cell: tonnes of sellers, fen of buyers; and fees of both."""
    needed = np.zeros(len(floor.account), np.int64)
    np.add.at(needed, failed.instrument * floor.parties + failed.seller, failed.quantity)
    np.add.at(needed, failed.buyer, failed.amount + failed.buyer_trading + failed.buyer_settlement)
    np.add.at(needed, failed.seller, failed.seller_trading + failed.seller_settlement)
    return needed


def _keep(act: Act, kept: Mapping[int, int]) -> None:
    """The claims whose holds failed trades still need are the session's again, with what is left of them."""
    of_claim: dict[str, dict[int, int]] = defaultdict(dict)
    query = select(CLAIM_HOLD).where(CLAIM_HOLD.c.position.in_(kept))
    for row in act.conn.execute(query.order_by(CLAIM_HOLD.c.position)) if kept else ():
        of_claim[row.claim_id][row.position] = kept[row.position]
    for id, holds in of_claim.items():
        for portion in claims.portions(act.conn, id):
            left = holds.get(portion.position, 0)
            act.update(CLAIM_HOLD, {"position": portion.position}, quantity=left)
        total = sum(holds.values())
        changed = {"held": total, "ordered": total, "reach": total, "state": ClaimState.IN_FORCE}
        act.update(CLAIM, {"id": id}, **changed)


def _pass_on(act: Act, floor: Floor, freed: Mapping[tuple[int, int], int]) -> None:
    """What came into cells, and what is free of them, goes to those that wait there."""
    if not claims.somebody_waits(act.conn):
        return
    for account, what, quantity in _arrived(floor):
        queue.arrived(act, account, what, quantity)
    for (account, what), quantity in freed.items():
        queue.pass_on(act, account, what, quantity)


def _arrived(floor: Floor) -> Iterator[tuple[int, int, int]]:
    for cell in np.flatnonzero(floor.cells.arrived).tolist():
        yield int(floor.account[cell]), int(floor.what[cell]), int(floor.cells.arrived[cell])
