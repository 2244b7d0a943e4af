"""Leaves: what is written by hand is canonical; what is read is of its form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.base.canonical import canonical
from tanshu.book import leaves
from tanshu.book.records import AMOUNT_MAX, POSITION_BITS, RECORDS_MAX, Op
from tests.support.proofs import refused

numbers = st.integers(0, 2**32 - 1)
quantities = st.integers(-(2**63), 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
hashes = st.binary(min_size=32, max_size=32)


@given(
    numbers,
    st.integers(0, 9),
    *[numbers] * 3,
    quantities,
    st.integers(0, 2**63 - 1),
    numbers,
    st.integers(0, 24),
)
def test_a_record_s_leaf_is_canonical(
    i: int, op: int, debit: int, credit: int, of: int, amount: int, hold: int, tag: int, result: int
):
    written = leaves.record(i, op, debit, credit, of, amount, hold, tag, result, "[[1,5],[7,9]]")
    said = json.loads(written)
    assert written == canonical(said)
    assert said == {
        "amount": amount,
        "credit": credit,
        "debit": debit,
        "hold": f"{hold >> 16}/{hold & 65535}" if hold else None,
        "i": i,
        "instrument": of,
        "operation": Op(op).name.lower() if op in tuple(Op) else str(op),
        "result": "ok" if result == 0 else str(result),
        "serials": [[1, 5], [7, 9]],
        "tag": tag,
    }
    leaves.check_record(said, "leaf")


@given(
    texts,
    texts,
    texts,
    texts,
    st.integers(0, 9),
    st.integers(-AMOUNT_MAX, AMOUNT_MAX),
    st.integers(0, AMOUNT_MAX),
)
def test_a_cell_s_leaf_is_canonical(
    code: str, holder: str, name: str, what: str, scale: int, available: int, held: int
):
    words = [leaves.text(text) for text in (code, holder, name, what)]
    written = leaves.cell(words[0], words[1], words[2], words[3], scale, available, held, "null")
    said = json.loads(written)
    assert written == canonical(said)
    assert [said[key] for key in ("account", "holder", "name", "instrument")] == [code, holder, name, what]
    leaves.check_cell(said, "leaf", 32)


@given(st.integers(0, 2**62), st.integers(0, 2**62), hashes, numbers, hashes, numbers, hashes)
def test_an_entry_s_leaf_is_canonical(
    seq: int, time_ns: int, hash: bytes, n: int, one: bytes, m: int, two: bytes
):
    written = leaves.entry(seq, time_ns, hash, n, one, m, two)
    assert written == canonical(json.loads(written))
    leaves.check_entry(json.loads(written), "leaf", 32)


def test_the_words_are_those_of_the_book():
    assert {int(op): op.name.lower() for op in Op} == leaves.OPERATIONS
    assert (leaves.POSITION_BITS, leaves.CELL_MAX) == (POSITION_BITS, AMOUNT_MAX)
    assert RECORDS_MAX == 1 << leaves.POSITION_BITS


def test_no_two_places_share_a_salt():
    places = [
        write(*numbers)
        for write, count in (
            (leaves.entry_position, 1),
            (leaves.record_position, 2),
            (leaves.row_position, 2),
            (leaves.cell_position, 3),
        )
        for numbers in ([0] * count, [1] * count, [2**31 - 1] * count)
    ]
    assert len(set(places)) == len(places)


RECORD = json.loads(leaves.record(0, 4, 1, 2, 0, 5, 0, 8, 0))
CELL = json.loads(leaves.cell('"a"', '"h"', '"n"', '"i"', 0, 5, 0, "null"))


@pytest.mark.parametrize(
    ("leaf", "check", "change"),
    [
        *((RECORD, leaves.check_record, {name: True}) for name in RECORD),
        *((CELL, lambda leaf, at: leaves.check_cell(leaf, at, 32), {name: 1.0}) for name in CELL),
        (RECORD, leaves.check_record, {"more": 1}),
        (RECORD, leaves.check_record, {"amount": 2**63}),
        (RECORD, leaves.check_record, {"hold": "01/1"}),
        (RECORD, leaves.check_record, {"serials": [[1, 2], [3, 4]]}),
        (RECORD, leaves.check_record, {"serials": [[2, 1]]}),
        (RECORD, leaves.check_record, {"serials": [[1]]}),
        (CELL, lambda leaf, at: leaves.check_cell(leaf, at, 32), {"serials": "AB" * 32}),
        (CELL, lambda leaf, at: leaves.check_cell(leaf, at, 32), {"name": "\ud800"}),
    ],
)
def test_a_leaf_of_another_form_is_refused(leaf: dict[str, Any], check: Any, change: dict[str, Any]):
    check(leaf, "leaf")
    assert refused(check, leaf | change, "leaf").code == "PROOF-1004"
    assert refused(check, {name: leaf[name] for name in list(leaf)[1:]}, "leaf").code == "PROOF-1004"
