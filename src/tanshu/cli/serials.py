"""`tanshu serial`: a unit's whole life, holdings by range, what a transaction moved, whether it adds up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.clock import shanghai_text
from tanshu.base.refusal import Refusal, Refused, need
from tanshu.base.text import Text
from tanshu.cli.border import AUDIT_FAILED
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import (
    BAD,
    GOOD,
    WEAK,
    Chip,
    Facts,
    Line,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.progress import progress
from tanshu.cli.stamps import notices, short_stamp

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.book.commit import Book
    from tanshu.parties.model import Account, Subject
    from tanshu.registry.model import Instrument
    from tanshu.registry.serials import Numbers, Turn

app = group("序列号:每吨的编号与来历 · serial numbers: each tonne and its history")

LIFE = (
    text_column("时间", "time"),
    number_column("日志序号", "entry"),
    text_column("事项", "what", fold=True),
    text_column("转出", "from", fold=True),
    text_column("转入", "to", fold=True),
    text_column("状态", "state"),
    number_column("同批数量", "moved together"),
    text_column("业务", "transaction"),
    text_column("单证", "document", fold=True),
)
RANGES = (
    text_column("序列号", "serial numbers"),
    number_column("数量", "units"),
    text_column("账户", "account"),
    text_column("状态", "state"),
    text_column("冻结于", "held by"),
)
MOVED = (
    text_column("序列号", "serial numbers"),
    number_column("数量", "units"),
    text_column("转入", "to"),
)
STATES = {
    "available": Text("可用", "available"),
    "held": Text("冻结", "held"),
    "retired": Text("已退出流通", "retired"),
}
STYLES = {"available": GOOD, "held": "yellow", "retired": WEAK}
CERTIFICATE = Text("证明", "certificate")
PlainOption = Annotated[
    bool, typer.Option("--plain", help="每段一行,不制表(证明上的 SHA-256 即以此计算) · one line a range")
]


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="serial")


@contextmanager
def _reading(door: Door) -> Iterator[tuple[Connection, Book]]:
    """The database, with the serial numbers of every entry that is seen."""
    from tanshu.book import serials

    title = Text("编序列号", "numbering").in_(door.lang)
    with (
        door.reading() as (_, book),
        progress(title) as tick,
        serials.reading(book, lambda done, _of: tick(done)) as conn,
    ):
        yield conn, book


# -- the life of a unit ------------------------------------------------------------------------------------


@command(app, "show", "一个单位的来历 · a unit's whole life")
def show(
    door: Door,
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="序列号,如 CEA23-12345 · its number")],
) -> Reply:
    """From its issue to where it is now. Refuses REG-4101 to 4104 where there is no such unit."""
    from tanshu.registry import serials

    with _reading(door) as (conn, book):
        instrument, number = need(serials.unit(conn, book.log, unit))
        turns = serials.life(conn, book.log, instrument.number, number)
        names = _Names(conn)
        mark = short_stamp(conn)
    name = f"{instrument.code}-{number}"
    now = turns[-1].stay
    state = names.state(now.account, now.hold)
    facts = Facts(
        (
            (Text("序列号", "serial number"), name),
            (Text("产品", "instrument"), instrument.title),
            (Text("现在", "now"), names.account(now.account)),
            (Text("状态", "state"), _chip(state)),
        )
    )
    data = {
        "unit": name,
        "instrument": instrument.code,
        "number": number,
        "account": names.code(now.account),
        "state": state,
        "stamp": mark,
        "life": [_turn_json(one, names) for one in turns],
    }
    table = Table(LIFE, [_turn_row(one, names) for one in turns])
    said = Text("证明:tanshu tx certificate 业务编号", "A certificate: tanshu tx certificate TRANSACTION")
    return Reply(data, (*notices(mark), facts, table, Line(said, WEAK)))


class _Names:
    """What accounts are called."""

    def __init__(self, conn: Connection):
        from tanshu.parties import queries as parties

        self._subjects: dict[str, Subject] = {one.id: one for one in parties.subjects(conn)}
        self._accounts: dict[int, Account] = {one.number: one for one in parties.accounts(conn)}

    def code(self, number: int) -> str:
        found = self._accounts.get(number)
        return found.code if found else f"#{number}"

    def holder(self, number: int) -> str | None:
        found = self._accounts.get(number)
        return self._subjects[found.subject_id].handle if found else None

    def account(self, number: int) -> str:
        """Code and holder; the code's letter says of which kind it is."""
        found = self._accounts.get(number)
        return f"{found.code} {self._subjects[found.subject_id].name}" if found else f"#{number}"

    def state(self, number: int, hold: int) -> str:
        """A key of STATES: what may still become of units in an account."""
        from tanshu.book.records import AccountFlag
        from tanshu.parties.model import ACCOUNT_TYPES

        found = self._accounts.get(number)
        is_sink = found is not None and ACCOUNT_TYPES[found.kind].flags & AccountFlag.NO_DEBIT
        return "held" if hold else "retired" if is_sink else "available"


