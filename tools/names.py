"""`python -m tools.names`: identifiers are the field's nouns, and in the core one name is one class.

Words that say nothing of what they name are refused, alone or as a part of a name. Prose for people may have them.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from local.child import ROOT

REFUSED: Final = frozenset({"told", "wanted", "haystack", "giveaway", "chances"})
CODE: Final = ("src", "cli", "local", "tools", "evals", "bench", "verifier")
CORE: Final = "src/core"


def faults(sources: Mapping[str, str]) -> list[str]:
    """What is wrong with the names in these files, by path."""
    trees = {path: ast.parse(source) for path, source in sources.items()}
    return [*_refused_words(trees), *_doubled_classes(trees)]


def _refused_words(trees: Mapping[str, ast.Module]) -> Iterator[str]:
    for path, tree in trees.items():
        for line, name in sorted(set(_identifiers(tree))):
            for word in sorted(REFUSED.intersection(name.lower().split("_"))):
                yield f"{path}:{line}: {name}: {word!r} says nothing of what it is"


def _doubled_classes(trees: Mapping[str, ast.Module]) -> Iterator[str]:
    homes: dict[str, list[str]] = defaultdict(list)
    for path, tree in trees.items():
        if path.startswith(CORE):
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    homes[node.name].append(path)
    for name, paths in homes.items():
        if len(paths) > 1:
            yield f"{name}: one name for several classes, in {', '.join(paths)}"


def _identifiers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name


def main() -> None:
    files = (path for part in CODE for path in sorted((ROOT / part).rglob("*.py")))
    found = faults({path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in files})
    print("\n".join(found) or "names: none refused")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
