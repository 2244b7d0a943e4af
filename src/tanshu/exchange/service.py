"""The verbs of a market: enter, take, quote, bid, amend, cancel; one at a time or many in one entry.

`ctx.book` is the market (`at` makes such a context). Before anything else the market takes the steps of its
timetable that are due, each an entry of its own at the time that the timetable names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tanshu.base.quantity import check_quantity
from tanshu.base.refusal import Refusal, Refused, need
from tanshu.book.writer import Context, Decision, Outcome
from tanshu.exchange import checks, timetable
from tanshu.exchange.engine.engine import Applied
from tanshu.exchange.engine.records import (
    PRICE_MAX,
    QUANTITY_MAX,
    Gone,
    Mode,
    Op,
    OrderKind,
    Records,
    Row,
    Side,
    row,
)
from tanshu.exchange.engine.state import DAY, ENDED, FILLED, O_LEFT, O_QUANTITY, O_STATE
from tanshu.exchange.market import Market, MarketAct
from tanshu.exchange.model import (
    Amend,
    Asked,
    Batch,
    Bid,
    Call,
    Cancel,
    Confirm,
    Counter,
    Decline,
    Offer,
    Order,
    Quote,
    Take,
)
from tanshu.parties import checks as parties_checks
from tanshu.parties import queries as parties
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Right, SubjectKind

BATCH_MAX = 65_536
"""Orders in one command."""
TRIES = 4
"""Steps of the timetable that may come due, one after the other, while a command waits for its turn."""
SIDES = {"buy": Side.BUY, "sell": Side.SELL}
KINDS = {kind.name.lower(): kind for kind in OrderKind}
_ID = re.compile(r"^(\d{8})-(\d{1,9})$", re.ASCII)
NUMBER_MAX = (1 << 32) - 1
"""What a record can name."""
T = TypeVar("T")


def at(ctx: Context, market: Market) -> Context:
    """The same context, asking the market instead of the book."""
    return ctx.with_(book=market)


def submit(ctx: Context, asked: Asked) -> Outcome:
    """One order, or one act about an order, to its durable answer.

    The answer: `order` (its id), `state`, `quantity`, `left`, `filled`, `trades` ({trade, instrument,
    quantity, price_fen, buy_order, sell_order}). Refuses with EXC-xxxx; a refused order leaves no trace.
    """
    return _commit(ctx, f"market.{type(asked).__name__.lower()}", asked, _submit)


def submit_many(ctx: Context, batch: Batch) -> Outcome:
    """Many at once, each for itself: the answer has a `codes` list, 0 where accepted, and `orders`.

    All of them are of the operator that asks. Refuses EXC-1011 where there are too many, and the whole batch
    where a line of it cannot be read: the field says which (`asked[3].side`).
    """
    return _commit(ctx, "market.batch", batch, _submit_many)


def call(ctx: Context, command: Call) -> Outcome:
    """Hold the call of an instrument's order book now. The exchange's people may."""
    return _commit(ctx, "market.call", command, _call)


def order_id(day: int, number: int) -> str:
    """How an order goes by outside the engine: its day and its number."""
    return f"{day:08}-{number}"


def _commit(
    ctx: Context, name: str, command: object, decide: Callable[[MarketAct, Any], Decision]
) -> Outcome:
    assert isinstance(ctx.book, Market), "ask the market: see `at`"

    def in_time(act: MarketAct, said: object) -> Decision:
        return timetable.late(act) or decide(act, said)

    now_ns, outcome = ctx.clock(), None
    for _ in range(TRIES):
        timetable.keep(ctx.book, now_ns)
        outcome = ctx.commit(name, command, in_time)
        if not isinstance(outcome, Refusal) or outcome.kind is not checks.STEP_DUE:
            return outcome
        now_ns = max(ctx.clock(), int(str(outcome.facts["due_ns"])))
    assert outcome is not None
    return outcome


# -- deciding ----------------------------------------------------------------------------------------------


def _submit(act: MarketAct, asked: Asked) -> Decision:
    said = _row(act, asked, _operator(act))
    done = act.apply([said])
    if done.codes[0]:
        return checks.from_code(act.engine, said, int(done.codes[0]), act.names)
    return _answer(act, said, done)


def _submit_many(act: MarketAct, batch: Batch) -> Decision:
    if not 0 < len(batch.asked) <= BATCH_MAX:
        return checks.BATCH_SIZE(field="asked", limit=BATCH_MAX, count=len(batch.asked))
    who = _operator(act)
    rows = [_line(act, n, one, who) for n, one in enumerate(batch.asked)]
    first = int(act.engine.arrays.day[_ORDERS]) + 1
    done = act.apply(rows)
    if len(rows) == 1 and done.codes[0]:
        return checks.from_code(act.engine, rows[0], int(done.codes[0]), act.names)
    entered = done.outputs[done.outputs["op"] == Op.ENTERED]
    trades = done.outputs[done.outputs["op"] == Op.TRADE]
    return {
        "codes": done.codes.tolist(),
        "first_order": order_id(int(act.engine.arrays.day[DAY]), first) if len(entered) else None,
        "orders": entered["order"].tolist(),
        "trades": len(trades),
        "traded_t": int(trades["quantity"].sum()),
    }


def _call(act: MarketAct, command: Call) -> Decision:
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.EXCHANGE))
    done = act.must([row(Op.UNCROSS, mode=Mode.ORDER_BOOK, instrument=_instrument(act, command.instrument))])
    return {"instrument": command.instrument, "trades": _trades(act, done.outputs)}


def _line(act: MarketAct, n: int, asked: Asked, operator: tuple[int, int]) -> Row:
    try:
        return _row(act, asked, operator)
    except Refused as refused:
        raise Refused(refused.refusal.at(f"asked[{n}]")) from None


def _row(act: MarketAct, asked: Asked, who_asks: tuple[int, int]) -> Row:
    """What is asked, as a record. Raises Refused where a name or a number cannot be read."""
    operator, party = who_asks
    who = {"party": party, "other": operator, "extra": _ref(asked.ref)}
    match asked:
        case Order():
            kind = _known(KINDS, asked.kind)
            if kind is None:
                raise Refused(checks.BAD_KIND(field="kind", kind=asked.kind, known=", ".join(KINDS)))
            sized = _terms(act, asked.side, asked.instrument, asked.quantity, asked.price_fen)
            return row(Op.ORDER, mode=Mode.ORDER_BOOK, kind=kind, **sized, **who)
        case Offer():
            sized = _terms(act, asked.side, asked.instrument, asked.quantity, asked.price_fen)
            return row(Op.OFFER, mode=Mode.LISTING, **sized, **who)
        case Take():
            sized = _terms(act, asked.side, asked.instrument, asked.quantity, asked.price_fen)
            maker = _order(act, asked.offer) if asked.offer else 0
            return row(Op.TAKE, mode=Mode.LISTING, order=maker, **sized, **who)
        case Quote():
            sized = _terms(act, asked.side, asked.instrument, asked.quantity, asked.price_fen)
            to = _party(act, asked.to) if asked.to else 0
            return row(Op.QUOTE, mode=Mode.BLOCK, counter=to, **sized, **who)
        case Bid():
            quantity, price = _sizes(asked.quantity, asked.price_fen)
            auction = min(_whole(asked.auction, "auction"), NUMBER_MAX)
            return row(Op.BID, mode=Mode.AUCTION, order=auction, quantity=quantity, price=price, **who)
        case Counter() | Amend():
            op, mode = (Op.COUNTER, Mode.BLOCK) if isinstance(asked, Counter) else (Op.AMEND, Mode.ORDER_BOOK)
            quantity, price = _sizes(asked.quantity, asked.price_fen)
            return row(op, mode=mode, order=_order(act, asked.order), quantity=quantity, price=price, **who)
        case Confirm() | Decline():
            op = Op.CONFIRM if isinstance(asked, Confirm) else Op.DECLINE
            return row(op, mode=Mode.BLOCK, order=_order(act, asked.order), **who)
        case Cancel():
            return row(Op.CANCEL, order=_order(act, asked.order), **who)


def _operator(act: MarketAct) -> tuple[int, int]:
    """(operator, party) of who asks. Raises Refused EXC-3001, PAR-3005 (dismissed since it got its code)."""
    found = act.names.operators.get(act.actor)
    if found is None:
        raise Refused(checks.NOT_OPERATOR(field="as", person=act.actor, market=act.market.name(act.conn)))
    if not need(parties.person(act.conn, act.actor)).active:
        raise Refused(parties_checks.PERSON_INACTIVE(field="as", person=act.actor))
    return found


def _terms(act: MarketAct, side: str, code: str, quantity: object, price: object) -> dict[str, int]:
    way = _known(SIDES, side)
    if way is None:
        raise Refused(checks.BAD_SIDE(field="side", side=side))
    tonnes, fen = _sizes(quantity, price)
    return {
        "side": int(way),
        "instrument": _instrument(act, code),
        "quantity": tonnes,
        "price": fen,
    }


def _sizes(quantity: object, price: object) -> tuple[int, int]:
    """Tonnes and fen that fit a record; what they may be besides is the engine's question."""
    return min(need(check_quantity(quantity)), QUANTITY_MAX + 1), min(
        _whole(price, "price_fen"), PRICE_MAX + 1
    )


