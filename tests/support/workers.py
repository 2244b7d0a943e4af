"""Which tests run in `make test`, and in which order: modules stay together, long ones go first.

Every test runs on SQLite and on PostgreSQL. Of a table of cases, though, `--fewer-rows` runs each row on
SQLite and one in four on PostgreSQL: what a row tells apart is a rule, not a database. Which ones follows
from their names. Floors where the databases themselves are the matter keep every row (EVERY_ROW_IN), and
`make soak` leaves nothing out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadScopeScheduling

from tanshu.base.canonical import digest

POSTGRESQL = "postgresql"
ONE_ROW_IN = 4
EVERY_ROW_IN = tuple(
    f"tests/{name}/" for name in ("backup", "base", "book", "crash", "exchange/lasting", "log", "replays")
)

TOGETHER = {
    "tests/exchange/engine/test_order_book.py": "the order book",
    "tests/exchange/engine/test_order_book_differential.py": "the order book",
    "tests/insight/test_charts.py": "the year",
    "tests/insight/test_figures.py": "the year",
    "tests/insight/test_report.py": "the year",
    "tests/insight/test_scenario_summary.py": "the year",
    "tests/insight/test_settlement_section.py": "the year",
    "tests/scenario/test_trading.py": "the year",
}
"""Modules that share what takes long to make: a kernel compiled, a year's figures and reports."""
FIRST = (
    "tests/crash/test_killed.py",
    "tests/replays/test_eu.py",
    "tests/replays/test_uk.py",
    "the order book",
    "tests/replays/test_california.py",
    "tests/properties/test_book_properties.py",
    "tests/test_guide.py",
    "tests/test_own_market.py",
    "tests/test_operations.py",
    "the year",
    "tests/cli/test_demo.py",
    "tests/exchange/supervision/test_generator.py",
    "tests/exchange/engine/test_board_against_reference.py",
    "tests/scenario/test_market_year.py",
)
"""Much work in few tests: begun late, it would keep one worker busy when the others have done."""


class ByModule(LoadScopeScheduling):
    """Gives a worker a module at a time, so that what a module founds is founded once.

    A scheduler of our own: `--dist loadgroup` of xdist 3.8 does not see its groups under pytest 9.2.
    """

    def __init__(self, config: pytest.Config, log: object = None):
        config.option.loadscopereorder = False  # `in_order` has done so
        super().__init__(config, log)  # type: ignore[arg-type]

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def scope(nodeid: str) -> str:
    """The module of a test, or what it shares with others."""
    module = nodeid.split("::")[0]
    return TOGETHER.get(module, module)


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """What takes long first; then modules of many tests, so that small ones fill the end."""
    counts = Counter(scope(item.nodeid) for item in items)
    ranks = {name: rank for rank, name in enumerate(FIRST)}

    def rank(item: pytest.Item) -> tuple[int, int]:
        name = scope(item.nodeid)
        return ranks.get(name, len(ranks)), -counts[name]

    return sorted(items, key=rank)


def left_out(items: Sequence[pytest.Item]) -> set[pytest.Item]:
    """Rows that need not run on PostgreSQL: all but one in four of a test's, and never all of them."""
    rows: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if _on_postgresql(item) and not item.nodeid.startswith(EVERY_ROW_IN):
            rows[item.nodeid.split("[")[0]].append(item)
    left: set[pytest.Item] = set()
    for mine in rows.values():
        drawn = sorted(mine, key=lambda item: digest(item.nodeid.encode()))
        left |= {item for item in drawn[1:] if digest(item.nodeid.encode())[-1] % ONE_ROW_IN}
    return left


def _on_postgresql(item: pytest.Item) -> bool:
    called = getattr(item, "callspec", None)
    return called is not None and any(
        isinstance(one, str) and one == POSTGRESQL for one in called.params.values()
    )
