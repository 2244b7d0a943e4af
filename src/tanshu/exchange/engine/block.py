"""Block trades, 大宗协议: quotes to everybody or to one participant, counter-offers, confirmation.

A *talk* is a quote and everything that answers it; its number is that of the quote it began with. Each quote
holds what its maker would give. The participant it is made to answers it, alternately:

* COUNTER: a quote of its own, on the other side, to the maker. A quote to one participant is replaced by it;
  a quote to everybody stays, and several may counter it, each in turns of its own with the maker. When the
  maker counters one of them, its quote to everybody is replaced: what it held may serve the new one.
* CONFIRM: exactly the quote's terms. The first of a talk's quotes that is agreed ends the talk: what else the
  confirming side has in it is replaced, everybody else's is declined. With Term.DOUBLE_CONFIRM the maker
  confirms once more; until then the confirmation holds what it needs, nobody else may answer the quote, and
  either side may still go back (the maker by DECLINE, the other by cancelling its confirmation). A
  confirmation is an order of kind FOK; quotes are of kind LIMIT.
* DECLINE: by whom the quote is made to. Who made it cancels it. Cancelling the quote a talk began with ends
  the talk.

Source: 大宗协议交易 in the national exchange's published rule (post, talk to a poster, or deal directly;
agree on price and quantity; confirm). The turns are our reading of it.
"""

from __future__ import annotations

from typing import NamedTuple

from tanshu.exchange.engine import ledger
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.desk import Desk, Rec, Told
from tanshu.exchange.engine.records import Gone, Mode, Op, OrderKind, Side
from tanshu.exchange.engine.state import (
    BUYING,
    DAY_OPEN,
    DAY_STATE,
    FREE,
    LIVE,
    LIVE_MAX,
    O_ABOUT,
    O_COUNTER,
    O_HELD,
    O_INSTRUMENT,
    O_KIND,
    O_LEFT,
    O_MODE,
    O_NEXT,
    O_PARTY,
    O_PREV,
    O_PRICE,
    O_QUANTITY,
    O_SIDE,
    O_STATE,
    ORDERS,
    PARTIES,
    RESTING,
    Arrays,
)
from tanshu.exchange.engine.terms import Term

_CONFIRMED_BY, _CONFIRMS = O_NEXT, O_PREV
"""Of a quote: the order that has confirmed it and waits for its maker; of that order: the quote. 0: none."""


class Quote(NamedTuple):
    """One resting quote: numbers; `counter` 0 is everybody; `talk` the quote it began with; tonnes, fen."""

    order: int
    talk: int
    side: Side
    party: int
    counter: int
    quantity: int
    price: int
    confirmed_by: int


