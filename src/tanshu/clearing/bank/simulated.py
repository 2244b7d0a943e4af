"""A simulated bank's own books: an SQLite file with its accounts, the requests it knows, and its faults.

It shares nothing with the house but the words of the gateway. One file may hold several banks, so that one
can pay another. Everything follows from what it is told: references from the requests' ids, days from the
messages; no clock, nothing random.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

from tanshu.base.canonical import digest
from tanshu.base.text import Text
from tanshu.clearing.bank import wire
from tanshu.clearing.bank.gateway import Instruction, Kind, LineKind, Statement, StatementLine

FAULTS = {
    "lose-answer": Text("办了,但不回应即断线", "does it, and drops the connection before it answers"),
    "lose-request": Text("什么都没办就断线", "drops the connection before it does anything"),
    "delay": Text("VALUE 毫秒后才回应", "answers after VALUE milliseconds"),
    "wrong-amount": Text("多办 VALUE 分", "executes VALUE fen more than it was asked for"),
    "execute-twice": Text("同一出金指令执行两次", "executes a payout twice under one request"),
    "refuse": Text("拒绝指令", "refuses the instruction"),
    "queue": Text("先收下,查询时才办", "takes the instruction, and does it only when it is asked about it"),
    "notice-twice": Text("到账通知重复发送", "delivers its notices twice"),
    "wrong-line": Text("对账单首笔金额错 VALUE 分", "its statement's first line is wrong by VALUE fen"),
    "missing-line": Text("对账单缺首笔", "its statement lacks the first line"),
    "double-line": Text("对账单首笔重复", "its statement has the first line twice"),
    "turned-line": Text("对账单首笔方向相反", "its statement's first line has the other sign"),
    "short-balance": Text("对账单期末少 VALUE 分", "its statement's closing balance is VALUE fen too low"),
    "wrong-sub-ledger": Text(
        "对账单首个分账少 VALUE 分", "its statement's first sub-ledger is VALUE fen too low"
    ),
}
"""What can go wrong on demand, each so many times."""

_TABLES = """
CREATE TABLE IF NOT EXISTS request (
    bank TEXT, id TEXT, said TEXT, state TEXT, reference TEXT, done_on TEXT, why TEXT,
    PRIMARY KEY (bank, id));
CREATE TABLE IF NOT EXISTS movement (
    number INTEGER PRIMARY KEY, bank TEXT, day TEXT, kind TEXT, reference TEXT, request TEXT,
    account TEXT, name TEXT, amount INTEGER);
CREATE INDEX IF NOT EXISTS movement_day ON movement (bank, day);
CREATE TABLE IF NOT EXISTS posting (
    number INTEGER PRIMARY KEY, bank TEXT, day TEXT, account TEXT, amount INTEGER);
CREATE INDEX IF NOT EXISTS posting_account ON posting (bank, account);
CREATE TABLE IF NOT EXISTS notice (
    bank TEXT, n INTEGER, reference TEXT, kind TEXT, account TEXT, name TEXT, amount INTEGER,
    day TEXT,    PRIMARY KEY (bank, n), UNIQUE (bank, reference));
CREATE TABLE IF NOT EXISTS fault (
    bank TEXT, name TEXT, times INTEGER, value INTEGER, PRIMARY KEY (bank, name));
