"""What stands in the leaves of the trees, as bytes, and which form it must have.

| tree               | a leaf for each | says                                                             |
|--------------------|-----------------|------------------------------------------------------------------|
| log                | entry           | seq, time, chain hash, roots and sizes of the next two trees     |
| records of an entry| book record     | the record in words, its result, the serial numbers it moved     |
| rows of an entry   | row change      | kind, table, where, values: as the entry tells them              |
| state              | non-zero cell   | account, holder, instrument, available, held, its serial numbers |

    leaf hash = H(0x00 ‖ salt ‖ canonical JSON)        salt = keyed hash(domain ‖ position)

The salt is 32 bytes and follows from one secret and the leaf's place. So a leaf can be disclosed alone: the
hashes beside it cannot be guessed at. A cell's salt also depends on the checkpoint, so that two checkpoints
do not tell whose holdings changed between them.

The writers for records and cells put their JSON together by hand, a million leaves being ordinary; a test
holds them equal to the canonical form, which is what a verifier computes. Nothing here needs a database.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Sequence
from typing import Any

from tanshu.base.canonical import canonical
from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.book.proof_checks import SHAPE

OPERATIONS = {
    1: "open_account",
    2: "set_flags",
    3: "define_instrument",
    4: "transfer",
    5: "hold",
    6: "capture",
    7: "release",
}
MOVES = ("transfer", "capture")
"""Operations by which units change hands."""
ACCEPTED = "ok"
POSITION_BITS = 16
CELL_MAX = (1 << 62) - 1

Ranges = Sequence[Sequence[int]]
"""[first, last] of each range, in order."""

_SEQ = struct.Struct("<q")
_PLACE = struct.Struct("<qi")
_CELL = struct.Struct("<qqq")


# -- where a leaf stands -----------------------------------------------------------------------------------


def entry_position(seq: int) -> bytes:
    return b"entry" + _SEQ.pack(seq)


def record_position(seq: int, i: int) -> bytes:
    return b"record" + _PLACE.pack(seq, i)


def row_position(seq: int, i: int) -> bytes:
    return b"row" + _PLACE.pack(seq, i)


def cell_position(seq: int, account: int, instrument: int) -> bytes:
    """A cell at the checkpoint of entry `seq`."""
    return b"cell" + _CELL.pack(seq, account, instrument)


# -- what it says ------------------------------------------------------------------------------------------


def entry(
    seq: int, time_ns: int, hash: bytes, records: int, records_root: bytes, rows: int, rows_root: bytes
) -> bytes:
    """The leaf of an entry: its place in its own chain, and what its records and rows lead to."""
    return (
        f'{{"hash":"{hash.hex()}","records":{records},"records_root":"{records_root.hex()}",'
        f'"rows":{rows},"rows_root":"{rows_root.hex()}","seq":{seq},"time_ns":{time_ns}}}'
    ).encode()


def record(
    i: int,
    op: int,
    debit: int,
    credit: int,
    instrument: int,
    amount: int,
    hold: int,
    tag: int,
    result: int,
    serials: str = "[]",
) -> bytes:
    """The leaf of record i of its entry. serials: JSON of the ranges it moved.

    debit, credit, instrument and amount mean what they mean in the record (book/records.py); hold is the
    position of the hold, `entry/record`.
    """
    where = f'"{hold >> POSITION_BITS}/{hold & 0xFFFF}"' if hold else "null"
    said = ACCEPTED if result == 0 else str(result)
    operation = OPERATIONS.get(op) or str(op)
    return (
        f'{{"amount":{amount},"credit":{credit},"debit":{debit},"hold":{where},"i":{i},'
        f'"instrument":{instrument},"operation":"{operation}","result":"{said}","serials":{serials},'
        f'"tag":{tag}}}'
    ).encode()


def row(i: int, change: Sequence[Any]) -> bytes:
    """The leaf of change i of an entry's rows: [kind, table, where, values]."""
    return canonical({"change": list(change), "i": i})


def cell(
    code: str, holder: str, name: str, instrument: str, scale: int, available: int, held: int, serials: str
) -> bytes:
    """The leaf of a cell. code (of the account), holder, name, instrument and serials are JSON already."""
    return (
        f'{{"account":{code},"available":{available},"held":{held},"holder":{holder},'
        f'"instrument":{instrument},"name":{name},"scale":{scale},"serials":{serials}}}'
    ).encode()


def text(value: str) -> str:
    """A text as JSON, the way canonical JSON has it."""
    return json.dumps(value, ensure_ascii=False)


def serials(available: Ranges, held: Ranges) -> dict[str, Any]:
    """The numbers a cell has, as they are disclosed with it and hashed into its leaf."""
    return {"available": [list(one) for one in available], "held": [list(one) for one in held]}


# -- its form ----------------------------------------------------------------------------------------------

