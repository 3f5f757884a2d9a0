"""A Captain at the console: what a person sees and does, in the words of the page."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, expect

from local.model import Order
from local.stack import Stack
from tests.support.fakes import PLAN

OUTSIDE = {**PLAN, "general_checks": ["Compare the figures with https://board.dfg-status.io/listings"]}
"""A plan that policy leaves to the Captain: it points to a host that is not the repository's."""


def waiting_plan(stack: Stack, number: int = 42, answer: dict[str, Any] | None = None) -> dict[str, Any]:
    """Dispatches a plan that will wait. The body of the answer."""
    assert stack.model is not None
    plan = {**(answer or OUTSIDE)}
    changed = [file["filename"] for file in stack.repository.files(number)]
    plan["test_plan"] = [{**case, "covers": changed[:2]} for case in plan["test_plan"]]
    stack.model.order(Order(text=json.dumps(plan)))
    reply = stack.client.post("/dispatch/qa-plan", {"prNumber": number})
    assert (reply.status, reply.body.get("state")) == (200, "pending"), reply.body
    body: dict[str, Any] = reply.body
    return body


def another_pull(stack: Stack, sample: dict[str, Any], number: int, title: str) -> None:
    """A second pull request on the GitHub stand-in, with the files of the sample."""
    pull = {
        **sample["pull"],
        "number": number,
        "title": title,
        "head": {**sample["pull"]["head"], "sha": f"{number:040x}"},
    }
    stack.repository.load({**sample, "pull": pull, "issue": None})


@dataclass
class Captain:
    """One tab."""

    page: Page
    stack: Stack
    faults: list[str] = field(default_factory=list)
    """What the browser complained about: script errors and refusals of the Content-Security-Policy."""

    def __post_init__(self) -> None:
        self.page.on("pageerror", self._script_failed)
        self.page.on("console", self._said)

    def leaves(self) -> None:
        """The tab goes to somebody else."""
        self.page.remove_listener("pageerror", self._script_failed)
        self.page.remove_listener("console", self._said)

    def _script_failed(self, error: Error) -> None:
        self.faults.append(str(error))

    def _said(self, message: ConsoleMessage) -> None:
        if "Content Security" in message.text:
            self.faults.append(message.text)

    def opens(self, view: str = "") -> None:
        self.page.goto(f"{self.stack.url}/console{view}")

    def signs_in(self, view: str = "", token: str | None = None) -> None:
        self.opens(view)
        self.page.get_by_label("Token").fill(token or self.stack.token)
        self.page.get_by_role("button", name="Sign in").click()

    def goes_to(self, view: str) -> None:
        self.page.get_by_role("navigation").get_by_role("link", name=view).click()

    def looks_at(self, number: int = 42) -> Locator:
        self.page.get_by_role("link", name=f"QA plan for pull request #{number}").click()
        return self.page.get_by_role("article")

    def presses(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def confirms(self, name: str) -> None:
        self.page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()

    def reads(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def is_told(self, text: str) -> None:
        """By an alert: something went wrong."""
        expect(self.page.get_by_role("alert").filter(has_text=text)).to_be_visible()

    def is_notified(self, text: str) -> None:
        expect(self.page.locator("#notice")).to_contain_text(text)
