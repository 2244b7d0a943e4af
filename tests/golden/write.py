"""Writes the golden log of the present release: `python -m tests.golden.write`.

A small market with everything in it that a log can hold: every operation, every result code, chains that hold
and chains that break, Chinese names, rows inserted, changed and deleted, answers. Once a release is out its
file is never written again; later releases replay it.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from tanshu.base.steps import STEP
from tanshu.book import records
from tanshu.book.records import AMOUNT_MAX, AccountFlag, Row, position
from tanshu.book.rows import DELETE, INSERT, UPDATE, Change
from tanshu.log.store import Written
from tests.support.commands import CEA, CNY, ISSUER, MAKER, SINK, TAKER, opening
from tests.support.stories import Story

HERE = Path(__file__).parent
NOBODY, NOTHING = 99, 9
CLERK, PLANT, PROVINCE = "registry-maker-1", "plant-a-maker-1", "湖北-审核-1"


def story() -> Story:
    """The golden log, entry by entry."""
    s = Story("黄金 golden")
    s.add(*opening(), command="establish", answer={"instruments": ["CEA", "CNY"], "名称": "登记结算机构"})
    _give_and_take(s)
    _hold(s)
    _chain(s)
    _forbid_and_close(s)
    _refuse(s)
    _tell_rows(s)
    return s


def _give_and_take(s: Story) -> None:
    for n in range(1, 9):
        s.add(
            records.transfer(MAKER, TAKER, CEA, 10 * n, tag=7),
            records.transfer(TAKER, MAKER, CNY, 100 * n, tag=7),
            actor=PLANT,
            answer={"id": f"TX-{n:04d}", "quantity": 10 * n},
        )
    s.add(records.transfer(ISSUER, MAKER, CEA, 999_000), actor=PROVINCE)
    s.add(records.transfer(ISSUER, MAKER, CEA, 1))  # beyond the cap
    s.add(records.transfer(MAKER, ISSUER, CEA, 500), records.transfer(ISSUER, TAKER, CEA, 501))
    s.add(records.transfer(MAKER, TAKER, CEA, AMOUNT_MAX))  # more than there is
    s.add()  # a command without a record


def _hold(s: Story) -> None:
    held = position(s.add(records.hold(MAKER, CEA, 600, tag=3), actor=PLANT).seq, 0)
    s.add(records.capture(held, MAKER, SINK, CEA, 250, tag=3))
    s.add(records.release(held, MAKER, CEA, 100))
    s.add(records.capture(held, MAKER, SINK, CEA, 251))  # more than is left
    s.add(records.release(held, TAKER, CEA, 1))  # somebody else's
    s.add(records.capture(held, MAKER, SINK, CEA, 250))
    s.add(records.release(held, MAKER, CEA, 1))  # nothing is left
    s.add(records.hold(ISSUER, CEA, 1))
    s.add(*[records.hold(TAKER, CEA, 5 + n) for n in range(4)])
    s.add(records.release(position(s.last.seq, 2), TAKER, CEA, 7))


def _chain(s: Story) -> None:
    sell = records.transfer(MAKER, TAKER, CEA, 40, linked=True)
    s.add(sell, records.transfer(TAKER, MAKER, CNY, 4_000), command="settle", actor="交易机构-1")
    s.add(sell, records.transfer(TAKER, MAKER, CNY, AMOUNT_MAX), records.hold(MAKER, CEA, 1))
    s.add(records.transfer(MAKER, TAKER, CEA, 1), sell)  # a chain without an end


def _forbid_and_close(s: Story) -> None:
    s.add(records.open_account(4), records.open_account(5, AccountFlag.NO_CREDIT), command="register")
    s.add(records.transfer(MAKER, 4, CEA, 9), records.transfer(MAKER, 5, CEA, 9))
    s.add(records.set_flags(4, AccountFlag.NO_DEBIT), command="freeze", actor="法院-1")
    s.add(records.transfer(4, MAKER, CEA, 9), records.hold(4, CEA, 1))
    s.add(records.set_flags(4, AccountFlag.CLOSED))  # it is not empty
    s.add(records.set_flags(4, AccountFlag.NONE), records.transfer(4, SINK, CEA, 9))
    s.add(records.set_flags(4, AccountFlag.CLOSED), command="close")
    s.add(records.transfer(4, MAKER, CEA, 1), records.transfer(MAKER, 4, CEA, 1))
    s.add(records.define_instrument(2, cap=AMOUNT_MAX, scale=9), command="define")


def _refuse(s: Story) -> None:
    """One entry for each code that nothing above was answered with, and some again."""
    strange: tuple[Row, ...] = (
        (99, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (4, 0, CEA, MAKER, TAKER, 1, 0, 0, 1, 0),
        records.open_account(7),
        records.open_account(6, AccountFlag.CLOSED),
        records.define_instrument(3, scale=10),
        records.define_instrument(4),
        records.transfer(NOBODY, MAKER, CEA, 1),
        records.transfer(MAKER, NOBODY, CEA, 1),
        records.transfer(MAKER, TAKER, NOTHING, 1),
        records.transfer(MAKER, MAKER, CEA, 1),
        records.transfer(MAKER, TAKER, CEA, 0),
        records.transfer(MAKER, TAKER, CEA, AMOUNT_MAX + 1),
        records.release(12_345, MAKER, CEA, 1),
        records.set_flags(MAKER, AccountFlag.OVERDRAFT),
    )
    for row in strange:
        s.add(row)
    s.add(*strange)


def _tell_rows(s: Story) -> None:
    row = {"job": "黄金", "name": "第一步", "position": 1, "done_ns": 1, "result": "{}"}
    this = {"job": "黄金", "name": "第一步"}
    s.add(changes=[Change(INSERT, STEP.name, {}, row)], command="step", answer={"step": "第一步"})
    s.add(changes=[Change(UPDATE, STEP.name, this, {"done_ns": 2})], command="step")
    s.add(
        records.transfer(MAKER, TAKER, CEA, 1),
        changes=[
            Change(DELETE, STEP.name, this, {}),
            *[Change(INSERT, STEP.name, {}, {**row, "name": f"步骤{n}", "position": n}) for n in range(20)],
        ],
        command="step",
        answer={"steps": 20, "done": True, "none": None},
    )


# -- the file ----------------------------------------------------------------------------------------------


def as_text(written: list[Written]) -> str:
    """One JSON object a line: bytes as hex, answer and rows as the text they are."""
    return "".join(json.dumps(_line(one), ensure_ascii=False) + "\n" for one in written)


def _line(one: Written) -> dict[str, object]:
    fields = {name: getattr(one.entry, name) for name in one.entry.__slots__}
    told = {name: value.hex() if isinstance(value, bytes) else value for name, value in fields.items()}
    return {**told, "answer": one.answer.decode(), "rows": one.rows.decode()}


def release() -> str:
    pyproject = HERE.parent.parent / "pyproject.toml"
    return tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["version"]


def main() -> None:
    made = story()
    file = HERE / f"log-{release()}.jsonl"
    file.write_text(as_text(made.written), encoding="utf-8")
    print(f"{file.name}: {len(made.written)} entries, {made.last.hash.hex()}")


if __name__ == "__main__":
    main()
