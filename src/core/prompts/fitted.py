"""What policy has to know about the target, within the room that it has beside an answer in one item. Pure."""

import json
import zlib
from dataclasses import asdict, replace
from typing import Any, Final

from core.canonical import canonical
from core.types import Facts

MAX_FACTS_BYTES: Final = 120_000
"""Compressed. An action's item holds them with its comment and the model's answer, and ends at 400 KB."""


def fitted(facts: Facts, body: bytes) -> Facts:
    """The facts with as many files as there is room for: those that the request `body` names come first.

    What is left out is counted: in `unkept_paths`, and in a sentence for the reader.
    """
    if packed_size(facts) <= MAX_FACTS_BYTES:
        return facts
    named = [path for path in facts.changed_paths if json.dumps(path, ensure_ascii=False)[1:-1].encode() in body]
    known = frozenset(named)
    ranked = [*named, *(path for path in facts.changed_paths if path not in known)]
    most, least = len(ranked), 0
    while least < most:
        middle = (least + most + 1) // 2
        if packed_size(_with(facts, ranked[:middle])) <= MAX_FACTS_BYTES:
            least = middle
        else:
            most = middle - 1
    return _with(facts, ranked[:least])


def packed_size(facts: Facts) -> int:
    return len(zlib.compress(canonical(asdict(facts))))


def _with(facts: Facts, paths: list[str]) -> Facts:
    kept = frozenset(paths)
    left_out = len(facts.changed_paths) - len(paths)
    extra = {name: _of(kept, value) if name in PATHS else value for name, value in facts.extra.items()}
    of_all = f"{left_out:,} of {len(facts.changed_paths):,} files"
    cut = f"Not checked against, for lack of room: the names of {of_all}."
    return replace(
        facts,
        changed_paths=tuple(path for path in facts.changed_paths if path in kept),
        unread=tuple(path for path in facts.unread if path in kept),
        unkept_paths=left_out,
        cuts=(*facts.cuts, cut),
        extra=extra,
    )


def _of(kept: frozenset[str], value: Any) -> Any:
    paths = [path for path in value if path in kept]
    return {path: value[path] for path in paths} if isinstance(value, dict) else paths


PATHS: Final = frozenset({"risky", "former"})
"""Facts of single tasks that are lists of files, or tables by them."""
