"""What a stranger does with an inclusion path: the algorithm of RFC 9162, section 2.1.3.2, without the tree."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.merkle import node_hash


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf and its path lead to, or None when the path does not fit a tree of `size` leaves."""
    if not 0 <= index < size:
        return None
    node, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if node % 2 == 1 or node == last:
            result = node_hash(sibling, result)
            while node % 2 == 0 and node != 0:
                node >>= 1
                last >>= 1
        else:
            result = node_hash(result, sibling)
        node >>= 1
        last >>= 1
    return result if last == 0 else None
