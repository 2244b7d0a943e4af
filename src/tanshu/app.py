"""An installation put together: which rooms there are, and how one is founded and opened."""

from __future__ import annotations

from dataclasses import dataclass

from tanshu import migrations
from tanshu.base import steps
from tanshu.base.clock import Clock, system_clock
from tanshu.base.database import Database
from tanshu.base.ids import key_from_text
from tanshu.base.refusal import Refusal, Refused, need, refusal
from tanshu.book import checkpoints, eras, movements, projections, serials, snapshots, trees
from tanshu.book.commit import Act, Book, Context, Outcome
from tanshu.book.movements import Movements
from tanshu.book.projections import Projection
from tanshu.book.serials import Serials
from tanshu.book.trees import Trees
from tanshu.clearing import room as clearing_room
from tanshu.clearing import tables as clearing_tables
from tanshu.clearing.bank import tables as bank_tables
from tanshu.clearing.objections import tables as clearing_objection_tables
from tanshu.clearing.shortfall import tables as shortfall_tables
from tanshu.clearing.statements import tables as statement_tables
from tanshu.compliance import duty_tables, upload_tables
from tanshu.compliance import room as compliance_room
from tanshu.compliance import tables as compliance_tables
from tanshu.exchange import tables as exchange_tables
from tanshu.exchange.auctions import tables as auction_tables
from tanshu.exchange.bridge import room as exchange_room
from tanshu.exchange.bridge import tables as bridge_tables
from tanshu.exchange.figures import tables as figure_tables
from tanshu.exchange.published import tables as published_tables
from tanshu.exchange.supervision import tables as supervision_tables
from tanshu.log import store
from tanshu.log.checks import NOT_INITIALISED
from tanshu.mrv import output_tables as mrv_output_tables
from tanshu.mrv import tables as mrv_tables
from tanshu.parties import queries as parties
from tanshu.parties import tables as party_tables
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Establish, NewPerson, Right, SubjectKind
from tanshu.parties.onboarding import tables as onboarding_tables
from tanshu.parties.service import check_before_closing, establish
from tanshu.registry import inquiry_tables, notice_tables, rooms, search_index
from tanshu.registry import room as registry_room
from tanshu.registry import tables as registry_tables
from tanshu.registry.encumbrances import tables as claim_tables
from tanshu.registry.search_index import SubjectIndex
from tanshu.registry.types import TYPES
from tanshu.rules import packs

DECLARE_TABLES = (
    steps,
    store,
    projections,
    snapshots,
    movements,
    serials,
    trees,
    checkpoints,
    party_tables,
    onboarding_tables,
    registry_tables,
    claim_tables,
    search_index,
    inquiry_tables,
    notice_tables,
    mrv_tables,
    mrv_output_tables,
    compliance_tables,
    upload_tables,
    duty_tables,
    exchange_tables,
    bridge_tables,
    auction_tables,
    published_tables,
    figure_tables,
    supervision_tables,
    clearing_tables,
    shortfall_tables,
    clearing_objection_tables,
    bank_tables,
    statement_tables,
)
"""Importing these modules is what puts every room's tables into the one metadata."""

PROJECTIONS: tuple[type[Projection], ...] = (Movements, Serials, Trees, SubjectIndex)
"""What follows the log and can be built anew from it."""

OTHER_VERSION = refusal(
    "APP-1001",
    "数据库 {url} 的表结构版本为 {known},本程序需要 {needed}。请使用与之对应的程序版本。",
    "The tables of {url} are of revision {known}; this program needs {needed}. Use the version that made it.",
)

FIRST_PEOPLE = (
    NewPerson("registry-maker-1", ("maker",)),
    NewPerson("registry-checker-1", ("checker",)),
    NewPerson("registry-checker-2", ("checker",)),
)


@dataclass(frozen=True, slots=True)
class Installation:
    """One running market: its database and its book."""

    database: Database
    book: Book

    def context(
        self,
        actor: str,
        key: bytes,
        *,
        clock: Clock = system_clock,
        reason: str = "",
        allow_draft: bool = False,
    ) -> Context:
        return Context(self.book, actor, key, clock=clock, reason=reason, allow_draft=allow_draft)

    def close(self) -> None:
        self.book.keep_snapshot()
        self.database.close()


def wire() -> None:
    """Register every room's checks with the register. A type whose room is missing is a bug, found here."""
    for room, closing in (
        (registry_room.ROOM, registry_room.check_closing),
        (compliance_room.ROOM, compliance_room.check_closing),
    ):
        rooms.register(room)
        check_before_closing(room.name, closing)
    exchange_room.take_part()
    clearing_room.take_part()
    missing = {row.room for row in TYPES.values()} - set(rooms.registered())
    assert not missing, f"no room registered for {missing}"


def found(
    url: str,
    *,
    name: str = "tanshu",
    jurisdiction: str = "cn",
    registry_name: str = "登记结算机构",
    clock: Clock = system_clock,
) -> Installation:
    """Make the tables, the genesis entry and the register itself. On an existing one: opens it."""
    wire()
    need(packs.load(f"{jurisdiction}.registry"))
    database = Database.open(url, create=True)
    try:
        return _found(database, name, Establish(jurisdiction, "registry", registry_name, FIRST_PEOPLE), clock)
    except BaseException:
        database.close()
        raise


def open_installation(url: str) -> Installation:
    """Open what `found` made.

    Raises Refused BASE-1101 (no database), LOG-1002 (no book in it), APP-1001 (tables of another version).
    """
    wire()
    database = Database.open(url)
    try:
        with database.read() as conn:
            _check_revision(database, migrations.revision(conn))
            if parties.setting(conn, "jurisdiction") is None:
                raise Refused(NOT_INITIALISED(field="db"))
        return Installation(database, Book(database))
    except BaseException:
        database.close()
        raise


def begin_era(ctx: Context) -> Outcome:
    """Begin a new era of the log under this program's engine. The register's checkers may order it."""

    def may(act: Act) -> Refusal | None:
        found = may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY)
        return found if isinstance(found, Refusal) else None

    return eras.begin(ctx, may)


def _found(database: Database, name: str, command: Establish, clock: Clock) -> Installation:
    with database.read() as conn:
        known = migrations.revision(conn)
    if known is None:
        migrations.upgrade(database)
    else:
        _check_revision(database, known)
    book = Book(database)
    book.create(name, clock())
    key = key_from_text(f"establish {command.jurisdiction}")
    need(establish(Context(book, "tanshu", key, clock=clock), command))
    return Installation(database, book)


def _check_revision(database: Database, known: str | None) -> None:
    if known is None:
        raise Refused(NOT_INITIALISED(field="db"))
    if known != migrations.HEAD:
        raise Refused(OTHER_VERSION(field="db", url=database.url, known=known, needed=migrations.HEAD))
