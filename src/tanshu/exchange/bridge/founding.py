"""Founding a market, admitting its participants and operators, listing what it trades.

Each is a command of the book whose market part is an entry of the market's own log, in one transaction. The
book tells who and what the market's numbers mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.commit import Act, Decision, verb
from tanshu.exchange import checks as market_checks
from tanshu.exchange.bridge import checks, sessions
from tanshu.exchange.bridge.model import AddOperator, Admit, Entered, FoundMarket, Listed, ListInstrument
from tanshu.exchange.engine.records import PRICE_MAX, Op, row
from tanshu.exchange.engine.state import INSTRUMENTS, OPERATORS, PARTIES
from tanshu.exchange.market import FIRST_LOG, Market, MarketAct
from tanshu.exchange.tables import MARKET, MARKET_INSTRUMENT, MARKET_OPERATOR, MARKET_PARTY
from tanshu.log import store
from tanshu.log.entry import genesis
from tanshu.log.store import Written
from tanshu.parties import queries as parties
from tanshu.parties.model import (
    ACCOUNT_TYPES,
    Account,
    AccountKind,
    AccountState,
    Right,
    Subject,
    SubjectKind,
)
from tanshu.registry import queries as registry

_NAME = re.compile(r"^[a-z][a-z0-9-]{0,23}$")


@verb("exchange.found-market")
def found_market(act: Act, command: FoundMarket) -> Decision:
    """Found a market on the book's database: its log begins with this command.

    Refuses with EXC-8001 (its name), EXC-8002 (there is one), RULE-1xxx (its pack), REG-1003 (its money).
    """
    need(sessions.by_exchange(act))
    if not _NAME.fullmatch(command.name):
        return checks.MARKET_NAME(field="name", name=command.name)
    logs = dict(act.conn.execute(select(MARKET.c.name, MARKET.c.log)).all())
    if command.name in logs:
        return checks.MARKET_EXISTS(field="name", name=command.name)
    rules = need(sessions.rules_of(act, command.pack))
    currency = need(registry.instrument(act.conn, rules.currency))
    log = max(logs.values(), default=FIRST_LOG - 1) + 1
    first = Written(*genesis(command.name, act.now_ns))
    store.lock(act.conn, log)
    store.append(act.conn, log, [first])
    act.joined.append((log, first.entry.seq))
    act.insert(
        MARKET,
        {
            "log": log,
            "name": command.name,
            "pack": command.pack,
            "currency": currency.number,
            "seq": act.seq,
        },
    )
    return {"market": command.name, "log": log, "pack": command.pack, "genesis": first.entry.hash.hex()}


@verb("exchange.admit")
def admit(act: Act, command: Admit) -> Decision:
    """Admit a participant: it gets a number, and each of its operators a code.

    Refuses with EXC-8003 (admitted), EXC-8004 (accounts), EXC-8005, 8006, 8008 (operators).
    """
    need(sessions.by_exchange(act))
    market = need(sessions.named(act, command.market))
    subject = need(parties.subject(act.conn, command.handle))
    there = select(MARKET_PARTY.c.number).where(
        MARKET_PARTY.c.log == market.log, MARKET_PARTY.c.subject_id == subject.id
    )
    number = act.conn.execute(there).scalar()
    if number is not None:
        return checks.ADMITTED(field="handle", handle=subject.handle, market=command.market, number=number)
    units, cash = need(_accounts(act.conn, subject))
    if not command.operators:
        return checks.NO_OPERATORS(field="operators")
    for n, person in enumerate(command.operators):
        refused = _operator_flaw(act.conn, market, command.market, subject, person)
        if refused is None and person in command.operators[:n]:
            refused = checks.OPERATOR_TWICE(field="operators", person=person, market=command.market)
        if refused:
            return refused
    entered = Entered(subject.handle, _group(act.conn, market, command.related.strip()), command.operators)
    told = need(market.join(act, "market.admit", entered, _enter))
    act.insert(
        MARKET_PARTY,
        {
            "log": market.log,
            "number": told["party"],
            "subject_id": subject.id,
            "units_account": units.number,
            "cash_account": cash.number,
            "related": command.related.strip(),
            "seq": act.seq,
        },
    )
    _tell_operators(act, market, told["party"], told["operators"])
    return {
        "market": command.market,
        "participant": subject.handle,
        "number": told["party"],
        "operators": told["operators"],
    }


@verb("exchange.add-operator")
def add_operator(act: Act, command: AddOperator) -> Decision:
    """Give one more person of a participant an operator code. Refuses with EXC-3002, EXC-8005, EXC-8006."""
    need(sessions.by_exchange(act))
    market = need(sessions.named(act, command.market))
    person = need(parties.person(act.conn, command.person))
    subject = parties.subject_by_id(act.conn, person.subject_id)
    party = need(party_of(act.conn, market, command.market, subject))
    refused = _operator_flaw(act.conn, market, command.market, subject, person.handle)
    if refused:
        return refused

    def enter(inner: MarketAct, _command: object) -> Decision:
        code = int(inner.engine.arrays.day[OPERATORS]) + 1
        inner.must([row(Op.OPERATOR, party=party, other=code)])
        return {"operators": {person.handle: code}}

    told = need(market.join(act, "market.add-operator", command, enter))
    _tell_operators(act, market, party, told["operators"])
    return {"market": command.market, "participant": subject.handle, "operators": told["operators"]}


@verb("exchange.list-instrument")
def list_instrument(act: Act, command: ListInstrument) -> Decision:
    """Trade an instrument from its first reference price on.

    Refuses with EXC-8007 (listed), EXC-8029 (the price), RULE-1608 (of another market), RULE-1601 (no price
    was configured), REG-1003 (no such instrument).
    """
    need(sessions.by_exchange(act))
    market = need(sessions.named(act, command.market))
    instrument = need(registry.instrument(act.conn, command.instrument))
    here = (MARKET_INSTRUMENT.c.log == market.log, MARKET_INSTRUMENT.c.instrument == instrument.number)
    if act.conn.execute(select(MARKET_INSTRUMENT.c.number).where(*here)).first():
        return checks.LISTED(field="instrument", instrument=instrument.code, market=command.market)
    rules = need(sessions.rules_of(act, sessions.row_of(act.conn, market.log).pack))
    price = command.reference_fen
    if price is None or not rules.trades(instrument.code):
        price = rules.first_reference(instrument.code, act.today)
    if isinstance(price, bool) or not 0 < price <= PRICE_MAX:
        return checks.REFERENCE(field="reference_fen", price=price, most=PRICE_MAX)
    listed = Listed(instrument.code, instrument.vintage or 0, price)
    number = need(market.join(act, "market.list", listed, _list))["number"]
    act.insert(
        MARKET_INSTRUMENT,
        {
            "log": market.log,
            "number": number,
            "instrument": instrument.number,
            "code": instrument.code,
            "vintage": instrument.vintage,
            "reference_fen": price,
            "seq": act.seq,
        },
    )
    return {
        "market": command.market,
        "instrument": instrument.code,
        "number": number,
        "reference_fen": price,
    }


def party_of(conn: Connection, market: Market, name: str, subject: Subject) -> int | Refusal:
    """The number of a participant. Refuses with EXC-3002."""
    query = select(MARKET_PARTY.c.number).where(
        MARKET_PARTY.c.log == market.log, MARKET_PARTY.c.subject_id == subject.id
    )
    number = conn.execute(query).scalar()
    if number is None:
        return market_checks.NO_PARTY(field="handle", handle=subject.handle, market=name)
    return number


# -- in the market's log -----------------------------------------------------------------------------------


def _enter(inner: MarketAct, entered: Entered) -> Decision:
    day = inner.engine.arrays.day
    party, first = int(day[PARTIES]) + 1, int(day[OPERATORS]) + 1
    codes = {person: first + n for n, person in enumerate(entered.operators)}
    people = [row(Op.OPERATOR, party=party, other=code) for code in codes.values()]
    inner.must([row(Op.PARTY, party=party, counter=entered.group), *people])
    return {"party": party, "operators": codes}


def _list(inner: MarketAct, listed: Listed) -> Decision:
    number = int(inner.engine.arrays.day[INSTRUMENTS]) + 1
    inner.must([row(Op.INSTRUMENT, instrument=number, quantity=listed.vintage, price=listed.reference_fen)])
    return {"number": number}


# -- steps -------------------------------------------------------------------------------------------------


def _accounts(conn: Connection, subject: Subject) -> tuple[Account, Account] | Refusal:
    """What it trades from: an authority sells from its provincial account."""
    units_kind = AccountKind.TRADING
    if subject.kind is SubjectKind.AUTHORITY:
        units_kind = AccountKind.PROVINCIAL
    found = [parties.account_of(conn, subject.id, kind) for kind in (units_kind, AccountKind.CASH)]
    units, cash = found
    good = [one is not None and one.state is AccountState.OPEN for one in found]
    if units is None or cash is None or not all(good):
        labels = [ACCOUNT_TYPES[kind].label for kind in (units_kind, AccountKind.CASH)]
        kinds = Text("、".join(one.zh for one in labels), ", ".join(one.en for one in labels))
        return checks.NO_ACCOUNTS(field="handle", handle=subject.handle, kinds=kinds)
    return units, cash


def _operator_flaw(
    conn: Connection, market: Market, name: str, subject: Subject, handle: str
) -> Refusal | None:
    person = parties.person(conn, handle)
    if isinstance(person, Refusal):
        return person
    if person.subject_id != subject.id or not person.active or Right.TRADER not in person.rights:
        return checks.NOT_A_TRADER(field="operators", person=handle, handle=subject.handle)
    coded = (MARKET_OPERATOR.c.log == market.log, MARKET_OPERATOR.c.person == handle)
    if conn.execute(select(MARKET_OPERATOR.c.number).where(*coded)).first():
        return checks.OPERATOR_TWICE(field="operators", person=handle, market=name)
    return None


def _group(conn: Connection, market: Market, related: str) -> int:
    """Related groups go by numbers from 1, in the order in which they first appear; 0 is none."""
    if not related:
        return 0
    query = select(MARKET_PARTY.c.related).where(
        MARKET_PARTY.c.log == market.log, MARKET_PARTY.c.related != ""
    )
    known = list(dict.fromkeys(conn.execute(query.order_by(MARKET_PARTY.c.number)).scalars()))
    return 1 + (known.index(related) if related in known else len(known))


def _tell_operators(act: Act, market: Market, party: int, codes: Mapping[str, int]) -> None:
    rows: Sequence[Mapping[str, object]] = [
        {"log": market.log, "number": code, "party": party, "person": person, "seq": act.seq}
        for person, code in codes.items()
    ]
    act.insert(MARKET_OPERATOR, *rows)
