"""Checkpoints: what is signed once stays, binds, and tells a log that was cut or rewritten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.book import checkpoints, projections, public_log, records, state_tree, trees, verify
from tanshu.book.checkpoints import CHECKPOINT
from tanshu.book.commit import Book
from tanshu.book.proofs import Prover
from tanshu.book.serials import SERIAL_RANGE
from tanshu.book.state_tree import Nameless
from tanshu.book.trees import LOG_TILE, PROOF_SECRET, Trees
from tanshu.log import checkpoint, note, store
from tanshu.log.note import Note
from tests.conftest import MakeContext
from tests.support.commands import CEA, CNY, ISSUER, MAKER, TAKER, accepted, opening, request, send
from tests.support.proofs import KEY, OTHER_KEY, as_file, refused

LOG = store.REGISTRY_LOG


@pytest.fixture
def signed(book: Book, context: MakeContext) -> Note:
    """A checkpoint at entry 2 of a small book."""
    accepted(send(context(), *opening()))
    accepted(send(context(), records.transfer(MAKER, TAKER, CEA, 100)))
    return checkpoints.make(book, KEY)


def agrees(database: Database, signed: Note) -> checkpoint.Checkpoint:
    with database.read() as conn:
        return checkpoints.must_agree(conn, LOG, signed)


def contradiction(database: Database, signed: Note) -> str | None:
    with database.read() as conn:
        refusal = checkpoints.contradiction(conn, LOG, signed)
    if refusal is not None:
        assert refusal.sentence("zh") and refusal.sentence("en")
    return refusal.code if refusal else None


def run(database: Database, sql: str) -> None:
    with database.write() as conn:
        conn.execute(text(sql))


# -- making ------------------------------------------------------------------------------------------------


def test_a_checkpoint_says_where_log_and_state_stand(book: Book, signed: Note):
    note.check(signed, [KEY.verifier])
    found = agrees(book.database, signed)
    with book.database.read() as conn:
        tail = store.tail(conn, LOG)
        state = book.catch_up(conn)
    assert (found.origin, found.size, found.cells) == ("tanshu/test", 3, len(list(state.cells())))
    assert tail == (found.seq, found.time_ns, found.chain)


def test_made_again_it_is_the_same_and_another_key_adds_its_signature(book: Book, signed: Note):
    assert checkpoints.make(book, KEY) == signed
    both = checkpoints.make(book, OTHER_KEY)
    assert both.text == signed.text and both.signatures[:1] == signed.signatures
    note.check(both, [KEY.verifier, OTHER_KEY.verifier])
    assert checkpoints.make(book, KEY) == both


def test_a_witness_s_signature_is_kept_with_the_checkpoint_it_signed(book: Book, signed: Note):
    witness = note.sign(signed.text, OTHER_KEY)
    who = [OTHER_KEY.verifier]
    both = checkpoints.add_signatures(book.database, LOG, witness, who)
    assert both is not None and len(both.signatures) == 2
    assert checkpoints.add_signatures(book.database, LOG, witness, who) == both
    with book.database.read() as conn:
        assert checkpoints.every(conn, LOG) == [both]
    other = note.sign(signed.text.replace("time 1", "time 2"), OTHER_KEY)
    assert checkpoints.add_signatures(book.database, LOG, other, who) is None


def test_signatures_that_nobody_checked_are_not_kept(book: Book, signed: Note):
    """One junk signature under the register's own handle would spoil the checkpoint for everybody."""
    mine, who = signed.signatures[0], [OTHER_KEY.verifier]
    junk = [
        note.Signature(mine.name, mine.id, bytes(64)),
        *(note.Signature(f"w{n}", mine.id, bytes(64)) for n in range(60)),
    ]
    given = note.sign(signed.text, OTHER_KEY).with_signatures(junk)
    both = checkpoints.add_signatures(book.database, LOG, given, who)
    assert both is not None and both.signatures == (mine, given.signatures[0])
    note.check(both, [KEY.verifier, *who])
    with pytest.raises(Refused) as refused:
        checkpoints.add_signatures(book.database, LOG, Note(signed.text, tuple(junk)), who)
    assert refused.value.refusal.code == "PROOF-1007"


