"""What a task type is made of: how its context is read and how its prompt is built.

A new task type is one entry here, one prompt file, one schema, one handler and one route.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from core.app import App, Reader, Thunk
from core.config import MAX_SPRINT_ISSUES, TASK_LIMITS
from core.context.authors import Authors
from core.context.closing import closing_references
from core.dispatcher import pricing
from core.errors import BadRequest, ConfigurationError, Conflict, NotFound
from core.policy import trust
from core.prompts import agent_brief, sprint_plan, triage
from core.prompts.fitted import fitted
from core.prompts.request import cacheable, geography
from core.tasks.qa_plan import prompt as qa_plan
from core.tasks.wire_schemas import wire_schema
from core.types import GHOST, Context, Issue, Prompt, PullRequest, Target, TaskRequest, TaskType, Tree


@dataclass(frozen=True)
class Task:
    """The two steps before the model is asked."""

    read: Callable[[App, TaskRequest], Context]
    build: Callable[[App, TaskRequest, Context], Prompt]


def read_pull_request(app: App, request: TaskRequest) -> Context:
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
    pull, *read = app.together(reads)
    if pull.state != "open":
        raise Conflict(f"pull request {pull.number} is {pull.state}", state=pull.state)
    if linked is None:
        named = closing_references(pull.body, app.settings.repository)
        read = app.together([partial(closing, number) for number in named])
    issues = tuple(issue for issue in read if isinstance(issue, Issue))
    return Context(pull=pull, issues=issues, unread=tuple(why for why in read if isinstance(why, str)))


def _linked(github: Reader, authors: Authors, number: int) -> Issue | str:
    """A linked issue, or why it is not there: it was deleted, or moved to another repository."""
    try:
        return authors.of(github.issue(number))
    except NotFound as error:
        return f"Issue #{number} was not read: it {error.message.removeprefix(f'issue {number} ')}."


def read_issue(app: App, request: TaskRequest) -> Context:
    """The issue. Raises Conflict when it is closed, NotFound when the number is a pull request's."""
    github = app.github()
    return Context(issue=Authors(github.permission).of(_open(github.issue(request.target.number))))


def read_issue_and_tree(app: App, request: TaskRequest) -> Context:
    """The issue and the repository's files, at once."""
    github = app.github()
    authors = Authors(github.permission)
    issue, tree = app.together([lambda: authors.of(github.issue(request.target.number)), github.tree])
    return Context(issue=_open(issue), tree=tree)


def read_sprint(app: App, request: TaskRequest) -> Context:
    """The planning issue, and the issues given or else those of the team's queue, at once.

    Raises BadRequest when there is nothing to plan.
    """
    github = app.github()
    authors = Authors(github.permission)
    target = request.target.number

    def numbered(number: int) -> Thunk:
        return lambda: authors.of(github.issue(number))

    def queued(label: str) -> list[Issue]:
        issues = github.issues(label, MAX_SPRINT_ISSUES + 1)
        distinct = {issue.author.login: issue for issue in issues}.values()
        app.together([partial(authors.of, issue) for issue in distinct])
        return [authors.of(issue) for issue in issues]

    if request.issues:
        planning, *issues = app.together([numbered(target), *(numbered(number) for number in request.issues)])
    else:
        label = app.team.rules.queues.get("sprint_plan")
        if label is None:
            raise BadRequest("issueNumbers is missing: the team's rules name no queue for sprint_plan")
        planning, issues = app.together([numbered(target), lambda: queued(label)])
    chosen = [_open(issue) for issue in issues if issue.number != target][:MAX_SPRINT_ISSUES]
    if not chosen:
        raise BadRequest("there is no issue to plan")
    return Context(issue=_open(planning), issues=tuple(chosen))


def build_qa_plan(app: App, request: TaskRequest, context: Context) -> Prompt:
    assert context.pull is not None
    return qa_plan.build(context.pull, context.issues, unread=context.unread, **_frame(app, request))


def build_triage(app: App, request: TaskRequest, context: Context) -> Prompt:
    assert context.issue is not None
    return triage.build(context.issue, rules=app.team.rules, **_frame(app, request))


