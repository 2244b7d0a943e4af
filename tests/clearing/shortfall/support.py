"""A market whose house has money of its own, and short words for a shortfall of a participant."""

from __future__ import annotations

from datetime import time
from typing import Any

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Outcome
from tanshu.clearing.shortfall import queries, service
from tanshu.clearing.shortfall.model import (
    COVER,
    NAMED,
    RECOVERY,
    ConfirmShortfall,
    CureShortfall,
    NoticeShortfall,
    WithdrawShortfall,
)
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, OpenAccount
from tanshu.parties.service import open_account
from tanshu.registry import service as registry
from tests.exchange.bridge.support import DAY, MONEY, Trading

CLERK, FIRST, SECOND = "registry-maker-1", "registry-checker-1", "registry-checker-2"
RESERVE, OWN = 6_000_00, 9_000_00
"""Fen of the house."""
SHORT = 10_000_00
MINUTES = 60
PAPER = ({"title": "催告与垫付决定", "sha256": "0" * 64},)


class House:
    """`trading` with a funded reserve and own funds; `who` is the participant that falls short."""

    def __init__(self, trading: Trading):
        self.trading, self.who = trading, trading.a
        for kind, fen in (("reserve", RESERVE), ("own-funds", OWN)):
            trading.done(open_account(trading.ctx(CLERK), OpenAccount("registry", kind)))
            line = ("CNY", fen, "", self.code("registry", AccountKind(kind)))
            trading.market.done("bank-maker-1", "cash-deposit", line, by=(FIRST,), subject="registry")
        self.reserve = self.code("registry", AccountKind.RESERVE)
        self.own = self.code("registry", AccountKind.OWN_FUNDS)
        self.cash = self.code(self.who, MONEY)

    def code(self, handle: str, kind: AccountKind) -> str:
        return self.trading.market.account(handle, kind)

    def money(self) -> tuple[int, int, int]:
        """Fen, free or held: of the reserve, the own funds, the participant."""
        places = (("registry", AccountKind.RESERVE), ("registry", AccountKind.OWN_FUNDS), (self.who, MONEY))
        return tuple(sum(self.trading.has(handle, kind, "CNY")) for handle, kind in places)  # type: ignore[return-value]

    def row(self, id: str) -> Any:
        with self.trading.market.database.read() as conn:
            return need(queries.shortfall(conn, id))

    def explained(self, id: str) -> Any:
        with self.trading.market.database.read() as conn:
            return need(queries.explain(conn, id))

    def notice(
        self, amount: int = SHORT, *, by: str = CLERK, reason: str = "入金退回", **changes: Any
    ) -> Outcome:
        facts = {"subject": self.who, "day": DAY, "amount": amount, "cause": "returned-deposit"}
        facts = {**facts, "minutes": MINUTES, **changes}
        return service.notice_shortfall(self.trading.ctx(by, reason=reason), NoticeShortfall(**facts))

    def confirm(self, id: str, *, by: str = FIRST) -> Outcome:
        return service.confirm_shortfall(self.trading.ctx(by), ConfirmShortfall(id))

    def withdraw(self, id: str, *, by: str = FIRST, reason: str = "入金未退回") -> Outcome:
        return service.withdraw_shortfall(self.trading.ctx(by, reason=reason), WithdrawShortfall(id))

    def stated(self, amount: int = SHORT, **changes: Any) -> str:
        """By one person alone."""
        return self.trading.done(self.notice(amount, **changes))["shortfall"]

    def noticed(self, amount: int = SHORT, *, over: bool = True, **changes: Any) -> str:
        """Noticed, by two, and its period is over."""
        id = self.stated(amount, **changes)
        self.trading.done(self.confirm(id))
        if over:
            self.wait()
        return id

    def wait(self) -> None:
        self.trading.clock.set_day(DAY, time(14))

    def cure(self, id: str, *deposits: str) -> Outcome:
        return service.cure_shortfall(self.trading.ctx(CLERK), CureShortfall(id, deposits))

    def proposal(self, id: str) -> Any:
        with self.trading.book.reading() as (conn, state):
            return service.cover(conn, state, id, PAPER)

    def propose(self, kind: str, id: str | None, *lines: tuple[str, int, str, str]) -> Outcome:
        details = {"documents": list(PAPER)} | ({} if id is None else {NAMED: id})
        return self.trading.market.propose(CLERK, kind, *lines, details=details)

    def cover(self, id: str | None, fen: int, of: str, to: str = "") -> Outcome:
        return self.propose(COVER, id, ("CNY", fen, of, to or self.cash))

    def recovery(self, id: str | None, fen: int, to: str, of: str = "") -> Outcome:
        return self.propose(RECOVERY, id, ("CNY", fen, of or self.cash, to))

    def decided(self, outcome: Outcome) -> str:
        """Checked and approved by two more people of the registry; the transaction."""
        id = self.trading.done(outcome)["id"]
        for person in (FIRST, SECOND):
            last = self.trading.done(self.trading.market.approve(person, id))
        assert last["state"] == "effected"
        return id

    def covered(self, id: str) -> str:
        """As the house proposes it by itself."""
        asked = self.proposal(id)
        assert not isinstance(asked, Refusal), asked
        return self.decided(registry.propose(self.trading.ctx(CLERK), asked))

    def subject(self) -> Any:
        with self.trading.market.database.read() as conn:
            return need(parties.subject(conn, self.who))
