"""Numbers that are written twice must be written alike."""

from __future__ import annotations

import pytest

from tanshu.book import checks, kernel, records
from tanshu.book.codes import Code
from tanshu.book.records import AccountFlag, Op


@pytest.mark.parametrize("code", Code)
def test_the_kernel_and_the_list_of_codes_agree(code: Code):
    assert getattr(kernel, code.name) == code


@pytest.mark.parametrize("op", Op)
def test_the_kernel_and_the_list_of_operations_agree(op: Op):
    assert getattr(kernel, op.name) == op


@pytest.mark.parametrize("flag", [flag for flag in AccountFlag if flag])
def test_the_kernel_and_the_account_flags_agree(flag: AccountFlag):
    assert getattr(kernel, str(flag.name)) == flag


@pytest.mark.parametrize(
    "limit", ["LINKED", "ACCOUNT_MAX", "INSTRUMENT_MAX", "AMOUNT_MAX", "SCALE_MAX", "POSITION_BITS"]
)
def test_the_kernel_and_the_records_agree_on_limits(limit: str):
    assert getattr(kernel, limit) == getattr(records, limit)


def test_an_instrument_number_fits_beside_an_account_number_in_a_cell_key():
    assert (1 << kernel.INSTRUMENT_BITS) - 1 == records.INSTRUMENT_MAX
    assert (records.ACCOUNT_MAX << kernel.INSTRUMENT_BITS | records.INSTRUMENT_MAX) < 2**63


def test_codes_are_numbered_in_order_without_a_gap():
    assert [int(code) for code in Code] == list(range(len(Code)))


@pytest.mark.parametrize("code", [code for code in Code if code])
def test_every_code_but_ok_has_its_refusal(code: Code):
    refusal = checks.from_code(code, 3)
    assert refusal.code == f"BOOK-{2000 + code}"
    assert "3" in refusal.sentence("zh") and "3" in refusal.sentence("en")


def test_a_record_is_48_bytes_little_endian():
    row = records.capture(2**40, 7, 8, 9, 10, tag=11, linked=True)
    data = records.encode([row]).tobytes()
    assert data.hex() == (
        "0600" "0100" "09000000" "07000000" "08000000" "0a00000000000000"
        "0000000000010000" "0b000000" "00000000" "0000000000000000"
    )  # fmt: skip
    assert records.decode(data).tolist() == [row]


def test_a_position_names_entry_and_record():
    assert records.position(5, 3) == 5 << 16 | 3
    assert records.positions(5, 3).tolist() == [5 << 16, 5 << 16 | 1, 5 << 16 | 2]
