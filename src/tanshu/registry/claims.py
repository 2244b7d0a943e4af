"""What proven entries say in the register's words: which transaction, whose, of what, when it took effect.

Only what stands in proven records and rows is said, and only where it fits together: a certificate's
movements are its transaction's lines, one for one. Nothing here needs a database or the register's own code,
so that an outsider's check stays small.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.book import proof_checks
from tanshu.book.leaves import ACCEPTED, MOVES
from tanshu.book.verify import CERTIFICATE, Proven, ProvenEntry

PROPOSED, EFFECTED = "proposed", "effected"
STATES = {
    PROPOSED: Text("已提出;其后结果不在本证明之内", "proposed; what came of it is not in this proof"),
    EFFECTED: Text("已生效", "effected"),
    "rejected": Text("已驳回", "rejected"),
    "withdrawn": Text("已撤回", "withdrawn"),
    "expired": Text("已过期", "expired"),
}
TYPES = {
    "issuance": Text("配额发行", "issuance"),
    "pre-allocation": Text("预分配", "pre-allocation"),
    "final-allocation": Text("核定分配", "final allocation"),
    "return-of-excess": Text("多退", "return of excess"),
    "cash-deposit": Text("入金", "cash deposit"),
    "cash-withdrawal": Text("出金", "cash withdrawal"),
    "position-transfer": Text("持仓划转", "position transfer"),
    "trade-settlement": Text("交易交收", "trade settlement"),
    "surrender": Text("配额清缴", "surrender"),
    "offset": Text("减排量抵销", "offset"),
    "voluntary-cancellation": Text("自愿注销", "voluntary cancellation"),
    "administrative-adjustment": Text("配额调整", "administrative adjustment"),
    "free-transfer": Text("自由转让", "free transfer"),
    "credit-issuance": Text("减排量签发", "credit issuance"),
    "credit-surrender": Text("减排量清缴", "credit surrender"),
    "auction": Text("有偿发放", "auction"),
    "surrender-reversal": Text("清缴撤销", "reversal of surrender"),
    "carry-over": Text("配额结转", "carry-over"),
    "carry-over-issuance": Text("结转发放", "carry-over issuance"),
    "forced-surrender": Text("强制履约", "forced surrender"),
    "withheld-release": Text("差异化发放", "release of withheld units"),
    "helping-surrender": Text("代为清缴", "surrender for another"),
    "merger": Text("合并变更", "merger"),
    "split": Text("分立变更", "split"),
    "succession": Text("承继或继承", "succession"),
    "court-transfer": Text("强制执行", "transfer by court order"),
    "correction": Text("更正登记", "correction"),
    "judicial-freeze": Text("司法冻结", "judicial freeze"),
    "judicial-renewal": Text("续行冻结", "renewal of a freeze"),
    "judicial-release": Text("解除冻结", "release of a freeze"),
    "judicial-deduction": Text("司法扣划", "judicial deduction"),
    "pledge": Text("质押登记", "pledge"),
    "pledge-release": Text("质押解除", "release of a pledge"),
    "pledge-substitution": Text("质押置换", "substitution of a pledge"),
    "pledge-enforcement": Text("质权实现", "enforcement of a pledge"),
    "surplus-cancellation": Text("未交易注销", "cancellation of surplus"),
    "closing-transfer": Text("销户划转", "closing transfer"),
    "bank-position": Text("头寸划拨", "bank position transfer"),
    "interest": Text("结息", "interest"),
    "settlement-fee": Text("交易与结算费", "fees of trading and settlement"),
    "shortfall-cover": Text("准备金垫付", "cover of a shortfall"),
    "shortfall-recovery": Text("垫付追偿", "recovery of a shortfall"),
    "settlement-correction": Text("结算更正", "correction of a settlement"),
}
"""Words for types and states, as the register has them (a test compares); another word stands for itself.

Nobody can prove from a few entries that nothing came after them: so no proof says "pending".
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose something is: handle and name; both "" where nothing proven says it."""

    handle: str
    name: str


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a movement: an account by code (`#number` where it has none) and its holder."""

    account: str
    holder: Holder


@dataclass(frozen=True, slots=True)
class Movement:
    """One proven record. quantity is in minor units; numbers: first and last of each serial range."""

    seq: int
    time_ns: int
    operation: str
    instrument: str | None
    scale: int
    debit: Side | None
    credit: Side | None
    quantity: int
    numbers: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Transaction:
    """A proven transaction, as far as the proof follows it. ended_*: None where it does not show the end."""

    id: str
    type: str
    state: str
    year: int | None
    subject: Holder
    proposed_seq: int
    proposed_ns: int
    ended_seq: int | None
    ended_ns: int | None


@dataclass(frozen=True, slots=True)
class Claims:
    """Everything a proof of entries says: a transaction, if it is of one, and the movements it shows."""

    transaction: Transaction | None
    movements: tuple[Movement, ...]


