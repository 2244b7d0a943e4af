"""Records and results as they are stored: narrow, exact, and damaged bytes are told."""

from __future__ import annotations

import random
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tanshu import audit
from tanshu.base.database import Database, driver
from tanshu.base.refusal import Refused
from tanshu.book import records
from tanshu.book.commit import Book
from tanshu.book.records import RECORD, encode
from tanshu.log import store
from tanshu.log.packing import COLUMNS_FROM, COUNT_MAX, RESULT, Damaged, pack, unpack
from tanshu.log.packing import RECORD as FIELDS
from tests.support.commands import CEA, MAKER, TAKER, accepted, opening, send

MANY = 40


def transfers(count: int, *, accounts: int = 10_000, amount: int = 100, tag: int = 0) -> bytes:
    dice = random.Random(count)
    return encode(
        [
            records.transfer(
                dice.randrange(accounts),
                dice.randrange(accounts),
                0,
                dice.randrange(1, amount),
                tag=dice.randrange(tag + 1),
            )
            for _ in range(count)
        ]
    ).tobytes()


def test_the_fields_are_those_of_a_record():
    names = RECORD.names or ()
    assert tuple(RECORD[name].itemsize for name in names) == FIELDS


# -- exactly what went in ----------------------------------------------------------------------------------

wholes = st.one_of(st.just(0), st.integers(0, 255), st.integers(0, 2**16), st.integers(0, 2**64 - 1))


@st.composite
def columns(draw: st.DrawFn) -> bytes:
    """Records whose fields are each narrow, wide or all the same, and lie anywhere in their range."""
    count = draw(st.integers(0, 90))
    made = np.zeros(count, RECORD)
    for name in RECORD.names or ():
        bits = 8 * RECORD[name].itemsize
        base, spread = draw(wholes), draw(st.sampled_from([1, 2, 256, 257, 2**16, 2**31, 2**64]))
        values = draw(st.lists(st.integers(0, spread - 1), min_size=count, max_size=count))
        column = np.array([(base + v) % 2**bits for v in values], f"<u{bits // 8}")
        made[name] = column.view(RECORD[name])
    return made.tobytes()


@given(columns())
@settings(max_examples=150)
def test_any_records_come_back_as_they_went(data: bytes):
    stored = pack(data, FIELDS)
    assert unpack(stored, FIELDS) == data
    assert len(stored) <= len(data) + 1
    assert pack(data, FIELDS) == stored


@given(st.binary(max_size=4_000), st.sampled_from([FIELDS, RESULT]))
@example(bytes(48 * MANY), FIELDS)
@example(b"\xff" * 48 * MANY, FIELDS)
@example(bytes(48 * MANY + 1), FIELDS)
def test_any_bytes_come_back_as_they_went(data: bytes, widths: tuple[int, ...]):
    assert unpack(pack(data, widths), widths) == data


@pytest.mark.parametrize("count", [0, 1, COLUMNS_FROM - 1, COLUMNS_FROM, COLUMNS_FROM + 1, 8_000, 65_536])
def test_entries_of_any_length_come_back_as_they_went(count: int):
    data = transfers(count)
    assert unpack(pack(data, FIELDS), FIELDS) == data
    assert unpack(pack(bytes(count), RESULT), RESULT) == bytes(count)


def test_more_than_an_entry_carries_is_kept_as_it_is():
    data = bytes(COUNT_MAX + 1)
    assert pack(data, RESULT) == b"\0" + data


# -- how much it takes -------------------------------------------------------------------------------------

HELD = [records.hold(n % 9_999 + 1, 0, n % 70 + 1, tag=n % 12) for n in range(4_000)]
CAPTURED = [
    records.capture(records.position(7_000_000, n), n % 9_999 + 1, n % 777, 0, n % 70 + 1, tag=n % 12)
    for n in range(4_000)
]
SIZES = {
    "transfers among 10,000 accounts": (transfers(8_000), 5.01),
    "with a tag and large amounts": (transfers(8_000, amount=10**9, tag=30), 9.01),
    "among two million accounts": (transfers(8_000, accounts=2_000_000, amount=10**12), 11.01),
    "holds of an early entry captured beside new ones": (
        encode([row for pair in zip(HELD, CAPTURED, strict=True) for row in pair]).tobytes(),
        13.01,
    ),
}


