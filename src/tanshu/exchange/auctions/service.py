"""The verbs of auctions: announce, qualify, call off, record the result, publish it.

    announce ─► qualify ─► the window opens and closes by itself, at the notice's times ─► record ─► publish
                        └► call off

Notices and results are told by the registry's log; the auction itself is in the market's. What concerns both
is one transaction. The exchange's makers act; a checker of it publishes the result. The trades are delivered
against payment as all trades are: of paid allocation (有偿分配) from the authority's provincial account.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

from tanshu.base.clock import shanghai_text
from tanshu.base.quantity import check_quantity
from tanshu.base.refusal import Refusal, Refused, need
from tanshu.book.commit import Act, Context, Decision, Outcome, verb
from tanshu.exchange import checks as market_checks
from tanshu.exchange import timetable
from tanshu.exchange.auctions import checks, outcomes, queries
from tanshu.exchange.auctions.announcing import beyond_share, check_window, completed
from tanshu.exchange.auctions.model import (
    Announce,
    CallOff,
    CloseWindow,
    Notice,
    PublishResult,
    Qualify,
)
from tanshu.exchange.auctions.tables import AUCTION_AWARD, AUCTION_BIDDER, AUCTION_NOTICE, AUCTION_RESULT
from tanshu.exchange.bridge import sessions
from tanshu.exchange.engine import records
from tanshu.exchange.engine.auction import desk_of
from tanshu.exchange.engine.records import AuctionRule, Mode, Op, Phase, Pricing, Side, Ties, Why, row
from tanshu.exchange.engine.state import REFERENCE
from tanshu.exchange.market import Market, MarketAct
from tanshu.parties import queries as parties
from tanshu.parties.model import Right, SubjectKind
from tanshu.registry import queries as registry

C = TypeVar("C", Qualify, CallOff, CloseWindow, PublishResult)
MODE = "auction"


def announce(ctx: Context, command: Announce) -> Outcome:
    """竞价公告. The answer has the auction's number in its market.

    Refuses with EXC-5102, 5103, 5105 to 5110, EXC-3002 (the initiator is no participant), EXC-2001,
    RULE-16xx, or as the engine does.
    """
    market = timetable.keep_of(ctx, command.market)
    if isinstance(market, Refusal):
        return market
    done = _announce(ctx, command)
    market.next_step_ns = None  # its window may be the next step
    return done


def qualify(ctx: Context, command: Qualify) -> Outcome:
    """Find a bidder qualified: it may bid for so many tonnes, and the deposit for them is held.

    Again for the same bidder: the new figures stand. Refuses with EXC-5101, 5107, 5005 (not enough money),
    EXC-3002, EXC-1003 (no day is open) and as the engine does.
    """
    return _on_time(ctx, command, _qualify)


def call_off(ctx: Context, command: CallOff) -> Outcome:
    """Call an auction off before its window closes; the context says why. Everything held for it is free.

    Refuses with EXC-5101, 5111, 5115, or EXC-1006 where it is over in the market.
    """
    return _on_time(ctx, command, _call_off)


def record(ctx: Context, command: CloseWindow) -> Outcome:
    """Take the result of a window that has closed into the register. Not public yet: see `publish`.

    Refuses with EXC-5101, 5104 (the window is not over), 5111 (recorded already).
    """
    return _on_time(ctx, command, _record)


def publish(ctx: Context, command: PublishResult) -> Outcome:
    """竞价结果公告: a second person of the exchange makes the result public.

    Refuses with EXC-5101, 5112, 5113, 5114.
    """
    return _on_time(ctx, command, _publish)


def _on_time(ctx: Context, command: C, ask: Callable[[Context, C], Outcome]) -> Outcome:
    """First the steps of the day that are due, then the command."""
    market = timetable.keep_of(ctx, command.market)
    return market if isinstance(market, Refusal) else ask(ctx, command)


# -- deciding ----------------------------------------------------------------------------------------------


@verb("exchange.announce-auction")
def _announce(act: Act, command: Announce) -> Decision:
    need(sessions.by_exchange(act))
    market = need(sessions.named(act, command.market))
    pack = sessions.row_of(act.conn, market.log).pack
    rules = need(sessions.rules_of(act, pack))
    asked = completed(command, rules)
    mode = rules.mode(MODE)
    check_window(act, asked, rules, mode)
    need(registry.instrument(act.conn, asked.instrument))
    initiator = need(parties.subject(act.conn, asked.initiator))
    if asked.paid_year is not None and initiator.kind is not SubjectKind.AUTHORITY:
        return checks.PAID_BY_AUTHORITY(field="initiator", subject=initiator.name)
    refused = beyond_share(act, asked, rules)
    if refused:
        return refused
    number = need(market.join(act, "market.announce-auction", asked, _enter_auction))["auction"]
    cap = _whole_lots(Fraction(asked.cap_share) * asked.quantity, mode.lot_t) if asked.cap_share else 0
    kept = {
        name: getattr(asked, name)
        for name in (
            *("title_zh", "title_en", "side", "instrument", "quantity", "reserve_fen", "reserve_hidden"),
            *("pricing", "ties", "sealed", "one_bid", "binding", "day", "opens", "closes", "deposit_share"),
            *("criteria_zh", "criteria_en", "paid_year", "year_total_t"),
        )
    }
    act.insert(
        AUCTION_NOTICE,
        {
            "log": market.log,
            "number": number,
            "initiator_id": initiator.id,
            "cap_t": cap,
            "pack": pack,
            "published_on": act.today,
            "person": act.actor,
            "seq": act.seq,
            **kept,
        },
    )
    return {"market": asked.market, "auction": number, "cap_t": cap, "deposit_share": asked.deposit_share}


@verb("exchange.qualify-bidder")
def _qualify(act: Act, command: Qualify) -> Decision:
    need(sessions.by_exchange(act))
    market, notice = _noticed(act, command.market, command.auction)
    tonnes = need(check_quantity(command.tonnes, "tonnes"))
    bidder = need(parties.subject(act.conn, command.bidder))
    most = notice.cap_t or notice.quantity
    if tonnes > most:
        return checks.BEYOND_CAP(field="tonnes", auction=notice.number, cap=most, tonnes=tonnes)
    asked = {"auction": notice.number, "bidder": bidder.handle, "tonnes": tonnes}

    def enter(inner: MarketAct, _asked: object) -> Decision:
        # The deposit is told to the bidder: of a hidden reserve it would say what it is.
        told = 0 if notice.reserve_hidden else notice.reserve_fen
        worth = tonnes * (told or _reference(inner, notice.instrument))
        deposit = _half_up(Fraction(notice.deposit_share) * worth)
        party = _party(inner, bidder.handle)
        inner.must(
            [
                row(
                    Op.QUALIFY, mode=Mode.AUCTION, party=party, quantity=tonnes, price=deposit,
                    order=notice.number,
                )
            ]
        )  # fmt: skip
        return {"deposit_fen": deposit}

    deposit = need(market.join(act, "market.qualify-bidder", asked, enter))["deposit_fen"]
    act.insert(
        AUCTION_BIDDER,
        {
            "log": market.log,
            "number": notice.number,
            "subject_id": bidder.id,
            "seq": act.seq,
            "tonnes": tonnes,
            "deposit_fen": deposit,
            "person": act.actor,
        },
    )
    return {
        "market": command.market, "auction": notice.number, "bidder": bidder.handle, "tonnes": tonnes,
        "deposit_fen": deposit,
    }  # fmt: skip


@verb("exchange.call-off-auction")
def _call_off(act: Act, command: CallOff) -> Decision:
    need(sessions.by_exchange(act))
    if not act.ctx.reason.strip():
        return checks.REASON_NEEDED(field="reason")
    market, notice = _noticed(act, command.market, command.auction)
    _refuse_ended(act, notice)

    def stop(inner: MarketAct, _asked: object) -> Decision:
        asked = row(
            Op.AUCTION_PHASE, mode=Mode.AUCTION, kind=Phase.HALTED, order=notice.number, other=Why.OPERATOR
        )
        inner.must([asked])
        return {"auction": notice.number}

    told = need(market.join(act, "market.call-off-auction", command, stop))
    ended = outcomes.called_off(act.ctx.reason, told.seq)
    return _tell_result(act, market, notice, ended)


@verb("exchange.record-auction")
def _record(act: Act, command: CloseWindow) -> Decision:
    need(sessions.by_exchange(act))
    market, notice = _noticed(act, command.market, command.auction)
    _refuse_ended(act, notice)
    ended = outcomes.found(act.conn, market, notice)
    if ended is None:
        return _not_yet(act, notice)
    return _tell_result(act, market, notice, ended)


@verb("exchange.publish-auction")
def _publish(act: Act, command: PublishResult) -> Decision:
    need(sessions.by_exchange(act, Right.CHECKER))
    market, notice = _noticed(act, command.market, command.auction)
    result = queries.result(act.conn, market.log, notice.number)
    if result is None:
        return checks.NO_RESULT(field="auction", auction=notice.number)
    if result.published_on is not None:
        return checks.PUBLISHED(field="auction", auction=notice.number, day=result.published_on)
    if result.ended_by == act.actor:
        return checks.SAME_PERSON(field="as", person=act.actor)
    act.update(
        AUCTION_RESULT,
        {"log": market.log, "number": notice.number},
        published_by=act.actor,
        published_on=act.today,
        published_seq=act.seq,
    )
    return {"market": command.market, "auction": notice.number, "published_on": act.today}


# -- in the market's log -----------------------------------------------------------------------------------


def _enter_auction(inner: MarketAct, asked: Announce) -> Decision:
    number = desk_of(inner.engine).auctions.last + 1
    instrument = inner.names.instrument_of.get(asked.instrument)
    if instrument is None:
        known = ", ".join(inner.names.instrument_of) or "—"
        return market_checks.NO_INSTRUMENT(
            field="instrument", code=asked.instrument, market=asked.market, known=known
        )
    inner.must(
        [
            row(
                Op.AUCTION,
                mode=Mode.AUCTION,
                side=Side[asked.side.upper()],
                kind=Pricing[asked.pricing.upper()],
                instrument=instrument,
                party=_party(inner, asked.initiator),
                quantity=min(asked.quantity, records.QUANTITY_MAX + 1),
                price=asked.reserve_fen,
                order=number,
                other=Ties[asked.ties.upper()],
                extra=_rules(asked),
            )
        ]
    )
    return {"auction": number}


def _rules(asked: Announce) -> int:
    stated = (
        (asked.sealed, AuctionRule.SEALED),
        (asked.reserve_hidden, AuctionRule.RESERVE_HIDDEN),
        (asked.one_bid, AuctionRule.ONE_BID),
        (asked.binding, AuctionRule.BINDING),
    )
    return sum(int(rule) for holds, rule in stated if holds)


def _party(inner: MarketAct, handle: str) -> int:
    found = inner.names.party_of.get(handle)
    if found is None:
        market = inner.market.name(inner.conn)
        raise Refused(market_checks.NO_PARTY(field="party", handle=handle, market=market))
    return found


def _reference(inner: MarketAct, code: str) -> int:
    """The previous close, fen."""
    return int(inner.engine.arrays.instruments[inner.names.instrument_of[code], REFERENCE])


# -- steps -------------------------------------------------------------------------------------------------


def _noticed(act: Act, name: str, number: int) -> tuple[Market, Notice]:
    """Raises Refused EXC-1001, EXC-5101."""
    market = need(sessions.named(act, name))
    return market, need(queries.notice(act.conn, market.log, number))


def _refuse_ended(act: Act, notice: Notice) -> None:
    result = queries.result(act.conn, notice.log, notice.number)
    if result is not None:
        word = outcomes.words(result.outcome)
        raise Refused(checks.ENDED(field="auction", auction=notice.number, outcome=word))


def _not_yet(act: Act, notice: Notice) -> Refusal:
    return checks.NOT_YET(
        field="auction", auction=notice.number, day=notice.day, opens=notice.opens, closes=notice.closes,
        now=shanghai_text(act.now_ns),
    )  # fmt: skip


def _tell_result(act: Act, market: Market, notice: Notice, ended: outcomes.Ended) -> Decision:
    here = {"log": market.log, "number": notice.number}
    act.insert(AUCTION_RESULT, {**here, **ended.facts, "ended_by": act.actor, "seq": act.seq})
    awards = [
        {
            **here,
            "trade": one.trade,
            "subject_id": _subject_id(act, market, one.party),
            "quantity": one.quantity,
            "price_fen": one.price_fen,
            "seq": act.seq,
        }
        for one in ended.awards
    ]
    if awards:
        act.insert(AUCTION_AWARD, *awards)
    return {"market": notice.market, "auction": notice.number, **ended.facts}


def _subject_id(act: Act, market: Market, party: int) -> str:
    handle = market.names(act.conn).parties[party]
    return need(parties.subject(act.conn, handle)).id


def _half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


def _whole_lots(tonnes: Fraction, lot: int) -> int:
    return int(tonnes / lot) * lot
