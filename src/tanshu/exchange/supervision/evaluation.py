"""How good the rules are: labelled months for what they find, clean months for what they claim.

An abuse is found where its rule speaks about one of its participants on one of its days. On a clean month
every alarm is a false one. Seeds on which thresholds were chosen are never evaluated on: see TUNED.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any

from tanshu.exchange.supervision import generator
from tanshu.exchange.supervision.abuse import Label
from tanshu.exchange.supervision.model import Alert, Level, Rule
from tanshu.exchange.supervision.thresholds import Thresholds
from tanshu.exchange.supervision.watch import alerts

TUNED = range(1, 41)
"""The thresholds of the example pack were chosen on months of these seeds."""
RECALL_WANTED = Decimal("0.9")
ABUSES = 2
"""Episodes of each kind in a labelled month."""


@dataclass(slots=True)
class Score:
    """Of one rule, over all months evaluated."""

    labels: int = 0
    found: int = 0
    missed: list[tuple[int, Label]] = field(default_factory=list)
    """Seed and label."""
    false_alarms: int = 0
    """On clean months."""
    other_alarms: int = 0
    """On labelled months, about something that no label tells."""


@dataclass(slots=True)
class Evaluation:
    scores: dict[Rule, Score]
    labelled_months: int = 0
    clean_months: int = 0
    participant_days: int = 0
    """Of the clean months."""
    false_alarms: list[tuple[int, Alert]] = field(default_factory=list)
    reports: int = 0
    """Large-holder reports on clean months: no alarms."""


def evaluate(
    seeds: Iterable[int],
    thresholds: Thresholds,
    *,
    abuses: int = ABUSES,
    tick: Callable[[int], None] | None = None,
) -> Evaluation:
    """For each seed one labelled month and one clean one."""
    result = Evaluation({rule: Score() for rule in Rule})
    for n, seed in enumerate(seeds, 1):
        _labelled(result, generator.month(seed, abuses=abuses), thresholds)
        _clean(result, generator.month(seed), thresholds)
        if tick:
            tick(n)
    return result


def as_json(result: Evaluation) -> dict[str, Any]:
    """The figures: recall of each rule, and how often it is wrong on clean months."""
    return {
        "rules": {rule.value: _figures(result, score) for rule, score in result.scores.items()},
        "labelled_months": result.labelled_months,
        "clean_months": result.clean_months,
        "participant_days": result.participant_days,
        "reports": result.reports,
        "false_alarms": [
            {"seed": seed, "rule": alert.rule.value, "day": alert.day, "parties": alert.parties}
            for seed, alert in result.false_alarms
        ],
    }


def _figures(result: Evaluation, score: Score) -> dict[str, Any]:
    return {
        "labels": score.labels,
        "found": score.found,
        "recall": _ratio(score.found, score.labels),
        "missed": [
            {"seed": seed, "form": one.form, "first": one.first, "subtlety": one.subtlety}
            for seed, one in score.missed
        ],
        "false_alarms": score.false_alarms,
        "false_alarms_per_month": _ratio(score.false_alarms, result.clean_months),
        "false_alarms_per_10000_participant_days": _ratio(
            10_000 * score.false_alarms, result.participant_days
        ),
        "other_alarms_on_labelled_months": score.other_alarms,
    }


def _ratio(part: int, whole: int) -> Decimal:
    """To three places, rounded down."""
    return (Decimal(part) / Decimal(max(1, whole))).quantize(Decimal("0.001"), ROUND_DOWN)


def is_about(alert: Alert, label: Label) -> bool:
    """Does the alert tell of what the label says?"""
    same = alert.rule is label.rule and label.first <= alert.day <= label.last
    return same and bool(set(alert.parties) & set(label.parties))


def _labelled(result: Evaluation, month: generator.Month, thresholds: Thresholds) -> None:
    told = _alarms(alerts(month.entries, thresholds, month.known))
    result.labelled_months += 1
    for label in month.labels:
        score = result.scores[label.rule]
        score.labels += 1
        if any(is_about(alert, label) for alert in told):
            score.found += 1
        else:
            score.missed.append((month.seed, label))
    for alert in told:
        if not any(_is_of(alert, label) for label in month.labels):
            result.scores[alert.rule].other_alarms += 1


def _is_of(alert: Alert, label: Label) -> bool:
    """Is the alert about an abuser's days, under whichever rule?"""
    return label.first <= alert.day <= label.last and bool(set(alert.parties) & set(label.parties))


def _clean(result: Evaluation, month: generator.Month, thresholds: Thresholds) -> None:
    told = list(alerts(month.entries, thresholds, month.known))
    result.clean_months += 1
    result.participant_days += month.parties * len(month.days)
    result.reports += len(told) - len(_alarms(told))
    for alert in _alarms(told):
        result.scores[alert.rule].false_alarms += 1
        result.false_alarms.append((month.seed, alert))


def _alarms(told: Iterable[Alert]) -> Sequence[Alert]:
    return [alert for alert in told if alert.level is Level.ALARM]