@pytest.mark.parametrize("name", SIZES)
def test_a_record_takes_no_more_bytes_than_its_numbers(name: str):
    data, bytes_max = SIZES[name]
    assert len(pack(data, FIELDS)) / 8_000 <= bytes_max


def test_results_that_are_all_the_same_take_six_bytes_in_all():
    assert len(pack(bytes(8_000), RESULT)) == 6
    assert len(pack(b"\1" * 8_000, RESULT)) == 7


# -- damage ------------------------------------------------------------------------------------------------

PACKED = pack(transfers(MANY), FIELDS)
NOT_PACKED = {
    "an unknown way of packing": b"\2" + PACKED[1:],
    "nothing behind the way": b"\0",
    "columns without their shapes": PACKED[:14],
    "cut short": PACKED[:-1],
    "too long": PACKED + b"\0",
    "fewer records than columns are made for": b"\1" + (COLUMNS_FROM - 1).to_bytes(4, "little") + bytes(10),
    "a count beyond all entries": b"\1\xff\xff\xff\xff" + bytes(10),
    "a field wider than its place": PACKED[:5] + b"\x03" + PACKED[6:] + bytes(3 * MANY),
}


@pytest.mark.parametrize("name", NOT_PACKED)
def test_bytes_that_no_packing_makes_are_damaged(name: str):
    with pytest.raises(Damaged):
        unpack(NOT_PACKED[name], FIELDS)


@given(st.integers(0, len(PACKED) - 1), st.integers(1, 255))
def test_one_altered_byte_is_damage_or_gives_other_records(at: int, change: int):
    altered = PACKED[:at] + bytes([PACKED[at] ^ change]) + PACKED[at + 1 :]
    with suppress(Damaged):
        assert unpack(altered, FIELDS) != unpack(PACKED, FIELDS)


@given(st.binary(max_size=3_000))
def test_any_stored_bytes_are_unpacked_or_damaged(stored: bytes):
    for way in (stored, b"\1" + (MANY).to_bytes(4, "little") + stored):
        with suppress(Damaged):
            unpack(way, FIELDS)


# -- in the log --------------------------------------------------------------------------------------------


@pytest.fixture
def wide(book: Book, context) -> Book:
    """A book whose entry 2 is stored in columns."""
    accepted(send(context(), *opening()))
    give = [records.transfer(MAKER, TAKER, CEA, n % 3 + 1) for n in range(MANY)]
    accepted(send(context(), *give))
    return book


def stored(database: Database, column: str) -> bytes:
    with database.read() as conn:
        (found,) = driver(conn).execute(f"SELECT {column} FROM log_entry WHERE seq = 2").fetchone()
    return bytes(found)


def store_instead(database: Database, column: str, value: bytes) -> None:
    mark = "?" if database.is_sqlite else "%b"
    with database.write() as conn:
        driver(conn).execute(f"UPDATE log_entry SET {column} = {mark} WHERE seq = 2", (value,))


def test_an_entry_is_stored_packed_and_read_whole(wide: Book):
    assert len(stored(wide.database, "records")) < 100
    with wide.database.read() as conn:
        *_, entry = store.read(conn, wide.log)
        assert Book(wide.database).catch_up(conn).cell(TAKER, CEA).available == 79
    assert (len(entry.records), entry.results) == (48 * MANY, bytes(MANY))
    assert audit.run(wide.database).ok


@pytest.mark.parametrize("column", ["records", "results"])
def test_damaged_bytes_stop_the_book_and_are_found_with_their_entry(wide: Book, column: str):
    store_instead(wide.database, column, stored(wide.database, column) + b"\0")
    with wide.database.read() as conn, pytest.raises(Refused) as caught:
        Book(wide.database).catch_up(conn)
    assert (caught.value.refusal.code, caught.value.refusal.facts["seq"]) == ("LOG-1003", 2)
    found = [(f.seq, f.what.code, f.what.facts.get("column")) for f in audit.run(wide.database).findings]
    assert found == [(2, "AUD-1008", column)]
