"""What the register refuses: each with its code, and with nothing written."""

from __future__ import annotations

import pytest

from tanshu.base.quantity import QUANTITY_MAX
from tanshu.parties.model import AccountKind
from tanshu.registry import service
from tanshu.registry.model import Decide, DefineInstrument, Propose, ProposedLine
from tests.support.market import Market


@pytest.fixture
def stocked(market: Market) -> Market:
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 5_000)
    return market


@pytest.mark.parametrize(
    ("quantity", "code"),
    [
        (0, "BASE-1002"),
        (-5, "BASE-1002"),
        ("-5", "BASE-1002"),
        ("1.5", "BASE-1001"),
        ("ten", "BASE-1001"),
        ("", "BASE-1001"),
        (True, "BASE-1001"),
        (QUANTITY_MAX + 1, "BASE-1003"),
        (str(10**40), "BASE-1001"),
        (1_001, "REG-2005"),
        ("1,001", "REG-2005"),
        (QUANTITY_MAX, "REG-2005"),
    ],
)
def test_quantities_that_are_not_whole_positive_covered_tonnes(stocked: Market, quantity, code):
    stocked.refuses(code, lambda: stocked.surrender("plant-a-maker-1", stocked.plant_a, quantity))


def test_a_floating_quantity_is_refused_before_anything_else(stocked: Market):
    stocked.refuses("BASE-1301", lambda: stocked.surrender("plant-a-maker-1", stocked.plant_a, 1.0))


def test_held_amounts_are_told_apart_from_missing_ones(stocked: Market):
    stocked.accepted(stocked.surrender("plant-a-maker-1", stocked.plant_a, 600))
    refusal = stocked.refuses("REG-2006", lambda: stocked.surrender("plant-a-maker-1", stocked.plant_a, 600))
    assert "400" in refusal.sentence("en") and "600" in refusal.sentence("zh")


@pytest.mark.parametrize(
    ("debit", "code"),
    [("CN-R-099999-00", "PAR-2006"), ("nowhere", "PAR-2001"), ("unknown", "PAR-2001")],
)
def test_unknown_accounts(stocked: Market, debit, code):
    account = stocked.unknown_account() if debit == "unknown" else debit
    stocked.refuses(
        code,
        lambda: stocked.propose("plant-a-maker-1", "surrender", ("CEA22", 1, account), year=2023),
    )


def test_closed_accounts(stocked: Market):
    closed = stocked.account(stocked.plant_b)
    stocked.set_state(closed, "closed")
    own = stocked.account("hubei", AccountKind.PROVINCIAL)
    stocked.refuses(
        "PAR-2003",
        lambda: stocked.propose(
            "hubei-maker-1", "final-allocation", ("CEA22", 1, own, closed), details={"opening": True}
        ),
    )


def test_restricted_accounts(stocked: Market):
    trading = stocked.account(stocked.plant_a, AccountKind.TRADING)
    registration = stocked.account(stocked.plant_a)
    stocked.set_state(trading, "restricted")
    line = ("CEA22", 1, registration, trading)
    stocked.refuses("PAR-2004", lambda: stocked.propose("plant-a-maker-1", "position-transfer", line))


def test_a_free_transfer_between_subjects_does_not_exist_in_china(stocked: Market):
    line = ("CEA22", 1, stocked.account(stocked.plant_a), stocked.account(stocked.plant_b))
    stocked.refuses("REG-1002", lambda: stocked.propose("plant-a-maker-1", "free-transfer", line))
    stocked.refuses("REG-2002", lambda: stocked.propose("plant-a-maker-1", "position-transfer", line))
    stocked.refuses("REG-2009", lambda: stocked.propose("hubei-maker-1", "administrative-adjustment", line))


def test_nobody_moves_anothers_units_by_naming_a_subject(stocked: Market):
    """The makers of plant-b name themselves, and an account of plant-a."""
    theirs = stocked.account(stocked.plant_a)
    stocked.emit(stocked.plant_b, 5_000)
    stocked.refuses(
        "REG-1011",
        lambda: stocked.propose(
            "plant-b-maker-1", "surrender", ("CEA22", 1, theirs), subject=stocked.plant_b, year=2023
        ),
    )
    stocked.refuses(
        "PAR-3002",
        lambda: stocked.propose("plant-b-maker-1", "surrender", ("CEA22", 1, theirs), year=2023),
    )
    mine = stocked.account(stocked.plant_b)
    stocked.refuses(
        "REG-1009",
        lambda: stocked.propose(
            "plant-b-maker-1", "surrender", ("CEA22", 1, mine), ("CEA22", 1, theirs), year=2023
        ),
    )


def test_a_province_gives_from_its_own_account_to_its_own_holders(stocked: Market):
    own, other = (stocked.account(name, AccountKind.PROVINCIAL) for name in ("hubei", "henan"))
    plant, stranger = stocked.account(stocked.plant_a), stocked.account(stocked.stranger)
    for debit, credit in ((other, plant), (own, stranger)):
        stocked.refuses(
            "REG-2010",
            lambda debit=debit, credit=credit: stocked.propose(
                "hubei-maker-1", "final-allocation", ("CEA22", 1, debit, credit), details={"opening": True}
            ),
        )


@pytest.mark.parametrize(
    ("kind", "lines", "code"),
    [
        ("gift", (("CEA22", 1),), "REG-1001"),
        ("surrender", (), "REG-1004"),
        ("surrender", (("CEA99", 1),), "REG-1003"),
        ("surrender", (("CCER", 1),), "REG-2004"),
        ("surrender", (("CEA22", 1),) * 257, "REG-1005"),
    ],
)
def test_proposals_that_do_not_fit_the_type_table(stocked: Market, kind, lines, code):
    stocked.refuses(code, lambda: stocked.propose("plant-a-maker-1", kind, *lines, year=2023))


