"""Which files come first: those that an issue names, then those whose names share its words."""

from __future__ import annotations

import pytest

from core.prompts.paths import likeliest_first

PATHS = (
    "README.md",
    "Makefile",
    "package-lock.json",
    "src/api/listings.py",
    "src/api/accounts.py",
    "src/api/dismissReason.ts",
    "src/web/listings/index.ts",
    "src/web/accounts/index.ts",
    "tests/test_listings.py",
    "vendor/listings/listings.py",
    "static/listings.png",
)


@pytest.mark.parametrize(
    ("issue", "first"),
    [
        ("It is wrong in src/api/accounts.py.", "src/api/accounts.py"),
        ("It is wrong in `./src/api/accounts.py:12`", "src/api/accounts.py"),
        ("(see accounts.py)", "src/api/accounts.py"),
        ("See accounts/index.ts, please", "src/web/accounts/index.ts"),
        ("https://github.com/a/b/blob/main/src/api/accounts.py#L4-L9 is wrong", "src/api/accounts.py"),
        ("The Makefile has no target", "Makefile"),
        ("Named outright: package-lock.json", "package-lock.json"),
        ("Dismiss with a reason", "src/api/dismissReason.ts"),
        ("A listing is shown twice", "src/api/listings.py"),
    ],
)
def test_the_file_that_is_meant_comes_first(issue: str, first: str) -> None:
    assert likeliest_first(PATHS, issue)[0] == first


def test_no_file_is_lost() -> None:
    assert sorted(likeliest_first(PATHS, "anything at all")) == sorted(PATHS)


def test_vendored_locked_and_binary_files_come_last() -> None:
    last = likeliest_first(PATHS, "listings")[-3:]
    assert set(last) == {"package-lock.json", "vendor/listings/listings.py", "static/listings.png"}


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    paths = [*(f"src/deal_{letter}.py" for letter in "abcdefgh"), "src/refund.py"]
    assert likeliest_first(paths, "refund of a deal")[0] == "src/refund.py"


def test_without_a_word_in_common_the_order_is_by_kind_depth_and_name() -> None:
    paths = ["z.py", "docs/a.md", "a/b.py", "tests/test_a.py", "a.py"]
    assert likeliest_first(paths, "") == ["a.py", "z.py", "a/b.py", "tests/test_a.py", "docs/a.md"]


def test_a_part_of_a_name_is_no_name() -> None:
    assert likeliest_first(["a/other.py", "a/main.pyx"], "main.py")[0] == "a/main.pyx"
    assert likeliest_first(["b/x.py", "a/not-app.py"], "app.py")[0] == "a/not-app.py"
