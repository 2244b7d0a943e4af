"""The kind of scenario "story": sentences played as durable commands, step by step.

Where steps are cut, and why: `scenes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from tanshu.app import Installation
from tanshu.base.ids import derived_id, scenario_key
from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Lang, Text
from tanshu.book.commit import Answer, Context, Outcome
from tanshu.job import Command, Desk, Job, Step
from tanshu.mrv.service import (
    EntityEmissions,
    ImportEmissions,
    ListedEntity,
    ListEntities,
    import_emissions,
    list_entities,
)
from tanshu.parties.changes import DecideChange, decide_change
from tanshu.parties.model import AccountKind, NewPerson, Register, SetState
from tanshu.parties.service import register, set_state
from tanshu.registry import service
from tanshu.registry.model import Decide, DefineInstrument, Expire, Propose, ProposedLine
from tanshu.scenario import checks
from tanshu.scenario.folder import FILE, Folder
from tanshu.scenario.reading import BAD_FILE, Table
from tanshu.scenario.result import Result
from tanshu.scenario.story import cast, language, market_stage
from tanshu.scenario.story.cast import Player, Programme
from tanshu.scenario.story.market_sentences import MarketAct, Settles
from tanshu.scenario.story.market_stage import Known
from tanshu.scenario.story.scenes import COMMANDS, STORY, Attempt, Part, parts_of_story
from tanshu.scenario.story.sentences import (
    Asks,
    Decides,
    Emits,
    SetsState,
    Stock,
    Sweeps,
)

SEED = "1"
CLERK, REVIEWER = "registry-maker-1", "registry-checker-1"


@dataclass(frozen=True, slots=True)
class Story:
    """A story read and planned, ready to run."""

    folder: Folder
    programme: Programme
    opening: date
    scenes: tuple[Scene, ...]

    @property
    def job(self) -> Job:
        steps = (
            Step("cast", Text("机构、账户与产品", "institutions, accounts, instruments"), self._founding),
            *(Step(scene.name, Text(scene.title, scene.title), scene.commands) for scene in self.scenes),
        )
        return self.folder.job(SEED, self.opening, steps)

    def told(self, conn: Connection, step: str, lang: Lang) -> str:  # noqa: ARG002 - numbers need no words
        scene = next((one for one in self.scenes if one.name == step), None)
        refused = [one.refused for one in scene.attempts if one.refused] if scene else []
        return " · ".join(f"✗ {code}" for code in refused)

    def result(self, installation: Installation) -> Result:
        from tanshu.scenario.story import ending

        return ending.of(installation, self.programme, self.refused)

    @property
    def refused(self) -> tuple[tuple[str, str], ...]:
        """Every sentence that was refused, and its number."""
        return tuple(
            (one.told.text, one.refused) for scene in self.scenes for one in scene.attempts if one.refused
        )

    def _founding(self, _desk: Desk) -> list[Command]:
        subjects = [Command(CLERK, register, _subject(one), self.opening) for one in self.programme.players]
        units = [
            DefineInstrument(one.code, one.kind, one.title.zh, one.title.en, one.vintage, _scale(one.kind))
            for one in self.programme.units
        ]
        return [*subjects, *(Command(CLERK, service.define_instrument, one, self.opening) for one in units)]


@dataclass(frozen=True, slots=True)
class Scene:
    """A step of the story, and how its sentences become commands."""

    part: Part
    plan: _Plan

    @property
    def name(self) -> str:
        return self.part.name

    @property
    def title(self) -> str:
        return self.part.title

    @property
    def attempts(self) -> Sequence[Attempt]:
        return self.part.attempts

    def commands(self, desk: Desk) -> list[Command]:
        commands: list[Command] = []
        for i, attempt in enumerate(self.attempts):
            n = len(commands)
            commands += self.plan.commands(desk, n, attempt, self._accepted_after(desk, i, n))
        return commands

    def _accepted_after(self, desk: Desk, i: int, n: int) -> bytes | None:
        """The key of the first command after the i-th attempt (the n-th command) that is accepted."""
        for attempt in self.attempts[i:]:
            if not attempt.refused:
                return desk.key(n)
            n += COMMANDS[type(attempt.told.said)]
        return None


def load(folder: Folder) -> Story:
    """Read the folder's cast and story. Raises Refused SCN-1xxx, SCN-31xx."""
    programme = cast.read(folder)
    path = folder.path / STORY
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(BAD_FILE(file=STORY, why=error.strerror)) from None
    opening = Table(FILE, "top", folder.head.data).day("opening")
    plan = _Plan(programme, folder.id)
    parts = plan.named(parts_of_story(language.read(text, STORY), opening))
    return Story(folder, programme, opening, tuple(Scene(part, plan) for part in parts))


