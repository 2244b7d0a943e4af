"""The house with its simulated banks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tanshu.clearing.bank.process import bank_process
from tests.clearing.bank.support import Banked
from tests.support.market import Market


@pytest.fixture
def banked(market: Market, tmp_path: Path) -> Iterator[Banked]:
    """A process of its own for each test: what it forgets, it forgets alone."""
    with bank_process(tmp_path / "bank.db") as simulator:
        yield Banked(market, simulator)
