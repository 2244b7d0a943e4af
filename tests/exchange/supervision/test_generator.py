"""The generator plays a month again; the stream knows what the engine knows; what was done is found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Mode, Op, encode, inputs, outputs, row
from tanshu.exchange.engine.session import resting
from tanshu.exchange.engine.state import BOUGHT, CLOSE, FREE, HELD, OUTSIDE, PARTIES
from tanshu.exchange.supervision import crowd, evaluation, generator, stream
from tanshu.exchange.supervision.model import Rule
from tanshu.exchange.supervision.stage import CEA
from tests.exchange.supervision.played import example

HELD_OUT = (2001, 2002, 2003)
"""Seeds of months on which no threshold was chosen."""


@pytest.fixture(scope="module")
def month() -> generator.Month:
    return generator.month(7, abuses=2, days=12)


def test_the_same_seed_gives_the_same_month_and_another_seed_another(month: generator.Month):
    again, other = generator.month(7, abuses=2, days=12), generator.month(8, abuses=2, days=12)
    assert said(month) == said(again) != said(other)
    assert month.labels == again.labels != other.labels


def test_a_month_is_what_an_engine_says_to_the_same_records(month: generator.Month):
    engine = Engine()
    for entry in month.entries:
        done = engine.apply(inputs(entry.records))
        assert np.array_equal(done.codes, entry.codes)
        assert done.outputs.tobytes() == outputs(entry.records).tobytes()


def test_the_stream_knows_orders_and_positions_as_the_engine_does(month: generator.Month):
    engine, tape = Engine(), stream.Tape()
    for n, entry in enumerate(month.entries):
        engine.apply(inputs(entry.records))
        for _ in tape.read(entry):
            pass
        if n % 50 == 0 or Op.CLOSE_DAY in entry.records["op"]:
            _same(engine, tape)


def _same(engine: Engine, tape: stream.Tape) -> None:
    a = engine.arrays
    theirs = {n for n in resting(a) if a.orders[n, 0] == Mode.LISTING}
    assert {order.number for side in tape.resting.values() for order in side.values()} == theirs
    for party in range(1, int(a.day[PARTIES]) + 1):
        units = a.units[CEA, party]
        inside = int(units[FREE] + units[HELD] + units[BOUGHT])
        assert tape.units.get((CEA, party), 0) == inside
        assert tape.position(party) == inside + int(a.parties[party, OUTSIDE])
    if a.instruments[CEA, CLOSE]:
        assert tape.references[CEA] == a.instruments[CEA, CLOSE]


def test_a_month_trades_around_the_closes_it_is_given():
    closes = [9_400, 9_500, 9_450, 9_600]
    played = generator.month(3, days=4, closes=closes, first=date(2024, 12, 2))
    came = [int(one["price"]) for entry in played.entries for one in entry.records if one["op"] == Op.CLOSE]
    assert all(abs(close - wanted) < wanted // 100 for close, wanted in zip(came, closes, strict=True))
    assert played.days[0] == date(2024, 12, 2)
    assert played.labels == []


def test_labels_name_who_did_what_and_when(month: generator.Month):
    assert {label.rule for label in month.labels} == set(Rule)
    for label in month.labels:
        assert label.first in month.days and label.last in month.days
        assert set(label.parties) <= set(range(1, crowd.PARTIES + 1))
        assert 0 <= label.subtlety <= 100


def test_refused_records_and_their_codes_are_heard():
    engine, tape = Engine(), stream.Tape()
    rows = [row(Op.PARTY, party=1), row(Op.PARTY, party=5), row(Op.PARTY, party=2)]
    done = engine.apply(encode(rows))
    events = list(tape.read(stream.Heard(1, 1, encode(rows), done.codes)))
    (refused,) = events
    assert isinstance(refused, stream.Refused) and refused.place == (1, 1)
    assert set(tape.groups) == {1, 2}


def test_winning_a_bid_is_no_choice_of_each_other():
    """An auction's orders carry its number where a block quote says to whom it is made."""
    told = [
        row(Op.ENTERED, mode=mode, side=side, instrument=CEA, party=side + 1, counter=1, quantity=5, order=n)
        for n, (mode, side) in enumerate(((Mode.AUCTION, 1), (Mode.AUCTION, 0), (Mode.BLOCK, 1)), 1)
    ]
    told.append(row(Op.ENTERED, mode=Mode.BLOCK, instrument=CEA, party=1, quantity=5, order=4))
    for mode, buy, sell in ((Mode.AUCTION, 2, 1), (Mode.BLOCK, 4, 3)):
        told.append(row(Op.TRADE, mode=mode, instrument=CEA, quantity=5, order=buy, other=sell))
    events = stream.Tape().read(stream.Heard(1, 1, encode(told)))
    assert [one.chosen for one in events if isinstance(one, stream.Traded)] == [False, True]


# -- how good the rules are --------------------------------------------------------------------------------


def test_each_rule_finds_its_abuse_on_seeds_it_was_not_tuned_on():
    assert not set(HELD_OUT) & set(evaluation.TUNED)
    result = evaluation.evaluate(HELD_OUT, example(), abuses=3)
    _good(result)


@pytest.mark.soak
def test_each_rule_finds_its_abuse_on_many_seeds_it_was_not_tuned_on():
    result = evaluation.evaluate(range(5001, 5041), example())
    _good(result)


def _good(result: evaluation.Evaluation) -> None:
    figures = evaluation.as_json(result)
    recall = {name: one["recall"] for name, one in figures["rules"].items()}
    assert all(one >= evaluation.RECALL_WANTED for one in recall.values()), figures["rules"]
    per_month = sum(one["false_alarms_per_month"] for one in figures["rules"].values())
    assert per_month <= Decimal("1.5"), figures["false_alarms"]


def said(month: generator.Month) -> Sequence[tuple[int, int, bytes]]:
    return [(entry.seq, entry.time_ns, entry.records.tobytes()) for entry in month.entries]
