"""Keys in files: a private one, readable by its owner only; beside it the verifier key to hand out.

A private key file is PEM (PKCS#8) after a line with the key's name, which a signature needs and PEM has no
place for; other programs skip that line. `FILE.pub` holds the one line of the verifier key.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tanshu.base.refusal import Refused, refusal
from tanshu.log.note import NAME_MAX, SigningKey, VerifierKey, is_verifier_key, key_name, verifier_key
from tanshu.log.suite import SHA256_ED25519, HashSuite

KEY_EXISTS = refusal(
    "PROOF-3005",
    "{path} 已存在,未覆盖:私钥一旦被覆盖便无法找回。",
    "{path} exists and was not overwritten: a private key that is overwritten is gone.",
)
NAMELESS = refusal(
    "PROOF-3006",
    "私钥文件 {path} 缺少名称行(“{line}名称”)。",
    "The key file {path} lacks its line of name (“{line}NAME”).",
)
NO_SUCH_KEY = refusal(
    "PROOF-3007",
    "“{value}”既不是验证密钥,也不是密钥文件。",
    "“{value}” is neither a verifier key nor a file with one.",
)

NAME_LINE = "tanshu signing key: "
_NAME = re.compile(f"^{re.escape(NAME_LINE)}(.*)$", re.MULTILINE)
_PRIVATE = "PRIVATE KEY-----"


def new(path: Path, name: str, suite: HashSuite = SHA256_ED25519) -> SigningKey:
    """Draw a key and write it to `path` (mode 0600) and `path`.pub.

    Raises Refused PROOF-3003 (a name no key can have), PROOF-3005 (there is a file already).
    """
    key = SigningKey(key_name(name), suite, suite.new_private())
    beside = public_path(path)
    for one in (path, beside):
        if one.exists():
            raise Refused(KEY_EXISTS(field="file", path=one))
    _write(path, f"{NAME_LINE}{name}\n".encode() + key.private, 0o600)
    _write(beside, f"{key.verifier}\n".encode(), 0o644)
    return key


def public_path(path: Path) -> Path:
    return path.with_name(path.name + ".pub")


def read(path: Path, suite: HashSuite = SHA256_ED25519) -> SigningKey:
    """The private key in a file. Raises Refused PROOF-3001, 3003, 3006; OSError where it cannot be read."""
    data = path.read_bytes()
    found = _NAME.search(data.decode(errors="replace"))
    suite.public(data)  # a file without a key is told from a key without a name
    if found is None:
        raise Refused(NAMELESS(field="key", path=path, line=NAME_LINE))
    return SigningKey(key_name(found[1].strip()), suite, data)


def verifier(text: str) -> VerifierKey:
    """The verifier key that somebody names: itself, its file, or the file of its private key.

    Raises Refused PROOF-3001 to 3003, 3006, 3007.
    """
    if is_verifier_key(text.strip()):
        return verifier_key(text)
    try:
        content = Path(text).read_bytes().decode(errors="replace")
    except (OSError, ValueError):
        raise Refused(NO_SUCH_KEY(field="key", value=ascii(text)[1 : NAME_MAX + 1])) from None
    if _PRIVATE in content:
        return read(Path(text)).verifier
    return verifier_key(content)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write a file that must not be there yet; nobody reads it in between with more rights than `mode`."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise Refused(KEY_EXISTS(field="file", path=path)) from None
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
