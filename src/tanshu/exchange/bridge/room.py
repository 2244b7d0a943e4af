"""What the exchange does in the rooms below it: it watches transactions, hears and speaks of accounts."""

from __future__ import annotations

from tanshu.exchange.bridge.days import check_closing
from tanshu.exchange.bridge.moves import WATCHER
from tanshu.exchange.standing import account_comes_into
from tanshu.parties.service import check_before_closing, tell_of_states
from tanshu.registry import rooms


def take_part() -> None:
    """From now on the register's transactions go through the markets' sessions."""
    rooms.watch(WATCHER)
    tell_of_states("exchange", account_comes_into)
    check_before_closing("exchange", check_closing)