_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_HOLD = re.compile(r"(0|[1-9][0-9]{0,18})/(0|[1-9][0-9]{0,4})")


def members(value: object, where: str, *names: str) -> dict[str, Any]:
    """An object with exactly these members. Raises Refused PROOF-1004, as the others here do."""
    if not isinstance(value, dict):
        raise misshapen(where, "应为对象", "an object is needed")
    for name in names:
        if name not in value:
            raise misshapen(where, f"缺少 {name}", f"{name} is missing")
    for name in value:
        if name not in names:
            raise misshapen(where, f"多出 {name[:40]!r}", f"{name[:40]!r} is not part of it")
    return value


def items(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise misshapen(where, "应为列表", "a list is needed")
    return value


def string(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise misshapen(where, "应为文字", "a text is needed")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise misshapen(where, "文字含有不完整的代理项", "half of a surrogate pair") from None
    return value


def integer(value: object, where: str, low: int = 0, high: int = (1 << 63) - 1) -> int:
    if type(value) is not int or not low <= value <= high:
        raise misshapen(
            where, f"应为 {low} 至 {high} 的整数", f"a whole number from {low} to {high} is needed"
        )
    return value


def octets(value: object, where: str, length: int) -> bytes:
    """So many bytes in lower-case hexadecimal."""
    if not isinstance(value, str) or len(value) != 2 * length or not _HEX.fullmatch(value):
        raise misshapen(
            where, f"应为 {length} 字节的十六进制小写", f"{length} bytes in lower-case hex are needed"
        )
    return bytes.fromhex(value)


def ranges(value: object, where: str) -> list[tuple[int, int]]:
    """Ranges in order that neither touch nor overlap."""
    found: list[tuple[int, int]] = []
    for n, one in enumerate(items(value, where)):
        at = f"{where}[{n}]"
        if len(items(one, at)) != 2:
            raise misshapen(at, "应为起止两个号码", "a first and a last number are needed")
        first, last = integer(one[0], at, low=1), integer(one[1], at, low=1)
        if last < first or (found and first <= found[-1][1] + 1):
            raise misshapen(at, "区间须递增且互不相接", "ranges must grow and not touch")
        found.append((first, last))
    return found


def check_entry(value: object, where: str, hash_bytes: int) -> dict[str, Any]:
    leaf = members(value, where, "hash", "records", "records_root", "rows", "rows_root", "seq", "time_ns")
    for name in ("hash", "records_root", "rows_root"):
        octets(leaf[name], f"{where}.{name}", hash_bytes)
    for name in ("records", "rows", "seq", "time_ns"):
        integer(leaf[name], f"{where}.{name}")
    return leaf


def check_record(value: object, where: str) -> dict[str, Any]:
    names = ("amount", "credit", "debit", "hold", "i", "instrument", "operation", "result", "serials", "tag")
    leaf = members(value, where, *names)
    integer(leaf["amount"], f"{where}.amount", low=-(1 << 63))
    for name in ("credit", "debit", "i", "instrument", "tag"):
        integer(leaf[name], f"{where}.{name}")
    for name in ("operation", "result"):
        string(leaf[name], f"{where}.{name}")
    if leaf["hold"] is not None and not _HOLD.fullmatch(string(leaf["hold"], f"{where}.hold")):
        raise misshapen(f"{where}.hold", "应为 条目/笔", "entry/record is needed")
    ranges(leaf["serials"], f"{where}.serials")
    return leaf


def check_row(value: object, where: str) -> dict[str, Any]:
    leaf = members(value, where, "change", "i")
    integer(leaf["i"], f"{where}.i")
    change = items(leaf["change"], f"{where}.change")
    if len(change) != 4:
        raise misshapen(f"{where}.change", "应有四部分", "four parts are needed")
    for part in change[:2]:
        string(part, f"{where}.change")
    for part in change[2:]:
        if not isinstance(part, dict):
            raise misshapen(f"{where}.change", "应为列与值", "columns with values are needed")
    return leaf


def check_cell(value: object, where: str, hash_bytes: int) -> dict[str, Any]:
    names = ("account", "available", "held", "holder", "instrument", "name", "scale", "serials")
    leaf = members(value, where, *names)
    for name in ("account", "holder", "instrument", "name"):
        string(leaf[name], f"{where}.{name}")
    integer(leaf["available"], f"{where}.available", low=-CELL_MAX, high=CELL_MAX)
    integer(leaf["held"], f"{where}.held", high=CELL_MAX)
    integer(leaf["scale"], f"{where}.scale", high=9)
    if leaf["serials"] is not None:
        octets(leaf["serials"], f"{where}.serials", hash_bytes)
    return leaf


def misshapen(where: str, zh: str, en: str) -> Refused:
    return Refused(SHAPE(field="proof", where=where, why=Text(zh, en)))
