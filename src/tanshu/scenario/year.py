"""The steps of a province's compliance year, from the register's founding to the closed year.

Who acts: the registry (`registry-…`), the province (`hubei-…`), the exchange, the bank, and for every entity
a maker, a checker and a trader. Institutions other than the register's real-law roles are stamped fictional.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.compliance.allocation import Allocate, allocate
from tanshu.compliance.closing import CloseYear, close_year
from tanshu.job import Command, Desk, Step
from tanshu.mrv.service import (
    EntityEmissions,
    EntityUnits,
    ImportActivity,
    ImportEmissions,
    ListedEntity,
    ListEntities,
    import_activity,
    import_emissions,
    list_entities,
)
from tanshu.parties.model import AccountKind, NewPerson, Register, SubjectKind
from tanshu.parties.service import register
from tanshu.registry.model import DefineInstrument, Propose, ProposedLine
from tanshu.registry.service import define_instrument, propose
from tanshu.rules import packs, power
from tanshu.scenario.facts import ScenarioFacts
from tanshu.scenario.market_steps import CASH, REGISTRY_CHECKER, MarketSteps, one_line, trader
from tanshu.scenario.model import Year
from tanshu.scenario.plan import with_approvals

REGISTRY_MAKER = "registry-maker-1"
PROVINCE, ELSEWHERE = "hubei", "elsewhere"
CREDIT = "CCER"
SECTOR = "power"
OLD_INSTRUMENTS = (("CEA19-20", 2020), ("CEA21", 2021), ("CEA22", 2022))


def steps(facts: ScenarioFacts, year: Year) -> tuple[Step, ...]:
    """The year, in order. Every step's commands follow from facts, model and account codes alone."""
    plan, market = _Plan(facts, year), MarketSteps(facts, year)
    return (
        Step("institutions", Text("机构与产品", "institutions and instruments"), plan.institutions),
        Step("accounts", Text("开户", "accounts"), plan.accounts),
        Step("lists", Text("名录与上年排放", "the year's list, last year's emissions"), plan.lists),
        Step("opening-stock", Text("期初持仓", "opening stock"), plan.opening),
        Step("pre-allocation", Text("预分配", "pre-allocation"), plan.pre_allocation),
        Step("verification", Text("核查数据", "verified activity and emissions"), plan.verification),
        Step("final-allocation", Text("核定分配", "final allocation"), plan.final_allocation),
        *market.before(),
        *market.trading(),
        *market.after(),
        Step("offset", Text("减排量抵销", "offset"), plan.offset),
        Step("surrender", Text("配额清缴", "surrender"), plan.surrender),
        Step("close", Text("年度关闭", "the year closes"), plan.close),
    )


