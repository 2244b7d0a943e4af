"""One tonne or one fen, from the order or the bank's line to where it is now: layer by layer, in order.

What moved it, record by record, is the spine (serial numbers for units, `fens` for money). At each turn the
layers beside it are told: the order and the trade in the market's log, the session's claim, the block and the
chain that delivered it, the bank's instruction and the line of its statement. Every step names the command
that shows it, so that nobody has to believe this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.quantity import yuan
from tanshu.base.text import Text
from tanshu.book import serials as book_serials
from tanshu.book.records import RECORDS_MAX, Op
from tanshu.clearing import fens
from tanshu.clearing.bank.model import STATE_LABELS, InstructionState
from tanshu.clearing.bank.tables import BANK_INSTRUCTION, BANK_STATEMENT, BANK_STATEMENT_LINE
from tanshu.clearing.settled import chains_of
from tanshu.clearing.statements.tables import CLEARING_STATEMENT
from tanshu.clearing.tables import CLEARING_DAY
from tanshu.exchange.engine.records import Op as Said
from tanshu.exchange.engine.records import decode
from tanshu.exchange.tables import MARKET, MARKET_DAY, MARKET_PARTY
from tanshu.log import store
from tanshu.log.entry import Entry
from tanshu.parties import queries as parties
from tanshu.registry import serials
from tanshu.registry.encumbrances.model import CLASS_LABELS, ClaimClass
from tanshu.registry.encumbrances.tables import CLAIM, CLAIM_HOLD
from tanshu.registry.model import Instrument, Transaction
from tanshu.registry.serials import Turn
from tanshu.registry.settled import TradeName
from tanshu.registry.types import BY_NUMBER, InstrumentKind

REFERENCE, BANK, INSTRUCTION = "bank_reference", "bank", "instruction"
"""What the details of a deposit say of where it came from."""


class Layer(StrEnum):
    """Where a step is written down."""

    BANK = "bank"
    INSTRUCTION = "instruction"
    TRANSACTION = "transaction"
    HOLD = "hold"
    ORDER = "order"
    TRADE = "trade"
    DELIVERY = "delivery"
    BOOK = "book"
    STATEMENT = "statement"
    SEAL = "seal"
    NOW = "now"


LAYERS = {
    Layer.BANK: Text("银行对账单", "bank's statement"),
    Layer.INSTRUCTION: Text("银行指令", "bank instruction"),
    Layer.TRANSACTION: Text("登记业务", "transaction"),
    Layer.HOLD: Text("占用", "hold"),
    Layer.ORDER: Text("委托", "order"),
    Layer.TRADE: Text("成交", "trade"),
    Layer.DELIVERY: Text("货银对付", "delivery"),
    Layer.BOOK: Text("账簿", "book"),
    Layer.STATEMENT: Text("结算单", "settlement statement"),
    Layer.SEAL: Text("封账", "seal"),
    Layer.NOW: Text("现在", "now"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step. command: what shows it, without `tanshu`. entry: of the book, or of the market's log."""

    layer: Layer
    said: Text
    command: str
    time_ns: int | None = None
    entry: int | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trace:
    """What was followed, and where it went. number: the unit's; of money, of the fen in the order paid in."""

    instrument: Instrument
    number: int
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """`CEA23-12345`; `CNY-100`."""
        return f"{self.instrument.code}-{self.number}"

    @property
    def is_money(self) -> bool:
        return self.instrument.kind is InstrumentKind.CASH


def follow(conn: Connection, log: int, instrument: Instrument, number: int) -> Trace:
    """Everything that happened to a unit or a fen that there is, in order."""
    if instrument.kind is InstrumentKind.CASH:
        stays = fens.life(conn, log, instrument.number, number)
    else:
        stays = book_serials.life(conn, log, instrument.number, number)
    turns = serials.turns(conn, log, stays)
    told = _Teller(conn, instrument, number)
    steps = [step for turn in turns for step in told.turn(turn)]
    return Trace(instrument, number, (*steps, told.now(turns[-1])))


