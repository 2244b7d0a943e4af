"""头寸划拨: what a settled day changes in the books of the settlement banks, and what banks owe each other.

A participant's money lies at its bank, in a sub-ledger of the special account. When it is settled, who was
paid may keep its money at another bank than who paid: so each bank is told what changed in its sub-ledgers,
and the banks are levelled, as few transfers as there are banks and one less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from tanshu.base.refusal import need
from tanshu.book import records
from tanshu.book.commit import Act
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.bank.gateway import Kind
from tanshu.clearing.bank.model import InstructionState
from tanshu.clearing.bank.service import instruct_ledgers, instruct_position
from tanshu.clearing.bank.tables import BANK_INSTRUCTION
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.registry.types import TYPES

TAG = TYPES["bank-position"].number


def book(act: Act, day: date, moved: Mapping[int, Mapping[int, int]]) -> int:
    """Tell the banks what settlement changed, and level their positions in the book and by instructions.

    moved: what this command moves besides, by currency and account, fen. Returns how many positions moved.
    Refuses with CLR-3001: somebody's money lies at no bank.
    """
    count = _asked_again(act, day)
    for currency, by_account in moved.items():
        need(instruct_ledgers(act, day, currency, by_account))
        needed = need(banks.positions(act.conn, act.state, currency, by_account))
        for payer, receiver, amount in levelled(needed):
            gives, gets = _special_account(act, receiver), _special_account(act, payer)
            act.record(records.transfer(gives, gets, currency, amount, tag=TAG))
            instruct_position(act, day, payer, receiver, currency, amount)
            count += 1
    return count


def levelled(needed: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    """(payer, receiver, fen) that bring every bank what it needs, in the order of the banks.

    needed: what each bank must receive, below zero what it must pay; together zero.
    """
    assert sum(needed.values()) == 0, "what settlement moves stays among the banks' clients"
    owes = [(bank, -fen) for bank, fen in sorted(needed.items()) if fen < 0]
    gets = [(bank, fen) for bank, fen in sorted(needed.items()) if fen > 0]
    while owes and gets:
        (payer, debt), (receiver, claim) = owes[0], gets[0]
        amount = min(debt, claim)
        yield payer, receiver, amount
        owes[:1] = [(payer, debt - amount)] if debt > amount else []
        gets[:1] = [(receiver, claim - amount)] if claim > amount else []


def _asked_again(act: Act, day: date) -> int:
    """A position that its bank refused is in the book and still owed: it is instructed anew."""
    refused = banks.instructions(act.conn, state=InstructionState.REFUSED)
    again = [row for row in refused if row.kind == Kind.POSITION]
    for row in again:
        id = instruct_position(act, day, row.bank_id, row.other_id, row.instrument, row.amount)
        act.update(BANK_INSTRUCTION, {"id": row.id}, state=InstructionState.RETURNED, returned_id=id)
    return len(again)


def _special_account(act: Act, bank: str) -> int:
    """The book's account of a bank: below zero by what its special account holds."""
    account = parties.account_of(act.conn, bank, AccountKind.BANK)
    assert account is not None, bank
    return account.number