class BlockDesk(Desk):
    mode = int(Mode.BLOCK)

    def __init__(self) -> None:
        self.ops = {
            Op.QUOTE: self._quote,
            Op.COUNTER: self._counter,
            Op.CONFIRM: self._confirm,
            Op.DECLINE: self._decline,
        }
        self._talks: dict[int, dict[int, None]] = {}
        """Resting orders by talk, oldest first."""
        self._left_over: list[int] = []
        """What hangs on orders that this record has removed."""

    # -- what a participant may see ------------------------------------------------------------------------

    def quotes(self, a: Arrays, instrument: int, party: int) -> list[Quote]:
        """The resting quotes to everybody, to this participant, and its own, oldest first."""
        there = sorted(number for talk in self._talks.values() for number in talk)
        seen = (_told_of(a, number) for number in there if _is_quote(a, number))
        return [
            one
            for one in seen
            if a.orders[one.order, O_INSTRUMENT] == instrument
            and (one.counter in (0, party) or one.party == party)
        ]

    # -- hooks ---------------------------------------------------------------------------------------------

    def removed(self, a: Arrays, number: int) -> None:
        began = int(a.orders[number, O_ABOUT]) == 0
        talk = self._talks[_talk_of(a, number)]
        self._left_over += self._forget(a, number)
        if began:
            self._left_over += talk

    def removals_over(self, a: Arrays, told: Told) -> None:
        for number in sorted(set(self._left_over)):
            self._end(a, told, number, Gone.DECLINED)
        self._left_over = []

    def restored(self, a: Arrays, image: bytes) -> None:  # noqa: ARG002
        self._talks = {}
        orders = a.orders[: int(a.day[ORDERS]) + 1]
        here = (orders[:, O_STATE] == RESTING) & (orders[:, O_MODE] == self.mode)
        for number in here.nonzero()[0].tolist():
            self._remember(a, number)

    # -- the four records ----------------------------------------------------------------------------------

    def _quote(self, a: Arrays, told: Told, r: Rec) -> Code:
        """Quote to everybody, or to one participant."""
        code = (
            (Code.OK if r.side in (Side.BUY, Side.SELL) else Code.BAD_VALUE)
            or ledger.check_place(a, r.instrument, self.mode)
            or _check_addressee(a, r)
            or ledger.check_order(a, r.instrument, self.mode, r.side, r.party, r.other, r.quantity, r.price)
        )
        if not code:
            self._enter(a, told, r, _Terms(r.instrument, r.side, r.counter, r.quantity, r.price), 0)
        return Code(code)

    def _counter(self, a: Arrays, told: Told, r: Rec) -> Code:
        """Answer a quote with other terms."""
        code = self._check_answer(a, r) or self._check_open(a, r) or self._check_turn(a, r)
        if code:
            return Code(code)
        o = a.orders[r.order]
        if r.quantity == o[O_QUANTITY] and r.price == o[O_PRICE]:
            return Code.ALREADY
        talk = _talk_of(a, r.order)
        if any(a.orders[n, O_COUNTER] == o[O_PARTY] for n in self._own(a, talk, r.party)):
            return Code.NOT_YOUR_TURN
        if a.day[LIVE] >= LIVE_MAX:
            return Code.FULL
        given_up = [n for n in self._own(a, talk, r.party) if n == talk]
        terms = _Terms(int(o[O_INSTRUMENT]), 1 - int(o[O_SIDE]), int(o[O_PARTY]), r.quantity, r.price)
        code = self._check_terms(a, r.party, terms, given_up)
        if code:
            return Code(code)
        if o[O_COUNTER]:
            given_up.append(r.order)
        self._end_all(a, told, given_up, Gone.REPLACED)
        self._enter(a, told, r, terms, talk)
        return Code.OK

    def _confirm(self, a: Arrays, told: Told, r: Rec) -> Code:
        """Accept a quote as it is; or, having made it, confirm it again."""
        code = self._check_answer(a, r) or self._check_open(a, r)
        if code:
            return Code(code)
        o = a.orders[r.order]
        if o[O_PARTY] == r.party and o[_CONFIRMED_BY]:
            self._agree(a, told, r.order, int(o[_CONFIRMED_BY]), int(o[O_SIDE]))
            return Code.OK
        code = self._check_turn(a, r)
        if code:
            return Code(code)
        talk = _talk_of(a, r.order)
        given_up = self._own(a, talk, r.party)
        terms = _Terms(
            int(o[O_INSTRUMENT]), 1 - int(o[O_SIDE]), int(o[O_PARTY]), int(o[O_LEFT]), int(o[O_PRICE])
        )
        code = self._check_terms(a, r.party, terms, given_up)
        if code:
            return Code(code)
        self._end_all(a, told, given_up, Gone.REPLACED)
        answer = self._enter(a, told, r, terms, talk, OrderKind.FOK)
        if a.terms[terms.instrument, self.mode, Term.DOUBLE_CONFIRM]:
            a.orders[r.order, _CONFIRMED_BY], a.orders[answer, _CONFIRMS] = answer, r.order
        else:
            self._agree(a, told, r.order, answer, terms.side)
        return Code.OK

    def _decline(self, a: Arrays, told: Told, r: Rec) -> Code:
        """Say no to a quote made to one; or, having made it, to who has confirmed it."""
        code = self._check_answer(a, r)
        if code:
            return Code(code)
        o = a.orders[r.order]
        code = ledger.check_cancel(a, int(o[O_INSTRUMENT]), self.mode)
        if code:
            return Code(code)
        if o[O_PARTY] == r.party:
            if not o[_CONFIRMED_BY]:
                return self._check_turn(a, r)
            self._end(a, told, int(o[_CONFIRMED_BY]), Gone.DECLINED)
            return Code.OK
        if not o[O_COUNTER]:
            return Code.NOT_FOR_YOU
        self._end(a, told, r.order, Gone.DECLINED)
        return Code.OK

    # -- checks --------------------------------------------------------------------------------------------

    def _check_answer(self, a: Arrays, r: Rec) -> int:
        """Is this one of the quotes that the participant can see, and does it still stand?"""
        if a.day[DAY_STATE] != DAY_OPEN:
            return Code.NO_DAY
        code = ledger.check_who(a, r.party, r.other)
        if code:
            return code
        if not 0 < r.order <= a.day[ORDERS] or a.orders[r.order, O_MODE] != self.mode:
            return Code.UNKNOWN_ORDER
        if not _is_quote(a, r.order):
            return Code.UNKNOWN_ORDER
        o = a.orders[r.order]
        if o[O_PARTY] != r.party and o[O_COUNTER] not in (0, r.party):
            return Code.NOT_FOR_YOU
        return Code.OK if o[O_STATE] == RESTING else Code.ORDER_OVER

    def _check_open(self, a: Arrays, r: Rec) -> int:
        return ledger.check_place(a, int(a.orders[r.order, O_INSTRUMENT]), self.mode)

    def _check_turn(self, a: Arrays, r: Rec) -> Code:
        """Is it the participant's to answer this quote, and has nobody confirmed it?"""
        o = a.orders[r.order]
        if o[O_PARTY] == r.party:
            return Code.NOT_YOUR_TURN if o[O_COUNTER] else Code.NOT_FOR_YOU
        return Code.ALREADY if o[_CONFIRMED_BY] else Code.OK

    def _check_terms(self, a: Arrays, party: int, terms: _Terms, given_up: list[int]) -> int:
        """Form and means, where what these orders hold comes free first. Nothing is changed."""
        i, side, _, quantity, price = terms
        code = ledger.check_form(a, i, self.mode, quantity, price)
        if code:
            return code
        _lend(a, given_up, 1)
        code = ledger.check_means(a, i, self.mode, side, party, quantity, price)
        _lend(a, given_up, -1)
        return code

    # -- changes -------------------------------------------------------------------------------------------

    def _enter(
        self, a: Arrays, told: Told, r: Rec, terms: _Terms, talk: int, kind: OrderKind = OrderKind.LIMIT
    ) -> int:
        i, side, counter, quantity, price = terms
        number = ledger.enter(
            a, told.out, told.n, self.mode, side, kind, i, r.party, r.other, counter, quantity, price, talk,
            r.extra,
        )  # fmt: skip
        self._remember(a, number)
        return number

    def _agree(self, a: Arrays, told: Told, quote: int, answer: int, aggressor: int) -> None:
        """The trade; with it the talk is over."""
        talk = _talk_of(a, quote)
        self._forget(a, answer)
        self._forget(a, quote)
        buy, sell = (answer, quote) if a.orders[quote, O_SIDE] == Side.SELL else (quote, answer)
        quantity, price = int(a.orders[quote, O_LEFT]), int(a.orders[quote, O_PRICE])
        ledger.fill(a, told.out, told.n, buy, sell, quantity, price, aggressor)
        self._end_all(a, told, list(self._talks.get(talk, ())), Gone.DECLINED)

    def _end_all(self, a: Arrays, told: Told, numbers: list[int], why: Gone) -> None:
        for number in numbers:
            self._end(a, told, number, why)

    def _end(self, a: Arrays, told: Told, number: int, why: Gone) -> None:
        """An order goes, and with a quote the confirmation that waited on it."""
        if a.orders[number, O_STATE] != RESTING:
            return
        waiting = self._forget(a, number)
        told.make_room(1)
        ledger.leave(a, told.out, told.n, number, why)
        self._end_all(a, told, waiting, Gone.DECLINED)

    # -- the index -----------------------------------------------------------------------------------------

    def _own(self, a: Arrays, talk: int, party: int) -> list[int]:
        """A participant's resting orders in a talk."""
        return [n for n in self._talks.get(talk, ()) if a.orders[n, O_PARTY] == party]

    def _remember(self, a: Arrays, number: int) -> None:
        self._talks.setdefault(_talk_of(a, number), {})[number] = None

    def _forget(self, a: Arrays, number: int) -> list[int]:
        """Take an order out of its talk. Returns the confirmation that waited on it, if there is one."""
        talk = _talk_of(a, number)
        del self._talks[talk][number]
        if not self._talks[talk]:
            del self._talks[talk]
        o = a.orders[number]
        waiting, confirms = int(o[_CONFIRMED_BY]), int(o[_CONFIRMS])
        o[_CONFIRMED_BY] = o[_CONFIRMS] = 0
        if confirms:
            a.orders[confirms, _CONFIRMED_BY] = 0
        if waiting:
            a.orders[waiting, _CONFIRMS] = 0
        return [waiting] if waiting else []


