"""Founding, admission and listing: numbers in the market's log, names in the register's."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from tanshu.base.refusal import Refusal
from tanshu.exchange.bridge.days import open_day
from tanshu.exchange.bridge.founding import add_operator, admit, found_market, list_instrument
from tanshu.exchange.bridge.model import AddOperator, Admit, FoundMarket, ListInstrument, OpenDay
from tanshu.exchange.market import replayed
from tanshu.exchange.tables import MARKET, MARKET_INSTRUMENT, MARKET_OPERATOR, MARKET_PARTY
from tanshu.log import store
from tanshu.parties.model import AccountKind, Appoint, NewPerson, OpenAccount
from tanshu.parties.service import appoint, open_account
from tests.exchange.bridge.support import CEA, DAY, EXCHANGE, MONEY, NEXT, Trading


def _appointed(trading: Trading, handle: str, person: str, right: str = "trader") -> str:
    body = Appoint(handle, NewPerson(person, (right,)))
    trading.done(appoint(trading.ctx("registry-maker-1"), body))
    return person


def test_a_markets_log_begins_with_the_command_that_founds_it(trading: Trading) -> None:
    told = trading.done(found_market(trading.ctx(EXCHANGE), FoundMarket("clob", "sim.clob")))
    assert told["log"] == trading.exchange.log + 1
    with trading.market.database.read() as conn:
        first = store.tail(conn, told["log"])
        assert first is not None and (first[0], first[2].hex()) == (0, told["genesis"])
        assert conn.execute(select(MARKET.c.name)).scalars().all() == [CEA, "clob"]


def test_a_market_is_founded_once_under_a_name_with_a_pack_that_loads(trading: Trading) -> None:
    def found(name: str, pack: str = "cn.cea", actor: str = EXCHANGE):
        return lambda: found_market(trading.ctx(actor), FoundMarket(name, pack))

    trading.refuses("EXC-8001", found("CEA"))
    trading.refuses("EXC-8002", found(CEA))
    trading.refuses("RULE-1001", found("other", "cn.other"))
    trading.refuses("RULE-1203", found("other", "cn.registry"))
    trading.refuses("PAR-3002", found("other", actor="registry-maker-1"))


def test_who_is_admitted_has_its_accounts_and_traders(trading: Trading) -> None:
    def admits(handle: str, *people: str, market: str = CEA):
        return lambda: admit(trading.ctx(EXCHANGE), Admit(market, handle, people))

    _appointed(trading, "bank", "bank-trader-1")
    other = _appointed(trading, trading.a, "plant-a-trader-2")
    trading.refuses("EXC-1001", admits("bank", "bank-trader-1", market="none"))
    trading.refuses("EXC-8003", admits(trading.a, other))
    trading.refuses("EXC-8004", admits("bank", "bank-trader-1"))
    _with_cash(trading, "hubei")
    trading.refuses("EXC-8008", admits("hubei"))
    trading.refuses("EXC-8005", admits("hubei", "hubei-maker-1"))
    trading.refuses("EXC-8005", admits("hubei", other))
    person = _appointed(trading, "hubei", "hubei-trader-1")
    trading.refuses("EXC-8006", admits("hubei", person, person))
    told = trading.done(admits("hubei", person)())
    assert (told["number"], told["operators"]) == (4, {person: 4})
    trading.refuses("EXC-3002", lambda: _adds(trading, "bank-trader-1"))
    trading.refuses("EXC-8006", lambda: _adds(trading, person))
    assert trading.done(_adds(trading, other))["operators"] == {other: 5}
    with trading.market.database.read() as conn:
        here = MARKET_OPERATOR.c.log == trading.exchange.log
        people = dict(
            conn.execute(select(MARKET_OPERATOR.c.number, MARKET_OPERATOR.c.party).where(here)).all()
        )
    assert people == {1: 1, 2: 2, 3: 3, 4: 4, 5: 1}
    assert trading.findings() == []


def _with_cash(trading: Trading, handle: str) -> None:
    """An authority has a cash account, too: it sells in auctions."""
    body = OpenAccount(handle, "cash")
    trading.done(open_account(trading.ctx("registry-maker-1"), body))
    assert trading.market.account(handle, MONEY).startswith("CN-C-")


def _adds(trading: Trading, person: str):
    return add_operator(trading.ctx(EXCHANGE), AddOperator(CEA, person))


def test_related_participants_are_of_one_group_in_the_market(trading: Trading) -> None:
    trading.done(found_market(trading.ctx(EXCHANGE), FoundMarket("second", "cn.cea")))
    groups = {trading.a: "甲集团", trading.b: "", trading.c: "甲集团"}
    for handle, group in groups.items():
        body = Admit("second", handle, (trading.traders[handle],), group)
        trading.done(admit(trading.ctx(EXCHANGE), body))
    log = trading.exchange.log + 1
    with trading.market.database.read() as conn:
        *_, (_, engine) = replayed(conn, log)
        related = (
            conn.execute(select(MARKET_PARTY.c.related).where(MARKET_PARTY.c.log == log)).scalars().all()
        )
    assert engine.arrays.parties[1:4, 1].tolist() == [1, 0, 1]
    assert related == list(groups.values())


def test_a_product_is_listed_once_with_a_price_that_somebody_gave(trading: Trading) -> None:
    def lists(code: str, price: int | None = None):
        return list_instrument(trading.ctx(EXCHANGE), ListInstrument(CEA, code, price))

    trading.refuses("EXC-8007", lambda: lists("CEA22"))
    trading.refuses("RULE-1608", lambda: lists("CCER", 100))
    trading.refuses("RULE-1601", lambda: lists("CEA23"))
    trading.refuses("REG-1003", lambda: lists("CEA99"))
    for price in (0, -1, 1 << 40):
        trading.refuses("EXC-8029", lambda price=price: lists("CEA23", price))
    told = trading.done(lists("CEA23", 7_500))
    assert (told["number"], told["reference_fen"]) == (2, 7_500)
    with trading.market.database.read() as conn:
        rows = conn.execute(select(MARKET_INSTRUMENT.c.number, MARKET_INSTRUMENT.c.vintage)).all()
    assert sorted(tuple(row) for row in rows) == [(1, 2022), (2, 2023)]


def test_a_day_is_a_trading_day_and_today(trading: Trading) -> None:
    trading.done(trading.closes())
    trading.refuses("EXC-8009", lambda: trading.opens(NEXT))
    saturday = date(2024, 1, 6)
    trading.clock.set_day(saturday)
    trading.refuses("RULE-1605", lambda: trading.opens(saturday))
    trading.done(found_market(trading.ctx(EXCHANGE), FoundMarket("empty", "cn.cea")))
    trading.clock.set_day(date(2024, 1, 8))
    empty = OpenDay("empty", date(2024, 1, 8))
    trading.refuses("EXC-8013", lambda: open_day(trading.ctx(EXCHANGE), empty))
    refused = open_day(trading.ctx("registry-maker-1"), OpenDay(CEA, DAY))
    assert isinstance(refused, Refusal) and refused.code == "PAR-3002"


def test_an_authority_sells_from_its_provincial_account(trading: Trading) -> None:
    _with_cash(trading, "hubei")
    person = _appointed(trading, "hubei", "hubei-trader-1")
    trading.done(admit(trading.ctx(EXCHANGE), Admit(CEA, "hubei", (person,))))
    own = trading.market.account("hubei", AccountKind.PROVINCIAL)
    line = ("CEA22", 700, "", own)
    trading.done(trading.closes())
    trading.market.done("registry-maker-1", "issuance", line, by=("registry-checker-1",))
    trading.clock.set_day(NEXT)
    trading.done(trading.opens(NEXT))
    assert trading.engine().arrays.units[1, 4].tolist() == [700, 0, 0, 0]
    # What is issued in mid-session joins it.
    trading.market.done("registry-maker-1", "issuance", line, by=("registry-checker-1",))
    assert trading.engine().arrays.units[1, 4].tolist() == [1_400, 0, 0, 0]
    assert trading.findings() == []