@dataclass
class _Plan:
    """From sentences to commands. ids: what the story calls its transactions, known before it is played;
    keys: what it calls its orders and auctions, by the keys under which they are asked for."""

    programme: Programme
    scenario: str
    ids: dict[str, str] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)

    def named(self, parts: Sequence[Part]) -> list[Part]:
        """Every attempt with the transaction that it means: a run that goes on needs earlier steps' too."""
        found: list[Part] = []
        last = ""
        settled, clock, second = None, (None, None), 0
        for part in parts:
            n, attempts = 0, []
            for attempt in part.attempts:
                said = attempt.told.said
                meant = last
                key = scenario_key(self.scenario, SEED, part.name, n)
                if clock != (attempt.day, attempt.clock):
                    clock, second = (attempt.day, attempt.clock), 0
                known = Known(attempt.market, dict(self.keys), settled)
                if isinstance(said, Asks) and not attempt.refused:
                    meant = last = derived_id("TX", key)
                    self.ids |= {said.name: last} if said.name else {}
                elif isinstance(said, Decides) and said.name:
                    meant = self.ids.get(said.name, said.name)
                elif isinstance(said, MarketAct) and not attempt.refused:
                    name = getattr(said, "name", "")
                    self.keys |= {name: key} if name else {}
                    settled = key if isinstance(said, Settles) else settled
                attempts.append(replace(attempt, meant=meant, known=known, second=second))
                n += COMMANDS[type(said)]
                second += COMMANDS[type(said)]
            found.append(replace(part, attempts=tuple(attempts)))
        return found

    def commands(self, desk: Desk, n: int, attempt: Attempt, accepted: bytes | None) -> list[Command]:
        """The commands of one sentence; n: how many of its step come before.

        accepted: the key of the next one that is not to be refused.
        """
        made = self._commands(desk, n, attempt)
        if attempt.clock is not None:
            start = attempt.clock
            made = [
                replace(one, at=market_stage.later(start, attempt.second + i)) for i, one in enumerate(made)
            ]
        if not attempt.refused:
            return made
        where = {"file": STORY, "line": attempt.told.line}
        return [replace(one, verb=_refused(one.verb, attempt.refused, where, accepted)) for one in made]

    def _commands(self, desk: Desk, n: int, attempt: Attempt) -> list[Command]:
        said, day, line = attempt.told.said, attempt.day, attempt.told.line
        match said:
            case Stock():
                return self._stock(desk, n, said, day, line)
            case Emits():
                return self._emits(said, day, line)
            case Asks():
                return [self._ask(desk, said, day, line)]
            case Decides():
                verb = getattr(service, said.verb)
                return [Command(self._person(said.who, line), verb, Decide(attempt.meant), day)]
            case Sweeps():
                return [Command(self._person(said.who, line), service.expire, Expire(), day)]
            case SetsState():
                body = SetState(self._code(desk, said.account, line), said.state)
                change = DecideChange(derived_id("CHG", desk.key(n)))
                asked = Command(self._person(said.who, line), _with_reason(set_state, "情况"), body, day)
                return [asked, Command(REVIEWER, decide_change, change, day)]
            case _ if isinstance(said, MarketAct):
                verb = market_stage.verb(self.programme.cast, attempt.known, STORY, line)
                market = attempt.market if attempt.of_market else ""
                return [Command(self._person(said.who, line), verb, said, day, market=market)]
            case _:
                raise AssertionError("told apart when the story was read")

    def _ask(self, desk: Desk, said: Asks, day: date, line: int) -> Command:
        lines = tuple(
            ProposedLine(
                one.instrument,
                one.quantity,
                self._code(desk, one.debit, line) if one.debit else "",
                self._code(desk, one.credit, line) if one.credit else "",
            )
            for one in said.lines
        )
        subject = self._player(said.subject, line).handle if said.subject else ""
        body = Propose(said.type, lines, subject, said.year, "", self._details(desk, said.details, line))
        return Command(self._person(said.who, line), _with_reason(service.propose, said.reason), body, day)

    def _details(self, desk: Desk, told: Any, line: int) -> dict[str, Any]:
        details = dict(told)
        if "original" in details:
            details["original"] = self.ids.get(details["original"], details["original"])
        if "pledgee" in details:
            details["pledgee"] = self._player(details["pledgee"], line).handle
        if "releases" in details:
            releases = [
                {**one, "account": self._code(desk, one["account"], line)} for one in details["releases"]
            ]
            details["releases"] = releases
        return details

    def _stock(self, desk: Desk, n: int, said: Stock, day: date, line: int) -> list[Command]:
        """Units are issued to the authority and passed on by it, each with its whole chain."""
        authority = self._player(self.programme.authority, line)
        own = desk.account(authority.handle, AccountKind.PROVINCIAL)
        theirs = desk.account(self._player(said.subject, line).handle, AccountKind.REGISTRATION)
        issued = Propose("issuance", (ProposedLine(said.instrument, said.quantity, "", own),))
        given = Propose(
            "administrative-adjustment", (ProposedLine(said.instrument, said.quantity, own, theirs),)
        )
        first, second = desk.transaction(n), desk.transaction(n + 2)
        return [
            Command(CLERK, service.propose, issued, day),
            Command(REVIEWER, service.approve, Decide(first), day),
            Command(f"{authority.prefix}-maker-1", service.propose, given, day),
            Command(f"{authority.prefix}-checker-1", service.approve, Decide(second), day),
            Command(REVIEWER, service.approve, Decide(second), day),
        ]

    def _emits(self, said: Emits, day: date, line: int) -> list[Command]:
        maker = f"{self._player(self.programme.authority, line).prefix}-maker-1"
        handle = self._player(said.subject, line).handle
        emissions = ImportEmissions(said.year, (EntityEmissions(handle, said.quantity),))
        return [
            Command(maker, list_entities, ListEntities(said.year, (ListedEntity(handle),)), day),
            Command(maker, import_emissions, emissions, day),
        ]

    # -- words ---------------------------------------------------------------------------------------------

    def _player(self, word: str, line: int) -> Player:
        found = self.programme.player(word)
        if found is None:
            raise _nobody(word, Text("主体", "subject"), line)
        return found

    def _person(self, word: str, line: int) -> str:
        found = self.programme.cast.person(word)
        if found is None:
            raise _nobody(word, Text("经办人", "person"), line)
        return found

    def _code(self, desk: Desk, word: str, line: int) -> str:
        found = self.programme.cast.account(word)
        if found is None:
            raise _nobody(word, Text("账户", "account"), line)
        return desk.account(*found)


