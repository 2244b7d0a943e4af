"""`tanshu`: the command line put together."""

from __future__ import annotations

from typing import Annotated

import typer

from tanshu.base.memory import rarely_collect
from tanshu.cli import (
    accounts,
    allocation_uploads,
    allocations,
    audit,
    backup,
    bank,
    border,
    carry_over,
    certificates,
    claims,
    comply,
    day,
    delegations,
    demo,
    exports,
    history,
    holdings,
    imports,
    inquiry,
    install,
    instruments,
    ledger,
    market,
    notices,
    objections,
    onboarding,
    proofs,
    refusals,
    registry_types,
    replay,
    reports,
    rules,
    run,
    search,
    serials,
    shadow,
    statements,
    supervision,
    trace,
    transactions,
    verify,
    withholding,
)
from tanshu.cli.door import DbOption, JsonOption, LangOption, remember

app = typer.Typer(
    name="tanshu",
    help="碳枢 Tanshu:碳市场操作系统 · the open operating system of a carbon market",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"tanshu {version('tanshu')}")
        raise typer.Exit


VersionOption = Annotated[
    bool, typer.Option("--version", callback=_show_version, is_eager=True, help="版本 · version")
]

for part in (
    install,
    demo,
    run,
    replay,
    shadow,
    accounts,
    onboarding,
    delegations,
    instruments,
    holdings,
    transactions,
    claims,
    search,
    inquiry,
    certificates,
    statements,
    notices,
    registry_types,
    serials,
    trace,
    imports,
    allocations,
    allocation_uploads,
    objections,
    comply,
    carry_over,
    withholding,
    reports,
    rules,
    ledger,
    market,
    day,
    bank,
    supervision,
    audit,
    history,
    exports,
    backup,
    proofs,
    verify,
    refusals,
):
    part.add_to(app)


@app.callback()
def root(
    ctx: typer.Context,
    db: DbOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
    version: VersionOption = False,
) -> None:
    assert not version, "its callback has ended the program"
    remember(ctx, db, json, lang)


def main() -> None:
    """The console script."""
    border.speak_utf8()
    rarely_collect()
    app()
