"""Markets with duties of their own: one that carries over, one whose province withholds an allocation."""

from __future__ import annotations

from datetime import date
from typing import Any

from tanshu.base.refusal import Refusal, need
from tanshu.compliance import carry_over, obligations, withheld
from tanshu.compliance.allocation import Confirm, confirm_allocation
from tanshu.compliance.carry_over import Terms
from tanshu.compliance.carry_over_service import Notices, confirm, draw_up
from tanshu.compliance.withheld import Withheld
from tanshu.compliance.withholding import (
    ConfirmWithholding,
    FromWithheld,
    Withhold,
    confirm_withholding,
    force_surrender,
    release_withheld,
    withhold,
)
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.registry import service
from tanshu.registry.model import DefineInstrument
from tests.support.market import YEAR, Market, coal_unit

T, C, P = AccountKind.TRADING, AccountKind.CASH, AccountKind.PROVINCIAL
NOTICE_DAY = date(2026, 1, 5)
HASH = "ab" * 32
PAPER = [{"title": "裁定书", "number": "(2026)鄂01执1号", "date": "2026-01-06", "sha256": HASH}]
DOCUMENT = {"title": "差异化处理决定", "number": "鄂环函〔2024〕1号", "date": "2024-01-02", "sha256": HASH}
ORDER = ({"title": "委托书", "number": "鄂环函〔2024〕9号", "date": "2024-01-02", "sha256": HASH},)
BY_PROVINCE = ("hubei-checker-1", "registry-checker-1")
REVERSAL_PAPERS = [{"title": "撤销申请", "number": "1", "date": "2024-12-30", "sha256": HASH}]
SINK = AccountKind.SURRENDER
ISSUED = 954_000
"""What coal_unit's year is due: 1.2 TWh × 0.7950."""


