"""Runs a replay: finds its loader, reads and plans, posts what is planned through the house's verbs.

Everything is read, checked and planned before the first command: an unusable file loads nothing. The job's
book is named by the replay and a digest of its plan, so that other data never mix with what a database holds.
"""

from __future__ import annotations

import hashlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, TypeVar

from tanshu import job
from tanshu.app import FIRST_PEOPLE, Installation
from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.job import Command, Desk, Job, Step, Watch
from tanshu.mrv.service import EntityEmissions, ImportEmissions, import_emissions
from tanshu.parties.bulk import Enrol, enrol
from tanshu.parties.model import NewPerson, Register, Right, SubjectKind
from tanshu.parties.service import register
from tanshu.registry.bulk import DefineInstruments, Record, RecordLine, define, record
from tanshu.registry.model import DefineInstrument
from tanshu.replay import checks, loaders
from tanshu.replay.model import (
    Emissions,
    Finding,
    Instrument,
    Line,
    Loader,
    Plan,
    Posting,
    Severity,
    Source,
    Subject,
)

CLERK = FIRST_PEOPLE[0].handle
"""The registry's maker, who records what the files say."""
PEOPLE_PER_ENTRY = 4_000
LINES_PER_ENTRY = 8_000
INSTRUMENTS_PER_ENTRY = 2_000
REFUSALS = job.Refusals(checks.NOT_THIS_REPLAY, checks.UNFINISHED, checks.STEP_REFUSED)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Replay:
    """A jurisdiction's files read and planned, ready to run. digest: of everything that will be posted."""

    loader: Loader
    facts: Any
    plan: Plan
    findings: tuple[Finding, ...]
    digest: str
    job: Job


@dataclass(frozen=True, slots=True)
class Unusable:
    """Files that cannot be used: what is wrong with them. Nothing was loaded."""

    loader: Loader
    findings: tuple[Finding, ...]


def all_loaders() -> dict[str, Loader]:
    """Every replay by name: the modules of `tanshu.replay.loaders` that have a LOADER."""
    modules = (
        import_module(f"{loaders.__name__}.{found.name}") for found in pkgutil.iter_modules(loaders.__path__)
    )
    known = [module.LOADER for module in modules if hasattr(module, "LOADER")]
    return {loader.name: loader for loader in sorted(known, key=lambda loader: loader.name)}


def loader(name: str) -> Loader:
    """The replay of this name. Raises Refused RPL-2001."""
    known = all_loaders()
    if name not in known:
        raise Refused(checks.LOADER_UNKNOWN(field="name", name=name, known=", ".join(known)))
    return known[name]


def read(chosen: Loader, folder: Path) -> Replay | Unusable:
    """Read and plan a replay. Raises Refused RPL-2002 (no such folder)."""
    if not folder.is_dir():
        raise Refused(checks.NO_FOLDER(field="data", path=folder))
    missing = [
        Finding(checks.FILE_MISSING(name=needed.name), Source(needed.name), Severity.UNUSABLE)
        for needed in chosen.files
        if not (folder / needed.name).is_file()
    ]
    if missing:
        return Unusable(chosen, tuple(missing))
    facts, found = chosen.read(folder)
    if any(finding.severity is Severity.UNUSABLE for finding in found):
        return Unusable(chosen, tuple(found))
    return planned(chosen, facts, found)


def planned(chosen: Loader, facts: Any, found: Sequence[Finding] = ()) -> Replay:
    """Facts that were read, planned as a job."""
    plan = chosen.plan(facts)
    digest = _digest(chosen, plan)
    return Replay(chosen, facts, plan, (*found, *plan.findings), digest, _job(chosen, plan, digest))


def run(
    url: str, replay: Replay, *, resume: bool = False, fresh: bool = False, watch: Watch | None = None
) -> Installation:
    """Bring the replay to its end on this database and return it open.

    A finished one is left as it is, unless `fresh`. Raises Refused RPL-2004 (another database: never
    touched), RPL-2005 (unfinished, and neither resume nor fresh was asked), RPL-2006 (a command refused).
    """
    return job.run(url, replay.job, resume=resume, fresh=fresh, watch=watch)


# -- the plan as a job -------------------------------------------------------------------------------------


def _job(chosen: Loader, plan: Plan, digest: str) -> Job:
    id = f"replay/{chosen.name}"
    return Job(
        id=id,
        book=f"{id}/{digest[:16]}",
        scope=(id, digest),
        jurisdiction=chosen.jurisdiction,
        opening=plan.opening,
        steps=tuple(_steps(id, plan)),
        refusals=REFUSALS,
        registry_name=chosen.title.en,
    )


def _steps(id: str, plan: Plan) -> Iterator[Step]:
    """Founding steps, then one for each step of the plan; a step without commands would never be done."""
    everybody = plan.subjects
    authorities = [one for one in everybody if one.kind is SubjectKind.AUTHORITY]
    others = [one for one in everybody if one.kind is not SubjectKind.AUTHORITY]
    titles = {
        "authorities": Text("主管部门", "authorities"),
        "accounts": Text("开户", "accounts"),
        "instruments": Text("产品", "instruments"),
    }
    founding: tuple[tuple[str, Sequence[object], Callable[[Desk], list[Command]]], ...] = (
        ("authorities", authorities, lambda _desk: _register(plan, authorities)),
        ("accounts", others, lambda _desk: _enrol(plan, others)),
        ("instruments", plan.instruments, lambda _desk: _define(plan)),
    )
    for name, things, commands in founding:
        if things:
            yield Step(name, titles[name], commands)
    for name, group in groupby(_worth_doing(plan), key=lambda work: work.step):
        work = list(group)
        yield Step(name, work[0].title, partial(_commands, id, work))