def build_agent_brief(app: App, request: TaskRequest, context: Context) -> Prompt:
    assert context.issue is not None
    assert context.tree is not None
    return agent_brief.build(context.issue, context.tree, **_frame(app, request))


def build_sprint_plan(app: App, request: TaskRequest, context: Context) -> Prompt:
    assert context.issue is not None
    return sprint_plan.build(
        context.issue,
        context.issues,
        capacity=request.capacity,
        depends_on=request.depends_on,
        **_frame(app, request),
    )


TASKS: Final[Mapping[TaskType, Task]] = {
    "qa_plan": Task(read_pull_request, build_qa_plan),
    "triage": Task(read_issue, build_triage),
    "agent_brief": Task(read_issue_and_tree, build_agent_brief),
    "sprint_plan": Task(read_sprint, build_sprint_plan),
}


def ceiling(app: App, request: TaskRequest) -> int:
    """Micro-dollars that the run may cost: a task of a batch has its share."""
    whole = app.settings.limits.run_ceiling
    return min(whole, request.batch.share) if request.batch else whole


def read(app: App, request: TaskRequest) -> Context:
    """What GitHub says about the target now. Raises NotFound, Conflict, BadRequest, UpstreamUnavailable."""
    return TASKS[request.task_type].read(app, request)


def _without_a_bots_words(app: App, context: Context) -> Context:
    """The context without what a listed bot wrote about its own change: that quotes strangers."""
    pull = context.pull
    if pull is None or trust.description_allowed(pull, app.settings):
        return context
    told = f"The description was not read: {pull.author.login} is a bot, and quotes others."
    return replace(context, pull=replace(pull, body=""), unread=(*context.unread, told))


def build(app: App, request: TaskRequest, context: Context) -> Prompt:
    """The request to the model, as the deployment wants it cached or not; its facts say whose words it holds."""
    context = _without_a_bots_words(app, context)
    draft = TASKS[request.task_type].build
    try:
        prompt = draft(app, request, context)
    except ConfigurationError:
        if request.batch is None:
            raise
        prompt = draft(app, replace(request, batch=None), context)  # admitted only if it fits the share as it is
    worst = pricing.worst_case(prompt.model, prompt.input_bound, prompt.max_tokens, geography(prompt.body))
    attempts = min(ceiling(app, request) // worst, app.settings.limits.max_retries + 1)
    facts = replace(prompt.facts, attempts=attempts, trust=trust.judge(context, app.settings))
    prompt = replace(prompt, facts=fitted(facts, prompt.body))
    return cacheable(prompt) if app.settings.prompt_caching else prompt


def require_room(app: App) -> None:
    """Raises ConfigurationError where settings leave a task nothing to read: it says which of them to change."""
    issue, target = Issue(1, "", "", "open", ()), Target("issue", 1)
    pull = PullRequest(1, "", "", "open", "", GHOST, (), ())
    nothing = Context(pull=pull, issue=issue, issues=(issue,), tree=Tree((), whole=True))
    for task_type, task in TASKS.items():
        task.build(app, TaskRequest(task_type, target, None, False, "", "schedule"), nothing)


def _open(issue: Issue) -> Issue:
    if issue.is_pull_request:
        raise NotFound(f"{issue.number} is a pull request, not an issue")
    if issue.state != "open":
        raise Conflict(f"issue {issue.number} is {issue.state}", state=issue.state)
    return issue


def _frame(app: App, request: TaskRequest) -> dict[str, Any]:
    """What every prompt is built with: a fresh boundary and canary among it."""
    task_type = request.task_type
    limits = TASK_LIMITS[task_type]
    model = app.settings.models[task_type]
    geo = None if model in pricing.WITHOUT_GEOGRAPHY else app.settings.inference_geo
    limits = replace(
        limits,
        input_tokens=app.settings.limits.input_tokens[task_type],
        input_bound=pricing.largest_input(model, limits.output_tokens, ceiling(app, request), geo),
        inference_geo=geo,
    )
    return {
        "repository": app.settings.repository,
        "model": model,
        "limits": limits,
        "packs": app.team.packs[task_type],
        "boundary": app.random_hex(),
        "canary": app.random_hex(),
        "wire_schema": wire_schema(task_type),
    }
