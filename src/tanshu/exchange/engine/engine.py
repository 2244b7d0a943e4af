"""A market's engine: records in, records out; the same for the same records, always.

    session (participants, terms, phases) ─┐
    offer board · block · auction · order book ─┤ desks, over one set of arrays
    ledger (checks, holds, trades) ─┘

A record is applied wholly or refused with a code that changes nothing. `apply` takes a batch, each record for
itself; `image` and `state_hash` say what the engine is, to the last number.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tanshu.exchange.engine import ledger, session
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.desk import Desk, Rec, Told
from tanshu.exchange.engine.desks import desks
from tanshu.exchange.engine.records import Gone, Mode, Op, Phase, Records
from tanshu.exchange.engine.state import (
    DAY_OPEN,
    DAY_STATE,
    INSTRUMENTS,
    LIVE,
    O_MODE,
    O_PARTY,
    O_STATE,
    OPERATORS,
    ORDERS,
    PARTIES,
    RESTING,
    SUSPENDED,
    Arrays,
    empty,
    grown,
    image,
    put_back,
    state_hash,
)

ANSWERS_PER_ORDER = 5
"""Of one record no more comes than this for every resting order, and a few: trade, two fees, two ends."""
ROOM = 64
_LAST_TO_NUMBER = int(Op.INSTRUMENT)
TOLD_KEPT = 1 << 16
"""Records of room that are kept for the next batch: memory once used is quicker than fresh memory."""


class Applied(NamedTuple):
    """One code for each record that went in, and what came out."""

    codes: NDArray[np.uint8]
    outputs: Records


class Engine:
    """One market, in memory. Not thread-safe; the market's lock guards it."""

    def __init__(self) -> None:
        self.arrays: Arrays = empty()
        self.desks: dict[int, Desk] = desks()
        self._told = Told()
        self._ops = dict(session.OPS)
        for desk in self.desks.values():
            self._ops.update(desk.ops)
        self._ops.update(
            {
                Op.PHASE: self._phase,
                Op.SUSPEND: self._suspend,
                Op.WITHDRAW_ALL: self._withdraw_all,
                Op.CANCEL: self._cancel,
                Op.CLOSE_DAY: self._close_day,
                Op.DAY: self._day,
            }
        )

    def apply(self, records: Records) -> Applied:
        """Apply records in order, each for itself."""
        told = self._told if len(self._told.out) <= TOLD_KEPT else Told()
        self._told, told.n[0] = told, 0
        told.make_room(ROOM + ANSWERS_PER_ORDER * len(records))
        codes = np.zeros(len(records), np.uint8)
        self._make_room(records)
        batch = getattr(self.desks.get(Mode.ORDER_BOOK), "apply_batch", None)
        at = 0
        rows: Sequence[tuple[int, ...]] = ()
        while at < len(records):
            if batch is not None:
                done = batch(self.arrays, told, records, codes, at)
                if done:
                    at += done
                    continue
            rows = rows or records.tolist()  # which takes longer than a compiled desk does
            codes[at] = self._one(Rec(*rows[at]), told)
            at += 1
        return Applied(codes, told.since())

    @property
    def is_open(self) -> bool:
        """Is a trading day open?"""
        return bool(self.arrays.day[DAY_STATE] == DAY_OPEN)

    def image(self) -> bytes:
        """Everything the engine is. `restore` takes it."""
        parts = [image(self.arrays), *(self.desks[mode].image() for mode in sorted(self.desks))]
        return b"".join(struct.pack("<Q", len(part)) + part for part in parts)

    def state_hash(self) -> str:
        """SHA-256 over everything the engine is."""
        return state_hash(self.arrays, b"".join(self.desks[mode].image() for mode in sorted(self.desks)))

    @classmethod
    def restore(cls, data: bytes) -> Engine:
        """The engine whose image this is. Raises ValueError where it is no image."""
        parts, at = [], 0
        while at < len(data):
            (length,) = struct.unpack_from("<Q", data, at)
            parts.append(data[at + 8 : at + 8 + length])
            at += 8 + length
        engine = cls()
        if len(parts) != 1 + len(engine.desks):
            raise ValueError("not an image of this engine")
        engine.arrays = put_back(parts[0])
        for mode, part in zip(sorted(engine.desks), parts[1:], strict=True):
            engine.desks[mode].restored(engine.arrays, part)
        return engine

    # -- one record ----------------------------------------------------------------------------------------

    def _one(self, r: Rec, told: Told) -> Code:
        told.make_room(ROOM + ANSWERS_PER_ORDER * int(self.arrays.day[LIVE]))
        apply = self._ops.get(r.op)
        if apply is None:
            return Code.UNKNOWN_OP
        said = int(told.n[0])
        code = apply(self.arrays, told, r)
        assert code is Code.OK or int(told.n[0]) == said, "a refused record tells nothing"
        return code

    def _make_room(self, records: Records) -> None:
        """Places for every number the records may name or give."""
        day = self.arrays.day
        orders = int(day[ORDERS]) + 2 * len(records) + 2
        if orders < len(self.arrays.orders) and (records["op"] > _LAST_TO_NUMBER).all():
            return
        many: Mapping[Op, int] = {
            op: int((records["op"] == op).sum()) for op in (Op.PARTY, Op.OPERATOR, Op.INSTRUMENT)
        }
        self.arrays = grown(
            self.arrays,
            parties=int(day[PARTIES]) + many[Op.PARTY],
            operators=int(day[OPERATORS]) + many[Op.OPERATOR],
            instruments=int(day[INSTRUMENTS]) + many[Op.INSTRUMENT],
            orders=orders,
        )

    # -- what concerns orders of every mode ----------------------------------------------------------------

    def _day(self, a: Arrays, told: Told, r: Rec) -> Code:
        code = session.begin_day(a, told, r)
        if code is Code.OK:
            for desk in self.desks.values():
                desk.new_day(a)
        return code

    def _phase(self, a: Arrays, told: Told, r: Rec) -> Code:
        before = Phase(int(a.phases[r.instrument, r.mode])) if _names_a_place(a, r) else Phase.CLOSED
        code = session.set_phase(a, r)
        if code is Code.OK and r.mode and not r.instrument:
            self.desks[r.mode].phase_changed(a, told, before, Phase(r.kind))
        return code

    def _suspend(self, a: Arrays, told: Told, r: Rec) -> Code:
        if not 0 < r.party <= a.day[PARTIES]:
            return Code.UNKNOWN_PARTY
        if a.parties[r.party, SUSPENDED]:
            return Code.ALREADY
        a.parties[r.party, SUSPENDED] = 1
        self._remove_all(a, told, r.party, Gone.SUSPENDED)
        return Code.OK

    def _withdraw_all(self, a: Arrays, told: Told, r: Rec) -> Code:
        """A court freezes: what the participant has on the market is taken back by the system."""
        if not 0 < r.party <= a.day[PARTIES]:
            return Code.UNKNOWN_PARTY
        self._remove_all(a, told, r.party, Gone.FROZEN)
        return Code.OK

    def _cancel(self, a: Arrays, told: Told, r: Rec) -> Code:
        code = ledger.check_who(a, r.party, r.other)
        if code not in (Code.OK, Code.SUSPENDED):
            return Code(code)
        if not 0 < r.order <= a.day[ORDERS]:
            return Code.UNKNOWN_ORDER
        order = a.orders[r.order]
        if order[O_PARTY] != r.party:
            return Code.NOT_YOURS
        if order[O_STATE] != RESTING:
            return Code.ORDER_OVER
        allowed = self.desks[int(order[O_MODE])].check_cancel(a, r)
        if allowed is Code.OK:
            self._remove(a, told, r.order, Gone.CANCELLED)
            self._removals_over(a, told)
        return allowed

    def _close_day(self, a: Arrays, told: Told, _r: Rec) -> Code:
        if a.day[DAY_STATE] != DAY_OPEN:
            return Code.NO_DAY
        for desk in self.desks.values():
            desk.closing(a, told)
        self._remove_all(a, told, 0, Gone.LAPSED)
        session.close(a, told)
        return Code.OK

    def _remove_all(self, a: Arrays, told: Told, party: int, why: Gone) -> None:
        for number in session.resting(a, party):
            self._remove(a, told, number, why)
        self._removals_over(a, told)

    def _removals_over(self, a: Arrays, told: Told) -> None:
        for desk in self.desks.values():
            desk.removals_over(a, told)

    def _remove(self, a: Arrays, told: Told, number: int, why: Gone) -> None:
        told.make_room(1)
        self.desks[int(a.orders[number, O_MODE])].removed(a, number)
        ledger.leave(a, told.out, told.n, number, why)


def _names_a_place(a: Arrays, r: Rec) -> bool:
    return 0 <= r.instrument <= a.day[INSTRUMENTS] and 0 <= r.mode < a.phases.shape[1]