def test_checkpoints_outlive_the_tiles(book: Book, context: MakeContext, signed: Note):
    accepted(send(context(), records.transfer(MAKER, TAKER, CEA, 5)))
    later = checkpoints.make(book, KEY)
    projections.rebuild(book.database, Trees)
    assert agrees(book.database, signed).seq == 2
    assert agrees(book.database, later).seq == 3
    with book.database.read() as conn:
        assert checkpoints.every(conn, LOG) == [signed, later]
        assert checkpoints.latest(conn, LOG) == later
        assert checkpoints.at(conn, LOG, 1) is None


def test_two_checkpoints_share_no_leaf_though_nothing_moved_between_them(
    book: Book, context: MakeContext, signed: Note
):
    accepted(send(context(), records.open_account(4)))
    later = checkpoints.make(book, KEY)
    assert checkpoint.parse(later.text).state_root != checkpoint.parse(signed.text).state_root
    with book.database.read() as conn:
        how = trees.salted(conn, LOG)
        one, two = (
            state_tree.build(conn, LOG, book.as_of(conn, seq), seq, Nameless(), how) for seq in (2, 3)
        )
    assert one.leaves == two.leaves  # everybody has what they had
    hashes = [{tree.tree.node(0, n) for n in range(tree.tree.size)} for tree in (one, two)]
    assert not hashes[0] & hashes[1]


def test_a_name_that_cannot_stand_in_a_checkpoint_is_refused(database: Database):
    book = Book(database)
    book.create("two\nlines", 1)
    assert refused(checkpoints.make, book, KEY).code == "PROOF-2011"


def test_numbers_that_do_not_add_up_are_not_signed(book: Book, context: MakeContext):
    accepted(send(context(), *opening()))
    trees.catch_up(book.database)
    with book.database.write() as conn:
        mine = SERIAL_RANGE.c.account == MAKER
        conn.execute(update(SERIAL_RANGE).where(mine).values(end=SERIAL_RANGE.c.end - 1))
    assert refused(checkpoints.make, book, KEY).code == "PROOF-2007"


# -- contradictions ----------------------------------------------------------------------------------------


def test_a_log_that_only_grew_agrees(book: Book, context: MakeContext, signed: Note):
    assert contradiction(book.database, signed) is None
    accepted(send(context(), records.transfer(MAKER, TAKER, CEA, 5)))
    assert contradiction(book.database, signed) is None


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("DELETE FROM log_entry WHERE seq = 2", "PROOF-4001"),
        ("DELETE FROM log_entry", "PROOF-4001"),
        ("UPDATE log_entry SET hash = prev_hash WHERE seq = 2", "PROOF-4002"),
    ],
)
def test_a_log_that_was_cut_or_rewritten_is_told(book: Book, signed: Note, sql: str, code: str):
    run(book.database, sql)
    assert contradiction(book.database, signed) == code


def test_a_checkpoint_of_another_book_is_told(book: Book, signed: Note):
    found = replace(checkpoint.parse(signed.text), origin="tanshu/other", chain=bytes(32))
    assert contradiction(book.database, note.sign(str(found), KEY)) == "PROOF-4003"


@pytest.mark.usefixtures("signed")
def test_nothing_is_signed_after_a_log_was_rewritten(book: Book, context: MakeContext):
    run(book.database, "DELETE FROM log_entry WHERE seq = 2")
    anew = Book(book.database)
    accepted(send(context(book=anew), records.transfer(MAKER, TAKER, CEA, 99)))
    assert refused(checkpoints.make, anew, KEY).code == "PROOF-4002"


@pytest.mark.usefixtures("signed")
def test_a_database_rebuilt_from_the_log_alone_says_so(book: Book):
    with book.database.write() as conn:
        conn.execute(delete(PROOF_SECRET))
    projections.rebuild(book.database, Trees)
    assert refused(checkpoints.make, book, KEY).code == "PROOF-2005"


@pytest.mark.usefixtures("signed")
def test_a_tile_altered_behind_the_log_is_noticed_before_anything_is_signed(book: Book, context: MakeContext):
    with book.database.write() as conn:
        hashes = bytes(conn.execute(select(LOG_TILE.c.hashes)).scalar_one())
        conn.execute(update(LOG_TILE).values(hashes=bytes(32) + hashes[32:]))
    accepted(send(context(), records.transfer(MAKER, TAKER, CEA, 5)))
    assert refused(checkpoints.make, book, KEY).code == "PROOF-2006"


