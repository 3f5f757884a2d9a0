"""Signing in, the breaker, the audit and dispatching, as seen by the Captain."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from local.faults import Fault
from local.model import Order
from local.stack import Stack
from tests.browser.captain import Captain, waiting_plan


def test_a_wrong_token_is_told_and_a_right_one_is_kept_for_the_tab_alone(
    captain: Captain, another_tab: Callable[[], Captain], stack: Stack
) -> None:
    captain.signs_in(token="not-the-token")  # noqa: S106 - opens nothing
    captain.is_told("The token was not accepted")
    captain.page.get_by_label("Token").fill(stack.token)
    captain.page.keyboard.press("Enter")
    captain.reads("Waiting for you")
    captain.page.reload()
    captain.reads("Waiting for you")
    assert captain.page.evaluate("localStorage.length") == 0
    assert captain.page.context.cookies() == []
    other = another_tab()
    other.opens()
    expect(other.page.get_by_label("Token")).to_be_visible()
    captain.presses("Sign out")
    captain.page.reload()
    expect(captain.page.get_by_label("Token")).to_be_visible()


def test_a_token_that_is_withdrawn_ends_the_session(captain: Captain, stack: Stack) -> None:
    captain.signs_in()
    captain.reads("Waiting for you")
    captain.page.evaluate("sessionStorage.setItem('dfg.token', 'withdrawn-meanwhile')")
    captain.goes_to("Audit")
    captain.is_told("The token was not accepted")
    assert captain.page.evaluate("sessionStorage.length") == 0


def test_no_answer_is_told_with_what_to_do(captain: Captain, stack: Stack) -> None:
    waiting_plan(stack)
    captain.signs_in()
    captain.looks_at()
    captain.page.route("**/approve/*", lambda route: route.abort())
    captain.presses("Approve")
    captain.is_told("look again before you repeat it")


def test_the_breaker_shows_spend_and_is_reset_behind_a_question(captain: Captain, stack: Stack) -> None:
    waiting_plan(stack)
    stack.dynamodb.update_item(
        TableName=stack.tables["BREAKER_TABLE"],
        Key={"id": {"S": "breaker"}},
        UpdateExpression="SET #state = :open, openedAt = :at",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":open": {"S": "open"}, ":at": {"N": "9999999999999"}},
    )
    spent = stack.client.get("/health").body["circuitBreaker"]["totalCostUsd"]
    captain.signs_in("#/breaker")
    captain.reads("Open: dispatches are refused")
    expect(captain.page.get_by_role("img", name=f"${spent} of $5.00")).to_be_visible()
    captain.presses("Reset the breaker…")
    captain.confirms("Cancel")
    assert stack.client.get("/health").body["circuitBreaker"]["state"] == "open"
    captain.presses("Reset the breaker…")
    captain.confirms("Reset it")
    captain.reads("Closed: dispatches go through")
    captain.is_notified("The circuit breaker was open and is closed now")
    assert (
        stack.client.get("/health").body["circuitBreaker"] | {"state": "closed"}
        == (stack.client.get("/health").body["circuitBreaker"])
    )


def test_a_dispatch_shows_its_progress_until_it_is_done(captain: Captain, stack: Stack) -> None:
    assert stack.model is not None
    stack.model.order(Order(hold=True))
    captain.signs_in("#/dispatch")
    captain.page.get_by_label("Pull request").fill("42")
    captain.page.get_by_label("Linked issue").fill("100")
    captain.presses("Dispatch")
    stages = captain.page.locator(".stages li")
    expect(stages.nth(0)).to_have_class("done")
    expect(stages.nth(1)).to_have_class("now")
    assert stack.model.calls.wait_for(lambda calls: len(calls) == 1, 10)
    stack.model.release()
    captain.reads("The plan is posted on the pull request.")
    expect(captain.page.locator(".stages .done")).to_have_count(5)
    assert len(stack.repository.comments(42)) == 1


def test_a_plan_that_must_wait_leads_to_its_approval(captain: Captain, stack: Stack) -> None:
    assert stack.relay is not None
    stack.relay.faults.order("relay.comment", Fault(status=400, message="refused as told"))
    captain.signs_in("#/dispatch")
    captain.page.get_by_label("Pull request").fill("42")
    captain.presses("Dispatch")
    captain.reads("posting it was definitely refused")
    captain.page.get_by_role("link", name="Look at it and decide").click()
    captain.reads("the last attempt was definitely refused, nothing is paid again")
    captain.presses("Approve")
    captain.is_notified("done, on GitHub")
    assert len(stack.repository.comments(42)) == 1


@pytest.mark.parametrize(
    ("number", "text"),
    [("77", "There is nothing by this number or id"), ("42", "The same content was worked on before")],
)
def test_a_dispatch_that_cannot_run_says_why(captain: Captain, stack: Stack, number: str, text: str) -> None:
    waiting_plan(stack)
    captain.signs_in("#/dispatch")
    captain.page.get_by_label("Pull request").fill(number)
    captain.presses("Dispatch")
    captain.reads(text)


def test_the_audit_shows_a_run_with_every_event_prompt_and_answer(captain: Captain, stack: Stack) -> None:
    waiting = stack.client.get(f"/pending/{waiting_plan(stack)['actionId']}").body
    run = stack.client.get(f"/audit/{waiting['runId']}").body
    captain.signs_in("#/audit")
    captain.page.get_by_role("link", name="QA plan").click()
    captain.reads("The chain is intact.")
    captain.reads(f"Checked again in this browser: all {len(run['events'])} hashes and links fit.")
    expect(captain.page.locator(".timeline > li")).to_have_count(len(run["events"]))
    captain.page.locator("summary", has_text="prompt stored").click()
    captain.reads(run["events"][1]["hash"])
    captain.page.locator(".content > summary", has_text="answer").click()
    captain.reads("What the model wrote")
    expect(captain.page.locator(".about")).to_have_text(f"{waiting['title']} by {waiting['author']}")
    captain.page.locator(".content > summary", has_text="prompt").click()
    captain.page.locator(".content[open] summary", has_text="The exact bytes").first.click()
    expect(captain.page.locator(".content", has_text="prompt").first.locator("pre.raw").last).to_have_text(
        run["content"]["prompt"]["text"]
    )


def test_an_altered_event_is_found_by_the_browser_itself(captain: Captain, stack: Stack) -> None:
    run = stack.client.get(f"/audit/{waiting_plan(stack)['runId']}").body
    run["events"][2]["data"]["amount"] += 1
    captain.page.route("**/audit/*", lambda route: route.fulfill(json=run))
    captain.signs_in(f"#/audit/{run['runId']}")
    captain.reads("Checked in this browser: event 2 does not fit.")


@pytest.mark.parametrize("view", ["", "#/dispatch", "#/breaker", "#/audit"])
def test_nothing_is_wider_than_a_small_phone(captain: Captain, stack: Stack, view: str) -> None:
    waiting_plan(stack)
    captain.page.set_viewport_size({"width": 340, "height": 700})
    captain.signs_in(view)
    expect(captain.page.locator("h1")).to_be_visible()
    if not view:
        captain.looks_at()
    assert captain.page.evaluate("document.documentElement.scrollWidth") <= 340
