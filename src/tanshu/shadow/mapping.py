"""What the operator's files look like, as data: `mapping.toml` in their folder, over our own layout.

It names files and columns, words, units, fee rates and rules; whatever it does not say stays as in LAYOUT.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path, PurePath
from typing import Any

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.shadow import checks
from tanshu.shadow.model import Account, Moved, Settlement

FILE = "mapping.toml"
MODES = ("listing", "block", "auction")
PPM = 1_000_000

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "subjects": ("id", "name"),
    "instruments": ("code", "name"),
    "holdings": ("subject", "instrument", "account", "quantity", "frozen"),
    "cash": (
        *("subject", "opening", "in", "out", "buys", "buy_fee", "sells", "sell_fee"),
        *("settlement_fee", "closing"),
    ),
    "trades": (
        *("number", "time", "mode", "instrument", "buyer", "seller", "quantity", "price", "amount"),
        *("buyer_fee", "seller_fee", "buyer_settlement_fee", "seller_settlement_fee"),
    ),
    "movements": ("number", "time", "kind", "subject", "instrument", "account", "quantity", "amount"),
}
"""Our own layout: the columns of each table, by the names the program uses."""

WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "mode": {
        "listing": ("挂牌协议", "挂牌协议交易", "挂牌"),
        "block": ("大宗协议", "大宗协议交易", "大宗"),
        "auction": ("单向竞价", "竞价"),
    },
    "account": {"trading": ("交易账户", "交易"), "registration": ("登记账户", "登记")},
    "movement": {
        "deposit": ("入金",),
        "withdrawal": ("出金",),
        "allocation": ("配额发放", "发放"),
        "surrender": ("清缴", "清缴履约"),
        "cancellation": ("注销", "自愿注销"),
        "to_trading": ("登记转交易", "划入交易账户"),
        "to_registration": ("交易转登记", "划入登记账户"),
        "freeze": ("冻结", "司法冻结"),
        "unfreeze": ("解冻", "解除冻结"),
    },
}
FEES = ("buyer_trading_ppm", "seller_trading_ppm", "buyer_settlement_ppm", "seller_settlement_ppm")


@dataclass(frozen=True, slots=True)
class Fees:
    """Millionths of the amount; each fee is rounded half up to the fen."""

    buyer_trading_ppm: int = 0
    seller_trading_ppm: int = 0
    buyer_settlement_ppm: int = 0
    seller_settlement_ppm: int = 0

    def of(self, amount: int) -> tuple[int, int, int, int]:
        """Fen: the buyer's and the seller's trading fee, the buyer's and the seller's settlement fee."""
        rates = (getattr(self, name) for name in FEES)
        first, second, third, fourth = ((amount * rate * 2 + PPM) // (2 * PPM) for rate in rates)
        return first, second, third, fourth


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read the files. columns: table → our column → theirs. words: list → their word → ours.

    bands: mode → the share by which a price may leave the day before's average listing price. calendar: the
    jurisdiction whose trading days count, "" for none. numbers: trades are numbered without a gap each day.
    """

    title: str = ""
    day_format: str = "%Y-%m-%d"
    thousands: str = ","
    money: str = "yuan"
    tonnes_per_unit: Decimal = Decimal(1)
    encoding: str = "auto"
    files: Mapping[str, str] = field(
        default_factory=lambda: {name: f"{name}.csv" for name in (*COLUMNS, "opening")}
    )
    columns: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: {table: {name: name for name in names} for table, names in COLUMNS.items()}
    )
    words: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: _words({}))
    fees: Mapping[str, Fees] = field(default_factory=lambda: dict.fromkeys(MODES, Fees()))
    settlement: Settlement = Settlement.GROSS
    same_day_sale: bool = False
    numbers: bool = True
    calendar: str = ""
    bands: Mapping[str, Decimal] = field(default_factory=dict)

    def edges(self, mode: str, base: int) -> tuple[int, int] | None:
        """The lowest and the highest price in fen, each rounded half up; None where there is no band."""
        share = self.bands.get(mode)
        if share is None:
            return None
        low, high = (int((base * (1 + sign * share)).to_integral_value(ROUND_HALF_UP)) for sign in (-1, 1))
        return low, high


