from __future__ import annotations

import pytest

from tests.exchange.auctions.support import Auctioneer
from tests.exchange.bridge.support import Trading


@pytest.fixture
def auction(trading: Trading) -> Auctioneer:
    """Nothing announced yet; ten in the morning."""
    return Auctioneer(trading)