def test_only_the_holders_own_people_may_leave_its_account_out(stocked: Market):
    line = ("CEA22", 1)
    stocked.refuses("REG-2007", lambda: stocked.propose("hubei-maker-1", "surrender", line, year=2023))
    stocked.accepted(stocked.propose("plant-a-maker-1", "surrender", ("CEA22", 1), year=2023))
    assert stocked.has(stocked.plant_a, "CEA22") == (999, 1)


def test_the_side_of_an_account_must_fit_the_type(stocked: Market):
    trading = stocked.account(stocked.plant_a, AccountKind.TRADING)
    stocked.refuses(
        "REG-2001",
        lambda: stocked.propose("plant-a-maker-1", "surrender", ("CEA22", 1, trading), year=2023),
    )


def test_a_key_repeated_answers_the_same_and_a_key_reused_is_refused(stocked: Market):
    line = (ProposedLine("CEA22", 600, stocked.account(stocked.plant_a)),)
    ctx = stocked.ctx("plant-a-maker-1", key="once")
    first = stocked.accepted(service.propose(ctx, Propose("surrender", line, year=2023)))
    with stocked.nothing_written():
        again = stocked.accepted(service.propose(ctx, Propose("surrender", line, year=2023)))
    assert (again.repeated, again.seq, again.data) == (True, first.seq, first.data)
    other = (ProposedLine("CEA22", 601, stocked.account(stocked.plant_a)),)
    stocked.refuses("LOG-1001", lambda: service.propose(ctx, Propose("surrender", other, year=2023)))


def test_unknown_transactions_and_instruments_defined_twice(stocked: Market):
    stocked.refuses("REG-3105", lambda: stocked.approve("registry-checker-1", "TX-nothing"))
    again = DefineInstrument("CEA22", "allowance", "", "", 2022)
    stocked.refuses("REG-1006", lambda: service.define_instrument(stocked.ctx("registry-maker-1"), again))
    odd = DefineInstrument("X", "tulip", "", "")
    stocked.refuses("REG-1007", lambda: service.define_instrument(stocked.ctx("registry-maker-1"), odd))


def test_a_refused_command_leaves_its_key_free(stocked: Market):
    ctx = stocked.ctx("plant-a-maker-1", key="second try")
    account = stocked.account(stocked.plant_a)

    def ask(quantity: int):
        line = (ProposedLine("CEA22", quantity, account),)
        return service.propose(ctx, Propose("surrender", line, year=2023))

    stocked.refuses("REG-2005", lambda: ask(5_000))
    stocked.accepted(ask(500))


def test_reject_needs_ones_turn(stocked: Market):
    id = stocked.accepted(stocked.surrender("plant-a-maker-1", stocked.plant_a, 1))["id"]
    stocked.refuses("REG-3102", lambda: service.reject(stocked.ctx("registry-checker-1"), Decide(id)))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (DefineInstrument("cea 25", "allowance", "", "", 2025), "REG-1012"),
        (DefineInstrument("", "allowance", "", "", 2025), "REG-1012"),
        (DefineInstrument("CEA25", "allowance", "", "", 2025, 3), "REG-1013"),
        (DefineInstrument("USD", "cash", "", "", None, 0), "REG-1013"),
        (DefineInstrument("CEA25", "allowance", "", "", 2019), "REG-1014"),
        (DefineInstrument("CEA99", "allowance", "", "", 99_999_999), "BASE-1004"),
    ],
)
def test_an_instrument_says_what_it_is(market: Market, body: DefineInstrument, code: str):
    market.refuses(code, lambda: service.define_instrument(market.ctx("registry-maker-1"), body))


def test_a_year_no_database_could_keep_alike(stocked: Market):
    line = ("CEA22", 1, stocked.account(stocked.plant_a))
    stocked.refuses(
        "BASE-1004",
        lambda: stocked.propose("plant-a-maker-1", "voluntary-cancellation", line, year=99_999),
    )


def test_long_words_are_kept_alike_on_both_databases(stocked: Market):
    line = ("CEA22", 1, stocked.account(stocked.plant_a))
    long = "x" * 10_000
    stocked.accepted(stocked.propose("plant-a-maker-1", "voluntary-cancellation", line, batch=long))


def test_refusals_speak_one_language_at_a_time(stocked: Market):
    account = stocked.account(stocked.plant_a)
    refusal = stocked.refuses(
        "REG-1002",
        lambda: stocked.propose("plant-a-maker-1", "free-transfer", ("CEA22", 1, account, account)),
    )
    assert "free transfer" in refusal.sentence("en")
    assert "自由转让" in refusal.sentence("zh")
    assert refusal.sentence("en").isascii()


def test_opening_stock_ends_with_the_first_allocation(stocked: Market):
    own = stocked.account("hubei", AccountKind.PROVINCIAL)
    for vintage in ("CEA22", "CEA23"):
        line = (vintage, 9_999, "", own)
        stocked.done("registry-maker-1", "issuance", line, by=("registry-checker-1",))
    stocked.emit(stocked.plant_a, 1_000, 2022)
    stocked.accepted(stocked.allocate(stocked.plant_a, "pre"))
    line = ("CEA22", 1, own, stocked.account(stocked.plant_a))
    stocked.refuses(
        "CMP-1013",
        lambda: stocked.propose("hubei-maker-1", "final-allocation", line, details={"opening": True}),
    )
