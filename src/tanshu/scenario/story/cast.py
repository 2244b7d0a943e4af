"""The people of a story: its subjects and instruments, as its folder's `scenario.toml` introduces them."""

from __future__ import annotations

from dataclasses import dataclass

from tanshu.base.text import Text
from tanshu.parties.model import AccountKind, SubjectKind
from tanshu.scenario.folder import FILE, Folder
from tanshu.scenario.reading import Table
from tanshu.scenario.story.language import Cast


@dataclass(frozen=True, slots=True)
class Player:
    """A subject of a story. word: what the story calls it; prefix: how the names of its people begin.

    handle: its credit code where the jurisdiction goes by that, else the name that the folder gives.
    """

    word: str
    handle: str
    prefix: str
    uscc: str
    name: str
    kind: SubjectKind
    region: str
    accounts: tuple[AccountKind, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """An instrument of a story."""

    code: str
    kind: str
    title: Text
    vintage: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A cell whose queue is explained at the end."""

    account: str
    instrument: str


@dataclass(frozen=True, slots=True)
class Programme:
    """What stands before the story begins. authority: the word of the one that gives the opening stock."""

    players: tuple[Player, ...]
    units: tuple[Unit, ...]
    authority: str
    explained: tuple[Asked, ...]

    @property
    def cast(self) -> Cast:
        known = {one.word: (one.handle, one.prefix) for one in self.players}
        return Cast({**known, "登记": ("registry", "registry")})

    def player(self, word: str) -> Player | None:
        return next((one for one in self.players if one.word == word), None)


def read(folder: Folder) -> Programme:
    """Raises Refused SCN-1xxx (a value missing or of no use)."""
    head = Table(FILE, "top", folder.head.data)
    players = tuple(_player(one) for one in head.tables("subjects"))
    units = tuple(_unit(one) for one in head.tables("instruments"))
    explained = tuple(Asked(one.text("account"), one.text("instrument")) for one in head.tables("explain"))
    return Programme(players, units, head.choice("authority", [one.word for one in players]), explained)


def _player(row: Table) -> Player:
    accounts = row.data.get("accounts", [])
    handle, uscc = row.text("handle"), row.maybe("uscc")
    return Player(
        row.text("word"),
        uscc or handle,
        handle.lower(),
        uscc,
        row.text("name"),
        SubjectKind(row.choice("kind", SubjectKind)),
        row.maybe("region"),
        tuple(AccountKind(one) for one in accounts),
    )


def _unit(row: Table) -> Unit:
    vintage = row.data.get("vintage")
    return Unit(row.text("code"), row.text("kind"), row.table("title").both_languages(), vintage)