def _turn_row(one: Turn, names: _Names) -> tuple[object, ...]:
    return (
        shanghai_text(one.entry.time_ns),
        str(one.entry.seq),
        _what(one),
        names.account(one.debit),
        None if one.credit is None else names.account(one.credit),
        _chip(names.state(one.stay.account, one.stay.hold)),
        one.amount,
        one.transaction.id if one.transaction else str(one.trade) if one.trade else None,
        CERTIFICATE if _has_certificate(one) else None,
    )


def _chip(state: str) -> Chip:
    return Chip(STATES[state], STYLES[state])


def _has_certificate(one: Turn) -> bool:
    """Did the unit go to somebody by a transaction that took effect?"""
    from tanshu.registry.model import TransactionState

    effected = one.transaction is not None and one.transaction.state is TransactionState.EFFECTED
    return effected and one.credit is not None


def _what(one: Turn) -> Text:
    """The transaction's type and what its record did: 配额清缴 · 扣划."""
    from tanshu.cli.words import OPERATIONS
    from tanshu.registry.types import BY_NUMBER

    done = OPERATIONS[one.op]
    kind = one.transaction.type if one.transaction else BY_NUMBER.get(one.tag)
    return Text(f"{kind.name.zh} · {done.zh}", f"{kind.name.en} · {done.en}") if kind else done


def _turn_json(one: Turn, names: _Names) -> dict[str, object]:
    from tanshu.book.records import RECORDS_MAX
    from tanshu.registry.types import BY_NUMBER

    kind = one.transaction.type if one.transaction else BY_NUMBER.get(one.tag)
    return {
        "time": shanghai_text(one.entry.time_ns),
        "entry": one.entry.seq,
        "record": one.stay.since & (RECORDS_MAX - 1),
        "operation": one.op.name.lower(),
        "type": kind.code if kind else None,
        "from": names.code(one.debit),
        "from_holder": names.holder(one.debit),
        "to": names.code(one.credit) if one.credit is not None else None,
        "to_holder": names.holder(one.credit) if one.credit is not None else None,
        "account": names.code(one.stay.account),
        "state": names.state(one.stay.account, one.stay.hold),
        "amount": one.amount,
        "actor": one.entry.actor,
        "command": one.entry.command,
        "transaction": one.transaction.id if one.transaction else None,
        "trade": str(one.trade) if one.trade else None,
        "has_certificate": _has_certificate(one),
    }


# -- lists of numbers --------------------------------------------------------------------------------------


@command(app, "list", "按号段列出持仓 · holdings by range, now or as of any moment")
def list_ranges(
    door: Door,
    holder: Annotated[str, typer.Argument(metavar="ACCOUNT|SUBJECT", help="账户或主体 · account or subject")],
    instrument: Annotated[str, typer.Argument(metavar="[INSTRUMENT]", help="产品 · instrument")] = "",
    as_of: Annotated[
        str | None, typer.Option(metavar="seq:N|YYYY-MM-DD", help="时点 · a moment of the log")
    ] = None,
    plain: PlainOption = False,
) -> Reply:
    """Each range with what it is held by, if it is. Refuses REG-4102 where units have no numbers."""
    from tanshu.book import queries
    from tanshu.log import store
    from tanshu.registry import serials

    with _reading(door) as (conn, book):
        accounts = _accounts(conn, holder)
        instruments = _instruments(conn, book.log, instrument)
        tail = store.tail(conn, book.log)
        assert tail is not None, "reading() has seen a genesis entry"
        seq = tail[0] if as_of is None else need(queries.moment(conn, book.log, as_of))
        found = serials.held(conn, book.log, accounts, instruments, seq)
        names = _Names(conn)
        mark = short_stamp(conn)
    lines = [serials.line(accounts[one.account], one) for one in found]
    data = {
        "as_of_seq": seq,
        "stamp": mark,
        "units": sum(one.units for one in found),
        "ranges": [_numbers_json(one) | _held_json(one, accounts) for one in found],
        "sha256": serials.list_hash(lines),
    }
    if plain:
        return Reply(data, [Line(line) for line in lines])
    rows = [
        (
            str(one),
            one.units,
            accounts[one.account],
            _chip(names.state(one.account, one.hold)),
            _record(one.hold) if one.hold else None,
        )
        for one in found
    ]
    facts = Facts(((Text("时点", "as of"), Text(f"第 {seq} 条记录", f"entry {seq}")),))
    return Reply(data, (*notices(mark), facts, Table(RANGES, rows), _sum(found)))


