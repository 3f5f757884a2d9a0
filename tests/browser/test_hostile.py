"""A stranger's words on the page: shown as they are, doing nothing. And the preview says what GitHub would show."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import expect

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
    as_json,
    page,
)
from core.text.prose import blocks, labelled
from local.child import ROOT
from local.stack import Stack
from tests.browser.captain import Captain, waiting_plan

ATTACKS = [
    "<script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 1'>",
    "<svg onload='window.pwned = 1'><style>body { display: none }</style>",
    "</textarea></pre></main><h1>Signed out</h1>",
    "[click](javascript:window.pwned=1)",
    "![x](https://attacker.dev/pixel.png)",
    "{{constructor.constructor('window.pwned = 1')()}} ${window.pwned = 1}",
    "<a href='https://attacker.dev'>approve</a> \u202eevil\u202c \u200bhidden",
]
HOSTILE = "\n\n".join(ATTACKS)

READ_TREE = """root => {
  const line = (node) => [...node.childNodes].flatMap((child) => {
    const tag = child.nodeName;
    if (tag === 'BR') return [['break']];
    if (tag === 'A') return [['link', child.href, line(child)]];
    const kind = { CODE: 'code', STRONG: 'strong', EM: 'emphasis' }[tag] || 'text';
    return child.textContent ? [[kind, child.textContent]] : [];
  });
  const blocks = (node) => [...node.children].filter((one) => one.nodeName !== 'INPUT').map((one) => {
    const tag = one.nodeName;
    const level = one.className.replace(/heading level/, '');
    if (level !== one.className) return ['heading', Number(level), line(one)];
    if (tag === 'P') return ['paragraph', line(one)];
    if (one.className === 'code') return ['codeblock', one.querySelector('pre').textContent];
    if (tag === 'DETAILS') return ['folded', one.firstElementChild.textContent, blocks(one).slice(1)];
    return [one.className === 'steps' ? 'checks' : tag.toLowerCase(), [...one.children].map(blocks)];
  });
  return blocks(root);
}"""


def show(captain: Captain, stack: Stack, **changes: Any) -> None:
    """The waiting action, with other words in it."""
    waiting_plan(stack)
    (action,) = stack.client.get("/pending").body["actions"]
    changed = {**action, "document": None, **changes}
    listed = {name: value for name, value in changed.items() if name != "document"}
    captain.page.route(
        "**/pending?*", lambda route: route.fulfill(json={"count": 1, "actions": [listed], "cursor": None})
    )
    captain.page.route(f"**/pending/{action['id']}", lambda route: route.fulfill(json=changed))
    captain.signs_in()
    captain.looks_at()


def assert_inert(captain: Captain) -> None:
    main = captain.page.locator("main")
    assert captain.page.evaluate("window.pwned") is None
    assert captain.page.evaluate("document.scripts.length") == 1
    for made in (
        "img",
        "script",
        "style",
        "iframe",
        "a[href^='http']:not([href^='https://github.com/dfg-team/dfg/'])",  # the target's own address, made by us
        "a[href^='javascript']",
        "[onerror]",
        "[onload]",
    ):
        assert main.locator(made).count() == 0, made
    expect(captain.page.get_by_role("heading", name="Signed out")).to_have_count(0)


def test_hostile_words_of_a_waiting_action_are_inert(captain: Captain, stack: Stack) -> None:
    check = {"rule": HOSTILE, "field": HOSTILE, "severity": "ask", "excerpt": HOSTILE, "why": HOSTILE}
    show(
        captain,
        stack,
        reason=HOSTILE,
        evidence=HOSTILE,
        lastError=HOSTILE,
        principal=HOSTILE,
        policyReason=HOSTILE,
        checks=[check],
        payload={"body": HOSTILE},
    )
    assert_inert(captain)
    for attack in ATTACKS[:-1]:
        expect(captain.page.locator("pre.raw")).to_contain_text(attack)
    expect(captain.page.locator("pre.raw .unseen")).to_have_text(["U+202E", "U+202C", "U+200B"])
    assert_inert(captain)


def test_hostile_words_of_a_run_are_inert(captain: Captain, stack: Stack) -> None:
    run = stack.client.get(f"/audit/{waiting_plan(stack)['runId']}").body
    for event in run["events"]:
        event["data"] = {
            "principal": HOSTILE,
            "detail": HOSTILE,
            "message": HOSTILE,
            HOSTILE: HOSTILE,
            "list": [HOSTILE],
        }
    run["content"] = {HOSTILE: {"text": HOSTILE, "salt": HOSTILE, "digest": HOSTILE}}
    captain.page.route("**/audit/*", lambda route: route.fulfill(json=run))
    captain.signs_in(f"#/audit/{run['runId']}")
    for summary in captain.page.locator("summary").all():
        summary.click()
    captain.reads("window.pwned")
    assert_inert(captain)


def test_hostile_words_of_an_error_are_inert(captain: Captain, stack: Stack) -> None:
    waiting_plan(stack)
    captain.signs_in()
    captain.looks_at()
    error = {"status": "error", "error": {"code": HOSTILE, "message": HOSTILE}}
    captain.page.route("**/approve/*", lambda route: route.fulfill(status=409, json=error))
    captain.presses("Approve")
    captain.is_told("window.pwned")
    assert_inert(captain)


def document(each: int) -> Document:
    """Everything that a document can hold, with ordinary texts of the corpus in it: one of so many, from the first."""
    lines = (ROOT / "tests" / "corpus" / "ordinary.jsonl").read_text().splitlines()[::each]
    texts = [json.loads(line) for line in lines]
    said = [text for entry in texts for text in entry.values() if isinstance(text, str) and text.strip()]
    link = Link(Code("src/`odd`.py"), page("https://github.com", "octo/shop", "blob", "1a2b", "src/`odd`.py"))
    made: list[Block] = [Heading(2, (Own("All of it"),)), Heading(3, (Own("1 · "), Code("AC-1")))]
    made.append(Paragraph(((Strong("Covers:"), Own(" "), link, Own(", "), Code("b.py")),)))
    for text in said:
        made += labelled("Criterion:", text)
    made.append(Items(tuple((Paragraph(((Own(f"step {n}"),),)),) for n in range(1, 13)), ordered=True))
    made.append(Checks(tuple((*blocks(text), CodeBlock(text)) for text in said[:40])))
    made.append(Folded("More", (Items(tuple(labelled("Edge:", text) for text in said[:40])),)))
    return tuple(made)


def tree(blocks: list[Any]) -> list[Any]:
    """The document as the page's nodes read."""
    return [block(one) for one in blocks]


