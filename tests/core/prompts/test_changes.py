from __future__ import annotations

import pytest

from core.prompts.changes import behaves, kind, largest_first
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
        ("internal/attest.go", "source"),
        ("src/latest.ts", "source"),
        ("app/Latest.java", "source"),
        ("app/LatestTest.java", "test"),
        ("spec/openapi.yaml", "source"),
        ("spec/models/user_spec.rb", "test"),
        ("docs/requirements.txt", "source"),
        ("docs/CMakeLists.txt", "source"),
        ("docs/notes.txt", "docs"),
        ("AGENTS.md", "source"),
        ("src/team/packs/product.md", "source"),
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


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("attest.go", True),
        ("latest.ts", True),
        ("requirements.txt", True),
        ("CMakeLists.txt", True),
        ("docs/conf.py", True),
        ("dist/index.js", True),
        ("vendor/x/y.go", True),
        ("static/app.min.js", True),
        ("api/v1/service.pb.go", True),
        (".github/workflows/ci.yml", True),
        ("CLAUDE.md", True),
        ("README.md", False),
        ("docs/guide/index.rst", False),
        ("tests/test_main.py", False),
        ("web/list.spec.ts", False),
        ("go.sum", False),
        ("web/__snapshots__/list.test.js.snap", False),
    ],
)
def test_what_can_change_behaviour_is_not_told_by_a_harmless_name(path: str, expected: bool) -> None:
    assert behaves(file(path)) == expected


def test_a_program_is_binary_and_behaves_and_a_picture_does_not() -> None:
    assert behaves(file("lib/tool.jar", patch=None))
    assert not behaves(file("logo.png", patch=None))


def test_code_that_is_moved_into_the_documentation_is_taken_away_from_the_software() -> None:
    moved = ChangedFile("docs/pay.md", "renamed", 0, 0, None, previous_path="src/pay.py")
    assert behaves(moved)
