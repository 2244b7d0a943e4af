"""One command through a whole service verb, durable: what a single click costs.

To measure another verb, add a line to VERBS: a name and a function that takes the address of an empty
database and returns what sends one command each time it is called, and what closes it.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from benchmarks import raw
from benchmarks.common import Figure, batches, in_turns, open_log, ratio, seconds
from benchmarks.durable import new_book, transfer_request
from tanshu import app
from tanshu.base.ids import random_key
from tanshu.base.refusal import need
from tanshu.book.commit import Answer, Context
from tanshu.parties.model import NewPerson, Register
from tanshu.parties.service import register
from tanshu.registry.model import Decide, DefineInstrument, Propose, ProposedLine
from tanshu.registry.service import approve, define_instrument, propose

COMMANDS = 150
"""Commands per run; the run's figure is their median."""
RUNS = 9
SYNC = "fdatasync"
STOCK = 1_000_000
Verb = tuple[Callable[[], None], Callable[[], None]]


def transfer(url: str) -> Verb:
    """A command with one record through `Context.commit`, no domain tables."""
    database = open_log(url)
    book = new_book(database)
    drawn = cycle(batches(1_000, 1))  # drawing at random takes longer than deciding

    def send() -> None:
        asked = transfer_request(book, next(drawn))
        ctx: Context = asked.ctx
        assert isinstance(ctx.commit(asked.name, asked.command, asked.decide), Answer)

    return send, database.close


def position_transfer(url: str) -> Verb:
    """registry.propose of one tonne, registration to trading: every check, five rows, effect at once."""
    market = app.found(url)

    def ctx(actor: str) -> Context:
        return market.context(actor, random_key())

    def ask(actor: str, kind: str, line: ProposedLine) -> str:
        return need(propose(ctx(actor), Propose(kind, (line,))))["id"]

    people = (NewPerson("province-maker-1", ("maker",)), NewPerson("province-checker-1", ("checker",)))
    province = Register(
        "authority", "province", "province", region="990000", accounts=("provincial",), people=people
    )
    holder = Register(
        "enterprise",
        "holder",
        uscc="91999999XN9000019U",
        region="990100",
        fictional=True,
        accounts=("registration", "trading"),
        people=(NewPerson("holder-maker-1", ("maker",)),),
    )
    clerk = "registry-maker-1"
    own = need(register(ctx(clerk), province))["accounts"]["provincial"]
    accounts = need(register(ctx(clerk), holder))["accounts"]
    need(define_instrument(ctx(clerk), DefineInstrument("CEA22", "allowance", "CEA22", "CEA22", 2022)))
    issued = ask(clerk, "issuance", ProposedLine("CEA22", STOCK, "", own))
    need(approve(ctx("registry-checker-1"), Decide(issued)))
    line = ProposedLine("CEA22", STOCK, own, accounts["registration"])
    given = ask("province-maker-1", "administrative-adjustment", line)
    for checker in ("province-checker-1", "registry-checker-1"):
        need(approve(ctx(checker), Decide(given)))
    move = ProposedLine("CEA22", 1, accounts["registration"], accounts["trading"])
    return lambda: assert_id(ask("holder-maker-1", "position-transfer", move)), market.close


def assert_id(id: str) -> None:
    assert id.startswith("TX-")


VERBS: dict[str, Callable[[str], Verb]] = {
    "one transfer, durable": transfer,
    "one position transfer through the register": position_transfer,
}


def figures(folder: Path, postgres: str) -> list[Figure]:
    """Milliseconds, p50, and how many fdatasyncs that is."""
    journal = raw.Journal(folder, 2**20)
    found: list[Figure] = []
    for n, (name, make) in enumerate(VERBS.items()):
        for place, url in (
            ("SQLite", f"sqlite:///{folder}/verb-{n}.db"),
            ("PostgreSQL", fresh_postgresql(postgres, f"verb_{n}")),
        ):
            send, close = make(url)
            turns = in_turns(
                {name: lambda send=send: p50_ms(send), SYNC: lambda: raw.fdatasync_ms(journal)}, RUNS
            )
            found.append(
                Figure(
                    f"{name}, {place}, p50",
                    statistics.median(turns[name]),
                    "ms",
                    ratio(turns, name, SYNC),
                    "one fdatasync",
                    "≤ 4" if (place, n) == ("SQLite", 0) else "",
                )
            )
            close()
    journal.close()
    return found


def fresh_postgresql(server: str, name: str) -> str:
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}".encode())
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def p50_ms(send: Callable[[], None]) -> float:
    return statistics.median(seconds(send) for _ in range(COMMANDS)) * 1_000
