"""Markets judged a second time: their own logs, and what passes between them and the book.

`ledger.py` counts units, money, orders and fees of a day with plain dictionaries, from what went in and came
out alone. `judge.py` lays it beside the engine, replayed. `joint.py` is what the book's entries say of
markets; `markets.py` goes along both logs together.
"""

from tanshu.audit.market.markets import Markets

__all__ = ["Markets"]
