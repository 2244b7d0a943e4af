"""Reversal of a surrender: the units come back, and the entity owes again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tanshu.base.refusal import need
from tanshu.book import serials
from tanshu.compliance import obligations
from tanshu.compliance.certificates import surrender_certificate
from tanshu.compliance.closing import CloseYear, close_year
from tanshu.compliance.obligations import Status
from tanshu.registry import queries as registry
from tanshu.registry.model import TransactionState
from tests.support.copies import Copies, copies
from tests.support.duties import REVERSAL_PAPERS, SINK, PaidMarket
from tests.support.market import YEAR

LATE = date(2025, 1, 3)


@pytest.fixture(scope="session")
def sqlite_paid(request: pytest.FixtureRequest) -> Iterator[Copies[PaidMarket]]:
    yield from copies(request, "sqlite", PaidMarket)


@pytest.fixture(scope="session")
def postgresql_paid(request: pytest.FixtureRequest) -> Iterator[Copies[PaidMarket]]:
    yield from copies(request, "postgresql", PaidMarket)


@pytest.fixture(params=["sqlite", "postgresql"])
def paid(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PaidMarket]:
    copied: Copies[PaidMarket] = request.getfixturevalue(f"{request.param}_paid")
    with copied(tmp_path) as made:
        yield made


def paid_in_full(market: PaidMarket) -> str:
    id = market.pay(1_000)
    assert isinstance(id, str)
    return id


def test_what_is_reversed_comes_back_and_is_owed_again(paid: PaidMarket):
    original = paid_in_full(paid)
    waiting = paid.accepted(paid.reverse(original, 400))["id"]
    assert paid.owed().due_t == 0  # until it takes effect
    paid.through(waiting)
    found = paid.owed()
    assert (found.surrendered_t, found.due_t, found.status) == (600, 400, Status.SHORT)
    assert paid.has(paid.plant_a, "CEA22") == (2_400, 0)
    paid.refuses("REG-4306", lambda: paid.reverse(original, 601))
    paid.refuses("REG-4307", lambda: paid.reverse(original, 1, details={"original": original}))
    assert isinstance(paid.pay(400), str)  # and it may be paid anew
    assert paid.owed().due_t == 0


def test_after_the_deadline_a_reversal_leaves_the_entity_late(paid: PaidMarket):
    original = paid_in_full(paid)
    assert paid.owed(LATE).status_at_deadline is Status.COMPLIANT
    paid.today(LATE)
    paid.through(paid.accepted(paid.reverse(original, 1))["id"])
    found = paid.owed()
    assert (found.status_at_deadline, found.due_at_deadline_t) == (Status.SHORT, 1)
    paid.pay(1)
    assert (paid.owed().due_t, paid.owed().paid_late_t, paid.owed().late) == (0, 1, True)


def test_within_its_term_and_before_the_year_is_closed(paid: PaidMarket):
    original = paid_in_full(paid)
    paid.refuses("CMP-7301", lambda: paid.reverse(original, 1, year=2022))
    paid.today(LATE)
    waiting = paid.accepted(paid.reverse(original, 1))["id"]
    paid.accepted(close_year(paid.ctx("hubei-checker-1"), CloseYear("420000", YEAR)))
    paid.refuses("CMP-7302", lambda: paid.approve("plant-a-checker-1", waiting))
    paid.refuses("CMP-7302", lambda: paid.reverse(original, 1))
    paid.today(date(2025, 1, 14))
    paid.refuses("REG-4304", lambda: paid.reverse(original, 1))


def test_a_helpers_units_go_back_to_the_helper(paid: PaidMarket):
    original = paid.pay(300, "helping-surrender", "plant-b")
    assert isinstance(original, str)
    line = ("CEA22", 300, paid.account("registry", SINK), paid.account(paid.plant_b))
    details = {"original": original, "documents": REVERSAL_PAPERS}
    id = paid.done(
        "plant-a-maker-1",
        "surrender-reversal",
        line,
        by=("plant-a-checker-1", "hubei-checker-1", "registry-checker-1"),
        details=details,
    )
    assert paid.has(paid.plant_b, "CEA22") == (3_000, 0)
    assert (paid.owed().helped_t, paid.owed().due_t) == (0, 1_000)
    with paid.database.read() as conn:
        made = need(registry.transaction(conn, id))
        assert made.year == YEAR  # as its original, where none is named
        assert obligations.undone(conn, original_id=original) == {original: 300}


def test_the_certificate_of_a_reversed_surrender_says_so(paid: PaidMarket):
    original = paid_in_full(paid)
    paid.through(paid.accepted(paid.reverse(original, 400))["id"])
    with serials.reading(paid.book) as conn:
        zh, en = (need(surrender_certificate(conn, paid.book, original, lang)) for lang in ("zh", "en"))
    assert "其后撤销或更正 400 吨,现仅 600 吨有效" in zh
    assert "400 t of it were reversed or corrected: 600 t stand" in en


STEPS = st.lists(
    st.tuples(st.sampled_from(["surrender", "help", "reverse"]), st.integers(1, 700)), min_size=2, max_size=7
)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_due_and_paid_are_the_obligation_always(paid: PaidMarket, steps: list[tuple[str, int]]):
    """Own surrenders, another's, reversals, in any order: nothing is lost and nothing counted twice."""
    for what, tonnes in steps:
        if what == "surrender":
            paid.pay(tonnes)
        elif what == "help":
            paid.pay(tonnes, "helping-surrender", "plant-b")
        else:
            _reverse_some(paid, tonnes)
        found = paid.owed()
        assert found.due_t + found.surrendered_t + found.offset_t == found.obligation_t
        assert found.due_t >= 0 and found.surrendered_t >= found.helped_t >= 0
        assert paid.has("registry", "CEA22", SINK) == (found.surrendered_t, 0)
        assert (found.status is Status.COMPLIANT) == (found.due_t == 0)


def _reverse_some(market: PaidMarket, tonnes: int) -> None:
    """Reverse own surrenders, the oldest that is still there first."""
    with market.database.read() as conn:
        made = registry.transactions(conn, type="surrender", state=TransactionState.EFFECTED)
        left = {one.id: one.quantity - obligations.undone(conn).get(one.id, 0) for one in made}
    for id, quantity in left.items():
        if quantity:
            market.through(market.accepted(market.reverse(id, min(tonnes, quantity)))["id"])
            return
