"""What kind of file a change is in, told by its path alone: text inside a file could lie about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

from core.types import ChangedFile

Kind = Literal["source", "test", "docs", "lock", "generated", "vendored", "minified", "binary"]

READ: Final[tuple[Kind, ...]] = ("source", "test", "docs")
"""Kinds whose diffs are worth a reader's time, the most telling first."""

_NAMES: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    (
        "vendored",
        re.compile(r"^vendor/|(^|/)(node_modules|third[_-]party|bower_components|_?vendored|_vendor|\.yarn)/"),
    ),
    (
        "lock",
        re.compile(
            r"(^|/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock|"
            r"poetry\.lock|pdm\.lock|uv\.lock|pipfile\.lock|pylock(\.[\w-]+)?\.toml|requirements[\w.-]*\.lock|"
            r"cargo\.lock|go\.sum|go\.work\.sum|composer\.lock|gemfile\.lock|packages\.lock\.json|mix\.lock|"
            r"pubspec\.lock|podfile\.lock|flake\.lock|gradle\.lockfile|\.terraform\.lock\.hcl)$"
        ),
    ),
    ("minified", re.compile(r"[.-]min\.(js|mjs|css)$|\.(js|css|mjs)\.map$|\.bundle\.js$")),
    (
        "generated",
        re.compile(
            r"_pb2(_grpc)?\.pyi?$|\.pb(\.\w+)?\.(go|cc|h)$|(^|/)zz_generated[^/]*$|[._]generated\.\w+$|\.g\.dart$|"
            r"\.designer\.cs$|\.snap$|(^|/)(generated|dist|__generated__)/|(^|/)mocks?/mock_[^/]*\.go$|(^|/)bindata\.go$"
        ),
    ),
    (
        "binary",
        re.compile(
            r"\.(png|jpe?g|gif|webp|avif|ico|bmp|tiff?|pdf|woff2?|ttf|otf|eot|zip|gz|bz2|xz|zst|7z|tar|jar|war|whl|"
            r"exe|dll|so|dylib|a|o|pyc|class|wasm|mp[34]|mov|avi|webm|ogg|wav|sqlite3?|db|parquet|pkl|npy|bin|psd)$"
        ),
    ),
    (
        "test",
        re.compile(
            r"(^|/)(tests?|__tests__|specs?|testdata|fixtures|e2e|cypress)/|"
            r"(^|/)(test_[^/]*\.py|conftest\.py)$|[._-](test|spec)s?\.\w+$|tests?\.(java|kt|cs|swift)$"
        ),
    ),
    (
        "docs",
        re.compile(
            r"\.(md|mdx|markdown|rst|adoc)$|(^|/)docs?/[^\n]*\.txt$|"
            r"(^|/)(readme|changelog|changes|license|licence|notice|authors|contributing)(\.txt)?$"
        ),
    ),
)


def kind(file: ChangedFile) -> Kind:
    """The kind of one file. A file with a patch is text, whatever its name."""
    return kind_of(file.path, is_text=file.patch is not None)


def kind_of(path: str, *, is_text: bool = False) -> Kind:
    """The kind of the file at a path."""
    lower = path.lower()
    for name, pattern in _NAMES:
        if pattern.search(lower) and not (name == "binary" and is_text):
            return name
    return "source"


def behaves(file: ChangedFile) -> bool:
    """Whether a change in this file can change what the software does."""
    return kind(file) not in ("test", "docs", "lock", "binary")


def largest_first(files: Iterable[ChangedFile]) -> list[tuple[ChangedFile, Kind]]:
    """Files that are read first, by size of the change; then those that are only named. Ties by path."""
    kinds = [(file, kind(file)) for file in files]

    def order(item: tuple[ChangedFile, Kind]) -> tuple[int, int, str]:
        file, its_kind = item
        place = READ.index(its_kind) if its_kind in READ else len(READ)
        return place, -(file.additions + file.deletions), file.path

    return sorted(kinds, key=order)