class _Plan:
    """The commands of each step."""

    def __init__(self, facts: ScenarioFacts, year: Year):
        self.facts, self.year = facts, year
        self.compliance_year = facts.compliance_year
        self.instrument = f"CEA{facts.compliance_year % 100}"
        self.entities = [entity.uscc for entity in facts.entities]
        self.others = [party.uscc for party in facts.counterparties]

    # -- founding ------------------------------------------------------------------------------------------

    def institutions(self, _desk: Desk) -> list[Command]:
        day = self.facts.dates.opening
        provincial, bank = (AccountKind.PROVINCIAL,), (AccountKind.BANK,)
        authority = SubjectKind.AUTHORITY
        subjects = (
            Register(
                authority,
                "湖北省生态环境厅",
                PROVINCE,
                region="420000",
                accounts=provincial,
                people=(*_people(PROVINCE), NewPerson(f"{PROVINCE}-checker-2", ("checker",))),
            ),
            Register(
                authority,
                "其他省份主管部门(虚构)",
                ELSEWHERE,
                region="990000",
                fictional=True,
                accounts=provincial,
                people=_people(ELSEWHERE),
            ),
            Register(
                SubjectKind.EXCHANGE,
                "交易机构(演示)",
                "exchange",
                fictional=True,
                people=_people("exchange"),
            ),
            Register(
                SubjectKind.BANK,
                "结算银行(演示)",
                "bank",
                fictional=True,
                accounts=bank,
                people=_people("bank"),
            ),
            Register(
                SubjectKind.BANK,
                "结算银行二(演示)",
                "bank-2",
                fictional=True,
                accounts=bank,
                people=_people("bank-2"),
            ),
        )
        instruments = [
            DefineInstrument(code, "allowance", f"碳排放配额 {code}", f"emission allowance {code}", vintage)
            for code, vintage in (*OLD_INSTRUMENTS, (self.instrument, self.compliance_year))
        ]
        instruments += [
            DefineInstrument(CREDIT, "credit", "核证自愿减排量", "certified emission reduction"),
            DefineInstrument(CASH, "cash", "人民币", "renminbi", scale=2),
        ]
        return [
            *(Command(REGISTRY_MAKER, register, body, day) for body in subjects),
            *(Command(REGISTRY_MAKER, define_instrument, body, day) for body in instruments),
        ]

    def accounts(self, _desk: Desk) -> list[Command]:
        day = self.facts.dates.opening
        kinds = (AccountKind.REGISTRATION, AccountKind.TRADING, AccountKind.CASH)
        known = [(entity.name, entity.uscc, False) for entity in self.facts.entities]
        made_up = [(party.name, party.uscc, True) for party in self.facts.counterparties]
        return [
            Command(
                REGISTRY_MAKER,
                register,
                Register(
                    SubjectKind.ENTERPRISE,
                    name,
                    uscc=uscc,
                    region=uscc[2:8],
                    fictional=fictional,
                    accounts=kinds,
                    people=(*_people(uscc.lower()), NewPerson(trader(uscc), ("trader",))),
                ),
                day,
            )
            for name, uscc, fictional in (*known, *made_up)
        ]

    def lists(self, _desk: Desk) -> list[Command]:
        province = f"{PROVINCE}-maker-1"
        day, last = self.facts.dates.opening, self.compliance_year - 1
        note = self.facts.stamp.zh
        listed = tuple(ListedEntity(uscc, note=note, sector=SECTOR) for uscc in self.entities)
        emissions = tuple(EntityEmissions(uscc, self.year.verified_2022[uscc]) for uscc in self.entities)
        return [
            Command(province, list_entities, ListEntities(self.compliance_year, listed), day),
            Command(province, import_emissions, ImportEmissions(last, emissions, note), day),
        ]

    # -- allocation ----------------------------------------------------------------------------------------

    def opening(self, desk: Desk) -> list[Command]:
        """Stock of earlier years, through issuance and allocation, flagged; and the fictional sellers'."""
        day = self.facts.dates.opening
        totals: dict[tuple[str, str], int] = defaultdict(int)
        for lot in self.year.opening:
            totals[self._province_of(lot.holder), lot.instrument] += lot.quantity
        issued = [self._issuance(desk, who, what, total, day) for (who, what), total in totals.items()]
        given = [
            self._given(desk, lot.holder, lot.instrument, lot.quantity, day) for lot in self.year.opening
        ]
        return with_approvals(desk, (*issued, *given), self._allocation_approvers)

    def pre_allocation(self, desk: Desk) -> list[Command]:
        day = self.facts.dates.pre_allocation
        issued = self._issuance(desk, PROVINCE, self.instrument, sum(self._pre().values()), day)
        return with_approvals(desk, (issued, *self._allocations("pre", day)), self._allocation_approvers)

    def verification(self, _desk: Desk) -> list[Command]:
        province, day = f"{PROVINCE}-maker-1", self.facts.dates.approval
        units = tuple(EntityUnits(uscc, self.year.units_2023[uscc]) for uscc in self.entities)
        emissions = tuple(EntityEmissions(uscc, self.year.verified_2023[uscc]) for uscc in self.entities)
        note = self.facts.stamp.zh
        return [
            Command(province, import_activity, ImportActivity(self.compliance_year, units), day),
            Command(province, import_emissions, ImportEmissions(self.compliance_year, emissions, note), day),
        ]

    def final_allocation(self, desk: Desk) -> list[Command]:
        day = self.facts.dates.approval + timedelta(days=1)
        rest = sum(self.year.approved_2023.values()) - sum(self._pre().values())
        issued = self._issuance(desk, PROVINCE, self.instrument, rest, day)
        return with_approvals(desk, (issued, *self._allocations("final", day)), self._allocation_approvers)

    # -- compliance ----------------------------------------------------------------------------------------

    def offset(self, desk: Desk) -> list[Command]:
        proposals = [
            Command(
                f"{offset.uscc.lower()}-maker-1",
                propose,
                Propose(
                    "offset",
                    (ProposedLine(CREDIT, offset.quantity),),
                    subject=offset.uscc,
                    year=self.compliance_year,
                    details={
                        "claims": [
                            {
                                "number": offset.cancellation_number,
                                "quantity": offset.quantity,
                                "project": offset.project,
                                "registered_on": offset.issued_on,
                            }
                        ]
                    },
                ),
                self.facts.dates.offset,
            )
            for offset in self.year.offsets
        ]
        return with_approvals(desk, proposals, self._surrender_approvers)

    def surrender(self, desk: Desk) -> list[Command]:
        proposals = [
            Command(
                f"{uscc.lower()}-maker-1",
                propose,
                Propose(
                    "surrender",
                    tuple(
                        ProposedLine(
                            lot.instrument,
                            lot.quantity,
                            debit=desk.account(uscc, AccountKind.REGISTRATION),
                        )
                        for lot in lots
                    ),
                    year=self.compliance_year,
                ),
                self.facts.dates.surrender,
            )
            for uscc, lots in self.year.surrender.items()
        ]
        return with_approvals(desk, proposals, self._surrender_approvers)

    def close(self, _desk: Desk) -> list[Command]:
        day = self.facts.dates.deadline + timedelta(days=2)
        return [Command(f"{PROVINCE}-checker-1", close_year, CloseYear("420000", self.compliance_year), day)]

    # -- pieces --------------------------------------------------------------------------------------------

    def _pre(self) -> dict[str, int]:
        pack = need(packs.load(self.facts.rule_pack))
        last = self.year.verified_2022
        return {uscc: need(power.pre_allocation(pack, last[uscc])) for uscc in self.entities}

    def _province_of(self, uscc: str) -> str:
        return PROVINCE if uscc in self.year.verified_2023 else ELSEWHERE

    def _issuance(self, desk: Desk, province: str, instrument: str, quantity: int, day: date) -> Command:
        credit = desk.account(province, AccountKind.PROVINCIAL)
        body = one_line("issuance", instrument, quantity, credit=credit)
        return Command(REGISTRY_MAKER, propose, body, day)

    def _given(self, desk: Desk, uscc: str, instrument: str, quantity: int, day: date) -> Command:
        """Stock of finished years is an opening allocation; the fictional sellers' is an adjustment."""
        province = self._province_of(uscc)
        line = ProposedLine(
            instrument,
            quantity,
            debit=desk.account(province, AccountKind.PROVINCIAL),
            credit=desk.account(uscc, AccountKind.REGISTRATION),
        )
        kind = "final-allocation" if province == PROVINCE else "administrative-adjustment"
        body = Propose(kind, (line,), batch="opening", details={"opening": True})
        return Command(f"{province}-maker-1", propose, body, day)

    def _allocations(self, stage: str, day: date) -> Iterator[Command]:
        for uscc in self.entities:
            body = Allocate(uscc, self.compliance_year, stage, batch=f"{self.compliance_year}-{stage}")
            yield Command(f"{PROVINCE}-maker-1", allocate, body, day)

    def _allocation_approvers(self, proposal: Command) -> Sequence[str]:
        if proposal.actor == REGISTRY_MAKER:
            return (REGISTRY_CHECKER,)
        province = proposal.actor.removesuffix("-maker-1")
        return (f"{province}-checker-1", REGISTRY_CHECKER)

    def _surrender_approvers(self, proposal: Command) -> Sequence[str]:
        entity = proposal.actor.removesuffix("-maker-1")
        return (f"{entity}-checker-1", f"{PROVINCE}-checker-1", REGISTRY_CHECKER)


def _people(prefix: str) -> tuple[NewPerson, ...]:
    return (NewPerson(f"{prefix}-maker-1", ("maker",)), NewPerson(f"{prefix}-checker-1", ("checker",)))
