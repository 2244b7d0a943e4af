"""What was found in published quotes, as a command shows it: the JSON of a finding, and the table of many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tanshu.base.text import Text
from tanshu.cli.door import Door
from tanshu.cli.output import BAD, Chip, Line, Part, Table, number_column, text_column

if TYPE_CHECKING:
    from tanshu.exchange.published.model import Finding
    from tanshu.exchange.published.queries import Found

SHOWN_MAX = 40
"""Findings that people see; the JSON object has them all."""
PROPOSED_MAX = 2
"""Proposed values that fit beside a finding."""
FINDINGS = (
    text_column("日期", "day"),
    number_column("行", "row"),
    text_column("类别", "kind"),
    text_column("编号", "code"),
    text_column("说明", "what", fold=True),
    text_column("建议值", "proposed", fold=True),
)
KIND_STYLES = {"hard": BAD, "suspect": "yellow", "incomplete": ""}


def kept_json(kept: Found, finding: Finding | None = None) -> dict[str, object]:
    return finding_json(finding or kept.finding, kept.file, kept.columns)


def finding_json(finding: Finding, file: str, columns: Mapping[str, str] | None = None) -> dict[str, object]:
    names = columns or {}
    why = finding.why.as_json()
    return {
        "file": file,
        "row": finding.row or None,
        "day": finding.day,
        "vintage": finding.vintage,
        "kind": finding.kind.value,
        "code": finding.code,
        "fields": list(finding.fields),
        "columns": [names[name] for name in finding.fields if name in names],
        "values": dict(finding.values),
        "message": why["message"],
        "proposed": finding.proposed,
        "repairs": list(finding.repairs),
    }


def findings_table(findings: Sequence[Finding], door: Door, title: Text | None = None) -> list[Part]:
    from tanshu.exchange.published.model import KIND_LABELS

    if not findings:
        return []
    rows = [
        (
            one.day,
            one.row or None,
            Chip(KIND_LABELS[one.kind], KIND_STYLES[one.kind]),
            one.code,
            one.why.sentence(door.lang),
            _proposal(one, door),
        )
        for one in findings[:SHOWN_MAX]
    ]
    parts: list[Part] = [Table(FINDINGS, rows, title or Text("数据质量", "what was found"))]
    if len(findings) > SHOWN_MAX:
        more = len(findings) - SHOWN_MAX
        parts.append(Line(Text(f"另有 {more} 处,见 --json。", f"{more} more: see --json."), "dim"))
    return parts


def _proposal(finding: Finding, door: Door) -> str:
    """The one value that mends it; nothing where several would."""
    from tanshu.exchange.published.finder import field_label
    from tanshu.exchange.published.model import said

    if finding.proposed is None:
        return ""
    if len(finding.proposed) > PROPOSED_MAX:
        return Text("见 --json", "see --json").in_(door.lang)
    return "; ".join(
        f"{field_label(name).in_(door.lang)} {said(name.split('_', 1)[1], value)}"
        for name, value in finding.proposed.items()
    )
