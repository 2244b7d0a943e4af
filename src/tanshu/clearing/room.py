"""What the clearing house does in the rooms below it."""

from __future__ import annotations

from tanshu.clearing import telling, watching
from tanshu.clearing.bank import room as banks
from tanshu.clearing.objections import service as objections
from tanshu.clearing.shortfall import watching as shortfalls


def take_part() -> None:
    """From now on the house settles what the markets close, and the register knows what it settled."""
    watching.take_part()
    banks.take_part()
    shortfalls.take_part()
    objections.take_part()
    telling.take_part()
