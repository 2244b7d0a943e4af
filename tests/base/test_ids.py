"""Everything is named after the key it was asked with."""

from __future__ import annotations

import re

from tanshu.base.ids import KEY_BYTES, derived_id, key_from_text, random_key, scenario_key

KEY = bytes(range(16))


def test_ids_are_pinned_for_ever():
    assert derived_id("TX", KEY) == "TX-gucneiwd5lsldhqg"
    assert derived_id("TX", KEY, 1) == "TX-fwerzjkmn6dvir2i"
    assert scenario_key("hubei", "2024", "trade", 7).hex() == "21b59b2ef9155959db3c06109abaf804"
    assert key_from_text("order 17").hex() == "0bcc920e3938c1b86e3483fc9888c6d6"


def test_another_key_kind_or_number_gives_another_id():
    ids = {derived_id(prefix, KEY, n) for prefix in ("TX", "HOLD") for n in range(100)}
    ids |= {derived_id("TX", bytes(16), n) for n in range(100)}
    assert len(ids) == 300
    assert all(re.fullmatch(r"[A-Z]+-[a-z2-7]{16}", name) for name in ids)


def test_thirty_two_hex_digits_are_the_key_itself():
    assert key_from_text("000102030405060708090A0B0C0D0E0F") == KEY
    assert key_from_text(KEY.hex()) == KEY


def test_any_other_text_is_hashed_to_a_key():
    keys = {key_from_text(text) for text in ("", "a", "A", KEY.hex()[:-1], KEY.hex() + "0", "订单-1")}
    assert len(keys) == 6
    assert {len(key) for key in keys} == {KEY_BYTES}


def test_scenario_keys_tell_scenario_seed_step_and_number_apart():
    asked = [
        ("a", "1", "b", 1),
        ("a", "1", "b", 2),
        ("a", "2", "b", 1),
        ("a1", "1", "b", 1),
        ("a", "1", "b1", 1),
    ]
    assert len({scenario_key(*one) for one in asked}) == len(asked)


def test_random_keys_do_not_repeat():
    assert len({random_key() for _ in range(100)}) == 100
