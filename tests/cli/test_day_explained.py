"""`tanshu day explain-difference|grant-explanation|end-explanation`, `tanshu bank answer`."""

from __future__ import annotations

from tanshu.clearing.bank import queries
from tanshu.clearing.driving import run
from tanshu.parties.model import AccountKind
from tests.clearing.conftest import house, postgresql_tradings, sqlite_tradings, trading
from tests.clearing.support import House, desk
from tests.clearing.test_explained import NEXT, ON, Explaining, differing, house_explaining
from tests.cli.test_day_after import CLERK, FIRST, By, by
from tests.exchange.bridge.support import MONEY

FIXTURES = (by, differing, house, house_explaining, postgresql_tradings, sqlite_tradings, trading)


def test_a_day_with_a_charge_and_a_stray_deposit_is_explained_and_sealed(differing: Explaining, by: By):
    day = ("day", "explain-difference", ON)
    assert by(CLERK, *day, "F1", "--json").refusal == "CLR-1504"
    because = ("--reason", "银行更正函", "--document", "0" * 64, "--json")
    ids = [by(CLERK, *day, about, *because).ok().json["explanation"] for about in ("F1", "D1")]
    assert "待复核" in by("", "day", "explain", ON).ok().out
    assert by(CLERK, "day", "grant-explanation", ids[0], "--json").refusal.startswith("PAR-3")
    assert by(FIRST, "day", "grant-explanation", ids[0], "--decline", "--json").refusal == "CLR-1504"
    for id in ids:
        assert by(FIRST, "day", "grant-explanation", id, "--json").ok().json["state"] == "granted"
    assert by("", "bank", "compare", "bank", ON, "--json").ok().json["explained"] == 2
    assert "已说明的差异" in by("", "bank", "compare", "bank", ON).ok().out
    differing.again(ON)
    (row,) = by("", "day", "status", ON, "--json").ok().json["days"]
    assert (row["state"], row["differences"], row["explained"]) == ("sealed", 0, 2)
    told = by("", "day", "explain", ON, "--json").ok().json
    assert (told["explained"], [one["reason"] for one in told["explanations"]]) == (2, ["银行更正函"] * 2)
    assert "explanations" in by("", "day", "explain", ON, "--lang", "en").ok().out
    report = by("", "day", "report", ON, "--json").ok().json
    assert [one["about"] for one in report["explained"]] == ["F1", "D1"]
    differing.day(NEXT, ("fee", "F1-back", "", "", 1_000))
    ends = ("day", "end-explanation", ids[0], "--on", NEXT, "--reference", "F1-back", "--json")
    assert by(CLERK, *ends, "--reason", "银行已退").ok().json["state"] == "ending"
    assert by(FIRST, "day", "grant-explanation", ids[0], "--json").ok().json["state"] == "ended"


def test_what_a_bank_whose_line_is_down_said_is_recorded_by_hand(house: House, by: By):
    house.after_the_close()
    trading = house.trading
    trading.pays_in(trading.b, 5_000)
    own = trading.market.account(trading.b, MONEY)
    paid = ("CNY", 700, own, trading.market.account("bank", AccountKind.BANK))
    trading.market.done(trading.maker(trading.b), "cash-withdrawal", paid, by=(FIRST,))
    run(house.book, ON, desk(), before="reconcile")
    with house.database.read() as conn:
        (one,) = queries.in_transit(conn, ON)
    answer = ("bank", "answer", one.id)
    why, done = ("--why", "纸质回单"), ("--reference", "R7", "--on", ON)
    assert by(CLERK, *answer, "unknown", *why, "--json").refusal == "CLR-3109"
    assert by(CLERK, *answer, "done", "--why", " ", *done, "--json").refusal == "CLR-3109"
    assert by(CLERK, *answer, "done", *why, "--json").refusal == "CLR-3103"
    late = ("--reference", "R7", "--on", NEXT, "--json")
    assert by(CLERK, *answer, "done", *why, *late).refusal == "CLR-3110"
    assert by(FIRST, *answer, "done", *why, *done, "--json").refusal.startswith("PAR-3")
    assert "银行已办" in by(CLERK, *answer, "done", *why, *done).ok().out
    (told,) = by("", "bank", "instructions", "--json").ok().json["instructions"]
    assert (told["state"], told["reference"], told["why"]) == ("done", "R7", "纸质回单")
    assert told["by_hand"] == CLERK
    assert CLERK in by("", "bank", "instructions", "--lang", "en").ok().out
    assert by(CLERK, *answer, "refused", "--why", "x", "--json").refusal == "CLR-3104"
