"""`exchange.import-quotes`, `tanshu market import, report`: kept once, superseded by day, told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tanshu.book.commit import Answer
from tanshu.exchange.published import queries, service
from tanshu.exchange.published.finder import AROUND_MAX
from tanshu.exchange.published.model import Row
from tanshu.exchange.published.service import ROWS_MAX, ImportQuotes, import_quotes
from tanshu.exchange.published.tables import PUBLISHED_FINDING, PUBLISHED_QUOTE
from tests.cli.conftest import at
from tests.exchange.published.made import TERMS, changed, year
from tests.support.market import Market

EXCHANGE, CLERK = "exchange-maker-1", "registry-maker-1"
HEADER = "date,close,avg_price,volume_t,turnover_cny,cum_volume_t"
FIRST, LAST = date(2030, 1, 1), date(2030, 12, 31)


def quotes(rows: list[Row], sha256: str = "a" * 64, **more: Any) -> ImportQuotes:
    columns = {name: name.upper() for name in rows[0].cells} if rows else {}
    body = ImportQuotes("made", "MM", "day", "made.csv", sha256, columns, tuple(rows), TERMS)
    return replace(body, **more)


def sent(market: Market, command: ImportQuotes, actor: str = EXCHANGE) -> Answer:
    return market.accepted(import_quotes(market.ctx(actor), command))


def kept(market: Market) -> list[Row]:
    with market.database.read() as conn:
        return queries.days(conn, "made")


# -- the verb ----------------------------------------------------------------------------------------------


def test_rows_and_findings_are_kept_and_told_by_the_log(market: Market) -> None:
    rows = changed(year(1, 40), 20, block_volume=None)
    answer = sent(market, quotes(rows))
    assert (answer["rows"], answer["kept"], answer["kinds"]["incomplete"]) == (40, 40, 1)
    stands = kept(market)
    assert [row.day for row in stands] == [row.day for row in rows]
    assert stands[3].cells == rows[3].cells and "block_volume" not in stands[20].cells
    with market.database.read() as conn:
        (found,) = queries.findings_in(conn, "made", FIRST, LAST)
    assert (found.finding.code, found.finding.day) == ("EXC-6201", rows[20].day)
    assert found.columns["block_volume"] == "BLOCK_VOLUME"
    assert found.finding.repairs and found.finding.why.sentence("zh").startswith("空白")


def test_the_same_bytes_again_change_nothing_whoever_sends_them(market: Market) -> None:
    first = sent(market, quotes(year(1, 5)))
    before = market.rows()
    again = sent(market, quotes(year(1, 5)), CLERK)
    assert again["unchanged"] and again["file"] == first["file"] and again["kinds"] == first["kinds"]
    after = market.rows()
    assert {name for name in after if after[name] != before[name]} <= {"log_entry"}


def test_a_corrected_file_supersedes_day_by_day_and_the_earlier_rows_stay(market: Market) -> None:
    rows = changed(year(1, 30), 10, total_close=1)
    first = sent(market, quotes(rows))
    right = year(1, 30)[9:12]
    second = sent(market, quotes(right, "b" * 64))
    stands = kept(market)
    assert len(stands) == 30 and stands[10].cells == right[1].cells and stands[20].cells == rows[20].cells
    with market.database.read() as conn:
        days = queries.versions(conn, "made", right[1].day or FIRST)
        about = {one.finding.row for one in queries.findings_in(conn, "made", FIRST, LAST)}
    assert [id for id, _ in days] == [first["file"], second["file"]]
    assert rows[10].number not in about  # what was found in the superseded row is not told any more
    back = sent(market, quotes(rows))  # the first file again, after another: it is in force again
    assert not back["unchanged"] and kept(market)[10].cells["total_close"] == 1


def test_of_a_day_that_stands_twice_in_a_file_the_later_row_counts(market: Market) -> None:
    rows = year(1, 3)
    twice = replace(changed(rows, 1, total_open=4_999)[1], number=77)
    sent(market, quotes([*rows[:2], twice, rows[2]]))
    assert [row.number for row in kept(market)] == [2, 77, 4]


def test_people_of_the_exchange_and_the_registry_may_and_nobody_else(market: Market) -> None:
    body = quotes(year(1, 2))
    market.refuses("PAR-3002", lambda: import_quotes(market.ctx("plant-a-maker-1"), body))
    market.refuses("PAR-3003", lambda: import_quotes(market.ctx("registry-checker-1"), body))
    sent(market, body, CLERK)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rows": ()}, "EXC-6004"),
        ({"part": 2}, "EXC-6007"),
        ({"before": tuple(year(1, 1)) * (AROUND_MAX + 1)}, "EXC-6007"),
        ({"rows": tuple(year(1, 2)) * (ROWS_MAX // 2 + 1)}, "EXC-6007"),
        ({"rows": (Row(2, FIRST, "", {"total_weight": 1}),)}, "EXC-6008"),
        ({"rows": (Row(2, FIRST, "", {"total_volume": 2**62}),)}, "EXC-6008"),
        ({"rows": (Row(2, FIRST, "", {"total_volume": True}),)}, "EXC-6008"),
        ({"market": "NN"}, "EXC-6009"),
        ({"period": "month"}, "EXC-6009"),
    ],
)
def test_a_command_out_of_shape_is_refused(market: Market, change: dict[str, Any], code: str) -> None:
    sent(market, quotes(year(1, 2)))
    body = replace(quotes(year(1, 2), "c" * 64), **change)
    market.refuses(code, lambda: import_quotes(market.ctx(EXCHANGE), body))


def test_a_row_without_a_day_is_told_and_not_kept(market: Market) -> None:
    from tanshu.exchange.published.model import Flaw

    lost = Row(9, None, "", {"total_volume": 5}, flaws=(Flaw("day", "text", "yesterday"),))
    answer = sent(market, quotes([*year(1, 2), lost]))
    assert (answer["rows"], answer["kept"], answer["kinds"]["hard"]) == (3, 2, 1)
    with market.database.read() as conn:
        (found,) = queries.findings_of(conn, [answer["file"]])
    assert (found.finding.code, found.finding.row, found.finding.day) == ("EXC-6101", 9, None)


# -- the terminal ------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "published"
    made.mkdir()
    yield made


def write(path: Path, header: str, *lines: str) -> str:
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return str(path)


def test_a_file_is_imported_once_reported_by_month_and_spoken_in_two_languages(
    market: Market, folder: Path
) -> None:
    tanshu = at(market.database.url)
    lines = ("2030-01-02,10.00,10.00,5,50.00,5", "2030-01-03,10.50,10.50,6,63.00,12")
    file = write(folder / "a.csv", HEADER, *lines)
    said = tanshu("market", "import", file, "--as", EXCHANGE, "--json").ok().json
    assert (said["layout"], said["rows"], said["repeated"], said["kinds"]["hard"]) == ("hbea-a", 2, False, 1)
    (one,) = said["findings"]
    assert (one["day"], one["code"], one["columns"]) == (
        "2030-01-03",
        "EXC-6113",
        ["cum_volume_t", "volume_t"],
    )
    assert one["repairs"] == [{"total_cum_volume": 11}, {"total_volume": 7}]
    again = tanshu("market", "import", file, "--as", EXCHANGE, "--json").ok().json
    assert again["repeated"] and again["seq"] == said["seq"] and again["findings"] == said["findings"]
    month = ("market", "report", "--market", "HBEA", "--month", "2030-01")
    report = tanshu(*month, "--json").ok().json
    assert report["totals"]["total"] == {
        "volume_t": 11,
        "amount_fen": 11_300,
        "average_cny_per_t": "10.2727",
    }
    assert report["close_fen"] == 1_050 and report["official"] is None and len(report["findings"]) == 1
    assert "未导入本月公布数" in tanshu(*month, "--lang", "zh").ok().out
    assert "No published month is loaded" in tanshu(*month, "--lang", "en").ok().out
    assert tanshu("book", "audit", "--json").ok().json["ok"]


def test_a_long_file_goes_in_parts_and_goes_on_where_it_stopped(
    market: Market, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ROWS_MAX", 4)
    tanshu = at(market.database.url)
    lines = [f"2030-01-{day:02d},10.00,10.00,5,50.00,{5 * n}" for n, day in enumerate(range(1, 12), 1)]
    file = write(folder / "a.csv", HEADER, *lines)
    real = service.import_quotes
    sent_parts: list[int] = []

    def stops(ctx: Any, command: ImportQuotes) -> Any:
        if command.part == 3 and len(sent_parts) < 3:
            raise KeyboardInterrupt
        sent_parts.append(command.part)
        return real(ctx, command)

    monkeypatch.setattr(service, "import_quotes", stops)
    assert tanshu("market", "import", file, "--as", EXCHANGE).code == 130
    sent_parts += [0]
    said = tanshu("market", "import", file, "--as", EXCHANGE, "--json").ok().json
    assert said["parts"] == 3 and said["kept"] == 11 and said["seq"][1] == said["seq"][0] + 2
    # the running total is followed over the parts: weekends are all that is found
    assert {one["code"] for one in said["findings"]} == {"EXC-6105"}


def test_a_superseded_file_sent_again_says_that_it_is_not_in_force(market: Market, folder: Path) -> None:
    tanshu = at(market.database.url)
    one = write(folder / "a.csv", HEADER, "2030-01-02,10.00,10.00,5,50.00,5")
    two = write(folder / "b.csv", HEADER, "2030-01-02,10.00,10.00,6,60.00,6")
    send = ("--as", EXCHANGE, "--json")
    for file in (one, two):
        assert tanshu("market", "import", file, *send).ok().json["in_force"]
    again = tanshu("market", "import", one, *send).ok().json
    assert again["repeated"] and not again["in_force"]
    assert "--key" in tanshu("market", "import", one, "--as", EXCHANGE, "--lang", "en").ok().out
    assert tanshu("market", "import", one, *send, "--key", "again").ok().json["in_force"]
    report = tanshu("market", "report", "--market", "hbea", "--month", "2030-01", "--json").ok().json
    assert report["totals"]["total"]["volume_t"] == 5


def test_two_series_of_a_market_are_held_against_each_other(market: Market, folder: Path) -> None:
    tanshu = at(market.database.url)
    lines = ("2030-01-02,10.00,10.00,5,50.00,5", "2030-01-03,10.00,10.00,6,60.00,11")
    one = write(folder / "a.csv", HEADER, *lines)
    header = "date,symbol,close,pct_chg_raw,high,low,volume_t,turnover_cny,prev_close"
    two = write(folder / "b.csv", header, "2030-01-02,HBEA,10.00,0.00%,10.00,10.00,6,60.00,10.00")
    tanshu("market", "import", one, "--as", EXCHANGE).ok()
    said = tanshu("market", "import", two, "--as", EXCHANGE, "--json").ok().json
    assert [(f["day"], f["code"], f["fields"]) for f in said["differences"]["hbea-a"]] == [
        ("2030-01-02", "EXC-6120", ["total_volume"]),
        ("2030-01-02", "EXC-6120", ["total_amount"]),
    ]
    month = ("market", "report", "--market", "HBEA", "--month", "2030-01")
    report = tanshu(*month, "--json").ok().json
    assert report["series"] == "hbea-a" and len(report["differences"]["hbea-b"]) == 2
    assert tanshu(*month, "--series", "hbea-b", "--json").ok().json["totals"]["total"]["volume_t"] == 6
    assert "hbea-b" in tanshu(*month).ok().out


def test_refusals_of_the_terminal(market: Market, folder: Path) -> None:
    tanshu = at(market.database.url)
    report = ("market", "report", "--json", "--month")
    assert tanshu(*report, "2030-13").refusal == "EXC-6005"
    assert tanshu(*report, "2030-01").refusal == "EXC-6006"
    file = write(folder / "x.csv", "a,b", "1,2")
    send = ("market", "import", file, "--as", EXCHANGE, "--json")
    assert tanshu(*send).refusal == "EXC-6001"
    write(folder / "x.toml", "period = 1")
    assert tanshu(*send, "--layout", str(folder / "x.toml")).refusal == "EXC-6002"


def test_auctions_are_listed_with_their_title(market: Market, folder: Path) -> None:
    tanshu = at(market.database.url)
    header = "date,title,clearing_price,volume_t,amount_cny,offered_t,floor_or_reserve,top_bid,valid_bids_t"
    line = "2030-01-02,第一次竞价,60.0,100,6000.0,100,60.0,81.0,500,uniform,True"
    file = write(folder / "g.csv", f"{header},method,identity_ok", line)
    tanshu("market", "import", file, "--as", CLERK).ok()
    (one,) = tanshu("market", "published-auctions", "--json").ok().json["auctions"]
    assert (one["title"], one["auction"]["price"], one["auction"]["offered"]) == ("第一次竞价", 6_000, 100)
    assert "第一次竞价" in tanshu("market", "published-auctions", "--lang", "en").ok().out


def test_the_audit_folds_quotes_again_from_the_log(market: Market) -> None:
    """A row altered behind the log's back is noticed: the tables are told, not derived."""
    sent(market, quotes(year(1, 3)))
    tanshu = at(market.database.url)
    assert tanshu("book", "audit", "--json").ok().json["ok"]
    with market.database.write() as conn:
        conn.execute(PUBLISHED_QUOTE.update().where(PUBLISHED_QUOTE.c.row == 3).values(volume_t=1))
    assert tanshu("book", "audit", "--json").code == 3
    assert not PUBLISHED_FINDING.info.get("derived")
