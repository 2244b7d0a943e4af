"""Where a trace begins: which unit, or which fen, is meant by what somebody has in hand.

That may be a serial number, an account, a trade, an order, a transaction, a bank's instruction or a reference
on a bank's statement. Each leads to a record of the book, and the first that it moved is followed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, need, refusal
from tanshu.book import serials as book_serials
from tanshu.book.records import Op, decode, position
from tanshu.clearing import fens
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.bank.tables import BANK_STATEMENT_LINE
from tanshu.clearing.model import Model
from tanshu.clearing.settled import chains_of, late_chain, trades_of
from tanshu.clearing.tables import CLEARING_BLOCK, CLEARING_MARKET
from tanshu.clearing.tracing import REFERENCE, order_trades
from tanshu.clearing.trades import read_day
from tanshu.exchange.tables import MARKET, MARKET_DAY
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.parties.codes import looks_like_account_code
from tanshu.registry import queries as registry
from tanshu.registry import serials
from tanshu.registry.model import Instrument, Transaction, TransactionState
from tanshu.registry.tables import TRANSACTION
from tanshu.registry.types import InstrumentKind

NOTHING_NAMED = refusal(
    "CLR-7001",
    "没有名为“{value}”的序列号、账户、成交、业务、银行指令或银行流水。可写:CEA23-12345;账户代码加产品;"
    "“cea 2024-11-04 #12”;业务编号;银行指令编号;银行流水号。",
    "Nothing is called “{value}”. Write a serial number (CEA23-12345), an account and an instrument, a trade "
    "(“cea 2024-11-04 #12”), a transaction, a bank instruction, or a reference on a bank's statement.",
)
NOT_DELIVERED = refusal(
    "CLR-7002",
    "成交 {trade} 尚未由结算机构逐笔交收,没有可追踪的一吨或一分。交收后再查;净额结算的请由账户查起。",
    "The trade {trade} has not been delivered by the clearing house, trade by trade. Ask again after its "
    "delivery; of a day settled net, begin with an account.",
)
NOT_MOVED = refusal(
    "CLR-7003",
    "业务 {id} 尚未生效,没有划转任何一吨或一分。",
    "The transaction {id} has not taken effect: it moved nothing.",
)
OF_MANY = refusal(
    "CLR-7004",
    "银行指令 {id} 汇总了多笔变动({kind}),不对应单独的一分。请追踪其中的入金、出金或成交。",
    "The instruction {id} sums up many movements ({kind}); no single fen is its. Follow a deposit, a payout "
    "or a trade.",
)
NO_SUCH_FEN = refusal(
    "CLR-7005",
    "{instrument} 没有第 {number} 分:银行尚未入金至此数。",
    "There is no fen number {number} of {instrument}: so many were never paid in.",
)
HAS_NONE = refusal(
    "CLR-7006",
    "账户 {account} 没有 {instrument}。",
    "The account {account} has nothing of {instrument}.",
)
NO_SUCH_TRADE = refusal(
    "CLR-7007",
    "市场 {market} 的 {day} 没有编号为 {number} 的{what_zh}。",
    "The market {market} has no {what_en} number {number} on {day}.",
)
INSTRUMENT_NEEDED = refusal(
    "CLR-7008",
    "请写明账户 {account} 的哪种产品,例如 CEA23 或 CNY。",
    "Say which instrument of account {account} is meant, as CEA23 or CNY.",
)

_TRADE = re.compile(r"^(\S+)[ /](\d{4}-\d{2}-\d{2}(?= ?#)|\d{8}(?=-T))(?: ?#|-T)(\d{1,9})$")
"""`cea 2024-11-04 #12`; `cea 20241104-T12`, as traders know it."""
_ORDER = re.compile(r"^(\S+)[ /](\d{8})-(\d{1,9})$")
"""`cea 20241104-7`."""
_UNIT = re.compile(r"^(.+)-(\d{1,19})$")


@dataclass(frozen=True, slots=True)
class Start:
    """The unit or fen that is meant."""

    instrument: Instrument
    number: int


def start(
    conn: Connection, log: int, asked: str, instrument: str = "", *, money: bool = False
) -> Start | Refusal:
    """What is meant by `asked`. instrument: of an account. money: of a trade or an order, what was paid.

    Serial numbers have to be known up to the newest entry. Refuses with CLR-7001 to 7008, REG-41xx.
    """
    asked = asked.strip()
    if looks_like_account_code(asked.upper()):
        return _of_account(conn, log, asked, instrument)
    for form, found in ((_TRADE, _of_trade), (_ORDER, _of_order)):
        if (match := form.match(asked)) and (day := _day(match[2])):
            return found(conn, log, match[1], day, int(match[3]), money)
    transaction = registry.transaction(conn, asked)
    if not isinstance(transaction, Refusal):
        return _of_transaction(conn, log, transaction)
    instruction = banks.instruction(conn, asked)
    if not isinstance(instruction, Refusal):
        return _of_instruction(conn, log, instruction)
    match = _UNIT.match(asked)
    known = registry.instrument(conn, match[1]) if match else None
    if match and isinstance(known, Instrument):
        return _of_number(conn, log, known, int(match[2]))
    return _of_reference(conn, log, asked)


# -- from numbers and accounts -----------------------------------------------------------------------------


def _of_number(conn: Connection, log: int, known: Instrument, number: int) -> Start | Refusal:
    if known.kind is not InstrumentKind.CASH:
        found = serials.unit_of(conn, log, known, number)
        return found if isinstance(found, Refusal) else Start(known, number)
    if not fens.life(conn, log, known.number, number):
        return NO_SUCH_FEN(field="what", instrument=known.code, number=number)
    return Start(known, number)


def _of_account(conn: Connection, log: int, code: str, instrument: str) -> Start | Refusal:
    """The oldest that an account has."""
    account = need(parties.account(conn, code))
    if not instrument:
        return INSTRUMENT_NEEDED(field="instrument", account=account.code)
    known = need(registry.instrument(conn, instrument))
    if known.kind is InstrumentKind.CASH:
        number = fens.held_by(conn, log, known.number, account.number)
    else:
        ranges = book_serials.ranges(conn, log, account.number, known.number)
        number = ranges[0].start if ranges else None
    if number is None:
        return HAS_NONE(field="instrument", account=account.code, instrument=known.code)
    return Start(known, number)


# -- from what moved it ------------------------------------------------------------------------------------


def _of_transaction(conn: Connection, log: int, its: Transaction) -> Start | Refusal:
    """The first that its first line moved."""
    if its.state is not TransactionState.EFFECTED or its.ended_seq is None or not its.lines:
        return NOT_MOVED(field="what", id=its.id)
    line = its.lines[0]
    records = _records(conn, log, its.ended_seq)
    same = np.isin(records["op"], (Op.TRANSFER, Op.CAPTURE)) & (records["instrument"] == line.instrument)
    same &= (records["debit"] == line.debit) & (records["credit"] == line.credit)
    place = int(np.flatnonzero(same)[0])
    return _moved(conn, log, line.instrument, position(its.ended_seq, place))


def _of_instruction(conn: Connection, log: int, row: Any) -> Start | Refusal:
    if row.transaction_id is None:
        return OF_MANY(field="what", id=row.id, kind=row.kind)
    return _of_transaction(conn, log, need(registry.transaction(conn, row.transaction_id)))


def _of_reference(conn: Connection, log: int, reference: str) -> Start | Refusal:
    """A reference on a bank's statement, or of a notice that became a deposit."""
    line = BANK_STATEMENT_LINE.c
    query = select(line.request).where(line.reference == reference).order_by(line.round.desc()).limit(1)
    asked = banks.instruction(conn, conn.execute(query).scalar() or "")
    if not isinstance(asked, Refusal):
        return _of_instruction(conn, log, asked)
    t = TRANSACTION.c
    told = t.details.contains(f'"{REFERENCE}":', autoescape=True)
    named = t.details.contains(json.dumps(reference, ensure_ascii=False), autoescape=True)
    rows = conn.execute(select(t.id, t.details).where(told, named).order_by(t.proposed_seq, t.id)).all()
    ids = [row.id for row in rows if json.loads(row.details).get(REFERENCE) == reference]
    if not ids or not reference:
        return NOTHING_NAMED(field="what", value=reference)
    return _of_transaction(conn, log, need(registry.transaction(conn, ids[0])))


