"""What the public is told: what the pack names, from its day on, and nothing else."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest

from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.commit import Act
from tanshu.insight import disclosure, disclosure_pages
from tanshu.insight.disclosure import Disclosure
from tanshu.mrv import service as mrv
from tanshu.parties import queries as parties
from tanshu.parties.model import Register
from tanshu.parties.service import register
from tanshu.parties.tables import SUBJECT_NAME
from tanshu.rules.packs import PACKAGED
from tests.support.market import YEAR, Market

AFTER_DEADLINE = date(2025, 1, 10)
STAMP = Text("测试数据", "test data")


def disclosed(market: Market, today: date = AFTER_DEADLINE, year: int = YEAR) -> Disclosure | Refusal:
    with market.database.read() as conn:
        state = market.book.catch_up(conn)
        return disclosure.disclose(conn, market.book, state, year, today=today)


def own_pack(folder: Path, tables: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packaged pack with other [disclosure.*] tables."""
    text = (PACKAGED / "cn" / "registry.toml").read_text()
    kept = [
        part for part in text.split("\n[") if not part.startswith("disclosure.") or part.startswith("pack")
    ]
    (folder / "cn").mkdir(parents=True)
    (folder / "cn" / "registry.toml").write_text("\n[".join(kept) + "\n" + tables)
    monkeypatch.setenv("TANSHU_PACKS", str(folder))


@pytest.fixture
def told(market: Market) -> Market:
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 900)
    market.emit(market.plant_b, 700)
    account = market.account(market.plant_a)
    market.done(
        "plant-a-maker-1",
        "voluntary-cancellation",
        ("CEA22", 40, account),
        by=("plant-a-checker-1", "registry-checker-1"),
    )
    return market


def test_names_and_status_are_public_and_amounts_are_not(told: Market):
    made = need(disclosed(told))
    assert made.entity_fields == ("name", "code", "region", "sector", "status")
    first = made.entities[0]
    assert (first.name, first.code, first.status) == ("甲电厂", told.plant_a, "short")
    assert (first.verified, first.obligation, first.surrendered, first.due) == (None, None, None, None)
    text = json.dumps(made.as_json(), ensure_ascii=False)
    assert '"verified"' not in text and "900," not in text


def test_before_its_day_a_field_is_not_shown_and_its_day_is_named(told: Market):
    early = need(disclosed(told, date(2024, 6, 1)))  # the year has ended, the deadline is not reached
    assert "status" not in early.public and "name" in early.public
    assert early.later["status"] == date(2024, 12, 31)
    assert early.entities[0].status is None and "status" not in early.entity_fields
    refused = disclosed(told, date(2023, 12, 30))
    assert isinstance(refused, Refusal) and refused.code == "INS-2102"


def test_totals_are_of_units_with_holders(told: Market):
    made = need(disclosed(told))
    totals = {one.instrument: one.held for one in made.totals}
    assert totals["CEA22"] == 960 and "CNY" not in totals
    assert made.cancellations == ()  # it took effect in another calendar year


def test_cancellations_and_changes_of_the_year_are_announced(told: Market, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(disclosure.packs, "deadline", lambda _conn, _year: date(2025, 12, 31))
    body = mrv.ListEntities(2024, (mrv.ListedEntity(told.plant_a),))
    told.accepted(mrv.list_entities(told.ctx("hubei-maker-1"), body))
    made = need(disclosed(told, date(2026, 1, 2), 2024))
    assert [(one.name, one.instrument, one.quantity) for one in made.cancellations] == [
        ("甲电厂", "CEA22", 40)
    ]


def _renamed(market: Market, name: str, since: date) -> None:
    """However many people it takes."""

    def decide(act: Act, body: dict[str, str]) -> dict[str, str]:
        subject = need(parties.subject(act.conn, market.plant_a))
        act.insert(SUBJECT_NAME, {"subject_id": subject.id, "since": since, "name": name, "seq": act.seq})
        return body

    market.accepted(market.ctx("registry-maker-1").commit("parties.rename", {"name": name}, decide))


def test_amounts_are_public_where_the_pack_says_so(
    told: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    own_pack(
        tmp_path,
        '[disclosure.amounts]\nfields = ["name", "verified", "due"]\ncounted_from = "deadline"\n'
        'after_days = 5\nsource = "measures"\nevidence = "assumed"\n',
        monkeypatch,
    )
    made = need(disclosed(told))
    assert made.entity_fields == ("name", "verified", "due")
    assert [(one.verified, one.due, one.code) for one in made.entities] == [
        (900, 900, None),
        (700, 700, None),
    ]
    assert made.totals == () and "totals" not in made.as_json()
    refused = disclosed(told, date(2025, 1, 4))
    assert isinstance(refused, Refusal) and refused.code == "INS-2102"


def test_without_a_rule_nothing_is_published(told: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own_pack(tmp_path, "", monkeypatch)
    refused = disclosed(told)
    assert isinstance(refused, Refusal) and refused.code == "INS-2101"
    assert "cn.registry" in refused.sentence("zh") and "cn.registry" in refused.sentence("en")


def test_a_year_without_a_list_has_nothing_to_publish(market: Market):
    refused = disclosed(market)
    assert isinstance(refused, Refusal) and refused.code == "INS-2103"


def test_page_and_files_show_only_what_is_public(told: Market):
    made = need(disclosed(told))
    files = disclosure_pages.files(made, "zh", STAMP)
    assert set(files) == {
        "index.html",
        "disclosure.json",
        "entities.csv",
        "totals.csv",
        "cancellations.csv",
        "changes.csv",
    }
    page = files["index.html"].decode()
    assert "甲电厂" in page and "未足额清缴" in page and ">900<" not in page and "测试数据" in page
    rows = list(csv.reader(io.StringIO(files["entities.csv"].decode("utf-8-sig"))))
    assert rows[0][:5] == ["名称", "代码", "地区", "行业", "履约状态"]
    assert disclosure_pages.to_html(made, "en").count("甲电厂") == 1


def test_a_natural_person_is_not_named(market: Market):
    person = Register("individual", "王某", "wang-1", region="420100", accounts=("registration",))
    market.accepted(register(market.ctx("registry-maker-1"), person))
    market.emit("wang-1", 10)
    made = need(disclosed(market))
    assert made.entities[0].name is None
    assert "王某" not in disclosure_pages.to_html(made, "zh")


def test_who_is_outside_allocation_is_told_only_where_the_status_is_public(
    told: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert "excluded" in json.dumps(need(disclosed(told)).as_json())
    own_pack(
        tmp_path,
        '[disclosure.names]\nfields = ["name"]\ncounted_from = "deadline"\n'
        'after_days = 5\nsource = "measures"\nevidence = "assumed"\n',
        monkeypatch,
    )
    made = need(disclosed(told))
    assert made.as_json()["entities"] == [{"name": "甲电厂"}, {"name": "乙电厂"}]
    assert made.entities[0].excluded is None
