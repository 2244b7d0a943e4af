"""The follower: what is altered, forged or rewritten is found by its number; the right account is blocked."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, text, update

from tanshu import audit
from tanshu.audit import follow, memory
from tanshu.audit.follow import Follower, Orders, Round
from tanshu.audit.judge import Judge
from tanshu.base.refusal import Refused
from tanshu.book import kernel, projections, records, snapshots
from tanshu.book.commit import Book
from tanshu.book.movements import HOLDING, MOVEMENT, Movements
from tanshu.book.records import RECORD, decode
from tanshu.book.snapshots import SNAPSHOT
from tanshu.log import store
from tanshu.log.entry import Draft, Entry, seal
from tanshu.parties import queries as parties
from tanshu.parties.model import Account, AccountKind, AccountState
from tanshu.registry import queries as registry
from tanshu.registry import service
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.encumbrances import queue
from tanshu.registry.encumbrances.tables import CLAIM
from tanshu.registry.model import Expire
from tanshu.registry.tables import TRANSACTION_LINE, TRANSACTION_STEP
from tests.audit.house import TRADING, House, effect, step
from tests.cli.conftest import SCRIPT
from tests.support.auditors import AUDITOR, let_go
from tests.support.market import Market
from tests.support.orders import Court, held

FollowerOf = Callable[..., Follower]


@pytest.fixture
def follower(house: House, tmp_path: Path) -> FollowerOf:
    """A follower of the house, as another process would be: it shares nothing but database and file."""

    def make(*, block: bool = True, fresh: bool = False, **more: object) -> Follower:
        orders = Orders(tmp_path / "report.jsonl", AUDITOR if block else "", **more)  # type: ignore[arg-type]
        return Follower.at(house.market.database, tmp_path / "state", orders, fresh=fresh)

    return make


def codes(done: Round) -> list[str]:
    return [one.code for one in done.found]


def state_of(market: Market, code: str) -> AccountState:
    with market.database.read() as conn:
        account = parties.account(conn, code)
    assert isinstance(account, Account)
    return account.state


def works(market: Market, plant: str = "") -> bool:
    """Can this plant (plant-b, if none is named) still move its own units?"""
    plant = plant or market.plant_b
    maker = "plant-a-maker-1" if plant == market.plant_a else "plant-b-maker-1"
    line = ("CEA22", 1, market.account(plant), market.account(plant, TRADING))
    return not hasattr(market.propose(maker, "position-transfer", line), "code")


def alter(house: House, table: Table, where: Mapping[str, object], **values: object) -> None:
    """An UPDATE behind the house's back."""
    with house.market.database.write() as conn:
        this = [table.c[name] == value for name, value in where.items()]
        assert conn.execute(update(table).where(*this).values(**values)).rowcount == 1


# -- nothing wrong -----------------------------------------------------------------------------------------


def test_an_honest_house_is_followed_round_by_round_and_nothing_is_found(
    house: House, follower: FollowerOf, tmp_path: Path
):
    first = follower().round()
    assert first.ok and first.entries == house.judge.entries and first.transactions == 9
    house_id = house.pending(5)
    again = follower().round()
    assert again.ok and (again.n, again.entries, again.transactions) == (2, 1, 1)
    house.drop(house_id)
    kept = follower()
    assert kept.round().ok and kept.round().entries == 0
    with house.market.database.read() as conn:
        newest = store.tail(conn, store.REGISTRY_LOG)
    assert newest is not None and kept.memory.judge.tail.hash == newest[2]
    assert not (tmp_path / "report.jsonl").exists()


def test_what_is_remembered_is_what_was_judged(house: House, follower: FollowerOf, tmp_path: Path):
    """Taken up from its file, entry by entry, the state is the one of a follower that never stopped."""
    house.pending(5)
    follower().round()
    are_the_same(memory.load(tmp_path / "state").judge, house)


