"""What a market's session holds: on whose cells it may, since when, and when it lets go."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date

from tanshu.audit.business.entries import Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.business.verbs import CLOSE_DAY, OPEN_DAY

SESSION = "session"
SETTLEMENT = "trade-settlement"
OPEN = "open"


def is_in_order(facts: Facts, done: Done, was: Row | None, row: Row, touched: Collection[int]) -> bool:
    """May a session's claim be entered, or shrink, in this entry? touched: accounts of its transactions.

    It stands on a participant's cell, for a day of that market. It begins with the opening, or by what comes
    into the cell while the day is open or its settlement is under way; it lets go at the close, or for a
    transaction that takes from the cell.
    """
    session = _session(facts, row)
    if session is None or row["cls"] != SESSION or not _is_a_participants(facts, session, row["account"]):
        return False
    if row["account"] in touched:
        return was is not None or session["state"] == OPEN or _is_owed(facts, session, row)
    if was is None:
        return done.entry.command == OPEN_DAY and session["opened_seq"] == done.seq
    return done.entry.command == CLOSE_DAY and session["closed_seq"] == done.seq


def is_owed(facts: Facts, row: Row) -> bool:
    """Is it a session's claim on what its closed day still owes?"""
    session = _session(facts, row) if row["cls"] == SESSION else None
    return session is not None and session["state"] != OPEN and _is_owed(facts, session, row)


def is_of_a_trade(facts: Facts, row: Row) -> bool:
    """Is it what the settlement of a market's trade holds?"""
    found = facts.one("registry_transaction", row["transaction_id"])
    return found is not None and found["type"] == SETTLEMENT and "market" in json.loads(found["details"])


def _session(facts: Facts, row: Row) -> Row | None:
    """The day of a market that a session's claim names."""
    market, _, day = row["transaction_id"].rpartition(" ")
    found = facts.some("market", name=market)
    return facts.one("market_day", found[0]["log"], date.fromisoformat(day)) if found else None


def _is_a_participants(facts: Facts, session: Row, account: int) -> bool:
    here = ("units_account", "cash_account")
    return any(facts.some("market_party", log=session["log"], **{side: account}) for side in here)


def _is_owed(facts: Facts, session: Row, row: Row) -> bool:
    """Does the closed day still owe as much from this cell as is held for it?"""
    due = facts.one("market_due", session["log"], session["day"], row["account"], row["instrument"])
    cell = {"account": row["account"], "instrument": row["instrument"]}
    held = sum(one["held"] for one in facts.some("claim", transaction_id=row["transaction_id"], **cell))
    return due is not None and held <= due["left"] + due["fees"]
