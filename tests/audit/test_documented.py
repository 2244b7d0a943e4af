"""Every number that the second opinion can say is explained in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tanshu.audit import checks
from tanshu.audit.business import checks as business
from tanshu.audit.business import seconds
from tanshu.audit.clearing import checks as clearing
from tanshu.audit.market import checks as market
from tanshu.base.refusal import RefusalKind

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("page", ["second-opinion.md", "second-opinion.zh-CN.md"])
def test_every_finding_is_in_the_tables_and_nothing_else_is(page: str):
    known = {
        kind.code.removeprefix("AUD-")
        for module in (checks, business, seconds, market, clearing)
        for kind in vars(module).values()
        if isinstance(kind, RefusalKind)
    }
    rows = [line for line in (DOCS / page).read_text().splitlines() if "AUD-" in line]
    listed = {number for row in rows for number in re.findall(r"(?:AUD-|· )(\d{4})\b", row)}
    assert listed == known
