"""The task types that there are, and the two steps before the model is asked."""

from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Final

from core.app import App
from core.context.labels import Labels
from core.dispatcher import pricing
from core.errors import ConfigurationError
from core.phases import ADDED_TASKS
from core.policy import trust
from core.prompts.fitted import fitted
from core.prompts.frame import Frame
from core.prompts.request import cacheable, geography
from core.tasks.drafted import Drafting
from core.tasks.names import NAMED
from core.tasks.task import Task
from core.tasks.wire_schemas import wire_schema
from core.types import GHOST, Context, Issue, Prompt, PullRequest, Target, TaskRequest, TaskType, Tree

REGISTERED: Final = (
    "qa_plan",
    "triage",
    "agent_brief",
    "sprint_plan",
)
"""A line for each file or folder beside this one that holds a `TASK`. After a change here: `make generate`."""


@cache
def task(name: str) -> Task:
    """The task type of this name, loaded when it is first asked for. Raises ConfigurationError as `load` does."""
    found = load(name)
    if name not in NAMED:
        found.refuse("it is new, and what is made from the registry does not know it: run `make generate`")
    return found


def load(name: str) -> Task:
    """The task of a file or folder here. Raises ConfigurationError for one that is incomplete, saying what it lacks."""
    if name not in REGISTERED:
        raise ConfigurationError(f"core/tasks/registry.py has no line for the task {name!r}")
    found: Task = import_module(f"core.tasks.{name}").TASK
    if found.name != name:
        found.refuse(f"its name is not that of its line in the registry, {name}")
    if not any(one == name for tasks in ADDED_TASKS.values() for one, _ in tasks):
        found.refuse("no phase lists it: give it a row in ADDED_TASKS of core/phases.py")
    return found


def drafting(name: str) -> Drafting | None:
    """How answers of this task are judged; None: nobody knows it, and policy refuses."""
    return task(name).drafting() if name in REGISTERED else None


def draftings() -> dict[TaskType, Drafting]:
    """Those of all tasks."""
    return {one.name: one.drafting() for one in map(task, REGISTERED)}


def ceiling(app: App, request: TaskRequest) -> int:
    """Micro-dollars that the run may cost: a task of a batch has its share."""
    whole = app.settings.limits.run_ceiling
    return min(whole, request.batch.share) if request.batch else whole


def read(app: App, request: TaskRequest) -> Context:
    """What GitHub says about the target now. Raises NotFound, Conflict, BadRequest, UpstreamUnavailable."""
    return task(request.task_type).read(app, request)


def build(app: App, request: TaskRequest, context: Context) -> Prompt:
    """The request to the model, as the deployment wants it cached or not; its facts say whose words it holds."""
    context = _without_a_bots_words(app, context)
    try:
        prompt = _draw(app, request, context)
    except ConfigurationError:
        if request.batch is None:
            raise
        prompt = _draw(app, replace(request, batch=None), context)  # admitted only if it fits the share as it is
    worst = pricing.worst_case(prompt.model, prompt.input_bound, prompt.max_tokens, geography(prompt.body))
    attempts = min(ceiling(app, request) // worst, app.settings.limits.max_retries + 1)
    labels = None if context.labels is None else tuple(Labels(context.labels) & app.team.taxonomy.labels)
    facts = replace(prompt.facts, attempts=attempts, trust=trust.judge(context, app.settings), labels=labels)
    prompt = replace(prompt, facts=fitted(facts, prompt.body))
    return cacheable(prompt) if app.settings.prompt_caching else prompt


def require_room(app: App) -> None:
    """Raises ConfigurationError where settings leave a task nothing to read: it says which of them to change."""
    issue, target = Issue(1, "", "", "open", ()), Target("issue", 1)
    pull = PullRequest(1, "", "", "open", "", GHOST, (), ())
    nothing = Context(pull=pull, issue=issue, issues=(issue,), tree=Tree((), whole=True))
    for name in REGISTERED:
        _draw(app, TaskRequest(task(name).name, target, None, False, "", "schedule"), nothing)


def _without_a_bots_words(app: App, context: Context) -> Context:
    """The context without what a listed bot wrote about its own change: that quotes strangers."""
    pull = context.pull
    if pull is None or trust.description_allowed(pull, app.settings):
        return context
    unread = f"The description was not read: {pull.author.login} is a bot, and quotes others."
    return replace(context, pull=replace(pull, body=""), unread=(*context.unread, unread))


def _draw(app: App, request: TaskRequest, context: Context) -> Prompt:
    return task(request.task_type).build(_frame(app, request), request, context, app.team)


def _frame(app: App, request: TaskRequest) -> Frame:
    """What every prompt is built on: a fresh boundary and canary among it."""
    one = task(request.task_type)
    model = app.settings.models[one.name]
    geo = None if model in pricing.WITHOUT_GEOGRAPHY else app.settings.inference_geo
    limits = replace(
        one.limits,
        input_tokens=app.settings.limits.input_tokens[one.name],
        input_bound=pricing.largest_input(model, one.limits.output_tokens, ceiling(app, request), geo),
        inference_geo=geo,
    )
    return Frame(
        task_type=one.name,
        subject=one.subject,
        template=one.template,
        repository=app.settings.repository,
        model=model,
        limits=limits,
        packs=app.team.packs[one.name],
        boundary=app.random_hex(),
        canary=app.random_hex(),
        wire_schema=wire_schema(one.name),
    )