def test_one_text_for_an_entry_for_ever(book: Book, signed: Note):
    """Somebody else's checkpoint of the same entry is no checkpoint of this log."""
    other = replace(checkpoint.parse(signed.text), root=bytes(32))
    with book.database.write() as conn:
        conn.execute(update(CHECKPOINT).values(note=str(note.sign(str(other), KEY))))
    assert refused(checkpoints.make, book, OTHER_KEY).code == "PROOF-2006"


# -- the public log ----------------------------------------------------------------------------------------


def test_the_public_log_verifies_and_grows_in_place(book: Book, signed: Note, tmp_path: Path):
    folder = tmp_path / "log"
    with book.database.read() as conn:
        assert public_log.export(conn, LOG, signed, folder) == (1, 1)
        assert public_log.export(conn, LOG, signed, folder) == (1, 0)
    assert verify.check_public_log(folder, [KEY.verifier]).checkpoint.seq == 2
    rows = (records.transfer(MAKER, TAKER, CEA, 1), records.transfer(TAKER, MAKER, CEA, 1))
    book.commit([request(book, n, rows[n % 2], actor="other") for n in range(560)])
    later = checkpoints.make(book, KEY)
    with book.database.read() as conn:
        assert public_log.export(conn, LOG, later, folder) == (4, 4)
        assert refused(public_log.export, conn, LOG, signed, folder).code == "PROOF-2010"
    assert not (folder / "tile/0/000.p").exists()
    assert verify.check_public_log(folder, [KEY.verifier]).checkpoint.size == 563
    for path in sorted(folder.glob("tile/**/*")):
        if path.is_file():
            data = path.read_bytes()
            path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
            assert refused(verify.check_public_log, folder, [KEY.verifier]).code == "PROOF-1018", path
            path.write_bytes(data[:-1])
            assert refused(verify.check_public_log, folder, [KEY.verifier]).code == "PROOF-1018", path
            path.write_bytes(data)
    (folder / "tile/1/000.p/2").unlink()
    assert refused(verify.check_public_log, folder, [KEY.verifier]).code == "PROOF-1018"


def test_a_folder_with_something_else_in_it_is_left_alone(book: Book, signed: Note, tmp_path: Path):
    (tmp_path / "checkpoint").write_text("mine\n", encoding="utf-8")
    with book.database.read() as conn:
        assert refused(public_log.export, conn, LOG, signed, tmp_path).code == "PROOF-2010"
    assert not (tmp_path / "tile").exists()
    assert (tmp_path / "checkpoint").read_text(encoding="utf-8") == "mine\n"


# -- a book without a register -----------------------------------------------------------------------------


def test_a_nameless_book_proves_its_holdings_by_number(book: Book, context: MakeContext, signed: Note):
    accepted(send(context(), records.hold(TAKER, CEA, 40)))
    later = checkpoints.make(book, KEY)
    with book.database.read() as conn:
        prover = Prover(conn, book, later)
        proven = verify.check(as_file(prover.holding(TAKER, CEA)), [KEY.verifier])
        cash = verify.check(as_file(prover.holding(TAKER, CNY)), [KEY.verifier])
        source = verify.check(as_file(prover.holding(ISSUER, CEA)), [KEY.verifier])
        before = verify.check(as_file(Prover(conn, book, signed).holding(TAKER, CEA)), [KEY.verifier])
        grown = verify.check(as_file(prover.consistency(signed)), [KEY.verifier])
        assert refused(prover.holding, 3, CEA).code == "PROOF-2001"
        assert refused(Prover(conn, book, signed).consistency, later).code == "PROOF-2008"
    assert proven.cell is not None and cash.cell is not None and before.cell is not None
    assert (proven.cell["account"], proven.cell["holder"], proven.cell["instrument"]) == ("#2", "", "#0")
    assert (proven.cell["available"], proven.cell["held"]) == (60, 40)
    assert proven.serials == {"available": [[41, 100]], "held": [[1, 40]]}
    assert (cash.cell["available"], cash.cell["scale"], cash.serials) == (50_000, 2, None)
    assert source.cell is not None and source.cell["available"] == -1_000
    assert (before.checkpoint.seq, before.cell["available"], before.cell["held"]) == (2, 100, 0)
    assert before.serials == {"available": [[1, 100]], "held": []}
    assert grown.earlier is not None and (grown.earlier.seq, grown.checkpoint.seq) == (2, 3)


def test_a_refused_contradiction_stops_the_prover(book: Book, signed: Note):
    run(book.database, "DELETE FROM log_entry WHERE seq = 2")
    with book.database.read() as conn, pytest.raises(Refused):
        Prover(conn, book, signed)
