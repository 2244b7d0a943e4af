"""Many holders: generated, fictional, the same every time; enrolled and stocked in batches.

For tests of how things are found, and for the benchmark of 100,000 accounts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tanshu import app
from tanshu.base.canonical import digest
from tanshu.base.clock import Clock
from tanshu.base.refusal import need
from tanshu.book.commit import Answer, Context
from tanshu.mrv import service as mrv
from tanshu.parties import queries as parties
from tanshu.parties.bulk import Enrol, enrol
from tanshu.parties.credit_code import check_character, organisation_check_character
from tanshu.parties.model import NewPerson, Register, SubjectKind
from tanshu.parties.service import register
from tanshu.registry.bulk import Record, RecordLine, record
from tanshu.registry.model import DefineInstrument
from tanshu.registry.service import define_instrument
from tanshu.rules.packs import PACKAGED

TYPES = ("issuance", "pre-allocation", "final-allocation", "surrender", "free-transfer")
PROVINCES = ("11", "13", "21", "31", "32", "33", "37", "42", "44", "51")
CITIES = ("01", "02", "05", "06")
PLACES = ("江城", "临山", "清河", "东湖", "南岭", "北原", "西塞", "海州", "云台", "金沙")
WORDS = ("长江", "华能", "绿源", "恒通", "新兴", "永泰", "星火", "鼎盛", "瑞丰", "昌盛", "宏图")
TRADES = ("热电", "钢铁", "水泥", "铝业", "化工", "造纸", "玻璃")
SECTORS = ("power", "steel", "cement", "aluminium")
YEAR = 2023
PER_ENTRY = 2_000
"""Subjects enrolled by one entry; each opens two accounts."""
LISTED_EVERY = 29
"""One in so many is on the year's list: of 100,000 as many as the national market has."""


@contextmanager
def batches_allowed(folder: Path, types: Sequence[str] = TYPES) -> Iterator[None]:
    """An operator's own cn.registry for the time being: the packaged one, with batches of these types."""
    names = ", ".join(f'"{one}"' for one in types if one != "free-transfer")
    text = (PACKAGED / "cn" / "registry.toml").read_text()
    text += f'\n[bulk]\ntransaction_types = [{names}]\nsource = "rules"\nevidence = "assumed"\n'
    with own_packs(folder, {"cn/registry.toml": text}):
        yield


@contextmanager
def own_packs(folder: Path, texts: Mapping[str, str]) -> Iterator[None]:
    """An operator's own packs for the time being, by their path: they go before the packaged ones."""
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    before = os.environ.get("TANSHU_PACKS")
    os.environ["TANSHU_PACKS"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TANSHU_PACKS"]
        else:
            os.environ["TANSHU_PACKS"] = before


def name(n: int) -> str:
    place, word = PLACES[n % len(PLACES)], WORDS[n // 3 % len(WORDS)]
    return f"{place}{word}第{n}{TRADES[n // 7 % len(TRADES)]}有限公司"


def region(n: int) -> str:
    return f"{PROVINCES[n % len(PROVINCES)]}{CITIES[n // 10 % len(CITIES)]}00"


def uscc(n: int) -> str:
    """A well-formed credit code; its organisation is counted, nobody's."""
    body = f"{n + 10_000_000:08d}"
    first = f"91{region(n)}{body}{organisation_check_character(body)}"
    return first + check_character(first)


class Crowd:
    """A market of `holders`, each with a registration and a trading account."""

    def __init__(self, url: str, clock: Clock):
        self.installation = app.found(url, name="crowd", clock=clock)
        self.book, self.database = self.installation.book, self.installation.database
        self._clock = clock
        self._drawn = count()
        self.holders = 0
        for province in PROVINCES:
            self._authority(province)
        for code, vintage in (("CEA22", 2022), ("CEA23", 2023)):
            self._send(define_instrument, DefineInstrument(code, "allowance", code, code, vintage))

    def ctx(self, actor: str = "registry-maker-1") -> Context:
        key = digest(f"crowd {next(self._drawn)}".encode())[:16]
        return Context(self.book, actor, key, clock=self._clock)

    def grow(self, upto: int) -> None:
        """Enrol holders until there are so many."""
        while self.holders < upto:
            some = range(self.holders, min(self.holders + PER_ENTRY, upto))
            self._send(enrol, Enrol(tuple(map(_holder, some))))
            self.holders = some.stop

    def stock(self, first: int = 0, tonnes: int = 1_000) -> None:
        """Issue to the provinces, and from there some of both vintages to every holder from `first` on."""
        codes = self._codes()
        own = {province: codes[f"p{province}", "provincial"] for province in PROVINCES}
        for vintage in ("CEA22", "CEA23"):
            whole = [
                RecordLine(codes["registry", "issuance"], own[p], vintage, tonnes * self.holders)
                for p in PROVINCES
            ]
            self._record("issuance", whole)
            given = [
                RecordLine(own[region(n)[:2]], codes[uscc(n), "registration"], vintage, tonnes + n % 97)
                for n in range(first, self.holders)
            ]
            self._record("final-allocation", given)

    def list_year(self) -> None:
        """Put one holder in LISTED_EVERY on the year's list, with verified emissions."""
        for province in PROVINCES:
            some = [n for n in self.listed() if region(n)[:2] == province]
            if not some:
                continue
            actor = f"p{province}-maker-1"
            entities = tuple(mrv.ListedEntity(uscc(n), sector=SECTORS[n // 7 % len(SECTORS)]) for n in some)
            self._send(mrv.list_entities, mrv.ListEntities(YEAR, entities), actor)
            verified = tuple(mrv.EntityEmissions(uscc(n), 900 + n % 50) for n in some)
            self._send(mrv.import_emissions, mrv.ImportEmissions(YEAR, verified), actor)

    def surrender(self, tonnes: int = 800) -> None:
        """Every listed entity hands over so much for the year, in one batch of the registry."""
        codes = self._codes()
        sink = codes["registry", "surrender"]
        given = [RecordLine(codes[uscc(n), "registration"], sink, "CEA23", tonnes) for n in self.listed()]
        self._record("surrender", given, year=YEAR)

    def listed(self) -> Sequence[int]:
        return range(0, self.holders, LISTED_EVERY)

    def close(self) -> None:
        self.installation.close()

    def _authority(self, province: str) -> None:
        handle = f"p{province}"
        people = (NewPerson(f"{handle}-maker-1", ("maker",)), NewPerson(f"{handle}-checker-1", ("checker",)))
        body = Register(
            SubjectKind.AUTHORITY,
            f"{province}省主管部门",
            handle,
            region=f"{province}0000",
            accounts=("provincial",),
            people=people,
        )
        self._send(register, body)

    def _codes(self) -> dict[tuple[str, str], str]:
        with self.database.read() as conn:
            return {(handle, str(kind)): code for (handle, kind), code in parties.account_codes(conn).items()}

    def _record(self, kind: str, lines: Sequence[RecordLine], year: int | None = None) -> None:
        for start in range(0, len(lines), 10_000):
            self._send(record, Record(kind, tuple(lines[start : start + 10_000]), year=year))

    def _send(self, verb: object, body: object, actor: str = "registry-maker-1") -> Answer:
        return need(verb(self.ctx(actor), body))  # type: ignore[operator]


def _holder(n: int) -> Register:
    return Register(
        SubjectKind.ENTERPRISE,
        name(n),
        uscc=uscc(n),
        region=region(n),
        fictional=True,
        accounts=("registration", "trading"),
    )
