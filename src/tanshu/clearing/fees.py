"""The fees of a day: as the market charged them with each trade, by participant, and where they go."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection

from tanshu.base.refusal import Refusal
from tanshu.clearing import checks
from tanshu.clearing.trades import Ints, TradedDay, Trades
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, SubjectKind

_ORGANISATION = {"exchange": SubjectKind.EXCHANGE, "registry": SubjectKind.REGISTRY}


class Fees(NamedTuple):
    """Fen by participant's number: both sides' trading fees 交易经手费, and settlement fees 结算费."""

    trading: Ints
    settlement: Ints


def fees_of(traded: TradedDay, trades: Trades) -> Fees:
    """What each participant owes for these trades."""
    trading, settlement = (np.zeros(len(traded.cash_account), np.int64) for _ in range(2))
    np.add.at(trading, trades.buyer, trades.buyer_trading)
    np.add.at(trading, trades.seller, trades.seller_trading)
    np.add.at(settlement, trades.buyer, trades.buyer_settlement)
    np.add.at(settlement, trades.seller, trades.seller_settlement)
    return Fees(trading, settlement)


def fees_account(conn: Connection, organisation: str, owed: int = 0) -> int | Refusal:
    """The account into which the exchange's, or the registry's, fees go. Refuses with CLR-2003."""
    subject = parties.only_of_kind(conn, _ORGANISATION[organisation])
    account = parties.account_of(conn, subject.id, AccountKind.FEES) if subject else None
    if account is None:
        handle = subject.handle if subject else organisation
        return checks.NO_FEE_ACCOUNT(field="day", handle=handle, fen=owed)
    return account.number
