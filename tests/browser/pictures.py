"""README's two pictures: a plan that Claude wrote for a case of `evals`, waiting in the console, and posted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from markdown_it import MarkdownIt
from playwright.sync_api import Browser

from local.child import ROOT
from local.model import Order
from local.stack import Stack, clean_environment
from tests.browser.captain import Captain

CASE: Final = "session-idle"
SIZE: Final = (1180, 860)
PAGE: Final = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 24px; font: 15px/1.5 "Noto Sans", "DejaVu Sans", sans-serif; color: #1f2328; }
article { border: 1px solid #d1d9e0; border-radius: 6px; } header { background: #f6f8fa; padding: 8px 16px;
  border-bottom: 1px solid #d1d9e0; color: #59636e; } header b { color: #1f2328; } section { padding: 4px 16px 16px; }
h2, h3 { line-height: 1.25; margin: 20px 0 12px; } h2 { border-bottom: 1px solid #d1d9e0; padding-bottom: 6px; }
a { color: #0969da; text-decoration: none; } li { margin: 4px 0; } li:has(> input, > p > input) { list-style: none; }
code { background: #eff1f3; border-radius: 4px; padding: 2px 5px; font-size: 85%%; }
pre { background: #f6f8fa; padding: 12px; border-radius: 6px; } pre code { background: none; padding: 0; }
</style><article><header><b>%s</b> commented</header><section>%s</section></article>"""


def take(browser: Browser, directory: Path) -> None:
    """The plan waits, since its pull request is from a fork; it is looked at, approved, and posted."""
    case = json.loads((ROOT / "evals" / "cases" / f"{CASE}.json").read_text("utf-8"))
    answer = json.loads((ROOT / "evals" / "recorded" / "qa_plan" / f"{CASE}.json").read_text("utf-8"))["answer"]
    case["pull"]["head"]["repo"]["full_name"] = "yuki-tanabe/boxoffice-api"
    with Stack(clean_environment({"TEAM": "plain"}), repository=case["repository"]) as stack:
        number = stack.repository.load({**case, "collaborators": {}})
        assert stack.model is not None
        stack.model.order(Order(text=answer))
        action = stack.client.post("/dispatch/qa-plan", {"prNumber": number}).body["actionId"]
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, color_scheme="light")
        captain = Captain(page, stack)
        captain.signs_in(f"#/waiting/{action}")
        captain.reads("Why it waits")
        page.mouse.move(0, 0)
        page.screenshot(path=directory / "console.png")
        captain.presses("Approve")
        captain.is_notified("done, on GitHub")
        [comment] = stack.repository.comments(number)
    page.goto("about:blank")  # the console forbids what is set here
    page.set_content(PAGE % (comment["user"]["login"], as_html(comment)))
    page.screenshot(path=directory / "plan.png")
    page.close()


def as_html(comment: dict[str, Any]) -> str:
    """About as GitHub shows it: boxes to tick are boxes."""
    made = MarkdownIt("commonmark", {"html": True}).enable("table").render(comment["body"])
    return re.sub(r"(<li>(?:\n<p>)?)\[ \]", r'\1<input type="checkbox" disabled>', made)
