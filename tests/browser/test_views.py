"""Dispatching every task, the breaker's reason, the audit's filters and links, and tokens that may do less."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from local.queue_demo import CONFIRMED, PLANNING, load_queue
from local.serve import SAMPLE
from local.stack import Stack
from tests.browser.captain import Captain, waiting_plan
from tests.browser.test_phases import deployed
from tests.conftest import MakeStack


def test_the_root_leads_to_the_page(captain: Captain, stack: Stack) -> None:
    captain.page.goto(f"{stack.url}/")
    expect(captain.page).to_have_url(f"{stack.url}/console")
    expect(captain.page.get_by_label("Token")).to_be_visible()


def test_a_pasted_address_is_understood_and_a_wrong_one_is_told(captain: Captain, stack: Stack) -> None:
    captain.signs_in("#/dispatch")
    field = captain.page.get_by_label("Pull request")
    for text, told in (
        ("https://github.com/dfg-team/dfg/issues/42", "the address of an issue, not of a pull request"),
        ("https://github.com/someone/else/pull/42", "The service works on dfg-team/dfg"),
        ("forty-two", "neither a number nor the address"),
    ):
        field.fill(text)
        captain.presses("Dispatch")
        captain.is_told(told)
    assert stack.client.get("/audit").body["runs"] == []
    field.fill("https://github.com/dfg-team/dfg/pull/42/files#diff-1")
    captain.presses("Dispatch")
    captain.reads("The plan is posted on the pull request.")


def test_a_task_of_a_later_phase_is_named_with_its_phase(captain: Captain, stack: Stack) -> None:
    captain.signs_in("#/dispatch")
    options = captain.page.locator("#task option")
    expect(options).to_have_count(4)
    assert options.evaluate_all("all => all.map((one) => one.disabled)") == [False, True, True, True]
    expect(options.nth(1)).to_have_text("Triage (from phase1)")


def test_every_task_is_dispatched_where_the_phase_allows_it(captain: Captain, make_stack: MakeStack) -> None:
    stack = make_stack({"PHASE": "phase4", "TRUSTED_AUTHORS": "product-owner", **CONFIRMED})
    load_queue(stack.repository)
    captain.stack = stack
    captain.signs_in("#/dispatch")
    captain.page.get_by_label("Task").select_option("triage")
    captain.page.get_by_label("Issues").fill("101, #104 https://github.com/dfg-team/dfg/issues/999")
    captain.presses("Dispatch")
    expect(captain.page.get_by_text("It is carried out on GitHub.")).to_have_count(2)
    expect(captain.page.locator(".outcome")).to_contain_text(["999"])
    captain.page.get_by_label("Task").select_option("agent_brief")
    captain.page.get_by_label("Issue", exact=True).fill("101")
    captain.presses("Dispatch")
    captain.reads("The brief is posted under the issue.")
    captain.page.get_by_label("Task").select_option("sprint_plan")
    captain.page.get_by_label("Planning issue").fill(str(PLANNING))
    captain.page.get_by_label("Issues to plan").fill("101 108")
    captain.presses("Dispatch")
    captain.reads("The sprint plan is posted under the planning issue.")
    captain.page.goto(f"{stack.url}/health")


def test_a_token_that_may_not_read_sees_what_it_may_do(captain: Captain, make_stack: MakeStack) -> None:
    stack = make_stack({"ORCHESTRATOR_SECRET": json.dumps({"ci": {"tokens": ["t" * 40], "may": ["dispatch"]}})})
    stack.repository.load(json.loads(SAMPLE.read_text()))
    captain.stack = stack
    captain.signs_in(token="t" * 40)
    captain.reads("This token may not read")
    assert captain.page.get_by_role("navigation").get_by_role("link").all_inner_texts() == ["Dispatch", "Breaker"]
    captain.page.get_by_label("Pull request").fill("42")
    captain.presses("Dispatch")
    captain.reads("The plan is posted on the pull request.")
    captain.goes_to("Breaker")
    captain.reads("Closed: dispatches go through")
    captain.page.goto(f"{stack.url}/health")


def test_an_open_breaker_says_why_since_when_and_until_when_and_the_header_follows(
    captain: Captain, stack: Stack
) -> None:
    health = stack.client.get("/health").body
    breaker = {
        **health["circuitBreaker"],
        "isOpen": True,
        "state": "open",
        "reason": "4 of 5 tasks failed",
        "openedAt": "2026-11-22T12:00:00.000Z",
        "nextProbeAt": "2036-11-22T12:15:00.000Z",
    }
    captain.signs_in("#/breaker")
    captain.reads("Closed: dispatches go through")
    captain.page.route("**/health", lambda route: route.fulfill(json={**health, "circuitBreaker": breaker}))
    captain.page.route(
        "**/dispatch/*",
        lambda route: route.fulfill(
            status=503,
            json={"status": "skipped", "reason": "circuit_open", "error": {"code": "circuit_open", "message": "open"}},
        ),
    )
    captain.goes_to("Dispatch")
    captain.page.get_by_label("Pull request").fill("42")
    captain.presses("Dispatch")
    captain.is_told("The circuit breaker is open")
    expect(captain.page.locator("#lamp")).to_have_text("breaker open")
    captain.goes_to("Breaker")
    captain.reads("4 of 5 tasks failed.")
    expect(captain.page.locator("main")).to_contain_text("the next probe goes through in")


def test_the_audit_is_filtered_and_leads_from_run_to_action_to_decision(captain: Captain, stack: Stack) -> None:
    action = waiting_plan(stack)["actionId"]
    stack.client.post(f"/reject/{action}", {"reason": "no"})
    captain.signs_in("#/audit")
    expect(captain.page.locator(".runs tbody tr")).to_have_count(2)
    captain.page.get_by_text("Filter", exact=True).click()
    captain.page.get_by_label("Kind").select_option("reject")
    captain.presses("Apply")
    expect(captain.page.locator(".runs tbody tr")).to_have_count(1)
    captain.page.get_by_role("link", name="action rejected").click()
    captain.page.get_by_role("link", name="the run that drafted it").click()
    captain.reads("The chain is intact.")
    captain.page.get_by_role("link", name=action[:8]).first.click()
    captain.is_told("It is rejected")
    captain.page.get_by_role("link", name="All about this target in the audit").click()
    expect(captain.page.locator(".runs tbody tr")).to_have_count(2)
    assert captain.page.locator(".runs a[target=_blank]").first.get_attribute("href") == (
        "https://github.com/dfg-team/dfg/pull/42"
    )


def test_a_view_that_takes_its_time_says_so(captain: Captain, stack: Stack) -> None:
    captain.signs_in()
    captain.reads("Waiting for you")
    captain.page.route("**/phases?*", lambda route: None)
    captain.goes_to("Phases")
    captain.reads("Loading…")
    captain.goes_to("Breaker")
    captain.reads("Closed: dispatches go through")
    captain.page.unroute_all(behavior="ignoreErrors")


def test_phases_of_another_deployment_open_their_tasks(captain: Captain, stack: Stack) -> None:
    body = deployed(stack.client.get("/phases").body, "phase1", "unconfirmed")
    captain.page.route("**/phases?*", lambda route: route.fulfill(json=body))
    captain.signs_in("#/dispatch")
    expect(captain.page.locator("#task option[disabled]")).to_have_count(2)