class _Terms(NamedTuple):
    """What an order of a talk would be: numbers, side, tonnes, fen."""

    instrument: int
    side: int
    counter: int
    quantity: int
    price: int


def _is_quote(a: Arrays, number: int) -> bool:
    """A quote, and not a confirmation."""
    return bool(a.orders[number, O_KIND] == OrderKind.LIMIT)


def _talk_of(a: Arrays, number: int) -> int:
    return int(a.orders[number, O_ABOUT]) or int(number)


def _told_of(a: Arrays, number: int) -> Quote:
    o = a.orders[number]
    return Quote(
        order=number,
        talk=_talk_of(a, number),
        side=Side(int(o[O_SIDE])),
        party=int(o[O_PARTY]),
        counter=int(o[O_COUNTER]),
        quantity=int(o[O_LEFT]),
        price=int(o[O_PRICE]),
        confirmed_by=int(o[_CONFIRMED_BY]),
    )


def _check_addressee(a: Arrays, r: Rec) -> Code:
    if r.counter > a.day[PARTIES]:
        return Code.UNKNOWN_PARTY
    return Code.NOT_FOR_YOU if r.counter == r.party else Code.OK


def _lend(a: Arrays, numbers: list[int], sign: int) -> None:
    """Count what these orders hold as free (1), or as held again (−1)."""
    for number in numbers:
        o = a.orders[number]
        party = o[O_PARTY]
        if o[O_SIDE] == Side.BUY:
            a.cash[party, FREE] += sign * o[O_HELD]
            a.parties[party, BUYING] -= sign * o[O_LEFT]
        else:
            a.units[o[O_INSTRUMENT], party, FREE] += sign * o[O_HELD]
