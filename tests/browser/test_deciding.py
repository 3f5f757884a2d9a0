"""Look, approve, reject: what is posted is what was on the screen, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from local.stack import Stack
from tests.browser.captain import Captain, another_pull, waiting_plan


def posted(stack: Stack, number: int = 42) -> list[str]:
    return [comment["body"] for comment in stack.repository.comments(number)]


def only_waiting(stack: Stack) -> dict[str, Any]:
    (action,) = stack.client.get("/pending").body["actions"]
    assert isinstance(action, dict)
    return action


def test_the_captain_sees_what_would_be_done_and_why(captain: Captain, stack: Stack) -> None:
    waiting_plan(stack)
    action = only_waiting(stack)
    captain.signs_in()
    article = captain.looks_at()
    for text in (
        "Leads outside dfg-team/dfg",
        "Approving carries it out once",
        action["evidence"],
        action["reason"],
        "$" + action["cost"],
        action["digest"][:12],
        "in 7 d",
        "captain",
    ):
        expect(article).to_contain_text(text)
    expect(article.get_by_role("heading", name="QA Test Plan")).to_be_visible()
    captain.presses("Raw text")
    expect(article.locator("pre.raw")).to_have_text(action["payload"]["body"], use_inner_text=True)


def test_approve_posts_what_was_shown_bound_to_its_digest(captain: Captain, stack: Stack) -> None:
    waiting_plan(stack)
    action = only_waiting(stack)
    captain.signs_in()
    captain.looks_at()
    with captain.page.expect_request("**/approve/*") as sent:
        captain.presses("Approve")
    captain.is_notified("done, on GitHub")
    captain.reads("Nothing waits.")
    assert sent.value.header_value("if-match") == f'"{action["digest"]}"'
    assert posted(stack) == [action["payload"]["body"]]


def test_reject_keeps_the_reason_in_the_audit(captain: Captain, stack: Stack) -> None:
    waiting_plan(stack)
    captain.signs_in()
    captain.looks_at()
    captain.presses("Reject…")
    captain.page.get_by_label("Reason, kept in the audit").fill("The board is not ours")
    captain.confirms("Reject")
    captain.is_notified("rejected")
    assert posted(stack) == []
    captain.goes_to("Audit")
    captain.page.get_by_role("link", name="action rejected").click()
    captain.reads("The board is not ours")


def test_cancelling_the_question_changes_nothing(captain: Captain, stack: Stack) -> None:
    waiting_plan(stack)
    captain.signs_in()
    captain.looks_at()
    captain.presses("Reject…")
    captain.page.keyboard.press("Escape")
    expect(captain.page.get_by_role("dialog")).to_have_count(0)
    assert only_waiting(stack)["state"] == "pending"


def test_several_at_once_and_one_that_moved_does_not_stop_the_others(
    captain: Captain, stack: Stack, sample: dict[str, Any]
) -> None:
    for number in (51, 52, 53):
        another_pull(stack, sample, number, "Another change")
        waiting_plan(stack, number)
    captain.signs_in()
    for number in (51, 52, 53):
        captain.looks_at(number)  # their author is a stranger: what policy warns of is opened before it is chosen
        captain.page.get_by_role("checkbox", name=f"#{number}").check()
    stack.repository.push(52, "f" * 40)
    captain.presses("Approve…")
    captain.confirms("Approve 3")
    captain.is_notified("QA plan for pull request #52: not done.")
    captain.is_notified("QA plan for pull request #51: done")
    assert [len(posted(stack, number)) for number in (51, 52, 53)] == [1, 0, 1]
    expect(captain.page.get_by_role("listitem")).to_contain_text("#52")


def test_the_slower_of_two_tabs_is_told_and_posts_nothing(another_tab: Callable[[], Captain], stack: Stack) -> None:
    waiting_plan(stack)
    first, second = another_tab(), another_tab()
    for captain in (first, second):
        captain.signs_in()
        captain.looks_at()
    first.presses("Approve")
    first.is_notified("done, on GitHub")
    second.presses("Approve")
    second.is_told("The action is executed already")
    second.presses("Look again")
    second.is_told("does not wait any more")
    assert len(posted(stack)) == 1


def test_a_push_between_look_and_click_posts_nothing_until_approved_as_stale(captain: Captain, stack: Stack) -> None:
    waiting_plan(stack)
    captain.signs_in()
    captain.looks_at()
    stack.repository.push(42, "e" * 40)
    captain.presses("Approve")
    captain.is_told("has moved from 5b1f6c0e9d3a for main to eeeeeeeeeeee")
    assert posted(stack) == []
    captain.presses("Approve as stale…")
    captain.confirms("Approve as stale")
    captain.is_notified("done, on GitHub")
    assert len(posted(stack)) == 1
    assert "5b1f6c0e9d3a" in posted(stack)[0]


def test_a_closed_pull_request_ends_the_action(captain: Captain, stack: Stack) -> None:
    waiting_plan(stack)
    captain.signs_in()
    captain.looks_at()
    stack.repository.change_pull(42, state="closed")
    captain.presses("Approve")
    captain.is_told("Pull request 42 is closed: the action has expired")
    assert posted(stack) == []


def test_an_action_whose_time_is_over_is_not_posted(captain: Captain, stack: Stack) -> None:
    waiting_plan(stack)
    action = only_waiting(stack)
    captain.signs_in()
    captain.looks_at()
    expect(captain.page.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    stack.dynamodb.update_item(
        TableName=stack.tables["ACTIONS_TABLE"],
        Key={"id": {"S": action["id"]}},
        UpdateExpression="SET expiresAt = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )
    captain.presses("Approve")
    captain.is_told("The action has expired: dispatch again for a new one")
    captain.presses("Look again")
    captain.is_told("does not wait any more")
    assert posted(stack) == []


def test_filters_narrow_the_queue(captain: Captain, stack: Stack, sample: dict[str, Any]) -> None:
    another_pull(stack, sample, 51, "Another change")
    waiting_plan(stack, 51)
    waiting_plan(stack)
    captain.signs_in()
    captain.page.get_by_text("Filter", exact=True).click()
    captain.page.get_by_label("Target").select_option("pull request")
    captain.page.get_by_label("Number").fill("51")
    captain.presses("Apply")
    expect(captain.page.get_by_role("listitem")).to_have_count(1)
    expect(captain.page.get_by_role("listitem")).to_contain_text("#51")


def test_labels_stand_as_before_and_after(captain: Captain, stack: Stack) -> None:
    waiting_plan(stack)
    change = {"add": ["status:ready", "prio:P1"], "remove": ["status:triage"]}
    action = {**only_waiting(stack), "actionType": "change_labels", "payload": change}
    captain.page.route(
        "**/pending?*", lambda route: route.fulfill(json={"count": 1, "actions": [action], "cursor": None})
    )
    captain.page.route("**/pending/*", lambda route: route.fulfill(json=action))
    captain.signs_in()
    captain.page.get_by_role("link", name="Label change for pull request #42").click()
    rows = captain.page.get_by_role("article").locator("tbody tr")
    expect(rows).to_have_count(2)
    assert [row.inner_text().split() for row in rows.all()] == [["status:triage", "status:ready"], ["–", "prio:P1"]]
