"""What somebody does on a market, from the sentence to the verb of a room.

A context asks the book; where a sentence is an order (`is_of_market`), it asks the market itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from tanshu.book.commit import Context, Outcome
from tanshu.exchange import service as orders
from tanshu.exchange import standing
from tanshu.exchange.auctions import service as auctions
from tanshu.exchange.auctions.model import Announce, CallOff, CloseWindow, PublishResult, Qualify
from tanshu.exchange.bridge import days, delivery, founding
from tanshu.exchange.bridge.model import (
    AddOperator,
    Admit,
    CloseDay,
    FoundMarket,
    ListInstrument,
    OpenDay,
    Settle,
)
from tanshu.exchange.model import (
    Amend,
    Asked,
    Bid,
    Cancel,
    Confirm,
    Counter,
    Decline,
    Offer,
    Order,
    Quote,
    Take,
)
from tanshu.parties.model import Appoint, NewPerson
from tanshu.parties.service import appoint
from tanshu.registry.batches import DecideMany, approve_many
from tanshu.scenario.story import house_acts
from tanshu.scenario.story.house_sentences import OpensAccount, SendsBack, TakesStep
from tanshu.scenario.story.market_sentences import (
    AddsTrader,
    Admits,
    Announces,
    Appoints,
    ApprovesAll,
    ClosesDay,
    EndsAuction,
    FoundsMarket,
    Halts,
    Lists,
    MarketAct,
    OpensDay,
    Orders,
    Qualifies,
    Settles,
    Suspends,
)
from tanshu.scenario.story.words import subject_of


class Words(Protocol):
    """What the words of a story mean where it stands now. Refused is raised for one without meaning."""

    def handle(self, word: str) -> str:
        """A subject's handle."""
        ...

    def person(self, word: str) -> str: ...

    def order(self, name: str) -> str:
        """The id of an order by its name in the story."""
        ...

    def auction(self, name: str) -> int: ...

    def proposed(self) -> Sequence[str]:
        """The settlements proposed last."""
        ...

    @property
    def market_name(self) -> str: ...

    @property
    def today(self) -> date: ...


def is_of_market(said: MarketAct) -> bool:
    """Is it the market's own log that is asked?"""
    return isinstance(said, Orders)


def perform(ctx: Context, said: MarketAct, words: Words) -> Outcome:
    """Do what a sentence says, to its answer or refusal."""
    return _DONE[type(said)](ctx, said, words)


# -- orders ------------------------------------------------------------------------------------------------


def _order(ctx: Context, said: Orders, words: Words) -> Outcome:
    return orders.submit(ctx, asked(said, words))


def asked(said: Orders, words: Words) -> Asked:
    """The order as the market takes it."""
    what: dict[str, Any] = {"instrument": said.instrument, "side": said.side}
    sized: dict[str, Any] = {"quantity": said.quantity, "price_fen": said.price_fen}
    match said.act:
        case "offer":
            return Offer(**what, **sized)
        case "take":
            return Take(**what, **sized, offer=words.order(said.about) if said.about else "")
        case "quote":
            return Quote(**what, **sized, to=words.handle(said.to) if said.to else "")
        case "order":
            return Order(**what, **sized, kind=said.kind)
        case "counter":
            return Counter(words.order(said.about), **sized)
        case "amend":
            return Amend(words.order(said.about), **sized)
        case "bid":
            return Bid(words.auction(said.about), **sized)
        case _:
            return _PLAIN[said.act](words.order(said.about))


_PLAIN: Mapping[str, Callable[[str], Asked]] = {"confirm": Confirm, "decline": Decline, "cancel": Cancel}


# -- the market as an institution --------------------------------------------------------------------------


def _found(ctx: Context, said: FoundsMarket, _words: Words) -> Outcome:
    return founding.found_market(ctx, FoundMarket(said.market, said.pack))


def _appoint(ctx: Context, said: Appoints, words: Words) -> Outcome:
    trader = NewPerson(words.person(said.trader), ("trader",))
    return appoint(ctx, Appoint(words.handle(subject_of(said.trader)), trader))


