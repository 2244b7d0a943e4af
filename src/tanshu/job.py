"""Long jobs on a database of their own: named steps of commands, each done once, resumable after any crash.

A job is all known beforehand: its opening, its steps, and of every command the actor, the time and the key.
Key and time are pure functions of the job's scope, the step and the command's number; so is every id that
derives from a key. A command is the book's or a market's. A resumed run therefore repeats exactly what an
undisturbed one does, and each log's hash is one value on any database. A step's done mark commits with its
last entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, inspect, text

from tanshu.app import Installation, found, open_installation
from tanshu.base import steps as marks
from tanshu.base.clock import NS, shanghai_ns
from tanshu.base.database import Database, metadata
from tanshu.base.ids import derived_id, scenario_key
from tanshu.base.refusal import Refusal, RefusalKind, Refused, need
from tanshu.base.text import Text
from tanshu.book.commit import Act, Context, Outcome
from tanshu.book.writer import Writer
from tanshu.exchange import market as markets
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind

FOUNDED_AT = time(8)
DAY_STARTS = time(9)
SECONDS_BETWEEN = 1


class Condition(StrEnum):
    """What a database holds, seen from one job."""

    EMPTY = "empty"
    UNFINISHED = "unfinished"
    FINISHED = "finished"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Command:
    """One service verb to call: as whom, with what, on which business date.

    at: the Shanghai time of day where it matters (`instant` otherwise). market: whose log is asked, by name;
    blank for the book's.
    """

    actor: str
    verb: Callable[[Context, Any], Outcome]
    body: object
    day: date
    at: time | None = None
    market: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A named step of a job. `commands` is asked when the step runs, for it may need account codes.

    Its last command is one of the book, for it carries the done mark.
    """

    name: str
    title: Text
    commands: Callable[[Desk], Sequence[Command]]


@dataclass(frozen=True, slots=True)
class Refusals:
    """How a job says no. other: facts url, job, found; unfinished: url, done, of; refused: step, n, why."""

    other: RefusalKind
    unfinished: RefusalKind
    refused: RefusalKind


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done on which kind of book.

    id: its name in the table of steps. book: the name of its book, by which its database is recognised.
    scope: the two words that, with step and number, give every key. opening: when the register is founded.
    """

    id: str
    book: str
    scope: tuple[str, str]
    jurisdiction: str
    opening: date
    steps: tuple[Step, ...]
    refusals: Refusals
    registry_name: str = "登记结算机构"


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


class Desk:
    """What planning a step may look at: account codes, which never change once given, and keys to come."""

    def __init__(self, conn: Connection, scope: tuple[str, str], step: str):
        self._conn = conn
        self._scope = (*scope, step)
        self._codes: dict[tuple[str, AccountKind], str] = {}

    def account(self, handle: str, kind: AccountKind) -> str:
        """The code of a subject's account."""
        if not self._codes:
            self._codes = parties.account_codes(self._conn)
        return self._codes[handle, kind]

    def key(self, n: int) -> bytes:
        """The key of the step's n-th command."""
        return scenario_key(*self._scope, n)

    def transaction(self, n: int, i: int = 0) -> str:
        """The id of the (i-th) transaction that the step's n-th command proposes."""
        return derived_id("TX", self.key(n), i)


def instant(day: date, n: int) -> int:
    """The time of the n-th command of a step: the day from nine o'clock on, a second apart."""
    return shanghai_ns(day, DAY_STARTS) + n * SECONDS_BETWEEN * NS


def moment(command: Command, n: int) -> int:
    """The time of a step's n-th command."""
    return instant(command.day, n) if command.at is None else shanghai_ns(command.day, command.at)


