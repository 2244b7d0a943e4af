"""Many subjects in one entry: each checked as if it came alone, all or none; who needs a credit code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tanshu import app
from tanshu.base.canonical import digest
from tanshu.base.refusal import Refusal
from tanshu.parties import queries
from tanshu.parties.bulk import Enrol, enrol
from tanshu.parties.model import AccountKind, NewPerson, Register, SubjectKind
from tanshu.parties.service import register
from tests.support.clock import Ticker
from tests.support.market import Market, credit_code

CLERK = "registry-maker-1"
R, P = AccountKind.REGISTRATION, AccountKind.PROVINCIAL
NEW = Register(SubjectKind.ENTERPRISE, "新电厂", uscc=credit_code(11), region="420000", accounts=(R,))


def test_many_are_registered_in_their_order_by_one_entry(market: Market):
    some = tuple(
        replace(NEW, name=f"电厂 {n}", uscc=credit_code(n), accounts=(R, AccountKind.TRADING))
        for n in range(20, 60)
    )
    answer = market.accepted(enrol(market.ctx(CLERK), Enrol(some)))
    assert (answer["subjects"], answer["accounts"]) == (40, 80)
    with market.database.read() as conn:
        found = queries.subjects_named(conn, [one.uscc for one in some])
        numbers = [
            account.number for one in some for account in queries.accounts_of(conn, found[one.uscc].id)
        ]
        assert [found[one.uscc].name for one in some] == [one.name for one in some]
        assert numbers == list(range(numbers[0], numbers[0] + 80))
    assert market.book.tail.seq == answer.seq


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ((), "PAR-1013", "subjects"),
        ((NEW, replace(NEW, name="另一家")), "PAR-1003", "subjects[1].handle"),
        ((NEW, replace(NEW, uscc=credit_code(1))), "PAR-1003", "subjects[1].handle"),
        ((NEW, replace(NEW, uscc=credit_code(12), name=" ")), "PAR-1007", "subjects[1].name"),
        ((NEW, replace(NEW, uscc="91420100TEST00012X")), "PAR-1001", "subjects[1].uscc"),
        ((replace(NEW, uscc="", handle="works-1"),), "PAR-1005", "subjects[0].uscc"),
        ((replace(NEW, kind="club"),), "PAR-1006", "subjects[0].kind"),
        ((replace(NEW, accounts=(P,)),), "PAR-2007", "subjects[0].account"),
        ((replace(NEW, accounts=("wallet",)),), "PAR-1006", "subjects[0].account"),
        ((replace(NEW, accounts=(R, R)),), "PAR-1015", "subjects[0].accounts"),
        ((replace(NEW, people=(NewPerson("x-1", ("maker",)),)),), "PAR-1014", "subjects[0]"),
        ((replace(NEW, kind=SubjectKind.REGISTRY, handle="other"),), "PAR-1014", "subjects[0]"),
    ],
)
def test_one_that_cannot_be_registered_refuses_them_all(
    market: Market, asked: tuple[Register, ...], code: str, field: str
):
    refused = market.refuses(code, lambda: enrol(market.ctx(CLERK), Enrol(asked)))
    assert refused.field == field


def test_a_handle_that_is_somebodys_credit_code_is_taken(market: Market):
    body = Enrol((Register(SubjectKind.INDIVIDUAL, "某人", handle="hubei"),))
    market.refuses("PAR-1003", lambda: enrol(market.ctx(CLERK), body))


def test_only_the_registrys_makers_enrol(market: Market):
    market.refuses("PAR-3003", lambda: enrol(market.ctx("registry-checker-1"), Enrol((NEW,))))
    market.refuses("PAR-3002", lambda: enrol(market.ctx("hubei-maker-1"), Enrol((NEW,))))


@pytest.mark.parametrize(("jurisdiction", "code"), [("cn", "PAR-1005"), ("uk", None), ("eu", None)])
def test_whether_an_enterprise_needs_a_credit_code_is_the_packs_to_say(
    database_url: str, jurisdiction: str, code: str | None
):
    clock = Ticker()
    installation = app.found(database_url, name="test", jurisdiction=jurisdiction, clock=clock)
    operator = Register(SubjectKind.ENTERPRISE, "Works", "1000014", region="EA0000", accounts=(R,))
    one, other = (installation.context(CLERK, digest(bytes([n]))[:16], clock=clock) for n in (1, 2))
    for outcome in (
        register(one, operator),
        enrol(other, Enrol((replace(operator, handle="1000015"),))),
    ):
        assert (outcome.code if isinstance(outcome, Refusal) else None) == code
    installation.close()
