"""What an author says in Markdown, which issues that closes as GitHub links them, and how long it takes to see it."""

from __future__ import annotations

import re
import time

import pytest

from core.context.visible import REFERENCE, closing_references, numbers, said

HERE = "dfg/dfg-app"
VERBS = ("close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved")
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


@pytest.mark.parametrize("verb", [*VERBS, "Fixes", "CLOSED"])
@pytest.mark.parametrize("colon", ["", ":"])
def test_githubs_nine_verbs(verb: str, colon: str) -> None:
    assert closing_references(f"A change. {verb}{colon} #12.", HERE) == (12,)


@pytest.mark.parametrize(
    "reference",
    ["#12", "GH-12", "gh-12", "dfg/dfg-app#12", "DFG/Dfg-App#12", "https://github.com/dfg/dfg-app/issues/12"],
)
def test_all_ways_to_name_an_issue(reference: str) -> None:
    assert closing_references(f"Fixes {reference}\nand more", HERE) == (12,)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "See #12",
        "fixes 12",
        "prefixes #12",
        "hot-fixes #12",
        "fixes #0",
        "fixes #12abc",
        "fixes #12345678901",
        "fixes other/repo#12",
        "fixes https://github.com/other/repo/issues/12",
        "fixes https://github.com/dfg/dfg-app/pull/12",
        "fixes https://github.com/dfg/dfg-app/issues/12#issuecomment-1",
        "fixes the layout of #12",
        "<!-- fixes #12 -->",
        "<!-- for example:\n\nfixes #12",
        "`fixes #12`",
        "``fixes ` #12``",
        "```\nfixes #12\n```",
        "~~~md\n```\nfixes #12\n~~~",
        "```\nfixes #12",
        "text\n\n    fixes #12",
        "> fixes #12",
        "> a quote\nfixes #12",
        "<pre>\nfixes #12</pre>",
        '<code class="a">fixes #12</code>',
        "<blockquote>\n\nfixes #12\n\n</blockquote>",
    ],
)
def test_what_the_author_does_not_say_is_not_followed(body: str) -> None:
    assert closing_references(body, HERE) == ()


@pytest.mark.parametrize(
    "body",
    [
        "<!-- a template -->\r\nfixes #12",
        "a ` alone, fixes #12",
        "`code` fixes #12 `code`",
        "```\ncode\n```\nfixes #12",
        "> a quote\n\nfixes #12",
        "- item\n    fixes #12",
        "Map<pre, code> fixes #12",
        "an inline <!-- that nothing ends, fixes #12",
        "(fixes #12)",
        "**Fixes** the bug, *fixes #12*",
    ],
)
def test_what_the_author_says_is_followed(body: str) -> None:
    assert closing_references(body, HERE) == (12,)


def test_three_at_most_in_order_and_each_once() -> None:
    assert closing_references("fixes #9, closes #3, fixes #9, resolves GH-5 and closes #1", HERE) == (9, 3, 5)


@pytest.mark.parametrize("text", ["`" * 7 + " ", "<!--", "<pre ", "<code>", "fixes #", "> ", "```\n", "` `` ", "a/"])
def test_the_time_to_find_what_is_closed_is_linear(text: str) -> None:
    def once(body: str) -> float:
        began = time.process_time()
        closing_references(body, HERE)
        return time.process_time() - began

    def spent(length: int) -> float:
        """The best of four: the collector of a large test process may stop one of them."""
        return min(once((text * length)[:length]) for _ in range(4))

    spent(10_000)
    assert spent(128_000) < 16 * spent(32_000) + 0.05