def block(one: dict[str, Any]) -> list[Any]:
    match one:
        case {"type": "heading"}:
            return ["heading", one["level"], line(one["line"])]
        case {"type": "paragraph"}:
            return [
                "paragraph",
                [part for at, each in enumerate(one["lines"]) for part in [["break"]][:at] + line(each)],
            ]
        case {"type": "codeblock"}:
            return ["codeblock", one["text"]]
        case {"type": "folded"}:
            return ["folded", one["summary"], tree(one["blocks"])]
        case {"type": "checks"}:
            return ["checks", [tree(step) for step in one["steps"]]]
        case _:
            return ["ol" if one["ordered"] else "ul", [tree(item) for item in one["items"]]]


def line(parts: list[dict[str, Any]]) -> list[Any]:
    return [
        ["link", part["url"], line([part["label"]])]
        if part["type"] == "link"
        else [part["type"] if part["type"] != "own" else "text", part["value"]]
        for part in parts
    ]


def test_the_page_shows_the_document(captain: Captain, stack: Stack) -> None:
    require_document(captain, stack, document(each=5))  # `make long` has all of them


def require_document(captain: Captain, stack: Stack, made: Document) -> None:
    """The page's nodes hold the document and nothing else."""
    given = as_json(made)
    show(captain, stack, document=given)
    assert captain.page.locator(".comment").evaluate(READ_TREE) == tree(given)
    assert captain.page.locator(".steps input[type=checkbox]").count() == 40


def test_an_action_without_a_document_shows_its_bytes(captain: Captain, stack: Stack) -> None:
    show(captain, stack, document=None, payload={"body": HOSTILE})
    captain.reads("Its document is not on record")
    assert_inert(captain)
    for attack in ATTACKS[:-1]:
        expect(captain.page.locator("pre.raw")).to_contain_text(attack)
    expect(captain.page.locator("pre.raw .unseen")).to_have_text(["U+202E", "U+202C", "U+200B"])
