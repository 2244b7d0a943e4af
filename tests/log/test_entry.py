"""The bytes of an entry, pinned: they must come out the same in ten years."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace

import pytest

from tanshu.log.entry import NO_HASH, Draft, Entry, entry_hash, genesis, is_intact, seal

DRAFT = Draft(
    time_ns=1_735_635_600_000_000_000,  # 2024-12-31 17:00 in Shanghai
    key=bytes(range(16)),
    body_hash=bytes([1] * 32),
    answer_hash=bytes([2] * 32),
    rows_hash=bytes([5] * 32),
    actor="登记员-1",
    command="propose",
    records=bytes([3] * 48),
    results=b"\0",
)
ENTRY = seal(DRAFT, 5, bytes([4] * 32))

LAYOUT = [
    # the previous hash, then the header, little-endian
    ("previous hash", "04" * 32),
    ("format", "0100"),
    ("engine", "0100"),
    ("era", "00000000"),
    ("seq", "0500000000000000"),
    ("time_ns", "00a085e561371618"),
    ("key", "000102030405060708090a0b0c0d0e0f"),
    ("body hash", "01" * 32),
    ("answer hash", "02" * 32),
    ("rows hash", "05" * 32),
    ("bytes of records", "30000000"),
    ("bytes of results", "01000000"),
    ("bytes of actor", "0b00"),
    ("bytes of command", "0700"),
    ("actor", "登记员-1".encode().hex()),
    ("command", b"propose".hex()),
    ("records", "03" * 48),
    ("results", "00"),
]


def test_the_hash_is_over_exactly_these_bytes():
    data = bytes.fromhex("".join(part for _, part in LAYOUT))
    assert ENTRY.hash == hashlib.sha256(data).digest()


def test_the_hash_of_an_entry_is_pinned():
    assert ENTRY.hash.hex() == "55fe95e73dafb6b40cb3ab0934c97fbf9c65cac67cb413c901ab47f5c5c640e4"


def test_the_genesis_entry_is_pinned():
    entry, facts = genesis("tanshu", 1_704_157_200_000_000_000)
    assert facts == b'{"book":"tanshu","engine":1,"format":1,"hash_suite":"sha-256+ed25519"}'
    assert (entry.seq, entry.prev_hash, entry.records, entry.results) == (0, NO_HASH, b"", b"")
    assert entry.hash.hex() == "4442a873bf743159d0fd7e1af2284edc1d3896a75d1f65db82152c11946832ab"


def test_another_name_is_another_book():
    assert genesis("a", 1)[0].key != genesis("b", 1)[0].key


def test_what_was_sealed_is_intact():
    assert is_intact(ENTRY)
    assert is_intact(genesis("tanshu", 1)[0])


CHANGES = [
    ("seq", 6),
    ("time_ns", DRAFT.time_ns + 1),
    ("key", bytes(16)),
    ("key", DRAFT.key + b"\0"),
    ("body_hash", bytes(32)),
    ("body_hash", DRAFT.body_hash + b"\0"),
    ("answer_hash", bytes(32)),
    ("answer_hash", DRAFT.answer_hash[:-1]),
    ("rows_hash", bytes(32)),
    ("rows_hash", DRAFT.rows_hash + b"\0"),
    ("actor", "登记员-2"),
    ("actor", "登记员-1p"),
    ("command", "ropose"),
    ("prev_hash", bytes(32)),
    ("records", bytes(48)),
    ("records", bytes([3] * 48) + b"\0"),
    ("results", b"\1"),
    ("results", b""),
    ("hash", bytes(32)),
    ("engine", 2),
    ("engine", -1),
    ("era", 1),
    ("era", 2**40),
]


@pytest.mark.parametrize(("field", "value"), CHANGES, ids=[f"{f}-{n}" for n, (f, _) in enumerate(CHANGES)])
def test_a_changed_field_is_not_intact(field: str, value: object):
    assert not is_intact(replace(ENTRY, **{field: value}))


def test_every_field_is_covered():
    assert {field for field, _ in CHANGES} == {f.name for f in fields(Entry)}


def test_a_letter_moved_between_actor_and_command_changes_the_hash():
    moved = replace(DRAFT, actor="登记员-", command="1propose")
    assert entry_hash(moved, 5, ENTRY.prev_hash) != ENTRY.hash


def test_each_entry_carries_the_hash_of_the_one_before():
    after = seal(DRAFT, 6, ENTRY.hash)
    assert after.prev_hash == ENTRY.hash
    assert after.hash != seal(DRAFT, 6, NO_HASH).hash
