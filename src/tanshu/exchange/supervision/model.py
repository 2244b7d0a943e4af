"""What supervision 异常交易监控 speaks of: rules, alerts with their evidence, who belongs together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from tanshu.base.text import Text


class Rule(StrEnum):
    SELF_TRADE = "self-trade"
    WASH = "related-wash"
    CLOSE = "marking-close"
    LAYERING = "cancel-ratio"
    CONCENTRATION = "concentration"


RULE_LABELS: Mapping[Rule, Text] = {
    Rule.SELF_TRADE: Text("自买自卖", "self-trade"),
    Rule.WASH: Text("关联方对倒", "wash within a related group"),
    Rule.CLOSE: Text("尾市影响收盘价", "marking the close"),
    Rule.LAYERING: Text("频繁申报撤单(虚假申报)", "orders made to be cancelled"),
    Rule.CONCENTRATION: Text("集中持仓与持仓限额", "concentration and the holding limit"),
}


class Level(StrEnum):
    ALARM = "alarm"
    """Looks like abuse: somebody has to judge it."""
    REPORT = "report"
    """Nothing wrong in itself: a large holder 大户 has to report."""


LEVEL_LABELS: Mapping[Level, Text] = {
    Level.ALARM: Text("异常", "alarm"),
    Level.REPORT: Text("大户报告", "large-holder report"),
}


class Evidence(NamedTuple):
    """An order or a trade, by its place in the market's log and by its number of the day."""

    what: str
    """order | trade."""
    seq: int
    n: int
    """Which record of entry `seq`, from 0."""
    number: int


@dataclass(frozen=True, slots=True)
class Alert:
    """What one rule found on one day.

    parties: the market's numbers, those it is about first. score: 50 at the threshold, 100 at twice as much
    or more. figures: the numbers that crossed, in the units their names end in (t, fen, ppm, s).
    """

    rule: Rule
    level: Level
    day: date
    instrument: int
    """0: of all instruments together."""
    parties: tuple[int, ...]
    score: int
    figures: Mapping[str, int]
    evidence: tuple[Evidence, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class Known:
    """What the exchange knows of participants beside the log, by their numbers in the market.

    owners: participants of one beneficial owner 实际控制人 have one number. groups: related parties 关联方
    have one number; where none is given, the group told to the market counts. names: for sentences.
    """

    owners: Mapping[int, int] = field(default_factory=dict)
    groups: Mapping[int, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    def owner(self, party: int) -> int:
        """The owner's number; below zero, and the participant's own, where none is known."""
        return self.owners.get(party, -party)

    def one_owner(self, one: int, other: int) -> bool:
        return one == other or self.owner(one) == self.owner(other)

    def name(self, party: int) -> str:
        return self.names.get(party, f"No. {party}")

    def listed(self, parties: tuple[int, ...]) -> str:
        return ", ".join(self.name(party) for party in parties)


def score(value: int, threshold: int) -> int:
    """50 at the threshold, growing with the value to 100."""
    return min(100, 50 * value // max(1, threshold))


PPM = 1_000_000


def ppm(part: int, whole: int) -> int:
    """A share in parts per million, rounded down; 0 of nothing."""
    return part * PPM // whole if whole else 0
