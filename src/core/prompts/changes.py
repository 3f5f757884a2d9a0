"""What kind of file a change is in, by its path and by whether it is text: what stands in it could lie about it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from core.types import ChangedFile

Kind = Literal["source", "test", "docs", "lock", "generated", "vendored", "minified", "binary"]

READ: Final[tuple[Kind, ...]] = ("source", "test", "docs")
"""Kinds whose diffs are worth a reader's time, the most telling first."""


@dataclass(frozen=True)
class _Row:
    """`behaves`: whether such a file can change what the software does."""

    kind: Kind
    behaves: bool
    paths: re.Pattern[str]


def _row(kind: Kind, behaves: bool, *paths: str) -> _Row:
    return _Row(kind, behaves, re.compile("|".join(paths), re.IGNORECASE))


_CODE: Final = r"\.(pyi?|go|[mc]?jsx?|tsx?|java|kts?|scala|groovy|cs|fs|rb|php|rs|swift|c|cc|cpp|h|exs?|lua|sh)$"

_TABLE: Final[tuple[_Row, ...]] = (
    _row(
        "vendored",
        True,
        r"^vendor/",
        r"(^|/)(node_modules|third[_-]party|bower_components|_?vendored|_vendor|\.yarn)/",
    ),
    _row(
        "lock",
        False,
        r"(^|/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock|"
        r"poetry\.lock|pdm\.lock|uv\.lock|pipfile\.lock|pylock(\.[\w-]+)?\.toml|requirements[\w.-]*\.lock|"
        r"cargo\.lock|go\.sum|go\.work\.sum|composer\.lock|gemfile\.lock|packages\.lock\.json|mix\.lock|"
        r"pubspec\.lock|podfile\.lock|flake\.lock|gradle\.lockfile|\.terraform\.lock\.hcl)$",
    ),
    _row("minified", True, r"[.-]min\.(js|mjs|css)$", r"\.(js|css|mjs)\.map$", r"\.bundle\.js$"),
    _row("generated", False, r"\.snap$", r"(^|/)mocks?/mock_[^/]*\.go$"),
    _row(
        "generated",
        True,
        r"_pb2(_grpc)?\.pyi?$|\.pb(\.\w+)?\.(go|cc|h)$|(^|/)zz_generated[^/]*$|[._]generated\.\w+$|\.g\.dart$",
        r"\.designer\.cs$|(^|/)(generated|dist|__generated__)/|(^|/)bindata\.go$",
    ),
    _row("binary", True, r"\.(jar|war|whl|exe|dll|so|dylib|a|o|pyc|class|wasm|bin|zip|gz|bz2|xz|zst|7z|tar|pkl)$"),
    _row(
        "binary",
        False,
        r"\.(png|jpe?g|gif|webp|avif|ico|bmp|tiff?|pdf|woff2?|ttf|otf|eot|mp[34]|mov|avi|webm|ogg|wav|"
        r"sqlite3?|db|parquet|npy|psd)$",
    ),
    _row(
        "test",
        False,
        r"(^|/)(tests?|__tests__|testdata|fixtures|e2e|cypress)/",
        rf"(^|/)specs?/[^\n]*{_CODE}",
        rf"[._-](test|spec)s?{_CODE}",
        r"(^|/)(test_[^/]*\.py|conftest\.py)$",
        r"(^|/)[^/]*(?-i:[a-z0-9]Tests?)\.(java|kt|scala|groovy|cs|swift)$",
    ),
    # Instructions to agents, prompts and templates are words that a program obeys.
    _row(
        "source",
        True,
        r"(^|/)(claude|agents|gemini|skill|copilot-instructions)\.md$",
        r"(^|/)(prompts?|packs|templates|\.github|\.claude|\.cursor)/[^\n]*\.(md|mdx|txt)$",
        r"(^|/)(requirements|constraints)[\w.-]*\.txt$",
        r"(^|/)cmakelists\.txt$",
    ),
    _row(
        "docs",
        False,
        r"\.(md|mdx|markdown|rst|adoc)$",
        r"(^|/)docs?/[^\n]*\.txt$",
        r"(^|/)(readme|changelog|changes|license|licence|notice|authors|contributing)(\.txt)?$",
    ),
)
"""The first row that fits decides; what none fits is source."""
_SOURCE: Final = _row("source", True)


def kind(file: ChangedFile) -> Kind:
    """The kind of one file. A file with a patch is text, whatever its name."""
    return kind_of(file.path, is_text=file.patch is not None)


def kind_of(path: str, *, is_text: bool = False) -> Kind:
    """The kind of the file at a path."""
    return _find(path, is_text).kind


def behaves(file: ChangedFile) -> bool:
    """Whether a change in this file can change what the software does: as it is named now, or was before."""
    is_text = file.patch is not None
    return any(_find(path, is_text).behaves for path in (file.path, file.previous_path) if path)


def largest_first(files: Iterable[ChangedFile]) -> list[tuple[ChangedFile, Kind]]:
    """Files that are read first, by size of the change; then those that are only named. Ties by path."""
    kinds = [(file, kind(file)) for file in files]

    def order(item: tuple[ChangedFile, Kind]) -> tuple[int, int, str]:
        file, its_kind = item
        place = READ.index(its_kind) if its_kind in READ else len(READ)
        return place, -(file.additions + file.deletions), file.path

    return sorted(kinds, key=order)


def _find(path: str, is_text: bool) -> _Row:
    return next((row for row in _TABLE if row.paths.search(path) and not (row.kind == "binary" and is_text)), _SOURCE)
