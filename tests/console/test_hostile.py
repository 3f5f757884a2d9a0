"""A stranger's words on the page: shown as they are, doing nothing. And the preview says what GitHub would show."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import expect

from core.text.markdown import (
    Block,
    Code,
    Heading,
    Items,
    Outline,
    Paragraph,
    Strong,
    Text,
    labelled,
    outline,
    write,
)
from local.child import ROOT
from local.stack import Stack
from tests.console.captain import Captain, waiting_plan

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

READ_OUTLINE = """root => {
  const out = [];
  const inlines = (node) => {
    let last = null;
    const put = (kind, value) => {
      if (last && last[0] === kind && kind !== 'break') last[1] += value; else { last = [kind, value]; out.push(last); }
    };
    for (const child of node.childNodes) {
      const tag = child.nodeName;
      if (tag === 'BR') put('break', '');
      else put(tag === 'CODE' ? 'code' : tag === 'STRONG' ? 'strong' : 'text', child.textContent);
    }
  };
  const inner = (node) => { for (const child of node.children) block(child); };
  const block = (node) => {
    const tag = node.nodeName;
    if (node.className.startsWith('heading')) { out.push([node.className.replace(/.*level/, 'h'), '']); inlines(node); }
    else if (tag === 'P') { out.push(['p', '']); inlines(node); }
    else if (tag === 'PRE') out.push(['fence', node.textContent]);
    else if (tag === 'BLOCKQUOTE') { out.push(['quote', '']); inner(node); out.push(['end', '']); }
    else {
      out.push([tag.toLowerCase(), '']);
      for (const item of node.children) {
        out.push(['li', '']);
        const first = item.firstElementChild;
        if (first && ['P', 'PRE', 'UL', 'OL', 'BLOCKQUOTE'].includes(first.nodeName)) inner(item);
        else { out.push(['p', '']); inlines(item); }
      }
      out.push(['end', '']);
    }
  };
  inner(root);
  return out;
}"""


def show(captain: Captain, stack: Stack, **changes: Any) -> None:
    """The waiting action, with other words in it."""
    waiting_plan(stack)
    (action,) = stack.client.get("/pending").body["actions"]
    changed = {**action, **changes}
    captain.page.route(
        "**/pending?*", lambda route: route.fulfill(json={"count": 1, "actions": [changed], "cursor": None})
    )
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
    captain.reads("Something in this comment may act on GitHub")
    assert_inert(captain)
    captain.presses("Raw text")
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


def document(each: int) -> tuple[Block, ...]:
    """Everything that the writer can write, with ordinary texts of the corpus in it: one of so many, from the first."""
    lines = (ROOT / "tests" / "corpus" / "ordinary.jsonl").read_text().splitlines()[::each]
    texts = [json.loads(line) for line in lines]
    said = [text for entry in texts for text in entry.values() if isinstance(text, str) and text.strip()]
    blocks: list[Block] = [Heading(2, (Text("All of it"),)), Heading(3, (Text("1 · "), Code("AC-1")))]
    blocks.append(Paragraph(((Strong("Covers:"), Text(" "), Code("src/`odd`.py"), Text(", "), Code("b.py")),)))
    for text in said:
        blocks += labelled("Criterion:", text)
    blocks.append(Items(tuple((Paragraph(((Text(f"step {n}"),),)),) for n in range(1, 13)), ordered=True))
    blocks.append(Items(tuple(labelled("Edge:", text) for text in said[:40])))
    return tuple(blocks)


def without_blanks(parts: Any) -> list[tuple[str, str]]:
    """Without the blanks at a line's ends, where a browser and the writer may differ."""
    stripped = [(kind, words if kind == "fence" else words.strip()) for kind, words in parts]
    return [(kind, words) for kind, words in stripped if words or kind != "text"]


def test_the_preview_reads_back_what_the_writer_wrote(captain: Captain, stack: Stack) -> None:
    require_what_was_written(captain, stack, document(each=5))  # `make long` has all of them


def require_what_was_written(captain: Captain, stack: Stack, written: tuple[Block, ...]) -> None:
    """The preview's outline is the document's."""
    expected: Outline = outline(written)
    show(captain, stack, payload={"body": write(written, "<!-- dfg-orchestrator action=1 -->")})
    shown = captain.page.locator(".comment").evaluate(READ_OUTLINE)
    for one, other in zip(without_blanks(shown), without_blanks(expected), strict=False):
        assert one == other
    assert len(without_blanks(shown)) == len(without_blanks(expected))
    expect(captain.page.get_by_text("Something in this comment may act on GitHub")).to_have_count(0)
