"""The reference kernel: the same rules, written to be obvious rather than fast. The audit uses it.

It shares with the fast kernel only the list of codes and the layout of a record. Dictionaries hold the state;
a chain that fails is undone by restoring a copy of what it touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tanshu.book.codes import Code
from tanshu.book.records import (
    ACCOUNT_MAX,
    AMOUNT_MAX,
    INSTRUMENT_MAX,
    LINKED,
    SCALE_MAX,
    AccountFlag,
    Op,
    position,
)


class Instrument(NamedTuple):
    cap: int
    scale: int
    serialised: int


class Record(NamedTuple):
    op: int
    flags: int
    instrument: int
    debit: int
    credit: int
    amount: int
    hold: int
    tag: int
    reserved: int
    extra: int


class ReferenceBook:
    """accounts: number → flags. cells: (account, instrument) → [available, held]. holds: position → state."""

    def __init__(self) -> None:
        self.accounts: dict[int, int] = {}
        self.instruments: dict[int, Instrument] = {}
        self.available: dict[tuple[int, int], int] = {}
        self.held: dict[tuple[int, int], int] = {}
        self.holds: dict[int, tuple[int, int, int]] = {}  # position → (account, instrument, remaining)
        self._old: list[tuple[dict[Any, Any], Any, Any]] = []

    def apply(self, seq: int, rows: Iterable[tuple[int, ...]]) -> list[int]:
        """Apply one entry's records and answer one code each."""
        results: list[int] = []
        for chain in _chains([Record(*row) for row in rows]):
            results += self._chain(chain, seq, first=len(results))
        return results

    def _chain(self, chain: list[Record], seq: int, first: int) -> list[int]:
        """A chain succeeds or fails as one: the first failure keeps its code, the others say CHAIN_FAILED."""
        self._old = []
        for n, record in enumerate(chain):
            code = self._record(record, position(seq, first + n))
            if record.flags & LINKED and n == len(chain) - 1:
                code = Code.CHAIN_OPEN
            if code != Code.OK:
                self._restore()
                answer = [int(Code.CHAIN_FAILED)] * len(chain)
                answer[n] = int(code)
                if chain[-1].flags & LINKED:
                    answer[-1] = int(Code.CHAIN_OPEN)
                return answer
        return [int(Code.OK)] * len(chain)

    def _record(self, r: Record, here: int) -> Code:
        if r.flags & ~LINKED or r.reserved or r.extra:
            return Code.RESERVED_FIELD
        match r.op:
            case Op.OPEN_ACCOUNT:
                return self._open_account(r)
            case Op.SET_FLAGS:
                return self._set_flags(r)
            case Op.DEFINE_INSTRUMENT:
                return self._define_instrument(r)
            case Op.TRANSFER:
                return self._transfer(r)
            case Op.HOLD:
                return self._hold(r, here)
            case Op.CAPTURE:
                return self._capture(r)
            case Op.RELEASE:
                return self._release(r)
            case _:
                return Code.UNKNOWN_OPERATION

    # -- operations ----------------------------------------------------------------------------------------

    def _open_account(self, r: Record) -> Code:
        if r.instrument or r.credit or r.hold:
            return Code.RESERVED_FIELD
        if r.debit != len(self.accounts) or r.debit > ACCOUNT_MAX:
            return Code.NUMBER_NOT_NEXT
        allowed = AccountFlag.NO_DEBIT | AccountFlag.NO_CREDIT | AccountFlag.OVERDRAFT
        if r.amount & ~int(allowed):
            return Code.FLAGS_INVALID
        self._set(self.accounts, r.debit, r.amount)
        return Code.OK

    def _set_flags(self, r: Record) -> Code:
        if r.instrument or r.credit or r.hold:
            return Code.RESERVED_FIELD
        if r.debit not in self.accounts:
            return Code.DEBIT_UNKNOWN
        old = self.accounts[r.debit]
        every = AccountFlag.NO_DEBIT | AccountFlag.NO_CREDIT | AccountFlag.OVERDRAFT | AccountFlag.CLOSED
        if r.amount & ~int(every) or (r.amount & AccountFlag.OVERDRAFT) != (old & AccountFlag.OVERDRAFT):
            return Code.FLAGS_INVALID
        if old & AccountFlag.CLOSED:
            return Code.DEBIT_CLOSED
        if r.amount & AccountFlag.CLOSED and self._has_something(r.debit):
            return Code.ACCOUNT_NOT_EMPTY
        self._set(self.accounts, r.debit, r.amount)
        return Code.OK

    def _define_instrument(self, r: Record) -> Code:
        if r.hold:
            return Code.RESERVED_FIELD
        if r.instrument != len(self.instruments) or r.instrument > INSTRUMENT_MAX:
            return Code.NUMBER_NOT_NEXT
        if r.credit not in (0, 1):
            return Code.FLAGS_INVALID
        if r.debit > SCALE_MAX:
            return Code.SCALE_INVALID
        if bad := _amount(r.amount):
            return bad
        self._set(self.instruments, r.instrument, Instrument(r.amount, r.debit, r.credit))
        return Code.OK

    def _transfer(self, r: Record) -> Code:
        if r.hold:
            return Code.RESERVED_FIELD
        bad = self._names(r, r.credit) or _amount(r.amount) or self._sides(r.debit, r.credit)
        if bad:
            return bad
        gives, gets = (r.debit, r.instrument), (r.credit, r.instrument)
        if not self._is(r.debit, AccountFlag.OVERDRAFT) and self.available.get(gives, 0) < r.amount:
            return Code.INSUFFICIENT_AVAILABLE
        old = (self.available.get(gives, 0), self.available.get(gets, 0))
        self._add(self.available, gives, -r.amount)
        self._add(self.available, gets, r.amount)
        # Only an overdraft account can bring more into circulation.
        if (
            self._is(r.debit, AccountFlag.OVERDRAFT)
            and self._outstanding(r.instrument) > self.instruments[r.instrument].cap
        ):
            self.available[gives], self.available[gets] = old
            return Code.CAP_EXCEEDED
        return Code.OK

    def _hold(self, r: Record, here: int) -> Code:
        if r.hold or r.credit:
            return Code.RESERVED_FIELD
        bad = self._names(r) or _amount(r.amount) or self._sides(r.debit)
        if bad:
            return bad
        if self._is(r.debit, AccountFlag.OVERDRAFT):
            return Code.HOLD_ON_OVERDRAFT
        cell = (r.debit, r.instrument)
        if self.available.get(cell, 0) < r.amount:
            return Code.INSUFFICIENT_AVAILABLE
        self._add(self.available, cell, -r.amount)
        self._add(self.held, cell, r.amount)
        self._set(self.holds, here, (r.debit, r.instrument, r.amount))
        return Code.OK

    def _capture(self, r: Record) -> Code:
        bad = (
            self._names(r, r.credit)
            or _amount(r.amount)
            or self._sides(r.debit, r.credit, gave_before=True)
            or self._hold_is_good(r)
        )
        if bad:
            return bad
        self._use_hold(r)
        self._add(self.available, (r.credit, r.instrument), r.amount)
        return Code.OK

    def _release(self, r: Record) -> Code:
        if r.credit:
            return Code.RESERVED_FIELD
        bad = self._names(r) or _amount(r.amount) or self._hold_is_good(r)
        if bad:
            return bad
        self._use_hold(r)
        self._add(self.available, (r.debit, r.instrument), r.amount)
        return Code.OK

    # -- checks --------------------------------------------------------------------------------------------

    def _names(self, r: Record, credit: int | None = None) -> Code | None:
        if r.debit not in self.accounts:
            return Code.DEBIT_UNKNOWN
        if credit is not None and credit not in self.accounts:
            return Code.CREDIT_UNKNOWN
        if r.instrument not in self.instruments:
            return Code.INSTRUMENT_UNKNOWN
        return Code.SAME_ACCOUNT if r.debit == credit else None

    def _sides(self, debit: int, credit: int | None = None, *, gave_before: bool = False) -> Code | None:
        if self._is(debit, AccountFlag.CLOSED):
            return Code.DEBIT_CLOSED
        if credit is not None and self._is(credit, AccountFlag.CLOSED):
            return Code.CREDIT_CLOSED
        if not gave_before and self._is(debit, AccountFlag.NO_DEBIT):
            return Code.DEBIT_FORBIDDEN
        if credit is not None and self._is(credit, AccountFlag.NO_CREDIT):
            return Code.CREDIT_FORBIDDEN
        return None

    def _hold_is_good(self, r: Record) -> Code | None:
        account, instrument, remaining = self.holds.get(r.hold, (0, 0, 0))
        if not remaining:
            return Code.HOLD_NOT_OPEN
        if (account, instrument) != (r.debit, r.instrument):
            return Code.HOLD_MISMATCH
        return Code.HOLD_EXCEEDED if r.amount > remaining else None

    def _is(self, account: int, flag: AccountFlag) -> bool:
        return bool(self.accounts[account] & flag)

    def _has_something(self, account: int) -> bool:
        both = (self.available, self.held)
        return any(amount for mapping in both for (a, _), amount in mapping.items() if a == account)

    def _outstanding(self, instrument: int) -> int:
        """What is in circulation: everything that overdraft accounts are below zero."""
        return sum(
            -amount
            for (account, of), amount in self.available.items()
            if of == instrument and amount < 0 and self._is(account, AccountFlag.OVERDRAFT)
        )

    # -- changing, with a memory ---------------------------------------------------------------------------

    def _use_hold(self, r: Record) -> None:
        account, instrument, remaining = self.holds[r.hold]
        self._set(self.holds, r.hold, (account, instrument, remaining - r.amount))
        self._add(self.held, (r.debit, r.instrument), -r.amount)

    def _add(self, mapping: dict[tuple[int, int], int], key: tuple[int, int], amount: int) -> None:
        self._set(mapping, key, mapping.get(key, 0) + amount)

    def _set(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:
        self._old.append((mapping, key, mapping.get(key)))
        mapping[key] = value

    def _restore(self) -> None:
        for mapping, key, old in reversed(self._old):
            if old is None:
                mapping.pop(key, None)
            else:
                mapping[key] = old
        self._old = []

    # -- comparing -----------------------------------------------------------------------------------------

    def cells(self) -> list[tuple[int, int, int, int]]:
        """Every non-zero cell: (account, instrument, available, held), sorted."""
        keys = sorted(self.available.keys() | self.held.keys())
        rows = [(a, i, self.available.get((a, i), 0), self.held.get((a, i), 0)) for a, i in keys]
        return [row for row in rows if row[2] or row[3]]

    def open_holds(self) -> list[tuple[int, int, int, int]]:
        """Every open hold: (position, account, instrument, remaining), oldest first."""
        return [(at, a, i, left) for at, (a, i, left) in sorted(self.holds.items()) if left]


def _chains(records: list[Record]) -> Iterator[list[Record]]:
    chain: list[Record] = []
    for record in records:
        chain.append(record)
        if not record.flags & LINKED:
            yield chain
            chain = []
    if chain:
        yield chain


def _amount(amount: int) -> Code | None:
    if amount <= 0:
        return Code.AMOUNT_NOT_POSITIVE
    return Code.AMOUNT_TOO_LARGE if amount > AMOUNT_MAX else None
