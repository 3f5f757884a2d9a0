"""docs/dependencies.md names each package that this project asks for, with the licence that the package declares."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageMetadata, metadata
from typing import Final

import pytest

from local.child import ROOT

PAGE: Final = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
ROWS: Final = dict(re.findall(r"^\| `([^`]+)` \| ([^|]+?) \| [^|]+ \|$", PAGE, re.MULTILINE))
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASKED: Final = {
    re.split(r"[=<>]", line)[0] for line in (*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"])
}
ELSEWHERE: Final = {"ministack", "aws-sam-cli"}
SPELLINGS: Final = {
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "MIT License": "MIT",
}
"""What packages say that do not use SPDX's names."""
UNDECLARED: Final = {"axe-playwright-python": "MIT"}
"""Their metadata have no licence; their repositories do."""


def test_the_page_names_what_is_asked_for_and_nothing_else() -> None:
    assert set(ROWS) == ASKED | ELSEWHERE


@pytest.mark.parametrize("package", sorted(ASKED))
def test_the_licence_is_the_declared_one(package: str) -> None:
    declared = _licence(metadata(package)) or UNDECLARED[package]
    assert SPELLINGS.get(declared, declared) == ROWS[package]


def _licence(declared: PackageMetadata) -> str:
    """The expression, else the short name, else the last word of the classifier."""
    for name in ("License-Expression", "License"):
        if value := declared.get(name):
            return str(value).splitlines()[0]
    found = [line for line in declared.get_all("Classifier") or () if line.startswith("License ::")]
    return found[0].rpartition(" :: ")[2] if found else ""
