"""A checkpoint's text: what a registry signs about its log and its book at one entry (C2SP tlog-checkpoint).

    tanshu/hubei                       origin: whose log this is
    1042                               entries in it
    base64                             root of the tree over them
    state base64 211                   root of the tree over the cells that are not zero; how many they are
    chain hex                          hash of the newest entry in the log's own chain
    time 1735635600000000000           its time, UTC nanoseconds
    salt hex                           which secret salted the leaves

The first three lines are every transparency log's; the others are this house's, signed with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tanshu.base.refusal import Refused, refusal
from tanshu.log.note import b64, unb64
from tanshu.log.suite import HashSuite

NOT_A_CHECKPOINT = refusal(
    "PROOF-1009",
    "签名文本不是本系统的检查点:第 {line} 行无法识别。",
    "The signed text is not a checkpoint of this kind: line {line} cannot be read.",
)

ORIGIN_PREFIX = "tanshu/"
SALT_ID_BYTES = 8
_NUMBER = r"(0|[1-9][0-9]{0,18})"
_HASH = r"([A-Za-z0-9+/]{43}=)"
_LINES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(.+)",
        _NUMBER,
        _HASH,
        rf"state {_HASH} {_NUMBER}",
        r"chain ([0-9a-f]{64})",
        rf"time {_NUMBER}",
        r"salt ([0-9a-f]{16})",
    )
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed. size: entries in the log, the newest of which is entry size − 1 at time_ns (UTC)."""

    origin: str
    size: int
    root: bytes
    state_root: bytes
    cells: int
    chain: bytes
    time_ns: int
    salt_id: str

    @property
    def seq(self) -> int:
        """The newest entry it covers."""
        return self.size - 1

    def __str__(self) -> str:
        lines = (
            self.origin,
            self.size,
            b64(self.root),
            f"state {b64(self.state_root)} {self.cells}",
            f"chain {self.chain.hex()}",
            f"time {self.time_ns}",
            f"salt {self.salt_id}",
        )
        return "".join(f"{line}\n" for line in lines)


def parse(text: str) -> Checkpoint:
    """The checkpoint that a note's text is. Raises Refused PROOF-1009. Further lines are for others."""
    lines = text.removesuffix("\n").split("\n")
    found: list[str] = []
    if "" in lines:
        raise _unreadable(lines.index(""))
    for at, pattern in enumerate(_LINES):
        match = pattern.fullmatch(lines[at]) if at < len(lines) else None
        if match is None:
            raise _unreadable(at)
        found += match.groups()
    origin, size, root, state_root, cells, chain, time_ns, salt_id = found
    roots = unb64(root), unb64(state_root)
    if roots[0] is None or roots[1] is None or size == "0":
        raise _unreadable(1 if size == "0" else 2 if roots[0] is None else 3)
    return Checkpoint(
        origin, int(size), roots[0], roots[1], int(cells), bytes.fromhex(chain), int(time_ns), salt_id
    )


def salt_id(suite: HashSuite, secret: bytes) -> str:
    """What tells two secrets apart without telling them."""
    return suite.digest(b"tanshu salt id\n" + secret)[:SALT_ID_BYTES].hex()


def _unreadable(line: int) -> Refused:
    return Refused(NOT_A_CHECKPOINT(field="checkpoint", line=line + 1))
