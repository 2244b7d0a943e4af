"""Starting and stopping a simulated bank from a program: for tests, drills and the demonstration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from tanshu.base.refusal import Refused
from tanshu.clearing.bank import checks
from tanshu.clearing.bank.http import TIMEOUT_S, HttpBank

START_S = 20.0
_STEP_S = 0.01


@dataclass(frozen=True, slots=True)
class Simulator:
    """A simulated bank that runs: its address, and what its customers and its operator can do."""

    address: str

    def bank(self, handle: str, *, timeout_s: float = TIMEOUT_S) -> HttpBank:
        """The gateway to one of its banks."""
        return HttpBank(self.address, handle, timeout_s=timeout_s)

    def deposit(
        self,
        bank: str,
        account: str,
        name: str,
        amount: int,
        day: date,
        *,
        kind: str = "deposit",
        reference: str = "",
    ) -> str:
        """A subject pays in: fen. Returns the bank's reference; with one given, it happens once."""
        body = {"account": account, "name": name, "amount": amount, "day": day.isoformat()}
        said = self._post(f"banks/{bank}/deposits", body | {"kind": kind, "reference": reference})
        return str(said["reference"])

    def fail(self, fault: str, *, bank: str = "*", times: int = 1, value: int = 0) -> None:
        """From now on, so many times, this goes wrong."""
        self._post("faults", {"bank": bank, "fault": fault, "times": times, "value": value})

    def close_on(self, *days: date) -> None:
        """Days on which it takes instructions, and does none."""
        self._post("holidays", {"days": [day.isoformat() for day in days]})

    def faults(self) -> list[dict[str, Any]]:
        """What is still to go wrong: bank, name, times, value."""
        with build_opener(ProxyHandler({})).open(f"{self.address}/faults", timeout=TIMEOUT_S) as answer:
            return json.loads(answer.read())["faults"]

    def _post(self, path: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        request = Request(f"{self.address}/{path}", data=json.dumps(body).encode())
        with build_opener(ProxyHandler({})).open(request, timeout=TIMEOUT_S) as answer:
            return json.loads(answer.read())


@contextmanager
def bank_process(path: Path, *, faults: Sequence[str] = ()) -> Iterator[Simulator]:
    """Run a simulated bank on this file while the block lasts; the same file is the same bank again.

    Raises Refused CLR-3304 where it does not start.
    """
    port_file = path.with_name(f"{path.name}.{os.getpid()}.port")
    port_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tanshu.clearing.bank.simulator", "--db", str(path)]
    command += ["--port-file", str(port_file), "--while-stdin"]
    command += [word for fault in faults for word in ("--fault", fault)]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        yield Simulator(f"http://127.0.0.1:{_port(running, port_file)}")
    finally:
        running.terminate()
        assert running.stdin is not None
        running.stdin.close()
        try:
            running.wait(5)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        port_file.unlink(missing_ok=True)


def _port(running: subprocess.Popen[bytes], port_file: Path) -> int:
    waited_s = 0.0
    while not port_file.exists():
        if running.poll() is not None:
            raise Refused(checks.SIMULATOR_DOWN(why=f"exit {running.returncode}"))
        if waited_s > START_S:
            raise Refused(checks.SIMULATOR_DOWN(why=f"{START_S} s"))
        time.sleep(_STEP_S)
        waited_s += _STEP_S
    return int(port_file.read_text(encoding="utf-8"))
