"""The small market of the scenarios with an exchange on it, founded in the scenarios' own sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tanshu.parties.model import OpenAccount
from tanshu.parties.service import open_account
from tanshu.rules import packs
from tanshu.scenario.story.language import read
from tests.scenarios.market_play import MarketPlay
from tests.support.market import Market
from tests.support.policies import Operator

FIGURES = Path(__file__).parent / "packs"
FOUNDING = """
场景: 三家电厂各有交易侧 300,000 吨、登记侧 100,000 吨和五千万元,第一个交易日开市
    甲电厂 持有 CEA22 400,000 吨
    乙电厂 持有 CEA22 400,000 吨
    外省电厂 持有 CEA22 400,000 吨
    甲电厂经办 转入 CEA22 300,000 吨
    乙电厂经办 转入 CEA22 300,000 吨
    外省电厂经办 转入 CEA22 300,000 吨
    银行经办 入金 甲电厂 50,000,000.00 元
    登记复核 同意
    银行经办 入金 乙电厂 50,000,000.00 元
    登记复核 同意
    银行经办 入金 外省电厂 50,000,000.00 元
    登记复核 同意
    登记经办 任命交易员 甲电厂交易员
    登记经办 任命交易员 乙电厂交易员
    登记经办 任命交易员 外省电厂交易员
    交易所经办 设立市场 cea, 规则包 cn.cea
    交易所经办 接纳 甲电厂, 交易员 甲电厂交易员
    交易所经办 接纳 乙电厂, 交易员 乙电厂交易员
    交易所经办 接纳 外省电厂, 交易员 外省电厂交易员
    交易所经办 上市 CEA22
    交易所经办 上市 CEA23
    时间到 09:05
    交易所经办 开市
    时间到 10:00
"""


class Floor(Market):
    """Ten in the morning of 2024-01-02; CEA22 has the previous close 80.00, CEA23 74.35."""

    def _found(self) -> None:
        super()._found()
        (scenario,) = read(FOUNDING, "founding")
        with figures():
            MarketPlay(self, Operator(Path(), pytest.MonkeyPatch())).play(scenario)
        for handle in ("exchange", "registry"):
            self.accepted(open_account(self.ctx("registry-maker-1"), OpenAccount(handle, "fees")))


@contextmanager
def figures() -> Iterator[Any]:
    """The market's operator has given its figures."""
    with packs.searching(FIGURES):
        yield
