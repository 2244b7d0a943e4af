"""`tanshu proof`: keys, signed checkpoints, proofs of holdings and transactions, the public log.

A proof is one JSON object on stdout, in whatever language one speaks; what else there is to say goes to
stderr. `tanshu verify` checks it anywhere.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.clock import shanghai_text
from tanshu.base.refusal import Refused, need
from tanshu.base.text import Text
from tanshu.cli import output
from tanshu.cli.border import complain
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import GOOD, Chip, Facts, Reply, Table, number_column, text_column
from tanshu.cli.progress import progress

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.book.commit import Book
    from tanshu.book.proofs import Prover
    from tanshu.log.checkpoint import Checkpoint
    from tanshu.log.note import Note, SigningKey

KEY_VARIABLE = "TANSHU_SIGNING_KEY"
KeyOption = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help=f"签名私钥 · the signing key [{KEY_VARIABLE}]")
]
Account = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="账户代码或 #编号 · account code, or #number")
]
Instrument = Annotated[
    str, typer.Argument(metavar="INSTRUMENT", help="产品代码或 #编号 · instrument code, or #number")
]
TransactionId = Annotated[
    str, typer.Argument(metavar="ID", help="业务编号,或 条目/笔 · transaction, or entry/record")
]
OnlyOption = Annotated[
    str, typer.Option("--account", metavar="CODE", help="只示出该账户的明细 · show this account's lines only")
]
CHECKPOINTS = (
    number_column("条目", "entry"),
    text_column("时间", "time"),
    number_column("非零余额", "cells"),
    text_column("签名", "signatures", fold=True),
)
_NUMBER = re.compile(r"^#(\d{1,9})$")

app = group("证明:检查点、持仓、业务、公开日志 · proofs: checkpoints, holdings, transactions, public log")
key_app = group("签名密钥 · signing keys")
app.add_typer(key_app, name="key")


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="proof")


# -- keys --------------------------------------------------------------------------------------------------


@command(key_app, "new", "生成签名密钥 · make a signing key")
def key_new(
    _door: Door,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="私钥文件 · where the private key goes")],
    name: Annotated[str, typer.Option(metavar="NAME", help="密钥名称 · the key's name")] = "tanshu",
) -> Reply:
    """FILE gets the private key (mode 0600), FILE.pub the verifier key, which is for everybody."""
    from tanshu.log import keys

    return _key_reply(keys.new(file, name), file)


@command(key_app, "show", "显示验证密钥 · show the verifier key")
def key_show(
    _door: Door,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="私钥文件 · private key")] = None,
) -> Reply:
    """What others need to check what this key signs."""
    path = _key_path(file)
    return _key_reply(_signing_key(path), path)


def _key_reply(key: SigningKey, path: Path) -> Reply:
    verifier = str(key.verifier)
    facts = Facts(
        (
            (Text("名称", "name"), key.name),
            (Text("套件", "suite"), key.suite.name),
            (Text("私钥", "private key"), str(path)),
            (Text("验证密钥", "verifier key"), verifier),
        )
    )
    data = {"name": key.name, "suite": key.suite.name, "file": str(path), "verifier_key": verifier}
    return Reply(data, (facts,))


# -- checkpoints -------------------------------------------------------------------------------------------


@command(app, "checkpoint", "签署最新条目的检查点 · sign a checkpoint at the newest entry")
def checkpoint(
    door: Door,
    key: KeyOption = None,
    add: Annotated[
        Path | None,
        typer.Option("--add", metavar="FILE", help="收存见证人的签名 · keep a witness's signatures"),
    ] = None,
    witness: Annotated[
        list[str] | None,
        typer.Option(
            "--witness",
            metavar="KEY",
            help="见证人的验证密钥或其文件 · the witness's verifier key or its file",
        ),
    ] = None,
) -> Reply | None:
    """Prints the signed note. One that is there already is printed again; another key adds its signature."""
    from tanshu.book import proof_checks
    from tanshu.log import note

    with door.installation() as installation:
        book = installation.book
        if add is None:
            signed = _make(door, book, _signing_key(_key_path(key)))
        else:
            from tanshu.book import checkpoints
            from tanshu.log import keys

            if not witness:
                raise complain(door.lang, "--add 需要 --witness", "--add needs --witness")
            given = note.parse(add.read_bytes().decode(errors="replace"))
            trusted = [keys.verifier(one) for one in witness]
            kept = checkpoints.add_signatures(book.database, book.log, given, trusted)
            if kept is None:
                raise Refused(proof_checks.NOT_OURS(field="add", path=add))
            signed = kept
    if door.as_json:
        return Reply(_checkpoint_json(signed))
    sys.stdout.write(str(signed))
    return None


@command(app, "checkpoints", "检查点列表 · list the checkpoints")
def checkpoints(door: Door) -> Reply:
    """Oldest first, with who signed them."""
    from tanshu.book import checkpoints as kept

    with door.reading() as (conn, book):
        found = [_checkpoint_json(one) for one in kept.every(conn, book.log)]
    rows = [(one["seq"], one["time"], one["cells"], ", ".join(one["signers"])) for one in found]
    return Reply({"checkpoints": found}, (Table(CHECKPOINTS, rows),))


def _checkpoint_json(signed: Note) -> dict[str, Any]:
    from tanshu.log import checkpoint

    found = checkpoint.parse(signed.text)
    return {
        "seq": found.seq,
        "time": shanghai_text(found.time_ns),
        "origin": found.origin,
        "log_root": found.root.hex(),
        "state_root": found.state_root.hex(),
        "cells": found.cells,
        "chain": found.chain.hex(),
        "signers": [one.handle for one in signed.signatures],
        "note": str(signed),
    }


# -- proofs ------------------------------------------------------------------------------------------------


@command(app, "holding", "证明持仓 · prove a holding")
def holding(door: Door, account: Account, instrument: Instrument, key: KeyOption = None) -> None:
    """As of the newest checkpoint; with a key, one is signed at the newest entry first."""
    with under_checkpoint(door, key) as under:
        numbers = _account(under.conn, account), _instrument(under.conn, instrument)
        proof = under.prover.holding(*numbers)
    _hand_out(proof)


@command(app, "transaction", "证明一笔业务 · prove a transaction")
def transaction(door: Door, id: TransactionId, account: OnlyOption = "", key: KeyOption = None) -> None:
    """Its proposal and, once it has ended, its end; or one record of the book, by entry/record."""
    from tanshu.registry import proofs as register

    with under_checkpoint(door, key) as under:
        only = _account(under.conn, account) if account else None
        wanted = register.transaction(under.conn, under.book.log, id, under.checkpoint.seq, only)
        proof = under.prover.transaction(wanted)
    _hand_out(proof)


@command(app, "certificate", "证明已生效的业务 · prove what a certificate says")
def certificate(door: Door, id: TransactionId, account: OnlyOption = "", key: KeyOption = None) -> None:
    """A surrender, cancellation or other transaction that took effect: whose, what, how much, which units."""
    from tanshu.registry import proofs as register

    with under_checkpoint(door, key) as under:
        only = _account(under.conn, account) if account else None
        wanted = register.certificate(under.conn, under.book.log, id, under.checkpoint.seq, only)
        proof = under.prover.certificate(wanted)
    _hand_out(proof)


@command(app, "consistency", "证明日志只增不改 · prove that the log only grew")
def consistency(
    door: Door,
    first: Annotated[int, typer.Option("--from", metavar="SEQ", help="较早的检查点 · the earlier one")],
    second: Annotated[int, typer.Option("--to", metavar="SEQ", help="较晚的检查点 · the later one")],
) -> None:
    """Between two checkpoints: the earlier log is how the later one began."""
    from tanshu.book import checkpoints as kept
    from tanshu.book import proof_checks, trees
    from tanshu.book.proofs import Prover

    with door.installation() as installation:
        book = installation.book
        trees.catch_up(book.database, book.log)
        with book.database.read() as conn:
            both = [kept.at(conn, book.log, seq) for seq in (first, second)]
            if None in both:
                missing = (first, second)[both.index(None)]
                known = [str(_checkpoint_json(one)["seq"]) for one in kept.every(conn, book.log)]
                raise Refused(proof_checks.NO_CHECKPOINT_AT(seq=missing, known=", ".join(known) or "—"))
            earlier, later = both
            assert earlier is not None and later is not None
            proof = Prover(conn, book, later).consistency(earlier)
    _hand_out(proof)


@command(app, "export", "导出公开日志 · export the public log")
def export(
    door: Door,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="目录,可重复导出 · folder; may be repeated")],
    key: KeyOption = None,
) -> Reply:
    """Static files after C2SP tlog-tiles: salted hashes only. Repeating it writes what is new."""
    from tanshu.book import public_log

    with under_checkpoint(door, key) as under:
        done = public_log.export(under.conn, under.book.log, under.signed, folder)
        found = under.checkpoint
    facts = Facts(
        (
            (Text("目录", "folder"), str(folder)),
            (Text("来源", "origin"), found.origin),
            (Text("截至条目", "up to entry"), str(found.seq)),
            (Text("砖块", "tiles"), done.tiles),
            (Text("本次写入", "written now"), Chip(done.written, GOOD)),
        )
    )
    data = {"folder": str(folder), "origin": found.origin, "seq": found.seq, **done._asdict()}
    return Reply(data, (facts,))


def _hand_out(proof: object) -> None:
    print(output.as_json(proof), flush=True)


# -- under which checkpoint --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Under:
    """A checkpoint to prove something under, in one read transaction."""

    conn: Connection
    book: Book
    signed: Note
    prover: Prover

    @property
    def checkpoint(self) -> Checkpoint:
        return self.prover.checkpoint


@contextmanager
def under_checkpoint(door: Door, key: Path | None) -> Iterator[Under]:
    """The newest checkpoint, made now where there is a key; says so where the log has grown since.

    Refuses with PROOF-2002 where there is none and no key.
    """
    from tanshu.book import checkpoints as kept
    from tanshu.book import proof_checks, trees
    from tanshu.book.proofs import Prover
    from tanshu.log import store
    from tanshu.registry.proofs import RegisterNames

    path = key or _key_of_environment()
    with door.installation() as installation:
        book = installation.book
        if path:
            _make(door, book, _signing_key(path))
        else:
            trees.catch_up(book.database, book.log)
        with book.database.read() as conn:
            signed = kept.latest(conn, book.log)
            if signed is None:
                raise Refused(proof_checks.NO_CHECKPOINT(field="key"))
            prover = Prover(conn, book, signed, RegisterNames)
            newest = store.tail(conn, book.log)
            assert newest is not None, "what has a checkpoint has entries"
            if newest[0] > prover.checkpoint.seq:
                _say_older(door, prover.checkpoint, newest[0])
            yield Under(conn, book, signed, prover)


def _say_older(door: Door, found: Checkpoint, newest: int) -> None:
    at = shanghai_text(found.time_ns)
    said = Text(
        f"证明截至第 {found.seq} 条记录({at})的检查点;日志现已到第 {newest} 条。",
        f"Proven as of the checkpoint at entry {found.seq} ({at}); the log has grown to entry {newest}.",
    )
    print(said.in_(door.lang), file=sys.stderr)


def _make(door: Door, book: Book, key: SigningKey) -> Note:
    from tanshu.book import checkpoints as kept
    from tanshu.registry.proofs import RegisterNames

    with progress(Text("建立证明树", "building the tree").in_(door.lang)) as tick:
        step: Callable[[int, int], None] = lambda done, _wanted: tick(done)  # noqa: E731
        return kept.make(book, key, RegisterNames, step)


def _key_of_environment() -> Path | None:
    named = os.environ.get(KEY_VARIABLE)
    return Path(named) if named else None


def _key_path(given: Path | None) -> Path:
    from tanshu.book import proof_checks

    path = given or _key_of_environment()
    if path is None:
        raise Refused(proof_checks.NO_KEY(field="key"))
    return path


def _signing_key(path: Path) -> SigningKey:
    from tanshu.log import keys

    return keys.read(path)


# -- numbers -----------------------------------------------------------------------------------------------


def _account(conn: Connection, text: str) -> int:
    from tanshu.parties import queries as parties

    number = _NUMBER.match(text)
    return int(number[1]) if number else need(parties.account(conn, text)).number


def _instrument(conn: Connection, text: str) -> int:
    from tanshu.registry import queries as registry

    number = _NUMBER.match(text)
    return int(number[1]) if number else need(registry.instrument(conn, text)).number