class CarryingMarket(Market):
    """Holdings at the end of 2025 as the plan's three examples have them.

    plant-a: sold 100,000, bought 40,000, holds 500,000 · stranger: no trades, 8,000, of which 500 wait to be
    cancelled · plant-b: net buyer, holds 50,000. In January plant-b cancels 5,000 more.
    """

    def _found(self) -> None:
        super()._found()
        body = DefineInstrument("CEA25", "allowance", "CEA25", "CEA25", 2025)
        self.accepted(service.define_instrument(self.ctx("registry-maker-1"), body))
        self.give(self.plant_a, 560_000)
        self.stock(self.stranger, "henan", 8_000)
        self.today(date(2024, 3, 1))
        self.deposit(self.plant_a)
        self.deposit(self.plant_b)
        self.trade(self.plant_a, self.plant_b, 100_000)
        self.trade(self.plant_b, self.plant_a, 40_000)
        self.home(self.plant_a, "plant-a", 40_000)
        self.home(self.plant_b, "plant-b", 60_000)
        self.cancel("plant-b", self.plant_b, 10_000)
        self.today(date(2025, 12, 31))
        waiting = self.accepted(self.ask("stranger", "voluntary-cancellation", self.stranger, 500))["id"]
        self.today(date(2026, 1, 2))
        for checker in ("stranger-checker-1", "registry-checker-1"):
            self.accepted(self.approve(checker, waiting))
        self.cancel("plant-b", self.plant_b, 5_000)
        self.today(NOTICE_DAY)

    @property
    def everybody(self) -> tuple[str, ...]:
        return self.plant_a, self.plant_b, self.stranger

    def stock(self, handle: str, province: str, quantity: int) -> None:
        own = self.account(province, AccountKind.PROVINCIAL)
        self.done("registry-maker-1", "issuance", ("CEA22", quantity, "", own), by=("registry-checker-1",))
        line = ("CEA22", quantity, own, self.account(handle))
        by = (f"{province}-checker-1", "registry-checker-1")
        self.done(f"{province}-maker-1", "final-allocation", line, by=by, details={"opening": True})

    def deposit(self, handle: str) -> None:
        line = ("CNY", 1_000_000, "", self.account(handle, C))
        self.done("bank-maker-1", "cash-deposit", line, by=("registry-checker-1",))

    def trade(self, seller: str, buyer: str, tonnes: int) -> None:
        if not self.has(seller, "CEA22", T)[0]:
            line = ("CEA22", tonnes, self.account(seller), self.account(seller, T))
            self.accepted(self.propose("plant-a-maker-1", "position-transfer", line))
        units = ("CEA22", tonnes, self.account(seller, T), self.account(buyer, T))
        cash = ("CNY", tonnes, self.account(buyer, C), self.account(seller, C))
        details = {"price_fen": 1, "mode": "listing", "traded_on": "2024-03-01"}
        by = ("registry-checker-1", "registry-checker-2")
        self.done("exchange-maker-1", "trade-settlement", units, cash, details=details, by=by)

    def home(self, handle: str, name: str, tonnes: int) -> None:
        line = ("CEA22", tonnes, self.account(handle, T), self.account(handle))
        self.accepted(self.propose(f"{name}-maker-1", "position-transfer", line))

    def ask(self, name: str, kind: str, handle: str, tonnes: object, instrument: str = "CEA22", **more: Any):
        line = (instrument, tonnes, self.account(handle))
        return self.propose(f"{name}-maker-1", kind, line, **more)

    def cancel(self, name: str, handle: str, tonnes: int) -> None:
        line = ("CEA22", tonnes, self.account(handle))
        by = (f"{name}-checker-1", "registry-checker-1")
        self.done(f"{name}-maker-1", "voluntary-cancellation", line, by=by)

    # -- carrying over -------------------------------------------------------------------------------------

    def told(self) -> None:
        self.accepted(draw_up(self.ctx("registry-maker-1"), Notices(self.everybody)))
        self.accepted(confirm(self.ctx("registry-checker-1"), Notices(self.everybody)))

    def apply(self, tonnes: object, name: str = "plant-a", handle: str = "", **more: Any):
        return self.ask(name, "carry-over", handle or self.plant_a, tonnes, **more)

    def recalled(self, tonnes: int) -> str:
        id = self.accepted(self.apply(tonnes))["id"]
        for checker in ("plant-a-checker-1", "registry-checker-1"):
            self.accepted(self.approve(checker, id))
        return id

    def notice(self, handle: str) -> Any:
        with self.database.read() as conn:
            subject = need(parties.subject(conn, handle))
            return carry_over.notice(conn, Terms.of(conn), subject.id)

    def applications(self) -> list[carry_over.Application]:
        with self.database.read() as conn:
            return carry_over.applications(conn, Terms.of(conn))

    def court(self, kind: str, tonnes: int, **details: object) -> str:
        facts = {"court": "武汉中院", "document": "(2026)鄂01执1号", "documents": PAPER, **details}
        line = ("CEA22", tonnes, self.account(self.plant_a))
        return self.done("registry-maker-1", kind, line, by=("registry-checker-1",), details=facts)


