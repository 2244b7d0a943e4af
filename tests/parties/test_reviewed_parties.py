"""What must not be told of people, and what one person must not do twice by standing in for another."""

from __future__ import annotations

import json
from datetime import date

from sqlalchemy import select

from tanshu.base.refusal import need
from tanshu.log import store
from tanshu.parties import queries
from tanshu.parties.bulk import Enrol, enrol
from tanshu.parties.delegation import Delegate, delegate
from tanshu.parties.model import NewPerson, Register
from tanshu.parties.onboarding import yearly
from tanshu.parties.onboarding.model import FinishYearReview, RecordFindings, StartYearReview
from tanshu.parties.service import register
from tanshu.parties.tables import SUBJECT_NAME
from tests.support.market import Market
from tests.support.onboarding import CHECKER, MAKER, MAKER_2, applied, review, staff

PERSON = "欧阳某某"


def told(market: Market) -> str:
    with market.database.read() as conn:
        rows = b"".join(rows for _, rows in store.rows(conn, market.book.log, -1, market.book.tail.seq))
    return json.dumps(json.loads(b"[" + rows.replace(b"]][[", b"]],[[") + b"]"), ensure_ascii=False)


def test_a_natural_person_is_not_named_in_the_log_by_whatever_door_they_come(market: Market):
    one = Register("individual", PERSON, "person-1", accounts=("registration",))
    market.accepted(register(market.ctx(MAKER), one))
    another = Register("individual", PERSON, "person-2", accounts=("registration",))
    market.accepted(enrol(market.ctx(MAKER), Enrol((another,))))
    with market.database.read() as conn:
        assert {need(queries.subject(conn, f"person-{n}")).name for n in (1, 2)} == {"欧**"}
        names = conn.execute(select(SUBJECT_NAME.c.name)).scalars().all()
        raw = [rows for _, rows in store.rows(conn, market.book.log, -1, market.book.tail.seq)]
    assert PERSON not in names
    assert not any(PERSON.encode() in rows or b"\\u6b27\\u9633" in rows for rows in raw)


def test_who_began_a_yearly_review_through_a_substitute_does_not_finish_it(market: Market):
    """The right that began it was lent by somebody with both rights: who is then not the second person."""
    staff(
        market,
        NewPerson("registry-both-1", ("maker", "checker")),
        NewPerson("registry-aid-1", ("checker",)),
        NewPerson(MAKER_2, ("maker",)),
    )
    lent = Delegate("registry-aid-1", "maker", TODAY)
    market.accepted(delegate(market.ctx("registry-both-1"), lent))
    market.accepted(yearly.start(market.ctx("registry-aid-1"), StartYearReview(market.plant_a, 2024, DUE)))
    market.accepted(
        yearly.record_findings(market.ctx(MAKER_2), RecordFindings(market.plant_a, 2024, "无变化"))
    )
    market.refuses(
        "PAR-5304",
        lambda: yearly.finish(market.ctx("registry-both-1"), FinishYearReview(market.plant_a, 2024)),
    )
    market.accepted(yearly.finish(market.ctx(CHECKER), FinishYearReview(market.plant_a, 2024)))


TODAY, DUE = date(2024, 1, 2), date(2024, 3, 31)


def test_all_whose_right_a_reviewer_used_have_had_a_hand(market: Market):
    """Two lend the same substitute their right: neither is the second person afterwards."""
    both = ("maker", "checker")
    staff(
        market,
        NewPerson("registry-one-1", both),
        NewPerson("registry-two-1", both),
        NewPerson("registry-aid-1", ("checker",)),
    )
    for giver in ("registry-one-1", "registry-two-1"):
        market.accepted(delegate(market.ctx(giver), Delegate("registry-aid-1", "maker", TODAY)))
    id = applied(market)
    market.accepted(review(market, "registry-aid-1", id, "first"))
    for giver in ("registry-one-1", "registry-two-1"):
        refused = review(market, giver, id, "second")
        assert getattr(refused, "code", "passed") == "PAR-5009", giver
