"""The view of the phases: what is deployed, what the next would add, and the evidence."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from local.stack import Stack
from tests.browser.captain import Captain, waiting_plan

FIGURES = {
    "proposals": 14,
    "postedByItself": 6,
    "approvedUnchanged": 3,
    "approvedStale": 0,
    "rejected": 2,
    "expired": 1,
    "refusedByPolicy": 2,
    "shadowed": 0,
    "waiting": 0,
    "failed": 1,
    "unfinished": 0,
    "cost": "0.345678",
    "costPerAccepted": "0.038409",
    "workedThrough": 4,
    "tickedShare": 0.5,
    "liked": 3,
    "disliked": 1,
    "costPerWorkedThrough": "0.086420",
}


def cells(captain: Captain, row: int = 0) -> dict[str, str]:
    """A row of the evidence by its columns."""
    table = captain.page.locator("table.evidence")
    heads = table.locator("thead th").all_inner_texts()
    return dict(zip(heads, table.locator("tbody tr").nth(row).locator("th, td").all_inner_texts(), strict=True))


def next_section(captain: Captain) -> Locator:
    return captain.page.locator("section", has_text="Next:").first


def test_without_a_run_it_says_so_and_tells_what_the_next_phase_adds(captain: Captain, stack: Stack) -> None:
    captain.signs_in()
    captain.goes_to("Phases")
    captain.reads("phase0 is deployed.")
    captain.reads("No runs in this period")
    expect(next_section(captain)).to_contain_text("Next: phase1")
    expect(next_section(captain).locator("li")).to_have_text(
        [
            "QA plan by a label or comment on GitHub",
            "Triage on request",
            "Triage: comments without you, when every check passes",
            "Triage: label changes after your approval",
        ]
    )
    expect(captain.page.locator(".phases > li")).to_have_count(5)
    expect(captain.page.locator(".phases [aria-current]")).to_contain_text("phase0")


def test_a_proposal_is_counted_and_its_approval_moves_it(captain: Captain, stack: Stack) -> None:
    action = waiting_plan(stack)
    captain.signs_in("#/phases")
    expect(captain.page.locator("table.evidence tbody tr")).to_have_count(1)
    told = cells(captain)
    assert (told["Task"], told["Proposed"], told["Waiting"], told["Approved"]) == ("QA plan", "1", "1", "0")
    assert (told["Cost"], told["Per accepted"]) == (f"${action['cost']}", "–")
    stack.client.post(f"/approve/{action['actionId']}", {})
    captain.page.get_by_label("Period").select_option("7")
    expect(captain.page.locator("table.evidence thead")).not_to_contain_text("Waiting")
    told = cells(captain)
    assert (told["Approved"], told["Per accepted"]) == ("1", told["Cost"])


def test_each_task_has_its_line_and_a_figure_that_is_zero_everywhere_no_column(captain: Captain, stack: Stack) -> None:
    body = stack.client.get("/phases").body
    body["evidence"] = [
        {"taskType": "qa_plan", **FIGURES},
        {"taskType": "triage", **FIGURES, "approvedStale": 1, "costPerAccepted": None},
    ]
    captain.page.route("**/phases?*", lambda route: route.fulfill(json=body))
    captain.signs_in("#/phases")
    expect(captain.page.locator("table.evidence tbody tr")).to_have_count(2)
    assert cells(captain) == {
        "Task": "QA plan",
        "Proposed": "14",
        "By itself": "6",
        "Approved": "3",
        "Approved as stale": "0",
        "Rejected": "2",
        "Expired": "1",
        "Refused by policy": "2",
        "Failed runs": "1",
        "Cost": "$0.345678",
        "Per accepted": "$0.038409",
        "Worked through": "4",
        "Boxes ticked": "50 %",
        "Liked": "3",
        "Disliked": "1",
        "Per worked through": "$0.086420",
    }
    assert cells(captain, 1)["Per accepted"] == "–"


def test_a_period_that_was_cut_is_told(captain: Captain, stack: Stack) -> None:
    body = {**stack.client.get("/phases").body, "complete": False}
    captain.page.route("**/phases?*", lambda route: route.fulfill(json=body))
    captain.signs_in("#/phases")
    captain.reads("There is more in this period than one answer reads")


def test_a_period_that_cannot_be_counted_is_told_in_its_place(captain: Captain, stack: Stack) -> None:
    captain.signs_in("#/phases")
    captain.reads("phase0 is deployed.")
    captain.page.route("**/phases?*", lambda route: route.abort())
    captain.page.get_by_label("Period").select_option("90")
    captain.is_told("No answer came from the service")
    captain.reads("phase0 is deployed.")


def test_a_view_that_cannot_be_read_offers_to_look_again(captain: Captain, stack: Stack) -> None:
    captain.page.route("**/phases?*", lambda route: route.abort())
    captain.signs_in("#/phases")
    captain.is_told("No answer came from the service")
    captain.page.unroute("**/phases?*")
    captain.presses("Look again")
    captain.reads("phase0 is deployed.")


@pytest.mark.parametrize(
    ("phase", "prerequisites", "text"),
    [
        ("phase1", "unconfirmed", "It needs both prerequisites first"),
        ("phase1", "confirmed", "Deploy with Phase=phase2 to switch it on"),
        ("phase3", "unconfirmed", "phase3 is deployed, and refuses everything"),
        ("phase4", "confirmed", "This is the last phase"),
    ],
)
def test_what_a_phase_needs_is_told(captain: Captain, stack: Stack, phase: str, prerequisites: str, text: str) -> None:
    body = deployed(stack.client.get("/phases").body, phase, prerequisites)
    captain.page.route("**/phases?*", lambda route: route.fulfill(json=body))
    captain.signs_in("#/phases")
    captain.reads(text)


def deployed(body: dict[str, Any], phase: str, prerequisites: str) -> dict[str, Any]:
    """The answer of a service with another phase."""
    phases = [{**one, "deployed": one["phase"] == phase} for one in body["phases"]]
    return {**body, "phase": phase, "prerequisites": prerequisites, "phases": phases}


def test_nothing_is_wider_than_a_small_phone(captain: Captain, stack: Stack) -> None:
    body = stack.client.get("/phases").body
    body["evidence"] = [{"taskType": "sprint_plan", **FIGURES, "approvedStale": 1, "shadowed": 2, "waiting": 3}]
    captain.page.route("**/phases?*", lambda route: route.fulfill(json=body))
    captain.page.set_viewport_size({"width": 340, "height": 700})
    captain.signs_in("#/phases")
    captain.reads("Sprint plan")
    assert captain.page.evaluate("document.documentElement.scrollWidth") <= 340
