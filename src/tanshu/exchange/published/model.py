"""Published quotes as values: a row of a file, the terms it is judged by, and what is found in it.

A row's cells are whole numbers by the name of their field, `listing_volume`, `total_close`: tonnes, fen, fen
per tonne; an average in millionths of a yuan, a change in hundredths of a per cent. A blank cell is None; a
field that the file has no column for is not there at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tanshu.base.refusal import Refusal
from tanshu.base.text import Text

TOTAL, LISTING, BLOCK, AUCTION = "total", "listing", "block", "auction"
MODES = (TOTAL, LISTING, BLOCK)
LEGS = (LISTING, BLOCK)
VOLUME, AMOUNT = "volume", "amount"
SUMS = (VOLUME, AMOUNT)
"""What of a mode adds up over days and over legs."""
MODE_LABELS: Mapping[str, Text] = {
    TOTAL: Text("合计", "total"),
    LISTING: Text("挂牌协议", "listing"),
    BLOCK: Text("大宗协议", "block"),
    AUCTION: Text("单向竞价", "auction"),
}
WHAT_LABELS: Mapping[str, Text] = {
    "open": Text("开盘价", "open"),
    "high": Text("最高价", "high"),
    "low": Text("最低价", "low"),
    "close": Text("收盘价", "close"),
    VOLUME: Text("成交量", "volume"),
    AMOUNT: Text("成交额", "amount"),
    "average": Text("均价", "average"),
    "prev_close": Text("前收盘价", "previous close"),
    "change": Text("涨跌幅", "change"),
    "cum_volume": Text("累计成交量", "cumulative volume"),
    "cum_amount": Text("累计成交额", "cumulative amount"),
    "price": Text("成交价", "clearing price"),
    "offered": Text("投放量", "offered volume"),
    "reserve": Text("底价", "reserve price"),
    "top_bid": Text("最高申报价", "highest bid"),
    "valid_bids": Text("有效申报量", "valid bids"),
}
UNIT_LABELS: Mapping[str, Text] = {
    VOLUME: Text("成交量,吨", "volume, t"),
    AMOUNT: Text("成交额,元", "amount, CNY"),
}
_PRICES = ("open", "high", "low", "close")
WHOLE_ONLY = ("average", "prev_close", "change", "cum_volume", "cum_amount")
_AUCTION = ("price", VOLUME, AMOUNT, "offered", "reserve", "top_bid", "valid_bids")
_PLACES = {
    **dict.fromkeys((*_PRICES, AMOUNT, "prev_close", "cum_amount", "price", "reserve", "top_bid"), 2),
    **dict.fromkeys((VOLUME, "cum_volume", "offered", "valid_bids"), 0),
    "average": 6,
    "change": 2,
}
FIELDS: Mapping[str, int] = {
    f"{mode}_{what}": _PLACES[what]
    for mode, found in (
        (TOTAL, (*_PRICES, *SUMS, *WHOLE_ONLY)),
        (LISTING, (*_PRICES, *SUMS)),
        (BLOCK, (*_PRICES, *SUMS)),
        (AUCTION, _AUCTION),
    )
    for what in found
}
"""Every field a column may be mapped to, and the decimal places of its unit."""
TEXT_FIELDS = ("day", "vintage", "title")
AVERAGE_PER_FEN = 10_000
"""Averages are kept in so many parts of a fen."""

Cells = Mapping[str, int | None]
Repair = Mapping[str, int]
"""Field → the value that would mend it. A proposal; nothing is ever changed by it."""


class Kind(StrEnum):
    HARD = "hard"
    INCOMPLETE = "incomplete"
    SUSPECT = "suspect"


KIND_LABELS = {
    Kind.HARD: Text("确定错误", "hard error"),
    Kind.INCOMPLETE: Text("数据缺失", "incomplete"),
    Kind.SUSPECT: Text("可疑", "suspect"),
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """A cell that could not be read as it stands. code: `text` (no number), `negative`, `fraction`."""

    field: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file; number: as a spreadsheet shows it. day is None where its cell is no day."""

    number: int
    day: date | None
    vintage: str
    cells: Cells
    title: str = ""
    flaws: tuple[Flaw, ...] = ()

    def get(self, mode: str, what: str) -> int | None:
        return self.cells.get(f"{mode}_{what}")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a layout says that its figures must satisfy. Prices in fen per tonne; bands as fractions.

    quote_of: the mode whose trades the day's open, high, low and close are of ("" unknown), until
    `composite_from`: from then on the quote is composed of several vintages, and no single average need lie
    in it. close: "average" where the close is the volume-weighted average of that mode.
    """

    quote_of: str = ""
    close: str = ""
    composite_from: date | None = None
    first_day: date | None = None
    first_reference: int | None = None
    band: Decimal | None = None
    block_band: Decimal | None = None
    block_min_t: int = 0
    calendar: str = ""

    def own_quote(self, day: date | None) -> bool:
        """Whether the quote of this day comes from the trades of `quote_of` alone."""
        if not self.quote_of or day is None:
            return False
        return self.composite_from is None or day < self.composite_from


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of file: its columns by field. name is also the series that its rows belong to."""

    name: str
    market: str
    period: str
    title: Text
    columns: Mapping[str, str]
    """Column → field."""
    ignored: tuple[str, ...] = ()
    terms: Terms = field(default_factory=Terms)

    def column(self, of: str) -> str:
        """What the file calls a field."""
        return next((column for column, name in self.columns.items() if name == of), of)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a row: hard (it contradicts itself or its neighbours), incomplete, or suspect.

    repairs: what would mend it. One: the proposed value; several: nobody can tell from the file alone.
    """

    row: int
    day: date | None
    vintage: str
    fields: tuple[str, ...]
    kind: Kind
    why: Refusal
    repairs: tuple[Repair, ...] = ()
    values: Cells = field(default_factory=dict)
    """What the row says in these fields."""

    @property
    def code(self) -> str:
        return self.why.code

    @property
    def proposed(self) -> Repair | None:
        return self.repairs[0] if len(self.repairs) == 1 else None


def found(row: Row, fields: Sequence[str], kind: Kind, why: Refusal, *repairs: Repair) -> Finding:
    """A finding about some fields of a row."""
    values = {name: row.cells[name] for name in fields if name in row.cells}
    return Finding(row.number, row.day, row.vintage, tuple(fields), kind, why, repairs, values)


def said(what: str, value: int | None) -> str:
    """A value as a sentence has it: tonnes with commas, yuan, a change in per cent."""
    if value is None:
        return "—"
    places = _PLACES[what]
    return f"{Decimal(value).scaleb(-places):,.{places}f}" + ("%" if what == "change" else "")


Trades = Callable[[date], bool | None]
"""Whether a market trades on a day; None where nobody knows: that year's calendar is not loaded."""
_SATURDAY = 5


def weekdays(day: date) -> bool | None:
    """What is known without a calendar: no market trades on a weekend."""
    return False if day.weekday() >= _SATURDAY else None
