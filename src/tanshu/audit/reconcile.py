"""Reconciling: what the house keeps and shows, laid beside what the judge made of the log.

Per account and instrument: the judge's cells against the holdings shown, against the lines of transactions in
effect, against the holds of those that wait. Per row: the tables beside the log against what it tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from sqlalchemy import Connection, select, text

from tanshu.audit import checks, compare, settled
from tanshu.audit.business import Business
from tanshu.audit.business.facts import Facts
from tanshu.audit.judge import Judge
from tanshu.audit.report import Finding
from tanshu.base.refusal import RefusalKind, Refused
from tanshu.base.text import Text
from tanshu.book import image, projections
from tanshu.book.movements import Movements, holdings
from tanshu.book.records import POSITION_BITS
from tanshu.book.reference import ReferenceBook
from tanshu.book.snapshots import SNAPSHOT
from tanshu.book.told import ROW, Difference
from tanshu.log import store

Cell = tuple[int, int]

MOST = 100
"""Findings of one kind of comparison; whoever has so many looks at the cause, not at the list."""

_RUNNING = text(
    """
    SELECT account, instrument, position, available, held, available_sum, held_sum FROM (
        SELECT account, instrument, position, available, held,
            SUM(available_change) OVER so_far AS available_sum,
            SUM(held_change) OVER so_far AS held_sum
        FROM movement WHERE log = :log
        WINDOW so_far AS (PARTITION BY account, instrument ORDER BY position)
    ) AS summed
    WHERE available <> available_sum OR held <> held_sum
    ORDER BY account, instrument, position LIMIT :most
    """
)


def tables(conn: Connection, log: int, business: Business, seq: int) -> list[Finding]:
    """Where the stored tables are not what the log told up to entry `seq`, the newest of this snapshot."""
    apart = settled.differences(conn, business.facts.tables, business.settled, log, seq)
    try:
        return [_row(Facts(known), seq, one) for one, known in islice(apart, MOST)]
    except (Refused, KeyError, ValueError, TypeError) as error:  # the log tells what cannot be folded again
        return [Finding(seq, checks.CHANGES(seq=seq, why=str(error)), stands=True)]


def places(conn: Connection, log: int, after: int) -> list[int]:
    """The entries, later than `after`, at which something that the house keeps can be compared."""
    mark = projections.watermark(conn, Movements.name, log)
    taken = conn.execute(select(SNAPSHOT.c.seq).where(SNAPSHOT.c.log == log)).scalars()
    return sorted({seq for seq in (*taken, *([mark.tail.seq] if mark else [])) if seq > after})


def kept(conn: Connection, log: int, judge: Judge) -> list[Finding]:
    """What the house keeps as of the judge's newest entry: holdings it shows, a snapshot it starts from."""
    return [*_shown(conn, log, judge), *_snapshot(conn, log, judge)]


def foreign(conn: Connection, log: int) -> list[Finding]:
    """Movements that were followed along another history: their watermark is no entry of this log."""
    mark = projections.watermark(conn, Movements.name, log)
    if mark is None or store.hash_at(conn, log, mark.tail.seq) == mark.tail.hash:
        return []
    told = {"projection": Movements.name, "seq": mark.tail.seq}
    return [Finding(mark.tail.seq, checks.PROJECTED(**told), stands=True)]


def movements(conn: Connection, log: int, facts: Facts) -> list[Finding]:
    """Movements whose balance is not the sum of those up to them."""
    found: list[Finding] = []
    for account, instrument, at, available, held, a, h in conn.execute(_RUNNING, {"log": log, "most": MOST}):
        told = {
            "account": facts.code(account),
            "instrument": facts.instrument_code(instrument),
            "at": at >> POSITION_BITS,
            "found": (available, held),
            "expected": (int(a), int(h)),
        }
        found.append(Finding(at >> POSITION_BITS, checks.MOVED(**told), (account,), stands=True))
    return found


def lines(business: Business, reference: ReferenceBook, seq: int) -> list[Finding]:
    """Where a holding is not what its transactions come to, or a hold not what those that wait ask for."""
    if not business.is_register:
        return []
    amounts = {(a, i): available + held for a, i, available, held in reference.cells()}
    held = {(a, i): held for a, i, _, held in reference.cells()}
    facts = business.facts
    return [
        *_unequal(facts, seq, checks.UNEARNED, amounts, business.earned),
        *_unequal(facts, seq, checks.HELD_APART, held, business.waiting),
    ][:MOST]


