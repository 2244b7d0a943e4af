"""The order book's functions, compiled by Numba from the texts that run uncompiled too."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tanshu.book.kernel import compile_into
from tanshu.exchange.engine import (
    codes,
    ledger,
    order_book_calls,
    order_book_kernel,
    order_book_ladders,
    records,
    state,
    terms,
)

_BELOW = (codes, records, state, terms)
"""Modules whose numbers become part of the compiled code."""
# Innermost first: each function is compiled against the ones before it.
_COMPILED = {
    ledger: (
        "phase_of check_who check_quantity check_price check_form fee buyer_needs check_means check_order "
        "say hold enter charge figure _buy _sell fill leave"
    ),
    order_book_ladders: "fits place_of price_at highest_bit down up worse queue unlink crossed",
    order_book_kernel: (
        "worst check_cancel match _phase _check_against _check_resting _check_means_again _lessen order "
        "amend cancel run"
    ),
    order_book_calls: "_standing call_price _behind _part_selves uncross",
}


def compiled(name: str = "run") -> Callable[..., int]:
    """`order_book_kernel.run`, or `order_book_calls.uncross`."""
    return compiled_scope()[name]


def is_compiled() -> bool:
    """Are the compiled functions loaded in this process?"""
    return compiled_scope.cache_info().currsize > 0


@cache
def compiled_scope() -> dict[str, Any]:
    """The compiled functions by name; kept on disk until one of the texts changes."""
    texts = [str(module.__file__) for module in (*_BELOW, *_COMPILED)]
    stamp = hashlib.sha256(b"".join(Path(text).read_bytes() for text in texts)).hexdigest()[:12]
    made: dict[str, Any] = {}
    for module, names in _COMPILED.items():
        functions = [getattr(module, name) for name in names.split()]
        scope = compile_into({**vars(module), **made}, functions, stamp=stamp, inline=True)
        made |= {function.__name__: scope[function.__name__] for function in functions}
    return made
