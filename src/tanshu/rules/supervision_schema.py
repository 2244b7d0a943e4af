"""What a supervision pack holds: the numbers at which the five rules of market supervision speak."""

from __future__ import annotations

from typing import Final

from tanshu.base.text import Text
from tanshu.rules.fields import DECIMAL, FRACTION, INT, Problems, Schema, TableRule, Tables

SUPERVISION: Final[Schema] = {
    # trades of one owner with itself, and attempts at them, of one day
    "self_trade": TableRule(
        {
            "quick_seconds": INT,
            "quick_trades": INT,
            "arranged_t": INT,
            "met_t": INT,
            "met_trades": INT,
            "attempts": INT,
        }
    ),
    # units that go round among related participants
    "related_wash": TableRule(
        {
            "days": INT,
            "quick_seconds": INT,
            "arranged_t": INT,
            "met_t": INT,
            "met_trades": INT,
            "round_share": FRACTION,
        }
    ),
    # trades of the last minutes that move the day's close
    "marking_close": TableRule(
        {
            "minutes": INT,
            "close_moved": FRACTION,
            "price_moved": FRACTION,
            "late_share": FRACTION,
            "profit_ratio": DECIMAL,
            "follow_days": INT,
        }
    ),
    # orders that stood while the other side traded, and were cancelled after
    "cancel_ratio": TableRule(
        {
            "life_seconds": INT,
            "after_seconds": INT,
            "near": FRACTION,
            "ratio": DECIMAL,
            "depth_share": FRACTION,
            "one_sided": FRACTION,
            "orders": INT,
            "times": INT,
            "cancelled_share": FRACTION,
            "day_ratio": DECIMAL,
        }
    ),
    # holdings against the limit, the market and its volume
    "concentration": TableRule(
        {
            "report_share": FRACTION,
            "holding_share": FRACTION,
            "volume_share": FRACTION,
            "volume_days": INT,
            "gained_share": FRACTION,
        }
    ),
}


def problems(tables: Tables) -> Problems:
    """Counts are counts: at least one of each."""
    for table, values in tables.items():
        for key, value in values.items():
            if isinstance(value, int) and not isinstance(value, bool) and value < 1:
                yield table, key, Text("须为正整数", "it must be 1 or more")