def run(
    url: str, job: Job, *, resume: bool = False, fresh: bool = False, watch: Watch | None = None
) -> Installation:
    """Bring the job to its end on this database and return it open.

    A finished one is left as it is, unless `fresh`. Raises Refused with the job's own refusals: other
    (another database: never touched), unfinished (neither resume nor fresh was asked), refused (a command).
    """
    condition, done, name = _look(url, job)
    if condition is Condition.OTHER:
        raise Refused(job.refusals.other(field="db", url=url, job=job.book, found=name))
    if condition is Condition.UNFINISHED and not (resume or fresh):
        raise Refused(job.refusals.unfinished(field="db", url=url, done=done, of=len(job.steps)))
    if condition is not Condition.EMPTY and fresh:
        _wipe(url)
        condition = Condition.EMPTY
    if condition is Condition.FINISHED:
        return open_installation(url)
    opening = shanghai_ns(job.opening, FOUNDED_AT)
    installation = found(
        url,
        name=job.book,
        jurisdiction=job.jurisdiction,
        registry_name=job.registry_name,
        clock=lambda: opening,
    )
    try:
        _run_steps(installation, job, watch or (lambda _: None))
    except BaseException:
        installation.close()
        raise
    return installation


def examine(url: str, job: Job) -> tuple[Condition, int]:
    """What the database holds, and how many steps of the job are done in it."""
    condition, done, _ = _look(url, job)
    return condition, done


def _look(url: str, job: Job) -> tuple[Condition, int, str]:
    """The condition, the steps done, and the name of the book that is there."""
    try:
        database = Database.open(url)
    except Refused as refused:
        if refused.refusal.code == "BASE-1101":
            return Condition.EMPTY, 0, ""
        raise
    try:
        tables = inspect(database.engine).get_table_names()
        if not tables:
            return Condition.EMPTY, 0, ""
        if not {store.LOG_ENTRY.name, marks.STEP.name} <= set(tables):
            return Condition.OTHER, 0, "?"
        with database.read() as conn:
            return _look_inside(conn, job)
    finally:
        database.close()


def _look_inside(conn: Connection, job: Job) -> tuple[Condition, int, str]:
    name = store.book_name(conn, store.REGISTRY_LOG)
    if name is None:  # the tables were made, then the power went
        return Condition.EMPTY, 0, ""
    if name != job.book:
        return Condition.OTHER, 0, name
    done = len(marks.done(conn, job.id))
    return (Condition.FINISHED if done == len(job.steps) else Condition.UNFINISHED), done, name


def _run_steps(installation: Installation, job: Job, watch: Watch) -> None:
    with installation.database.read() as conn:
        done = marks.done(conn, job.id)
    for number, step in enumerate(job.steps, start=1):
        if step.name in done:
            watch(Progress(step.name, step.title, number, len(job.steps), 1, 1))
        else:
            _run_step(installation, job, step, number, watch)


def _run_step(installation: Installation, job: Job, step: Step, number: int, watch: Watch) -> None:
    """Every command of a step. The last one's transaction carries the done mark."""
    with installation.database.read() as conn:
        desk = Desk(conn, job.scope, step.name)
        commands = step.commands(desk)
    assert not (commands and commands[-1].market), "a step ends in the book: it carries the done mark"
    for n, command in enumerate(commands):
        at = moment(command, n)

        def mark(act: Act, at: int = at) -> None:
            result = {"commands": len(commands)}
            act.insert(marks.STEP, marks.done_mark(job.id, step.name, number, at, result))

        ctx = Context(
            _asked(installation, command),
            command.actor,
            desk.key(n),
            clock=lambda at=at: at,
            also=mark if n == len(commands) - 1 else None,
        )
        outcome = command.verb(ctx, command.body)
        if isinstance(outcome, Refusal):
            raise Refused(job.refusals.refused(step=step.name, n=n + 1, why=str(outcome)))
        watch(Progress(step.name, step.title, number, len(job.steps), n + 1, len(commands)))


def _asked(installation: Installation, command: Command) -> Writer[Any]:
    """Who is asked: the book, or a market."""
    if not command.market:
        return installation.book
    with installation.database.read() as conn:
        return need(markets.by_name(installation.book, conn, command.market))


def _wipe(url: str) -> None:
    """Drop the job's tables, all or none."""
    database = Database.open(url)
    with database.write() as conn:
        metadata.drop_all(conn)
        conn.execute(text("DROP TABLE alembic_version"))
    database.close()
