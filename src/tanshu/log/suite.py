"""Hash suites: how a log's trees are hashed, its leaves salted, its checkpoints signed.

A suite is a port; a log names its own in its genesis entry, for good. There is one so far, SHA-256 with
Ed25519. Another (SM3 with SM2) is one more class in `SUITES`; nothing above asks which it is.

Trees are those of RFC 6962 §2.1: leaf = H(0x00 ‖ data), node = H(0x01 ‖ left ‖ right). Keys are written as
signed notes write them: one byte names the kind of signature, the raw public key follows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Protocol

from tanshu.base.refusal import Refused, refusal

SUITE_UNKNOWN = refusal(
    "PROOF-1005",
    "未知的密码套件“{name}”;本程序支持:{known}。",
    "The hash suite “{name}” is not known here; this program knows {known}.",
)
KEY_UNREADABLE = refusal(
    "PROOF-3001",
    "无法读取签名私钥:{why}。需要 tanshu proof key new 生成的文件(PEM,PKCS#8)。",
    "Cannot read the signing key: {why}. A file made by `tanshu proof key new` (PEM, PKCS#8) is needed.",
)

SALT_BYTES = 32

Salter = Callable[[bytes], bytes]
"""Position in, salt of SALT_BYTES out: a keyed hash, so that salts follow from one secret and the log."""


class HashSuite(Protocol):
    """What proofs need of cryptography. Private keys are PEM (PKCS#8), public ones raw bytes."""

    name: str
    hash_bytes: int
    signature_type: int
    """The byte that names this kind of signature in keys of signed notes."""
    public_bytes: int
    signature_bytes: int

    def digest(self, data: bytes) -> bytes: ...

    def leaf(self, data: bytes) -> bytes: ...

    def node(self, left: bytes, right: bytes) -> bytes: ...

    def salter(self, secret: bytes) -> Salter: ...

    def new_private(self) -> bytes: ...

    def public(self, private: bytes) -> bytes:
        """The public key of a private one. Raises Refused PROOF-3001."""
        ...

    def sign(self, private: bytes, data: bytes) -> bytes: ...

    def verify(self, public: bytes, signature: bytes, data: bytes) -> bool: ...


class Sha256Ed25519:
    """SHA-256 (FIPS 180-4), HMAC (RFC 2104) for salts, Ed25519 (RFC 8032) for signatures."""

    name = "sha-256+ed25519"
    hash_bytes = 32
    signature_type = 0x01
    public_bytes = 32
    signature_bytes = 64

    def digest(self, data: bytes) -> bytes:
        return hashlib.sha256(data).digest()

    def leaf(self, data: bytes) -> bytes:
        return hashlib.sha256(b"\x00" + data).digest()

    def node(self, left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(b"\x01" + left + right).digest()

    def salter(self, secret: bytes) -> Salter:
        """HMAC-SHA-256 under `secret`. The padded key is hashed once, not once a leaf."""
        assert len(secret) <= 64, "a longer key would have to be hashed first"
        key = secret.ljust(64, b"\x00")
        inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key))
        outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))

        def salt(position: bytes) -> bytes:
            first, second = inner.copy(), outer.copy()
            first.update(position)
            second.update(first.digest())
            return second.digest()

        return salt

    # `cryptography` is imported by what signs and verifies only: hashing must not wait for it.

    def new_private(self) -> bytes:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def public(self, private: bytes) -> bytes:
        return _private_key(private).public_key().public_bytes_raw()

    def sign(self, private: bytes, data: bytes) -> bytes:
        return _private_key(private).sign(data)

    def verify(self, public: bytes, signature: bytes, data: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True


def _private_key(pem: bytes) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Refused(KEY_UNREADABLE(field="key", why=str(error).split(".")[0])) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Refused(KEY_UNREADABLE(field="key", why="not Ed25519"))
    return key


SHA256_ED25519: HashSuite = Sha256Ed25519()
SUITES: dict[str, HashSuite] = {suite.name: suite for suite in (SHA256_ED25519,)}


def by_name(name: str) -> HashSuite:
    """The suite of this name. Raises Refused PROOF-1005."""
    suite = SUITES.get(name)
    if suite is None:
        raise Refused(SUITE_UNKNOWN(field="suite", name=name, known=", ".join(SUITES)))
    return suite


def by_signature_type(byte: int) -> HashSuite | None:
    """The suite whose signatures go by this byte in a key, or None."""
    return next((suite for suite in SUITES.values() if suite.signature_type == byte), None)
