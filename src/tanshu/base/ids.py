"""Keys and ids. A key is drawn once by whoever asks; every other id derives from it.

So a command repeated with the same key names the same things, on every database, for ever.
"""

from __future__ import annotations

import base64
import os
import re

from tanshu.base.canonical import digest

KEY_BYTES = 16
_HEX_KEY = re.compile(r"^[0-9a-fA-F]{32}$")


def random_key() -> bytes:
    """A fresh 128-bit idempotency key, drawn at the door."""
    return os.urandom(KEY_BYTES)


def key_from_text(text: str) -> bytes:
    """A key as people give it: 32 hex digits are the key itself, any other text is hashed to one."""
    if _HEX_KEY.fullmatch(text):
        return bytes.fromhex(text)
    return digest(text.encode())[:KEY_BYTES]


def scenario_key(scenario: str, seed: str, step: str, n: int) -> bytes:
    """The key of the n-th command of a scenario's step."""
    return digest(f"{scenario}\x1f{seed}\x1f{step}\x1f{n}".encode())[:KEY_BYTES]


def derived_id(prefix: str, key: bytes, n: int = 0) -> str:
    """An id that follows from (key, kind, n): a prefix and 80 bits in base 32, `TX-4f2k…`."""
    raw = digest(key + prefix.encode() + n.to_bytes(8, "little"))[:10]
    return f"{prefix}-{base64.b32encode(raw).decode().lower()}"
