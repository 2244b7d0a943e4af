"""Proofs made: from a signed checkpoint, one JSON file that an outsider checks without us.

    {"format": "tanshu-proof/1", "kind": …, "suite": …, "checkpoint": the signed note, and the evidence}

| kind                     | evidence                                                                     |
|--------------------------|------------------------------------------------------------------------------|
| holding                  | `cell`: leaf, salt, index and path to the state root; `serials`: its numbers |
| transaction, certificate | `entries`: leaf, salt and path to the log root of each                       |
|                          | … and under it `records` and `rows`: leaf, salt and path of some of them     |
| consistency              | `earlier`: another signed checkpoint; `path`                                 |

Every part stands in a leaf or is signed. `book/verify.py` checks it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.book import checkpoints, leaves, proof_checks, state_tree, trees
from tanshu.book.commit import Book
from tanshu.book.rows import INSERT
from tanshu.book.state_tree import NamesAt, StateTree, nameless
from tanshu.book.verify import CERTIFICATE, CONSISTENCY, FORMAT, HOLDING, TRANSACTION
from tanshu.log import merkle
from tanshu.log.merkle import Tree
from tanshu.log.note import Note

Json = dict[str, Any]


class Wanted(NamedTuple):
    """What is to be shown of one entry: records by number; row changes by table and what they say."""

    seq: int
    records: tuple[int, ...] = ()
    rows: tuple[tuple[str, Mapping[str, Any]], ...] = ()


class Prover:
    """Makes proofs under one checkpoint, in one read transaction, once `trees.catch_up` has been.

    Raises Refused PROOF-2005, 2006, 4001 to 4003 where this database does not lead to the checkpoint.
    """

    def __init__(self, conn: Connection, book: Book, signed: Note, names_at: NamesAt = nameless):
        self.checkpoint = checkpoints.must_agree(conn, book.log, signed)
        self._conn, self._book, self._signed, self._names_at = conn, book, signed, names_at
        self._how = trees.salted(conn, book.log)
        self._nodes = trees.nodes(conn, book.log, self._how.suite)
        self._state: StateTree | None = None

    def holding(self, account: int, instrument: int) -> Json:
        """That an account had this of an instrument, at the checkpoint. Raises Refused PROOF-2001."""
        state, seq = self.state(), self.checkpoint.seq
        index = state.index(account, instrument)
        if index is None:
            names = self._names_at(self._conn, seq)
            named = names.account(account)
            code = named.code if named else f"#{account}"
            what = names.instrument(instrument) or f"#{instrument}"
            raise Refused(proof_checks.NOTHING_HELD(seq=seq, account=code, instrument=what))
        leaf = json.loads(state.leaves[index])
        cell = {
            "leaf": leaf,
            "salt": self._how.salt(leaves.cell_position(seq, account, instrument)).hex(),
            "index": index,
            "path": _hex(state.tree.inclusion(index)),
        }
        numbers = None
        if leaf["serials"] is not None:
            found = state_tree.numbers_of(self._conn, self._book.log, account, instrument, seq)
            numbers = found.as_json()
        return self._proof(HOLDING, cell=cell, serials=numbers)

    def transaction(self, wanted: Sequence[Wanted]) -> Json:
        """That these things stand in the log."""
        return self._proof(TRANSACTION, entries=self._entries(wanted))

    def certificate(self, wanted: Sequence[Wanted]) -> Json:
        """The same, of a transaction that took effect."""
        return self._proof(CERTIFICATE, entries=self._entries(wanted))

    def consistency(self, earlier: Note) -> Json:
        """That the log at an earlier checkpoint is how the log at this one began."""
        first = checkpoints.must_agree(self._conn, self._book.log, earlier)
        if first.size > self.checkpoint.size:
            raise Refused(proof_checks.ORDER(first=first.seq, second=self.checkpoint.seq))
        path = merkle.consistency(self._how.suite, first.size, self.checkpoint.size, self._nodes)
        return self._proof(CONSISTENCY, earlier=str(earlier), path=_hex(path))

    def state(self) -> StateTree:
        """The tree over all cells at the checkpoint, built once."""
        if self._state is None:
            conn, seq = self._conn, self.checkpoint.seq
            state = self._book.as_of(conn, seq)
            names = self._names_at(conn, seq)
            self._state = state_tree.build(conn, self._book.log, state, seq, names, self._how)
            if self._state.tree.root != self.checkpoint.state_root:
                raise Refused(proof_checks.OTHER_ROOT(seq=seq, what=Text("状态根", "state root")))
        return self._state

    def _proof(self, kind: str, **evidence: object) -> Json:
        return {
            "format": FORMAT,
            "kind": kind,
            "suite": self._how.suite.name,
            "checkpoint": str(self._signed),
            **evidence,
        }

    # -- entries -------------------------------------------------------------------------------------------

    def _entries(self, wanted: Sequence[Wanted]) -> list[Json]:
        """The evidence of each entry, in their order; what is wanted of one entry twice is shown once."""
        together: dict[int, Wanted] = {}
        for one in wanted:
            known = together.get(one.seq, Wanted(one.seq))
            together[one.seq] = Wanted(one.seq, known.records + one.records, known.rows + one.rows)
        return [self._entry(together[seq]) for seq in sorted(together)]

    def _entry(self, wanted: Wanted) -> Json:
        seq, size = wanted.seq, self.checkpoint.size
        if seq >= size:
            what = Text(f"第 {seq} 条记录", f"entry {seq}")
            raise Refused(proof_checks.NOT_COVERED(what=what, seq=seq, newest=self.checkpoint.seq))
        inside = trees.opened(self._conn, self._book.log, self._how, seq)
        if inside is None or any(i >= len(inside.records) for i in wanted.records):
            raise Refused(proof_checks.NO_RECORD(seq=seq, i=max(wanted.records, default=0)))
        salt = self._how.salt
        records = sorted(set(wanted.records))
        likes = _likes(wanted)
        rows = [i for i, leaf in enumerate(inside.rows) if _is_like(json.loads(leaf)["change"], likes)]
        return {
            "leaf": json.loads(inside.leaf),
            "salt": salt(leaves.entry_position(seq)).hex(),
            "path": _hex(merkle.inclusion(self._how.suite, seq, size, self._nodes)),
            "records": [
                _under(inside.record_tree, inside.records, i, salt(leaves.record_position(seq, i)))
                for i in records
            ],
            "rows": [
                _under(inside.row_tree, inside.rows, i, salt(leaves.row_position(seq, i))) for i in rows
            ],
        }


def _under(tree: Tree, of: Sequence[bytes], i: int, salt: bytes) -> Json:
    return {"leaf": json.loads(of[i]), "salt": salt.hex(), "path": _hex(tree.inclusion(i))}


Likes = dict[tuple[str, tuple[str, ...]], set[tuple[Any, ...]]]
"""(table, columns) → the values that wanted rows have there."""


def _likes(wanted: Wanted) -> Likes:
    found: Likes = defaultdict(set)
    for table, like in wanted.rows:
        columns = tuple(sorted(like))
        found[table, columns].add(tuple(like[column] for column in columns))
    return found


def _is_like(change: Sequence[Any], likes: Likes) -> bool:
    kind, table, where, values = change
    says = values if kind == INSERT else where
    return any(
        table == name and tuple(says.get(column) for column in columns) in wanted
        for (name, columns), wanted in likes.items()
    )


def _hex(path: Sequence[bytes]) -> list[str]:
    return [one.hex() for one in path]