CREATE TABLE IF NOT EXISTS holiday (day TEXT PRIMARY KEY);
"""


class Lost(Exception):
    """The connection is to be dropped without an answer."""


class SimulatedBanks:
    """The banks of one file. Not for two threads at once: its server takes turns."""

    def __init__(self, path: str):
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        self._db.close()

    # -- what the house asks -------------------------------------------------------------------------------

    def submit(self, bank: str, said: dict[str, Any], text: str) -> dict[str, object]:
        """Do an instruction once. text: the message as it came, to know the same again without its `on`."""
        instruction, on = wire.instruction_in(said)
        if self.fault(bank, "lose-request"):
            raise Lost
        with self._writing():
            known = self._request(bank, instruction.id)
            if known is None:
                self._execute(bank, instruction, on, text)
            elif known["said"] != text:
                return {"state": wire.REFUSED, "why": "this id was used for another instruction"}
        answer = self.asked(bank, instruction.id, on) if known else self._answer(bank, instruction.id)
        if self.fault(bank, "lose-answer"):
            raise Lost
        return answer

    def asked(self, bank: str, id: str, on: date) -> dict[str, object]:
        """What became of a request; one that was queued is done now, unless the bank is closed."""
        known = self._request(bank, id)
        if known is not None and known["state"] == wire.QUEUED and not self._closed(on):
            instruction, _ = wire.instruction_in(_message(known["said"]) | {"on": on.isoformat()})
            with self._writing():
                self._do(bank, instruction, on)
        return self._answer(bank, id)

    def notices(self, bank: str, after: int) -> list[dict[str, object]]:
        query = "SELECT n, reference, kind, account, name, amount, day FROM notice WHERE bank = ? AND n > ?"
        rows = [dict(row) for row in self._rows(query + " ORDER BY n", bank, after)]
        if rows and self.fault(bank, "notice-twice"):
            return [row for row in rows for _ in range(2)]
        return rows

    def statement(self, bank: str, day: date) -> Statement:
        """A day's statement, with whatever is to be wrong in it this time."""
        true = self._statement(bank, day)
        return self._spoilt(bank, true)

    # -- what its customers and its operator do ------------------------------------------------------------

    def deposit(
        self, bank: str, account: str, name: str, amount: int, day: date, kind: str, reference: str
    ) -> str:
        """Money comes in, or interest is paid; the house hears of it by a notice. Returns the reference."""
        with self._writing():
            n = 1 + int(self._one("SELECT count(*) FROM notice WHERE bank = ?", bank))
            reference = reference or _reference(f"{bank}/{day}/{account}/{n}")
            known = self._one("SELECT count(*) FROM notice WHERE bank = ? AND reference = ?", bank, reference)
            if known:
                return reference
            self._move(bank, day, kind, reference, "", account, name, amount)
            self._post(bank, day, account, amount)
            row = (bank, n, reference, kind, account, name, amount, day.isoformat())
            self._db.execute("INSERT INTO notice VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return reference

    def set_fault(self, bank: str, name: str, times: int, value: int) -> None:
        with self._writing():
            self._db.execute("REPLACE INTO fault VALUES (?, ?, ?, ?)", (bank, name, times, value))

    def set_holidays(self, days: list[date]) -> None:
        with self._writing():
            self._db.execute("DELETE FROM holiday")
            self._db.executemany("INSERT INTO holiday VALUES (?)", [(day.isoformat(),) for day in days])

    def faults(self) -> list[dict[str, object]]:
        return [dict(row) for row in self._rows("SELECT * FROM fault WHERE times > 0 ORDER BY bank, name")]

    def fault(self, bank: str, name: str) -> int | None:
        """Use a fault up once: its value, None where there is none."""
        query = (
            "SELECT times, value FROM fault WHERE bank IN (?, '*') AND name = ? AND times > 0 ORDER BY bank"
        )
        row = next(iter(self._rows(query, bank, name)), None)
        if row is None:
            return None
        change = "UPDATE fault SET times = times - 1 WHERE bank IN (?, '*') AND name = ? AND times > 0"
        self._db.execute(change, (bank, name))
        return int(row["value"]) or 1

    # -- doing ---------------------------------------------------------------------------------------------

    def _execute(self, bank: str, instruction: Instruction, on: date, text: str) -> None:
        row = (bank, instruction.id, text, wire.QUEUED)
        self._db.execute("INSERT INTO request (bank, id, said, state) VALUES (?, ?, ?, ?)", row)
        if self._closed(on) or self.fault(bank, "queue"):
            return
        if self.fault(bank, "refuse"):
            self._end(bank, instruction.id, wire.REFUSED, why="account closed by its owner")
            return
        self._do(bank, instruction, on)

    def _do(self, bank: str, instruction: Instruction, on: date) -> None:
        reference = _reference(f"{bank}/{instruction.id}")
        if instruction.kind is Kind.LEDGER:
            for part in instruction.parts:
                self._post(bank, on, part.account, part.amount)
        else:
            self._pay(bank, instruction, on, reference)
        self._end(bank, instruction.id, wire.DONE, reference=reference, on=on)

    def _pay(self, bank: str, instruction: Instruction, on: date, reference: str) -> None:
        amount = instruction.amount + (self.fault(bank, "wrong-amount") or 0)
        facts = (reference, instruction.id, instruction.account, instruction.name)
        if instruction.kind is Kind.POSITION:
            self._move(bank, on, LineKind.POSITION_OUT, *facts, -amount)
            self._move(instruction.other, on, LineKind.POSITION_IN, *facts, amount)
            return
        for _ in range(2 if self.fault(bank, "execute-twice") else 1):
            self._move(bank, on, LineKind.PAYOUT, *facts, -amount)
            self._post(bank, on, instruction.account, -amount)

    def _move(
        self,
        bank: str,
        day: date,
        kind: str,
        reference: str,
        request: str,
        account: str,
        name: str,
        amount: int,
    ) -> None:
        row = (bank, day.isoformat(), kind, reference, request, account, name, amount)
        columns = "bank, day, kind, reference, request, account, name, amount"
        self._db.execute(f"INSERT INTO movement ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def _post(self, bank: str, day: date, account: str, amount: int) -> None:
        row = (bank, day.isoformat(), account, amount)
        self._db.execute("INSERT INTO posting (bank, day, account, amount) VALUES (?, ?, ?, ?)", row)

    def _end(
        self, bank: str, id: str, state: str, *, reference: str = "", on: date | None = None, why: str = ""
    ) -> None:
        change = "UPDATE request SET state = ?, reference = ?, done_on = ?, why = ? WHERE bank = ? AND id = ?"
        self._db.execute(change, (state, reference, on.isoformat() if on else None, why, bank, id))

    # -- asking --------------------------------------------------------------------------------------------

    def _answer(self, bank: str, id: str) -> dict[str, object]:
        row = self._request(bank, id)
        if row is None:
            return {"state": wire.NEVER}
        if row["state"] == wire.DONE:
            return {"state": wire.DONE, "reference": row["reference"], "on": row["done_on"]}
        return {"state": row["state"], "why": row["why"] or ""}

    def _statement(self, bank: str, day: date) -> Statement:
        sums = "SELECT coalesce(sum(amount), 0) FROM movement WHERE bank = ? AND day < ?"
        balance = opening = int(self._one(sums, bank, day.isoformat()))
        lines: list[StatementLine] = []
        query = "SELECT * FROM movement WHERE bank = ? AND day = ? ORDER BY number"
        for n, row in enumerate(self._rows(query, bank, day.isoformat()), 1):
            balance += row["amount"]
            facts = (row["kind"], row["reference"], row["request"], row["account"], row["name"])
            lines.append(StatementLine(n, *facts, row["amount"], balance))
        subs = (
            "SELECT account, sum(amount) AS fen FROM posting WHERE bank = ? AND day <= ? "
            "GROUP BY account ORDER BY account"
        )
        found = {row["account"]: row["fen"] for row in self._rows(subs, bank, day.isoformat())}
        return Statement(bank, day, opening, balance, tuple(lines), found)

    def _spoilt(self, bank: str, true: Statement) -> Statement:
        said, lines = true, list(true.lines)
        if lines and (wrong := self.fault(bank, "wrong-line")):
            lines[0] = replace(lines[0], amount=lines[0].amount + wrong)
        if lines and self.fault(bank, "turned-line"):
            lines[0] = replace(lines[0], amount=-lines[0].amount)
        if lines and self.fault(bank, "double-line"):
            lines.insert(1, lines[0])
        if lines and self.fault(bank, "missing-line"):
            del lines[0]
        if short := self.fault(bank, "short-balance"):
            said = replace(said, closing=said.closing - short)
        if said.subs and (short := self.fault(bank, "wrong-sub-ledger")):
            first = min(said.subs)
            said = replace(said, subs={**said.subs, first: said.subs[first] - short})
        return replace(said, lines=tuple(replace(line, n=n) for n, line in enumerate(lines, 1)))

    def _closed(self, day: date) -> bool:
        return bool(self._one("SELECT count(*) FROM holiday WHERE day = ?", day.isoformat()))

    def _request(self, bank: str, id: str) -> sqlite3.Row | None:
        return next(iter(self._rows("SELECT * FROM request WHERE bank = ? AND id = ?", bank, id)), None)

    def _rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        cursor = self._db.cursor()
        cursor.row_factory = sqlite3.Row
        return cursor.execute(query, values).fetchall()

    def _one(self, query: str, *values: object) -> Any:
        return self._db.execute(query, values).fetchone()[0]

    @contextmanager
    def _writing(self):
        """All of it or none, and on the disk before anybody hears of it."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _reference(text: str) -> str:
    return "B" + digest(text.encode()).hex()[:16].upper()


def _message(text: str) -> dict[str, Any]:
    return json.loads(text)
