"""Ledgers that a stranger can install, each doing transfers in the way it does them best; `make bench-peers`.

Every one of them keeps what it answers on disk, and is asked for its balances at the end. They do not do the
same work: what each does for a transfer is said by `does`.
"""
# pyright: reportMissingImports=false

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psycopg
from sqlalchemy.engine import URL, make_url

from benchmarks.durable import transfer_request
from tanshu.base.clock import NS
from tanshu.book import kernel, records
from tanshu.book.commit import Answer, Book
from tanshu.book.records import RECORD, AccountFlag, Op, encode

ACCOUNTS = 100
FUNDS = 10**9


class Move(NamedTuple):
    giver: int
    taker: int
    amount: int


class Ledger(ABC):
    """A ledger with ACCOUNTS accounts, numbered from 0."""

    name: str
    does: str
    quick = False
    """So many transfers in a turn would be over before the clock has moved: it gets ten times as many."""

    @abstractmethod
    def post(self, moves: Sequence[Move]) -> None:
        """Make transfers durable, all in one go."""

    @abstractmethod
    def net(self) -> Counter[int]:
        """What each account received less what it gave, as the ledger itself tells it."""

    def close(self) -> None:
        return


class Missing(Exception):
    """This ledger cannot be had here; the words say why."""


class Tanshu(Ledger):
    """Our book: one command of as many records, one entry."""

    does = "checks, hash chain, idempotency key, result code per record; one entry"
    quick = True

    def __init__(self, name: str, book: Book):
        kernel.compiled()  # as in a service that has been up for a while
        self.name = name
        self.book = book
        book.create("peers", NS)
        rows = [records.define_instrument(0), records.open_account(0, AccountFlag.OVERDRAFT)]
        rows += [records.open_account(number) for number in range(1, ACCOUNTS + 1)]
        rows += [records.transfer(0, number, 0, FUNDS) for number in range(1, ACCOUNTS + 1)]
        self.book.commit([transfer_request(book, encode(rows))])

    def post(self, moves: Sequence[Move]) -> None:
        asked = np.array(moves)
        block = np.zeros(len(moves), RECORD)
        block["op"] = Op.TRANSFER
        block["debit"], block["credit"], block["amount"] = asked[:, 0] + 1, asked[:, 1] + 1, asked[:, 2]
        (outcome,) = self.book.commit([transfer_request(self.book, block)])
        assert isinstance(outcome, Answer), outcome

    def net(self) -> Counter[int]:
        with self.book.reading() as (_conn, state):
            return Counter({n: state.cell(n + 1, 0).available - FUNDS for n in range(ACCOUNTS)})

    def close(self) -> None:
        self.book.database.close()


class Vaulteq(Ledger):
    """SQLite; a journal entry may have any number of lines, so a batch is one entry."""

    does = "balance of debits and credits, hash-chained audit event, idempotency key; one journal entry"

    def __init__(self, folder: Path):
        from vaulteq import AccountType, Direction, LedgerEngine

        self.name = f"vaulteq {version('vaulteq')} (SQLite)"
        self.engine = LedgerEngine(str(folder / "vaulteq.db"))
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):  # quicker than as it comes, and as durable
            self.engine.conn.execute(f"PRAGMA {pragma}")
        self.org = self.engine.create_organization("bench", base_currency="CNY")
        for n in range(ACCOUNTS):
            self.engine.create_account(self.org, str(n), f"account {n}", AccountType.ASSET, Direction.DEBIT)
        self._keys = count()

    def post(self, moves: Sequence[Move]) -> None:
        from vaulteq import Direction, JournalLineInput, PostRequest

        lines = []
        for m in moves:
            lines.append(JournalLineInput(str(m.taker), Direction.DEBIT, m.amount, "CNY"))
            lines.append(JournalLineInput(str(m.giver), Direction.CREDIT, m.amount, "CNY"))
        self.engine.post(PostRequest(self.org, f"key-{next(self._keys)}", lines=lines))

    def net(self) -> Counter[int]:
        assert self.engine.verify_audit_chain(self.org)
        return Counter({int(code): amount for code, amount in self.engine.trial_balance(self.org).items()})

    def close(self) -> None:
        self.engine.close()


