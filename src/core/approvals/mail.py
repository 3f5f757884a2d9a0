"""What the Captain is told by mail and in chat. Pure.

A subject is our own words, ASCII and at most 100 characters: SNS takes no other. Of what others wrote a text has titles
and reasons alone: each on one line, cut, with a mark of whose words they are, and no address in them can be followed.
"""

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.actions.states import Stored
from core.canonical import dollars, iso
from core.text.invisible import visible_line
from core.types import ActionState, TaskType

TASKS: Final[Mapping[TaskType, str]] = {"qa_plan": "QA plan", "triage": "Triage comment"}
WAITS: Final[Mapping[ActionState, str]] = {
    "pending": "waits for approval",
    "failed": "was refused by GitHub and can be approved again",
    "outcome_unknown": "was sent without an answer, and may or may not be on GitHub",
}
LONGEST_TITLE: Final = 120
LONGEST_REASON: Final = 300
MOST_LISTED: Final = 25
"""Actions that a digest names: more than that is read in the console."""
DECIDE: Final = "It is decided in the console or with dfg: nobody reads what is answered here."


@dataclass(frozen=True)
class Notice:
    """One message to the Captain."""

    subject: str
    text: str
    tampering: bool = False

    @property
    def message(self) -> str:
        """By protocol, as SNS takes it: chat has a form of its own, and would take `<!here>` for an order.

        https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
        """
        content = {"textType": "client-markdown", "title": self.subject, "description": html.escape(self.text, False)}
        chat = {"version": "1.0", "source": "custom", "content": content}
        return json.dumps({"default": self.text, "https": json.dumps(chat)})


def line(text: str, longest: int) -> str:
    """Others' words on one line: nothing hidden, nothing to click, as long as may be."""
    text = " ".join(text.split())
    text = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return visible_line(text).replace("\\", "\\\\").replace('"', '\\"').replace("://", ":\\/\\/")


def about(stored: Stored) -> str:
    """What would be done, in our own words."""
    action = stored.action
    task = TASKS.get(action.task_type, action.task_type.replace("_", " ").capitalize())
    what = "Label change" if action.type == "change_labels" else task
    return f"{what} for {action.target.type.replace('_', ' ')} #{action.target.number}"


def one(stored: Stored, now: int, console: str) -> Notice:
    """An action that has come to wait."""
    head = f"{about(stored)} {WAITS[stored.state_at(now)]}"
    facts = [
        f"Repository: {stored.action.repository}",
        _title(stored),
        f"Why: {line(stored.last_error or stored.action.policy_reason, LONGEST_REASON)}",
        f"Cost: ${dollars(stored.charged)}",
        f"Expires: {iso(stored.expires_at)}",
    ]
    return Notice(head, "\n".join([f"{head}.", "", *facts, "", f"Look at it: {_link(stored, console)}", DECIDE]))


def digest(waiting: Sequence[Stored], now: int, console: str) -> Notice:
    """All that has come to wait since the last one and was not told by itself."""
    head = f"{len(waiting)} more {'waits' if len(waiting) == 1 else 'wait'} for the Captain"
    lines = [f"{head}.", ""]
    for stored in waiting[:MOST_LISTED]:
        reason = line(stored.last_error or stored.action.policy_reason, LONGEST_TITLE)
        lines += [
            f"{about(stored)} {WAITS[stored.state_at(now)]}.",
            f"  {_title(stored)}",
            f"  Why: {reason}",
            f"  Cost ${dollars(stored.charged)}, expires {iso(stored.expires_at)}: {_link(stored, console)}",
        ]
    left = len(waiting) - MOST_LISTED
    lines += ["", f"{f'And {left} others' if left > 0 else 'All of them'}: {console}#/waiting", DECIDE]
    return Notice(head, "\n".join(lines))


def tampering(operation: str, chain: str, seq: str) -> Notice | None:
    """An event that was changed or removed; writing a new one is what the audit is for."""
    if operation == "INSERT":
        return None
    return Notice(
        "Audit event changed or removed",
        f"{operation} of event {seq} in chain {chain}.\n"
        "No function of the orchestrator can do that: somebody else did. "
        "GET /audit/{runId} tells whether the chain still fits; the table has point-in-time recovery.",
        tampering=True,
    )


def breaker_opened(reason: str) -> Notice:
    """The breaker lets nothing through any more."""
    return Notice(
        "Circuit breaker opened",
        f"The circuit breaker opened: {reason}.\n"
        "It probes again after its cooldown; POST /circuit/reset closes it at once.",
    )


def _title(stored: Stored) -> str:
    """Marked with whose words it is."""
    who = stored.written_by or stored.author or "somebody who is not on record"
    return f'Title, by {line(who, LONGEST_TITLE)}: "{line(stored.title, LONGEST_TITLE)}"'


def _link(stored: Stored, console: str) -> str:
    return f"{console}#/waiting/{stored.action.id}"
