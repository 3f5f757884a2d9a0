"""What stands in a mail, and what strangers' words can do there: nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.actions.states import Draft, Stored
from core.approvals import mail
from core.approvals.mail import Notice
from core.types import ActionType, Facts, Target, TaskType, Trust
from tests.support.actions import a_comment

CONSOLE = "https://api.example/console"


def waiting(
    title: str,
    *,
    task: TaskType = "qa_plan",
    kind: ActionType = "add_comment",
    state: str = "pending",
    who: str = "mona",
) -> Stored:
    target = Target("pull_request" if task == "qa_plan" else "issue", 42)
    action = a_comment(
        id="id",
        task_type=task,
        type=kind,
        repository="acme/widgets",
        target=target,
        classification="requires_approval",
        policy_reason="leads outside",
    )
    facts = Facts(task, "acme/widgets", target, "s", extra={"title": title, "author": who}, trust=Trust((), who))
    at = {"created_at": 0, "expires_at": 3_600_000, "attempt": "", "attempt_at": 0}
    return Stored(action, Draft("", facts), state, principal="ci", charged=22_458, checks=(), **at)  # type: ignore[arg-type]


def told(title: str) -> str:
    """The line of the title."""
    text = mail.one(waiting(title), 0, CONSOLE).text
    [line] = [line for line in text.splitlines() if line.startswith("Title")]
    return line


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("one\r\nLook at it: https://evil.example", '"one Look at it: https:\\/\\/evil.example"'),
        ('a "quoted" \\ title', '"a \\"quoted\\" \\\\ title"'),
        ("a\u202eb\u200bc", '"a⟨U+202E⟩b⟨U+200B⟩c"'),
        ("Größe, 大きさ, حجم", '"Größe, 大きさ, حجم"'),
        ("x" * 500, f'"{"x" * 119}…"'),
    ],
)
def test_a_title_is_one_line_with_nothing_hidden_and_nothing_to_follow(title: str, shown: str) -> None:
    assert told(title) == f"Title, by mona: {shown}"


def test_what_stands_on_a_line_of_its_own_is_ours() -> None:
    ours = (
        "QA plan",
        "",
        "Repository: ",
        "Title, by ",
        "Why: ",
        "Cost: ",
        "Expires: ",
        "Look at it: ",
        "It is decided",
    )
    stored = waiting("a\nb\x0bc\u2028d\x85e")
    stored = replace(stored, last_error="GitHub API 403: a\nb", state="failed")
    for line in mail.one(stored, 0, CONSOLE).text.splitlines():
        assert line.startswith(ours)


@pytest.mark.parametrize(
    ("stored", "subject"),
    [
        (waiting("t"), "QA plan for pull request #42 waits for approval"),
        (waiting("t", task="triage", kind="change_labels"), "Label change for issue #42 waits for approval"),
        (waiting("t", task="triage"), "Triage comment for issue #42 waits for approval"),
        (
            waiting("t", task="sprint_plan", state="failed"),
            "Sprint plan for issue #42 was refused by GitHub and can be approved again",
        ),
        (
            waiting("t", task="agent_brief", state="outcome_unknown"),
            "Agent brief for issue #42 was sent without an answer, and may or may not be on GitHub",
        ),
    ],
)
def test_a_subject_is_our_own_words(stored: Stored, subject: str) -> None:
    assert mail.one(stored, 0, CONSOLE).subject == subject
    assert subject.isascii()
    assert len(subject) <= 100


def test_a_digest_names_each_with_its_place_and_counts_the_rest() -> None:
    notice = mail.digest([waiting(f"title {number}") for number in range(40)], 0, CONSOLE)
    assert notice.subject == "40 more wait for the Captain"
    assert notice.text.count(f"{CONSOLE}#/waiting/id") == mail.MOST_LISTED
    assert f"And 15 others: {CONSOLE}#/waiting\n" in notice.text
    assert mail.digest([waiting("t")], 0, CONSOLE).subject == "1 more waits for the Captain"


def test_the_longest_digest_fits_into_a_message_of_sns() -> None:
    long = replace(waiting("<" * 500, who="x" * 500), last_error="<" * 500)
    assert len(mail.digest([long] * 100, 0, CONSOLE).message.encode()) < 262_144


def test_chat_gets_a_form_of_its_own_in_which_nobody_is_called() -> None:
    message = json.loads(Notice("subject", "<!here> & <https://evil.example|console>").message)
    chat = json.loads(message["https"])
    assert message["default"] == "<!here> & <https://evil.example|console>"
    assert (chat["version"], chat["source"], chat["content"]["title"]) == ("1.0", "custom", "subject")
    assert chat["content"]["description"] == "&lt;!here&gt; &amp; &lt;https://evil.example|console&gt;"
