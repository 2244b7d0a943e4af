"""The market's part of a province's compliance year: it is founded, money and units come in, it trades day by
day, every day is settled before the next one opens, and what was bought goes back to the register.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, time, timedelta

from tanshu.base.text import Text
from tanshu.clearing.day import Role
from tanshu.exchange.auctions import service as auctions
from tanshu.exchange.auctions.model import Announce, CloseWindow, PublishResult, Qualify
from tanshu.exchange.bridge.days import close_day, open_day
from tanshu.exchange.bridge.founding import admit, found_market, list_instrument
from tanshu.exchange.bridge.model import Admit, CloseDay, FoundMarket, ListInstrument, OpenDay
from tanshu.exchange.service import submit
from tanshu.job import Command, Desk, Step
from tanshu.parties.model import AccountKind
from tanshu.registry.model import Propose, ProposedLine
from tanshu.registry.service import propose
from tanshu.scenario.deals import OWN_VINTAGE, totals
from tanshu.scenario.facts import ScenarioFacts
from tanshu.scenario.floor import AUCTION, FloorDay, floor_days
from tanshu.scenario.house import Deposit, House
from tanshu.scenario.model import Year

EXCHANGE_MAKER, EXCHANGE_CHECKER = "exchange-maker-1", "exchange-checker-1"
REGISTRY_CHECKER = "registry-checker-1"
BANKS = {"bank": "bank-maker-1", "bank-2": "bank-2-maker-1"}
"""The settlement banks, and who acts for them."""
PEOPLE = {
    Role.EXCHANGE: EXCHANGE_MAKER,
    Role.CONFIRMER: EXCHANGE_CHECKER,
    Role.CLERK: "registry-maker-1",
    Role.FIRST: REGISTRY_CHECKER,
    Role.SECOND: "registry-checker-2",
}
CASH = "CNY"
FOUNDED, BOUND, DEPOSITED, MOVED = time(8), time(8, 5), time(8, 10), time(8, 30)
OPENS, RECORDED, PUBLISHED, CLOSES = time(9, 15), time(10, 40), time(10, 50), time(15, 5)


def trader(uscc: str) -> str:
    """Who gives a participant's orders."""
    return f"{uscc.lower()}-trader-1"


