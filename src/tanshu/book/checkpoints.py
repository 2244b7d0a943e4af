"""Checkpoints: what a registry signs about its log and its book at an entry, and what holds them to it.

The log root covers every entry, the state root every cell that is not zero: so a holding can be proven, not
only that something was once recorded. A checkpoint is made once for an entry; whoever signs it later adds a
signature to the same text. Nothing is signed that is inconsistent with what was signed before.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Connection, SmallInteger, Table, Text, func, insert, select, update

from tanshu.base.database import Database, metadata
from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Text as Words
from tanshu.book import proof_checks, state_tree, trees
from tanshu.book.commit import Book
from tanshu.book.projections import Progress
from tanshu.book.state_tree import NamesAt, nameless
from tanshu.log import checkpoint, note, store
from tanshu.log.checkpoint import ORIGIN_PREFIX, Checkpoint
from tanshu.log.note import Note, SigningKey, VerifierKey

CHECKPOINT = Table(
    "checkpoint",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="the newest entry it covers"),
    Column("note", Text, nullable=False, comment="the signed note, with every signature it was given"),
    comment="What was signed about the log; never changed but by further signatures.",
    info={"derived": True, "keep": "public", "needs": "proof_secret"},
)


# -- making ------------------------------------------------------------------------------------------------


def make(
    book: Book,
    key: SigningKey,
    names_at: NamesAt = nameless,
    progress: Progress | None = None,
) -> Note:
    """The checkpoint at the newest entry, signed with `key`; the one that is there, with its signature added.

    Raises Refused PROOF-2005 or 2006 where an earlier checkpoint contradicts this database, PROOF-2007 where
    the serial numbers do not add up, PROOF-2011 where the book's name cannot stand in a checkpoint.
    """
    seq = trees.catch_up(book.database, book.log, progress=progress)
    with book.database.read() as conn:
        newest = latest(conn, book.log)
        if newest is not None:
            must_agree(conn, book.log, newest)
            if checkpoint.parse(newest.text).seq == seq and _is_signed_by(newest, key):
                return newest
        text = str(_checkpoint(conn, book, seq, names_at))
    with book.database.write() as conn:
        store.lock(conn, book.log)
        return _keep(conn, book.log, seq, note.sign(text, key))


def add_signatures(
    database: Database, log: int, signed: Note, witnesses: Sequence[VerifierKey]
) -> Note | None:
    """Keep these witnesses' signatures of a note with the checkpoint of the same text, and no others.

    A signature that nobody has checked would spoil the checkpoint for all who check it. Returns the
    checkpoint with all its signatures, None where there is none of this text. Raises Refused PROOF-1006 (too
    many), 1007 or 1008 (not signed by each of the witnesses).
    """
    note.check(signed, witnesses)
    wanted = {one.handle for one in witnesses}
    seq = checkpoint.parse(signed.text).seq
    with database.write() as conn:
        store.lock(conn, log)
        known = at(conn, log, seq)
        if known is None or known.text != signed.text:
            return None
        there = {one.handle for one in known.signatures}
        more = tuple(one for one in signed.signatures if one.handle in wanted - there)
        note.parse(str(known.with_signatures(more)))  # not more than can be read again
        return _keep(conn, log, seq, Note(signed.text, more))


def _checkpoint(conn: Connection, book: Book, seq: int, names_at: NamesAt) -> Checkpoint:
    """What is to be signed at entry `seq`, to which the trees have been brought."""
    how = trees.salted(conn, book.log)
    entry = next(store.read(conn, book.log, after=seq - 1, upto=seq))
    state = state_tree.build(conn, book.log, book.as_of(conn, seq), seq, names_at(conn, seq), how)
    return Checkpoint(
        origin(conn, book.log),
        seq + 1,
        trees.log_root(conn, book.log, how.suite, seq + 1),
        state.tree.root,
        state.tree.size,
        entry.hash,
        entry.time_ns,
        how.salt_id,
    )


def _keep(conn: Connection, log: int, seq: int, signed: Note) -> Note:
    """Store a checkpoint, or its signatures with the one that is there. One text for an entry, for ever."""
    known = at(conn, log, seq)
    if known is None:
        conn.execute(insert(CHECKPOINT).values(log=log, seq=seq, note=str(signed)))
        return signed
    if known.text != signed.text:
        raise Refused(proof_checks.OTHER_ROOT(seq=seq, what=Words("文本不同", "another text")))
    together = known.with_signatures(signed.signatures)
    this = update(CHECKPOINT).where(CHECKPOINT.c.log == log, CHECKPOINT.c.seq == seq)
    conn.execute(this.values(note=str(together)))
    return together


def _is_signed_by(signed: Note, key: SigningKey) -> bool:
    return key.verifier.handle in {one.handle for one in signed.signatures}


# -- asking ------------------------------------------------------------------------------------------------


def origin(conn: Connection, log: int) -> str:
    """The first line of this log's checkpoints. Raises Refused PROOF-2011."""
    name = store.book_name(conn, log) or ""
    if any(c < " " for c in name):
        raise Refused(proof_checks.BOOK_NAME(name=ascii(name)))
    return ORIGIN_PREFIX + name


