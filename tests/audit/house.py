"""A register whose program can be altered, with a judge beside it: what an altered house does is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from tanshu.audit import rows
from tanshu.audit.judge import Judge
from tanshu.audit.report import Finding
from tanshu.base.clock import business_date
from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act
from tanshu.parties import queries as parties
from tanshu.parties.model import Account, AccountKind
from tanshu.registry import effects, queries, service
from tanshu.registry.model import Decide, TransactionState
from tanshu.registry.tables import TRANSACTION
from tests.support.auditors import with_auditor
from tests.support.market import Market

TRADING, CASH = AccountKind.TRADING, AccountKind.CASH


class House:
    """A market with stock to move, and a judge that has seen all of it."""

    def __init__(self, market: Market):
        self.market = market
        self.judge = Judge()
        self.judged = self.news()

    @classmethod
    def founded(cls, url: str) -> House:
        market = Market(url)
        with_auditor(market)
        _stock(market)
        return cls(market)

    def moved_to(self, url: str) -> House:
        """The same house on a copy of its database."""
        return House(self.market.moved_to(url))

    def close(self) -> None:
        self.market.close()

    def news(self) -> list[Finding]:
        """What the judge finds in the entries it has not seen yet."""
        with self.market.database.read() as conn:
            return [
                finding
                for chunk in rows.chunks(conn, self.market.book.log, self.judge.tail.seq)
                for stored in chunk
                for finding in self.judge.look_at(stored)
            ]

    def behind(self, actor: str, name: str, decide: Callable[[Act], object]) -> None:
        """Commit an entry of this name behind the register's back."""

        def decided(act: Act, _command: object) -> Mapping[str, Any]:
            decide(act)
            return {}

        self.market.accepted(self.market.ctx(actor).commit(name, {"behind": name}, decided))

    @property
    def today(self) -> date:
        """The Shanghai day of its clock."""
        return business_date(self.market.clock.now_ns)

    def account(self, handle: str, kind: AccountKind = AccountKind.REGISTRATION) -> Account:
        with self.market.database.read() as conn:
            return need(parties.account(conn, self.market.account(handle, kind)))

    def instrument(self, code: str) -> int:
        with self.market.database.read() as conn:
            return need(queries.instrument(conn, code)).number

    def pending(self, quantity: int) -> str:
        """A surrender of plant-a that waits for its second step."""
        market = self.market
        return market.accepted(market.surrender("plant-a-maker-1", market.plant_a, quantity))["id"]

    def surrendered(self, quantity: int) -> None:
        """A surrender of plant-a, approved to its end."""
        id = self.pending(quantity)
        for person in ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1"):
            self.market.accepted(self.market.approve(person, id))

    def drop(self, id: str) -> None:
        """End a pending transaction again."""
        self.market.accepted(service.withdraw(self.market.ctx("plant-a-maker-1"), Decide(id)))


def _stock(market: Market) -> None:
    """Allowances on both sides, cash, units of a later year, emissions to surrender for."""
    for plant in (market.plant_a, market.plant_b):
        market.give(plant, 100_000)
        market.emit(plant, 90_000)
    line = ("CEA22", 10_000, market.account(market.plant_a), market.account(market.plant_a, TRADING))
    market.accepted(market.propose("plant-a-maker-1", "position-transfer", line))
    cash = ("CNY", 5_000_000, "", market.account(market.plant_b, CASH))
    market.done("bank-maker-1", "cash-deposit", cash, by=("registry-checker-1",))
    for authority in ("hubei", "henan"):
        own = ("CEA24", 500, "", market.account(authority, AccountKind.PROVINCIAL))
        market.done("registry-maker-1", "issuance", own, by=("registry-checker-1",))
    down = ("CEA24", 100, market.account("hubei", AccountKind.PROVINCIAL), market.account(market.plant_a))
    by = ("hubei-checker-1", "registry-checker-1")
    market.done("hubei-maker-1", "administrative-adjustment", down, by=by)


def step(act: Act, id: str, n: int, *, person: str = "") -> None:
    """Take step n of a transaction, whatever its turn; in somebody else's name, if that is said."""
    transaction = queries.transaction(act.conn, id)
    assert not isinstance(transaction, Refusal)
    chain = transaction.chain[n]
    if not person:
        service._take_step(act, id, n, chain, "approved", "")
        return
    act.insert(
        service.TRANSACTION_STEP,
        {
            "transaction_id": id,
            "n": n,
            "by": chain.by,
            "act": chain.act,
            "person": person,
            "decision": "approved",
            "seq": act.seq,
            "time_ns": act.now_ns,
            "comment": "",
        },
    )


def effect(act: Act, id: str) -> None:
    """Put a transaction into effect, whatever was approved."""
    transaction = queries.transaction(act.conn, id)
    assert not isinstance(transaction, Refusal)
    proposed = effects.as_proposed(act.conn, transaction)
    effects.take_effect(act, proposed)
    act.update(
        TRANSACTION,
        {"id": id},
        state=TransactionState.EFFECTED,
        ended_seq=act.seq,
        ended_ns=act.now_ns,
    )