class _Teller:
    """Turns into steps, with the names of everything in them."""

    def __init__(self, conn: Connection, instrument: Instrument, number: int):
        self._conn = conn
        self._instrument, self._number = instrument, number
        self._is_money = instrument.kind is InstrumentKind.CASH
        self._accounts = {one.number: one for one in parties.accounts(conn)}
        self._subjects = {one.id: one for one in parties.subjects(conn)}

    def turn(self, turn: Turn) -> Iterator[Step]:
        """The layers that one record of the book stands for."""
        if turn.trade is not None:
            yield from self._trade(turn, turn.trade)
        elif turn.op in (Op.HOLD, Op.RELEASE) and (claim := self._claim(turn)) is not None:
            yield claim
        elif turn.transaction is not None:
            yield from self._transaction(turn, turn.transaction)
        else:
            yield self._plain(turn)

    def now(self, last: Turn) -> Step:
        """Where it is."""
        stay, account = last.stay, self._accounts[last.stay.account]
        held = Text("占用中", "held") if stay.hold else Text("可用", "available")
        name, unit = self._called(stay.account), f"{self._instrument.code}-{self._number}"
        said = Text(f"在 {name},{held.zh}", f"in {name}, {held.en}")
        command = f"holdings --account {account.code}" if self._is_money else f"serial show {unit}"
        facts = {"account": account.code, "held": bool(stay.hold)}
        return Step(Layer.NOW, said, command, None, None, facts)

    # -- transactions and banks ----------------------------------------------------------------------------

    def _transaction(self, turn: Turn, its: Transaction) -> Iterator[Step]:
        """A transaction's own step, between what a bank told before it and what a bank was asked after it."""
        moved = turn.credit is not None
        if self._is_money and moved and REFERENCE in its.details:
            yield self._bank_line(BANK_STATEMENT_LINE.c.reference, str(its.details[REFERENCE]), its)
        said = self._moved(its.type.name, turn)
        facts = {"transaction": its.id, "type": its.type.code}
        yield self._step(Layer.TRANSACTION, said, f"tx show {its.id}", turn, facts)
        if self._is_money and moved:
            for row in self._conn.execute(
                select(BANK_INSTRUCTION).where(BANK_INSTRUCTION.c.transaction_id == its.id)
            ):
                yield self._instruction(row)
                yield self._bank_line(BANK_STATEMENT_LINE.c.request, row.id, its)

    def _instruction(self, row: Any) -> Step:
        state = STATE_LABELS[InstructionState(row.state)]
        bank = self._subjects[row.bank_id]
        said = Text(
            f"指令 {row.id} 发 {bank.name}:{yuan(row.amount)} 元,{state.zh}",
            f"instruction {row.id} to {bank.name}: {yuan(row.amount)} yuan, {state.en}",
        )
        facts = {"instruction": row.id, "bank": bank.handle, "state": row.state}
        return Step(Layer.INSTRUCTION, said, f"bank instructions --day {row.day}", None, row.seq, facts)

    def _bank_line(self, column: Any, value: str, its: Transaction) -> Step:
        """The newest line of a bank's statement with this reference or request; or that there is none yet."""
        query = select(BANK_STATEMENT_LINE).where(column == value)
        row = self._conn.execute(query.order_by(BANK_STATEMENT_LINE.c.round.desc()).limit(1)).first()
        if row is None:
            said = Text(f"银行对账单中尚无 {value}", f"no bank's statement has {value} yet")
            return Step(Layer.BANK, said, f"tx show {its.id}", None, None, {"reference": value})
        bank = self._subjects[row.bank_id]
        said = Text(
            f"{bank.name} {row.day} 对账单第 {row.n} 行:{row.reference},{yuan(row.amount)} 元",
            f"line {row.n} of the statement of {bank.name} for {row.day}: {row.reference}, "
            f"{yuan(row.amount)} yuan",
        )
        facts = {"bank": bank.handle, "day": row.day, "line": row.n, "reference": row.reference}
        command = f"bank statement {bank.handle} {row.day}"
        return Step(Layer.BANK, said, command, None, self._imported(row), facts | {"amount": row.amount})

    def _imported(self, line: Any) -> int:
        """The entry that took a statement."""
        t = BANK_STATEMENT.c
        here = (t.bank_id == line.bank_id, t.day == line.day, t.round == line.round)
        return self._conn.execute(select(t.seq).where(*here)).scalar_one()

    # -- the market ----------------------------------------------------------------------------------------

    def _trade(self, turn: Turn, trade: TradeName) -> Iterator[Step]:
        """Both orders and the trade from the market's log; the chain that settled it; what was told of it."""
        day = _market_day(self._conn, trade)
        if trade.number:
            yield from self._from_market(day, trade)
        yield self._delivery(turn, trade)
        yield from self._told(turn, trade)

    def _from_market(self, day: Any, trade: TradeName) -> Iterator[Step]:
        found = _traded(self._conn, day, trade.number)
        at = f"--market {trade.market} --day {trade.day}"
        for side, order, party in (
            (Text("卖出", "to sell"), int(found.trade["other"]), int(found.trade["counter"])),
            (Text("买入", "to buy"), int(found.trade["order"]), int(found.trade["party"])),
        ):
            entry, record = found.orders[order]
            subject = self._participant(day.log, party)
            tonnes, price = int(record["quantity"]), yuan(int(record["price"]))
            name = f"{trade.day:%Y%m%d}-{order}"
            said = Text(
                f"{subject.name} 委托 {name}:{side.zh} {tonnes:,} 吨,{price} 元/吨",
                f"order {name} of {subject.name}: {side.en} {tonnes:,} t at {price} yuan/t",
            )
            facts = {"order": name, "subject": subject.handle, "log": day.log}
            command = f"market orders {at} --party {subject.handle}"
            yield Step(Layer.ORDER, said, command, entry.time_ns, entry.seq, facts)
        tonnes, price = int(found.trade["quantity"]), yuan(trade.price_fen)
        said = Text(f"{trade}:{tonnes:,} 吨,{price} 元/吨", f"{trade}: {tonnes:,} t at {price} yuan/t")
        facts = {"trade": str(trade), "quantity": tonnes, "price_fen": trade.price_fen}
        command = f"market trades {at}"
        yield Step(Layer.TRADE, said, command, found.entry.time_ns, found.entry.seq, facts | {"log": day.log})

    def _delivery(self, turn: Turn, trade: TradeName) -> Step:
        place = turn.stay.since & RECORDS_MAX - 1
        chain = int(chains_of(self._conn, turn.entry.seq)[place])
        name = Text(f"{trade} 交收", f"{trade} delivered")
        facts = {"trade": str(trade), "record": place, "chain": chain}
        return self._step(Layer.DELIVERY, self._moved(name, turn), f"book log {turn.entry.seq}", turn, facts)

    def _told(self, turn: Turn, trade: TradeName) -> Iterator[Step]:
        """The receiver's statement of the day, and the day's seal, once there are such."""
        assert turn.credit is not None, "a delivery has somebody who receives"
        subject = self._subjects[self._accounts[turn.credit].subject_id]
        t = CLEARING_STATEMENT.c
        here = (t.day == trade.day, t.subject_id == subject.id)
        row = self._conn.execute(select(CLEARING_STATEMENT).where(*here)).first()
        day = self._conn.execute(select(CLEARING_DAY).where(CLEARING_DAY.c.day == trade.day)).first()
        if row is not None and day is not None:
            said = Text(
                f"{subject.name} {trade.day} 结算单:买入 {row.bought_t:,} 吨,卖出 {row.sold_t:,} 吨,"
                f"期末资金 {yuan(row.closing)} 元",
                f"the statement of {subject.name} for {trade.day}: bought {row.bought_t:,} t, sold "
                f"{row.sold_t:,} t, closing cash {yuan(row.closing)} yuan",
            )
            facts = {"subject": subject.handle, "day": trade.day}
            command = f"day statement {trade.day} {subject.handle}"
            yield Step(Layer.STATEMENT, said, command, None, day.stated_seq, facts)
        if day is not None and day.sealed_seq is not None:
            said = Text(
                f"{trade.day} 已封账,至日志第 {day.log_seq} 条",
                f"{trade.day} is sealed, up to entry {day.log_seq} of the log",
            )
            facts = {"seq": day.log_seq, "hash": day.log_hash, "differences": day.differences}
            yield Step(Layer.SEAL, said, f"day explain {trade.day}", None, day.sealed_seq, facts)

    def _participant(self, log: int, number: int) -> Any:
        t = MARKET_PARTY.c
        query = select(t.subject_id).where(t.log == log, t.number == number)
        return self._subjects[self._conn.execute(query).scalar_one()]

    # -- the book ------------------------------------------------------------------------------------------

    def _claim(self, turn: Turn) -> Step | None:
        """What a hold or a release was for, where a claim is behind it."""
        position = turn.stay.since if turn.op == Op.HOLD else turn.hold
        joined = select(CLAIM).join(CLAIM_HOLD, CLAIM_HOLD.c.claim_id == CLAIM.c.id)
        row = self._conn.execute(joined.where(CLAIM_HOLD.c.position == position)).first()
        if row is None:
            return None
        label, about = CLASS_LABELS[ClaimClass(row.cls)], row.root_id
        done = Text("占用", "held") if turn.op == Op.HOLD else Text("释放", "released")
        name = self._called(turn.stay.account)
        said = Text(
            f"{label.zh} {about}:{done.zh} {name} {self._amount(turn).zh}",
            f"{label.en} {about}: {done.en} in {name}, {self._amount(turn).en}",
        )
        return self._step(Layer.HOLD, said, f"claim show {row.id}", turn, {"claim": row.id, "class": row.cls})

    def _plain(self, turn: Turn) -> Step:
        kind = BY_NUMBER.get(turn.tag)
        name = kind.name if kind else Text(turn.entry.command, turn.entry.command)
        return self._step(Layer.BOOK, self._moved(name, turn), f"book log {turn.entry.seq}", turn, {})

    def _moved(self, name: Text, turn: Turn) -> Text:
        """`trade settlement: from A to B, 100 t`."""
        much, giver = self._amount(turn), self._called(turn.debit)
        if turn.credit is None:
            return Text(f"{name.zh}:{giver} {much.zh}", f"{name.en}: {giver}, {much.en}")
        taker = self._called(turn.credit)
        return Text(f"{name.zh}:{giver} → {taker},{much.zh}", f"{name.en}: {giver} → {taker}, {much.en}")

    def _amount(self, turn: Turn) -> Text:
        """What the record moved, in which this one was; its number there."""
        if self._is_money:
            return Text(f"{yuan(turn.amount)} 元", f"{yuan(turn.amount)} yuan")
        return Text(f"{turn.amount:,} 吨", f"{turn.amount:,} t")

    def _called(self, number: int) -> str:
        account = self._accounts[number]
        return f"{account.code} {self._subjects[account.subject_id].name}"

    def _step(self, layer: Layer, said: Text, command: str, turn: Turn, facts: Mapping[str, object]) -> Step:
        """A step that one record of the book is. facts: with that record, and the range it moved together."""
        code, stay = self._instrument.code, turn.stay
        more = {"record": stay.since & RECORDS_MAX - 1, "range": f"{code}-{stay.start}-{stay.end}"}
        return Step(layer, said, command, turn.entry.time_ns, turn.entry.seq, {**more, **facts})