def read(proven: Proven) -> Claims:
    """What the entries of a proof say. Raises Refused PROOF-1017 where they do not fit together.

    A holder may leave out of a proof what others need not see; what is left is still so.
    """
    rows = _Rows(proven.entries)
    transaction = _transaction(rows)
    movements = tuple(rows.movement(entry, record) for entry in proven.entries for record in entry.records)
    if proven.kind == CERTIFICATE and (transaction is None or transaction.state != EFFECTED):
        raise _disagree("证明不含已生效的业务", "it holds no transaction that took effect")
    if transaction is not None and transaction.state == EFFECTED:
        _must_be_its_lines(proven, rows, transaction)
    return Claims(transaction, movements)


# -- rows --------------------------------------------------------------------------------------------------


class _Rows:
    """Proven row changes, found by what they are about."""

    def __init__(self, entries: tuple[ProvenEntry, ...]):
        self._changes = [(entry, change) for entry in entries for change in entry.changes]
        self._accounts = {_key(values.get("number")): values for _, values in self.inserts("account")}
        self._subjects = {_key(values.get("id")): values for _, values in self.inserts("subject")}
        self._instruments = {_key(values.get("number")): values for _, values in self.inserts("instrument")}
        names = [values for _, values in self.inserts("subject_name")]
        names.sort(key=lambda values: str(values.get("since")))
        self._names = {_key(values.get("subject_id")): values.get("name") for values in names}

    def inserts(self, table: str) -> Iterator[tuple[ProvenEntry, Mapping[str, Any]]]:
        for entry, (kind, name, _, values) in self._changes:
            if kind == "insert" and name == table:
                yield entry, values

    def updates(self, table: str) -> Iterator[tuple[ProvenEntry, Mapping[str, Any], Mapping[str, Any]]]:
        for entry, (kind, name, where, values) in self._changes:
            if kind == "update" and name == table:
                yield entry, where, values

    def holder(self, subject_id: object) -> Holder:
        subject = self._subjects.get(_key(subject_id), {})
        return Holder(_text(subject.get("handle")), _text(self._names.get(_key(subject_id))))

    def side(self, number: int) -> Side:
        account = self._accounts.get(number, {})
        return Side(_text(account.get("code")) or f"#{number}", self.holder(account.get("subject_id")))

    def movement(self, entry: ProvenEntry, record: Mapping[str, Any]) -> Movement:
        instrument = self._instruments.get(record["instrument"], {})
        scale = instrument.get("scale")
        operation = record["operation"]
        return Movement(
            entry.seq,
            entry.time_ns,
            operation if record["result"] == ACCEPTED else f"{operation} ({record['result']})",
            (_text(instrument.get("code")) or f"#{record['instrument']}")
            if operation not in ("open_account", "set_flags")
            else None,
            scale if type(scale) is int and 0 <= scale <= 9 else 0,
            self.side(record["debit"]) if operation != "define_instrument" else None,
            self.side(record["credit"]) if operation in MOVES else None,
            record["amount"],
            tuple((first, last) for first, last in record["serials"]),
        )


# -- a transaction -----------------------------------------------------------------------------------------


def _transaction(rows: _Rows) -> Transaction | None:
    """The one transaction whose rows are proven."""
    proposals = list(rows.inserts("registry_transaction"))
    changes = list(rows.updates("registry_transaction"))
    if not proposals and not changes:
        return None
    if len(proposals) != 1:
        raise _disagree("应恰有一项业务申请", "it should hold exactly one proposal")
    entry, values = proposals[0]
    state, ended = PROPOSED, None
    if _text(values.get("state")) in STATES:  # recorded as already in effect
        state, ended = _text(values["state"]), entry
    for later, where, changed in changes:
        if where.get("id") != values.get("id") or later.seq < entry.seq:
            raise _disagree("变更属于另一项业务", "a change is another transaction's")
        if "state" in changed:
            state, ended = _text(changed["state"]), later
    year = values.get("year")
    return Transaction(
        _text(values.get("id")),
        _text(values.get("type")),
        state,
        year if type(year) is int else None,
        rows.holder(values.get("subject_id")),
        entry.seq,
        entry.time_ns,
        ended.seq if ended else None,
        ended.time_ns if ended else None,
    )


def _must_be_its_lines(proven: Proven, rows: _Rows, transaction: Transaction) -> None:
    """The movements of the entry in which it took effect are its lines, each once."""
    lines = sorted(
        str([values.get(name) for name in ("debit", "credit", "instrument", "quantity")])
        for _, values in rows.inserts("transaction_line")
        if values.get("transaction_id") == transaction.id
    )
    moved = sorted(
        str([record[name] for name in ("debit", "credit", "instrument", "amount")])
        for entry in proven.entries
        if entry.seq == transaction.ended_seq
        for record in entry.records
        if record["operation"] in MOVES and record["result"] == ACCEPTED
    )
    if not lines or lines != moved:
        raise _disagree(
            f"第 {transaction.ended_seq} 条的划转不是该业务的明细",
            f"what entry {transaction.ended_seq} moved is not the transaction's lines",
        )


def _key(value: object) -> int | str | None:
    """What something can be found by."""
    return value if isinstance(value, int | str) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _disagree(zh: str, en: str) -> Refused:
    return Refused(proof_checks.DISAGREES(field="proof", why=Text(zh, en)))
