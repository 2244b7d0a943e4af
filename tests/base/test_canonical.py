"""Equal values have equal bytes, on every machine and for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.base.canonical import canonical, canonical_rows, digest
from tanshu.base.refusal import Refused


@dataclass(frozen=True)
class Lot:
    product: str
    tonnes: int


class Kind(IntEnum):
    SPOT = 3


FORMS = [
    (None, "null"),
    (True, "true"),
    (7, "7"),
    (2**70, "1180591620717411303424"),
    (Kind.SPOT, "3"),
    ("碳", '"碳"'),
    ('"\n', '"\\"\\n"'),
    (Decimal("1.50"), '"1.50"'),
    (Decimal("1E+3"), '"1000"'),
    (Decimal("1E-7"), '"0.0000001"'),
    (date(2024, 12, 31), '"2024-12-31"'),
    (datetime(2024, 12, 31, 9, tzinfo=UTC), '"2024-12-31T09:00:00+00:00"'),
    (b"\x00\xff", '"00ff"'),
    ((1, [2, None]), "[1,[2,null]]"),
    ({"b": 1, "a": {"z": 1, "y": 2}}, '{"a":{"y":2,"z":1},"b":1}'),
    ({2: "b", 1: "a"}, '{"1":"a","2":"b"}'),
    (Lot("CEA23", 100), '{"product":"CEA23","tonnes":100}'),
]


@pytest.mark.parametrize(("value", "text"), FORMS, ids=[text for _, text in FORMS])
def test_a_value_has_one_form(value: object, text: str):
    assert canonical(value).decode() == text


@pytest.mark.parametrize("value", [1.5, {"x": 0.1}, [float("nan")]])
def test_a_float_is_refused_with_BASE_1301(value: object):
    with pytest.raises(Refused) as caught:
        canonical(value)
    assert caught.value.refusal.code == "BASE-1301"


@pytest.mark.parametrize("value", [object(), {1, 2}, Lot, {"x": {3.5}}])
def test_what_has_no_exact_form_is_a_type_error(value: object):
    with pytest.raises(TypeError, match="no canonical form"):
        canonical(value)


def test_the_order_in_which_fields_were_given_does_not_count():
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})


def test_the_digest_is_sha_256():
    assert digest(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


VALUES = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
    st.none(),
    st.booleans(),
    st.dates(),
    st.binary(max_size=4),
)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
COLUMNS = st.lists(NAMES, unique=True, min_size=1, max_size=4)


@given(st.data(), COLUMNS, st.integers(1, 4))
def test_rows_column_by_column_are_written_as_one_by_one(data: st.DataObject, names: list[str], count: int):
    alike = data.draw(st.sampled_from([VALUES, st.integers(), st.dates(), st.text('a"\\\n碳%{')]))
    rows = [{name: data.draw(alike) for name in names} for _ in range(count)]
    assert list(canonical_rows(rows)) == [canonical(row).decode() for row in rows]


@pytest.mark.parametrize(
    ("bad", "code"), [(0.5, "BASE-1301"), ("\x00", "BASE-1302"), ("\ud800", "BASE-1302")]
)
def test_one_bad_value_among_many_rows_is_refused_as_by_itself(bad: object, code: str):
    with pytest.raises(Refused) as caught:
        list(canonical_rows([{"a": "x"}, {"a": bad}]))
    assert caught.value.refusal.code == code