def _of_trade(
    conn: Connection, log: int, market: str, day: date, number: int, money: bool
) -> Start | Refusal:
    """The first that the chain of a trade moved: of its units, or of its price."""
    its = _market(conn, market, day)
    if its is None:
        return NO_SUCH_TRADE(field="what", market=market, day=day, number=number, **_A_TRADE)
    traded = need(read_day(conn, its, day))
    if number not in traded.trades.number:
        return NO_SUCH_TRADE(field="what", market=market, day=day, number=number, **_A_TRADE)
    block = _block(conn, its, day, number)
    mine = [] if block is None else np.flatnonzero(trades_of(block, traded.trades).number == number).tolist()
    chain = (block.seq, mine[0]) if block is not None and mine else None
    # A part that came late has a chain of its own; what came on the day is shown before it.
    chain = chain or late_chain(conn, its, day, number)
    if chain is None:
        return NOT_DELIVERED(field="what", trade=f"{market} {day} #{number}")
    seq, k = chain
    records = _records(conn, log, seq)
    of_chain = chains_of(conn, seq) == k
    is_money = records["instrument"] == traded.currency
    place = int(np.flatnonzero(of_chain & (is_money == money))[0])
    return _moved(conn, log, int(records["instrument"][place]), position(seq, place))


def _of_order(
    conn: Connection, log: int, market: str, day: date, number: int, money: bool
) -> Start | Refusal:
    """What the first trade of an order moved."""
    its = _market(conn, market, day)
    trades = order_trades(conn, its, day, number) if its is not None else []
    if not trades:
        return NO_SUCH_TRADE(field="what", market=market, day=day, number=number, **_A_TRADED_ORDER)
    return _of_trade(conn, log, market, day, trades[0], money)