def _worth_doing(plan: Plan) -> list[Posting | Emissions]:
    work = [one for one in plan.work if (one.lines if isinstance(one, Posting) else one.rows)]
    names = [name for name, _ in groupby(work, key=lambda one: one.step)]
    assert len(set(names)) == len(names), "the work of one step stands together"
    assert all(a.day <= b.day for a, b in pairwise(work)), "days never go back"
    return work


def _register(plan: Plan, authorities: Sequence[Subject]) -> list[Command]:
    return [
        Command(
            CLERK,
            register,
            _registration(one, people=(NewPerson(maker(one.handle), (Right.MAKER,)),)),
            plan.opening,
        )
        for one in authorities
    ]


def _enrol(plan: Plan, subjects: Sequence[Subject]) -> list[Command]:
    return [
        Command(CLERK, enrol, Enrol(tuple(_registration(one) for one in some)), plan.opening)
        for some in _parts(subjects, PEOPLE_PER_ENTRY)
    ]


def _define(plan: Plan) -> list[Command]:
    return [
        Command(CLERK, define, DefineInstruments(tuple(_definition(one) for one in some)), plan.opening)
        for some in _parts(plan.instruments, INSTRUMENTS_PER_ENTRY)
    ]


def _commands(id: str, work: Sequence[Posting | Emissions], desk: Desk) -> list[Command]:
    commands: list[Command] = []
    for one in work:
        commands += _emissions(one) if isinstance(one, Emissions) else _postings(id, one, desk)
    return commands


def _emissions(work: Emissions) -> list[Command]:
    return [
        Command(
            maker(work.authority),
            import_emissions,
            ImportEmissions(work.year, tuple(EntityEmissions(*row) for row in some), work.source),
            work.day,
        )
        for some in _parts(work.rows, LINES_PER_ENTRY)
    ]


def _postings(id: str, work: Posting, desk: Desk) -> list[Command]:
    parts = list(_parts(work.lines, LINES_PER_ENTRY))
    return [
        Command(CLERK, record, _batch(id, work, lines, (n, len(parts)), desk), work.day)
        for n, lines in enumerate(parts, start=1)
    ]


def _batch(id: str, work: Posting, lines: Sequence[Line], part: tuple[int, int], desk: Desk) -> Record:
    asked = tuple(
        RecordLine(desk.account(*line.debit), desk.account(*line.credit), line.instrument, line.quantity)
        for line in lines
    )
    details: Mapping[str, object] = {
        "label": work.label,
        "synthetic": work.synthetic,
        "part": part[0],
        "of": part[1],
    }
    return Record(work.type, asked, work.year, f"{id}/{work.step}", details)


def maker(authority: str) -> str:
    """The person who enters emissions for an authority."""
    return f"{authority}-maker"


def _registration(subject: Subject, people: tuple[NewPerson, ...] = ()) -> Register:
    return Register(
        subject.kind,
        subject.name,
        handle=subject.handle,
        region=subject.region,
        fictional=subject.fictional,
        accounts=subject.accounts,
        people=people,
    )


def _definition(one: Instrument) -> DefineInstrument:
    return DefineInstrument(one.code, one.kind, one.title.zh, one.title.en, one.vintage)


def _parts(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]


# -- what it is known by -----------------------------------------------------------------------------------


def _digest(chosen: Loader, plan: Plan) -> str:
    """SHA-256 over everything that is posted, in order: the same plan from whichever file it came."""
    hashed = hashlib.sha256()
    for text in _told(chosen, plan):
        hashed.update(text.encode())
        hashed.update(b"\n")
    return hashed.hexdigest()


def _told(chosen: Loader, plan: Plan) -> Iterator[str]:
    """The plan as lines of text. `repr` of texts, whole numbers and dates is the same on every machine."""
    yield repr((chosen.name, chosen.jurisdiction, chosen.title.en, plan.opening.isoformat()))
    for one in plan.subjects:
        yield repr(("subject", one.handle, one.name, one.region, str(one.kind), one.fictional))
        yield " ".join(one.accounts)
    for one in plan.instruments:
        yield repr(("instrument", one.code, str(one.kind), one.title.zh, one.title.en, one.vintage))
    for one in _worth_doing(plan):
        if isinstance(one, Emissions):
            yield repr((one.step, one.day.isoformat(), one.year, one.authority, one.source))
            yield from (f"{handle} {tonnes}" for handle, tonnes in one.rows)
        else:
            yield repr((one.step, one.day.isoformat(), one.type, one.year, one.label, one.synthetic))
            yield from (
                f"{line.debit.handle} {line.debit.kind} {line.credit.handle} {line.credit.kind} "
                f"{line.instrument} {line.quantity}"
                for line in one.lines
            )
