"""Proofs checked: no database, no network, nothing but the file, a public key and hashing.

`check` takes a file's bytes and the keys that must have signed, and answers with what is proven, or leaves
with the numbered refusal that says which part does not match. Whatever the bytes are, nothing else leaves.
Every part of a proof is of an exact form and is covered by a root or a signature; one part too many is
refused, too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from tanshu.base.canonical import canonical
from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.book import leaves, proof_checks
from tanshu.log import checkpoint, merkle, note, suite, tiles
from tanshu.log.checkpoint import Checkpoint
from tanshu.log.note import Note, VerifierKey
from tanshu.log.suite import SALT_BYTES, HashSuite

FORMAT = "tanshu-proof/1"
HOLDING, TRANSACTION, CERTIFICATE, CONSISTENCY = "holding", "transaction", "certificate", "consistency"
CHECKPOINT, PUBLIC_LOG = "checkpoint", "public-log"
_EVIDENCE = {
    HOLDING: ("cell", "serials"),
    TRANSACTION: ("entries",),
    CERTIFICATE: ("entries",),
    CONSISTENCY: ("earlier", "path"),
}
FILE_BYTES_MAX = 256 * 2**20
_TEXT_MAX = 60
"""Characters of a strange value that a sentence repeats."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry of the log with those of its records and row changes that are proven.

    records: as `leaves.record` writes them, out of `record_count` in all. changes: [kind, table, where,
    values], as the entry told them.
    """

    seq: int
    time_ns: int
    hash: str
    record_count: int
    records: tuple[Json, ...]
    changes: tuple[list[Any], ...]


@dataclass(frozen=True, slots=True)
class Proven:
    """What a file proves. unchecked: whose signatures it also carries, that nobody asked to check.

    cell, serials: of a holding. entries: of a transaction or certificate. earlier: of a consistency.
    """

    kind: str
    checkpoint: Checkpoint
    signers: tuple[str, ...]
    unchecked: tuple[str, ...]
    cell: Json | None = None
    serials: Json | None = None
    entries: tuple[ProvenEntry, ...] = ()
    earlier: Checkpoint | None = None


def check(data: bytes, keys: Sequence[VerifierKey]) -> Proven:
    """What a proof or checkpoint file proves, signed by every one of `keys`.

    Raises Refused PROOF-1001 to 1019, BASE-1302 where a text in it cannot be hashed.
    """
    assert keys, "a proof that nobody signed proves nothing"
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise _not_a_proof("不是 UTF-8 文本", "it is not UTF-8 text") from None
    if _looks_like_a_note(text):
        signed, found = _signed(text, keys)
        return _proven(CHECKPOINT, signed, found, keys)
    try:
        return _check(_read(text), keys)
    except RecursionError:
        raise _not_a_proof("嵌套过深", "it is nested too deeply") from None


def _check(proof: Json, keys: Sequence[VerifierKey]) -> Proven:
    kind = proof["kind"]
    chosen = suite.by_name(leaves.string(proof["suite"], "suite")[:_TEXT_MAX])
    signed, found = _signed(leaves.string(proof["checkpoint"], "checkpoint"), keys)
    if kind == HOLDING:
        cell, serials = _holding(chosen, found, proof)
        return _proven(kind, signed, found, keys, cell=cell, serials=serials)
    if kind == CONSISTENCY:
        return _proven(kind, signed, found, keys, earlier=_earlier(chosen, found, proof, keys))
    return _proven(kind, signed, found, keys, entries=_entries(chosen, found, proof["entries"]))


def _proven(
    kind: str, signed: Note, found: Checkpoint, keys: Sequence[VerifierKey], **evidence: Any
) -> Proven:
    signers = tuple(dict.fromkeys(key.handle for key in keys))
    others = (one.handle for one in signed.signatures if one.handle not in signers)
    return Proven(kind, found, signers, tuple(dict.fromkeys(others)), **evidence)


# -- reading -----------------------------------------------------------------------------------------------


def _looks_like_a_note(text: str) -> bool:
    return "\n— " in text and not text.lstrip().startswith("{")


def _read(text: str) -> Json:
    """The proof as an object with exactly the members of its kind."""
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number)
    except (ValueError, OverflowError) as error:
        why = str(error)[:_TEXT_MAX]
        raise _not_a_proof(f"不是合格的 JSON({why})", f"it is not well-formed JSON ({why})") from None
    if not isinstance(found, dict):
        raise _not_a_proof("不是 JSON 对象", "it is not a JSON object")
    if found.get("format") != FORMAT:
        shown = ascii(found.get("format"))[:_TEXT_MAX]
        raise Refused(proof_checks.OTHER_FORMAT(field="format", value=shown, known=FORMAT))
    kind = found.get("kind")
    if not isinstance(kind, str) or kind not in _EVIDENCE:
        known = ", ".join(_EVIDENCE)
        raise Refused(proof_checks.OTHER_KIND(field="kind", value=ascii(kind)[:_TEXT_MAX], known=known))
    return leaves.members(found, "proof", "format", "kind", "suite", "checkpoint", *_EVIDENCE[kind])


def _once(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a member stands twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text[:_TEXT_MAX]} is not a whole number")


def _signed(text: str, keys: Sequence[VerifierKey]) -> tuple[Note, Checkpoint]:
    signed = note.parse(text)
    note.check(signed, keys)
    return signed, checkpoint.parse(signed.text)


# -- a holding ---------------------------------------------------------------------------------------------


def _holding(chosen: HashSuite, found: Checkpoint, proof: Json) -> tuple[Json, Json | None]:
    part = leaves.members(proof["cell"], "cell", "leaf", "salt", "index", "path")
    leaf = leaves.check_cell(part["leaf"], "cell.leaf", chosen.hash_bytes)
    index = leaves.integer(part["index"], "cell.index")
    if _root(chosen, part, "cell", index, found.cells) != found.state_root:
        refusal = proof_checks.STATE_ROOT(account=leaf["account"], instrument=leaf["instrument"])
        raise Refused(refusal)
    return leaf, _serials(chosen, leaf, proof["serials"])


def _serials(chosen: HashSuite, leaf: Json, value: object) -> Json | None:
    """The ranges that the leaf's hash covers; None where the units have no numbers."""
    if (value is None) != (leaf["serials"] is None):
        raise Refused(proof_checks.SERIALS(account=leaf["account"], instrument=leaf["instrument"]))
    if value is None:
        return None
    part = leaves.members(value, "serials", "available", "held")
    available = leaves.ranges(part["available"], "serials.available")
    held = leaves.ranges(part["held"], "serials.held")
    both = leaves.serials(available, held)
    if chosen.digest(canonical(both)).hex() != leaf["serials"]:
        raise Refused(proof_checks.SERIALS(account=leaf["account"], instrument=leaf["instrument"]))
    return both