# -- steps -------------------------------------------------------------------------------------------------

_A_TRADE = {"what_zh": "成交", "what_en": "trade"}
_A_TRADED_ORDER = {"what_zh": "已成交委托", "what_en": "order that traded, of a closed day, with the"}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _market(conn: Connection, name: str, day: date) -> int | None:
    """The log of a market that closed this day."""
    joined = select(MARKET.c.log).join(MARKET_DAY, MARKET_DAY.c.log == MARKET.c.log)
    here = (MARKET.c.name == name, MARKET_DAY.c.day == day, MARKET_DAY.c.market_closed.is_not(None))
    return conn.execute(joined.where(*here)).scalar()


def _block(conn: Connection, log: int, day: date, number: int) -> Any | None:
    """The block of a day settled gross whose numbers this one is among."""
    t, its = CLEARING_BLOCK.c, CLEARING_MARKET.c
    joined = select(CLEARING_BLOCK).join(CLEARING_MARKET, (its.day == t.day) & (its.log == t.log))
    here = (t.day == day, t.log == log, t.first <= number, t.last >= number, its.model == Model.GROSS)
    return conn.execute(joined.where(*here)).first()


def _records(conn: Connection, log: int, seq: int) -> Any:
    return decode(next(store.read(conn, log, after=seq - 1, upto=seq)).records)


def _moved(conn: Connection, log: int, instrument: int, record: int) -> Start | Refusal:
    """The first unit or fen that a record moved."""
    known = registry.instrument_by_number(conn, instrument)
    if known.kind is InstrumentKind.CASH:
        number = fens.moved_by(conn, log, instrument, record)
    else:
        moved = book_serials.moved_by(conn, log, [record]).get(record)
        if moved is None:
            return serials.not_serialised(conn, log, known)
        number = moved[0].start
    assert number is not None, "a record that moved something moved a first one"
    return Start(known, number)