def _known(words: Mapping[str, T], word: object) -> T | None:
    """What a word stands for; whatever was sent in its place stands for nothing."""
    return words.get(word) if isinstance(word, str) else None


def _whole(value: object, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 62:
        raise Refused(checks.NOT_WHOLE(field=field, value=value))
    return value


def _ref(value: object) -> int:
    return _whole(value, "ref")


def _instrument(act: MarketAct, code: str) -> int:
    found = _known(act.names.instrument_of, code)
    if found is None:
        known = ", ".join(act.names.instrument_of) or "—"
        market = act.market.name(act.conn)
        raise Refused(checks.NO_INSTRUMENT(field="instrument", code=code, market=market, known=known))
    return found


def _party(act: MarketAct, handle: str) -> int:
    found = _known(act.names.party_of, handle)
    if found is None:
        raise Refused(checks.NO_PARTY(field="to", handle=handle, market=act.market.name(act.conn)))
    return found


def _order(act: MarketAct, id: str) -> int:
    """The number of an order of today. Raises Refused EXC-4001, EXC-4002."""
    match = _ID.match(id.strip()) if isinstance(id, str) else None
    if match is None or int(match[2]) == 0:
        raise Refused(checks.BAD_ORDER_ID(field="order", id=id))
    today = int(act.engine.arrays.day[DAY])
    if int(match[1]) != today:
        raise Refused(checks.OTHER_DAY(field="order", id=id, day=checks.day_text(today)))
    return int(match[2])


# -- answering ---------------------------------------------------------------------------------------------


def _answer(act: MarketAct, said: Row, done: Applied) -> Mapping[str, Any]:
    """What became of the order that was entered, or is about to be told of."""
    entered = done.outputs[done.outputs["op"] == Op.ENTERED]
    mine = entered[entered["party"] == said[_PARTY]]
    number = int(mine["order"][-1]) if len(mine) else said[_ORDER]  # before a bid may come its deposit
    trades = _trades(act, done.outputs)
    answer: dict[str, Any] = {"trades": trades}
    orders = act.engine.arrays.orders
    if said[0] != Op.BID and 0 < number < len(orders):
        answer |= order_facts(act, number)
        ended = done.outputs[(done.outputs["op"] == Op.GONE) & (done.outputs["order"] == number)]
        if (ended["kind"] == Gone.CANCELLED).any():
            answer["state"] = "cancelled"
    elif len(mine):
        answer |= {"order": order_id(int(act.engine.arrays.day[DAY]), number), "auction": said[_ORDER]}
    return answer


def order_facts(act: MarketAct, number: int) -> dict[str, Any]:
    """An order of today as its owner sees it."""
    order = act.engine.arrays.orders[number]
    left, asked, state = (int(order[i]) for i in (O_LEFT, O_QUANTITY, O_STATE))
    word = {FILLED: "filled", ENDED: "over"}.get(state, "resting" if left == asked else "part")
    return {
        "order": order_id(int(act.engine.arrays.day[DAY]), number),
        "state": word,
        "quantity": asked,
        "left": left if word in ("resting", "part") else 0,
        "filled": asked - left,
    }


def _trades(act: MarketAct, outputs: Records) -> list[dict[str, Any]]:
    """The trades that came of it: orders by their numbers, nobody by name."""
    day = int(act.engine.arrays.day[DAY])
    return [
        {
            "trade": f"{day:08}-T{int(one['extra'])}",
            "instrument": act.names.instruments[int(one["instrument"])],
            "quantity": int(one["quantity"]),
            "price_fen": int(one["price"]),
            "buy_order": order_id(day, int(one["order"])),
            "sell_order": order_id(day, int(one["other"])),
        }
        for one in outputs[outputs["op"] == Op.TRADE]
    ]


_PARTY, _ORDER, _ORDERS = 5, 9, 1
