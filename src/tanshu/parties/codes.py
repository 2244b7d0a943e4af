"""Account codes: what people read out and type, `CN-R-000017-41`.

Jurisdiction, letter of the kind, book number, and two check digits: mod 97 as in IBAN (ISO 7064 MOD 97-10),
so that a slip of the finger is caught before it reaches the book.
"""

from __future__ import annotations

import re

_CODE = re.compile(r"^([A-Z]{2,8})-([A-Z])-(\d{6,10})-(\d{2})$")


def account_code(jurisdiction: str, letter: str, number: int) -> str:
    head = f"{jurisdiction.upper()}-{letter}-{number:06d}"
    return f"{head}-{_check_digits(head):02d}"


def looks_like_account_code(text: str) -> bool:
    return bool(_CODE.fullmatch(text))


def account_code_is_good(text: str) -> bool:
    match = _CODE.fullmatch(text)
    return bool(match) and int(match[4]) == _check_digits(text.rsplit("-", 1)[0])


def _check_digits(head: str) -> int:
    digits = "".join(str(int(c, 36)) for c in head if c != "-")
    return 98 - int(digits + "00") % 97
