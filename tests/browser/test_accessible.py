"""No violation of WCAG's levels A and AA, as axe finds them: every view, light and dark, and a question over it."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from local.stack import Stack
from tests.browser.captain import Captain, waiting_plan

LEVELS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def violations(page: Page) -> list[str]:
    found: list[dict[str, Any]] = Axe().run(page, options=LEVELS).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_shuts_anybody_out(captain: Captain, stack: Stack, scheme: str) -> None:
    captain.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    run = waiting_plan(stack)
    captain.opens()
    captain.page.get_by_label("Token").wait_for()
    found = {"sign-in": violations(captain.page)}
    captain.signs_in()
    captain.reads("Waiting for you")
    found["waiting"] = violations(captain.page)
    captain.looks_at()
    captain.reads("Why it waits")
    found["action"] = violations(captain.page)
    captain.presses("Approve with a note…")
    found["question"] = violations(captain.page)
    captain.confirms("Cancel")
    for view, text in (
        ("dispatch", "A draft that passes"),
        ("breaker", "Closed: dispatches"),
        ("audit", "Every run and every decision"),
        (f"audit/{run['runId']}", "The chain is intact"),
        ("phases", "phase0 is deployed."),
    ):
        captain.page.goto(f"{stack.url}/console#/{view}")
        captain.reads(text)
        found[view] = violations(captain.page)
    captain.page.emulate_media(color_scheme="light")
    assert {view: faults for view, faults in found.items() if faults} == {}
