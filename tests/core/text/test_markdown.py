"""A model's words as GitHub's bytes: shown as they are, doing nothing."""

from __future__ import annotations

import pytest

from core.text.document import (
    Block,
    Checks,
    Code,
    CodeBlock,
    Document,
    Folded,
    Heading,
    Items,
    Link,
    Own,
    Paragraph,
    Strong,
    Text,
    page,
)
from core.text.markdown import marker, write
from core.text.prose import blocks, inline, labelled
from core.text.read_back import faults

MARKER = marker("6f1e6f0e-7d0b-5d6f-9a43-0c8f1b2a3d4e")


def written(*document: Block) -> str:
    """The bytes without the marker, which read back as meant."""
    body = write(document, MARKER)
    assert faults(document, body) == ()
    return body.removesuffix(f"\n\n{MARKER}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Click Save", "Click Save"),
        ("Ask @octocat, please", "Ask <code>&#64;octocat</code>, please"),
        (
            "@pytest.fixture and @types/node",
            "<code>&#64;pytest&#46;fixture</code> and <code>&#64;types&#47;node</code>",
        ),
        ("＠octocat", "<code>&#65312;octocat</code>"),
        ("mail foo@example.com", "mail `foo@example.com`"),
        ("x@claude", "<code>x<wbr>&#64;claude</code>"),
        ("Use <select> here", "Use `<select>` here"),
        ("List<str> and #12", "`List<str>` and `#12`"),
        ("Open http://localhost:3000.", "Open `http://localhost:3000`."),
        ("`code` stays `code`", "`code` stays `code`"),
        ("a `` ` `` b", "a `` ` `` b"),
        ("**bold words** here", "\\*\\*bold words\\*\\* here"),
        ("1. first", "1. first"),
        ("a -> b < c", "a -> b \\< c"),
        ("snake_case and __init__", "`snake_case` and `__init__`"),
        ("R&D &amp; more", "R&D `&amp;` more"),
        ("costs $5, :tada:", "costs `$5`, `:tada:`"),
        ("lone ` tick", "lone `` ` `` tick"),
        ("in C#, not a heading #", "in C#, not a heading \\#"),
        ("[x](/y)", "\\[x\\](/y)"),
        ("see [the docs](https://x.y) now", "see `[the docs](https://x.y)` now"),
        ("/api/merge works", "/api/merge works"),
        ("and/or 50 %", "and/or 50 %"),
        ("a Map<String, List<Price>>, sorted", "a `Map<String, List<Price>>`, sorted"),
        ("(Array<Record<string, number>>)", "(`Array<Record<string, number>>`)"),
        ("if a<b and c>d", "if `a<b and c>d`"),
        ("fixed in 1a2b3c4d5e and GH-7", "fixed in `1a2b3c4d5e` and `GH-7`"),
    ],
)
def test_one_line_is_shown_inert(text: str, expected: str) -> None:
    assert written(Paragraph(((Own("Says: "), *inline(text)),))) == f"Says: {expected}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"tool_calls": [', '`{"tool_calls": [`'),
        ('{"a": {"b_c": [1, 2], "d": "e f"}}, sent', '`{"a": {"b_c": [1, 2], "d": "e f"}}`, sent'),
        ("foo(bar_baz, x).", "`foo(bar_baz, x)`."),
        ("--max_fail=1 --no-header -q", "`--max_fail=1 --no-header -q`"),
        ("a_b -> c_d, e_f > 5", "`a_b -> c_d`, `e_f` > 5"),
        ("<a href='x' target=_blank>go</a> there", "`<a href='x' target=_blank>go</a>` there"),
    ],
)
def test_what_belongs_together_is_one_span(text: str, expected: str) -> None:
    assert written(Paragraph(((Own("Says: "), *inline(text)),))) == f"Says: {expected}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello", "&#72;ello"),
        ("/merge", "&#47;merge"),
        ("- item", "&#45; item"),
        ("1. first", "&#49;. first"),
        ("# title", "&#35; title"),
        ("---", "&#45;--"),
        ("`/merge` now", "&#32;`/merge` now"),
        ("@bors r+", "&#32;<code>&#64;bors</code> r+"),
        ("[ ] box", "&#91; \\] box"),
    ],
)
def test_a_line_that_is_not_ours_begins_with_an_entity(text: str, expected: str) -> None:
    assert written(*blocks(text)) == expected
    assert written(Items((blocks(text),))) == f"- {expected}"
    assert written(Heading(3, inline(text))) == f"### {expected}"
    assert written(*labelled("Reason:", f"so\n{text}")) == f"**Reason:** so\n{expected}"


