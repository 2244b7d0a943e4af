"""Merkle trees: the vectors of certificate transparency, a naive second implementation, forgeries."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.log import merkle
from tanshu.log.merkle import Tree
from tanshu.log.suite import SHA256_ED25519 as SUITE

INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""By size, of the first inputs."""
PATHS = {
    (0, 1): (),
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
    (6, 7): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
}
"""(leaf, size) → path of inclusion."""
STEPS = {
    (1, 1): (),
    (1, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
    (6, 7): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
}
"""(smaller size, larger size) → proof of consistency."""


def reference_tree(size: int) -> Tree:
    return Tree(SUITE, (SUITE.leaf(bytes.fromhex(text)) for text in INPUTS[:size]))


def counted(size: int) -> list[bytes]:
    """So many different leaf hashes."""
    return [SUITE.leaf(n.to_bytes(4, "big")) for n in range(size)]


LEAVES = counted(210)
TREES = [Tree(SUITE, LEAVES[:size]) for size in range(len(LEAVES))]


# -- the text of RFC 6962 §2.1, word for word --------------------------------------------------------------


def mth(hashes: list[bytes]) -> bytes:
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    k = largest_power_below(len(hashes))
    return hashlib.sha256(b"\x01" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def audit_path(m: int, hashes: list[bytes]) -> list[bytes]:
    if len(hashes) == 1:
        return []
    k = largest_power_below(len(hashes))
    if m < k:
        return [*audit_path(m, hashes[:k]), mth(hashes[k:])]
    return [*audit_path(m - k, hashes[k:]), mth(hashes[:k])]


def sub_proof(m: int, hashes: list[bytes], whole: bool) -> list[bytes]:
    if m == len(hashes):
        return [] if whole else [mth(hashes)]
    k = largest_power_below(len(hashes))
    if m <= k:
        return [*sub_proof(m, hashes[:k], whole), mth(hashes[k:])]
    return [*sub_proof(m - k, hashes[k:], False), mth(hashes[:k])]


def largest_power_below(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


# -- vectors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_roots_are_those_of_certificate_transparency(size: int):
    assert reference_tree(size).root.hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_paths_are_those_of_certificate_transparency(index: int, size: int):
    tree = reference_tree(size)
    path = tree.inclusion(index)
    assert tuple(one.hex() for one in path) == PATHS[index, size]
    found = merkle.root_from(SUITE, tree.node(0, index), index, size, path)
    assert found is not None and found.hex() == ROOTS[size]


@pytest.mark.parametrize(("first", "second"), STEPS)
def test_consistency_proofs_are_those_of_certificate_transparency(first: int, second: int):
    path = merkle.consistency(SUITE, first, second, reference_tree(second).node)
    assert tuple(one.hex() for one in path) == STEPS[first, second]
    roots = [bytes.fromhex(ROOTS[size]) for size in (first, second)]
    assert merkle.is_consistent(SUITE, first, roots[0], second, roots[1], path)


# -- everything up to a size -------------------------------------------------------------------------------


def test_every_small_tree_is_what_the_rfc_says():
    for size in range(1, 34):
        tree, hashes = TREES[size], LEAVES[:size]
        assert tree.root == mth(hashes)
        for index in range(size):
            assert tree.inclusion(index) == audit_path(index, hashes)
        for first in range(1, size + 1):
            assert merkle.consistency(SUITE, first, size, tree.node) == sub_proof(first, hashes, True)


sizes = st.integers(1, len(TREES) - 1)


@given(size=sizes, data=st.data())
def test_every_inclusion_proof_verifies_and_nothing_else_does(size: int, data: st.DataObject):
    index = data.draw(st.integers(0, size - 1))
    tree = TREES[size]
    path, leaf = tree.inclusion(index), LEAVES[index]
    assert path == audit_path(index, LEAVES[:size])

    def leads_there(leaf: bytes, index: int, size: int, path: list[bytes]) -> bool:
        return merkle.root_from(SUITE, leaf, index, size, path) == tree.root

    assert leads_there(leaf, index, size, path)
    other = data.draw(st.integers(-1, size + 1).filter(lambda n: n != index))
    assert not leads_there(leaf, other, size, path)
    assert not leads_there(altered(leaf, data), index, size, path)
    assert not leads_there(leaf, index, size, [*path, leaf])
    if path:
        assert not leads_there(leaf, index, size, path[:-1])
        at = data.draw(st.integers(0, len(path) - 1))
        assert not leads_there(leaf, index, size, [*path[:at], altered(path[at], data), *path[at + 1 :]])


@given(size=sizes, data=st.data())
def test_every_consistency_proof_verifies_and_nothing_else_does(size: int, data: st.DataObject):
    first = data.draw(st.integers(1, size))
    one, two = TREES[first].root, TREES[size].root
    path = merkle.consistency(SUITE, first, size, TREES[size].node)
    assert path == sub_proof(first, LEAVES[:size], True)

    def holds(first: int, one: bytes, size: int, two: bytes, path: list[bytes]) -> bool:
        return merkle.is_consistent(SUITE, first, one, size, two, path)

    assert holds(first, one, size, two, path)
    other = data.draw(st.integers(-1, size + 1).filter(lambda n: n != first))
    assert not holds(other, one, size, two, path)
    assert not holds(first, altered(one, data), size, two, path)
    assert not holds(first, one, size, altered(two, data), path)
    assert not holds(first, one, size, two, [*path, one])
    if path:
        assert not holds(first, one, size, two, path[:-1])
        at = data.draw(st.integers(0, len(path) - 1))
        assert not holds(first, one, size, two, [*path[:at], altered(path[at], data), *path[at + 1 :]])


def altered(hash: bytes, data: st.DataObject) -> bytes:
    """The hash with one byte changed."""
    at, by = data.draw(st.integers(0, 31)), data.draw(st.integers(1, 255))
    return hash[:at] + bytes([hash[at] ^ by]) + hash[at + 1 :]


def test_a_proof_of_nothing_is_no_proof():
    assert merkle.root_from(SUITE, LEAVES[0], 0, 0, []) is None
    assert not merkle.is_consistent(SUITE, 0, ROOT_OF_NOTHING, 3, TREES[3].root, [])
    assert not merkle.is_consistent(SUITE, 3, TREES[3].root, 2, TREES[2].root, [])
    assert not merkle.is_consistent(SUITE, 3, TREES[3].root, 5, TREES[5].root, [])


ROOT_OF_NOTHING = bytes.fromhex(ROOTS[0])
