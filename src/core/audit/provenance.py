"""Which code is running: a digest over the service's source files, the same in a checkout and in a package."""

from functools import cache
from pathlib import Path
from typing import Final

from core.canonical import sha256

SOURCE: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("core", "handlers")


@cache
def code_digest() -> str:
    """SHA-256 in hex of the code of this process, as `digest_of` computes it."""
    return digest_of(SOURCE)


def digest_of(source: Path) -> str:
    """SHA-256 over one line per file of both packages, in order of their paths: path, NUL, SHA-256 in hex.

    Computed from what is there, not written by the build: so it cannot name other code than that.
    """
    files = {
        path.relative_to(source).as_posix(): path
        for package in PACKAGES
        for path in (source / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    lines = (f"{name}\0{sha256(files[name].read_bytes())}\n" for name in sorted(files))
    return sha256("".join(lines).encode())
