"""Plays a clerk's scenario on a small market: every sentence is a command, or something that must be so."""

from __future__ import annotations

from typing import Any

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Answer, Outcome
from tanshu.parties.model import SetState
from tanshu.parties.service import set_state
from tanshu.registry import queries, service
from tanshu.registry.model import Decide, Expire, Propose, ProposedLine
from tanshu.scenario.story.language import (
    Asks,
    Became,
    Cast,
    Day,
    Decides,
    Emits,
    Left,
    Scenario,
    SetsState,
    Stock,
    Sweeps,
    Told,
)
from tests.support.market import Market


def cast(market: Market) -> Cast:
    return Cast(
        {
            "甲电厂": (market.plant_a, "plant-a"),
            "乙电厂": (market.plant_b, "plant-b"),
            "外省电厂": (market.stranger, "stranger"),
            "湖北": ("hubei", "hubei"),
            "邻省": ("henan", "henan"),
            "国家": ("ministry", "ministry"),
            "银行": ("bank", "bank"),
            "交易所": ("exchange", "exchange"),
            "登记": ("registry", "registry"),
        }
    )


class Play:
    """One scenario under way."""

    def __init__(self, market: Market):
        self.market, self.cast = market, cast(market)
        self.ids: dict[str, str] = {}
        self.last = ""
        self.outcome: Outcome | None = None

    def play(self, scenario: Scenario) -> None:
        told = scenario.told
        for n, one in enumerate(told):
            after = told[n + 1].said if n + 1 < len(told) else None
            refused = after.refused if isinstance(after, Became) else ""
            if refused:
                with self.market.nothing_written():
                    self.say(one)
            else:
                self.say(one)
                if isinstance(self.outcome, Refusal) and not isinstance(one.said, Became):
                    raise AssertionError(f"{one.line}: {one.text}: {self.outcome}")

    def say(self, told: Told) -> None:
        said = told.said
        match said:
            case Day():
                self.market.today(said.day)
            case Stock():
                self.market.give(self._handle(said.subject), said.quantity, said.instrument)
            case Emits():
                self.market.emit(self._handle(said.subject), said.quantity, said.year)
            case Asks():
                self._ask(said)
            case Decides():
                id = self.ids[said.name] if said.name else self.last
                verb = getattr(service, said.verb)
                self.outcome = verb(self.market.ctx(self._person(said.who)), Decide(id, "意见"))
            case Sweeps():
                self.outcome = service.expire(self.market.ctx(self._person(said.who)), Expire())
            case SetsState():
                self._set_state(said)
            case Became():
                self._became(told, said)
            case Left():
                handle, kind = self._account(said.account)
                found = self.market.has(handle, said.instrument, kind)
                assert found == (said.available, said.held), f"{told.line}: {told.text}: {found}"

    # -- sentences -----------------------------------------------------------------------------------------

    def _ask(self, said: Asks) -> None:
        lines = tuple(
            ProposedLine(one.instrument, one.quantity, self._code(one.debit), self._code(one.credit))
            for one in said.lines
        )
        subject = self._handle(said.subject) if said.subject else ""
        body = Propose(said.type, lines, subject, said.year, "", self._details(said.details))
        self.outcome = service.propose(self.market.ctx(self._person(said.who), reason=said.reason), body)
        if isinstance(self.outcome, Answer):
            self.last = self.outcome["id"]
            if said.name:
                self.ids[said.name] = self.last

    def _details(self, told: Any) -> dict[str, Any]:
        details = dict(told)
        if "original" in details:
            details["original"] = self.ids.get(details["original"], details["original"])
        if "pledgee" in details:
            details["pledgee"] = self.cast.handle(details["pledgee"]) or details["pledgee"]
        if "releases" in details:
            details["releases"] = [
                {**one, "account": self._code(one["account"])} for one in details["releases"]
            ]
        return details

    def _set_state(self, said: SetsState) -> None:
        ctx = self.market.ctx(self._person(said.who), reason="情况")
        self.outcome = set_state(ctx, SetState(self._code(said.account), said.state))
        if isinstance(self.outcome, Answer):
            self.market.decide(self.outcome)

    def _became(self, told: Told, said: Became) -> None:
        if said.refused:
            assert isinstance(self.outcome, Refusal), f"{told.line}: {self.outcome}"
            assert self.outcome.code == said.refused, f"{told.line}: {self.outcome}"
            assert self.outcome.sentence("zh") and self.outcome.sentence("en")
            self.outcome = None
            return
        with self.market.database.read() as conn:
            found = queries.transaction(conn, self.last)
        assert not isinstance(found, Refusal)
        assert found.state == said.state, f"{told.line}: {found.state}"

    # -- words ---------------------------------------------------------------------------------------------

    def _handle(self, word: str) -> str:
        handle = self.cast.handle(word)
        assert handle, f"nobody is called {word}"
        return handle

    def _person(self, word: str) -> str:
        person = self.cast.person(word)
        assert person, f"nobody is called {word}"
        return person

    def _account(self, word: str):
        found = self.cast.account(word)
        assert found, f"no account is called {word}"
        return found

    def _code(self, word: str) -> str:
        return self.market.account(*self._account(word)) if word and not word.isascii() else word
