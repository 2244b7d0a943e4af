"""`tanshu claim`: orders and pledges from the terminal, their queues, lives and lists; `tx expire`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tanshu.base.clock import business_date, system_clock
from tanshu.base.vault import Vault
from tests.cli.conftest import in_process
from tests.support.judged import findings
from tests.support.market import Market
from tests.support.orders import CLERK, REVIEWER, SECOND_REVIEWER, Court, held

Say = Callable[..., dict[str, Any]]
ORDER = b"a scan of the court's order"
COURT = ("--court", "甲法院", "--as", CLERK)
FAR = "2090-01-01"


@pytest.fixture
def stocked(market: Market) -> Iterator[Market]:
    market.give(market.plant_a, 1_000)
    yield market
    assert findings(market) == []


@pytest.fixture
def say(market: Market) -> Say:
    def run(*args: str, refused: str = "") -> dict[str, Any]:
        said = in_process(*args, "--json", "--db", market.database.url)
        if refused:
            assert said.refusal == refused, said
            return said.json
        return said.ok().json

    return run


@pytest.fixture
def order(tmp_path: Path) -> str:
    path = tmp_path / "somebody's name.pdf"
    path.write_bytes(ORDER)
    return str(path)


def approved(say: Say, made: dict[str, Any], *people: str) -> str:
    for person in people:
        say("tx", "approve", made["id"], "--as", person)
    return made["id"]


def frozen(say: Say, market: Market, quantity: int, document: str, order: str, *more: str) -> str:
    made = say(
        *("claim", "freeze", market.plant_a, f"CEA22:{quantity}", "--document", document),
        *(*COURT, "--evidence", order, *more),
    )
    return approved(say, made, REVIEWER)


def pledged(say: Say, order: str, number: str = "Z-1", quantity: int = 400) -> str:
    made = say(
        *("claim", "pledge", f"CEA22:{quantity}", "--pledgee", "bank", "--registration-number", number),
        *("--registered-at", "2023-01-01", "--evidence", order, "--as", "plant-a-maker-1"),
    )
    return approved(say, made, "plant-a-checker-1", "bank-checker-1", REVIEWER, SECOND_REVIEWER)


def test_freezes_queue_up_and_the_queue_says_who_where_and_why(stocked: Market, say: Say, order: str):
    first = frozen(say, stocked, 600, "(1)号", order)
    frozen(say, stocked, 800, "(2)号", order, "--follows", "--until", FAR)
    frozen(say, stocked, 500, "(3)号", order)
    seen = say("claim", "queue", stocked.plant_a, "CEA22")
    assert seen["adds_up"] and (seen["available"], seen["held"]) == (0, 1_000)
    assert [(one["rank"], one["held"], one["ordered"]) for one in seen["places"]] == [
        (1, 600, 600),
        (2, 400, 800),
        (3, 0, 500),
    ]
    assert seen["places"][1]["why"]["en"] == "holds 400, waits for 400; 1 before it; takes later arrivals"
    assert seen["places"][1]["expires_on"] == FAR and seen["places"][0]["transaction"] == first
    assert seen["conservation"]["zh"] == "可用 0 + 司法冻结 1,000 = 持有 1,000"
    told = say("tx", "show", first)["details"]["documents"]
    assert told == [{"title": "(1)号", "sha256": hashlib.sha256(ORDER).hexdigest(), "size": len(ORDER)}]
    account = stocked.account(stocked.plant_a)
    for lang, words in (("zh", "待在前者终止"), ("en", "until one before it ends")):
        page = in_process("claim", "queue", account, "CEA22", "--lang", lang, "--db", stocked.database.url)
        assert words in page.ok().out


def test_lists_are_by_account_subject_class_and_instrument_and_hold_the_ended_if_asked(
    stocked: Market, say: Say, order: str
):
    first = frozen(say, stocked, 600, "(1)号", order)
    pledged(say, order, quantity=300)
    made = say("claim", "release", first, "--document", "(2)号", *COURT, "--evidence", order)
    approved(say, made, REVIEWER)

    def listed(*args: str) -> list[tuple[str, str, int]]:
        return [(one["class"], one["state"], one["held"]) for one in say("claim", "list", *args)["claims"]]

    ended, pledge = ("court", "ended", 0), ("pledge", "in-force", 300)
    assert listed() == listed("--subject", stocked.plant_a) == [pledge]
    assert listed("--all", "--subject", stocked.plant_a) == [ended, pledge]
    assert listed("--all", "--class", "court") == [ended]
    assert listed("--account", stocked.account(stocked.plant_a), "--instrument", "CEA22") == [pledge]
    assert listed("--subject", stocked.plant_b) == listed("--instrument", "CEA23") == []
    wrong = in_process("claim", "list", "--class", "lien", "--db", stocked.database.url)
    assert wrong.code == 2 and "court" in wrong.err
    for lang, words in (("zh", "质押"), ("en", "in force")):
        page = in_process("claim", "list", "--lang", lang, "--db", stocked.database.url).ok().out
        assert words in page and "Z-1" in page


def test_a_claim_tells_its_life_and_its_holds(stocked: Market, say: Say, order: str):
    first = frozen(say, stocked, 1_000, "(1)号", order)
    second = frozen(say, stocked, 800, "(2)号", order)
    renewal = say(
        *("claim", "renew", second, "--document", "(3)号", "--until", FAR, *COURT, "--evidence", order)
    )
    approved(say, renewal, REVIEWER)
    made = say("claim", "release", first, "CEA22:300", "--document", "(4)号", *COURT, "--evidence", order)
    approved(say, made, REVIEWER)
    (waited,) = (one for one in say("claim", "list")["claims"] if one["transaction"] == second)
    shown = say("claim", "show", waited["claim"])
    assert [(turn["event"], turn["held"], turn["ordered"]) for turn in shown["life"]] == [
        ("entered", 0, 800),
        ("renewed", 0, 800),
        ("topped-up", 300, 800),
    ]
    assert shown["life"][0]["seq"] == shown["entered_seq"] and shown["expires_on"] == FAR
    (hold,) = shown["holds"]
    assert hold["left"] == 300 and hold["at"].split(":")[0] == str(shown["life"][-1]["seq"])
    (notice,) = say("notice", "list", "--about", waited["claim"])["notices"]
    assert (notice["kind"], notice["facts"]["held"]) == ("promotion", 300)
    assert say("claim", "show", "CLM-none", refused="REG-5001")
    for lang, words in (("zh", "递补"), ("en", "topped up")):
        page = in_process("claim", "show", waited["claim"], "--lang", lang, "--db", stocked.database.url)
        assert words in page.ok().out


def test_a_deduction_takes_all_the_freeze_holds_or_what_is_named(stocked: Market, say: Say, order: str):
    first = frozen(say, stocked, 600, "(1)号", order)
    papers = (*COURT, "--evidence", order, "--to", stocked.plant_b)
    part = say("claim", "deduct", first, "CEA22:100", "--document", "(2)号", *papers)
    approved(say, part, REVIEWER)
    assert held(stocked, stocked.plant_a) == [(500, 500)]
    approved(say, say("claim", "deduct", first, "--document", "(3)号", *papers), REVIEWER)
    assert held(stocked, stocked.plant_a) == []
    assert stocked.has(stocked.plant_b, "CEA22") == (600, 0)
    told = [one["facts"]["quantity"] for one in say("notice", "list", "--kind", "deduction")["notices"]]
    assert told == [100, 500]


def test_the_list_of_pledges_says_what_perfects_each(stocked: Market, say: Say, order: str):
    first, second = pledged(say, order), pledged(say, order, "Z-2", 100)
    found = say("claim", "pledges")["pledges"]
    assert [(one["rank"], one["transaction"], one["registration_number"]) for one in found] == [
        (1, first, "Z-1"),
        (2, second, "Z-2"),
    ]
    one = found[0]
    assert (one["pledgor_name"], one["pledgee"], one["ordered"], one["held"]) == ("甲电厂", "bank", 400, 400)
    assert one["evidence"] == [hashlib.sha256(ORDER).hexdigest()] and one["registered_at"] == "2023-01-01"
    proposed = say("tx", "show", first)["proposed_seq"]
    assert one["hold"].startswith(f"{proposed}:") and one["state"] == "effected"
    assert len(say("claim", "pledges", "--subject", "bank")["pledges"]) == 2
    assert say("claim", "pledges", "--subject", stocked.plant_b)["pledges"] == []
    page = in_process("claim", "pledges", "--lang", "zh", "--db", stocked.database.url).ok().out
    assert "Z-1" in page and "结算银行" in page


def test_a_pledge_is_swapped_released_in_part_and_enforced(stocked: Market, say: Say, order: str):
    stocked.give(stocked.plant_a, 500, "CEA19-20")
    id = pledged(say, order)
    swap = say(
        *("claim", "swap", id, "CEA19-20:260", "--release", "CEA22:250", "--as", "plant-a-maker-1"),
    )
    approved(say, swap, "plant-a-checker-1", "bank-checker-1", REVIEWER)
    assert held(stocked, stocked.plant_a) == [(150, 150)]
    bank = ("--as", "bank-maker-1")
    part = say("claim", "unpledge", id, "CEA22:50", *bank)
    approved(say, part, "bank-checker-1", REVIEWER)
    taking = say("claim", "enforce", id, "--to", stocked.plant_b, "--evidence", order, *bank)
    approved(say, taking, "bank-checker-1", REVIEWER, SECOND_REVIEWER)
    assert stocked.has(stocked.plant_b, "CEA22") == (100, 0)
    assert stocked.has(stocked.plant_b, "CEA19-20") == (260, 0)
    assert say("claim", "pledges")["pledges"] == []
    both = [
        (one["kind"], one["subject"]) for one in say("notice", "list", "--about", taking["id"])["notices"]
    ]
    assert sorted(set(both)) == sorted({("pledge-enforced", stocked.plant_a), ("pledge-enforced", "bank")})


def test_papers_go_into_a_vault_where_there_is_one_and_their_names_into_no_log(
    stocked: Market, say: Say, order: str, tmp_path: Path
):
    folder = tmp_path / "papers"
    id = frozen(say, stocked, 10, "(1)号", order, "--vault", str(folder), "--title", "裁定书")
    (paper,) = say("tx", "show", id)["details"]["documents"]
    assert Vault(folder).get(paper["sha256"]) == ORDER and paper["title"] == "裁定书"
    assert "somebody" not in str(say("tx", "show", id))
    missing = ("claim", "freeze", stocked.plant_a, "CEA22:1", "--document", "(2)号", *COURT)
    say(*missing, "--evidence", str(tmp_path / "none"), refused="BASE-1201")
    say(*missing, refused="REG-4307")


def test_an_account_is_frozen_by_its_code_and_orders_name_a_freeze(stocked: Market, say: Say, order: str):
    account = stocked.account(stocked.plant_a)
    made = say(
        *("claim", "freeze", account, "CEA22:5", "--document", "(1)号", *COURT, "--evidence", order),
    )
    approved(say, made, REVIEWER)
    assert say("claim", "list", "--account", account)["claims"][0]["held"] == 5
    release = ("--document", "(2)号", *COURT, "--evidence", order)
    say("claim", "release", "TX-none", "CEA22:1", *release, refused="REG-3105")
    say("claim", "release", made["id"], "CEA22:6", *release, refused="REG-5006")
    say("claim", "deduct", made["id"], "--to", "nobody", *release, refused="PAR-1004")


def test_what_has_run_out_is_ended_in_parts_until_nothing_is_due(stocked: Market, say: Say):
    line = ("CEA22", 10, stocked.account(stocked.plant_a))
    proposals = [
        stocked.accepted(stocked.propose("plant-a-maker-1", "voluntary-cancellation", line))["id"]
        for _ in range(3)
    ]
    ends = business_date(stocked.clock.now_ns) + timedelta(days=10)
    Court(stocked).freeze(stocked.plant_a, 100, until=ends.isoformat())
    assert business_date(system_clock()) > ends, "the clock of the command line is the real one"
    ended = say("tx", "expire", "--limit", "2", "--as", CLERK)
    assert (sorted(ended["proposals"]), len(ended["claims"]), ended["entries"]) == (sorted(proposals), 1, 2)
    assert stocked.has(stocked.plant_a, "CEA22") == (1_000, 0)
    told = [one["kind"] for one in say("notice", "list", "--subject", stocked.plant_a)["notices"]]
    assert sorted(told) == ["expiry", "expiry", "expiry", "freeze", "freeze-lapsed"]
    say("tx", "expire", "--as", CLERK, refused="REG-4311")
    say("tx", "expire", "--as", REVIEWER, refused="PAR-3003")
