"""The reference kernel: the same rules, written to be obvious rather than fast. The audit uses it.

It shares with the fast kernel only the list of codes and the layout of a record. Dictionaries hold the state;
a record is asked all rules first and takes effect then; a chain that fails is undone by restoring the old
values of what it touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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

NO_DEBIT, NO_CREDIT = int(AccountFlag.NO_DEBIT), int(AccountFlag.NO_CREDIT)
OVERDRAFT, CLOSED = int(AccountFlag.OVERDRAFT), int(AccountFlag.CLOSED)


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
        # What is in circulation: everything that overdraft accounts are below zero.
        self.outstanding: dict[int, int] = {}
        self._touched: dict[int, set[int]] = {}  # account → instruments it ever had: where to look
        self._old: list[tuple[dict[Any, Any], Any, Any]] = []

    def apply(self, seq: int, rows: Iterable[tuple[int, ...]]) -> list[int]:
        """Apply one entry's records and answer one code each."""
        results: list[int] = []
        for chain in _chains([Record(*row) for row in rows]):
            results += self._chain(chain, seq, first=len(results))
        return results

    def take_effect(self, seq: int, rows: Iterable[tuple[int, ...]], results: Iterable[int]) -> int | None:
        """Let an older engine's entry take effect by its stored codes: code 0 means that it happened.

        Returns the first record that names what is not there (and so cannot have been accepted), or None.
        """
        for i, (row, code) in enumerate(zip(rows, results, strict=True)):
            record = Record(*row)
            if code == Code.OK:
                if not self._is_possible(record):
                    return i
                self._effect(record, position(seq, i))
        return None

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
        code = self._rules(r)
        if code == Code.OK:
            self._effect(r, here)
            if self._is_beyond_cap(r):
                return Code.CAP_EXCEEDED  # and the chain takes it back
        return code

    def _rules(self, r: Record) -> Code:
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
                return self._hold(r)
            case Op.CAPTURE:
                return self._capture(r)
            case Op.RELEASE:
                return self._release(r)
            case _:
                return Code.UNKNOWN_OPERATION

    def _effect(self, r: Record, here: int) -> None:
        """What an accepted record does."""
        match r.op:
            case Op.OPEN_ACCOUNT | Op.SET_FLAGS:
                self._set(self.accounts, r.debit, r.amount)
            case Op.DEFINE_INSTRUMENT:
                self._set(self.instruments, r.instrument, Instrument(r.amount, r.debit, r.credit))
            case Op.TRANSFER:
                self._give(r.debit, r.instrument, -r.amount)
                self._give(r.credit, r.instrument, r.amount)
            case Op.HOLD:
                self._give(r.debit, r.instrument, -r.amount)
                self._add(self.held, (r.debit, r.instrument), r.amount)
                self._set(self.holds, here, (r.debit, r.instrument, r.amount))
            case Op.CAPTURE:
                self._use_hold(r)
                self._give(r.credit, r.instrument, r.amount)
            case Op.RELEASE:
                self._use_hold(r)
                self._give(r.debit, r.instrument, r.amount)

    # -- rules: the first code that applies ----------------------------------------------------------------

    def _open_account(self, r: Record) -> Code:
        if r.instrument or r.credit or r.hold:
            return Code.RESERVED_FIELD
        if r.debit != len(self.accounts) or r.debit > ACCOUNT_MAX:
            return Code.NUMBER_NOT_NEXT
        if r.amount & ~(NO_DEBIT | NO_CREDIT | OVERDRAFT):
            return Code.FLAGS_INVALID
        return Code.OK

    def _set_flags(self, r: Record) -> Code:
        if r.instrument or r.credit or r.hold:
            return Code.RESERVED_FIELD
        if r.debit not in self.accounts:
            return Code.DEBIT_UNKNOWN
        old = self.accounts[r.debit]
        every = NO_DEBIT | NO_CREDIT | OVERDRAFT | CLOSED
        if r.amount & ~every or (r.amount & OVERDRAFT) != (old & OVERDRAFT):
            return Code.FLAGS_INVALID
        if old & CLOSED:
            return Code.DEBIT_CLOSED
        if r.amount & CLOSED and self._has_something(r.debit):
            return Code.ACCOUNT_NOT_EMPTY
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
        return _amount(r.amount) or Code.OK

    def _transfer(self, r: Record) -> Code:
        if r.hold:
            return Code.RESERVED_FIELD
        bad = self._names(r, r.credit) or _amount(r.amount) or self._sides(r.debit, r.credit)
        if bad:
            return bad
        if not self._is(r.debit, OVERDRAFT) and self._has(r) < r.amount:
            return Code.INSUFFICIENT_AVAILABLE
        return Code.OK

    def _hold(self, r: Record) -> Code:
        if r.hold or r.credit:
            return Code.RESERVED_FIELD
        bad = self._names(r) or _amount(r.amount) or self._sides(r.debit)
        if bad:
            return bad
        if self._is(r.debit, OVERDRAFT):
            return Code.HOLD_ON_OVERDRAFT
        return Code.INSUFFICIENT_AVAILABLE if self._has(r) < r.amount else Code.OK

    def _capture(self, r: Record) -> Code:
        return (
            self._names(r, r.credit)
            or _amount(r.amount)
            or self._sides(r.debit, r.credit, gave_before=True)
            or self._hold_is_good(r)
            or Code.OK
        )

    def _release(self, r: Record) -> Code:
        if r.credit:
            return Code.RESERVED_FIELD
        return self._names(r) or _amount(r.amount) or self._hold_is_good(r) or Code.OK

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
        if self._is(debit, CLOSED):
            return Code.DEBIT_CLOSED
        if credit is not None and self._is(credit, CLOSED):
            return Code.CREDIT_CLOSED
        if not gave_before and self._is(debit, NO_DEBIT):
            return Code.DEBIT_FORBIDDEN
        if credit is not None and self._is(credit, NO_CREDIT):
            return Code.CREDIT_FORBIDDEN
        return None

    def _hold_is_good(self, r: Record) -> Code | None:
        account, instrument, remaining = self.holds.get(r.hold, (0, 0, 0))
        if not remaining:
            return Code.HOLD_NOT_OPEN
        if (account, instrument) != (r.debit, r.instrument):
            return Code.HOLD_MISMATCH
        return Code.HOLD_EXCEEDED if r.amount > remaining else None

    def _is(self, account: int, flag: int) -> bool:
        return bool(self.accounts[account] & flag)

    def _has(self, r: Record) -> int:
        """What the giving account has available."""
        return self.available.get((r.debit, r.instrument), 0)

    def _has_something(self, account: int) -> bool:
        cells = [(account, instrument) for instrument in self._touched.get(account, ())]
        return any(self.available.get(cell) or self.held.get(cell) for cell in cells)

    def _is_beyond_cap(self, r: Record) -> bool:
        """Is more in circulation now than may be? Only an overdraft account can bring more into it."""
        from_source = r.op == Op.TRANSFER and self._is(r.debit, OVERDRAFT)
        return from_source and self.outstanding[r.instrument] > self.instruments[r.instrument].cap

    def _is_possible(self, r: Record) -> bool:
        """Does everything exist that this record names?"""
        if r.op == Op.OPEN_ACCOUNT:
            return r.debit == len(self.accounts)
        if r.op == Op.DEFINE_INSTRUMENT:
            return r.instrument == len(self.instruments)
        if r.op not in tuple(Op) or r.debit not in self.accounts or r.credit not in self.accounts:
            return False
        if r.op in (Op.CAPTURE, Op.RELEASE) and self.holds.get(r.hold, (0, 0, 0))[2] < r.amount:
            return False
        return r.op == Op.SET_FLAGS or r.instrument in self.instruments

    # -- changing, with a memory ---------------------------------------------------------------------------

    def _give(self, account: int, instrument: int, amount: int) -> None:
        """Change what is available, and with it what an overdraft account has brought into circulation."""
        cell = (account, instrument)
        if cell not in self.available:
            self._touched.setdefault(account, set()).add(instrument)
        before = self.available.get(cell, 0)
        self._set(self.available, cell, before + amount)
        if self._is(account, OVERDRAFT):
            below = max(0, -before - amount) - max(0, -before)
            self._set(self.outstanding, instrument, self.outstanding.get(instrument, 0) + below)

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

    # -- kept and taken up again -----------------------------------------------------------------------------

    @classmethod
    def of(
        cls,
        accounts: Mapping[int, int],
        instruments: Mapping[int, Instrument],
        cells: Iterable[tuple[int, int, int, int]],
        holds: Iterable[tuple[int, int, int, int]],
    ) -> ReferenceBook:
        """The book of which these are the accounts, the instruments, `cells()` and `open_holds()`."""
        book = cls()
        book.accounts, book.instruments = dict(accounts), dict(instruments)
        for account, instrument, available, held in cells:
            book._give(account, instrument, available)
            book.held[account, instrument] = held
        book.holds = {at: (account, instrument, left) for at, account, instrument, left in holds}
        book._old = []
        return book

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
