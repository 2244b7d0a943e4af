"""What moves between accounts while a session holds them: every transaction of the register is watched.

One that needs units or money of an open session takes them out through the market's engine, or is refused in
the engine's own words. What comes into such a cell, or comes free in it, joins the session after those who
wait for it took theirs. A court's freeze cancels what is on the market, leaves what is matched to be settled,
and takes the rest.
"""

from __future__ import annotations

from collections import defaultdict

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision
from tanshu.exchange import checks as market_checks
from tanshu.exchange.bridge import checks, delivery, roster, sessions
from tanshu.exchange.bridge.model import Moved
from tanshu.exchange.bridge.sessions import CLEARING, CLOSED, OPEN, Stake
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Op, Why, row
from tanshu.exchange.engine.session import DURING
from tanshu.exchange.engine.state import FREE, HELD, SOLD
from tanshu.exchange.market import MarketAct
from tanshu.parties.model import Account
from tanshu.registry.encumbrances import queue
from tanshu.registry.model import Proposed
from tanshu.registry.rooms import Watcher
from tanshu.registry.types import ClaimClass, Effect

SETTLEMENT_FIRST = "settlement_first"


def before(act: Act, proposed: Proposed) -> Refusal | None:
    """Get out of open sessions what a proposal will hold."""
    if delivery.is_of_a_trade(proposed):
        return delivery.before(act, proposed)
    if not proposed.type.held:
        return None
    for account, what, needed in _given(proposed):
        short = needed - queue.available(act, account.number, what)
        refused = _take_out(act, account, what, short, by_court=proposed.type.claim is ClaimClass.COURT)
        if refused:
            return refused
    return None


def taking(act: Act, proposed: Proposed) -> Refusal | None:
    """A freeze in the middle of the day: orders are cancelled, and what is not matched is there for it."""
    if proposed.type.effect is not Effect.ENCUMBER or proposed.type.held:
        return None
    for account, what, ordered in _given(proposed):
        for stake in sessions.stakes(act.conn, account, what):
            wanted = ordered - queue.available(act, account.number, what)
            if stake.session.state == OPEN and wanted > 0:
                refused = _freeze(act, stake, wanted)
                if refused:
                    return refused
    return None


def ended(act: Act, proposed: Proposed, *, dropped: bool = False) -> None:
    """A transaction took effect or was dropped: what is free in the cells it touched joins their sessions.

    dropped: nothing joins from an account in which a clearing house delivers: what it has brought there may
    be spoken for. Nobody can refuse what comes free so; what comes in by a transaction waits for the house.
    """
    cells = {
        (side.number, line.instrument.number): side
        for line in proposed.lines
        for side in (line.debit, line.credit)
    }
    for (_, what), account in cells.items():
        stakes = sessions.stakes(act.conn, account, what)
        if dropped and any(stake.session.state == CLEARING for stake in stakes):
            continue
        for stake in stakes:
            _gather(act, stake)


def dropping(act: Act, proposed: Proposed) -> None:
    if delivery.is_of_a_trade(proposed):
        delivery.dropping(act, proposed)


def dropped(act: Act, proposed: Proposed) -> None:
    if delivery.is_of_a_trade(proposed):
        delivery.dropped(act, proposed)
    ended(act, proposed, dropped=True)


WATCHER = Watcher(
    "exchange", before=before, taking=taking, effected=ended, dropping=dropping, dropped=dropped
)


# -- steps -------------------------------------------------------------------------------------------------


def _given(proposed: Proposed) -> list[tuple[Account, int, int]]:
    """What the lines give or claim, cell by cell."""
    total: dict[tuple[int, int], int] = defaultdict(int)
    sides: dict[int, Account] = {}
    for line in proposed.lines:
        total[line.debit.number, line.instrument.number] += line.quantity
        sides[line.debit.number] = line.debit
    return [(sides[account], what, quantity) for (account, what), quantity in total.items()]