class KeepingMarket(Market):
    """plant-a owes 1,000,000 t for 2023 and is due 954,000; the province has 1,000,000 CEA23."""

    def _found(self) -> None:
        super()._found()
        self.emit(self.plant_a, 1_000_000)
        self.generate(self.plant_a, coal_unit())
        own = ("CEA23", 1_000_000, "", self.account("hubei", P))
        self.done("registry-maker-1", "issuance", own, by=("registry-checker-1",))

    # -- doing ---------------------------------------------------------------------------------------------

    def decided(
        self, ground: str = "risk", document: dict[str, str] = DOCUMENT, actor: str = "hubei-maker-1"
    ):
        return withhold(self.ctx(actor), Withhold(self.plant_a, YEAR, ground, document))

    def seconded(self, actor: str = "hubei-checker-1", *, accept: bool = True):
        return confirm_withholding(self.ctx(actor), ConfirmWithholding(self.plant_a, YEAR, accept))

    def final(self, actor: str = "hubei-checker-1", *, accept: bool = True):
        return confirm_allocation(self.ctx(actor), Confirm(self.plant_a, YEAR, accept))

    def kept(self) -> None:
        """The decision, its confirmation, the final allocation and its confirmation."""
        self.accepted(self.decided())
        self.accepted(self.seconded())
        self.accepted(self.allocate(self.plant_a, "final"))
        self.accepted(self.final())

    def force(self, tonnes: int | str, actor: str = "hubei-maker-1", **more: Any):
        asked = FromWithheld(self.plant_a, YEAR, tonnes, **{"documents": ORDER, **more})
        return force_surrender(self.ctx(actor), asked)

    def release(self, tonnes: int | str, handle: str = ""):
        asked = FromWithheld(handle or self.plant_a, YEAR, tonnes)
        return release_withheld(self.ctx("hubei-maker-1"), asked)

    def through(self, outcome: Any) -> str:
        id = self.accepted(outcome)["id"]
        for checker in BY_PROVINCE:
            self.accepted(self.approve(checker, id))
        return id

    def give_up(self, tonnes: int) -> None:
        """plant-a surrenders allowances of an earlier year."""
        line = ("CEA22", tonnes, "", self.account("hubei", P))
        self.done("registry-maker-1", "issuance", line, by=("registry-checker-1",))
        up = ("CEA22", tonnes, self.account("hubei", P), self.account(self.plant_a))
        self.done("hubei-maker-1", "administrative-adjustment", up, by=BY_PROVINCE)
        by = ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1")
        line = ("CEA22", tonnes, self.account(self.plant_a))
        self.done("plant-a-maker-1", "surrender", line, by=by, year=YEAR)

    # -- asking --------------------------------------------------------------------------------------------

    def withheld(self) -> Withheld:
        with self.database.read() as conn:
            found = withheld.kept_for(conn, need(parties.subject(conn, self.plant_a)).id, YEAR)
        assert found
        return found

    def owed(self) -> obligations.Owed:
        with self.database.read() as conn:
            return need(obligations.owed(conn, need(parties.subject(conn, self.plant_a)), YEAR))


class PaidMarket(Market):
    """plant-a owes 1,000 t for 2023; plant-a and plant-b hold 3,000 CEA22 each. It is the end of 2024."""

    def _found(self) -> None:
        super()._found()
        self.give(self.plant_a, 3_000)
        self.give(self.plant_b, 3_000)
        self.emit(self.plant_a, 1_000)
        self.today(date(2024, 12, 30))

    def pay(self, tonnes: int, kind: str = "surrender", name: str = "plant-a") -> str | Refusal:
        giver = {"plant-a": self.plant_a, "plant-b": self.plant_b}[name]
        more: dict[str, Any] = {"year": YEAR, "details": {"documents": REVERSAL_PAPERS}}
        more |= {"subject": self.plant_a} if kind != "surrender" else {}
        line = ("CEA22", tonnes, self.account(giver))
        asked = self.propose(f"{name}-maker-1", kind, line, **more)
        return asked if isinstance(asked, Refusal) else self.through(asked["id"], name)

    def through(self, id: str, name: str = "plant-a") -> str:
        for checker in (f"{name}-checker-1", "hubei-checker-1", "registry-checker-1"):
            self.accepted(self.approve(checker, id))
        return id

    def reverse(self, original: str, tonnes: int, **changes: Any):
        line = ("CEA22", tonnes, self.account("registry", SINK), self.account(self.plant_a))
        details = {"original": original, "documents": REVERSAL_PAPERS}
        facts = {"year": YEAR, "details": details, **changes}
        return self.propose("plant-a-maker-1", "surrender-reversal", line, **facts)

    def owed(self, today: date | None = None) -> obligations.Owed:
        with self.database.read() as conn:
            plant = need(parties.subject(conn, self.plant_a))
            return need(obligations.owed(conn, plant, YEAR, today=today))
