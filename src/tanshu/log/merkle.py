"""Merkle trees of RFC 6962 §2.1, and the proofs that lead to their roots.

Whoever has a tree hands in `node(level, index)`: the hash of the perfect subtree over the leaves
index·2^level … (index+1)·2^level − 1. Everything else follows from it, so it does not matter whether the tree
lies in memory or in tiles of a database.

Checking a proof follows RFC 9162 §2.1.3.2 and §2.1.4.2 and never raises: a path too long or too short is no
proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tanshu.log.suite import HashSuite

Node = Callable[[int, int], bytes]
"""(level, index) → hash of that perfect subtree; level 0 are the leaf hashes."""


# -- making ------------------------------------------------------------------------------------------------


def root(suite: HashSuite, size: int, node: Node) -> bytes:
    """MTH(D[0:size]); of an empty tree the hash of nothing."""
    return _subtree(suite, 0, size, node) if size else suite.digest(b"")


def inclusion(suite: HashSuite, index: int, size: int, node: Node) -> list[bytes]:
    """PATH(index, D[size]): from the leaf's sibling up. Needs 0 ≤ index < size."""
    assert 0 <= index < size, f"leaf {index} of a tree of {size}"
    path: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(_subtree(suite, middle, end, node))
            end = middle
        else:
            path.append(_subtree(suite, begin, middle, node))
            begin = middle
    return path[::-1]


def consistency(suite: HashSuite, first: int, second: int, node: Node) -> list[bytes]:
    """PROOF(first, D[second]): the smaller tree is how the larger one began. Needs 0 < first ≤ second."""
    assert 0 < first <= second, f"a tree of {first} cannot have begun a tree of {second}"
    path: list[bytes] = []
    begin, end = 0, second
    while end != first:
        middle = begin + _split(end - begin)
        if first <= middle:
            path.append(_subtree(suite, middle, end, node))
            end = middle
        else:
            path.append(_subtree(suite, begin, middle, node))
            begin = middle
    if begin:  # what is left is not the whole smaller tree, whose root is known anyway
        path.append(_subtree(suite, begin, end, node))
    return path[::-1]


def _subtree(suite: HashSuite, begin: int, end: int, node: Node) -> bytes:
    """MTH(D[begin:end]) of a subtree of the recursion: `begin` is a multiple of a power of two ≥ its size."""
    count = end - begin
    level = count.bit_length() - 1
    if count == 1 << level:
        return node(level, begin >> level)
    middle = begin + _split(count)
    return suite.node(_subtree(suite, begin, middle, node), _subtree(suite, middle, end, node))


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << (count - 1).bit_length() - 1


# -- checking ----------------------------------------------------------------------------------------------


def root_from(
    suite: HashSuite, leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]
) -> bytes | None:
    """The root to which `path` leads from a leaf; None where the path does not fit index and size."""
    if not 0 <= index < size:
        return None
    here, last, found = index, size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            return None
        if here & 1 or here == last:
            found = suite.node(sibling, found)
            while not here & 1 and here:  # rightmost nodes without a sibling rise as they are
                here, last = here >> 1, last >> 1
        else:
            found = suite.node(found, sibling)
        here, last = here >> 1, last >> 1
    return found if last == 0 else None


def is_consistent(
    suite: HashSuite, first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Does `path` show that the tree of `first` leaves is how the tree of `second` began?"""
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    hashes = list(path)
    if first & (first - 1) == 0:  # a perfect tree is its own first step
        hashes.insert(0, first_root)
    if not hashes:
        return False
    here, last = first - 1, second - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    smaller = larger = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            smaller, larger = suite.node(sibling, smaller), suite.node(sibling, larger)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            larger = suite.node(larger, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and smaller == first_root and larger == second_root


# -- a tree in memory --------------------------------------------------------------------------------------


class Tree:
    """A whole tree in memory, built at once from its leaf hashes."""

    def __init__(self, suite: HashSuite, leaf_hashes: Iterable[bytes]):
        self.suite = suite
        level = list(leaf_hashes)
        self.size = len(level)
        self._levels = [level]
        combine = suite.node
        while len(level) > 1:
            pairs = iter(level)
            level = [combine(left, right) for left, right in zip(pairs, pairs, strict=False)]
            self._levels.append(level)

    def node(self, level: int, index: int) -> bytes:
        return self._levels[level][index]

    @property
    def root(self) -> bytes:
        return root(self.suite, self.size, self.node)

    def inclusion(self, index: int) -> list[bytes]:
        return inclusion(self.suite, index, self.size, self.node)