def _take_out(act: Act, account: Account, what: int, short: int, *, by_court: bool) -> Refusal | None:
    """What is short leaves the engine, and then the session's claims; the last session is asked for all that
    the others do not hold, and says why it cannot.
    """
    here = [one for one in sessions.stakes(act.conn, account, what) if one.session.state == OPEN]
    for n, stake in enumerate(here if short > 0 else ()):
        held = sessions.held(act.conn, stake)
        quantity = short if n == len(here) - 1 else min(short, held)
        if quantity == 0:
            continue
        if by_court:
            return _freeze(act, stake, short, whole=True)
        moved = Moved(stake.party, stake.instrument, quantity, held)
        outcome = sessions.at(act, stake.session.log).join(act, "market.take-out", moved, _out)
        if isinstance(outcome, Refusal):
            return outcome
        sessions.take(act, stake, quantity)
        short -= quantity
    return None


def _freeze(act: Act, stake: Stake, wanted: int, *, whole: bool = False) -> Refusal | None:
    """Take what is not matched, up to what a court wants. whole: all of it, or nothing is touched."""
    rules = need(sessions.rules_of(act, stake.session.pack))
    if rules.on_freeze != SETTLEMENT_FIRST:
        return checks.OTHER_FREEZE_RULE(field="account", market=stake.session.market, rule=rules.on_freeze)
    held = sessions.held(act.conn, stake)
    market = sessions.at(act, stake.session.log)
    if whole and _unmatched(market.catch_up(act.conn), stake, held) < wanted:
        return None  # the register says what is missing
    moved = Moved(stake.party, stake.instrument, wanted, held)
    outcome = market.join(act, "market.freeze", moved, _seize)
    if isinstance(outcome, Refusal):
        return outcome
    if outcome["taken"]:
        sessions.take(act, stake, outcome["taken"])
    return None


def _gather(act: Act, stake: Stake) -> None:
    """What is free in a cell joins its session; after the close, as far as the day still owes it."""
    if stake.session.state == CLOSED:
        delivery.reserve(act, stake)
    if stake.session.state != OPEN:
        return
    free = queue.available(act, stake.account, stake.what)
    if free <= 0 or not roster.stands(act.conn, stake):
        return
    sessions.add(act, stake, free)
    moved = Moved(stake.party, stake.instrument, free)
    need(sessions.at(act, stake.session.log).join(act, "market.bring-in", moved, _in))


# -- in the market's log -----------------------------------------------------------------------------------


def _in(inner: MarketAct, moved: Moved) -> Decision:
    op = Op.UNITS_IN if moved.instrument else Op.CASH_IN
    inner.must(
        [row(op, kind=DURING, instrument=moved.instrument, party=moved.party, quantity=moved.quantity)]
    )
    return {"brought": moved.quantity}


def _out(inner: MarketAct, moved: Moved) -> Decision:
    """Units that were bought today and may be sold at once are the engine's, but not in the account yet."""
    op = Op.UNITS_OUT if moved.instrument else Op.CASH_OUT
    wanted = row(op, instrument=moved.instrument, party=moved.party, quantity=moved.quantity)
    a = inner.engine.arrays
    if moved.instrument:
        there = moved.claimed - int(a.units[moved.instrument, moved.party, SOLD])
        if there < moved.quantity <= int(a.units[moved.instrument, moved.party, FREE]):
            return market_checks.from_code(inner.engine, wanted, Code.BOUGHT_TODAY, inner.names)
    inner.must([wanted])
    return {"taken": moved.quantity}


def _seize(inner: MarketAct, moved: Moved) -> Decision:
    gone = inner.must([row(Op.WITHDRAW_ALL, party=moved.party, other=Why.COURT)]).outputs
    a = inner.engine.arrays
    mine = a.units[moved.instrument, moved.party]
    taken = max(0, min(moved.quantity, int(mine[FREE]), moved.claimed - int(mine[SOLD])))
    if taken:
        inner.must([row(Op.UNITS_OUT, instrument=moved.instrument, party=moved.party, quantity=taken)])
    return {"cancelled": len(gone), "taken": taken}


def _unmatched(engine: Engine, stake: Stake, claimed: int) -> int:
    """What a court could take once all orders are cancelled."""
    mine = engine.arrays.units[stake.instrument, stake.party]
    return min(int(mine[FREE] + mine[HELD]), claimed - int(mine[SOLD]))
