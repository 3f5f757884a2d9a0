"""Rendering: what the model wrote is shown, and nothing of it acts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.policy.tree import live_node, read_back
from core.text.markdown import (
    Block,
    Code,
    Fence,
    Items,
    Paragraph,
    Quote,
    Text,
    blocks,
    inline,
    labelled,
    marker,
    outline,
    write,
)

MARKER = marker("6f1e6f0e-7d0b-5d6f-9a43-0c8f1b2a3d4e")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Click Save", "Click Save"),
        ("Ask @octocat, please", "Ask `@octocat`, please"),
        ("Use <select> here", "Use `<select>` here"),
        ("List<str> and #12", "`List<str>` and `#12`"),
        ("Open http://localhost:3000.", "Open `http://localhost:3000`."),
        ("`code` stays `code`", "`code` stays `code`"),
        ("a `` ` `` b", "a `` ` `` b"),
        ("**bold** word", "\\*\\*bold\\*\\* word"),
        ("1. first", "1\\. first"),
        ("- item", "\\- item"),
        ("# title", "`#` title"),
        ("a -> b < c", "a -> b \\< c"),
        ("snake_case and __init__", "`snake_case` and `__init__`"),
        ("R&D &amp; more", "R&D `&amp;` more"),
        ("costs $5", "costs `$5`"),
        ("lone ` tick", "lone `` ` `` tick"),
        ("[x](/y)", "`[x](/y)`"),
        ("/api/merge works", "`/api/merge` works"),
        ("＠octocat", "`＠octocat`"),
        ("and/or 50 %", "and/or 50 %"),
        ("a Map<String, List<Price>>, sorted", "a `Map<String, List<Price>>`, sorted"),
        ("(Array<Record<string, number>>)", "(`Array<Record<string, number>>`)"),
        ("Promise<string | null> and List<? extends Foo>", "`Promise<string | null>` and `List<? extends Foo>`"),
        ("if a<b and c>d", "if `a<b` and `c>d`"),
        ("a <b, c> d", "a `<b`, `c>` d"),
        ("Map<String, @octocat>", "`Map<String`, `@octocat>`"),
        ("a<b, c", "`a<b`, c"),
    ],
)
def test_one_line_is_shown_inert(text: str, written: str) -> None:
    assert write((Paragraph((inline(text),)),), MARKER) == f"{written}\n\n{MARKER}"


def test_fence_of_the_model_stays_code() -> None:
    assert blocks("Run:\n```bash\nmake\n```\nthen look") == (
        Paragraph(((Text("Run:"),),)),
        Fence("make"),
        Paragraph(((Text("then look"),),)),
    )


def test_unclosed_fence_is_code_to_the_end() -> None:
    assert blocks("```\na\n``") == (Fence("a\n``"),)


def test_fence_is_longer_than_what_it_holds() -> None:
    assert write((Fence("````"),), MARKER).startswith("`````\n````\n`````")


def test_label_stands_before_every_line_of_the_model() -> None:
    for line in write(labelled("Reason:", "one\n/two\n\nthree"), "").split("\n"):
        assert line[:1] in ("", "*", ">")


TRICKY = st.text(alphabet="`*_~[]()<>!#|\\&;:/@$-+=.,1aA \n\t\u00a0é＠", max_size=80)


@given(TRICKY | st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_what_is_written_reads_back_as_meant(text: str) -> None:
    plain = "".join(char for char in text if char in "\n\t" or (char.isprintable() and ord(char) < 0xD800))
    document: tuple[Block, ...] = (
        Quote(blocks(plain)),
        Paragraph(((Text("between"),),)),
        Items((blocks(plain) or (Paragraph(((Code("x"),),)),), (Paragraph(((Text("end"),),)),)), ordered=True),
    )
    if not blocks(plain):
        document = document[1:]
    found, marked = read_back(write(document, MARKER))
    assert marked
    assert found == outline(document)
    assert live_node(found) is None


def test_links_and_html_are_seen_when_reading_back() -> None:
    for body in (
        "[a](b)",
        "<b>x</b>",
        "![a](b)",
        "<https://a.b>",
        "| a |\n|---|\n| b |",
        "~~x~~",
        "*x*",
        "see https://a.b",
    ):
        assert live_node(read_back(f"{body}\n\n{MARKER}")[0]) is not None, body


def test_marker_counts_only_as_the_last_block() -> None:
    assert not read_back(f"{MARKER}\n\ntext")[1]
    assert not read_back("text")[1]
    assert read_back(f"text\n\n{MARKER}")[1]
