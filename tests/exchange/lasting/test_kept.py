"""A market in a backup: cut where the book is cut, and the same again in another database."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from tanshu import audit
from tanshu.backup import back_up, make, restore, stands, verify
from tanshu.backup.markets import MarketKept, place
from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.exchange.market import FIRST_LOG, Market
from tanshu.log import store
from tests.backup.conftest import picture
from tests.cli.conftest import in_process
from tests.exchange.bridge.support import CEA, DAY, NEXT, Trading, figures

Cut = tuple[int, int, str, Any]
"""The newest entry of the book, of the market, the engine's state hash, all tables with the book's state."""
SEGMENT = 7


def cut(database: Database) -> Cut:
    with database.read() as conn:
        book, market = store.tail(conn, 1), store.tail(conn, FIRST_LOG)
        state = Market(database, FIRST_LOG).catch_up(conn).state_hash()
    assert book and market
    return book[0], market[0], state, picture(database)


def at(url: str, do: Callable[[Database], Any]) -> Any:
    database = Database.open(url)
    try:
        return do(database)
    finally:
        database.close()


def live(trading: Trading) -> Iterator[Cut]:
    """A day, its delivery, another morning; each cut stands right after a command of both logs."""
    database = trading.market.database
    trading.sell(trading.a, 500)
    trading.buy(trading.c, 200)
    trading.pays_in(trading.c, 700)
    yield cut(database)
    trading.sell(trading.b, 300, 7_990)
    trading.done(trading.moves(trading.b, 100, into=False))
    yield cut(database)
    trading.sell(trading.b, 20, 7_980)
    trading.buy(trading.c, 310)
    trading.done(trading.closes(DAY))
    trading.delivers()
    yield cut(database)
    trading.clock.set_day(NEXT, time(9, 5))
    trading.done(trading.opens(NEXT))
    yield cut(database)
    trading.clock.set_day(NEXT, time(10))
    trading.sell(trading.a, 5)
    yield cut(database)


Kept = tuple[Path, str, list[Cut]]


@pytest.fixture(scope="module")
def kept(sqlite_tradings: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """A backup of two days, the address of its database, and how it stood on the way."""
    folder = tmp_path_factory.mktemp("market-kept")
    with figures(), sqlite_tradings(folder) as trading:
        cuts = list(live(trading))
        back_up(trading.market.database, folder / "backup", segment_entries=SEGMENT)
        yield folder / "backup", trading.market.database.url, cuts


def test_a_restored_market_is_the_same_and_its_audit_finds_nothing(kept: Kept, bare_url: str):
    folder, _, cuts = kept
    found, done = verify(folder), restore(folder, bare_url)
    assert at(bare_url, cut) == cuts[-1]
    assert (done.markets[0].state, done.markets[0].seq) == (cuts[-1][2], cuts[-1][1])
    assert found.markets == done.markets
    assert at(bare_url, audit.run).ok
    assert at(bare_url, lambda database: stands(folder, database)).how == "same"


@pytest.mark.parametrize("which", range(4))
def test_a_market_is_cut_where_the_book_is_cut(kept: Kept, tmp_path: Path, which: int):
    """The entry of the book with which the cut stands is the newest of both: the moment after it."""
    folder, _, cuts = kept
    done = restore(folder, url := f"sqlite:///{tmp_path}/a.db", to=f"seq:{cuts[which][0]}")
    assert at(url, cut) == cuts[which]
    assert done.markets[0].left_out == cuts[-1][1] - cuts[which][1]
    report = at(url, audit.run)
    assert report.ok, report.findings
    standing = at(url, lambda database: stands(folder, database))
    assert standing.how == "behind"


def test_at_the_end_of_a_day_its_orders_are_there_and_those_of_the_next_are_not(kept: Kept, tmp_path: Path):
    folder, _, cuts = kept
    restore(folder, url := f"sqlite:///{tmp_path}/a.db", to="2024-01-02")
    assert at(url, cut)[:3] == cuts[2][:3]
    restore(folder, later := f"sqlite:///{tmp_path}/b.db", to="2024-01-03")
    assert at(later, cut) == cuts[-1]


def test_before_the_market_was_founded_there_is_none(kept: Kept, tmp_path: Path):
    done = restore(kept[0], url := f"sqlite:///{tmp_path}/a.db", to="seq:5")
    assert done.markets == () and at(url, audit.run).ok


def test_a_backup_that_is_gone_on_with_adds_what_is_new(trading: Trading, tmp_path: Path):
    database = trading.market.database
    first = back_up(database, tmp_path / "b")
    trading.sell(trading.a, 5)
    again = back_up(database, tmp_path / "b")
    assert first.markets[0].seq < again.markets[0].seq and (again.entries, again.markets[0].log) == (
        0,
        FIRST_LOG,
    )
    assert back_up(database, tmp_path / "b").markets[0].entries == 0
    assert verify(tmp_path / "b").markets[0].state == trading.engine().state_hash()
    assert stands(tmp_path / "b", database).how == "same"
    trading.sell(trading.a, 6)
    assert stands(tmp_path / "b", database).is_good


def test_a_backup_that_was_killed_after_the_market_goes_with_the_book_as_far_as_that_went(
    trading: Trading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The market's part is written first; what the book does not tell of is left out of it."""
    database = trading.market.database
    back_up(database, tmp_path / "b")
    before = cut(database)
    trading.sell(trading.a, 5)
    trading.pays_in(trading.c, 700)
    after = cut(database)
    with monkeypatch.context() as patch:
        patch.setattr(make, "_market", _and_dies(make._market))
        with pytest.raises(Killed):
            back_up(database, tmp_path / "b")
    found = verify(tmp_path / "b")
    (market,) = found.markets
    # The order is the market's own, and goes with the older book, too; the deposit does not.
    assert before[1] < market.seq == after[1] - 1
    assert (found.seq, market.left_out) == (before[0], 1)
    restore(tmp_path / "b", url := f"sqlite:///{tmp_path}/a.db")
    assert at(url, audit.run).ok
    back_up(database, tmp_path / "b")
    assert verify(tmp_path / "b").markets[0].seq == after[1]


