"""An application as a file: TOML or JSON, with the papers beside it; sealed at the door.

kind = "enterprise"
name = "…"
uscc = "…"
region = "420100"
listed_year = 2023            # or: voluntary = true
not_barred = true
accounts = ["registration", "trading", "cash"]
people = ["plant-maker-1:maker", "plant-checker-1:checker"]

[bank]
bank = "…"
name = "…"
number = "…"

[contact]
phone = "…"

[documents]
business_licence = "licence.pdf"
"""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.files import NO_FILE
from tanshu.base.refusal import Refused
from tanshu.base.text import Lang
from tanshu.cli import checks

if TYPE_CHECKING:
    from tanshu.base.vault import Vault
    from tanshu.cli.door import Door
    from tanshu.parties.model import Document
    from tanshu.parties.onboarding.model import Form

VaultOption = Annotated[
    str | None,
    typer.Option("--vault", metavar="FOLDER", help="资料库 · where papers lie [TANSHU_VAULT]"),
]

_TEXTS = ("kind", "name", "handle", "uscc", "region")
_FLAGS = ("voluntary", "not_barred", "fictional")
_LISTS = ("accounts", "people")
_TABLES = ("bank", "contact", "documents")
_PLAIN = (*_TEXTS, *_FLAGS, "listed_year")
_KEYS = {*_PLAIN, *_LISTS, *_TABLES}


def read_form(path: Path, vault: Vault, key: bytes, lang: Lang) -> Form:
    """The form of an application; its papers, bank account and contact data are in the vault by then.

    key: the command's. Raises Refused BASE-1201, CLI-2201 (unreadable), CLI-2202 (a key, or its value, is not
    one), CLI-2203 (a paper lies elsewhere), PAR-5102, BASE-14xx.
    """
    from tanshu.cli.accounts import read_person
    from tanshu.parties.onboarding import papers
    from tanshu.parties.onboarding.model import Form

    told = _told(path)
    bank = told.get("bank", {})
    documents = tuple(
        keep_file(vault, kind, _beside(path, str(name))) for kind, name in told.get("documents", {}).items()
    )
    number, name = str(bank.get("number", "")), str(bank.get("name", ""))
    plain: dict[str, Any] = {one: told[one] for one in _PLAIN if one in told}
    if "accounts" in told:
        plain["accounts"] = tuple(told["accounts"])
    return Form(
        **plain,
        people=tuple(read_person(one, lang) for one in told.get("people", ())),
        bank=papers.seal_bank(vault, key, str(bank.get("bank", "")), name, number),
        contact=papers.seal_contact(vault, key, told["contact"]) if told.get("contact") else "",
        documents=documents,
    )


def _beside(path: Path, name: str) -> Path:
    """A paper that came with an application. Its name is the applicant's: it reaches nothing of ours."""
    paper, folder = (path.parent / name).resolve(), path.parent.resolve()
    if not paper.is_relative_to(folder):
        raise Refused(checks.PAPER_ELSEWHERE(field="documents", name=name))
    return paper


def keep_file(vault: Vault, kind: str, path: Path) -> Document:
    """Put a paper into the vault. Raises Refused BASE-1201 (no such file), BASE-14xx, CLI-1004."""
    from tanshu.cli import paper_files
    from tanshu.parties.onboarding import papers

    return papers.keep(vault, kind, paper_files.read(path, "documents"))


def today(door: Door, text: str) -> date:
    """The day asked about, else the Shanghai day it is."""
    from tanshu.base.clock import business_date, system_clock
    from tanshu.cli.accounts import read_date

    return read_date(text, door.lang, "--on") if text else business_date(system_clock())


def _told(path: Path) -> dict[str, Any]:
    """What the file says, each key of its own type; kind and name are there."""
    try:
        text = path.read_text(encoding="utf-8")
        told = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except FileNotFoundError:
        raise Refused(NO_FILE(field="file", path=path)) from None
    except (OSError, ValueError) as error:
        raise Refused(checks.FORM_UNREADABLE(field="file", path=path, why=error)) from None
    if not isinstance(told, dict):
        raise Refused(checks.FORM_UNREADABLE(field="file", path=path, why=type(told).__name__))
    for key in (*(key for key in told if key not in _KEYS), *(k for k in ("kind", "name") if k not in told)):
        raise Refused(checks.FORM_KEY(field=key, path=path, key=key, known=", ".join(sorted(_KEYS))))
    for key, value in told.items():
        if not _is_of_its_type(key, value):
            raise Refused(checks.FORM_KEY(field=key, path=path, key=key, known=", ".join(sorted(_KEYS))))
    return told


def _is_of_its_type(key: str, value: object) -> bool:
    if key in _FLAGS:
        return isinstance(value, bool)
    if key == "listed_year":
        return isinstance(value, int) and not isinstance(value, bool)
    if key in _LISTS:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if key in _TABLES:
        return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    return isinstance(value, str)