def _shown(conn: Connection, log: int, judge: Judge) -> Iterator[Finding]:
    """The holdings that the house shows, where they are brought up to just here."""
    mark = projections.watermark(conn, Movements.name, log)
    here = (Movements.version, judge.tail.seq, judge.tail.hash)
    if mark is None or (mark.version, mark.tail.seq, mark.tail.hash) != here:
        return
    facts = judge.business.facts
    found = {(a, i): (available, held) for a, i, available, held in holdings(conn, log)}
    wanted = {(a, i): (available, held) for a, i, available, held in judge.reference.cells()}
    for account, instrument in sorted({cell for cell, _ in found.items() ^ wanted.items()})[:MOST]:
        told = {
            "account": facts.code(account),
            "instrument": facts.instrument_code(instrument),
            "found": found.get((account, instrument), (0, 0)),
            "expected": wanted.get((account, instrument), (0, 0)),
        }
        yield Finding(judge.tail.seq, checks.SHOWN(**told), (account,), stands=True)


def _snapshot(conn: Connection, log: int, judge: Judge) -> Iterator[Finding]:
    """A snapshot that the house would start from. One that is damaged is passed over, by the house, too."""
    here = (SNAPSHOT.c.log == log) & (SNAPSHOT.c.seq == judge.tail.seq)
    row = conn.execute(select(SNAPSHOT).where(here)).first()
    if row is None or bytes(row.hash) != judge.tail.hash:
        return
    try:
        state = image.decode(bytes(row.data))
    except ValueError:
        return
    if state.digest() != bytes(row.digest):
        return
    apart = list(islice(compare.differences(judge.reference, state), MOST))
    accounts = {int(str(one.facts["account"])): None for one in apart if "account" in one.facts}
    if apart:
        told = {"at": row.seq, "difference": Text(apart[0].sentence("zh"), apart[0].sentence("en"))}
        yield Finding(row.seq, checks.SNAPSHOT(**told), tuple(accounts), stands=True)


def _unequal(
    facts: Facts, seq: int, kind: RefusalKind, book: Mapping[Cell, int], lines: Mapping[Cell, int]
) -> Iterator[Finding]:
    for cell in sorted(book.keys() | lines.keys()):
        here, there = book.get(cell, 0), lines.get(cell, 0)
        if here != there:
            account, instrument = cell
            names = {"account": facts.code(account), "instrument": facts.instrument_code(instrument)}
            yield Finding(seq, kind(**names, book=here, lines=there), (account,), stands=True)


def _row(facts: Facts, seq: int, one: Difference) -> Finding:
    place = {"table": one.table, "key": ", ".join(map(str, one.key))}
    accounts = _accounts(facts, one)
    if one.column != ROW:
        values = {"column": one.column, "expected": one.expected, "found": one.found}
        return Finding(seq, checks.COLUMN(**place, **values), accounts, stands=True)
    kind = checks.ROW_ADDED if one.expected is None else checks.ROW_GONE
    return Finding(seq, kind(**place), accounts, stands=True)


def _accounts(facts: Facts, one: Difference) -> tuple[int, ...]:
    """The accounts whose holdings an altered row puts in doubt: its own, or those of its transaction."""
    if one.table in ("account", "account_block"):
        return (one.key[0],)
    if one.table in settled.CLAIM:
        return _of_claim(facts, one)
    if one.table not in settled.TRANSACTION:
        return ()
    lines = facts.some("transaction_line", transaction_id=one.key[0])
    if one.table == "transaction_line" and one.expected is None and one.column == ROW:
        lines.append(facts.named("transaction_line", one.found))
    return tuple(dict.fromkeys(row[side] for row in lines for side in ("debit", "credit")))


def _of_claim(facts: Facts, one: Difference) -> tuple[int, ...]:
    """The account on which a claim stands, by its row or that of one of its holds."""
    is_added = one.expected is None and one.column == ROW
    row = facts.named(one.table, one.found) if is_added else facts.one(one.table, *one.key)
    claim = facts.one("claim", row["claim_id"]) if row and "claim_id" in row else row
    return (claim["account"],) if claim else ()
