"""One way to write a value as bytes, so that equal values have equal hashes on every machine.

Canonical JSON: sorted keys, UTF-8, no blanks, Decimals, dates and times as text, bytes as hex. Floats are
refused: their text differs between languages and they decide nothing here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from json.encoder import encode_basestring

from tanshu.base.refusal import Refused, refusal

NO_FLOAT = refusal(
    "BASE-1301",
    "数值 {value} 不能用浮点数表示。请用整数,或把小数写成文字。",
    "{value} is a floating-point number. Give a whole number, or write the decimal as text.",
)

BAD_TEXT = refusal(
    "BASE-1302",
    "文字 {value} 含有无法保存的字符(空字符或不完整的代理项)。",
    "The text {value} holds a character that cannot be kept (NUL, or half of a surrogate pair).",
)

_SURROGATE = re.compile("[\ud800-\udfff]")
_written = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def plain(value: object) -> object:
    """The JSON-able form of a value. Raises Refused BASE-1301 on a float, TypeError on anything unknown."""
    kind = type(value)
    if kind is str:  # the commonest first: this is in the way of every command
        return _clean(value)  # type: ignore[arg-type]
    if kind is int or kind is bool or value is None:
        return value
    if kind is dict:
        return {_clean(str(key)): plain(item) for key, item in value.items()}  # type: ignore[attr-defined]
    if isinstance(value, float):
        raise Refused(NO_FLOAT(value=value))
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {_clean(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _clean(text: str) -> str:
    """Text that every database stores alike: no NUL, no half of a surrogate pair."""
    if not _is_clean(text):
        raise Refused(BAD_TEXT(value=ascii(text)))
    return text


def _is_clean(text: str) -> bool:
    return "\x00" not in text and (text.isascii() or _SURROGATE.search(text) is None)


def canonical(value: object) -> bytes:
    """Canonical JSON of a value, UTF-8."""
    return _written(plain(value)).encode()


def canonical_rows(rows: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """The canonical JSON of many mappings with the same names, one name at least: column by column."""
    names = sorted(map(_clean, rows[0])) if rows else []
    form = ",".join(f"{_written(name).replace('%', '%%')}:%s" for name in names)
    columns = (_column([row[name] for row in rows]) for name in names)
    return map(f"{{{form}}}".__mod__, zip(*columns, strict=True))


def _column(values: Sequence[object]) -> Sequence[object]:
    """What stands for each value: whole numbers themselves, the text of anything else."""
    kinds = set(map(type, values))
    if kinds == {int}:
        return values
    texts = [value for value in values if type(value) is str] if kinds == {str} else []
    if texts and _is_clean("".join(texts)):
        return list(map(encode_basestring, texts))
    if kinds <= {int, date, type(None)}:
        text = {value: _written(plain(value)) for value in set(values)}
        return [text[value] for value in values]
    return [_written(plain(value)) for value in values]


def digest(data: bytes) -> bytes:
    """SHA-256: the one hash of suite `sha-256`."""
    return hashlib.sha256(data).digest()
