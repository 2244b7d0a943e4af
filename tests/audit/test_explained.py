"""What is wrong with the explanation of a difference is found: nobody explains alone, or ends it alone."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from tanshu.book.commit import Act
from tanshu.clearing.tables import CLEARING_EXPLAINED
from tests.audit.test_clearing import behind
from tests.clearing.conftest import house, postgresql_tradings, sqlite_tradings, trading
from tests.clearing.support import CLERK, House
from tests.clearing.test_explained import FIRST, NEXT, Explaining, differing, house_explaining, is_sealed

__all__ = ["differing", "house", "house_explaining", "postgresql_tradings", "sqlite_tradings", "trading"]
END, GRANT = "clearing.end-explanation", "clearing.grant-explanation"
Step = tuple[str, str, dict[str, object], tuple[str, ...]]
"""Who, by which command, which columns, and which of them name the entry."""


def found(house: House, *steps: Step) -> set[str]:
    """What the audit finds after these were told behind everybody's back of the one explanation."""
    with house.database.read() as conn:
        (id,) = conn.execute(select(CLEARING_EXPLAINED.c.id)).scalars()
    for person, command, told, seqs in steps:

        def slip(act: Act, told: dict[str, object] = told, seqs: tuple[str, ...] = seqs) -> None:
            act.update(CLEARING_EXPLAINED, {"id": id}, **told, **dict.fromkeys(seqs, act.seq))

        behind(house, person, command, slip)
    return {one.what.code for one in house.trading.findings()}


GRANTED: Step = (FIRST, GRANT, {"state": "granted", "granted_by": FIRST}, ("granted_seq",))
ENDING: Step = (FIRST, END, {"state": "ending", "ending_by": FIRST, "ended_on": NEXT}, ("ending_seq",))
ENDED: Step = (FIRST, GRANT, {"state": "ended", "ended_by": FIRST}, ("ended_seq",))


@pytest.mark.parametrize(
    "steps",
    [
        ((CLERK, GRANT, {"state": "granted", "granted_by": CLERK}, ("granted_seq",)),),
        ((FIRST, GRANT, {"state": "granted"}, ("granted_seq",)),),
        (ENDED,),
        (GRANTED, ENDED),
        (GRANTED, ENDING, ENDED),
    ],
    ids=["by who asked", "by nobody", "ended at once", "ended unasked", "ended by who asked"],
)
def test_an_explanation_by_the_wrong_hands_is_found(differing: Explaining, steps: tuple[Step, ...]):
    differing.trading.done(differing.asks("F1"))
    assert "AUD-5310" in found(differing.house, *steps)


def test_a_day_with_explained_differences_is_in_order(differing: Explaining):
    fee = differing.explained("F1")
    differing.explained("D1")
    assert is_sealed(differing.again(date(2024, 1, 2)))
    differing.day(NEXT)
    assert differing.house.trading.findings() == []
    assert fee
