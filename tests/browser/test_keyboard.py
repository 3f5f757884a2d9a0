"""The whole of the Captain's work without a mouse."""

from __future__ import annotations

from playwright.sync_api import expect

from local.stack import Stack
from tests.browser.captain import Captain, waiting_plan

FOCUSED = """(() => {
  const node = document.activeElement;
  return node === document.body ? "" : (node.getAttribute("aria-label") || node.innerText || "").trim();
})()"""


def tab_to(captain: Captain, name: str, most: int = 40) -> None:
    """Presses Tab until what has the focus begins with `name`, and sees that the focus can be seen."""
    seen = []
    for _ in range(most):
        captain.page.keyboard.press("Tab")
        seen.append(captain.page.evaluate(FOCUSED))
        if seen[-1].startswith(name):
            assert captain.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"{name!r} was not reached by Tab: {seen}")


def test_sign_in_look_reject_and_approve_by_keyboard_alone(captain: Captain, stack: Stack) -> None:
    keys = captain.page.keyboard
    waiting_plan(stack)
    captain.opens()
    captain.page.get_by_label("Token").wait_for()  # it has the focus already
    keys.type(stack.token)
    keys.press("Enter")
    captain.reads("Waiting for you")
    tab_to(captain, "QA plan for pull request #42")
    keys.press("Enter")
    captain.reads("Why it waits")
    assert captain.page.evaluate("document.activeElement.id") == "looked-at"
    tab_to(captain, "Raw text")
    keys.press("Space")
    tab_to(captain, "Reject…")
    keys.press("Enter")
    captain.reads("Reject the QA plan")
    keys.press("Escape")
    assert captain.page.evaluate(FOCUSED) == "Reject…"
    keys.press("Shift+Tab")
    assert captain.page.evaluate(FOCUSED) == "Approve"
    keys.press("Enter")
    captain.is_notified("done, on GitHub")
    expect(captain.page.locator("#queue-title")).to_be_focused()
    assert len(stack.repository.comments(42)) == 1


def test_a_link_skips_the_navigation(captain: Captain) -> None:
    captain.signs_in()
    captain.reads("Waiting for you")
    tab_to(captain, "Skip to the content")
