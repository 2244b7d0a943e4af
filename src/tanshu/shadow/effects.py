"""What a trade, a movement, a whole day should do to the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from tanshu.shadow.mapping import Layout
from tanshu.shadow.model import FLOWS, Account, Cell, Day, Moved, Movement, Settlement, Trade, What
from tanshu.shadow.posting import distinct

Effects = Mapping[Cell, int]


def unit_cell(subject: str, instrument: str, account: Account = Account.TRADING) -> Cell:
    return Cell(What.UNITS, subject, instrument, account.value)


def cash_cell(subject: str, column: str) -> Cell:
    return Cell(What.CASH, subject, column)


def units_of(one: Trade, instrument: str | None = None) -> Effects:
    """Tonnes of the seller become the buyer's."""
    what = instrument or one.instrument
    return summed({unit_cell(one.buyer, what): one.quantity}, {unit_cell(one.seller, what): -one.quantity})


def buyer_cash(one: Trade, layout: Layout) -> Effects:
    """What the buyer's row shows for a trade."""
    fee, _, settlement, _ = layout.fees[one.mode].of(one.worth)
    return columns(layout, one.buyer, buys=one.worth, buy_fee=fee, settlement_fee=settlement)


def seller_cash(one: Trade, layout: Layout) -> Effects:
    _, fee, _, settlement = layout.fees[one.mode].of(one.worth)
    return columns(layout, one.seller, sells=one.worth, sell_fee=fee, settlement_fee=settlement)


def columns(layout: Layout, subject: str, **amounts: int) -> Effects:
    """Amounts in columns of the cash file. Where money is netted, buys count against sells, in one figure."""
    if layout.settlement is Settlement.NET:
        amounts = {**amounts, "sells": amounts.get("sells", 0) - amounts.pop("buys", 0)}
    return {cash_cell(subject, name): amount for name, amount in amounts.items() if amount}


def of_trade(one: Trade, layout: Layout) -> Effects:
    return summed(units_of(one), buyer_cash(one, layout), seller_cash(one, layout))


def of_movement(one: Movement) -> Effects:
    """What a movement does to units, frozen units, and the columns of cash in and out."""
    here = unit_cell(one.subject, one.instrument, one.account)
    held = Cell(What.FROZEN, one.subject, one.instrument, one.account.value)
    trading = unit_cell(one.subject, one.instrument)
    registration = unit_cell(one.subject, one.instrument, Account.REGISTRATION)
    done: dict[Moved, Effects] = {
        Moved.DEPOSIT: {cash_cell(one.subject, "paid_in"): one.amount},
        Moved.WITHDRAWAL: {cash_cell(one.subject, "paid_out"): one.amount},
        Moved.ALLOCATION: {here: one.quantity},
        Moved.SURRENDER: {here: -one.quantity},
        Moved.CANCELLATION: {here: -one.quantity},
        Moved.TO_TRADING: {trading: one.quantity, registration: -one.quantity},
        Moved.TO_REGISTRATION: {trading: -one.quantity, registration: one.quantity},
        Moved.FREEZE: {held: one.quantity},
        Moved.UNFREEZE: {held: -one.quantity},
    }
    return done[one.kind]


def flows(day: Day, layout: Layout) -> Mapping[Cell, int]:
    """What every column of the cash file should say of a day."""
    parts: list[Effects] = []
    for trade in distinct(day):
        parts += (buyer_cash(trade, layout), seller_cash(trade, layout))
    parts += [of_movement(one) for one in day.movements]
    return {cell: amount for cell, amount in summed(*parts).items() if cell.what is What.CASH}


def net_flow(expected: Mapping[Cell, int], subject: str) -> int:
    """What a subject's balance should change by."""
    return sum(sign * expected.get(cash_cell(subject, name), 0) for name, sign in FLOWS.items())


def summed(*parts: Effects) -> dict[Cell, int]:
    """Effects together; what cancels out is not there."""
    total: Counter[Cell] = Counter()
    for part in parts:
        for cell, amount in part.items():
            total[cell] += amount
    return {cell: amount for cell, amount in total.items() if amount}


def times(effects: Effects, factor: int) -> Effects:
    return {cell: factor * amount for cell, amount in effects.items()}


def subjects_of(day: Day) -> Iterable[str]:
    """Who trades or moves anything on a day."""
    for trade in day.trades:
        yield from (trade.buyer, trade.seller)
    for one in day.movements:
        yield one.subject
