"""Where the judgement of every market stands, as data that a follower keeps between two rounds."""

from __future__ import annotations

import zlib
from array import array
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tanshu.audit.market.delivery import Clearing
from tanshu.audit.market.judge import MarketJudge
from tanshu.audit.market.ledger import Ledger, Money, Order, Trade, Traded, Units
from tanshu.audit.market.markets import Markets
from tanshu.book.replay import Tail
from tanshu.exchange.engine.engine import Engine

_COUNTS = ("state_hash", "sound", "entries", "records", "trades")


def as_data(markets: Markets) -> dict[str, Any]:
    return {
        "judges": [_judge_data(one) for one in markets.judges.values()],
        "accounts": _pairs(markets.accounts),
        "cells": _pairs(markets.cells),
        "subjects": _pairs(markets.subjects),
        "money": _pairs(markets.money),
        "products": _pairs(markets.products),
    }


def of_data(data: Mapping[str, Any]) -> Markets:
    """Raises KeyError, ValueError, TypeError where it is another version's."""
    made = Markets()
    made.judges = {one["log"]: _judge(one) for one in data["judges"]}
    made.accounts = _by_place(data["accounts"])
    made.cells = {tuple(at): tuple(accounts) for at, accounts in data["cells"]}
    made.subjects = {tuple(at): id for at, id in data["subjects"]}
    made.money = dict(data["money"])
    made.products = _by_place(data["products"])
    return made


def _judge_data(judge: MarketJudge) -> dict[str, Any]:
    tail = judge.tail
    return {
        "log": judge.log,
        "name": judge.name,
        "tail": [tail.seq, tail.time_ns, tail.hash.hex(), tail.engine, tail.era],
        "engine": b64encode(zlib.compress(judge.engine.image(), 1)).decode(),
        "ledger": _ledger_data(judge.ledger),
        "people": _pairs(judge.people),
        "delivered": _pairs(judge.delivered),
        "clearing": judge.clearing.as_data() if judge.clearing else None,
        **{name: getattr(judge, name) for name in _COUNTS},
    }


def _judge(data: Mapping[str, Any]) -> MarketJudge:
    judge = MarketJudge(data["log"], data["name"])
    seq, time_ns, hash, engine, era = data["tail"]
    judge.tail = Tail(seq, time_ns, bytes.fromhex(hash), engine, era)
    try:
        judge.engine = Engine.restore(zlib.decompress(b64decode(data["engine"])))
    except zlib.error as damage:
        raise ValueError(str(damage)) from None
    judge.ledger = _ledger(data["ledger"])
    judge.people, judge.delivered = dict(data["people"]), dict(data["delivered"])
    judge.clearing = Clearing.of_data(data["clearing"]) if data["clearing"] else None
    for name in _COUNTS:
        setattr(judge, name, data[name])
    return judge


def _ledger_data(ledger: Ledger) -> dict[str, Any]:
    return {
        "parties": ledger.parties,
        "operators": _pairs(ledger.operators),
        "reference": _pairs(ledger.reference),
        "day": [ledger.day, ledger.is_open, ledger.entered],
        "terms": _pairs(ledger.terms),
        "orders": [[at, *asdict(one).values()] for at, one in ledger.orders.items()],
        "units": [[at, *asdict(one).values()] for at, one in ledger.units.items()],
        "money": [[at, *asdict(one).values()] for at, one in ledger.money.items()],
        "traded": [[at, *asdict(one).values()] for at, one in ledger.traded.items()],
        "trades": ledger.trades,
        "charged": [column.tolist() for column in ledger.charged],
    }


def _ledger(data: Mapping[str, Any]) -> Ledger:
    made = Ledger(data["parties"], dict(data["operators"]), dict(data["reference"]), *data["day"])
    made.terms = _by_place(data["terms"])
    made.orders = {at: Order(*told) for at, *told in data["orders"]}
    made.units.update({tuple(at): Units(*told) for at, *told in data["units"]})
    made.money.update({at: Money(*told) for at, *told in data["money"]})
    made.traded.update({tuple(at): Traded(*told) for at, *told in data["traded"]})
    made.trades = [Trade(*told) for told in data["trades"]]
    made.charged = tuple(array("q", column) for column in data["charged"])
    return made


def _pairs(known: Mapping[Any, Any]) -> list[list[Any]]:
    return [[at, value] for at, value in known.items()]


def _by_place(pairs: list[Any]) -> dict[Any, int]:
    return {tuple(at): value for at, value in pairs}
