"""`tanshu certificate`: certificates as HTML and PDF, each with its exact serial numbers and its proof file.

A proof speaks as of a signed checkpoint: with --proof a certificate of what is held does so, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli import output
from tanshu.cli.door import Door, command, group
from tanshu.cli.handed_out import FormatOption, OutOption, formats, said, write_paper
from tanshu.cli.moments import MOMENT, read_moment
from tanshu.cli.output import Reply
from tanshu.cli.progress import progress
from tanshu.cli.proofs import KEY_VARIABLE, under_checkpoint
from tanshu.cli.stamps import stamp

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.base.documents import Paper
    from tanshu.base.refusal import Refusal
    from tanshu.book.commit import Book
    from tanshu.book.proofs import Prover
    from tanshu.book.state import Cell

TransactionId = Annotated[str, typer.Argument(metavar="ID", help="业务编号 · transaction")]
ProofOption = Annotated[bool, typer.Option("--proof", help="并出具证明文件 · with its proof file")]
KeyOption = Annotated[
    Path | None,
    typer.Option("--signing-key", metavar="FILE", help=f"签名私钥 · the signing key [{KEY_VARIABLE}]"),
]
AsOfOption = Annotated[str | None, typer.Option("--as-of", metavar=MOMENT, help="时点 · a moment of the log")]

app = group("证明:持有、清缴、注销、质押 · certificates: holdings, surrender, cancellation, pledge")


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="certificate")


@command(app, "holding", "持有证明 · what a subject holds")
def holding(
    door: Door,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="主体 · handle or credit code")],
    as_of: AsOfOption = None,
    out: OutOption = Path(),
    format: FormatOption = "html,pdf",
    proof: ProofOption = False,
    signing_key: KeyOption = None,
) -> Reply:
    """Now, or as of a moment; with --proof as of the checkpoint, a proof for each account and instrument."""
    from tanshu.registry.certificate import holding_paper

    wanted = formats(format)
    with _place(door, as_of, signing_key, proof=proof) as place:
        cells = _cells(place.conn, place.book, subject, place.seq)
        paper = need(
            holding_paper(place.conn, place.book, subject, place.seq, cells, stamp=stamp(place.conn))
        )
        proofs = _holding_proofs(place, paper, [(one.account, one.instrument) for one in cells])
        return _hand_out(door, place, paper, out, wanted, proofs)


@command(app, "surrender", "履约证明:清缴、抵销 · compliance certificate of a surrender or an offset")
def surrender(
    door: Door,
    id: TransactionId,
    out: OutOption = Path(),
    format: FormatOption = "html,pdf",
    proof: ProofOption = False,
    signing_key: KeyOption = None,
) -> Reply:
    """Refuses CMP-4001 where it is neither."""
    from tanshu.compliance.certificates import surrender_paper

    def paper(place: _Place) -> Paper | Refusal:
        return surrender_paper(place.conn, place.book, id, stamp(place.conn))

    return _of_transaction(door, id, paper, out, format, signing_key, proof=proof)


@command(app, "cancellation", "自愿注销证明 · certificate of a voluntary cancellation")
def cancellation(
    door: Door,
    id: TransactionId,
    out: OutOption = Path(),
    format: FormatOption = "html,pdf",
    proof: ProofOption = False,
    signing_key: KeyOption = None,
) -> Reply:
    """Refuses REG-6001 where it is another transaction."""
    from tanshu.registry.certificate import cancellation_paper

    def paper(place: _Place) -> Paper | Refusal:
        return cancellation_paper(place.conn, place.book, id, stamp=stamp(place.conn))

    return _of_transaction(door, id, paper, out, format, signing_key, proof=proof)


@command(app, "registration", "登记证明:任一已生效业务 · certificate of any transaction in effect")
def registration(
    door: Door,
    id: TransactionId,
    out: OutOption = Path(),
    format: FormatOption = "html,pdf",
    proof: ProofOption = False,
    signing_key: KeyOption = None,
) -> Reply:
    """Refuses REG-4001 where it has not taken effect."""
    from tanshu.registry.certificate import transaction_paper

    def paper(place: _Place) -> Paper | Refusal:
        return transaction_paper(place.conn, place.book, id, stamp=stamp(place.conn))

    return _of_transaction(door, id, paper, out, format, signing_key, proof=proof)


@command(app, "pledge", "质押登记证明 · certificate of a pledge")
def pledge(
    door: Door,
    id: Annotated[str, typer.Argument(metavar="ID", help="质押业务或权利编号 · the pledge, or its claim")],
    as_of: AsOfOption = None,
    out: OutOption = Path(),
    format: FormatOption = "html,pdf",
    proof: ProofOption = False,
    signing_key: KeyOption = None,
) -> Reply:
    """What stands of it now, or as of any moment; its proofs are of the accounts in which it stands."""
    from tanshu.registry import pledge_certificate

    wanted = formats(format)
    with _place(door, as_of, signing_key, proof=proof) as place:
        paper = need(
            pledge_certificate.pledge_paper(place.conn, place.book, id, place.seq, stamp=stamp(place.conn))
        )
        cells = need(pledge_certificate.cells(place.conn, place.book.log, id, place.seq))
        return _hand_out(door, place, paper, out, wanted, _holding_proofs(place, paper, cells))


def _of_transaction(
    door: Door,
    id: str,
    make: Callable[[_Place], Paper | Refusal],
    out: Path,
    format: str,
    signing_key: Path | None,
    *,
    proof: bool,
) -> Reply:
    """Hand out the paper of a transaction, and its proof where that is asked for."""
    wanted = formats(format)
    with _place(door, None, signing_key, proof=proof) as place:
        paper = need(make(place))
        return _hand_out(door, place, paper, out, wanted, _transaction_proof(place, paper, id))


# -- as of which entry, with or without proof --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """A read transaction, the entry to speak as of, and who proves it, if that is asked for."""

    conn: Connection
    book: Book
    seq: int
    prover: Prover | None = None


@contextmanager
def _place(door: Door, as_of: str | None, key: Path | None, *, proof: bool) -> Iterator[_Place]:
    from tanshu.cli.border import complain
    from tanshu.registry import statements

    title = Text("跟进日志", "following the log").in_(door.lang)
    if proof:
        if as_of is not None:
            raise complain(
                door.lang,
                "--proof 的时点是检查点,不能另指定 --as-of",
                "--proof speaks as of a checkpoint; leave out --as-of",
            )
        with (
            under_checkpoint(door, key) as under,
            progress(title) as tick,
            statements.reading(under.book, lambda done, _of: tick(done)) as conn,
        ):
            yield _Place(conn, under.book, under.checkpoint.seq, under.prover)
        return
    with (
        door.reading() as (_, book),
        progress(title) as tick,
        statements.reading(book, lambda done, _of: tick(done)) as conn,
    ):
        newest = statements.newest(conn, book.log)
        yield _Place(conn, book, newest if as_of is None else read_moment(conn, book.log, as_of, "as_of"))


def _cells(conn: Connection, book: Book, handle: str, seq: int) -> list[Cell]:
    from tanshu.book.movements import holdings_at
    from tanshu.parties import queries as parties

    subject = need(parties.subject(conn, handle))
    numbers = [one.number for one in parties.accounts_of(conn, subject.id)]
    return [cell for number in numbers for cell in holdings_at(conn, book.log, seq, number)]


# -- proofs ------------------------------------------------------------------------------------------------

Proofs = Sequence[tuple[str, Any]]
"""File name and proof."""


def _holding_proofs(place: _Place, paper: Paper, cells: Sequence[tuple[int, int]]) -> Proofs:
    from tanshu.parties import queries as parties
    from tanshu.registry import queries as registry

    if place.prover is None:
        return ()
    found: list[tuple[str, Any]] = []
    for account, instrument in cells:
        code = parties.account_by_number(place.conn, account).code
        what = registry.instrument_by_number(place.conn, instrument).code
        proof = place.prover.holding(account, instrument)
        found.append((f"{paper.number}.{code}.{what}.proof.json", proof))
    return found


def _transaction_proof(place: _Place, paper: Paper, id: str) -> Proofs:
    from tanshu.registry import proofs

    if place.prover is None:
        return ()
    wanted = proofs.certificate(place.conn, place.book.log, id, place.seq)
    return [(f"{paper.number}.proof.json", place.prover.certificate(wanted))]


def _hand_out(
    door: Door, place: _Place, paper: Paper, out: Path, wanted: Sequence[str], proofs: Proofs
) -> Reply:
    files = write_paper(paper, door.lang, out, wanted)
    for name, proof in proofs:
        path = out / name
        path.write_text(output.as_json(proof) + "\n", encoding="utf-8")
        files.append(path)
    data = {
        "number": paper.number,
        "title": paper.title,
        "as_of_seq": place.seq,
        "files": [str(path) for path in files],
    }
    return Reply(data, said(files))