class Killed(BaseException):
    """The process ends here."""


def _and_dies(does: Callable[..., MarketKept]) -> Callable[..., MarketKept]:
    def dying(*args: Any) -> MarketKept:
        does(*args)
        raise Killed

    return dying


def test_a_restore_killed_among_the_markets_goes_on(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from tanshu.backup import restore as of_package
    from tanshu.backup.restore import MarketReplica

    folder, _, cuts = kept
    url = f"sqlite:///{tmp_path}/a.db"
    with monkeypatch.context() as patch:
        patch.setattr(MarketReplica, "follow", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            of_package(folder, url)
    done = of_package(folder, url)
    assert done.entries == 0 and done.markets[0].entries == cuts[-1][1] + 1
    assert at(url, cut) == cuts[-1]


def test_a_market_that_is_missing_cut_or_altered_is_named(kept: Kept, tmp_path: Path):
    folder = shutil.copytree(kept[0], tmp_path / "b")
    newest = max(place(folder, FIRST_LOG).glob("*.seg"))
    newest.rename(tmp_path / "aside")
    with pytest.raises(Refused, match="BAK-2009"):
        verify(folder)
    with pytest.raises(Refused, match="BAK-2009"):
        restore(folder, f"sqlite:///{tmp_path}/a.db")
    shutil.rmtree(place(folder, FIRST_LOG))
    with pytest.raises(Refused, match="BAK-2009"):
        verify(folder)


def test_a_close_that_leads_to_another_state_is_named(
    trading: Trading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from tanshu.exchange.bridge import days

    was = days._close
    monkeypatch.setattr(days, "_close", lambda *args: {**was(*args), "state_hash": "00" * 32})  # type: ignore[dict-item]
    trading.done(trading.closes())
    back_up(trading.market.database, tmp_path / "b")
    with pytest.raises(Refused, match="BAK-2010"):
        verify(tmp_path / "b")


def test_a_database_whose_market_lost_entries_is_not_backed_up_and_the_standing_names_its_log(
    trading: Trading, tmp_path: Path
):
    trading.sell(trading.a, 5)
    database = trading.market.database
    back_up(database, tmp_path / "b")
    with database.write() as conn:
        newest = store.tail(conn, FIRST_LOG)
        assert newest
        conn.exec_driver_sql(f"DELETE FROM log_entry WHERE log = {FIRST_LOG} AND seq = {newest[0]}")
    with pytest.raises(Refused, match="BAK-1003"):
        back_up(database, tmp_path / "b")
    standing = stands(tmp_path / "b", database)
    assert (standing.how, standing.log) == ("behind", FIRST_LOG)


def test_a_backup_from_before_there_were_markets_stays_readable(market: Any, tmp_path: Path):
    made = back_up(market.database, tmp_path / "b")
    assert made.markets == () and not list((tmp_path / "b").glob("market-*"))
    assert verify(tmp_path / "b").markets == ()


def test_the_terminal_says_what_was_kept_of_each_market(trading: Trading, tmp_path: Path):
    url = ("--db", trading.market.database.url)
    trading.sell(trading.a, 5)
    made = in_process("backup", str(tmp_path / "b"), *url, "--json").ok().json
    assert [one["market"] for one in made["markets"]] == [CEA]
    sound = in_process("backup", "verify", str(tmp_path / "b"), "--compare", *url, "--json").ok().json
    assert sound["markets"][0]["state_hash"] == trading.engine().state_hash()
    assert sound["database"] == {
        "standing": "same", "common_seq": made["log_seq"], "backup_seq": made["log_seq"],
        "database_seq": made["log_seq"], "market_log": None,
    }  # fmt: skip
    said = in_process(
        "restore", str(tmp_path / "b"), "--db", f"sqlite:///{tmp_path}/r.db", "--lang", "en"
    ).ok()
    assert "logs of markets" in said.out
