"""A compliance year in figures: everything a report shows, computed once, integers and Decimals only.

Totals count the entities on the year's list; a trade counts once, whichever of its sides is on the list.
Where every entity complies exactly, verified_t = surrendered_t + offset_t.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection

from tanshu.base.canonical import plain
from tanshu.base.clock import business_date
from tanshu.base.quantity import round_half_up
from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.book.state import State
from tanshu.compliance import carry_over, obligations, packs
from tanshu.compliance.obligations import Owed, Status
from tanshu.insight import flows, regions
from tanshu.insight.flows import DayFlow, Flow
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.registry import queries as registry
from tanshu.registry import settled
from tanshu.registry.settled import SettledTrade, average_price_fen
from tanshu.registry.types import InstrumentKind

PERCENT_PLACES = 2


@dataclass(frozen=True, slots=True)
class Traded:
    """Trades of one month, mode or day ("" where all are meant). average_price: yuan per tonne, half-up."""

    month: str
    mode: str
    day: date | None
    trades: int
    volume_t: int
    amount_fen: int
    average_price: Decimal | None


@dataclass(frozen=True, slots=True)
class EntityYear:
    """One listed entity's year, in tonnes. gap_t = approved − verified: what it must buy is negative.

    gap_rate is gap_t in percent of verified_t; surrendered and holdings are by instrument code; due_t is what
    is still to be paid; carry_over_t is an estimate, None where the jurisdiction has no rules for it.
    """

    code: str
    name: str
    fictional: bool
    region: str
    place: Text
    verified_t: int | None
    pre_allocated_t: int | None
    approved_t: int | None
    allocated_t: int
    opening_t: int
    gap_t: int | None
    gap_rate: Decimal | None
    bought_t: int
    sold_t: int
    surrendered: Mapping[str, int]
    surrendered_t: int
    offset_t: int
    obligation_t: int
    due_t: int
    due_at_deadline_t: int
    paid_late_t: int
    status: Status
    status_at_deadline: Status | None
    other_t: int
    holdings: Mapping[str, int]
    left_t: int
    carry_over_t: int | None


@dataclass(frozen=True, slots=True)
class YearFigures:
    """The year. Tonnes; amounts in fen, prices in yuan per tonne with two decimals.

    gap_t sums the entities whose allocation is approved, None while none is. instrument is the allowance of
    the year; left_t what the entities hold of all allowances now; short_t what
    is unpaid now. conservation is the book's sum per instrument over *all* cells: zero, always. seq, time_ns
    and hash name the log entry that all of this was read at.
    """

    year: int
    instrument: str
    deadline: date
    today: date
    entities: int
    verified_t: int
    pre_allocated_t: int
    approved_t: int
    gap_t: int | None
    allocated_t: int
    opening_t: int
    bought_t: int
    sold_t: int
    traded_t: int
    trades: int
    amount_fen: int
    average_price: Decimal | None
    by_mode: tuple[Traded, ...]
    by_month: tuple[Traded, ...]
    by_month_and_mode: tuple[Traded, ...]
    by_day_and_mode: tuple[Traded, ...]
    surrendered_t: int
    surrendered: Mapping[str, int]
    offset_t: int
    days: tuple[DayFlow, ...]
    obligation_t: int
    short_t: int
    short_at_deadline_t: int
    paid_late_t: int
    compliant: int
    status: Mapping[str, int]
    status_at_deadline: Mapping[str, int]
    other_t: int
    left_t: int
    holdings: Mapping[str, int]
    carry_over_t: int | None
    conservation: Mapping[str, int]
    rows: tuple[EntityYear, ...]
    seq: int
    time_ns: int
    hash: str

    def as_json(self) -> dict[str, object]:
        """Plain data; Decimals and dates as text."""
        found = plain(self)
        assert isinstance(found, dict)
        return found


def year_figures(
    conn: Connection,
    state: State,
    year: int,
    *,
    today: date | None = None,
    places: Mapping[str, str] | None = None,
) -> YearFigures:
    """The figures of a compliance year as the log stands; `state` is the book's at the same position.

    today: the business date for statuses (default: the newest entry's). places: credit code → city, where
    somebody knows it better than the code does. Raises Refused (RULE-3xxx) for a year without a calendar.
    """
    board = obligations.board(conn, year, today=today)
    ids = [owed.subject.id for owed in board]
    period = flows.window(conn, year)
    found = flows.flows_of(conn, ids, year, period)
    held = _holdings(conn, state, ids)
    estimates = _estimates(conn, state, board)
    rows = tuple(
        _row(
            owed,
            found.by_subject[owed.subject.id],
            held[owed.subject.id],
            estimates.get(owed.subject.id),
            places or {},
        )
        for owed in board
    )
    trades = flows.trades_of(conn, set(ids), period)
    return _total(conn, state, year, period.last, today, rows, found, trades)


def _row(
    owed: Owed, flow: Flow, held: Mapping[str, int], estimate: int | None, places: Mapping[str, str]
) -> EntityYear:
    subject, gap = owed.subject, None
    if owed.approved_t is not None and owed.verified_t is not None:
        gap = owed.approved_t - owed.verified_t
    known = places.get(subject.handle)
    return EntityYear(
        code=subject.handle,
        name=subject.name,
        fictional=subject.fictional,
        region=subject.region,
        place=regions.named(known) if known else regions.place(subject.region),
        verified_t=owed.verified_t,
        pre_allocated_t=owed.pre_allocated_t,
        approved_t=owed.approved_t,
        allocated_t=flow.allocated_t,
        opening_t=flow.opening_t,
        gap_t=gap,
        gap_rate=percent(gap, owed.verified_t),
        bought_t=flow.bought_t,
        sold_t=flow.sold_t,
        surrendered=dict(sorted(flow.surrendered.items())),
        surrendered_t=owed.surrendered_t,
        offset_t=owed.offset_t,
        obligation_t=owed.obligation_t,
        due_t=owed.due_t,
        due_at_deadline_t=owed.due_at_deadline_t,
        paid_late_t=owed.paid_late_t,
        status=owed.status,
        status_at_deadline=owed.status_at_deadline,
        other_t=flow.other_t,
        holdings=dict(held),
        left_t=flow.left_t,
        carry_over_t=estimate,
    )


def _total(
    conn: Connection,
    state: State,
    year: int,
    deadline: date,
    today: date | None,
    rows: tuple[EntityYear, ...],
    found: flows.Flows,
    trades: Collection[SettledTrade],
) -> YearFigures:
    tail = store.tail(conn, store.REGISTRY_LOG)
    assert tail is not None, "an open book has a genesis entry"
    seq, time_ns, hash_ = tail
    all_trades = traded(trades)
    return YearFigures(
        year=year,
        instrument=packs.instrument(conn, year),
        deadline=deadline,
        today=today or business_date(time_ns),
        entities=len(rows),
        verified_t=sum(row.verified_t or 0 for row in rows),
        pre_allocated_t=sum(row.pre_allocated_t or 0 for row in rows),
        approved_t=sum(row.approved_t or 0 for row in rows),
        gap_t=_sum_known(row.gap_t for row in rows),
        allocated_t=sum(row.allocated_t for row in rows),
        opening_t=sum(row.opening_t for row in rows),
        bought_t=sum(row.bought_t for row in rows),
        sold_t=sum(row.sold_t for row in rows),
        traded_t=all_trades.volume_t,
        trades=all_trades.trades,
        amount_fen=all_trades.amount_fen,
        average_price=all_trades.average_price,
        by_mode=group(trades, mode=True),
        by_month=group(trades, month=True),
        by_month_and_mode=group(trades, month=True, mode=True),
        by_day_and_mode=group(trades, month=True, mode=True, day=True),
        surrendered_t=sum(row.surrendered_t for row in rows),
        surrendered=_sum_maps(row.surrendered for row in rows),
        offset_t=sum(row.offset_t for row in rows),
        days=found.days,
        obligation_t=sum(row.obligation_t for row in rows),
        short_t=sum(row.due_t for row in rows),
        short_at_deadline_t=sum(row.due_at_deadline_t for row in rows if row.status_at_deadline),
        paid_late_t=sum(row.paid_late_t for row in rows),
        compliant=sum(row.status is Status.COMPLIANT for row in rows),
        status=_counts(row.status for row in rows),
        status_at_deadline=_counts(row.status_at_deadline for row in rows),
        other_t=sum(row.other_t for row in rows),
        left_t=sum(row.left_t for row in rows),
        holdings=_sum_maps(row.holdings for row in rows),
        carry_over_t=_sum_known(row.carry_over_t for row in rows),
        conservation=conservation(conn, state),
        rows=rows,
        seq=seq,
        time_ns=time_ns,
        hash=hash_.hex(),
    )


# -- pieces ------------------------------------------------------------------------------------------------


def conservation(conn: Connection, state: State) -> dict[str, int]:
    """Instrument code → the sum over all cells of the book: zero, or something is very wrong."""
    sums = state.sums()
    return {one.code: sums.get(one.number, 0) for one in registry.instruments(conn)}


def traded(
    trades: Collection[SettledTrade], *, month: str = "", mode: str = "", day: date | None = None
) -> Traded:
    """Volume, amount and volume-weighted average price of these trades."""
    volume_t, amount_fen = sum(one.quantity for one in trades), sum(one.amount_fen for one in trades)
    average = yuan(average_price_fen(volume_t, amount_fen))
    return Traded(month, mode, day, len(trades), volume_t, amount_fen, average)


def group(
    trades: Iterable[SettledTrade], *, month: bool = False, mode: bool = False, day: bool = False
) -> tuple[Traded, ...]:
    """The trades by the asked keys, in the keys' order."""
    found: dict[tuple[str, date, str], list[SettledTrade]] = defaultdict(list)
    for trade in trades:
        key = (
            f"{trade.day:%Y-%m}" if month else "",
            trade.day if day else date.min,
            trade.mode if mode else "",
        )
        found[key].append(trade)
    return tuple(
        traded(found[key], month=key[0], mode=key[2], day=key[1] if day else None) for key in sorted(found)
    )


def yuan(fen: int | None) -> Decimal | None:
    """Fen as exact yuan with two decimals."""
    return None if fen is None else Decimal(fen).scaleb(-2)


def percent(part: int | None, whole: int | None) -> Decimal | None:
    """part in percent of whole, half-up to two decimals; None where there is nothing to divide by."""
    if part is None or not whole:
        return None
    return round_half_up(Decimal(100 * part) / Decimal(whole), PERCENT_PLACES)


def _holdings(conn: Connection, state: State, ids: Collection[str]) -> dict[str, dict[str, int]]:
    """Subject id → units (not cash) by instrument code over all its accounts, held ones included."""
    owners = {account.number: account.subject_id for account in parties.accounts(conn)}
    units = {
        one.number: one.code for one in registry.instruments(conn) if one.kind is not InstrumentKind.CASH
    }
    found: dict[str, dict[str, int]] = {id: {} for id in ids}
    for cell in state.cells():
        mine, code = found.get(owners.get(cell.account, "")), units.get(cell.instrument)
        if mine is not None and code is not None:
            mine[code] = mine.get(code, 0) + cell.available + cell.held
    return {id: dict(sorted(mine.items())) for id, mine in found.items()}


def _estimates(conn: Connection, state: State, board: Collection[Owed]) -> dict[str, int]:
    """Subject id → carry-over estimate; empty where the jurisdiction has no carry-over pack."""
    try:
        period = packs.carry_over(conn).table("window")
    except Refused:
        return {}
    sums = settled.totals(conn, period["trades_first"], period["trades_last"])
    return {
        owed.subject.id: carry_over.estimate(conn, state, owed.subject, sums).carryable_t for owed in board
    }


def _counts(statuses: Iterable[Status | None]) -> dict[str, int]:
    """Every status that occurs, by its code, in the order of the enumeration."""
    counted = Counter(status for status in statuses if status is not None)
    return {status.value: counted[status] for status in Status if counted[status]}


def _sum_known(numbers: Iterable[int | None]) -> int | None:
    """The sum of those that are known; None where none is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _sum_maps(maps: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in maps:
        total.update(one)
    return dict(sorted(total.items()))
