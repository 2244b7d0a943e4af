"""Subjects, names, accounts, role holders."""

from __future__ import annotations

from datetime import date

import pytest

from tanshu import app
from tanshu.base.refusal import Refusal, Refused
from tanshu.parties import queries
from tanshu.parties.codes import account_code, account_code_is_good
from tanshu.parties.model import (
    ACCOUNT_TYPES,
    AccountKind,
    Appoint,
    ConfirmPerson,
    Dismiss,
    Establish,
    NewPerson,
    OpenAccount,
    Register,
    Rename,
    SetState,
)
from tanshu.parties.service import (
    appoint,
    confirm_person,
    dismiss,
    establish,
    open_account,
    register,
    rename,
    set_state,
)
from tests.support.market import Market, credit_code

CLERK = "registry-maker-1"


def test_registering_opens_accounts_and_names_people_in_one_entry(market: Market):
    body = Register(
        "enterprise",
        "丙电厂",
        uscc=credit_code(7),
        region="420100",
        accounts=("registration", "trading"),
        people=(NewPerson("plant-c-maker-1", ("maker",)),),
    )
    answer = market.accepted(register(market.ctx(CLERK), body))
    with market.database.read() as conn:
        subject = queries.subject(conn, credit_code(7))
        assert not isinstance(subject, Refusal)
        accounts = queries.accounts_of(conn, subject.id)
        people = queries.people_of(conn, subject.id)
    assert [account.kind for account in accounts] == ["registration", "trading"]
    assert {account.kind: account.code for account in accounts} == answer["accounts"]
    assert [person.handle for person in people] == ["plant-c-maker-1"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "club"}, "PAR-1006"),
        ({"name": "  "}, "PAR-1007"),
        ({"name_since": date(2024, 1, 3)}, "PAR-1011"),
        ({"uscc": ""}, "PAR-1005"),
        ({"uscc": "914206006703947664"}, "PAR-1002"),
        ({"uscc": "1"}, "PAR-1001"),
        ({"uscc": credit_code(1)}, "PAR-1003"),
        ({"kind": "authority", "uscc": "", "handle": "Hubei!"}, "PAR-1009"),
        ({"kind": "authority", "uscc": "", "handle": "hubei"}, "PAR-1003"),
        ({"accounts": ("vault",)}, "PAR-1006"),
        ({"accounts": ("issuance",)}, "PAR-2007"),
        ({"accounts": ("cash", "cash")}, "PAR-2002"),
        ({"people": (NewPerson("plant-a-maker-1", ("maker",)),)}, "PAR-3004"),
        ({"people": (NewPerson("x-1", ("king",)),)}, "PAR-3006"),
        ({"people": (NewPerson("x-1", ()),)}, "PAR-3006"),
        ({"people": (NewPerson("x 1", ("maker",)),)}, "PAR-1009"),
    ],
)
def test_registrations_that_are_refused_leave_nothing(market: Market, changes, code):
    body = {"kind": "enterprise", "name": "丙电厂", "uscc": credit_code(7), "region": "420100"}
    market.refuses(code, lambda: register(market.ctx(CLERK), Register(**{**body, **changes})))


@pytest.mark.parametrize(
    ("actor", "code"),
    [("nobody", "PAR-3001"), ("hubei-maker-1", "PAR-3002"), ("registry-checker-1", "PAR-3003")],
)
def test_only_the_registrys_makers_register(market: Market, actor, code):
    body = Register("enterprise", "丙电厂", uscc=credit_code(7), region="420100")
    market.refuses(code, lambda: register(market.ctx(actor), body))


def test_a_subject_has_one_account_of_each_kind(market: Market):
    market.refuses(
        "PAR-2002", lambda: open_account(market.ctx(CLERK), OpenAccount(market.plant_a, "trading"))
    )
    market.refuses("PAR-1004", lambda: open_account(market.ctx(CLERK), OpenAccount("nobody", "trading")))


def test_a_name_keeps_its_dates(market: Market):
    new = Rename(market.plant_a, "甲能源公司", date(2024, 6, 1))
    market.refuses("PAR-1011", lambda: rename(market.ctx(CLERK), new))
    market.today(date(2024, 6, 1))
    market.decide(market.accepted(rename(market.ctx(CLERK), new)))
    with market.database.read() as conn:
        names = [
            queries.subject(conn, market.plant_a, on=day)
            for day in (date(2024, 5, 31), date(2024, 6, 1), None)
        ]
    assert [one.name for one in names if not isinstance(one, Refusal)] == [
        "甲电厂",
        "甲能源公司",
        "甲能源公司",
    ]
    market.refuses("PAR-1008", lambda: rename(market.ctx(CLERK), new))


def test_accounts_are_restricted_restored_and_closed_when_empty(market: Market):
    account = market.account(market.plant_a)
    for state in ("restricted", "open"):
        market.set_state(account, state)
    market.give(market.plant_a, 1)
    market.refuses("PAR-2005", lambda: set_state(market.ctx(CLERK), SetState(account, "closed")))
    cash = market.account(market.plant_a, AccountKind.CASH)
    market.set_state(cash, "closed")
    market.refuses("PAR-2008", lambda: set_state(market.ctx(CLERK), SetState(cash, "open")))
    market.refuses("PAR-1006", lambda: set_state(market.ctx(CLERK), SetState(cash, "sleepy")))


