"""Runs a scenario on a database: step by step, each command once, resumable after any crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from tanshu.app import Installation, found, open_installation
from tanshu.base import steps as marks
from tanshu.base.clock import shanghai_ns
from tanshu.base.database import Database, metadata
from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Text
from tanshu.book.commit import Act, Context
from tanshu.log import store
from tanshu.scenario import checks, facts, model, year
from tanshu.scenario.facts import ScenarioFacts
from tanshu.scenario.plan import Desk, Step, instant

FOUNDED_AT = time(8)


class Condition(StrEnum):
    """What a database holds, seen from one scenario."""

    EMPTY = "empty"
    UNFINISHED = "unfinished"
    FINISHED = "finished"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is: the step, its number, how many of its commands are done."""

    step: str
    title: Text
    number: int
    of: int
    done: int
    commands: int


Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Run:
    """A scenario read and modelled, ready to run."""

    facts: ScenarioFacts
    year: model.Year
    steps: tuple[Step, ...]

    @property
    def book_name(self) -> str:
        return f"scenario/{self.facts.id}"


def load(name: str) -> Run:
    """Read a scenario by folder or name. Raises Refused SCN-1xxx (its files), SCN-2001 (unknown)."""
    read = facts.load(directory(name))
    modelled = model.build(read)
    return Run(read, modelled, year.steps(read, modelled))


def directory(name: str) -> Path:
    """The folder of a scenario: a path, or the name of one that comes with the program."""
    here = Path(__file__).resolve()
    for root in (Path(), here.parents[1] / "scenarios", here.parents[3] / "scenarios"):
        if (root / name / "scenario.toml").exists():
            return root / name
    raise Refused(checks.SCENARIO_UNKNOWN(field="scenario", name=name))


def run(
    url: str, scenario: Run, *, resume: bool = False, fresh: bool = False, watch: Watch | None = None
) -> Installation:
    """Bring the scenario to its end on this database and return it open.

    A finished one is left as it is, unless `fresh`. Raises Refused SCN-2002 (another database: never
    touched), SCN-2003 (unfinished, and neither resume nor fresh was asked), SCN-2004 (a command refused).
    """
    condition, done = examine(url, scenario)
    if condition is Condition.OTHER:
        raise Refused(checks.NOT_THIS_SCENARIO(field="db", url=url, scenario=scenario.facts.id))
    if condition is Condition.UNFINISHED and not (resume or fresh):
        raise Refused(checks.UNFINISHED(field="db", url=url, done=done, of=len(scenario.steps)))
    if condition is not Condition.EMPTY and fresh:
        _wipe(url)
        condition = Condition.EMPTY
    if condition is Condition.FINISHED:
        return open_installation(url)
    opening = shanghai_ns(scenario.facts.dates.opening, FOUNDED_AT)
    installation = found(url, name=scenario.book_name, clock=lambda: opening)
    try:
        _run_steps(installation, scenario, watch or (lambda _: None))
    except BaseException:
        installation.close()
        raise
    return installation


def examine(url: str, scenario: Run) -> tuple[Condition, int]:
    """What the database holds, and how many steps of the scenario are done in it."""
    try:
        database = Database.open(url)
    except Refused as refused:
        if refused.refusal.code == "BASE-1101":
            return Condition.EMPTY, 0
        raise
    try:
        tables = inspect(database.engine).get_table_names()
        if not tables:
            return Condition.EMPTY, 0
        if not {store.LOG_ENTRY.name, marks.STEP.name} <= set(tables):
            return Condition.OTHER, 0
        with database.read() as conn:
            return _examine(conn, scenario)
    finally:
        database.close()


def _examine(conn: Connection, scenario: Run) -> tuple[Condition, int]:
    name = store.book_name(conn, store.REGISTRY_LOG)
    if name is None:  # the tables were made, then the power went
        return Condition.EMPTY, 0
    if name != scenario.book_name:
        return Condition.OTHER, 0
    done = len(marks.done(conn, scenario.facts.id))
    return (Condition.FINISHED if done == len(scenario.steps) else Condition.UNFINISHED), done


def _run_steps(installation: Installation, scenario: Run, watch: Watch) -> None:
    with installation.database.read() as conn:
        done = marks.done(conn, scenario.facts.id)
    for number, step in enumerate(scenario.steps, start=1):
        if step.name in done:
            watch(Progress(step.name, step.title, number, len(scenario.steps), 1, 1))
        else:
            _run_step(installation, scenario, step, number, watch)


def _run_step(installation: Installation, scenario: Run, step: Step, number: int, watch: Watch) -> None:
    """Every command of a step. The last one's transaction carries the done mark."""
    with installation.database.read() as conn:
        desk = Desk(conn, scenario.facts.id, scenario.facts.seed, step.name)
        commands = step.commands(desk)
    for n, command in enumerate(commands):
        at = instant(command.day, n)

        def mark(act: Act, at: int = at) -> None:
            result = {"commands": len(commands)}
            act.insert(marks.STEP, marks.done_mark(scenario.facts.id, step.name, number, at, result))

        ctx = Context(
            installation.book,
            command.actor,
            desk.key(n),
            clock=lambda at=at: at,
            also=mark if n == len(commands) - 1 else None,
        )
        outcome = command.verb(ctx, command.body)
        if isinstance(outcome, Refusal):
            raise Refused(checks.STEP_REFUSED(step=step.name, n=n + 1, why=str(outcome)))
        watch(Progress(step.name, step.title, number, len(scenario.steps), n + 1, len(commands)))


def _wipe(url: str) -> None:
    """Drop the scenario's tables, all or none."""
    database = Database.open(url)
    with database.write() as conn:
        metadata.drop_all(conn)
        conn.execute(text("DROP TABLE alembic_version"))
    database.close()