# -- entries -----------------------------------------------------------------------------------------------


def _entries(chosen: HashSuite, found: Checkpoint, value: object) -> tuple[ProvenEntry, ...]:
    parts = leaves.items(value, "entries")
    if not parts:
        raise leaves.misshapen("entries", "不能为空", "it is empty")
    entries = tuple(_entry(chosen, found, part, f"entries[{n}]") for n, part in enumerate(parts))
    _must_grow([one.seq for one in entries], "entries")
    return entries


def _entry(chosen: HashSuite, found: Checkpoint, value: object, where: str) -> ProvenEntry:
    part = leaves.members(value, where, "leaf", "salt", "path", "records", "rows")
    leaf = leaves.check_entry(part["leaf"], f"{where}.leaf", chosen.hash_bytes)
    seq = leaf["seq"]
    if seq >= found.size:
        raise Refused(proof_checks.BEYOND(seq=seq, newest=found.seq))
    if _root(chosen, part, where, seq, found.size) != found.root:
        raise Refused(proof_checks.LOG_ROOT(seq=seq))
    records: list[Json] = []
    for n, one in enumerate(leaves.items(part["records"], f"{where}.records")):
        here = f"{where}.records[{n}]"
        under = leaves.members(one, here, "leaf", "salt", "path")
        record = leaves.check_record(under["leaf"], f"{here}.leaf")
        root = _root(chosen, under, here, record["i"], leaf["records"])
        if root is None or root.hex() != leaf["records_root"]:
            raise Refused(proof_checks.RECORD_ROOT(seq=seq, i=record["i"]))
        records.append(record)
    rows: list[Json] = []
    for n, one in enumerate(leaves.items(part["rows"], f"{where}.rows")):
        here = f"{where}.rows[{n}]"
        under = leaves.members(one, here, "leaf", "salt", "path")
        row = leaves.check_row(under["leaf"], f"{here}.leaf")
        root = _root(chosen, under, here, row["i"], leaf["rows"])
        if root is None or root.hex() != leaf["rows_root"]:
            raise Refused(proof_checks.ROW_ROOT(seq=seq, i=row["i"]))
        rows.append(row)
    _must_grow([one["i"] for one in records], f"{where}.records")
    _must_grow([one["i"] for one in rows], f"{where}.rows")
    changes = tuple(one["change"] for one in rows)
    return ProvenEntry(seq, leaf["time_ns"], leaf["hash"], leaf["records"], tuple(records), changes)


