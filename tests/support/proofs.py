"""What tests of proofs share: a signing key, and ways to alter a file."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from tanshu.base.refusal import Refusal, Refused
from tanshu.log.note import SigningKey
from tanshu.log.suite import SHA256_ED25519

_PKCS8 = "302e020100300506032b657004220420"
_SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
"""The first test vector of RFC 8032 §7.1: nobody's secret."""


def _pem(der: bytes) -> bytes:
    label = b"PRIVATE KEY"
    return b"-----BEGIN " + label + b"-----\n" + b64encode(der) + b"\n-----END " + label + b"-----\n"


KEY = SigningKey("tanshu/test", SHA256_ED25519, _pem(bytes.fromhex(_PKCS8 + _SEED)))
OTHER_KEY = SigningKey("witness.example/w1", SHA256_ED25519, SHA256_ED25519.new_private())


def refused(call: Any, *args: Any, **more: Any) -> Refusal:
    """The refusal that a call leaves with; it speaks both languages."""
    with pytest.raises(Refused) as found:
        call(*args, **more)
    refusal = found.value.refusal
    assert refusal.sentence("zh") and refusal.sentence("en")
    return refusal


def as_file(proof: object) -> bytes:
    """A proof as the command line hands it out."""
    return json.dumps(proof, ensure_ascii=False, indent=2).encode()


def meaning(text: str) -> str | None:
    """What a JSON file means, whatever its blanks and escapes; None where it means nothing."""
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return None


def places(value: Any, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path to every part of a JSON value, itself first."""
    yield here
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from places(part, (*here, name))


def replaced(value: Any, place: tuple[str | int, ...], by: Any) -> Any:
    """The value with another part at one place."""
    if not place:
        return by
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = replaced(copy[place[0]], place[1:], by)
    return copy
