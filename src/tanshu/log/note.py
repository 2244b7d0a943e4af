"""Signed notes, as C2SP signed-note and Go's `note` package write them.

    text, ending in a newline
    (an empty line)
    — key name base64(key id ‖ signature)

A key goes by its name and four bytes: H(name ‖ newline ‖ kind ‖ public key). A verifier key is written
`name+hex key id+base64(kind ‖ public key)`. Signatures of unknown keys are carried along and count for
nothing; one of a known key that does not hold spoils the note.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tanshu.base.refusal import Refused, refusal
from tanshu.base.text import Text
from tanshu.log import suite as suites
from tanshu.log.suite import HashSuite

MALFORMED = refusal(
    "PROOF-1006",
    "检查点不是合格的签名文本:{why}。",
    "The checkpoint is not a well-formed signed note: {why}.",
)
NOT_SIGNED = refusal(
    "PROOF-1007",
    "检查点没有密钥 {key} 的签名;签名者:{signers}。",
    "The checkpoint carries no signature of the key {key}; it is signed by {signers}.",
)
BAD_SIGNATURE = refusal(
    "PROOF-1008",
    "检查点上密钥 {key} 的签名与文本不符:文本或签名被改动过,或由另一把密钥签署。",
    "The signature of the key {key} does not fit the checkpoint's text: text or signature was altered, or "
    "another key signed it.",
)
BAD_KEY = refusal(
    "PROOF-3002",
    "“{value}”不是验证密钥。写法:名称+8 位十六进制编号+Base64 公钥,即 tanshu proof key show 所示。",
    "“{value}” is not a verifier key. Write name+hex id+base64 key, as `tanshu proof key show` prints it.",
)
BAD_NAME = refusal(
    "PROOF-3003",
    "密钥名称“{value}”不可用:须为 1 至 {limit} 个可见字符,不含空格和加号。",
    "The key name “{value}” cannot be used: 1 to {limit} visible characters, neither blanks nor plus signs.",
)

ID_BYTES = 4
NAME_MAX = 255
SIGNATURES_MAX = 64
_DASH = "— "
_LINE = re.compile(r"— (\S+) ([A-Za-z0-9+/]+={0,2})")
_VERIFIER = re.compile(r"(\S+?)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name."""

    name: str
    suite: HashSuite
    public: bytes

    @property
    def id(self) -> bytes:
        kind = bytes([self.suite.signature_type])
        return self.suite.digest(self.name.encode() + b"\n" + kind + self.public)[:ID_BYTES]

    @property
    def handle(self) -> str:
        """Name and id: what a signature line names."""
        return f"{self.name}+{self.id.hex()}"

    def __str__(self) -> str:
        return f"{self.handle}+{b64(bytes([self.suite.signature_type]) + self.public)}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key (PEM) with its name."""

    name: str
    suite: HashSuite
    private: bytes

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self.suite, self.suite.public(self.private))


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: whose it claims to be, and the bytes after the key id."""

    name: str
    id: bytes
    bytes: bytes

    @property
    def handle(self) -> str:
        return f"{self.name}+{self.id.hex()}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text with its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        lines = [f"{_DASH}{one.name} {b64(one.id + one.bytes)}\n" for one in self.signatures]
        return f"{self.text}\n{''.join(lines)}"

    def with_signatures(self, more: Iterable[Signature]) -> Note:
        """The note with these signatures appended; those it has are not repeated."""
        new = tuple(dict.fromkeys(one for one in more if one not in self.signatures))
        return replace(self, signatures=self.signatures + new)


def key_name(text: str) -> str:
    """A name a key may have. Raises Refused PROOF-3003."""
    plain = text.isprintable() and not any(c.isspace() or c == "+" for c in text)
    if not plain or not 0 < len(text.encode(errors="replace")) <= NAME_MAX:
        raise Refused(BAD_NAME(field="name", value=text, limit=NAME_MAX))
    return text


def sign(text: str, key: SigningKey) -> Note:
    """A note of this text with one signature."""
    signature = Signature(key.name, key.verifier.id, key.suite.sign(key.private, text.encode()))
    return Note(text, (signature,))


def is_verifier_key(text: str) -> bool:
    """Is it written like a verifier key?"""
    return _VERIFIER.fullmatch(text) is not None


def verifier_key(text: str) -> VerifierKey:
    """A verifier key as people hand it on. Raises Refused PROOF-3002."""
    text = text.strip()
    found = _VERIFIER.fullmatch(text)
    raw = unb64(found[3]) if found else None
    suite = suites.by_signature_type(raw[0]) if raw else None
    if found is None or raw is None or suite is None or len(raw) != 1 + suite.public_bytes:
        raise Refused(BAD_KEY(field="key", value=text[:NAME_MAX]))
    key = VerifierKey(found[1], suite, raw[1:])
    if key.id.hex() != found[2]:
        raise Refused(BAD_KEY(field="key", value=text[:NAME_MAX]))
    return key


def parse(text: str) -> Note:
    """The note that `text` writes. Raises Refused PROOF-1006. Signatures are not checked."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _malformed("不是 UTF-8 文本", "it is not UTF-8 text") from None
    if any(c < " " and c != "\n" for c in text):
        raise _malformed("含有控制字符", "it holds control characters")
    body, gap, tail = text.rpartition("\n\n")
    if not gap or not body or not tail.endswith("\n"):
        raise _malformed("缺少正文、空行或签名", "text, empty line or signatures are missing")
    lines = tail[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise _malformed(f"签名超过 {SIGNATURES_MAX} 个", f"it has more than {SIGNATURES_MAX} signatures")
    return Note(body + "\n", tuple(_signature(line) for line in lines))


def check(note: Note, keys: Sequence[VerifierKey]) -> None:
    """Has every one of these keys signed the note? Raises Refused PROOF-1007 or 1008."""
    for key in keys:
        theirs = [one for one in note.signatures if one.name == key.name and one.id == key.id]
        if not theirs:
            signers = ", ".join(one.handle for one in note.signatures)
            raise Refused(NOT_SIGNED(field="key", key=key.handle, signers=signers))
        if not all(key.suite.verify(key.public, one.bytes, note.text.encode()) for one in theirs):
            raise Refused(BAD_SIGNATURE(field="key", key=key.handle))


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes | None:
    """The bytes that `text` writes in base64; None unless it is written exactly as `b64` would."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b64(data) == text else None


def _signature(line: str) -> Signature:
    found = _LINE.fullmatch(line)
    raw = unb64(found[2]) if found else None
    if found is None or raw is None or len(raw) <= ID_BYTES or "+" in found[1]:
        raise _malformed("签名行无法识别", "a signature line cannot be read")
    return Signature(found[1], raw[:ID_BYTES], raw[ID_BYTES:])


def _malformed(zh: str, en: str) -> Refused:
    return Refused(MALFORMED(field="checkpoint", why=Text(zh, en)))
