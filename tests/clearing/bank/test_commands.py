"""`tanshu bank …`: the drills as an operator runs them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clearing.bank.support import Banked
from tests.cli.conftest import SCRIPT, Said, in_process

Run = Callable[..., Said]
DAY = "2024-01-02"


@pytest.fixture
def run(banked: Banked, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command on the market's database; commands that write happen at its clock's time."""
    monkeypatch.setattr("time.time_ns", banked.market.clock)
    return lambda *args: in_process("--db", banked.market.database.url, "bank", *map(str, args))


def test_a_day_by_hand_from_paying_in_to_comparing(banked: Banked, run: Run, tmp_path: Path):
    at, code = banked.simulator.address, banked.code_a
    run("pay-in", "bank", code, "1,000.00", DAY, "--at", at, "--name", "甲电厂").ok()
    taken = run(
        *("take", "bank", "--at", f"bank={at}", "--as", "bank-maker-1"),
        *("--approve-as", "registry-checker-1", "--json"),
    )
    assert len(taken.ok().json["proposed"]) == 1
    id = banked.withdraw(30_000)
    told = run("instructions", "--json").ok().json["instructions"]
    assert [(one["id"], one["state"], one["account"]) for one in told] == [(id, "made", code)]
    run("faults", "lose-answer", "--at", at).ok()
    send = ("send", DAY, "--at", f"bank={at}", "--as", "registry-maker-1", "--json")
    assert run(*send).ok().json["answers"] == {"unknown": 1}
    assert run(*send).ok().json["open"] == 0
    clerk = ("--as", "registry-maker-1")
    run("import-statement", "bank", DAY, "--at", f"bank={at}", *clerk).ok()
    compared = run("compare", "bank", DAY, "--json").ok().json
    assert (compared["differences"], compared["in_transit"]) == (0, [])
    file = tmp_path / "statement.csv"
    run("statement", "bank", DAY, "--csv", file).ok()
    again = ("import-statement", "bank", DAY, file, *clerk, "--json")
    assert run(*again).refusal == "CLR-3203"
    file.write_text(file.read_text(encoding="utf-8").replace("closing,,,,,,,700", "closing,,,,,,,699"))
    run(*again).ok()
    wrong = run("compare", "bank", DAY)
    assert wrong.code == 3 and "专用账户余额" in wrong.out
    (keeps,) = run("list", "--json").ok().json["banks"]
    assert (keeps["has_to_keep"], keeps["in_book"]) == (70_000, 70_000)


def test_a_refused_payout_is_given_back(banked: Banked, run: Run):
    banked.funded()
    id = banked.withdraw(30_000)
    banked.simulator.fail("refuse")
    banked.send()
    assert "待退回" in run("instructions", "--state", "refused").ok().out
    run("give-back", id, "--as", "bank-maker-1").ok()
    assert run("give-back", "BI-none", "--as", "bank-maker-1", "--json").refusal == "CLR-3101"


def test_binding_and_what_commands_refuse(banked: Banked, run: Run):
    at, plant = banked.simulator.address, banked.market.plant_a
    clerk = ("--as", "registry-maker-1", "--json")
    run("bind", plant, "bank", "--name", "甲电厂", *clerk).ok()
    assert run("bind", plant, "bank", "--name", "乙", *clerk).refusal == "CLR-3004"
    assert run("faults", "earthquake", "--at", at, "--json").refusal == "CLR-3303"
    assert run("faults", "refuse", "--at", "http://127.0.0.1:1", "--json").refusal == "CLR-3302"
    assert run("compare", "bank", DAY, "--json").refusal == "CLR-3204"
    gone = ("take", "bank", "--as", "bank-maker-1", "--json")
    assert run(*gone, "--at", "bank=http://127.0.0.1:1").refusal == "CLR-3302"
    assert run(*gone).refusal == "CLR-3301"
    assert run("faults", "refuse").code == 2
    assert run("instructions", "--state", "lost").code == 2
    assert run("send", DAY, "--at", "nowhere", *clerk).code == 2
    known = run("--lang", "en", "faults").ok().out
    assert "drops the connection" in known


def test_simulate_is_a_bank(tmp_path: Path):
    port = tmp_path / "port"
    command = [SCRIPT, "bank", "simulate", "--file", str(tmp_path / "b.db")]
    running = subprocess.Popen([*command, "--port-file", str(port), "--fault", "bank/refuse:2"])
    try:
        while not port.exists():
            assert running.poll() is None
        shown = in_process("bank", "faults", "--at", f"http://127.0.0.1:{port.read_text()}", "--json")
        assert shown.ok().json["set"] == [{"bank": "bank", "name": "refuse", "times": 2, "value": 0}]
    finally:
        running.terminate()
        assert running.wait(10) == 0