def _must_grow(numbers: Sequence[int], where: str) -> None:
    if any(one >= other for one, other in pairwise(numbers)):
        raise leaves.misshapen(where, "须按序排列且不重复", "its parts must be in order, each once")


# -- two checkpoints ---------------------------------------------------------------------------------------


def _earlier(chosen: HashSuite, found: Checkpoint, proof: Json, keys: Sequence[VerifierKey]) -> Checkpoint:
    _, first = _signed(leaves.string(proof["earlier"], "earlier"), keys)
    if first.origin != found.origin:
        raise Refused(proof_checks.OTHER_ORIGIN(first=first.origin, second=found.origin))
    path = _path(chosen, proof["path"], "path")
    if not merkle.is_consistent(chosen, first.size, first.root, found.size, found.root, path):
        raise Refused(proof_checks.CONSISTENCY(first=first.seq, second=found.seq))
    return first


# -- a public log ------------------------------------------------------------------------------------------


def check_public_log(folder: Path, keys: Sequence[VerifierKey]) -> Proven:
    """Does an exported log lead to its checkpoint, in every tile? Raises Refused, PROOF-1018 for a tile."""
    signed, found = _signed(_utf8(folder / "checkpoint"), keys)
    chosen = keys[0].suite
    step = chosen.hash_bytes
    above: dict[int, bytearray] = {}
    for level, n, width in tiles.tiles(found.size):
        name = tiles.path(level, n, width)
        hashes = _tile(folder, name, width * step)
        if level and hashes != bytes(above[level][n * tiles.WIDTH * step :][: len(hashes)]):
            raise _bad_tile(name, "与下一层的砖块不符", "it does not follow from the tiles below it")
        if width == tiles.WIDTH:
            above.setdefault(level + 1, bytearray()).extend(tiles.tile_root(chosen, hashes))
    nodes = tiles.Nodes(chosen, lambda level, n: _some_tile(folder, found.size, level, n, step))
    if merkle.root(chosen, found.size, nodes) != found.root:
        raise _bad_tile("tile/", "砖块不能得出检查点所签的日志根", "the tiles do not lead to the log root")
    return _proven(PUBLIC_LOG, signed, found, keys)


def _some_tile(folder: Path, size: int, level: int, n: int, step: int) -> bytes:
    hashes = dict(tiles.widths(size))[level]
    width = min(tiles.WIDTH, hashes - n * tiles.WIDTH)
    return _tile(folder, tiles.path(level, n, width), width * step)


def _tile(folder: Path, name: str, length: int) -> bytes:
    try:
        hashes = (folder / name).read_bytes()
    except OSError as error:
        raise _bad_tile(name, f"无法读取:{error.strerror}", f"it cannot be read: {error.strerror}") from None
    if len(hashes) != length:
        raise _bad_tile(name, f"应有 {length} 字节", f"it should be {length} bytes long")
    return hashes


def _bad_tile(name: str, zh: str, en: str) -> Refused:
    return Refused(proof_checks.TILE(path=name, why=Text(zh, en)))


def _utf8(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise _not_a_proof("不是 UTF-8 文本", "it is not UTF-8 text") from None
    except OSError:
        raise _not_a_proof(f"无法读取 {path.name}", f"{path.name} cannot be read") from None


# -- hashes ------------------------------------------------------------------------------------------------


def _root(chosen: HashSuite, part: Json, where: str, index: int, size: int) -> bytes | None:
    """The root to which a part's leaf, salt and path lead; None where the path does not fit."""
    salt = leaves.octets(part["salt"], f"{where}.salt", SALT_BYTES)
    leaf_hash = chosen.leaf(salt + canonical(part["leaf"]))
    return merkle.root_from(chosen, leaf_hash, index, size, _path(chosen, part["path"], f"{where}.path"))


def _path(chosen: HashSuite, value: object, where: str) -> list[bytes]:
    return [
        leaves.octets(one, f"{where}[{n}]", chosen.hash_bytes)
        for n, one in enumerate(leaves.items(value, where))
    ]


def _not_a_proof(zh: str, en: str) -> Refused:
    return Refused(proof_checks.NOT_A_PROOF(field="file", why=Text(zh, en)))
