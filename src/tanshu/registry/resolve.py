"""From what was asked to what it means: accounts, instruments and the subject of a transaction.

A blank account is filled with the only one its type allows: the register's own source or sink, the province's
account, the subject's own.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from tanshu.base.quantity import check_quantity
from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.parties import checks as party_checks
from tanshu.parties import queries as parties
from tanshu.parties.model import (
    ACCOUNT_TYPES,
    HOLDERS,
    Account,
    AccountKind,
    AccountState,
    Subject,
    SubjectKind,
)
from tanshu.registry import checks, queries
from tanshu.registry.encumbrances import queries as encumbrances
from tanshu.registry.model import Propose, ProposedLine, SidedLine, Transaction
from tanshu.registry.types import Between, Effect, InstrumentKind, TransactionType, Whose

LINES_MAX = 256
SIDES = {"debit": Text("转出账户", "giving side"), "credit": Text("转入账户", "receiving side")}


def lines(
    conn: Connection,
    kind: TransactionType,
    command: Propose,
    original: Transaction | None = None,
    *,
    actor: str = "",
) -> tuple[Subject, tuple[SidedLine, ...]] | Refusal:
    """The subject and the lines meant by a proposal, each checked against its row of the type table.

    Without lines, what is about an original means all of it: it goes back, or its claims do. A holder's own
    people mean its own accounts.
    """
    wanted = command.lines or (meant(conn, kind, original) if original else ())
    if not wanted:
        return checks.NO_LINES(field="lines")
    if len(wanted) > LINES_MAX:
        return checks.TOO_MANY_LINES(field="lines", limit=LINES_MAX)
    named = parties.subject(conn, command.subject) if command.subject else None
    if isinstance(named, Refusal):
        return named
    near = named or (parties.subject_by_id(conn, original.subject_id) if original else _own(conn, actor))
    if kind.whose is Whose.NAMED:
        near = _own(conn, actor) or named  # who gives for another means its own account
    found: list[SidedLine] = []
    for asked in wanted:
        line = _line(conn, kind, asked, near)
        if isinstance(line, Refusal):
            return line
        found.append(line)
    if kind.effect is Effect.DELIVERY_VERSUS_PAYMENT and not _is_dvp(found):
        return checks.DVP_LINES(field="lines")
    subject = _subject(conn, kind, found, named, original)
    return subject if isinstance(subject, Refusal) else (subject, tuple(found))


def _own(conn: Connection, actor: str) -> Subject | None:
    """The holder for whom somebody acts."""
    person = parties.person(conn, actor)
    if isinstance(person, Refusal):
        return None
    subject = parties.subject_by_id(conn, person.subject_id)
    return subject if subject.kind in HOLDERS else None


def meant(conn: Connection, kind: TransactionType, original: Transaction) -> tuple[ProposedLine, ...]:
    """The lines that an original by itself means; none where somebody must say who receives."""
    if kind.whose is Whose.ORIGINAL:
        came = [(line.instrument, line.quantity, line.credit, line.debit) for line in original.lines]
    elif kind.effect in (Effect.RENEW, Effect.RELEASE):
        claims = encumbrances.of_root(conn, original.id)
        came = [(one.instrument, one.ordered, one.account, one.account) for one in claims]
    else:
        return ()
    return tuple(
        ProposedLine(
            queries.instrument_by_number(conn, instrument).code,
            quantity,
            parties.account_by_number(conn, debit).code,
            parties.account_by_number(conn, credit).code,
        )
        for instrument, quantity, debit, credit in came
    )


def states(kind: TransactionType, lines: Iterable[SidedLine]) -> Refusal | None:
    """Are all accounts in a state that allows this type?"""
    for line in lines:
        for account in (line.debit, line.credit):
            if account.state is AccountState.CLOSED:
                return party_checks.ACCOUNT_CLOSED(field="account", account=account.code)
            if account.state is AccountState.BLOCKED:
                return party_checks.ACCOUNT_BLOCKED(
                    field="account", account=account.code, finding=account.finding
                )
            if account.state is AccountState.RESTRICTED and not kind.while_restricted:
                return party_checks.ACCOUNT_RESTRICTED(field="account", account=account.code)
    return None


def _line(
    conn: Connection, kind: TransactionType, asked: ProposedLine, named: Subject | None
) -> SidedLine | Refusal:
    quantity = check_quantity(asked.quantity)
    if isinstance(quantity, Refusal):
        return quantity
    instrument = queries.instrument(conn, asked.instrument)
    if isinstance(instrument, Refusal):
        return instrument
    if instrument.kind not in kind.instruments:
        return checks.INSTRUMENT_KIND(field="instrument", name=kind.name, instrument=instrument.code)
    debit = parties.account(conn, asked.debit) if asked.debit else None
    credit = parties.account(conn, asked.credit) if asked.credit else None
    for given in (debit, credit):
        if isinstance(given, Refusal):
            return given
    assert not isinstance(debit, Refusal) and not isinstance(credit, Refusal)
    debit_side = debit or _only_account(conn, kind, kind.debit, named, credit)
    if kind.effect.stays and not isinstance(debit_side, Refusal):
        line = SidedLine(debit_side, debit_side, instrument, quantity)
        return sides(kind, line) or line
    credit_side = credit or _only_account(conn, kind, kind.credit, named, debit)
    for resolved in (debit_side, credit_side):
        if isinstance(resolved, Refusal):
            return resolved
    assert isinstance(debit_side, Account) and isinstance(credit_side, Account)
    line = SidedLine(debit_side, credit_side, instrument, quantity)
    return sides(kind, line) or line


def _only_account(
    conn: Connection,
    kind: TransactionType,
    kinds: tuple[AccountKind, ...],
    named: Subject | None,
    other: Account | None,
) -> Account | Refusal:
    """The one account that a blank side can only mean."""
    near = named or (parties.subject_by_id(conn, other.subject_id) if other else None)
    for account_kind in kinds:
        owner = _owner(conn, account_kind, near)
        account = parties.account_of(conn, owner.id, account_kind) if owner else None
        if account and account != other:
            return account
    labels = [ACCOUNT_TYPES[one].label for one in kinds]
    words = Text("、".join(one.zh for one in labels), ", ".join(one.en for one in labels))
    subject = near.name if near else "-"
    return checks.ACCOUNT_MISSING(field="account", subject=subject, name=kind.name, kinds=words)


def _owner(conn: Connection, kind: AccountKind, near: Subject | None) -> Subject | None:
    owners = ACCOUNT_TYPES[kind].owners
    if near and near.kind in owners:
        return near
    if not ACCOUNT_TYPES[kind].is_system:
        return None  # whose it is has to be said
    if SubjectKind.AUTHORITY in owners:
        return parties.authority_of(conn, near.region) if near else None
    return parties.only_of_kind(conn, owners[0])


def sides(kind: TransactionType, line: SidedLine) -> Refusal | None:
    """Does the type's row allow these two accounts to face each other?"""
    both = (("debit", line.debit, kind.debit), ("credit", line.credit, kind.credit))
    for side, account, allowed in both[:1] if kind.effect.stays else both:
        if account.kind not in allowed:
            return checks.ACCOUNT_KIND(
                field=side,
                name=kind.name,
                kind=ACCOUNT_TYPES[account.kind].label,
                account=account.code,
                side=SIDES[side],
            )
    if kind.effect.stays:
        return None
    if line.debit.number == line.credit.number:
        return checks.SAME_ACCOUNT(field="credit", account=line.debit.code)
    same = line.debit.subject_id == line.credit.subject_id
    if kind.between is Between.SAME_SUBJECT and not same:
        return checks.NOT_SAME_SUBJECT(field="credit", name=kind.name)
    if kind.between in (Between.DIFFERENT_SUBJECTS, Between.WITH_AUTHORITY) and same:
        return checks.NOT_DIFFERENT_SUBJECTS(field="credit", name=kind.name)
    if (
        kind.between is Between.WITH_AUTHORITY
        and line.debit.kind == line.credit.kind == AccountKind.REGISTRATION
    ):
        return checks.NEEDS_AUTHORITY(field="credit", name=kind.name)
    return None


