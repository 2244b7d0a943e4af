"""What the log has told so far, as a judge asks for it: rows of the told tables, by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from tanshu.book.told import Rows, Tables
from tanshu.parties.model import AccountKind, AccountState, Right, SubjectKind

Row = Mapping[str, Any]
REGION_OF_ALL = "000000"


class Account(NamedTuple):
    """An account as it was told. subject: the owner's id."""

    number: int
    code: str
    subject: str
    kind: AccountKind
    state: AccountState


class Person(NamedTuple):
    handle: str
    subject: str
    rights: tuple[str, ...]
    active: bool
    named_by: str


class Facts:
    """The told tables as of the entry last applied."""

    def __init__(self, tables: Tables | None = None):
        self.tables = Tables() if tables is None else tables
        # Accounts and instruments are asked for all the time: as they were read, and from which row.
        self._accounts: dict[int, tuple[tuple[Any, ...], Account]] = {}
        self._instruments: dict[int, tuple[tuple[Any, ...], Row]] = {}

    # -- rows ----------------------------------------------------------------------------------------------

    def one(self, table: str, *key: Any) -> Row | None:
        """The row with this primary key."""
        rows = self.tables[table]
        row = rows.by_key.get(key)
        return None if row is None else _named(rows, row)

    def some(self, table: str, **where: Any) -> list[Row]:
        """The rows that equal `where`, by primary key."""
        rows = self.tables[table]
        return [_named(rows, rows.by_key[key]) for key in sorted(rows.matching(where))]

    def named(self, table: str, row: tuple[Any, ...]) -> Row:
        """A row of this table by the names of its columns."""
        return _named(self.tables[table], row)

    # -- who and what --------------------------------------------------------------------------------------

    @property
    def jurisdiction(self) -> str | None:
        """Whose rule packs apply; None where this book is no register."""
        setting = self.one("setting", "jurisdiction")
        return setting["value"] if setting else None

    def account(self, number: int) -> Account | None:
        rows = self.tables["account"]
        row = rows.by_key.get((number,))
        if row is None:
            return None
        read_from, account = self._accounts.get(number, (None, None))
        if account is None or read_from is not row:
            told = _named(rows, row)
            kind, state = AccountKind(told["kind"]), AccountState(told["state"])
            account = Account(number, told["code"], told["subject_id"], kind, state)
            self._accounts[number] = (row, account)
        return account

    def instrument(self, number: int) -> Row | None:
        rows = self.tables["instrument"]
        row = rows.by_key.get((number,))
        if row is None:
            return None
        read_from, told = self._instruments.get(number, (None, None))
        if told is None or read_from is not row:
            told = _named(rows, row)
            self._instruments[number] = (row, told)
        return told

    def code(self, number: int) -> str:
        """An account as people write it; its book number where nobody registered it."""
        account = self.account(number)
        return account.code if account else f"#{number}"

    def instrument_code(self, number: int) -> str:
        row = self.instrument(number)
        return row["code"] if row else f"#{number}"

    def subject(self, id: str) -> Row | None:
        return self.one("subject", id)

    def person(self, handle: str) -> Person | None:
        row = self.one("person", handle)
        if row is None:
            return None
        rights = tuple(row["rights"].split(","))
        return Person(handle, row["subject_id"], rights, bool(row["active"]), row["named_by"])

    def may(self, handle: str, right: Right, subject: str | None, day: date | None = None) -> bool:
        """Is this an active person of this subject with this right? day: where a colleague's will do."""
        person = self.person(handle)
        if not (person and person.active and person.subject == subject):
            return False
        return right in person.rights or (day is not None and right in self.lent(person, day))

    def lent(self, person: Person, day: date) -> set[str]:
        """The rights that active colleagues handed to this person for a day."""
        lent = self._lent(person.handle, day, None)
        givers = [(row["handed"], self.person(row["person"])) for row in lent]
        return {
            right
            for right, giver in givers
            if giver and giver.active and giver.subject == person.subject and right in giver.rights
        }

    def hands(self, handle: str, right: Right, day: date, seq: int) -> set[str]:
        """Who acts when this person did something that needs a right, in entry `seq` of a day: they
        themselves, and those who lent it where they have none of their own."""
        person = self.person(handle)
        if person is None or right in person.rights:
            return {handle}
        lent = self._lent(handle, day, seq)
        return {handle} | {row["person"] for row in lent if row["handed"] == right}

    def _lent(self, handle: str, day: date, seq: int | None) -> list[Row]:
        """Delegations to somebody that hold on a day: now, or as of an entry."""
        return [
            row
            for row in self.some("delegation", substitute=handle)
            if row["since"] <= day and (row["until"] is None or day <= row["until"])
            if row["ended_seq"] is None or (seq is not None and row["ended_seq"] > seq)
            if seq is None or row["seq"] <= seq
        ]

    def authority(self, region: str) -> str | None:
        """The authority in charge of a region: its id."""
        own = region[:2] + "0000"
        return _first(self.some("subject", kind=SubjectKind.AUTHORITY, region=own))

    def ministry(self) -> str | None:
        return _first(self.some("subject", kind=SubjectKind.AUTHORITY, region=REGION_OF_ALL))

    def only(self, kind: SubjectKind) -> str | None:
        """The first subject of a kind: the registry, the exchange."""
        return _first(self.some("subject", kind=kind))


def _named(rows: Rows, row: tuple[Any, ...]) -> Row:
    return dict(zip(rows.columns, row, strict=True))


def _first(subjects: list[Row]) -> str | None:
    return min(subjects, key=lambda row: row["seq"])["id"] if subjects else None
