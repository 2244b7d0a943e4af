"""A bank as a process of its own, on 127.0.0.1: `python -m tanshu.clearing.bank.simulator --db FILE`.

It has its own books (simulated.py) and nothing of the house's. Its operator sets what is to go wrong.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tanshu.clearing.bank import wire
from tanshu.clearing.bank.gateway import LineKind
from tanshu.clearing.bank.simulated import FAULTS, Lost, SimulatedBanks

BODY_BYTES_MAX = 256 * 2**20


class Server(ThreadingHTTPServer):
    """The banks of one file behind one port; requests take turns."""

    daemon_threads = True

    def __init__(self, path: str, port: int):
        super().__init__(("127.0.0.1", port), Handler)
        self.banks, self.turn = SimulatedBanks(path), threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hung up does not want to hear of it."""


class Handler(BaseHTTPRequestHandler):
    server: Server  # type: ignore[assignment]

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), BODY_BYTES_MAX)
        self._answer(self.rfile.read(length).decode())

    def log_message(self, format: str, *args: object) -> None:
        """It keeps no log: its books tell."""

    def _answer(self, text: str | None) -> None:
        try:
            body = json.loads(text) if text is not None else None
            with self.server.turn:
                said = _route(self.server.banks, self.path, body)
        except Lost:
            self.close_connection = True
            return
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            self._send(400, {"error": f"{type(error).__name__}: {error}"})
            return
        self._send(404 if said is None else 200, said if said is not None else {"error": "no such thing"})

    def _send(self, status: int, said: object) -> None:
        data = json.dumps(said, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _route(banks: SimulatedBanks, path: str, body: Any) -> object | None:
    """What a request comes to; None where there is nothing of that name."""
    split = urlsplit(path)
    asked = {name: values[0] for name, values in parse_qs(split.query).items()}
    match [unquote(part) for part in split.path.strip("/").split("/")]:
        case ["faults"]:
            return {"faults": banks.faults()} if body is None else _set_fault(banks, body)
        case ["holidays"] if body is not None:
            banks.set_holidays([date.fromisoformat(day) for day in body["days"]])
            return {"days": body["days"]}
        case ["banks", bank, *rest]:
            if delay_ms := banks.fault(bank, "delay"):
                time.sleep(delay_ms / 1000)
            return _of_bank(banks, bank, rest, asked, body)
    return None


def _of_bank(
    banks: SimulatedBanks, bank: str, rest: list[str], asked: dict[str, str], body: Any
) -> object | None:
    match rest:
        case ["instructions"] if body is not None:
            text = json.dumps({name: body[name] for name in sorted(body) if name != "on"}, ensure_ascii=False)
            return banks.submit(bank, body, text)
        case ["instructions", id]:
            return banks.asked(bank, id, date.fromisoformat(asked["on"]))
        case ["notices"]:
            return {"notices": banks.notices(bank, int(asked.get("after", "0")))}
        case ["statements", day]:
            return wire.statement_out(banks.statement(bank, date.fromisoformat(day)))
        case ["deposits"] if body is not None:
            kind, day = LineKind(body.get("kind", "deposit")), date.fromisoformat(body["day"])
            amount, reference = int(body["amount"]), str(body.get("reference", ""))
            account, name = str(body["account"]), str(body["name"])
            return {"reference": banks.deposit(bank, account, name, amount, day, kind, reference)}
    return None


def _set_fault(banks: SimulatedBanks, body: dict[str, Any]) -> object:
    if body["fault"] not in FAULTS:
        raise ValueError(f"no fault {body['fault']}; known: {', '.join(FAULTS)}")
    banks.set_fault(
        body.get("bank", "*"), body["fault"], int(body.get("times", 1)), int(body.get("value", 0))
    )
    return {"faults": banks.faults()}


# -- as a process ------------------------------------------------------------------------------------------


def serve(
    db: str, port: int, port_file: str, faults: Sequence[str] = (), *, while_stdin: bool = False
) -> None:
    """Serve until the process is told to end. port 0 finds a free one; port_file is where it says which.

    while_stdin: end, too, when whoever started it is gone and its standard input with them.
    """
    server = Server(db, port)
    for text in faults:
        bank, name, times, value = read_fault(text)
        server.banks.set_fault(bank, name, times, value)
    if port_file:
        written = Path(f"{port_file}.new")
        written.write_text(str(server.server_address[1]), encoding="utf-8")
        written.replace(port_file)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    if while_stdin:
        threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    try:
        server.serve_forever(poll_interval=0.05)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        server.banks.close()


def read_fault(text: str) -> tuple[str, str, int, int]:
    """`[bank/]fault[:times[:value]]`: bank, fault, times, value. Raises ValueError."""
    bank, _, rest = text.rpartition("/")
    name, *numbers = rest.split(":")
    if name not in FAULTS or len(numbers) > 2:
        raise ValueError(f"no fault {text!r}; known: {', '.join(FAULTS)}")
    times, value = (int(numbers[0]) if numbers else 1), (int(numbers[1]) if len(numbers) > 1 else 0)
    return bank or "*", name, times, value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", default="")
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--while-stdin", action="store_true")
    asked = parser.parse_args()
    serve(asked.db, asked.port, asked.port_file, asked.fault, while_stdin=asked.while_stdin)


if __name__ == "__main__":
    main()
