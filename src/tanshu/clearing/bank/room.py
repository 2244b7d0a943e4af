"""What the banks do in the register: money goes by a subject's own bank; what is withdrawn is paid."""

from __future__ import annotations

from datetime import date, timedelta

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act
from tanshu.clearing.bank import checks, deposits, queries, service
from tanshu.clearing.bank.gateway import Kind
from tanshu.clearing.bank.model import STATE_LABELS, InstructionState
from tanshu.clearing.bank.service import GIVES_BACK, RETURNED
from tanshu.clearing.bank.tables import BANK_INSTRUCTION
from tanshu.clearing.shortfall.model import COVER, RECOVERY
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
    told = _told_by_a_bank(act, proposed)
    return _by_own_banks(act, proposed) or told or _gives_back(act, proposed) or _takes_back(act, proposed)


def taking(act: Act, proposed: Proposed) -> Refusal | None:
    """Nothing is given back twice, however many proposals wait; and nobody's bank has changed meanwhile."""
    return _by_own_banks(act, proposed) or _gives_back(act, proposed) or _takes_back(act, proposed)


def effected(act: Act, proposed: Proposed) -> None:
    if proposed.type.code == WITHDRAWAL and RETURNED not in proposed.details:
        for line in proposed.lines:
            bank_id, what = line.credit.subject_id, line.instrument.number
            service.instruct_payout(act, bank_id, line.debit, what, line.quantity, proposed.id)
    id = _given_back(proposed)
    if id is not None:
        facts = {"state": InstructionState.RETURNED, "returned_id": proposed.id}
        act.update(BANK_INSTRUCTION, {"id": id}, **facts)


WATCHER = Watcher("clearing-bank", before=before, taking=taking, effected=effected)


# -- steps -------------------------------------------------------------------------------------------------


def _by_own_banks(act: Act, proposed: Proposed) -> Refusal | None:
    if proposed.type.code not in queries.WITH_BANK:
        return None  # the house's own money makes good what a bank lost, wherever it lies
    return next((refused for line in proposed.lines if (refused := _by_own_bank(act, line))), None)


def _told_by_a_bank(act: Act, proposed: Proposed) -> Refusal | None:
    """What a deposit says of its notice is what reconciliation goes by: days that make no sense are refused.

    A bank's day may lie ahead, over a long holiday; money that stood in transit for years would hide a hole.
    """
    about_bank = (*deposits.TYPES.values(), COVER, RECOVERY)
    if proposed.type.code not in about_bank and RETURNED not in proposed.details:
        return None
    latest = act.today + timedelta(deposits.DAYS_AHEAD)
    for name, sound in ((deposits.DAY, _is_day), (deposits.NUMBER, _is_number)):
        value = proposed.details.get(name)
        if value is not None and not sound(value, latest):
            return checks.BANK_DAY(field="details", name=name, value=value, latest=latest)
    return None


def _is_day(value: object, latest: date) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value) <= latest
    except ValueError:
        return False


def _is_number(value: object, _latest: date) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


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


def _takes_back(act: Act, proposed: Proposed) -> Refusal | None:
    """A withdrawal that names a deposit takes no more than that deposit brought, from where it came to."""
    if proposed.type.code != WITHDRAWAL or RETURNED not in proposed.details:
        return None
    id, line = str(proposed.details[RETURNED]), proposed.lines[0]
    there = queries.brought(act.conn, id, line.credit.number, line.debit.number)
    there -= queries.taken_back(act.conn, id, line.debit.number)
    if len(proposed.lines) != 1 or line.quantity > there:
        facts = {"transaction": id, "account": line.debit.code, "there": there, "amount": line.quantity}
        return checks.NOT_RETURNED(field="details", **facts)
    return None