def at(conn: Connection, log: int, seq: int) -> Note | None:
    """The checkpoint of an entry."""
    this = select(CHECKPOINT.c.note).where(CHECKPOINT.c.log == log, CHECKPOINT.c.seq == seq)
    text = conn.execute(this).scalar()
    return None if text is None else note.parse(text)


def latest(conn: Connection, log: int) -> Note | None:
    """The newest checkpoint."""
    seq = conn.execute(select(func.max(CHECKPOINT.c.seq)).where(CHECKPOINT.c.log == log)).scalar()
    return None if seq is None else at(conn, log, seq)


def every(conn: Connection, log: int) -> list[Note]:
    """All checkpoints, oldest first."""
    query = select(CHECKPOINT.c.note).where(CHECKPOINT.c.log == log).order_by(CHECKPOINT.c.seq)
    return [note.parse(text) for text in conn.execute(query).scalars()]


# -- holding to what was signed ----------------------------------------------------------------------------


def contradiction(conn: Connection, log: int, signed: Note) -> Refusal | None:
    """Why this log cannot be the one of which the checkpoint was signed; None where it can.

    That the signature is whose it should be, the caller has checked. It takes no trees: the log's own chain
    tells. Refuses with PROOF-4001 (newest entries are missing), 4002 (rewritten), 4003 (another book).
    """
    found = checkpoint.parse(signed.text)
    if store.hash_at(conn, log, found.seq) == found.chain:
        return None  # equal hashes have equal entries before them, genesis with the book's name included
    ours = _readable_origin(conn, log)
    if ours is not None and found.origin != ours:
        return proof_checks.OTHER_BOOK(theirs=found.origin, ours=ours)
    newest = store.tail(conn, log)
    if newest is None or newest[0] < found.seq:
        return proof_checks.SHORTER(signed=found.seq, newest=-1 if newest is None else newest[0])
    return proof_checks.OTHER_CHAIN(seq=found.seq)


def _readable_origin(conn: Connection, log: int) -> str | None:
    """The origin; None where genesis is missing or damaged."""
    try:
        return origin(conn, log) if store.tail(conn, log) else None
    except (ValueError, LookupError, TypeError, Refused):
        return None


def must_agree(conn: Connection, log: int, signed: Note) -> Checkpoint:
    """The checkpoint, if this database, whose trees have been brought to it, still leads to it.

    Raises Refused PROOF-4001 to 4003, PROOF-2005 (other salts) or 2006 (another log root).
    """
    refused = contradiction(conn, log, signed)
    if refused:
        raise Refused(refused)
    found, how = checkpoint.parse(signed.text), trees.salted(conn, log)
    if found.salt_id != how.salt_id:
        raise Refused(proof_checks.OTHER_SALT(seq=found.seq, theirs=found.salt_id, ours=how.salt_id))
    if trees.log_root(conn, log, how.suite, found.size) != found.root:
        raise Refused(proof_checks.OTHER_ROOT(seq=found.seq, what=Words("日志根", "log root")))
    return found
