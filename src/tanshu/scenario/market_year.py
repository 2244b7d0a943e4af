"""The kind of scenario "market-year": a market's full year from its rule packs and its facts alone.

Nothing here knows a jurisdiction. Which steps there are follows from the types its registry pack enables; who
acts in them, from its chains; every quantity, from its allocation pack or from the folder's facts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection

from tanshu.app import Installation
from tanshu.base.text import Lang, Text
from tanshu.compliance.allocation import Allocate, Confirm, allocate, confirm_allocation
from tanshu.compliance.closing import CloseYear, close_year
from tanshu.job import Command, Desk, Job, Step
from tanshu.mrv.output_service import EntityLines, ImportOutput, import_output
from tanshu.mrv.service import (
    EntityEmissions,
    ImportEmissions,
    ListedEntity,
    ListEntities,
    import_emissions,
    list_entities,
)
from tanshu.parties.model import AccountKind, NewPerson, Register, SubjectKind
from tanshu.parties.service import register
from tanshu.registry.model import Decide, DefineInstrument, Propose, ProposedLine
from tanshu.registry.service import approve, define_instrument, propose
from tanshu.rules import registry_pack
from tanshu.scenario import market, market_law, market_result
from tanshu.scenario.folder import Folder
from tanshu.scenario.market import Holder, Market, Trade
from tanshu.scenario.market_law import Law, Quotas, positive
from tanshu.scenario.result import Result

CLERK = "registry-maker-1"


@dataclass(frozen=True, slots=True)
class MarketYear:
    """A market's year read and planned, ready to run."""

    folder: Folder
    market: Market
    law: Law
    steps: tuple[Step, ...]

    @property
    def job(self) -> Job:
        job = self.folder.job(str(self.market.year), self.market.dates.opening, self.steps)
        return replace(job, registry_name=self.market.registry_name)

    def told(self, conn: Connection, step: str, lang: Lang) -> str:
        return market_result.told(conn, step, self.law.instrument).in_(lang)

    def result(self, installation: Installation) -> Result:
        return market_result.of(installation, self.folder, self.law, self.market)


def load(folder: Folder) -> MarketYear:
    """Read folder and packs, compute every quota. Raises Refused SCN-1xxx, SCN-3xxx, RULE-xxxx."""
    facts = market.read(folder)
    law = market_law.read(folder.jurisdiction, facts)
    return MarketYear(folder, facts, law, _steps(_Plan(folder, facts, law, market_law.quotas(law, facts))))


def _steps(plan: _Plan) -> tuple[Step, ...]:
    quotas, law = plan.quotas, plan.law
    back = any(quotas.final[id] < pre for id, pre in quotas.pre.items())
    word = registry_pack.worded(law.registry, Text("配额清缴", "surrender"))
    trades, transfers = law.trade == market_law.TRADE, law.trade == market_law.TRANSFER
    left = any(quotas.cancelled.values())
    steps = (
        ("institutions", Text("机构与产品", "institutions and instruments"), plan.institutions, True),
        ("accounts", Text("开户", "accounts"), plan.accounts, True),
        ("lists", Text("名录与上年排放", "the year's list, last year's emissions"), plan.lists, True),
        ("pre-allocation", Text("预分配", "pre-allocation"), plan.pre_allocation, quotas.pre),
        ("verification", Text("核查数据", "verified output and emissions"), plan.verification, True),
        ("final-allocation", Text("核定分配", "final allocation"), plan.final_allocation, True),
        ("return", Text("多退", "return of excess"), plan.returns, back),
        ("deposits", Text("入金", "cash deposits"), plan.deposits, trades),
        ("to-trading", Text("转入交易", "to the trading side"), plan.to_trading, trades),
        ("trading", Text("交易与交收", "trading and settlement"), plan.trading, trades),
        ("to-registry", Text("转回登记", "back to the register"), plan.to_registry, trades),
        ("transfers", Text("转让", "transfers"), plan.transfers, transfers),
        ("surrender", word, plan.surrender, True),
        ("close", Text("年度关闭", "the year closes"), plan.close, True),
        ("surplus", Text("未交易配额注销", "cancellation of surplus"), plan.surplus, left),
    )
    return tuple(Step(name, title, commands) for name, title, commands, wanted in steps if wanted)


