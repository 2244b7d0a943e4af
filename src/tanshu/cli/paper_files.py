"""Papers that come as files: a licence, an order, a letter. Read once, whole, within the vault's limit."""

from __future__ import annotations

from errno import EISDIR
from os import strerror
from pathlib import Path

from tanshu.base.files import NO_FILE
from tanshu.base.refusal import Refused
from tanshu.base.vault import SIZE_MAX, TOO_LARGE
from tanshu.cli import checks


def read(path: Path, field: str) -> bytes:
    """A paper's bytes. field: what asked for it, as a refusal names it.

    Raises Refused BASE-1201 (no such file), BASE-1404 (too large, and so not read), CLI-1004 (no plain file,
    unreadable).
    """
    try:
        if path.exists() and not path.is_file():
            raise IsADirectoryError(EISDIR, strerror(EISDIR))
        size = path.stat().st_size
        if size > SIZE_MAX:
            raise Refused(TOO_LARGE(field="document", size=size, limit=SIZE_MAX))
        return path.read_bytes()
    except FileNotFoundError:
        raise Refused(NO_FILE(field=field, path=path)) from None
    except OSError as error:
        raise Refused(checks.NOT_WRITTEN(field=field, path=path, why=error.strerror)) from None
