"""Many that wait: danger is opened before it is chosen, the place is kept, and the keyboard decides."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from local.stack import Stack
from tests.browser.captain import Captain, another_pull, waiting_plan

HARM = {
    "rule": "harm.step",
    "field": "test_plan[0]",
    "severity": "ask",
    "excerpt": "curl … | sh",
    "why": "runs code from the network",
}
LINK = {"rule": "link.outside", "field": "general_checks", "severity": "ask", "excerpt": "", "why": "leads outside"}


def made_up(number: int, **changes: Any) -> dict[str, Any]:
    """An action as the API lists it."""
    minute = f"{number // 60:02d}:{number % 60:02d}"
    return {
        "id": f"{number:08x}-0000-4000-8000-000000000000",
        "runId": f"{number:08x}-1111-4000-8000-000000000000",
        "taskType": "qa_plan",
        "targetType": "pull_request",
        "targetId": number,
        "title": f"Change number {number}",
        "url": f"https://github.com/dfg-team/dfg/pull/{number}",
        "author": "mona",
        "actionType": "add_comment",
        "reason": "the model's reason",
        "evidence": "the model's evidence",
        "classification": "requires_approval",
        "policyReason": "leads outside",
        "createdAt": f"2026-11-22T{minute}:00.000Z",
        "expiresAt": f"2026-12-{28 - number % 20:02d}T12:00:00.000Z",
        "state": "pending",
        "digest": f"{number:064x}",
        "lastError": "",
        "onApprove": "carries it out once",
        "principal": "ci",
        "cost": "0.010000",
        "checks": [LINK],
        "payload": {"body": f"Plan {number}\n"},
        **changes,
    }


class Desk:
    """A service with these actions, and what it was asked."""

    def __init__(self, captain: Captain, actions: list[dict[str, Any]]) -> None:
        self.actions = sorted(actions, key=lambda action: str(action["createdAt"]), reverse=True)
        self.sent: list[tuple[str, dict[str, Any]]] = []
        captain.page.route("**/pending?*", self._list)
        captain.page.route("**/pending/*", self._one)
        captain.page.route("**/approve/*", lambda route: self._decide(route, "executed"))
        captain.page.route("**/reject/*", lambda route: self._decide(route, "rejected"))

    def _list(self, route: Route) -> None:
        query = dict(part.split("=") for part in route.request.url.partition("?")[2].split("&"))
        start, limit = int(query.get("cursor", "0")), int(query["limit"])
        if "target" in query:
            route.fulfill(json={"count": 0, "actions": [], "cursor": None})
            return
        page = self.actions[start : start + limit]
        more = str(start + limit) if start + limit < len(self.actions) else None
        route.fulfill(json={"count": len(page), "actions": page, "cursor": more})

    def _one(self, route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        [action] = [action for action in self.actions if action["id"] == name]
        route.fulfill(json=action)

    def _decide(self, route: Route, status: str) -> None:
        name = route.request.url.rpartition("/")[2]
        self.sent.append((name, json.loads(route.request.post_data or "{}")))
        self.actions = [action for action in self.actions if action["id"] != name]
        place = {"url": f"https://github.com/dfg-team/dfg/pull/{int(name[:8], 16)}#issuecomment-1"}
        done = {"status": status, "actionId": name, "actionType": "add_comment", "state": status}
        route.fulfill(json={**done, **(place if status == "executed" else {})})


@pytest.fixture
def desk(captain: Captain, stack: Stack) -> Callable[..., Desk]:
    def make(*actions: dict[str, Any]) -> Desk:
        made = Desk(captain, list(actions) or [made_up(number) for number in range(1, 61)])
        captain.signs_in()
        captain.reads("Waiting for you")
        return made

    return make


def scrolled(captain: Captain) -> float:
    """How far the list is scrolled."""
    place: float = captain.page.locator(".side").evaluate("side => side.scrollTop")
    return place


def titles(captain: Captain) -> list[str]:
    return captain.page.locator(".queue strong").all_inner_texts()


def test_danger_is_opened_before_it_can_be_chosen_and_told_before_it_is_approved(
    captain: Captain, desk: Callable[..., Desk]
) -> None:
    unknown = {**LINK, "rule": "something.new", "why": "a rule of another version"}
    service = desk(made_up(1, checks=[HARM], policyReason="harmful"), made_up(2), made_up(3, checks=[unknown]))
    box = captain.page.get_by_role("checkbox")
    expect(box.nth(0)).to_be_disabled()
    expect(box.nth(1)).to_be_enabled()
    expect(box.nth(2)).to_be_disabled()
    expect(captain.page.locator(".queue li").nth(2)).to_contain_text("look closely: harm")
    captain.page.get_by_label("Choose all of a kind").select_option(index=1)
    captain.is_notified("2 of 3 have to be opened")
    captain.looks_at(1)
    expect(box.nth(2)).to_be_enabled()
    box.nth(2).check()
    captain.presses("Approve…")
    dialog = captain.page.get_by_role("dialog")
    for text in ("Change number 1", "Runs code from the network", "curl … | sh", "Change number 2", "Leads outside"):
        expect(dialog).to_contain_text(text)
    expect(dialog).not_to_contain_text("the model's reason")
    dialog.get_by_label("Note").fill("read both")
    captain.confirms("Approve 2")
    captain.is_notified("2 done.")
    assert sorted(service.sent) == [(made_up(number)["id"], {"note": "read both"}) for number in (1, 2)]


def test_a_label_change_is_shown_where_it_is_chosen_without_what_was_found_in_others(
    captain: Captain, desk: Callable[..., Desk]
) -> None:
    stranger = {**LINK, "rule": "trust.author", "field": "context", "why": "asks, because issue 9 is by drive-by"}
    labels = {"add": ["sprint:n"], "remove": ["status:triage"], "before": ["status:triage"]}
    change = {"actionType": "change_labels", "taskType": "sprint_plan", "targetType": "issue", "payload": labels}
    own = "label changes of sprint_plan need the Captain"
    service = desk(
        made_up(1, **change, checks=[stranger], policyReason=own),
        made_up(2, **change, checks=[stranger], policyReason="trust.author in context: asks, because …"),
    )
    first, second = captain.page.locator(".queue li").nth(1), captain.page.locator(".queue li").nth(0)
    expect(first).to_contain_text("− status:triage, + sprint:n")
    expect(first).to_contain_text("Label changes of sprint_plan need the Captain.")
    expect(second).to_contain_text("Issue 9 is by drive-by.")
    expect(second.get_by_role("checkbox")).to_be_disabled()
    first.get_by_role("checkbox").check()
    captain.presses("Approve…")
    expect(captain.page.get_by_role("dialog")).to_contain_text("− status:triage, + sprint:n")
    captain.page.keyboard.press("Control+Enter")
    captain.is_notified("1 done.")
    assert [name for name, _ in service.sent] == [made_up(1)["id"]]


def test_what_became_of_the_last_one_stays_in_sight(captain: Captain, desk: Callable[..., Desk]) -> None:
    desk()
    captain.page.set_viewport_size({"width": 1280, "height": 500})
    captain.page.locator(".queue a").nth(3).click()
    captain.page.get_by_role("article").get_by_text("About it").scroll_into_view_if_needed()
    captain.presses("Approve")
    captain.is_notified("done, on GitHub")
    expect(captain.page.locator("#notice")).to_be_in_viewport()
    expect(captain.page.locator("#looked-at")).to_be_in_viewport()


def test_after_a_decision_the_next_one_opens_and_the_list_keeps_its_place(
    captain: Captain, desk: Callable[..., Desk]
) -> None:
    desk()
    captain.page.locator(".queue a").nth(30).click()
    captain.reads("Change number 30")
    place = scrolled(captain)
    assert place > 500
    node = captain.page.locator(".queue li").nth(10).evaluate_handle("node => node")
    captain.presses("Approve")
    expect(captain.page.locator("#looked-at")).to_have_text("QA plan for pull request #29")
    assert abs(scrolled(captain) - place) <= 2
    assert captain.page.locator(".queue li").nth(10).evaluate("(now, then) => now === then", node)
    captain.is_notified("QA plan for pull request #30: done, on GitHub.")
    link = captain.page.locator("#notice").get_by_role("link", name="The comment on GitHub")
    expect(link).to_have_attribute("href", "https://github.com/dfg-team/dfg/pull/30#issuecomment-1")


def test_the_keyboard_goes_through_the_list_and_decides_behind_a_question(
    captain: Captain, desk: Callable[..., Desk]
) -> None:
    service = desk()
    keys = captain.page.keyboard
    looked_at = captain.page.locator("#looked-at")
    for key, number in (("j", 60), ("j", 59), ("k", 60), ("j", 59)):
        keys.press(key)
        expect(looked_at).to_have_text(f"QA plan for pull request #{number}")
    keys.press("r")
    captain.page.get_by_label("Reason, kept in the audit").fill("jar k?")  # keys of a text are its own
    keys.press("Escape")
    keys.press("a")
    expect(captain.page.get_by_role("dialog")).to_contain_text("Leads outside")
    captain.confirms("Approve")
    expect(looked_at).to_have_text("QA plan for pull request #58")
    keys.press("r")
    captain.confirms("Reject")
    expect(looked_at).to_have_text("QA plan for pull request #57")
    assert [name for name, _ in service.sent] == [made_up(59)["id"], made_up(58)["id"]]
    keys.press("?")
    expect(captain.page.get_by_role("dialog")).to_contain_text("approve it, behind a question")
    captain.confirms("Close")
    keys.press("/")
    expect(captain.page.get_by_label("Search in titles")).to_be_focused()


def test_orders_and_searches_are_about_everything_that_waits(captain: Captain, desk: Callable[..., Desk]) -> None:
    desk()
    expect(captain.page.locator(".queue li")).to_have_count(50)
    captain.presses("Load more")
    expect(captain.page.locator(".queue li")).to_have_count(60)
    captain.page.get_by_label("Order").select_option("expiry")
    assert titles(captain)[0] == "QA plan for pull request #59"
    captain.page.get_by_label("Order").select_option("oldest")
    assert titles(captain)[0] == "QA plan for pull request #1"
    captain.page.get_by_label("Search in titles").fill("number 7")
    assert titles(captain) == ["QA plan for pull request #7"]
    captain.page.get_by_label("Search in titles").fill("nothing like it")
    captain.reads("Nothing that waits is like that.")


def test_what_is_new_comes_in_by_itself_and_what_is_typed_stays(
    captain: Captain, stack: Stack, sample: dict[str, Any]
) -> None:
    another_pull(stack, sample, 51, "A new filter for dealers")
    waiting_plan(stack, 51)
    captain.page.clock.install()
    captain.signs_in()
    captain.looks_at(51)
    captain.page.get_by_label("Search in titles").fill("q")
    waiting_plan(stack)
    captain.page.clock.fast_forward(21_000)
    expect(captain.page.locator(".queue li")).to_have_count(2)
    expect(captain.page.get_by_label("Search in titles")).to_have_value("q")
    expect(captain.page.locator("#looked-at")).to_have_text("QA plan for pull request #51")
    expect(captain.page.locator("#count")).to_contain_text("2")


def test_a_token_that_expires_costs_nothing_that_was_typed(captain: Captain, stack: Stack) -> None:
    action = waiting_plan(stack)["actionId"]
    captain.signs_in()
    captain.looks_at()
    captain.presses("Reject…")
    captain.page.get_by_label("Reason, kept in the audit").fill("The board is not ours")
    captain.page.evaluate("sessionStorage.setItem('dfg.token', 'expired')")
    captain.confirms("Reject")
    captain.is_told("The token was not accepted")
    captain.page.get_by_label("Token").fill(stack.token)
    captain.page.get_by_role("button", name="Sign in").click()
    captain.is_notified("rejected")
    run = next(run for run in stack.client.get("/audit?kind=reject").body["runs"])
    assert (run["actionId"], run["reason"]) == (action, "The board is not ours")


def test_a_link_leads_to_what_has_been_decided_or_says_that_nothing_is_there(captain: Captain, stack: Stack) -> None:
    action = waiting_plan(stack)["actionId"]
    stack.client.post(f"/reject/{action}", {})
    captain.signs_in(f"#/waiting/{action}")
    captain.is_told("It is rejected")
    captain.is_told("by captain")
    captain.opens("#/waiting/5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f")
    captain.page.reload()
    captain.is_told("No action has this id")


def test_an_action_names_its_target_and_who_wrote_and_asked_for_it(captain: Captain, stack: Stack) -> None:
    waiting_plan(stack)
    pull = stack.repository.pull(42)
    captain.signs_in()
    expect(captain.page.get_by_role("listitem")).to_contain_text(pull["title"])
    article = captain.looks_at()
    link = article.get_by_role("link", name=pull["title"])
    assert link.get_attribute("href") == "https://github.com/dfg-team/dfg/pull/42"
    expect(article).to_contain_text(f"by {pull['user']['login']}")


def test_a_failed_action_says_what_failed(captain: Captain, desk: Callable[..., Desk]) -> None:
    desk(made_up(7, state="failed", lastError="GitHub answered 403", checks=[], policyReason="every check passed"))
    article = captain.looks_at(7)
    expect(article).to_contain_text("It was not posted: GitHub answered 403.")
    expect(article).not_to_contain_text("every check passed")


def test_a_moved_target_shows_its_change_and_the_difference_to_a_newer_plan(captain: Captain, stack: Stack) -> None:
    old = waiting_plan(stack)["actionId"]
    stack.repository.push(42, "e" * 40)
    waiting_plan(stack)
    captain.signs_in(f"#/waiting/{old}")
    captain.presses("Approve")
    captain.is_told("has moved from")
    compare = captain.page.get_by_role("link", name="See what has changed since on GitHub")
    assert str(compare.get_attribute("href")).endswith(f"...{'e' * 40}")
    captain.page.get_by_text("See the difference").click()
    expect(captain.page.locator(".difference")).to_be_visible()


def test_a_note_is_kept_by_the_audit(captain: Captain, stack: Stack) -> None:
    waiting_plan(stack)
    captain.signs_in()
    captain.looks_at()
    captain.presses("Approve with a note…")
    captain.page.get_by_label("Note, kept in the audit").fill("read it twice")
    captain.confirms("Approve")
    captain.is_notified("done, on GitHub")
    [run] = stack.client.get("/audit?kind=approve").body["runs"]
    events = stack.client.get(f"/audit/{run['runId']}").body["events"]
    assert events[0]["data"]["note"] == "read it twice"
