"""California 2013–2017: offset credits by project, obligations and surrenders of two compliance periods.

The files make a closed loop: the issuance table says what was issued under which id, the two reports who
surrendered how much of it, and by vintage how many allowances.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.replay.files import Findings
from tanshu.replay.loaders import california_findings as findings
from tanshu.replay.loaders import california_offsets as offsets
from tanshu.replay.loaders.california_facts import FILES, PeriodFacts, Published
from tanshu.replay.loaders.california_files import read_files
from tanshu.replay.loaders.california_findings import ByVintage, Note
from tanshu.replay.loaders.california_plan import Facts, plan
from tanshu.replay.loaders.california_report import report
from tanshu.replay.model import Finding, Loader
from tanshu.rules.compliance_periods import periods

JURISDICTION = "usca"


def read(folder: Path) -> tuple[Facts | None, Sequence[Finding]]:
    """The three files, read and judged; no facts where one of them is unusable."""
    found = Findings()
    published = read_files(folder, found)
    if published is None:
        return None, found.all
    facts, anomalies = judge(published)
    return facts, [*found.all, *anomalies]


def judge(published: Published) -> tuple[Facts, list[Finding]]:
    """Every check of an auditor, in the order of the files; and what of each row the book can take."""
    rules = {rule.name: rule for rule in need(periods(JURISDICTION))}
    uses, about_uses = offsets.of_uses(published, rules)
    allowances: dict[str, dict[str, ByVintage]] = {}
    found: list[Finding] = []
    notes: list[Note | None] = []
    for period in published.periods:
        name = period.layout.period
        allowances[name], about_vintages = findings.of_vintages(period, rules[name])
        about_names, spelling = findings.of_names(period)
        found += findings.of_obligations(period, rules[name])
        found += [*about_vintages, *about_names, *findings.of_totals(period)]
        notes += [spelling, *findings.notes_on(period, rules[name], allowances[name])]
    found += [*findings.of_facilities(published), *about_uses]
    found += [*offsets.of_table(published), *offsets.of_types(published.table)]
    notes.append(findings.note_on_idle(published.table))
    facts = Facts(published, rules, allowances, uses, tuple(note for note in notes if note))
    return facts, sorted(found, key=lambda one: _place(one, published.periods))


def _place(finding: Finding, periods: Sequence[PeriodFacts]) -> tuple[int, str, int, str]:
    """Findings are listed by file, sheet and row."""
    files = [period.layout.file for period in periods]
    source = finding.source
    place = files.index(source.file) if source.file in files else len(files)
    return place, source.sheet, source.row, finding.code


LOADER = Loader(
    name="california",
    title=Text("加州总量控制与交易", "California Cap-and-Trade"),
    jurisdiction=JURISDICTION,
    files=FILES,
    read=read,
    plan=plan,
    report=report,
)
