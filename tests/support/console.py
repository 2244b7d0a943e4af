"""Documents whose console blocks are run line by line: what is in them, and a console that plays them.

In a `console` block: `$ tanshu …` is a command, `# 15:30` the time from then on (`on the next day`, `on
2026-03-07`), what follows a command are lines of its answer (… stands for anything), `# refused CODE` and
`# ends with 3` its end. In a `sh` block, `export NAME=VALUE` is kept.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import NamedTuple

from tanshu.base.clock import shanghai_ns
from tests.cli.conftest import Said, in_process

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
NEXT = ("next day", "次日")
_BLOCK = re.compile(
    r"^## (?P<section>\d+)|^```(?P<kind>console|sh)\n(?P<body>.*?)^```", re.DOTALL | re.MULTILINE
)
_END = re.compile(r"\s+# (?:refused (?P<code>\S+)|ends with (?P<number>\d))$")
_TIME = re.compile(r"^# (\d\d:\d\d)( .*)?$")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class Line(NamedTuple):
    """A command without `tanshu`, or an export; when it is given, how it ends, lines of its answer."""

    section: int
    command: str
    at_ns: int
    refused: str = ""
    code: int = 0
    shown: tuple[str, ...] = ()
    is_export: bool = False


def lines(name: str, day: date) -> list[Line]:
    """What a document says, section by section (`## 1 · …`); before the first is section 0."""
    found: list[Line] = []
    section, at = 0, shanghai_ns(day, time(8, 30))
    for block in _BLOCK.finditer((DOCS / name).read_text(encoding="utf-8")):
        if block["section"]:
            section, at = int(block["section"]), shanghai_ns(day, time(15, 30))
            continue
        for line in block["body"].splitlines():
            if clock := _TIME.match(line):
                at = shanghai_ns(_day(day, clock[2] or ""), time.fromisoformat(clock[1]))
            elif block["kind"] == "sh":
                if line.startswith("export "):
                    command = line.removeprefix("export ").split("  #")[0]
                    found.append(Line(section, command, at, is_export=True))
            elif line.startswith("$ "):
                end = _END.search(line)
                refused, number = (end["code"] or "", end["number"]) if end else ("", None)
                code = 1 if refused else int(number or 0)
                command = _END.sub("", line).removeprefix("$ tanshu ")
                found.append(Line(section, command, at, refused, code))
            else:
                found[-1] = found[-1]._replace(shown=(*found[-1].shown, _plain(line)))
    return found


def _day(day: date, words: str) -> date:
    if named := _DATE.search(words):
        return date.fromisoformat(named[0])
    return day + timedelta(days=any(word in words for word in NEXT))


@dataclass
class Console:
    """Plays lines at their times. clock: the computer's. given: names that stay as they are."""

    env: Mapping[str, str]
    clock: list[int]
    given: Mapping[str, str]
    names: dict[str, str] = field(default_factory=dict)

    def play(self, some: Sequence[Line]) -> None:
        for line in some:
            if line.is_export:
                self._keep(line.command)
                continue
            self.clock[0] = line.at_ns
            said = in_process(*shlex.split(self._filled(line.command)), env=self._env())
            _check(line, said)

    def _keep(self, text: str) -> None:
        name, _, value = text.partition("=")
        (self.names[name],) = shlex.split(self._filled(value))

    def _filled(self, text: str) -> str:
        known = {"PWD": str(Path.cwd()), **self.names, **self.given}
        for name in sorted(known, key=len, reverse=True):
            text = text.replace(f"${name}", known[name])
        return text

    def _env(self) -> dict[str, str]:
        return {
            **{name: value for name, value in self.names.items() if name.startswith("TANSHU_")},
            **self.env,
        }


def _check(line: Line, said: Said) -> None:
    assert said.code == line.code, (line, said)
    assert line.refused in said.err, (line, said)
    there = [_plain(one) for one in (said.out + said.err).splitlines()]
    for shown in line.shown:
        pattern = re.compile(".*".join(map(re.escape, shown.split("…"))))
        assert any(pattern.fullmatch(one) for one in there), (line.command, shown, said.out)


def _plain(text: str) -> str:
    return " ".join(text.replace("│", " ").split())
