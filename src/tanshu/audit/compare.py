"""Two states of one book, compared cell by cell: the obvious one and the fast one."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import TypeVar

from tanshu.audit import checks
from tanshu.base.refusal import Refusal
from tanshu.book.records import AccountFlag
from tanshu.book.reference import ReferenceBook
from tanshu.book.state import State

K = TypeVar("K", bound=Hashable)


def differences(reference: ReferenceBook, fast: State) -> Iterator[Refusal]:
    """Everything in which the two disagree: accounts, instruments, cells, holds."""
    flags = {account: fast.flags(account) for account in range(fast.accounts)}
    for account, wanted, found in _unequal(reference.accounts, flags):
        yield checks.ACCOUNT(account=account, reference=wanted, kernel=found)
    defined = {number: fast.instrument_facts(number) for number in range(fast.instruments)}
    for number, wanted, found in _unequal(_instruments(reference), defined):
        yield checks.INSTRUMENT(instrument=number, reference=wanted, kernel=found)
    cells = {(c.account, c.instrument): (c.available, c.held) for c in fast.cells()}
    for (account, number), wanted, found in _unequal(
        {(a, i): (available, held) for a, i, available, held in reference.cells()}, cells
    ):
        yield checks.CELL(account=account, instrument=number, reference=wanted, kernel=found)
    holds = {h.position: (h.account, h.instrument, h.remaining) for h in fast.holds()}
    for at, wanted, found in _unequal({at: (a, i, r) for at, a, i, r in reference.open_holds()}, holds):
        yield checks.HOLD(position=at, reference=wanted, kernel=found)


def conservation(reference: ReferenceBook) -> dict[int, int]:
    """Σ(available + held) over all accounts, per instrument."""
    totals = dict.fromkeys(reference.instruments, 0)
    for _, instrument, available, held in reference.cells():
        totals[instrument] = totals.get(instrument, 0) + available + held
    return totals


def _instruments(reference: ReferenceBook) -> dict[int, tuple[int, int, int, int]]:
    """(cap, scale, serialised, outstanding): outstanding is what overdraft accounts are below zero."""
    outstanding = dict.fromkeys(reference.instruments, 0)
    for account, number, available, _ in reference.cells():
        if reference.accounts[account] & AccountFlag.OVERDRAFT:
            outstanding[number] += max(0, -available)
    return {
        number: (facts.cap, facts.scale, facts.serialised, outstanding[number])
        for number, facts in reference.instruments.items()
    }


def _unequal(wanted: Mapping[K, object], found: Mapping[K, object]) -> Iterator[tuple[K, object, object]]:
    for key in sorted(wanted.keys() | found.keys()):  # type: ignore[type-var]
        if wanted.get(key) != found.get(key):
            yield key, wanted.get(key), found.get(key)
