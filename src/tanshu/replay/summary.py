"""A finished replay as one object: the report, what was made up, what was found, where the log ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tanshu.app import Installation
from tanshu.replay import figures
from tanshu.replay.figures import Held
from tanshu.replay.model import Finding, Posting, Report
from tanshu.replay.runner import Replay


class MadeUp(NamedTuple):
    """Synthetic registrations of one type under one label: how many lines, how many units."""

    type: str
    label: str
    lines: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Told:
    """A finished replay: the loader's report, the book's figures, the synthetic part of the plan."""

    replay: Replay
    report: Report
    held: Held
    made_up: tuple[MadeUp, ...]

    @property
    def holds(self) -> bool:
        """Does the register hold what the files say?"""
        conserved = not any(self.held.conservation.values())
        return conserved and all(true for _, true in self.report.claims)


def tell(replay: Replay, installation: Installation) -> Told:
    """Compute the report from what the installation holds."""
    report = replay.loader.report(replay.facts, installation)
    return Told(replay, report, figures.held(installation), tuple(_made_up(replay)))


def as_json(told: Told, *, database: str, seconds: float) -> dict[str, object]:
    """One JSON-able object. seconds: how long reading, running and telling took this time."""
    replay, held = told.replay, told.held
    return {
        "replay": replay.loader.name,
        "title": replay.loader.title,
        "jurisdiction": replay.loader.jurisdiction,
        "database": database,
        "files": [needed.name for needed in replay.loader.files],
        **told.report.data,
        "synthetic": [one._asdict() for one in told.made_up],
        **findings_json(replay.findings),
        "claims": [{"text": text, "holds": true} for text, true in told.report.claims],
        "conservation": dict(held.conservation),
        "outstanding": dict(held.outstanding),
        "book_accounts": held.accounts,
        "log_seq": held.log_seq,
        "log_hash": held.log_hash,
        "seconds": f"{seconds:.1f}",
    }


def findings_json(findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "findings_by_code": dict(sorted(Counter(one.code for one in findings).items())),
        "findings": [one.as_json() for one in findings],
    }


def _made_up(replay: Replay) -> Sequence[MadeUp]:
    sums: dict[tuple[str, str], list[int]] = {}
    for work in replay.plan.work:
        if isinstance(work, Posting) and work.synthetic and work.lines:
            total = sums.setdefault((work.type, work.label), [0, 0])
            total[0] += len(work.lines)
            total[1] += sum(line.quantity for line in work.lines)
    return [MadeUp(*key, *total) for key, total in sums.items()]
