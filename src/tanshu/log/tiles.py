"""Tiles: a tree cut into pieces of 256 hashes, as C2SP tlog-tiles lays them out.

Tile n of level l holds the roots of the subtrees of 256^l leaves numbered 256·n … 256·n+255; a tile that is
full is one hash of a tile a level above. So any node of the tree is found in, or computed from, one tile, and
a proof reads a handful of them however large the tree is. The last tile of each level may be partial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tanshu.log.suite import HashSuite

WIDTH_BITS = 8
WIDTH = 1 << WIDTH_BITS
"""Hashes in a full tile."""

ReadTile = Callable[[int, int], bytes]
"""(level, n) → the hashes of that tile, one after the other."""


def widths(size: int) -> Iterator[tuple[int, int]]:
    """(level, number of hashes) of every level that a tree of `size` leaves has tiles at."""
    level = 0
    while size:
        yield level, size
        size >>= WIDTH_BITS
        level += 1


def tiles(size: int) -> Iterator[tuple[int, int, int]]:
    """(level, n, width) of every tile of a tree of `size` leaves; width < WIDTH where it is partial."""
    for level, hashes in widths(size):
        for n in range(hashes >> WIDTH_BITS):
            yield level, n, WIDTH
        if hashes % WIDTH:
            yield level, hashes >> WIDTH_BITS, hashes % WIDTH


def path(level: int, n: int, width: int = WIDTH) -> str:
    """Where a tile is served: `tile/0/x001/234`, with `.p/112` where it is partial."""
    parts = [f"{n % 1000:03}"]
    while n := n // 1000:
        parts.insert(0, f"x{n % 1000:03}")
    name = f"tile/{level}/{'/'.join(parts)}"
    return name if width == WIDTH else f"{name}.p/{width}"


def tile_root(suite: HashSuite, hashes: bytes) -> bytes:
    """The root of a run of hashes whose number is a power of two."""
    step = suite.hash_bytes
    level = [hashes[at : at + step] for at in range(0, len(hashes), step)]
    while len(level) > 1:
        level = [suite.node(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


class Nodes:
    """Any node of a tree, from its tiles. Tiles are read once."""

    def __init__(self, suite: HashSuite, read: ReadTile):
        self._suite, self._read = suite, read
        self._tiles: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """A node all of whose leaves are in the tree."""
        high, low = divmod(level, WIDTH_BITS)
        first = index << low  # of the hashes of tile level `high` that lie under the node
        n, at = divmod(first, WIDTH)
        step = self._suite.hash_bytes
        hashes = self._tile(high, n)[at * step : (at + (1 << low)) * step]
        assert len(hashes) == step << low, f"tile {high}/{n} ends before hash {at + (1 << low)}"
        return tile_root(self._suite, hashes)

    def _tile(self, level: int, n: int) -> bytes:
        if (level, n) not in self._tiles:
            self._tiles[level, n] = self._read(level, n)
        return self._tiles[level, n]
