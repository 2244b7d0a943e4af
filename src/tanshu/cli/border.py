"""The error border: every known "no" leaves as a numbered refusal, never as a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import typer

from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Lang
from tanshu.cli import checks, output

OK, REFUSED, USAGE, AUDIT_FAILED = 0, 1, 2, 3
"""Exit codes."""


@contextmanager
def guarded(url: str, lang: Lang, *, json_wanted: bool) -> Iterator[None]:
    """Turn refusals and database failures into their output and exit code; let bugs through."""
    try:
        yield
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Refused as refused:
        output.show_refusal(_discreet(refused.refusal, url), lang, json_wanted=json_wanted)
        raise typer.Exit(REFUSED) from None
    except Exception as error:
        refusal = of_file(error) or of_database(error, url)
        if refusal is None:
            raise
        output.show_refusal(refusal, lang, json_wanted=json_wanted)
        raise typer.Exit(REFUSED) from None


def _discreet(refusal: Refusal, url: str) -> Refusal:
    """A refusal that names the database names it without its password."""
    if refusal.facts.get("url") != url:
        return refusal
    return replace(refusal, facts={**refusal.facts, "url": shown_url(url)})


def of_file(error: BaseException) -> Refusal | None:
    """The refusal for a file that cannot be read or written, or None when it is something else."""
    if isinstance(error, OSError) and error.filename is not None:
        return checks.NOT_WRITTEN(field="file", path=error.filename, why=error.strerror)
    return None


def of_database(error: BaseException, url: str) -> Refusal | None:
    """The refusal that a database's failure stands for, or None when it is not one."""
    from tanshu.base.database import failure, is_without_tables

    refusal = failure(error, url)
    if refusal and is_without_tables(error):
        from tanshu.log.checks import NOT_INITIALISED

        return NOT_INITIALISED(field="db")
    return refusal


def shown_url(url: str) -> str:
    """The database's address without its password."""
    from tanshu.base.database import shown

    return shown(url)


def complain(lang: Lang, zh: str, en: str) -> typer.BadParameter:
    """A usage error in the asker's language; raise it."""
    return typer.BadParameter(en if lang == "en" else zh)


def speak_utf8() -> None:
    """Never fail for a character the terminal cannot show."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")