@command(app, "moved", "一笔业务的号段 · the numbers that a transaction moved")
def moved(
    door: Door,
    id: Annotated[str, typer.Argument(metavar="ID", help="业务编号 · transaction")],
    plain: PlainOption = False,
) -> Reply:
    """Of a transaction in effect, line by line. Refuses REG-4105 where its units have no numbers."""
    from tanshu.registry import queries as registry
    from tanshu.registry import serials
    from tanshu.registry.certificate import not_effected
    from tanshu.registry.model import TransactionState

    with _reading(door) as (conn, book):
        transaction = need(registry.transaction(conn, id))
        if transaction.state is not TransactionState.EFFECTED:
            raise Refused(not_effected(transaction))
        found = need(serials.moved(conn, book.log, transaction))
        names = _Names(conn)
        mark = short_stamp(conn)
    if not found:
        raise Refused(serials.NOTHING_NUMBERED(field="transaction", id=transaction.id))
    lines = [str(one) for one in found]
    data = {
        "id": transaction.id,
        "type": transaction.type.code,
        "seq": transaction.ended_seq,
        "stamp": mark,
        "units": sum(one.units for one in found),
        "ranges": [_numbers_json(one) | {"to": names.code(one.account)} for one in found],
        "sha256": serials.list_hash(lines),
    }
    if plain:
        return Reply(data, [Line(line) for line in lines])
    facts = Facts(
        (
            (Text("业务", "transaction"), transaction.id),
            (Text("类型", "type"), transaction.type.name),
            (Text("日志序号", "log seq"), str(transaction.ended_seq)),
        )
    )
    rows = [(str(one), one.units, names.account(one.account)) for one in found]
    return Reply(data, (*notices(mark), facts, Table(MOVED, rows), _sum(found)))


def _accounts(conn: Connection, holder: str) -> dict[int, str]:
    """The book's number → code, of the account of this code or of all accounts of this subject."""
    from tanshu.parties import queries as parties

    account = parties.account(conn, holder)
    if not isinstance(account, Refusal):
        return {account.number: account.code}
    subject = parties.subject(conn, holder)
    if isinstance(subject, Refusal):
        raise Refused(account)
    return {one.number: one.code for one in parties.accounts_of(conn, subject.id)}


def _instruments(conn: Connection, log: int, code: str) -> list[Instrument]:
    """The instrument of this code, or all whose units have numbers."""
    from tanshu.registry import queries as registry
    from tanshu.registry import serials

    numbered = serials.serialised(conn, log)
    if not code:
        return list(numbered.values())
    one = need(registry.instrument(conn, code))
    if one.number not in numbered:
        raise Refused(serials.not_serialised(conn, log, one))
    return [one]


def _numbers_json(one: Numbers) -> dict[str, object]:
    return {
        "range": str(one),
        "instrument": one.instrument.code,
        "start": one.start,
        "end": one.end,
        "units": one.units,
    }


def _held_json(one: Numbers, accounts: dict[int, str]) -> dict[str, object]:
    return {"account": accounts[one.account], "hold": _record(one.hold) if one.hold else None}


def _record(position: int) -> str:
    """Where a hold was made: entry and record."""
    from tanshu.book.records import POSITION_BITS, RECORDS_MAX

    return f"{position >> POSITION_BITS}/{position & (RECORDS_MAX - 1)}"


def _sum(found: Sequence[Numbers]) -> Line:
    units = sum(one.units for one in found)
    return Line(Text(f"{len(found):,} 段,共 {units:,}", f"{len(found):,} ranges, {units:,} units"), WEAK)


# -- does it add up ----------------------------------------------------------------------------------------


@command(app, "check", "核对序列号与账簿 · do serial numbers and the book agree")
def check(door: Door) -> Reply:
    """Every place holds as many numbers as units; each number is in one place. Exit code 3 where not."""
    from tanshu.book import serial_check

    with _reading(door) as (conn, book):
        found = serial_check.check(conn, book.log, book.catch_up(conn))
        seq = book.tail.seq
    facts = Facts(
        (
            (Text("核对至", "checked up to"), str(seq)),
            (Text("编号的产品", "instruments with numbers"), found.instruments),
            (Text("核对的处所", "places compared"), found.places),
            (Text("号段", "ranges"), found.ranges),
            (Text("单位", "units"), found.units),
        )
    )
    findings = [one.as_json() for one in found.findings]
    data = {"seq": seq, **found._asdict(), "findings": findings, "ok": not findings}
    if not found.findings:
        return Reply(data, (facts, Line(Text("序列号与账簿一致", "serial numbers and the book agree"), GOOD)))
    said = [
        Line(Text(f"{one.code} {one.text.zh}", f"{one.code} {one.text.en}"), BAD) for one in found.findings
    ]
    return Reply(data, (facts, *said), AUDIT_FAILED)
