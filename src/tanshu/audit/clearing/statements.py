"""Everybody's statement of a day, worked out again from the book: balances, and that they add up.

The trades in them are laid beside the markets' own logs (`market/amounts.py`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

from tanshu.audit.business.entries import Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.business.verbs import STATE
from tanshu.audit.clearing import checks
from tanshu.audit.report import Finding
from tanshu.base.canonical import canonical, digest
from tanshu.parties.model import AccountKind
from tanshu.registry.types import InstrumentKind

STATEMENT, HOLDING = "clearing_statement", "clearing_holding"
CAME = ("cash_in", "other", "sells", "late_sells", "failed_buys", "failed_fees")
WENT = (
    *("cash_out", "buys", "late_buys", "failed_sells", "late_fees"),
    *("buy_fee", "sell_fee", "settlement_fee"),
)
"""Columns that raise, and that lower, what somebody has."""
Cell = tuple[int, int]


def judge(total: Mapping[Cell, int], held: Mapping[Cell, int], facts: Facts, done: Done) -> Iterator[Finding]:
    """total, held: what each cell comes to, and what of it is held. facts: after the entry."""
    if done.entry.command != STATE:
        return
    for day, now in ((row["day"], row) for row in facts.some("clearing_day", stated_seq=done.seq)):
        rows = {row["subject_id"]: row for row in facts.some(STATEMENT, day=day)}
        people = _people(facts)
        for subject in sorted(rows.keys() ^ people.keys()):
            yield _wrong(facts, done, day, subject, "statement", int(subject in rows), 1)
        before = _closings(facts, day)
        for subject, row in rows.items():
            for what, found, expected in _money(row, before.get(subject), people, total, held, facts):
                if found != expected:
                    yield _wrong(facts, done, day, subject, what, found, expected)
        yield from _units(facts, done, day, people, total, held)
        if now["statements_hash"] != _hash(facts, day, rows):
            yield _wrong(facts, done, day, "", "hash", now["statements_hash"], _hash(facts, day, rows))


# -- money and units ---------------------------------------------------------------------------------------


def _people(facts: Facts) -> dict[str, tuple[int, int]]:
    """Whoever takes part in a market: the accounts for money and for units."""
    found: dict[str, tuple[int, int]] = {}
    for row in facts.some("market_party"):
        found.setdefault(row["subject_id"], (row["cash_account"], row["units_account"]))
    return found


def _closings(facts: Facts, day: Any) -> Mapping[str, int]:
    """What everybody had at the statements before; nothing, where these are the first."""
    days = [row["day"] for row in facts.some("clearing_day") if row["stated_seq"] and row["day"] < day]
    last = facts.some(STATEMENT, day=max(days)) if days else []
    return {row["subject_id"]: row["closing"] for row in last}


def _money(
    row: Row,
    before: int | None,
    people: Mapping[str, tuple[int, int]],
    total: Mapping[Cell, int],
    held: Mapping[Cell, int],
    facts: Facts,
) -> Iterator[tuple[str, int, int]]:
    """(what, found, expected) of one statement's balances."""
    (money,) = {one["currency"] for one in facts.some("market")}
    cell = (people.get(row["subject_id"], (-1, -1))[0], money)
    yield "closing", row["closing"], total.get(cell, 0)
    yield "held", row["held"], held.get(cell, 0)
    yield "available", row["available"], total.get(cell, 0) - held.get(cell, 0)
    change = sum(row[name] for name in CAME) - sum(row[name] for name in WENT)
    yield "opening", row["opening"], row["closing"] - change if before is None else before
    yield "closing", row["closing"], row["opening"] + change


def _units(
    facts: Facts,
    done: Done,
    day: Any,
    people: Mapping[str, tuple[int, int]],
    total: Mapping[Cell, int],
    held: Mapping[Cell, int],
) -> Iterator[Finding]:
    """Every instrument that somebody has, in the account it is traded from and in the other one."""
    told = {(row["subject_id"], row["instrument"]): row for row in facts.some(HOLDING, day=day)}
    kinds = [row["number"] for row in _instruments(facts)]
    for subject, (_, units) in people.items():
        registered = facts.some("account", subject_id=subject, kind=AccountKind.REGISTRATION)
        own = (units, registered[0]["number"] if registered else -1)
        for what in kinds:
            cells = [(account, what) for account in own]
            expected = tuple(
                n for cell in cells for n in (total.get(cell, 0) - held.get(cell, 0), held.get(cell, 0))
            )
            row = told.pop((subject, what), None)
            names = ("trading_available", "trading_held", "registration_available", "registration_held")
            found = tuple(row[name] for name in names) if row else (0, 0, 0, 0)
            if found != expected:
                yield _wrong(facts, done, day, subject, facts.instrument_code(what), found, expected)
    for subject, what in told:
        yield _wrong(facts, done, day, subject, facts.instrument_code(what), "a row", "none")


def _instruments(facts: Facts) -> Iterator[Row]:
    return (row for row in facts.some("instrument") if row["kind"] != InstrumentKind.CASH)


# -- the hash ----------------------------------------------------------------------------------------------


def _hash(facts: Facts, day: Any, rows: Mapping[str, Row]) -> str:
    """SHA-256 over who has a statement and over every column of both tables, each part with its length."""
    subjects = sorted(rows)
    place = {subject: n for n, subject in enumerate(subjects)}
    held = sorted(
        (place.get(row["subject_id"], -1), *list(row.values())[2:]) for row in facts.some(HOLDING, day=day)
    )
    money = [list(rows[subject].values())[2:] for subject in subjects]
    columns = [*(zip(*money, strict=True)), *(zip(*held, strict=True) if held else ((),) * 6)]
    parts = [canonical([day, subjects]), *(b"".join(map(_NUMBER.pack, column)) for column in columns)]
    return digest(b"".join(len(part).to_bytes(8, "little") + part for part in parts)).hex()


_NUMBER = struct.Struct("<q")


def _wrong(
    facts: Facts, done: Done, day: Any, subject: str, what: str, found: object, expected: object
) -> Finding:
    row = facts.subject(subject)
    told = {"subject": row["handle"] if row else subject or "-", "what": what}
    return done.find(checks.STATEMENT, book=done.seq, day=day, **told, found=found, expected=expected)