def _admit(ctx: Context, said: Admits, words: Words) -> Outcome:
    traders = tuple(map(words.person, said.traders))
    return founding.admit(ctx, Admit(words.market_name, words.handle(said.subject), traders, said.related))


def _add_trader(ctx: Context, said: AddsTrader, words: Words) -> Outcome:
    return founding.add_operator(ctx, AddOperator(words.market_name, words.person(said.trader)))


def _list(ctx: Context, said: Lists, words: Words) -> Outcome:
    asked: Any = said.reference_fen  # what is no number is for the market to refuse
    return founding.list_instrument(ctx, ListInstrument(words.market_name, said.instrument, asked))


def _open(ctx: Context, said: OpensDay, words: Words) -> Outcome:
    return days.open_day(ctx, OpenDay(words.market_name, said.day or words.today))


def _close(ctx: Context, said: ClosesDay, words: Words) -> Outcome:
    return days.close_day(ctx, CloseDay(words.market_name, said.day or words.today))


def _settle(ctx: Context, said: Settles, words: Words) -> Outcome:
    limit = {} if said.limit is None else {"limit": said.limit}
    return delivery.settle(ctx, Settle(words.market_name, said.day or words.today, **limit))


def _approve_all(ctx: Context, _said: ApprovesAll, words: Words) -> Outcome:
    return approve_many(ctx, DecideMany(tuple(words.proposed())))


def _suspend(ctx: Context, said: Suspends, words: Words) -> Outcome:
    ctx, handle = ctx.with_(reason=said.reason), words.handle(said.subject)
    if said.lift:
        return standing.lift(ctx, standing.Lift(words.market_name, handle))
    return standing.suspend(ctx, standing.Suspend(words.market_name, handle))


def _halt(ctx: Context, said: Halts, words: Words) -> Outcome:
    ctx = ctx.with_(reason=said.reason)
    if said.resume:
        return standing.resume(ctx, standing.Resume(words.market_name, said.mode, said.instrument))
    return standing.halt(ctx, standing.Halt(words.market_name, said.mode, said.instrument, said.emergency))


# -- auctions ----------------------------------------------------------------------------------------------


def _announce(ctx: Context, said: Announces, words: Words) -> Outcome:
    stated: dict[str, Any] = {
        "title_zh": said.name or "竞价",
        "title_en": "auction",
        "initiator": words.handle(said.initiator),
        "instrument": said.instrument,
        "quantity": said.quantity,
        "reserve_fen": said.reserve_fen,
        "day": said.day or words.today,
        "opens": said.opens,
        "closes": said.closes,
        "side": said.side,
    }
    return auctions.announce(ctx, Announce(words.market_name, **{**stated, **said.stated}))


def _qualify(ctx: Context, said: Qualifies, words: Words) -> Outcome:
    tonnes: Any = said.quantity
    bidder = words.handle(said.bidder)
    return auctions.qualify(ctx, Qualify(words.market_name, words.auction(said.auction), bidder, tonnes))


def _end_auction(ctx: Context, said: EndsAuction, words: Words) -> Outcome:
    ctx, which = ctx.with_(reason=said.reason), (words.market_name, words.auction(said.auction))
    match said.act:
        case "record":
            return auctions.record(ctx, CloseWindow(*which))
        case "publish":
            return auctions.publish(ctx, PublishResult(*which))
        case _:
            return auctions.call_off(ctx, CallOff(*which))


_DONE: Mapping[type, Callable[[Context, Any, Words], Outcome]] = {
    Orders: _order,
    FoundsMarket: _found,
    Appoints: _appoint,
    Admits: _admit,
    AddsTrader: _add_trader,
    Lists: _list,
    OpensDay: _open,
    ClosesDay: _close,
    Settles: _settle,
    ApprovesAll: _approve_all,
    Suspends: _suspend,
    Halts: _halt,
    Announces: _announce,
    Qualifies: _qualify,
    EndsAuction: _end_auction,
    OpensAccount: house_acts.open_account,
    TakesStep: house_acts.take_step,
    SendsBack: house_acts.send_back,
}