def read(folder: Path) -> Layout:
    """The folder's mapping; our own layout where it has none. Refuses with SHD-1101, 1102, 1103."""
    path = folder / FILE
    if not path.exists():
        return Layout()
    try:
        text = path.read_bytes().decode("utf-8-sig")
        data = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refused(checks.MAPPING_BROKEN(field="mapping", file=FILE, why=error)) from error
    return _Reader(text.splitlines()).layout(data)


class _Reader:
    """Turns the file into a layout; whatever is wrong names the line of its key."""

    def __init__(self, lines: Sequence[str]):
        self.lines = lines

    def layout(self, data: Mapping[str, Any]) -> Layout:
        tables = ("title", "format", "files", "columns", "words", "fees", "rules", "bands")
        self.known("", data, tables)
        layout = Layout(title=self.text("", data, "title", ""))
        for name in tables[1:]:
            self.table("", data, name)
        layout = self.formats(layout, data.get("format", {}))
        layout = self.rules(layout, data.get("rules", {}))
        return replace(
            layout,
            files=self.files(layout, data.get("files", {})),
            columns=self.columns(layout, data.get("columns", {})),
            words=self.words(data.get("words", {})),
            fees=self.fees(data.get("fees", {})),
            bands=self.bands(data.get("bands", {})),
        )

    def formats(self, layout: Layout, data: Mapping[str, Any]) -> Layout:
        self.known("format", data, ("date", "thousands", "money", "tonnes_per_unit", "encoding"))
        day = self.text("format", data, "date", layout.day_format)
        if not all(sign in day for sign in ("%Y", "%m", "%d")):
            self.wrong("format", "date", day, Text("含 %Y、%m、%d 的日期格式", "a format with %Y, %m and %d"))
        return replace(
            layout,
            day_format=day,
            thousands=self.text("format", data, "thousands", layout.thousands),
            money=self.one_of("format", data, "money", ("yuan", "fen"), layout.money),
            encoding=self.one_of("format", data, "encoding", ("auto", "utf-8", "gb18030"), layout.encoding),
            tonnes_per_unit=self.decimal("format", data, "tonnes_per_unit", layout.tonnes_per_unit),
        )

    def rules(self, layout: Layout, data: Mapping[str, Any]) -> Layout:
        self.known("rules", data, ("settlement", "same_day_sale", "numbers", "calendar"))
        settlement = self.one_of("rules", data, "settlement", tuple(Settlement), layout.settlement)
        return replace(
            layout,
            settlement=Settlement(settlement),
            same_day_sale=self.truth("rules", data, "same_day_sale", layout.same_day_sale),
            numbers=self.truth("rules", data, "numbers", layout.numbers),
            calendar=self.text("rules", data, "calendar", layout.calendar),
        )

    def files(self, layout: Layout, data: Mapping[str, Any]) -> Mapping[str, str]:
        self.known("files", data, tuple(layout.files))
        found = {name: self.text("files", data, name, own) for name, own in layout.files.items()}
        for name, file in found.items():
            if not _stays_inside(file):
                self.wrong("files", name, file, Text("目录内的文件名", "a file's name inside the folder"))
        return found

    def columns(self, layout: Layout, data: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
        self.known("columns", data, tuple(COLUMNS))
        found = {}
        for table, own in layout.columns.items():
            given, place = self.table("columns", data, table), f"columns.{table}"
            self.known(place, given, tuple(own))
            found[table] = {name: self.text(place, given, name, name) for name in own}
        return found

    def words(self, data: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
        self.known("words", data, tuple(WORDS))
        more: dict[str, dict[str, list[str]]] = {}
        for table, own in WORDS.items():
            given, place = self.table("words", data, table), f"words.{table}"
            self.known(place, given, tuple(own))
            for name, words in given.items():
                if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                    self.wrong(place, name, words, Text("一组文字", "a list of texts"))
                more.setdefault(table, {})[name] = words
        return _words(more)

    def fees(self, data: Mapping[str, Any]) -> Mapping[str, Fees]:
        self.known("fees", data, MODES)
        found = {}
        for mode in MODES:
            given, place = self.table("fees", data, mode), f"fees.{mode}"
            self.known(place, given, FEES)
            for name, value in given.items():
                if type(value) is not int or not 0 <= value <= PPM:
                    self.wrong(
                        place, name, value, Text("0 到 1000000 的整数", "a whole number up to 1000000")
                    )
            found[mode] = Fees(**given)
        return found

    def bands(self, data: Mapping[str, Any]) -> Mapping[str, Decimal]:
        self.known("bands", data, MODES)
        return {mode: self.decimal("bands", data, mode, Decimal(0)) for mode in data}

    # -- values ------------------------------------------------------------------------------------------

    def known(self, place: str, data: Mapping[str, Any], names: Sequence[str]) -> None:
        for key in data:
            if key not in names:
                line, known = self.line(place, key), ", ".join(names)
                raise Refused(
                    checks.MAPPING_KEY(
                        field="mapping", file=FILE, line=line, key=_path(place, key), known=known
                    )
                )

    def table(self, place: str, data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = data.get(key, {})
        if not isinstance(value, dict):
            self.wrong(place, key, value, Text("一张表", "a table"))
        return value

    def text(self, place: str, data: Mapping[str, Any], key: str, default: str) -> str:
        value = data.get(key, default)
        if not isinstance(value, str):
            self.wrong(place, key, value, Text("文字", "text"))
        return value

    def truth(self, place: str, data: Mapping[str, Any], key: str, default: bool) -> bool:
        value = data.get(key, default)
        if not isinstance(value, bool):
            self.wrong(place, key, value, Text("true 或 false", "true or false"))
        return value

    def one_of(
        self, place: str, data: Mapping[str, Any], key: str, words: Sequence[str], default: str
    ) -> str:
        value = data.get(key, default)
        if value not in words:
            listed = ", ".join(words)
            self.wrong(place, key, value, Text(f"{listed} 之一", f"one of {listed}"))
        return value

    def decimal(self, place: str, data: Mapping[str, Any], key: str, default: Decimal) -> Decimal:
        """Written as text: "0.10"."""
        value = data.get(key, default)
        try:
            number = Decimal(value) if isinstance(value, str | Decimal) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite() or number <= 0:
            self.wrong(
                place, key, value, Text('以文字书写的正数,如 "0.10"', 'a positive number as text: "0.10"')
            )
            raise AssertionError("it was refused")
        return number

    def wrong(self, place: str, key: str, value: object, needed: Text) -> None:
        line = self.line(place, key)
        raise Refused(
            checks.MAPPING_VALUE(
                field="mapping", file=FILE, line=line, key=_path(place, key), value=value, needed=needed
            )
        )

    def line(self, place: str, key: str) -> int:
        """Where a key stands: the line that begins with it, under its heading; else the heading's; else 1."""
        heading, under = 1, place == ""
        for number, line in enumerate(self.lines, start=1):
            words = line.strip()
            if words.startswith("["):
                under = words.strip("[] ") == place
                if words.strip("[] ") == _path(place, key) or (under and heading == 1):
                    heading = number
                if words.strip("[] ") == _path(place, key):
                    return number
            elif under and words.split("=")[0].strip().strip('"') == key:
                return number
        return heading


def _stays_inside(file: str) -> bool:
    """A mapping comes with somebody else's files: it names none of ours."""
    path = PurePath(file)
    return bool(path.name) and not path.is_absolute() and ".." not in path.parts


def _path(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _words(more: Mapping[str, Mapping[str, Sequence[str]]]) -> Mapping[str, Mapping[str, str]]:
    """Their words to ours: what the program itself says, our Chinese words, and theirs over both."""
    found = {}
    for table, own in WORDS.items():
        words = {name: name for name in own} | {word: name for name, listed in own.items() for word in listed}
        words |= {word: name for name, listed in more.get(table, {}).items() for word in listed}
        found[table] = words
    return found


assert set(WORDS["account"]) == set(Account) and set(WORDS["movement"]) == set(Moved)
