"""The kind of scenario "story": sentences played as durable commands, step by step.

A sentence that is to be refused is tried and writes nothing. It stands in a step with the next sentence that
is accepted, and with no other: so a run that was stopped tries it again before the same state of the book.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from tanshu.scenario.story import cast, language
from tanshu.scenario.story.cast import Player, Programme
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
COMMANDS: Mapping[type, int] = {Stock: 5, Emits: 2, Asks: 1, Decides: 1, Sweeps: 1, SetsState: 2}
"""The sentences that a story can play, those of the register, and how many commands each comes to."""
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
            DefineInstrument(one.code, one.kind, one.title.zh, one.title.en, one.vintage)
            for one in self.programme.units
        ]
        return [*subjects, *(Command(CLERK, service.define_instrument, one, self.opening) for one in units)]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sentence that acts. refused: the number with which it is to be refused, "" where it is accepted.

    meant: the id of the transaction that it proposes or is about.
    """

    told: Told
    refused: str
    day: date
    meant: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """A step of the story: sentences that are accepted; or some that are refused, then one accepted."""

    name: str
    title: str
    attempts: tuple[Attempt, ...]
    plan: _Plan

    def commands(self, desk: Desk) -> list[Command]:
        commands: list[Command] = []
        for attempt in self.attempts:
            commands += self.plan.commands(desk, len(commands), attempt)
        return commands


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
    scenes = plan.named(_scenes(language.read(text, STORY), opening, plan))
    return Story(folder, programme, opening, tuple(scenes))


def _scenes(steps: Sequence[Scenario], opening: date, plan: _Plan) -> list[Scene]:
    """Steps of the story, cut where something is refused."""
    scenes: list[Scene] = []
    day = opening
    for number, step in enumerate(steps, start=1):
        parts: list[list[Attempt]] = [[]]
        for n, told in enumerate(step.told):
            if isinstance(told.said, Day):
                day = told.said.day
                continue
            if isinstance(told.said, EXPECTATIONS):
                continue
            if type(told.said) not in COMMANDS:
                raise Refused(checks.NOT_PLAYED(file=STORY, line=told.line, text=told.text))
            attempt = Attempt(told, language.outcome_of(step.told, n), day)
            trying = any(one.refused for one in parts[-1])
            if attempt.refused and parts[-1] and not trying:
                parts.append([])
            parts[-1].append(attempt)
            if trying and not attempt.refused:
                parts.append([])
        wanted = [part for part in parts if part]
        if wanted and wanted[-1][-1].refused:
            raise Refused(checks.ENDS_REFUSED(file=STORY, line=wanted[-1][-1].told.line))
        for m, part in enumerate(wanted, start=1):
            title = step.title if len(wanted) == 1 else f"{step.title}({m}/{len(wanted)})"
            name = f"{number:02d}" if len(wanted) == 1 else f"{number:02d}-{m}"
            scenes.append(Scene(name, title, tuple(part), plan))
    return scenes


@dataclass
class _Plan:
    """From sentences to commands. ids: what the story calls its transactions, known before it is played."""

    programme: Programme
    scenario: str
    ids: dict[str, str] = field(default_factory=dict)

    def named(self, scenes: Sequence[Scene]) -> list[Scene]:
        """Every attempt with the transaction that it means: a run that goes on needs earlier steps' too."""
        found: list[Scene] = []
        last = ""
        for scene in scenes:
            n, attempts = 0, []
            for attempt in scene.attempts:
                said = attempt.told.said
                meant = last
                if isinstance(said, Asks) and not attempt.refused:
                    meant = last = derived_id("TX", scenario_key(self.scenario, SEED, scene.name, n))
                    self.ids |= {said.name: last} if said.name else {}
                elif isinstance(said, Decides) and said.name:
                    meant = self.ids.get(said.name, said.name)
                attempts.append(replace(attempt, meant=meant))
                n += COMMANDS[type(said)]
            found.append(replace(scene, attempts=tuple(attempts)))
        return found

    def commands(self, desk: Desk, n: int, attempt: Attempt) -> list[Command]:
        """The commands of one sentence; n: how many of its step come before."""
        made = self._commands(desk, n, attempt)
        if not attempt.refused:
            return made
        where = {"file": STORY, "line": attempt.told.line}
        return [replace(one, verb=_refused(one.verb, attempt.refused, where)) for one in made]

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


def _refused(verb: Verb, code: str, where: dict[str, Any]) -> Verb:
    """Try it: it must be refused with this number. What is done with the step's last command is not tried."""

    def attempt(ctx: Context, body: Any) -> Outcome:
        outcome = verb(ctx.with_(also=None), body)
        if isinstance(outcome, Refusal) and outcome.code == code:
            return Answer(ctx.book.tail.seq, {"refused": code})
        found = outcome if isinstance(outcome, Refusal) else Text("已受理", "accepted")
        return checks.NOT_AS_TOLD(**where, expected=code, found=found)

    return attempt


def _subject(one: Player) -> Register:
    return Register(
        one.kind,
        one.name,
        one.handle,
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
