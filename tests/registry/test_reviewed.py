"""Ways around the register's rules that somebody looked for: each is closed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tanshu.base.clock import business_date
from tanshu.book.commit import Outcome
from tanshu.parties.delegation import Delegate, delegate
from tanshu.parties.model import AccountKind, SetState
from tanshu.parties.service import set_state
from tanshu.registry import service
from tanshu.registry.batches import DecideMany, approve_many
from tanshu.registry.bulk import Record, RecordLine, record
from tanshu.registry.model import Decide, Expire, Propose
from tests.registry.test_giving_back import approved, ranges, reverse
from tests.support.judged import findings
from tests.support.market import YEAR, Market
from tests.support.orders import (
    CLERK,
    REVIEWER,
    Court,
    documents,
    held,
    pledge,
    pledging,
)
from tests.support.policies import decide


@pytest.fixture
def surrendered(market: Market) -> tuple[Market, str]:
    """Plant-a surrendered 100 tonnes."""
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 900)
    return market, approved(market, "plant-a", market.surrender("plant-a-maker-1", market.plant_a, 100))


def test_a_batch_that_names_one_transaction_in_two_ways_takes_one_step(market: Market):
    market.give(market.plant_a, 1_000)
    line = ("CEA22", 40, market.account(market.plant_a), market.account(market.plant_b))
    details = {"documents": documents("继承公证书")}
    id = market.accepted(market.propose(CLERK, "succession", line, details=details))["id"]
    market.refuses("REG-1132", lambda: approve_many(market.ctx(REVIEWER), DecideMany((id, f"{id} "))))
    assert market.has(market.plant_b, "CEA22") == (0, 0)


def test_a_stranger_does_not_hold_a_firms_units_by_asking_for_a_merger(market: Market):
    market.give(market.plant_a, 1_000)
    line = ("CEA22", 1_000, market.account(market.plant_a), market.account(market.stranger))
    details = {"documents": documents("合并协议")}
    market.refuses("PAR-3002", lambda: market.propose("stranger-maker-1", "merger", line, details=details))


def test_units_given_back_after_a_batch_in_another_order(market: Market):
    for plant in (market.plant_a, market.plant_b):
        market.give(plant, 1_000)
        market.emit(plant, 900)
    a = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 100))["id"]
    b = market.accepted(market.surrender("plant-b-maker-1", market.plant_b, 70))["id"]
    for id, name in ((a, "plant-a"), (b, "plant-b")):
        market.accepted(market.approve(f"{name}-checker-1", id))
        market.accepted(market.approve("hubei-checker-1", id))
    market.accepted(approve_many(market.ctx(REVIEWER), DecideMany((b, a))))
    approved(market, "plant-a", reverse(market, "plant-a", a))
    assert ranges(market, market.plant_a) == [(1, 1_000)]
    assert findings(market) == []


def test_equal_lines_given_back_in_one_entry_are_not_accused(surrendered: tuple[Market, str]):
    market, first = surrendered
    sink, a = market.account("registry", AccountKind.SURRENDER), market.account(market.plant_a)
    approved(
        market, "plant-a", reverse(market, "plant-a", first, ("CEA22", 30, sink, a), ("CEA22", 30, sink, a))
    )
    assert ranges(market, market.plant_a)[0] == (1, 60)
    assert findings(market) == []


def test_equal_reversals_in_one_batch_are_not_accused(surrendered: tuple[Market, str]):
    market, first = surrendered
    sink, a = market.account("registry", AccountKind.SURRENDER), market.account(market.plant_a)
    ids = tuple(
        market.accepted(reverse(market, "plant-a", first, ("CEA22", 30, sink, a)))["id"] for _ in range(2)
    )
    for person in ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1"):
        market.accepted(approve_many(market.ctx(person), DecideMany(ids)))
    assert ranges(market, market.plant_a)[0] == (1, 60)
    assert findings(market) == []


def test_a_freeze_that_has_run_out_is_neither_renewed_nor_deducted_from(market: Market):
    market.give(market.plant_a, 1_000)
    first, second = Court(market, "甲法院"), Court(market, "乙法院")
    until = business_date(market.clock.now_ns) + timedelta(days=10)
    early = first.freeze(market.plant_a, 1_000, until=until.isoformat())
    second.freeze(market.plant_a, 700)
    a, b = market.account(market.plant_a), market.account(market.plant_b)
    market.today(until)
    asked = market.accepted(
        first.order("judicial-renewal", original=early, until=(until + timedelta(days=90)).isoformat())
    )["id"]
    market.today(until + timedelta(days=1))
    market.refuses("REG-5005", lambda: market.approve(REVIEWER, asked))
    late = (until + timedelta(days=90)).isoformat()
    market.refuses("REG-5005", lambda: first.order("judicial-renewal", original=early, until=late))
    market.refuses(
        "REG-5005", lambda: first.order("judicial-deduction", ("CEA22", 600, a, b), original=early)
    )


def test_a_substitution_releases_each_cell_once(market: Market):
    market.give(market.plant_a, 1_000)
    market.give(market.plant_a, 500, "CEA19-20")
    a = market.account(market.plant_a)
    id = pledge(market, market.plant_a, 400, "Z-1")
    twice = [{"account": a, "instrument": "CEA22", "quantity": 300}] * 2
    details = {"original": id, "releases": twice}
    market.refuses(
        "REG-5007",
        lambda: market.propose(
            "plant-a-maker-1", "pledge-substitution", ("CEA19-20", 10, a), details=details
        ),
    )


def test_who_withdraws_for_a_colleague_is_not_accused(market: Market):
    market.give(market.plant_a, 1_000)
    line = ("CEA22", 10, market.account(market.plant_a))
    id = market.accepted(market.propose("plant-a-maker-1", "voluntary-cancellation", line))["id"]
    today = business_date(market.clock.now_ns)
    body = Delegate("plant-a-checker-1", "maker", today, today + timedelta(days=3))
    market.accepted(delegate(market.ctx("plant-a-maker-1"), body))
    market.accepted(service.withdraw(market.ctx("plant-a-checker-1"), Decide(id)))
    assert findings(market) == []


def test_a_transfer_by_court_order_to_another_province_can_be_corrected(market: Market):
    market.give(market.plant_a, 1_000)
    a, far = market.account(market.plant_a), market.account("henan", AccountKind.PROVINCIAL)
    done = Court(market).done("court-transfer", ("CEA22", 600, a, far))
    id = market.accepted(corrected(market, done))["id"]
    market.accepted(market.approve(REVIEWER, id))
    assert market.has(market.plant_a, "CEA22") == (1_000, 0)
    assert findings(market) == []


def test_what_a_court_deducted_does_not_come_back_free_by_a_correction(market: Market):
    market.give(market.plant_a, 1_000)
    a, b = market.account(market.plant_a), market.account(market.plant_b)
    court = Court(market)
    freeze = court.freeze(market.plant_a, 600)
    done = court.done("judicial-deduction", ("CEA22", 500, a, b), original=freeze)
    market.refuses("REG-4302", lambda: corrected(market, done))
    assert market.has(market.plant_a, "CEA22") == (400, 100)


def corrected(market: Market, original: str) -> Outcome:
    details = {"original": original, "documents": documents()}
    return service.propose(market.ctx(CLERK, reason="执行回转"), Propose("correction", (), details=details))


def test_an_account_on_which_a_freeze_waits_is_not_closed(market: Market):
    Court(market).freeze(market.plant_a, 600, follows=True)
    a = market.account(market.plant_a)
    market.refuses("REG-5017", lambda: set_state(market.ctx(CLERK, reason="销户"), SetState(a, "closed")))


def test_what_arrives_in_a_batch_does_not_pass_a_freeze_by(
    market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    decide(tmp_path / "packs", monkeypatch)
    pack = tmp_path / "packs" / "cn" / "registry.toml"
    kind = "administrative-adjustment"
    bulk = f'\n[bulk]\ntransaction_types = ["{kind}"]\nsource = "rules"\nevidence = "assumed"\n'
    pack.write_text(pack.read_text(encoding="utf-8") + bulk, encoding="utf-8")
    Court(market).freeze(market.plant_a, 600, follows=True)
    own, a = market.account("hubei", AccountKind.PROVINCIAL), market.account(market.plant_a)
    market.done(CLERK, "issuance", ("CEA22", 1_000, "", own), by=(REVIEWER,))
    there, back = RecordLine(own, a, "CEA22", 700), RecordLine(a, own, "CEA22", 101)
    refused = market.refuses("REG-2005", lambda: record(market.ctx(CLERK), Record(kind, (there, back))))
    assert refused.facts["available"] == 100
    market.accepted(record(market.ctx(CLERK), Record(kind, (there, back._replace(quantity=100)))))
    assert held(market, market.plant_a) == [(600, 600)]
    assert findings(market) == []


def test_a_freeze_does_not_take_later_arrivals_through_a_dropped_proposal(market: Market):
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 900)
    line = ("CEA22", 900, market.account(market.plant_a))
    id = market.accepted(market.propose("plant-a-maker-1", "voluntary-cancellation", line))["id"]
    Court(market).freeze(market.plant_a, 1_000)
    for person in ("plant-a-checker-1", REVIEWER):
        market.accepted(market.approve(person, id))
    market.give(market.plant_a, 500)
    line = ("CEA22", 500, market.account(market.plant_a))
    id = market.accepted(market.propose("plant-a-maker-1", "voluntary-cancellation", line))["id"]
    market.accepted(service.withdraw(market.ctx("plant-a-maker-1"), Decide(id)))
    assert held(market, market.plant_a) == [(100, 1_000)]


def test_a_strangers_offer_to_pay_does_not_keep_an_entity_from_paying(market: Market):
    for plant in (market.plant_a, market.plant_b):
        market.give(plant, 900)
    market.emit(market.plant_a, 900)
    line = ("CEA22", 900, market.account(market.plant_b))
    more = {"year": YEAR, "subject": market.plant_a, "details": {"documents": documents("协议")}}
    offer = market.accepted(market.propose("plant-b-maker-1", "helping-surrender", line, **more))["id"]
    own = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 900))["id"]
    market.refuses("CMP-2003", lambda: market.approve("plant-b-checker-1", offer))
    for person in ("plant-a-checker-1", "hubei-checker-1", REVIEWER):
        market.accepted(market.approve(person, own))
    market.refuses("CMP-2003", lambda: market.approve("plant-b-checker-1", offer))
    assert findings(market) == []


@pytest.mark.parametrize("limit", [-5, 0, 1])
def test_a_sweep_ends_at_least_one(market: Market, limit: int):
    market.give(market.plant_a, 1_000)
    line = ("CEA22", 10, market.account(market.plant_a))
    ids = [
        market.accepted(market.propose("plant-a-maker-1", "voluntary-cancellation", line))["id"]
        for _ in range(2)
    ]
    market.today(business_date(market.clock.now_ns) + timedelta(days=31))
    swept = market.accepted(service.expire(market.ctx(CLERK), Expire(limit)))
    assert (swept["proposals"], swept["more"]) == (ids[:1], True)


def test_what_has_no_term_of_reversal_is_not_reversed_on_the_same_day(
    market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    decide(tmp_path / "packs", monkeypatch)
    pack = tmp_path / "packs" / "cn" / "registry.toml"
    text = pack.read_text(encoding="utf-8")
    text = text.replace(
        '    "surrender",\n', '    "surrender",\n    "credit-surrender",\n    "credit-issuance",\n', 1
    )
    chain = (
        '\n[chains.credit_issuance]\nname = { zh = "减排量签发", en = "credit issuance" }\n'
        'steps = [{ by = "registry", act = "make" }, { by = "registry", act = "check" }]\n'
        'source = "rules"\nevidence = "assumed"\n'
    )
    pack.write_text(text + chain, encoding="utf-8")
    a = market.account(market.plant_a)
    market.done(CLERK, "credit-issuance", ("CCER", 100, "", a), by=(REVIEWER,))
    by = ("plant-a-checker-1", "hubei-checker-1", REVIEWER)
    id = market.done("plant-a-maker-1", "credit-surrender", ("CCER", 60, a), by=by)
    market.refuses("REG-4304", lambda: reverse(market, "plant-a", id))


@pytest.mark.parametrize("blank", ["", " "])
def test_blanks_do_not_make_another_public_registration(market: Market, blank: str):
    market.give(market.plant_a, 1_000)
    pledge(market, market.plant_a, 10, f"{blank}Z-1")
    market.refuses("REG-5012", lambda: pledging(market, market.plant_a, 10, f"Z-1{blank}"))
