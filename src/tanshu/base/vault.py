"""The vault: documents by the hash of their bytes, in a folder beside the database.

The log holds a document's hash, kind and size, for ever; the vault holds the bytes, as long as they may be
kept. So a document can be proven to be the one, and one that is personal can be forgotten: the hash stays.
A small random secret in the folder salts what would otherwise be guessed from its hash (account numbers).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from tanshu.base.refusal import Refused, refusal

NOT_KEPT = refusal(
    "BASE-1401",
    "资料库 {vault} 中没有文件 {sha256}:从未存入,或已依法删除。",
    "The vault {vault} has no document {sha256}: it was never put there, or it was forgotten.",
)
DAMAGED = refusal(
    "BASE-1402",
    "资料库中的文件 {sha256} 已损坏:现有内容的散列为 {found}。请从备份恢复。",
    "The document {sha256} in the vault is damaged: what is there hashes to {found}. Restore it from a "
    "backup.",
)
NOT_A_HASH = refusal(
    "BASE-1403",
    "“{value}”不是 SHA-256 散列(64 位十六进制)。",
    "“{value}” is no SHA-256 hash (64 hexadecimal digits).",
)
TOO_LARGE = refusal(
    "BASE-1404",
    "文件为 {size} 字节,超过上限 {limit} 字节。",
    "The document has {size} bytes; at most {limit} are taken.",
)
EMPTY = refusal("BASE-1405", "文件 {name} 是空的。", "The document {name} is empty.")
VAULT_UNUSABLE = refusal(
    "BASE-1406",
    "无法读写资料库 {vault}:{why}",
    "Cannot read or write the vault {vault}: {why}",
)

SIZE_MAX: Final = 32 * 1024 * 1024
"""Bytes of one document: a scanned licence has a few hundred thousand."""
ENVIRONMENT: Final = "TANSHU_VAULT"
DEFAULT: Final = "tanshu-vault"
_SECRET, _SECRET_BYTES = "secret", 32
_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Kept:
    """What the log may know of a document: the hash of its bytes (hexadecimal), and how many there are."""

    sha256: str
    size: int


def folder_for(url: str, asked: str | None = None) -> Path:
    """Where the vault of a database lies: as asked, else TANSHU_VAULT, else beside the SQLite file.

    `sqlite:///data/tanshu.db` has `data/tanshu.vault`; any other database has `./tanshu-vault`.
    """
    named = asked or os.environ.get(ENVIRONMENT)
    if named:
        return Path(named)
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return Path(parsed.database).with_suffix(".vault")
    return Path(DEFAULT)


class Vault:
    """One folder of documents. Safe for several processes: nothing is ever seen half written."""

    def __init__(self, folder: Path):
        self.folder = folder

    def put(self, data: bytes, name: str = "-") -> Kept:
        """Keep a document; the same bytes twice are one document. On disk when this returns.

        name: how it is called in a refusal. Raises Refused BASE-1404, 1405, 1406.
        """
        kept = weigh(data, name)
        try:
            path = self._path(kept.sha256)
            if not _holds(path, data):  # nothing yet, or something that was damaged since
                _write(path, data)
        except OSError as error:
            raise self._unusable(error) from error
        return kept

    def get(self, sha256: str) -> bytes:
        """The bytes of a document, checked. Raises Refused BASE-1401, 1402, 1403, 1406."""
        try:
            data = self._path(sha256).read_bytes()
        except FileNotFoundError:
            raise Refused(NOT_KEPT(field="sha256", vault=self.folder, sha256=sha256)) from None
        except OSError as error:
            raise self._unusable(error) from error
        found = hashlib.sha256(data).hexdigest()
        if found != sha256:
            raise Refused(DAMAGED(field="sha256", sha256=sha256, found=found))
        return data

    def has(self, sha256: str) -> bool:
        """Are the bytes here? Whether they are whole, `get` tells."""
        return self._path(sha256).is_file()

    def forget(self, sha256: str) -> bool:
        """Delete a document's bytes for good; was it there? Its hash stays wherever it was recorded.

        How long a document must be kept is for the caller to know.
        """
        path = self._path(sha256)
        try:
            path.unlink()
            _sync(path.parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._unusable(error) from error
        return True

    def salt(self, about: bytes) -> str:
        """32 hexadecimal digits that follow from `about` (a command's key) for whoever has this vault only.

        Put into a short document before it is hashed, they keep its content from being found by trying.
        """
        return hmac.new(self._secret(), about, "sha256").hexdigest()[:32]

    def _secret(self) -> bytes:
        """The vault's secret, drawn when it is first needed."""
        path = self.folder / _SECRET
        try:
            if not path.exists():
                _write(path, os.urandom(_SECRET_BYTES), once=True)
            return path.read_bytes()
        except OSError as error:
            raise self._unusable(error) from error

    def _path(self, sha256: str) -> Path:
        if not _HASH.fullmatch(sha256):
            raise Refused(NOT_A_HASH(field="sha256", value=ascii(sha256)[1:65]))
        return self.folder / sha256[:2] / sha256[2:]

    def _unusable(self, error: OSError) -> Refused:
        return Refused(VAULT_UNUSABLE(field="vault", vault=self.folder, why=error.strerror or error))


def weigh(data: bytes, name: str = "-") -> Kept:
    """What would be kept of these bytes. Raises Refused BASE-1404 (too large), 1405 (empty)."""
    if not data:
        raise Refused(EMPTY(field="document", name=name))
    if len(data) > SIZE_MAX:
        raise Refused(TOO_LARGE(field="document", size=len(data), limit=SIZE_MAX))
    return Kept(hashlib.sha256(data).hexdigest(), len(data))


def _holds(path: Path, data: bytes) -> bool:
    """Does this file have these bytes?"""
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def _write(path: Path, data: bytes, *, once: bool = False) -> None:
    """Write a file that is there whole or not at all, readable by its owner only.

    once: where another process was quicker, its file stays.
    """
    for folder in reversed(path.parents[:2]):  # `parents=True` would leave the vault itself open to all
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if once:
            with suppress(FileExistsError):
                os.link(beside, path)
        else:
            beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    for folder in path.parents[:3]:  # up to the one in which the vault itself may be new
        _sync(folder)


def _sync(folder: Path) -> None:
    """What a folder names is on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
