"""The door every command comes through: where, who, in which language; and how a command is declared.

The shared options are accepted before the subcommand and after it; what stands nearer to it counts.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from tanshu.base.ids import key_from_text, random_key
from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Lang, language
from tanshu.cli import border, output

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.app import Installation
    from tanshu.book.commit import Answer, Book, Context, Outcome

DEFAULT_DB = "sqlite:///tanshu.db"


class LangName(StrEnum):
    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Asked:
    """Shared options as given at one place of the command line; None where nothing was said."""

    db: str | None = None
    json: bool = False
    lang: LangName | None = None

    def over(self, outer: Asked) -> Asked:
        return Asked(self.db or outer.db, self.json or outer.json, self.lang or outer.lang)


@dataclass(frozen=True, slots=True)
class Door:
    """Where a command goes and who sends it. actor is "" for a command that only reads."""

    url: str
    as_json: bool
    lang: Lang
    actor: str = ""
    key: str | None = None
    reason: str = ""
    allow_draft: bool = False

    @contextmanager
    def reading(self) -> Iterator[tuple[Connection, Book]]:
        """The database in one read transaction, without the rooms that only writing needs.

        Refuses with BASE-1101 (no database), LOG-1002 (no book), APP-1001 (tables of another version).
        """
        from tanshu import migrations
        from tanshu.base.database import Database
        from tanshu.book.commit import Book
        from tanshu.clearing.telling import take_part
        from tanshu.log import store
        from tanshu.log.checks import NOT_INITIALISED

        take_part()
        database = Database.open(self.url)
        try:
            with database.read() as conn:
                known = migrations.revision(conn)
                if known is None or store.tail(conn, store.REGISTRY_LOG) is None:
                    raise Refused(NOT_INITIALISED(field="db"))
                if known != migrations.HEAD:
                    from tanshu.app import OTHER_VERSION

                    raise Refused(
                        OTHER_VERSION(field="db", url=self.url, known=known, needed=migrations.HEAD)
                    )
                book = Book(database)
                yield conn, book
            book.keep_snapshot()
        finally:
            database.close()

    @contextmanager
    def installation(self) -> Iterator[Installation]:
        """The whole installation, for commands that change something."""
        from tanshu.app import open_installation

        opened = open_installation(self.url)
        try:
            yield opened
        finally:
            opened.close()

    def key_for(self, *parts: object) -> bytes:
        """The idempotency key given (told apart by `parts` where one call sends several), or a fresh one."""
        if self.key is None:
            return random_key()
        return key_from_text("\x1f".join((self.key, *map(str, parts))))

    def context(self, installation: Installation, key: bytes) -> Context:
        return installation.context(self.actor, key, reason=self.reason, allow_draft=self.allow_draft)

    def do(self, verb: Callable[[Context, Any], Outcome], command: object) -> tuple[Answer, bytes]:
        """Send one command; its answer and the key it went under. Raises Refused with its refusal."""
        key = self.key_for()
        with self.installation() as installation:
            outcome = verb(self.context(installation, key), command)
        if isinstance(outcome, Refusal):
            raise Refused(outcome)
        return outcome, key


# -- declaring a command -----------------------------------------------------------------------------------

DbOption = Annotated[
    str | None,
    typer.Option("--db", metavar="URL", help=f"数据库 · database [TANSHU_DB; {DEFAULT_DB}]"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="输出一个 JSON 对象 · print one JSON object")]
LangOption = Annotated[LangName | None, typer.Option("--lang", help="语言 · language [TANSHU_LANG]")]
AsOption = Annotated[str, typer.Option("--as", metavar="PERSON", help="经办人 · the role holder who acts")]
KeyOption = Annotated[
    str | None,
    typer.Option("--key", metavar="TEXT", help="幂等键:重复提交不会重复办理 · idempotency key"),
]
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="事由,写入日志 · why, kept in the log")
]
DraftOption = Annotated[bool, typer.Option("--allow-draft", help="允许草案规则包 · accept a draft rule pack")]

Declared = Callable[..., output.Reply | None]


def _option(name: str, annotation: Any, default: object = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


_SHARED = (
    _option("db", DbOption, None),
    _option("json", JsonOption, False),
    _option("lang", LangOption, None),
)
_DRAFT = _option("allow_draft", DraftOption, False)
_ACTOR = _option("actor", AsOption)
_WRITING = (_option("key", KeyOption, None), _option("reason", ReasonOption, ""))


def command(
    app: typer.Typer,
    name: str,
    help: str,
    *,
    writes: bool = False,
    may_write: bool = False,
    drafts: bool = False,
) -> Callable[[Declared], Declared]:
    """Declare a command: `function(door, its own options)` answers with a Reply.

    writes: it takes --as, --key, --reason, --allow-draft. may_write: the same, with --as only needed for
    some of its uses. drafts: it reads, and takes --allow-draft.
    """
    taken = [*_SHARED]
    if writes or may_write:
        actor = _ACTOR if writes else _ACTOR.replace(default="")
        taken = [actor, *_WRITING, *taken]
    if writes or may_write or drafts:
        taken.append(_DRAFT)

    def declare(function: Declared) -> Declared:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        names = {parameter.name for parameter in taken}

        def run(ctx: typer.Context, **given: Any) -> None:
            mine = {name: given.pop(name) for name in list(given) if name in names}
            door = _door(ctx, mine)
            with border.guarded(door.url, door.lang, json_wanted=door.as_json):
                reply = function(door, **given)
                if reply is None:
                    return
                output.show(reply, door.lang, json_wanted=door.as_json)
                if reply.code:
                    raise typer.Exit(reply.code)

        parameters = [
            inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
            *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (*own, *taken)),
        ]
        # Typer reads a command's options from its signature; this one is put together here.
        cast(Any, run).__signature__ = inspect.Signature(parameters)
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        run.__name__, run.__doc__ = function.__name__, function.__doc__
        app.command(name, help=help, no_args_is_help=False)(run)
        return function

    return declare


def group(help: str) -> typer.Typer:
    """A group of commands that takes the shared options, too."""
    app = typer.Typer(help=help, no_args_is_help=True)
    app.callback()(remember)
    return app


def remember(
    ctx: typer.Context, db: DbOption = None, json: JsonOption = False, lang: LangOption = None
) -> None:
    """Keep the shared options given before the subcommand."""
    ctx.obj = Asked(db, json, lang).over(ctx.obj or Asked())


def _door(ctx: typer.Context, given: dict[str, Any]) -> Door:
    asked = Asked(given.pop("db"), given.pop("json"), given.pop("lang")).over(ctx.obj or Asked())
    url = asked.db or os.environ.get("TANSHU_DB") or DEFAULT_DB
    return Door(url, asked.json, language(asked.lang), **given)