def test_people_are_appointed_once(market: Market):
    new = Appoint(market.plant_a, NewPerson("plant-a-maker-2", ("maker",)))
    market.accepted(appoint(market.ctx(CLERK), new))
    market.refuses("PAR-3004", lambda: appoint(market.ctx(CLERK), new))


def test_the_registrys_own_people_are_named_by_two(market: Market):
    """Every chain ends at the registry: one maker alone must not make a checker."""
    new = Appoint("registry", NewPerson("registry-checker-9", ("checker",)))
    answer = market.accepted(appoint(market.ctx(CLERK), new))
    assert answer["active"] is False
    own = market.account("hubei", AccountKind.PROVINCIAL)
    line = ("CEA23", 5, "", own)
    id = market.accepted(market.propose(CLERK, "issuance", line))["id"]
    market.refuses("PAR-3005", lambda: market.approve("registry-checker-9", id))
    confirm = ConfirmPerson("registry-checker-9")
    market.refuses("PAR-3003", lambda: confirm_person(market.ctx(CLERK), confirm))
    market.accepted(confirm_person(market.ctx("registry-checker-1"), confirm))
    market.accepted(market.approve("registry-checker-9", id))
    market.refuses("PAR-3007", lambda: confirm_person(market.ctx("registry-checker-1"), confirm))


def test_who_names_a_registry_person_does_not_confirm_them(market: Market):
    both = Appoint("registry", NewPerson("registry-both-1", ("maker", "checker")))
    market.accepted(appoint(market.ctx(CLERK), both))
    market.accepted(confirm_person(market.ctx("registry-checker-1"), ConfirmPerson("registry-both-1")))
    friend = Appoint("registry", NewPerson("registry-both-2", ("maker", "checker")))
    market.accepted(appoint(market.ctx("registry-both-1"), friend))
    confirm = ConfirmPerson("registry-both-2")
    market.refuses("PAR-3008", lambda: confirm_person(market.ctx("registry-both-1"), confirm))


def test_a_dismissed_person_does_nothing_more(market: Market):
    market.accepted(dismiss(market.ctx(CLERK), Dismiss("plant-a-maker-1")))
    market.give(market.plant_a, 5)
    line = ("CEA22", 1, market.account(market.plant_a))
    market.refuses("PAR-3005", lambda: market.propose("plant-a-maker-1", "voluntary-cancellation", line))
    back = ConfirmPerson("plant-a-maker-1")
    market.refuses("PAR-3007", lambda: confirm_person(market.ctx("registry-checker-1"), back))


def test_there_is_one_registry(market: Market):
    second = Register("registry", "另一家", "registry-2")
    market.refuses("PAR-1012", lambda: register(market.ctx(CLERK), second))


def test_what_keeps_an_account_open(market: Market):
    def close(code: str):
        return set_state(market.ctx(CLERK), SetState(code, "closed"))

    for handle, kind in (("registry", AccountKind.SURRENDER), ("hubei", AccountKind.PROVINCIAL)):
        account = market.account(handle, kind)
        market.refuses("PAR-2009", lambda account=account: close(account))
    own = market.account("hubei", AccountKind.PROVINCIAL)
    market.done(CLERK, "issuance", ("CEA22", 5, "", own), by=("registry-checker-1",))
    plant = market.account(market.plant_b)
    line = ("CEA22", 5, own, plant)
    market.accepted(market.propose("hubei-maker-1", "administrative-adjustment", line))
    market.refuses("PAR-2010", lambda: close(plant))
    market.emit(market.plant_a, 10)
    market.refuses("PAR-2011", lambda: close(market.account(market.plant_a)))


def test_a_register_is_founded_once(market: Market):
    again = Establish("cn", "registry-2", "另一家登记机构", ())
    market.refuses("PAR-1010", lambda: establish(market.ctx("tanshu"), again))


def test_founding_again_opens_what_is_there(market: Market):
    before = market.rows()
    app.found(market.database.url, name="test", clock=market.clock).close()
    assert market.rows() == before


def test_a_jurisdiction_without_a_registry_pack_is_refused(database_url: str):
    with pytest.raises(Refused) as refused:
        app.found(database_url, jurisdiction="atlantis")
    assert refused.value.refusal.code == "RULE-1001"


def test_account_codes_catch_a_slip_of_the_finger():
    code = account_code("cn", "R", 17)
    assert account_code_is_good(code)
    for place, character in enumerate(code):
        if character.isdigit():
            wrong = code[:place] + str((int(character) + 1) % 10) + code[place + 1 :]
            assert not account_code_is_good(wrong), wrong
    swapped = code.replace("017", "071")
    assert not account_code_is_good(swapped)


def test_account_letters_are_distinct():
    assert len({facts.letter for facts in ACCOUNT_TYPES.values()}) == len(ACCOUNT_TYPES)