class MarketSteps:
    """The steps that concern the market, in three parts: before it trades, its days, and after."""

    def __init__(self, facts: ScenarioFacts, year: Year):
        self.facts, self.year, self.market = facts, year, facts.market.name
        self.days = floor_days(facts, year)
        self.house = self._house()

    def before(self) -> tuple[Step, ...]:
        return (
            Step("market", Text("市场与参与人", "the market and its participants"), self._founding),
            Step("banks", Text("绑定结算银行", "everybody's settlement bank"), self._bindings),
            Step("deposits", Text("入金", "cash deposits"), self._deposits),
            Step("to-trading", Text("转入交易", "to the trading side"), self._to_trading),
        )

    def trading(self) -> tuple[Step, ...]:
        return tuple(
            Step(
                step_name(day.day),
                Text(f"{day.day} 交易与结算", f"trading and settlement, {day.day}"),
                self._day(day),
            )
            for day in self.days
        )

    def after(self) -> tuple[Step, ...]:
        return (Step("to-registry", Text("转回登记", "back to the register"), self._to_registry),)

    # -- before ----------------------------------------------------------------------------------------------

    def _founding(self, _desk: Desk) -> list[Command]:
        day, terms = self.facts.dates.trading_first, self.facts.market
        commands = [Command(EXCHANGE_MAKER, found_market, FoundMarket(terms.name, terms.pack), day)]
        commands.append(
            Command(EXCHANGE_MAKER, list_instrument, ListInstrument(terms.name, OWN_VINTAGE), day)
        )
        commands += [
            Command(EXCHANGE_MAKER, admit, Admit(terms.name, uscc, (trader(uscc),)), day)
            for uscc in self._participants()
        ]
        if self.year.auction:
            commands.append(Command(EXCHANGE_MAKER, auctions.announce, self._announcement(), day))
        return list(_from(FOUNDED, commands))

    def _participants(self) -> list[str]:
        """Every key emitter, whether it trades or not, and the counterparties; in the order of the files."""
        return [one.uscc for one in (*self.facts.entities, *self.facts.counterparties)]

    def _announcement(self) -> Announce:
        held, terms = self.year.auction, self.facts.auction
        assert held is not None
        return Announce(
            self.market,
            f"碳排放配额单向竞价公告(虚构)· {held.instrument}",
            f"One-way auction of allowances (fictional) · {held.instrument}",
            held.seller,
            held.instrument,
            held.quantity,
            held.reserve_fen,
            held.day,
            terms.opens,
            terms.closes,
            pricing="uniform",
            ties="time",
            sealed=True,
            deposit_share=terms.deposit_share,
            criteria_zh="已开立交易账户的重点排放单位",
            criteria_en="key emitters with a trading account",
        )

    def _house(self) -> House:
        """Holders are bound to the two banks by turns."""
        holders = (*self.facts.entities, *self.facts.counterparties)
        names = list(BANKS)
        bound = {one.uscc: (names[n % len(names)], one.name) for n, one in enumerate(holders)}
        paid_in = [Deposit(uscc, fen) for uscc, fen in self.year.deposits_fen.items()]
        return House(PEOPLE, BANKS, bound, paid_in, self.facts.dates.trading_first)

    def _bindings(self, _desk: Desk) -> list[Command]:
        return list(_from(BOUND, self.house.bindings()))

    def _deposits(self, _desk: Desk) -> list[Command]:
        return list(self.house.deposits(DEPOSITED))

    def _to_trading(self, desk: Desk) -> list[Command]:
        sold = totals((trade.seller, trade.quantity) for trade in self.year.trades)
        moves = self._moves(desk, sold, AccountKind.REGISTRATION, AccountKind.TRADING)
        return list(_from(MOVED, list(moves)))

    # -- a day -----------------------------------------------------------------------------------------------

    def _day(self, floor: FloorDay) -> Callable[[Desk], list[Command]]:
        def commands(_desk: Desk) -> list[Command]:
            timed = sorted((*self._session(floor), *self._auction(floor)), key=_at)
            return [*timed, *self.house.settlement(floor.day)]

        return commands

    def _session(self, floor: FloorDay) -> Iterator[Command]:
        day = floor.day
        yield Command(EXCHANGE_MAKER, open_day, OpenDay(self.market, day), day, OPENS)
        for said in floor.said:
            yield Command(trader(said.who), submit, said.asked, day, said.at, self.market)
        yield Command(EXCHANGE_MAKER, close_day, CloseDay(self.market, day), day, CLOSES)

    def _auction(self, floor: FloorDay) -> Iterator[Command]:
        """Bidders qualify before the window; after it one person records the result, another publishes it."""
        for one in floor.qualified:
            body = Qualify(self.market, AUCTION, one.who, one.tonnes)
            yield Command(EXCHANGE_MAKER, auctions.qualify, body, floor.day, one.at)
        if floor.auction:
            ended, public = CloseWindow(self.market, AUCTION), PublishResult(self.market, AUCTION)
            yield Command(EXCHANGE_MAKER, auctions.record, ended, floor.day, RECORDED)
            yield Command(EXCHANGE_CHECKER, auctions.publish, public, floor.day, PUBLISHED)

    # -- after -----------------------------------------------------------------------------------------------

    def _to_registry(self, desk: Desk) -> list[Command]:
        bought = totals((trade.buyer, trade.quantity) for trade in self.year.trades)
        return list(self._moves(desk, bought, AccountKind.TRADING, AccountKind.REGISTRATION))

    def _moves(
        self, desk: Desk, tonnes: dict[str, int], source: AccountKind, target: AccountKind
    ) -> Iterator[Command]:
        dates = self.facts.dates
        day = dates.trading_first if source is AccountKind.REGISTRATION else dates.trading_last
        for uscc, quantity in tonnes.items():
            debit, credit = desk.account(uscc, source), desk.account(uscc, target)
            body = one_line("position-transfer", OWN_VINTAGE, quantity, debit=debit, credit=credit)
            yield Command(f"{uscc.lower()}-maker-1", propose, body, day)


def step_name(day: date) -> str:
    return f"trading-{day}"


def one_line(kind: str, instrument: str, quantity: int, *, debit: str = "", credit: str = "") -> Propose:
    """A proposal about so much of one instrument."""
    return Propose(kind, (ProposedLine(instrument, quantity, debit, credit),))


def _from(first: time, commands: Iterable[Command]) -> Iterator[Command]:
    """The same, one a second from this time on."""
    start = timedelta(hours=first.hour, minutes=first.minute)
    for n, command in enumerate(commands):
        seconds = int((start + timedelta(seconds=n)).total_seconds())
        yield replace(command, at=time(seconds // 3_600, seconds // 60 % 60, seconds % 60))


def _at(command: Command) -> time:
    assert command.at is not None
    return command.at
