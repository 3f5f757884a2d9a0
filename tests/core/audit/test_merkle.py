from __future__ import annotations

import pytest

from core.audit.merkle import inclusion_path, leaf_hash, root
from tests.support.inclusion import root_from_path
from verifier import dfg_verify

# The vectors of the reference implementation of RFC 6962 (google/certificate-transparency, merkletree tests).
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(data) for data in INPUTS]


def test_the_empty_tree() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root([]).hex() == dfg_verify.merkle_root([]).hex() == empty


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots(size: int) -> None:
    assert root(LEAVES[:size]).hex() == ROOTS[size - 1]
    assert dfg_verify.merkle_root(INPUTS[:size]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        (0, 1, []),
        (
            0,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ],
)
def test_published_paths(index: int, size: int, path: list[str]) -> None:
    assert [node.hex() for node in inclusion_path(LEAVES[:size], index)] == path


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 64, 100])
def test_every_path_leads_to_the_root_and_no_other_leaf_does(size: int) -> None:
    leaves = [leaf_hash(str(n).encode()) for n in range(size)]
    for index in range(size):
        path = inclusion_path(leaves, index)
        assert root_from_path(leaves[index], index, size, path) == root(leaves)
        assert root_from_path(leaf_hash(b"other"), index, size, path) != root(leaves)


def test_a_path_of_the_wrong_length_leads_nowhere() -> None:
    path = inclusion_path(LEAVES, 3)
    assert root_from_path(LEAVES[3], 3, 8, path[:-1]) is None
    assert root_from_path(LEAVES[3], 3, 8, [*path, path[0]]) is None
    assert root_from_path(LEAVES[3], 8, 8, path) is None
