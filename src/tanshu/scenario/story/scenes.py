"""A story cut into the steps in which it is played: what is tried in each, on which day, at which time.

A sentence that is to be refused is tried and writes nothing. A step of the register is cut there: what is
refused stands with the next sentence that is accepted, and with no other, so a run that was stopped tries it
again before the same state of the book. A step of a market is a whole, for it has to end in the book; there a
try is passed over once what follows it is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import get_args

from tanshu.base.refusal import Refused
from tanshu.scenario import checks
from tanshu.scenario.story import language, market_acts
from tanshu.scenario.story.market_sentences import Clock, FoundsMarket, InMarket, MarketAct
from tanshu.scenario.story.market_stage import Known
from tanshu.scenario.story.sentences import (
    EXPECTATIONS,
    Asks,
    Day,
    Decides,
    Emits,
    Scenario,
    SetsState,
    Stock,
    Sweeps,
    Told,
)

STORY = "story.txt"
COMMANDS: Mapping[type, int] = {
    Stock: 5,
    Emits: 2,
    Asks: 1,
    Decides: 1,
    Sweeps: 1,
    SetsState: 2,
    **dict.fromkeys(get_args(MarketAct), 1),
}
"""The sentences that a story can play, and how many commands each comes to."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sentence that acts. refused: the number with which it is to be refused, "" where it is accepted.

    clock: the time that the story told last on its day, if any; second: how much later this is.
    meant: the id of the transaction that it proposes or is about. known: what it may call by name.
    """

    told: Told
    refused: str
    day: date
    clock: time | None
    market: str
    second: int = 0
    meant: str = ""
    known: Known = field(default_factory=Known)

    @property
    def of_market(self) -> bool:
        """Is it the market that is asked, and not the register?"""
        return isinstance(self.told.said, MarketAct) and market_acts.is_of_market(self.told.said)


@dataclass(frozen=True, slots=True)
class Part:
    """Sentences that are accepted; or some that are refused, then one accepted; or all of a market's step."""

    name: str
    title: str
    attempts: tuple[Attempt, ...]


def parts_of_story(steps: Sequence[Scenario], opening: date) -> list[Part]:
    """The steps, cut where something is refused. Raises Refused SCN-3104, SCN-3105, SCN-4001."""
    parts: list[Part] = []
    here = _Here(opening)
    for number, step in enumerate(steps, start=1):
        attempts: list[Attempt] = []
        for n, told in enumerate(step.told):
            refused = language.outcome_of(step.told, n)
            here = here if refused else here.after(told.said)
            if isinstance(told.said, (Day, Clock, InMarket, *EXPECTATIONS)):
                continue
            if type(told.said) not in COMMANDS:
                raise Refused(checks.NOT_PLAYED(file=STORY, line=told.line, text=told.text))
            attempts.append(Attempt(told, refused, here.day, here.clock, here.market))
        wanted = _cut(attempts)
        _refuse_bad_end(wanted)
        for m, part in enumerate(wanted, start=1):
            title = step.title if len(wanted) == 1 else f"{step.title}({m}/{len(wanted)})"
            name = f"{number:02d}" if len(wanted) == 1 else f"{number:02d}-{m}"
            parts.append(Part(name, title, tuple(part)))
    return parts


@dataclass(frozen=True, slots=True)
class _Here:
    """Where a story stands: its day, the time told last on it, its market."""

    day: date
    clock: time | None = None
    market: str = ""

    def after(self, said: object) -> _Here:
        match said:
            case Day():
                return _Here(said.day, None, self.market)
            case Clock():
                return replace(self, clock=said.at)
            case InMarket() | FoundsMarket():
                return replace(self, market=said.market)
            case _:
                return self


def _cut(attempts: Sequence[Attempt]) -> list[list[Attempt]]:
    """A step of the register is cut where something is refused; one of a market is a whole."""
    if any(isinstance(one.told.said, MarketAct) for one in attempts):
        return [list(attempts)]
    parts: list[list[Attempt]] = [[]]
    for attempt in attempts:
        trying = any(one.refused for one in parts[-1])
        if attempt.refused and parts[-1] and not trying:
            parts.append([])
        parts[-1].append(attempt)
        if trying and not attempt.refused:
            parts.append([])
    return [part for part in parts if part]


def _refuse_bad_end(parts: Sequence[Sequence[Attempt]]) -> None:
    """Raises Refused SCN-3105, SCN-4001."""
    last = parts[-1][-1] if parts else None
    if last and last.refused:
        raise Refused(checks.ENDS_REFUSED(file=STORY, line=last.told.line))
    if last and last.of_market:
        raise Refused(checks.ENDS_ON_MARKET(file=STORY, line=last.told.line))
