"""What the exchange does in the rooms below it: it watches transactions, and hears of accounts."""

from __future__ import annotations

from tanshu.exchange.bridge.moves import WATCHER
from tanshu.exchange.standing import account_comes_into
from tanshu.parties.service import tell_of_states
from tanshu.registry import rooms


def take_part() -> None:
    """From now on the register's transactions go through the markets' sessions."""
    rooms.watch(WATCHER)
    tell_of_states("exchange", account_comes_into)