def are_the_same(kept: Judge, at_once: House) -> None:
    """A judgement taken up from a file, and one that was never put away."""
    at_once.news()
    judge = at_once.judge
    assert kept.reference.cells() == judge.reference.cells()
    assert kept.reference.open_holds() == judge.reference.open_holds()
    assert kept.reference.accounts == judge.reference.accounts
    assert kept.reference.instruments == judge.reference.instruments
    assert kept.business.settled.sums == judge.business.settled.sums
    for name, table in judge.business.facts.tables.items():
        assert kept.business.facts.tables[name].by_key == table.by_key, name
    mine, theirs = kept.business, judge.business
    assert not_zero(mine.earned) == not_zero(theirs.earned)
    assert not_zero(mine.waiting) == not_zero(theirs.waiting)
    assert (kept.tail.seq, kept.tail.hash) == (judge.tail.seq, judge.tail.hash)


def test_a_freeze_goes_on_from_round_to_round_however_often_the_follower_is_killed(
    house: House, follower: FollowerOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It waits in one round, moves up, is released in part and ends in later ones; every round is a new
    process, and some die before they remember."""
    market, state = house.market, tmp_path / "state"
    court, other = Court(market), Court(market, "乙法院")
    own = market.account(market.plant_a)
    line = ("CEA22", 60_000, own)
    pending = market.accepted(market.propose("plant-a-maker-1", "voluntary-cancellation", line))["id"]
    first = court.freeze(market.plant_a, 10**6, follows=True)
    second = other.freeze(market.plant_a, 500, until=(house.today + timedelta(days=5)).isoformat())
    assert follower().round().ok
    are_the_same(memory.load(state).judge, house)
    turns: list[Callable[[], object]] = [
        lambda: house.drop(pending),
        lambda: market.give(market.plant_a, 10),
        lambda: court.done("judicial-release", ("CEA22", 999_000, own), original=first),
        lambda: other.done(
            "judicial-deduction", ("CEA22", 100, own, market.account(market.plant_b)), original=second
        ),
        lambda: market.today(house.today + timedelta(days=6)),
        lambda: service.expire(market.ctx("registry-maker-1"), Expire()),
    ]
    for turn in turns:
        turn()
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(follow.memory, "save", killed)
            follower().round()
        done = follower().round()
        assert done.ok, done.found
        are_the_same(memory.load(state).judge, house)
    assert held(market, market.plant_a) == [(1_000, 1_000)]
    assert memory.load(state).judge.business.settled.sums["claim"][0] > 1


def test_a_freeze_shrunk_behind_the_courts_back_is_found_by_a_follower_that_learnt_of_it_before(
    house: House, follower: FollowerOf
):
    market = house.market
    freeze = Court(market).freeze(market.plant_a, 500)
    id = house.pending(5)
    assert follower().round().ok

    def shrink(act) -> None:
        step(act, id, 1)
        (claim,) = claims.of_transaction(act.conn, freeze)
        queue.shrink(act, claim, 100)

    house.behind("plant-a-checker-1", "registry.approve", shrink)
    done = follower().round()
    assert codes(done) == ["AUD-5403"] and done.blocked == (market.account(market.plant_a),)


def test_an_altered_claim_is_found_and_its_account_blocked(house: House, follower: FollowerOf):
    market = house.market
    freeze = Court(market).freeze(market.plant_a, 500)
    follower().round()
    alter(house, CLAIM, {"transaction_id": freeze}, expires_on=house.today)
    done = follower().round()
    assert codes(done) == ["AUD-4003"] and done.blocked == (market.account(market.plant_a),)


def killed(*_args: object) -> None:
    raise KeyboardInterrupt


def not_zero(amounts: Mapping[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    return {cell: amount for cell, amount in amounts.items() if amount}


# -- (a) what the house shows ------------------------------------------------------------------------------


def test_an_altered_holding_is_found_its_account_blocked_and_two_people_let_it_go(
    house: House, follower: FollowerOf, tmp_path: Path
):
    market = house.market
    follower().round()
    own = house.account(market.plant_a)
    this = {"account": own.number, "instrument": house.instrument("CEA22")}
    alter(house, HOLDING, this, available=999_999)

    done = follower().round()

    assert codes(done) == ["AUD-6003"] and done.found[0].accounts == [own.code]
    assert "999999" in done.found[0].en and done.blocked == (own.code,)
    assert state_of(market, own.code) is AccountState.BLOCKED
    assert not works(market, market.plant_a) and works(market)
    (line,) = (tmp_path / "report.jsonl").read_text().splitlines()
    assert json.loads(line)["code"] == "AUD-6003"

    standing = follower().round()
    assert not standing.ok and standing.found == () and standing.standing == 1 and standing.blocked == ()

    projections.rebuild(market.database, Movements)
    let_go(market, own.code)
    assert follower().round().ok
    assert state_of(market, own.code) is AccountState.OPEN and works(market, market.plant_a)


def test_people_who_let_an_account_go_are_not_overruled_by_the_same_finding(
    house: House, follower: FollowerOf
):
    market = house.market
    follower().round()
    own = house.account(market.plant_a)
    this = {"account": own.number, "instrument": house.instrument("CEA22")}
    alter(house, HOLDING, this, available=1)
    follower().round()
    let_go(market, own.code)
    assert follower().round().standing == 1
    assert state_of(market, own.code) is AccountState.OPEN


def test_an_altered_movement_is_found_by_the_whole_audit(house: House):
    projections.catch_up(house.market.database, Movements)
    own = house.account(house.market.plant_a)
    with house.market.database.write() as conn:
        last = conn.execute(
            text("SELECT MAX(position) FROM movement WHERE account = :a"), {"a": own.number}
        ).scalar_one()
    alter(house, MOVEMENT, {"account": own.number, "position": last}, available=77)
    (found,) = audit.run(house.market.database).findings
    assert found.what.code == "AUD-6007" and found.accounts == (own.number,)


def test_a_false_snapshot_is_found(house: House, follower: FollowerOf):
    """Its digest is right for its bytes: the house would start from it."""
    market = house.market
    with market.database.read() as conn:
        market.book.catch_up(conn)
        state = market.book.as_of(conn, market.book.tail.seq)
    snapshots.take(market.database, market.book.log, state, market.book.tail)
    own = house.account(market.plant_a)
    cell = state.arrays.cells[:, 0] == own.number << kernel.INSTRUMENT_BITS | house.instrument("CEA22")
    state.arrays.cells[cell, 1] += 5
    alter(
        house,
        SNAPSHOT,
        {"seq": market.book.tail.seq},
        data=snapshots.image.encode(state),
        digest=state.digest(),
    )
    found = follower(block=False).round().found
    assert [one.code for one in found] == ["AUD-6008"] and found[0].accounts == [own.code]
    assert [one.what.code for one in audit.run(market.database).findings] == ["AUD-6008"]


# -- (b) rows beside the log -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "values"),
    [(TRANSACTION_LINE, {"quantity": 4}), (TRANSACTION_STEP, {"person": "plant-a-both-1"})],
    ids=["a line's quantity", "a step's person"],
)
def test_an_altered_row_of_a_pending_transaction_is_found_and_its_holder_blocked(
    house: House, follower: FollowerOf, table, values: dict[str, object]
):
    id = house.pending(5)
    follower().round()
    alter(house, table, {"transaction_id": id, "n": 0}, **values)
    done = follower().round()
    assert codes(done) == ["AUD-4003"] and done.found[0].accounts[0] == done.blocked[0]
    assert done.blocked == (house.market.account(house.market.plant_a),)
    assert [why[:8] for _, why in done.spared] == [
        "PAR-2016"
    ]  # the surrender account: nobody stops the market
    assert works(house.market)


def test_an_altered_kind_of_account_is_found(house: House, follower: FollowerOf):
    market = house.market
    follower().round()
    cash = house.account(market.plant_a, AccountKind.CASH)
    with market.database.write() as conn:
        conn.execute(text("UPDATE account SET kind = 'external' WHERE number = :n"), {"n": cash.number})
    done = follower(system=True).round()
    assert codes(done) == ["AUD-4003"] and done.blocked == (cash.code,)


# -- (c) history rewritten ---------------------------------------------------------------------------------


def rewrite(house: House, seq: int, change: Callable[[Entry], Entry]) -> None:
    """Change an entry, and every later hash with it: a history that is sound in itself."""
    with house.market.database.read() as conn:
        entries = list(store.read(conn, store.REGISTRY_LOG))
    mark = "?" if house.market.database.is_sqlite else "%s"
    with house.market.database.write() as conn:
        before = entries[seq - 1].hash
        for entry in entries[seq:]:
            new = change(entry) if entry.seq == seq else entry
            fields = {name: getattr(new, name) for name in Draft.__dataclass_fields__}
            new = seal(Draft(**fields), entry.seq, before)
            before = new.hash
            beside = store.answers(conn, store.REGISTRY_LOG, entry.seq - 1, entry.seq)[entry.seq]
            told = dict(store.rows(conn, store.REGISTRY_LOG, entry.seq - 1, entry.seq)).get(entry.seq, b"")
            store.driver(conn).execute(f"DELETE FROM log_entry WHERE seq = {mark}", (entry.seq,))
            store.append(conn, store.REGISTRY_LOG, [store.Written(new, beside, told)])


def more(entry: Entry) -> Entry:
    """One tonne more in every record."""
    block = decode(entry.records).copy()
    block["amount"] += 1
    return replace(entry, records=block.tobytes())


def issued_at(house: House) -> int:
    """The entry by which the first issuance took effect."""
    with house.market.database.read() as conn:
        ended = registry.transactions(conn, type="issuance")[0].ended_seq
    assert ended is not None
    return ended


def test_a_rewritten_history_is_noticed_by_whoever_saw_the_first_one(house: House, follower: FollowerOf):
    follower().round()
    seen = follower().memory.judge.tail
    rewrite(house, issued_at(house), more)
    done = follower().round()
    assert codes(done) == ["AUD-6001"] and seen.hash.hex() in done.found[0].en
    assert not done.ok and follower().memory.judge.tail.hash == seen.hash  # what was seen is not forgotten
    assert not follower().round().ok


def test_a_rewritten_history_gives_itself_away_to_a_fresh_follower_where_it_contradicts_itself(
    house: House, follower: FollowerOf
):
    """A record that is not its transaction's line. Had the row changes been rewritten with it, and every
    table, only who saw an earlier hash could tell: that is what checkpoints are for."""
    rewrite(house, issued_at(house), more)
    done = follower(block=False).round()
    assert {"AUD-5201", "AUD-5202", "AUD-6005"} <= set(codes(done))


def test_movements_of_another_history_are_found_and_kept_as_evidence(house: House, follower: FollowerOf):
    projections.catch_up(house.market.database, Movements)
    rewrite(house, house.judge.tail.seq, lambda entry: replace(entry, actor="somebody-else"))
    found = follower(block=False).round().found
    assert "AUD-6004" in {one.code for one in found}
    with house.market.database.read() as conn:
        mark = projections.watermark(conn, Movements.name, store.REGISTRY_LOG)
        assert mark is not None and store.hash_at(conn, store.REGISTRY_LOG, mark.tail.seq) != mark.tail.hash


def test_entries_cut_off_are_noticed(house: House, follower: FollowerOf):
    follower().round()
    with house.market.database.write() as conn:
        conn.execute(text("DELETE FROM log_entry WHERE seq > 5"))
    assert codes(follower().round()) == ["AUD-6002"]


# -- (d) entries behind the register's back ----------------------------------------------------------------


def test_a_transfer_between_forbidden_kinds_blocks_both_accounts_and_nobody_else(
    house: House, follower: FollowerOf
):
    market = house.market
    follower().round()
    giver, taker = house.account(market.plant_a), house.account(market.plant_a, AccountKind.CASH)
    cea = house.instrument("CEA22")
    house.behind(
        "registry-checker-1",
        "registry.approve",
        lambda act: act.record(records.transfer(giver.number, taker.number, cea, 5, tag=6)),
    )
    done = follower().round()
    assert set(codes(done)) == {"AUD-5006", "AUD-5102", "AUD-5201", "AUD-6005"}
    assert set(done.blocked) == {giver.code, taker.code}
    assert works(market) and not works(market, market.plant_a)
    for code in done.blocked:
        let_go(market, code)
    assert works(market, market.plant_a)
    later = follower().round()
    assert later.found == () and later.standing == 2, "the balances disagree until a correction is entered"


def test_a_surrender_approved_by_one_person_blocks_the_holder(house: House, follower: FollowerOf):
    market = house.market
    follower().round()
    id = house.pending(5)

    def alone(act) -> None:
        for n in (1, 2, 3):
            step(act, id, n)
        effect(act, id)

    house.behind("plant-a-both-1", "registry.approve", alone)
    done = follower().round()
    assert {"AUD-5206", "AUD-5207"} == set(codes(done))
    assert done.blocked == (market.account(market.plant_a),)


def test_a_source_is_blocked_only_when_that_is_ordered(house: House, follower: FollowerOf):
    market = house.market
    follower().round()
    source, taker = house.account("registry", AccountKind.ISSUANCE), house.account(market.plant_b)
    cea = house.instrument("CEA22")

    def print_units(act) -> None:
        act.record(records.transfer(source.number, taker.number, cea, 5))

    house.behind("registry-checker-1", "registry.approve", print_units)
    done = follower().round()
    assert set(codes(done)) == {"AUD-5002", "AUD-5006", "AUD-6005"} and done.blocked == (taker.code,)
    assert done.spared[0][0] == source.code and "PAR-2016" in done.spared[0][1]
    house.behind("registry-checker-1", "registry.approve", print_units_to(source, house))
    done = follower(system=True).round()
    assert source.code in done.blocked and state_of(market, source.code) is AccountState.BLOCKED


def print_units_to(source: Account, house: House) -> Callable[..., object]:
    other = house.account(house.market.stranger)
    return lambda act: act.record(records.transfer(source.number, other.number, house.instrument("CEA22"), 5))


# -- (e) a kernel that lies --------------------------------------------------------------------------------


def test_an_overdraft_let_through_by_an_altered_kernel_is_found_and_stops_every_honest_process(
    house: House, follower: FollowerOf, monkeypatch: pytest.MonkeyPatch
):
    """The stored result says yes where the rules say no. No honest book takes such a log up, so there is
    nothing to block any more: the alarm says so."""
    market = house.market
    follower().round()
    giver, taker = house.account(market.plant_b), house.account(market.plant_a)
    cea = house.instrument("CEA22")
    with monkeypatch.context() as patch:
        patch.setattr(kernel, "INSUFFICIENT_AVAILABLE", kernel.OK)  # "not enough" is said as "done"
        house.behind(
            "registry-checker-1",
            "registry.approve",
            lambda act: act.record(records.transfer(giver.number, taker.number, cea, 10**9, tag=12)),
        )
    done = follower().round()
    assert codes(done) == ["AUD-1010"] and done.found[0].accounts == [giver.code]
    assert not done.sound and done.blocked == ()
    assert done.spared[0][0] == giver.code and done.spared[0][1].startswith("LOG-1003")
    assert not follower().round().ok
    with pytest.raises(Refused, match="LOG-1003"), market.database.read() as conn:
        Book(market.database).catch_up(conn)


# -- (f) killed, torn --------------------------------------------------------------------------------------


def test_a_follower_killed_before_it_remembers_says_and_does_the_same_again(
    house: House, follower: FollowerOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    market = house.market
    follower().round()
    own = house.account(market.plant_a)
    house.behind(
        "registry-checker-1",
        "registry.approve",
        lambda act: act.record(
            records.transfer(own.number, house.account(market.plant_b).number, house.instrument("CEA22"), 1)
        ),
    )

    with monkeypatch.context() as patch:
        patch.setattr(follow.memory, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            follower().round()
    assert state_of(market, own.code) is AccountState.BLOCKED
    with market.database.read() as conn:
        entries = store.tail(conn, store.REGISTRY_LOG)
    done = follower().round()
    assert set(codes(done)) == {"AUD-5002", "AUD-5006", "AUD-6005"}
    with market.database.read() as conn:
        assert store.tail(conn, store.REGISTRY_LOG) == entries, "nothing is blocked twice"
    reported = [json.loads(line)["code"] for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    assert len(reported) == 2 * len(done.found)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text"])
def test_a_torn_state_file_is_refused_and_a_fresh_start_is_asked_for(
    follower: FollowerOf, tmp_path: Path, damage: str
):
    follower().round()
    path = tmp_path / "state"
    data = path.read_bytes()
    damaged = {"cut": data[:-10], "flipped": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], "empty": b""}
    torn = damaged.get(damage, b"state\n")
    path.write_bytes(torn)
    with pytest.raises(Refused, match="AUD-7001"):
        follower()
    assert follower(fresh=True).round().ok
    assert follower().round().ok
    assert (tmp_path / "state.old").read_bytes() == torn, "it is evidence"


def test_a_state_file_of_another_book_or_version_is_refused(follower: FollowerOf, tmp_path: Path):
    kept = follower()
    kept.memory.book = "another"
    memory.save(kept.memory, kept.path)
    with pytest.raises(Refused, match="AUD-7002"):
        follower()
    data = kept.path.read_bytes()
    kept.path.write_bytes(data.replace(b"memory 1 ", b"memory 9 ", 1))
    with pytest.raises(Refused, match="AUD-7003"):
        follower()
    with pytest.raises(Refused, match="AUD-7004"):
        memory.load(tmp_path / "nowhere")


def test_marks_stand_ever_wider_apart_and_the_newest_stays():
    kept = memory.Memory("book", 1)
    for seq in range(10_000):
        kept.judge.tail.seq = seq
        kept.mark()
    assert len(kept.marks) <= memory.MARKS_MAX and kept.marks[-1][0] == 9_999 and kept.marks[0][0] == 0


def test_a_database_that_cannot_be_read_is_a_finding_and_ends_when_it_can(house: House, follower: FollowerOf):
    follower().round()
    with house.market.database.write() as conn:
        conn.execute(text("ALTER TABLE log_entry RENAME TO hidden"))
    kept = follower_of(house, follower)
    assert codes(kept.round()) == ["AUD-3001"]
    with house.market.database.write() as conn:
        conn.execute(text("ALTER TABLE hidden RENAME TO log_entry"))
    assert kept.round().ok


def follower_of(house: House, make: FollowerOf) -> Follower:
    """A follower that was opened while the log was there."""
    with house.market.database.write() as conn:
        conn.execute(text("ALTER TABLE hidden RENAME TO log_entry"))
    opened = make(block=False)
    with house.market.database.write() as conn:
        conn.execute(text("ALTER TABLE log_entry RENAME TO hidden"))
    return opened


def test_a_log_entry_of_no_record_width_is_named(house: House, follower: FollowerOf):
    assert RECORD.itemsize == 48
    with house.market.database.write() as conn:
        conn.execute(text("UPDATE log_entry SET time_ns = time_ns + 1 WHERE seq = 9"))
    done = follower(block=False).round()
    assert codes(done)[0] == "AUD-1004" and not done.sound


@pytest.mark.parametrize("houses", ["postgresql"], indirect=True)
def test_a_follower_that_may_only_read_judges_all_the_same(house: House, follower: FollowerOf):
    market = house.market
    projections.catch_up(market.database, Movements)
    house.pending(5)  # what is shown lags behind by one entry, and the follower cannot bring it forward
    with market.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        name = conn.execute(text("SELECT current_database()")).scalar_one()
        conn.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    market.database.close()  # every new connection may only read
    done = follower(block=False).round()
    assert done.ok and done.transactions == 10


@pytest.mark.soak
def test_a_follower_killed_at_any_moment_goes_on_where_it_was(
    house: House, follower: FollowerOf, tmp_path: Path
):
    """kill -9, again and again, while the house works: nothing is judged twice, nothing left out."""
    market = house.market
    dice = random.Random("killed followers")
    command = [SCRIPT, "audit", "follow", "--every", "0", "--state", str(tmp_path / "state")]
    for _ in range(8):
        process = subprocess.Popen([*command, "--db", market.database.url], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 1 + 2 * dice.random()
        while time.monotonic() < until:
            house.drop(house.pending(1))
        process.kill()
        process.wait()
    done = follower(block=False).round()
    house.news()
    mine, theirs = follower().memory.judge, house.judge
    assert done.ok and (mine.entries, mine.records) == (theirs.entries, theirs.records)
    assert mine.business.transactions == theirs.business.transactions
