"""Finds and loads rule packs (规则包): the law as data.

A pack named `cn.power.2023` is the file `cn/power.2023.toml`, looked for first in the directories of the
environment variable TANSHU_PACKS (separated as in PATH), then among the packs that come with the program.
The first file found is the pack: an operator's own version stands in for the packaged one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tanshu.base.refusal import Refusal
from tanshu.rules import checks
from tanshu.rules.pack_model import Pack, Source, Table
from tanshu.rules.pack_reader import read

__all__ = ["Pack", "Source", "Table", "load", "names", "show", "summaries"]

PACKAGED: Final = Path(__file__).parent / "packs"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_FIRST: tuple[Path, ...] = ()
"""Folders of the market that is being run (`searching`)."""
_CACHE: dict[Path, tuple[tuple[int, int], Pack | Refusal]] = {}


def load(name: str, *, allow_draft: bool = False) -> Pack | Refusal:
    """The pack of this name.

    Refuses with RULE-1001 (no such pack), RULE-1002 (a draft, and drafts were not allowed) or RULE-11xx
    (malformed: the sentence names file, table and key).
    """
    pack = _read(name)
    if isinstance(pack, Pack) and pack.status == "draft" and not allow_draft:
        return checks.PACK_IS_DRAFT(field="pack", name=name)
    return pack


@contextmanager
def searching(*folders: Path) -> Iterator[None]:
    """Look for packs in these folders first, for as long as the block runs; in the whole process."""
    global _FIRST
    before, _FIRST = _FIRST, (*folders, *_FIRST)
    try:
        yield
    finally:
        _FIRST = before


def for_year(
    jurisdiction: str, year: int, schemas: tuple[str, ...], *, allow_draft: bool = False
) -> Pack | Refusal:
    """The one pack of a year among several kinds: cn.power.2023, hb.output.2023.

    Refuses as `load` does; with RULE-1512 where a jurisdiction has packs of two kinds for the year.
    """
    asked = [f"{jurisdiction}.{schema}.{year}" for schema in schemas]
    found = [name for name in asked if _find(name)]
    if len(found) > 1:
        return checks.SEVERAL_METHODS(
            field="year", jurisdiction=jurisdiction, year=year, names=", ".join(found)
        )
    return load(found[0] if found else asked[0], allow_draft=allow_draft)


def names() -> tuple[str, ...]:
    """The names of all packs that can be found, drafts and malformed ones included."""
    found: set[str] = set()
    for directory in _directories():
        for path in directory.glob("*/*.toml"):
            name = f"{path.parent.name}.{path.name.removesuffix('.toml')}"
            if _NAME.fullmatch(name):
                found.add(name)
    return tuple(sorted(found))


def summaries() -> tuple[dict[str, object], ...]:
    """One plain dict per pack: name, title, status, effective dates, evidence; a malformed one has
    `refusal`.
    """
    return tuple(_summary(name) for name in names())


def show(name: str) -> dict[str, object] | Refusal:
    """The whole pack as plain data: values, sources, evidence, notes. Looking at a draft needs no
    permission.
    """
    pack = _read(name)
    return pack if isinstance(pack, Refusal) else pack.as_json()


def _summary(name: str) -> dict[str, object]:
    pack = _read(name)
    if isinstance(pack, Refusal):
        return {"name": name, "refusal": pack.as_json()}
    return pack.summary()


def _read(name: str) -> Pack | Refusal:
    path = _find(name)
    if path is None:
        return checks.PACK_UNKNOWN(field="pack", name=name, known=", ".join(names()))
    stat = path.stat()
    version = (stat.st_mtime_ns, stat.st_size)
    cached = _CACHE.get(path)
    if cached is None or cached[0] != version:
        cached = (version, read(path, name))
        _CACHE[path] = cached
    return cached[1]


def _find(name: str) -> Path | None:
    if not _NAME.fullmatch(name):
        return None
    jurisdiction, rest = name.split(".", 1)
    for directory in _directories():
        path = directory / jurisdiction / f"{rest}.toml"
        if path.is_file():
            return path
    return None


def _directories() -> list[Path]:
    extra = os.environ.get("TANSHU_PACKS", "")
    return [*_FIRST, *(Path(item) for item in extra.split(os.pathsep) if item), PACKAGED]
