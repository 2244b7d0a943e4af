"""Tiles: where they are served, and that every node can be had from them."""

from __future__ import annotations

import pytest

from tanshu.log import merkle, tiles
from tanshu.log.suite import SHA256_ED25519 as SUITE


@pytest.mark.parametrize(
    ("level", "n", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 273, 112, "tile/0/273.p/112"),
        (2, 0, 1, "tile/2/000.p/1"),
        (1, 1_234_067, 256, "tile/1/x001/x234/067"),
        (0, 1_000, 5, "tile/0/x001/000.p/5"),
    ],
)
def test_a_tile_is_served_where_the_specification_says(level: int, n: int, width: int, path: str):
    assert tiles.path(level, n, width) == path


def test_the_specification_s_tree_of_70000_leaves():
    found = list(tiles.tiles(70_000))
    assert sum(1 for level, _, width in found if (level, width) == (0, 256)) == 273
    partial = [(level, n, width) for level, n, width in found if width < 256]
    assert partial == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert list(tiles.tiles(256)) == [(0, 0, 256), (1, 0, 1)]


def test_every_node_comes_out_of_the_tiles():
    size = 1_000
    tree = merkle.Tree(SUITE, (SUITE.leaf(n.to_bytes(4, "big")) for n in range(size)))
    kept = {
        (level, n): b"".join(tree.node(8 * level, 256 * n + i) for i in range(width))
        for level, n, width in tiles.tiles(size)
    }
    asked: list[tuple[int, int]] = []

    def read(level: int, n: int) -> bytes:
        asked.append((level, n))
        return kept[level, n]

    nodes = tiles.Nodes(SUITE, read)
    assert merkle.root(SUITE, size, nodes) == tree.root
    for index in (0, 255, 256, 511, 700, 999):
        nodes, asked = tiles.Nodes(SUITE, read), []
        assert merkle.inclusion(SUITE, index, size, nodes) == tree.inclusion(index)
        assert len(asked) <= 3
