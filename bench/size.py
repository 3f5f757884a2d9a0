"""`python -m bench.size`: zipped and unzipped size of each function's package, with the goal beside it.

One build of each kind, as `sam build` makes it: every function of the API is the same package.
"""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.packages import build
from local.child import ROOT
from local.template import read_template

MB: Final = 1_000_000
ZIPPED_GOAL: Final = 10 * MB
UNZIPPED_GOAL: Final = 25 * MB
WORKER: Final = "WorkerFunction"


@dataclass(frozen=True)
class Size:
    """Bytes of one kind of package, and the functions that are deployed from it."""

    kind: str
    functions: tuple[str, ...]
    zipped: int
    unzipped: int

    @property
    def reached(self) -> bool:
        """Whether the goal is kept; only the functions without the SDK have one."""
        return self.kind != "api" or (self.zipped <= ZIPPED_GOAL and self.unzipped <= UNZIPPED_GOAL)


def measure() -> list[Size]:
    """Builds both kinds into a directory that is removed afterwards. Raises CalledProcessError."""
    functions = read_template(ROOT / "template.yaml").functions
    api = tuple(name for name in functions if name != WORKER)
    return [_measure("api", api), _measure("worker", (WORKER,))]


def _measure(kind: str, functions: tuple[str, ...]) -> Size:
    with tempfile.TemporaryDirectory() as scratch:
        tree = build(kind, Path(scratch))
        files = sorted(path for path in tree.rglob("*") if path.is_file())
        packed = Path(scratch) / "package.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path, path.relative_to(tree))
        return Size(kind, functions, packed.stat().st_size, sum(path.stat().st_size for path in files))


def main() -> int:
    """Print the table. 1 when the goal is missed."""
    sizes = measure()
    print(f"{'function':26} {'package':8} {'zipped MB':>10} {'goal':>6} {'unzipped MB':>12} {'goal':>6}")
    for size in sizes:
        limits = (f"{ZIPPED_GOAL // MB}", f"{UNZIPPED_GOAL // MB}") if size.kind == "api" else ("-", "-")
        for function in size.functions:
            print(
                f"{function:26} {size.kind:8} {size.zipped / MB:>10.1f} {limits[0]:>6} "
                f"{size.unzipped / MB:>12.1f} {limits[1]:>6}"
            )
    return 0 if all(size.reached for size in sizes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