class _Asked(NamedTuple):
    """A proposal, and the subject that it is of: its chain names the people."""

    body: Propose
    holder: Holder | None
    day: date


class _Plan:
    """The commands of each step."""

    def __init__(self, folder: Folder, facts: Market, law: Law, quotas: Quotas):
        self.folder, self.facts, self.law, self.quotas = folder, facts, law, quotas
        self.holders = {holder.id: holder for holder in facts.holders}
        self.province = facts.authority.handle
        self.maker, self.checker = f"{self.province}-maker-1", f"{self.province}-checker-1"
        self.sides = law.trade == market_law.TRADE

    # -- founding ------------------------------------------------------------------------------------------

    def institutions(self, _desk: Desk) -> list[Command]:
        facts, kinds = self.facts, SubjectKind
        made_up = "(虚构)"
        subjects = [self._institution(kinds.AUTHORITY, facts.authority.name, self.province, "provincial")]
        instruments = [self._instrument(self.law.instrument, "allowance", facts.allowance, facts.vintage, 0)]
        if self.sides:
            subjects.append(self._institution(kinds.EXCHANGE, f"交易机构{made_up}", "exchange"))
            subjects.append(self._institution(kinds.BANK, f"结算银行{made_up}", "bank", "bank"))
            instruments.append(self._instrument(facts.currency, "cash", facts.money, None, 2))
        day = facts.dates.opening
        return [
            *(Command(CLERK, register, body, day) for body in subjects),
            *(Command(CLERK, define_instrument, body, day) for body in instruments),
        ]

    def accounts(self, _desk: Desk) -> list[Command]:
        kinds = (AccountKind.REGISTRATION, AccountKind.TRADING, AccountKind.CASH)
        by_code = registry_pack.identifier(self.law.registry) == "credit_code"
        return [
            Command(
                CLERK,
                register,
                Register(
                    SubjectKind.ENTERPRISE,
                    holder.name,
                    "" if by_code else holder.id,
                    holder.id if by_code else "",
                    holder.region,
                    fictional=holder.fictional,
                    accounts=kinds if self.sides else kinds[:1],
                    people=_people(holder.prefix),
                ),
                self.facts.dates.opening,
            )
            for holder in self.facts.holders
        ]

    def lists(self, _desk: Desk) -> list[Command]:
        day, year, note = self.facts.dates.opening, self.facts.year, self.folder.stamp.zh
        listed = tuple(ListedEntity(one.id, note=note, sector=one.sector) for one in self.facts.holders)
        emissions = tuple(EntityEmissions(one.id, one.last_verified_t) for one in self.facts.holders)
        return [
            Command(self.maker, list_entities, ListEntities(year, listed), day),
            Command(self.maker, import_emissions, ImportEmissions(year - 1, emissions, note), day),
        ]

    # -- allocation ----------------------------------------------------------------------------------------

    def pre_allocation(self, desk: Desk) -> list[Command]:
        day, total = self.facts.dates.pre_allocation, sum(self.quotas.pre.values())
        commands = self._chained(desk, [self._issuance(desk, total, day)])
        return self._allocations(desk, commands, "pre", day)

    def verification(self, _desk: Desk) -> list[Command]:
        day, year, facts = self.facts.dates.approval, self.facts.year, self.facts
        lines = tuple(EntityLines(id, facts.lines.get(id, ())) for id in facts.ids)
        emissions = tuple(EntityEmissions(one.id, one.verified_t) for one in facts.holders)
        note = self.folder.stamp.zh
        return [
            Command(self.maker, import_output, ImportOutput(year, lines), day),
            Command(self.maker, import_emissions, ImportEmissions(year, emissions, note), day),
        ]

    def final_allocation(self, desk: Desk) -> list[Command]:
        """What is still due is issued and given; a decision that issues nothing takes a checker's word."""
        day = self.facts.dates.approval
        total = sum(rest for id in self.facts.ids if (rest := self._rest(id)) > 0)
        commands = self._chained(desk, [self._issuance(desk, total, day)] if total else [])
        return self._allocations(desk, commands, "final", day)

    def returns(self, desk: Desk) -> list[Command]:
        due = [(id, -rest) for id in self.facts.ids if (rest := self._rest(id)) < 0]
        return self._chained(
            desk,
            [
                self._from_registration(desk, "return-of-excess", id, quantity, self.facts.dates.approval)
                for id, quantity in due
            ],
        )

    # -- market --------------------------------------------------------------------------------------------

    def deposits(self, desk: Desk) -> list[Command]:
        due: dict[str, int] = {}
        for trade in self.facts.trades:
            due[trade.buyer] = due.get(trade.buyer, 0) + trade.amount_fen
        day, code = self.facts.dates.trading_first, self.facts.currency
        asked = [
            _Asked(_one("cash-deposit", code, fen, credit=desk.account(id, AccountKind.CASH)), None, day)
            for id, fen in due.items()
        ]
        return self._chained(desk, asked)

    def to_trading(self, desk: Desk) -> list[Command]:
        first = self.facts.dates.trading_first
        return self._moves(desk, "seller", AccountKind.REGISTRATION, AccountKind.TRADING, first)

    def to_registry(self, desk: Desk) -> list[Command]:
        last = self.facts.dates.trading_last
        return self._moves(desk, "buyer", AccountKind.TRADING, AccountKind.REGISTRATION, last)

    def trading(self, desk: Desk) -> list[Command]:
        return self._chained(desk, [self._settlement(desk, trade) for trade in self.facts.trades])

    def transfers(self, desk: Desk) -> list[Command]:
        kind = AccountKind.REGISTRATION
        asked = [
            _Asked(
                _one(
                    market_law.TRANSFER,
                    self.law.instrument,
                    trade.quantity,
                    debit=desk.account(trade.seller, kind),
                    credit=desk.account(trade.buyer, kind),
                    details={"trade": trade.number, "price_fen": trade.price_fen},
                ),
                self.holders[trade.seller],
                trade.day,
            )
            for trade in self.facts.trades
        ]
        return self._chained(desk, asked)

    # -- compliance ----------------------------------------------------------------------------------------

    def surrender(self, desk: Desk) -> list[Command]:
        day = self.facts.dates.surrender
        return self._chained(
            desk,
            [
                self._from_registration(desk, "surrender", id, quantity, day)
                for id, quantity in positive(self.quotas.surrendered)
            ],
        )

    def close(self, _desk: Desk) -> list[Command]:
        body = CloseYear(self.facts.authority.region, self.facts.year)
        return [Command(self.checker, close_year, body, self.facts.dates.closing)]

    def surplus(self, desk: Desk) -> list[Command]:
        day = self.facts.dates.closing
        return self._chained(
            desk,
            [
                self._from_registration(desk, "surplus-cancellation", id, quantity, day)
                for id, quantity in positive(self.quotas.cancelled)
            ],
        )

    # -- pieces --------------------------------------------------------------------------------------------

    def _chained(self, desk: Desk, asked: Iterable[_Asked]) -> list[Command]:
        """Each proposal, then the rest of its chain."""
        commands: list[Command] = []
        for body, holder, day in asked:
            id = desk.transaction(len(commands))
            maker, *others = self._chain(body.type, holder)
            commands.append(Command(maker, propose, body, day))
            commands += [Command(person, approve, Decide(id), day) for person in others]
        return commands

    def _chain(self, type: str, holder: Holder | None) -> list[str]:
        own = holder.prefix if holder else self.province
        names = {org: org for org in ("registry", "exchange", "bank", "ministry")}
        return self.law.approvers(type, {**names, "province": self.province, "holder": own, "giver": own})

    def _allocations(self, desk: Desk, commands: list[Command], stage: str, day: date) -> list[Command]:
        year = self.facts.year
        for holder in self.facts.holders:
            id = desk.transaction(len(commands))
            body = Allocate(holder.id, year, stage, batch=f"{year}-{stage}")
            commands.append(Command(self.maker, allocate, body, day))
            issues = self.quotas.pre[holder.id] if stage == "pre" else self._rest(holder.id)
            if issues > 0:
                _, *others = self._chain("pre-allocation" if stage == "pre" else "final-allocation", holder)
                commands += [Command(person, approve, Decide(id), day) for person in others]
            elif stage == "final":
                commands.append(Command(self.checker, confirm_allocation, Confirm(holder.id, year), day))
        return commands

    def _rest(self, id: str) -> int:
        """What the final allocation still issues; negative: what goes back."""
        return self.quotas.final[id] - self.quotas.pre.get(id, 0)

    def _issuance(self, desk: Desk, quantity: int, day: date) -> _Asked:
        credit = desk.account(self.province, AccountKind.PROVINCIAL)
        return _Asked(_one("issuance", self.law.instrument, quantity, credit=credit), None, day)

    def _from_registration(self, desk: Desk, type: str, id: str, quantity: int, day: date) -> _Asked:
        debit = desk.account(id, AccountKind.REGISTRATION)
        body = _one(type, self.law.instrument, quantity, debit=debit, year=self.facts.year)
        return _Asked(body, self.holders[id], day)

    def _moves(
        self, desk: Desk, side: str, source: AccountKind, target: AccountKind, day: date
    ) -> list[Command]:
        asked = [
            _Asked(
                _one(
                    "position-transfer",
                    self.law.instrument,
                    quantity,
                    debit=desk.account(id, source),
                    credit=desk.account(id, target),
                ),
                self.holders[id],
                day,
            )
            for id, quantity in self.facts.traded(side).items()
        ]
        return self._chained(desk, asked)

    def _settlement(self, desk: Desk, trade: Trade) -> _Asked:
        units, cash = (
            [desk.account(id, kind) for id in (trade.seller, trade.buyer)]
            for kind in (AccountKind.TRADING, AccountKind.CASH)
        )
        body = Propose(
            market_law.TRADE,
            (
                ProposedLine(self.law.instrument, trade.quantity, units[0], units[1]),
                ProposedLine(self.facts.currency, trade.amount_fen, cash[1], cash[0]),
            ),
            batch=f"day-{trade.day}",
            details={
                "trade": trade.number,
                "mode": "listing",
                "price_fen": trade.price_fen,
                "traded_on": trade.day,
            },
        )
        return _Asked(body, self.holders[trade.seller], trade.day)

    def _institution(self, kind: SubjectKind, name: str, handle: str, *accounts: str) -> Register:
        region = self.facts.authority.region if kind is SubjectKind.AUTHORITY else ""
        return Register(
            kind,
            name,
            handle,
            region=region,
            fictional=kind is not SubjectKind.AUTHORITY,
            accounts=accounts,
            people=_people(handle),
        )

    def _instrument(
        self, code: str, kind: str, title: Text, vintage: int | None, scale: int
    ) -> DefineInstrument:
        return DefineInstrument(code, kind, title.zh, title.en, vintage, scale)


def _people(prefix: str) -> tuple[NewPerson, ...]:
    """A maker and two checkers: as many as any chain asks of one organisation."""
    return (
        NewPerson(f"{prefix}-maker-1", ("maker",)),
        NewPerson(f"{prefix}-checker-1", ("checker",)),
        NewPerson(f"{prefix}-checker-2", ("checker",)),
    )


def _one(
    type: str,
    instrument: str,
    quantity: int,
    *,
    debit: str = "",
    credit: str = "",
    year: int | None = None,
    details: dict[str, Any] | None = None,
) -> Propose:
    """A proposal of one line."""
    line = ProposedLine(instrument, quantity, debit, credit)
    return Propose(type, (line,), year=year, details=details or {})