def _is_dvp(found: list[SidedLine]) -> bool:
    """One line of units and one of cash the other way, between the same two subjects."""
    if len(found) != 2:
        return False
    units, cash = sorted(found, key=lambda line: line.instrument.kind is InstrumentKind.CASH)
    return (
        units.instrument.kind is not InstrumentKind.CASH
        and cash.instrument.kind is InstrumentKind.CASH
        and units.debit.kind in (AccountKind.TRADING, AccountKind.PROVINCIAL)  # an authority's
        and units.credit.kind is AccountKind.TRADING
        and (cash.debit.kind, cash.credit.kind) == (AccountKind.CASH, AccountKind.CASH)
        and (units.debit.subject_id, units.credit.subject_id)
        == (cash.credit.subject_id, cash.debit.subject_id)
    )


def _subject(
    conn: Connection,
    kind: TransactionType,
    found: list[SidedLine],
    named: Subject | None,
    original: Transaction | None,
) -> Subject | Refusal:
    """Whose transaction it is, as its type says: by default the holder on either side, else the authority.

    All lines give from one subject and to one. A subject that is named must be that one; only where no side
    is a holder's or an authority's (offset), or somebody gives for another, does the name decide.
    """
    givers, takers = ({getattr(line, side).subject_id for line in found} for side in ("debit", "credit"))
    dvp = kind.effect is Effect.DELIVERY_VERSUS_PAYMENT
    if not dvp and (len(givers) > 1 or len(takers) > 1):
        return checks.NOT_ONE_SUBJECT(field="lines")
    first = found[0]
    giver, taker = (
        parties.subject_by_id(conn, account.subject_id) for account in (first.debit, first.credit)
    )
    concerned = [one for one in (giver, taker) if one.kind in HOLDERS] + [
        one for one in (giver, taker) if one.kind is SubjectKind.AUTHORITY
    ]
    match kind.whose:
        case Whose.NAMED:
            concerned = [named] if named else []
        case Whose.ORIGINAL if original:
            concerned = [parties.subject_by_id(conn, original.subject_id)]
        case Whose.TAKER:
            concerned = [taker]
        case _:
            pass
    if not concerned:
        return named or checks.SUBJECT_NEEDED(field="subject", name=kind.name)
    subject = concerned[0]
    if named and named.id != subject.id:
        return checks.NOT_ITS_SUBJECT(field="subject", named=named.name, subject=subject.name)
    if dvp or kind.chain == "court_order" or kind.whose is Whose.ORIGINAL:
        return subject  # who buys, or whom a court names, may be anywhere; and what came that way may go back
    return _in_charge(conn, subject, giver, taker) or subject


def _in_charge(conn: Connection, subject: Subject, giver: Subject, taker: Subject) -> Refusal | None:
    """An authority gives from its own account, and deals with the holders of its own region only."""
    own = subject if subject.kind is SubjectKind.AUTHORITY else parties.authority_of(conn, subject.region)
    sides = (giver,) if subject.kind is SubjectKind.AUTHORITY else (giver, taker)
    for side in sides:
        if side.kind is SubjectKind.AUTHORITY and (own is None or side.id != own.id):
            return checks.NOT_IN_CHARGE(field="account", authority=side.name, subject=subject.name)
    return None
