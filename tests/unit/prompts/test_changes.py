from __future__ import annotations

import pytest

from core.prompts.changes import kind, largest_first
from core.types import ChangedFile


def file(path: str, additions: int = 1, patch: str | None = "@@ -1 +1 @@\n+x") -> ChangedFile:
    return ChangedFile(path, "modified", additions, 0, patch)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/core/main.py", "source"),
        ("app/[id]/page.tsx", "source"),
        ("requirements.txt", "source"),
        ("template.yaml", "source"),
        ("src/vendor/offers.py", "source"),
        ("src/lock.py", "source"),
        ("src/latest.py", "source"),
        ("docs/conf.py", "source"),
        ("src/distance/near.py", "source"),
        ("package-lock.json", "lock"),
        ("web/yarn.lock", "lock"),
        ("go.sum", "lock"),
        ("Cargo.lock", "lock"),
        ("api/v1/service.pb.go", "generated"),
        ("proto/deal_pb2.py", "generated"),
        ("web/__snapshots__/list.test.js.snap", "generated"),
        ("dist/index.js", "generated"),
        ("vendor/github.com/x/y.go", "vendored"),
        ("web/node_modules/a/index.js", "vendored"),
        ("static/app.min.js", "minified"),
        ("static/app.js.map", "minified"),
        ("tests/test_main.py", "test"),
        ("server/locks_test.go", "test"),
        ("web/list.spec.ts", "test"),
        ("README.md", "docs"),
        ("docs/guide/index.rst", "docs"),
        ("LICENSE", "docs"),
    ],
)
def test_kinds_are_told_by_path(path: str, expected: str) -> None:
    assert kind(file(path)) == expected


def test_a_file_with_a_patch_is_not_binary() -> None:
    assert kind(file("logo.png", patch=None)) == "binary"
    assert kind(file("logo.png")) == "source"


def test_a_claim_inside_the_file_does_not_hide_it() -> None:
    assert kind(file("src/pay.py", patch="@@ -0,0 +1 @@\n+# Code generated. DO NOT EDIT.")) == "source"


def test_the_largest_real_change_comes_first() -> None:
    files = [
        file("yarn.lock", 9_000),
        file("README.md", 500),
        file("src/small.py", 2),
        file("tests/test_big.py", 800),
        file("src/big.py", 40),
        file("logo.png", 0, None),
    ]
    assert [item.path for item, _ in largest_first(files)] == [
        "src/big.py",
        "src/small.py",
        "tests/test_big.py",
        "README.md",
        "yarn.lock",
        "logo.png",
    ]