def set_up_django(server: str) -> None:
    """One PostgreSQL database with the tables of both Django ledgers."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute("CREATE DATABASE django")
    settings.configure(
        SECRET_KEY="none",
        USE_TZ=True,
        DJANGO_LEDGER_USE_DEPRECATED_BEHAVIOR=False,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "mptt",
            "treebeard",
            "hordak",
            "django_ledger",
        ],
        CURRENCIES=["CNY"],
        DEFAULT_CURRENCY="CNY",
        HORDAK_INTERNAL_CURRENCY="CNY",
        DATABASES={"default": _django_database(make_url(server))},
    )
    django.setup()
    call_command("migrate", verbosity=0)


def _django_database(url: URL) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "django",
        "USER": url.username or "",
        "PASSWORD": url.password or "",
        "HOST": url.query.get("host") or url.host or "",
        "PORT": str(url.port or ""),
        "CONN_MAX_AGE": None,
    }


class Hordak(Ledger):
    """PostgreSQL; one transaction with two legs per transfer, the batch in one database transaction."""

    does = "triggers check that legs balance and keep running totals; one transaction of two legs each"

    def __init__(self) -> None:
        from hordak.models import Account

        self.name = f"django-hordak {version('django-hordak')} (PostgreSQL)"
        self.accounts = [
            Account.objects.create(name=f"account {n}", code=f"{n:03}", type="AS", currencies=["CNY"])
            for n in range(ACCOUNTS)
        ]

    def post(self, moves: Sequence[Move]) -> None:
        from django.db import transaction
        from moneyed import Money

        with transaction.atomic():
            for m in moves:
                self.accounts[m.giver].transfer_to(self.accounts[m.taker], Money(m.amount, "CNY"))

    def net(self) -> Counter[int]:
        return Counter({n: int(one.get_balance()["CNY"].amount) for n, one in enumerate(self.accounts)})


class DjangoLedger(Ledger):
    """PostgreSQL; a journal entry may have any number of transactions, so a batch is one entry."""

    does = "balance of debits and credits, closed periods, numbering of entries; one journal entry"

    def __init__(self) -> None:
        from django.contrib.auth import get_user_model
        from django_ledger.models import EntityModel

        self.name = f"django-ledger {version('django-ledger')} (PostgreSQL)"
        admin = get_user_model().objects.create_user("bench")
        entity = EntityModel.create_entity(
            name="bench", use_accrual_method=True, admin=admin, fy_start_month=1
        )
        entity.create_chart_of_accounts(assign_as_default=True, coa_name="bench", commit=True)
        self.accounts = [
            entity.create_account(
                code=f"{1010 + n}",
                role="asset_ca_cash",
                name=f"account {n}",
                balance_type="debit",
                active=True,
            )
            for n in range(ACCOUNTS)
        ]
        self.ledger = entity.create_ledger("bench", posted=True)
        self._moments = count()

    def post(self, moves: Sequence[Move]) -> None:
        lines = []
        for m in moves:
            for account, side in ((m.taker, "debit"), (m.giver, "credit")):
                lines.append(
                    {
                        "account": self.accounts[account],
                        "amount": m.amount,
                        "tx_type": side,
                        "description": "",
                    }
                )
        at = datetime(2024, 1, 2, tzinfo=UTC) + timedelta(seconds=next(self._moments))
        self.ledger.commit_txs(je_timestamp=at, je_txs=lines, je_posted=True)

    def net(self) -> Counter[int]:
        from django.db.models import Sum
        from django_ledger.models import TransactionModel

        numbers = {account.uuid: n for n, account in enumerate(self.accounts)}
        found: Counter[int] = Counter()
        sums = TransactionModel.objects.values("account_id", "tx_type").annotate(total=Sum("amount"))
        for row in sums:
            sign = 1 if row["tx_type"] == "debit" else -1
            found[numbers[row["account_id"]]] += sign * int(row["total"])
        return found


class TigerBeetle(Ledger):
    """One replica on this machine; a batch is one request."""

    does = "checks of accounts and balances, replicated log; one request"
    quick = True

    def __init__(self, folder: Path):
        import tigerbeetle

        program = shutil.which("tigerbeetle")
        if program is None:
            raise Missing(
                "no server here: there is no `tigerbeetle` on the PATH, and the wheel is a client only"
            )
        self.tb = tigerbeetle
        self.name = f"TigerBeetle, one replica, Python client {version('tigerbeetle')}"
        data = str(folder / "0_0.tigerbeetle")
        sizes = ("--cluster=0", "--replica=0", "--replica-count=1")
        subprocess.run([program, "format", *sizes, data], check=True, capture_output=True)
        port = _free_port()
        self.server = subprocess.Popen(
            [program, "start", f"--addresses=127.0.0.1:{port}", data],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_for(port)
        self.client = tigerbeetle.ClientSync(cluster_id=0, replica_addresses=str(port))
        made = self.client.create_accounts(
            [tigerbeetle.Account(id=n + 1, ledger=1, code=1) for n in range(ACCOUNTS)]
        )
        assert all(one.status == tigerbeetle.CreateAccountStatus.CREATED for one in made), made
        self._ids = count(1)

    def post(self, moves: Sequence[Move]) -> None:
        asked = [
            self.tb.Transfer(
                id=next(self._ids),
                debit_account_id=m.taker + 1,
                credit_account_id=m.giver + 1,
                amount=m.amount,
                ledger=1,
                code=1,
            )
            for m in moves
        ]
        made = self.client.create_transfers(asked)
        assert all(one.status == self.tb.CreateTransferStatus.CREATED for one in made), made

    def net(self) -> Counter[int]:
        found = self.client.lookup_accounts([n + 1 for n in range(ACCOUNTS)])
        return Counter({one.id - 1: one.debits_posted - one.credits_posted for one in found})

    def close(self) -> None:
        self.client.close()
        self.server.terminate()
        self.server.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port: int, seconds_max: float = 20) -> None:
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Missing("the server does not answer")


def opened(make: Callable[[], Ledger], name: str) -> Ledger | str:
    """The ledger, or why it cannot be had."""
    try:
        return make()
    except Missing as why:
        return str(why)
    except (ImportError, OSError, subprocess.SubprocessError) as error:
        return f"{name} does not start here: {error}"


os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
