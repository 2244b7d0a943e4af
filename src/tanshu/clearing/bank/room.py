"""What the banks do in the register: money goes by a subject's own bank; what is withdrawn is paid."""

from __future__ import annotations

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act
from tanshu.clearing.bank import checks, queries, service
from tanshu.clearing.bank.gateway import Kind
from tanshu.clearing.bank.model import STATE_LABELS, InstructionState
from tanshu.clearing.bank.service import GIVES_BACK
from tanshu.clearing.bank.tables import BANK_INSTRUCTION
from tanshu.parties import queries as parties
from tanshu.parties.model import Account, AccountKind
from tanshu.registry import rooms
from tanshu.registry.model import Proposed, SidedLine
from tanshu.registry.rooms import Watcher

DEPOSIT, WITHDRAWAL = "cash-deposit", "cash-withdrawal"


def take_part() -> None:
    """From now on the register's transactions of money are seen by the banks' side."""
    rooms.watch(WATCHER)


def before(act: Act, proposed: Proposed) -> Refusal | None:
    """Money comes and goes by the bank that keeps it; what is given back was refused."""
    for line in proposed.lines:
        refused = _by_own_bank(act, line)
        if refused:
            return refused
    return _gives_back(act, proposed)


def taking(act: Act, proposed: Proposed) -> Refusal | None:
    """Nothing is given back twice, however many proposals wait."""
    return _gives_back(act, proposed)


def effected(act: Act, proposed: Proposed) -> None:
    if proposed.type.code == WITHDRAWAL:
        for line in proposed.lines:
            bank_id, what = line.credit.subject_id, line.instrument.number
            service.instruct_payout(act, bank_id, line.debit, what, line.quantity, proposed.id)
    id = _given_back(proposed)
    if id is not None:
        facts = {"state": InstructionState.RETURNED, "returned_id": proposed.id}
        act.update(BANK_INSTRUCTION, {"id": id}, **facts)


WATCHER = Watcher("clearing-bank", before=before, taking=taking, effected=effected)


# -- steps -------------------------------------------------------------------------------------------------


def _by_own_bank(act: Act, line: SidedLine) -> Refusal | None:
    sides = (line.debit, line.credit)
    at = next((one for one in sides if one.kind is AccountKind.BANK), None)
    whose = next((one for one in sides if one.kind is not AccountKind.BANK), None)
    if at is None or whose is None:
        return None
    bound = queries.bound_to(act.conn, whose.subject_id)
    return None if bound in (None, at.subject_id) else _other_bank(act, whose, bound, at)


def _other_bank(act: Act, whose: Account, bound: str | None, at: Account) -> Refusal:
    names = {"subject": whose.subject_id, "bank": bound or "", "named": at.subject_id}
    facts = {word: parties.subject_by_id(act.conn, id).name for word, id in names.items()}
    return checks.OTHER_BANK(field="lines", **facts)


def _given_back(proposed: Proposed) -> str | None:
    id = proposed.details.get(GIVES_BACK) if proposed.type.code == DEPOSIT else None
    return None if id is None else str(id)


def _gives_back(act: Act, proposed: Proposed) -> Refusal | None:
    """A deposit that names an instruction gives exactly its money back."""
    id = _given_back(proposed)
    if id is None:
        return None
    row = queries.instruction(act.conn, id)
    if isinstance(row, Refusal):
        return row
    if row.state != InstructionState.REFUSED or row.kind != Kind.PAYOUT:
        state = STATE_LABELS[InstructionState(row.state)]
        return checks.NOT_REFUSED(field="instruction", id=id, state=state)
    line = proposed.lines[0]
    asked = (len(proposed.lines), line.debit.subject_id, line.credit.number, line.quantity)
    if asked != (1, row.bank_id, row.account, row.amount):
        account = parties.account_by_number(act.conn, row.account).code
        return checks.RETURN_DIFFERS(field="lines", id=id, account=account, amount=row.amount)
    return None