def _nobody(word: str, what: Text, line: int) -> Refused:
    return Refused(checks.NOBODY_MEANT(file=STORY, line=line, word=word, what=what))


Verb = Callable[[Context, Any], Outcome]


def _with_reason(verb: Verb, reason: str) -> Verb:
    return lambda ctx, body: verb(ctx.with_(reason=reason), body)


def _refused(verb: Verb, code: str, where: dict[str, Any], accepted: bytes | None) -> Verb:
    """Try it: it must be refused with this number. What is done with the step's last command is not tried.

    accepted: the key of what follows. Where that is done, this was tried before, and the state has moved on.
    """

    def attempt(ctx: Context, body: Any) -> Outcome:
        if accepted is not None and market_stage.is_done(ctx, accepted):
            return Answer(ctx.book.tail.seq, {"refused": code})
        outcome = verb(ctx.with_(also=None), body)
        if isinstance(outcome, Refusal) and outcome.code == code:
            return Answer(ctx.book.tail.seq, {"refused": code})
        found = outcome if isinstance(outcome, Refusal) else Text("已受理", "accepted")
        return checks.NOT_AS_TOLD(**where, expected=code, found=found)

    return attempt


def _scale(kind: str) -> int:
    """Digits of its minor unit: money is counted in fen."""
    return 2 if kind == "cash" else 0


def _subject(one: Player) -> Register:
    return Register(
        one.kind,
        one.name,
        "" if one.uscc else one.handle,
        uscc=one.uscc,
        region=one.region,
        fictional=True,
        accounts=one.accounts,
        people=tuple(
            NewPerson(f"{one.prefix}-{name}", rights)
            for name, rights in (
                ("maker-1", ("maker",)),
                ("checker-1", ("checker",)),
                ("checker-2", ("checker",)),
            )
        ),
    )
