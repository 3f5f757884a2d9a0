"""What an author says in Markdown, and how long it takes to see it."""

from __future__ import annotations

import re
import time

import pytest

from core.context.visible import REFERENCE, numbers, said

HERE = "dfg/dfg-app"
_ANY = re.compile(REFERENCE, re.IGNORECASE)


@pytest.mark.parametrize(
    ("markdown", "lines"),
    [
        ("One\r\ntwo  \nthree\n\n# Four\n\n- five\n  1. six", "One\ntwo\nthree\n\nFour\n\nfive\n\nsix"),
        ("- a\n  > b\n\n  c", "a\n\nc"),
        ("> > a\n\nb", "b"),
        ("a `b` c ``d ` e``", "a ` c `"),
        ("\\`a\\`", "`a`"),
        ("<!-- a --> b", " b"),
        ("a <!-- b\nc --> d", "a   d"),
        ("<div>\na\n</div>", "<div>\na\n</div>\n"),
        ("<blockquote>\n\na\n\n</blockquote>\n\nb", " \n\n\nb"),
        ("    a\n\nb", "b"),
        ("- a\n\n      b", "a"),
    ],
)
def test_what_the_author_says(markdown: str, lines: str) -> None:
    assert said(markdown).strip() == lines.strip()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("#12 GH-13 dfg/DFG-app#14 https://github.com/dfg/dfg-app/issues/15", [12, 13, 14, 15]),
        ("other/dfg-app#12 https://github.com/other/dfg-app/issues/13 #0 #1a", []),
    ],
)
def test_issues_of_another_repository_are_not_ours(text: str, named: list[int]) -> None:
    assert list(numbers(_ANY.finditer(text), HERE)) == named


@pytest.mark.parametrize(
    "text",
    ["`" * 7 + " ", "<!--", "<pre ", "<code>", "> ", "```\n", "` `` ", "a/", "- ", "* a\n", "> a\n", "<a\n", "[", "\\"],
)
def test_the_time_is_linear_in_the_length(text: str) -> None:
    def once(markdown: str) -> float:
        began = time.process_time()
        said(markdown)
        return time.process_time() - began

    def spent(length: int) -> float:
        """The best of three: the collector of a large test process may stop one of them."""
        return min(once((text * length)[:length]) for _ in range(3))

    spent(2_000)
    assert spent(64_000) < 16 * spent(16_000) + 0.05
