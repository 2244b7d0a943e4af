"""统一社会信用代码: the unified social credit code of a legal person in China.

Source: GB 32100-2015 (18 characters, last one a check character, weights 3^i mod 31) and GB 11714-1997 (the
organisation code in characters 9–17, its last one a check character mod 11).
"""

from __future__ import annotations

from tanshu.base.refusal import Refusal
from tanshu.parties import checks

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, S, V, Z
_VALUE = {c: i for i, c in enumerate(ALPHABET)}
_ORGANISATION_VALUE = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def check_character(first_17: str) -> str:
    """The 18th character (GB 32100): 31 − Σ value × 3^i mod 31."""
    total = sum(_VALUE[c] * pow(3, i, 31) for i, c in enumerate(first_17))
    return ALPHABET[-total % 31]


def organisation_check_character(first_8: str) -> str:
    """The 9th character of the organisation code (GB 11714): 11 − Σ value × weight mod 11; 10 is X."""
    total = sum(_ORGANISATION_VALUE[c] * w for c, w in zip(first_8, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def check(code: str, field: str = "uscc") -> str | Refusal:
    """The code in capitals, or the refusal that says what is wrong with it."""
    code = code.strip().upper()
    if len(code) != 18 or any(c not in _VALUE for c in code) or not code[2:8].isdigit():
        return checks.CREDIT_CODE_FORM(field=field, value=code)
    if code[16] != organisation_check_character(code[8:16]):
        return checks.CREDIT_CODE_CHECK(field=field, value=code, position=17, standard="GB 11714")
    if code[17] != check_character(code[:17]):
        return checks.CREDIT_CODE_CHECK(field=field, value=code, position=18, standard="GB 32100")
    return code