# -- the market's log --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Traded:
    """A trade in the market's log, and the entries of the orders that made it."""

    trade: Any
    entry: Entry
    orders: Mapping[int, tuple[Entry, Any]]


def _market_day(conn: Connection, trade: TradeName) -> Any:
    joined = select(MARKET_DAY).join(MARKET, MARKET.c.log == MARKET_DAY.c.log)
    here = (MARKET.c.name == trade.market, MARKET_DAY.c.day == trade.day)
    return conn.execute(joined.where(*here)).one()


def _traded(conn: Connection, day: Any, number: int) -> _Traded:
    """The trade of this number, read from the log of its day."""
    entered: dict[int, tuple[Entry, Any]] = {}
    for entry in store.read(conn, day.log, after=day.market_opened - 1, upto=day.market_closed):
        records = decode(entry.records)
        for one in records[records["op"] == Said.ENTERED]:
            entered[int(one["order"])] = entry, one
        for one in records[(records["op"] == Said.AMENDED) & (records["other"] != 0)]:
            entered[int(one["other"])] = entry, one  # an amended order that lost its place has a new number
        trades = records[(records["op"] == Said.TRADE) & (records["extra"] == number)]
        if len(trades):
            mine = (int(trades[0]["order"]), int(trades[0]["other"]))
            return _Traded(trades[0], entry, {order: entered[order] for order in mine})
    raise AssertionError(f"trade {number} is not in log {day.log}")


def order_trades(conn: Connection, log: int, day: date, order: int) -> list[int]:
    """The numbers of the trades that an order of a closed day led to."""
    t = MARKET_DAY.c
    row = conn.execute(select(MARKET_DAY).where(t.log == log, t.day == day)).one()
    found: list[int] = []
    for entry in store.read(conn, log, after=row.market_opened - 1, upto=row.market_closed):
        records = decode(entry.records)
        mine = (records["op"] == Said.TRADE) & ((records["order"] == order) | (records["other"] == order))
        found += records["extra"][mine].tolist()
    return found