CODE = "git clone git@github.com:octo/shop.git\n\n\tmake   `x` <b> &amp; \\*\n   \n# end"


def test_code_is_written_exactly() -> None:
    assert written(CodeBlock(CODE)) == f"```\n{CODE}\n```"
    assert written(CodeBlock("````")) == "`````\n````\n`````"


def test_code_with_a_mention_is_escaped() -> None:
    assert (
        written(CodeBlock("@claude\n\n<b>&x</b> a@b.de"))
        == "<pre>&#64;claude\n\n&lt;b&gt;&amp;x&lt;/b&gt; a@b.de</pre>"
    )


def test_a_step_has_a_box_its_number_and_what_belongs_to_it() -> None:
    steps = Checks(((*blocks("Run it"), CodeBlock("make"), *labelled("Expect:", "/ok")), blocks("```\nx\n```")))
    assert written(steps).split("\n") == [
        "- [ ] **1** Run it",
        "",
        "  ```",
        "  make",
        "  ```",
        "",
        "  **Expect:** /ok",
        "",
        "- [ ] **2**",
        "",
        "  ```",
        "  x",
        "  ```",
    ]


def test_lists_in_a_row_stay_apart() -> None:
    one = (blocks("a"),)
    assert written(Checks(one), Items(one), Items(one, ordered=True), Items(one, ordered=True)).split("\n\n") == [
        "- [ ] **1** a",
        "* &#97;",
        "1. &#97;",
        "1) &#97;",
    ]


def test_folded_blocks_stand_under_their_summary() -> None:
    assert written(Folded("3 files", blocks("a"))) == ("<details>\n<summary>3 files</summary>\n\n&#97;\n\n</details>")


def test_a_link_leads_to_a_page_of_ours() -> None:
    url = page("https://github.com", "octo/shop", "blob", "1a2b", "src/[id] @x.ts")
    assert url == "https://github.com/octo/shop/blob/1a2b/src/%5Bid%5D%20%40x.ts"
    link = Link(Code("src/[id] @x.ts"), url)
    assert written(Paragraph(((Own("In "), link),))) == (f"In [<code>src&#47;&#91;id&#93; &#64;x&#46;ts</code>]({url})")


@pytest.mark.parametrize(
    "url", ["http://github.com/x", "https://a.b/x y", "javascript:x", "https://a.b/x)", "https://a.b/../x", "//a.b"]
)
def test_no_other_address_can_be_linked(url: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        Link(Own("here"), url)


@pytest.mark.parametrize("words", ["@octocat", "see #1", "<b>", "https://a.b", "`x`", "a_b", "$x$", ":x:", "&lt;"])
def test_live_words_cannot_be_made_text(words: str) -> None:
    with pytest.raises(ValueError, match="act on"):
        Text(words)


@pytest.mark.parametrize("words", ["@octocat", "see #1", "<b>", "`x`", "a_b", "$x$", "&lt;", "[x]", "*x*", "a\nb", ""])
def test_signs_of_markdown_are_no_words_of_ours(words: str) -> None:
    with pytest.raises(ValueError, match="not words of ours"):
        Strong(words)


def test_line_ends_are_blanks_where_one_line_is_needed() -> None:
    assert inline("a\r\n b\n/c") == (Text("a b /c"),)


def test_fence_of_the_model_stays_code() -> None:
    assert blocks("Run:\n```bash\nmake\n```\nthen look") == (
        Paragraph(((Text("Run:"),),)),
        CodeBlock("make"),
        Paragraph(((Text("then look"),),)),
    )
    assert blocks("```\na\n``") == (CodeBlock("a\n``"),)


DOCUMENT: Document = (Heading(2, (Own("Plan"),)), *blocks("hello there\n\nand `x`"), CodeBlock("y"))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("&#104;ello", "hello"),
        ("&#104;ello", "/hello"),
        ("there", "*there*"),
        ("there", "there <b>x</b>"),
        ("there", "[there](https://a.b)"),
        ("there", "there<!-- x -->"),
        ("`x`", "<code>x</code> <code>"),
        ("`x`", "x"),
        ("```\ny\n```", "```sh\ny\n```"),
        ("```\ny\n```", "```\n@y\n```"),
        ("```\ny\n```", "<pre>y<b></pre>"),
        ("## Plan", "# Plan"),
        (MARKER, ""),
        (MARKER, f"{MARKER}\n\nmore"),
    ],
)
def test_a_body_that_is_not_the_document_is_at_fault(good: str, bad: str) -> None:
    body = write(DOCUMENT, MARKER)
    assert faults(DOCUMENT, body) == ()
    assert good in body
    assert faults(DOCUMENT, body.replace(good, bad, 1)) != ()
