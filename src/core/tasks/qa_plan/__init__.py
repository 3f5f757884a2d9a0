"""QA plan: what a tester tries on a pull request. `schema` is its answer, `prompt` its request, `draft` its comment."""

from functools import partial
from pathlib import Path
from typing import Final

from core.app import App, Reader, Thunk
from core.config import TaskLimits
from core.context.authors import Authors
from core.context.visible import closing_references
from core.errors import Conflict, NotFound
from core.policy import trust
from core.tasks.drafted import Drafting
from core.tasks.qa_plan.prompt import build
from core.tasks.task import Asked, Task
from core.types import Context, Issue, TaskRequest

TEMPLATE: Final = (Path(__file__).parent / "template.txt").read_text("utf-8")
"""docs/plans.md says how the wording was found, and how to try another."""


def read(app: App, request: TaskRequest) -> Context:
    """The pull request and its linked issues. Raises Conflict when the pull request is closed.

    The issue that the caller names is read at once, whoever wrote it; those that the description names after it, as far
    as their authors may write here.
    """
    linked = request.linked_issue
    github = app.github()
    authors = Authors(github.permission)

    def closing(number: int) -> Issue | str:
        issue = _linked(github, authors, number)
        if isinstance(issue, Issue) and issue.is_pull_request:
            return f"Issue #{number} was not read: it is a pull request."
        if isinstance(issue, Issue) and not trust.may_write(issue.author, app.settings):
            return f"Issue #{number} was not read: its author may not write here."
        return issue

    reads: list[Thunk] = [lambda: github.pull_request(request.target.number, authors.asked)]
    if linked is not None:
        reads.append(lambda: _linked(github, authors, linked))
    pull, *found = app.together(reads)
    if pull.state != "open":
        raise Conflict(f"pull request {pull.number} is {pull.state}", state=pull.state)
    if linked is None:
        named = closing_references(pull.body, app.settings.repository)
        found = app.together([partial(closing, number) for number in named])
    issues = tuple(issue for issue in found if isinstance(issue, Issue))
    return Context(pull=pull, issues=issues, unread=tuple(why for why in found if isinstance(why, str)))


def _linked(github: Reader, authors: Authors, number: int) -> Issue | str:
    """A linked issue, or why it is not there: it was deleted, or moved to another repository."""
    try:
        return authors.of(github.issue(number))
    except NotFound as error:
        return f"Issue #{number} was not read: it {error.message.removeprefix(f'issue {number} ')}."


def drafting() -> Drafting:
    """Loaded with the first answer: who only asks for a plan does without."""
    from core.tasks.qa_plan.draft import draft
    from core.tasks.qa_plan.schema import QaPlan

    return Drafting(QaPlan, draft)


TASK: Final = Task(
    name="qa_plan",
    title="QA plan",
    does="Draft a QA plan for a pull request.",
    posted="The plan is posted on the pull request.",
    asked=(
        Asked("prNumber", "Pull request", "Its number, or its address pasted.", "pull", id="pr"),
        Asked("linkedIssue", "Linked issue", "The issue with the acceptance criteria. Optional.", required=False),
    ),
    target="pull_request",
    subject="pull request",
    purpose="How much of a pull request is read",
    limits=TaskLimits(60_000, 12_000, "claude-sonnet-5-5", "medium"),
    proposes=("add_comment",),
    template=TEMPLATE,
    read=read,
    build=build,
    drafting=drafting,
)
